//! From the notice to the person: C02, C03, C03b, C05, C05b, C06. Nothing is stored yet.

use crate::{
    ChipNews, Draft, Effect,
    chip::{self, Chip, Outcome},
    filing::Filing,
    state::{Cx, State, card_in},
};
use motcua_model::{
    api::Action,
    catalogue::Procedure,
    citizen::ChipPerson,
    dossier::{Applicant, Proof},
    fault::Fault,
};
use uuid::Uuid;

/// The person whose card was read.
pub(crate) struct Card {
    pub(crate) applicant: Applicant,
    /// The store has not said yet whether there is unfinished business.
    pub(crate) looking: bool,
}

/// The screens before the first stored word.
pub(crate) enum Intro {
    Notice { card: Option<Card> },
    Procedures { card: Option<Card> },
    Details { card: Option<Card>, procedure: Procedure },
    Identify { card: Option<Card>, procedure: Procedure, failed: u8 },
    Chip { card: Card, procedure: Procedure, chip: Chip },
    Confirm { card: Card, procedure: Procedure },
}

impl Intro {
    pub(crate) fn look_for(applicant: Applicant, cx: &mut Cx) -> Card {
        cx.emit(Effect::FindUnfinished { number: applicant.number.clone() });
        Card { applicant, looking: true }
    }

    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> State {
        let next = match (self, action) {
            (Self::Notice { card }, Action::Agree) => Self::Procedures { card },
            (Self::Procedures { card }, Action::ChooseProcedure { code }) => match cx.catalogue.procedure(&code) {
                Some(procedure) => Self::Details { card, procedure: procedure.clone() },
                None => Self::Procedures { card },
            },
            (Self::Details { card: Some(card), procedure }, Action::HavePapers) => Self::identified(card, procedure, cx),
            (Self::Details { card: None, procedure }, Action::HavePapers) => Self::Identify { card: None, procedure, failed: 0 },
            (Self::Chip { card, procedure, mut chip }, Action::ReadChip) => {
                chip.again(&card.applicant.number, cx);
                Self::Chip { card, procedure, chip }
            }
            (Self::Chip { card, procedure, chip }, Action::SkipChip) => {
                cx.effects.extend(chip.cancel());
                Self::Confirm { card, procedure }
            }
            (Self::Confirm { card, procedure }, Action::ConfirmPerson { correct }) => return begin(card, procedure, correct, cx),
            (Self::Procedures { card }, Action::Back) => Self::Notice { card },
            (Self::Details { card, .. }, Action::Back) => Self::Procedures { card },
            // Whoever steps back from here means another card.
            (Self::Identify { procedure, .. }, Action::Back) => Self::Details { card: None, procedure },
            (Self::Chip { procedure, chip, .. }, Action::Back) => {
                cx.effects.extend(chip.cancel());
                Self::Identify { card: None, procedure, failed: 0 }
            }
            (Self::Confirm { procedure, .. }, Action::Back) => Self::Identify { card: None, procedure, failed: 0 },
            (kept, _) => kept,
        };
        State::Intro(next)
    }

    /// The reader sent a text. Before C05 a card may come early; on C06 and after, only the first counts.
    pub(crate) fn scanned(mut self, text: &str, cx: &mut Cx) -> Self {
        let card = match card_in(text) {
            Ok(card) => card,
            Err(fault) => return self.unread(fault, cx),
        };
        match &mut self {
            Self::Notice { card: slot }
            | Self::Procedures { card: slot }
            | Self::Details { card: slot, .. }
            | Self::Identify { card: slot, .. }
                if slot.is_none() =>
            {
                cx.clear_fault();
                *slot = Some(Self::look_for(Applicant::from_card(&card), cx));
            }
            Self::Notice { .. }
            | Self::Procedures { .. }
            | Self::Details { .. }
            | Self::Identify { .. }
            | Self::Chip { .. }
            | Self::Confirm { .. } => {}
        }
        self
    }

    /// The card reader has news. Before C05b only a reader that opens cards by itself has any.
    pub(crate) fn chip(self, job: Option<Uuid>, news: ChipNews, cx: &mut Cx) -> Self {
        match (self, news) {
            (Self::Chip { mut card, procedure, mut chip }, news) => match chip.news(job, news, &card.applicant.number, cx) {
                Outcome::Open => Self::Chip { card, procedure, chip },
                Outcome::Read(person) => {
                    card.applicant = Applicant::from_chip(&person, Some(&card.applicant));
                    Self::Confirm { card, procedure }
                }
            },
            (intro, ChipNews::Read(person)) if job.is_none() => intro.laid(&person, cx),
            (intro, ChipNews::Failed(fault)) if job.is_none() && fault != Fault::CardReaderGone => intro.unread(fault, cx),
            (intro, ChipNews::Read(_) | ChipNews::Failed(_) | ChipNews::Reading { .. }) => intro,
        }
    }

    /// A chip that was read without being asked for counts as the card, or proves the one that is known already.
    fn laid(mut self, person: &ChipPerson, cx: &mut Cx) -> Self {
        match &mut self {
            Self::Notice { card: slot }
            | Self::Procedures { card: slot }
            | Self::Details { card: slot, .. }
            | Self::Identify { card: slot, .. } => match slot {
                None => {
                    cx.clear_fault();
                    *slot = Some(Self::look_for(Applicant::from_chip(person, None), cx));
                }
                Some(card) if card.applicant.number == person.number => {
                    card.applicant = Applicant::from_chip(person, Some(&card.applicant));
                }
                Some(_) => {}
            },
            Self::Chip { .. } | Self::Confirm { .. } => {}
        }
        self
    }

    /// The person is known: on to the chip where it can be read, else to C06.
    fn identified(card: Card, procedure: Procedure, cx: &mut Cx) -> Self {
        if card.applicant.proof == Proof::Claimed && chip::usable(cx) {
            let chip = Chip::begin(&card.applicant.number, cx);
            return Self::Chip { card, procedure, chip };
        }
        Self::Confirm { card, procedure }
    }

    pub(crate) fn cancel_chip(&self) -> Option<Effect> {
        match self {
            Self::Chip { chip, .. } => chip.cancel(),
            Self::Notice { .. } | Self::Procedures { .. } | Self::Details { .. } | Self::Identify { .. } | Self::Confirm { .. } => None,
        }
    }

    /// Leaves the chip alone while something else is asked.
    pub(crate) fn put_aside(self, cx: &mut Cx) -> Self {
        cx.effects.extend(self.cancel_chip());
        match self {
            Self::Chip { card, procedure, .. } => Self::Identify { card: Some(card), procedure, failed: 0 },
            Self::Notice { .. } | Self::Procedures { .. } | Self::Details { .. } | Self::Identify { .. } | Self::Confirm { .. } => self,
        }
    }

    /// The reader sent something that is no card: it matters only where a card was asked for.
    pub(crate) fn unread(self, fault: Fault, cx: &mut Cx) -> Self {
        match self {
            Self::Identify { card: None, procedure, failed } => {
                cx.show(fault, false);
                Self::Identify { card: None, procedure, failed: failed.saturating_add(1) }
            }
            Self::Notice { .. }
            | Self::Procedures { .. }
            | Self::Details { .. }
            | Self::Identify { .. }
            | Self::Chip { .. }
            | Self::Confirm { .. } => self,
        }
    }

    pub(crate) fn card_mut(&mut self) -> Option<&mut Card> {
        match self {
            Self::Notice { card } | Self::Procedures { card } | Self::Details { card, .. } | Self::Identify { card, .. } => card.as_mut(),
            Self::Chip { card, .. } | Self::Confirm { card, .. } => Some(card),
        }
    }

    /// The store has answered: C05 has done its work.
    pub(crate) fn person_known(self, cx: &mut Cx) -> Self {
        match self {
            Self::Identify { card: Some(card), procedure, .. } => Self::identified(card, procedure, cx),
            Self::Notice { .. }
            | Self::Procedures { .. }
            | Self::Details { .. }
            | Self::Identify { .. }
            | Self::Chip { .. }
            | Self::Confirm { .. } => self,
        }
    }
}

fn begin(card: Card, procedure: Procedure, correct: bool, cx: &mut Cx) -> State {
    let draft = Draft {
        id: cx.at.fresh,
        language: *cx.language,
        procedure: procedure.code.clone(),
        catalogue_version: cx.catalogue.version,
        applicant: Applicant { confirmed: correct, ..card.applicant },
        answers: Vec::new(),
        documents: Vec::new(),
        scanning: None,
        left: Vec::new(),
        saved: cx.at.wall,
    };
    State::Filing(Box::new(Filing::begin(draft, procedure, cx)))
}
