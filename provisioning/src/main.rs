//! `motcua`: the technician's command.

mod agent;
mod check;
mod courier;
mod devices;
mod digitise;
mod drill;
mod fields;
mod finding;
mod outbox;
mod pdf_check;
mod person;
mod probe;
mod secret;
mod sign;
mod status;
mod stick;

use clap::{Parser, Subcommand};
use motcua_model::{Private, api::CorrectRequest};
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
    /// Makes one searchable PDF/A of pictures of pages, without the agent.
    Digitise(digitise::Digitise),
    /// What does the running agent say?
    Status(File),
    /// What waits for the hub?
    Outbox(Outbox),
    /// Is the audit trail whole?
    Audit(Audit),
    /// Puts the copy of the database in the place of one that is damaged or gone, and sets that aside.
    Restore(Restore),
    /// What is held of one person: for requests under the law on personal data.
    Person(Person),
    /// May the PDFs that somebody brings be taken? One line for each; exit code 1 if one is refused.
    PdfCheck(pdf_check::PdfCheck),
    /// Who signs handovers of parcels with a PIN.
    Courier(Courier),
    /// Signs PDFs with the office's token (PAdES); asks for its PIN once.
    Sign(sign::Sign),
}

#[derive(clap::Args)]
struct Outbox {
    #[command(subcommand)]
    command: OutboxCommand,
    #[command(flatten)]
    file: File,
}

#[derive(Subcommand)]
enum OutboxCommand {
    /// Every message that waits, oldest first.
    Ls,
    /// One message with its files; no personal data.
    Show {
        /// As `ls` shows it.
        id: uuid::Uuid,
    },
    /// Tries one message now, or all; also those that were set aside.
    Retry {
        /// Left out: all.
        id: Option<uuid::Uuid>,
    },
    /// Writes every message that waits into a folder, sealed for the hub: to be carried there on a stick.
    Export {
        /// The stick's folder.
        #[arg(long)]
        out: PathBuf,
    },
    /// Takes the receipts that the hub wrote beside the messages; what they cover is delivered.
    Receipts {
        /// The stick's folder.
        folder: PathBuf,
    },
}

#[derive(clap::Args)]
struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
    #[command(flatten)]
    file: File,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Walks the whole chain; exit code 1 where a row does not follow from the one before it.
    Verify,
}

#[derive(clap::Args)]
struct Restore {
    /// I have read what is lost; left out: it is told and nothing is changed.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    file: File,
}

#[derive(clap::Args)]
struct Person {
    #[command(subcommand)]
    command: PersonCommand,
    #[command(flatten)]
    file: File,
}

#[derive(Subcommand)]
enum PersonCommand {
    /// Writes everything that is held of the person into a new folder.
    Export {
        /// Twelve digits, or state and number of a passport; left out: it is asked for, so that no command history keeps it.
        number: Option<String>,
        /// A folder that is not there yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Asks the hub to correct the data of the person in every dossier that this PC knows; the dossiers stay as they were confirmed.
    Correct {
        /// As for `export`.
        number: Option<String>,
        /// Họ và tên as it shall be; asked for where nothing stands behind it, which keeps it out of the shell's history.
        #[arg(long, num_args = 0..=1, default_missing_value = "")]
        name: Option<String>,
        /// Ngày sinh as it shall be, YYYY-MM-DD.
        #[arg(long)]
        birth: Option<jiff::civil::Date>,
        /// Địa chỉ as it shall be; asked for as the name is.
        #[arg(long, num_args = 0..=1, default_missing_value = "")]
        address: Option<String>,
        /// Who asked and how it was proven; asked for where it is left out.
        #[arg(long)]
        reason: Option<String>,
        /// It is proven; left out: it is told what would be corrected, and nothing is changed.
        #[arg(long)]
        yes: bool,
    },
    /// Erases everything of the person that the hub does not still wait for.
    Erase {
        /// As for `export`.
        number: Option<String>,
        /// The person has asked for it.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(clap::Args)]
struct File {
    /// The agent's configuration file.
    #[arg(long = "config", default_value = "/etc/motcua/agent.toml", global = true)]
    config: PathBuf,
}

#[derive(clap::Args)]
struct Courier {
    #[command(subcommand)]
    command: CourierCommand,
    #[command(flatten)]
    file: File,
}

#[derive(Subcommand)]
enum CourierCommand {
    /// Prints the lines for the configuration; the PIN is asked for, or read from standard input.
    Add {
        /// Number on the badge, without `BCCI-`; of a clerk, any number that stands for them.
        number: String,
        /// A clerk who signs for the office.
        #[arg(long)]
        clerk: bool,
    },
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
        Command::Digitise(asked) => {
            let stop = digitise::stopped_by_ctrl_c();
            told(tokio::task::spawn_blocking(move || digitise::run(&asked, &stop)).await.map_err(anyhow::Error::new).flatten().map(good))
        }
        Command::Status(file) => match status::report(&file.config).await {
            Ok(text) => (text, ExitCode::SUCCESS),
            Err(problem) => (format!("{problem}\n"), ExitCode::FAILURE),
        },
        Command::Outbox(Outbox { command, file }) => told(outbox(command, &file.config).await),
        Command::Audit(Audit { command: AuditCommand::Verify, file }) => told(audit(&file.config).await),
        Command::Restore(Restore { yes, file }) => told(restore(yes, &file.config).await),
        Command::Person(Person { command, file }) => told(person(command, &file.config).await),
        Command::Courier(Courier { command: CourierCommand::Add { number, clerk }, file }) => {
            told(courier::add(&number, clerk, &file.config).map(good))
        }
        Command::PdfCheck(asked) => told(Ok(pdf_check::run(&asked))),
        Command::Sign(ask) => told(sign::run(&ask, jiff::Timestamp::now())),
    };
    // A closed pipe (`motcua check | head`) is no failure of the check.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

fn told(answer: anyhow::Result<(String, bool)>) -> (String, ExitCode) {
    match answer {
        Ok((text, good)) => (text, ExitCode::from(u8::from(!good))),
        Err(problem) => (format!("{problem:#}\n"), ExitCode::FAILURE),
    }
}

fn running(config: &Path) -> anyhow::Result<agent::Agent> {
    Ok(agent::Agent::at(status::socket(config).map_err(anyhow::Error::msg)?))
}

async fn outbox(command: OutboxCommand, config: &Path) -> anyhow::Result<(String, bool)> {
    let (agent, now) = (running(config)?, jiff::Timestamp::now());
    match command {
        OutboxCommand::Ls => outbox::list(&agent, now).await.map(good),
        OutboxCommand::Show { id } => outbox::show(&agent, id, now).await.map(good),
        OutboxCommand::Retry { id } => outbox::retry(&agent, id).await.map(good),
        OutboxCommand::Export { out } => stick::export(&agent, &out).await,
        OutboxCommand::Receipts { folder } => stick::receipts(&agent, &folder).await,
    }
}

fn good(text: String) -> (String, bool) {
    (text, true)
}

async fn audit(config: &Path) -> anyhow::Result<(String, bool)> {
    outbox::verify(&running(config)?).await
}

async fn restore(yes: bool, config: &Path) -> anyhow::Result<(String, bool)> {
    outbox::restore(&running(config)?, yes, jiff::Timestamp::now()).await
}

async fn person(command: PersonCommand, config: &Path) -> anyhow::Result<(String, bool)> {
    let agent = running(config)?;
    match command {
        PersonCommand::Export { number, out } => person::export(&agent, &asked(number)?, &out).await.map(good),
        PersonCommand::Correct { number, name, birth, address, reason, yes } => {
            let number = Private::new(asked(number)?);
            let new = |given: Option<String>, what: &str| given.map(|given| or_typed(Some(given), what).map(Private::new)).transpose();
            let (name, address) = (new(name, "name as it shall be")?, new(address, "address as it shall be")?);
            let reason = Private::new(or_typed(reason, "who asked, and how it was proven")?);
            person::correct(&agent, &CorrectRequest { number, name, birth, address, reason, keep: yes }).await
        }
        PersonCommand::Erase { number, yes } => person::erase(&agent, &asked(number)?, yes).await.map(good),
    }
}

fn asked(number: Option<String>) -> anyhow::Result<String> {
    or_typed(number, "number of the person")
}

/// As given, or typed now.
fn or_typed(given: Option<String>, what: &str) -> anyhow::Result<String> {
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        return Ok(given);
    }
    let _ = write!(std::io::stderr(), "{what}: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
