//! C16: whoever filed where an officer is at work may wait for the officer's word, and takes the receipt with the due date home at once.
//! Nobody has to wait: the slip is in the person's hand already.

use crate::{
    Effect, OwnDossier,
    idle::Patience,
    lookup::{drop_print, print},
    rating::Farewell,
    slip::hear,
    snapshot::{news_rows, progress_of},
    state::{Cx, State},
};
use motcua_model::{
    api::{Action, OfficerPage, PrintState},
    config::Visit,
    dossier::Status,
};
use uuid::Uuid;

/// Between two questions to the store and the hub.
const ASK_AGAIN_S: u16 = 5;

/// Waiting for the first word of an officer about the dossier that was filed just now.
pub(crate) struct Officer {
    farewell: Farewell,
    told: Option<Told>,
}

struct Told {
    own: Box<OwnDossier>,
    printed: (Uuid, PrintState),
}

impl Officer {
    /// C16 where the office has an officer at work and the hub can be reached; else the end of the visit.
    pub(crate) fn or_done(farewell: Farewell, cx: &mut Cx) -> State {
        if !cx.settings.visit.wait_for_officer || cx.health.hub.is_down() {
            return State::Done(farewell);
        }
        cx.emit(Effect::AskOfficer { dossier: farewell.dossier, after_s: 0 });
        State::Officer(Box::new(Self { farewell, told: None }))
    }

    pub(crate) fn action(self: Box<Self>, action: Action, cx: &mut Cx) -> State {
        match (&self.told, action) {
            (None, Action::NotWait) => State::Done(self.farewell),
            (Some(told), Action::SlipTaken) => {
                cx.emit(drop_print(told.printed));
                State::Done(self.farewell)
            }
            (_, _) => State::Officer(self),
        }
    }

    /// What is known of the dossier; while no officer has spoken it is asked again.
    pub(crate) fn told(mut self, dossier: Uuid, own: Option<Box<OwnDossier>>, cx: &mut Cx) -> Self {
        if dossier != self.farewell.dossier || self.told.is_some() {
            return self;
        }
        match own.filter(|own| is_word(own)) {
            Some(own) => {
                let printed = print(&own, cx);
                self.told = Some(Told { own, printed });
            }
            None => cx.emit(Effect::AskOfficer { dossier, after_s: ASK_AGAIN_S }),
        }
        self
    }

    pub(crate) fn printing(mut self, job: Uuid, state: PrintState) -> Self {
        if let Some(told) = &mut self.told {
            let (own, shown) = &mut told.printed;
            hear(shown, *own, job, state);
        }
        self
    }

    pub(crate) fn end(&self) -> Vec<Effect> {
        self.told.iter().map(|told| drop_print(told.printed)).collect()
    }

    /// A person who waits is asked now and then whether they still do.
    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        Patience::Seconds(visit.waiting_s)
    }

    pub(crate) fn part(&self) -> usize {
        usize::from(self.told.is_some())
    }

    pub(crate) fn screen(&self, hub_down: bool) -> OfficerPage {
        match &self.told {
            None => OfficerPage::Waiting { offline: hub_down },
            Some(told) => OfficerPage::Told {
                code: told.own.shown_code(),
                state: progress_of(&told.own.known).1,
                rows: told.own.news.as_ref().map(news_rows).unwrap_or_default(),
                printing: told.printed.1,
            },
        }
    }
}

/// Registered is the hub's word alone. An acceptance comes as a status and as the receipt (form 01): the receipt is waited for.
fn is_word(own: &OwnDossier) -> bool {
    match own.known.status {
        None | Some(Status::Registered) => false,
        Some(Status::Accepted | Status::SupplementAsked | Status::Finished) => own.news.is_some(),
        Some(Status::Refused | Status::Processing | Status::PaymentAsked | Status::Withdrawn | Status::Stopped | Status::Returned) => true,
    }
}
