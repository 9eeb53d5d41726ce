//! Which part of a scan is paper, where the scanner's dark backing shows beside it.

use super::frame::Border;
use crate::gray::Gray;
use crate::jpeg::{self, PageError};
use crate::ocr::PageText;
use motcua_model::metadata::Area;

/// Words surer than this are words, not the grain of the backing.
const WORD: f32 = 70.0;

/// The paper of a scan with a dark border, for [`PdfPage::crop`](crate::PdfPage::crop); none where the whole scan is to be shown. `text`
/// is what was read on it.
///
/// Losing writing is worse than a border that stays: only rows and columns go that are dark from end to end, and none where what is left
/// would be no sheet or a word would be lost. Of a tilted sheet the wedges beside it stay.
///
/// # Errors
/// When the bytes are no JPEG, end early or are damaged.
pub fn paper_area(jpeg: &[u8], dpi: u16, text: &PageText) -> Result<Option<Area>, PageError> {
    let (frame, pixels) = jpeg::decode_luma(jpeg)?;
    let gray = Gray { width: frame.width as usize, height: frame.height as usize, pixels };
    let within = |paper: &Area| {
        let words = text.words.iter().filter(|word| word.confidence > WORD);
        words
            .into_iter()
            .all(|word| paper.left <= word.left && paper.top <= word.top && word.right <= paper.right && word.bottom <= paper.bottom)
    };
    Ok(paper(&gray, dpi).filter(within))
}

/// Of the small copy's points, a third of a millimetre each.
const SMALL_DPI: usize = 75;
/// A border narrower than this, 2 mm, is the shadow of the paper's edge, or a stroke.
const LEAST: usize = 6;
/// So much of it stays: the paper's edge is not quite straight.
const STAYS: usize = 2;
/// What is no longer or wider, 5 cm, is no sheet.
const LEAST_SHEET: usize = 150;

fn paper(gray: &Gray, dpi: u16) -> Option<Area> {
    let factor = (usize::from(dpi) / SMALL_DPI).max(1);
    let small = gray.reduced(factor);
    let border = Border::of(&small);
    if border.is_none() {
        return None;
    }
    let (width, height) = (small.width, small.height);
    let column = |x: usize| (0..height).filter(|y| border.is_dark(x, *y)).count();
    let row = |y: usize| (0..width).filter(|x| border.is_dark(*x, y)).count();
    let left = depth((0..width).map(column), height);
    let right = depth((0..width).rev().map(column), height);
    let top = depth((0..height).map(row), width);
    let bottom = depth((0..height).rev().map(row), width);
    if left + right + top + bottom == 0 {
        return None;
    }
    let (wide, high) = (width.checked_sub(left + right)?, height.checked_sub(top + bottom)?);
    // Of a small paper on a dark glass, or a photograph, who knows.
    if wide.min(high) < LEAST_SHEET || wide * high * 3 < width * height {
        return None;
    }
    let edge = |points: usize| (points * factor) as u32;
    let (all_wide, all_high) = (gray.width as u32, gray.height as u32);
    Some(Area { left: edge(left), top: edge(top), right: all_wide - edge(right), bottom: all_high - edge(bottom) })
}

/// How many lines from an edge on are border and nothing else, but for a speck in the backing, without those that stay.
fn depth(dark: impl Iterator<Item = usize>, length: usize) -> usize {
    let depth = dark.take_while(|dark| dark * 100 >= length * 99).count();
    if depth < LEAST { 0 } else { depth - STAYS }
}
