//! What the screens of opinions (C21) and ratings (C22) show.

use super::PrintState;
use crate::{
    Private, Text,
    rating::{Reason, Score},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// C21 Góp ý: phản ánh, kiến nghị (R16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum OpinionPage {
    /// C21 what it is about.
    Topics {
        /// At most [`crate::opinion::MOST_TOPICS`].
        topics: Vec<Text>,
    },
    /// C21c the words.
    Text {
        /// What it is about.
        topic: Text,
        /// As typed before.
        text: Private,
        /// Why it was not taken.
        error: Option<Text>,
    },
    /// C21d the telephone for an answer, or none.
    Contact {
        /// As typed before.
        phone: Private,
        /// Why it was not taken.
        error: Option<Text>,
    },
    /// C21e once more, before it is sent.
    Check {
        /// What it is about.
        topic: Text,
        /// The words.
        text: Private,
        /// Telephone; none: no answer is wanted.
        phone: Option<Private>,
        /// Being made durable: nothing can be touched.
        storing: bool,
    },
    /// C21b it is safe: the code to quote.
    Given {
        /// Mã phản ánh, kiến nghị.
        code: String,
        /// True while the link is down.
        offline: bool,
        /// How the printing of the slip goes.
        printing: PrintState,
    },
}

impl OpinionPage {
    /// The code in the footer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Topics { .. } => "C21",
            Self::Text { .. } => "C21c",
            Self::Contact { .. } => "C21d",
            Self::Check { .. } => "C21e",
            Self::Given { .. } => "C21b",
        }
    }
}

/// C22: the two ratings (R17).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum RatingPage {
    /// C22a Hài lòng: about the visit.
    Satisfaction {
        /// The face that was touched.
        score: Option<Score>,
        /// The reasons that were touched; the tiles are [`Reason::ALL`].
        reasons: Vec<Reason>,
        /// Being made durable: nothing can be touched.
        storing: bool,
    },
    /// C22b Chất lượng giải quyết: one criterion of an ended dossier.
    Quality {
        /// Code of the dossier.
        code: String,
        /// The question.
        ask: Text,
        /// The face that was touched.
        score: Option<Score>,
        /// Question number, from 1.
        at: u8,
        /// Questions in all.
        of: u8,
        /// Being made durable: nothing can be touched.
        storing: bool,
    },
}

impl RatingPage {
    /// The code in the footer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Satisfaction { .. } => "C22a",
            Self::Quality { .. } => "C22b",
        }
    }
}

/// Whether a screen asks for a rating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatingOffer {
    /// There is nothing to rate.
    #[default]
    None,
    /// The person may rate.
    Open,
    /// The person has rated: thanks.
    Given,
}
