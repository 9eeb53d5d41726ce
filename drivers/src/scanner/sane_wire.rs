//! The frames that the worker process `motcua-sane` writes and the agent reads. Pure.
//!
//! A frame is one letter for its kind, the length of its body (4 bytes, big-endian) and the body.

use super::About;
use crate::{DeviceError, Human};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Longest lossless file of a page: A3 at 600 dpi in colour has 209 MB of pixels, and noise does not shrink.
pub const MASTER_LIMIT: usize = 256 << 20;
/// Longest page: A4 at 600 dpi in colour, hardly compressed.
const PAGE_LIMIT: usize = 64 << 20;
/// Longest body of any other frame.
const BODY_LIMIT: usize = 1 << 20;
/// Kind and length.
const HEAD: usize = 5;

/// A device as SANE lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// What `sane_open` takes, such as `epson2:libusb:001:004`; changes when the device is plugged in again.
    pub name: String,
    /// Maker.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Free text, such as "flatbed scanner".
    pub kind: String,
}

/// Why a job ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Who must act.
    pub error: DeviceError,
    /// See [`super::ScanFailure::unsure`].
    pub unsure: bool,
    /// See [`super::ScanFailure::damaged`].
    pub damaged: bool,
}

impl From<DeviceError> for Fault {
    fn from(error: DeviceError) -> Self {
        Self { error, unsure: false, damaged: false }
    }
}

/// One message of the worker.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// The devices that SANE found.
    Devices(Vec<Listed>),
    /// What the device is and can do.
    About(About),
    /// A page is on its way.
    Progress {
        /// Index of the page, from 0.
        page: u32,
        /// 0 to 100.
        percent: u8,
    },
    /// Bytes of a page still come, but nothing is known about how many are missing.
    Alive,
    /// The lossless file of the page that comes next: a PNG of the same pixels. Only where it was asked for.
    Master(Vec<u8>),
    /// A complete page: a JPEG file.
    Page(Vec<u8>),
    /// The last frame of a job without a fault.
    End {
        /// False when the job was cancelled.
        complete: bool,
    },
    /// The last frame of a job that failed.
    Fault(Fault),
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Devices(devices) => f.debug_tuple("Devices").field(devices).finish(),
            Self::About(about) => f.debug_tuple("About").field(about).finish(),
            Self::Progress { page, percent } => write!(f, "Progress {{ page: {page}, percent: {percent} }}"),
            Self::Alive => f.write_str("Alive"),
            Self::Master(png) => write!(f, "Master({} bytes)", png.len()),
            Self::Page(jpeg) => write!(f, "Page({} bytes)", jpeg.len()),
            Self::End { complete } => write!(f, "End {{ complete: {complete} }}"),
            Self::Fault(fault) => f.debug_tuple("Fault").field(fault).finish(),
        }
    }
}

impl Frame {
    /// The frame as it goes over the pipe: its head and its body. Pages are large, so they are lent and not copied.
    pub fn parts(&self) -> ([u8; HEAD], Cow<'_, [u8]>) {
        let (kind, body) = match self {
            Self::Devices(devices) => (b'L', Value::Array(devices.iter().map(listed_json).collect()).to_string().into_bytes().into()),
            Self::About(about) => (b'A', about_json(about).to_string().into_bytes().into()),
            Self::Progress { page, percent } => (b'P', [page.to_be_bytes().as_slice(), &[*percent]].concat().into()),
            Self::Alive => (b'R', Cow::default()),
            Self::Master(png) => (b'M', png.into()),
            Self::Page(jpeg) => (b'J', jpeg.into()),
            Self::End { complete } => (b'E', vec![u8::from(*complete)].into()),
            Self::Fault(fault) => (b'F', fault_body(fault).into()),
        };
        let [first, second, third, fourth] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        ([kind, first, second, third, fourth], body)
    }

    /// Both parts in one.
    pub fn encode(&self) -> Vec<u8> {
        let (head, body) = self.parts();
        [head.as_slice(), &body].concat()
    }

    fn decode(kind: u8, body: Vec<u8>) -> Option<Self> {
        Some(match kind {
            b'L' => Self::Devices(json_of(&body)?.as_array()?.iter().map(listed).collect::<Option<_>>()?),
            b'A' => Self::About(about(&json_of(&body)?)?),
            b'P' => {
                let (page, percent) = body.split_first_chunk::<4>()?;
                let [percent @ 0..=100] = percent else { return None };
                Self::Progress { page: u32::from_be_bytes(*page), percent: *percent }
            }
            b'R' if body.is_empty() => Self::Alive,
            b'M' => Self::Master(body),
            b'J' => Self::Page(body),
            b'E' => match body.as_slice() {
                [complete @ 0..=1] => Self::End { complete: *complete == 1 },
                _ => return None,
            },
            b'F' => Self::Fault(fault(&body)?),
            _ => return None,
        })
    }
}

/// Puts frames together from pieces of any size.
#[derive(Debug, Default)]
pub struct FrameReader {
    /// Kind and length of the frame whose body comes.
    head: Option<(u8, usize)>,
    buffer: Vec<u8>,
}

impl FrameReader {
    /// Takes bytes as they came from the pipe.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; none when bytes are missing.
    ///
    /// # Errors
    /// [`DeviceError::Protocol`] when the bytes are no frame; nothing after that can be read.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DeviceError> {
        let wrong = |what: &str| DeviceError::Protocol(format!("the SANE worker wrote {what}; is it of the agent's version?"));
        let (kind, length) = match self.head {
            Some(head) => head,
            None => {
                let Some([kind, length @ ..]) = self.buffer.first_chunk::<HEAD>() else { return Ok(None) };
                let (kind, length) = (*kind, usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX));
                let limit = match kind {
                    b'M' => MASTER_LIMIT,
                    b'J' => PAGE_LIMIT,
                    b'L' | b'A' | b'P' | b'R' | b'E' | b'F' => BODY_LIMIT,
                    _ => return Err(wrong("something that is no frame")),
                };
                if length > limit {
                    return Err(wrong("a frame that is too long"));
                }
                self.buffer.drain(..HEAD);
                // Growing by doubling would take a large page's room twice.
                self.buffer.reserve_exact(length.saturating_sub(self.buffer.len()));
                *self.head.insert((kind, length))
            }
        };
        if self.buffer.len() < length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(length);
        let body = std::mem::replace(&mut self.buffer, rest);
        self.head = None;
        Frame::decode(kind, body).map(Some).ok_or_else(|| wrong("a damaged frame"))
    }
}

fn json_of(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn listed_json(device: &Listed) -> Value {
    json!({ "name": device.name, "vendor": device.vendor, "model": device.model, "kind": device.kind })
}

fn listed(value: &Value) -> Option<Listed> {
    Some(Listed { name: text(value, "name")?, vendor: text(value, "vendor")?, model: text(value, "model")?, kind: text(value, "kind")? })
}

fn about_json(about: &About) -> Value {
    json!({
        "make_and_model": about.make_and_model,
        "address": about.address,
        "flatbed": about.flatbed,
        "feeder": about.feeder,
        "duplex": about.duplex,
        "colour": about.colour,
        "resolutions": about.resolutions,
    })
}

fn about(value: &Value) -> Option<About> {
    let flag = |key: &str| value.get(key)?.as_bool();
    let dpi = |value: &Value| value.as_u64().and_then(|dpi| u16::try_from(dpi).ok());
    Some(About {
        make_and_model: text(value, "make_and_model")?,
        address: text(value, "address")?,
        flatbed: flag("flatbed")?,
        feeder: flag("feeder")?,
        duplex: flag("duplex")?,
        colour: flag("colour")?,
        resolutions: value.get("resolutions")?.as_array()?.iter().map(dpi).collect::<Option<_>>()?,
    })
}

fn text(value: &Value, key: &str) -> Option<String> {
    Some(value.get(key)?.as_str()?.to_owned())
}

/// Kind of the error, unsure, damaged, then the text.
fn fault_body(fault: &Fault) -> Vec<u8> {
    let (kind, text) = match &fault.error {
        DeviceError::Disconnected(text) => (b'd', text.as_str()),
        DeviceError::Busy(text) => (b'b', text.as_str()),
        DeviceError::Rejected(text) => (b'r', text.as_str()),
        DeviceError::Protocol(text) => (b'p', text.as_str()),
        DeviceError::Timeout(text) => (b't', text.as_str()),
        DeviceError::NeedsHuman(human) => (human_letter(*human), ""),
    };
    [&[kind, u8::from(fault.unsure), u8::from(fault.damaged)], text.as_bytes()].concat()
}

fn fault(body: &[u8]) -> Option<Fault> {
    let ([kind, unsure @ 0..=1, damaged @ 0..=1], text) = body.split_first_chunk::<3>()? else { return None };
    let text = String::from_utf8_lossy(text).into_owned();
    let error = match kind {
        b'd' => DeviceError::Disconnected(text),
        b'b' => DeviceError::Busy(text),
        b'r' => DeviceError::Rejected(text),
        b'p' => DeviceError::Protocol(text),
        b't' => DeviceError::Timeout(text),
        letter => DeviceError::NeedsHuman(HUMANS.into_iter().find(|human| human_letter(*human) == *letter)?),
    };
    Some(Fault { error, unsure: *unsure == 1, damaged: *damaged == 1 })
}

const HUMANS: [Human; 6] = [Human::PaperOut, Human::Jam, Human::CoverOpen, Human::FeederEmpty, Human::DoubleFeed, Human::Other];

fn human_letter(human: Human) -> u8 {
    match human {
        Human::PaperOut => b'P',
        Human::Jam => b'J',
        Human::CoverOpen => b'C',
        Human::FeederEmpty => b'E',
        Human::DoubleFeed => b'D',
        Human::Other => b'O',
    }
}
