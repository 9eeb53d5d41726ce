//! Our driver and worker against our own SANE backend: order of pages, every fault, cancel, watchdog.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use common::{DUPLEX, FEEDER, FOLDER, GLASS, Rig, TIMING, scan, size};
use motcua_drivers::scanner::{About, BatchEnd, Colour, Sane, SaneTiming, ScanEvent, ScanSettings};
use motcua_drivers::{DeviceError, Human};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Longest wait for the end after a cancel, on a busy machine.
const CANCEL: Duration = Duration::from_secs(1);

#[tokio::test]
async fn both_sides_come_in_the_order_of_the_sheets() {
    let Some(rig) = Rig::with_feeder("page 1.jpg\npage 2.jpg\npage 3.jpg\npage 4.jpg\n") else { return };
    for device in [FOLDER, "folder:0", "mot cua folder switch", "folder:1"] {
        let duplex = scan(&rig.scanner(device), DUPLEX).await;
        assert_eq!(duplex.end, Ok(BatchEnd::Complete { pages: 4 }), "{device}");
        assert_eq!(duplex.numbers(), [1, 2, 3, 4], "{device}");
        assert!(duplex.pages.iter().map(|page| page.index).eq(0..4));
        let fronts = scan(&rig.scanner(device), FEEDER).await;
        assert_eq!((fronts.end.clone(), fronts.numbers()), (Ok(BatchEnd::Complete { pages: 2 }), vec![1, 3]), "{device}");
        let glass = scan(&rig.scanner(device), GLASS).await;
        assert_eq!((glass.end.clone(), glass.numbers()), (Ok(BatchEnd::Complete { pages: 1 }), vec![1]), "{device}");
    }
}

#[tokio::test]
async fn a_page_has_the_size_the_resolution_and_the_picture_of_the_paper() {
    let Some(rig) = Rig::with_feeder("page paper.jpg\n") else { return };
    let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/pages/ket-hon-1.jpg");
    std::fs::copy(&paper, rig.path("feed/paper.jpg")).unwrap();
    let scanned = scan(&rig.scanner(FOLDER), ScanSettings { dpi: 300, colour: Colour::Rgb24, ..FEEDER }).await;
    assert_eq!(scanned.end, Ok(BatchEnd::Complete { pages: 1 }));
    assert_eq!(size(&scanned.pages[0].jpeg), (2480, 3508, 300));
    let (got, paper) = (image::load_from_memory(&scanned.pages[0].jpeg).unwrap().to_rgb8(), image::open(paper).unwrap().to_rgb8());
    let difference: u64 = got.iter().zip(paper.iter()).map(|(got, paper)| u64::from(got.abs_diff(*paper))).sum();
    let mean = difference / got.len() as u64;
    assert!(mean <= 2, "every sample is off by {mean} on average");
    // Progress rises from 0 within the page.
    let percents: Vec<u8> = scanned.progress.iter().map(|(_, percent)| *percent).collect();
    assert!(percents.first() == Some(&0) && percents.is_sorted(), "{percents:?}");
    let odd = scan(&rig.scanner(FOLDER), ScanSettings { dpi: 20, ..FEEDER }).await;
    assert_eq!(size(&odd.pages[0].jpeg), (620, 877, 75), "the nearest finer resolution, and A4");
}

#[tokio::test]
async fn a_lossless_file_of_every_side_comes_where_it_is_asked_for() {
    let Some(rig) = Rig::with_feeder("page paper.jpg\npage back.jpg\n") else { return };
    let papers = ["ket-hon-1.jpg", "ket-hon-2.jpg"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/pages").join(name));
    for (paper, name) in papers.iter().zip(["feed/paper.jpg", "feed/back.jpg"]) {
        std::fs::copy(paper, rig.path(name)).unwrap();
    }
    let settings = ScanSettings { dpi: 300, colour: Colour::Rgb24, ..DUPLEX };
    let without = scan(&rig.scanner(FOLDER), settings).await;
    let with = scan(&rig.scanner(FOLDER).with_master(true), settings).await;
    assert_eq!((with.end.clone(), with.pages.len()), (Ok(BatchEnd::Complete { pages: 2 }), 2));
    for ((with, without), paper) in with.pages.iter().zip(&without.pages).zip(papers) {
        assert_eq!(without.master, None);
        assert!(with.jpeg == without.jpeg, "the JPEG is the same with it and without");
        let master = image::load_from_memory(with.master.as_ref().unwrap()).unwrap();
        assert_eq!(master.color(), image::ColorType::Rgb8);
        // The device's frame is the paper's own pixels: it has 300 dots per inch as well.
        assert!(master.to_rgb8() == image::open(paper).unwrap().to_rgb8(), "a pixel differs from the raw frame");
    }
}

/// A worker of another version than the agent's.
#[tokio::test]
async fn a_side_without_the_lossless_file_that_was_asked_for_is_no_side() {
    let Some(rig) = Rig::with_feeder("page 1.jpg\n") else { return };
    let worker = rig.path("worker");
    std::fs::write(&worker, format!("#!/bin/sh\nexec '{}' \"$1\" \"$2\" \"$3\" \"$4\" \"$5\"\n", common::WORKER)).unwrap();
    std::fs::set_permissions(&worker, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let scanner = Sane::with_timing(worker, FOLDER.to_owned(), TIMING).with_env(rig.env()).with_master(true);
    let scanned = scan(&scanner, FEEDER).await;
    assert!(scanned.pages.is_empty());
    let failure = scanned.failure();
    assert!(matches!(&failure.error, DeviceError::Protocol(text) if text.contains("version")) && failure.damaged, "{failure}");
}

#[tokio::test]
async fn what_a_person_must_do_is_told_and_earlier_pages_are_kept() {
    use Human::{CoverOpen, DoubleFeed, FeederEmpty, Jam};
    for (script, good, human, damaged) in [
        ("page 1.jpg\npage 2.jpg\njam@50 3.jpg\npage 4.jpg", vec![1, 2], Jam, true),
        ("page 1.jpg\njam", vec![1], Jam, false),
        ("page 1.jpg\ndouble@10 2.jpg", vec![1], DoubleFeed, true),
        ("double", vec![], DoubleFeed, false),
        ("page 1.jpg\ncover@90 2.jpg", vec![1], CoverOpen, true),
        ("cover", vec![], CoverOpen, false),
        ("\n", vec![], FeederEmpty, false),
    ] {
        let Some(rig) = Rig::with_feeder(script) else { return };
        let scanner = rig.scanner(FOLDER);
        let scanned = scan(&scanner, DUPLEX).await;
        assert_eq!(scanned.numbers(), good, "{script}");
        let failure = scanned.failure();
        assert_eq!((&failure.error, failure.damaged, failure.unsure), (&DeviceError::NeedsHuman(human), damaged, false), "{script}");
        assert_eq!(failure.pages as usize, good.len());
        // An empty feeder is no trouble; anything else is known until the next job.
        assert_eq!(scanner.trouble().await, Ok(Some(human).filter(|human| *human != FeederEmpty)), "{script}");
        rig.feed("page 5.jpg");
        assert_eq!(scan(&scanner, DUPLEX).await.numbers(), [5]);
        assert_eq!(scanner.trouble().await, Ok(None));
    }
}

#[tokio::test]
async fn a_cable_pulled_in_mid_page_leaves_the_batch_unsure() {
    let Some(rig) = Rig::with_feeder("page 1.jpg\nlost@50 2.jpg") else { return };
    let scanned = scan(&rig.scanner(FOLDER), DUPLEX).await;
    assert_eq!(scanned.numbers(), [1]);
    let failure = scanned.failure();
    assert!(matches!(&failure.error, DeviceError::Disconnected(text) if text.contains("cable")), "{failure}");
    assert!(failure.unsure && failure.damaged);
}

#[tokio::test]
async fn a_crashed_backend_costs_its_own_page_only() {
    for (script, damaged) in [("page 1.jpg\npage 2.jpg\ncrash", false), ("page 1.jpg\npage 2.jpg\ncrash@50 3.jpg", true)] {
        let Some(rig) = Rig::with_feeder(script) else { return };
        let scanner = rig.scanner(FOLDER);
        let scanned = scan(&scanner, DUPLEX).await;
        assert_eq!(scanned.numbers(), [1, 2], "{script}");
        let failure = scanned.failure();
        // SIGABRT.
        assert!(matches!(&failure.error, DeviceError::Protocol(text) if text.contains("signal 6")), "{failure}");
        assert!(failure.unsure);
        assert_eq!(failure.damaged, damaged, "{script}");
        rig.feed("page 5.jpg");
        assert_eq!(scan(&scanner, DUPLEX).await.numbers(), [5]);
    }
}

#[tokio::test]
async fn a_hanging_backend_is_given_up_and_killed() {
    let timing = SaneTiming { start: Duration::from_secs(5), idle: Duration::from_secs(1), grace: Duration::from_millis(500), ..TIMING };
    for (script, damaged) in [("page 1.jpg\nhang", false), ("page 1.jpg\nhang@50 2.jpg", true), ("page 1.jpg\nstall@50 2.jpg", true)] {
        let Some(rig) = Rig::with_feeder(script) else { return };
        let scanner = rig.timed(FOLDER, timing);
        let scanned = scan(&scanner, DUPLEX).await;
        assert_eq!(scanned.numbers(), [1], "{script}");
        let failure = scanned.failure();
        assert!(matches!(failure.error, DeviceError::Timeout(_)), "{script}: {failure}");
        assert!(failure.unsure);
        assert_eq!(failure.damaged, damaged, "{script}");
        // The device is free again once the worker is dead.
        rig.feed("page 5.jpg");
        assert_eq!(scan(&scanner, DUPLEX).await.numbers(), [5], "{script}");
    }
}

/// Cancels after the first news of the second page, and says how long the end took.
async fn cancelled(scanner: &Sane, by_dropping: bool) -> (BatchEnd, Duration) {
    let (events, mut arrived) = mpsc::channel(4);
    let (cancel, wish) = watch::channel(false);
    let job = tokio::spawn({
        let scanner = scanner.clone();
        async move { scanner.scan(&DUPLEX, events, wish).await }
    });
    loop {
        match arrived.recv().await.expect("the second page begins") {
            ScanEvent::Progress { page: 1, .. } => break,
            ScanEvent::Progress { .. } | ScanEvent::Page(_) => {}
        }
    }
    let asked = Instant::now();
    if by_dropping {
        drop(arrived);
    } else {
        cancel.send(true).unwrap();
    }
    (job.await.unwrap().unwrap(), asked.elapsed())
}

#[tokio::test]
async fn a_cancel_ends_at_once_whatever_the_backend_does() {
    for script in ["page 1.jpg\nslow 200 2.jpg", "page 1.jpg\nstall@50 2.jpg", "page 1.jpg\nhang@50 2.jpg"] {
        for by_dropping in [false, true] {
            let Some(rig) = Rig::with_feeder(script) else { return };
            let scanner = rig.scanner(FOLDER);
            let (end, took) = cancelled(&scanner, by_dropping).await;
            assert_eq!(end, BatchEnd::Cancelled { pages: 1 }, "{script}");
            assert!(took < CANCEL, "{script}: {took:?}");
            rig.feed("page 5.jpg");
            assert_eq!(scan(&scanner, DUPLEX).await.numbers(), [5], "{script}");
        }
    }
}

#[test]
fn an_orphaned_worker_ends_by_itself() {
    for (script, killed) in [("stall@50 1.jpg", false), ("hang@50 1.jpg", true)] {
        let Some(rig) = Rig::with_feeder(script) else { return };
        let mut worker = Command::new(common::WORKER)
            .args(["scan", "folder:0", "feeder", "75", "gray"])
            .envs(rig.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The first frame, for 0 percent, and then nothing tells that the backend stands still; then the agent is killed.
        worker.stdout.as_mut().unwrap().read_exact(&mut [0; 10]).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        drop(worker.stdin.take());
        let status = worker.wait().unwrap();
        assert_eq!(!status.success(), killed, "{script}: {status}");
    }
}

#[tokio::test]
async fn the_device_tells_what_it_can_do() {
    let Some(rig) = Rig::with_feeder("") else { return };
    let about = |model: &str, address: &str| About {
        make_and_model: format!("Mot Cua {model}"),
        address: address.to_owned(),
        flatbed: true,
        feeder: true,
        duplex: true,
        colour: true,
        resolutions: vec![75, 100, 150, 200, 240, 300, 400, 600],
    };
    assert_eq!(rig.scanner(FOLDER).about().await, Ok(about("Folder Scanner", "folder:0")));
    let all = vec![about("Folder Scanner", "folder:0"), about("Folder Switch", "folder:1")];
    assert_eq!(rig.scanner("").all().await, Ok(all));
}

#[tokio::test]
async fn a_device_that_is_not_there_says_what_is() {
    let Some(rig) = Rig::with_feeder("page 1.jpg") else { return };
    let scanner = rig.scanner("Epson DS-1630");
    for answer in
        [scanner.about().await.err(), scanner.trouble().await.err(), scan(&scanner, FEEDER).await.end.err().map(|failure| failure.error)]
    {
        match answer {
            Some(DeviceError::Disconnected(text)) => assert!(text.contains("Epson DS-1630") && text.contains(FOLDER), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    std::fs::write(rig.path("etc/dll.conf"), "").unwrap();
    assert!(matches!(rig.scanner(FOLDER).about().await, Err(DeviceError::Disconnected(_))));
    let absent = Sane::new(rig.path("no-such-worker"), FOLDER.to_owned()).about().await;
    assert!(matches!(&absent, Err(DeviceError::Rejected(text)) if text.contains("no-such-worker")), "{absent:?}");
}

#[tokio::test]
async fn asking_for_trouble_starts_no_worker_each_time() {
    let Some(rig) = Rig::with_feeder("") else { return };
    let scanner = rig.scanner(FOLDER);
    assert_eq!(scanner.trouble().await, Ok(None));
    // Nothing could start any more, and nothing needs to.
    std::fs::write(rig.path("etc/dll.conf"), "").unwrap();
    assert_eq!(scanner.trouble().await, Ok(None));
    let looking = rig.timed(FOLDER, SaneTiming { look: Duration::ZERO, ..TIMING });
    assert!(looking.trouble().await.is_err());
}
