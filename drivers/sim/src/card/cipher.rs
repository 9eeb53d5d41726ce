//! Ciphers, keys and secure messaging of the card's side (ICAO 9303-11 9.7, 9.8), on OpenSSL.

use openssl::{
    error::ErrorStack,
    hash::{MessageDigest, hash},
    pkey::PKey,
    sign::Signer,
    symm::{Cipher, Crypter, Mode},
};
use std::collections::VecDeque;

/// Cipher of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Two-key 3DES in CBC with the retail MAC.
    TripleDes,
    /// AES-128 in CBC with CMAC.
    Aes128,
    /// AES-192.
    Aes192,
    /// AES-256.
    Aes256,
}

impl Suite {
    pub(super) fn block(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }

    fn cbc(self) -> Cipher {
        match self {
            Self::TripleDes => Cipher::des_ede3_cbc(),
            Self::Aes128 => Cipher::aes_128_cbc(),
            Self::Aes192 => Cipher::aes_192_cbc(),
            Self::Aes256 => Cipher::aes_256_cbc(),
        }
    }

    /// Key derivation function; `counter` 1 for encryption, 2 for MAC, 3 for the nonce of PACE (9.7.1).
    pub(super) fn derive(self, seed: &[u8], counter: u8) -> Result<Vec<u8>, ErrorStack> {
        let (digest, length) = match self {
            Self::TripleDes | Self::Aes128 => (MessageDigest::sha1(), 16),
            Self::Aes192 => (MessageDigest::sha256(), 24),
            Self::Aes256 => (MessageDigest::sha256(), 32),
        };
        let digest = hash(digest, &[seed, &[0, 0, 0, counter]].concat())?;
        Ok(digest.iter().copied().take(length).collect())
    }

    pub(super) fn encrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        crypt(self.cbc(), Mode::Encrypt, &long(self, key), iv, data)
    }

    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        crypt(self.cbc(), Mode::Decrypt, &long(self, key), iv, data)
    }

    /// Eight bytes over data that is already padded where the caller's rule wants it (9.8.6).
    pub(super) fn mac(self, key: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        if self != Self::TripleDes {
            let cmac = PKey::cmac(&self.cbc(), key)?;
            let mut mac = Signer::new_without_digest(&cmac)?.sign_oneshot_to_vec(data)?;
            mac.truncate(8);
            return Ok(mac);
        }
        // ISO 9797-1 algorithm 3: single DES down the message, 3DES at its end.
        let (one, two) = key.split_at(8);
        let chained = crypt(Cipher::des_ede3_cbc(), Mode::Encrypt, &one.repeat(3), &[0; 8], data)?;
        let last = chained.get(chained.len().saturating_sub(8)..).unwrap_or_default();
        let last = crypt(Cipher::des_ede3_cbc(), Mode::Decrypt, &two.repeat(3), &[0; 8], last)?;
        crypt(Cipher::des_ede3_cbc(), Mode::Encrypt, &one.repeat(3), &[0; 8], &last)
    }
}

/// OpenSSL knows 3DES with three keys only.
fn long(suite: Suite, key: &[u8]) -> Vec<u8> {
    if suite == Suite::TripleDes { [key, key.get(..8).unwrap_or_default()].concat() } else { key.to_vec() }
}

fn crypt(cipher: Cipher, mode: Mode, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, mode, key, Some(iv))?;
    crypter.pad(false);
    let mut out = vec![0; data.len() + cipher.block_size()];
    let written = crypter.update(data, &mut out)?;
    let rest = out.get_mut(written..).unwrap_or_default();
    let written = written + crypter.finalize(rest)?;
    out.truncate(written);
    Ok(out)
}

/// ISO 9797-1 padding method 2.
pub(super) fn pad(data: &[u8], block: usize) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(block), 0);
    padded
}

fn unpad(mut data: Vec<u8>) -> Option<Vec<u8>> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    (data.get(end) == Some(&0x80)).then(|| data.truncate(end))?;
    Some(data)
}

/// BER-TLV with one or two bytes of tag.
pub(super) fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let length: Vec<u8> = value.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match (length.as_slice(), value.len()) {
        ([], _) => out.push(0),
        ([short], ..0x80) => out.push(*short),
        (long, _) => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend(long);
        }
    }
    out.extend(value);
    out
}

/// The objects in `bytes` (tags of one byte) in their order; none when a length does not fit.
pub(super) fn objects(mut bytes: &[u8]) -> Option<VecDeque<(u8, &[u8])>> {
    let mut found = VecDeque::new();
    while let Some((tag, rest)) = bytes.split_first() {
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0x81..=0x83 => {
                let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
            short => (usize::from(*short), rest),
        };
        let (value, rest) = rest.split_at_checked(length)?;
        found.push_back((*tag, value));
        bytes = rest;
    }
    Some(found)
}

/// A command, unprotected.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) cla: u8,
    pub(super) ins: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
    pub(super) data: Vec<u8>,
    /// Bytes that the terminal can take; none when it sent no Le.
    pub(super) expected: Option<usize>,
    /// In extended format, where Le 0 means 65,536 and not 256.
    pub(super) extended: bool,
}

impl Command {
    /// ISO 7816-3 12.1.3, all seven cases.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(4)?;
        let &[cla, ins, p1, p2] = header else { return None };
        let command = Self { cla, ins, p1, p2, ..Self::default() };
        let expected = |le: usize, most: usize| Some(if le == 0 { most } else { le });
        let pair = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
        match *body {
            [] => Some(command),
            [le] => Some(Self { expected: expected(le.into(), 256), ..command }),
            [0, high, low] => Some(Self { expected: expected(pair(high, low), 65_536), extended: true, ..command }),
            [0, high, low, ref rest @ ..] => {
                let (data, le) = rest.split_at_checked(pair(high, low))?;
                let expected = match *le {
                    [] => None,
                    [high, low] => expected(pair(high, low), 65_536),
                    _ => return None,
                };
                Some(Self { data: data.to_vec(), expected, extended: true, ..command })
            }
            [length, ref rest @ ..] => {
                let (data, le) = rest.split_at_checked(length.into())?;
                let expected = match *le {
                    [] => None,
                    [le] => expected(le.into(), 256),
                    _ => return None,
                };
                Some(Self { data: data.to_vec(), expected, ..command })
            }
        }
    }
}

/// Keys and counter of secure messaging.
#[derive(Clone)]
pub(super) struct Session {
    suite: Suite,
    enc: Vec<u8>,
    mac: Vec<u8>,
    counter: u128,
}

impl Session {
    pub(super) fn new(suite: Suite, seed: &[u8], counter: u128) -> Result<Self, ErrorStack> {
        Ok(Self { suite, enc: suite.derive(seed, 1)?, mac: suite.derive(seed, 2)?, counter })
    }

    fn next(&mut self) -> Vec<u8> {
        let bits = self.suite.block() * 8;
        self.counter = self.counter.wrapping_add(1) & (u128::MAX >> (128 - bits));
        self.counter.to_be_bytes().into_iter().skip(16 - self.suite.block()).collect()
    }

    fn iv(&self, counter: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let zero = vec![0; self.suite.block()];
        if self.suite == Suite::TripleDes { Ok(zero) } else { self.suite.encrypt(&self.enc, &zero, counter) }
    }

    /// The command inside a protected one; status 6988 or 6987 when it is not right.
    pub(super) fn open(&mut self, outer: &Command) -> Result<Command, u16> {
        let counter = self.next();
        let block = self.suite.block();
        let mut objects = objects(&outer.data).ok_or(0x6988_u16)?;
        let Some((0x8e, given)) = objects.pop_back() else { return Err(0x6987) };
        let mut signed = pad(&[outer.cla, outer.ins, outer.p1, outer.p2], block);
        if !objects.is_empty() {
            let body = outer.data.get(..outer.data.len() - 10).ok_or(0x6988_u16)?;
            signed = pad(&[&signed, body].concat(), block);
        }
        let own = self.suite.mac(&self.mac, &[&counter, signed.as_slice()].concat()).map_err(|_| 0x6f00_u16)?;
        if own != given {
            return Err(0x6988);
        }
        let mut inner = Command { cla: outer.cla & !0x0c, data: Vec::new(), expected: None, ..outer.clone() };
        for (tag, value) in objects {
            match (tag, value) {
                (0x87, [1, cipher @ ..]) | (0x85, cipher) => {
                    if cipher.is_empty() || cipher.len() % block != 0 || (tag == 0x85) != (outer.ins & 1 == 1) {
                        return Err(0x6988);
                    }
                    let iv = self.iv(&counter).map_err(|_| 0x6f00_u16)?;
                    let plain = self.suite.decrypt(&self.enc, &iv, cipher).map_err(|_| 0x6f00_u16)?;
                    inner.data = unpad(plain).ok_or(0x6988_u16)?;
                }
                (0x97, [0]) => inner.expected = Some(256),
                (0x97, [0, 0]) => inner.expected = Some(65_536),
                (0x97, [le]) => inner.expected = Some(usize::from(*le)),
                (0x97, [high, low]) => inner.expected = Some(usize::from(u16::from_be_bytes([*high, *low]))),
                _ => return Err(0x6988),
            }
        }
        Ok(inner)
    }

    /// Protects an answer; without its own status bytes at the end of the frame.
    pub(super) fn close(&mut self, odd: bool, data: &[u8], status: u16) -> Result<Vec<u8>, ErrorStack> {
        let counter = self.next();
        let block = self.suite.block();
        let mut body = Vec::new();
        if !data.is_empty() {
            let cipher = self.suite.encrypt(&self.enc, &self.iv(&counter)?, &pad(data, block))?;
            body = if odd { tlv(0x85, &cipher) } else { tlv(0x87, &[&[1], cipher.as_slice()].concat()) };
        }
        body.extend(tlv(0x99, &status.to_be_bytes()));
        let mac = self.suite.mac(&self.mac, &[counter, pad(&body, block)].concat());
        // The counter's block is part of what is padded: both are whole blocks.
        body.extend(tlv(0x8e, &mac?));
        Ok(body)
    }
}
