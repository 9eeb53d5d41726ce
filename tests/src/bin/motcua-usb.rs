//! Runs inside the virtual PC of `tests/usb/run.sh`: plays the USB devices on their gadget side and drives them through the
//! kernel's device files on the other. One line per check; the last line says whether all passed.

#![expect(
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "the lines are this program's work; whatever else comes is a failure"
)]

use anyhow::{Context as _, bail, ensure};
use image::GrayImage;
use motcua_drivers::{
    DeviceError, Human,
    barcode::{Mode, ReaderEvent, keyboard, serial},
    printer::{Printed, Printer, PrinterTiming},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(20);
/// `O_NONBLOCK` of Linux on x86 and ARM.
const O_NONBLOCK: i32 = 0o4000;
const CARD: &str = "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm|10052021";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, switch, controller] = arguments.as_slice() else {
        println!("usage: motcua-usb UDC-FILE CONTROLLER (tests/usb/run.sh calls it)");
        std::process::exit(2);
    };
    let plug = Plug { switch: switch.into(), controller: controller.clone() };
    let mut failed = 0;
    let checks: [(&str, Check); 3] = [
        ("barcode reader, serial (cdc-acm)", serial_reader),
        ("barcode reader, keyboard (hid, evdev)", keyboard_reader),
        ("receipt printer (usblp)", printer),
    ];
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

type Check = fn(&Plug) -> anyhow::Result<()>;

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
    stop.store(true, Ordering::Relaxed);
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
    stop.store(true, Ordering::Relaxed);
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

/// Status, a whole slip, paper out in mid-slip and the refill, a stall, the unplugging in mid-slip.
fn printer(plug: &Plug) -> anyhow::Result<()> {
    let node = Path::new("/dev/usb/lp0");
    appear(node)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let timing = PrinterTiming { write: Duration::from_secs(2), done: Duration::from_secs(3), ..PrinterTiming::default() };
        let printer = Printer::usb(node).with_timing(timing);
        let device = FakePrinter::start()?;
        let about = printer.about().await?;
        ensure!(about.contains("TM-T20"), "the printer says of itself: {about:?}");
        let status = printer.status().await?;
        ensure!(status.is_ready(), "{status:?}");
        let slip = GrayImage::from_fn(576, 400, |x, y| image::Luma([if (x + y) % 2 == 0 { 0 } else { 255 }]));
        ensure!(printer.print(&slip).await? == Printed::Confirmed, "a good printer did not confirm");
        ensure!(device.bytes() > 576 / 8 * 400, "{} bytes arrived", device.bytes());

        device.say(NO_PAPER);
        let status = printer.status().await?;
        ensure!(status.paper_out, "no paper, and the status is {status:?}");
        ensure!(matches!(printer.print(&slip).await, Err(DeviceError::NeedsHuman(Human::PaperOut))), "printed without paper");
        device.say(READY);
        ensure!(printer.print(&slip).await? == Printed::Confirmed, "not printed after the refill");

        plug.pull()?;
        drop(device);
        match printer.status().await {
            Err(DeviceError::Disconnected(_)) => {}
            other => bail!("unplugged, and the status is {other:?}"),
        }
        plug.insert()?;
        appear(node)?;
        let device = FakePrinter::start()?;
        ensure!(printer.print(&slip).await? == Printed::Confirmed, "not printed after replugging");
        drop(device);
        Ok(())
    })
}

/// Answers of `DLE EOT 1` to `4` of a printer that is ready, and of one without paper (offline, paper end).
const READY: [u8; 4] = [0x16, 0x12, 0x12, 0x12];
const NO_PAPER: [u8; 4] = [0x1e, 0x32, 0x12, 0x72];

/// The device's side of the printer gadget: counts what it gets, answers `DLE EOT` and `GS r`.
struct FakePrinter {
    answers: Arc<Mutex<[u8; 4]>>,
    bytes: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    task: Option<thread::JoinHandle<()>>,
}

impl FakePrinter {
    fn start() -> anyhow::Result<Self> {
        appear(Path::new("/dev/g_printer0"))?;
        let device =
            OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open("/dev/g_printer0").context("/dev/g_printer0")?;
        let (answers, bytes, stop) = (Arc::new(Mutex::new(READY)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (says, count, end) = (Arc::clone(&answers), Arc::clone(&bytes), Arc::clone(&stop));
        let task = thread::spawn(move || serve(device, &says, &count, &end));
        Ok(Self { answers, bytes, stop, task: Some(task) })
    }

    fn say(&self, answers: [u8; 4]) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for FakePrinter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(task) = self.task.take() {
            let _ = task.join();
        }
    }
}

/// Understands just enough of ESC/POS to skip the dots: requests inside a picture are none.
fn serve(mut device: File, answers: &Mutex<[u8; 4]>, count: &AtomicUsize, stop: &AtomicBool) {
    let mut held: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    while !stop.load(Ordering::Relaxed) {
        match device.read(&mut buffer) {
            Ok(got) if got > 0 => {
                count.fetch_add(got, Ordering::Relaxed);
                held.extend(buffer.iter().take(got));
            }
            _ => thread::sleep(Duration::from_millis(5)),
        }
        let mut reply = Vec::new();
        let taken = understand(&held, &mut reply, *answers.lock().unwrap_or_else(PoisonError::into_inner));
        held.drain(..taken);
        if !reply.is_empty() && device.write_all(&reply).is_err() {
            return;
        }
    }
}

/// Bytes of whole commands at the start; their answers go to `reply`.
fn understand(bytes: &[u8], reply: &mut Vec<u8>, answers: [u8; 4]) -> usize {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..)
        && let Some(first) = rest.first()
    {
        let length = match (first, rest.get(1), rest.get(2), rest.get(3)) {
            (0x10, Some(0x04), Some(which), _) => {
                reply.extend(usize::from(*which).checked_sub(1).and_then(|index| answers.get(index)));
                3
            }
            (0x1d, Some(b'r'), Some(_), _) => {
                reply.push(0);
                3
            }
            (0x1d, Some(b'v'), Some(b'0'), Some(_)) => {
                let [xl, xh, yl, yh] = match rest.get(4..8) {
                    Some(&[xl, xh, yl, yh]) => [xl, xh, yl, yh].map(usize::from),
                    _ => return at,
                };
                8 + (xl + 256 * xh) * (yl + 256 * yh)
            }
            (0x1d, Some(b'V'), Some(65 | 66), Some(_)) => 4,
            (0x1d, Some(b'V' | b'a' | b'I'), Some(_), _) | (0x1b, Some(b'J' | b'd' | b'a' | b'3' | b't'), Some(_), _) => 3,
            (0x1b, Some(b'@' | b'2'), _, _) => 2,
            (0x10 | 0x1b | 0x1d, _, _, None) if rest.len() < 4 => return at,
            _ => 1,
        };
        if rest.len() < length {
            return at;
        }
        at += length;
    }
    at
}

/// Opens the device's side of a gadget.
fn gadget(path: &str) -> anyhow::Result<File> {
    OpenOptions::new().read(true).write(true).open(path).with_context(|| format!("opening {path}"))
}
