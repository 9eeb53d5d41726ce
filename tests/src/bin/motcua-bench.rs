//! `make bench`: the product's figures on this machine, each from the real processes in one run, then those of disk, link and devices.
#![expect(clippy::print_stdout, reason = "the figures are this program's output")]

use anyhow::Context as _;
use clap::Parser;
use motcua_model::api::{Action, Screen};
use motcua_tests::{
    bench_devices,
    bench_link::{self, median},
    bench_reading, bench_screen, filled,
    rig::{CARD, Options, Rig},
    visit::{Citizen, Next},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Measures start, memory, latencies, pages per minute and bytes on disk.
#[derive(Parser)]
struct Arguments {
    /// Visits to file; the first is not counted.
    #[arg(long, default_value_t = 5)]
    visits: usize,
    /// Only what card, slip and scanner cost: a few seconds.
    #[arg(long)]
    devices: bool,
    /// Only what keeping and forwarding cost: two minutes.
    #[arg(long, conflicts_with = "devices")]
    link: bool,
    /// Only what reading pages while others are scanned is worth: a minute.
    #[arg(long, conflicts_with_all = ["devices", "link"])]
    reading: bool,
    /// Only what the kiosk process costs under a virtual display: a minute.
    #[arg(long, conflicts_with_all = ["devices", "link", "reading"])]
    screen: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.devices {
        return bench_devices::figures().await;
    }
    if arguments.link {
        return bench_link::figures().await;
    }
    if arguments.reading {
        return bench_reading::figures().await;
    }
    if arguments.screen {
        return bench_screen::figures().await;
    }
    let folder = tempfile::TempDir::new()?;
    let options = Options { page_delay_ms: 0, idle_s: 300, ..Options::in_folder(folder.path()) };
    let mut rig = Rig::start(&options).await?;
    println!("{:<52} {:>12}  limit", "figure", "measured");
    ready(&mut rig).await?;
    memory(&rig, "agent at rest, memory (RSS + swap)", "60 MB").await?;
    let before = disk(&rig.dir.join("state"))?;
    visits(&rig, arguments.visits).await?;
    rig.until_status("all to be delivered", |s| s.outbox.is_empty()).await?;
    anyhow::ensure!(rig.hub_copies()?.len() == arguments.visits, "the hub should hold {} dossiers", arguments.visits);
    let grown = disk(&rig.dir.join("state"))?.saturating_sub(before);
    line(
        "bytes on disk per dossier (4 scanned sides, 2 PDFs)",
        &format!("{:.2} MB", grown as f64 / arguments.visits as f64 / 1e6),
        "1.67 MB",
    );
    memory(&rig, "agent after the visits, recognition engine warm", "-").await?;
    scanning(&rig).await?;
    rig.stop().await?;
    bench_reading::figures().await?;
    bench_link::figures().await?;
    bench_devices::figures().await
}

fn line(figure: &str, measured: &str, limit: &str) {
    println!("{figure:<52} {measured:>12}  {limit}");
}

async fn ready(rig: &mut Rig) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..5 {
        rig.kill_agent().await?;
        times.push(rig.start_agent().await?.as_secs_f64() * 1e3);
    }
    line("process start to first snapshot, after SIGKILL", &format!("{:.0} ms", median(times)), "1000 ms");
    Ok(())
}

async fn memory(rig: &Rig, what: &str, limit: &str) -> anyhow::Result<()> {
    // Start-up and visit leave freed pages that the allocator gives back when it is idle.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let pid = rig.agent_pid().context("the agent does not run")?;
    line(what, &format!("{:.0} MB", filled::memory(pid)?), limit);
    Ok(())
}

fn disk(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let data = entry.metadata()?;
        sum += if data.is_dir() { disk(&entry.path())? } else { data.len() };
    }
    Ok(sum)
}

/// From the touch to the next picture, by screen; from the submission to the printed slip.
async fn visits(rig: &Rig, count: usize) -> anyhow::Result<()> {
    rig.until_devices().await?;
    let mut steps: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for visit in 0..count {
        let mut citizen = Citizen::new(CARD);
        loop {
            let snapshot = rig.snapshot().await?;
            let next = citizen.next(&snapshot);
            if next == Next::Leave {
                break;
            }
            let (started, step) = (Instant::now(), snapshot.step);
            citizen.perform(rig, &snapshot, &next).await?;
            let name = match (&next, &snapshot.screen) {
                (Next::ShowCard, _) => "card shown to name on the screen",
                (Next::Act(Action::Submit), _) => "submit to durable and code shown",
                (Next::Act(Action::Answer { .. }), _) => "answer to next question, saved",
                (Next::Act(_), Screen::PageCheck { .. }) => "pages accepted to next paper, saved",
                (Next::Act(_), _) => "other touch to next screen",
                (Next::Feed(_) | Next::LayCard | Next::TakeCard | Next::Wait | Next::Leave, _) => continue,
            };
            rig.until("the next picture", |s| s.step != step || s.screen != snapshot.screen).await?;
            if visit > 0 {
                steps.entry(name).or_default().push(started.elapsed().as_secs_f64() * 1e3);
            }
            if matches!(next, Next::Act(Action::Submit)) {
                rig.until("the slip", |s| matches!(s.screen, Screen::Slip { printing: motcua_model::api::PrintState::Printed, .. }))
                    .await?;
                if visit > 0 {
                    steps.entry("submit to slip in the hand").or_default().push(started.elapsed().as_secs_f64() * 1e3);
                }
            }
        }
    }
    for (name, times) in steps {
        let limit = match name {
            "submit to slip in the hand" => "2000 ms",
            "card shown to name on the screen" => "3000 ms",
            _ => "100 ms",
        };
        line(name, &format!("{:.0} ms", median(times)), limit);
    }
    Ok(())
}

/// A long feed with a scanner that takes no time: what scanning, checking and sealing cost.
async fn scanning(rig: &Rig) -> anyhow::Result<()> {
    let sheets = 20;
    let mut citizen = Citizen::new(CARD);
    let feed = loop {
        let snapshot = rig.snapshot().await?;
        match citizen.next(&snapshot) {
            Next::Act(Action::DeclareSheets { .. }) => rig.act(Action::DeclareSheets { sheets }).await?,
            Next::Feed(_) => break snapshot,
            next @ (Next::Act(_) | Next::ShowCard | Next::LayCard | Next::TakeCard | Next::Wait | Next::Leave) => {
                citizen.perform(rig, &snapshot, &next).await?
            }
        }
    };
    let images: Vec<&str> = (0..sheets).flat_map(|_| ["to-khai-1.jpg", "ket-hon-1.jpg"]).collect();
    rig.dock(json!({"load": images})).await?;
    let started = Instant::now();
    rig.act_at(feed.step, Action::StartScan).await?;
    rig.until_within(
        Duration::from_secs(300),
        "all pages",
        |s| matches!(&s.screen, Screen::PageCheck { pages, .. } if pages.len() == usize::from(sheets) * 2),
    )
    .await?;
    let per_page = started.elapsed().as_secs_f64() / f64::from(sheets) / 2.0;
    line("300 dpi side scanned, checked, sealed and durable", &format!("{:.2} s", per_page), "1 s");
    line("sides per minute, scanner taking no time", &format!("{:.0}", 60.0 / per_page), "60");
    Ok(())
}
