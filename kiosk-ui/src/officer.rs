//! What the pages of the officer's word (C16) read.

use crate::{
    comfort::List,
    face::State,
    ui::{OfficerView, ReviewRow, ScreenKind},
    view,
};
use motcua_model::{Language, api::OfficerPage};

/// The view of C16, and the rows of C16b.
pub(crate) fn officer(page: &OfficerPage, state: &State, language: Language) -> (OfficerView, Vec<ReviewRow>) {
    match page {
        OfficerPage::Waiting { offline } => (OfficerView { offline: *offline, ..OfficerView::default() }, Vec::new()),
        OfficerPage::Told { code, state: told, rows, printing } => {
            let (print, fault_title, _) = view::print_words(*printing, language);
            let shown = state.on_page(List::Told, rows).map(|(at, row)| view::review_row(at, row, language)).collect();
            let (code, told) = (code.as_str().into(), told.get(language).into());
            (OfficerView { code, state: told, offline: false, print, fault_title }, shown)
        }
    }
}

/// The page of C16.
pub(crate) fn kind(page: &OfficerPage) -> ScreenKind {
    match page {
        OfficerPage::Waiting { .. } => ScreenKind::OfficerWaiting,
        OfficerPage::Told { .. } => ScreenKind::OfficerTold,
    }
}

/// The rows of C16b, a page at a time.
pub(crate) fn list(page: &OfficerPage) -> Option<(List, usize)> {
    match page {
        OfficerPage::Waiting { .. } => None,
        OfficerPage::Told { rows, .. } => Some((List::Told, rows.len())),
    }
}
