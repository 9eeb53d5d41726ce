//! The picture's frame: paper that is not all there, dark borders, and how large the paper is.

use crate::gray::Gray;
use crate::jpeg;

/// A3, A4, A5: shorter and longer side in millimetres (ISO 216).
const SIZES: [(f32, f32); 3] = [(297.0, 420.0), (210.0, 297.0), (148.0, 210.0)];
const CLOSE: f32 = 0.02;

fn close(one: f32, other: f32) -> bool {
    (one / other - 1.0).abs() <= CLOSE
}

/// One side is that of a standard sheet, the other is shorter than it should be: down to half of a sheet's width, as lesser papers
/// are whole ones of their own.
pub(super) fn cut_paper(width: u32, height: u32, dpi: u16) -> bool {
    let mm = |pixels: u32| pixels as f32 * 25.4 / f32::from(dpi.max(1));
    let (short, long) = (mm(width.min(height)), mm(width.max(height)));
    let whole = SIZES.iter().any(|size| close(short, size.0) && close(long, size.1));
    let half = SIZES.iter().any(|size| {
        let shorter = close(long, size.1) && short < size.0 && short > size.0 * 0.5;
        let lower = close(short, size.0) && long < size.1;
        let fallen = close(long, size.0) && short < size.0 && short > size.0 * 0.5;
        shorter || lower || fallen
    });
    half && !whole
}

/// Dots an inch of the scan: what the header says where it can be true, what was asked for where not.
pub(super) fn dpi_of(jpeg: &[u8], width: u32, height: u32, asked: u16) -> u16 {
    let Some(said) = stated_dpi(jpeg) else { return asked };
    let mm = |pixels: u32| pixels as f32 * 25.4 / f32::from(said);
    let (short, long) = (mm(width.min(height)), mm(width.max(height)));
    // 72 and 96 are what programs write that know nothing; with a whole sheet's size even they are true.
    let sheet = SIZES.iter().any(|size| close(short, size.0) && close(long, size.1));
    if (150..=1200).contains(&said) || sheet { said } else { asked }
}

/// Dots per inch as the JPEG's own header has it.
fn stated_dpi(jpeg: &[u8]) -> Option<u16> {
    jpeg::density(jpeg).filter(|(unit, dpi)| *unit == 1 && *dpi > 0).map(|(_, dpi)| dpi)
}

/// What is dark and reaches the picture's edge.
pub(crate) struct Border {
    /// Of the picture, in thousandths.
    pub(super) per_mille: u32,
    dark: Vec<bool>,
    width: usize,
    height: usize,
}

/// Less is strokes that touch the edge.
const LEAST_BORDER: u32 = 3;

impl Border {
    /// `small` is not evened: a border would vanish.
    pub(crate) fn of(small: &Gray) -> Self {
        let (width, height) = (small.width, small.height);
        let black = usual(small) / 3;
        let mut dark = vec![false; width * height];
        let mut open = Vec::new();
        let mut visit = |x: usize, y: usize, open: &mut Vec<(usize, usize)>| {
            let at = y * width + x;
            if !dark[at] && small.pixels[at] < black {
                dark[at] = true;
                open.push((x, y));
            }
        };
        for x in 0..width {
            visit(x, 0, &mut open);
            visit(x, height.saturating_sub(1), &mut open);
        }
        for y in 0..height {
            visit(0, y, &mut open);
            visit(width.saturating_sub(1), y, &mut open);
        }
        let mut count = 0_u64;
        while let Some((x, y)) = open.pop() {
            count += 1;
            visit(x.saturating_sub(1), y, &mut open);
            visit((x + 1).min(width - 1), y, &mut open);
            visit(x, y.saturating_sub(1), &mut open);
            visit(x, (y + 1).min(height - 1), &mut open);
        }
        Self { per_mille: (count * 1000 / (width * height).max(1) as u64) as u32, dark, width, height }
    }

    /// What is dark at the edges is no border.
    pub(super) fn is_none(&self) -> bool {
        self.per_mille < LEAST_BORDER
    }

    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }

    /// Makes the border of a picture that is `factor` times as large white: it is not written.
    pub(crate) fn wipe(&self, gray: &mut Gray, factor: usize) {
        if self.is_none() {
            return;
        }
        // Between black and paper lies a dark line.
        const AROUND: usize = 2;
        for y in 0..self.height {
            let rows = y.saturating_sub(AROUND) * factor..((y + AROUND + 1) * factor).min(gray.height);
            for x in (0..self.width).filter(|x| self.dark[y * self.width + x]) {
                let columns = x.saturating_sub(AROUND) * factor..((x + AROUND + 1) * factor).min(gray.width);
                for row in rows.clone() {
                    gray.pixels[row * gray.width..][columns.clone()].fill(255);
                }
            }
        }
    }
}

/// The paper's brightness where most of the picture is paper.
fn usual(small: &Gray) -> u8 {
    let mut sorted = small.pixels.clone();
    let middle = sorted.len() / 2;
    if sorted.is_empty() { 0 } else { *sorted.select_nth_unstable(middle).1 }
}

/// The most strokes that end at one edge of the picture. `even` has `dpi` points an inch.
///
/// A stroke takes at most 6 mm of the edge; what is longer is a border or a fold.
pub(super) fn cut_strokes(even: &Gray, dpi: usize) -> u32 {
    let (width, height) = (even.width, even.height);
    let depth = (dpi / 50).max(1);
    if width < 4 * depth || height < 4 * depth {
        return 0;
    }
    let longest = dpi * 6 / 25;
    let dark = |x: usize, y: usize| even.pixels[y * width + x] < 128;
    let all_dark = |across: &dyn Fn(usize) -> bool| (0..depth).all(across);
    let left = runs((0..height).map(|y| all_dark(&|d| dark(d, y))), longest);
    let right = runs((0..height).map(|y| all_dark(&|d| dark(width - 1 - d, y))), longest);
    let top = runs((0..width).map(|x| all_dark(&|d| dark(x, d))), longest);
    let bottom = runs((0..width).map(|x| all_dark(&|d| dark(x, height - 1 - d))), longest);
    left.max(right).max(top).max(bottom)
}

fn runs(dark: impl Iterator<Item = bool>, longest: usize) -> u32 {
    let (mut count, mut length) = (0, 0);
    for dark in dark.chain([false]) {
        if dark {
            length += 1;
        } else {
            count += u32::from((1..=longest).contains(&length));
            length = 0;
        }
    }
    count
}
