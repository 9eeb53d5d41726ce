//! A receipt printer at a TCP port (9100).

use super::escpos::{Answer, PrinterStatus, Query, REPORT_WHEN_DONE, print_job, sort_answer};
use crate::DeviceError;
use image::GrayImage;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

/// How a job ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    /// The printer reports that all is printed and nothing is wrong.
    Confirmed,
    /// The printer took the data and never reports: look at the paper.
    Unknown,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct PrinterTiming {
    /// For the TCP connection.
    pub connect: Duration,
    /// For one status byte.
    pub answer: Duration,
    /// For the printer to take a piece of the job.
    pub write: Duration,
    /// For the end of printing, on top of what the length of the slip takes.
    pub done: Duration,
    /// Between two looks at the status while it prints.
    pub poll: Duration,
    /// Slowest printing, in rows of dots a second: 60 mm/s.
    pub rows_per_second: u32,
}

impl Default for PrinterTiming {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(1),
            write: Duration::from_secs(10),
            done: Duration::from_secs(10),
            poll: Duration::from_millis(200),
            rows_per_second: 480,
        }
    }
}

/// A printer at an address.
#[derive(Debug)]
pub struct Printer {
    addr: String,
    timing: PrinterTiming,
    /// Most printers serve one connection at a time: a second one would wait for ever.
    turn: Mutex<()>,
}

impl Printer {
    /// A printer at `addr`, such as `192.168.1.50:9100`. Sends nothing yet.
    pub fn new(addr: impl Into<String>) -> Self {
        Self::with_timing(addr, PrinterTiming::default())
    }

    /// Like [`Printer::new`], with other time-outs.
    pub fn with_timing(addr: impl Into<String>, timing: PrinterTiming) -> Self {
        Self { addr: addr.into(), timing, turn: Mutex::new(()) }
    }

    /// Asks how the printer is. A printer that does not report gives `known: false`.
    ///
    /// # Errors
    /// [`DeviceError::Disconnected`] when nobody takes the connection.
    pub async fn status(&self) -> Result<PrinterStatus, DeviceError> {
        let _turn = self.turn.lock().await;
        self.connect().await?.status().await
    }

    /// Prints and cuts. Returns when the paper is out of the printer, as far as the printer tells.
    ///
    /// Paper that runs out on the way is [`DeviceError::NeedsHuman`]; the printer may still print the rest from its buffer when new
    /// paper is in, so a second print must be marked as such.
    ///
    /// # Errors
    /// Any [`DeviceError`]; with [`DeviceError::NeedsHuman`] before the first byte nothing was printed.
    pub async fn print(&self, image: &GrayImage) -> Result<Printed, DeviceError> {
        let job = print_job(image)?;
        let _turn = self.turn.lock().await;
        let mut line = self.connect().await?;
        let before = line.status().await?;
        if let Some(human) = before.trouble() {
            return Err(DeviceError::NeedsHuman(human));
        }
        if before.known && !before.online {
            return Err(DeviceError::Busy("the printer is offline without saying why; look at it".to_owned()));
        }
        line.send(&job).await?;
        line.send(&REPORT_WHEN_DONE).await?;
        let printing = Duration::from_secs_f64(f64::from(image.height()) / f64::from(self.timing.rows_per_second.max(1)));
        let end = line.until_done(before.known, printing).await;
        line.close().await;
        end
    }

    async fn connect(&self) -> Result<Line, DeviceError> {
        let gone = |cause: String| DeviceError::Disconnected(format!("printer {}: {cause}; check cable and power", self.addr));
        match timeout(self.timing.connect, TcpStream::connect(&self.addr)).await {
            Ok(Ok(stream)) => {
                // Status requests are three bytes and must not wait for company.
                let _ = stream.set_nodelay(true);
                Ok(Line { stream, timing: self.timing, push_tail: 0, done: false })
            }
            Ok(Err(error)) => Err(gone(error.to_string())),
            Err(_) => Err(gone("no connection in time".to_owned())),
        }
    }
}

struct Line {
    stream: TcpStream,
    timing: PrinterTiming,
    /// Bytes of an unasked status push still to come.
    push_tail: u8,
    /// The queued request was answered.
    done: bool,
}

impl Line {
    async fn status(&mut self) -> Result<PrinterStatus, DeviceError> {
        let mut status = PrinterStatus::default();
        let mut answered = [false; 4];
        for (index, query) in Query::ALL.into_iter().enumerate() {
            self.drain();
            self.send(&query.bytes()).await?;
            match self.real_time_answer().await? {
                Some(answer) => {
                    query.read(answer, &mut status);
                    answered[index] = true;
                }
                // A printer that does not answer the first will not answer the rest.
                None if index == 0 => return Ok(PrinterStatus::default()),
                None => {}
            }
        }
        // Some clones leave out 2 or 3; without 1 and 4 there is no telling whether it prints.
        status.known = answered[0] && answered[3];
        Ok(if status.known { status } else { PrinterStatus::default() })
    }

    async fn real_time_answer(&mut self) -> Result<Option<u8>, DeviceError> {
        let deadline = Instant::now() + self.timing.answer;
        loop {
            let Some(byte) = self.byte_until(deadline).await? else { return Ok(None) };
            if let Some(answer) = self.note(byte) {
                return Ok(Some(answer));
            }
        }
    }

    /// What came unasked: bytes of a picture may look like a status request, and some printers answer them.
    fn drain(&mut self) {
        let mut buffer = [0; 64];
        while let Ok(count @ 1..) = self.stream.try_read(&mut buffer) {
            for byte in &buffer[..count] {
                self.note(*byte);
            }
        }
    }

    fn note(&mut self, byte: u8) -> Option<u8> {
        match sort_answer(byte) {
            Answer::RealTime(answer) => return Some(answer),
            Answer::Push => self.push_tail = 3,
            Answer::Queued(_) if self.push_tail > 0 => self.push_tail -= 1,
            Answer::Queued(_) => self.done = true,
            Answer::Noise => {}
        }
        None
    }

    /// Waits for the paper. Trouble wins over everything; the queued answer, or readiness through the whole printing time, confirms.
    async fn until_done(&mut self, reports: bool, printing: Duration) -> Result<Printed, DeviceError> {
        let sent = Instant::now();
        if !reports {
            // Closing at once makes some network cards drop what they have not passed on.
            sleep(printing).await;
            return Ok(Printed::Unknown);
        }
        loop {
            let status = self.status().await?;
            if let Some(human) = status.trouble() {
                return Err(DeviceError::NeedsHuman(human));
            }
            let printed_by_time = sent.elapsed() > printing + self.timing.answer;
            if status.is_ready() && (self.done || printed_by_time) {
                return Ok(Printed::Confirmed);
            }
            if sent.elapsed() > printing + self.timing.done {
                return Err(DeviceError::Timeout("the printer took the slip and never became ready; look at the paper".to_owned()));
            }
            sleep(self.timing.poll).await;
        }
    }

    async fn byte_until(&mut self, deadline: Instant) -> Result<Option<u8>, DeviceError> {
        let mut byte = [0];
        match tokio::time::timeout_at(deadline, self.stream.read(&mut byte)).await {
            Err(_) => Ok(None),
            Ok(Ok(0)) => Err(DeviceError::Disconnected("the printer closed the connection".to_owned())),
            Ok(Ok(_)) => Ok(Some(byte[0])),
            Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => Ok(None),
            Ok(Err(error)) => Err(DeviceError::Disconnected(format!("the printer's line broke: {error}"))),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        for piece in bytes.chunks(4096) {
            match timeout(self.timing.write, self.stream.write_all(piece)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(DeviceError::Disconnected(format!("the printer's line broke: {error}"))),
                Err(_) => return Err(DeviceError::Timeout("the printer takes no more data; look at paper and cover".to_owned())),
            }
        }
        Ok(())
    }

    async fn close(&mut self) {
        let _ = self.stream.shutdown().await;
    }
}
