//! Bổ sung giấy: what an officer asks for is scanned and sent from C20d.

use crate::common::*;
use motcua_flow::{ChipNews, Effect, Event, OwnDossier, SlipOf, Unfinished};
use motcua_model::{
    Private,
    api::{Action, Adding, DeviceState, Health, ReviewValue, Screen},
    dossier::Status,
    hub::{News, SupplementItem},
};

/// C20d of one dossier that an officer has asked two papers for, as `other` makes it.
fn asked(other: impl FnOnce(&mut OwnDossier)) -> Desk {
    let mut desk = Desk::new();
    let job = desk.reach_proving();
    let effects = desk.chip(Some(job), ChipNews::Read(of_chip()));
    let [Effect::FindOwn { number }] = effects.as_slice() else { panic!("{effects:?}") };
    let Event::OwnFound { number, mut dossiers } = own(number.clone()) else { panic!() };
    let Some(News::Supplement { items, .. }) = &mut dossiers[0].news else { panic!() };
    items.push(SupplementItem { component: None, what: Private::new("Ảnh của bé Thử") });
    other(&mut dossiers[0]);
    desk.send(Event::OwnFound { number, dossiers });
    desk.act(Action::ShowDossier { dossier: 0 });
    desk
}

fn adding(desk: &Desk) -> Adding {
    let Screen::OwnDossier { adding, .. } = desk.screen() else { panic!("{}", desk.code()) };
    adding
}

#[test]
fn papers_that_an_officer_asks_for_are_scanned_and_sent_to_the_dossier_that_waits() {
    let mut desk = asked(|_| {});
    assert_eq!(adding(&desk), Adding::Open);
    let effects = desk.act(Action::AddPapers);
    let [Effect::SaveDraft(draft)] = effects.as_slice() else { panic!("{effects:?}") };
    let adds = draft.adds_to.clone().unwrap();
    assert_eq!((adds.dossier, adds.official_code.as_str(), adds.request), (uuid::Uuid::from_u128(5), "H99.50-261120-0001", 7));
    assert!(draft.applicant.confirmed, "the chip has proved the person just now");
    assert!(!format!("{effects:?}").contains("bé Thử"), "an officer's words stand in no log");
    let Screen::Papers { papers } = desk.screen() else { panic!("{}", desk.code()) };
    let words: Vec<&str> = papers.iter().map(|paper| paper.asked.as_ref().unwrap().reveal()).collect();
    assert_eq!(words, ["Giấy chứng sinh của bé Thử", "Ảnh của bé Thử"]);
    assert!(papers.iter().all(|paper| !paper.required && !paper.name.vi.contains("Thử")), "one of them is enough today");
    assert!(!desk.snapshot().can_back, "the look-up behind it is closed");

    assert!(desk.act(Action::PapersDone).is_empty());
    assert_eq!(desk.code(), "C08c", "none of them is not enough");
    desk.act(Action::Back);
    desk.scan_paper(1);
    desk.act(Action::LeavePaper { paper: 0 });
    desk.act(Action::PapersDone);
    let Screen::Review { procedure, rows } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(procedure.vi, "Bổ sung: Đăng ký khai sinh");
    assert!(rows.iter().any(|row| matches!(&row.value, ReviewValue::Pages(pages) if pages.len() == 2)));

    let effects = desk.act(Action::Submit);
    let [Effect::Submit(submission)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(submission.particulars.adds_to, Some(adds));
    assert_eq!((submission.documents.len(), submission.documents[0].component.as_str()), (1, "bo-sung-2"));
    let effects = desk.submitted(&effects);
    let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.title.vi.as_str(), slip.code.as_str()), (SlipOf::Dossier, "PHIẾU ĐÃ NỘP GIẤY BỔ SUNG", "H99.50-261120-0001"));
    assert!(slip.qr.ends_with("m=H99.50-261120-0001"));
    assert!(slip.rows.iter().any(|(_, value)| value.vi == provisional().to_string()), "and the code of the addition");
    assert!(slip.rows.iter().all(|(label, value)| !value.vi.contains("Thử") && !label.vi.contains("Thời hạn")));
    desk.act(Action::SlipTaken);
    assert_eq!(desk.code(), "C18", "no fee is asked for");
}

#[test]
fn a_single_paper_is_required() {
    let mut desk = Desk::new();
    desk.reach_adding();
    let Screen::Papers { papers } = desk.screen() else { panic!() };
    assert!(papers.len() == 1 && papers[0].required);
    assert!(desk.act(Action::LeavePaper { paper: 0 }).is_empty());
    assert_eq!(desk.code(), "C08c");
}

#[test]
fn it_is_offered_only_where_it_can_be_done_and_only_once() {
    let at = "2026-11-22T02:00:00Z".parse().unwrap();
    type Other = fn(&mut OwnDossier);
    let cases: [(Other, Adding); 4] = [
        (|own| own.known.status = Some(Status::Processing), Adding::None),
        (|own| own.news = None, Adding::None),
        (|own| own.procedure_code = None, Adding::AtDesk),
        (|own| own.added = Some("2026-11-22T02:00:00Z".parse().unwrap()), Adding::Done(at)),
    ];
    for (other, offered) in cases {
        let mut desk = asked(other);
        assert_eq!(adding(&desk), offered);
        assert!(desk.act(Action::AddPapers).is_empty(), "{offered:?}");
        assert_eq!(desk.code(), "C20d");
    }
    let mut desk = asked(|_| {});
    for health in [Health { scanner: DeviceState::Lost, ..READY }, Health { disk_full: true, ..READY }] {
        desk.send(Event::Health(health));
        assert_eq!(adding(&desk), Adding::AtDesk);
        assert!(desk.act(Action::AddPapers).is_empty());
    }
    desk.send(Event::Health(Health { reader: DeviceState::Lost, ..READY }));
    assert_eq!(adding(&desk), Adding::Open, "the card was read already");
}

#[test]
fn after_a_power_cut_it_goes_on_behind_the_chip_and_nowhere_else() {
    let draft = draft_of(|d| {
        d.reach_adding();
        d.scan_paper(0);
    });
    let mut desk = Desk::new();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    assert_eq!(desk.code(), "C02", "the code on the card proves nobody");

    let kept = draft.clone();
    let mut desk = asked(move |own| own.begun = Some(Box::new(kept)));
    let effects = desk.act(Action::AddPapers);
    let resumed = saved(&effects).unwrap();
    assert_eq!((resumed.id, &resumed.documents), (draft.id, &draft.documents));
    assert_eq!(desk.code(), "C08");
}
