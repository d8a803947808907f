//! What is said where the network, and not AWS, failed a call.

use std::error::Error as StdError;
use std::iter::successors;

use aws_sdk_sts::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::aws::names::Region;
use crate::clients::asked::Asked;
use crate::clients::factory::Service;
use crate::clients::proxy::Proxy;
use crate::error::{Error, Place};
use crate::hint;

/// Shows whether instances have their metadata service, and its hop limit.
const DESCRIBE_METADATA: &str =
    "aws ec2 describe-instances --query 'Reservations[].Instances[].[InstanceId,MetadataOptions]'";

/// A call that nobody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    obstacle: Obstacle,
    /// The proxy on the way.
    pub proxy: Option<Proxy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    /// Nobody known vouches for the server.
    Certificate,
    Other,
}

impl Unreachable {
    /// Reads an SDK error; `None` where an answer came, or no request could be made.
    pub fn of<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> Option<Self> {
        let certificate = match error {
            SdkError::TimeoutError(_) => false,
            SdkError::DispatchFailure(failure) if !failure.is_user() => {
                successors(error.source(), |&error| error.source()).any(is_about_certificate)
            }
            _ => return None,
        };
        let obstacle = if certificate { Obstacle::Certificate } else { Obstacle::Other };
        Some(Self { obstacle, proxy: None })
    }

    /// Returns the error: which host the call went to, where that is configured, and through which
    /// proxy.
    pub fn error(self, asked: &Asked, failure: impl StdError + Send + Sync + 'static) -> Error {
        let target = asked.target;
        let Self { obstacle, proxy } = self;
        let url = target.url();
        let message = format!(
            "{}: the network does not reach {} at {url} to {}",
            asked.who(),
            target.service.title(),
            asked.purpose
        );
        let mut error = Error::failed(message).about(asked.chain.name()).caused_by(failure);
        let region = target.region.zip(asked.place_of_region());
        error = match (target.endpoint_place, region) {
            (Some(place), _) => {
                error.cause(format!("the endpoint is configured at {place}")).at(place.clone())
            }
            (None, Some((region, place))) => error
                .cause(format!("the endpoint is AWS's own of region {region} ({place})"))
                .at(place),
            (None, None) => error.cause("the endpoint is AWS's own"),
        };
        if target.service == Service::Instance {
            error = error
                .cause(
                    "only an instance of EC2 has this service; a container on one reaches it by a \
                     hop limit of 2",
                )
                .hint(format!("on an instance, see its MetadataOptions: {DESCRIBE_METADATA}"));
        }
        let near = target.region.and_then(|region| Some((region, Region::near(region)?)));
        if let (None, Some((region, near))) = (target.endpoint_place, near) {
            error =
                error.cause(format!("`{region}` is no region that is known: is `{near}` meant?"));
        }
        if let Some(proxy) = &proxy {
            error = error
                .cause(format!("the way there is the proxy {} ({})", proxy.address, proxy.variable))
                .hint(format!("if there is no such proxy: {}", hint::unset(&[proxy.variable])));
        }
        if obstacle == Obstacle::Certificate {
            error = match &target.network.ca_bundle_place {
                Some(place) => error
                    .cause(format!("only the certificates of the bundle at {place} are trusted"))
                    .hint(format!(
                        "if the bundle is the wrong one, correct it, or: {}",
                        hint::unset(&["AWS_CA_BUNDLE"])
                    )),
                None => error.hint(format!(
                    "if an authority of your own vouches for it: {}",
                    hint::set("AWS_CA_BUNDLE", "FILE")
                )),
            };
        }
        if let (Some(Place::Variable(name)), None) = (target.endpoint_place, &proxy) {
            error =
                error.hint(format!("if the endpoint is the wrong one: {}", hint::unset(&[name])));
        }
        error.hint(format!(
            "see whether it answers: {} -sSI {}",
            hint::SYSTEM.curl,
            hint::word(&url)
        ))
    }
}

/// Returns whether TLS found fault with a certificate. Errors of the system may hold each other.
fn is_about_certificate(error: &(dyn StdError + 'static)) -> bool {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => is_about_certificate(inner),
        None => matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))),
    }
}
