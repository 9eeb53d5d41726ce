//! Receipt printers that speak ESC/POS, fed with raster images: the only way to Vietnamese on any of them.

mod drill;
pub mod escpos;
mod job;
mod line;
pub mod slip;
mod typeset;
mod wire;

pub use drill::{Drill, drill_blocks};
pub use escpos::PrinterStatus;
pub use image::GrayImage;
pub use slip::{Align, Block, Font, Piece, Sheet, Size, SlipError, render, sheet};

use crate::DeviceError;
use job::Job;
use line::Line;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Mutex;

/// How a job ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    /// The printer reports that all is printed and nothing is wrong.
    Confirmed,
    /// The printer took the data and never reports: look at the paper.
    Unknown,
}

/// How an interrupted job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// The printer kept what it had and finished the slip: one slip, whole.
    Confirmed,
    /// The printer takes no part in knowing whether it finished: look at the paper.
    Unknown,
    /// The printer lost its buffer: half a slip is on paper. Print it again, marked as a reprint; the half is cut off first.
    Lost,
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

#[derive(Clone, Debug)]
enum Address {
    Tcp(String),
    Serial { path: PathBuf, baud: u32 },
    Usb(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(to) => f.write_str(to),
            Self::Serial { path, .. } | Self::Usb(path) => path.display().fmt(f),
        }
    }
}

/// A printer on any of the three wires. Opens its line for each call, and keeps it only while a job is interrupted.
pub struct Printer {
    address: Address,
    timing: PrinterTiming,
    /// Most printers serve one connection at a time: a second one would wait for ever.
    desk: Mutex<Desk>,
}

/// What lies on the printer between two calls.
#[derive(Default)]
struct Desk {
    interrupted: Option<Job>,
    /// Part of a slip hangs out of the printer.
    half_out: bool,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("address", &self.address).field("timing", &self.timing).finish_non_exhaustive()
    }
}

impl Printer {
    /// A printer at `addr`, such as `192.168.1.50:9100`. Sends nothing yet.
    pub fn tcp(addr: impl Into<String>) -> Self {
        Self::at(Address::Tcp(addr.into()))
    }

    /// A printer on a serial line: a stable path (`/dev/serial/by-id/…`) and its speed in bits per second. 8N1, no flow control.
    pub fn serial(path: impl Into<PathBuf>, baud: u32) -> Self {
        Self::at(Address::Serial { path: path.into(), baud })
    }

    /// A printer behind the kernel's USB printer driver: `/dev/usb/lp0`.
    pub fn usb(path: impl Into<PathBuf>) -> Self {
        Self::at(Address::Usb(path.into()))
    }

    /// The printer at the first of the ways that is given.
    pub fn by(tcp: Option<&str>, usb: Option<&Path>, serial: Option<&Path>, baud: u32) -> Self {
        match (tcp, usb, serial) {
            (None, Some(path), _) => Self::usb(path),
            (None, None, Some(path)) => Self::serial(path, baud),
            (tcp, _, _) => Self::tcp(tcp.unwrap_or_default()),
        }
    }

    fn at(address: Address) -> Self {
        Self { address, timing: PrinterTiming::default(), desk: Mutex::default() }
    }

    /// The same printer with other time-outs.
    #[must_use]
    pub fn with_timing(self, timing: PrinterTiming) -> Self {
        Self { timing, ..self }
    }

    /// Asks how the printer is, also while a job is interrupted. A printer that does not report gives `known: false`.
    ///
    /// # Errors
    /// [`DeviceError::Disconnected`] when nobody takes the connection, or the device file is gone; [`DeviceError::Busy`] when another
    /// program holds it; [`DeviceError::Rejected`] when it may not be opened.
    pub async fn status(&self) -> Result<PrinterStatus, DeviceError> {
        let mut desk = self.desk.lock().await;
        if let Some(job) = &mut desk.interrupted {
            let status = job.line().status().await;
            if status.is_err() {
                desk.give_up().await;
            }
            return status;
        }
        let mut line = Line::open(&self.address, self.timing).await?;
        let status = line.status().await;
        line.close().await;
        status
    }

    /// Maker and model as the printer tells them (`GS I`, or the kernel's note of a USB printer); empty when it does not.
    ///
    /// # Errors
    /// As [`Printer::status`]; [`DeviceError::Busy`] while a job is interrupted.
    pub async fn about(&self) -> Result<String, DeviceError> {
        let desk = self.desk.lock().await;
        if desk.interrupted.is_some() {
            return Err(DeviceError::Busy("a slip is half printed; finish it first".to_owned()));
        }
        if let Address::Usb(path) = &self.address
            && let Some(about) = usb_about(path).await
        {
            return Ok(about);
        }
        let mut line = Line::open(&self.address, self.timing).await?;
        let about = match line.status().await {
            Ok(status) if status.is_ready() => line.about().await,
            Ok(_) => Ok(String::new()),
            Err(error) => Err(error),
        };
        line.close().await;
        about
    }

    /// [`Printer::print_sheet`] with one picture.
    ///
    /// # Errors
    /// As there.
    pub async fn print(&self, image: &GrayImage) -> Result<Printed, DeviceError> {
        self.print_sheet(&image.clone().into()).await
    }

    /// Prints and cuts. Returns when the paper is out of the printer, as far as the printer tells. A job that was interrupted before is
    /// given up, and its half cut off.
    ///
    /// # Errors
    /// Any [`DeviceError`]. After [`DeviceError::NeedsHuman`], [`Printer::is_interrupted`] tells what to do when the person has acted:
    /// true, the slip is half printed, call [`Printer::resume`]; false, nothing was sent, print again.
    pub async fn print_sheet(&self, sheet: &Sheet) -> Result<Printed, DeviceError> {
        let segments = escpos::segments(sheet)?;
        let mut desk = self.desk.lock().await;
        desk.give_up().await;
        let mut job = Job::start(Line::open(&self.address, self.timing).await?, segments).await?;
        if desk.half_out {
            job.line().send(&escpos::CUT).await?;
        }
        // Stays so when this call is dropped half-way.
        desk.half_out = true;
        let end = job.run().await;
        desk.put(job, &end, false).await;
        end
    }

    /// True while a slip is half printed and waits for [`Printer::resume`].
    pub async fn is_interrupted(&self) -> bool {
        self.desk.lock().await.interrupted.is_some()
    }

    /// True while part of a slip may hang out of the printer: the same slip printed again is then a reprint.
    pub async fn is_half_out(&self) -> bool {
        self.desk.lock().await.half_out
    }

    /// Finishes the interrupted slip when the printer is ready again. Decides by the printer's answers whether it kept what it had.
    ///
    /// # Errors
    /// [`DeviceError::NeedsHuman`]: still, or again, trouble; call it again later. [`DeviceError::Disconnected`],
    /// [`DeviceError::Timeout`]: the slip is lost, print it again, marked. [`DeviceError::Rejected`]: no slip is interrupted.
    pub async fn resume(&self) -> Result<Resumed, DeviceError> {
        let mut desk = self.desk.lock().await;
        let Some(mut job) = desk.interrupted.take() else {
            return Err(DeviceError::Rejected("no slip is half printed; print one".to_owned()));
        };
        desk.half_out = true;
        let end = job.resume().await;
        desk.put(job, &end, end == Ok(Resumed::Lost)).await;
        end
    }

    /// Nobody waits for the interrupted slip any longer. The next one is cut off from its half.
    pub async fn abandon(&self) {
        self.desk.lock().await.give_up().await;
    }
}

impl Desk {
    async fn put<T>(&mut self, job: Job, end: &Result<T, DeviceError>, lost: bool) {
        self.half_out = lost || end.is_err();
        match end {
            Err(DeviceError::NeedsHuman(_)) => self.interrupted = Some(job),
            Err(_) | Ok(_) => job.close().await,
        }
    }

    async fn give_up(&mut self) {
        if let Some(job) = self.interrupted.take() {
            self.half_out = true;
            job.close().await;
        }
    }
}

/// The kernel keeps the IEEE 1284 id that the printer gave when it was plugged in: `MFG:EPSON;MDL:TM-T20;…`.
async fn usb_about(path: &Path) -> Option<String> {
    let name = path.canonicalize().ok()?.file_name()?.to_owned();
    let id = Path::new("/sys/class/usbmisc").join(name).join("device/ieee1284_id");
    let about = escpos::maker_and_model(&tokio::fs::read_to_string(id).await.ok()?);
    (!about.is_empty()).then_some(about)
}
