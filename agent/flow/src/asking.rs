//! What the hub knows of the owner of a dossier: the account (R26) and papers that are stored already (R31, R32, R37). It answers when it
//! can; nobody waits for it. C08b: a stored paper in place of one that would be scanned.

use crate::{
    Effect,
    filing::{Filing, Page, empty_document, today},
    state::Cx,
};
use motcua_model::{
    catalogue::Component,
    citizen::PersonNumber,
    dossier::{Assurance, Document, Origin},
    for_whom::{Filer, ForWhom},
    hub::{AccountAnswer, PersonKey, StoredPaper},
    particulars::{Disputed, Particulars},
};

/// What was asked of the hub in this visit, and what it said.
#[derive(Default)]
pub(crate) struct Asked {
    owner: Option<PersonKey>,
    /// Mã loại giấy tờ, and the newest paper of it that holds today.
    stored: Vec<(String, StoredPaper)>,
}

impl Filing {
    /// Once for each owner. Papers are asked for only where the chip has proved that the owner stands here: whoever holds a photograph of
    /// a card must not learn what papers its owner has (R13).
    pub(crate) fn ask_hub(&mut self, cx: &mut Cx) {
        let Some(owner) = self.owner_key().filter(|owner| self.asked.owner.as_ref() != Some(owner)) else { return };
        let applicant = &self.draft.applicant;
        let is_here = matches!(self.for_whom(), ForWhom::Myself | ForWhom::Child);
        let proven = is_here && applicant.confirmed && applicant.proof.assurance() == Assurance::Checked;
        let types = match proven {
            true => self.procedure.components.iter().filter_map(|component| component.stored_as.clone()).collect(),
            false => Vec::new(),
        };
        // After a restart the draft's is of the same owner.
        if self.asked.owner.is_some() {
            self.draft.technical_id = None;
        }
        self.asked = Asked { owner: Some(owner.clone()), stored: Vec::new() };
        cx.emit(Effect::AskHub { owner, procedure: self.procedure.code.clone(), types });
    }

    /// None where the owner is not known yet.
    fn owner_key(&self) -> Option<PersonKey> {
        // Whoever adds papers need not be the owner.
        if self.draft.adds_to.is_some() {
            return None;
        }
        if self.asks_for_whom() && self.draft.for_whom.is_none() {
            return None;
        }
        if !self.questions_of_other().iter().all(|question| self.answer_to(&question.id).is_some()) {
            return None;
        }
        let filer = Filer { person: &self.draft.applicant, other: self.draft.other.as_ref() };
        let (owner, particulars) = self.for_whom().record(filer, &self.draft.answers, &[], Particulars::default());
        if let Some(organisation) = particulars.organisation {
            return Some(PersonKey::Organisation { tax_code: organisation.tax_code });
        }
        Some(match owner.number {
            PersonNumber::Citizen(number) => PersonKey::Citizen { number, name: owner.name },
            PersonNumber::Passport { number, .. } => PersonKey::Passport { number, name: owner.name },
        })
    }

    /// An answer about somebody else comes too late.
    pub(crate) fn hub_told(
        mut self: Box<Self>,
        owner: &PersonKey,
        account: Option<AccountAnswer>,
        papers: Vec<(String, StoredPaper)>,
        cx: &Cx,
    ) -> Box<Self> {
        if self.asked.owner.as_ref() != Some(owner) {
            return self;
        }
        self.draft.technical_id = account.and_then(|account| account.technical_id);
        let today = today(cx.at.wall);
        self.asked.stored = papers.into_iter().filter(|(_, paper)| paper.valid_until.is_none_or(|last| last >= today)).collect();
        self
    }

    fn stored_paper(&self, component: &Component) -> Option<&StoredPaper> {
        let type_code = component.stored_as.as_ref()?;
        self.asked.stored.iter().find(|(code, _)| code == type_code).map(|(_, paper)| paper)
    }

    /// Offered, and not called wrong by the person.
    pub(crate) fn offers_stored(&self, component: &Component) -> bool {
        self.stored_paper(component).is_some() && !self.draft.disputed.iter().any(|disputed| disputed.component == component.code)
    }

    /// A paper of the procedure, and the stored one that can stand for it.
    pub(crate) fn stored_at(&self, paper: usize) -> Option<(&Component, &StoredPaper)> {
        let component = self.procedure.components.get(paper)?;
        Some((component, self.stored_paper(component)?))
    }

    pub(crate) fn use_stored(&mut self, paper: usize, cx: &mut Cx) {
        let Some((component, StoredPaper { source, reference, .. })) = self.stored_at(paper) else { return };
        let origin = Origin::Stored { source: *source, reference: reference.clone() };
        let document = empty_document(component, 0, origin, cx);
        self.draft.disputed.retain(|disputed| disputed.component != document.component);
        self.put_paper(paper, document, cx);
    }

    /// The paper itself is taken, and the officer sees that the person found the stored one wrong (R33).
    pub(crate) fn dispute_stored(&mut self, paper: usize, cx: &mut Cx) {
        let Some((component, StoredPaper { source, reference, .. })) = self.stored_at(paper) else { return };
        let disputed = Disputed { component: component.code.clone(), source: *source, reference: reference.clone() };
        let is_it = |document: &Document| document.component == disputed.component && matches!(document.origin, Origin::Stored { .. });
        self.draft.documents.retain(|document| !is_it(document));
        self.draft.disputed.retain(|other| other.component != disputed.component);
        self.draft.disputed.push(disputed);
        self.page = Page::CountSheets { paper };
        self.save(cx);
    }
}
