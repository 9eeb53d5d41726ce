//! Bytes of a reader to codes: CR, LF, TAB or silence ends a code. Pure; time is the caller's.
//!
//! A reader without a suffix needs the silence: two codes with none between them arrive as one, which no form fits. Readers
//! should be set to send CR (the default of most).

use super::ReaderEvent;

/// Longest code. A citizen card has about 150 bytes, the largest QR 2,953.
pub const CODE_LIMIT: usize = 4096;

/// Gathers bytes into codes.
#[derive(Default)]
pub struct Framer {
    held: Vec<u8>,
    dropped: usize,
}

impl Framer {
    /// Takes what a read gave; returns the codes that ended in it.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<ReaderEvent> {
        let mut events = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' | b'\t' => events.extend(self.end()),
                _ if self.held.len() < CODE_LIMIT && self.dropped == 0 => self.held.push(*byte),
                _ => self.dropped += 1,
            }
        }
        events
    }

    /// Ends the code: a suffix came, or the reader fell silent. None when nothing is held (LF after CR).
    pub fn end(&mut self) -> Option<ReaderEvent> {
        let bytes = std::mem::take(&mut self.held);
        let dropped = std::mem::take(&mut self.dropped);
        if bytes.is_empty() {
            return None;
        }
        Some(if dropped > 0 { ReaderEvent::Garbage { bytes: bytes.len() + dropped } } else { code(bytes) })
    }
}

fn code(bytes: Vec<u8>) -> ReaderEvent {
    let length = bytes.len();
    let Ok(text) = String::from_utf8(bytes) else { return ReaderEvent::Garbage { bytes: length } };
    let (aim, text) = split_aim(text.trim_matches(['\0', ' ', '\u{2}', '\u{3}']));
    // GS (0x1d) separates fields of GS1 codes; any other control character is noise of the line.
    if text.is_empty() || text.chars().any(|c| c.is_control() && c != '\u{1d}') {
        return ReaderEvent::Garbage { bytes: length };
    }
    ReaderEvent::Code { text: text.to_owned(), aim }
}

/// Takes an AIM prefix (`]`, letter, modifier) off.
fn split_aim(text: &str) -> (Option<String>, &str) {
    const SYMBOLOGIES: &str = "ABCDEFGHIKLMNOPQRSTUXYZcdehjz";
    let mut chars = text.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(']'), Some(symbology), Some(modifier)) if SYMBOLOGIES.contains(symbology) && modifier.is_ascii_alphanumeric() => {
            (Some(format!("{symbology}{modifier}")), chars.as_str())
        }
        _ => (None, text),
    }
}
