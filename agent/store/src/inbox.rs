//! What the hub says about dossiers after it has received them.

use crate::{FoundDossier, Reader, Store, StoreError, audit, dossiers::found, reprint, time};
use jiff::Timestamp;
use motcua_model::{
    Text,
    citizen::PersonNumber,
    dossier::{HeldFee, Status},
    hub::{News, NewsItem},
};
use rusqlite::{Connection, OptionalExtension as _, ToSql, params};
use uuid::Uuid;

const CURSOR: &str = "inbox_cursor";

impl Reader {
    /// The last [`NewsItem::cursor`] that was applied; 0 before the first.
    pub fn inbox_cursor(&self) -> Result<u64, StoreError> {
        let cursor: Option<i64> = self.db.query_row("SELECT value FROM counter WHERE name = ?", [CURSOR], |row| row.get(0)).optional()?;
        Ok(cursor.unwrap_or(0).unsigned_abs())
    }

    /// What the office has to tell people: of each dossier that waits for papers the last request for them, unless they were added here
    /// since, of each that is finished and not handed over its result. Oldest first. News of a newer agent's form are left out.
    pub fn to_tell(&self, limit: u32) -> Result<Vec<Told>, StoreError> {
        let rows: Vec<(String, Text, String)> = self
            .db
            .prepare_cached(
                "SELECT code, procedure_vi, procedure_en, news.body FROM news JOIN dossier ON dossier.id = news.dossier
                 WHERE cursor IN (SELECT max(cursor) FROM news GROUP BY dossier, kind)
                   AND ((kind = 'supplement' AND status = ?
                         AND NOT EXISTS (SELECT 1 FROM dossier AS added WHERE added.adds_to = dossier.id AND added.request >= cursor))
                        OR (kind = 'result' AND status = ?))
                 ORDER BY cursor LIMIT ?",
            )?
            .query_map(params![u8::from(Status::SupplementAsked), u8::from(Status::Finished), limit], |row| {
                Ok((row.get(0)?, Text::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?), row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        let told =
            |(code, procedure, body): (String, Text, String)| Some(Told { code, procedure, item: serde_json::from_str(&body).ok()? });
        Ok(rows.into_iter().filter_map(told).collect())
    }
}

impl Reader {
    /// What the person filed here, for themselves or another, and what others filed in their name; newest first. Papers that were
    /// added to one of them are told with it.
    pub fn own_dossiers(&self, person: &PersonNumber, limit: u32) -> Result<Vec<OwnDossier>, StoreError> {
        let of_person = "?7 IN (owner, authorised) AND adds_to IS NULL ORDER BY submitted DESC, id DESC LIMIT ?8";
        self.own_where(of_person, &[&self.keys.owner(person)?, &limit])
    }

    /// One dossier, as its person may see it.
    pub fn own_dossier(&self, id: Uuid) -> Result<Option<OwnDossier>, StoreError> {
        Ok(self.own_where("id = ?7", &[&id.into_bytes()])?.pop())
    }

    /// `which`: a condition whose parameters begin with the seventh.
    fn own_where(&self, which: &str, of: &[&dyn ToSql]) -> Result<Vec<OwnDossier>, StoreError> {
        let [asked, finished, returned] = [Status::SupplementAsked, Status::Finished, Status::Returned].map(u8::from);
        let in_work = [Status::Accepted, Status::Processing, Status::PaymentAsked].map(u8::from);
        let fixed: [&dyn ToSql; 6] = [&asked, &finished, &returned, &in_work[0], &in_work[1], &in_work[2]];
        let parameters: Vec<&dyn ToSql> = fixed.into_iter().chain(of.iter().copied()).collect();
        let dossiers = self
            .db
            .prepare_cached(&format!(
                "SELECT official_code, status, known_at, code, procedure_vi, procedure_en, submitted,
                        (SELECT body FROM news WHERE dossier = dossier.id
                         AND ((kind = 'supplement' AND status = ?1) OR (kind = 'result' AND status IN (?2, ?3))
                              OR (kind = 'accepted' AND status IN (?4, ?5, ?6))) ORDER BY cursor DESC LIMIT 1),
                        id, procedure,
                        (SELECT max(submitted) FROM dossier AS added WHERE added.adds_to = dossier.id
                         AND added.request >= (SELECT max(cursor) FROM news WHERE dossier = dossier.id AND kind = 'supplement')),
                        fee, fee_begun IS NOT NULL, fee_paid IS NOT NULL
                 FROM dossier WHERE {which}",
            ))?
            .query_map(&*parameters, |row| {
                let news: Option<String> = row.get(7)?;
                Ok(OwnDossier {
                    id: Uuid::from_bytes(row.get(8)?),
                    procedure_code: row.get(9)?,
                    added: time::load_optional(row, 10)?,
                    fee: reprint::fee(row, 11)?,
                    code: row.get(3)?,
                    found: found(row, 0, 1, 2)?,
                    procedure: Text::new(row.get::<_, String>(4)?, row.get::<_, String>(5)?),
                    submitted: time::load(row, 6)?,
                    // News of a newer agent's form are left out.
                    news: news.and_then(|body| serde_json::from_str(&body).ok()),
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(dossiers)
    }
}

impl Store {
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
                News::Accepted { dossier, .. } => keep(db, cursor, *dossier, "accepted", item),
                News::Supplement { dossier, .. } => keep(db, cursor, *dossier, "supplement", item),
                News::Result { dossier, .. } => keep(db, cursor, *dossier, "result", item),
                News::Catalogue { .. } | News::Config { .. } | News::Unknown(_) => Ok(()),
            }
        })
    }
}

/// A dossier as its person may see it once the chip has proved who asks (R13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDossier {
    /// The dossier.
    pub id: Uuid,
    /// Mã TTHC; none in minimal records of older versions.
    pub procedure_code: Option<String>,
    /// When the papers of the last request were added here.
    pub added: Option<Timestamp>,
    /// None where nothing is to be paid, or it is not known.
    pub fee: Option<HeldFee>,
    /// Provisional code.
    pub code: String,
    /// What the hub has said.
    pub found: FoundDossier,
    /// The procedure's name.
    pub procedure: Text,
    /// When it was confirmed to the person.
    pub submitted: Timestamp,
    /// The last request for papers where one is open, the result where there is one, else the receipt of an officer who has it in work.
    pub news: Option<NewsItem>,
}

/// News about a dossier that a person must hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Provisional code, as it stands on the person's slip.
    pub code: String,
    /// The procedure's name.
    pub procedure: Text,
    /// A supplement request or a result.
    pub item: NewsItem,
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
