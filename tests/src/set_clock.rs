//! A clock that a scenario sets while a program runs: nobody waits in earnest.

use anyhow::Context as _;
use std::{
    fs,
    path::{Path, PathBuf},
};

const PLACES: [&str; 2] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

const LACKING: &str = "libfaketime is not there; run provisioning/setup/setup.sh test";

fn library() -> Option<PathBuf> {
    PLACES.iter().map(|place| Path::new(place).join("faketime/libfaketimeMT.so.1")).find(|path| path.exists())
}

/// The file from which libfaketime takes what the clock says.
pub struct SetClock {
    file: PathBuf,
    library: PathBuf,
}

impl SetClock {
    /// Why no clock can be set here, or nothing.
    pub fn impossible() -> Option<&'static str> {
        library().is_none().then_some(LACKING)
    }

    /// In this folder, off by `by`: such as `-8700d`, `+0` or `+90` (seconds).
    ///
    /// # Errors
    /// Where [`Self::impossible`] has a reason, or the folder cannot be written.
    pub fn new(folder: &Path, by: &str) -> anyhow::Result<Self> {
        let clock = Self { file: folder.join("clock"), library: library().context(LACKING)? };
        clock.set(by)?;
        Ok(clock)
    }

    /// From now on it is off by so much; the program sees it within a second.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn set(&self, by: &str) -> anyhow::Result<()> {
        fs::write(&self.file, by).with_context(|| format!("Unable to write {}", self.file.display()))
    }

    /// For the program's environment: it reads what time it is here.
    pub fn of_wall(&self) -> Vec<(&'static str, PathBuf)> {
        let mut env = self.of_all();
        env.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()));
        env
    }

    /// The same, and how long something takes.
    pub fn of_all(&self) -> Vec<(&'static str, PathBuf)> {
        vec![("LD_PRELOAD", self.library.clone()), ("FAKETIME_TIMESTAMP_FILE", self.file.clone()), ("FAKETIME_CACHE_DURATION", "1".into())]
    }
}
