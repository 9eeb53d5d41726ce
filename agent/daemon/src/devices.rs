//! One supervised task per device: found, lost, back, without ever blocking another.

use crate::{
    cards::{self, CardOrder},
    digitising::Digitiser,
    input::{self, Alarm, Input, Inputs},
    printing,
    scanning::{self, ScanOrder},
    slip::PrintOrder,
    worker::Storage,
};
use anyhow::Context as _;
use motcua_drivers::barcode::{ReaderEvent, keyboard, serial};
use motcua_flow::Event;
use motcua_model::{
    api::{DeviceLine, DeviceState},
    config::Config,
};
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc;

/// The ways to the device tasks; a device that is not configured has none.
#[derive(Default)]
pub(crate) struct Devices {
    scanner: Option<mpsc::UnboundedSender<ScanOrder>>,
    card_reader: Option<mpsc::UnboundedSender<CardOrder>>,
    printer: Option<mpsc::UnboundedSender<PrintOrder>>,
}

impl Devices {
    /// The flow offers scanning only where there is a scanner, so an order without one is dropped.
    pub(crate) fn scan(&self, order: ScanOrder) {
        if let Some(scanner) = &self.scanner {
            let _ = scanner.send(order);
        }
    }

    /// As [`Self::scan`], for chips.
    pub(crate) fn card(&self, order: CardOrder) {
        if let Some(reader) = &self.card_reader {
            let _ = reader.send(order);
        }
    }

    /// As [`Self::scan`], for slips.
    pub(crate) fn print(&self, order: PrintOrder) {
        if let Some(printer) = &self.printer {
            let _ = printer.send(order);
        }
    }
}

/// Starts the tasks of all configured devices.
pub(crate) fn start(config: &Config, inputs: &Inputs, storage: &Storage, digitiser: &Digitiser) -> anyhow::Result<Devices> {
    let mut devices = Devices::default();
    if let Some(scanner) = &config.scanner {
        let (orders, queue) = mpsc::unbounded_channel();
        let jobs_file = config.paths.state.join("scan-job");
        let work = scanning::run(scanner.clone(), config.pages, jobs_file, queue, inputs.clone(), storage.clone(), digitiser.clone());
        tokio::spawn(guarded(alarm("scanner", inputs), work));
        devices.scanner = Some(orders);
    }
    if let Some(printer) = &config.printer {
        let (orders, queue) = mpsc::unbounded_channel();
        tokio::spawn(guarded(alarm("printer", inputs), printing::run(printer.clone(), queue, inputs.clone(), storage.clone())));
        devices.printer = Some(orders);
    }
    if let Some(reader) = &config.card_reader {
        let (orders, queue) = mpsc::unbounded_channel();
        cards::start(reader, queue, inputs)?;
        devices.card_reader = Some(orders);
    }
    if let Some(reader) = &config.reader {
        let (events, queue) = mpsc::channel(64);
        let (place, guard) = (reader.clone(), alarm("code reader", inputs));
        std::thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || {
                let _guard = guard;
                match (place.serial, place.keyboard) {
                    (None, Some(path)) => keyboard::run(path, events, &AtomicBool::new(false)),
                    (path, _) => serial::run(path.unwrap_or_default(), place.baud, events, &AtomicBool::new(false)),
                }
            })
            .context("Unable to start the reader's thread")?;
        tokio::spawn(guarded(alarm("code reader", inputs), read_codes(queue, line("reader", &reader.address()), inputs.clone())));
    }
    Ok(devices)
}

pub(crate) fn alarm(device: &'static str, inputs: &Inputs) -> Alarm {
    Alarm { device, inputs: inputs.clone() }
}

/// Ends the agent with the reason where `work` panics.
pub(crate) async fn guarded(alarm: Alarm, work: impl Future<Output = ()>) {
    work.await;
    drop(alarm);
}

/// The configured devices before any has answered.
pub(crate) fn configured(config: &Config) -> Vec<DeviceLine> {
    let card_reader = config.card_reader.iter().map(|r| line("card_reader", &r.address()));
    let printer = config.printer.iter().map(|p| line("printer", &p.address()));
    let reader = config.reader.iter().map(|r| line("reader", &r.address()));
    let scanner = config.scanner.iter().map(|s| line("scanner", &s.address()));
    card_reader.chain(printer).chain(reader).chain(scanner).collect()
}

/// A line for a device that has not answered yet.
pub(crate) fn line(kind: &str, address: &str) -> DeviceLine {
    DeviceLine {
        kind: kind.to_owned(),
        address: address.to_owned(),
        model: String::new(),
        state: DeviceState::Lost,
        problem: "has not answered yet".to_owned(),
    }
}

async fn read_codes(mut events: mpsc::Receiver<ReaderEvent>, line: DeviceLine, inputs: Inputs) {
    while let Some(event) = events.recv().await {
        match event {
            ReaderEvent::Opened(_) => {
                let line = DeviceLine { state: DeviceState::Ready, problem: String::new(), ..line.clone() };
                let _ = inputs.send(Input::Device(line)).await;
            }
            ReaderEvent::Lost(problem) => {
                let line = DeviceLine { state: DeviceState::Lost, problem, ..line.clone() };
                let _ = inputs.send(Input::Device(line)).await;
            }
            ReaderEvent::Code { text, aim: _ } => input::event(&inputs, Event::Code(text)).await,
            ReaderEvent::Garbage { bytes } => {
                tracing::warn!(bytes, "the reader sent bytes that are no text; check its baud rate and set it to UTF-8");
                input::event(&inputs, Event::ReaderGarbage).await;
            }
        }
    }
}
