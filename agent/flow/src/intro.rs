//! From the notice to the person: C02, C03, C03b, C05, C05b, C05c, C05d, C06. Nothing is stored yet.

use crate::{
    ChipNews, Effect,
    chip::{self, Chip, Opens, Outcome},
    filing::{Filing, fresh_draft, today},
    lookup::drop_print,
    missing,
    slip::{hear, print},
    state::{Cx, State, person_in},
    typed::Typed,
};
use motcua_model::{
    Private, Text,
    api::{Action, PrintState},
    catalogue::Procedure,
    citizen::ChipPerson,
    dossier::{Applicant, Proof},
    fault::Fault,
    mrz::{DocumentKey, Mrz, NotMrz},
    scanned::Scanned,
};
use uuid::Uuid;

/// The person whose card or passport was read.
pub(crate) struct Card {
    pub(crate) applicant: Applicant,
    /// What the machine-readable zone says to open the chip, or what the law makes it say.
    pub(crate) zone: Option<DocumentKey>,
    /// The store has not said yet whether there is unfinished business.
    pub(crate) looking: bool,
}

impl Card {
    pub(crate) fn opens(&self) -> Opens<'_> {
        Opens { number: &self.applicant.number, zone: self.zone.as_ref() }
    }
}

/// The screens before the first stored word.
pub(crate) enum Intro {
    Notice {
        card: Option<Card>,
    },
    Procedures {
        card: Option<Card>,
    },
    /// `list`: what to bring, on paper.
    Details {
        card: Option<Card>,
        procedure: Procedure,
        list: Option<(Uuid, PrintState)>,
    },
    /// `lines` are those of a machine-readable zone that came so far: many readers send each by itself.
    Identify {
        card: Option<Card>,
        procedure: Procedure,
        failed: u8,
        lines: Private,
    },
    Passport {
        procedure: Procedure,
        wrong: Option<Text>,
        lines: Private,
    },
    Typed(Box<Typed>),
    Chip {
        card: Card,
        procedure: Procedure,
        chip: Chip,
    },
    Confirm {
        card: Card,
        procedure: Procedure,
    },
}

impl Intro {
    pub(crate) fn look_for(applicant: Applicant, zone: Option<DocumentKey>, cx: &mut Cx) -> Card {
        cx.emit(Effect::FindUnfinished { number: applicant.number.clone() });
        Card { applicant, zone, looking: true }
    }

    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> State {
        let next = match (self, action) {
            (Self::Notice { card }, Action::Agree) => Self::Procedures { card },
            (Self::Procedures { card }, Action::ChooseProcedure { code }) => match cx.catalogue.procedure(&code) {
                Some(procedure) => Self::details(card, procedure.clone()),
                None => Self::Procedures { card },
            },
            (Self::Details { card, procedure, list }, Action::HavePapers) => {
                cx.effects.extend(list.map(drop_print));
                match card {
                    Some(card) => Self::identified(card, procedure, cx),
                    None => Self::identify(None, procedure),
                }
            }
            (Self::Details { card, procedure, list: None }, Action::PrintPapers) => {
                let slip = missing::papers_of(&procedure, cx);
                let list = Some((slip.job, print(&slip, cx)));
                Self::Details { card, procedure, list }
            }
            (Self::Identify { card: None, procedure, .. }, Action::UsePassport) => Self::passport(procedure, None),
            (Self::Identify { card: None, procedure, .. }, Action::TypeCard) => Self::Typed(Box::new(Typed::begin(procedure))),
            (Self::Typed(typed), action) => typed.action(action, cx),
            (Self::Passport { procedure, .. }, Action::TypeZone { zone }) => Self::typed(procedure, zone.reveal(), cx),
            (Self::Chip { card, procedure, mut chip }, Action::ReadChip) => {
                chip.again(card.opens(), cx);
                Self::Chip { card, procedure, chip }
            }
            (Self::Chip { card, procedure, chip }, Action::SkipChip) => {
                cx.effects.extend(chip.cancel());
                Self::Confirm { card, procedure }
            }
            (Self::Confirm { card, procedure }, Action::ConfirmPerson { correct }) => return begin(card, procedure, correct, cx),
            (Self::Procedures { card }, Action::Back) => Self::Notice { card },
            (Self::Details { card, list, .. }, Action::Back) => {
                cx.effects.extend(list.map(drop_print));
                Self::Procedures { card }
            }
            // Whoever steps back from here means another card.
            (Self::Identify { procedure, .. }, Action::Back) => Self::details(None, procedure),
            (Self::Passport { procedure, .. }, Action::Back) => Self::identify(None, procedure),
            (Self::Chip { procedure, chip, .. }, Action::Back) => {
                cx.effects.extend(chip.cancel());
                Self::identify(None, procedure)
            }
            (Self::Confirm { card, procedure }, Action::Back) if card.applicant.proof == Proof::Typed => {
                Self::Typed(Box::new(Typed::again(procedure, &card.applicant)))
            }
            (Self::Confirm { procedure, .. }, Action::Back) => Self::identify(None, procedure),
            (kept, _) => kept,
        };
        State::Intro(next)
    }

    /// The reader sent a text. Before C05 a card may come early; on C06 and after, only the first counts.
    pub(crate) fn scanned(mut self, text: &str, cx: &mut Cx) -> Self {
        let text = match self.with_earlier_lines(text) {
            Some(text) => text,
            None => return self.half_read(cx),
        };
        let (applicant, zone) = match person_in(&text, cx) {
            Ok(person) => person,
            Err(fault) => return self.unread(fault, cx),
        };
        if let Self::Passport { procedure, .. } = self {
            cx.clear_fault();
            return Self::identify(Some(Self::look_for(applicant, zone, cx)), procedure);
        }
        // The reader reads it after all.
        if let Self::Typed(typed) = self {
            return typed.known(applicant, zone, cx);
        }
        match &mut self {
            Self::Notice { card: slot }
            | Self::Procedures { card: slot }
            | Self::Details { card: slot, .. }
            | Self::Identify { card: slot, .. }
                if slot.is_none() =>
            {
                cx.clear_fault();
                *slot = Some(Self::look_for(applicant, zone, cx));
            }
            Self::Notice { .. }
            | Self::Procedures { .. }
            | Self::Details { .. }
            | Self::Identify { .. }
            | Self::Passport { .. }
            | Self::Typed(_)
            | Self::Chip { .. }
            | Self::Confirm { .. } => {}
        }
        self
    }

    fn details(card: Option<Card>, procedure: Procedure) -> Self {
        Self::Details { card, procedure, list: None }
    }

    /// The printer has news of the list.
    pub(crate) fn printing(mut self, job: Uuid, state: PrintState) -> Self {
        if let Self::Details { list: Some((own, shown)), .. } = &mut self {
            hear(shown, *own, job, state);
        }
        self
    }

    pub(crate) fn identify(card: Option<Card>, procedure: Procedure) -> Self {
        Self::Identify { card, procedure, failed: 0, lines: Private::default() }
    }

    fn passport(procedure: Procedure, wrong: Option<Text>) -> Self {
        Self::Passport { procedure, wrong, lines: Private::default() }
    }

    /// The text, or the whole zone where it is its last line; none while lines of a zone are missing.
    fn with_earlier_lines(&mut self, text: &str) -> Option<String> {
        let (Self::Identify { card: None, lines, .. } | Self::Passport { lines, .. }) = self else { return Some(text.to_owned()) };
        if !matches!(Scanned::of(text), Scanned::MrzPart) {
            *lines = Private::default();
            return Some(text.to_owned());
        }
        let earlier: Vec<&str> = lines.reveal().lines().collect();
        // A card has three lines, a passport two; older ones are of a reading that was given up.
        let joined = [2, 1].map(|most| [&earlier[earlier.len().saturating_sub(most)..], &[text.trim()]].concat().join("\n"));
        let whole = joined.iter().find(|text| matches!(Scanned::of(text), Scanned::Mrz(_))).cloned();
        *lines = if whole.is_some() { Private::default() } else { Private::new(joined[0].as_str()) };
        whole
    }

    /// One line of a zone alone: the next may be on its way, so it covers nothing.
    fn half_read(self, cx: &mut Cx) -> Self {
        cx.clear_fault();
        match self {
            Self::Identify { card: None, procedure, failed, lines } => {
                Self::Identify { card: None, procedure, failed: failed.saturating_add(1), lines }
            }
            Self::Passport { procedure, lines, .. } => {
                Self::Passport { procedure, wrong: Some(NotMrz::Length(lines.reveal().len()).advice()), lines }
            }
            Self::Notice { .. }
            | Self::Procedures { .. }
            | Self::Details { .. }
            | Self::Identify { .. }
            | Self::Typed(_)
            | Self::Chip { .. }
            | Self::Confirm { .. } => self,
        }
    }

    /// C05c: the two lines at the foot of the passport's page, as the person typed them.
    fn typed(procedure: Procedure, text: &str, cx: &mut Cx) -> Self {
        match Mrz::parse(text) {
            Ok(zone) => match Applicant::from_zone(&zone, today(cx.at.wall)) {
                Some(applicant) => {
                    let card = Self::look_for(applicant, Some(zone.document_key()), cx);
                    Self::identify(Some(card), procedure)
                }
                None => Self::passport(procedure, Some(Fault::NotACard.words().advice)),
            },
            Err(why) => Self::passport(procedure, Some(why.advice())),
        }
    }

    /// The card reader has news. Before C05b only a reader that opens cards by itself has any.
    pub(crate) fn chip(self, job: Option<Uuid>, news: ChipNews, cx: &mut Cx) -> Self {
        match (self, news) {
            (Self::Typed(typed), news) => typed.chip_news(job, news, cx),
            (Self::Chip { mut card, procedure, mut chip }, news) => match chip.news(job, news, card.opens(), cx) {
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
                    *slot = Some(Self::look_for(Applicant::from_chip(person, None), None, cx));
                }
                Some(card) if card.applicant.number == person.number => {
                    card.applicant = Applicant::from_chip(person, Some(&card.applicant));
                }
                Some(_) => {}
            },
            // Of a card that was typed the reader's news are another matter.
            Self::Typed(_) => {}
            // A reader that opens cards by itself opens no passport: this is a card after all.
            Self::Passport { procedure, .. } => {
                let card = Some(Self::look_for(Applicant::from_chip(person, None), None, cx));
                return Self::identify(card, procedure.clone());
            }
            Self::Chip { .. } | Self::Confirm { .. } => {}
        }
        self
    }

    /// The person is known: on to the chip where it can be read, else to C06.
    fn identified(card: Card, procedure: Procedure, cx: &mut Cx) -> Self {
        if card.applicant.proof == Proof::Claimed && chip::usable(card.opens(), cx) {
            let chip = Chip::begin(card.opens(), cx);
            return Self::Chip { card, procedure, chip };
        }
        Self::Confirm { card, procedure }
    }

    /// The visit is over, or the agent stops: nothing of it goes on.
    pub(crate) fn end(&self) -> Option<Effect> {
        match self {
            Self::Details { list, .. } => list.map(drop_print),
            Self::Chip { chip, .. } => chip.cancel(),
            Self::Typed(typed) => typed.cancel_chip(),
            Self::Notice { .. } | Self::Procedures { .. } | Self::Identify { .. } | Self::Passport { .. } | Self::Confirm { .. } => None,
        }
    }

    /// Leaves the chip and the list of papers alone while something else is asked.
    pub(crate) fn put_aside(self, cx: &mut Cx) -> Self {
        cx.effects.extend(self.end());
        match self {
            Self::Chip { card, procedure, .. } => Self::identify(Some(card), procedure),
            Self::Details { card, procedure, .. } => Self::details(card, procedure),
            Self::Notice { .. }
            | Self::Procedures { .. }
            | Self::Identify { .. }
            | Self::Passport { .. }
            | Self::Typed(_)
            | Self::Confirm { .. } => self,
        }
    }

    /// The reader sent something that is no card: it matters only where a card was asked for.
    pub(crate) fn unread(self, fault: Fault, cx: &mut Cx) -> Self {
        match self {
            Self::Identify { card: None, procedure, failed, .. } => {
                cx.show(fault, false);
                Self::Identify { card: None, procedure, failed: failed.saturating_add(1), lines: Private::default() }
            }
            Self::Passport { procedure, .. } => {
                cx.show(fault, false);
                Self::passport(procedure, None)
            }
            Self::Typed(typed) => {
                cx.show(fault, false);
                Self::Typed(typed)
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
            Self::Passport { .. } | Self::Typed(_) => None,
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
            | Self::Passport { .. }
            | Self::Typed(_)
            | Self::Chip { .. }
            | Self::Confirm { .. } => self,
        }
    }
}

fn begin(card: Card, procedure: Procedure, correct: bool, cx: &mut Cx) -> State {
    let draft = fresh_draft(Applicant { confirmed: correct, ..card.applicant }, &procedure, cx);
    State::Filing(Box::new(Filing::begin(draft, procedure, cx)))
}
