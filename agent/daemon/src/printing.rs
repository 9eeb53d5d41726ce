//! The printer's task: watches the device, prints one slip at a time, waits for paper.

use crate::{
    devices,
    input::{self, Input, Inputs},
    slip::{self, PrintOrder},
    worker::Storage,
};
use jiff::Timestamp;
use motcua_drivers::{
    DeviceError, Human,
    printer::{
        escpos::PrinterStatus,
        slip::{Font, render},
        tcp::{Printed, Printer},
    },
};
use motcua_flow::{Event, Slip};
use motcua_model::{
    api::{DeviceLine, DeviceState, PrintState},
    config,
    fault::Fault,
};
use motcua_store::SlipState;
use std::time::Duration;
use tokio::{sync::mpsc, time::MissedTickBehavior};
use uuid::Uuid;

const WATCH_EVERY: Duration = Duration::from_secs(3);
const ASK_AGAIN: Duration = Duration::from_secs(1);

struct Press {
    printer: Printer,
    font: Font,
    width: u32,
    line: DeviceLine,
    orders: mpsc::UnboundedReceiver<PrintOrder>,
    inputs: Inputs,
    storage: Storage,
}

/// Until the agent stops.
pub(crate) async fn run(config: config::Printer, orders: mpsc::UnboundedReceiver<PrintOrder>, inputs: Inputs, storage: Storage) {
    let mut line = devices::line("printer", &config.address());
    let font =
        match std::fs::read(&config.font).map_err(|e| e.to_string()).and_then(|bytes| Font::new(bytes, None).map_err(|e| e.to_string())) {
            Ok(font) => font,
            Err(error) => {
                line.problem = format!("font {}: {error}; install fonts-noto-core or mend printer.font", config.font.display());
                let _ = inputs.send(Input::Device(line)).await;
                return refuse_all(orders, &inputs).await;
            }
        };
    let mut press =
        Press { printer: Printer::new(config.tcp.clone().unwrap_or_default()), font, width: config.width, line, orders, inputs, storage };
    let mut watch = tokio::time::interval(WATCH_EVERY);
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            order = press.orders.recv() => match order {
                Some(PrintOrder::Print(slip)) => press.print(*slip).await,
                Some(PrintOrder::Close(_)) => {}
                None => return,
            },
            _ = watch.tick() => { press.watch().await; }
        }
    }
}

/// Nobody must wait for a slip that cannot come.
async fn refuse_all(mut orders: mpsc::UnboundedReceiver<PrintOrder>, inputs: &Inputs) {
    while let Some(order) = orders.recv().await {
        if let PrintOrder::Print(slip) = order {
            input::event(inputs, Event::Print { job: slip.job, state: PrintState::Waiting(Fault::PrinterError) }).await;
        }
    }
}

/// How the printer came back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    /// It was there all the time: what it had taken is still in its buffer.
    WithItsBuffer,
    /// It was away, so its buffer may be empty.
    AfterAbsence,
    /// The person left, or the agent stops.
    Never,
}

impl Press {
    /// The fault that keeps the printer from printing, if any.
    async fn watch(&mut self) -> Option<Fault> {
        let (state, problem) = match self.printer.status().await {
            Ok(status) => match fault_of_status(&status) {
                None => (DeviceState::Ready, String::new()),
                Some(fault) => (DeviceState::NeedsHuman(fault), fault.words().advice.vi),
            },
            Err(error) => (DeviceState::Lost, format!("{error}; check its power and cable")),
        };
        self.line.state = state;
        self.line.problem = problem;
        let _ = self.inputs.send(Input::Device(self.line.clone())).await;
        match state {
            DeviceState::Ready => None,
            DeviceState::NeedsHuman(fault) => Some(fault),
            DeviceState::Lost | DeviceState::Absent => Some(Fault::PrinterGone),
        }
    }

    async fn tell(&self, job: Uuid, state: PrintState) {
        input::event(&self.inputs, Event::Print { job, state }).await;
    }

    async fn note(&self, job: Uuid, state: SlipState) {
        if let Err(error) = self.storage.call(move |s| Ok(s.set_slip(job, state, Timestamp::now())?)).await {
            let _ = self.inputs.send(Input::StoreFailed(error)).await;
        }
    }

    /// Prints `slip` once. Paper that runs out in mid-slip: the printer holds the rest in its buffer and
    /// finishes by itself after the refill, so nothing is sent again. Only a slip that went to a printer
    /// which then vanished is sent again, marked as a reprint.
    async fn print(&mut self, mut slip: Slip) {
        let job = slip.job;
        self.note(job, SlipState::Started).await;
        loop {
            if let Some(fault) = self.watch().await {
                self.tell(job, PrintState::Waiting(fault)).await;
                if self.ready_again(job).await == Back::Never {
                    return;
                }
                self.tell(job, PrintState::Printing).await;
            }
            let image = match render(&slip::layout(&slip), self.width, &self.font) {
                Ok(image) => image,
                Err(error) => {
                    tracing::error!("the slip cannot be drawn: {error}");
                    return self.tell(job, PrintState::Waiting(Fault::PrinterError)).await;
                }
            };
            match self.printer.print(&image).await {
                Ok(Printed::Confirmed) => return self.finished(job, SlipState::Printed, PrintState::Printed).await,
                Ok(Printed::Unknown) => return self.finished(job, SlipState::Unknown, PrintState::Unknown).await,
                Err(error) => {
                    tracing::warn!(%job, "slip: {error}");
                    self.tell(job, PrintState::Waiting(fault_of(&error))).await;
                    match (self.ready_again(job).await, &error) {
                        (Back::Never, _) => return,
                        (Back::WithItsBuffer, DeviceError::NeedsHuman(Human::PaperOut | Human::CoverOpen)) => {
                            return self.finished(job, SlipState::Printed, PrintState::Printed).await;
                        }
                        (Back::WithItsBuffer | Back::AfterAbsence, _) => slip.reprint = true,
                    }
                    self.tell(job, PrintState::Printing).await;
                }
            }
        }
    }

    async fn finished(&self, job: Uuid, stored: SlipState, shown: PrintState) {
        self.note(job, stored).await;
        self.tell(job, shown).await;
    }

    /// Waits until the printer can print.
    async fn ready_again(&mut self, job: Uuid) -> Back {
        let mut back = Back::WithItsBuffer;
        loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(PrintOrder::Close(closed)) if closed == job => return Back::Never,
                    Some(PrintOrder::Close(_) | PrintOrder::Print(_)) => {}
                    None => return Back::Never,
                },
                () = tokio::time::sleep(ASK_AGAIN) => match self.watch().await {
                    None => return back,
                    Some(fault) => {
                        if fault == Fault::PrinterGone {
                            back = Back::AfterAbsence;
                        }
                        self.tell(job, PrintState::Waiting(fault)).await;
                    }
                },
            }
        }
    }
}

fn fault_of_status(status: &PrinterStatus) -> Option<Fault> {
    match status {
        PrinterStatus { known: false, .. } => None,
        PrinterStatus { cover_open: true, .. } => Some(Fault::PrinterCoverOpen),
        PrinterStatus { paper_out: true, .. } => Some(Fault::PrinterPaperOut),
        PrinterStatus { error: true, .. } | PrinterStatus { online: false, .. } => Some(Fault::PrinterError),
        PrinterStatus { .. } => None,
    }
}

fn fault_of(error: &DeviceError) -> Fault {
    match error {
        DeviceError::NeedsHuman(Human::PaperOut) => Fault::PrinterPaperOut,
        DeviceError::NeedsHuman(Human::CoverOpen) => Fault::PrinterCoverOpen,
        DeviceError::Disconnected(_) | DeviceError::Timeout(_) => Fault::PrinterGone,
        DeviceError::NeedsHuman(Human::Jam | Human::FeederEmpty | Human::DoubleFeed | Human::Other)
        | DeviceError::Busy(_)
        | DeviceError::Rejected(_)
        | DeviceError::Protocol(_) => Fault::PrinterError,
    }
}
