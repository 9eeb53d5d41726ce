//! Papers that are not scanned: what must not be goes (TT 03/2025/TT-VPCP Đ.5.2), what cannot be is brought to the desk (R45).

use crate::{
    filing::{Filing, Page, empty_document, image_ids},
    state::Cx,
};
use motcua_model::{
    dossier::{Document, Origin, Page as Image, Special},
    fault::Fault,
};
use uuid::Uuid;

impl Filing {
    /// The paper counts as given, without pages, until the person scans it after all.
    pub(crate) fn bring_to_desk(&mut self, paper: usize, special: Special, cx: &mut Cx) {
        let Some(component) = self.procedure.components.get(paper) else { return };
        let document = empty_document(component, 0, Origin::AtDesk { special }, cx);
        self.put_paper(paper, document, cx);
    }

    /// A page bears a secrecy mark: nothing of its paper stays here, accepted or not. Another paper that is being scanned goes on.
    pub(crate) fn secret_read(mut self: Box<Self>, page: Uuid, cx: &mut Cx) -> Box<Self> {
        let marked = |document: &Document| document.pages.iter().any(|side: &Image| side.image.id == page);
        let mut gone: Vec<Document> = self.draft.documents.extract_if(.., |document| marked(document)).collect();
        let scanning = self.draft.scanning.take_if(|document| marked(document));
        if gone.is_empty() && scanning.is_none() {
            return self;
        }
        let other_is_scanned = scanning.is_none() && self.cancel_scan().is_some();
        if scanning.is_some() {
            self.cancel_scan().into_iter().for_each(|effect| cx.emit(effect));
        }
        if !other_is_scanned {
            self.rescan = None;
            self.changing = false;
            self.page = Page::Papers;
        }
        gone.extend(scanning);
        self.save(cx);
        self.drop_pages(image_ids(&gone), cx);
        cx.show(Fault::SecretPaper, false);
        self
    }
}
