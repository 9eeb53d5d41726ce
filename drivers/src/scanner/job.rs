//! The course of one batch, from the look at the feeder to the DELETE.

use super::escl::{Created, Escl, NextDocument};
use super::escl_xml::{
    AdfState, Capabilities, ScanSettings, ScannerState, ScannerStatus, Source, Verdict, same_job, settings_xml, verdict,
};
use super::{BatchEnd, ScanEvent, ScanFailure, ScannedPage};
use crate::{DeviceError, Human};
use reqwest::Url;
use tokio::sync::{mpsc, watch};

/// Tries while the scanner answers 503 to a new job.
const CREATE_TRIES: u8 = 10;
/// Tries while the scanner answers 503 to the request for a page.
const PAGE_TRIES: u8 = 30;
/// Looks at the status before the end of a batch counts as unknown.
const VERDICT_TRIES: u8 = 5;

/// Runs a batch to its end. See [`Escl::scan`].
pub(super) async fn run(
    escl: &Escl,
    settings: &ScanSettings,
    events: &mpsc::Sender<ScanEvent>,
    cancel: watch::Receiver<bool>,
) -> Result<BatchEnd, ScanFailure> {
    let mut batch = Batch { escl, settings: *settings, events, cancel, sent: 0 };
    match batch.course().await {
        Ok(()) => Ok(BatchEnd::Complete { pages: batch.sent }),
        Err(Stop::Cancelled) => Ok(BatchEnd::Cancelled { pages: batch.sent }),
        Err(Stop::Failed(fault)) => {
            Err(ScanFailure { error: fault.error, unsure: fault.unsure, damaged: fault.damaged, pages: batch.sent })
        }
    }
}

/// Why a batch stops before its end.
enum Stop {
    Cancelled,
    Failed(Fault),
}

struct Fault {
    error: DeviceError,
    unsure: bool,
    damaged: bool,
}

impl From<DeviceError> for Stop {
    fn from(error: DeviceError) -> Self {
        Self::Failed(Fault { error, unsure: false, damaged: false })
    }
}

struct Batch<'a> {
    escl: &'a Escl,
    settings: ScanSettings,
    events: &'a mpsc::Sender<ScanEvent>,
    cancel: watch::Receiver<bool>,
    sent: u32,
}

/// What a maker does differently, by the name in its capabilities and the `Server` header (sources: sane-airscan).
struct Quirks {
    /// Reports a jam when the feeder is merely empty.
    jam_means_empty: bool,
    /// Says "no more pages" when asked too early.
    pause_between_pages: bool,
    /// Refuses jobs unless `Host: localhost`.
    host_localhost: bool,
    /// Says "no more pages" (404, 410) instead of "not ready", and breaks on a DELETE of a job that has ended.
    not_ready_as_404: bool,
}

impl Quirks {
    fn of(capabilities: &Capabilities, server: &str) -> Self {
        let model = capabilities.make_and_model.to_ascii_lowercase();
        Self {
            jam_means_empty: jam_means_empty(&model),
            pause_between_pages: model.starts_with("brother"),
            host_localhost: server.contains("HP_Compact_Server")
                || ["hp laserjet mfp m630", "hp color laserjet flowmfp m578"].contains(&model.as_str()),
            not_ready_as_404: ["xerox b205", "xerox b215"].iter().any(|start| model.starts_with(start)),
        }
    }
}

/// Something came that is not a whole page.
struct BadPage<'a> {
    url: &'a Url,
    bytes: usize,
    empty: bool,
    why: DeviceError,
    before: u32,
}

impl Quirks {
    /// Doubts before an empty feeder alone means the end of a job that never says so: the last sheet may still be in the path.
    fn patience(&self, status: &ScannerStatus) -> u8 {
        match status.state {
            _ if self.not_ready_as_404 => PAGE_TRIES,
            ScannerState::Idle | ScannerState::Stopped => 1,
            ScannerState::Processing | ScannerState::Testing | ScannerState::Down | ScannerState::Other => VERDICT_TRIES,
        }
    }
}

/// Whether a scanner of this make and model reports a jam when its feeder is merely empty.
pub fn jam_means_empty(make_and_model: &str) -> bool {
    let model = make_and_model.to_ascii_lowercase();
    model.contains("workcentre") || model.contains("mf410")
}

impl Batch<'_> {
    async fn course(&mut self) -> Result<(), Stop> {
        let escl = self.escl;
        let capabilities = self.or_cancel(escl.capabilities()).await??;
        self.check_source(&capabilities)?;
        loop {
            let quirks = self.look_at_feeder(&capabilities).await?;
            let job = self.create(settings_xml(&self.settings, &capabilities), &quirks).await?;
            let end = self.fetch(&job, &quirks).await;
            if end.is_ok() && quirks.not_ready_as_404 {
                job.leave()
            } else {
                job.close().await
            }
            end?;
            if !self.another_sheet(&capabilities).await? {
                return Ok(());
            }
        }
    }

    fn check_source(&self, capabilities: &Capabilities) -> Result<(), DeviceError> {
        let (has, what) = match self.settings.source {
            Source::Flatbed => (capabilities.flatbed, "glass plate"),
            Source::Feeder { duplex: false } => (capabilities.feeder, "feeder"),
            Source::Feeder { duplex: true } => (capabilities.duplex, "feeder for both sides"),
        };
        if has { Ok(()) } else { Err(DeviceError::Rejected(format!("the scanner has no {what}; change the scan settings"))) }
    }

    /// Empty or in trouble? Asked before the job, where the answer is plain.
    async fn look_at_feeder(&mut self, capabilities: &Capabilities) -> Result<Quirks, Stop> {
        let escl = self.escl;
        let (mut status, server) = self.or_cancel(escl.status_and_server()).await??;
        let quirks = Quirks::of(capabilities, &server);
        if self.settings.source == Source::Flatbed {
            return Ok(quirks);
        }
        if status.adf == AdfState::Empty || status.adf.trouble().is_some() {
            // AirSane reports the end of the batch before once more, and then forgets it.
            status = self.or_cancel(escl.status()).await??;
        }
        match (status.adf, status.adf.trouble()) {
            (AdfState::Empty, _) => Err(DeviceError::NeedsHuman(Human::FeederEmpty).into()),
            (AdfState::Jam, _) if quirks.jam_means_empty => Err(DeviceError::NeedsHuman(Human::FeederEmpty).into()),
            (_, Some(human)) => Err(DeviceError::NeedsHuman(human).into()),
            (_, None) => Ok(quirks),
        }
    }

    async fn create(&mut self, body: String, quirks: &Quirks) -> Result<OpenJob, Stop> {
        for _ in 0..CREATE_TRIES {
            // A task of its own: a job that opens after the cancel comes back to nobody, and is deleted by that.
            let (escl, text, host_localhost) = (self.escl.clone(), body.clone(), quirks.host_localhost);
            let mut post = tokio::spawn(async move {
                escl.note_opening();
                let created = escl.post_job(text, host_localhost).await.inspect_err(|_| escl.note(None))?;
                Ok::<_, DeviceError>(match created {
                    Created::Job(url) => {
                        escl.note(Some(url.as_str()));
                        Ok(OpenJob { escl, url: Some(url) })
                    }
                    refusal @ (Created::Busy | Created::Conflict) => {
                        escl.note(None);
                        Err(refusal)
                    }
                })
            });
            let created = match self.or_cancel(&mut post).await {
                Ok(Ok(created)) => created?,
                Ok(Err(panicked)) => return Err(DeviceError::Protocol(panicked.to_string()).into()),
                Err(stop) => {
                    let close = async {
                        if let Ok(Ok(Ok(job))) = post.await {
                            job.close().await;
                        }
                    };
                    let _ = tokio::time::timeout(self.escl.timing.delete, close).await;
                    return Err(stop);
                }
            };
            match created {
                Ok(job) => return Ok(job),
                Err(Created::Conflict) => return Err(self.explain_conflict().await?.into()),
                Err(Created::Busy | Created::Job(_)) => self.pause().await?,
            }
        }
        Err(DeviceError::Busy("another job holds the scanner; wait until it is done".to_owned()).into())
    }

    async fn explain_conflict(&mut self) -> Result<DeviceError, Stop> {
        let escl = self.escl;
        let status = self.or_cancel(escl.status()).await??;
        Ok(match (status.adf.trouble(), status.adf, self.settings.source) {
            (Some(human), _, _) => DeviceError::NeedsHuman(human),
            (None, AdfState::Empty, Source::Feeder { .. }) => DeviceError::NeedsHuman(Human::FeederEmpty),
            (None, _, _) => DeviceError::Rejected("HTTP 409 for the scan settings; check source and resolution".to_owned()),
        })
    }

    async fn fetch(&mut self, job: &OpenJob, quirks: &Quirks) -> Result<(), Stop> {
        let Some(url) = job.url.as_ref() else { return Ok(()) };
        let escl = self.escl;
        let (mut waits, mut doubts, before) = (0, 0, self.sent);
        loop {
            match self.or_cancel(escl.next_document(url, progress_of(self.sent, self.events))).await? {
                NextDocument::Page(jpeg) => {
                    (waits, doubts) = (0, 0);
                    self.send(jpeg).await?;
                    if self.settings.source == Source::Flatbed {
                        return Ok(());
                    }
                    if quirks.pause_between_pages {
                        self.pause().await?;
                    }
                }
                NextDocument::NotReady if waits < PAGE_TRIES => {
                    waits += 1;
                    self.stop_at_trouble(url, quirks).await?;
                    self.pause().await?;
                }
                NextDocument::NotReady => {
                    return Err(self.fault(DeviceError::Timeout("the scanner stays \"not ready\"; look at it".to_owned()), true, false));
                }
                NextDocument::NoMore(code) => {
                    let status = match self.status(quirks).await? {
                        Ok(status) => status,
                        Err(error) => return Err(self.fault(error, true, false)),
                    };
                    match verdict(&status, url.as_str()) {
                        Verdict::Complete => return self.complete(before),
                        Verdict::Failed(error) => return Err(error.into()),
                        Verdict::Ending if doubts >= quirks.patience(&status) => return self.complete(before),
                        Verdict::Ending | Verdict::Unsettled if doubts < VERDICT_TRIES.max(quirks.patience(&status)) => {
                            doubts += 1;
                            self.pause().await?;
                        }
                        Verdict::Ending | Verdict::Unsettled => {
                            let text = format!("HTTP {code} for the next page, and the scanner does not say why; count the pages");
                            return Err(self.fault(DeviceError::Protocol(text), true, false));
                        }
                    }
                }
                NextDocument::Bad { bytes, empty_answer, why } => {
                    return self.after_bad_page(BadPage { url, bytes, empty: empty_answer, why, before }, quirks).await;
                }
            }
        }
    }

    /// A page was lost. The status may tell the true cause; a batch with a lost page is never complete.
    async fn after_bad_page(&mut self, page: BadPage<'_>, quirks: &Quirks) -> Result<(), Stop> {
        let BadPage { url, bytes, empty, why, before } = page;
        for _ in 0..VERDICT_TRIES {
            let status = match self.status(quirks).await? {
                Ok(status) => status,
                Err(error) => return Err(self.fault(error, false, bytes > 0)),
            };
            match verdict(&status, url.as_str()) {
                Verdict::Failed(error) => return Err(self.fault(error, false, bytes > 0)),
                // An empty answer as the mark of the end: believed only when the scanner's own count agrees.
                Verdict::Complete if empty && counted(&status, url) == Some(self.sent - before) => return self.complete(before),
                Verdict::Complete => break,
                Verdict::Ending | Verdict::Unsettled if empty => self.pause().await?,
                Verdict::Ending | Verdict::Unsettled => break,
            }
        }
        // The scanner still answers, so it is the page that broke, not the cable.
        Err(self.fault(if let DeviceError::Disconnected(text) = why { DeviceError::Protocol(text) } else { why }, false, true))
    }

    /// A 503 can hide a jam for ever (the scanner waits for the person, we for the scanner).
    async fn stop_at_trouble(&mut self, url: &Url, quirks: &Quirks) -> Result<(), Stop> {
        let status = self.status(quirks).await??;
        match verdict(&status, url.as_str()) {
            Verdict::Failed(error) => Err(error.into()),
            Verdict::Complete | Verdict::Ending | Verdict::Unsettled => Ok(()),
        }
    }

    /// How the scanner is in the middle of a job. A jam that may mean an empty feeder says nothing: only the job's own state counts.
    async fn status(&mut self, quirks: &Quirks) -> Result<Result<ScannerStatus, DeviceError>, Stop> {
        let escl = self.escl;
        let mut status = self.or_cancel(escl.status()).await?;
        if let Ok(status) = &mut status
            && status.adf == AdfState::Jam
            && quirks.jam_means_empty
        {
            status.adf = AdfState::Other;
        }
        Ok(status)
    }

    fn complete(&self, before: u32) -> Result<(), Stop> {
        match (self.sent > before, self.settings.source) {
            (true, _) => Ok(()),
            (false, Source::Feeder { .. }) => Err(DeviceError::NeedsHuman(Human::FeederEmpty).into()),
            (false, Source::Flatbed) => {
                Err(self.fault(DeviceError::Protocol("the scanner ended the job without a page; scan again".to_owned()), true, false))
            }
        }
    }

    /// Feeders that take one sheet a job (Epson WF-2930) still say "loaded" afterwards.
    async fn another_sheet(&mut self, capabilities: &Capabilities) -> Result<bool, Stop> {
        if capabilities.feeder_capacity != Some(1) || self.settings.source == Source::Flatbed {
            return Ok(false);
        }
        let escl = self.escl;
        Ok(self.or_cancel(escl.status()).await??.adf == AdfState::Loaded)
    }

    async fn send(&mut self, jpeg: Vec<u8>) -> Result<(), Stop> {
        let events = self.events;
        let page = ScanEvent::Page(ScannedPage { index: self.sent, jpeg, master: None });
        self.or_cancel(events.send(page)).await?.map_err(|_| Stop::Cancelled)?;
        self.sent += 1;
        Ok(())
    }

    async fn pause(&mut self) -> Result<(), Stop> {
        let pause = self.escl.timing.pause;
        self.or_cancel(tokio::time::sleep(pause)).await
    }

    async fn or_cancel<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Stop> {
        let Self { cancel, events, .. } = self;
        tokio::select! {
            biased;
            // A dropped sender can no longer cancel; the wait then never ends.
            () = async { if cancel.wait_for(|now| *now).await.is_err() { std::future::pending::<()>().await } } => Err(Stop::Cancelled),
            () = events.closed() => Err(Stop::Cancelled),
            done = work => Ok(done),
        }
    }

    fn fault(&self, error: DeviceError, unsure: bool, damaged: bool) -> Stop {
        Stop::Failed(Fault { error, unsure, damaged })
    }
}

/// Tells the receiver in steps of ten per cent, and leaves half of the queue to the pages.
fn progress_of(page: u32, events: &mpsc::Sender<ScanEvent>) -> impl FnMut(u8) + use<'_> {
    let mut told = 0;
    move |percent| {
        let step = percent - percent % 10;
        if step > told && events.capacity() * 2 >= events.max_capacity() {
            told = step;
            let _ = events.try_send(ScanEvent::Progress { page, percent: step });
        }
    }
}

fn counted(status: &ScannerStatus, url: &Url) -> Option<u32> {
    status.jobs.iter().find(|job| same_job(&job.uri, url.as_str())).and_then(|job| job.images_completed)
}

/// A job at the scanner. It is deleted however the batch ends: a leaked one keeps some scanners busy for ever.
struct OpenJob {
    escl: Escl,
    url: Option<Url>,
}

impl OpenJob {
    /// The scanner has closed it itself.
    fn leave(mut self) {
        self.url = None;
        self.escl.note(None);
    }

    async fn close(mut self) {
        if let Some(url) = self.url.take() {
            // Detached on time-out, so that a cancel stays quick and the DELETE still goes out.
            let delete = tokio::spawn(self.escl.delete_job(&url));
            let _ = tokio::time::timeout(self.escl.timing.delete, delete).await;
        }
    }
}

impl Drop for OpenJob {
    fn drop(&mut self) {
        if let (Some(url), Ok(runtime)) = (self.url.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(self.escl.delete_job(&url));
        }
    }
}
