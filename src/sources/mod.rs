//! The bases, performed: each file fetches one kind of credentials from where it lives.

mod login_session;
mod machine;
pub mod process;
pub mod sso;
pub mod sso_token;
mod web_identity;

use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::aws::{Credentials, LongTermKeys, Session};
use crate::chain::{Base, Chain, DefaultProvider, StaticKeys};
use crate::clients::calls::AwsCalls;
use crate::error::{Error, Kind, Place, Result};
use crate::executor::FetchBase;
use crate::system::directories::Directories;
use crate::system::locks::Locks;
use crate::system::report::Report;

/// Performs every kind of base.
pub struct Sources<'a> {
    pub calls: AwsCalls<'a>,
    pub locks: &'a dyn Locks,
    pub report: &'a dyn Report,
    pub directories: &'a Directories,
    /// How long a process source may run.
    pub process_limit: Duration,
    /// The profiles whose `credential_process` led here, for the next process to see.
    pub trail: Vec<String>,
}

impl FetchBase for Sources<'_> {
    fn fetch(&self, chain: &Chain, base: &Base) -> Result<Credentials> {
        match base {
            Base::Static(keys) | Base::Environment(keys) => {
                static_keys(keys, chain.subject.claimed_account())
            }
            Base::Process { command, place, account_id } => {
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
                    std::iter::once(error.message())
                        .chain(causes)
                        .fold(none, Error::cause)
                        .hint("name a profile, see: rolecall list")
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

    /// Turns what an `aws-config` provider gives into a session.
    fn provided(
        &self,
        credentials: &aws_credential_types::Credentials,
        account_id: Option<&str>,
    ) -> Credentials {
        let secret_access_key = SecretString::from(credentials.secret_access_key());
        let account_id = credentials
            .account_id()
            .map(|id| id.as_str().to_owned())
            .or_else(|| account_id.map(str::to_owned));
        let access_key_id = credentials.access_key_id().to_owned();
        match credentials.session_token() {
            None => {
                Credentials::LongTerm(LongTermKeys { access_key_id, secret_access_key, account_id })
            }
            Some(token) => Credentials::Session(Session {
                access_key_id,
                secret_access_key,
                session_token: Some(SecretString::from(token)),
                expires_at: credentials.expiry().map(DateTime::<Utc>::from),
                issued_at: Some(self.calls.clock.now()),
                account_id,
            }),
        }
    }
}

fn static_keys(keys: &StaticKeys, account_id: Option<&str>) -> Result<Credentials> {
    let account_id = keys.account_id.as_deref().or(account_id).map(str::to_owned);
    let expires_at = match &keys.expiration {
        None => None,
        Some(text) => {
            Some(DateTime::parse_from_rfc3339(text).map(|t| t.to_utc()).map_err(|_| {
                Error::configuration(format!("AWS_CREDENTIAL_EXPIRATION is not a time: `{text}`"))
                    .at(Place::variable("AWS_CREDENTIAL_EXPIRATION"))
                    .hint("take it away: unset AWS_CREDENTIAL_EXPIRATION")
            })?)
        }
    };
    let (access_key_id, secret_access_key) =
        (keys.access_key_id.to_string(), keys.secret_access_key.clone());
    Ok(match &keys.session_token {
        None => {
            Credentials::LongTerm(LongTermKeys { access_key_id, secret_access_key, account_id })
        }
        Some(token) => Credentials::Session(Session {
            access_key_id,
            secret_access_key,
            session_token: Some(token.clone()),
            expires_at,
            issued_at: None,
            account_id,
        }),
    })
}
