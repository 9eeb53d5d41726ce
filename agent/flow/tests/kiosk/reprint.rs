//! C20e, C20f: the proof of a filing once more for an office without a card reader, and the fee that is paid later.

use crate::{
    common::*,
    fee::{FEE, answer, both, office, waits_after},
};
use motcua_flow::{DigitsVerdict, Effect, Event, HeldProof, KeptProof, Known, OwnDossier, SlipOf};
use motcua_model::{
    Private, Text,
    api::{Action, DeviceState, DigitsRefused, FeePage, Health, PrintState, ReprintPage, ReviewValue, Screen, Service},
    dossier::{HeldFee, Status},
    fault::Fault,
    hub::PaymentState,
};
use proptest::prelude::*;
use uuid::Uuid;

const DOSSIER: Uuid = Uuid::from_u128(5);

fn held(fee: Option<HeldFee>) -> HeldProof {
    let proof = KeptProof {
        title: Text::new("PHIẾU XÁC NHẬN ĐÃ NỘP", "PROOF OF SUBMISSION"),
        code: provisional().to_string(),
        rows: vec![(Text::new("Giấy tờ đã nhận", "Papers received"), Text::new("2 giấy, 4 trang", "2 papers, 4 pages"))],
        note: Text::same("Giữ phiếu"),
    };
    HeldProof { dossier: DOSSIER, proof, fee }
}

fn right() -> DigitsVerdict {
    DigitsVerdict::Right(Box::new(held(None)))
}

fn refused(why: DigitsRefused) -> DigitsVerdict {
    DigitsVerdict::Refused(why)
}

pub(crate) fn any_verdict() -> impl Strategy<Value = DigitsVerdict> {
    let wrong = refused(DigitsRefused::Wrong { left: 2 });
    prop::sample::select(vec![right(), wrong, refused(DigitsRefused::Locked), refused(DigitsRefused::Unchecked)])
}

impl Desk {
    fn reach_result(&mut self, can_reprint: bool) {
        let asked = provisional().to_string();
        self.act(Action::Start { service: Service::LookUp });
        self.act(Action::LookUp { code: asked.clone() });
        let known = Known { official_code: None, status: None, known_at: self.at().wall, can_reprint };
        self.send(Event::LookedUp { asked, found: Some(known) });
        assert_eq!(self.code(), "C20b");
    }

    /// C20e with digits that are being checked; answers their job.
    fn type_digits(&mut self) -> Uuid {
        if self.code() != "C20e" {
            self.reach_result(true);
            assert!(self.act(Action::ReprintSlip).is_empty());
        }
        let effects = self.act(Action::EnterDigits { digits: Private::new("0456") });
        let [Effect::CheckDigits { job, asked, digits }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((asked.as_str(), digits.reveal()), (provisional().as_str(), "0456"));
        *job
    }

    fn reach_paper(&mut self) -> Uuid {
        let job = self.type_digits();
        let effects = self.send(Event::DigitsChecked { job, verdict: right() });
        let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
        slip.job
    }

    fn page_of_reprint(&self) -> ReprintPage {
        let Screen::Reprint { page } = self.screen() else { panic!("{}", self.code()) };
        page
    }

    /// C20d of a dossier with a fee, in an office where it can be paid.
    fn reach_own_fee(&mut self, fee: Option<HeldFee>, status: Option<Status>) {
        *self = office(both());
        let job = self.reach_proving();
        let effects = self.chip(Some(job), motcua_flow::ChipNews::Read(of_chip()));
        let [Effect::FindOwn { number }] = effects.as_slice() else { panic!("{effects:?}") };
        let Event::OwnFound { number, mut dossiers } = own(number.clone()) else { panic!() };
        let own: OwnDossier = dossiers.remove(1);
        let own = OwnDossier { fee, known: Known { status, ..own.known }, code: provisional().to_string(), ..own };
        self.send(Event::OwnFound { number, dossiers: vec![own] });
        self.act(Action::ShowDossier { dossier: 0 });
        assert_eq!(self.code(), "C20d");
    }

    fn can_pay(&self) -> bool {
        let Screen::OwnDossier { can_pay, .. } = self.screen() else { panic!("{}", self.code()) };
        can_pay
    }

    /// What C20d says of the fee.
    fn told_of_fee(&self) -> String {
        let Screen::OwnDossier { rows, .. } = self.screen() else { panic!("{}", self.code()) };
        let fee = rows.into_iter().find(|row| row.label.vi == "Lệ phí").unwrap();
        let ReviewValue::Words(words) = fee.value else { panic!() };
        words.vi
    }
}

const OWED: Option<HeldFee> = Some(HeldFee { amount_vnd: FEE, begun: false, paid: false });

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C20e", |d| {
            d.reach_result(true);
            d.act(Action::ReprintSlip);
        }),
        ("C20e checking", |d| {
            d.type_digits();
        }),
        ("C20e wrong", |d| {
            let job = d.type_digits();
            d.send(Event::DigitsChecked { job, verdict: refused(DigitsRefused::Wrong { left: 2 }) });
        }),
        ("C20e locked", |d| {
            let job = d.type_digits();
            d.send(Event::DigitsChecked { job, verdict: refused(DigitsRefused::Locked) });
        }),
        ("C20f", |d| {
            d.reach_paper();
        }),
        ("C20d of a fee", |d| d.reach_own_fee(OWED, None)),
        ("C15 from C20d", |d| {
            d.reach_own_fee(OWED, None);
            d.act(Action::Pay);
        }),
        ("C15b from C20d", |d| {
            d.reach_own_fee(OWED, None);
            d.act(Action::Pay);
            d.act(Action::Pay);
            d.send(Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Open)) });
        }),
    ]
}

#[test]
fn whoever_knows_the_digits_gets_the_same_paper_and_sees_nothing_of_it() {
    let mut desk = Desk::new();
    let job = desk.type_digits();
    assert_eq!(desk.page_of_reprint(), ReprintPage::Digits { checking: true, refused: None });
    assert!(desk.act(Action::EnterDigits { digits: Private::new("1234") }).is_empty(), "one after the other");
    assert!(desk.send(Event::DigitsChecked { job: Uuid::from_u128(7), verdict: right() }).is_empty(), "of another job");
    let effects = desk.send(Event::DigitsChecked { job, verdict: right() });
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    let held = held(None);
    assert_eq!(
        (&slip.title, &slip.code, &slip.rows, &slip.note),
        (&held.proof.title, &held.proof.code, &held.proof.rows, &held.proof.note)
    );
    assert_eq!(
        (slip.of, slip.qr.ends_with(&held.proof.code)),
        (SlipOf::Told { dossier: DOSSIER, news: 0 }, true),
        "counted with the first one"
    );
    let paper = slip.job;
    desk.print(paper, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(desk.page_of_reprint(), ReprintPage::Paper { printing: PrintState::Waiting(Fault::PrinterPaperOut) });
    for told in ["2 giấy, 4 trang", provisional().as_str(), "0456"] {
        assert!(!desk.seen().contains(told), "{told} is on the screen");
    }
    desk.print(paper, PrintState::Printed);
    assert_eq!(desk.act(Action::SlipTaken), [Effect::DropPrint { job: paper }]);
    assert_eq!(desk.code(), "C20b", "back where the code's progress is");
}

#[test]
fn the_paper_of_one_person_does_not_come_out_in_front_of_the_next() {
    let leave: [fn(&mut Desk) -> Vec<Effect>; 3] = [|d| d.act(Action::End), |d| d.act(Action::Back), |d| d.wait(1000)];
    for leave in leave {
        let mut desk = Desk::new();
        let job = desk.reach_paper();
        assert_eq!(leave(&mut desk), [Effect::DropPrint { job }]);
    }
}

#[test]
fn wrong_digits_say_how_many_tries_are_left_and_after_the_last_staff_help() {
    let mut desk = Desk::new();
    for left in [2, 1] {
        let job = desk.type_digits();
        let step = desk.snapshot().step;
        desk.send(Event::DigitsChecked { job, verdict: refused(DigitsRefused::Wrong { left }) });
        assert_eq!(desk.page_of_reprint(), ReprintPage::Digits { checking: false, refused: Some(DigitsRefused::Wrong { left }) });
        assert!(desk.snapshot().step > step, "the digits are typed anew");
    }
    let job = desk.type_digits();
    desk.send(Event::DigitsChecked { job, verdict: refused(DigitsRefused::Locked) });
    assert!(desk.act(Action::EnterDigits { digits: Private::new("0456") }).is_empty(), "none is taken");
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C20b");
}

#[test]
fn only_four_digits_cost_a_try_and_what_could_not_be_checked_is_typed_again() {
    let mut desk = Desk::new();
    desk.reach_result(true);
    desk.act(Action::ReprintSlip);
    for digits in ["", "045", "04567", "a456", "٠٤"] {
        assert!(desk.act(Action::EnterDigits { digits: Private::new(digits) }).is_empty(), "{digits}");
    }
    let job = desk.type_digits();
    desk.send(Event::DigitsChecked { job, verdict: refused(DigitsRefused::Unchecked) });
    desk.type_digits();
}

#[test]
fn it_is_offered_where_the_proof_is_kept_and_a_printer_is_there() {
    let offered = |desk: &Desk| matches!(desk.screen(), Screen::LookUpResult { reprint: true, .. });
    let mut desk = Desk::new();
    desk.reach_result(true);
    assert!(offered(&desk));
    desk.send(Event::Health(Health { printer: DeviceState::NeedsHuman(Fault::PrinterPaperOut), ..READY }));
    assert!(offered(&desk), "it prints when it can");
    desk.send(Event::Health(Health { printer: DeviceState::Absent, ..READY }));
    assert!(!offered(&desk));
    desk.act(Action::ReprintSlip);
    assert_eq!(desk.code(), "C20b");
    let mut desk = Desk::new();
    desk.reach_result(false);
    assert!(!offered(&desk));
    desk.act(Action::ReprintSlip);
    assert_eq!(desk.code(), "C20b");
}

#[test]
fn what_is_kept_is_the_slip_as_it_was_without_a_word_of_the_person_and_with_the_fee_of_that_day() {
    let mut desk = office(both());
    let id = desk.reach_submitting().id;
    let effects = desk.send(Event::Submitted { id, code: provisional() });
    let [Effect::KeepProof { dossier, proof, fee_vnd }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((*dossier, *fee_vnd), (id, FEE));
    let kept = serde_json::to_string(proof).unwrap();
    assert_eq!(serde_json::from_str::<KeptProof>(&kept).unwrap(), **proof, "it survives the disk");
    assert!(PERSONAL.iter().all(|text| !kept.contains(text)), "{kept}");
    let (fee, rest) = slip.rows.split_last().unwrap();
    assert_eq!((rest, &slip.code, &slip.note), (proof.rows.as_slice(), &proof.code, &proof.note));
    assert_eq!(fee.1.vi, "15.000 đồng, chưa trả khi in phiếu này");
    // Printed again, it says no more of the money than is known.
    let words = [
        (OWED, "15.000 đồng. Máy này chưa thấy báo đã trả."),
        (Some(HeldFee { amount_vnd: FEE, begun: true, paid: false }), "15.000 đồng. Chưa thấy báo có tiền. Nếu đã trả, không trả lần nữa."),
        (Some(HeldFee { amount_vnd: FEE, begun: true, paid: true }), "15.000 đồng, đã có báo nhận tiền"),
    ];
    for (fee, words) in words {
        let mut desk = Desk::new();
        let job = desk.type_digits();
        let effects = desk.send(Event::DigitsChecked { job, verdict: DigitsVerdict::Right(Box::new(held(fee))) });
        let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(slip.rows.last().unwrap().1.vi, words);
    }
}

#[test]
fn a_fee_that_is_owed_is_paid_later_behind_the_chip_and_ends_with_its_proof() {
    let mut desk = Desk::new();
    desk.reach_own_fee(OWED, Some(Status::Processing));
    assert!(desk.can_pay());
    assert_eq!(desk.told_of_fee(), "15.000 đồng. Máy này chưa thấy báo đã trả.");
    assert!(desk.act(Action::Pay).is_empty());
    assert!(matches!(desk.fee(), FeePage::Choose { amount_vnd: FEE, failed: false, begun: false, .. }));
    assert_eq!(desk.snapshot().progress, None, "no step of a filing");
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C20d");
    desk.act(Action::Pay);
    let effects = desk.act(Action::Pay);
    let [Effect::AskPayment { request, after_s: 0 }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(
        (request.dossier, request.code.as_str(), request.amount_vnd),
        (DOSSIER, provisional().as_str(), FEE),
        "as on the day of the filing"
    );
    let effects = desk.send(Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Open)) });
    assert!(matches!(effects.first(), Some(Effect::FeeBegun { dossier: DOSSIER })), "kept before the code is seen: {effects:?}");
    let effects = desk.send(Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Paid)) });
    let [Effect::FeePaid { dossier: DOSSIER, amount_vnd: FEE, transaction }, Effect::Print(slip)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((transaction.as_str(), slip.of), ("GD-17", SlipOf::Payment { dossier: DOSSIER }));
    assert_eq!(desk.act(Action::SlipTaken), [Effect::DropPrint { job: slip.job }]);
    assert_eq!((desk.code(), desk.can_pay(), desk.told_of_fee().as_str()), ("C20d", false, "15.000 đồng, đã có báo nhận tiền"));
    assert!(desk.act(Action::Pay).is_empty(), "nobody pays twice");
    assert_eq!(desk.code(), "C20d");
}

#[test]
fn money_that_may_be_under_way_is_spoken_of_before_the_fee_is_offered_again() {
    let mut desk = Desk::new();
    desk.reach_own_fee(Some(HeldFee { amount_vnd: FEE, begun: true, paid: false }), None);
    assert!(desk.told_of_fee().contains("Nếu đã trả, không trả lần nữa"));
    desk.act(Action::Pay);
    assert!(matches!(desk.fee(), FeePage::Choose { begun: true, .. }));
    desk.act(Action::Pay);
    assert_eq!(waits_after(&desk.send(Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Open)) })), 3);
    assert!(matches!(desk.fee(), FeePage::Pay { unconfirmed: true, .. }), "said at once, not after a while");

    // Whoever looked at the code on this visit is told the same.
    desk.reach_own_fee(OWED, None);
    desk.act(Action::Pay);
    desk.act(Action::Pay);
    desk.send(Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Open)) });
    desk.act(Action::PayLater);
    assert!(desk.can_pay() && desk.told_of_fee().contains("Nếu đã trả, không trả lần nữa"));
}

#[test]
fn the_platforms_word_counts_after_c15_was_left_and_no_second_question_is_asked_meanwhile() {
    let mut desk = Desk::new();
    desk.reach_own_fee(OWED, None);
    desk.act(Action::Pay);
    desk.act(Action::Pay);
    desk.send(Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Open)) });
    desk.act(Action::PayLater);
    desk.act(Action::Pay);
    assert!(desk.act(Action::Pay).is_empty(), "a question is under way already");
    assert_eq!(desk.fee(), FeePage::Asking);
    desk.act(Action::Back);
    desk.act(Action::Back);
    let paid = Event::Payment { dossier: DOSSIER, answer: Some(answer(PaymentState::Paid)) };
    let kept = Effect::FeePaid { dossier: DOSSIER, amount_vnd: FEE, transaction: "GD-17".to_owned() };
    assert_eq!(desk.send(paid.clone()), [kept]);
    assert_eq!((desk.can_pay(), desk.told_of_fee().as_str()), (false, "15.000 đồng, đã có báo nhận tiền"));
    assert!(desk.send(paid).is_empty(), "once");
}

#[test]
fn nothing_is_asked_for_what_is_paid_or_has_ended_and_what_a_filing_without_fee_costs() {
    let paid = Some(HeldFee { amount_vnd: FEE, begun: true, paid: true });
    for (fee, status, can_pay) in [
        (paid, None, false),
        (None, None, false),
        (OWED, Some(Status::Refused), false),
        (OWED, Some(Status::Withdrawn), false),
        (OWED, Some(Status::Stopped), false),
        (OWED, Some(Status::Returned), false),
        (OWED, Some(Status::PaymentAsked), true),
        (OWED, Some(Status::Finished), true),
    ] {
        let mut desk = Desk::new();
        desk.reach_own_fee(fee, status);
        assert_eq!(desk.can_pay(), can_pay, "{fee:?} {status:?}");
        desk.act(Action::Pay);
        assert_eq!(desk.code(), if can_pay { "C15" } else { "C20d" });
    }
}
