//! Slips as images: words, rows and a QR, drawn dot by dot for a print head of 203 dpi (8 dots/mm). Pure.

pub use super::typeset::Font;
use super::typeset::{Part, Style, column, dotted, draw_text, flow, line_height, measure};
use image::{GrayImage, Luma};
use qrcode::{Color, EcLevel, QrCode};

/// Left and right margin in dots.
const MARGIN: u32 = 8;
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
    /// Label and value in one running text, the value bold; without a value a dotted line to write on.
    Field {
        /// Before the colon.
        label: String,
        /// Behind it; empty: dots.
        value: String,
    },
    /// One point of a list: what follows the mark stands indented. Empty: a dotted line.
    Item {
        /// `1.`
        mark: String,
        /// The point.
        text: String,
    },
    /// Two texts side by side, each centred in its half: who signs.
    Pair {
        /// Left.
        left: String,
        /// Right.
        right: String,
        /// How large.
        size: Size,
        /// Bold.
        bold: bool,
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
    /// 24 mm: a number that is called. Shrinks like [`Self::Huge`].
    Giant,
}

impl Size {
    fn dots(self) -> f32 {
        match self {
            Self::Small => 24.0,
            Self::Normal => 28.0,
            Self::Large => 40.0,
            Self::Huge => 64.0,
            Self::Giant => 192.0,
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

fn lay_out(block: &Block, width: u32, font: &Font) -> Result<Vec<Item>, SlipError> {
    let room = (width - 2 * MARGIN) as f32;
    let normal = Style { dots: Size::Normal.dots(), bold: false };
    Ok(match block {
        Block::Text { text, size, bold, align } => {
            let style = Style { dots: fitting(text, *size, *bold, room, font), bold: *bold };
            column(text, style, *align, room, font).into_iter().map(|part| line_item(vec![part], font)).collect()
        }
        Block::Row { label, value } => row(label, value, room, font),
        Block::Field { label, value } => running(label, value, room, font),
        Block::Item { mark, text } => {
            let indent = measure(&format!("{mark} "), normal, font).min(room / 2.0);
            let mut parts = match text.trim() {
                "" => vec![dotted(0.0, room - indent, normal, font)],
                text => column(text, normal, Align::Left, room - indent, font),
            };
            parts.iter_mut().for_each(|part| part.x += indent);
            let mut lines: Vec<Vec<Part>> = parts.into_iter().map(|part| vec![part]).collect();
            if let Some(first) = lines.first_mut() {
                first.insert(0, Part { text: mark.clone(), x: 0.0, style: normal });
            }
            lines.into_iter().map(|parts| line_item(parts, font)).collect()
        }
        Block::Pair { left, right, size, bold } => pair([left, right], Style { dots: size.dots(), bold: *bold }, room, font),
        Block::Qr { text } => vec![qr(text, width)?],
        Block::Space => vec![Item::Space(16)],
        Block::Rule => vec![Item::Rule],
    })
}

/// Only the code may shrink: broken over two lines it is read wrong.
fn fitting(text: &str, size: Size, bold: bool, room: f32, font: &Font) -> f32 {
    let wanted = size.dots();
    if !matches!(size, Size::Huge | Size::Giant) {
        return wanted;
    }
    let widths = text.split_whitespace().map(|word| measure(word, Style { dots: wanted, bold }, font));
    let widest = widths.fold(0.0, f32::max);
    if widest <= room { wanted } else { (wanted * room / widest).floor().max(SMALLEST) }
}

fn row(label: &str, value: &str, room: f32, font: &Font) -> Vec<Item> {
    let (plain, bold) = (Style { dots: Size::Normal.dots(), bold: false }, Style { dots: Size::Normal.dots(), bold: true });
    let mut label = column(label, plain, Align::Left, room, font);
    let mut value = column(value, bold, Align::Right, room, font);
    let widths = label.iter().chain(&value).map(|part| measure(&part.text, part.style, font));
    if label.len() <= 1 && value.len() <= 1 && widths.sum::<f32>() + plain.dots <= room {
        label.append(&mut value);
        return vec![line_item(label, font)];
    }
    label.into_iter().chain(value).map(|part| line_item(vec![part], font)).collect()
}

fn running(label: &str, value: &str, room: f32, font: &Font) -> Vec<Item> {
    let (plain, bold) = (Style { dots: Size::Normal.dots(), bold: false }, Style { dots: Size::Normal.dots(), bold: true });
    let label = format!("{label}:");
    if !value.trim().is_empty() {
        return flow(&[(label.as_str(), plain), (value, bold)], room, font).into_iter().map(|parts| line_item(parts, font)).collect();
    }
    let mut lines = flow(&[(label.as_str(), plain)], room, font);
    if let Some(last) = lines.last_mut() {
        let used = last.last().map_or(0.0, |part| part.x + measure(&format!("{} ", part.text), part.style, font));
        // A short stump of dots is no room to write.
        if used < room * 0.75 {
            last.push(dotted(used, room - used, plain, font));
        } else {
            lines.push(vec![dotted(0.0, room, plain, font)]);
        }
    }
    lines.into_iter().map(|parts| line_item(parts, font)).collect()
}

fn pair(sides: [&String; 2], style: Style, room: f32, font: &Font) -> Vec<Item> {
    let half = (room - style.dots) / 2.0;
    let [left, mut right] = sides.map(|text| column(text, style, Align::Centre, half, font));
    right.iter_mut().for_each(|part| part.x += half + style.dots);
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    std::iter::from_fn(|| match (left.next(), right.next()) {
        (None, None) => None,
        (left, right) => Some(line_item(left.into_iter().chain(right).collect(), font)),
    })
    .collect()
}

fn line_item(mut parts: Vec<Part>, font: &Font) -> Item {
    parts.iter_mut().for_each(|part| part.x += MARGIN as f32);
    let dots = parts.iter().map(|part| part.style.dots).fold(0.0, f32::max);
    let (ascent, height) = line_height(dots, font);
    Item::Line { parts, height, ascent }
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

pub(super) fn ink(paper: &mut GrayImage, x: i64, y: i64) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && x < paper.width()
        && y < paper.height()
    {
        paper.put_pixel(x, y, Luma([0]));
    }
}
