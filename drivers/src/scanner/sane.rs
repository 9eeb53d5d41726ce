//! A scanner behind SANE, driven by a worker process (`motcua-sane`): one process a job, watched, and killed when it hangs.
//!
//! SANE has no time-outs and its backends crash, so nothing of it runs in this process.

use super::escl_xml::{Colour, Source};
use super::sane_wire::{Frame, Listed};
use super::sane_worker::{Order, Stop, Worker};
use super::{About, BatchEnd, ScanEvent, ScanFailure, ScanSettings, ScannedPage, escl_xml};
use crate::{DeviceError, Human};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, mpsc, watch};
use tokio::time::Instant;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct SaneTiming {
    /// For an answer to a question, and for the first byte of a page: warming up, feeding, home with the carriage.
    pub start: Duration,
    /// Between two bytes of a page.
    pub idle: Duration,
    /// For a worker that was asked to stop; then it is killed.
    pub grace: Duration,
    /// Between two looks whether the device is still there.
    pub look: Duration,
    /// How long [`Sane::trouble`] repeats what stopped the last job. Only the next job can tell whether it is over.
    pub remember: Duration,
}

impl Default for SaneTiming {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(60),
            idle: Duration::from_secs(20),
            grace: Duration::from_secs(3),
            look: Duration::from_secs(30),
            remember: Duration::from_secs(15),
        }
    }
}

/// A scanner behind SANE, driven by a worker process (`motcua-sane`).
#[derive(Clone, Debug)]
pub struct Sane {
    program: PathBuf,
    device: String,
    env: Vec<(String, String)>,
    master: bool,
    timing: SaneTiming,
    /// Held while a worker lives: backends bear one user at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    known: Arc<Mutex<Known>>,
}

/// What clones share.
#[derive(Debug, Default)]
struct Known {
    looked: Option<(Instant, Result<(), DeviceError>)>,
    stopped_by: Option<(Instant, Human)>,
}

impl Sane {
    /// The worker program: `motcua-sane` beside the program that runs, as the package and cargo both put it.
    pub fn worker() -> PathBuf {
        let own = std::env::current_exe().ok();
        own.as_deref().and_then(Path::parent).unwrap_or(Path::new("/usr/bin")).join("motcua-sane")
    }

    /// The scanner that `device` names, driven by the program `worker`. Starts nothing yet.
    ///
    /// `device` is a name of SANE's (`epson2:libusb:001:004`), or maker and model (`Epson DS-1630`), which stay the same when the
    /// scanner is plugged in again. SANE must list it.
    pub fn new(worker: PathBuf, device: String) -> Self {
        Self::with_timing(worker, device, SaneTiming::default())
    }

    /// Like [`Sane::new`], with other time-outs.
    pub fn with_timing(worker: PathBuf, device: String, timing: SaneTiming) -> Self {
        Self { program: worker, device, env: Vec::new(), master: false, timing, turn: Arc::default(), known: Arc::default() }
    }

    /// Adds to the environment of the worker, such as `SANE_CONFIG_DIR`.
    #[must_use]
    pub fn with_env(self, env: Vec<(String, String)>) -> Self {
        Self { env, ..self }
    }

    /// Whether every page comes with a lossless file of its pixels, [`ScannedPage::master`].
    #[must_use]
    pub fn with_master(self, master: bool) -> Self {
        Self { master, ..self }
    }

    /// Every scanner that SANE finds, and what each can do. One that is busy or broken has only its name.
    ///
    /// # Errors
    /// [`DeviceError`] when SANE itself does not work.
    pub async fn list(worker: &Path) -> Result<Vec<About>, DeviceError> {
        Self::new(worker.to_owned(), String::new()).all().await
    }

    /// Like [`Sane::list`], with the environment and the time-outs of this scanner.
    ///
    /// # Errors
    /// [`DeviceError`] when SANE itself does not work.
    pub async fn all(&self) -> Result<Vec<About>, DeviceError> {
        let Frame::Devices(devices) = self.ask(&Order::List).await? else { return Err(unexpected()) };
        let mut abouts = Vec::new();
        for listed in devices {
            let Listed { name, vendor, model, .. } = listed;
            let bare = About { make_and_model: format!("{vendor} {model}").trim().to_owned(), address: name.clone(), ..About::default() };
            abouts.push(match self.ask(&Order::About(name)).await {
                Ok(Frame::About(about)) => about,
                Ok(_) => bare,
                Err(error) => {
                    tracing::warn!(device = bare.address, %error, "this scanner does not say what it can do");
                    bare
                }
            });
        }
        Ok(abouts)
    }

    /// See [`super::Scanner::about`].
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn about(&self) -> Result<About, DeviceError> {
        let about = match self.ask(&Order::About(self.device.clone())).await {
            Ok(Frame::About(about)) => Ok(about),
            Ok(_) => Err(unexpected()),
            Err(error) => Err(error),
        };
        self.known().looked = Some((Instant::now(), about.as_ref().map(|_| ()).map_err(Clone::clone)));
        about
    }

    /// See [`super::Scanner::trouble`]. Cheap: the device is not opened, and looked for only now and then.
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn trouble(&self) -> Result<Option<Human>, DeviceError> {
        let timing = self.timing;
        let (stopped_by, looked) = {
            let known = self.known();
            (known.stopped_by.filter(|(when, _)| when.elapsed() < timing.remember).map(|(_, human)| human), known.looked.clone())
        };
        let there = match looked {
            // What is missing is looked for more often: somebody may just have plugged it in.
            Some((when, there)) if when.elapsed() < if there.is_ok() { timing.look } else { timing.look / 3 } => there,
            // A worker at work has the device, and a second one would disturb it.
            looked if self.turn.try_lock().is_err() => looked.map_or(Ok(()), |(_, there)| there),
            Some(_) | None => {
                let there = self.ask(&Order::Find(self.device.clone())).await.map(|_| ());
                self.known().looked = Some((Instant::now(), there.clone()));
                there
            }
        };
        there.map(|()| stopped_by)
    }

    /// See [`super::Scanner::scan`]. The worker may still close the device afterwards; whatever is asked next waits for that.
    ///
    /// # Errors
    /// [`ScanFailure`]: pages already sent stay good.
    pub async fn scan(
        &self,
        settings: &ScanSettings,
        events: mpsc::Sender<ScanEvent>,
        cancel: watch::Receiver<bool>,
    ) -> Result<BatchEnd, ScanFailure> {
        self.known().stopped_by = None;
        let mut batch = Batch { sane: self, events: &events, cancel, sent: 0, page_begun: false, master: None };
        let end = batch.course(*settings).await;
        match end {
            Ok(true) => {
                self.known().looked = Some((Instant::now(), Ok(())));
                Ok(BatchEnd::Complete { pages: batch.sent })
            }
            Ok(false) | Err(Stop::Cancelled) => Ok(BatchEnd::Cancelled { pages: batch.sent }),
            Err(Stop::Failed(fault)) => {
                self.remember(&fault.error);
                Err(ScanFailure { error: fault.error, unsure: fault.unsure, damaged: fault.damaged, pages: batch.sent })
            }
        }
    }

    fn remember(&self, error: &DeviceError) {
        match error {
            DeviceError::NeedsHuman(Human::FeederEmpty) | DeviceError::Busy(_) | DeviceError::Rejected(_) => {}
            DeviceError::NeedsHuman(human) => self.known().stopped_by = Some((Instant::now(), *human)),
            // The next look must not repeat what was seen before.
            DeviceError::Disconnected(_) | DeviceError::Protocol(_) | DeviceError::Timeout(_) => self.known().looked = None,
        }
    }

    /// One question, one answer.
    async fn ask(&self, order: &Order) -> Result<Frame, DeviceError> {
        let turn = self.turn().await?;
        let mut worker = Worker::start(&self.program, order, &self.env, self.timing, turn)?;
        let answer = tokio::time::timeout(self.timing.start, worker.next()).await;
        match answer {
            Ok(Ok(Frame::Fault(fault))) => {
                worker.finish();
                Err(fault.error)
            }
            Ok(Ok(frame)) => {
                worker.finish();
                Ok(frame)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(silent("SANE", self.timing.start)),
        }
    }

    /// Waits for the worker before, which lives no longer than the time-outs allow.
    async fn turn(&self) -> Result<OwnedMutexGuard<()>, DeviceError> {
        let longest = self.timing.start + self.timing.grace;
        let turn = tokio::time::timeout(longest, Arc::clone(&self.turn).lock_owned()).await;
        turn.map_err(|_| DeviceError::Busy("another job holds the scanner; wait until it is done".to_owned()))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One job.
struct Batch<'a> {
    sane: &'a Sane,
    events: &'a mpsc::Sender<ScanEvent>,
    cancel: watch::Receiver<bool>,
    sent: u32,
    page_begun: bool,
    /// Of the page that comes next.
    master: Option<Vec<u8>>,
}

impl Batch<'_> {
    /// To the end; false when it was cancelled.
    async fn course(&mut self, settings: ScanSettings) -> Result<bool, Stop> {
        let sane = self.sane;
        let turn = self.or_cancel(sane.turn()).await??;
        let order = Order::Scan(sane.device.clone(), settings, sane.master);
        let mut worker = Worker::start(&sane.program, &order, &sane.env, sane.timing, turn)?;
        // Dropping the worker asks it to stop; that goes on without us.
        loop {
            let limit = if self.page_begun { sane.timing.idle } else { sane.timing.start };
            let frame = match self.or_cancel(tokio::time::timeout(limit, worker.next())).await? {
                Ok(Ok(frame)) => frame,
                Ok(Err(error)) => return Err(self.fault(error)),
                Err(_) => return Err(self.fault(silent("the scanner", limit))),
            };
            match frame {
                Frame::Progress { page, percent } => {
                    self.page_begun = true;
                    // A full channel loses news of no weight.
                    let _ = self.events.try_send(ScanEvent::Progress { page, percent });
                }
                Frame::Alive => self.page_begun = true,
                Frame::Master(png) => self.master = Some(png),
                Frame::Page(jpeg) => self.send(jpeg).await?,
                Frame::End { complete } => {
                    worker.finish();
                    return Ok(complete);
                }
                Frame::Fault(fault) => {
                    worker.finish();
                    return Err(Stop::Failed(fault));
                }
                Frame::Devices(_) | Frame::About(_) => return Err(self.fault(unexpected())),
            }
        }
    }

    async fn send(&mut self, jpeg: Vec<u8>) -> Result<(), Stop> {
        let bytes = jpeg.len();
        let Some(jpeg) = escl_xml::complete_jpeg(jpeg) else {
            let text = format!("a page of {bytes} bytes is not a complete JPEG; scan that sheet again");
            return Err(self.fault(DeviceError::Protocol(text)));
        };
        let (events, master) = (self.events, self.master.take());
        if master.is_some() != self.sane.master {
            return Err(self.fault(unexpected()));
        }
        let page = ScanEvent::Page(ScannedPage { index: self.sent, jpeg, master });
        self.or_cancel(events.send(page)).await?.map_err(|_| Stop::Cancelled)?;
        self.sent += 1;
        self.page_begun = false;
        Ok(())
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

    /// The worker itself failed: what became of the sheet at work, nobody knows.
    fn fault(&self, error: DeviceError) -> Stop {
        let damaged = self.page_begun;
        Stop::Failed(super::sane_wire::Fault { error, unsure: self.sent > 0 || damaged, damaged })
    }
}

fn silent(who: &str, limit: Duration) -> DeviceError {
    DeviceError::Timeout(format!("nothing from {who} for {} s; switch the scanner off and on", limit.as_secs_f32()))
}

fn unexpected() -> DeviceError {
    DeviceError::Protocol("the SANE worker answered something that was not asked; is it of the agent's version?".to_owned())
}

/// The words of a job for the worker.
pub(super) fn words(settings: &ScanSettings) -> [String; 3] {
    let source = match settings.source {
        Source::Flatbed => "flatbed",
        Source::Feeder { duplex: false } => "feeder",
        Source::Feeder { duplex: true } => "duplex",
    };
    let colour = match settings.colour {
        Colour::Rgb24 => "rgb",
        Colour::Gray8 => "gray",
    };
    [source.to_owned(), settings.dpi.to_string(), colour.to_owned()]
}
