//! A worker process from its start to its end, whatever the backend inside does.

use super::ScanSettings;
use super::sane::{SaneTiming, words};
use super::sane_wire::{Fault, Frame, FrameReader};
use crate::DeviceError;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;

/// One read of the pipe.
const PIECE: usize = 64 << 10;
/// As much of what the worker says about its death as an error shows.
const LAST_WORDS: usize = 300;

/// What the worker is to do.
pub(super) enum Order {
    List,
    Find(String),
    About(String),
    /// With a lossless file of every page, or without.
    Scan(String, ScanSettings, bool),
}

impl Order {
    fn arguments(&self) -> Vec<String> {
        match self {
            Self::List => vec!["list".to_owned()],
            Self::Find(device) => vec!["find".to_owned(), device.clone()],
            Self::About(device) => vec!["about".to_owned(), device.clone()],
            Self::Scan(device, settings, master) => {
                let master = master.then(|| "master".to_owned());
                ["scan".to_owned(), device.clone()].into_iter().chain(words(settings)).chain(master).collect()
            }
        }
    }
}

/// Why a batch stops before its end.
pub(super) enum Stop {
    Cancelled,
    Failed(Fault),
}

impl From<DeviceError> for Stop {
    fn from(error: DeviceError) -> Self {
        Self::Failed(error.into())
    }
}

/// A running worker. Dropped, it is asked to cancel, and killed when it does not end in time; nobody waits for that but the next job.
pub(super) struct Worker {
    living: Option<Living>,
    frames: FrameReader,
    timing: SaneTiming,
}

struct Living {
    child: Child,
    /// The last line on its standard error, read all the time: a full pipe would hold the worker up.
    last_words: JoinHandle<String>,
    /// Given back when the process has ended.
    turn: OwnedMutexGuard<()>,
}

impl Worker {
    pub(super) fn start(
        program: &Path,
        order: &Order,
        env: &[(String, String)],
        timing: SaneTiming,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Self, DeviceError> {
        let mut child = Command::new(program)
            .args(order.arguments())
            .envs(env.iter().map(|(key, value)| (key, value)))
            // Names of sources and modes in English, numbers with a point.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| DeviceError::Rejected(format!("the SANE worker {}: {error}; install the package again", program.display())))?;
        let last_words = tokio::spawn(last_words(child.stderr.take()));
        Ok(Self { living: Some(Living { child, last_words, turn }), frames: FrameReader::default(), timing })
    }

    /// The next frame. Safe to drop and to call again.
    ///
    /// # Errors
    /// [`DeviceError::Protocol`] when the worker died.
    pub(super) async fn next(&mut self) -> Result<Frame, DeviceError> {
        let mut piece = vec![0; PIECE];
        loop {
            if let Some(frame) = self.frames.next_frame()? {
                return Ok(frame);
            }
            let Some(living) = &mut self.living else { return Err(died("it has ended")) };
            let Some(pipe) = living.child.stdout.as_mut() else { return Err(died("it has no output")) };
            match pipe.read(&mut piece).await {
                Ok(0) | Err(_) => return Err(living.cause_of_death(self.timing).await),
                Ok(count) => self.frames.push(piece.get(..count).unwrap_or_default()),
            }
        }
    }

    /// Everything was said: the worker closes the device, as long as that may take, and ends by itself.
    pub(super) fn finish(mut self) {
        let Some(mut living) = self.living.take() else { return };
        let limit = self.timing.idle;
        tokio::spawn(async move {
            let stdin = living.child.stdin.take();
            if tokio::time::timeout(limit, living.child.wait()).await.is_err() {
                tracing::warn!("SANE does not close the scanner; its worker is killed");
                living.kill().await;
            }
            // Held until here: closing it means "cancel".
            drop((stdin, living.turn));
        });
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let (Some(mut living), Ok(runtime)) = (self.living.take(), tokio::runtime::Handle::try_current()) else { return };
        let grace = self.timing.grace;
        runtime.spawn(async move {
            drop(living.child.stdin.take());
            // Read on, or a worker with a page in hand could not end.
            let mut rest = living.child.stdout.take();
            let end = async {
                if let Some(pipe) = rest.as_mut() {
                    let _ = tokio::io::copy(pipe, &mut tokio::io::sink()).await;
                }
                living.child.wait().await
            };
            if tokio::time::timeout(grace, end).await.is_err() {
                tracing::warn!("SANE does not cancel; its worker is killed");
                living.kill().await;
            }
            drop(living.turn);
        });
    }
}

impl Living {
    async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "the SANE worker cannot be killed");
        }
    }

    async fn cause_of_death(&mut self, timing: SaneTiming) -> DeviceError {
        let end = async { tokio::join!(&mut self.last_words, self.child.wait()) };
        let Ok((words, Ok(status))) = tokio::time::timeout(timing.grace, end).await else {
            return died("it closed its output and does not end");
        };
        let how = match (status.signal(), status.code()) {
            (Some(signal), _) => format!("signal {signal}"),
            (None, code) => format!("exit code {}", code.unwrap_or_default()),
        };
        let words = words.unwrap_or_default();
        died(&if words.is_empty() { how } else { format!("{how}: {words}") })
    }
}

fn died(how: &str) -> DeviceError {
    DeviceError::Protocol(format!("the scanner's SANE driver crashed ({how}); switch the scanner off and on and scan again"))
}

/// The last line on the standard error.
async fn last_words(pipe: Option<ChildStderr>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let (mut text, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = pipe.read(&mut piece).await {
        text.extend_from_slice(piece.get(..count).unwrap_or_default());
        text.drain(..text.len().saturating_sub(2 * LAST_WORDS));
    }
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().filter(|letter| !letter.is_control()).take(LAST_WORDS).collect()
}
