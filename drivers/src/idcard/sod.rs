//! Passive authentication (ICAO 9303-11 5.1): EF.SOD holds the digests of the data groups, signed by the issuing state.

use super::trust::{TrustStore, Vouch};
use super::{Trust, tlv};
use openssl::asn1::Asn1Time;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::hash::{MessageDigest, hash};
use openssl::stack::Stack;
use openssl::x509::X509;
use std::collections::BTreeMap;

/// id-icao-mrtd-security-ldsSecurityObject, 2.23.136.1.1.1.
const LDS_SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];
/// id-signedData, 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// signingTime, 1.2.840.113549.1.9.5.
const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];

/// Judges the groups that were read: each must have the digest that was signed, the signature must be right, and `store` says who
/// vouches for the signer. `now` is Unix time in seconds.
///
/// Certificates must have been valid when the chip was signed, if its signature has a time (one after `now` counts as `now`); without
/// a time their validity is not looked at: a certificate that has expired since is normal, for it is used for months and its cards
/// for ten years (ICAO 9303-12 4.1).
pub fn check(sod: Option<&[u8]>, groups: &BTreeMap<u8, Vec<u8>>, store: &TrustStore, now: i64) -> Trust {
    judge(sod, groups, store, now).unwrap_or_else(|reason| Trust::Broken { reason })
}

/// As [`check`]; the error is why it is broken.
fn judge(sod: Option<&[u8]>, groups: &BTreeMap<u8, Vec<u8>>, store: &TrustStore, now: i64) -> Result<Trust, String> {
    let file = sod.ok_or("no signature file")?;
    let cms = tlv::find(file, &[0x77]).ok_or("the signature file (EF.SOD) is cut off or of another kind")?.value;
    let signed = SignedData::read(cms).ok_or("the signature file holds no signed data (CMS)")?;
    if signed.content_type != LDS_SECURITY_OBJECT {
        return Err("the signature file signs something else than the files of a document".into());
    }
    // OpenSSL finds nothing wrong with a signature of nobody.
    if signed.signers != 1 {
        return Err(format!("the signature file has {} signatures instead of one", signed.signers));
    }
    let embedded: Vec<X509> = signed.certificates.iter().filter_map(|der| X509::from_der(der).ok()).collect();
    let (signer, content) = embedded
        .iter()
        .chain(store.certificates())
        .find_map(|signer| Some((signer, verified_content(cms, signer)?)))
        .ok_or("the signature is wrong, or the certificate of its signer is missing")?;
    compare(&content, groups)?;
    let time = signed.time.map(|time| time.min(now));
    match store.vouch(signer, time) {
        Vouch::Trusted(authority) => Ok(Trust::Trusted { authority }),
        Vouch::Unknown(issuer) => Ok(Trust::UnknownSigner { issuer }),
        Vouch::Refused(reason) => Err(reason),
    }
}

/// What was signed, if `signer` signed it.
fn verified_content(cms: &[u8], signer: &X509) -> Option<Vec<u8>> {
    let mut certificates = Stack::new().ok()?;
    certificates.push(signer.clone()).ok()?;
    let mut content = Vec::new();
    // The signer is the one that is asked about, not whichever the file offers; who vouches for it is looked at afterwards.
    let options = CMSOptions::NOINTERN | CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    CmsContentInfo::from_der(cms).ok()?.verify(Some(&certificates), None, None, Some(&mut content), options).ok()?;
    Some(content)
}

/// Compares every group that was read with its digest in the LDSSecurityObject (ICAO 9303-10 4.6.2).
fn compare(content: &[u8], groups: &BTreeMap<u8, Vec<u8>>) -> Result<(), String> {
    let signed = security_object(content).ok_or("the list of digests in the signature file cannot be read")?;
    let (digest, name) = digest_of(signed.algorithm).ok_or("the signature file uses an unknown digest")?;
    for (number, bytes) in groups {
        let expected = signed.digests.get(number).ok_or_else(|| format!("DG{number} is not among the signed files"))?;
        let computed = hash(digest, bytes).map_err(|error| format!("{name} cannot be computed: {error}"))?;
        if computed.as_ref() != *expected {
            return Err(format!("DG{number} differs from what was signed ({name})"));
        }
    }
    Ok(())
}

/// LDSSecurityObject, version 0 or 1.
struct SecurityObject<'a> {
    /// OID of the digest.
    algorithm: &'a [u8],
    /// Digests by group.
    digests: BTreeMap<u8, &'a [u8]>,
}

fn security_object(content: &[u8]) -> Option<SecurityObject<'_>> {
    let parts = tlv::all(tlv::find(content, &[0x30])?.value).ok()?;
    let [version, algorithm, list, ..] = parts.as_slice() else { return None };
    let algorithm = tlv::find(algorithm.value, &[0x06])?;
    if !matches!(version.value, [0] | [1]) {
        return None;
    }
    let mut digests = BTreeMap::new();
    for entry in tlv::all(list.value).ok()? {
        let entry = tlv::all(entry.value).ok()?;
        let [number, digest] = entry.as_slice() else { return None };
        let [number] = number.value else { return None };
        // A group with two digests would be right in either form.
        if digests.insert(*number, digest.value).is_some() {
            return None;
        }
    }
    Some(SecurityObject { algorithm: algorithm.value, digests })
}

fn digest_of(oid: &[u8]) -> Option<(MessageDigest, &'static str)> {
    match oid {
        [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Some((MessageDigest::sha1(), "SHA-1")),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, which] => match which {
            1 => Some((MessageDigest::sha256(), "SHA-256")),
            2 => Some((MessageDigest::sha384(), "SHA-384")),
            3 => Some((MessageDigest::sha512(), "SHA-512")),
            4 => Some((MessageDigest::sha224(), "SHA-224")),
            _ => None,
        },
        _ => None,
    }
}

/// The parts of CMS SignedData (RFC 5652 5.1) that OpenSSL's verification does not hand out. None of them is believed before the
/// signature was verified.
pub(super) struct SignedData<'a> {
    /// eContentType.
    pub(super) content_type: &'a [u8],
    /// eContent; empty where it is cut in pieces.
    pub(super) content: &'a [u8],
    /// DER of each certificate.
    pub(super) certificates: Vec<&'a [u8]>,
    /// How many signed it.
    pub(super) signers: usize,
    /// signingTime of the first signer, Unix time in seconds.
    pub(super) time: Option<i64>,
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo.
    pub(super) fn read(cms: &'a [u8]) -> Option<Self> {
        let info = tlv::all(tlv::find(cms, &[0x30])?.value).ok()?;
        let [kind, data] = info.as_slice() else { return None };
        if kind.value != SIGNED_DATA {
            return None;
        }
        let parts = tlv::all(tlv::find(data.value, &[0x30])?.value).ok()?;
        let [_version, _digests, content, more @ ..] = parts.as_slice() else { return None };
        let certificates = more.iter().find(|part| part.tag == 0xA0).map(|part| part.value).unwrap_or_default();
        let signers = more.iter().find(|part| part.tag == 0x31).map(|part| part.value).unwrap_or_default();
        Some(Self {
            content_type: tlv::find(content.value, &[0x06])?.value,
            content: tlv::find(content.value, &[0xA0, 0x04]).map(|content| content.value).unwrap_or_default(),
            certificates: tlv::all(certificates).ok()?.into_iter().filter(|part| part.tag == 0x30).map(|part| part.whole).collect(),
            signers: tlv::all(signers).ok()?.len(),
            time: signing_time(signers),
        })
    }
}

/// signingTime among the signed attributes of the first SignerInfo.
fn signing_time(signers: &[u8]) -> Option<i64> {
    let attributes = tlv::find(signers, &[0x30, 0xA0])?;
    tlv::all(attributes.value).ok()?.into_iter().find_map(|attribute| {
        let parts = tlv::all(attribute.value).ok()?;
        let [kind, values] = parts.as_slice() else { return None };
        let time = tlv::all(values.value).ok()?.into_iter().next().filter(|_| kind.value == SIGNING_TIME)?;
        unix(std::str::from_utf8(time.value).ok()?)
    })
}

/// UTCTime or GeneralizedTime to Unix time in seconds.
fn unix(time: &str) -> Option<i64> {
    // The library panics at a NUL in the text.
    if time.contains('\0') {
        return None;
    }
    let epoch = Asn1Time::from_unix(0).ok()?;
    let difference = epoch.diff(&*Asn1Time::from_str(time).ok()?).ok()?;
    Some(i64::from(difference.days) * 86_400 + i64::from(difference.secs))
}
