//! The state's forms as data (biểu mẫu, TT 03/2025/TT-VPCP Phụ lục I; domain.md 5): each province may bring its own.
//!
//! A form is a list of parts with the names of its fields; [`Form::fill`] puts the values in and gives lines for the printer.

use crate::Private;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Written where a text lacks a value.
const BLANK: &str = "..........";
/// Written where the date is missing.
const BLANK_DATE: &str = "ngày ...... tháng ...... năm ..........";
/// Dotted lines of a list without points.
const BLANK_POINTS: usize = 2;

/// The forms of one version, with their effective date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forms {
    /// Rises with every change.
    pub version: u32,
    /// First day on which they hold.
    pub effective: Date,
    /// The law that prescribes them.
    pub source: String,
    /// The forms.
    pub forms: Vec<Form>,
}

/// One form (mẫu số).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Mẫu số: `01`.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its parts, from top to bottom.
    pub parts: Vec<Part>,
}

/// What a value is about. The names in JSON are snake_case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Tên cơ quan.
    Agency,
    /// Trung tâm Phục vụ hành chính công, or Bộ phận Một cửa.
    Office,
    /// Số of the paper.
    Number,
    /// Where it is signed.
    Place,
    /// `ngày 23 tháng 11 năm 2026`.
    Date,
    /// Mã hồ sơ.
    DossierCode,
    /// What the QR says.
    Tracking,
    /// Ông (Bà)/Tổ chức.
    ApplicantName,
    /// Số định danh cá nhân/tổ chức.
    ApplicantId,
    /// Địa chỉ.
    ApplicantAddress,
    /// Số điện thoại.
    ApplicantPhone,
    /// Email.
    ApplicantEmail,
    /// Người được ủy quyền.
    ProxyName,
    /// Their address.
    ProxyAddress,
    /// Their number.
    ProxyId,
    /// Their telephone.
    ProxyPhone,
    /// Their email.
    ProxyEmail,
    /// Giấy tờ ủy quyền.
    ProxyPaper,
    /// Nội dung yêu cầu giải quyết.
    Request,
    /// Số lượng hồ sơ (bộ).
    Sets,
    /// Thời gian giải quyết theo quy định.
    TimeLimit,
    /// Thời gian nhận hồ sơ.
    ReceivedAt,
    /// Thời gian trả kết quả.
    DueAt,
    /// Đăng ký nhận kết quả tại.
    ResultAt,
    /// Quyển số.
    Book,
    /// Số thứ tự in the book.
    BookLine,
    /// Lý do.
    Reason,
    /// Whom to ask, with a telephone number.
    Contact,
    /// Người nộp hồ sơ.
    Submitter,
    /// Người tiếp nhận, người hướng dẫn.
    Officer,
}

/// A list of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Thành phần hồ sơ.
    Components,
    /// Các mục cần bổ sung.
    Demands,
}

/// Height of letters, as the printer has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Notes and letterheads.
    Small,
    /// Running text.
    #[default]
    Normal,
    /// Headings.
    Large,
}

/// Side of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Left.
    #[default]
    Left,
    /// Middle.
    Centre,
    /// Right.
    Right,
}

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// Words; `{field}` stands for a value, `\n` breaks the line.
    Text {
        /// The words.
        text: String,
        /// How large.
        #[serde(default)]
        size: Size,
        /// Bold.
        #[serde(default)]
        bold: bool,
        /// To which side.
        #[serde(default)]
        align: Align,
    },
    /// A label and its value.
    Field {
        /// The words before the colon.
        label: String,
        /// Which value.
        value: Field,
    },
    /// Numbered points under a label.
    List {
        /// The words before the colon.
        label: String,
        /// Which list.
        of: List,
    },
    /// Two texts side by side.
    Pair {
        /// Left.
        left: String,
        /// Right.
        right: String,
        /// Bold.
        #[serde(default)]
        bold: bool,
    },
    /// Room for two signatures, with the names below.
    Signatures {
        /// Left; nobody signs there when left out.
        #[serde(default)]
        left: Option<Field>,
        /// Right.
        #[serde(default)]
        right: Option<Field>,
    },
    /// A QR; left out when the value is missing.
    Qr(Field),
    /// Parts that are left out when the value is missing, unless the whole form is printed empty.
    Group {
        /// Which value.
        when: Field,
        /// The parts.
        parts: Vec<Part>,
    },
    /// A line across.
    Rule,
    /// Half a line of nothing.
    Space,
}

/// What goes into a form. Empty texts count as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Single values.
    pub fields: BTreeMap<Field, Private>,
    /// Lists.
    pub lists: BTreeMap<List, Vec<Private>>,
}

impl Values {
    /// The value of `field`, if it is there.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields.get(&field).map(Private::reveal).filter(|text| !text.trim().is_empty())
    }

    fn is_empty(&self) -> bool {
        self.fields.values().chain(self.lists.values().flatten()).all(|text| text.reveal().trim().is_empty())
    }
}

/// A line of a filled form, for whoever draws it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Words.
    Text {
        /// The words.
        text: Private,
        /// How large.
        size: Size,
        /// Bold.
        bold: bool,
        /// To which side.
        align: Align,
    },
    /// Label and value; an empty value is a dotted line to write on.
    Field {
        /// Before the colon.
        label: String,
        /// Behind it.
        value: Private,
    },
    /// A point of a list; an empty one is a dotted line.
    Item {
        /// `1.`
        mark: String,
        /// The point.
        text: Private,
    },
    /// Two texts side by side, in small letters unless bold.
    Pair {
        /// Left.
        left: Private,
        /// Right.
        right: Private,
        /// Bold.
        bold: bool,
    },
    /// A QR.
    Qr(Private),
    /// Room for a signature.
    SignatureRoom,
    /// A line across.
    Rule,
    /// Half a line of nothing.
    Space,
}

/// A form file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormsError {
    /// Not JSON, or not of this shape.
    #[error("the forms cannot be read: {0}; mend the file or take the one that comes with the product")]
    Shape(String),
    /// A text has a `{…}` that names no field.
    #[error("form {form}: {{{name}}} names no field; see the fields in the form that comes with the product")]
    Placeholder {
        /// Number of the form.
        form: String,
        /// What stands in the braces.
        name: String,
    },
}

impl Forms {
    /// The forms that come with the product.
    pub fn built_in() -> Result<Self, FormsError> {
        Self::from_json(include_str!("../forms.json"))
    }

    /// Reads forms and checks every placeholder.
    ///
    /// # Errors
    /// [`FormsError`].
    pub fn from_json(json: &str) -> Result<Self, FormsError> {
        let forms: Self = serde_json::from_str(json).map_err(|error| FormsError::Shape(error.to_string()))?;
        for form in &forms.forms {
            check(&form.number, &form.parts)?;
        }
        Ok(forms)
    }

    /// The form with this number, `01`.
    pub fn form(&self, number: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.number == number)
    }
}

fn check(form: &str, parts: &[Part]) -> Result<(), FormsError> {
    for part in parts {
        match part {
            Part::Text { text, .. } => {
                for piece in pieces(text) {
                    if let Piece::Named(name) = piece
                        && named(name).is_none()
                    {
                        return Err(FormsError::Placeholder { form: form.to_owned(), name: name.to_owned() });
                    }
                }
            }
            Part::Group { parts, .. } => check(form, parts)?,
            Part::Field { .. }
            | Part::List { .. }
            | Part::Pair { .. }
            | Part::Signatures { .. }
            | Part::Qr(_)
            | Part::Rule
            | Part::Space => {}
        }
    }
    Ok(())
}

enum Piece<'a> {
    Plain(&'a str),
    Named(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        pieces.push(Piece::Plain(before));
        let (name, behind) = behind.split_once('}').unwrap_or((behind, ""));
        pieces.push(Piece::Named(name));
        rest = behind;
    }
    pieces.push(Piece::Plain(rest));
    pieces
}

fn named(name: &str) -> Option<Field> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

impl Form {
    /// The lines of this form with `values` in it. Without any value: the empty form, for writing by hand.
    pub fn fill(&self, values: &Values) -> Vec<Line> {
        let mut lines = Vec::new();
        fill(&self.parts, values, values.is_empty(), &mut lines);
        lines
    }
}

fn fill(parts: &[Part], values: &Values, empty: bool, lines: &mut Vec<Line>) {
    let value = |field: Field| Private::new(values.get(field).unwrap_or_default());
    for part in parts {
        match part {
            Part::Text { text, size, bold, align } => {
                lines.push(Line::Text { text: Private::new(written(text, values)), size: *size, bold: *bold, align: *align });
            }
            Part::Field { label, value: field } => lines.push(Line::Field { label: label.clone(), value: value(*field) }),
            Part::List { label, of } => list(label, values.lists.get(of).map_or(&[], Vec::as_slice), lines),
            Part::Pair { left, right, bold } => {
                lines.push(Line::Pair { left: Private::new(left), right: Private::new(right), bold: *bold });
            }
            Part::Signatures { left, right } => {
                let name = |field: &Option<Field>| field.map(value).unwrap_or_default();
                lines.push(Line::SignatureRoom);
                lines.push(Line::Pair { left: name(left), right: name(right), bold: true });
            }
            Part::Qr(field) => lines.extend(values.get(*field).map(|text| Line::Qr(Private::new(text)))),
            Part::Group { when, parts } => {
                if empty || values.get(*when).is_some() {
                    fill(parts, values, empty, lines);
                }
            }
            Part::Rule => lines.push(Line::Rule),
            Part::Space => lines.push(Line::Space),
        }
    }
}

fn list(label: &str, points: &[Private], lines: &mut Vec<Line>) {
    lines.push(Line::Text { text: Private::new(format!("{label}:")), size: Size::Normal, bold: false, align: Align::Left });
    let blank = vec![Private::default(); if points.is_empty() { BLANK_POINTS } else { 0 }];
    for (n, text) in points.iter().chain(&blank).enumerate() {
        lines.push(Line::Item { mark: format!("{}.", n + 1), text: text.clone() });
    }
}

fn written(text: &str, values: &Values) -> String {
    let pieces = pieces(text).into_iter().map(|piece| match piece {
        Piece::Plain(text) => text,
        Piece::Named(name) => match named(name) {
            Some(field) => values.get(field).unwrap_or(if field == Field::Date { BLANK_DATE } else { BLANK }),
            None => BLANK,
        },
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// domain.md 5, the columns "Fields" of forms 01 to 03.
    const FIELDS: [(&str, &str); 3] = [
        (
            "01",
            "agency office number place date dossier_code applicant_name applicant_id applicant_address applicant_phone applicant_email \
             proxy_name proxy_address proxy_id proxy_phone proxy_email proxy_paper request components sets time_limit received_at due_at \
             result_at book book_line submitter officer",
        ),
        ("02", "applicant_name request applicant_address applicant_phone applicant_email demands reason contact officer"),
        (
            "03",
            "applicant_name request applicant_address applicant_phone applicant_email reason contact applicant_id dossier_code submitter officer",
        ),
    ];

    fn built_in() -> Forms {
        Forms::built_in().unwrap()
    }

    #[test]
    fn every_field_of_the_law_is_in_its_form() {
        for (number, fields) in FIELDS {
            let json = serde_json::to_string(built_in().form(number).unwrap()).unwrap();
            for field in fields.split_whitespace() {
                assert!(json.contains(&format!("\"{field}\"")) || json.contains(&format!("{{{field}}}")), "{number}: {field}");
            }
        }
    }

    #[test]
    fn values_stand_in_their_places_and_missing_ones_leave_room() {
        let mut values = Values::default();
        values.fields.insert(Field::DossierCode, Private::new("H15.50.05-261123-0001"));
        values.fields.insert(Field::ApplicantName, Private::new("Nguyễn Thị Mẫu"));
        values.lists.insert(List::Components, vec![Private::new("Tờ khai"), Private::new("Giấy chứng sinh")]);
        let lines = built_in().form("01").unwrap().fill(&values);
        let text = |text: &str| lines.iter().any(|line| matches!(line, Line::Text { text: found, .. } if found.reveal() == text));
        assert!(text("Mã hồ sơ: H15.50.05-261123-0001"));
        assert!(text("Số: ........../TNHS"));
        let field = |name: &str| {
            let values = lines.iter().filter_map(|line| if let Line::Field { label, value } = line { Some((label, value)) } else { None });
            values.into_iter().find(|(label, _)| *label == name).map(|(_, value)| value.reveal())
        };
        assert_eq!(field("Tiếp nhận hồ sơ của Ông (Bà)/Tổ chức"), Some("Nguyễn Thị Mẫu"));
        assert_eq!(field("Email"), Some(""));
        assert_eq!(field("Giấy tờ ủy quyền"), None, "nobody is authorised");
        let marks = lines.iter().filter(|line| matches!(line, Line::Item { .. })).count();
        assert_eq!(marks, 2);
        assert!(!format!("{lines:?}").contains("Nguyễn"), "no names in a log");
    }

    #[test]
    fn an_empty_form_has_every_line_to_write_on() {
        let lines = built_in().form("01").unwrap().fill(&Values::default());
        assert!(lines.iter().any(|line| matches!(line, Line::Field { label, .. } if label == "Giấy tờ ủy quyền")));
        assert_eq!(lines.iter().filter(|line| matches!(line, Line::Item { text, .. } if text.reveal().is_empty())).count(), 2);
    }

    #[test]
    fn a_province_is_told_which_placeholder_is_wrong() {
        let json = include_str!("../forms.json").replace("{place}", "{palce}");
        let error = Forms::from_json(&json).unwrap_err();
        assert_eq!(error, FormsError::Placeholder { form: "01".to_owned(), name: "palce".to_owned() });
        assert!(Forms::from_json(&json.replace("\"field\"", "\"feild\"")).unwrap_err().to_string().contains("mend the file"));
    }
}
