//! What can go wrong with a device, sorted by who must act.

use thiserror::Error;

/// A device did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// Nobody answers at the address: cable, power, network. The supervisor retries; staff look at the plug.
    #[error("the device does not answer: {0}")]
    Disconnected(String),
    /// Another job holds the device. Waiting helps.
    #[error("the device is busy: {0}")]
    Busy(String),
    /// Somebody must touch the device.
    #[error("the device needs a person: {0}")]
    NeedsHuman(Human),
    /// The device understood and refuses. The settings or the configuration must change.
    #[error("the device refuses: {0}")]
    Rejected(String),
    /// The device answered something that the protocol does not allow, or an answer arrived damaged.
    #[error("the device answered wrongly: {0}")]
    Protocol(String),
    /// The device accepted the connection and then kept silent.
    #[error("the device did not answer in time: {0}")]
    Timeout(String),
}

/// What a person must put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Human {
    /// The printer has no paper.
    #[error("paper is out")]
    PaperOut,
    /// Paper is stuck, or a sheet was not picked up.
    #[error("paper is jammed")]
    Jam,
    /// A cover or hatch is open.
    #[error("the cover is open")]
    CoverOpen,
    /// The scanner's feeder holds no sheet.
    #[error("the feeder is empty")]
    FeederEmpty,
    /// Two sheets went in at once.
    #[error("two sheets were fed at once")]
    DoubleFeed,
    /// The device reports an error of its own: cutter, tray, sheet too long.
    #[error("the device reports an error, look at it")]
    Other,
}
