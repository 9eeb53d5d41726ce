//! The encrypted store of one device: drafts, dossiers, sealed files, what waits for the hub, and the
//! audit chain. The only owner of files with personal data.
//!
//! ```text
//! <state>/lock         held while an agent runs
//! <state>/store.db     SQLCipher database (WAL, synchronous=FULL)
//! <state>/blobs/<id>   sealed files: nonce, then XChaCha20-Poly1305 of the bytes
//! <state>/backup/      the database as it was at most some hours ago, whole, under the same key
//! <state>/ballast      room that is given up when the disk is full, so that the outbox can still drain
//! ```
//!
//! A sealed file is written, synced, renamed and its folder synced before its row is committed; what a
//! power cut leaves between is swept at the next start. Its key is random per draft or dossier and lies
//! in the database, wrapped under a key derived from the store key: dropping a draft drops the key too.
//!
//! Every call is synchronous and durable when it returns `Ok`: run the store on one writer thread, and long questions on another
//! with a [`Reader`] of its own. Commits are not put together in groups: screen, scanner, printer and forwarder wait for their own one
//! each, so that a group would save three syncs at most (`make bench`: a commit is one fdatasync), and one's failure would undo
//! another's work. After [`StoreError::DiskFailed`] nothing more is written: drop the store and open it anew.

mod audit;
mod backup;
mod catalogue;
mod corrections;
mod db;
mod disk;
mod dossiers;
mod drafts;
mod error;
mod feedback;
mod figures;
mod files;
mod handovers;
mod inbox;
mod key;
mod outbox;
mod queue;
mod reprint;
mod retention;
mod signing;
mod time;

pub use audit::AuditReport;
pub use backup::{Backup, backup, want_restore};
pub use dossiers::{DossierLine, FoundDossier, SlipState, StoredDossier};
pub use drafts::StoredDraft;
pub use error::StoreError;
pub use figures::{Held, SYNC_BOUNDS, SyncTimes, sync_times};
pub use files::side_of;
pub use handovers::{ForCourier, PinTries};
pub use inbox::{OwnDossier, Told};
pub use key::StoreKey;
pub use outbox::{Lane, OutboxItem, Waiting};
pub use reprint::{DigitTries, HeldProof, PAYMENT, PROOF};
pub use retention::{Person, Spans};
pub use signing::{PaperToSign, Resigned, ToSign};
pub use time::moment;

use key::Keys;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::{
    fmt, fs,
    ops::Deref,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// File name of the database.
const DATABASE: &str = "store.db";
const BLOBS: &str = "blobs";
const BALLAST: &str = "ballast";
const LOCK: &str = "lock";
/// A full partition stops even DELETE; measured: 0.3 MB let the outbox drain again.
const BALLAST_BYTES: usize = 2 << 20;
/// Of the partition.
const QUOTA: f64 = 0.8;
/// How long a checkpoint waits for questions that are being answered.
const READERS_PATIENCE: Duration = Duration::from_millis(50);
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// A store that has passed its checks.
#[derive(Debug)]
pub struct Opened {
    /// Ready for use.
    pub store: Store,
    /// Drafts, and dossiers whose slip was not printed.
    pub unfinished: u32,
    /// Sealed files that are missing or unreadable, and records that cannot be sent: look at the disk.
    pub damaged: u32,
}

/// Answers questions about what is committed. [`Store`] has one; further ones stand beside it and keep nobody from writing.
pub struct Reader {
    db: Connection,
    key: StoreKey,
    keys: Keys,
    state: PathBuf,
}

/// The open store; one per state directory.
pub struct Store {
    reader: Reader,
    /// Deleted pages may still lie in the database's log, because somebody was reading when it should have been overwritten.
    log_holds_deleted: bool,
    /// After a failed sync the kernel may have forgotten pages: a later success would be a lie.
    disk_failed: bool,
    /// See [`Store::want_signatures`].
    signatures_wanted: bool,
    /// The lock goes with the file.
    _lock: fs::File,
}

impl Reader {
    /// Another one, with its own connection, for another thread.
    ///
    /// # Errors
    /// When the database cannot be opened once more.
    pub fn another(&self) -> Result<Self, StoreError> {
        let db = db::open_beside(&self.state.join(DATABASE), &self.key)?;
        Ok(Self { db, key: self.key.clone(), keys: Keys::derive(&self.key)?, state: self.state.clone() })
    }

    /// Length of the database, of its copy and of all sealed files.
    pub fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        let ballast = fs::metadata(self.state.join(BALLAST)).map_or(0, |meta| meta.len());
        let copies = disk::bytes_in(&self.state.join(backup::FOLDER))?;
        Ok((disk::bytes_in(&self.state)? + disk::bytes_in(&self.blobs())? + copies).saturating_sub(ballast))
    }

    /// Share of its quota that the store takes: four fifths of the partition are its own, the rest is for the system and for the
    /// moment when something must be written to make room. A partition that others have filled counts as full as well.
    pub fn quota_ratio(&self) -> Result<f64, StoreError> {
        let disk = rustix::fs::statvfs(&self.state).map_err(|error| StoreError::io(&self.state)(error.into()))?;
        let (size, free) = (disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize);
        let own = self.bytes_on_disk()? as f64 / (size as f64 * QUOTA).max(1.0);
        let others = 1.0 - free as f64 / (size as f64 * (1.0 - QUOTA)).max(1.0);
        Ok(own.max(others).clamp(0.0, 1.0))
    }

    fn unfinished(&self) -> Result<u32, StoreError> {
        Ok(self.db.query_row(
            "SELECT (SELECT count(*) FROM draft) + (SELECT count(*) FROM dossier WHERE slip IN ('none', 'started'))",
            [],
            |row| row.get(0),
        )?)
    }

    fn damaged(&self) -> Result<u32, StoreError> {
        Ok(self.db.query_row(
            "SELECT (SELECT count(*) FROM file WHERE damaged) + (SELECT count(*) FROM outbox WHERE quarantined)",
            [],
            |row| row.get(0),
        )?)
    }

    fn blobs(&self) -> PathBuf {
        self.state.join(BLOBS)
    }
}

impl Store {
    /// Opens the state directory, or makes it; checks the database (or puts its copy in its place, where [`want_restore`] was called),
    /// brings it to this version, and sweeps what a power cut left behind.
    pub fn open(state_dir: &Path, key: &StoreKey) -> Result<Opened, StoreError> {
        disk::private_folder(state_dir)?;
        let lock = lock(state_dir)?;
        backup::restore_if_wanted(state_dir, key)?;
        let blobs = state_dir.join(BLOBS);
        let database = state_dir.join(DATABASE);
        let empty = fs::metadata(&database).map_or(0, |meta| meta.len()) == 0;
        if empty && disk::bytes_in(&blobs)? > 0 {
            return Err(StoreError::DatabaseMissing { path: database });
        }
        disk::private_folder(&blobs)?;
        let db = match db::open(&database, key) {
            Err(StoreError::NoSpace) => {
                give_up_ballast(state_dir)?;
                db::open(&database, key)?
            }
            opened => opened?,
        };
        disk::sync_folder(state_dir)?;
        let reader = Reader { db, key: key.clone(), keys: Keys::derive(key)?, state: state_dir.to_owned() };
        let mut store = Self { reader, log_holds_deleted: true, disk_failed: false, signatures_wanted: false, _lock: lock };
        store.sweep()?;
        lay_ballast(state_dir);
        Ok(Opened { unfinished: store.unfinished()?, damaged: store.damaged()?, store })
    }

    /// All of `change`, or nothing; durable when this returns.
    fn write<T>(&mut self, change: impl FnOnce(&Transaction<'_>, &Keys) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.disk_failed {
            return Err(StoreError::DiskFailed("an earlier write".to_owned()));
        }
        let Reader { db, keys, .. } = &mut self.reader;
        let done = transact(db, keys, change);
        self.disk_failed = matches!(done, Err(StoreError::DiskFailed(_)));
        done
    }

    /// For changes that end in more room: on a full disk the ballast is given up for them.
    fn write_to_make_room<T>(&mut self, change: impl Fn(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.write(|db, _| change(db)) {
            Err(StoreError::NoSpace) => {
                give_up_ballast(&self.state)?;
                self.write(|db, _| change(db))
            }
            done => done,
        }
    }

    /// Overwrites what was deleted in the database's log too, and gives the room back. Where somebody reads just then, it is done with
    /// the next change of this kind.
    fn forget_deleted(&mut self) {
        let vacuum = self.db.execute_batch("PRAGMA incremental_vacuum;");
        // It waits for readers as long as for writers, and people wait behind this thread.
        let checkpoint = self.db.busy_timeout(READERS_PATIENCE).and_then(|()| {
            let busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
            self.db.busy_timeout(db::PATIENCE)?;
            busy
        });
        self.log_holds_deleted = !matches!(checkpoint, Ok(false));
        for error in [vacuum.err(), checkpoint.err()].into_iter().flatten() {
            tracing::warn!("deleted pages stay in the encrypted log until the next checkpoint: {error}");
        }
    }
}

impl Deref for Store {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("state", &self.state).finish_non_exhaustive()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("state", &self.state).finish_non_exhaustive()
    }
}

fn transact<T>(
    db: &mut Connection,
    keys: &Keys,
    change: impl FnOnce(&Transaction<'_>, &Keys) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = transaction.total_changes();
    let done = change(&transaction, keys)?;
    let (changed, begun) = (transaction.total_changes() != before, Instant::now());
    transaction.commit()?;
    // Without changes the disk is not asked, and the time would be none of its.
    if changed {
        figures::synced(begun);
    }
    Ok(done)
}

/// Without room for it the store works all the same. It is laid only where as much again stays free:
/// room that was just given up must not be taken back at once.
fn lay_ballast(state: &Path) {
    let path = state.join(BALLAST);
    if fs::metadata(&path).is_ok_and(|meta| meta.len() == BALLAST_BYTES as u64) {
        return;
    }
    let probe = vec![0; 2 * BALLAST_BYTES];
    let laid = disk::write_durably(&path, &probe).and_then(|()| disk::write_durably(&path, &probe[..BALLAST_BYTES]));
    if let Err(error) = laid {
        let _ = disk::remove(&path);
        tracing::warn!("no room for the ballast: {error}");
    }
}

fn give_up_ballast(state: &Path) -> Result<(), StoreError> {
    tracing::warn!("the disk is full: the ballast is given up so that the outbox can drain");
    disk::remove(&state.join(BALLAST))
}

/// Two agents on one state would give the same code to two people.
fn lock(state: &Path) -> Result<fs::File, StoreError> {
    let path = state.join(LOCK);
    let file = fs::File::options().write(true).create(true).truncate(false).open(&path).map_err(StoreError::io(&path))?;
    let give_up = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // The one before may be ending just now, or a child it has forked may not have reached exec yet.
            Err(fs::TryLockError::WouldBlock) if Instant::now() < give_up => thread::sleep(Duration::from_millis(10)),
            Err(fs::TryLockError::WouldBlock) => return Err(StoreError::Locked { state: state.to_owned() }),
            Err(fs::TryLockError::Error(error)) => return Err(StoreError::io(&path)(error)),
        }
    }
}
