//! How AWS is called. Plain data.

use std::ops::Deref;

use crate::error::Place;
use crate::system::environment::Environment;

/// A configured endpoint, and where it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl {
    pub url: String,
    pub place: Place,
}

impl Deref for EndpointUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.url
    }
}

/// How AWS is called, from the profile and the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    pub fips: bool,
    pub dual_stack: bool,
    /// Attempts per call, the first included.
    pub max_attempts: Option<u32>,
    pub adaptive_retries: bool,
    pub ca_bundle: Option<String>,
    /// Where the CA bundle is named.
    pub ca_bundle_place: Option<Place>,
    pub imds: Imds,
    /// The machine's name where the environment says it, as in containers; credentials of a machine
    /// are that one's alone.
    pub host: Option<String>,
    /// The container endpoint's address (AWS_CONTAINER_CREDENTIALS_FULL_URI or …_RELATIVE_URI).
    pub container: Option<String>,
}

/// `ec2_metadata_…` settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imds {
    pub endpoint: Option<String>,
    pub ipv6: bool,
    pub attempts: Option<u32>,
    /// Seconds.
    pub timeout: Option<u32>,
    pub disabled: bool,
}

/// Returns the address of the container endpoint.
pub(super) fn container(environment: &Environment) -> Option<&str> {
    ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        .into_iter()
        .find_map(|name| environment.get(name))
}
