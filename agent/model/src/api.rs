//! The local API: what the kiosk screen and the technician's command see of the agent.
//!
//! HTTP on a unix socket whose peer uid is checked (architecture.md):
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/snapshots` | server-sent events; each `data:` is a [`Snapshot`]; the first comes at once |
//! | `GET /v1/snapshot` | the present [`Snapshot`] |
//! | `POST /v1/actions`, body [`ActionRequest`] | 204; 409 when the screen has moved on and the action is stale |
//! | `GET /v1/pages/{id}?width=N` | `image/jpeg` of a page of the present visit, at most N pixels wide; 404 otherwise |
//! | `GET /v1/status` | [`AgentStatus`] |
//! | `GET /v1/metrics` | Prometheus text |
//! | `GET /v1/audit` | [`AuditState`]: the whole audit chain, verified now |
//! | `GET /v1/outbox/{id}` | [`OutboxDetail`]; 404 when it does not wait |
//! | `POST /v1/outbox/retry`, body [`RetryRequest`] | [`RetryAnswer`]; also what was set aside is tried again |
//! | `POST /v1/outbox/export`, body [`CarryRequest`] | [`SealedMessage`], to be carried to the hub; 409 with the cause |
//! | `POST /v1/outbox/receipt`, body [`CarriedReceipt`] | [`ReceiptAnswer`]; 409 when it is not the hub's or not for what waits |
//! | `POST /v1/person/export`, body [`PersonRequest`] | [`PersonData`]: everything that is held of one person |
//! | `GET /v1/person/files/{id}` | the bytes of one of its files; 404 when it is damaged |
//! | `POST /v1/person/erase`, body [`PersonRequest`] | [`ErasedAnswer`] |
//! | `GET /v1/openapi.json` | this, as OpenAPI 3.1 |

mod action;
mod courier;
mod fee;
mod look_up;
mod officer;
mod opinion;
mod queue;
mod review;
mod technician;

pub use action::{Action, ActionRequest};
pub use courier::{Continued, CourierPage, DoubtWhy, ExpectedLine, ParcelDoubt, ParcelLine, PinRefused, PinStep, ScanTone};
pub use fee::{FeePage, PayWay};
pub use look_up::{DigitsRefused, OwnLine, ReprintPage};
pub use officer::{Adding, OfficerPage};
pub use opinion::{OpinionPage, RatingOffer, RatingPage};
pub use queue::QueuePage;
pub use review::{ChangeTarget, ReviewRow, ReviewValue};
pub use technician::*;

use crate::{
    Language, Private, Text,
    brought::OfferedPdf,
    catalogue::{AnswerKind, NotScanned},
    dossier::Proof,
    fault::Fault,
    for_whom::ForWhom,
    pages::PageFault,
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything that the screen needs to draw itself. The screen holds no other truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Rises whenever the person reaches another screen or question; actions quote it.
    pub step: u64,
    /// The person's language; back to Vietnamese after every visit.
    pub language: Language,
    /// Name of the office.
    pub office: Text,
    /// Telephone for help; may be empty.
    pub phone: String,
    /// Mã xã of the commune that the office serves: the first choice where an address is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commune: Option<String>,
    /// What is shown.
    pub screen: Screen,
    /// "Bước 2/6", where the screen is a step of a filing.
    pub progress: Option<Progress>,
    /// Drawn over the screen; the screen below is kept.
    pub overlay: Option<Overlay>,
    /// Devices and links, for the dots in the header.
    pub health: Health,
    /// Whether "Quay lại" does something here.
    pub can_back: bool,
    /// Whether "Kết thúc" does something here.
    pub can_end: bool,
}

/// Step `at` of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// From 1.
    pub at: u8,
    /// Steps in all.
    pub of: u8,
}

/// State of the devices and of the link to the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Document scanner.
    pub scanner: DeviceState,
    /// Barcode and QR reader.
    pub reader: DeviceState,
    /// Reader of the card's chip.
    #[serde(default)]
    pub card_reader: DeviceState,
    /// Receipt printer.
    pub printer: DeviceState,
    /// Provincial hub.
    pub hub: LinkState,
    /// The store has no room for another dossier.
    #[serde(default)]
    pub disk_full: bool,
}

/// A device as the supervisor sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Not in the configuration.
    #[default]
    Absent,
    /// Configured, does not answer.
    Lost,
    /// Answers, but a person must act (paper, jam, cover).
    NeedsHuman(Fault),
    /// Ready for use.
    Ready,
}

/// The link to the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Not tried yet.
    #[default]
    Unknown,
    /// The last exchange worked.
    Up,
    /// No connection: dossiers wait on the disk.
    Down,
    /// The hub refuses this device's certificate, or this device refuses the hub's.
    Refused,
}

impl LinkState {
    /// Nothing can be sent now; before the first try nobody knows.
    pub fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::Refused)
    }
}

/// The screens, by the codes of ux.md 7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "screen", rename_all = "snake_case")]
pub enum Screen {
    /// C01 Chờ.
    Waiting {
        /// What can be started here.
        services: Vec<ServiceTile>,
        /// True for a while after a restart that left an unfinished visit: "Máy vừa khởi động lại".
        unfinished: bool,
    },
    /// C02 Thông báo: what is read, why, how long it is kept.
    Notice,
    /// C03 Chọn thủ tục.
    Procedures {
        /// All procedures; the screen pages and searches them.
        procedures: Vec<ProcedureLine>,
        /// Names of the life events that group them.
        life_events: Vec<Text>,
    },
    /// C03 details: papers, fee, days.
    ProcedureDetails {
        /// Name.
        name: Text,
        /// Papers asked for.
        papers: Vec<PaperLine>,
        /// Đồng; 0 is free.
        fee_vnd: u32,
        /// In words.
        time_limit: Text,
        /// What one receives.
        result: Text,
        /// The list of the papers on paper; none before it was asked for.
        #[serde(default)]
        list: Option<PrintState>,
    },
    /// C05 Nhận diện: hold the card's QR under the reader, or lay the card on a reader that opens it by itself.
    Identify {
        /// Failed readings so far; the advice changes with it.
        failed: u8,
        /// The reader of the card's QR can be used.
        qr: bool,
        /// A card reader can be used that needs no number to open a card.
        chip: bool,
    },
    /// C05c: type the two machine-readable lines of a passport, or hold them under the reader.
    Passport {
        /// Why the last lines were not taken.
        error: Option<Text>,
    },
    /// C05b: lay the card or passport, whose number is known, on the card reader.
    ReadChip {
        /// How far it is.
        phase: ChipPhase,
        /// Why the last attempt failed, in the words of [`Fault::words`]; none before the first failure.
        fault: Option<Fault>,
        /// Going on without the chip is the better way now, and shall be offered first.
        skip_first: bool,
        /// It is a passport and no card.
        passport: bool,
    },
    /// C06 Xác nhận người.
    ConfirmPerson {
        /// Họ và tên.
        name: Private,
        /// Year only.
        birth_year: i16,
        /// Masked number.
        number: String,
        /// It is a passport's number.
        passport: bool,
        /// Address as on the card; empty where the document has none.
        address: Private,
        /// How far this is proven, in the words of [`Proof::words`].
        proof: Proof,
    },
    /// C04 Nộp cho ai.
    ForWhom {
        /// What can be chosen, in order.
        choices: Vec<ForWhom>,
        /// What was chosen before.
        chosen: Option<ForWhom>,
    },
    /// C91 Resume: the same person has an unfinished filing.
    Resume {
        /// When it was left.
        left: Timestamp,
        /// Of which procedure.
        procedure: Text,
    },
    /// C07 one question.
    Question {
        /// The question.
        ask: Text,
        /// One line of help.
        hint: Text,
        /// Which input to show.
        kind: AnswerKind,
        /// False: may be left empty.
        required: bool,
        /// Present answer, or what a paper says ([`Self::Question::read_from`]); of the card its address as it stands there.
        answer: Private,
        /// The paper, or the card, that the machine read the answer on: the person has not said yes to it yet.
        read_from: Option<Text>,
        /// Why the last answer was not taken.
        error: Option<Text>,
        /// C05d: what stands on the card that no reader reads.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        of_card: bool,
        /// Question number, from 1.
        at: u8,
        /// Questions in all.
        of: u8,
    },
    /// C08 Giấy tờ: the papers and what is done with each.
    Papers {
        /// In catalogue order.
        papers: Vec<PaperLine>,
    },
    /// C08c it cannot be submitted like this: scan them, or come back with them.
    MissingPapers {
        /// Names of the papers that must be there and are not.
        papers: Vec<Text>,
    },
    /// C08d the unfinished filing is kept for whoever comes back with the same card.
    KeptForLater {
        /// When it is erased.
        until: Timestamp,
        /// Names of the papers to bring.
        papers: Vec<Text>,
        /// The list of them on paper.
        printing: PrintState,
    },
    /// C08b a paper that is stored already: is it right, and may it be shared (R32)?
    StoredPaper {
        /// Which paper it would stand for.
        paper: Text,
        /// TenGiayTo.
        name: String,
        /// SoKyHieu.
        number: Private,
        /// CoQuanBanHanh.
        issuer: String,
        /// NgayBanHanh.
        issued: Option<Date>,
        /// Last day on which it holds; none where it has no end.
        valid_until: Option<Date>,
    },
    /// C10 Đếm tờ.
    CountSheets {
        /// Which paper.
        paper: Text,
        /// Most sheets that can be declared.
        max: u16,
        /// A PDF can be taken in its place.
        #[serde(default)]
        pdf: bool,
    },
    /// C10b why the paper cannot be scanned here; the choices are [`crate::dossier::Special::ALL`].
    SpecialPaper {
        /// Which paper.
        paper: Text,
    },
    /// C10c the person has the paper as a PDF: on a stick, or the desk uploads it.
    ChoosePdf {
        /// Which paper.
        paper: Text,
        /// What can be chosen now.
        files: Vec<OfferedPdf>,
        /// One was chosen and is being checked.
        checking: bool,
        /// Why the last one was not taken.
        refused: Option<Text>,
        /// Sticks are looked for here.
        stick: bool,
    },
    /// C11 Quét: put the paper in, or scanning.
    Scan {
        /// Which paper.
        paper: Text,
        /// Declared sheets.
        sheets: u16,
        /// Pages received so far.
        pages: Vec<PageView>,
        /// True while the scanner runs.
        running: bool,
        /// One sheet is scanned once more, without the note stuck on it (R49).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_note: bool,
    },
    /// C11 check: are all pages there and readable?
    PageCheck {
        /// Which paper.
        paper: Text,
        /// Declared sheets.
        sheets: u16,
        /// Pages in order.
        pages: Vec<PageView>,
        /// Pages that two sides of the declared sheets would give, and those that were scanned once more without a note.
        expected: u16,
    },
    /// C12 Kiểm tra lại.
    Review {
        /// Name of the procedure.
        procedure: Text,
        /// Rows of person, answers and papers.
        rows: Vec<ReviewRow>,
    },
    /// C14 being made durable.
    Submitting,
    /// C17 the dossier is safe; the slip is printed.
    Slip {
        /// Mã tạm.
        code: String,
        /// The same code as text of the QR on the slip.
        qr: String,
        /// True while the link is down (C14b).
        offline: bool,
        /// How the printing goes.
        printing: PrintState,
    },
    /// C15 Phí: behind the slip, which nobody waits for money to get.
    Fee {
        /// Which page, and what it shows.
        page: FeePage,
    },
    /// C16 the person may wait for an officer's word.
    Officer {
        /// Which, and what it shows.
        page: OfficerPage,
    },
    /// C18 Xong.
    Done {
        /// Mã tạm.
        code: String,
        /// What happens next.
        time_limit: Text,
        /// Lệ phí in đồng of which nobody has said that it is paid; 0 where there is none.
        #[serde(default)]
        unpaid_vnd: u32,
        /// A code to pay it with was shown: the money may be under way.
        #[serde(default)]
        unconfirmed: bool,
        /// C22a can be reached.
        #[serde(default)]
        rating: RatingOffer,
    },
    /// C20 Tra cứu: type or scan a code.
    LookUp,
    /// C20 result without authentication: code and degree of completion only (R13).
    LookUpResult {
        /// The code that was asked for.
        asked: String,
        /// Mã hồ sơ, when the hub has allocated one.
        official_code: Option<String>,
        /// Steps done of `steps`.
        done: u8,
        /// Steps in all.
        steps: u8,
        /// Where it stands, in plain words.
        state: Text,
        /// When this was last known.
        known_at: Timestamp,
        /// C22b can be reached: only of a dossier that has ended.
        #[serde(default)]
        rating: RatingOffer,
        /// C20e can be reached: the proof lies here, and there is a printer.
        #[serde(default)]
        reprint: bool,
    },
    /// C20e, C20f the proof of the filing once more, without a card.
    Reprint {
        /// Which, and what it shows.
        page: ReprintPage,
    },
    /// C21 Góp ý, in several steps.
    Opinion {
        /// Which, and what it shows.
        page: OpinionPage,
    },
    /// C22 a rating.
    Rating {
        /// Which, and what it shows.
        page: RatingPage,
    },
    /// C24 Lấy số, in several steps.
    Queue {
        /// Which, and what it shows.
        page: QueuePage,
    },
    /// C20c what the person filed, after the chip has proved who asks (R13).
    OwnDossiers {
        /// Newest first.
        dossiers: Vec<OwnLine>,
    },
    /// C20d one of them.
    OwnDossier {
        /// The one that was touched.
        line: OwnLine,
        /// Steps done of `steps`.
        done: u8,
        /// Steps in all.
        steps: u8,
        /// When this was last known.
        known_at: Timestamp,
        /// What is asked of the person, when the result is due, or how they get it.
        rows: Vec<ReviewRow>,
        /// How far this page is printed: none before it was asked for. It can be printed where there is a printer.
        #[serde(default)]
        printing: Option<PrintState>,
        /// Whether the papers that are asked for can be added here.
        #[serde(default)]
        adding: Adding,
        /// C15 can be reached: a fee is owed of which nobody has said that it is paid.
        #[serde(default)]
        can_pay: bool,
    },
    /// P01 to P06 the courier.
    Courier {
        /// Which, and what it shows.
        page: CourierPage,
    },
    /// C99 Ngừng phục vụ.
    OutOfService {
        /// What is wrong.
        reason: Text,
    },
}

impl Screen {
    /// The code in the footer, by which a clerk guides over the telephone.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "C01",
            Self::Notice => "C02",
            Self::Procedures { .. } => "C03",
            Self::ProcedureDetails { .. } => "C03b",
            Self::ForWhom { .. } => "C04",
            Self::Identify { .. } => "C05",
            Self::ReadChip { .. } => "C05b",
            Self::Passport { .. } => "C05c",
            Self::ConfirmPerson { .. } => "C06",
            Self::Question { of_card: true, .. } => "C05d",
            Self::Question { .. } => "C07",
            Self::Papers { .. } => "C08",
            Self::StoredPaper { .. } => "C08b",
            Self::MissingPapers { .. } => "C08c",
            Self::KeptForLater { .. } => "C08d",
            Self::CountSheets { .. } => "C10",
            Self::SpecialPaper { .. } => "C10b",
            Self::ChoosePdf { .. } => "C10c",
            Self::Scan { .. } => "C11",
            Self::PageCheck { .. } => "C11b",
            Self::Review { .. } => "C12",
            Self::Submitting => "C14",
            Self::Slip { .. } => "C17",
            Self::Fee { page } => page.code(),
            Self::Officer { page } => page.code(),
            Self::Done { .. } => "C18",
            Self::LookUp => "C20",
            Self::LookUpResult { .. } => "C20b",
            Self::Reprint { page } => page.code(),
            Self::OwnDossiers { .. } => "C20c",
            Self::OwnDossier { .. } => "C20d",
            Self::Opinion { page } => page.code(),
            Self::Rating { page } => page.code(),
            Self::Queue { page } => page.code(),
            Self::Resume { .. } => "C91",
            Self::Courier { page } => page.code(),
            Self::OutOfService { .. } => "C99",
        }
    }
}

/// How far the reading of a chip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChipPhase {
    /// No card on the reader yet.
    Waiting,
    /// It is being read: percent done.
    Reading(u8),
    /// Ended by a fault: "Đọc lại" or "Bỏ qua".
    Stopped,
}

/// A tile of C01.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceTile {
    /// What it starts.
    pub service: Service,
    /// Why it cannot be started now; none when it can.
    pub unavailable: Option<Text>,
    /// What is not as usual, though it can be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// What a person can do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Nộp hồ sơ.
    File,
    /// Tra cứu.
    LookUp,
    /// Lấy số.
    Queue,
    /// Góp ý.
    Opinion,
    /// Bưu tá nhận bưu gửi.
    Courier,
}

/// One procedure of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureLine {
    /// Mã TTHC.
    pub code: String,
    /// Name.
    pub name: Text,
    /// Index into `life_events`.
    pub life_event: u8,
}

/// One paper and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperLine {
    /// Name.
    pub name: Text,
    /// Must be there.
    pub required: bool,
    /// In an officer's words, where an officer asked for it (Bổ sung giấy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Private>,
    /// What has been done with it.
    pub state: PaperState,
}

/// What has been done with a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperState {
    /// Not scanned yet.
    ToScan,
    /// Scanned: so many pages.
    Scanned(u16),
    /// The person goes without it.
    Left,
    /// The person brings it to the desk, as it cannot be scanned here.
    AtDesk,
    /// Brought as a PDF of so many pages.
    Pdf(u16),
    /// Stored electronically already; the person has not said yet whether it is right.
    Found,
    /// The stored one is used.
    Stored,
    /// It must not be scanned, for the reason in the words of [`NotScanned::words`].
    NotScanned(NotScanned),
}

/// One page for the thumbnails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageView {
    /// For `GET /v1/pages/{id}`.
    pub id: Uuid,
    /// No ink found on it.
    pub blank: bool,
    /// The first thing that is wrong with its picture, in the words of [`PageFault::words`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<PageFault>,
    /// The page before it once more, without the note stuck on it (R49).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_note: bool,
}

/// How the slip's printing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrintState {
    /// On its way.
    Printing,
    /// The printer said it is done.
    Printed,
    /// Sent, but this printer cannot tell whether it is done.
    Unknown,
    /// A person must act; printing goes on afterwards by itself.
    Waiting(Fault),
    /// There is no printer.
    None,
}

/// What lies over a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "overlay", rename_all = "snake_case")]
pub enum Overlay {
    /// C90 "Còn ở đây không?".
    StillThere {
        /// Until the visit is cleared.
        seconds: u16,
    },
    /// C93 a fault, with the words of [`Fault::words`].
    Fault {
        /// Which.
        fault: Fault,
        /// Whether "Thử lại" makes sense; "Đóng" always does.
        retry: bool,
    },
    /// C92 staff are called.
    Help,
    /// "Kết thúc" was pressed with answers that would be lost, or in a handover that is kept half done.
    ConfirmEnd,
}
