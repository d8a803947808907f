//! Credentials of the machine: EC2 instance metadata (IMDSv2) and the container endpoint (ECS, EKS
//! Pod Identity).

use std::net::IpAddr;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::Sources;
use crate::aws::{Credentials, Session};
use crate::chain::{CONTAINER_TOKEN, CONTAINER_TOKEN_FILE, Chain};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::files::read_named;
use crate::text::shown_url;

/// A token of a container is a JSON web token of a few thousand bytes.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;
/// The addresses of ECS and of EKS Pod Identity.
const CONTAINER_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

impl Sources<'_> {
    pub(super) fn instance(&self, chain: &Chain) -> Result<Credentials> {
        if chain.plan.network.imds.disabled {
            return Err(Error::configuration(
                "instance metadata is switched off by AWS_EC2_METADATA_DISABLED",
            )
            .at(Place::variable("AWS_EC2_METADATA_DISABLED"))
            .hint("switch it on again: unset AWS_EC2_METADATA_DISABLED"));
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
        let answer = self.calls.container_session(&target, self.container_token()?);
        self.given(chain, &target, answer)
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

    /// Returns the token that the container endpoint wants, where the environment names one.
    ///
    /// # Errors
    /// Where its file cannot be read, or no header can hold it.
    fn container_token(&self) -> Result<Option<SecretString>> {
        let variable = |name| self.calls.environment.get(name);
        let token = match (variable(CONTAINER_TOKEN_FILE), variable(CONTAINER_TOKEN)) {
            (Some(path), _) => read_token(Path::new(path))?,
            (None, Some(token)) => SecretString::from(token),
            (None, None) => return Ok(None),
        };
        if token.expose_secret().bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return Ok(Some(token));
        }
        let name = if variable(CONTAINER_TOKEN_FILE).is_some() {
            CONTAINER_TOKEN_FILE
        } else {
            CONTAINER_TOKEN
        };
        Err(Error::misconfigured(
            Place::variable(name),
            "the container's token holds characters that no header can hold",
        )
        .hint(format!("if it is the wrong one: unset {name}")))
    }
}

/// Reads the file of a container's token, without the blanks around it.
fn read_token(path: &Path) -> Result<SecretString> {
    let error = |what: String| {
        let shown = path.display();
        Error::configuration(format!(
            "{CONTAINER_TOKEN_FILE}: the container's token {shown} {what}"
        ))
        .at(Place::File(path.to_owned()))
        .hint(format!("look at it with: ls -l {}", hint::path(path)))
    };
    let bytes =
        read_named(path, MAX_TOKEN_BYTES).map_err(|e| error(format!("cannot be read: {e}")))?;
    match str::from_utf8(&bytes).map(str::trim) {
        Err(_) => Err(error("is not text".to_owned())),
        Ok("") => Err(error("is empty".to_owned())),
        Ok(token) => Ok(SecretString::from(token)),
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
        .hint(format!("if it is the wrong one: unset {place}"))
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
