//! C10c: a paper that the person brings as a PDF (NĐ 15/2021/NĐ-CP Đ.15.7.a).

use crate::common::*;
use motcua_flow::{Effect, Event, Kiosk, Settings};
use motcua_model::{
    Text,
    api::{Action, ActionRequest, ChangeTarget, PaperState, ReviewValue, Screen},
    catalogue::Catalogue,
    dossier::Origin,
};
use uuid::Uuid;

fn states(desk: &Desk) -> Vec<PaperState> {
    let Screen::Papers { papers } = desk.screen() else { panic!("{}", desk.code()) };
    papers.iter().map(|paper| paper.state).collect()
}

#[test]
fn a_pdf_stands_in_for_a_paper_and_can_be_exchanged() {
    let mut desk = Desk::new();
    assert!(!desk.kiosk.waits_for_pdf());
    desk.reach_pdf(0);
    assert!(desk.kiosk.waits_for_pdf());
    let job = desk.take_pdf(OFFERED);
    assert!(matches!(desk.screen(), Screen::ChoosePdf { checking: true, .. }));
    let sealed = brought(1);
    let effects = desk.send(Event::PdfTaken { job, taken: Ok(sealed.clone()) });
    let [Effect::SaveDraft(draft)] = effects.as_slice() else { panic!("{effects:?}") };
    let origin = Origin::Pdf { file: sealed.file.clone(), pages: 3 };
    assert!(draft.documents[0].origin == origin && draft.documents[0].pages.is_empty() && draft.documents[0].sheets == 0);
    assert!(!desk.kiosk.waits_for_pdf() && desk.kiosk.page_of_visit(sealed.file.id));
    assert_eq!((desk.code(), states(&desk)[0]), ("C08", PaperState::Pdf(3)));

    // A second one takes its place, and the first goes.
    desk.reach_pdf(0);
    let job = desk.take_pdf(OFFERED);
    let effects = desk.send(Event::PdfTaken { job, taken: Ok(brought(2)) });
    let [Effect::SaveDraft(_), Effect::DropPages { pages, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(*pages, [sealed.file.id]);

    desk.scan_paper(1);
    desk.act(Action::PapersDone);
    let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    let row = &rows[rows.len() - 3];
    assert_eq!(
        (&row.value, row.change),
        (&ReviewValue::Words(Text::new("Tệp PDF, 3 trang", "PDF file, 3 pages")), Some(ChangeTarget::Paper(0)))
    );
    let submission = desk.submit();
    assert_eq!(submission.documents.iter().map(|document| document.page_count()).collect::<Vec<_>>(), [3, 2]);
    let effects = desk.send(Event::Submitted { id: submission.id, code: provisional() });
    let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(slip.rows.iter().any(|(_, value)| value.vi == "2 giấy, 5 trang"), "{:?}", slip.rows);
}

#[test]
fn one_that_is_refused_changes_nothing_and_says_why() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.scan_paper(0);
    desk.reach_pdf(0);
    let job = desk.take_pdf(OFFERED);
    let why = Text::new("Tệp PDF bị mã hóa", "The PDF is encrypted");
    assert!(desk.send(Event::PdfTaken { job, taken: Err(why.clone()) }).is_empty());
    let Screen::ChoosePdf { files, checking, refused, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!((files.len(), checking, refused), (1, false, Some(why)));
    desk.send(Event::PdfsOffered(Vec::new()));
    assert!(matches!(desk.screen(), Screen::ChoosePdf { refused: Some(_), .. }), "still to be read when the stick is out");
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!((desk.code(), states(&desk)[0]), ("C08", PaperState::Scanned(2)), "what was scanned before stays");
}

#[test]
fn one_that_comes_too_late_leaves_nothing_behind() {
    for leave in [Action::End, Action::Touch] {
        let mut desk = Desk::new();
        desk.reach_pdf(0);
        let job = desk.take_pdf(OFFERED);
        let ends = leave == Action::End;
        if ends {
            desk.act(Action::End);
            desk.act(Action::End);
            assert_eq!(desk.code(), "C01");
        }
        let late = Event::PdfTaken { job: if ends { job } else { Uuid::nil() }, taken: Ok(brought(1)) };
        let effects = desk.send(late);
        let [Effect::DropPages { pages, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(*pages, [brought(1).file.id]);
    }
}

#[test]
fn a_file_that_moves_away_under_the_finger_is_not_taken() {
    let mut desk = Desk::new();
    desk.reach_pdf(0);
    desk.send(Event::PdfsOffered(vec![offered(OFFERED)]));
    let seen = desk.snapshot().step;
    let other = Uuid::from_u128(9);
    desk.send(Event::PdfsOffered(vec![offered(other), offered(OFFERED)]));
    let stale = ActionRequest { step: seen, action: Action::TakePdf { file: OFFERED } };
    assert!(desk.send(Event::Action(stale)).is_empty(), "the rows have moved");
    assert!(desk.act(Action::TakePdf { file: Uuid::from_u128(77) }).is_empty(), "not offered");
    let effects = desk.act(Action::TakePdf { file: other });
    assert!(matches!(effects.as_slice(), [Effect::TakePdf { .. }]), "{effects:?}");
    assert!(desk.act(Action::TakePdf { file: OFFERED }).is_empty(), "one at a time");
}

#[test]
fn where_no_pdf_can_come_in_none_is_asked_for() {
    let mut desk = Desk::new();
    desk.kiosk = Kiosk::new(Settings { pdf: false, ..settings() }, Catalogue::built_in().unwrap());
    desk.send(Event::Health(READY));
    desk.reach_person();
    desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    desk.act(Action::ScanPaper { paper: 0 });
    assert!(matches!(desk.screen(), Screen::CountSheets { pdf: false, .. }));
    desk.act(Action::HavePdf);
    assert_eq!(desk.code(), "C10");
}

#[test]
fn a_stick_with_a_bad_contact_holds_no_visit_open() {
    let mut desk = Desk::new();
    desk.reach_pdf(0);
    for second in 0..400 {
        desk.send(Event::PdfsOffered(if second % 2 == 0 { vec![offered(OFFERED)] } else { Vec::new() }));
        desk.wait(1);
    }
    assert_eq!(desk.code(), "C01");
}
