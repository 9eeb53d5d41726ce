//! `motcua sign` as staff use it: a token in software, the PIN on the standard input or typed, pdfsig as the judge.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../agent/digitise/tests/common/mod.rs"]
mod office;

use office::{EC, LABEL, MODULE, Office, PIN, our_pdf, run, there};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

const MOTCUA: &str = env!("CARGO_BIN_EXE_motcua");

/// What it says, and whether it calls that a success.
fn motcua_sign(office: &Office, pin: &str, arguments: &[&str]) -> (String, bool) {
    let mut child = Command::new(MOTCUA)
        .args(["sign", "--module", MODULE, "--token", LABEL, "--key", EC, "--agency", "UBND xã Mẫu"])
        .args(arguments)
        .current_dir(&office.folder)
        .env("SOFTHSM2_CONF", office.path("softhsm2.conf"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have refused before it read the PIN.
    let _ = writeln!(child.stdin.take().unwrap(), "{pin}");
    let output = child.wait_with_output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!told.contains(PIN), "{told}");
    (told, output.status.success())
}

#[test]
fn several_files_are_signed_with_one_pin() {
    let Some((_folder, office)) = Office::new() else { return };
    for name in ["a.pdf", "b.pdf"] {
        std::fs::write(office.path(name), our_pdf()).unwrap();
    }
    std::fs::write(office.path("broken.pdf"), "%PDF-1.7").unwrap();
    let (told, good) = motcua_sign(&office, PIN, &["--copy", "SAO Y", "a.pdf", "broken.pdf", "b.pdf"]);
    assert!(!good && told.contains("FAIL  broken.pdf") && told.contains("đã ký / signed by Văn phòng"), "{told}");
    assert!(told.contains("thu hồi") && told.contains("revoked"), "{told}");
    for name in ["a", "b"] {
        assert_eq!(std::fs::read(office.path(&format!("{name}.pdf"))).unwrap(), our_pdf());
        let verdict = run(&office.folder, "pdfsig", &[&format!("{name}.signed.pdf")]);
        assert!(verdict.contains("Signature is Valid."), "{verdict}");
    }
    let before = std::fs::read(office.path("a.signed.pdf")).unwrap();
    std::fs::remove_file(office.path("b.signed.pdf")).unwrap();
    let (told, good) = motcua_sign(&office, PIN, &["a.pdf", "b.pdf"]);
    assert!(good && told.contains("there a.signed.pdf") && told.contains("ok    b.signed.pdf"), "{told}");
    assert!(std::fs::read(office.path("a.signed.pdf")).unwrap() == before);
    let (told, good) = motcua_sign(&office, PIN, &["b.pdf", "./b.pdf", "b.pdf"]);
    assert!(good && told.matches("there ").count() >= 2, "{told}");
    let (told, good) = motcua_sign(&office, PIN, &["a.signed.pdf", "-o", "twice.pdf"]);
    assert!(good && told.contains("ok    twice.pdf"), "{told}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/arrived/bad-script");
    std::fs::copy(script, office.path("script.pdf")).unwrap();
    let (told, good) = motcua_sign(&office, PIN, &["script.pdf"]);
    assert!(!good && told.contains("JavaScript") && !office.path("script.signed.pdf").exists(), "{told}");
    let verdict = run(&office.folder, "pdfsig", &["twice.pdf"]);
    assert_eq!(verdict.matches("Signature is Valid.").count(), 2, "{verdict}");
}

#[test]
fn what_goes_wrong_is_said_in_both_languages() {
    let Some((_folder, office)) = Office::new() else { return };
    std::fs::write(office.path("a.pdf"), our_pdf()).unwrap();
    for (pin, vietnamese, english) in [("000000", "Sai mã PIN", "the PIN is wrong"), ("", "", "no PIN was given")] {
        let (told, good) = motcua_sign(&office, pin, &["a.pdf"]);
        assert!(!good && told.contains(vietnamese) && told.contains(english), "{told}");
    }
    let (told, good) = motcua_sign(&office, PIN, &["nowhere.pdf"]);
    assert!(!good && told.contains("nowhere.pdf cannot be read"), "{told}");
    std::fs::rename(office.path("tokens"), office.path("pocket")).unwrap();
    std::fs::create_dir(office.path("tokens")).unwrap();
    let (told, good) = motcua_sign(&office, PIN, &["a.pdf"]);
    assert!(!good && told.contains("Chưa cắm thiết bị ký số") && told.contains("plug it in"), "{told}");
    assert!(!office.path("a.signed.pdf").exists());
}

#[test]
fn a_typed_pin_is_not_shown() {
    let Some((_folder, office)) = Office::new() else { return };
    if !there(&["script"]) {
        println!("SKIPPED: script (a terminal) is not there; install bsdutils");
        return;
    }
    std::fs::write(office.path("a.pdf"), our_pdf()).unwrap();
    let command = format!("{MOTCUA} sign --module {MODULE} --token '{LABEL}' --key '{EC}' --agency UBND a.pdf");
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(&office.folder)
        .env("SOFTHSM2_CONF", office.path("softhsm2.conf"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    let mut byte = [0];
    while !shown.ends_with(b"PIN: ") && output.read(&mut byte).unwrap() == 1 {
        shown.push(byte[0]);
    }
    writeln!(input, "{PIN}").unwrap();
    output.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown);
    assert!(child.wait().unwrap().success() && shown.contains("signed by") && !shown.contains(PIN), "{shown}");
}
