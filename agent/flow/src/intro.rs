//! From the notice to the person: C02, C03, C03b, C05, C06. Nothing is stored yet.

use crate::{
    Draft, Effect,
    filing::Filing,
    state::{Cx, State},
};
use motcua_model::{api::Action, catalogue::Procedure, citizen::CardQr, dossier::Applicant, fault::Fault};

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
            (Self::Details { card: Some(card), procedure }, Action::HavePapers) => Self::Confirm { card, procedure },
            (Self::Details { card: None, procedure }, Action::HavePapers) => Self::Identify { card: None, procedure, failed: 0 },
            (Self::Confirm { card, procedure }, Action::ConfirmPerson { correct }) => return begin(card, procedure, correct, cx),
            (Self::Procedures { card }, Action::Back) => Self::Notice { card },
            (Self::Details { card, .. }, Action::Back) => Self::Procedures { card },
            // Whoever steps back from here means another card.
            (Self::Identify { procedure, .. }, Action::Back) => Self::Details { card: None, procedure },
            (Self::Confirm { procedure, .. }, Action::Back) => Self::Identify { card: None, procedure, failed: 0 },
            (kept, _) => kept,
        };
        State::Intro(next)
    }

    /// The reader sent a text. Before C05 a card may come early; on C06 and after, only the first counts.
    pub(crate) fn scanned(mut self, text: &str, cx: &mut Cx) -> Self {
        let Ok(card) = CardQr::parse(text) else { return self.unread(Fault::NotACard, cx) };
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
            Self::Notice { .. } | Self::Procedures { .. } | Self::Details { .. } | Self::Identify { .. } | Self::Confirm { .. } => {}
        }
        self
    }

    /// The reader sent something that is no card: it matters only where a card was asked for.
    pub(crate) fn unread(self, fault: Fault, cx: &mut Cx) -> Self {
        match self {
            Self::Identify { card: None, procedure, failed } => {
                cx.show(fault, false);
                Self::Identify { card: None, procedure, failed: failed.saturating_add(1) }
            }
            Self::Notice { .. } | Self::Procedures { .. } | Self::Details { .. } | Self::Identify { .. } | Self::Confirm { .. } => self,
        }
    }

    pub(crate) fn card_mut(&mut self) -> Option<&mut Card> {
        match self {
            Self::Notice { card } | Self::Procedures { card } | Self::Details { card, .. } | Self::Identify { card, .. } => card.as_mut(),
            Self::Confirm { card, .. } => Some(card),
        }
    }

    /// The store has answered: C05 has done its work.
    pub(crate) fn person_known(self) -> Self {
        match self {
            Self::Identify { card: Some(card), procedure, .. } => Self::Confirm { card, procedure },
            Self::Notice { .. } | Self::Procedures { .. } | Self::Details { .. } | Self::Identify { .. } | Self::Confirm { .. } => self,
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
