//! C04: for themselves, for a child, for somebody who authorised them, for an organisation.

use crate::common::*;
use motcua_flow::{Effect, Event, Unfinished};
use motcua_model::{
    api::{Action, ChangeTarget, PaperState, ReviewValue, Screen, Service},
    dossier::Submission,
    fault::Fault,
    for_whom::ForWhom,
};

/// Certification of copies: for everybody. Its own questions are how many copies, language, return and telephone.
const COPIES: &str = "2.000815";

/// The person has said that they are the one on the card.
fn confirmed(procedure: &str) -> Desk {
    let mut desk = Desk::new();
    begin(&mut desk, procedure);
    desk
}

pub(crate) fn begin(desk: &mut Desk, procedure: &str) {
    desk.act(Action::Start { service: Service::File });
    desk.act(Action::Agree);
    desk.act(Action::ChooseProcedure { code: procedure.into() });
    desk.act(Action::HavePapers);
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Nothing));
    desk.act(Action::ConfirmPerson { correct: true });
}

pub(crate) fn asked(desk: &Desk) -> String {
    let Screen::Question { ask, .. } = desk.screen() else { panic!("{:?}", desk.screen()) };
    ask.vi
}

/// From the questions of the certification of copies to the dossier.
fn finish_copies(desk: &mut Desk, proof: bool) -> Submission {
    for value in ["2", "vi", "desk", "0900000456"] {
        desk.answer(value);
    }
    assert_eq!(desk.code(), "C08");
    desk.scan_paper(0);
    if proof {
        let Screen::Papers { papers } = desk.screen() else { panic!() };
        assert_eq!((papers.len(), papers[2].required, papers[2].state), (3, true, PaperState::ToScan));
        desk.act(Action::PapersDone);
        assert_eq!(desk.code(), "C08c", "not without the proof");
        desk.act(Action::Back);
        desk.scan_paper(2);
    }
    desk.act(Action::PapersDone);
    desk.submit()
}

#[test]
fn the_card_of_who_authorised_answers_all_that_is_asked_of_them() {
    let mut desk = confirmed(COPIES);
    assert_eq!(desk.code(), "C04");
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    assert_eq!(asked(&desk), "Số thẻ căn cước của người ủy quyền?");
    desk.scan(CARD);
    let Screen::Question { error: Some(error), .. } = desk.screen() else { panic!("ones own card was taken") };
    assert!(error.vi.contains("người đang nộp"), "{error:?}");
    desk.scan(OTHER_CARD);
    assert_eq!(asked(&desk), "Cần mấy bản?");
    let submission = finish_copies(&mut desk, true);
    assert_eq!(submission.applicant.number.reveal(), "001090000017", "the account is theirs (R27)");
    assert_eq!(submission.applicant.address.reveal(), "Phường Minh Họa, Thử Nghiệm");
    let authorised = submission.particulars.authorised.unwrap();
    assert_eq!(authorised.person.number.reveal(), "001190000016");
    assert_eq!(authorised.paper, submission.documents.iter().find(|d| d.component == "UQ").map(|d| d.id));
    assert_eq!(submission.answers.iter().map(|a| a.question.as_str()).collect::<Vec<_>>(), ["copies", "language", "return_by", "phone"]);
}

#[test]
fn the_one_who_authorised_is_typed_too() {
    let mut desk = confirmed(COPIES);
    assert_eq!(desk.code(), "C04");
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    desk.answer("001190000016");
    assert_eq!(asked(&desk), "Số thẻ căn cước của người ủy quyền?", "ones own number is no other's");
    for value in ["001090000017", "Trần Văn Thử", "20/02/1990"] {
        desk.answer(value);
    }
    let submission = finish_copies(&mut desk, true);
    assert_eq!((submission.applicant.name.reveal(), submission.applicant.number_agrees), ("Trần Văn Thử", true));
}

#[test]
fn a_child_under_age_is_recorded_and_a_grown_up_one_is_not() {
    let mut desk = confirmed(COPIES);
    assert_eq!(desk.code(), "C04");
    desk.act(Action::FileFor { whom: ForWhom::Child });
    desk.answer("Nguyễn Văn Bé");
    desk.answer("20/11/2000");
    let Screen::Question { error: Some(error), .. } = desk.screen() else { panic!("a child of 26") };
    assert!(error.vi.contains("18 tuổi"), "{error:?}");
    desk.answer("20/11/2020");
    desk.answer("");
    let submission = finish_copies(&mut desk, true);
    assert_eq!(submission.applicant.number.reveal(), "001190000016");
    assert_eq!(submission.particulars.represented.map(|child| child.name.reveal().to_owned()).as_deref(), Some("Nguyễn Văn Bé"));
}

#[test]
fn an_organisation_is_known_by_its_tax_code_and_needs_no_letter() {
    let mut desk = confirmed(COPIES);
    assert_eq!(desk.code(), "C04");
    desk.act(Action::FileFor { whom: ForWhom::Organisation });
    desk.scan(OTHER_CARD);
    assert_eq!(desk.overlay(), Some(motcua_model::api::Overlay::Fault { fault: Fault::NotACard, retry: false }));
    desk.act(Action::Dismiss);
    desk.answer("0100109107");
    assert_eq!(asked(&desk), "Mã số thuế của tổ chức?", "a wrong check digit");
    desk.answer("0100109106");
    desk.answer("Hợp tác xã Thử Nghiệm");
    let submission = finish_copies(&mut desk, false);
    assert_eq!(submission.particulars.organisation.unwrap().tax_code.reveal(), "0100109106");
}

#[test]
fn the_slip_is_offered_again_to_who_stood_there() {
    let mut desk = confirmed(COPIES);
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    desk.scan(OTHER_CARD);
    let submission = finish_copies(&mut desk, true);
    let dossier = Box::new(submission.into_dossier(provisional(), "H99.50", "K07", desk.at().wall));
    for (card, screen) in [(CARD, "C17"), (OTHER_CARD, "C05")] {
        let mut desk = Desk::new();
        desk.reach_identify();
        desk.scan(card);
        desk.send(Event::Unfinished(Unfinished::Slip(dossier.clone())));
        assert_eq!(desk.code(), screen, "who authorised them was not there");
    }
}

#[test]
fn marriage_is_filed_by_nobody_else() {
    let mut desk = confirmed(MARRIAGE);
    assert_eq!(desk.code(), "C07");
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    assert_eq!(desk.code(), "C07");
}

#[test]
fn another_choice_on_c12_asks_what_is_open_and_forgets_what_was_said_before() {
    let mut desk = Desk::new();
    desk.reach_review();
    desk.act(Action::Change { target: ChangeTarget::ForWhom });
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    desk.act(Action::Back);
    assert_eq!((desk.code(), desk.snapshot().can_back), ("C04", false), "a half choice does not lead to C12");
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    desk.scan(OTHER_CARD);
    assert_eq!(desk.code(), "C08", "the letter of authority is open");
    desk.act(Action::PapersDone);
    assert_eq!(desk.code(), "C08c");
    desk.act(Action::Back);
    desk.scan_paper(3);
    desk.act(Action::PapersDone);
    let Screen::Review { rows, .. } = desk.screen() else { panic!("{:?}", desk.screen()) };
    let said = |text: &str| rows.iter().any(|row| matches!(&row.value, ReviewValue::Private(value) if value.reveal() == text));
    assert!(said("Trần Văn Thử") && said("Nguyễn Văn Bé"));

    desk.act(Action::Change { target: ChangeTarget::ForWhom });
    let effects = desk.act(Action::FileFor { whom: ForWhom::Myself });
    let dropped = effects.iter().any(|effect| matches!(effect, Effect::DropPages { pages, .. } if pages.len() == 2));
    assert!(dropped, "the letter goes with the choice: {effects:?}");
    assert_eq!(saved(&effects).unwrap().other, None, "and so does the other one's card");
    assert!(!desk.seen().contains("Trần Văn Thử"));
    let submission = desk.submit();
    assert_eq!((submission.applicant.number.reveal().as_str(), submission.particulars.authorised), ("001190000016", None));
}

#[test]
fn after_a_power_cut_the_choice_and_its_answers_are_there() {
    let draft = draft_of(|desk| {
        desk.reach_other();
        desk.scan(OTHER_CARD);
    });
    let mut desk = Desk::new();
    desk.reach_identify();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
    desk.act(Action::Resume { go_on: true });
    assert_eq!(asked(&desk), "Họ và tên của trẻ?");
    let asked_nothing = draft_of(|desk| {
        desk.reach_person();
        desk.act(Action::ConfirmPerson { correct: true });
    });
    let mut desk = Desk::new();
    desk.reach_identify();
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(asked_nothing))));
    desk.act(Action::Resume { go_on: true });
    assert_eq!(desk.code(), "C04");
}

#[test]
fn where_papers_come_first_the_other_one_comes_before_them() {
    let mut desk = Desk::papers_first();
    begin(&mut desk, BIRTH);
    assert_eq!(desk.code(), "C04");
    desk.act(Action::FileFor { whom: ForWhom::Authorised });
    desk.scan(OTHER_CARD);
    assert_eq!(desk.code(), "C08");
    desk.act(Action::Back);
    assert_eq!(asked(&desk), "Người ủy quyền sinh ngày nào?");
    desk.answer("20/02/1990");
    assert_eq!(desk.code(), "C08");
    desk.scan_paper(0);
    desk.scan_paper(1);
    desk.scan_paper(3);
    desk.act(Action::PapersDone);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C08");
}
