//! The catalogue of procedures (danh mục thủ tục hành chính): data that the state may change.
//!
//! Shape after the national portal's `LayThuTuc` (domain.md 3); a dossier keeps the catalogue version
//! it was received under (architecture invariant 9).

use crate::{Text, citizen::CitizenNumber, dossier::Retention, fold};
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
    /// Thành phần hồ sơ.
    pub components: Vec<Component>,
    /// Questions that no card answers, one per page.
    pub questions: Vec<Question>,
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
    /// A whole number in the range.
    Number {
        /// Least.
        min: u32,
        /// Greatest.
        max: u32,
    },
    /// One of several; the stored value is the option's id.
    Choice {
        /// At most six.
        options: Vec<Choice>,
    },
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
            if !p.components.iter().any(|c| c.required) {
                say("has no required paper".to_owned());
            }
            for (i, c) in p.components.iter().enumerate() {
                if p.components[..i].iter().any(|other| other.code == c.code) {
                    say(format!("paper {} stands twice", c.code));
                }
            }
            for (i, q) in p.questions.iter().enumerate() {
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
                    | AnswerKind::Number { .. }
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

impl Question {
    /// The answer in its stored form, or the sentence that helps to mend it.
    pub fn check(&self, answer: &str, today: Date) -> Result<String, Text> {
        let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        if answer.is_empty() {
            return if self.required {
                Err(Text::new("Chưa có câu trả lời. Điền rồi bấm Tiếp tục.", "No answer yet. Fill it in, then press Continue."))
            } else {
                Ok(answer)
            };
        }
        match &self.kind {
            AnswerKind::Name => check_name(answer),
            AnswerKind::Text { max } if answer.chars().count() > usize::from(*max) => {
                Err(Text::new(format!("Dài quá. Viết không quá {max} chữ cái."), format!("Too long. Use at most {max} characters.")))
            }
            AnswerKind::Text { .. } => Ok(answer),
            AnswerKind::PastDate => check_past_date(&answer, today),
            AnswerKind::Phone => check_phone(&answer),
            AnswerKind::CitizenNumber => CitizenNumber::parse(&answer.replace(' ', ""))
                .map(|n| n.reveal().to_owned())
                .map_err(|_| Text::new("Số này cần đủ 12 chữ số.", "This number needs 12 digits.")),
            AnswerKind::Number { min, max } => match answer.parse::<u32>() {
                Ok(n) if (*min..=*max).contains(&n) => Ok(n.to_string()),
                Ok(_) | Err(_) => {
                    Err(Text::new(format!("Điền một số từ {min} đến {max}."), format!("Enter a number from {min} to {max}.")))
                }
            },
            AnswerKind::Choice { options } => match options.iter().find(|o| o.id == answer) {
                Some(option) => Ok(option.id.clone()),
                None => Err(Text::new("Chạm vào một ô để chọn.", "Touch one of the choices.")),
            },
        }
    }

    /// The words for a stored answer: a choice's label, everything else as it is.
    pub fn show(&self, stored: &str) -> Text {
        if let AnswerKind::Choice { options } = &self.kind
            && let Some(option) = options.iter().find(|o| o.id == stored)
        {
            return option.label.clone();
        }
        Text::new(stored, stored)
    }
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

fn check_phone(answer: &str) -> Result<String, Text> {
    let digits: String = answer.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    if digits.len() == 10 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(Text::new("Số điện thoại có 10 chữ số, bắt đầu bằng 0.", "A phone number has 10 digits and starts with 0."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: AnswerKind) -> Question {
        Question { id: "q".into(), ask: Text::new("?", "?"), hint: Text::new("", ""), kind, required: true }
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
        assert!(ok(AnswerKind::Number { min: 1, max: 20 }, "21").is_err());
        assert!(ok(AnswerKind::Name, " ").is_err());
    }
}
