//! Invented screens of the courier (P01 to P06).

use jiff::Timestamp;
use motcua_model::{
    api::{
        Continued, CourierPage, DoubtWhy, ExpectedLine, Overlay, ParcelDoubt, ParcelLine, PinRefused, PinStep, PrintState, ScanTone, Screen,
    },
    code::ParcelCheck,
    fault::Fault,
    handover::Direction,
};

/// As long as a destination may be.
const FAR: &str = "Sở Tài nguyên và Môi trường, Thử Nghiệm";

fn at() -> Timestamp {
    Timestamp::from_second(1_784_531_100).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn code(n: u32) -> String {
    format!("EA{:09}VN", 123_456_780 + n)
}

fn expected(n: u32) -> ExpectedLine {
    let destination = if n.is_multiple_of(2) { FAR } else { "Sở Tư pháp" };
    ExpectedLine { code: code(n), grams: (n != 3).then_some(120 * n), destination: destination.to_owned() }
}

fn line(n: u32) -> ParcelLine {
    let check = match n {
        3 => ParcelCheck::Wrong,
        5 => ParcelCheck::NotS10,
        _ => ParcelCheck::Right,
    };
    ParcelLine { code: code(n), check, expected: None, stranger: false }
}

struct Parcels {
    scanned: Vec<ParcelLine>,
    missing: Vec<ExpectedLine>,
    announced: u32,
    doubt: Option<(u32, DoubtWhy)>,
    repeated: bool,
    continued: bool,
}

/// Nothing is announced.
fn free(count: u32) -> Parcels {
    Parcels { scanned: (1..=count).map(line).collect(), missing: Vec::new(), announced: 0, doubt: None, repeated: false, continued: false }
}

/// So many of nine.
fn announced(count: u32) -> Parcels {
    Parcels {
        scanned: (1..=count).map(|n| ParcelLine { expected: Some(expected(n)), ..line(n) }).collect(),
        missing: (count + 1..=9).map(expected).collect(),
        announced: 9,
        ..free(0)
    }
}

fn screen(parcels: Parcels) -> Screen {
    let Parcels { scanned, missing, announced, doubt, repeated, continued } = parcels;
    let kept = u32::try_from(scanned.len()).unwrap_or(0);
    let page = CourierPage::Parcels {
        direction: Direction::Fetch,
        parcels: scanned,
        announced,
        missing,
        doubt: doubt.map(|(n, why)| ParcelDoubt { code: code(n), why }),
        repeated,
        continued: continued.then(|| Continued { begun: at(), parcels: kept }),
        tone: Some(ScanTone { number: 1, good: doubt.is_none() && !repeated }),
    };
    Screen::Courier { page }
}

/// Of nine parcels some are scanned.
pub(super) fn half_done() -> Screen {
    screen(announced(5))
}

/// What may lie over [`half_done`].
pub(super) fn overlays() -> Vec<(&'static str, Overlay)> {
    vec![
        ("handover-end", Overlay::ConfirmEnd),
        ("handover-still-there", Overlay::StillThere { seconds: 45 }),
        ("fault-not-a-parcel", Overlay::Fault { fault: Fault::NotAParcel, retry: false }),
    ]
}

pub(super) fn screens() -> Vec<(&'static str, Screen)> {
    let page = |page| Screen::Courier { page };
    let pin = |step, checking, refused| page(CourierPage::Pin { step, checking, refused });
    let done =
        |differences, copy, printing| page(CourierPage::Done { count: 9, differences, code: "A1B2-C3D4".to_owned(), copy, printing });
    let with_stranger = || {
        let mut parcels = announced(7);
        parcels.scanned.push(ParcelLine { stranger: true, ..line(21) });
        parcels
    };
    vec![
        ("badge", page(CourierPage::Badge)),
        ("courier-pin", pin(PinStep::Enter, false, None)),
        ("courier-pin-wrong", pin(PinStep::Enter, false, Some(PinRefused::Wrong { left: 2 }))),
        ("courier-sign", pin(PinStep::Courier, true, None)),
        ("clerk-sign", pin(PinStep::Clerk, false, None)),
        ("clerk-sign-locked", pin(PinStep::Clerk, false, Some(PinRefused::Locked { until: at() }))),
        ("courier-today", page(CourierPage::Today { fetch: 9, deliver: 2 })),
        ("parcels", screen(Parcels { repeated: true, ..free(9) })),
        ("parcels-empty", screen(free(0))),
        ("parcels-doubt", screen(Parcels { doubt: Some((0, DoubtWhy::CheckDigit)), ..free(4) })),
        ("parcels-announced", screen(announced(7))),
        ("parcels-announced-none", screen(announced(0))),
        ("parcels-announced-all", screen(announced(9))),
        ("parcels-continued", screen(Parcels { continued: true, ..announced(5) })),
        ("parcels-stranger", screen(Parcels { doubt: Some((21, DoubtWhy::NotAnnounced)), ..announced(7) })),
        ("parcels-other-way", screen(Parcels { doubt: Some((22, DoubtWhy::OtherWay)), ..announced(7) })),
        ("parcels-with-stranger", screen(with_stranger())),
        ("parcel-missing", page(CourierPage::Difference { line: expected(8), at: 1, of: 2 })),
        ("parcel-missing-last", page(CourierPage::Difference { line: expected(9), at: 2, of: 2 })),
        ("handover", done(0, 2, PrintState::Printed)),
        ("handover-printing", done(2, 1, PrintState::Printing)),
        ("handover-no-paper", done(2, 2, PrintState::Waiting(Fault::PrinterPaperOut))),
        ("handover-no-printer", done(0, 1, PrintState::None)),
    ]
}
