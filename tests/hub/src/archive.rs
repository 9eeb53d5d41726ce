//! What the hub holds: the database and the files. Every call blocks until it is on the disk.

use crate::{disk, pki, problem::Refusal};
use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{Timestamp, tz::TimeZone};
use motcua_model::{
    dossier::Status,
    hub::{Inbox, InboxItem, Message, MessageBody, MessageState, NamedFile, Receipt, SignedReceipt},
};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashSet,
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
CREATE TABLE IF NOT EXISTS news (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, dossier TEXT NOT NULL, official_code TEXT NOT NULL,
    status INTEGER NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS news_of_device ON news (device, cursor);
CREATE TABLE IF NOT EXISTS counter (day TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
";

/// A hub's folder, opened.
pub struct Archive {
    dir: PathBuf,
    db: Mutex<Connection>,
}

/// A message for [`Archive::list`]; no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Message id: the dossier's or handover's.
    pub id: String,
    /// The device that sent it.
    pub device: String,
    /// `dossier` or `handover`.
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

/// What signs and numbers.
pub(crate) struct Seal {
    pub(crate) key: SigningKey,
    pub(crate) agency: String,
}

impl Archive {
    /// Opens the folder that `motcua-hub init` made.
    pub fn open(dir: &Path) -> Result<Self> {
        pki::read(&dir.join("ca.pem"))?;
        disk::create_folder(&dir.join("files"))?;
        disk::create_folder(&dir.join("uploads"))?;
        let path = dir.join("hub.db");
        let db = Connection::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        db.busy_timeout(Duration::from_secs(5))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", "ON")?;
        db.execute_batch(SCHEMA)?;
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
            Some((_, stored)) if stored != digest => {
                return Err(Refusal::new(422, "Key used", "the idempotency key was used with another body; send that body, or a new key"));
            }
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

    pub(crate) fn inbox(&self, device: &str, after: u64) -> Result<Inbox> {
        let db = self.db();
        let sql = "SELECT cursor, dossier, official_code, status, at FROM news WHERE device = ?1 AND cursor > ?2 ORDER BY cursor LIMIT 100";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(params![device, i64::try_from(after).unwrap_or(i64::MAX)])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let cursor: i64 = row.get(0)?;
            items.push(InboxItem {
                cursor: cursor.cast_unsigned(),
                dossier: row.get::<_, String>(1)?.parse()?,
                official_code: row.get(2)?,
                status: Status::try_from(row.get::<_, u8>(3)?).map_err(anyhow::Error::msg)?,
                at: row.get::<_, String>(4)?.parse()?,
            });
        }
        Ok(Inbox { items })
    }

    /// A clerk's act: the dossier with this official code has a new status, and its device hears of it.
    /// Works while the hub runs. Returns the cursor of the news.
    pub fn set_status(&self, official_code: &str, status: Status, now: Timestamp) -> Result<u64> {
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let owner = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let (device, dossier) = tx
            .query_row("SELECT device, id FROM message WHERE official_code = ?1", [official_code], owner)
            .optional()?
            .with_context(|| format!("no dossier has the code {official_code}; `motcua-hub list` shows the codes"))?;
        let cursor = add_news(&tx, &device, &dossier, official_code, status, now)?;
        tx.commit()?;
        Ok(cursor)
    }

    /// Every message in the order of arrival.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let db = self.db();
        let sql = "SELECT id, device, kind, official_code, receipt IS NOT NULL,
            (SELECT status FROM news WHERE dossier = message.id ORDER BY cursor DESC LIMIT 1) FROM message ORDER BY rowid";
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

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic leaves at most a transaction that its guard has rolled back.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn other_device() -> Refusal {
    Refusal::new(403, "Other device", "this belongs to another device; send only this device's own messages")
}

fn insert(db: &mut Connection, message: &Message, digest: &str, names: &[String], now: Timestamp) -> Result<(), rusqlite::Error> {
    let kind = match &message.body {
        MessageBody::Dossier(_) => "dossier",
        MessageBody::Handover(_) => "handover",
    };
    let id = message.id.to_string();
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO message (id, device, digest, kind, received) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, message.device, digest, kind, now.to_string()],
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
    let official_code = if kind == "dossier" { Some(next_code(tx, &seal.agency, now)?) } else { None };
    let mut statement = tx.prepare_cached("SELECT sha256 FROM file WHERE message = ?1 ORDER BY position")?;
    let files = statement.query_map([id.to_string()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let receipt = Receipt { message: id, device: device.clone(), digest, files, official_code: official_code.clone(), stored: now };
    let text = serde_json::to_string(&receipt).context("a receipt cannot be written")?;
    let signature = BASE64_STANDARD.encode(seal.key.sign(text.as_bytes()).to_bytes());
    tx.execute(
        "UPDATE message SET official_code = ?2, receipt = ?3, signature = ?4 WHERE id = ?1",
        params![id.to_string(), official_code, text, signature],
    )?;
    if let Some(code) = official_code {
        add_news(tx, &device, &id.to_string(), &code, Status::Registered, now)?;
    }
    Ok(SignedReceipt { receipt: text, signature })
}

/// `<agency>-<yyMMdd>-<number>`; days and numbers are the office's, not UTC's.
fn next_code(tx: &Transaction<'_>, agency: &str, now: Timestamp) -> Result<String, Refusal> {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").context("the time zone Asia/Ho_Chi_Minh is unknown")?;
    let day = now.to_zoned(zone).strftime("%y%m%d").to_string();
    let sql = "INSERT INTO counter (day, last) VALUES (?1, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last";
    let number: i64 = tx.query_row(sql, [&day], |row| row.get(0))?;
    Ok(format!("{agency}-{day}-{number:04}"))
}

fn add_news(tx: &Transaction<'_>, device: &str, dossier: &str, code: &str, status: Status, now: Timestamp) -> Result<u64, rusqlite::Error> {
    tx.execute(
        "INSERT INTO news (device, dossier, official_code, status, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![device, dossier, code, u8::from(status), now.to_string()],
    )?;
    Ok(tx.last_insert_rowid().cast_unsigned())
}

/// Names that are safe in a folder and differ from each other and from the hub's own files.
fn stored_names(files: &[NamedFile]) -> Result<Vec<String>, Refusal> {
    let bad = |detail: &str| Refusal::new(400, "Bad message", detail);
    let mut ids = HashSet::new();
    let mut taken: HashSet<String> = ["message.json", "receipt.json"].map(str::to_owned).into();
    let mut names = Vec::new();
    for file in files {
        if !ids.insert(file.file.id) {
            return Err(bad("a file is listed twice; list each file once"));
        }
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if file.file.sha256.len() != 64 || !file.file.sha256.chars().all(is_hex) {
            return Err(bad("a file's sha256 is not 64 lower-case hex digits; correct it"));
        }
        let mut name = safe_name(&file.name);
        if !taken.insert(name.clone()) {
            name = format!("{}-{name}", file.file.id);
            taken.insert(name.clone());
        }
        names.push(name);
    }
    Ok(names)
}

fn safe_name(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let safe: String = name.trim_start_matches('.').chars().take(100).map(keep).collect();
    if safe.is_empty() { "file".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_folder() {
        assert_eq!(safe_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe_name("02-giay-chung-sinh.pdf"), "02-giay-chung-sinh.pdf");
        assert_eq!(safe_name("..."), "file");
    }

    #[test]
    fn the_codes_day_is_the_offices() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let tx = db.transaction().unwrap();
        let late: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
        let early: Timestamp = "2026-11-23T16:59:59Z".parse().unwrap();
        let codes = [early, late, late].map(|now| next_code(&tx, "H15.50.05", now).unwrap());
        assert_eq!(codes, ["H15.50.05-261123-0001", "H15.50.05-261124-0001", "H15.50.05-261124-0002"]);
        assert!(codes.iter().all(|c| motcua_model::code::DossierCode::parse(c).is_ok()));
    }
}
