//! Prints the ARN of the caller, as the other clients do.

use std::process::ExitCode;

use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;

fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(arn()) {
        Ok(arn) => {
            println!("{arn}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Asks over plain http only: the fake AWS needs no TLS.
async fn arn() -> Result<String, String> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().build_http())
        .load()
        .await;
    let answer = aws_sdk_sts::Client::new(&config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| format!("{error:?}"))?;
    Ok(answer.arn().unwrap_or_default().to_owned())
}
