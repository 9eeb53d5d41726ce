//! A thread that owns something and is asked by closures: the store's writer, the text recognition.

use anyhow::{Context as _, anyhow};
use std::{panic::AssertUnwindSafe, sync::mpsc, thread};
use tokio::sync::oneshot;

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The way to the thread. Jobs run one after the other, in the order asked; the thread ends with the
/// last handle.
pub(crate) struct Worker<T>(mpsc::Sender<Job<T>>);

/// The store on its own thread.
pub(crate) type Storage = Worker<motcua_store::Store>;

impl<T> Clone for Worker<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: 'static> Worker<T> {
    /// Starts the thread; `make` runs on it, so that what it makes need not be movable.
    pub(crate) fn start(name: &str, make: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job<T>>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let mut owned = make();
                while let Ok(job) = queue.recv() {
                    if std::panic::catch_unwind(AssertUnwindSafe(|| job(&mut owned))).is_err() {
                        // Half an agent serves nobody; a fresh one recovers everything from the disk.
                        std::process::abort();
                    }
                }
            })
            .with_context(|| format!("Unable to start the thread {name}"))?;
        Ok(Self(jobs))
    }

    /// Runs `job` on the thread.
    pub(crate) async fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> anyhow::Result<R> + Send + 'static,
    ) -> anyhow::Result<R> {
        let (answer, answered) = oneshot::channel();
        let job: Job<T> = Box::new(move |owned| {
            let _ = answer.send(job(owned));
        });
        let ended = || anyhow!("a worker thread has ended; restart the agent");
        self.0.send(job).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}
