//! `make test-baddisk`: the whole agent killed at its writes, on a disk that fails, and on one that is full.
#![expect(clippy::print_stdout, reason = "the figures are this program's output")]

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use motcua_model::{
    api::{Overlay, Screen, Snapshot},
    fault::Fault,
};
use motcua_tests::{
    chance::Chance,
    crowd::{Balance, Crowd, DRAIN, Ledger},
    own_namespace,
    rig::{Options, Rig},
};
use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// What the store's writes are made of.
const WRITES: [&str; 3] = ["fsync,fdatasync", "pwrite64", "rename"];
/// More than one thread makes for a citizen and a courier.
const CALLS: u64 = 120;
const FULL_DISK: &str = "size=16m";

/// Nobody mends anything by hand: an agent that ends is started again, as systemd does, and that is all.
#[derive(Parser)]
struct Arguments {
    /// Chooses the writes.
    #[arg(long)]
    seed: Option<u64>,
    /// Of so many writes, one is tried; 1 tries every one.
    #[arg(long, default_value_t = 1)]
    one_in: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    if let Some(code) = own_namespace::outside("no bad disk can be made", own_namespace::impossible().or_else(no_strace))? {
        return Ok(code);
    }
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(Chance::fresh_seed);
    println!(
        "bad disks: seed {seed}, one of {} writes; again with: make test-baddisk SEED={seed} ONE_IN={}",
        arguments.one_in, arguments.one_in
    );
    let folder = tempfile::TempDir::new_in("/var/tmp")?;
    let all = async {
        full(&folder.path().join("full"), seed).await?;
        at_writes(&folder.path().join("kill"), "signal=KILL", seed, arguments.one_in).await?;
        // One call fails, those after it succeed: the tempting lie.
        at_writes(&folder.path().join("eio"), "error=EIO", seed, arguments.one_in * 4).await?;
        at_writes(&folder.path().join("enospc"), "error=ENOSPC", seed, arguments.one_in * 4).await
    };
    let outcome = tokio::select! {
        done = all => done,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    if outcome.is_err() {
        println!("everything is left in {}", folder.keep().display());
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

fn no_strace() -> Option<String> {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match traced {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("strace does not work ({})", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("strace cannot be run ({error}); run provisioning/setup/setup.sh test")),
    }
}

struct Office {
    rig: Rig,
    ledger: Ledger,
    crowd: Crowd,
    chance: Chance,
    restarts: u32,
}

impl Office {
    async fn open(options: &Options, seed: u64) -> anyhow::Result<Self> {
        let rig = Rig::start(options).await?;
        let ledger = Ledger::new(&options.dir.join("confirmed.txt"))?;
        let crowd = Crowd::new(&ledger, 1);
        Ok(Self { rig, ledger, crowd, chance: Chance::new(seed), restarts: 0 })
    }

    /// A courier and a citizen. True: the agent came to its end meanwhile, or could not even start.
    async fn visitors(&mut self) -> anyhow::Result<bool> {
        self.rig.dock(serde_json::json!("clear")).await?;
        let work = async {
            let witness = self.ledger.witness(&self.rig).await?;
            self.rig.until_devices().await?;
            self.crowd.file(&self.rig, &mut self.chance).await?;
            self.crowd.hand_over(&self.rig, 2).await?;
            witness.abort();
            anyhow::Ok(())
        };
        match tokio::time::timeout(Duration::from_secs(60), work).await.context("the visitors do not get on")? {
            Ok(()) => Ok(false),
            Err(error) => match self.rig.agent_ended().await? {
                Some(_) => Ok(true),
                None => Err(error),
            },
        }
    }

    /// As systemd does.
    async fn start(&mut self, under: &[String]) -> anyhow::Result<bool> {
        self.restarts += 1;
        self.rig.under = under.to_vec();
        let started = async {
            self.rig.start_agent().await?;
            self.rig.snapshot().await
        };
        // One that comes to its end between these two did not start either.
        match started.await {
            // It ends by itself after a minute, which is not waited for here.
            Ok(seen) => Ok(!matches!(seen.screen, Screen::OutOfService { .. })),
            Err(error) => match self.rig.agent_ended().await? {
                Some(_) => Ok(false),
                None => Err(error),
            },
        }
    }

    /// Everything that was confirmed is at the hub, once.
    async fn settle(&mut self, what: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.rig.status().await?.outbox.is_empty() {
            ensure!(started.elapsed() < DRAIN, "the outbox is not empty after {DRAIN:?}: {}", self.rig.last_words());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let balance = Balance::of(&self.rig, &self.ledger)?;
        println!(
            "{what}; confirmed {}, lost {}, duplicates {}, starts {}",
            balance.confirmed,
            balance.lost.len(),
            balance.twice.len(),
            self.restarts
        );
        ensure!(balance.confirmed > 0 && balance.lost.is_empty() && balance.twice.is_empty(), "{what}: {balance:?}");
        Ok(())
    }
}

/// `what` happens at the first write of each kind, then at the second, and so on until two visitors need no more.
async fn at_writes(dir: &Path, what: &str, seed: u64, one_in: u64) -> anyhow::Result<()> {
    let mut office = Office::open(&Options { page_delay_ms: 5, ..Options::in_folder(dir) }, seed).await?;
    let (mut tried, mut ends) = (0, 0);
    let mut choice = Chance::new(seed);
    for call in WRITES {
        for when in 1..CALLS {
            if !choice.one_in(one_in) {
                continue;
            }
            tried += 1;
            let _ = office.rig.kill_agent().await;
            // strace as the agent's child: whoever kills or awaits the agent means the agent.
            let inject = format!("inject={call}:{what}:when={when}");
            let strace = ["strace", "-D", "-f", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject];
            let started = office.start(&strace.map(str::to_owned)).await?;
            if !started || office.visitors().await.with_context(|| format!("with {inject}"))? {
                ends += 1;
            } else if what.starts_with("signal") {
                break;
            }
        }
    }
    let _ = office.rig.kill_agent().await;
    ensure!(office.start(&[]).await?, "the agent does not start");
    ensure!(!office.visitors().await?, "the agent ends");
    office.settle(&format!("{what} at {tried} writes, the agent ended {ends} times")).await?;
    office.rig.stop().await
}

/// The state directory is full: nobody is promised anything, what was promised is kept, and room is all it takes.
async fn full(dir: &Path, seed: u64) -> anyhow::Result<()> {
    let kept = dir.join("kept");
    fs::create_dir_all(&kept)?;
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", FULL_DISK, "tmpfs"]).arg(&kept).status()?;
    ensure!(mounted.success(), "no small tmpfs on {}", kept.display());
    let options = Options { kept: kept.clone(), page_delay_ms: 5, ..Options::in_folder(dir) };
    let mut office = Office::open(&options, seed).await?;
    office.rig.kill_hub().await?;
    ensure!(!office.visitors().await?, "the agent ends");
    let before = office.ledger.codes();
    own_namespace::fill(&kept)?;
    told(&mut office).await?;
    ensure!(office.ledger.codes() == before, "something was confirmed on a full disk: {:?}", office.ledger.codes());
    office.rig.start_hub().await?;
    fs::remove_file(kept.join("filler"))?;
    ensure!(!office.visitors().await?, "the agent ends");
    ensure!(office.ledger.codes().len() > before.len(), "nobody could file after there was room again");
    office.settle("full disk: the person was told, and could go on when there was room").await?;
    office.rig.stop().await?;
    // A mounted folder cannot be removed.
    ensure!(Command::new("umount").arg("--lazy").arg(&kept).status()?.success(), "{} cannot be unmounted", kept.display());
    Ok(())
}

/// Somebody who comes now hears that it does not work.
async fn told(office: &mut Office) -> anyhow::Result<()> {
    let witness = office.ledger.witness(&office.rig).await?;
    let failed = |s: &Snapshot| matches!(s.overlay, Some(Overlay::Fault { fault: Fault::StoreFailed, .. }));
    tokio::select! {
        filed = office.crowd.file(&office.rig, &mut office.chance) => bail!("a citizen came to an end on a full disk: {filed:?}"),
        seen = office.rig.until_within(Duration::from_secs(20), "the screen to say that it does not work", failed) => seen?,
    };
    witness.abort();
    Ok(())
}
