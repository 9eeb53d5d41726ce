//! One slip on its way to the paper, and what becomes of it when the paper ends or the cover opens on the way.
//!
//! **The rule.** A slip is confirmed only when the printer says so, and is never sent twice while the first may still come out.
//! 1. The slip goes out in parts of whole commands. Behind each part stands `GS r 1`, which the printer answers when it has worked
//!    off all before it; at most [`WINDOW`] bytes are unanswered. So a printer that stops never holds more than its buffer takes, hears the
//!    real-time requests behind them, and what is not sent yet begins at a command.
//! 2. On trouble the job stays open, and its line with it. After the person acted, [`Job::resume`] asks one more `GS r 1`. All
//!    answers that are due come: the printer kept its buffer, and the rest follows; one slip, nothing marked. The new answer comes
//!    and the older ones do not: the buffer was lost (many printers clear it when the cover opens), the rest would be garbage, and
//!    the slip must be printed again, marked as a reprint, because half of it is on paper.
//! 3. A printer that does not answer `GS r` gets the whole slip at once. It is confirmed by staying ready for as long as printing
//!    takes; after an interruption nobody can know, and the outcome is unknown.
//! 4. A printer that reports nothing gets the whole slip; the outcome is unknown.

use super::escpos::{PUSH_OFF, PUSH_ON, REPORT_WHEN_DONE, Segment};
use super::line::Line;
use super::{Printed, Resumed};
use crate::{DeviceError, Human};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Bytes that may be unanswered: the smallest receive buffer in use.
const WINDOW: usize = 4096;

pub(super) struct Job {
    line: Line,
    rest: VecDeque<Segment>,
    /// Bytes of the first of `rest` that have gone.
    begun: usize,
    /// Sent, and the `GS r` behind it not answered; oldest first.
    unanswered: VecDeque<Sent>,
    /// Answers that `unanswered` has been cleared of.
    settled: usize,
    /// The printer answers `DLE EOT`.
    reports: bool,
    /// The printer answers `GS r`.
    answers: bool,
    interrupted: bool,
}

struct Sent {
    bytes: usize,
    rows: u32,
}

impl Job {
    /// Looks whether the printer can print, and prepares it. Nothing is on paper yet.
    pub(super) async fn start(mut line: Line, segments: Vec<Segment>) -> Result<Self, DeviceError> {
        let status = line.status().await?;
        if let Some(human) = status.trouble() {
            return Err(DeviceError::NeedsHuman(human));
        }
        if status.known && !status.online {
            return Err(DeviceError::Busy("the printer is offline without saying why; look at it".to_owned()));
        }
        let mut answers = false;
        if status.known {
            line.send(&PUSH_ON).await?;
            line.send(&REPORT_WHEN_DONE).await?;
            let deadline = Instant::now() + line.timing.answer;
            while line.queued == 0 && line.listen(deadline).await? {}
            answers = line.queued > 0;
        }
        let settled = line.queued;
        let (rest, unanswered) = (segments.into(), VecDeque::new());
        Ok(Self { line, rest, begun: 0, unanswered, settled, reports: status.known, answers, interrupted: false })
    }

    pub(super) fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    pub(super) async fn close(mut self) {
        if self.reports {
            let _ = self.line.send(&PUSH_OFF).await;
        }
        self.line.close().await;
    }

    /// Sends what is left and waits for the paper. After [`DeviceError::NeedsHuman`], [`Job::resume`] goes on.
    pub(super) async fn run(&mut self) -> Result<Printed, DeviceError> {
        while let Some(next) = self.rest.front() {
            let length = next.bytes.len();
            if self.begun == 0 {
                self.wait_for_room(length).await?;
            }
            self.send_first().await?;
        }
        self.until_done().await
    }

    async fn send_first(&mut self) -> Result<(), DeviceError> {
        while let Some(first) = self.rest.front()
            && self.begun < first.bytes.len()
        {
            let piece = first.bytes.get(self.begun..).unwrap_or_default();
            match self.line.send_some(piece).await {
                Ok(count) => self.begun += count,
                Err(error) => {
                    self.line.hear();
                    return Err(self.pushed_trouble().unwrap_or(error));
                }
            }
        }
        self.begun = 0;
        match self.rest.pop_front() {
            Some(first) => self.ask(first.bytes.len(), first.rows).await,
            None => Ok(()),
        }
    }

    async fn ask(&mut self, bytes: usize, rows: u32) -> Result<(), DeviceError> {
        self.unanswered.push_back(Sent { bytes: bytes + REPORT_WHEN_DONE.len(), rows });
        if self.answers { self.line.send(&REPORT_WHEN_DONE).await } else { Ok(()) }
    }

    fn settle(&mut self) {
        while self.settled < self.line.queued {
            self.settled += 1;
            self.unanswered.pop_front();
        }
    }

    fn pushed_trouble(&self) -> Option<DeviceError> {
        self.line.pushed.as_ref()?.trouble().map(DeviceError::NeedsHuman)
    }

    async fn wait_for_room(&mut self, length: usize) -> Result<(), DeviceError> {
        let limit = Instant::now() + self.printing_time() + self.line.timing.done;
        loop {
            self.line.hear();
            self.settle();
            if let Some(trouble) = self.pushed_trouble() {
                return Err(trouble);
            }
            let held: usize = self.unanswered.iter().map(|sent| sent.bytes).sum();
            if !self.answers || held == 0 || held.saturating_add(length) <= WINDOW {
                return Ok(());
            }
            if !self.line.listen(Instant::now() + self.line.timing.poll).await? {
                self.look().await?;
            }
            if Instant::now() > limit {
                return Err(stuck());
            }
        }
    }

    /// Asks the status; trouble is an error.
    async fn look(&mut self) -> Result<bool, DeviceError> {
        let status = self.line.status().await?;
        self.settle();
        match status.trouble() {
            Some(human) => Err(DeviceError::NeedsHuman(human)),
            None => Ok(status.is_ready()),
        }
    }

    /// What the printing of all that is unanswered takes at most.
    fn printing_time(&self) -> Duration {
        let rows: f64 = self.unanswered.iter().map(|sent| f64::from(sent.rows)).sum();
        Duration::from_secs_f64(rows / f64::from(self.line.timing.rows_per_second.max(1)))
    }

    async fn until_done(&mut self) -> Result<Printed, DeviceError> {
        self.line.drain().await;
        let (sent, printing) = (Instant::now(), self.printing_time());
        if !self.reports {
            // Closing at once makes some network cards drop what they have not passed on.
            sleep(printing).await;
            return Ok(Printed::Unknown);
        }
        loop {
            let ready = self.look().await?;
            if ready && self.answers && self.unanswered.is_empty() {
                return Ok(Printed::Confirmed);
            }
            if ready && !self.answers && sent.elapsed() > printing + self.line.timing.answer {
                return Ok(if self.interrupted { Printed::Unknown } else { Printed::Confirmed });
            }
            if sent.elapsed() > printing + self.line.timing.done {
                return Err(stuck());
            }
            self.line.listen(Instant::now() + self.line.timing.poll).await?;
            self.settle();
        }
    }

    /// Goes on after a person acted: rule 2.
    pub(super) async fn resume(&mut self) -> Result<Resumed, DeviceError> {
        self.interrupted = true;
        if !self.look().await? {
            return Err(DeviceError::NeedsHuman(Human::Other));
        }
        if self.answers && !self.kept_its_buffer().await? {
            return Ok(Resumed::Lost);
        }
        Ok(match self.run().await? {
            Printed::Confirmed => Resumed::Confirmed,
            Printed::Unknown => Resumed::Unknown,
        })
    }

    async fn kept_its_buffer(&mut self) -> Result<bool, DeviceError> {
        if self.begun > 0 {
            self.send_first().await?;
        } else {
            self.ask(0, 0).await?;
        }
        let limit = Instant::now() + self.printing_time() + 2 * self.line.timing.answer;
        while Instant::now() < limit {
            self.settle();
            if self.unanswered.is_empty() {
                return Ok(true);
            }
            if !self.line.listen(Instant::now() + self.line.timing.poll).await? {
                self.look().await?;
            }
        }
        Ok(false)
    }
}

fn stuck() -> DeviceError {
    DeviceError::Timeout("the printer took the slip and never became ready; look at the paper".to_owned())
}
