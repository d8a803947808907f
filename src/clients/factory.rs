//! Makes every client of AWS's services. What a client must be told stands here once: its region
//! and endpoint, its HTTP client, its attempts and time limits, and who signs its calls.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use chrono::TimeDelta;
use secrecy::ExposeSecret;

use crate::aws::Credentials;
use crate::aws::console::Hosts;
use crate::aws::partition::{self, Endpoint};
use crate::chain::{EndpointUrl, Network, SsoSession};
use crate::clients::http::{self, ClockOffset, SystemRoots, Trust};
use crate::error::{Error, Place, Result};

/// How long a connection may take, one attempt, and all attempts of a call.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(45);
/// Attempts of a call where nothing sets another number, as in the SDKs' standard mode.
const DEFAULT_ATTEMPTS: u32 = 3;

/// A service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Sts,
    Iam,
    /// The portal of IAM Identity Center.
    Portal,
    /// The OIDC service of IAM Identity Center.
    Oidc,
    /// AWS sign-in, which renews the sessions of `aws login`.
    SignIn,
    /// AWS sign-in, which lets credentials into the console.
    Federation,
    /// The metadata service of an instance of EC2.
    Instance,
    /// The credentials endpoint of a container.
    Container,
}

impl Service {
    /// Returns its name in the table of meanings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Portal => "portal",
            Self::Oidc => "oidc",
            Self::SignIn => "sign-in",
            Self::Federation => "federation",
            Self::Instance => "instance",
            Self::Container => "container",
        }
    }

    /// Returns its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sts => "AWS STS",
            Self::Iam => "AWS IAM",
            Self::Portal => "the portal of IAM Identity Center",
            Self::Oidc => "the OIDC service of IAM Identity Center",
            Self::SignIn => "AWS sign-in",
            Self::Federation => "the console's sign-in",
            Self::Instance => "the instance metadata service",
            Self::Container => "the container endpoint",
        }
    }

    /// Returns the address of its own endpoint in a region, as most partitions have it.
    fn url(self, region: &str, family: Family) -> String {
        let partition = partition::of_region(region);
        let suffix = match family {
            Family::Configured => partition.dns_suffix,
            Family::DualStack => partition.dual_stack_suffix,
        };
        match self {
            Self::Sts => format!("https://sts.{region}.{suffix}"),
            Self::Iam => format!("https://iam.{suffix}"),
            Self::Portal => format!("https://portal.sso.{region}.{suffix}"),
            Self::Oidc => format!("https://oidc.{region}.{suffix}"),
            Self::SignIn => format!("https://{region}.signin.aws.amazon.com"),
            Self::Federation => Hosts::of(partition::of_region(region))
                .map_or_else(String::new, |hosts| hosts.sign_in_url(region)),
            Self::Instance | Self::Container => String::new(),
        }
    }
}

/// Which of AWS's own endpoints of a service is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// As the profile and the environment say it.
    Configured,
    /// The one that IPv6 reaches too.
    DualStack,
}

/// Where calls go, and who signs them.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub service: Service,
    pub network: &'a Network,
    pub region: Option<&'a str>,
    /// Called as it is. Without one the SDK finds the service's own in the region.
    pub endpoint: Option<&'a str>,
    /// Where the endpoint is configured; `None` for AWS's own.
    pub endpoint_place: Option<&'a Place>,
    pub family: Family,
    /// `None` for calls that are not signed.
    pub caller: Option<&'a Credentials>,
}

impl<'a> Target<'a> {
    /// Returns the target of calls to STS, which are not signed yet.
    pub fn sts(network: &'a Network, endpoint: &'a Endpoint) -> Self {
        Self {
            service: Service::Sts,
            network,
            region: Some(&endpoint.signing_region),
            endpoint: Some(&endpoint.url),
            endpoint_place: endpoint.place.as_ref(),
            family: Family::Configured,
            caller: None,
        }
    }

    /// Returns the target of calls to a service in a region, which are not signed yet.
    pub fn of(
        service: Service,
        network: &'a Network,
        region: &'a str,
        endpoint: Option<&'a EndpointUrl>,
    ) -> Self {
        Self {
            service,
            network,
            region: Some(region),
            endpoint: endpoint.map(|endpoint| &**endpoint),
            endpoint_place: endpoint.map(|endpoint| &endpoint.place),
            family: Family::Configured,
            caller: None,
        }
    }

    /// Returns the target of requests to the instance metadata service.
    pub fn instance(network: &'a Network) -> Self {
        let imds = &network.imds;
        let own = if imds.ipv6 { "http://[fd00:ec2::254]" } else { "http://169.254.169.254" };
        Self {
            service: Service::Instance,
            network,
            region: None,
            endpoint: Some(imds.endpoint.as_deref().unwrap_or(own)),
            endpoint_place: imds.endpoint.as_ref().map(|endpoint| &endpoint.place),
            family: Family::Configured,
            caller: None,
        }
    }

    /// Returns the target of requests to the container endpoint, where the environment names one.
    pub fn container(network: &'a Network) -> Option<Self> {
        let endpoint = network.container.as_ref()?;
        Some(Self {
            service: Service::Container,
            network,
            region: None,
            endpoint: Some(endpoint),
            endpoint_place: Some(&endpoint.place),
            family: Family::Configured,
            caller: None,
        })
    }

    /// Returns the address of the endpoint.
    pub fn url(&self) -> String {
        let of_region = || self.service.url(self.region.unwrap_or_default(), self.family);
        self.endpoint.map_or_else(of_region, str::to_owned)
    }

    /// Returns the target of calls to the OIDC service for a session. It sends people to a portal of
    /// its own family, so that a start URL of the dual-stack portal needs the dual-stack endpoint.
    pub fn oidc(
        network: &'a Network,
        session: &'a SsoSession,
        endpoint: Option<&'a EndpointUrl>,
    ) -> Self {
        let family = if session.is_dual_stack() { Family::DualStack } else { Family::Configured };
        Self { family, ..Self::of(Service::Oidc, network, &session.region, endpoint) }
    }

    /// Returns whether the dual-stack endpoint is called.
    pub fn is_dual_stack(&self) -> bool {
        self.network.dual_stack || self.family == Family::DualStack
    }

    /// Returns the target of calls that a caller signs.
    #[must_use]
    pub fn signed_by(self, caller: &'a Credentials) -> Self {
        Self { caller: Some(caller), ..self }
    }
}

/// Makes clients. Those that trust the same certificates share one HTTP client and its connections;
/// no others do.
pub struct Factory {
    system_roots: SystemRoots,
    /// By the CA bundle; `None` for the system's certificates.
    http: Mutex<HashMap<Option<String>, SharedHttpClient>>,
    clock: Arc<ClockOffset>,
}

impl Factory {
    pub fn new(system_roots: SystemRoots) -> Self {
        Self { system_roots, http: Mutex::default(), clock: Arc::default() }
    }

    /// Returns a factory whose calls go through `client` wherever no CA bundle is named.
    pub fn with_client(client: SharedHttpClient) -> Self {
        Self {
            system_roots: SystemRoots::Bundle,
            http: Mutex::new(HashMap::from([(None, client)])),
            clock: Arc::default(),
        }
    }

    /// Returns how far AWS's clock was ahead of this machine's when a service last answered.
    pub fn clock_offset(&self) -> Option<TimeDelta> {
        self.clock.last()
    }

    pub(super) fn sts(&self, target: &Target) -> Result<aws_sdk_sts::Client> {
        self.sdk_config(target).map(|config| aws_sdk_sts::Client::new(&config))
    }

    pub(super) fn iam(&self, target: &Target) -> Result<aws_sdk_iam::Client> {
        self.sdk_config(target).map(|config| aws_sdk_iam::Client::new(&config))
    }

    pub(super) fn sso(&self, target: &Target) -> Result<aws_sdk_sso::Client> {
        self.sdk_config(target).map(|config| aws_sdk_sso::Client::new(&config))
    }

    pub(super) fn sso_oidc(&self, target: &Target) -> Result<aws_sdk_ssooidc::Client> {
        self.sdk_config(target).map(|config| aws_sdk_ssooidc::Client::new(&config))
    }

    /// Configures one of `aws-config`'s providers.
    ///
    /// # Errors
    /// When the CA bundle cannot be used.
    pub fn provider_config(
        &self,
        network: &Network,
        region: Option<&str>,
    ) -> Result<ProviderConfig> {
        Ok(ProviderConfig::without_region()
            .with_region(region.map(|region| Region::new(region.to_owned())))
            .with_http_client(self.http(network)?)
            .with_sleep_impl(TokioSleep::new())
            .with_use_fips(Some(network.fips))
            .with_use_dual_stack(Some(network.dual_stack))
            .with_retry_config(retries(network))
            .with_timeout_config(timeouts()))
    }

    /// Returns the plain HTTP client of these settings.
    ///
    /// # Errors
    /// When the CA bundle cannot be used.
    pub fn http(&self, network: &Network) -> Result<SharedHttpClient> {
        let mut clients = self.http.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&network.ca_bundle) {
            return Ok(client.clone());
        }
        let trust = match &network.ca_bundle {
            Some(path) => Trust::read_bundle(Path::new(path), network.ca_bundle_place.as_ref())?,
            None => Trust::System(self.system_roots),
        };
        let client = http::client(trust, Arc::clone(&self.clock));
        clients.insert(network.ca_bundle.clone(), client.clone());
        Ok(client)
    }

    fn sdk_config(&self, target: &Target) -> Result<SdkConfig> {
        let network = target.network;
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(self.http(network)?)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(retries(network))
            .timeout_config(timeouts());
        config.set_region(target.region.map(|region| Region::new(region.to_owned())));
        config.set_credentials_provider(target.caller.map(signer).transpose()?);
        match target.endpoint {
            Some(endpoint) => config.set_endpoint_url(Some(endpoint.to_owned())),
            None => config
                .set_use_fips(Some(network.fips))
                .set_use_dual_stack(Some(target.is_dual_stack())),
        };
        Ok(config.build())
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// Returns how often a call is tried.
pub fn attempts(network: &Network) -> u32 {
    network.max_attempts.unwrap_or(DEFAULT_ATTEMPTS)
}

fn retries(network: &Network) -> RetryConfig {
    let config =
        if network.adaptive_retries { RetryConfig::adaptive() } else { RetryConfig::standard() };
    config.with_max_attempts(attempts(network))
}

/// Gives credentials to an SDK client, which panics where they cannot stand in a header.
fn signer(caller: &Credentials) -> Result<SharedCredentialsProvider> {
    let token = caller.session_token().map(ExposeSecret::expose_secret);
    for (what, text) in
        [("access key ID", caller.access_key_id()), ("session token", token.unwrap_or_default())]
    {
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::failed(format!(
                "the caller's {what} holds characters that AWS's have not, so no request can carry \
                 it"
            ))
            .hint("see where the credentials come from: rolecall explain"));
        }
    }
    Ok(SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
        caller.access_key_id(),
        caller.secret_access_key().expose_secret(),
        token.map(str::to_owned),
        None,
        "rolecall",
    )))
}
