//! What the agent and the provincial hub say to each other, over HTTPS with mutual TLS.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/messages`, header `Idempotency-Key: <message id>`, body [`Message`] | 200 [`MessageState`]; 400 no or bad key; 403 other device; 422 the key was used with another body |
//! | `POST /v1/uploads` (tus 1.0 creation), `Upload-Length`, `Upload-Metadata: message <b64>,file <b64>` | 201 with `Location`; 404 unknown message or file; 409 complete already; 413 length differs from the message's |
//! | `HEAD`, `PATCH` on the upload (tus 1.0 core) | `Upload-Offset`; 409 wrong offset; 460 the whole file's SHA-256 is not the declared one, upload discarded |
//! | `POST /v1/messages` again | 200 with the signed receipt as soon as no file is missing |
//! | `GET /v1/inbox?after=N` | 200 [`Inbox`] |
//! | `GET /v1/health` | 204 |
//!
//! Errors are RFC 9457 problems ([`Problem`], `application/problem+json`). A message may be sent any
//! number of times: the same key with the same body answers with the present state.
//! So may a creation: it answers with the upload that the hub already has for that file, so a device keeps
//! nothing about uploads. 423 says that another request still writes to the upload: try again later. The
//! PATCH that ended an upload may be repeated.

use crate::dossier::{Dossier, FileRef, Handover, Status};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One unit of delivery: a record with its attachments, whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Idempotency key; the dossier's or handover's own id.
    pub id: Uuid,
    /// Name of the device, as in its certificate's common name.
    pub device: String,
    /// Rises by one per message of the device: the order of events where clocks lie.
    pub sequence: u64,
    /// The record.
    pub body: MessageBody,
    /// Every file that belongs to it; the hub's receipt covers all.
    pub files: Vec<NamedFile>,
}

/// What is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MessageBody {
    /// A dossier with its scans and PDFs.
    Dossier(Box<Dossier>),
    /// Parcels handed to a courier.
    Handover(Handover),
}

/// A file with the name it shall have at the hub. Names hold no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFile {
    /// For example `02-giay-chung-sinh.pdf`.
    pub name: String,
    /// The document it belongs to.
    pub document: Uuid,
    /// Identity, digest, length, type.
    pub file: FileRef,
}

/// How far the hub is with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageState {
    /// Files that it does not hold whole yet.
    pub missing: Vec<Uuid>,
    /// Present when nothing is missing.
    pub receipt: Option<SignedReceipt>,
}

/// The hub's word that a message and all its files are durable there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`Message::id`].
    pub message: Uuid,
    /// [`Message::device`].
    pub device: String,
    /// SHA-256 of the message's JSON bytes as received, lower-case hex.
    pub digest: String,
    /// SHA-256 of every file, in the message's order.
    pub files: Vec<String>,
    /// Mã hồ sơ allocated by the hub; none for a handover.
    pub official_code: Option<String>,
    /// The hub's clock.
    pub stored: Timestamp,
}

/// A receipt with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    /// The exact JSON text of the [`Receipt`] that was signed.
    pub receipt: String,
    /// Ed25519 over the bytes of `receipt`, standard base64.
    pub signature: String,
}

/// News for this device, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// At most 100; ask again with the last cursor.
    pub items: Vec<InboxItem>,
}

/// One piece of news about a dossier of this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxItem {
    /// Rises; the device keeps the last one it has stored.
    pub cursor: u64,
    /// [`Dossier::id`].
    pub dossier: Uuid,
    /// Mã hồ sơ.
    pub official_code: String,
    /// TrangThaiHoSo.
    pub status: Status,
    /// The hub's clock.
    pub at: Timestamp,
}

/// RFC 9457 problem details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Short and constant for the kind of problem.
    pub title: String,
    /// What to do about this one.
    pub detail: String,
}
