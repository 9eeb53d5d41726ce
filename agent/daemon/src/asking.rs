//! Asks the hub while the person goes on: about the owner of a dossier, that is the account (R26) and papers that are stored already
//! (R37), whether a fee is paid (R15), and what an officer says of what was filed (C16).

use crate::{
    forwarder,
    input::{self, Inputs},
    kiosk::told_of,
    worker::Storage,
};
use motcua_flow::Event;
use motcua_forward::HubClient;
use motcua_model::{
    config::Hub,
    hub::{AccountAnswer, AccountCheck, AccountState, PaperSearch, PaymentRequest, PersonKey, StoredPaper},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, OnceCell};
use uuid::Uuid;

/// After this an answer would come when the person is past the papers.
const PATIENCE: Duration = Duration::from_secs(15);

/// Behind it the person is told that it cannot be paid here now.
const PATIENCE_OF_PAYER: Duration = Duration::from_secs(10);

/// Answers with [`Event::HubTold`]; without a link nothing is said, and the person hands the papers in.
pub(crate) fn start(hub: Hub, owner: PersonKey, procedure: String, types: Vec<String>, inputs: Inputs) {
    tokio::spawn(async move {
        let client = match client_of(&hub) {
            Ok(client) => client,
            Err(error) => return tracing::debug!("the hub is not asked about a person: {error:#}"),
        };
        let both = async { tokio::join!(account(&client, &owner), papers(&client, &owner, procedure, types)) };
        if let Ok((account, papers)) = tokio::time::timeout(PATIENCE, both).await {
            input::event(&inputs, Event::HubTold { owner, account, papers }).await;
        }
    });
}

/// Asks how one payment stands, again and again while its person waits: over one connection.
#[derive(Default)]
pub(crate) struct Payer {
    dossier: Uuid,
    client: Arc<OnceCell<HubClient>>,
}

impl Payer {
    /// Answers with [`Event::Payment`], come what may: the screen waits for it.
    pub(crate) fn ask(&mut self, hub: Hub, request: PaymentRequest, after: Duration, inputs: Inputs) {
        if self.dossier != request.dossier {
            *self = Self { dossier: request.dossier, client: Arc::default() };
        }
        let client = Arc::clone(&self.client);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let asked = async { anyhow::Ok(client.get_or_try_init(async || client_of(&hub)).await?.payment(&request).await?) };
            let answer = match tokio::time::timeout(PATIENCE_OF_PAYER, asked).await {
                Ok(Ok(answer)) => Some(answer),
                Ok(Err(error)) => {
                    tracing::debug!("the hub says nothing of a payment: {error:#}");
                    None
                }
                Err(_) => None,
            };
            input::event(&inputs, Event::Payment { dossier: request.dossier, answer }).await;
        });
    }
}

/// What an officer has said of a dossier lies in the store; the forwarder is asked for more. Answers with [`Event::OfficerTold`], come
/// what may: the screen waits for it.
pub(crate) fn officer(storage: Storage, dossier: Uuid, after_s: u16, wake_forwarder: Arc<Notify>, inputs: Inputs) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(after_s.into())).await;
        let own = storage.read(move |s| Ok(s.own_dossier(dossier)?)).await.unwrap_or_else(|error| {
            tracing::warn!("what an officer said cannot be read: {error:#}");
            None
        });
        wake_forwarder.notify_one();
        input::event(&inputs, Event::OfficerTold { dossier, own: own.map(|own| Box::new(told_of(own, None))) }).await;
    });
}

fn client_of(hub: &Hub) -> anyhow::Result<HubClient> {
    Ok(HubClient::new(forwarder::settings(hub)?)?)
}

async fn account(client: &HubClient, owner: &PersonKey) -> Option<AccountAnswer> {
    match client.check_account(&AccountCheck { person: owner.clone() }).await {
        Ok(answer) => Some(answer).filter(|answer| answer.state == AccountState::Exists),
        Err(error) => {
            tracing::debug!("no account check: {error}");
            None
        }
    }
}

/// The newest of each type.
async fn papers(client: &HubClient, owner: &PersonKey, procedure: String, types: Vec<String>) -> Vec<(String, StoredPaper)> {
    if types.is_empty() {
        return Vec::new();
    }
    match client.search_papers(&PaperSearch { owner: owner.clone(), procedure, types }).await {
        Ok(answer) => answer.lines.into_iter().filter_map(|line| Some((line.type_code, line.found.into_iter().next()?))).collect(),
        Err(error) => {
            tracing::debug!("no search for stored papers: {error}");
            Vec::new()
        }
    }
}
