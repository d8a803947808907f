//! The session of `aws login`, from its cache under `~/.aws/login/cache`, refreshed by
//! `aws-config`'s provider.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use aws_config::login::LoginCredentialsProvider;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;

use super::Sources;
use super::principal::{MAX_LOGIN_BYTES, login_path, require_unchanged};
use crate::aws::Credentials;
use crate::chain::Chain;
use crate::clients::asked::Asked;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::provider_error;
use crate::error::{Error, FileLine, Kind, Result};
use crate::hint::option;
use crate::system::files::read_named;
use crate::system::locks::lock_beside;

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
        let refused =
            format!("{place}: the login session of profile `{profile}` gave no credentials");
        // The provider would look in the current folder.
        self.directories.home()?;
        let path = login_path(self.calls.environment, self.directories, session)?;
        check_file(&path)
            .map_err(|why| needs_login(Error::failed(&refused).cause(why).at(place), profile))?;
        // The provider rotates the refresh token, which works once: one process at a time.
        let _lock = lock_beside(&path, TIMEOUT, self.calls.runtime)?;
        let provider = LoginCredentialsProvider::builder(session)
            .configure(&self.provider_config(chain)?)
            .build();
        match self.calls.runtime.run_within(TIMEOUT, provider.provide_credentials())? {
            None => Err(Error::failed(refused)
                .cause(format!("no answer from AWS sign-in in {} s", TIMEOUT.as_secs()))
                .at(place)
                .about(profile)
                .hint(format!("try again: {}", chain.command("whoami")))),
            Some(Ok(credentials)) => {
                require_unchanged(self, chain)?;
                self.provided(chain, &credentials)
            }
            Some(Err(error)) => {
                let error = self.login_error(chain, refused, profile, &error);
                Err(error.cause(format!("the login lies in {}", path.display())))
            }
        }
    }

    fn login_error(
        &self,
        chain: &Chain,
        refused: String,
        profile: &str,
        error: &CredentialsError,
    ) -> Error {
        let region = chain.plan.region.as_deref().unwrap_or_default();
        let target = Target::of(Service::SignIn, &chain.plan.network, region, None);
        if let Some(failure) = self.calls.sign_in_failure(&target, error) {
            let purpose = "renew the login session".to_owned();
            let asked = Asked { chain, role: None, target: &target, purpose };
            return failure.explained(&asked, refused);
        }
        // What is wrong with the cached session itself, a login mends.
        needs_login(provider_error(refused, error), profile)
    }
}

/// Checks the file of a login: the provider would wait for a pipe for ever, and read a file without
/// end. The error is why it cannot be used.
fn check_file(path: &Path) -> Result<(), String> {
    read_named(path, MAX_LOGIN_BYTES).map(drop).map_err(|error| {
        let path = path.display();
        match error.kind() {
            ErrorKind::NotFound => format!("there is no login: {path} is not there"),
            ErrorKind::FileTooLarge => format!("{path} is too long for a login"),
            ErrorKind::InvalidInput => format!("{path} {error}"),
            _ => format!("{path} cannot be read: {error}"),
        }
    })
}

/// Says that a login mends it.
fn needs_login(error: Error, profile: &str) -> Error {
    error
        .about(profile)
        .with_kind(Kind::NeedsPerson)
        .hint(format!("log in again: aws login {}", option("--profile", profile)))
}
