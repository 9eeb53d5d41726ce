//! Debian's `scanimage` with the backends `airscan` and `escl` as clients of the simulated scanner: it is a scanner for programs
//! that we did not write. And the verdicts of `airscan` on every fault beside those of our driver.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

mod common;

use common::{options, simulator};
use motcua_drivers::scanner::{BatchEnd, Colour, Escl, ScanEvent, ScanFailure, ScanSettings, Source, Timing};
use motcua_drivers::{DeviceError, Human};
use motcua_sim::{Command, Options, Sim, start};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

const SIMPLEX: ScanSettings = ScanSettings { source: Source::Feeder { duplex: false }, dpi: 300, colour: Colour::Rgb24 };

/// Codes with which `scanimage` ends: `SANE_Status` (sane.h).
mod sane {
    pub(super) const GOOD: i32 = 0;
    pub(super) const BUSY: i32 = 3;
    pub(super) const JAMMED: i32 = 6;
    pub(super) const NO_DOCS: i32 = 7;
    pub(super) const IO_ERROR: i32 = 9;
}

struct Bench {
    sim: Sim,
    folder: TempDir,
}

/// What `scanimage` made of a batch.
#[derive(Debug)]
struct Batch {
    code: i32,
    pages: Vec<(u32, u32, bool)>,
    said: String,
}

async fn bench(backend: &str, https: bool) -> Option<Bench> {
    let library = format!("/usr/lib/{}-linux-gnu/sane/libsane-{backend}.so.1", std::env::consts::ARCH);
    for needed in [library.as_str(), "/usr/bin/scanimage"] {
        if !Path::new(needed).exists() {
            println!("SKIPPED: {needed} is missing; apt-get install sane-utils sane-airscan");
            return None;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let sim = match https {
        true => start(Options { https, ..options(folder.path()) }).await.unwrap(),
        false => simulator(folder.path()).await,
    };
    let url = &sim.ports().escl_url;
    std::fs::write(folder.path().join("dll.conf"), format!("{backend}\n")).unwrap();
    let airscan = format!("[devices]\nsim = {url}, eSCL\n[options]\ndiscovery = disable\n");
    std::fs::write(folder.path().join("airscan.conf"), airscan).unwrap();
    std::fs::write(folder.path().join("escl.conf"), format!("device {}\n", url.trim_end_matches("/eSCL"))).unwrap();
    Some(Bench { sim, folder })
}

impl Bench {
    async fn dock(&self, commands: &[Command]) {
        for command in commands {
            self.sim.command(command.clone()).await.unwrap();
        }
    }

    async fn reset(&self) {
        self.dock(&[Command::Clear, Command::Empty, Command::Capacity(50), Command::Chunked(false)]).await;
    }

    async fn scanimage(&self, arguments: &[&str]) -> std::process::Output {
        let run = tokio::process::Command::new("scanimage")
            .args(arguments)
            .env("SANE_CONFIG_DIR", self.folder.path())
            .current_dir(self.folder.path())
            .kill_on_drop(true)
            .output();
        tokio::time::timeout(Duration::from_secs(150), run).await.expect("scanimage does not end").unwrap()
    }

    async fn batch(&self, device: &str, arguments: &[&str]) -> Batch {
        let out = self.folder.path().join("pages");
        let _ = std::fs::remove_dir_all(&out);
        std::fs::create_dir(&out).unwrap();
        let fixed = ["-d", device, "--batch=pages/%03d.pnm", "--format=pnm"];
        let output = self.scanimage(&[&fixed, arguments].concat()).await;
        let mut files: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let pages = files.iter().map(|path| pnm_shape(&std::fs::read(path).unwrap())).collect();
        Batch { code: output.status.code().unwrap_or(-1), pages, said: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    async fn ours(&self) -> Result<BatchEnd, ScanFailure> {
        let timing = Timing { pause: Duration::from_millis(20), ..Timing::default() };
        let scanner = Escl::with_timing(&self.sim.ports().escl_url, timing).unwrap();
        let (events, mut arrived) = mpsc::channel(64);
        let (_cancel, cancelled) = watch::channel(false);
        let count = async {
            let mut pages = 0;
            while let Some(event) = arrived.recv().await {
                pages += u32::from(matches!(event, ScanEvent::Page(_)));
            }
            pages
        };
        let (end, pages) = tokio::join!(scanner.scan(&SIMPLEX, events, cancelled), count);
        assert_eq!(pages_of(&end), pages);
        end
    }
}

fn pages_of(end: &Result<BatchEnd, ScanFailure>) -> u32 {
    match end {
        Ok(BatchEnd::Complete { pages } | BatchEnd::Cancelled { pages }) => *pages,
        Err(failure) => failure.pages,
    }
}

/// Width, height and whether it is colour, from the head of a PNM: `P6`, a comment, the size.
fn pnm_shape(pnm: &[u8]) -> (u32, u32, bool) {
    let head = String::from_utf8_lossy(&pnm[..pnm.len().min(200)]).into_owned();
    let words: Vec<&str> = head.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).take(3).collect();
    (words[1].parse().unwrap(), words[2].parse().unwrap(), words[0] == "P6")
}

const DEVICE: &str = "airscan:e0:sim";

#[tokio::test]
async fn airscan_lists_it_and_scans_both_sides_in_the_size_asked_for() {
    let Some(bench) = bench("airscan", false).await else { return };
    let listed = bench.scanimage(&["-L"]).await;
    assert!(String::from_utf8_lossy(&listed.stdout).contains("airscan:e0:sim"), "{listed:?}");

    bench.dock(&[Command::LoadSheets(2)]).await;
    let both = bench.batch(DEVICE, &["--source", "ADF Duplex", "--mode", "Gray", "--resolution", "150"]).await;
    // It pads to the whole width of the glass, 8.5 inches.
    assert_eq!((both.code, &both.pages[..]), (sane::GOOD, &[(1275, 1754, false); 4][..]), "{both:?}");

    bench.dock(&[Command::LoadSheets(1)]).await;
    let fine = bench.batch(DEVICE, &["--source", "ADF", "--mode", "Color", "--resolution", "300"]).await;
    assert_eq!((fine.code, &fine.pages[..]), (sane::GOOD, &[(2550, 3508, true)][..]), "{fine:?}");
    let state = bench.sim.state().await;
    assert!(!state.scanning && state.feeder == 0, "{state:?}");
}

#[tokio::test]
async fn airscan_scans_over_our_https() {
    let Some(bench) = bench("airscan", true).await else { return };
    bench.dock(&[Command::LoadSheets(2)]).await;
    let batch = bench.batch(DEVICE, &["--source", "ADF", "--resolution", "300"]).await;
    assert_eq!((batch.code, batch.pages.len()), (sane::GOOD, 2), "{batch:?}");
}

#[tokio::test]
async fn libsanes_own_escl_backend_scans_the_glass() {
    let Some(bench) = bench("escl", false).await else { return };
    // Its list asks Avahi, which need not run; the device is opened by its address.
    let device = format!("escl:{}", bench.sim.ports().escl_url.trim_end_matches("/eSCL"));
    let batch = bench.batch(&device, &["--batch-count=1", "--resolution", "300"]).await;
    assert_eq!((batch.code, batch.pages.len()), (sane::GOOD, 1), "{batch:?}");
}

/// One script of faults for both: the same pages are good, a batch is complete for ours only where it is for `airscan`, and our
/// driver says at least as precisely what a person must do.
#[tokio::test]
async fn our_verdicts_beside_those_of_airscan() {
    let Some(bench) = bench("airscan", false).await else { return };
    let human = |human| move |error: &DeviceError| *error == DeviceError::NeedsHuman(human);
    let protocol = |error: &DeviceError| matches!(error, DeviceError::Protocol(_));
    let busy = |error: &DeviceError| matches!(error, DeviceError::Busy(_));
    type Ours<'a> = &'a dyn Fn(&DeviceError) -> bool;
    let faults: [(&[Command], i32, usize, Option<Ours<'_>>); 10] = [
        (&[], sane::NO_DOCS, 0, Some(&human(Human::FeederEmpty))),
        (&[Command::LoadSheets(3)], sane::GOOD, 3, None),
        (&[Command::LoadSheets(3), Command::Chunked(true)], sane::GOOD, 3, None),
        (&[Command::LoadSheets(3), Command::NotReady(2)], sane::GOOD, 3, None),
        (&[Command::LoadSheets(3), Command::Jam(2)], sane::IO_ERROR, 1, Some(&human(Human::Jam))),
        (&[Command::LoadSheets(3), Command::Jam409(2)], sane::JAMMED, 1, Some(&human(Human::Jam))),
        (&[Command::LoadSheets(3), Command::DoubleFeed(2)], sane::IO_ERROR, 1, Some(&human(Human::DoubleFeed))),
        (&[Command::LoadSheets(3), Command::Cover], sane::IO_ERROR, 0, Some(&human(Human::CoverOpen))),
        (&[Command::LoadSheets(3), Command::Truncate(3)], sane::IO_ERROR, 2, Some(&protocol)),
        (&[Command::LoadSheets(3), Command::Busy], sane::BUSY, 0, Some(&busy)),
    ];
    for (script, code, pages, wanted) in faults {
        bench.reset().await;
        bench.dock(script).await;
        let theirs = bench.batch(DEVICE, &["--source", "ADF", "--resolution", "300"]).await;
        assert_eq!((theirs.code, theirs.pages.len()), (code, pages), "{script:?}: {theirs:?}");
        bench.reset().await;
        bench.dock(script).await;
        let ours = bench.ours().await;
        assert_eq!(pages_of(&ours) as usize, pages, "{script:?}: {ours:?}");
        match (&ours, wanted) {
            (Ok(BatchEnd::Complete { .. }), None) => {}
            (Err(failure), Some(wanted)) => assert!(wanted(&failure.error), "{script:?}: {failure:?}"),
            (Ok(_) | Err(_), _) => panic!("{script:?}: {ours:?}, airscan: {}", theirs.said),
        }
    }
}

/// Where we go further: a feeder that takes one sheet a job ends `airscan`'s batch while paper still lies there.
#[tokio::test]
async fn a_feeder_for_one_sheet_is_emptied_by_ours_and_not_by_airscan() {
    let Some(bench) = bench("airscan", false).await else { return };
    let script = [Command::Capacity(1), Command::LoadSheets(3)];
    bench.dock(&script).await;
    let theirs = bench.batch(DEVICE, &["--source", "ADF", "--resolution", "300"]).await;
    assert_eq!((theirs.code, theirs.pages.len()), (sane::GOOD, 1), "{theirs:?}");
    bench.reset().await;
    bench.dock(&script).await;
    assert_eq!(bench.ours().await, Ok(BatchEnd::Complete { pages: 3 }));
}
