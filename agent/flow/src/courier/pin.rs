//! P01b, P05, P05b: a PIN is typed. It goes to the shell and is never kept here.

use super::{Closing, Courier, look};
use crate::{Effect, state::Cx};
use motcua_model::{
    Private,
    api::{CourierPage, PinRefused, PinStep},
};
use uuid::Uuid;

/// Whose PINs the office knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// Badge numbers.
    pub badges: Vec<String>,
    /// Whether a clerk signs.
    pub clerks: bool,
}

impl Pins {
    pub(crate) fn has_badge(&self, courier: &str) -> bool {
        self.badges.iter().any(|number| number == courier)
    }
}

/// What became of a PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    /// It is the PIN of this number.
    Right {
        /// Of badge or clerk.
        number: String,
    },
    /// It is not taken.
    Refused(PinRefused),
}

/// A PIN that is typed.
pub(crate) struct PinEntry {
    what: What,
    /// The check that runs.
    job: Option<Uuid>,
    refused: Option<PinRefused>,
    tries: usize,
}

enum What {
    Enter { courier: String },
    Sign { step: PinStep, closing: Closing },
}

impl PinEntry {
    pub(super) fn enter(courier: String) -> Self {
        Self { what: What::Enter { courier }, job: None, refused: None, tries: 0 }
    }

    pub(super) fn sign(step: PinStep, closing: Closing) -> Self {
        Self { what: What::Sign { step, closing }, job: None, refused: None, tries: 0 }
    }

    fn step(&self) -> PinStep {
        match &self.what {
            What::Enter { .. } => PinStep::Enter,
            What::Sign { step, .. } => *step,
        }
    }

    fn courier(&self) -> &str {
        match &self.what {
            What::Enter { courier } => courier,
            What::Sign { closing, .. } => closing.list.courier(),
        }
    }

    pub(super) fn is_checking(&self) -> bool {
        self.job.is_some()
    }

    pub(super) fn signs(&self) -> bool {
        matches!(self.what, What::Sign { .. })
    }

    pub(super) fn can_back(&self) -> bool {
        self.signs() && !self.is_checking()
    }

    /// Each try is another picture, so that a touch on the one before counts for nothing.
    pub(super) fn part(&self) -> usize {
        2 * self.tries + usize::from(self.is_checking())
    }

    pub(super) fn typed(mut self: Box<Self>, pin: Private, cx: &mut Cx) -> Box<Self> {
        if self.is_checking() {
            return self;
        }
        let job = cx.at.fresh;
        cx.emit(Effect::CheckPin { job, step: self.step(), courier: self.courier().to_owned(), pin });
        self.job = Some(job);
        self.tries += 1;
        self
    }

    pub(super) fn checked(mut self: Box<Self>, job: Uuid, verdict: PinVerdict, cx: &mut Cx) -> Courier {
        if self.job != Some(job) {
            return Courier::Pin(self);
        }
        self.job = None;
        match (verdict, self.what) {
            (PinVerdict::Refused(refused), what) => {
                Courier::Pin(Box::new(Self { what, job: None, refused: Some(refused), tries: self.tries }))
            }
            (PinVerdict::Right { .. }, What::Enter { courier }) => look(courier, false, cx),
            (PinVerdict::Right { number }, What::Sign { step, mut closing }) => {
                closing.signed(step, number, cx.at.wall);
                closing.sign(cx)
            }
        }
    }

    /// Back to the list; who has signed signs again, as it may change.
    pub(super) fn back(self: Box<Self>) -> Courier {
        if !self.can_back() {
            return Courier::Pin(self);
        }
        match self.what {
            What::Enter { courier } => Courier::Pin(Box::new(Self::enter(courier))),
            What::Sign { closing, .. } => Courier::Parcels(closing.list),
        }
    }

    pub(super) fn page(&self) -> CourierPage {
        CourierPage::Pin { step: self.step(), checking: self.is_checking(), refused: self.refused }
    }
}
