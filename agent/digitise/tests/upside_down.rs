//! A page that went into the scanner upside down: read, and put upright in the PDF, with the scanner's bytes as they are.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod common;

use common::{is_pdf_a, run};
use motcua_digitise::{PageText, PdfPage, Recognizer, inspect, read_fields, searchable_pdf};
use motcua_model::document_types::DocumentTypes;
use std::path::Path;

fn scan(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sim/pages").join(name)).unwrap()
}

fn turned(scan: &[u8]) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let picture = image::load_from_memory(scan).unwrap().rotate180().into_rgb8();
    picture.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 85)).unwrap();
    jpeg
}

fn pdf(jpeg: &[u8], text: &PageText) -> Vec<u8> {
    let seen = inspect(jpeg).unwrap();
    let page = PdfPage { jpeg, width: seen.width, height: seen.height, dpi: 300, text };
    searchable_pdf(&[page], "Tờ khai", jiff::Timestamp::UNIX_EPOCH).unwrap()
}

fn rendered(folder: &Path, name: &str) -> image::GrayImage {
    run(folder, "pdftoppm", &["-r", "40", "-png", "-singlefile", &format!("{name}.pdf"), name]);
    image::open(folder.join(format!("{name}.png"))).unwrap().into_luma8()
}

#[test]
fn it_is_read_and_stands_upright_in_the_pdf() {
    let upright = scan("to-khai-1.jpg");
    let upside_down = turned(&upright);
    let mut recognizer = Recognizer::new("vie", None).unwrap();
    let [plain, text] = [&upright, &upside_down].map(|jpeg| recognizer.recognise(jpeg, 300).unwrap());
    assert!((text.skew_degrees - plain.skew_degrees - 180.0).abs() < 0.2, "{} and {}", plain.skew_degrees, text.skew_degrees);

    // The words are the same, at the opposite place of the scan.
    let types = DocumentTypes::built_in().unwrap();
    let [before, after] = [&plain, &text].map(|text| read_fields(text, &types).unwrap());
    let number = |paper: &motcua_model::metadata::ReadPaper| paper.field("applicant_number").unwrap().clone();
    let (before, after) = (number(&before), number(&after));
    assert_eq!((before.value.reveal(), after.value.reveal()), ("099083004567", "099083004567"));
    assert!(
        after.area.left.abs_diff(2480 - before.area.right) < 12 && after.area.top.abs_diff(3508 - before.area.bottom) < 12,
        "{after:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("upright", pdf(&upright, &plain)), ("turned", pdf(&upside_down, &text))] {
        std::fs::write(folder.path().join(format!("{name}.pdf")), bytes).unwrap();
    }
    let told = run(folder.path(), "pdftotext", &["-enc", "UTF-8", "turned.pdf", "-"]);
    let (title, end) = (told.find("TỜ KHAI ĐĂNG KÝ KHAI SINH"), told.find("thỏa thuận nhất trí"));
    assert!(title.is_some() && title < end, "{told}");
    let [one, other] = ["upright", "turned"].map(|name| rendered(folder.path(), name));
    let unlike = one.pixels().zip(other.pixels()).filter(|(one, other)| one.0[0].abs_diff(other.0[0]) > 90).count();
    let dark = one.pixels().filter(|pixel| pixel.0[0] < 150).count();
    assert!(dark > 500 && unlike * 10 < dark, "{unlike} points differ, {dark} are dark");
    is_pdf_a(folder.path(), "turned.pdf");
}
