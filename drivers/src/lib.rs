//! Drivers for the devices of a counter: document scanner, identity card, receipt printer, barcode reader.
//!
//! Each device is three layers: the protocol (bytes to types and back, pure), the transport (HTTP, TCP, tty), and typed calls with
//! time-outs. A driver reports what the device said and never what it means for a dossier. Any call may find the device gone.

pub mod barcode;
pub mod error;
pub mod idcard;
pub mod printer;
pub mod scanner;

pub use error::{DeviceError, Human};
