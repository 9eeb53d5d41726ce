//! Rows of what was told and how far it is: C12, C16b, C20d.

use super::PageView;
use crate::{Private, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One row of C12.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewRow {
    /// What the row is about.
    pub label: Text,
    /// What was given.
    pub value: ReviewValue,
    /// Quote it in [`super::Action::Change`]; none when it cannot be changed.
    pub change: Option<ChangeTarget>,
}

/// The right side of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewValue {
    /// Words of the person.
    Private(Private),
    /// A number that whoever stands beside need not read: whole only while the person asks for it (ux.md 7.6).
    Masked {
        /// `012••••••789`.
        shown: String,
        /// All of it.
        full: Private,
    },
    /// Words of the catalogue.
    Words(Text),
    /// Scanned pages.
    Pages(Vec<PageView>),
}

/// What "Đổi" goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeTarget {
    /// C04.
    ForWhom,
    /// Question by index.
    Question(u8),
    /// Paper by index.
    Paper(u8),
}
