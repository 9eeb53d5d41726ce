//! The simulated devices in a folder of the test's own.

use motcua_sim::{Options, Sim, start};
use std::{path::Path, time::Duration};

/// Every device on a free port, the pages that come with the simulator, slips in `out`, no delay.
pub(crate) async fn simulator(folder: &Path) -> Sim {
    start(options(folder)).await.unwrap()
}

/// What [`simulator`] starts with.
pub(crate) fn options(folder: &Path) -> Options {
    Options {
        escl_port: 0,
        printer_port: 0,
        dock_port: 0,
        gun_link: folder.join("gun"),
        printer_link: Some(folder.join("printer")),
        pages: Path::new(env!("CARGO_MANIFEST_DIR")).join("pages"),
        vpcd: None,
        out: folder.join("out"),
        page_delay: Duration::ZERO,
        https: false,
        announce: None,
    }
}

/// Waits until `ready`; a test that waits in vain fails after ten seconds.
#[allow(dead_code, reason = "each test file is a program of its own")]
pub(crate) async fn until(ready: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !ready() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "it never came");
}

/// A picture that somebody may still be writing.
#[allow(dead_code, reason = "each test file is a program of its own")]
pub(crate) async fn picture(path: &Path) -> image::GrayImage {
    until(|| image::open(path).is_ok()).await;
    image::open(path).map(image::DynamicImage::into_luma8).unwrap_or_default()
}
