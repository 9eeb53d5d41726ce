//! What the PDF of a paper is called: a template of the hub (TT 05/2025/TT-BNV Đ.8 wants `<mã hồ sơ>.<STT>`, CV 7197/BKHCN-CĐSQG
//! `CODE_YYYYMMDD_DESC`).

use jiff::civil::Date;
use serde::Deserialize;

/// Section `[pdf]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PdfNames {
    /// The name without `.pdf`. `{dossier}`: the dossier's code; `{number}`: 01, 02… of the paper in it; `{type}`: mã loại giấy tờ;
    /// `{date}`: yyyyMMdd of the submission. Names hold no personal data.
    pub name: String,
}

impl Default for PdfNames {
    fn default() -> Self {
        Self { name: "{dossier}.{number}".to_owned() }
    }
}

const PARTS: [&str; 4] = ["{dossier}", "{number}", "{type}", "{date}"];

impl PdfNames {
    /// Whether names made of it differ from each other and can be stored anywhere.
    pub(crate) fn is_sound(&self) -> bool {
        let rest = PARTS.iter().fold(self.name.clone(), |rest, part| rest.replace(part, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let tells_apart = self.name.contains("{dossier}") && self.name.contains("{number}");
        tells_apart && rest.chars().all(plain) && !self.name.starts_with('.') && self.name.len() <= 80
    }

    /// The name of a paper's PDF; `number` counts from 1.
    pub fn of(&self, dossier: &str, number: usize, kind: &str, date: Date) -> String {
        let name = self.name.replace("{dossier}", dossier).replace("{number}", &format!("{number:02}"));
        format!("{}.pdf", name.replace("{type}", kind).replace("{date}", &date.strftime("%Y%m%d").to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rules_can_be_kept() {
        let named = |name: &str| PdfNames { name: name.into() }.of("T-K07-261128-0001", 2, "GCS", jiff::civil::date(2026, 11, 28));
        assert_eq!(named(&PdfNames::default().name), "T-K07-261128-0001.02.pdf");
        assert_eq!(named("{dossier}_{date}_{type}-{number}"), "T-K07-261128-0001_20261128_GCS-02.pdf");
    }

    #[test]
    fn names_that_would_meet_or_leave_their_folder_are_refused() {
        let sound = |name: &str| PdfNames { name: name.into() }.is_sound();
        assert!(sound(&PdfNames::default().name) && sound("{dossier}_{date}_{type}-{number}"));
        for wrong in
            ["{dossier}", "{number}", "{dossier}/{number}", ".{dossier}.{number}", "{dossier}.{number}.{owner}", "{dossier} {number}"]
        {
            assert!(!sound(wrong), "{wrong}");
        }
    }
}
