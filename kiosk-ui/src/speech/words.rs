//! From what is drawn to what a voice can say: codes sign by sign, dates and amounts as words. Pure.
//! The voice knows small numbers itself; long ones it says in a way that nobody likes (ux.md 6).

use motcua_model::Language;

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

/// The same words for the ear.
pub(crate) fn sayable(text: &str, language: Language) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\n' | '[' | ']' | '|' | '…' => ' ',
            '·' => ',',
            _ => c,
        })
        .collect();
    let tokens: Vec<&str> = plain.split_whitespace().collect();
    let mut said: Vec<String> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let core = token.trim_matches(EDGES);
        if core.is_empty() {
            // A sign alone: only the one of a passport's lines is a key.
            said.extend(token.chars().filter_map(|c| sign(c, language)).map(str::to_owned));
            continue;
        }
        let before = &token[..token.find(core).unwrap_or(0)];
        let after = &token[token.len().min(before.len() + core.len())..];
        let beside = |other: Option<&&str>| other.is_some_and(|other| is_digits(other.trim_matches(EDGES)));
        // "0912 345 678" is one number in groups.
        let in_groups = is_digits(core)
            && ((at > 0 && beside(tokens.get(at - 1)) && !tokens[at - 1].ends_with([',', '.', ':']))
                || (after.is_empty() && beside(tokens.get(at + 1))));
        let day_is_said = said.last().is_some_and(|word| word.eq_ignore_ascii_case("ngày"));
        let words = date(core, language, day_is_said)
            .or_else(|| time(core, language))
            .or_else(|| share(core, language))
            .or_else(|| amount(core, language))
            .unwrap_or_else(|| if in_groups || is_code(core) { spelled(core, language) } else { core.to_owned() });
        let comma = if in_groups && after.is_empty() && beside(tokens.get(at + 1)) { "," } else { "" };
        said.push(format!("{}{words}{comma}{}", opening(before), closing(after)));
    }
    said.join(" ")
}

const EDGES: [char; 13] = ['.', ',', ':', ';', '?', '!', '(', ')', '"', '“', '”', '|', '%'];

fn opening(signs: &str) -> &str {
    if signs.contains('(') { ", " } else { "" }
}

fn closing(signs: &str) -> String {
    signs.chars().filter(|c| matches!(c, '.' | ',' | ':' | ';' | '?' | '!' | '%')).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Letters and digits together, hidden digits, or more digits than a year has.
fn is_code(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let letters = token.chars().any(char::is_alphabetic);
    let hidden = token.contains('•');
    let long = digits > 4 || (digits > 1 && token.starts_with('0'));
    hidden || (digits > 0 && (letters || long || token.contains(['-', '/']))) || token.contains('<')
}

fn date(token: &str, language: Language, day_is_said: bool) -> Option<String> {
    let [day, month, year] = <[&str; 3]>::try_from(token.split('/').collect::<Vec<_>>()).ok()?;
    let whole = [day, month, year].iter().all(|part| is_digits(part)) && year.len() == 4;
    let (day, month): (u8, usize) = (day.parse().ok()?, month.parse().ok()?);
    let name = MONTHS.get(month.checked_sub(1)?).filter(|_| whole)?;
    Some(match language {
        Language::Vi => format!("{}{day} tháng {month} năm {year}", if day_is_said { "" } else { "ngày " }),
        Language::En => format!("{day} {name} {year}"),
    })
}

fn time(token: &str, language: Language) -> Option<String> {
    let (hour, minute) = token.split_once(':')?;
    if !(is_digits(hour) && is_digits(minute) && minute.len() == 2) {
        return None;
    }
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(match (language, minute) {
        (Language::Vi, 0) => format!("{hour} giờ"),
        (Language::Vi, _) => format!("{hour} giờ {minute} phút"),
        (Language::En, 0) => format!("{hour} o'clock"),
        (Language::En, _) => format!("{hour} {minute:02}"),
    })
}

/// "2/6", as in steps and pages.
fn share(token: &str, language: Language) -> Option<String> {
    let (at, of) = token.split_once('/')?;
    let small = |part: &str| is_digits(part) && part.len() <= 3;
    let between = if language == Language::Vi { "trên" } else { "of" };
    (small(at) && small(of)).then(|| format!("{at} {between} {of}"))
}

/// "1.234.567" in groups.
fn amount(token: &str, language: Language) -> Option<String> {
    let mark = if language == Language::En && token.contains(',') { ',' } else { '.' };
    let groups: Vec<&str> = token.split(mark).collect();
    let whole = groups.len() > 1
        && groups.iter().all(|group| is_digits(group))
        && groups[0].len() <= 3
        && groups[1..].iter().all(|group| group.len() == 3);
    let number: u64 = groups.concat().parse().ok().filter(|_| whole)?;
    Some(match language {
        Language::Vi => in_vietnamese(number),
        Language::En => number.to_string(),
    })
}

/// Up to the billions; 15 is "mười lăm", 21 "hai mươi mốt", 105 "một trăm linh năm".
fn in_vietnamese(number: u64) -> String {
    if number == 0 {
        return DIGITS[0].to_owned();
    }
    let mut words: Vec<&str> = Vec::new();
    for (unit, name) in [(1_000_000_000, "tỷ"), (1_000_000, "triệu"), (1_000, "nghìn"), (1, "")] {
        let group = if unit == 1_000_000_000 { number / unit } else { number / unit % 1000 };
        if group == 0 {
            continue;
        }
        let (hundreds, tens, ones) = (group / 100 % 10, group / 10 % 10, group % 10);
        let digit = |n: u64| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied().unwrap_or_default();
        if hundreds > 0 || !words.is_empty() {
            words.extend([digit(hundreds), "trăm"]);
        }
        match tens {
            0 if ones > 0 && !words.is_empty() => words.push("linh"),
            0 => {}
            1 => words.push("mười"),
            _ => words.extend([digit(tens), "mươi"]),
        }
        match ones {
            0 => {}
            1 if tens > 1 => words.push("mốt"),
            5 if tens > 0 => words.push("lăm"),
            _ => words.push(digit(ones)),
        }
        words.push(name);
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// Sign by sign, with a rest between groups.
fn spelled(token: &str, language: Language) -> String {
    let mut groups = vec![String::new()];
    let mut signs = token.chars().peekable();
    while let Some(c) = signs.next() {
        if c == '•' {
            let mut hidden = 1;
            while signs.next_if_eq(&'•').is_some() {
                hidden += 1;
            }
            groups.push(match language {
                Language::Vi => format!("{hidden} số được giấu"),
                Language::En => format!("{hidden} hidden signs"),
            });
            groups.push(String::new());
        } else if let Some(group) = groups.last_mut().filter(|_| c.is_alphanumeric() || c == '<') {
            let name = if c == '<' { sign(c, language).unwrap_or_default().to_owned() } else { c.to_string() };
            group.push_str(if group.is_empty() { "" } else { " " });
            group.push_str(&name);
        } else {
            groups.push(String::new());
        }
    }
    groups.retain(|group| !group.is_empty());
    groups.join(", ")
}

/// Signs that a key of a keyboard has.
fn sign(c: char, language: Language) -> Option<&'static str> {
    let (vi, en) = match c {
        '<' => ("dấu nhỏ hơn", "less-than sign"),
        '-' => ("gạch nối", "hyphen"),
        '.' => ("chấm", "full stop"),
        ',' => ("phẩy", "comma"),
        '/' => ("gạch chéo", "slash"),
        ':' => ("hai chấm", "colon"),
        ';' => ("chấm phẩy", "semicolon"),
        '?' => ("dấu hỏi", "question mark"),
        '!' => ("chấm than", "exclamation mark"),
        '(' => ("mở ngoặc", "open bracket"),
        ')' => ("đóng ngoặc", "close bracket"),
        '\'' | '’' => ("dấu phẩy trên", "apostrophe"),
        '"' => ("nháy kép", "quotation mark"),
        '+' => ("dấu cộng", "plus"),
        '=' => ("dấu bằng", "equals"),
        '_' => ("gạch dưới", "underscore"),
        '%' => ("phần trăm", "per cent"),
        _ => return None,
    };
    Some(if language == Language::Vi { vi } else { en })
}

/// The pieces of a text by the voice that can say them: the English one spells Vietnamese letter by letter.
pub(crate) fn voices(text: &str, language: Language) -> Vec<(Language, String)> {
    let mut pieces: Vec<(Language, String)> = Vec::new();
    for word in text.split(' ') {
        let of = if word.chars().any(is_vietnamese) { Language::Vi } else { language };
        match pieces.last_mut() {
            Some((last, piece)) if *last == of => {
                piece.push(' ');
                piece.push_str(word);
            }
            Some(_) | None => pieces.push((of, word.to_owned())),
        }
    }
    pieces
}

fn is_vietnamese(c: char) -> bool {
    matches!(c, 'ă' | 'Ă' | 'â' | 'Â' | 'đ' | 'Đ' | 'ê' | 'Ê' | 'ô' | 'Ô' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | 'à'..='ã' | 'è' | 'é' | 'ì' | 'í' | 'ò'..='õ' | 'ù' | 'ú' | 'ý' | 'ĩ' | 'ũ' | '\u{1ea0}'..='\u{1ef9}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_said_sign_by_sign_and_numbers_of_people_too() {
        for (text, vi) in [
            ("Hồ sơ TAM-K001-260720-0012-7", "Hồ sơ T A M, K 0 0 1, 2 6 0 7 2 0, 0 0 1 2, 7"),
            ("099•••••0012", "0 9 9, 5 số được giấu, 0 0 1 2"),
            ("Điện thoại: 0204 000 0000", "Điện thoại: 0 2 0 4, 0 0 0, 0 0 0 0"),
            ("099090000001.", "0 9 9 0 9 0 0 0 0 0 0 1."),
            ("EA12340017VN", "E A 1 2 3 4 0 0 1 7 V N"),
            ("27/2019", "2 7, 2 0 1 9"),
        ] {
            assert_eq!(sayable(text, Language::Vi), vi);
        }
    }

    #[test]
    fn dates_times_and_shares_are_words() {
        assert_eq!(sayable("05/09/2026", Language::Vi), "ngày 5 tháng 9 năm 2026");
        assert_eq!(sayable("trước ngày 01/08/2026.", Language::Vi), "trước ngày 1 tháng 8 năm 2026.");
        assert_eq!(sayable("05/09/2026", Language::En), "5 September 2026");
        assert_eq!(sayable("lúc 14:05, 20/07/2026", Language::Vi), "lúc 14 giờ 5 phút, ngày 20 tháng 7 năm 2026");
        assert_eq!(sayable("Bước 2/6", Language::Vi), "Bước 2 trên 6");
        assert_eq!(sayable("Page 1/3", Language::En), "Page 1 of 3");
        assert_eq!(sayable("Có 5 lựa chọn.", Language::Vi), "Có 5 lựa chọn.");
        assert_eq!(sayable("năm 2026", Language::Vi), "năm 2026");
    }

    #[test]
    fn amounts_are_words() {
        for (number, words) in [
            (5, "năm"),
            (15, "mười lăm"),
            (21, "hai mươi mốt"),
            (55, "năm mươi lăm"),
            (105, "một trăm linh năm"),
            (8_000, "tám nghìn"),
            (50_000, "năm mươi nghìn"),
            (1_234_567, "một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy"),
            (1_005_000, "một triệu không trăm linh năm nghìn"),
            (2_000_000_000, "hai tỷ"),
        ] {
            // "tư" and "bốn" are both said; the voice says "bốn".
            assert_eq!(in_vietnamese(number), words.replace("mươi tư", "mươi bốn"));
        }
        assert_eq!(sayable("50.000 đồng", Language::Vi), "năm mươi nghìn đồng");
        assert_eq!(sayable("50.000 VND", Language::En), "50000 VND");
        assert_eq!(sayable("1,250,000 VND", Language::En), "1250000 VND");
    }

    #[test]
    fn keys_have_names() {
        assert_eq!(sayable("<", Language::Vi), "dấu nhỏ hơn");
        assert_eq!(sayable("?", Language::En), "question mark");
        assert_eq!(
            sayable("Gõ hai dòng có dấu < ở chân trang.", Language::Vi),
            "Gõ hai dòng có dấu < ở chân trang.".replace('<', "dấu nhỏ hơn")
        );
        assert_eq!(sayable("ă", Language::Vi), "ă");
    }

    #[test]
    fn a_vietnamese_name_in_an_english_sentence_has_the_vietnamese_voice() {
        let pieces = voices("Public Service Centre of Thử Nghiệm Commune", Language::En);
        let words: Vec<_> = pieces.iter().map(|(language, words)| (*language, words.as_str())).collect();
        assert_eq!(words, [(Language::En, "Public Service Centre of"), (Language::Vi, "Thử Nghiệm"), (Language::En, "Commune")]);
        assert_eq!(voices("Nộp hồ sơ online", Language::Vi).len(), 1);
    }
}
