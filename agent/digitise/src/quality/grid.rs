//! Pictures blown up from fewer dots an inch than their size says.

use std::f32::consts::TAU;

use crate::gray::Gray;

/// Peaks of pictures as the scanner's sensor saw them stay below 6, of blown-up ones (by 1.5 or 3, four filters, JPEG quality 60
/// to 90) they are above 13 but for the sharpest filter at 1.5 times.
const PEAK: f32 = 12.0;

/// How many times the picture was enlarged across, by a number that is not whole or is odd; 1 where nothing shows.
///
/// Between the points of the smaller picture an enlarged one is smooth, so its curvature comes and goes with their distance
/// (A. C. Gallagher, Detection of linear and cubic interpolation in JPEG compressed images, 2005). Enlarging by two leaves no such
/// trace. `edge_px` decides between the two numbers that leave the same one.
pub(super) fn enlarged(gray: &Gray, dpi: u16, edge_px: f32) -> f32 {
    let curvature = curvature(gray, (usize::from(dpi) / 50).max(1));
    let Some(frequency) = peak(&curvature) else { return 1.0 };
    let (more, less) = (1.0 / frequency, 1.0 / (1.0 - frequency));
    // Edges of letters enlarged 3 times are 3.8 points wide and more, 1.5 times 3.1 and less.
    if edge_px > 1.6 * (more * less).sqrt() { more } else { less }
}

/// Mean bend of the brightness per column, against that of the columns around.
fn curvature(gray: &Gray, every: usize) -> Vec<f32> {
    let mut sums = vec![0_u32; gray.width.saturating_sub(2)];
    for y in (0..gray.height).step_by(every) {
        for (sum, three) in sums.iter_mut().zip(gray.row(y).windows(3)) {
            *sum += (2 * i32::from(three[1]) - i32::from(three[0]) - i32::from(three[2])).unsigned_abs();
        }
    }
    const AROUND: usize = 16;
    let mut running = 0_u64;
    let totals: Vec<u64> = std::iter::once(0)
        .chain(sums.iter().map(|sum| {
            running += u64::from(*sum);
            running
        }))
        .collect();
    (0..sums.len())
        .map(|x| {
            let (from, to) = (x.saturating_sub(AROUND), (x + AROUND + 1).min(sums.len()));
            let mean = (totals[to] - totals[from]) as f32 / (to - from) as f32;
            sums[x] as f32 / mean.max(1.0) - 1.0
        })
        .collect()
}

/// The frequency in periods a point that stands out among all from 0.15 to 0.49; multiples of an eighth are JPEG's own
/// blocks, of a sixteenth those of a JPEG that was enlarged by two.
fn peak(values: &[f32]) -> Option<f32> {
    // Two thousand columns tell as much as all of A3 do.
    let values = &values[values.len().saturating_sub(2048) / 2..][..values.len().min(2048)];
    let count = values.len();
    if count < 256 {
        return None;
    }
    let window = |at: usize| 0.5 - 0.5 * (TAU * at as f32 / count as f32).cos();
    let windowed: Vec<f32> = values.iter().enumerate().map(|(at, value)| value * window(at)).collect();
    let bins = count * 15 / 100..count * 49 / 100;
    let powers: Vec<(f32, f32)> = bins
        .map(|bin| bin as f32 / count as f32)
        .filter(|frequency| (2..=8).all(|sixteenth| (frequency - sixteenth as f32 / 16.0).abs() > 0.006))
        .map(|frequency| (strength(&windowed, frequency), frequency))
        .collect();
    let mut sorted: Vec<f32> = powers.iter().map(|(strength, _)| *strength).collect();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied()?;
    let (strength, frequency) = powers.into_iter().max_by(|one, other| one.0.total_cmp(&other.0))?;
    (usual > 0.0 && strength > PEAK * usual).then_some(frequency)
}

/// Goertzel's sum for one frequency.
fn strength(values: &[f32], frequency: f32) -> f32 {
    let turn = 2.0 * (TAU * frequency).cos();
    let (last, before) = values.iter().fold((0.0_f32, 0.0_f32), |(last, before), value| (value + turn * last - before, last));
    (last * last + before * before - turn * last * before).max(0.0).sqrt()
}
