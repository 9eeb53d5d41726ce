//! `make bench`, disk and link: what keeping and forwarding cost, each beside a peer in the same run.
#![expect(clippy::print_stdout, reason = "the figures are this module's output")]

use crate::{
    bench_devices::line,
    filled,
    rig::{DEVICE, Options, Rig},
};
use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use motcua_model::hub::{CONTENT_DIGEST, IDEMPOTENCY_KEY, Message, NamedFile, content_digest};
use motcua_store::Lane;
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

/// Commits measured, one of ours and one of the peer's in turn.
const COMMITS: u64 = 300;
/// A scanned side.
const SIDE: usize = 250_000;
/// A side's lossless file with a sensor's grain, and how many are kept.
const MASTER: usize = 13_000_000;
const MASTERS: usize = 15;
/// Dossiers that are forwarded, and the bytes of each on the disk; half of them go over the line.
const DOSSIERS: u32 = 100;
const DOSSIER: usize = 1_500_000;
/// What passes before the line breaks.
const LINE_HOLDS: u64 = 3_000_000;
/// The agent at rest is watched for so long.
const REST: Duration = Duration::from_secs(20);

/// Prints the figures of disk and link.
///
/// # Errors
/// When the office cannot be set up, or something does not arrive.
pub async fn figures() -> anyhow::Result<()> {
    println!("\n{:<56} {:>12} {:>12} {:>6}  beside", "disk and link", "measured", "peer", "ratio");
    tokio::task::spawn_blocking(commits).await??;
    forwarding().await?;
    cuts().await
}

/// Not in /tmp, which is memory on some machines.
fn folder() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::TempDir::new_in("/var/tmp")?)
}

fn commits() -> anyhow::Result<()> {
    let folder = folder()?;
    let mut store = filled::store(folder.path())?;
    let mut raw = fs::File::create(folder.path().join("raw"))?;
    let (mut submits, mut sides, mut blocks, mut files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let page = vec![0x5a; SIDE];
    for number in 0..COMMITS {
        let (id, document) = (Uuid::now_v7(), Uuid::now_v7());
        sides.push(millis(|| Ok(store.put_file(id, Uuid::now_v7(), "image/jpeg", &page)?))?.1);
        let image = store.put_file(id, Uuid::now_v7(), "image/jpeg", b"a small page")?;
        let (submission, now) = (filled::submission(id, document, image)?, Timestamp::now());
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        submits.push(millis(|| Ok(store.submit(submission, "H15.50.05", "K07", now, today)?))?.1);
        blocks.push(millis(|| Ok(raw.write_all(&page[..4096]).and_then(|()| raw.sync_data())?))?.1);
        files.push(millis(|| plain_file(&folder.path().join(format!("plain-{number}")), &page))?.1);
    }
    line("a dossier confirmed, median", median(submits), median(blocks), "ms", "write of 4 KiB and fdatasync");
    line("a side of 250 kB sealed and kept, median", median(sides), median(files), "ms", "a new file of as much and fdatasync");
    let (mut masters, mut files, pixels) = (Vec::new(), Vec::new(), vec![0x5a; MASTER]);
    for number in 0..MASTERS {
        let id = Uuid::now_v7();
        masters.push(millis(|| Ok(store.put_master(id, id, &pixels)?))?.1);
        files.push(millis(|| plain_file(&folder.path().join(format!("pixels-{number}")), &pixels))?.1);
    }
    line("a lossless master of 13 MB sealed and kept, median", median(masters), median(files), "ms", "a new file of as much and fdatasync");
    Ok(())
}

fn plain_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    Ok(file.sync_data()?)
}

fn millis<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let started = Instant::now();
    let done = work()?;
    Ok((done, started.elapsed().as_secs_f64() * 1e3))
}

/// The middle one; no number of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A full outbox through the whole agent, and as many messages and files by curl over one connection. A hub each: one sheds what a device
/// asks too quickly.
async fn forwarding() -> anyhow::Result<()> {
    let peer = {
        let (rig, _folder) = office().await?;
        let took = curl(&rig, &rig.dir).await?;
        rig.stop().await?;
        took
    };
    let (mut rig, _folder) = office().await?;
    let took = drained(&mut rig).await?;
    let megabytes = f64::from(DOSSIERS) * (DOSSIER / 2) as f64 / 1e6;
    let beside = "curl, the same requests, no disk of its own";
    line("forwarding 100 dossiers of 750 kB, whole agent", megabytes / took, megabytes / peer, "MB/s", beside);
    at_rest(&rig).await?;
    rig.stop().await
}

/// A hub, and a full store whose agent has not been started.
async fn office() -> anyhow::Result<(Rig, tempfile::TempDir)> {
    let folder = folder()?;
    let rig = Rig::start_without_agent(&Options::in_folder(folder.path())).await?;
    let dir = rig.dir.clone();
    tokio::task::spawn_blocking(move || fill(&dir)).await??;
    Ok((rig, folder))
}

fn fill(dir: &Path) -> anyhow::Result<()> {
    let mut store = filled::store(dir)?;
    for _ in 0..DOSSIERS {
        filled::file(&mut store, DOSSIER, Timestamp::now())?;
    }
    Ok(())
}

/// Seconds from the agent's start to its empty outbox.
async fn drained(rig: &mut Rig) -> anyhow::Result<f64> {
    let started = Instant::now();
    rig.start_agent().await?;
    while !rig.status().await?.outbox.is_empty() {
        ensure!(started.elapsed() < Duration::from_secs(300), "not drained in five minutes; {}", rig.last_words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = started.elapsed().as_secs_f64();
    let held = rig.hub_copies()?.len();
    ensure!(held >= DOSSIERS as usize, "{held} dossiers are at the hub, {DOSSIERS} were filed");
    Ok(took)
}

/// What the agent uses when nobody is there and nothing waits.
async fn at_rest(rig: &Rig) -> anyhow::Result<()> {
    let pid = rig.agent_pid().context("the agent does not run")?;
    // The allocator gives back what the drain has freed.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = ticks(pid)?;
    tokio::time::sleep(REST).await;
    let used = (ticks(pid)? - before) as f64 / 100.0 / REST.as_secs_f64() * 100.0;
    println!("{:<56} {:>12}", "agent at rest after it, memory (RSS + swap)", format!("{:.0} MB", filled::memory(pid)?));
    println!("{:<56} {:>12}", "agent at rest, processor, of one core", format!("{used:.2} %"));
    Ok(())
}

/// Hundredths of a second of processor, as Linux counts them for programs (proc(5), USER_HZ).
fn ticks(pid: u32) -> anyhow::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let [user, system] = [fields.get(11), fields.get(12)].map(|field| field.and_then(|text| text.parse::<u64>().ok()));
    Ok(user.context("no utime")? + system.context("no stime")?)
}

/// The messages of a store that no agent has seen, sent by one curl: record, upload, file, receipt. Seconds.
async fn curl(rig: &Rig, dir: &Path) -> anyhow::Result<f64> {
    let out = dir.join("curl");
    fs::create_dir_all(&out)?;
    let mut script = format!(
        "silent\nshow-error\nfail\ncacert = \"{device}/hub-ca.pem\"\ncert = \"{device}/device.pem\"\nkey = \"{device}/device.key\"\n",
        device = rig.dir.join("device").display()
    );
    let tls = script.clone();
    let mut store = filled::store(dir)?;
    while let Some(item) = store.outbox_due(Lane::All, Timestamp::now())? {
        let stored = store.dossier(item.id)?.context("the dossier is gone")?;
        let mut files = Vec::new();
        for (document, file) in stored.pdfs {
            fs::write(out.join(file.id.to_string()), store.file(file.id)?)?;
            files.push(NamedFile { name: format!("{}.01.pdf", stored.dossier.code), document, file, metadata: None });
        }
        let message =
            Message { id: item.id, device: DEVICE.to_owned(), sequence: item.sequence, moment: item.moment, body: item.body, files };
        if script != tls {
            script.push_str(&format!("next\n{tls}"));
        }
        requests(&mut script, &rig.hub, &out, &message, &tls)?;
        store.delivered(item.id, "{}", None, Timestamp::now())?;
    }
    let config = out.join("requests");
    fs::write(&config, script)?;
    let (took, said) = tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        Command::new("curl").arg("-K").arg(&config).output().map(|said| (started.elapsed(), said))
    })
    .await?
    .context("curl cannot be started; install it")?;
    ensure!(said.status.success(), "curl: {}", String::from_utf8_lossy(&said.stderr));
    let receipts = String::from_utf8_lossy(&said.stdout).matches("\"signature\"").count();
    ensure!(receipts >= DOSSIERS as usize, "curl got {receipts} receipts");
    Ok(took.as_secs_f64())
}

fn requests(script: &mut String, hub: &str, out: &Path, message: &Message, tls: &str) -> anyhow::Result<()> {
    let json = serde_json::to_vec(message)?;
    let body = out.join(format!("{}.json", message.id));
    fs::write(&body, &json)?;
    let post = format!(
        "url = \"{hub}/v1/messages\"\nheader = \"Content-Type: application/json\"\nheader = \"{IDEMPOTENCY_KEY}: {}\"\n\
         header = \"{CONTENT_DIGEST}: {}\"\ndata-binary = \"@{}\"\n",
        message.id,
        content_digest(&json),
        body.display()
    );
    script.push_str(&post);
    for file in &message.files {
        let metadata = format!("message {},file {}", base64(message.id), base64(file.file.id));
        // Writing into a String cannot fail.
        let _ = write!(
            script,
            "next\n{tls}url = \"{hub}/v1/uploads\"\nrequest = POST\nheader = \"Tus-Resumable: 1.0.0\"\nheader = \"Upload-Length: {}\"\n\
             header = \"Upload-Metadata: {metadata}\"\n\
             next\n{tls}url = \"{hub}/v1/uploads/{message}/{id}\"\nrequest = PATCH\nheader = \"Tus-Resumable: 1.0.0\"\nheader = \"Upload-Offset: 0\"\n\
             header = \"Content-Type: application/offset+octet-stream\"\ndata-binary = \"@{}\"\n",
            file.file.bytes,
            out.join(file.file.id.to_string()).display(),
            message = message.id,
            id = file.file.id,
        );
    }
    let _ = write!(script, "next\n{tls}{post}");
    Ok(())
}

fn base64(id: Uuid) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(id.to_string())
}

/// What a line that breaks again and again makes the agent send twice.
async fn cuts() -> anyhow::Result<()> {
    let mut sent = Vec::new();
    let mut broken = 0;
    for holds in [u64::MAX, LINE_HOLDS] {
        let (mut rig, _folder) = office().await?;
        let hub: SocketAddr = rig.hub.trim_start_matches("https://").parse()?;
        let counted = Arc::new(Line { hub, holds, sent: AtomicU64::new(0), broken: AtomicU64::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let config = rig.dir.join("agent.toml");
        fs::write(&config, fs::read_to_string(&config)?.replace(&hub.to_string(), &listener.local_addr()?.to_string()))?;
        let task = tokio::spawn(Arc::clone(&counted).serve(listener));
        drained(&mut rig).await?;
        sent.push(counted.sent.load(Ordering::Relaxed) as f64 / 1e6);
        broken = counted.broken.load(Ordering::Relaxed);
        rig.stop().await?;
        task.abort();
    }
    let [whole, cut] = sent[..] else { anyhow::bail!("two lines were measured") };
    ensure!(broken > 0, "the line never broke");
    line(&format!("sent over a line that breaks every 3 MB ({broken} times)"), cut, whole, "MB", "over a line that holds");
    println!("{:<56} {:>12}", "sent again for each break", format!("{:.0} kB", (cut - whole) * 1e3 / broken as f64));
    Ok(())
}

/// A line between agent and hub that counts what goes up, and breaks.
struct Line {
    hub: SocketAddr,
    /// Bytes that a connection carries upwards.
    holds: u64,
    sent: AtomicU64,
    broken: AtomicU64,
}

impl Line {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((agent, _)) = listener.accept().await {
            let line = Arc::clone(&self);
            tokio::spawn(async move {
                let Ok(hub) = TcpStream::connect(line.hub).await else { return };
                let _ = (agent.set_nodelay(true), hub.set_nodelay(true));
                let ((mut from_agent, mut to_agent), (mut from_hub, mut to_hub)) = (agent.into_split(), hub.into_split());
                // Whichever way ends first, both ends are dropped in the middle of what they say.
                tokio::select! {
                    () = line.up(&mut from_agent, &mut to_hub) => {}
                    _ = tokio::io::copy(&mut from_hub, &mut to_agent) => {}
                }
            });
        }
    }

    async fn up(&self, from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) {
        let (mut buffer, mut carried) = (vec![0; 16 * 1024], 0);
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            self.sent.fetch_add(read as u64, Ordering::Relaxed);
            carried += read as u64;
            if carried > self.holds {
                self.broken.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }
}
