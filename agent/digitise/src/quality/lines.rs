//! Which way the lines run, and which way up the letters stand.

use crate::gray::Gray;

/// How the lines of a page run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lines {
    /// Down to the right, in degrees.
    pub(super) skew_degrees: f32,
    /// Share of the ink that stands in lines of text, 0 to 1.
    pub(super) text: f32,
    /// From -1, all letters upside down, to 1, all upright; none where too little stands above and below the letters' bodies.
    pub(super) upright: Option<f32>,
    /// At least two short lines of text: a stamp or a signature alone has no direction.
    pub(super) enough: bool,
}

/// Crooked pages come as far; OCR levels 7 degrees.
const REACH: f32 = 15.0;

/// `even` has `dpi` points an inch, `small` is the same at about 75.
pub(super) fn lines(even: &Gray, small: &Gray, dpi: usize) -> Lines {
    let skew_degrees = small.skew(REACH).degrees;
    let inks = inks(even, dpi, skew_degrees);
    Lines { skew_degrees, text: inks.text as f32 / inks.all.max(1) as f32, upright: inks.upright(), enough: inks.enough(dpi) }
}

/// As [`Lines::upright`], of a page whose lines are level; none where they are not enough.
pub(super) fn upright(level: &Gray, dpi: usize) -> Option<f32> {
    let inks = inks(level, dpi, 0.0);
    inks.upright().filter(|_| inks.enough(dpi))
}

/// Points of ink: in lines of text, above and below their dark bands, in all.
#[derive(Default)]
struct Inks {
    text: u64,
    above: u64,
    below: u64,
    all: u64,
}

impl Inks {
    /// A line of text gives a few hundred points.
    fn upright(&self) -> Option<f32> {
        let (above, below) = (self.above as f32, self.below as f32);
        (self.above + self.below >= 200).then(|| (above - below) / (above + below))
    }

    /// Two lines of 60 letters at 150 points an inch.
    fn enough(&self, dpi: usize) -> bool {
        self.text * 150 * 150 >= 5000 * (dpi * dpi) as u64
    }
}

/// Between x-height and base line a line of text is darkest. Above it stand capitals, ascenders and, in Vietnamese, most of the
/// marks; below it only a few descenders and dots.
fn inks(even: &Gray, dpi: usize, skew_degrees: f32) -> Inks {
    let slope = skew_degrees.to_radians().tan();
    let strip = (dpi * 20 / 25).max(8);
    let mut inks = Inks::default();
    let mut profile = vec![0_u32; even.height];
    for left in (0..even.width.saturating_sub(strip)).step_by(strip) {
        profile.fill(0);
        for y in 0..even.height {
            for (x, _) in even.row(y)[left..left + strip].iter().enumerate().filter(|(_, pixel)| **pixel < 128) {
                let level = y as f32 - (x as f32 - strip as f32 / 2.0) * slope;
                if let Some(sum) = profile.get_mut(level as usize) {
                    *sum += 1;
                }
            }
        }
        inks.all += profile.iter().map(|sum| u64::from(*sum)).sum::<u64>();
        add_lines(&profile, strip, dpi, &mut inks);
    }
    inks
}

/// A line of text is 2 to 9 mm high with its marks, and white above and below. Rules of tables and frames are lower or higher.
fn add_lines(profile: &[u32], strip: usize, dpi: usize, inks: &mut Inks) {
    let heights = dpi * 2 / 25..=dpi * 9 / 25;
    let least = strip as u32 / 12;
    for line in profile.split(|sum| *sum <= 1).filter(|line| heights.contains(&line.len())) {
        let peak = line.iter().copied().max().unwrap_or(0);
        if peak < least {
            continue;
        }
        let dark = |sum: &u32| *sum * 2 > peak;
        let (Some(first), Some(last)) = (line.iter().position(dark), line.iter().rposition(dark)) else { continue };
        let sum = |rows: &[u32]| rows.iter().map(|sum| u64::from(*sum)).sum::<u64>();
        inks.text += sum(line);
        inks.above += sum(&line[..first]);
        inks.below += sum(&line[last + 1..]);
    }
}
