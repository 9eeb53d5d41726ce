//! Marks in the bytes of a PDF (ISO 32000-1 7.2, 7.5): where objects begin and end, words, numbers.

use lopdf::{Dictionary, Object};
use std::ops::Range;

use super::ArrivedError;
use super::file::broken;

/// Blanks before what a table or a length leads to.
const MOST_GAP: usize = 16;

pub(super) struct Header {
    pub(super) start: usize,
    pub(super) number: u32,
    pub(super) body: usize,
}

/// The next `12 0 obj`.
pub(super) fn next_header(bytes: &[u8], mut from: usize) -> Option<Header> {
    loop {
        let at = find(bytes, from, b"obj")?;
        if let Some((start, number)) = header_before(bytes, at) {
            return Some(Header { start, number, body: at + 3 });
        }
        from = at + 3;
    }
}

fn header_before(bytes: &[u8], at: usize) -> Option<(usize, u32)> {
    // Wider than any number, so that a long run of digits is not gone through again and again.
    let before = bytes.get(at.saturating_sub(64)..at)?;
    let rest = before.trim_ascii_end();
    let generation = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = rest.get(..rest.len() - generation)?;
    let spaced = rest.trim_ascii_end();
    let digits = spaced.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if generation == 0 || spaced.len() == rest.len() || !(1..=10).contains(&digits) {
        return None;
    }
    let value = number(spaced.get(spaced.len() - digits..)?)?;
    Some((at - before.len() + spaced.len() - digits, u32::try_from(value).ok()?))
}

/// Where the text of an object may end: `endobj`, `stream`, or the next object's header.
pub(super) fn next_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    for (at, byte) in rest.iter().enumerate() {
        let here = from + at;
        match byte {
            b'e' if at_word(bytes, here, b"endobj") => return here,
            b's' if at_word(bytes, here, b"stream") => return here,
            b'o' if at_word(bytes, here, b"obj") => {
                if let Some((start, _)) = header_before(bytes, here).filter(|(start, _)| *start >= from) {
                    return start;
                }
            }
            _ => {}
        }
    }
    bytes.len()
}

/// The bytes of a stream whose `stream` ends here: as long as it says where that holds, else up to its `endstream`.
pub(super) fn data(bytes: &[u8], at: usize, dictionary: &Dictionary) -> Range<usize> {
    let start = match bytes.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => at + 2,
        [b'\n' | b'\r', ..] => at + 1,
        _ => at,
    };
    let said = dictionary.get(b"Length").and_then(Object::as_i64).ok().and_then(|length| usize::try_from(length).ok());
    let said = said.and_then(|length| start.checked_add(length)).filter(|end| *end <= bytes.len());
    match said.filter(|end| at_word(bytes, behind_gap(bytes, *end), b"endstream")) {
        Some(end) => start..end,
        None => start..find(bytes, start, b"endstream").unwrap_or(bytes.len()),
    }
}

/// Where the last table begins, and where the file ends (ISO 32000-1 7.5.5).
pub(super) fn last_table(bytes: &[u8]) -> Result<(usize, usize), ArrivedError> {
    let word = b"startxref";
    let at = bytes.windows(word.len()).rposition(|window| window == word).ok_or_else(|| broken("its end is missing"))?;
    let mut words = Words { bytes, at: at + word.len() };
    let start = words.next().and_then(number).ok_or_else(|| broken("its end is cut"))?;
    let end = behind_blank(bytes, words.at);
    if !at_word(bytes, end, b"%%EOF") {
        return Err(broken("its end is cut"));
    }
    Ok((start, end + b"%%EOF".len()))
}

/// Words between spaces and comments.
pub(super) struct Words<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Words<'a> {
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let start = behind_space(self.bytes, self.at);
        let rest = self.bytes.get(start..)?;
        let length = rest.iter().take_while(|byte| is_regular(**byte)).count();
        self.at = start + length;
        rest.get(..length).filter(|word| !word.is_empty())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0C | 0)
}

fn is_regular(byte: u8) -> bool {
    !is_blank(byte) && !b"()<>[]{}/%".contains(&byte)
}

fn behind_blank(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| is_blank(**byte)).count()
}

/// Behind a few blanks, and no further: many places may lead to one long gap.
pub(super) fn behind_gap(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take(MOST_GAP).take_while(|byte| is_blank(**byte)).count()
}

/// Behind spaces and comments.
pub(super) fn behind_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = behind_blank(bytes, at);
        if bytes.get(at) != Some(&b'%') {
            return at;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
    }
}

pub(super) fn at_word(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(word))
}

pub(super) fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

pub(super) fn number(word: &[u8]) -> Option<usize> {
    std::str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

pub(super) fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |sum: usize, byte| (sum << 8) | usize::from(*byte))
}

/// About how many values stand in this text; rather too many.
pub(super) fn values(text: &[u8]) -> usize {
    let mut before = b' ';
    let mut count = 0;
    for byte in text {
        count += usize::from(b"[<(/".contains(byte) || (is_regular(*byte) && !is_regular(before) && before != b'/'));
        before = *byte;
    }
    count
}

/// How often a name for which `wanted` holds stands in this text, outside of strings and comments (ISO 32000-1 7.3.5).
pub(super) fn names(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> usize {
    let (mut at, mut count, mut open) = (0, 0, 0_usize);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' if open > 0 => at += 1,
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            b'%' if open == 0 => at = behind_space(text, at - 1),
            b'/' if open == 0 => {
                let rest = text.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|byte| is_regular(**byte)).count();
                at += length;
                count += usize::from(wanted(&name(rest.get(..length).unwrap_or_default())));
            }
            _ => {}
        }
    }
    count
}

/// With `#41` as `A`.
fn name(written: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = written;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|digits| *first == b'#' && digits.iter().all(u8::is_ascii_hexdigit));
        match digits.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}
