//! Submitted dossiers, and what is known of them since.

use crate::{Reader, Store, StoreError, audit, db, files, key::Keys, outbox, reprint, signing, time};
use jiff::{Timestamp, civil::Date};
use motcua_model::{
    Text,
    api::DossierCounts,
    citizen::PersonNumber,
    code::ProvisionalCode,
    dossier::{Document, Dossier, FileRef, Proof, Status, Submission},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How far the printing of a dossier's slip is; the intent is stored before the printer gets a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlipState {
    /// Nothing was sent to a printer.
    None,
    /// Printing was begun; whether paper came is not known yet.
    Started,
    /// The printer said that it is done.
    Printed,
    /// Sent to a printer that cannot tell.
    Unknown,
    /// No more printing is wanted.
    Closed,
}

impl SlipState {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Started => "started",
            Self::Printed => "printed",
            Self::Unknown => "unknown",
            Self::Closed => "closed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::None, Self::Started, Self::Printed, Self::Unknown, Self::Closed].into_iter().find(|state| state.word() == word)
    }
}

/// A dossier with all that came after its submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDossier {
    /// As it was confirmed; never changes.
    pub dossier: Dossier,
    /// Mã hồ sơ from the hub.
    pub official_code: Option<String>,
    /// TrangThaiHoSo from the hub.
    pub status: Option<Status>,
    /// When code and status were last learned.
    pub known_at: Timestamp,
    /// When the hub's receipt came.
    pub delivered: Option<Timestamp>,
    /// How far the slip is.
    pub slip: SlipState,
    /// Document and its PDF, for those that have one.
    pub pdfs: Vec<(Uuid, FileRef)>,
}

/// One line of the list: no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierLine {
    /// The dossier.
    pub id: Uuid,
    /// Mã tạm.
    pub code: String,
    /// Mã hồ sơ from the hub.
    pub official_code: Option<String>,
    /// Tên thủ tục.
    pub procedure: Text,
    /// When it was confirmed.
    pub submitted: Timestamp,
    /// Scanned pages.
    pub pages: u32,
    /// TrangThaiHoSo from the hub.
    pub status: Option<Status>,
    /// When the hub's receipt came.
    pub delivered: Option<Timestamp>,
    /// How far the applicant's data are proven.
    pub proof: Proof,
    /// Whether the proof of the filing may be printed again without a card; none where none is kept.
    pub reprint: Option<bool>,
}

/// What a look-up may tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDossier {
    /// Mã hồ sơ from the hub.
    pub official_code: Option<String>,
    /// TrangThaiHoSo from the hub.
    pub status: Option<Status>,
    /// When this was learned.
    pub known_at: Timestamp,
}

impl Reader {
    /// Everything about one dossier; none where only its minimal record is left.
    pub fn dossier(&self, id: Uuid) -> Result<Option<StoredDossier>, StoreError> {
        let row = self
            .db
            .prepare_cached("SELECT official_code, status, known_at, delivered, slip, body FROM dossier WHERE id = ? AND NOT minimal")?
            .query_row([id.into_bytes()], |row| {
                Ok((found(row, 0, 1, 2)?, time::load_optional(row, 3)?, row.get::<_, String>(4)?, row.get::<_, String>(5)?))
            })
            .optional()?;
        let Some((found, delivered, slip, body)) = row else { return Ok(None) };
        Ok(Some(StoredDossier {
            dossier: parse(id, &body)?,
            official_code: found.official_code,
            status: found.status,
            known_at: found.known_at,
            delivered,
            // A word of a newer version: at least no second slip is printed.
            slip: SlipState::parse(&slip).unwrap_or(SlipState::Unknown),
            pdfs: self.pdfs(id)?,
        }))
    }

    /// Those that are damaged are made again.
    pub(crate) fn pdfs(&self, id: Uuid) -> Result<Vec<(Uuid, FileRef)>, StoreError> {
        let pdfs = self
            .db
            .prepare_cached(
                "SELECT pdf.document, file.id, file.sha256, file.bytes, file.media
                 FROM pdf JOIN file ON file.id = pdf.file WHERE pdf.dossier = ? AND NOT file.damaged ORDER BY pdf.rowid",
            )?
            .query_map([id.into_bytes()], |row| {
                let file = FileRef {
                    id: Uuid::from_bytes(row.get(1)?),
                    sha256: row.get(2)?,
                    bytes: row.get::<_, i64>(3)?.unsigned_abs(),
                    media: row.get(4)?,
                };
                Ok((Uuid::from_bytes(row.get(0)?), file))
            })?
            .collect::<Result<_, _>>()?;
        Ok(pdfs)
    }

    /// The newest dossier that this person filed, for themselves or another, submitted after `since` whose slip was never seen to come out.
    pub fn unprinted_slip(&self, filer: &PersonNumber, since: Timestamp) -> Result<Option<Dossier>, StoreError> {
        let row: Option<([u8; 16], String)> = self
            .db
            .prepare_cached(
                "SELECT id, body FROM dossier WHERE coalesce(authorised, owner) = ? AND submitted > ? AND slip IN ('none', 'started') AND NOT minimal
                 ORDER BY submitted DESC, id DESC LIMIT 1",
            )?
            .query_row(params![self.keys.owner(filer)?, time::store(since)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(id, body)| parse(Uuid::from_bytes(id), &body)).transpose()
    }

    /// The newest dossiers, newest first.
    pub fn list(&self, limit: u32) -> Result<Vec<DossierLine>, StoreError> {
        let lines = self
            .db
            .prepare_cached(
                "SELECT official_code, status, known_at, id, code, procedure_vi, procedure_en, submitted, pages, delivered,
                        CASE WHEN json_valid(body) THEN json_extract(body, '$.applicant.proof') END,
                        CASE WHEN proof IS NOT NULL THEN reprint_blocked IS NULL END
                 FROM dossier ORDER BY submitted DESC, id DESC LIMIT ?",
            )?
            .query_map([limit], |row| {
                let found = found(row, 0, 1, 2)?;
                Ok(DossierLine {
                    id: Uuid::from_bytes(row.get(3)?),
                    code: row.get(4)?,
                    official_code: found.official_code,
                    procedure: Text::new(row.get::<_, String>(5)?, row.get::<_, String>(6)?),
                    submitted: time::load(row, 7)?,
                    pages: row.get(8)?,
                    status: found.status,
                    delivered: time::load_optional(row, 9)?,
                    // Dossiers from before chips were read have none, nor have damaged ones.
                    proof: row.get::<_, Option<String>>(10)?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
                    reprint: row.get(11)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(lines)
    }

    /// How many dossiers stand where.
    pub fn counts(&self) -> Result<DossierCounts, StoreError> {
        Ok(self.db.query_row("SELECT count(*) - count(delivered), count(delivered) FROM dossier", [], |row| {
            Ok(DossierCounts { waiting: row.get(0)?, delivered: row.get(1)? })
        })?)
    }

    /// Finds a dossier by its provisional or official code; case and spaces do not matter.
    pub fn look_up(&self, code: &str) -> Result<Option<FoundDossier>, StoreError> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let found = self
            .db
            // Of added papers is told what is known of the dossier that they belong to, while that is here.
            .prepare_cached(
                "SELECT official_code, status, known_at FROM dossier
                 WHERE id = (SELECT COALESCE((SELECT id FROM dossier WHERE id = asked.adds_to), asked.id)
                             FROM dossier AS asked WHERE code = ?1 OR official_code = ?1 LIMIT 1)",
            )?
            .query_row([code], |row| found(row, 0, 1, 2))
            .optional()?;
        Ok(found)
    }
}

impl Store {
    /// Makes the dossier durable in one transaction: its code (the next number of `today` on `device`),
    /// its record, its audit row and its place in the outbox; the draft goes, the files stay. The same id
    /// again gives the stored dossier. Refused when a page is not sealed on the disk.
    pub fn submit(
        &mut self,
        submission: Submission,
        agency: &str,
        device: &str,
        now: Timestamp,
        today: Date,
    ) -> Result<Dossier, StoreError> {
        let id = submission.id;
        if let Some(body) = find_body(&self.db, id)? {
            return parse(id, &body);
        }
        self.check_pages(&submission)?;
        let to_sign = self.signatures_wanted;
        self.write(|db, keys| {
            let number = db::next_number(db, &format!("code {device} {today}"))?;
            let number = u32::try_from(number).map_err(|_| StoreError::Encoding("the day's number"))?;
            let dossier = submission.into_dossier(ProvisionalCode::new(device, today, number), agency, device, now);
            let authorised = dossier.particulars.authorised.as_ref().map(|authorised| keys.owner(&authorised.person.number)).transpose()?;
            insert(db, &dossier, keys, authorised.as_ref())?;
            outbox::append(db, id, "dossier", dossier.code.as_str(), now)?;
            if to_sign {
                signing::hold(db, &dossier)?;
            }
            db.execute("DELETE FROM draft WHERE id = ?", [id.into_bytes()])?;
            Ok(dossier)
        })
    }

    /// A person must not be told that a page is safe when it is not.
    fn check_pages(&self, submission: &Submission) -> Result<(), StoreError> {
        for file in submission.documents.iter().flat_map(Document::files) {
            if !files::is_sound(&self.db, submission.id, file)? || !self.blob(file.id).exists() {
                return Err(StoreError::Damaged { file: file.id });
            }
        }
        Ok(())
    }

    /// Attaches the PDF of a document; the file was stored under this dossier before. One that takes the place of a signed PDF, which
    /// was lost, waits for its signature anew.
    pub fn set_pdf(&mut self, dossier: Uuid, document: Uuid, file: &FileRef) -> Result<(), StoreError> {
        self.write(|db, _| {
            if find_body(db, dossier)?.is_none() {
                return Err(StoreError::Unknown { what: "dossier", id: dossier });
            }
            if !files::is_sound(db, dossier, file)? {
                return Err(StoreError::Damaged { file: file.id });
            }
            let was_signed = "SELECT EXISTS (SELECT 1 FROM pdf WHERE dossier = ? AND document = ? AND signed IS NOT NULL AND file <> ?)";
            let key = params![dossier.into_bytes(), document.into_bytes(), file.id.into_bytes()];
            if db.query_row(was_signed, key, |row| row.get(0))? {
                let anew = "UPDATE outbox SET to_sign = 1 WHERE id = ? AND id NOT IN (SELECT id FROM frozen)";
                db.execute(anew, [dossier.into_bytes()])?;
            }
            let changed = db.execute(
                "INSERT INTO pdf (dossier, document, file) VALUES (?, ?, ?)
                 ON CONFLICT (dossier, document) DO UPDATE SET file = excluded.file, signed = NULL, signer = NULL, stamped = NULL
                 WHERE file <> excluded.file",
                key,
            )?;
            if changed > 0 {
                audit::append(db, None, "pdf", dossier, &format!("document {document} sha256 {}", file.sha256))?;
            }
            Ok(())
        })
    }

    /// Keeps how far the slip is.
    pub fn set_slip(&mut self, dossier: Uuid, state: SlipState, now: Timestamp) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            let changed = db.execute("UPDATE dossier SET slip = ? WHERE id = ?", params![state.word(), dossier.into_bytes()])?;
            if changed == 0 {
                return Err(StoreError::Unknown { what: "dossier", id: dossier });
            }
            audit::append(db, Some(now), "slip", dossier, state.word())
        })
    }
}

fn insert(db: &Connection, dossier: &Dossier, keys: &Keys, authorised: Option<&[u8; 32]>) -> Result<(), StoreError> {
    let owner = keys.owner(&dossier.applicant.number)?;
    let phone = reprint::phone_end(dossier).map(|digits| keys.phone_end(dossier.id, digits)).transpose()?;
    let body = serde_json::to_string(dossier).map_err(|_| StoreError::Encoding("the dossier"))?;
    let pages: usize = dossier.documents.iter().map(|document| document.page_count()).sum();
    let (submitted, (boot, mono)) = (time::store(dossier.submitted), time::columns());
    let adds_to = dossier.particulars.adds_to.as_deref();
    db.prepare_cached(
        "INSERT INTO dossier (id, code, owner, procedure_vi, procedure_en, pages, body, submitted, known_at, retention, boot, mono, authorised,
                              procedure, adds_to, request, phone)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        dossier.id.into_bytes(),
        dossier.code.as_str(),
        owner,
        dossier.procedure_name.vi,
        dossier.procedure_name.en,
        u32::try_from(pages).unwrap_or(u32::MAX),
        body,
        submitted,
        submitted,
        dossier.retention.word(),
        boot,
        mono,
        authorised,
        dossier.procedure,
        adds_to.map(|adds| adds.dossier.into_bytes()),
        adds_to.map(|adds| i64::try_from(adds.request)).transpose().map_err(|_| StoreError::Encoding("the hub's cursor"))?,
        phone,
    ])?;
    let detail = format!("{} {} sha256 {}", dossier.code, dossier.procedure, hex::encode(Sha256::digest(&body)));
    audit::append(db, Some(dossier.submitted), "submitted", dossier.id, &detail)
}

pub(crate) fn find_body(db: &Connection, id: Uuid) -> Result<Option<String>, StoreError> {
    Ok(db.prepare_cached("SELECT body FROM dossier WHERE id = ?")?.query_row([id.into_bytes()], |row| row.get(0)).optional()?)
}

/// Only the place of the error is told: the parser's own words may quote the content.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(id: Uuid, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body)
        .map_err(|error| StoreError::Unreadable { id, why: format!("line {} column {}", error.line(), error.column()) })
}

pub(crate) fn found(row: &Row<'_>, code: usize, status: usize, known_at: usize) -> rusqlite::Result<FoundDossier> {
    let number: Option<u8> = row.get(status)?;
    Ok(FoundDossier {
        official_code: row.get(code)?,
        status: number.and_then(|number| Status::try_from(number).ok()),
        known_at: time::load(row, known_at)?,
    })
}
