//! Active authentication (ICAO 9303-11 6.1): the chip signs a challenge with a key that never leaves it.

use super::{CardError, tlv};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, Public};
use openssl::rsa::{Padding, Rsa};

/// id-icao-mrtd-security-aaProtocolObject, 2.23.136.1.1.5.
const ACTIVE_AUTHENTICATION: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x05];
/// ecdsa-plain-signatures, 0.4.0.127.0.7.1.1.4.1 (BSI TR-03111 5.2.1.1); one more byte names the digest.
const ECDSA_PLAIN: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01];

/// Whether `answer` is the signature of `challenge` (8 bytes) by the key of DG15. `dg14` names the digest of an elliptic key; without
/// it the digest is the one of the key's size. False is a copy of a card, or a broken one.
///
/// # Errors
/// [`CardError::Protocol`] when DG15 holds no RSA or elliptic key.
pub fn verify(dg15: &[u8], dg14: Option<&[u8]>, challenge: &[u8], answer: &[u8]) -> Result<bool, CardError> {
    let unreadable = || CardError::Protocol("the key in DG15 is neither RSA nor on an elliptic curve".into());
    let key = tlv::find(dg15, &[0x6F]).and_then(|file| PKey::public_key_from_der(file.value).ok()).ok_or_else(unreadable)?;
    let verified = match (key.rsa(), key.ec_key().is_ok()) {
        (Ok(rsa), _) => rsa_recovers(&rsa, challenge, answer),
        (Err(_), true) => ecdsa(&key, dg14, challenge, answer),
        (Err(_), false) => return Err(unreadable()),
    };
    // OpenSSL refuses numbers outside the group by an error: no signature of this key.
    Ok(verified.unwrap_or(false))
}

/// ISO/IEC 9796-2 digital signature scheme 1: header, nonce of the chip, digest of nonce and challenge, trailer.
fn rsa_recovers(key: &Rsa<Public>, challenge: &[u8], answer: &[u8]) -> Result<bool, ErrorStack> {
    if answer.len() != key.size() as usize {
        return Ok(false);
    }
    let mut opened = vec![0; answer.len()];
    key.public_encrypt(answer, &mut opened, Padding::NONE)?;
    if opened.last().is_none_or(|last| last & 0x0F != 0x0C) {
        // The signer may have sent the smaller of s and n - s (ISO/IEC 9796-2 B.6).
        let mut other = BigNum::new()?;
        other.checked_sub(key.n(), &*BigNum::from_slice(&opened)?)?;
        opened = other.to_vec_padded(i32::try_from(answer.len()).unwrap_or(i32::MAX))?;
    }
    let Some((nonce, sent, digest)) = recovered(&opened) else { return Ok(false) };
    let computed = hash(digest, &[nonce, challenge].concat())?;
    Ok(openssl::memcmp::eq(&computed, sent))
}

/// The nonce, the digest and its algorithm.
fn recovered(opened: &[u8]) -> Option<(&[u8], &[u8], MessageDigest)> {
    let (digest, body) = match opened {
        [body @ .., 0xBC] => (MessageDigest::sha1(), body),
        [body @ .., 0x33, 0xCC] => (MessageDigest::sha1(), body),
        [body @ .., 0x34, 0xCC] => (MessageDigest::sha256(), body),
        [body @ .., 0x35, 0xCC] => (MessageDigest::sha512(), body),
        [body @ .., 0x36, 0xCC] => (MessageDigest::sha384(), body),
        [body @ .., 0x38, 0xCC] => (MessageDigest::sha224(), body),
        _ => return None,
    };
    let (header, body) = body.split_first()?;
    // 6A or 4A; or padding up to the nibble A: 4B BB … BA.
    let message = match header {
        0x4A | 0x6A => body,
        0x4B | 0x6B => {
            let padding = body.iter().position(|byte| *byte != 0xBB)?;
            body.get(padding..)?.strip_prefix(&[0xBA])?
        }
        _ => return None,
    };
    let (nonce, sent) = message.split_at_checked(message.len().checked_sub(digest.size())?)?;
    Some((nonce, sent, digest))
}

/// Plain ECDSA: r and s one after the other, each as long as the group's order (BSI TR-03111 5.2.1).
fn ecdsa(key: &PKey<Public>, dg14: Option<&[u8]>, challenge: &[u8], answer: &[u8]) -> Result<bool, ErrorStack> {
    let digest = dg14.and_then(named_digest).unwrap_or_else(|| usual_digest(key.bits()));
    let (r, s) = answer.split_at(answer.len() / 2);
    if r.len() != s.len() || r.is_empty() {
        return Ok(false);
    }
    let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
    let hashed = hash(digest, challenge)?;
    let key = key.ec_key()?;
    signature.verify(&hashed, &key)
}

/// The digest in ActiveAuthenticationInfo among the SecurityInfos of DG14.
fn named_digest(dg14: &[u8]) -> Option<MessageDigest> {
    let infos = tlv::find(dg14, &[0x6E, 0x31])?;
    tlv::all(infos.value).ok()?.into_iter().find_map(|info| {
        let parts = tlv::all(info.value).ok()?;
        let [protocol, _version, algorithm] = parts.as_slice() else { return None };
        if protocol.value != ACTIVE_AUTHENTICATION {
            return None;
        }
        match algorithm.value.strip_prefix(ECDSA_PLAIN)? {
            [1] => Some(MessageDigest::sha1()),
            [2] => Some(MessageDigest::sha224()),
            [3] => Some(MessageDigest::sha256()),
            [4] => Some(MessageDigest::sha384()),
            [5] => Some(MessageDigest::sha512()),
            _ => None,
        }
    })
}

fn usual_digest(bits: u32) -> MessageDigest {
    match bits {
        512.. => MessageDigest::sha512(),
        384.. => MessageDigest::sha384(),
        256.. => MessageDigest::sha256(),
        224.. => MessageDigest::sha224(),
        _ => MessageDigest::sha1(),
    }
}
