//! The way to stop: the agent closes our standard input, also by dying.

use crate::ffi::Canceller;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// For the reading loop to see the wish itself, which spares backends that bear no call from another thread.
const POLITE: Duration = Duration::from_millis(150);
/// Between two calls to cancel: the first may come just before the job starts.
const AGAIN: Duration = Duration::from_millis(500);
/// Then a backend that does not let go is killed together with this process.
const CANCELS: u8 = 6;

/// Whether to stop, and how.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    asked: bool,
    job: Option<Canceller>,
}

impl Stop {
    /// Watches the standard input until it is closed.
    pub(crate) fn watch(&self) {
        let stop = self.clone();
        thread::spawn(move || {
            let mut ignored = [0; 64];
            while matches!(std::io::stdin().read(&mut ignored), Ok(1..)) {}
            stop.0.lock().unwrap_or_else(PoisonError::into_inner).asked = true;
            thread::sleep(POLITE);
            for _ in 0..CANCELS {
                let job = stop.0.lock().unwrap_or_else(PoisonError::into_inner).job.clone();
                // In a thread of its own, because a backend may hang here too.
                thread::spawn(move || job.inspect(Canceller::cancel));
                thread::sleep(AGAIN);
            }
            // Not `exit`: that waits for the backend's own cleaning up.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        });
    }

    /// Names the job to be cancelled.
    pub(crate) fn job(&self, canceller: Canceller) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).job = Some(canceller);
    }

    /// Whether somebody asked for the end.
    pub(crate) fn asked(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked
    }
}
