//! The receipt printer's driver against the simulated printer, over real TCP. Slips are read back from the paper.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use common::simulator;
use motcua_drivers::printer::{Align, Block, Font, GrayImage, Printed, Printer, PrinterTiming, Size, render};
use motcua_drivers::{DeviceError, Human};
use motcua_sim::{Command, Device, PrinterMode, Sim};
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

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let sim = simulator(folder.path()).await;
    let timing = PrinterTiming {
        answer: Duration::from_millis(300),
        poll: Duration::from_millis(20),
        rows_per_second: 100_000,
        ..PrinterTiming::default()
    };
    let printer = Printer::with_timing(format!("127.0.0.1:{}", sim.ports().printer_port), timing);
    Bench { sim, printer, out, _folder: folder }
}

impl Bench {
    async fn dock(&self, command: Command) {
        self.sim.command(command).await.unwrap();
    }

    fn paper(&self, number: u32) -> GrayImage {
        image::open(self.out.join(format!("slip-{number:03}.png"))).unwrap().into_luma8()
    }
}

fn slip() -> GrayImage {
    let font = std::fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").expect("fonts-noto-core is installed");
    let blocks = [
        Block::Text { text: "Phiếu xác nhận đã nộp".to_owned(), size: Size::Large, bold: true, align: Align::Centre },
        Block::Row { label: "Người nộp".to_owned(), value: "Nguyễn Thị Mẫu".to_owned() },
        Block::Qr { text: "T-K01-260301-00042-17".to_owned() },
    ];
    render(&blocks, 576, &Font::new(font, None).unwrap()).unwrap()
}

#[tokio::test]
async fn a_slip_comes_out_dot_for_dot_and_is_confirmed() {
    let bench = bench().await;
    let slip = slip();
    assert_eq!(bench.printer.print(&slip).await, Ok(Printed::Confirmed));
    let paper = bench.paper(1);
    assert_eq!(paper.width(), 576);
    assert!(paper.height() > slip.height(), "paper is fed past the knife");
    assert!(slip.enumerate_pixels().all(|(x, y, dot)| paper.get_pixel(x, y) == dot));
    let mut grid =
        rqrr::PreparedImage::prepare_from_greyscale(576, paper.height() as usize, |x, y| paper.get_pixel(x as u32, y as u32).0[0]);
    assert_eq!(grid.detect_grids()[0].decode().unwrap().1, "T-K01-260301-00042-17");
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
    bench.dock(Command::Printer(PrinterMode::Silent)).await;
    assert!(!bench.printer.status().await.unwrap().known);
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

#[tokio::test]
async fn paper_that_ends_in_the_middle_is_told_and_the_printer_goes_on_with_new_paper() {
    let bench = bench().await;
    let slip = slip();
    bench.dock(Command::PaperRows(slip.height() - 50)).await;
    assert_eq!(bench.printer.print(&slip).await, Err(DeviceError::NeedsHuman(Human::PaperOut)));
    assert_eq!(bench.sim.state().await.slips, 0);
    bench.dock(Command::LoadPaper).await;
    assert_eq!(bench.sim.state().await.slips, 1);
    assert!(bench.paper(1).height() > slip.height());
    assert_eq!(bench.printer.print(&slip).await, Ok(Printed::Confirmed));
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
    let bench = bench().await;
    bench.dock(Command::Unplug(Device::Printer)).await;
    assert!(matches!(bench.printer.status().await, Err(DeviceError::Disconnected(_))));
    assert!(matches!(bench.printer.print(&slip()).await, Err(DeviceError::Disconnected(_))));
    bench.dock(Command::Plug(Device::Printer)).await;
    assert_eq!(bench.printer.print(&slip()).await, Ok(Printed::Confirmed));
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
    assert_eq!(Printer::with_timing(address, timing).print(&slip()).await, Ok(Printed::Confirmed));
    clone.await.unwrap();
}
