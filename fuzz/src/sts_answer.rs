//! An HTTP answer (status, headers, empty line, body) to every call of the STS adapter.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use chrono::{DateTime, Utc};
use rolecall::fuzzing::{
    Asked, AwsCalls, Base, Caching, Chain, Clock, Credentials, Defaults, Document, Environment,
    Factory, FileKind, LongTermKeys, Profiles, Request, Result, Runtime, Step, Sts, Target,
    resolve,
};
use zeroize::Zeroizing;

#[derive(Debug, Clone)]
struct Answer(Vec<u8>);

impl Answer {
    fn response(&self) -> HttpResponse {
        let (head, body) = match self.0.windows(2).position(|w| w == b"\n\n") {
            Some(at) => (&self.0[..at], &self.0[at + 2..]),
            None => (&self.0[..], &b""[..]),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|l| l.trim().parse::<u16>().ok()).and_then(|s| s.try_into().ok());
        let mut response =
            HttpResponse::new(status.unwrap_or(200u16.try_into().unwrap()), body.to_vec().into());
        for (name, value) in lines.filter_map(|l| l.split_once(':')) {
            let _ =
                response.headers_mut().try_append(name.trim().to_owned(), value.trim().to_owned());
        }
        response
    }
}

impl HttpConnector for Answer {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.response()))
    }
}

impl HttpClient for Answer {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }
}

fn demand_clean<T>(result: Result<T>) {
    if let Err(error) = result {
        let lines = error.causes().iter().chain(error.hints()).map(String::as_str);
        for text in [error.message()].into_iter().chain(lines) {
            assert!(!text.contains(char::is_control), "{text:?}");
            assert!(text.len() < 4_000, "{text}");
        }
    }
}

// One attempt: a second one would get the same answer a second later.
const ROLE: &str = "[profile p]\nregion = eu-west-1\nendpoint_url = http://localhost\n\
    max_attempts = 1\nrole_arn = arn:aws:iam::222222222222:role/admin\n\
    credential_source = EcsContainer\n";
const WEB_IDENTITY: &str = "[profile p]\nregion = eu-west-1\nendpoint_url = http://localhost\n\
    max_attempts = 1\nrole_arn = arn:aws:iam::222222222222:role/admin\n\
    web_identity_token_file = token\n";

/// Resolves the profile `p`, and does something with its chain.
fn chain<T>(config: &str, with: impl FnOnce(&Chain) -> Result<T>) -> Result<T> {
    let document = |kind: FileKind, text: &str| {
        Document::parse(kind, Path::new(kind.name()), Zeroizing::new(text.as_bytes().to_vec()))
    };
    let profiles =
        Profiles::new(document(FileKind::Config, config), document(FileKind::Credentials, ""));
    let defaults = Defaults { mfa_session: None, caching: Caching::Off };
    let request = Request::of_profile("p", defaults);
    with(&resolve(&profiles, &request, &Environment::default())?)
}

thread_local! {
    static RUNTIME: Runtime = Runtime::default();
}

pub fn check(data: &[u8]) {
    RUNTIME.with(|runtime| {
        let factory = Factory::with_client(SharedHttpClient::new(Answer(data.to_vec())));
        let environment = Environment::default();
        let calls =
            AwsCalls { factory: &factory, runtime, clock: &Noon, environment: &environment };
        let caller = Credentials::LongTerm(LongTermKeys {
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: "s".into(),
            account_id: None,
        });
        let begin = Instant::now();
        demand_clean(chain(ROLE, |chain| {
            let Some(Step::AssumeRole(call)) = chain.plan.steps.last() else { unreachable!() };
            let target = Target::sts(&chain.plan.network, &call.endpoint).signed_by(&caller);
            let identity = calls.get_caller_identity(&target);
            let asked = Asked { chain, role: None, target: &target, purpose: "ask".to_owned() };
            demand_clean(identity.map_err(|error| error.explained(&asked, "who".to_owned())));
            calls.assume_role(chain, call, &caller, None)
        }));
        demand_clean(chain(WEB_IDENTITY, |chain| {
            let Base::WebIdentity(call) = &chain.plan.base else { unreachable!() };
            let target = Target::sts(&chain.plan.network, &call.endpoint);
            let session = calls.assume_role_with_web_identity(&target, call, &"token".into());
            let asked = Asked { chain, role: None, target: &target, purpose: "ask".to_owned() };
            session.map_err(|error| error.explained(&asked, "who".to_owned()))
        }));
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    });
}
