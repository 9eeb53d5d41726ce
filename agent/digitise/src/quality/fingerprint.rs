//! What a page looks like in a few kilobytes, so that the same side scanned twice is known again.

use crate::gray::Gray;

/// Where ink stands on a side, levelled: 140 kB for A4, 280 kB for A3. A picture of the page, if a coarse one: it is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    columns: usize,
    rows: usize,
    /// Ink per cell of 0.7 mm, 0 none to 255 all.
    cells: Vec<u8>,
    /// The same in cells of 5.4 mm, to find how far two sides are shifted.
    coarse: Vec<u8>,
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fingerprint({} x {})", self.columns, self.rows)
    }
}

/// Points of the small copy in a cell, and cells in a coarse one.
const CELL: usize = 2;
const COARSE: usize = 8;
/// A block of 14 x 7 mm, a short word: one name that differs fills one.
const BLOCK: (usize, usize) = (20, 10);
/// A block with less ink, 16 full cells, is paper with specks.
const LEAST_INK: u32 = 255 * 16;
/// Measured on ten kinds of paper, each scanned thrice (shifted up to 3 mm, turned up to 1.8 degrees, once with shadows and up to 5
/// degrees), and each twice more with other people's data: of 30 pairs of one side 28 are found at 300 dpi and 25 at 200, of 48
/// pairs that differ in a word or more none is taken for one. The worst block of one side differs by 0.03 to 0.11 more than the
/// middle one (the grey photo of an identity card by 0.17), that of two forms with one other name by 0.13 to 0.66.
const SAME: f32 = 0.12;

impl Fingerprint {
    /// `even` has about 75 points an inch.
    pub(super) fn of(even: &Gray, skew_degrees: f32) -> Self {
        let level = even.turned(skew_degrees).reduced(CELL);
        let cells = Gray { pixels: softened(&level).iter().map(|pixel| 255 - pixel).collect(), ..level };
        let coarse = cells.reduced(COARSE).pixels;
        Self { columns: cells.width, rows: cells.height, cells: cells.pixels, coarse }
    }

    /// Whether both are one side scanned twice. Two forms that differ in a few digits only can be taken for one; two that differ
    /// in a word are not. A side that was turned round in between is not known again.
    pub fn is_repeated(&self, other: &Self) -> bool {
        self.difference(other).is_some_and(|difference| difference < SAME)
    }

    /// How much the worst block differs from the other side's more than the middle one does; none where the sides have little in
    /// common. It takes about 20 ms for two sides of A4 that are alike, and a fraction for others.
    fn difference(&self, other: &Self) -> Option<f32> {
        let (ink, other_ink) = (sum(&self.coarse), sum(&other.coarse));
        if ink == 0 || ink.max(other_ink) * 3 > ink.min(other_ink) * 4 {
            return None;
        }
        let coarse = |page: &Self| (page.columns / COARSE, page.rows / COARSE);
        let (near, apart) = shift(Cells::new(&self.coarse, coarse(self)), Cells::new(&other.coarse, coarse(other)), (0, 0), 2);
        // Two sides of text apart by a third of all their ink are two texts.
        if apart * 3 > ink + other_ink {
            return None;
        }
        let one = Cells::new(&self.cells, (self.columns, self.rows));
        let other = Cells::new(&other.cells, (other.columns, other.rows));
        let (near, _) = shift(one, other, (near.0 * COARSE as isize, near.1 * COARSE as isize), 5);
        let lefts = || (0..self.columns).step_by(BLOCK.0);
        let corners = (0..self.rows).step_by(BLOCK.1).flat_map(|top| lefts().map(move |left| (left, top)));
        let mut blocks: Vec<f32> = corners.filter_map(|corner| block(one, other, corner, near)).collect();
        blocks.sort_by(f32::total_cmp);
        Some(blocks.last()? - blocks.get(blocks.len() / 2)?)
    }
}

/// Pairs, the earlier one first, that are one side scanned twice.
pub fn repeated(pages: &[Fingerprint]) -> Vec<(usize, usize)> {
    let pairs = (0..pages.len()).flat_map(|earlier| (earlier + 1..pages.len()).map(move |later| (earlier, later)));
    pairs.filter(|(earlier, later)| pages[*earlier].is_repeated(&pages[*later])).collect()
}

fn sum(cells: &[u8]) -> u64 {
    cells.iter().map(|cell| u64::from(*cell)).sum()
}

#[derive(Clone, Copy)]
struct Cells<'a> {
    cells: &'a [u8],
    columns: usize,
    rows: usize,
}

impl<'a> Cells<'a> {
    fn new(cells: &'a [u8], (columns, rows): (usize, usize)) -> Self {
        Self { cells, columns, rows }
    }

    /// Nothing is written outside.
    fn at(self, x: isize, y: isize) -> u32 {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return 0 };
        if x < self.columns && y < self.rows { u32::from(self.cells[y * self.columns + x]) } else { 0 }
    }

    fn row(self, y: isize) -> &'a [u8] {
        let row = usize::try_from(y).ok().filter(|y| *y < self.rows);
        row.map_or(&[], |y| &self.cells[y * self.columns..][..self.columns])
    }
}

/// The shift around `near` under which the least ink stands apart, and how much that is.
fn shift(one: Cells<'_>, other: Cells<'_>, near: (isize, isize), reach: isize) -> ((isize, isize), u64) {
    let columns = |y: isize| (near.0 - reach..=near.0 + reach).map(move |x| (x, y));
    let shifts = (near.1 - reach..=near.1 + reach).flat_map(columns);
    shifts.map(|shift| (shift, distance(one, other, shift))).min_by_key(|(_, apart)| *apart).unwrap_or((near, u64::MAX))
}

fn distance(one: Cells<'_>, other: Cells<'_>, (dx, dy): (isize, isize)) -> u64 {
    let mut apart = 0;
    for y in 0..one.rows as isize {
        let (row, there) = (one.row(y), other.row(y + dy));
        let skip = usize::try_from(-dx).unwrap_or(0).min(row.len());
        let from = usize::try_from(dx).unwrap_or(0).min(there.len());
        let both = row[skip..].iter().zip(&there[from..]);
        let length = both.len();
        apart += sum(&row[..skip]) + sum(&row[skip + length..]);
        apart += both.map(|(cell, over)| u64::from(cell.abs_diff(*over))).sum::<u64>();
    }
    apart
}

/// One, two, one in both directions: half a cell of shift then costs little.
fn softened(gray: &Gray) -> Vec<u8> {
    let (width, height) = (gray.width, gray.height);
    let at = |x: usize, y: usize| u32::from(gray.pixels[y * width + x]);
    let across: Vec<u32> = (0..width * height)
        .map(|index| {
            let (x, y) = (index % width, index / width);
            at(x.saturating_sub(1), y) + 2 * at(x, y) + at((x + 1).min(width - 1), y)
        })
        .collect();
    (0..width * height)
        .map(|index| {
            let (x, y) = (index % width, index / width);
            let row = |y: usize| across[y * width + x];
            ((row(y.saturating_sub(1)) + 2 * row(y) + row((y + 1).min(height - 1))) / 16) as u8
        })
        .collect()
}

/// How much of a block's ink stands apart, 0 to 1, under its best shift around `near`; none where it has too little.
fn block(one: Cells<'_>, other: Cells<'_>, corner: (usize, usize), near: (isize, isize)) -> Option<f32> {
    let mut at = (2 * near.0, 2 * near.1);
    let mut best = apart(one, other, corner, at)?;
    for step in [2, 1] {
        let around = at;
        for (x, y) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
            let there = (around.0 + step * x, around.1 + step * y);
            if let Some(apart) = apart(one, other, corner, there).filter(|apart| *apart < best) {
                (best, at) = (apart, there);
            }
        }
    }
    Some(best)
}

/// `shift` in half cells.
fn apart(one: Cells<'_>, other: Cells<'_>, (left, top): (usize, usize), shift: (isize, isize)) -> Option<f32> {
    let (dx, dy) = (shift.0.div_euclid(2), shift.1.div_euclid(2));
    let (half_x, half_y) = (shift.0.rem_euclid(2), shift.1.rem_euclid(2));
    let (mut apart, mut all) = (0_u32, 0_u32);
    for y in top..(top + BLOCK.1).min(one.rows) {
        for x in left..(left + BLOCK.0).min(one.columns) {
            let (x, y) = (x as isize, y as isize);
            let (u, v) = (x + dx, y + dy);
            let over = other.at(u, v) + other.at(u + half_x, v) + other.at(u, v + half_y) + other.at(u + half_x, v + half_y);
            let (cell, over) = (one.at(x, y), over / 4);
            apart += cell.abs_diff(over);
            all += cell + over;
        }
    }
    (all >= LEAST_INK).then(|| apart as f32 / all as f32)
}
