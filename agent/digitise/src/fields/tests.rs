use super::*;
use crate::ocr::Word;
use proptest::prelude::*;

/// Words of one line, each letter ten pixels wide and thirty high, as sure as given.
fn line(number: u32, words: &[(&str, f32)]) -> Vec<Word> {
    let mut left = 100;
    let word = |(text, confidence): &(&str, f32)| {
        let right = left + 10 * text.chars().count() as u32;
        let top = 100 + 50 * number;
        let word = Word { text: (*text).to_owned(), left, top, right, bottom: top + 30, confidence: *confidence, line: number };
        left = right + 10;
        word
    };
    words.iter().map(word).collect()
}

fn page(lines: &[&str]) -> PageText {
    let all = lines.iter().enumerate().flat_map(|(number, words)| {
        let words: Vec<(&str, f32)> = words.split(' ').map(|word| (word, 96.0)).collect();
        line(number as u32, &words)
    });
    PageText { words: all.collect(), skew_degrees: 0.0 }
}

fn read(lines: &[&str]) -> ReadPaper {
    read_fields(&page(lines), &DocumentTypes::built_in().unwrap()).unwrap()
}

/// The value, and whether it was read silently.
fn value<'a>(paper: &'a ReadPaper, key: &str) -> Option<(&'a str, bool)> {
    paper.field(key).map(|field| (field.value.reveal(), !field.needs_yes))
}

const CERTIFICATE: [&str; 10] = [
    "ỦY BAN NHÂN DÂN",
    "PHƯỜNG MINH HỌA",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Số: 215/2026",
    "GIẤY KHAI SINH",
    "Họ, chữ đệm, tên: TRẦN NGUYỄN ƯỚC MƠ",
    "Ngày, tháng, năm sinh: 19/10/2026",
    "Giới tính: Nữ Dân tộc: Kinh Quốc tịch: Việt Nam",
    "Số định danh cá nhân: 099326000789",
    "Minh Họa, ngày 24 tháng 11 năm 2026",
];

fn with(line: usize, words: &'static str) -> ReadPaper {
    let mut lines = CERTIFICATE;
    lines[line] = words;
    read(&lines)
}

#[test]
fn fields_stand_after_their_labels() {
    let paper = read(&CERTIFICATE);
    assert_eq!(paper.kind, "birth_certificate");
    for (key, wanted) in [
        ("issuer", "PHƯỜNG MINH HỌA"),
        ("number", "215/2026"),
        ("child_name", "TRẦN NGUYỄN ƯỚC MƠ"),
        ("child_birth", "19/10/2026"),
        ("child_sex", "Nữ"),
        ("child_ethnicity", "Kinh"),
        ("child_number", "099326000789"),
        ("issued", "24/11/2026"),
    ] {
        assert_eq!(value(&paper, key), Some((wanted, true)), "{key}");
    }
    assert_eq!(value(&paper, "mother"), None);
    let number = paper.field("number").unwrap();
    assert_eq!(number.area, Area { left: 140, top: 250, right: 220, bottom: 280 });
    assert!((number.confidence - 0.96).abs() < 0.001);
}

#[test]
fn labels_and_titles_may_be_misread_a_little() {
    assert_eq!(value(&with(5, "Ho, chừ đêm, tèn: LÊ VĂN THỬ"), "child_name"), Some(("LÊ VĂN THỬ", true)));
    assert_eq!(value(&with(8, "Sốđịnhdanh cá nhản: 099326000789"), "child_number"), Some(("099326000789", true)));
    assert_eq!(with(4, "GIÁY KHAl SINH").kind, "birth_certificate");
    let unknown = page(&["Giấy khai sinh của tôi bị mất", "Họ, chữ đệm, tên: LÊ VĂN THỬ"]);
    assert_eq!(read_fields(&unknown, &DocumentTypes::built_in().unwrap()), None, "words of a sentence are no title");
}

#[test]
fn what_was_put_right_is_never_taken_silently() {
    assert_eq!(value(&with(8, "Số định danh cá nhân: O9932600078l"), "child_number"), Some(("099326000781", false)));
    assert_eq!(value(&with(8, "Số định danh cá nhân: O9932b00078l"), "child_number"), None);
    assert_eq!(value(&with(8, "Số định danh cá nhân: 09932600078"), "child_number"), None, "eleven digits");
    assert_eq!(value(&with(6, "Ngày, tháng, năm sinh: 19/1O/2026"), "child_birth"), Some(("19/10/2026", false)));
    assert_eq!(value(&with(6, "Ngày, tháng, năm sinh: 31/02/2026"), "child_birth"), None);
    assert_eq!(value(&with(5, "Họ, chữ đệm, tên: NGUYÊN THỊ MẪU"), "child_name"), Some(("NGUYỄN THỊ MẪU", false)));
    assert_eq!(value(&with(5, "Họ, chữ đệm, tên: THỊ MẪU ĐƠN"), "child_name"), Some(("THỊ MẪU ĐƠN", false)), "no họ");
    assert_eq!(value(&with(5, "Họ, chữ đệm, tên: N6UYỄN LÊ MẪU"), "child_name"), Some(("LÊ MẪU", false)));
}

#[test]
fn below_the_threshold_a_person_must_say_yes() {
    let mut text = page(&CERTIFICATE);
    for word in text.words.iter_mut().filter(|word| word.text == "19/10/2026") {
        word.confidence = 80.0;
    }
    let paper = read_fields(&text, &DocumentTypes::built_in().unwrap()).unwrap();
    assert_eq!(value(&paper, "child_birth"), Some(("19/10/2026", false)));
    assert_eq!(value(&paper, "child_number"), Some(("099326000789", true)));
}

#[test]
fn what_is_not_read_of_one_party_is_not_taken_from_the_other() {
    let lines = [
        "GIẤY ỦY QUYỀN",
        "Hôm nay, ngày 21 tháng 11 năm 2026, chúng tôi gồm có:",
        "I. BÊN ỦY QUYỀN (BÊN A)",
        "Họ và tên: NGUYỄN THỊ MẪU ĐƠN",
        "II. BÊN ĐƯỢC ỦY QUYỀN (BÊN B)",
        "Họ và tên: LÊ HOÀNG GIẢ ĐỊNH",
        "Số CCCD: 099301002468",
    ];
    let paper = read(&lines);
    assert_eq!(value(&paper, "issued"), Some(("21/11/2026", true)));
    assert_eq!(value(&paper, "principal"), Some(("NGUYỄN THỊ MẪU ĐƠN", true)));
    assert_eq!(value(&paper, "principal_number"), None);
    assert_eq!(value(&paper, "agent"), Some(("LÊ HOÀNG GIẢ ĐỊNH", true)));
    assert_eq!(value(&paper, "agent_number"), Some(("099301002468", true)));
}

#[test]
fn values_on_the_next_line_and_over_several() {
    let card = ["CĂN CƯỚC CÔNG DÂN", "Họ và tên / Full name:", "TRẦN THỊ MẪU", "Giới tính / Sex: Nữ Quốc tịch / Nationality: Việt Nam"];
    let paper = read(&card);
    assert_eq!(value(&paper, "holder"), Some(("TRẦN THỊ MẪU", true)));
    assert_eq!(value(&paper, "sex"), Some(("Nữ", true)));
    let decision =
        ["Số: 1024/QĐ-STP", "QUYẾT ĐỊNH", "Về việc ban hành Quy chế", "tại Bộ phận Một cửa", "GIÁM ĐỐC SỞ TƯ PHÁP", "Căn cứ Luật"];
    let paper = read(&decision);
    assert_eq!(value(&paper, "number"), Some(("1024/QĐ-STP", true)));
    assert_eq!(value(&paper, "subject"), Some(("Về việc ban hành Quy chế tại Bộ phận Một cửa", true)));
}

#[test]
fn logs_never_show_a_person() {
    let shown = format!("{:?}", read(&CERTIFICATE));
    assert!(!["TRẦN", "0993", "19/10", "Kinh"].iter().any(|word| shown.contains(word)), "{shown}");
}

proptest! {
    #[test]
    fn arbitrary_words_never_panic(
        title in prop::sample::select(vec!["GIẤY KHAI SINH", "QUYẾT ĐỊNH", "CĂN CƯỚC", "DANH SÁCH", "GIẤY ỦY QUYỀN", "ĐƠN ĐĂNG KÝ BIẾN ĐỘNG ĐẤT ĐAI"]),
        lines in prop::collection::vec("(Số: |Họ, chữ đệm, tên: |ngày |Thửa số |CHỦ TỊCH |Họ và tên |1 )?[ -~À-ỹ]{0,40}", 0..20),
    ) {
        let lines: Vec<&str> = [title].into_iter().chain(lines.iter().map(String::as_str)).collect();
        let paper = read_fields(&page(&lines), &DocumentTypes::built_in().unwrap());
        for field in paper.into_iter().flat_map(|paper| paper.fields) {
            prop_assert!((0.0..=1.0).contains(&field.confidence));
            prop_assert!(field.area.left <= field.area.right && field.area.top <= field.area.bottom);
        }
    }
}

#[test]
fn a_name_with_a_word_missing_is_no_name() {
    let mut text = page(&CERTIFICATE);
    let second = text.words.iter().position(|word| word.text == "NGUYỄN").unwrap();
    text.words.remove(second);
    let types = DocumentTypes::built_in().unwrap();
    let paper = read_fields(&text, &types).unwrap();
    assert_eq!(value(&paper, "child_name"), None, "TRẦN ƯỚC MƠ is somebody else");
    assert_eq!(value(&paper, "child_sex"), Some(("Nữ", true)));
}
