//! What AWS was seen to answer, asked of the fake as a client asks.

mod access_keys;
mod assume_role;
mod dispatch;
mod federation;
mod iam;
mod identity_center;
mod signing;
mod web_identity;

use crate::encoding::percent;
use crate::http::{Request, Response};
use crate::policy::Statement;
use crate::sigv4::{Authorization, signature};
use crate::trust::TrustStatement;
use crate::world::{Role, User, World};
use crate::{router, time};

const NOW: i64 = 1_785_000_000;
const HOME: &str = "111111111111";
const OTHER: &str = "222222222222";
const ANN: &str = "arn:aws:iam::111111111111:user/ann";
const OPEN: &str = "arn:aws:iam::222222222222:role/path/open";
const STS_VERSION: (&str, &str) = ("Version", "2011-06-15");

/// Ann, who may assume whatever trusts her account; `open` trusts it with tags and source
/// identities.
fn world() -> World {
    let ann = User::new(HOME, "ann", "AKIAANN", "anns/secret")
        .mfa("GEZDGNBVGY3TQOJQ")
        .allow("sts:*", "*");
    let full = TrustStatement::account(HOME).tag_session().source_identity();
    let chained = TrustStatement::account(OTHER).tag_session().source_identity();
    let open = Role::new(OPEN).trusts(full).trusts(chained).max_session(43_200);
    World::new().user(ann).role(open.policy(Statement::allow("sts:*", "*")))
}

fn role(name: &str) -> Role {
    Role::new(&format!("arn:aws:iam::{OTHER}:role/{name}"))
}

/// Who signs a request, and for what.
#[derive(Clone)]
struct Signer {
    key: String,
    secret: String,
    token: Option<String>,
    region: &'static str,
    service: &'static str,
    now: i64,
}

impl Signer {
    fn ann() -> Self {
        Self {
            key: "AKIAANN".to_owned(),
            secret: "anns/secret".to_owned(),
            token: None,
            region: "eu-west-1",
            service: "sts",
            now: NOW,
        }
    }

    fn for_iam(self) -> Self {
        Self { region: "us-east-1", service: "iam", ..self }
    }

    fn request(&self, params: &[(&str, &str)]) -> Request {
        let date = time::compact(self.now);
        let mut request = form(params);
        request.headers.push(("x-amz-date".to_owned(), date.clone()));
        let mut signed = vec!["content-type", "host", "x-amz-date"];
        if let Some(token) = &self.token {
            request.headers.push(("x-amz-security-token".to_owned(), token.clone()));
            signed.push("x-amz-security-token");
        }
        let mut authorization = Authorization {
            access_key_id: self.key.clone(),
            date: date[..8].to_owned(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
            terminator: "aws4_request".to_owned(),
            signed_headers: signed.into_iter().map(str::to_owned).collect(),
            signature: String::new(),
        };
        authorization.signature = signature(&authorization, &request, &date, &self.secret);
        request.headers.push(("authorization".to_owned(), header(&authorization)));
        request
    }

    fn ask(&self, world: &mut World, params: &[(&str, &str)]) -> Answer {
        answer(world, &self.request(params), self.now)
    }

    /// Asks for a role with more parameters than it needs.
    fn assume(&self, world: &mut World, arn: &str, more: &[(&str, &str)]) -> Answer {
        let needed =
            [("Action", "AssumeRole"), STS_VERSION, ("RoleArn", arn), ("RoleSessionName", "ann")];
        self.ask(world, &[&needed, more].concat())
    }
}

fn header(authorization: &Authorization) -> String {
    let Authorization { access_key_id, date, region, service, terminator, .. } = authorization;
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key_id}/{date}/{region}/{service}/{terminator}, SignedHeaders={}, Signature={}",
        authorization.signed_headers.join(";"),
        authorization.signature
    )
}

/// An unsigned request of the query protocol.
fn form(params: &[(&str, &str)]) -> Request {
    let pairs: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name, false), percent(value, false)))
        .collect();
    let headers = [("host", "h"), ("content-type", "application/x-www-form-urlencoded")];
    Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: pairs.join("&").into_bytes(),
        ..Request::default()
    }
}

fn answer(world: &mut World, request: &Request, now: i64) -> Answer {
    Answer::of(&router::answer(world, request, &router::find(request), now))
}

/// An answer of which the status, the code and the message are looked at.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
    headers: Vec<(String, String)>,
}

impl Answer {
    fn of(response: &Response) -> Self {
        Self {
            status: response.status,
            body: String::from_utf8(response.body.clone()).unwrap(),
            headers: response.headers.clone(),
        }
    }

    fn text(&self, element: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{element}>"))?;
        Some(rest.split_once(&format!("</{element}>"))?.0)
    }

    /// Demands a refusal in exactly these words; an empty message is an absent one.
    #[track_caller]
    fn is(&self, status: u16, code: &str, message: &str) {
        let unescaped = self.text("Message").map(|text| text.replace("&#39;", "'"));
        assert_eq!(
            (self.status, self.text("Code"), unescaped.as_deref().unwrap_or("")),
            (status, Some(code), message),
            "{}",
            self.body
        );
        assert_eq!(self.text("Message").is_none(), message.is_empty(), "{}", self.body);
    }

    /// Demands the refusal of an action on a role.
    #[track_caller]
    fn is_denied(&self, caller: &str, action: &str, role: &str) {
        let message =
            format!("User: {caller} is not authorized to perform: {action} on resource: {role}");
        self.is(403, "AccessDenied", &message);
    }

    /// Demands success, and returns who signs with the new session.
    #[track_caller]
    fn session(&self) -> Signer {
        assert_eq!(self.status, 200, "{}", self.body);
        Signer {
            key: self.text("AccessKeyId").unwrap().to_owned(),
            secret: self.text("SecretAccessKey").unwrap().to_owned(),
            token: self.text("SessionToken").map(str::to_owned),
            ..Signer::ann()
        }
    }
}
