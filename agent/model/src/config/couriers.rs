//! Who signs a handover with a PIN.

use crate::pin::PinVerifier;
use serde::Deserialize;
use std::fmt;

/// Section `[couriers]`. Without it nobody is asked for a PIN, and the slip is signed on paper. The lines are written by
/// `motcua courier add`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Couriers {
    /// Couriers with a PIN: `[[couriers.badges]]` with `number` as on the badge, without `BCCI-`, and `pin`.
    pub badges: Vec<Signer>,
    /// Clerks who sign for the office: `[[couriers.clerks]]` with `number`, which goes into the record, and `pin`.
    pub clerks: Vec<Signer>,
}

/// Somebody with a PIN.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// No name: a number.
    pub number: String,
    /// [`PinVerifier::to_text`]; never the PIN.
    pub pin: String,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("number", &self.number).field("pin", &"‹private›").finish()
    }
}

impl Signer {
    /// Whether this is their PIN. Slow on purpose.
    pub fn accepts(&self, pin: &str) -> bool {
        PinVerifier::parse(&self.pin).is_some_and(|verifier| verifier.accepts(pin))
    }
}

/// Badge numbers, and clerks' numbers: 3 to 20 letters or digits.
pub fn is_number(number: &str) -> bool {
    (3..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Couriers {
    /// Tells `need` what must be changed.
    pub(crate) fn check(&self, need: &mut dyn FnMut(bool, &str, &dyn fmt::Display, &str)) {
        for (key, signers) in [("couriers.badges", &self.badges), ("couriers.clerks", &self.clerks)] {
            for (at, signer) in signers.iter().enumerate() {
                let twice = signers[..at].iter().any(|other| other.number == signer.number);
                need(is_number(&signer.number), key, &signer.number, "write a number of 3 to 20 letters or digits, as on the badge");
                need(!twice, key, &signer.number, "write each number once; motcua courier add makes a line");
                // The value is not told: whoever wrote the PIN itself there must not find it in a log.
                let fix = "write the line that motcua courier add prints; a PIN itself never stands here";
                need(PinVerifier::parse(&signer.pin).is_some(), key, &format!("pin of {}", signer.number), fix);
            }
        }
    }
}
