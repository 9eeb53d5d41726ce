//! The loop: every source becomes an event, the flow answers with effects, the effects are performed.

use crate::{
    api, asking, boot,
    brought::Tray,
    cards,
    cards::CardOrder,
    care, console, couriers, devices,
    devices::Devices,
    digitising::Digitiser,
    forwarder,
    input::{Input, Inputs},
    reprint,
    scanning::ScanOrder,
    signing::Signing,
    slip, stalled, telemetry, watchdog,
    worker::Storage,
};
use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _};
use motcua_flow::{At, DigitsVerdict, Draft, Effect, Event, Kiosk, Known, Settings, Unfinished};
use motcua_model::{
    Text,
    api::{AgentStatus, DISK_FULL, DeviceLine, DeviceState, DigitsRefused, DossierCounts, Health, LinkState, Snapshot},
    citizen::PersonNumber,
    config::Config,
    hub::AuditFlag,
};
use motcua_store::{FoundDossier, OwnDossier, SlipState, StoreError};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

/// How long after its submission a dossier's unprinted slip is offered to the same person.
pub(crate) const SLIP_MINUTES: i64 = 30;

/// Dossiers, at most, that a person is shown of their own.
const OWN: u32 = 24;

/// How long "out of service" is shown before the agent ends, so that the service manager tries again.
const OUT_OF_SERVICE: Duration = Duration::from_secs(60);

/// The agent, from start to Ctrl-C or SIGTERM.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let started = Timestamp::now();
    let (inputs, queue) = mpsc::channel(256);
    let (publish, snapshots) = watch::channel(None);
    let catalogue = boot::read_catalogue(&config);
    let store = boot::open_store(&config, started);
    let (mut kiosk, storage, unfinished) = match (catalogue, store) {
        (Ok(catalogue), Ok(opened)) => {
            let catalogue = boot::newest_catalogue(catalogue, &opened.store, started);
            (Kiosk::new(settings(&config), catalogue), Some(Storage::start(opened.store)?), opened.unfinished)
        }
        (catalogue, store) => {
            let cause = [catalogue.err(), store.err()].into_iter().flatten().map(|e| format!("{e:#}")).collect::<Vec<_>>().join("; ");
            tracing::error!("out of service: {cause}; next step: motcua check");
            let empty = motcua_model::catalogue::Catalogue {
                version: 0,
                effective: jiff::civil::date(2026, 1, 1),
                life_events: Vec::new(),
                procedures: Vec::new(),
            };
            (Kiosk::new(settings(&config), empty), None, 0)
        }
    };
    let clock = Clock(Instant::now());
    let first = match &storage {
        Some(_) => Event::Restarted { unfinished },
        None => Event::OutOfService(Text::new(
            "Máy này đang ngừng phục vụ. Đến quầy giúp.",
            "This machine is out of service. Please go to the desk.",
        )),
    };
    kiosk.handle(first, &clock.now());

    let wake_forwarder = Arc::new(Notify::new());
    let served = api::serve(&config, inputs.clone(), snapshots, storage.clone(), Arc::clone(&wake_forwarder)).await?;
    let mut agent = Agent {
        kiosk,
        clock,
        started,
        health: Health::default(),
        lines: Vec::new(),
        hub_problem: String::new(),
        last_contact: None,
        clock_offset_s: None,
        audit_flag: None,
        disk_ratio: 0.0,
        devices: Devices::default(),
        tray: None,
        storage: storage.clone(),
        publish,
        wake_forwarder: Arc::clone(&wake_forwarder),
        config,
        inputs: inputs.clone(),
        payer: asking::Payer::default(),
        fatal: None,
    };
    watchdog::start(&inputs, storage.as_ref().map(|storage| &storage.writer));
    if let Some(storage) = storage {
        let digitiser = Digitiser::start(&agent.config, &inputs, &storage)?;
        agent.devices = devices::start(&agent.config, &inputs, &storage, &digitiser)?;
        forwarder::start(&agent.config, &inputs, &storage, digitiser.clone(), Arc::clone(&wake_forwarder), agent.kiosk.catalogue_version());
        let signing = Signing::start(&agent.config, &storage, digitiser, wake_forwarder)?;
        agent.tray = brings_pdf(&agent.config).then(|| Tray::start(agent.config.brought.sticks.clone(), &inputs, &storage));
        console::start(&agent.config, &storage, &inputs, signing, agent.tray.clone());
        tokio::spawn(stalled::run(agent.config.hub.stalled_min, storage.clone(), inputs.clone()));
        if let Some(asked) = agent.config.telemetry.clone() {
            tokio::spawn(telemetry::run(asked, agent.config.hub.clone(), started, inputs.clone(), storage.clone()));
        }
        let tidying = care::run(agent.config.clone(), storage, inputs.clone());
        tokio::spawn(devices::guarded(devices::alarm("tidying", &inputs), tidying));
    } else {
        watchdog::status("out of service; next step: motcua check");
    }
    agent.announce_devices();
    agent.publish();
    tracing::info!(ready_ms = agent.clock.0.elapsed().as_millis(), "ready");
    watchdog::ready();
    let ended = agent.turn(queue).await;
    watchdog::stopping();
    drop(served);
    ended
}

/// There is a way for a PDF to come in: a stick, or the desk.
fn brings_pdf(config: &Config) -> bool {
    config.brought.sticks.is_some() || config.console.is_some()
}

fn settings(config: &Config) -> Settings {
    Settings {
        office: config.office.name.clone(),
        phone: config.office.phone.clone(),
        commune: config.office.commune.clone(),
        agency: config.office.agency.clone(),
        device: config.office.device.clone(),
        tracking_url: config.office.tracking_url.clone(),
        visit: config.visit,
        max_sheets: 20,
        sides: if config.scanner.as_ref().is_some_and(|s| !s.duplex) { 1 } else { 2 },
        chip_key: cards::chip_key(config.card_reader.as_ref()),
        pdf: brings_pdf(config),
        sticks: config.brought.sticks.is_some(),
        topics: config.opinions.topics.clone(),
        payment: config.payment.clone(),
        queue: config.queue.clone(),
        pins: couriers::pins(&config.couriers),
    }
}

/// Both clocks and fresh ids, read at the edge so that the flow stays pure.
struct Clock(Instant);

impl Clock {
    fn now(&self) -> At {
        At { mono_ms: u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX), wall: Timestamp::now(), fresh: Uuid::now_v7() }
    }
}

struct Agent {
    kiosk: Kiosk,
    clock: Clock,
    started: Timestamp,
    health: Health,
    lines: Vec<DeviceLine>,
    hub_problem: String,
    last_contact: Option<Timestamp>,
    clock_offset_s: Option<i64>,
    audit_flag: Option<AuditFlag>,
    disk_ratio: f64,
    devices: Devices,
    /// Where a PDF can be brought.
    tray: Option<Tray>,
    storage: Option<Storage>,
    publish: watch::Sender<Option<Arc<Snapshot>>>,
    wake_forwarder: Arc<Notify>,
    config: Config,
    inputs: Inputs,
    payer: asking::Payer,
    fatal: Option<anyhow::Error>,
}

impl Agent {
    /// Until the process is told to stop.
    async fn turn(&mut self, mut queue: mpsc::Receiver<Input>) -> anyhow::Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).context("Unable to listen for SIGTERM")?;
        // Disk full, a late mount, a lock held a second too long: causes that pass, so a fresh start is tried.
        let give_up = self.storage.is_none().then(|| Instant::now() + OUT_OF_SERVICE);
        loop {
            if let Some(error) = self.fatal.take() {
                return Err(error.context("stopping, to be started anew"));
            }
            let wake = self.kiosk.wake_at().map(|at| self.clock.0 + Duration::from_millis(at));
            tokio::select! {
                input = queue.recv() => match input {
                    Some(input) => self.take(input).await,
                    None => return Ok(()),
                },
                () = sleep_until(wake) => self.happen(Event::Tick).await,
                () = sleep_until(give_up) => anyhow::bail!("out of service for {} s; stopping, to be started anew", OUT_OF_SERVICE.as_secs()),
                _ = tokio::signal::ctrl_c() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
            }
        }
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Event(event) => self.happen(event).await,
            Input::Action(request, answer) => {
                let current = self.kiosk.accepts(&request);
                if current {
                    self.happen(Event::Action(request)).await;
                }
                let _ = answer.send(current);
            }
            Input::MayShowPage(page, answer) => {
                let _ = answer.send(self.kiosk.page_of_visit(page));
            }
            Input::Status(answer) => {
                let _ = answer.send(self.status());
            }
            Input::AreYouThere(answer) => {
                let _ = answer.send(());
            }
            Input::Device(line) => self.device_changed(line).await,
            Input::Fatal(error) => self.fatal = Some(error),
            Input::StoreFailed(error) => self.store_failed(&error),
            Input::Reprint(handover, copy) => self.devices.print(couriers::reprint(&handover, copy, &self.config.office.name)),
            Input::HubClock { offset_s, audit_flag } => {
                self.clock_offset_s = Some(offset_s);
                self.audit_flag = audit_flag;
            }
            Input::Disk(ratio) => {
                self.disk_ratio = ratio;
                let full = ratio >= DISK_FULL;
                if self.health.disk_full != full {
                    self.health.disk_full = full;
                    self.happen(Event::Health(self.health)).await;
                }
            }
            Input::Link(state, problem) => {
                if state == LinkState::Up {
                    self.last_contact = Some(Timestamp::now());
                }
                self.hub_problem = problem;
                if self.health.hub != state {
                    self.health.hub = state;
                    self.happen(Event::Health(self.health)).await;
                }
            }
        }
    }

    /// After a failed disk write SQLite's pages are in doubt: only a fresh start, which reads and checks
    /// them again, may write on. The service manager starts the agent anew; drafts and dossiers are safe.
    fn store_failed(&mut self, error: &anyhow::Error) {
        tracing::error!("{error:#}");
        if matches!(error.downcast_ref(), Some(StoreError::DiskFailed(_))) {
            self.fatal = Some(anyhow::anyhow!("{error:#}"));
        }
    }

    async fn device_changed(&mut self, line: DeviceLine) {
        let state = match line.kind.as_str() {
            "scanner" => &mut self.health.scanner,
            "reader" => &mut self.health.reader,
            "card_reader" => &mut self.health.card_reader,
            _ => &mut self.health.printer,
        };
        let changed = *state != line.state;
        *state = line.state;
        if changed {
            tracing::info!(device = line.kind, state = ?line.state, problem = line.problem, "device");
        }
        self.lines.retain(|other| other.kind != line.kind);
        self.lines.push(line);
        self.lines.sort_by(|a, b| a.kind.cmp(&b.kind));
        if changed {
            self.happen(Event::Health(self.health)).await;
        }
    }

    /// Configured devices count as lost until they answer, so that nobody is sent to one too early.
    fn announce_devices(&mut self) {
        self.lines = devices::configured(&self.config);
        let state = |kind: &str| if self.lines.iter().any(|line| line.kind == kind) { DeviceState::Lost } else { DeviceState::Absent };
        self.health = Health {
            scanner: state("scanner"),
            reader: state("reader"),
            card_reader: state("card_reader"),
            printer: state("printer"),
            hub: LinkState::Unknown,
            disk_full: false,
        };
        self.kiosk.handle(Event::Health(self.health), &self.clock.now());
    }

    fn status(&self) -> AgentStatus {
        AgentStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            health: self.health,
            devices: self.lines.clone(),
            outbox: Vec::new(),
            dossiers: DossierCounts::default(),
            catalogue_version: self.kiosk.catalogue_version(),
            hub_problem: self.hub_problem.clone(),
            last_contact: self.last_contact,
            clock_offset_s: self.clock_offset_s,
            audit_flag: self.audit_flag,
            disk_ratio: self.disk_ratio,
        }
    }

    /// One event and everything that follows from it, then the new picture.
    async fn happen(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.kiosk.handle(event, &self.clock.now()) {
                match self.perform(effect).await {
                    Ok(follow) => events.extend(follow),
                    Err(error) => {
                        // Effects build on each other: pages may go only after the draft that no longer
                        // names them is safe.
                        self.store_failed(&error);
                        events.push_back(Event::StoreFailed);
                        break;
                    }
                }
            }
        }
        self.publish();
    }

    fn publish(&self) {
        if let Some(tray) = &self.tray {
            tray.open(self.kiosk.waits_for_pdf());
        }
        let snapshot = self.kiosk.snapshot(&self.clock.now());
        self.publish.send_if_modified(|last| {
            let changed = last.as_deref() != Some(&snapshot);
            if changed {
                *last = Some(Arc::new(snapshot));
            }
            changed
        });
    }

    /// Performs one effect. What must be durable before the next picture is awaited here; long work
    /// becomes a task that answers with an event.
    async fn perform(&mut self, effect: Effect) -> anyhow::Result<Option<Event>> {
        let storage = self.storage.clone().context("no store: the agent is out of service")?;
        let now = Timestamp::now();
        match effect {
            Effect::SaveDraft(draft) => {
                let body = serde_json::to_vec(&draft)?;
                storage.call(move |s| Ok(s.save_draft(draft.id, &draft.applicant.number, &body, now)?)).await?;
                Ok(None)
            }
            Effect::DropDraft { id, reason } => {
                self.devices.scan(ScanOrder::Forget);
                let reason = serde_json::to_value(reason)?.as_str().unwrap_or("ended").to_owned();
                storage.call(move |s| Ok(s.drop_draft(id, &reason, now)?)).await?;
                Ok(None)
            }
            Effect::CloseDraft => {
                self.devices.scan(ScanOrder::Forget);
                Ok(None)
            }
            Effect::FindUnfinished { number } => {
                // A person must not be stuck because their old draft cannot be read.
                let found = find_unfinished(&storage, number, now).await.unwrap_or_else(|error| {
                    tracing::error!("unfinished filing cannot be read: {error:#}");
                    Unfinished::Nothing
                });
                Ok(Some(Event::Unfinished(found)))
            }
            Effect::ReadChip { job, number, zone } => {
                self.devices.card(CardOrder::Read { job, number, zone });
                Ok(None)
            }
            Effect::CancelChip { job } => {
                self.devices.card(CardOrder::Cancel { job });
                Ok(None)
            }
            Effect::StartScan { job, dossier, sheets, beside } => {
                self.devices.scan(ScanOrder::Start { job, dossier, sheets, beside });
                Ok(None)
            }
            Effect::CancelScan { job } => {
                self.devices.scan(ScanOrder::Cancel { job });
                Ok(None)
            }
            Effect::TakePdf { job, dossier, file } => {
                if let Some(tray) = &self.tray {
                    tray.take(job, dossier, file);
                }
                Ok(None)
            }
            Effect::DropPages { dossier: _, pages } => {
                storage.call(move |s| Ok(s.drop_files(&pages)?)).await?;
                Ok(None)
            }
            Effect::Submit(submission) => {
                self.devices.scan(ScanOrder::Forget);
                Ok(Some(self.submit(&storage, *submission, now).await))
            }
            Effect::Print(content) => {
                self.devices.print(slip::PrintOrder::Print(content));
                Ok(None)
            }
            Effect::CloseSlip { job, keep } => {
                self.devices.print(slip::PrintOrder::Close(job));
                if !keep {
                    storage.call(move |s| Ok(s.set_slip(job, SlipState::Closed, now)?)).await?;
                }
                Ok(None)
            }
            Effect::FindOwn { number } => {
                let dossiers = find_own(&storage, number.clone()).await?;
                Ok(Some(Event::OwnFound { number, dossiers }))
            }
            Effect::AskHub { owner, procedure, types } => {
                asking::start(self.config.hub.clone(), owner, procedure, types, self.inputs.clone());
                Ok(None)
            }
            Effect::AskPayment { request, after_s } => {
                self.payer.ask(self.config.hub.clone(), request, Duration::from_secs(after_s.into()), self.inputs.clone());
                Ok(None)
            }
            Effect::AskOfficer { dossier, after_s } => {
                asking::officer(storage, dossier, after_s, Arc::clone(&self.wake_forwarder), self.inputs.clone());
                Ok(None)
            }
            Effect::DropPrint { job } => {
                self.devices.print(slip::PrintOrder::Close(job));
                Ok(None)
            }
            Effect::LookUp { asked } => {
                let code = asked.clone();
                let (found, can_reprint) = storage.call(move |s| Ok((s.look_up(&code)?, s.holds_proof(&code)?))).await?;
                Ok(Some(Event::LookedUp { asked, found: found.map(|found| Known { can_reprint, ..known(found) }) }))
            }
            Effect::KeepProof { dossier, proof, fee_vnd } => {
                self.kept_or_logged(reprint::keep(&storage, dossier, &proof, fee_vnd).await);
                Ok(None)
            }
            Effect::FeeBegun { dossier } => {
                self.kept_or_logged(storage.call(move |s| Ok(s.fee_begun(dossier, now)?)).await);
                Ok(None)
            }
            Effect::FeePaid { dossier, amount_vnd, transaction } => {
                self.kept_or_logged(storage.call(move |s| Ok(s.fee_paid(dossier, amount_vnd, &transaction, now)?)).await);
                Ok(None)
            }
            Effect::CheckDigits { job, asked, digits } => {
                let checked = reprint::check(&storage, asked, digits, now).await;
                let unchecked = DigitsVerdict::Refused(DigitsRefused::Unchecked);
                let event = |verdict| Event::DigitsChecked { job, verdict };
                Ok(Some(self.kept_or_told(checked, event, event(unchecked))))
            }
            Effect::FindCourier { courier } => Ok(Some(couriers::find(&storage, courier, now).await?)),
            Effect::CheckPin { job, step, courier, pin } => {
                couriers::check_pin(&self.config.couriers, &storage, &self.inputs, couriers::Asked { job, step, courier, pin });
                Ok(None)
            }
            Effect::KeepHandover(open) => {
                let id = open.id;
                let kept = storage.call(move |s| Ok(s.keep_handover(&open, now)?)).await;
                Ok(Some(self.kept_or_told(kept, |()| Event::ParcelKept { id }, Event::ParcelNotKept { id })))
            }
            Effect::StoreHandover(handover) => {
                let id = handover.id;
                let stored = storage.call(move |s| Ok(s.record_handover(&handover)?)).await;
                Ok(Some(self.sent_or_told(stored, |()| Event::HandoverStored { id }, Event::HandoverFailed { id })))
            }
            Effect::StoreOpinion(written) => Ok(Some(self.give_opinion(&storage, *written, now).await)),
            Effect::StoreRating(rating) => {
                let id = rating.id();
                let stored = storage.call(move |s| Ok(s.record_rating(&rating)?)).await;
                Ok(Some(self.sent_or_told(stored, |()| Event::RatingStored { id }, Event::RatingFailed { id })))
            }
            Effect::TakeNumber(wanted) => Ok(Some(self.take_number(&storage, wanted, now).await)),
        }
    }

    async fn submit(&mut self, storage: &Storage, submission: motcua_model::dossier::Submission, now: Timestamp) -> Event {
        let id = submission.id;
        let (agency, device) = (self.config.office.agency.clone(), self.config.office.device.clone());
        let today = slip::in_vietnam(now).date();
        let stored = storage.call(move |s| Ok(s.submit(submission, &agency, &device, now, today)?)).await;
        self.sent_or_told(stored, |dossier| Event::Submitted { id, code: dossier.code }, Event::SubmitFailed { id })
    }

    async fn give_opinion(&mut self, storage: &Storage, written: motcua_model::opinion::Written, now: Timestamp) -> Event {
        let id = written.id;
        let (agency, device) = (self.config.office.agency.clone(), self.config.office.device.clone());
        let today = slip::in_vietnam(now).date();
        let stored = storage.call(move |s| Ok(s.give_opinion(written, &agency, &device, now, today)?)).await;
        self.sent_or_told(stored, |opinion| Event::OpinionStored { id, code: opinion.code }, Event::OpinionFailed { id })
    }

    /// Nothing of it goes to the hub.
    async fn take_number(&mut self, storage: &Storage, wanted: motcua_model::queue::Wanted, now: Timestamp) -> Event {
        let id = wanted.id;
        let today = slip::in_vietnam(now).date();
        let taken = storage.call(move |s| Ok(s.take_number(&wanted, now, today)?)).await;
        let number = |(ticket, ahead): (motcua_model::queue::Ticket, u32)| Event::NumberTaken { id, number: ticket.label(), ahead };
        self.kept_or_told(taken, number, Event::NumberFailed { id })
    }

    /// What was made durable goes to the hub at once; of what could not be, the person is told.
    fn sent_or_told<T>(&mut self, stored: anyhow::Result<T>, done: impl FnOnce(T) -> Event, failed: Event) -> Event {
        if stored.is_ok() {
            self.wake_forwarder.notify_one();
        }
        self.kept_or_told(stored, done, failed)
    }

    /// The person goes on without it: what they came for is done.
    fn kept_or_logged(&mut self, kept: anyhow::Result<()>) {
        if let Err(error) = kept {
            self.store_failed(&error);
        }
    }

    /// What was made durable stays here.
    fn kept_or_told<T>(&mut self, stored: anyhow::Result<T>, done: impl FnOnce(T) -> Event, failed: Event) -> Event {
        stored.map_or_else(
            |error| {
                self.store_failed(&error);
                failed
            },
            done,
        )
    }
}

fn known(found: FoundDossier) -> Known {
    Known { official_code: found.official_code, status: found.status, known_at: found.known_at, can_reprint: false }
}

async fn find_own(storage: &Storage, number: PersonNumber) -> anyhow::Result<Vec<motcua_flow::OwnDossier>> {
    let (found, drafts) = storage.read(move |s| Ok((s.own_dossiers(&number, OWN)?, s.drafts(&number)?))).await?;
    // One of another version cannot go on, and stops nobody.
    let mut begun: Vec<Draft> = drafts.iter().filter_map(|draft| serde_json::from_slice(&draft.body).ok()).collect();
    let with_draft = |own: OwnDossier| {
        let at = begun.iter().position(|draft| draft.adds_to.as_ref().is_some_and(|adds| adds.dossier == own.id));
        let begun = at.map(|at| Box::new(begun.swap_remove(at)));
        told_of(own, begun)
    };
    Ok(found.into_iter().map(with_draft).collect())
}

pub(crate) fn told_of(own: OwnDossier, begun: Option<Box<Draft>>) -> motcua_flow::OwnDossier {
    motcua_flow::OwnDossier {
        id: own.id,
        procedure_code: own.procedure_code,
        request: own.news.as_ref().map_or(0, |item| item.cursor),
        fee: own.fee,
        added: own.added,
        begun,
        code: own.code,
        known: known(own.found),
        procedure: own.procedure,
        submitted: own.submitted,
        news: own.news.map(|item| item.news),
    }
}

async fn find_unfinished(storage: &Storage, number: PersonNumber, now: Timestamp) -> anyhow::Result<Unfinished> {
    let (drafts, slip) = storage.call(move |s| Ok((s.drafts(&number)?, s.unprinted_slip(&number, now - SLIP_MINUTES.minutes())?))).await?;
    for draft in drafts {
        let draft: Draft = serde_json::from_slice(&draft.body)
            // serde quotes what it does not like, and that may be a name.
            .map_err(|e| anyhow::anyhow!("the draft is of another version (line {} column {})", e.line(), e.column()))?;
        // Added papers go on at C20d; a filing of before is not hidden by them.
        if draft.adds_to.is_none() {
            return Ok(Unfinished::Draft(Box::new(draft)));
        }
    }
    Ok(match slip {
        Some(dossier) => Unfinished::Slip(Box::new(dossier)),
        None => Unfinished::Nothing,
    })
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
