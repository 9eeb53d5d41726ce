//! Paper, pages and the scanner's faults.

use crate::common::*;
use motcua_flow::{Effect, Event};
use motcua_model::{
    api::{Action, Overlay, Screen},
    fault::Fault,
    pages::PageFault,
};
use uuid::Uuid;

#[test]
fn every_scanner_fault_keeps_answers_and_pages() {
    for fault in [
        Fault::ScannerGone,
        Fault::ScannerBusy,
        Fault::ScannerJam,
        Fault::ScannerCoverOpen,
        Fault::ScannerEmpty,
        Fault::ScannerDoubleFeed,
        Fault::ScannerUnsure,
        Fault::PageDamaged,
        Fault::StoreFailed,
    ] {
        let mut desk = Desk::new();
        desk.reach_papers();
        desk.act(Action::ScanPaper { paper: 0 });
        desk.act(Action::DeclareSheets { sheets: 3 });
        let first = desk.start_scan();
        desk.page(first);
        desk.page(first);
        desk.fault(first, fault);
        assert_eq!(desk.overlay(), Some(Overlay::Fault { fault, retry: true }));
        let before = desk.screen();

        let effects = desk.act(Action::Retry);
        let [Effect::StartScan { job, sheets: 2, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        let job = *job;
        assert_ne!(job, first);
        assert_eq!(desk.overlay(), None);
        let dropped = desk.page(first);
        assert!(matches!(dropped.as_slice(), [Effect::DropPages { .. }]), "a page of the old job is no page of this one");
        for _ in 0..4 {
            assert!(saved(&desk.page(job)).is_some());
        }
        desk.send(Event::ScanEnded { job: first, fault: None });
        assert_eq!(desk.code(), "C11");
        desk.send(Event::ScanEnded { job, fault: None });
        assert!(matches!(desk.screen(), Screen::PageCheck { pages, expected: 6, .. } if pages.len() == 6));
        assert!(matches!(before, Screen::Scan { pages, running: false, .. } if pages.len() == 2));
    }
}

#[test]
fn what_was_scanned_before_a_fault_can_be_accepted_as_it_is() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.act(Action::ScanPaper { paper: 0 });
    desk.act(Action::DeclareSheets { sheets: 2 });
    let job = desk.start_scan();
    desk.page(job);
    desk.fault(job, Fault::ScannerJam);
    desk.act(Action::Dismiss);
    assert!(matches!(desk.screen(), Screen::PageCheck { pages, expected: 4, .. } if pages.len() == 1));
    let effects = desk.act(Action::AcceptPages);
    let draft = saved(&effects).unwrap();
    assert!(draft.documents[0].count_differs && draft.scanning.is_none());
    assert_eq!(desk.code(), "C08");
}

#[test]
fn pages_can_be_added_replaced_counted_again_or_given_up() {
    let mut desk = Desk::new();
    desk.reach_check();
    desk.act(Action::ScanMore);
    assert_eq!(desk.code(), "C11");
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C11b", "pages that are there are not lost by going back");
    desk.act(Action::ScanMore);
    desk.scan_pages(2);
    assert!(matches!(desk.screen(), Screen::PageCheck { pages, expected: 2, .. } if pages.len() == 4));
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C10");
    let effects = desk.act(Action::DeclareSheets { sheets: 2 });
    assert_eq!(saved(&effects).unwrap().scanning.as_ref().unwrap().pages.len(), 4);
    assert!(matches!(desk.screen(), Screen::PageCheck { expected: 4, .. }));
    let effects = desk.act(Action::ScanAgain);
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] if pages.len() == 4));
    assert!(matches!(desk.screen(), Screen::Scan { pages, running: false, .. } if pages.is_empty()));
    desk.scan_pages(2);
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C08");
    let effects = desk.act(Action::ScanPaper { paper: 1 });
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] if pages.len() == 2));
}

fn rescan(desk: &mut Desk, page: Uuid) -> (Uuid, Vec<Uuid>) {
    let effects = desk.act(Action::RescanPage { page });
    let [Effect::StartScan { job, sheets: 1, beside, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    (*job, beside.clone())
}

#[test]
fn one_tap_scans_a_sheet_again_and_its_sides_take_the_old_places() {
    let (mut desk, old) = desk_with_two_sheets();
    let Screen::PageCheck { pages, .. } = desk.screen() else { panic!() };
    assert_eq!((pages[0].fault, pages[1].fault), (Some(PageFault::Crooked), None));
    let (job, beside) = rescan(&mut desk, old[1]);
    assert_eq!(beside, old[2..], "the sheet itself is no repetition of itself");
    assert_eq!(ids(&desk), old, "nothing goes before something comes");

    for (at, new) in [(0, 911), (1, 912)] {
        let effects = desk.send(Event::PageStored { job, page: side(new) });
        let [Effect::SaveDraft(draft), Effect::DropPages { pages, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(*pages, [old[at]], "after the save that no longer names it");
        assert_eq!(draft.scanning.as_ref().unwrap().pages[at], side(new));
    }
    let surplus = desk.send(Event::PageStored { job, page: side(913) });
    assert!(matches!(surplus.as_slice(), [Effect::DropPages { .. }, Effect::CancelScan { .. }]), "another sheet lay in the feeder");
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!((desk.code(), ids(&desk)), ("C11b", [911, 912, 903, 904].map(Uuid::from_u128).to_vec()));

    desk.act(Action::ScanMore);
    let job = desk.start_scan();
    desk.send(Event::PageStored { job, page: side(921) });
    assert_eq!(ids(&desk).len(), 5, "the next scan adds again");
}

#[test]
fn a_rescan_that_fails_loses_nothing_and_can_be_tried_again_or_left() {
    let (mut desk, old) = desk_with_two_sheets();
    let (first, _) = rescan(&mut desk, old[2]);
    desk.fault(first, Fault::ScannerEmpty);
    assert_eq!(ids(&desk), old);
    let effects = desk.act(Action::Retry);
    let [Effect::StartScan { job, sheets: 1, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    desk.send(Event::PageStored { job, page: side(911) });
    desk.fault(job, Fault::ScannerJam);
    let effects = desk.act(Action::Retry);
    let [Effect::StartScan { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    // The whole sheet goes through once more, its front first.
    desk.send(Event::PageStored { job, page: side(913) });
    desk.send(Event::PageStored { job, page: side(914) });
    desk.send(Event::ScanEnded { job, fault: None });
    let now = [901, 902, 913, 914].map(Uuid::from_u128);
    assert_eq!((desk.code(), ids(&desk)), ("C11b", now.to_vec()));

    let (job, _) = rescan(&mut desk, now[0]);
    desk.fault(job, Fault::ScannerGone);
    desk.act(Action::Dismiss);
    assert_eq!((desk.code(), ids(&desk)), ("C11b", now.to_vec()));
    desk.act(Action::ScanMore);
    let job = desk.start_scan();
    desk.send(Event::PageStored { job, page: side(921) });
    assert_eq!(ids(&desk).len(), 5, "what was left is over");
}

#[test]
fn a_one_sided_page_is_replaced_alone() {
    let mut desk = Desk::new();
    desk.reach_check();
    let old = ids(&desk);
    let (job, beside) = rescan(&mut desk, old[0]);
    assert_eq!(beside, old[1..]);
    desk.send(Event::PageStored { job, page: page(911) });
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!(ids(&desk), [Uuid::from_u128(911), old[1]]);
    assert!(desk.act(Action::RescanPage { page: old[0] }).is_empty(), "a page that is no longer there");
}

#[test]
fn a_cancelled_scan_waits_for_the_scanner_and_keeps_its_pages() {
    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    assert!(matches!(desk.act(Action::CancelScan).as_slice(), [Effect::CancelScan { job: j }] if *j == job));
    desk.page(job);
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!(desk.code(), "C11b");
    let Screen::PageCheck { pages, .. } = desk.screen() else { panic!() };
    assert!(matches!(desk.page(job).as_slice(), [Effect::DropPages { .. }]));
    assert!(matches!(desk.screen(), Screen::PageCheck { pages: after, .. } if after == pages));

    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    desk.act(Action::CancelScan);
    desk.send(Event::ScanEnded { job, fault: None });
    assert!(matches!(desk.screen(), Screen::Scan { running: false, .. }), "nothing to check");
}

#[test]
fn pages_are_shown_during_their_visit_only() {
    let mut desk = Desk::new();
    desk.reach_check();
    let Screen::PageCheck { pages, .. } = desk.screen() else { panic!() };
    assert!(desk.kiosk.page_of_visit(pages[0].id));
    assert!(!desk.kiosk.page_of_visit(uuid::Uuid::from_u128(7)));
    desk.act(Action::End);
    desk.act(Action::End);
    assert!(!desk.kiosk.page_of_visit(pages[0].id));
}

#[test]
fn a_page_that_no_visit_keeps_is_erased() {
    let late = page(4242);
    let stored = |job| Event::PageStored { job, page: page(4242) };
    let dropped = |dossier| [Effect::DropPages { dossier, pages: vec![late.image.id] }];
    for (name, mut desk) in every_screen() {
        let before = desk.seen();
        let effects = desk.send(stored(uuid::Uuid::from_u128(7)));
        assert!(matches!(effects.as_slice(), [Effect::DropPages { pages, .. }] if *pages == [late.image.id]), "{name}: {effects:?}");
        assert!(!desk.kiosk.page_of_visit(late.image.id), "{name}");
        assert_eq!(desk.code(), name.split_whitespace().next().unwrap());
        assert!(desk.seen() == before || name.ends_with("still there?"), "{name}");
    }

    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    desk.act(Action::End);
    desk.act(Action::End);
    assert_eq!(desk.send(stored(job)), dropped(uuid::Uuid::nil()), "of a visit that has ended");
    desk.reach_scan();
    desk.start_scan();
    assert_eq!(desk.send(stored(job)).len(), 1, "of the person before");
    assert!(matches!(desk.screen(), Screen::Scan { pages, running: true, .. } if pages.is_empty()));

    let mut desk = Desk::new();
    let submission = desk.reach_submitting();
    assert_eq!(desk.send(stored(job)), dropped(submission.id));
}

#[test]
fn a_page_that_the_visit_holds_is_never_erased() {
    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    let stored = || Event::PageStored { job, page: page(4242) };
    desk.send(stored());
    let held = |desk: &Desk| desk.kiosk.page_of_visit(page(4242).image.id);
    assert!(desk.send(stored()).is_empty(), "told twice");
    assert!(matches!(desk.screen(), Screen::Scan { pages, .. } if pages.len() == 1));
    desk.send(Event::ScanEnded { job, fault: None });
    assert!(desk.send(stored()).is_empty() && held(&desk));
    desk.act(Action::AcceptPages);
    assert!(desk.send(stored()).is_empty() && held(&desk));
}
