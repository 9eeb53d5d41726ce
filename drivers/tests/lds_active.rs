//! Active authentication against keys made here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::idcard::{CardError, active, tlv};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};

const CHALLENGE: [u8; 8] = [0xF1, 0x73, 0x58, 0x99, 0x74, 0xBF, 0x40, 0xC6];

fn dg15(key: &PKey<Private>) -> Vec<u8> {
    tlv::write(0x6F, &key.public_key_to_der().unwrap())
}

/// DG14 with one ActiveAuthenticationInfo that names an ecdsa-plain digest, behind another protocol's entry.
fn dg14(digest: u8) -> Vec<u8> {
    let info = |protocol: &[u8], algorithm: &[u8]| {
        let parts = [tlv::write(0x06, protocol), tlv::write(0x02, &[1]), tlv::write(0x06, algorithm)].concat();
        tlv::write(0x30, &parts)
    };
    let plain = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01, digest];
    let other = info(&[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, 0x02], &[0x2A]);
    let set = [other, info(&[0x67, 0x81, 0x08, 0x01, 0x01, 0x05], &plain)].concat();
    tlv::write(0x6E, &tlv::write(0x31, &set))
}

/// ISO/IEC 9796-2 scheme 1 over the whole modulus.
fn rsa_answer(key: &Rsa<Private>, digest: MessageDigest, trailer: &[u8], header: &[u8]) -> Vec<u8> {
    let size = key.size() as usize;
    let nonce: Vec<u8> = (0..size - digest.size() - trailer.len() - header.len()).map(|n| n as u8).collect();
    let hashed = hash(digest, &[nonce.as_slice(), &CHALLENGE].concat()).unwrap();
    let block = [header, &nonce, &hashed, trailer].concat();
    let mut answer = vec![0; size];
    key.private_encrypt(&block, &mut answer, Padding::NONE).unwrap();
    answer
}

#[test]
fn rsa_of_every_trailer_is_verified() {
    let rsa = Rsa::generate(2048).unwrap();
    let file = dg15(&PKey::from_rsa(rsa.clone()).unwrap());
    let forms: [(MessageDigest, &[u8]); 6] = [
        (MessageDigest::sha1(), &[0xBC]),
        (MessageDigest::sha1(), &[0x33, 0xCC]),
        (MessageDigest::sha256(), &[0x34, 0xCC]),
        (MessageDigest::sha512(), &[0x35, 0xCC]),
        (MessageDigest::sha384(), &[0x36, 0xCC]),
        (MessageDigest::sha224(), &[0x38, 0xCC]),
    ];
    for (digest, trailer) in forms {
        for header in [&[0x6A][..], &[0x4A], &[0x4B, 0xBB, 0xBA]] {
            let answer = rsa_answer(&rsa, digest, trailer, header);
            let verify = |challenge: &[u8], answer: &[u8]| active::verify(&file, None, challenge, answer).unwrap();
            assert!(verify(&CHALLENGE, &answer), "{trailer:X?} {header:X?}");
            let smaller = &(rsa.n() - &BigNum::from_slice(&answer).unwrap());
            assert!(verify(&CHALLENGE, &smaller.to_vec_padded(256).unwrap()));
            assert!(!verify(&[0; 8], &answer));
            let mut broken = answer.clone();
            broken[100] ^= 1;
            assert!(!verify(&CHALLENGE, &broken));
            assert!(!verify(&CHALLENGE, &answer[1..]));
            assert!(!verify(&CHALLENGE, &[]));
            assert!(!verify(&CHALLENGE, &[0xFF; 256]));
        }
        let wrong = rsa_answer(&rsa, digest, &[0x3F, 0xCC], &[0x6A]);
        assert!(!active::verify(&file, None, &CHALLENGE, &wrong).unwrap());
    }
}

/// The block of ICAO 9303-11, worked example of active authentication; it names no key, so it is signed with one made here.
#[test]
fn the_block_of_icao_is_taken() {
    let block = "6A9D2784A67F8E7C659973EA1AEA25D95B6C8F91E5002F369F0FBDCE8A3CEC1991B543F1696546C5524CF23A5303CD6C98599F40B79F377B5F3A1406\
                 B3B4D8F96784D23AA88DB7E1032A405E69325FA91A6E86F5C71AEA978264C4A207446DAD4E7292E2DCDA3024B47DA8\
                 C063AA1E6D22FBD976AB0FE73D94D2D9C6D88127BC";
    let block = BigNum::from_hex_str(block).unwrap().to_vec();
    let key = Rsa::generate(1024).unwrap();
    let mut answer = vec![0; 128];
    key.private_encrypt(&block, &mut answer, Padding::NONE).unwrap();
    let file = dg15(&PKey::from_rsa(key).unwrap());
    assert!(active::verify(&file, None, &CHALLENGE, &answer).unwrap());
    assert!(!active::verify(&file, None, &[0; 8], &answer).unwrap());
}

#[test]
fn a_copy_with_another_key_is_noticed() {
    let (own, other) = (Rsa::generate(2048).unwrap(), Rsa::generate(2048).unwrap());
    let answer = rsa_answer(&other, MessageDigest::sha256(), &[0x34, 0xCC], &[0x6A]);
    assert!(!active::verify(&dg15(&PKey::from_rsa(own).unwrap()), None, &CHALLENGE, &answer).unwrap());
}

#[test]
fn elliptic_signatures_are_verified_with_the_named_digest() {
    let curves = [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1, Nid::BRAINPOOL_P256R1, Nid::BRAINPOOL_P512R1];
    let digests =
        [MessageDigest::sha1(), MessageDigest::sha224(), MessageDigest::sha256(), MessageDigest::sha384(), MessageDigest::sha512()];
    for curve in curves {
        let key = EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap();
        let file = dg15(&PKey::from_ec_key(key.clone()).unwrap());
        let bytes = key.group().order_bits().div_ceil(8) as i32;
        for (number, digest) in (1..).zip(digests) {
            let signature = EcdsaSig::sign(&hash(digest, &CHALLENGE).unwrap(), &key).unwrap();
            let answer = [signature.r().to_vec_padded(bytes).unwrap(), signature.s().to_vec_padded(bytes).unwrap()].concat();
            let verify = |named: u8, challenge: &[u8], answer: &[u8]| active::verify(&file, Some(&dg14(named)), challenge, answer).unwrap();
            assert!(verify(number, &CHALLENGE, &answer), "{curve:?} {number}");
            assert!(!verify(number % 5 + 1, &CHALLENGE, &answer), "{curve:?} {number}");
            assert!(!verify(number, &[7; 8], &answer));
            assert!(!verify(number, &CHALLENGE, &answer[1..]));
            assert!(!verify(number, &CHALLENGE, &vec![0; answer.len()]));
            assert!(!verify(number, &CHALLENGE, &[]));
        }
    }
}

#[test]
fn without_dg14_the_digest_is_that_of_the_key_size() {
    let key = EcKey::generate(&EcGroup::from_curve_name(Nid::SECP384R1).unwrap()).unwrap();
    let signature = EcdsaSig::sign(&hash(MessageDigest::sha384(), &CHALLENGE).unwrap(), &key).unwrap();
    let answer = [signature.r().to_vec_padded(48).unwrap(), signature.s().to_vec_padded(48).unwrap()].concat();
    let file = dg15(&PKey::from_ec_key(key).unwrap());
    assert!(active::verify(&file, None, &CHALLENGE, &answer).unwrap());
}

#[test]
fn a_file_without_a_usable_key_is_refused() {
    let edwards = dg15(&PKey::generate_ed25519().unwrap());
    for file in [&b""[..], &[0x6F, 0x00], &[0x6F, 0x02, 0x30, 0x00], &edwards] {
        assert!(matches!(active::verify(file, None, &CHALLENGE, &[1; 64]), Err(CardError::Protocol(_))));
    }
}
