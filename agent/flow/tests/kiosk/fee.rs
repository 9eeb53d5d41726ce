//! C15: nothing is called paid before the platform says so, and nobody waits for money to get the slip.

use crate::common::*;
use motcua_flow::{Effect, Event, SlipOf};
use motcua_model::{
    api::{Action, DeviceState, FeePage, Health, LinkState, Overlay, PayWay, PrintState, Screen},
    catalogue::Catalogue,
    config::{Payment, TransferAccount, Visit},
    hub::{PaymentAnswer, PaymentState},
};
use proptest::prelude::*;
use uuid::Uuid;

pub(crate) const FEE: u32 = 15_000;

pub(crate) fn account() -> TransferAccount {
    TransferAccount { bank: "970403".into(), account: "0011012345678".into(), holder: "TT PVHCC XA MINH HOA".into() }
}

/// An office where a birth registration costs something.
pub(crate) fn office(payment: Payment) -> Desk {
    let mut catalogue = Catalogue::built_in().unwrap();
    for procedure in &mut catalogue.procedures {
        procedure.fee_vnd = FEE;
        procedure.questions.iter_mut().for_each(|question| question.read_from.clear());
    }
    let mut desk = Desk::new();
    desk.kiosk = motcua_flow::Kiosk::new(motcua_flow::Settings { payment, ..settings() }, catalogue);
    desk.send(Event::Health(READY));
    desk
}

pub(crate) fn both() -> Payment {
    Payment { online: true, transfer: Some(account()) }
}

pub(crate) fn answer(state: PaymentState) -> PaymentAnswer {
    let qr = (state == PaymentState::Open).then(|| "PLATFORM".to_owned());
    let transaction = (state == PaymentState::Paid).then(|| "GD-17".to_owned());
    PaymentAnswer { state, amount_vnd: FEE, qr, transaction }
}

pub(crate) fn any_answer() -> impl Strategy<Value = Option<PaymentAnswer>> {
    let states = vec![PaymentState::Open, PaymentState::Open, PaymentState::Paid, PaymentState::Away];
    prop::option::of(prop::sample::select(states).prop_map(answer))
}

impl Desk {
    fn reach_fee(&mut self, payment: Payment) -> Uuid {
        *self = office(payment);
        let id = self.reach_slip();
        self.act(Action::SlipTaken);
        assert_eq!(self.code(), "C15");
        id
    }

    pub(crate) fn fee(&self) -> FeePage {
        let Screen::Fee { page } = self.screen() else { panic!("{}", self.code()) };
        page
    }

    fn told(&mut self, dossier: Uuid, state: PaymentState) -> Vec<Effect> {
        self.send(Event::Payment { dossier, answer: Some(answer(state)) })
    }

    /// What C18 says of the fee: how much is open, and whether it may be under way.
    fn unpaid(&self) -> (u32, bool) {
        let Screen::Done { unpaid_vnd, unconfirmed, .. } = self.screen() else { panic!("{}", self.code()) };
        (unpaid_vnd, unconfirmed)
    }
}

pub(crate) fn waits_after(effects: &[Effect]) -> u16 {
    let ([Effect::AskPayment { after_s, .. }] | [Effect::FeeBegun { .. }, Effect::AskPayment { after_s, .. }]) = effects else {
        panic!("{effects:?}")
    };
    *after_s
}

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C15", |d| {
            d.reach_fee(both());
        }),
        ("C15 failed", |d| {
            let id = d.reach_fee(Payment { online: true, transfer: None });
            d.act(Action::Pay);
            d.told(id, PaymentState::Away);
        }),
        ("C15b asking", |d| {
            d.reach_fee(both());
            d.act(Action::Pay);
        }),
        ("C15b", |d| {
            let id = d.reach_fee(both());
            d.act(Action::Pay);
            d.told(id, PaymentState::Open);
        }),
        ("C15b of a transfer", |d| {
            d.reach_fee(Payment { online: false, transfer: Some(account()) });
            d.act(Action::Pay);
        }),
        ("C15c", |d| {
            let id = d.reach_fee(both());
            d.act(Action::Pay);
            d.told(id, PaymentState::Paid);
        }),
    ]
}

#[test]
fn money_is_received_when_the_platform_says_so_and_a_proof_is_printed() {
    let mut desk = Desk::new();
    let id = desk.reach_fee(both());
    let effects = desk.act(Action::Pay);
    assert_eq!((waits_after(&effects), desk.fee()), (0, FeePage::Asking));
    let effects = desk.told(id, PaymentState::Open);
    assert_eq!(waits_after(&effects), 3, "the screen goes on asking");
    let open = FeePage::Pay { amount_vnd: FEE, qr: "PLATFORM".into(), way: PayWay::Platform, unconfirmed: false };
    assert_eq!(desk.fee(), open);
    let step = desk.snapshot().step;
    assert_eq!(waits_after(&desk.told(id, PaymentState::Open)), 3);
    assert_eq!((desk.fee(), desk.snapshot().step), (open, step), "nothing moves under the person's finger");

    let effects = desk.told(id, PaymentState::Paid);
    let [Effect::FeePaid { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.code.as_str()), (SlipOf::Payment { dossier: id }, provisional().as_str()));
    assert!(slip.rows.iter().any(|(_, value)| value.vi == "15.000 đồng") && slip.rows.iter().any(|(_, value)| value.vi == "GD-17"));
    assert_ne!(slip.job, id, "the slip of the dossier is another job");
    let job = slip.job;
    desk.print(job, PrintState::Printed);
    assert_eq!(desk.fee(), FeePage::Paid { amount_vnd: FEE, transaction: "GD-17".into(), printing: PrintState::Printed });
    assert!(desk.told(id, PaymentState::Open).is_empty(), "paid stays paid");
    assert_eq!(desk.act(Action::SlipTaken), [Effect::DropPrint { job }]);
    assert_eq!(desk.unpaid(), (0, false));
}

#[test]
fn without_the_platforms_word_it_is_never_called_paid() {
    let mut desk = Desk::new();
    let id = desk.reach_fee(both());
    desk.act(Action::Pay);
    desk.told(id, PaymentState::Open);
    // Somebody who pays is not sent away: the warning comes, and "I need more time" holds.
    let waiting_s = u64::from(Visit::default().waiting_s);
    desk.wait(waiting_s);
    assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })));
    assert_eq!(waits_after(&desk.told(id, PaymentState::Open)), 3);
    assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })), "the machine's own questions are no sign of life");
    desk.act(Action::MoreTime);
    let FeePage::Pay { unconfirmed: true, .. } = desk.fee() else { panic!("{:?}", desk.fee()) };
    // The link goes and comes: the code stays, and so does the hope.
    assert_eq!(waits_after(&desk.send(Event::Payment { dossier: id, answer: None })), 3);
    assert!(matches!(desk.fee(), FeePage::Pay { .. }));
    desk.act(Action::PayLater);
    assert_eq!(desk.unpaid(), (FEE, true), "who has paid must not hear that they have not");
    assert!(desk.told(id, PaymentState::Paid).is_empty(), "the next person sees nothing of it");
    assert_eq!(desk.code(), "C18");
}

#[test]
fn who_goes_back_after_paying_still_hears_that_the_money_has_come() {
    let mut desk = Desk::new();
    let id = desk.reach_fee(both());
    desk.act(Action::Pay);
    desk.told(id, PaymentState::Open);
    desk.act(Action::Back);
    assert!(matches!(desk.fee(), FeePage::Choose { failed: false, .. }));
    assert_eq!(waits_after(&desk.told(id, PaymentState::Open)), 3);
    assert!(desk.act(Action::Pay).is_empty(), "a question is under way already");
    assert!(matches!(desk.fee(), FeePage::Pay { .. }));
    desk.act(Action::Back);
    desk.told(id, PaymentState::Paid);
    assert!(matches!(desk.fee(), FeePage::Paid { .. }));
}

#[test]
fn where_the_platform_cannot_be_asked_the_money_goes_to_the_account_or_to_the_desk() {
    let transfer = |desk: &Desk| matches!(desk.fee(), FeePage::Pay { way: PayWay::Transfer { .. }, unconfirmed: false, .. });
    for silent in [None, Some(answer(PaymentState::Away)), Some(PaymentAnswer { qr: None, ..answer(PaymentState::Open) })] {
        let mut desk = Desk::new();
        let id = desk.reach_fee(both());
        desk.act(Action::Pay);
        assert_eq!(
            desk.send(Event::Payment { dossier: id, answer: silent }),
            [Effect::FeeBegun { dossier: id }],
            "nobody is asked in vain"
        );
        assert!(transfer(&desk));
        let FeePage::Pay { qr, .. } = desk.fee() else { panic!() };
        assert_eq!(qr, motcua_model::transfer::vietqr("970403", "0011012345678", FEE, provisional().as_str()));
        desk.act(Action::PayLater);
        assert_eq!(desk.unpaid(), (FEE, true), "nobody here has seen the money");
    }
    // No link: the hub is not even asked.
    let mut desk = Desk::new();
    let id = desk.reach_fee(both());
    desk.send(Event::Health(Health { hub: LinkState::Down, ..READY }));
    assert_eq!(desk.act(Action::Pay), [Effect::FeeBegun { dossier: id }]);
    assert!(transfer(&desk));
    // No account: at the desk.
    let mut desk = Desk::new();
    let id = desk.reach_fee(Payment { online: true, transfer: None });
    desk.act(Action::Pay);
    desk.send(Event::Payment { dossier: id, answer: None });
    assert!(matches!(desk.fee(), FeePage::Choose { failed: true, .. }));
    // It can be tried again; who then goes to the desk has not paid.
    assert_eq!(waits_after(&desk.act(Action::Pay)), 0);
    desk.act(Action::PayLater);
    assert_eq!(desk.unpaid(), (FEE, false));
}

#[test]
fn what_costs_nothing_and_what_is_paid_at_the_desk_alone_has_no_c15() {
    let mut desk = Desk::new();
    desk.reach_slip();
    desk.act(Action::SlipTaken);
    assert_eq!(desk.unpaid(), (0, false));
    let mut desk = office(Payment::default());
    let effects = {
        let id = desk.reach_submitting().id;
        desk.send(Event::Submitted { id, code: provisional() })
    };
    let [Effect::KeepProof { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(slip.rows.iter().any(|(_, value)| value.vi == "15.000 đồng, chưa trả khi in phiếu này"));
    desk.act(Action::SlipTaken);
    assert_eq!(desk.unpaid(), (FEE, false));
}

#[test]
fn the_hub_fixes_the_amount_and_a_proof_that_waits_for_paper_goes_with_its_person() {
    let mut desk = Desk::new();
    let id = desk.reach_fee(both());
    desk.act(Action::Pay);
    desk.send(Event::Payment { dossier: id, answer: Some(PaymentAnswer { amount_vnd: 8_000, ..answer(PaymentState::Open) }) });
    assert!(matches!(desk.fee(), FeePage::Pay { amount_vnd: 8_000, .. }));
    desk.send(Event::Health(Health { printer: DeviceState::Lost, ..READY }));
    let effects =
        desk.send(Event::Payment { dossier: id, answer: Some(PaymentAnswer { amount_vnd: 8_000, ..answer(PaymentState::Paid) }) });
    let [Effect::FeePaid { .. }, Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    let job = slip.job;
    assert_eq!(desk.act(Action::End), [Effect::DropPrint { job }]);
    assert_eq!(desk.code(), "C01");
}
