use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    if let Err(error) = runtime.block_on(run()) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

/// Plain http only: the stand-ins need no TLS.
async fn run() -> Result<(), String> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().build_http())
        .load()
        .await;
    let answer = aws_sdk_sts::Client::new(&config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| format!("{error:?}"))?;
    println!("{}", answer.arn().unwrap_or_default());
    Ok(())
}
