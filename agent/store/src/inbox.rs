//! What the hub says about dossiers after it has received them.

use crate::{Store, StoreError, audit, time};
use motcua_model::hub::{News, NewsItem};
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

const CURSOR: &str = "inbox_cursor";

impl Store {
    /// The last [`NewsItem::cursor`] that was applied; 0 before the first.
    pub fn inbox_cursor(&self) -> Result<u64, StoreError> {
        let cursor: Option<i64> = self.db.query_row("SELECT value FROM counter WHERE name = ?", [CURSOR], |row| row.get(0)).optional()?;
        Ok(cursor.unwrap_or(0).unsigned_abs())
    }

    /// Keeps the news and the cursor together. Items that were applied already are ignored; of a dossier
    /// that this device does not have, and of news that it does not understand, only the cursor is kept.
    pub fn apply_news(&mut self, item: &NewsItem) -> Result<(), StoreError> {
        if item.cursor <= self.inbox_cursor()? {
            return Ok(());
        }
        let cursor = i64::try_from(item.cursor).map_err(|_| StoreError::Encoding("the hub's cursor"))?;
        self.write_to_make_room(|db| {
            db.execute(
                "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![CURSOR, cursor],
            )?;
            match &item.news {
                News::Status { dossier, official_code, status, .. } => {
                    let status = u8::from(*status);
                    let changed = db.execute(
                        "UPDATE dossier SET status = ?, official_code = COALESCE(NULLIF(?, ''), official_code), known_at = ? WHERE id = ?",
                        params![status, official_code.trim(), time::store(item.at), dossier.into_bytes()],
                    )?;
                    if changed > 0 {
                        audit::append(db, Some(item.at), "status", *dossier, &format!("{status} {official_code} cursor {cursor}"))?;
                    }
                    Ok(())
                }
                News::Supplement { dossier, .. } => keep(db, cursor, *dossier, "supplement", item),
                News::Result { dossier, .. } => keep(db, cursor, *dossier, "result", item),
                News::Catalogue { .. } | News::Config { .. } | News::Unknown(_) => Ok(()),
            }
        })
    }

    /// Supplement requests and results of a dossier, oldest first. Those of a newer agent's form are left out.
    pub fn news_of(&self, dossier: Uuid) -> Result<Vec<NewsItem>, StoreError> {
        let bodies: Vec<String> = self
            .db
            .prepare_cached("SELECT body FROM news WHERE dossier = ? ORDER BY cursor")?
            .query_map([dossier.into_bytes()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
    }
}

/// What an officer asked for holds the officer's words: it stays in the encrypted database, and the audit names the kind alone.
fn keep(db: &Connection, cursor: i64, dossier: Uuid, kind: &str, item: &NewsItem) -> Result<(), StoreError> {
    let ours: bool = db.query_row("SELECT EXISTS (SELECT 1 FROM dossier WHERE id = ?)", [dossier.into_bytes()], |row| row.get(0))?;
    if !ours {
        return Ok(());
    }
    let body = serde_json::to_string(item).map_err(|_| StoreError::Encoding("the hub's news"))?;
    db.execute(
        "INSERT INTO news (cursor, dossier, kind, body, at) VALUES (?, ?, ?, ?, ?)",
        params![cursor, dossier.into_bytes(), kind, body, time::store(item.at)],
    )?;
    audit::append(db, Some(item.at), kind, dossier, &format!("cursor {cursor}"))
}
