//! Sealed files: scans and PDFs.

use crate::{
    Reader, Store, StoreError, disk,
    key::{DataKey, Keys},
};
use motcua_model::dossier::FileRef;
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Media type of what was read on a side, or of a paper.
const READING: &str = "application/json";
/// Media type of a side's lossless file.
const MASTER: &str = "image/png";

struct FileRow {
    dossier: Uuid,
    file: FileRef,
    damaged: bool,
}

impl Reader {
    /// The plain bytes. [`StoreError::Damaged`] for a file that cannot be opened, or is not what was stored.
    pub fn file(&self, file: Uuid) -> Result<Vec<u8>, StoreError> {
        let row = find(&self.db, file)?.ok_or(StoreError::Unknown { what: "file", id: file })?;
        let path = self.blob(file);
        let sealed = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::Damaged { file }),
            sealed => sealed.map_err(StoreError::io(&path))?,
        };
        let plain = load_key(&self.db, &self.keys, row.dossier)?.and_then(|key| key.open(&sealed, file.as_bytes()));
        match plain {
            Some(plain) if hex::encode(Sha256::digest(&plain)) == row.file.sha256 => Ok(plain),
            Some(_) | None => Err(StoreError::Damaged { file }),
        }
    }

    /// What [`Store::put_reading`] kept of a scanned side, or [`Store::put_metadata`] of a document; none where nothing was kept, or it
    /// cannot be used any more: reading a side again costs a second.
    pub fn reading(&self, of: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        match self.file(reading_of(of)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::Unknown { .. } | StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn blob(&self, file: Uuid) -> PathBuf {
        self.blobs().join(file.to_string())
    }
}

impl Store {
    /// Seals a file of a draft or dossier and makes it durable. The same id with the same bytes again is
    /// the same file (and heals a damaged one); with other bytes it is a conflict.
    pub fn put_file(&mut self, dossier: Uuid, file: Uuid, media: &str, bytes: &[u8]) -> Result<FileRef, StoreError> {
        let wanted = FileRef { id: file, sha256: hex::encode(Sha256::digest(bytes)), bytes: bytes.len() as u64, media: media.to_owned() };
        if let Some(row) = find(&self.db, file)? {
            if row.dossier != dossier || row.file.sha256 != wanted.sha256 {
                return Err(StoreError::Conflict { what: "file", id: file });
            }
            if !row.damaged && self.blob(file).exists() {
                return Ok(row.file);
            }
        }
        let (key, wrapped) = match load_key(&self.db, &self.keys, dossier)? {
            Some(key) => (key, None),
            None => {
                let key = DataKey::random()?;
                let wrapped = self.keys.wrap(&key, dossier.as_bytes())?;
                (key, Some(wrapped))
            }
        };
        let path = self.blob(file);
        disk::write_durably(&path, &key.seal(bytes, file.as_bytes())?)?;
        let stored = self.write(|db, _| {
            if let Some(wrapped) = wrapped {
                db.execute("INSERT INTO data_key (dossier, wrapped) VALUES (?, ?)", params![dossier.into_bytes(), wrapped])?;
            }
            db.prepare_cached(
                "INSERT INTO file (id, dossier, sha256, bytes, media) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET damaged = 0",
            )?
            .execute(params![file.into_bytes(), dossier.into_bytes(), wanted.sha256, wanted.bytes as i64, wanted.media])?;
            Ok(())
        });
        if let Err(error) = stored {
            // Room for the next attempt; the sweep would find it anyway.
            let _ = disk::remove(&path);
            return Err(error);
        }
        Ok(wanted)
    }

    /// Seals what was read on a scanned side, beside it and for as long as it stays. A side that went meanwhile leaves nothing behind:
    /// then the answer is false.
    pub fn put_reading(&mut self, image: Uuid, reading: &[u8]) -> Result<bool, StoreError> {
        let Some(row) = find(&self.db, image)? else { return Ok(false) };
        let kept = reading_of(image);
        if find(&self.db, kept)?.is_some() {
            return Ok(true);
        }
        self.put_file(row.dossier, kept, READING, reading)?;
        Ok(true)
    }

    /// Seals what is known of a paper of a submitted dossier, for as long as its scans stay. Before its PDF, which tells the same.
    pub fn put_metadata(&mut self, dossier: Uuid, document: Uuid, metadata: &[u8]) -> Result<(), StoreError> {
        self.put_file(dossier, reading_of(document), READING, metadata).map(drop)
    }

    /// Seals the lossless file of a scanned side, beside it and for as long as it stays. It is named by no message to the hub.
    pub fn put_master(&mut self, dossier: Uuid, image: Uuid, png: &[u8]) -> Result<(), StoreError> {
        self.put_file(dossier, master_of(image), MASTER, png).map(drop)
    }

    /// As [`Reader::file`], and flags a damaged one.
    pub fn file(&self, file: Uuid) -> Result<Vec<u8>, StoreError> {
        match self.reader.file(file) {
            Err(StoreError::Damaged { file }) => Err(self.flag_damaged(file)),
            read => read,
        }
    }

    /// Erases files of a draft, for pages that are scanned again. Files that are gone already are fine; a
    /// file of a submitted dossier is refused and nothing is erased.
    pub fn drop_files(&mut self, files: &[Uuid]) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            for file in files {
                let confirmed: bool = db
                    .prepare_cached("SELECT EXISTS (SELECT 1 FROM file JOIN dossier ON dossier.id = file.dossier WHERE file.id = ?)")?
                    .query_row([file.into_bytes()], |row| row.get(0))?;
                if confirmed {
                    return Err(StoreError::Confirmed { file: *file });
                }
                for gone in with_companions(*file) {
                    db.prepare_cached("DELETE FROM file WHERE id = ?")?.execute([gone.into_bytes()])?;
                }
            }
            Ok(())
        })?;
        let all: Vec<Uuid> = files.iter().flat_map(|file| with_companions(*file)).collect();
        self.remove_blobs(&all)
    }

    /// After the rows are gone: what fails here is swept at the next start.
    pub(crate) fn remove_blobs(&self, files: &[Uuid]) -> Result<(), StoreError> {
        files.iter().try_for_each(|file| disk::remove(&self.blob(*file)))?;
        if files.is_empty() { Ok(()) } else { disk::sync_folder(&self.blobs()) }
    }

    /// A power cut can leave a file without its row (the row is written last), and a bad disk a row
    /// without its file. Pages and keys that belong to neither draft nor dossier are erased as well: their
    /// visit ended before it was first saved.
    pub(crate) fn sweep(&mut self) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            let nobodys = "dossier NOT IN (SELECT id FROM draft UNION SELECT id FROM dossier)";
            db.execute(&format!("DELETE FROM file WHERE {nobodys}"), [])?;
            db.execute(&format!("DELETE FROM data_key WHERE {nobodys}"), [])?;
            Ok(())
        })?;
        let mut known = known(&self.db)?;
        let folder = self.blobs();
        for entry in fs::read_dir(&folder).map_err(StoreError::io(&folder))? {
            let path = entry.map_err(StoreError::io(&folder))?.path();
            if !named(&path).is_some_and(|id| known.remove(&id)) {
                disk::remove(&path)?;
            }
        }
        for missing in known {
            self.flag_damaged(missing);
        }
        Ok(())
    }

    /// The flag is for the technician's eyes: failing to set it changes nothing for the caller.
    fn flag_damaged(&self, file: Uuid) -> StoreError {
        tracing::error!(%file, "a sealed file is missing or damaged");
        if let Err(error) = self.db.execute("UPDATE file SET damaged = 1 WHERE id = ?", [file.into_bytes()]) {
            tracing::error!(%file, "the damaged file could not be flagged: {error}");
        }
        StoreError::Damaged { file }
    }
}

fn find(db: &Connection, file: Uuid) -> Result<Option<FileRow>, StoreError> {
    let row = db
        .prepare_cached("SELECT dossier, sha256, bytes, media, damaged FROM file WHERE id = ?")?
        .query_row([file.into_bytes()], |row| {
            Ok(FileRow {
                dossier: Uuid::from_bytes(row.get(0)?),
                file: FileRef { id: file, sha256: row.get(1)?, bytes: row.get::<_, i64>(2)?.unsigned_abs(), media: row.get(3)? },
                damaged: row.get(4)?,
            })
        })
        .optional()?;
    Ok(row)
}

/// All files that have a row.
pub(crate) fn known(db: &Connection) -> Result<HashSet<Uuid>, StoreError> {
    let mut statement = db.prepare("SELECT id FROM file")?;
    Ok(statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?.collect::<Result<_, _>>()?)
}

/// The file with what was read: the side's or document's id under version 8 of RFC 9562, which nothing else here has.
fn reading_of(of: Uuid) -> Uuid {
    let mut bytes = of.into_bytes();
    bytes[6] = (bytes[6] & 0x0F) | 0x80;
    Uuid::from_bytes(bytes)
}

/// The side's lossless file: as [`reading_of`], with the first bit set, which no time before the year 6429 has.
fn master_of(image: Uuid) -> Uuid {
    let mut bytes = reading_of(image).into_bytes();
    bytes[0] |= 0x80;
    Uuid::from_bytes(bytes)
}

/// The scanned side whose lossless file this is; none of any other file.
pub fn side_of(file: Uuid) -> Option<Uuid> {
    let mut bytes = file.into_bytes();
    let is_master = bytes[0] & 0x80 != 0 && bytes[6] >> 4 == 8;
    bytes[0] &= 0x7F;
    bytes[6] = (bytes[6] & 0x0F) | 0x70;
    is_master.then(|| Uuid::from_bytes(bytes))
}

/// A side and what is kept beside it.
fn with_companions(image: Uuid) -> [Uuid; 3] {
    [image, reading_of(image), master_of(image)]
}

/// Which sealed file lies there; none where it is something else, or half written.
pub(crate) fn named(path: &Path) -> Option<Uuid> {
    Uuid::parse_str(path.file_name()?.to_str()?).ok()
}

/// Scans, their lossless files and PDFs of a dossier that lie here; what was read on the scans stands in the PDFs.
pub(crate) fn of_dossier(db: &Connection, dossier: Uuid) -> Result<Vec<FileRef>, StoreError> {
    let files = db
        .prepare_cached("SELECT id, sha256, bytes, media FROM file WHERE dossier = ?1 AND media <> ?2 ORDER BY rowid")?
        .query_map(params![dossier.into_bytes(), READING], |row| {
            Ok(FileRef {
                id: Uuid::from_bytes(row.get(0)?),
                sha256: row.get(1)?,
                bytes: row.get::<_, i64>(2)?.unsigned_abs(),
                media: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(files)
}

/// Whether the file is there, whole as far as is known, and the one that is meant.
pub(crate) fn is_sound(db: &Connection, dossier: Uuid, wanted: &FileRef) -> Result<bool, StoreError> {
    Ok(find(db, wanted.id)?.is_some_and(|row| !row.damaged && row.dossier == dossier && row.file.sha256 == wanted.sha256))
}

pub(crate) fn load_key(db: &Connection, keys: &Keys, dossier: Uuid) -> Result<Option<DataKey>, StoreError> {
    let wrapped: Option<Vec<u8>> = db
        .prepare_cached("SELECT wrapped FROM data_key WHERE dossier = ?")?
        .query_row([dossier.into_bytes()], |row| row.get(0))
        .optional()?;
    match wrapped {
        None => Ok(None),
        Some(wrapped) => match keys.unwrap(&wrapped, dossier.as_bytes()) {
            Some(key) => Ok(Some(key)),
            None => Err(StoreError::Unreadable { id: dossier, why: "its data key does not open".to_owned() }),
        },
    }
}
