//! `motcua-agent`: one headless process that drives the devices of a commune office, leads people
//! through their task, keeps every dossier safe and forwards it to the provincial hub.

mod api;
mod asking;
mod boot;
mod brought;
mod cards;
mod care;
mod carry;
mod console;
mod couriers;
mod devices;
mod digitising;
mod forwarder;
mod input;
mod kiosk;
mod logging;
mod metrics;
mod openapi;
mod parcels;
mod printing;
mod queue;
mod reprint;
mod scanning;
mod signing;
mod slip;
mod stalled;
mod stamping;
mod technician;
mod telemetry;
mod to_bring;
mod to_sign;
mod to_tell;
mod watchdog;
mod worker;

use anyhow::Context as _;
use clap::Parser;
use std::{path::PathBuf, process::ExitCode};

/// Edge agent of Một Cửa Edge.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Configuration file.
    #[arg(long, default_value = "/etc/motcua/agent.toml")]
    config: PathBuf,
    /// Only check the configuration: prints every problem, starts nothing.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::start();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = boot::read_config(&arguments.config)?;
    if arguments.check {
        tracing::info!("{}: no problem found", arguments.config.display());
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("Unable to start the runtime")?
        .block_on(kiosk::run(config))
}
