//! The dark backing beside the paper: out of the PDF's page, with the scanner's bytes and every word in it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod common;

use common::{is_pdf_a, run};
use image::{GrayImage, Luma, imageops};
use motcua_digitise::{About, PageText, PdfError, PdfPage, Recognizer, Word, inspect, paper_area, searchable_pdf};
use motcua_model::metadata::Area;
use std::path::Path;

const DPI: u16 = 300;
const BLACK: u8 = 25;

/// Its print level on the sheet.
fn form() -> GrayImage {
    let scan = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sim/pages/to-khai-1.jpg")).unwrap().into_luma8();
    let (sin, cos) = 1.2_f32.to_radians().sin_cos();
    let (width, height) = scan.dimensions();
    GrayImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - width as f32 / 2.0, y as f32 - height as f32 / 2.0);
        let at = (dx * cos - dy * sin + width as f32 / 2.0, dy * cos + dx * sin + height as f32 / 2.0);
        imageops::interpolate_bilinear(&scan, at.0, at.1).unwrap_or(Luma([250]))
    })
}

fn jpeg(picture: &GrayImage) -> Vec<u8> {
    let mut jpeg = Vec::new();
    picture.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 85)).unwrap();
    jpeg
}

/// The paper on a larger, dark glass with some grain.
fn on_glass(paper: &GrayImage, left: u32, top: u32, right: u32, bottom: u32) -> GrayImage {
    let (width, height) = (left + paper.width() + right, top + paper.height() + bottom);
    let mut glass = GrayImage::from_fn(width, height, |x, y| Luma([BLACK + ((x * 7 + y * 13) % 11) as u8]));
    imageops::replace(&mut glass, paper, i64::from(left), i64::from(top));
    glass
}

fn area(picture: &GrayImage) -> Option<Area> {
    paper_area(&jpeg(picture), DPI, &PageText::default()).unwrap()
}

fn pdf(jpeg: &[u8], text: &PageText, crop: Option<Area>) -> Result<Vec<u8>, PdfError> {
    let seen = inspect(jpeg).unwrap();
    let page = PdfPage { jpeg, width: seen.width, height: seen.height, dpi: DPI, text, crop };
    searchable_pdf(&[page], About { title: "Tờ khai", created: jiff::Timestamp::UNIX_EPOCH, metadata: None })
}

fn words(folder: &Path) -> String {
    let told = run(folder, "pdftotext", &["-enc", "UTF-8", "a.pdf", "-"]);
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_border_goes_and_text_at_the_edge_of_the_paper_stays() {
    let mut recognizer = Recognizer::new("vie", None).unwrap();
    let whole = form();
    let first = recognizer.recognise(&jpeg(&whole), DPI).unwrap().words.iter().map(|word| word.left).min().unwrap();
    // The sheet lay so far to the left that its writing begins a millimetre from the paper's edge.
    let cut = first - 12;
    let paper = imageops::crop_imm(&whole, cut, 0, whole.width() - cut, whole.height()).to_image();
    let (left, bottom) = (130, 170);
    for turned in [false, true] {
        let scan = on_glass(&paper, left, 0, 0, bottom);
        let scan = jpeg(&if turned { imageops::rotate90(&scan) } else { scan });
        let text = recognizer.recognise(&scan, DPI).unwrap();
        assert!(text.words.len() > 150, "the border is no hindrance to reading: {}", text.words.len());
        let crop = paper_area(&scan, DPI, &text).unwrap().unwrap();
        let (width, height) =
            if turned { (crop.bottom - crop.top, crop.right - crop.left) } else { (crop.right - crop.left, crop.bottom - crop.top) };
        // Up to a millimetre of the border stays.
        assert!(
            (paper.width()..=paper.width() + 12).contains(&width) && (paper.height()..=paper.height() + 12).contains(&height),
            "{crop:?}"
        );
        assert!(turned || crop.left <= left && crop.right == left + paper.width(), "{crop:?}");

        let folder = tempfile::tempdir().unwrap();
        let made = pdf(&scan, &text, Some(crop)).unwrap();
        assert!(made.windows(scan.len()).any(|part| part == scan), "the scanner's bytes are there as they are");
        std::fs::write(folder.path().join("a.pdf"), pdf(&scan, &text, None).unwrap()).unwrap();
        let all = words(folder.path());
        std::fs::write(folder.path().join("a.pdf"), made).unwrap();
        assert_eq!(words(folder.path()), all, "no word is lost or moved");
        assert!(all.contains("TỜ KHAI ĐĂNG KÝ KHAI SINH"), "{all}");

        run(folder.path(), "pdftoppm", &["-r", "75", "-png", "-singlefile", "a.pdf", "a"]);
        let shown = image::open(folder.path().join("a.png")).unwrap().into_luma8();
        assert!(
            shown.width().abs_diff(width / 4) <= 1 && shown.height().abs_diff(height / 4) <= 1,
            "true to size: {:?}",
            shown.dimensions()
        );
        // The millimetre that stays on purpose.
        let black = |x: u32| (0..shown.height()).filter(|y| shown.get_pixel(x, *y).0[0] < 80).count();
        let black_across = |y: u32| (0..shown.width()).filter(|x| shown.get_pixel(*x, y).0[0] < 80).count();
        let (wide, high) = shown.dimensions();
        assert!((0..wide).filter(|x| black(*x) * 2 > high as usize).count() <= 4);
        assert!((0..high).filter(|y| black_across(*y) * 2 > wide as usize).count() <= 4);
        // The first letters of the lines.
        let ink = (4..24).map(black).sum::<usize>();
        assert!(ink > 100, "{ink}");
        is_pdf_a(folder.path(), "a.pdf");
    }
}

#[test]
fn where_it_is_not_sure_nothing_is_cropped() {
    let paper = form();
    assert_eq!(area(&paper), None);
    assert!(area(&on_glass(&paper, 60, 0, 0, 0)).is_some());
    assert_eq!(area(&on_glass(&paper, 0, 0, 16, 0)), None, "a shadow of the paper's edge");
    let small = imageops::crop_imm(&paper, 300, 300, 900, 500).to_image();
    assert_eq!(area(&on_glass(&small, 800, 700, 800, 2300)), None, "a small paper on the glass");
    let blue = GrayImage::from_pixel(2480, 3508, Luma([60]));
    assert_eq!(area(&blue), None);

    // A tilted sheet: black wedges, and no column that is all black.
    let mut tilted = paper.clone();
    for (x, y) in (0..tilted.height()).flat_map(|y| (0..y / 40).map(move |x| (x, y))) {
        tilted.put_pixel(x, y, Luma([BLACK]));
    }
    assert_eq!(area(&tilted), None);

    // A word where the border is: it may be one.
    let bordered = jpeg(&on_glass(&paper, 120, 0, 0, 0));
    let word = Word { text: "Số".into(), left: 20, top: 400, right: 90, bottom: 440, confidence: 91.0, line: 0 };
    let with = |confidence| PageText { words: vec![Word { confidence, ..word.clone() }], skew_degrees: 0.0 };
    assert_eq!(paper_area(&bordered, DPI, &with(91.0)).unwrap(), None);
    assert!(paper_area(&bordered, DPI, &with(30.0)).unwrap().is_some(), "the grain of the backing");

    // White letters in a black bar across the head of a leaflet.
    let mut leaflet = on_glass(&paper, 0, 300, 0, 0);
    for (x, y) in (0..300).flat_map(|x| (0..50).map(move |y| (x, y))) {
        leaflet.put_pixel(900 + x, 140 + y, Luma([245]));
    }
    assert!(area(&leaflet).is_none_or(|area| area.top <= 140));
}

#[test]
fn a_crop_that_is_not_of_the_picture_is_refused() {
    let scan = jpeg(&GrayImage::from_pixel(400, 500, Luma([240])));
    let whole = Area { left: 0, top: 0, right: 400, bottom: 500 };
    let text = PageText::default();
    assert_eq!(pdf(&scan, &text, Some(whole)), pdf(&scan, &text, None));
    for crop in [Area { right: 401, ..whole }, Area { bottom: 501, ..whole }, Area { left: 400, ..whole }, Area { top: 500, ..whole }] {
        assert!(matches!(pdf(&scan, &text, Some(crop)), Err(PdfError::Mismatch { number: 1, .. })), "{crop:?}");
    }
}
