//! ESC/POS: commands and status bytes. Pure. Source: Epson's command reference, and what clones do (devices.md, 3).

use crate::{DeviceError, Human};
use image::GrayImage;

/// `ESC @`: forget the settings of whoever printed before.
pub const INITIALISE: [u8; 2] = [0x1b, b'@'];
/// `GS V B 0`: feed to the knife and cut partially.
pub const CUT: [u8; 4] = [0x1d, b'V', 66, 0];
/// `GS r 1`: a status request that queues behind the data, so its answer means "all before this is done".
pub const REPORT_WHEN_DONE: [u8; 3] = [0x1d, b'r', 1];
/// Rows in one `GS v 0`: small buffers refuse more.
const BAND_ROWS: u32 = 256;
/// Blank rows after the slip, so that the knife misses the last line.
const FEED_LINES: u8 = 3;

/// What `DLE EOT` told.
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

/// One byte from the printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To `DLE EOT` (0xx1xx10).
    RealTime(u8),
    /// First byte of an unasked status push (0xx1xx00), three more follow.
    Push,
    /// To `GS r` (0xx0xxxx); also the tail of a push.
    Queued(u8),
    /// XON, XOFF or noise.
    Noise,
}

/// Sorts a byte by the marker bits that Epson reserved for this.
pub fn sort_answer(byte: u8) -> Answer {
    if byte & 0b1001_0011 == 0b0001_0010 {
        Answer::RealTime(byte)
    } else if byte & 0b1001_0011 == 0b0001_0000 {
        Answer::Push
    } else if byte & 0b1001_0000 == 0 {
        Answer::Queued(byte)
    } else {
        Answer::Noise
    }
}

/// The bytes that print `image` and cut, without the closing status request.
///
/// # Errors
/// [`DeviceError::Rejected`] when the image is empty or wider than the command can say.
pub fn print_job(image: &GrayImage) -> Result<Vec<u8>, DeviceError> {
    let row_bytes = image.width().div_ceil(8);
    let Ok(columns) = u16::try_from(row_bytes) else {
        return Err(DeviceError::Rejected(format!("an image {} dots wide cannot be printed", image.width())));
    };
    if image.width() == 0 || image.height() == 0 {
        return Err(DeviceError::Rejected("an empty image cannot be printed".to_owned()));
    }
    let mut job = INITIALISE.to_vec();
    for top in (0..image.height()).step_by(BAND_ROWS as usize) {
        let rows = BAND_ROWS.min(image.height() - top);
        job.extend([0x1d, b'v', b'0', 0]);
        job.extend(columns.to_le_bytes());
        job.extend((rows as u16).to_le_bytes());
        for y in top..top + rows {
            job.extend((0..row_bytes).map(|column| eight_dots(image, column * 8, y)));
        }
    }
    job.extend([0x1b, b'd', FEED_LINES]);
    job.extend(CUT);
    Ok(job)
}

fn eight_dots(image: &GrayImage, left: u32, y: u32) -> u8 {
    (0..8).fold(0, |byte, n| {
        let dark = left + n < image.width() && image.get_pixel(left + n, y).0[0] < 128;
        byte << 1 | u8::from(dark)
    })
}
