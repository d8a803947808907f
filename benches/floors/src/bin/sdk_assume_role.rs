//! `sdk_assume_role ROLE_ARN [--no-tls]`: AssumeRole through the SDK with the keys of the
//! environment, printed as JSON. `--no-tls` gives it a client that reads no root certificates,
//! which only plain HTTP can do without.

use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let role_arn = arguments.get(1).expect("a role");
    let client = if arguments.iter().any(|a| a == "--no-tls") {
        Builder::new().build_http()
    } else {
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    };
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await;
    let request = aws_sdk_sts::Client::new(&config)
        .assume_role()
        .role_arn(role_arn)
        .role_session_name("floor");
    let answer = request.send().await.expect("an answer");
    let credentials = answer.credentials().expect("credentials");
    println!(
        "{}",
        json!({
            "Version": 1,
            "AccessKeyId": credentials.access_key_id(),
            "SecretAccessKey": credentials.secret_access_key(),
            "SessionToken": credentials.session_token(),
            "Expiration": credentials.expiration().to_string(),
        })
    );
}
