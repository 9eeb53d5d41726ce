//! Requests as any client could send them.

use super::Lab;
use jiff::Zoned;
use motcua_hub::pki;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

/// A client that trusts the lab's hub and shows a certificate for `device`, or none.
pub fn client(lab: &Lab, device: Option<&str>) -> reqwest::Client {
    reqwest::Client::builder().tls_backend_preconfigured(config(lab, device)).build().unwrap()
}

/// The same, but each request has a connection of its own, which resumes the TLS session of the one before.
pub fn client_that_comes_back(lab: &Lab, device: &str) -> reqwest::Client {
    reqwest::Client::builder().tls_backend_preconfigured(config(lab, Some(device))).pool_max_idle_per_host(0).build().unwrap()
}

fn config(lab: &Lab, device: Option<&str>) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(lab.dir().join("ca.pem")).unwrap()).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match device {
        None => builder.with_no_client_auth(),
        Some(device) => {
            let out = lab.folder.path().join(device);
            pki::issue(&lab.dir(), device, &out, pki::Validity::Usual, Zoned::now().date()).unwrap();
            let chain = vec![CertificateDer::from_pem_file(out.join("device.pem")).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(out.join("device.key")).unwrap()).unwrap()
        }
    }
}
