//! The documents of eSCL: bytes to types and back, and the verdict on how a batch ended. Pure.
//!
//! Elements are matched by local name: vendors differ in prefixes and even in namespaces.

use crate::{DeviceError, Human};
use roxmltree::{Document, Node};

/// Longest document taken from a scanner; the largest seen is 60 kB. The parser's time grows with the square of an element's
/// attributes: at 1 MB a single hostile answer held the agent up for minutes.
pub const DOCUMENT_LIMIT: usize = 128 << 10;
/// More jobs than [`DOCUMENT_LIMIT`] has room for, unless they lie one inside the other: each is searched whole.
const MOST_JOBS: usize = 1000;

/// What a scanner can do (`ScannerCapabilities`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Maker and model in one.
    pub make_and_model: String,
    /// Has a document feeder.
    pub feeder: bool,
    /// The feeder reads both sides.
    pub duplex: bool,
    /// Has a glass plate.
    pub flatbed: bool,
    /// Dots per inch, rising, of all sources together.
    pub resolutions: Vec<u16>,
    /// eSCL version, such as "2.63".
    pub version: String,
    /// Sheets that the feeder holds, when told.
    pub feeder_capacity: Option<u32>,
    /// Largest area of the feeder, or else of the glass, in 1/300 inch: width, height.
    pub max_area: Option<(u32, u32)>,
    /// Scans in colour.
    pub colour: bool,
    /// Scans in grey.
    pub gray: bool,
    /// Knows the format by its newer name too (`DocumentFormatExt`, eSCL 2.1).
    pub format_ext: bool,
}

/// State of the whole unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScannerState {
    /// Ready.
    Idle,
    /// Working for somebody.
    Processing,
    /// Calibrating.
    Testing,
    /// Stopped by an error.
    Stopped,
    /// Out of use.
    Down,
    /// A word that the standard does not know, or none.
    Other,
}

/// State of the feeder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdfState {
    /// Not told: no feeder, or no sensor.
    Absent,
    /// In order.
    Processing,
    /// No paper.
    Empty,
    /// Paper waits.
    Loaded,
    /// Jam.
    Jam,
    /// A sheet was not picked up.
    Mispick,
    /// Hatch or door open.
    HatchOpen,
    /// Two sheets at once.
    MultipickDetected,
    /// Sheet too short or too long for both sides.
    PageSize,
    /// The tray failed or holds too much.
    Tray,
    /// A word that the standard does not know.
    Other,
}

impl AdfState {
    /// What a person must do about it; none when the feeder is in order or empty.
    pub fn trouble(self) -> Option<Human> {
        match self {
            Self::Jam | Self::Mispick => Some(Human::Jam),
            Self::HatchOpen => Some(Human::CoverOpen),
            Self::MultipickDetected => Some(Human::DoubleFeed),
            Self::PageSize | Self::Tray => Some(Human::Other),
            Self::Absent | Self::Processing | Self::Empty | Self::Loaded | Self::Other => None,
        }
    }
}

/// State of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Not begun.
    Pending,
    /// At work.
    Processing,
    /// All pages delivered.
    Completed,
    /// Ended by a person or a client.
    Canceled,
    /// Ended by a fault.
    Aborted,
    /// A word that the standard does not know, or none.
    Other,
}

/// One job of `ScannerStatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// As the scanner writes it, absolute or relative.
    pub uri: String,
    /// Where it stands.
    pub state: JobState,
    /// Images done; some scanners count the failed one too.
    pub images_completed: Option<u32>,
    /// First reason; may be empty.
    pub reason: String,
}

/// `ScannerStatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannerStatus {
    /// The unit.
    pub state: ScannerState,
    /// The feeder.
    pub adf: AdfState,
    /// Jobs that the scanner remembers.
    pub jobs: Vec<Job>,
}

/// Where the paper lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the glass: one page.
    Flatbed,
    /// In the feeder: until it is empty.
    Feeder {
        /// Both sides.
        duplex: bool,
    },
}

/// What to scan and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanSettings {
    /// Where the paper lies.
    pub source: Source,
    /// Dots per inch; the nearest finer one that the scanner offers is used.
    pub dpi: u16,
    /// Colour or grey.
    pub colour: Colour,
}

/// Depth of a page's pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// 24-bit colour: what the state asks of administrative papers (TT 05/2025/TT-BNV Điều 8).
    #[default]
    Rgb24,
    /// 8-bit grey.
    Gray8,
}

/// Reads `ScannerCapabilities`.
///
/// # Errors
/// [`DeviceError::Protocol`] when the text is not such a document.
pub fn parse_capabilities(xml: &str) -> Result<Capabilities, DeviceError> {
    let document = parse(xml, "ScannerCapabilities")?;
    let root = document.root_element();
    let platen = find(root, "PlatenInputCaps");
    let simplex = find(root, "AdfSimplexInputCaps");
    let duplex = find(root, "AdfDuplexInputCaps");
    let option_duplex = all(root, "AdfOption").any(|option| text(option) == "Duplex");
    let area = simplex.or(duplex).or(platen).and_then(|caps| Some((number(caps, "MaxWidth")?, number(caps, "MaxHeight")?)));
    let modes: Vec<&str> = all(root, "ColorMode").map(text).collect();
    Ok(Capabilities {
        make_and_model: find(root, "MakeAndModel").map(text).unwrap_or_default().to_owned(),
        feeder: simplex.is_some() || duplex.is_some(),
        duplex: duplex.is_some() || (simplex.is_some() && option_duplex),
        flatbed: platen.is_some(),
        resolutions: resolutions(root),
        version: find(root, "Version").map(text).unwrap_or("2.0").to_owned(),
        feeder_capacity: number(root, "FeederCapacity"),
        max_area: area.filter(|(width, height)| *width > 0 && *height > 0),
        colour: modes.is_empty() || modes.contains(&"RGB24"),
        gray: modes.is_empty() || modes.contains(&"Grayscale8"),
        format_ext: find(root, "DocumentFormatExt").is_some(),
    })
}

fn resolutions(root: Node<'_, '_>) -> Vec<u16> {
    const COMMON: [u32; 8] = [75, 100, 150, 200, 240, 300, 400, 600];
    let discrete = all(root, "DiscreteResolution").filter_map(|node| number(node, "XResolution"));
    let ranges = all(root, "XResolutionRange").chain(all(root, "ResolutionRange")).flat_map(|range| {
        let (min, max) = (number(range, "Min").unwrap_or(1), number(range, "Max").unwrap_or(0));
        COMMON.into_iter().filter(move |dpi| (min..=max).contains(dpi))
    });
    let mut found: Vec<u16> = discrete.chain(ranges).filter_map(|dpi| u16::try_from(dpi).ok()).filter(|dpi| *dpi > 0).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Reads `ScannerStatus`.
///
/// # Errors
/// [`DeviceError::Protocol`] when the text is not such a document.
pub fn parse_status(xml: &str) -> Result<ScannerStatus, DeviceError> {
    let document = parse(xml, "ScannerStatus")?;
    let root = document.root_element();
    // Only a child of the root is the unit's state: jobs may carry states of their own.
    let state = root.children().find(|node| matches!(node.tag_name().name(), "State" | "ScannerState")).map(text);
    Ok(ScannerStatus {
        state: scanner_state(state.unwrap_or_default()),
        adf: find(root, "AdfState").map_or(AdfState::Absent, |node| adf_state(text(node))),
        jobs: all(root, "JobInfo").take(MOST_JOBS).map(job).collect(),
    })
}

fn job(node: Node<'_, '_>) -> Job {
    Job {
        uri: find(node, "JobUri").or_else(|| find(node, "JobUuid")).map(text).unwrap_or_default().to_owned(),
        state: job_state(find(node, "JobState").map(text).unwrap_or_default()),
        images_completed: number(node, "ImagesCompleted"),
        reason: find(node, "JobStateReason").map(text).unwrap_or_default().to_owned(),
    }
}

fn scanner_state(word: &str) -> ScannerState {
    match word {
        "Idle" => ScannerState::Idle,
        "Processing" => ScannerState::Processing,
        "Testing" => ScannerState::Testing,
        "Stopped" => ScannerState::Stopped,
        "Down" => ScannerState::Down,
        _ => ScannerState::Other,
    }
}

fn adf_state(word: &str) -> AdfState {
    // "ScannedAdf…" is what NAPS2's server writes; AirSane writes an empty word for "nothing to say".
    match word.trim_start_matches("Scanner").trim_start_matches("Scanned") {
        "" => AdfState::Absent,
        "AdfProcessing" => AdfState::Processing,
        "AdfEmpty" => AdfState::Empty,
        "AdfLoaded" => AdfState::Loaded,
        "AdfJam" => AdfState::Jam,
        "AdfMispick" => AdfState::Mispick,
        "AdfHatchOpen" | "AdfDoorOpen" => AdfState::HatchOpen,
        "AdfMultipickDetected" => AdfState::MultipickDetected,
        "AdfDuplexPageTooShort" | "AdfDuplexPageTooLong" => AdfState::PageSize,
        "AdfInputTrayFailed" | "AdfInputTrayOverloaded" => AdfState::Tray,
        _ => AdfState::Other,
    }
}

fn job_state(word: &str) -> JobState {
    match word {
        "Pending" => JobState::Pending,
        "Processing" => JobState::Processing,
        "Completed" => JobState::Completed,
        "Canceled" | "Cancelled" => JobState::Canceled,
        "Aborted" => JobState::Aborted,
        _ => JobState::Other,
    }
}

/// What `ScannerStatus` says about the end of one's own job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All pages were delivered.
    Complete,
    /// The batch broke off.
    Failed(DeviceError),
    /// The feeder is empty, yet the job says it still works: ask again before believing it.
    Ending,
    /// Not known yet.
    Unsettled,
}

/// Judges the end of the job `job_uri`: the rule that loses documents when it is wrong.
///
/// `Completed` stands above the feeder's state: the WorkCentre 3345 reports a jam whenever its feeder is empty.
pub fn verdict(status: &ScannerStatus, job_uri: &str) -> Verdict {
    let own = status.jobs.iter().find(|job| same_job(&job.uri, job_uri));
    match own.map_or(JobState::Other, |job| job.state) {
        JobState::Completed => Verdict::Complete,
        JobState::Aborted => {
            let reason = own.map(|job| job.reason.as_str()).unwrap_or_default();
            Verdict::Failed(DeviceError::NeedsHuman(status.adf.trouble().unwrap_or_else(|| human_of(reason))))
        }
        JobState::Canceled => Verdict::Failed(match status.adf.trouble() {
            Some(human) => DeviceError::NeedsHuman(human),
            None => DeviceError::Rejected("the job was cancelled at the scanner; start the scan again".to_owned()),
        }),
        state @ (JobState::Pending | JobState::Processing | JobState::Other) => match (status.adf.trouble(), status.adf) {
            (Some(human), _) => Verdict::Failed(DeviceError::NeedsHuman(human)),
            (None, AdfState::Empty) if state == JobState::Other => Verdict::Complete,
            (None, AdfState::Empty) => Verdict::Ending,
            (None, _) => Verdict::Unsettled,
        },
    }
}

fn human_of(reason: &str) -> Human {
    let reason = reason.to_ascii_lowercase();
    if reason.contains("jam") {
        Human::Jam
    } else if reason.contains("cover") || reason.contains("hatch") || reason.contains("door") {
        Human::CoverOpen
    } else if reason.contains("multipick") || reason.contains("doublefeed") {
        Human::DoubleFeed
    } else {
        Human::Other
    }
}

/// True when two spellings (absolute, relative, with `urn:uuid:`) name one job: their last segment is the same.
pub fn same_job(a: &str, b: &str) -> bool {
    let last = |uri: &str| uri.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
    !last(a).is_empty() && last(a) == last(b)
}

/// Writes `scan:ScanSettings`: A4 as JPEG, in the colours asked for where the scanner can.
pub fn settings_xml(settings: &ScanSettings, capabilities: &Capabilities) -> String {
    let colour = match settings.colour {
        Colour::Rgb24 if capabilities.colour => "RGB24",
        Colour::Gray8 if !capabilities.gray => "RGB24",
        Colour::Rgb24 | Colour::Gray8 => "Grayscale8",
    };
    let ext = if capabilities.format_ext { "<scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt>" } else { "" };
    let (max_width, max_height) = capabilities.max_area.unwrap_or((2480, 3508));
    let (source, duplex) = match settings.source {
        Source::Flatbed => ("Platen", ""),
        Source::Feeder { duplex: false } => ("Feeder", "<scan:Duplex>false</scan:Duplex>"),
        Source::Feeder { duplex: true } => ("Feeder", "<scan:Duplex>true</scan:Duplex>"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <scan:ScanSettings xmlns:pwg=\"http://www.pwg.org/schemas/2010/12/sm\" xmlns:scan=\"http://schemas.hp.com/imaging/escl/2011/05/03\">\
         <pwg:Version>{version}</pwg:Version>\
         <pwg:ScanRegions><pwg:ScanRegion>\
         <pwg:ContentRegionUnits>escl:ThreeHundredthsOfInches</pwg:ContentRegionUnits>\
         <pwg:XOffset>0</pwg:XOffset><pwg:YOffset>0</pwg:YOffset>\
         <pwg:Width>{width}</pwg:Width><pwg:Height>{height}</pwg:Height>\
         </pwg:ScanRegion></pwg:ScanRegions>\
         <pwg:InputSource>{source}</pwg:InputSource>\
         <scan:ColorMode>{colour}</scan:ColorMode>\
         <pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat>\
         {ext}\
         <scan:XResolution>{dpi}</scan:XResolution><scan:YResolution>{dpi}</scan:YResolution>\
         {duplex}</scan:ScanSettings>",
        version = if is_version(&capabilities.version) { &capabilities.version } else { "2.0" },
        width = max_width.min(2480),
        height = max_height.min(3508),
        dpi = offered_dpi(settings.dpi, &capabilities.resolutions),
    )
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.len() < 10 && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn offered_dpi(wanted: u16, offered: &[u16]) -> u16 {
    offered.iter().copied().find(|dpi| *dpi >= wanted).or(offered.last().copied()).unwrap_or(wanted)
}

/// The JPEG file in a body, without the padding that some scanners append; none when it is not complete: no frame with a picture
/// in it, no scan, or no end (ITU-T T.81 annex B). The picture's own bits are left to the decoder.
pub fn complete_jpeg(mut body: Vec<u8>) -> Option<Vec<u8>> {
    let padding = body.iter().rev().take_while(|byte| matches!(byte, 0 | b'\r' | b'\n')).count();
    body.truncate(body.len() - padding);
    (body.starts_with(&[0xff, 0xd8]) && body.ends_with(&[0xff, 0xd9]) && has_frame_and_scan(&body)).then_some(body)
}

fn has_frame_and_scan(jpeg: &[u8]) -> bool {
    const SOS: u8 = 0xda;
    let mut frame = false;
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let [0xff, marker, after @ ..] = rest {
        let segment = match (marker, after) {
            // Any number of fill bytes may stand before a marker.
            (0xff, _) => {
                rest = &rest[1..];
                continue;
            }
            (_, [high, low, ..]) => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return false,
        };
        let Some(content) = after.get(2..segment) else { return false };
        match *marker {
            SOS => return frame,
            // Tables, and what is no frame among the numbers of frames.
            0xc4 | 0xc8 | 0xcc => {}
            // Height 0 means that it comes after the scan (DNL).
            0xc0..=0xcf => frame = matches!(content, [_, _, _, wide, narrow, ..] if u16::from_be_bytes([*wide, *narrow]) > 0),
            _ => {}
        }
        rest = after.get(segment..).unwrap_or_default();
    }
    false
}

fn parse<'a>(xml: &'a str, root: &str) -> Result<Document<'a>, DeviceError> {
    let xml = xml.trim_start_matches('\u{feff}').trim();
    let document = Document::parse(xml).map_err(|error| DeviceError::Protocol(format!("{root} is not XML: {error}")))?;
    if document.root_element().tag_name().name() == root {
        Ok(document)
    } else {
        Err(DeviceError::Protocol(format!("the scanner sent <{}> where {root} was asked for", document.root_element().tag_name().name())))
    }
}

fn all<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.descendants().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn find<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    all(node, name).next()
}

fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

fn number(node: Node<'_, '_>, name: &'static str) -> Option<u32> {
    find(node, name).and_then(|child| text(child).parse().ok())
}
