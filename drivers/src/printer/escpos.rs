//! ESC/POS: commands and status bytes. Pure. Source: Epson's command reference, and what clones do (devices.md, 3).

use super::slip::{Piece, Sheet};
use crate::{DeviceError, Human};
use image::GrayImage;

/// `ESC @`: forget the settings of whoever printed before.
pub const INITIALISE: [u8; 2] = [0x1b, b'@'];
/// `GS V B 0`: feed to the knife and cut partially.
pub const CUT: [u8; 4] = [0x1d, b'V', 66, 0];
/// `GS r 1`: a status request that queues behind the data, so its answer means "all before this is done".
pub const REPORT_WHEN_DONE: [u8; 3] = [0x1d, b'r', 1];
/// `GS a 14`: push the status unasked whenever online, error or paper state changes.
pub const PUSH_ON: [u8; 3] = [0x1d, b'a', 0x0e];
/// `GS a 0`: push no more.
pub const PUSH_OFF: [u8; 3] = [0x1d, b'a', 0];
/// Rows in one `GS v 0`. Two such bands, full width on 80 mm, fit into a receive buffer of 4 kB, the smallest in use.
const BAND_ROWS: usize = 24;
/// Blank rows from which a band of their own is worth its header.
const BLANK_ROWS: usize = 4;
/// Longest text of a `GS I` answer (Epson: 80 characters).
const TEXT_LIMIT: usize = 80;
/// Blank rows after the slip, so that the knife misses the last line.
const FEED_LINES: u8 = 3;

/// What `DLE EOT` or automatic status back (`GS a`) told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrinterStatus {
    /// False: the printer does not report; all else is then unknown. Many clones never do.
    pub known: bool,
    /// Takes and prints data.
    pub online: bool,
    /// Cover open.
    pub cover_open: bool,
    /// No paper.
    pub paper_out: bool,
    /// Paper ends soon.
    pub near_end: bool,
    /// Cutter, head or other error.
    pub error: bool,
}

impl PrinterStatus {
    /// What a person must do before it can print.
    pub fn trouble(&self) -> Option<Human> {
        if !self.known {
            None
        } else if self.cover_open {
            Some(Human::CoverOpen)
        } else if self.paper_out {
            Some(Human::PaperOut)
        } else if self.error {
            Some(Human::Other)
        } else {
            None
        }
    }

    /// Reports, is online, and lacks nothing.
    pub fn is_ready(&self) -> bool {
        self.known && self.online && self.trouble().is_none()
    }
}

/// The four real-time status requests, `DLE EOT n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// 1: online.
    Printer,
    /// 2: why it is offline.
    Offline,
    /// 3: which error.
    Error,
    /// 4: paper.
    Paper,
}

impl Query {
    /// In the order in which they are asked.
    pub const ALL: [Self; 4] = [Self::Printer, Self::Offline, Self::Error, Self::Paper];

    /// The bytes of the request.
    pub fn bytes(self) -> [u8; 3] {
        let n = match self {
            Self::Printer => 1,
            Self::Offline => 2,
            Self::Error => 3,
            Self::Paper => 4,
        };
        [0x10, 0x04, n]
    }

    /// Adds what the answer says to `status`.
    pub fn read(self, answer: u8, status: &mut PrinterStatus) {
        let bit = |n: u8| answer & (1 << n) != 0;
        match self {
            Self::Printer => status.online = !bit(3),
            Self::Offline => {
                status.cover_open |= bit(2);
                status.paper_out |= bit(5);
                status.error |= bit(6);
            }
            Self::Error => status.error |= bit(3) || bit(5) || bit(6),
            Self::Paper => {
                status.near_end |= bit(2) && bit(3);
                status.paper_out |= bit(5) && bit(6);
            }
        }
    }
}

/// Something that the printer said, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To `DLE EOT` (0xx1xx10).
    RealTime(u8),
    /// Automatic status back: four bytes, the first 0xx1xx00, the others 0xx0xxxx.
    Pushed(PrinterStatus),
    /// To `GS r` (0xx0xxxx).
    Queued(u8),
    /// To `GS I`, when it was expected.
    Text(String),
    /// XON, XOFF or noise.
    Noise(u8),
}

/// Sorts the printer's bytes by the marker bits that Epson reserved for this ("Identification of transmitted status").
#[derive(Clone, Debug, Default)]
pub struct AnswerReader {
    /// The push that has begun.
    push: Vec<u8>,
    /// The text that has begun, or is expected.
    text: Option<Vec<u8>>,
}

impl AnswerReader {
    /// The next block `_ … NUL` is the answer to a `GS I`; without this call its letters would be read as status.
    pub fn expect_text(&mut self) {
        self.text = Some(Vec::new());
    }

    /// Nothing more is expected of a `GS I`.
    pub fn forget_text(&mut self) {
        self.text = None;
    }

    /// Takes one byte; gives what it completes. A push that another answer breaks off is dropped.
    pub fn take(&mut self, byte: u8) -> Option<Answer> {
        if let Some(text) = &mut self.text
            && (byte == b'_' || !text.is_empty())
        {
            return self.take_text(byte);
        }
        if byte & 0b1001_0000 == 0 {
            if self.push.is_empty() {
                return Some(Answer::Queued(byte));
            }
            self.push.push(byte);
            let Ok(whole) = <[u8; 4]>::try_from(self.push.as_slice()) else { return None };
            self.push.clear();
            return Some(Answer::Pushed(pushed(whole)));
        }
        match byte & 0b1001_0011 {
            0b0001_0010 => {
                self.push.clear();
                Some(Answer::RealTime(byte))
            }
            0b0001_0000 => {
                self.push = vec![byte];
                None
            }
            // Flow control may stand between the bytes of a push.
            _ => Some(Answer::Noise(byte)),
        }
    }

    fn take_text(&mut self, byte: u8) -> Option<Answer> {
        let text = self.text.as_mut()?;
        if byte != 0 && text.len() <= TEXT_LIMIT {
            text.push(byte);
            return None;
        }
        let text = self.text.take()?;
        let shown = text.iter().skip(1).filter(|byte| (0x20..0x7f).contains(*byte)).map(|byte| char::from(*byte)).collect();
        Some(Answer::Text(shown))
    }
}

fn pushed([printer, error, paper, _]: [u8; 4]) -> PrinterStatus {
    PrinterStatus {
        known: true,
        online: printer & 0x08 == 0,
        cover_open: printer & 0x20 != 0,
        paper_out: paper & 0x0c == 0x0c,
        near_end: paper & 0x03 == 0x03,
        error: error & (0x08 | 0x20 | 0x40) != 0,
    }
}

/// `GS I n`: asks for a text about the printer, 66 its maker, 67 its model.
pub fn ask_text(n: u8) -> [u8; 3] {
    [0x1d, b'I', n]
}

/// A part of a job that begins and ends between two commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Rows of paper that it takes.
    pub rows: u32,
}

/// The commands that print `sheet` and cut, in parts, without any request for status.
///
/// # Errors
/// [`DeviceError::Rejected`] when a picture is empty or wider than the command can say, or a QR's text is too long for it.
pub fn segments(sheet: &Sheet) -> Result<Vec<Segment>, DeviceError> {
    if sheet.pieces.is_empty() {
        return Err(DeviceError::Rejected("an empty slip cannot be printed".to_owned()));
    }
    let mut segments = vec![Segment { bytes: INITIALISE.to_vec(), rows: 0 }];
    for piece in &sheet.pieces {
        match piece {
            Piece::Picture(image) => segments.extend(bands(image)?),
            Piece::Qr { text, module, rows } => segments.push(Segment { bytes: native_qr(text, *module)?, rows: *rows }),
        }
    }
    let mut end = vec![0x1b, b'd', FEED_LINES];
    end.extend(CUT);
    segments.push(Segment { bytes: end, rows: 24 * u32::from(FEED_LINES) });
    Ok(segments)
}

/// Bytes that go to the printer for `sheet`, without requests for status.
///
/// # Errors
/// As [`segments`].
pub fn job_bytes(sheet: &Sheet) -> Result<usize, DeviceError> {
    Ok(segments(sheet)?.iter().map(|segment| segment.bytes.len()).sum())
}

/// `GS v 0` in bands as wide as their ink. Blank rows are bands one byte wide: they feed exactly as far as rows of dots do,
/// which `ESC J` does not on printers whose motion unit is not the dot.
fn bands(image: &GrayImage) -> Result<Vec<Segment>, DeviceError> {
    if image.width() == 0 || image.height() == 0 {
        return Err(DeviceError::Rejected("an empty image cannot be printed".to_owned()));
    }
    if u16::try_from(image.width().div_ceil(8)).is_err() {
        return Err(DeviceError::Rejected(format!("an image {} dots wide cannot be printed", image.width())));
    }
    let rows: Vec<Vec<u8>> = (0..image.height()).map(|y| row_bits(image, y)).collect();
    let mut rest = rows.as_slice();
    let mut bands = Vec::new();
    while !rest.is_empty() {
        let blank = rest.iter().take_while(|row| row.is_empty()).count();
        let count = if blank >= BLANK_ROWS { blank.min(usize::from(u16::MAX)) } else { inked_rows(rest) };
        let (band, behind) = rest.split_at(count.clamp(1, rest.len()));
        bands.push(raster(band));
        rest = behind;
    }
    Ok(bands)
}

/// Rows up to the next long blank, at most a band's.
fn inked_rows(rows: &[Vec<u8>]) -> usize {
    let limit = rows.len().min(BAND_ROWS);
    let begins_blank = |at: &usize| rows.get(*at..at + BLANK_ROWS).is_some_and(|rows| rows.iter().all(Vec::is_empty));
    (1..limit).find(begins_blank).unwrap_or(limit)
}

fn raster(rows: &[Vec<u8>]) -> Segment {
    let across = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut bytes = vec![0x1d, b'v', b'0', 0];
    bytes.extend((across as u16).to_le_bytes());
    bytes.extend((rows.len() as u16).to_le_bytes());
    for row in rows {
        bytes.extend(row);
        bytes.resize(bytes.len() + across - row.len(), 0);
    }
    Segment { bytes, rows: rows.len() as u32 }
}

/// One row, eight dots a byte, the first dot in the highest bit, up to its last ink.
fn row_bits(image: &GrayImage, y: u32) -> Vec<u8> {
    let mut bits = Vec::new();
    for x in (0..image.width()).filter(|x| image.get_pixel(*x, y).0[0] < 128) {
        bits.resize(x as usize / 8 + 1, 0);
        if let Some(last) = bits.last_mut() {
            *last |= 0x80 >> (x % 8);
        }
    }
    bits
}

/// `GS ( k`: model 2, module size, error correction M, store, print; centred.
fn native_qr(text: &str, module: u8) -> Result<Vec<u8>, DeviceError> {
    let Ok(length) = u16::try_from(text.len() + 3) else {
        return Err(DeviceError::Rejected(format!("a QR of {} bytes is too long for the printer", text.len())));
    };
    let mut bytes = vec![0x1b, b'a', 1];
    bytes.extend([0x1d, b'(', b'k', 4, 0, 49, 65, 50, 0]);
    bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 67, module]);
    bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 69, 49]);
    bytes.extend([0x1d, b'(', b'k']);
    bytes.extend(length.to_le_bytes());
    bytes.extend([49, 80, 48]);
    bytes.extend(text.bytes());
    bytes.extend([0x1d, b'(', b'k', 3, 0, 49, 81, 48]);
    bytes.extend([0x1b, b'a', 0]);
    Ok(bytes)
}

/// Maker and model out of an IEEE 1284 device id (`MFG:EPSON;MDL:TM-T20;…`, short or long keys); empty when it names neither.
pub fn maker_and_model(id: &str) -> String {
    let value = |keys: [&str; 2]| {
        let mut pairs = id.split(';').filter_map(|pair| pair.split_once(':'));
        pairs.find(|(key, _)| keys.contains(&key.trim())).map(|(_, value)| value.trim().to_owned())
    };
    let parts = [value(["MFG", "MANUFACTURER"]), value(["MDL", "MODEL"])];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
