//! The visit as people make it: the whole way, every fault on it, resume, idle, end.

use crate::common::*;
use motcua_flow::{Effect, EndReason, Event, Known, Unfinished};
use motcua_model::{
    Language, Private, Text,
    api::{
        Action, ActionRequest, ChangeTarget, DeviceState, Health, LinkState, Overlay, PaperState, PrintState, ReviewValue, Screen, Service,
    },
    dossier::Status,
    fault::Fault,
};

#[test]
fn a_birth_registration_from_the_first_touch_to_the_slip() {
    let mut desk = Desk::new();
    desk.to_identify();
    let effects = desk.scan(CARD);
    assert!(matches!(effects.as_slice(), [Effect::FindUnfinished { number }] if number.reveal() == "001190000016"));
    assert!(desk.send(Event::Unfinished(Unfinished::Nothing)).is_empty());
    let Screen::ConfirmPerson { name, birth_year, number, .. } = desk.screen() else { panic!() };
    assert_eq!((name.reveal(), birth_year, number.as_str()), ("Nguyễn Thị Mẫu", 1990, "001••••••016"));

    let effects = desk.act(Action::ConfirmPerson { correct: true });
    let draft = saved(&effects).unwrap().clone();
    assert!(draft.applicant.confirmed && draft.applicant.number_agrees);
    for (value, stored) in
        [("Nguyễn Văn  Bé", "Nguyễn Văn Bé"), ("20.11.2026", "20/11/2026"), ("male", "male"), ("0900 000 456", "0900000456")]
    {
        let effects = desk.answer(value);
        assert_eq!(saved(&effects).unwrap().answers.last().unwrap().value.reveal(), stored);
    }
    desk.scan_paper(0);
    desk.scan_paper(1);
    let Screen::Papers { papers } = desk.screen() else { panic!() };
    let states: Vec<PaperState> = papers.iter().map(|p| p.state).collect();
    assert_eq!(states, [PaperState::Scanned(2), PaperState::Scanned(2), PaperState::ToScan]);
    desk.act(Action::PapersDone);
    let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(rows.last().unwrap().value, ReviewValue::Words(Text::new("Không nộp giấy này", "Not handed in")));

    let effects = desk.act(Action::Submit);
    let [Effect::Submit(submission)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(submission.id, draft.id);
    let answers: Vec<&str> = submission.answers.iter().map(|a| a.question.as_str()).collect();
    assert_eq!(answers, ["child_name", "child_birth", "child_sex", "phone"]);
    let papers: Vec<&str> = submission.documents.iter().map(|d| d.component.as_str()).collect();
    assert_eq!(papers, ["TK-KS", "GCS"]);
    assert!(submission.documents.iter().all(|d| d.sheets == 1 && d.pages.len() == 2 && !d.count_differs));

    let effects = desk.send(Event::Submitted { id: submission.id, code: provisional() });
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(slip.job, submission.id);
    assert_eq!(slip.qr, format!("https://dichvucong.example.vn/tra-cuu?m={}", provisional()));
    assert!(PERSONAL.iter().all(|text| !format!("{slip:?}").contains(text)), "{slip:?}");
    desk.print(slip.job, PrintState::Printed);
    let Screen::Slip { code, printing, offline, .. } = desk.screen() else { panic!() };
    assert_eq!((code, printing, offline), (provisional().to_string(), PrintState::Printed, false));
    assert!(matches!(desk.act(Action::SlipTaken).as_slice(), [Effect::CloseSlip { job }] if *job == submission.id));
    assert_eq!(desk.code(), "C18");
    assert!(desk.wait(15).is_empty());
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn the_other_papers_order_and_a_second_thought_leave_the_dossier_in_order() {
    let mut desk = Desk::new();
    desk.to_papers();
    desk.scan_paper(1);
    desk.scan_paper(2);
    desk.act(Action::LeavePaper { paper: 0 });
    desk.act(Action::PapersDone);
    assert_eq!(desk.code(), "C08", "a required paper can neither be left nor be missing");
    desk.scan_paper(0);
    let effects = desk.act(Action::LeavePaper { paper: 2 });
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] if pages.len() == 2));
    desk.act(Action::PapersDone);
    desk.act(Action::Change { target: ChangeTarget::Question(0) });
    desk.answer("Nguyễn Văn Bế");
    assert_eq!(desk.code(), "C12");
    desk.act(Action::Change { target: ChangeTarget::Paper(1) });
    desk.act(Action::DeclareSheets { sheets: 2 });
    desk.scan_pages(4);
    let effects = desk.act(Action::AcceptPages);
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] if pages.len() == 2));
    assert_eq!(desk.code(), "C12");
    let effects = desk.act(Action::Submit);
    let [Effect::Submit(submission)] = effects.as_slice() else { panic!("{effects:?}") };
    let papers: Vec<(&str, usize)> = submission.documents.iter().map(|d| (d.component.as_str(), d.pages.len())).collect();
    assert_eq!(papers, [("TK-KS", 2), ("GCS", 4)]);
    assert_eq!(submission.answers[0].value.reveal(), "Nguyễn Văn Bế");
}

#[test]
fn wrong_data_on_the_card_do_not_stop_the_person() {
    let mut desk = Desk::new();
    desk.to_person();
    let effects = desk.act(Action::ConfirmPerson { correct: false });
    assert!(!saved(&effects).unwrap().applicant.confirmed);
    assert_eq!(desk.code(), "C07");
}

#[test]
fn a_refused_answer_stays_with_its_advice_and_back_keeps_the_answers() {
    let mut desk = Desk::new();
    desk.to_questions();
    desk.answer("Nguyễn Văn Bé");
    let step = desk.snapshot().step;
    assert!(desk.answer("24/11/2026").is_empty(), "nothing wrong is stored");
    let Screen::Question { answer, error, at, of, .. } = desk.screen() else { panic!() };
    assert_eq!((answer.reveal(), at, of), ("24/11/2026", 2, 4));
    assert!(error.unwrap().vi.contains("chưa đến"));
    assert_eq!(desk.snapshot().step, step);
    desk.act(Action::Back);
    let Screen::Question { answer, error, .. } = desk.screen() else { panic!() };
    assert_eq!((answer.reveal(), error), ("Nguyễn Văn Bé", None));
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C06");
    desk.act(Action::ConfirmPerson { correct: true });
    assert!(matches!(desk.screen(), Screen::Question { answer, .. } if answer.reveal() == "Nguyễn Văn Bé"));
}

#[test]
fn today_is_the_day_in_vietnam() {
    let mut desk = Desk::new();
    desk.to_questions();
    desk.answer("Nguyễn Văn Bé");
    // 17:30 UTC is half past midnight of the next day in Vietnam.
    let at = motcua_flow::At { wall: "2026-11-23T17:30:00Z".parse().unwrap(), ..desk.at() };
    let step = desk.snapshot().step;
    let action = Action::Answer { value: Private::new("24/11/2026") };
    assert_eq!(desk.kiosk.handle(Event::Action(ActionRequest { step, action }), &at).len(), 1);
}

#[test]
fn wrong_scans_count_and_keep_the_visit() {
    let mut desk = Desk::new();
    desk.to_identify();
    desk.scan("8934563138165");
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::NotACard, retry: false }));
    desk.send(Event::ReaderGarbage);
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::ReaderGarbage, retry: false }));
    assert_eq!(desk.screen(), Screen::Identify { failed: 2 });
    desk.scan(CARD);
    assert_eq!(desk.overlay(), None);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert_eq!(desk.code(), "C06");
    desk.scan(OTHER_CARD);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert!(matches!(desk.screen(), Screen::ConfirmPerson { name, .. } if name.reveal() == "Nguyễn Thị Mẫu"));
    desk.act(Action::Back);
    desk.scan(OTHER_CARD);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert!(matches!(desk.screen(), Screen::ConfirmPerson { name, .. } if name.reveal() == "Trần Văn Thử"));
}

#[test]
fn a_card_on_the_first_screen_skips_the_identification() {
    let mut desk = Desk::new();
    assert_eq!(desk.scan(CARD).len(), 1);
    assert_eq!(desk.code(), "C02");
    desk.send(Event::Unfinished(Unfinished::Nothing));
    desk.act(Action::Agree);
    desk.act(Action::ChooseProcedure { code: MARRIAGE.into() });
    desk.act(Action::HavePapers);
    assert_eq!(desk.code(), "C06");
}

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
        desk.to_papers();
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
        assert!(desk.page(first).is_empty(), "a page of the old job is no page of this one");
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
    desk.to_papers();
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
    desk.to_check();
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

#[test]
fn a_cancelled_scan_waits_for_the_scanner_and_keeps_its_pages() {
    let mut desk = Desk::new();
    desk.to_scan();
    let job = desk.start_scan();
    assert!(matches!(desk.act(Action::CancelScan).as_slice(), [Effect::CancelScan { job: j }] if *j == job));
    desk.page(job);
    desk.send(Event::ScanEnded { job, fault: None });
    assert_eq!(desk.code(), "C11b");
    assert!(desk.page(job).is_empty());

    let mut desk = Desk::new();
    desk.to_scan();
    let job = desk.start_scan();
    desk.act(Action::CancelScan);
    desk.send(Event::ScanEnded { job, fault: None });
    assert!(matches!(desk.screen(), Screen::Scan { running: false, .. }), "nothing to check");
}

#[test]
fn pages_are_shown_during_their_visit_only() {
    let mut desk = Desk::new();
    desk.to_check();
    let Screen::PageCheck { pages, .. } = desk.screen() else { panic!() };
    assert!(desk.kiosk.page_of_visit(pages[0].id));
    assert!(!desk.kiosk.page_of_visit(uuid::Uuid::from_u128(7)));
    desk.act(Action::End);
    desk.act(Action::End);
    assert!(!desk.kiosk.page_of_visit(pages[0].id));
}

#[test]
fn a_double_tap_is_stale() {
    let mut desk = Desk::new();
    desk.to_scan();
    let step = desk.snapshot().step;
    let tap = |action| ActionRequest { step, action };
    assert!(desk.kiosk.accepts(&tap(Action::StartScan)));
    assert_eq!(desk.send(Event::Action(tap(Action::StartScan))).len(), 1);
    assert!(!desk.kiosk.accepts(&tap(Action::CancelScan)));
    assert!(desk.send(Event::Action(tap(Action::CancelScan))).is_empty());
    assert!(desk.send(Event::Action(tap(Action::StartScan))).is_empty());
}

#[test]
fn the_step_rises_with_the_picture_and_not_with_its_details() {
    let mut desk = Desk::new();
    desk.to_scan();
    let job = desk.start_scan();
    let step = desk.snapshot().step;
    desk.page(job);
    desk.send(Event::Health(Health { hub: LinkState::Down, ..READY }));
    desk.act(Action::SetLanguage { language: Language::En });
    assert_eq!(desk.snapshot().step, step);
    desk.act(Action::Help);
    assert_eq!(desk.snapshot().step, step + 1);

    let mut desk = Desk::new();
    let job = desk.to_slip();
    let step = desk.snapshot().step;
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(desk.snapshot().step, step);
    desk.wait(301);
    let warned = desk.snapshot().step;
    assert_eq!(warned, step + 1);
    desk.wait(3);
    assert_eq!(desk.snapshot().step, warned, "a second of the countdown is the same picture");
}

#[test]
fn a_failed_store_confirms_nothing_and_loses_nothing() {
    let mut desk = Desk::new();
    let submission = desk.to_submitting();
    desk.send(Event::SubmitFailed { id: uuid::Uuid::from_u128(7) });
    assert_eq!(desk.code(), "C14");
    desk.send(Event::SubmitFailed { id: submission.id });
    assert_eq!((desk.code(), desk.overlay()), ("C12", Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false })));
    desk.act(Action::Dismiss);
    let effects = desk.act(Action::Submit);
    assert!(matches!(effects.as_slice(), [Effect::Submit(again)] if **again == submission));
}

#[test]
fn the_slip_waits_for_paper_and_the_person_may_leave() {
    let mut desk = Desk::new();
    let job = desk.to_slip();
    desk.print(uuid::Uuid::from_u128(7), PrintState::Printed);
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert!(matches!(desk.screen(), Screen::Slip { printing: PrintState::Waiting(Fault::PrinterPaperOut), .. }));
    desk.print(job, PrintState::Printed);
    desk.print(job, PrintState::Waiting(Fault::PrinterCoverOpen));
    assert!(matches!(desk.screen(), Screen::Slip { printing: PrintState::Printed, .. }));

    let mut desk = Desk::new();
    let job = desk.to_slip();
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(desk.act(Action::SlipTaken), [Effect::CloseSlip { job }]);
    assert_eq!(desk.code(), "C18");
}

#[test]
fn without_printer_or_network_the_code_is_shown() {
    let mut desk = Desk::new();
    desk.send(Event::Health(Health { printer: DeviceState::Absent, hub: LinkState::Down, ..READY }));
    let id = desk.to_submitting().id;
    assert!(desk.send(Event::Submitted { id, code: provisional() }).is_empty());
    assert!(matches!(desk.screen(), Screen::Slip { printing: PrintState::None, offline: true, .. }));
}

#[test]
fn services_that_lack_a_device_say_so() {
    let mut desk = Desk::new();
    let closed = |desk: &Desk| -> Vec<Service> {
        let Screen::Waiting { services, .. } = desk.screen() else { panic!() };
        services.iter().filter(|t| t.unavailable.is_some()).map(|t| t.service).collect()
    };
    assert_eq!(closed(&desk), []);
    desk.send(Event::Health(Health { printer: DeviceState::Lost, hub: LinkState::Down, ..READY }));
    assert_eq!(closed(&desk), []);
    desk.send(Event::Health(Health { scanner: DeviceState::NeedsHuman(Fault::ScannerJam), ..READY }));
    assert_eq!(closed(&desk), [Service::File]);
    desk.act(Action::Start { service: Service::File });
    assert_eq!(desk.code(), "C01");
    assert!(desk.scan(CARD).is_empty());
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::ScannerGone, retry: false }));
    desk.send(Event::Health(Health { reader: DeviceState::Lost, ..READY }));
    assert_eq!(closed(&desk), [Service::File, Service::Courier]);
}

#[test]
fn no_health_change_moves_a_visit() {
    for (name, mut desk) in every_screen().into_iter().skip(2) {
        let before = (desk.code(), desk.overlay(), desk.snapshot().step);
        desk.send(Event::Health(Health::default()));
        desk.send(Event::Health(READY));
        assert_eq!((desk.code(), desk.overlay(), desk.snapshot().step), before, "{name}");
    }
}

#[test]
fn an_unfinished_filing_goes_on_where_it_stopped() {
    type Way = fn(&mut Desk);
    let stops: [(Way, &str); 5] = [
        (|d| d.to_questions(), "C07"),
        (|d| d.to_papers(), "C08"),
        (|d| d.to_scan(), "C11"),
        (|d| d.to_check(), "C11b"),
        (|d| d.to_review(), "C08"),
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
    let draft = draft_of(|d| d.to_papers());
    let found = || Event::Unfinished(Unfinished::Draft(Box::new(draft.clone())));
    let mut desk = Desk::new();
    desk.to_identify();
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
    let draft = draft_of(|d| d.to_papers());
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
    let mut draft = draft_of(|d| d.to_review());
    draft.catalogue_version = 0;
    draft.answers[0].question = "no_longer_asked".into();
    draft.documents[1].component = "NO-LONGER".into();
    draft.left = vec![0, 2, 200];
    let mut desk = Desk::new();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    let effects = desk.act(Action::Resume { go_on: true });
    let [Effect::SaveDraft(saved), Effect::DropPages { pages, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((saved.catalogue_version, saved.answers.len(), saved.documents.len(), &saved.left), (1, 3, 1, &vec![2]));
    assert_eq!(pages.len(), 2);
    assert!(matches!(desk.screen(), Screen::Question { at: 1, .. }));

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
    let submission = desk.to_submitting();
    let id = submission.id;
    let dossier = submission.into_dossier(provisional(), "H99.50", "K07", desk.at().wall);
    let mut desk = Desk::new();
    desk.send(Event::Restarted { unfinished: 1 });
    assert!(matches!(desk.screen(), Screen::Waiting { unfinished: true, .. }));
    desk.scan(CARD);
    let effects = desk.send(Event::Unfinished(Unfinished::Slip { dossier: Box::new(dossier) }));
    assert!(matches!(effects.as_slice(), [Effect::Print(slip)] if slip.job == id && slip.code == provisional().as_str()));
    assert_eq!(desk.code(), "C17");
    desk.act(Action::SlipTaken);
    desk.act(Action::End);
    assert!(matches!(desk.screen(), Screen::Waiting { unfinished: false, .. }));
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

#[test]
fn silence_is_asked_about_and_then_ends_the_visit() {
    let mut desk = Desk::new();
    desk.to_review();
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
        desk.to_review();
        desk.wait(100);
        assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })));
        assert!(desk.act(action).is_empty());
        assert_eq!((desk.code(), desk.overlay()), ("C12", None));
    }
    let mut desk = Desk::new();
    desk.to_review();
    desk.wait(100);
    assert!(matches!(desk.act(Action::End).as_slice(), [Effect::DropDraft { reason: EndReason::Ended, .. }]));
}

#[test]
fn a_fault_under_the_question_is_still_there_afterwards() {
    let mut desk = Desk::new();
    desk.to_scan();
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
    desk.to_scan();
    let job = desk.start_scan();
    desk.wait(3600);
    assert_eq!((desk.code(), desk.overlay()), ("C11", None));
    desk.page(job);
    desk.send(Event::ScanEnded { job, fault: None });
    desk.wait(179);
    assert_eq!(desk.overlay(), None);

    let mut desk = Desk::new();
    desk.to_submitting();
    desk.wait(3600);
    assert_eq!((desk.code(), desk.overlay()), ("C14", None));
    assert!(desk.act(Action::End).is_empty());
    assert_eq!(desk.code(), "C14");
}

#[test]
fn a_forgotten_slip_closes_without_losing_the_dossier() {
    let mut desk = Desk::new();
    let job = desk.to_slip();
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(desk.wait(345), [Effect::CloseSlip { job }]);
    assert_eq!(desk.code(), "C01");
}

#[test]
fn the_end_is_asked_where_something_would_be_lost() {
    let mut desk = Desk::new();
    desk.to_identify();
    assert!(desk.act(Action::End).is_empty());
    assert_eq!(desk.code(), "C01");

    let mut desk = Desk::new();
    desk.to_scan();
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
        if !["C14", "C11 running", "P03 storing", "C99"].contains(&name) {
            desk.wait(1000);
            assert_eq!(desk.seen(), Desk::new().seen(), "{name}");
        }
    }
}

#[test]
fn nothing_personal_is_left_after_the_slip_or_the_end() {
    let shows = |desk: &Desk| PERSONAL.iter().any(|text| desk.seen().contains(text));
    let mut desk = Desk::new();
    desk.to_review();
    assert!(shows(&desk));
    desk.act(Action::Submit);
    let mut desk = Desk::new();
    desk.to_slip();
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
    desk.to_scan();
    let job = desk.start_scan();
    let reason = Text::new("Ổ đĩa đầy", "The disk is full");
    assert_eq!(desk.send(Event::OutOfService(reason.clone())), [Effect::CancelScan { job }]);
    assert_eq!(desk.screen(), Screen::OutOfService { reason });
    desk.act(Action::Start { service: Service::LookUp });
    desk.scan(CARD);
    assert_eq!((desk.code(), desk.kiosk.wake_at()), ("C99", None));
}

#[test]
fn a_look_up_tells_the_code_and_the_progress() {
    let mut desk = Desk::new();
    let asked = provisional().to_string();
    desk.act(Action::Start { service: Service::LookUp });
    let effects = desk.act(Action::LookUp { code: format!(" {} ", asked.to_lowercase()) });
    assert_eq!(effects, [Effect::LookUp { asked: asked.clone() }]);
    let known = |official: Option<&str>, status| Known { official_code: official.map(Into::into), status, known_at: desk_time() };
    let cases = [
        (known(None, None), 0, "Hồ sơ đang chờ gửi từ máy này"),
        (known(Some("H99.50-261123-0001"), None), 1, "Mới đăng ký"),
        (known(Some("H99.50-261123-0001"), Some(Status::Processing)), 2, "Đang xử lý"),
        (known(Some("H99.50-261123-0001"), Some(Status::Returned)), 4, "Đã trả kết quả"),
    ];
    for (known, steps, words) in cases {
        desk.scan(&format!("https://dichvucong.example.vn/tra-cuu?m={asked}"));
        desk.send(Event::LookedUp { asked: asked.clone(), found: Some(known) });
        let Screen::LookUpResult { done, steps: 4, state, .. } = desk.screen() else { panic!("{}", desk.code()) };
        assert_eq!((done, state.vi.as_str()), (steps, words));
    }
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C20");
    desk.send(Event::LookedUp { asked: asked.clone(), found: None });
    assert_eq!(desk.overlay(), None, "an answer nobody waits for");
    desk.scan(&asked);
    desk.send(Event::LookedUp { asked, found: None });
    assert_eq!((desk.code(), desk.overlay()), ("C20", Some(Overlay::Fault { fault: Fault::CodeUnknown, retry: false })));
}

#[test]
fn a_card_under_the_reader_is_no_code_to_ask_for() {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::LookUp });
    assert!(desk.scan(CARD).is_empty());
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::CodeUnknown, retry: false }));
}

fn desk_time() -> jiff::Timestamp {
    "2026-11-23T01:00:00Z".parse().unwrap()
}
