//! What identifies a person: the citizen's number (số định danh cá nhân) or a passport; and the QR code of the citizen card.

use crate::{Private, dossier::Proof, mrz::DocumentKey};
use jiff::{ToSpan as _, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// Personal identification number: 12 digits, no check digit (NĐ 137/2015 Đ.13, domain.md 1.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[0-9]{12}$"))]
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

/// What identifies a person to the administration (R26): as text, twelve digits, or state and number of a passport (`UTO L898902C3`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^([0-9]{12}|[A-Z]{1,3} [A-Z0-9<]{1,22})$"))]
pub enum PersonNumber {
    /// Số định danh cá nhân.
    Citizen(CitizenNumber),
    /// A foreigner's passport or travel document (hộ chiếu).
    Passport {
        /// State that issued it, one to three letters (ICAO 9303-3 5).
        issuer: String,
        /// Its number: letters and digits.
        number: Private,
    },
}

impl PersonNumber {
    /// The text form; a passport's state and number in capitals.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, NotAPersonNumber> {
        if let Ok(number) = CitizenNumber::parse(text) {
            return Ok(Self::Citizen(number));
        }
        let (issuer, number) = text.split_once(' ').ok_or(NotAPersonNumber)?;
        let state = (1..=3).contains(&issuer.len()) && issuer.bytes().all(|b| b.is_ascii_uppercase());
        // The longest document number that a zone can hold, with the filler that stands for a hyphen or space in it.
        let sign = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'<';
        let digits = (1..=22).contains(&number.len()) && number.bytes().all(sign);
        match state && digits {
            true => Ok(Self::Passport { issuer: issuer.to_owned(), number: Private::new(number) }),
            false => Err(NotAPersonNumber),
        }
    }

    /// The text form: for the sealed store and the hub only.
    pub fn reveal(&self) -> String {
        match self {
            Self::Citizen(number) => number.reveal().to_owned(),
            Self::Passport { issuer, number } => format!("{issuer} {}", number.reveal()),
        }
    }

    /// For screens: `012••••••789`, `UTO L8••••C3`.
    pub fn masked(&self) -> String {
        match self {
            Self::Citizen(number) => number.masked(),
            Self::Passport { issuer, number } => {
                let number = number.reveal();
                let shown = if number.len() > 6 { 2 } else { 1 };
                let (first, last) = (number.get(..shown).unwrap_or_default(), number.get(number.len() - shown..).unwrap_or_default());
                format!("{issuer} {first}••••{last}")
            }
        }
    }

    /// The citizen's number; none of a foreigner.
    pub fn citizen(&self) -> Option<&CitizenNumber> {
        match self {
            Self::Citizen(number) => Some(number),
            Self::Passport { .. } => None,
        }
    }

    /// Whether century, sex and year inside a citizen's number agree with the other data; a passport's number says nothing of them.
    pub fn agrees_with(&self, birth: Date, sex: Option<Sex>) -> bool {
        match (self, sex) {
            (Self::Citizen(number), Some(sex)) => number.agrees_with(birth, sex),
            (Self::Citizen(_), None) | (Self::Passport { .. }, _) => true,
        }
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonNumber(‹private›)")
    }
}

impl From<CitizenNumber> for PersonNumber {
    fn from(number: CitizenNumber) -> Self {
        Self::Citizen(number)
    }
}

impl TryFrom<String> for PersonNumber {
    type Error = NotAPersonNumber;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PersonNumber> for String {
    fn from(number: PersonNumber) -> Self {
        number.reveal()
    }
}

/// The text is neither a citizen's number nor a passport's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a person is identified by 12 digits, or by state and number of a passport")]
pub struct NotAPersonNumber;

/// Giới tính, as printed on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// What the chip of a citizen card or passport says of its holder, as far as a dossier needs it: ethnicity, religion, marks
/// and the face stay in the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipPerson {
    /// Số định danh cá nhân, or the passport's number.
    pub number: PersonNumber,
    /// Họ và tên; without accents where only the machine-readable zone tells it.
    pub name: Private,
    /// Ngày sinh.
    pub birth: Date,
    /// Giới tính; none where a passport does not say.
    pub sex: Option<Sex>,
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

impl CardQr {
    /// What opens the chip where nothing but the machine-readable zone does: the QR has no date of expiry, but the law sets it. A card
    /// is valid to the holder's 25th, 40th or 60th birthday (since 2024 also the 14th), whichever comes next, and one issued in the
    /// last two years before such a birthday to the one after (Luật Căn cước công dân 59/2014 Đ.21, Luật Căn cước 26/2023 Đ.21). None
    /// where the date of issue is missing, and for holders past the last change: what stands for "no expiry" is not published.
    pub fn deduced_key(&self) -> Option<DocumentKey> {
        let issued = self.issued?;
        let ages: &[i16] = match self.generation {
            CardGeneration::Cccd2021 => &[25, 40, 60],
            CardGeneration::CanCuoc2024 => &[14, 25, 40, 60],
        };
        let birthday = |age: i16| self.birth.checked_add(i32::from(age).years()).ok();
        let mut expiry = None;
        for end in ages.iter().filter_map(|age| birthday(*age)) {
            if issued < end.checked_sub(2.years()).ok()? {
                expiry = Some(end);
                break;
            }
        }
        let short = |date: Date| Private::new(date.strftime("%y%m%d").to_string());
        let document = Private::new(self.number.reveal().get(3..)?);
        Some(DocumentKey { document, birth: short(self.birth), expiry: short(expiry?) })
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

    #[test]
    fn a_person_is_a_citizen_or_holds_a_passport() {
        let shown = |text: &str| PersonNumber::parse(text).map(|number| (number.citizen().is_some(), number.masked()));
        assert_eq!(shown(" 012345678789"), Ok((true, "012••••••789".to_owned())));
        assert_eq!(shown("UTO L898902C3"), Ok((false, "UTO L8••••C3".to_owned())));
        assert_eq!(shown("D C01"), Ok((false, "D C••••1".to_owned())));
        for text in ["", "UTO", "UTO ", "uto L898902C3", "UTOP L898902C3", "UTO L898 902", "01234567878", "UTO l1"] {
            assert_eq!(shown(text), Err(NotAPersonNumber), "{text:?}");
        }
        assert_eq!(format!("{:?}", PersonNumber::parse("UTO L898902C3").unwrap()), "PersonNumber(‹private›)");
        assert!(PersonNumber::parse("UTO L898902C3").unwrap().agrees_with(jiff::civil::date(1974, 8, 12), None));
    }

    /// The ages of the law, with an issue before and within the last two years.
    #[test]
    fn the_law_tells_the_expiry_that_the_qr_leaves_out() {
        let expiry = |issued: &str, born: &str, new: bool| {
            let rest = if new { "||||" } else { "" };
            let text = format!("001190000016||Nguyễn Thị Mẫu|{born}|Nữ|Thôn Ví Dụ|{issued}{rest}");
            CardQr::parse(&text).unwrap().deduced_key().map(|key| format!("{} {}", key.document.reveal(), key.expiry.reveal()))
        };
        let key = |expiry: &str| Some(format!("190000016 {expiry}"));
        assert_eq!(expiry("10052021", "15011990", false), key("300115"), "to 40");
        assert_eq!(expiry("14012028", "15011990", false), key("300115"), "two years and a day before");
        assert_eq!(expiry("15012028", "15011990", false), key("500115"), "two years before: to 60");
        assert_eq!(expiry("02082024", "20022012", true), key("370220"), "at 12, within two years of 14: to 25");
        assert_eq!(expiry("02082024", "20022015", true), key("290220"), "at 9: to 14");
        assert_eq!(expiry("02082024", "20021960", true), None, "past the last change");
        assert_eq!(expiry("", "15011990", false), None);
        assert_eq!(expiry("01032023", "29022000", false), key("400229"), "within two years before 25: to 40, a leap day in a leap year");
        assert_eq!(expiry("01032021", "29022000", false), key("250228"), "a leap day in a common year");
    }

    proptest! {
        #[test]
        fn what_a_zone_holds_is_read_back_from_the_disk(issuer in "[A-Z]{1,3}", number in "[A-Z0-9<]{0,20}[A-Z0-9]") {
            let kept = PersonNumber::Passport { issuer, number: Private::new(number) };
            prop_assert_eq!(&PersonNumber::parse(&kept.reveal()).unwrap(), &kept);
            prop_assert!(!kept.masked().is_empty());
        }

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
