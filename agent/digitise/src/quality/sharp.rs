//! How soft the letters' edges are, and how far ink and paper are apart.

use crate::gray::Gray;

/// Tenths of a pixel up to 25.6.
const BINS: usize = 256;

/// How wide the edges of letters are, from paper to ink, in pixels of the scan; none where too few stand out.
///
/// Looks along rows of the whole scan at steps that are at least half as high as ink and paper are apart.
/// A step's height over its steepest slope needs no reference and, unlike the variance of the Laplacian, does not grow with noise,
/// contrast or the amount of text.
pub(super) fn edge_px(gray: &Gray, contrast: u8, dpi: u16) -> Option<f32> {
    let least = i32::from(contrast) / 2;
    // Letters whose edge takes more cannot be told from shadows.
    let reach = (usize::from(dpi) / 10).clamp(8, 120);
    // Two rows a millimetre see every letter several times.
    let every = (usize::from(dpi) / 60).max(1);
    let mut bins = [0_u32; BINS];
    let mut smooth = vec![0_i32; gray.width];
    for y in (0..gray.height).step_by(every) {
        smoothed(gray.row(y), &mut smooth);
        steps(&smooth, least, reach, &mut bins);
    }
    let count: u32 = bins.iter().sum();
    // A page of text has tens of thousands; a lone signature some hundred.
    (count >= 100).then(|| quantile(&bins, count / 2) as f32 / 10.0)
}

/// One, two, one: single noisy points break no step in two.
fn smoothed(row: &[u8], smooth: &mut [i32]) {
    for (value, three) in smooth[1..].iter_mut().zip(row.windows(3)) {
        *value = (i32::from(three[0]) + 2 * i32::from(three[1]) + i32::from(three[2])) / 4;
    }
    if let (Some(first), Some(pixel)) = (smooth.first_mut(), row.first()) {
        *first = i32::from(*pixel);
    }
    if let (Some(last), Some(pixel)) = (smooth.last_mut(), row.last()) {
        *last = i32::from(*pixel);
    }
}

/// Each run that only falls, or only rises, is one step.
fn steps(row: &[i32], least: i32, reach: usize, bins: &mut [u32; BINS]) {
    let mut start = 0;
    let mut steepest = 0_i32;
    for at in 1..row.len() {
        let slope = row[at] - row[at - 1];
        if slope != 0 && (slope > 0) != (steepest > 0) && steepest != 0 {
            let height = (row[at - 1] - row[start]).abs();
            if height >= least && at - 1 - start <= reach {
                let tenths = 10 * height / steepest.abs();
                bins[(tenths as usize).min(BINS - 1)] += 1;
            }
            start = at - 1;
            steepest = slope;
        } else if slope.abs() > steepest.abs() {
            steepest = slope;
        }
    }
}

fn quantile(bins: &[u32], mut rank: u32) -> usize {
    for (bin, count) in bins.iter().enumerate() {
        if *count > rank {
            return bin;
        }
        rank -= count;
    }
    bins.len().saturating_sub(1)
}

/// How much darker than the paper's usual brightness the ink's is, in levels of 255. `even` is `gray` with the ink below 128.
pub(super) fn contrast(gray: &Gray, even: &Gray) -> u8 {
    let (mut paper, mut ink) = ([0_u32; 256], [0_u32; 256]);
    for (pixel, even) in gray.pixels.iter().zip(&even.pixels) {
        let counts = if *even < 128 { &mut ink } else { &mut paper };
        counts[usize::from(*pixel)] += 1;
    }
    let middle = |counts: &[u32; 256], tenths: u32| quantile(counts, counts.iter().sum::<u32>() / 10 * tenths);
    // The darkest third: a stroke's sides are mixed with paper.
    middle(&paper, 5).saturating_sub(middle(&ink, 3)) as u8
}
