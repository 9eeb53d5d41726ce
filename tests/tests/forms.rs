//! The state's forms 01, 02 and 03 on both papers: an independent reader finds their words on the picture that is printed.

use motcua_drivers::printer::{Font, escpos::job_bytes, render};
use motcua_model::fold;
use motcua_model::form::{Forms, Values};
use motcua_tests::forms::{blocks, example};
use std::process::Command;

const FONT: &str = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf";

/// Each form's title, whose capitals the reader may take for others with the same base, and words that must be readable to the mark.
const WORDS: [(&str, &str, [&str; 5]); 3] = [
    ("01", "VÀ HẸN TRẢ KẾT QUẢ", ["Nguyễn Thị Mẫu", "001190000016", "Đăng ký khai sinh", "Giấy chứng sinh", "Trần Văn Thử"]),
    ("02", "BỔ SUNG, HOÀN THIỆN HỒ SƠ", ["Nguyễn Thị Mẫu", "Đăng ký khai sinh", "Số định danh của người cha", "có vướng mắc", "Lê Thị Ví"]),
    ("03", "PHIẾU TỪ CHỐI", ["Nguyễn Thị Mẫu", "001190000016", "Lý do từ chối", "chưa có chữ ký", "Lê Thị Ví"]),
];

#[test]
fn the_forms_are_read_from_paper_of_both_widths() {
    let font = Font::new(std::fs::read(FONT).expect("fonts-noto-core is installed"), None).expect("a font");
    let forms = Forms::built_in().expect("the product's forms");
    let folder = tempfile::tempdir().expect("a folder");
    for width in [576, 384] {
        for (number, title, words) in WORDS {
            let lines = forms.form(number).expect("the form").fill(&example());
            let picture = render(&blocks(&lines), width, &font).expect("a picture");
            assert!(job_bytes(&picture.clone().into()).expect("a job") < 80_000, "a slip stays under 7 s at 115,200 bits per second");
            let path = folder.path().join(format!("{number}-{width}.png"));
            picture.save(&path).expect("saved");
            let output = match Command::new("tesseract").arg(&path).args(["-", "-l", "vie", "--dpi", "203", "--psm", "4"]).output() {
                Ok(output) => output,
                Err(error) => return eprintln!("SKIPPED: tesseract: {error}; run provisioning/setup/setup.sh test"),
            };
            let read = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(fold(&read).contains(&fold(title)), "form {number} on {width} dots: {title:?} is not in {read}");
            for word in words {
                assert!(read.contains(word), "form {number} on {width} dots: {word:?} is not in {read}");
            }
        }
    }
}

#[test]
fn empty_forms_are_drawn_for_writing_by_hand() {
    let font = Font::new(std::fs::read(FONT).expect("fonts-noto-core is installed"), None).expect("a font");
    for form in Forms::built_in().expect("the product's forms").forms {
        let blocks = blocks(&form.fill(&Values::default()));
        for width in [576, 384] {
            assert!(render(&blocks, width, &font).is_ok(), "form {} on {width} dots", form.number);
        }
    }
}
