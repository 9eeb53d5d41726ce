//! The receipt printer's driver against the simulated printer, over real TCP and a tty. Slips are read back from the paper.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use common::simulator;
use motcua_drivers::printer::{Align, Block, Font, GrayImage, Printed, Printer, PrinterTiming, Resumed, Size, render, sheet};
use motcua_drivers::{DeviceError, Human};
use motcua_sim::{Command, Device, PrinterKind, PrinterMode, Sim};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Bench {
    sim: Sim,
    printer: Printer,
    out: PathBuf,
    _folder: TempDir,
}

#[derive(Clone, Copy, Debug)]
enum Wire {
    Tcp,
    Serial,
    Usb,
}

const WIRES: [Wire; 3] = [Wire::Tcp, Wire::Serial, Wire::Usb];

const TIMING: PrinterTiming = PrinterTiming {
    connect: Duration::from_secs(2),
    answer: Duration::from_millis(400),
    write: Duration::from_secs(10),
    done: Duration::from_secs(10),
    poll: Duration::from_millis(20),
    rows_per_second: 100_000,
};

async fn bench_on(wire: Wire) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let sim = simulator(folder.path()).await;
    let printer = match wire {
        Wire::Tcp => Printer::tcp(format!("127.0.0.1:{}", sim.ports().printer_port)),
        Wire::Serial => Printer::serial(folder.path().join("printer"), 115_200),
        // The kernel's driver gives a device file that is read, written and polled like this one; a real one is tried in a machine of its own.
        Wire::Usb => Printer::usb(folder.path().join("printer")),
    };
    Bench { sim, printer: printer.with_timing(TIMING), out, _folder: folder }
}

async fn bench() -> Bench {
    bench_on(Wire::Tcp).await
}

impl Bench {
    async fn dock(&self, command: Command) {
        self.sim.command(command).await.unwrap();
    }

    /// A printer as small and forgetful as they come, apart from what `change` says.
    async fn kind(&self, change: impl Fn(&mut PrinterKind)) {
        let mut kind = PrinterKind { buffer: 4096, ..PrinterKind::default() };
        change(&mut kind);
        self.dock(Command::PrinterKind(kind)).await;
    }

    async fn slips(&self) -> u32 {
        self.sim.state().await.slips
    }

    fn paper(&self, number: u32) -> GrayImage {
        image::open(self.out.join(format!("slip-{number:03}.png"))).unwrap().into_luma8()
    }
}

fn blocks() -> [Block; 3] {
    [
        Block::Text { text: "Phiếu xác nhận đã nộp".to_owned(), size: Size::Large, bold: true, align: Align::Centre },
        Block::Row { label: "Người nộp".to_owned(), value: "Nguyễn Thị Mẫu".to_owned() },
        Block::Qr { text: CODE.to_owned() },
    ]
}

const CODE: &str = "T-K01-260301-00042-17";

fn font() -> Font {
    let font = std::fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").expect("fonts-noto-core is installed");
    Font::new(font, None).unwrap()
}

fn slip() -> GrayImage {
    render(&blocks(), 576, &font()).unwrap()
}

fn qr_of(paper: &GrayImage) -> String {
    let (width, height) = (paper.width() as usize, paper.height() as usize);
    let mut grid = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| paper.get_pixel(x as u32, y as u32).0[0]);
    grid.detect_grids()[0].decode().unwrap().1
}

fn is_whole(paper: &GrayImage, slip: &GrayImage) -> bool {
    paper.height() >= slip.height() && slip.enumerate_pixels().all(|(x, y, dot)| paper.get_pixel(x, y) == dot)
}

#[tokio::test]
async fn a_slip_comes_out_dot_for_dot_and_is_confirmed_on_every_wire() {
    for wire in WIRES {
        let bench = bench_on(wire).await;
        bench.kind(|_| {}).await;
        let slip = slip();
        assert_eq!(bench.printer.print(&slip).await, Ok(Printed::Confirmed), "{wire:?}");
        let paper = bench.paper(1);
        assert_eq!(paper.width(), 576);
        assert!(paper.height() > slip.height(), "paper is fed past the knife");
        assert!(is_whole(&paper, &slip), "{wire:?}");
        assert_eq!(qr_of(&paper), CODE);
        assert_eq!(bench.printer.about().await, Ok("MOTCUA SIM-80".to_owned()), "{wire:?}");
    }
}

#[tokio::test]
async fn the_printer_draws_the_qr_itself_in_its_place() {
    for width in [384, 576] {
        let bench = bench().await;
        bench.kind(|kind| kind.width = width).await;
        let (width, font) = (u32::from(width), font());
        let native = sheet(&blocks(), width, &font, true).unwrap();
        assert_eq!(bench.printer.print_sheet(&native).await, Ok(Printed::Confirmed));
        let paper = bench.paper(1);
        assert_eq!((paper.width(), qr_of(&paper)), (width, CODE.to_owned()));
        let drawn = render(&blocks(), width, &font).unwrap();
        assert!(drawn.height().abs_diff(paper.height() - 72) <= 8, "{} and {}", drawn.height(), paper.height());
        let words = 8 + 2 * 60;
        assert!((0..words).all(|y| (0..width).all(|x| drawn.get_pixel(x, y) == paper.get_pixel(x, y))), "words above the QR");
    }
}

#[tokio::test]
async fn status_in_every_state() {
    let bench = bench().await;
    let ready = bench.printer.status().await.unwrap();
    assert!(ready.is_ready() && !ready.near_end);
    bench.dock(Command::Printer(PrinterMode::NearEnd)).await;
    let near_end = bench.printer.status().await.unwrap();
    assert!(near_end.is_ready() && near_end.near_end);
    bench.dock(Command::Printer(PrinterMode::PaperOut)).await;
    assert_eq!(bench.printer.status().await.unwrap().trouble(), Some(Human::PaperOut));
    bench.dock(Command::Printer(PrinterMode::Cover)).await;
    assert_eq!(bench.printer.status().await.unwrap().trouble(), Some(Human::CoverOpen));
    bench.dock(Command::Printer(PrinterMode::Cutter)).await;
    assert_eq!(bench.printer.status().await.unwrap().trouble(), Some(Human::Other));
    bench.dock(Command::Printer(PrinterMode::Silent)).await;
    assert!(!bench.printer.status().await.unwrap().known);
    assert_eq!(bench.printer.about().await, Ok(String::new()));
}

#[tokio::test]
async fn nothing_is_sent_to_a_printer_without_paper_or_with_its_cover_open() {
    let bench = bench().await;
    for (mode, human) in [(PrinterMode::PaperOut, Human::PaperOut), (PrinterMode::Cover, Human::CoverOpen)] {
        bench.dock(Command::Printer(mode)).await;
        assert_eq!(bench.printer.print(&slip()).await, Err(DeviceError::NeedsHuman(human)));
        assert_eq!(bench.sim.state().await.printer_waiting, 0);
    }
    bench.dock(Command::Printer(PrinterMode::Ok)).await;
    assert_eq!(bench.sim.state().await.slips, 0);
}

/// Both ways to interrupt a slip, and to end that.
fn interruptions(slip: &GrayImage) -> [(Command, Human, Command); 3] {
    let close = Command::Printer(PrinterMode::Ok);
    [
        (Command::PaperRows(slip.height() / 2), Human::PaperOut, Command::LoadPaper),
        (Command::CoverAfterRows(slip.height() / 2), Human::CoverOpen, close),
        // All has been sent by then: only the cut is left.
        (Command::PaperRows(slip.height() + 20), Human::PaperOut, Command::LoadPaper),
    ]
}

#[tokio::test]
async fn a_printer_that_kept_its_buffer_finishes_the_slip_once() {
    let slip = slip();
    for wire in WIRES {
        for pushes in [true, false] {
            for (stop, human, mend) in interruptions(&slip) {
                let bench = bench_on(wire).await;
                bench.kind(|kind| kind.pushes = pushes).await;
                bench.dock(stop).await;
                assert_eq!(bench.printer.print(&slip).await, Err(DeviceError::NeedsHuman(human)), "{wire:?}");
                assert!(bench.printer.is_interrupted().await);
                assert_eq!(bench.printer.status().await.unwrap().trouble(), Some(human));
                assert_eq!(bench.printer.resume().await, Err(DeviceError::NeedsHuman(human)), "nobody has acted yet");
                assert_eq!(bench.slips().await, 0);
                bench.dock(mend).await;
                assert_eq!(bench.printer.resume().await, Ok(Resumed::Confirmed), "{wire:?} {human}");
                assert!(!bench.printer.is_interrupted().await);
                assert_eq!(bench.slips().await, 1);
                assert!(is_whole(&bench.paper(1), &slip), "nothing is missing and nothing is twice");
                assert!(matches!(bench.printer.resume().await, Err(DeviceError::Rejected(_))));
            }
        }
    }
}

#[tokio::test]
async fn a_printer_that_lost_its_buffer_is_found_out_and_the_reprint_begins_on_new_paper() {
    let slip = slip();
    for wire in WIRES {
        for (stop, human, mend) in interruptions(&slip) {
            let bench = bench_on(wire).await;
            bench.kind(|kind| kind.keeps_buffer = false).await;
            bench.dock(stop).await;
            assert_eq!(bench.printer.print(&slip).await, Err(DeviceError::NeedsHuman(human)));
            bench.dock(mend).await;
            assert_eq!(bench.printer.resume().await, Ok(Resumed::Lost), "{wire:?} {human}");
            assert_eq!(bench.slips().await, 0, "nothing more is sent behind the gap");
            assert_eq!(bench.printer.print(&slip).await, Ok(Printed::Confirmed));
            assert_eq!(bench.slips().await, 2, "the half, cut off, and the whole");
            assert!(!is_whole(&bench.paper(1), &slip) || human == Human::PaperOut);
            assert!(is_whole(&bench.paper(2), &slip));
        }
    }
}

#[tokio::test]
async fn a_printer_that_does_not_answer_behind_its_buffer_leaves_the_end_unknown() {
    let bench = bench().await;
    bench.kind(|kind| (kind.queued_status, kind.buffer) = (false, 1 << 20)).await;
    let slip = slip();
    assert_eq!(bench.printer.print(&slip).await, Ok(Printed::Confirmed), "it stayed ready as long as printing takes");
    bench.dock(Command::PaperRows(200)).await;
    assert_eq!(bench.printer.print(&slip).await, Err(DeviceError::NeedsHuman(Human::PaperOut)));
    bench.dock(Command::LoadPaper).await;
    assert_eq!(bench.printer.resume().await, Ok(Resumed::Unknown));
    assert!(is_whole(&bench.paper(2), &slip));
}

#[tokio::test]
async fn a_slip_that_nobody_waits_for_is_cut_off_from_the_next() {
    let bench = bench().await;
    bench.kind(|_| {}).await;
    let slip = slip();
    bench.dock(Command::PaperRows(200)).await;
    assert_eq!(bench.printer.print(&slip).await, Err(DeviceError::NeedsHuman(Human::PaperOut)));
    bench.printer.abandon().await;
    assert!(!bench.printer.is_interrupted().await);
    bench.dock(Command::LoadPaper).await;
    assert_eq!(bench.printer.print(&slip).await, Ok(Printed::Confirmed));
    assert!(is_whole(&bench.paper(2), &slip));
}

#[tokio::test]
async fn unplugged_in_the_middle_of_a_slip() {
    for wire in WIRES {
        let bench = bench_on(wire).await;
        bench.kind(|_| {}).await;
        bench.dock(Command::PaperRows(200)).await;
        assert_eq!(bench.printer.print(&slip()).await, Err(DeviceError::NeedsHuman(Human::PaperOut)));
        bench.dock(Command::Unplug(Device::Printer)).await;
        let lost = bench.printer.status().await;
        assert!(matches!(lost, Err(DeviceError::Disconnected(_))), "{wire:?} {lost:?}");
        assert!(!bench.printer.is_interrupted().await, "without power nothing is left to finish");
        bench.dock(Command::LoadPaper).await;
        bench.dock(Command::Plug(Device::Printer)).await;
        assert_eq!(bench.printer.print(&slip()).await, Ok(Printed::Confirmed), "{wire:?}");
    }
}

#[tokio::test]
async fn a_printer_that_never_reports_prints_unconfirmed() {
    let bench = bench().await;
    bench.dock(Command::Printer(PrinterMode::Silent)).await;
    assert_eq!(bench.printer.print(&slip()).await, Ok(Printed::Unknown));
    assert_eq!(bench.sim.state().await.slips, 1);
}

#[tokio::test]
async fn unplugged_and_plugged_in_again() {
    for wire in WIRES {
        let bench = bench_on(wire).await;
        bench.dock(Command::Unplug(Device::Printer)).await;
        assert!(matches!(bench.printer.status().await, Err(DeviceError::Disconnected(_))), "{wire:?}");
        assert!(matches!(bench.printer.print(&slip()).await, Err(DeviceError::Disconnected(_))), "{wire:?}");
        bench.dock(Command::Plug(Device::Printer)).await;
        assert_eq!(bench.printer.print(&slip()).await, Ok(Printed::Confirmed), "{wire:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_printer_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lp0");
    std::fs::write(&file, "").unwrap();
    for printer in [Printer::usb(&file), Printer::serial(&file, 9600)] {
        let refused = printer.status().await.unwrap_err();
        assert!(matches!(refused, DeviceError::Rejected(_)), "{refused}");
        assert!(refused.to_string().contains("correct the configuration"), "{refused}");
    }
}

/// A pipe that nobody empties stands for a USB printer that takes nothing: switched off behind its hub, or jammed.
#[tokio::test]
async fn a_usb_printer_that_takes_no_data_is_told_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("lp0");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Whoever opens both ends of a pipe hears himself: a silent printer's answers must not be his own words.
    let timing = PrinterTiming { write: Duration::from_millis(200), ..TIMING };
    let large = GrayImage::from_pixel(576, 4000, image::Luma([0]));
    let end = tokio::time::timeout(Duration::from_secs(20), Printer::usb(&pipe).with_timing(timing).print(&large)).await.unwrap();
    assert!(matches!(end, Err(DeviceError::Timeout(_) | DeviceError::NeedsHuman(_))), "{end:?}");
}

/// A clone that answers `DLE EOT` and swallows `GS r`: confirmed when it stays ready for as long as printing takes.
#[tokio::test]
async fn a_printer_without_queued_status_is_confirmed_by_staying_ready() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let clone = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut byte, mut last) = ([0], [0; 2]);
        while let Ok(1) = stream.read(&mut byte).await {
            if last == [0x10, 0x04] && (1..=4).contains(&byte[0]) {
                stream.write_all(&[0x12]).await.unwrap();
            }
            last = [last[1], byte[0]];
        }
    });
    let timing = PrinterTiming { answer: Duration::from_millis(300), rows_per_second: 100_000, ..PrinterTiming::default() };
    assert_eq!(Printer::tcp(address).with_timing(timing).print(&slip()).await, Ok(Printed::Confirmed));
    clone.await.unwrap();
}
