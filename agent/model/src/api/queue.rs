//! What the screens of C24 show.

use super::PrintState;
use crate::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// C24 Lấy số.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum QueuePage {
    /// C24 for which services.
    Groups {
        /// At most [`crate::queue::MOST_GROUPS`].
        groups: Vec<Text>,
        /// Being made durable: nothing can be touched.
        storing: bool,
    },
    /// C24b whether the person belongs to a priority group.
    Priority {
        /// At most [`crate::queue::MOST_PRIORITY`]; a tile for none of them comes behind.
        groups: Vec<Text>,
        /// Being made durable: nothing can be touched.
        storing: bool,
    },
    /// C24c the number; it is safe.
    Taken {
        /// As it will be called.
        number: String,
        /// For which services.
        group: Text,
        /// With priority.
        priority: bool,
        /// How many are called before.
        ahead: u32,
        /// How the printing of the ticket goes.
        printing: PrintState,
    },
}

impl QueuePage {
    /// The code in the footer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Groups { .. } => "C24",
            Self::Priority { .. } => "C24b",
            Self::Taken { .. } => "C24c",
        }
    }
}
