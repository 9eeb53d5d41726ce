//! Bilingual text, private text, and comparison without diacritics.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroize as _;

/// The language a person reads (CV 9318 I.2.a, R09).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Tiếng Việt.
    #[default]
    Vi,
    /// English.
    En,
}

/// The same words in both languages of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// Vietnamese, NFC.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// What reads the same in every language: a code, a time, a person's own words.
    pub fn same(text: &str) -> Self {
        Self::new(text, text)
    }

    /// The words in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

/// With its first letter large.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// 50000 as "50.000", as money is written in Vietnam, or "50,000" in English.
pub fn thousands(n: u32, language: Language) -> String {
    let mark = if language == Language::Vi { '.' } else { ',' };
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// An amount of money in both languages.
pub fn dong(n: u32) -> Text {
    Text::new(format!("{} đồng", thousands(n, Language::Vi)), format!("{} VND", thousands(n, Language::En)))
}

/// Text about a person. `Debug` is redacted, so that it never reaches a log; memory is wiped on drop.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Private(String);

impl Private {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for screens, slips and the sealed store only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹private›")
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Text for comparison and search: lower case, no diacritics, `đ` as `d` (and the Icelandic `ð` that old fonts had for it), single spaces.
/// `fold("Hoà Bình") == fold("HÒA  BÌNH")`.
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if matches!(c, 'đ' | 'ð') { 'd' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fold_forgets_tone_place_case_and_spaces() {
        assert_eq!(fold("Hoà  Bình"), fold("HÒA BÌNH"));
        assert_eq!(fold("Đăng ký khai sinh"), "dang ky khai sinh");
    }

    #[test]
    fn money_is_written_in_groups_of_three() {
        assert_eq!(
            [0, 999, 1_000, 50_000, 1_234_567].map(|n| thousands(n, Language::Vi)),
            ["0", "999", "1.000", "50.000", "1.234.567"].map(str::to_owned)
        );
        assert_eq!(thousands(1_234_567, Language::En), "1,234,567");
    }

    #[test]
    fn private_text_never_shows_in_debug() {
        assert!(!format!("{:?}", Private::new("Nguyễn")).contains("Nguyễn"));
    }
}
