//! The visit as people make it, and every device that can fail on the way.

use crate::common::*;
use motcua_flow::{Effect, Event, Unfinished};
use motcua_model::{
    Language, Private, Text,
    api::{
        Action, ActionRequest, ChangeTarget, DeviceState, Health, LinkState, Overlay, PaperState, PrintState, ReviewValue, Screen, Service,
    },
    catalogue::Catalogue,
    fault::Fault,
    particulars::ReturnBy,
};

#[test]
fn a_birth_registration_from_the_first_touch_to_the_slip() {
    let mut desk = Desk::new();
    desk.reach_identify();
    let effects = desk.scan(CARD);
    assert!(matches!(effects.as_slice(), [Effect::FindUnfinished { number }] if number.reveal() == "001190000016"));
    assert!(desk.send(Event::Unfinished(Unfinished::Nothing)).is_empty());
    let Screen::ConfirmPerson { name, birth_year, number, .. } = desk.screen() else { panic!() };
    assert_eq!((name.reveal(), birth_year, number.as_str()), ("Nguyễn Thị Mẫu", 1990, "001••••••016"));

    let effects = desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    let draft = saved(&effects).unwrap().clone();
    assert!(draft.applicant.confirmed && draft.applicant.number_agrees);
    for (value, stored) in [
        ("Nguyễn Văn  Bé", "Nguyễn Văn Bé"),
        ("20.11.2026", "20/11/2026"),
        ("male", "male"),
        ("post", "post"),
        ("0900 000 456", "0900000456"),
    ] {
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

    let submission = desk.submit();
    assert_eq!(submission.id, draft.id);
    let answers: Vec<&str> = submission.answers.iter().map(|a| a.question.as_str()).collect();
    assert_eq!(answers, ["child_name", "child_birth", "child_sex", "return_by", "phone"]);
    let told = &submission.particulars;
    assert_eq!(told.contact.phone.as_ref().map(Private::reveal), Some("0900000456"));
    assert_eq!(told.return_by, Some(ReturnBy::Post { address: submission.applicant.address.clone() }), "to the address on the card");
    let papers: Vec<&str> = submission.documents.iter().map(|d| d.component.as_str()).collect();
    assert_eq!(papers, ["TK-KS", "GCS"]);
    assert!(submission.documents.iter().all(|d| d.sheets == 1 && d.pages.len() == 2 && !d.count_differs));

    let effects = desk.send(Event::Submitted { id: submission.id, code: provisional() });
    let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(slip.job, submission.id);
    assert_eq!(slip.qr, format!("https://dichvucong.example.vn/tra-cuu?m={}", provisional()));
    assert!(PERSONAL.iter().all(|text| !format!("{slip:?}").contains(text)), "{slip:?}");
    desk.print(slip.job, PrintState::Printed);
    let Screen::Slip { code, printing, offline, .. } = desk.screen() else { panic!() };
    assert_eq!((code, printing, offline), (provisional().to_string(), PrintState::Printed, false));
    assert!(matches!(desk.act(Action::SlipTaken).as_slice(), [Effect::CloseSlip { job, keep: false }] if *job == submission.id));
    assert_eq!(desk.code(), "C18");
    assert!(desk.wait(15).is_empty());
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn the_other_papers_order_and_a_second_thought_leave_the_dossier_in_order() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.scan_paper(1);
    desk.act(Action::LeavePaper { paper: 2 });
    desk.scan_paper(2);
    assert!(desk.act(Action::LeavePaper { paper: 0 }).is_empty());
    assert_eq!(desk.code(), "C08c", "a required paper cannot be left");
    desk.act(Action::Back);
    desk.act(Action::PapersDone);
    assert_eq!(desk.code(), "C08c", "nor be missing");
    desk.act(Action::Back);
    desk.scan_paper(0);
    let effects = desk.act(Action::LeavePaper { paper: 2 });
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] if pages.len() == 2));
    desk.act(Action::PapersDone);
    desk.act(Action::Change { target: ChangeTarget::Question(0) });
    desk.answer("Nguyễn Văn Bế");
    assert_eq!(desk.code(), "C12");
    desk.act(Action::Change { target: ChangeTarget::Paper(0) });
    desk.act(Action::DeclareSheets { sheets: 2 });
    desk.scan_pages(4);
    let effects = desk.act(Action::AcceptPages);
    assert!(matches!(effects.as_slice(), [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] if pages.len() == 2));
    assert_eq!(desk.code(), "C12");
    let submission = desk.submit();
    let papers: Vec<(&str, usize)> = submission.documents.iter().map(|d| (d.component.as_str(), d.pages.len())).collect();
    assert_eq!(papers, [("TK-KS", 4), ("GCS", 2)]);
    assert_eq!(submission.answers[0].value.reveal(), "Nguyễn Văn Bế");
}

#[test]
fn wrong_data_on_the_card_do_not_stop_the_person() {
    let mut desk = Desk::new();
    desk.reach_person();
    let effects = desk.act(Action::ConfirmPerson { correct: false });
    desk.for_myself();
    assert!(!saved(&effects).unwrap().applicant.confirmed);
    assert_eq!(desk.code(), "C07");
}

#[test]
fn a_newer_catalogue_holds_from_the_next_visit_on() {
    let mut desk = Desk::new();
    desk.reach_questions();
    let before = desk.kiosk.catalogue_version();
    let mut newer = Catalogue::built_in().unwrap();
    newer.version = 99;
    newer.procedures[0].questions.clear();
    desk.send(Event::Catalogue(Box::new(newer)));
    assert_eq!(desk.kiosk.catalogue_version(), before);
    let effects = desk.answer("Nguyễn Văn Bé");
    assert_eq!(saved(&effects).unwrap().catalogue_version, before, "the law changes for nobody in mid-visit");
    desk.act(Action::End);
    desk.act(Action::End);
    assert_eq!((desk.code(), desk.kiosk.catalogue_version()), ("C01", 99));
    desk.reach_person();
    let effects = desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    assert_eq!((saved(&effects).unwrap().catalogue_version, desk.code()), (99, "C08"), "no question is left");
}

#[test]
fn a_refused_answer_stays_with_its_advice_and_back_keeps_the_answers() {
    let mut desk = Desk::new();
    desk.reach_questions();
    desk.answer("Nguyễn Văn Bé");
    let step = desk.snapshot().step;
    assert!(desk.answer("24/11/2026").is_empty(), "nothing wrong is stored");
    let Screen::Question { answer, error, at, of, .. } = desk.screen() else { panic!() };
    assert_eq!((answer.reveal(), at, of), ("24/11/2026", 2, 5));
    assert!(error.unwrap().vi.contains("chưa đến"));
    assert_eq!(desk.snapshot().step, step);
    desk.act(Action::Back);
    let Screen::Question { answer, error, .. } = desk.screen() else { panic!() };
    assert_eq!((answer.reveal(), error), ("Nguyễn Văn Bé", None));
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C06");
    desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    assert!(matches!(desk.screen(), Screen::Question { answer, .. } if answer.reveal() == "Nguyễn Văn Bé"));
}

#[test]
fn today_is_the_day_in_vietnam() {
    let mut desk = Desk::new();
    desk.reach_questions();
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
    desk.reach_identify();
    desk.scan("8934563138165");
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::NotACard, retry: false }));
    desk.send(Event::ReaderGarbage);
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::ReaderGarbage, retry: false }));
    assert_eq!(desk.screen(), Screen::Identify { failed: 2, qr: true, chip: false });
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
    assert!(desk.scan(OTHER_CARD).is_empty(), "the first card counts");
    desk.send(Event::Unfinished(Unfinished::Nothing));
    desk.act(Action::Agree);
    desk.act(Action::ChooseProcedure { code: MARRIAGE.into() });
    desk.act(Action::HavePapers);
    assert_eq!(desk.code(), "C06");
}

#[test]
fn a_double_tap_is_stale() {
    let mut desk = Desk::new();
    desk.reach_scan();
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
    desk.reach_scan();
    let job = desk.start_scan();
    let step = desk.snapshot().step;
    desk.page(job);
    desk.send(Event::Health(Health { hub: LinkState::Down, ..READY }));
    desk.act(Action::SetLanguage { language: Language::En });
    assert_eq!(desk.snapshot().step, step);
    desk.act(Action::Help);
    assert_eq!(desk.snapshot().step, step + 1);

    let mut desk = Desk::new();
    let job = desk.reach_slip();
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
    let submission = desk.reach_submitting();
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
    let job = desk.reach_slip();
    desk.print(uuid::Uuid::from_u128(7), PrintState::Printed);
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert!(matches!(desk.screen(), Screen::Slip { printing: PrintState::Waiting(Fault::PrinterPaperOut), .. }));
    desk.print(job, PrintState::Printed);
    desk.print(job, PrintState::Waiting(Fault::PrinterCoverOpen));
    assert!(matches!(desk.screen(), Screen::Slip { printing: PrintState::Printed, .. }));

    let mut desk = Desk::new();
    let job = desk.reach_slip();
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(desk.act(Action::SlipTaken), [Effect::CloseSlip { job, keep: false }]);
    assert_eq!(desk.code(), "C18");
}

#[test]
fn without_printer_or_network_the_code_is_shown() {
    let mut desk = Desk::new();
    desk.send(Event::Health(Health { printer: DeviceState::Absent, hub: LinkState::Down, ..READY }));
    let id = desk.reach_submitting().id;
    let effects = desk.send(Event::Submitted { id, code: provisional() });
    assert!(matches!(effects.as_slice(), [Effect::KeepProof { .. }]), "a printer may be there when it is asked for again: {effects:?}");
    assert!(matches!(desk.screen(), Screen::Slip { printing: PrintState::None, offline: true, .. }));
}

#[test]
fn numbers_of_people_stand_masked_on_the_review_and_whole_for_who_asks() {
    let mut desk = Desk::new();
    desk.reach_review();
    let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    let masked: Vec<_> = rows
        .iter()
        .filter_map(|row| match &row.value {
            ReviewValue::Masked { shown, full } => Some((shown.as_str(), full.reveal())),
            ReviewValue::Private(_) | ReviewValue::Words(_) | ReviewValue::Pages(_) => None,
        })
        .collect();
    assert_eq!(masked, [("001••••••016", "001190000016"), ("090••••456", "0900000456")]);
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
    assert_eq!(closed(&desk), [Service::Courier], "a card can be typed (typed.rs), a parcel not");
}

#[test]
fn a_full_disk_begins_no_filing_and_ends_none() {
    let full = Health { disk_full: true, ..READY };
    let mut desk = Desk::new();
    desk.send(Event::Health(full));
    let Screen::Waiting { services, .. } = desk.screen() else { panic!() };
    let told: Vec<_> = services.iter().filter_map(|t| t.unavailable.as_ref().map(|why| (t.service, why.vi.as_str()))).collect();
    let stopped = [(Service::File, "Máy đã đầy. Mời đến quầy để nộp."), (Service::Opinion, "Máy đã đầy. Mời đến quầy.")];
    assert_eq!(told, stopped, "look-up and courier go on");
    assert!(desk.scan(CARD).is_empty());
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::DiskFull, retry: false }));

    let mut desk = Desk::new();
    desk.reach_review();
    desk.send(Event::Health(full));
    let effects = desk.act(Action::Submit);
    assert!(matches!(effects.as_slice(), [Effect::Submit(_)]), "what was begun may end");
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
