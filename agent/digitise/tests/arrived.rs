//! PDFs that arrive: made by hand, by qpdf, Ghostscript and ourselves; qpdf and pdfinfo as judges.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{EC, block, in_office, our_pdf, pyhanko, run, there};
use motcua_digitise::sign::sign;
use motcua_digitise::{Active, ArrivedError, ArrivedPdf, MOST_ARRIVED_BYTES, PageSize, PdfAClaim, check_pdf};
use proptest::prelude::*;
use std::path::Path;

/// A PDF of these objects, numbered from 1; the first is the catalogue.
fn pdf(objects: &[&str]) -> Vec<u8> {
    let (mut out, mut table) = (b"%PDF-1.7\n".to_vec(), String::new());
    for (place, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", place + 1).as_bytes());
    }
    let (start, size) = (out.len(), objects.len() + 1);
    let end = format!("xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    out.extend_from_slice(end.as_bytes());
    out
}

const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>";
const PAGE: &str = "<< /Type /Page /Parent 2 0 R >>";

/// One page, with this in the catalogue, this in the page, and these objects from 4 on.
fn with(catalog: &str, page: &str, more: &[&str]) -> Vec<u8> {
    let catalog = format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>");
    let page = format!("<< /Type /Page /Parent 2 0 R {page} >>");
    pdf(&[&[catalog.as_str(), PAGES, page.as_str()], more].concat())
}

fn stream(dictionary: &str, content: &str) -> String {
    format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

fn good(pdf: &[u8]) -> ArrivedPdf {
    check_pdf(pdf).unwrap()
}

/// What qpdf makes of a file.
fn by_qpdf(pdf: &[u8], arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.pdf"), pdf).unwrap();
    run(folder.path(), "qpdf", &[&["in.pdf"], arguments, &["--", "out.pdf"]].concat());
    std::fs::read(folder.path().join("out.pdf")).unwrap()
}

/// Each way to be active, with what it is.
fn active() -> Vec<(&'static str, Active, Vec<u8>)> {
    let script = "<< /S /JavaScript /JS (app.alert\\(1\\)) >>";
    let annotation = |what: &str| with("", "/Annots [4 0 R]", &[&format!("<< /Type /Annot /Rect [0 0 9 9] {what} >>")]);
    vec![
        ("opening", Active::JavaScript, with(&format!("/OpenAction {script}"), "", &[])),
        ("name tree", Active::JavaScript, with("/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", "", &[script])),
        ("catalogue's events", Active::JavaScript, with(&format!("/AA << /WC {script} >>"), "", &[])),
        ("page's events", Active::JavaScript, with("", &format!("/AA << /O {script} >>"), &[])),
        ("annotation's events", Active::JavaScript, annotation(&format!("/Subtype /Link /AA << /E {script} >>"))),
        (
            "field's events",
            Active::JavaScript,
            with("/AcroForm << /Fields [4 0 R] >>", "", &["<< /FT /Tx /T (a) /AA << /K 5 0 R >> >>", script]),
        ),
        ("behind another", Active::JavaScript, with(&format!("/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [{script}] >>"), "", &[])),
        ("name spelled otherwise", Active::JavaScript, with("/OpenAction << /S /J#61vaScript /J#53 (x) >>", "", &[])),
        ("name elsewhere", Active::JavaScript, with("/OpenAction << /S 4 0 R /JS 5 0 R >>", "", &["/JavaScript", "(x)"])),
        ("script in a stream", Active::JavaScript, with("/OpenAction << /S /Odd /JS 4 0 R >>", "", &[&stream("", "x")])),
        ("hangs nowhere", Active::JavaScript, with("", "", &[script])),
        ("starts a program", Active::Launch, annotation("/Subtype /Link /A << /S /Launch /F (calc.exe) >>")),
        ("sends a form", Active::SubmitForm, annotation("/Subtype /Widget /A << /S /SubmitForm /F (http://a.example) >>")),
        ("takes data", Active::ImportData, annotation("/Subtype /Widget /A << /S /ImportData /F (a.fdf) >>")),
        ("another file", Active::OtherFile, annotation("/Subtype /Link /A << /S /GoToR /F (a.pdf) /D [0 /Fit] >>")),
        ("attached file", Active::OtherFile, annotation("/Subtype /Link /A << /S /GoToE /T << /R /C >> >>")),
        ("content from elsewhere", Active::OtherFile, with("", "/Contents 4 0 R", &[&stream("/F (other.bin)", "")])),
        ("rich media", Active::RichMedia, annotation("/Subtype /RichMedia")),
        ("film", Active::Movie, annotation("/Subtype /Movie")),
        ("film by an action", Active::Movie, annotation("/Subtype /Link /A << /S /Rendition >>")),
        ("sound", Active::Sound, annotation("/Subtype /Sound")),
        ("sound by an action", Active::Sound, annotation("/Subtype /Link /A << /S /Sound >>")),
        ("model", Active::ThreeD, annotation("/Subtype /3D")),
        ("form", Active::Xfa, with("/AcroForm << /Fields [] /XFA 4 0 R >>", "", &[&stream("", "<xdp/>")])),
    ]
}

#[test]
fn the_least_pdf_is_taken_and_described() {
    let least = with("", "", &[]);
    let seen = good(&least);
    assert_eq!(seen.pages, [PageSize { width_mm: 210, height_mm: 297 }]);
    assert_eq!((seen.has_text, seen.has_pictures, seen.version.as_str(), seen.pdf_a.clone()), (false, false, "1.7", None));
    assert_eq!((seen.signatures, seen.links, seen.attached.len()), (0, 0, 0));
    assert!(!format!("{seen:?}").contains("sha"), "{seen:?}");
}

#[test]
fn everything_active_is_refused_in_the_open_and_hidden() {
    for (name, expected, pdf) in active() {
        assert_eq!(check_pdf(&pdf), Err(ArrivedError::Active(expected)), "{name}");
        // qpdf leaves out what hangs nowhere.
        if there(&["qpdf"]) && name != "hangs nowhere" {
            for arguments in [&["--object-streams=generate"][..], &["--linearize", "--object-streams=generate"], &["--qdf"]] {
                let hidden = by_qpdf(&pdf, arguments);
                assert_eq!(check_pdf(&hidden), Err(ArrivedError::Active(expected)), "{name}, {arguments:?}");
            }
        }
    }
}

#[test]
fn what_an_earlier_revision_did_is_still_seen() {
    let first = with("/OpenAction << /S /JavaScript /JS (x) >>", "", &[]);
    let second = revised(&first, 1, "<< /Type /Catalog /Pages 2 0 R >>");
    assert_eq!(check_pdf(&second), Err(ArrivedError::Active(Active::JavaScript)));
    let quiet = revised(&with("", "", &[]), 3, "<< /Type /Page /Parent 2 0 R /Rotate 90 >>");
    assert_eq!(good(&quiet).pages, [PageSize { width_mm: 297, height_mm: 210 }]);
}

/// An incremental update of one object.
fn revised(before: &[u8], number: usize, object: &str) -> Vec<u8> {
    let text = String::from_utf8(before.to_vec()).unwrap();
    let (_, previous) = text.rsplit_once("startxref\n").unwrap();
    let previous = previous.split('\n').next().unwrap();
    let mut out = text.clone();
    let at = out.len();
    out.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    let table = out.len();
    out.push_str(&format!(
        "xref\n{number} 1\n{at:010} 00000 n \ntrailer\n<< /Size 9 /Root 1 0 R /Prev {previous} >>\nstartxref\n{table}\n%%EOF\n"
    ));
    out.into_bytes()
}

#[test]
fn a_key_that_stands_twice_hides_nothing() {
    for hidden in [
        "/OpenAction << /S /Launch /F (a) >> /OpenAction null",
        "/OpenAction << /S /La#75nch /S /GoTo /D [3 0 R /Fit] >>",
        "/OpenAction << /S /JavaScript /JS (x\\)/JS) /S /GoTo /JS null >>",
    ] {
        assert!(check_pdf(&with(hidden, "", &[])).is_err(), "{hidden}");
    }
    assert!(check_pdf(&with("/Lang (see /Launch) /Lang (vi) % /Launch\n", "", &[])).is_ok());
}

/// As word processors write it: the catalogue's action stands in a stream that only a hybrid trailer leads to (ISO 32000-1 7.5.8.4).
#[test]
fn what_stands_in_a_hybrid_file_is_seen() {
    let hybrid = |action: &str| {
        let packed = stream("/Type /ObjStm /N 1 /First 4", &format!("5 0 {action}"));
        let mut rows = with("/OpenAction 5 0 R", "", &[&packed]);
        let text = String::from_utf8_lossy(&rows).into_owned();
        let (table, previous) = (rows.len(), text.rsplit_once("startxref\n").unwrap().1.split('\n').next().unwrap().to_owned());
        rows.extend_from_slice(
            b"6 0 obj\n<< /Type /XRef /Size 7 /W [1 1 1] /Index [5 1] /Root 1 0 R /Length 3 >>\nstream\n\x02\x04\0\nendstream\nendobj\n",
        );
        let last = rows.len();
        let end = format!("xref\n0 0\ntrailer\n<< /Size 7 /Root 1 0 R /Prev {previous} /XRefStm {table} >>\nstartxref\n{last}\n%%EOF\n");
        rows.extend_from_slice(end.as_bytes());
        rows
    };
    assert!(check_pdf(&hybrid("<< /S /GoTo /D [3 0 R /Fit] >>")).is_ok());
    assert_eq!(check_pdf(&hybrid("<< /S /Launch /F (a) >>")), Err(ArrivedError::Active(Active::Launch)));
}

#[test]
fn links_are_told_and_programs_attached_are_refused() {
    let link = with("", "/Annots [4 0 R]", &["<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://a.example) >> >>"]);
    assert_eq!(good(&link).links, 1);
    let attached = |name: &str, content: &str| {
        let tree = "/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>";
        let specification = format!("<< /Type /Filespec /F ({name}) /EF << /F 5 0 R >> >>");
        with(tree, "", &[&specification, &stream("/Type /EmbeddedFile", content)])
    };
    assert_eq!(good(&attached("data.xml", "<data/>")).attached, ["data.xml"]);
    for (name, content) in [("a.exe", ""), ("a.pdf.EXE", "x"), ("a.exe. ", "x"), ("a.docm", "PK"), ("a.txt", "MZ\u{1}"), ("a", "#!/bin/sh")]
    {
        assert_eq!(check_pdf(&attached(name, content)), Err(ArrivedError::Program(name.to_owned())), "{name}");
    }
}

#[test]
fn what_is_no_pdf_or_is_torn_is_refused_and_never_taken_for_more() {
    for other in [&b""[..], b"\x89PNG\r\n", b"MZ\x90%PDF-1.4", b"\n%PDF-1.7"] {
        assert_eq!(check_pdf(other), Err(ArrivedError::NotPdf));
    }
    for whole in [with("", "/Contents 4 0 R", &[&stream("", "BT (a) Tj ET")]), our_pdf()] {
        let step = (whole.len() / 400).max(1);
        for end in (5..whole.len().saturating_sub(2)).step_by(step) {
            assert!(matches!(check_pdf(&whole[..end]), Err(ArrivedError::Broken(_))), "cut at {end} of {}", whole.len());
        }
        assert!(check_pdf(&[&whole[..], b"\r\n\0\0 rubbish"].concat()).is_ok());
        assert!(matches!(check_pdf(&[&whole[..], &[b'x'; 2000]].concat()), Err(ArrivedError::Broken(_))));
    }
    let update = revised(&with("", "", &[]), 3, PAGE);
    let first = with("", "", &[]).len();
    for end in first + 8..update.len() - 2 {
        assert!(check_pdf(&update[..end]).is_err(), "an update that is cut at {end}");
    }
}

#[test]
fn a_structure_that_does_not_hold_is_refused() {
    let catalog = "<< /Type /Catalog /Pages 2 0 R >>";
    let broken = |objects: &[&str]| assert!(matches!(check_pdf(&pdf(objects)), Err(ArrivedError::Broken(_))), "{objects:?}");
    broken(&[]);
    broken(&[catalog]);
    broken(&[catalog, "<< /Type /Pages /Kids [] /Count 0 >>"]);
    broken(&[catalog, "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]);
    broken(&[catalog, "<< /Type /Pages /Kids [9 0 R] /Count 1 >>"]);
    broken(&[catalog, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", PAGE]);
    broken(&[catalog, PAGES, "<< /Type /Page /Parent 2 0 R"]);
    // A table that leads astray: its objects are there, but another program might find others.
    let astray = String::from_utf8(with("", "", &[])).unwrap().replace("0000000009 00000 n", "0000000010 00000 n");
    assert!(matches!(check_pdf(astray.as_bytes()), Err(ArrivedError::Broken(_))));
}

#[test]
fn traps_are_refused_in_time() {
    let start = std::time::Instant::now();
    assert_eq!(check_pdf(&vec![b'%'; MOST_ARRIVED_BYTES + 1]), Err(ArrivedError::TooLarge(MOST_ARRIVED_BYTES + 1)));
    assert_eq!(check_pdf(&with("", &format!("/X [{}]", "0 ".repeat(3_000_000)), &[])), Err(ArrivedError::TooMuch));
    let deep = with("", &format!("/X {}{}", "[".repeat(50_000), "]".repeat(50_000)), &[]);
    assert!(check_pdf(&deep).is_err());
    // A table of one large object, over and over.
    let large = with("", "", &[&format!("[{}]", "0 ".repeat(200_000))]);
    let text = String::from_utf8(large).unwrap();
    let at = text.find("4 0 obj").unwrap();
    let rows = format!("{at:010} 00000 n \n").repeat(100_000);
    let table = text.len();
    let many = format!("{text}xref\n4 100000\n{rows}trailer\n<< /Size 100005 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    assert!(check_pdf(many.as_bytes()).is_err());
    for word in ["1 0 obj ", "1 0 obj <<>> stream\n", "obj ", "endobj ", "( ", "% ", "xref 0 0 % ", "<< /A "] {
        let trap = format!("%PDF-1.7\n{}\nstartxref\n9\n%%EOF", word.repeat(1_000_000 / word.len()));
        assert!(check_pdf(trap.as_bytes()).is_err(), "{word}");
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn our_own_pdf_and_its_signatures_are_described() {
    let ours = good(&our_pdf());
    assert_eq!(ours.pages, [PageSize { width_mm: 210, height_mm: 297 }; 2]);
    assert_eq!(ours.pdf_a, Some(PdfAClaim { part: 2, conformance: Some('U') }));
    assert!(ours.has_pictures && ours.signatures == 0);
    in_office("our_own_pdf_and_its_signatures_are_described", |office| {
        let once = sign(&our_pdf(), &block(None), &mut office.token(EC)).unwrap().pdf;
        let twice = sign(&once, &block(Some("SAO Y")), &mut office.token(EC)).unwrap().pdf;
        assert_eq!((good(&once).signatures, good(&twice).signatures), (1, 2));
        assert_eq!(good(&twice).pages.len(), 2);
        for end in once.len() + 8..once.len() + 40 {
            assert!(check_pdf(&twice[..end]).is_err(), "a second signature that is cut at {end}");
        }
        let Some(python) = pyhanko() else { return };
        std::fs::write(office.path("plain.in.pdf"), our_pdf()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/author.py");
        run(&office.folder, python.to_str().unwrap(), &[script.to_str().unwrap(), "plain.in.pdf", "a2.key", "a2.pem", "ca.pem"]);
        assert_eq!(good(&std::fs::read(office.path("plain.pdf")).unwrap()).signatures, 1);
    });
}

#[test]
fn files_of_others_are_read_as_pdfinfo_reads_them() {
    if !there(&["qpdf", "gs", "pdfinfo"]) {
        println!("SKIPPED: qpdf, Ghostscript or poppler is not there; run provisioning/setup/setup.sh test");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let page = "<< /PageSize [842 595] >> setpagedevice /Helvetica findfont 20 scalefont setfont 72 72 moveto (Chu) show showpage\n";
    keep("a.ps", format!("%!PS\n{}", page.repeat(3)).as_bytes());
    run(folder.path(), "gs", &["-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-sOutputFile=gs.pdf", "a.ps"]);
    keep("ours.pdf", &our_pdf());
    let variants: [(&str, &[&str]); 5] = [
        ("plain", &[]),
        ("linear", &["--linearize"]),
        ("streams", &["--object-streams=generate"]),
        ("linear-streams", &["--linearize", "--object-streams=generate"]),
        ("qdf", &["--qdf", "--object-streams=disable"]),
    ];
    for source in ["gs", "ours"] {
        let original = std::fs::read(folder.path().join(format!("{source}.pdf"))).unwrap();
        for (name, arguments) in variants {
            let made = by_qpdf(&original, arguments);
            keep("made.pdf", &made);
            run(folder.path(), "qpdf", &["--check", "made.pdf"]);
            let seen = good(&made);
            let told = run(folder.path(), "pdfinfo", &["made.pdf"]);
            let field = |key: &str| told.lines().find_map(|line| line.strip_prefix(key)).map(str::trim).unwrap_or_default();
            assert_eq!(field("Pages:"), seen.pages.len().to_string(), "{source} {name}");
            assert_eq!(field("PDF version:"), seen.version, "{source} {name}");
            let (landscape, size) = (source == "gs", seen.pages[0]);
            assert_eq!((size.width_mm, size.height_mm), if landscape { (297, 210) } else { (210, 297) }, "{source} {name}: {told}");
            assert_eq!((seen.has_text, seen.has_pictures), (landscape, !landscape), "{source} {name}");
        }
        for (bits, more) in [("40", "--allow-weak-crypto"), ("128", "--use-aes=y"), ("256", "")] {
            for password in ["", "secret"] {
                let encrypt: Vec<&str> = ["--allow-weak-crypto", "--encrypt", password, "owner", bits]
                    .into_iter()
                    .chain(more.starts_with("--use").then_some(more))
                    .collect();
                let made = by_qpdf(&original, &encrypt);
                assert_eq!(check_pdf(&made), Err(ArrivedError::Encrypted), "{source} {bits} {password}");
                let made = by_qpdf(&original, &[&["--object-streams=generate"], &encrypt[..]].concat());
                assert_eq!(check_pdf(&made), Err(ArrivedError::Encrypted), "{source} {bits} {password} in streams");
            }
        }
    }
}

#[test]
fn each_refusal_says_what_to_do_in_both_languages() {
    let all = [
        ArrivedError::NotPdf,
        ArrivedError::Broken("its end is missing".into()),
        ArrivedError::Encrypted,
        ArrivedError::Active(Active::Launch),
        ArrivedError::Program("a.exe".into()),
        ArrivedError::TooLarge(70 << 20),
        ArrivedError::TooMuch,
    ];
    for error in all {
        let words = error.text();
        assert!(words.vi.contains("; hãy ") && words.en.contains("; "), "{words:?}");
        assert!(words.en.starts_with(char::is_uppercase) && words.en.ends_with('.') && words.vi.ends_with('.'), "{words:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever is altered in a good file: an answer, and a sound one.
    #[test]
    fn altered_bytes_get_a_sound_answer(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), which in 0..24_usize,
    ) {
        let mut bytes = active().swap_remove(which).2;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(seen) = check_pdf(&bytes) {
            prop_assert!(!seen.pages.is_empty() && seen.pages.iter().all(|page| page.width_mm > 0 && page.height_mm > 0));
        }
    }

    #[test]
    fn rubbish_is_refused(rubbish in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(check_pdf(&[&b"%PDF-1.7\n"[..], &rubbish].concat()).is_err());
    }
}
