//! The hub's CA, its own certificate, its receipt key, certificates for devices, and the list of those that are revoked.

use crate::{disk, revocation::Revocations, routes::common_name};
use anyhow::{Context as _, Result, bail, ensure};
use ed25519_dalek::SigningKey;
use jiff::{Span, civil::Date};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use std::{
    fs,
    path::{Path, PathBuf},
};
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

/// Makes a hub's folder: CA, server certificate for `names` (host names and IP addresses), receipt key.
/// Returns the receipt public key in hex. A folder that has a CA already is refused.
pub fn init(dir: &Path, names: &[String], today: Date) -> Result<String> {
    ensure!(!dir.join("ca.pem").exists(), "{} holds a hub already; use it, or choose another folder", dir.display());
    disk::create_folder(dir)?;

    let ca_key = KeyPair::generate()?;
    let ca = ca_params(today)?.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca_params(today)?, ca_key);

    let server_key = KeyPair::generate()?;
    let mut params = leaf_params("motcua-hub", today, today.checked_add(Span::new().days(820))?)?;
    params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = params.signed_by(&server_key, &issuer)?;

    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|e| anyhow::anyhow!("no random numbers from the system: {e}"))?;
    let receipt_key = hex::encode(SigningKey::from_bytes(&seed).verifying_key().as_bytes());

    let export_key = KeyPair::generate()?;
    let mut params = leaf_params("motcua-hub carried messages", today, today.checked_add(Span::new().days(820))?)?;
    params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    let export = params.signed_by(&export_key, &issuer)?;

    write_pair(dir, "server", &server, &server_key)?;
    write_pair(dir, "export", &export, &export_key)?;
    disk::write_durably(&dir.join("receipt.key"), hex::encode(seed).as_bytes())?;
    disk::write_durably(&dir.join("receipt_key.txt"), receipt_key.as_bytes())?;
    disk::write_durably(&dir.join("crl.pem"), revocation_list(Vec::new(), &issuer, today)?.as_bytes())?;
    // Last, because its presence says that the folder is complete.
    disk::write_durably(&dir.join("ca.key"), issuer.key().serialize_pem().as_bytes())?;
    disk::write_durably(&dir.join("ca.pem"), ca.pem().as_bytes())?;
    Ok(receipt_key)
}

/// How long a device's certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// 90 days from today.
    Usual,
    /// Ended some days ago, for tests.
    Expired,
}

/// What a device is given at its enrolment.
pub struct Issued {
    /// Its certificate, PEM.
    pub certificate: String,
    /// The key to it, PEM.
    pub key: String,
    /// The CA of the hub's certificate, PEM.
    pub ca: String,
    /// The public key of the hub's receipts, hex.
    pub receipt_key: String,
}

/// Writes `device.pem`, `device.key`, `hub-ca.pem`, `hub-export.pem` and `receipt_key.txt` for one device into `out`.
pub fn issue(dir: &Path, device: &str, out: &Path, validity: Validity, today: Date) -> Result<()> {
    let issued = issue_in_memory(dir, device, validity, today)?;
    disk::create_folder(out)?;
    let issued_before = dir.join("issued");
    disk::create_folder(&issued_before)?;
    let (serial, _) = serial_and_name(issued.certificate.as_bytes())?;
    // First: what is out can be revoked.
    disk::write_durably(&issued_before.join(format!("{}.pem", hex::encode(serial))), issued.certificate.as_bytes())?;
    // A hub's folder of before has none.
    if let Ok(export) = fs::read_to_string(dir.join("export.pem")) {
        disk::write_durably(&out.join("hub-export.pem"), export.as_bytes())?;
    }
    let files = [
        ("device.key", issued.key),
        ("device.pem", issued.certificate),
        ("hub-ca.pem", issued.ca),
        ("receipt_key.txt", issued.receipt_key),
    ];
    for (name, text) in files {
        disk::write_durably(&out.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// As [`issue`], but nothing is written: for a fleet of simulated devices.
pub fn issue_in_memory(dir: &Path, device: &str, validity: Validity, today: Date) -> Result<Issued> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if device.is_empty() || device.len() > 64 || !device.chars().all(allowed) {
        bail!("`{device}` cannot be a device's name; use 1 to 64 letters, digits, `.`, `_` or `-`");
    }
    let key = KeyPair::generate()?;
    let (from, to) = match validity {
        Validity::Usual => (today, today.checked_add(Span::new().days(90))?),
        Validity::Expired => (today.checked_sub(Span::new().days(100))?, today.checked_sub(Span::new().days(10))?),
    };
    let mut params = leaf_params(device, from, to)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, &issuer(dir, today)?)?;
    let (ca, receipt_key) = (read(&dir.join("ca.pem"))?, read(&dir.join("receipt_key.txt"))?);
    Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem(), ca, receipt_key })
}

/// Revokes every certificate that [`issue`] has given `device` so far: writes a new `crl.pem`. Those that are issued afterwards
/// are good. Returns the serial numbers that the list had not held, in hex.
///
/// # Errors
/// When the folder holds no certificate of that device, or its `crl.pem` cannot be read.
pub fn revoke(dir: &Path, device: &str, today: Date) -> Result<Vec<String>> {
    let mut revoked = revoked(dir)?;
    let (mut known, mut new) = (false, Vec::new());
    for path in sorted(&dir.join("issued"))? {
        let (serial, name) = serial_and_name(read(&path)?.as_bytes()).with_context(|| format!("cannot use {}", path.display()))?;
        known |= name == device;
        if name == device && revoked.iter().all(|entry| entry.serial_number.as_ref() != serial) {
            new.push(hex::encode(&serial));
            let (serial_number, revocation_time) = (SerialNumber::from_slice(&serial), ca_params(today)?.not_before);
            revoked.push(RevokedCertParams { serial_number, revocation_time, reason_code: None, invalidity_date: None });
        }
    }
    ensure!(known, "{} has issued nothing to `{device}`; its certificates lie in {}/issued", dir.display(), dir.display());
    disk::write_durably(&dir.join("crl.pem"), revocation_list(revoked, &issuer(dir, today)?, today)?.as_bytes())?;
    Ok(new)
}

/// What `crl.pem` holds; nothing in a hub's folder of before.
fn revoked(dir: &Path) -> Result<Vec<RevokedCertParams>> {
    let Some(present) = Revocations::read(dir)? else { return Ok(Vec::new()) };
    let mut revoked = Vec::new();
    for der in &present.lists {
        let (_, list) = CertificateRevocationList::from_der(der).context("crl.pem is not a list of certificates")?;
        for entry in list.iter_revoked_certificates() {
            let (serial_number, revocation_time) = (SerialNumber::from_slice(entry.raw_serial()), entry.revocation_date.to_datetime());
            revoked.push(RevokedCertParams { serial_number, revocation_time, reason_code: None, invalidity_date: None });
        }
    }
    Ok(revoked)
}

fn revocation_list(revoked_certs: Vec<RevokedCertParams>, issuer: &Issuer<'_, KeyPair>, today: Date) -> Result<String> {
    let ca = ca_params(today)?;
    let list = CertificateRevocationListParams {
        this_update: ca.not_before,
        next_update: ca.not_after,
        // It grows with each revocation, as the number must.
        crl_number: SerialNumber::from(revoked_certs.len() as u64),
        issuing_distribution_point: None,
        revoked_certs,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(list.signed_by(issuer)?.pem()?)
}

fn issuer(dir: &Path, today: Date) -> Result<Issuer<'static, KeyPair>> {
    let key = KeyPair::from_pem(&read(&dir.join("ca.key"))?).context("ca.key is not a private key")?;
    Ok(Issuer::new(ca_params(today)?, key))
}

/// Serial number and common name of a certificate in PEM.
fn serial_and_name(pem: &[u8]) -> Result<(Vec<u8>, String)> {
    let der = CertificateDer::from_pem_slice(pem).context("it is not PEM")?;
    let (_, certificate) = X509Certificate::from_der(&der).context("it is not a certificate")?;
    Ok((certificate.raw_serial().to_vec(), common_name(&der).context("its subject has no name")?))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The key that signs receipts.
pub(crate) fn receipt_key(dir: &Path) -> Result<SigningKey> {
    let text = read(&dir.join("receipt.key"))?;
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed).context("receipt.key is not 32 bytes in hex")?;
    Ok(SigningKey::from_bytes(&seed))
}

pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}; make a hub's folder with `motcua-hub init`", path.display()))
}

fn write_pair(dir: &Path, name: &str, certificate: &Certificate, key: &KeyPair) -> Result<()> {
    disk::write_durably(&dir.join(format!("{name}.key")), key.serialize_pem().as_bytes())?;
    disk::write_durably(&dir.join(format!("{name}.pem")), certificate.pem().as_bytes())
}

/// The issuer's name must be the same at `init` and at every `issue`; its dates matter at `init` alone.
fn ca_params(today: Date) -> Result<CertificateParams> {
    let mut params = leaf_params("Motcua reference hub CA", today, today.checked_add(Span::new().years(10))?)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = false;
    Ok(params)
}

fn leaf_params(common_name: &str, from: Date, to: Date) -> Result<CertificateParams> {
    let at =
        |date: Date| -> Result<_> { Ok(date_time_ymd(i32::from(date.year()), u8::try_from(date.month())?, u8::try_from(date.day())?)) };
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    // Midnight UTC of the day before: a device's clock may be hours behind.
    params.not_before = at(from.yesterday()?)?;
    params.not_after = at(to)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
