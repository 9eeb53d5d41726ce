//! What is typed and shown nowhere: PINs. Never from the command line, where every user of the PC and the shell's history could read it.

use anyhow::{Context as _, ensure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::{
    fs::File,
    io::{IsTerminal as _, Read as _, Write as _},
};
use zeroize::Zeroizing;

/// Longer than any token takes.
const LONGEST: usize = 256;

/// Typed without echo; where the input is no terminal, its first line. `otherwise` is what happens without it.
pub(crate) fn typed(prompt: &str, otherwise: &str) -> anyhow::Result<Zeroizing<String>> {
    // Not through std's buffer, which would keep it.
    let input = File::open("/dev/stdin").context("the PIN cannot be read; give it on the standard input")?;
    if !std::io::stdin().is_terminal() {
        return line_of(&input, otherwise);
    }
    let silent = Silent::new(&input).context("the terminal cannot be kept from showing the PIN; give it on the standard input")?;
    let _ = write!(std::io::stderr(), "{prompt}");
    let line = line_of(&input, otherwise);
    drop(silent);
    let _ = writeln!(std::io::stderr());
    line
}

fn line_of(mut input: &File, otherwise: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = [0];
    while line.len() < LONGEST && input.read(&mut byte)? == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    let text = std::str::from_utf8(&line).context("the PIN is no text")?.trim_end_matches('\r');
    ensure!(!text.is_empty(), "no PIN was given; {otherwise}");
    Ok(Zeroizing::new(text.to_owned()))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silent<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn new(terminal: &'a File) -> rustix::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
