//! SANE in a folder of its own: which backends, their settings, and what lies in the feeder.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "helpers of several test files")]

use image::{GrayImage, Luma};
use motcua_drivers::scanner::{BatchEnd, Colour, Sane, SaneTiming, ScanEvent, ScanFailure, ScanSettings, ScannedPage, Source};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

pub(crate) const WORKER: &str = env!("CARGO_BIN_EXE_motcua-sane");
pub(crate) const FOLDER: &str = "Mot Cua Folder Scanner";

pub(crate) const FEEDER: ScanSettings = ScanSettings { source: Source::Feeder { duplex: false }, dpi: 75, colour: Colour::Gray8 };
pub(crate) const DUPLEX: ScanSettings = ScanSettings { source: Source::Feeder { duplex: true }, ..FEEDER };
pub(crate) const GLASS: ScanSettings = ScanSettings { source: Source::Flatbed, ..FEEDER };

/// Short enough for tests, long enough for a busy machine.
pub(crate) const TIMING: SaneTiming = SaneTiming {
    start: Duration::from_secs(20),
    idle: Duration::from_secs(10),
    grace: Duration::from_secs(3),
    look: Duration::from_secs(30),
    remember: Duration::from_secs(15),
};

pub(crate) struct Rig {
    dir: TempDir,
}

impl Rig {
    /// With these backends of Debian's.
    pub(crate) fn new(backends: &[&str]) -> Self {
        let rig = Self { dir: tempfile::tempdir().unwrap() };
        for folder in ["etc", "lib", "feed"] {
            fs::create_dir(rig.path(folder)).unwrap();
        }
        fs::write(rig.path("etc/dll.conf"), backends.join("\n")).unwrap();
        rig
    }

    /// With our own backend and this in its feeder: page N of the script is the file `N.jpg`, N times 20 bright.
    pub(crate) fn with_feeder(script: &str) -> Option<Self> {
        let library = folder_backend()?;
        let rig = Self::new(&["folder"]);
        std::os::unix::fs::symlink(library, rig.path("lib/libsane-folder.so.1")).unwrap();
        for number in 1..=9_u8 {
            GrayImage::from_pixel(210, 297, Luma([number * 20])).save(rig.path(&format!("feed/{number}.jpg"))).unwrap();
        }
        rig.feed(script);
        Some(rig)
    }

    pub(crate) fn feed(&self, script: &str) {
        fs::write(self.path("feed/feeder.txt"), script).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn env(&self) -> Vec<(String, String)> {
        [("SANE_CONFIG_DIR", "etc"), ("LD_LIBRARY_PATH", "lib"), ("SANE_FOLDER_DIR", "feed")]
            .map(|(key, folder)| (key.to_owned(), self.path(folder).to_str().unwrap().to_owned()))
            .to_vec()
    }

    pub(crate) fn scanner(&self, device: &str) -> Sane {
        self.timed(device, TIMING)
    }

    pub(crate) fn timed(&self, device: &str, timing: SaneTiming) -> Sane {
        Sane::with_timing(WORKER.into(), device.to_owned(), timing).with_env(self.env())
    }
}

/// Cargo builds it as a dependency of this package's tests; it lies beside them.
pub(crate) fn folder_backend() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let found = test.ancestors().skip(1).take(2).map(|folder| folder.join("libsane_folder.so")).find(|library| library.exists());
    if found.is_none() {
        println!("SKIPPED: libsane_folder.so is not built; run: cargo build -p motcua-sane-folder");
    }
    found
}

pub(crate) struct Scanned {
    pub(crate) end: Result<BatchEnd, ScanFailure>,
    pub(crate) pages: Vec<ScannedPage>,
    pub(crate) progress: Vec<(u32, u8)>,
}

impl Scanned {
    /// Which pages of [`Rig::with_feeder`] came, by their brightness.
    pub(crate) fn numbers(&self) -> Vec<u8> {
        self.pages.iter().map(|page| (brightness(&page.jpeg) + 10) / 20).collect()
    }

    pub(crate) fn failure(&self) -> &ScanFailure {
        self.end.as_ref().expect_err("the batch fails")
    }
}

pub(crate) fn brightness(jpeg: &[u8]) -> u8 {
    let page = image::load_from_memory(jpeg).expect("a page decodes whole").to_luma8();
    let sum: u64 = page.pixels().map(|point| u64::from(point.0[0])).sum();
    u8::try_from(sum / page.pixels().len() as u64).unwrap()
}

/// Scans to the end.
pub(crate) async fn scan(scanner: &Sane, settings: ScanSettings) -> Scanned {
    let (events, arrived) = mpsc::channel(4);
    let (_cancel, cancelled) = watch::channel(false);
    let (end, (pages, progress)) = tokio::join!(scanner.scan(&settings, events, cancelled), collect(arrived));
    Scanned { end, pages, progress }
}

async fn collect(mut arrived: mpsc::Receiver<ScanEvent>) -> (Vec<ScannedPage>, Vec<(u32, u8)>) {
    let (mut pages, mut progress) = (Vec::new(), Vec::new());
    while let Some(event) = arrived.recv().await {
        match event {
            ScanEvent::Page(page) => pages.push(page),
            ScanEvent::Progress { page, percent } => progress.push((page, percent)),
        }
    }
    (pages, progress)
}

/// Width, height, and dots per inch of the JFIF header.
pub(crate) fn size(jpeg: &[u8]) -> (u32, u32, u16) {
    let page = image::load_from_memory(jpeg).expect("a page decodes whole");
    assert_eq!(jpeg.get(6..11), Some(b"JFIF\0".as_slice()));
    assert_eq!(jpeg.get(13), Some(&1), "the density is in dots per inch");
    (page.width(), page.height(), u16::from_be_bytes([jpeg[14], jpeg[15]]))
}

/// Whether this program of Debian's is there.
pub(crate) fn has(program: &str) -> bool {
    let there = Path::new("/usr/bin").join(program).exists() || Path::new("/usr/sbin").join(program).exists();
    if !there {
        println!("SKIPPED: {program} is missing; run: provisioning/setup/setup.sh test");
    }
    there
}
