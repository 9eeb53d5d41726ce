//! A reader in keyboard mode (HID wedge), read beside the desktop: no window sees its keys.
//!
//! Keys are not letters: a reader in this mode can type only what an English keyboard has, and the Vietnamese letters of a citizen
//! card come out as `?`, without their marks, or not at all. Codes of digits and plain letters are safe; from a card only the number
//! is. An office that reads cards must set the reader to serial mode (USB-CDC, "virtual COM port": one setup code of its manual)
//! and name it as `reader.serial`.
//!
//! Caps lock of the desktop's own keyboard does not matter, and neither does its input method: the keys are taken before both.

use super::framing::Framer;
use super::keys::Keys;
use super::{End, IDLE, Mode, ReaderEvent, ended, supervise};
use evdev::{EventType, InputEvent, KeyCode, SynchronizationCode, raw_stream::RawDevice};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc::Sender;

/// Stable names of the input devices.
const BY_ID: &str = "/dev/input/by-id";

/// Reads codes from the reader at `path` and sends them, until `stop` is true or the receiver is gone.
///
/// `path` must be a stable name (`/dev/input/by-id/…-event-kbd`): the number of the event device changes on replugging. The device
/// is grabbed (EVIOCGRAB): no other program gets its keys. Stops within 300 ms.
pub fn run(path: PathBuf, events: Sender<ReaderEvent>, stop: &AtomicBool) {
    supervise(
        Mode::Keyboard,
        &events,
        stop,
        || open(&path),
        |(mut device, waiting)| listen(&waiting, || device.fetch_events().map(Iterator::collect), &events, stop),
    );
}

/// Keyboards and readers in keyboard mode: stable path and name. Which of them is the reader only a person can tell.
///
/// Empty without the rights to open them, or when no input device is there.
pub fn list() -> Vec<(PathBuf, String)> {
    let mut found: Vec<(PathBuf, String)> = std::fs::read_dir(BY_ID)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.to_string_lossy().ends_with("-event-kbd"))
        .filter_map(|path| {
            let device = RawDevice::open(&path).ok()?;
            let types = |key| device.supported_keys().is_some_and(|keys| keys.contains(key));
            let name = device.name().unwrap_or("keyboard").to_owned();
            [KeyCode::KEY_ENTER, KeyCode::KEY_0, KeyCode::KEY_Z].into_iter().all(types).then_some((path, name))
        })
        .collect();
    found.sort();
    found
}

/// The grabbed device, and a second handle on it to wait at.
fn open(path: &Path) -> Result<(RawDevice, OwnedFd), String> {
    let shown = path.display();
    let mut device =
        RawDevice::open(path).map_err(|error| format!("barcode reader {shown} cannot be opened: {error}; check plug, path and rights"))?;
    device.grab().map_err(|error| format!("barcode reader {shown} is used by another program: {error}; end that program"))?;
    let waiting = device.as_fd().try_clone_to_owned().map_err(|error| format!("barcode reader {shown}: {error}; restart the agent"))?;
    Ok((device, waiting))
}

fn listen(
    waiting: &OwnedFd,
    mut fetch: impl FnMut() -> io::Result<Vec<InputEvent>>,
    events: &Sender<ReaderEvent>,
    stop: &AtomicBool,
) -> End {
    let mut typist = Typist::default();
    loop {
        if ended(events, stop) {
            return End::Stopped;
        }
        let codes = match readable(waiting.as_fd()) {
            Ok(false) => typist.framer.end().into_iter().collect(),
            Ok(true) => match fetch() {
                Ok(keys) => keys.into_iter().flat_map(|key| typist.take(key)).collect(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Vec::new(),
                // ENODEV.
                Err(error) => return End::Lost(format!("barcode reader: {error}; plug it in again")),
            },
            Err(error) => return End::Lost(format!("barcode reader: {error}; plug it in again")),
        };
        for code in codes {
            if events.blocking_send(code).is_err() {
                return End::Stopped;
            }
        }
    }
}

/// Waits for keys; false after a silence that ends a code.
fn readable(device: BorrowedFd<'_>) -> Result<bool, Errno> {
    let silence = Timespec { tv_sec: 0, tv_nsec: i64::from(IDLE.subsec_nanos()) };
    loop {
        match poll(&mut [PollFd::from_borrowed_fd(device, PollFlags::IN)], Some(&silence)) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

#[derive(Default)]
struct Typist {
    keys: Keys,
    framer: Framer,
}

impl Typist {
    fn take(&mut self, event: InputEvent) -> Vec<ReaderEvent> {
        let typed = match event.event_type() {
            EventType::KEY => self.keys.event(KeyCode(event.code()), event.value()),
            // The kernel's queue overflowed: keys are missing, and nobody knows which are held.
            EventType::SYNCHRONIZATION if event.code() == SynchronizationCode::SYN_DROPPED.0 => {
                self.keys = Keys::default();
                Some(char::REPLACEMENT_CHARACTER)
            }
            _ => None,
        };
        typed.map(|c| self.framer.push(c.encode_utf8(&mut [0; 4]).as_bytes())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use tokio::sync::mpsc;

    /// Key events as a reader types a text: lower-case letters, digits and ENTER.
    fn strokes(text: &str) -> Vec<InputEvent> {
        let keys = text.chars().map(|c| match c {
            '0' => KeyCode::KEY_0,
            '1' => KeyCode::KEY_1,
            'a' => KeyCode::KEY_A,
            'b' => KeyCode::KEY_B,
            '\r' => KeyCode::KEY_ENTER,
            other => panic!("no key for {other:?}"),
        });
        let press = |key: KeyCode, value| InputEvent::new(EventType::KEY.0, key.0, value);
        keys.flat_map(|key| [press(key, 1), InputEvent::new(EventType::SYNCHRONIZATION.0, 0, 0), press(key, 0)]).collect()
    }

    /// Plays key events to `listen` through a socket whose bytes stand for them, one each, and returns what came out.
    fn played(parts: &[Vec<InputEvent>], pause: bool) -> (Vec<ReaderEvent>, bool) {
        let (mut reader, waiting) = UnixStream::pair().unwrap();
        let keys: Vec<InputEvent> = parts.concat();
        let mut left = keys.into_iter();
        let source = waiting.try_clone().unwrap();
        let fetch = move || {
            let mut buffer = [0; 64];
            match (&source).read(&mut buffer)? {
                0 => Err(io::Error::from_raw_os_error(Errno::NODEV.raw_os_error())),
                count => Ok(left.by_ref().take(count).collect()),
            }
        };
        let (sender, mut events) = mpsc::channel(64);
        let thread = std::thread::spawn(move || {
            let stop = AtomicBool::new(false);
            matches!(listen(&OwnedFd::from(waiting), fetch, &sender, &stop), End::Lost(reason) if reason.contains("plug it in"))
        });
        let mut seen = Vec::new();
        for part in parts {
            reader.write_all(&vec![0; part.len()]).unwrap();
            if pause {
                // Silence alone ends this code.
                seen.extend(events.blocking_recv());
            }
        }
        drop(reader);
        let lost = thread.join().unwrap();
        while let Ok(event) = events.try_recv() {
            seen.push(event);
        }
        (seen, lost)
    }

    fn code(text: &str) -> ReaderEvent {
        ReaderEvent::Code { text: text.to_owned(), aim: None }
    }

    #[test]
    fn a_burst_of_codes_loses_none_and_unplugging_ends_it() {
        let texts: Vec<String> = (0..20).map(|n| format!("ab{n:05b}")).collect();
        let parts: Vec<_> = texts.iter().map(|text| strokes(&format!("{text}\r"))).collect();
        let expected: Vec<_> = texts.iter().map(|text| code(text)).collect();
        assert_eq!(played(&parts, false), (expected, true));
    }

    #[test]
    fn silence_ends_a_code() {
        assert_eq!(played(&[strokes("ab"), strokes("01")], true), (vec![code("ab"), code("01")], true));
    }

    #[test]
    fn lost_keys_leave_their_mark() {
        let overflow = vec![InputEvent::new(EventType::SYNCHRONIZATION.0, SynchronizationCode::SYN_DROPPED.0, 0)];
        let (seen, _) = played(&[strokes("ab"), overflow, strokes("01\r")], false);
        assert_eq!(seen, [code("ab\u{fffd}01")]);
    }

    #[test]
    fn the_list_holds_only_what_types() {
        for (path, name) in list() {
            assert!(path.starts_with(BY_ID) && !name.is_empty());
        }
    }
}
