//! The STS endpoints, and this machine's clock.

use super::findings::Findings;
use super::profiles::UsedEndpoints;
use crate::app::service::CredentialsService;
use crate::aws::{Credentials, LongTermKeys};
use crate::clients::factory::Target;
use crate::clients::failure::{CallError, Failure};
use crate::error::{Kind, Result};
use crate::hint;

const ENDPOINTS: &str = "endpoints";

/// Calls each endpoint with keys that nobody has. Any answer shows that the endpoint can be
/// reached, and what time it is at AWS.
///
/// # Errors
/// The call was interrupted.
pub fn check(
    service: &CredentialsService,
    endpoints: &UsedEndpoints,
    findings: &mut Findings,
) -> Result<()> {
    let keys = Credentials::LongTerm(LongTermKeys {
        access_key_id: "AKIAROLECALLDOCTOR00".to_owned(),
        secret_access_key: String::from("none").into(),
        account_id: None,
    });
    for (endpoint, network) in endpoints.values() {
        let target = Target::sts(network, endpoint).signed_by(&keys);
        let failure = match service.calls().get_caller_identity(&target) {
            Ok(_) => None,
            Err(CallError::Failed(failure)) => Some(failure),
            Err(CallError::Other(error)) if error.kind() == Kind::Interrupted => return Err(error),
            Err(CallError::Other(error)) => {
                findings.error(ENDPOINTS, &error);
                continue;
            }
        };
        if let Some(clock) = failure.as_ref().and_then(Failure::clock) {
            let hint = format!("set this machine's clock: {}", hint::SYSTEM.set_clock);
            findings.problem("clock", clock, Some(&hint));
        }
        match failure {
            Some(failure) if failure.code.is_none() => {
                let place = endpoint.place.as_ref();
                let place = place.map_or_else(String::new, |place| format!(" ({place})"));
                let way = failure.unreachable.as_ref().and_then(|way| way.proxy.as_ref());
                let way = way.map_or_else(String::new, |proxy| {
                    format!(" by the proxy {} ({})", proxy.address, proxy.variable)
                });
                let message = format!("{}{place}{way}: {}", endpoint.url, failure.message);
                let hint = format!(
                    "look at the network and at HTTPS_PROXY, for example: {}",
                    hint::list_variables(&["proxy"])
                );
                findings.problem(ENDPOINTS, message, Some(&hint));
            }
            _ => findings.ok(ENDPOINTS, format!("{} answers", endpoint.url)),
        }
    }
    Ok(())
}
