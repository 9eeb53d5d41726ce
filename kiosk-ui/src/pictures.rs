//! The pictures of scanned pages: small ones of all, and of the one that is seen large alone its whole width. Forty sides in full width
//! would be 170 MB.

use crate::{
    face::{Face, State, ToAgent, pages_of},
    ui::Theme,
};
use motcua_model::api::PageView;
use slint::{ComponentHandle as _, Image, Rgb8Pixel, SharedPixelBuffer};
use std::collections::HashMap;
use uuid::Uuid;

/// How much of a page is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Beside others.
    Small,
    /// Alone on the screen.
    Large,
}

/// Whole pages are wider than this for no screen: the agent gives no more.
const WIDEST: u32 = 2000;

impl Detail {
    /// Pixels across on a screen of this size. Small ones stand three beside each other on an upright screen, and are no wider on one that
    /// lies (ui/pages/papers.slint).
    pub(crate) fn width(self, (width, height): (u32, u32)) -> u32 {
        let side = width.min(height);
        match self {
            Self::Small => (side * 3).div_ceil(8),
            Self::Large => side.min(WIDEST),
        }
    }
}

/// What has come, and what was asked for.
#[derive(Default)]
pub(crate) struct Pictures {
    small: HashMap<Uuid, Image>,
    large: Option<(Uuid, Image)>,
    asked: Vec<(Uuid, Detail)>,
}

impl Pictures {
    /// Drops what belongs to no page of these, or is not seen large any more.
    pub(crate) fn retain(&mut self, pages: &[PageView], zoomed: Option<Uuid>) {
        let there = |id: Uuid| pages.iter().any(|page| page.id == id);
        self.small.retain(|id, _| there(*id));
        self.large.take_if(|(id, _)| zoomed != Some(*id));
        self.asked.retain(|(id, detail)| match detail {
            Detail::Small => there(*id),
            Detail::Large => zoomed == Some(*id),
        });
    }

    /// What is still to be asked for; from now on it is.
    pub(crate) fn missing(&mut self, pages: &[PageView], zoomed: Option<Uuid>) -> Vec<(Uuid, Detail)> {
        let small = pages.iter().map(|page| (page.id, Detail::Small));
        let wanted = small.chain(zoomed.map(|id| (id, Detail::Large)));
        let missing: Vec<_> = wanted.filter(|wish| !self.asked.contains(wish)).collect();
        self.asked.extend(&missing);
        missing
    }

    /// One has come; what nobody waits for any more is dropped.
    pub(crate) fn take(&mut self, id: Uuid, detail: Detail, picture: SharedPixelBuffer<Rgb8Pixel>) {
        if !self.asked.contains(&(id, detail)) {
            return;
        }
        match detail {
            Detail::Small => drop(self.small.insert(id, Image::from_rgb8(picture))),
            Detail::Large => self.large = Some((id, Image::from_rgb8(picture))),
        }
    }

    pub(crate) fn small(&self, id: Uuid) -> Option<&Image> {
        self.small.get(&id)
    }

    /// The sharpest that has come.
    pub(crate) fn sharpest(&self, id: Uuid) -> Option<&Image> {
        self.large.as_ref().filter(|(of, _)| *of == id).map(|(_, image)| image).or_else(|| self.small(id))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Face {
    /// A full screen has the size that it has, and X a scale that it takes from what the panel says of itself: how much a page of a list
    /// holds, how large pictures must be, and what a millimetre is, follow them.
    pub(crate) fn follow_window(&self) {
        let (window, scale) = (self.app().window().size(), self.app().window().scale_factor());
        let size = (window.width, window.height);
        let (before, px_per_mm) = {
            let mut state = self.state.borrow_mut();
            let before = (state.size, state.density.1);
            (state.landscape, state.size, state.density.1) = (size.0 > size.1, size, scale);
            (before, state.density.0)
        };
        if before != (size, scale) {
            let theme = self.app().global::<Theme>();
            theme.set_px_per_mm(px_per_mm / scale);
            theme.set_landscape(size.0 > size.1);
            self.draw();
        }
    }

    /// Asks for the pictures that the screen shows and does not have.
    pub(crate) fn fetch_pictures(&self) {
        let mut state = self.state.borrow_mut();
        let (size, missing) = (state.size, state.missing_pictures());
        drop(state);
        for (id, detail) in missing {
            (self.send)(ToAgent::Page(id, detail, detail.width(size)));
        }
    }
}

impl State {
    /// Drops the pictures that are not shown any more; which ones are to be fetched.
    fn missing_pictures(&mut self) -> Vec<(Uuid, Detail)> {
        let pages = pages_of(self.snapshot.as_ref());
        let zoomed = self.local.zoomed.and_then(|at| pages.get(at)).map(|page| page.id);
        self.pictures.retain(pages, zoomed);
        self.pictures.missing(pages, zoomed)
    }
}
