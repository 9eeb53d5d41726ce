//! A message that goes to the hub on a stick, for an office without any link.
//!
//! A file `<message id>.motcua` is a CMS EnvelopedData (RFC 5652, AES-256-CBC, to the hub's certificate for carried messages) around
//! a PKCS#7 SignedData by the device's key with its certificate, around [`Carried`] as JSON. The hub's answer is a file
//! `<message id>.receipt.json`: the [`super::SignedReceipt`] that it would have given over the line.

use crate::Private;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// End of the name of a sealed message.
pub const CARRIED: &str = "motcua";
/// End of the name of the hub's answer.
pub const CARRIED_RECEIPT: &str = "receipt.json";

/// One message with all its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The exact bytes of the [`super::Message`], standard base64: what the receipt covers.
    pub message: Private,
    /// Every file that the message declares.
    pub files: Vec<CarriedFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedFile {
    /// [`crate::dossier::FileRef::id`].
    pub id: Uuid,
    /// Its bytes, standard base64.
    pub base64: Private,
}
