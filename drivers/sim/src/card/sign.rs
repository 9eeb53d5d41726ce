//! A throw-away authority (CSCA) and its document signer: EF.SOD (ICAO 9303-10 4.6.2, 9303-12), and the keys of a chip.

use super::access::suite_number;
use super::cipher::{Suite, tlv};
use openssl::{
    asn1::{Asn1Integer, Asn1Time},
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::{MessageDigest, hash},
    nid::Nid,
    pkey::{PKey, Private},
    rand::rand_bytes,
    rsa::{Padding, Rsa},
    sign::Signer,
    x509::{
        X509, X509Builder, X509Name, X509NameBuilder,
        extension::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier},
    },
};
use std::collections::BTreeMap;

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// id-contentType, id-messageDigest and id-signingTime differ in the last byte.
const ATTRIBUTE: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09];

/// Signs cards; made anew for every run, so that nobody can take its cards for real ones.
pub struct Issuer {
    csca: X509,
    signer: X509,
    signer_key: PKey<Private>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuer(…)")
    }
}

impl Issuer {
    /// An authority (P-384) of that name and its document signer (P-256).
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn new(name: &str) -> Result<Self, ErrorStack> {
        let csca_key = ec_key(Nid::SECP384R1)?;
        let subject = distinguished(name)?;
        let csca = certificate(&subject, &subject, &csca_key, &csca_key, None)?;
        let signer_key = ec_key(Nid::X9_62_PRIME256V1)?;
        let signer = certificate(&distinguished(&format!("{name} DS"))?, &subject, &signer_key, &csca_key, Some(&csca))?;
        Ok(Self { csca, signer, signer_key })
    }

    /// The authority's certificate, for a trust store.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn csca_pem(&self) -> Result<Vec<u8>, ErrorStack> {
        self.csca.to_pem()
    }

    /// The same as DER.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn csca_der(&self) -> Result<Vec<u8>, ErrorStack> {
        self.csca.to_der()
    }

    /// EF.SOD over the data groups.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn sod(&self, groups: &BTreeMap<u8, &[u8]>) -> Result<Vec<u8>, ErrorStack> {
        let mut hashes = Vec::new();
        for (number, bytes) in groups {
            hashes.extend(tlv(0x30, &[tlv(2, &[*number]), tlv(4, &hash(MessageDigest::sha256(), bytes)?)].concat()));
        }
        let content = tlv(0x30, &[tlv(2, &[0]), algorithm(SHA256), tlv(0x30, &hashes)].concat());
        let digest = tlv(4, &hash(MessageDigest::sha256(), &content)?);
        let mut attributes = [attribute(3, &tlv(6, SECURITY_OBJECT)), attribute(4, &digest), attribute(5, &tlv(0x17, b"210510080000Z"))];
        // DER wants the members of a SET OF sorted.
        attributes.sort();
        let attributes = attributes.concat();
        let signature = Signer::new(MessageDigest::sha256(), &self.signer_key)?.sign_oneshot_to_vec(&tlv(0x31, &attributes))?;
        let serial = self.signer.serial_number().to_bn()?.to_vec();
        let issuer = [self.signer.issuer_name().to_der()?, tlv(2, &serial)].concat();
        let info = [
            tlv(2, &[1]),
            tlv(0x30, &issuer),
            algorithm(SHA256),
            tlv(0xa0, &attributes),
            tlv(0x30, &tlv(6, ECDSA_SHA256)),
            tlv(4, &signature),
        ];
        let signed = [
            tlv(2, &[3]),
            tlv(0x31, &algorithm(SHA256)),
            tlv(0x30, &[tlv(6, SECURITY_OBJECT), tlv(0xa0, &tlv(4, &content))].concat()),
            tlv(0xa0, &self.signer.to_der()?),
            tlv(0x31, &tlv(0x30, &info.concat())),
        ];
        let cms = tlv(0x30, &[tlv(6, SIGNED_DATA), tlv(0xa0, &tlv(0x30, &signed.concat()))].concat());
        Ok(tlv(0x77, &cms))
    }
}

fn algorithm(oid: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(6, oid), tlv(5, &[])].concat())
}

fn attribute(number: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(6, &[ATTRIBUTE.as_slice(), &[number]].concat()), tlv(0x31, value)].concat())
}

fn ec_key(curve: Nid) -> Result<PKey<Private>, ErrorStack> {
    PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(curve)?)?)
}

fn distinguished(name: &str) -> Result<X509Name, ErrorStack> {
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_nid(Nid::COUNTRYNAME, "VN")?;
    subject.append_entry_by_nid(Nid::ORGANIZATIONNAME, "Thu Nghiem")?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(subject.build())
}

fn certificate(
    subject: &X509Name,
    issuer: &X509Name,
    key: &PKey<Private>,
    issuer_key: &PKey<Private>,
    authority: Option<&X509>,
) -> Result<X509, ErrorStack> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(63, MsbOption::ONE, false)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_str("20210101000000Z")?)?;
    builder.set_not_after(&*Asn1Time::from_str("20360101000000Z")?)?;
    builder.set_pubkey(key)?;
    if let Some(authority) = authority {
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        let context = builder.x509v3_context(Some(authority), None);
        let extension = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(extension)?;
    } else {
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let context = builder.x509v3_context(None, None);
        let extension = SubjectKeyIdentifier::new().build(&context)?;
        builder.append_extension(extension)?;
    }
    builder.sign(issuer_key, MessageDigest::sha384())?;
    Ok(builder.build())
}

/// Secrets with which a chip proves that it is no copy.
#[derive(Clone)]
pub(super) struct ChipKeys {
    /// Cipher after chip authentication.
    pub(super) suite: Suite,
    /// Chip authentication, brainpoolP256r1.
    pub(super) agreement: EcKey<Private>,
    /// Active authentication: EC on P-256, or RSA.
    active: PKey<Private>,
}

impl ChipKeys {
    pub(super) fn new(suite: Suite, rsa: Option<u32>) -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
        let active = match rsa {
            Some(bits) => PKey::from_rsa(Rsa::generate(bits)?)?,
            None => ec_key(Nid::X9_62_PRIME256V1)?,
        };
        Ok(Self { suite, agreement: EcKey::generate(&group)?, active })
    }

    /// DG14: ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, ActiveAuthenticationInfo for ECDSA (ICAO 9303-11 9.2).
    pub(super) fn dg14(&self) -> Result<Vec<u8>, ErrorStack> {
        let protocol = [0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, suite_number(self.suite)];
        let kind = [0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x01, 0x02];
        let key = PKey::from_ec_key(self.agreement.clone())?.public_key_to_der()?;
        let mut infos = vec![tlv(0x30, &[tlv(6, &protocol), tlv(2, &[1])].concat()), tlv(0x30, &[tlv(6, &kind), key].concat())];
        if self.active.rsa().is_err() {
            let plain_sha256 = [0x04, 0x00, 0x7f, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01, 0x03];
            let active = tlv(6, &[0x67, 0x81, 0x08, 0x01, 0x01, 0x05]);
            infos.push(tlv(0x30, &[active, tlv(2, &[1]), tlv(6, &plain_sha256)].concat()));
        }
        infos.sort();
        Ok(tlv(0x6e, &tlv(0x31, &infos.concat())))
    }

    /// DG15: the public key of active authentication.
    pub(super) fn dg15(&self) -> Result<Vec<u8>, ErrorStack> {
        Ok(tlv(0x6f, &self.active.public_key_to_der()?))
    }

    /// INTERNAL AUTHENTICATE (ICAO 9303-11 6.1): ECDSA as plain r and s, or ISO 9796-2 scheme 1 with SHA-256.
    pub(super) fn answer(&self, challenge: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let Ok(rsa) = self.active.rsa() else {
            let digest = hash(MessageDigest::sha256(), challenge)?;
            let own: &EcKey<Private> = &self.active.ec_key()?;
            let signature = EcdsaSig::sign(&digest, own)?;
            return Ok([signature.r().to_vec_padded(32)?, signature.s().to_vec_padded(32)?].concat());
        };
        let size = usize::try_from(rsa.size()).unwrap_or(256);
        // 6A, recoverable part, digest, 34 CC for SHA-256.
        let mut recoverable = vec![0; size - 1 - 32 - 2];
        rand_bytes(&mut recoverable)?;
        let digest = hash(MessageDigest::sha256(), &[recoverable.as_slice(), challenge].concat())?;
        let message = [&[0x6a], recoverable.as_slice(), &digest, &[0x34, 0xcc]].concat();
        let mut signature = vec![0; size];
        rsa.private_encrypt(&message, &mut signature, Padding::NONE)?;
        Ok(signature)
    }
}
