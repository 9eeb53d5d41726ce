//! Papers before questions: what the machine has read is filled in, and the person says yes to it (R41).

use crate::common::*;
use motcua_flow::{Effect, Event, Unfinished};
use motcua_model::{
    Private,
    api::{Action, ChangeTarget, Screen},
    metadata::FieldRead,
};
use uuid::Uuid;

fn desk() -> Desk {
    let mut desk = Desk::papers_first();
    desk.reach_person();
    desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    assert_eq!(desk.code(), "C08");
    desk
}

/// Scans paper `paper` and answers the ids of its two pages.
fn scan(desk: &mut Desk, paper: u8) -> Vec<Uuid> {
    desk.act(Action::ScanPaper { paper });
    desk.act(Action::DeclareSheets { sheets: 1 });
    desk.scan_pages(2);
    let effects = desk.act(Action::AcceptPages);
    let draft = saved(&effects).unwrap();
    draft.documents.iter().rev().max_by_key(|document| document.pages[0].image.id).unwrap().pages.iter().map(|p| p.image.id).collect()
}

fn read(desk: &mut Desk, page: Uuid, fields: &[(&str, &str)]) -> Vec<Effect> {
    let fields = fields.iter().map(|(field, value)| FieldRead { field: (*field).into(), value: Private::new(*value) }).collect();
    desk.send(Event::PageRead { page, fields, secret: false })
}

/// The present question: number, answer, paper it was read on.
fn question(desk: &Desk) -> (u8, String, Option<String>) {
    let Screen::Question { at, answer, read_from, .. } = desk.screen() else { panic!("{}", desk.code()) };
    (at, answer.reveal().to_owned(), read_from.map(|paper| paper.vi))
}

#[test]
fn what_the_papers_say_is_filled_in_and_becomes_an_answer_by_the_persons_yes() {
    let mut desk = desk();
    assert_eq!(desk.snapshot().progress.map(|p| p.at), Some(3));
    let form = scan(&mut desk, 0);
    let birth = scan(&mut desk, 1);
    read(&mut desk, form[0], &[("birth_form.child_name", "Trần Nguyễn Minh Thử"), ("birth_form.child_birth", "06/09/2026")]);
    read(&mut desk, birth[0], &[("live_birth.child_birth", "05/09/2026"), ("live_birth.child_sex", "Nữ")]);
    let effects = desk.act(Action::PapersDone);
    assert_eq!(saved(&effects).unwrap().read.len(), 2, "a restart loses nothing that was read");
    assert_eq!(desk.snapshot().progress.map(|p| p.at), Some(4));
    let form_name = "Tờ khai đăng ký khai sinh".to_owned();
    assert_eq!(question(&desk), (1, "Trần Nguyễn Minh Thử".into(), Some(form_name)));
    desk.answer("Trần Nguyễn Minh Thử");
    assert_eq!(question(&desk), (2, "05/09/2026".into(), Some("Giấy chứng sinh".into())), "the first source counts");
    desk.answer("07/09/2026");
    assert_eq!(question(&desk), (3, "female".into(), Some("Giấy chứng sinh".into())));
    desk.answer("female");
    assert_eq!(question(&desk), (4, String::new(), None));
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(question(&desk), (2, "07/09/2026".into(), None), "what the person said stands against the paper");
    for value in ["07/09/2026", "female", "desk", "0900 000 456"] {
        desk.answer(value);
    }
    assert_eq!(desk.code(), "C12");
    let submission = desk.submit();
    assert_eq!(submission.answers[1].value.reveal(), "07/09/2026");
    let read_from: Vec<_> = submission.answers.iter().map(|answer| answer.read_from.as_deref()).collect();
    assert_eq!(read_from, [Some("birth_form.child_name"), None, Some("live_birth.child_sex"), None, None], "who said it is told");
}

#[test]
fn what_cannot_be_an_answer_or_belongs_to_no_page_is_not_offered() {
    let mut desk = desk();
    let form = scan(&mut desk, 0);
    scan(&mut desk, 1);
    read(&mut desk, form[0], &[("birth_form.child_name", "8 8"), ("birth_form.child_birth", "05/09/2036")]);
    read(&mut desk, Uuid::from_u128(1), &[("live_birth.child_birth", "05/09/2026")]);
    desk.act(Action::PapersDone);
    assert_eq!(question(&desk), (1, String::new(), None));
    desk.answer("Trần Thử");
    assert_eq!(question(&desk), (2, String::new(), None));
}

#[test]
fn a_paper_that_is_scanned_again_takes_what_was_read_on_it_along() {
    let mut desk = desk();
    let form = scan(&mut desk, 0);
    scan(&mut desk, 1);
    read(&mut desk, form[0], &[("birth_form.child_name", "Trần Thử")]);
    let again = scan(&mut desk, 0);
    desk.act(Action::PapersDone);
    assert_eq!(question(&desk), (1, String::new(), None));
    read(&mut desk, again[0], &[("birth_form.child_name", "Trần Mẫu")]);
    assert_eq!(question(&desk).1, "Trần Mẫu", "it may come while the question stands");
}

#[test]
fn the_ways_back_lead_through_the_same_screens() {
    let mut desk = desk();
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C06");
    desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    assert_eq!(desk.code(), "C08");
    desk.act(Action::PapersDone);
    assert_eq!(desk.code(), "C08c", "a required paper is missing");
    desk.act(Action::Back);
    scan(&mut desk, 0);
    scan(&mut desk, 1);
    desk.act(Action::PapersDone);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C08");
    desk.act(Action::PapersDone);
    for value in ["Trần Thử", "05/09/2026", "male", "desk", "0900 000 456"] {
        desk.answer(value);
    }
    assert_eq!(desk.code(), "C12");
    desk.act(Action::Change { target: ChangeTarget::Question(1) });
    desk.answer("06/09/2026");
    assert_eq!(desk.code(), "C12");
    desk.act(Action::Back);
    assert_eq!(question(&desk).0, 5);
}

#[test]
fn an_unfinished_filing_goes_on_with_the_papers_first() {
    let mut desk = desk();
    desk.act(Action::ScanPaper { paper: 0 });
    desk.act(Action::DeclareSheets { sheets: 1 });
    desk.scan_pages(2);
    let effects = desk.act(Action::AcceptPages);
    let draft = saved(&effects).unwrap().clone();
    let mut desk = Desk::papers_first();
    desk.ids = 1_000;
    desk.reach_identify();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
    desk.act(Action::Resume { go_on: true });
    assert_eq!(desk.code(), "C08");
    scan(&mut desk, 1);
    desk.act(Action::PapersDone);
    assert_eq!(question(&desk).0, 1);
}
