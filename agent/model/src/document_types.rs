//! The types of paper that the office reads fields from, as data that the state may change: how each is known by its title, and where
//! its fields stand (R41: fields of a form fill in the e-form; R42, R43: owner, paper and time of a result).
//!
//! Titles and labels are written as [`fold`] gives them, without punctuation; the reader forgives a few misread letters.

use crate::{Text, fold};
use serde::{Deserialize, Serialize};

/// All types of paper with known fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentTypes {
    /// Rises with every change.
    pub version: u32,
    /// Họ of Vietnamese persons with their accents: what a misread first word of a name is proposed to be. Small letters, NFC.
    pub surnames: Vec<String>,
    /// Words above and below the signature (chức vụ, "NGƯỜI YÊU CẦU"): they are no names and end what stands before them.
    pub signers: Vec<String>,
    /// The types; of two whose titles fit the longer title wins.
    pub types: Vec<DocumentType>,
}

/// Loại giấy tờ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentType {
    /// Key of the type, unique.
    pub id: String,
    /// Mã loại giấy tờ (R53, R54): the paper's code in the catalogue of procedures where it has one.
    pub code: String,
    /// Tên giấy tờ.
    pub name: Text,
    /// The title's words; any of them.
    pub titles: Vec<String>,
    /// Where the title is not read, two of these words tell the type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Below this many percent a field is not taken without a person's yes.
    pub sure: u8,
    /// Labels of what is not read, where they may stand beside or below a field that is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// In the order of the paper.
    pub fields: Vec<FieldRule>,
}

/// One field of a type of paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Key of the field, unique inside the type.
    pub key: String,
    /// Its name for people.
    pub name: Text,
    /// What the field says of the paper.
    #[serde(default)]
    pub meaning: Meaning,
    /// Words before the value, or above it; any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The labels count only below a line with one of these words: the second "Họ và tên" is the second party's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<String>,
    /// What a value looks like.
    pub shape: Shape,
    /// Where it stands.
    #[serde(default)]
    pub place: Place,
    /// Where it ends.
    #[serde(default)]
    pub ends: Ends,
}

/// Which of a paper's metadata a field is (R42, R53).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Họ tên of the owner.
    OwnerName,
    /// Số định danh of the owner.
    OwnerNumber,
    /// Ngày sinh of the owner.
    OwnerBirth,
    /// Tên giấy tờ, where the paper's own is better than the type's.
    PaperName,
    /// Số, ký hiệu of the paper.
    PaperNumber,
    /// Cơ quan cấp, ban hành.
    Issuer,
    /// Ngày cấp, ban hành.
    Issued,
    /// Trích yếu.
    Subject,
    /// Thời hạn hiệu lực.
    ValidUntil,
    /// Phạm vi hiệu lực.
    Scope,
    /// A field of the form only: it fills in the e-form (R41), or is specialised metadata (R53).
    #[default]
    FormField,
}

/// What the value of a field looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Số định danh cá nhân: twelve digits.
    CitizenNumber,
    /// `23/11/2026` or "ngày 23 tháng 11 năm 2026"; stored as `dd/MM/yyyy`.
    Date,
    /// A dossier's code of agency, date and number.
    DossierCode,
    /// Số, ký hiệu: `1024/QĐ-STP`, `215/2026`, `99A8012345`.
    Symbol,
    /// Letters of a series and its number: `BX 991204`.
    Series,
    /// A number, with points and commas as it stands: `15.000`, `245,6`.
    Number,
    /// Họ và tên of a person.
    Name,
    /// One of few words.
    OneOf(Vec<String>),
    /// Anything.
    Text,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// After its label; on the next line where nothing stands after it.
    #[default]
    AfterLabel,
    /// Below its label, in the first row of a table.
    Column,
    /// The line before the national heading: the agency's name.
    BeforeHeading,
    /// The lines below the title.
    BelowTitle,
    /// The first line of the page with a value of the shape.
    FirstLine,
    /// The last line of the page with a value of the shape.
    LastLine,
    /// The first numbered row of a list.
    FirstRow,
    /// The last numbered row of a list.
    LastRow,
    /// The name below the last of [`DocumentTypes::signers`]' words.
    Signature,
}

/// Where a value ends. A label that stands after it always ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// With its line.
    #[default]
    Line,
    /// Before the next line that begins with a label.
    NextLabel,
}

impl Place {
    fn needs_label(self) -> bool {
        match self {
            Self::AfterLabel | Self::Column => true,
            Self::BeforeHeading
            | Self::BelowTitle
            | Self::FirstLine
            | Self::LastLine
            | Self::FirstRow
            | Self::LastRow
            | Self::Signature => false,
        }
    }
}

impl DocumentTypes {
    /// The types that come with the product.
    ///
    /// # Errors
    /// As [`Self::from_json`].
    pub fn built_in() -> Result<Self, Vec<String>> {
        Self::from_json(include_str!("../document_types.json"))
    }

    /// Parses and checks.
    ///
    /// # Errors
    /// Every problem is one sentence that names the type.
    pub fn from_json(text: &str) -> Result<Self, Vec<String>> {
        let types: Self = serde_json::from_str(text).map_err(|e| vec![format!("the types of paper are not readable: {e}")])?;
        let problems = types.problems();
        if problems.is_empty() { Ok(types) } else { Err(problems) }
    }

    /// The type with this id.
    pub fn document_type(&self, id: &str) -> Option<&DocumentType> {
        self.types.iter().find(|kind| kind.id == id)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.types.is_empty() {
            problems.push("there is no type of paper".to_owned());
        }
        for word in self.signers.iter().filter(|word| !is_plain(word)) {
            problems.push(format!("signers: '{word}' must be in small letters without accents and punctuation"));
        }
        for (at, kind) in self.types.iter().enumerate() {
            let before = &self.types[..at];
            problems.extend(kind.problems().into_iter().map(|what| format!("type {}: {what}", kind.id)));
            if before.iter().any(|other| other.id == kind.id) {
                problems.push(format!("type {}: id stands twice", kind.id));
            }
            for title in kind.titles.iter().filter(|title| before.iter().any(|other| other.titles.contains(title))) {
                problems.push(format!("type {}: another type has the title '{title}' too", kind.id));
            }
        }
        problems
    }
}

impl DocumentType {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.titles.is_empty() {
            problems.push("has no title".to_owned());
        }
        if !(50..=100).contains(&self.sure) {
            problems.push("sure must be 50 to 100 percent".to_owned());
        }
        if self.code.is_empty() || !self.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-') {
            problems.push("code must be of capitals, digits and dashes".to_owned());
        }
        for word in self.titles.iter().chain(&self.marks).chain(&self.others).filter(|word| !is_plain(word)) {
            problems.push(format!("'{word}' must be in small letters without accents and punctuation"));
        }
        for (at, field) in self.fields.iter().enumerate() {
            let mut say = |what: &str| problems.push(format!("field {}: {what}", field.key));
            if self.fields[..at].iter().any(|other| other.key == field.key) {
                say("key stands twice");
            }
            if field.meaning != Meaning::FormField && self.fields[..at].iter().any(|other| other.meaning == field.meaning) {
                say("means what another field means already");
            }
            if field.place.needs_label() && field.labels.is_empty() {
                say("has no label to be found by");
            }
            if field.labels.iter().chain(&field.below).any(|word| !is_plain(word)) {
                say("labels must be in small letters without accents and punctuation");
            }
            if let Some(wrong) = field.shape_wrong() {
                say(wrong);
            }
        }
        problems
    }
}

impl FieldRule {
    fn shape_wrong(&self) -> Option<&'static str> {
        match &self.shape {
            Shape::OneOf(words) if words.len() < 2 => Some("needs at least two words to choose from"),
            Shape::OneOf(_)
            | Shape::CitizenNumber
            | Shape::Date
            | Shape::DossierCode
            | Shape::Symbol
            | Shape::Series
            | Shape::Number
            | Shape::Name
            | Shape::Text => None,
        }
        .or(match self.meaning {
            Meaning::OwnerNumber => (self.shape != Shape::CitizenNumber).then_some("an owner's number must be of the shape citizen_number"),
            Meaning::OwnerName => (self.shape != Shape::Name).then_some("an owner's name must be of the shape name"),
            Meaning::OwnerBirth | Meaning::Issued => (self.shape != Shape::Date).then_some("a day must be of the shape date"),
            Meaning::PaperName
            | Meaning::PaperNumber
            | Meaning::Issuer
            | Meaning::Subject
            | Meaning::ValidUntil
            | Meaning::Scope
            | Meaning::FormField => None,
        })
    }
}

/// As the reader compares: folded, letters and digits in words with single spaces.
fn is_plain(words: &str) -> bool {
    !words.is_empty() && fold(words) == words && words.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: &str = include_str!("../document_types.json");

    #[test]
    fn the_built_in_types_are_sound_and_rich_enough() {
        let types = DocumentTypes::built_in().unwrap();
        assert!(types.types.len() >= 12);
        assert!(types.types.iter().all(|kind| kind.fields.len() >= 3), "a type without fields fills in nothing");
        assert!(types.document_type("birth_certificate").is_some());
        assert!(types.document_type("poem").is_none());
    }

    #[test]
    fn the_words_for_people_are_there_in_both_languages() {
        let types = DocumentTypes::built_in().unwrap();
        let names = types.types.iter().flat_map(|kind| kind.fields.iter().map(|field| &field.name).chain([&kind.name]));
        assert!(names.flat_map(|name| [&name.vi, &name.en]).all(|words| !words.trim().is_empty()));
    }

    #[test]
    fn a_catalogued_paper_has_the_code_of_the_catalogue() {
        let catalogue = crate::catalogue::Catalogue::built_in().unwrap();
        let types = DocumentTypes::built_in().unwrap();
        // The letter of authority comes with whoever files for another (C04).
        let asked = |procedure: &crate::catalogue::Procedure| procedure.filed_for(crate::for_whom::ForWhom::Authorised).components;
        let papers: Vec<_> = catalogue.procedures.iter().flat_map(asked).collect();
        for id in ["birth_form", "live_birth", "marriage_certificate", "single_form", "letter_of_authority"] {
            let code = &types.document_type(id).unwrap().code;
            assert!(papers.iter().any(|paper| paper.code == *code), "{id}: {code}");
        }
    }

    #[test]
    fn every_problem_is_a_sentence_that_names_its_type() {
        let problems = |from: &str, to: &str| {
            let changed = TYPES.replacen(from, to, 1);
            assert_ne!(changed, TYPES, "{from} is not there");
            DocumentTypes::from_json(&changed).unwrap_err().join("\n")
        };
        assert!(problems("\"version\"", "\"versions\"").contains("not readable"));
        let birth = "type birth_certificate";
        assert!(problems("\"titles\": [\"giay khai sinh\"", "\"titles\": [\"giay chung sinh\"").contains("has the title"));
        assert!(problems("\"titles\": [\"giay khai sinh\"", "\"titles\": [\"Giấy khai sinh\"").contains(birth));
        assert!(problems("\"id\": \"birth_certificate\"", "\"id\": \"live_birth\"").contains("id stands twice"));
        assert!(problems("\"meaning\": \"owner_birth\"", "\"meaning\": \"owner_name\"").contains("must be of the shape name"));
        assert!(problems("\"shape\": {\"one_of\": [\"Nam\", \"Nữ\"]}", "\"shape\": {\"one_of\": [\"Nam\"]}").contains("at least two"));
        assert!(problems("\"sure\": 85", "\"sure\": 10").contains("50 to 100"));
    }
}
