//! How good the picture of a side is: each fault as a number with its unit, and which of them are too large (R55).
//!
//! With the default limits, on 105 drawn pages of ten kinds (200 and 300 dpi; seals, tables, frames, leaders, a photo), tried by hand:
//!
//! | pages | told |
//! |---|---|
//! | 40 clean or lightly worn (up to 1.8 degrees askew) | none has a fault |
//! | 20 badly worn (2.2 to 5 degrees, shadows, noise, show-through) | 16 crooked, which are all above 2.5 degrees; nothing else |
//! | those 60, and 2 more, upside down | all upside down |
//! | 2 on their side, 4 with an edge cut off (the paper is shorter), 2 dark, 2 with 100 dpi | all, and the dark ones' real skew |
//! | 12 askew by 0 to 10 degrees | the 8 from 3 degrees on, each within 0.1 degrees |
//! | 6 out of focus (spread of 2, 4 and 7 points at 300 dpi) | the 4 from 4 points on |
//! | 11 blank (worn, show-through, punch holes, a page number), a lone seal, a lone signature, 2 with 72 dpi in the header of a whole page | no fault |
//!
//! Not told: a cut between two lines of text in a picture that has a whole sheet's size (a scanner that always delivers A4), a
//! picture enlarged by two or without smoothing. All pages were drawn and their
//! damage computed: how the limits do on a scanner's own faults is for the office to see, so they can be set.
//!
//! Of a page of A4 at 300 dpi it takes about 55 ms beyond decoding and the look for blankness, of A3 at 600 dpi 95 MB in all.

mod crop;
mod fingerprint;
mod frame;
mod grid;
mod lines;
mod sharp;

pub use crop::paper_area;
pub use fingerprint::{Fingerprint, repeated};
pub(crate) use frame::Border;

use motcua_model::pages::{PageFault, PageLimits};

use crate::gray::Gray;
use crate::jpeg::{self, PageError};
use crate::page::{Inspection, faint_writing, is_blank};

/// What was measured on one side. A number that the side does not show, as the skew of a blank one, is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measures {
    /// Dots an inch that the picture's size stands for: the header's where it can be true, or those asked of the scanner.
    pub dpi: u16,
    /// Dots an inch that the sensor saw, where the picture was enlarged since; else as `dpi`. Enlarging by two leaves no trace.
    pub real_dpi: u16,
    /// How far the lines run down to the right, in degrees, within 15 either way.
    pub skew_degrees: Option<f32>,
    /// From paper to ink at the edges of letters, in millimetres.
    pub edge_mm: Option<f32>,
    /// Most strokes that end at one edge of the picture.
    pub cut_strokes: u32,
    /// The paper is a sheet of A3, A4 or A5 of which a part is missing. A cut between two lines of text shows only so.
    pub cut_paper: bool,
    /// Dark border, in thousandths of the picture.
    pub border_per_mille: u32,
    /// Ink darker than paper, in hundredths of full black.
    pub contrast_percent: Option<u32>,
    /// 1 all letters upright, -1 all upside down.
    pub upright: Option<f32>,
    /// Ink that forms lines along the page's height against ink that forms lines along its width.
    pub sideways: Option<f32>,
}

/// One side, looked at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Size, and whether anything is written.
    pub inspection: Inspection,
    /// The numbers.
    pub measures: Measures,
    /// What is too much, in the order of [`PageFault::ALL`]; [`PageFault::Repeated`] takes two sides and is never among them.
    pub faults: Vec<PageFault>,
    /// To know the side again; none of one on which too little is written.
    pub fingerprint: Option<Fingerprint>,
}

/// Decodes a side once and measures it. `asked_dpi` was asked of the scanner.
///
/// # Errors
/// When the bytes are no JPEG, end early or are damaged: the side must be scanned again.
pub fn judge(jpeg: &[u8], asked_dpi: u16, limits: &PageLimits) -> Result<Judged, PageError> {
    let (frame, pixels) = jpeg::decode_luma(jpeg)?;
    let gray = Gray { width: frame.width as usize, height: frame.height as usize, pixels };
    let dpi = frame::dpi_of(jpeg, frame.width, frame.height, asked_dpi).clamp(50, 1200);
    let inspection = Inspection { width: frame.width, height: frame.height, blank: is_blank(&gray) };
    let (measures, fingerprint) = measure(&gray, dpi, inspection.blank);
    Ok(Judged { inspection, measures, faults: faults(&measures, limits), fingerprint })
}

/// Narrower than 10 mm is no page.
const LEAST_SIDE: usize = 30;

/// All but the letters' edges is measured on copies with about 150 and about 75 points an inch.
fn measure(gray: &Gray, dpi: u16, blank: bool) -> (Measures, Option<Fingerprint>) {
    let (half, half_dpi) = halved(gray, dpi);
    let small_factor = small_factor(half_dpi);
    let small = half.reduced(small_factor);
    let mut measures = Measures { dpi, real_dpi: dpi, ..Measures::default() };
    if small.width.min(small.height) < LEAST_SIDE {
        return (measures, None);
    }
    let border = frame::Border::of(&small);
    measures.border_per_mille = border.per_mille;
    if blank {
        measures.contrast_percent = faint_writing(gray).map(|ink| sharp::contrast(&ink.gray, &ink.even)).map(percent);
        return (measures, None);
    }

    let mut even = half.evened((half_dpi / 8).max(4), 70, 205);
    measures.cut_paper = frame::cut_paper(gray.width as u32, gray.height as u32, dpi);
    measures.cut_strokes = frame::cut_strokes(&even, half_dpi);
    border.wipe(&mut even, small_factor);
    let small_even = even.reduced(small_factor);

    let across = lines::lines(&even, &small_even, half_dpi);
    let along = lines::lines(&even.transposed(), &small_even.transposed(), half_dpi);
    measures.sideways = sideways(&across, &along);
    let written = measures.sideways.is_some();
    measures.skew_degrees = written.then_some(if lies(&measures) { -along.skew_degrees } else { across.skew_degrees });
    measures.upright = across.upright.filter(|_| across.enough && !lies(&measures));

    let contrast = sharp::contrast(&half, &even);
    measures.contrast_percent = Some(percent(contrast));
    if let Some(edge_px) = sharp::edge_px(gray, contrast, dpi) {
        measures.edge_mm = Some(edge_px * 25.4 / f32::from(dpi));
        // Along upright lines: the distance of lines from each other is another period.
        if !lies(&measures) {
            measures.real_dpi = (f32::from(dpi) / grid::enlarged(gray, dpi, edge_px)) as u16;
        }
    }
    (measures, written.then(|| Fingerprint::of(&small_even, across.skew_degrees)))
}

/// A copy with about 150 points an inch, and how many it has.
fn halved(gray: &Gray, dpi: u16) -> (Gray, usize) {
    let factor = (usize::from(dpi) / 150).max(1);
    (gray.reduced(factor), usize::from(dpi) / factor)
}

/// What leaves about 75 points an inch of it.
fn small_factor(half_dpi: usize) -> usize {
    ((half_dpi + 37) / 75).max(1)
}

/// As [`Measures::sideways`].
fn sideways(across: &lines::Lines, along: &lines::Lines) -> Option<f32> {
    (across.enough || along.enough).then(|| along.text / across.text.max(0.01))
}

fn percent(levels: u8) -> u32 {
    u32::from(levels) * 100 / 255
}

/// Upright pages stay below 0.7, one with a black border at 1.0, pages on their side are above 1.5.
const ON_SIDE: f32 = 1.25;

fn lies(measures: &Measures) -> bool {
    measures.sideways.is_some_and(|sideways| sideways > ON_SIDE)
}

/// Upright pages are above 0.1, most above 0.3; the same turned are below -0.09.
const UPSIDE_DOWN: f32 = -0.06;

/// Whether the letters of a cleaned, level page look upside down; of a blurred one that is a guess.
pub(crate) fn stands_on_its_head(level: &Gray, dpi: u16) -> bool {
    let (half, half_dpi) = halved(level, dpi);
    lines::upright(&half, half_dpi).is_some_and(|upright| upright < UPSIDE_DOWN)
}

/// Whether the lines of an evened page run along its height. A page that lies in landscape, its lines along its width, does not.
pub(crate) fn lies_on_its_side(even: &Gray, dpi: u16) -> bool {
    let (half, half_dpi) = halved(even, dpi);
    let small = half.reduced(small_factor(half_dpi));
    let across = lines::lines(&half, &small, half_dpi);
    // Whatever stands along the height, it cannot be so much more. This spares most pages the second look.
    if across.text * ON_SIDE >= 1.0 {
        return false;
    }
    let along = lines::lines(&half.transposed(), &small.transposed(), half_dpi);
    sideways(&across, &along).is_some_and(|sideways| sideways > ON_SIDE)
}

fn faults(measures: &Measures, limits: &PageLimits) -> Vec<PageFault> {
    let is = |fault: &PageFault| match fault {
        PageFault::UpsideDown => measures.upright.is_some_and(|upright| upright < UPSIDE_DOWN) && !blurred(measures, limits),
        PageFault::Sideways => lies(measures),
        PageFault::Crooked => measures.skew_degrees.is_some_and(|skew| skew.abs() * 10.0 > f32::from(limits.skew_tenths)),
        PageFault::Cut => measures.cut_paper || measures.cut_strokes >= u32::from(limits.cut_strokes),
        PageFault::DarkBorder => measures.border_per_mille > u32::from(limits.border_per_mille),
        PageFault::Pale => measures.contrast_percent.is_some_and(|contrast| contrast < u32::from(limits.contrast_percent)),
        // Too few dots make soft edges too; their sentence says more.
        PageFault::Blurred => blurred(measures, limits) && !coarse(measures, limits),
        PageFault::Coarse => coarse(measures, limits),
        PageFault::Repeated => false,
    };
    PageFault::ALL.into_iter().filter(is).collect()
}

fn blurred(measures: &Measures, limits: &PageLimits) -> bool {
    measures.edge_mm.is_some_and(|edge| edge * 100.0 > f32::from(limits.blur_hundredths_mm))
}

fn coarse(measures: &Measures, limits: &PageLimits) -> bool {
    measures.real_dpi < limits.least_dpi
}
