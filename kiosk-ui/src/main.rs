//! motcua-kiosk: the touchscreen of Một Cửa Edge.

use anyhow::Context as _;
use clap::Parser;
use motcua_kiosk::{
    agent,
    comfort::{CONTRASTS, TextSize, contrast_name},
    face::Face,
    gallery,
    shots::Shots,
    speech::{
        clips::{self, Clips},
        headphones::{self, Audio},
        voice::{self, Status},
    },
    ui::Contrast,
};
use motcua_model::Language;
use slint::ComponentHandle as _;
use std::{
    io::Write as _,
    path::PathBuf,
    rc::Rc,
    sync::Arc,
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
    #[arg(long, value_name = "PATH", required_unless_present_any = ["gallery", "prompts", "say"])]
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
    /// Folder that lasts as long as the machine runs (systemd's RuntimeDirectory=): size, contrast and sound of a visit outlive a crash of the
    /// screen in it
    #[arg(long, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,
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
    /// Who hears what is read aloud: detect (headphones by their socket), speaker, headphones
    #[arg(long, value_name = "NAME", default_value = "detect", value_parser = parse_audio)]
    audio: Audio,
    /// Sound device by ALSA's name (`aplay -L`); without it the usual one
    #[arg(long, value_name = "NAME")]
    sound_device: Option<String>,
    /// Recorded prompts: a folder with the files that --prompts lists
    #[arg(long, value_name = "DIR")]
    clips: Option<PathBuf>,
    /// List the prompts that can be recorded (file, language, words), and end
    #[arg(long)]
    prompts: bool,
    /// Say this text into the file of --wav as the kiosk would say it, and end
    #[arg(long, value_name = "TEXT", requires = "wav")]
    say: Option<String>,
    /// With --say: the WAV file to write
    #[arg(long, value_name = "FILE", requires = "say")]
    wav: Option<PathBuf>,
    /// With --say: in English
    #[arg(long, requires = "say")]
    english: bool,
}

fn parse_audio(text: &str) -> Result<Audio, String> {
    Audio::ALL.into_iter().find(|audio| audio.name() == text).ok_or_else(|| "one of detect, speaker, headphones".to_owned())
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
    if options.prompts {
        return list_prompts();
    }
    if let (Some(text), Some(file)) = (&options.say, &options.wav) {
        let language = if options.english { Language::En } else { Language::Vi };
        let samples = Clips::new(options.clips.clone()).samples(text, language)?;
        clips::write_wave(file, &samples)?;
        tracing::info!("{:.1} s of sound written to {}", voice::length(samples.len()).as_secs_f32(), file.display());
        return Ok(());
    }
    run(&options)
}

/// One prompt a line: file, language, words.
fn list_prompts() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for prompt in clips::prompts() {
        let words = prompt.words.replace('\n', " ");
        writeln!(out, "{}\t{}\t{words}", prompt.file, clips::code(prompt.language)).context("the list could not be written")?;
    }
    Ok(())
}

fn run(options: &Options) -> anyhow::Result<()> {
    let socket = options.socket.as_deref().context("--socket is missing")?;
    let agent::Link { send, mut receive } = agent::connect(socket)?;
    let start = Instant::now();
    let face = Face::new(move |wish| drop(send.send(wish)), move || start.elapsed())?;
    face.set_size(options.size.0, options.size.1, options.px_per_mm);
    if let Some(folder) = &options.runtime_dir {
        face.keep_comfort_in(folder);
    }
    face.app().window().set_fullscreen(options.fullscreen);
    let status = Arc::new(Status::default());
    voice::look_around(&status);
    headphones::watch(options.audio, &status)?;
    let aplay = voice::Aplay::new(options.sound_device.clone());
    face.set_voice(voice::start(aplay, Clips::new(options.clips.clone()), Arc::clone(&status))?);
    if !status.usable.load(std::sync::atomic::Ordering::Relaxed) {
        tracing::info!(
            "no voice: espeak-ng, aplay or a sound device is missing; the button that reads aloud is hidden until they are there"
        );
    }
    let clock = keep_time(&face, status);
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
fn keep_time(face: &Rc<Face>, sound: Arc<Status>) -> slint::Timer {
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or(jiff::tz::TimeZone::UTC);
    let weak = Rc::downgrade(face);
    let tick = move || {
        if let Some(face) = weak.upgrade() {
            voice::look_around(&sound);
            face.pass_time();
            face.set_clock(&jiff::Timestamp::now().to_zoned(zone.clone()).strftime("%H:%M").to_string());
        }
    };
    tick();
    let timer = slint::Timer::default();
    timer.start(slint::TimerMode::Repeated, Duration::from_secs(1), tick);
    timer
}
