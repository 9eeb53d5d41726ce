//! Fields of drawn pages, read by the real engine.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use motcua_digitise::{PageText, Recognizer, read_fields, source_page};
use motcua_model::document_types::DocumentTypes;
use motcua_model::metadata::{PaperMetadata, ReadPaper};
use motcua_model::{Private, fold};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn recognised(recognizer: &mut Recognizer, path: &Path, dpi: u16) -> PageText {
    let page = source_page(std::fs::read(path).unwrap(), Some(dpi)).unwrap();
    recognizer.recognise(&page.jpeg, dpi).unwrap()
}

fn sim_page(recognizer: &mut Recognizer, types: &DocumentTypes, name: &str) -> ReadPaper {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/sim/pages").join(name);
    read_fields(&recognised(recognizer, &path, 300), types).unwrap()
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
