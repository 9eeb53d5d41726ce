//! The catalogue of procedures (danh mục thủ tục hành chính): data that the state may change.
//!
//! Shape after the national portal's `LayThuTuc` (domain.md 3); a dossier keeps the catalogue version
//! it was received under (architecture invariant 9).

mod asked;
mod tells;

pub use asked::AskedIf;
pub use tells::Tells;

use crate::{
    Text, address,
    citizen::CitizenNumber,
    code::is_agency,
    dossier::Retention,
    fold,
    for_whom::{self, ForWhom},
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All procedures this office receives, with their effective date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Rises with every change.
    pub version: u32,
    /// First day on which it holds.
    pub effective: Date,
    /// Sự kiện trong đời: how the first page groups procedures.
    pub life_events: Vec<LifeEvent>,
    /// The procedures, in the order shown.
    pub procedures: Vec<Procedure>,
}

/// Sự kiện: Khai sinh, Cư trú, Chứng thực…
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeEvent {
    /// Key that procedures refer to.
    pub id: String,
    /// Name on the tile.
    pub name: Text,
}

/// Thủ tục hành chính.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Mã TTHC, `[123].dddddd` (domain.md 4).
    pub code: String,
    /// Tên thủ tục.
    pub name: Text,
    /// [`LifeEvent::id`].
    pub life_event: String,
    /// Thời hạn giải quyết, in words.
    pub time_limit: Text,
    /// Lệ phí in đồng; 0 is free.
    pub fee_vnd: u32,
    /// What the person receives in the end (kết quả).
    pub result: Text,
    /// Thời hạn lưu of its dossiers.
    #[serde(default)]
    pub retention: Retention,
    /// CoQuanThucHien: mã định danh of the agency that decides, where it is not the receiving one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competent_agency: Option<String>,
    /// For whom it can be filed; the person is asked where that is more than one. Marriage and the recognition of a child cannot be left
    /// to somebody else (TT 04/2020/TT-BTP Đ.2).
    #[serde(default = "myself", skip_serializing_if = "is_myself")]
    pub filers: Vec<ForWhom>,
    /// Thành phần hồ sơ.
    pub components: Vec<Component>,
    /// Questions that no card answers, one per page.
    pub questions: Vec<Question>,
}

fn myself() -> Vec<ForWhom> {
    vec![ForWhom::Myself]
}

fn is_myself(filers: &[ForWhom]) -> bool {
    filers == [ForWhom::Myself]
}

/// Thành phần hồ sơ: one paper that the procedure asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Mã giấy tờ, unique inside the procedure.
    pub code: String,
    /// Tên giấy tờ.
    pub name: Text,
    /// False where the law lets it be added later or left out.
    pub required: bool,
    /// Mã loại giấy tờ under which the province's store or the national one keeps it (R37); none where it is not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
    /// Why it must not be scanned (TT 03/2025/TT-VPCP Đ.5.2); none where it is scanned. It is never missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_scanned: Option<NotScanned>,
}

/// Papers of a dossier that must not be scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotScanned {
    /// Only shown for comparison.
    ShownOnly,
    /// Result of an internal verification.
    Internal,
    /// State secret.
    Secret,
}

impl NotScanned {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ShownOnly, Self::Internal, Self::Secret];

    /// The reason, for the person, in place of the button.
    pub fn words(self) -> Text {
        match self {
            Self::ShownOnly => {
                Text::new("Chỉ cần mang theo để cán bộ xem, không quét.", "Just bring it for staff to see, it is not scanned.")
            }
            Self::Internal => {
                Text::new("Kết quả kiểm tra nội bộ, không quét ở đây.", "A result of staff's own checks, it is not scanned here.")
            }
            Self::Secret => {
                Text::new("Giấy mật không quét ở đây, đưa cho cán bộ.", "A secret paper is not scanned here, give it to staff.")
            }
        }
    }
}

impl Component {
    /// Whether it is scanned here, or said why not.
    pub fn is_scanned(&self) -> bool {
        self.not_scanned.is_none()
    }
}

/// One question of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Key of the answer, unique inside the procedure.
    pub id: String,
    /// The question as a person would ask it.
    pub ask: Text,
    /// One line of help.
    pub hint: Text,
    /// What an answer looks like.
    pub kind: AnswerKind,
    /// False: the person may leave it empty.
    pub required: bool,
    /// Asked only after this answer to an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_if: Option<AskedIf>,
    /// Which of the dossier's particulars the answer is, beside an answer of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells: Option<Tells>,
    /// Fields of papers that answer it (R41), the first that was read counts: `type.field` of
    /// [`DocumentTypes`](crate::document_types::DocumentTypes); or [`address::ON_CARD`] for an address. The person is asked all the same,
    /// with the answer filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_from: Vec<String>,
}

/// The form of an answer; the screen picks its input by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AnswerKind {
    /// Họ và tên of a person: letters of any language, no digits.
    Name,
    /// Free text of at most `max` characters.
    Text {
        /// Characters.
        max: u16,
    },
    /// A day not after today, stored as `dd/MM/yyyy`.
    PastDate,
    /// Vietnamese telephone number: ten digits from 0.
    Phone,
    /// Số định danh of a second person.
    CitizenNumber,
    /// MST: ten digits, or thirteen for a branch; the tenth proves the nine before it.
    TaxCode,
    /// A whole number in the range.
    Number {
        /// Least.
        min: u32,
        /// Greatest.
        max: u32,
    },
    /// An address as [`address`](crate::address) writes it: in a commune of today.
    Address {
        /// The commune alone is enough, without hamlet, street and number.
        #[serde(default)]
        commune_enough: bool,
        /// It may lie in another country.
        #[serde(default)]
        abroad: bool,
    },
    /// One of several; the stored value is the option's id.
    Choice {
        /// At most six.
        options: Vec<Choice>,
    },
}

impl AnswerKind {
    /// A number by which a person is known or reached, with its middle covered (ux.md 7.6); none of other answers.
    pub fn masked(&self, answer: &str) -> Option<String> {
        match self {
            Self::CitizenNumber => CitizenNumber::parse(answer).ok().map(|number| number.masked()),
            Self::Phone => Some(format!("{}••••{}", answer.get(..3)?, answer.get(answer.len().checked_sub(3)?..)?)),
            Self::Name
            | Self::Text { .. }
            | Self::PastDate
            | Self::TaxCode
            | Self::Number { .. }
            | Self::Address { .. }
            | Self::Choice { .. } => None,
        }
    }
}

/// One option of a [`AnswerKind::Choice`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Stored value.
    pub id: String,
    /// Words on the button.
    pub label: Text,
}

impl Catalogue {
    /// The catalogue that comes with the product: real commune procedures.
    pub fn built_in() -> Result<Self, Vec<String>> {
        Self::from_json(include_str!("../catalogue.json"))
    }

    /// Parses and checks; every problem is one sentence that names the procedure.
    pub fn from_json(text: &str) -> Result<Self, Vec<String>> {
        let catalogue: Self = serde_json::from_str(text).map_err(|e| vec![format!("the catalogue is not readable: {e}")])?;
        let problems = catalogue.problems();
        if problems.is_empty() { Ok(catalogue) } else { Err(problems) }
    }

    /// The procedure with this bare code.
    pub fn procedure(&self, code: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|p| p.code == code)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.procedures.is_empty() {
            problems.push("the catalogue has no procedure".to_owned());
        }
        for (at, p) in self.procedures.iter().enumerate() {
            let mut say = |what: String| problems.push(format!("procedure {}: {what}", p.code));
            if !is_procedure_code(&p.code) {
                say("code is not of the form 1.004873".to_owned());
            }
            if self.procedures[..at].iter().any(|other| other.code == p.code) {
                say("code stands twice".to_owned());
            }
            if !self.life_events.iter().any(|e| e.id == p.life_event) {
                say(format!("life event '{}' is not listed", p.life_event));
            }
            if p.filers.is_empty() {
                say("filers is empty: nobody can file it".to_owned());
            }
            if let Some(taken) = p.questions.iter().find(|q| q.id.starts_with(for_whom::PREFIX)) {
                say(format!("question {} begins with '{}', which is the machine's own", taken.id, for_whom::PREFIX));
            }
            if !p.components.iter().any(|c| c.required && c.is_scanned()) {
                say("has no required paper that is scanned".to_owned());
            }
            for (i, c) in p.components.iter().enumerate() {
                if p.components[..i].iter().any(|other| other.code == c.code) {
                    say(format!("paper {} stands twice", c.code));
                }
            }
            if p.competent_agency.as_deref().is_some_and(|agency| !is_agency(agency)) {
                say("competent_agency is no code of an agency, such as H15.50.05".to_owned());
            }
            if p.lacks_return_address() {
                say("offers post_other and asks for no address: a question must tell return_address".to_owned());
            }
            for (i, q) in p.questions.iter().enumerate() {
                if let Some(wrong) = q.tells_wrongly() {
                    say(format!("question {}: {wrong}", q.id));
                }
                if let Some(wrong) = q.asked_wrongly(&p.questions[..i]) {
                    say(format!("question {}: {wrong}", q.id));
                }
                if let Some(source) = q.read_from.iter().find(|source| !is_source(source)) {
                    say(format!("question {}: '{source}' in read_from is not of the form type.field", q.id));
                }
                if q.is_on_card() && !matches!(q.kind, AnswerKind::Address { .. }) {
                    say(format!("question {}: {} in read_from answers a question of type address alone", q.id, address::ON_CARD));
                }
                if p.questions[..i].iter().any(|other| other.tells.is_some() && other.tells == q.tells) {
                    say(format!("question {} tells what another one tells already", q.id));
                }
                if p.questions[..i].iter().any(|other| other.id == q.id) {
                    say(format!("question {} stands twice", q.id));
                }
                match &q.kind {
                    AnswerKind::Choice { options } if options.is_empty() || options.len() > 6 => {
                        say(format!("question {} needs 1 to 6 options", q.id))
                    }
                    AnswerKind::Number { min, max } if min > max => say(format!("question {} has min above max", q.id)),
                    AnswerKind::Name
                    | AnswerKind::Text { .. }
                    | AnswerKind::PastDate
                    | AnswerKind::Phone
                    | AnswerKind::CitizenNumber
                    | AnswerKind::TaxCode
                    | AnswerKind::Number { .. }
                    | AnswerKind::Address { .. }
                    | AnswerKind::Choice { .. } => {}
                }
            }
        }
        problems
    }
}

fn is_procedure_code(code: &str) -> bool {
    let bytes = code.as_bytes();
    bytes.len() == 8 && matches!(bytes[0], b'1'..=b'3') && bytes[1] == b'.' && bytes[2..].iter().all(u8::is_ascii_digit)
}

fn is_source(source: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    source.split_once('.').is_some_and(|(kind, field)| word(kind) && word(field))
}

impl Procedure {
    /// Whether papers are scanned before the questions are asked: where a paper can answer one, nobody types what the machine has read.
    pub fn papers_first(&self) -> bool {
        self.questions.iter().flat_map(|question| &question.read_from).any(|source| source != address::ON_CARD)
    }
}

impl Question {
    /// Whether the owner's card may answer it.
    pub fn is_on_card(&self) -> bool {
        self.read_from.iter().any(|source| source == address::ON_CARD)
    }

    /// The answer in its stored form, or the sentence that helps to mend it.
    pub fn check(&self, answer: &str, today: Date) -> Result<String, Text> {
        let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        if answer.is_empty() {
            return if self.required {
                Err(Text::new("Chưa có câu trả lời. Điền rồi chạm Tiếp tục.", "No answer yet. Fill it in, then touch Continue."))
            } else {
                Ok(answer)
            };
        }
        match &self.kind {
            AnswerKind::Name => check_name(answer),
            AnswerKind::Text { max } if answer.chars().count() > usize::from(*max) => {
                Err(Text::new(format!("Dài quá. Viết không quá {max} chữ cái."), format!("Too long. Use at most {max} characters.")))
            }
            AnswerKind::Text { .. } if self.tells == Some(Tells::Email) && !is_email(&answer) => {
                Err(Text::new("Thư điện tử có dạng ten@vidu.vn.", "An e-mail address looks like name@example.vn."))
            }
            AnswerKind::Text { .. } => Ok(answer),
            AnswerKind::PastDate => check_past_date(&answer, today),
            AnswerKind::Phone => check_phone(&answer),
            AnswerKind::CitizenNumber => CitizenNumber::parse(&answer.replace(' ', ""))
                .map(|n| n.reveal().to_owned())
                .map_err(|_| Text::new("Số này cần đủ 12 chữ số.", "This number needs 12 digits.")),
            AnswerKind::TaxCode => check_tax_code(&answer),
            AnswerKind::Number { min, max } => match answer.parse::<u32>() {
                Ok(n) if (*min..=*max).contains(&n) => Ok(n.to_string()),
                Ok(_) | Err(_) => {
                    Err(Text::new(format!("Điền một số từ {min} đến {max}."), format!("Enter a number from {min} to {max}.")))
                }
            },
            AnswerKind::Address { commune_enough, abroad } => address::check(&answer, !commune_enough, *abroad),
            AnswerKind::Choice { options } => match options.iter().find(|o| o.id == answer) {
                Some(option) => Ok(option.id.clone()),
                None => Err(Text::new("Chạm vào một ô để chọn.", "Touch one of the choices.")),
            },
        }
    }

    /// What was read on a paper, in the form of an answer; none where it cannot be one. A choice is known by its Vietnamese words.
    pub fn answer_from(&self, read: &str, today: Date) -> Option<String> {
        let now;
        let read = match &self.kind {
            AnswerKind::Choice { options } => &options.iter().find(|option| fold(&option.label.vi) == fold(read))?.id,
            // Where an old unit was divided the person says which; what was read stays with the page.
            AnswerKind::Address { .. } => match address::today(read).as_slice() {
                [only] => {
                    now = only.written();
                    &now
                }
                _ => read,
            },
            AnswerKind::Name
            | AnswerKind::Text { .. }
            | AnswerKind::PastDate
            | AnswerKind::Phone
            | AnswerKind::CitizenNumber
            | AnswerKind::TaxCode
            | AnswerKind::Number { .. } => read,
        };
        self.check(read, today).ok().filter(|answer| !answer.is_empty())
    }

    /// The words for a stored answer: a choice's label, everything else as it is.
    pub fn show(&self, stored: &str) -> Text {
        if let AnswerKind::Choice { options } = &self.kind
            && let Some(option) = options.iter().find(|o| o.id == stored)
        {
            return option.label.clone();
        }
        Text::same(stored)
    }
}

/// One `@` between two words, a dot in the second: whatever more a mail system allows, it tells itself.
fn is_email(answer: &str) -> bool {
    let word = |part: &str| !part.is_empty() && !part.contains(['@', ' ', ','].as_slice());
    answer.split_once('@').is_some_and(|(name, place)| word(name) && word(place) && place.trim_matches('.').contains('.'))
}

fn check_name(answer: String) -> Result<String, Text> {
    let letters = answer.chars().filter(|c| c.is_alphabetic()).count();
    let allowed = answer.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '-' | '.' | '’'));
    match (letters >= 2 && allowed, fold(&answer).len() <= 100) {
        (true, true) => Ok(answer),
        (true, false) => Err(Text::new("Tên dài quá 100 chữ cái.", "The name is longer than 100 letters.")),
        (false, _) => Err(Text::new("Điền họ và tên, chỉ dùng chữ.", "Enter the full name, letters only.")),
    }
}

fn check_past_date(answer: &str, today: Date) -> Result<String, Text> {
    let parts: Vec<i16> = answer.split(['/', '-', '.', ' ']).filter_map(|p| p.parse().ok()).collect();
    let date = match parts.as_slice() {
        [d, m, y] => i8::try_from(*d).ok().zip(i8::try_from(*m).ok()).and_then(|(d, m)| Date::new(*y, m, d).ok()),
        _ => None,
    };
    // With a dead clock nobody's birthday has come yet: then the officer judges.
    let latest = if today < crate::EARLIEST_TODAY { crate::LATEST_DAY } else { today };
    match date {
        Some(date) if date.year() >= 1900 && date <= latest => Ok(date.strftime("%d/%m/%Y").to_string()),
        Some(date) if date > latest => Err(Text::new("Ngày này chưa đến. Xem lại năm.", "This day has not come yet. Check the year.")),
        Some(_) | None => Err(Text::new("Điền ngày, tháng, năm, ví dụ 05/03/1990.", "Enter day, month, year, for example 05/03/1990.")),
    }
}

/// The ten digits of a telephone number, or what to write instead.
pub(crate) fn check_phone(answer: &str) -> Result<String, Text> {
    let digits: String = answer.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    if digits.len() == 10 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(Text::new("Số điện thoại có 10 chữ số, bắt đầu bằng 0.", "A phone number has 10 digits and starts with 0."))
    }
}

/// The tenth digit is ten less the weighted sum of the nine before it modulo eleven (TT 86/2024/TT-BTC keeps the structure of ten and
/// thirteen digits; the weights are those that tax programs check with).
fn check_tax_code(answer: &str) -> Result<String, Text> {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let digits: Vec<u32> = answer.chars().filter(|c| !matches!(c, ' ' | '-')).filter_map(|c| c.to_digit(10)).collect();
    let all_digits = answer.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    if !all_digits || !matches!(digits.len(), 10 | 13) {
        return Err(Text::new("Mã số thuế có 10 hoặc 13 chữ số.", "A tax code has 10 or 13 digits."));
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    match 10 - i64::from(sum % 11) == i64::from(digits[9]) {
        true => Ok(digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect()),
        false => Err(Text::new("Mã số thuế chưa đúng. Xem lại từng số.", "The tax code is not right. Check each digit.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Private,
        dossier::Answer,
        particulars::{Contact, ReturnBy},
    };

    fn question(kind: AnswerKind) -> Question {
        Question {
            id: "q".into(),
            ask: Text::new("?", "?"),
            hint: Text::new("", ""),
            kind,
            required: true,
            asked_if: None,
            tells: None,
            read_from: Vec::new(),
        }
    }

    #[test]
    fn built_in_catalogue_is_sound_and_rich_enough() {
        let catalogue = Catalogue::built_in().unwrap();
        assert!(catalogue.procedures.len() >= 8);
    }

    #[test]
    fn the_built_in_words_are_plain() {
        let catalogue = Catalogue::built_in().unwrap();
        let mut texts: Vec<&Text> = catalogue.life_events.iter().map(|e| &e.name).collect();
        for p in &catalogue.procedures {
            texts.extend([&p.name, &p.time_limit, &p.result]);
            texts.extend(p.components.iter().map(|c| &c.name));
            for q in &p.questions {
                texts.extend([&q.ask, &q.hint]);
                if let AnswerKind::Choice { options } = &q.kind {
                    texts.extend(options.iter().map(|o| &o.label));
                }
            }
        }
        for words in texts.iter().flat_map(|t| [&t.vi, &t.en]) {
            assert!(!words.trim().is_empty());
            let longest = words.split(['.', '?', ':']).map(|s| s.split_whitespace().count()).max();
            assert!(longest <= Some(12), "a sentence of more than 12 words: {words}");
            for avoided in ["xác thực", "định danh", "thành phần hồ sơ", "hệ thống", "thao tác"] {
                assert!(!words.to_lowercase().contains(avoided), "'{avoided}' is no plain word: {words}");
            }
        }
    }

    #[test]
    fn why_a_paper_is_not_scanned_is_one_plain_sentence() {
        for words in NotScanned::ALL.map(NotScanned::words) {
            for text in [&words.vi, &words.en] {
                assert!(text.split_whitespace().count() <= 12 && text.ends_with('.') && text.matches('.').count() == 1, "{text}");
            }
            for avoided in ["xác thực", "định danh", "thành phần hồ sơ", "hệ thống", "thao tác"] {
                assert!(!words.vi.to_lowercase().contains(avoided), "{}", words.vi);
            }
        }
    }

    #[test]
    fn a_procedure_whose_required_papers_are_all_shown_only_is_refused() {
        let shown = |times| {
            include_str!("../catalogue.json").replacen("\"required\": true}", "\"required\": true, \"not_scanned\": \"shown_only\"}", times)
        };
        let catalogue = Catalogue::from_json(&shown(1)).unwrap();
        assert_eq!(catalogue.procedures[0].components[0].not_scanned, Some(NotScanned::ShownOnly));
        assert!(Catalogue::from_json(&shown(2)).unwrap_err().join("\n").contains("no required paper that is scanned"));
        let unknown = shown(1).replace("shown_only", "dusty");
        assert!(Catalogue::from_json(&unknown).is_err());
    }

    #[test]
    fn answers_are_normalised_or_refused_with_help() {
        let today = jiff::civil::date(2026, 11, 23);
        let ok = |kind, answer: &str| question(kind).check(answer, today);
        assert_eq!(ok(AnswerKind::Name, "  Y  Krông   Byă "), Ok("Y Krông Byă".into()));
        assert!(ok(AnswerKind::Name, "4nh").is_err());
        assert_eq!(ok(AnswerKind::PastDate, "5/3/1990"), Ok("05/03/1990".into()));
        assert!(ok(AnswerKind::PastDate, "31/02/1990").is_err());
        assert!(ok(AnswerKind::PastDate, "24/11/2026").is_err());
        let dead_clock = jiff::civil::date(2003, 1, 1);
        assert_eq!(question(AnswerKind::PastDate).check("19/10/2026", dead_clock), Ok("19/10/2026".into()));
        assert!(question(AnswerKind::PastDate).check("19/10/3026", dead_clock).is_err());
        assert_eq!(ok(AnswerKind::Phone, "0900 000 456"), Ok("0900000456".into()));
        assert!(ok(AnswerKind::Phone, "90000045").is_err());
        // 0100109106 is a public tax code (Viettel's): 10 - (sum mod 11) = 6.
        assert_eq!(ok(AnswerKind::TaxCode, "0100109106"), Ok("0100109106".into()));
        assert_eq!(ok(AnswerKind::TaxCode, "0100109106-001"), Ok("0100109106001".into()));
        for wrong in ["0100109107", "010010910", "01001091O6", "0100109106-01"] {
            assert!(ok(AnswerKind::TaxCode, wrong).is_err(), "{wrong}");
        }
        assert!(ok(AnswerKind::Number { min: 1, max: 20 }, "21").is_err());
        assert!(ok(AnswerKind::Name, " ").is_err());
        let email = Question { tells: Some(Tells::Email), ..question(AnswerKind::Text { max: 50 }) };
        assert_eq!(email.check("mau@vidu.vn", today), Ok("mau@vidu.vn".into()));
        for wrong in ["mau", "mau@vidu", "@vidu.vn", "mau@vidu.", "a@b@c.vn", "mau thu@vidu.vn"] {
            assert!(email.check(wrong, today).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_read_becomes_an_answer_or_nothing() {
        let today = jiff::civil::date(2026, 11, 23);
        let sex = ["Nam", "Nữ"].map(|vi| Choice { id: fold(vi), label: Text::new(vi, "-") });
        let from = |kind, read: &str| question(kind).answer_from(read, today);
        assert_eq!(from(AnswerKind::Choice { options: sex.to_vec() }, "NỮ").as_deref(), Some("nu"));
        assert_eq!(from(AnswerKind::Choice { options: sex.to_vec() }, "Nừm"), None);
        assert_eq!(from(AnswerKind::PastDate, "05/09/2026").as_deref(), Some("05/09/2026"));
        assert_eq!(from(AnswerKind::PastDate, "05/09/2036"), None, "a misread year is asked for, not offered");
        assert_eq!(from(AnswerKind::Name, ""), None);
    }

    #[test]
    fn the_built_in_questions_name_fields_that_are_read() {
        let types = crate::document_types::DocumentTypes::built_in().unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let sources: Vec<&String> = catalogue.procedures.iter().flat_map(|p| &p.questions).flat_map(|q| &q.read_from).collect();
        assert!(sources.len() >= 6);
        for source in sources.into_iter().filter(|source| *source != address::ON_CARD) {
            let (kind, field) = source.split_once('.').unwrap();
            let known = types.document_type(kind).is_some_and(|kind| kind.fields.iter().any(|rule| rule.key == field));
            assert!(known, "{source}");
        }
        let changed = include_str!("../catalogue.json").replacen("\"live_birth.child_name\"", "\"child_name\"", 1);
        assert!(Catalogue::from_json(&changed).unwrap_err().join("\n").contains("not of the form type.field"));
    }

    #[test]
    fn a_question_tells_the_portal_only_what_its_kind_can() {
        let catalogue = include_str!("../catalogue.json");
        let problems = |from: &str, to: &str| Catalogue::from_json(&catalogue.replace(from, to)).unwrap_err().join("\n");
        assert!(
            problems("\"tells\": \"phone\"", "\"tells\": \"return_by\"")
                .contains("must be a choice of desk, post, post_other and electronic")
        );
        assert!(problems("\"id\": \"desk\"", "\"id\": \"office\"").contains("must be a choice of desk, post, post_other and electronic"));
        assert!(problems("\"tells\": \"phone\"", "\"tells\": \"email\"").contains("must be of type text"));
        let twice = catalogue.replacen("{\"type\": \"past_date\"},", "{\"type\": \"phone\"}, \"tells\": \"phone\",", 1);
        assert!(Catalogue::from_json(&twice).unwrap_err().join("\n").contains("tells what another one tells already"));
        let agency = catalogue.replacen("\"fee_vnd\"", "\"competent_agency\": \"h15\", \"fee_vnd\"", 1);
        assert!(Catalogue::from_json(&agency).unwrap_err().join("\n").contains("no code of an agency"));
    }

    #[test]
    fn the_card_answers_addresses_alone_and_is_no_paper_to_wait_for() {
        let text = include_str!("../catalogue.json");
        let catalogue = Catalogue::from_json(text).unwrap();
        let single = catalogue.procedure("1.004873").unwrap();
        assert!(single.questions.iter().any(Question::is_on_card) && !single.papers_first());
        let wrong = text.replacen("birth_form.child_name", address::ON_CARD, 1);
        assert!(Catalogue::from_json(&wrong).unwrap_err().join("\n").contains("answers a question of type address alone"));
    }

    #[test]
    fn the_answers_say_how_the_person_is_reached_and_where_the_result_goes() {
        let mut procedure = Catalogue::built_in().unwrap().procedures.remove(0);
        procedure.competent_agency = Some("H15.50".into());
        let told = |way: &str, phone: &str| {
            let answer = |question: &str, value: &str| Answer { question: question.into(), value: Private::new(value), read_from: None };
            procedure.particulars(&[answer("return_by", way), answer("phone", phone)], &Private::new("Thôn Thử"))
        };
        let post = told("post", "0900000456");
        assert_eq!(post.contact.phone.as_ref().map(Private::reveal), Some("0900000456"));
        assert_eq!(post.return_by, Some(ReturnBy::Post { address: Private::new("Thôn Thử") }));
        let old = [Answer { question: "return_by".into(), value: Private::new("post"), read_from: None }];
        let old = procedure.particulars(&old, &Private::new("Thôn Thử, Má Lé, Đồng Văn, Hà Giang"));
        let today = Private::new("Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang");
        assert_eq!(old.return_by, Some(ReturnBy::Post { address: today }), "as the post finds it");
        let desk = told("desk", "");
        assert_eq!(
            (desk.contact, desk.return_by, desk.competent_agency.as_deref()),
            (Contact::default(), Some(ReturnBy::Desk), Some("H15.50"))
        );
        assert_eq!(told("electronic", "").return_by, Some(ReturnBy::Electronic));
        let other = ["post_other", "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang"].map(Private::new);
        let answers = ["return_by", "return_address"].into_iter().zip(other.clone());
        let answers: Vec<Answer> = answers.map(|(question, value)| Answer { question: question.into(), value, read_from: None }).collect();
        let told = procedure.particulars(&answers, &Private::new("Thôn Thử"));
        assert_eq!(told.return_by, Some(ReturnBy::Post { address: other[1].clone() }));
    }
}
