//! `make bench`, the devices: what a card, a page and a slip cost, each beside a peer or the least possible, in one run.
#![expect(clippy::print_stdout, reason = "the figures are this module's output")]

use crate::{
    forms,
    rig::{binary, pages_folder},
    sane_feeder::SaneFeeder,
};
use anyhow::{Context as _, ensure};
use motcua_drivers::{
    DeviceError,
    idcard::{AccessKey, Channel, Traffic, reader},
    printer::{Align, Block, Font, Size, escpos::job_bytes, render, sheet},
    scanner::{BatchEnd, Colour, Sane, ScanEvent, ScanSettings, Source},
};
use motcua_model::form::Forms;
use motcua_sim::card::{Answer, CITIZENS, Chip, Issuer, Profile, What};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};
use tokio::sync::{mpsc, watch};

/// Where Debian's package puts the font of slips.
const FONT: &str = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf";
/// Dots across paper of 80 mm.
const WIDTH: u32 = 576;
/// Photo of a citizen's card, in bytes.
const PHOTO: usize = 21_400;
/// File bytes that a protected answer of 256 bytes carries with AES (ICAO 9303-11, 9.8): 223.
const SHORT_READ: usize = 223;
/// EF.CardAccess, five commands of PACE, the application, three of chip authentication.
const OPENING: usize = 1 + 5 + 1 + 3;
/// Sides in the feeder: the simulator's three papers.
const SIDES: [&str; 6] = ["to-khai-1.jpg", "to-khai-2.jpg", "chung-sinh-1.jpg", "chung-sinh-2.jpg", "ket-hon-1.jpg", "ket-hon-2.jpg"];
/// Pixels of one of them: A4 at 300 dpi, three bytes each.
const SIDE_BYTES: f64 = 2480.0 * 3508.0 * 3.0;
/// Measured batches of each of the two; one more before warms the caches.
const BATCHES: usize = 5;

/// Prints the figures of card, slip and scanner. What cannot be measured here says so.
///
/// # Errors
/// A device that does not do its work.
pub async fn figures() -> anyhow::Result<()> {
    println!("\n{:<56} {:>12} {:>12} {:>6}  beside", "devices", "measured", "peer, least", "ratio");
    cards()?;
    slips()?;
    scanners().await
}

/// One figure beside another, and how many times that it is.
pub(crate) fn line(figure: &str, measured: f64, other: f64, unit: &str, beside: &str) {
    let digits = match unit {
        "s" => 3,
        "ms" | "MB" | "MB/s" => 2,
        _ => 0,
    };
    let number = |value: f64| format!("{value:.digits$} {unit}");
    println!("{figure:<56} {:>12} {:>12} {:>6.2}  {beside}", number(measured), number(other), measured / other);
}

fn skipped(figure: &str, why: &str) {
    println!("{figure:<56} SKIPPED: {why}");
}

/// The reader's commands to the simulated card, in process.
struct Wire(Chip);

impl Channel for Wire {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        match self.0.answer(command) {
            Answer::Bytes(bytes) => Ok(bytes),
            Answer::Silent => Err(DeviceError::Timeout("the card keeps silent".to_owned())),
            Answer::Gone => Err(DeviceError::Disconnected("the card was taken away".to_owned())),
        }
    }
}

/// The whole card with photo and proof of the chip, by the number alone.
fn cards() -> anyhow::Result<()> {
    let [citizen, ..] = CITIZENS;
    let card = citizen.personalise(&Issuer::new("C=VN, O=Thu nghiem")?, What { photo: PHOTO, ..What::default() })?;
    // EF.COM only lists the others, EF.CardAccess is read while the card is opened.
    let sizes: Vec<usize> = card.files.iter().filter(|(id, _)| !matches!(**id, 0x011c | 0x011e)).map(|(_, file)| file.len()).collect();
    let payload = card.files.iter().filter(|(id, _)| **id != 0x011e).map(|(_, file)| file.len()).sum::<usize>() as f64;
    let read = |extended: bool| -> anyhow::Result<Traffic> {
        let mut wire = Wire(Chip::new(card.clone(), Profile { extended, ..Profile::default() }));
        // Counts do not depend on it, and the simulated card has nothing to hide.
        let mut random = |to: &mut [u8]| to.fill(0x5a);
        let wanted = reader::Wanted { photo: true };
        let files = reader::read(&mut wire, &AccessKey::Can(citizen.can().to_owned()), wanted, &mut random, &mut |_progress| true)?;
        Ok(files.traffic)
    };
    // The length of the face is only known from its first bytes.
    let long_reads = sizes.len() + 1;
    let short_reads = sizes.iter().map(|size| size.div_ceil(SHORT_READ)).sum();
    for (length, extended, reads) in [("extended", true, long_reads), ("short", false, short_reads)] {
        let traffic = read(extended)?;
        let (commands, bytes) = (f64::from(traffic.commands), (traffic.sent + traffic.received) as f64);
        line(&format!("commands per card read, {length} length"), commands, (OPENING + reads) as f64, "", "least by the standard");
        line(&format!("bytes per card read, both ways, {length} length"), bytes, payload, "B", "the files' own bytes");
    }
    Ok(())
}

/// A visit's slip and form 01 on 80 mm, with the QR as dots and as the printer's own.
fn slips() -> anyhow::Result<()> {
    let Ok(font) = fs::read(FONT) else {
        skipped("bytes per slip", &format!("{FONT} is missing; run provisioning/setup/setup.sh demo"));
        return Ok(());
    };
    let font = Font::new(font, None)?;
    let form = forms::blocks(&Forms::built_in()?.form("01").context("no form 01")?.fill(&forms::example()));
    for (name, blocks) in [("slip of a visit", visit_slip()), ("form 01", form)] {
        let picture = render(&blocks, WIDTH, &font)?;
        // `GS v 0` of the whole picture at full width, with its header.
        let plain = f64::from(picture.width().div_ceil(8) * picture.height() + 8);
        line(&format!("bytes to the printer, {name}, QR as dots"), job_bytes(&picture.into())? as f64, plain, "B", "one plain raster");
        let native = job_bytes(&sheet(&blocks, WIDTH, &font, true)?)? as f64;
        line(&format!("bytes to the printer, {name}, printer's own QR"), native, plain, "B", "one plain raster");
    }
    Ok(())
}

/// What the agent prints after a birth registration.
fn visit_slip() -> Vec<Block> {
    let centre = |text: &str, size, bold| Block::Text { text: text.to_owned(), size, bold, align: Align::Centre };
    let row = |label: &str, value: &str| Block::Row { label: label.to_owned(), value: value.to_owned() };
    let note = "Đây là mã tạm, mã chính thức sẽ có sau. Tra cứu bằng mã này. Giữ phiếu và giấy tờ gốc.";
    vec![
        centre("Trung tâm Phục vụ hành chính công xã Ví Dụ", Size::Small, true),
        Block::Rule,
        centre("PHIẾU XÁC NHẬN ĐÃ NỘP", Size::Large, true),
        Block::Space,
        centre("T-K07-261123-00042-17", Size::Large, true),
        Block::Qr { text: "https://tracuu.thunghiem.example/T-K07-261123-00042-17".to_owned() },
        Block::Space,
        row("Thủ tục", "Đăng ký khai sinh"),
        row("Nộp lúc", "09:30 23/11/2026"),
        row("Giấy tờ đã nhận", "2 giấy, 4 trang"),
        row("Thời hạn, tính từ khi cán bộ nhận", "Trong ngày làm việc"),
        Block::Rule,
        Block::Text { text: note.to_owned(), size: Size::Normal, bold: false, align: Align::Left },
    ]
}

/// The same sides from the same SANE backend, in turns: to the agent through its worker, and to files through scanimage.
async fn scanners() -> anyhow::Result<()> {
    let figure = "time per side through SANE, 300 dpi colour, duplex";
    let beside = "scanimage --format=jpeg, same device";
    let worker = PathBuf::from(binary("motcua-sane")?.as_std().get_program());
    let folder = tempfile::tempdir()?;
    let feeder = SaneFeeder::lay_out(folder.path())?.context("libsane_folder.so is not built; run: make bench")?;
    let out = folder.path().join("out");
    fs::create_dir(&out)?;
    feeder.feed(&SIDES.map(|side| format!("page {side}\n")).concat())?;
    let env: Vec<(String, String)> = feeder.env().iter().map(|(key, path)| ((*key).to_owned(), path.display().to_string())).collect();
    let scanner = Sane::new(worker, "folder:0".to_owned()).with_env(env.clone());
    let peer_there = Command::new("scanimage").arg("--version").output().is_ok();
    let (mut own, mut peer) = (Vec::new(), Vec::new());
    for batch in 0..=BATCHES {
        own.push(ours(&scanner).await?.0);
        if peer_there {
            peer.push(scanimage(&out, &env)?);
        }
        if batch == 0 {
            own.clear();
            peer.clear();
        }
    }
    let own = median(own);
    match peer_there {
        true => line(figure, own, median(peer), "s", beside),
        false => skipped(figure, &format!("{own:.3} s, but scanimage is missing beside it; run provisioning/setup/setup.sh test")),
    }
    masters(&feeder, &scanner).await
}

/// What `lossless_master` costs: longer sides, and room on the disk until the hub has them.
async fn masters(feeder: &SaneFeeder, scanner: &Sane) -> anyhow::Result<()> {
    master(scanner, "drawn pages").await?;
    for (number, side) in SIDES.iter().enumerate() {
        grainy(&pages_folder().join(side), &feeder.place(&format!("{number}.png")))?;
    }
    feeder.feed(&(0..SIDES.len()).map(|number| format!("page {number}.png\n")).collect::<String>())?;
    master(scanner, "a sensor's grain").await
}

async fn master(scanner: &Sane, pages: &str) -> anyhow::Result<()> {
    let asked = scanner.clone().with_master(true);
    let (mut with, mut without, mut size) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..BATCHES {
        let (took, bytes) = ours(&asked).await?;
        size = bytes;
        with.push(took);
        without.push(ours(scanner).await?.0);
    }
    line(&format!("time per side with its lossless master, {pages}"), median(with), median(without), "s", "without");
    line(&format!("bytes of that master, {pages}"), size, SIDE_BYTES, "B", "the pixels");
    Ok(())
}

/// Every sample off by up to three, as a scanner's sensor has it.
fn grainy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut page = image::open(from)?.to_rgb8();
    let mut state = 1_u32;
    for sample in page.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = sample.saturating_add((state >> 24) as u8 % 7).saturating_sub(3);
    }
    Ok(page.save(to)?)
}

/// Seconds a side, from the order to the end of the batch; and bytes of its lossless master.
async fn ours(scanner: &Sane) -> anyhow::Result<(f64, f64)> {
    let settings = ScanSettings { source: Source::Feeder { duplex: true }, dpi: 300, colour: Colour::Rgb24 };
    let (events, mut arrived) = mpsc::channel(4);
    let (_cancel, cancelled) = watch::channel(false);
    let started = Instant::now();
    let take = async {
        let mut bytes = 0;
        while let Some(event) = arrived.recv().await {
            if let ScanEvent::Page(page) = event {
                bytes += page.master.map_or(0, |png| png.len());
            }
        }
        bytes
    };
    let (end, bytes) = tokio::join!(scanner.scan(&settings, events, cancelled), take);
    ensure!(end? == BatchEnd::Complete { pages: SIDES.len() as u32 }, "the batch should have {} pages", SIDES.len());
    let sides = SIDES.len() as f64;
    Ok((started.elapsed().as_secs_f64() / sides, bytes as f64 / sides))
}

/// The same for scanimage.
fn scanimage(out: &Path, env: &[(String, String)]) -> anyhow::Result<f64> {
    let mut command = Command::new("scanimage");
    command.args(["-d", "folder:0", "--source", "ADF Duplex", "--mode", "Color", "--resolution", "300", "-x", "210", "-y", "297"]);
    command.args(["--format=jpeg", "--batch=%d.jpg"]).envs(env.iter().cloned()).current_dir(out);
    let started = Instant::now();
    let done = command.stdin(Stdio::null()).output()?;
    let seconds = started.elapsed().as_secs_f64() / SIDES.len() as f64;
    let pages = fs::read_dir(out)?.count();
    ensure!(pages == SIDES.len(), "scanimage gave {pages} pages: {}", String::from_utf8_lossy(&done.stderr));
    Ok(seconds)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}
