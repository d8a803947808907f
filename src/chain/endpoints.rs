//! Regions, endpoints and retry settings, from the command line, the environment and the profile
//! (AWS SDKs and Tools Reference Guide, "Service-specific endpoints", "AWS STS Regional endpoints",
//! "Retry behavior").

use super::base::{Base, DefaultProvider};
use super::inputs::Inputs;
use super::keys;
use super::network::{self, EndpointUrl, Imds, Network};
use super::step::Step;
use super::unneeded::{Need, Unneeded};
use crate::aws::names::Region;
use crate::aws::partition::{self, Endpoint, EndpointVariant};
use crate::config::ProfileName;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, sub_property};
use crate::error::{Error, Place, Result};
use crate::text::shown_url;

/// Where a chain calls services. The settings are the selected profile's, since the SDKs make one
/// client for a whole chain.
pub(super) struct Endpoints<'a> {
    pub inputs: &'a Inputs<'a>,
    pub settings: Option<&'a Profile>,
    /// The selected profile.
    pub selected: Option<&'a ProfileName>,
    /// `None` where no region is known; an error where what names it is wrong.
    pub region: Result<Option<Region>>,
    pub unneeded: Unneeded,
}

impl Endpoints<'_> {
    /// Returns a setting, the environment's before the profile's, with where it was found.
    fn setting(&self, variable: &str, key: &str) -> Option<(String, Place)> {
        if let Some(value) = self.inputs.environment.get(variable) {
            return Some((value.to_owned(), Place::variable(variable)));
        }
        self.settings
            .and_then(|p| p.get(key))
            .map(|p| (p.value.trim().to_owned(), Place::from(&p.place)))
    }

    fn switch(&self, variable: &str, key: &str) -> bool {
        self.setting(variable, key).is_some_and(|(value, _)| value.eq_ignore_ascii_case("true"))
    }

    fn number(&self, variable: &str, key: &str) -> Result<Option<u32>> {
        let Some((value, place)) = self.setting(variable, key) else { return Ok(None) };
        match value.parse() {
            Ok(n) if n > 0 => Ok(Some(n)),
            _ => Err(Error::misconfigured(
                place,
                format!("{key} must be a whole number above 0, not `{value}`"),
            )
            .hint(CORRECT)),
        }
    }

    /// Returns the configured endpoint of a service: its variable, the variable of all, the
    /// `services` section, the profile's own.
    pub fn configured(&self, service: &str) -> Result<Option<EndpointUrl>> {
        if self.switch("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return Ok(None);
        }
        let variable = format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase());
        for name in [variable.as_str(), "AWS_ENDPOINT_URL"] {
            if let Some(url) = self.inputs.environment.get(name) {
                return checked(url, Place::variable(name)).map(Some);
            }
        }
        let Some(profile) = self.settings else { return Ok(None) };
        if let Some(services) = profile.get(keys::SERVICES) {
            let (profiles, kind) = (self.inputs.profiles, SectionKind::Services);
            let section = profiles.section(kind, &services.value)?.ok_or_else(|| {
                let what = format!("there is no section [services {}]", *services.value);
                let error = Error::misconfigured(&services.place, &what).with_shared_cause(what);
                profiles
                    .say_like_sections(error, kind, &services.value)
                    .hint("see what is in the files: rolecall profile dump --json")
            })?;
            if let Some(block) = section.get(service) {
                let nested = block.continuation().find_map(|(place, line)| {
                    let (key, url) = sub_property(line)?;
                    (key == keys::ENDPOINT_URL).then_some((place, url))
                });
                if let Some((place, url)) = nested {
                    return checked(url, Place::Line(place)).map(Some);
                }
            }
        }
        let own = profile.get(keys::ENDPOINT_URL);
        own.map(|p| checked(&p.value, (&p.place).into())).transpose()
    }

    /// Returns the STS endpoint of a region.
    pub fn sts(&self, region: &str) -> Result<Endpoint> {
        if let Some(configured) = self.configured("sts")? {
            let EndpointUrl { url, place } = configured;
            return Ok(Endpoint { url, signing_region: region.to_owned(), place: Some(place) });
        }
        let variant = EndpointVariant {
            fips: self.switch("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            dual_stack: self.switch("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
            legacy_global: self
                .setting("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints")
                .is_some_and(|(value, _)| value.eq_ignore_ascii_case("legacy")),
        };
        Ok(partition::sts_endpoint(region, variant))
    }

    fn imds_endpoint(&self) -> Result<Option<EndpointUrl>> {
        self.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
            .map(|(url, place)| checked(&url, place))
            .transpose()
    }

    /// Returns how AWS is called for a base and the steps after it.
    ///
    /// # Errors
    /// Where a number of the settings is none, and a call needs it.
    pub fn network(&self, base: &Base, steps: &[Step]) -> Result<Network> {
        let instance = matches!(
            base,
            Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance)
        );
        let local = base.access_key_id().is_some() || matches!(base, Base::Process { .. });
        self.network_for(Need::when(instance), Need::when(!local || !steps.is_empty()))
    }

    /// Returns how AWS is called, where the instance metadata service and other services are needed
    /// or not.
    ///
    /// # Errors
    /// Those of [`Self::network`].
    pub fn network_for(&self, instance: Need, services: Need) -> Result<Network> {
        let number = |need, variable, key| self.unneeded.take(need, self.number(variable, key));
        let retry_mode = self.setting("AWS_RETRY_MODE", "retry_mode");
        let imds_mode = self.setting(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
            "ec2_metadata_service_endpoint_mode",
        );
        let (ca_bundle, ca_bundle_place) = self.setting("AWS_CA_BUNDLE", "ca_bundle").unzip();
        Ok(Network {
            fips: self.switch("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            dual_stack: self.switch("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
            max_attempts: number(services, "AWS_MAX_ATTEMPTS", "max_attempts")?
                .map(|attempts| attempts.min(MOST_ATTEMPTS)),
            adaptive_retries: retry_mode
                .is_some_and(|(mode, _)| mode.eq_ignore_ascii_case("adaptive")),
            ca_bundle,
            ca_bundle_place,
            imds: Imds {
                endpoint: self.unneeded.take(instance, self.imds_endpoint())?,
                ipv6: imds_mode.is_some_and(|(mode, _)| mode.eq_ignore_ascii_case("ipv6")),
                attempts: number(
                    instance,
                    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                    "metadata_service_num_attempts",
                )?,
                timeout: number(
                    instance,
                    "AWS_METADATA_SERVICE_TIMEOUT",
                    "metadata_service_timeout",
                )?,
                disabled: self.inputs.environment.is_true("AWS_EC2_METADATA_DISABLED"),
            },
            host: self.inputs.environment.get("HOSTNAME").map(str::to_owned),
            container: network::container(self.inputs.environment),
            container_token: network::container_token(self.inputs.environment),
        })
    }
}

const CORRECT: &str = "correct it, or see what the settings come to: rolecall explain";

/// The most attempts that a call may be set to make: the SDK's cost at the start of a call grows
/// with them.
const MOST_ATTEMPTS: u32 = 100;

/// Checks an endpoint as far as the SDK would when it calls: its own error quotes the request,
/// whose body and headers are secret.
fn checked(url: &str, place: Place) -> Result<EndpointUrl> {
    let url = url.trim_end_matches('/');
    let usable = |uri: http::Uri| {
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
        let whole = match authority.port_u16() {
            Some(port) => authority.as_str() == format!("{}:{port}", authority.host()),
            None => authority.as_str() == authority.host(),
        };
        (matches!(uri.scheme_str(), Some("http" | "https"))
            && whole
            && !host.is_empty()
            && host.bytes().all(plain))
        .then_some(())
    };
    if url.bytes().all(|b| b.is_ascii_graphic() && !b"<>{}|\\^`\"#".contains(&b))
        && url.parse().ok().and_then(usable).is_some()
    {
        return Ok(EndpointUrl { url: url.to_owned(), place });
    }
    Err(Error::misconfigured(
        place,
        format!(
            "the endpoint must be a URL as in https://HOST or http://HOST:PORT, not `{}`",
            shown_url(url)
        ),
    )
    .hint(CORRECT))
}
