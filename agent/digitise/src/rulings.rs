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
    let lines = lines_across(gray, dpi / 3);
    wipe(gray, lines, thick);
    // What runs down runs across in the mirrored picture. Of the columns of one thick line whichever ends first is tried first.
    let mut mirrored = gray.transposed();
    let mut lines = lines_across(&mirrored, dpi / 3);
    lines.sort_by_key(|line| line.to);
    wipe(&mut mirrored, lines, thick);
    *gray = mirrored.transposed();
}

/// A pixel missing here and there is noise, not the end of a line.
const PLAY: usize = 4;

/// A dark stretch of one row, its end exclusive.
struct Stretch {
    y: usize,
    from: usize,
    to: usize,
}

fn lines_across(gray: &Gray, shortest: usize) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut row = vec![false; gray.width];
    for y in 0..gray.height {
        // A line that is one pixel thin and climbs a little goes on in the next row.
        let below = gray.row((y + 1).min(gray.height - 1));
        for ((dark, here), next) in row.iter_mut().zip(gray.row(y)).zip(below) {
            *dark = *here.min(next) < DARK;
        }
        found.extend(runs(&row, shortest).into_iter().map(|(from, to)| Stretch { y, from, to }));
    }
    found
}

fn wipe(gray: &mut Gray, lines: Vec<Stretch>, thick: usize) {
    let (width, height) = (gray.width, gray.height);
    for Stretch { y, from, to } in lines {
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
