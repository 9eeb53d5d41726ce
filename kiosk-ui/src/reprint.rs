//! What the pages of the proof printed again (C20e, C20f) read, and what is typed there.

use crate::{
    input::{Form, Typed},
    ui::{ReprintView, ScreenKind},
    view,
};
use motcua_model::{
    Language, Private, Text,
    api::{Action, DigitsRefused, ReprintPage, Screen},
    particulars::PHONE_END,
};

/// The view of C20e and C20f.
pub(crate) fn reprint(page: &ReprintPage, language: Language) -> ReprintView {
    match page {
        ReprintPage::Digits { checking, refused } => {
            let error = refused.map(|refused| refused_words(refused).get(language).into()).unwrap_or_default();
            ReprintView { checking: *checking, error, ..ReprintView::default() }
        }
        ReprintPage::Paper { printing } => {
            // The advice speaks of a code on the screen, and none is here.
            let (print, fault_title, _) = view::print_words(*printing, language);
            ReprintView { print, fault_title, ..ReprintView::default() }
        }
    }
}

fn refused_words(refused: DigitsRefused) -> Text {
    match refused {
        DigitsRefused::Wrong { left } => {
            Text::new(format!("Chưa đúng 4 số cuối. Còn {left} lần."), format!("Not the last 4 digits. Tries left: {left}."))
        }
        DigitsRefused::Locked => Text::same(""),
        DigitsRefused::Unchecked => Text::new("Chưa kiểm tra được. Nhập lại.", "It could not be checked. Type it again."),
    }
}

/// The page.
pub(crate) fn kind(page: &ReprintPage) -> ScreenKind {
    match page {
        ReprintPage::Digits { refused: Some(DigitsRefused::Locked), .. } => ScreenKind::ReprintLocked,
        ReprintPage::Digits { .. } => ScreenKind::ReprintDigits,
        ReprintPage::Paper { .. } => ScreenKind::ReprintPaper,
    }
}

/// The digits.
pub(crate) fn typed(screen: &Screen) -> Option<Typed> {
    let digits = Form::Number { groups: &[], digits: PHONE_END, least_digits: PHONE_END, range: None };
    matches!(screen, Screen::Reprint { page } if kind(page) == ScreenKind::ReprintDigits).then(|| Typed::new(digits, true))
}

/// The digits that were typed.
pub(crate) fn entered(page: &ReprintPage, value: String) -> Option<Action> {
    matches!(page, ReprintPage::Digits { .. }).then(|| Action::EnterDigits { digits: Private::new(value) })
}
