//! Keys and certificates in, an HTTP client out that trusts one CA and shows one certificate.

use ed25519_dalek::VerifyingKey;
use reqwest::{Client, Url, redirect};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::{fmt, sync::Arc, time::Duration};
use zeroize::Zeroizing;

const CONNECT: Duration = Duration::from_secs(10);
const DEAD_LINE: Duration = Duration::from_secs(20);

/// What the client needs to know of the hub and of this device.
pub struct HubSettings {
    /// For example `https://hub.example.vn:8444`.
    pub url: String,
    /// The one CA that the hub's certificate must come from.
    pub ca_pem: Vec<u8>,
    /// This device's certificate, leaf first; its common name is the device's name.
    pub cert_pem: Vec<u8>,
    /// The key to it, PKCS#8, SEC1 or PKCS#1.
    pub key_pem: Zeroizing<Vec<u8>>,
    /// The hub's Ed25519 public key for receipts.
    pub receipt_key: [u8; 32],
}

impl fmt::Debug for HubSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why the settings cannot be used; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Not an https address.
    #[error("the hub's address `{0}` is not an https:// address; correct it in the configuration")]
    Url(String),
    /// The CA file.
    #[error("the hub's CA file is not usable: {0}; install hub-ca.pem from the hub's operator")]
    Ca(String),
    /// The certificate file.
    #[error("this device's certificate file is not usable: {0}; enrol the device again")]
    Certificate(String),
    /// The key file, or a key of another certificate.
    #[error("this device's key file is not usable: {0}; enrol the device again")]
    Key(String),
    /// Not a point on the curve.
    #[error("the hub's receipt key is not an Ed25519 public key; install receipt_key.txt from the hub's operator")]
    ReceiptKey,
    /// Neither http nor https.
    #[error("the time-stamp authority's address `{0}` is no http:// or https:// address; correct signing.timestamp_url")]
    AuthorityUrl(String),
    /// Its certificate file.
    #[error("the time-stamp authority's certificate file is not usable: {0}; install the one it gave out as signing.timestamp_ca")]
    AuthorityCa(String),
    /// The HTTP client.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

/// The parts of [`HubSettings`] in usable form.
pub(crate) struct Ready {
    pub(crate) http: Client,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) base: Url,
    pub(crate) device: String,
    pub(crate) receipt_key: VerifyingKey,
}

pub(crate) fn set_up(settings: &HubSettings) -> Result<Ready, SetupError> {
    let base = base_url(&settings.url)?;
    let receipt_key = VerifyingKey::from_bytes(&settings.receipt_key).map_err(|_| SetupError::ReceiptKey)?;
    let chain = certificates(&settings.cert_pem).map_err(SetupError::Certificate)?;
    let device = common_name(&chain).map_err(SetupError::Certificate)?;
    let tls = Arc::new(client_config(settings, chain)?);
    let http = http_client(ClientConfig::clone(&tls), true)?;
    Ok(Ready { http, tls, base, device, receipt_key })
}

fn base_url(text: &str) -> Result<Url, SetupError> {
    let wrong = || SetupError::Url(text.to_owned());
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if url.scheme() != "https" || !url.has_host() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    // `join` replaces the last segment of a path without a closing slash.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn client_config(settings: &HubSettings, chain: Vec<CertificateDer<'static>>) -> Result<ClientConfig, SetupError> {
    let roots = roots(&settings.ca_pem).map_err(SetupError::Ca)?;
    let key = PrivateKeyDer::from_pem_slice(&settings.key_pem).map_err(|e| SetupError::Key(e.to_string()))?;
    let mut config =
        builder()?.with_root_certificates(roots).with_client_auth_cert(chain, key).map_err(|e| SetupError::Key(e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// For an authority that need not know this device, at a plain address too: what it answers is signed.
pub(crate) fn anonymous_client(ca_pem: &[u8]) -> Result<Client, SetupError> {
    let roots = roots(ca_pem).map_err(SetupError::AuthorityCa)?;
    http_client(builder()?.with_root_certificates(roots).with_no_client_auth(), false)
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, SetupError> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| SetupError::Client(e.to_string()))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for ca in certificates(pem)? {
        roots.add(ca).map_err(|e| e.to_string())?;
    }
    Ok(roots)
}

/// No time-out over a whole upload: the socket's own for a dead line, the caller's for each request.
pub(crate) fn http_client(config: ClientConfig, https_only: bool) -> Result<Client, SetupError> {
    Client::builder()
        .tls_backend_preconfigured(config)
        .https_only(https_only)
        .http1_only()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .tcp_user_timeout(DEAD_LINE)
        .pool_idle_timeout(DEAD_LINE)
        .user_agent(concat!("motcua-forward/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| SetupError::Client(e.to_string()))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(list) if list.is_empty() => Err("it holds no certificate in PEM form".to_owned()),
        Ok(list) => Ok(list),
        Err(error) => Err(error.to_string()),
    }
}

fn common_name(chain: &[CertificateDer<'_>]) -> Result<String, String> {
    let leaf = chain.first().ok_or("it holds no certificate in PEM form")?;
    let (_, certificate) = x509_parser::parse_x509_certificate(leaf).map_err(|e| format!("it holds no X.509 certificate ({e})"))?;
    let name = certificate.subject().iter_common_name().next().and_then(|cn| cn.as_str().ok());
    match name {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        Some(_) | None => Err("its subject has no common name".to_owned()),
    }
}
