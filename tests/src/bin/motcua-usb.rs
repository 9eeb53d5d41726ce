//! Runs inside the virtual PC of `tests/usb/run.sh`: plays the USB devices on their gadget side and drives them through the
//! kernel's device files on the other. One line per check; the last line says whether all passed.

#![allow(clippy::print_stdout, reason = "the lines are this program's work")]

use anyhow::{Context as _, bail, ensure};
use motcua_drivers::barcode::{Mode, ReaderEvent, keyboard, serial};
use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(20);
const CARD: &str = "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm|10052021";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, switch, controller] = arguments.as_slice() else {
        println!("usage: motcua-usb UDC-FILE CONTROLLER (tests/usb/run.sh calls it)");
        std::process::exit(2);
    };
    let plug = Plug { switch: switch.into(), controller: controller.clone() };
    let mut failed = 0;
    let checks: [(&str, fn(&Plug) -> anyhow::Result<()>); 2] =
        [("barcode reader, serial (cdc-acm)", serial_reader), ("barcode reader, keyboard (hid, evdev)", keyboard_reader)];
    for (name, check) in checks {
        let started = Instant::now();
        match check(&plug) {
            Ok(()) => println!("usb: PASS {name} ({:.1} s)", started.elapsed().as_secs_f32()),
            Err(error) => {
                failed += 1;
                println!("usb: FAIL {name}: {error:#}");
            }
        }
    }
    println!("{}", if failed == 0 { "usb: all checks passed" } else { "usb: some checks failed" });
}

/// The cable between gadget and PC.
struct Plug {
    switch: PathBuf,
    controller: String,
}

impl Plug {
    fn pull(&self) -> anyhow::Result<()> {
        fs::write(&self.switch, "\n").context("pulling the plug")
    }

    fn insert(&self) -> anyhow::Result<()> {
        fs::write(&self.switch, format!("{}\n", self.controller)).context("plugging in")
    }
}

/// Waits for a device file, and for a kernel that is done with it.
fn appear(path: &Path) -> anyhow::Result<()> {
    until(&format!("{} to appear", path.display()), || path.exists())
}

fn until(what: &str, mut done: impl FnMut() -> bool) -> anyhow::Result<()> {
    let started = Instant::now();
    while !done() {
        ensure!(started.elapsed() < PATIENCE, "waited {} s for {what}", PATIENCE.as_secs());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn next(events: &mut mpsc::Receiver<ReaderEvent>) -> anyhow::Result<ReaderEvent> {
    let mut event = None;
    until("the reader to say something", || {
        event = events.try_recv().ok();
        event.is_some()
    })?;
    event.context("nothing")
}

fn expect_code(events: &mut mpsc::Receiver<ReaderEvent>, wanted: &str) -> anyhow::Result<()> {
    match next(events)? {
        ReaderEvent::Code { text, .. } if text == wanted => Ok(()),
        other => bail!("{other:?} came instead of {wanted:?}"),
    }
}

/// Burst, UTF-8 in pieces, unplug in mid-code, replug.
fn serial_reader(plug: &Plug) -> anyhow::Result<()> {
    let host = Path::new("/dev/ttyACM0");
    appear(host)?;
    appear(Path::new("/dev/ttyGS0"))?;
    let (send, mut events) = mpsc::channel(64);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let reader = thread::spawn(move || serial::run("/dev/ttyACM0".into(), 9600, send, &flag));
    ensure!(matches!(next(&mut events)?, ReaderEvent::Opened(Mode::Serial)), "the reader was not opened");
    let mut gun = gadget("/dev/ttyGS0")?;
    let burst: String = (0..20).map(|number| format!("]C1HS-2026-{number:06}\r\n")).collect();
    gun.write_all(burst.as_bytes())?;
    for number in 0..20 {
        expect_code(&mut events, &format!("HS-2026-{number:06}"))?;
    }
    for piece in format!("{CARD}\r").as_bytes().chunks(7) {
        gun.write_all(piece)?;
        thread::sleep(Duration::from_millis(5));
    }
    expect_code(&mut events, CARD)?;
    gun.write_all(b"HALF")?;
    thread::sleep(Duration::from_millis(20));
    drop(gun);
    plug.pull()?;
    loop {
        match next(&mut events)? {
            ReaderEvent::Lost(_) => break,
            ReaderEvent::Code { .. } => {}
            other => bail!("{other:?} came instead of Lost"),
        }
    }
    plug.insert()?;
    ensure!(matches!(next(&mut events)?, ReaderEvent::Opened(Mode::Serial)), "the reader was not opened again");
    gadget("/dev/ttyGS0")?.write_all(b"RR473124829VN\r")?;
    expect_code(&mut events, "RR473124829VN")?;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    reader.join().map_err(|_| anyhow::anyhow!("the reader's thread panicked"))
}

/// Found by its name, grabbed from everybody else, read, unplugged, replugged (the kernel gives it another number then).
fn keyboard_reader(plug: &Plug) -> anyhow::Result<()> {
    let device = wait_for_keyboard()?;
    // udev would make this name.
    let stable = Path::new("/dev/reader");
    std::os::unix::fs::symlink(&device, stable)?;
    let (send, mut events) = mpsc::channel(64);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let reader = thread::spawn(move || keyboard::run("/dev/reader".into(), send, &flag));
    ensure!(matches!(next(&mut events)?, ReaderEvent::Opened(Mode::Keyboard)), "the reader was not opened");
    ensure!(evdev::Device::open(&device)?.grab().is_err(), "the reader is not grabbed: its codes would go to whatever has the focus");
    type_on_keyboard("HS-2026-000123")?;
    expect_code(&mut events, "HS-2026-000123")?;
    plug.pull()?;
    ensure!(matches!(next(&mut events)?, ReaderEvent::Lost(_)), "nothing was said of the unplugging");
    fs::remove_file(stable)?;
    plug.insert()?;
    std::os::unix::fs::symlink(wait_for_keyboard()?, stable)?;
    ensure!(matches!(next(&mut events)?, ReaderEvent::Opened(Mode::Keyboard)), "the reader was not opened again");
    type_on_keyboard("RR473124829VN")?;
    expect_code(&mut events, "RR473124829VN")?;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    reader.join().map_err(|_| anyhow::anyhow!("the reader's thread panicked"))
}

fn wait_for_keyboard() -> anyhow::Result<PathBuf> {
    let mut found = None;
    until("the keyboard", || {
        found = evdev::enumerate().find(|(_, device)| device.name().is_some_and(|name| name.contains("Counter in one")));
        found.is_some()
    })?;
    Ok(found.context("no keyboard")?.0)
}

/// Boot keyboard reports (USB HID 1.11, appendix B.1): modifiers, 0, six keys. Ends with Enter.
fn type_on_keyboard(text: &str) -> anyhow::Result<()> {
    let mut keyboard = gadget("/dev/hidg0")?;
    for letter in text.bytes().chain([b'\n']) {
        let (shift, key) = match letter {
            b'A'..=b'Z' => (2, letter - b'A' + 4),
            b'1'..=b'9' => (0, letter - b'1' + 30),
            b'0' => (0, 39),
            b'-' => (0, 45),
            b'\n' => (0, 40),
            other => bail!("no key for {other}"),
        };
        keyboard.write_all(&[shift, 0, key, 0, 0, 0, 0, 0])?;
        keyboard.write_all(&[0; 8])?;
    }
    Ok(())
}

/// Opens the device's side of a gadget.
fn gadget(path: &str) -> anyhow::Result<File> {
    OpenOptions::new().read(true).write(true).open(path).with_context(|| format!("opening {path}"))
}
