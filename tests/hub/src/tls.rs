//! The hub's side of TLS out of its folder, made anew when the list of revoked certificates changes.

use crate::{pki, revocation::Revocations};
use anyhow::{Context as _, Result};
use axum_server::tls_rustls::RustlsConfig;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject as _};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// TLS with the present list of revoked certificates.
pub(crate) struct Tls {
    /// For new connections; what [`Tls::refresh`] changes shows in every clone.
    pub(crate) config: RustlsConfig,
    dir: PathBuf,
    present: Mutex<Present>,
}

/// The list in force, and the file that was looked at last.
struct Present {
    file: Option<Stamp>,
    revocations: Arc<Revocations>,
}

/// Tells one state of a file from the next: inode, length, seconds and nanoseconds of its change.
type Stamp = (u64, u64, i64, i64);

impl Tls {
    /// Out of the folder that [`pki::init`] made.
    ///
    /// # Errors
    /// When a file of it cannot be read or used.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let file = stamp(dir);
        let revocations = Revocations::read(dir)?;
        if revocations.is_none() {
            tracing::warn!("{} has no crl.pem: no certificate is refused as revoked", dir.display());
        }
        let revocations = Arc::new(revocations.unwrap_or_default());
        let config = RustlsConfig::from_config(Arc::new(server_config(dir, &revocations.lists)?));
        Ok(Self { config, dir: dir.to_owned(), present: Mutex::new(Present { file, revocations }) })
    }

    /// What is revoked now: `crl.pem` is read again if it has changed. One that cannot be used leaves the last good one in force.
    pub(crate) fn refresh(&self) -> Arc<Revocations> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let file = stamp(&self.dir);
        if file != present.file {
            present.file = file;
            match self.reload() {
                Ok(revocations) => {
                    tracing::info!("crl.pem has changed and was read again");
                    present.revocations = revocations;
                }
                Err(error) => tracing::warn!("the list of revoked certificates that was read before stays in force: {error:#}"),
            }
        }
        Arc::clone(&present.revocations)
    }

    fn reload(&self) -> Result<Arc<Revocations>> {
        let revocations = Revocations::read(&self.dir)?.context("crl.pem is gone; put it back, or stop the hub to do without")?;
        // A new configuration knows no TLS session of before: a session that is resumed shows no certificate.
        self.config.reload_from_config(Arc::new(server_config(&self.dir, &revocations.lists)?));
        Ok(Arc::new(revocations))
    }
}

fn stamp(dir: &Path) -> Option<Stamp> {
    let file = fs::metadata(dir.join("crl.pem")).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}

fn server_config(dir: &Path, lists: &[CertificateRevocationListDer<'static>]) -> Result<ServerConfig> {
    let certificates = |name: &str| -> Result<Vec<CertificateDer<'static>>> {
        let pem = pki::read(&dir.join(name))?;
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().with_context(|| format!("{name} is not a certificate"))
    };
    let mut roots = RootCertStore::empty();
    for ca in certificates("ca.pem")? {
        roots.add(ca).context("ca.pem is not usable")?;
    }
    let key = PrivateKeyDer::from_pem_slice(pki::read(&dir.join("server.key"))?.as_bytes()).context("server.key is not a private key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).with_crls(lists.to_vec());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier.build().context("ca.pem or crl.pem is not usable")?)
        .with_single_cert(certificates("server.pem")?, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
