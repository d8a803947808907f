//! The calls of the OIDC service of IAM Identity Center.

use std::time::Duration;

use aws_sdk_ssooidc::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_ssooidc::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssooidc::operation::create_token::CreateTokenError;
use aws_sdk_ssooidc::operation::register_client::RegisterClientError;
use aws_sdk_ssooidc::operation::start_device_authorization::StartDeviceAuthorizationError;
use aws_sdk_ssooidc::types::{AccessDeniedExceptionReason, InvalidRequestExceptionReason};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::{CallError, Failure};
use crate::error::{Error, Result};
use crate::text::one_line;

/// The redirect that is registered. It names no port, so that any is taken (RFC 8252, section 7.3).
const REGISTERED_REDIRECT: &str = "http://127.0.0.1/oauth/callback";
const AUTHORIZATION_CODE: &str = "authorization_code";
const REFRESH_TOKEN: &str = "refresh_token";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How often a device code is asked about where AWS does not say it (RFC 8628, section 3.2).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Which way of logging in a client is registered for: never for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    AuthorizationCode,
    DeviceCode,
}

impl ClientKind {
    /// Returns the grants that it is registered for; none are named for device codes.
    pub fn grants(self) -> &'static [&'static str] {
        match self {
            Self::AuthorizationCode => &[AUTHORIZATION_CODE, REFRESH_TOKEN],
            Self::DeviceCode => &[],
        }
    }
}

/// What is said of a client when it is registered.
pub struct NewClient<'a> {
    pub kind: ClientKind,
    pub name: &'a str,
    pub scopes: &'a [String],
    pub start_url: &'a str,
}

/// A registered client.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: SecretString,
    pub expires_at: DateTime<Utc>,
}

/// What a token is given for.
pub enum Grant<'a> {
    Code { code: &'a SecretString, verifier: &'a SecretString, redirect_uri: &'a str },
    Device(&'a SecretString),
    Refresh(&'a str),
}

/// A device that a person is to approve.
pub struct Device {
    pub code: SecretString,
    pub user_code: String,
    /// The page where the code is typed.
    pub page: String,
    /// The page with the code in its address.
    pub page_with_code: Option<String>,
    pub expires_in: Duration,
    /// How often may be asked.
    pub interval: Duration,
}

/// A new token.
pub struct IssuedToken {
    pub access_token: SecretString,
    /// `None` where an old one goes on.
    pub refresh_token: Option<SecretString>,
    /// Seconds from now.
    pub expires_in: i32,
}

impl AwsCalls<'_> {
    /// Registers a client (sso-oidc:RegisterClient).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a client, or the wait is interrupted.
    pub fn register_client(&self, target: &Target, new: &NewClient) -> Result<Client, CallError> {
        let client = self.factory.sso_oidc(target)?;
        let mut request = client
            .register_client()
            .client_name(new.name)
            .client_type("public")
            .set_scopes(Some(new.scopes.to_vec()));
        if new.kind == ClientKind::AuthorizationCode {
            let grants = new.kind.grants().iter().map(|&grant| grant.to_owned()).collect();
            request = request
                .set_grant_types(Some(grants))
                .redirect_uris(REGISTERED_REDIRECT)
                .issuer_url(new.start_url);
        }
        let answer = self.described(target, self.runtime.run(request.send())?)?;
        let (Some(id), Some(secret)) = (answer.client_id(), answer.client_secret()) else {
            return Err(Failure::without_answer("the answer names no client").into());
        };
        let expires_at = DateTime::from_timestamp(answer.client_secret_expires_at(), 0);
        Ok(Client {
            id: id.to_owned(),
            secret: SecretString::from(secret),
            expires_at: expires_at.unwrap_or_else(|| self.clock.now()),
        })
    }

    /// Begins a login by a device code (sso-oidc:StartDeviceAuthorization).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a code, or the wait is interrupted.
    pub fn start_device(
        &self,
        target: &Target,
        client: &Client,
        start_url: &str,
    ) -> Result<Device, CallError> {
        let request = self
            .factory
            .sso_oidc(target)?
            .start_device_authorization()
            .client_id(&client.id)
            .client_secret(client.secret.expose_secret())
            .start_url(start_url);
        let answer = self.described(target, self.runtime.run(request.send())?)?;
        let (Some(code), Some(user_code), Some(page)) =
            (answer.device_code(), answer.user_code(), answer.verification_uri())
        else {
            return Err(Failure::without_answer("the answer names no device").into());
        };
        let seconds = |number: i32| Duration::from_secs(u64::try_from(number).unwrap_or(0));
        let interval = Some(seconds(answer.interval())).filter(|interval| !interval.is_zero());
        Ok(Device {
            code: SecretString::from(code),
            user_code: user_code.to_owned(),
            page: page.to_owned(),
            page_with_code: answer.verification_uri_complete().map(str::to_owned),
            expires_in: seconds(answer.expires_in()),
            interval: interval.unwrap_or(DEFAULT_INTERVAL),
        })
    }

    /// Gets a token (sso-oidc:CreateToken).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a token, or the wait is interrupted.
    pub fn create_token(
        &self,
        target: &Target,
        (client_id, client_secret): (&str, &str),
        grant: &Grant,
    ) -> Result<IssuedToken, CallError> {
        let request = self.factory.sso_oidc(target)?.create_token();
        let request = request.client_id(client_id).client_secret(client_secret);
        let request = match grant {
            Grant::Code { code, verifier, redirect_uri } => request
                .grant_type(AUTHORIZATION_CODE)
                .code(code.expose_secret())
                .code_verifier(verifier.expose_secret())
                .redirect_uri(*redirect_uri),
            Grant::Device(code) => {
                request.grant_type(DEVICE_CODE).device_code(code.expose_secret())
            }
            Grant::Refresh(token) => request.grant_type(REFRESH_TOKEN).refresh_token(*token),
        };
        let answer = self.described(target, self.runtime.run(request.send())?)?;
        let access_token = answer
            .access_token()
            .filter(|token| !token.is_empty())
            .ok_or_else(|| Failure::without_answer("the answer has none"))?;
        Ok(IssuedToken {
            access_token: SecretString::from(access_token),
            refresh_token: answer.refresh_token().map(SecretString::from),
            expires_in: answer.expires_in(),
        })
    }

    /// Returns the address of the service: the configured one, or AWS's own by the rules that the SDK
    /// calls it by (partition, FIPS, dual stack).
    ///
    /// # Errors
    /// Where the SDK knows none.
    pub fn oidc_address(&self, target: &Target) -> Result<String> {
        if let Some(endpoint) = target.endpoint {
            return Ok(endpoint.to_owned());
        }
        let none = |error: &dyn std::fmt::Display| {
            Error::configuration(format!("IAM Identity Center has no endpoint there: {error}"))
        };
        let params = Params::builder()
            .set_region(target.region.map(str::to_owned))
            .use_fips(target.network.fips)
            .use_dual_stack(target.is_dual_stack())
            .build()
            .map_err(|error| none(&error))?;
        let resolver = DefaultResolver::new();
        let endpoint = self.runtime.run(resolver.resolve_endpoint(&params))?;
        Ok(endpoint.map_err(|error| none(&error))?.url().trim_end_matches('/').to_owned())
    }

    /// Returns an answer; an error says what the service says, which has no `message` as other
    /// services have.
    fn described<T, E>(
        &self,
        target: &Target,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + Describe + std::error::Error + 'static,
    {
        answer.map_err(|error| {
            let failure = self.failure(target, &error);
            match error.as_service_error().and_then(Describe::description) {
                Some(message) => Failure { message, ..failure },
                None => failure,
            }
        })
    }
}

/// What the service says of an error.
trait Describe {
    fn description(&self) -> Option<String>;
}

/// Joins error, description and reason.
fn join(error: Option<&str>, description: Option<&str>, reason: Option<&str>) -> Option<String> {
    let description = description.filter(|text| !text.is_empty()).or(error)?;
    Some(one_line(&match reason {
        Some(reason) => format!("{description} ({reason})"),
        None => description.to_owned(),
    }))
}

/// Implements `Describe` for the errors of an operation, by those of its exceptions that have a
/// reason and those that have none.
macro_rules! describe {
    ($error:ident, [$($reason:ident: $reasons:ident),*], [$($plain:ident),*]) => {
        impl Describe for $error {
            fn description(&self) -> Option<String> {
                match self {
                    $(Self::$reason(e) => {
                        join(e.error(), e.error_description(), e.reason().map($reasons::as_str))
                    })*
                    $(Self::$plain(e) => join(e.error(), e.error_description(), None),)*
                    _ => None,
                }
            }
        }
    };
}

describe!(
    RegisterClientError,
    [InvalidRequestException: InvalidRequestExceptionReason],
    [
        InternalServerException,
        InvalidClientMetadataException,
        InvalidRedirectUriException,
        InvalidScopeException,
        SlowDownException,
        UnsupportedGrantTypeException
    ]
);
describe!(
    StartDeviceAuthorizationError,
    [InvalidRequestException: InvalidRequestExceptionReason],
    [InternalServerException, InvalidClientException, SlowDownException, UnauthorizedClientException]
);
describe!(
    CreateTokenError,
    [
        AccessDeniedException: AccessDeniedExceptionReason,
        InvalidRequestException: InvalidRequestExceptionReason
    ],
    [
        AuthorizationPendingException,
        ExpiredTokenException,
        InternalServerException,
        InvalidClientException,
        InvalidGrantException,
        InvalidScopeException,
        SlowDownException,
        UnauthorizedClientException,
        UnsupportedGrantTypeException
    ]
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Network, SsoSession};
    use crate::clients::factory::Factory;
    use crate::clients::http::SystemRoots;
    use crate::error::FileLine;
    use crate::system::clock::SystemClock;
    use crate::system::environment::Environment;
    use crate::system::runtime::Runtime;

    fn session(start_url: &str, region: &str) -> SsoSession {
        let place = || FileLine { path: "config".into(), line: 1 };
        SsoSession {
            name: None,
            start_url: start_url.to_owned(),
            start_url_place: place(),
            region: region.to_owned(),
            region_place: place(),
            scopes: None,
            device_code: Ok(None),
            redirect_port: Ok(None),
            oidc_endpoint: Ok(None),
        }
    }

    #[test]
    fn address_follows_partition_family_and_fips() {
        let (factory, runtime) = (Factory::new(SystemRoots::Bundle), Runtime::default());
        let environment = Environment::default();
        let clock = &SystemClock;
        let calls =
            AwsCalls { factory: &factory, runtime: &runtime, clock, environment: &environment };
        let ipv4 = "https://d-1.awsapps.com/start";
        let dual = "https://ssoins-1.portal.eu-west-1.app.aws";
        for (start_url, region, fips, address) in [
            (ipv4, "eu-west-1", false, "https://oidc.eu-west-1.amazonaws.com"),
            (dual, "eu-west-1", false, "https://oidc.eu-west-1.api.aws"),
            ("https://x.APP.AWS:443/", "eu-west-1", false, "https://oidc.eu-west-1.api.aws"),
            (
                "https://evil.example/.app.aws",
                "eu-west-1",
                false,
                "https://oidc.eu-west-1.amazonaws.com",
            ),
            (ipv4, "us-east-1", true, "https://oidc-fips.us-east-1.amazonaws.com"),
            (ipv4, "us-gov-west-1", false, "https://oidc.us-gov-west-1.amazonaws.com"),
            (ipv4, "cn-north-1", false, "https://oidc.cn-north-1.amazonaws.com.cn"),
            (ipv4, "eusc-de-east-1", false, "https://oidc.eusc-de-east-1.amazonaws.eu"),
        ] {
            let network = Network { fips, ..Network::default() };
            let session = session(start_url, region);
            let target = Target::oidc(&network, &session, None);
            assert_eq!(calls.oidc_address(&target).unwrap(), address, "{start_url} {region}");
            assert!(fips || target.url() == address, "{} for {start_url}", target.url());
        }
    }
}
