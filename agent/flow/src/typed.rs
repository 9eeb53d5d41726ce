//! C05d: who has a card that no reader reads types what stands on it. Its number alone opens the chip; then nothing more is typed.

use crate::{
    ChipNews, Effect,
    chip::{self, Chip, Opens, Outcome},
    filing::today,
    intro::Intro,
    state::Cx,
};
use motcua_model::{
    Private, Text,
    api::{Action, Screen},
    catalogue::Procedure,
    citizen::PersonNumber,
    dossier::Applicant,
    fault::Fault,
    mrz::DocumentKey,
    typed_card::{self, COUNT},
};
use uuid::Uuid;

/// Place of the number in [`typed_card::questions`].
const NUMBER: usize = 0;

/// Which of it is asked, and what was typed so far.
pub(crate) struct Typed {
    procedure: Procedure,
    answers: [Private; COUNT],
    at: usize,
    refused: Option<(Private, Text)>,
    /// The card lies on the card reader, or shall: C05b in the place of the next question.
    chip: Option<Chip>,
}

impl Typed {
    pub(crate) fn begin(procedure: Procedure) -> Self {
        Self { procedure, answers: Default::default(), at: NUMBER, refused: None, chip: None }
    }

    /// From C06 back to the last of what was typed.
    pub(crate) fn again(procedure: Procedure, typed: &Applicant) -> Self {
        let birth = typed.birth.strftime("%d/%m/%Y").to_string();
        let answers = [Private::new(typed.number.reveal()), typed.name.clone(), Private::new(birth)];
        Self { procedure, answers, at: COUNT - 1, refused: None, chip: None }
    }

    pub(crate) fn action(mut self, action: Action, cx: &mut Cx) -> Intro {
        let number = self.number();
        match (self.chip.as_mut().zip(number.as_ref()), action) {
            (Some((chip, number)), Action::ReadChip) => chip.again(Opens::by(number), cx),
            (Some((chip, _)), Action::SkipChip) => {
                cx.effects.extend(chip.cancel());
                self.chip = None;
            }
            (Some((chip, _)), Action::Back) => {
                cx.effects.extend(chip.cancel());
                (self.chip, self.at) = (None, NUMBER);
            }
            (None, Action::Back) if self.at == NUMBER => return Intro::identify(None, self.procedure),
            (None, Action::Back) => (self.at, self.refused) = (self.at - 1, None),
            (None, Action::Answer { value }) => return self.answer(value, cx),
            (_, _) => {}
        }
        Intro::Typed(Box::new(self))
    }

    fn answer(mut self, value: Private, cx: &mut Cx) -> Intro {
        let question = &typed_card::questions()[self.at];
        match question.check(value.reveal(), today(cx.at.wall)) {
            Err(advice) => {
                self.refused = Some((value, advice));
                return Intro::Typed(Box::new(self));
            }
            Ok(checked) => self.answers[self.at] = Private::new(checked),
        }
        if self.at + 1 == COUNT {
            return self.all_told(value, cx);
        }
        (self.at, self.refused) = (self.at + 1, None);
        if let Some(number) = self.number().filter(|number| self.at == NUMBER + 1 && chip::usable(Opens::by(number), cx)) {
            self.chip = Some(Chip::begin(Opens::by(&number), cx));
        }
        Intro::Typed(Box::new(self))
    }

    /// A number that tells another birth date is doubted once.
    fn all_told(mut self, birth: Private, cx: &mut Cx) -> Intro {
        let Some(person) = typed_card::person(&self.answers) else { return Intro::Typed(Box::new(self)) };
        if !person.number_agrees && self.refused.as_ref().is_none_or(|(before, _)| *before != birth) {
            self.refused = Some((birth, typed_card::disagrees()));
            return Intro::Typed(Box::new(self));
        }
        self.known(person, None, cx)
    }

    /// It is known who stands there: on as with a card that was read.
    pub(crate) fn known(self, person: Applicant, zone: Option<DocumentKey>, cx: &mut Cx) -> Intro {
        cx.clear_fault();
        cx.effects.extend(self.cancel_chip());
        Intro::identify(Some(Intro::look_for(person, zone, cx)), self.procedure)
    }

    /// The card reader has news: of the number that was typed, or of a card that it opened by itself.
    pub(crate) fn chip_news(mut self, job: Option<Uuid>, news: ChipNews, cx: &mut Cx) -> Intro {
        let number = self.number();
        let outcome = match (self.chip.as_mut().zip(number.as_ref()), news) {
            (Some((chip, number)), news) => chip.news(job, news, Opens::by(number), cx),
            (None, ChipNews::Read(person)) if job.is_none() => Outcome::Read(person),
            (None, ChipNews::Failed(fault)) if job.is_none() && fault != Fault::CardReaderGone => {
                cx.show(fault, false);
                Outcome::Open
            }
            (None, ChipNews::Read(_) | ChipNews::Failed(_) | ChipNews::Reading { .. }) => Outcome::Open,
        };
        match outcome {
            Outcome::Open => Intro::Typed(Box::new(self)),
            Outcome::Read(person) => self.known(Applicant::from_chip(&person, None), None, cx),
        }
    }

    pub(crate) fn cancel_chip(&self) -> Option<Effect> {
        self.chip.as_ref().and_then(Chip::cancel)
    }

    /// Whether the card reader is waited for, and nobody types.
    pub(crate) fn reads_chip(&self) -> bool {
        self.chip.is_some()
    }

    pub(crate) fn part(&self) -> usize {
        self.at + COUNT * self.chip.as_ref().map_or(0, |chip| 1 + chip.part())
    }

    pub(crate) fn screen(&self) -> Screen {
        if let (Some(chip), Some(number)) = (&self.chip, self.number()) {
            return chip.screen(&number);
        }
        let (question, present) = (typed_card::questions()[self.at].clone(), self.answers[self.at].clone());
        let (answer, error) = match &self.refused {
            Some((typed, advice)) => (typed.clone(), Some(advice.clone())),
            None => (present, None),
        };
        let place = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        Screen::Question {
            ask: question.ask,
            hint: question.hint,
            kind: question.kind,
            required: true,
            answer,
            read_from: None,
            error,
            of_card: true,
            at: place(self.at + 1),
            of: place(COUNT),
        }
    }

    fn number(&self) -> Option<PersonNumber> {
        PersonNumber::parse(self.answers[NUMBER].reveal()).ok()
    }
}
