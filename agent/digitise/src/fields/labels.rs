//! The lines of a page in pieces, and the labels found on them.

use crate::layout::distance;
use crate::ocr::{PageText, Word};
use motcua_model::fold;

/// A word, or the part of one that a colon divides.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) word: &'a Word,
}

impl Piece<'_> {
    /// Small letters without marks, and digits.
    pub(super) fn plain(&self) -> String {
        compact(self.text)
    }
}

/// Letters and digits alone: the engine parts and joins words, and takes specks for punctuation.
pub(super) fn compact(text: &str) -> String {
    fold(text).chars().filter(char::is_ascii_alphanumeric).collect()
}

pub(super) type Line<'a> = Vec<Piece<'a>>;

pub(super) fn lines(text: &PageText) -> Vec<Line<'_>> {
    let lines = text.words.chunk_by(|one, next| one.line == next.line);
    lines.map(|words| words.iter().flat_map(pieces).collect()).collect()
}

fn pieces(word: &Word) -> impl Iterator<Item = Piece<'_>> {
    word.text.split_inclusive(':').map(move |text| Piece { text, word })
}

/// Where a label stands on a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) start: usize,
    /// Exclusive: the value begins here.
    pub(super) end: usize,
    /// Place in the list of labels.
    pub(super) label: usize,
    /// Letters misread.
    pub(super) wrong: usize,
    /// 1 for a label read as it is.
    pub(super) likeness: f32,
}

/// One letter in so many may be misread.
const LETTERS_A_MISTAKE: usize = 7;

/// A label as short as this ("số", "tên") stands in too many other words: it counts at the beginning of a line alone.
const SHORT: usize = 3;

/// The labels on one line, from left to right; of several that fit at one place the longest.
pub(super) fn found(line: &[Piece<'_>], labels: &[String]) -> Vec<Found> {
    let plain: Vec<String> = line.iter().map(Piece::plain).collect();
    let mut all = Vec::new();
    let mut start = 0;
    while start < line.len() {
        let fits = labels.iter().enumerate().filter_map(|(label, words)| at(&plain, start, words).map(|fit| Found { label, ..fit }));
        let letters = |fit: &Found| labels.get(fit.label).map_or(0, String::len);
        let best = fits.max_by_key(|fit| (letters(fit) + 1).saturating_sub(3 * fit.wrong));
        match best {
            Some(mut fit) => {
                // A short word before the label counts as misread letters of it: "Nữ Quốc tịch".
                while let Some(later) = labels.get(fit.label).and_then(|words| at(&plain, fit.start + 1, words))
                    && later.wrong < fit.wrong
                {
                    fit = Found { label: fit.label, ..later };
                }
                start = fit.end;
                all.push(fit);
            }
            None => start += 1,
        }
    }
    all
}

/// `label`, compact, from the piece `start` on.
fn at(plain: &[String], start: usize, label: &str) -> Option<Found> {
    let letters = label.len();
    let forgiven = letters / LETTERS_A_MISTAKE;
    // Specks before it, and "1." or "a)".
    if letters <= SHORT && plain[..start].iter().any(|piece| piece.len() > 1) {
        return None;
    }
    if plain.get(start).is_none_or(String::is_empty) {
        return None;
    }
    let mut seen = String::new();
    let mut best: Option<Found> = None;
    for (end, piece) in plain.iter().enumerate().skip(start) {
        seen.push_str(piece);
        if seen.len() > letters + forgiven {
            break;
        }
        if seen.len() + forgiven >= letters {
            let wrong = distance(&seen, label);
            if wrong <= forgiven && best.is_none_or(|best| wrong < best.wrong) {
                best = Some(Found { start, end: end + 1, label: 0, wrong, likeness: 1.0 - wrong as f32 / letters as f32 });
            }
        }
    }
    best
}

/// Whether the line begins with these words, compact, give or take a letter.
pub(super) fn begins_with(line: &[Piece<'_>], words: &str) -> bool {
    let plain: Vec<String> = line.iter().map(Piece::plain).collect();
    let first = plain.iter().position(|piece| !piece.is_empty()).unwrap_or(0);
    at(&plain, first, words).is_some()
}
