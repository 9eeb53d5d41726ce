//! The reference hub as a command: make a hub, issue device certificates, serve, act as a clerk.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use jiff::{Timestamp, Zoned};
use motcua_hub::{Archive, Options, pki};
use motcua_model::dossier::Status;
use std::{
    io::{self, Write as _},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
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
    },
    /// Print every message, one line of JSON each.
    List {
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
        Command::Serve { dir, listen, agency, test_port } => {
            let test_listen = test_port.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
            serve(Options { dir, listen, agency, test_listen }).await
        }
        Command::Status { dir, dossier, status } => {
            let status = Status::try_from(status).map_err(anyhow::Error::msg)?;
            let cursor = Archive::open(&dir)?.set_status(&dossier, status, Timestamp::now())?;
            say(&serde_json::json!({ "cursor": cursor, "dossier": dossier, "status": status }).to_string())
        }
        Command::List { dir } => {
            for message in Archive::open(&dir)?.list()? {
                say(&serde_json::to_string(&message)?)?;
            }
            Ok(())
        }
    }
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
