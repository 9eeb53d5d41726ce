//! After a power cut the person finds the filing or the slip again.

use crate::common::*;
use motcua_flow::{Effect, EndReason, Event, SlipOf, Unfinished};
use motcua_model::api::{Action, Screen};

#[test]
fn an_unfinished_filing_goes_on_where_it_stopped() {
    type Way = fn(&mut Desk);
    let stops: [(Way, &str); 5] = [
        (|d| d.reach_questions(), "C07"),
        (|d| d.reach_papers(), "C08"),
        (|d| d.reach_scan(), "C11"),
        (|d| d.reach_check(), "C11b"),
        (|d| d.reach_review(), "C08"),
    ];
    for (way, code) in stops {
        let draft = draft_of(way);
        let mut desk = Desk::new();
        desk.scan(CARD);
        desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
        assert!(matches!(desk.screen(), Screen::Resume { left, procedure } if left == draft.saved && procedure.en == "Birth registration"));
        let effects = desk.act(Action::Resume { go_on: true });
        assert_eq!(desk.code(), code);
        let resumed = saved(&effects).unwrap();
        assert_eq!((&resumed.answers, &resumed.documents, &resumed.scanning), (&draft.answers, &draft.documents, &draft.scanning));
    }
}

#[test]
fn an_unfinished_filing_can_be_thrown_away_or_left_alone() {
    let draft = draft_of(|d| d.reach_papers());
    let found = || Event::Unfinished(Unfinished::Draft(Box::new(draft.clone())));
    let mut desk = Desk::new();
    desk.reach_identify();
    desk.scan(CARD);
    desk.send(found());
    assert_eq!(desk.act(Action::Resume { go_on: false }), [Effect::DropDraft { id: draft.id, reason: EndReason::Discarded }]);
    assert_eq!(desk.code(), "C06");
    desk.send(found());
    assert_eq!(desk.code(), "C06", "a late answer does not bring it back");

    let mut desk = Desk::new();
    desk.scan(CARD);
    desk.send(found());
    assert!(desk.act(Action::End).is_empty(), "who does not decide keeps it");
    assert_eq!(desk.code(), "C01");
}

#[test]
fn unfinished_business_of_another_person_is_never_shown() {
    let draft = draft_of(|d| d.reach_papers());
    let mut desk = Desk::new();
    desk.scan(OTHER_CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    assert_eq!(desk.code(), "C02");
    let mut desk = Desk::new();
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
    assert_eq!(desk.code(), "C01");
}

#[test]
fn a_draft_of_an_older_catalogue_keeps_what_still_has_a_place() {
    let mut draft = draft_of(|d| d.reach_review());
    draft.catalogue_version = 0;
    draft.answers[0].question = "no_longer_asked".into();
    draft.documents[1].component = "NO-LONGER".into();
    draft.left = vec![0, 2, 200];
    let mut desk = Desk::new();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    let effects = desk.act(Action::Resume { go_on: true });
    let [Effect::SaveDraft(saved), Effect::DropPages { pages, .. }, Effect::AskHub { .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((saved.catalogue_version, saved.answers.len(), saved.documents.len(), &saved.left), (6, 4, 1, &vec![2]));
    assert_eq!(pages.len(), 2);
    assert!(matches!(desk.screen(), Screen::Question { at: 1, .. }));
    let effects = desk.answer("Nguyễn Văn Bé");
    assert_eq!(crate::common::saved(&effects).unwrap().answers[0].question, "child_name", "in the order of the form");

    draft.procedure = "1.999999".into();
    let mut desk = Desk::new();
    desk.scan(CARD);
    let effects = desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    assert_eq!(effects, [Effect::DropDraft { id: draft.id, reason: EndReason::Discarded }]);
    assert_eq!(desk.code(), "C02");
}

#[test]
fn a_slip_that_was_never_printed_comes_out_with_the_card() {
    let mut desk = Desk::new();
    let submission = desk.reach_submitting();
    let id = submission.id;
    let dossier = Box::new(submission.into_dossier(provisional(), "H99.50", "K07", desk.at().wall));
    let mut desk = Desk::new();
    desk.send(Event::Restarted { unfinished: 1 });
    assert!(matches!(desk.screen(), Screen::Waiting { unfinished: true, .. }));
    desk.scan(CARD);
    let effects = desk.send(Event::Unfinished(Unfinished::Slip(dossier)));
    let [Effect::KeepProof { dossier: kept, .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.job, slip.of, slip.code.as_str()), (id, SlipOf::Dossier, provisional().as_str()));
    assert_eq!(*kept, id, "what a power cut kept from being kept");
    assert_eq!(desk.code(), "C17");
    desk.act(Action::SlipTaken);
    desk.act(Action::End);
    assert!(matches!(desk.screen(), Screen::Waiting { unfinished: false, .. }));
}

#[test]
fn a_slip_that_waits_again_is_kept_again() {
    let mut desk = Desk::new();
    let submission = desk.reach_submitting();
    let dossier = Box::new(submission.into_dossier(provisional(), "H99.50", "K07", desk.at().wall));
    let job = dossier.id;
    let mut desk = Desk::new();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Slip(dossier)));
    assert_eq!(desk.wait(345), [Effect::CloseSlip { job, keep: true }]);
}

#[test]
fn the_word_of_the_restart_goes_away_after_ten_minutes() {
    let mut desk = Desk::new();
    desk.send(Event::Restarted { unfinished: 2 });
    desk.wait(599);
    assert!(matches!(desk.screen(), Screen::Waiting { unfinished: true, .. }));
    desk.wait(2);
    assert!(matches!(desk.screen(), Screen::Waiting { unfinished: false, .. }));
    assert_eq!(desk.kiosk.wake_at(), None);
}
