//! Slips as images: words, rows and a QR, drawn dot by dot for a print head of 203 dpi (8 dots/mm). Pure.

use ab_glyph::{Font as _, FontVec, GlyphId, PxScale, ScaleFont as _, point};
use image::{GrayImage, Luma};
use qrcode::{Color, EcLevel, QrCode};
use unicode_normalization::UnicodeNormalization;

/// Left and right margin in dots.
const MARGIN: u32 = 8;
/// Coverage from which a dot is burnt: thin strokes survive, round ones stay open.
const INK: f32 = 0.45;
/// Smallest text that stays readable on thermal paper, in dots.
const SMALLEST: f32 = 22.0;
/// Smallest module of a QR in dots: 0.5 mm.
const MODULE_MIN: u32 = 4;
/// Largest module: more is paper wasted.
const MODULE_MAX: u32 = 8;
/// Light modules around a QR, by its standard.
const QUIET: u32 = 4;
/// Longest slip: 2.5 m of paper.
const ROWS_MAX: u32 = 20_000;

/// One piece of a slip, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Words, wrapped.
    Text {
        /// What to print; `\n` breaks a line.
        text: String,
        /// How large.
        size: Size,
        /// Bold.
        bold: bool,
        /// To which side.
        align: Align,
    },
    /// Label left, value right; on two lines when they do not fit on one.
    Row {
        /// Left.
        label: String,
        /// Right, bold.
        value: String,
    },
    /// A QR, centred.
    Qr {
        /// What it says.
        text: String,
    },
    /// Empty height of half a line.
    Space,
    /// A line across.
    Rule,
}

/// A slip ready for the printer, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its pieces.
    pub pieces: Vec<Piece>,
}

/// A piece of a [`Sheet`].
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Dots: black (under 128) burns.
    Picture(GrayImage),
    /// A QR that the printer draws itself, centred, without its quiet zone.
    Qr {
        /// What it says.
        text: String,
        /// Dots of one module, 1-16.
        module: u8,
        /// Rows that it takes.
        rows: u32,
    },
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Picture(image) => write!(f, "Picture({} x {})", image.width(), image.height()),
            Self::Qr { module, rows, .. } => write!(f, "Qr({rows} rows of modules of {module})"),
        }
    }
}

impl From<GrayImage> for Sheet {
    fn from(image: GrayImage) -> Self {
        Self { pieces: vec![Piece::Picture(image)] }
    }
}

/// Height of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 3 mm: notes.
    Small,
    /// 3.5 mm: running text.
    Normal,
    /// 5 mm: headings.
    Large,
    /// 8 mm: the code. Shrinks until the longest word fits.
    Huge,
}

impl Size {
    fn dots(self) -> f32 {
        match self {
            Self::Small => 24.0,
            Self::Normal => 28.0,
            Self::Large => 40.0,
            Self::Huge => 64.0,
        }
    }
}

/// Side of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Left.
    Left,
    /// Middle.
    Centre,
    /// Right.
    Right,
}

/// A slip cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlipError {
    /// The file is no TrueType or OpenType font.
    #[error("the font for slips cannot be read: {0}; install the font of the package")]
    Font(String),
    /// The text does not fit into a QR of this paper.
    #[error("{bytes} bytes do not fit into a QR on paper {width_dots} dots wide; shorten the text")]
    Qr {
        /// Length of the text.
        bytes: usize,
        /// Width of the paper.
        width_dots: u32,
    },
    /// Paper too narrow, or slip too long.
    #[error("a slip of {width} x {rows} dots cannot be printed")]
    Paper {
        /// Width of the paper.
        width: u32,
        /// Rows needed.
        rows: u32,
    },
}

/// The typeface of slips. It must have the Vietnamese letters (Noto Sans has).
pub struct Font {
    regular: FontVec,
    bold: Option<FontVec>,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Font").field("glyphs", &self.regular.glyph_count()).finish_non_exhaustive()
    }
}

impl Font {
    /// Reads a regular and, where there is one, a bold font file. Without a bold one, bold text is drawn twice, one dot apart.
    ///
    /// # Errors
    /// [`SlipError::Font`].
    pub fn new(regular: Vec<u8>, bold: Option<Vec<u8>>) -> Result<Self, SlipError> {
        let read = |bytes| FontVec::try_from_vec(bytes).map_err(|error| SlipError::Font(error.to_string()));
        Ok(Self { regular: read(regular)?, bold: bold.map(read).transpose()? })
    }

    /// True when every letter of `text` can be drawn.
    pub fn covers(&self, text: &str) -> bool {
        text.nfc().filter(|c| !c.is_whitespace()).all(|c| self.regular.glyph_id(c) != GlyphId(0))
    }

    fn face(&self, bold: bool) -> (&FontVec, bool) {
        match (&self.bold, bold) {
            (Some(face), true) => (face, false),
            (None, true) => (&self.regular, true),
            (_, false) => (&self.regular, false),
        }
    }
}

/// Draws `blocks` on paper `width_dots` wide (576 for 80 mm, 384 for 58 mm). Only black (0) and white (255).
///
/// # Errors
/// [`SlipError::Qr`] when a QR does not fit, [`SlipError::Paper`] for paper under 100 dots or slips over 2.5 m.
pub fn render(blocks: &[Block], width_dots: u32, font: &Font) -> Result<GrayImage, SlipError> {
    Ok(paint(&items(blocks, width_dots, font)?, width_dots, MARGIN, font))
}

/// Like [`render`]; with `native_qr` the printer draws every QR itself, in its place (`GS ( k`, which many clones lack).
///
/// # Errors
/// As [`render`].
pub fn sheet(blocks: &[Block], width_dots: u32, font: &Font, native_qr: bool) -> Result<Sheet, SlipError> {
    if !native_qr {
        return Ok(render(blocks, width_dots, font)?.into());
    }
    let mut pieces = Vec::new();
    let mut drawn = Vec::new();
    for item in items(blocks, width_dots, font)? {
        let Item::Qr { code, module, text } = item else {
            drawn.push(item);
            continue;
        };
        drawn.push(Item::Space(QUIET * module));
        pieces.push(Piece::Picture(paint(&drawn, width_dots, 0, font)));
        pieces.push(Piece::Qr { text, module: module as u8, rows: code.width() as u32 * module });
        drawn = vec![Item::Space(QUIET * module)];
    }
    drawn.push(Item::Space(MARGIN));
    pieces.push(Piece::Picture(paint(&drawn, width_dots, 0, font)));
    Ok(Sheet { pieces })
}

fn items(blocks: &[Block], width_dots: u32, font: &Font) -> Result<Vec<Item>, SlipError> {
    if !(100..=4096).contains(&width_dots) {
        return Err(SlipError::Paper { width: width_dots, rows: 0 });
    }
    let mut items = vec![Item::Space(MARGIN)];
    let mut rows = MARGIN;
    for block in blocks {
        for item in lay_out(block, width_dots, font)? {
            rows += item.height();
            if rows > ROWS_MAX {
                return Err(SlipError::Paper { width: width_dots, rows });
            }
            items.push(item);
        }
    }
    Ok(items)
}

fn paint(items: &[Item], width_dots: u32, foot: u32, font: &Font) -> GrayImage {
    let rows: u32 = items.iter().map(Item::height).sum();
    let mut paper = GrayImage::from_pixel(width_dots, rows + foot, Luma([255]));
    let mut top = 0;
    for item in items {
        item.draw(&mut paper, top, font);
        top += item.height();
    }
    paper
}

/// A piece with its height known.
enum Item {
    Line { parts: Vec<Part>, height: u32, ascent: f32 },
    Qr { code: QrCode, module: u32, text: String },
    Rule,
    Space(u32),
}

/// Words at a place of a line.
struct Part {
    text: String,
    x: f32,
    dots: f32,
    bold: bool,
}

fn lay_out(block: &Block, width: u32, font: &Font) -> Result<Vec<Item>, SlipError> {
    Ok(match block {
        Block::Text { text, size, bold, align } => lines(text, *size, *bold, *align, width, font),
        Block::Row { label, value } => row(label, value, width, font),
        Block::Qr { text } => vec![qr(text, width)?],
        Block::Space => vec![Item::Space(16)],
        Block::Rule => vec![Item::Rule],
    })
}

fn lines(text: &str, size: Size, bold: bool, align: Align, width: u32, font: &Font) -> Vec<Item> {
    let text: String = text.nfc().collect();
    let room = (width - 2 * MARGIN) as f32;
    let dots = fitting(&text, size, bold, room, font);
    text.lines()
        .flat_map(|line| wrap(line, dots, bold, room, font))
        .map(|line| {
            let slack = room - measure(&line, dots, bold, font);
            let x = MARGIN as f32
                + match align {
                    Align::Left => 0.0,
                    Align::Centre => slack / 2.0,
                    Align::Right => slack,
                };
            line_item(vec![Part { text: line, x: x.max(0.0), dots, bold }], dots, font)
        })
        .collect()
}

fn row(label: &str, value: &str, width: u32, font: &Font) -> Vec<Item> {
    let (label, value): (String, String) = (label.nfc().collect(), value.nfc().collect());
    let dots = Size::Normal.dots();
    let room = (width - 2 * MARGIN) as f32;
    let value_width = measure(&value, dots, true, font);
    if measure(&label, dots, false, font) + value_width + dots <= room && !label.contains('\n') && !value.contains('\n') {
        let parts = vec![
            Part { text: label, x: MARGIN as f32, dots, bold: false },
            Part { text: value, x: MARGIN as f32 + room - value_width, dots, bold: true },
        ];
        return vec![line_item(parts, dots, font)];
    }
    let mut items = lines(&label, Size::Normal, false, Align::Left, width, font);
    items.extend(lines(&value, Size::Normal, true, Align::Right, width, font));
    items
}

fn line_item(parts: Vec<Part>, dots: f32, font: &Font) -> Item {
    let face = font.regular.as_scaled(PxScale::from(dots));
    let ascent = face.ascent();
    Item::Line { parts, height: (ascent - face.descent() + 4.0).ceil() as u32, ascent }
}

/// Only the code may shrink: broken over two lines it is read wrong.
fn fitting(text: &str, size: Size, bold: bool, room: f32, font: &Font) -> f32 {
    let wanted = size.dots();
    if size != Size::Huge {
        return wanted;
    }
    let widest = text.split_whitespace().map(|word| measure(word, wanted, bold, font)).fold(0.0, f32::max);
    if widest <= room { wanted } else { (wanted * room / widest).floor().max(SMALLEST) }
}

fn wrap(line: &str, dots: f32, bold: bool, room: f32, font: &Font) -> Vec<String> {
    let mut done = Vec::new();
    let mut current = String::new();
    for word in line.split_whitespace() {
        let longer = if current.is_empty() { word.to_owned() } else { format!("{current} {word}") };
        if measure(&longer, dots, bold, font) <= room {
            current = longer;
            continue;
        }
        if !current.is_empty() {
            done.push(std::mem::take(&mut current));
        }
        for c in word.chars() {
            current.push(c);
            if measure(&current, dots, bold, font) > room && current.chars().count() > 1 {
                current.pop();
                done.push(std::mem::replace(&mut current, c.to_string()));
            }
        }
    }
    done.push(current);
    done
}

fn measure(text: &str, dots: f32, bold: bool, font: &Font) -> f32 {
    let (face, doubled) = font.face(bold);
    let face = face.as_scaled(PxScale::from(dots));
    let width = place(text, &face).last().map_or(0.0, |(id, x)| x + face.h_advance(id));
    if doubled { width + 1.0 } else { width }
}

/// Glyphs with their offsets, kerned.
fn place<F: ab_glyph::Font>(text: &str, face: &ab_glyph::PxScaleFont<&F>) -> impl Iterator<Item = (GlyphId, f32)> {
    let mut x = 0.0;
    let mut before: Option<GlyphId> = None;
    text.chars().map(move |c| {
        let id = face.glyph_id(c);
        if let Some(before) = before {
            x += face.h_advance(before) + face.kern(before, id);
        }
        before = Some(id);
        (id, x)
    })
}

fn qr(text: &str, width: u32) -> Result<Item, SlipError> {
    let too_long = || SlipError::Qr { bytes: text.len(), width_dots: width };
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| too_long())?;
    let across = code.width() as u32 + 2 * QUIET;
    let module = (width * 6 / 10 / across).clamp(MODULE_MIN, MODULE_MAX);
    if across * module > width { Err(too_long()) } else { Ok(Item::Qr { code, module, text: text.to_owned() }) }
}

impl Item {
    fn height(&self) -> u32 {
        match self {
            Self::Line { height, .. } => *height,
            Self::Qr { code, module, .. } => (code.width() as u32 + 2 * QUIET) * module,
            Self::Rule => 14,
            Self::Space(rows) => *rows,
        }
    }

    fn draw(&self, paper: &mut GrayImage, top: u32, font: &Font) {
        match self {
            Self::Line { parts, ascent, .. } => parts.iter().for_each(|part| draw_text(paper, part, top as f32 + ascent, font)),
            Self::Qr { code, module, .. } => draw_qr(paper, code, *module, top),
            Self::Rule => {
                for x in MARGIN..paper.width().saturating_sub(MARGIN) {
                    ink(paper, i64::from(x), i64::from(top) + 6);
                    ink(paper, i64::from(x), i64::from(top) + 7);
                }
            }
            Self::Space(_) => {}
        }
    }
}

fn draw_text(paper: &mut GrayImage, part: &Part, baseline: f32, font: &Font) {
    let (face, doubled) = font.face(part.bold);
    let scaled = face.as_scaled(PxScale::from(part.dots));
    for (id, x) in place(&part.text, &scaled) {
        let glyph = id.with_scale_and_position(part.dots, point(part.x + x, baseline));
        let Some(outline) = face.outline_glyph(glyph) else { continue };
        let bounds = outline.px_bounds();
        outline.draw(|dx, dy, coverage| {
            if coverage >= INK {
                let (x, y) = (bounds.min.x as i64 + i64::from(dx), bounds.min.y as i64 + i64::from(dy));
                ink(paper, x, y);
                if doubled {
                    ink(paper, x + 1, y);
                }
            }
        });
    }
}

fn draw_qr(paper: &mut GrayImage, code: &QrCode, module: u32, top: u32) {
    let left = (paper.width() - code.width() as u32 * module) / 2;
    for (index, colour) in code.to_colors().into_iter().enumerate() {
        if colour == Color::Light {
            continue;
        }
        let (column, line) = ((index % code.width()) as u32, (index / code.width()) as u32);
        for dot in 0..module * module {
            let (x, y) = (left + column * module + dot % module, top + (QUIET + line) * module + dot / module);
            ink(paper, i64::from(x), i64::from(y));
        }
    }
}

fn ink(paper: &mut GrayImage, x: i64, y: i64) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && x < paper.width()
        && y < paper.height()
    {
        paper.put_pixel(x, y, Luma([0]));
    }
}
