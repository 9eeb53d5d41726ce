//! C16 the officer's word.

use motcua_model::{
    Private, Text,
    api::{OfficerPage, PrintState, ReviewRow, ReviewValue, Screen},
    fault::Fault,
};

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    let page = |page| Screen::Officer { page };
    let waiting = |offline| page(OfficerPage::Waiting { offline });
    let told = |printing| {
        page(OfficerPage::Told {
            code: "H99.50.07-260720-0042".to_owned(),
            state: Text::new("Được tiếp nhận", "Accepted"),
            rows: accepted(),
            printing,
        })
    };
    vec![
        ("officer-waiting", waiting(false)),
        ("officer-offline", waiting(true)),
        ("officer-told", told(PrintState::Printed)),
        ("officer-no-paper", told(PrintState::Waiting(Fault::PrinterPaperOut))),
        ("officer-no-printer", told(PrintState::None)),
    ]
}

fn accepted() -> Vec<ReviewRow> {
    let row = |vi: &str, en: &str, value: &str| ReviewRow {
        label: Text::new(vi, en),
        value: ReviewValue::Private(Private::new(value)),
        change: None,
    };
    vec![
        row("Hẹn trả kết quả", "Result due", "16:00 24/07/2026"),
        row("Tiếp nhận lúc", "Accepted", "09:52 20/07/2026"),
        row("Nhận ở đâu", "Where to get it", "Trung tâm Phục vụ hành chính công xã Thử Nghiệm"),
        row("Người nhận hồ sơ", "Officer", "Trần Văn Mẫu"),
    ]
}
