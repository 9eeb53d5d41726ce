//! Others' programs judge the simulated printer and our slips: python-escpos as its client, the `escpos` crate as reader of its
//! status, zbarimg and Tesseract as readers of the paper.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]
#![expect(clippy::print_stderr, reason = "tests say when they are skipped")]

mod common;

use common::simulator;
use escpos::utils::{RealTimeStatusRequest, RealTimeStatusResponse};
use motcua_drivers::printer::{Drill, Font, Printed, Printer, PrinterStatus, drill_blocks, sheet};
use motcua_sim::{Command, PrinterKind, PrinterMode, Sim};
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const STATES: [PrinterMode; 5] = [PrinterMode::Ok, PrinterMode::NearEnd, PrinterMode::PaperOut, PrinterMode::Cover, PrinterMode::Cutter];

/// `setup.sh test` puts it beside the build.
fn python() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("judges/bin/python3");
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED: python-escpos is not in {}; run provisioning/setup/setup.sh test", found.display());
    None
}

fn run_python(script: &str, sim: &Sim) -> Option<String> {
    let output = Program::new(python()?).arg("-c").arg(script).arg(sim.ports().printer_port.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn read(program: &str, arguments: &[&str], picture: &Path) -> Option<String> {
    let mut command = Program::new(program);
    if program == "tesseract" {
        command.arg(picture).arg("-");
    }
    command.args(arguments);
    if program == "zbarimg" {
        command.arg(picture);
    }
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            eprintln!("SKIPPED: {program}: {error}; run provisioning/setup/setup.sh test");
            None
        }
    }
}

#[tokio::test]
async fn the_escpos_crate_reads_the_simulated_status_as_it_is_meant() {
    use RealTimeStatusRequest as Ask;
    use RealTimeStatusResponse as Said;
    let folder = tempfile::tempdir().unwrap();
    let sim = simulator(folder.path()).await;
    let mut line = TcpStream::connect(("127.0.0.1", sim.ports().printer_port)).await.unwrap();
    for state in STATES {
        sim.command(Command::Printer(state)).await.unwrap();
        let (out, cover, cutter) = (state == PrinterMode::PaperOut, state == PrinterMode::Cover, state == PrinterMode::Cutter);
        let expected = [
            (1, Ask::Printer, Said::Online, !(out || cover || cutter)),
            (2, Ask::OfflineCause, Said::CoverClosed, !cover),
            (2, Ask::OfflineCause, Said::PrintingStopsDueToPaperEnd, out),
            (2, Ask::OfflineCause, Said::ErrorOccurred, cutter),
            (3, Ask::ErrorCause, Said::AutocutterErrorOccurred, cutter),
            (4, Ask::RollPaperSensor, Said::RollPaperNearEndSensorPaperAdequate, !(out || state == PrinterMode::NearEnd)),
            (4, Ask::RollPaperSensor, Said::RollPaperEndSensorPaperPresent, !out),
        ];
        for (n, ask, said, value) in expected {
            line.write_all(&[0x10, 4, n]).await.unwrap();
            let mut answer = [0];
            line.read_exact(&mut answer).await.unwrap();
            let answers = RealTimeStatusResponse::parse(ask, answer[0]).unwrap();
            assert_eq!(answers.get(&said), Some(&value), "{state:?} {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_escpos_sees_the_same_states_as_our_driver() {
    let script = "import sys; from escpos.printer import Network\n\
                  p = Network('127.0.0.1', port=int(sys.argv[1]), timeout=5)\n\
                  print(p.is_online(), p.paper_status()); p.close()";
    let folder = tempfile::tempdir().unwrap();
    let sim = simulator(folder.path()).await;
    let printer = Printer::tcp(format!("127.0.0.1:{}", sim.ports().printer_port));
    for state in STATES {
        sim.command(Command::Printer(state)).await.unwrap();
        let ours = printer.status().await.unwrap();
        let paper = match ours {
            PrinterStatus { paper_out: true, .. } => 0,
            PrinterStatus { near_end: true, .. } => 1,
            PrinterStatus { .. } => 2,
        };
        let Some(theirs) = run_python(script, &sim) else { return };
        let online = if ours.online { "True" } else { "False" };
        assert_eq!(theirs.trim(), format!("{online} {paper}"), "{state:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_escpos_prints_pictures_and_native_qrs_on_the_simulated_printer() {
    let script = "import sys; from escpos.printer import Network; from PIL import Image, ImageDraw\n\
                  p = Network('127.0.0.1', port=int(sys.argv[1]), timeout=5)\n\
                  i = Image.new('1', (100, 40), 1); ImageDraw.Draw(i).rectangle((10, 5, 59, 24), fill=0)\n\
                  p.image(i, impl='bitImageRaster'); p.qr('T-K01-260301-00042-17', native=True, size=6, center=False); p.cut(); p.close()";
    let folder = tempfile::tempdir().unwrap();
    let sim = simulator(folder.path()).await;
    if run_python(script, &sim).is_none() {
        return;
    }
    let path = folder.path().join("out/slip-001.png");
    common::until(|| path.exists()).await;
    let paper = common::picture(&path).await;
    for y in 0..40 {
        for x in 0..100 {
            let dark = (10..60).contains(&x) && (5..25).contains(&y);
            assert_eq!(paper.get_pixel(x, y).0[0] == 0, dark, "dot {x},{y}");
        }
    }
    if let Some(codes) = read("zbarimg", &["--quiet", "--raw"], &path) {
        assert_eq!(codes.trim(), "T-K01-260301-00042-17");
    }
}

/// The test slip of `motcua drill printer`, on both papers, with both ways to draw the QR.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_slip_is_read_by_zbar_and_tesseract() {
    let font = std::fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").expect("fonts-noto-core is installed");
    let font = Font::new(font, None).unwrap();
    for (width, native) in [(576, false), (576, true), (384, false), (384, true)] {
        let folder = tempfile::tempdir().unwrap();
        let sim = simulator(folder.path()).await;
        sim.command(Command::PrinterKind(PrinterKind { width, buffer: 4096, ..PrinterKind::default() })).await.unwrap();
        let printer = Printer::tcp(format!("127.0.0.1:{}", sim.ports().printer_port));
        let status = printer.status().await.unwrap();
        let about = printer.about().await.unwrap();
        let drill =
            Drill { address: "127.0.0.1:9100", about: &about, status, width: width.into(), at: "23/11/2026 14:30", qr: "MOTCUA-K07" };
        let slip = sheet(&drill_blocks(&drill), width.into(), &font, native).unwrap();
        assert_eq!(printer.print_sheet(&slip).await, Ok(Printed::Confirmed));
        let path = folder.path().join("out/slip-001.png");
        if let Some(codes) = read("zbarimg", &["--quiet", "--raw"], &path) {
            assert_eq!(codes.trim(), "MOTCUA-K07", "{width} {native}");
        }
        let Some(words) = read("tesseract", &["-l", "vie", "--dpi", "203", "--psm", "4"], &path) else { return };
        for expected in ["PHIẾU IN THỬ", "Thời điểm", "Máy in", "Khổ giấy", "SIM-80", "Giấy tiếp nhận hồ sơ", "Hẹn trả kết quả"]
        {
            assert!(words.contains(expected), "{width} {native}: {expected:?} is not in {words}");
        }
    }
}
