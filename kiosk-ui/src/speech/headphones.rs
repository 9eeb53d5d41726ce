//! Whether headphones are in their socket: the kernel's switch `SW_HEADPHONE_INSERT`, which sound cards that
//! sense their socket have as an input device. Not tried on a real card yet.

use super::voice::Status;
use anyhow::Context as _;
use evdev::{Device, SwitchCode};
use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::{Duration, Instant},
};

/// How the person hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audio {
    /// By headphones while the socket says that they are in, by the loudspeaker otherwise.
    #[default]
    Detect,
    /// Everybody hears it, always.
    Speaker,
    /// One person alone hears it, always: a handset, or a loudspeaker that is not there.
    Headphones,
}

impl Audio {
    /// All, for options.
    pub const ALL: [Self; 3] = [Self::Detect, Self::Speaker, Self::Headphones];

    /// For options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Speaker => "speaker",
            Self::Headphones => "headphones",
        }
    }
}

/// Between two looks at the socket: a tenth of a second of what is private may be heard after the plug is out.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two looks for a socket: sound cards come and go with a USB cable.
const FIND_EVERY: Duration = Duration::from_secs(5);

/// Keeps `status.headphones` true to the socket, until the status is dropped.
///
/// # Errors
/// Where the thread cannot be made.
pub fn watch(audio: Audio, status: &Arc<Status>) -> anyhow::Result<()> {
    match audio {
        Audio::Speaker => return Ok(()),
        Audio::Headphones => {
            status.headphones.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Audio::Detect => {}
    }
    let status = Arc::downgrade(status);
    std::thread::Builder::new()
        .name("headphones".to_owned())
        .spawn(move || follow(&status))
        .context("the thread that watches the headphones could not be started")?;
    Ok(())
}

fn follow(status: &Weak<Status>) {
    let mut sockets = find();
    tracing::info!("{} socket(s) tell when headphones are plugged in", sockets.len());
    let mut found = Instant::now();
    while let Some(status) = status.upgrade() {
        if found.elapsed() >= FIND_EVERY && sockets.is_empty() {
            sockets = find();
            found = Instant::now();
        }
        sockets.retain(|socket| socket.get_switch_state().is_ok());
        status.headphones.store(sockets.iter().any(is_plugged), Ordering::Relaxed);
        drop(status);
        std::thread::sleep(LOOK_EVERY);
    }
}

fn find() -> Vec<Device> {
    evdev::enumerate()
        .map(|(_, device)| device)
        .filter(|device| device.supported_switches().is_some_and(|switches| switches.contains(SwitchCode::SW_HEADPHONE_INSERT)))
        .collect()
}

fn is_plugged(socket: &Device) -> bool {
    socket.get_switch_state().is_ok_and(|switches| switches.contains(SwitchCode::SW_HEADPHONE_INSERT))
}
