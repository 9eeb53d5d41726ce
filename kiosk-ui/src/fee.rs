//! What the pages of the fee (C15) read.

use crate::{
    ui::{FeeView, PayWay, ScreenKind},
    view,
};
use motcua_model::{
    Language,
    api::{self, FeePage},
    thousands,
};

/// The view of C15.
pub(crate) fn fee(page: &FeePage, language: Language) -> FeeView {
    let amount = |amount_vnd: u32| thousands(amount_vnd, language).into();
    match page {
        FeePage::Choose { amount_vnd, procedure, failed, begun } => {
            let (amount, procedure) = (amount(*amount_vnd), procedure.get(language).into());
            FeeView { amount, procedure, failed: *failed, begun: *begun, ..FeeView::default() }
        }
        FeePage::Asking => FeeView::default(),
        FeePage::Pay { amount_vnd, qr, way, unconfirmed } => {
            let (way, holder) = match way {
                api::PayWay::Platform => (PayWay::Platform, ""),
                api::PayWay::Transfer { holder } => (PayWay::Transfer, holder.as_str()),
            };
            let qr = view::qr_image(qr);
            FeeView { amount: amount(*amount_vnd), qr, way, holder: holder.into(), unconfirmed: *unconfirmed, ..FeeView::default() }
        }
        FeePage::Paid { amount_vnd, transaction, printing } => {
            let (print, fault_title, fault_advice) = view::print_words(*printing, language);
            let transaction = transaction.as_str().into();
            FeeView { amount: amount(*amount_vnd), transaction, print, fault_title, fault_advice, ..FeeView::default() }
        }
    }
}

/// The page of C15.
pub(crate) fn kind(page: &FeePage) -> ScreenKind {
    match page {
        FeePage::Choose { .. } => ScreenKind::FeeChoose,
        FeePage::Asking => ScreenKind::FeeAsking,
        FeePage::Pay { .. } => ScreenKind::FeePay,
        FeePage::Paid { .. } => ScreenKind::FeePaid,
    }
}
