//! The barcode reader: the master side of a pty, whose slave the agent opens through a link.

use anyhow::{Context, bail};
use serialport::{SerialPort, TTYPort};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

pub(crate) struct Gun {
    link: PathBuf,
    master: Option<TTYPort>,
}

impl Gun {
    pub(crate) fn new(link: PathBuf) -> anyhow::Result<Self> {
        let mut gun = Self { link, master: None };
        gun.plug()?;
        Ok(gun)
    }

    pub(crate) fn is_in(&self) -> bool {
        self.master.is_some()
    }

    pub(crate) fn plug(&mut self) -> anyhow::Result<()> {
        if self.master.is_some() {
            return Ok(());
        }
        let (master, slave) = TTYPort::pair().context("no pseudo-terminal; is /dev/pts mounted?")?;
        let name = slave.name().context("the pseudo-terminal has no name")?;
        self.remove_link()?;
        std::os::unix::fs::symlink(&name, &self.link).with_context(|| format!("link {}", self.link.display()))?;
        self.master = Some(master);
        Ok(())
    }

    /// Closing the master hangs the slave up, as pulling a USB cable does.
    pub(crate) fn unplug(&mut self) -> anyhow::Result<()> {
        self.master = None;
        self.remove_link()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let Some(master) = &mut self.master else { bail!("the reader is not plugged in") };
        match master.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => bail!("nobody has opened {}; start the agent", self.link.display()),
            Err(error) => Err(error).context("write to the pseudo-terminal"),
        }
    }

    fn remove_link(&self) -> anyhow::Result<()> {
        match std::fs::symlink_metadata(&self.link) {
            Ok(found) if found.is_symlink() => std::fs::remove_file(&self.link).context("remove the old link"),
            Ok(_) => bail!("{} exists and is no link; give another --gun-link", self.link.display()),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Gun {
    fn drop(&mut self) {
        // Best effort: a dangling link says "unplugged" just as well.
        let _ = self.unplug();
    }
}
