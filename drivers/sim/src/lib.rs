//! Devices of a counter simulated at the wire: an eSCL scanner, a barcode reader, a receipt printer and identity
//! cards with a chip, with a dock to handle them.
//!
//! The drivers and the agent see the same bytes as from real devices. What a person would do with hands (load paper, open a cover,
//! pull a plug) is a [`Command`] to the dock: from a test through [`Sim::command`], by `POST /dock`, or by the buttons of `GET /`.

mod announce;
pub mod card;
mod certificate;
mod command;
mod dock;
mod escl;
mod feeder;
mod gun;
mod optics;
pub mod pcscd;
mod plug;
mod printer;
mod printer_line;
mod receipt;

pub use command::{CARDS, Card, Command, Device, PrinterKind, PrinterMode};

use anyhow::Context;
use feeder::{Fault, Scanner, Trouble};
use gun::Gun;
use plug::Plug;
use printer::Printer;
use printer_line::PrinterLine;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the simulated devices live.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port of the scanner on the loopback; 0 takes any free one.
    pub escl_port: u16,
    /// Port of the printer; 0 takes any free one.
    pub printer_port: u16,
    /// Port of the dock; 0 takes any free one.
    pub dock_port: u16,
    /// Where the link to the reader's tty is made.
    pub gun_link: PathBuf,
    /// Where the link to the printer's tty is made; none: it has no serial line.
    pub printer_link: Option<PathBuf>,
    /// Folder with the pictures (.jpg) that the scanner scans.
    pub pages: PathBuf,
    /// Virtual chip reader (vpcd of a pcscd) on which cards are laid; none: no chip cards.
    pub vpcd: Option<SocketAddr>,
    /// Folder for the printed slips, and for the certificate `csca.pem` that vouches for the chip cards.
    pub out: PathBuf,
    /// Time that the scanner takes for one side.
    pub page_delay: Duration,
    /// The scanner speaks HTTPS, with a certificate that it signed itself.
    pub https: bool,
    /// The scanner announces itself under this name on the loopback (DNS-SD).
    pub announce: Option<String>,
}

/// The addresses after the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// Port of the scanner.
    pub escl_port: u16,
    /// Root address of the scanner, for the driver.
    pub escl_url: String,
    /// SHA-256 of the scanner's certificate, when it speaks HTTPS.
    pub escl_sha256: Option<String>,
    /// Port of the printer.
    pub printer_port: u16,
    /// Port of the dock.
    pub dock_port: u16,
    /// Address of the dock's page.
    pub dock_url: String,
    /// Link to the reader's tty.
    pub gun_link: PathBuf,
}

/// State of the dock, as `GET /dock` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DockState {
    /// Scanner plugged in.
    pub scanner_plugged: bool,
    /// Loads in the feeder: sheets, or single pictures that a duplex job pairs.
    pub feeder: usize,
    /// What the feeder reports (`AdfState`).
    pub adf: String,
    /// Another user holds the scanner.
    pub busy: bool,
    /// The side at which something will happen, and what.
    pub planned: Option<String>,
    /// A job is open at the scanner.
    pub scanning: bool,
    /// Jobs opened since the start.
    pub jobs: usize,
    /// Jobs deleted by their clients.
    pub jobs_deleted: u32,
    /// Pictures that can be loaded.
    pub pictures: Vec<String>,
    /// Reader plugged in.
    pub gun_plugged: bool,
    /// Printer plugged in.
    pub printer_plugged: bool,
    /// State of the printer.
    pub printer: PrinterMode,
    /// Rows and commands in the printer's buffer that wait for a person.
    pub printer_waiting: usize,
    /// Card that lies on the chip reader.
    pub chip_card: Option<String>,
    /// Slips cut since the folder is in use; the last one is `slip-NNN.png`.
    pub slips: u32,
}

/// The running devices. Dropping it unplugs them all.
pub struct Sim {
    ports: Ports,
    hands: Arc<Hands>,
    dock: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim").field("ports", &self.ports).finish_non_exhaustive()
    }
}

/// Starts the devices and the dock.
///
/// # Errors
/// When a port is taken, or a folder or the link cannot be used; the message says which.
pub async fn start(options: Options) -> anyhow::Result<Sim> {
    let delay = u64::try_from(options.page_delay.as_millis())?;
    let scanner = Arc::new(Mutex::new(Scanner::new(options.pages.clone(), delay)));
    anyhow::ensure!(!lock(&scanner).pictures().is_empty(), "no .jpg in {}; give another --pages", options.pages.display());
    let printer = Printer::new(options.out.clone()).with_context(|| format!("folder for slips {}", options.out.display()))?;
    let printer = Arc::new(Mutex::new(printer));

    let (scanner_side, printer_side) = (Arc::clone(&scanner), Arc::clone(&printer));
    let certificate = if options.https { Some(certificate::Certificate::new().await?) } else { None };
    let escl_sha256 = certificate.as_ref().map(|certificate| certificate.sha256.clone());
    let wire = escl::Wire { certificate, announce: options.announce };
    let hands = Arc::new(Hands {
        scanner_plug: Plug::new(options.escl_port, move |listener| escl::serve(listener, Arc::clone(&scanner_side), wire.clone()))
            .await?
            .into(),
        printer_plug: Plug::new(options.printer_port, move |listener| {
            let printer = Arc::clone(&printer_side);
            async move { printer::serve(listener, printer).await }
        })
        .await?
        .into(),
        scanner,
        printer_line: Mutex::new(options.printer_link.map(|link| PrinterLine::new(link, Arc::clone(&printer))).transpose()?),
        printer,
        gun: Mutex::new(Gun::new(options.gun_link.clone())?),
        slot: Mutex::new(options.vpcd.map(|reader| card::Slot::new(reader, &options.out)).transpose()?),
        out: options.out,
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.dock_port))
        .await
        .with_context(|| format!("port {} of the dock is taken; give another --dock-port", options.dock_port))?;
    let (escl_port, printer_port) = (hands.scanner_plug.lock().await.port(), hands.printer_plug.lock().await.port());
    let dock_port = listener.local_addr()?.port();
    let ports = Ports {
        escl_port,
        escl_url: format!("{}://127.0.0.1:{escl_port}/eSCL", if options.https { "https" } else { "http" }),
        escl_sha256,
        printer_port,
        dock_port,
        dock_url: format!("http://127.0.0.1:{dock_port}/"),
        gun_link: options.gun_link,
    };
    let dock = tokio::spawn(dock::serve(listener, Arc::clone(&hands)));
    Ok(Sim { ports, hands, dock })
}

impl Sim {
    /// The addresses.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Does what a person at the dock would do. Done when it returns: an unplugged port refuses connections.
    ///
    /// # Errors
    /// When it cannot be done: an unknown picture, a reader that nobody has opened.
    pub async fn command(&self, command: Command) -> anyhow::Result<()> {
        self.hands.command(command).await
    }

    /// How everything stands.
    pub async fn state(&self) -> DockState {
        self.hands.state().await
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.dock.abort();
    }
}

/// All devices, for whoever handles them.
pub(crate) struct Hands {
    scanner: Arc<Mutex<Scanner>>,
    scanner_plug: tokio::sync::Mutex<Plug>,
    printer: Arc<Mutex<Printer>>,
    printer_plug: tokio::sync::Mutex<Plug>,
    printer_line: Mutex<Option<PrinterLine>>,
    gun: Mutex<Gun>,
    slot: Mutex<Option<card::Slot>>,
    pub(crate) out: PathBuf,
}

impl Hands {
    pub(crate) async fn command(&self, command: Command) -> anyhow::Result<()> {
        match command {
            Command::Load(names) => lock(&self.scanner).load(names)?,
            Command::LoadSheets(count) => lock(&self.scanner).load_sheets(count)?,
            Command::Platen(name) => lock(&self.scanner).lay_on_platen(name)?,
            Command::Empty => lock(&self.scanner).empty(),
            Command::PageDelay(milliseconds) => lock(&self.scanner).delay_ms = milliseconds,
            Command::Jam(side) => self.plan(side, Fault::Jam),
            Command::Jam409(side) => self.plan(side, Fault::Jam409),
            Command::DoubleFeed(side) => self.plan(side, Fault::DoubleFeed),
            Command::Truncate(side) => self.plan(side, Fault::Truncate),
            Command::Stall(side) => self.plan(side, Fault::Stall),
            Command::NotReady(times) => lock(&self.scanner).not_ready = times,
            Command::Cover => lock(&self.scanner).trouble = Some(Trouble::CoverOpen),
            Command::Busy => lock(&self.scanner).busy = true,
            Command::Capacity(sheets) => lock(&self.scanner).capacity = sheets,
            Command::Chunked(on) => lock(&self.scanner).chunked = on,
            Command::Clear => lock(&self.scanner).clear(),
            Command::InsertCard(name) => self.slot(|slot| slot.insert(&name))?,
            Command::RemoveCard => self.slot(|slot| {
                slot.remove();
                Ok(())
            })?,
            Command::Type(text) => self.type_text(&text)?,
            Command::Card(name) => {
                let card = CARDS.iter().find(|card| card.name == name).with_context(|| format!("no card {name:?} in the dock"))?;
                self.type_text(card.text)?;
            }
            Command::Garbage(bytes) => lock(&self.gun).send(&bytes)?,
            Command::Printer(mode) => {
                printer::hands_are_slow(&self.printer).await;
                lock(&self.printer).set_mode(mode);
            }
            Command::PaperRows(rows) => lock(&self.printer).plan(rows, PrinterMode::PaperOut),
            Command::CoverAfterRows(rows) => lock(&self.printer).plan(rows, PrinterMode::Cover),
            Command::PrinterKind(kind) => lock(&self.printer).set_kind(kind),
            Command::LoadPaper => {
                printer::hands_are_slow(&self.printer).await;
                lock(&self.printer).load_paper();
            }
            Command::Unplug(Device::Scanner) => {
                self.scanner_plug.lock().await.pull().await?;
                lock(&self.scanner).power_off();
            }
            Command::Unplug(Device::Gun) => lock(&self.gun).unplug()?,
            Command::Unplug(Device::Printer) => {
                self.printer_plug.lock().await.pull().await?;
                if let Some(line) = lock(&self.printer_line).as_mut() {
                    line.unplug();
                }
                lock(&self.printer).forget();
            }
            Command::Plug(Device::Scanner) => self.scanner_plug.lock().await.insert().await?,
            Command::Plug(Device::Gun) => lock(&self.gun).plug()?,
            Command::Plug(Device::Printer) => {
                self.printer_plug.lock().await.insert().await?;
                if let Some(line) = lock(&self.printer_line).as_mut() {
                    line.plug()?;
                }
            }
        }
        Ok(())
    }

    fn slot(&self, hand: impl FnOnce(&mut card::Slot) -> anyhow::Result<()>) -> anyhow::Result<()> {
        hand(lock(&self.slot).as_mut().context("the simulator was started without --vpcd")?)
    }

    fn plan(&self, side: u32, fault: Fault) {
        lock(&self.scanner).plan = Some((side.max(1), fault));
    }

    fn type_text(&self, text: &str) -> anyhow::Result<()> {
        lock(&self.gun).send(format!("{text}\r").as_bytes())
    }

    pub(crate) async fn state(&self) -> DockState {
        let (scanner_plugged, printer_plugged) = (self.scanner_plug.lock().await.is_in(), self.printer_plug.lock().await.is_in());
        let scanner = lock(&self.scanner);
        let printer = lock(&self.printer);
        DockState {
            scanner_plugged,
            feeder: scanner.loaded(),
            adf: scanner.adf_word().to_owned(),
            busy: scanner.busy,
            planned: scanner.plan.map(|(side, fault)| format!("{fault:?} at side {side}")),
            scanning: scanner.is_working(),
            jobs: scanner.jobs.len(),
            jobs_deleted: scanner.deleted,
            pictures: scanner.pictures(),
            gun_plugged: lock(&self.gun).is_in(),
            printer_plugged,
            printer: printer.mode(),
            printer_waiting: printer.waiting(),
            chip_card: lock(&self.slot).as_ref().and_then(card::Slot::lying),
            slips: printer.slips,
        }
    }
}

/// A poisoned lock means that a handler panicked; the devices go on with what they have.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
