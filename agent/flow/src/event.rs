//! What goes into the flow and what comes out of it.

use crate::{
    courier::{CourierDesk, PinVerdict},
    reprint::DigitsVerdict,
    slip::KeptProof,
};
use jiff::Timestamp;
use motcua_model::{
    Language, Private, Text,
    api::{ActionRequest, Health, PinStep, PrintState},
    brought::{BroughtPdf, OfferedPdf},
    catalogue::Catalogue,
    citizen::{ChipPerson, PersonNumber},
    code::{OpinionCode, ProvisionalCode},
    dossier::{Answer, Applicant, Document, Handover, HeldFee, Page, Status, Submission},
    fault::Fault,
    for_whom::ForWhom,
    handover::OpenHandover,
    hub::{AccountAnswer, News, PaymentAnswer, PaymentRequest, PersonKey, StoredPaper},
    metadata::FieldRead,
    mrz::DocumentKey,
    opinion::Written,
    particulars::Disputed,
    queue::Wanted,
    rating::Rating,
    supplement::AddsTo,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Time and identity for one call: arguments, so that tests neither sleep nor roll dice.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Monotonic milliseconds since any fixed moment: idle times count by it.
    pub mono_ms: u64,
    /// Wall clock: only written down, never compared for time-outs.
    pub wall: Timestamp,
    /// A UUIDv7 nobody has used yet; one call uses it at most once.
    pub fresh: Uuid,
}

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A device or link changed.
    Health(Health),
    /// The person touched the screen. Stale ones (other step) are ignored.
    Action(ActionRequest),
    /// The reader sent a text.
    Code(String),
    /// The reader sent bytes that are no text.
    ReaderGarbage,
    /// News of the card reader.
    Chip {
        /// The job of [`Effect::ReadChip`]; none when the reader opened a card by itself.
        job: Option<Uuid>,
        /// What happened.
        news: ChipNews,
    },
    /// Answer to [`Effect::FindUnfinished`].
    Unfinished(Unfinished),
    /// A page of scan job `job` is sealed on the disk. [`Effect::DropPages`] answers one that no visit keeps.
    PageStored {
        /// The job.
        job: Uuid,
        /// The page.
        page: Page,
    },
    /// A stored page was read. Unless it is secret, whatever comes of it, no page waits for this.
    PageRead {
        /// [`motcua_model::dossier::FileRef::id`] of the page.
        page: Uuid,
        /// Fields found on it; empty where its type of paper has none, or is not known.
        fields: Vec<FieldRead>,
        /// It bears the mark of a state secret: the whole paper must not stay (TT 03/2025/TT-VPCP Đ.5.2).
        secret: bool,
    },
    /// The scan job ended; pages that came before stay.
    ScanEnded {
        /// The job.
        job: Uuid,
        /// `None`: the scanner said that the batch is complete, or the person cancelled.
        fault: Option<Fault>,
    },
    /// The PDF files that can be chosen at C10c are these now.
    PdfsOffered(Vec<OfferedPdf>),
    /// Answer to [`Effect::TakePdf`]. [`Effect::DropPages`] answers a file that no visit keeps.
    PdfTaken {
        /// The job.
        job: Uuid,
        /// The sealed file, or why it was refused.
        taken: Result<BroughtPdf, Text>,
    },
    /// The dossier is durable under this code.
    Submitted {
        /// [`Submission::id`].
        id: Uuid,
        /// Its code.
        code: ProvisionalCode,
    },
    /// The dossier could not be stored; nothing was confirmed.
    SubmitFailed {
        /// [`Submission::id`].
        id: Uuid,
    },
    /// News of print job `job`.
    Print {
        /// The job.
        job: Uuid,
        /// How it goes.
        state: PrintState,
    },
    /// Answer to [`Effect::AskHub`]; none comes where the hub could not be asked.
    HubTold {
        /// Who was asked about.
        owner: PersonKey,
        /// What is known of the account.
        account: Option<AccountAnswer>,
        /// The newest stored paper of each asked mã loại giấy tờ that has one.
        papers: Vec<(String, StoredPaper)>,
    },
    /// Answer to [`Effect::AskPayment`].
    Payment {
        /// [`PaymentRequest::dossier`].
        dossier: Uuid,
        /// The hub's word; none where it did not answer.
        answer: Option<PaymentAnswer>,
    },
    /// Answer to [`Effect::LookUp`]; [`Event::StoreFailed`] when it could not be done.
    LookedUp {
        /// What was asked.
        asked: String,
        /// What is known.
        found: Option<Known>,
    },
    /// Answer to [`Effect::FindOwn`]; [`Event::StoreFailed`] when it could not be done.
    OwnFound {
        /// Whose.
        number: PersonNumber,
        /// Newest first.
        dossiers: Vec<OwnDossier>,
    },
    /// Answer to [`Effect::AskOfficer`].
    OfficerTold {
        /// Which.
        dossier: Uuid,
        /// What is known of it; none where the store could not say.
        own: Option<Box<OwnDossier>>,
    },
    /// Answer to [`Effect::FindCourier`]; [`Event::StoreFailed`] when it could not be done.
    CourierFound {
        /// Badge number.
        courier: String,
        /// What waits.
        desk: Box<CourierDesk>,
    },
    /// Answer to [`Effect::CheckPin`].
    PinChecked {
        /// The job.
        job: Uuid,
        /// What became of it.
        verdict: PinVerdict,
    },
    /// Answer to [`Effect::CheckDigits`].
    DigitsChecked {
        /// The job.
        job: Uuid,
        /// What became of it.
        verdict: DigitsVerdict,
    },
    /// The half-done handover is durable with its last parcel.
    ParcelKept {
        /// [`OpenHandover::id`].
        id: Uuid,
    },
    /// It is not: the last parcel does not count.
    ParcelNotKept {
        /// [`OpenHandover::id`].
        id: Uuid,
    },
    /// The handover is durable.
    HandoverStored {
        /// [`Handover::id`].
        id: Uuid,
    },
    /// The handover could not be stored.
    HandoverFailed {
        /// [`Handover::id`].
        id: Uuid,
    },
    /// The opinion is durable under this code.
    OpinionStored {
        /// [`Written::id`].
        id: Uuid,
        /// Its code.
        code: OpinionCode,
    },
    /// The opinion could not be stored; nothing was confirmed.
    OpinionFailed {
        /// [`Written::id`].
        id: Uuid,
    },
    /// The rating is durable.
    RatingStored {
        /// [`Rating::id`].
        id: Uuid,
    },
    /// The rating could not be stored.
    RatingFailed {
        /// [`Rating::id`].
        id: Uuid,
    },
    /// The number is durable.
    NumberTaken {
        /// [`Wanted::id`].
        id: Uuid,
        /// As it will be called.
        number: String,
        /// How many are called before.
        ahead: u32,
    },
    /// No number could be stored; none was given.
    NumberFailed {
        /// [`Wanted::id`].
        id: Uuid,
    },
    /// Something of the visit could not be stored ([`Effect::SaveDraft`], pages), or [`Effect::LookUp`] could
    /// not be done. The person is told; the visit goes on, and the next change saves the whole draft again.
    StoreFailed,
    /// After a start: how many unfinished visits lie sealed on the disk.
    Restarted {
        /// Drafts, and dossiers whose slip was not printed.
        unfinished: u32,
    },
    /// A newer catalogue is in force: it holds from the next visit on.
    Catalogue(Box<Catalogue>),
    /// The agent cannot serve people.
    OutOfService(Text),
    /// The moment of [`crate::Kiosk::wake_at`] has come.
    Tick,
}

/// How the reading of a chip goes. After the last two nothing more comes of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChipNews {
    /// A card lies there and is being read.
    Reading {
        /// Done, 0 to 100.
        percent: u8,
    },
    /// Why it ended: one of the faults of the card or its reader.
    Failed(Fault),
    /// Read and checked.
    Read(Box<ChipPerson>),
}

/// What the shell must do. Every effect on the world carries an id.
#[expect(clippy::large_enum_variant, reason = "a few at a time, each performed at once")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make the visit durable before the next snapshot is shown.
    SaveDraft(Draft),
    /// The visit ended without a dossier: erase its draft, pages and key.
    DropDraft {
        /// [`Draft::id`].
        id: Uuid,
        /// For the audit.
        reason: EndReason,
    },
    /// The visit ended and its draft stays for the same card: nothing of it stays with the scanner.
    CloseDraft,
    /// Has this person an unfinished filing or an unprinted slip?
    FindUnfinished {
        /// Who.
        number: PersonNumber,
    },
    /// Read the chip of the card or passport with this number, or wait until it is laid on the reader.
    ReadChip {
        /// Id of the job.
        job: Uuid,
        /// Opens a citizen card, and must be the number inside.
        number: PersonNumber,
        /// Opens every document: what its machine-readable zone says, where that is known.
        zone: Option<DocumentKey>,
    },
    /// Stop waiting for the card, or reading it.
    CancelChip {
        /// Id of the job.
        job: Uuid,
    },
    /// Scan sheets for a document; pages come as [`Event::PageStored`].
    StartScan {
        /// Id of the job.
        job: Uuid,
        /// Dossier the pages belong to.
        dossier: Uuid,
        /// Sheets that the person declared: a hint for time-outs, never a limit.
        sheets: u16,
        /// Pages of the same paper that stay: a new one that looks like one of them is told.
        beside: Vec<Uuid>,
    },
    /// Stop the scan job.
    CancelScan {
        /// Id of the job.
        job: Uuid,
    },
    /// Check a PDF that was brought and seal it.
    TakePdf {
        /// Id of the job.
        job: Uuid,
        /// Dossier it belongs to.
        dossier: Uuid,
        /// [`OfferedPdf::id`].
        file: Uuid,
    },
    /// Erase these pages, or PDFs that were brought.
    DropPages {
        /// Dossier of the present visit; nil without one. Pages that came too late may belong to another:
        /// their ids alone say what is erased.
        dossier: Uuid,
        /// [`motcua_model::dossier::FileRef::id`] of each.
        pages: Vec<Uuid>,
    },
    /// Make the dossier durable with its audit record and outbox row, and drop the draft, at once.
    Submit(Box<Submission>),
    /// Print a slip. The same job twice prints once unless the first ended without paper.
    Print(Box<Slip>),
    /// The visit is over: an [`Effect::Print`] that still waits is dropped, so that no slip of one person
    /// comes out in front of the next.
    CloseSlip {
        /// [`Slip::job`].
        job: Uuid,
        /// True when the person went away while the slip was still to be printed: whoever comes back with
        /// the same card gets it ([`Unfinished::Slip`]). False when the slip was taken or given up, or
        /// nothing more is to be printed.
        keep: bool,
    },
    /// What does the hub know of this person? Nobody waits for the answer.
    AskHub {
        /// The owner of the dossier.
        owner: PersonKey,
        /// Mã TTHC.
        procedure: String,
        /// Mã loại giấy tờ to look for; empty where the person has not proved to be the owner.
        types: Vec<String>,
    },
    /// How does this payment stand? [`Event::Payment`] answers always.
    AskPayment {
        /// Which.
        request: PaymentRequest,
        /// Seconds to wait before the hub is asked.
        after_s: u16,
    },
    /// Keep what the proof of a filing says, to be printed again; what was kept first stays.
    KeepProof {
        /// Which.
        dossier: Uuid,
        /// What it says.
        proof: Box<KeptProof>,
        /// Lệ phí in đồng on the day of the filing.
        fee_vnd: u32,
    },
    /// A code to pay a fee with is shown: keep that the money may be under way.
    FeeBegun {
        /// [`PaymentRequest::dossier`].
        dossier: Uuid,
    },
    /// The platform says that the money has come: keep it.
    FeePaid {
        /// [`PaymentRequest::dossier`].
        dossier: Uuid,
        /// Đồng.
        amount_vnd: u32,
        /// The platform's number.
        transaction: String,
    },
    /// Are these the last digits of the telephone number that was left with this filing? The count of wrong ones is durable before the
    /// answer.
    CheckDigits {
        /// Id of the job.
        job: Uuid,
        /// The code, as asked.
        asked: String,
        /// As typed.
        digits: Private,
    },
    /// Whoever had this slip printed went away: one that nothing is kept of ([`SlipOf`]) and that still waits for paper is dropped.
    DropPrint {
        /// [`Slip::job`].
        job: Uuid,
    },
    /// What is known of this dossier? The hub is asked for news, too. [`Event::OfficerTold`] answers always.
    AskOfficer {
        /// Which.
        dossier: Uuid,
        /// Seconds to wait before.
        after_s: u16,
    },
    /// What is known of a code?
    LookUp {
        /// As asked.
        asked: String,
    },
    /// What did this person file here? The chip has proved who asks.
    FindOwn {
        /// Who.
        number: PersonNumber,
    },
    /// What waits for this courier: announced parcels, a half-done handover, an unprinted slip?
    FindCourier {
        /// Badge number.
        courier: String,
    },
    /// Is this the PIN? The count of wrong ones is durable before the answer.
    CheckPin {
        /// Id of the job.
        job: Uuid,
        /// Whose, and what for.
        step: PinStep,
        /// Badge number of the courier who stands there.
        courier: String,
        /// As typed.
        pin: Private,
    },
    /// Make the half-done handover durable before the next snapshot is shown.
    KeepHandover(OpenHandover),
    /// Make the handover durable with its audit record and outbox row; its half-done one goes.
    StoreHandover(Handover),
    /// Make the opinion durable under a code of its own, with its audit record and outbox row.
    StoreOpinion(Box<Written>),
    /// Make the rating durable with its audit record and outbox row.
    StoreRating(Rating),
    /// Give the next number of the day in this group.
    TakeNumber(Wanted),
}

/// Why a visit ended; written to the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// "Kết thúc".
    Ended,
    /// Nobody answered "Còn ở đây không?".
    Idle,
    /// "Bỏ, làm mới" on C91.
    Discarded,
}

/// How long an unfinished filing waits for its person, in hours.
pub const DRAFT_HOURS: i64 = 24;

/// An unfinished filing as it is sealed on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Becomes the dossier's id.
    pub id: Uuid,
    /// Language of the visit.
    pub language: Language,
    /// Mã TTHC.
    pub procedure: String,
    /// [`motcua_model::catalogue::Catalogue::version`].
    pub catalogue_version: u32,
    /// Who files.
    pub applicant: Applicant,
    /// What was chosen on C04; none where nothing was asked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_whom: Option<ForWhom>,
    /// The other one, where their card was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Applicant>,
    /// TechID of the owner's account, where the hub told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical_id: Option<Private>,
    /// Stored papers that the person found wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputed: Vec<Disputed>,
    /// Checked answers so far.
    pub answers: Vec<Answer>,
    /// Papers accepted so far.
    pub documents: Vec<Document>,
    /// The paper being scanned, its pages not accepted yet.
    pub scanning: Option<Document>,
    /// Indexes of the papers that the person goes without.
    pub left: Vec<u8>,
    /// What was read on pages of this draft, for the questions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<PageFields>,
    /// The dossier that these papers are added to; none of a filing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds_to: Option<Box<AddsTo>>,
    /// Wall clock of the last change.
    pub saved: Timestamp,
}

/// What was read on one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFields {
    /// [`motcua_model::dossier::FileRef::id`] of the page.
    pub page: Uuid,
    /// Its fields.
    pub fields: Vec<FieldRead>,
}

/// What the store knows of a person's unfinished business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// Nothing.
    Nothing,
    /// A filing that was not submitted.
    Draft(Box<Draft>),
    /// A dossier submitted not long ago whose slip was not printed to its end.
    Slip(Box<motcua_model::dossier::Dossier>),
}

/// What a look-up may tell without authentication (R13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Mã hồ sơ from the hub.
    pub official_code: Option<String>,
    /// TrangThaiHoSo from the hub; none while the dossier waits here.
    pub status: Option<Status>,
    /// When this was learned.
    pub known_at: Timestamp,
    /// The proof of this filing is kept here.
    pub can_reprint: bool,
}

/// A proof that may be printed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldProof {
    /// Whose.
    pub dossier: Uuid,
    /// What it says.
    pub proof: KeptProof,
    /// None where nothing is to be paid.
    pub fee: Option<HeldFee>,
}

/// A dossier as its person may see it once the chip has proved who asks (R13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDossier {
    /// [`motcua_model::dossier::Dossier::id`].
    pub id: Uuid,
    /// Mã TTHC; none in records of before.
    pub procedure_code: Option<String>,
    /// [`motcua_model::hub::NewsItem::cursor`] of `news`; 0 without.
    pub request: u64,
    /// None where nothing is to be paid, or it is not known here.
    pub fee: Option<HeldFee>,
    /// When the papers of the last request were added here.
    pub added: Option<Timestamp>,
    /// An unfinished filing of these papers, of before a power cut.
    pub begun: Option<Box<Draft>>,
    /// Provisional code.
    pub code: String,
    /// What the hub has said.
    pub known: Known,
    /// Its procedure.
    pub procedure: Text,
    /// When it was confirmed to the person.
    pub submitted: Timestamp,
    /// The last request for papers where one is open, the result where there is one, else the receipt of an officer who has it in work.
    pub news: Option<News>,
}

impl OwnDossier {
    /// Mã hồ sơ, or the provisional code before there is one.
    pub(crate) fn shown_code(&self) -> String {
        self.known.official_code.clone().unwrap_or_else(|| self.code.clone())
    }
}

/// Whose slip it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlipOf {
    /// Of a dossier: how far it is printed is kept, for whoever comes back with the same card.
    Dossier,
    /// Of an opinion, which nobody can come back for: nothing is kept.
    Opinion,
    /// Of a payment, which the platform keeps: only how often it is printed.
    Payment {
        /// Of this dossier.
        dossier: Uuid,
    },
    /// Of what the office says of a dossier (C20d), or the proof of its filing once more (C20f): it can be printed whenever its person
    /// comes back, and how often is kept.
    Told {
        /// Which.
        dossier: Uuid,
        /// [`OwnDossier::request`] of what is told; 0 for the proof of the filing.
        news: u64,
    },
    /// What to bring (C08c): nothing is kept.
    ToBring,
    /// A number of the queue: it holds with or without paper.
    Ticket,
    /// A copy of a handover's: which copies are printed is kept with the record.
    Handover {
        /// [`Handover::id`].
        id: Uuid,
        /// 1 the courier's, 2 the office's.
        copy: u8,
        /// The courier has signed with a PIN: no line to sign on.
        courier: bool,
        /// So has the clerk.
        clerk: bool,
    },
}

/// Phiếu xác nhận đã nộp, the slip of an opinion, or a ticket of the queue: its content; the shell lays it
/// out, and counts its reprints where the printer begins with them.
#[derive(Clone, PartialEq, Eq)]
pub struct Slip {
    /// Print job: the dossier's, opinion's or ticket's id, or one made of the handover's.
    pub job: Uuid,
    /// Whose it is.
    pub of: SlipOf,
    /// Language of the visit.
    pub language: Language,
    /// Name of the office.
    pub office: Text,
    /// Headline.
    pub title: Text,
    /// The code in large letters.
    pub code: String,
    /// Text of the QR; empty: none.
    pub qr: String,
    /// Label and value of each line.
    pub rows: Vec<(Text, Text)>,
    /// What to do with it, at the bottom.
    pub note: Text,
    /// When it was made.
    pub at: Timestamp,
}

/// Without its rows: an officer's words may stand there.
impl fmt::Debug for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, of, code, .. } = self;
        f.debug_struct("Slip").field("job", job).field("of", of).field("code", code).finish_non_exhaustive()
    }
}
