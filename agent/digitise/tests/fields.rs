//! Fields of drawn pages, read by the real engine.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use motcua_digitise::{PageCode, PageText, RecognisedPage, Recognizer, read_codes, read_fields, read_paper, source_page};
use motcua_model::document_types::DocumentTypes;
use motcua_model::metadata::{Area, PaperMetadata, ReadPaper};
use motcua_model::{Private, fold};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn recognised(recognizer: &mut Recognizer, path: &Path, dpi: u16) -> PageText {
    let page = source_page(std::fs::read(path).unwrap(), Some(dpi)).unwrap();
    recognizer.recognise(&page.jpeg, dpi).unwrap()
}

fn sim(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sim/pages").join(name)).unwrap()
}

fn sim_page(recognizer: &mut Recognizer, types: &DocumentTypes, name: &str) -> ReadPaper {
    read_fields(&recognizer.recognise(&sim(name), 300).unwrap(), types).unwrap()
}

#[test]
fn the_papers_of_a_birth_registration_are_told_and_their_fields_read() {
    let types = DocumentTypes::built_in().unwrap();
    let mut recognizer = Recognizer::new("vie", None).unwrap();
    let mut stands = |name: &str, kind: &str, fields: &[(&str, &str)]| {
        let paper = sim_page(&mut recognizer, &types, name);
        assert_eq!(paper.kind, kind, "{name}");
        for (key, value) in fields {
            assert_eq!(paper.field(key).map(|field| field.value.reveal()), Some(*value), "{name}: {key}");
        }
        paper
    };
    stands(
        "chung-sinh-1.jpg",
        "live_birth",
        &[("number", "0099/2026"), ("mother_birth", "14/02/1985"), ("mother_number", "099185001234"), ("child_birth", "19/10/2026")],
    );
    stands(
        "ket-hon-1.jpg",
        "marriage_certificate",
        &[("wife_birth", "14/02/1985"), ("husband_birth", "20/07/1983"), ("husband_number", "099083004567"), ("registered", "12/12/2010")],
    );
    let paper = stands(
        "to-khai-1.jpg",
        "birth_form",
        &[
            ("applicant", "TRẦN VĂN THÍ DỤ"),
            ("applicant_number", "099083004567"),
            ("child_birth", "19/10/2026"),
            ("child_sex", "Nữ"),
            ("child_ethnicity", "Kinh"),
            ("birth_place", "Bệnh viện Phụ sản tỉnh Thử Nghiệm"),
            ("father_number", "099083004567"),
            ("issued", "23/11/2026"),
        ],
    );
    let kind = types.document_type(&paper.kind).unwrap();
    let metadata = PaperMetadata::from_read(&kind.code, &kind.name.vi, &paper, |_| false);
    assert_eq!(metadata.storage_code().as_ref().map(Private::reveal), Some("099083004567.TK-KS"));
}

/// Measures pages drawn elsewhere: set MOTCUA_FIELD_PAGES to a folder with `truth.json`, whose `pages` have `file`, `dpi`, `level` and
/// `read`, the true values by our keys.
#[test]
fn measured_on_pages_of_a_folder() {
    let Some(folder) = std::env::var_os("MOTCUA_FIELD_PAGES").map(PathBuf::from) else {
        println!("SKIPPED: MOTCUA_FIELD_PAGES is not set");
        return;
    };
    let types = DocumentTypes::built_in().unwrap();
    let mut recognizer = Recognizer::new("vie", None).unwrap();
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    // Fields, exact, without marks, taken silently, of those wrong.
    let mut levels: BTreeMap<String, [usize; 5]> = BTreeMap::new();
    for page in truth["pages"].as_array().unwrap() {
        let text = recognised(&mut recognizer, &folder.join(page["file"].as_str().unwrap()), page["dpi"].as_u64().unwrap() as u16);
        let paper = read_fields(&text, &types);
        let counts = levels.entry(page["level"].as_str().unwrap().to_owned()).or_default();
        for (key, value) in page["read"].as_object().unwrap() {
            let field = paper.as_ref().and_then(|paper| paper.field(key));
            let (read, wanted) = (field.map_or("", |field| field.value.reveal()), value.as_str().unwrap());
            let silent = field.is_some_and(|field| !field.needs_yes);
            let seen = [true, read == wanted, fold(read) == fold(wanted), silent, silent && read != wanted];
            for (count, seen) in counts.iter_mut().zip(seen) {
                *count += usize::from(seen);
            }
        }
    }
    println!("fields, exact, without marks, silent, silent and wrong: {levels:?}");
    assert!(levels.values().all(|[fields, exact, _, silent, wrong]| exact * 10 >= fields * 9 && wrong * 100 <= *silent));
}

/// An invented person, the applicant of the form.
const CARD: &str = "099083004567||Trần Văn Thí Dụ|20071983|Nam|Thôn Bình Yên, xã Ví Dụ, tỉnh Thử Nghiệm|02082024||||";

/// The form with a citizen card's QR of 18 mm in its lower right corner, as where the card was copied onto it.
fn form_with_card() -> (Vec<u8>, Area) {
    let scan = sim("to-khai-1.jpg");
    let mut picture = image::load_from_memory(&scan).unwrap().into_rgb8();
    let code = qrcode::QrCode::new(CARD).unwrap();
    let (module, left, top) = (212 / code.width() as u32, 2100, 3100);
    let side = module * code.width() as u32;
    for (x, y) in (0..side + 40).flat_map(|x| (0..side + 40).map(move |y| (x, y))) {
        picture.put_pixel(left - 20 + x, top - 20 + y, image::Rgb([250, 250, 248]));
    }
    for (at, _) in code.to_colors().into_iter().enumerate().filter(|(_, colour)| *colour == qrcode::Color::Dark) {
        let (x, y) = ((at % code.width()) as u32 * module, (at / code.width()) as u32 * module);
        for (dx, dy) in (0..module).flat_map(|dx| (0..module).map(move |dy| (dx, dy))) {
            picture.put_pixel(left + x + dx, top + y + dy, image::Rgb([30, 30, 35]));
        }
    }
    let mut jpeg = Vec::new();
    picture.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 80)).unwrap();
    (jpeg, Area { left, top, right: left + side, bottom: top + side })
}

#[test]
fn a_card_on_the_form_proves_its_applicant_whatever_page_it_is() {
    let (form, place) = form_with_card();
    let scans = [sim("to-khai-2.jpg"), form, sim("chung-sinh-1.jpg")];
    let mut recognizer = Recognizer::new("vie", None).unwrap();
    let texts: Vec<PageText> = scans.iter().map(|jpeg| recognizer.recognise(jpeg, 300).unwrap()).collect();
    let codes: Vec<Vec<PageCode>> = scans.iter().map(|jpeg| read_codes(jpeg, 300).unwrap()).collect();
    let pages: Vec<RecognisedPage<'_>> =
        scans.iter().zip(&texts).zip(&codes).map(|((jpeg, text), codes)| RecognisedPage { jpeg, dpi: 300, text, codes }).collect();
    let paper = read_paper(&pages, &DocumentTypes::built_in().unwrap(), None, jiff::civil::date(2026, 11, 23)).unwrap();
    assert_eq!(codes.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0]);
    let code = &codes[1][0];
    assert_eq!(code.text.reveal(), CARD);
    let edges = |area: Area| [area.left, area.top, area.right, area.bottom];
    assert!(edges(code.area).iter().zip(edges(place)).all(|(is, wanted)| is.abs_diff(wanted) <= 6), "{:?}", code.area);
    let read = paper.unwrap();
    assert_eq!(read.kind, "birth_form", "the first page is blank, and the birth notice behind the form does not count");
    assert!(read.fields.iter().all(|field| field.page == 2), "{:?}", read.fields);
    for (key, value) in [("applicant", "TRẦN VĂN THÍ DỤ"), ("applicant_number", "099083004567")] {
        let field = read.field(key).unwrap();
        assert_eq!((field.value.reveal(), field.confidence, field.needs_yes), (value, 1.0, false), "{key}");
    }
}
