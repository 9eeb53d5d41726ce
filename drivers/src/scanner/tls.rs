//! TLS towards scanners: their certificates are self-signed, so that only the fingerprint can be checked.

use crate::DeviceError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};

/// Accepts the pinned certificate, or any when none is pinned, and keeps what it saw.
#[derive(Debug)]
pub(super) struct Fingerprint {
    pin: Option<String>,
    seen: Mutex<Option<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Fingerprint {
    /// `pin`: SHA-256 of the certificate (DER) as 64 hex digits; colons and spaces between them are allowed.
    pub(super) fn new(pin: Option<&str>) -> Result<Arc<Self>, DeviceError> {
        let pin = pin.map(plain_hex).transpose()?;
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        Ok(Arc::new(Self { pin, seen: Mutex::new(None), algorithms }))
    }

    /// The rest of TLS for a client that judges by this fingerprint.
    pub(super) fn client_config(self: &Arc<Self>) -> Result<ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::clone(self) as Arc<dyn ServerCertVerifier>;
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }

    /// Whether only one certificate is accepted.
    pub(super) fn is_pinned(&self) -> bool {
        self.pin.is_some()
    }

    /// Why a connection was refused, when the certificate was the reason.
    pub(super) fn refusal(&self) -> Option<DeviceError> {
        let seen = self.seen();
        let (pin, seen) = (self.pin.as_ref()?, seen.as_ref()?);
        (pin != seen).then(|| {
            DeviceError::Rejected(format!(
                "the scanner's certificate has the SHA-256 {seen}, not the expected {pin}; if the scanner was replaced or reset, \
                 write the new one into scanner.tls_sha256, otherwise another device answers at its address"
            ))
        })
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_signature(&self, result: impl FnOnce() -> Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        // Unpinned, anybody's certificate is taken anyway; old scanners have ones that cannot even be parsed (X.509 version 1).
        if self.pin.is_some() { result() } else { Ok(HandshakeSignatureValid::assertion()) }
    }
}

impl ServerCertVerifier for Fingerprint {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let sha256: String = openssl::sha::sha256(certificate).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut seen = self.seen();
        if seen.as_ref() != Some(&sha256) {
            match &self.pin {
                None => tracing::info!(%sha256, "the scanner's TLS certificate is not checked; to pin it, set scanner.tls_sha256"),
                Some(_) => tracing::info!(%sha256, "the scanner's TLS certificate"),
            }
            *seen = Some(sha256);
        }
        match &self.pin {
            Some(pin) if seen.as_ref() != Some(pin) => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
            Some(_) | None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(|| verify_tls12_signature(message, certificate, signature, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(|| verify_tls13_signature(message, certificate, signature, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn plain_hex(text: &str) -> Result<String, DeviceError> {
    let hex: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(hex)
    } else {
        Err(DeviceError::Rejected(format!("scanner.tls_sha256 {text:?} is not a SHA-256; write its 64 hex digits")))
    }
}
