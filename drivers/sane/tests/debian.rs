//! Our driver and worker against SANE's own `test` backend, and Debian's `scanimage` against our backend.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

mod common;

use common::{FEEDER, GLASS, Rig, Scanned, has, scan, size};
use motcua_drivers::scanner::{BatchEnd, Colour, Sane, ScanSettings};
use motcua_drivers::{DeviceError, Human};
use std::fs;
use std::process::{Command, Output};

/// The `test` backend with some of its settings changed.
fn test_backend(changes: &[(&str, &str)]) -> Option<Rig> {
    let Ok(stock) = fs::read_to_string("/etc/sane.d/test.conf") else {
        println!("SKIPPED: /etc/sane.d/test.conf is missing; run: provisioning/setup/setup.sh test");
        return None;
    };
    let changed = |line: &str| {
        changes.iter().find(|(key, _)| line.split_whitespace().next() == Some(key)).map(|(key, value)| format!("{key} {value}"))
    };
    let lines: Vec<String> = stock.lines().map(|line| changed(line).unwrap_or_else(|| line.to_owned())).collect();
    for (key, value) in changes {
        assert!(lines.contains(&format!("{key} {value}")), "test.conf has no setting {key}");
    }
    let rig = Rig::new(&["test"]);
    fs::write(rig.path("etc/test.conf"), lines.join("\n")).unwrap();
    Some(rig)
}

async fn scan_test(changes: &[(&str, &str)], settings: ScanSettings) -> Option<Scanned> {
    let rig = test_backend(changes)?;
    Some(scan(&rig.scanner("test:0"), settings).await)
}

#[tokio::test]
async fn the_feeder_gives_ten_pages_and_then_the_end() {
    let Some(scanned) = scan_test(&[], FEEDER).await else { return };
    assert_eq!(scanned.end, Ok(BatchEnd::Complete { pages: 10 }));
    assert_eq!(scanned.pages.len(), 10);
    // The backend's plate is 200 mm square.
    assert!(scanned.pages.iter().all(|page| size(&page.jpeg) == (590, 590, 75)), "{:?}", size(&scanned.pages[0].jpeg));
    let Some(glass) = scan_test(&[], GLASS).await else { return };
    assert_eq!((glass.end.clone(), glass.pages.len()), (Ok(BatchEnd::Complete { pages: 1 }), 1));
}

#[tokio::test]
async fn every_status_of_a_read_has_its_own_answer() {
    let human = |human| Some(DeviceError::NeedsHuman(human));
    for (status, error) in [
        ("SANE_STATUS_JAMMED", human(Human::Jam)),
        ("SANE_STATUS_NO_DOCS", human(Human::FeederEmpty)),
        ("SANE_STATUS_COVER_OPEN", human(Human::CoverOpen)),
        ("SANE_STATUS_IO_ERROR", None),
        ("SANE_STATUS_DEVICE_BUSY", None),
        ("SANE_STATUS_ACCESS_DENIED", None),
        ("SANE_STATUS_CANCELLED", None),
        ("SANE_STATUS_UNSUPPORTED", None),
        ("SANE_STATUS_INVAL", None),
        ("SANE_STATUS_NO_MEM", None),
        ("SANE_STATUS_EOF", None),
    ] {
        let Some(scanned) = scan_test(&[("read-status-code", &format!("\"{status}\""))], FEEDER).await else { return };
        assert!(scanned.pages.is_empty(), "{status}");
        let got = &scanned.failure().error;
        let as_told = match (status, got) {
            ("SANE_STATUS_IO_ERROR", DeviceError::Disconnected(text)) => text.contains("cable"),
            ("SANE_STATUS_DEVICE_BUSY", DeviceError::Busy(text)) => text.contains("wait"),
            ("SANE_STATUS_ACCESS_DENIED", DeviceError::Rejected(text)) => text.contains("group scanner"),
            ("SANE_STATUS_CANCELLED", DeviceError::Rejected(text)) => text.contains("start again"),
            ("SANE_STATUS_UNSUPPORTED" | "SANE_STATUS_INVAL", DeviceError::Rejected(text)) => text.contains("settings"),
            ("SANE_STATUS_NO_MEM" | "SANE_STATUS_EOF", DeviceError::Protocol(_)) => true,
            (_, got) => error.as_ref() == Some(got),
        };
        assert!(as_told, "{status}: {got:?}");
    }
}

#[tokio::test]
async fn odd_scanners_give_the_same_page() {
    let colour = ScanSettings { colour: Colour::Rgb24, ..GLASS };
    let picture = ("test-picture", "\"Color pattern\"");
    let Some(rig) = test_backend(&[picture]) else { return };
    let plain = scan(&rig.scanner("test:0").with_master(true), colour).await;
    let plain_master = image::load_from_memory(plain.pages[0].master.as_ref().unwrap()).unwrap().to_rgb8();
    let plain = &plain.pages[0].jpeg;
    for odd in [
        ("three-pass", "true"),
        // The number of lines is not known before.
        ("hand-scanner", "true"),
        // Lines of more bytes than points.
        ("ppl-loss", "5"),
        ("read-limit", "true"),
        ("depth", "16"),
        ("fuzzy-parameters", "true"),
    ] {
        let Some(rig) = test_backend(&[picture, odd]) else { return };
        let scanned = scan(&rig.scanner("test:0").with_master(true), colour).await;
        assert_eq!(scanned.end, Ok(BatchEnd::Complete { pages: 1 }), "{odd:?}");
        let (width, height, dpi) = size(&scanned.pages[0].jpeg);
        match odd.0 {
            // The strip of a hand scanner is 11 cm wide and its own length.
            "hand-scanner" => assert!(width > 100 && height > 100, "{width} x {height}"),
            "ppl-loss" => assert_eq!((width, height, dpi), (585, 590, 75)),
            _ => assert!(&scanned.pages[0].jpeg == plain, "{odd:?} changes the picture, {width} x {height}"),
        }
        let master = image::load_from_memory(scanned.pages[0].master.as_ref().unwrap()).unwrap();
        assert_eq!((master.width(), master.height(), master.color()), (width, height, image::ColorType::Rgb8), "{odd:?}");
        match odd.0 {
            "hand-scanner" | "ppl-loss" => {}
            _ => assert!(master.to_rgb8() == plain_master, "{odd:?} changes the pixels"),
        }
    }
}

#[tokio::test]
async fn one_name_for_two_scanners_is_no_name() {
    let Some(rig) = test_backend(&[]) else { return };
    match rig.scanner("Noname frontend-tester").about().await {
        Err(DeviceError::Rejected(text)) => assert!(text.contains("test:0, test:1"), "{text}"),
        other => panic!("{other:?}"),
    }
    let about = rig.scanner("test:1").about().await.unwrap();
    assert_eq!((about.flatbed, about.feeder, about.duplex, about.colour), (true, true, false, true));
    let none = scan(&rig.scanner("test:1"), common::DUPLEX).await;
    assert!(matches!(&none.failure().error, DeviceError::Rejected(text) if text.contains("both sides")), "{:?}", none.end);
    let Some(rig) = test_backend(&[("number_of_devices", "1")]) else { return };
    assert_eq!(rig.scanner("noname Frontend-Tester").about().await.unwrap().address, "test:0");
}

fn scanimage(rig: &Rig, arguments: &[&str]) -> Output {
    Command::new("scanimage").args(arguments).envs(rig.env()).env("LC_ALL", "C").current_dir(rig.path("")).output().unwrap()
}

#[test]
fn scanimage_drives_our_backend() {
    let Some(rig) = Rig::with_feeder("page 1.jpg\npage 2.jpg\npage 3.jpg\npage 4.jpg") else { return };
    if !has("scanimage") {
        return;
    }
    let batch = |source: &str| {
        let done = scanimage(
            &rig,
            &[
                "-d",
                "folder:0",
                "--source",
                source,
                "--mode",
                "Gray",
                "--resolution",
                "75",
                "-x",
                "210",
                "-y",
                "297",
                "--format=png",
                "--batch=p%d.png",
            ],
        );
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        let pages: Vec<(u32, u32, u8)> = (1..)
            .map_while(|number| {
                let file = rig.path(&format!("p{number}.png"));
                let page = image::open(&file).ok()?.to_luma8();
                fs::remove_file(file).unwrap();
                Some((page.width(), page.height(), (page.get_pixel(300, 300).0[0] + 10) / 20))
            })
            .collect();
        (done.status.code(), pages, text)
    };
    let (code, pages, text) = batch("ADF Duplex");
    assert_eq!((code, pages), (Some(0), (1..=4).map(|number| (620, 877, number)).collect()), "{text}");
    let (code, pages, text) = batch("ADF");
    assert_eq!((code, pages.len()), (Some(0), 2), "{text}");
    // Its exit code is the SANE status.
    for (script, wanted, good) in [("page 1.jpg\njam@50 2.jpg", 6, 1), ("cover", 8, 0), ("page 1.jpg\nlost@10 2.jpg", 9, 1)] {
        rig.feed(script);
        let (code, pages, text) = batch("ADF Duplex");
        assert_eq!((code, pages.len()), (Some(wanted), good), "{script}: {text}");
    }
}

/// SANE's `pnm` backend scans the picture in one fixed file; the worker gets its own picture there, by a mount that only it sees.
#[tokio::test]
async fn a_picture_of_the_pnm_backend_comes_through() {
    let may_mount = Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success());
    if !may_mount {
        println!("SKIPPED: no right to make a mount namespace; run as root");
        return;
    }
    let rig = Rig::new(&["pnm"]);
    let picture = image::RgbImage::from_fn(400, 300, |x, y| image::Rgb([(x / 2) as u8, (y / 2) as u8, 90]));
    fs::write(rig.path("picture.ppm"), [b"P6\n400 300\n255\n".as_slice(), picture.as_raw()].concat()).unwrap();
    let script = format!(
        "#!/bin/sh\n[ -e {fixed} ] || : > {fixed}\nexec unshare -m sh -c 'mount --bind \"$0\" {fixed} && exec \"$@\"' '{}' '{}' \"$@\"\n",
        rig.path("picture.ppm").display(),
        common::WORKER,
        fixed = "/tmp/input.ppm",
    );
    let wrapper = rig.path("worker");
    fs::write(&wrapper, script).unwrap();
    fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let scanner = Sane::with_timing(wrapper, "pnm:0".to_owned(), common::TIMING).with_env(rig.env());
    let scanned = scan(&scanner.with_master(true), ScanSettings { colour: Colour::Rgb24, ..GLASS }).await;
    assert_eq!(scanned.end, Ok(BatchEnd::Complete { pages: 1 }));
    let page = image::load_from_memory(&scanned.pages[0].jpeg).unwrap().to_rgb8();
    assert_eq!(page.dimensions(), picture.dimensions());
    let difference: u64 = page.iter().zip(picture.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    assert!(difference < 3 * 400 * 300 * 4, "on average {} off", difference / (3 * 400 * 300));
    let master = image::load_from_memory(scanned.pages[0].master.as_ref().unwrap()).unwrap();
    assert!(master.to_rgb8() == picture, "a pixel differs");
}
