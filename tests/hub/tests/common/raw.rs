//! Requests as any client could send them.

use super::Lab;
use jiff::Zoned;
use motcua_hub::pki;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

/// A client that trusts the lab's hub and shows a certificate for `device`, or none.
pub fn client(lab: &Lab, device: Option<&str>) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(lab.dir().join("ca.pem")).unwrap()).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match device {
        None => builder.with_no_client_auth(),
        Some(device) => {
            let out = lab.folder.path().join(device);
            pki::issue(&lab.dir(), device, &out, pki::Validity::Usual, Zoned::now().date()).unwrap();
            let chain = vec![CertificateDer::from_pem_file(out.join("device.pem")).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(out.join("device.key")).unwrap()).unwrap()
        }
    };
    reqwest::Client::builder().tls_backend_preconfigured(config).build().unwrap()
}
