//! C05d: what stands on a card that no reader reads, typed.

use crate::common::*;
use motcua_flow::{ChipNews, Effect, Event, Unfinished};
use motcua_model::{
    Language, Private,
    api::{Action, DeviceState, Health, Screen, Service},
    dossier::Proof,
    fault::Fault,
};

const MAU: [&str; 3] = ["001190000016", "Nguyễn Thị Mẫu", "15/01/1990"];
const WITHOUT_READER: Health = Health { reader: DeviceState::Absent, ..READY };

/// The number as it is asked for, and why the last word was not taken.
fn asked(desk: &Desk) -> (u8, Option<String>) {
    let Screen::Question { of_card: true, at, of: 3, error, .. } = desk.screen() else { panic!("{}", desk.code()) };
    (at, error.map(|error| error.get(Language::Vi).to_owned()))
}

#[test]
fn without_any_reader_a_person_files_by_what_stands_on_the_card() {
    let mut desk = Desk::new();
    desk.send(Event::Health(WITHOUT_READER));
    let Screen::Waiting { services, .. } = desk.screen() else { panic!("{}", desk.code()) };
    let tile = services.iter().find(|tile| tile.service == Service::File).unwrap();
    assert!(tile.unavailable.is_none() && tile.note.is_some(), "said before any effort, and no reason to go home: {tile:?}");
    desk.reach_typed();
    let effects = desk.type_card(MAU);
    let [Effect::FindUnfinished { number }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(number.reveal(), MAU[0]);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    let Screen::ConfirmPerson { name, birth_year, number, proof, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!((name.reveal(), birth_year, number.as_str(), proof), (MAU[1], 1990, "001••••••016", Proof::Typed));
    let effects = desk.act(Action::ConfirmPerson { correct: true });
    let Some(Effect::SaveDraft(draft)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((draft.applicant.proof, draft.applicant.number_agrees), (Proof::Typed, true), "the officer is told");
}

#[test]
fn a_number_that_tells_another_birth_year_is_doubted_once_and_told_to_the_officer() {
    let mut desk = Desk::new();
    desk.reach_typed();
    let effects = desk.type_card([MAU[0], MAU[1], "15/01/1991"]);
    assert!(effects.is_empty(), "{effects:?}");
    let (at, error) = asked(&desk);
    assert!(at == 3 && error.is_some_and(|words| words.contains("không khớp")));
    desk.answer("15/01/1992");
    assert!(asked(&desk).1.is_some(), "another date is doubted again");
    let effects = desk.answer("15/01/1992");
    assert!(matches!(effects.as_slice(), [Effect::FindUnfinished { .. }]), "{effects:?}");
    desk.send(Event::Unfinished(Unfinished::Nothing));
    let effects = desk.act(Action::ConfirmPerson { correct: true });
    let Some(Effect::SaveDraft(draft)) = effects.first() else { panic!("{effects:?}") };
    assert!(!draft.applicant.number_agrees);
}

#[test]
fn a_wrong_number_says_what_is_wrong_and_back_forgets_nothing_of_it() {
    let mut desk = Desk::new();
    desk.reach_typed();
    desk.answer("00119");
    assert!(matches!(asked(&desk), (1, Some(_))));
    desk.answer(MAU[0]);
    desk.answer(MAU[1]);
    assert_eq!(asked(&desk), (3, None));
    desk.act(Action::Back);
    let Screen::Question { at: 2, answer, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(answer.reveal(), MAU[1]);
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C05");

    desk.act(Action::TypeCard);
    desk.type_card(MAU);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert_eq!(desk.code(), "C06");
    desk.act(Action::Back);
    let Screen::Question { of_card: true, at: 3, answer, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(answer.reveal(), MAU[2], "one slip of the finger does not cost all of it");
}

#[test]
fn with_a_card_reader_the_number_alone_opens_the_chip() {
    let mut desk = Desk::new();
    let job = desk.reach_typed_chip();
    let effects = desk.chip(Some(job), ChipNews::Read(of_chip()));
    assert!(matches!(effects.as_slice(), [Effect::FindUnfinished { .. }]), "{effects:?}");
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert!(matches!(desk.screen(), Screen::ConfirmPerson { proof: CHECKED, .. }), "{:?}", desk.screen());
}

#[test]
fn a_chip_that_is_not_read_leaves_the_rest_to_be_typed_and_is_not_asked_for_again() {
    let mut desk = Desk::new();
    let job = desk.reach_typed_chip();
    desk.chip(Some(job), ChipNews::Failed(Fault::CardUnreadable));
    desk.act(Action::SkipChip);
    assert_eq!(asked(&desk), (2, None));
    desk.send(Event::Health(WITH_CARD_READER));
    desk.answer(MAU[1]);
    desk.answer(MAU[2]);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert!(matches!(desk.screen(), Screen::ConfirmPerson { proof: Proof::Typed, .. }), "{:?}", desk.screen());

    let mut desk = Desk::new();
    let job = desk.reach_typed_chip();
    let effects = desk.act(Action::Back);
    assert!(matches!(effects.as_slice(), [Effect::CancelChip { job: cancelled }] if *cancelled == job), "{effects:?}");
    let Screen::Question { at: 1, answer, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(answer.reveal(), MAU[0]);
}

/// Twelve digits are soon known of somebody: who types must know what the card says beside them, or finds nothing of its owner.
#[test]
fn an_unfinished_filing_is_shown_to_who_types_all_that_is_on_the_card_and_to_nobody_else() {
    let draft = draft_of(|d| d.reach_papers());
    let shown = |told: [&str; 3]| {
        let mut desk = Desk::new();
        desk.reach_typed();
        desk.type_card(told);
        desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
        desk.code()
    };
    assert_eq!(shown(MAU), "C91");
    assert_eq!(shown([MAU[0], "NGUYEN THI MAU", MAU[2]]), "C91", "without accents it is the same name");
    assert_eq!(shown([MAU[0], "Trần Văn Thử", MAU[2]]), "C06");
    assert_eq!(shown([MAU[0], MAU[1], "16/01/1990"]), "C06");
}

#[test]
fn a_card_that_is_read_after_all_takes_the_place_of_what_was_typed() {
    let mut desk = Desk::new();
    desk.reach_typed();
    desk.answer(MAU[0]);
    desk.scan(OTHER_CARD);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    let Screen::ConfirmPerson { name, proof, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!((name, proof), (Private::new("Trần Văn Thử"), Proof::Claimed));
}
