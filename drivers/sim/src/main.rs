//! The simulated devices as a program: for a demonstration, and for tests of whole processes.

use clap::Parser;
use motcua_sim::{Options, start};
use std::path::PathBuf;
use std::time::Duration;

/// Simulates scanner, barcode reader and receipt printer at the wire, with a dock to handle them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port of the eSCL scanner on the loopback; 0: any free one.
    #[arg(long, default_value_t = 8085)]
    escl_port: u16,
    /// Port of the ESC/POS printer.
    #[arg(long, default_value_t = 9100)]
    printer_port: u16,
    /// Port of the dock: its page, and POST /dock.
    #[arg(long, default_value_t = 8090)]
    dock_port: u16,
    /// Where to make the link to the barcode reader's tty.
    #[arg(long)]
    gun_link: PathBuf,
    /// Where to make the link to the printer's tty; left out: TCP only.
    #[arg(long)]
    printer_link: Option<PathBuf>,
    /// Folder with the pictures (.jpg) that the scanner scans.
    #[arg(long)]
    pages: PathBuf,
    /// Address of a virtual chip reader (vpcd of pcscd, mostly 127.0.0.1:35963); left out: no chip cards.
    #[arg(long)]
    vpcd: Option<std::net::SocketAddr>,
    /// Folder for the printed slips, and for csca.pem, which vouches for the chip cards.
    #[arg(long)]
    out: PathBuf,
    /// Milliseconds that the scanner takes for one side.
    #[arg(long, default_value_t = 300)]
    page_delay: u64,
    /// The scanner speaks HTTPS with a self-signed certificate.
    #[arg(long)]
    https: bool,
    /// The scanner announces itself under this name on the loopback.
    #[arg(long)]
    announce: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let sim = start(Options {
        escl_port: arguments.escl_port,
        printer_port: arguments.printer_port,
        dock_port: arguments.dock_port,
        gun_link: arguments.gun_link,
        printer_link: arguments.printer_link,
        pages: arguments.pages,
        vpcd: arguments.vpcd,
        out: arguments.out,
        page_delay: Duration::from_millis(arguments.page_delay),
        https: arguments.https,
        announce: arguments.announce,
    })
    .await?;
    announce(&serde_json::to_string(sim.ports())?);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line that the starting script reads")]
fn announce(ports: &str) {
    println!("{ports}");
}
