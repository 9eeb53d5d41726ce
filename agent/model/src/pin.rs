//! PINs of couriers and clerks: never kept, only a verifier of them (PBKDF2-HMAC-SHA-256, RFC 8018; rounds as OWASP asks in 2023).
//!
//! `pbkdf2-sha256$600000$<salt, 32 hex digits>$<key, 64 hex digits>`

use ring::pbkdf2;
use std::{fmt, num::NonZeroU32};

/// Rounds of new verifiers: about a third of a second on an office PC, so that a stolen file is no list of PINs.
pub const ROUNDS: u32 = 600_000;
/// Rounds that a verifier may ask for: fewer protect nobody, more would keep the person waiting.
const FEWEST: u32 = 100_000;
const MOST: u32 = 5_000_000;
/// Digits of a PIN.
pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

const NAME: &str = "pbkdf2-sha256";
const SALT: usize = 16;
const KEY: usize = 32;

/// Tells the right PIN from another, and nothing else about it.
#[derive(Clone, PartialEq, Eq)]
pub struct PinVerifier {
    rounds: NonZeroU32,
    salt: [u8; SALT],
    key: [u8; KEY],
}

/// Hides the key: four digits can be found from it in time.
impl fmt::Debug for PinVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinVerifier(‹private›)")
    }
}

impl PinVerifier {
    /// Of this PIN, with a salt that is used for no other; none where the PIN is not 4 to 8 digits.
    pub fn new(pin: &str, salt: [u8; SALT], rounds: u32) -> Option<Self> {
        if !is_pin(pin) {
            return None;
        }
        let rounds = NonZeroU32::new(rounds).filter(|rounds| (FEWEST..=MOST).contains(&rounds.get()))?;
        let mut key = [0; KEY];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, pin.as_bytes(), &mut key);
        Some(Self { rounds, salt, key })
    }

    /// From the configuration; none where it is no verifier.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('$');
        let (name, rounds, salt, key) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let rounds = NonZeroU32::new(rounds.parse().ok()?).filter(|rounds| (FEWEST..=MOST).contains(&rounds.get()))?;
        let (mut salt_bytes, mut key_bytes) = ([0; SALT], [0; KEY]);
        hex::decode_to_slice(salt, &mut salt_bytes).ok()?;
        hex::decode_to_slice(key, &mut key_bytes).ok()?;
        (name == NAME && parts.next().is_none()).then_some(Self { rounds, salt: salt_bytes, key: key_bytes })
    }

    /// For the configuration.
    pub fn to_text(&self) -> String {
        format!("{NAME}${}${}${}", self.rounds, hex::encode(self.salt), hex::encode(self.key))
    }

    /// Whether this is the PIN. Slow on purpose: not for the loop.
    pub fn accepts(&self, pin: &str) -> bool {
        is_pin(pin) && pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, self.rounds, &self.salt, pin.as_bytes(), &self.key).is_ok()
    }
}

/// 4 to 8 digits.
pub fn is_pin(text: &str) -> bool {
    DIGITS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_pin_is_taken_and_it_stands_nowhere() {
        let made = PinVerifier::new("246810", [7; SALT], FEWEST).unwrap();
        let text = made.to_text();
        assert!(!text.contains("246810") && !format!("{made:?}").contains(&hex::encode([7; SALT])), "{text}");
        let read = PinVerifier::parse(&text).unwrap();
        assert_eq!(read, made);
        assert!(read.accepts("246810"));
        for wrong in ["246811", "24681", "", "2468100", "24681a", " 246810"] {
            assert!(!read.accepts(wrong), "{wrong}");
        }
        assert_ne!(PinVerifier::new("246810", [8; SALT], FEWEST).unwrap().to_text(), text, "equal PINs look different");
    }

    /// RFC 7914, section 11, with our names around it.
    #[test]
    fn it_is_pbkdf2_with_sha_256() {
        let mut key = [0; 64];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::new(80_000).unwrap(), b"NaCl", b"Password", &mut key);
        assert!(hex::encode(key).starts_with("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"));
    }

    #[test]
    fn what_is_no_verifier_is_refused() {
        let good = PinVerifier::new("2468", [1; SALT], FEWEST).unwrap().to_text();
        let few = good.replace("100000", "1000");
        for text in ["", "2468", "pbkdf2-sha256$100000$00$00", few.as_str(), &format!("{good}$"), &good.replace("sha256", "sha1")] {
            assert!(PinVerifier::parse(text).is_none(), "{text}");
        }
        for pin in ["123", "123456789", "12a4", "１２３４"] {
            assert!(PinVerifier::new(pin, [1; SALT], FEWEST).is_none(), "{pin}");
        }
    }
}
