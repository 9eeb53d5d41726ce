//! The real kiosk process under a display that nobody sees.

use crate::rig::{self, Rig};
use anyhow::Context as _;
use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// The kiosk of this office, not started yet: `size` as `1080x1920`.
pub fn kiosk(rig: &Rig, size: &str, px_per_mm: &str) -> anyhow::Result<Command> {
    let mut kiosk = rig::binary("motcua-kiosk")?;
    kiosk.arg("--socket").arg(rig.socket()).args(["--size", size, "--px-per-mm", px_per_mm]).kill_on_drop(true);
    Ok(kiosk)
}

/// The kiosk on this display, its words in the office's logs.
pub fn start(rig: &Rig, display: &str, size: &str) -> anyhow::Result<Child> {
    let log = fs::File::options().create(true).append(true).open(rig.dir.join("logs/kiosk.log"))?;
    let run = runtime_folder(rig);
    fs::create_dir_all(&run)?;
    let mut command = kiosk(rig, size, "4.0")?;
    command.arg("--runtime-dir").arg(run);
    Ok(command.env("DISPLAY", display).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?)
}

/// Where that kiosk keeps what outlives its crash.
pub fn runtime_folder(rig: &Rig) -> PathBuf {
    rig.dir.join("run")
}

/// A finger on this point of the display.
pub async fn touch(display: &str, (x, y): (u32, u32)) -> anyhow::Result<()> {
    let mut finger = Command::new("xdotool");
    finger.env("DISPLAY", display).args(["mousemove", &x.to_string(), &y.to_string(), "click", "1"]);
    rig::run(&mut finger).await?;
    // A second touch at once would be a trembling hand's.
    tokio::time::sleep(Duration::from_millis(400)).await;
    Ok(())
}

/// An X server without a screen, and its name. It takes a free number itself, as tests run side by side.
pub async fn virtual_display(size: &str) -> anyhow::Result<(Child, String)> {
    let mut xvfb = Command::new("Xvfb");
    xvfb.args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp"]);
    xvfb.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = xvfb.spawn().context("Unable to start Xvfb; run: make setup-demo")?;
    let mut number = String::new();
    let mut told = BufReader::new(child.stdout.take().context("Xvfb says nothing")?);
    tokio::time::timeout(Duration::from_secs(20), told.read_line(&mut number)).await.context("Xvfb does not get ready")??;
    anyhow::ensure!(!number.trim().is_empty(), "no virtual display could be started; run: make setup-demo");
    Ok((child, format!(":{}", number.trim())))
}

/// What this display shows, as pixels.
pub async fn look(display: &str, file: &Path) -> anyhow::Result<image::RgbImage> {
    rig::run(Command::new("import").args(["-display", display, "-window", "root"]).arg(file)).await?;
    Ok(image::open(file)?.into_rgb8())
}

/// Which of these texts stand anywhere in the memory that the process can write, as UTF-8.
pub fn in_memory<'a>(pid: u32, needles: &[&'a str]) -> anyhow::Result<Vec<&'a str>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let mut memory = fs::File::open(format!("/proc/{pid}/mem"))?;
    let mut found = vec![false; needles.len()];
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
        let Some((from, to)) = range.split_once('-') else { continue };
        let (from, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        if !rights.starts_with("rw") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from)?];
        memory.seek(SeekFrom::Start(from))?;
        // A region can go while it is read, and some are the kernel's alone.
        if memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        for (needle, found) in needles.iter().zip(&mut found) {
            *found |= memchr::memmem::find(&bytes, needle.as_bytes()).is_some();
        }
    }
    Ok(needles.iter().zip(found).filter(|(_, found)| *found).map(|(needle, _)| *needle).collect())
}
