//! The HTTP client that every AWS call goes through: proxies from the environment, the CA bundle of
//! the profile, TLS through `ring`, and the root certificates read only when the first TLS
//! connection is made. (The SDK's own client reads them for plain HTTP too.)

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, Result};

/// Bundles of the Linux distributions and BSDs: one file instead of the 150 that the certificate
/// folder holds.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Makes the client. `ca_bundle` replaces the system's certificates; `native_roots` says that the
/// environment moves those (SSL_CERT_FILE).
pub fn client(ca_bundle: Option<&str>, native_roots: bool) -> Result<SharedHttpClient> {
    let bundle = match ca_bundle {
        Some(path) => Some((PathBuf::from(path), read_bundle(Path::new(path))?)),
        None => None,
    };
    Ok(SharedHttpClient::new(Lazy {
        roots: Arc::new(Roots { bundle: bundle.map(|(_, pem)| pem), native_roots }),
        plain: plain(),
        secure: Arc::default(),
    }))
}

fn plain() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, _| {
        let mut builder = Connector::builder()
            .sleep_impl(TokioSleep::new())
            .proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.build_http()
    })
}

#[derive(Debug)]
struct Roots {
    bundle: Option<Vec<u8>>,
    native_roots: bool,
}

impl Roots {
    fn trust_store(&self) -> TrustStore {
        if let Some(pem) = &self.bundle {
            return TrustStore::empty().with_pem_certificate(pem.clone());
        }
        let system = || SYSTEM_BUNDLES.iter().find_map(|path| read_bundle(Path::new(path)).ok());
        match system().filter(|_| !self.native_roots && cfg!(target_os = "linux")) {
            Some(pem) => TrustStore::empty().with_pem_certificate(pem),
            None => TrustStore::default(),
        }
    }

    fn client(&self) -> SharedHttpClient {
        let trust_store = self.trust_store();
        Builder::new().build_with_connector_fn(move |settings, _| {
            let context = TlsContext::builder()
                .with_trust_store(trust_store.clone())
                .build()
                .unwrap_or_default();
            let mut builder = Connector::builder()
                .sleep_impl(TokioSleep::new())
                .proxy_config(ProxyConfig::from_env());
            builder.set_connector_settings(settings.cloned());
            builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build()
        })
    }
}

#[derive(Debug, Clone)]
struct Lazy {
    roots: Arc<Roots>,
    plain: SharedHttpClient,
    secure: Arc<OnceLock<SharedHttpClient>>,
}

impl HttpClient for Lazy {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(LazyConnector {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct LazyConnector {
    client: Lazy,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for LazyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("https:") {
            self.client.secure.get_or_init(|| self.client.roots.client())
        } else {
            &self.client.plain
        };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

/// Reads a PEM bundle and keeps the certificates that can be used, because the SDK's client panics
/// on any other.
fn read_bundle(path: &Path) -> Result<Vec<u8>> {
    let error = |what: &str| {
        Error::configuration(format!("ca_bundle {}: {what}", path.display()))
            .hint("name a PEM file in AWS_CA_BUNDLE or ca_bundle; look at it with: openssl x509 -in FILE -text")
    };
    let pem = std::fs::read(path).map_err(|e| error(&e.to_string()))?;
    let begin = b"-----BEGIN CERTIFICATE-----";
    let mut starts: Vec<usize> = memchr::memmem::find_iter(&pem, begin).collect();
    starts.push(pem.len());
    let usable = |block: &&[u8]| {
        CertificateDer::from_pem_slice(block)
            .is_ok_and(|der| rustls::RootCertStore::empty().add(der).is_ok())
    };
    let kept: Vec<u8> = starts
        .windows(2)
        .map(|pair| &pem[pair[0]..pair[1]])
        .filter(usable)
        .flatten()
        .copied()
        .collect();
    if kept.is_empty() { Err(error("holds no usable certificate")) } else { Ok(kept) }
}
