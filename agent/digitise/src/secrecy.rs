//! The mark of a state secret on a page: such a paper must not be scanned (TT 03/2025/TT-VPCP Đ.5.2).

use crate::ocr::PageText;

/// The three degrees, as the stamp shows them.
const MARKS: [&str; 3] = ["MẬT", "TỐI MẬT", "TUYỆT MẬT"];
/// A word that is less sure is no ground to erase somebody's pages.
const SURE: f32 = 70.0;

/// The mark that the page bears: one that stands alone on its line, in capitals, each word read surely. None says nothing: a stamp that
/// is faint, askew or beside other words on its line is not read, and the person in front of the machine still knows best.
pub fn secrecy_mark(text: &PageText) -> Option<&'static str> {
    text.words.chunk_by(|before, word| before.line == word.line).find_map(|line| {
        let sure = line.iter().all(|word| word.confidence >= SURE);
        let words: Vec<&str> = line.iter().map(|word| word.text.as_str()).collect();
        MARKS.into_iter().find(|mark| sure && words.join(" ") == *mark)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocr::Word;

    /// One line for each text; every word as sure as given.
    fn page(lines: &[(&str, f32)]) -> PageText {
        let word = |number: usize, text: &str, confidence| Word {
            text: text.to_owned(),
            left: 100,
            top: 100,
            right: 200,
            bottom: 130,
            confidence,
            line: number as u32,
        };
        let words = lines.iter().enumerate().flat_map(|(at, (line, sure))| line.split(' ').map(move |text| word(at, text, *sure)));
        PageText { words: words.collect(), skew_degrees: 0.0 }
    }

    fn between(line: &str, sure: f32) -> Option<&'static str> {
        secrecy_mark(&page(&[("ỦY BAN NHÂN DÂN", 96.0), (line, sure), ("Số: 12/BC-UBND", 96.0)]))
    }

    #[test]
    fn each_degree_is_known_where_it_stands_alone() {
        for mark in ["MẬT", "TỐI MẬT", "TUYỆT MẬT"] {
            assert_eq!(between(mark, 96.0), Some(mark));
            assert_eq!(between(mark, 70.0), Some(mark));
            assert_eq!(secrecy_mark(&page(&[(mark, 96.0)])), Some(mark), "nothing else on the page");
        }
    }

    #[test]
    fn the_same_letters_elsewhere_are_no_mark() {
        for line in [
            "BÍ MẬT",
            "MẬT KHẨU",
            "BẢO MẬT",
            "ĐỘ MẬT",
            "Mật",
            "mật",
            "Tối Mật",
            "MAT",
            "MẬT.",
            "Lê Thị Mật",
            "LÊ THỊ MẬT",
            "TÀI LIỆU MẬT",
            "MẬT ONG",
            "TỐI",
            "TUYỆT",
            "MẬT TỐI",
            "TỐI TUYỆT MẬT",
            "MẬT MẬT",
        ] {
            assert_eq!(between(line, 96.0), None, "{line}");
        }
        assert_eq!(secrecy_mark(&page(&[("TỐI", 96.0), ("ĐÈN", 96.0)])), None);
        assert_eq!(secrecy_mark(&PageText::default()), None);
    }

    #[test]
    fn a_word_that_is_not_sure_is_no_mark() {
        assert_eq!(between("MẬT", 69.9), None);
        let mut text = page(&[("TỐI MẬT", 96.0)]);
        text.words[0].confidence = 40.0;
        assert_eq!(secrecy_mark(&text), None, "both words must be sure");
    }

    #[test]
    fn words_of_two_lines_make_no_mark() {
        assert_eq!(secrecy_mark(&page(&[("Đêm TỐI", 96.0), ("MẬT ong", 96.0)])), None);
        assert_eq!(secrecy_mark(&page(&[("TỐI", 96.0), ("MẬT", 96.0)])), Some("MẬT"), "the second line alone is one");
    }
}
