//! Codes that people carry: the provisional code of this device, the hub's dossier code, parcels.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Mã tạm: what the kiosk may promise by itself. `TAM-<device>-<yyMMdd>-<number>-<check>`, for example
/// `TAM-K07-261123-0042-51`; looks different from a dossier code on purpose (architecture invariant 11).
/// The check is ISO 7064 MOD 97-10 over the characters before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^TAM-[A-Z0-9]{1,8}-[0-9]{6}-[0-9]{4,9}-[0-9]{2}$"))]
pub struct ProvisionalCode(String);

impl ProvisionalCode {
    const PREFIX: &str = "TAM";

    /// Code number `number` of `date` on `device` (1-8 capital letters or digits).
    pub fn new(device: &str, date: Date, number: u32) -> Self {
        Self(of_device(Self::PREFIX, device, date, number))
    }

    /// Reads a typed or scanned code; case and spaces do not matter.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        parse_of_device(Self::PREFIX, text).map(Self)
    }

    /// The code as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Mã phản ánh, kiến nghị: what a person who gave an opinion here may quote (R16). `PAKN-<device>-<yyMMdd>-<number>-<check>`, for
/// example `PAKN-K07-261123-0007-51`. The first word goes into the check digits too, so that no code of a dossier becomes one of
/// an opinion by a slip of the pen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^PAKN-[A-Z0-9]{1,8}-[0-9]{6}-[0-9]{4,9}-[0-9]{2}$"))]
pub struct OpinionCode(String);

impl OpinionCode {
    const PREFIX: &str = "PAKN";

    /// Code number `number` of `date` on `device` (1-8 capital letters or digits).
    pub fn new(device: &str, date: Date, number: u32) -> Self {
        Self(of_device(Self::PREFIX, device, date, number))
    }

    /// Reads a typed code; case and spaces do not matter.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        parse_of_device(Self::PREFIX, text).map(Self)
    }

    /// The code as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code that a device gives by itself, with its check digits.
fn of_device(prefix: &str, device: &str, date: Date, number: u32) -> String {
    let body = format!("{prefix}-{device}-{}-{number:04}", date.strftime("%y%m%d"));
    let check = 98 - mod97(&format!("{body}00"));
    format!("{body}-{check:02}")
}

fn parse_of_device(prefix: &str, text: &str) -> Result<String, NotACode> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    let parts: Vec<&str> = code.split('-').collect();
    let [kind, device, date, number, check] = parts.as_slice() else { return Err(NotACode) };
    let digits = |s: &str, min: usize| s.len() >= min && s.len() <= 9 && s.bytes().all(|b| b.is_ascii_digit());
    let shape = *kind == prefix
        && is_device(device)
        && date.len() == 6
        && digits(date, 6)
        && digits(number, 4)
        && check.len() == 2
        && digits(check, 2);
    if shape && mod97(&code) == 1 { Ok(code) } else { Err(NotACode) }
}

/// Whether `text` may stand as the device part of a provisional code.
pub fn is_device(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn mod97(text: &str) -> u32 {
    text.bytes().filter(u8::is_ascii_alphanumeric).fold(0, |acc, b| match b {
        b'0'..=b'9' => (acc * 10 + u32::from(b - b'0')) % 97,
        _ => (acc * 100 + u32::from(b.to_ascii_uppercase() - b'A') + 10) % 97,
    })
}

impl fmt::Display for ProvisionalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ProvisionalCode {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ProvisionalCode> for String {
    fn from(code: ProvisionalCode) -> Self {
        code.0
    }
}

impl fmt::Display for OpinionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OpinionCode {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<OpinionCode> for String {
    fn from(code: OpinionCode) -> Self {
        code.0
    }
}

/// Mã hồ sơ, allocated by the hub alone: `<agency>-<yyMMdd>-<number of at least 4 digits>`
/// (TT 03/2025/TT-VPCP Đ.13), for example `H15.50.05.13-261008-0975`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DossierCode(String);

impl DossierCode {
    /// Reads a code; case and spaces do not matter.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let code: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
        let parts: Vec<&str> = code.split('-').collect();
        let [agency, date, number] = parts.as_slice() else { return Err(NotACode) };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let shape = is_agency(agency) && date.len() == 6 && digits(date) && (4..=12).contains(&number.len()) && digits(number);
        if shape { Ok(Self(code)) } else { Err(NotACode) }
    }

    /// The code as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Mã định danh cơ quan (QĐ 20/2020/QĐ-TTg): at most 35 characters, groups of `[0-9A-Z]` split by dots.
pub fn is_agency(text: &str) -> bool {
    text.len() <= 35
        && text.split('.').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
}

impl fmt::Display for DossierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DossierCode {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DossierCode> for String {
    fn from(code: DossierCode) -> Self {
        code.0
    }
}

/// The text has not the form of the code, or its check digits are wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a code, or a character was mistyped")]
pub struct NotACode;

/// A postal item's barcode (mã bưu gửi).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ParcelCode {
    /// Capital letters and digits as scanned.
    pub code: String,
    /// What the check digit says.
    pub check: ParcelCheck,
}

/// Verdict on the S10 check digit. Real VNPost items fail it: warn and confirm, never refuse (domain.md 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelCheck {
    /// UPU S10 with the right check digit.
    Right,
    /// UPU S10 form with another check digit than it should have.
    Wrong,
    /// Not of S10 form; VNPost has such codes.
    NotS10,
}

impl ParcelCode {
    /// 8-30 capital letters and digits; S10 is two letters, eight digits, check digit, two letters
    /// (weights 8 6 4 2 3 5 9 7).
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let code: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
        let bytes = code.as_bytes();
        if !(8..=30).contains(&bytes.len()) || !bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Err(NotACode);
        }
        let s10 = bytes.len() == 13
            && bytes[..2].iter().chain(&bytes[11..]).all(u8::is_ascii_uppercase)
            && bytes[2..11].iter().all(u8::is_ascii_digit);
        let check = match s10 {
            false => ParcelCheck::NotS10,
            true if u32::from(bytes[10] - b'0') == s10_check(&bytes[2..10]) => ParcelCheck::Right,
            true => ParcelCheck::Wrong,
        };
        Ok(Self { code, check })
    }
}

fn s10_check(serial: &[u8]) -> u32 {
    let sum: u32 = serial.iter().zip([8, 6, 4, 2, 3, 5, 9, 7]).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s10_known_answers() {
        assert_eq!(ParcelCode::parse("RR473124829VN").unwrap().check, ParcelCheck::Right, "UPU S10 example 47312482 -> 9");
        assert_eq!(ParcelCode::parse("bk990032289vn").unwrap().check, ParcelCheck::Wrong, "domain.md 7: expected 1");
        assert_eq!(ParcelCode::parse("VNP0012345678").unwrap().check, ParcelCheck::NotS10);
        assert!(ParcelCode::parse("001190000016||Nguyễn|").is_err());
    }

    #[test]
    fn dossier_codes_of_both_orders() {
        assert!(DossierCode::parse("H15.50.05.13-261008-0975").is_ok());
        assert!(DossierCode::parse("000.00.06.h56-231027-0361").is_ok());
        assert!(DossierCode::parse("TAM-K07-261123-0042-51").is_err());
        assert!(DossierCode::parse("H15-2610-0975").is_err());
    }

    #[test]
    fn no_code_of_an_opinion_is_one_of_a_dossier() {
        let date = jiff::civil::date(2026, 11, 23);
        for number in 1..200 {
            let (opinion, dossier) = (OpinionCode::new("K07", date, number), ProvisionalCode::new("K07", date, number));
            assert_eq!(OpinionCode::parse(&opinion.as_str().to_lowercase()), Ok(opinion.clone()));
            assert!(ProvisionalCode::parse(opinion.as_str()).is_err() && DossierCode::parse(opinion.as_str()).is_err());
            let miswritten = [opinion.as_str().replace("PAKN", "TAM"), dossier.as_str().replace("TAM", "PAKN")];
            assert!(ProvisionalCode::parse(&miswritten[0]).is_err() && OpinionCode::parse(&miswritten[1]).is_err(), "{miswritten:?}");
        }
    }

    proptest! {
        #[test]
        fn provisional_codes_survive_typing_and_catch_one_wrong_digit(number in 1u32..99_999, digit in 0usize..4, other in 0u8..10) {
            let code = ProvisionalCode::new("K07", jiff::civil::date(2026, 11, 23), number);
            prop_assert_eq!(ProvisionalCode::parse(&code.as_str().to_lowercase()), Ok(code.clone()));
            let mut wrong = code.as_str().as_bytes().to_vec();
            let at = "TAM-K07-261123-".len() + digit;
            if wrong[at] != b'0' + other {
                wrong[at] = b'0' + other;
                prop_assert!(ProvisionalCode::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
            }
        }

        #[test]
        fn parsers_never_panic(text in any::<String>()) {
            let _ = (ProvisionalCode::parse(&text), OpinionCode::parse(&text), DossierCode::parse(&text), ParcelCode::parse(&text));
        }
    }
}
