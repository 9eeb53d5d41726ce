//! Pages that went into the scanner upside down or on their side: read, and put upright in the PDF, with the scanner's bytes as they are.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod common;

use common::{is_pdf_a, run};
use motcua_digitise::{About, PageText, PdfPage, Recognizer, inspect, read_fields, searchable_pdf};
use motcua_model::document_types::DocumentTypes;
use motcua_model::metadata::Area;
use std::path::Path;

fn scan(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sim/pages").join(name)).unwrap()
}

fn jpeg(picture: image::DynamicImage) -> Vec<u8> {
    let mut jpeg = Vec::new();
    picture.into_rgb8().write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 85)).unwrap();
    jpeg
}

fn pdf(jpeg: &[u8], text: &PageText) -> Vec<u8> {
    let seen = inspect(jpeg).unwrap();
    let page = PdfPage { jpeg, width: seen.width, height: seen.height, dpi: 300, text, crop: None };
    searchable_pdf(&[page], About { title: "Tờ khai", created: jiff::Timestamp::UNIX_EPOCH, metadata: None }).unwrap()
}

fn rendered(folder: &Path, name: &str) -> image::GrayImage {
    run(folder, "pdftoppm", &["-r", "40", "-png", "-singlefile", &format!("{name}.pdf"), name]);
    image::open(folder.join(format!("{name}.png"))).unwrap().into_luma8()
}

/// Of a scan that was turned clockwise, where a box of the upright one lies.
fn turned_box(area: Area, degrees: u16) -> Area {
    let Area { left, top, right, bottom } = area;
    let (width, height) = (2480, 3508);
    match degrees {
        90 => Area { left: height - bottom, top: left, right: height - top, bottom: right },
        180 => Area { left: width - right, top: height - bottom, right: width - left, bottom: height - top },
        _ => Area { left: top, top: width - right, right: bottom, bottom: width - left },
    }
}

#[test]
fn pages_the_wrong_way_round_are_read_and_stand_upright_in_the_pdf() {
    let upright = scan("to-khai-1.jpg");
    let picture = image::load_from_memory(&upright).unwrap();
    let mut recognizer = Recognizer::new("vie", None).unwrap();
    let plain = recognizer.recognise(&upright, 300).unwrap();
    let types = DocumentTypes::built_in().unwrap();
    let number = |text: &PageText| read_fields(text, &types).unwrap().field("applicant_number").unwrap().clone();
    let before = number(&plain);
    assert_eq!(before.value.reveal(), "099083004567");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("upright.pdf"), pdf(&upright, &plain)).unwrap();
    let wanted = rendered(folder.path(), "upright");
    let dark = wanted.pixels().filter(|pixel| pixel.0[0] < 150).count();
    assert!(dark > 500, "{dark} are dark");

    for (degrees, turned, skew) in [(90, picture.rotate90(), 90.0), (180, picture.rotate180(), 180.0), (270, picture.rotate270(), -90.0)] {
        let scan = jpeg(turned);
        let text = recognizer.recognise(&scan, 300).unwrap();
        assert!((text.skew_degrees - plain.skew_degrees - skew).abs() < 0.2, "{} and {}", plain.skew_degrees, text.skew_degrees);

        // The words are the same, at their place of the scan.
        let (after, place) = (number(&text), turned_box(before.area, degrees));
        assert_eq!(after.value.reveal(), "099083004567", "{degrees}");
        let edges = |area: Area| [area.left, area.top, area.right, area.bottom];
        assert!(edges(after.area).iter().zip(edges(place)).all(|(is, wanted)| is.abs_diff(wanted) < 12), "{degrees}: {after:?}");

        let bytes = pdf(&scan, &text);
        assert!(bytes.windows(scan.len()).any(|part| part == scan), "the scanner's bytes are there as they are");
        std::fs::write(folder.path().join("turned.pdf"), bytes).unwrap();
        let told = run(folder.path(), "pdftotext", &["-enc", "UTF-8", "turned.pdf", "-"]);
        let (title, end) = (told.find("TỜ KHAI ĐĂNG KÝ KHAI SINH"), told.find("thỏa thuận nhất trí"));
        assert!(title.is_some() && title < end, "{degrees}: {told}");
        let shown = rendered(folder.path(), "turned");
        assert_eq!(shown.dimensions(), wanted.dimensions(), "{degrees}");
        let unlike = wanted.pixels().zip(shown.pixels()).filter(|(one, other)| one.0[0].abs_diff(other.0[0]) > 90).count();
        assert!(unlike * 10 < dark, "{degrees}: {unlike} points differ, {dark} are dark");
        the_words_lie_on_their_ink(folder.path(), &shown);
        is_pdf_a(folder.path(), "turned.pdf");
    }
}

/// Words of the text layer, where pdftotext sees them, against the rendered page at 40 dots an inch.
fn the_words_lie_on_their_ink(folder: &Path, shown: &image::GrayImage) {
    let told = run(folder, "pdftotext", &["-enc", "UTF-8", "-bbox", "turned.pdf", "-"]);
    let words: Vec<[u32; 4]> = told
        .lines()
        .filter_map(|line| line.trim().strip_prefix("<word "))
        .map(|line| {
            let edge = |name: &str| line.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse::<f32>().unwrap();
            ["xMin", "yMin", "xMax", "yMax"].map(|name| (edge(name) * 40.0 / 72.0).round() as u32)
        })
        .collect();
    assert!(words.len() > 150, "{}", words.len());
    let inked = |[left, top, right, bottom]: &&[u32; 4]| {
        let points = || (*top..*bottom).flat_map(|y| (*left..*right).map(move |x| (x, y)));
        points().filter(|(x, y)| shown.get_pixel_checked(*x, *y).is_some_and(|pixel| pixel.0[0] < 215)).count() * 5 > points().count()
    };
    let on_ink = words.iter().filter(inked).count();
    assert!(on_ink * 10 > words.len() * 9, "{on_ink} of {}", words.len());
}

#[test]
fn a_landscape_page_whose_lines_run_along_its_width_stays_as_it_is() {
    let picture = image::load_from_memory(&scan("to-khai-1.jpg")).unwrap().crop_imm(0, 0, 2480, 1754);
    let landscape = jpeg(picture);
    let text = Recognizer::new("vie", None).unwrap().recognise(&landscape, 300).unwrap();
    assert!(text.skew_degrees.abs() < 7.0, "{}", text.skew_degrees);
    assert!(text.words.iter().any(|word| word.text == "KHAI") && text.words.len() > 80, "{}", text.words.len());
}
