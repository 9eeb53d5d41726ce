//! What technicians and the console ask the agent.

use super::{DeviceState, Health};
use crate::{
    Private,
    hub::{AuditFlag, SignedReceipt},
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// For the technician and the console: no personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentStatus {
    /// Of the agent.
    pub version: String,
    /// When it became ready.
    pub started: Timestamp,
    /// Devices and links.
    pub health: Health,
    /// One line per configured device: kind, address, what it says of itself.
    pub devices: Vec<DeviceLine>,
    /// Messages that wait for the hub.
    pub outbox: Vec<OutboxLine>,
    /// Dossiers by state.
    pub dossiers: DossierCounts,
    /// Catalogue in use.
    pub catalogue_version: u32,
    /// Cause of the hub's last failure, with the next step; empty when the link is up.
    pub hub_problem: String,
    /// When the hub last answered; none since the start.
    #[serde(default)]
    pub last_contact: Option<Timestamp>,
    /// Seconds that the hub's clock is ahead of this PC's; none before the first heartbeat.
    #[serde(default)]
    pub clock_offset_s: Option<i64>,
    /// The hub remembers another audit trail of this device than the device has.
    #[serde(default)]
    pub audit_flag: Option<AuditFlag>,
    /// Share of its quota that the store takes, 1 is full. From [`DISK_WARN`] on staff should look, from [`DISK_FULL`] on no new
    /// filing is begun.
    #[serde(default)]
    pub disk_ratio: f64,
}

/// See [`AgentStatus::disk_ratio`].
pub const DISK_WARN: f64 = 0.80;
/// See [`AgentStatus::disk_ratio`].
pub const DISK_FULL: f64 = 0.95;

/// One configured device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceLine {
    /// `scanner`, `reader`, `card_reader`, `printer`.
    pub kind: String,
    /// Path or URL.
    pub address: String,
    /// Make and model as the device tells, or empty.
    pub model: String,
    /// Present state.
    pub state: DeviceState,
    /// Cause and next step where it is not ready; empty otherwise.
    pub problem: String,
}

/// One waiting message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutboxLine {
    /// Message id.
    pub id: Uuid,
    /// `dossier`, `handover` or `correction`.
    pub kind: String,
    /// Provisional code; of another record than a dossier its id.
    pub code: String,
    /// When it was confirmed to the person.
    pub since: Timestamp,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Not before.
    pub next_try: Timestamp,
    /// Cause of the last failure; empty when there was none.
    pub problem: String,
    /// Not tried any more until a technician asks for it: it cannot be read here, or the hub refuses it.
    #[serde(default)]
    pub set_aside: bool,
    /// Not sent before the office has signed its papers, or staff send it unsigned at the console.
    #[serde(default)]
    pub to_sign: bool,
    /// Dossiers that the hub must have before: until then this message is not tried.
    #[serde(default)]
    pub ahead: Vec<OutboxAhead>,
}

/// A waiting dossier that another message waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutboxAhead {
    /// Message id.
    pub id: Uuid,
    /// Provisional code.
    pub code: String,
    /// It is not tried itself: see [`OutboxLine::set_aside`].
    pub set_aside: bool,
}

/// What the verification of the audit chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditState {
    /// Rows read.
    pub rows: u64,
    /// First row that does not follow from the one before it.
    pub broken_at: Option<u64>,
    /// Hash of the newest row, lower-case hex: what the hub remembers of the last heartbeat.
    pub head: String,
}

/// A waiting message for the technician; no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutboxDetail {
    /// As in the list.
    pub line: OutboxLine,
    /// Whether its message is made, and how long it is.
    pub message_bytes: Option<u64>,
    /// The hub knows the record already; files follow.
    pub announced: bool,
    /// Scans and PDFs: id, kind, length, whether it is whole.
    pub files: Vec<OutboxFile>,
}

/// A file of a waiting message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutboxFile {
    /// The file.
    pub id: Uuid,
    /// `image/jpeg`, `application/pdf`.
    pub media: String,
    /// Length.
    pub bytes: u64,
    /// False: it is missing, or cannot be opened any more.
    pub whole: bool,
}

/// Which messages to try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// None: all.
    pub id: Option<Uuid>,
}

/// How many messages are tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetryAnswer {
    /// Messages.
    pub waiting: u32,
}

/// Which message to seal for a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarryRequest {
    /// As the outbox lists it.
    pub id: Uuid,
}

/// A message that only the hub can open ([`crate::hub::Carried`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SealedMessage {
    /// The message.
    pub id: Uuid,
    /// The file's bytes, standard base64.
    pub base64: String,
}

/// What the hub gave for a carried message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarriedReceipt {
    /// The message.
    pub id: Uuid,
    /// The hub's word.
    pub signed: SignedReceipt,
}

/// Whether the receipt was news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptAnswer {
    /// False: nothing waits under this id any more.
    pub taken: bool,
}

/// Whose data. In the body, never in an address: addresses are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    /// Số định danh cá nhân, or state and number of a passport.
    pub number: Private,
}

/// Everything that the device holds of one person (Luật 91/2025 Đ.4): for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonData {
    /// Unfinished visits.
    pub drafts: u32,
    /// Dossiers as they were confirmed, oldest first: [`crate::dossier::Dossier`].
    pub dossiers: Vec<serde_json::Value>,
    /// What was asked to be corrected, oldest first; each names its dossiers: [`crate::correction::Correction`].
    #[serde(default)]
    pub corrections: Vec<serde_json::Value>,
    /// Provisional codes of dossiers of which only code, status and times are left.
    pub minimal: Vec<String>,
    /// Their scans, lossless files of scans, and PDFs; the bytes are asked for one by one.
    pub files: Vec<PersonFile>,
}

/// One file of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonFile {
    /// As the dossier names it.
    pub id: Uuid,
    /// `image/jpeg`, `image/png`, `application/pdf`.
    pub media: String,
    /// The scanned side whose lossless file it is; none of any other file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Uuid>,
}

/// What is left of one person after the erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErasedAnswer {
    /// Dossiers and corrections that the hub does not have yet: ask again when they are delivered.
    pub left: u32,
}

/// What shall be corrected for one person (Luật 91/2025 Đ.4), and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectRequest {
    /// As in [`PersonRequest`].
    pub number: Private,
    /// Họ và tên as it shall be; none: it stays.
    #[serde(default)]
    pub name: Option<Private>,
    /// Ngày sinh as it shall be; none: it stays.
    #[serde(default)]
    pub birth: Option<Date>,
    /// Địa chỉ as it shall be; none: it stays.
    #[serde(default)]
    pub address: Option<Private>,
    /// Who asked and how it was proven.
    pub reason: Private,
    /// False: nothing is kept, and the answer says what would be corrected.
    pub keep: bool,
}

/// Which dossiers a correction is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectAnswer {
    /// Provisional codes, oldest first.
    pub codes: Vec<String>,
    /// Id of the correction; none where it was not to be kept.
    pub id: Option<Uuid>,
}

/// How many dossiers stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierCounts {
    /// On this disk only.
    pub waiting: u32,
    /// With the hub's signed receipt.
    pub delivered: u32,
}

/// The copy of the database that lies beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupState {
    /// When it was taken; what was confirmed afterwards is not in it.
    pub taken: Timestamp,
    /// Its length.
    pub bytes: u64,
    /// The database opens, so that there is nothing to restore.
    pub database_opens: bool,
}
