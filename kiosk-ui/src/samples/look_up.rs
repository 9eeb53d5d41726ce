//! Invented screens of a look-up (C20): own dossiers, and the proof of a filing once more.

use jiff::Timestamp;
use motcua_model::{
    Private, Text,
    api::{Adding, DigitsRefused, OwnLine, PrintState, RatingOffer, ReprintPage, ReviewRow, ReviewValue, Screen},
    dossier::Status,
    fault::Fault,
};

const UNPAID: (&str, &str, bool) =
    ("1.250.000 đồng. Máy này chưa thấy báo đã trả.", "1,250,000 VND. No payment is recorded here yet.", true);
const BEGUN: (&str, &str, bool) = (
    "1.250.000 đồng. Chưa thấy báo có tiền. Nếu đã trả, không trả lần nữa.",
    "1,250,000 VND. Not confirmed yet. If you have paid, do not pay again.",
    true,
);
const PAID: (&str, &str, bool) = ("1.250.000 đồng, đã có báo nhận tiền", "1,250,000 VND, received", false);

fn own_lines() -> Vec<OwnLine> {
    let line = |day: i8, vi: &str, en: &str, status: Status| OwnLine {
        code: format!("H99.99.99-2607{day:02}-0012"),
        procedure: Text::new(vi, en),
        submitted: jiff::civil::date(2026, 7, day).at(9, 30, 0, 0).in_tz("UTC").map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp()),
        state: status.words(),
        to_do: matches!(status, Status::SupplementAsked | Status::Finished),
    };
    vec![
        line(20, "Cấp giấy xác nhận tình trạng hôn nhân", "Certificate of marital status", Status::SupplementAsked),
        line(17, "Đăng ký khai sinh", "Birth registration", Status::Finished),
        line(12, "Chứng thực bản sao từ bản chính", "Certified copy of an original", Status::Returned),
        line(
            10,
            "Hưởng trợ cấp xã hội hằng tháng, hỗ trợ kinh phí chăm sóc",
            "Monthly social allowance and care support",
            Status::Processing,
        ),
        line(3, "Đăng ký tạm trú", "Temporary residence registration", Status::Returned),
    ]
}

/// One of them; `fee`: what is told of the fee, and whether it can be paid here.
fn own_dossier(asks: bool, printing: Option<PrintState>, adding: Adding, fee: Option<(&str, &str, bool)>) -> Screen {
    let row = |vi: &str, en: &str, value: &str| ReviewRow {
        label: Text::new(vi, en),
        value: ReviewValue::Private(Private::new(value)),
        change: None,
    };
    let mut rows = match asks {
        false => Vec::new(),
        true => vec![
            row("Cần bổ sung", "To be added", "Quyết định ly hôn, bản có dấu"),
            row("Lý do", "Reason", "Bản chụp mờ, không đọc được ngày của quyết định"),
            row("Hạn cuối", "Last day", "01/08/2026"),
            row("Hỏi ở đâu", "Where to ask", "Trung tâm Phục vụ hành chính công xã Thử Nghiệm, 0204 000 0000"),
        ],
    };
    rows.extend(fee.map(|(vi, en, _)| ReviewRow {
        label: Text::new("Lệ phí", "Fee"),
        value: ReviewValue::Words(Text::new(vi, en)),
        change: None,
    }));
    Screen::OwnDossier {
        line: own_lines().swap_remove(0),
        done: 1,
        steps: 4,
        known_at: Timestamp::UNIX_EPOCH,
        rows,
        printing,
        adding,
        can_pay: fee.is_some_and(|(_, _, can_pay)| can_pay),
    }
}

fn result(rating: RatingOffer, reprint: bool) -> Screen {
    Screen::LookUpResult {
        asked: "TAM-K001-260720-0042-51".to_owned(),
        official_code: Some("H99.99.99-260720-0012".to_owned()),
        done: 2,
        steps: 4,
        state: Text::new("Đang xử lý. Cán bộ đang xem hồ sơ.", "In progress. Staff are looking at the file."),
        known_at: Timestamp::from_second(1_784_531_100).unwrap_or(Timestamp::UNIX_EPOCH),
        rating,
        reprint,
    }
}

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    let no_paper = PrintState::Waiting(Fault::PrinterPaperOut);
    let reprint = |page| Screen::Reprint { page };
    let digits = |checking, refused| reprint(ReprintPage::Digits { checking, refused });
    let paper = |printing| reprint(ReprintPage::Paper { printing });
    vec![
        ("look-up", Screen::LookUp),
        ("own", Screen::OwnDossiers { dossiers: own_lines() }),
        ("own-none", Screen::OwnDossiers { dossiers: Vec::new() }),
        ("own-one", own_dossier(true, None, Adding::Open, None)),
        ("own-printed", own_dossier(true, Some(PrintState::Printed), Adding::Open, None)),
        ("own-no-paper", own_dossier(true, Some(no_paper), Adding::Open, None)),
        ("own-at-desk", own_dossier(true, None, Adding::AtDesk, None)),
        ("own-added", own_dossier(true, None, Adding::Done(Timestamp::UNIX_EPOCH), None)),
        ("own-quiet", own_dossier(false, None, Adding::None, None)),
        ("own-quiet-no-paper", own_dossier(false, Some(no_paper), Adding::None, None)),
        ("own-unpaid", own_dossier(false, None, Adding::None, Some(UNPAID))),
        ("own-begun", own_dossier(false, None, Adding::None, Some(BEGUN))),
        ("own-paid", own_dossier(false, None, Adding::None, Some(PAID))),
        ("own-asked-unpaid", own_dossier(true, None, Adding::Open, Some(UNPAID))),
        ("look-up-result", result(RatingOffer::None, false)),
        ("look-up-result-reprint", result(RatingOffer::None, true)),
        ("look-up-result-both", result(RatingOffer::Open, true)),
        ("reprint", digits(false, None)),
        ("reprint-checking", digits(true, None)),
        ("reprint-wrong", digits(false, Some(DigitsRefused::Wrong { left: 2 }))),
        ("reprint-unchecked", digits(false, Some(DigitsRefused::Unchecked))),
        ("reprint-locked", digits(false, Some(DigitsRefused::Locked))),
        ("reprint-printing", paper(PrintState::Printing)),
        ("reprint-printed", paper(PrintState::Printed)),
        ("reprint-unknown", paper(PrintState::Unknown)),
        ("reprint-no-paper", paper(no_paper)),
        ("reprint-no-printer", paper(PrintState::None)),
    ]
}
