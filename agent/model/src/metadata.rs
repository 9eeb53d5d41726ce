//! What was read from a paper, and the metadata that its file carries (domain.md 6 and 11: R42, R53, R54).

use crate::{
    Private,
    citizen::{CardQr, CitizenNumber},
    document_types::Meaning,
    fold,
    mrz::Mrz,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of a scan, in its pixels from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Left edge.
    pub left: u32,
    /// Upper edge.
    pub top: u32,
    /// Right edge, exclusive.
    pub right: u32,
    /// Lower edge, exclusive.
    pub bottom: u32,
}

/// A paper whose type was told, and what stands in its fields. Debug shows no personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadPaper {
    /// [`DocumentType::id`](crate::document_types::DocumentType::id).
    pub kind: String,
    /// In the order of the type's fields; one that was not found is not there.
    pub fields: Vec<ReadField>,
}

/// One field as read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadField {
    /// [`FieldRule::key`](crate::document_types::FieldRule::key).
    pub key: String,
    /// Which metadata it is.
    pub meaning: Meaning,
    /// In its stored form: days as `dd/MM/yyyy`, numbers repaired.
    pub value: Private,
    /// 0 to 1.
    pub confidence: f32,
    /// Which of the paper's pages it stands on, counted from 1.
    #[serde(default = "first_page")]
    pub page: u16,
    /// Where the value stands on that page's scan.
    pub area: Area,
    /// Not to be taken before a person has compared it with the paper.
    pub needs_yes: bool,
}

/// A field read on a side, for the question of the e-form that it may answer (R41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRead {
    /// Type and field with a dot between: `live_birth.child_birth`, as [`Question::read_from`](crate::catalogue::Question::read_from)
    /// names it.
    pub field: String,
    /// [`ReadField::value`].
    pub value: Private,
}

fn first_page() -> u16 {
    1
}

/// What another source of the same paper says of a field.
#[derive(Clone, Copy)]
enum Said {
    Same,
    Other,
    Nothing,
}

/// What another source says of the owner, as fields store it; none where it says nothing.
struct Owner {
    number: Option<String>,
    birth: Option<String>,
    /// As [`spelt`], with its accents.
    name: Option<String>,
    /// Only agreement counts: another day may be that of an older card.
    issued: Option<String>,
}

impl ReadPaper {
    /// The fields, for questions of the e-form.
    pub fn for_questions(&self) -> Vec<FieldRead> {
        let one = |field: &ReadField| FieldRead { field: format!("{}.{}", self.kind, field.key), value: field.value.clone() };
        self.fields.iter().map(one).collect()
    }

    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&ReadField> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Compares the owner with the machine-readable zone of the same paper, whose check digits are right: number and birth that agree
    /// are sure, whatever disagrees needs a yes. A name that agrees is not sure: the zone has no accents.
    pub fn compare_with(&mut self, zone: &Mrz, today: Date) {
        let name = zone.name();
        for field in self.fields.iter_mut().filter(|field| field.meaning == Meaning::OwnerName) {
            field.needs_yes |= fold(field.value.reveal()) != fold(name.reveal());
        }
        self.settle(&Owner {
            number: zone.citizen_number().map(|number| number.reveal().to_owned()),
            birth: zone.birth(today).map(written),
            name: None,
            issued: None,
        });
    }

    /// Compares the owner with the QR of the citizen card on the same paper. It has the accents: number, birth and name that agree are
    /// sure, whatever disagrees needs a yes. A day of issue that agrees is sure too; another one may be that of an older card.
    pub fn compare_with_card(&mut self, card: &CardQr) {
        self.settle(&Owner {
            number: Some(card.number.reveal().to_owned()),
            birth: Some(written(card.birth)),
            name: Some(spelt(card.name.reveal())),
            issued: card.issued.map(written),
        });
    }

    /// In whatever order sources are asked: one that says something else is never outvoted by one that agrees.
    fn settle(&mut self, owner: &Owner) {
        for field in &mut self.fields {
            let value = field.value.reveal();
            let said = match field.meaning {
                Meaning::OwnerNumber => said(value, owner.number.as_deref()),
                Meaning::OwnerBirth => said(value, owner.birth.as_deref()),
                Meaning::OwnerName => said(&spelt(value), owner.name.as_deref()),
                Meaning::Issued if owner.issued.as_deref() == Some(value) => Said::Same,
                Meaning::PaperName
                | Meaning::PaperNumber
                | Meaning::Issuer
                | Meaning::Issued
                | Meaning::Subject
                | Meaning::ValidUntil
                | Meaning::Scope
                | Meaning::FormField => Said::Nothing,
            };
            match said {
                Said::Same if field.confidence > 0.0 => (field.needs_yes, field.confidence) = (false, 1.0),
                Said::Other => (field.needs_yes, field.confidence) = (true, 0.0),
                Said::Same | Said::Nothing => {}
            }
        }
    }
}

fn said(value: &str, proof: Option<&str>) -> Said {
    match proof {
        Some(proof) if proof == value => Said::Same,
        Some(_) => Said::Other,
        None => Said::Nothing,
    }
}

/// As fields store days.
fn written(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// A name with its accents, whatever its capitals and spaces. Both come in NFC.
fn spelt(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A value of the metadata and how sure its reading is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Known {
    /// The value.
    pub value: Private,
    /// 0 to 1, as read (ConfidenceLevel of CV 7197); 1 where a person has said yes.
    pub confidence: f32,
}

/// Metadata of a digitised paper (R53). What is unknown stays none: nothing is invented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaperMetadata {
    /// Mã loại giấy tờ; for a result of a procedure the national code of the result type.
    pub type_code: String,
    /// Số định danh of the owner.
    pub owner_number: Option<Known>,
    /// Họ tên of the owner: the owner's code and name (R42), and for owners without a number (R53).
    pub owner_name: Option<Known>,
    /// Ngày sinh, for owners without a number.
    pub owner_birth: Option<Known>,
    /// Ngày cấp.
    pub issued: Option<Known>,
    /// Cơ quan cấp.
    pub issuer: Option<Known>,
    /// Tên giấy tờ.
    pub paper_name: String,
    /// Số, ký hiệu.
    pub paper_number: Option<Known>,
    /// Trích yếu.
    pub subject: Option<Known>,
    /// Thời hạn hiệu lực.
    pub valid_until: Option<Known>,
    /// Phạm vi hiệu lực.
    pub scope: Option<Known>,
    /// How sure the words of the whole paper were read, 0 to 1 (ConfidenceLevel of CV 7197/BKHCN-CĐSQG).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_confidence: Option<f32>,
}

/// What the metadata lacks before the paper's file may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataLack {
    /// No mã loại giấy tờ, or not of letters, digits, dots and dashes.
    #[error("the type code is missing or has other characters than letters, digits, dots and dashes: choose the type of paper")]
    TypeCode,
    /// Neither a number nor what stands for it.
    #[error("the owner is unknown: enter the 12-digit number, or name, date of birth, date of issue and issuing agency")]
    Owner,
    /// The number is not twelve digits.
    #[error("the owner's number is not 12 digits: compare it with the paper")]
    OwnerNumber,
    /// No tên giấy tờ.
    #[error("the paper has no name: choose the type of paper")]
    PaperName,
}

impl PaperMetadata {
    /// From what was read. Only fields that need no yes, or to which `said_yes` holds (by key), are taken.
    pub fn from_read(type_code: &str, paper_name: &str, read: &ReadPaper, said_yes: impl Fn(&str) -> bool) -> Self {
        let known = |meaning: Meaning| {
            let field = read.fields.iter().find(|field| field.meaning == meaning)?;
            let yes = said_yes(&field.key);
            let confidence = if yes { 1.0 } else { field.confidence };
            (yes || !field.needs_yes).then(|| Known { value: field.value.clone(), confidence })
        };
        Self {
            type_code: type_code.to_owned(),
            owner_number: known(Meaning::OwnerNumber),
            owner_name: known(Meaning::OwnerName),
            owner_birth: known(Meaning::OwnerBirth),
            issued: known(Meaning::Issued),
            issuer: known(Meaning::Issuer),
            paper_name: known(Meaning::PaperName).map_or_else(|| paper_name.to_owned(), |name| name.value.reveal().to_owned()),
            paper_number: known(Meaning::PaperNumber),
            subject: known(Meaning::Subject),
            valid_until: known(Meaning::ValidUntil),
            scope: known(Meaning::Scope),
            text_confidence: None,
        }
    }

    /// What is still lacking; empty when the file may be stored.
    pub fn lacks(&self) -> Vec<MetadataLack> {
        let mut lacks = Vec::new();
        let sign = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
        if self.type_code.is_empty() || !self.type_code.bytes().all(sign) {
            lacks.push(MetadataLack::TypeCode);
        }
        match &self.owner_number {
            Some(number) if CitizenNumber::parse(number.value.reveal()).is_err() => lacks.push(MetadataLack::OwnerNumber),
            Some(_) => {}
            None => {
                let instead = [&self.owner_name, &self.owner_birth, &self.issued, &self.issuer];
                if instead.iter().any(|part| part.is_none()) {
                    lacks.push(MetadataLack::Owner);
                }
            }
        }
        if self.paper_name.trim().is_empty() {
            lacks.push(MetadataLack::PaperName);
        }
        lacks
    }

    /// Mã lưu kho `<định danh>.<mã loại giấy tờ>` (R54): personal data. None where the owner has no number or the type no code:
    /// what stands for a number in the code is not published.
    pub fn storage_code(&self) -> Option<Private> {
        let number = CitizenNumber::parse(self.owner_number.as_ref()?.value.reveal()).ok()?;
        let lacks = self.lacks();
        (!lacks.contains(&MetadataLack::TypeCode)).then(|| Private::new(format!("{}.{}", number.reveal(), self.type_code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, meaning: Meaning, value: &str, needs_yes: bool) -> ReadField {
        let area = Area { left: 1, top: 2, right: 3, bottom: 4 };
        ReadField { key: key.into(), meaning, value: Private::new(value), confidence: 0.9, page: 1, area, needs_yes }
    }

    fn paper() -> ReadPaper {
        let fields = vec![
            field("child_number", Meaning::OwnerNumber, "099326000789", false),
            field("child_name", Meaning::OwnerName, "TRẦN NGUYỄN ƯỚC MƠ", true),
            field("birth_place", Meaning::FormField, "Thử Nghiệm", false),
        ];
        ReadPaper { kind: "birth_certificate".into(), fields }
    }

    #[test]
    fn only_what_is_sure_or_was_confirmed_is_taken() {
        let metadata = PaperMetadata::from_read("GKS", "Giấy khai sinh", &paper(), |_| false);
        assert_eq!(metadata.owner_number.as_ref().map(|known| known.confidence), Some(0.9));
        assert_eq!((metadata.owner_name.as_ref(), metadata.subject.as_ref()), (None, None));
        let confirmed = PaperMetadata::from_read("GKS", "Giấy khai sinh", &paper(), |key| key == "child_name");
        assert_eq!(confirmed.owner_name.map(|known| known.confidence), Some(1.0));
    }

    #[test]
    fn the_storage_code_is_number_and_type() {
        let metadata = PaperMetadata::from_read("GKS", "Giấy khai sinh", &paper(), |_| false);
        assert!(metadata.lacks().is_empty());
        assert_eq!(metadata.storage_code().as_ref().map(Private::reveal), Some("099326000789.GKS"));
        let unknown = PaperMetadata { type_code: String::new(), ..metadata };
        assert_eq!((unknown.lacks(), unknown.storage_code()), (vec![MetadataLack::TypeCode], None));
    }

    #[test]
    fn an_owner_without_a_number_is_name_birth_and_issue() {
        let mut metadata = PaperMetadata::from_read("GKS", " ", &ReadPaper { kind: "list".into(), fields: Vec::new() }, |_| true);
        assert_eq!(metadata.lacks(), [MetadataLack::Owner, MetadataLack::PaperName]);
        let known = |value: &str| Some(Known { value: Private::new(value), confidence: 1.0 });
        metadata.paper_name = "Giấy khai sinh".into();
        metadata.owner_name = known("Lê Thử");
        metadata.owner_birth = known("01/02/1950");
        metadata.issued = known("03/04/2000");
        metadata.issuer = known("UBND xã Ví Dụ");
        assert!(metadata.lacks().is_empty());
        assert_eq!(metadata.storage_code(), None, "there is no number to make it of");
        metadata.owner_number = known("12345");
        assert_eq!((metadata.lacks(), metadata.storage_code()), (vec![MetadataLack::OwnerNumber], None));
    }

    #[test]
    fn a_zone_proves_number_and_birth_and_only_doubts_a_name() {
        let text = "IDVNM1850012344099185001234<<4\n8502142F4502144VNM<<<<<<<<<<<6\nNGUYEN<<THI<MAU<DON<<<<<<<<<<<";
        let zone = Mrz::parse(text).unwrap();
        let compared = |number: &str, name: &str| {
            let fields = vec![
                field("number", Meaning::OwnerNumber, number, true),
                field("birth", Meaning::OwnerBirth, "14/02/1985", true),
                field("holder", Meaning::OwnerName, name, false),
                field("issued", Meaning::Issued, "05/03/2022", true),
            ];
            let mut paper = ReadPaper { kind: "citizen_card".into(), fields };
            paper.compare_with(&zone, jiff::civil::date(2026, 11, 23));
            paper.fields.iter().map(|field| field.needs_yes).collect::<Vec<_>>()
        };
        assert_eq!(compared("099185001234", "NGUYỄN THỊ MẪU ĐƠN"), [false, false, false, true]);
        assert_eq!(compared("099185001284", "NGUYỄN THỊ MÂU ĐÔN"), [true, false, false, true]);
        assert_eq!(compared("099185001234", "NGUYỄN THỊ MẪU"), [false, false, true, true]);
    }

    #[test]
    fn the_cards_qr_proves_the_name_with_its_accents() {
        let card = CardQr::parse("099185001234||Nguyễn Thị Mẫu Đơn|14021985|Nữ|Phường Minh Họa, Thử Nghiệm|05032022").unwrap();
        let compared = |number: &str, name: &str, issued: &str| {
            let fields = vec![
                field("number", Meaning::OwnerNumber, number, true),
                field("birth", Meaning::OwnerBirth, "14/02/1985", true),
                field("holder", Meaning::OwnerName, name, true),
                field("issued", Meaning::Issued, issued, true),
                field("home", Meaning::FormField, "Nguyễn Thị Mẫu Đơn", true),
            ];
            let mut paper = ReadPaper { kind: "citizen_card".into(), fields };
            paper.compare_with_card(&card);
            paper
        };
        let yes = |paper: &ReadPaper| paper.fields.iter().map(|field| field.needs_yes).collect::<Vec<_>>();
        assert_eq!(yes(&compared("099185001234", "NGUYỄN THỊ MẪU ĐƠN", "05/03/2022")), [false, false, false, false, true]);
        assert_eq!(yes(&compared("099185001284", "NGUYỄN THỊ MẪU ĐÔN", "05/03/2012")), [true, false, true, true, true]);

        let text = "IDVNM1850012344099185001234<<4\n8502142F4502144VNM<<<<<<<<<<<6\nNGUYEN<<THI<MAU<DON<<<<<<<<<<<";
        let (zone, today) = (Mrz::parse(text).unwrap(), jiff::civil::date(2026, 11, 23));
        let mut read = compared("099185001284", "NGUYỄN THỊ MẪU ĐƠN", "05/03/2022");
        read.fields[0].value = Private::new("099185001234");
        read.compare_with(&zone, today);
        assert!(read.fields[0].needs_yes, "what the QR says otherwise is not settled by the zone");
    }

    #[test]
    fn a_field_kept_before_pages_were_told_stands_on_the_first() {
        let mut kept = serde_json::to_value(field("number", Meaning::OwnerNumber, "099185001234", false)).unwrap();
        kept.as_object_mut().unwrap().remove("page");
        assert_eq!(serde_json::from_value::<ReadField>(kept).unwrap().page, 1);
    }

    #[test]
    fn logs_never_show_a_person() {
        let shown = format!("{:?} {:?}", paper(), PaperMetadata::from_read("GKS", "Giấy khai sinh", &paper(), |_| true));
        assert!(!["0993", "TRẦN", "ƯỚC"].iter().any(|word| shown.contains(word)), "{shown}");
    }
}
