//! PACE with generic mapping over elliptic curves (ICAO 9303-11 4.4): the chip opens to whoever knows the card access number or the
//! machine-readable zone, and nobody who listens learns the keys.

use super::{
    AccessKey, CardError,
    apdu::{Answer, Command, GENERAL_AUTHENTICATE, MANAGE_SECURITY, refused},
    curve::{Curve, Pair, Random, session_keys},
    keys::{self, Cipher, Keys},
    link::Link,
    messaging::Session,
    tlv,
};

/// id-PACE-ECDH-GM, 0.4.0.127.0.7.2.2.4.2; the next arc is the cipher.
const GENERIC_MAPPING: [u8; 9] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, 0x02];
const SEQUENCE: u32 = 0x30;
const SET: u32 = 0x31;
const INTEGER: u32 = 0x02;
const OBJECT_IDENTIFIER: u32 = 0x06;
/// Dynamic authentication data.
const AUTHENTICATION: u32 = 0x7C;

/// One way of PACE that a chip offers and this reader knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Object identifier, the value of its data object.
    pub oid: Vec<u8>,
    /// Cipher of nonce and session.
    pub cipher: Cipher,
    /// Identifier of standardized domain parameters.
    pub parameter: u8,
}

/// Why PACE did not open the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The chip took part and refused the key.
    Key,
    /// Something else: the other way in may work.
    Other(CardError),
}

impl From<CardError> for Refused {
    fn from(error: CardError) -> Self {
        Self::Other(error)
    }
}

/// The offers of EF.CardAccess that this reader knows, in the card's order. Empty when there is none.
#[must_use]
pub fn offers(card_access: &[u8]) -> Vec<Offer> {
    let Some(infos) = tlv::find(card_access, &[SET]).and_then(|set| tlv::all(set.value).ok()) else { return Vec::new() };
    infos.iter().filter(|info| info.tag == SEQUENCE).filter_map(|info| offer(info.value)).collect()
}

/// PACEInfo (9.2.1): protocol, version 2, identifier of the parameters.
fn offer(info: &[u8]) -> Option<Offer> {
    let fields = tlv::all(info).ok()?;
    let [protocol, version, parameter] = fields.as_slice() else { return None };
    if (protocol.tag, version.tag, version.value, parameter.tag) != (OBJECT_IDENTIFIER, INTEGER, &[2], INTEGER) {
        return None;
    }
    let [arc] = protocol.value.strip_prefix(&GENERIC_MAPPING)? else { return None };
    let [parameter] = parameter.value else { return None };
    Curve::by_id(*parameter).ok()??;
    Some(Offer { oid: protocol.value.to_vec(), cipher: Cipher::by_arc(*arc)?, parameter: *parameter })
}

/// Opens the chip. The link has a session afterwards.
///
/// # Errors
/// [`Refused::Key`] when the chip refuses the key, else what went wrong.
pub fn open(link: &mut Link<'_>, offer: &Offer, key: &AccessKey, random: Random<'_>) -> Result<(), Refused> {
    let nonce_key = keys::pace_key(offer.cipher, key)?;
    let curve = Curve::by_id(offer.parameter)?.ok_or_else(|| wrong("a curve that is not known here"))?;
    let status = link.send(&select(offer, key))?.status;
    // 63Cx tells how many attempts are left and is no refusal.
    if !matches!(status, 0x9000 | 0x63C0..=0x63CF) {
        return Err(Refused::Other(refused("MSE:Set AT", status)));
    }

    let encrypted = step(link, &[], 0x80)?;
    let nonce = keys::decrypt(offer.cipher, &nonce_key, &vec![0; offer.cipher.block()], &encrypted)?;
    let own = curve.pair(random)?;
    let common = curve.agree(&own, &step(link, &tlv::write(0x81, &own.public), 0x82)?)?;
    let mapped = curve.mapped(&nonce, &common)?;

    let own = mapped.pair(random)?;
    let theirs = step(link, &tlv::write(0x83, &own.public), 0x84)?;
    let session = session_keys(offer.cipher, &mapped.agree(&own, &theirs)?)?;
    prove(link, offer, &session, &own, &theirs)?;
    link.session = Some(Session::new(session, 0));
    Ok(())
}

/// MSE:Set AT (4.4.4.1).
#[must_use]
pub fn select(offer: &Offer, key: &AccessKey) -> Command {
    let password = match key {
        AccessKey::Mrz { .. } => 1,
        AccessKey::Can(_) => 2,
    };
    let data = [tlv::write(0x80, &offer.oid), tlv::write(0x83, &[password]), tlv::write(0x84, &[offer.parameter])].concat();
    Command::new(MANAGE_SECURITY, 0xC1, 0xA4).with(data)
}

/// Authentication token (4.4.3.4): over the other side's key.
///
/// # Errors
/// When the library of ciphers fails.
pub fn token(session: &Keys, oid: &[u8], public: &[u8]) -> Result<Vec<u8>, CardError> {
    let input = tlv::write(0x7F49, &[tlv::write(OBJECT_IDENTIFIER, oid), tlv::write(0x86, public)].concat());
    keys::mac(session.cipher, &session.mac, &input)
}

/// Exchanges the tokens.
fn prove(link: &mut Link<'_>, offer: &Offer, session: &Keys, own: &Pair, theirs: &[u8]) -> Result<(), Refused> {
    let ours = tlv::write(0x85, &token(session, &offer.oid, theirs)?);
    let command = Command::new(GENERAL_AUTHENTICATE, 0, 0).with(tlv::write(AUTHENTICATION, &ours)).expecting(256);
    let answer = link.send(&command)?;
    if matches!(answer.status, 0x6300..=0x63CF | 0x6982 | 0x6988) {
        return Err(Refused::Key);
    }
    let sent = data_object(answer, 0x86)?;
    if !(sent.len() == 8 && openssl::memcmp::eq(&sent, &token(session, &offer.oid, &own.public)?)) {
        return Err(Refused::Other(wrong("the chip does not know the key either")));
    }
    Ok(())
}

/// One GENERAL AUTHENTICATE of the chain: sends a data object, returns the value of the one expected.
fn step(link: &mut Link<'_>, object: &[u8], expected: u32) -> Result<Vec<u8>, CardError> {
    let mut command = Command::new(GENERAL_AUTHENTICATE, 0, 0).with(tlv::write(AUTHENTICATION, object)).expecting(256);
    command.cla = 0x10;
    data_object(link.send(&command)?, expected)
}

fn data_object(answer: Answer, expected: u32) -> Result<Vec<u8>, CardError> {
    let data = answer.done("PACE")?;
    let object = tlv::find(&data, &[AUTHENTICATION, expected]).ok_or_else(|| wrong("an answer without what was asked"))?;
    Ok(object.value.to_vec())
}

fn wrong(what: &str) -> CardError {
    CardError::Protocol(format!("PACE: {what}"))
}
