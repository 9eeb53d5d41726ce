//! C16: an officer's first word, waited for.

use crate::{common::*, ways::Way};
use motcua_flow::{Effect, Event, OwnDossier, SlipOf};
use motcua_model::{
    Private,
    api::{Action, Health, LinkState, OfficerPage, PrintState, ReviewValue, Screen},
    dossier::Status,
    fault::Fault,
    hub::News,
};
use uuid::Uuid;

/// A desk whose office has an officer at work.
fn at_work() -> Desk {
    let mut settings = settings();
    settings.visit.wait_for_officer = true;
    Desk::of(settings)
}

/// C16 behind the slip.
fn waiting() -> (Desk, Uuid) {
    let mut desk = at_work();
    let dossier = desk.reach_slip();
    let effects = desk.act(Action::SlipTaken);
    let [Effect::CloseSlip { .. }, Effect::AskOfficer { dossier: asked, after_s: 0 }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((*asked, desk.code()), (dossier, "C16"));
    (desk, dossier)
}

/// What the store knows, with this status and news.
fn known(desk: &Desk, dossier: Uuid, status: Option<Status>, news: Option<News>) -> Event {
    let known = motcua_flow::Known {
        official_code: status.map(|_| "H99.50-261123-0001".to_owned()),
        status,
        known_at: desk.at().wall,
        can_reprint: true,
    };
    let own = OwnDossier {
        id: dossier,
        procedure_code: Some(BIRTH.into()),
        request: 1,
        fee: None,
        added: None,
        begun: None,
        code: provisional().to_string(),
        known,
        procedure: motcua_model::Text::new("Đăng ký khai sinh", "Birth registration"),
        submitted: desk.at().wall,
        news,
    };
    Event::OfficerTold { dossier, own: Some(Box::new(own)) }
}

fn accepted(dossier: Uuid) -> News {
    News::Accepted {
        dossier,
        official_code: "H99.50-261123-0001".into(),
        received: "2026-11-23T02:10:00Z".parse().unwrap(),
        due: "2026-11-27T09:00:00Z".parse().unwrap(),
        officer: Private::new("Trần Văn Mẫu"),
        place: String::new(),
    }
}

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C16", |d| *d = waiting().0),
        ("C16b", |d| {
            let (mut desk, dossier) = waiting();
            let told = known(&desk, dossier, Some(Status::Accepted), Some(accepted(dossier)));
            desk.send(told);
            *d = desk;
        }),
    ]
}

#[test]
fn the_receipt_with_the_due_date_goes_home_at_once() {
    let (mut desk, dossier) = waiting();
    // Registered, and accepted without its receipt, are not the word that is waited for.
    for status in [None, Some(Status::Registered), Some(Status::Accepted)] {
        let told = known(&desk, dossier, status, None);
        assert_eq!(desk.send(told), [Effect::AskOfficer { dossier, after_s: 5 }], "{status:?}");
        assert_eq!(desk.code(), "C16");
    }
    let told = known(&desk, dossier, Some(Status::Accepted), Some(accepted(dossier)));
    let effects = desk.send(told);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.title.vi.as_str()), (SlipOf::Told { dossier, news: 1 }, "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ"));
    let Screen::Officer { page: OfficerPage::Told { code, rows, printing: PrintState::Printing, .. } } = desk.screen() else { panic!() };
    assert_eq!((code.as_str(), &rows[0].value), ("H99.50-261123-0001", &ReviewValue::Private(Private::new("16:00 27/11/2026"))));
    let job = slip.job;
    desk.print(job, PrintState::Printed);
    assert_eq!(desk.act(Action::SlipTaken), [Effect::DropPrint { job }]);
    assert_eq!(desk.code(), "C18");
}

#[test]
fn a_refusal_and_missing_papers_are_words_too() {
    let (mut desk, dossier) = waiting();
    let told = known(&desk, dossier, Some(Status::Refused), None);
    assert!(matches!(desk.send(told).as_slice(), [Effect::Print(_)]));
    let Screen::Officer { page: OfficerPage::Told { state, .. } } = desk.screen() else { panic!() };
    assert_eq!(state, Status::Refused.words());
}

#[test]
fn nobody_has_to_wait_and_nobody_is_kept_waiting_without_a_link() {
    let (mut desk, dossier) = waiting();
    assert!(desk.act(Action::NotWait).is_empty());
    assert_eq!(desk.code(), "C18");
    let late = known(&desk, dossier, Some(Status::Accepted), Some(accepted(dossier)));
    assert!(desk.send(late).is_empty(), "too late");

    let (mut desk, dossier) = waiting();
    let other = known(&desk, Uuid::from_u128(77), Some(Status::Accepted), Some(accepted(dossier)));
    assert!(desk.send(other).is_empty(), "somebody else's");
    desk.send(Event::Health(Health { hub: LinkState::Down, ..READY }));
    let Screen::Officer { page: OfficerPage::Waiting { offline: true, .. } } = desk.screen() else { panic!() };

    let mut desk = at_work();
    desk.reach_slip();
    desk.send(Event::Health(Health { hub: LinkState::Down, ..READY }));
    desk.act(Action::SlipTaken);
    assert_eq!(desk.code(), "C18", "no answer could come");
    let mut desk = Desk::new();
    desk.reach_slip();
    desk.act(Action::SlipTaken);
    assert_eq!(desk.code(), "C18", "no officer is at work");
}

#[test]
fn what_an_officer_said_to_one_comes_out_in_front_of_nobody_else() {
    let (mut desk, dossier) = waiting();
    let told = known(&desk, dossier, Some(Status::Accepted), Some(accepted(dossier)));
    let effects = desk.send(told);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    desk.print(slip.job, PrintState::Waiting(Fault::PrinterPaperOut));
    desk.wait(300);
    assert_eq!(desk.wait(45), [Effect::DropPrint { job: slip.job }]);
    assert_eq!(desk.code(), "C01");
}
