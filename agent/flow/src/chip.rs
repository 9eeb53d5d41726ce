//! C05b: the chip of the card whose number is known.

use crate::{ChipKey, ChipNews, Effect, state::Cx};
use motcua_model::{
    api::{ChipPhase, DeviceState, Screen},
    citizen::{ChipPerson, CitizenNumber},
    fault::Fault,
};
use uuid::Uuid;

/// After so many failures "Bỏ qua" comes first, and nothing starts by itself any more.
const TRIES: u8 = 3;

/// The attempts to read one card.
pub(crate) struct Chip {
    /// None: ended by a fault.
    job: Option<Uuid>,
    percent: Option<u8>,
    fault: Option<Fault>,
    failed: u8,
}

/// What news of the reader mean for the attempt.
pub(crate) enum Outcome {
    /// It goes on, or has stopped with a fault.
    Open,
    /// The chip of the right card was read.
    Read(Box<ChipPerson>),
}

impl Chip {
    pub(crate) fn begin(number: &CitizenNumber, cx: &mut Cx) -> Self {
        let mut chip = Self { job: None, percent: None, fault: None, failed: 0 };
        chip.again(number, cx);
        chip
    }

    /// "Đọc lại".
    pub(crate) fn again(&mut self, number: &CitizenNumber, cx: &mut Cx) {
        if self.job.is_none() {
            self.job = Some(cx.at.fresh);
            cx.emit(Effect::ReadChip { job: cx.at.fresh, number: number.clone() });
        }
    }

    pub(crate) fn cancel(&self) -> Option<Effect> {
        self.job.map(|job| Effect::CancelChip { job })
    }

    /// News of another job are late; news of no job come from a reader that opens cards by itself.
    pub(crate) fn news(&mut self, job: Option<Uuid>, news: ChipNews, number: &CitizenNumber, cx: &mut Cx) -> Outcome {
        if job.is_some() && job != self.job {
            return Outcome::Open;
        }
        if let ChipNews::Reading { percent } = news {
            self.percent = Some(percent.min(100));
            return Outcome::Open;
        }
        // The reader did it by itself while a job was open.
        cx.effects.extend(self.cancel().filter(|_| job.is_none()));
        self.job = None;
        match news {
            ChipNews::Read(person) if person.number == *number => return Outcome::Read(person),
            ChipNews::Read(_) => self.fail(Fault::CardOther, number, cx),
            ChipNews::Failed(fault) => self.fail(fault, number, cx),
            ChipNews::Reading { .. } => {}
        }
        Outcome::Open
    }

    /// Whoever moved the card lays it down again without a touch; every other fault waits for the person.
    fn fail(&mut self, fault: Fault, number: &CitizenNumber, cx: &mut Cx) {
        self.percent = None;
        self.fault = Some(fault);
        self.failed = self.failed.saturating_add(1);
        if fault == Fault::CardMoved && self.failed < TRIES {
            self.again(number, cx);
        }
    }

    pub(crate) fn screen(&self) -> Screen {
        let phase = match (self.job, self.percent) {
            (None, _) => ChipPhase::Stopped,
            (Some(_), None) => ChipPhase::Waiting,
            (Some(_), Some(percent)) => ChipPhase::Reading(percent),
        };
        Screen::ReadChip { phase, fault: self.fault, skip_first: self.skip_first() }
    }

    /// The buttons change with the phase and with the number of failures.
    pub(crate) fn part(&self) -> usize {
        usize::from(self.job.is_none()) + 2 * usize::from(self.skip_first())
    }

    fn skip_first(&self) -> bool {
        self.failed >= TRIES || self.fault == Some(Fault::CardReaderGone)
    }
}

/// Whether the chip of a card can be read now whose number is known.
pub(crate) fn usable(cx: &Cx) -> bool {
    cx.health.card_reader == DeviceState::Ready && matches!(cx.settings.chip_key, ChipKey::Nothing | ChipKey::Number)
}
