//! The serial variant of the HN212 desk reader on a real pty.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use motcua_drivers::DeviceError;
use motcua_drivers::idcard::{AccessKey, CardError, CardEvent, CardOrder, Progress, Trust, TrustStore, hn212_serial};
use serialport::{SerialPort, TTYPort};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// The device: answers PING and the switches, takes the key, and says what it is told to say. Dropping it pulls the plug.
struct Device {
    says: std::sync::mpsc::Sender<String>,
    commands: mpsc::UnboundedReceiver<String>,
}

impl Device {
    fn plug(link: &Path) -> Self {
        let (mut master, slave) = TTYPort::pair().unwrap();
        let _ = std::fs::remove_file(link);
        std::os::unix::fs::symlink(slave.name().unwrap(), link).unwrap();
        master.set_timeout(Duration::from_millis(20)).unwrap();
        let (says, told) = std::sync::mpsc::channel::<String>();
        let (sender, commands) = mpsc::unbounded_channel();
        let link = link.to_owned();
        std::thread::spawn(move || {
            let (mut held, mut buffer) = (Vec::new(), [0; 256]);
            loop {
                match told.try_recv() {
                    Ok(text) => master.write_all(text.as_bytes()).unwrap(),
                    Err(std::sync::mpsc::TryRecvError::Empty) => {}
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => break,
                }
                // Nothing to read, or nobody has opened the line yet.
                let Ok(count) = master.read(&mut buffer) else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                held.extend_from_slice(&buffer[..count]);
                while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                    let line = String::from_utf8(held.drain(..=end).collect()).unwrap().trim().to_owned();
                    let answer = match line.as_str() {
                        "PING" => "PONG\r\n",
                        "SOD:ON" => "[OK] SOD enabled\r\n",
                        _ if line.starts_with("CCCD:") => "ACK_MRZ\r\n",
                        _ => "",
                    };
                    master.write_all(answer.as_bytes()).unwrap();
                    if line != "PING" && !line.is_empty() {
                        let _ = sender.send(line);
                    }
                }
            }
            let _ = std::fs::remove_file(link);
        });
        Self { says, commands }
    }

    fn say(&self, text: &str) {
        self.says.send(text.to_owned()).unwrap();
    }

    async fn command(&mut self) -> String {
        tokio::time::timeout(Duration::from_secs(10), self.commands.recv()).await.expect("a command within 10 s").unwrap()
    }
}

struct Bench {
    device: Option<Device>,
    link: PathBuf,
    events: mpsc::Receiver<CardEvent>,
    orders: mpsc::Sender<CardOrder>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("hn212");
        let device = Device::plug(&link);
        let (sender, events) = mpsc::channel(64);
        let (orders, receiver) = mpsc::channel(4);
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, path) = (Arc::clone(&stop), link.clone());
        let run = move || hn212_serial::run(path, Arc::new(TrustStore::empty()), receiver, sender, || 1_795_000_000, &flag);
        Self { device: Some(device), link, events, orders, stop, thread: Some(std::thread::spawn(run)), _folder: folder }
    }

    fn device(&mut self) -> &mut Device {
        self.device.as_mut().unwrap()
    }

    /// The next event as text: personal data does not show in it.
    async fn next(&mut self) -> CardEvent {
        tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await.expect("an event within 20 s").expect("the thread lives")
    }

    async fn expect(&mut self, wanted: &str) {
        let shown = format!("{:?}", self.next().await);
        assert!(shown.starts_with(wanted), "{shown} instead of {wanted}");
    }

    async fn order(&self, photo: bool) {
        let key = AccessKey::Mrz { document: "001190000016".to_owned(), birth: "900115".to_owned(), expiry: "300115".to_owned() };
        self.orders.send(CardOrder::Read { key, photo }).await.unwrap();
    }
}

fn fields() -> &'static str {
    "{\r\n\"CCCD Number\": \"001190000016\",\r\n\"Full Name\": \"Nguyễn Thị Mẫu\",\r\n\"Date of Birth\": \"15/01/1990\"\r\n}\r\n"
}

#[tokio::test]
async fn a_card_from_order_to_removal() {
    let mut bench = Bench::new();
    bench.expect("Opened { model: \"HN212\" }").await;
    // The order waits for the card.
    bench.order(true).await;
    bench.device().say("NFC_DETECTED\r\n");
    bench.expect("CardIn").await;
    for command in ["DG2:ON", "SOD:ON", "CCCD:001190000016|BIRTH:900115|EXPIRY:300115"] {
        assert_eq!(bench.device().command().await, command);
    }
    bench.expect("Progress(Opening)").await;
    // Cut inside a letter.
    let text = format!("{}[DG2_PHOTO_START_JPEG]\r\n/9j/4A==\r\nAQI=\r\n[DG2_PHOTO_END]\r\nSUCCESS\r\nSCAN_DONE\r\n", fields());
    let (head, tail) = text.split_at(text.find("ễ").unwrap());
    bench.device().say(head);
    bench.device().say(tail);
    let event = bench.next().await;
    assert!(matches!(event, CardEvent::Progress(Progress::Reading { group: 2, done: 6, of: 6 })), "{event:?}");
    let event = bench.next().await;
    let CardEvent::Read(card) = event else { panic!("{event:?}") };
    assert_eq!(card.citizen.as_ref().unwrap().name, "Nguyễn Thị Mẫu");
    assert_eq!(card.photo.as_ref().unwrap().bytes, [0xff, 0xd8, 0xff, 0xe0, 1, 2]);
    assert_eq!(card.trust, Trust::Unsigned);
    bench.device().say("CARD_REMOVED\r\n");
    bench.expect("CardOut").await;

    bench.stop.store(true, Ordering::Relaxed);
    let thread = bench.thread.take().unwrap();
    tokio::time::timeout(Duration::from_secs(5), tokio::task::spawn_blocking(move || thread.join())).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn every_failure_has_its_name_and_the_next_card_is_read() {
    let mut bench = Bench::new();
    bench.expect("Opened").await;

    bench.orders.send(CardOrder::Read { key: AccessKey::Can("000016".to_owned()), photo: false }).await.unwrap();
    let event = bench.next().await;
    assert!(matches!(event, CardEvent::Failed(CardError::Device(DeviceError::Rejected(_)))), "{event:?}");

    // A card that lies there already; taken away in the middle of a file.
    bench.device().say("NFC_DETECTED\r\n");
    bench.expect("CardIn").await;
    bench.order(false).await;
    bench.expect("Progress(Opening)").await;
    assert_eq!(bench.device().command().await, "DG2:OFF");
    bench.device().say(&format!("{}[DG13_RAW_START]\r\nAAAA\r\nCARD_REMOVED\r\n", fields()));
    bench.expect("Failed(Moved)").await;
    bench.expect("CardOut").await;

    // The reader gives up.
    bench.order(false).await;
    bench.device().say("NFC_DETECTED\r\n");
    bench.expect("CardIn").await;
    bench.expect("Progress(Opening)").await;
    bench.device().say("SCAN_FAIL\r\n");
    bench.expect("Failed(Protocol(").await;

    // Pulled out and put back; the next card is read.
    bench.device = None;
    bench.expect("Lost(").await;
    bench.device = Some(Device::plug(&bench.link));
    bench.expect("Opened").await;
    bench.order(false).await;
    bench.device().say("NFC_DETECTED\r\n");
    bench.expect("CardIn").await;
    bench.expect("Progress(Opening)").await;
    bench.device().say(&format!("{}SUCCESS\r\n", fields()));
    bench.expect("Read(").await;
}
