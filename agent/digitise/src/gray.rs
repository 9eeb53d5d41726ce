//! Grey pictures: reducing, evening out the paper, finding the skew, turning.

/// Rows of grey values, 0 black to 255 white.
#[derive(Clone)]
pub(crate) struct Gray {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

/// The direction of text lines.
#[derive(Clone, Copy)]
pub(crate) struct Skew {
    /// Down to the right.
    pub(crate) degrees: f32,
    /// How much the sums along it differ from row to row; 0 where nothing is written.
    pub(crate) sharpness: u64,
}

impl Gray {
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// Each pixel the mean of a square of `factor` pixels; what is left over at the right and the bottom is dropped.
    pub(crate) fn reduced(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let area = (factor * factor) as u32;
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for y in 0..height {
            sums.fill(0);
            for row in y * factor..(y + 1) * factor {
                for (sum, square) in sums.iter_mut().zip(self.row(row).chunks_exact(factor)) {
                    *sum += square.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self { width, height, pixels }
    }

    /// Each pixel the mean of what it covers of the larger picture; `to` in `from` of its width and height.
    pub(crate) fn shrunk(&self, to: usize, from: usize) -> Self {
        let (width, height) = (self.width * to / from, self.height * to / from);
        // In units of 1/16 pixel: where a new pixel begins, and how much of each old one it takes.
        let edge = |at: usize| at * from * 16 / to;
        let cover = |at: usize, most: usize| {
            let (begin, end) = (edge(at), edge(at + 1).min(most * 16));
            (begin / 16..end.div_ceil(16)).map(move |old| (old, ((old + 1) * 16).min(end) - (old * 16).max(begin)))
        };
        let columns: Vec<Vec<(usize, usize)>> = (0..width).map(|x| cover(x, self.width).collect()).collect();
        let mut pixels = Vec::with_capacity(width * height);
        let mut line = vec![0_u32; self.width];
        for y in 0..height {
            line.fill(0);
            let mut rows = 0;
            for (old, part) in cover(y, self.height) {
                rows += part;
                for (sum, pixel) in line.iter_mut().zip(self.row(old)) {
                    *sum += u32::from(*pixel) * part as u32;
                }
            }
            pixels.extend(columns.iter().map(|column| {
                let (sum, parts) = column.iter().fold((0, 0), |(sum, parts), (x, part)| (sum + line[*x] * *part as u32, parts + part));
                (sum / (parts * rows).max(1) as u32) as u8
            }));
        }
        Self { width, height, pixels }
    }

    /// Each pixel the mean of itself and those to the right and below: less grain.
    pub(crate) fn smoothed(&self) -> Self {
        let mut pixels = self.pixels.clone();
        for y in 0..self.height.saturating_sub(1) {
            let (row, below) = (self.row(y), self.row(y + 1));
            let pairs = row.windows(2).zip(below.windows(2));
            for (pixel, (upper, lower)) in pixels[y * self.width..].iter_mut().zip(pairs) {
                let sum = [upper[0], upper[1], lower[0], lower[1]].iter().map(|value| u16::from(*value)).sum::<u16>();
                *pixel = (sum / 4) as u8;
            }
        }
        Self { width: self.width, height: self.height, pixels }
    }

    /// Edges made steeper, as far as two pixels around: against blur.
    pub(crate) fn sharpened(&self) -> Self {
        const REACH: usize = 2;
        let mut pixels = self.pixels.clone();
        for y in REACH..self.height.saturating_sub(REACH) {
            for x in REACH..self.width.saturating_sub(REACH) {
                let at = y * self.width + x;
                let around = [at - REACH, at + REACH, at - REACH * self.width, at + REACH * self.width];
                let around: i32 = around.iter().map(|near| i32::from(self.pixels[*near])).sum();
                pixels[at] = (5 * i32::from(self.pixels[at]) - around).clamp(0, 255) as u8;
            }
        }
        Self { width: self.width, height: self.height, pixels }
    }

    /// Divides by the paper's own brightness, found in cells of `cell` pixels, then maps `black..=white` to 0..=255.
    ///
    /// Shadows and grey paper become white; what is fainter than `white` (the other side showing through) disappears.
    pub(crate) fn evened(&self, cell: usize, black: u8, white: u8) -> Self {
        let paper = Paper::of(self, cell);
        let stretch = stretch_table(black, white);
        let mut pixels = Vec::with_capacity(self.pixels.len());
        let mut line = vec![0_u32; self.width];
        for y in 0..self.height {
            paper.fill_line(y, &mut line);
            let row = self.row(y).iter().zip(&line);
            pixels.extend(row.map(|(pixel, paper)| stretch[((u32::from(*pixel) * paper) >> 16).min(255) as usize]));
        }
        Self { width: self.width, height: self.height, pixels }
    }

    /// How far the text lines run down to the right, searched within `reach` degrees either way.
    ///
    /// Of all directions the lines' own makes the sums along it differ most from row to row.
    pub(crate) fn skew(&self, reach: f32) -> Skew {
        let ink: Vec<(f32, f32)> = (0..self.height)
            .flat_map(|y| self.row(y).iter().enumerate().filter(|(_, pixel)| **pixel < 128).map(move |(x, _)| (x as f32, y as f32)))
            .collect();
        // Fewer points than one short line of text say nothing about a direction.
        if ink.len() < 300 {
            return Skew { degrees: 0.0, sharpness: 0 };
        }
        let mut sums = vec![0_u32; self.height + self.width];
        let mut best = |angles: &mut dyn Iterator<Item = f32>| {
            angles
                .map(|degrees| Skew { degrees, sharpness: sharpness(&ink, degrees, self.width, &mut sums) })
                .max_by_key(|skew| skew.sharpness)
                .unwrap_or(Skew { degrees: 0.0, sharpness: 0 })
        };
        let steps = (reach * 4.0) as i32;
        let coarse = best(&mut (-steps..=steps).map(|step| step as f32 * 0.25)).degrees;
        best(&mut (-6..=6).map(|step| coarse + step as f32 * 0.04))
    }

    /// Rows and columns exchanged.
    pub(crate) fn transposed(&self) -> Self {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for x in 0..self.width {
            pixels.extend((0..self.height).map(|y| self.pixels[y * self.width + x]));
        }
        Self { width: self.height, height: self.width, pixels }
    }

    /// Turned counter-clockwise by that many quarters.
    pub(crate) fn quarter_turned(self, quarters: u8) -> Self {
        match quarters % 4 {
            0 => self,
            1 => self.transposed().flipped(),
            2 => self.half_turned(),
            _ => self.flipped().transposed(),
        }
    }

    /// Top and bottom exchanged.
    fn flipped(&self) -> Self {
        let rows = (0..self.height).rev().flat_map(|y| self.row(y)).copied();
        Self { width: self.width, height: self.height, pixels: rows.collect() }
    }

    /// Upside down.
    pub(crate) fn half_turned(&self) -> Self {
        Self { width: self.width, height: self.height, pixels: self.pixels.iter().rev().copied().collect() }
    }

    /// Turned counter-clockwise about its centre; white comes in from outside.
    pub(crate) fn turned(&self, degrees: f32) -> Self {
        const ONE: i64 = 1 << 16;
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let (sin, cos) = ((sin * ONE as f64) as i64, (cos * ONE as f64) as i64);
        let (centre_x, centre_y) = (self.width as i64 / 2, self.height as i64 / 2);
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..self.height as i64 {
            let mut from_x = centre_x * ONE - centre_x * cos - (y - centre_y) * sin;
            let mut from_y = centre_y * ONE - centre_x * sin + (y - centre_y) * cos;
            for _ in 0..self.width {
                pixels.push(self.between(from_x, from_y));
                from_x += cos;
                from_y += sin;
            }
        }
        Self { width: self.width, height: self.height, pixels }
    }

    /// The bilinear value at a point in units of 1/65536 pixel.
    fn between(&self, x: i64, y: i64) -> u8 {
        let (left, top) = (x >> 16, y >> 16);
        if left < 0 || top < 0 || left + 1 >= self.width as i64 || top + 1 >= self.height as i64 {
            return 255;
        }
        let (part_x, part_y) = (((x >> 8) & 255) as u32, ((y >> 8) & 255) as u32);
        let at = top as usize * self.width + left as usize;
        let upper = u32::from(self.pixels[at]) * (256 - part_x) + u32::from(self.pixels[at + 1]) * part_x;
        let below = &self.pixels[at + self.width..];
        let lower = u32::from(below[0]) * (256 - part_x) + u32::from(below[1]) * part_x;
        ((upper * (256 - part_y) + lower * part_y) >> 16) as u8
    }
}

fn sharpness(ink: &[(f32, f32)], degrees: f32, width: usize, sums: &mut [u32]) -> u64 {
    sums.fill(0);
    let slope = degrees.to_radians().tan();
    // Half the width keeps every shifted row inside the sums for angles up to 45 degrees.
    let offset = width as f32 / 2.0;
    for (x, y) in ink {
        let row = (y - (x - offset) * slope + offset) as usize;
        if let Some(sum) = sums.get_mut(row) {
            *sum += 1;
        }
    }
    sums.windows(2).map(|pair| u64::from(pair[0].abs_diff(pair[1])).pow(2)).sum()
}

fn stretch_table(black: u8, white: u8) -> [u8; 256] {
    let (black, span) = (i32::from(black), i32::from(white) - i32::from(black));
    std::array::from_fn(|value| (((value as i32 - black) * 255) / span.max(1)).clamp(0, 255) as u8)
}

/// The paper's brightness on a coarse grid, kept as the factor (times 65536) that makes it 255.
struct Paper {
    cell: usize,
    columns: usize,
    rows: usize,
    factors: Vec<i32>,
}

impl Paper {
    fn of(gray: &Gray, cell: usize) -> Self {
        let (columns, rows) = (gray.width.div_ceil(cell).max(1), gray.height.div_ceil(cell).max(1));
        let bright: Vec<u8> =
            (0..rows * columns).map(|index| bright_level(gray, index % columns * cell, index / columns * cell, cell)).collect();
        // A cell filled by a letter, a seal or a photo takes its brightness from its neighbours (a closing, then a mean).
        let closed = around(&around(&bright, columns, rows, 2, u8::max), columns, rows, 2, u8::min);
        let factors = means(&closed, columns, rows).iter().map(|level| (255 << 16) / i32::from(*level).max(32)).collect();
        Self { cell, columns, rows, factors }
    }

    /// The factors of one row of pixels, blended between the cells' centres.
    fn fill_line(&self, y: usize, line: &mut [u32]) {
        let (top, bottom, down) = self.neighbours(y);
        let columns: Vec<i32> = (0..self.columns)
            .map(|index| {
                let (upper, lower) = (self.factors[top * self.columns + index], self.factors[bottom * self.columns + index]);
                upper + (lower - upper) / self.cell as i32 * down as i32
            })
            .collect();
        let half = (self.cell / 2).min(line.len());
        line[..half].fill(columns[0] as u32);
        for (index, pixels) in line[half..].chunks_mut(self.cell).enumerate() {
            let next = columns[(index + 1).min(self.columns - 1)];
            let mut factor = columns[index.min(self.columns - 1)];
            let step = (next - factor) / self.cell as i32;
            for pixel in pixels {
                *pixel = factor as u32;
                factor += step;
            }
        }
    }

    /// The rows of cells whose centres lie above and below a row of pixels, and how far below the first one it is.
    fn neighbours(&self, y: usize) -> (usize, usize, usize) {
        let half = self.cell / 2;
        if y < half {
            return (0, 0, 0);
        }
        let before = (y - half) / self.cell;
        (before.min(self.rows - 1), (before + 1).min(self.rows - 1), (y - half) % self.cell)
    }
}

/// The brightness that nine tenths of a cell do not exceed: the paper, not the noise on it.
fn bright_level(gray: &Gray, left: usize, top: usize, cell: usize) -> u8 {
    let mut counts = [0_u32; 256];
    let right = (left + cell).min(gray.width);
    for y in top..(top + cell).min(gray.height) {
        for pixel in &gray.row(y)[left..right] {
            counts[usize::from(*pixel)] += 1;
        }
    }
    let mut above = counts.iter().sum::<u32>() / 10;
    for (level, count) in counts.iter().enumerate().rev() {
        if *count > above {
            return level as u8;
        }
        above -= count;
    }
    0
}

fn around(cells: &[u8], columns: usize, rows: usize, reach: usize, pick: fn(u8, u8) -> u8) -> Vec<u8> {
    let window = |index: usize, count: usize| index.saturating_sub(reach)..=(index + reach).min(count - 1);
    let pick_of = |index: usize| {
        let (x, y) = (index % columns, index / columns);
        window(y, rows).flat_map(|y| window(x, columns).map(move |x| cells[y * columns + x])).reduce(pick).unwrap_or(0)
    };
    (0..cells.len()).map(pick_of).collect()
}

fn means(cells: &[u8], columns: usize, rows: usize) -> Vec<u8> {
    let mean_of = |index: usize| {
        let (x, y) = (index % columns, index / columns);
        let (mut sum, mut count) = (0_u32, 0);
        for y in y.saturating_sub(1)..=(y + 1).min(rows - 1) {
            for x in x.saturating_sub(1)..=(x + 1).min(columns - 1) {
                sum += u32::from(cells[y * columns + x]);
                count += 1;
            }
        }
        (sum / count) as u8
    };
    (0..cells.len()).map(mean_of).collect()
}
