//! A whole copy of the database beside it, and the way back to it when the database is damaged.
//!
//! The sealed files are not copied: the copy holds their keys. What was confirmed after the copy was taken is not in it; the damaged
//! database and the files that only it knows are set aside, for somebody who can read what is left of it.

use crate::{BLOBS, DATABASE, Reader, StoreError, StoreKey, audit, db, disk, files};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;

pub(crate) const FOLDER: &str = "backup";
/// Lies in the state directory from the technician's word until the copy is in place.
const WANTED: &str = "restore";
/// Codes and numbers, those of today's queue too (A013 is followed by A1014), that may have been given since the copy was taken are not
/// given again.
const SKIPPED_NUMBERS: i64 = 1000;

/// The copy that lies beside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// When it was taken.
    pub taken: Timestamp,
    /// Its length.
    pub bytes: u64,
}

impl Reader {
    /// Puts a whole copy of the database in the place of the one before; answers its length. A damaged database is found out by its
    /// seals while it is read, and the copy before stays.
    ///
    /// # Errors
    /// When the database cannot be read whole, or there is no room.
    pub fn back_up(&self) -> Result<u64, StoreError> {
        let folder = self.state.join(FOLDER);
        disk::private_folder(&folder)?;
        let (copy, new) = (folder.join(DATABASE), folder.join(DATABASE).with_extension(disk::UNFINISHED));
        disk::remove(&new)?;
        let written = self.write_copy(&new);
        if written.is_err() {
            // Room for the rest; the next attempt would remove it anyway.
            let _ = disk::remove(&new);
        }
        let bytes = written?;
        fs::rename(&new, &copy).map_err(StoreError::io(&copy))?;
        disk::sync_folder(&folder)?;
        Ok(bytes)
    }

    fn write_copy(&self, new: &Path) -> Result<u64, StoreError> {
        // A connection that may only ask cannot copy.
        let db = db::unlocked(&self.state.join(DATABASE), &self.key)?;
        db.execute("VACUUM INTO ?", [new.to_string_lossy()])?;
        let synced = fs::File::open(new).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
        Ok(synced.map_err(StoreError::io(new))?.len())
    }

    /// What was erased at a person's wish must not lie in the copy.
    pub(crate) fn forget_backup(&self) -> Result<(), StoreError> {
        disk::remove(&self.state.join(FOLDER).join(DATABASE))
    }
}

/// What could be gone back to; none where nothing was copied yet.
pub fn backup(state_dir: &Path) -> Option<Backup> {
    let meta = fs::metadata(state_dir.join(FOLDER).join(DATABASE)).ok()?;
    let taken = Timestamp::try_from(meta.modified().ok()?).ok()?;
    Some(Backup { taken, bytes: meta.len() })
}

/// The next [`crate::Store::open`] puts the copy in the database's place.
///
/// # Errors
/// When the state directory cannot be written.
pub fn want_restore(state_dir: &Path) -> Result<(), StoreError> {
    disk::write_durably(&state_dir.join(WANTED), b"")
}

/// Where the technician asked for it; the lock is held. What a power cut leaves half done is done again.
pub(crate) fn restore_if_wanted(state: &Path, key: &StoreKey) -> Result<(), StoreError> {
    let wanted = state.join(WANTED);
    if !wanted.exists() {
        return Ok(());
    }
    let restored = restore(state, key);
    // One that fails would fail at every start.
    disk::remove(&wanted)?;
    disk::sync_folder(state)?;
    let aside = restored?;
    tracing::warn!("the database is restored from its copy; the damaged one lies in {}: keep it for the makers", aside.display());
    Ok(())
}

fn restore(state: &Path, key: &StoreKey) -> Result<PathBuf, StoreError> {
    let database = state.join(DATABASE);
    let copy = state.join(FOLDER).join(DATABASE);
    let fresh = state.join("restored.db");
    // Nothing is touched before the copy has proved whole, and to be under this key.
    let known = match prove(&copy, &fresh, key) {
        Ok(known) => known,
        Err(error) => {
            disk::remove(&fresh)?;
            return Err(error);
        }
    };
    disk::sync_folder(state)?;

    let aside = aside(state)?;
    for ending in ["", "-wal", "-shm"] {
        let part = state.join(format!("{DATABASE}{ending}"));
        move_into(&part, &aside)?;
    }
    disk::sync_folder(&aside)?;
    fs::rename(&fresh, &database).map_err(StoreError::io(&database))?;
    disk::sync_folder(state)?;
    set_blobs_aside(&state.join(BLOBS), &known, &aside)?;
    Ok(aside)
}

/// Makes the copy ready in `fresh`; answers the files that it knows.
fn prove(copy: &Path, fresh: &Path, key: &StoreKey) -> Result<HashSet<Uuid>, StoreError> {
    let no_copy = |why: String| StoreError::NoCopy { path: copy.to_owned(), why };
    let bytes = fs::read(copy).map_err(|error| no_copy(error.to_string()))?;
    disk::write_durably(fresh, &bytes)?;
    let mut db = db::open(fresh, key).map_err(|error| {
        if let StoreError::DatabaseDamaged { found, .. } = error {
            return no_copy(found);
        }
        let closed = matches!(error, StoreError::WrongKey { .. });
        if closed { no_copy("it is damaged, or under another key".to_owned()) } else { error }
    })?;
    skip_numbers(&mut db)?;
    let known = files::known(&db)?;
    db.close().map_err(|(_, error)| error)?;
    Ok(known)
}

fn skip_numbers(db: &mut Connection) -> Result<(), StoreError> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute(
        "UPDATE counter SET value = value + ?1
         WHERE name = 'sequence' OR name LIKE 'code %' OR name LIKE 'opinion %' OR name LIKE 'queue %'",
        [SKIPPED_NUMBERS],
    )?;
    change.execute(
        "INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2",
        rusqlite::params![db::SKIPPED, SKIPPED_NUMBERS],
    )?;
    audit::append(&change, None, "restored", Uuid::nil(), "from the copy; what was confirmed after it was taken is not here")?;
    Ok(change.commit()?)
}

/// The first free `damaged-<n>`.
fn aside(state: &Path) -> Result<PathBuf, StoreError> {
    let folder = (1..).map(|n: u32| state.join(format!("damaged-{n}"))).find(|folder| !folder.exists());
    let folder = folder.unwrap_or_else(|| state.join("damaged"));
    disk::private_folder(&folder)?;
    Ok(folder)
}

/// Missing is moved.
fn move_into(path: &Path, folder: &Path) -> Result<(), StoreError> {
    let Some(name) = path.file_name() else { return Ok(()) };
    match fs::rename(path, folder.join(name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        _ => Ok(()),
    }
}

/// Files whose keys only the damaged database knows. They would be swept otherwise.
fn set_blobs_aside(blobs: &Path, known: &HashSet<Uuid>, aside: &Path) -> Result<(), StoreError> {
    let folder = aside.join(BLOBS);
    disk::private_folder(&folder)?;
    let entries = match fs::read_dir(blobs) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(StoreError::io(blobs))?,
    };
    for entry in entries {
        let path = entry.map_err(StoreError::io(blobs))?.path();
        if !files::named(&path).is_some_and(|id| known.contains(&id)) {
            move_into(&path, &folder)?;
        }
    }
    disk::sync_folder(&folder)?;
    disk::sync_folder(blobs)
}
