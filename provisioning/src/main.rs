//! `motcua`: the technician's command.

mod agent;
mod check;
mod devices;
mod drill;
mod finding;
mod probe;
mod status;

use clap::{Parser, Subcommand};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Checks and watches a Một Cửa Edge office PC.
#[derive(Parser)]
#[command(name = "motcua", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Is this PC ready for the public? One line for each check; exit code 1 if one failed.
    Check(File),
    /// Which devices are there?
    Probe(File),
    /// Tries one device and tells what it really does: a test page, a test card, a test print, a test code.
    Drill(Drill),
    /// What does the running agent say?
    Status(File),
}

#[derive(clap::Args)]
struct File {
    /// The agent's configuration file.
    #[arg(long = "config", default_value = "/etc/motcua/agent.toml")]
    config: PathBuf,
}

#[derive(clap::Args)]
struct Drill {
    /// Which device.
    device: drill::Device,
    /// Last six digits of the number on the test card.
    #[arg(long)]
    can: Option<String>,
    #[command(flatten)]
    file: File,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    agent::use_ring();
    let (text, code) = match Cli::parse().command {
        Command::Check(file) => {
            let findings = check::all(&file.config, jiff::Timestamp::now()).await;
            (finding::report(&findings), ExitCode::from(u8::from(finding::failed(&findings))))
        }
        Command::Probe(file) => (probe::report(&file.config, Path::new("/dev")).await, ExitCode::SUCCESS),
        Command::Drill(Drill { device, can, file }) => match drill::run(device, &file.config, can, &mut std::io::stdout()).await {
            Ok(()) => (String::new(), ExitCode::SUCCESS),
            Err(problem) => (format!("FAIL  {problem:#}\n"), ExitCode::FAILURE),
        },
        Command::Status(file) => match status::report(&file.config).await {
            Ok(text) => (text, ExitCode::SUCCESS),
            Err(problem) => (format!("{problem}\n"), ExitCode::FAILURE),
        },
    };
    // A closed pipe (`motcua check | head`) is no failure of the check.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}
