//! Vietnamese by touch: which letter of a syllable carries the tone, and how it moves while one types.
//!
//! Pure functions over NFC text. Nothing is ever refused: Krông, Byă and Wójcik are typed like any other word.
//! Tones stand in the old place (hòa, thủy), as in official place names.

/// The tones in the order of the tone row: ngang, huyền, sắc, hỏi, ngã, nặng.
pub const TONES: usize = 6;

/// Each line: a vowel letter with its six tones.
const VOWELS: [[char; TONES]; 12] = [
    ['a', 'à', 'á', 'ả', 'ã', 'ạ'],
    ['ă', 'ằ', 'ắ', 'ẳ', 'ẵ', 'ặ'],
    ['â', 'ầ', 'ấ', 'ẩ', 'ẫ', 'ậ'],
    ['e', 'è', 'é', 'ẻ', 'ẽ', 'ẹ'],
    ['ê', 'ề', 'ế', 'ể', 'ễ', 'ệ'],
    ['i', 'ì', 'í', 'ỉ', 'ĩ', 'ị'],
    ['o', 'ò', 'ó', 'ỏ', 'õ', 'ọ'],
    ['ô', 'ồ', 'ố', 'ổ', 'ỗ', 'ộ'],
    ['ơ', 'ờ', 'ớ', 'ở', 'ỡ', 'ợ'],
    ['u', 'ù', 'ú', 'ủ', 'ũ', 'ụ'],
    ['ư', 'ừ', 'ứ', 'ử', 'ữ', 'ự'],
    ['y', 'ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ'],
];

/// Appends a letter; the tone of the syllable moves where the longer syllable wants it (hò + a + n → hoàn).
pub fn push(text: &mut String, letter: char) {
    text.push(letter);
    settle(text);
}

/// Takes the last letter away; the tone of what is left moves back (hoàn → hòa).
pub fn backspace(text: &mut String) {
    let tone = tone_of(syllable(text));
    text.pop();
    // The tone was on the letter that went, but the syllable still has a vowel (huế → hú).
    if tone != 0 && !syllable(text).is_empty() && ends_inside_syllable(text) {
        set_tone(text, tone);
    }
}

/// Gives the present syllable this tone (index into [`TONES`]), in place of the one it had.
pub fn set_tone(text: &mut String, tone: usize) {
    let start = text.len() - syllable(text).len();
    let toned = with_tone(&text[start..], tone);
    text.truncate(start);
    text.push_str(&toned);
}

/// The present syllable in its six tones; none where there is no vowel to carry one.
pub fn forms(text: &str) -> Option<[String; TONES]> {
    let present = syllable(text);
    carrier(&letters_without_tone(present))?;
    Some(std::array::from_fn(|tone| with_tone(present, tone)))
}

/// Lower case or capital, as the key says.
pub fn capital(letter: char) -> char {
    letter.to_uppercase().next().unwrap_or(letter)
}

/// Puts the tone that the present syllable already has where its present letters want it.
fn settle(text: &mut String) {
    let tone = tone_of(syllable(text));
    if tone != 0 {
        set_tone(text, tone);
    }
}

/// The end of the text, from the consonants before its last group of vowels: the part a tone key means.
/// In "Đắklă" that is "klă", so an earlier syllable of a word written in one keeps its tone.
fn syllable(text: &str) -> &str {
    let mut seen_vowel = false;
    let mut after_vowel = false;
    let mut start = text.len();
    for (at, letter) in text.char_indices().rev() {
        if !letter.is_alphabetic() {
            break;
        }
        let vowel = is_vowel(letter);
        if vowel && after_vowel {
            break;
        }
        seen_vowel |= vowel;
        after_vowel = seen_vowel && !vowel;
        start = at;
    }
    &text[start..]
}

fn ends_inside_syllable(text: &str) -> bool {
    text.chars().next_back().is_some_and(char::is_alphabetic)
}

fn is_vowel(letter: char) -> bool {
    let lower = lower(letter);
    VOWELS.iter().any(|line| line.contains(&lower)) || matches!(lower, 'ŏ' | 'ŭ' | 'ĭ' | 'ĕ')
}

fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

fn tone_of(syllable: &str) -> usize {
    syllable.chars().map(|letter| split(letter).1).find(|tone| *tone != 0).unwrap_or(0)
}

/// A letter without its tone, and the tone.
fn split(letter: char) -> (char, usize) {
    let small = lower(letter);
    for line in VOWELS {
        if let Some(tone) = line.iter().position(|form| *form == small) {
            let plain = if small == letter { line[0] } else { capital(line[0]) };
            return (plain, tone);
        }
    }
    (letter, 0)
}

fn join(letter: char, tone: usize) -> char {
    let small = lower(letter);
    match VOWELS.iter().find(|line| line[0] == small) {
        Some(line) if small == letter => line[tone],
        Some(line) => capital(line[tone]),
        // ŏ ŭ ĭ ĕ have no toned form in NFC.
        None => letter,
    }
}

fn letters_without_tone(syllable: &str) -> Vec<char> {
    syllable.chars().map(|letter| split(letter).0).collect()
}

fn with_tone(syllable: &str, tone: usize) -> String {
    let mut letters = letters_without_tone(syllable);
    if let Some(at) = carrier(&letters) {
        letters[at] = join(letters[at], tone);
    }
    letters.into_iter().collect()
}

/// Which letter carries the tone, old style.
fn carrier(letters: &[char]) -> Option<usize> {
    let small: Vec<char> = letters.iter().copied().map(lower).collect();
    let first = small.iter().position(|c| is_vowel(*c))?;
    let end = small[first..].iter().position(|c| !is_vowel(*c)).map_or(small.len(), |n| first + n);
    let closed = end < small.len();
    let group = &small[first..end];

    // u of "qu" and i of "gi" belong to the consonant when another vowel follows.
    let glide = group.len() > 1 && first > 0 && matches!((small[first - 1], group[0]), ('q', 'u') | ('g', 'i'));
    let nucleus = if glide { first + 1 } else { first };
    let vowels = &small[nucleus..end];

    // ê, ơ and their like always carry it; of ư and ơ together the ơ does.
    if let Some(at) = vowels.iter().rposition(|c| matches!(c, 'ă' | 'â' | 'ê' | 'ô' | 'ơ' | 'ư')) {
        return Some(nucleus + at);
    }
    Some(match vowels.len() {
        1 => nucleus,
        2 if closed => nucleus + 1,
        2 => nucleus,
        _ => nucleus + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word with its letters typed one by one and the tone pressed after each possible letter.
    const KNOWN: &[&str] = &[
        "hòa",
        "hoàn",
        "hoàng",
        "thủy",
        "quý",
        "quỳnh",
        "huỳnh",
        "giá",
        "giếng",
        "khuỷa",
        "người",
        "nghiễng",
        "nguyễn",
        "oằn",
        "oẳng",
        "gì",
        "gìn",
        "giữ",
        "giặt",
        "quốc",
        "quả",
        "quở",
        "quẹt",
        "quỵt",
        "thuở",
        "hươu",
        "rượu",
        "bưởi",
        "muối",
        "mía",
        "múa",
        "mùa",
        "của",
        "cửa",
        "lúa",
        "hóa",
        "hỏe",
        "xòe",
        "khỏe",
        "khoét",
        "toán",
        "xoáy",
        "ngoài",
        "ngoèo",
        "khuỷu",
        "khuấy",
        "tuấn",
        "huệ",
        "thuế",
        "tuyết",
        "chuyện",
        "yến",
        "yếu",
        "kiều",
        "chiếu",
        "đường",
        "trường",
        "tưởng",
        "sữa",
        "cứu",
        "ngửi",
        "ảo",
        "áo",
        "ái",
        "ấy",
        "đẩy",
        "mẫu",
        "thử",
        "ý",
        "ỷ",
        "ủy",
        "úy",
        "úa",
        "xoòng",
        "goòng",
        "bến",
        "tre",
        "lý",
        "thị",
        "đặng",
        "võ",
        "đỗ",
        "ngô",
        "bùi",
        "phạm",
        "giàu",
        "giỏi",
        "giũa",
        "quái",
        "quầy",
        "quẫy",
        "ngoẵng",
        "hoặc",
        "xoắn",
        "loằng",
        "phưỡn",
        "krông",
        "byắ",
        "mlộ",
    ];

    fn plain(word: &str) -> Vec<char> {
        letters_without_tone(word)
    }

    #[test]
    fn a_tone_pressed_at_any_moment_ends_in_the_right_place() {
        for word in KNOWN {
            let tone = tone_of(word);
            let letters = plain(word);
            let first_vowel = letters.iter().position(|c| is_vowel(*c)).unwrap();
            for pressed_after in first_vowel..letters.len() {
                let mut text = String::from("Ấp ");
                for (at, letter) in letters.iter().enumerate() {
                    push(&mut text, *letter);
                    if at == pressed_after {
                        set_tone(&mut text, tone);
                    }
                }
                assert_eq!(text, format!("Ấp {word}"), "tone after letter {pressed_after}");
            }
        }
    }

    #[test]
    fn a_tone_can_be_replaced_and_removed() {
        for word in KNOWN {
            let forms_of_word = forms(word).unwrap();
            for form in &forms_of_word {
                for (tone, wanted) in forms_of_word.iter().enumerate() {
                    let mut text = form.clone();
                    set_tone(&mut text, tone);
                    assert_eq!(&text, wanted);
                }
            }
            assert_eq!(forms_of_word[0], plain(word).into_iter().collect::<String>());
        }
    }

    #[test]
    fn capitals_stay_capitals() {
        for (typed, tone, wanted) in [
            ("NGUYÊN", 4, "NGUYỄN"),
            ("Nguyên", 4, "Nguyễn"),
            ("HOA", 1, "HÒA"),
            ("Thuy", 3, "Thủy"),
            ("QUY", 2, "QUÝ"),
            ("Ơ", 3, "Ở"),
            ("đăng", 5, "đặng"),
            ("ĐĂK", 2, "ĐẮK"),
        ] {
            let mut text = typed.to_owned();
            set_tone(&mut text, tone);
            assert_eq!(text, wanted);
        }
    }

    #[test]
    fn every_word_in_capitals_is_the_capital_of_the_word() {
        for word in KNOWN {
            let mut text: String = plain(word).into_iter().map(capital).collect();
            set_tone(&mut text, tone_of(word));
            assert_eq!(text, word.to_uppercase());
        }
    }

    #[test]
    fn backspace_takes_one_letter_and_moves_the_tone_back() {
        for (before, after) in [
            ("hoàn", "hòa"),
            ("hòa", "hò"),
            ("hò", "h"),
            ("huế", "hú"),
            ("nguyễn", "nguyễ"),
            ("nguyễ", "ngũy"),
            ("Lý ", "Lý"),
            ("", ""),
            ("quý", "qú"),
        ] {
            let mut text = before.to_owned();
            backspace(&mut text);
            assert_eq!(text, after, "{before} less one");
        }
    }

    #[test]
    fn nothing_is_refused_and_earlier_syllables_keep_their_tone() {
        let mut text = String::new();
        for letter in "Krông Byă W J F Z Đăk".chars() {
            push(&mut text, letter);
        }
        set_tone(&mut text, 2);
        assert_eq!(text, "Krông Byă W J F Z Đắk");
        for letter in "lăk".chars() {
            push(&mut text, letter);
        }
        assert_eq!(text, "Krông Byă W J F Z Đắklăk");
        set_tone(&mut text, 2);
        assert_eq!(text, "Krông Byă W J F Z Đắklắk");
        assert_eq!(forms("W"), None);
        assert_eq!(forms("Lý "), None);
        assert_eq!(forms("số 5"), None);
    }

    #[test]
    fn the_tone_row_shows_what_is_asked_for() {
        assert_eq!(forms("Bạn hoa").unwrap().join(" "), "hoa hòa hóa hỏa hõa họa");
        assert_eq!(forms("Mlŏ").unwrap(), std::array::from_fn::<_, 6, _>(|_| "Mlŏ".to_owned()));
    }

    /// All onsets × vowel groups × codas × tones × case × the moment of the tone key, with removal at the end.
    #[test]
    fn the_result_does_not_depend_on_when_the_tone_was_pressed() {
        let onsets = ["", "b", "gh", "gi", "kh", "ng", "ngh", "qu", "th", "tr", "đ", "kr", "ml", "w", "f"];
        let groups = [
            "a", "ai", "ao", "au", "ay", "ă", "â", "âu", "ây", "e", "eo", "ê", "êu", "i", "ia", "iê", "iêu", "iu", "o", "oa", "oai", "oay",
            "oă", "oe", "oeo", "oi", "ô", "ôi", "ơ", "ơi", "u", "ua", "uâ", "uây", "uê", "ui", "uô", "uôi", "uơ", "uy", "uya", "uyê",
            "uyu", "ư", "ưa", "ưi", "ươ", "ươi", "ươu", "ưu", "y", "yê", "yêu",
        ];
        let codas = ["", "c", "ch", "m", "n", "ng", "nh", "p", "t", "k"];
        let mut checked = 0;
        for onset in onsets {
            for group in groups {
                for coda in codas {
                    for upper in [false, true] {
                        let letters: Vec<char> =
                            format!("{onset}{group}{coda}").chars().map(|c| if upper { capital(c) } else { c }).collect();
                        for tone in 1..TONES {
                            checked += all_moments_agree(&letters, tone);
                        }
                    }
                }
            }
        }
        assert!(checked > 250_000, "{checked} compositions");
    }

    fn all_moments_agree(letters: &[char], tone: usize) -> usize {
        let word: String = letters.iter().collect();
        let wanted = with_tone(&word, tone);
        assert_eq!(tone_of(&wanted), tone, "{wanted} carries no tone");
        let first = letters.iter().position(|c| is_vowel(*c)).unwrap();
        for moment in first..letters.len() {
            let mut text = String::new();
            for (at, letter) in letters.iter().enumerate() {
                push(&mut text, *letter);
                if at == moment {
                    set_tone(&mut text, tone);
                }
            }
            assert_eq!(text, wanted, "tone after letter {moment}");
            set_tone(&mut text, 0);
            assert_eq!(text, word);
        }
        letters.len() - first
    }
}
