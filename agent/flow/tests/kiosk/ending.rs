//! Silence, the end, and what is left of a person afterwards: nothing.

use crate::common::*;
use motcua_flow::{Effect, EndReason, Event};
use motcua_model::{
    Language, Text,
    api::{Action, DeviceState, Health, Overlay, PrintState, Screen, Service},
    fault::Fault,
};

#[test]
fn silence_is_asked_about_and_then_ends_the_visit() {
    let mut desk = Desk::new();
    desk.reach_review();
    assert!(desk.wait(89).is_empty());
    assert_eq!(desk.overlay(), None);
    desk.wait(1);
    assert_eq!(desk.overlay(), Some(Overlay::StillThere { seconds: 45 }));
    desk.wait(5);
    assert_eq!(desk.overlay(), Some(Overlay::StillThere { seconds: 40 }));
    desk.act(Action::MoreTime);
    assert_eq!((desk.code(), desk.overlay()), ("C12", None));
    assert!(desk.wait(134).is_empty());
    assert_eq!(desk.overlay(), Some(Overlay::StillThere { seconds: 1 }));
    assert!(matches!(desk.wait(1).as_slice(), [Effect::DropDraft { reason: EndReason::Idle, .. }]));
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn under_the_question_any_touch_means_yes_and_nothing_else() {
    for action in [Action::Touch, Action::Dismiss, Action::Submit, Action::Back, Action::Retry] {
        let mut desk = Desk::new();
        desk.reach_review();
        desk.wait(100);
        assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })));
        assert!(desk.act(action).is_empty());
        assert_eq!((desk.code(), desk.overlay()), ("C12", None));
    }
    let mut desk = Desk::new();
    desk.reach_review();
    desk.wait(100);
    assert!(matches!(desk.act(Action::End).as_slice(), [Effect::DropDraft { reason: EndReason::Ended, .. }]));
}

#[test]
fn a_fault_under_the_question_is_still_there_afterwards() {
    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    desk.page(job);
    desk.fault(job, Fault::ScannerJam);
    desk.act(Action::Help);
    desk.wait(185);
    assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })));
    desk.act(Action::MoreTime);
    assert_eq!(desk.overlay(), Some(Overlay::Help));
    desk.act(Action::Dismiss);
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::ScannerJam, retry: true }));
}

#[test]
fn a_working_scanner_or_disk_is_never_interrupted() {
    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    desk.wait(3600);
    assert_eq!((desk.code(), desk.overlay()), ("C11", None));
    desk.page(job);
    desk.send(Event::ScanEnded { job, fault: None });
    desk.wait(179);
    assert_eq!(desk.overlay(), None);

    let mut desk = Desk::new();
    desk.reach_submitting();
    desk.wait(3600);
    assert_eq!((desk.code(), desk.overlay()), ("C14", None));
    assert!(desk.act(Action::End).is_empty());
    assert_eq!(desk.code(), "C14");
}

#[test]
fn a_forgotten_slip_is_kept_for_who_comes_back_only_while_it_is_to_be_printed() {
    let cases = [
        (None, true),
        (Some(PrintState::Printing), true),
        (Some(PrintState::Waiting(Fault::PrinterPaperOut)), true),
        (Some(PrintState::Printed), false),
        (Some(PrintState::Unknown), false),
        (Some(PrintState::None), false),
    ];
    for (news, keep) in cases {
        let desk = || {
            let mut desk = Desk::new();
            let job = desk.reach_slip();
            if let Some(state) = news {
                desk.print(job, state);
            }
            (desk, job)
        };
        let (mut silent, job) = desk();
        assert_eq!(silent.wait(345), [Effect::CloseSlip { job, keep }], "{news:?}");
        assert_eq!(silent.code(), "C01");

        let (mut taken, job) = desk();
        assert_eq!(taken.act(Action::SlipTaken), [Effect::CloseSlip { job, keep: false }], "{news:?}");
        let (mut ended, job) = desk();
        assert_eq!(ended.act(Action::End), [Effect::CloseSlip { job, keep: false }], "{news:?}");
        let (mut ended_under_the_question, job) = desk();
        ended_under_the_question.wait(301);
        assert_eq!(ended_under_the_question.act(Action::End), [Effect::CloseSlip { job, keep: false }], "{news:?}");
    }

    let mut desk = Desk::new();
    desk.send(Event::Health(Health { printer: DeviceState::Absent, ..READY }));
    let job = desk.reach_slip();
    assert_eq!(desk.wait(345), [Effect::CloseSlip { job, keep: false }], "without a printer there is nothing to wait for");
}

#[test]
fn who_cannot_be_served_by_the_disk_is_told_and_keeps_the_visit() {
    let told = Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false });
    for (name, mut desk) in every_screen() {
        let (before, overlay, snapshot) = (desk.screen(), desk.overlay(), desk.snapshot());
        assert!(desk.send(Event::StoreFailed).is_empty(), "{name}");
        assert_eq!(desk.screen(), before, "{name}");
        if matches!(desk.code(), "C01" | "C99") {
            assert_eq!(desk.snapshot(), snapshot, "{name}");
            continue;
        }
        // What the person asked for, and whether somebody is there, is answered first.
        match &overlay {
            Some(Overlay::Help | Overlay::ConfirmEnd | Overlay::StillThere { .. }) => {
                assert_eq!(desk.overlay(), overlay, "{name}");
                desk.act(Action::Dismiss);
            }
            Some(Overlay::Fault { .. }) | None => assert!(desk.snapshot().step > snapshot.step || overlay == told, "{name}"),
        }
        assert_eq!((desk.screen(), desk.overlay()), (before, told.clone()), "{name}");
        assert!(desk.act(Action::Retry).is_empty(), "{name}");
        desk.act(Action::Dismiss);
        assert_eq!(desk.overlay(), None, "{name}");
        desk.send(Event::StoreFailed);
        if !["C14", "C11 running"].contains(&name) && !name.ends_with("storing") {
            desk.wait(1000);
            assert_eq!(desk.seen(), Desk::new().seen(), "{name}: nothing of it is left for the next person");
        }
    }
}

#[test]
fn a_failing_disk_is_no_sign_of_life() {
    let mut desk = Desk::new();
    desk.reach_review();
    desk.wait(80);
    desk.send(Event::StoreFailed);
    desk.wait(11);
    assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })));
    desk.send(Event::StoreFailed);
    assert!(matches!(desk.wait(45).as_slice(), [Effect::DropDraft { reason: EndReason::Idle, .. }]));
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn the_end_is_asked_where_something_would_be_lost() {
    let mut desk = Desk::new();
    desk.reach_identify();
    assert!(desk.act(Action::End).is_empty());
    assert_eq!(desk.code(), "C01");

    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    assert!(desk.act(Action::End).is_empty());
    assert_eq!(desk.overlay(), Some(Overlay::ConfirmEnd));
    desk.act(Action::Dismiss);
    assert_eq!((desk.code(), desk.overlay()), ("C11", None));
    desk.act(Action::End);
    let effects = desk.act(Action::End);
    assert!(matches!(effects.as_slice(), [Effect::CancelScan { job: j }, Effect::DropDraft { reason: EndReason::Ended, .. }] if *j == job));
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn the_language_changes_anywhere_without_loss_and_is_reset_at_the_end() {
    for (name, mut desk) in every_screen() {
        let before = (desk.screen(), desk.overlay());
        desk.act(Action::SetLanguage { language: Language::En });
        assert_eq!(desk.snapshot().language, Language::En, "{name}");
        let warned = matches!(before.1, Some(Overlay::StillThere { .. }));
        assert_eq!((desk.screen(), desk.overlay()), (before.0, before.1.filter(|_| !warned)), "{name}");
        if let Some(draft) = saved(&desk.act(Action::SetLanguage { language: Language::En })) {
            assert_eq!(draft.language, Language::En, "{name}");
        }
        if !["C14", "C11 running", "C99"].contains(&name) && !name.ends_with("storing") {
            desk.wait(1000);
            assert_eq!(desk.seen(), Desk::new().seen(), "{name}");
        }
    }
}

#[test]
fn nothing_personal_is_left_after_the_slip_or_the_end() {
    let shows = |desk: &Desk| PERSONAL.iter().any(|text| desk.seen().contains(text));
    let mut desk = Desk::new();
    desk.reach_review();
    assert!(shows(&desk));
    desk.act(Action::Submit);
    let mut desk = Desk::new();
    desk.reach_slip();
    assert!(!shows(&desk));
    for (name, mut desk) in every_screen() {
        desk.act(Action::End);
        desk.act(Action::End);
        desk.wait(1000);
        assert!(!shows(&desk), "{name}");
    }
}

#[test]
fn out_of_service_stops_the_scanner_and_keeps_the_draft() {
    let mut desk = Desk::new();
    desk.reach_scan();
    let job = desk.start_scan();
    let reason = Text::new("Ổ đĩa đầy", "The disk is full");
    assert_eq!(desk.send(Event::OutOfService(reason.clone())), [Effect::CancelScan { job }]);
    assert_eq!(desk.screen(), Screen::OutOfService { reason });
    desk.act(Action::Start { service: Service::LookUp });
    desk.scan(CARD);
    assert_eq!((desk.code(), desk.kiosk.wake_at()), ("C99", None));
}
