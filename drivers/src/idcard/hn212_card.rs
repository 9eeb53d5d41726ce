//! What an HN212 desk reader says of a card, and what may be believed of it. Pure, but for the check of the signature.
//!
//! The reader opens the chip by itself and sends its fields as text. Text is the reader's claim. Only where it hands over DG13 and
//! EF.SOD as they are can the data be checked; then the fields of DG13 count, not the text.

use super::{Access, CardData, CardError, CardFiles, ChipProof, CitizenData, Photo, Traffic, Trust, TrustStore, files};
use base64::Engine as _;
use serde_json::Value;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

/// Characters of one field that are kept; an address has about 100.
const FIELD: usize = 300;
/// Largest file taken, in bytes; a DG2 has up to 64 KB.
pub(super) const FILE: usize = 512 * 1024;

/// What came of one card so far.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The fields as text.
    pub text: Option<Box<CitizenData>>,
    /// Files of the chip.
    pub files: Option<Files>,
}

/// Files of the chip as the reader hands them over.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Data group number to its bytes.
    pub groups: BTreeMap<u8, Vec<u8>>,
    /// EF.SOD.
    pub sod: Option<Vec<u8>>,
    /// The face alone, as JPEG or JPEG 2000.
    pub picture: Option<Vec<u8>>,
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathered").field("text", &self.text.is_some()).field("files", &self.files).finish()
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let groups: Vec<u8> = self.groups.keys().copied().collect();
        f.debug_struct("Files").field("groups", &groups).field("sod", &self.sod.is_some()).finish_non_exhaustive()
    }
}

impl Gathered {
    /// Judges the card. `photo`: keep the face; `now`: Unix time in seconds.
    ///
    /// # Errors
    /// [`CardError::Protocol`] when neither text nor DG13 names a person.
    pub fn judge(self, photo: bool, store: &TrustStore, now: i64) -> Result<CardData, CardError> {
        let Files { groups, sod, picture } = self.files.unwrap_or_default();
        let (signed, has_dg13) = (sod.is_some(), groups.contains_key(&13));
        // How the reader opened the chip it does not say; nothing below depends on it.
        let read = CardFiles { access: Access::Bac, groups, sod, chip: ChipProof::None, traffic: Traffic::default() };
        let mut card = match files::card_data(read, store, now) {
            Ok(card) => card,
            Err(_) if self.text.is_some() => unsigned(),
            Err(error) => return Err(error),
        };
        card.trust = match (card.trust, &card.citizen, &self.text) {
            _ if !signed => Trust::Unsigned,
            (trust @ Trust::Broken { .. }, _, _) => trust,
            (_, Some(file), Some(text)) if file.number != text.number => {
                Trust::Broken { reason: "the reader's text and the signed file name different people".to_owned() }
            }
            (trust, Some(_), _) => trust,
            // The signature does not cover the text.
            (_, None, _) if has_dg13 => Trust::Broken { reason: "DG13 cannot be read".to_owned() },
            (_, None, _) => Trust::Unsigned,
        };
        card.citizen = card.citizen.or(self.text.map(|text| *text)).filter(identifies);
        if card.citizen.is_none() {
            return Err(CardError::Protocol("the reader gave no citizen's number and name".to_owned()));
        }
        card.photo = if photo { card.photo.or_else(|| picture.and_then(face)) } else { None };
        Ok(card)
    }
}

fn unsigned() -> CardData {
    CardData { mrz: String::new(), citizen: None, photo: None, trust: Trust::Unsigned, chip: ChipProof::None, traffic: Traffic::default() }
}

fn identifies(citizen: &CitizenData) -> bool {
    citizen.number.len() == 12 && citizen.number.bytes().all(|b| b.is_ascii_digit()) && !citizen.name.is_empty()
}

fn face(bytes: Vec<u8>) -> Option<Photo> {
    let media_type = match bytes.as_slice() {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0, 0, 0, 12, b'j', b'P', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => "image/jp2",
        _ => return None,
    };
    Some(Photo { media_type, bytes })
}

/// A message of the Socket.IO reader (domain.md 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// 1: a card was laid on.
    NewCard,
    /// 2: its fields.
    Text(Box<CitizenData>),
    /// 3: it could not be read; the reader's words.
    Failed(String),
    /// 4: its files.
    Files(Files),
    /// Anything else: a QR code (6), or news of a newer model.
    Other,
}

/// Reads the data of an event.
pub fn message(data: &Value) -> Message {
    let content = data.get("data").unwrap_or(&Value::Null);
    match data.get("id").and_then(Value::as_u64) {
        Some(1) => Message::NewCard,
        Some(2) if content.is_object() => Message::Text(Box::new(citizen(content, &SOCKET))),
        Some(3) => Message::Failed(words(data.get("message").and_then(Value::as_str).unwrap_or_default())),
        Some(4) if content.is_object() => Message::Files(handed_over(content)),
        _ => Message::Other,
    }
}

fn handed_over(content: &Value) -> Files {
    let bytes = |name: &str| content.get(name).and_then(Value::as_str).and_then(base64);
    let groups = [1u8, 2, 13, 14, 15].into_iter().filter_map(|number| Some((number, bytes(&format!("dg{number}"))?)));
    Files { groups: groups.collect(), sod: bytes("sod"), picture: bytes("img_data") }
}

/// Base64 to bytes; line breaks and missing padding do not matter. None when empty, too large or something else.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace() && *c != '=').collect();
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(text).ok()?;
    (1..=FILE).contains(&bytes.len()).then_some(bytes)
}

/// The names of the fields of [`CitizenData`], in its order.
pub(super) type Names = [&'static [&'static str]; 16];

/// The Socket.IO reader's names.
const SOCKET: Names = [
    &["idCode"],
    &["personName"],
    &["dateOfBirth"],
    &["gender"],
    &["nationality"],
    &["race"],
    &["religion"],
    &["originPlace"],
    &["residencePlace"],
    &["personalIdentification"],
    &["issueDate"],
    &["expiryDate"],
    &["fatherName"],
    &["motherName"],
    &["wifeName", "husbandName"],
    &["oldIdCode"],
];

/// The fields under the names that a reader gives them; absent ones are empty.
pub(super) fn citizen(fields: &Value, names: &Names) -> CitizenData {
    let mut texts = names.iter().map(|names| names.iter().find_map(|name| fields.get(*name)?.as_str()).map(tidy).unwrap_or_default());
    let mut next = || texts.next().unwrap_or_default();
    CitizenData {
        number: next(),
        name: next(),
        birth: date(next()),
        sex: next(),
        nationality: next(),
        ethnicity: next(),
        religion: next(),
        origin: next(),
        residence: next(),
        marks: next(),
        issued: date(next()),
        expiry: date(next()),
        father: next(),
        mother: next(),
        spouse: next(),
        old_number: next(),
    }
}

fn tidy(text: &str) -> String {
    text.trim().nfc().filter(|c| !c.is_control()).take(FIELD).collect()
}

/// `yyyy-MM-dd` and `dd-MM-yyyy` as `dd/MM/yyyy`; anything else stays.
fn date(text: String) -> String {
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2 => format!("{day}/{month}/{year}"),
        [day, month, year] if year.len() == 4 && month.len() == 2 && day.len() == 2 => format!("{day}/{month}/{year}"),
        _ => text,
    }
}

/// A reader's words for the technician: short, and without the numbers that may be a person's.
pub(super) fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).map(|c| if c.is_ascii_digit() { '#' } else { c }).take(200).collect()
}
