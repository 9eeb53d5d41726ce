//! The three wires to a printer: TCP, a serial line, the device file of the kernel's USB printer driver. All non-blocking.

use super::Address;
use crate::DeviceError;
use rustix::termios::{ControlModes, OptionalActions, QueueSelector, ioctl_tiocexcl, tcdrain, tcflush, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// After an empty read of a USB printer: it has nothing to say, and polling it says the opposite.
const EMPTY_READ: Duration = Duration::from_millis(20);

/// An open line to a printer.
pub(super) enum Wire {
    Tcp(TcpStream),
    Serial(Tty),
    Usb(AsyncFd<File>),
}

/// A tty. Closing one waits for the device to take what is left, up to half a minute, so what is left is thrown away first.
pub(super) struct Tty(AsyncFd<File>);

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = tcflush(self.0.get_ref(), QueueSelector::OFlush);
    }
}

impl Wire {
    pub(super) async fn open(address: &Address, limit: Duration) -> Result<Self, DeviceError> {
        let gone = |cause: String| DeviceError::Disconnected(format!("printer {address}: {cause}; check cable and power"));
        match address {
            Address::Tcp(to) => match timeout(limit, TcpStream::connect(to)).await {
                Ok(Ok(stream)) => {
                    // Status requests are three bytes and must not wait for company.
                    let _ = stream.set_nodelay(true);
                    Ok(Self::Tcp(stream))
                }
                Ok(Err(error)) => Err(gone(error.to_string())),
                Err(_) => Err(gone("no connection in time".to_owned())),
            },
            Address::Serial { path, baud } => {
                let file = open(path).map_err(|error| refused(address, &error))?;
                set_up(&file, *baud).map_err(|error| refused(address, &error))?;
                Ok(Self::Serial(Tty(watched(file).map_err(|error| refused(address, &error))?)))
            }
            Address::Usb(path) => {
                let file = open(path).map_err(|error| refused(address, &error))?;
                Ok(Self::Usb(watched(file).map_err(|error| refused(address, &error))?))
            }
        }
    }

    /// Reads what there is, at least one byte. A line that hung up is an error.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let hung_up = || io::Error::new(ErrorKind::BrokenPipe, "the line hung up");
        match self {
            Self::Tcp(stream) => match stream.read(buffer).await? {
                0 => Err(io::Error::new(ErrorKind::BrokenPipe, "the printer closed the connection")),
                count => Ok(count),
            },
            Self::Serial(Tty(tty)) => match tty.async_io(Interest::READABLE, |mut file| file.read(buffer)).await? {
                0 => Err(hung_up()),
                count => Ok(count),
            },
            Self::Usb(file) => loop {
                match file.async_io(Interest::READABLE, |mut file| file.read(buffer)).await? {
                    0 => sleep(EMPTY_READ).await,
                    count => return Ok(count),
                }
            },
        }
    }

    /// What has come already; 0 for nothing, and for a line that broke.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Serial(Tty(file)) | Self::Usb(file) => file.get_ref().read(buffer),
        }
        .unwrap_or(0)
    }

    /// Writes as much as the line takes now, at least one byte.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes).await,
            Self::Serial(Tty(file)) | Self::Usb(file) => file.async_io(Interest::WRITABLE, |mut file| file.write(bytes)).await,
        }
    }

    /// Waits until the bytes have left this machine, where that can be seen: a serial line.
    pub(super) async fn drain(&mut self, limit: Duration) {
        if let Self::Serial(Tty(tty)) = self
            && let Ok(copy) = tty.get_ref().try_clone()
        {
            // On a time-out the thread ends when the line closes, because closing throws the rest away.
            let _ = timeout(limit, tokio::task::spawn_blocking(move || tcdrain(&copy))).await;
        }
    }

    /// Ends the conversation in the way of the wire.
    pub(super) async fn close(self) {
        if let Self::Tcp(mut stream) = self {
            let _ = stream.shutdown().await;
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    std::fs::OpenOptions::new().read(true).write(true).custom_flags(flags.bits() as i32).open(path)
}

#[expect(deprecated, reason = "its successor is unsafe for types that swap their descriptor; a File keeps its own")]
fn watched(file: File) -> io::Result<AsyncFd<File>> {
    AsyncFd::new(file)
}

/// Raw, 8 data bits, no parity, one stop bit, no flow control; nobody else may open it.
fn set_up(tty: &File, baud: u32) -> io::Result<()> {
    // Not every tty knows exclusive use, and an open one works without.
    let _ = ioctl_tiocexcl(tty);
    let mut modes = tcgetattr(tty)?;
    modes.make_raw();
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    modes.control_modes -= ControlModes::CSTOPB | ControlModes::CRTSCTS;
    modes.set_speed(baud)?;
    Ok(tcsetattr(tty, OptionalActions::Now, &modes)?)
}

/// Why the device file cannot be used, by what helps.
fn refused(address: &Address, error: &io::Error) -> DeviceError {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::BUSY) => {
            DeviceError::Busy(format!("printer {address}: another program holds it; stop that program (often CUPS), or wait"))
        }
        Some(Errno::ACCESS) => DeviceError::Rejected(format!(
            "printer {address}: no right to open it; put the agent's user into the device's group (lp, dialout)"
        )),
        // No tty, and nothing that can be waited for.
        Some(Errno::NOTTY | Errno::PERM | Errno::ISDIR) => {
            DeviceError::Rejected(format!("printer {address}: {error}; this is no printer's device file, correct the configuration"))
        }
        _ => DeviceError::Disconnected(format!("printer {address}: {error}; check cable, power and path")),
    }
}
