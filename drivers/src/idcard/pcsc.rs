//! Desk readers for chips over PC/SC. Blocking: runs on a thread of its own and survives unplugging of the reader and restarts of the
//! PC/SC service (`pcscd`).
//!
//! Every reading has a thread and a PC/SC context of its own: a call into the native library cannot be broken off, so a reading whose
//! reader keeps silent is given up and left behind, and the desk goes on.

use super::{
    AccessKey, CardData, CardError, CardEvent, CardOrder, Channel, TrustStore, files,
    reader::{self, Wanted},
};
use crate::DeviceError;
use pcsc::{Card, Context, Disposition, Error, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State};
use std::{
    ffi::{CStr, CString},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc::Sender;

/// One look at orders and at the reader.
const TICK: Duration = Duration::from_millis(150);
/// A call to the reader that takes longer will not end by itself. Slow chips take two seconds for a key agreement.
const SILENCE: Duration = Duration::from_secs(10);
/// What a reading gets to end in order after it was cancelled or its reader went.
const GRACE: Duration = Duration::from_secs(1);
/// Until then pcscd must have seen that a card was taken away: it looks every 400 ms. Resetting a card that is gone, but not yet for
/// pcscd, fails, and pcscd then misses the next card.
const SETTLE: Duration = Duration::from_millis(900);
const NO_SERVICE: &str = "start it (systemctl start pcscd.socket), or install the package pcscd";

/// Names of the readers that are there now, for technicians.
///
/// # Errors
/// When the PC/SC service does not answer, with the next step.
pub fn list() -> Result<Vec<String>, String> {
    let context = Context::establish(Scope::User).map_err(service)?;
    match names(&context) {
        Ok(names) => Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect()),
        Err(error) => Err(service(error)),
    }
}

/// Serves the first reader whose name contains `reader` (upper or lower case; empty takes any), until `stop` is true or the receiver
/// of the events is gone.
///
/// An order waits for the card and for the reader. Every order ends with one [`CardEvent::Read`] or [`CardEvent::Failed`]; a second
/// order cancels the first. `store` holds the authorities that are believed, `now` tells Unix time in seconds.
///
/// Stops within a second, also when the reader keeps silent.
pub fn run(
    reader: String,
    store: Arc<TrustStore>,
    orders: Receiver<CardOrder>,
    events: Sender<CardEvent>,
    now: fn() -> i64,
    stop: &AtomicBool,
) {
    let mut desk =
        Desk { wanted_reader: reader, store, orders, events, now, stop, order: None, reading: None, moved: None, lost_told: false };
    let mut context = None;
    while desk.tend() {
        let established = match context.take() {
            Some(context) => Ok(context),
            None => Context::establish(Scope::User),
        };
        match established {
            Ok(established) => match desk.serve(&established) {
                // A context outlives its readers, but never its service.
                Ok(Gone::Reader(reason)) => {
                    desk.lost(reason);
                    context = Some(established);
                }
                Ok(Gone::Stopped) => break,
                Err(error) => desk.lost(service(error)),
            },
            Err(error) => desk.lost(service(error)),
        }
        if context.is_none() {
            std::thread::sleep(TICK);
        }
    }
    desk.give_up();
}

enum Gone {
    Reader(String),
    Stopped,
}

struct Order {
    key: AccessKey,
    photo: bool,
    /// The card has been read before, and was not taken away since.
    again: bool,
}

struct Desk<'a> {
    wanted_reader: String,
    store: Arc<TrustStore>,
    orders: Receiver<CardOrder>,
    events: Sender<CardEvent>,
    now: fn() -> i64,
    stop: &'a AtomicBool,
    order: Option<Order>,
    reading: Option<Reading>,
    /// When a reading last ended because its card went.
    moved: Option<Instant>,
    lost_told: bool,
}

impl Desk<'_> {
    /// Takes orders and the end of a reading; false when it is time to stop.
    fn tend(&mut self) -> bool {
        while let Ok(order) = self.orders.try_recv() {
            if self.order.take().is_some() {
                self.send(CardEvent::Failed(CardError::Cancelled));
            }
            if let Some(reading) = &mut self.reading {
                reading.cancel();
            }
            if let CardOrder::Read { key, photo } = order {
                self.order = Some(Order { key, photo, again: false });
            }
        }
        if let Some(reading) = &self.reading
            && let Some(outcome) = reading.outcome(Duration::ZERO)
        {
            self.end(outcome);
        }
        !self.stop.load(Ordering::Relaxed) && !self.events.is_closed()
    }

    /// A closed channel is noticed by [`Self::tend`].
    fn send(&self, event: CardEvent) {
        let _ = self.events.blocking_send(event);
    }

    fn end(&mut self, outcome: Result<Box<CardData>, CardError>) {
        self.give_up();
        self.moved = matches!(outcome, Err(CardError::Moved)).then(Instant::now);
        self.send(match outcome {
            Ok(data) => CardEvent::Read(data),
            Err(error) => CardEvent::Failed(error),
        });
    }

    /// Leaves a reading behind: it sends nothing more, and ends when its call does.
    fn give_up(&mut self) {
        if let Some(mut reading) = self.reading.take() {
            reading.cancel();
        }
    }

    fn lost(&mut self, reason: String) {
        if let Some(reading) = &self.reading {
            let outcome = reading.outcome(GRACE);
            self.end(outcome.unwrap_or_else(|| Err(DeviceError::Disconnected(reason.clone()).into())));
        }
        if !self.lost_told {
            self.lost_told = true;
            self.send(CardEvent::Lost(reason));
        }
    }

    /// Waits for the reader and serves it while it is there.
    fn serve(&mut self, context: &Context) -> Result<Gone, Error> {
        let mut states = [ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        while self.tend() {
            let part = self.wanted_reader.to_lowercase();
            if let Some(name) = names(context)?.into_iter().find(|name| name.to_string_lossy().to_lowercase().contains(&part)) {
                self.lost_told = false;
                self.send(CardEvent::Opened { model: name.to_string_lossy().into_owned() });
                return self.watch(context, &name);
            }
            let named = if part.is_empty() { String::new() } else { format!(" with {:?} in its name", self.wanted_reader) };
            self.lost(format!("no card reader{named} is connected; plug it in"));
            for state in &mut states {
                state.sync_current_state();
            }
            wait(context, TICK, &mut states)?;
        }
        Ok(Gone::Stopped)
    }

    fn watch(&mut self, context: &Context, reader: &CStr) -> Result<Gone, Error> {
        let mut states = [ReaderState::new(reader, State::UNAWARE)];
        let (mut seen, mut again) = (None, false);
        while self.tend() {
            for state in &mut states {
                state.sync_current_state();
            }
            // While it reads, the end of the reading is what to wait for.
            let patience = if self.reading.is_some() { Duration::ZERO } else { TICK };
            let answer = wait(context, patience, &mut states);
            let [state] = &states;
            let gone = State::UNKNOWN | State::UNAVAILABLE | State::IGNORE;
            if answer == Err(Error::UnknownReader) || (answer.is_ok() && state.event_state().intersects(gone)) {
                return Ok(Gone::Reader("the card reader was unplugged; plug it in again".to_owned()));
            }
            answer?;
            let card = state.event_state().contains(State::PRESENT).then(|| state.event_count());
            self.tell_card(seen, card);
            again &= card == seen;
            seen = card;
            let settled = !again || self.moved.is_none_or(|at| at.elapsed() > SETTLE);
            if card.is_some()
                && settled
                && self.reading.is_none()
                && let Some(order) = self.order.take()
            {
                self.reading = Some(self.start(reader.to_owned(), Order { again, ..order }));
                again = true;
            }
            self.follow();
        }
        Ok(Gone::Stopped)
    }

    /// The count rises by one whenever a card comes or goes: two more is another card, swapped between two looks.
    fn tell_card(&self, before: Option<u32>, after: Option<u32>) {
        match (before, after) {
            (None, Some(_)) => self.send(CardEvent::CardIn),
            (Some(_), None) => self.send(CardEvent::CardOut),
            (Some(before), Some(after)) if after >= before.saturating_add(2) => {
                self.send(CardEvent::CardOut);
                self.send(CardEvent::CardIn);
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// Waits a moment for the reading to end; gives it up when its reader keeps silent or it does not obey.
    fn follow(&mut self) {
        let Some(reading) = &self.reading else { return };
        let outcome = reading.outcome(TICK).or_else(|| {
            if reading.cancelled.is_some_and(|at| at.elapsed() > GRACE) {
                return Some(Err(CardError::Cancelled));
            }
            (reading.silent_for() > SILENCE).then(|| {
                let words = "take the card away and put it back; if that does not help, unplug the card reader and plug it in again";
                Err(DeviceError::Timeout(words.to_owned()).into())
            })
        });
        if let Some(outcome) = outcome {
            self.end(outcome);
        }
    }

    fn start(&self, reader: CString, order: Order) -> Reading {
        let (sender, result) = mpsc::channel();
        let (cancel, call) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Some(Instant::now()))));
        let (flag, line) = (Arc::clone(&cancel), Arc::clone(&call));
        let (events, store, now) = (self.events.clone(), Arc::clone(&self.store), self.now);
        std::thread::spawn(move || {
            let mut progress = |progress| {
                let goes_on = !flag.load(Ordering::Relaxed);
                goes_on && events.blocking_send(CardEvent::Progress(progress)).is_ok()
            };
            let outcome = read(&reader, &order, line, &mut progress).and_then(|files| files::card_data(files, &store, now()));
            // Nobody listens when the reading was given up.
            let _ = sender.send(outcome.map(Box::new));
        });
        Reading { cancel, result, call, cancelled: None }
    }
}

/// A reading on its own thread.
struct Reading {
    cancel: Arc<AtomicBool>,
    result: Receiver<Result<Box<CardData>, CardError>>,
    /// Since when a call to the native library has been under way.
    call: Arc<Mutex<Option<Instant>>>,
    cancelled: Option<Instant>,
}

impl Reading {
    fn cancel(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.cancelled.get_or_insert_with(Instant::now);
    }

    fn outcome(&self, patience: Duration) -> Option<Result<Box<CardData>, CardError>> {
        match self.result.recv_timeout(patience) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(CardError::Protocol("the reader of chips broke off; report the log to the maker".to_owned())))
            }
        }
    }

    fn silent_for(&self) -> Duration {
        self.call.lock().unwrap_or_else(PoisonError::into_inner).map_or(Duration::ZERO, |since| since.elapsed())
    }
}

fn read(
    reader: &CStr,
    order: &Order,
    call: Arc<Mutex<Option<Instant>>>,
    progress: &mut dyn FnMut(super::Progress) -> bool,
) -> Result<super::CardFiles, CardError> {
    let connected = Context::establish(Scope::User).and_then(|context| {
        let mut card = context.connect(reader, ShareMode::Exclusive, Protocols::ANY)?;
        if order.again {
            // The last reading left it in its application.
            card.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::ResetCard)?;
        }
        Ok(card)
    });
    let card = connected.map_err(cannot_connect)?;
    let mut line = Line { card, buffer: vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED], call, failed: None, no_randomness: Arc::default() };
    let no_randomness = Arc::clone(&line.no_randomness);
    let mut random = |bytes: &mut [u8]| {
        if openssl::rand::rand_bytes(bytes).is_err() {
            no_randomness.store(true, Ordering::Relaxed);
        }
    };
    let files = reader::read(&mut line, &order.key, Wanted { photo: order.photo }, &mut random, progress);
    let failed = line.failed;
    // No reset: when the card is just being taken away it fails, and pcscd 1.9.9 then misses the next card.
    if let Err((_card, error)) = line.card.disconnect(Disposition::LeaveCard) {
        tracing::debug!(%error, "card reader: the card was not let go in order");
    }
    match (files, failed) {
        (Err(CardError::Moved), Some(error)) if is_service(error) => Err(DeviceError::Disconnected(service(error)).into()),
        (files, _) => files,
    }
}

fn cannot_connect(error: Error) -> CardError {
    let mute = [Error::UnresponsiveCard, Error::UnpoweredCard, Error::UnsupportedCard, Error::ProtoMismatch];
    if is_service(error) {
        DeviceError::Disconnected(service(error)).into()
    } else if is_moved(error) {
        CardError::Moved
    } else if mute.contains(&error) {
        CardError::NotAnIdCard("its chip gives no answer; lay it flat on the reader, once more".to_owned())
    } else {
        device_error(error).into()
    }
}

/// A connected card.
struct Line {
    card: Card,
    buffer: Vec<u8>,
    call: Arc<Mutex<Option<Instant>>>,
    failed: Option<Error>,
    no_randomness: Arc<AtomicBool>,
}

impl Channel for Line {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        if self.no_randomness.load(Ordering::Relaxed) {
            return Err(DeviceError::Rejected("this machine gives no random numbers; restart it".to_owned()));
        }
        let under_way = |since| *self.call.lock().unwrap_or_else(PoisonError::into_inner) = since;
        under_way(Some(Instant::now()));
        let answer = self.card.transmit(command, &mut self.buffer);
        under_way(None);
        // Some readers answer nothing when the card leaves in the middle of a command; a chip answers two bytes at least.
        let answer = answer.and_then(|bytes| if bytes.len() < 2 { Err(Error::RemovedCard) } else { Ok(bytes.to_vec()) });
        answer.map_err(|error| {
            self.failed = Some(error);
            tracing::debug!(%error, "card reader: no answer");
            let extended = command.len() > 5 && command.get(4) == Some(&0);
            // The same code for a card out of the field, and for a reader that cannot carry extended length.
            if error == Error::NotTransacted && !extended {
                return DeviceError::Disconnected(format!("card reader: {error}"));
            }
            device_error(error)
        })
    }
}

fn device_error(error: Error) -> DeviceError {
    if is_moved(error) || is_service(error) {
        DeviceError::Disconnected(format!("card reader: {error}"))
    } else if matches!(error, Error::SharingViolation | Error::NotReady) {
        DeviceError::Busy(format!("card reader: {error}; close other programs that use it"))
    } else if error == Error::Timeout {
        DeviceError::Timeout(format!("card reader: {error}; take the card away and put it back"))
    } else {
        DeviceError::Protocol(format!("card reader: {error}"))
    }
}

fn is_moved(error: Error) -> bool {
    [Error::RemovedCard, Error::ResetCard, Error::NoSmartcard].contains(&error)
}

/// The service or the reader is gone, and not the card.
fn is_service(error: Error) -> bool {
    let service = [Error::NoService, Error::ServiceStopped, Error::CommError, Error::InvalidHandle, Error::Shutdown];
    let reader = [Error::ReaderUnavailable, Error::UnknownReader, Error::NoReadersAvailable];
    service.contains(&error) || reader.contains(&error)
}

fn service(error: Error) -> String {
    format!("the service for card readers (pcscd) does not answer: {error}; {NO_SERVICE}")
}

fn names(context: &Context) -> Result<Vec<CString>, Error> {
    match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        names => names,
    }
}

fn wait(context: &Context, patience: Duration, states: &mut [ReaderState]) -> Result<(), Error> {
    match context.get_status_change(patience, states) {
        Err(Error::Timeout) => Ok(()),
        answer => answer,
    }
}
