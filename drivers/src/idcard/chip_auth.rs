//! Chip authentication (ICAO 9303-11 6.2): only the chip that was issued has the private half of the key in DG14.

use super::{
    CardError,
    apdu::{Command, GENERAL_AUTHENTICATE, MANAGE_SECURITY, OK, refused},
    curve::{Curve, Random, session_keys},
    keys::Cipher,
    link::Link,
    messaging::Session,
    tlv::{self, Tlv},
};
use openssl::pkey::PKey;

/// id-PK-ECDH, 0.4.0.127.0.7.2.2.1.2.
const PUBLIC_KEY: [u8; 9] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x01, 0x02];
/// id-CA-ECDH, 0.4.0.127.0.7.2.2.3.2; the next arc is the cipher.
const PROTOCOL: [u8; 9] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02];
/// standardizedDomainParameters, 0.4.0.127.0.7.1.2: the curve by its identifier.
const STANDARDIZED: [u8; 7] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x02];
const SEQUENCE: u32 = 0x30;
const INTEGER: u32 = 0x02;

/// How a chip proves itself.
pub struct Offer {
    curve: Curve,
    /// The chip's static key, uncompressed.
    public: Vec<u8>,
    /// Identifier of the key, when the chip has several.
    key_id: Option<Vec<u8>>,
    oid: Vec<u8>,
    /// Cipher of the new session.
    pub cipher: Cipher,
}

/// What DG14 (the whole file) offers; none when it offers nothing that this reader knows.
///
/// # Errors
/// [`CardError::Protocol`] when it offers chip authentication with a key that is none.
pub fn offer(dg14: &[u8]) -> Result<Option<Offer>, CardError> {
    let infos: Vec<Vec<Tlv<'_>>> = tlv::find(dg14, &[0x6E, 0x31])
        .and_then(|set| tlv::all(set.value).ok())
        .unwrap_or_default()
        .iter()
        .filter_map(|info| tlv::all(info.value).ok())
        .collect();
    let Some((key, key_id)) = infos.iter().find_map(|info| match info.as_slice() {
        [oid, key] if oid.value == PUBLIC_KEY => Some((key, None)),
        [oid, key, id] if oid.value == PUBLIC_KEY => Some((key, Some(id.value.to_vec()))),
        _ => None,
    }) else {
        return Ok(None);
    };
    let (curve, public) = public_key(key)?;
    let protocol = infos.iter().find_map(|info| match info.as_slice() {
        [oid, _version] => protocol(oid.value),
        // A chip with several keys names the one that the protocol is for.
        [oid, _version, id] if key_id.as_deref().is_none_or(|wanted| wanted == id.value) => protocol(oid.value),
        _ => None,
    });
    // Without ChipAuthenticationInfo the chip knows the first version only (6.2.2).
    let (oid, cipher) = protocol.unwrap_or_else(|| ([PROTOCOL.as_slice(), &[1]].concat(), Cipher::TripleDes));
    Ok(Some(Offer { curve, public, key_id, oid, cipher }))
}

fn protocol(oid: &[u8]) -> Option<(Vec<u8>, Cipher)> {
    let [arc] = oid.strip_prefix(&PROTOCOL)? else { return None };
    Some((oid.to_vec(), Cipher::by_arc(*arc)?))
}

/// SubjectPublicKeyInfo with a curve by name, by explicit parameters, or by the identifier of standardized parameters.
fn public_key(key: &Tlv<'_>) -> Result<(Curve, Vec<u8>), CardError> {
    let wrong = || CardError::Protocol("DG14 holds a key that is none".to_owned());
    let parts = tlv::all(key.value).map_err(|_error| wrong())?;
    let [algorithm, bits] = parts.as_slice() else { return Err(wrong()) };
    if (key.tag, algorithm.tag) != (SEQUENCE, SEQUENCE) {
        return Err(wrong());
    }
    let public = bits.value.strip_prefix(&[0]).ok_or_else(wrong)?.to_vec();
    let named = tlv::all(algorithm.value).map_err(|_error| wrong())?;
    if let [oid, parameter] = named.as_slice()
        && (oid.value, parameter.tag) == (&STANDARDIZED, INTEGER)
    {
        let [parameter] = parameter.value else { return Err(wrong()) };
        return Ok((Curve::by_id(*parameter)?.ok_or_else(wrong)?, public));
    }
    let parsed = PKey::public_key_from_der(key.whole).and_then(|key| key.ec_key()).map_err(|_cause| wrong())?;
    Ok((Curve::of(parsed.group())?, public))
}

/// Agrees on new keys with the chip and puts the session under them. The next authentic answer is the proof: only the real chip has
/// the same keys.
///
/// # Errors
/// When the chip refuses, or the link fails.
pub fn run(link: &mut Link<'_>, offer: &Offer, random: Random<'_>) -> Result<(), CardError> {
    let own = offer.curve.pair(random)?;
    let keys = session_keys(offer.cipher, &offer.curve.agree(&own, &offer.public)?)?;
    let key_id = offer.key_id.as_ref().map(|id| tlv::write(0x84, id)).unwrap_or_default();
    match offer.cipher {
        Cipher::TripleDes => {
            let data = [tlv::write(0x91, &own.public), key_id].concat();
            accepted("MSE:Set KAT", link, &Command::new(MANAGE_SECURITY, 0x41, 0xA6).with(data))?;
        }
        Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => {
            let data = [tlv::write(0x80, &offer.oid), key_id].concat();
            accepted("MSE:Set AT", link, &Command::new(MANAGE_SECURITY, 0x41, 0xA4).with(data))?;
            let data = tlv::write(0x7C, &tlv::write(0x80, &own.public));
            accepted("GENERAL AUTHENTICATE", link, &Command::new(GENERAL_AUTHENTICATE, 0, 0).with(data).expecting(256))?;
        }
    }
    link.session = Some(Session::new(keys, 0));
    Ok(())
}

fn accepted(asked: &str, link: &mut Link<'_>, command: &Command) -> Result<(), CardError> {
    let status = link.send(command)?.status;
    if status == OK { Ok(()) } else { Err(refused(asked, status)) }
}
