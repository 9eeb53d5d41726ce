//! A thread that owns something and is asked by closures: the store's writer, the text recognition.

use anyhow::{Context as _, anyhow};
use motcua_store::{Reader, Store, StoreError};
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};
use tokio::sync::oneshot;
use uuid::Uuid;

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The way to the thread. Jobs run one after the other, in the order asked; the thread ends with the
/// last handle, which waits for it: SQLCipher clears up after itself when the process ends, and a connection that
/// another thread closes just then makes it crash.
pub(crate) struct Worker<T>(Arc<Thread<T>>);

struct Thread<T> {
    /// None: the thread is ending.
    jobs: Option<mpsc::Sender<Job<T>>>,
    running: Option<JoinHandle<()>>,
}

impl<T> Drop for Thread<T> {
    fn drop(&mut self) {
        self.jobs = None;
        // A job may hold the last handle: the thread cannot wait for itself.
        if let Some(running) = self.running.take().filter(|running| running.thread().id() != thread::current().id()) {
            // It has caught every panic of a job; of another there is nobody left to tell.
            let _ = running.join();
        }
    }
}

/// The store: changes on one thread, long questions on another, so that none of those keeps a person waiting.
#[derive(Clone)]
pub(crate) struct Storage {
    pub(crate) writer: Worker<Store>,
    reader: Worker<Reader>,
}

impl Storage {
    pub(crate) fn start(store: Store) -> anyhow::Result<Self> {
        let reader = store.another()?;
        Ok(Self { writer: Worker::start("store", move || store)?, reader: Worker::start("store-reader", move || reader)? })
    }

    /// A change, or a short question for which a person waits.
    pub(crate) async fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> anyhow::Result<R> + Send + 'static,
    ) -> anyhow::Result<R> {
        self.writer.call(job).await
    }

    /// A question; it sees everything that was changed before it is asked.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> anyhow::Result<R> + Send + 'static,
    ) -> anyhow::Result<R> {
        self.reader.call(move |reader| question(reader)).await
    }

    /// The plain bytes of a sealed file; a damaged one is flagged.
    pub(crate) async fn file(&self, file: Uuid) -> anyhow::Result<Vec<u8>> {
        match self.read(move |s| Ok(s.file(file)?)).await {
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::Damaged { .. })) => self.call(move |s| Ok(s.file(file)?)).await,
            read => read,
        }
    }
}

impl<T> Clone for Worker<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: 'static> Worker<T> {
    /// Starts the thread; `make` runs on it, so that what it makes need not be movable.
    pub(crate) fn start(name: &str, make: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job<T>>();
        let running = thread::Builder::new()
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
        Ok(Self(Arc::new(Thread { jobs: Some(jobs), running: Some(running) })))
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
        self.0.jobs.as_ref().ok_or_else(ended)?.send(job).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_store::StoreKey;
    use std::{
        fs,
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    /// Takes a while to be closed, and says when it is.
    struct Slow(Arc<AtomicBool>);

    impl Drop for Slow {
        fn drop(&mut self) {
            thread::sleep(Duration::from_millis(200));
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn the_last_handle_waits_until_the_thread_has_closed_what_it_owns() {
        let closed = Arc::new(AtomicBool::new(false));
        let owned = Slow(Arc::clone(&closed));
        let worker = Worker::start("slow", move || owned).unwrap();
        let other = worker.clone();
        drop(worker);
        other.call(|_| Ok(())).await.unwrap();
        assert!(!closed.load(Ordering::SeqCst));
        drop(other);
        assert!(closed.load(Ordering::SeqCst), "the process must not end while a connection is being closed");
    }

    #[tokio::test]
    async fn damage_that_a_question_finds_is_flagged_by_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (state, file) = (folder.path().join("state"), Uuid::now_v7());
        let key = StoreKey::load_or_create(&folder.path().join("store.key"), &state).unwrap();
        let storage = Storage::start(Store::open(&state, &key).unwrap().store).unwrap();
        storage.call(move |s| Ok(s.put_file(Uuid::now_v7(), file, "image/jpeg", b"a page")?)).await.unwrap();
        assert_eq!(storage.file(file).await.unwrap(), b"a page");
        fs::write(state.join("blobs").join(file.to_string()), b"spoilt").unwrap();
        let error = storage.file(file).await.unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(StoreError::Damaged { .. })), "{error:#}");
        assert_eq!(storage.read(|s| Ok(s.held()?.damaged_files)).await.unwrap(), 1);
    }
}
