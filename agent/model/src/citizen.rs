//! The citizen's number (số định danh cá nhân) and the QR code of the citizen card.

use crate::{Private, dossier::Proof};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// Personal identification number: 12 digits, no check digit (NĐ 137/2015 Đ.13, domain.md 1.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CitizenNumber(Private);

impl CitizenNumber {
    /// Twelve ASCII digits; surrounding spaces are ignored.
    pub fn parse(text: &str) -> Result<Self, NotACitizenNumber> {
        let digits = text.trim();
        if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(Private::new(digits)))
        } else {
            Err(NotACitizenNumber)
        }
    }

    /// All twelve digits: for the sealed store and the hub only.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// For screens: first and last three digits, `012••••••789`.
    pub fn masked(&self) -> String {
        let digits = self.reveal();
        format!("{}••••••{}", &digits[..3], &digits[9..])
    }

    /// The sex inside the number: the fourth digit tells century and sex together, odd for women (domain.md 1.2).
    pub fn sex(&self) -> Sex {
        match self.reveal().as_bytes()[3] % 2 {
            0 => Sex::Male,
            _ => Sex::Female,
        }
    }

    /// Whether century, sex and year inside the number agree with the card's own fields.
    /// A disagreement is a hint for the officer, never a reason to refuse.
    pub fn agrees_with(&self, birth: Date, sex: Sex) -> bool {
        let digits = self.reveal().as_bytes();
        let century = (i32::from(birth.year()) / 100 - 19) * 2;
        let expected = century + i32::from(sex == Sex::Female);
        let year = i32::from(digits[4] - b'0') * 10 + i32::from(digits[5] - b'0');
        i32::from(digits[3] - b'0') == expected && year == i32::from(birth.year()) % 100
    }
}

impl fmt::Debug for CitizenNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CitizenNumber(‹private›)")
    }
}

impl TryFrom<String> for CitizenNumber {
    type Error = NotACitizenNumber;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CitizenNumber> for String {
    fn from(number: CitizenNumber) -> Self {
        number.reveal().to_owned()
    }
}

/// The text is not twelve digits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a citizen number has 12 digits")]
pub struct NotACitizenNumber;

/// Giới tính, as printed on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

/// Which card the QR was printed on: told by the number of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardGeneration {
    /// Chip-based CCCD of 2021: seven fields.
    Cccd2021,
    /// Thẻ căn cước of 2024: ten or eleven fields.
    CanCuoc2024,
}

/// What the QR of a citizen card claims. It carries no signature: equal to typed data (domain.md 1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardQr {
    /// Số định danh cá nhân.
    pub number: CitizenNumber,
    /// Nine-digit số CMND, where the person had one.
    pub old_number: Option<Private>,
    /// Họ và tên, NFC, with the card's own spelling.
    pub name: Private,
    /// Ngày sinh.
    pub birth: Date,
    /// Giới tính.
    pub sex: Sex,
    /// Nơi thường trú (2021) or nơi cư trú (2024), with stray commas removed.
    pub address: Private,
    /// Ngày cấp.
    pub issued: Option<Date>,
    /// Which card this is.
    pub generation: CardGeneration,
    /// Fields 8-11 of the 2024 card, whose meaning is not published; kept unread.
    pub rest: Vec<Private>,
}

/// What the chip of a citizen card says of its holder, as far as a dossier needs it: ethnicity, religion, marks
/// and the face stay in the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipPerson {
    /// Số định danh cá nhân.
    pub number: CitizenNumber,
    /// Họ và tên; without accents where only the machine-readable zone tells it.
    pub name: Private,
    /// Ngày sinh.
    pub birth: Date,
    /// Giới tính.
    pub sex: Sex,
    /// Nơi thường trú or cư trú; may be empty.
    pub address: Private,
    /// What the checks said.
    pub proof: Proof,
}

/// Why a scanned text is not a citizen card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACard {
    /// No `|` fields at all: some other barcode.
    #[error("the code is not a citizen card's QR (no fields separated by '|')")]
    OtherCode,
    /// Too few fields: the reader dropped part of the line.
    #[error("the card's QR was read incompletely ({0} fields, at least 6 expected)")]
    TooFewFields(usize),
    /// One field does not have its form.
    #[error("field {0} of the card's QR is not readable")]
    Field(&'static str),
}

impl CardQr {
    /// Parses the text a reader sends. Tolerates the six-field form without the CMND slot, dates with
    /// `/`, and dirt in the address; refuses what lacks number, name, birth date or sex.
    pub fn parse(text: &str) -> Result<Self, NotACard> {
        if !text.contains('|') {
            return Err(NotACard::OtherCode);
        }
        let fields: Vec<String> = text.trim_matches(['\r', '\n', ' ', '\u{feff}']).split('|').map(|f| f.trim().nfc().collect()).collect();
        if fields.len() < 6 {
            return Err(NotACard::TooFewFields(fields.len()));
        }
        let number = CitizenNumber::parse(&fields[0]).map_err(|_| NotACard::Field("số định danh"))?;
        let old_slot = fields[1].is_empty() || (fields[1].len() == 9 && fields[1].bytes().all(|b| b.is_ascii_digit()));
        let first = if old_slot { 2 } else { 1 };
        let field = |offset: usize| fields.get(first + offset).map_or("", String::as_str);
        let name = field(0);
        if name.is_empty() || name.chars().any(|c| c.is_ascii_digit() || c.is_control()) {
            return Err(NotACard::Field("họ và tên"));
        }
        let birth = parse_date(field(1)).ok_or(NotACard::Field("ngày sinh"))?;
        let sex = match crate::fold(field(2)).as_str() {
            "nam" => Sex::Male,
            "nu" => Sex::Female,
            _ => return Err(NotACard::Field("giới tính")),
        };
        Ok(Self {
            number,
            old_number: (old_slot && !fields[1].is_empty()).then(|| Private::new(fields[1].clone())),
            name: Private::new(name),
            birth,
            sex,
            address: Private::new(tidy_address(field(3))),
            issued: parse_date(field(4)),
            generation: if fields.len() >= 10 { CardGeneration::CanCuoc2024 } else { CardGeneration::Cccd2021 },
            rest: fields.iter().skip(first + 5).map(|f| Private::new(f.clone())).collect(),
        })
    }
}

/// `ddMMyyyy` or `dd/MM/yyyy`.
fn parse_date(text: &str) -> Option<Date> {
    let digits: String = text.chars().filter(|c| *c != '/').collect();
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits[range].parse::<i16>().ok();
    Date::new(number(4..8)?, i8::try_from(number(2..4)?).ok()?, i8::try_from(number(0..2)?).ok()?).ok()
}

/// Cards print `Thôn A, , Xã B` and `- , Xã B`; people read the parts.
fn tidy_address(text: &str) -> String {
    text.split(',').map(|part| part.trim().trim_matches('-').trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CARD_2021: &str = "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, , Xã Minh Họa, Thử Nghiệm|10052021";
    const CARD_2024: &str = "001090000017||Trần Văn Thử|20021990|Nam|- , Phường Minh Họa, Thử Nghiệm|02082024||||";

    #[test]
    fn reads_both_generations() {
        let old = CardQr::parse(CARD_2021).unwrap();
        assert_eq!(old.generation, CardGeneration::Cccd2021);
        assert_eq!(old.name.reveal(), "Nguyễn Thị Mẫu");
        assert_eq!(old.birth, jiff::civil::date(1990, 1, 15));
        assert_eq!(old.address.reveal(), "Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm");
        assert_eq!(old.old_number.as_ref().map(Private::reveal), Some("012345678"));
        assert!(old.number.agrees_with(old.birth, old.sex));
        let new = CardQr::parse(CARD_2024).unwrap();
        assert_eq!(new.generation, CardGeneration::CanCuoc2024);
        assert_eq!(new.old_number, None);
        assert_eq!(new.issued, Some(jiff::civil::date(2024, 8, 2)));
        assert_eq!(new.rest.len(), 4);
    }

    #[test]
    fn reads_the_form_without_cmnd_slot_and_with_slashes() {
        let card = CardQr::parse("001190000016|Nguyễn Thị Mẫu|15/01/1990|Nữ|Xã Minh Họa|10/05/2021").unwrap();
        assert_eq!(card.birth, jiff::civil::date(1990, 1, 15));
        assert_eq!(card.issued, Some(jiff::civil::date(2021, 5, 10)));
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(CardQr::parse("8934563138165"), Err(NotACard::OtherCode));
        assert_eq!(CardQr::parse("001190000016||Nguyễn"), Err(NotACard::TooFewFields(3)));
        assert_eq!(CardQr::parse("00119||Mẫu|15011990|Nữ|X|"), Err(NotACard::Field("số định danh")));
        assert_eq!(CardQr::parse("001190000016||Mẫu|31021990|Nữ|X|"), Err(NotACard::Field("ngày sinh")));
    }

    #[test]
    fn a_disagreeing_number_is_noticed() {
        let card = CardQr::parse(&CARD_2021.replace("Nữ", "Nam")).unwrap();
        assert!(!card.number.agrees_with(card.birth, card.sex));
    }

    #[test]
    fn masks_the_middle() {
        assert_eq!(CitizenNumber::parse("012345678789").unwrap().masked(), "012••••••789");
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = CardQr::parse(&text);
        }

        #[test]
        fn never_panics_on_near_cards(fields in proptest::collection::vec("[0-9A-Za-zÀ-ỹ /,-]{0,14}", 0..14)) {
            let _ = CardQr::parse(&fields.join("|"));
        }
    }
}
