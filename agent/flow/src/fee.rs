//! C15: the fee, behind the slip, or later from C20d. The machine says "paid" only after the platform (R15); all else is left open, for the desk.

use crate::{
    Effect, OwnDossier, Slip, SlipOf,
    idle::Patience,
    lookup::{LookUp, drop_print},
    officer::Officer,
    rating::Farewell,
    slip::{blank, hear, local_time, print, tracking},
    state::{Cx, State},
};
use motcua_model::{
    Text,
    api::{Action, FeePage, PayWay, PrintState},
    config, dong,
    dossier::{Applicant, HeldFee, Status},
    hub::{PaymentAnswer, PaymentRequest, PaymentState},
    transfer::vietqr,
};
use uuid::Uuid;

/// The platform is asked so often whether money has come.
const ASK_EVERY_S: u16 = 3;

/// What is to be paid, and how far that is.
pub(crate) struct Fee {
    request: PaymentRequest,
    procedure: Text,
    behind: Behind,
    page: Page,
    /// The platform's code, once there is one.
    order: Option<String>,
    /// Questions go to the hub, one after the other.
    asking: bool,
    /// The office's account was shown.
    account_shown: bool,
    /// When the platform's code was first shown.
    since_ms: Option<u64>,
    /// A code was shown on an earlier visit.
    before: bool,
}

/// Where the way leads from here.
enum Behind {
    /// C17: on to the end of the visit.
    Slip(Farewell),
    /// C20d: back to it.
    Own { person: Applicant, dossiers: Vec<OwnDossier>, at: usize },
}

enum Page {
    Choose { failed: bool },
    Asking,
    Platform { qr: String, unconfirmed: bool },
    Transfer,
    Paid { transaction: String, slip: Box<Slip>, printing: PrintState },
}

/// Whether there is anything to pay here.
pub(crate) fn payable(amount_vnd: u32, payment: &config::Payment) -> bool {
    amount_vnd > 0 && (payment.online || payment.transfer.is_some())
}

/// What this person owes and can pay here. A dossier that has ended without a result costs nothing any more.
pub(crate) fn owed(own: &OwnDossier, payment: &config::Payment) -> Option<HeldFee> {
    let over = match own.known.status {
        Some(Status::Refused | Status::Withdrawn | Status::Stopped | Status::Returned) => true,
        Some(
            Status::Registered | Status::Accepted | Status::Processing | Status::SupplementAsked | Status::PaymentAsked | Status::Finished,
        )
        | None => false,
    };
    own.fee.filter(|fee| !over && !fee.paid && own.procedure_code.is_some() && payable(fee.amount_vnd, payment))
}

/// How far the fee is, as far as this machine knows: at the desk it may have been paid.
pub(crate) fn row(fee: &HeldFee) -> (Text, Text) {
    let Text { vi, en } = dong(fee.amount_vnd);
    let state = match (fee.paid, fee.begun) {
        (true, _) => Text::new(format!("{vi}, đã có báo nhận tiền"), format!("{en}, received")),
        (false, true) => Text::new(
            format!("{vi}. Chưa thấy báo có tiền. Nếu đã trả, không trả lần nữa."),
            format!("{en}. Not confirmed yet. If you have paid, do not pay again."),
        ),
        (false, false) => Text::new(format!("{vi}. Máy này chưa thấy báo đã trả."), format!("{en}. No payment is recorded here yet.")),
    };
    (Text::new("Lệ phí", "Fee"), state)
}

impl Fee {
    /// Trả phí of C20d.
    pub(crate) fn later(look_up: LookUp, cx: &mut Cx) -> State {
        let LookUp::Own { person, dossiers, shown: Some(at), printed, asking } = look_up else { return State::LookUp(look_up) };
        let found = dossiers.get(at).and_then(|own| Some((own, own.procedure_code.clone()?, owed(own, &cx.settings.payment)?)));
        let Some((own, procedure_code, fee)) = found else {
            return State::LookUp(LookUp::Own { person, dossiers, shown: Some(at), printed, asking });
        };
        cx.effects.extend(printed.map(drop_print));
        // The hub knows the payment under the code of the filing.
        let request = PaymentRequest { dossier: own.id, code: own.code.clone(), procedure: procedure_code, amount_vnd: fee.amount_vnd };
        let (procedure, asking) = (own.procedure.clone(), asking == Some(own.id));
        let fee = Self { asking, before: fee.begun, ..Self::new(request, procedure, Behind::Own { person, dossiers, at }) };
        State::Fee(Box::new(fee))
    }

    pub(crate) fn begin(farewell: Farewell, code_of_procedure: String, procedure: Text) -> Self {
        let request = PaymentRequest {
            dossier: farewell.dossier,
            code: farewell.code.clone(),
            procedure: code_of_procedure,
            amount_vnd: farewell.unpaid_vnd,
        };
        Self::new(request, procedure, Behind::Slip(farewell))
    }

    fn new(request: PaymentRequest, procedure: Text, behind: Behind) -> Self {
        let page = Page::Choose { failed: false };
        Self { request, procedure, behind, page, order: None, asking: false, account_shown: false, since_ms: None, before: false }
    }

    /// On, or back to where the person came from.
    fn leave(self, paid: bool, cx: &mut Cx) -> State {
        let (begun, amount_vnd, dossier) = (self.is_begun(), self.request.amount_vnd, self.request.dossier);
        match self.behind {
            Behind::Slip(farewell) => {
                let (unpaid_vnd, unconfirmed) = if paid { (0, false) } else { (amount_vnd, begun) };
                Officer::or_done(Farewell { unpaid_vnd, unconfirmed, ..farewell }, cx)
            }
            Behind::Own { person, mut dossiers, at } => {
                for own in dossiers.iter_mut().filter(|own| own.id == dossier) {
                    own.fee = Some(HeldFee { amount_vnd, begun, paid });
                }
                let asking = self.asking.then_some(dossier);
                State::LookUp(LookUp::Own { person, dossiers, shown: Some(at), printed: None, asking })
            }
        }
    }

    /// The money may be under way.
    fn is_begun(&self) -> bool {
        self.before || self.account_shown || self.since_ms.is_some()
    }

    /// Before the code is seen.
    fn keep_begun(&self, cx: &mut Cx) {
        if !self.is_begun() {
            cx.emit(Effect::FeeBegun { dossier: self.request.dossier });
        }
    }

    pub(crate) fn action(mut self: Box<Self>, action: Action, cx: &mut Cx) -> State {
        match (&self.page, action) {
            (Page::Choose { .. }, Action::Pay) => self.pay(cx),
            (Page::Asking | Page::Platform { .. } | Page::Transfer, Action::Back) => self.page = Page::Choose { failed: false },
            (Page::Choose { .. } | Page::Asking | Page::Platform { .. } | Page::Transfer, Action::PayLater) => {
                return self.leave(false, cx);
            }
            (Page::Choose { .. }, Action::Back) if self.is_later() => return self.leave(false, cx),
            (Page::Paid { slip, .. }, Action::SlipTaken) => {
                cx.emit(Effect::DropPrint { job: slip.job });
                return self.leave(true, cx);
            }
            (_, _) => {}
        }
        State::Fee(self)
    }

    fn pay(&mut self, cx: &mut Cx) {
        if let Some(qr) = self.order.clone() {
            self.show(qr, cx);
        } else if self.asking || (cx.settings.payment.online && !cx.health.hub.is_down()) {
            self.page = Page::Asking;
            if !self.asking {
                self.ask(0, cx);
            }
        } else {
            self.without_platform(cx);
        }
    }

    fn ask(&mut self, after_s: u16, cx: &mut Cx) {
        self.asking = true;
        cx.emit(Effect::AskPayment { request: self.request.clone(), after_s });
    }

    fn show(&mut self, qr: String, cx: &mut Cx) {
        self.keep_begun(cx);
        self.since_ms.get_or_insert(cx.at.mono_ms);
        self.page = Page::Platform { qr, unconfirmed: self.unconfirmed(cx) };
    }

    fn without_platform(&mut self, cx: &mut Cx) {
        if cx.settings.payment.transfer.is_some() {
            self.keep_begun(cx);
            self.account_shown = true;
        }
        self.page = if self.account_shown { Page::Transfer } else { Page::Choose { failed: true } };
    }

    /// Somebody may have paid, and no word of it has come for long.
    fn unconfirmed(&self, cx: &Cx) -> bool {
        let long = u64::from(cx.settings.visit.waiting_s) * 1000;
        self.before || self.since_ms.is_some_and(|since| cx.at.mono_ms.saturating_sub(since) >= long)
    }

    /// The hub's answer, or none within the time.
    pub(crate) fn told(mut self: Box<Self>, dossier: Uuid, answer: Option<PaymentAnswer>, cx: &mut Cx) -> Self {
        if dossier != self.request.dossier || matches!(self.page, Page::Paid { .. }) {
            return *self;
        }
        self.asking = false;
        match answer {
            Some(PaymentAnswer { state: PaymentState::Paid, amount_vnd, transaction, .. }) => {
                self.request.amount_vnd = amount_vnd;
                self.paid(transaction.unwrap_or_default(), cx);
            }
            Some(PaymentAnswer { state: PaymentState::Open, amount_vnd, qr: Some(qr), .. }) => {
                self.request.amount_vnd = amount_vnd;
                self.order = Some(qr.clone());
                if matches!(self.page, Page::Asking | Page::Platform { .. }) {
                    self.show(qr, cx);
                }
                self.ask(ASK_EVERY_S, cx);
            }
            // Who has the code may have paid: the link may come back with the word.
            Some(_) | None if self.order.is_some() => {
                let unconfirmed = self.unconfirmed(cx);
                if let Page::Platform { unconfirmed: shown, .. } = &mut self.page {
                    *shown = unconfirmed;
                }
                self.ask(ASK_EVERY_S, cx);
            }
            Some(_) | None => {
                if matches!(self.page, Page::Asking) {
                    self.without_platform(cx);
                }
            }
        }
        *self
    }

    fn paid(&mut self, transaction: String, cx: &mut Cx) {
        let (dossier, amount_vnd) = (self.request.dossier, self.request.amount_vnd);
        cx.emit(Effect::FeePaid { dossier, amount_vnd, transaction: transaction.clone() });
        let slip = self.proof(&transaction, cx);
        let printing = print(&slip, cx);
        self.page = Page::Paid { transaction, slip: Box::new(slip), printing };
    }

    /// Small, and without a word of the person: slips get lost.
    fn proof(&self, transaction: &str, cx: &Cx) -> Slip {
        Slip {
            code: self.request.code.clone(),
            qr: tracking(&self.request.code, cx),
            rows: vec![
                (Text::new("Thủ tục", "Procedure"), self.procedure.clone()),
                (Text::new("Số tiền", "Amount"), dong(self.request.amount_vnd)),
                (Text::new("Mã giao dịch", "Transaction"), Text::same(transaction)),
                (Text::new("Báo có lúc", "Confirmed"), Text::same(&local_time(cx.at.wall))),
            ],
            note: Text::new(
                "Theo báo có của cổng thanh toán. Phiếu này không thay biên lai điện tử.",
                "As told by the payment platform. This slip does not replace its electronic receipt.",
            ),
            ..blank(
                cx.at.fresh,
                SlipOf::Payment { dossier: self.request.dossier },
                Text::new("XÁC NHẬN ĐÃ NHẬN TIỀN", "PAYMENT RECEIVED"),
                cx,
            )
        }
    }

    pub(crate) fn printing(mut self: Box<Self>, job: Uuid, state: PrintState) -> Self {
        if let Page::Paid { slip, printing, .. } = &mut self.page {
            hear(printing, slip.job, job, state);
        }
        *self
    }

    /// The proof of one person must not come out in front of the next.
    pub(crate) fn end(&self) -> Vec<Effect> {
        match &self.page {
            Page::Paid { slip, .. } => vec![Effect::DropPrint { job: slip.job }],
            Page::Choose { .. } | Page::Asking | Page::Platform { .. } | Page::Transfer => Vec::new(),
        }
    }

    pub(crate) fn can_back(&self) -> bool {
        match self.page {
            Page::Choose { .. } => self.is_later(),
            Page::Asking | Page::Platform { .. } | Page::Transfer => true,
            Page::Paid { .. } => false,
        }
    }

    /// Behind C20d: no part of a filing.
    pub(crate) fn is_later(&self) -> bool {
        matches!(self.behind, Behind::Own { .. })
    }

    pub(crate) fn patience(&self, visit: &config::Visit) -> Patience {
        match self.page {
            Page::Choose { .. } => Patience::Seconds(visit.reading_s),
            Page::Asking | Page::Platform { .. } | Page::Transfer | Page::Paid { .. } => Patience::Seconds(visit.waiting_s),
        }
    }

    /// A touch for one page is stale on the next.
    pub(crate) fn part(&self) -> usize {
        match self.page {
            Page::Choose { failed } => usize::from(failed),
            Page::Asking => 0,
            Page::Platform { .. } => 1,
            Page::Transfer => 2,
            Page::Paid { .. } => 0,
        }
    }

    pub(crate) fn screen(&self, account: Option<&config::TransferAccount>) -> FeePage {
        let amount_vnd = self.request.amount_vnd;
        let choose = |failed| FeePage::Choose { amount_vnd, procedure: self.procedure.clone(), failed, begun: self.is_begun() };
        match &self.page {
            Page::Choose { failed } => choose(*failed),
            Page::Asking => FeePage::Asking,
            Page::Platform { qr, unconfirmed } => {
                FeePage::Pay { amount_vnd, qr: qr.clone(), way: PayWay::Platform, unconfirmed: *unconfirmed }
            }
            Page::Transfer => match account {
                Some(to) => FeePage::Pay {
                    amount_vnd,
                    qr: vietqr(&to.bank, &to.account, amount_vnd, &self.request.code),
                    way: PayWay::Transfer { holder: to.holder.clone() },
                    unconfirmed: false,
                },
                None => choose(true),
            },
            Page::Paid { transaction, printing, .. } => FeePage::Paid { amount_vnd, transaction: transaction.clone(), printing: *printing },
        }
    }
}
