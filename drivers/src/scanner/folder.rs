//! A device that drops finished files into a folder.

use super::{About, BatchEnd, ScanEvent, ScanFailure, ScanSettings};
use crate::{DeviceError, Human};
use tokio::sync::{mpsc, watch};

/// A device that drops finished files into a folder.
#[derive(Clone, Debug)]
pub struct Folder {}

impl Folder {
    /// See [`super::Scanner::about`].
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn about(&self) -> Result<About, DeviceError> {
        Err(DeviceError::Rejected("not built yet".to_owned()))
    }

    /// See [`super::Scanner::trouble`].
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn trouble(&self) -> Result<Option<Human>, DeviceError> {
        Err(DeviceError::Rejected("not built yet".to_owned()))
    }

    /// See [`super::Scanner::scan`].
    ///
    /// # Errors
    /// [`ScanFailure`]: pages already sent stay good.
    pub async fn scan(
        &self,
        _settings: &ScanSettings,
        _events: mpsc::Sender<ScanEvent>,
        _cancel: watch::Receiver<bool>,
    ) -> Result<BatchEnd, ScanFailure> {
        Err(ScanFailure { error: DeviceError::Rejected("not built yet".to_owned()), unsure: false, damaged: false, pages: 0 })
    }
}
