//! What the courier's pages (P01 to P06) read, and what a touch on them means.

use crate::{
    comfort::{List, TextSize},
    face::State,
    input::Typed,
    ui::{Act, DoubtKind, HandoverView, ParcelRow, ParcelsView, PinStep, PinView, RemarkView, ScreenKind, Tile},
    view,
};
use jiff::Timestamp;
use motcua_model::{
    Language, Private, Text,
    api::{self, Action, CourierPage, DoubtWhy, ExpectedLine, ParcelLine, PinRefused, Screen},
    code::ParcelCheck,
    handover::{Deviation, Direction},
};
use slint::SharedString;

/// Everything that the pages of the courier show.
#[derive(Default)]
pub(crate) struct Views {
    pub(crate) tiles: Vec<Tile>,
    pub(crate) pin: PinView,
    pub(crate) parcels: Vec<ParcelRow>,
    pub(crate) list: ParcelsView,
    pub(crate) remark: RemarkView,
    pub(crate) handover: HandoverView,
}

/// The views of this page.
pub(crate) fn views(page: &CourierPage, state: &State, language: Language) -> Views {
    let words = |text: &Text| SharedString::from(text.get(language));
    match page {
        CourierPage::Badge => Views::default(),
        CourierPage::Pin { step, checking, refused } => Views {
            pin: PinView {
                step: match step {
                    api::PinStep::Enter => PinStep::Enter,
                    api::PinStep::Courier => PinStep::Courier,
                    api::PinStep::Clerk => PinStep::Clerk,
                },
                checking: *checking,
                error: refused.map(|refused| words(&refused_words(refused))).unwrap_or_default(),
            },
            ..Views::default()
        },
        CourierPage::Today { fetch, deliver } => {
            let tile = |way: Direction, count: &u32| Tile {
                title: format!("{} ({count})", way.words().get(language)).into(),
                icon: "parcel".into(),
                enabled: true,
                ..Tile::default()
            };
            Views {
                tiles: Direction::ALL.into_iter().zip([fetch, deliver]).map(|(way, count)| tile(way, count)).collect(),
                ..Views::default()
            }
        }
        CourierPage::Parcels { direction, parcels, announced, missing, doubt, repeated, continued, tone: _ } => {
            let scanned = parcels.iter().filter(|parcel| !parcel.stranger).count();
            let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
            Views {
                parcels: rows(parcels, missing, state, language),
                list: ParcelsView {
                    way: words(&direction.words()),
                    counter: if *announced > 0 { format!("{scanned}/{announced}") } else { parcels.len().to_string() }.into(),
                    count: number(parcels.len()),
                    announced: i32::try_from(*announced).unwrap_or(i32::MAX),
                    missing: number(missing.len()),
                    doubtful: doubt.as_ref().map(|doubt| doubt.code.as_str().into()).unwrap_or_default(),
                    doubt: match doubt.as_ref().map(|doubt| doubt.why) {
                        None => DoubtKind::None,
                        Some(DoubtWhy::CheckDigit) => DoubtKind::CheckDigit,
                        Some(DoubtWhy::NotAnnounced) => DoubtKind::NotAnnounced,
                        Some(DoubtWhy::OtherWay) => DoubtKind::OtherWay,
                    },
                    repeated: *repeated,
                    continued: continued.map(|continued| hour(continued.begun).into()).unwrap_or_default(),
                    kept: continued.map(|continued| i32::try_from(continued.parcels).unwrap_or(i32::MAX)).unwrap_or_default(),
                },
                ..Views::default()
            }
        }
        CourierPage::Difference { line, at, of } => {
            let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
            let tile = |deviation: Deviation| Tile { title: words(&deviation.words()), enabled: true, ..Tile::default() };
            Views {
                tiles: Deviation::ALL.map(tile).into(),
                remark: RemarkView { code: line.code.as_str().into(), about: about(line).into(), at: number(*at), of: number(*of) },
                ..Views::default()
            }
        }
        CourierPage::Done { count, differences, code, copy, printing } => {
            // The advice speaks to citizens, of their dossier.
            let (print, fault_title, _) = view::print_words(*printing, language);
            let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
            Views {
                handover: HandoverView {
                    count: number(*count),
                    differences: number(*differences),
                    code: code.as_str().into(),
                    copy: i32::from(*copy),
                    print,
                    fault_title,
                },
                ..Views::default()
            }
        }
    }
}

/// The newest first, as the courier looks for it; then what is missing; then the others.
fn rows(parcels: &[ParcelLine], missing: &[ExpectedLine], state: &State, language: Language) -> Vec<ParcelRow> {
    let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let scanned = |(at, parcel): (usize, &ParcelLine)| ParcelRow {
        number: number(at + 1),
        code: parcel.code.as_str().into(),
        note: note(parcel, state.comfort.size, language),
        wrong: parcel.stranger || (parcel.check == ParcelCheck::Wrong && parcel.expected.is_none()),
        missing: false,
    };
    let awaited = |line: &ExpectedLine| ParcelRow {
        number: 0,
        code: line.code.as_str().into(),
        note: short(line, state.comfort.size),
        wrong: false,
        missing: true,
    };
    let newest_first = || parcels.iter().enumerate().rev();
    let all = newest_first().take(1).map(scanned).chain(missing.iter().map(awaited)).chain(newest_first().skip(1).map(scanned));
    let most = state.most(List::Parcels);
    all.skip(state.local.page * most).take(most).collect()
}

fn note(parcel: &ParcelLine, size: TextSize, language: Language) -> SharedString {
    let words = match (&parcel.expected, parcel.stranger, parcel.check) {
        (Some(line), ..) => return short(line, size),
        (None, true, _) => Text::new("Không có trong danh sách", "Not on the list"),
        (None, false, ParcelCheck::Wrong) => Text::new("Số kiểm tra sai", "Wrong check digit"),
        (None, false, ParcelCheck::NotS10) => Text::new("Không có số kiểm tra", "No check digit"),
        (None, false, ParcelCheck::Right) => Text::new("Đúng mã", "Code is right"),
    };
    words.get(language).into()
}

/// As much as has room on one line of the list; P04 shows it whole.
fn short(line: &ExpectedLine, size: TextSize) -> SharedString {
    let longest = match size {
        TextSize::Normal => 60,
        TextSize::Large => 42,
        TextSize::Largest => 34,
    };
    let whole = about(line);
    if whole.chars().count() <= longest {
        return whole.into();
    }
    let begin: String = whole.chars().take(longest - 1).collect();
    format!("{}…", begin.trim_end_matches([' ', ','])).into()
}

/// "320 g · Sở Tư pháp".
fn about(line: &ExpectedLine) -> String {
    match line.grams {
        Some(grams) => format!("{grams} g · {}", line.destination),
        None => line.destination.clone(),
    }
}

fn refused_words(refused: PinRefused) -> Text {
    match refused {
        PinRefused::Wrong { left } => {
            Text::new(format!("Mã PIN chưa đúng. Còn {left} lần."), format!("The PIN is not right. Tries left: {left}."))
        }
        PinRefused::Locked { until } => {
            let at = hour(until);
            Text::new(format!("Đã sai 3 lần. Gõ lại sau {at}."), format!("Wrong 3 times. Try again after {at}."))
        }
        PinRefused::Unchecked => Text::new("Chưa kiểm tra được mã PIN. Nhập lại.", "The PIN could not be checked. Type it again."),
    }
}

/// "14:05".
fn hour(at: Timestamp) -> String {
    view::in_vietnam(at).strftime("%H:%M").to_string()
}

/// The page's kind.
pub(crate) fn kind(page: &CourierPage) -> ScreenKind {
    match page {
        CourierPage::Badge => ScreenKind::CourierBadge,
        CourierPage::Pin { .. } => ScreenKind::CourierPin,
        CourierPage::Today { .. } => ScreenKind::CourierToday,
        CourierPage::Parcels { .. } => ScreenKind::Parcels,
        CourierPage::Difference { .. } => ScreenKind::ParcelDifference,
        CourierPage::Done { .. } => ScreenKind::HandoverDone,
    }
}

/// The list that the page shows in parts.
pub(crate) fn list(page: &CourierPage) -> Option<(List, usize)> {
    match page {
        CourierPage::Parcels { parcels, missing, .. } => Some((List::Parcels, parcels.len() + missing.len())),
        CourierPage::Badge
        | CourierPage::Pin { .. }
        | CourierPage::Today { .. }
        | CourierPage::Difference { .. }
        | CourierPage::Done { .. } => None,
    }
}

/// A touch on one of the pages.
pub(crate) fn action(act: Act, at: usize) -> Option<Action> {
    if act == Act::ChooseDirection {
        Some(Action::ChooseDirection { direction: *Direction::ALL.get(at)? })
    } else if act == Act::GiveDeviation {
        Some(Action::GiveDeviation { deviation: *Deviation::ALL.get(at)?, rest: false })
    } else if act == Act::RestMissing {
        Some(Action::GiveDeviation { deviation: Deviation::Missing, rest: true })
    } else if act == Act::CloseHandover {
        Some(Action::CloseHandover)
    } else {
        let keep = act == Act::ParcelKeep;
        (keep || act == Act::ParcelDrop).then_some(Action::ConfirmParcel { keep })
    }
}

/// The digits of a PIN, shown as points.
pub(crate) fn typed(screen: &Screen) -> Option<Typed> {
    matches!(screen, Screen::Courier { page: CourierPage::Pin { .. } }).then(Typed::pin)
}

/// A PIN that was typed.
pub(crate) fn entered(page: &CourierPage, value: String) -> Option<Action> {
    matches!(page, CourierPage::Pin { .. }).then(|| Action::EnterPin { pin: Private::new(value) })
}
