//! HN212 desk reader, serial variant: a small controller on a USB serial line that talks in lines of text (domain.md 2.1).
//!
//! It reads a chip only when it is given what the machine-readable zone says: number, birth, expiry. So an order needs
//! [`AccessKey::Mrz`] with all twelve digits of the number as its document; the QR of a card alone, which has no expiry, does not
//! open it. With `SOD:ON` it also hands over the signed files, and they are checked; where it does not, the data are its claim.

use super::hn212_card::{FILE, Files, Gathered, Names, base64, citizen, words};
use super::{AccessKey, CardError, CardEvent, CardOrder, Progress, TrustStore};
use crate::DeviceError;
use serde_json::Value;
use serialport::SerialPort;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender};

/// Speed of the line.
const BAUD: u32 = 921_600;
/// How often orders and the end are looked at.
const TICK: Duration = Duration::from_millis(100);
/// Between two questions whether it is there.
const PING: Duration = Duration::from_secs(5);
/// The same until it has answered first: it starts anew when the line is opened, and takes two seconds.
const FIRST_PING: Duration = Duration::from_secs(1);
/// Silence after which it counts as gone; longer than two pings.
const SILENCE: Duration = Duration::from_secs(12);
/// Longest reading of a chip.
const READING: Duration = Duration::from_secs(60);
/// Waits between attempts to open.
const REOPEN: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(2)];
/// Most lines of a JSON object; the reader has one line a field.
const JSON_LINES: u32 = 100;
/// Longest line; files come in lines of a few hundred characters.
const LINE: usize = 64 * 1024;

/// Talks with the reader on the tty at `path` and sends what it says, until `stop` is true or the receiver is gone.
///
/// Blocking: runs on a thread of its own. `path` should be a stable name (`/dev/serial/by-id/…`). `now` gives Unix time in seconds.
/// Stops within 300 ms.
pub fn run(
    path: PathBuf,
    store: Arc<TrustStore>,
    mut orders: Receiver<CardOrder>,
    events: Sender<CardEvent>,
    now: fn() -> i64,
    stop: &AtomicBool,
) {
    let (mut attempts, mut lost_told) = (0, false);
    let ended = || stop.load(Ordering::Relaxed) || events.is_closed();
    while !ended() {
        let mut opened = false;
        let reason = match open(&path) {
            Ok(port) => {
                let mut session = Session::new(port, &store, &events, now);
                let end = session.talk(&mut orders, &ended);
                opened = session.opened;
                match end {
                    End::Lost(reason) => reason,
                    End::Stopped => return,
                }
            }
            Err(reason) => reason,
        };
        if opened {
            (attempts, lost_told) = (0, false);
        }
        if !lost_told {
            lost_told = true;
            let text = format!("card reader {}: {reason}; check its plug, its path and the rights", path.display());
            if events.blocking_send(CardEvent::Lost(text)).is_err() {
                return;
            }
        }
        let until = Instant::now() + REOPEN[attempts.min(REOPEN.len() - 1)];
        while !ended() && Instant::now() < until {
            std::thread::sleep(TICK);
        }
        attempts += 1;
    }
}

fn open(path: &Path) -> Result<Box<dyn SerialPort>, String> {
    let text = path.to_str().ok_or("its path is not UTF-8")?;
    serialport::new(text, BAUD).timeout(TICK).open().map_err(|error| error.to_string())
}

enum End {
    Lost(String),
    Stopped,
}

struct Session<'a> {
    port: Box<dyn SerialPort>,
    store: &'a TrustStore,
    events: &'a Sender<CardEvent>,
    now: fn() -> i64,
    opened: bool,
    lines: Lines,
    card_in: bool,
    job: Job,
}

/// What the agent wants of the reader.
enum Job {
    None,
    /// The command for the next card.
    Waiting {
        command: String,
        photo: bool,
    },
    Reading {
        photo: bool,
        until: Instant,
    },
}

impl<'a> Session<'a> {
    fn new(port: Box<dyn SerialPort>, store: &'a TrustStore, events: &'a Sender<CardEvent>, now: fn() -> i64) -> Self {
        Self { port, store, events, now, opened: false, lines: Lines::default(), card_in: false, job: Job::None }
    }

    fn talk(&mut self, orders: &mut Receiver<CardOrder>, ended: &impl Fn() -> bool) -> End {
        match self.go(orders, ended) {
            Ok(()) => End::Stopped,
            Err(end) => end,
        }
    }

    fn go(&mut self, orders: &mut Receiver<CardOrder>, ended: &impl Fn() -> bool) -> Result<(), End> {
        let mut heard = Instant::now();
        let mut asked: Option<Instant> = None;
        let mut buffer = [0; 4096];
        while !ended() {
            let between = if self.opened { PING } else { FIRST_PING };
            if asked.is_none_or(|asked| asked.elapsed() >= between) {
                asked = Some(Instant::now());
                // An empty line ends what another program left half sent.
                self.write(if self.opened { "PING\n" } else { "\nPING\n" })?;
            }
            match self.port.read(&mut buffer) {
                Ok(0) => return Err(End::Lost("the line hung up".to_owned())),
                Ok(count) => {
                    heard = Instant::now();
                    for said in self.lines.feed(&buffer[..count]) {
                        self.said(said)?;
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(error) => return Err(End::Lost(error.to_string())),
            }
            if heard.elapsed() > SILENCE {
                return Err(End::Lost("it does not answer".to_owned()));
            }
            match orders.try_recv() {
                Ok(order) => self.order(order)?,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
            }
            if matches!(&self.job, Job::Reading { until, .. } if Instant::now() > *until) {
                self.fail(CardError::Device(DeviceError::Timeout("the chip was not read within a minute".to_owned())))?;
            }
        }
        Ok(())
    }

    fn order(&mut self, order: CardOrder) -> Result<(), End> {
        match order {
            CardOrder::Cancel => self.job = Job::None,
            CardOrder::Read { key, photo } => match command(&key) {
                Ok(command) => {
                    self.job = Job::Waiting { command, photo };
                    if self.card_in {
                        self.begin()?;
                    }
                }
                Err(error) => self.fail(error)?,
            },
        }
        Ok(())
    }

    /// Sends the waiting command.
    fn begin(&mut self) -> Result<(), End> {
        let Job::Waiting { command, photo } = std::mem::replace(&mut self.job, Job::None) else { return Ok(()) };
        self.job = Job::Reading { photo, until: Instant::now() + READING };
        self.lines.forget();
        self.write(if photo { "DG2:ON\n" } else { "DG2:OFF\n" })?;
        self.write("SOD:ON\n")?;
        self.write(&command)
    }

    fn said(&mut self, said: Said) -> Result<(), End> {
        match said {
            Said::Pong if !self.opened => {
                self.opened = true;
                self.send(CardEvent::Opened { model: "HN212".to_owned() })
            }
            Said::CardIn => {
                self.card_in = true;
                self.send(CardEvent::CardIn)?;
                self.begin()
            }
            Said::CardOut => {
                self.card_in = false;
                if matches!(self.job, Job::Reading { .. }) {
                    self.fail(CardError::Moved)?;
                }
                self.send(CardEvent::CardOut)
            }
            Said::Opening if matches!(self.job, Job::Reading { .. }) => self.send(CardEvent::Progress(Progress::Opening)),
            Said::File { group, bytes } if matches!(self.job, Job::Reading { .. }) => {
                self.send(CardEvent::Progress(Progress::Reading { group, done: bytes, of: bytes }))
            }
            Said::Failed(words) if matches!(self.job, Job::Reading { .. }) => {
                self.fail(CardError::Protocol(format!("the reader could not open or read the chip: {words}")))
            }
            Said::Done(card) => match std::mem::replace(&mut self.job, Job::None) {
                Job::Reading { photo, .. } => {
                    let judged = card.judge(photo, self.store, (self.now)());
                    self.send(judged.map_or_else(CardEvent::Failed, |card| CardEvent::Read(Box::new(card))))
                }
                kept @ (Job::None | Job::Waiting { .. }) => {
                    self.job = kept;
                    Ok(())
                }
            },
            Said::Pong | Said::Opening | Said::File { .. } | Said::Failed(_) => Ok(()),
        }
    }

    fn fail(&mut self, error: CardError) -> Result<(), End> {
        self.job = Job::None;
        self.send(CardEvent::Failed(error))
    }

    fn send(&self, event: CardEvent) -> Result<(), End> {
        self.events.blocking_send(event).map_err(|_| End::Stopped)
    }

    fn write(&mut self, text: &str) -> Result<(), End> {
        self.port.write_all(text.as_bytes()).map_err(|error| End::Lost(error.to_string()))
    }
}

/// The command that opens a chip.
///
/// # Errors
/// [`CardError::Device`] when the key lacks what this reader needs.
pub fn command(key: &AccessKey) -> Result<String, CardError> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    match key {
        AccessKey::Mrz { document, birth, expiry } if digits(document, 12) && digits(birth, 6) && digits(expiry, 6) => {
            Ok(format!("CCCD:{document}|BIRTH:{birth}|EXPIRY:{expiry}\n"))
        }
        AccessKey::Mrz { .. } | AccessKey::Can(_) => Err(CardError::Device(DeviceError::Rejected(
            "this reader needs the twelve-digit number, the birth date and the expiry date: scan the machine-readable zone".to_owned(),
        ))),
    }
}

/// What the reader said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is there.
    Pong,
    /// A card lies on it.
    CardIn,
    /// It was taken away.
    CardOut,
    /// The key was taken; the chip is being opened.
    Opening,
    /// A file came whole.
    File {
        /// Data group; 0 for EF.SOD.
        group: u8,
        /// Its size.
        bytes: usize,
    },
    /// The chip was not read; the reader's words.
    Failed(String),
    /// Everything of the card came.
    Done(Gathered),
}

/// Puts lines together from what the reads give, and meaning from the lines. Pure; fuzzed.
#[derive(Default)]
pub struct Lines {
    held: Vec<u8>,
    too_long: bool,
    block: Option<Block>,
    json: String,
    json_lines: u32,
    card: Gathered,
    done: bool,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("held", &self.held.len()).field("card", &self.card).finish_non_exhaustive()
    }
}

/// A file between its two marks.
struct Block {
    kind: Kind,
    bytes: Vec<u8>,
    spoilt: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// 0 for EF.SOD.
    Group(u8),
    Picture,
}

/// This variant's names of the fields.
const SERIAL: Names = [
    &["CCCD Number", "cccd_number"],
    &["Full Name", "full_name"],
    &["Date of Birth", "date_of_birth"],
    &["Gender", "gender"],
    &["Nationality", "nationality"],
    &["Ethnicity", "ethnicity"],
    &["Religion", "religion"],
    &["Place of Origin", "place_of_origin"],
    &["Place of Residence", "place_of_residence"],
    &["Personal ID", "personal_identification"],
    &["Date of Issue", "date_of_issue"],
    &["Date of Expiry", "date_of_expiry"],
    &["Father's Name", "father_name"],
    &["Mother's Name", "mother_name"],
    &["Spouse's Name", "spouse_name"],
    &["Old ID Number", "old_id_number"],
];

impl Lines {
    /// Takes what a read gave.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => said.extend(self.end_of_line()),
                _ if self.held.len() < LINE => self.held.push(*byte),
                _ => self.too_long = true,
            }
        }
        said
    }

    /// Forgets the card: a new reading begins.
    pub fn forget(&mut self) {
        self.block = None;
        self.json.clear();
        self.json_lines = 0;
        self.card = Gathered::default();
        self.done = false;
    }

    fn end_of_line(&mut self) -> Option<Said> {
        let bytes = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.too_long) {
            tracing::warn!("card reader: a line without end was dropped");
            return None;
        }
        // A line that is no text spoils the file that it stands in, and says nothing elsewhere.
        let text = String::from_utf8_lossy(&bytes);
        self.line(text.trim())
    }

    fn line(&mut self, line: &str) -> Option<Said> {
        match line {
            "" => None,
            "PONG" => Some(Said::Pong),
            "NFC_DETECTED" | "CARD_DETECTED" => {
                self.forget();
                Some(Said::CardIn)
            }
            "CARD_REMOVED" => {
                self.forget();
                Some(Said::CardOut)
            }
            "ACK_MRZ" => Some(Said::Opening),
            "FAIL" | "SCAN_FAIL" => {
                self.forget();
                Some(Said::Failed(line.to_owned()))
            }
            // Both come, one after the other.
            "SUCCESS" | "SCAN_DONE" => (!std::mem::replace(&mut self.done, true)).then(|| Said::Done(std::mem::take(&mut self.card))),
            _ if line.starts_with("[OK]") => None,
            _ if line.starts_with("[SERIAL] Invalid") => Some(Said::Failed(words(line))),
            _ if line.starts_with('[') => self.mark(line),
            _ => {
                self.content(line);
                None
            }
        }
    }

    /// `[DG2_RAW_START]`, `[DG2_PHOTO_START_JPEG]`, `[SOD_RAW_END]`.
    fn mark(&mut self, line: &str) -> Option<Said> {
        let (name, mark) = line.strip_prefix('[')?.strip_suffix(']')?.split_once('_')?;
        let group = match name {
            "SOD" => 0,
            _ => name.strip_prefix("DG")?.parse().ok().filter(|group| (1..=16).contains(group))?,
        };
        if mark.starts_with("RAW_START") {
            self.block = Some(Block { kind: Kind::Group(group), bytes: Vec::new(), spoilt: false });
        } else if mark.starts_with("PHOTO_START") {
            self.block = Some(Block { kind: Kind::Picture, bytes: Vec::new(), spoilt: false });
        } else if mark.ends_with("_END") {
            return self.block.take().and_then(|block| self.file(block));
        }
        None
    }

    fn file(&mut self, block: Block) -> Option<Said> {
        if block.spoilt || block.bytes.is_empty() {
            tracing::warn!("card reader: a file of the chip came damaged and is left out");
            return None;
        }
        let bytes = block.bytes.len();
        let files = self.card.files.get_or_insert_with(Files::default);
        let group = match block.kind {
            Kind::Group(0) => {
                files.sod = Some(block.bytes);
                0
            }
            Kind::Group(group) => {
                files.groups.insert(group, block.bytes);
                group
            }
            Kind::Picture => {
                files.picture = Some(block.bytes);
                2
            }
        };
        Some(Said::File { group, bytes })
    }

    fn content(&mut self, line: &str) {
        if let Some(block) = &mut self.block {
            // Each line is base64 of its own, with its own padding.
            match base64(line) {
                Some(bytes) if block.bytes.len() + bytes.len() <= FILE => block.bytes.extend(bytes),
                Some(_) | None => block.spoilt = true,
            }
        } else if !self.json.is_empty() || line.starts_with('{') {
            self.json.push_str(line);
            self.json_lines += 1;
            let whole = line.ends_with('}').then(|| serde_json::from_str::<Value>(&self.json).ok()).flatten();
            if let Some(fields) = &whole {
                self.card.text = Some(Box::new(citizen(fields, &SERIAL)));
            }
            if whole.is_some() || self.json.len() > LINE || self.json_lines >= JSON_LINES {
                self.json.clear();
                self.json_lines = 0;
            }
        }
    }
}
