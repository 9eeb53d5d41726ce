//! The voice: a thread that turns words into samples and plays them. Recorded clips first, espeak-ng for all else.
//!
//! Both espeak-ng and aplay are Debian's programs, started as children: what is said goes in by a pipe, never by
//! a command line, and a touch ends the sound by ending the child. Nothing here touches the screen's thread.

use super::{clips::Clips, words};
use anyhow::{Context as _, bail};
use motcua_model::Language;
use std::{
    io::{self, Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::{Duration, Instant},
};

/// Samples in a second, as espeak-ng gives them.
pub const RATE: u32 = 22_050;
/// Samples that are handed on at once: a twentieth of a second.
const BUFFER: usize = RATE as usize / 20;
/// Sound that may wait in the device: what is lost between a touch and silence where the child cannot be ended.
const AHEAD: Duration = Duration::from_millis(150);
/// Words in a minute: slower than the voice's own 175, for people who have never heard it.
const PACE: &str = "150";

/// How loud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Volume {
    /// Silent.
    Off,
    /// A quarter.
    Soft,
    /// Half: as every visit starts. The technician sets it to at most 65 dBA (EN 301 549 5.1.3.11).
    #[default]
    Usual,
    /// All that the device gives.
    Loud,
}

impl Volume {
    /// All of them, the softest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::Soft, Self::Usual, Self::Loud];

    /// The one that the button leads to: louder, then off, then soft again.
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::Soft,
            Self::Soft => Self::Usual,
            Self::Usual => Self::Loud,
            Self::Loud => Self::Off,
        }
    }

    /// 0 off to 3 loud.
    pub fn step(self) -> i32 {
        match self {
            Self::Off => 0,
            Self::Soft => 1,
            Self::Usual => 2,
            Self::Loud => 3,
        }
    }

    fn scale(self, sample: i16) -> i16 {
        match self {
            Self::Off => 0,
            Self::Soft => sample / 4,
            Self::Usual => sample / 2,
            Self::Loud => sample,
        }
    }
}

/// Something to say. `Debug` is left out: it may hold words of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Utterance {
    /// One after the other.
    pub phrases: Vec<String>,
    /// Of the screen.
    pub language: Language,
    /// How loud.
    pub volume: Volume,
    /// Only for headphones: ends when they are pulled out.
    pub private: bool,
}

/// What the screen asks of the voice.
#[derive(Clone, PartialEq, Eq)]
pub enum Order {
    /// In place of what is being said.
    Say(Utterance),
    /// Silence, at once.
    Stop,
}

/// What the voice and the socket of the headphones tell the screen.
#[derive(Debug, Default)]
pub struct Status {
    /// Something is being said.
    pub playing: AtomicBool,
    /// There is a voice and something to hear it with.
    pub usable: AtomicBool,
    /// What is said is heard by one person alone.
    pub headphones: AtomicBool,
}

/// The screen's side of a voice.
pub struct Voice {
    /// Takes orders; never waits.
    pub send: Box<dyn Fn(Order)>,
    /// What the voice says of itself.
    pub status: Arc<Status>,
}

/// Where samples go: a device, or a test.
pub trait Sink: Send {
    /// Plays these after those before.
    ///
    /// # Errors
    /// Where there is no device, or it went away.
    fn play(&mut self, samples: &[i16]) -> io::Result<()>;
    /// Forgets what is not heard yet.
    fn stop(&mut self);
    /// All is given: lets it be heard to its end.
    ///
    /// # Errors
    /// Where nothing was heard.
    fn end(&mut self) -> io::Result<()>;
}

/// Plays by ALSA's `aplay`.
pub struct Aplay {
    device: Option<String>,
    child: Option<Child>,
}

impl Aplay {
    /// On this ALSA device, or on the usual one.
    pub fn new(device: Option<String>) -> Self {
        Self { device, child: None }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new("aplay");
        command.args(["--quiet", "--file-type=raw", "--format=S16_LE", "--channels=1", "--buffer-time=150000"]);
        command.arg(format!("--rate={RATE}"));
        if let Some(device) = &self.device {
            command.arg(format!("--device={device}"));
        }
        command.arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    }
}

impl Sink for Aplay {
    fn play(&mut self, samples: &[i16]) -> io::Result<()> {
        if self.child.is_none() {
            self.child = Some(self.start()?);
        }
        let child = self.child.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        child.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(&bytes)
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        drop(child.stdin.take());
        // Its time is over but for what still waits in the device.
        for _ in 0..10 {
            if let Some(status) = child.try_wait()? {
                return if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) };
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child = Some(child);
        self.stop();
        Ok(())
    }
}

impl Drop for Aplay {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the thread that speaks. Dropping the voice ends it.
///
/// # Errors
/// Where the thread cannot be made.
pub fn start(sink: impl Sink + 'static, clips: Clips, status: Arc<Status>) -> anyhow::Result<Voice> {
    let (send, orders) = channel();
    let mut speaker = Speaker { sink: Box::new(sink), clips, orders, status: Arc::clone(&status), complained: false };
    std::thread::Builder::new()
        .name("voice".to_owned())
        .spawn(move || speaker.run())
        .context("the thread of the voice could not be started")?;
    Ok(Voice { send: sender(send), status })
}

fn sender(send: Sender<Order>) -> Box<dyn Fn(Order)> {
    Box::new(move |order| drop(send.send(order)))
}

struct Speaker {
    sink: Box<dyn Sink>,
    clips: Clips,
    orders: Receiver<Order>,
    status: Arc<Status>,
    complained: bool,
}

/// How saying something ended.
enum Ended {
    Said,
    Interrupted(Order),
    /// The headphones went, or nothing can be heard.
    Broken,
    /// The screen is gone.
    Gone,
}

impl Speaker {
    fn run(&mut self) {
        let mut next = None;
        while let Some(order) = next.take().or_else(|| self.orders.recv().ok()) {
            let Order::Say(utterance) = order else { continue };
            self.status.playing.store(true, Ordering::Relaxed);
            let ended = self.say(&utterance);
            match ended {
                Ended::Said => {
                    if let Err(e) = self.sink.end() {
                        self.complain_of_aplay(e);
                    }
                }
                Ended::Interrupted(_) | Ended::Broken | Ended::Gone => self.sink.stop(),
            }
            self.status.playing.store(false, Ordering::Relaxed);
            match ended {
                Ended::Said | Ended::Broken => {}
                Ended::Interrupted(order) => next = Some(order),
                Ended::Gone => return,
            }
        }
    }

    fn say(&mut self, utterance: &Utterance) -> Ended {
        if utterance.volume == Volume::Off {
            return Ended::Said;
        }
        let mut heard_until = Instant::now();
        for phrase in &utterance.phrases {
            let samples = match self.clips.samples(phrase, utterance.language) {
                Ok(samples) => samples,
                Err(e) => {
                    self.complain(&e);
                    return Ended::Broken;
                }
            };
            for buffer in samples.chunks(BUFFER) {
                if utterance.private && !self.status.headphones.load(Ordering::Relaxed) {
                    return Ended::Broken;
                }
                let now = Instant::now();
                if let Some(ended) = self.interrupted(heard_until.saturating_duration_since(now).saturating_sub(AHEAD)) {
                    return ended;
                }
                let scaled: Vec<i16> = buffer.iter().map(|sample| utterance.volume.scale(*sample)).collect();
                if let Err(e) = self.sink.play(&scaled) {
                    self.complain(
                        &anyhow::Error::new(e).context("aplay takes no sound: is a sound device there and free? `aplay -l` lists them"),
                    );
                    return Ended::Broken;
                }
                heard_until = heard_until.max(now) + length(buffer.len());
            }
        }
        let rest = heard_until.saturating_duration_since(Instant::now());
        self.interrupted(rest).unwrap_or(Ended::Said)
    }

    /// Waits so long for another order.
    fn interrupted(&self, wait: Duration) -> Option<Ended> {
        match self.orders.recv_timeout(wait) {
            Ok(order) => Some(Ended::Interrupted(order)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Ended::Gone),
        }
    }

    fn complain_of_aplay(&mut self, problem: io::Error) {
        self.complain(
            &anyhow::Error::new(problem).context("aplay takes no sound; is a sound device there and free? `aplay -l` lists them"),
        );
    }

    /// Once, so that a kiosk without a loudspeaker does not fill the journal.
    fn complain(&mut self, problem: &anyhow::Error) {
        if !self.complained {
            tracing::warn!("nothing can be said: {problem:#}");
            self.complained = true;
        }
    }
}

/// How long so many samples last.
pub fn length(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(RATE))
}

/// The samples of one phrase by espeak-ng.
///
/// # Errors
/// Where espeak-ng is not installed or gives no sound.
pub fn synthesise(phrase: &str, language: Language) -> anyhow::Result<Vec<i16>> {
    let mut samples = Vec::new();
    for (voice, words) in words::voices(&words::sayable(phrase, language), language) {
        if words.chars().any(char::is_alphanumeric) {
            samples.extend(espeak(&words, voice)?);
        }
    }
    Ok(samples)
}

fn espeak(words: &str, language: Language) -> anyhow::Result<Vec<i16>> {
    let voice = match language {
        Language::Vi => "vi",
        Language::En => "en",
    };
    let mut child = Command::new("espeak-ng")
        .args(["-v", voice, "-s", PACE, "-b", "1", "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("espeak-ng could not be started; install it: apt-get install espeak-ng alsa-utils")?;
    // A phrase is far smaller than a pipe, so this does not wait.
    child.stdin.take().context("espeak-ng has no input")?.write_all(words.as_bytes()).context("espeak-ng takes no words")?;
    let mut wave = Vec::new();
    child.stdout.take().context("espeak-ng has no output")?.read_to_end(&mut wave).context("espeak-ng gives no sound")?;
    let status = child.wait().context("espeak-ng did not end")?;
    if !status.success() {
        bail!("espeak-ng failed: {status}");
    }
    super::clips::samples_of(&wave).context("what espeak-ng gave is no sound")
}

/// Looks whether there is a voice and something that plays it; sound cards come and go with a USB cable.
pub fn look_around(status: &Status) {
    let usable = ["espeak-ng", "aplay"].into_iter().all(is_installed) && has_device();
    status.usable.store(usable, Ordering::Relaxed);
}

fn is_installed(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether ALSA knows something that plays.
fn has_device() -> bool {
    std::fs::read_to_string("/proc/asound/pcm").is_ok_and(|list| list.contains("playback"))
}
