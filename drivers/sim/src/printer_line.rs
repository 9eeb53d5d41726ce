//! The printer's serial line: the master side of a pty, whose slave the driver opens through a link, as a serial or as a USB printer.

use crate::lock;
use crate::printer::{Shared, TURN};
use anyhow::Context;
use serialport::{SerialPort, TTYPort};
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::mpsc;

pub(crate) struct PrinterLine {
    link: PathBuf,
    printer: Shared,
    life: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl PrinterLine {
    pub(crate) fn new(link: PathBuf, printer: Shared) -> anyhow::Result<Self> {
        let mut line = Self { link, printer, life: None };
        line.plug()?;
        Ok(line)
    }

    pub(crate) fn plug(&mut self) -> anyhow::Result<()> {
        if self.life.is_some() {
            return Ok(());
        }
        let (mut master, slave) = TTYPort::pair().context("no pseudo-terminal; is /dev/pts mounted?")?;
        master.set_timeout(TURN)?;
        let name = slave.name().context("the pseudo-terminal has no name")?;
        let _ = std::fs::remove_file(&self.link);
        std::os::unix::fs::symlink(&name, &self.link).with_context(|| format!("link {}", self.link.display()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, printer) = (Arc::clone(&stop), Arc::clone(&self.printer));
        // The slave stays open here, so that the line keeps its settings and does not hang up between two clients.
        let life = std::thread::spawn(move || {
            converse(&mut master, &printer, &stopped);
            drop(slave);
        });
        self.life = Some((stop, life));
        Ok(())
    }

    /// Closing the master hangs the slave up, as pulling a USB cable does.
    pub(crate) fn unplug(&mut self) {
        if let Some((stop, life)) = self.life.take() {
            stop.store(true, Ordering::Relaxed);
            let _ = life.join();
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

impl Drop for PrinterLine {
    fn drop(&mut self) {
        self.unplug();
    }
}

fn converse(master: &mut TTYPort, printer: &Shared, stop: &AtomicBool) {
    let (answers, mut queued) = mpsc::unbounded_channel();
    let (mut held, mut buffer) = (Vec::new(), [0; 2048]);
    while !stop.load(Ordering::Relaxed) {
        match master.read(&mut buffer) {
            Ok(count) => {
                held.extend_from_slice(&buffer[..count]);
                lock(printer).connect(Some(answers.clone()));
            }
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => lock(printer).quiet.notify_waiters(),
            Err(error) => return tracing::warn!(%error, "the simulated printer's serial line broke"),
        }
        // Without flow control a full buffer drops nothing here: the pty holds it.
        lock(printer).take_all(&mut held);
        while let Ok(byte) = queued.try_recv() {
            if let Err(error) = master.write_all(&[byte]) {
                tracing::warn!(%error, "the simulated printer could not answer");
            }
        }
    }
}
