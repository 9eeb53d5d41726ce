//! Questions about an address, and the result by post to another address than the card's.

use crate::{
    common::*,
    for_whom::{asked, begin},
};
use motcua_flow::{Event, Unfinished};
use motcua_model::{
    Private,
    api::{Action, ChangeTarget, ReviewValue, Screen, Service},
    catalogue::AnswerKind,
    dossier::Submission,
    particulars::{AddressNow, ReturnBy},
};

const RESIDENCE: &str = "1.004222";
const NEW: &str = "Số 5 ngõ 2, Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang";
const OTHER: &str = "12 Phố Thử, Phường Sài Gòn, Thành phố Hồ Chí Minh";

fn to_the_questions(desk: &mut Desk) {
    begin(desk, RESIDENCE);
    desk.for_myself();
}

#[test]
fn an_address_is_taken_only_with_a_commune_of_today_and_can_be_gone_back_to() {
    let mut desk = Desk::new();
    to_the_questions(&mut desk);
    let Screen::Question { kind, .. } = desk.screen() else { panic!() };
    assert_eq!(kind, AnswerKind::Address { commune_enough: false, abroad: false });
    assert_eq!(desk.snapshot().commune.as_deref(), Some("00715"), "the office's own comes first");
    for wrong in ["", "Thôn Thử, Xã Má Lé, Huyện Đồng Văn, Tỉnh Hà Giang", "Xã Lũng Cú, Tỉnh Tuyên Quang"] {
        desk.answer(wrong);
        let Screen::Question { error: Some(_), answer, .. } = desk.screen() else { panic!("'{wrong}' was taken") };
        assert_eq!(answer.reveal(), wrong, "it stays to be mended");
    }
    let effects = desk.answer(&NEW.to_uppercase().replace("SỐ 5 NGÕ 2, THÔN THỬ", "Số 5 ngõ 2,  Thôn Thử"));
    assert_eq!(saved(&effects).unwrap().answers[0].value.reveal(), NEW, "as it is written");
    assert_eq!(asked(&desk), "Chuyển đến ngày nào?");
    desk.act(Action::Back);
    assert!(matches!(desk.screen(), Screen::Question { answer, error: None, .. } if answer.reveal() == NEW));
}

#[test]
fn by_post_to_another_address_asks_for_it_and_another_way_forgets_it() {
    let mut desk = Desk::new();
    desk.reach_review();
    desk.act(Action::Change { target: ChangeTarget::Question(3) });
    assert_eq!(asked(&desk), "Nhận kết quả ở đâu?");
    desk.answer("post_other");
    assert_eq!(asked(&desk), "Gửi kết quả đến đâu?", "before C12 can be right");
    desk.act(Action::Back);
    assert_eq!(asked(&desk), "Nhận kết quả ở đâu?");
    desk.answer("post_other");
    desk.answer(OTHER);
    assert_eq!(desk.code(), "C12");
    let shown = |desk: &Desk| {
        let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
        rows.into_iter().find(|row| row.label.vi == "Gửi kết quả đến đâu?")
    };
    let row = shown(&desk).unwrap();
    assert_eq!((row.value, row.change), (ReviewValue::Private(Private::new(OTHER)), Some(ChangeTarget::Question(4))));
    desk.act(Action::Change { target: ChangeTarget::Question(4) });
    desk.answer(NEW);
    assert_eq!(desk.code(), "C12");
    desk.act(Action::Change { target: ChangeTarget::Question(3) });
    let effects = desk.answer("desk");
    assert_eq!(desk.code(), "C12");
    assert!(shown(&desk).is_none() && !format!("{:?}", saved(&effects).unwrap().answers).contains("return_address"));
    desk.act(Action::Change { target: ChangeTarget::Question(3) });
    desk.answer("post_other");
    assert!(matches!(desk.screen(), Screen::Question { answer, .. } if answer.reveal().is_empty()), "what was forgotten is asked anew");
    desk.answer(OTHER);
    let submission = desk.submit();
    assert_eq!(submission.particulars.return_by, Some(ReturnBy::Post { address: Private::new(OTHER) }));
    assert_eq!(submission.particulars.contact.phone.as_ref().map(Private::reveal), Some("0900000456"), "whom the post calls");
}

fn to_the_address(desk: &mut Desk) {
    desk.reach_questions();
    for value in ["Nguyễn Văn Bé", "20/11/2026", "male", "post_other"] {
        desk.answer(value);
    }
}

#[test]
fn after_a_power_cut_the_other_address_is_still_asked_for_and_kept() {
    let ways: [Way; 2] = [to_the_address, |desk| {
        to_the_address(desk);
        desk.answer(OTHER);
    }];
    for (told, way) in [false, true].into_iter().zip(ways) {
        let mut draft = draft_of(way);
        // A draft of before the list of communes holds what was typed then.
        if told {
            draft.answers[4].value = Private::new("nhà cô Thử, sau chợ");
        }
        let mut desk = Desk::new();
        desk.scan(CARD);
        desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
        let effects = desk.act(Action::Resume { go_on: true });
        assert_eq!(saved(&effects).unwrap().answers.len(), if told { 5 } else { 4 });
        assert_eq!(asked(&desk), if told { "Số điện thoại để báo tin?" } else { "Gửi kết quả đến đâu?" });
        desk.act(Action::Back);
        let before = if told { "nhà cô Thử, sau chợ" } else { "post_other" };
        assert!(matches!(desk.screen(), Screen::Question { answer, .. } if answer.reveal() == before));
    }
}

const SINGLE: &str = "1.004873";
const ON_CARD: &str = "Thôn Thử, Má Lé, Đồng Văn, Hà Giang";
const TODAY: &str = "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang";

/// At the first question of the certificate of marital status, with this address on the card.
fn asked_with(address: &str) -> Desk {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::File });
    desk.act(Action::Agree);
    desk.act(Action::ChooseProcedure { code: SINGLE.into() });
    desk.act(Action::HavePapers);
    desk.scan(&CARD.replace("Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm", address));
    desk.send(Event::Unfinished(Unfinished::Nothing));
    desk.act(Action::ConfirmPerson { correct: true });
    desk.for_myself();
    assert_eq!(asked(&desk), "Người cần giấy hiện ở đâu?", "the card is no paper to wait for");
    desk
}

fn offered(desk: &Desk) -> (String, Option<String>) {
    let Screen::Question { answer, read_from, .. } = desk.screen() else { panic!("{}", desk.code()) };
    (answer.reveal().to_owned(), read_from.map(|source| source.vi))
}

/// From the question behind the address to the dossier.
fn finish(desk: &mut Desk, way: &str) -> Submission {
    for value in ["loan", "single", way, "0900000456"] {
        desk.answer(value);
    }
    desk.scan_paper(0);
    desk.act(Action::PapersDone);
    desk.submit()
}

#[test]
fn the_card_offers_its_address_and_the_dossier_says_what_it_is_today() {
    let mut desk = asked_with(ON_CARD);
    assert_eq!(offered(&desk), (ON_CARD.to_owned(), Some("thẻ".to_owned())), "the screen says what it is today");
    let effects = desk.answer(TODAY);
    assert_eq!(saved(&effects).unwrap().answers[0].read_from.as_deref(), Some("card.address"), "who said it is told");
    let told = finish(&mut desk, "post");
    let now = AddressNow { commune: "00715".into(), address: Private::new(TODAY) };
    assert_eq!((told.applicant.address.reveal(), told.particulars.address_now), (ON_CARD, vec![now]), "the card's own words stay");
    assert_eq!(told.particulars.return_by, Some(ReturnBy::Post { address: Private::new(TODAY) }));
}

#[test]
fn another_address_than_the_cards_is_the_persons_own() {
    let mut desk = asked_with(ON_CARD);
    let effects = desk.answer(OTHER);
    assert_eq!(saved(&effects).unwrap().answers[0].read_from, None);
    desk.act(Action::Back);
    assert_eq!(offered(&desk), (OTHER.to_owned(), None), "what was answered is not offered anew");
}

#[test]
fn of_a_divided_commune_the_person_says_which_and_an_unknown_one_is_not_offered() {
    let divided = "5 Phố Thử, Phường Tràng Tiền, Quận Hoàn Kiếm, Thành phố Hà Nội";
    let mut desk = asked_with(divided);
    assert_eq!(offered(&desk).0, divided);
    let effects = desk.answer("5 Phố Thử, Phường Cửa Nam, Thành phố Hà Nội");
    assert_eq!(saved(&effects).unwrap().answers[0].read_from.as_deref(), Some("card.address"));
    let told = finish(&mut desk, "post");
    assert_eq!(told.particulars.address_now.len(), 2, "the office asks which");
    assert_eq!(told.particulars.return_by, Some(ReturnBy::Post { address: Private::new(divided) }), "nobody guesses for the post");
    for unknown in ["Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm", "Thôn Thử, Sóc Sơn, Hà Nội"] {
        assert_eq!(offered(&asked_with(unknown)), (String::new(), None), "{unknown}");
    }
}

#[test]
fn a_card_that_is_said_to_be_wrong_offers_nothing() {
    let mut desk = asked_with(ON_CARD);
    desk.act(Action::Back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C06");
    desk.act(Action::ConfirmPerson { correct: false });
    desk.for_myself();
    assert_eq!(offered(&desk), (String::new(), None));
}

#[test]
fn the_last_look_shows_the_cards_address_and_what_it_is_today() {
    let shown = |address: &str| {
        let mut desk = asked_with(address);
        desk.answer(OTHER);
        for value in ["loan", "single", "desk", ""] {
            desk.answer(value);
        }
        desk.scan_paper(0);
        desk.act(Action::PapersDone);
        let Screen::Review { rows, .. } = desk.screen() else { panic!("{}", desk.code()) };
        let rows: Vec<_> = rows.into_iter().skip(3).take(2).map(|row| (row.label.vi, row.value)).collect();
        rows
    };
    let row = |label: &str, value: &str| (label.to_owned(), ReviewValue::Private(Private::new(value)));
    assert_eq!(shown(ON_CARD), [row("Địa chỉ trên thẻ", ON_CARD), row("Địa chỉ nay là", TODAY)]);
    let divided = shown("Tràng Tiền, Hoàn Kiếm, Hà Nội");
    assert_eq!(divided[1], row("Nay thuộc một trong", "Phường Hoàn Kiếm / Phường Cửa Nam, Thành phố Hà Nội"));
    assert_eq!(shown(TODAY)[1].0, "Kiểm tra thẻ", "what is of today is not said twice");
}
