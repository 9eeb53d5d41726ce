//! C05b: the chip of the card or passport whose number is known.

use crate::{ChipKey, ChipNews, Effect, state::Cx};
use motcua_model::{
    api::{ChipPhase, DeviceState, Screen},
    citizen::{ChipPerson, PersonNumber},
    fault::Fault,
    mrz::DocumentKey,
};
use uuid::Uuid;

/// After so many failures "Bỏ qua" comes first, and nothing starts by itself any more.
const TRIES: u8 = 3;

/// What opens the chip of a card or passport, and tells whether it was the right one.
#[derive(Clone, Copy)]
pub(crate) struct Opens<'a> {
    pub(crate) number: &'a PersonNumber,
    pub(crate) zone: Option<&'a DocumentKey>,
}

impl<'a> Opens<'a> {
    /// Nothing but the number is known.
    pub(crate) fn by(number: &'a PersonNumber) -> Self {
        Self { number, zone: None }
    }
}

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
    pub(crate) fn begin(opens: Opens<'_>, cx: &mut Cx) -> Self {
        let mut chip = Self { job: None, percent: None, fault: None, failed: 0 };
        chip.again(opens, cx);
        chip
    }

    /// One that a reader has read by itself.
    pub(crate) fn read() -> Self {
        Self { job: None, percent: Some(100), fault: None, failed: 0 }
    }

    /// "Đọc lại".
    pub(crate) fn again(&mut self, opens: Opens<'_>, cx: &mut Cx) {
        if self.job.is_none() {
            self.job = Some(cx.at.fresh);
            cx.emit(Effect::ReadChip { job: cx.at.fresh, number: opens.number.clone(), zone: opens.zone.cloned() });
        }
    }

    pub(crate) fn cancel(&self) -> Option<Effect> {
        self.job.map(|job| Effect::CancelChip { job })
    }

    /// News of another job are late; news of no job come from a reader that opens cards by itself.
    pub(crate) fn news(&mut self, job: Option<Uuid>, news: ChipNews, opens: Opens<'_>, cx: &mut Cx) -> Outcome {
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
            ChipNews::Read(person) if person.number == *opens.number => return Outcome::Read(person),
            ChipNews::Read(_) => self.fail(Fault::CardOther, opens, cx),
            ChipNews::Failed(fault) => self.fail(fault, opens, cx),
            ChipNews::Reading { .. } => {}
        }
        Outcome::Open
    }

    /// Whoever moved the card lays it down again without a touch; every other fault waits for the person.
    fn fail(&mut self, fault: Fault, opens: Opens<'_>, cx: &mut Cx) {
        self.percent = None;
        self.fault = Some(fault);
        self.failed = self.failed.saturating_add(1);
        if fault == Fault::CardMoved && self.failed < TRIES {
            self.again(opens, cx);
        }
    }

    pub(crate) fn screen(&self, number: &PersonNumber) -> Screen {
        let phase = match (self.job, self.percent) {
            (None, _) => ChipPhase::Stopped,
            (Some(_), None) => ChipPhase::Waiting,
            (Some(_), Some(percent)) => ChipPhase::Reading(percent),
        };
        Screen::ReadChip { phase, fault: self.fault, skip_first: self.skip_first(), passport: number.citizen().is_none() }
    }

    /// The buttons change with the phase and with the number of failures.
    pub(crate) fn part(&self) -> usize {
        usize::from(self.job.is_none()) + 2 * usize::from(self.skip_first())
    }

    fn skip_first(&self) -> bool {
        self.failed >= TRIES || self.fault == Some(Fault::CardReaderGone)
    }
}

/// Whether the chip of this card or passport can be read now: the reader is there, and what opens the chip is known.
pub(crate) fn usable(opens: Opens<'_>, cx: &Cx) -> bool {
    let citizen = opens.number.citizen().is_some();
    let enough = match cx.settings.chip_key {
        // It reads citizen cards only.
        ChipKey::Nothing => citizen,
        ChipKey::Number => citizen || opens.zone.is_some(),
        ChipKey::Zone => citizen && opens.zone.is_some(),
    };
    enough && cx.health.card_reader == DeviceState::Ready
}
