//! What a person does on the screen.

use super::{ChangeTarget, Service};
use crate::{
    Language, Private,
    dossier::Special,
    for_whom::ForWhom,
    handover::{Deviation, Direction},
    rating::{Reason, Score},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a person does on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// A tile of C01.
    Start {
        /// Which.
        service: Service,
    },
    /// VI | EN.
    SetLanguage {
        /// Which.
        language: Language,
    },
    /// C02 Đồng ý.
    Agree,
    /// C03 a procedure.
    ChooseProcedure {
        /// Mã TTHC.
        code: String,
    },
    /// C03 details: "Tôi có đủ giấy".
    HavePapers,
    /// C03 details: "In danh sách giấy".
    PrintPapers,
    /// C05 "Tôi dùng hộ chiếu".
    UsePassport,
    /// C05 "Gõ số trên thẻ".
    TypeCard,
    /// C05c the machine-readable lines.
    TypeZone {
        /// As typed, lines apart.
        zone: Private,
    },
    /// C05b Đọc lại.
    ReadChip,
    /// C05b Bỏ qua: what the document claims stands alone.
    SkipChip,
    /// C06 Đúng / Không đúng.
    ConfirmPerson {
        /// Whether the card's data are right.
        correct: bool,
    },
    /// C04 for whom the person files.
    FileFor {
        /// One of those that the screen offers.
        whom: ForWhom,
    },
    /// C91 Làm tiếp / Bỏ, làm mới.
    Resume {
        /// Go on with the unfinished filing.
        go_on: bool,
    },
    /// C07 the answer.
    Answer {
        /// As typed.
        value: Private,
    },
    /// C08 scan this paper.
    ScanPaper {
        /// Index.
        paper: u8,
    },
    /// C08 go without this paper.
    LeavePaper {
        /// Index.
        paper: u8,
    },
    /// C08 Tiếp tục.
    PapersDone,
    /// C08c Về lấy giấy: the filing is kept as it is, for the same card.
    KeepForLater,
    /// C08b it is right and holds, and may be shared: nothing is handed in again.
    UseStored,
    /// C08b it is not right: the paper itself is taken.
    DisputeStored,
    /// C10 the declared number.
    DeclareSheets {
        /// Sheets.
        sheets: u16,
    },
    /// C10 "Giấy này không quét được".
    CannotScan,
    /// C10 "Tôi có tệp PDF".
    HavePdf,
    /// C10c this file in place of the paper.
    TakePdf {
        /// [`OfferedPdf::id`].
        file: Uuid,
    },
    /// C10b why: the person brings the paper to the desk. It can be scanned after all later.
    BringToDesk {
        /// What is special about it.
        special: Special,
    },
    /// C11 Bắt đầu quét.
    StartScan,
    /// C11 stop the scanner.
    CancelScan,
    /// C11b all pages are there.
    AcceptPages,
    /// C11b drop them and scan the paper again.
    ScanAgain,
    /// C11b scan one sheet again; all other pages stay. With a two-sided scanner both sides of the page's sheet are replaced.
    RescanPage {
        /// [`PageView::id`].
        page: Uuid,
    },
    /// C11b "Trang này có giấy dán": the sheet is put in once more without the note, and the new picture of this side comes behind the
    /// one with the note. Said again, it replaces the picture that came before.
    ScanWithoutNote {
        /// [`PageView::id`].
        page: Uuid,
    },
    /// C11b scan further sheets behind those that are there.
    ScanMore,
    /// C12 Đổi.
    Change {
        /// What.
        target: ChangeTarget,
    },
    /// Gửi, of C12, C21e, C22a and, behind the last question, C22b.
    Submit,
    /// C16 Không chờ, về trước.
    NotWait,
    /// C17 Đã lấy giấy; C15c the proof of the payment is taken; C16b the officer's word is; C20f
    /// the proof that was printed again is.
    SlipTaken,
    /// C15 Trả bằng điện thoại; C20d Trả phí, on to C15.
    Pay,
    /// C15 Trả ở quầy; C15b go on without the platform's word.
    PayLater,
    /// C20d Bổ sung giấy.
    AddPapers,
    /// C20 look a code up.
    LookUp {
        /// As typed.
        code: String,
    },
    /// C20b In lại phiếu.
    ReprintSlip,
    /// C20e the last four digits of the telephone number.
    EnterDigits {
        /// As typed.
        digits: Private,
    },
    /// C20c this dossier.
    ShowDossier {
        /// Index.
        dossier: u8,
    },
    /// C20d this page on paper.
    PrintDossier,
    /// C21 a topic.
    ChooseTopic {
        /// Index.
        topic: u8,
    },
    /// C21c the words.
    WriteOpinion {
        /// As typed.
        text: Private,
    },
    /// C21d the telephone, or "Không cần trả lời".
    LeaveContact {
        /// As typed; none: no answer is wanted.
        phone: Option<Private>,
    },
    /// C18, C20b: on to C22.
    Rate,
    /// C22 a face.
    GiveScore {
        /// Which.
        score: Score,
    },
    /// C22a a reason, said or taken back.
    TurnReason {
        /// Which.
        reason: Reason,
    },
    /// C24 a group of services.
    ChooseGroup {
        /// Index.
        group: u8,
    },
    /// C24b a priority group, or none.
    ChoosePriority {
        /// Index; none: none of them applies.
        priority: Option<u8>,
    },
    /// P01b, P05, P05b a PIN.
    EnterPin {
        /// As typed.
        pin: Private,
    },
    /// P02 Lấy đi / Giao đến.
    ChooseDirection {
        /// Which.
        direction: Direction,
    },
    /// P03 the doubtful code is what stands on the parcel, and it is handed over.
    ConfirmParcel {
        /// Keep it, or drop it.
        keep: bool,
    },
    /// P03 the courier has them all.
    CloseHandover,
    /// P04 why the announced parcel stays behind.
    GiveDeviation {
        /// Why.
        deviation: Deviation,
        /// Of all that are left to be asked about.
        rest: bool,
    },
    /// Thử lại on a fault.
    Retry,
    /// Đóng on an overlay.
    Dismiss,
    /// C90 "Tôi cần thêm thời gian".
    MoreTime,
    /// Cần giúp.
    Help,
    /// Quay lại.
    Back,
    /// Kết thúc.
    End,
    /// Any touch or key that means nothing else: the person is still there.
    Touch,
}

/// An action with the step it was meant for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionRequest {
    /// [`Snapshot::step`] of the picture that the person touched.
    pub step: u64,
    /// What was done.
    #[serde(flatten)]
    pub action: Action,
}
