//! Invented screens of the fee (C15).

use motcua_model::{
    Text,
    api::{FeePage, PayWay, PrintState, Screen},
    fault::Fault,
    transfer::vietqr,
};

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    let page = |page| Screen::Fee { page };
    let procedure = || {
        Text::new(
            "Cấp Giấy xác nhận tình trạng hôn nhân, dùng để kết hôn với người nước ngoài",
            "Marital status certificate, for a marriage",
        )
    };
    let choose_with = |failed, begun| page(FeePage::Choose { amount_vnd: 15_000, procedure: procedure(), failed, begun });
    let choose = |failed| choose_with(failed, false);
    let qr = || vietqr("970400", "0000000000", 1_250_000, "TAM-K001-260720-0042-51");
    let pay = |way, unconfirmed| page(FeePage::Pay { amount_vnd: 1_250_000, qr: qr(), way, unconfirmed });
    let paid = |printing| page(FeePage::Paid { amount_vnd: 1_250_000, transaction: "DVC-2026-0720-000123".to_owned(), printing });
    vec![
        ("fee", choose(false)),
        ("fee-failed", choose(true)),
        ("fee-begun", choose_with(false, true)),
        ("fee-begun-failed", choose_with(true, true)),
        ("fee-asking", page(FeePage::Asking)),
        ("fee-pay", pay(PayWay::Platform, false)),
        ("fee-unconfirmed", pay(PayWay::Platform, true)),
        ("fee-transfer", pay(PayWay::Transfer { holder: "TRUNG TAM PHUC VU HCC XA MAU".to_owned() }, false)),
        ("fee-paid", paid(PrintState::Printed)),
        ("fee-paid-no-paper", paid(PrintState::Waiting(Fault::PrinterPaperOut))),
        ("fee-paid-no-printer", paid(PrintState::None)),
    ]
}
