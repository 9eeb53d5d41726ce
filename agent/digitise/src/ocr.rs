//! Vietnamese OCR on a warm Tesseract engine.

use std::fmt;
use std::path::Path;

use leptess::{LepTess, Variable};
use motcua_model::metadata::Area;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::clean::{Cleaned, clean, evened};
use crate::gray::Gray;
use crate::jpeg::PageError;
use crate::layout::in_reading_order;
use crate::quality::{lies_on_its_side, stands_on_its_head};

/// Why a page could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OcrError {
    /// Tesseract did not start with the language.
    #[error(
        "Tesseract has no model for the language {language:?}; install the package tesseract-ocr-{language} (Vietnamese: tesseract-ocr-vie) or name the folder with {language}.traineddata"
    )]
    NoModel {
        /// Tesseract's name of the language.
        language: String,
    },
    /// The page itself is unusable.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Tesseract gave up on the page.
    #[error("Tesseract failed while it {0}; start the recogniser anew and read the page again")]
    Engine(&'static str),
}

/// What stands on one page; [`PageText::default`] is a page without words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PageText {
    /// In reading order.
    pub words: Vec<Word>,
    /// How far the text lines run down to the right on the scan, in degrees: around 180 where it was scanned upside down, around 90 or
    /// -90 where on its side; the PDF levels the picture by it.
    pub skew_degrees: f32,
}

impl PageText {
    /// By how many quarters, counter-clockwise, the page is to be turned so that it stands upright: 0 to 3.
    pub(crate) fn quarters(&self) -> u8 {
        quarters(self.skew_degrees)
    }
}

/// The nearest number of quarter turns, 0 to 3.
pub(crate) fn quarters(degrees: f32) -> u8 {
    (degrees / 90.0).round().rem_euclid(4.0) as u8
}

/// One word and its box on the scan, in the scan's pixels from its upper left corner.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// In NFC.
    pub text: String,
    /// Left edge.
    pub left: u32,
    /// Upper edge.
    pub top: u32,
    /// Right edge, exclusive.
    pub right: u32,
    /// Lower edge, exclusive.
    pub bottom: u32,
    /// 0 to 100, as Tesseract rates it.
    pub confidence: f32,
    /// Words of one line share a number, counted from 0 down the page.
    pub line: u32,
}

impl Word {
    /// On a picture so many times finer.
    fn grown(self, times: u32) -> Self {
        let Self { left, top, right, bottom, .. } = self;
        Self { left: left * times, top: top * times, right: right * times, bottom: bottom * times, ..self }
    }
}

/// Without the text: it is personal data.
impl fmt::Debug for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text: _, left, top, right, bottom, confidence, line } = self;
        write!(formatter, "Word({left}..{right} x {top}..{bottom}, line {line}, {confidence} %)")
    }
}

/// A warm Tesseract engine: make one per thread and keep it, loading the model takes longer than a page's preparation.
///
/// It reads a cleaned copy of the page: the red channel (seals fade), divided by the paper's brightness and stretched (shadows and
/// show-through vanish), levelled, without lines of tables and dotted leaders, at no more than 250 dpi. `make bench-digitise` measures
/// what comes out, beside OCRmyPDF.
pub struct Recognizer {
    engine: LepTess,
}

impl fmt::Debug for Recognizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Recognizer")
    }
}

impl Recognizer {
    /// Loads the model of a language (`vie`), from `tessdata` or from where the Debian package puts it.
    ///
    /// # Errors
    /// [`OcrError::NoModel`] when the model is not there.
    pub fn new(language: &str, tessdata: Option<&Path>) -> Result<Self, OcrError> {
        // 4: one column of text of varying sizes, which is what forms and letters are; 3 reads the columns of a form apart.
        Ok(Self { engine: engine(language, tessdata, &[(Variable::TesseditPagesegMode, "4")])? })
    }

    /// Reads one page scanned at `dpi`. A blank page gives no or few words; ask [`crate::inspect`] first.
    ///
    /// # Errors
    /// When the page is unusable or the engine fails on it.
    pub fn recognise(&mut self, jpeg: &[u8], dpi: u16) -> Result<PageText, OcrError> {
        let (even, coarser) = evened(jpeg, dpi)?;
        let dpi = dpi / coarser;
        let reading = if lies_on_its_side(&even, dpi) {
            let aside = self.read(even.clone().quarter_turned(1), dpi, true)?;
            let aside = Reading { skew_degrees: aside.skew_degrees + if aside.skew_degrees > 90.0 { -270.0 } else { 90.0 }, ..aside };
            // What has hardly a line, as a table of numbers, may look so and be upright.
            if aside.is_sure() { aside } else { better(aside, self.read(even, dpi, false)?) }
        } else {
            self.read(even, dpi, false)?
        };
        let Reading { words, skew_degrees, width, height } = reading;
        let turn = Turn::new(width as f32, height as f32, -skew_degrees);
        let words = in_reading_order(words).into_iter().map(|word| turned(word, turn).grown(u32::from(coarser))).collect();
        Ok(PageText { words, skew_degrees })
    }

    /// Reads an evened page whose lines run across, either way up; `doubtful`: it may be upside down though it does not look so.
    fn read(&mut self, even: Gray, dpi: u16, doubtful: bool) -> Result<Reading, OcrError> {
        let Cleaned { gray, skew_degrees } = clean(even, dpi);
        let (width, height, fine) = (gray.width, gray.height, usize::from(dpi.max(1)));
        let read_at = fine.min(READ_AT);
        let on_its_head = stands_on_its_head(&gray, dpi);
        let gray = if read_at < fine { gray.shrunk(read_at, fine) } else { gray };
        let grow = fine as f32 / read_at as f32;
        let mut reading = |upside_down: bool| {
            let (table, more) =
                if upside_down { (self.table(&gray.half_turned(), read_at), 180.0) } else { (self.table(&gray, read_at), 0.0) };
            table.map(|table| Reading { words: words(&table, grow), skew_degrees: skew_degrees + more, width, height })
        };
        let looked_at = reading(on_its_head)?;
        if !(on_its_head || doubtful) || looked_at.is_sure() {
            return Ok(looked_at);
        }
        // The look of letters may be wrong, of a blurred page it often is: what reads better is right.
        Ok(better(looked_at, reading(!on_its_head)?))
    }

    /// Tesseract's table of a picture's words.
    fn table(&mut self, gray: &Gray, dpi: usize) -> Result<String, OcrError> {
        self.engine.set_image_from_mem(&portable_graymap(gray)).map_err(|_| OcrError::Engine("took the picture"))?;
        self.engine.set_source_resolution(dpi as i32);
        if self.engine.recognize() != 0 {
            return Err(OcrError::Engine("read the page"));
        }
        let table = self.engine.get_tsv_text(0).map_err(|_| OcrError::Engine("wrote the words"))?;
        // It keeps picture and results until the next one, which may lie in memory as a scan meanwhile.
        self.engine.set_image_from_mem(b"P5\n1 1\n255\n\xFF").map_err(|_| OcrError::Engine("let go of the picture"))?;
        Ok(table)
    }
}

/// What was read of a page in one position.
struct Reading {
    /// On the picture that was read, as fine as the scan.
    words: Vec<Word>,
    /// Of the page as it lies.
    skew_degrees: f32,
    /// Of that picture.
    width: usize,
    height: usize,
}

impl Reading {
    /// Most letters were read well; of a page the wrong way round hardly any is.
    fn is_sure(&self) -> bool {
        let all = self.letters(0.0);
        all > 20 && self.letters(READ_WELL) * 2 > all
    }

    /// Of words surer than this.
    fn letters(&self, confidence: f32) -> usize {
        self.words.iter().filter(|word| word.confidence > confidence).map(|word| word.text.chars().count()).sum()
    }
}

/// Words surer than this were read well.
const READ_WELL: f32 = 70.0;

fn better(one: Reading, other: Reading) -> Reading {
    if other.letters(READ_WELL) > one.letters(READ_WELL) { other } else { one }
}

/// Tesseract with the model of a language, from `tessdata` or from where the Debian package puts it.
pub(crate) fn engine(language: &str, tessdata: Option<&Path>, settings: &[(Variable, &str)]) -> Result<LepTess, OcrError> {
    let no_model = || OcrError::NoModel { language: language.to_owned() };
    let folder = tessdata.map(|folder| folder.to_str().ok_or_else(no_model)).transpose()?;
    if language.contains('\0') || folder.is_some_and(|folder| folder.contains('\0')) {
        return Err(no_model());
    }
    let mut engine = LepTess::new(folder, language).map_err(|_| no_model())?;
    // Its remarks about pages ("Empty page!!") belong in no journal.
    for (variable, value) in settings.iter().chain(&[(Variable::DebugFile, "/dev/null")]) {
        engine.set_variable(*variable, value).map_err(|_| OcrError::Engine("was told how to read"))?;
    }
    Ok(engine)
}

/// Leptonica reads this without a codec.
pub(crate) fn portable_graymap(gray: &Gray) -> Vec<u8> {
    let mut bytes = format!("P5\n{} {}\n255\n", gray.width, gray.height).into_bytes();
    bytes.extend_from_slice(&gray.pixels);
    bytes
}

/// What Tesseract rates below this is pen strokes and specks, not words.
const NOISE: f32 = 20.0;

/// And of what has neither letter nor digit, below this: rests of frames, seals and pen strokes.
const SIGN: f32 = 70.0;

/// Finer copies are read worse, and slower: the letters are larger than those that the model has learned, and every speck is seen.
const READ_AT: usize = 250;

/// Reads Tesseract's table, of a picture that is `grow` times smaller than the scan: level, page, block, paragraph, line, word, left, top,
/// width, height, confidence, text.
fn words(table: &str, grow: f32) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut line_of_last = None;
    let mut line = 0;
    for row in table.lines() {
        let columns: Vec<&str> = row.splitn(12, '\t').collect();
        let ["5", _, block, paragraph, line_there, _, left, top, width, height, confidence, text] = columns[..] else { continue };
        let numbers = [left, top, width, height, confidence].map(|number| number.parse::<f32>().unwrap_or(0.0));
        let [left, top, width, height, confidence] = numbers;
        let text: String = text.trim().nfc().collect();
        if text.is_empty() || confidence < NOISE || (confidence < SIGN && !text.contains(char::is_alphanumeric)) {
            continue;
        }
        let line_here = Some((block, paragraph, line_there));
        if line_of_last.is_some() && line_of_last != line_here {
            line += 1;
        }
        line_of_last = line_here;
        let edge = |at: f32| (at * grow).round().max(0.0) as u32;
        words.push(Word {
            text,
            left: edge(left),
            top: edge(top),
            right: edge(left + width),
            bottom: edge(top + height),
            confidence,
            line,
        });
    }
    words
}

/// How sure the engine is of the words of these pages on average, 0 to 1 (ConfidenceLevel of CV 7197/BKHCN-CĐSQG); none without words.
pub fn confidence<'a>(pages: impl IntoIterator<Item = &'a PageText>) -> Option<f32> {
    let words = pages.into_iter().flat_map(|page| &page.words);
    let (sum, count) = words.fold((0.0, 0), |(sum, count), word| (sum + word.confidence, count + 1));
    (count > 0).then(|| sum / count as f32 / 100.0)
}

/// The box where the word stands on the scan.
fn turned(word: Word, back: Turn) -> Word {
    let [left, top, right, bottom] = back.edges(&word).map(|at| at.round().max(0.0) as u32);
    Word { left, top, right, bottom, ..word }
}

/// A turn about a picture's centre, onto a picture of the same sides: by about a quarter they change places.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    from: (f32, f32),
    to: (f32, f32),
    sin: f32,
    cos: f32,
    aside: bool,
}

impl Turn {
    /// Counter-clockwise as seen, with y running down.
    pub(crate) fn new(width: f32, height: f32, degrees: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (from, aside) = ((width / 2.0, height / 2.0), quarters(degrees) % 2 == 1);
        Self { from, to: if aside { (from.1, from.0) } else { from }, sin, cos, aside }
    }

    pub(crate) fn point(self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (x - self.from.0, y - self.from.1);
        (self.to.0 + dx * self.cos + dy * self.sin, self.to.1 - dx * self.sin + dy * self.cos)
    }

    /// Left, top, right and bottom of a word's box: its middle is turned, its size, at least a pixel either way, stays; by about a
    /// quarter, width and height change places.
    pub(crate) fn edges(self, word: &Word) -> [f32; 4] {
        let Word { left, top, right, bottom, .. } = *word;
        self.edges_of(Area { left, top, right, bottom })
    }

    /// As [`Turn::edges`], of any box.
    pub(crate) fn edges_of(self, area: Area) -> [f32; 4] {
        let (width, height) = (area.right.saturating_sub(area.left).max(1) as f32, area.bottom.saturating_sub(area.top).max(1) as f32);
        let (x, y) = self.point(area.left as f32 + width / 2.0, area.top as f32 + height / 2.0);
        let (width, height) = if self.aside { (height, width) } else { (width, height) };
        [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
    }
}
