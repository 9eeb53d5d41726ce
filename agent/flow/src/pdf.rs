//! C10c: a paper that the person has as a PDF, kept byte for byte (NĐ 15/2021/NĐ-CP Đ.15.7.a).

use crate::{
    Effect,
    filing::{Filing, Page, empty_document},
    state::Cx,
};
use motcua_model::{
    Text,
    brought::{BroughtPdf, OfferedPdf},
    dossier::Origin,
};
use uuid::Uuid;

/// What C10c shows.
#[derive(Default)]
pub(crate) struct Choice {
    pub(crate) offered: Vec<OfferedPdf>,
    /// One that was chosen is being checked.
    pub(crate) job: Option<Uuid>,
    /// Why the last one was not taken.
    pub(crate) refused: Option<Text>,
}

impl Choice {
    /// A list that changed under the finger is another screen: what was touched may be another file now.
    pub(crate) fn part(&self) -> usize {
        self.offered.iter().fold(usize::from(self.job.is_some()), |part, offered| part.wrapping_mul(31) ^ (offered.id.as_u128() as usize))
    }
}

impl Filing {
    pub(crate) fn choose_pdf(&mut self, paper: usize, cx: &Cx) {
        if cx.settings.pdf {
            self.page = Page::Pdf { paper, choice: Choice::default() };
        }
    }

    /// The list as it is now. What was said of a file that was refused stays until another is chosen.
    pub(crate) fn pdfs_offered(mut self: Box<Self>, files: Vec<OfferedPdf>) -> Box<Self> {
        if let Page::Pdf { choice, .. } = &mut self.page {
            choice.offered = files;
        }
        self
    }

    pub(crate) fn take_pdf(&mut self, file: Uuid, cx: &mut Cx) {
        let Page::Pdf { choice, .. } = &mut self.page else { return };
        if choice.job.is_none() && choice.offered.iter().any(|offered| offered.id == file) {
            choice.refused = None;
            choice.job = Some(cx.at.fresh);
            cx.emit(Effect::TakePdf { job: cx.at.fresh, dossier: self.draft.id, file });
        }
    }

    /// It takes the place of what was done with the paper before; one that was refused changes nothing.
    pub(crate) fn pdf_taken(mut self: Box<Self>, job: Uuid, taken: Result<BroughtPdf, Text>, cx: &mut Cx) -> Box<Self> {
        let choosing = if let Page::Pdf { paper, choice } = &mut self.page { Some((*paper, choice)) } else { None };
        let waits = choosing.filter(|(_, choice)| choice.job == Some(job));
        match (waits, taken) {
            (Some((paper, _)), Ok(BroughtPdf { file, pages })) => {
                let Some(component) = self.procedure.components.get(paper) else { return self };
                let document = empty_document(component, 0, Origin::Pdf { file, pages }, cx);
                self.put_paper(paper, document, cx);
            }
            (Some((_, choice)), Err(refused)) => {
                choice.job = None;
                choice.refused = Some(refused);
            }
            (None, Ok(late)) => self.refuse_page(late.file.id, cx),
            (None, Err(_)) => {}
        }
        self
    }
}
