//! The engine by default, SQLite and a folder: messages, files, news. Every call blocks until it is on the disk.

use crate::{
    disk, pki,
    portal::Case,
    problem::Refusal,
    seal::{SUPPLEMENT, Seal, key_used, kind, office_day, other_device, stored_names},
};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use motcua_model::{
    dossier::Status,
    hub::{Message, MessageState, NEWS_PAGE, News, NewsItem, NewsPage, Receipt, SignedReceipt},
};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use uuid::Uuid;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, device TEXT NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL, received TEXT NOT NULL,
    official_code TEXT UNIQUE, receipt TEXT, signature TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS file (
    message TEXT NOT NULL REFERENCES message(id), position INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, complete INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, id), UNIQUE (message, name)
) STRICT;
CREATE TABLE IF NOT EXISTS counter (day TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
";
/// Until version 1 news was of statuses alone, in columns.
const NEWS_OF_VERSION_1: &str = "
CREATE TABLE IF NOT EXISTS news (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, dossier TEXT NOT NULL, official_code TEXT NOT NULL,
    status INTEGER NOT NULL, at TEXT NOT NULL
) STRICT;
ALTER TABLE news RENAME TO old_news;
DROP INDEX IF EXISTS news_of_device;
CREATE TABLE news (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, dossier TEXT, status INTEGER, at TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX news_of_device ON news (device, cursor);
CREATE INDEX news_of_dossier ON news (dossier, cursor);
INSERT INTO news SELECT cursor, device, dossier, status, at,
    json_object('kind', 'status', 'dossier', dossier, 'official_code', official_code, 'status', status) FROM old_news;
DROP TABLE old_news;
PRAGMA user_version = 1;
";
/// News with this in place of a device is for all.
pub(crate) const ALL_DEVICES: &str = "*";

/// A hub's folder, opened.
pub struct Archive {
    dir: PathBuf,
    db: Mutex<Connection>,
}

/// A message for `motcua-hub list`; no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Message id: the record's.
    pub id: String,
    /// The device that sent it.
    pub device: String,
    /// `dossier`, `supplement`, `handover`, `correction` and so on.
    pub kind: String,
    /// Mã hồ sơ, once all files are there.
    pub official_code: Option<String>,
    /// TrangThaiHoSo of the last news, once there is one.
    pub status: Option<u8>,
    /// Whether a receipt was given.
    pub complete: bool,
}

/// How the hub knows a file that a message declares.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) device: String,
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) complete: bool,
}

impl Archive {
    /// Opens the folder that `motcua-hub init` made.
    pub fn open(dir: &Path) -> Result<Self> {
        pki::read(&dir.join("ca.pem"))?;
        disk::create_folder(&dir.join("files"))?;
        disk::create_folder(&dir.join("uploads"))?;
        let path = dir.join("hub.db");
        let mut db = Connection::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        db.busy_timeout(Duration::from_secs(5))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", "ON")?;
        migrate(&mut db)?;
        Ok(Self { dir: dir.to_owned(), db: Mutex::new(db) })
    }

    /// Takes a message in, or finds it again; says which files are missing, or gives the receipt.
    pub(crate) fn take(&self, device: &str, message: &Message, json: &[u8], seal: &Seal, now: Timestamp) -> Result<MessageState, Refusal> {
        let digest = hex::encode(Sha256::digest(json));
        let mut db = self.db();
        let known = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let found = db.query_row("SELECT device, digest FROM message WHERE id = ?1", [message.id.to_string()], known).optional()?;
        match found {
            Some((owner, _)) if owner != device => return Err(other_device()),
            Some((_, stored)) if stored != digest => return Err(key_used()),
            Some(_) => {}
            None => {
                let names = stored_names(&message.files)?;
                let folder = self.folder(message.id);
                disk::create_folder(&folder)?;
                disk::write_durably(&folder.join("message.json"), json)?;
                insert(&mut db, message, &digest, &names, now)?;
            }
        }
        self.state(&mut db, message.id, seal, now)
    }

    fn state(&self, db: &mut Connection, id: Uuid, seal: &Seal, now: Timestamp) -> Result<MessageState, Refusal> {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let missing = missing_files(&tx, id)?;
        if !missing.is_empty() {
            return Ok(MessageState { missing, receipt: None });
        }
        let receipt = match stored_receipt(&tx, id)? {
            Some(receipt) => receipt,
            None => complete(&tx, id, seal, now)?,
        };
        tx.commit()?;
        let copy = self.folder(id).join("receipt.json");
        if !copy.exists() {
            disk::write_durably(&copy, receipt.receipt.as_bytes())?;
        }
        Ok(MessageState { missing, receipt: Some(receipt) })
    }

    /// The file as its message declares it; none where either is unknown.
    pub(crate) fn expected(&self, message: Uuid, file: Uuid) -> Result<Option<Expected>> {
        let sql = "SELECT device, name, sha256, bytes, complete FROM file JOIN message ON message.id = file.message WHERE message = ?1 AND file.id = ?2";
        let expected = |row: &Row<'_>| {
            let bytes: i64 = row.get(3)?;
            Ok(Expected {
                device: row.get(0)?,
                name: row.get(1)?,
                sha256: row.get(2)?,
                bytes: bytes.cast_unsigned(),
                complete: row.get(4)?,
            })
        };
        Ok(self.db().query_row(sql, params![message.to_string(), file.to_string()], expected).optional()?)
    }

    /// Where the bytes of an unfinished upload are.
    pub(crate) fn part(&self, message: Uuid, file: Uuid) -> PathBuf {
        self.dir.join("uploads").join(message.to_string()).join(format!("{file}.part"))
    }

    /// Moves a whole part to its place if its SHA-256 is right; otherwise discards it and says false.
    pub(crate) fn settle(&self, message: Uuid, file: Uuid, expected: &Expected) -> Result<bool> {
        let part = self.part(message, file);
        if disk::sha256_of(&part)? != expected.sha256 {
            fs::remove_file(&part).with_context(|| format!("cannot discard {}", part.display()))?;
            return Ok(false);
        }
        // It may be whole since before a crash, and not synced.
        fs::File::open(&part).and_then(|f| f.sync_all()).with_context(|| format!("cannot sync {}", part.display()))?;
        disk::rename_durably(&part, &self.folder(message).join(&expected.name))?;
        let sql = "UPDATE file SET complete = 1 WHERE message = ?1 AND id = ?2";
        self.db().execute(sql, params![message.to_string(), file.to_string()])?;
        Ok(true)
    }

    pub(crate) fn inbox(&self, device: &str, after: u64) -> Result<NewsPage> {
        let db = self.db();
        let sql = "SELECT cursor, at, body FROM news WHERE device IN (?1, ?2) AND cursor > ?3 ORDER BY cursor LIMIT ?4";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(params![device, ALL_DEVICES, i64::try_from(after).unwrap_or(i64::MAX), NEWS_PAGE.cast_signed()])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let cursor: i64 = row.get(0)?;
            let (at, body): (String, String) = (row.get(1)?, row.get(2)?);
            items.push(NewsItem { cursor: cursor.cast_unsigned(), at: at.parse()?, news: serde_json::from_str(&body)? });
        }
        Ok(NewsPage { items })
    }

    /// A clerk's act: news about the dossier with this official code, for its device. `news` is made from the
    /// dossier's id. Works while the hub runs. Returns the cursor of the last.
    pub fn tell(&self, official_code: &str, news: impl FnOnce(Uuid) -> Vec<News>, now: Timestamp) -> Result<u64> {
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let owner = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let (device, dossier) = tx
            .query_row("SELECT device, id FROM message WHERE official_code = ?1", [official_code], owner)
            .optional()?
            .with_context(|| no_such_code(official_code))?;
        let mut cursor = 0;
        for news in news(dossier.parse()?) {
            cursor = add_news(&tx, &device, &news, now)?;
        }
        tx.commit()?;
        Ok(cursor)
    }

    /// News that is not about a dossier, for one device or, without one, for all.
    pub(crate) fn announce(&self, device: Option<&str>, news: &News, now: Timestamp) -> Result<u64> {
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let cursor = add_news(&tx, device.unwrap_or(ALL_DEVICES), news, now)?;
        tx.commit()?;
        Ok(cursor)
    }

    /// A dossier has a new status: [`Archive::tell`] in short.
    pub fn set_status(&self, official_code: &str, status: Status, now: Timestamp) -> Result<u64> {
        let code = official_code.to_owned();
        self.tell(official_code, |dossier| vec![News::Status { dossier, official_code: code, status, reason: None }], now)
    }

    /// The dossier with this official code, as it came and what was told of it since.
    pub(crate) fn case(&self, official_code: &str) -> Result<Case> {
        let db = self.db();
        let id: String = db
            .query_row("SELECT id FROM message WHERE official_code = ?1", [official_code], |row| row.get(0))
            .optional()?
            .with_context(|| no_such_code(official_code))?;
        let path = self.folder(id.parse()?).join("message.json");
        let json = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut statement = db.prepare("SELECT at, body FROM news WHERE dossier = ?1 ORDER BY cursor")?;
        let mut rows = statement.query([&id])?;
        let mut news = Vec::new();
        while let Some(row) = rows.next()? {
            let (at, body): (String, String) = (row.get(0)?, row.get(1)?);
            news.push((at.parse()?, serde_json::from_str(&body)?));
        }
        let mut statement = db.prepare("SELECT id FROM message WHERE kind = ?1 AND receipt IS NOT NULL ORDER BY rowid")?;
        let ids: Vec<String> = statement.query_map([SUPPLEMENT], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let read = |id: &String| -> Result<Vec<u8>> { Ok(fs::read(self.folder(id.parse()?).join("message.json"))?) };
        Ok(Case { json, added: ids.iter().map(read).collect::<Result<_>>()?, news })
    }

    /// Every message in the order of arrival.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let db = self.db();
        let sql = "SELECT id, device, kind, official_code, receipt IS NOT NULL,
            (SELECT status FROM news WHERE dossier = message.id AND status IS NOT NULL ORDER BY cursor DESC LIMIT 1)
            FROM message ORDER BY rowid";
        let mut statement = db.prepare(sql)?;
        let listed = |row: &Row<'_>| {
            Ok(Listed {
                id: row.get(0)?,
                device: row.get(1)?,
                kind: row.get(2)?,
                official_code: row.get(3)?,
                complete: row.get(4)?,
                status: row.get(5)?,
            })
        };
        let rows = statement.query_map([], listed)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn folder(&self, message: Uuid) -> PathBuf {
        self.dir.join("files").join(message.to_string())
    }

    pub(crate) fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic leaves at most a transaction that its guard has rolled back.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn no_such_code(official_code: &str) -> String {
    format!("no dossier has the code {official_code}; `motcua-hub list` shows the codes")
}

fn migrate(db: &mut Connection) -> Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    tx.execute_batch(SCHEMA)?;
    if version == 0 {
        tx.execute_batch(NEWS_OF_VERSION_1)?;
    }
    tx.execute_batch(crate::registry::SCHEMA)?;
    Ok(tx.commit()?)
}

fn insert(db: &mut Connection, message: &Message, digest: &str, names: &[String], now: Timestamp) -> Result<(), rusqlite::Error> {
    let id = message.id.to_string();
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO message (id, device, digest, kind, received) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, message.device, digest, kind(&message.body), now.to_string()],
    )?;
    for (position, (file, name)) in (0_i64..).zip(message.files.iter().zip(names)) {
        tx.execute(
            "INSERT INTO file (message, position, id, name, sha256, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, position, file.file.id.to_string(), name, file.file.sha256, file.file.bytes.cast_signed()],
        )?;
    }
    tx.commit()
}

fn missing_files(tx: &Transaction<'_>, id: Uuid) -> Result<Vec<Uuid>, Refusal> {
    let mut statement = tx.prepare_cached("SELECT id FROM file WHERE message = ?1 AND complete = 0 ORDER BY position")?;
    let ids: Vec<String> = statement.query_map([id.to_string()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    ids.iter().map(|id| Ok(id.parse::<Uuid>().context("a file id in the database is none")?)).collect()
}

fn stored_receipt(tx: &Transaction<'_>, id: Uuid) -> Result<Option<SignedReceipt>, rusqlite::Error> {
    let sql = "SELECT receipt, signature FROM message WHERE id = ?1 AND receipt IS NOT NULL";
    tx.query_row(sql, [id.to_string()], |row| Ok(SignedReceipt { receipt: row.get(0)?, signature: row.get(1)? })).optional()
}

/// All files are in place: the code, the receipt and the first news come into being together.
fn complete(tx: &Transaction<'_>, id: Uuid, seal: &Seal, now: Timestamp) -> Result<SignedReceipt, Refusal> {
    let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
    let (device, digest, kind) = tx.query_row("SELECT device, digest, kind FROM message WHERE id = ?1", [id.to_string()], row)?;
    let official_code = if kind == "dossier" { Some(next_code(tx, seal, now)?) } else { None };
    let mut statement = tx.prepare_cached("SELECT sha256 FROM file WHERE message = ?1 ORDER BY position")?;
    let files = statement.query_map([id.to_string()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let receipt = Receipt { message: id, device: device.clone(), digest, files, official_code: official_code.clone(), stored: now };
    let signed = seal.sign(&receipt)?;
    tx.execute(
        "UPDATE message SET official_code = ?2, receipt = ?3, signature = ?4 WHERE id = ?1",
        params![id.to_string(), official_code, signed.receipt, signed.signature],
    )?;
    if let Some(official_code) = official_code {
        add_news(tx, &device, &News::Status { dossier: id, official_code, status: Status::Registered, reason: None }, now)?;
    }
    Ok(signed)
}

fn next_code(tx: &Transaction<'_>, seal: &Seal, now: Timestamp) -> Result<String, Refusal> {
    let day = office_day(now)?;
    let sql = "INSERT INTO counter (day, last) VALUES (?1, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last";
    let number: i64 = tx.query_row(sql, [&day], |row| row.get(0))?;
    Ok(seal.code(&day, number))
}

fn add_news(tx: &Transaction<'_>, device: &str, news: &News, now: Timestamp) -> Result<u64> {
    let (dossier, status) = subject(news);
    tx.execute(
        "INSERT INTO news (device, dossier, status, at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![device, dossier.map(|id| id.to_string()), status.map(u8::from), now.to_string(), serde_json::to_string(news)?],
    )?;
    Ok(tx.last_insert_rowid().cast_unsigned())
}

/// Dossier and status of news, as the tables index them.
pub(crate) fn subject(news: &News) -> (Option<Uuid>, Option<Status>) {
    match news {
        News::Status { dossier, status, .. } => (Some(*dossier), Some(*status)),
        News::Accepted { dossier, .. } | News::Supplement { dossier, .. } | News::Result { dossier, .. } => (Some(*dossier), None),
        News::Catalogue { .. } | News::Config { .. } | News::Unknown(_) => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    #[test]
    fn codes_count_by_the_offices_day() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let tx = db.transaction().unwrap();
        let seal = Seal { key: SigningKey::from_bytes(&[1; 32]), agency: "H15.50.05".to_owned() };
        let late: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
        let early: Timestamp = "2026-11-23T16:59:59Z".parse().unwrap();
        let codes = [early, late, late].map(|now| next_code(&tx, &seal, now).unwrap());
        assert_eq!(codes, ["H15.50.05-261123-0001", "H15.50.05-261124-0001", "H15.50.05-261124-0002"]);
    }

    #[test]
    fn news_of_an_older_hub_are_kept_and_their_cursors_too() {
        let mut db = Connection::open_in_memory().unwrap();
        let old = "CREATE TABLE news (cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, dossier TEXT NOT NULL,
            official_code TEXT NOT NULL, status INTEGER NOT NULL, at TEXT NOT NULL) STRICT;
            CREATE INDEX news_of_device ON news (device, cursor);
            INSERT INTO news VALUES (7, 'K07', '00000000-0000-0000-0000-000000000000', 'H15.50.05-261123-0001', 2, '2026-11-23T08:00:00Z');";
        db.execute_batch(old).unwrap();
        migrate(&mut db).unwrap();
        migrate(&mut db).unwrap();
        let archive = Archive { dir: PathBuf::new(), db: Mutex::new(db) };
        let item = archive.inbox("K07", 0).unwrap().items.remove(0);
        assert_eq!((item.cursor, subject(&item.news)), (7, (Some(Uuid::nil()), Some(Status::Accepted))));
        assert_eq!(archive.announce(None, &News::Catalogue { version: 2 }, Timestamp::UNIX_EPOCH).unwrap(), 8);
        assert_eq!(archive.inbox("K08", 0).unwrap().items[0].news, News::Catalogue { version: 2 });
    }
}
