//! Slips drawn and coded for the printer; status bytes read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::Human;
use motcua_drivers::printer::escpos::{Answer, AnswerReader, Query, job_bytes, maker_and_model, segments};
use motcua_drivers::printer::{
    Align, Block, Drill, Font, GrayImage, Piece, PrinterStatus, Sheet, Size, SlipError, drill_blocks, render, sheet,
};
use proptest::prelude::*;

fn font() -> Font {
    Font::new(std::fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").expect("fonts-noto-core is installed"), None).unwrap()
}

fn text(text: &str, size: Size, align: Align) -> Block {
    Block::Text { text: text.to_owned(), size, bold: false, align }
}

fn ink_columns(image: &GrayImage) -> Option<(u32, u32)> {
    let dark = image.enumerate_pixels().filter(|(_, _, dot)| dot.0[0] == 0).map(|(x, _, _)| x);
    dark.clone().min().zip(dark.max())
}

#[test]
fn a_qr_on_paper_of_both_widths_reads_back() {
    for width in [384, 576] {
        let image = render(&[Block::Qr { text: "T-K01-260301-00042-17".to_owned() }], width, &font()).unwrap();
        let mut grid = rqrr::PreparedImage::prepare_from_greyscale(image.width() as usize, image.height() as usize, |x, y| {
            image.get_pixel(x as u32, y as u32).0[0]
        });
        assert_eq!(grid.detect_grids()[0].decode().unwrap().1, "T-K01-260301-00042-17");
        let (left, right) = ink_columns(&image).unwrap();
        assert!(left.abs_diff(width - 1 - right) <= 1, "centred");
        assert!((right - left + 1) / 25 >= 4, "modules of 0.5 mm at least");
    }
}

#[test]
fn a_qr_that_does_not_fit_is_refused() {
    assert!(matches!(render(&[Block::Qr { text: "x".repeat(1200) }], 384, &font()), Err(SlipError::Qr { bytes: 1200, .. })));
    assert!(matches!(render(&[], 10, &font()), Err(SlipError::Paper { .. })));
}

#[test]
fn composed_and_decomposed_vietnamese_draw_the_same() {
    let composed = render(&[text("Nguyễn Thị Mẫu, giấy hẹn", Size::Normal, Align::Left)], 576, &font()).unwrap();
    let decomposed = "Nguye\u{302}\u{303}n Thi\u{323} Ma\u{302}\u{303}u, gia\u{302}\u{301}y he\u{323}n";
    assert!(composed == render(&[text(decomposed, Size::Normal, Align::Left)], 576, &font()).unwrap());
    assert!(font().covers("Số định danh, Ỷ ỹ Ặ ợ đ Đ"));
    assert!(!font().covers("漢"));
}

#[test]
fn long_text_wraps_inside_the_margins_and_a_long_code_shrinks_to_one_line() {
    let font = font();
    let one = render(&[text("Phiếu", Size::Normal, Align::Left)], 384, &font).unwrap().height();
    let long = render(&[text(&"Hồ sơ đã được lưu trên máy này ".repeat(5), Size::Normal, Align::Left)], 384, &font).unwrap();
    assert!(long.height() > 3 * one);
    assert!(ink_columns(&long).unwrap().1 < 384 - 4);
    let code = render(&[text("T-K01-260301-00042-17", Size::Huge, Align::Centre)], 384, &font).unwrap();
    let huge = render(&[text("T-K01", Size::Huge, Align::Centre)], 384, &font).unwrap();
    assert!(code.height() < huge.height(), "smaller letters, still one line");
    let word = render(&[text(&"ă".repeat(200), Size::Normal, Align::Left)], 384, &font).unwrap();
    assert!(ink_columns(&word).unwrap().1 < 384, "a word without spaces breaks");
}

#[test]
fn a_row_stands_on_one_line_when_it_fits() {
    let row = |value: &str| Block::Row { label: "Người nộp".to_owned(), value: value.to_owned() };
    let short = render(&[row("Trần Văn Thử")], 576, &font()).unwrap();
    let long = render(&[row("Tên rất dài để không thể nào nằm chung một dòng với nhãn")], 576, &font()).unwrap();
    assert!(long.height() > short.height());
}

fn ink_rows(image: &GrayImage, columns: std::ops::Range<u32>) -> Vec<u32> {
    (0..image.height()).filter(|y| columns.clone().any(|x| image.get_pixel(x, *y).0[0] == 0)).collect()
}

#[test]
fn a_field_runs_on_and_leaves_dots_where_its_value_is_missing() {
    let font = font();
    let field = |label: &str, value: &str| {
        let block = Block::Field { label: label.to_owned(), value: value.to_owned() };
        render(&[block], 384, &font).unwrap()
    };
    let missing = field("Email", "");
    assert!(ink_columns(&missing).unwrap().1 > 384 - 24, "dots to the margin");
    assert!(ink_columns(&field("Email", "a@b")).unwrap().1 < 200, "behind the label, not at the margin");
    assert_eq!(
        field("Số định danh cá nhân/tổ chức là", "").height(),
        2 * missing.height() - 16,
        "a line of its own when the label leaves no room"
    );
    let long = field("Địa chỉ", "Số 12, ngõ 345 đường Thử Nghiệm, thôn Minh Họa, xã Ví Dụ");
    assert!(long.height() > missing.height() && ink_columns(&long).unwrap().1 < 384 - 4);
}

#[test]
fn points_hang_behind_their_mark_and_pairs_keep_to_their_halves() {
    let font = font();
    let point = Block::Item { mark: "1.".to_owned(), text: "Tờ khai đăng ký khai sinh, bản chính, đã ký tên".to_owned() };
    let image = render(&[point], 384, &font).unwrap();
    let marked = ink_rows(&image, 0..24);
    assert!(marked.last().unwrap() < &40, "the second line begins behind the mark");
    assert!(*ink_rows(&image, 30..384).last().unwrap() > 50);
    let pair = Block::Pair {
        left: "NGƯỜI NỘP HỒ SƠ".to_owned(), right: "NGƯỜI TIẾP NHẬN HỒ SƠ".to_owned(), size: Size::Small, bold: true
    };
    let image = render(&[pair], 384, &font).unwrap();
    assert!(ink_rows(&image, 188..196).is_empty());
    assert!(ink_rows(&image, 200..384).len() > ink_rows(&image, 0..184).len(), "two lines right, one left");
}

#[test]
fn a_heading_that_wraps_leaves_no_word_alone() {
    let heading = text("Trung tâm Phục vụ hành chính công xã Ví Dụ", Size::Normal, Align::Centre);
    let image = render(&[heading], 384, &font()).unwrap();
    let (top, bottom) = (0..image.height() / 2, image.height() / 2..image.height());
    let across = |rows: std::ops::Range<u32>| {
        let dark = |x: &u32| rows.clone().any(|y| image.get_pixel(*x, y).0[0] == 0);
        (0..384).rfind(dark).unwrap() - (0..384).find(dark).unwrap()
    };
    assert!(across(bottom) * 2 > across(top));
}

/// What `GS v 0` draws, as a picture of `width` dots.
fn drawn(sheet: &Sheet, width: u32) -> GrayImage {
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for segment in segments(sheet).unwrap() {
        let [0x1d, b'v', b'0', 0, x_low, x_high, y_low, y_high, dots @ ..] = segment.bytes.as_slice() else { continue };
        let (across, down) = (u16::from_le_bytes([*x_low, *x_high]), u16::from_le_bytes([*y_low, *y_high]));
        assert_eq!((dots.len(), segment.rows), (usize::from(across) * usize::from(down), u32::from(down)));
        assert!(segment.bytes.len() <= 2000 || down == 1, "two bands fit into the smallest buffer");
        rows.extend(dots.chunks(usize::from(across)).map(<[u8]>::to_vec));
    }
    GrayImage::from_fn(width, rows.len() as u32, |x, y| {
        let byte = rows[y as usize].get(x as usize / 8).copied().unwrap_or(0);
        image::Luma([if byte & (0x80 >> (x % 8)) == 0 { 255 } else { 0 }])
    })
}

#[test]
fn a_picture_goes_out_in_bands_as_wide_as_their_ink() {
    let mut image = GrayImage::from_pixel(100, 300, image::Luma([255]));
    image.put_pixel(0, 0, image::Luma([0]));
    image.put_pixel(9, 299, image::Luma([127]));
    let bytes: Vec<_> = segments(&image.clone().into()).unwrap().into_iter().map(|segment| segment.bytes).collect();
    assert_eq!(bytes[0], [0x1b, b'@']);
    assert_eq!(bytes[1], [0x1d, b'v', b'0', 0, 1, 0, 1, 0, 0x80]);
    assert_eq!(bytes[2][..8], [0x1d, b'v', b'0', 0, 1, 0, 42, 1], "298 blank rows, one byte each");
    assert_eq!(bytes[3], [0x1d, b'v', b'0', 0, 2, 0, 1, 0, 0, 0x40]);
    assert_eq!(bytes[4], [0x1b, b'd', 3, 0x1d, b'V', 66, 0]);
    assert!(drawn(&image.into(), 100).enumerate_pixels().all(|(x, y, dot)| (dot.0[0] == 0) == matches!((x, y), (0, 0) | (9, 299))));
    assert!(segments(&GrayImage::new(0, 0).into()).is_err());
    assert!(segments(&Sheet { pieces: Vec::new() }).is_err());
}

#[test]
fn the_bands_draw_the_slip_and_take_less_than_half_of_its_bytes() {
    let blocks = drill_blocks(&Drill {
        address: "/dev/usb/lp0",
        about: "EPSON TM-T20",
        status: PrinterStatus::default(),
        width: 576,
        at: "23/11/2026 14:30",
        qr: "MOTCUA",
    });
    let image = render(&blocks, 576, &font()).unwrap();
    let plain = (image.width() / 8 * image.height()) as usize;
    assert_eq!(drawn(&image.clone().into(), 576), image);
    let bytes = job_bytes(&image.into()).unwrap();
    assert!(bytes * 2 < plain, "{bytes} of {plain}");
    let native = job_bytes(&sheet(&blocks, 576, &font(), true).unwrap()).unwrap();
    assert!(native < bytes, "{native} with the printer's own QR, {bytes} without");
}

#[test]
fn every_vietnamese_letter_is_on_the_test_slip() {
    let blocks = drill_blocks(&Drill { address: "", about: "", status: PrinterStatus::default(), width: 384, at: "", qr: "x" });
    let text: String = blocks.iter().map(|block| format!("{block:?}")).collect();
    for letter in "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ".chars()
    {
        assert!(text.contains(letter) && letter.to_uppercase().all(|capital| text.contains(capital)), "{letter}");
    }
}

#[test]
fn a_native_qr_is_model_2_with_its_module_correction_and_text() {
    let qr = Sheet { pieces: vec![Piece::Qr { text: "AB".to_owned(), module: 6, rows: 126 }] };
    let expected = b"\x1ba\x01\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1\x1d(k\x05\x001P0AB\x1d(k\x03\x001Q0\x1ba\x00";
    assert_eq!(segments(&qr).unwrap()[1].bytes, expected);
    assert!(segments(&Sheet { pieces: vec![Piece::Qr { text: "x".repeat(70_000), module: 6, rows: 1 }] }).is_err());
}

#[test]
fn makers_in_the_words_of_usb() {
    assert_eq!(maker_and_model("MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;"), "EPSON TM-T20II");
    assert_eq!(maker_and_model("MANUFACTURER:Xprinter; MODEL: XP-80 ;"), "Xprinter XP-80");
    assert_eq!(maker_and_model("garbage"), "");
}

#[test]
fn status_bytes_of_epson() {
    let read = |answers: [u8; 4]| {
        let mut status = PrinterStatus { known: true, ..PrinterStatus::default() };
        Query::ALL.into_iter().zip(answers).for_each(|(query, answer)| query.read(answer, &mut status));
        status
    };
    assert!(read([0x12; 4]).is_ready());
    let near_end = read([0x12, 0x12, 0x12, 0x1e]);
    assert!(near_end.is_ready() && near_end.near_end);
    assert_eq!(read([0x1a, 0x32, 0x12, 0x7e]).trouble(), Some(Human::PaperOut));
    assert_eq!(read([0x1a, 0x16, 0x12, 0x12]).trouble(), Some(Human::CoverOpen));
    assert_eq!(read([0x1a, 0x52, 0x1a, 0x12]).trouble(), Some(Human::Other));
    assert!(!read([0x1a, 0x12, 0x12, 0x12]).is_ready(), "offline without a reason is not ready");
    assert_eq!(PrinterStatus::default().trouble(), None);
}

fn answers(bytes: &[u8]) -> Vec<Answer> {
    let mut reader = AnswerReader::default();
    bytes.iter().filter_map(|byte| reader.take(*byte)).collect()
}

#[test]
fn answers_are_told_apart_by_their_marker_bits() {
    assert_eq!(answers(&[0x16, 0x00, 0x11, 0x13]), [Answer::RealTime(0x16), Answer::Queued(0), Answer::Noise(0x11), Answer::Noise(0x13)]);
    let mut reader = AnswerReader::default();
    reader.expect_text();
    let text: Vec<_> = b"\x12_EPSON 2\0\x12".iter().filter_map(|byte| reader.take(*byte)).collect();
    assert_eq!(text, [Answer::RealTime(0x12), Answer::Text("EPSON 2".to_owned()), Answer::RealTime(0x12)]);
    assert_eq!(answers(b"_"), [Answer::Noise(b'_')], "nobody asked");
}

#[test]
fn pushed_status_is_four_bytes_and_yields_to_an_answer() {
    let pushed = |bytes| match answers(bytes).as_slice() {
        [Answer::Pushed(status)] => *status,
        other => panic!("{other:?}"),
    };
    assert!(pushed(&[0x14, 0, 0, 0x0f]).is_ready());
    assert_eq!(pushed(&[0x38, 0, 0, 0x0f]).trouble(), Some(Human::CoverOpen));
    assert_eq!(pushed(&[0x18, 0, 0x0f, 0x0f]).trouble(), Some(Human::PaperOut));
    assert_eq!(pushed(&[0x18, 0x08, 0, 0x0f]).trouble(), Some(Human::Other));
    let near_end = pushed(&[0x10, 0, 0x03, 0x0f]);
    assert!(near_end.is_ready() && near_end.near_end);
    assert_eq!(answers(&[0x10, 0, 0x12, 0x00]), [Answer::RealTime(0x12), Answer::Queued(0)], "a push cut short is dropped");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_draws_and_any_byte_is_sorted(words in "\\PC{0,80}", byte in any::<u8>()) {
        let image = render(&[text(&words, Size::Huge, Align::Right), Block::Row { label: words.clone(), value: words }], 384, &font()).unwrap();
        prop_assert_eq!(image.width(), 384);
        prop_assert!(drawn(&image.clone().into(), 384) == image);
        let _ = answers(&[byte; 5]);
    }
}
