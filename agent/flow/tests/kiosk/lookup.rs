//! What a code tells without authentication.

use crate::common::*;
use motcua_flow::{Effect, Event, Known};
use motcua_model::{
    api::{Action, Overlay, Screen, Service},
    dossier::Status,
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
fn a_card_under_the_reader_is_no_code_to_ask_for() {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::LookUp });
    assert!(desk.scan(CARD).is_empty());
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::CodeUnknown, retry: false }));
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
