//! Drafts: unfinished visits, sealed until they are submitted or erased.

use crate::{Reader, Store, StoreError, audit, time};
use jiff::Timestamp;
use motcua_model::citizen::PersonNumber;
use rusqlite::params;
use std::fmt;
use uuid::Uuid;

/// An unfinished filing as it was saved.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDraft {
    /// Becomes the dossier's id.
    pub id: Uuid,
    /// What [`Store::save_draft`] was given.
    pub body: Vec<u8>,
    /// When.
    pub saved: Timestamp,
}

impl fmt::Debug for StoredDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredDraft").field("id", &self.id).field("body", &"‹private›").field("saved", &self.saved).finish()
    }
}

impl Reader {
    /// The drafts of a person, the newest first.
    pub fn drafts(&self, owner: &PersonNumber) -> Result<Vec<StoredDraft>, StoreError> {
        let drafts = self
            .db
            .prepare_cached("SELECT id, body, saved FROM draft WHERE owner = ? ORDER BY saved DESC, id DESC")?
            .query_map([self.keys.owner(owner)?], |row| {
                Ok(StoredDraft { id: Uuid::from_bytes(row.get(0)?), body: row.get(1)?, saved: time::load(row, 2)? })
            })?
            .collect::<Result<_, _>>()?;
        Ok(drafts)
    }
}

impl Store {
    /// Makes the visit durable. A draft that was submitted meanwhile stays submitted.
    pub fn save_draft(&mut self, id: Uuid, owner: &PersonNumber, body: &[u8], now: Timestamp) -> Result<(), StoreError> {
        self.write(|db, keys| {
            db.prepare_cached(
                "INSERT INTO draft (id, owner, body, saved) SELECT ?1, ?2, ?3, ?4
                 WHERE NOT EXISTS (SELECT 1 FROM dossier WHERE id = ?1)
                 ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, body = excluded.body, saved = excluded.saved",
            )?
            .execute(params![id.into_bytes(), keys.owner(owner)?, body, time::store(now)])?;
            Ok(())
        })
    }

    /// Erases a draft: its row, files and data key. One that is gone already is fine; the files of a
    /// submitted dossier stay. `reason` goes to the audit and holds no personal data.
    pub fn drop_draft(&mut self, id: Uuid, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        let files = self.write_to_make_room(|db| {
            let submitted: bool =
                db.query_row("SELECT EXISTS (SELECT 1 FROM dossier WHERE id = ?)", [id.into_bytes()], |row| row.get(0))?;
            let rows = db.execute("DELETE FROM draft WHERE id = ?", [id.into_bytes()])?;
            if submitted {
                return Ok(Vec::new());
            }
            let files: Vec<Uuid> = db
                .prepare("DELETE FROM file WHERE dossier = ? RETURNING id")?
                .query_map([id.into_bytes()], |row| row.get(0).map(Uuid::from_bytes))?
                .collect::<Result<_, _>>()?;
            let keys = db.execute("DELETE FROM data_key WHERE dossier = ?", [id.into_bytes()])?;
            if rows + keys > 0 {
                audit::append(db, Some(now), "draft_dropped", id, reason)?;
            }
            Ok(files)
        })?;
        self.forget_deleted();
        self.remove_blobs(&files)
    }

    /// Erases drafts last saved before `older_than`, and closes slips of dossiers submitted before it:
    /// nobody comes back for them. Returns how many drafts went.
    pub fn drop_stale_drafts(&mut self, older_than: Timestamp, now: Timestamp) -> Result<u32, StoreError> {
        let limit = time::store(older_than);
        let stale: Vec<Uuid> = self
            .db
            .prepare("SELECT id FROM draft WHERE saved < ?")?
            .query_map([limit], |row| row.get(0).map(Uuid::from_bytes))?
            .collect::<Result<_, _>>()?;
        for id in &stale {
            self.drop_draft(*id, "stale", now)?;
        }
        self.write_to_make_room(|db| {
            let closed: Vec<Uuid> = db
                .prepare("UPDATE dossier SET slip = 'closed' WHERE slip IN ('none', 'started') AND submitted < ? RETURNING id")?
                .query_map([limit], |row| row.get(0).map(Uuid::from_bytes))?
                .collect::<Result<_, _>>()?;
            closed.into_iter().try_for_each(|id| audit::append(db, Some(now), "slip", id, "closed"))
        })?;
        Ok(u32::try_from(stale.len()).unwrap_or(u32::MAX))
    }
}
