//! The machine's own endpoints: the instance metadata service (IMDSv2), and the credentials
//! endpoints of containers (ECS, EKS Pod Identity).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::aws::Session;
use crate::aws::metadata_json::{Unusable, parse, refusal};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Target, attempts};
use crate::clients::failure::{CallError, Failure};
use crate::clients::plain::{Patience, PlainRequest};
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
            call: CALL_TIMEOUT,
        };
        let ask = |method, path: &str, header| {
            let url = format!("{}{path}", target.url());
            let request = PlainRequest { method, url, header, form: None };
            self.ask(target, &patience, request, said)
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
            call: CALL_TIMEOUT,
        };
        let header = authorization.map(|token| ("authorization", token));
        let request = PlainRequest { method: "GET", url: target.url(), header, form: None };
        session(&self.ask(target, &patience, request, said)?)
    }
}

/// Returns what an endpoint says where it refuses.
fn said(text: &str) -> Option<String> {
    refusal(text).map(|(code, message)| format!("{code}: {message}"))
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
