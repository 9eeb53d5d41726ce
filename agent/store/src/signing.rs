//! Dossiers that wait for the office's signatures, and the PDFs that are signed and stamped.
//!
//! While signatures are wanted ([`Store::want_signatures`]), the message of a dossier with scanned papers waits from its submission until
//! the PDF of each is signed, or staff send it unsigned. Waiting so is no failure: nothing is tried, nothing is counted, others pass.

use crate::{Reader, Store, StoreError, audit, disk, dossiers, files, time};
use jiff::Timestamp;
use motcua_model::{
    Text,
    dossier::{Dossier, FileRef},
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A dossier that waits for signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSign {
    /// The dossier.
    pub id: Uuid,
    /// Mã tạm.
    pub code: String,
    /// Tên thủ tục.
    pub procedure: Text,
    /// When it was confirmed to the person.
    pub since: Timestamp,
    /// Its scanned papers; none where the record cannot be read.
    pub papers: Vec<PaperToSign>,
}

/// One of its papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperToSign {
    /// The document.
    pub document: Uuid,
    /// Its name.
    pub name: Text,
    /// Scanned sides.
    pub pages: usize,
    /// The PDF; none where it is not made yet.
    pub file: Option<FileRef>,
    /// When it was signed.
    pub signed: Option<Timestamp>,
}

/// A PDF with one more signature or stamp, in place of the one before.
pub struct Resigned<'a> {
    /// The dossier.
    pub dossier: Uuid,
    /// The document.
    pub document: Uuid,
    /// The file that was signed: an exact prefix of `bytes`, so it is erased.
    pub before: Uuid,
    /// Id of the new file.
    pub file: Uuid,
    /// The new PDF.
    pub bytes: &'a [u8],
}

impl Reader {
    /// The oldest dossiers that wait for signatures, at most `most`.
    pub fn to_sign(&self, most: u32) -> Result<Vec<ToSign>, StoreError> {
        let rows: Vec<(Uuid, String, Text, Timestamp, String)> = self
            .db
            .prepare_cached(
                "SELECT dossier.id, dossier.code, procedure_vi, procedure_en, submitted, body
                 FROM outbox JOIN dossier ON dossier.id = outbox.id WHERE to_sign ORDER BY sequence LIMIT ?",
            )?
            .query_map([most], |row| {
                let procedure = Text::new(row.get::<_, String>(2)?, row.get::<_, String>(3)?);
                Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?, procedure, time::load(row, 4)?, row.get(5)?))
            })?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(id, code, procedure, since, body)| Ok(ToSign { id, code, procedure, since, papers: self.papers_to_sign(id, &body)? }))
            .collect()
    }

    fn papers_to_sign(&self, id: Uuid, body: &str) -> Result<Vec<PaperToSign>, StoreError> {
        // Staff can send it unsigned; then it is set aside like every record that cannot be read.
        let Ok(dossier) = dossiers::parse::<Dossier>(id, body) else { return Ok(Vec::new()) };
        let made = self.pdfs(id)?;
        let signed = signed(&self.db, id)?;
        let scanned = dossier.documents.into_iter().filter(|document| document.origin.is_scanned());
        Ok(scanned
            .map(|document| PaperToSign {
                file: made.iter().find(|(of, _)| *of == document.id).map(|(_, file)| file.clone()),
                signed: signed.iter().find(|(of, _)| *of == document.id).map(|(_, at)| *at),
                document: document.id,
                name: document.name,
                pages: document.pages.len(),
            })
            .collect())
    }

    /// Signed PDFs of a dossier that have no time stamp yet.
    pub fn to_stamp(&self, dossier: Uuid) -> Result<Vec<(Uuid, FileRef)>, StoreError> {
        let wanted: Vec<Uuid> = self
            .db
            .prepare_cached("SELECT document FROM pdf WHERE dossier = ? AND signed IS NOT NULL AND stamped IS NULL")?
            .query_map([dossier.into_bytes()], |row| row.get(0).map(Uuid::from_bytes))?
            .collect::<Result<_, _>>()?;
        Ok(self.pdfs(dossier)?.into_iter().filter(|(document, _)| wanted.contains(document)).collect())
    }
}

impl Store {
    /// From now on dossiers with scanned papers wait for signatures, or none do. In the second case those that wait go as they are:
    /// nobody could sign them any more. Answers how many these are.
    pub fn want_signatures(&mut self, wanted: bool, now: Timestamp) -> Result<u32, StoreError> {
        self.signatures_wanted = wanted;
        if wanted {
            return Ok(0);
        }
        self.write_to_make_room(|db| {
            let waiting: Vec<Uuid> = db
                .prepare("SELECT id FROM outbox WHERE to_sign")?
                .query_map([], |row| row.get(0).map(Uuid::from_bytes))?
                .collect::<Result<_, _>>()?;
            for id in &waiting {
                release(db, *id, now)?;
                audit::append(db, Some(now), "unsigned", *id, "signing is not configured any more")?;
            }
            Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX))
        })
    }

    /// Staff send a dossier although not every paper is signed. `reason` is theirs and names nobody.
    pub fn send_unsigned(&mut self, dossier: Uuid, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            if !release(db, dossier, now)? {
                return Err(StoreError::Unknown { what: "dossier that waits for signatures", id: dossier });
            }
            audit::append(db, Some(now), "unsigned", dossier, reason)
        })
    }

    /// Keeps a signed PDF in the place of the one that was signed, and erases that. With the last one the dossier waits no longer:
    /// true. All of this, or nothing; `signer` is the name in the certificate.
    pub fn set_signed_pdf(&mut self, signed: &Resigned<'_>, signer: &str, now: Timestamp) -> Result<bool, StoreError> {
        let (dossier, document) = (signed.dossier, signed.document);
        self.replace_pdf(signed, |db, sha256| {
            let waits: bool =
                db.query_row("SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ? AND to_sign)", [dossier.into_bytes()], |row| row.get(0))?;
            if !waits {
                return Err(StoreError::Unknown { what: "dossier that waits for signatures", id: dossier });
            }
            db.execute(
                "UPDATE pdf SET signed = ?, signer = ? WHERE dossier = ? AND document = ?",
                params![time::store(now), signer, dossier.into_bytes(), document.into_bytes()],
            )?;
            audit::append(db, Some(now), "signed", dossier, &format!("document {document} sha256 {sha256}"))?;
            if all_signed(db, dossier)? { release(db, dossier, now) } else { Ok(false) }
        })
    }

    /// Keeps a PDF with its time stamp in the place of the signed one, and erases that. `at` is the time in the stamp.
    pub fn set_stamped_pdf(&mut self, stamped: &Resigned<'_>, at: Timestamp) -> Result<(), StoreError> {
        let (dossier, document) = (stamped.dossier, stamped.document);
        self.replace_pdf(stamped, |db, sha256| {
            let changed = db.execute(
                "UPDATE pdf SET stamped = ? WHERE dossier = ? AND document = ? AND signed IS NOT NULL AND stamped IS NULL",
                params![time::store(at), dossier.into_bytes(), document.into_bytes()],
            )?;
            if changed == 0 {
                return Err(StoreError::Unknown { what: "signed PDF without a stamp of document", id: document });
            }
            audit::append(db, None, "stamped", dossier, &format!("document {document} sha256 {sha256} at {at}"))
        })
    }

    /// The time-stamp authority gave no stamp although the hub could be reached. Answers how often that has happened to this message.
    pub fn stamp_failed(&mut self, dossier: Uuid) -> Result<u32, StoreError> {
        self.write(|db, _| {
            let counted = "UPDATE outbox SET unstamped = unstamped + 1 WHERE id = ? RETURNING unstamped";
            let times = db.query_row(counted, [dossier.into_bytes()], |row| row.get(0)).optional()?;
            times.ok_or(StoreError::Unknown { what: "waiting message", id: dossier })
        })
    }

    /// The dossier goes without a time stamp; `why` is told in the audit trail.
    pub fn sent_unstamped(&mut self, dossier: Uuid, why: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|db, _| audit::append(db, Some(now), "unstamped", dossier, why))
    }

    /// The file is sealed and synced first, its row comes with everything else; what a power cut leaves between is swept.
    fn replace_pdf<T>(
        &mut self,
        new: &Resigned<'_>,
        change: impl FnOnce(&Transaction<'_>, &str) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let before = self.file(new.before)?;
        if new.bytes.len() <= before.len() || !new.bytes.starts_with(&before) {
            return Err(StoreError::Conflict { what: "the PDF that should be signed as", id: new.before });
        }
        let path = self.blob(new.file);
        let key = files::load_key(&self.db, &self.keys, new.dossier)?.ok_or(StoreError::Unknown { what: "dossier", id: new.dossier })?;
        disk::write_durably(&path, &key.seal(new.bytes, new.file.as_bytes())?)?;
        let (dossier, document, file) = (new.dossier.into_bytes(), new.document.into_bytes(), new.file.into_bytes());
        let sha256 = hex::encode(Sha256::digest(new.bytes));
        let done = self.write(|db, _| {
            db.execute(
                "INSERT INTO file (id, dossier, sha256, bytes, media) VALUES (?, ?, ?, ?, 'application/pdf')",
                params![file, dossier, sha256, new.bytes.len() as i64],
            )?;
            // A message that is made names the file before.
            let changed = db.execute(
                "UPDATE pdf SET file = ? WHERE dossier = ? AND document = ? AND file = ? AND dossier NOT IN (SELECT id FROM frozen)",
                params![file, dossier, document, new.before.into_bytes()],
            )?;
            if changed == 0 {
                return Err(StoreError::Conflict { what: "a later PDF than", id: new.before });
            }
            db.execute("DELETE FROM file WHERE id = ?", [new.before.into_bytes()])?;
            change(db, &sha256)
        });
        let gone = if done.is_ok() { new.before } else { new.file };
        if let Err(error) = self.remove_blobs(&[gone]) {
            tracing::warn!(file = %gone, "a PDF that is not needed any more lies there until the next start: {error}");
        }
        done
    }
}

/// Call it inside the transaction of the submission.
pub(crate) fn hold(db: &Connection, dossier: &Dossier) -> Result<(), StoreError> {
    if dossier.documents.iter().any(|document| document.origin.is_scanned()) {
        db.execute("UPDATE outbox SET to_sign = 1 WHERE id = ?", [dossier.id.into_bytes()])?;
    }
    Ok(())
}

/// False where it does not wait for signatures.
fn release(db: &Connection, dossier: Uuid, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE outbox SET to_sign = 0, next_try = ? WHERE id = ? AND to_sign";
    Ok(db.execute(sql, params![time::store(now), dossier.into_bytes()])? > 0)
}

fn all_signed(db: &Connection, dossier: Uuid) -> Result<bool, StoreError> {
    let body = dossiers::find_body(db, dossier)?.ok_or(StoreError::Unknown { what: "dossier", id: dossier })?;
    let parsed: Dossier = dossiers::parse(dossier, &body)?;
    let signed: BTreeSet<Uuid> = signed(db, dossier)?.into_iter().map(|(document, _)| document).collect();
    Ok(parsed.documents.iter().filter(|document| document.origin.is_scanned()).all(|document| signed.contains(&document.id)))
}

fn signed(db: &Connection, dossier: Uuid) -> Result<Vec<(Uuid, Timestamp)>, StoreError> {
    Ok(db
        .prepare_cached("SELECT document, signed FROM pdf WHERE dossier = ? AND signed IS NOT NULL")?
        .query_map([dossier.into_bytes()], |row| Ok((Uuid::from_bytes(row.get(0)?), time::load(row, 1)?)))?
        .collect::<Result<_, _>>()?)
}
