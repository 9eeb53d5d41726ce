//! Plays a fleet that comes back after its power was out: each device waits its random time after boot, then delivers
//! what its outbox holds with the agent's own client, and where it is refused waits as the agent's own schedule says.
//!
//! Time may be compressed: the agent's own waits (after boot, between tries) are divided by a factor, which is printed.
//! `Retry-After` is the hub's measure of its real queue and is obeyed as it is.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command whose output is its purpose")]

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use futures_util::{StreamExt as _, stream};
use jiff::{Zoned, civil::date};
use motcua_forward::{Class, HubClient, HubSettings, retry::Schedule};
use motcua_hub::pki::{Issued, Validity, issue_in_memory};
use motcua_model::code::ProvisionalCode;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Wait after boot, at most (forwarding evidence, 6).
const BOOT_WAIT: Duration = Duration::from_secs(120);

/// A fleet of simulated devices against given hubs.
#[derive(Parser)]
struct Arguments {
    /// The hub's folder: certificates for the devices are issued from it, in memory.
    #[arg(long)]
    keys: PathBuf,
    /// Address of a hub, `https://host:port`; once for each, devices take turns.
    #[arg(long, required = true)]
    hub: Vec<String>,
    /// Devices that come back.
    #[arg(long, default_value_t = 10_000)]
    devices: u64,
    /// Dossiers in each device's outbox.
    #[arg(long, default_value_t = 1)]
    dossiers: u64,
    /// Bytes of each dossier's one file.
    #[arg(long, default_value_t = 20_000)]
    bytes: usize,
    /// The agent's own waits are divided by this.
    #[arg(long, default_value_t = 10)]
    compress: u32,
    /// Dossiers that measure the hubs' capacity beforehand, 32 devices at a time.
    #[arg(long, default_value_t = 640)]
    calibrate: u64,
    /// Of names, waits after boot and files. The jitter of the schedule is the agent's own and has no seed.
    #[arg(long)]
    seed: Option<u64>,
}

/// What is counted while the fleet runs.
#[derive(Default)]
struct Tally {
    delivered: AtomicU64,
    shed: AtomicU64,
    busy: AtomicU64,
    network: AtomicU64,
    other: AtomicU64,
    codes: Mutex<Vec<String>>,
    /// Of each device, from the fleet's start to its last receipt.
    seconds: Mutex<Vec<f64>>,
}

struct Fleet {
    arguments: Arguments,
    seed: u64,
    schedule: Schedule,
    tally: Tally,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => Uuid::now_v7().as_u64_pair().1 >> 16,
    };
    let usual = Schedule::default();
    let schedule = Schedule { base: usual.base / arguments.compress, cap: usual.cap / arguments.compress };
    tokio::runtime::Runtime::new()?.block_on(run(Fleet { arguments, seed, schedule, tally: Tally::default() }))
}

async fn run(mut fleet: Fleet) -> Result<()> {
    let Arguments { devices, dossiers, bytes, compress, calibrate, ref hub, .. } = fleet.arguments;
    ensure!(compress > 0, "--compress 0 would make every wait endless; give 1 or more");
    println!("seed {}", fleet.seed);
    println!("{devices} devices, {dossiers} dossier(s) each with a file of {bytes} bytes, {} hub(s)", hub.len());
    println!(
        "time compressed {compress} times: wait after boot 0 to {} s, tries every {} to {} s; Retry-After as the hub says",
        (BOOT_WAIT / compress).as_secs_f64(),
        fleet.schedule.base.as_secs_f64(),
        fleet.schedule.cap.as_secs_f64()
    );

    let started = Instant::now();
    let numbers = stream::iter(devices..devices + calibrate);
    numbers.for_each_concurrent(32, async |number| fleet.device(number, 1, started).await).await;
    let capacity = calibrate as f64 / started.elapsed().as_secs_f64();
    println!("capacity: {capacity:.1} dossiers/s ({calibrate} by 32 devices at a time, each with its own connection)");
    fleet.tally = Tally::default();

    let fleet = Arc::new(fleet);
    let issued = (0..devices).map(|number| fleet.client(number)).collect::<Result<Vec<_>>>()?;
    let started = Instant::now();
    let all: Vec<_> = (0_u64..)
        .zip(issued)
        .map(|(number, client)| {
            let fleet = Arc::clone(&fleet);
            tokio::spawn(async move {
                sleep(fleet.boot_wait(number)).await;
                fleet.empty_outbox(&client, number, fleet.arguments.dossiers, started).await;
            })
        })
        .collect();
    let total = devices * dossiers;
    while !all.iter().all(tokio::task::JoinHandle::is_finished) {
        sleep(Duration::from_millis(200)).await;
        if started.elapsed().as_secs().is_multiple_of(10) && started.elapsed().subsec_millis() < 200 {
            let (delivered, shed) = (count(&fleet.tally.delivered), count(&fleet.tally.shed));
            eprintln!("{:4} s: {delivered} of {total} delivered, {shed} shed", started.elapsed().as_secs());
        }
    }
    for task in all {
        task.await.context("a device's task failed")?;
    }
    fleet.report(capacity, started.elapsed())
}

impl Fleet {
    /// Whatever depends on the seed, a device and a purpose.
    fn dice(&self, device: u64, purpose: u64) -> u64 {
        // SplitMix64.
        let mut z =
            self.seed.wrapping_add(device.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn boot_wait(&self, device: u64) -> Duration {
        let part = (self.dice(device, 1) >> 11) as f64 / (1_u64 << 53) as f64;
        (BOOT_WAIT / self.arguments.compress).mul_f64(part)
    }

    fn client(&self, number: u64) -> Result<HubClient> {
        let Issued { certificate, key, ca, receipt_key } =
            issue_in_memory(&self.arguments.keys, &name(number), Validity::Usual, Zoned::now().date())?;
        let mut receipt = [0; 32];
        hex::decode_to_slice(receipt_key.trim(), &mut receipt).context("receipt_key.txt is not 32 bytes in hex")?;
        let hubs = &self.arguments.hub;
        Ok(HubClient::new(HubSettings {
            url: hubs[number as usize % hubs.len()].clone(),
            ca_pem: ca.into_bytes(),
            cert_pem: certificate.into_bytes(),
            key_pem: Zeroizing::new(key.into_bytes()),
            receipt_key: receipt,
        })?)
    }

    async fn device(&self, number: u64, dossiers: u64, started: Instant) {
        match self.client(number) {
            Ok(client) => self.empty_outbox(&client, number, dossiers, started).await,
            Err(error) => eprintln!("{}: {error:#}", name(number)),
        }
    }

    /// As the agent does it: one after the other, each until its receipt is there.
    async fn empty_outbox(&self, client: &HubClient, number: u64, dossiers: u64, started: Instant) {
        for sequence in 1..=dossiers {
            let bytes: Vec<u8> = (0..self.arguments.bytes as u64).map(|i| (self.dice(number, i / 8 + 2) >> (i % 8 * 8)) as u8).collect();
            let message = message(&name(number), sequence, &bytes);
            let mut attempts = 0;
            loop {
                let error = match client.deliver(&message, |_| std::future::ready(Ok(bytes.clone()))).await {
                    Ok(delivered) => {
                        self.tally.delivered.fetch_add(1, Ordering::Relaxed);
                        locked(&self.tally.codes).extend(delivered.receipt.official_code);
                        break;
                    }
                    Err(error) => error,
                };
                let counter = match error.class {
                    Class::Server if error.message.contains("503") || error.message.contains("429") => &self.tally.shed,
                    Class::Server => &self.tally.busy,
                    Class::Network => &self.tally.network,
                    Class::Credential | Class::Rejected | Class::BadReceipt => &self.tally.other,
                };
                if counter.fetch_add(1, Ordering::Relaxed) == 0 {
                    eprintln!("first of its kind: {error}");
                }
                if matches!(error.class, Class::Credential | Class::Rejected | Class::BadReceipt) {
                    // Waiting does not mend it; the report will say that a dossier is missing.
                    break;
                }
                attempts += 1;
                sleep(self.schedule.delay(attempts, error.retry_after, error.class)).await;
            }
        }
        locked(&self.tally.seconds).push(started.elapsed().as_secs_f64());
    }

    fn report(&self, capacity: f64, took: Duration) -> Result<()> {
        let tally = &self.tally;
        let (delivered, shed) = (count(&tally.delivered), count(&tally.shed));
        let ideal = delivered as f64 / capacity;
        println!(
            "drained: {delivered} dossiers in {:.1} s; ideal {ideal:.1} s at capacity; {:.2} of it",
            took.as_secs_f64(),
            took.as_secs_f64() / ideal
        );
        println!("shed: {shed} answers 503 or 429, {:.2} per dossier served", shed as f64 / delivered as f64);
        println!(
            "other answers of the hub {}, network {}, anything else {}",
            count(&tally.busy),
            count(&tally.network),
            count(&tally.other)
        );
        let mut seconds = locked(&tally.seconds).clone();
        seconds.sort_by(f64::total_cmp);
        let at = |part: f64| seconds.get(((seconds.len() - 1) as f64 * part) as usize).copied().unwrap_or_default();
        println!("time to the device's last receipt: p50 {:.1} s, p99 {:.1} s, max {:.1} s", at(0.5), at(0.99), at(1.0));
        let codes = locked(&tally.codes);
        let different: BTreeSet<&String> = codes.iter().collect();
        println!("official codes: {} given, {} different", codes.len(), different.len());
        ensure!(
            different.len() as u64 == delivered && delivered == self.arguments.devices * self.arguments.dossiers,
            "dossiers were lost or doubled"
        );
        Ok(())
    }
}

fn name(number: u64) -> String {
    format!("F{number:05}")
}

/// A birth registration of an invented person with one scan. As JSON, for what an agent sends is bytes.
fn message(device: &str, sequence: u64, bytes: &[u8]) -> Vec<u8> {
    let (id, document) = (Uuid::now_v7(), Uuid::now_v7());
    let file =
        json!({"id": Uuid::now_v7(), "sha256": hex::encode(Sha256::digest(bytes)), "bytes": bytes.len(), "media": "application/pdf"});
    let body = json!({
        "type": "dossier", "id": id, "code": ProvisionalCode::new("K07", date(2026, 11, 23), 42), "agency": "H15.50.05", "device": device, "channel": 1,
        "procedure": "1.001193", "procedure_name": {"vi": "Đăng ký khai sinh", "en": "Birth registration"}, "catalogue_version": 1,
        "applicant": {"number": "001190000001", "name": "Nguyễn Thị Mẫu", "birth": "1990-01-02", "sex": "female",
            "address": "Thôn Thử, xã Mẫu", "confirmed": true, "number_agrees": true, "proof": {"by": "claimed"}},
        "answers": [], "documents": [], "submitted": "2026-11-23T08:00:00Z",
    });
    let files = json!([{"name": "01-giay-chung-sinh.pdf", "document": document, "file": file}]);
    json!({"id": id, "device": device, "sequence": sequence, "body": body, "files": files}).to_string().into_bytes()
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
