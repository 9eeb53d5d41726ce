//! How a terminal opens the chip: BAC (ICAO 9303-11 4.3) and PACE with generic mapping (4.4), and chip authentication (6.2), all on
//! the card's side. Errors are status words.

use super::cipher::{Command, Session, Suite, objects, pad, tlv};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint, EcPointRef, PointConversionForm},
    error::ErrorStack,
    hash::{MessageDigest, hash},
    nid::Nid,
    pkey::{PKey, Private, Public},
    rand::rand_bytes,
};

/// A standardised elliptic curve (ICAO 9303-11 9.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, id 12.
    P256,
    /// brainpoolP256r1, id 13.
    Brainpool256,
    /// NIST P-384, id 15.
    P384,
    /// brainpoolP384r1, id 16.
    Brainpool384,
    /// brainpoolP512r1, id 17.
    Brainpool512,
    /// NIST P-521, id 18.
    P521,
}

impl Curve {
    fn id(self) -> u8 {
        match self {
            Self::P256 => 12,
            Self::Brainpool256 => 13,
            Self::P384 => 15,
            Self::Brainpool384 => 16,
            Self::Brainpool512 => 17,
            Self::P521 => 18,
        }
    }

    pub(super) fn group(self) -> Result<EcGroup, ErrorStack> {
        EcGroup::from_curve_name(match self {
            Self::P256 => Nid::X9_62_PRIME256V1,
            Self::Brainpool256 => Nid::BRAINPOOL_P256R1,
            Self::P384 => Nid::SECP384R1,
            Self::Brainpool384 => Nid::BRAINPOOL_P384R1,
            Self::Brainpool512 => Nid::BRAINPOOL_P512R1,
            Self::P521 => Nid::SECP521R1,
        })
    }
}

/// PACE as the card offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Curve.
    pub curve: Curve,
    /// Cipher.
    pub suite: Suite,
}

impl Pace {
    /// id-PACE-ECDH-GM and the cipher, without tag.
    fn protocol(self) -> [u8; 10] {
        [0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x04, 0x02, suite_number(self.suite)]
    }

    /// PACEInfo (9.2.1).
    pub(super) fn info(self) -> Vec<u8> {
        tlv(0x30, &[tlv(6, &self.protocol()), tlv(2, &[2]), tlv(2, &[self.curve.id()])].concat())
    }
}

pub(super) fn suite_number(suite: Suite) -> u8 {
    match suite {
        Suite::TripleDes => 1,
        Suite::Aes128 => 2,
        Suite::Aes192 => 3,
        Suite::Aes256 => 4,
    }
}

/// What was agreed so far.
pub(super) enum PaceStep {
    Chosen { password: Vec<u8> },
    Nonce { nonce: Vec<u8> },
    Mapped { generator: EcPoint },
    Agreed { session: Session, mac_key: Vec<u8>, own: Vec<u8>, others: Vec<u8> },
}

/// `password` finds the password of a reference: 1 MRZ, 2 CAN.
pub(super) fn pace_choose(pace: Pace, data: &[u8], password: impl Fn(u8) -> Option<Vec<u8>>) -> Result<PaceStep, u16> {
    let mut chosen = None;
    for (tag, value) in objects(data).ok_or(0x6a80_u16)? {
        let fits = match (tag, value) {
            (0x80, protocol) => protocol == pace.protocol(),
            (0x83, [reference]) => {
                chosen = Some(password(*reference).ok_or(0x6a88_u16)?);
                true
            }
            (0x84, [curve]) => *curve == pace.curve.id(),
            _ => false,
        };
        if !fits {
            return Err(0x6a80);
        }
    }
    Ok(PaceStep::Chosen { password: chosen.ok_or(0x6a80_u16)? })
}

/// GENERAL AUTHENTICATE: the answer's data, and what comes next or the session.
pub(super) fn pace_go_on(pace: Pace, step: PaceStep, data: &[u8]) -> Result<(Vec<u8>, Result<PaceStep, Session>), u16> {
    let mut outer = objects(data).ok_or(0x6a80_u16)?;
    let Some((0x7c, inner)) = outer.pop_front() else { return Err(0x6a80) };
    let given = objects(inner).ok_or(0x6a80_u16)?.pop_front();
    let internal = |_: ErrorStack| 0x6f00_u16;
    let (object, next) = match (step, given) {
        (PaceStep::Chosen { password }, None) => {
            let mut nonce = vec![0; 16];
            rand_bytes(&mut nonce).map_err(internal)?;
            let key = pace.suite.derive(&password, 3).map_err(internal)?;
            let cipher = pace.suite.encrypt(&key, &vec![0; pace.suite.block()], &nonce).map_err(internal)?;
            (tlv(0x80, &cipher), Ok(PaceStep::Nonce { nonce }))
        }
        (PaceStep::Nonce { nonce }, Some((0x81, point))) => {
            let (own, generator) = map(pace, &nonce, point)?;
            (tlv(0x82, &own), Ok(PaceStep::Mapped { generator }))
        }
        (PaceStep::Mapped { generator }, Some((0x83, point))) => {
            let (own, session, mac_key) = agree(pace, &generator, point)?;
            (tlv(0x84, &own), Ok(PaceStep::Agreed { session, mac_key, own, others: point.to_vec() }))
        }
        (PaceStep::Agreed { session, mac_key, own, others }, Some((0x85, given))) => {
            if token(pace, &mac_key, &own).map_err(internal)? != given {
                return Err(0x6300);
            }
            (tlv(0x86, &token(pace, &mac_key, &others).map_err(internal)?), Err(session))
        }
        _ => return Err(0x6985),
    };
    Ok((tlv(0x7c, &object), next))
}

/// G' = s*G + H (4.4.3.3.1).
fn map(pace: Pace, nonce: &[u8], point: &[u8]) -> Result<(Vec<u8>, EcPoint), u16> {
    let internal = |_: ErrorStack| 0x6f00_u16;
    let group = pace.curve.group().map_err(internal)?;
    let (own, shared) = exchange(&group, None, point)?;
    let work = || {
        let mut context = BigNumContext::new()?;
        let (mut scaled, mut sum) = (EcPoint::new(&group)?, EcPoint::new(&group)?);
        let nonce = BigNum::from_slice(nonce)?;
        scaled.mul_generator2(&group, &nonce, &mut context)?;
        sum.add(&group, &scaled, &shared, &mut context)?;
        Ok(sum)
    };
    Ok((own, work().map_err(internal)?))
}

fn agree(pace: Pace, generator: &EcPoint, point: &[u8]) -> Result<(Vec<u8>, Session, Vec<u8>), u16> {
    let internal = |_: ErrorStack| 0x6f00_u16;
    let group = pace.curve.group().map_err(internal)?;
    let (own, shared) = exchange(&group, Some(generator), point)?;
    let seed = x_coordinate(&group, &shared).map_err(internal)?;
    let session = Session::new(pace.suite, &seed, 0).map_err(internal)?;
    Ok((own, session, pace.suite.derive(&seed, 2).map_err(internal)?))
}

/// A fresh key pair over `generator` (none: the curve's own): its public point, and the point shared with the terminal's.
fn exchange(group: &EcGroup, generator: Option<&EcPoint>, others: &[u8]) -> Result<(Vec<u8>, EcPoint), u16> {
    let mut context = BigNumContext::new().map_err(|_| 0x6f00_u16)?;
    let others = EcPoint::from_bytes(group, others, &mut context).map_err(|_| 0x6a80_u16)?;
    let generator = generator.map(|point| &**point).or_else(|| group.generator_opt()).ok_or(0x6f00_u16)?;
    let mut work = || -> Result<_, ErrorStack> {
        let (mut order, mut secret) = (BigNum::new()?, BigNum::new()?);
        group.order(&mut order, &mut context)?;
        order.rand_range(&mut secret)?;
        let (mut own, mut shared) = (EcPoint::new(group)?, EcPoint::new(group)?);
        own.mul2(group, generator, &secret, &mut context)?;
        shared.mul2(group, &others, &secret, &mut context)?;
        Ok((own.to_bytes(group, PointConversionForm::UNCOMPRESSED, &mut context)?, shared))
    };
    work().map_err(|_| 0x6f00)
}

fn x_coordinate(group: &EcGroup, point: &EcPointRef) -> Result<Vec<u8>, ErrorStack> {
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    point.affine_coordinates(group, &mut x, &mut y, &mut *BigNumContext::new()?)?;
    x.to_vec_padded(i32::try_from(group.degree().div_ceil(8)).unwrap_or(66))
}

/// MAC over the other side's public key (4.4.3.4).
fn token(pace: Pace, key: &[u8], point: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let object = tlv(0x7f49, &[tlv(6, &pace.protocol()), tlv(0x86, point)].concat());
    if pace.suite == Suite::TripleDes { pace.suite.mac(key, &pad(&object, 8)) } else { pace.suite.mac(key, &object) }
}

/// Seed of the BAC keys, and password of PACE by MRZ, from document number, birth and expiry with their check digits (9.7.2).
pub(super) fn mrz_seed(information: &str) -> Result<Vec<u8>, ErrorStack> {
    Ok(hash(MessageDigest::sha1(), information.as_bytes())?.to_vec())
}

/// EXTERNAL (MUTUAL) AUTHENTICATE (4.3.3, D.3).
pub(super) fn bac(information: &str, challenge: &[u8], command: &Command) -> Result<(Vec<u8>, Session), u16> {
    let internal = |_: ErrorStack| 0x6f00_u16;
    let suite = Suite::TripleDes;
    let seed: Vec<u8> = mrz_seed(information).map_err(internal)?.into_iter().take(16).collect();
    let (enc, mac) = (suite.derive(&seed, 1).map_err(internal)?, suite.derive(&seed, 2).map_err(internal)?);
    let (cipher, given) = command.data.split_at_checked(32).ok_or(0x6700_u16)?;
    if suite.mac(&mac, &pad(cipher, 8)).map_err(internal)? != given {
        return Err(0x6300);
    }
    let plain = suite.decrypt(&enc, &[0; 8], cipher).map_err(internal)?;
    let (terminal, rest) = plain.split_at_checked(8).ok_or(0x6700_u16)?;
    let (echo, their_key) = rest.split_at_checked(8).ok_or(0x6700_u16)?;
    if echo != challenge {
        return Err(0x6300);
    }
    let mut own_key = [0; 16];
    rand_bytes(&mut own_key).map_err(internal)?;
    let answer = suite.encrypt(&enc, &[0; 8], &[challenge, terminal, &own_key].concat()).map_err(internal)?;
    let answer = [answer.as_slice(), &suite.mac(&mac, &pad(&answer, 8)).map_err(internal)?].concat();
    let seed: Vec<u8> = their_key.iter().zip(own_key).map(|(one, two)| one ^ two).collect();
    let low_halves = challenge.iter().skip(4).chain(terminal.iter().skip(4));
    let counter = low_halves.fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte));
    Ok((answer, Session::new(suite, &seed, counter).map_err(internal)?))
}

/// The session that follows chip authentication: static key of the card, one-time key of the terminal.
pub(super) fn chip_session(key: &EcKey<Private>, suite: Suite, point: &[u8]) -> Result<Session, u16> {
    let group = key.group();
    let mut context = BigNumContext::new().map_err(|_| 0x6f00_u16)?;
    let others = EcPoint::from_bytes(group, point, &mut context).map_err(|_| 0x6a80_u16)?;
    let work = || {
        let others: PKey<Public> = PKey::from_ec_key(EcKey::from_public_key(group, &others)?)?;
        let own = PKey::from_ec_key(key.clone())?;
        let mut deriver = openssl::derive::Deriver::new(&own)?;
        deriver.set_peer(&others)?;
        Session::new(suite, &deriver.derive_to_vec()?, 0)
    };
    work().map_err(|_: ErrorStack| 0x6f00)
}
