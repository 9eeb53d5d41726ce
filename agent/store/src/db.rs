//! Opening the database: key, pragmas, version, check.

use crate::{StoreError, StoreKey};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::{path::Path, time::Duration};

/// "MCE1": tells the file from any other SQLite database.
const APPLICATION: i64 = 0x4d43_4531;

/// Version n is reached by the n-th file. Files that were released are never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_start.sql"),
    include_str!("../migrations/0002_care.sql"),
    include_str!("../migrations/0003_moments.sql"),
    include_str!("../migrations/0004_corrections.sql"),
    include_str!("../migrations/0005_authorised.sql"),
    include_str!("../migrations/0006_catalogue.sql"),
    include_str!("../migrations/0007_signing.sql"),
    include_str!("../migrations/0008_feedback.sql"),
    include_str!("../migrations/0009_queue.sql"),
    include_str!("../migrations/0010_couriers.sql"),
    include_str!("../migrations/0011_supplements.sql"),
    include_str!("../migrations/0012_reprints.sql"),
    include_str!("../migrations/0013_blocked.sql"),
];

/// How long a change waits for another process that has the database open.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// With its key, unchecked.
pub(crate) fn unlocked(path: &Path, key: &StoreKey) -> Result<Connection, StoreError> {
    let db = Connection::open(path)?;
    // What it would print on stderr comes back as an error anyway.
    db.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    db.execute_batch(&key.pragma())?;
    db.busy_timeout(PATIENCE)?;
    unlock(&db, path)?;
    // A sorted list of names must never reach the disk in the clear.
    db.execute_batch("PRAGMA temp_store = MEMORY;")?;
    Ok(db)
}

/// Beside the one that writes, which has checked it; changes nothing.
pub(crate) fn open_beside(path: &Path, key: &StoreKey) -> Result<Connection, StoreError> {
    let db = unlocked(path, key)?;
    db.execute_batch("PRAGMA query_only = ON;")?;
    Ok(db)
}

pub(crate) fn open(path: &Path, key: &StoreKey) -> Result<Connection, StoreError> {
    let mut db = unlocked(path, key)?;
    // auto_vacuum comes before the first table, and before WAL writes the header.
    db.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;",
    )?;
    check(&db, path)?;
    migrate(&mut db, path)?;
    Ok(db)
}

/// The first read tells whether the key fits.
fn unlock(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let tables = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    match tables {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => Err(StoreError::WrongKey { path: path.to_owned() }),
        // The list of tables itself may lie on a damaged page.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Err(StoreError::DatabaseDamaged { path: path.to_owned(), found: error.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

fn check(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let damaged = |found: String| StoreError::DatabaseDamaged { path: path.to_owned(), found };
    match db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)) {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(damaged(verdict)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => Err(damaged(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if found > known || (found > 0 && application != APPLICATION) {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", step as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Counts what [`crate::backup`] has skipped: every new series begins behind it.
pub(crate) const SKIPPED: &str = "skipped";

/// The next number of a series; a number that was given is never given again.
pub(crate) fn next_number(db: &Connection, series: &str) -> Result<i64, StoreError> {
    Ok(db
        .prepare_cached(
            "INSERT INTO counter (name, value) VALUES (?1, 1 + COALESCE((SELECT value FROM counter WHERE name = ?2), 0))
             ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        )?
        .query_row([series, SKIPPED], |row| row.get(0))?)
}
