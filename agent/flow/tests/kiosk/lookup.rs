//! What a code tells without authentication.

use crate::common::*;
use motcua_flow::{ChipNews, Effect, Event, Known, SlipOf};
use motcua_model::{
    Private,
    api::{Action, Overlay, PrintState, ReviewValue, Screen, Service},
    citizen::{ChipPerson, PersonNumber},
    dossier::{ChipAnswer, ChipFiles, Proof, Status},
    fault::Fault,
    hub::News,
};

#[test]
fn a_look_up_tells_the_code_and_the_progress() {
    let mut desk = Desk::new();
    let asked = provisional().to_string();
    desk.act(Action::Start { service: Service::LookUp });
    let effects = desk.act(Action::LookUp { code: format!(" {} ", asked.to_lowercase()) });
    assert_eq!(effects, [Effect::LookUp { asked: asked.clone() }]);
    let known = |official: Option<&str>, status| Known {
        official_code: official.map(Into::into),
        status,
        known_at: desk_time(),
        can_reprint: false,
    };
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
    let known = Known { official_code: None, status: None, known_at: desk_time(), can_reprint: false };
    desk.send(Event::LookedUp { asked, found: Some(known) });
    assert_eq!(desk.code(), "C20b");
}

#[test]
fn what_the_office_says_can_be_taken_home_on_paper_and_only_by_its_person() {
    let mut desk = Desk::new();
    desk.reach_own();
    assert!(desk.act(Action::PrintDossier).is_empty(), "which one?");
    desk.act(Action::ShowDossier { dossier: 0 });
    let effects = desk.act(Action::PrintDossier);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(
        (slip.of, slip.title.vi.as_str(), slip.code.as_str()),
        (SlipOf::Told { dossier: uuid::Uuid::from_u128(5), news: 7 }, "YÊU CẦU BỔ SUNG HỒ SƠ", "H99.50-261120-0001")
    );
    assert!(slip.qr.ends_with("m=H99.50-261120-0001"));
    let value = |label: &str| slip.rows.iter().find(|(of, _)| of.vi == label).map(|(_, value)| value.vi.clone());
    assert_eq!(value("Cần bổ sung").as_deref(), Some("Giấy chứng sinh của bé Thử"));
    assert_eq!((value("Hạn cuối").as_deref(), value("Mã tạm").as_deref()), (Some("01/12/2026"), Some("TAM-1")));
    assert!(!format!("{effects:?}").contains("bé Thử"), "an officer's words stand in no log");
    let job = slip.job;
    assert!(desk.act(Action::PrintDossier).is_empty(), "one touch, one slip");
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    let Screen::OwnDossier { printing: Some(PrintState::Waiting(Fault::PrinterPaperOut)), .. } = desk.screen() else { panic!() };
    assert_eq!(desk.act(Action::Back), [Effect::DropPrint { job }], "it comes out in front of nobody else");
    // Of the other one the office has said nothing yet.
    desk.act(Action::ShowDossier { dossier: 1 });
    let effects = desk.act(Action::PrintDossier);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.title.vi.as_str(), slip.code.as_str()), ("HỒ SƠ ĐÃ NỘP", "TAM-2"));
    assert_eq!(desk.act(Action::End), [Effect::DropPrint { job: slip.job }]);
}

#[test]
fn an_officers_receipt_says_when_the_result_is_due() {
    let mut desk = Desk::new();
    let job = desk.reach_proving();
    let effects = desk.chip(Some(job), ChipNews::Read(of_chip()));
    let [Effect::FindOwn { number }] = effects.as_slice() else { panic!("{effects:?}") };
    let Event::OwnFound { number, mut dossiers } = own(number.clone()) else { panic!() };
    dossiers[0].known.status = Some(Status::Accepted);
    dossiers[0].news = Some(News::Accepted {
        dossier: uuid::Uuid::from_u128(5),
        official_code: "H99.50-261120-0001".into(),
        received: "2026-11-20T02:10:00Z".parse().unwrap(),
        due: "2026-11-27T09:00:00Z".parse().unwrap(),
        officer: Private::new("Trần Văn Mẫu"),
        place: "Một cửa xã Minh Họa".into(),
    });
    desk.send(Event::OwnFound { number, dossiers });
    desk.act(Action::ShowDossier { dossier: 0 });
    let Screen::OwnDossier { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(rows[0].value, ReviewValue::Private(Private::new("16:00 27/11/2026")), "by the clock of Viet Nam");
    let effects = desk.act(Action::PrintDossier);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(slip.title.vi, "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ");
    for told in ["16:00 27/11/2026", "09:10 20/11/2026", "Trần Văn Mẫu", "Một cửa xã Minh Họa"] {
        assert!(slip.rows.iter().any(|(_, value)| value.vi == told), "{told}");
    }
}
