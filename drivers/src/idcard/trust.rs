//! The authorities (CSCA) that this device believes, and whether one of them vouches for a signer (ICAO 9303-12).

use super::{sod::SignedData, tlv};
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{CrlStatus, X509, X509Crl, X509NameRef, X509Ref, X509StoreContext, X509VerifyResult};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// id-icao-cscaMasterList, 2.23.136.1.1.2.
const MASTER_LIST: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x02];
/// X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
const OUTSIDE_VALIDITY: [i32; 2] = [9, 10];
/// X509_V_ERR_EC_KEY_EXPLICIT_PARAMS.
const EXPLICIT_CURVE: i32 = 94;

/// Certificates of authorities and their revocation lists.
#[derive(Default)]
pub struct TrustStore {
    certificates: Vec<X509>,
    lists: Vec<X509Crl>,
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustStore").field("certificates", &self.certificates.len()).field("lists", &self.lists.len()).finish()
    }
}

/// What the store says of a signer.
pub(super) enum Vouch {
    /// An authority signed its certificate; the authority's name.
    Trusted(String),
    /// None did; the name of the issuer that would have to.
    Unknown(String),
    /// One did, but the certificate was withdrawn or not valid when it was used; why.
    Refused(String),
}

impl TrustStore {
    /// Believes nobody: every signer is unknown.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Loads a folder: certificates (PEM, several in a file, or DER), revocation lists (PEM or DER), ICAO master lists (`.ml`). What is
    /// put there is believed: the signature of a master list is not looked at. Certificates of document signers (DS) may lie there too.
    ///
    /// Also returns what could not be used, file by file, with what to do; the rest is loaded all the same.
    #[must_use]
    pub fn load(folder: &Path) -> (Self, Vec<String>) {
        let mut store = Self::default();
        let mut problems = Vec::new();
        let files = match files(folder) {
            Ok(files) => files,
            Err(error) => {
                problems.push(format!(
                    "the folder of trusted certificates {} cannot be read: {error}; no chip's signer will be trusted until it can",
                    folder.display()
                ));
                Vec::new()
            }
        };
        for file in files {
            let name = file.display();
            match fs::read(&file).map(|bytes| store.add(&bytes)) {
                Ok(true) => {}
                Ok(false) => problems.push(format!(
                    "{name} is no certificate or revocation list (PEM or DER) and no ICAO master list: replace it or take it away"
                )),
                Err(error) => problems.push(format!("{name} cannot be read: {error}; check its owner and rights")),
            }
        }
        (store, problems)
    }

    /// Adds what a file holds; false when it is nothing of use.
    pub fn add(&mut self, file: &[u8]) -> bool {
        let pem = |kind: &str| file.windows(kind.len()).any(|window| window == kind.as_bytes());
        if pem("-----BEGIN CERTIFICATE") {
            let certificates = X509::stack_from_pem(file).unwrap_or_default();
            let some = !certificates.is_empty();
            self.certificates.extend(certificates);
            return some;
        }
        let list = if pem("-----BEGIN X509 CRL") { X509Crl::from_pem(file) } else { X509Crl::from_der(file) };
        if let Ok(list) = list {
            self.lists.push(list);
        } else if let Ok(certificate) = X509::from_der(file) {
            self.certificates.push(certificate);
        } else {
            let listed = master_list(file);
            self.certificates.extend(listed.iter().cloned());
            return !listed.is_empty();
        }
        true
    }

    /// How many certificates it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether it believes nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    pub(super) fn certificates(&self) -> &[X509] {
        &self.certificates
    }

    /// Whether an authority vouches for `signer` at `time` (Unix seconds; none: at whatever time its certificate was valid).
    pub(super) fn vouch(&self, signer: &X509, time: Option<i64>) -> Vouch {
        let mut refused = None;
        for authority in &self.certificates {
            match self.descends(signer, authority, time) {
                Ok(Some(Vouch::Refused(reason))) => refused = Some(reason),
                Ok(Some(vouch)) => return vouch,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, authority = name(authority.subject_name()), "a certificate could not be compared"),
            }
        }
        match refused {
            Some(reason) => Vouch::Refused(reason),
            None => Vouch::Unknown(name(signer.issuer_name())),
        }
    }

    /// What one certificate of the store says; none when it has nothing to do with the signer. States issue several authorities of
    /// the same name one after the other, so each is tried alone.
    fn descends(&self, signer: &X509, authority: &X509, time: Option<i64>) -> Result<Option<Vouch>, ErrorStack> {
        let itself = authority.to_der()? == signer.to_der()?;
        if !itself && authority.subject_name().try_cmp(signer.issuer_name())?.is_ne() {
            return Ok(None);
        }
        let mut param = X509VerifyParam::new()?;
        // Link certificates and signers that were put into the folder are believed though they are no roots.
        param.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        match time {
            Some(time) => param.set_time(time),
            None => param.set_flags(X509VerifyFlags::NO_CHECK_TIME)?,
        }
        let mut trusted = X509StoreBuilder::new()?;
        trusted.add_cert(authority.clone())?;
        trusted.set_param(&param)?;
        let mut context = X509StoreContext::new()?;
        let (verified, error) =
            context.init(&trusted.build(), signer, &*Stack::new()?, |context| Ok((context.verify_cert()?, context.error())))?;
        let within = match error.as_raw() {
            _ if verified => true,
            code if OUTSIDE_VALIDITY.contains(&code) => false,
            EXPLICIT_CURVE if signed_by(signer, authority)? => within_validity(signer, time)? && within_validity(authority, time)?,
            _ => return Ok(None),
        };
        if !within {
            return Ok(Some(Vouch::Refused("the signer's certificate was not valid when the chip was signed".into())));
        }
        if !itself && self.withdrew(authority, signer)? {
            return Ok(Some(Vouch::Refused("the signer's certificate was withdrawn by its authority".into())));
        }
        Ok(Some(Vouch::Trusted(name(authority.subject_name()))))
    }

    /// Whether a revocation list of the authority names the certificate. A list that is out of date still counts: a device may be
    /// offline for long.
    fn withdrew(&self, authority: &X509Ref, certificate: &X509) -> Result<bool, ErrorStack> {
        let key = authority.public_key()?;
        for list in &self.lists {
            let own = list.issuer_name().try_cmp(authority.subject_name())?.is_eq() && list.verify(&key)?;
            if own && matches!(list.get_by_cert(certificate), CrlStatus::Revoked(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether the authority's key signed the certificate. For keys with their curve written out, as Vietnam's passport authority has
/// them: ICAO 9303-12 table 6 wants that, OpenSSL's path validation refuses it, because a stranger could bring a curve of his own. Here
/// the curve is that of an installed certificate or of one that it signed.
fn signed_by(certificate: &X509, authority: &X509) -> Result<bool, ErrorStack> {
    Ok(authority.issued(certificate) == X509VerifyResult::OK && certificate.verify(&*authority.public_key()?)?)
}

fn within_validity(certificate: &X509, time: Option<i64>) -> Result<bool, ErrorStack> {
    let Some(time) = time else { return Ok(true) };
    let time = Asn1Time::from_unix(time)?;
    Ok(certificate.not_before().compare(&time)?.is_le() && certificate.not_after().compare(&time)?.is_ge())
}

/// The files of a folder in the order of their names; hidden ones and subfolders are left out.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The certificates of an ICAO master list (ICAO 9303-12 9): CMS around SEQUENCE { version, SET OF Certificate }.
fn master_list(file: &[u8]) -> Vec<X509> {
    SignedData::read(file)
        .filter(|signed| signed.content_type == MASTER_LIST)
        .and_then(|signed| tlv::find(signed.content, &[0x30, 0x31]))
        .and_then(|set| tlv::all(set.value).ok())
        .map(|all| all.into_iter().filter_map(|certificate| X509::from_der(certificate.whole).ok()).collect())
        .unwrap_or_default()
}

/// A distinguished name in one line: `C=VN, O=…, CN=…`.
fn name(name: &X509NameRef) -> String {
    let part = |entry: &openssl::x509::X509NameEntryRef| {
        let key = entry.object().nid().short_name().unwrap_or("?").to_owned();
        let value = entry.data().to_string().unwrap_or_default();
        format!("{key}={}", value.chars().filter(|c| !c.is_control()).take(100).collect::<String>())
    };
    name.entries().take(10).map(part).collect::<Vec<_>>().join(", ")
}
