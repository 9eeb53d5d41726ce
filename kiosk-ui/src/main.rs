//! motcua-kiosk: the touchscreen of Một Cửa Edge.

use clap::Parser;
use std::path::PathBuf;

/// The touchscreen of Một Cửa Edge: draws what the agent says, sends what is touched.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Draw every screen from invented data into this folder as PNG, and end
    #[arg(long, value_name = "DIR")]
    gallery: Option<PathBuf>,
    /// With --gallery: only screens whose name contains this
    #[arg(long, default_value = "", requires = "gallery")]
    only: String,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(folder) = &options.gallery {
        let count = motcua_kiosk::gallery::write(folder, &options.only)?;
        tracing::info!("{count} pictures written");
        return Ok(());
    }
    Ok(())
}
