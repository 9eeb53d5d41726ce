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
