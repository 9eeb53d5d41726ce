//! `make test-powercut`: the whole agent at work on a disk whose power is cut again and again.
#![expect(clippy::print_stdout, reason = "the figures are this program's output")]

use anyhow::{Context as _, ensure};
use clap::Parser;
use motcua_model::api::Screen;
use motcua_store::{Store, StoreKey};
use motcua_tests::{
    chance::Chance,
    crowd::{Balance, Crowd, DRAIN, Ledger},
    cut_disk::{self, CutDisk},
    own_namespace,
    rig::{Options, Rig},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// From the start of the process to its first picture.
const START: Duration = Duration::from_secs(5);
const EATMYDATA: [&str; 2] = ["/usr/lib/x86_64-linux-gnu/libeatmydata.so", "/usr/lib/aarch64-linux-gnu/libeatmydata.so"];

/// Cuts the power under citizens and couriers at work; afterwards everything that the screen confirmed must be at the
/// hub, once. Then the same with an agent whose syncs do nothing, which must lose something.
#[derive(Parser)]
struct Arguments {
    /// Chooses moments, people and sectors.
    #[arg(long)]
    seed: Option<u64>,
    /// Power cuts.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Of so many who come, one files a dossier, which takes the hub's side seconds; the others hand parcels over.
    #[arg(long, default_value_t = 4)]
    couriers: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    if let Some(code) = own_namespace::outside("no power can be cut", cut_disk::impossible())? {
        return Ok(code);
    }
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(Chance::fresh_seed);
    println!(
        "power cuts: seed {seed}, {} rounds; again with: make test-powercut SEED={seed} ROUNDS={}",
        arguments.rounds, arguments.rounds
    );
    tokio::select! {
        done = both(seed, &arguments) => done.map(|()| ExitCode::SUCCESS),
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::FAILURE),
    }
}

async fn both(seed: u64, arguments: &Arguments) -> anyhow::Result<()> {
    // Not in /tmp, which is memory on some machines.
    let folder = tempfile::TempDir::new_in("/var/tmp")?;
    let outcome = real(&folder.path().join("real"), seed, arguments).await;
    let outcome = match outcome {
        Ok(()) => control(&folder.path().join("control"), seed).await,
        failed => failed,
    };
    if outcome.is_err() {
        println!("everything is left in {}", folder.keep().display());
    }
    outcome
}

async fn real(dir: &Path, seed: u64, arguments: &Arguments) -> anyhow::Result<()> {
    let mut office = Office::open(dir, seed, arguments.couriers, None).await?;
    for round in 1..=arguments.rounds {
        office.round(round).await?;
    }
    office.hub(true).await?;
    office.drain().await?;
    let (slowest, sectors) = (office.slowest, office.sectors);
    let balance = Balance::of(&office.rig, &office.ledger)?;
    println!(
        "rounds {}, confirmed {}, lost {}, duplicates {}, sectors lost {}, slowest start {} ms",
        arguments.rounds,
        balance.confirmed,
        balance.lost.len(),
        balance.twice.len(),
        sectors,
        slowest.as_millis()
    );
    ensure!(balance.lost.is_empty(), "confirmed and lost: {:?}", balance.lost);
    ensure!(balance.twice.is_empty(), "more than once at the hub: {:?}", balance.twice);
    ensure!(slowest < START, "a start took {slowest:?}");
    ensure!(balance.confirmed > 0 && sectors > 0, "the rounds did no work: {balance:?}");
    office.close().await
}

/// Syncs that do nothing must be found out, or the rig proves nothing.
async fn control(dir: &Path, seed: u64) -> anyhow::Result<()> {
    let Some(library) = EATMYDATA.iter().map(Path::new).find(|path| path.exists()) else {
        println!("SKIPPED: the negative control: libeatmydata is missing; run provisioning/setup/setup.sh test");
        return Ok(());
    };
    let mut office = Office::open(dir, seed, 1000, Some(library.to_owned())).await?;
    for round in 1..=5 {
        // Nothing may leave before the cut: what is at the hub already cannot be lost.
        office.hub(false).await?;
        office.hub_stays = true;
        // A database that is damaged as well is a loss too.
        if office.round(round).await.is_ok() {
            office.hub(true).await?;
            office.drain().await?;
        }
        let balance = Balance::of(&office.rig, &office.ledger)?;
        if !balance.lost.is_empty() {
            println!(
                "negative control: without real syncs, round {round} lost {} of {} confirmed, as it must",
                balance.lost.len(),
                balance.confirmed
            );
            return office.rig.stop().await;
        }
    }
    anyhow::bail!("the negative control lost nothing: this rig would not notice a lost dossier");
}

struct Office {
    rig: Rig,
    disk: Arc<Mutex<CutDisk>>,
    kept: PathBuf,
    ledger: Ledger,
    crowd: Crowd,
    chance: Chance,
    hub_up: bool,
    hub_stays: bool,
    sectors: u64,
    slowest: Duration,
}

impl Office {
    async fn open(dir: &Path, seed: u64, couriers: u64, preload: Option<PathBuf>) -> anyhow::Result<Self> {
        let disk = CutDisk::new(&dir.join("disk"), seed)?;
        let mut options = Options { kept: disk.mounted(), page_delay_ms: 5, ..Options::in_folder(dir) };
        options.env.extend(preload.map(|library| ("LD_PRELOAD", library)));
        let rig = Rig::start(&options).await?;
        let (disk, kept) = (Arc::new(Mutex::new(disk)), options.kept);
        let ledger = Ledger::new(&dir.join("confirmed.txt"))?;
        let crowd = Crowd::new(&ledger, couriers);
        Ok(Self {
            rig,
            disk,
            kept,
            ledger,
            crowd,
            chance: Chance::new(seed),
            hub_up: true,
            hub_stays: false,
            sectors: 0,
            slowest: Duration::ZERO,
        })
    }

    /// People at work, a cut, a start.
    async fn round(&mut self, round: u32) -> anyhow::Result<()> {
        if self.chance.one_in(2) && !self.hub_stays {
            self.hub(!self.hub_up).await?;
        }
        let before = self.ledger.codes().len();
        // Whoever was at the scanner takes the paper out again.
        self.rig.dock(serde_json::json!("clear")).await?;
        // Until then a card that is shown is not seen, and the person would wait for the rest of the round.
        self.rig.until_devices().await?;
        let witness = self.ledger.witness(&self.rig).await?;
        let moment = self.chance.millis(100..4000);
        let patience = if self.chance.one_in(4) { Duration::ZERO } else { Duration::from_secs(3) };
        let sectors = tokio::select! {
            worked = self.crowd.work(&self.rig, &mut self.chance) => return worked.context("before the cut"),
            cut = cut(&self.disk, moment, patience) => cut?,
        };
        self.rig.kill_agent().await?;
        witness.await?;
        let seed = self.chance.number();
        {
            let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
            disk.unplug()?;
            disk.plug(seed)?;
        }
        let took = self.rig.start_agent().await?;
        println!(
            "round {round}: hub {}, cut after {} ms, {} confirmed before it, {sectors} sectors lost, started in {} ms",
            if self.hub_up { "up" } else { "down" },
            moment.as_millis(),
            self.ledger.codes().len() - before,
            took.as_millis()
        );
        self.sectors += sectors;
        self.slowest = self.slowest.max(took);
        let picture = self.rig.snapshot().await?;
        if let Screen::OutOfService { .. } = picture.screen {
            anyhow::bail!("out of service after the cut: {}", self.rig.last_words());
        }
        Ok(())
    }

    async fn hub(&mut self, up: bool) -> anyhow::Result<()> {
        match (self.hub_up, up) {
            (true, false) => self.rig.kill_hub().await?,
            (false, true) => self.rig.start_hub().await?,
            (true, true) | (false, false) => {}
        }
        self.hub_up = up;
        Ok(())
    }

    /// The agent ends; its store is opened once more and looked through.
    async fn close(self) -> anyhow::Result<()> {
        self.rig.stop().await?;
        let key = StoreKey::load(&self.kept.join("store.key"))?;
        let opened = Store::open(&self.kept.join("state"), &key)?;
        let audit = opened.store.verify_audit()?;
        ensure!(opened.damaged == 0, "{} files or records are damaged", opened.damaged);
        ensure!(audit.broken_at.is_none(), "the audit chain is broken at row {:?} of {}", audit.broken_at, audit.rows);
        println!("integrity ok: database checked, {} audit rows follow from each other, no file damaged", audit.rows);
        Ok(())
    }

    async fn drain(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.rig.status().await?.outbox.is_empty() {
            ensure!(started.elapsed() < DRAIN, "the outbox is not empty after {DRAIN:?}: {}", self.rig.last_words());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

/// After `moment`, and for most cuts then in the middle of a write.
async fn cut(disk: &Arc<Mutex<CutDisk>>, moment: Duration, patience: Duration) -> anyhow::Result<u64> {
    tokio::time::sleep(moment).await;
    let disk = Arc::clone(disk);
    tokio::task::spawn_blocking(move || disk.lock().unwrap_or_else(PoisonError::into_inner).cut_in_mid_write(patience)).await?
}
