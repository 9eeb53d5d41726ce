//! Values by their shape.

use super::labels::{Piece, compact};
use jiff::civil::Date;
use motcua_model::citizen::CitizenNumber;
use motcua_model::code::DossierCode;
use motcua_model::document_types::Shape;
use motcua_model::{capitalised, fold};
use std::ops::Range;

/// A value and the pieces that it was taken from.
pub(super) struct Taken {
    pub(super) value: String,
    pub(super) from: Range<usize>,
    /// Letters were put right where the shape makes it certain: the rest may be misread too.
    pub(super) repaired: bool,
    /// A guess: a person must say yes.
    pub(super) guessed: bool,
}

/// What shapes need beside the pieces.
pub(super) struct Names<'a> {
    pub(super) surnames: &'a [String],
}

/// The first value of the shape.
pub(super) fn take(shape: &Shape, pieces: &[Piece<'_>], names: &Names<'_>) -> Option<Taken> {
    match shape {
        Shape::CitizenNumber => citizen_number(pieces),
        Shape::Date => date(pieces),
        Shape::DossierCode => spans(pieces, 4).find_map(|(from, joined)| {
            let joined = joined.trim_matches(['.', ',', ';', ':']);
            let code = DossierCode::parse(joined).ok()?;
            Some(sure(code.as_str().to_owned(), from))
        }),
        Shape::Symbol => spans(pieces, 1).find_map(|(from, joined)| symbol(&joined).map(|value| sure(value, from))),
        Shape::Series => spans(pieces, 2).find_map(|(from, joined)| series(&joined).map(|value| sure(value, from))),
        Shape::Number => spans(pieces, 1).find_map(|(from, joined)| number(&joined).map(|value| sure(value, from))),
        Shape::Name => name(pieces, names),
        Shape::OneOf(words) => one_of(pieces, words),
        Shape::Text => text(pieces),
    }
}

fn sure(value: String, from: Range<usize>) -> Taken {
    Taken { value, from, repaired: false, guessed: false }
}

/// Up to `most` pieces joined, from every piece on, the longer first.
fn spans(pieces: &[Piece<'_>], most: usize) -> impl Iterator<Item = (Range<usize>, String)> {
    (0..pieces.len()).flat_map(move |start| {
        let ends = (start + 1..=(start + most).min(pieces.len())).rev();
        ends.map(move |end| (start..end, pieces[start..end].iter().map(|piece| piece.text).collect()))
    })
}

/// What the engine reads for a digit.
fn digit(letter: char) -> Option<char> {
    match letter {
        '0'..='9' => Some(letter),
        'O' | 'o' | 'Q' | 'D' => Some('0'),
        'l' | 'I' | '|' | ']' | '[' | '!' => Some('1'),
        'Z' | 'z' => Some('2'),
        'S' | 's' => Some('5'),
        'B' => Some('8'),
        _ => None,
    }
}

/// So many letters of a number may be put right.
const MOST_REPAIRED: usize = 2;

fn digits(text: &str) -> Option<(String, usize)> {
    let digits: String = text.chars().map(digit).collect::<Option<_>>()?;
    let repaired = text.chars().filter(|letter| !letter.is_ascii_digit()).count();
    (repaired <= MOST_REPAIRED).then_some((digits, repaired))
}

fn citizen_number(pieces: &[Piece<'_>]) -> Option<Taken> {
    let like_digits = |piece: Option<&Piece<'_>>| piece.is_some_and(|piece| piece.text.len() > 1 && digits(trimmed(piece.text)).is_some());
    spans(pieces, 4).find_map(|(from, joined)| {
        let (number, repaired) = digits(trimmed(&joined))?;
        let number = CitizenNumber::parse(&number).ok()?;
        // Digits beside it: a longer number, of which these are not all.
        let beside = like_digits(from.start.checked_sub(1).and_then(|before| pieces.get(before))) || like_digits(pieces.get(from.end));
        let ended = pieces[from.clone()].last().is_some_and(|last| last.text.ends_with([',', ';', '.']));
        let guessed = beside && !ended;
        Some(Taken { value: number.reveal().to_owned(), from, repaired: repaired > 0, guessed })
    })
}

fn date(pieces: &[Piece<'_>]) -> Option<Taken> {
    spans(pieces, 3).find_map(|(from, joined)| short_date(trimmed(&joined), from)).or_else(|| long_date(pieces))
}

fn short_date(text: &str, from: Range<usize>) -> Option<Taken> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [day, month, year] = parts[..] else { return None };
    let fits = (1..=2).contains(&day.len()) && (1..=2).contains(&month.len()) && year.len() == 4;
    let ((day, one), (month, two), (year, three)) = (digits(day)?, digits(month)?, digits(year)?);
    let value = fits.then(|| written(&day, &month, &year))??;
    Some(Taken { value, from, repaired: one + two + three > 0, guessed: false })
}

/// "ngày 23 tháng 11 năm 2026", a letter of its words misread at most.
fn long_date(pieces: &[Piece<'_>]) -> Option<Taken> {
    let plain: Vec<String> = pieces.iter().map(Piece::plain).collect();
    let word = |at: usize, wanted: &str| plain.get(at).is_some_and(|word| crate::layout::distance(word, wanted) <= 1 && word.len() >= 2);
    (0..plain.len()).find_map(|at| {
        let fits = word(at, "ngay") && word(at + 2, "thang") && word(at + 4, "nam");
        let part = |at: usize| pieces.get(at).and_then(|piece| digits(trimmed(piece.text)));
        let ((day, one), (month, two), (year, three)) = (part(at + 1)?, part(at + 3)?, part(at + 5)?);
        let value = fits.then(|| written(&day, &month, &year))??;
        Some(Taken { value, from: at..at + 6, repaired: one + two + three > 0, guessed: false })
    })
}

fn written(day: &str, month: &str, year: &str) -> Option<String> {
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (1900..2100).contains(&date.year()).then(|| date.strftime("%d/%m/%Y").to_string())
}

/// Without the dots of a form's line and the marks around a word.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| {
        matches!(c, '.' | ',' | ';' | ':' | '_' | '…' | '\'' | '"' | '‘' | '’' | '`' | '(' | ')' | '-' | '=' | '*') || c.is_whitespace()
    })
}

fn symbol(text: &str) -> Option<String> {
    let text = trimmed(text);
    let signs = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '.'));
    (signs && text.starts_with(|c: char| c.is_ascii_digit())).then(|| text.to_owned())
}

fn series(text: &str) -> Option<String> {
    let text = trimmed(text);
    let letters: String = text.chars().take_while(|c| c.is_alphabetic()).collect();
    let number = text.strip_prefix(letters.as_str())?.trim();
    let fits = letters.chars().count() == 2 && letters.chars().all(char::is_uppercase);
    (fits && (6..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())).then(|| format!("{letters} {number}"))
}

/// Groups of three behind points, one part behind a comma.
fn number(text: &str) -> Option<String> {
    let text = trimmed(text);
    let (whole, part) = text.split_once(',').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split('.');
    let first = groups.next()?;
    let grouped = !whole.contains('.') || first.len() <= 3;
    (digits(first) && grouped && groups.all(|group| digits(group) && group.len() == 3) && digits(part)).then(|| text.to_owned())
}

fn one_of(pieces: &[Piece<'_>], words: &[String]) -> Option<Taken> {
    let known = |from: &Range<usize>| {
        let read: String = pieces[from.clone()].iter().map(Piece::plain).collect();
        words.iter().find(|word| !read.is_empty() && compact(word) == read)
    };
    let first = pieces.iter().position(|piece| !piece.plain().is_empty())?;
    let (from, word) =
        (1..=3).rev().map(|count| first..(first + count).min(pieces.len())).find_map(|from| known(&from).map(|word| (from, word)))?;
    Some(sure(word.clone(), from))
}

/// Words before a name that are none of it.
const ADDRESS: [&str; 3] = ["ong", "ba", "anh"];

/// Words that end a name: what else stands on the line.
const BEHIND: [&str; 8] = ["va", "sinh", "cap", "so", "cccd", "cmnd", "nam", "ngay"];

fn name(pieces: &[Piece<'_>], names: &Names<'_>) -> Option<Taken> {
    let letters = |piece: &Piece<'_>| {
        let text = trimmed(piece.text);
        !text.is_empty() && text.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '-' | '’'))
    };
    let first = pieces.iter().position(|piece| letters(piece) && !ADDRESS.contains(&piece.plain().as_str()))?;
    let mut end = first;
    while let Some(piece) = pieces.get(end).filter(|piece| letters(piece)) {
        let capital = trimmed(piece.text).starts_with(char::is_uppercase);
        if end > first && !capital && BEHIND.contains(&piece.plain().as_str()) {
            break;
        }
        end += 1;
        if piece.text.ends_with([',', ';', '.']) {
            break;
        }
    }
    if has_hole(&pieces[first..end]) {
        return None;
    }
    let words: Vec<&str> = pieces[first..end].iter().map(|piece| trimmed(piece.text)).collect();
    // A name has two words at least, and the longest have seven.
    if !(2..=7).contains(&words.len()) {
        return None;
    }
    let (words, guessed) = proposed(&words, names.surnames);
    // A first word with a misread letter was left out.
    let before = pieces[..first].iter().any(|piece| piece.plain().len() > 1 && !ADDRESS.contains(&piece.plain().as_str()));
    // Specks among capitals, one letter alone or a small one: read, but not to be trusted.
    let odd = words.iter().any(|word| !word.starts_with(char::is_uppercase) || word.chars().count() < 2);
    let mixed = words.iter().any(|word| word.chars().any(char::is_lowercase))
        && words.iter().any(|word| word.chars().count() > 1 && word.chars().all(char::is_uppercase));
    Some(Taken { value: words.join(" "), from: first..end, repaired: false, guessed: guessed || before || odd || mixed })
}

/// Whether a word may be missing between two: one that the engine could not read leaves its place empty, and a name without its chữ
/// đệm is another person's.
fn has_hole(pieces: &[Piece<'_>]) -> bool {
    pieces.windows(2).any(|two| {
        let (one, next) = (two[0].word, two[1].word);
        let height = (one.bottom.saturating_sub(one.top)).max(next.bottom.saturating_sub(next.top));
        one.line == next.line && next.left.saturating_sub(one.right) > 2 * height
    })
}

/// The first word, and in a long name the second (the mother's họ), as a họ with its accents where it is one but for them. The engine
/// reads NGUYỄN as NGUYÊN, with its fast model and with its best.
fn proposed(words: &[&str], surnames: &[String]) -> (Vec<String>, bool) {
    let mut guessed = false;
    let mut changed = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let small = word.to_lowercase();
        let is_one = surnames.contains(&small);
        let alike: Vec<&String> = surnames.iter().filter(|surname| fold(surname) == fold(word)).collect();
        match (at, alike.as_slice()) {
            (0, _) | (1, _) if is_one => changed.push((*word).to_owned()),
            (0, [only]) => {
                guessed = true;
                changed.push(as_written(only, word));
            }
            (1, [only]) if words.len() >= 4 && only.as_str() == "nguyễn" => {
                guessed = true;
                changed.push(as_written(only, word));
            }
            (0, _) => {
                guessed = true;
                changed.push((*word).to_owned());
            }
            _ => changed.push((*word).to_owned()),
        }
    }
    (changed, guessed)
}

/// The surname in capitals as the word was read.
fn as_written(surname: &str, word: &str) -> String {
    if word.chars().all(|c| !c.is_lowercase()) {
        return surname.to_uppercase();
    }
    capitalised(surname)
}

fn text(pieces: &[Piece<'_>]) -> Option<Taken> {
    let says = |piece: &Piece<'_>| piece.text.contains(char::is_alphanumeric);
    let first = pieces.iter().position(says)?;
    let end = pieces.iter().rposition(says)? + 1;
    let joined = pieces[first..end].iter().map(|piece| piece.text).collect::<Vec<_>>().join(" ");
    let ends = |c: char| matches!(c, '.' | ',' | ';' | ':' | '_' | '…' | '-' | '\'' | '"' | '`') || c.is_whitespace();
    Some(sure(joined.trim_matches(ends).to_owned(), first..end))
}
