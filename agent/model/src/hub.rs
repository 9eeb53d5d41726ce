//! What the agent and the provincial hub say to each other, over HTTPS with mutual TLS.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/messages`, `Idempotency-Key`, body [`Message`] | 200 [`MessageState`]; 400 bad key, body or digest; 403 other device; 409 the same key is being worked on; 422 the key was used with another body |
//! | `POST /v1/uploads` (tus 1.0 creation), `Upload-Length`, `Upload-Metadata: message <b64>,file <b64>` | 201 with `Location`; 404 unknown message or file; 409 complete already; 413 length differs from the message's |
//! | `HEAD`, `PATCH` on the upload (tus 1.0 core) | `Upload-Offset`; 409 wrong offset; 460 the whole file's SHA-256 is not the declared one, upload discarded |
//! | `POST /v1/messages` again | 200 with the signed receipt as soon as no file is missing |
//! | `GET /v1/inbox?after=N` | 200 [`NewsPage`] |
//! | `GET /v1/catalogue` | 200 [`SignedCatalogue`], the newest for this device; 404 where the hub has none |
//! | `POST /v1/heartbeat`, body [`Heartbeat`] | 200 [`HeartbeatAnswer`]; 403 other device |
//! | `POST /v1/accounts/check`, body [`AccountCheck`] | 200 [`AccountAnswer`] |
//! | `POST /v1/papers/search`, body [`PaperSearch`] | 200 [`PaperAnswer`] |
//! | `GET /v1/openapi.json` | 200 this contract as OpenAPI 3.1 |
//! | `GET /v1/health` | 204 |
//!
//! **Errors** are RFC 9457 problems ([`Problem`], `application/problem+json`). 429 says that this device asks too
//! often, 503 that the hub is full; both carry `Retry-After` in seconds.
//!
//! **Idempotency.** A message may be sent any number of times. Its key has three parts: the device, from the
//! certificate; the message's UUIDv7, in the header [`IDEMPOTENCY_KEY`]; the SHA-256 of the body's bytes. No header,
//! no UUIDv7 or another id than the body's is 400. The same id with another digest is 422 and stays so: the agent
//! freezes the bytes of a message before the first try. While another request with the key is at work the answer is
//! 409 with `Retry-After`. Otherwise the answer is the present state. Keys are kept as long as the dossier.
//!
//! **Integrity.** A POST may carry [`CONTENT_DIGEST`] (RFC 9530, `sha-256`); one that does not agree with the body
//! is 400 and nothing was stored. Files are covered by the message that declares them.
//!
//! **Uploads.** A creation may be repeated: it answers with the upload that the hub already has for that file, so a
//! device keeps nothing about uploads. 423 says that another request still writes to the upload: try again later.
//! The PATCH that ended an upload may be repeated.
//!
//! **Urgency.** A message is small and its files are large, so the two go apart: an agent first sends every message
//! that waits, and only then the scans, oldest message first. The hub knows of each dossier early; its code and
//! receipt come when the files are whole.
//!
//! **Personal data** is in bodies alone: never in an address, a header, a file name or a log.

mod carried;
mod digest;
mod news;
mod payment;
mod people;
mod watch;

pub use carried::{CARRIED, CARRIED_RECEIPT, Carried, CarriedFile};
pub use digest::{DigestMismatch, check_content_digest, content_digest};
pub use news::{Handing, News, NewsItem, NewsPage, ResultPaper, SupplementItem};
pub use payment::{PaymentAnswer, PaymentRequest, PaymentState};
pub use people::{
    AccountAnswer, AccountCheck, AccountPerson, AccountState, PaperAnswer, PaperFile, PaperLine, PaperSearch, PaperSource, PersonKey,
    StoredPaper,
};
pub use watch::{AuditFlag, AuditHead, DeviceReport, Heartbeat, HeartbeatAnswer, Moment, OutboxCounts};

use crate::{
    correction::Correction,
    dossier::{Dossier, FileRef, Handover},
    metadata::PaperMetadata,
    opinion::Opinion,
    rating::{Quality, Satisfaction},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Name of the header with [`Message::id`].
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Name of the header that [`content_digest`] makes.
pub const CONTENT_DIGEST: &str = "Content-Digest";
/// News, at most, in one [`NewsPage`].
pub const NEWS_PAGE: usize = 100;

/// One unit of delivery: a record with its attachments, whole or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Idempotency key; the record's own id.
    pub id: Uuid,
    /// Name of the device, as in its certificate's common name.
    pub device: String,
    /// Rises by one per message of the device: the order of events where clocks lie.
    pub sequence: u64,
    /// When the record was made, where the device's wall clock cannot be believed; absent from older agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
    /// The record.
    pub body: MessageBody,
    /// Every file that belongs to it; the hub's receipt covers all.
    pub files: Vec<NamedFile>,
}

/// What is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MessageBody {
    /// A dossier with its scans and PDFs.
    Dossier(Box<Dossier>),
    /// Parcels handed to a courier.
    Handover(Handover),
    /// Other data of the person of some dossiers; it comes after them and has no files.
    Correction(Box<Correction>),
    /// Phản ánh, kiến nghị (R16); belongs to no dossier and to nobody, and has no files.
    Opinion(Box<Opinion>),
    /// How content a person was with a visit (R17, đánh giá mức độ hài lòng); no files.
    Satisfaction(Satisfaction),
    /// How a dossier was dealt with, after its end (R17, đánh giá chất lượng giải quyết); no files.
    Quality(Quality),
}

impl MessageBody {
    /// Id of the record, which is its message's too.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Dossier(dossier) => dossier.id,
            Self::Handover(handover) => handover.id,
            Self::Correction(correction) => correction.id,
            Self::Opinion(opinion) => opinion.id,
            Self::Satisfaction(satisfaction) => satisfaction.id,
            Self::Quality(quality) => quality.id,
        }
    }
}

/// A file with the name it shall have at the hub. Names hold no personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedFile {
    /// For example `02-giay-chung-sinh.pdf`.
    pub name: String,
    /// The document it belongs to.
    pub document: Uuid,
    /// Identity, digest, length, type.
    pub file: FileRef,
    /// What is known of the paper (R53); the same stands in the file. Absent from older agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<PaperMetadata>>,
}

/// How far the hub is with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageState {
    /// Files that it does not hold whole yet.
    pub missing: Vec<Uuid>,
    /// Present when nothing is missing.
    pub receipt: Option<SignedReceipt>,
}

/// The hub's word that a message and all its files are durable there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// [`Message::id`].
    pub message: Uuid,
    /// [`Message::device`].
    pub device: String,
    /// SHA-256 of the message's JSON bytes as received, lower-case hex.
    pub digest: String,
    /// SHA-256 of every file, in the message's order.
    pub files: Vec<String>,
    /// Mã hồ sơ allocated by the hub; for a dossier alone.
    pub official_code: Option<String>,
    /// The hub's clock.
    pub stored: Timestamp,
}

/// A receipt with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedReceipt {
    /// The exact JSON text of the [`Receipt`] that was signed.
    pub receipt: String,
    /// Ed25519 over the bytes of `receipt`, standard base64.
    pub signature: String,
}

/// What is signed of a catalogue comes after this, so that no receipt can be taken for one.
pub const CATALOGUE_SIGNED: &str = "motcua catalogue\n";

/// A catalogue of procedures with its proof (architecture invariant 9, R10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedCatalogue {
    /// The exact JSON text of the [`crate::catalogue::Catalogue`] that was signed.
    pub catalogue: String,
    /// Ed25519 by the receipt key over [`CATALOGUE_SIGNED`] and the bytes of `catalogue`, standard base64.
    pub signature: String,
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
