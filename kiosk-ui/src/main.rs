//! motcua-kiosk: the touchscreen of Một Cửa Edge.

use anyhow::Context as _;
use clap::Parser;
use motcua_kiosk::{
    agent,
    comfort::{CONTRASTS, TextSize, contrast_name},
    face::Face,
    gallery,
    shots::Shots,
    ui::Contrast,
};
use slint::ComponentHandle as _;
use std::{
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

/// What is given back is wiped: after a visit no name of its person lies about in this process (ux.md 7.6, tests/tests/screen.rs).
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The touchscreen of Một Cửa Edge: draws what the agent says, sends what is touched.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The agent's unix socket
    #[arg(long, value_name = "PATH", required_unless_present = "gallery")]
    socket: Option<PathBuf>,
    /// Size of the window in pixels
    #[arg(long, value_name = "WxH", default_value = "1080x1920", value_parser = parse_size)]
    size: (u32, u32),
    /// Pixels in a millimetre, as measured on the screen: 4.0 for 21.5", 3.2 for 27", 2.7 for 32"
    #[arg(long, value_name = "N", default_value_t = 4.0, value_parser = parse_density)]
    px_per_mm: f32,
    /// Fill the whole screen
    #[arg(long)]
    fullscreen: bool,
    /// For demonstrations only: write a picture of every screen into this folder. The pictures hold personal data
    #[arg(long, value_name = "DIR")]
    screenshot_dir: Option<PathBuf>,
    /// Draw every screen from invented data into this folder as PNG, and end
    #[arg(long, value_name = "DIR")]
    gallery: Option<PathBuf>,
    /// With --gallery: only screens whose name contains this
    #[arg(long, default_value = "", requires = "gallery")]
    only: String,
    /// With --gallery: only this size of letters: normal, large, largest
    #[arg(long, value_name = "NAME", requires = "gallery", value_parser = parse_text_size)]
    text_size: Option<TextSize>,
    /// With --gallery: only this contrast: usual, black (on white), dark
    #[arg(long, value_name = "NAME", requires = "gallery", value_parser = parse_contrast)]
    contrast: Option<Contrast>,
}

fn parse_text_size(text: &str) -> Result<TextSize, String> {
    TextSize::ALL.into_iter().find(|size| size.name() == text).ok_or_else(|| "one of normal, large, largest".to_owned())
}

fn parse_contrast(text: &str) -> Result<Contrast, String> {
    CONTRASTS.into_iter().find(|contrast| contrast_name(*contrast) == text).ok_or_else(|| "one of usual, black, dark".to_owned())
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let size = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    size.filter(|(w, h)| (480..=8192).contains(w) && (480..=8192).contains(h)).ok_or_else(|| "give it like 1080x1920".to_owned())
}

fn parse_density(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|n| (1.0..=20.0).contains(n)).ok_or_else(|| "give pixels in a millimetre, like 4.0".to_owned())
}

fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    if let Some(folder) = &options.gallery {
        let wanted = gallery::Wanted { only: options.only, size: options.text_size, contrast: options.contrast };
        let count = gallery::write(folder, &wanted)?;
        tracing::info!("{count} pictures written to {}", folder.display());
        return Ok(());
    }
    run(&options)
}

fn run(options: &Options) -> anyhow::Result<()> {
    let socket = options.socket.as_deref().context("--socket is missing")?;
    let agent::Link { send, mut receive } = agent::connect(socket)?;
    let start = Instant::now();
    let face = Face::new(move |wish| drop(send.send(wish)), move || start.elapsed())?;
    face.set_size(options.size.0, options.size.1, options.px_per_mm);
    face.app().window().set_fullscreen(options.fullscreen);
    let clock = keep_time(&face);
    let shots = options.screenshot_dir.as_deref().map(Shots::new).transpose()?;

    let listener = Rc::clone(&face);
    slint::spawn_local(async move {
        while let Some(message) = receive.recv().await {
            listener.receive(message);
            if let Some(shots) = &shots {
                shots.look(&listener);
            }
        }
    })
    .map_err(|e| anyhow::anyhow!("the event loop could not be used: {e}"))?;
    face.app().run()?;
    drop(clock);
    Ok(())
}

/// The clock in the header, by the time of Vietnam.
fn keep_time(face: &Rc<Face>) -> slint::Timer {
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or(jiff::tz::TimeZone::UTC);
    let weak = Rc::downgrade(face);
    let tick = move || {
        if let Some(face) = weak.upgrade() {
            face.pass_time();
            face.set_clock(&jiff::Timestamp::now().to_zoned(zone.clone()).strftime("%H:%M").to_string());
        }
    };
    tick();
    let timer = slint::Timer::default();
    timer.start(slint::TimerMode::Repeated, Duration::from_secs(1), tick);
    timer
}
