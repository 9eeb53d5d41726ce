//! The courier's pages: P01 to P06.

use super::PrintState;
use crate::{
    code::ParcelCheck,
    handover::{Direction, ExpectedParcel},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of the courier, and what it shows. No names of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum CourierPage {
    /// P01 the badge.
    Badge,
    /// P01b, P05, P05b a PIN is typed. What was typed is never here.
    Pin {
        /// Whose, and what for.
        step: PinStep,
        /// It is being checked.
        checking: bool,
        /// What became of the last one.
        refused: Option<PinRefused>,
    },
    /// P02 which way: so many parcels are announced for each.
    Today {
        /// To be taken from the office.
        fetch: u32,
        /// To be brought to the office.
        deliver: u32,
    },
    /// P03 scanning parcels.
    Parcels {
        /// Which way they go.
        direction: Direction,
        /// Scanned so far, newest last. Each is on the disk.
        parcels: Vec<ParcelLine>,
        /// How many are announced; 0: none, and any parcel is right.
        announced: u32,
        /// Announced ones that are not scanned yet.
        missing: Vec<ExpectedLine>,
        /// A code that waits for the courier's yes.
        doubt: Option<ParcelDoubt>,
        /// The last scan was a parcel already in the list.
        repeated: bool,
        /// This handover was begun earlier, and is continued.
        continued: Option<Continued>,
        /// For the ear: what the last scan was. Another number is another scan.
        tone: Option<ScanTone>,
    },
    /// P04 an announced parcel was not scanned: why?
    Difference {
        /// Which.
        line: ExpectedLine,
        /// Its place, from 1.
        at: u32,
        /// Of so many.
        of: u32,
    },
    /// P06 recorded; the slips are printed.
    Done {
        /// How many parcels.
        count: u32,
        /// How many differ from what was announced.
        differences: u32,
        /// [`crate::dossier::Handover::short_code`].
        code: String,
        /// Which copy of the slip it is about: 1 or 2.
        copy: u8,
        /// How its printing goes.
        printing: PrintState,
    },
}

impl CourierPage {
    /// The code in the footer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Badge => "P01",
            Self::Pin { step: PinStep::Enter, .. } => "P01b",
            Self::Today { .. } => "P02",
            Self::Parcels { .. } => "P03",
            Self::Difference { .. } => "P04",
            Self::Pin { step: PinStep::Courier, .. } => "P05",
            Self::Pin { step: PinStep::Clerk, .. } => "P05b",
            Self::Done { .. } => "P06",
        }
    }
}

/// Whose PIN is typed, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PinStep {
    /// The courier shows that the badge is theirs.
    Enter,
    /// The courier signs.
    Courier,
    /// The clerk signs.
    Clerk,
}

/// Why a PIN was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PinRefused {
    /// Wrong; so many more may be tried.
    Wrong {
        /// At least one.
        left: u8,
    },
    /// Too many were wrong: no PIN is taken until then.
    Locked {
        /// By the wall clock.
        until: Timestamp,
    },
    /// It could not be checked.
    Unchecked,
}

/// One scanned parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParcelLine {
    /// The barcode.
    pub code: String,
    /// What the check digit says.
    pub check: ParcelCheck,
    /// What was announced of it; none where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ExpectedLine>,
    /// Others were announced, and this one was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stranger: bool,
}

/// What the courier may see of an announced parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedLine {
    /// The barcode.
    pub code: String,
    /// Weight, where it is known.
    pub grams: Option<u32>,
    /// Office or province.
    pub destination: String,
}

impl From<&ExpectedParcel> for ExpectedLine {
    fn from(parcel: &ExpectedParcel) -> Self {
        Self { code: parcel.code.clone(), grams: parcel.grams, destination: parcel.destination.clone() }
    }
}

/// A scanned code that is not taken without a yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParcelDoubt {
    /// The barcode.
    pub code: String,
    /// Why.
    pub why: DoubtWhy,
}

/// Why a scanned code is not taken without a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoubtWhy {
    /// Its check digit is wrong: perhaps misread.
    CheckDigit,
    /// Parcels are announced, and this is none of them: of another office, or another run.
    NotAnnounced,
    /// It is announced, but goes the other way.
    OtherWay,
}

/// A handover that was left half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Continued {
    /// When it began.
    pub begun: Timestamp,
    /// Parcels that were scanned then.
    pub parcels: u32,
}

/// What a scan sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanTone {
    /// Rises with each scan of this handover.
    pub number: u32,
    /// Taken; else repeated, doubtful or no parcel.
    pub good: bool,
}
