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
    printer::{Font, Printed, Printer, PrinterStatus, Resumed, sheet},
};
use motcua_flow::{Event, Slip, SlipOf};
use motcua_model::{
    api::{DeviceLine, DeviceState, PrintState},
    config,
    fault::Fault,
};
use motcua_store::{PAYMENT, PROOF, SlipState};
use std::{collections::VecDeque, time::Duration};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use uuid::Uuid;

const WATCH_EVERY: Duration = Duration::from_secs(3);
const ASK_AGAIN: Duration = Duration::from_secs(1);

struct Press {
    printer: Printer,
    font: Font,
    width: u32,
    native_qr: bool,
    line: DeviceLine,
    orders: mpsc::UnboundedReceiver<PrintOrder>,
    /// Came while another slip waited for somebody to act; the next one first.
    waiting: VecDeque<Slip>,
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
    let printer = Printer::by(config.tcp.as_deref(), config.usb.as_deref(), config.serial.as_deref(), config.baud);
    let (width, native_qr) = (config.width, config.native_qr);
    let mut press = Press { printer, font, width, native_qr, line, orders, waiting: VecDeque::new(), inputs, storage };
    let mut watch = tokio::time::interval(WATCH_EVERY);
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            order = press.orders.recv() => match order {
                Some(PrintOrder::Print(slip) | PrintOrder::Reprint(slip)) => {
                    press.waiting.push_back(*slip);
                    while let Some(next) = press.waiting.pop_front() {
                        press.print(next).await;
                    }
                }
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

/// How one attempt to print ended.
enum Attempt {
    /// Nothing more to do.
    Over(SlipState, PrintState),
    /// Half of it may be on paper, and the rest will not come.
    Lost(DeviceError),
    /// The person left, or the agent stops.
    GivenUp,
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

    /// Of a dossier's slip it is kept how far it got, of a handover's which copies are on paper; of all others nothing.
    async fn note(&self, slip: &Slip, state: SlipState) {
        let job = slip.job;
        let on_paper = matches!(state, SlipState::Printed | SlipState::Unknown);
        let noted = match slip.of {
            SlipOf::Opinion | SlipOf::Payment { .. } | SlipOf::Told { .. } | SlipOf::ToBring | SlipOf::Ticket => return,
            SlipOf::Handover { id, copy, .. } if on_paper => self.storage.call(move |s| Ok(s.slip_copy_printed(id, copy)?)).await,
            SlipOf::Handover { .. } => return,
            SlipOf::Dossier => self.storage.call(move |s| Ok(s.set_slip(job, state, Timestamp::now())?)).await,
        };
        if let Err(error) = noted {
            let _ = self.inputs.send(Input::StoreFailed(error)).await;
        }
    }

    /// How often this paper was begun before, durable before the printer gets a byte of it. None: it cannot be counted.
    async fn begin(&self, slip: &Slip, before: u32) -> Option<u32> {
        let Some((paper, copy)) = counted(slip) else { return Some(before) };
        match self.storage.call(move |s| Ok(s.begin_paper(paper, copy, Timestamp::now())?)).await {
            Ok(again) => Some(again),
            Err(error) => {
                let _ = self.inputs.send(Input::StoreFailed(error)).await;
                // The first proof of a filing comes out all the same, whatever the disk does: its person has filed.
                (slip.of == SlipOf::Dossier).then_some(before)
            }
        }
    }

    /// Prints `slip` once. Whether a printer that ran out of paper finishes by itself, or lost what it had, the driver finds
    /// out; only a slip that was lost on the way is printed again, marked as a reprint.
    async fn print(&mut self, slip: Slip) {
        let job = slip.job;
        // Which reprint it is; none before it began.
        let mut number = None;
        let mut again = false;
        loop {
            if let Some(fault) = self.watch().await {
                self.tell(job, PrintState::Waiting(fault)).await;
                if !self.ready_again(job).await {
                    return;
                }
                self.tell(job, PrintState::Printing).await;
            }
            // Only now may paper come of it. A slip of which the printer got nothing out is begun once, however often it is tried.
            if number.is_none() || again {
                number = self.begin(&slip, number.map_or(0, |number| number + 1)).await;
            }
            let Some(count) = number else { return self.tell(job, PrintState::Waiting(Fault::StoreFailed)).await };
            let paper = match sheet(&slip::layout(&slip, count), self.width, &self.font, self.native_qr) {
                Ok(paper) => paper,
                Err(error) => {
                    tracing::error!("the slip cannot be drawn: {error}");
                    return self.tell(job, PrintState::Waiting(Fault::PrinterError)).await;
                }
            };
            // Only now may half of it come out: a slip that never began is no reprint for whoever comes back.
            self.note(&slip, SlipState::Started).await;
            let first = match self.printer.print_sheet(&paper).await {
                Ok(Printed::Confirmed) => Attempt::Over(SlipState::Printed, PrintState::Printed),
                Ok(Printed::Unknown) => Attempt::Over(SlipState::Unknown, PrintState::Unknown),
                Err(error) => self.see_through(job, error).await,
            };
            match first {
                Attempt::Over(stored, shown) => return self.finished(&slip, stored, shown).await,
                Attempt::GivenUp => return self.printer.abandon().await,
                // Twice lost is a printer whose word cannot be taken: not a third copy, look at the paper.
                Attempt::Lost(_) if again => return self.finished(&slip, SlipState::Unknown, PrintState::Unknown).await,
                Attempt::Lost(error) => {
                    tracing::warn!(%job, "slip: {error}; printing it again");
                    again = self.printer.is_half_out().await;
                    self.tell(job, PrintState::Printing).await;
                }
            }
        }
    }

    /// Waits for the person, then lets the printer finish the slip it has begun.
    async fn see_through(&mut self, job: Uuid, mut error: DeviceError) -> Attempt {
        loop {
            tracing::warn!(%job, "slip: {error}");
            self.tell(job, PrintState::Waiting(fault_of(&error))).await;
            if !self.ready_again(job).await {
                return Attempt::GivenUp;
            }
            if !self.printer.is_interrupted().await {
                return Attempt::Lost(error);
            }
            match self.printer.resume().await {
                Ok(Resumed::Confirmed) => return Attempt::Over(SlipState::Printed, PrintState::Printed),
                Ok(Resumed::Unknown) => return Attempt::Over(SlipState::Unknown, PrintState::Unknown),
                Ok(Resumed::Lost) => return Attempt::Lost(DeviceError::Protocol("the printer lost what it had not printed".to_owned())),
                Err(again @ DeviceError::NeedsHuman(_)) => error = again,
                Err(lost) => return Attempt::Lost(DeviceError::Disconnected(lost.to_string())),
            }
        }
    }

    async fn finished(&self, slip: &Slip, stored: SlipState, shown: PrintState) {
        self.note(slip, stored).await;
        self.tell(slip.job, shown).await;
    }

    /// Waits until the printer can print; false when the person leaves first, or the agent stops.
    async fn ready_again(&mut self, job: Uuid) -> bool {
        loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(PrintOrder::Close(closed)) if closed == job => return false,
                    // Whoever stands there now goes before a slip of the desk's, and the desk's waits behind theirs.
                    Some(PrintOrder::Print(slip)) if slip.job != job => {
                        self.waiting.push_front(*slip);
                        return false;
                    }
                    Some(PrintOrder::Reprint(slip)) if slip.job != job => self.waiting.push_back(*slip),
                    Some(PrintOrder::Close(_) | PrintOrder::Print(_) | PrintOrder::Reprint(_)) => {}
                    None => return false,
                },
                () = tokio::time::sleep(ASK_AGAIN) => match self.watch().await {
                    None => return true,
                    Some(fault) => self.tell(job, PrintState::Waiting(fault)).await,
                },
            }
        }
    }
}

/// Whose reprints are counted, and under which copy ([`motcua_store::Store::begin_paper`]). Of all others nothing is kept.
fn counted(slip: &Slip) -> Option<(Uuid, i64)> {
    match slip.of {
        SlipOf::Dossier => Some((slip.job, PROOF)),
        // No cursor of a hub comes near the end of the numbers.
        SlipOf::Told { dossier, news } => Some((dossier, i64::try_from(news).unwrap_or(i64::MAX))),
        SlipOf::Payment { dossier } => Some((dossier, PAYMENT)),
        SlipOf::Handover { id, copy, .. } => Some((id, copy.into())),
        SlipOf::Opinion | SlipOf::ToBring | SlipOf::Ticket => None,
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
