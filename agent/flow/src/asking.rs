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
        self.draft.technical_id = None;
        self.asked = Asked { owner: Some(owner.clone()), stored: Vec::new() };
        cx.emit(Effect::AskHub { owner, procedure: self.procedure.code.clone(), types });
    }

    /// None where the owner is not known yet.
    fn owner_key(&self) -> Option<PersonKey> {
        if self.asks_for_whom() && self.draft.for_whom.is_none() {
            return None;
        }
        let whom = self.for_whom();
        if !whom.questions().iter().all(|question| self.answer_to(&question.id).is_some()) {
            return None;
        }
        let filer = Filer { person: &self.draft.applicant, other: self.draft.other.as_ref() };
        let (owner, particulars) = whom.record(filer, &self.draft.answers, &[], Particulars::default());
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

    /// The stored paper that can stand for this one.
    pub(crate) fn stored_paper(&self, component: &Component) -> Option<&StoredPaper> {
        let type_code = component.stored_as.as_ref()?;
        self.asked.stored.iter().find(|(code, _)| code == type_code).map(|(_, paper)| paper)
    }

    /// Offered, and not called wrong by the person.
    pub(crate) fn offers_stored(&self, component: &Component) -> bool {
        self.stored_paper(component).is_some() && !self.draft.disputed.iter().any(|disputed| disputed.component == component.code)
    }

    pub(crate) fn use_stored(&mut self, paper: usize, cx: &mut Cx) {
        let Some(component) = self.procedure.components.get(paper) else { return };
        let Some(StoredPaper { source, reference, .. }) = self.stored_paper(component) else { return };
        let origin = Origin::Stored { source: *source, reference: reference.clone() };
        let document = Document { sheets: 0, ..empty_document(component, 0, origin, cx) };
        self.draft.disputed.retain(|disputed| disputed.component != document.component);
        self.put_paper(paper, document, cx);
    }

    /// The paper itself is taken, and the officer sees that the person found the stored one wrong (R33).
    pub(crate) fn dispute_stored(&mut self, paper: usize, cx: &mut Cx) {
        let Some(component) = self.procedure.components.get(paper) else { return };
        let Some(StoredPaper { source, reference, .. }) = self.stored_paper(component) else { return };
        let disputed = Disputed { component: component.code.clone(), source: *source, reference: reference.clone() };
        self.draft
            .documents
            .retain(|document| document.component != disputed.component || !matches!(document.origin, Origin::Stored { .. }));
        self.draft.disputed.retain(|other| other.component != disputed.component);
        self.draft.disputed.push(disputed);
        self.page = Page::CountSheets { paper };
        self.save(cx);
    }
}
