//! Frames to the agent.

use motcua_drivers::scanner::sane_wire::Frame;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Between two signs of life; far below every time-out of the agent.
const SIGN_OF_LIFE: Duration = Duration::from_millis(200);

/// The pipe to the agent.
pub(crate) struct Output {
    pipe: File,
    last: Instant,
    shown: Option<(u32, u8)>,
}

impl Output {
    /// Takes the standard output for frames alone: what a backend prints goes to the standard error from now on.
    pub(crate) fn take() -> io::Result<Self> {
        let pipe = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Self { pipe, last: Instant::now(), shown: None })
    }

    /// Sends one frame.
    pub(crate) fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.last = Instant::now();
        let (head, body) = frame.parts();
        self.pipe.write_all(&head)?;
        self.pipe.write_all(&body)
    }

    /// Bytes of a page came: `got` of `whole`, where that is known. Sent when there is something new to tell.
    pub(crate) fn progress(&mut self, page: u32, got: usize, whole: Option<usize>) -> io::Result<()> {
        let percent = whole.and_then(|whole| u8::try_from(got.saturating_mul(100).checked_div(whole)?.min(100)).ok());
        match percent.map(|percent| (page, percent)) {
            news @ Some((page, percent)) if news > self.shown && (percent == 0 || self.last.elapsed() >= SIGN_OF_LIFE / 4) => {
                self.shown = news;
                self.send(&Frame::Progress { page, percent })
            }
            _ if got == 0 || self.last.elapsed() >= SIGN_OF_LIFE => self.send(&Frame::Alive),
            _ => Ok(()),
        }
    }
}
