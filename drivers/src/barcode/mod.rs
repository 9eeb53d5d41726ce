//! Barcode and QR readers: on a serial port (USB-CDC), or typing as a keyboard.

pub mod framing;
pub mod keyboard;
pub mod keys;
pub mod serial;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Silence that ends a code when the reader sends no suffix.
const IDLE: Duration = Duration::from_millis(250);
/// Waits between attempts to open: quick at first, since a replugged reader is back within a second.
const REOPEN: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(2)];

/// How a reader sends its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As bytes, UTF-8: every letter arrives.
    Serial,
    /// As keys of an English keyboard: Vietnamese letters are lost on the way, see [`keyboard`].
    Keyboard,
}

/// What a reader did.
#[derive(Clone, PartialEq, Eq)]
pub enum ReaderEvent {
    /// The port is open.
    Opened(Mode),
    /// The port is gone or never was there, with the reason. Sent once; reopening goes on.
    Lost(String),
    /// A code, without its suffix.
    Code {
        /// What the code says, without the AIM prefix.
        text: String,
        /// Symbology and modifier after `]`, such as `Q1`, when the reader sends them.
        aim: Option<String>,
    },
    /// Bytes that are no text, or too many without an end.
    Garbage {
        /// How many.
        bytes: usize,
    },
}

impl std::fmt::Debug for ReaderEvent {
    // A code may be a citizen's card: only its length is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opened(mode) => f.debug_tuple("Opened").field(mode).finish(),
            Self::Lost(reason) => f.debug_tuple("Lost").field(reason).finish(),
            Self::Code { text, aim } => f.debug_struct("Code").field("chars", &text.chars().count()).field("aim", aim).finish(),
            Self::Garbage { bytes } => f.debug_struct("Garbage").field("bytes", bytes).finish(),
        }
    }
}

/// Why reading an open port ended.
enum End {
    Lost(String),
    Stopped,
}

/// Opens, reads, and opens again after a loss, until `stop` is true or the receiver is gone. A loss is told once, however often
/// opening fails after it.
fn supervise<P>(
    mode: Mode,
    events: &Sender<ReaderEvent>,
    stop: &AtomicBool,
    mut open: impl FnMut() -> Result<P, String>,
    mut read: impl FnMut(P) -> End,
) {
    let mut attempts = 0;
    let mut lost_told = false;
    while !ended(events, stop) {
        let reason = match open() {
            Ok(port) => {
                (attempts, lost_told) = (0, false);
                if events.blocking_send(ReaderEvent::Opened(mode)).is_err() {
                    return;
                }
                match read(port) {
                    End::Lost(reason) => reason,
                    End::Stopped => return,
                }
            }
            Err(reason) => reason,
        };
        if !lost_told {
            lost_told = true;
            if events.blocking_send(ReaderEvent::Lost(reason)).is_err() {
                return;
            }
        }
        wait(REOPEN[attempts.min(REOPEN.len() - 1)], events, stop);
        attempts += 1;
    }
}

fn ended(events: &Sender<ReaderEvent>, stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed) || events.is_closed()
}

fn wait(total: Duration, events: &Sender<ReaderEvent>, stop: &AtomicBool) {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = total;
    while !left.is_zero() && !ended(events, stop) {
        std::thread::sleep(STEP.min(left));
        left = left.saturating_sub(STEP);
    }
}
