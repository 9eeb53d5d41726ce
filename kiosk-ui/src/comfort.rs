//! What a person may change about the screen itself: the size of its letters, its contrast, how loud it is, whether
//! it reads itself aloud, and whether it is covered. It is no truth of the visit, so the agent does not know of it; it ends with the visit all the same.

mod kept;

use crate::{
    speech::voice::Volume,
    ui::{Contrast, ProcedureView},
};
pub(crate) use kept::Kept;
use motcua_model::api::Screen;
use std::time::Duration;

/// A touched C01 goes back to its first state after this long without a touch (ux.md 7.6, reading).
const REST: Duration = Duration::from_secs(90);

/// The size of the letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextSize {
    /// As every visit starts.
    #[default]
    Normal,
    /// "Chữ to".
    Large,
    /// "Rất to".
    Largest,
}

impl TextSize {
    /// All sizes, the smallest first.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Large, Self::Largest];

    /// Height of a capital in running text, in millimetres: the steps M, L and XL of VVSG 2.0 (ux.md 2).
    pub fn cap_mm(self) -> f32 {
        match self {
            Self::Normal => 5.2,
            Self::Large => 7.4,
            Self::Largest => 8.7,
        }
    }

    /// How many times the usual size.
    pub fn scale(self) -> f32 {
        self.cap_mm() / Self::Normal.cap_mm()
    }

    /// The one that the button leads to; after the largest the first again.
    pub fn next(self) -> Self {
        match self {
            Self::Normal => Self::Large,
            Self::Large => Self::Largest,
            Self::Largest => Self::Normal,
        }
    }

    /// For file names and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Large => "large",
            Self::Largest => "largest",
        }
    }
}

/// All contrasts, in the order in which the button leads through them.
pub const CONTRASTS: [Contrast; 3] = [Contrast::Usual, Contrast::BlackOnWhite, Contrast::LightOnDark];

/// For file names and options.
pub fn contrast_name(contrast: Contrast) -> &'static str {
    match contrast {
        Contrast::Usual => "usual",
        Contrast::BlackOnWhite => "black",
        Contrast::LightOnDark => "dark",
    }
}

fn next_contrast(contrast: Contrast) -> Contrast {
    match contrast {
        Contrast::Usual => Contrast::BlackOnWhite,
        Contrast::BlackOnWhite => Contrast::LightOnDark,
        Contrast::LightOnDark => Contrast::Usual,
    }
}

/// What one person has chosen. `Default` is what the next one finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comfort {
    /// Size of the letters.
    pub size: TextSize,
    /// Colours.
    pub contrast: Contrast,
    /// C98: nothing is shown until the next touch.
    pub covered: bool,
    /// How loud.
    pub volume: Volume,
    /// Every screen is read without being asked.
    pub voice: bool,
    /// Whether the agent is in a visit; not known before its first screen.
    visiting: Option<bool>,
    touched: Duration,
}

impl Default for Comfort {
    fn default() -> Self {
        Self {
            size: TextSize::Normal,
            contrast: Contrast::Usual,
            covered: false,
            volume: Volume::default(),
            voice: false,
            visiting: None,
            touched: Duration::ZERO,
        }
    }
}

impl Comfort {
    /// The next contrast.
    pub(crate) fn turn_contrast(&mut self) {
        self.contrast = next_contrast(self.contrast);
    }

    /// Somebody is there.
    pub(crate) fn touched(&mut self, now: Duration) {
        self.touched = now;
    }

    /// What was chosen on C01 goes with the person into the visit, and is gone when C01 comes back. An agent
    /// that was away tells by its first screen whether the visit is still there.
    pub(crate) fn follow(&mut self, screen: &Screen) {
        let at_rest = matches!(screen, Screen::Waiting { .. } | Screen::OutOfService { .. });
        // What was kept of another run of this process is for a visit that goes on.
        if at_rest && self.visiting != Some(false) {
            *self = Self::default();
        }
        self.visiting = Some(!at_rest);
    }

    /// Whether the agent has not been heard yet.
    pub(crate) fn is_new(&self) -> bool {
        self.visiting.is_none()
    }

    /// What the person chose, apart from whether there is a visit.
    fn choices(&self) -> (TextSize, Contrast, bool, Volume, bool) {
        (self.size, self.contrast, self.covered, self.volume, self.voice)
    }

    /// Whether a C01 that somebody touched and left has just been put back.
    pub(crate) fn rest(&mut self, now: Duration) -> bool {
        let chosen = self.choices() != Self::default().choices();
        let left = self.visiting != Some(true) && chosen && now.saturating_sub(self.touched) >= REST;
        if left {
            *self = Self { visiting: self.visiting, ..Self::default() };
        }
        left
    }
}

/// A list of which a screen shows a page at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    LifeEvents,
    Procedures,
    Found,
    Needed,
    Papers,
    Lacking,
    Counts,
    Pdfs,
    Pages,
    Rows,
    Own,
    Told,
    Parcels,
    Places,
}

impl List {
    /// The list of C03 in this view.
    pub(crate) fn of(view: ProcedureView) -> Self {
        match view {
            ProcedureView::LifeEvents => Self::LifeEvents,
            ProcedureView::OfEvent => Self::Procedures,
            ProcedureView::Search => Self::Found,
        }
    }

    /// Items on one page: as many as have room with letters of this size; `wide` is a screen that lies.
    pub(crate) fn most(self, size: TextSize, wide: bool) -> usize {
        let by_size = |normal, large, largest| match size {
            TextSize::Normal => normal,
            TextSize::Large => large,
            TextSize::Largest => largest,
        };
        match (self, wide) {
            (Self::LifeEvents, false) => 6,
            (Self::LifeEvents, true) => by_size(6, 6, 4),
            (Self::Procedures, false) => by_size(6, 4, 3),
            (Self::Procedures, true) => by_size(6, 4, 2),
            (Self::Found, _) => by_size(4, 2, 2),
            (Self::Needed, false) => by_size(10, 5, 4),
            (Self::Needed, true) => by_size(6, 3, 2),
            (Self::Papers, false) => by_size(4, 3, 3),
            (Self::Papers, true) => by_size(4, 2, 2),
            (Self::Lacking, false) => by_size(4, 3, 2),
            (Self::Lacking, true) => by_size(3, 2, 1),
            (Self::Counts, false) => by_size(12, 8, 8),
            (Self::Counts, true) => 12,
            (Self::Pdfs, false) => by_size(4, 3, 2),
            (Self::Pdfs, true) => by_size(4, 2, 2),
            (Self::Pages, false) => by_size(6, 3, 3),
            (Self::Pages, true) => by_size(6, 2, 2),
            (Self::Rows, false) => by_size(6, 4, 3),
            (Self::Rows, true) => by_size(6, 4, 2),
            (Self::Own, false) => by_size(4, 3, 3),
            (Self::Own, true) => by_size(4, 2, 2),
            (Self::Told, false) => by_size(4, 2, 1),
            (Self::Told, true) => by_size(3, 2, 1),
            (Self::Parcels, false) => by_size(6, 4, 3),
            (Self::Parcels, true) => by_size(4, 3, 3),
            (Self::Places, false) => by_size(3, 2, 2),
            (Self::Places, true) => by_size(2, 1, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Screen {
        Screen::Waiting { services: Vec::new(), unfinished: false }
    }

    #[test]
    fn what_is_chosen_before_the_visit_lasts_through_it_and_not_beyond() {
        let mut comfort = Comfort::default();
        comfort.follow(&waiting());
        comfort.size = comfort.size.next();
        comfort.turn_contrast();
        for screen in [waiting(), Screen::Notice, Screen::Submitting] {
            comfort.follow(&screen);
            assert_eq!((comfort.size, comfort.contrast), (TextSize::Large, Contrast::BlackOnWhite), "{screen:?}");
        }
        comfort.follow(&waiting());
        assert_eq!(comfort, Comfort { visiting: Some(false), ..Comfort::default() });
    }

    #[test]
    fn a_touched_first_screen_is_put_back_and_a_visit_is_left_to_the_agent() {
        let mut comfort = Comfort::default();
        comfort.size = comfort.size.next();
        comfort.touched(Duration::from_secs(10));
        assert!(!comfort.rest(Duration::from_secs(99)));
        comfort.follow(&Screen::Notice);
        assert!(!comfort.rest(Duration::from_secs(500)), "the agent counts the time of a visit");
        let mut left = Comfort { size: TextSize::Largest, touched: Duration::from_secs(10), ..Comfort::default() };
        assert!(left.rest(Duration::from_secs(100)));
        assert_eq!(left, Comfort::default());
        assert!(!left.rest(Duration::from_secs(900)), "there is nothing to put back");
    }

    #[test]
    fn the_button_leads_through_every_size_and_contrast_and_back() {
        let mut comfort = Comfort::default();
        for size in TextSize::ALL.into_iter().cycle().skip(1).take(3) {
            comfort.size = comfort.size.next();
            assert_eq!(comfort.size, size);
        }
        for contrast in CONTRASTS.into_iter().cycle().skip(1).take(3) {
            comfort.turn_contrast();
            assert_eq!(comfort.contrast, contrast);
        }
    }
}
