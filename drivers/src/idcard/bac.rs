//! Basic access control (ICAO 9303-11 4.3): the chip opens to whoever has read its machine-readable zone.

use super::{
    AccessKey, CardError,
    apdu::{Command, EXTERNAL_AUTHENTICATE, GET_CHALLENGE, refused},
    curve::Random,
    keys::{self, Cipher, Keys},
    link::Link,
    messaging::Session,
};

/// What the reader draws for one run.
pub struct Drawn {
    /// RND.IFD.
    pub nonce: [u8; 8],
    /// K.IFD.
    pub key: [u8; 16],
}

/// Opens the chip; its application is selected. The link has a session afterwards.
///
/// # Errors
/// [`CardError::WrongKey`] when the chip does not take the key; it is the only thing that most chips say of it.
pub fn open(link: &mut Link<'_>, key: &AccessKey, random: Random<'_>) -> Result<(), CardError> {
    let Some(seed) = keys::bac_seed(key)? else {
        return Err(CardError::NotAnIdCard("it opens with its machine-readable zone only, not with a card access number".to_owned()));
    };
    let access = Keys::derive(Cipher::TripleDes, &seed)?;
    let mut drawn = Drawn { nonce: [0; 8], key: [0; 16] };
    random(&mut drawn.nonce);
    random(&mut drawn.key);
    let challenge = link.send(&Command::new(GET_CHALLENGE, 0, 0).expecting(8))?.done("GET CHALLENGE")?;
    let challenge: [u8; 8] = challenge.try_into().map_err(|_length| CardError::Protocol("a challenge of another length".to_owned()))?;
    let proof = prove(&access, &challenge, &drawn)?;
    let answer = link.send(&Command::new(EXTERNAL_AUTHENTICATE, 0, 0).with(proof).expecting(40))?;
    match answer.status {
        0x6300..=0x63CF | 0x6982 | 0x6988 => return Err(CardError::WrongKey),
        0x9000 => {}
        status => return Err(refused("EXTERNAL AUTHENTICATE", status)),
    }
    link.session = Some(agree(&access, &challenge, &drawn, &answer.data)?);
    Ok(())
}

/// Data of EXTERNAL AUTHENTICATE: EIFD and MIFD.
///
/// # Errors
/// When the library of ciphers fails.
pub fn prove(access: &Keys, challenge: &[u8; 8], drawn: &Drawn) -> Result<Vec<u8>, CardError> {
    let plain = [drawn.nonce.as_slice(), challenge, &drawn.key].concat();
    let mut proof = keys::encrypt(access.cipher, &access.enc, &[0; 8], &plain)?;
    proof.extend(keys::mac(access.cipher, &access.mac, &proof)?);
    Ok(proof)
}

/// Checks the chip's answer and makes the session of it.
///
/// # Errors
/// [`CardError::Protocol`] when the answer is not authentic or belongs to another run.
pub fn agree(access: &Keys, challenge: &[u8; 8], drawn: &Drawn, answer: &[u8]) -> Result<Session, CardError> {
    let wrong = |what: &str| CardError::Protocol(format!("basic access control: {what}"));
    let (encrypted, code) =
        answer.split_last_chunk::<8>().filter(|_| answer.len() == 40).ok_or_else(|| wrong("answer of another length"))?;
    if !openssl::memcmp::eq(&keys::mac(access.cipher, &access.mac, encrypted)?, code) {
        return Err(wrong("the chip's code is wrong"));
    }
    let plain = keys::decrypt(access.cipher, &access.enc, &[0; 8], encrypted)?;
    let (numbers, chip_key) = plain.split_at_checked(16).ok_or_else(|| wrong("answer of another length"))?;
    if numbers != [challenge.as_slice(), &drawn.nonce].concat() {
        return Err(wrong("the chip answered another run"));
    }
    let secret: Vec<u8> = drawn.key.iter().zip(chip_key).map(|(ours, theirs)| ours ^ theirs).collect();
    let half = |bytes: &[u8; 8]| u64::from(u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]));
    let counter = half(challenge) << 32 | half(&drawn.nonce);
    Ok(Session::new(Keys::derive(Cipher::TripleDes, &secret)?, counter))
}
