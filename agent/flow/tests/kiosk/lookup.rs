//! What a code tells without authentication.

use crate::common::*;
use motcua_flow::{ChipNews, Effect, Event, Known};
use motcua_model::{
    api::{Action, Overlay, ReviewValue, Screen, Service},
    citizen::{ChipPerson, PersonNumber},
    dossier::{ChipAnswer, ChipFiles, Proof, Status},
    fault::Fault,
};

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
fn a_card_whose_chip_cannot_be_read_opens_nothing() {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::LookUp });
    assert!(desk.scan(CARD).is_empty(), "without a card reader nobody can prove who asks");
    assert_eq!((desk.code(), desk.overlay()), ("C20", Some(Overlay::Fault { fault: Fault::CardNotProven, retry: false })));
    desk.act(Action::Dismiss);
    desk.act(Action::End);
    let job = desk.reach_proving();
    assert_eq!((desk.code(), desk.snapshot().progress), ("C05b", None), "no step of a filing");
    let doubtful = Proof::Chip { files: ChipFiles::Trusted, chip: ChipAnswer::Failed };
    let effects = desk.chip(Some(job), ChipNews::Read(Box::new(ChipPerson { proof: doubtful, ..*of_chip() })));
    assert!(effects.is_empty(), "a copied chip asks the store nothing: {effects:?}");
    assert_eq!((desk.code(), desk.overlay()), ("C20", Some(Overlay::Fault { fault: Fault::CardNotProven, retry: false })));
}

#[test]
fn the_chip_opens_what_the_person_filed_and_what_is_asked_of_them() {
    let mut desk = Desk::new();
    desk.reach_own();
    assert_eq!(desk.snapshot().progress, None);
    let Screen::OwnDossiers { dossiers } = desk.screen() else { panic!("{}", desk.code()) };
    let lines: Vec<_> = dossiers.iter().map(|line| (line.code.as_str(), line.to_do)).collect();
    assert_eq!(lines, [("H99.50-261120-0001", true), ("TAM-2", false)]);
    desk.act(Action::ShowDossier { dossier: 0 });
    let Screen::OwnDossier { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    let said = |text: &str| rows.iter().any(|row| matches!(&row.value, ReviewValue::Private(value) if value.reveal() == text));
    for text in ["Giấy chứng sinh của bé Thử", "Bản chụp mờ", "01/12/2026", "Một cửa xã Minh Họa"] {
        assert!(said(text), "{text}: {rows:?}");
    }
    desk.act(Action::Back);
    desk.act(Action::ShowDossier { dossier: 1 });
    assert!(matches!(desk.screen(), Screen::OwnDossier { rows, .. } if rows.is_empty()));
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C20");
    assert_eq!(desk.act(Action::End), []);
    assert!(!desk.seen().contains("của bé Thử"));
}

#[test]
fn another_card_on_the_reader_opens_nothing_and_the_end_calls_the_reading_off() {
    let mut desk = Desk::new();
    let job = desk.reach_proving();
    let other = PersonNumber::parse("001090000017").unwrap();
    let effects = desk.chip(Some(job), ChipNews::Read(Box::new(ChipPerson { number: other.clone(), ..*of_chip() })));
    assert!(effects.is_empty() && desk.code() == "C05b", "{effects:?}");
    let effects = desk.act(Action::ReadChip);
    let [Effect::ReadChip { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let job = *job;
    desk.send(own(other));
    assert_eq!(desk.code(), "C05b", "an answer about somebody else");
    assert_eq!(desk.act(Action::End), [Effect::CancelChip { job }]);
    assert_eq!(desk.code(), "C01");
}

fn desk_time() -> jiff::Timestamp {
    "2026-11-23T01:00:00Z".parse().unwrap()
}

#[test]
fn a_look_up_that_could_not_be_done_can_be_asked_again() {
    let mut desk = Desk::new();
    let asked = provisional().to_string();
    let ask = Effect::LookUp { asked: asked.clone() };
    desk.act(Action::Start { service: Service::LookUp });
    desk.act(Action::LookUp { code: asked.clone() });
    desk.send(Event::StoreFailed);
    assert_eq!((desk.code(), desk.overlay()), ("C20", Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false })));
    assert_eq!(desk.scan(&asked), std::slice::from_ref(&ask), "a slip under the reader asks again at once");
    assert_eq!(desk.overlay(), None);
    desk.send(Event::StoreFailed);
    desk.act(Action::Dismiss);
    assert_eq!((desk.code(), desk.overlay()), ("C20", None));
    assert_eq!(desk.act(Action::LookUp { code: asked.clone() }), [ask]);
    let known = Known { official_code: None, status: None, known_at: desk_time() };
    desk.send(Event::LookedUp { asked, found: Some(known) });
    assert_eq!(desk.code(), "C20b");
}
