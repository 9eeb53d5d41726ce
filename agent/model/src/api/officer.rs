//! C16 as the screen shows it, and what follows from an officer's word.

use super::{PrintState, ReviewRow};
use crate::Text;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What C16 shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OfficerPage {
    /// C16 Chờ cán bộ: no officer has spoken yet. Whoever likes goes, the slip finds the answer later.
    Waiting {
        /// The link is down: no answer can come now.
        offline: bool,
    },
    /// C16b what the officer says.
    Told {
        /// Mã hồ sơ.
        code: String,
        /// Accepted, refused, papers missing.
        state: Text,
        /// When it is due, what is missing, as at C20d.
        rows: Vec<ReviewRow>,
        /// The same on paper.
        printing: PrintState,
    },
}

impl OfficerPage {
    /// Mã màn hình.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "C16",
            Self::Told { .. } => "C16b",
        }
    }
}

/// C20d Bổ sung giấy: whether what an officer asks for can be added here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adding {
    /// Nothing is asked for.
    #[default]
    None,
    /// Yes.
    Open,
    /// Not by this machine, or not now: at the desk.
    AtDesk,
    /// It was, and no officer has said more since.
    Done(Timestamp),
}
