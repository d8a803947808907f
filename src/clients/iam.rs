//! The IAM adapter: the one call that finds a user's MFA device.

use aws_sdk_iam::config::{BehaviorVersion, Region};
use aws_sdk_iam::types::MfaDevice;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};

use crate::aws::Credentials;
use crate::chain::Chain;
use crate::clients::sts::{AwsSts, provider, retries, timeouts};
use crate::error::{Error, Result};

/// Returns the serial number of the caller's device (iam:ListMFADevices), for `mfa_serial = auto`.
pub fn mfa_serial(sts: &AwsSts, chain: &Chain, caller: &Credentials) -> Result<String> {
    let who = chain.who();
    let explicit = format!(
        "name the device: mfa_serial = arn:aws:iam::ACCOUNT:mfa/NAME, then try: {}",
        chain.command("explain")
    );
    let region = chain.plan.region.as_deref().unwrap_or("us-east-1").to_owned();
    let mut config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region))
        .use_fips(chain.plan.network.fips)
        .use_dual_stack(chain.plan.network.dual_stack)
        .http_client(sts.http_client(&chain.plan.network)?)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(retries(&chain.plan.network))
        .timeout_config(timeouts())
        .credentials_provider(provider(caller)?);
    config.set_endpoint_url(chain.plan.endpoints.iam.clone());
    let client = aws_sdk_iam::Client::from_conf(config.build());
    let answer = sts.runtime.run(client.list_mfa_devices().send())?.map_err(|e| {
        sts.explain(&e)
            .into_error(format!("{who}: the MFA device (mfa_serial = auto) could not be looked up with iam:ListMFADevices"))
            .hint(&explicit)
    })?;
    // Security keys are listed too, and have no codes.
    let mut devices = answer
        .mfa_devices()
        .iter()
        .map(MfaDevice::serial_number)
        .filter(|serial| !serial.contains(":u2f/"));
    match (devices.next(), devices.next()) {
        (Some(one), None) => Ok(one.to_owned()),
        (None, _) => Err(Error::configuration(format!(
            "{who}: mfa_serial is auto, and the user has no MFA device that shows codes"
        ))
        .hint("enrol one: rolecall keys mfa add --help")),
        (Some(one), Some(two)) => {
            let all: Vec<&str> = [one, two].into_iter().chain(devices).collect();
            Err(Error::configuration(format!(
                "{who}: mfa_serial is auto, and the user has several devices"
            ))
            .cause(all.join(", "))
            .hint(explicit))
        }
    }
}
