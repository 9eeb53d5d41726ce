//! A thread that owns something and is asked by closures: the store's writer, the text recognition.

use anyhow::{Context as _, anyhow};
use motcua_store::{Reader, Store, StoreError};
use std::{panic::AssertUnwindSafe, sync::mpsc, thread};
use tokio::sync::oneshot;
use uuid::Uuid;

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The way to the thread. Jobs run one after the other, in the order asked; the thread ends with the
/// last handle.
pub(crate) struct Worker<T>(mpsc::Sender<Job<T>>);

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

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_store::StoreKey;
    use std::fs;

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
