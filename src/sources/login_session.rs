//! The session of `aws login`, from its cache under `~/.aws/login/cache`, refreshed by
//! `aws-config`'s provider.

use std::time::Duration;

use aws_config::login::LoginCredentialsProvider;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;

use super::Sources;
use crate::aws::Credentials;
use crate::chain::Chain;
use crate::clients::asked::Asked;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::provider_error;
use crate::error::{Error, FileLine, Kind, Result};
use crate::hint::option;
use crate::system::digest::sha1_hex;

const TIMEOUT: Duration = Duration::from_secs(60);

impl Sources<'_> {
    pub(super) fn login_session(
        &self,
        chain: &Chain,
        session: &str,
        place: &FileLine,
    ) -> Result<Credentials> {
        let profile = chain.plan.base_profile.as_deref().unwrap_or("default");
        if chain.plan.region.is_none() {
            return Err(Error::misconfigured(
                place,
                format!("profile `{profile}` needs a region for its login_session"),
            )
            .about(profile)
            .hint(format!(
                "set one with: aws configure set region eu-west-1 {}",
                option("--profile", profile)
            )));
        }
        // The provider would look in the current folder.
        self.directories.home()?;
        // The provider rotates the refresh token, which works once: one process at a time.
        let _lock = self.locks.acquire(
            &format!("login-{}", sha1_hex(session)),
            "the login session",
            TIMEOUT,
        )?;
        let provider = LoginCredentialsProvider::builder(session)
            .configure(&self.provider_config(chain)?)
            .build();
        match self.calls.runtime.run_within(TIMEOUT, provider.provide_credentials())? {
            None => Err(Error::failed(format!(
                "profile `{profile}`: no answer from AWS sign-in in {} s for the login session \
                 ({place})",
                TIMEOUT.as_secs()
            ))
            .about(profile)
            .at(place)
            .hint(format!("try again: {}", chain.command("whoami")))),
            Some(Ok(credentials)) => self.provided(chain, &credentials),
            Some(Err(error)) => Err(self.login_error(chain, profile, place, &error)),
        }
    }

    fn login_error(
        &self,
        chain: &Chain,
        profile: &str,
        place: &FileLine,
        error: &CredentialsError,
    ) -> Error {
        let message =
            format!("profile `{profile}`: the login session ({place}) gave no credentials");
        let region = chain.plan.region.as_deref().unwrap_or_default();
        let target = Target::of(Service::SignIn, &chain.plan.network, region, None);
        if let Some(failure) = self.calls.sign_in_failure(&target, error) {
            let purpose = "renew the login session".to_owned();
            let asked = Asked { chain, role: None, target: &target, purpose };
            return failure.explained(&asked, message);
        }
        // What is wrong with the cached session itself, a login mends.
        provider_error(message, error)
            .about(profile)
            .with_kind(Kind::NeedsPerson)
            .hint(format!("log in again: aws login {}", option("--profile", profile)))
    }
}
