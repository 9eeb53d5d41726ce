//! The self-signed certificate of the scanner, new at each start.

use anyhow::Context;
use axum_server::tls_rustls::RustlsConfig;

/// For the scanner's HTTPS.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) config: RustlsConfig,
    /// Of its DER form, 64 hex digits.
    pub(crate) sha256: String,
}

impl Certificate {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        // An error means that the process has chosen its provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let made = rcgen::generate_simple_self_signed(["scanner.local".to_owned()]).context("the scanner's certificate")?;
        let sha256 = openssl::sha::sha256(made.cert.der()).iter().map(|byte| format!("{byte:02x}")).collect();
        let key = made.signing_key.serialize_der();
        let config = RustlsConfig::from_der(vec![made.cert.der().to_vec()], key).await.context("the scanner's certificate")?;
        Ok(Self { config, sha256 })
    }
}
