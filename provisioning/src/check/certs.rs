//! Certificates and the key that belongs to one.

use super::files::secret_file;
use crate::finding::Finding;
use jiff::Timestamp;
use rustls::{crypto::ring, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::path::Path;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The device renews at 30 days left (forwarding.md 3): fewer means that renewal fails.
const RENEW_DAYS: i64 = 30;

/// The certificate of the authority that signed the hub's.
pub(super) fn authority(path: &Path, now: Timestamp) -> Finding {
    certificate("hub authority", path, now, "ask the province's IT office for the hub's authority certificate")
}

/// This device's own certificate.
pub(super) fn own(path: &Path, now: Timestamp) -> Finding {
    certificate("device certificate", path, now, "ask the province's IT office for a new device certificate")
}

/// The certificate that messages are sealed for which are carried on a stick.
pub(super) fn export(path: &Path, now: Timestamp) -> Finding {
    certificate("hub export certificate", path, now, "ask the province's IT office for the hub's export certificate (hub.export_cert)")
}

/// The device's key: private, and the one of its certificate.
pub(super) fn key(cert: &Path, key: &Path) -> Finding {
    const WHAT: &str = "device key";
    let name = key.display();
    let text = match secret_file(WHAT, key) {
        Err(finding) => return finding,
        Ok(None) => return Finding::fail(WHAT, format!("{name} does not exist"), "bring it back, or enrol the device again"),
        Ok(Some(text)) => text,
    };
    let Ok(private) = PrivateKeyDer::from_pem_slice(text.as_bytes()) else {
        return Finding::fail(
            WHAT,
            format!("{name} is not a private key in PEM form"),
            "put the key file there that came with the certificate",
        );
    };
    // What is wrong with the certificate, its own check tells.
    let Ok(chain) = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>) else {
        return Finding::warn(WHAT, format!("{name}: not compared, the certificate cannot be read"), "mend the device certificate first");
    };
    match CertifiedKey::from_der(chain, private, &ring::default_provider()) {
        Ok(_) => Finding::ok(WHAT, format!("{name} belongs to the certificate")),
        Err(rustls::Error::InconsistentKeys(_)) => Finding::fail(
            WHAT,
            format!("{name} does not belong to {}", cert.display()),
            "put the two files together that were made together",
        ),
        Err(error) => Finding::fail(WHAT, format!("{name}: {error}"), "use an ECDSA P-256, Ed25519 or RSA key"),
    }
}

fn certificate(what: &'static str, path: &Path, now: Timestamp, whom: &str) -> Finding {
    let name = path.display();
    let der = match CertificateDer::from_pem_file(path) {
        Ok(der) => der,
        Err(rustls_pki_types::pem::Error::Io(error)) => return Finding::fail(what, format!("{name}: {error}"), whom),
        Err(_) => return Finding::fail(what, format!("{name} is not a certificate in PEM form"), whom),
    };
    let Ok((_, parsed)) = X509Certificate::from_der(&der) else {
        return Finding::fail(what, format!("{name} is damaged"), whom);
    };
    let subject = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or("no common name").to_owned();
    lifetime(what, &subject, (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp()), now, whom)
}

/// Both ends in seconds since 1970.
fn lifetime(what: &'static str, subject: &str, (from, until): (i64, i64), now: Timestamp, whom: &str) -> Finding {
    let seconds = now.as_second();
    let days = (until - seconds).div_euclid(24 * 3600);
    if seconds < from {
        Finding::fail(what, format!("{subject} is not valid yet"), format!("look at the clock; if it is right, {whom}"))
    } else if seconds > until {
        Finding::fail(what, format!("{subject} ran out {} days ago", -days), whom)
    } else if days < RENEW_DAYS {
        Finding::warn(what, format!("{subject}, {days} days left"), whom)
    } else {
        Finding::ok(what, format!("{subject}, {days} days left"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use std::{fs, os::unix::fs::PermissionsExt};

    const NOW: &str = "2026-11-23T00:00:00Z";

    fn write_private(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A certificate with its key in PEM form, valid between two dates.
    fn made(from: (i32, u8, u8), until: (i32, u8, u8)) -> (String, String) {
        let pair = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["k07.example".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "K07");
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        (params.self_signed(&pair).unwrap().pem(), pair.serialize_pem())
    }

    #[test]
    fn the_days_of_a_certificate_are_judged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.pem");
        let now = NOW.parse().unwrap();
        for (from, until, level, part) in [
            ((2026, 11, 1), (2027, 1, 30), Level::Ok, "K07, 68 days left"),
            ((2026, 11, 1), (2026, 12, 3), Level::Warn, "K07, 10 days left"),
            ((2026, 8, 1), (2026, 11, 13), Level::Fail, "ran out 10 days ago"),
            ((2026, 12, 1), (2027, 3, 1), Level::Fail, "not valid yet"),
        ] {
            fs::write(&path, made(from, until).0).unwrap();
            let finding = own(&path, now);
            assert_eq!(finding.level, level, "{finding}");
            assert!(finding.seen.contains(part), "{finding}");
        }
    }

    #[test]
    fn a_missing_or_damaged_certificate_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let now = NOW.parse().unwrap();
        assert_eq!(authority(&path, now).level, Level::Fail);
        fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(authority(&path, now).seen.contains("damaged"), "{}", authority(&path, now));
        fs::write(&path, "no PEM").unwrap();
        assert!(authority(&path, now).seen.contains("PEM"), "{}", authority(&path, now));
        assert_eq!(export(&path, now).level, Level::Fail, "nothing could be carried to the hub");
    }

    #[test]
    fn a_key_must_be_private_and_belong_to_the_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, private) = (folder.path().join("device.pem"), folder.path().join("device.key"));
        let (pem, right) = made((2026, 1, 1), (2027, 1, 1));
        let (_, wrong) = made((2026, 1, 1), (2027, 1, 1));
        fs::write(&cert, pem).unwrap();
        assert!(key(&cert, &private).seen.contains("does not exist"));
        write_private(&private, &right);
        assert_eq!(key(&cert, &private).level, Level::Ok, "{}", key(&cert, &private));
        fs::set_permissions(&private, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(key(&cert, &private).seen.contains("mode 0640"));
        write_private(&private, &wrong);
        assert!(key(&cert, &private).seen.contains("does not belong"), "{}", key(&cert, &private));
        write_private(&private, "no key");
        assert!(key(&cert, &private).seen.contains("not a private key"));
    }
}
