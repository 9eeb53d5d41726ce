//! Parcels between the office and the post (ux.md 7.4; domain.md 7, R62, R63): what is announced for today, what a courier has scanned
//! so far, and what differs in the end. No names of people: a code, a weight and where it goes.

use crate::{
    Text,
    dossier::{Handover, HandoverParcel},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Letters of [`ExpectedParcel::destination`], at most: one line of the slip and of the screen.
pub const LONGEST_DESTINATION: usize = 40;
/// Grams of the heaviest parcel that the post takes.
pub const MOST_GRAMS: u32 = 50_000;
/// Copies of the slip: the courier's, then the office's.
pub const COPIES: u8 = 2;

/// Which way the parcels go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Lấy đi: the courier takes them over from the office (R62).
    #[default]
    Fetch,
    /// Giao đến: the courier brings them to the office (R63).
    Deliver,
}

impl Direction {
    /// Both, in the order of the tiles.
    pub const ALL: [Self; 2] = [Self::Fetch, Self::Deliver];

    /// Two words.
    pub fn words(self) -> Text {
        match self {
            Self::Fetch => Text::new("Lấy đi", "To collect"),
            Self::Deliver => Text::new("Giao đến", "To deliver"),
        }
    }
}

/// A parcel that the desk has announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedParcel {
    /// [`crate::code::ParcelCode::code`].
    pub code: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Weight, where the desk has written it.
    pub grams: Option<u32>,
    /// Office or province; of a parcel that comes, where it comes from.
    pub destination: String,
    /// Code of the dossier inside, where the desk has written it: for staff, never on the courier's screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
}

/// What is wrong with a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deviation {
    /// Announced, and not there.
    Missing,
    /// Announced, and refused because its seal is broken.
    SealBroken,
    /// Not of this run: announced and left for another one, or handed over though nobody announced it.
    NotOfRun,
}

impl Deviation {
    /// All, in the order of the choices.
    pub const ALL: [Self; 3] = [Self::Missing, Self::SealBroken, Self::NotOfRun];

    /// A few words.
    pub fn words(self) -> Text {
        match self {
            Self::Missing => Text::new("Thiếu, không có ở đây", "Missing, not here"),
            Self::SealBroken => Text::new("Hỏng niêm phong", "Seal broken"),
            Self::NotOfRun => Text::new("Không thuộc chuyến này", "Not for this trip"),
        }
    }
}

/// One difference between what was announced and what was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// [`crate::code::ParcelCode::code`].
    pub code: String,
    /// What is wrong.
    pub deviation: Deviation,
}

/// Who has signed with a PIN. Nobody: the signatures are those on paper.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signatures {
    /// When the courier did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courier: Option<Timestamp>,
    /// The clerk, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clerk: Option<ClerkSignature>,
}

impl Signatures {
    /// Nobody has.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The clerk's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClerkSignature {
    /// The clerk's number in the configuration.
    pub clerk: String,
    /// When.
    pub at: Timestamp,
}

/// A handover that is not closed ("giao dở"), as it lies on the disk after each parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHandover {
    /// Becomes [`Handover::id`].
    pub id: Uuid,
    /// Badge number of the courier.
    pub courier: String,
    /// Which way its parcels go.
    pub direction: Direction,
    /// When it began.
    pub begun: Timestamp,
    /// In the order scanned.
    pub parcels: Vec<HandoverParcel>,
    /// Codes among them that were not announced, where others were.
    #[serde(default)]
    pub strangers: Vec<String>,
}

impl OpenHandover {
    /// Whether this parcel is among those scanned.
    pub fn has(&self, code: &str) -> bool {
        self.parcels.iter().any(|scanned| scanned.parcel.code == code)
    }
}

impl Handover {
    /// By which people name it: the last eight digits of its id.
    pub fn short_code(&self) -> String {
        let hex = self.id.simple().to_string().to_uppercase();
        format!("{}-{}", &hex[24..28], &hex[28..])
    }

    /// What differs with this parcel.
    pub fn deviation(&self, code: &str) -> Option<Deviation> {
        self.differences.iter().find(|difference| difference.code == code).map(|difference| difference.deviation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_from_before_there_were_differences_still_reads() {
        let old = serde_json::json!({"id": "01930000-0000-7000-8000-0000a1b2c3d4", "device": "K07", "agency": "H15", "courier": "HN1",
            "parcels": [], "closed": "2026-11-23T02:00:00Z"});
        let read: Handover = serde_json::from_value(old.clone()).unwrap();
        assert_eq!((read.direction, read.announced, read.differences.len()), (Direction::Fetch, 0, 0));
        assert!(read.signatures.is_empty(), "nobody signed with a PIN");
        assert_eq!(read.short_code(), "A1B2-C3D4");
        assert_eq!(serde_json::from_value::<Handover>(serde_json::to_value(&read).unwrap()).unwrap(), read);
    }
}
