//! Document scanners that speak eSCL (AirScan), over the network or through ipp-usb.

pub mod escl;
pub mod escl_xml;
mod job;

pub use escl::{Escl, Timing};
pub use escl_xml::{AdfState, Capabilities, Job, JobState, ScanSettings, ScannerState, ScannerStatus, Source};
pub use job::jam_means_empty;

use crate::DeviceError;

/// One side of one sheet as the scanner sent it.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedPage {
    /// From 0, in the order of arrival: front, back, front, back for duplex.
    pub index: u32,
    /// A complete JPEG file, FFD8 to FFD9, untouched.
    pub jpeg: Vec<u8>,
}

impl std::fmt::Debug for ScannedPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScannedPage").field("index", &self.index).field("bytes", &self.jpeg.len()).finish()
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
