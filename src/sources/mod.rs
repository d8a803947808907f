//! The bases, performed: each file fetches one kind of credentials from where it lives.

mod login_session;
mod machine;
pub mod process;
pub mod sso;
mod web_identity;

use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::Region;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::aws::{Credentials, LongTermKeys, Session};
use crate::chain::{Base, Chain, DefaultProvider, StaticKeys};
use crate::clients::sts::AwsSts;
use crate::error::{Error, Kind, Result};
use crate::executor::BaseSource;
use crate::system::clock::Clock;
use crate::system::directories::Directories;
use crate::system::locks::Locks;
use crate::system::report::Report;
use crate::system::runtime::Runtime;

/// Performs every kind of base.
pub struct Sources<'a> {
    pub runtime: &'a Runtime,
    pub clock: &'a dyn Clock,
    pub sts: &'a AwsSts<'a>,
    pub locks: &'a dyn Locks,
    pub report: &'a dyn Report,
    pub directories: &'a Directories,
    /// How long a process source may run.
    pub process_limit: Duration,
    /// The profiles whose `credential_process` led here, for the next process to see.
    pub trail: Vec<String>,
}

impl BaseSource for Sources<'_> {
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
                    if error.kind == Kind::Interrupted {
                        return error;
                    }
                    let mut none = Error::new(
                        error.kind,
                        "no credentials found: no profile is named and the default chain has none",
                    );
                    none.causes = std::iter::once(error.message).chain(error.causes).collect();
                    none.hint("name a profile, see: rolecall list")
                })
            }
        }
    }
}

impl Sources<'_> {
    /// Configures one of `aws-config`'s providers with this chain's region, client and limits.
    fn provider_config(&self, chain: &Chain) -> Result<ProviderConfig> {
        Ok(ProviderConfig::without_region()
            .with_region(chain.plan.region.as_deref().map(|region| Region::new(region.to_owned())))
            .with_http_client(self.sts.http_client(&chain.plan.network)?)
            .with_sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
            .with_use_fips(Some(chain.plan.network.fips))
            .with_use_dual_stack(Some(chain.plan.network.dual_stack))
            .with_retry_config(crate::clients::sts::retries(&chain.plan.network))
            .with_timeout_config(crate::clients::sts::timeouts()))
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
                issued_at: Some(self.clock.now()),
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

/// Puts a provider's error into one line of causes.
fn provider_error(message: String, error: &CredentialsError) -> Error {
    let mut result = Error::failed(message);
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = crate::text::one_line(&cause.to_string());
        let shown = !text.is_empty() && !crate::clients::sts::quotes_a_request(&text);
        if shown && !result.causes.contains(&text) && result.causes.len() < 3 {
            result = result.cause(text);
        }
        next = cause.source();
    }
    if result.causes.is_empty() {
        result.cause(crate::text::one_line(&error.to_string()))
    } else {
        result
    }
}
