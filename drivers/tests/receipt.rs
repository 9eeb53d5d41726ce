//! Slips drawn and coded for the printer; status bytes read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::Human;
use motcua_drivers::printer::escpos::{Answer, Query, print_job, sort_answer};
use motcua_drivers::printer::{Align, Block, Font, GrayImage, PrinterStatus, Size, SlipError, render};
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

#[test]
fn a_picture_goes_out_in_bands_with_the_first_dot_in_the_highest_bit() {
    let mut image = GrayImage::from_pixel(10, 300, image::Luma([255]));
    image.put_pixel(0, 0, image::Luma([0]));
    image.put_pixel(9, 299, image::Luma([127]));
    let job = print_job(&image).unwrap();
    let band = |rows: u16| [&[0x1d, b'v', b'0', 0, 2, 0][..], &rows.to_le_bytes()].concat();
    assert!(job.starts_with(&[&[0x1b, b'@'][..], &band(256), &[0x80, 0, 0]].concat()));
    let second = 2 + 8 + 512;
    assert_eq!(job[second..second + 8], band(44));
    assert_eq!(job[second + 8 + 86..][..2], [0, 0x40]);
    assert!(job.ends_with(&[0x1d, b'V', 66, 0]));
    assert!(print_job(&GrayImage::new(0, 0)).is_err());
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

#[test]
fn answers_are_told_apart_by_their_marker_bits() {
    assert_eq!(sort_answer(0x16), Answer::RealTime(0x16));
    assert_eq!(sort_answer(0x14), Answer::Push);
    assert_eq!(sort_answer(0x00), Answer::Queued(0));
    assert_eq!(sort_answer(0x11), Answer::Noise, "XON");
    assert_eq!(sort_answer(0x13), Answer::Noise, "XOFF");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_draws_and_any_byte_is_sorted(words in "\\PC{0,80}", byte in any::<u8>()) {
        let image = render(&[text(&words, Size::Huge, Align::Right), Block::Row { label: words.clone(), value: words }], 384, &font()).unwrap();
        prop_assert_eq!(image.width(), 384);
        prop_assert!(print_job(&image).is_ok());
        let _ = sort_answer(byte);
    }
}
