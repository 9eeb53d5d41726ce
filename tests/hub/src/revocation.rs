//! Which device certificates are no longer good: the lists (RFC 5280, section 5) of a hub folder's `crl.pem`.

use crate::pki;
use anyhow::{Context as _, Result, ensure};
use openssl::x509::{CrlStatus, X509, X509Crl, X509NameRef};
use rustls_pki_types::{CertificateRevocationListDer, pem::PemObject as _};
use std::{io, path::Path};

/// What one `crl.pem` says. Without that file nothing is revoked.
#[derive(Default)]
pub(crate) struct Revocations {
    /// As TLS takes them.
    pub(crate) lists: Vec<CertificateRevocationListDer<'static>>,
    parsed: Vec<X509Crl>,
}

impl Revocations {
    /// Reads `crl.pem` of a hub's folder; none where there is no such file.
    ///
    /// # Errors
    /// When it is no PEM file of lists, when one of them is not signed by a CA of `ca.pem`, or when such a CA has none: TLS
    /// would then refuse each of its devices. The date of the next list is not looked at: an old list refuses more than none.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join("crl.pem");
        match std::fs::read(&path) {
            Ok(pem) => {
                let next = "install the newest list of the devices' CA, or make one with `motcua-hub revoke`";
                Self::parse(&pem, pki::read(&dir.join("ca.pem"))?.as_bytes())
                    .with_context(|| format!("{} is not usable; {next}", path.display()))
                    .map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}; check its owner and mode", path.display())),
        }
    }

    fn parse(pem: &[u8], authorities: &[u8]) -> Result<Self> {
        let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(pem).collect::<Result<_, _>>().context("it is not PEM")?;
        let parsed: Vec<X509Crl> =
            lists.iter().map(|der| X509Crl::from_der(der)).collect::<Result<_, _>>().context("it is not a list of certificates")?;
        let mut authorities: Vec<(X509, bool)> = X509::stack_from_pem(authorities)?.into_iter().map(|ca| (ca, false)).collect();
        for list in &parsed {
            let mut signed = false;
            for (ca, has_list) in &mut authorities {
                let its = same(list.issuer_name(), ca.subject_name())? && list.verify(&*ca.public_key()?)?;
                (signed, *has_list) = (signed || its, *has_list || its);
            }
            ensure!(signed, "a list in it is not signed by a CA of ca.pem");
        }
        ensure!(authorities.iter().all(|(_, has_list)| *has_list), "it has no list of every CA of ca.pem");
        Ok(Self { lists, parsed })
    }

    /// Whether a certificate (DER) is revoked. One that cannot be read is not known to be good.
    pub(crate) fn holds(&self, certificate: &[u8]) -> bool {
        X509::from_der(certificate).map_or(true, |certificate| self.parsed.iter().any(|list| is_in(&certificate, list)))
    }
}

fn is_in(certificate: &X509, list: &X509Crl) -> bool {
    // Serial numbers are the issuer's own.
    let listed = matches!(list.get_by_cert(certificate), CrlStatus::Revoked(_));
    listed && same(certificate.issuer_name(), list.issuer_name()).unwrap_or(true)
}

fn same(one: &X509NameRef, other: &X509NameRef) -> Result<bool> {
    Ok(one.to_der()? == other.to_der()?)
}
