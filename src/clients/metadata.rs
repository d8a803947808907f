//! The machine's own endpoints: the instance metadata service (IMDSv2), and the credentials
//! endpoints of containers (ECS, EKS Pod Identity).

use std::fmt;
use std::time::Duration;

use aws_sdk_sts::error::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::HttpStatusCodeClassifier;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use secrecy::{ExposeSecret, SecretString};

use crate::aws::Session;
use crate::aws::metadata_json::{Unusable, parse, refusal};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Target, attempts};
use crate::clients::failure::{CallError, Failure};
use crate::error::AwsCode;

/// All attempts at one request together.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How long an instance's endpoint may take to connect and to answer, as in the SDKs. A machine
/// that is no instance has none.
const INSTANCE_TIMEOUT: Duration = Duration::from_secs(1);
const INSTANCE_ATTEMPTS: u32 = 4;
const CONTAINER_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const CONTAINER_READ_TIMEOUT: Duration = Duration::from_secs(5);

const TOKEN_PATH: &str = "/latest/api/token";
const ROLE_PATH: &str = "/latest/meta-data/iam/security-credentials/";
/// How long a token of the instance metadata service is asked for; one call needs it for moments.
const TOKEN_SECONDS: &str = "300";

/// A request to such an endpoint.
#[derive(Debug, Clone)]
struct Request {
    method: &'static str,
    url: String,
    header: Option<(&'static str, SecretString)>,
}

/// How long an endpoint is waited for.
struct Patience {
    attempts: u32,
    connect: Duration,
    read: Duration,
}

impl AwsCalls<'_> {
    /// Returns the session of the instance's role.
    ///
    /// # Errors
    /// Where the endpoint does not answer, refuses, or answers with something else.
    pub fn instance_session(&self, target: &Target) -> Result<Session, CallError> {
        let imds = &target.network.imds;
        let limit = imds.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let patience = Patience {
            attempts: imds.attempts.unwrap_or(INSTANCE_ATTEMPTS),
            connect: limit.unwrap_or(INSTANCE_TIMEOUT),
            read: limit.unwrap_or(INSTANCE_TIMEOUT),
        };
        let ask = |method, path: &str, header| {
            let url = format!("{}{path}", target.url());
            self.ask(target, &patience, Request { method, url, header })
        };
        let seconds = SecretString::from(TOKEN_SECONDS);
        let token =
            ask("PUT", TOKEN_PATH, Some(("x-aws-ec2-metadata-token-ttl-seconds", seconds)))?;
        let header = || Some(("x-aws-ec2-metadata-token", token.clone()));
        let role = ask("GET", ROLE_PATH, header())?;
        let role = role.expose_secret().trim();
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@-_".contains(&b);
        if role.is_empty() || !role.bytes().all(is_name) {
            return Err(Failure::without_answer("the answer does not name a role").into());
        }
        session(&ask("GET", &format!("{ROLE_PATH}{role}"), header())?)
    }

    /// Returns the session of the container's role.
    ///
    /// # Errors
    /// As [`Self::instance_session`].
    pub fn container_session(
        &self,
        target: &Target,
        authorization: Option<SecretString>,
    ) -> Result<Session, CallError> {
        let patience = Patience {
            attempts: attempts(target.network),
            connect: CONTAINER_CONNECT_TIMEOUT,
            read: CONTAINER_READ_TIMEOUT,
        };
        let header = authorization.map(|token| ("authorization", token));
        session(&self.ask(
            target,
            &patience,
            Request { method: "GET", url: target.url(), header },
        )?)
    }

    /// Makes a request, and returns the body of its answer.
    fn ask(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request,
    ) -> Result<SecretString, CallError> {
        let uri: http::Uri = request.url.parse().unwrap_or_default();
        let what = format!("{} {}", request.method, uri.path());
        let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let origin = format!("{}://{host}", uri.scheme_str().unwrap_or_default());
        let operation = Operation::builder()
            .service_name(target.service.name())
            .operation_name("Credentials")
            .endpoint_url(&origin)
            .no_auth()
            .http_client(self.factory.http(target.network)?)
            .sleep_impl(TokioSleep::new())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(patience.connect)
                    .read_timeout(patience.read)
                    .operation_timeout(CALL_TIMEOUT)
                    .build(),
            )
            .standard_retry(&RetryConfig::standard().with_max_attempts(patience.attempts))
            .retry_classifier(HttpStatusCodeClassifier::default())
            .serializer(|request: Request| request.http())
            .deserializer(move |answer| body(&what, answer))
            .build();
        self.answer(target, operation.invoke(request))
    }
}

impl Request {
    fn http(&self) -> Result<HttpRequest, aws_smithy_runtime_api::box_error::BoxError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(self.method)?;
        request.set_uri(self.url.as_str())?;
        if let Some((name, value)) = &self.header {
            request.headers_mut().try_insert(*name, value.expose_secret().to_owned())?;
        }
        Ok(request)
    }
}

/// An answer whose status refuses. `HTTP-404` is its code; its sentence begins with what was asked.
#[derive(Debug)]
struct Refused(ErrorMetadata);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

/// Returns the text of an answer to a request.
fn body(what: &str, answer: &HttpResponse) -> Result<SecretString, OrchestratorError<Refused>> {
    let text = answer.body().bytes().and_then(|bytes| str::from_utf8(bytes).ok());
    if answer.status().is_success() {
        return Ok(SecretString::from(text.unwrap_or_default()));
    }
    let status = answer.status().as_u16();
    let said = text.and_then(refusal).map(|(code, message)| format!("{code}: {message}"));
    let reason = || http::StatusCode::from_u16(status).ok()?.canonical_reason().map(str::to_owned);
    let said = said.or_else(reason).unwrap_or_else(|| "refused".to_owned());
    let metadata =
        ErrorMetadata::builder().code(format!("HTTP-{status}")).message(format!("{what}: {said}"));
    Err(OrchestratorError::operation(Refused(metadata.build())))
}

fn session(answer: &SecretString) -> Result<Session, CallError> {
    parse(answer.expose_secret()).map_err(|error| {
        CallError::from(match error {
            Unusable::Unreadable(what) => Failure::without_answer(&format!("the answer {what}")),
            Unusable::Refused(code, message) => {
                Failure { code: Some(AwsCode::new(code)), ..Failure::without_answer(&message) }
            }
        })
    })
}
