//! A commune office in a folder: hub, simulated devices and agent, each a process.

use crate::own_namespace::number_of_run;
use anyhow::{Context as _, bail, ensure};
use image::GrayImage;
use motcua_drivers::printer::{
    Font, render,
    slip::{Align, Block, Size},
};
use motcua_model::{
    api::{Action, ActionRequest, AgentStatus, DeviceState, Snapshot},
    hub::{Message, Receipt},
};
use motcua_sim::pcscd::Pcscd;
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// Name of the device in its certificate.
pub const DEVICE: &str = "kiosk-k07";
/// QR of an invented citizen's 2021 card (seven fields).
pub const CARD: &str = "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm|10052021";
/// QR of another invented citizen's 2024 card (eleven fields).
pub const OTHER_CARD: &str = "001090000017||Trần Văn Thử|20021990|Nam|Phường Minh Họa, Thử Nghiệm|02082024||||";

/// How an office is set up.
pub struct Options {
    /// Where everything is kept.
    pub dir: PathBuf,
    /// Where the agent keeps its state and key: a disk of its own in scenarios about disks.
    pub kept: PathBuf,
    /// Milliseconds the simulated scanner takes for a side.
    pub page_delay_ms: u32,
    /// Seconds; below the floors of a real configuration are not possible.
    pub idle_s: u16,
    /// With a card reader: a `pcscd` of this office's own, see [`Pcscd::missing`].
    pub card_reader: bool,
    /// Another scanner than the simulated one: its line under `[scanner]`, such as `sane = "Example Folder"`.
    pub scanner: Option<String>,
    /// Pictures for the feeder.
    pub pages: PathBuf,
    /// For the agent's environment.
    pub env: Vec<(&'static str, PathBuf)>,
}

impl Options {
    /// The usual office in `dir`: quick devices, no card reader.
    pub fn in_folder(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            kept: dir.to_owned(),
            page_delay_ms: 60,
            idle_s: 120,
            card_reader: false,
            scanner: None,
            pages: pages_folder(),
            env: Vec::new(),
        }
    }
}

/// The running office.
pub struct Rig {
    /// Its folder.
    pub dir: PathBuf,
    /// Where the sim's dock listens.
    pub dock: String,
    /// Where the hub listens.
    pub hub: String,
    /// Where the console listens.
    pub console: String,
    hub_port: u16,
    /// Where the hub is told what to do badly.
    hub_faults: String,
    sim: Child,
    hub_process: Option<Child>,
    agent: Option<Child>,
    /// The service for card readers, where the office has one.
    pub pcscd: Option<Pcscd>,
    env: Vec<(&'static str, PathBuf)>,
    /// The agent is started under this program, arguments and all, such as `strace`.
    pub under: Vec<String>,
    http: reqwest::Client,
    local: reqwest::Client,
}

impl Rig {
    /// Starts hub, devices and agent, and waits until the agent is ready.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let mut rig = Self::start_without_agent(options).await?;
        rig.start_agent().await?;
        Ok(rig)
    }

    /// Hub and devices alone.
    pub async fn start_without_agent(options: &Options) -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = options.dir.clone();
        for folder in ["hub", "device", "slips", "logs", "run", "pcscd", "csca"] {
            fs::create_dir_all(dir.join(folder)).with_context(|| format!("Unable to make {}", dir.join(folder).display()))?;
        }
        run(binary("motcua-hub")?.arg("init").arg(dir.join("hub"))).await?;
        run(binary("motcua-hub")?.arg("issue").arg(dir.join("hub")).args(["--device", DEVICE, "--out"]).arg(dir.join("device"))).await?;
        let hub_port = free_port()?;
        let console = format!("127.0.0.1:{}", free_port()?);
        let gun = dir.join("run/gun");
        let mut env = options.env.clone();
        let pcscd = match options.card_reader {
            true => {
                env.push(Pcscd::environment(&dir.join("pcscd")));
                Some(Pcscd::start(&dir.join("pcscd"))?)
            }
            false => None,
        };
        let mut sim = binary("motcua-sim")?;
        if let Some(pcscd) = &pcscd {
            sim.arg("--vpcd").arg(pcscd.reader().to_string());
        }
        sim.args(["--escl-port", "0", "--printer-port", "0", "--dock-port", "0", "--gun-link"]).arg(&gun);
        sim.arg("--pages").arg(&options.pages).arg("--out").arg(dir.join("slips"));
        sim.args(["--page-delay", &options.page_delay_ms.to_string()]);
        let (sim, ports) = spawn(sim, &dir.join("logs/sim.log")).await?;
        let address =
            |key: &str| ports[key].as_str().map(str::to_owned).with_context(|| format!("motcua-sim did not say its {key}: {ports}"));
        let printer = format!("127.0.0.1:{}", ports["printer_port"]);
        let config = config(&dir, &address("escl_url")?, &gun, &printer, hub_port, &console, options)?;
        fs::write(dir.join("agent.toml"), config)?;
        if pcscd.is_some() {
            fs::copy(dir.join("slips/csca.pem"), dir.join("csca/csca.pem")).context("the simulator wrote no csca.pem")?;
        }
        let socket = dir.join("run/agent.sock");
        let mut rig = Self {
            dock: address("dock_url")?.trim_end_matches('/').to_owned(),
            hub: format!("https://127.0.0.1:{hub_port}"),
            console: format!("https://{console}"),
            hub_port,
            hub_faults: String::new(),
            sim,
            hub_process: None,
            agent: None,
            pcscd,
            env,
            under: Vec::new(),
            http: reqwest::Client::builder().no_proxy().build()?,
            local: reqwest::Client::builder().no_proxy().unix_socket(socket).build()?,
            dir,
        };
        rig.start_hub().await?;
        Ok(rig)
    }

    /// Starts the hub, again if need be, on the same folder and port.
    pub async fn start_hub(&mut self) -> anyhow::Result<()> {
        let mut hub = binary("motcua-hub")?;
        hub.arg("serve").arg(self.dir.join("hub")).args(["--listen", &format!("127.0.0.1:{}", self.hub_port), "--agency", "H15.50.05"]);
        hub.args(["--test-port", "0"]);
        let (process, addresses) = spawn(hub, &self.dir.join("logs/hub.log")).await?;
        self.hub_faults = format!("http://{}/test/faults", addresses["test"].as_str().context("the hub did not say its test port")?);
        self.hub_process = Some(process);
        Ok(())
    }

    /// Ends the hub at once.
    pub async fn kill_hub(&mut self) -> anyhow::Result<()> {
        if let Some(mut process) = self.hub_process.take() {
            process.kill().await?;
        }
        Ok(())
    }

    /// The running hub will do this badly (`motcua_hub::Faults`).
    pub async fn hub_does_badly(&self, faults: Value) -> anyhow::Result<()> {
        self.http.post(&self.hub_faults).json(&faults).send().await?.error_for_status()?;
        Ok(())
    }

    /// Somebody at the hub does this, such as `accept`; what the program printed.
    pub async fn at_hub(&self, act: &str, arguments: &[&str]) -> anyhow::Result<String> {
        run(binary("motcua-hub")?.arg(act).arg(self.dir.join("hub")).args(arguments)).await
    }

    /// Starts the agent and waits for its first snapshot; answers how long that took.
    pub async fn start_agent(&mut self) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let log = fs::OpenOptions::new().create(true).append(true).open(self.dir.join("logs/agent.log"))?;
        let mut agent = binary("motcua-agent")?;
        if let [program, arguments @ ..] = self.under.as_slice() {
            let real = agent.as_std().get_program().to_owned();
            agent = Command::new(program);
            agent.args(arguments).arg(real);
        }
        agent
            .arg("--config")
            .arg(self.dir.join("agent.toml"))
            .env("OMP_THREAD_LIMIT", "1")
            .env("MALLOC_MMAP_THRESHOLD_", "8388608")
            .envs(self.env.iter().cloned());
        agent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        self.agent = Some(agent.spawn().context("Unable to start motcua-agent")?);
        loop {
            if self.snapshot().await.is_ok() {
                return Ok(started.elapsed());
            }
            if let Some(status) = self.agent.as_mut().and_then(|a| a.try_wait().ok().flatten()) {
                bail!("motcua-agent ended with {status}; see {}", self.dir.join("logs/agent.log").display());
            }
            ensure!(
                started.elapsed() < Duration::from_secs(20),
                "motcua-agent is not ready after 20 s; see {}",
                self.dir.join("logs/agent.log").display()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Adds a section to the agent's configuration, for its next start.
    pub fn configure(&self, section: &str) -> anyhow::Result<()> {
        let file = self.dir.join("agent.toml");
        let config = fs::read_to_string(&file)?;
        Ok(fs::write(file, format!("{config}\n{section}"))?)
    }

    /// What the hub has goes: here at once, in an office after an hour. Waits until no sealed file is left.
    pub async fn forget_delivered(&mut self) -> anyhow::Result<()> {
        self.configure("[retention]\nwhole_hours = 0\n")?;
        self.restart_agent().await?;
        let started = Instant::now();
        while fs::read_dir(self.dir.join("state/blobs"))?.count() > 0 {
            ensure!(started.elapsed() < Duration::from_secs(30), "files that the hub has still lie on the disk");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// As after a power cut.
    pub async fn restart_agent(&mut self) -> anyhow::Result<()> {
        self.kill_agent().await?;
        self.start_agent().await.map(drop)
    }

    /// SIGKILL: no chance to tidy up.
    pub async fn kill_agent(&mut self) -> anyhow::Result<()> {
        let mut agent = self.agent.take().context("the agent does not run")?;
        agent.kill().await?;
        Ok(())
    }

    /// How the agent ended, where it did by itself or does soon: a side that is being read is read to its end first.
    pub async fn agent_ended(&mut self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        let Some(agent) = self.agent.as_mut() else { return Ok(None) };
        match tokio::time::timeout(Duration::from_secs(20), agent.wait()).await {
            Ok(status) => Ok(Some(status?)),
            Err(_) => Ok(None),
        }
    }

    /// Process id of the agent.
    pub fn agent_pid(&self) -> Option<u32> {
        self.agent.as_ref().and_then(Child::id)
    }

    /// The agent's socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("run/agent.sock")
    }

    /// What the screen shows now.
    pub async fn snapshot(&self) -> anyhow::Result<Snapshot> {
        let answer = self.local.get("http://agent/v1/snapshot").timeout(Duration::from_secs(5)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// What the technician is told.
    pub async fn status(&self) -> anyhow::Result<AgentStatus> {
        Ok(self.local.get("http://agent/v1/status").send().await?.error_for_status()?.json().await?)
    }

    /// The agent's figures, as monitoring reads them.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        Ok(self.local.get("http://agent/v1/metrics").send().await?.error_for_status()?.text().await?)
    }

    /// Touches the screen as it is now. A screen that moves on meanwhile is looked at again.
    pub async fn act(&self, action: Action) -> anyhow::Result<()> {
        for _ in 0..5 {
            let request = ActionRequest { step: self.snapshot().await?.step, action: action.clone() };
            let answer = self.local.post("http://agent/v1/actions").json(&request).send().await?;
            if answer.status().is_success() {
                return Ok(());
            }
        }
        bail!("the agent does not take {action:?}")
    }

    /// Sends the same step's action as it was composed: for stale touches.
    pub async fn act_at(&self, step: u64, action: Action) -> anyhow::Result<u16> {
        let answer = self.local.post("http://agent/v1/actions").json(&ActionRequest { step, action }).send().await?;
        Ok(answer.status().as_u16())
    }

    /// A thumbnail as the screen would fetch it.
    pub async fn page(&self, id: uuid::Uuid) -> anyhow::Result<reqwest::Response> {
        Ok(self.local.get(format!("http://agent/v1/pages/{id}?width=300")).send().await?)
    }

    /// A command for the simulator's dock.
    pub async fn dock(&self, command: Value) -> anyhow::Result<Value> {
        let answer = self.http.post(format!("{}/dock", self.dock)).json(&command).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "the dock refuses {command}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Types a line on the barcode gun.
    pub async fn scan_code(&self, text: &str) -> anyhow::Result<()> {
        self.dock(json!({"type": text})).await.map(|_| ())
    }

    /// The access code of the staff console, which comes up a little after the kiosk.
    pub async fn console_code(&self) -> anyhow::Result<String> {
        let (file, started) = (self.dir.join("console.code"), Instant::now());
        loop {
            if let Ok(code) = fs::read_to_string(&file) {
                return Ok(code.trim().to_owned());
            }
            ensure!(
                started.elapsed() < Duration::from_secs(10),
                "no console after 10 s; see {}",
                self.dir.join("logs/agent.log").display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the screen is as `wanted` says.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> anyhow::Result<Snapshot> {
        self.until_within(Duration::from_secs(30), what, wanted).await
    }

    /// Waits until scanner, code reader and printer are there.
    pub async fn until_devices(&self) -> anyhow::Result<Snapshot> {
        let ready = |s: &Snapshot| [s.health.scanner, s.health.reader, s.health.printer].iter().all(|d| *d == DeviceState::Ready);
        self.until("the devices", ready).await
    }

    /// As [`Self::until`], with a limit.
    pub async fn until_within(&self, limit: Duration, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> anyhow::Result<Snapshot> {
        let started = Instant::now();
        loop {
            let snapshot = self.snapshot().await?;
            if wanted(&snapshot) {
                return Ok(snapshot);
            }
            ensure!(
                started.elapsed() < limit,
                "waited {limit:?} in vain for {what}; the screen shows {:?} with overlay {:?}; devices: {:?}; the agent's last words:\n{}",
                snapshot.screen,
                snapshot.overlay,
                self.status().await.map(|status| status.devices),
                self.last_words()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The end of the agent's log: it holds no personal data.
    pub fn last_words(&self) -> String {
        self.last_words_in("agent.log")
    }

    /// The end of one of the logs.
    pub fn last_words_in(&self, log: &str) -> String {
        let log = fs::read_to_string(self.dir.join("logs").join(log)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(8).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Waits until the screen has this code and nothing lies over it.
    pub async fn screen(&self, code: &str) -> anyhow::Result<Snapshot> {
        self.until(code, |s| s.screen.code() == code && s.overlay.is_none()).await
    }

    /// Waits until status is as `wanted` says.
    pub async fn until_status(&self, what: &str, wanted: impl Fn(&AgentStatus) -> bool) -> anyhow::Result<AgentStatus> {
        let started = Instant::now();
        loop {
            let status = self.status().await?;
            if wanted(&status) {
                return Ok(status);
            }
            ensure!(started.elapsed() < Duration::from_secs(240), "waited 240 s in vain for {what}: {status:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Messages that the hub holds whole, each a folder with message, receipt and files.
    pub fn hub_copies(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        let Ok(entries) = fs::read_dir(self.dir.join("hub/files")) else { return Ok(folders) };
        for entry in entries {
            let folder = entry?.path();
            if folder.join("receipt.json").exists() {
                folders.push(folder);
            }
        }
        folders.sort();
        Ok(folders)
    }

    /// Slips that the simulated printer cut off.
    pub fn slips(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut slips: Vec<PathBuf> = fs::read_dir(self.dir.join("slips"))?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        slips.retain(|p| p.extension().is_some_and(|e| e == "png"));
        slips.sort();
        Ok(slips)
    }

    /// Every picture of the screen from now until the agent ends.
    pub async fn pictures(&self) -> anyhow::Result<Pictures> {
        let answer = self.local.get("http://agent/v1/snapshots").send().await?.error_for_status()?;
        Ok(Pictures { answer, read: Vec::new() })
    }

    /// Ends everything.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        for process in [self.agent.take(), self.hub_process.take()].into_iter().flatten() {
            let mut process = process;
            process.kill().await?;
        }
        self.sim.kill().await?;
        Ok(())
    }
}

/// The screen as it changes.
pub struct Pictures {
    answer: reqwest::Response,
    read: Vec<u8>,
}

impl Pictures {
    /// The next picture; none when the agent has ended.
    pub async fn next(&mut self) -> Option<Snapshot> {
        loop {
            if let Some(end) = self.read.windows(2).position(|w| w == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                match event.strip_prefix(b"data: ").and_then(|json| serde_json::from_slice(json).ok()) {
                    Some(snapshot) => return Some(snapshot),
                    None => continue,
                }
            }
            self.read.extend(self.answer.chunk().await.ok()??);
        }
    }
}

/// The message of a hub's copy.
pub fn message(copy: &Path) -> anyhow::Result<Message> {
    Ok(serde_json::from_slice(&fs::read(copy.join("message.json"))?)?)
}

/// The receipt beside a hub's copy.
pub fn receipt(copy: &Path) -> anyhow::Result<Receipt> {
    Ok(serde_json::from_str(&fs::read_to_string(copy.join("receipt.json"))?)?)
}

/// The text of the QR on a printed slip.
pub fn qr_of(slip: &Path) -> anyhow::Result<String> {
    let picture = image::open(slip)?.to_luma8();
    let (width, height) = picture.dimensions();
    let grey = |x: usize, y: usize| picture.get_pixel(x as u32, y as u32).0[0];
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, grey);
    let grids = seen.detect_grids();
    let (_, text) = grids.first().with_context(|| format!("no QR on {}", slip.display()))?.decode()?;
    Ok(text)
}

/// Whether a printed slip has this line, bold and in the middle, dot by dot as the agent draws it.
pub fn has_line(slip: &Path, line: &str) -> anyhow::Result<bool> {
    const FONT: &str = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf";
    let picture = image::open(slip)?.to_luma8();
    let font = Font::new(fs::read(FONT).context(FONT)?, None)?;
    let text = Block::Text { text: line.to_owned(), size: Size::Normal, bold: true, align: Align::Centre };
    let wanted = render(&[text], picture.width(), &font)?;
    let row = |picture: &GrayImage, y: u32| -> Vec<bool> { (0..picture.width()).map(|x| picture.get_pixel(x, y).0[0] < 128).collect() };
    let mut rows: Vec<Vec<bool>> = (0..wanted.height()).map(|y| row(&wanted, y)).collect();
    let inked = |row: &Vec<bool>| row.contains(&true);
    let first = rows.iter().position(inked).context("the line has no ink")?;
    let last = rows.iter().rposition(inked).context("the line has no ink")?;
    rows = rows.drain(first..=last).collect();
    let printed: Vec<Vec<bool>> = (0..picture.height()).map(|y| row(&picture, y)).collect();
    Ok(printed.windows(rows.len()).any(|window| window == rows.as_slice()))
}

/// The folder of page pictures that come with the simulator.
pub fn pages_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../drivers/sim/pages")
}

/// A program of this workspace, built beside the one that runs.
pub fn binary(name: &str) -> anyhow::Result<Command> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).take(3).map(|folder| folder.join(name)).find(|path| path.is_file());
    let path = found.with_context(|| format!("{name} is not built; run: cargo build --workspace"))?;
    Ok(Command::new(path))
}

/// Runs a program to its end.
pub async fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().await.with_context(|| format!("Unable to run {command:?}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(output.status.success(), "{command:?} failed with {}: {}{}", output.status, said(&output.stdout), said(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts a program that says its addresses in one line of JSON.
pub async fn spawn(mut command: Command, log: &Path) -> anyhow::Result<(Child, Value)> {
    let stderr = fs::OpenOptions::new().create(true).append(true).open(log)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("Unable to start {command:?}"))?;
    let stdout = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let first = tokio::time::timeout(Duration::from_secs(20), lines.next_line())
        .await
        .with_context(|| format!("{command:?} said nothing for 20 s; see {}", log.display()))??
        .with_context(|| format!("{command:?} ended at once; see {}", log.display()))?;
    // The pipe is read on, or the program would stop when it is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, serde_json::from_str(&first).with_context(|| format!("{command:?} said: {first}"))?))
}

/// A port below those that the system hands out by itself: between this choice and its use, no other program of the
/// tests can be given the same one.
fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(number_of_run() * 16 % 12_000)?;
    for _ in 0..12_000 {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free between 20000 and 32000");
}

impl Rig {
    /// Runs `motcua` to its end; exit code and everything that it printed.
    pub async fn technician(&self, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
        let mut command = binary("motcua")?;
        command.args(arguments).arg("--config").arg(self.dir.join("agent.toml")).envs(self.env.iter().cloned());
        let output = command.stdin(Stdio::null()).output().await.context("Unable to run motcua")?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}

fn config(dir: &Path, escl: &str, gun: &Path, printer: &str, hub_port: u16, console: &str, options: &Options) -> anyhow::Result<String> {
    let receipt_key = fs::read_to_string(dir.join("device/receipt_key.txt"))?;
    let (dir, kept, gun, idle, receipt_key) = (dir.display(), options.kept.display(), gun.display(), options.idle_s, receipt_key.trim());
    let scanner = options.scanner.clone().unwrap_or_else(|| format!("escl = \"{escl}\""));
    let card_reader = match options.card_reader {
        true => format!("[card_reader]\npcsc = \"\"\ntrust = \"{dir}/csca\"\n"),
        false => String::new(),
    };
    Ok(format!(
        r#"version = 1
[office]
name = {{ vi = "Trung tâm Phục vụ hành chính công phường Minh Họa", en = "Minh Hoa Ward Public Service Centre" }}
agency = "H15.50.05"
device = "K07"
phone = "0200 000 0000"
tracking_url = "https://dichvucong.thunghiem.example/tra-cuu?m={{code}}"
[paths]
state = "{kept}/state"
key = "{kept}/store.key"
[api]
socket = "{dir}/run/agent.sock"
[console]
listen = "{console}"
access_code = "{dir}/console.code"
[scanner]
{scanner}
{card_reader}[reader]
serial = "{gun}"
[printer]
tcp = "{printer}"
[hub]
url = "https://127.0.0.1:{hub_port}"
ca = "{dir}/device/hub-ca.pem"
cert = "{dir}/device/device.pem"
key = "{dir}/device/device.key"
receipt_key = "{receipt_key}"
export_cert = "{dir}/device/hub-export.pem"
poll_s = 2
boot_wait_s = 0
heartbeat_s = 20
[visit]
reading_s = {idle}
typing_s = {idle}
scanning_s = {idle}
waiting_s = {idle}
warning_s = 20
"#
    ))
}
