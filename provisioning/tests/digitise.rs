//! `motcua digitise` as staff use it, with the real text recognition.
#![allow(clippy::unwrap_used, reason = "tests and their helpers")]

use motcua_drivers::printer::{Align, Block, Font, Size, render};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
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

fn with(options: &[&str], pages: &[PathBuf], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_motcua")).arg("digitise").args(pages).arg("-o").arg(out).args(options).output().unwrap()
}

#[test]
fn fields_and_metadata_of_the_paper_are_written_beside_it_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fields) = (folder.path().join("giay.pdf"), folder.path().join("giay.json"));
    let made = with(&["--fields", fields.to_str().unwrap()], &[page("to-khai-1.jpg"), page("to-khai-2.jpg")], &out);
    assert!(made.status.success() && out.exists(), "{}", said(&made));
    assert_eq!(fs::metadata(&fields).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!said(&made).contains("099083004567"), "what is printed names no person");
    let read: Value = serde_json::from_slice(&fs::read(&fields).unwrap()).unwrap();
    assert_eq!((read["type"]["code"].as_str(), read["type"]["name"]["vi"].as_str()), (Some("TK-KS"), Some("Tờ khai đăng ký khai sinh")));
    let number = read["fields"].as_array().unwrap().iter().find(|field| field["key"] == "applicant_number").unwrap();
    assert_eq!(
        (number["value"].as_str(), number["page"].as_u64(), number["needs_yes"].as_bool()),
        (Some("099083004567"), Some(1), Some(false))
    );
    assert!(number["name"]["en"].is_string() && number["confidence"].as_f64().unwrap() > 0.85, "{number}");
    assert!(number["area"]["right"].as_u64() > number["area"]["left"].as_u64(), "{number}");
    assert_eq!(read["metadata"]["owner_number"]["value"], "099083004567");
    assert_eq!((read["storage_code"].as_str(), read["lacks"].as_array().map(Vec::len)), (Some("099083004567.TK-KS"), Some(0)));
    assert_eq!(read["codes"], Value::Array(Vec::new()));
    let pages = read["pages"].as_array().unwrap();
    assert!(pages[0]["mean_confidence"].as_f64().unwrap() > 0.8 && pages[1]["page"] == 2, "{pages:?}");
}

#[test]
fn a_copy_of_less_quality_is_smaller_and_as_searchable() {
    let folder = tempfile::tempdir().unwrap();
    let (original, copy) = (folder.path().join("goc.pdf"), folder.path().join("ban-sao.pdf"));
    for (options, out) in [(&[][..], &original), (&["--quality", "30"][..], &copy)] {
        let made = with(options, &[page("to-khai-1.jpg")], out);
        assert!(made.status.success(), "{}", said(&made));
    }
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(size(&copy) * 10 < size(&original) * 9, "{} of {}", size(&copy), size(&original));
    let text = |path: &Path| Command::new("pdftotext").arg(path).arg("-").output().unwrap().stdout;
    assert_eq!(text(&copy), text(&original), "the scan was read, not the copy");
    let jpeg = fs::read(page("to-khai-1.jpg")).unwrap();
    let holds = |path: &Path| fs::read(path).unwrap().windows(jpeg.len()).any(|part| part == jpeg);
    assert!(holds(&original) && !holds(&copy));
    for wrong in ["29", "96", "x"] {
        assert!(!with(&["--quality", wrong], &[page("to-khai-2.jpg")], &folder.path().join("no.pdf")).status.success(), "{wrong}");
    }
}

#[test]
fn nothing_is_begun_where_a_file_is_there_or_the_types_are_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (out, kept, types) = (path("giay.pdf"), path("kept.json"), path("types.json"));
    fs::write(&kept, "kept").unwrap();
    fs::write(&types, "{}").unwrap();
    let (kept, types, other) = (kept.to_str().unwrap(), types.to_str().unwrap(), path("other.json"));
    let other = other.to_str().unwrap();
    for (options, why) in [
        (vec!["--fields", kept], "kept.json is there already"),
        (vec!["--fields", out.to_str().unwrap()], "another name"),
        (vec!["--fields", other, "--document-types", types], "not readable"),
        (vec!["--fields", other, "--document-types", "/nowhere.json"], "cannot be read"),
        (vec!["--document-types", types], "--fields"),
    ] {
        let failed = with(&options, &[page("to-khai-1.jpg")], &out);
        assert!(!failed.status.success() && said(&failed).contains(why), "{options:?}: {}", said(&failed));
        assert!(!said(&failed).contains("page 1 of 1"), "no page was read: {}", said(&failed));
        assert!(!out.exists());
    }
    assert_eq!(fs::read(kept).unwrap(), b"kept");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was written");
}

#[test]
fn other_types_of_paper_are_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fields, file) = (folder.path().join("giay.pdf"), folder.path().join("giay.json"), folder.path().join("types.json"));
    let built_in = include_str!("../../agent/model/document_types.json");
    let changed = built_in.replacen("\"code\": \"TK-KS\"", "\"code\": \"TK-KS-2\"", 1);
    assert_ne!(changed, built_in);
    fs::write(&file, changed).unwrap();
    let options = ["--fields", fields.to_str().unwrap(), "--document-types", file.to_str().unwrap()];
    let made = with(&options, &[page("to-khai-1.jpg")], &out);
    assert!(made.status.success(), "{}", said(&made));
    let read: Value = serde_json::from_slice(&fs::read(&fields).unwrap()).unwrap();
    assert_eq!((&read["type"]["code"], &read["storage_code"]), (&Value::from("TK-KS-2"), &Value::from("099083004567.TK-KS-2")));
}

/// A drawn page with this line between the office's name and the text.
fn page_with(line: &str, path: &Path) {
    let font = fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").unwrap();
    let text = |text: &str, size| Block::Text { text: text.to_owned(), size, bold: false, align: Align::Left };
    let blocks = [
        text("ỦY BAN NHÂN DÂN XÃ MINH HỌA", Size::Normal),
        Block::Space,
        text(line, Size::Large),
        Block::Space,
        text("GIẤY XÁC NHẬN", Size::Large),
        text("Xác nhận bà Lê Thị Mật đã nộp đủ giấy tờ tại trung tâm.", Size::Normal),
        text("Giấy này có giá trị trong ba mươi ngày.", Size::Normal),
    ];
    let drawn = render(&blocks, 1200, &Font::new(font, None).unwrap()).unwrap();
    image::DynamicImage::ImageLuma8(drawn).to_rgb8().save(path).unwrap();
}

#[test]
fn a_paper_with_a_secrecy_mark_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (out, marked, plain) = (folder.path().join("giay.pdf"), folder.path().join("marked.png"), folder.path().join("plain.png"));
    page_with("TỐI MẬT", &marked);
    page_with("GIỮ BÍ MẬT", &plain);
    let at_200_dpi = |pages: &[PathBuf]| {
        let pages: Vec<PathBuf> = ["--dpi", "200"].map(PathBuf::from).into_iter().chain(pages.iter().cloned()).collect();
        digitise(&pages, &out)
    };
    let refused = at_200_dpi(&[page("to-khai-2.jpg"), marked]);
    let why = said(&refused);
    assert!(!refused.status.success() && why.contains("marked.png") && why.contains("secrecy mark TỐI MẬT"), "{why}");
    assert!(!out.exists() && fs::read_dir(folder.path()).unwrap().count() == 2);
    let made = at_200_dpi(&[plain]);
    assert!(made.status.success(), "{}", said(&made));
}

/// Where the applicant's number stands on the scan.
fn place_of_number(fields: &Path) -> [f64; 4] {
    let read: Value = serde_json::from_slice(&fs::read(fields).unwrap()).unwrap();
    let number = read["fields"].as_array().unwrap().iter().find(|field| field["key"] == "applicant_number").unwrap();
    assert_eq!(number["value"], "099083004567");
    ["left", "top", "right", "bottom"].map(|edge| number["area"][edge].as_f64().unwrap())
}

#[test]
fn two_pages_of_a3_at_600_dpi_are_read_as_well_as_smaller_ones_in_under_300_mb() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // The form of A4, twice as fine, in the corner of a sheet that is four times its size in points.
    let form = image::open(page("to-khai-1.jpg")).unwrap().to_rgb8();
    let (row, mut sheet) = (form.width() as usize * 3, vec![255; 7016 * 9921 * 3]);
    for (at, line) in sheet.chunks_exact_mut(7016 * 3).take(form.height() as usize * 2).enumerate() {
        for (wide, point) in line.chunks_exact_mut(6).zip(form.as_raw()[at / 2 * row..][..row].chunks_exact(3)) {
            wide[..3].copy_from_slice(point);
            wide[3..].copy_from_slice(point);
        }
    }
    image::DynamicImage::ImageRgb8(image::RgbImage::from_raw(7016, 9921, sheet).unwrap()).save(path("a3.jpg")).unwrap();
    drop(form);

    let mut started = Command::new(env!("CARGO_BIN_EXE_motcua"));
    started.arg("digitise").args([path("a3.jpg"), path("a3.jpg")]).args(["--dpi", "600", "--fields"]).arg(path("a3.json"));
    let mut running = started.arg("-o").arg(path("a3.pdf")).spawn().unwrap();
    let mut most = 0;
    let status = loop {
        let about = fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
        let peak = about.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0));
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(status.success());
    println!("{most} kB at its peak");
    assert!((150_000..300_000).contains(&most), "{most} kB at its peak");

    let made = with(&["--fields", path("a4.json").to_str().unwrap()], &[page("to-khai-1.jpg")], &path("a4.pdf"));
    assert!(made.status.success(), "{}", said(&made));
    let (there, here) = (place_of_number(&path("a3.json")), place_of_number(&path("a4.json")));
    assert!(there.iter().zip(here).all(|(there, here)| (there - 2.0 * here).abs() <= 6.0), "{there:?} {here:?}");
}

#[test]
fn ctrl_c_ends_it_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("giay.pdf");
    let pages = vec![page("to-khai-2.jpg"); 200];
    let mut started = Command::new(env!("CARGO_BIN_EXE_motcua"));
    let mut running =
        started.arg("digitise").args(pages).arg("-o").arg(&out).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains(" of 200: "), "it tells of each page");
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap().success());
    let pages = lines.map(Result::unwrap).count();
    let ended = running.wait_with_output().unwrap();
    assert!(!ended.status.success() && pages < 100, "{pages} pages");
    assert!(said(&ended).contains("stopped before the last page was read; nothing was written"), "{}", said(&ended));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
