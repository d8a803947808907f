//! The STS adapter: `aws-sdk-sts` calls, and its errors in the user's words.

use std::cell::OnceCell;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Region};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::types::{AssumedRoleUser, PolicyDescriptorType, Tag};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::aws::arn::Arn;
use crate::aws::partition::Endpoint;
use crate::aws::{Credentials, Session};
use crate::chain::{AssumeRole, Chain, GetSessionToken, MfaUse, Network, WebIdentity};
use crate::error::{Error, Result};
use crate::executor::{Sts, TokenCode};
use crate::system::clock::Clock;
use crate::system::runtime::Runtime;
use crate::text::one_line;

/// A call's limits: to connect, for one attempt, and for all attempts of a call.
const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(15);
const OPERATION: Duration = Duration::from_secs(45);
/// STS refuses a request whose time is more than five minutes off.
const TOLERATED_SKEW: TimeDelta = TimeDelta::minutes(4);

pub struct AwsSts<'a> {
    pub runtime: &'a Runtime,
    pub clock: &'a dyn Clock,
    pub native_roots: bool,
    pub http: OnceCell<SharedHttpClient>,
}

/// Who a set of credentials belongs to, as sts:GetCallerIdentity says.
#[derive(Debug, Clone)]
pub struct CallerIdentity {
    pub account: String,
    pub arn: String,
    pub user_id: String,
}

/// Why a call failed.
#[derive(Debug)]
pub struct CallError {
    pub code: Option<String>,
    pub message: String,
    pub clock: Option<String>,
}

pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

pub fn retries(network: &Network) -> RetryConfig {
    let config =
        if network.adaptive_retries { RetryConfig::adaptive() } else { RetryConfig::standard() };
    config.with_max_attempts(network.max_attempts.unwrap_or(3))
}

impl AwsSts<'_> {
    pub fn http_client(&self, network: &Network) -> Result<SharedHttpClient> {
        if let Some(client) = self.http.get() {
            return Ok(client.clone());
        }
        let client = crate::clients::http::client(network.ca_bundle.as_deref(), self.native_roots)?;
        Ok(self.http.get_or_init(|| client).clone())
    }

    pub fn client(
        &self,
        network: &Network,
        endpoint: &Endpoint,
        caller: Option<&Credentials>,
    ) -> Result<aws_sdk_sts::Client> {
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(endpoint.signing_region.clone()))
            .endpoint_url(&endpoint.url)
            .http_client(self.http_client(network)?)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(retries(network))
            .timeout_config(timeouts());
        if let Some(caller) = caller {
            config = config.credentials_provider(provider(caller)?);
        }
        Ok(aws_sdk_sts::Client::from_conf(config.build()))
    }

    pub fn get_caller_identity(
        &self,
        network: &Network,
        endpoint: &Endpoint,
        caller: &Credentials,
    ) -> Result<Result<CallerIdentity, CallError>> {
        let client = self.client(network, endpoint, Some(caller))?;
        let answer = self.runtime.run(client.get_caller_identity().send())?;
        Ok(answer
            .map(|identity| CallerIdentity {
                account: identity.account().unwrap_or_default().to_owned(),
                arn: identity.arn().unwrap_or_default().to_owned(),
                user_id: identity.user_id().unwrap_or_default().to_owned(),
            })
            .map_err(|e| self.explain(&e)))
    }

    /// Calls sts:AssumeRoleWithWebIdentity, which is not signed.
    pub fn assume_role_with_web_identity(
        &self,
        network: &Network,
        call: &WebIdentity,
        token: &SecretString,
    ) -> Result<Session> {
        let client = self.client(network, &call.endpoint, None)?;
        let request = client
            .assume_role_with_web_identity()
            .role_arn(call.role_arn.as_str())
            .role_session_name(&call.role_session_name)
            .web_identity_token(token.expose_secret())
            .set_duration_seconds(call.duration_seconds.map(u32::cast_signed))
            .set_policy(call.policies.inline.clone())
            .set_policy_arns(policies(&call.policies.arns));
        let asked_at = self.clock.now();
        let answer = self.runtime.run(request.send())?.map_err(|e| {
            let failure = self.explain(&e);
            failure.into_error(format!("AWS did not let the web identity assume {}", call.role_arn))
        })?;
        session(
            answer.credentials(),
            answer.assumed_role_user().map(AssumedRoleUser::arn),
            asked_at,
            &call.role_arn,
        )
    }

    pub fn explain<E: ProvideErrorMetadata + std::error::Error + 'static>(
        &self,
        error: &SdkError<E, HttpResponse>,
    ) -> CallError {
        explain(error, self.clock.now())
    }
}

/// Gives credentials to an SDK client, which panics where they cannot stand in a header.
pub fn provider(caller: &Credentials) -> Result<SharedCredentialsProvider> {
    let token = caller.session_token().map(ExposeSecret::expose_secret);
    for (what, text) in
        [("access key ID", caller.access_key_id()), ("session token", token.unwrap_or_default())]
    {
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::failed(format!("the caller's {what} holds characters that AWS's have not, so no request can carry it"))
                .hint("see where the credentials come from: rolecall explain"));
        }
    }
    Ok(SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
        caller.access_key_id(),
        caller.secret_access_key().expose_secret(),
        token.map(str::to_owned),
        None,
        "rolecall",
    )))
}

impl Sts for AwsSts<'_> {
    fn get_session_token(
        &self,
        chain: &Chain,
        call: &GetSessionToken,
        caller: &Credentials,
        code: &TokenCode,
    ) -> Result<Session> {
        let request = self
            .client(&chain.plan.network, &call.endpoint, Some(caller))?
            .get_session_token()
            .duration_seconds(call.duration_seconds.cast_signed())
            .serial_number(&code.serial)
            .token_code(&code.code);
        let asked_at = self.clock.now();
        let answer = self.runtime.run(request.send())?.map_err(|e| {
            let error = self.explain(&e).into_error(format!(
                "{}: AWS did not give a session with MFA of {}",
                chain.who(),
                code.serial
            ));
            if is_about_mfa(&error) {
                hint_of_mfa(error, &|verb| chain.command(verb))
            } else {
                error
            }
        })?;
        let session = session(answer.credentials(), None, asked_at, "the session with MFA")?;
        let account = || Arn::parse(&code.serial).map(|arn| arn.account.to_owned());
        Ok(Session {
            account_id: caller.account_id().map(str::to_owned).or_else(account),
            ..session
        })
    }

    fn mfa_serial(&self, chain: &Chain, caller: &Credentials) -> Result<String> {
        crate::clients::iam::mfa_serial(self, chain, caller)
    }

    fn assume_role(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session> {
        let endpoint = &call.endpoint;
        let client = self.client(&chain.plan.network, endpoint, Some(caller))?;
        let tags =
            call.tags.all.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| Error::usage(format!("a session tag is not valid: {e}")))?;
        let request = client
            .assume_role()
            .role_arn(call.role_arn.as_str())
            .role_session_name(&call.role_session_name)
            .set_external_id(call.external_id.clone())
            .set_duration_seconds(call.duration_seconds.map(u32::cast_signed))
            .set_serial_number(code.map(|code| code.serial.clone()))
            .set_token_code(code.map(|code| code.code.clone()))
            .set_source_identity(call.source_identity.clone())
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_transitive_tag_keys(
                (!call.tags.transitive.is_empty()).then(|| call.tags.transitive.clone()),
            )
            .set_policy(call.policies.inline.clone())
            .set_policy_arns(policies(&call.policies.arns));
        let asked_at = self.clock.now();
        match self.runtime.run(request.send())? {
            Ok(answer) => session(
                answer.credentials(),
                answer.assumed_role_user().map(AssumedRoleUser::arn),
                asked_at,
                &call.role_arn,
            ),
            Err(error) => {
                let failure = self.explain(&error);
                let denied = failure.code.as_deref() == Some("AccessDenied");
                let error = failure.into_error(match &call.profile {
                    Some(profile) => {
                        format!("profile `{profile}`: AWS did not let {} be assumed", call.role_arn)
                    }
                    None => format!("AWS did not let {} be assumed", call.role_arn),
                });
                if is_about_mfa(&error) {
                    return Err(hint_of_mfa(error, &|verb| chain.command_of(verb, call)));
                }
                Err(if denied {
                    self.explain_denial(chain, call, caller, endpoint, error)
                } else {
                    error
                })
            }
        }
    }
}

impl AwsSts<'_> {
    /// Says who called, and how both sides allow it.
    fn explain_denial(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        caller: &Credentials,
        endpoint: &Endpoint,
        error: Error,
    ) -> Error {
        let who = match self.get_caller_identity(&chain.plan.network, endpoint, caller) {
            Ok(Ok(identity)) => error.cause(format!("the caller is {}", one_line(&identity.arn))),
            Ok(Err(failure)) => {
                error.cause(format!("who called is not known: {}", failure.message))
            }
            Err(interrupted) => return interrupted,
        };
        let who = match call.mfa {
            MfaUse::Session(_) => who.hint(format!(
                "if the role wants a code that is younger than the session with MFA: {} --no-mfa-session",
                chain.command_of("whoami", call)
            )),
            _ => who,
        };
        let policy = |verb: &str| chain.command_of(verb, call);
        who.hint(format!(
            "the role must trust the caller (external ID and MFA included): {}",
            policy("policy trust")
        ))
        .hint(format!("the caller must be allowed to assume the role: {}", policy("policy caller")))
    }
}

impl CallError {
    pub fn into_error(self, message: String) -> Error {
        let mut error = Error::failed(message).cause(match &self.code {
            Some(code) => format!("{code}: {}", self.message),
            None => self.message,
        });
        if let Some(clock) = self.clock {
            error = error.cause(clock).hint("set this machine's clock: timedatectl set-ntp true");
        }
        error
    }
}

/// Puts an SDK error into words; a wrong clock is read off the answer's Date header.
pub fn explain<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
    now: DateTime<Utc>,
) -> CallError {
    let date = error
        .raw_response()
        .and_then(|r| r.headers().get("date"))
        .and_then(|d| DateTime::parse_from_rfc2822(d).ok());
    let clock = date
        .map(|date| now - date.to_utc())
        .filter(|skew| skew.abs() > TOLERATED_SKEW)
        .map(|skew| {
            let way = if skew > TimeDelta::zero() { "ahead of" } else { "behind" };
            format!(
                "this machine's clock is {} {way} AWS's",
                crate::aws::duration::render(skew.abs().num_seconds())
            )
        });
    let code = error.code().map(one_line);
    let message = match (error, error.message()) {
        (SdkError::ServiceError(_), Some(message)) => message.trim().to_owned(),
        (SdkError::ServiceError(e), None) => {
            format!("HTTP {} without an answer that can be read", e.raw().status().as_u16())
        }
        (SdkError::TimeoutError(_), _) => "no answer in time".to_owned(),
        (SdkError::ResponseError(e), _) => {
            format!("HTTP {}: the answer cannot be read", e.raw().status().as_u16())
        }
        (SdkError::DispatchFailure(e), _) if e.is_io() || e.is_timeout() || e.is_user() => {
            sources(error)
        }
        // What the SDK says of other failures may quote the request, whose headers and body are
        // secret.
        _ => root(error),
    };
    CallError { code, message: one_line(&message), clock }
}

/// Returns whether AWS refused a code, or the device that it is of.
fn is_about_mfa(error: &Error) -> bool {
    error.causes.iter().any(|cause| cause.contains("MultiFactorAuthentication"))
}

fn hint_of_mfa(error: Error, command: &dyn Fn(&str) -> String) -> Error {
    if error.causes.iter().any(|cause| cause.contains("unable to validate")) {
        return error.cause("the device must be one of the user whose keys begin the chain").hint(
            format!(
                "see which is named, or have it found with mfa_serial = auto: {}",
                command("explain")
            ),
        );
    }
    error
        .cause("the code is wrong, or was used before: each works once")
        .hint(format!("wait for the device's next code, then try again: {}", command("whoami")))
}

/// Joins an error with its sources, without the words that say nothing.
fn sources(error: &dyn std::error::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.contains(&text) && !quotes_a_request(&text) {
            parts.push(text);
        }
        next = error.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

/// Returns what lies beneath all of an error's sources, and nothing that quotes a request.
fn root(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let text = root.to_string();
    if quotes_a_request(&text) { "the request could not be made".to_owned() } else { text }
}

/// Returns whether a text of the SDK has a request in it, as `Debug` shows it: with its headers and
/// its body.
pub fn quotes_a_request(text: &str) -> bool {
    ["Request {", "SdkBody", "headers:", "body:"].iter().any(|mark| text.contains(mark))
}

fn policies(arns: &[String]) -> Option<Vec<PolicyDescriptorType>> {
    (!arns.is_empty())
        .then(|| arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn).build()).collect())
}

fn session(
    credentials: Option<&aws_sdk_sts::types::Credentials>,
    user: Option<&str>,
    asked_at: DateTime<Utc>,
    role_arn: &str,
) -> Result<Session> {
    let credentials = credentials
        .ok_or_else(|| Error::failed(format!("STS answered without credentials for {role_arn}")))?;
    let end = credentials.expiration();
    let expires_at = DateTime::from_timestamp(end.secs(), 0).ok_or_else(|| {
        Error::failed(format!("STS answered with an expiration that is no time: {end}"))
    })?;
    if credentials.access_key_id().is_empty()
        || credentials.secret_access_key().is_empty()
        || credentials.session_token().is_empty()
    {
        return Err(Error::failed(format!("STS answered with empty credentials for {role_arn}")));
    }
    Ok(Session {
        access_key_id: credentials.access_key_id().to_owned(),
        secret_access_key: SecretString::from(credentials.secret_access_key()),
        session_token: Some(SecretString::from(credentials.session_token())),
        expires_at: Some(expires_at),
        issued_at: Some(asked_at),
        account_id: user.or(Some(role_arn)).and_then(Arn::parse).map(|arn| arn.account.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;

    type CallFailure = SdkError<AssumeRoleError, HttpResponse>;

    fn said(error: &CallFailure) -> String {
        explain(error, DateTime::UNIX_EPOCH).message
    }

    #[test]
    fn no_error_quotes_a_request() {
        let quoting = || "failed to apply endpoint to request `Request { body: SdkBody(b\"TokenCode=123456\"), headers: Headers {} }`";
        for error in [
            CallFailure::construction_failure(quoting()),
            CallFailure::dispatch_failure(ConnectorError::other(quoting().into(), None)),
            CallFailure::dispatch_failure(ConnectorError::io(quoting().into())),
        ] {
            assert!(!said(&error).contains("123456"), "{}", said(&error));
        }
        let refused = CallFailure::dispatch_failure(ConnectorError::io(
            std::io::Error::other("connection refused").into(),
        ));
        assert!(said(&refused).contains("connection refused"), "{}", said(&refused));
    }
}
