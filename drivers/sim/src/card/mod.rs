//! An identity card with a chip, simulated: files and signatures of invented citizens, BAC, PACE, secure messaging, chip and active
//! authentication, and the quirks and faults of real cards (ICAO 9303-10, -11, -12).
//!
//! It shares no code with the reader in `motcua-drivers`, so that each judges the other. [`Chip::transmit`] is the card in process;
//! [`Laid`] lays it on a virtual reader of `pcscd`.

mod access;
mod chip;
mod cipher;
mod person;
mod sign;
mod slot;
mod vpcd;

pub use access::{Curve, Pace};
pub use chip::{Answer, Beyond, Chip, Fault, Profile};
pub use cipher::Suite;
pub use person::{CITIZENS, Citizen, PASSPORT, Personalised, Proof, What, passport};
pub use sign::Issuer;
pub(crate) use slot::Slot;
pub use slot::{CHIP_CARDS, ChipCard};
pub use vpcd::Laid;
