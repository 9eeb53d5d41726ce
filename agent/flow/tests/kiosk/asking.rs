//! What the hub knows of the owner: papers that are stored are confirmed and not asked again (R31, R32, R33, R37).

use crate::common::*;
use motcua_flow::{ChipNews, Effect, Event, Unfinished};
use motcua_model::{
    Private,
    api::{Action, ChangeTarget, PaperState, ReviewValue, Screen},
    dossier::Origin,
    for_whom::ForWhom,
    hub::{PaperSource, PersonKey},
};

fn state(desk: &Desk) -> PaperState {
    let Screen::Papers { papers } = desk.screen() else { panic!("{}", desk.code()) };
    papers[2].state
}

fn asked(effects: &[Effect]) -> Option<(PersonKey, Vec<String>)> {
    effects.iter().find_map(|e| if let Effect::AskHub { owner, types, .. } = e { Some((owner.clone(), types.clone())) } else { None })
}

#[test]
fn a_stored_paper_is_confirmed_and_not_scanned() {
    let mut desk = Desk::new();
    desk.reach_stored();
    assert_eq!(state(&desk), PaperState::Found);
    desk.act(Action::ScanPaper { paper: 2 });
    let Screen::StoredPaper { name, number, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!((name.as_str(), number.reveal()), ("Giấy chứng nhận kết hôn", "27/2019"));
    desk.act(Action::Back);
    assert_eq!((desk.code(), state(&desk)), ("C08", PaperState::Found), "nothing was said");
    desk.act(Action::ScanPaper { paper: 2 });
    let effects = desk.act(Action::UseStored);
    assert!(saved(&effects).is_some(), "durable before it is shown");
    assert_eq!((desk.code(), state(&desk)), ("C08", PaperState::Stored));
    desk.scan_paper(0);
    desk.scan_paper(1);
    desk.act(Action::PapersDone);
    let submission = desk.submit();
    let stored = submission.documents.iter().find(|d| d.component == "GCN-KH").unwrap();
    assert_eq!(stored.origin, Origin::Stored { source: PaperSource::Hub, reference: "KHO-27".into() });
    assert_eq!((stored.sheets, stored.pages.len()), (0, 0));
    assert_eq!(submission.particulars.technical_id.as_ref().map(Private::reveal), Some("TECH-17"));
    assert!(submission.particulars.disputed.is_empty());
    let effects = desk.send(Event::Submitted { id: submission.id, code: provisional() });
    let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(
        slip.rows.iter().any(|(label, papers)| label.vi == "Dùng bản điện tử đã có" && papers.vi.contains("kết hôn")),
        "{:?}",
        slip.rows
    );
}

#[test]
fn one_that_is_wrong_is_taken_as_paper_with_a_flag_and_the_person_may_think_again() {
    let mut desk = Desk::new();
    desk.reach_stored();
    desk.act(Action::ScanPaper { paper: 2 });
    desk.act(Action::DisputeStored);
    assert_eq!(desk.code(), "C10");
    desk.act(Action::DeclareSheets { sheets: 1 });
    desk.scan_pages(2);
    desk.act(Action::AcceptPages);
    assert_eq!(state(&desk), PaperState::Scanned(2));
    desk.scan_paper(0);
    desk.scan_paper(1);
    desk.act(Action::PapersDone);
    let submission = desk.submit();
    let [disputed] = submission.particulars.disputed.as_slice() else { panic!("{:?}", submission.particulars) };
    assert_eq!((disputed.component.as_str(), disputed.reference.as_str()), ("GCN-KH", "KHO-27"));
    assert_eq!(submission.documents.iter().find(|d| d.component == "GCN-KH").unwrap().pages.len(), 2);
}

#[test]
fn on_c12_a_used_one_can_be_called_wrong() {
    let mut desk = Desk::new();
    desk.reach_stored();
    desk.act(Action::ScanPaper { paper: 2 });
    desk.act(Action::UseStored);
    desk.scan_paper(0);
    desk.scan_paper(1);
    desk.act(Action::PapersDone);
    let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert!(rows.iter().any(|row| matches!(&row.value, ReviewValue::Words(words) if words.vi == "Dùng bản điện tử đã có")));
    desk.act(Action::Change { target: ChangeTarget::Paper(2) });
    assert_eq!(desk.code(), "C08b");
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C12");
    desk.act(Action::Change { target: ChangeTarget::Paper(2) });
    desk.act(Action::DisputeStored);
    desk.act(Action::DeclareSheets { sheets: 1 });
    desk.scan_pages(2);
    desk.act(Action::AcceptPages);
    assert_eq!(desk.code(), "C12");
}

#[test]
fn papers_are_asked_for_only_where_the_chip_has_proved_the_owner() {
    let mut desk = Desk::new();
    desk.reach_person();
    desk.act(Action::ConfirmPerson { correct: true });
    let (owner, types) = asked(&desk.act(Action::FileFor { whom: ForWhom::Myself })).unwrap();
    assert!(types.is_empty(), "a photograph of a card must not tell what papers its owner has (R13)");
    desk.act(Action::Back);
    assert_eq!(asked(&desk.act(Action::FileFor { whom: ForWhom::Myself })), None, "once for each owner");

    let mut other = Desk::new();
    let job = other.reach_chip();
    other.chip(Some(job), ChipNews::Read(of_chip()));
    other.act(Action::ConfirmPerson { correct: true });
    other.act(Action::FileFor { whom: ForWhom::Authorised });
    let (authoriser, types) = asked(&other.scan(OTHER_CARD)).unwrap();
    assert!(types.is_empty() && authoriser != owner, "who is not here has agreed to nothing");
    assert!(matches!(authoriser, PersonKey::Citizen { number, .. } if number.reveal() == "001090000017"), "the account is theirs (R27)");
}

#[test]
fn what_comes_late_or_is_of_somebody_else_or_no_longer_holds_is_not_offered() {
    let mut desk = Desk::new();
    desk.reach_papers();
    let other = PersonKey::Organisation { tax_code: Private::new("0100109106") };
    desk.send(told(other, true));
    assert_eq!(state(&desk), PaperState::ToScan);

    let mut desk = Desk::new();
    desk.reach_stored();
    let Event::HubTold { owner, account, mut papers } = told(owner_of_chip(), true) else { unreachable!() };
    papers[0].1.valid_until = Some(jiff::civil::date(2026, 11, 22));
    desk.send(Event::HubTold { owner, account, papers });
    assert_eq!(state(&desk), PaperState::ToScan, "its last day is over");
    desk.send(told(owner_of_chip(), true));
    desk.act(Action::ScanPaper { paper: 2 });
    desk.act(Action::UseStored);
    desk.act(Action::Back);
    for _ in 0..5 {
        desk.act(Action::Back);
    }
    assert_eq!(desk.code(), "C04");
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    desk.scan(OTHER_CARD);
    for value in ["Nguyễn Văn Bé", "20/11/2026", "male", "desk", "0900 000 456"] {
        desk.answer(value);
    }
    assert_eq!(state(&desk), PaperState::ToScan, "it is not the authoriser's");
}

fn owner_of_chip() -> PersonKey {
    let person = of_chip();
    PersonKey::Citizen { number: person.number.citizen().unwrap().clone(), name: person.name }
}

#[test]
fn what_the_hub_told_before_a_power_cut_stays_without_a_link() {
    let draft = draft_of(|desk| desk.reach_stored());
    let mut desk = Desk::new();
    desk.reach_identify();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
    let effects = desk.act(Action::Resume { go_on: true });
    assert!(asked(&effects).is_some(), "asked once more, and nobody answers");
    assert_eq!(state(&desk), PaperState::ToScan);
    desk.scan_paper(0);
    desk.scan_paper(1);
    desk.act(Action::PapersDone);
    assert_eq!(desk.submit().particulars.technical_id.as_ref().map(Private::reveal), Some("TECH-17"));
}
