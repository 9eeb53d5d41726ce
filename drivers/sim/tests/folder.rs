//! The watched folder, with a device that drops files as real ones do.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::scanner::{BatchEnd, Colour, Folder, FolderTiming, ScanEvent, ScanFailure, ScanSettings, ScannedPage, Scanner, Source};
use motcua_drivers::{DeviceError, Human};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

const SETTINGS: ScanSettings = ScanSettings { source: Source::Feeder { duplex: true }, dpi: 300, colour: Colour::Rgb24 };
const TIMING: FolderTiming = FolderTiming {
    poll: Duration::from_millis(30),
    quiet: Duration::from_millis(600),
    first: Duration::from_secs(2),
    finish: Duration::from_millis(1500),
};

fn picture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("pages").join(name)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A scan that has begun: a file of somebody before has been moved away.
struct Running {
    folder: TempDir,
    scan: tokio::task::JoinHandle<Result<BatchEnd, ScanFailure>>,
    events: mpsc::Receiver<ScanEvent>,
    cancel: watch::Sender<bool>,
}

async fn running() -> Running {
    running_with(false).await
}

async fn running_with(master: bool) -> Running {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Nguyen Thi Mau.jpg"), picture("ket-hon-1.jpg")).unwrap();
    let scanner = Scanner::Folder(Folder::with_timing(folder.path().to_owned(), TIMING).with_master(master));
    let (sender, events) = mpsc::channel(16);
    let (cancel, cancelled) = watch::channel(false);
    let scan = tokio::spawn(async move { scanner.scan(&SETTINGS, sender, cancelled).await });
    let started = Instant::now();
    while names(&folder.path().join("old")).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "the old file stays");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Running { folder, scan, events, cancel }
}

impl Running {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As a careful program does it: under another name first.
    fn drop_whole(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path("in-work.tmp"), bytes).unwrap();
        std::fs::rename(self.path("in-work.tmp"), self.path(name)).unwrap();
    }

    async fn end(self) -> (Result<BatchEnd, ScanFailure>, Vec<Vec<u8>>, TempDir) {
        let (end, pages, folder) = self.whole_pages().await;
        (end, pages.into_iter().map(|page| page.jpeg).collect(), folder)
    }

    async fn whole_pages(self) -> (Result<BatchEnd, ScanFailure>, Vec<ScannedPage>, TempDir) {
        let Self { folder, scan, mut events, cancel } = self;
        let end = tokio::time::timeout(Duration::from_secs(60), scan).await.unwrap().unwrap();
        drop(cancel);
        let mut pages = Vec::new();
        while let Some(event) = events.recv().await {
            if let ScanEvent::Page(page) = event {
                assert_eq!(page.index as usize, pages.len());
                pages.push(page);
            }
        }
        (end, pages, folder)
    }
}

#[tokio::test]
async fn new_files_come_in_the_order_of_their_names_and_are_gone() {
    let running = running().await;
    let order = ["to-khai-1.jpg", "to-khai-2.jpg", "chung-sinh-1.jpg"];
    for (name, page) in [("scan10.jpg", order[2]), ("scan2.JPG", order[1]), ("scan1.jpeg", order[0])] {
        running.drop_whole(name, &picture(page));
    }
    let (end, pages, folder) = running.end().await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 3 }));
    for (page, name) in pages.iter().zip(order) {
        assert!(*page == picture(name), "{name}");
    }
    assert_eq!(names(folder.path()), Vec::<String>::new());
    assert_eq!(names(&folder.path().join("old")), ["0001.jpg"], "under a number, not under a citizen's name");
}

#[tokio::test]
async fn a_file_that_grows_is_waited_for() {
    let running = running().await;
    let whole = picture("to-khai-2.jpg");
    let mut file = std::fs::File::create(running.path("1.jpg")).unwrap();
    running.drop_whole("2.jpg", &picture("to-khai-1.jpg"));
    for piece in whole.chunks(whole.len() / 8) {
        file.write_all(piece).unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    drop(file);
    let (end, pages, _folder) = running.end().await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
    assert!(pages[0] == whole, "it comes first, although the second was ready before");
}

#[tokio::test]
async fn a_png_becomes_a_jpeg_of_the_same_size_and_paper_stays_white() {
    let running = running().await;
    let mut grey = image::RgbaImage::from_pixel(100, 60, image::Rgba([0, 0, 0, 0]));
    grey.put_pixel(50, 30, image::Rgba([0, 0, 0, 255]));
    grey.save(running.path("1.png")).unwrap();
    image::GrayImage::from_pixel(40, 30, image::Luma([128])).save(running.path("2.png")).unwrap();
    let (end, pages, _folder) = running.end().await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
    let first = image::load_from_memory(&pages[0]).unwrap().into_rgb8();
    assert_eq!(first.dimensions(), (100, 60));
    assert!(first.get_pixel(5, 5).0.iter().all(|value| *value > 250), "{:?}", first.get_pixel(5, 5));
    let second = image::load_from_memory(&pages[1]).unwrap();
    assert!(!second.color().has_color() && second.width() == 40);
}

#[tokio::test]
async fn a_png_is_kept_beside_its_jpeg_where_that_is_asked_for_and_a_jpeg_is_its_own_master() {
    let running = running_with(true).await;
    let (colours, mut png) =
        (image::RgbImage::from_fn(100, 60, |x, y| image::Rgb([x as u8, y as u8, 90])), std::io::Cursor::new(Vec::new()));
    colours.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    running.drop_whole("a.png", &png);
    running.drop_whole("z.jpg", &picture("to-khai-1.jpg"));
    let (end, pages, _folder) = running.whole_pages().await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
    assert!(pages[0].master.as_deref() == Some(png.as_slice()), "the device's own file");
    assert!(pages[1].master.is_none() && pages[1].jpeg == picture("to-khai-1.jpg"));
}

#[tokio::test]
async fn a_file_that_never_ends_is_set_aside_and_told() {
    let running = running().await;
    running.drop_whole("1.jpg", &picture("to-khai-1.jpg"));
    let half = picture("to-khai-2.jpg");
    running.drop_whole("2.jpg", &half[..half.len() / 2]);
    let (end, pages, folder) = running.end().await;
    let failure = end.unwrap_err();
    assert!(failure.damaged && failure.pages == 1 && pages.len() == 1, "{failure:?}");
    assert_eq!(names(&folder.path().join("refused")), ["0001.jpg"]);
}

#[tokio::test]
async fn pdf_and_tiff_are_refused_with_the_way_to_mend_it() {
    for (name, bytes) in [("1.pdf", &b"%PDF-1.7 ..."[..]), ("1.tif", b"II*\0...."), ("1.jpg", b"MM\0*....")] {
        let running = running().await;
        running.drop_whole(name, bytes);
        let (end, pages, folder) = running.end().await;
        let failure = end.unwrap_err();
        assert!(matches!(&failure.error, DeviceError::Rejected(text) if text.contains("save JPEG")), "{failure:?}");
        assert!(pages.is_empty() && names(folder.path()).is_empty());
        assert_eq!(names(&folder.path().join("refused")).len(), 1);
    }
}

#[tokio::test]
async fn nothing_at_all_is_an_empty_feeder() {
    let running = running().await;
    std::fs::write(running.path("note.txt"), "not a page").unwrap();
    std::fs::write(running.path(".hidden.jpg"), picture("to-khai-1.jpg")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", running.path("link.jpg")).unwrap();
    let (end, pages, folder) = running.end().await;
    assert_eq!(end.unwrap_err().error, DeviceError::NeedsHuman(Human::FeederEmpty));
    assert!(pages.is_empty() && names(folder.path()).contains(&"note.txt".to_owned()));
}

#[tokio::test]
async fn cancel_is_quick_and_leaves_what_came_to_the_next_scan_to_set_aside() {
    let mut running = running().await;
    running.drop_whole("1.jpg", &picture("to-khai-1.jpg"));
    assert!(matches!(running.events.recv().await, Some(ScanEvent::Page(_))));
    let started = Instant::now();
    running.cancel.send(true).unwrap();
    let (end, _, _folder) = running.end().await;
    assert_eq!(end, Ok(BatchEnd::Cancelled { pages: 1 }));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_folder_that_is_missing_or_shut_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Scanner::Folder(Folder::new(folder.path().join("none")));
    for error in [missing.about().await.unwrap_err(), missing.trouble().await.unwrap_err()] {
        assert!(matches!(&error, DeviceError::Disconnected(text) if text.contains("scanner.folder")), "{error}");
    }
    let (events, _received) = mpsc::channel(1);
    let (_cancel, cancelled) = watch::channel(false);
    assert!(matches!(missing.scan(&SETTINGS, events, cancelled).await.unwrap_err().error, DeviceError::Disconnected(_)));
    let there = Scanner::Folder(Folder::new(folder.path().to_owned()));
    assert_eq!(there.trouble().await, Ok(None));
    assert!(there.about().await.unwrap().feeder);
}

#[tokio::test]
async fn what_was_set_aside_goes_after_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    std::fs::create_dir(&old).unwrap();
    for (name, minutes) in [("0001.jpg", 61), ("0002.jpg", 1)] {
        let file = std::fs::File::create(old.join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(minutes * 60)).unwrap();
    }
    Folder::new(folder.path().to_owned()).about().await.unwrap();
    assert_eq!(names(&old), ["0002.jpg"]);
}
