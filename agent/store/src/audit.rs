//! The audit chain: every row's hash covers the row before it, so that no row can be changed, removed or
//! put between without breaking all that follow. The head goes to the hub with every heartbeat: a cut
//! tail shows there.

use crate::{Reader, StoreError, time};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What [`Store::verify_audit`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Rows read.
    pub rows: u64,
    /// Number of the first row that does not follow from the one before it.
    pub broken_at: Option<u64>,
}

struct AuditRow {
    number: i64,
    at: Option<i64>,
    event: String,
    subject: [u8; 16],
    detail: String,
    boot: Option<[u8; 16]>,
    mono: Option<i64>,
}

impl AuditRow {
    /// Rows from before there were moments keep the hash that they have.
    fn hash(&self, previous: &[u8]) -> Result<[u8; 32], StoreError> {
        let subject = hex::encode(self.subject);
        let canonical = match (self.boot, self.mono) {
            (None, None) => serde_json::to_vec(&(self.number, self.at, &self.event, subject, &self.detail)),
            (boot, mono) => serde_json::to_vec(&(self.number, self.at, &self.event, subject, &self.detail, boot.map(hex::encode), mono)),
        };
        let canonical = canonical.map_err(|_| StoreError::Encoding("an audit row"))?;
        Ok(Sha256::new().chain_update(previous).chain_update(canonical).finalize().into())
    }
}

/// Appends to the chain; call it inside the transaction of the change. `detail` holds no personal data.
pub(crate) fn append(db: &Connection, at: Option<Timestamp>, event: &str, subject: Uuid, detail: &str) -> Result<(), StoreError> {
    let last: Option<(i64, [u8; 32])> = db
        .prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, previous) = last.unwrap_or((0, [0; 32]));
    let (boot, mono) = time::columns();
    let row = AuditRow {
        number: last + 1,
        at: at.map(time::store),
        event: event.to_owned(),
        subject: subject.into_bytes(),
        detail: detail.to_owned(),
        boot,
        mono,
    };
    db.prepare_cached("INSERT INTO audit (number, at, event, subject, detail, boot, mono, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![row.number, row.at, row.event, row.subject, row.detail, row.boot, row.mono, row.hash(&previous)?])?;
    Ok(())
}

impl Reader {
    /// Walks the whole chain.
    pub fn verify_audit(&self) -> Result<AuditReport, StoreError> {
        let mut statement = self.db.prepare("SELECT number, at, event, subject, detail, hash, boot, mono FROM audit ORDER BY number")?;
        let mut rows = statement.query([])?;
        let mut report = AuditReport { rows: 0, broken_at: None };
        let mut previous = [0; 32];
        while let Some(row) = rows.next()? {
            report.rows += 1;
            let number: i64 = row.get(0)?;
            let follows = match read(row) {
                Ok((content, hash)) if number == report.rows as i64 && content.hash(&previous)? == hash => Some(hash),
                Ok(_) | Err(_) => None,
            };
            match follows {
                Some(hash) => previous = hash,
                None => {
                    report.broken_at = Some(report.rows);
                    return Ok(report);
                }
            }
        }
        Ok(report)
    }

    /// Number and hash (lower-case hex) of the newest audit row; 0 and 64 zeros before the first.
    pub fn audit_head(&self) -> Result<(u64, String), StoreError> {
        let head: Option<(i64, [u8; 32])> = self
            .db
            .query_row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, hash) = head.unwrap_or((0, [0; 32]));
        Ok((number.unsigned_abs(), hex::encode(hash)))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(AuditRow, [u8; 32])> {
    let content = AuditRow {
        number: row.get(0)?,
        at: row.get(1)?,
        event: row.get(2)?,
        subject: row.get(3)?,
        detail: row.get(4)?,
        boot: row.get(6)?,
        mono: row.get(7)?,
    };
    Ok((content, row.get(5)?))
}
