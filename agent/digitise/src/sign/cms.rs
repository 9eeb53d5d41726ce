//! The signature itself: CMS SignedData (RFC 5652) as CAdES and PAdES baseline B-B want it (ETSI EN 319 122-1, EN 319 142-1 6.3).

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;
use openssl::x509::X509;
use sha2::{Digest as _, Sha256};

use super::certificate::{Certificate, Scheme};
use super::der::{EXPLICIT_0, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, set_of, unsigned, write};

/// id-data, 1.2.840.113549.1.7.1.
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
/// id-signedData, 1.2.840.113549.1.7.2.
pub(super) const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// contentType, 1.2.840.113549.1.9.3.
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
/// messageDigest, 1.2.840.113549.1.9.4.
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
/// signingCertificateV2 (RFC 5035), 1.2.840.113549.1.9.16.2.47.
const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x02, 0x2F];
/// 2.16.840.1.101.3.4.2.1.
pub(super) const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// id-RSASSA-PSS, 1.2.840.113549.1.1.10.
const RSASSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];
/// id-mgf1, 1.2.840.113549.1.1.8.
const MGF1: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08];
/// ecdsa-with-SHA256, 1.2.840.10045.4.3.2.
const ECDSA_SHA_256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];

const NULL: [u8; 2] = [5, 0];
const SALT_LEN: u8 = 32;
/// What stands around certificates, name and signature; measured at about 400 bytes.
const FRAME: usize = 1024;

/// What is signed: the attributes that tie the document's digest to the signer's certificate. signingTime is not among them, PAdES
/// forbids it; the time stands in the signature dictionary.
pub(super) fn signed_attributes(document: &[u8; 32], certificate: &[u8]) -> Vec<u8> {
    // ESSCertIDv2 with its default digest, SHA-256, left out as DER wants.
    let certificate_id = write(SEQUENCE, &[&write(OCTET_STRING, &[&Sha256::digest(certificate)])]);
    let signing_certificate = write(SEQUENCE, &[&write(SEQUENCE, &[&certificate_id])]);
    set_of(vec![
        attribute(CONTENT_TYPE, &oid(DATA)),
        attribute(MESSAGE_DIGEST, &write(OCTET_STRING, &[document])),
        attribute(SIGNING_CERTIFICATE_V2, &signing_certificate),
    ])
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    write(SEQUENCE, &[&oid(kind), &write(SET, &[value])])
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    write(OBJECT_IDENTIFIER, &[bytes])
}

fn sha_256() -> Vec<u8> {
    write(SEQUENCE, &[&oid(SHA_256)])
}

/// ContentInfo with the one signature; `signature` as the token gave it.
pub(super) fn signed_data(signer: &Certificate<'_>, chain: &[Vec<u8>], attributes: &[u8], signature: &[u8]) -> Vec<u8> {
    let (algorithm, signature) = match signer.scheme {
        Scheme::RsaPss => (rsassa_pss(), signature.to_vec()),
        Scheme::EcdsaP256 => (write(SEQUENCE, &[&oid(ECDSA_SHA_256)]), ecdsa_value(signature)),
    };
    let signer_info = write(
        SEQUENCE,
        &[
            &unsigned(&[1]),
            &write(SEQUENCE, &[signer.issuer(), &write(INTEGER, &[signer.serial()])]),
            &sha_256(),
            // The same bytes as were signed, under another tag (RFC 5652 5.4).
            &[&[EXPLICIT_0], attributes.get(1..).unwrap_or_default()].concat(),
            &algorithm,
            &write(OCTET_STRING, &[&signature]),
        ],
    );
    let mut certificates = vec![signer.der.to_vec()];
    certificates.extend(chain.iter().filter(|other| other.as_slice() != signer.der).cloned());
    certificates.sort();
    let signed = write(
        SEQUENCE,
        &[
            &unsigned(&[1]),
            &write(SET, &[&sha_256()]),
            &write(SEQUENCE, &[&oid(DATA)]),
            &write(EXPLICIT_0, &certificates.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            &write(SET, &[&signer_info]),
        ],
    );
    write(SEQUENCE, &[&oid(SIGNED_DATA), &write(EXPLICIT_0, &[&signed])])
}

/// Bytes that the ContentInfo takes at most.
pub(super) fn room(signer: &Certificate<'_>, chain: &[Vec<u8>]) -> usize {
    let certificates = signer.der.len() + chain.iter().map(Vec::len).sum::<usize>();
    FRAME + certificates + signer.issuer().len() + signer.signature_len
}

/// RSASSA-PSS-params (RFC 4055 3.1), whose digests carry a NULL (2.1).
fn rsassa_pss() -> Vec<u8> {
    let sha_256 = || write(SEQUENCE, &[&oid(SHA_256), &NULL]);
    let mask = write(SEQUENCE, &[&oid(MGF1), &sha_256()]);
    let parameters = write(SEQUENCE, &[&write(0xA0, &[&sha_256()]), &write(0xA1, &[&mask]), &write(0xA2, &[&unsigned(&[SALT_LEN])])]);
    write(SEQUENCE, &[&oid(RSASSA_PSS), &parameters])
}

/// A token gives r and s side by side (PKCS#11 2.3.1); CMS wants a SEQUENCE of both (RFC 5753).
fn ecdsa_value(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    write(SEQUENCE, &[&unsigned(r), &unsigned(s)])
}

/// Is this the certificate's signature over the digest? A token whose key is another one's would else be found out by the recipient.
pub(super) fn is_signature_of(signer: &Certificate<'_>, digest: &[u8; 32], signature: &[u8]) -> bool {
    verified(signer, digest, signature).unwrap_or(false)
}

fn verified(signer: &Certificate<'_>, digest: &[u8; 32], signature: &[u8]) -> Result<bool, ErrorStack> {
    let key = X509::from_der(signer.der)?.public_key()?;
    match signer.scheme {
        Scheme::RsaPss => {
            let mut context = PkeyCtx::new(&key)?;
            context.verify_init()?;
            context.set_rsa_padding(Padding::PKCS1_PSS)?;
            context.set_signature_md(Md::sha256())?;
            context.set_rsa_mgf1_md(Md::sha256())?;
            context.set_rsa_pss_saltlen(RsaPssSaltlen::custom(i32::from(SALT_LEN)))?;
            context.verify(digest, signature)
        }
        Scheme::EcdsaP256 => {
            let (r, s) = signature.split_at(signature.len() / 2);
            let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
            signature.verify(digest, key.ec_key()?.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As asn1crypto 1.5.1 writes them.
    #[test]
    fn attributes_and_algorithm_are_written_as_others_write_them() {
        let digest: [u8; 32] = std::array::from_fn(|at| at as u8);
        assert_eq!(
            hex(&signed_attributes(&digest, b"certificate")),
            "318184301806092a864886f70d010903310b06092a864886f70d010701302f06092a864886f70d01090431220420000102030405060708090a0b0c0d0e\
             0f101112131415161718191a1b1c1d1e1f3037060b2a864886f70d010910022f3128302630243022042003d66dd08835c1ca3f128cceacd1f31ac94163\
             096b20f445ae84285bc0832d72"
        );
        assert_eq!(
            hex(&rsassa_pss()),
            "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0609608648016503040201\
             0500a203020120"
        );
    }

    #[test]
    fn both_halves_of_an_ecdsa_signature_are_numbers() {
        assert_eq!(ecdsa_value(&[0, 0x80, 0, 1]), [0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]);
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
