//! Words and colours: every text has its English, and every text can be read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

use motcua_kiosk::{
    comfort::CONTRASTS,
    gallery,
    ui::{App, Theme},
};
use slint::ComponentHandle as _;
use std::{collections::BTreeMap, fs, path::Path};

fn slint_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(slint_files(&path));
        } else if path.extension().is_some_and(|e| e == "slint") {
            files.push(path);
        }
    }
    files
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// msgid → msgstr of our own .po, which holds each on one line.
fn english() -> BTreeMap<String, String> {
    let po = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("lang/en/LC_MESSAGES/motcua-kiosk.po")).unwrap();
    let lines: Vec<&str> = po.lines().collect();
    let pair =
        |two: &[&str]| Some((quoted(two[0].strip_prefix("msgid ")?)?.to_owned(), quoted(two[1].strip_prefix("msgstr ")?)?.to_owned()));
    lines.windows(2).filter_map(pair).collect()
}

#[test]
fn every_text_of_the_screens_has_its_english_and_none_is_left_over() {
    let english = english();
    let mut used = Vec::new();
    for file in slint_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")) {
        let source = fs::read_to_string(&file).unwrap();
        for rest in source.split("@tr(\"").skip(1) {
            let id = rest.split('"').next().unwrap();
            let words = english.get(id).unwrap_or_else(|| panic!("{}: '{id}' has no English", file.display()));
            assert!(!words.is_empty(), "'{id}' has an empty translation");
            assert_eq!(id.matches("{}").count(), words.matches("{}").count(), "'{id}' and '{words}' take different values");
            used.push(id.to_owned());
        }
    }
    let left: Vec<_> = english.keys().filter(|id| !id.is_empty() && !used.contains(id)).collect();
    assert!(left.is_empty(), "no screen says {left:?}");
    assert!(used.len() > 150);
}

#[test]
fn no_sentence_uses_the_words_of_the_office() {
    for id in english().keys() {
        for word in ["xác thực", "định danh", "thành phần hồ sơ", "hệ thống", "thao tác", "CCCD"] {
            assert!(!id.to_lowercase().contains(&word.to_lowercase()), "'{id}' says '{word}'");
        }
    }
}

fn luminance(color: slint::Color) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(color.red()) + 0.7152 * part(color.green()) + 0.0722 * part(color.blue())
}

fn contrast(a: slint::Color, b: slint::Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Every ink with the grounds that the pages give it. tests/comfort.rs measures the texts as they stand.
fn pairs(t: &Theme<'_>) -> Vec<(&'static str, slint::Color, slint::Color)> {
    vec![
        ("ink on ground", t.get_ink(), t.get_ground()),
        ("ink on card", t.get_ink(), t.get_card()),
        ("ink on soft", t.get_ink(), t.get_soft()),
        ("ink on good-soft", t.get_ink(), t.get_good_soft()),
        ("ink on warn-soft", t.get_ink(), t.get_warn_soft()),
        ("ink on soft-down", t.get_ink(), t.get_soft_down()),
        ("on-sun on sun", t.get_on_sun(), t.get_sun()),
        ("on-bar on bar", t.get_on_bar(), t.get_bar()),
        ("on-bar on bar-down", t.get_on_bar(), t.get_bar_down()),
        ("quiet ink on ground", t.get_quiet_ink(), t.get_ground()),
        ("quiet ink on card", t.get_quiet_ink(), t.get_card()),
        ("quiet ink on good-soft", t.get_quiet_ink(), t.get_good_soft()),
        ("quiet ink on warn-soft", t.get_quiet_ink(), t.get_warn_soft()),
        ("primary on card", t.get_primary(), t.get_card()),
        ("primary on ground", t.get_primary(), t.get_ground()),
        ("primary on soft", t.get_primary(), t.get_soft()),
        ("on-primary on primary", t.get_on_primary(), t.get_primary()),
        ("on-primary on primary-down", t.get_on_primary(), t.get_primary_down()),
        ("good on ground", t.get_good(), t.get_ground()),
        ("good on good-soft", t.get_good(), t.get_good_soft()),
        ("bad on bad-soft", t.get_bad(), t.get_bad_soft()),
        ("bad on ground", t.get_bad(), t.get_ground()),
    ]
}

/// Lines of icons, and edges that say what can be touched: 3:1 by WCAG, and what stands behind an icon's lines.
fn lines(t: &Theme<'_>) -> Vec<(&'static str, slint::Color, slint::Color)> {
    vec![
        ("icon on its glow", t.get_primary(), t.get_glow()),
        ("sign on the glow", t.get_ink(), t.get_glow()),
        ("icon on soft", t.get_primary(), t.get_soft()),
        ("warning on its ground", t.get_ink(), t.get_warn_soft()),
        ("focus on card", t.get_ink(), t.get_card()),
        ("focus on primary", t.get_ring(), t.get_primary()),
        ("focus on primary-down", t.get_ring(), t.get_primary_down()),
        ("edge of a chosen tile", t.get_primary(), t.get_ground()),
    ]
}

#[test]
fn every_pair_of_ink_and_ground_has_a_contrast_of_ten_in_every_mode() {
    i_slint_backend_testing::init_no_event_loop();
    let app = App::new().unwrap();
    let theme = app.global::<Theme>();
    let mut weak = Vec::new();
    for mode in CONTRASTS {
        theme.set_contrast(mode);
        let all = pairs(&theme).into_iter().map(|pair| (pair, 10.0)).chain(lines(&theme).into_iter().map(|pair| (pair, 3.0)));
        weak.extend(
            all.map(|((name, a, b), least)| (mode, name, contrast(a, b), least)).filter(|(_, _, measured, least)| measured < least),
        );
    }
    assert!(weak.is_empty(), "{weak:?}");
}

#[test]
fn the_gallery_draws_without_a_display() {
    let folder = tempfile::tempdir().unwrap();
    let count = gallery::write(folder.path(), &gallery::Wanted { only: "slip-no-paper".to_owned(), ..gallery::Wanted::default() }).unwrap();
    assert_eq!(count, 20, "two languages, two ways up, three sizes, and two more contrasts");
    let written: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "png")).collect();
    assert_eq!(written.len(), count);
    assert!(written.iter().all(|p| p.metadata().unwrap().len() > 10_000), "the pictures are empty");
    let index = fs::read_to_string(folder.path().join("index.html")).unwrap();
    for picture in written {
        let name = picture.file_name().unwrap().to_str().unwrap();
        assert!(index.contains(&format!("src=\"{name}\"")), "{name} is not in index.html");
    }
}
