//! Sign-in to the console by federation (IAM User Guide, "Enable custom identity broker access to
//! the AWS console").

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::aws::Session;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{ATTEMPT_TIMEOUT, CALL_TIMEOUT, CONNECT_TIMEOUT, Target, attempts};
use crate::clients::failure::{CallError, Failure};
use crate::clients::plain::{Patience, PlainRequest};
use crate::text::percent_encoded;

const PATH: &str = "/federation";
/// The code of a request that the service does not take.
pub const BAD_REQUEST: &str = "HTTP-400";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SigninToken")]
    token: SecretString,
}

impl AwsCalls<'_> {
    /// Returns a token that signs a browser in for 15 minutes. The session stands in the body of the
    /// request, never in its address. `seconds` is how long the console's session shall last.
    ///
    /// # Errors
    /// Where the service refuses, does not answer or answers without a token, or the wait is
    /// interrupted.
    pub fn sign_in_token(
        &self,
        target: &Target,
        session: &Session,
        seconds: Option<u32>,
    ) -> Result<SecretString, CallError> {
        let token = session.session_token.as_ref().map_or("", ExposeSecret::expose_secret);
        let parts = Zeroizing::new(
            json!({
                "sessionId": session.access_key_id,
                "sessionKey": session.secret_access_key.expose_secret(),
                "sessionToken": token,
            })
            .to_string(),
        );
        let seconds = seconds.map(|seconds| format!("&SessionDuration={seconds}"));
        let form = format!(
            "Action=getSigninToken{}&Session={}",
            seconds.unwrap_or_default(),
            percent_encoded(&parts)
        );
        let patience = Patience {
            attempts: attempts(target.network),
            connect: CONNECT_TIMEOUT,
            read: ATTEMPT_TIMEOUT,
            call: CALL_TIMEOUT,
        };
        let url = format!("{}{PATH}", target.url());
        let form = Some(SecretString::from(form));
        let request = PlainRequest { method: "POST", url, header: None, form };
        // What it says in a body is a page for people, which says no more than the status.
        let answer = self.ask(target, &patience, request, |_| None)?;
        let answer: Option<Answer> = serde_json::from_str(answer.expose_secret()).ok();
        let token = answer.map(|answer| answer.token);
        let token = token.filter(|token| !token.expose_secret().is_empty());
        Ok(token.ok_or_else(|| Failure::without_answer("the answer holds no sign-in token"))?)
    }
}
