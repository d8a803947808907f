//! Requests that no SDK makes: plain HTTP through the factory's client, with its bounds.

use std::fmt;
use std::time::Duration;

use aws_sdk_sts::error::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::HttpStatusCodeClassifier;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use secrecy::{ExposeSecret, SecretString};

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;

/// A request.
#[derive(Debug, Clone)]
pub(super) struct PlainRequest {
    pub method: &'static str,
    pub url: String,
    pub header: Option<(&'static str, SecretString)>,
    /// The body, encoded as a form.
    pub form: Option<SecretString>,
}

/// How long an endpoint is waited for.
pub(super) struct Patience {
    pub attempts: u32,
    pub connect: Duration,
    pub read: Duration,
    /// All attempts together.
    pub call: Duration,
}

impl AwsCalls<'_> {
    /// Makes a request, and returns the body of its answer. `said` reads what an endpoint says in a
    /// body where it refuses.
    ///
    /// # Errors
    /// Where the endpoint does not answer, or refuses: `HTTP-404` is the code then, and the sentence
    /// begins with what was asked.
    pub(super) fn ask(
        &self,
        target: &Target,
        patience: &Patience,
        request: PlainRequest,
        said: fn(&str) -> Option<String>,
    ) -> Result<SecretString, CallError> {
        let uri: http::Uri = request.url.parse().unwrap_or_default();
        let what = format!("{} {}", request.method, uri.path());
        self.send(target, patience, request, move |answer| body(&what, said, answer))
    }

    /// Makes a request, and returns what `read` makes of its answer, whatever its status is.
    ///
    /// # Errors
    /// Where the endpoint does not answer, or `read` refuses the answer.
    pub(super) fn send<T: fmt::Debug + Send + Sync + 'static>(
        &self,
        target: &Target,
        patience: &Patience,
        request: PlainRequest,
        read: impl Fn(&HttpResponse) -> Result<T, OrchestratorError<Refused>> + Send + Sync + 'static,
    ) -> Result<T, CallError> {
        let uri: http::Uri = request.url.parse().unwrap_or_default();
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
                    .operation_timeout(patience.call)
                    .build(),
            )
            .standard_retry(&RetryConfig::standard().with_max_attempts(patience.attempts))
            .retry_classifier(HttpStatusCodeClassifier::default())
            .serializer(|request: PlainRequest| request.http())
            .deserializer(read)
            .build();
        self.answer(target, operation.invoke(request))
    }
}

impl PlainRequest {
    fn http(&self) -> Result<HttpRequest, BoxError> {
        let form = self.form.as_ref().map(|form| SdkBody::from(form.expose_secret()));
        let has_form = form.is_some();
        let mut request = HttpRequest::new(form.unwrap_or_else(SdkBody::empty));
        request.set_method(self.method)?;
        request.set_uri(self.url.as_str())?;
        if has_form {
            let headers = request.headers_mut();
            headers.try_insert("content-type", "application/x-www-form-urlencoded")?;
        }
        if let Some((name, value)) = &self.header {
            request.headers_mut().try_insert(*name, value.expose_secret().to_owned())?;
        }
        Ok(request)
    }
}

/// An answer whose status refuses. `HTTP-404` is its code; its sentence begins with what was asked.
#[derive(Debug)]
pub(super) struct Refused(ErrorMetadata);

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
fn body(
    what: &str,
    said: fn(&str) -> Option<String>,
    answer: &HttpResponse,
) -> Result<SecretString, OrchestratorError<Refused>> {
    let text = answer.body().bytes().and_then(|bytes| str::from_utf8(bytes).ok());
    if answer.status().is_success() {
        return Ok(SecretString::from(text.unwrap_or_default()));
    }
    let status = answer.status().as_u16();
    let said = text.and_then(said);
    let reason = || http::StatusCode::from_u16(status).ok()?.canonical_reason().map(str::to_owned);
    let said = said.or_else(reason).unwrap_or_else(|| "refused".to_owned());
    let metadata =
        ErrorMetadata::builder().code(format!("HTTP-{status}")).message(format!("{what}: {said}"));
    Err(OrchestratorError::operation(Refused(metadata.build())))
}
