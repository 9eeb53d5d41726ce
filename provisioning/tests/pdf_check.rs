//! `motcua pdf-check` as staff use it, on what a citizen brings.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../agent/digitise/tests/common/mod.rs"]
mod office;

use office::our_pdf;
use std::{path::Path, process::Command};

/// What it says, and its exit code.
fn pdf_check(folder: &Path, files: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_motcua")).arg("pdf-check").args(files).current_dir(folder).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

#[test]
fn one_line_a_file_and_the_exit_code_says_whether_all_may_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let pdf = our_pdf();
    keep("good.pdf", &pdf);
    keep("torn.pdf", &pdf[..pdf.len() / 2]);
    keep("picture.pdf", b"\x89PNG");
    let (told, code) = pdf_check(folder.path(), &["good.pdf"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.starts_with("ok    good.pdf: 2 page(s), 210 × 297 mm, pictures only, PDF 1.7, says PDF/A-2u, SHA-256 "), "{told}");
    let (told, code) = pdf_check(folder.path(), &["torn.pdf", "good.pdf", "picture.pdf", "none.pdf"]);
    assert_eq!(code, Some(1), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(lines[0].starts_with("FAIL  torn.pdf: Tệp PDF bị cắt cụt") && lines[0].contains("copy it anew"), "{told}");
    assert!(lines[1].starts_with("ok    good.pdf") && lines[2].contains("no PDF") && lines[3].contains("cannot be read"), "{told}");
    assert_eq!(std::fs::read(folder.path().join("good.pdf")).unwrap(), pdf);
}
