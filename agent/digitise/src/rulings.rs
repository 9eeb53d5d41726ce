//! Lines of tables, frames and fields: OCR takes them for letters, and loses the words between them.

use crate::gray::Gray;

/// Darker than this belongs to a line; thin ones are grey.
const DARK: u8 = 200;

/// Wipes straight lines across and down: longer than letters are wide or high, and thinner than a millimetre. What crosses a line, as
/// the tail of a letter does, stays.
pub(crate) fn wipe_rulings(gray: &mut Gray, dpi: usize) {
    if gray.pixels.is_empty() {
        return;
    }
    let thick = (dpi / 36).max(4);
    across(gray, dpi / 3, thick);
    down(gray, dpi / 3, thick);
}

/// A pixel missing here and there is noise, not the end of a line.
const PLAY: usize = 4;

fn across(gray: &mut Gray, shortest: usize, thick: usize) {
    let (width, height) = (gray.width, gray.height);
    let mut found = Vec::new();
    let mut row = vec![false; width];
    for y in 0..height {
        // A line that is one pixel thin and climbs a little goes on in the next row.
        let below = gray.row((y + 1).min(height - 1));
        for ((dark, here), next) in row.iter_mut().zip(gray.row(y)).zip(below) {
            *dark = *here.min(next) < DARK;
        }
        found.extend(runs(&row, shortest).into_iter().map(|(from, to)| (y, from, to)));
    }
    for (y, from, to) in found {
        // Where the line is, and how far it reaches up and down there.
        let extents: Vec<Option<(usize, usize)>> = (from..to)
            .map(|x| {
                let dark = |y: usize| gray.pixels[y * width + x] < DARK;
                let y = [y, (y + 1).min(height - 1)].into_iter().find(|y| dark(*y))?;
                let top = (y.saturating_sub(thick)..=y).rev().take_while(|y| dark(*y)).last().unwrap_or(y);
                let bottom = (y..(y + thick + 1).min(height)).take_while(|y| dark(*y)).last().unwrap_or(y);
                Some((top, bottom))
            })
            .collect();
        if !is_line(&extents, thick) {
            continue;
        }
        for (x, extent) in (from..to).zip(extents) {
            if let Some((top, bottom)) = extent.filter(|(top, bottom)| bottom - top < thick) {
                for y in top.saturating_sub(1)..(bottom + 2).min(height) {
                    gray.pixels[y * width + x] = 255;
                }
            }
        }
    }
}

/// The feet of a row of letters touch each other as well, but what stands on them is as dark.
fn is_line(extents: &[Option<(usize, usize)>], thick: usize) -> bool {
    let (mut thin, mut dark) = (0, 0);
    for (from, to) in extents.iter().flatten() {
        dark += 1;
        thin += usize::from(to - from < thick);
    }
    thin * 4 >= dark * 3 && dark * 3 >= extents.len() * 2
}

fn down(gray: &mut Gray, shortest: usize, thick: usize) {
    let (width, height) = (gray.width, gray.height);
    let mut columns = Columns::new(width, shortest);
    let mut found = Vec::new();
    for y in 0..height {
        columns.take(y, gray.row(y), &mut found);
    }
    columns.end(height, &mut found);
    for (x, from, to) in found {
        let extents: Vec<Option<(usize, usize)>> = (from..to)
            .map(|y| {
                let row = gray.row(y);
                let x = [x, (x + 1).min(width - 1)].into_iter().find(|x| row[*x] < DARK)?;
                let left = (x.saturating_sub(thick)..=x).rev().take_while(|x| row[*x] < DARK).last().unwrap_or(x);
                let right = (x..(x + thick + 1).min(width)).take_while(|x| row[*x] < DARK).last().unwrap_or(x);
                Some((left, right))
            })
            .collect();
        if !is_line(&extents, thick) {
            continue;
        }
        for (y, extent) in (from..to).zip(extents) {
            if let Some((left, right)) = extent.filter(|(left, right)| right - left < thick) {
                gray.pixels[y * width..(y + 1) * width][left.saturating_sub(1)..(right + 2).min(width)].fill(255);
            }
        }
    }
}

/// Stretches of true values that are at least so long, gaps of [`PLAY`] forgiven.
fn runs(values: &[bool], shortest: usize) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (at, _) in values.iter().enumerate().filter(|(_, value)| **value) {
        open = match open {
            Some((from, last)) if at - last <= PLAY + 1 => Some((from, at)),
            ended => {
                runs.extend(ended);
                Some((at, at))
            }
        };
    }
    runs.extend(open);
    runs.iter().map(|(from, last)| (*from, last + 1)).filter(|(from, to)| to - from >= shortest).collect()
}

/// The same down every column at once: the picture is read row by row, as it lies in memory.
struct Columns {
    shortest: usize,
    /// Start and last dark pixel of the stretch that is open.
    open: Vec<Option<(usize, usize)>>,
}

impl Columns {
    fn new(width: usize, shortest: usize) -> Self {
        Self { shortest, open: vec![None; width] }
    }

    fn take(&mut self, y: usize, row: &[u8], found: &mut Vec<(usize, usize, usize)>) {
        for (x, open) in self.open.iter_mut().enumerate() {
            let pixel = row[x].min(row[(x + 1).min(row.len() - 1)]);
            match (pixel < DARK, *open) {
                (true, None) => *open = Some((y, y)),
                (true, Some((from, _))) => *open = Some((from, y)),
                (false, Some((from, last))) if y - last > PLAY => {
                    if last + 1 - from >= self.shortest {
                        found.push((x, from, last + 1));
                    }
                    *open = None;
                }
                (false, _) => {}
            }
        }
    }

    fn end(&mut self, height: usize, found: &mut Vec<(usize, usize, usize)>) {
        self.take(height + PLAY, &vec![255; self.open.len()], found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Gray {
        Gray { width: 600, height: 400, pixels: vec![255; 600 * 400] }
    }

    fn fill(gray: &mut Gray, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) {
        for y in rows {
            gray.pixels[y * 600..][columns.clone()].fill(0);
        }
    }

    fn ink(gray: &Gray) -> usize {
        gray.pixels.iter().filter(|pixel| **pixel < 128).count()
    }

    #[test]
    fn a_table_goes_and_its_letters_stay() {
        let mut gray = page();
        for y in [50, 150, 250] {
            fill(&mut gray, 20..580, y..y + 3);
        }
        for x in [20, 300, 577] {
            fill(&mut gray, x..x + 3, 50..253);
        }
        // A letter in a cell, a bar as thick as a bold letter, and a tail that reaches through a line.
        fill(&mut gray, 100..130, 80..110);
        fill(&mut gray, 350..500, 180..200);
        fill(&mut gray, 200..206, 140..170);
        wipe_rulings(&mut gray, 300);
        let left = 30 * 30 + 150 * 20 + 6 * 30;
        assert!(ink(&gray).abs_diff(left) < 60, "{} of {left}", ink(&gray));
    }

    #[test]
    fn a_line_that_climbs_a_little_or_is_torn_goes_too() {
        let mut gray = page();
        for x in 20..580 {
            if x % 40 > 1 {
                fill(&mut gray, x..x + 1, 100 + x / 60..103 + x / 60);
            }
        }
        wipe_rulings(&mut gray, 200);
        assert!(ink(&gray) < 60, "{}", ink(&gray));
    }

    #[test]
    fn the_smallest_pictures_do_no_harm() {
        for (width, height) in [(0, 0), (1, 1), (500, 1), (1, 500)] {
            let mut gray = Gray { width, height, pixels: vec![0; width * height] };
            wipe_rulings(&mut gray, 300);
        }
    }
}
