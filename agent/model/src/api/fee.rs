//! What the screen of fees (C15) shows.

use super::PrintState;
use crate::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// C15 Phí. That money has come only the platform says (R15); the screen never guesses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum FeePage {
    /// C15 with the telephone now, or at the desk.
    Choose {
        /// Đồng.
        amount_vnd: u32,
        /// What it is for.
        procedure: Text,
        /// With the telephone was tried, and cannot be done now.
        failed: bool,
        /// A code to pay it with was shown on an earlier visit, and nobody has said since what became of it.
        #[serde(default)]
        begun: bool,
    },
    /// C15b the code is fetched.
    Asking,
    /// C15b the code to be read by the payer's telephone.
    Pay {
        /// Đồng.
        amount_vnd: u32,
        /// Text of the code.
        qr: String,
        /// Who tells whether the money has come.
        way: PayWay,
        /// The platform was asked for as long as people wait and has not said that the money has come.
        unconfirmed: bool,
    },
    /// C15c the platform says that the money has come.
    Paid {
        /// Đồng.
        amount_vnd: u32,
        /// The platform's number of the transaction.
        transaction: String,
        /// How the printing of the proof goes.
        printing: PrintState,
    },
}

/// The way of a payment with the telephone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum PayWay {
    /// The national platform: it says when the money has come.
    Platform,
    /// A transfer to the office's account: staff look for it.
    Transfer {
        /// In whose name the account is.
        holder: String,
    },
}

impl FeePage {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Choose { .. } => "C15",
            Self::Asking | Self::Pay { .. } => "C15b",
            Self::Paid { .. } => "C15c",
        }
    }
}
