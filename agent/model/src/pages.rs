//! What can be wrong with a scanned side, with the words for it, and where the office draws the line.

use crate::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A fault of a scanned side that its picture shows (R55). It is told, never acted on alone: the person may keep the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageFault {
    /// Upside down.
    UpsideDown,
    /// On its side: the lines run up or down.
    Sideways,
    /// The lines run askew.
    Crooked,
    /// Text or paper ends at the picture's edge.
    Cut,
    /// A dark border beside the paper.
    DarkBorder,
    /// Ink and paper differ too little: a dark or a pale picture.
    Pale,
    /// Soft letters: out of focus, moved, or dirty glass.
    Blurred,
    /// Fewer dots an inch than the rules ask, whatever the file says.
    Coarse,
    /// The same side as one scanned before it.
    Repeated,
}

impl PageFault {
    /// All, in the order in which a page's faults are listed: what spoils the others' numbers comes first.
    pub const ALL: [Self; 9] = [
        Self::UpsideDown,
        Self::Sideways,
        Self::Crooked,
        Self::Cut,
        Self::DarkBorder,
        Self::Pale,
        Self::Blurred,
        Self::Coarse,
        Self::Repeated,
    ];

    /// What is seen and what to do, under the page's picture.
    pub fn words(self) -> Text {
        match self {
            Self::UpsideDown => Text::new("Trang bị ngược. Xoay tờ giấy rồi quét lại.", "Upside down. Turn the sheet and scan it again."),
            Self::Sideways => Text::new("Trang nằm ngang. Xoay tờ giấy rồi quét lại.", "On its side. Turn the sheet and scan it again."),
            Self::Crooked => Text::new("Trang bị lệch. Đặt giấy thẳng rồi quét lại.", "Crooked. Put the sheet in straight and scan again."),
            Self::Cut => Text::new("Trang bị mất mép. Đặt lại giấy rồi quét lại.", "An edge is cut off. Place the sheet and scan again."),
            Self::DarkBorder => {
                Text::new("Mép trang bị đen. Đặt lại giấy rồi quét lại.", "The edge is black. Place the sheet and scan again.")
            }
            Self::Pale => Text::new("Chữ khó đọc trên nền này. Quét lại trang này.", "The writing is hard to see. Scan this page again."),
            Self::Blurred => {
                Text::new("Chữ bị nhòe. Lau kính máy quét rồi quét lại.", "The writing is soft. Wipe the glass and scan again.")
            }
            Self::Coarse => Text::new("Ảnh không đủ nét. Quét lại, hoặc hỏi cán bộ.", "Not fine enough. Scan again, or ask staff."),
            Self::Repeated => Text::new("Có lẽ trang này quét hai lần. Quét lại đúng tờ.", "Perhaps scanned twice. Scan the right sheet."),
        }
    }
}

/// Section `[pages]`: from which number on a scanned side counts as faulty. Whole numbers, the units stand in the names.
///
/// The defaults lie between good and spoiled test pages; how well each tells them apart is written where it is measured
/// (`motcua-digitise`, `quality`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageLimits {
    /// Lines that run askew by more tenths of a degree are crooked.
    pub skew_tenths: u16,
    /// Letters whose edges take more hundredths of a millimetre from paper to ink are blurred.
    pub blur_hundredths_mm: u16,
    /// So many strokes that end at one edge of the picture are cut text.
    pub cut_strokes: u16,
    /// A dark border that takes more thousandths of the picture is a fault.
    pub border_per_mille: u16,
    /// Ink darker than the paper by fewer hundredths of full black is pale.
    pub contrast_percent: u16,
    /// Fewer real dots an inch are too coarse. TT 05/2025/TT-BNV asks for 200; a scanner that enlarges 150 to 200 is let pass,
    /// as it cannot always be told.
    pub least_dpi: u16,
}

impl Default for PageLimits {
    fn default() -> Self {
        Self { skew_tenths: 25, blur_hundredths_mm: 40, cut_strokes: 4, border_per_mille: 15, contrast_percent: 40, least_dpi: 150 }
    }
}

impl PageLimits {
    /// Key, value, values that can be meant, default.
    pub(crate) fn ranges(&self) -> [(&'static str, u16, RangeInclusive<u16>, u16); 6] {
        let usual = Self::default();
        [
            ("pages.skew_tenths", self.skew_tenths, 5..=150, usual.skew_tenths),
            ("pages.blur_hundredths_mm", self.blur_hundredths_mm, 20..=200, usual.blur_hundredths_mm),
            ("pages.cut_strokes", self.cut_strokes, 2..=1000, usual.cut_strokes),
            ("pages.border_per_mille", self.border_per_mille, 1..=1000, usual.border_per_mille),
            ("pages.contrast_percent", self.contrast_percent, 0..=90, usual.contrast_percent),
            ("pages.least_dpi", self.least_dpi, 50..=300, usual.least_dpi),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const EXAMPLE: &str = include_str!("../../../provisioning/package/agent.example.toml");

    #[test]
    fn every_fault_says_in_a_few_words_what_to_do() {
        for fault in PageFault::ALL {
            let words = fault.words();
            for text in [&words.vi, &words.en] {
                assert!(text.split_whitespace().count() <= 12 && text.ends_with('.') && text.len() > 20, "{text}");
            }
            for avoided in ["xác thực", "định danh", "hệ thống", "thao tác"] {
                assert!(!words.vi.to_lowercase().contains(avoided), "{}", words.vi);
            }
        }
    }

    #[test]
    fn the_example_shows_the_defaults_and_old_files_have_them() {
        assert_eq!(Config::parse("a.toml", EXAMPLE).unwrap().pages, PageLimits::default());
        let (before, after) = EXAMPLE.split_once("[pages]").unwrap();
        let old = format!("{before}{}", &after[after.find("\n[").unwrap()..]);
        assert_eq!(Config::parse("a.toml", &old).unwrap().pages, PageLimits::default());
    }

    #[test]
    fn a_limit_that_cannot_be_meant_is_named_with_what_to_write() {
        let problems = Config::parse("a.toml", &EXAMPLE.replace("skew_tenths = 25", "skew_tenths = 2500")).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].to_string(), "a.toml: pages.skew_tenths = \"2500\": write 5 to 150; 25 suits most");
    }
}
