//! C05b: the card's chip, from the reader that needs the number and from the one that does not.

use crate::common::*;
use motcua_flow::{ChipKey, ChipNews, Effect, Event, Kiosk, Settings, Unfinished};
use motcua_model::{
    Private, Text,
    api::{Action, ChipPhase, DeviceState, Health, Overlay, ReviewValue, Screen, Service},
    catalogue::Catalogue,
    citizen::{ChipPerson, CitizenNumber},
    dossier::{ChipAnswer, ChipFiles, Proof},
    fault::Fault,
};
use uuid::Uuid;

fn phase(desk: &Desk) -> (ChipPhase, Option<Fault>, bool) {
    let Screen::ReadChip { phase, fault, skip_first } = desk.screen() else { panic!("{}", desk.code()) };
    (phase, fault, skip_first)
}

fn proof(desk: &Desk) -> Proof {
    let Screen::ConfirmPerson { proof, .. } = desk.screen() else { panic!("{}", desk.code()) };
    proof
}

fn asked(effects: &[Effect]) -> Uuid {
    let [Effect::ReadChip { job, .. }] = effects else { panic!("{effects:?}") };
    *job
}

#[test]
fn the_chip_follows_the_code_and_its_data_replace_it() {
    let mut desk = Desk::new();
    let job = desk.reach_chip();
    assert_eq!(phase(&desk), (ChipPhase::Waiting, None, false));
    let step = desk.snapshot().step;
    for percent in [0, 50, 100, 250] {
        desk.chip(Some(job), ChipNews::Reading { percent });
        assert_eq!(phase(&desk).0, ChipPhase::Reading(percent.min(100)));
    }
    assert_eq!(desk.snapshot().step, step, "progress is the same picture");
    let moved_house = ChipPerson { address: Private::new("Phường Mới"), ..*of_chip() };
    assert!(desk.chip(Some(job), ChipNews::Read(Box::new(moved_house))).is_empty());
    assert_eq!(proof(&desk), CHECKED);
    let effects = desk.act(Action::ConfirmPerson { correct: true });
    let applicant = &saved(&effects).unwrap().applicant;
    assert_eq!((applicant.address.reveal(), applicant.proof, applicant.confirmed), ("Phường Mới", CHECKED, true));
    desk.act(Action::Back);
    assert_eq!(proof(&desk), CHECKED, "C06 says it again");
}

#[test]
fn a_card_that_came_early_is_asked_for_its_chip_at_c05b() {
    let mut desk = Desk::new();
    desk.send(Event::Health(WITH_CARD_READER));
    desk.scan(CARD);
    assert!(desk.send(Event::Unfinished(Unfinished::Nothing)).is_empty(), "not before the notice is agreed to");
    desk.act(Action::Agree);
    desk.act(Action::ChooseProcedure { code: BIRTH.into() });
    asked(&desk.act(Action::HavePapers));
    assert_eq!(desk.code(), "C05b");
}

#[test]
fn without_a_reader_that_is_ready_the_code_stands_alone() {
    for card_reader in [DeviceState::Absent, DeviceState::Lost, DeviceState::NeedsHuman(Fault::CardReaderGone)] {
        let mut desk = Desk::new();
        desk.send(Event::Health(Health { card_reader, ..READY }));
        desk.reach_person();
        assert_eq!(proof(&desk), Proof::Claimed);
    }
    let mut desk = desk_reader(ChipKey::Zone);
    desk.send(Event::Health(WITH_CARD_READER));
    desk.reach_person();
}

#[test]
fn a_moved_card_is_read_again_without_a_touch_but_not_for_ever() {
    let mut desk = Desk::new();
    let first = desk.reach_chip();
    let second = asked(&desk.chip(Some(first), ChipNews::Failed(Fault::CardMoved)));
    assert_eq!(phase(&desk), (ChipPhase::Waiting, Some(Fault::CardMoved), false));
    let third = asked(&desk.chip(Some(second), ChipNews::Failed(Fault::CardMoved)));
    assert!(desk.chip(Some(third), ChipNews::Failed(Fault::CardMoved)).is_empty());
    assert_eq!(phase(&desk), (ChipPhase::Stopped, Some(Fault::CardMoved), true));
    let fourth = asked(&desk.act(Action::ReadChip));
    assert_eq!(phase(&desk), (ChipPhase::Waiting, Some(Fault::CardMoved), true));
    assert!(desk.act(Action::ReadChip).is_empty(), "one reading at a time");
    desk.chip(Some(fourth), ChipNews::Read(of_chip()));
    assert_eq!(proof(&desk), CHECKED);
}

#[test]
fn any_other_fault_waits_for_the_person_who_can_always_go_on() {
    let other = ChipPerson { number: CitizenNumber::parse("001090000017").unwrap(), ..*of_chip() };
    let cases = [
        (ChipNews::Failed(Fault::CardOther), Fault::CardOther, false),
        (ChipNews::Failed(Fault::CardUnreadable), Fault::CardUnreadable, false),
        (ChipNews::Failed(Fault::CardReaderGone), Fault::CardReaderGone, true),
        (ChipNews::Read(Box::new(other)), Fault::CardOther, false),
    ];
    for (news, fault, skip_first) in cases {
        let mut desk = Desk::new();
        let job = desk.reach_chip();
        desk.chip(Some(job), news.clone());
        assert_eq!((phase(&desk), desk.overlay()), ((ChipPhase::Stopped, Some(fault), skip_first), None));
        let again = asked(&desk.act(Action::ReadChip));
        assert_ne!(again, job);
        assert!(desk.chip(Some(job), ChipNews::Read(of_chip())).is_empty(), "late news");
        assert_eq!(desk.code(), "C05b");
        assert_eq!(desk.act(Action::SkipChip), [Effect::CancelChip { job: again }]);
        assert_eq!(proof(&desk), Proof::Claimed);
        assert!(matches!(desk.screen(), Screen::ConfirmPerson { name, .. } if name.reveal() == "Nguyễn Thị Mẫu"));
    }
}

#[test]
fn a_reading_ends_with_the_visit_and_its_late_news_mean_nothing() {
    let ends: [fn(&mut Desk) -> Vec<Effect>; 5] = [
        |d| d.act(Action::Back),
        |d| d.act(Action::End),
        |d| d.act(Action::SkipChip),
        |d| d.wait(1000),
        |d| d.send(Event::OutOfService(Text::new("Ổ đĩa đầy", "The disk is full"))),
    ];
    for end in ends {
        let mut desk = Desk::new();
        let job = desk.reach_chip();
        assert_eq!(end(&mut desk), [Effect::CancelChip { job }]);
        let before = desk.seen();
        for news in [ChipNews::Reading { percent: 3 }, ChipNews::Failed(Fault::CardMoved), ChipNews::Read(of_chip())] {
            assert!(desk.chip(Some(job), news).is_empty());
            assert_eq!(desk.seen(), before);
        }
    }
    let mut desk = Desk::new();
    let job = desk.reach_chip();
    desk.chip(Some(job), ChipNews::Failed(Fault::CardUnreadable));
    assert!(desk.act(Action::End).is_empty(), "nothing runs any more");
}

/// An HN212 on the desk, and no barcode reader.
fn desk_reader(chip_key: ChipKey) -> Desk {
    let mut desk = Desk::new();
    desk.kiosk = Kiosk::new(Settings { chip_key, ..settings() }, Catalogue::built_in().unwrap());
    desk.send(Event::Health(Health { reader: DeviceState::Lost, ..WITH_CARD_READER }));
    desk
}

#[test]
fn a_reader_that_opens_cards_by_itself_needs_no_code() {
    let mut desk = desk_reader(ChipKey::Nothing);
    desk.reach_identify();
    assert_eq!(desk.screen(), Screen::Identify { failed: 0, qr: false, chip: true });
    desk.chip(None, ChipNews::Failed(Fault::CardUnreadable));
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::CardUnreadable, retry: false }));
    let effects = desk.chip(None, ChipNews::Read(of_chip()));
    assert!(matches!(effects.as_slice(), [Effect::FindUnfinished { number }] if number.reveal() == "001190000016"));
    assert_eq!(desk.overlay(), None);
    assert!(desk.send(Event::Unfinished(Unfinished::Nothing)).is_empty());
    assert_eq!(proof(&desk), CHECKED);

    let mut desk = desk_reader(ChipKey::Nothing);
    desk.send(Event::Health(Health { reader: DeviceState::Lost, card_reader: DeviceState::Lost, ..READY }));
    desk.act(Action::Start { service: Service::File });
    assert_eq!(desk.code(), "C01", "neither reader");
}

#[test]
fn such_a_card_may_come_on_any_screen_before_c06_and_nowhere_else() {
    for (name, mut desk) in every_screen() {
        let (code, before) = (desk.code(), desk.seen());
        let effects = desk.chip(None, ChipNews::Read(of_chip()));
        let taken = matches!(effects.as_slice(), [Effect::FindUnfinished { .. }]);
        let new = ["C01", "C02", "C03", "C03b", "C05"].contains(&code) && !["C02 with a card", "C05 while the store looks"].contains(&name);
        let of_c05b = code == "C05b";
        assert_eq!(taken, new, "{name}");
        if of_c05b {
            assert_eq!(proof(&desk), CHECKED, "{name}: it is what was asked for");
        } else if !new {
            assert_eq!((effects.as_slice(), desk.seen()), ([].as_slice(), before), "{name}");
        }
    }
}

#[test]
fn the_chip_of_the_known_card_proves_it_and_another_one_does_not_replace_it() {
    let mut desk = Desk::new();
    desk.reach_identify();
    desk.scan(CARD);
    assert!(desk.chip(None, ChipNews::Read(of_chip())).is_empty());
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert_eq!(proof(&desk), CHECKED);

    let mut desk = Desk::new();
    desk.scan(OTHER_CARD);
    assert!(desk.chip(None, ChipNews::Read(of_chip())).is_empty());
    desk.send(Event::Unfinished(Unfinished::Nothing));
    desk.act(Action::Agree);
    desk.act(Action::ChooseProcedure { code: BIRTH.into() });
    desk.act(Action::HavePapers);
    assert!(matches!(desk.screen(), Screen::ConfirmPerson { name, proof: Proof::Claimed, .. } if name.reveal() == "Trần Văn Thử"));
}

#[test]
fn a_chip_that_fails_its_checks_marks_the_dossier_and_stops_nobody() {
    let rows = |proof: Proof| {
        let mut desk = Desk::new();
        let job = desk.reach_chip();
        desk.chip(Some(job), ChipNews::Read(Box::new(ChipPerson { proof, ..*of_chip() })));
        desk.act(Action::ConfirmPerson { correct: true });
        for value in ["Nguyễn Văn Bé", "20/11/2026", "male", "0900 000 456"] {
            desk.answer(value);
        }
        desk.scan_paper(0);
        desk.scan_paper(1);
        desk.act(Action::PapersDone);
        let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
        let effects = desk.act(Action::Submit);
        let [Effect::Submit(submission)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(submission.applicant.proof, proof);
        rows.into_iter().map(|row| row.value).collect::<Vec<_>>()
    };
    let cases = [
        (ChipFiles::Trusted, ChipAnswer::NotAsked, "Đã kiểm tra bằng chip"),
        (ChipFiles::UnknownSigner, ChipAnswer::Genuine, "Đã đọc từ chip, cán bộ sẽ xem lại"),
        (ChipFiles::Unsigned, ChipAnswer::NotAsked, "Đã đọc từ chip, cán bộ sẽ xem lại"),
        (ChipFiles::Broken, ChipAnswer::Genuine, "Chưa kiểm tra được chip, cán bộ sẽ xem lại"),
        (ChipFiles::Trusted, ChipAnswer::Failed, "Chưa kiểm tra được chip, cán bộ sẽ xem lại"),
    ];
    for (files, chip, words) in cases {
        let proof = Proof::Chip { files, chip };
        assert_eq!(proof.words().vi, words);
        assert!(rows(proof).contains(&ReviewValue::Words(proof.words())), "{words}");
    }
    assert_eq!(Proof::Claimed.words().vi, "Theo mã QR, cán bộ sẽ kiểm tra");
}

#[test]
fn a_chip_without_the_vietnamese_file_leaves_accents_and_address_to_the_code() {
    let mut desk = Desk::new();
    let job = desk.reach_chip();
    let plain = ChipPerson { name: Private::new("NGUYEN THI MAU"), address: Private::new(""), ..*of_chip() };
    desk.chip(Some(job), ChipNews::Read(Box::new(plain.clone())));
    let Screen::ConfirmPerson { name, address, .. } = desk.screen() else { panic!() };
    assert_eq!((name.reveal(), address.reveal()), ("Nguyễn Thị Mẫu", "Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm"));

    let mut desk = Desk::new();
    let job = desk.reach_chip();
    desk.chip(Some(job), ChipNews::Read(Box::new(ChipPerson { name: Private::new("TRAN THI MAU"), ..plain })));
    assert!(matches!(desk.screen(), Screen::ConfirmPerson { name, .. } if name.reveal() == "TRAN THI MAU"), "the chip is right");
}

#[test]
fn the_proof_is_of_this_visit_and_old_drafts_open() {
    let draft = draft_of(|d| {
        let job = d.reach_chip();
        d.chip(Some(job), ChipNews::Read(of_chip()));
        d.act(Action::ConfirmPerson { correct: true });
    });
    assert_eq!(draft.applicant.proof, CHECKED);
    let mut desk = Desk::new();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    let effects = desk.act(Action::Resume { go_on: true });
    let resumed = &saved(&effects).unwrap().applicant;
    assert_eq!((resumed.proof, resumed.confirmed), (Proof::Claimed, true), "whoever shows the code alone has proven nothing");

    let mut desk = Desk::new();
    desk.chip(None, ChipNews::Read(of_chip()));
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    let effects = desk.act(Action::Resume { go_on: true });
    assert_eq!(saved(&effects).unwrap().applicant.proof, CHECKED);

    let mut old = serde_json::to_value(&draft).unwrap();
    assert!(old["applicant"].as_object_mut().unwrap().remove("proof").is_some());
    let old: motcua_flow::Draft = serde_json::from_value(old).unwrap();
    assert_eq!(old.applicant.proof, Proof::Claimed);
}

#[test]
fn who_starts_anew_instead_of_resuming_is_asked_for_the_chip() {
    let draft = draft_of(|d| d.reach_papers());
    let mut desk = Desk::new();
    desk.send(Event::Health(WITH_CARD_READER));
    desk.reach_identify();
    desk.scan(CARD);
    assert!(desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft)))).is_empty());
    let effects = desk.act(Action::Resume { go_on: false });
    asked(&effects[1..]);
    assert_eq!(desk.code(), "C05b");
}
