//! One sheet scanned again. Either its new sides take the old ones' places and everything else stays (R48), or one side comes once
//! more without the note stuck on it, behind the picture with the note (R49).

use motcua_model::dossier::{Document, Page, Side};
use std::ops::Range;
use uuid::Uuid;

/// What the running scan of one sheet is for.
pub(crate) enum Rescan {
    /// The sheet replaces itself.
    Sheet {
        /// Images at its places in the document, front first: the old ones until each new one is there.
        sides: Vec<Uuid>,
        /// How many of them this scan has replaced.
        done: usize,
    },
    /// The side bears a note, which is taken off for this scan.
    WithoutNote {
        /// The picture with the note; it stays.
        noted: Uuid,
        /// This scan has brought the side.
        done: bool,
    },
}

/// What became of a picture that a rescan brought.
pub(crate) enum Taken {
    /// It stands in the document; `old` stood there before, and goes.
    Kept { old: Option<Uuid> },
    /// The other side of a sheet of which one is wanted: it goes, and the scan goes on.
    OtherSide,
    /// More than the sheet has: another one lay in the feeder.
    TooMany,
}

impl Rescan {
    /// Of the sheet that a page lies on; none where the document has no such page. The picture without a note is taken again as it was.
    pub(crate) fn of(document: &Document, page: Uuid) -> Option<Self> {
        let pages = &document.pages;
        if pages.iter().any(|p| p.image.id == page && p.without_note) {
            return Self::without_note(document, page);
        }
        let sides = pages[sheet(pages, page)?].iter().filter(|p| !p.without_note).map(|p| p.image.id).collect();
        Some(Self::Sheet { sides, done: 0 })
    }

    /// Of the side that a page shows, with or without its note.
    pub(crate) fn without_note(document: &Document, page: Uuid) -> Option<Self> {
        let at = document.pages.iter().position(|p| p.image.id == page)?;
        let noted = document.pages[noted_before(&document.pages, at)].image.id;
        Some(Self::WithoutNote { noted, done: false })
    }

    /// The scan begins, or begins anew after a fault: with the front.
    pub(crate) fn begin(&mut self) {
        match self {
            Self::Sheet { done, .. } => *done = 0,
            Self::WithoutNote { done, .. } => *done = false,
        }
    }

    pub(crate) fn is_without_note(&self) -> bool {
        matches!(self, Self::WithoutNote { .. })
    }

    /// Whether a page lies on the sheet that is scanned: it is no repetition of itself.
    pub(crate) fn concerns(&self, document: &Document, page: Uuid) -> bool {
        let of = match self {
            Self::Sheet { sides, .. } => sides.first(),
            Self::WithoutNote { noted, .. } => Some(noted),
        };
        let sheet = of.and_then(|of| sheet(&document.pages, *of));
        sheet.is_some_and(|sheet| document.pages[sheet].iter().any(|p| p.image.id == page))
    }

    /// Puts a new picture into its place.
    pub(crate) fn take(&mut self, document: &mut Document, new: Page) -> Taken {
        match self {
            Self::Sheet { sides, done } => {
                let Some(side) = sides.get_mut(*done) else { return Taken::TooMany };
                let Some(place) = document.pages.iter_mut().find(|p| p.image.id == *side) else { return Taken::TooMany };
                let old = std::mem::replace(side, new.image.id);
                *place = new;
                *done += 1;
                Taken::Kept { old: Some(old) }
            }
            Self::WithoutNote { noted, done } => {
                let pages = &mut document.pages;
                let Some(at) = pages.iter().position(|p| p.image.id == *noted) else { return Taken::TooMany };
                if new.side != pages[at].side {
                    return Taken::OtherSide;
                }
                if std::mem::replace(done, true) {
                    return Taken::TooMany;
                }
                let new = Page { without_note: true, ..new };
                match pages.get_mut(at + 1).filter(|behind| behind.without_note) {
                    Some(before) => Taken::Kept { old: Some(std::mem::replace(before, new).image.id) },
                    None => {
                        pages.insert(at + 1, new);
                        Taken::Kept { old: None }
                    }
                }
            }
        }
    }
}

/// The places of one sheet: its sides, each with the picture without its note behind it.
fn sheet(pages: &[Page], page: Uuid) -> Option<Range<usize>> {
    let side = noted_before(pages, pages.iter().position(|p| p.image.id == page)?);
    let front = match (pages[side].side, side.checked_sub(1).map(|before| noted_before(pages, before))) {
        (Side::Back, Some(before)) if pages[before].side == Side::Front => before,
        (Side::Back | Side::Front, _) => side,
    };
    let after = |side: usize| side + 1 + usize::from(pages.get(side + 1).is_some_and(|p| p.without_note));
    let back = after(front);
    let both = pages[front].side == Side::Front && pages.get(back).is_some_and(|p| p.side == Side::Back);
    Some(front..if both { after(back) } else { back })
}

/// The place of the picture with the note, where this place holds the one without; else the place itself.
fn noted_before(pages: &[Page], at: usize) -> usize {
    at - usize::from(at > 0 && pages[at].without_note)
}
