//! What goes wrong with a call, as data. Only here are the SDK's errors read, and AWS's sentences.

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chrono::{DateTime, TimeDelta, Utc};

use crate::aws::duration;
use crate::clients::asked::{Asked, Filled};
use crate::clients::meaning;
use crate::clients::unreachable::Unreachable;
use crate::error::{AwsCode, Error, Refusal};
use crate::hint;
use crate::text::{cut, one_line};

/// How many causes of a provider's error are shown.
const SHOWN_CAUSES: usize = 3;
/// What clocks may differ without a word.
const TOLERATED_SKEW: TimeDelta = TimeDelta::minutes(4);

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum CallError {
    /// AWS refused, or did not answer.
    Failed(#[from] Failure),
    /// The call could not be made, was interrupted, or its answer holds nothing that can be used.
    Other(#[from] Error),
}

impl CallError {
    /// Returns the error for a person; `refused` is the message where AWS refused.
    pub fn explained(self, asked: &Asked, refused: String) -> Error {
        match self {
            Self::Failed(failure) => failure.explained(asked, refused),
            Self::Other(error) => error,
        }
    }
}

/// How AWS refused a call, or how the network failed it. Shown as AWS's code and sentence.
#[derive(Debug, Clone)]
pub struct Failure {
    /// AWS's code; `None` where no answer came that can be read.
    pub code: Option<AwsCode>,
    /// What AWS refused, where its code alone does not tell.
    pub refusal: Option<Refusal>,
    /// AWS's sentence, or what became of the call, in one line.
    pub message: String,
    /// The address at which AWS says more.
    pub details: Option<String>,
    /// How far this machine's clock is ahead of AWS's, where it differs by more than a little.
    pub skew: Option<TimeDelta>,
    /// What the network put in the way; `None` where an answer came.
    pub unreachable: Option<Box<Unreachable>>,
}

impl Failure {
    /// Reads an SDK error; a wrong clock is read off the answer's Date header.
    pub fn new<E>(error: &SdkError<E, HttpResponse>, now: DateTime<Utc>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let date = error
            .raw_response()
            .and_then(|r| r.headers().get("date"))
            .and_then(|d| DateTime::parse_from_rfc2822(d).ok());
        let (code, message) =
            (error.code().map(one_line), one_line(&with_short_values(&message(error))));
        let (message, details) = without_details(message);
        Self {
            unreachable: Unreachable::of(error).map(Box::new),
            details,
            refusal: code.as_deref().and_then(|code| refusal(code, &message)),
            code: code.map(AwsCode::new),
            message,
            skew: date.map(|date| now - date.to_utc()).filter(|skew| skew.abs() > TOLERATED_SKEW),
        }
    }

    /// Returns the failure of a call that AWS refused with a code and a sentence; without a code
    /// nobody can say what.
    pub fn refused(code: Option<&str>, message: Option<&str>) -> Self {
        let Some(code) = code.map(one_line) else {
            return Self::without_answer("an answer that cannot be read");
        };
        let message = message.map(one_line).filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| "without a word".to_owned());
        Self { code: Some(AwsCode::new(code)), ..Self::without_answer(&message) }
    }

    /// Returns the failure of a call whose answer lacks what it should hold.
    pub fn without_answer(message: &str) -> Self {
        Self {
            code: None,
            refusal: None,
            message: message.to_owned(),
            details: None,
            skew: None,
            unreachable: None,
        }
    }

    /// Says how wrong this machine's clock is, where it is.
    pub fn clock(&self) -> Option<String> {
        let skew = self.skew?;
        let way = if skew > TimeDelta::zero() { "ahead of" } else { "behind" };
        let skew = duration::render(skew.abs().num_seconds());
        Some(format!("this machine's clock is {skew} {way} AWS's"))
    }

    /// Says how wrong this machine's clock is, where AWS refused the call for its time, or for
    /// credentials that have ended by AWS's clock. STS takes requests that are up to 15 minutes off.
    fn clock_at_fault(&self) -> Option<String> {
        let is_about_time = match self.code.as_ref()?.as_str() {
            "SignatureDoesNotMatch" => {
                TOO_OLD_OR_NEW.iter().any(|sentence| self.message.starts_with(sentence))
            }
            code => code == "ExpiredToken",
        };
        self.clock().filter(|_| is_about_time)
    }

    /// Returns the error for a person; `refused` is the message where AWS refused. What AWS says
    /// is its first cause, what that means for the chain is the second.
    pub fn explained(self, asked: &Asked, refused: String) -> Error {
        if let Some(unreachable) = &self.unreachable {
            return unreachable.clone().error(asked, self);
        }
        let (clock, details, sentence) =
            (self.clock_at_fault(), self.details.clone(), self.message.clone());
        let meaning = self
            .code
            .as_ref()
            .and_then(|code| meaning::find(asked.target, code.as_str(), &self.message));
        let mut error = Error::failed(refused)
            .about(asked.chain.name())
            .refused(self.code.clone(), self.refusal)
            .caused_by(self);
        if let Some(clock) = clock {
            error = error
                .cause(clock)
                .hint(format!("set this machine's clock: {}", hint::SYSTEM.set_clock));
        }
        if let Some(meaning) = meaning {
            error = error.with_kind(meaning.kind);
            if let Some(Filled { text, place }) = asked.fill(meaning.means, &sentence) {
                error = error.cause(text);
                error = place.into_iter().fold(error, Error::at);
            }
            let hints = meaning.hints.iter().filter_map(|hint| asked.fill(hint, &sentence));
            error = hints.fold(error, |error, hint| error.hint(hint.text));
        } else {
            error =
                error.hint(format!("see what was asked for: {}", asked.chain.command("explain")));
        }
        match details {
            Some(url) => error.hint(format!(
                "AWS says more, to who may see it: {} {}",
                hint::SYSTEM.open,
                hint::word(&url)
            )),
            None => error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl StdError for Failure {}

/// How many characters are shown of a value that AWS repeats.
const SHOWN_OF_VALUE: usize = 60;

/// Cuts the values that AWS repeats, so that what it says of them stays.
fn with_short_values(message: &str) -> String {
    let mut parts = message.split("Value '");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once("' at '") {
        Some((value, rest)) => format!("{text}Value '{}' at '{rest}", cut(value, SHOWN_OF_VALUE)),
        None => format!("{text}Value '{part}"),
    })
}

/// Cuts off where AWS says more. The address lets others of the organization read the request, and
/// belongs into no log.
fn without_details(message: String) -> (String, Option<String>) {
    match message.split_once(". Go to https://") {
        None => (message, None),
        Some((sentence, rest)) => {
            let address = rest.split(' ').next().unwrap_or_default();
            // The query names the region once more. Queries may be secret, and are never shown.
            let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
            let path = path.split('?').next().unwrap_or_default();
            (sentence.to_owned(), Some(format!("https://{path}#{fragment}")))
        }
    }
}

/// What AWS says by its sentence only.
const WRONG_CODE: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code";
const TOO_OLD_OR_NEW: [&str; 2] = ["Signature expired: ", "Signature not yet current: "];
const UNKNOWN_DEVICE: &str = "MultiFactorAuthentication failed, unable to validate MFA code";

/// Reads a sentence. It counts from its beginning: names of roles and policies, which may hold
/// anything, stand behind it.
fn refusal(code: &str, message: &str) -> Option<Refusal> {
    match code {
        "AccessDenied" if message.starts_with(WRONG_CODE) => Some(Refusal::MfaCode),
        "AccessDenied" if message.starts_with(UNKNOWN_DEVICE) => Some(Refusal::MfaDevice),
        _ => None,
    }
}

fn message<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match (error, error.message()) {
        (SdkError::ServiceError(_), Some(message)) if !message.trim().is_empty() => {
            message.trim().to_owned()
        }
        (SdkError::ServiceError(_), _) if error.code().is_some() => "without a word".to_owned(),
        (SdkError::ServiceError(e), _) => {
            format!("HTTP {} without an answer that can be read", e.raw().status().as_u16())
        }
        (SdkError::TimeoutError(_), _) => "no answer in time".to_owned(),
        (SdkError::ResponseError(e), _) => {
            format!("HTTP {}: the answer cannot be read", e.raw().status().as_u16())
        }
        (SdkError::DispatchFailure(e), _) if e.is_io() || e.is_timeout() || e.is_user() => {
            match sources(error) {
                sources if sources.is_empty() => error.to_string(),
                sources => sources.join(": "),
            }
        }
        // What the SDK says of other failures may quote the request, whose headers and body are
        // secret.
        _ => root(error),
    }
}

/// Returns the error of one of `aws-config`'s providers, with its causes.
pub fn provider_error(message: String, error: &CredentialsError) -> Error {
    let mut causes = sources(error);
    causes.truncate(SHOWN_CAUSES);
    if causes.is_empty() {
        causes.push(one_line(&error.to_string()));
    }
    causes.into_iter().fold(Error::failed(message), Error::cause)
}

/// Returns what the sources of an error say, each once, and nothing that quotes a request.
fn sources(error: &dyn StdError) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for source in successors(error.source(), |&error| error.source()) {
        let text = one_line(&source.to_string());
        let says_nothing = ["", "io error", "client error (Connect)"].contains(&text.as_str());
        if !says_nothing && !quotes_a_request(&text) && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Returns what lies beneath all of an error's sources, and nothing that quotes a request.
fn root(error: &dyn StdError) -> String {
    let root = successors(Some(error), |&error| error.source()).last().unwrap_or(error);
    let text = root.to_string();
    if quotes_a_request(&text) { "the request could not be made".to_owned() } else { text }
}

/// Returns whether a text of the SDK has a request in it, as `Debug` shows it: with its headers and
/// its body.
fn quotes_a_request(text: &str) -> bool {
    ["Request {", "SdkBody", "headers:", "body:"].iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    type SdkFailure = SdkError<AssumeRoleError, HttpResponse>;

    fn message_of(error: &SdkFailure) -> String {
        Failure::new(error, DateTime::UNIX_EPOCH).message
    }

    #[test]
    fn refusal_is_recognized_by_error_code_and_start_of_message() {
        let wrong_code = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
        let unknown_device = "MultiFactorAuthentication failed, unable to validate MFA code.  \
                              Please verify your MFA serial number is valid and associated with \
                              this user.";
        let denied = format!("User: arn:aws:iam::1:user/{wrong_code} is not authorized");
        for (code, message, expected) in [
            ("AccessDenied", wrong_code, Some(Refusal::MfaCode)),
            ("AccessDenied", unknown_device, Some(Refusal::MfaDevice)),
            ("AccessDenied", denied.as_str(), None),
            ("ValidationError", wrong_code, None),
            ("AccessDenied", "", None),
        ] {
            assert_eq!(refusal(code, message), expected, "{code}: {message}");
        }
    }

    /// A refusal that came in an answer of this time.
    fn refused(code: &str, message: &str, now: DateTime<Utc>) -> Failure {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let mut answer = HttpResponse::new(403.try_into().unwrap(), SdkBody::empty());
        answer.headers_mut().insert("date", "Thu, 01 Jan 1970 01:00:00 GMT");
        Failure::new(&SdkFailure::service_error(AssumeRoleError::generic(metadata), answer), now)
    }

    #[test]
    fn clock_is_blamed_only_where_aws_refuses_the_time() {
        let mismatch = "The request signature we calculated does not match";
        let expired = "Signature expired: 19700101T000000Z is now earlier than 19700101T004500Z";
        let early = "Signature not yet current: 19700101T020000Z is still later than 1970";
        let named = "User: Signature expired: is not authorized";
        for (code, message, blamed) in [
            ("SignatureDoesNotMatch", expired, true),
            ("SignatureDoesNotMatch", early, true),
            ("ExpiredToken", "The security token included in the request is expired", true),
            ("SignatureDoesNotMatch", mismatch, false),
            ("AccessDenied", named, false),
            ("AccessDenied", expired, false),
            ("ValidationError", "", false),
        ] {
            let failure = refused(code, message, DateTime::UNIX_EPOCH);
            assert_eq!(failure.clock().as_deref(), Some("this machine's clock is 1h behind AWS's"));
            assert_eq!(failure.clock_at_fault().is_some(), blamed, "{code}: {message}");
        }
        let right = refused("ExpiredToken", "", DateTime::UNIX_EPOCH + TimeDelta::minutes(57));
        assert_eq!(right.clock(), None);
    }

    #[test]
    fn message_of_sdk_error_omits_quoted_request() {
        let quoting = || {
            "failed to apply endpoint to request `Request { body: SdkBody(b\"TokenCode=123456\"), \
             headers: Headers {} }`"
        };
        for error in [
            SdkFailure::construction_failure(quoting()),
            SdkFailure::dispatch_failure(ConnectorError::other(quoting().into(), None)),
            SdkFailure::dispatch_failure(ConnectorError::io(quoting().into())),
        ] {
            assert!(!message_of(&error).contains("123456"), "{}", message_of(&error));
        }
        let refused = SdkFailure::dispatch_failure(ConnectorError::io(
            std::io::Error::other("connection refused").into(),
        ));
        let message = message_of(&refused);
        assert!(message.contains("connection refused"), "{message}");
    }
}
