//! Where a company's own start URL leads: one request without credentials, whose redirect is read and
//! not followed.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::clients::calls::AwsCalls;
use crate::clients::factory::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, Target, attempts};
use crate::clients::failure::{CallError, Failure};
use crate::clients::plain::{Patience, PlainRequest};

/// What a server says that does not know HEAD: Method Not Allowed and Not Implemented.
const NO_HEAD: [u16; 2] = [405, 501];
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// What an answer says of where to go.
#[derive(Debug)]
struct Answer {
    status: u16,
    location: Option<String>,
}

impl Answer {
    fn of(answer: &HttpResponse) -> Self {
        let location = answer.headers().get("location").map(str::to_owned);
        Self { status: answer.status().as_u16(), location }
    }
}

impl AwsCalls<'_> {
    /// Returns the address to which a URL redirects. Blocks for at most 15 seconds.
    ///
    /// # Errors
    /// Where the server does not answer or redirects nowhere, or the wait is interrupted.
    pub fn redirect_of(&self, target: &Target, url: &str) -> Result<String, CallError> {
        let mut answer = self.redirect_by(target, "HEAD", url)?;
        if NO_HEAD.contains(&answer.status) {
            answer = self.redirect_by(target, "GET", url)?;
        }
        let Answer { status, location } = answer;
        match location.filter(|_| REDIRECTS.contains(&status)) {
            Some(location) => Ok(location),
            None => {
                Err(Failure::without_answer(&format!("it answers {status}, not by a redirect")))?
            }
        }
    }

    fn redirect_by(
        &self,
        target: &Target,
        method: &'static str,
        url: &str,
    ) -> Result<Answer, CallError> {
        let patience = Patience {
            attempts: attempts(target.network),
            connect: CONNECT_TIMEOUT,
            read: ATTEMPT_TIMEOUT,
            call: ATTEMPT_TIMEOUT,
        };
        let request = PlainRequest { method, url: url.to_owned(), header: None, form: None };
        self.send(target, &patience, request, |answer| Ok(Answer::of(answer)))
    }
}
