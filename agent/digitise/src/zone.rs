//! The machine-readable zone on a scanned card or passport, read by an engine of its own.
//!
//! The Vietnamese model reads such lines badly; the English one, held to the zone's letters, reads most of them, and the check digits
//! tell the others. Measured on 6 drawn pages, invented people (200 and 300 dpi, clean, worn, badly worn): 6 of 6.

use crate::clean::{Cleaned, clean, evened};
use crate::gray::Gray;
use crate::ocr::{OcrError, PageText, Turn, Word, engine, portable_graymap, quarters};
use leptess::{LepTess, Variable};
use motcua_model::{metadata::Area, mrz::Mrz};
use std::fmt;
use std::path::Path;

/// A warm engine for zones; as [`Recognizer`](crate::Recognizer), one per thread.
pub struct ZoneReader {
    engine: LepTess,
}

impl fmt::Debug for ZoneReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ZoneReader")
    }
}

impl ZoneReader {
    /// Loads the English model, from `tessdata` or from where the Debian package puts it.
    ///
    /// # Errors
    /// [`OcrError::NoModel`] when the model is not there.
    pub fn new(tessdata: Option<&Path>) -> Result<Self, OcrError> {
        // 6: one block of text of one size.
        let settings = [(Variable::TesseditPagesegMode, "6"), (Variable::TesseditCharWhitelist, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")];
        Ok(Self { engine: engine("eng", tessdata, &settings)? })
    }

    /// The zone of a page that was recognised as `text`, its check digits right; none where there is none, or it is misread.
    ///
    /// # Errors
    /// When the page is unusable or the engine fails on it.
    pub fn read(&mut self, jpeg: &[u8], dpi: u16, text: &PageText) -> Result<Option<Mrz>, OcrError> {
        let lines = zone_lines(text);
        if lines.is_empty() {
            return Ok(None);
        }
        let quarters = text.quarters();
        let (even, coarser) = evened(jpeg, dpi)?;
        let dpi = dpi / coarser;
        let Cleaned { gray, skew_degrees } = clean(even.quarter_turned(quarters), dpi);
        let skew_degrees = skew_degrees + 90.0 * f32::from(quarters);
        let Some(strip) = strip(&gray, coarser.into(), skew_degrees, &lines) else { return Ok(None) };
        self.engine.set_image_from_mem(&portable_graymap(&strip)).map_err(|_| OcrError::Engine("took the picture"))?;
        self.engine.set_source_resolution(i32::from(dpi));
        let read = self.engine.get_utf8_text().map_err(|_| OcrError::Engine("read the zone"))?;
        Ok(parsed(&read))
    }
}

/// Shorter lines are none of a zone, whatever was lost of them.
const LEAST: usize = 24;

/// Whether the page has lines like those of a zone.
pub(crate) fn has_zone(text: &PageText) -> bool {
    !zone_lines(text).is_empty()
}

/// Lines with a filler, long and without small letters.
fn zone_lines(text: &PageText) -> Vec<&[Word]> {
    let lines: Vec<&[Word]> = text.words.chunk_by(|one, next| one.line == next.line).collect();
    let like_one = |line: &&&[Word]| {
        let letters = || line.iter().flat_map(|word| word.text.chars());
        letters().any(|c| matches!(c, '<' | '«')) && letters().count() >= LEAST && !letters().any(char::is_lowercase)
    };
    lines.iter().filter(like_one).copied().collect()
}

/// The part of the levelled picture, which is so many times coarser than the scan, with the lines, a line's height more on each side.
fn strip(gray: &Gray, coarser: u32, skew_degrees: f32, lines: &[&[Word]]) -> Option<Gray> {
    // Of the scan, on which the words' boxes are.
    let aside = quarters(skew_degrees) % 2 == 1;
    let (width, height) = if aside { (gray.height, gray.width) } else { (gray.width, gray.height) };
    let level = Turn::new(width as f32, height as f32, skew_degrees);
    let mut edges = (f32::MAX, f32::MAX, 0.0_f32, 0.0_f32);
    let mut more = 0.0_f32;
    for word in lines.iter().copied().flatten() {
        let Word { left, top, right, bottom, .. } = *word;
        let [left, top, right, bottom] =
            level.edges_of(Area { left: left / coarser, top: top / coarser, right: right / coarser, bottom: bottom / coarser });
        edges = (edges.0.min(left), edges.1.min(top), edges.2.max(right), edges.3.max(bottom));
        more = more.max(bottom - top);
    }
    let within = |at: f32, most: usize| (at.max(0.0) as usize).min(most);
    let (left, right) = (within(edges.0 - more, gray.width), within(edges.2 + more, gray.width));
    let (top, bottom) = (within(edges.1 - more / 2.0, gray.height), within(edges.3 + more / 2.0, gray.height));
    let pixels: Vec<u8> = (top..bottom).flat_map(|y| gray.row(y).get(left..right).unwrap_or_default()).copied().collect();
    let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
    (width > 0 && height > 0).then_some(Gray { width, height, pixels })
}

/// Three lines or two that follow each other and make a zone.
fn parsed(read: &str) -> Option<Mrz> {
    let lines: Vec<String> = read.lines().map(|line| line.split_whitespace().collect()).filter(|line: &String| !line.is_empty()).collect();
    [3, 2].into_iter().flat_map(|count| lines.windows(count)).find_map(|zone| Mrz::parse(&zone.join("\n")).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_among_other_lines() {
        let passport = "XX1\nP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\nY";
        assert!(parsed(passport).is_some());
        assert!(parsed(&passport.replace("740812", "740813")).is_none(), "a check digit is wrong");
        assert!(parsed("").is_none());
    }

    #[test]
    fn the_strip_holds_the_line_whichever_way_the_page_lay() {
        let (left, top, right, bottom) = (40, 50, 60, 150);
        let mut scan = Gray { width: 300, height: 200, pixels: vec![255; 300 * 200] };
        for y in top..bottom {
            scan.pixels[y * 300 + left..y * 300 + right].fill(0);
        }
        let edge = |at: usize| at as u32;
        let word = Word {
            text: "P<UTO".into(),
            left: edge(left),
            top: edge(top),
            right: edge(right),
            bottom: edge(bottom),
            confidence: 90.0,
            line: 0,
        };
        for quarters in 0..4 {
            let picture = scan.clone().quarter_turned(quarters);
            let strip = strip(&picture, 1, 90.0 * f32::from(quarters), &[std::slice::from_ref(&word)]).unwrap();
            let dark = strip.pixels.iter().filter(|pixel| **pixel == 0).count();
            assert!((1990..=2000).contains(&dark), "{quarters}: {dark} of 2000 points, {} x {}", strip.width, strip.height);
            assert!(strip.width * strip.height < 12_000 || quarters % 2 == 0, "{quarters}: {} x {}", strip.width, strip.height);
        }
    }

    #[test]
    fn pages_without_a_zone_ask_no_engine() {
        let word = |text: &str, line| Word { text: text.into(), left: 0, top: 0, right: 9, bottom: 9, confidence: 90.0, line };
        let words = vec![word("GIẤY<KHAI<SINH", 0), word("a<bcdefghijklmnopqrstuvwxyzabcd", 1), word("IDVNM1850012344099185001234<<4", 2)];
        let text = PageText { words, skew_degrees: 0.0 };
        assert_eq!(zone_lines(&text).iter().map(|line| line[0].line).collect::<Vec<_>>(), [2]);
    }
}
