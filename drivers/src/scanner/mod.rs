//! Document scanners: eSCL over the network or ipp-usb, SANE through a worker process, and a watched folder.
//!
//! [`Scanner`] is the one interface that the agent sees.

pub mod discovery;
pub mod escl;
pub mod escl_xml;
pub mod folder;
mod folder_files;
mod job;
pub mod sane;
pub mod sane_wire;
mod sane_worker;
mod tls;

pub use escl::{Escl, Timing};
pub use escl_xml::{AdfState, Capabilities, Colour, Job, JobState, ScanSettings, ScannerState, ScannerStatus, Source};
pub use folder::{Folder, FolderTiming};
pub use job::jam_means_empty;
pub use sane::{Sane, SaneTiming};

use crate::{DeviceError, Human};
use std::path::Path;
use tokio::sync::{mpsc, watch};

/// A document scanner, whatever it speaks.
#[derive(Clone, Debug)]
pub enum Scanner {
    /// eSCL (AirScan) over HTTP or HTTPS.
    Escl(Escl),
    /// Any SANE backend, in a worker process.
    Sane(Sane),
    /// A device that drops finished files into a folder.
    Folder(Folder),
}

/// What a scanner is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Maker and model in one, for technicians.
    pub make_and_model: String,
    /// Where it was found: address, SANE device name, folder.
    pub address: String,
    /// Has a glass plate.
    pub flatbed: bool,
    /// Has a document feeder.
    pub feeder: bool,
    /// The feeder reads both sides.
    pub duplex: bool,
    /// Scans in colour.
    pub colour: bool,
    /// Dots per inch, rising; empty when the scanner does not tell.
    pub resolutions: Vec<u16>,
}

/// News of a batch, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanEvent {
    /// A page is on its way; sent only by scanners that can tell, rising within a page.
    Progress {
        /// Index of the page, from 0.
        page: u32,
        /// 0 to 100.
        percent: u8,
    },
    /// A page is complete.
    Page(ScannedPage),
}

/// Where a scanner is; exactly one of the three ways is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// eSCL address, see [`Escl::new`].
    pub escl: Option<&'a str>,
    /// SHA-256 of the certificate of an HTTPS scanner, see [`Escl::pinned`].
    pub tls_sha256: Option<&'a str>,
    /// SANE's name of it, or maker and model.
    pub sane: Option<&'a str>,
    /// Folder in which finished files appear.
    pub folder: Option<&'a Path>,
}

impl Scanner {
    /// The scanner at `place`. Sends nothing yet. SANE's worker program lies beside our own program.
    ///
    /// # Errors
    /// [`DeviceError::Rejected`] when the address is not one, or none is given.
    pub fn at(place: &Place<'_>) -> Result<Self, DeviceError> {
        match (place.escl, place.sane, place.folder) {
            (Some(address), _, _) => {
                let escl = Escl::new(address)?;
                Ok(Self::Escl(match place.tls_sha256 {
                    Some(pin) => escl.pinned(pin)?,
                    None => escl,
                }))
            }
            (None, Some(name), _) => Ok(Self::Sane(Sane::new(Sane::worker(), name.to_owned()))),
            (None, None, Some(folder)) => Ok(Self::Folder(Folder::new(folder.to_owned()))),
            (None, None, None) => Err(DeviceError::Rejected("no address is given".to_owned())),
        }
    }

    /// Who it is and what it can do. Also tidies up what a killed process left open at the device.
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn about(&self) -> Result<About, DeviceError> {
        match self {
            Self::Escl(escl) => escl.about().await,
            Self::Sane(sane) => sane.about().await,
            Self::Folder(folder) => folder.about().await,
        }
    }

    /// What a person must put right before a job; none when nothing is known to be wrong. An empty feeder is nothing wrong.
    ///
    /// # Errors
    /// Any [`DeviceError`]; [`DeviceError::Busy`] while somebody else scans.
    pub async fn trouble(&self) -> Result<Option<Human>, DeviceError> {
        match self {
            Self::Escl(escl) => escl.trouble().await,
            Self::Sane(sane) => sane.trouble().await,
            Self::Folder(folder) => folder.trouble().await,
        }
    }

    /// Scans until the feeder is empty, or one page of the glass. A page counts only if it is complete and decodes.
    ///
    /// Ends within a second after `cancel` became true or the receiver of `events` was dropped.
    ///
    /// # Errors
    /// [`ScanFailure`]: pages already sent stay good.
    pub async fn scan(
        &self,
        settings: &ScanSettings,
        events: mpsc::Sender<ScanEvent>,
        cancel: watch::Receiver<bool>,
    ) -> Result<BatchEnd, ScanFailure> {
        match self {
            Self::Escl(escl) => escl.scan(settings, events, cancel).await,
            Self::Sane(sane) => sane.scan(settings, events, cancel).await,
            Self::Folder(folder) => folder.scan(settings, events, cancel).await,
        }
    }
}

/// One side of one sheet as the scanner sent it.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedPage {
    /// From 0, in the order of arrival: front, back, front, back for duplex.
    pub index: u32,
    /// A complete JPEG file, FFD8 to FFD9, as the device made it; of raw pixels or a PNG it is made here, once.
    pub jpeg: Vec<u8>,
    /// A PNG of the very pixels that the JPEG was made of here, where that was asked for ([`Sane::with_master`],
    /// [`Folder::with_master`]). None where the JPEG is the device's own.
    pub master: Option<Vec<u8>>,
}

impl std::fmt::Debug for ScannedPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let master = self.master.as_ref().map(Vec::len);
        f.debug_struct("ScannedPage").field("index", &self.index).field("bytes", &self.jpeg.len()).field("master", &master).finish()
    }
}

/// A batch that ended without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEnd {
    /// The scanner said itself that all pages are delivered.
    Complete {
        /// Pages sent.
        pages: u32,
    },
    /// The caller asked for the end, or no longer takes pages.
    Cancelled {
        /// Pages sent before.
        pages: u32,
    },
}

/// A batch that did not end well. The pages that were sent are good and stay valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scanning stopped after {pages} good pages: {error}")]
pub struct ScanFailure {
    /// Who must act.
    pub error: DeviceError,
    /// The scanner never said whether all sheets went through: the pages must be counted.
    pub unsure: bool,
    /// A page arrived incomplete and was dropped: that sheet must be scanned again.
    pub damaged: bool,
    /// Good pages sent before.
    pub pages: u32,
}
