//! C05b: the card's chip, from the reader that needs the number and from the one that does not.

use crate::common::*;
use motcua_flow::{ChipKey, ChipNews, Effect, Event, Kiosk, Settings, Unfinished};
use motcua_model::{
    Private, Text,
    api::{Action, ChipPhase, DeviceState, Health, Overlay, ReviewValue, Screen, Service},
    catalogue::Catalogue,
    citizen::{ChipPerson, PersonNumber},
    dossier::{ChipAnswer, ChipFiles, Proof},
    fault::Fault,
};
use uuid::Uuid;

fn phase(desk: &Desk) -> (ChipPhase, Option<Fault>, bool) {
    let Screen::ReadChip { phase, fault, skip_first, passport: false } = desk.screen() else { panic!("{}", desk.code()) };
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
    desk.for_myself();
    let applicant = &saved(&effects).unwrap().applicant;
    assert_eq!((applicant.address.reveal(), applicant.proof, applicant.confirmed), ("Phường Mới", CHECKED, true));
    desk.act(Action::Back);
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
}

/// The HN212 on a serial line opens a chip only with what the zone says; the law tells the date that the QR leaves out.
#[test]
fn a_reader_that_wants_the_zone_gets_it_from_the_card_s_code_or_from_the_zone_itself() {
    let zone_of = |text: &str| {
        let mut desk = desk_reader(ChipKey::Zone);
        desk.send(Event::Health(WITH_CARD_READER));
        desk.reach_identify();
        desk.scan(text);
        let effects = desk.send(Event::Unfinished(Unfinished::Nothing));
        effects.into_iter().find_map(|effect| {
            let Effect::ReadChip { zone: Some(zone), .. } = effect else { return None };
            Some([zone.document, zone.birth, zone.expiry].map(|part| part.reveal().to_owned()).join(" "))
        })
    };
    assert_eq!(zone_of(CARD).as_deref(), Some("190000016 900115 300115"), "born 1990, issued 2021: to the 40th birthday");
    let own = "IDVNM1900000163001190000016<<4\n9001158F4001153VNM<<<<<<<<<<<4\nNGUYEN<<THI<MAU<<<<<<<<<<<<<<<";
    assert_eq!(zone_of(own).as_deref(), Some("190000016 900115 400115"), "what the card says goes before what the law says");
    assert_eq!(zone_of(PASSPORT), None, "it knows no passports");
    assert_eq!(zone_of(CARD.trim_end_matches("10052021")), None, "damaged");
}

#[test]
fn a_passport_identifies_a_foreigner_and_its_zone_opens_its_chip() {
    for scanned in [false, true] {
        let mut desk = Desk::new();
        desk.reach_passport();
        desk.send(Event::Health(WITH_CARD_READER));
        let found = if scanned { desk.scan(PASSPORT) } else { desk.type_zone(PASSPORT) };
        let [Effect::FindUnfinished { number }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(number.reveal(), "UTO L898902C3");
        let effects = desk.send(Event::Unfinished(Unfinished::Nothing));
        let [Effect::ReadChip { job, zone: Some(zone), .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((zone.document.reveal(), zone.birth.reveal(), zone.expiry.reveal()), ("L898902C3", "740812", "120415"));
        assert!(matches!(desk.screen(), Screen::ReadChip { passport: true, .. }));
        let holder =
            ChipPerson { number: number.clone(), name: Private::new("ERIKSSON ANNA MARIA"), address: Private::new(""), ..*of_chip() };
        desk.chip(Some(*job), ChipNews::Read(Box::new(holder)));
        let Screen::ConfirmPerson { name, number, passport, proof, .. } = desk.screen() else { panic!("{}", desk.code()) };
        assert_eq!((name.reveal(), number.as_str(), passport, proof), ("ERIKSSON ANNA MARIA", "UTO L8••••C3", true, CHECKED));
    }
}

#[test]
fn a_zone_that_a_reader_sends_line_by_line_is_put_together() {
    let (upper, lower) = PASSPORT.split_once('\n').unwrap();
    let ways: [fn(&mut Desk); 2] = [|d| d.reach_identify(), |d| d.reach_passport()];
    for way in ways {
        let mut desk = Desk::new();
        way(&mut desk);
        // A first reading went wrong in its second line, and the person scans again.
        for line in [upper, "L898902C36UTO7408123F1204159ZE184226B<<<<<10", upper] {
            assert!(desk.scan(line).is_empty());
            assert_eq!(desk.overlay(), None, "the next line may be on its way");
        }
        let found = desk.scan(lower);
        assert!(matches!(found.as_slice(), [Effect::FindUnfinished { number }] if number.reveal() == "UTO L898902C3"), "{found:?}");
        desk.send(Event::Unfinished(Unfinished::Nothing));
        assert_eq!(desk.code(), "C06");
    }
    let mut desk = Desk::new();
    desk.reach_identify();
    let card = ["IDVNM1900000163001190000016<<4", "9001158F4001153VNM<<<<<<<<<<<4", "NGUYEN<<THI<MAU<<<<<<<<<<<<<<<"];
    let found: Vec<Effect> = card.iter().flat_map(|line| desk.scan(line)).collect();
    assert!(matches!(found.as_slice(), [Effect::FindUnfinished { number }] if number.reveal() == "001190000016"), "{found:?}");
}

#[test]
fn a_wrong_line_of_a_passport_says_what_is_wrong_and_costs_nothing() {
    let mut desk = Desk::new();
    desk.reach_passport();
    assert!(desk.type_zone(&PASSPORT.replace("7408122", "7408123")).is_empty());
    let Screen::Passport { error: Some(error) } = desk.screen() else { panic!("{}", desk.code()) };
    assert!(error.vi.contains("ngày sinh") && error.en.contains("date of birth"), "{error:?}");
    let step = desk.snapshot().step;
    desk.type_zone("P<UTO");
    assert_eq!((desk.code(), desk.snapshot().step), ("C05c", step), "the same picture with another word");
    desk.act(Action::Back);
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    assert_eq!(desk.code(), "C06", "whoever finds the card after all goes on with it");
}

#[test]
fn the_review_of_a_passport_speaks_of_a_passport() {
    let mut desk = Desk::new();
    desk.reach_passport();
    desk.type_zone(PASSPORT);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    let effects = desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    let draft = saved(&effects).unwrap();
    let applicant = &draft.applicant;
    assert_eq!(
        (applicant.name.reveal(), applicant.birth, applicant.number_agrees),
        ("ERIKSSON ANNA MARIA", jiff::civil::date(1974, 8, 12), true)
    );
    let kept: motcua_flow::Draft = serde_json::from_str(&serde_json::to_string(draft).unwrap()).unwrap();
    assert_eq!(&kept, draft, "it survives the disk");
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
    let other = ChipPerson { number: PersonNumber::parse("001090000017").unwrap(), ..*of_chip() };
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
    assert_eq!(desk.code(), "C02", "neither reader: it can be typed");
}

#[test]
fn such_a_card_may_come_on_any_screen_before_c06_and_in_a_look_up_and_nowhere_else() {
    for (name, mut desk) in every_screen() {
        let (code, before) = (desk.code(), desk.seen());
        let effects = desk.chip(None, ChipNews::Read(of_chip()));
        let by_number = name.starts_with("C05b typed");
        let taken = match effects.as_slice() {
            [Effect::FindUnfinished { .. }] => true,
            // Its own attempt at the chip ends.
            [Effect::CancelChip { .. }, Effect::FindUnfinished { .. }] => by_number,
            _ => false,
        };
        let new = by_number
            || ["C01", "C02", "C03", "C03b", "C05", "C05c", "C05d"].contains(&code)
                && !["C02 with a card", "C05 while the store looks"].contains(&name);
        let of_look_up = ["C20", "C20b"].contains(&code) || name == "C05b of a look-up";
        let of_c05b = code == "C05b" && !by_number;
        assert_eq!(taken, new, "{name}");
        if of_look_up {
            assert!(matches!(effects.last(), Some(Effect::FindOwn { .. })), "{name}: {effects:?}");
        } else if of_c05b {
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
        desk.for_myself();
        for value in ["Nguyễn Văn Bé", "20/11/2026", "male", "desk", "0900 000 456"] {
            desk.answer(value);
        }
        desk.scan_paper(0);
        desk.scan_paper(1);
        desk.act(Action::PapersDone);
        let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
        let submission = desk.submit();
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
    assert_eq!(Proof::Claimed.words().vi, "Chưa đọc chip, cán bộ sẽ kiểm tra");
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
        d.for_myself();
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
