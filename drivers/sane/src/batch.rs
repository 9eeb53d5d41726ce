//! One job: all pages of the feeder, or one of the glass.

use crate::device::Device;
use crate::fault;
use crate::ffi::{Parameters, Status};
use crate::output::Output;
use crate::picture::{Pass, Picture};
use crate::stop::Stop;
use motcua_drivers::scanner::sane_wire::{Fault, Frame};
use motcua_drivers::scanner::{ScanSettings, Source};
use motcua_drivers::{DeviceError, Human};

/// As scanimage reads.
const PIECE: usize = 32 << 10;
/// A4 at 600 dpi with 16 bits a sample needs 209 MB.
const RAW_LIMIT: usize = 512 << 20;
/// No feeder holds so many; a backend that never says "empty" ends here.
const MOST_PAGES: u32 = 2000;

/// How a job ended without a fault.
pub(crate) enum Ending {
    Complete,
    Cancelled,
}

/// One side as it goes to the agent.
struct Side {
    jpeg: Vec<u8>,
    /// Lossless; where it was asked for.
    master: Option<Vec<u8>>,
}

/// Why a page did not come.
enum NoPage {
    /// The scanner says that there is none. Not an end yet: that depends on how many came before.
    Empty(Status),
    Cancelled,
    Failed(Fault),
}

/// Scans to the end. The caller cancels the job at the device afterwards, whatever the result.
pub(crate) fn run(device: &mut Device, settings: &ScanSettings, master: bool, output: &mut Output, stop: &Stop) -> Result<Ending, Fault> {
    let dpi = device.set_up(settings)?;
    for page in 0..MOST_PAGES {
        let side = match next_page(device, page, (dpi, master), output, stop) {
            Ok(side) => side,
            Err(NoPage::Cancelled) => return Ok(Ending::Cancelled),
            Err(NoPage::Failed(fault)) => return Err(fault),
            Err(NoPage::Empty(_)) if page > 0 => return Ok(Ending::Complete),
            Err(NoPage::Empty(status)) => return Err(first_page_missing(settings.source, status).into()),
        };
        let mut frames = side.master.map(Frame::Master).into_iter().chain([Frame::Page(side.jpeg)]);
        frames.try_for_each(|frame| output.send(&frame)).map_err(|error| broken(&format!("handing over a page: {error}")))?;
        if settings.source == Source::Flatbed {
            return Ok(Ending::Complete);
        }
    }
    Err(Fault { unsure: true, ..broken(&format!("the feeder is not empty after {MOST_PAGES} pages; scan in smaller batches")) })
}

fn first_page_missing(source: Source, status: Status) -> DeviceError {
    match source {
        Source::Feeder { .. } => DeviceError::NeedsHuman(Human::FeederEmpty),
        Source::Flatbed => fault::of(status, "scanning from the glass"),
    }
}

fn next_page(device: &Device, page: u32, (dpi, master): (u16, bool), output: &mut Output, stop: &Stop) -> Result<Side, NoPage> {
    let mut passes = Vec::new();
    loop {
        let (pass, last) = next_pass(device, page, passes.len(), output, stop)?;
        passes.push(pass);
        if last || passes.len() > 3 {
            break;
        }
    }
    encode(passes, dpi, master).map_err(|cause| {
        let text = format!("page {} cannot be used: {cause}; scan that sheet again", page + 1);
        NoPage::Failed(Fault { error: DeviceError::Protocol(text), unsure: false, damaged: true })
    })
}

fn encode(passes: Vec<Pass>, dpi: u16, master: bool) -> Result<Side, String> {
    let picture = Picture::of(passes, dpi)?;
    Ok(Side { jpeg: picture.jpeg()?, master: if master { Some(picture.png()?) } else { None } })
}

/// A whole page, or one colour of it; says whether it was the last.
fn next_pass(device: &Device, page: u32, before: usize, output: &mut Output, stop: &Stop) -> Result<(Pass, bool), NoPage> {
    let failed = |status, got: usize, doing: &str| match status {
        _ if stop.asked() => NoPage::Cancelled,
        Status::NO_DOCS if before == 0 && got == 0 => NoPage::Empty(status),
        status => NoPage::Failed(page_fault(device, status, doing, page > 0, before > 0 || got > 0)),
    };
    if stop.asked() {
        return Err(NoPage::Cancelled);
    }
    device.handle.start().map_err(|status| match status {
        // Backends without a feeder (pnm) end a batch like this.
        Status::EOF if before == 0 => NoPage::Empty(status),
        status => failed(status, 0, "starting a page"),
    })?;
    let parameters = device.handle.parameters().map_err(|status| failed(status, 0, "starting a page"))?;
    let whole = expected(&parameters);
    let mut data = Vec::with_capacity(whole.unwrap_or(0).min(RAW_LIMIT));
    let mut piece = vec![0; PIECE];
    loop {
        match device.handle.read(&mut piece) {
            Ok(count) => {
                let first = data.is_empty() && count > 0;
                data.extend_from_slice(piece.get(..count).unwrap_or_default());
                if data.len() > RAW_LIMIT {
                    return Err(NoPage::Failed(Fault { damaged: true, ..broken("a page without an end; scan that sheet again") }));
                }
                // Three passes are three thirds.
                let got = if first { 0 } else { data.len() };
                let sent = match (whole, parameters.last_frame() && before == 0) {
                    (Some(whole), true) => output.progress(page, got, Some(whole)),
                    (Some(whole), false) => output.progress(page, before * whole + got, Some(3 * whole)),
                    (None, _) => output.progress(page, got, None),
                };
                sent.map_err(|error| NoPage::Failed(broken(&format!("telling the agent: {error}"))))?;
            }
            Err(Status::EOF) => return Ok((Pass { parameters, data }, parameters.last_frame())),
            Err(status) => return Err(failed(status, data.len(), "reading a page")),
        }
        if stop.asked() {
            return Err(NoPage::Cancelled);
        }
    }
}

/// Bytes of a frame, where the scanner knows.
fn expected(parameters: &Parameters) -> Option<usize> {
    let lines = usize::try_from(parameters.lines).ok().filter(|lines| *lines > 0)?;
    lines.checked_mul(usize::try_from(parameters.bytes_per_line).ok()?)
}

fn page_fault(device: &Device, status: Status, doing: &str, after_pages: bool, damaged: bool) -> Fault {
    let mut error = fault::of(status, doing);
    // SANE has no status for it: backends that can tell (fujitsu) have a sensor beside the jam.
    if error == DeviceError::NeedsHuman(Human::Jam) && device.senses("double-feed") {
        error = DeviceError::NeedsHuman(Human::DoubleFeed);
    }
    // What a person must put right was seen by the scanner at this sheet; anything else leaves open what became of it.
    let unsure = !matches!(error, DeviceError::NeedsHuman(_)) && (after_pages || damaged);
    Fault { error, unsure, damaged }
}

fn broken(text: &str) -> Fault {
    DeviceError::Protocol(text.to_owned()).into()
}
