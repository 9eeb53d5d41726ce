//! A picture from a file as a page: a scanner's JPEG stays as it is, anything else becomes a JPEG once.

use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits, codecs::jpeg::JpegEncoder};
use std::io::Cursor;

use crate::jpeg::{self, MAX_SIDE, PageError};

/// Of what is no JPEG yet. Fine enough that nothing is seen of it, also of small print.
const QUALITY: u8 = 92;
/// 24-bit colour at 600 dpi on A3, and no more.
const MOST_BYTES: u64 = 250 << 20;
/// A4, in inches.
const A4: (f32, f32) = (8.268, 11.693);

/// A page that can be read and put into a PDF.
pub struct SourcePage {
    /// JPEG, whole.
    pub jpeg: Vec<u8>,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// As the file says or as was asked; else what it would be of a sheet of A4.
    pub dpi: u16,
}

/// Takes a JPEG or PNG. A picture in any other form, damaged or larger than A3 at 600 dpi, is refused.
///
/// # Errors
/// [`PageError`].
pub fn source_page(bytes: Vec<u8>, dpi: Option<u16>) -> Result<SourcePage, PageError> {
    let said = dpi.or_else(|| stated_dpi(&bytes));
    let jpeg = if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) { bytes } else { encoded(&bytes)? };
    let frame = jpeg::frame(&jpeg)?;
    let dpi = said.unwrap_or_else(|| dpi_of_a4(frame.width, frame.height));
    Ok(SourcePage { width: frame.width, height: frame.height, dpi, jpeg })
}

fn encoded(bytes: &[u8]) -> Result<Vec<u8>, PageError> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| PageError::Damaged(e.to_string()))?;
    if reader.format() != Some(image::ImageFormat::Png) {
        return Err(PageError::NotPicture);
    }
    let damaged = |e: image::ImageError| PageError::Damaged(e.to_string());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE as u32);
    limits.max_image_height = Some(MAX_SIDE as u32);
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits).map_err(damaged)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    match picture.color().has_color() {
        true => picture.into_rgb8().write_with_encoder(encoder),
        false => picture.into_luma8().write_with_encoder(encoder),
    }
    .map_err(damaged)?;
    Ok(out)
}

/// What the file says of itself: the density of a JPEG, pHYs of a PNG (PNG 11.3.4.3).
fn stated_dpi(bytes: &[u8]) -> Option<u16> {
    let (unit, x) = match jpeg::density(bytes) {
        Some((unit, x)) => (unit, f32::from(x)),
        None => {
            let at = bytes.windows(4).take(1000).position(|four| four == b"pHYs")? + 4;
            let [a, b, c, d, _, _, _, _, 1] = *bytes.get(at..at + 9)? else { return None };
            (2, u32::from_be_bytes([a, b, c, d]) as f32 / 100.0)
        }
    };
    let dpi = match unit {
        1 => x,
        2 => x * 2.54,
        _ => return None,
    };
    // Cameras and editors write 72 and 96 and mean nothing by it.
    (100.0..=2400.0).contains(&dpi).then_some(dpi.round() as u16)
}

/// The usual resolution at which a sheet of A4, upright or lying, would have so many pixels.
fn dpi_of_a4(width: u32, height: u32) -> u16 {
    let (long, short) = (width.max(height) as f32, width.min(height) as f32);
    let dpi = (long / A4.1).max(short / A4.0);
    [100_u16, 150, 200, 240, 300, 400, 600]
        .into_iter()
        .min_by(|one, other| (f32::from(*one) - dpi).abs().total_cmp(&(f32::from(*other) - dpi).abs()))
        .unwrap_or(300)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        DynamicImage::new_rgb8(width, height).write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn a_png_becomes_a_page_of_a4() {
        let page = source_page(png(1654, 2339), None).unwrap();
        assert_eq!((page.width, page.height, page.dpi), (1654, 2339, 200));
        assert_eq!(source_page(png(3508, 2480), None).unwrap().dpi, 300, "lying");
        assert_eq!(source_page(png(1654, 2339), Some(300)).unwrap().dpi, 300, "asked");
        let again = source_page(page.jpeg.clone(), None).unwrap();
        assert_eq!(again.jpeg, page.jpeg, "a JPEG stays as it is");
    }

    #[test]
    fn densities_are_read_where_they_are_meant() {
        let jfif = |unit, high, low| [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 2, unit, high, low, high, low];
        assert_eq!(stated_dpi(&jfif(1, 1, 44)), Some(300));
        assert_eq!(stated_dpi(&jfif(2, 0, 118)), Some(300), "dots per centimetre");
        assert_eq!(stated_dpi(&jfif(1, 0, 72)), None);
        assert_eq!(stated_dpi(&jfif(0, 0, 1)), None);
        assert_eq!(stated_dpi(b"pHYs\x00\x00\x2e\x23\x00\x00\x2e\x23\x01"), Some(300));
    }

    #[test]
    fn what_is_no_page_is_refused_and_named() {
        assert_eq!(source_page(b"%PDF-1.7".to_vec(), None).err(), Some(PageError::NotPicture));
        let mut torn = png(100, 100);
        torn.truncate(torn.len() / 2);
        assert!(matches!(source_page(torn, None), Err(PageError::Damaged(_))));
        assert!(matches!(source_page(png(12_001, 1), None), Err(PageError::Damaged(_))));
    }
}
