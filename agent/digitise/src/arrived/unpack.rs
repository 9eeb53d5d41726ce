//! The filters of a stream (ISO 32000-1 7.4), as far as text and structure are packed with them; never more bytes than asked for.

use lopdf::{Dictionary, Object, Stream};

use super::ArrivedError;

/// Lengths of rows that are no trap (ISO 32000-1 7.4.4.4): lopdf sets a row aside before it looks whether one is there.
const MOST_COLUMNS: i64 = 1 << 20;
const MOST_COLORS: i64 = 32;
const MOST_BITS: i64 = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Flate,
    Lzw,
    Ascii85,
    Hexadecimal,
}

impl Filter {
    /// `None` for pictures, and for what is unknown.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"FlateDecode" => Some(Self::Flate),
            b"LZWDecode" => Some(Self::Lzw),
            b"ASCII85Decode" => Some(Self::Ascii85),
            b"ASCIIHexDecode" => Some(Self::Hexadecimal),
            _ => None,
        }
    }
}

/// One filter with its parameters.
pub(super) struct Step {
    filter: Filter,
    parameters: Dictionary,
}

impl Step {
    /// `None` where a parameter is senseless.
    pub(super) fn new(filter: Filter, parameter: impl Fn(&[u8]) -> Option<i64>) -> Option<Self> {
        let mut parameters = Dictionary::new();
        let known =
            [("Predictor", 15), ("Columns", MOST_COLUMNS), ("Colors", MOST_COLORS), ("BitsPerComponent", MOST_BITS), ("EarlyChange", 1)];
        for (key, most) in known {
            if let Some(value) = parameter(key.as_bytes()) {
                parameters.set(key, (0..=most).contains(&value).then_some(value)?);
            }
        }
        Some(Self { filter, parameters })
    }

    /// More may come out than goes in.
    pub(super) fn grows(&self) -> bool {
        match self.filter {
            Filter::Flate | Filter::Lzw => true,
            Filter::Ascii85 | Filter::Hexadecimal => false,
        }
    }
}

/// `None` for what does not unpack.
///
/// # Errors
/// [`ArrivedError::TooMuch`] for more than `most` bytes.
pub(super) fn unpacked(packed: &[u8], steps: &[Step], most: usize) -> Result<Option<Vec<u8>>, ArrivedError> {
    let mut bytes = packed.to_vec();
    for step in steps {
        let next = match step.filter {
            Filter::Flate => lopdf_unpacked(bytes, "FlateDecode", &step.parameters, most)?,
            Filter::Lzw => lopdf_unpacked(bytes, "LZWDecode", &step.parameters, most)?,
            Filter::Ascii85 => ascii85(&bytes),
            Filter::Hexadecimal => hexadecimal(&bytes),
        };
        let Some(next) = next else { return Ok(None) };
        bytes = next;
    }
    if bytes.len() > most { Err(ArrivedError::TooMuch) } else { Ok(Some(bytes)) }
}

fn lopdf_unpacked(bytes: Vec<u8>, filter: &str, parameters: &Dictionary, most: usize) -> Result<Option<Vec<u8>>, ArrivedError> {
    let mut dictionary = Dictionary::new();
    dictionary.set("Filter", Object::Name(filter.into()));
    dictionary.set("DecodeParms", parameters.clone());
    match Stream::new(dictionary, bytes).decompressed_content_with_limit(most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => Err(ArrivedError::TooMuch),
        Err(_) => Ok(None),
    }
}

/// ISO 32000-1 7.4.3. lopdf's own overflows on some groups.
fn ascii85(text: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut group) = (Vec::new(), Vec::with_capacity(5));
    for letter in text.iter().filter(|letter| !letter.is_ascii_whitespace() && **letter != 0) {
        match letter {
            b'z' if group.is_empty() => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(u64::from(letter - b'!')),
            b'~' => break,
            _ => return None,
        }
        if group.len() == 5 {
            out.extend_from_slice(&of_group(&group)?);
            group.clear();
        }
    }
    let bytes = group.len().saturating_sub(1);
    if bytes > 0 {
        group.resize(5, 84);
        out.extend_from_slice(of_group(&group)?.get(..bytes)?);
    }
    Some(out)
}

fn of_group(group: &[u64]) -> Option<[u8; 4]> {
    let value = group.iter().fold(0, |sum: u64, digit| sum * 85 + digit);
    u32::try_from(value).ok().map(u32::to_be_bytes)
}

/// ISO 32000-1 7.4.2.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.iter().take_while(|letter| **letter != b'>').filter(|letter| !letter.is_ascii_whitespace());
    let digits: Vec<u8> =
        digits.map(|letter| char::from(*letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    Some(digits.chunks(2).map(|pair| pair.first().unwrap_or(&0) << 4 | pair.get(1).unwrap_or(&0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_filters_are_read_as_the_standard_says() {
        assert_eq!(ascii85(b"87cUR D]j7BEbo80~>").as_deref(), Some(b"Hello world!".as_slice()));
        assert_eq!(ascii85(b"z!!~>").as_deref(), Some([0; 5].as_slice()));
        assert_eq!(ascii85(b"s8W-\"~>"), None, "more than 32 bits");
        assert_eq!(ascii85(b"s8W-!~>").as_deref(), Some([0xFF; 4].as_slice()));
        assert_eq!(hexadecimal(b"48 65 6c6C 7>").as_deref(), Some(b"Hellp".as_slice()));
        assert_eq!(hexadecimal(b"4x>"), None);
    }

    #[test]
    fn a_row_that_is_too_long_is_refused_before_room_is_made_for_it() {
        let long = |key: &[u8]| if key == b"Columns" { Some(i64::MAX) } else { Some(12) };
        assert!(Step::new(Filter::Flate, long).is_none());
    }
}
