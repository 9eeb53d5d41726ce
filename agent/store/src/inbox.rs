//! What the hub says about dossiers after it has received them.

use crate::{Store, StoreError, audit, time};
use motcua_model::hub::InboxItem;
use rusqlite::{OptionalExtension as _, params};

const CURSOR: &str = "inbox_cursor";

impl Store {
    /// The last [`InboxItem::cursor`] that was applied; 0 before the first.
    pub fn inbox_cursor(&self) -> Result<u64, StoreError> {
        let cursor: Option<i64> = self.db.query_row("SELECT value FROM counter WHERE name = ?", [CURSOR], |row| row.get(0)).optional()?;
        Ok(cursor.unwrap_or(0).unsigned_abs())
    }

    /// Keeps the news and the cursor together. Items that were applied already are ignored; of a dossier
    /// that this device does not have, only the cursor is kept.
    pub fn apply_inbox(&mut self, item: &InboxItem) -> Result<(), StoreError> {
        if item.cursor <= self.inbox_cursor()? {
            return Ok(());
        }
        let cursor = i64::try_from(item.cursor).map_err(|_| StoreError::Encoding("the hub's cursor"))?;
        self.write_to_make_room(|db| {
            db.execute(
                "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![CURSOR, cursor],
            )?;
            let status = u8::from(item.status);
            let changed = db.execute(
                "UPDATE dossier SET status = ?, official_code = COALESCE(NULLIF(?, ''), official_code), known_at = ? WHERE id = ?",
                params![status, item.official_code.trim(), time::store(item.at), item.dossier.into_bytes()],
            )?;
            if changed > 0 {
                audit::append(db, Some(item.at), "status", item.dossier, &format!("{status} {} cursor {cursor}", item.official_code))?;
            }
            Ok(())
        })
    }
}
