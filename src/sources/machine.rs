//! Credentials of the machine: EC2 instance metadata (IMDSv2) and the container endpoint (ECS, EKS
//! Pod Identity).

use std::net::IpAddr;

use super::Sources;
use super::identity_token::read_container_token;
use super::principal::require_unchanged;
use crate::aws::{Credentials, Session};
use crate::chain::Chain;
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::text::shown_url;

/// The addresses of ECS and of EKS Pod Identity.
const CONTAINER_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

impl Sources<'_> {
    pub(super) fn instance(&self, chain: &Chain) -> Result<Credentials> {
        if chain.plan.network.imds.disabled {
            return Err(Error::configuration(
                "instance metadata is switched off by AWS_EC2_METADATA_DISABLED",
            )
            .at(Place::variable("AWS_EC2_METADATA_DISABLED"))
            .hint(format!("switch it on again: {}", hint::unset(&["AWS_EC2_METADATA_DISABLED"]))));
        }
        let target = Target::instance(&chain.plan.network);
        let answer = self.calls.instance_session(&target);
        self.given(chain, &target, answer)
    }

    pub(super) fn container(&self, chain: &Chain) -> Result<Credentials> {
        let Some(target) = Target::container(&chain.plan.network) else {
            return Err(Error::configuration(
                "EcsContainer is the credential_source, and this is not a container of ECS or EKS",
            )
            .cause(
                "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
            )
            .hint(format!(
                "see where the profile's credentials come from: {}",
                chain.command("explain")
            )));
        };
        check_host(&target)?;
        let token = read_container_token(self.calls.environment)?;
        let credentials =
            self.given(chain, &target, self.calls.container_session(&target, token))?;
        require_unchanged(self, chain)?;
        Ok(credentials)
    }

    /// Turns what an endpoint of the machine answers into credentials.
    fn given(
        &self,
        chain: &Chain,
        target: &Target,
        answer: Result<Session, CallError>,
    ) -> Result<Credentials> {
        let session = answer.map_err(|error| {
            let purpose = "get the credentials of this machine".to_owned();
            let of = |place: &Place| format!(" ({place})");
            let refused = format!(
                "{}: {} at {}{} gave no credentials",
                chain.who(),
                target.service.title(),
                target.url(),
                target.endpoint_place.map(of).unwrap_or_default()
            );
            let error = error.explained(&Asked { chain, role: None, target, purpose }, refused);
            target.endpoint_place.cloned().into_iter().fold(error, Error::at)
        })?;
        Ok(Credentials::Session(Session {
            issued_at: Some(self.calls.clock.now()),
            account_id: session.account_id.or(chain.claimed_account().map(str::to_owned)),
            ..session
        }))
    }
}

/// Refuses a container endpoint to which no token may go: over plain HTTP only this machine and the
/// addresses of ECS and EKS are asked, as by the SDKs.
fn check_host(target: &Target) -> Result<()> {
    let url = target.url();
    let Some(place) = target.endpoint_place else { return Ok(()) };
    let error = |what: &str| {
        Error::misconfigured(
            place.clone(),
            format!("the container endpoint `{}` {what}", shown_url(&url)),
        )
        .hint(format!("if it is the wrong one: {}", hint::unset(&[&place.to_string()])))
    };
    let uri: http::Uri = url.parse().map_err(|_| error("is no URL"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some(host)) if is_allowed(host) => Ok(()),
        (Some("http"), Some(_)) => Err(error(
            "is another machine's: over http only localhost and the addresses of ECS and EKS may \
             be asked",
        )),
        _ => Err(error("is no URL as in http://HOST/PATH or https://HOST/PATH")),
    }
}

fn is_allowed(host: &str) -> bool {
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    CONTAINER_HOSTS.contains(&host)
        || address.is_some_and(|address| address.to_canonical().is_loopback())
        || host.eq_ignore_ascii_case("localhost")
}
