//! PDF files that people bring in place of paper (NĐ 15/2021/NĐ-CP Đ.15.7.a): from a stick, or uploaded by the desk.

use crate::{Private, dossier::FileRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A file that can be chosen now. Nobody has looked into it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferedPdf {
    /// Quote it in [`crate::api::Action::TakePdf`].
    pub id: Uuid,
    /// Name of the file without its folder.
    pub name: Private,
    /// Length.
    pub bytes: u64,
    /// The way it came.
    pub from: PdfFrom,
}

/// The way a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PdfFrom {
    /// A USB stick in this machine.
    Stick,
    /// Uploaded in the staff console.
    Desk,
}

/// A file that was checked and lies sealed on the disk, byte for byte as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtPdf {
    /// The sealed file.
    pub file: FileRef,
    /// Pages in it.
    pub pages: u16,
}
