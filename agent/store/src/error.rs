//! What can go wrong, and what a technician does about it.

use rusqlite::ErrorCode;
use std::{io, path::PathBuf};
use uuid::Uuid;

/// Why the store could not do what was asked. Nothing of the failed call was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or the quota is reached.
    #[error(
        "the disk is full: make room on the partition of the state directory (old logs, old packages); nothing that was confirmed is lost"
    )]
    NoSpace,
    /// The key does not open the database.
    #[error(
        "the store key does not open {}: delete nothing; put back the key file that belongs to this database, or restore key and database together from the backup", path.display()
    )]
    WrongKey {
        /// The database.
        path: PathBuf,
    },
    /// The key file is missing although a database exists.
    #[error(
        "the key file {} is missing, but {} exists and can be opened with that key alone: delete nothing; put the key file back from the backup", key.display(), database.display()
    )]
    KeyMissing {
        /// Where the key should be.
        key: PathBuf,
        /// What it would open.
        database: PathBuf,
    },
    /// The key is sealed, and systemd has not opened it for this agent.
    #[error(
        "the store key is sealed in {}, but was not handed to the agent: start it by systemd with the drop-in 10-sealed-key.conf; on another PC or after a change of the TPM, put the key file back from the safe", sealed.display()
    )]
    KeySealed {
        /// The sealed key.
        sealed: PathBuf,
    },
    /// Others can read the key file.
    #[error("the key file {} can be read by other users (mode {mode:04o}): run `chmod 600 {}`", path.display(), path.display())]
    KeyMode {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file holds something else.
    #[error("the key file {} does not hold 64 hex digits: delete nothing; put the right key file back from the backup", path.display())]
    KeyForm {
        /// The key file.
        path: PathBuf,
    },
    /// There are sealed files but no database.
    #[error(
        "{} is missing although sealed files are there: delete nothing; run `motcua restore` to go back to the copy, or move the whole state directory away to start empty", path.display()
    )]
    DatabaseMissing {
        /// Where the database should be.
        path: PathBuf,
    },
    /// The database fails its own check.
    #[error("the database {} is damaged ({found}): run `motcua restore`, which says what the copy beside it holds and sets the damaged one aside; then check the disk (smartctl)", path.display())]
    DatabaseDamaged {
        /// The database.
        path: PathBuf,
        /// First line of SQLite's verdict.
        found: String,
    },
    /// There is no copy of the database to go back to, or it fails its own check.
    #[error(
        "the copy {} cannot take the database's place ({why}): delete nothing; move the whole state directory away to start empty, and keep it for the makers", path.display()
    )]
    NoCopy {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The database was written by a newer agent, or is not the agent's.
    #[error("the database {} has version {found}, this agent knows up to {known}: install the newer agent again", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version of this program.
        known: i64,
    },
    /// Another agent runs on the same state directory.
    #[error("another agent is using {}: stop it first (systemctl status motcua-agent)", state.display())]
    Locked {
        /// The state directory.
        state: PathBuf,
    },
    /// A sealed file cannot be read back; it is flagged and everything else goes on.
    #[error("file {file} is damaged on the disk: scan the paper again; check the disk (smartctl) when it happens more than once")]
    Damaged {
        /// The file.
        file: Uuid,
    },
    /// A stored record cannot be read back.
    #[error("the record {id} cannot be read ({why}): keep it, and install the agent version that wrote it")]
    Unreadable {
        /// Of the record.
        id: Uuid,
        /// What the parser said; no content.
        why: String,
    },
    /// There is nothing under this id.
    #[error("the store has no {what} {id}")]
    Unknown {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: Uuid,
    },
    /// The id is taken by something else.
    #[error("{what} {id} exists already with other content: use a fresh id")]
    Conflict {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: Uuid,
    },
    /// The file belongs to a dossier that was confirmed to a person.
    #[error("file {file} belongs to a submitted dossier and is kept")]
    Confirmed {
        /// The file.
        file: Uuid,
    },
    /// The operating system refused.
    #[error("cannot read or write {}: {source}; check owner and mode of the state directory, and the disk", path.display())]
    Io {
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system gives no random numbers.
    #[error("the system gives no random numbers ({0}): restart the machine")]
    Random(getrandom::Error),
    /// A record could not be sealed or written as JSON.
    #[error("{0} could not be encoded: report this to the makers")]
    Encoding(&'static str),
    /// A write to the database failed on the disk: what it holds now is not known until it is opened anew,
    /// and this store answers every further change like this.
    #[error("the disk failed under the database ({0}): restart the agent, and replace the disk when it happens again (smartctl)")]
    DiskFailed(String),
    /// SQLite refused.
    #[error("the database refused: {0}; restart the agent, then check the disk")]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let extended = error.sqlite_error().map(|error| error.extended_code);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::NoSpace,
            Some(ErrorCode::SystemIoFailure) if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => Self::NoSpace,
            Some(ErrorCode::SystemIoFailure) => Self::DiskFailed(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Names the path; a full disk is a full disk wherever it is noticed.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| match source.kind() {
            kind if kind == io::ErrorKind::StorageFull || kind == io::ErrorKind::QuotaExceeded => Self::NoSpace,
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}
