//! The eSCL driver against the simulated scanner, over real HTTP, through every fault of the dock.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use common::{options, simulator};
use motcua_drivers::scanner::{
    AdfState, BatchEnd, Colour, Escl, JobState, ScanEvent, ScanFailure, ScanSettings, ScannedPage, Source, Timing,
};
use motcua_drivers::{DeviceError, Human};
use motcua_sim::{Command, Device, Options, Sim, start};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

const DUPLEX: ScanSettings = ScanSettings { source: Source::Feeder { duplex: true }, dpi: 300, colour: Colour::Rgb24 };
const SIMPLEX: ScanSettings = ScanSettings { source: Source::Feeder { duplex: false }, dpi: 300, colour: Colour::Rgb24 };
const GLASS: ScanSettings = ScanSettings { source: Source::Flatbed, dpi: 300, colour: Colour::Rgb24 };

struct Bench {
    sim: Sim,
    scanner: Escl,
    _folder: TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let sim = simulator(folder.path()).await;
    let timing = Timing {
        connect: Duration::from_secs(1),
        answer: Duration::from_secs(2),
        first_byte: Duration::from_secs(30),
        idle: Duration::from_millis(400),
        pause: Duration::from_millis(20),
        delete: Duration::from_millis(700),
    };
    let scanner = Escl::with_timing(&sim.ports().escl_url, timing).unwrap();
    Bench { sim, scanner, _folder: folder }
}

/// Width, height and whether it is colour.
fn shape(page: &ScannedPage) -> (u32, u32, bool) {
    let picture = image::load_from_memory(&page.jpeg).unwrap();
    (picture.width(), picture.height(), picture.color().has_color())
}

impl Bench {
    async fn dock(&self, command: Command) {
        self.sim.command(command).await.unwrap();
    }

    async fn scan(&self, settings: ScanSettings) -> (Result<BatchEnd, ScanFailure>, Vec<ScannedPage>) {
        let (pages, mut received) = mpsc::channel(64);
        let (_cancel, cancelled) = watch::channel(false);
        let end = self.scanner.scan(&settings, pages, cancelled).await;
        let mut all = Vec::new();
        while let Some(event) = received.recv().await {
            if let ScanEvent::Page(page) = event {
                all.push(page);
            }
        }
        (end, all)
    }

    async fn failure(&self, settings: ScanSettings) -> ScanFailure {
        let (end, pages) = self.scan(settings).await;
        let failure = end.unwrap_err();
        assert_eq!(failure.pages as usize, pages.len(), "the count and the pages that were sent must agree");
        failure
    }
}

fn picture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("pages").join(name)).unwrap()
}

fn load(names: &[&str]) -> Command {
    Command::Load(names.iter().map(|name| (*name).to_owned()).collect())
}

#[tokio::test]
async fn capabilities_and_status() {
    let bench = bench().await;
    let capabilities = bench.scanner.capabilities().await.unwrap();
    assert!(capabilities.feeder && capabilities.duplex && capabilities.flatbed && capabilities.colour);
    assert_eq!(capabilities.resolutions, [150, 200, 300, 600]);
    assert_eq!(bench.scanner.status().await.unwrap().adf, AdfState::Empty);
    bench.dock(Command::LoadSheets(1)).await;
    assert_eq!(bench.scanner.status().await.unwrap().adf, AdfState::Loaded);
}

#[tokio::test]
async fn both_sides_arrive_in_order_and_unchanged() {
    let bench = bench().await;
    bench.dock(load(&["to-khai-1.jpg", "to-khai-2.jpg", "chung-sinh-1.jpg", "chung-sinh-2.jpg"])).await;
    let (end, pages) = bench.scan(DUPLEX).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 4 }));
    assert_eq!(pages.iter().map(|page| page.index).collect::<Vec<_>>(), [0, 1, 2, 3]);
    for (page, name) in pages.iter().zip(["to-khai-1.jpg", "to-khai-2.jpg", "chung-sinh-1.jpg", "chung-sinh-2.jpg"]) {
        assert!(page.jpeg == picture(name), "{name} changed on the way");
    }
    assert_eq!(bench.sim.state().await.jobs_deleted, 1);
}

#[tokio::test]
async fn an_odd_sheet_has_a_blank_back_and_simplex_none() {
    let bench = bench().await;
    bench.dock(load(&["ket-hon-1.jpg"])).await;
    assert_eq!(bench.scan(DUPLEX).await.0, Ok(BatchEnd::Complete { pages: 2 }));
    bench.dock(Command::LoadSheets(3)).await;
    assert_eq!(bench.scan(SIMPLEX).await.0, Ok(BatchEnd::Complete { pages: 3 }));
    bench.dock(Command::LoadSheets(3)).await;
    assert_eq!(bench.scan(DUPLEX).await.0, Ok(BatchEnd::Complete { pages: 6 }));
}

#[tokio::test]
async fn the_glass_gives_one_page_and_is_free_afterwards() {
    let bench = bench().await;
    bench.dock(Command::Platen("ket-hon-1.jpg".to_owned())).await;
    for _ in 0..2 {
        let (end, pages) = bench.scan(GLASS).await;
        assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }));
        assert!(pages[0].jpeg == picture("ket-hon-1.jpg"));
    }
}

#[tokio::test]
async fn an_empty_feeder_is_told_before_the_job() {
    let bench = bench().await;
    assert_eq!(bench.failure(DUPLEX).await.error, DeviceError::NeedsHuman(Human::FeederEmpty));
    assert_eq!(bench.sim.state().await.jobs, 0);
}

#[tokio::test]
async fn a_jam_keeps_the_good_pages_and_the_rest_follows_when_it_is_freed() {
    for jam in [Command::Jam(3), Command::Jam409(3)] {
        let bench = bench().await;
        bench.dock(Command::LoadSheets(3)).await;
        bench.dock(jam).await;
        let failure = bench.failure(DUPLEX).await;
        assert_eq!(failure, ScanFailure { error: DeviceError::NeedsHuman(Human::Jam), unsure: false, damaged: false, pages: 2 });
        assert_eq!(bench.failure(DUPLEX).await.error, DeviceError::NeedsHuman(Human::Jam), "still jammed");
        bench.dock(Command::Clear).await;
        assert_eq!(bench.scan(DUPLEX).await.0, Ok(BatchEnd::Complete { pages: 4 }));
    }
}

#[tokio::test]
async fn a_jam_at_the_first_page_is_not_an_empty_batch() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(1)).await;
    bench.dock(Command::Jam(1)).await;
    assert_eq!(bench.failure(SIMPLEX).await.error, DeviceError::NeedsHuman(Human::Jam));
}

#[tokio::test]
async fn cover_and_double_feed_need_a_person() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(2)).await;
    bench.dock(Command::DoubleFeed(2)).await;
    assert_eq!(bench.failure(SIMPLEX).await.error, DeviceError::NeedsHuman(Human::DoubleFeed));
    bench.dock(Command::Clear).await;
    bench.dock(Command::Cover).await;
    assert_eq!(bench.failure(SIMPLEX).await.error, DeviceError::NeedsHuman(Human::CoverOpen));
}

#[tokio::test]
async fn the_cover_opened_in_the_middle_stops_the_batch() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(5)).await;
    let (pages, mut received) = mpsc::channel(1);
    let (_cancel, cancelled) = watch::channel(false);
    let scan = bench.scanner.scan(&SIMPLEX, pages, cancelled);
    let open_after_first = async {
        received.recv().await.unwrap();
        bench.dock(Command::Cover).await;
        while received.recv().await.is_some() {}
    };
    let (end, ()) = tokio::join!(scan, open_after_first);
    assert_eq!(end.unwrap_err().error, DeviceError::NeedsHuman(Human::CoverOpen));
}

#[tokio::test]
async fn a_busy_scanner_is_busy_until_it_is_free() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(1)).await;
    bench.dock(Command::Busy).await;
    assert!(matches!(bench.failure(SIMPLEX).await.error, DeviceError::Busy(_)));
    let (end, ()) = tokio::join!(bench.scan(SIMPLEX), bench.dock(Command::Clear));
    assert_eq!(end.0, Ok(BatchEnd::Complete { pages: 1 }));
}

#[tokio::test]
async fn not_ready_is_waited_out() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(2)).await;
    bench.dock(Command::NotReady(3)).await;
    assert_eq!(bench.scan(SIMPLEX).await.0, Ok(BatchEnd::Complete { pages: 2 }));
}

#[tokio::test]
async fn a_page_that_breaks_off_is_dropped_and_told() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(3)).await;
    bench.dock(Command::Truncate(2)).await;
    let failure = bench.failure(SIMPLEX).await;
    assert!(failure.damaged && failure.pages == 1 && matches!(failure.error, DeviceError::Protocol(_)), "{failure:?}");
    assert!(!bench.sim.state().await.scanning, "the job was deleted");
}

#[tokio::test]
async fn the_last_page_broken_off_is_no_complete_batch() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(2)).await;
    bench.dock(Command::Truncate(2)).await;
    let failure = bench.failure(SIMPLEX).await;
    assert!(failure.damaged && failure.pages == 1, "{failure:?}");
}

#[tokio::test]
async fn a_stalled_page_ends_by_the_idle_time_out() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(2)).await;
    bench.dock(Command::Stall(1)).await;
    let started = Instant::now();
    let failure = bench.failure(SIMPLEX).await;
    assert!(matches!(failure.error, DeviceError::Timeout(_)) && failure.damaged, "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(!bench.sim.state().await.scanning);
}

#[tokio::test]
async fn cancel_is_quick_and_frees_the_scanner() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(5)).await;
    bench.dock(Command::PageDelay(3_600_000)).await;
    let (pages, _received) = mpsc::channel(8);
    let (cancel, cancelled) = watch::channel(false);
    let scanner = bench.scanner.clone();
    let scan = tokio::spawn(async move { scanner.scan(&SIMPLEX, pages, cancelled).await });
    while !bench.sim.state().await.scanning {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    cancel.send(true).unwrap();
    assert_eq!(scan.await.unwrap(), Ok(BatchEnd::Cancelled { pages: 0 }));
    assert!(started.elapsed() < Duration::from_secs(1));
    let state = bench.sim.state().await;
    assert!(!state.scanning && state.jobs_deleted == 1);
    let status = bench.scanner.status().await.unwrap();
    assert_eq!(status.jobs[0].state, JobState::Canceled);
}

#[tokio::test]
async fn a_dropped_scan_deletes_its_job_too() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(5)).await;
    bench.dock(Command::PageDelay(3_600_000)).await;
    let (pages, _received) = mpsc::channel(8);
    let (_cancel, cancelled) = watch::channel(false);
    let scanner = bench.scanner.clone();
    let scan = tokio::spawn(async move { scanner.scan(&SIMPLEX, pages, cancelled).await });
    while !bench.sim.state().await.scanning {
        tokio::task::yield_now().await;
    }
    scan.abort();
    tokio::time::timeout(Duration::from_secs(5), async {
        while bench.sim.state().await.jobs_deleted == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn unplugged_in_the_middle_and_plugged_in_again() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(5)).await;
    let (pages, mut received) = mpsc::channel(1);
    let (_cancel, cancelled) = watch::channel(false);
    let scan = bench.scanner.scan(&SIMPLEX, pages, cancelled);
    let unplug_after_first = async {
        received.recv().await.unwrap();
        bench.dock(Command::Unplug(Device::Scanner)).await;
        while received.recv().await.is_some() {}
    };
    let (end, ()) = tokio::join!(scan, unplug_after_first);
    assert!(matches!(end.unwrap_err().error, DeviceError::Disconnected(_)));
    assert!(matches!(bench.scanner.status().await, Err(DeviceError::Disconnected(_))));
    bench.dock(Command::Plug(Device::Scanner)).await;
    assert!(matches!(bench.scan(SIMPLEX).await.0, Ok(BatchEnd::Complete { .. })));
}

/// An agent killed in mid-scan leaves its job open; this scanner would answer 503 for ever.
#[tokio::test]
async fn a_job_that_a_killed_process_left_open_is_closed_by_the_next() {
    let bench = bench().await;
    let file = bench._folder.path().join("scan-job");
    let capabilities = bench.scanner.capabilities().await.unwrap();
    let body = motcua_drivers::scanner::escl_xml::settings_xml(&DUPLEX, &capabilities);
    for address_known in [false, true] {
        bench.dock(Command::Empty).await;
        bench.dock(Command::Load(vec!["to-khai-1.jpg".into(), "to-khai-2.jpg".into()])).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let opened = http.post(format!("{}/ScanJobs", bench.sim.ports().escl_url)).body(body.clone()).send().await.unwrap();
        assert_eq!(opened.status(), 201);
        let address = opened.headers()["location"].to_str().unwrap().to_owned();
        let busy = bench.scanner.clone().remember_jobs_in(file.clone());
        std::fs::write(&file, if address_known { address.as_str() } else { "opening" }).unwrap();
        busy.close_forgotten_job().await.unwrap();
        assert!(!file.exists(), "the note is gone with the job");
        bench.dock(Command::Empty).await;
        bench.dock(Command::Load(vec!["to-khai-1.jpg".into(), "to-khai-2.jpg".into()])).await;
        let (end, pages) = bench.scan(DUPLEX).await;
        assert_eq!(end.unwrap(), BatchEnd::Complete { pages: 2 });
        assert_eq!(pages.len(), 2);
    }
}

#[tokio::test]
async fn pages_are_as_fine_and_as_grey_as_asked() {
    let bench = bench().await;
    for (dpi, colour, wanted) in [(200, Colour::Rgb24, (1653, 2338, true)), (150, Colour::Gray8, (1240, 1754, false))] {
        bench.dock(load(&["to-khai-1.jpg"])).await;
        let (end, pages) = bench.scan(ScanSettings { dpi, colour, ..SIMPLEX }).await;
        assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }));
        assert_eq!(shape(&pages[0]), wanted);
    }
}

#[tokio::test]
async fn progress_rises_within_each_page_where_the_length_is_known() {
    let bench = bench().await;
    for chunked in [false, true] {
        bench.dock(Command::Chunked(chunked)).await;
        bench.dock(load(&["to-khai-1.jpg", "ket-hon-1.jpg"])).await;
        let (events, mut received) = mpsc::channel(1000);
        let (_cancel, cancelled) = watch::channel(false);
        assert_eq!(bench.scanner.scan(&SIMPLEX, events, cancelled).await, Ok(BatchEnd::Complete { pages: 2 }));
        let (mut page, mut last, mut steps) = (0, 0, 0);
        while let Some(event) = received.recv().await {
            match event {
                ScanEvent::Progress { page: of, percent } => {
                    assert!(of == page && percent > last && percent <= 100 && percent % 10 == 0, "{of} {percent} after {last}");
                    (last, steps) = (percent, steps + 1);
                }
                ScanEvent::Page(whole) => {
                    assert_eq!(whole.index, page);
                    assert!(chunked || last == 100, "{last}");
                    (page, last) = (page + 1, 0);
                }
            }
        }
        assert_eq!(steps > 2, !chunked, "{steps} steps");
    }
}

/// Progress nobody takes must not keep a page back.
#[tokio::test]
async fn progress_leaves_room_for_the_pages() {
    let bench = bench().await;
    bench.dock(Command::LoadSheets(30)).await;
    assert_eq!(bench.scan(SIMPLEX).await.0, Ok(BatchEnd::Complete { pages: 30 }));
}

#[tokio::test]
async fn a_feeder_for_one_sheet_still_takes_them_all() {
    let bench = bench().await;
    bench.dock(Command::Capacity(1)).await;
    bench.dock(Command::LoadSheets(3)).await;
    assert_eq!(bench.scan(DUPLEX).await.0, Ok(BatchEnd::Complete { pages: 6 }));
    let state = bench.sim.state().await;
    assert_eq!((state.jobs, state.jobs_deleted), (3, 3));
}

#[tokio::test]
async fn over_https_any_certificate_is_taken_unless_one_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(Options { https: true, ..options(folder.path()) }).await.unwrap();
    let (url, sha256) = (sim.ports().escl_url.clone(), sim.ports().escl_sha256.clone().unwrap());
    assert!(url.starts_with("https://"));
    let any = Escl::new(&url).unwrap();
    assert!(any.about().await.unwrap().feeder);
    let colons: Vec<String> = sha256.to_uppercase().as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).into_owned()).collect();
    let pinned = any.clone().pinned(&colons.join(":")).unwrap();
    sim.command(Command::LoadSheets(1)).await.unwrap();
    let (events, mut received) = mpsc::channel(64);
    let (_cancel, cancelled) = watch::channel(false);
    assert_eq!(pinned.scan(&SIMPLEX, events, cancelled).await, Ok(BatchEnd::Complete { pages: 1 }));
    while received.recv().await.is_some() {}

    let wrong = any.clone().pinned(&"a".repeat(64)).unwrap();
    let refusal = wrong.about().await.unwrap_err();
    assert!(matches!(&refusal, DeviceError::Rejected(text) if text.contains(&sha256) && text.contains("scanner.tls_sha256")), "{refusal}");
    assert!(matches!(any.pinned("12:34"), Err(DeviceError::Rejected(_))));
    assert!(
        matches!(Escl::new("http://127.0.0.1:1/eSCL").unwrap().pinned(&sha256), Err(DeviceError::Rejected(_))),
        "http cannot be pinned"
    );
    sim.command(Command::Unplug(Device::Scanner)).await.unwrap();
    assert!(matches!(pinned.status().await, Err(DeviceError::Disconnected(_))));
}
