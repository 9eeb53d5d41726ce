//! The dossier (hồ sơ) as it is stored, sealed and sent.

use crate::{
    Private, Text,
    citizen::{CardQr, ChipPerson, PersonNumber, Sex},
    code::{ParcelCode, ProvisionalCode},
    handover::{Difference, Direction, Signatures},
    hub::PaperSource,
    mrz::Mrz,
    pages::PageFault,
    particulars::Particulars,
};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A submitted dossier. Immutable once confirmed: what the hub later says is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dossier {
    /// Identity everywhere inside; UUIDv7.
    pub id: Uuid,
    /// What the person holds until the hub allocates a code.
    pub code: ProvisionalCode,
    /// Mã định danh of the receiving office.
    pub agency: String,
    /// The device it was received on.
    pub device: String,
    /// KenhThucHien of the national portal: 1 direct.
    pub channel: u8,
    /// Mã TTHC.
    pub procedure: String,
    /// Tên thủ tục at the time.
    pub procedure_name: Text,
    /// [`crate::catalogue::Catalogue::version`] it was received under.
    pub catalogue_version: u32,
    /// Chủ hồ sơ, or who files for an organisation.
    pub applicant: Applicant,
    /// What else the portal asks for; absent from records of before.
    #[serde(default)]
    pub particulars: Particulars,
    /// Form answers in order.
    pub answers: Vec<Answer>,
    /// Papers in catalogue order.
    pub documents: Vec<Document>,
    /// When it was confirmed to the person.
    pub submitted: Timestamp,
    /// Thời hạn lưu, from the catalogue of that day.
    #[serde(default)]
    pub retention: Retention,
}

impl Dossier {
    /// Who stood at the machine: the owner, or whom the owner authorised (R27).
    pub fn filer(&self) -> &Applicant {
        self.particulars.authorised.as_ref().map_or(&self.applicant, |authorised| &authorised.person)
    }
}

/// Thời hạn lưu: how long a dossier is kept (R58). The archive decides; the device keeps a minimal record for a span of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// Sử dụng thường xuyên.
    FrequentUse,
    /// Quản lý.
    #[default]
    Management,
    /// Vĩnh viễn.
    Permanent,
}

impl Retention {
    /// As it stands in files and databases.
    pub fn word(self) -> &'static str {
        match self {
            Self::FrequentUse => "frequent_use",
            Self::Management => "management",
            Self::Permanent => "permanent",
        }
    }
}

/// Chủ hồ sơ, from QR, machine-readable zone, chip or fingers; [`Applicant::proof`] says how far that is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applicant {
    /// Số định danh cá nhân, or a foreigner's passport.
    pub number: PersonNumber,
    /// Họ và tên; capitals without accents where only the machine-readable zone tells it.
    pub name: Private,
    /// Ngày sinh.
    pub birth: Date,
    /// Giới tính; none where a passport does not say.
    pub sex: Option<Sex>,
    /// Địa chỉ on the card; empty where the document has none.
    pub address: Private,
    /// False where the person pressed "Không đúng": the officer corrects it (R33).
    pub confirmed: bool,
    /// Whether the number's inner digits agree with birth date and sex.
    pub number_agrees: bool,
    /// How far number, name, birth date and sex are proven. Records from before chips were read say nothing: claimed.
    #[serde(default)]
    pub proof: Proof,
}

/// What stands behind the data of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Proof {
    /// The card's QR or the machine-readable zone: equal to a photocopy (domain.md 1.1).
    #[default]
    Claimed,
    /// Typed: worth no less, but fingers slip.
    Typed,
    /// The chip of the card.
    Chip {
        /// What the signature over its files says.
        files: ChipFiles,
        /// Whether the chip itself is no copy.
        chip: ChipAnswer,
    },
}

/// Passive authentication of the chip's files (ICAO 9303-11 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChipFiles {
    /// Signed, and the signer descends from an authority that the office trusts.
    Trusted,
    /// Signed, but nobody here vouches for the signer.
    UnknownSigner,
    /// The desk reader told the data without their signature.
    Unsigned,
    /// A file differs from what was signed, or the signature is wrong.
    Broken,
}

/// Active or chip authentication (ICAO 9303-11 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChipAnswer {
    /// The card offers no way, or the reader did not try.
    NotAsked,
    /// The chip proved that it is the issued one.
    Genuine,
    /// It failed: a copy, or a broken card.
    Failed,
}

/// A [`Proof`] in the four grades that people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// No chip was read.
    Claimed,
    /// A chip was read whose signer nobody vouches for.
    Read,
    /// A chip was read and its signature holds.
    Checked,
    /// A chip was read and a check failed.
    Doubtful,
}

impl Proof {
    /// The grade. A signer nobody vouches for proves nothing: anybody can sign.
    pub fn assurance(self) -> Assurance {
        match self {
            Self::Claimed | Self::Typed => Assurance::Claimed,
            Self::Chip { files: ChipFiles::Broken, .. } | Self::Chip { chip: ChipAnswer::Failed, .. } => Assurance::Doubtful,
            Self::Chip { files: ChipFiles::Trusted, .. } => Assurance::Checked,
            Self::Chip { files: ChipFiles::UnknownSigner | ChipFiles::Unsigned, .. } => Assurance::Read,
        }
    }

    /// For the person, on the review, and for staff: what was done and what comes, never an accusation.
    pub fn words(self) -> Text {
        if self == Self::Typed {
            return Text::new("Tự gõ, cán bộ sẽ so với thẻ", "Typed, staff will compare it with the card");
        }
        match self.assurance() {
            Assurance::Claimed => Text::new("Chưa đọc chip, cán bộ sẽ kiểm tra", "The chip was not read, staff will check"),
            Assurance::Read => Text::new("Đã đọc từ chip, cán bộ sẽ xem lại", "Read from the chip, staff will look at it again"),
            Assurance::Checked => Text::new("Đã kiểm tra bằng chip", "Checked with the chip"),
            Assurance::Doubtful => {
                Text::new("Chưa kiểm tra được chip, cán bộ sẽ xem lại", "The chip could not be checked, staff will look at it again")
            }
        }
    }
}

/// What a finished visit hands to the store, before it has a provisional code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Becomes [`Dossier::id`]; submitting the same id twice gives the same dossier.
    pub id: Uuid,
    /// Mã TTHC.
    pub procedure: String,
    /// Tên thủ tục at the time.
    pub procedure_name: Text,
    /// [`crate::catalogue::Catalogue::version`].
    pub catalogue_version: u32,
    /// Chủ hồ sơ, or who files for an organisation.
    pub applicant: Applicant,
    /// What else the portal asks for; absent from records of before.
    #[serde(default)]
    pub particulars: Particulars,
    /// Form answers in order.
    pub answers: Vec<Answer>,
    /// Papers in catalogue order.
    pub documents: Vec<Document>,
    /// Thời hạn lưu.
    #[serde(default)]
    pub retention: Retention,
}

impl Submission {
    /// The dossier under its provisional code; direct channel (KenhThucHien 1).
    pub fn into_dossier(self, code: ProvisionalCode, agency: &str, device: &str, submitted: Timestamp) -> Dossier {
        Dossier {
            id: self.id,
            code,
            agency: agency.to_owned(),
            device: device.to_owned(),
            channel: 1,
            procedure: self.procedure,
            procedure_name: self.procedure_name,
            catalogue_version: self.catalogue_version,
            applicant: self.applicant,
            particulars: self.particulars,
            answers: self.answers,
            documents: self.documents,
            submitted,
            retention: self.retention,
        }
    }
}

impl Applicant {
    /// What the card claims, before the person has confirmed it.
    pub fn from_card(card: &CardQr) -> Self {
        Self {
            number: card.number.clone().into(),
            name: card.name.clone(),
            birth: card.birth,
            sex: Some(card.sex),
            address: card.address.clone(),
            confirmed: false,
            number_agrees: card.number.agrees_with(card.birth, card.sex),
            proof: Proof::Claimed,
        }
    }

    /// What somebody typed of a card or passport that is not there, or that no reader reads.
    pub fn typed(number: PersonNumber, name: Private, birth: Date) -> Self {
        let sex = number.citizen().map(crate::citizen::CitizenNumber::sex);
        let number_agrees = number.agrees_with(birth, sex);
        Self { number, name, birth, sex, address: Private::default(), confirmed: false, number_agrees, proof: Proof::Typed }
    }

    /// What a machine-readable zone claims, scanned or typed: of a Vietnamese document the citizen's number, of another its own. None
    /// where the document leaves day or month of birth open, or is another state's identity card, which identifies nobody here.
    pub fn from_zone(zone: &Mrz, today: Date) -> Option<Self> {
        let number = zone.person_number()?;
        let birth = zone.birth(today)?;
        let sex = zone.sex.or_else(|| number.citizen().map(crate::citizen::CitizenNumber::sex));
        Some(Self {
            number_agrees: number.agrees_with(birth, sex),
            number,
            name: zone.name(),
            birth,
            sex,
            address: Private::default(),
            confirmed: false,
            proof: Proof::Claimed,
        })
    }

    /// What the chip says. `claimed` is what the QR of the same card said: it fills in what a card without the
    /// Vietnamese data group does not hold, the address and the accents of the name.
    pub fn from_chip(chip: &ChipPerson, claimed: Option<&Self>) -> Self {
        let claimed = claimed.filter(|claimed| claimed.number == chip.number);
        let plain = |name: &Private| name.reveal().is_ascii();
        let same_name = |claimed: &&Self| plain(&chip.name) && crate::fold(claimed.name.reveal()) == crate::fold(chip.name.reveal());
        let name = claimed.filter(same_name).map_or(&chip.name, |claimed| &claimed.name);
        let address = claimed.filter(|_| chip.address.reveal().is_empty()).map_or(&chip.address, |claimed| &claimed.address);
        Self {
            number: chip.number.clone(),
            name: name.clone(),
            birth: chip.birth,
            sex: chip.sex,
            address: address.clone(),
            confirmed: false,
            number_agrees: chip.number.agrees_with(chip.birth, chip.sex),
            proof: chip.proof,
        }
    }
}

/// One answered question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// [`crate::catalogue::Question::id`].
    pub question: String,
    /// The checked, stored form; empty where an optional question was left.
    pub value: Private,
    /// The field of a paper that the machine read it from and the person said yes to, `type.field`; none where it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<String>,
}

/// A paper of the dossier: digitised here, or stored already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Identity of this document.
    pub id: Uuid,
    /// [`crate::catalogue::Component::code`].
    pub component: String,
    /// Tên giấy tờ at the time.
    pub name: Text,
    /// Sheets that the person declared (R47); 0 where nothing is scanned.
    pub sheets: u16,
    /// Images in the order scanned: front, back, front, back (R46, R48).
    pub pages: Vec<Page>,
    /// True where the person accepted a page count that differs from the declared one.
    pub count_differs: bool,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Origin::is_scanned")]
    pub origin: Origin,
}

/// Where a paper of a dossier came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// Scanned for this dossier.
    #[default]
    Scanned,
    /// Stored electronically already, and the person confirmed its sharing and that it is right (R32, R37): no pages are here.
    Stored {
        /// Which store has it.
        source: PaperSource,
        /// [`crate::hub::StoredPaper::reference`] (MaKetQuaThayThe).
        reference: String,
    },
    /// The person brings it to the desk, as it cannot be scanned here (R45): no pages are here.
    AtDesk {
        /// What is special about it.
        special: Special,
    },
    /// The person brought it as a PDF (R43, NĐ 15/2021/NĐ-CP Đ.15.7.a), which is kept and sent byte for byte: no pages are here.
    Pdf {
        /// The sealed file.
        file: FileRef,
        /// Pages in it.
        pages: u16,
    },
}

impl Document {
    /// Files of this paper that lie sealed here: images of its sides, or the PDF that was brought.
    pub fn files(&self) -> impl Iterator<Item = &FileRef> {
        let brought = if let Origin::Pdf { file, .. } = &self.origin { Some(file) } else { None };
        self.pages.iter().map(|page| &page.image).chain(brought)
    }

    /// Sides that were scanned, or pages of the PDF that was brought.
    pub fn page_count(&self) -> usize {
        if let Origin::Pdf { pages, .. } = self.origin { pages.into() } else { self.pages.len() }
    }
}

/// Originals that the scanner of a kiosk cannot take (CV 9318/VPCP-KSTT II.2.c).
/// The officer decides what is made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Special {
    /// Larger than the feeder.
    LargeFormat,
    /// Too small for the feeder.
    TooSmall,
    /// Torn or fragile.
    Fragile,
    /// Bound, and cannot be taken apart.
    Bound,
    /// Laminated, glossy or embossed.
    Surface,
    /// Tape, disc or object.
    NotPaper,
}

impl Special {
    /// All, in the order of the tiles.
    pub const ALL: [Self; 6] = [Self::LargeFormat, Self::TooSmall, Self::Fragile, Self::Bound, Self::Surface, Self::NotPaper];

    /// A few words for the person and for staff.
    pub fn words(self) -> Text {
        match self {
            Self::LargeFormat => Text::new("Khổ lớn, không vừa khay", "Too large for the feeder"),
            Self::TooSmall => Text::new("Nhỏ quá", "Too small"),
            Self::Fragile => Text::new("Rách, mục, dễ hỏng", "Torn or fragile"),
            Self::Bound => Text::new("Đóng quyển, không tháo được", "Bound, cannot be taken apart"),
            Self::Surface => Text::new("Ép nhựa, bóng hoặc dập nổi", "Laminated, glossy or embossed"),
            Self::NotPaper => Text::new("Băng, đĩa hoặc hiện vật", "Tape, disc or object"),
        }
    }
}

impl Origin {
    /// Whether it was scanned for this dossier.
    pub fn is_scanned(&self) -> bool {
        matches!(self, Self::Scanned)
    }
}

/// One scanned side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// The sealed image.
    pub image: FileRef,
    /// Front or back of the sheet.
    pub side: Side,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Dots per inch that were asked of the scanner.
    pub dpi: u16,
    /// No ink found: flagged, never dropped (R46).
    pub blank: bool,
    /// What its picture shows to be wrong (R55); the person saw it and kept the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<PageFault>,
    /// The same side once more, without the note stuck on it (R49); it stands right behind the one with the note.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_note: bool,
}

/// Which side of the sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Mặt trước.
    Front,
    /// Mặt sau.
    Back,
}

/// A file: what it is and how to know it is whole. The bytes live sealed in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileRef {
    /// Identity of the file.
    pub id: Uuid,
    /// SHA-256 of the plain bytes, lower-case hex.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Length of the plain bytes.
    pub bytes: u64,
    /// `image/jpeg`, `application/pdf`.
    pub media: String,
}

/// Biên bản bàn giao bưu gửi: parcels that a courier took over, or brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handover {
    /// UUIDv7.
    pub id: Uuid,
    /// The device it happened at.
    pub device: String,
    /// Agency that gave the parcels, or took them.
    pub agency: String,
    /// Badge number of the courier.
    pub courier: String,
    /// In the order scanned.
    pub parcels: Vec<HandoverParcel>,
    /// When the courier closed it.
    pub closed: Timestamp,
    /// Which way they went; records of before know one way only.
    #[serde(default)]
    pub direction: Direction,
    /// When the courier began; earlier than the day of [`Self::closed`] where it was left half done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Timestamp>,
    /// How many were announced for this way; 0: none, and nothing was compared.
    #[serde(default)]
    pub announced: u32,
    /// Announced parcels that stay behind, and parcels that nobody announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Who signed with a PIN; empty: nobody, the signatures are those on paper.
    #[serde(default, skip_serializing_if = "Signatures::is_empty")]
    pub signatures: Signatures,
}

/// One parcel of a handover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandoverParcel {
    /// Barcode with the verdict on its check digit; a wrong one was confirmed by the courier.
    pub parcel: ParcelCode,
    /// When it was scanned.
    pub scanned: Timestamp,
}

/// What is known on this machine of a dossier's fee (lệ phí).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldFee {
    /// Đồng, as on the day of the filing, or as the platform has said since.
    pub amount_vnd: u32,
    /// A code to pay it with was shown.
    pub begun: bool,
    /// The platform has said that the money has come.
    pub paid: bool,
}

/// TrangThaiHoSo on the national portal's wire (domain.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(extend("minimum" = 1, "maximum" = 10))]
pub enum Status {
    /// 1 Mới đăng ký.
    Registered = 1,
    /// 2 Được tiếp nhận.
    Accepted = 2,
    /// 3 Không được tiếp nhận.
    Refused = 3,
    /// 4 Đang xử lý.
    Processing = 4,
    /// 5 Yêu cầu bổ sung giấy tờ.
    SupplementAsked = 5,
    /// 6 Yêu cầu thực hiện nghĩa vụ tài chính.
    PaymentAsked = 6,
    /// 7 Công dân yêu cầu rút.
    Withdrawn = 7,
    /// 8 Dừng xử lý.
    Stopped = 8,
    /// 9 Đã xử lý xong.
    Finished = 9,
    /// 10 Đã trả kết quả.
    Returned = 10,
}

impl TryFrom<u8> for Status {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        use Status::*;
        [Registered, Accepted, Refused, Processing, SupplementAsked, PaymentAsked, Withdrawn, Stopped, Finished, Returned]
            .into_iter()
            .find(|s| *s as u8 == number)
            .ok_or_else(|| format!("TrangThaiHoSo {number} is not 1 to 10"))
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> Self {
        status as u8
    }
}

impl Status {
    /// The portal's own words.
    pub fn words(self) -> Text {
        match self {
            Self::Registered => Text::new("Mới đăng ký", "Registered"),
            Self::Accepted => Text::new("Được tiếp nhận", "Accepted"),
            Self::Refused => Text::new("Không được tiếp nhận", "Not accepted"),
            Self::Processing => Text::new("Đang xử lý", "In progress"),
            Self::SupplementAsked => Text::new("Yêu cầu bổ sung giấy tờ", "More papers needed"),
            Self::PaymentAsked => Text::new("Yêu cầu thực hiện nghĩa vụ tài chính", "Payment needed"),
            Self::Withdrawn => Text::new("Công dân yêu cầu rút", "Withdrawn"),
            Self::Stopped => Text::new("Dừng xử lý", "Stopped"),
            Self::Finished => Text::new("Đã xử lý xong", "Finished"),
            Self::Returned => Text::new("Đã trả kết quả", "Result returned"),
        }
    }

    /// The person has, or can have, the result: how it was dealt with can be judged (R17).
    pub fn is_done(self) -> bool {
        matches!(self, Self::Finished | Self::Returned)
    }

    /// Degree of completion for a look-up without authentication (R13): steps done of four
    /// (received by the hub, accepted, processed, returned).
    pub fn steps_done(self) -> u8 {
        match self {
            Self::Registered | Self::Refused => 1,
            Self::Accepted | Self::Processing | Self::SupplementAsked | Self::PaymentAsked | Self::Withdrawn | Self::Stopped => 2,
            Self::Finished => 3,
            Self::Returned => 4,
        }
    }
}
