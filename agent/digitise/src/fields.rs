//! The fields of a recognised page, by its type of paper (R41, R42, R53).
//!
//! A type is known by its title, a field by the label before it and by its shape; both are data,
//! [`DocumentTypes`](motcua_model::document_types::DocumentTypes). What was put together by guess, or is less sure than the type asks,
//! says so ([`ReadField::needs_yes`]): nothing is taken silently.
//!
//! Measured on 60 drawn pages, invented people: ten types of paper at 200 and 300 dpi, 106 fields a level, Debian's fast model.
//!
//! | level | type told | exact | without marks | asked for no yes | of those wrong |
//! |---|---|---|---|---|---|
//! | clean | 20 of 20 | 106 of 106 | 106 | 95 | 0 |
//! | worn: skew, noise, JPEG, a seal | 20 of 20 | 103 of 106 | 103 | 93 | 0 |
//! | badly worn: shadows, show-through, little contrast | 20 of 20 | 101 of 106 | 102 | 71 | 0 |
//!
//! The labels were written with these pages at hand: other prints of the same papers will give less. What is wrong is a word under a
//! seal that was not read, or an accent; `tests/fields.rs` says how to measure again.

mod labels;
mod shapes;

use crate::layout::HEADING;
use crate::ocr::{PageText, Word};
use labels::{Found, Line, Piece, begins_with, compact, found, lines};
use motcua_model::Private;
use motcua_model::document_types::{DocumentType, DocumentTypes, Ends, FieldRule, Place, Shape};
use motcua_model::metadata::{Area, ReadField, ReadPaper};
use shapes::{Names, Taken, take};
use std::collections::BTreeSet;
use std::ops::Range;

#[cfg(test)]
mod tests;

/// Which type a paper of one page is of, and its fields; none where no type fits. Boxes are on the scan, as the words' are.
pub fn read_fields(text: &PageText, types: &DocumentTypes) -> Option<ReadPaper> {
    upright(text, |text| {
        let lines = lines(text);
        let told = told(&lines, types)?;
        let page = Page::new(&lines, types, &told);
        let fields = told.kind.fields.iter().enumerate().filter_map(|(at, rule)| page.field(at, rule)).collect();
        Some(ReadPaper { kind: told.kind.id.clone(), fields })
    })
}

/// The fields of a page that does not say what it is, after one that did. Only a label tells a field there, and everything needs a yes.
pub(crate) fn read_continuation(text: &PageText, types: &DocumentTypes, kind: &DocumentType) -> Option<ReadPaper> {
    upright(text, |text| {
        let lines = lines(text);
        let page = Page::new(&lines, types, &Told { kind, title: None, likeness: BY_MARKS });
        let labelled = kind.fields.iter().enumerate().filter(|(_, rule)| !rule.labels.is_empty());
        let fields = labelled.filter_map(|(at, rule)| page.field(at, rule)).map(|field| ReadField { needs_yes: true, ..field }).collect();
        Some(ReadPaper { kind: kind.id.clone(), fields })
    })
}

/// What is left of what on paper, and below: a page scanned upside down or on its side is read with its boxes turned, and their places
/// turned back.
fn upright(text: &PageText, read: impl FnOnce(&PageText) -> Option<ReadPaper>) -> Option<ReadPaper> {
    let quarters = text.quarters();
    if quarters == 0 {
        return read(text);
    }
    let right = text.words.iter().map(|word| word.right).max().unwrap_or(0);
    let bottom = text.words.iter().map(|word| word.bottom).max().unwrap_or(0);
    let word = |word: &Word| {
        let Word { left, top, right: r, bottom: b, .. } = *word;
        let Area { left, top, right, bottom } = quarter_turned(Area { left, top, right: r, bottom: b }, (right, bottom), quarters);
        Word { left, top, right, bottom, ..word.clone() }
    };
    let skew_degrees = text.skew_degrees - 90.0 * f32::from(quarters);
    let mut paper = read(&PageText { words: text.words.iter().map(word).collect(), skew_degrees })?;
    let turned_size = if quarters % 2 == 1 { (bottom, right) } else { (right, bottom) };
    for field in &mut paper.fields {
        field.area = quarter_turned(field.area, turned_size, 4 - quarters);
    }
    Some(paper)
}

/// Where a box of a picture of that width and height lies when the picture is turned counter-clockwise.
fn quarter_turned(area: Area, (width, height): (u32, u32), quarters: u8) -> Area {
    if quarters == 0 {
        return area;
    }
    let Area { left, top, right, bottom } = area;
    let once = Area { left: top, top: width.saturating_sub(right), right: bottom, bottom: width.saturating_sub(left) };
    quarter_turned(once, (height, width), quarters - 1)
}

/// A type and where its title stands.
struct Told<'a> {
    kind: &'a DocumentType,
    title: Option<usize>,
    likeness: f32,
}

/// A type told without its title.
const BY_MARKS: f32 = 0.95;

fn told<'a>(lines: &[Line<'_>], types: &'a DocumentTypes) -> Option<Told<'a>> {
    let titles: Vec<(&DocumentType, String)> =
        types.types.iter().flat_map(|kind| kind.titles.iter().map(move |title| (kind, compact(title)))).collect();
    let words: Vec<String> = titles.iter().map(|(_, title)| title.clone()).collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| in_capitals(line)) {
        let first = found(line, &words).into_iter().find(|found| line[..found.start].iter().all(|piece| piece.plain().len() <= 1));
        if let Some(found) = first
            && let Some((kind, _)) = titles.get(found.label)
        {
            return Some(Told { kind, title: Some(at), likeness: found.likeness });
        }
    }
    let marked = |kind: &DocumentType| {
        let marks: Vec<String> = kind.marks.iter().map(|mark| compact(mark)).collect();
        let seen = lines.iter().flat_map(|line| found(line, &marks)).map(|found| found.label);
        seen.collect::<BTreeSet<_>>().len()
    };
    types.types.iter().find(|kind| marked(kind) >= 2).map(|kind| Told { kind, title: None, likeness: BY_MARKS })
}

/// Titles are; the same words in a sentence are not.
fn in_capitals(line: &Line<'_>) -> bool {
    let letters = || line.iter().flat_map(|piece| piece.text.chars()).filter(|c| c.is_alphabetic());
    letters().filter(|c| c.is_uppercase()).count() * 5 >= letters().count() * 4
}

/// What the labels of a type are on this page.
struct Page<'a> {
    lines: &'a [Line<'a>],
    kind: &'a DocumentType,
    title: Option<usize>,
    likeness: f32,
    names: Names<'a>,
    signers: Vec<String>,
    /// For every label the field it belongs to; none: it only ends what stands before it.
    owners: Vec<Option<usize>>,
    /// Labels of every line.
    found: Vec<Vec<Found>>,
}

/// Pieces of a value and how like its label is.
type Candidate<'a> = (Vec<Piece<'a>>, f32);

impl<'a> Page<'a> {
    fn new(lines: &'a [Line<'a>], types: &'a DocumentTypes, told: &Told<'a>) -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut owners = Vec::new();
        for (at, rule) in told.kind.fields.iter().enumerate() {
            for label in &rule.labels {
                labels.push(compact(label));
                owners.push(Some(at));
            }
        }
        for other in &told.kind.others {
            labels.push(compact(other));
            owners.push(None);
        }
        // A label's words in the title are none.
        let labels_of = |(at, line): (usize, &Line<'_>)| if Some(at) == told.title { Vec::new() } else { found(line, &labels) };
        let found = lines.iter().enumerate().map(labels_of).collect();
        let signers = types.signers.iter().map(|words| compact(words)).collect();
        let names = Names { surnames: &types.surnames };
        Self { lines, kind: told.kind, title: told.title, likeness: told.likeness, names, signers, owners, found }
    }

    fn field(&self, at: usize, rule: &FieldRule) -> Option<ReadField> {
        let candidates = match rule.place {
            Place::AfterLabel => self.after_labels(at, rule),
            Place::Column => self.below_labels(at, rule),
            Place::BeforeHeading => self.before_heading(),
            Place::BelowTitle => self.below_title(),
            Place::FirstLine => self.lines.iter().map(|line| (line.clone(), 1.0)).collect(),
            Place::LastLine => self.lines.iter().rev().map(|line| (line.clone(), 1.0)).collect(),
            Place::FirstRow => self.rows(),
            Place::LastRow => self.rows().into_iter().rev().collect(),
            Place::Signature => self.signatures(),
        };
        candidates.into_iter().find_map(|(pieces, likeness)| {
            let taken = take(&rule.shape, &pieces, &self.names)?;
            self.read(rule, &pieces, taken, likeness)
        })
    }

    fn read(&self, rule: &FieldRule, pieces: &[Piece<'_>], taken: Taken, likeness: f32) -> Option<ReadField> {
        let words = || pieces.get(taken.from.clone()).into_iter().flatten().map(|piece| piece.word);
        let least = words().map(|word| word.confidence).reduce(f32::min)?;
        let repaired = if taken.repaired { REPAIRED } else { 1.0 };
        let confidence = (least / 100.0 * likeness * self.likeness * repaired).clamp(0.0, 1.0);
        let area = Area {
            left: words().map(|word| word.left).min()?,
            top: words().map(|word| word.top).min()?,
            right: words().map(|word| word.right).max()?,
            bottom: words().map(|word| word.bottom).max()?,
        };
        let needs_yes = taken.guessed || taken.repaired || confidence * 100.0 < f32::from(self.kind.sure);
        Some(ReadField {
            key: rule.key.clone(),
            meaning: rule.meaning,
            value: Private::new(taken.value),
            confidence,
            page: 1,
            area,
            needs_yes,
        })
    }

    /// The labels of a field, as line and place on it. Fields with the same labels below different words share them.
    fn labels_of(&self, at: usize, rule: &FieldRule) -> Vec<(usize, usize, Found)> {
        let owns = |owner: usize| owner == at || self.kind.fields.get(owner).is_some_and(|other| other.labels == rule.labels);
        let mut all = Vec::new();
        for line in self.part(rule) {
            for (place, found) in self.found.get(line).into_iter().flatten().enumerate() {
                if self.owners.get(found.label).copied().flatten().is_some_and(owns) {
                    all.push((line, place, *found));
                }
            }
        }
        all
    }

    /// The lines below the words that the rule names, up to those that another rule names: what is not read of the first party must
    /// not be taken from the second.
    fn part(&self, rule: &FieldRule) -> Range<usize> {
        if rule.below.is_empty() {
            return 0..self.lines.len();
        }
        let words = |rule: &FieldRule| rule.below.iter().map(|words| compact(words)).collect::<Vec<_>>();
        let own = words(rule);
        let others: Vec<String> = self.kind.fields.iter().filter(|other| other.below != rule.below).flat_map(words).collect();
        let Some(heading) = self.lines.iter().position(|line| !found(line, &own).is_empty()) else { return 0..0 };
        let ends = |(at, line): &(usize, &Line<'_>)| *at > heading && !found(line, &others).is_empty();
        let end = self.lines.iter().enumerate().find(ends).map_or(self.lines.len(), |(at, _)| at);
        heading..end
    }

    fn after_labels(&self, at: usize, rule: &FieldRule) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        for (line, place, found) in self.labels_of(at, rule) {
            let until = self.found[line].get(place + 1).map_or(self.lines[line].len(), |next| next.start);
            let mut pieces: Line<'a> = self.lines[line].get(found.end..until).unwrap_or_default().to_vec();
            let ends_line = until == self.lines[line].len();
            let empty = !pieces.iter().any(|piece| !piece.plain().is_empty());
            if ends_line && (empty || rule.ends == Ends::NextLabel) {
                for next in line + 1..self.lines.len() {
                    let Some(more) = self.unlabelled(next) else { break };
                    pieces.extend(more);
                    if rule.ends == Ends::Line {
                        break;
                    }
                }
            }
            candidates.push((pieces, found.likeness));
        }
        candidates
    }

    /// The line up to its first label; none where it begins with one or with a signer's words.
    fn unlabelled(&self, line: usize) -> Option<&'a [Piece<'a>]> {
        let pieces = self.lines.get(line)?;
        let until = self.found.get(line)?.first().map_or(pieces.len(), |found| found.start);
        let labelled = pieces[..until].iter().all(|piece| piece.plain().len() <= 1);
        (!labelled && !self.is_signer(pieces)).then(|| &pieces[..until])
    }

    fn is_signer(&self, line: &Line<'_>) -> bool {
        in_capitals(line) && self.signers.iter().any(|words| begins_with(line, words))
    }

    fn below_labels(&self, at: usize, rule: &FieldRule) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        for (line, place, found) in self.labels_of(at, rule) {
            let label = &self.lines[line][found.start..found.end];
            let (Some(first), Some(last)) = (label.first(), label.last()) else { continue };
            // A column reaches to the next heading; a value may stand left or right in it.
            let height = first.word.bottom.saturating_sub(first.word.top);
            let left = first.word.left.saturating_sub(height);
            let next = self.found[line].get(place + 1).and_then(|next| self.lines[line].get(next.start));
            let right = next.map_or(last.word.right + 2 * height, |next| next.word.left);
            let middle = |piece: &Piece<'_>| (piece.word.left + piece.word.right) / 2;
            for below in self.lines.iter().skip(line + 1).take(2) {
                candidates.push((below.iter().filter(|piece| (left..right).contains(&middle(piece))).copied().collect(), found.likeness));
            }
        }
        candidates
    }

    fn before_heading(&self) -> Vec<Candidate<'a>> {
        let heading = compact(HEADING[0]);
        let at = self.lines.iter().position(|line| begins_with(line, &heading) || in_capitals(line) && begins_with(line, &heading[..16]));
        let above = at.and_then(|at| at.checked_sub(1)).and_then(|above| self.lines.get(above));
        above.map(|line| (line.clone(), 1.0)).into_iter().collect()
    }

    fn below_title(&self) -> Vec<Candidate<'a>> {
        let Some(title) = self.title else { return Vec::new() };
        let mut pieces = Vec::new();
        for line in title + 1..self.lines.len().min(title + 6) {
            let Some(more) = self.unlabelled(line) else { break };
            pieces.extend(more);
        }
        vec![(pieces, 1.0)]
    }

    /// Rows of a list, without their number.
    fn rows(&self) -> Vec<Candidate<'a>> {
        let numbered = |line: &&Line<'a>| {
            let number = line.first().map(Piece::plain).unwrap_or_default();
            (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) && line.len() > 2
        };
        self.lines.iter().filter(numbered).map(|line| (line[1..].to_vec(), 1.0)).collect()
    }

    /// What stands below the last signer's words.
    fn signatures(&self) -> Vec<Candidate<'a>> {
        let Some(last) = self.lines.iter().rposition(|line| self.is_signer(line)) else { return Vec::new() };
        let below = self.lines.iter().skip(last + 1).rev();
        below.filter(|line| take(&Shape::Name, line, &self.names).is_some()).map(|line| (line.clone(), 1.0)).take(1).collect()
    }
}

/// What is left of the confidence of a value with letters put right.
const REPAIRED: f32 = 0.8;
