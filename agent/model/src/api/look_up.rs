//! What a look-up (C20) shows beside the progress: lines of own dossiers, and the proof of a filing once more.

use super::PrintState;
use crate::Text;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dossier of the person who proved by the chip who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnLine {
    /// Mã hồ sơ, or the provisional code before there is one.
    pub code: String,
    /// Its procedure.
    pub procedure: Text,
    /// When it was filed.
    pub submitted: Timestamp,
    /// Where it stands, in plain words.
    pub state: Text,
    /// Something is asked of the person, or the result waits.
    pub to_do: bool,
}

/// In lại phiếu without a card (ux.md 7.6): nothing of the dossier is shown, the proof alone comes on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum ReprintPage {
    /// C20e the last four digits of the telephone number that was left with the filing.
    Digits {
        /// Being checked: nothing can be touched.
        checking: bool,
        /// Why the last ones were not taken.
        refused: Option<DigitsRefused>,
    },
    /// C20f they are right.
    Paper {
        /// How the printing goes.
        printing: PrintState,
    },
}

/// Why no proof is printed. One without a telephone number is refused like one with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigitsRefused {
    /// Not the digits.
    Wrong {
        /// Tries that are left.
        left: u8,
    },
    /// No more tries for a day: staff help.
    Locked,
    /// They could not be checked now; it did not count.
    Unchecked,
}

impl ReprintPage {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Digits { .. } => "C20e",
            Self::Paper { .. } => "C20f",
        }
    }
}
