//! An HTTP answer (status, headers, empty line, body) to every call of the STS adapter.
#![no_main]

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use chrono::{DateTime, Utc};
use rolecall::fuzzing::{
    AssumeRole, AwsSts, Base, Chain, Clock, Credentials, Endpoint, LongTermKeys, NamedBy, Network,
    Result, Runtime, Sts, WebIdentity,
};

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

fn check<T>(result: Result<T>) {
    if let Err(error) = result {
        for text in [&error.message].into_iter().chain(&error.causes).chain(&error.hints) {
            assert!(!text.contains(char::is_control), "{text:?}");
            assert!(text.len() < 4_000, "{text}");
        }
    }
}

thread_local! {
    static RUNTIME: Runtime = Runtime::default();
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    RUNTIME.with(|runtime| {
        let http = OnceCell::from(SharedHttpClient::new(Answer(data.to_vec())));
        let sts = AwsSts { runtime, clock: &Noon, native_roots: false, http };
        let endpoint =
            Endpoint { url: "http://localhost".to_owned(), signing_region: "eu-west-1".to_owned() };
        // One attempt: a second one would get the same answer a second later.
        let network = Network { max_attempts: Some(1), ..Network::default() };
        let role_arn = "arn:aws:iam::222222222222:role/admin".to_owned();
        let caller = Credentials::LongTerm(LongTermKeys {
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: "s".into(),
            account_id: None,
        });
        let begin = Instant::now();
        check(
            sts.get_caller_identity(&network, &endpoint, &caller)
                .and_then(|r| r.map_err(|e| e.into_error("who".to_owned()))),
        );
        check(sts.assume_role_with_web_identity(
            &network,
            &WebIdentity {
                role_arn: role_arn.clone(),
                token_file: String::new(),
                role_session_name: "bob".to_owned(),
                duration_seconds: None,
                policy: None,
                policy_arns: Vec::new(),
                region: "eu-west-1".to_owned(),
                endpoint: endpoint.clone(),
            },
            &"token".into(),
        ));
        let call = AssumeRole {
            profile: Some("prod".to_owned()),
            role_arn,
            role_session_name: "bob".to_owned(),
            endpoint: Some(endpoint.clone()),
            ..AssumeRole::default()
        };
        let chain = Chain {
            profile: None,
            named_by: NamedBy::default(),
            base_profile: None,
            base: Base::EcsContainer,
            steps: Vec::new(),
            region: None,
            network,
            sts: None,
            iam: None,
            account_id: None,
            confirm: Vec::new(),
        };
        check(sts.assume_role(&chain, &call, &caller, None));
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    });
});
