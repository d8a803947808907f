//! Answers of the query protocol in XML.

use crate::encoding::{base64, hex, random};
use crate::http::Response;
use crate::rules::Refusal;
use crate::session::Session;
use crate::time;

/// The name space of STS's answers.
pub const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The name space of errors about actions that no service has.
pub const FAULT: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";
/// The name space of IAM's answers.
pub const IAM: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// Returns text made safe for XML.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, character| {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other if other < ' ' && !"\t\n\r".contains(other) => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
        safe
    })
}

/// Returns an element with text in it.
pub fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// Returns an element with other elements in it.
pub fn nest(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// Returns a random request identifier.
pub fn request_id() -> String {
    let text = hex(&random(16));
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Returns the `Credentials` element of a session.
pub fn credentials(session: &Session) -> String {
    let inner = element("AccessKeyId", &session.access_key_id)
        + &element("SecretAccessKey", &session.secret)
        + &element("SessionToken", &session.token)
        + &element("Expiration", &time::iso(session.expires));
    nest("Credentials", &inner)
}

/// Returns a successful answer to an action.
pub fn answer(namespace: &str, action: &str, result: &str) -> Response {
    let id = request_id();
    let body = format!(
        "<{action}Response xmlns=\"{namespace}\">\n  <{action}Result>{result}</{action}Result>\n  <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\n</{action}Response>\n"
    );
    identified(Response::new(200, "text/xml", body), &id)
}

/// Returns a refusal.
pub fn error(namespace: &str, refusal: &Refusal) -> Response {
    let id = request_id();
    let side = if refusal.status < 500 { "Sender" } else { "Receiver" };
    let mut inner = element("Type", side) + &element("Code", &refusal.code);
    if !refusal.message.is_empty() {
        inner += &element("Message", &refusal.message);
    }
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\">\n  <Error>{inner}</Error>\n  <RequestId>{id}</RequestId>\n</ErrorResponse>\n"
    );
    identified(Response::new(refusal.status, "text/xml", body), &id)
}

fn identified(response: Response, id: &str) -> Response {
    response
        .with("x-amzn-RequestId", id)
        .with("x-amz-sts-extended-request-id", &base64(&random(24)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn markup_and_control_characters_of_text_are_escaped() {
        assert_eq!(super::element("A", "<&>\u{1}"), "<A>&lt;&amp;&gt;\u{fffd}</A>");
    }
}
