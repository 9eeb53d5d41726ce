//! A reader on a tty. Blocking: runs on a thread of its own and survives unplugging.

use super::framing::Framer;
use super::{End, IDLE, Mode, ReaderEvent, ended, supervise};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc::Sender;

/// Reads codes from the reader at `path` and sends them, until `stop` is true or the receiver is gone.
///
/// `path` should be a stable name (`/dev/serial/by-id/…`): the number of ttyACM may change on replugging. Stops within 300 ms.
pub fn run(path: PathBuf, baud: u32, events: Sender<ReaderEvent>, stop: &AtomicBool) {
    supervise(Mode::Serial, &events, stop, || open(&path, baud), |port| read(port, &events, stop));
}

fn open(path: &Path, baud: u32) -> Result<Box<dyn serialport::SerialPort>, String> {
    let text = path.to_str().ok_or_else(|| format!("barcode reader path {} is not UTF-8; correct the configuration", path.display()))?;
    let mut port = serialport::new(text, baud)
        .timeout(IDLE)
        .open()
        .map_err(|error| format!("barcode reader {text} cannot be opened: {error}; check plug, path and rights"))?;
    // Many readers send only while DTR is set. A pty has no such line (ENOTTY), and needs none.
    if let Err(error) = port.write_data_terminal_ready(true) {
        tracing::debug!(%error, "barcode reader: no DTR line");
    }
    Ok(port)
}

fn read(mut port: Box<dyn serialport::SerialPort>, events: &Sender<ReaderEvent>, stop: &AtomicBool) -> End {
    let mut framer = Framer::default();
    let mut buffer = [0; 512];
    loop {
        if ended(events, stop) {
            return End::Stopped;
        }
        let codes = match port.read(&mut buffer) {
            // End of file on a tty is a hang-up.
            Ok(0) => return End::Lost("barcode reader: the line hung up; plug it in again".to_owned()),
            Ok(count) => framer.push(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::TimedOut => framer.end().into_iter().collect(),
            Err(error) if error.kind() == ErrorKind::Interrupted => Vec::new(),
            Err(error) => return End::Lost(format!("barcode reader: {error}; plug it in again")),
        };
        for code in codes {
            if events.blocking_send(code).is_err() {
                return End::Stopped;
            }
        }
    }
}
