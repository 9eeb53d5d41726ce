//! What a status of SANE means for people. Pure.

use crate::ffi::Status;
use motcua_drivers::{DeviceError, Human};

/// The status of a call that failed while `doing` something.
pub(crate) fn of(status: Status, doing: &str) -> DeviceError {
    let text = |cause: &str| format!("{doing}: {cause}");
    match status {
        Status::JAMMED => DeviceError::NeedsHuman(Human::Jam),
        Status::NO_DOCS => DeviceError::NeedsHuman(Human::FeederEmpty),
        Status::COVER_OPEN => DeviceError::NeedsHuman(Human::CoverOpen),
        Status::HW_LOCKED => DeviceError::NeedsHuman(Human::Other),
        Status::DEVICE_BUSY => DeviceError::Busy(text("another program holds the scanner; wait or close it")),
        Status::WARMING_UP => DeviceError::Busy(text("the scanner warms up; wait a minute")),
        Status::IO_ERROR => DeviceError::Disconnected(text("the connection broke (I/O error); check power and cable")),
        Status::ACCESS_DENIED => DeviceError::Rejected(text("no permission; add the agent's user to the group scanner")),
        Status::CANCELLED => DeviceError::Rejected(text("cancelled at the scanner; start again")),
        Status::INVAL => DeviceError::Rejected(text("the scanner does not take the value; change the scan settings")),
        Status::UNSUPPORTED => DeviceError::Rejected(text("the scanner cannot do this; change the scan settings")),
        Status::NO_MEM => DeviceError::Protocol(text("the backend ran out of memory; restart the computer")),
        Status::EOF => DeviceError::Protocol(text("the scanner ended without a page; scan again")),
        Status(other) => DeviceError::Protocol(text(&format!("SANE status {other}, which the standard does not know"))),
    }
}
