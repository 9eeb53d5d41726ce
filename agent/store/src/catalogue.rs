//! Catalogues that came from the hub; whoever keeps one has checked its signature.

use crate::{Reader, Store, StoreError, audit};
use jiff::{Timestamp, civil::Date};
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

impl Reader {
    /// The newest version that is kept, in force or not; 0 without any.
    pub fn newest_catalogue(&self) -> Result<u32, StoreError> {
        Ok(self.db.query_row("SELECT COALESCE(max(version), 0) FROM catalogue", [], |row| row.get(0))?)
    }

    /// Version and JSON text of the one in force on `today`: of those whose first day has come, the newest.
    pub fn catalogue(&self, today: Date) -> Result<Option<(u32, String)>, StoreError> {
        let sql = "SELECT version, body FROM catalogue WHERE effective <= ? ORDER BY version DESC LIMIT 1";
        Ok(self.db.query_row(sql, [today.to_string()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

impl Store {
    /// Keeps one, and forgets those that are older than the one in force on `today`.
    pub fn keep_catalogue(&mut self, version: u32, effective: Date, body: &str, today: Date, now: Timestamp) -> Result<(), StoreError> {
        self.write(|db, _| {
            db.execute(
                "INSERT INTO catalogue (version, effective, body) VALUES (?, ?, ?)
                 ON CONFLICT (version) DO UPDATE SET effective = excluded.effective, body = excluded.body",
                params![version, effective.to_string(), body],
            )?;
            let passed = "DELETE FROM catalogue WHERE version < (SELECT max(version) FROM catalogue WHERE effective <= ?)";
            db.execute(passed, [today.to_string()])?;
            let detail = format!("version {version} from {effective} sha256 {}", hex::encode(Sha256::digest(body)));
            audit::append(db, Some(now), "catalogue", Uuid::nil(), &detail)
        })
    }
}
