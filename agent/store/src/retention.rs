//! What goes when it has done its work: files and records that the hub has, minimal records after their span, and everything of one
//! person who asks for it.

use crate::{Reader, Store, StoreError, audit, corrections, dossiers, feedback, files, time};
use jiff::{Span, Timestamp};
use motcua_model::{
    citizen::PersonNumber,
    correction::Correction,
    dossier::{Dossier, FileRef, Retention},
};
use rusqlite::{Transaction, params};
use uuid::Uuid;

/// How long a minimal record stays after the hub's receipt, by class (R58).
#[derive(Clone, Copy, Debug)]
pub struct Spans {
    /// [`Retention::FrequentUse`].
    pub frequent_use: Span,
    /// [`Retention::Management`].
    pub management: Span,
    /// [`Retention::Permanent`]: the archive keeps it for ever; this is how long the device can still be asked.
    pub permanent: Span,
}

/// Everything that the device holds of one person: as owner, and as whom an owner authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Unfinished visits.
    pub drafts: u32,
    /// Dossiers that the hub does not have yet, whole.
    pub waiting: Vec<Dossier>,
    /// Dossiers that the hub has and that are whole here, too.
    pub delivered: Vec<Dossier>,
    /// What the person asked to have corrected, oldest first; the dossiers are as they were confirmed.
    pub corrections: Vec<Correction>,
    /// Codes of dossiers of which only code, status and times are left.
    pub minimal: Vec<String>,
    /// Scans, their lossless files and PDFs of these dossiers that lie here.
    pub files: Vec<FileRef>,
}

impl Reader {
    /// Everything of one person, for the person (Luật 91/2025 Đ.4).
    pub fn person(&self, number: &PersonNumber) -> Result<Person, StoreError> {
        let owner = self.keys.owner(number)?;
        let drafts = self.db.query_row("SELECT count(*) FROM draft WHERE owner = ?", [owner], |row| row.get(0))?;
        let corrections = corrections::of_person(&self.db, &owner)?;
        let mut person = Person { drafts, waiting: Vec::new(), delivered: Vec::new(), corrections, minimal: Vec::new(), files: Vec::new() };
        let mut statement = self
            .db
            .prepare("SELECT id, code, body, minimal, delivered FROM dossier WHERE ?1 IN (owner, authorised) ORDER BY submitted, id")?;
        let mut rows = statement.query([owner])?;
        while let Some(row) = rows.next()? {
            let (id, delivered) = (Uuid::from_bytes(row.get(0)?), row.get::<_, Option<i64>>(4)?);
            if row.get(3)? {
                person.minimal.push(row.get(1)?);
                continue;
            }
            let dossier = dossiers::parse(id, &row.get::<_, String>(2)?)?;
            match delivered {
                Some(_) => person.delivered.push(dossier),
                None => person.waiting.push(dossier),
            }
            person.files.extend(files::of_dossier(&self.db, id)?);
        }
        Ok(person)
    }
}

impl Store {
    /// Of dossiers that the hub has signed for before `delivered_before`, and whose slip is out or was given up (submitted before
    /// `slip_before`), leaves code, status and times: files, their key and the record go. At most `most` of them in one call. Of
    /// corrections, opinions and ratings that it has signed for by then only the audit's row stays. Answers how many of all.
    pub fn minimise(&mut self, delivered_before: Timestamp, slip_before: Timestamp, now: Timestamp, most: u32) -> Result<u32, StoreError> {
        let due: Vec<Uuid> = self
            .db
            .prepare_cached(
                "SELECT id FROM dossier WHERE delivered IS NOT NULL AND delivered < ?1 AND NOT minimal
                 AND (slip NOT IN ('none', 'started') OR submitted < ?2) ORDER BY delivered LIMIT ?3",
            )?
            .query_map(params![time::store(delivered_before), time::store(slip_before), most], |row| row.get(0).map(Uuid::from_bytes))?
            .collect::<Result<_, _>>()?;
        let mut gone = Vec::new();
        for id in &due {
            gone.extend(self.write_to_make_room(|db| {
                audit::append(db, Some(now), "minimised", *id, "")?;
                strip(db, *id)
            })?);
        }
        let records = self.write_to_make_room(|db| {
            let corrections = corrections::forget(db, None, Some(time::store(delivered_before)))?;
            for id in &corrections {
                audit::append(db, Some(now), "minimised", *id, "correction")?;
            }
            let feedback = feedback::forget(db, time::store(delivered_before))?;
            for (id, kind) in &feedback {
                audit::append(db, Some(now), "minimised", *id, kind)?;
            }
            Ok(corrections.len() + feedback.len())
        })?;
        if !due.is_empty() || records > 0 || self.log_holds_deleted {
            self.forget_deleted();
        }
        self.remove_blobs(&gone)?;
        Ok(u32::try_from(due.len() + records).unwrap_or(u32::MAX))
    }

    /// Forgets minimal records, and handovers that the hub has, whose span is over. The audit keeps that there was a dossier; answers how
    /// many of these went.
    pub fn forget_expired(&mut self, spans: &Spans, now: Timestamp) -> Result<u32, StoreError> {
        let before = |span: Span| now.checked_sub(span).map(time::store).map_err(|_| StoreError::Encoding("a span of retention"));
        let limits = [
            (Retention::FrequentUse, before(spans.frequent_use)?),
            (Retention::Management, before(spans.management)?),
            (Retention::Permanent, before(spans.permanent)?),
        ];
        let forgotten = self.write_to_make_room(|db| {
            let mut forgotten = 0;
            for (class, limit) in limits {
                let ids: Vec<Uuid> = db
                    .prepare("DELETE FROM dossier WHERE minimal AND retention = ? AND delivered < ? RETURNING id")?
                    .query_map(params![class.word(), limit], |row| row.get(0).map(Uuid::from_bytes))?
                    .collect::<Result<_, _>>()?;
                for id in &ids {
                    db.execute("DELETE FROM news WHERE dossier = ?", [id.into_bytes()])?;
                    audit::append(db, Some(now), "forgotten", *id, class.word())?;
                }
                forgotten += u32::try_from(ids.len()).unwrap_or(u32::MAX);
            }
            let management = limits[1].1;
            db.execute("DELETE FROM handover WHERE delivered IS NOT NULL AND delivered < ?", [management])?;
            Ok(forgotten)
        })?;
        if forgotten > 0 || self.log_holds_deleted {
            self.forget_deleted();
        }
        Ok(forgotten)
    }

    /// Erases everything of one person but dossiers and corrections that the hub does not have yet: those are the office's duty. They
    /// are left, and counted in the answer; ask again when they are delivered.
    pub fn erase_person(&mut self, number: &PersonNumber, now: Timestamp) -> Result<u32, StoreError> {
        let owner = self.keys.owner(number)?;
        let drafts: Vec<Uuid> = self
            .db
            .prepare("SELECT id FROM draft WHERE owner = ?")?
            .query_map([owner], |row| row.get(0).map(Uuid::from_bytes))?
            .collect::<Result<_, _>>()?;
        for id in drafts {
            self.drop_draft(id, "asked by the person", now)?;
        }
        let (gone, left) = self.write_to_make_room(|db| {
            let delivered: Vec<Uuid> = db
                .prepare("SELECT id FROM dossier WHERE owner = ? AND delivered IS NOT NULL")?
                .query_map([owner], |row| row.get(0).map(Uuid::from_bytes))?
                .collect::<Result<_, _>>()?;
            let mut gone = Vec::new();
            for id in delivered {
                gone.extend(strip(db, id)?);
                db.execute("DELETE FROM news WHERE dossier = ?", [id.into_bytes()])?;
                db.execute("DELETE FROM dossier WHERE id = ?", [id.into_bytes()])?;
                audit::append(db, Some(now), "erased", id, "asked by the person")?;
            }
            // What they filed for others: code and status are the owner's and stay.
            let filed: Vec<Uuid> = db
                .prepare("SELECT id FROM dossier WHERE authorised = ? AND delivered IS NOT NULL")?
                .query_map([owner], |row| row.get(0).map(Uuid::from_bytes))?
                .collect::<Result<_, _>>()?;
            for id in filed {
                gone.extend(strip(db, id)?);
                db.execute("UPDATE dossier SET phone = NULL WHERE id = ?", [id.into_bytes()])?;
                audit::append(db, Some(now), "minimised", id, "asked by the authorised person")?;
            }
            for id in corrections::forget(db, Some(&owner), None)? {
                audit::append(db, Some(now), "erased", id, "asked by the person")?;
            }
            let left = "SELECT (SELECT count(*) FROM dossier WHERE ?1 IN (owner, authorised)) + (SELECT count(*) FROM correction WHERE owner = ?1)";
            let left: u32 = db.query_row(left, [owner], |row| row.get(0))?;
            Ok((gone, left))
        })?;
        self.forget_deleted();
        self.forget_backup()?;
        self.remove_blobs(&gone)?;
        Ok(left)
    }
}

/// Leaves of a dossier what names nobody. Without the key its files are noise even where a disk keeps old blocks.
fn strip(db: &Transaction<'_>, id: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let key = id.into_bytes();
    db.execute("DELETE FROM pdf WHERE dossier = ?", [key])?;
    let files = db
        .prepare_cached("DELETE FROM file WHERE dossier = ? RETURNING id")?
        .query_map([key], |row| row.get(0).map(Uuid::from_bytes))?
        .collect::<Result<_, _>>()?;
    db.execute("DELETE FROM data_key WHERE dossier = ?", [key])?;
    // How far the person was proven stays, for the list; it names nobody.
    db.execute(
        "UPDATE dossier SET minimal = 1, authorised = NULL, body = CASE WHEN json_valid(body)
           THEN json_object('applicant', json_object('proof', json(COALESCE(json_extract(body, '$.applicant.proof'), '{\"by\":\"claimed\"}'))))
           ELSE '{}' END WHERE id = ?",
        [key],
    )?;
    Ok(files)
}
