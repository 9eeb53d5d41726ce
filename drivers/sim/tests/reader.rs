//! The barcode reader's driver on a real pty of the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use common::simulator;
use motcua_drivers::barcode::{Mode, ReaderEvent, serial};
use motcua_sim::{CARDS, Command, Device, Sim};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;

struct Bench {
    sim: Sim,
    events: mpsc::Receiver<ReaderEvent>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let sim = simulator(folder.path()).await;
    let (sender, events) = mpsc::channel(16);
    let stop = Arc::new(AtomicBool::new(false));
    let (path, flag) = (sim.ports().gun_link.clone(), Arc::clone(&stop));
    let thread = std::thread::spawn(move || serial::run(path, 9600, sender, &flag));
    Bench { sim, events, stop, thread: Some(thread), _folder: folder }
}

impl Bench {
    async fn next(&mut self) -> ReaderEvent {
        tokio::time::timeout(Duration::from_secs(10), self.events.recv()).await.expect("an event within 10 s").expect("the thread lives")
    }

    async fn dock(&self, command: Command) {
        self.sim.command(command).await.unwrap();
    }
}

fn code(text: &str, aim: Option<&str>) -> ReaderEvent {
    ReaderEvent::Code { text: text.to_owned(), aim: aim.map(str::to_owned) }
}

#[tokio::test]
async fn cards_come_through_with_their_vietnamese_letters() {
    let mut bench = bench().await;
    assert_eq!(bench.next().await, ReaderEvent::Opened(Mode::Serial));
    for card in CARDS {
        bench.dock(Command::Card(card.name.to_owned())).await;
        assert_eq!(bench.next().await, code(card.text, None));
    }
    bench.dock(Command::Type("]Q1HS-2026-000123\n".to_owned())).await;
    assert_eq!(bench.next().await, code("HS-2026-000123", Some("Q1")));
}

#[tokio::test]
async fn bytes_without_an_end_are_a_code_after_silence_and_bytes_that_are_no_text_are_garbage() {
    let mut bench = bench().await;
    assert_eq!(bench.next().await, ReaderEvent::Opened(Mode::Serial));
    bench.dock(Command::Garbage(b"RR473124829VN".to_vec())).await;
    assert_eq!(bench.next().await, code("RR473124829VN", None));
    bench.dock(Command::Garbage(vec![0xff, 0xfe, 0x80, b'\r'])).await;
    assert_eq!(bench.next().await, ReaderEvent::Garbage { bytes: 3 });
}

#[tokio::test]
async fn a_burst_of_twenty_codes_loses_none() {
    let mut bench = bench().await;
    assert_eq!(bench.next().await, ReaderEvent::Opened(Mode::Serial));
    let texts: Vec<String> = (1..=20).map(|n| format!("{}|{n:02}", CARDS[0].text)).collect();
    let bytes: Vec<u8> = texts.iter().flat_map(|text| format!("]Q1{text}\r\n").into_bytes()).collect();
    bench.dock(Command::Garbage(bytes)).await;
    for text in texts {
        assert_eq!(bench.next().await, code(&text, Some("Q1")));
    }
}

#[tokio::test]
async fn letters_cut_between_two_reads_are_whole() {
    let mut bench = bench().await;
    assert_eq!(bench.next().await, ReaderEvent::Opened(Mode::Serial));
    let bytes = format!("{}\r", CARDS[1].text).into_bytes();
    let inside: Vec<usize> = (1..bytes.len()).filter(|at| bytes[*at] & 0xc0 == 0x80).collect();
    assert!(inside.len() > 10);
    for cut in inside {
        bench.dock(Command::Garbage(bytes[..cut].to_vec())).await;
        tokio::task::yield_now().await;
        bench.dock(Command::Garbage(bytes[cut..].to_vec())).await;
        assert_eq!(bench.next().await, code(CARDS[1].text, None));
    }
}

#[tokio::test]
async fn unplugged_is_told_once_and_the_reader_is_used_again() {
    let mut bench = bench().await;
    assert_eq!(bench.next().await, ReaderEvent::Opened(Mode::Serial));
    for _ in 0..2 {
        // A code cut off by the unplugging is none.
        bench.dock(Command::Garbage(b"RR4731".to_vec())).await;
        bench.dock(Command::Unplug(Device::Gun)).await;
        assert!(matches!(bench.next().await, ReaderEvent::Lost(_)));
        assert!(bench.sim.command(Command::Card("courier".to_owned())).await.is_err());
        bench.dock(Command::Plug(Device::Gun)).await;
        assert_eq!(bench.next().await, ReaderEvent::Opened(Mode::Serial), "lost is told once, however often opening fails");
        bench.dock(Command::Card("courier".to_owned())).await;
        assert_eq!(bench.next().await, code("BCCI-HN0123", None));
    }
}

#[tokio::test]
async fn stops_when_told_and_when_nobody_listens() {
    let mut told = bench().await;
    assert_eq!(told.next().await, ReaderEvent::Opened(Mode::Serial));
    told.stop.store(true, Ordering::Relaxed);
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), told.events.recv()).await.unwrap(), None);

    let mut alone = bench().await;
    assert_eq!(alone.next().await, ReaderEvent::Opened(Mode::Serial));
    drop(std::mem::replace(&mut alone.events, mpsc::channel(1).1));
    let thread = alone.thread.take().unwrap();
    tokio::time::timeout(Duration::from_secs(5), tokio::task::spawn_blocking(move || thread.join())).await.unwrap().unwrap().unwrap();
}
