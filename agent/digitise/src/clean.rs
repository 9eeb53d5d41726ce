//! The copy of a page that OCR reads: seals faded, paper white, lines level, dotted leaders gone.

use std::ops::Range;

use crate::gray::Gray;
use crate::jpeg::{self, PageError};
use crate::quality::Border;
use crate::rulings::wipe_rulings;

/// A cleaned copy and how far the text lines of the evened one ran down to the right.
pub(crate) struct Cleaned {
    pub(crate) gray: Gray,
    pub(crate) skew_degrees: f32,
}

/// Below this a line crosses less than a twelfth of its height over the page: turning would only blur it.
const LEVEL_ENOUGH: f32 = 0.08;
/// Dots per inch of the coarsest copy that is made of a finer page.
const FINE_ENOUGH: u16 = 300;
/// Degrees: what is more askew is told to the person, see `judge`.
const LEVELS_UP_TO: f32 = 7.0;

/// The page as it lies, seals faded and paper white, also where the scanner's dark backing showed: beside one Tesseract reads nothing.
/// It is as fine as the page, or as many times coarser as the second number says: nothing is read finer than 250 dpi.
pub(crate) fn evened(jpeg: &[u8], dpi: u16) -> Result<(Gray, u16), PageError> {
    let coarser = [4, 2].into_iter().find(|times| dpi >= times * FINE_ENOUGH).unwrap_or(1);
    let dpi = usize::from((dpi / coarser).clamp(72, 1200));
    let red = red_channel(jpeg, coarser.into())?;
    let factor = (dpi / 75).max(1);
    let border = Border::of(&red.reduced(factor));
    let mut even = red.evened(dpi / 8, 70, 205);
    border.wipe(&mut even, factor);
    Ok((even, coarser))
}

/// Levels an evened page whose lines run across, and wipes what is no writing.
pub(crate) fn clean(even: Gray, dpi: u16) -> Cleaned {
    let dpi = usize::from(dpi.clamp(72, 1200));
    let skew_degrees = even.reduced((dpi / 150).max(1)).skew(LEVELS_UP_TO).degrees;
    let level = skew_degrees.abs() < LEVEL_ENOUGH;
    let mut gray = if level { even } else { even.turned(skew_degrees) };
    wipe_rulings(&mut gray, dpi);
    wipe_leaders(&mut gray, dpi);
    Cleaned { gray, skew_degrees: if level { 0.0 } else { skew_degrees } }
}

/// Red seals and red frames are nearly white in the red channel; black and blue ink stay dark. Each pixel the mean of a square of
/// `factor` pixels of the page.
fn red_channel(jpeg: &[u8], factor: usize) -> Result<Gray, PageError> {
    let (frame, mut pixels) = jpeg::decode(jpeg)?;
    let (across, size) = (frame.width as usize, usize::from(frame.components));
    let (width, height) = (across / factor, frame.height as usize / factor);
    let area = (factor * factor) as u32;
    let mut line = vec![0_u32; width];
    // In its place: beside a large page in all its colours there is no room for another picture.
    for y in 0..height {
        line.fill(0);
        for row in pixels[y * factor * across * size..].chunks_exact(across * size).take(factor) {
            for (sum, square) in line.iter_mut().zip(row.chunks_exact(size * factor)) {
                *sum += square.iter().step_by(size).map(|red| u32::from(*red)).sum::<u32>();
            }
        }
        for (pixel, sum) in pixels[y * width..].iter_mut().zip(&line) {
            *pixel = (sum / area) as u8;
        }
    }
    pixels.truncate(width * height);
    pixels.shrink_to_fit();
    Ok(Gray { width, height, pixels })
}

/// A dark spot no larger than a full stop.
#[derive(Clone, Copy)]
struct Dot {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Dot {
    /// The broken top of a letter is wider than high.
    fn is_round(self) -> bool {
        let (width, height) = (self.right + 1 - self.left, self.bottom + 1 - self.top);
        width <= 2 * height && height <= 2 * width
    }

    fn middle(self) -> (usize, usize) {
        (self.left.midpoint(self.right), self.top.midpoint(self.bottom))
    }
}

/// Forms lead from label to value with rows of full stops; OCR takes them for letters and loses the line.
fn wipe_leaders(gray: &mut Gray, dpi: usize) {
    let mut dots = dots(gray, dpi / 33);
    dots.retain(|dot| dot.is_round());
    dots.sort_by_key(|dot| dot.left);
    let rows = rows_of_dots(&dots, dpi);
    for dot in rows.iter().flatten() {
        wipe(gray, *dot);
    }
    // What was written over a leader leaves single dots of it; a full stop stands closer to its word. They may be far from the
    // row's middle, so what is left of the skew counts.
    let heights: Vec<usize> = rows.iter().filter_map(|row| row.get(row.len() / 2)).map(|dot| dot.middle().1).collect();
    for dot in dots {
        let (_, y) = dot.middle();
        if heights.iter().any(|height| height.abs_diff(y) <= 3 * play(dpi)) && stands_alone(gray, dot, dpi) {
            wipe(gray, dot);
        }
    }
}

/// So far may the dots of one row lie apart in height.
fn play(dpi: usize) -> usize {
    (dpi / 120).max(1)
}

/// Nothing dark within 0.8 mm to the left, to the right or, as the upper half of a colon would be, above within a letter's height.
fn stands_alone(gray: &Gray, dot: Dot, dpi: usize) -> bool {
    let (gap, letter) = (dpi / 30, dpi / 10);
    let white = |columns: Range<usize>, rows: Range<usize>| {
        let columns = columns.start.min(gray.width)..columns.end.min(gray.width);
        rows.into_iter().all(|y| gray.row(y)[columns.clone()].iter().all(|pixel| *pixel >= 128))
    };
    let top = dot.top.saturating_sub(letter);
    white(dot.left.saturating_sub(gap)..dot.left, top..dot.bottom + 1)
        && white(dot.right + 1..dot.right + 1 + gap, top..dot.bottom + 1)
        && white(dot.left..dot.right + 1, top..dot.top)
}

/// Six or more dots at one height, none further than 2.5 mm from the one before.
fn rows_of_dots(dots: &[Dot], dpi: usize) -> Vec<Vec<Dot>> {
    const AT_LEAST: usize = 6;
    let (reach, play) = (dpi / 10, play(dpi));
    let mut open: Vec<Vec<Dot>> = Vec::new();
    let mut rows = Vec::new();
    for dot in dots {
        let (x, y) = dot.middle();
        let (ended, still): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|row: &Vec<Dot>| row.last().is_none_or(|last| last.middle().0 + reach < x));
        rows.extend(ended);
        open = still;
        let follows = |row: &&mut Vec<Dot>| row.last().is_some_and(|last| last.middle().1.abs_diff(y) <= play && last.right < x);
        match open.iter_mut().find(follows) {
            Some(row) => row.push(*dot),
            None => open.push(vec![*dot]),
        }
    }
    rows.extend(open);
    rows.retain(|row| row.len() >= AT_LEAST && is_even(row, dpi));
    rows
}

/// Leaders are set as evenly as full stops: closer than digits, whose broken tops and the marks over letters are no leader.
fn is_even(row: &[Dot], dpi: usize) -> bool {
    let mut gaps: Vec<usize> = row.windows(2).map(|pair| pair[1].middle().0 - pair[0].middle().0).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0);
    let alike = gaps.iter().filter(|gap| gap.abs_diff(usual) * 3 <= usual.max(3)).count();
    let mut widths: Vec<usize> = row.iter().map(|dot| dot.right + 1 - dot.left).collect();
    widths.sort_unstable();
    let width = widths.get(widths.len() / 2).copied().unwrap_or(0);
    usual * 14 <= dpi && width * 100 >= dpi && alike * 4 >= gaps.len() * 3
}

fn wipe(gray: &mut Gray, dot: Dot) {
    let columns = dot.left.saturating_sub(2)..(dot.right + 3).min(gray.width);
    for y in dot.top.saturating_sub(2)..(dot.bottom + 3).min(gray.height) {
        gray.pixels[y * gray.width..][columns.clone()].fill(255);
    }
}

fn dots(gray: &Gray, largest: usize) -> Vec<Dot> {
    let dark = |x: usize, y: usize| gray.pixels[y * gray.width + x] < 128;
    let mut dots = Vec::new();
    for y in 1..gray.height.saturating_sub(1) {
        for x in 1..gray.width.saturating_sub(1) {
            // Only a spot's upper left corner starts a search.
            let corner = dark(x, y) && !dark(x, y - 1) && !dark(x - 1, y) && !dark(x - 1, y - 1) && !dark(x + 1, y - 1);
            if corner && let Some(dot) = spot(gray, x, y, largest) {
                dots.push(dot);
            }
        }
    }
    dots
}

/// The connected dark spot around a point, unless it is larger than `largest` pixels either way.
fn spot(gray: &Gray, x: usize, y: usize, largest: usize) -> Option<Dot> {
    let mut dot = Dot { left: x, top: y, right: x, bottom: y };
    let mut seen = vec![(x, y)];
    let mut next = 0;
    while let Some(&(x, y)) = seen.get(next) {
        next += 1;
        dot = Dot { left: dot.left.min(x), top: dot.top.min(y), right: dot.right.max(x), bottom: dot.bottom.max(y) };
        if dot.right - dot.left >= largest || dot.bottom - dot.top >= largest || x == 0 || y == 0 {
            return None;
        }
        for (x, y) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)] {
            let dark = x < gray.width && y < gray.height && gray.pixels[y * gray.width + x] < 128;
            if dark && !seen.contains(&(x, y)) {
                seen.push((x, y));
            }
        }
    }
    Some(dot)
}
