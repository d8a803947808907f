//! IAM Identity Center: role credentials from the token that `aws sso login` caches, shared with
//! the AWS CLI (`~/.aws/sso/cache/<sha1>.json`), and renewed here where it has a refresh token.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_sts::config::BehaviorVersion;
use aws_sdk_sts::config::Region;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Sources;
use crate::aws::Session;
use crate::chain::{Chain, Sso};
use crate::error::{Error, Result};
use crate::system::digest::sha1_hex;

/// A token is renewed when it has less than this left, as the AWS CLI does.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a token file that does not parse is read again: another program may just be writing
/// it.
const READS: usize = 4;

/// Returns the token's file of an SSO configuration: by the session's name, or by the start URL in
/// the legacy form.
pub fn token_path(home: &Path, sso: &Sso) -> PathBuf {
    let name = sso.session.as_deref().unwrap_or(&sso.start_url);
    home.join(".aws/sso/cache").join(format!("{}.json", sha1_hex(name)))
}

/// A cached token with all of its file's fields, so that writing it back loses none.
pub struct Token {
    fields: Map<String, Value>,
}

impl Token {
    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn access_token(&self) -> Option<SecretString> {
        self.text("accessToken").map(SecretString::from)
    }

    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.text("expiresAt").and_then(parse_time)
    }

    /// Returns what a renewal needs, while the client registration lives.
    fn renewal(&self, now: DateTime<Utc>) -> Option<(&str, &str, &str)> {
        let registered =
            self.text("registrationExpiresAt").and_then(parse_time).is_none_or(|end| end > now);
        registered.then_some(())?;
        Some((self.text("clientId")?, self.text("clientSecret")?, self.text("refreshToken")?))
    }
}

/// Reads RFC 3339, and the `…UTC` that older AWS CLIs wrote.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&text.replace("UTC", "Z")).ok().map(|time| time.to_utc())
}

/// Reads a token file; `None` when there is none or it is not a token.
pub fn read_token(path: &Path) -> Option<Token> {
    for attempt in 0..READS {
        let bytes = Zeroizing::new(std::fs::read(path).ok()?);
        if let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(&bytes) {
            return Some(Token { fields });
        }
        if attempt + 1 < READS {
            std::thread::sleep(Duration::from_millis(25));
        }
    }
    None
}

impl Sources<'_> {
    pub(super) fn sso(&self, chain: &Chain, sso: &Sso) -> Result<Session> {
        let token = self.token(chain, sso)?;
        let client =
            aws_sdk_sso::Client::new(&self.sdk_config(chain, sso, sso.endpoint.as_deref())?);
        let request = client
            .get_role_credentials()
            .account_id(&sso.account_id)
            .role_name(&sso.role_name)
            .access_token(token.expose_secret());
        let asked_at = self.clock.now();
        let answer = self.runtime.run(request.send())?.map_err(|error| {
            let code = error.code().map(str::to_owned);
            let failure = crate::clients::sts::explain(&error, self.clock.now());
            let message = format!("IAM Identity Center gave no credentials for role {} in account {}", sso.role_name, sso.account_id);
            match code.as_deref() {
                Some("UnauthorizedException") => Self::login_needed(chain, sso, "the token is no longer accepted"),
                Some("ForbiddenException" | "ResourceNotFoundException") => failure
                    .into_error(message)
                    .hint("see what is assigned to you: aws sso list-account-roles --account-id ACCOUNT --access-token TOKEN"),
                _ => failure.into_error(message),
            }
        })?;
        let empty = || Error::failed("IAM Identity Center answered without credentials");
        let credentials = answer.role_credentials().ok_or_else(empty)?;
        let (Some(id), Some(secret), Some(session_token)) = (
            credentials.access_key_id(),
            credentials.secret_access_key(),
            credentials.session_token(),
        ) else {
            return Err(empty());
        };
        Ok(Session {
            access_key_id: id.to_owned(),
            secret_access_key: SecretString::from(secret),
            session_token: Some(SecretString::from(session_token)),
            expires_at: DateTime::from_timestamp_millis(credentials.expiration()),
            issued_at: Some(asked_at),
            account_id: Some(sso.account_id.clone()),
        })
    }

    fn sdk_config(&self, chain: &Chain, sso: &Sso, endpoint: Option<&str>) -> Result<SdkConfig> {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(sso.region.clone()))
            .http_client(self.sts.http_client(&chain.plan.network)?)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(crate::clients::sts::retries(&chain.plan.network))
            .timeout_config(crate::clients::sts::timeouts())
            .use_fips(chain.plan.network.fips)
            .use_dual_stack(chain.plan.network.dual_stack);
        config.set_endpoint_url(endpoint.map(str::to_owned));
        Ok(config.build())
    }

    /// Returns a token that is still good, renewing it where that is possible.
    fn token(&self, chain: &Chain, sso: &Sso) -> Result<SecretString> {
        let path = token_path(self.directories.home()?, sso);
        let good = |token: &Token, left: TimeDelta| {
            token.expires_at().is_some_and(|end| end - self.clock.now() > left)
        };
        let none = || Self::login_needed(chain, sso, "there is no token of a login");
        let token = read_token(&path).ok_or_else(none)?;
        if good(&token, RENEW_BEFORE) {
            return token.access_token().ok_or_else(none);
        }
        // A refresh token may work only once, so that one process renews and the others read what
        // it wrote.
        let _lock = self.locks.acquire(
            &format!("sso-{}", sha1_hex(&path.to_string_lossy())),
            "a token of IAM Identity Center",
            PATIENCE,
        )?;
        let token = read_token(&path).ok_or_else(none)?;
        if good(&token, RENEW_BEFORE) {
            return token.access_token().ok_or_else(none);
        }
        let failure = match (sso.session.is_some(), token.renewal(self.clock.now())) {
            (true, Some(renewal)) => match self.renew(chain, sso, renewal)? {
                Ok(fields) => {
                    let renewed = merge(&token, &fields, self.clock.now());
                    if let Err(error) = write(&path, &renewed) {
                        self.report.warn(&format!(
                            "the renewed SSO token could not be written to {}: {error}",
                            path.display()
                        ));
                    }
                    return renewed.access_token().ok_or_else(none);
                }
                Err(why) => why,
            },
            _ => "the token has expired".to_owned(),
        };
        // A token that could not be renewed is used while it lives.
        if good(&token, TimeDelta::seconds(5)) {
            return token.access_token().ok_or_else(none);
        }
        Err(Self::login_needed(chain, sso, &failure))
    }

    fn renew(
        &self,
        chain: &Chain,
        sso: &Sso,
        (client_id, client_secret, refresh_token): (&str, &str, &str),
    ) -> Result<Result<Renewed, String>> {
        self.report.decided(&|| {
            format!(
                "renewing the SSO token of {}",
                sso.session.as_deref().unwrap_or(&sso.start_url)
            )
        });
        let client = aws_sdk_ssooidc::Client::new(&self.sdk_config(
            chain,
            sso,
            sso.oidc_endpoint.as_deref(),
        )?);
        let request = client
            .create_token()
            .client_id(client_id)
            .client_secret(client_secret)
            .grant_type("refresh_token")
            .refresh_token(refresh_token);
        Ok(match self.runtime.run(request.send())? {
            Ok(answer) => match answer.access_token() {
                Some(access_token) => Ok(Renewed {
                    access_token: SecretString::from(access_token),
                    refresh_token: answer.refresh_token().map(SecretString::from),
                    expires_in: answer.expires_in(),
                }),
                None => Err("the token could not be renewed: the answer has none".to_owned()),
            },
            Err(error) => Err(format!(
                "the token could not be renewed: {}",
                crate::clients::sts::explain(&error, self.clock.now()).message
            )),
        })
    }

    fn login_needed(chain: &Chain, sso: &Sso, why: &str) -> Error {
        let profile = chain.plan.base_profile.as_deref().unwrap_or_else(|| chain.name());
        Error::needs_person(format!(
            "profile `{profile}` needs a login at {}: {why}",
            sso.start_url
        ))
        .hint(format!("log in: {}", login(sso, profile)))
    }
}

/// Returns the command that gets the token anew.
pub fn login(sso: &Sso, profile: &str) -> String {
    let (option, name) =
        sso.session.as_deref().map_or(("--profile", profile), |session| ("--sso-session", session));
    format!("aws sso login {}", crate::hint::option(option, name))
}

struct Renewed {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    /// Seconds.
    expires_in: i32,
}

/// Puts what was renewed into the token's fields; an answer without a refresh token leaves the old
/// one.
fn merge(token: &Token, renewed: &Renewed, now: DateTime<Utc>) -> Token {
    let mut fields = token.fields.clone();
    let mut set = |key: &str, value: &str| fields.insert(key.to_owned(), Value::from(value));
    set("accessToken", renewed.access_token.expose_secret());
    if let Some(refresh_token) = &renewed.refresh_token {
        set("refreshToken", refresh_token.expose_secret());
    }
    let expires_at = now + TimeDelta::seconds(i64::from(renewed.expires_in));
    set("expiresAt", &expires_at.to_rfc3339_opts(SecondsFormat::Secs, true));
    Token { fields }
}

fn write(path: &Path, token: &Token) -> std::io::Result<()> {
    let json = Zeroizing::new(serde_json::to_vec(&token.fields)?);
    crate::system::files::write_private(path, &json)
}
