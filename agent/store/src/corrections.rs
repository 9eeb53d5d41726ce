//! What people asked to have corrected: kept beside their dossiers, which stay as they were confirmed.

use crate::{Reader, Store, StoreError, audit, dossiers, outbox, time};
use motcua_model::{api::OutboxAhead, citizen::PersonNumber, correction::Correction};
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

impl Reader {
    /// Codes of all dossiers of the person that this device knows, also of minimal ones, oldest first: what a correction would name.
    pub fn codes_of_person(&self, number: &PersonNumber) -> Result<Vec<String>, StoreError> {
        let codes = self
            .db
            .prepare_cached("SELECT code FROM dossier WHERE owner = ? ORDER BY submitted, id")?
            .query_map([self.keys.owner(number)?], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(codes)
    }

    /// What the hub must have before a correction may go to it.
    pub(crate) fn ahead_of(&self, correction: Uuid) -> Result<Vec<OutboxAhead>, StoreError> {
        let ahead = self
            .db
            .prepare_cached("SELECT id, code, quarantined FROM ahead WHERE correction = ? ORDER BY sequence")?
            .query_map([correction.into_bytes()], |row| {
                Ok(OutboxAhead { id: Uuid::from_bytes(row.get(0)?), code: row.get(1)?, set_aside: row.get(2)? })
            })?
            .collect::<Result<_, _>>()?;
        Ok(ahead)
    }
}

impl Store {
    /// Makes a correction durable with its audit row and its place in the outbox, in one transaction; `dossiers` is filled in here, with
    /// every dossier of the person. It goes to the hub after them. The same id again gives the stored correction.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where this device knows no dossier of the person.
    pub fn correct_person(&mut self, number: &PersonNumber, asked: Correction) -> Result<Correction, StoreError> {
        self.write(|db, keys| {
            if let Some(body) = find_body(db, asked.id)? {
                return dossiers::parse(asked.id, &body);
            }
            let owner = keys.owner(number)?;
            let dossiers: Vec<Uuid> = db
                .prepare_cached("SELECT id FROM dossier WHERE owner = ? ORDER BY submitted, id")?
                .query_map([owner], |row| row.get(0).map(Uuid::from_bytes))?
                .collect::<Result<_, _>>()?;
            if dossiers.is_empty() {
                return Err(StoreError::Unknown { what: "dossier of the person for the correction", id: asked.id });
            }
            let correction = Correction { dossiers, ..asked };
            insert(db, &correction, &owner)?;
            outbox::append(db, correction.id, "correction", &correction.id.to_string(), correction.asked)?;
            Ok(correction)
        })
    }
}

fn insert(db: &Connection, correction: &Correction, owner: &[u8; 32]) -> Result<(), StoreError> {
    let body = serde_json::to_string(correction).map_err(|_| StoreError::Encoding("the correction"))?;
    let (boot, mono) = time::columns();
    db.execute(
        "INSERT INTO correction (id, owner, body, asked, boot, mono) VALUES (?, ?, ?, ?, ?, ?)",
        params![correction.id.into_bytes(), owner, body, time::store(correction.asked), boot, mono],
    )?;
    audit::append(db, Some(correction.asked), "correction", correction.id, &format!("{} dossiers", correction.dossiers.len()))
}

pub(crate) fn find_body(db: &Connection, id: Uuid) -> Result<Option<String>, StoreError> {
    Ok(db.prepare_cached("SELECT body FROM correction WHERE id = ?")?.query_row([id.into_bytes()], |row| row.get(0)).optional()?)
}

/// Every correction that the person asked for, oldest first.
pub(crate) fn of_person(db: &Connection, owner: &[u8; 32]) -> Result<Vec<Correction>, StoreError> {
    let rows: Vec<(Uuid, String)> = db
        .prepare_cached("SELECT id, body FROM correction WHERE owner = ? ORDER BY asked, id")?
        .query_map([owner], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    rows.into_iter().map(|(id, body)| dossiers::parse(id, &body)).collect()
}

/// Corrections that the hub has go: all of one person, or all delivered before a time (microseconds, as in the table). Answers which.
pub(crate) fn forget(db: &Connection, owner: Option<&[u8; 32]>, delivered_before: Option<i64>) -> Result<Vec<Uuid>, StoreError> {
    let gone = db
        .prepare("DELETE FROM correction WHERE delivered IS NOT NULL AND (?1 IS NULL OR owner = ?1) AND (?2 IS NULL OR delivered < ?2) RETURNING id")?
        .query_map(params![owner, delivered_before], |row| row.get(0).map(Uuid::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(gone)
}
