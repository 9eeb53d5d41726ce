//! What the data groups say: DG1 (zone), DG2 (face), DG13 (the Vietnamese fields). Whether it is true is [`super::sod`]'s matter.

use super::tlv::{self, Tlv};
use super::{CardData, CardError, CardFiles, CitizenData, Photo, Trust, TrustStore, sod};
use unicode_normalization::UnicodeNormalization as _;

/// Sorts what was read: DG1, DG13 and DG2 as data, and what EF.SOD and `store` say of them. `now` is Unix time in seconds.
///
/// A face or a DG13 that cannot be read is left out and logged: the rest identifies the person as well.
///
/// # Errors
/// [`CardError::Protocol`] when neither DG1 nor DG13 can be read.
pub fn card_data(files: CardFiles, store: &TrustStore, now: i64) -> Result<CardData, CardError> {
    let group = |number: u8| files.groups.get(&number).map(Vec::as_slice);
    let zone = group(1).map(mrz).transpose()?.unwrap_or_default();
    let person = group(13).and_then(|bytes| readable(citizen(bytes)));
    if zone.is_empty() && person.is_none() {
        return Err(CardError::Protocol("neither DG1 nor DG13 could be read".into()));
    }
    let trust = match &person {
        Some(person) if !same_number(&zone, &person.number) => Trust::Broken { reason: "DG1 and DG13 name different numbers".into() },
        Some(_) | None => sod::check(files.sod.as_deref(), &files.groups, store, now),
    };
    Ok(CardData {
        photo: group(2).and_then(|bytes| readable(photo(bytes))),
        mrz: zone,
        citizen: person,
        trust,
        chip: files.chip,
        traffic: files.traffic,
    })
}

fn readable<T>(read: Result<T, CardError>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "a file of the card is left out")).ok()
}

/// Whether the zone of a card (TD1) ends its number as the twelve digits do. Where one of them is missing there is nothing to compare.
fn same_number(zone: &str, number: &str) -> bool {
    let (Some(document), Some("VNM"), 90) = (zone.get(5..14), zone.get(2..5), zone.len()) else { return true };
    number.is_empty() || (number.ends_with(document) && zone.get(15..27).is_none_or(|full| full.contains('<') || full == number))
}

/// Text of the zone in DG1 (tag 61, 5F1F): 90, 88 or 72 characters without line breaks (ICAO 9303-10 4.7.1).
///
/// # Errors
/// [`CardError::Protocol`] when there is none.
pub fn mrz(dg1: &[u8]) -> Result<String, CardError> {
    tlv::find(dg1, &[0x61, 0x5F1F])
        .and_then(|zone| std::str::from_utf8(zone.value).ok())
        .map(str::trim_end)
        .filter(|zone| {
            matches!(zone.len(), 90 | 88 | 72) && zone.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'<')
        })
        .map(str::to_owned)
        .ok_or_else(|| CardError::Protocol("DG1 holds no machine-readable zone".into()))
}

/// The first face in DG2 (tag 75): JPEG or JPEG 2000 (ICAO 9303-10 4.7.2, ISO/IEC 19794-5 or 39794-5).
///
/// # Errors
/// [`CardError::Protocol`] when there is none.
pub fn photo(dg2: &[u8]) -> Result<Photo, CardError> {
    let group = tlv::find(dg2, &[0x75, 0x7F61]).map(|group| group.value).unwrap_or_default();
    tlv::all(group)
        .unwrap_or_default()
        .into_iter()
        .filter(|template| template.tag == 0x7F60)
        .filter_map(|template| tlv::find(template.value, &[0x5F2E]).or_else(|| tlv::find(template.value, &[0x7F2E])))
        .find_map(|record| image(record.value))
        .ok_or_else(|| CardError::Protocol("DG2 holds no JPEG or JPEG 2000 face".into()))
}

/// The image in a facial record: behind headers whose length depends on the edition of the standard, so it is found by its own
/// first bytes.
fn image(record: &[u8]) -> Option<Photo> {
    const STARTS: [(&[u8], &str); 3] = [
        (&[0xFF, 0xD8, 0xFF], "image/jpeg"),
        (b"\x00\x00\x00\x0CjP  \r\n\x87\n", "image/jp2"),
        // A bare JPEG 2000 codestream.
        (&[0xFF, 0x4F, 0xFF, 0x51], "image/jp2"),
    ];
    let record = first_face(record).unwrap_or(record);
    (0..record.len()).find_map(|at| {
        let bytes = record.get(at..)?;
        let (_, media_type) = STARTS.into_iter().find(|(start, _)| bytes.starts_with(start))?;
        Some(Photo { media_type, bytes: bytes.to_vec() })
    })
}

/// The first face of an ISO/IEC 19794-5:2005 record (`FAC`, length, count): its length stands at its beginning.
fn first_face(record: &[u8]) -> Option<&[u8]> {
    let faces = record.strip_prefix(b"FAC\0")?.get(10..)?;
    let length = u32::from_be_bytes(faces.get(..4)?.try_into().ok()?);
    faces.get(..usize::try_from(length).ok()?).filter(|face| !face.is_empty())
}

/// The Vietnamese fields of DG13 (tag 6D; idcard.md 6). The layout is not published: fields are found by their numbers, wherever the
/// envelope has them; an absent or unknown one does no harm. Text is NFC.
///
/// # Errors
/// [`CardError::Protocol`] when it holds no numbered field.
pub fn citizen(dg13: &[u8]) -> Result<CitizenData, CardError> {
    let mut fields = Vec::new();
    if let Some(file) = tlv::find(dg13, &[0x6D]) {
        collect(file.value, ENVELOPE_DEPTH, &mut fields);
    }
    if fields.is_empty() {
        return Err(CardError::Protocol("DG13 holds no numbered fields".into()));
    }
    let mut citizen = CitizenData::default();
    for field in fields {
        set(&mut citizen, &field);
    }
    Ok(citizen)
}

const ENVELOPE_DEPTH: u8 = 6;
const SEQUENCE: u32 = 0x30;
const INTEGER: u32 = 0x02;

/// SEQUENCE { INTEGER number, values }.
struct Field<'a> {
    number: u32,
    values: Vec<Tlv<'a>>,
}

impl<'a> Field<'a> {
    fn of(tlv: &Tlv<'a>) -> Option<Self> {
        let parts = tlv::all(tlv.value).ok().filter(|_| tlv.tag == SEQUENCE)?;
        let (number, values) = parts.split_first().filter(|(first, _)| first.tag == INTEGER && first.value.len() <= 4)?;
        // The envelope, too, begins with a number, its version; an OBJECT IDENTIFIER follows it.
        if values.first().is_some_and(|value| matches!(value.tag, 0x06 | 0x31)) {
            return None;
        }
        Some(Self { number: number.value.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)), values: values.to_vec() })
    }

    fn text(&self) -> String {
        self.values.first().map(text).unwrap_or_default()
    }

    /// Two persons: two values, or one SEQUENCE of two.
    fn pair(&self) -> (String, String) {
        let parts = match self.values.as_slice() {
            [both] if both.tag == SEQUENCE => tlv::all(both.value).unwrap_or_default(),
            parts => parts.to_vec(),
        };
        (parts.first().map(text).unwrap_or_default(), parts.get(1).map(text).unwrap_or_default())
    }
}

fn collect<'a>(bytes: &'a [u8], depth: u8, fields: &mut Vec<Field<'a>>) {
    let mut rest = bytes;
    // What stands before a broken field is kept.
    while let Ok((tlv, behind)) = tlv::read(rest) {
        rest = behind;
        match Field::of(&tlv) {
            Some(field) => fields.push(field),
            None if depth > 0 && matches!(tlv.tag, SEQUENCE | 0x31 | 0xA0..=0xBF) => collect(tlv.value, depth - 1, fields),
            None => {}
        }
    }
}

/// The text of a value: UTF8String, PrintableString, IA5String, OCTET STRING, BMPString, or the first text inside a SEQUENCE.
fn text(value: &Tlv) -> String {
    let text = match value.tag {
        0x0C | 0x13 | 0x16 | 0x04 => String::from_utf8_lossy(value.value).into_owned(),
        0x1E => {
            let units = value.value.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        SEQUENCE => {
            tlv::all(value.value).ok().and_then(|parts| parts.first().filter(|part| part.tag != SEQUENCE).map(text)).unwrap_or_default()
        }
        _ => String::new(),
    };
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0').nfc().collect()
}

fn set(citizen: &mut CitizenData, field: &Field) {
    let place = match field.number {
        1 => &mut citizen.number,
        2 => &mut citizen.name,
        3 => &mut citizen.birth,
        4 => &mut citizen.sex,
        5 => &mut citizen.nationality,
        6 => &mut citizen.ethnicity,
        7 => &mut citizen.religion,
        8 => &mut citizen.origin,
        9 => &mut citizen.residence,
        10 => &mut citizen.marks,
        11 => &mut citizen.issued,
        12 => &mut citizen.expiry,
        13 => {
            (citizen.father, citizen.mother) = field.pair();
            return;
        }
        14 => &mut citizen.spouse,
        // Sources differ on which of the two is the old number; its shape tells (domain.md 2).
        15 | 16 => {
            let text = field.text();
            if text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit()) {
                citizen.old_number = text;
            }
            return;
        }
        _ => return,
    };
    *place = field.text();
}
