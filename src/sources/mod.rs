//! The bases, performed: each file fetches one kind of credentials from where it lives.

mod identity_token;
mod login_session;
pub mod login_tokens;
mod machine;
pub mod principal;
pub mod process;
pub mod sso;
pub mod sso_registration;
pub mod sso_token;
mod stored_keys;
mod web_identity;

use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use aws_credential_types::attributes::AccountId;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use self::login_tokens::LoginTokens;
use crate::aws::expiration::{self, Unusable};
use crate::aws::{Credentials, Session};
use crate::chain::{Base, Chain, DefaultProvider, StaticKeys, WrittenEnd};
use crate::clients::calls::AwsCalls;
use crate::clients::sts::unusable_end;
use crate::error::{Error, Kind, Place, Result};
use crate::executor::FetchBase;
use crate::hint;
use crate::store::access_keys::StoredAccessKeys;
use crate::system::directories::Directories;
use crate::system::report::Report;

/// Performs every kind of base.
pub struct Sources<'a> {
    pub calls: AwsCalls<'a>,
    pub report: &'a dyn Report,
    pub directories: &'a Directories,
    /// Opens the long-term keys of the stores, when they are first needed.
    pub access_keys: &'a dyn Fn() -> StoredAccessKeys<'a>,
    /// Gives the tokens of logins, when they are first needed.
    pub login_tokens: &'a dyn Fn() -> LoginTokens<'a>,
    /// How long a process source may run.
    pub process_limit: Duration,
    /// The profiles whose `credential_process` led here, for the next process to see.
    pub trail: Vec<String>,
}

impl FetchBase for Sources<'_> {
    fn fetch(&self, chain: &Chain, base: &Base) -> Result<Credentials> {
        match base {
            Base::Static(keys) | Base::Environment(keys) => self.static_keys(chain, keys),
            Base::Stored(keys) => self.stored_keys(chain, keys),
            Base::Process { command, place, account_id, .. } => {
                self.process(chain, command, place, account_id.as_deref())
            }
            Base::Sso(sso) => self.sso(chain, sso).map(Credentials::Session),
            Base::WebIdentity(call) => self.web_identity(chain, call).map(Credentials::Session),
            Base::LoginSession { session, place } => self.login_session(chain, session, place),
            Base::Ec2InstanceMetadata => self.instance(chain),
            Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
                self.container(chain)
            }
            Base::DefaultProviders(DefaultProvider::Instance) => {
                self.instance(chain).map_err(|error| {
                    if error.kind() == Kind::Interrupted {
                        return error;
                    }
                    let none = Error::new(
                        error.kind(),
                        "no credentials found: no profile is named and the default chain has none",
                    );
                    let causes = error.causes().iter().map(String::as_str);
                    let error =
                        std::iter::once(error.message()).chain(causes).fold(none, Error::cause);
                    if chain.has_profiles() {
                        error.hint("name a profile, see: rolecall list")
                    } else {
                        hint::first_steps(error)
                    }
                })
            }
        }
    }
}

impl Sources<'_> {
    /// Configures one of `aws-config`'s providers for a chain.
    fn provider_config(&self, chain: &Chain) -> Result<ProviderConfig> {
        self.calls.factory.provider_config(&chain.plan.network, chain.plan.region.as_deref())
    }

    /// Turns what an `aws-config` provider gives into credentials.
    fn provided(
        &self,
        chain: &Chain,
        credentials: &aws_credential_types::Credentials,
    ) -> Result<Credentials> {
        let account_id = credentials.account_id().map(AccountId::as_str);
        let session_token = credentials.session_token().map(SecretString::from);
        let expiry = credentials.expiry().filter(|_| session_token.is_some());
        let expires_at = expiry.map(expiration::from_system).transpose();
        let session = Session {
            access_key_id: credentials.access_key_id().to_owned(),
            secret_access_key: SecretString::from(credentials.secret_access_key()),
            session_token,
            expires_at: expires_at.map_err(|e| unusable_end("the source of credentials", e))?,
            issued_at: Some(self.calls.clock.now()),
            account_id: account_id.or(chain.claimed_account()).map(str::to_owned),
        };
        Ok(session.into())
    }

    /// Returns keys as they stand in a file or in the environment. An end beside keys without a
    /// token says something only once it is past.
    fn static_keys(&self, chain: &Chain, keys: &StaticKeys) -> Result<Credentials> {
        let end = keys.expiration.as_ref().map(end_of_keys).transpose()?.flatten();
        let now = self.calls.clock.now();
        let session = Session {
            access_key_id: keys.access_key_id.to_string(),
            secret_access_key: keys.secret_access_key.clone(),
            session_token: keys.session_token.clone(),
            expires_at: end.filter(|end| keys.session_token.is_some() || *end <= now),
            issued_at: None,
            account_id: keys.account_id.as_deref().or(chain.claimed_account()).map(str::to_owned),
        };
        Ok(session.into())
    }
}

/// Reads the end that stands beside keys. In a file only tools write it, each in its own form: what
/// is no time says nothing.
fn end_of_keys(written: &WrittenEnd) -> Result<Option<DateTime<Utc>>> {
    let WrittenEnd { text, place } = written;
    match (expiration::parse(text), place) {
        (Ok(end), _) => Ok(Some(end)),
        (Err(Unusable::OutOfRange), _) => Err(Error::failed(format!(
            "{place}: the end of the credentials {}: `{text}`",
            Unusable::OutOfRange.text()
        ))
        .at(place.clone())
        .hint("see where they come from, and get new ones there: rolecall explain")),
        (Err(Unusable::NoTime), Place::Variable(name)) => {
            Err(Error::configuration(format!("{name} is not a time: `{text}`"))
                .at(place.clone())
                .hint(format!("take it away: {}", hint::unset(&[name]))))
        }
        (Err(Unusable::NoTime), _) => Ok(None),
    }
}
