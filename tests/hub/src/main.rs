//! The reference hub as a command: make a hub, issue device certificates, serve, act as a clerk.
//!
//! With `MOTCUA_HUB_DATABASE` and `MOTCUA_HUB_BUCKET` set, every command works on PostgreSQL and the bucket in place of
//! the folder, which then holds keys alone ([`motcua_hub::SharedOptions`]).

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use jiff::{Timestamp, Zoned, civil::Date};
use motcua_hub::{Clerk, Limits, Options, SharedOptions, openapi, pki};
use motcua_model::{
    Private,
    dossier::Status,
    hub::{Handing, News, ResultPaper, SupplementItem},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// Reference hub for Một Cửa Edge: for tests and demonstrations with invented persons only.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a hub's folder: CA, server certificate, receipt key. Prints the receipt public key.
    Init {
        /// Folder to make.
        dir: PathBuf,
        /// Host names of the server certificate.
        #[arg(long, default_value = "localhost")]
        name: Vec<String>,
        /// IP addresses of the server certificate.
        #[arg(long, default_value = "127.0.0.1")]
        ip: Vec<IpAddr>,
    },
    /// Write certificate, key, CA and receipt key for one device.
    Issue {
        /// The hub's folder.
        dir: PathBuf,
        /// Name of the device.
        #[arg(long)]
        device: String,
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
        /// A certificate that has expired, for tests.
        #[arg(long)]
        expired: bool,
    },
    /// Revoke every certificate that a device has been given so far; a running hub refuses it from now on. Prints the serial
    /// numbers. Hubs that share the work each need a copy of the new crl.pem.
    Revoke {
        /// The hub's folder.
        dir: PathBuf,
        /// Name of the device.
        #[arg(long)]
        device: String,
    },
    /// Serve until SIGINT or SIGTERM. Prints one line of JSON with the addresses.
    Serve {
        /// The hub's folder.
        dir: PathBuf,
        /// Where devices connect; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8444")]
        listen: SocketAddr,
        /// Mã định danh of the office.
        #[arg(long, default_value = "H15.50.05")]
        agency: String,
        /// Loopback port for `POST /test/faults`; 0 takes a free one. Tests only.
        #[arg(long)]
        test_port: Option<u16>,
        /// Requests at work at once; more are shed with 503.
        #[arg(long, default_value_t = Limits::default().in_flight)]
        in_flight: usize,
        /// Questions and messages per second of one device in the long run; more is 429.
        #[arg(long, default_value_t = Limits::default().per_device)]
        per_device: f64,
        /// What a device may ask at once after a quiet time.
        #[arg(long, default_value_t = Limits::default().burst)]
        burst: f64,
        /// The national portal and its store cannot be asked: accounts stay unverified.
        #[arg(long)]
        without_kho: bool,
    },
    /// A clerk's act: give a dossier a new status and tell its device. Works while the hub runs.
    Status {
        /// The hub's folder.
        dir: PathBuf,
        /// Official code.
        #[arg(long)]
        dossier: String,
        /// TrangThaiHoSo, 1 to 10.
        #[arg(long)]
        status: u8,
        /// Lý do, of a refusal or a stop.
        #[arg(long)]
        reason: Option<String>,
    },
    /// A clerk's act: the dossier is accepted, and its result due (form 01). The kiosk prints it for its person.
    Accept {
        /// The hub's folder.
        dir: PathBuf,
        /// Official code.
        #[arg(long)]
        dossier: String,
        /// When the result is due, for example 2026-12-05T16:00+07.
        #[arg(long)]
        due: Timestamp,
        /// Người nhận hồ sơ.
        #[arg(long)]
        officer: String,
        /// The office where the result is fetched.
        #[arg(long)]
        place: String,
    },
    /// A clerk's act: papers are missing (form 02).
    Supplement {
        /// The hub's folder.
        dir: PathBuf,
        /// Official code.
        #[arg(long)]
        dossier: String,
        /// What to bring; once for each.
        #[arg(long, required = true)]
        item: Vec<String>,
        /// Lý do.
        #[arg(long)]
        reason: String,
        /// Last day, for example 2026-12-01.
        #[arg(long)]
        until: Option<Date>,
    },
    /// A clerk's act: the result can be handed over.
    Result {
        /// The hub's folder.
        dir: PathBuf,
        /// Official code.
        #[arg(long)]
        dossier: String,
        /// Code of the result paper, MaGiayToKetQua.
        #[arg(long)]
        code: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// The office where it is fetched; without it the post brings it.
        #[arg(long)]
        place: Option<String>,
    },
    /// For trials: the payment platform says that the money for this provisional code has come.
    Pay {
        /// The hub's folder.
        dir: PathBuf,
        /// Provisional code, as on the slip.
        #[arg(long)]
        code: String,
        /// The platform's number of the transaction.
        #[arg(long, default_value = "THU-0001")]
        transaction: String,
    },
    /// Print what the hub would send of one dossier to the national portal (DongBoHoSoMC, CapNhatTienDoHoSoMC): personal data.
    Portal {
        /// The hub's folder.
        dir: PathBuf,
        /// Official code.
        #[arg(long)]
        dossier: String,
        /// The portal has the dossier already ("đã tồn tại").
        #[arg(long)]
        known: bool,
        /// Address of the folder where the portal may fetch the files by their ids.
        #[arg(long)]
        files_at: Option<String>,
    },
    /// Take in messages that were carried here (`motcua outbox export`) and write the receipts beside them.
    Import {
        /// The hub's folder.
        dir: PathBuf,
        /// The stick's folder.
        #[arg(long = "in")]
        from: PathBuf,
        /// Mã định danh of the office.
        #[arg(long, default_value = "H15.50.05")]
        agency: String,
    },
    /// Give devices a newer catalogue, or tell them of a newer configuration.
    Announce {
        /// The hub's folder.
        dir: PathBuf,
        /// File of the newest catalogue (JSON); devices fetch it within minutes and use it from its first day on.
        #[arg(long)]
        catalogue: Option<PathBuf>,
        /// Version of the newest configuration.
        #[arg(long)]
        config: Option<u32>,
        /// For this device alone.
        #[arg(long)]
        device: Option<String>,
    },
    /// Invented people for account checks.
    Person {
        /// What to do with them.
        #[command(subcommand)]
        act: Add,
    },
    /// Invented papers for searches, of the hub's own store and of the national one.
    Paper {
        /// What to do with them.
        #[command(subcommand)]
        act: Add,
    },
    /// Print how every device last was, one line of JSON each.
    Heartbeats {
        /// The hub's folder.
        dir: PathBuf,
    },
    /// Print the contract as OpenAPI 3.1.
    Openapi,
    /// Print every message, one line of JSON each.
    List {
        /// The hub's folder.
        dir: PathBuf,
    },
}

#[derive(Subcommand)]
enum Add {
    /// Add them from standard input, one JSON object after the other: command lines are for all to read. A person is
    /// `{"key": {"by": "citizen", "number": …, "name": …}, "technical_id": …, "profile": {…}}`, a paper
    /// `{"owner": {"by": …}, "type": …, "paper": {"source": "hub", "reference": …, "name": …, "number": …, "issuer": …}}`.
    Add {
        /// The hub's folder.
        dir: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nowhere is left to report a broken standard error.
            let _ = writeln!(io::stderr(), "motcua-hub: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    match command {
        Command::Init { dir, name, ip } => {
            let names: Vec<String> = name.into_iter().chain(ip.iter().map(IpAddr::to_string)).collect();
            say(&pki::init(&dir, &names, Zoned::now().date())?)
        }
        Command::Issue { dir, device, out, expired } => {
            let validity = if expired { pki::Validity::Expired } else { pki::Validity::Usual };
            pki::issue(&dir, &device, &out, validity, Zoned::now().date())
        }
        Command::Revoke { dir, device } => {
            let revoked = pki::revoke(&dir, &device, Zoned::now().date())?;
            say(&serde_json::json!({ "device": device, "revoked": revoked }).to_string())
        }
        Command::Serve { dir, listen, agency, test_port, in_flight, per_device, burst, without_kho } => {
            let usual = Options::new(dir, listen, &agency);
            serve(Options {
                test_listen: test_port.map(|port| SocketAddr::from(([127, 0, 0, 1], port))),
                shared: SharedOptions::from_env()?,
                limits: Limits { in_flight, per_device, burst },
                kho: !without_kho,
                ..usual
            })
            .await
        }
        Command::Status { dir, dossier, status, reason } => {
            let status = Status::try_from(status).map_err(anyhow::Error::msg)?;
            let cursor = clerk(&dir).await?.status(&dossier, status, reason.map(Private::new)).await?;
            say(&serde_json::json!({ "cursor": cursor, "dossier": dossier, "status": status }).to_string())
        }
        Command::Accept { dir, dossier, due, officer, place } => {
            let cursor = clerk(&dir).await?.accept(&dossier, due, Private::new(officer), &place).await?;
            say(&serde_json::json!({ "cursor": cursor, "dossier": dossier }).to_string())
        }
        Command::Supplement { dir, dossier, item, reason, until } => {
            let items = item.into_iter().map(|what| SupplementItem { component: None, what: Private::new(what) }).collect();
            let cursor = clerk(&dir).await?.supplement(&dossier, items, Private::new(reason), until).await?;
            say(&serde_json::json!({ "cursor": cursor, "dossier": dossier }).to_string())
        }
        Command::Result { dir, dossier, code, name, place } => {
            let handing = place.map_or(Handing::Post, |place| Handing::Desk { place });
            let papers = vec![ResultPaper { code, name, number: Private::default() }];
            let cursor = clerk(&dir).await?.result(&dossier, papers, handing).await?;
            say(&serde_json::json!({ "cursor": cursor, "dossier": dossier }).to_string())
        }
        Command::Pay { dir, code, transaction } => {
            clerk(&dir).await?.pay(&code, &transaction).await?;
            say(&serde_json::json!({ "paid": code, "transaction": transaction }).to_string())
        }
        Command::Portal { dir, dossier, known, files_at } => {
            let requests = clerk(&dir).await?.portal(&dossier, known, files_at.as_deref()).await?;
            say(&serde_json::to_string_pretty(&requests)?)
        }
        Command::Import { dir, from, agency } => {
            let imported = motcua_hub::import(&dir, SharedOptions::from_env()?.as_ref(), &agency, &from).await?;
            for file in &imported {
                match &file.taken {
                    Ok(code) => say(&serde_json::json!({ "file": file.name, "official_code": code }).to_string())?,
                    Err(why) => say(&serde_json::json!({ "file": file.name, "refused": format!("{why:#}") }).to_string())?,
                }
            }
            let refused = imported.iter().filter(|file| file.taken.is_err()).count();
            anyhow::ensure!(refused == 0, "{refused} of {} file(s) were not taken; the others are stored", imported.len());
            Ok(())
        }
        Command::Announce { dir, catalogue, config, device } => {
            let clerk = clerk(&dir).await?;
            if let Some(path) = catalogue {
                let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                let published = clerk.publish(device.as_deref(), text).await.with_context(|| path.display().to_string());
                say(&serde_json::json!({ "cursor": published? }).to_string())?;
            }
            if let Some(version) = config {
                let cursor = clerk.announce(device.as_deref(), News::Config { version }).await?;
                say(&serde_json::json!({ "cursor": cursor }).to_string())?;
            }
            Ok(())
        }
        Command::Person { act: Add::Add { dir } } => {
            let clerk = clerk(&dir).await?;
            for person in objects()? {
                clerk.add_person(person).await?;
            }
            Ok(())
        }
        Command::Paper { act: Add::Add { dir } } => {
            let clerk = clerk(&dir).await?;
            for paper in objects()? {
                clerk.add_paper(paper).await?;
            }
            Ok(())
        }
        Command::List { dir } => say_all(&clerk(&dir).await?.list().await?),
        Command::Heartbeats { dir } => say_all(&clerk(&dir).await?.heartbeats().await?),
        Command::Openapi => say(&serde_json::to_string_pretty(&openapi::document())?),
    }
}

async fn clerk(dir: &Path) -> Result<Clerk> {
    Clerk::open(dir, SharedOptions::from_env()?.as_ref()).await
}

/// Standard input as JSON objects. No error quotes it.
fn objects<T: DeserializeOwned>() -> Result<Vec<T>> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    let objects: Result<Vec<T>, _> = serde_json::Deserializer::from_str(&text).into_iter().collect();
    objects.map_err(|e| anyhow::anyhow!("standard input has not the form at line {} column {}; see --help", e.line(), e.column()))
}

fn say_all<T: Serialize>(lines: &[T]) -> Result<()> {
    for line in lines {
        say(&serde_json::to_string(line)?)?;
    }
    Ok(())
}

async fn serve(options: Options) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let running = motcua_hub::start(options).await?;
    say(&serde_json::json!({ "listen": running.addr, "test": running.test_addr }).to_string())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    running.stop().await;
    Ok(())
}

fn say(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
