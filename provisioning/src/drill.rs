//! `motcua drill DEVICE`: a test page, a test card, a test print, a test scan, with what each device really did.
//!
//! A drill talks to the device itself, so the agent must not hold it: a reader in use by the agent is told as such.
//! Nothing that stands on a card or page is shown or kept.

use crate::devices;
use anyhow::{Context as _, bail};
use motcua_drivers::{
    DeviceError,
    barcode::{Mode, ReaderEvent, keyboard, serial},
    idcard::{AccessKey, CardEvent, CardOrder, Progress, Trust, TrustStore, hn212, hn212_serial, pcsc},
    printer::{Drill, Font, Printed, drill_blocks, sheet},
    scanner::{BatchEnd, Colour, ScanEvent, ScanSettings, Source},
};
use motcua_model::{
    config::{CardReader, Config},
    scanned::Scanned,
};
use std::{
    fs,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

/// How long a person has to lay something on a reader.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Device {
    /// Scans what lies in the feeder (or on the glass).
    Scanner,
    /// Reads the chip of a card: needs --can, the last six digits of the card's number.
    Card,
    /// Prints a slip with every Vietnamese letter and a QR code.
    Printer,
    /// Waits for one code.
    Reader,
}

/// Runs the drill and writes what happens as it happens.
pub(crate) async fn run(device: Device, config: &Path, can: Option<String>, out: &mut dyn Write) -> anyhow::Result<()> {
    let name = config.display().to_string();
    let text = fs::read_to_string(config).with_context(|| format!("{name} cannot be read"))?;
    let config = Config::parse(&name, &text).map_err(|_| anyhow::anyhow!("{name} is not usable; run: motcua check --config {name}"))?;
    match device {
        Device::Scanner => scanner(&config, out).await,
        Device::Card => card(&config, can, out).await,
        Device::Printer => printer(&config, out).await,
        Device::Reader => reader(&config, out).await,
    }
}

fn absent(section: &str) -> anyhow::Error {
    anyhow::anyhow!("the configuration has no [{section}]; find the device with: motcua probe")
}

async fn scanner(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = config.scanner.as_ref().ok_or_else(|| absent("scanner"))?;
    let scanner = devices::open_scanner(config).map_err(advise)?;
    let about = scanner.about().await.map_err(advise)?;
    writeln!(out, "scanner: {}, {}", about.make_and_model, about.address)?;
    let source = if about.feeder { Source::Feeder { duplex: config.duplex } } else { Source::Flatbed };
    writeln!(out, "scanning at {} dpi from {}", config.dpi, words(source))?;
    let (events, mut arrived) = mpsc::channel(4);
    let (_cancel, cancelled) = watch::channel(false);
    let settings = ScanSettings { source, dpi: config.dpi, colour: Colour::Rgb24 };
    let started = Instant::now();
    let show = async {
        while let Some(event) = arrived.recv().await {
            if let ScanEvent::Page(page) = event {
                let size = image::load_from_memory(&page.jpeg).map(|picture| format!("{} x {} dots", picture.width(), picture.height()));
                let size = size.unwrap_or_else(|error| format!("NOT READABLE: {error}"));
                writeln!(
                    out,
                    "  page {}: {size}, {} kB, after {:.1} s",
                    page.index + 1,
                    page.jpeg.len() / 1024,
                    started.elapsed().as_secs_f32()
                )?;
            }
        }
        std::io::Result::Ok(())
    };
    let (end, shown) = tokio::join!(scanner.scan(&settings, events, cancelled), show);
    shown?;
    match end {
        Ok(BatchEnd::Complete { pages }) => writeln!(out, "the scanner says: complete, {pages} page(s); nothing was kept")?,
        Ok(BatchEnd::Cancelled { pages }) => writeln!(out, "cancelled after {pages} page(s)")?,
        Err(failure) => bail!("{failure}; {}", devices::next_step(&failure.error)),
    }
    Ok(())
}

fn words(source: Source) -> &'static str {
    match source {
        Source::Flatbed => "the glass",
        Source::Feeder { duplex: false } => "the feeder, one side",
        Source::Feeder { duplex: true } => "the feeder, both sides",
    }
}

fn advise(error: DeviceError) -> anyhow::Error {
    let next = devices::next_step(&error);
    anyhow::anyhow!("{error}; {next}")
}

async fn printer(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = config.printer.as_ref().ok_or_else(|| absent("printer"))?;
    let printer = devices::open_printer(config);
    let bytes =
        fs::read(&config.font).with_context(|| format!("font {}; install fonts-noto-core or mend printer.font", config.font.display()))?;
    let font = Font::new(bytes, None).with_context(|| format!("font {}", config.font.display()))?;
    let status = printer.status().await.map_err(advise)?;
    writeln!(out, "printer: {}, {}", config.address(), if status.known { "reports its state" } else { "does not report its state" })?;
    let about = printer.about().await.unwrap_or_default();
    let address = config.address();
    let at = jiff::Zoned::now().strftime("%d/%m/%Y %H:%M").to_string();
    let drill = Drill { address: &address, about: &about, status, width: config.width, at: &at, qr: "MOTCUA-DRILL" };
    let paper = sheet(&drill_blocks(&drill), config.width, &font, config.native_qr)?;
    match printer.print_sheet(&paper).await {
        Ok(Printed::Confirmed) => writeln!(out, "the printer says: printed. Compare: every letter with its marks, one QR code, paper cut")?,
        Ok(Printed::Unknown) => writeln!(out, "sent; this printer cannot say whether it is printed: look at the paper")?,
        Err(error) => return Err(advise(error)),
    }
    Ok(())
}

async fn reader(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = config.reader.as_ref().ok_or_else(|| absent("reader"))?;
    let (events, mut arrived) = mpsc::channel(16);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let (serial_path, keyboard_path, baud) = (config.serial.clone(), config.keyboard.clone(), config.baud);
    let task = std::thread::Builder::new().name("reader".to_owned()).spawn(move || match (serial_path, keyboard_path) {
        (Some(path), _) => serial::run(path, baud, events, &flag),
        (None, Some(path)) => keyboard::run(path, events, &flag),
        (None, None) => {}
    })?;
    let heard = listen(&mut arrived, out).await;
    end(&stop, task);
    heard
}

async fn listen(arrived: &mut mpsc::Receiver<ReaderEvent>, out: &mut dyn Write) -> anyhow::Result<()> {
    loop {
        let event = tokio::time::timeout(PATIENCE, arrived.recv()).await;
        match event.context("no code came within a minute; does the reader beep? Set it to the mode of the configuration")? {
            Some(ReaderEvent::Opened(mode)) => {
                writeln!(out, "reader: open in {} mode; scan any code", if mode == Mode::Serial { "serial" } else { "keyboard" })?;
            }
            Some(ReaderEvent::Lost(problem)) => bail!("{problem}; if the agent runs it holds the reader: systemctl stop motcua-agent"),
            Some(ReaderEvent::Code { text, aim }) => {
                let symbology = aim.map_or_else(String::new, |aim| format!(", symbology {aim}"));
                writeln!(out, "a code of {} characters{symbology}: {}", text.chars().count(), kind(&Scanned::of(&text)))?;
                return Ok(());
            }
            Some(ReaderEvent::Garbage { bytes }) => {
                bail!("{bytes} bytes came that are no text; set the reader to UTF-8 and check reader.baud")
            }
            None => bail!("the reader's task ended"),
        }
    }
}

fn kind(scanned: &Scanned) -> &'static str {
    match scanned {
        Scanned::Card(_) => "a citizen card",
        Scanned::DamagedCard { .. } => "a citizen card with lost letters; set the reader to serial mode and UTF-8",
        Scanned::Mrz(_) => "a machine-readable zone",
        Scanned::MrzPart => "a part of a machine-readable zone; set the reader to send all lines at once",
        Scanned::CourierBadge(_) => "a courier's badge",
        Scanned::Provisional(_) => "a provisional code of an office",
        Scanned::Dossier(_) => "a dossier code",
        Scanned::Parcel(_) => "a parcel, or another barcode of letters and digits",
        Scanned::Unknown => "none of the codes of this work",
    }
}

async fn card(config: &Config, can: Option<String>, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = config.card_reader.as_ref().ok_or_else(|| absent("card_reader"))?;
    let digits = can.unwrap_or_default();
    if config.pcsc.is_some() && (digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit())) {
        bail!("give --can with the last six digits of the card's number");
    }
    let (store, problems) = match &config.trust {
        Some(folder) => TrustStore::load(folder),
        None => (TrustStore::empty(), vec!["card_reader.trust is not set: no signer can be trusted".to_owned()]),
    };
    for problem in problems {
        writeln!(out, "trust: {problem}")?;
    }
    // The PC/SC task waits in native calls, the others in the runtime: each takes orders in its own way.
    let (orders, queue) = mpsc::channel(4);
    let (blocking_orders, blocking_queue) = std::sync::mpsc::channel();
    let (events, mut arrived) = mpsc::channel(16);
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, wires, store) = (Arc::clone(&stop), config.clone(), Arc::new(store));
    let task = std::thread::Builder::new().name("card".to_owned()).spawn(move || match wires {
        CardReader { pcsc: Some(name), .. } => pcsc::run(name, store, blocking_queue, events, now, &flag),
        CardReader { hn212: Some(address), .. } => hn212::run(address, store, queue, events, now, &flag),
        CardReader { hn212_serial: Some(path), .. } => hn212_serial::run(path, store, queue, events, now, &flag),
        CardReader { pcsc: None, hn212: None, hn212_serial: None, .. } => {}
    })?;
    let order = CardOrder::Read { key: AccessKey::Can(digits), photo: false };
    let _ = blocking_orders.send(order.clone());
    let _ = orders.send(order).await;
    let heard = watch_card(&mut arrived, out).await;
    end(&stop, task);
    heard
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

async fn watch_card(arrived: &mut mpsc::Receiver<CardEvent>, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut group = None;
    loop {
        let event = tokio::time::timeout(PATIENCE, arrived.recv()).await;
        match event.context("no card was laid on the reader within a minute")?.context("the reader's task ended")? {
            CardEvent::Opened { model } => writeln!(out, "card reader: {model}; lay the card on it and keep it still")?,
            CardEvent::Lost(problem) => bail!("{problem}"),
            CardEvent::CardIn => writeln!(out, "a card lies on it")?,
            CardEvent::CardOut => writeln!(out, "the card was taken away")?,
            CardEvent::Progress(Progress::Opening) => writeln!(out, "opening the chip")?,
            CardEvent::Progress(Progress::Reading { group: now, of, .. }) => {
                if group.replace(now) != Some(now) {
                    writeln!(out, "reading {}, {of} bytes", if now == 0 { "the signature".to_owned() } else { format!("DG{now}") })?;
                }
            }
            CardEvent::Failed(error) => bail!("{error}; lay the card flat on the reader and start the drill again"),
            CardEvent::Read(data) => {
                let trust = match &data.trust {
                    Trust::Trusted { authority } => format!("genuine, signed under {authority}"),
                    Trust::UnknownSigner { issuer } => format!(
                        "consistent, but nobody here vouches for its signer ({issuer}); install the authority's certificate into card_reader.trust"
                    ),
                    Trust::Broken { reason } => format!("NOT GENUINE OR DAMAGED: {reason}"),
                    Trust::Unsigned => "not checked: the reader gave no signature".to_owned(),
                };
                writeln!(out, "read: {trust}; chip: {:?}", data.chip)?;
                let traffic = data.traffic;
                writeln!(
                    out,
                    "{} commands, {} bytes sent, {} received; nothing was kept",
                    traffic.commands, traffic.sent, traffic.received
                )?;
                return Ok(());
            }
        }
    }
}

/// The task ends within a second; a native call that is stuck must not hold up the technician.
fn end(stop: &AtomicBool, task: JoinHandle<()>) {
    stop.store(true, Ordering::Relaxed);
    let started = Instant::now();
    while !task.is_finished() && started.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
