//! The searchable PDF: PDF/A-2u with the scanner's own JPEGs and an invisible text layer.

mod xmp;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use motcua_model::metadata::{Area, PaperMetadata};
use pdf_writer::types::{CidFontType, FontFlags, OutputIntentSubtype, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::jpeg::{self, Frame, PageError};
use crate::ocr::{PageText, Turn, Word};
use crate::srgb;

/// One scanned side for [`searchable_pdf`].
#[derive(Clone, Copy)]
pub struct PdfPage<'a> {
    /// The scanner's bytes; they go into the PDF as they are.
    pub jpeg: &'a [u8],
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Dots per inch of the scan: gives the page its true size.
    pub dpi: u16,
    /// What stands on it; empty for a blank side.
    pub text: &'a PageText,
    /// The part of the scan that the page shows, in the scan's pixels, as [`paper_area`](crate::paper_area) finds it; none: all of it.
    pub crop: Option<Area>,
}

/// What the PDF says of itself.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// Title, as readers show it.
    pub title: &'a str,
    /// When the paper was scanned.
    pub created: Timestamp,
    /// What is known of the paper (R53), for the XMP.
    pub metadata: Option<&'a PaperMetadata>,
}

/// Why no PDF was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// A paper without sides.
    #[error("a PDF needs at least one page; scan the paper first")]
    NoPages,
    /// A side is unusable.
    #[error("page {number}: {source}")]
    Page {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        source: PageError,
    },
    /// The caller's figures are not the picture's.
    #[error("page {number} was noted as {width} x {height} pixels at {dpi} dpi but its picture is another; inspect the page again")]
    Mismatch {
        /// Counted from 1.
        number: usize,
        /// As the caller said.
        width: u32,
        /// As the caller said.
        height: u32,
        /// As the caller said.
        dpi: u16,
    },
}

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const METADATA: Ref = Ref::new(4);
const PROFILE: Ref = Ref::new(5);
const FONT: Ref = Ref::new(6);
const CID_FONT: Ref = Ref::new(7);
const DESCRIPTOR: Ref = Ref::new(8);
const FONT_FILE: Ref = Ref::new(9);
const GLYPHS: Ref = Ref::new(10);
const TO_UNICODE: Ref = Ref::new(11);
const FIRST_PAGE: i32 = 12;

const PRODUCER: &str = "Mot Cua Edge";
/// An empty glyph for every letter, half as wide as high: pdf.ttf of Tesseract 5.3, unchanged (Apache-2.0).
const GLYPHLESS: &[u8] = include_bytes!("glyphless.ttf");
const GLYPH_WIDTH: f32 = 500.0;

/// One PDF of a paper's sides, in the order given; blank sides are kept.
///
/// Each picture is turned level, and upright, by the skew that OCR found, by the page's matrix alone, and cropped by the page's box alone:
/// its bytes stay the scanner's.
/// What then lies outside the page is the scanner's backing beside the tilted sheet. The same input gives the same bytes.
///
/// # Errors
/// [`PdfError`], naming the page.
pub fn searchable_pdf(pages: &[PdfPage<'_>], about: About<'_>) -> Result<Vec<u8>, PdfError> {
    if pages.is_empty() {
        return Err(PdfError::NoPages);
    }
    let size = pages.iter().map(|page| page.jpeg.len()).sum::<usize>();
    let mut pdf = Pdf::with_capacity(size + 40_000 * (pages.len() + 1));
    let letters = Letters::of(pages);
    let mut kids = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let refs = PageRefs::of(index);
        let frame = checked(page, index + 1)?;
        write_page(&mut pdf, refs, page, frame, &letters);
        kids.push(refs.page);
    }
    pdf.pages(PAGES).count(kids.len() as i32).kids(kids);
    write_font(&mut pdf, &letters);
    write_document(&mut pdf, about);
    let id = file_id(pages, about);
    pdf.set_file_id((id.clone(), id));
    let mut bytes = pdf.finish();
    // A signature is appended behind this; without the newline the file would no longer be PDF/A (ISO 19005-2, 6.1.3).
    bytes.push(b'\n');
    Ok(bytes)
}

fn checked(page: &PdfPage<'_>, number: usize) -> Result<Frame, PdfError> {
    let frame = jpeg::frame(page.jpeg).map_err(|source| PdfError::Page { number, source })?;
    let outside = |crop: Area| {
        let Area { left, top, right, bottom } = crop;
        left >= right || top >= bottom || right > page.width || bottom > page.height
    };
    if (frame.width, frame.height) != (page.width, page.height) || page.dpi == 0 || page.crop.is_some_and(outside) {
        return Err(PdfError::Mismatch { number, width: page.width, height: page.height, dpi: page.dpi });
    }
    Ok(frame)
}

#[derive(Clone, Copy)]
struct PageRefs {
    page: Ref,
    content: Ref,
    image: Ref,
}

impl PageRefs {
    fn of(index: usize) -> Self {
        let first = FIRST_PAGE + 3 * index as i32;
        Self { page: Ref::new(first), content: Ref::new(first + 1), image: Ref::new(first + 2) }
    }
}

fn write_page(pdf: &mut Pdf, refs: PageRefs, page: &PdfPage<'_>, frame: Frame, letters: &Letters) {
    let sheet = Sheet::of(page);
    let mut content = Content::new();
    content.save_state().transform(sheet.picture());
    content.x_object(Name(b"I")).restore_state();
    if !page.text.words.is_empty() {
        write_text(&mut content, page, &sheet, letters);
    }
    pdf.stream(refs.content, &deflated(&content.finish())).filter(Filter::FlateDecode);

    let mut object = pdf.page(refs.page);
    object.parent(PAGES).media_box(Rect::new(0.0, 0.0, sheet.width, sheet.height)).contents(refs.content);
    let mut resources = object.resources();
    resources.x_objects().pair(Name(b"I"), refs.image);
    resources.fonts().pair(Name(b"F"), FONT);
    resources.finish();
    object.finish();

    let mut image = pdf.image_xobject(refs.image, page.jpeg);
    image.filter(Filter::DctDecode);
    image.width(page.width as i32).height(page.height as i32).bits_per_component(8);
    match frame.components {
        1 => image.color_space().device_gray(),
        _ => image.color_space().device_rgb(),
    }
}

/// Written to memory, so that it cannot fail.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6)
}

/// What a page shows of its levelled picture, in points.
struct Sheet {
    /// Of the picture as it was scanned.
    picture: (f32, f32),
    degrees: f32,
    level: Turn,
    points: f32,
    /// From the levelled picture's upper left corner.
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Sheet {
    fn of(page: &PdfPage<'_>) -> Self {
        let (points, degrees) = (72.0 / f32::from(page.dpi), page.text.skew_degrees);
        let level = Turn::new(page.width as f32, page.height as f32, degrees);
        let whole = Area { left: 0, top: 0, right: page.width, bottom: page.height };
        // A sheet that was found crooked is a little smaller when it is level.
        let [left, top, right, bottom] = level.edges_of(page.crop.unwrap_or(whole)).map(|edge| edge * points);
        let picture = (page.width as f32 * points, page.height as f32 * points);
        Self { picture, degrees, level, points, left, top, width: right - left, height: bottom - top }
    }

    /// The matrix that lays the picture below the page, turned counter-clockwise about its centre.
    fn picture(&self) -> [f32; 6] {
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let (width, height) = self.picture;
        let [a, b, c, d] = [width * cos, width * sin, -height * sin, height * cos];
        let (x, y) = self.level.point(width / self.points / 2.0, height / self.points / 2.0);
        let centre = self.place(x, y);
        [a, b, c, d, centre.0 - (a + c) / 2.0, centre.1 - (b + d) / 2.0]
    }

    /// Where a point of the levelled picture, in pixels, lies on the page.
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (x * self.points - self.left, self.height - (y * self.points - self.top))
    }
}

fn write_text(content: &mut Content, page: &PdfPage<'_>, sheet: &Sheet, letters: &Letters) {
    let points = sheet.points;
    content.begin_text().set_text_rendering_mode(TextRenderingMode::Invisible);
    for line in page.text.words.chunk_by(|one, next| one.line == next.line) {
        let boxes: Vec<LevelBox> = line.iter().map(|word| LevelBox::of(word, sheet.level)).collect();
        // One baseline and one size for the whole line, so that a selection is even and readers see one line.
        let size = median(boxes.iter().map(|one| one.height)) * points;
        let bottom = median(boxes.iter().map(|one| one.bottom));
        content.set_font(Name(b"F"), size);
        for (word, level) in line.iter().zip(&boxes) {
            let natural = word.text.chars().count() as f32 * size * GLYPH_WIDTH / 1000.0;
            let (left, baseline) = sheet.place(level.left, bottom);
            content.set_horizontal_scaling(100.0 * level.width * points / natural);
            content.set_text_matrix([1.0, 0.0, 0.0, 1.0, left, baseline]);
            content.show(Str(&letters.encode(&word.text)));
        }
    }
    content.end_text();
}

/// A word's box on the levelled page, in pixels.
struct LevelBox {
    left: f32,
    bottom: f32,
    width: f32,
    height: f32,
}

impl LevelBox {
    fn of(word: &Word, level: Turn) -> Self {
        let [left, top, right, bottom] = level.edges(word);
        Self { left, bottom, width: right - left, height: bottom - top }
    }
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(1.0)
}

/// The letters that the document uses, each with its number in the font.
struct Letters(BTreeMap<char, u16>);

impl Letters {
    fn of(pages: &[PdfPage<'_>]) -> Self {
        let mut letters = BTreeMap::from([(' ', 0)]);
        letters.extend(pages.iter().flat_map(|page| &page.text.words).flat_map(|word| word.text.chars()).map(|letter| (letter, 0)));
        for (number, place) in letters.values_mut().enumerate() {
            // 0 is the missing glyph, so letters start at 1.
            *place = u16::try_from(number + 1).unwrap_or(0);
        }
        Self(letters)
    }

    /// The word and the space behind it.
    fn encode(&self, word: &str) -> Vec<u8> {
        word.chars().chain([' ']).flat_map(|letter| self.0.get(&letter).copied().unwrap_or(0).to_be_bytes()).collect()
    }
}

fn write_font(pdf: &mut Pdf, letters: &Letters) {
    const NAME: Name<'_> = Name(b"GlyphLessFont");
    let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
    let mut font = pdf.type0_font(FONT);
    font.base_font(NAME).encoding_predefined(Name(b"Identity-H")).descendant_font(CID_FONT).to_unicode(TO_UNICODE);
    font.finish();

    let mut cid = pdf.cid_font(CID_FONT);
    cid.subtype(CidFontType::Type2).base_font(NAME).system_info(system).font_descriptor(DESCRIPTOR);
    cid.default_width(GLYPH_WIDTH).cid_to_gid_map_stream(GLYPHS);
    cid.finish();

    let mut descriptor = pdf.font_descriptor(DESCRIPTOR);
    descriptor.name(NAME).flags(FontFlags::FIXED_PITCH | FontFlags::SYMBOLIC).bbox(Rect::new(0.0, 0.0, GLYPH_WIDTH, 1000.0));
    descriptor.italic_angle(0.0).ascent(1000.0).descent(-1.0).cap_height(1000.0).stem_v(80.0).font_file2(FONT_FILE);
    descriptor.finish();
    pdf.stream(FONT_FILE, GLYPHLESS).pair(Name(b"Length1"), GLYPHLESS.len() as i32);

    // Every letter is drawn with the font's one empty glyph.
    let glyphs: Vec<u8> = (0..=letters.0.len()).flat_map(|number| u16::from(number > 0).to_be_bytes()).collect();
    pdf.stream(GLYPHS, &deflated(&glyphs)).filter(Filter::FlateDecode);

    let mut map = UnicodeCmap::new(Name(b"Adobe-Identity-UCS"), SystemInfo { ordering: Str(b"UCS"), ..system });
    for (letter, number) in &letters.0 {
        map.pair(*number, *letter);
    }
    pdf.cmap(TO_UNICODE, &deflated(&map.finish())).filter(Filter::FlateDecode);
}

fn write_document(pdf: &mut Pdf, about: About<'_>) {
    let local = about.created.to_zoned(TimeZone::fixed(tz::offset(7)));
    let part = |value: i8| u8::try_from(value).unwrap_or(0);
    let date = Date::new(u16::try_from(local.year()).unwrap_or(0))
        .month(part(local.month()))
        .day(part(local.day()))
        .hour(part(local.hour()))
        .minute(part(local.minute()))
        .second(part(local.second()))
        .utc_offset_hour(7)
        .utc_offset_minute(0);
    let mut info = pdf.document_info(INFO);
    info.title(TextStr(about.title)).producer(TextStr(PRODUCER)).creation_date(date).modified_date(date);
    info.finish();
    pdf.metadata(METADATA, xmp::packet(about, PRODUCER, &local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()).as_bytes());

    let profile = srgb::profile();
    pdf.icc_profile(PROFILE, &deflated(&profile)).n(3).filter(Filter::FlateDecode);

    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).metadata(METADATA).lang(TextStr("vi-VN"));
    catalog.viewer_preferences().display_doc_title(true);
    let mut intents = catalog.output_intents();
    let mut intent = intents.push();
    intent.subtype(OutputIntentSubtype::PDFA).output_condition_identifier(TextStr("sRGB IEC61966-2.1"));
    intent.info(TextStr("sRGB IEC61966-2.1")).dest_output_profile(PROFILE);
}

/// The identifier that PDF/A asks for: a checksum (FNV-1a) of what went in, no secret.
fn file_id(pages: &[PdfPage<'_>], about: About<'_>) -> Vec<u8> {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let seconds = about.created.as_second().to_be_bytes();
    let parts = [about.title.as_bytes(), &seconds].into_iter().chain(pages.iter().map(|page| page.jpeg));
    let hash = parts.flatten().fold(START, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    hash.to_be_bytes().to_vec()
}
