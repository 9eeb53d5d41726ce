//! Checks of one scanned side, its thumbnail and a smaller encoding.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder, PixelDensity};

use crate::gray::Gray;
use crate::jpeg::{self, PageError};

/// What a look at a whole scanned side tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Nothing is written on the side; print showing through from the other side, specks, punch holes near the edge and a lone
    /// page number do not count. A blank side is flagged and kept, never dropped (R46, R48).
    pub blank: bool,
}

/// Decodes the whole side and says whether it is blank.
///
/// # Errors
/// When the bytes are no JPEG, end early or are damaged: the side must be scanned again.
pub fn inspect(jpeg: &[u8]) -> Result<Inspection, PageError> {
    let (frame, pixels) = jpeg::decode_luma(jpeg)?;
    let gray = Gray { width: frame.width as usize, height: frame.height as usize, pixels };
    Ok(Inspection { width: frame.width, height: frame.height, blank: is_blank(&gray) })
}

/// Of ten thousand points inside the margin, so many may be dark on a blank side. Between specks, show-through, punch holes and
/// a lone page number on one hand and a lone signature or a lone seal on the other: 13 of 13 such worn test pages fall right.
const INK_PER_10_000: usize = 4;

pub(crate) fn is_blank(gray: &Gray) -> bool {
    // Below 69 % of the paper's brightness is ink; print showing through stays above 85 %.
    !has_ink(&small_copy(gray).evened(CELL, 174, 175), INK_PER_10_000)
}

/// So many for faint writing: more than the specks and show-through of a worn blank side give, less than one line.
const FAINT_PER_10_000: usize = 20;

/// A small copy and its ink as black on white.
pub(crate) struct Faint {
    pub(crate) gray: Gray,
    pub(crate) even: Gray,
}

/// Writing on a side that counts as blank: paler than ink, darker than what shows through.
pub(crate) fn faint_writing(gray: &Gray) -> Option<Faint> {
    let gray = small_copy(gray);
    let even = gray.evened(CELL, 206, 207);
    has_ink(&even, FAINT_PER_10_000).then_some(Faint { gray, even })
}

/// About 75 points an inch whatever the scanner's resolution, as A4 is about 620 of them wide.
fn small_copy(gray: &Gray) -> Gray {
    gray.reduced((gray.width / 620).max(1))
}

/// Points of the small copy over which the paper's brightness is taken together, 8 mm.
const CELL: usize = 24;

fn has_ink(even: &Gray, least_per_10_000: usize) -> bool {
    // 6 % of A4 is 12 mm: shadows of the edge and punch holes lie outside.
    let (margin_x, margin_y) = (even.width * 6 / 100, even.height * 5 / 100);
    let inside = margin_x..even.width - margin_x;
    let rows = margin_y..even.height - margin_y;
    let points = inside.len() * rows.len();
    let ink: usize = rows.map(|y| even.row(y)[inside.clone()].iter().filter(|pixel| **pixel == 0).count()).sum();
    points == 0 || ink * 10_000 >= points * least_per_10_000
}

/// A JPEG of the side, at most `max_width` pixels wide; a side that is narrower keeps its size.
///
/// # Errors
/// As [`inspect`], or when the thumbnail cannot be encoded.
pub fn thumbnail(jpeg: &[u8], max_width: u32) -> Result<Vec<u8>, PageError> {
    let (frame, pixels) = jpeg::decode(jpeg)?;
    let channels = usize::from(frame.components);
    let (width, height) = (frame.width as usize, frame.height as usize);
    let small_width = (max_width.max(1) as usize).min(width);
    let small_height = (height * small_width / width).max(1);
    let small = shrunk(&pixels, channels, (width, height), (small_width, small_height));
    let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80)
        .write_image(&small, small_width as u32, small_height as u32, colour)
        .map_err(|error| PageError::Thumbnail(error.to_string()))?;
    Ok(bytes)
}

/// The side encoded a second time, smaller, at a quality of 30 to 95: as many pixels, colour stays colour. It loses what the first encoding
/// kept, so an original is never made so. Bytes that would not become fewer stay as they are.
///
/// # Errors
/// As [`inspect`], or when the picture cannot be encoded.
pub fn smaller(jpeg: &[u8], dpi: u16, quality: u8) -> Result<Vec<u8>, PageError> {
    let (frame, pixels) = jpeg::decode(jpeg)?;
    let failed = |error: String| PageError::Encoding(error);
    let side = |pixels: u32| u16::try_from(pixels).map_err(|error| failed(error.to_string()));
    let colour = if frame.components == 1 { ColorType::Luma } else { ColorType::Rgb };
    let mut bytes = Vec::with_capacity(jpeg.len() / 2);
    let mut encoder = Encoder::new(&mut bytes, quality.clamp(30, 95));
    encoder.set_density(PixelDensity::dpi(dpi));
    // With tables of its own it would be an eighth smaller, and the decoder that reads our pages then sees false colours.
    encoder.encode(&pixels, side(frame.width)?, side(frame.height)?, colour).map_err(|error| failed(error.to_string()))?;
    Ok(if bytes.len() < jpeg.len() { bytes } else { jpeg.to_vec() })
}

/// Each new pixel the mean of the old ones it covers.
fn shrunk(pixels: &[u8], channels: usize, (width, height): (usize, usize), (small_width, small_height): (usize, usize)) -> Vec<u8> {
    let mut small = Vec::with_capacity(small_width * small_height * channels);
    let edges: Vec<usize> = (0..=small_width).map(|x| x * width / small_width).collect();
    let mut sums = vec![0_u32; small_width * channels];
    for y in 0..small_height {
        let rows = y * height / small_height..(y + 1) * height / small_height;
        sums.fill(0);
        for row in rows.clone() {
            let row = &pixels[row * width * channels..(row + 1) * width * channels];
            for (x, edge) in edges.windows(2).enumerate() {
                for pixel in row[edge[0] * channels..edge[1] * channels].chunks_exact(channels) {
                    for (sum, value) in sums[x * channels..].iter_mut().zip(pixel) {
                        *sum += u32::from(*value);
                    }
                }
            }
        }
        for (x, edge) in edges.windows(2).enumerate() {
            let count = ((edge[1] - edge[0]) * rows.len()).max(1) as u32;
            small.extend(sums[x * channels..(x + 1) * channels].iter().map(|sum| (sum / count) as u8));
        }
    }
    small
}
