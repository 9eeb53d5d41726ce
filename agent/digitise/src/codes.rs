//! QR codes on a scanned page.
//!
//! `make bench-digitise` counts what is read on drawn, damaged pictures and pages, beside zbarimg.

use crate::gray::Gray;
use crate::jpeg::{self, PageError};
use motcua_model::Private;
use motcua_model::metadata::Area;
use rxing::common::cpp_essentials::ConcentricPattern;
use rxing::common::{DetectorRXingResult as _, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer as _, Luma8LuminanceSource, Point};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A code and what it says: of a citizen card that is a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCode {
    /// As printed; [`Scanned::of`](motcua_model::scanned::Scanned) tells what it is.
    pub text: Private,
    /// Where it stands on the scan.
    pub area: Area,
}

/// All QR codes of a page scanned at `dpi`, from the top down; none is no error.
///
/// # Errors
/// When the bytes are no JPEG, end early or are damaged.
pub fn read_codes(jpeg: &[u8], dpi: u16) -> Result<Vec<PageCode>, PageError> {
    let (frame, pixels) = jpeg::decode_luma(jpeg)?;
    Ok(codes(&Gray { width: frame.width as usize, height: frame.height as usize, pixels }, dpi))
}

/// Blurred and pale codes are found as well on a copy so coarse, and faster.
const SECOND_LOOK_AT: usize = 200;

fn codes(page: &Gray, dpi: u16) -> Vec<PageCode> {
    // As it is, the scan's grain hides what is plain in the mean of four pixels; nothing is lost by it, not even at 1.7 pixels a module.
    let found = found(page.smoothed(), 1.0);
    if !found.is_empty() {
        return found;
    }
    let dpi = usize::from(dpi);
    let coarse = if dpi > SECOND_LOOK_AT { page.shrunk(SECOND_LOOK_AT, dpi) } else { page.clone() };
    let grow = page.width as f32 / coarse.width.max(1) as f32;
    let found = self::found(coarse.sharpened(), grow);
    if !found.is_empty() {
        return found;
    }
    // Ink of 6 to 12 % on the paper, as of a worn-out ribbon: black, and the paper white.
    self::found(coarse.evened(dpi.min(SECOND_LOOK_AT) / 5 + 1, 225, 253), grow)
}

/// `grow`: how many times larger the scan is.
fn found(picture: Gray, grow: f32) -> Vec<PageCode> {
    // The reader is a port with indexing and assertions of its own, and whoever hands in a paper chooses what is printed on it: a page that
    // makes it panic has no code that it could read. It shares nothing with us, so nothing is left half done.
    let read = catch_unwind(AssertUnwindSafe(|| read(picture))).unwrap_or_default();
    let code = |(text, corners): (String, Vec<Point>)| Some(PageCode { text: Private::new(text), area: area(&corners, grow)? });
    let mut codes: Vec<PageCode> = read.into_iter().filter_map(code).collect();
    codes.sort_by_key(|code| (code.area.top, code.area.left));
    codes
}

/// A page has few codes, of three corner marks each, and some things that look like one. More is a page made to keep us busy: each three
/// are tried, and four thousand marks took half a minute.
const MOST_CORNERS: usize = 400;
const MOST_TRIES: usize = 2_000;

/// Texts and corners. As the library's own reader does it, which has no bounds.
fn read(picture: Gray) -> Vec<(String, Vec<Point>)> {
    let Gray { width, height, pixels } = picture;
    let mut read = Vec::new();
    let Ok(source) = Luma8LuminanceSource::new(pixels, width as u32, height as u32) else { return read };
    let binarizer = HybridBinarizer::new(source);
    let Ok(black) = binarizer.get_black_matrix() else { return read };
    let mut corners = FindFinderPatterns(black, true, 0);
    if corners.len() > MOST_CORNERS {
        return read;
    }
    let mut used: Vec<ConcentricPattern> = Vec::new();
    for three in GenerateFinderPatternSets(&mut corners).into_iter().take(MOST_TRIES) {
        let marks = [three.bl, three.tl, three.tr];
        if marks.iter().any(|mark| used.contains(mark)) {
            continue;
        }
        let Ok(sampled) = SampleQR(black, &three) else { continue };
        let Ok(decoded) = Decode(sampled.getBits()) else { continue };
        let text = decoded.content().to_string();
        if decoded.isValid() && !text.is_empty() {
            used.extend(marks);
            read.push((text, sampled.getPoints().to_vec()));
        }
    }
    read
}

/// The upright box around the corners.
fn area(corners: &[Point], grow: f32) -> Option<Area> {
    let across = || corners.iter().map(|corner| corner.x * grow);
    let down = || corners.iter().map(|corner| corner.y * grow);
    let edge = |at: f32| at.round().max(0.0) as u32;
    let (left, top) = (across().reduce(f32::min)?, down().reduce(f32::min)?);
    let (right, bottom) = (across().reduce(f32::max)?, down().reduce(f32::max)?);
    Some(Area { left: edge(left), top: edge(top), right: edge(right), bottom: edge(bottom) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use qrcode::{Color, QrCode};

    /// An invented person.
    const CARD: &str =
        "099185001234|099123456|Nguyễn Thị Mẫu Đơn|14021985|Nữ|Số 12, ngõ 45, đường Hoa Phượng, phường Minh Họa, tỉnh Thử Nghiệm|05032022";
    const SLIP: &str = "https://dichvucong.thunghiem.example/tra-cuu?m=TAM-K07-261123-0042-51";

    fn paper(width: usize, height: usize) -> Gray {
        Gray { width, height, pixels: vec![250; width * height] }
    }

    /// With its upper left corner at a point, `module` pixels a module; gives its side.
    fn draw(page: &mut Gray, text: &str, (left, top): (usize, usize), module: usize) -> usize {
        let code = QrCode::new(text).unwrap();
        let modules = code.width();
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            for y in 0..module {
                let from = (top + at / modules * module + y) * page.width + left + at % modules * module;
                page.pixels[from..from + module].fill(if colour == Color::Dark { 30 } else { 250 });
            }
        }
        modules * module
    }

    fn alone(text: &str, module: usize) -> Gray {
        let mut page = paper(500, 500);
        draw(&mut page, text, (140, 140), module);
        page
    }

    fn texts(page: &Gray) -> Vec<String> {
        codes(page, 300).iter().map(|code| code.text.reveal().to_owned()).collect()
    }

    /// Each pixel the mean of a square, three times: like a Gaussian.
    fn blurred(page: &Gray, reach: usize) -> Gray {
        let mut blurred = page.clone();
        for _ in 0..3 {
            let from = blurred.clone();
            for y in reach..page.height - reach {
                for x in reach..page.width - reach {
                    let rows = (y - reach..=y + reach).flat_map(|y| &from.row(y)[x - reach..=x + reach]);
                    let side = 2 * reach as u32 + 1;
                    blurred.pixels[y * page.width + x] = (rows.map(|pixel| u32::from(*pixel)).sum::<u32>() / (side * side)) as u8;
                }
            }
        }
        blurred
    }

    #[test]
    fn vietnamese_letters_come_whole() {
        assert_eq!(texts(&alone(CARD, 4)), [CARD]);
        assert_eq!(texts(&paper(500, 500)), [""; 0]);
    }

    #[test]
    fn two_codes_of_a_page_come_from_the_top_with_their_boxes() {
        let mut page = paper(1654, 2339);
        let slip = draw(&mut page, SLIP, (1200, 150), 4) as u32;
        let card = draw(&mut page, CARD, (100, 1800), 5) as u32;
        let found = codes(&page, 200);
        assert_eq!(found.iter().map(|code| code.text.reveal()).collect::<Vec<_>>(), [SLIP, CARD]);
        for (code, (left, top, side)) in found.iter().zip([(1200, 150, slip), (100, 1800, card)]) {
            let Area { left: l, top: t, right, bottom } = code.area;
            for (is, wanted) in [(l, left), (t, top), (right, left + side), (bottom, top + side)] {
                assert!(is.abs_diff(wanted) <= 6, "{:?}", code.area);
            }
        }
    }

    #[test]
    fn crooked_blurred_small_grainy_and_pale_codes_are_read() {
        assert_eq!(texts(&alone(SLIP, 5).turned(27.0)), [SLIP]);
        assert_eq!(texts(&alone(SLIP, 2)), [SLIP]);
        let blurred = blurred(&alone(SLIP, 5), 2);
        assert_eq!(found(blurred.smoothed(), 1.0), [], "the first look is not enough");
        assert_eq!(texts(&blurred), [SLIP]);
        let mut seed = 1_u32;
        let mut grainy = alone(SLIP, 4);
        for pixel in &mut grainy.pixels {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = (i32::from(*pixel) + (seed >> 24) as i32 % 151 - 75).clamp(0, 255) as u8;
        }
        assert_eq!(texts(&grainy), [SLIP]);
        let mut pale = alone(SLIP, 4);
        pale.pixels.iter_mut().for_each(|pixel| *pixel = 250 - (250 - *pixel) / 10);
        assert_eq!(texts(&pale), [SLIP]);
        let area = codes(&pale, 300).first().unwrap().area;
        assert!(area.left.abs_diff(140) <= 6 && area.top.abs_diff(140) <= 6, "{area:?}: the box is on the scan, not on the copy");
    }

    #[test]
    fn a_page_full_of_corner_marks_ends_in_time_and_reads_nothing() {
        let mut page = paper(1240, 1754);
        for (top, left) in (0..1740).step_by(27).flat_map(|top| (0..1220).step_by(27).map(move |left| (top, left))) {
            for (y, x) in (0..21).flat_map(|y| (0..21).map(move |x| (y, x))) {
                let ring = (y / 3).min(x / 3).min(6 - y / 3).min(6 - x / 3);
                page.pixels[(top + y).min(1753) * 1240 + left + x] = if ring == 1 { 250 } else { 20 };
            }
        }
        let began = std::time::Instant::now();
        assert_eq!(codes(&page, 150), []);
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    #[test]
    fn pictures_too_small_or_torn_are_no_reason_to_stop() {
        for (width, height) in [(1, 1), (2, 300), (300, 2), (3, 3), (39, 41)] {
            assert_eq!(codes(&Gray { width, height, pixels: vec![0; width * height] }, 300), [], "{width} x {height}");
        }
        assert_eq!(read_codes(b"%PDF-1.7", 300), Err(PageError::NotJpeg));
    }

    #[test]
    fn logs_never_show_what_a_code_says() {
        let shown = format!("{:?}", codes(&alone(CARD, 4), 300));
        assert!(shown.contains("area") && !["0991", "Mẫu"].iter().any(|word| shown.contains(word)), "{shown}");
    }
}
