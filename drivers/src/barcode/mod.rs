//! Barcode and QR readers on a serial port (USB-CDC).

pub mod framing;
pub mod serial;

/// How a reader sends its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As bytes, UTF-8: every letter arrives.
    Serial,
    /// As keys of an English keyboard: Vietnamese letters are lost on the way.
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
