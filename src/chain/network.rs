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
    pub container: Option<EndpointUrl>,
    /// The variable that gives the container endpoint's token.
    pub container_token: Option<Place>,
}

/// `ec2_metadata_…` settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imds {
    pub endpoint: Option<EndpointUrl>,
    pub ipv6: bool,
    pub attempts: Option<u32>,
    /// Seconds.
    pub timeout: Option<u32>,
    pub disabled: bool,
}

/// Where ECS answers.
const ECS_HOST: &str = "http://169.254.170.2";

/// Returns the address of the container endpoint, as it stands in the environment.
pub(super) fn container(environment: &Environment) -> Option<EndpointUrl> {
    let of = |name, host| {
        let url = format!("{host}{}", environment.get(name)?);
        Some(EndpointUrl { url, place: Place::variable(name) })
    };
    of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ECS_HOST)
        .or_else(|| of("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))
}

/// The variables that give the container endpoint's token: by a file, or itself.
pub const CONTAINER_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
pub const CONTAINER_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

/// Returns the variable that gives the container endpoint's token.
pub(super) fn container_token(environment: &Environment) -> Option<Place> {
    let mut names = [CONTAINER_TOKEN_FILE, CONTAINER_TOKEN].into_iter();
    names.find(|name| environment.get(name).is_some()).map(Place::variable)
}
