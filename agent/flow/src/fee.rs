//! C15: the fee, behind the slip. The machine says "paid" only after the platform (R15); all else is left open, for the desk.

use crate::{
    Effect, Slip, SlipOf,
    idle::Patience,
    officer::Officer,
    rating::Farewell,
    slip::{blank, hear, local_time, print, tracking},
    state::{Cx, State},
};
use motcua_model::{
    Text,
    api::{Action, FeePage, PayWay, PrintState},
    config,
    hub::{PaymentAnswer, PaymentRequest, PaymentState},
    thousands,
    transfer::vietqr,
};
use uuid::Uuid;

/// The platform is asked so often whether money has come.
const ASK_EVERY_S: u16 = 3;

/// What is to be paid, and how far that is.
pub(crate) struct Fee {
    request: PaymentRequest,
    procedure: Text,
    farewell: Farewell,
    page: Page,
    /// The platform's code, once there is one.
    order: Option<String>,
    /// Questions go to the hub, one after the other.
    asking: bool,
    /// The office's account was shown.
    account_shown: bool,
    /// When the platform's code was first shown.
    since_ms: Option<u64>,
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

impl Fee {
    pub(crate) fn begin(farewell: Farewell, code_of_procedure: String, procedure: Text) -> Self {
        let request = PaymentRequest {
            dossier: farewell.dossier,
            code: farewell.code.clone(),
            procedure: code_of_procedure,
            amount_vnd: farewell.unpaid_vnd,
        };
        Self {
            request,
            procedure,
            farewell,
            page: Page::Choose { failed: false },
            order: None,
            asking: false,
            account_shown: false,
            since_ms: None,
        }
    }

    pub(crate) fn action(mut self: Box<Self>, action: Action, cx: &mut Cx) -> State {
        match (&self.page, action) {
            (Page::Choose { .. }, Action::Pay) => self.pay(cx),
            (Page::Asking | Page::Platform { .. } | Page::Transfer, Action::Back) => self.page = Page::Choose { failed: false },
            (Page::Choose { .. } | Page::Asking | Page::Platform { .. } | Page::Transfer, Action::PayLater) => {
                let unconfirmed = self.account_shown || self.since_ms.is_some();
                return Officer::or_done(Farewell { unpaid_vnd: self.request.amount_vnd, unconfirmed, ..self.farewell }, cx);
            }
            (Page::Paid { slip, .. }, Action::SlipTaken) => {
                cx.emit(Effect::DropPrint { job: slip.job });
                return Officer::or_done(Farewell { unpaid_vnd: 0, ..self.farewell }, cx);
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

    fn show(&mut self, qr: String, cx: &Cx) {
        self.since_ms.get_or_insert(cx.at.mono_ms);
        self.page = Page::Platform { qr, unconfirmed: self.waited_long(cx) };
    }

    fn without_platform(&mut self, cx: &Cx) {
        self.account_shown |= cx.settings.payment.transfer.is_some();
        self.page = if self.account_shown { Page::Transfer } else { Page::Choose { failed: true } };
    }

    fn waited_long(&self, cx: &Cx) -> bool {
        let long = u64::from(cx.settings.visit.waiting_s) * 1000;
        self.since_ms.is_some_and(|since| cx.at.mono_ms.saturating_sub(since) >= long)
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
                let unconfirmed = self.waited_long(cx);
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
        let slip = self.proof(&transaction, cx);
        let printing = print(&slip, cx);
        self.page = Page::Paid { transaction, slip: Box::new(slip), printing };
    }

    /// Small, and without a word of the person: slips get lost.
    fn proof(&self, transaction: &str, cx: &Cx) -> Slip {
        let amount = thousands(self.request.amount_vnd);
        Slip {
            code: self.request.code.clone(),
            qr: tracking(&self.request.code, cx),
            rows: vec![
                (Text::new("Thủ tục", "Procedure"), self.procedure.clone()),
                (Text::new("Số tiền", "Amount"), Text::new(format!("{amount} đồng"), format!("{amount} VND"))),
                (Text::new("Mã giao dịch", "Transaction"), Text::same(transaction)),
                (Text::new("Báo có lúc", "Confirmed"), Text::same(&local_time(cx.at.wall))),
            ],
            note: Text::new(
                "Theo báo có của cổng thanh toán. Phiếu này không thay biên lai điện tử.",
                "As told by the payment platform. This slip does not replace its electronic receipt.",
            ),
            ..blank(cx.at.fresh, SlipOf::Payment, Text::new("XÁC NHẬN ĐÃ NHẬN TIỀN", "PAYMENT RECEIVED"), cx)
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
        matches!(self.page, Page::Asking | Page::Platform { .. } | Page::Transfer)
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
        let choose = |failed| FeePage::Choose { amount_vnd, procedure: self.procedure.clone(), failed };
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
