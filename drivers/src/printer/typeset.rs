//! Words set in lines: measured, wrapped, drawn.

use super::slip::{Align, SlipError, ink};
use ab_glyph::{Font as _, FontVec, GlyphId, PxScale, ScaleFont as _, point};
use image::GrayImage;
use unicode_normalization::UnicodeNormalization as _;

/// Coverage from which a dot is burnt: thin strokes survive, round ones stay open.
const INK: f32 = 0.45;

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

/// How letters look.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Height in dots.
    pub(super) dots: f32,
    pub(super) bold: bool,
}

/// Words at a place of a line.
pub(super) struct Part {
    pub(super) text: String,
    /// From the left margin.
    pub(super) x: f32,
    pub(super) style: Style,
}

/// Ascent and height of a line.
pub(super) fn line_height(dots: f32, font: &Font) -> (f32, u32) {
    let face = font.regular.as_scaled(PxScale::from(dots));
    (face.ascent(), (face.ascent() - face.descent() + 4.0).ceil() as u32)
}

/// The lines of `text` wrapped into `room` dots; `\n` breaks a line.
pub(super) fn column(text: &str, style: Style, align: Align, room: f32, font: &Font) -> Vec<Part> {
    let text: String = text.nfc().collect();
    let lines = text.lines().flat_map(|line| match align {
        Align::Centre => balanced(line, style, room, font),
        Align::Left | Align::Right => wrap(line, style, room, font),
    });
    lines
        .map(|line| {
            let slack = room - measure(&line, style, font);
            let x = match align {
                Align::Left => 0.0,
                Align::Centre => slack / 2.0,
                Align::Right => slack,
            };
            Part { text: line, x: x.max(0.0), style }
        })
        .collect()
}

/// As many lines as [`wrap`] gives, as even as can be: a heading's last word must not stand alone.
fn balanced(line: &str, style: Style, room: f32, font: &Font) -> Vec<String> {
    let lines = wrap(line, style, room, font);
    if lines.len() < 2 {
        return lines;
    }
    let narrower = (10..20).map(|part| wrap(line, style, room * part as f32 / 20.0, font));
    let longest_word = line.split_whitespace().map(|word| measure(word, style, font)).fold(0.0, f32::max);
    let fits = longest_word <= room / 2.0;
    narrower.into_iter().find(|narrow| fits && narrow.len() == lines.len()).unwrap_or(lines)
}

/// Texts of different looks behind one another, wrapped as one.
pub(super) fn flow(runs: &[(&str, Style)], room: f32, font: &Font) -> Vec<Vec<Part>> {
    let mut lines: Vec<Vec<Part>> = vec![Vec::new()];
    let mut used = 0.0;
    for (text, style) in runs {
        let text: String = text.nfc().collect();
        let gap = measure(" ", *style, font);
        let pieces = text.split_whitespace().flat_map(|word| wrap(word, *style, room, font));
        for word in pieces {
            let width = measure(&word, *style, font);
            let x = if used == 0.0 { 0.0 } else { used + gap };
            let part = |x| Part { text: word, x, style: *style };
            match lines.last_mut() {
                Some(line) if x + width <= room || used == 0.0 => {
                    line.push(part(x));
                    used = x + width;
                }
                Some(_) | None => {
                    lines.push(vec![part(0.0)]);
                    used = width;
                }
            }
        }
    }
    lines
}

/// Dots to write on, from `x` on `room` wide.
pub(super) fn dotted(x: f32, room: f32, style: Style, font: &Font) -> Part {
    let count = (room / measure(".", style, font).max(1.0)) as usize;
    Part { text: ".".repeat(count), x, style }
}

fn wrap(line: &str, style: Style, room: f32, font: &Font) -> Vec<String> {
    let mut done = Vec::new();
    let mut current = String::new();
    for word in line.split_whitespace() {
        let longer = if current.is_empty() { word.to_owned() } else { format!("{current} {word}") };
        if measure(&longer, style, font) <= room {
            current = longer;
            continue;
        }
        if !current.is_empty() {
            done.push(std::mem::take(&mut current));
        }
        for c in word.chars() {
            current.push(c);
            if measure(&current, style, font) > room && current.chars().count() > 1 {
                current.pop();
                done.push(std::mem::replace(&mut current, c.to_string()));
            }
        }
    }
    done.push(current);
    done
}

/// Width in dots.
pub(super) fn measure(text: &str, style: Style, font: &Font) -> f32 {
    let (face, doubled) = font.face(style.bold);
    let face = face.as_scaled(PxScale::from(style.dots));
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

/// Burns the words of `part`.
pub(super) fn draw_text(paper: &mut GrayImage, part: &Part, baseline: f32, font: &Font) {
    let (face, doubled) = font.face(part.style.bold);
    let scaled = face.as_scaled(PxScale::from(part.style.dots));
    for (id, x) in place(&part.text, &scaled) {
        let glyph = id.with_scale_and_position(part.style.dots, point(part.x + x, baseline));
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
