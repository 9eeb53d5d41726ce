//! C20e, C20f: the proof of a filing once more, for an office without a card reader. Who knows the code and the last four digits of the
//! telephone number that was left gets the paper that they had, and nothing on the screen (R13, ux.md 7.6). The shell counts wrong tries.

use crate::{
    Effect, HeldProof, Known, SlipOf, fee,
    lookup::{LookUp, drop_print},
    slip::{hear, print, proof_slip},
    state::Cx,
};
use motcua_model::{
    api::{Action, DeviceState, DigitsRefused, Health, PrintState, RatingOffer, ReprintPage},
    particulars::PHONE_END,
};
use uuid::Uuid;

/// The shell's word on digits that were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigitsVerdict {
    /// They are those of the number that was left with this filing.
    Right(Box<HeldProof>),
    /// They are not, or no number was left; or no more are taken.
    Refused(DigitsRefused),
}

/// Behind the result of a look-up, which stays as it is.
pub(crate) struct Reprint {
    asked: String,
    known: Known,
    rating: RatingOffer,
    step: Step,
}

enum Step {
    Digits { checking: Option<Uuid>, refused: Option<DigitsRefused> },
    Paper { printed: (Uuid, PrintState) },
}

/// Whether the paper can be asked for here.
pub(crate) fn offered(known: &Known, health: &Health) -> bool {
    known.can_reprint && health.printer != DeviceState::Absent
}

impl Reprint {
    pub(crate) fn begin(asked: String, known: Known, rating: RatingOffer) -> Self {
        Self { asked, known, rating, step: Step::Digits { checking: None, refused: None } }
    }

    pub(crate) fn action(mut self: Box<Self>, action: Action, cx: &mut Cx) -> LookUp {
        match (&mut self.step, action) {
            (Step::Digits { checking: checking @ None, refused }, Action::EnterDigits { digits })
                if *refused != Some(DigitsRefused::Locked) && is_end(digits.reveal()) =>
            {
                let job = cx.at.fresh;
                *checking = Some(job);
                cx.emit(Effect::CheckDigits { job, asked: self.asked.clone(), digits });
            }
            (Step::Digits { .. } | Step::Paper { .. }, Action::Back) | (Step::Paper { .. }, Action::SlipTaken) => {
                cx.effects.extend(self.end());
                return LookUp::answer(self.asked, self.known, self.rating);
            }
            (_, _) => {}
        }
        LookUp::Reprint(self)
    }

    pub(crate) fn checked(mut self: Box<Self>, job: Uuid, verdict: DigitsVerdict, cx: &mut Cx) -> Box<Self> {
        if matches!(self.step, Step::Digits { checking: Some(own), .. } if own == job) {
            self.step = match verdict {
                DigitsVerdict::Right(held) => {
                    let of = SlipOf::Told { dossier: held.dossier, news: 0 };
                    let slip = proof_slip(held.proof, cx.at.fresh, of, held.fee.as_ref().map(fee::row), cx);
                    Step::Paper { printed: (slip.job, print(&slip, cx)) }
                }
                DigitsVerdict::Refused(refused) => Step::Digits { checking: None, refused: Some(refused) },
            };
        }
        self
    }

    pub(crate) fn printing(&mut self, job: Uuid, state: PrintState) {
        if let Step::Paper { printed: (own, shown) } = &mut self.step {
            hear(shown, *own, job, state);
        }
    }

    /// The paper of one person must not come out in front of the next.
    pub(crate) fn end(&self) -> Option<Effect> {
        match self.step {
            Step::Digits { .. } => None,
            Step::Paper { printed } => Some(drop_print(printed)),
        }
    }

    /// With every word on what was typed the digits are typed anew.
    pub(crate) fn part(&self) -> usize {
        match self.step {
            Step::Digits { checking: Some(_), .. } => 1,
            Step::Digits { refused: None, .. } | Step::Paper { .. } => 0,
            Step::Digits { refused: Some(DigitsRefused::Unchecked), .. } => 2,
            Step::Digits { refused: Some(DigitsRefused::Locked), .. } => 3,
            Step::Digits { refused: Some(DigitsRefused::Wrong { left }), .. } => 3 + usize::from(left),
        }
    }

    pub(crate) fn is_paper(&self) -> bool {
        matches!(self.step, Step::Paper { .. })
    }

    pub(crate) fn screen(&self) -> ReprintPage {
        match self.step {
            Step::Digits { checking, refused } => ReprintPage::Digits { checking: checking.is_some(), refused },
            Step::Paper { printed: (_, printing) } => ReprintPage::Paper { printing },
        }
    }
}

/// Anything else costs no try.
fn is_end(digits: &str) -> bool {
    digits.len() == PHONE_END && digits.bytes().all(|digit| digit.is_ascii_digit())
}
