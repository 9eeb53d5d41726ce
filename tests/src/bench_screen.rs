//! What the kiosk process costs: memory and processor, at rest and while pages are scanned. `make bench-screen`.
#![expect(clippy::print_stdout, reason = "the figures are this program's output")]

use crate::{
    filled,
    kiosk::{self, virtual_display},
    rig::{CARD, Options, Rig},
    visit::Citizen,
};
use anyhow::Context as _;
use motcua_model::api::{Action, Screen};
use serde_json::json;
use std::{
    fs,
    time::{Duration, Instant},
};

const SIZE: &str = "1080x1920";
/// Sheets in the feeder.
const SHEETS: u16 = 20;

/// Prints the figures.
///
/// # Errors
/// Where the office, the display or the kiosk does not run.
pub async fn figures() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let rig = Rig::start(&Options { page_delay_ms: 500, idle_s: 300, ..Options::in_folder(folder.path()) }).await?;
    rig.until_devices().await?;
    let (_xvfb, display) = virtual_display(SIZE).await?;
    let process = kiosk::start(&rig, &display, SIZE)?;
    let pid = process.id().context("the kiosk does not run")?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let rest = share_of_a_core(pid, Duration::from_secs(20)).await?;
    line("kiosk at rest on C01, share of one core", &format!("{:.2} %", rest * 100.0), "1 %");
    line("kiosk at rest on C01, memory (RSS + swap)", &format!("{:.0} MB", filled::memory(pid)?), "120 MB");

    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::CountSheets { .. })).await?;
    rig.act(Action::DeclareSheets { sheets: SHEETS }).await?;
    rig.screen("C11").await?;
    rig.dock(json!({"load_sheets": SHEETS})).await?;
    rig.act(Action::StartScan).await?;
    let (begun, before) = (Instant::now(), processor_s(pid)?);
    rig.until_within(Duration::from_secs(120), "all sides", |s| matches!(s.screen, Screen::PageCheck { .. })).await?;
    let share = (processor_s(pid)? - before) / begun.elapsed().as_secs_f64();
    line("kiosk while 40 sides are scanned, share of one core", &format!("{:.1} %", share * 100.0), "30 %");
    line("kiosk after them, memory (RSS + swap)", &format!("{:.0} MB", filled::memory(pid)?), "200 MB");
    rig.stop().await
}

fn line(what: &str, measured: &str, limit: &str) {
    println!("{what:<52} {measured:>12}  {limit}");
}

async fn share_of_a_core(pid: u32, during: Duration) -> anyhow::Result<f64> {
    let before = processor_s(pid)?;
    tokio::time::sleep(during).await;
    Ok((processor_s(pid)? - before) / during.as_secs_f64())
}

/// User and system time of all its threads, in seconds; the kernel counts in hundredths.
fn processor_s(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().context("no such process")?.split_whitespace().collect();
    let ticks = |at: usize| -> anyhow::Result<f64> { Ok(fields.get(at).context("a short line in /proc")?.parse::<f64>()?) };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
