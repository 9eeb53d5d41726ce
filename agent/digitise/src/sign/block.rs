//! The visible signature: text alone, at the top right of page 1 (TT 05/2025/TT-BNV Đ.8, NĐ 30/2020/NĐ-CP annex I).

use ab_glyph::{Font as _, FontRef};
use jiff::Timestamp;
use jiff::tz::{self, TimeZone};
use lopdf::{Dictionary, Object, ObjectId, Stream, StringFormat, dictionary};
use pdf_writer::types::{SystemInfo, UnicodeCmap};
use pdf_writer::{Name, Str};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;
use unicode_normalization::UnicodeNormalization as _;

use super::document::PdfProblem;
use super::update::Update;

/// What the block at the top right of page 1 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureBlock {
    /// Form of the copy where it is one: "SAO Y", "SAO LỤC", "TRÍCH SAO" (NĐ 30/2020/NĐ-CP Đ.25).
    pub copy: Option<String>,
    /// Name of the agency that signs.
    pub agency: String,
    /// When it is signed; shown in Viet Nam's zone.
    pub at: Timestamp,
}

/// Liberation Serif 2.1.5, unchanged (OFL 1.1, LiberationSerif-OFL.txt): the widths of Times New Roman, with Vietnamese letters.
const FONT: &[u8] = include_bytes!("LiberationSerif-Regular.ttf");
/// Points, by both rules.
const SIZE: f32 = 10.0;
const LINE: f32 = 12.0;
/// From the top of a line to its base line.
const ASCENT: f32 = 9.0;
/// From the page's edge, in points: 5 mm at the top and 10 mm at the right, so that three lines stay clear of the 20 mm that a
/// letter's head begins at (NĐ 30/2020/NĐ-CP annex I).
const TOP: f32 = 14.2;
const RIGHT: f32 = 28.3;
/// Lines are broken beyond this: 75 mm.
const WIDEST: f32 = 212.6;
/// A page narrower than this has no room for the time.
const NARROWEST: f32 = 190.0;
/// Between two signatures, and from the left edge of a narrow page.
const GAP: f32 = 4.0;

/// The block, drawn.
pub(super) struct Drawn {
    pub(super) width: f32,
    pub(super) height: f32,
    /// The form XObject without its BBox and Matrix.
    content: Vec<u8>,
    font: Subset,
}

/// As wide as it needs, on a page as wide as this.
pub(super) fn drawn(block: &SignatureBlock, page_width: f32) -> Result<Drawn, PdfProblem> {
    if page_width < NARROWEST {
        return Err(PdfProblem::PageTooSmall);
    }
    let face = FontRef::try_from_slice(FONT).map_err(|error| PdfProblem::Font(error.to_string()))?;
    let lines = lines(block, &face, WIDEST.min(page_width - RIGHT - GAP))?;
    let font = Subset::of(&lines, &face)?;
    let width = lines.iter().map(|line| width(line, &face)).fold(0.0, f32::max).ceil();
    let height = LINE * lines.len() as f32;
    let mut content = format!("q\nBT\n/F {SIZE} Tf\n0 g\n");
    for (at, line) in lines.iter().enumerate() {
        let base = height - ASCENT - LINE * at as f32;
        content.push_str(&format!("1 0 0 1 0 {base} Tm\n<{}> Tj\n", font.encoded(line)));
    }
    content.push_str("ET\nQ\n");
    Ok(Drawn { width, height, content: content.into_bytes(), font })
}

impl Drawn {
    /// Adds the appearance; `turn` is the page's /Rotate, which the text must undo.
    pub(super) fn add_to(&self, update: &mut Update, turn: Turn) -> ObjectId {
        let font = self.font.add_to(update);
        let form = dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => reals(&[0.0, 0.0, self.width, self.height]),
            "Matrix" => turn.matrix().iter().map(|value| Object::from(*value)).collect::<Vec<_>>(),
            "Resources" => dictionary! { "Font" => dictionary! { "F" => font } },
        };
        update.add(Stream::new(form, self.content.clone()))
    }
}

pub(super) fn reals(values: &[f32]) -> Vec<Object> {
    values.iter().map(|value| Object::Real(*value)).collect()
}

/// How far a viewer turns the page, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    pub(super) fn of(degrees: i64) -> Self {
        match degrees.rem_euclid(360) {
            90 => Self::Quarter,
            180 => Self::Half,
            270 => Self::ThreeQuarters,
            _ => Self::None,
        }
    }

    fn matrix(self) -> [i32; 6] {
        match self {
            Self::None => [1, 0, 0, 1, 0, 0],
            Self::Quarter => [0, 1, -1, 0, 0, 0],
            Self::Half => [-1, 0, 0, -1, 0, 0],
            Self::ThreeQuarters => [0, -1, 1, 0, 0, 0],
        }
    }
}

/// Left, bottom, right, top, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f32,
    pub(super) bottom: f32,
    pub(super) right: f32,
    pub(super) top: f32,
}

impl Area {
    pub(super) fn is_empty(&self) -> bool {
        self.left >= self.right || self.bottom >= self.top
    }

    pub(super) fn within(&self, other: Self) -> Self {
        let (left, bottom) = (self.left.max(other.left), self.bottom.max(other.bottom));
        Self { left, bottom, right: self.right.min(other.right), top: self.top.min(other.top) }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.bottom < other.top && other.bottom < self.top
    }
}

/// Page 1 as a person sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    /// Its visible box, as the file says it.
    pub(super) area: Area,
    pub(super) turn: Turn,
}

impl Sheet {
    /// Width and height as they are seen.
    pub(super) fn size(&self) -> (f32, f32) {
        let (width, height) = (self.area.right - self.area.left, self.area.top - self.area.bottom);
        match self.turn {
            Turn::None | Turn::Half => (width, height),
            Turn::Quarter | Turn::ThreeQuarters => (height, width),
        }
    }

    /// From seen to filed.
    fn filed(&self, seen: Area) -> Area {
        let Area { left, bottom, right, top } = self.area;
        match self.turn {
            Turn::None => Area { left: left + seen.left, bottom: bottom + seen.bottom, right: left + seen.right, top: bottom + seen.top },
            Turn::Quarter => {
                Area { left: right - seen.top, bottom: bottom + seen.left, right: right - seen.bottom, top: bottom + seen.right }
            }
            Turn::Half => Area { left: right - seen.right, bottom: top - seen.top, right: right - seen.left, top: top - seen.bottom },
            Turn::ThreeQuarters => {
                Area { left: left + seen.bottom, bottom: top - seen.right, right: left + seen.top, top: top - seen.left }
            }
        }
    }

    /// Where a block of this size goes: the top right corner, below the signatures that are there already.
    pub(super) fn place(&self, width: f32, height: f32, taken: &[Area]) -> Area {
        let (page_width, page_height) = self.size();
        let right = (page_width - RIGHT).max(width);
        let mut top = page_height - TOP;
        let at = |top: f32| self.filed(Area { left: right - width, bottom: top - height, right, top });
        // Each of them pushes it down at most once.
        for _ in taken {
            let Some(other) = taken.iter().find(|other| other.meets(&at(top))) else { break };
            let lower = match self.turn {
                Turn::None => other.bottom - self.area.bottom,
                Turn::Quarter => self.area.right - other.right,
                Turn::Half => self.area.top - other.top,
                Turn::ThreeQuarters => other.left - self.area.left,
            };
            top = lower - GAP;
        }
        // A page full of signatures: over the first one rather than beside the page.
        at(if top - height < 0.0 { page_height - TOP } else { top })
    }
}

fn lines(block: &SignatureBlock, face: &FontRef<'_>, widest: f32) -> Result<Vec<String>, PdfProblem> {
    if block.agency.trim().is_empty() {
        return Err(PdfProblem::NoAgency);
    }
    let local = block.at.to_zoned(TimeZone::fixed(tz::offset(7)));
    let mut lines = Vec::new();
    for text in [block.copy.as_deref().unwrap_or_default(), &block.agency, &local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()] {
        lines.extend(broken(&text.nfc().collect::<String>(), face, widest));
    }
    Ok(lines)
}

/// Into lines between words; a word that is too long for one is broken where it must.
fn broken(text: &str, face: &FontRef<'_>, widest: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer, face) <= widest {
            line = longer;
            continue;
        }
        lines.extend((!line.is_empty()).then(|| std::mem::take(&mut line)));
        for letter in word.chars() {
            if width(&line, face) + width(letter.encode_utf8(&mut [0; 4]), face) > widest {
                lines.push(std::mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    lines.extend((!line.is_empty()).then_some(line));
    lines
}

/// In points.
fn width(text: &str, face: &FontRef<'_>) -> f32 {
    text.chars().map(|letter| face.h_advance_unscaled(face.glyph_id(letter)) * SIZE / units(face)).sum()
}

fn units(face: &FontRef<'_>) -> f32 {
    face.units_per_em().unwrap_or(2048.0)
}

/// The font with the letters of the block alone.
struct Subset {
    file: Vec<u8>,
    /// Number of each letter in `file`.
    letters: BTreeMap<char, u16>,
    /// Of each number, in 1/1000 of the size.
    widths: Vec<f32>,
}

impl Subset {
    fn of(lines: &[String], face: &FontRef<'_>) -> Result<Self, PdfProblem> {
        let mut glyphs = GlyphRemapper::new();
        let mut letters = BTreeMap::new();
        for letter in lines.iter().flat_map(|line| line.chars()) {
            match face.glyph_id(letter).0 {
                0 => return Err(PdfProblem::Letter(letter)),
                glyph => letters.insert(letter, glyphs.remap(glyph)),
            };
        }
        let widths = glyphs.remapped_gids().map(|old| face.h_advance_unscaled(ab_glyph::GlyphId(old)) * 1000.0 / units(face)).collect();
        let file = subsetter::subset(FONT, 0, &glyphs).map_err(|error| PdfProblem::Font(error.to_string()))?;
        Ok(Self { file, letters, widths })
    }

    fn encoded(&self, line: &str) -> String {
        line.chars().map(|letter| format!("{:04X}", self.letters.get(&letter).copied().unwrap_or(0))).collect()
    }

    /// Type 0 with Identity-H and a ToUnicode map, as PDF/A-2u wants it (ISO 19005-2 6.2.11).
    fn add_to(&self, update: &mut Update) -> ObjectId {
        // Six capitals tell one subset from another (ISO 32000-1 9.6.4).
        let tag: String = Sha256::digest(&self.file).iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect();
        let name = format!("{tag}+LiberationSerif");
        let file = update.add(compressed(dictionary! { "Length1" => self.file.len() as i64 }, self.file.clone()));
        // Box, ascent, descent and height of capitals from the font's head, hhea and OS/2 tables, in 1/1000 of the size.
        let descriptor = update.add(dictionary! {
            "Type" => "FontDescriptor",
            "FontName" => name.clone(),
            "Flags" => SERIF | SYMBOLIC,
            "FontBBox" => vec![(-544).into(), (-303).into(), 1278.into(), 981.into()],
            "ItalicAngle" => 0,
            "Ascent" => 891,
            "Descent" => -216,
            "CapHeight" => 655,
            "StemV" => 80,
            "FontFile2" => file,
        });
        let cid = update.add(dictionary! {
            "Type" => "Font",
            "Subtype" => "CIDFontType2",
            "BaseFont" => name.clone(),
            "CIDSystemInfo" => dictionary! {
                "Registry" => text("Adobe"),
                "Ordering" => text("Identity"),
                "Supplement" => 0,
            },
            "FontDescriptor" => descriptor,
            "W" => vec![Object::from(0), reals(&self.widths).into()],
            "CIDToGIDMap" => "Identity",
        });
        let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };
        let mut map = UnicodeCmap::new(Name(b"Adobe-Identity-UCS"), system);
        for (letter, number) in &self.letters {
            map.pair(*number, *letter);
        }
        let to_unicode = update.add(compressed(Dictionary::new(), map.finish().as_slice().to_vec()));
        update.add(dictionary! {
            "Type" => "Font",
            "Subtype" => "Type0",
            "BaseFont" => name,
            "Encoding" => "Identity-H",
            "DescendantFonts" => vec![cid.into()],
            "ToUnicode" => to_unicode,
        })
    }
}

const SERIF: i32 = 1 << 1;
const SYMBOLIC: i32 = 1 << 2;

fn text(ascii: &str) -> Object {
    Object::String(ascii.as_bytes().to_vec(), StringFormat::Literal)
}

fn compressed(dictionary: Dictionary, content: Vec<u8>) -> Stream {
    let mut stream = Stream::new(dictionary, content);
    // What cannot be compressed stays as it is, and says so.
    let _ = stream.compress();
    stream
}
