//! One sheet scanned again: its new sides take the old ones' places, everything else stays (R48).

use motcua_model::dossier::{Document, Page, Side};
use uuid::Uuid;

/// The sheet that the running scan replaces.
pub(crate) struct Rescan {
    /// Images at its places in the document, front first: the old ones until each new one is there.
    sides: Vec<Uuid>,
    /// How many of them this scan has replaced.
    done: usize,
}

impl Rescan {
    /// Of the sheet that a page lies on; none where the document has no such page.
    pub(crate) fn of(document: &Document, page: Uuid) -> Option<Self> {
        let pages = &document.pages;
        let at = pages.iter().position(|p| p.image.id == page)?;
        let front = at - usize::from(pages[at].side == Side::Back && at > 0 && pages[at - 1].side == Side::Front);
        let both = pages[front].side == Side::Front && pages.get(front + 1).is_some_and(|back| back.side == Side::Back);
        let sides = pages[front..=front + usize::from(both)].iter().map(|p| p.image.id).collect();
        Some(Self { sides, done: 0 })
    }

    /// The scan begins, or begins anew after a fault: with the front.
    pub(crate) fn begin(&mut self) {
        self.done = 0;
    }

    pub(crate) fn replaces(&self, page: Uuid) -> bool {
        self.sides.contains(&page)
    }

    /// Puts a new side into its place and returns the image that stood there; none for what is more than the sheet has.
    pub(crate) fn replace(&mut self, document: &mut Document, new: Page) -> Option<Uuid> {
        let side = self.sides.get_mut(self.done)?;
        let place = document.pages.iter_mut().find(|p| p.image.id == *side)?;
        let old = std::mem::replace(side, new.image.id);
        *place = new;
        self.done += 1;
        Some(old)
    }
}
