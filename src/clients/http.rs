//! The HTTP client beneath every client of AWS: TLS through `ring` with the profile's CA bundle or
//! the system's root certificates, the proxies of the environment, and a bound on every answer.
//!
//! The SDK's own client reads the root certificates at once, for plain HTTP too. This one makes a
//! connector when a request first needs it.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, TimeDelta};
use http::Uri;
use http_body_util::Limited;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::clock::{Clock, SystemClock};
use crate::system::files::read_named;

/// The most that an answer may hold. AWS's answers here are a few thousand bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The largest bundle of certificates that is read, in bytes: those of systems have some 250 KB.
const MAX_BUNDLE_BYTES: u64 = 16 * 1024 * 1024;
/// Bundles of the Linux distributions and BSDs: one file instead of the 150 that the certificate
/// folder holds.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where the system's root certificates are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemRoots {
    /// In the bundle that the distribution installs, where there is one.
    Bundle,
    /// By the platform's own loader, which honours SSL_CERT_FILE and SSL_CERT_DIR.
    PlatformLoader,
}

/// Whose certificates a client trusts.
#[derive(Debug)]
pub enum Trust {
    System(SystemRoots),
    /// The usable certificates of a CA bundle, as PEM.
    Bundle(Vec<u8>),
}

impl Trust {
    /// Reads a CA bundle, which replaces the system's certificates. `place` names it.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate that can be used.
    pub fn read_bundle(path: &Path, place: Option<&Place>) -> Result<Self> {
        let error = |what: &str, hint: String| {
            let bundle = format!("the CA bundle {}: {what}", path.display());
            let error = match place {
                Some(place) => Error::misconfigured(place.clone(), &bundle),
                None => Error::configuration(&bundle),
            };
            let error = error.with_shared_cause(bundle).hint(hint);
            match place {
                Some(Place::Variable(name)) => {
                    error.hint(format!("if it is the wrong one: {}", hint::unset(&[name])))
                }
                _ => error,
            }
        };
        let pem = read_named(path, MAX_BUNDLE_BYTES).map_err(|e| {
            error(&e.to_string(), format!("look at it with: {}", hint::look_at(path)))
        })?;
        match usable_certificates(&pem) {
            certificates if certificates.is_empty() => Err(error(
                "holds no usable certificate",
                format!("a bundle is a file in PEM; see what this one is: {}", hint::show(path)),
            )),
            certificates => Ok(Self::Bundle(certificates)),
        }
    }

    fn store(&self) -> TrustStore {
        let pem = match self {
            Self::Bundle(pem) => Some(pem.clone()),
            Self::System(SystemRoots::Bundle) if cfg!(target_os = "linux") => system_bundle(),
            Self::System(_) => None,
        };
        pem.map_or_else(TrustStore::default, |pem| TrustStore::empty().with_pem_certificate(pem))
    }
}

fn system_bundle() -> Option<Vec<u8>> {
    let certificates = SYSTEM_BUNDLES
        .iter()
        .map(|path| read_named(Path::new(path), MAX_BUNDLE_BYTES))
        .map(|pem| pem.map(|pem| usable_certificates(&pem)).unwrap_or_default());
    certificates.into_iter().find(|certificates| !certificates.is_empty())
}

/// Returns the certificates of a PEM file that can be used: the SDK's client panics on any other.
fn usable_certificates(pem: &[u8]) -> Vec<u8> {
    let begin = b"-----BEGIN CERTIFICATE-----";
    let mut starts: Vec<usize> = memchr::memmem::find_iter(pem, begin).collect();
    starts.push(pem.len());
    let usable = |block: &&[u8]| {
        CertificateDer::from_pem_slice(block)
            .is_ok_and(|der| rustls::RootCertStore::empty().add(der).is_ok())
    };
    let blocks = starts.windows(2).map(|pair| &pem[pair[0]..pair[1]]);
    blocks.filter(usable).flatten().copied().collect()
}

/// Makes a client that trusts the given certificates. It opens nothing before its first request.
pub fn client(trust: Trust, clock: Arc<ClockOffset>) -> SharedHttpClient {
    let connectors =
        Connectors { trust, clock, direct: Protocols::default(), proxied: Protocols::default() };
    SharedHttpClient::new(BoundedClient(Arc::new(connectors)))
}

/// How far the clock of whoever answered last was ahead of this machine's.
#[derive(Debug, Default)]
pub struct ClockOffset(Mutex<Option<TimeDelta>>);

impl ClockOffset {
    pub fn last(&self) -> Option<TimeDelta> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the time that an answer says it is.
    fn note(&self, date: Option<&str>) {
        let Some(date) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
            return;
        };
        let offset = date.to_utc() - SystemClock.now();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(offset);
    }
}

/// The connectors of a client, each made when a request first needs it.
#[derive(Debug)]
struct Connectors {
    trust: Trust,
    clock: Arc<ClockOffset>,
    direct: Protocols,
    proxied: Protocols,
}

#[derive(Debug, Default)]
struct Protocols {
    http: OnceLock<SharedHttpClient>,
    https: OnceLock<SharedHttpClient>,
}

impl Connectors {
    fn of(&self, uri: &Uri) -> &SharedHttpClient {
        let (protocols, proxy) = if uri.host().is_some_and(is_near) {
            (&self.direct, ProxyConfig::disabled())
        } else {
            (&self.proxied, ProxyConfig::from_env())
        };
        if uri.scheme_str() == Some("https") {
            protocols.https.get_or_init(|| connector(Some(self.trust.store()), proxy))
        } else {
            protocols.http.get_or_init(|| connector(None, proxy))
        }
    }
}

/// Makes a client of one protocol: HTTPS where it is told what to trust.
fn connector(trust: Option<TrustStore>, proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, _| {
        let mut builder =
            Connector::builder().sleep_impl(TokioSleep::new()).proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        let Some(trust) = &trust else { return builder.build_http() };
        let context =
            TlsContext::builder().with_trust_store(trust.clone()).build().unwrap_or_default();
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build()
    })
}

/// Returns whether a host is this machine, or a credential endpoint of it (EC2 instance metadata,
/// ECS, EKS Pod Identity). No proxy may see such a request, which carries a token, and a proxy
/// would answer with its own machine's credentials.
pub(super) fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.segments()[..2] == [0xfd00, 0x0ec2]
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// A client whose answers are bounded, so that an endpoint that sends without end costs no memory.
#[derive(Debug, Clone)]
struct BoundedClient(Arc<Connectors>);

impl HttpClient for BoundedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector {
            connectors: Arc::clone(&self.0),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct BoundedConnector {
    connectors: Arc<Connectors>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = match request.uri().parse::<Uri>() {
            Ok(uri) => uri,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connector = self.connectors.of(&uri).http_connector(&self.settings, &self.components);
        let answer = connector.call(request);
        let connectors = Arc::clone(&self.connectors);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            connectors.clock.note(answer.headers().get("date"));
            Ok(answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, MAX_ANSWER_BYTES))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn only_loopback_and_metadata_hosts_are_near() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.8.9.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "[fd00:ec2::254]",
            "[fd00:ec2::23]",
        ] {
            assert!(is_near(host), "{host}");
        }
        for host in [
            "sts.amazonaws.com",
            "localhost.example.com",
            "10.0.0.1",
            "192.168.1.1",
            "[fd00::1]",
            "[2001:db8::1]",
            "",
        ] {
            assert!(!is_near(host), "{host}");
        }
    }
}
