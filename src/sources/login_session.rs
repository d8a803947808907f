//! The session of `aws login`, from its cache under `~/.aws/login/cache`, refreshed by
//! `aws-config`'s provider.

use std::time::Duration;

use aws_config::login::LoginCredentialsProvider;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;

use super::{Sources, provider_error};
use crate::aws::Credentials;
use crate::chain::Chain;
use crate::config::profiles::Place;
use crate::error::{Error, Kind, Result};
use crate::hint::option;
use crate::system::digest::sha1_hex;

const LIMIT: Duration = Duration::from_secs(60);

impl Sources<'_> {
    pub(super) fn login_session(
        &self,
        chain: &Chain,
        session: &str,
        place: &Place,
    ) -> Result<Credentials> {
        let profile = chain.plan.base_profile.as_deref().unwrap_or("default");
        if chain.plan.region.is_none() {
            return Err(Error::configuration(format!(
                "{place}: profile `{profile}` needs a region for its login_session"
            ))
            .hint(format!(
                "set one with: aws configure set region eu-west-1 {}",
                option("--profile", profile)
            )));
        }
        // The provider rotates the refresh token, which works once: one process at a time.
        let _lock = self.locks.acquire(
            &format!("login-{}", sha1_hex(session)),
            "the login session",
            LIMIT,
        )?;
        let provider = LoginCredentialsProvider::builder(session)
            .configure(&self.provider_config(chain)?)
            .build();
        match self.runtime.run_within(LIMIT, provider.provide_credentials())? {
            None => Err(Error::failed(format!(
                "profile `{profile}`: no answer from AWS sign-in in {} s",
                LIMIT.as_secs()
            ))),
            Some(Ok(credentials)) => {
                Ok(self.provided(&credentials, chain.subject.claimed_account()))
            }
            Some(Err(error)) => {
                let network = matches!(error, CredentialsError::ProviderTimedOut(_));
                let mut error = provider_error(
                    format!("profile `{profile}`: the login session gave no credentials"),
                    &error,
                );
                if !network {
                    error.kind = Kind::NeedsPerson;
                    error = error
                        .hint(format!("log in again: aws login {}", option("--profile", profile)));
                }
                Err(error)
            }
        }
    }
}
