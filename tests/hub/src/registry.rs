//! The engine by default: people, their stored papers, how devices are.

use crate::{
    archive::Archive,
    seal::{HEADS_KEPT, judge, key_parts},
};
use anyhow::Result;
use jiff::Timestamp;
use motcua_model::{
    Private,
    hub::{AccountPerson, AuditFlag, Heartbeat, News, PaperSource, PaymentRequest, PersonKey, StoredPaper},
};
use rusqlite::{OptionalExtension as _, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS person (
    kind TEXT NOT NULL, number TEXT NOT NULL, folded_name TEXT, technical_id TEXT, profile TEXT NOT NULL,
    PRIMARY KEY (kind, number)
) STRICT;
CREATE TABLE IF NOT EXISTS paper (
    source TEXT NOT NULL, reference TEXT NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL,
    folded_name TEXT, type TEXT NOT NULL, issued TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (source, reference)
) STRICT;
CREATE INDEX IF NOT EXISTS paper_of_person ON paper (source, kind, number, type);
CREATE TABLE IF NOT EXISTS heartbeat (device TEXT PRIMARY KEY, at TEXT NOT NULL, flag TEXT, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS audit_head (
    device TEXT NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (device, number)
) STRICT;
CREATE TABLE IF NOT EXISTS catalogue (device TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS payment (
    dossier BLOB PRIMARY KEY, device TEXT NOT NULL, code TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL, paid TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS version (kind TEXT NOT NULL, device TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (kind, device)) STRICT;
";

/// A person that the hub knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// By what they are found.
    pub key: PersonKey,
    /// TechID; none where they have no account.
    #[serde(default)]
    pub technical_id: Option<Private>,
    /// What the account says.
    #[serde(default)]
    pub profile: AccountPerson,
}

/// A paper of a person, as `motcua-hub paper add` reads it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnedPaper {
    /// Whose it is.
    pub owner: PersonKey,
    /// Mã loại giấy tờ.
    #[serde(rename = "type")]
    pub type_code: String,
    /// The paper with its source: `hub`, or `kho` for the second table.
    pub paper: StoredPaper,
}

/// A payment as the platform knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) amount_vnd: u32,
    /// The platform's number; none while it is open.
    pub(crate) transaction: Option<String>,
}

/// How a device last was, for `motcua-hub heartbeats`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastSeen {
    /// The hub's clock.
    pub at: Timestamp,
    /// What was wrong with its audit chain, ever: an operator looks into it.
    pub flag: Option<AuditFlag>,
    /// What it said.
    pub heartbeat: Heartbeat,
}

/// What the hub knows to answer a heartbeat with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) catalogue: Option<u32>,
    pub(crate) config: Option<u32>,
    pub(crate) flag: Option<AuditFlag>,
}

impl Archive {
    /// Keeps the heartbeat as the device's last, and its audit head beside those before.
    pub(crate) fn heartbeat(&self, heartbeat: &Heartbeat, now: Timestamp) -> Result<Known> {
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (device, head) = (&heartbeat.device, &heartbeat.audit);
        let number = i64::try_from(head.number)?;
        let highest: Option<i64> = tx.query_row("SELECT max(number) FROM audit_head WHERE device = ?1", [device], |row| row.get(0))?;
        let same: Option<String> = tx
            .query_row("SELECT hash FROM audit_head WHERE device = ?1 AND number = ?2", params![device, number], |row| row.get(0))
            .optional()?;
        let flag = judge(highest.map(i64::cast_unsigned), same.as_deref(), head);
        tx.execute(
            "INSERT INTO audit_head (device, number, hash, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![device, number, head.hash, now.to_string()],
        )?;
        tx.execute(
            "DELETE FROM audit_head WHERE device = ?1
             AND number <= (SELECT number FROM audit_head WHERE device = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
            params![device, HEADS_KEPT],
        )?;
        tx.execute(
            "INSERT INTO heartbeat (device, at, flag, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (device) DO UPDATE SET at = excluded.at, flag = COALESCE(excluded.flag, flag), body = excluded.body",
            params![device, now.to_string(), flag.map(flag_text), serde_json::to_string(heartbeat)?],
        )?;
        let version = |kind: &str| -> Result<Option<u32>> {
            let sql = "SELECT max(version) FROM version WHERE kind = ?1 AND device IN (?2, '*')";
            Ok(tx.query_row(sql, params![kind, device], |row| row.get(0))?)
        };
        let known = Known { catalogue: version("catalogue")?, config: version("config")?, flag };
        tx.commit()?;
        Ok(known)
    }

    /// Every device's last heartbeat.
    pub(crate) fn last_seen(&self) -> Result<Vec<LastSeen>> {
        let db = self.db();
        let mut statement = db.prepare("SELECT at, flag, body FROM heartbeat ORDER BY device")?;
        let mut rows = statement.query([])?;
        let mut seen = Vec::new();
        while let Some(row) = rows.next()? {
            let (at, flag, body): (String, Option<String>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            seen.push(LastSeen { at: at.parse()?, flag: flag.as_deref().and_then(flag_of), heartbeat: serde_json::from_str(&body)? });
        }
        Ok(seen)
    }

    /// Keeps the newest version for a device, or for all (`*`).
    pub(crate) fn set_version(&self, device: &str, news: &News) -> Result<()> {
        let Some((kind, version)) = version_of(news) else { return Ok(()) };
        let sql = "INSERT INTO version (kind, device, version) VALUES (?1, ?2, ?3) ON CONFLICT (kind, device) DO UPDATE SET version = excluded.version";
        self.db().execute(sql, params![kind, device, version])?;
        Ok(())
    }

    /// Keeps a catalogue's text for a device, or for all (`*`).
    pub(crate) fn set_catalogue(&self, device: &str, version: u32, text: &str) -> Result<()> {
        let sql = "INSERT INTO catalogue (device, version, body) VALUES (?1, ?2, ?3)
            ON CONFLICT (device) DO UPDATE SET version = excluded.version, body = excluded.body";
        self.db().execute(sql, params![device, version, text])?;
        Ok(())
    }

    /// The newest catalogue for a device.
    pub(crate) fn catalogue(&self, device: &str) -> Result<Option<String>> {
        let sql = "SELECT body FROM catalogue WHERE device IN (?1, '*') ORDER BY version DESC LIMIT 1";
        Ok(self.db().query_row(sql, [device], |row| row.get(0)).optional()?)
    }

    /// Opens the payment of a dossier, or says how it stands. None where the dossier's payment is another device's.
    pub(crate) fn payment(&self, device: &str, asked: &PaymentRequest) -> Result<Option<Payment>> {
        let db = self.db();
        let sql = "INSERT INTO payment (dossier, device, code, amount) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        db.execute(sql, params![asked.dossier.into_bytes(), device, asked.code, asked.amount_vnd])?;
        let sql = "SELECT amount, paid FROM payment WHERE dossier = ?1 AND device = ?2 AND code = ?3";
        let row = |row: &Row<'_>| Ok(Payment { amount_vnd: row.get(0)?, transaction: row.get(1)? });
        Ok(db.query_row(sql, params![asked.dossier.into_bytes(), device, asked.code], row).optional()?)
    }

    /// The platform's word that the money for this provisional code has come. False where no payment is open under it.
    pub(crate) fn pay(&self, code: &str, transaction: &str) -> Result<bool> {
        let sql = "UPDATE payment SET paid = ?2 WHERE code = ?1 AND paid IS NULL";
        Ok(self.db().execute(sql, params![code, transaction])? > 0)
    }

    /// Keeps a person, or what is new about them.
    pub(crate) fn add_person(&self, person: &Person) -> Result<()> {
        let (kind, number, name) = key_parts(&person.key);
        let sql = "INSERT OR REPLACE INTO person (kind, number, folded_name, technical_id, profile) VALUES (?1, ?2, ?3, ?4, ?5)";
        let technical_id = person.technical_id.as_ref().map(Private::reveal);
        self.db().execute(sql, params![kind, number.reveal(), name, technical_id, serde_json::to_string(&person.profile)?])?;
        Ok(())
    }

    /// The person under this key, if also the name agrees.
    pub(crate) fn person(&self, key: &PersonKey) -> Result<Option<Person>> {
        let (kind, number, name) = key_parts(key);
        let sql = "SELECT folded_name, technical_id, profile FROM person WHERE kind = ?1 AND number = ?2";
        let row = |row: &Row<'_>| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, String>(2)?));
        let Some((stored, technical_id, profile)) = self.db().query_row(sql, params![kind, number.reveal()], row).optional()? else {
            return Ok(None);
        };
        if stored != name {
            return Ok(None);
        }
        Ok(Some(Person { key: key.clone(), technical_id: technical_id.map(Private::new), profile: serde_json::from_str(&profile)? }))
    }

    /// Keeps a paper of a person under its type code.
    pub(crate) fn add_paper(&self, OwnedPaper { owner, type_code, paper }: &OwnedPaper) -> Result<()> {
        let (kind, number, name) = key_parts(owner);
        let sql = "INSERT OR REPLACE INTO paper (source, reference, kind, number, folded_name, type, issued, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let issued = paper.issued.map(|day| day.to_string()).unwrap_or_default();
        let body = serde_json::to_string(paper)?;
        self.db()
            .execute(sql, params![source_text(paper.source), paper.reference, kind, number.reveal(), name, type_code, issued, body])?;
        Ok(())
    }

    /// The papers of one type in one source, newest first.
    pub(crate) fn papers(&self, owner: &PersonKey, type_code: &str, source: PaperSource) -> Result<Vec<StoredPaper>> {
        let (kind, number, name) = key_parts(owner);
        let db = self.db();
        let sql = "SELECT body FROM paper WHERE source = ?1 AND kind = ?2 AND number = ?3 AND type = ?4 AND folded_name IS ?5
            ORDER BY issued DESC, reference LIMIT 20";
        let mut statement = db.prepare_cached(sql)?;
        let bodies: Vec<String> = statement
            .query_map(params![source_text(source), kind, number.reveal(), type_code, name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
    }
}

pub(crate) fn version_of(news: &News) -> Option<(&'static str, u32)> {
    match news {
        News::Catalogue { version } => Some(("catalogue", *version)),
        News::Config { version } => Some(("config", *version)),
        News::Status { .. } | News::Accepted { .. } | News::Supplement { .. } | News::Result { .. } | News::Unknown(_) => None,
    }
}

pub(crate) fn flag_text(flag: AuditFlag) -> &'static str {
    match flag {
        AuditFlag::WentBack => "went_back",
        AuditFlag::OtherHash => "other_hash",
    }
}

pub(crate) fn flag_of(text: &str) -> Option<AuditFlag> {
    [AuditFlag::WentBack, AuditFlag::OtherHash].into_iter().find(|flag| flag_text(*flag) == text)
}

pub(crate) fn source_text(source: PaperSource) -> &'static str {
    match source {
        PaperSource::Hub => "hub",
        PaperSource::Kho => "kho",
    }
}
