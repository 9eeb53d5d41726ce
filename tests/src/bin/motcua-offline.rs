//! `make bench-offline`: a month without the link. A full outbox, a start with it, and how it drains.
#![expect(clippy::print_stdout, reason = "the figures are this program's output")]

use anyhow::{Context as _, ensure};
use clap::Parser;
use jiff::Timestamp;
use motcua_model::{
    api::Screen,
    hub::{Message, MessageBody},
};
use motcua_tests::{
    crowd::{Crowd, Ledger},
    filled::{self, file, memory},
    rig::{Options, Rig},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// From the start of the process to its first picture.
const START: Duration = Duration::from_secs(5);
/// The agent may need so much more at the end of the drain than at its start.
const GROWTH_MB: f64 = 40.0;
/// A courier's handover must not wait behind the scans.
const URGENT: Duration = Duration::from_secs(15);

/// Fills the store as a month without the hub does, starts the agent on it and lets it drain.
#[derive(Parser)]
struct Arguments {
    /// Dossiers that wait.
    #[arg(long, default_value_t = 3000)]
    dossiers: u32,
    /// Bytes of one dossier: half of it scans, half of it the PDF that is sent.
    #[arg(long, default_value_t = 1_500_000)]
    bytes: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Not in /tmp, which is memory on some machines.
    let folder = tempfile::TempDir::new_in("/var/tmp")?;
    let mut rig = Rig::start_without_agent(&Options::in_folder(folder.path())).await?;
    rig.kill_hub().await?;
    let dir = folder.path().to_owned();
    let (dossiers, bytes) = (arguments.dossiers, arguments.bytes);
    tokio::task::spawn_blocking(move || fill(&dir, dossiers, bytes)).await??;

    let took = rig.start_agent().await?;
    let pid = rig.agent_pid().context("the agent does not run")?;
    figure("start of the agent on the full store", &format!("{} ms", took.as_millis()));
    ensure!(took < START, "the start took {took:?}");
    let rest = memory(pid)?;
    figure("agent at rest on the full store, memory", &format!("{rest:.0} MB"));
    drain(&mut rig, dossiers, rest).await?;
    in_order(&rig, dossiers)?;
    rig.stop().await
}

fn figure(what: &str, measured: &str) {
    println!("{what:<52} {measured:>16}");
}

fn fill(dir: &Path, dossiers: u32, bytes: usize) -> anyhow::Result<()> {
    let mut store = filled::store(dir)?;
    let (began, before) = (Instant::now(), memory(std::process::id())?);
    let mut early = before;
    for number in 0..dossiers {
        // A month ago, one after the other.
        let submitted = Timestamp::now() - jiff::SignedDuration::from_secs(i64::from(dossiers - number) * 860);
        file(&mut store, bytes, submitted).with_context(|| format!("dossier {number}"))?;
        if number == dossiers / 10 {
            early = memory(std::process::id())?;
        }
    }
    let late = memory(std::process::id())?;
    figure("dossiers filed", &format!("{dossiers}"));
    figure("state directory", &format!("{:.2} GB", store.bytes_on_disk()? as f64 / 1e9));
    figure("filing, per dossier", &format!("{:.0} ms", began.elapsed().as_secs_f64() * 1e3 / f64::from(dossiers)));
    figure("filing, memory of the store at a tenth and at the end", &format!("{early:.0}, {late:.0} MB"));
    ensure!(late < early + GROWTH_MB, "memory grows while filing: {early:.0} to {late:.0} MB");
    Ok(())
}

/// The hub is back; a courier comes when a part is through.
async fn drain(rig: &mut Rig, dossiers: u32, rest: f64) -> anyhow::Result<()> {
    let pid = rig.agent_pid().context("the agent does not run")?;
    rig.start_hub().await?;
    let (mut began, mut most, mut early, mut urgent) = (None, rest, None, None);
    loop {
        let held = rig.hub_copies()?.len() as u32;
        if held > 0 && began.is_none() {
            began = Some(Instant::now());
        }
        let now = memory(pid)?;
        most = f64::max(most, now);
        if held > dossiers / 10 && urgent.is_none() {
            early = Some(now);
            urgent = Some(courier(rig, held).await?);
        }
        if held > dossiers {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (took, early, urgent) = (began.context("no start")?.elapsed(), early.context("no tenth")?, urgent.context("no courier")?);
    let late = memory(pid)?;
    figure("drained in", &format!("{:.0} s", took.as_secs_f64()));
    figure("drained, per dossier", &format!("{:.0} ms", took.as_secs_f64() * 1e3 / f64::from(dossiers)));
    figure("draining, memory of the agent at a tenth and at the end", &format!("{early:.0}, {late:.0} MB"));
    figure("draining, most memory seen", &format!("{most:.0} MB"));
    figure("a courier's handover in mid-drain, until at the hub", &format!("{} ms", urgent.as_millis()));
    ensure!(late < early + GROWTH_MB, "memory grows while draining: {early:.0} to {late:.0} MB");
    ensure!(urgent < URGENT, "the handover waited {urgent:?} behind dossiers");
    Ok(())
}

async fn courier(rig: &Rig, held: u32) -> anyhow::Result<Duration> {
    let ledger = Ledger::new(&rig.dir.join("confirmed.txt"))?;
    rig.until("the first screen", |s| matches!(s.screen, Screen::Waiting { .. })).await?;
    Crowd::new(&ledger, 1).hand_over(rig, 2).await?;
    let began = Instant::now();
    loop {
        let waits = rig.status().await?.outbox.iter().any(|line| line.kind == "handover");
        if !waits {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < Duration::from_secs(600), "the handover is not through after 10 minutes, with {held} dossiers before it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// By the hub's receipts: the oldest dossier first, none missing, none twice.
fn in_order(rig: &Rig, dossiers: u32) -> anyhow::Result<()> {
    let mut received = Vec::new();
    for copy in rig.hub_copies()? {
        let message: Message = serde_json::from_slice(&fs::read(copy.join("message.json"))?)?;
        if let MessageBody::Dossier(_) = message.body {
            received.push((fs::metadata(copy.join("receipt.json"))?.modified()?, message.sequence));
        }
    }
    received.sort();
    let late = received.windows(2).filter(|pair| pair[0].1 > pair[1].1).count();
    figure("dossiers that came out of their order", &format!("{late} of {}", received.len()));
    ensure!(received.len() == dossiers as usize, "{} dossiers are at the hub, {dossiers} were filed", received.len());
    ensure!(late <= received.len() / 100, "the outbox does not drain oldest first");
    Ok(())
}
