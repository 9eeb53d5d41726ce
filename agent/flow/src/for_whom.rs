//! C04: for whom the person files. What must be known of the other one is asked as the first questions of C07, or read from their card.

use crate::{
    filing::{Filing, Page, today},
    state::{Cx, person_in},
};
use motcua_model::{
    Private, Text,
    catalogue::Question,
    dossier::{Answer, Origin, Submission},
    fault::Fault,
    for_whom::{Filer, ForWhom, PREFIX, is_of_other},
    particulars::{AddressNow, Particulars},
};

impl Filing {
    /// What was chosen, or the only one that can be.
    pub(crate) fn for_whom(&self) -> ForWhom {
        self.draft.for_whom.or_else(|| self.procedure.filers.first().copied()).unwrap_or(ForWhom::Myself)
    }

    /// What is asked of the other one: the first questions.
    pub(crate) fn questions_of_other(&self) -> &[Question] {
        let count = self.procedure.questions.iter().take_while(|question| question.id.starts_with(PREFIX)).count();
        &self.procedure.questions[..count]
    }

    pub(crate) fn asks_for_whom(&self) -> bool {
        self.procedure.filers.len() > 1
    }

    /// The questions and papers of the choice that the draft holds; one that can no longer be made is asked anew.
    pub(crate) fn follow_choice(&mut self) {
        self.draft.for_whom = self.draft.for_whom.filter(|whom| self.procedure.filers.contains(whom));
        self.procedure = self.procedure.filed_for(self.for_whom()).asked(&self.draft.answers);
    }

    /// After another answer other questions may be asked; what was answered to those that are not is forgotten.
    pub(crate) fn follow_answer(&mut self, question: &str, cx: &Cx) {
        let Some(procedure) = cx.catalogue.procedure(&self.draft.procedure).filter(|procedure| procedure.decides(question)) else { return };
        self.procedure = procedure.filed_for(self.for_whom()).asked(&self.draft.answers);
        let Self { procedure, draft, .. } = self;
        draft.answers.retain(|answer| procedure.questions.iter().any(|question| question.id == answer.question));
    }

    /// Another choice forgets what was said of the person before.
    pub(crate) fn file_for(&mut self, whom: ForWhom, cx: &mut Cx) {
        let Some(procedure) = cx.catalogue.procedure(&self.draft.procedure).filter(|p| p.filers.contains(&whom)) else { return };
        let mut gone = Vec::new();
        if self.draft.for_whom != Some(whom) {
            self.draft.for_whom = Some(whom);
            self.draft.other = None;
            self.procedure = procedure.filed_for(whom).asked(&self.draft.answers);
            // Stored papers are the former owner's.
            self.draft.documents.retain(|document| !matches!(document.origin, Origin::Stored { .. }));
            self.draft.disputed.clear();
            gone = self.drop_what_the_catalogue_lost();
        }
        self.page = if self.changing { self.next_open() } else { self.after_for_whom() };
        self.save(cx);
        self.drop_pages(gone, cx);
    }

    /// The reader sent a text: on a question about the other one their card answers all of them.
    pub(crate) fn card_of_other(mut self: Box<Self>, text: &str, cx: &mut Cx) -> Box<Self> {
        let Page::Question { at, .. } = self.page else { return self };
        if at >= self.questions_of_other().len() {
            return self;
        }
        let card = match person_in(text, cx) {
            Ok((card, _)) => card,
            Err(fault) => {
                cx.show(fault, false);
                return self;
            }
        };
        let whom = self.for_whom();
        let Some(told) = whom.answers_of(&card) else {
            cx.show(Fault::NotACard, false);
            return self;
        };
        cx.clear_fault();
        let (person, day) = (&self.draft.applicant, today(cx.at.wall));
        if let Some(advice) = told.iter().find_map(|(id, value)| whom.refuses(id, value, person, day)) {
            self.page = Page::Question { at, refused: Some((Private::default(), advice)) };
            return self;
        }
        for (question, value) in told {
            self.keep_answer(Answer { question: question.to_owned(), value: Private::new(value), read_from: None });
        }
        self.draft.other = Some(card);
        self.page = match self.changing {
            true => self.next_open(),
            false => self.after_question(self.questions_of_other().len() - 1),
        };
        self.save(cx);
        self.ask_hub(cx);
        self
    }

    /// Why an answer of the right form cannot be.
    pub(crate) fn refused_of_other(&self, question: &str, answer: &str, cx: &Cx) -> Option<Text> {
        self.for_whom().refuses(question, answer, &self.draft.applicant, today(cx.at.wall))
    }

    /// The address on the card of the dossier's owner, where it lies in communes that are known and nobody said that the card is wrong.
    pub(crate) fn address_on_card(&self) -> Option<Private> {
        let filer = Filer { person: &self.draft.applicant, other: self.draft.other.as_ref() };
        let (owner, _) = self.for_whom().record(filer, &self.draft.answers, &[], Particulars::default());
        let believed = self.for_whom() == ForWhom::Authorised || self.draft.applicant.confirmed;
        (believed && !AddressNow::of(&owner.address).is_empty()).then(|| owner.address.clone())
    }

    pub(crate) fn submission(&self) -> Submission {
        let draft = &self.draft;
        let told = self.procedure.particulars(&draft.answers, &draft.applicant.address);
        let filer = Filer { person: &draft.applicant, other: draft.other.as_ref() };
        let (applicant, mut particulars) = self.for_whom().record(filer, &draft.answers, &draft.documents, told);
        particulars.address_now = AddressNow::of(&applicant.address);
        particulars.technical_id = draft.technical_id.clone();
        particulars.disputed = draft.disputed.clone();
        particulars.adds_to = draft.adds_to.clone();
        Submission {
            id: draft.id,
            procedure: self.procedure.code.clone(),
            procedure_name: self.procedure.name.clone(),
            catalogue_version: draft.catalogue_version,
            particulars,
            applicant,
            answers: draft.answers.iter().filter(|answer| !is_of_other(answer)).cloned().collect(),
            documents: draft.documents.clone(),
            retention: self.procedure.retention,
        }
    }

    /// After a change: what is open because of it, then back to C12.
    pub(crate) fn next_open(&mut self) -> Page {
        if let Some(question) = self.first_unanswered() {
            return question;
        }
        if self.papers_without_pages().iter().any(|(_, required)| *required) {
            self.changing = false;
            return Page::Papers;
        }
        self.review()
    }
}
