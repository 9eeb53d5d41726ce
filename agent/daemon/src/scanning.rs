//! The scanner's task: watches the device, runs one scan job at a time, seals every page at once.

use crate::{
    devices,
    digitising::Digitiser,
    input::{self, Input, Inputs},
    worker::Storage,
};
use motcua_digitise::Fingerprint;
use motcua_drivers::{
    DeviceError, Human,
    scanner::{Colour, Place, ScanEvent, ScanFailure, ScanSettings, ScannedPage, Scanner, Source},
};
use motcua_flow::Event;
use motcua_model::{
    api::{DeviceLine, DeviceState},
    config,
    dossier::{Page, Side},
    fault::Fault,
    pages::{PageFault, PageLimits},
};
use motcua_store::Store;
use std::{path::PathBuf, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::MissedTickBehavior,
};
use uuid::Uuid;

const WATCH_EVERY: Duration = Duration::from_secs(3);
/// For a device that is not known yet when a person wants to scan: then it counts as gone.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// What the scanner is told.
pub(crate) enum ScanOrder {
    /// Scan what lies in the feeder.
    Start {
        /// Names the job in every event about it.
        job: Uuid,
        /// Whose key seals the pages.
        dossier: Uuid,
        /// Declared by the person; only logged, the feeder decides.
        sheets: u16,
        /// Pages of the same paper; one that looks like one of them is told.
        beside: Vec<Uuid>,
    },
    /// Stop this job.
    Cancel {
        /// Ignored when another job runs by now.
        job: Uuid,
    },
    /// The filing is over: what its pages look like is forgotten.
    Forget,
}

/// Pages of this visit and what they look like, in memory only. After a restart of the agent the earlier ones are not known again.
type Seen = Vec<(Uuid, Fingerprint)>;

struct Desk {
    device: Scanner,
    line: DeviceLine,
    dpi: u16,
    duplex: bool,
    feeder: bool,
    limits: PageLimits,
    seen: Seen,
    inputs: Inputs,
    storage: Storage,
    digitiser: Digitiser,
}

/// Until the agent stops.
pub(crate) async fn run(
    config: config::Scanner,
    limits: PageLimits,
    jobs_file: PathBuf,
    mut orders: mpsc::UnboundedReceiver<ScanOrder>,
    inputs: Inputs,
    storage: Storage,
    digitiser: Digitiser,
) {
    let mut line = devices::line("scanner", &config.address());
    let device = match open(&config, jobs_file) {
        Ok(device) => device,
        Err(error) => {
            line.problem = format!("{error}; mend [scanner] in the configuration");
            let _ = inputs.send(Input::Device(line)).await;
            return;
        }
    };
    let mut scanner =
        Desk { device, line, dpi: config.dpi, duplex: config.duplex, feeder: false, limits, seen: Seen::new(), inputs, storage, digitiser };
    let mut watch = tokio::time::interval(WATCH_EVERY);
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(ScanOrder::Start { job, dossier, sheets, beside }) => {
                    tracing::info!(%job, sheets, "scan");
                    scanner.seen.retain(|(page, _)| beside.contains(page));
                    scanner.scan(job, dossier, &mut orders).await;
                }
                Some(ScanOrder::Cancel { .. }) => {}
                Some(ScanOrder::Forget) => scanner.seen.clear(),
                None => return,
            },
            _ = watch.tick() => scanner.watch().await,
        }
    }
}

/// The device that the configuration names; nothing is sent to it yet.
fn open(config: &config::Scanner, jobs_file: PathBuf) -> Result<Scanner, DeviceError> {
    let place = Place {
        escl: config.escl.as_deref(),
        tls_sha256: config.tls_sha256.as_deref(),
        sane: config.sane.as_deref(),
        folder: config.folder.as_deref(),
    };
    Ok(match Scanner::at(&place)? {
        Scanner::Escl(escl) => Scanner::Escl(escl.remember_jobs_in(jobs_file)),
        Scanner::Sane(sane) => Scanner::Sane(sane.with_master(config.lossless_master)),
        Scanner::Folder(folder) => Scanner::Folder(folder.with_master(config.lossless_master)),
    })
}

impl Desk {
    async fn watch(&mut self) {
        let answer = match self.line.model.is_empty() {
            true => self.get_to_know().await,
            false => self.device.trouble().await,
        };
        let (state, problem) = match answer {
            Ok(Some(Human::Jam)) => (DeviceState::NeedsHuman(Fault::ScannerJam), "paper jam: free the paper".to_owned()),
            Ok(Some(Human::CoverOpen)) => (DeviceState::NeedsHuman(Fault::ScannerCoverOpen), "cover open: close it".to_owned()),
            Ok(Some(Human::PaperOut | Human::FeederEmpty | Human::DoubleFeed | Human::Other) | None) => (DeviceState::Ready, String::new()),
            // Busy with somebody else's job is not gone: it is asked again, and a job would say so itself.
            Err(DeviceError::Busy(_)) => (DeviceState::Ready, String::new()),
            Err(error) => {
                // Another device may stand at the address when it comes back.
                self.line.model.clear();
                let advice = match &error {
                    DeviceError::Rejected(_) => "",
                    DeviceError::Disconnected(_)
                    | DeviceError::Busy(_)
                    | DeviceError::NeedsHuman(_)
                    | DeviceError::Protocol(_)
                    | DeviceError::Timeout(_) => "; check its power and network cable",
                };
                (DeviceState::Lost, format!("{error}{advice}"))
            }
        };
        self.line.state = state;
        self.line.problem = problem;
        let _ = self.inputs.send(Input::Device(self.line.clone())).await;
    }

    async fn get_to_know(&mut self) -> Result<Option<Human>, DeviceError> {
        let about = self.device.about().await?;
        if self.duplex && !about.duplex {
            return Err(DeviceError::Rejected("it scans one side only; set scanner.duplex = false in the configuration".to_owned()));
        }
        self.feeder = about.feeder;
        let trouble = self.device.trouble().await?;
        // Some tell no name; an empty one here means that the device is not known.
        self.line.model = if about.make_and_model.is_empty() { about.address } else { about.make_and_model };
        Ok(trouble)
    }

    async fn scan(&mut self, job: Uuid, dossier: Uuid, orders: &mut mpsc::UnboundedReceiver<ScanOrder>) {
        if self.line.model.is_empty() {
            // Right after a start the device is not known yet, nor a job closed that was left open.
            let _ = tokio::time::timeout(FIRST_LOOK, self.watch()).await;
            if self.line.model.is_empty() {
                return input::event(&self.inputs, Event::ScanEnded { job, fault: Some(Fault::ScannerGone) }).await;
            }
        }
        let source = if self.feeder { Source::Feeder { duplex: self.duplex } } else { Source::Flatbed };
        let settings = ScanSettings { source, dpi: self.dpi, colour: Colour::Rgb24 };
        let (events, mut arrived) = mpsc::channel(2);
        let (cancel, cancelled) = watch::channel(false);
        let duplex = matches!(source, Source::Feeder { duplex: true });
        let mut keeper = PageKeeper {
            job,
            dossier,
            dpi: self.dpi,
            duplex,
            limits: self.limits,
            seen: std::mem::take(&mut self.seen),
            inputs: self.inputs.clone(),
            storage: self.storage.clone(),
            digitiser: self.digitiser.clone(),
        };
        let mut forget = false;
        let scan = self.device.scan(&settings, events, cancelled);
        let keep = async {
            while let Some(event) = arrived.recv().await {
                let ScanEvent::Page(page) = event else { continue };
                if let Err(fault) = keeper.keep(page).await {
                    let _ = cancel.send(true);
                    return Some(fault);
                }
            }
            None
        };
        let inputs = self.inputs.clone();
        let stop = async {
            while let Some(order) = orders.recv().await {
                match order {
                    ScanOrder::Cancel { job: which } if which == job => {
                        let _ = cancel.send(true);
                    }
                    ScanOrder::Cancel { .. } => {}
                    ScanOrder::Forget => forget = true,
                    ScanOrder::Start { job, .. } => input::event(&inputs, Event::ScanEnded { job, fault: Some(Fault::ScannerBusy) }).await,
                }
            }
            std::future::pending::<()>().await;
        };
        let (ended, kept) = tokio::select! {
            both = async { tokio::join!(scan, keep) } => both,
            () = stop => return,
        };
        if !forget {
            self.seen = keeper.seen;
        }
        let fault = kept.or_else(|| ended.err().map(|failure| fault_of(&failure)));
        if let Some(fault) = fault {
            tracing::warn!(%job, ?fault, "scan ended early");
        }
        input::event(&self.inputs, Event::ScanEnded { job, fault }).await;
    }
}

/// Seals pages in the order they come.
struct PageKeeper {
    job: Uuid,
    dossier: Uuid,
    dpi: u16,
    duplex: bool,
    limits: PageLimits,
    seen: Seen,
    inputs: Inputs,
    storage: Storage,
    digitiser: Digitiser,
}

impl PageKeeper {
    async fn keep(&mut self, scanned: ScannedPage) -> Result<(), Fault> {
        let side = if self.duplex && scanned.index % 2 == 1 { Side::Back } else { Side::Front };
        let (jpeg, master, dpi, limits, seen) = (scanned.jpeg, scanned.master, self.dpi, self.limits, std::mem::take(&mut self.seen));
        let looked = tokio::task::spawn_blocking(move || {
            let mut judged = motcua_digitise::judge(&jpeg, dpi, &limits);
            if let Ok(judged) = &mut judged {
                let again = |print: &Fingerprint| seen.iter().any(|(_, earlier)| earlier.is_repeated(print));
                judged.faults.extend(judged.fingerprint.as_ref().filter(|print| again(print)).map(|_| PageFault::Repeated));
            }
            (judged, jpeg, seen)
        });
        let Ok((judged, jpeg, seen)) = looked.await else { return Err(Fault::PageDamaged) };
        self.seen = seen;
        let judged = judged.map_err(|error| {
            tracing::warn!("page {} dropped: {error}", scanned.index + 1);
            Fault::PageDamaged
        })?;
        let (dossier, file) = (self.dossier, Uuid::now_v7());
        let store = move |s: &mut Store| {
            let image = s.put_file(dossier, file, "image/jpeg", &jpeg)?;
            master.map(|png| s.put_master(dossier, file, &png)).transpose()?;
            Ok(image)
        };
        let image = match self.storage.call(store).await {
            Ok(image) => image,
            Err(error) => {
                let _ = self.inputs.send(Input::StoreFailed(error)).await;
                return Err(Fault::StoreFailed);
            }
        };
        self.seen.extend(judged.fingerprint.map(|print| (image.id, print)));
        let page = Page {
            image,
            side,
            width: judged.inspection.width,
            height: judged.inspection.height,
            // The nearest finer resolution that the device has may be another one than was asked for.
            dpi: judged.measures.dpi,
            blank: judged.inspection.blank,
            faults: judged.faults,
            without_note: false,
        };
        let (image, dpi) = (page.image.id, page.dpi);
        input::event(&self.inputs, Event::PageStored { job: self.job, page }).await;
        self.digitiser.read_soon(image, dpi);
        Ok(())
    }
}

fn fault_of(failure: &ScanFailure) -> Fault {
    match &failure.error {
        // What the person must do about a jam or cover says more than that a page was lost on the way.
        error if failure.damaged && !matches!(error, DeviceError::NeedsHuman(_)) => Fault::PageDamaged,
        error if failure.unsure && !matches!(error, DeviceError::NeedsHuman(_)) => Fault::ScannerUnsure,
        DeviceError::Disconnected(_) | DeviceError::Timeout(_) => Fault::ScannerGone,
        DeviceError::Busy(_) => Fault::ScannerBusy,
        DeviceError::NeedsHuman(Human::Jam) => Fault::ScannerJam,
        DeviceError::NeedsHuman(Human::CoverOpen) => Fault::ScannerCoverOpen,
        DeviceError::NeedsHuman(Human::FeederEmpty | Human::PaperOut) => Fault::ScannerEmpty,
        DeviceError::NeedsHuman(Human::DoubleFeed) => Fault::ScannerDoubleFeed,
        DeviceError::NeedsHuman(Human::Other) | DeviceError::Rejected(_) | DeviceError::Protocol(_) => Fault::ScannerUnsure,
    }
}
