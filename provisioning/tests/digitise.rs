//! `motcua digitise` as staff use it, with the real text recognition.
#![allow(clippy::unwrap_used, reason = "tests and their helpers")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../drivers/sim/pages").join(name)
}

fn digitise(pages: &[PathBuf], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_motcua")).arg("digitise").args(pages).arg("-o").arg(out).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[test]
fn pictures_become_one_searchable_pdf_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("giay.pdf");
    let made = digitise(&[page("to-khai-1.jpg"), page("to-khai-2.jpg")], &out);
    assert!(made.status.success(), "{}", said(&made));
    assert!(said(&made).contains("page 1 of 2: ") && said(&made).contains("2 page(s)"), "{}", said(&made));
    let text = Command::new("pdftotext").arg(&out).arg("-").output().unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains("TỜ KHAI ĐĂNG KÝ KHAI SINH"));
    let scans: u64 = ["to-khai-1.jpg", "to-khai-2.jpg"].iter().map(|name| fs::metadata(page(name)).unwrap().len()).sum();
    let pdf = fs::read(&out).unwrap();
    assert!(pdf.len() as f64 <= scans as f64 * 1.05, "{} bytes of {scans}", pdf.len());

    let again = digitise(&[page("to-khai-2.jpg")], &out);
    assert!(!again.status.success() && said(&again).contains("is there already"), "{}", said(&again));
    assert_eq!(fs::read(&out).unwrap(), pdf);
}

#[test]
fn a_spoilt_page_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (out, torn, other) = (folder.path().join("giay.pdf"), folder.path().join("torn.jpg"), folder.path().join("a.pdf"));
    let mut bytes = fs::read(page("ket-hon-1.jpg")).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&torn, bytes).unwrap();
    fs::write(&other, b"%PDF-1.7").unwrap();
    let missing = folder.path().join("missing.jpg");
    for (bad, why) in [(&torn, "before the picture's end"), (&other, "JPEG or PNG"), (&missing, "cannot be read")] {
        let failed = digitise(&[page("to-khai-2.jpg"), bad.clone()], &out);
        let name = bad.file_name().unwrap().to_str().unwrap();
        assert!(!failed.status.success() && said(&failed).contains(name) && said(&failed).contains(why), "{}", said(&failed));
        assert!(!out.exists());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no half-written file is left");
}
