//! What the pages of the papers (C08, C10c) read.

use crate::{
    comfort::{List, TextSize},
    face::State,
    ui::{PaperRow, ReviewRow, Tile},
    view,
};
use motcua_model::{
    Language, Private, Text,
    api::{PaperLine, PaperState},
    brought::{OfferedPdf, PdfFrom},
};
use slint::SharedString;

/// Letters of a file's name that are shown: two lines of them.
pub(crate) fn longest_name(size: TextSize) -> usize {
    match size {
        TextSize::Normal => 36,
        TextSize::Large => 30,
        TextSize::Largest => 24,
    }
}

/// With the number by which the pages of its scan call it. A card has room for so many letters; C20d shows all of them.
fn asked(at: usize, words: &Private) -> SharedString {
    const LONGEST: usize = 36;
    format!("{}. {}", at + 1, shortened(words.reveal(), LONGEST)).into()
}

pub(crate) fn lacking(papers: &[Text], state: &State, language: Language) -> Vec<ReviewRow> {
    let row = |(at, name): (usize, &Text)| ReviewRow { index: view::count(at), label: name.get(language).into(), ..ReviewRow::default() };
    state.on_page(List::Lacking, papers).map(row).collect()
}

pub(crate) fn paper_row(at: usize, paper: &PaperLine, language: Language) -> PaperRow {
    PaperRow {
        index: view::count(at),
        name: paper.name.get(language).into(),
        asked: paper.asked.as_ref().map(|words| asked(at, words)).unwrap_or_default(),
        required: paper.required,
        pages: match paper.state {
            PaperState::Scanned(pages) | PaperState::Pdf(pages) => i32::from(pages),
            PaperState::ToScan
            | PaperState::Left
            | PaperState::AtDesk
            | PaperState::Found
            | PaperState::Stored
            | PaperState::NotScanned(_) => 0,
        },
        left: paper.state == PaperState::Left,
        at_desk: paper.state == PaperState::AtDesk,
        pdf: matches!(paper.state, PaperState::Pdf(_)),
        found: paper.state == PaperState::Found,
        stored: paper.state == PaperState::Stored,
        reason: match paper.state {
            PaperState::NotScanned(reason) => reason.words().get(language).into(),
            PaperState::ToScan
            | PaperState::Scanned(_)
            | PaperState::Left
            | PaperState::AtDesk
            | PaperState::Pdf(_)
            | PaperState::Found
            | PaperState::Stored => SharedString::new(),
        },
    }
}

/// A long text keeps its beginning and its end, by which people know a file.
fn shortened(name: &str, longest: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= longest {
        return name.to_owned();
    }
    let (begin, end) = (&letters[..longest / 2], &letters[letters.len() - longest / 2..]);
    begin.iter().chain(&['…']).chain(end).collect()
}

/// A file's name is the person's own; what stands below it tells two of one name apart.
pub(crate) fn pdf_tile(file: &OfferedPdf, enabled: bool, longest: usize, language: Language) -> Tile {
    let tenths = file.bytes.div_ceil(100_000);
    let comma = if language == Language::Vi { ',' } else { '.' };
    let size = match file.bytes < 1_000_000 {
        true => format!("{} kB", file.bytes.div_ceil(1000)),
        false => format!("{}{comma}{} MB", tenths / 10, tenths % 10),
    };
    let from = match file.from {
        PdfFrom::Stick => Text::new("USB", "USB"),
        PdfFrom::Desk => Text::new("cán bộ tải lên", "from the desk"),
    };
    let note = format!("{size} · {}", from.get(language));
    Tile { title: shortened(file.name.reveal(), longest).into(), note: note.into(), icon: "file".into(), enabled, ..Tile::default() }
}
