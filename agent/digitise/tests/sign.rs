//! Signatures with a real PKCS#11 library, judged by pdfsig (poppler), pyHanko and qpdf.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{CIPHER, EC, LABEL, MODULE, Office, PIN, RSA, block, in_office, is_pdf_a, now, our_pdf, pyhanko, run, there};
use jiff::SignedDuration;
use motcua_digitise::sign::{
    CertificateProblem, Key as _, PdfProblem, Pin, SignError, Stop, Token, TokenProblem, TriesLeft, Waiting, Warning, Which,
    request_timestamp, sign, sign_all,
};
use std::path::Path;

/// What pdfsig says of each signature: valid or not.
fn pdfsig(office: &Office, file: &str) -> Vec<bool> {
    let told = run(&office.folder, "pdfsig", &[file]);
    let verdicts = told.lines().filter_map(|line| line.trim().strip_prefix("- Signature Validation: "));
    verdicts.map(|verdict| verdict == "Signature is Valid.").collect()
}

fn judge(office: &Office, file: &str) -> Option<Vec<String>> {
    let python = pyhanko()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/judge.py");
    let told = run(&office.folder, python.to_str().unwrap(), &[script.to_str().unwrap(), file, "ca.pem"]);
    Some(told.lines().filter(|line| line.contains("/Sig ") || line.contains("/DocTimeStamp ")).map(str::to_owned).collect())
}

fn keep(office: &Office, file: &str, pdf: &[u8]) {
    std::fs::write(office.path(file), pdf).unwrap();
    run(&office.folder, "qpdf", &["--check", file]);
}

#[test]
fn both_schemes_are_valid_for_others() {
    in_office("both_schemes_are_valid_for_others", |office| {
        let pdf = our_pdf();
        for (key, algorithm) in [(RSA, "rsassa_pss"), (EC, "sha256_ecdsa")] {
            let mut token = office.token(key);
            assert_eq!(token.signer(), key);
            let signed = sign(&pdf, &block(Some("SAO Y")), &mut token).unwrap();
            assert!(signed.pdf.starts_with(&pdf), "the bytes before were altered");
            assert_eq!(signed.warnings, [Warning::RevocationUnchecked]);
            keep(office, "signed.pdf", &signed.pdf);
            is_pdf_a(&office.folder, "signed.pdf");
            assert_eq!(pdfsig(office, "signed.pdf"), [true]);
            if let Some(verdicts) = judge(office, "signed.pdf") {
                let expected = format!(
                    "Signature1 /Sig /ETSI.CAdES.detached intact valid trusted ENTIRE_FILE NONE bottom-line {algorithm} content_type,message_digest,signing_certificate_v2"
                );
                assert_eq!(verdicts, [expected]);
            }
        }
    });
}

#[test]
fn a_second_signature_keeps_the_first_and_a_time_stamp_keeps_both() {
    in_office("a_second_signature_keeps_the_first_and_a_time_stamp_keeps_both", |office| {
        let first = sign(&our_pdf(), &block(None), &mut office.token(EC)).unwrap().pdf;
        let second = sign(&first, &block(Some("SAO Y")), &mut office.token(RSA)).unwrap().pdf;
        assert!(second.starts_with(&first));
        keep(office, "second.pdf", &second);
        assert_eq!(pdfsig(office, "second.pdf"), [true, true]);

        let pending = request_timestamp(&second, *b"sixteen bytes ok").unwrap();
        let stamped = pending.clone().finish(&stamp(office, pending.request()), &[office.authority()]).unwrap();
        assert!(stamped.pdf.starts_with(&second));
        assert!((stamped.at.as_second() - now().as_second()).abs() < 60);
        keep(office, "stamped.pdf", &stamped.pdf);
        is_pdf_a(&office.folder, "stamped.pdf");
        if let Some(verdicts) = judge(office, "stamped.pdf") {
            assert_eq!(verdicts.len(), 3, "{verdicts:?}");
            for verdict in &verdicts {
                assert!(verdict.contains("intact valid trusted") && verdict.contains("bottom-line"), "{verdict}");
            }
            assert!(verdicts[2].starts_with("Signature3 /DocTimeStamp /ETSI.RFC3161"), "{}", verdicts[2]);
        }
        a_stamp_for_something_else_is_refused(office, &second, &pending);
    });
}

fn a_stamp_for_something_else_is_refused(office: &Office, pdf: &[u8], pending: &motcua_digitise::sign::Pending) {
    use motcua_digitise::sign::TimestampProblem;
    let roots = [office.authority()];
    let other = request_timestamp(pdf, *b"another question").unwrap();
    let answer = stamp(office, other.request());
    assert_eq!(pending.clone().finish(&answer, &roots), Err(TimestampProblem::OtherDocument));
    let unknown = other.clone().finish(&answer, &[]);
    assert!(matches!(unknown, Err(TimestampProblem::Untrusted(_))), "{unknown:?}");
    // The signature, and the time that it signs.
    let time = answer.windows(3).position(|window| window == b"\x18\x0F2").unwrap() + 15;
    for at in [answer.len() - 5, time] {
        let mut damaged = answer.clone();
        damaged[at] ^= 1;
        assert!(other.clone().finish(&damaged, &roots).is_err(), "a flipped bit at {at} was taken");
    }
    let by_another = other.clone().finish(&restamped(office), &roots);
    assert_eq!(by_another, Err(TimestampProblem::Untrusted("certificate verify error".into())));
    let refused = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
    assert_eq!(other.clone().finish(&refused, &roots), Err(TimestampProblem::Refused { status: 2 }));
    assert_eq!(other.finish(b"<html>", &roots), Err(TimestampProblem::Unreadable));
}

/// What was stamped last, signed by one whom the same authority knows, but not as a time-stamp authority.
fn restamped(office: &Office) -> Vec<u8> {
    office.openssl("ts -reply -in response -token_out -out token");
    office.openssl("cms -verify -noverify -inform DER -in token -out content");
    office.openssl("cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -in content -signer a2.pem -inkey a2.key -outform DER -out token");
    let token = std::fs::read(office.path("token")).unwrap();
    let mut response = vec![0x30, 0x82];
    response.extend(u16::try_from(token.len() + 5).unwrap().to_be_bytes());
    response.extend([0x30, 3, 2, 1, 0]);
    response.extend(token);
    response
}

/// OpenSSL as the time-stamp authority.
fn stamp(office: &Office, request: &[u8]) -> Vec<u8> {
    std::fs::write(office.path("tsa.cnf"), "[tsa]\nserial = tsa.serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\naccuracy = secs:1\n").unwrap();
    std::fs::write(office.path("tsa.serial"), "01").unwrap();
    std::fs::write(office.path("request"), request).unwrap();
    office.openssl("ts -reply -config tsa.cnf -section tsa -queryfile request -signer tsa.pem -inkey tsa.key -chain ca.pem -out response");
    std::fs::read(office.path("response")).unwrap()
}

/// The other tests here have veraPDF judge that the same file stays PDF/A with it.
#[test]
fn what_is_known_of_the_paper_stands_in_its_file() {
    let pdf = common::our_pdf();
    let text = String::from_utf8_lossy(&pdf);
    for there in [
        "<giay:OwnerNumber>099326000789</giay:OwnerNumber>",
        "<giay:Issuer>UBND xã Mẫu &amp; Thử, tỉnh &lt;Ví Dụ&gt;</giay:Issuer>",
        "<giay:StorageCode>099326000789.GKS</giay:StorageCode>",
        "<giay:ConfidenceLevel>0.93</giay:ConfidenceLevel>",
    ] {
        assert!(text.contains(there), "{there}");
    }
    assert!(!text.contains("giay:Subject"), "nothing is invented");
}

#[test]
fn a_byte_changed_afterwards_is_found_out() {
    in_office("a_byte_changed_afterwards_is_found_out", |office| {
        let pdf = our_pdf();
        let signed = sign(&pdf, &block(None), &mut office.token(EC)).unwrap().pdf;
        std::fs::write(office.path("changed.pdf"), &signed).unwrap();
        assert_eq!(pdfsig(office, "changed.pdf"), [true]);
        let mut random = 0x2545_F491_4F6C_DD1D_usize;
        for _ in 0..4 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut changed = signed.clone();
            // In the pictures, where the structure of the file stays whole.
            let at = 2_000 + random % (pdf.len() / 2);
            changed[at] ^= 1;
            std::fs::write(office.path("changed.pdf"), &changed).unwrap();
            assert_eq!(pdfsig(office, "changed.pdf"), [false], "byte {at}");
        }
    });
}

#[test]
fn pdfs_of_others_can_be_signed() {
    in_office("pdfs_of_others_can_be_signed", |office| {
        std::fs::write(office.path("ours.pdf"), our_pdf()).unwrap();
        let mut files = Vec::new();
        for (name, arguments) in [
            ("streams.pdf", ["--object-streams=generate", "--compress-streams=y"]),
            ("linear.pdf", ["--linearize", "--object-streams=generate"]),
            ("linear-old.pdf", ["--linearize", "--object-streams=disable"]),
            ("turned.pdf", ["--rotate=90", "--object-streams=disable"]),
            ("upside-down.pdf", ["--rotate=180", "--object-streams=generate"]),
            ("back.pdf", ["--rotate=270", "--object-streams=disable"]),
        ] {
            run(&office.folder, "qpdf", &["ours.pdf", name, arguments[0], arguments[1]]);
            files.push(name);
        }
        if there(&["gs"]) {
            run(&office.folder, "gs", &["-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-sOutputFile=ghostscript.pdf", "ours.pdf"]);
            files.push("ghostscript.pdf");
        } else {
            println!("SKIPPED: a PDF by Ghostscript; run provisioning/setup/setup.sh test");
        }
        let mut token = office.token(EC);
        for name in files {
            let pdf = std::fs::read(office.path(name)).unwrap();
            let once = sign(&pdf, &block(Some("SAO Y")), &mut token).unwrap().pdf;
            let twice = sign(&once, &block(None), &mut token).unwrap().pdf;
            assert!(twice.starts_with(&once) && once.starts_with(&pdf), "{name}");
            keep(office, "twice.pdf", &twice);
            assert_eq!(pdfsig(office, "twice.pdf"), [true, true], "{name}");
            if let Some(verdicts) = judge(office, "twice.pdf") {
                assert!(verdicts.len() == 2 && verdicts.iter().all(|verdict| verdict.contains("bottom-line")), "{name}: {verdicts:?}");
            }
            the_block_stands_at_the_top_right(office, name);
        }
    });
}

#[test]
fn what_cannot_be_signed_says_why() {
    in_office("what_cannot_be_signed_says_why", |office| {
        std::fs::write(office.path("ours.pdf"), our_pdf()).unwrap();
        run(&office.folder, "qpdf", &["ours.pdf", "rights.pdf", "--encrypt", "", "owner", "256", "--"]);
        run(&office.folder, "qpdf", &["ours.pdf", "password.pdf", "--encrypt", "user", "owner", "256", "--"]);
        run(&office.folder, "qpdf", &["ours.pdf", "old.pdf", "--allow-weak-crypto", "--encrypt", "user", "owner", "40", "--"]);
        let mut token = office.token(EC);
        let mut problem = |pdf: &[u8]| sign(pdf, &block(None), &mut token).unwrap_err();
        for name in ["rights.pdf", "password.pdf", "old.pdf"] {
            assert_eq!(problem(&std::fs::read(office.path(name)).unwrap()), PdfProblem::Encrypted.into(), "{name}");
        }
        let pdf = our_pdf();
        for cut in [0, 8, pdf.len() / 2, pdf.len() - 30] {
            let error = problem(&pdf[..cut]);
            assert!(matches!(error, SignError::Pdf(PdfProblem::Broken(_))), "{cut}: {error:?}");
        }
        let shown = |agency: &str| motcua_digitise::sign::SignatureBlock { agency: agency.into(), ..block(None) };
        assert_eq!(sign(&pdf, &shown(" "), &mut token), Err(PdfProblem::NoAgency.into()));
        assert_eq!(sign(&pdf, &shown("UBND 市"), &mut token), Err(PdfProblem::Letter('市').into()));
    });
}

#[test]
fn the_signature_of_another_program_stays_valid_and_a_certified_file_is_left_alone() {
    in_office("the_signature_of_another_program_stays_valid_and_a_certified_file_is_left_alone", |office| {
        let Some(python) = pyhanko() else { return };
        std::fs::write(office.path("ours.pdf"), our_pdf()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/author.py");
        run(&office.folder, python.to_str().unwrap(), &[script.to_str().unwrap(), "ours.pdf", "a1.key", "a1.pem", "ca.pem"]);
        let mut token = office.token(EC);
        let theirs = std::fs::read(office.path("plain.pdf")).unwrap();
        keep(office, "both.pdf", &sign(&theirs, &block(None), &mut token).unwrap().pdf);
        assert_eq!(pdfsig(office, "both.pdf"), [true, true]);
        let verdicts = judge(office, "both.pdf").unwrap();
        assert!(verdicts.len() == 2 && verdicts.iter().all(|verdict| verdict.contains("bottom-line")), "{verdicts:?}");
        for name in ["certified-1.pdf", "certified-2.pdf", "certified-3.pdf"] {
            let certified = std::fs::read(office.path(name)).unwrap();
            assert_eq!(sign(&certified, &block(None), &mut token), Err(PdfProblem::Certified.into()), "{name}");
        }
    });
}

/// On the page as a person sees it, whichever way the file turns it.
fn the_block_stands_at_the_top_right(office: &Office, name: &str) {
    run(&office.folder, "pdftoppm", &["-r", "72", "-f", "1", "-l", "1", "-png", "-singlefile", "twice.pdf", "page"]);
    run(&office.folder, "pdftoppm", &["-r", "72", "-f", "1", "-l", "1", "-png", "-singlefile", name, "before"]);
    let page = image::open(office.path("page.png")).unwrap().into_luma8();
    let before = image::open(office.path("before.png")).unwrap().into_luma8();
    let changed: Vec<(u32, u32)> = page
        .enumerate_pixels()
        .filter(|(x, y, pixel)| pixel.0[0].abs_diff(before.get_pixel(*x, *y).0[0]) > 60)
        .map(|(x, y, _)| (x, y))
        .collect();
    assert!(changed.len() > 300, "{name}: {} points changed", changed.len());
    let (width, right) = (page.width(), changed.iter().map(|(x, _)| *x).max().unwrap());
    let (left, bottom) = (changed.iter().map(|(x, _)| *x).min().unwrap(), changed.iter().map(|(_, y)| *y).max().unwrap());
    let top = changed.iter().map(|(_, y)| *y).min().unwrap();
    // Both blocks: 10 mm from the right edge, 5 mm from the top, at most 75 mm wide, one below the other.
    assert!((width - 34..width - 26).contains(&right), "{name}: to {right} of {width}");
    assert!(left > width - 245, "{name}: from {left} of {width}");
    assert!((14..22).contains(&top) && (60..85).contains(&bottom), "{name}: from {top} to {bottom}");
}

#[test]
fn what_the_signature_shows() {
    in_office("what_the_signature_shows", |office| {
        let at: jiff::Timestamp = "2027-03-01T07:03:07Z".parse().unwrap();
        let shown = motcua_digitise::sign::SignatureBlock { at, ..block(Some("SAO Y")) };
        keep(office, "shown.pdf", &sign(&our_pdf(), &shown, &mut office.token(RSA)).unwrap().pdf);
        let text = run(&office.folder, "pdftotext", &["-f", "1", "-l", "1", "shown.pdf", "-"]);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["SAO Y", "Ủy ban nhân dân xã Mẫu, tỉnh Ví Dụ", "2027-03-01T14:03:07+07:00"]);
        let fonts = run(&office.folder, "pdffonts", &["shown.pdf"]);
        let ours = fonts.lines().find(|line| line.contains("+LiberationSerif")).unwrap();
        assert!(ours.contains("CID TrueType") && ours.contains("yes yes yes"), "{ours}");
        assert!(std::fs::metadata(office.path("shown.pdf")).unwrap().len() < our_pdf().len() as u64 + 40_000);
    });
}

#[test]
fn a_token_that_cannot_sign_says_what_to_do() {
    in_office("a_token_that_cannot_sign_says_what_to_do", |office| {
        let wrong = office.open(Some(RSA), "000000").unwrap_err();
        assert_eq!(wrong, TokenProblem::WrongPin { tries: TriesLeft::Fewer });
        assert_eq!(format!("{:?}", Pin::new(PIN)), "Pin(…)");
        let which = |token| Which { token, key: None, at: now() };
        let missing = Token::open(Path::new(MODULE), which("Another"), Pin::new(PIN)).unwrap_err();
        assert_eq!(missing, TokenProblem::NotIn { label: "Another".into(), found: vec![LABEL.into()] });
        let no_library = Token::open(Path::new("/nowhere/lib.so"), which(LABEL), Pin::new(PIN)).unwrap_err();
        assert!(matches!(no_library, TokenProblem::Module { .. }));
        // Two of its three certificates are for signing.
        let several = office.open(None, PIN).unwrap_err();
        assert!(matches!(&several, TokenProblem::WhichKey { names } if names.len() == 3), "{several:?}");
        assert!(matches!(office.open(Some("Ai đó"), PIN), Err(TokenProblem::WhichKey { .. })));
        for problem in [wrong, missing, no_library, several] {
            let text = SignError::from(problem).text();
            assert!(!text.vi.is_empty() && text.en.contains(';') | text.en.contains(':'), "{text:?}");
        }

        let pdf = our_pdf();
        let cipher = sign(&pdf, &block(None), &mut office.token(CIPHER)).unwrap_err();
        assert_eq!(cipher, CertificateProblem::NotForSigning { name: CIPHER.into() }.into());
        let at = |hours| motcua_digitise::sign::SignatureBlock { at: now() + SignedDuration::from_hours(hours), ..block(None) };
        let mut token = office.token(EC);
        let expired = sign(&pdf, &at(24 * 3001), &mut token).unwrap_err();
        assert!(matches!(expired, SignError::Certificate(CertificateProblem::Expired { .. })), "{expired:?}");
        let early = sign(&pdf, &at(-1), &mut token).unwrap_err();
        assert!(matches!(early, SignError::Certificate(CertificateProblem::NotYet { .. })), "{early:?}");
        let soon = sign(&pdf, &at(24 * 2990), &mut token).unwrap();
        assert!(matches!(soon.warnings[..], [Warning::RevocationUnchecked, Warning::EndsSoon { days: 9 | 10 }]), "{:?}", soon.warnings);
        // An agent signs on a thread of its own.
        std::thread::spawn(move || assert!(!token.certificate().is_empty())).join().unwrap();
    });
}

#[test]
fn many_files_with_one_pin_until_the_token_is_pulled_out() {
    in_office("many_files_with_one_pin_until_the_token_is_pulled_out", |office| {
        let pdf = our_pdf();
        let waiting = (1..=6).map(|number| {
            let pdf = if number == 2 { b"%PDF-1.7 but no more".to_vec() } else { pdf.clone() };
            Waiting { name: format!("{number}.pdf"), pdf, block: block(None) }
        });
        let mut token = office.token(EC);
        let mut kept = Vec::new();
        let batch = sign_all(waiting, &mut token, |name, signed| {
            std::fs::write(office.path(name), &signed.pdf).unwrap();
            kept.push(name.to_owned());
            if name == "4.pdf" {
                std::fs::rename(office.path("tokens"), office.path("pocket")).unwrap();
            }
            Ok::<(), std::io::Error>(())
        });
        assert_eq!(
            (batch.signed.as_slice(), kept.as_slice()),
            (["1.pdf", "3.pdf", "4.pdf"].map(String::from).as_slice(), batch.signed.as_slice())
        );
        assert!(matches!(&batch.refused[..], [(name, SignError::Pdf(_))] if name == "2.pdf"), "{:?}", batch.refused);
        let (name, stop) = batch.stopped.unwrap();
        let Stop::Signing(error) = stop else { panic!("{stop:?}") };
        assert_eq!((name.as_str(), &error), ("5.pdf", &SignError::Token(TokenProblem::Gone)));
        assert!(error.waits_for_token());
        assert!(!office.path("5.pdf").exists() && !office.path("6.pdf").exists());
        assert_eq!(pdfsig(office, "4.pdf"), [true]);

        // Plugged in again, the PIN given again.
        drop(token);
        std::fs::rename(office.path("pocket"), office.path("tokens")).unwrap();
        assert!(sign(&pdf, &block(None), &mut office.token(EC)).is_ok());
    });
}
