//! The pure part of signing: what is signed, where the signature goes in, where the block stands.

#![allow(clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;
use lopdf::{Document, Object};
use motcua_digitise::sign::{PdfProblem, Prepared, SignatureBlock, prepare, request_timestamp};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

/// The least that is a PDF: one page without content.
fn page(media_box: [i32; 4], rotate: i32, annotations: &str, ending: &str) -> Vec<u8> {
    let [a, b, c, d] = media_box;
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[{a} {b} {c} {d}]/Rotate {rotate}>>"),
        format!("<</Type/Page/Parent 2 0 R{annotations}>>"),
    ];
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).bytes());
    }
    let start = pdf.len();
    pdf.extend(format!("xref\n0 4\n{table}trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n{start}\n%%EOF{ending}").bytes());
    pdf
}

fn block(agency: &str) -> SignatureBlock {
    SignatureBlock { copy: None, agency: agency.into(), at: Timestamp::UNIX_EPOCH }
}

/// The numbers of the last /ByteRange.
fn byte_range(pdf: &[u8]) -> [usize; 4] {
    let at = pdf.windows(12).rposition(|window| window == b"/ByteRange [").unwrap() + 12;
    let text: String = pdf[at..].iter().take_while(|byte| **byte != b']').map(|byte| char::from(*byte)).collect();
    let numbers: Vec<usize> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// Everything but the place for the signature is covered, and the signature is found where it was put.
fn holds(before: &[u8], prepared: Prepared, signature: &[u8]) {
    let digest = *prepared.digest();
    let pdf = prepared.complete(signature).unwrap();
    assert!(pdf.starts_with(before));
    let [zero, first, second, rest] = byte_range(&pdf);
    assert_eq!((zero, second + rest), (0, pdf.len()));
    assert_eq!((pdf[first], pdf[second - 1]), (b'<', b'>'));
    let hash: [u8; 32] = Sha256::new().chain_update(&pdf[..first]).chain_update(&pdf[second..]).finalize().into();
    assert_eq!(hash, digest);
    let hex: String = signature.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(pdf[first + 1..].starts_with(hex.as_bytes()));
    assert!(pdf[first + 1 + hex.len()..second - 1].iter().all(|byte| *byte == b'0'));
    // PDF/A: an object starts on a line of its own.
    assert!(matches!(pdf[before.len() - 1], b'\n' | b'\r') || pdf[before.len()] == b'\n');
}

/// The last annotation of page 1.
fn rect(pdf: &[u8]) -> Vec<f32> {
    let document = Document::load_mem(pdf).unwrap();
    let page = document.page_iter().next().unwrap();
    let annotations = document.get_page_annotations(page).unwrap();
    annotations.last().unwrap().get(b"Rect").and_then(Object::as_array).unwrap().iter().map(|at| at.as_float().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_page_and_any_name(
        agency in "[A-Za-zĂÂĐÊÔƠƯăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ ,.()-]{1,120}",
        left in -500..500, bottom in -500..500, width in 200..2000, height in 250..2000, rotate in 0..4,
        signature in proptest::collection::vec(any::<u8>(), 0..200),
        ending in prop::sample::select(vec!["", "\n", "\r\n", "\r", "\n\n"]),
    ) {
        prop_assume!(!agency.trim().is_empty());
        let pdf = page([left, bottom, left + width, bottom + height], rotate * 90, "", ending);
        let prepared = prepare(&pdf, &block(&agency), 200).unwrap();
        let once = prepared.clone().complete(&[]).unwrap();
        holds(&pdf, prepared, &signature);
        let place = rect(&once);
        let inside = |at: f32, from: i32, size: i32| at > from as f32 && at < (from + size) as f32;
        prop_assert!(inside(place[0], left, width) && inside(place[2], left, width), "{place:?}");
        prop_assert!(inside(place[1], bottom, height) && inside(place[3], bottom, height), "{place:?}");
        holds(&once, prepare(&once, &block(&agency), 200).unwrap(), &signature);
        holds(&once, prepare(&once, &block("Khác"), 300).unwrap(), &signature);
    }

    #[test]
    fn any_damage_is_withstood(at in 0..500_usize, byte in any::<u8>(), cut in 0..600_usize) {
        let mut pdf = page([0, 0, 595, 842], 0, "/Annots[4 0 R]", "\n");
        let at = at % pdf.len();
        pdf[at] = byte;
        if let Ok(prepared) = prepare(&pdf, &block("Khác"), 100) {
            holds(&pdf, prepared, b"signature");
        }
        let _ = prepare(&pdf[..cut.min(pdf.len())], &block("Khác"), 100);
    }
}

/// Once the block reached over the whole of what a narrow page had left, up to its very edge.
#[test]
fn the_longest_line_stays_clear_of_the_left_edge_of_a_narrow_page() {
    let pdf = page([0, 0, 233, 250], 0, "", "");
    let agency = "đớưÂôẹ(ỳỗâọuDểâkbUD-Fợịồụỡỗ(ồẽkỉÂEkrịửJụ,ậ";
    let place = rect(&prepare(&pdf, &block(agency), 200).unwrap().complete(&[]).unwrap());
    assert!(place[0] >= 3.0 && place[2] < 233.0, "{place:?}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let pdf = page([0, 0, 595, 842], 0, "", "\n");
    let once = prepare(&pdf, &block("UBND xã Mẫu"), 100).unwrap();
    assert_eq!(once.digest(), prepare(&pdf, &block("UBND xã Mẫu"), 100).unwrap().digest());
    assert_ne!(once.digest(), prepare(&pdf, &block("UBND xã Khác"), 100).unwrap().digest());
}

#[test]
fn three_signatures_stand_below_one_another() {
    let mut pdf = page([0, 0, 595, 842], 0, "", "\n");
    let mut places = Vec::new();
    for agency in ["UBND xã Mẫu", "Sở Ví Dụ", "UBND tỉnh Ví Dụ"] {
        pdf = prepare(&pdf, &block(agency), 100).unwrap().complete(b"x").unwrap();
        places.push(rect(&pdf));
    }
    for pair in places.windows(2) {
        assert!(pair[1][3] < pair[0][1], "{places:?}");
        assert!((pair[1][2] - pair[0][2]).abs() < 0.1, "{places:?}");
    }
    let document = Document::load_mem(&pdf).unwrap();
    let form = document.get_dict_in_dict(document.catalog().unwrap(), b"AcroForm").unwrap();
    assert_eq!(form.get(b"Fields").and_then(Object::as_array).unwrap().len(), 3);
    assert_eq!(form.get(b"SigFlags").and_then(Object::as_i64).unwrap(), 3);
}

#[test]
fn a_signature_that_is_too_large_is_not_cut_off() {
    let prepared = prepare(&page([0, 0, 595, 842], 0, "", ""), &block("UBND xã Mẫu"), 10).unwrap();
    assert_eq!(prepared.complete(&[7; 11]), Err(PdfProblem::NoRoom(11)));
}

#[test]
fn a_page_too_small_for_the_time_is_refused() {
    assert_eq!(prepare(&page([0, 0, 150, 842], 0, "", ""), &block("UBND"), 10).unwrap_err(), PdfProblem::PageTooSmall);
    assert!(prepare(&page([0, 0, 150, 842], 90, "", ""), &block("UBND"), 10).is_ok());
}

#[test]
fn the_block_stands_where_it_is_seen() {
    let top_right = |boxes: &str| {
        let signed = prepare(&page([0, 0, 595, 842], 0, boxes, ""), &block("UBND xã Mẫu"), 10).unwrap().complete(b"x").unwrap();
        let place = rect(&signed);
        (place[2].round() as i32, place[3].round() as i32)
    };
    let whole = top_right("");
    assert_eq!(whole, (567, 828));
    assert_eq!(top_right("/CropBox[0 0 400 600]"), (whole.0 - 195, whole.1 - 242));
    assert_eq!(top_right("/CropBox[-50 -50 900 900]"), whole);
    assert_eq!(top_right("/CropBox[900 900 1000 1000]"), whole);
}

/// RFC 3161 2.4.1, as asn1crypto 1.5.1 reads and writes it: version, imprint, nonce, certReq.
#[test]
fn a_time_stamp_is_asked_for_the_whole_document() {
    let pdf = page([0, 0, 595, 842], 0, "", "\n");
    let pending = request_timestamp(&pdf, *b"sixteen bytes ok").unwrap();
    let hex: String = pending.request().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(hex.starts_with("3049020101302f300b06096086480165030402010420"), "{hex}");
    assert!(hex.ends_with("02107369787465656e206279746573206f6b0101ff"), "{hex}");
}
