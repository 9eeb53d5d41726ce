//! The outbox's task: freezes and delivers one message after the other, reads the inbox, and tells the hub how this
//! device is.

use crate::{
    api, boot,
    digitising::Digitiser,
    input::{Alarm, Input, Inputs},
    metrics::METRICS,
    stamping::Stamps,
    worker::Storage,
};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use motcua_flow::Event;
use motcua_forward::{
    Class, ForwardError, HubClient, HubSettings,
    retry::{self, Schedule},
};
use motcua_model::{
    api::LinkState,
    config::{Config, Hub},
    hub::{AuditHead, DeviceReport, Heartbeat, HeartbeatAnswer, Message, MessageBody, NEWS_PAGE, News, OutboxCounts},
};
use motcua_store::{Lane, OutboxItem, Store};
use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use uuid::Uuid;

/// A start of the agent this long after the start of the PC has nothing to do with the power of the district.
const BOOTED: Duration = Duration::from_secs(600);
/// Between two tries to fetch a catalogue.
const CATALOGUE_PAUSE: Duration = Duration::from_secs(300);

struct Forwarder {
    hub: Hub,
    client: Option<HubClient>,
    digitiser: Digitiser,
    stamps: Stamps,
    inputs: Inputs,
    storage: Storage,
    schedule: Schedule,
    refused: bool,
    heartbeat: Instant,
    catalogue: CatalogueWatch,
}

/// Starts the task; it lives as long as the agent.
pub(crate) fn start(config: &Config, inputs: &Inputs, storage: &Storage, digitiser: Digitiser, wake: Arc<Notify>, catalogue_version: u32) {
    let mut forwarder = Forwarder {
        hub: config.hub.clone(),
        client: None,
        digitiser,
        stamps: Stamps::of(config.signing.as_ref()),
        inputs: inputs.clone(),
        storage: storage.clone(),
        schedule: Schedule::default(),
        refused: false,
        heartbeat: Instant::now(),
        catalogue: CatalogueWatch::new(catalogue_version),
    };
    let alarm = Alarm { device: "forwarding", inputs: inputs.clone() };
    tokio::spawn(async move {
        let _alarm = alarm;
        tokio::time::sleep(forwarder.after_boot()).await;
        loop {
            let pause = forwarder.turn().await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = wake.notified() => {}
            }
        }
    });
}

/// What is known of catalogues at the hub.
struct CatalogueWatch {
    /// The version in use here, or handed over for it.
    used: u32,
    /// The newest that the hub has spoken of.
    told: u32,
    /// Before this it is not asked for again.
    not_before: Instant,
}

impl CatalogueWatch {
    fn new(used: u32) -> Self {
        Self { used, told: 0, not_before: Instant::now() }
    }

    fn told(&mut self, version: u32) {
        self.told = self.told.max(version);
    }

    /// Whether it is to be fetched now; the next try is some minutes later.
    fn is_wanted(&mut self, kept: u32, now: Instant) -> bool {
        let wanted = self.told > kept.max(self.used) && now >= self.not_before;
        if wanted {
            self.not_before = now + retry::around(CATALOGUE_PAUSE);
        }
        wanted
    }
}

impl Forwarder {
    /// The power of a whole district comes back at once; the hub must not hear of it in one second.
    fn after_boot(&self) -> Duration {
        let booting = motcua_store::moment().is_some_and(|moment| Duration::from_millis(moment.monotonic_ms) < BOOTED);
        let most = Duration::from_secs(u64::from(self.hub.boot_wait_s));
        if booting { retry::after_boot(most) } else { Duration::ZERO }
    }

    /// Does what is due; answers how long there is nothing to do.
    async fn turn(&mut self) -> Duration {
        let stopped = match self.send_due().await {
            Ok(stopped) => stopped,
            Err(error) => {
                let _ = self.inputs.send(Input::StoreFailed(error)).await;
                return self.poll();
            }
        };
        // A hub that refuses messages and answers the question for news must not be asked without a pause.
        if self.read_inbox().await && !stopped {
            return Duration::ZERO;
        }
        self.tell_how_it_is().await;
        self.renew_catalogue().await;
        let next = self.storage.read(|s| Ok(s.outbox_next()?)).await.ok().flatten();
        let until_next = next.map(|at| at.duration_since(Timestamp::now())).and_then(|d| Duration::try_from(d).ok());
        until_next.map_or(self.poll(), |wait| wait.min(self.poll()))
    }

    /// Sends what is due, records before files. True where every other message would fail the same way; an error means that the store
    /// cannot be used.
    async fn send_due(&mut self) -> anyhow::Result<bool> {
        loop {
            let due = |lane| self.storage.call(move |s| Ok(s.outbox_due(lane, Timestamp::now())?));
            let (lane, item) = match due(Lane::Records).await? {
                Some(item) => (Lane::Records, item),
                None => match due(Lane::All).await? {
                    Some(item) => (Lane::All, item),
                    None => return Ok(false),
                },
            };
            if self.send(item, lane).await?.is_some_and(Class::stops_the_batch) {
                return Ok(true);
            }
        }
    }

    /// News are asked for this often while there is nothing to send.
    fn poll(&self) -> Duration {
        Duration::from_secs(u64::from(self.hub.poll_s))
    }

    /// One attempt. Its failure is written down with the time of the next; an error means that not even
    /// that was possible.
    async fn send(&mut self, item: OutboxItem, lane: Lane) -> anyhow::Result<Option<Class>> {
        let (id, attempts) = (item.id, item.attempts);
        let failure = match self.attempt(item, lane).await {
            Ok(()) => {
                METRICS.sent(None);
                return Ok(None);
            }
            Err(failure) => failure,
        };
        METRICS.sent(Some(failure.class));
        tracing::warn!(item = %id, class = ?failure.class, "not delivered: {}", failure.message);
        let wait = self.schedule.delay(attempts, failure.retry_after, failure.class);
        let next = Timestamp::now() + SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_secs(600));
        self.link_after(&failure).await;
        let class = failure.class;
        let refused = class == Class::Rejected;
        self.storage.call(move |s| Ok(s.attempt_failed(id, next, &failure.message, refused)?)).await?;
        Ok(Some(class))
    }

    async fn attempt(&mut self, item: OutboxItem, lane: Lane) -> Result<(), ForwardError> {
        let id = item.id;
        let files = matches!(item.body, MessageBody::Dossier(_));
        let device = self.client()?.device_name().to_owned();
        let bytes = self.prepare(item, device).await.map_err(|e| e.downcast().unwrap_or_else(|e| local(format!("{e:#}"))))?;
        if lane == Lane::Records && files {
            // Its files follow when no record waits any more.
            self.client()?.announce(id, &bytes).await?;
            return self.storage.call(move |s| Ok(s.announced(id)?)).await.map_err(|e| local(format!("{e:#}")));
        }
        self.deliver(id, &bytes).await
    }

    async fn deliver(&mut self, id: Uuid, bytes: &[u8]) -> Result<(), ForwardError> {
        let storage = self.storage.clone();
        let delivered = self
            .client()?
            .deliver(bytes, move |file| {
                let storage = storage.clone();
                async move { storage.file(file).await.map_err(|e| format!("{e:#}")) }
            })
            .await?;
        let receipt = serde_json::to_string(&delivered.signed).map_err(|e| local(e.to_string()))?;
        let (code, repeated) = (delivered.receipt.official_code.clone(), delivered.repeated());
        tracing::info!(item = %id, official_code = code.as_deref().unwrap_or("-"), bytes = delivered.uploaded_bytes, "delivered");
        self.storage
            .call(move |s| Ok(s.delivered(id, &receipt, code.as_deref(), Timestamp::now())?))
            .await
            .map_err(|e| local(format!("{e:#}")))?;
        METRICS.receipt();
        if repeated {
            METRICS.duplicate();
        }
        self.link(LinkState::Up, String::new()).await;
        Ok(())
    }

    /// The bytes that go over the wire, the same at every attempt: made once and kept.
    async fn prepare(&mut self, item: OutboxItem, device: String) -> anyhow::Result<Vec<u8>> {
        if let Some(frozen) = item.frozen {
            return Ok(frozen);
        }
        let files = match &item.body {
            MessageBody::Dossier(dossier) => {
                let (storage, stamps) = (self.storage.clone(), self.stamps.clone());
                stamps.stamp(dossier.id, &storage, self.client()?).await?;
                self.digitiser.files(dossier).await?
            }
            MessageBody::Handover(_)
            | MessageBody::Correction(_)
            | MessageBody::Opinion(_)
            | MessageBody::Satisfaction(_)
            | MessageBody::Quality(_) => Vec::new(),
        };
        let message = Message { id: item.id, device, sequence: item.sequence, moment: item.moment, body: item.body, files };
        let bytes = serde_json::to_vec(&message)?;
        let (id, copy) = (item.id, bytes.clone());
        self.storage.call(move |s| Ok(s.freeze(id, &copy)?)).await?;
        Ok(bytes)
    }

    /// True when there is more to do at once.
    async fn read_inbox(&mut self) -> bool {
        let news = async {
            let after = self.storage.read(|s| Ok(s.inbox_cursor()?)).await.map_err(|e| local(format!("{e:#}")))?;
            let news = self.client()?.news(after).await?;
            let more = news.items.len() >= NEWS_PAGE;
            for item in news.items {
                if let News::Catalogue { version } = item.news {
                    self.catalogue.told(version);
                }
                self.storage.call(move |s| Ok(s.apply_news(&item)?)).await.map_err(|e| local(format!("{e:#}")))?;
            }
            Ok::<bool, ForwardError>(more)
        };
        match news.await {
            Ok(more) => self.link_is_up().await || more,
            Err(failure) => {
                // A hub that rejects even the question for news rejects this device.
                let class = if failure.class == Class::Rejected { Class::Credential } else { failure.class };
                self.link_after(&ForwardError { class, ..failure }).await;
                false
            }
        }
    }

    /// The heartbeat, where it is time for one. It never holds up a dossier, and its failure is the link's, not a message's.
    async fn tell_how_it_is(&mut self) {
        if Instant::now() < self.heartbeat {
            return;
        }
        self.heartbeat = Instant::now() + retry::around(Duration::from_secs(u64::from(self.hub.heartbeat_s)));
        let Some(beat) = self.heartbeat_now().await else { return };
        let before = Timestamp::now();
        let answer = match self.client() {
            Ok(client) => client.heartbeat(&beat).await,
            Err(failure) => Err(failure),
        };
        match answer {
            Ok(answer) => {
                // The hub looked at its clock somewhere between the question and the answer.
                let middle = before + Timestamp::now().duration_since(before) / 2;
                self.hub_said(&answer, answer.hub_time.duration_since(middle)).await;
            }
            Err(failure) => tracing::debug!("no heartbeat: {}", failure.message),
        }
    }

    async fn heartbeat_now(&mut self) -> Option<Heartbeat> {
        let status = api::live_status(&self.inputs).await?;
        let report = self.storage.read(|s| Ok((s.outbox_counts()?, s.audit_head()?))).await;
        let (outbox, (number, hash)) = report.inspect_err(|error| tracing::error!("the store does not tell how it is: {error:#}")).ok()?;
        let moment = motcua_store::moment();
        let now = Timestamp::now();
        Some(Heartbeat {
            device: self.client().ok()?.device_name().to_owned(),
            agent_version: status.version,
            boot: moment.map_or(Uuid::nil(), |moment| moment.boot),
            monotonic_ms: moment.map_or(0, |moment| moment.monotonic_ms),
            clock: now,
            catalogue_version: status.catalogue_version,
            config_version: boot::CONFIG_VERSION,
            outbox: OutboxCounts {
                waiting: outbox.waiting + outbox.to_sign,
                quarantined: outbox.set_aside,
                oldest_age_s: outbox
                    .oldest
                    .into_iter()
                    .chain(outbox.oldest_to_sign)
                    .min()
                    .map(|oldest| now.duration_since(oldest).as_secs().max(0).unsigned_abs()),
            },
            disk_quota_ratio: status.disk_ratio,
            audit: AuditHead { number, hash },
            devices: status.devices.into_iter().map(|line| DeviceReport { kind: line.kind, state: line.state }).collect(),
        })
    }

    /// Fetches a newer catalogue than the one that is kept, and puts the one in force into use. Neither holds up a dossier; a failure
    /// is tried again and leaves the old one in use.
    async fn renew_catalogue(&mut self) {
        let today = boot::today(Timestamp::now());
        let renewed = async {
            let newest = self.storage.read(|s| Ok(s.newest_catalogue()?)).await?;
            if self.catalogue.is_wanted(newest, Instant::now()) {
                let fetched = match self.client() {
                    Ok(client) => client.catalogue().await,
                    Err(failure) => Err(failure),
                };
                let (catalogue, text) = fetched.map_err(|failure| anyhow::anyhow!(failure.message))?;
                tracing::info!(version = catalogue.version, effective = %catalogue.effective, "a newer catalogue came from the hub");
                let keep =
                    move |s: &mut Store| Ok(s.keep_catalogue(catalogue.version, catalogue.effective, &text, today, Timestamp::now())?);
                self.storage.call(keep).await?;
            }
            let in_force = self.storage.read(move |s| Ok(s.catalogue(today)?)).await?;
            if let Some((version, text)) = in_force.filter(|(version, _)| *version > self.catalogue.used) {
                self.catalogue.used = version;
                let _ = self.inputs.send(Input::Event(Event::Catalogue(Box::new(boot::parse_catalogue("kept catalogue", &text)?)))).await;
            }
            anyhow::Ok(())
        };
        if let Err(error) = renewed.await {
            tracing::warn!("no newer catalogue: {error:#}");
        }
    }

    async fn hub_said(&mut self, answer: &HeartbeatAnswer, offset: SignedDuration) {
        self.catalogue.told(answer.catalogue_version.unwrap_or(0));
        if let Some(flag) = answer.audit_flag {
            tracing::error!(
                ?flag,
                "the hub remembers another audit trail of this device; next step: motcua audit verify, and tell the province's IT office"
            );
        }
        let _ = self.inputs.send(Input::HubClock { offset_s: offset.as_secs(), audit_flag: answer.audit_flag }).await;
    }

    /// The client, made anew until certificate and key can be read: they may be put there later.
    fn client(&mut self) -> Result<&HubClient, ForwardError> {
        if self.client.is_none() {
            let limit = u64::from(self.hub.max_kbit_s) * 1000 / 8;
            let made = settings(&self.hub).and_then(|settings| Ok(HubClient::new(settings)?.limited_to(limit).counting(&METRICS.uploaded)));
            let client = made.map_err(|e| ForwardError { class: Class::Credential, message: format!("{e:#}"), retry_after: None })?;
            self.client = Some(client);
        }
        self.client.as_ref().ok_or_else(|| local("no client".to_owned()))
    }

    /// After a refusal somebody has mended a certificate: what waits goes at once. After an outage the
    /// schedule stands, or a whole province would send in the same second.
    async fn link_is_up(&mut self) -> bool {
        let mended = std::mem::take(&mut self.refused);
        if mended {
            match self.storage.call(|s| Ok(s.retry_now(None, Timestamp::now())?)).await {
                Ok(waiting) => tracing::info!(waiting, "the hub accepts this device again"),
                Err(error) => tracing::error!("the outbox cannot be written: {error:#}"),
            }
        }
        self.link(LinkState::Up, String::new()).await;
        mended
    }

    async fn link_after(&mut self, failure: &ForwardError) {
        let state = match failure.class {
            Class::Network | Class::Server => LinkState::Down,
            Class::Credential | Class::BadReceipt => LinkState::Refused,
            // One message that cannot go says nothing about the link.
            Class::Rejected => return,
        };
        if failure.class == Class::Credential {
            // A new certificate may lie there at the next try.
            self.client = None;
            self.refused = true;
        }
        self.link(state, failure.message.clone()).await;
    }

    async fn link(&self, state: LinkState, problem: String) {
        let _ = self.inputs.send(Input::Link(state, problem)).await;
    }
}

fn local(message: String) -> ForwardError {
    ForwardError { class: Class::Rejected, message, retry_after: None }
}

pub(crate) fn receipt_key(hub: &Hub) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    hex::decode_to_slice(&hub.receipt_key, &mut key).context("hub.receipt_key is not 64 hex digits")?;
    Ok(key)
}

pub(crate) fn settings(hub: &Hub) -> anyhow::Result<HubSettings> {
    let read = |path: &std::path::Path, what: &str| {
        fs::read(path).with_context(|| format!("Unable to read {what} {}; enrol this device, then try again", path.display()))
    };
    Ok(HubSettings {
        url: hub.url.clone(),
        ca_pem: read(&hub.ca, "the hub's authority")?,
        cert_pem: read(&hub.cert, "the device certificate")?,
        key_pem: read(&hub.key, "the device key")?.into(),
        receipt_key: receipt_key(hub)?,
    })
}
