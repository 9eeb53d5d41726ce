//! Keys and block ciphers of ICAO 9303-11: key derivation (9.7.1), document basic access keys (9.7.2), PACE keys (9.7.3), message
//! authentication (9.8.6).

use super::{AccessKey, CardError};
use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    pkey::PKey,
    sign::Signer,
    symm::{self, Crypter, Mode},
};
use std::fmt;

/// Cipher of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// Triple DES with two keys, CBC; retail MAC (ISO 9797-1 algorithm 3).
    TripleDes,
    /// AES-128, CBC; CMAC.
    Aes128,
    /// AES-192, CBC; CMAC.
    Aes192,
    /// AES-256, CBC; CMAC.
    Aes256,
}

impl Cipher {
    /// By the last arc of the object identifiers of PACE and chip authentication (ICAO 9303-11 9.2.3, 9.2.7).
    #[must_use]
    pub fn by_arc(arc: u8) -> Option<Self> {
        match arc {
            1 => Some(Self::TripleDes),
            2 => Some(Self::Aes128),
            3 => Some(Self::Aes192),
            4 => Some(Self::Aes256),
            0 | 5.. => None,
        }
    }

    /// Bytes of a block: 8 or 16.
    #[must_use]
    pub fn block(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }

    fn cbc(self) -> symm::Cipher {
        match self {
            Self::TripleDes => symm::Cipher::des_ede3_cbc(),
            Self::Aes128 => symm::Cipher::aes_128_cbc(),
            Self::Aes192 => symm::Cipher::aes_192_cbc(),
            Self::Aes256 => symm::Cipher::aes_256_cbc(),
        }
    }
}

/// Session or access keys. Debug is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// Cipher of both.
    pub cipher: Cipher,
    /// Encryption key; 16 bytes for triple DES, parity adjusted.
    pub enc: Vec<u8>,
    /// Authentication key.
    pub mac: Vec<u8>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?}, …)", self.cipher)
    }
}

impl Keys {
    /// Both keys of a shared secret (9.7.1: counters 1 and 2).
    ///
    /// # Errors
    /// When the library of ciphers fails.
    pub fn derive(cipher: Cipher, secret: &[u8]) -> Result<Self, CardError> {
        Ok(Self { cipher, enc: kdf(cipher, secret, 1)?, mac: kdf(cipher, secret, 2)? })
    }
}

/// Key derivation function (9.7.1).
///
/// # Errors
/// When the library of ciphers fails.
pub fn kdf(cipher: Cipher, secret: &[u8], counter: u32) -> Result<Vec<u8>, CardError> {
    let (digest, length) = match cipher {
        Cipher::TripleDes | Cipher::Aes128 => (MessageDigest::sha1(), 16),
        Cipher::Aes192 => (MessageDigest::sha256(), 24),
        Cipher::Aes256 => (MessageDigest::sha256(), 32),
    };
    let mut key = hash(digest, &[secret, &counter.to_be_bytes()].concat())?;
    key.truncate(length);
    if cipher == Cipher::TripleDes {
        for byte in &mut key {
            *byte = (*byte & 0xFE) | u8::from((*byte >> 1).count_ones() % 2 == 0);
        }
    }
    Ok(key)
}

/// Key seed of basic access control (9.7.2). None for a card access number: only PACE takes one.
///
/// # Errors
/// [`CardError::WrongKey`] when the MRZ cannot be one.
pub fn bac_seed(key: &AccessKey) -> Result<Option<Vec<u8>>, CardError> {
    match key {
        AccessKey::Can(_) => Ok(None),
        AccessKey::Mrz { document, birth, expiry } => {
            let mut seed = hash(MessageDigest::sha1(), mrz_information(document, birth, expiry)?.as_bytes())?;
            seed.truncate(16);
            Ok(Some(seed))
        }
    }
}

/// Key of PACE's nonce (9.7.3), from the card access number or the MRZ.
///
/// # Errors
/// [`CardError::WrongKey`] when the number or the MRZ cannot be one.
pub fn pace_key(cipher: Cipher, key: &AccessKey) -> Result<Vec<u8>, CardError> {
    let secret = match key {
        AccessKey::Can(can) if can.len() == 6 && can.bytes().all(|byte| byte.is_ascii_digit()) => can.as_bytes().to_vec(),
        AccessKey::Can(_) => return Err(CardError::WrongKey),
        AccessKey::Mrz { document, birth, expiry } => hash(MessageDigest::sha1(), mrz_information(document, birth, expiry)?.as_bytes())?,
    };
    kdf(cipher, &secret, 3)
}

/// `MRZ_information`: document number (filled to nine), birth, expiry, each with its check digit.
fn mrz_information(document: &str, birth: &str, expiry: &str) -> Result<String, CardError> {
    let document = format!("{document:<<9}");
    let date = |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !date(birth) || !date(expiry) {
        return Err(CardError::WrongKey);
    }
    let mut information = String::new();
    for field in [document.as_str(), birth, expiry] {
        information.push_str(field);
        information.push(check_digit(field).ok_or(CardError::WrongKey)?);
    }
    Ok(information)
}

/// Check digit of the MRZ (ICAO 9303-3 4.9). None when a character cannot stand in one.
fn check_digit(field: &str) -> Option<char> {
    let mut sum = 0;
    for (character, weight) in field.chars().zip([7, 3, 1].into_iter().cycle()) {
        let value = match character {
            '<' => 0,
            '0'..='9' | 'A'..='Z' => character.to_digit(36)?,
            _ => return None,
        };
        sum += value * weight;
    }
    char::from_digit(sum % 10, 10)
}

/// CBC without padding; `data` is whole blocks.
///
/// # Errors
/// When it is not.
pub fn encrypt(cipher: Cipher, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CardError> {
    crypt(Mode::Encrypt, cipher, &full_key(cipher, key), iv, data)
}

/// CBC without padding; `data` is whole blocks.
///
/// # Errors
/// When it is not.
pub fn decrypt(cipher: Cipher, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CardError> {
    crypt(Mode::Decrypt, cipher, &full_key(cipher, key), iv, data)
}

/// Message authentication code of eight bytes: retail MAC, which pads, or CMAC.
///
/// # Errors
/// When the library of ciphers fails.
pub fn mac(cipher: Cipher, key: &[u8], message: &[u8]) -> Result<Vec<u8>, CardError> {
    let mut code = match cipher {
        Cipher::TripleDes => return retail_mac(key, &pad(message, 8)),
        Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => cmac(cipher, key, message).map_err(failed)?,
    };
    code.truncate(8);
    Ok(code)
}

/// ISO 9797-1 padding method 2.
#[must_use]
pub fn pad(data: &[u8], block: usize) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(block), 0);
    padded
}

/// Takes the padding off; none when there is none.
#[must_use]
pub fn unpad(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    if data.get(end) == Some(&0x80) { data.get(..end) } else { None }
}

/// All blocks but the last under the first key alone, the last one under both: single DES is not in OpenSSL's default provider, so it
/// is triple DES with equal keys.
fn retail_mac(key: &[u8], padded: &[u8]) -> Result<Vec<u8>, CardError> {
    let (before, last) = padded.split_at(padded.len().saturating_sub(8));
    let single = key.get(..8).unwrap_or_default();
    let chained = crypt(Mode::Encrypt, Cipher::TripleDes, &[single, single, single].concat(), &[0; 8], before)?;
    let iv = chained.last_chunk::<8>().copied().unwrap_or_default();
    crypt(Mode::Encrypt, Cipher::TripleDes, &full_key(Cipher::TripleDes, key), &iv, last)
}

fn cmac(cipher: Cipher, key: &[u8], message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::cmac(&cipher.cbc(), key)?;
    Signer::new_without_digest(&key)?.sign_oneshot_to_vec(message)
}

/// Two-key triple DES as OpenSSL wants it.
fn full_key(cipher: Cipher, key: &[u8]) -> Vec<u8> {
    let mut full = key.to_vec();
    if cipher == Cipher::TripleDes {
        full.extend(key.iter().take(8));
    }
    full
}

fn crypt(mode: Mode, cipher: Cipher, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CardError> {
    let kind = cipher.cbc();
    if key.len() != kind.key_len() || iv.len() != cipher.block() || !data.len().is_multiple_of(cipher.block()) {
        return Err(CardError::Protocol("encrypted data is not whole blocks".to_owned()));
    }
    let run = || -> Result<Vec<u8>, ErrorStack> {
        let mut crypter = Crypter::new(kind, mode, key, Some(iv))?;
        crypter.pad(false);
        let mut out = vec![0; data.len() + cipher.block()];
        let done = crypter.update(data, &mut out)?;
        out.truncate(done);
        Ok(out)
    };
    run().map_err(failed)
}

pub(super) fn hash(digest: MessageDigest, data: &[u8]) -> Result<Vec<u8>, CardError> {
    Ok(openssl::hash::hash(digest, data).map_err(failed)?.to_vec())
}

/// A failure of OpenSSL: the card's numbers were no numbers of its curve, or the build lacks a cipher.
#[expect(clippy::needless_pass_by_value, reason = "shape of map_err")]
pub(super) fn failed(cause: ErrorStack) -> CardError {
    CardError::Protocol(format!("cryptography failed: {cause}"))
}
