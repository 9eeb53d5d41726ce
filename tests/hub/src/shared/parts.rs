//! The engine for scale: uploads. What arrives becomes objects of at most 1 MiB with a row each, so that any
//! instance can go on where another ended; a whole file becomes one object under its SHA-256.

use super::Shared;
use crate::{archive::Expected, problem::Refusal, seal::wrong_offset};
use anyhow::{Context as _, Result, ensure};
use deadpool_postgres::Transaction;
use object_store::{ObjectStoreExt as _, PutPayload, WriteMultipart, path::Path};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// A dying instance loses less than this of what it has read.
const PART: usize = 1024 * 1024;
/// Larger files go up in pieces of this size; S3 takes none below 5 MiB but the last.
const PIECE: usize = 8 * 1024 * 1024;

/// Takes an upload's bytes in.
pub(crate) struct PartSink {
    shared: Arc<Shared>,
    message: Uuid,
    file: Uuid,
    start: u64,
    buffer: Vec<u8>,
}

impl PartSink {
    pub(crate) fn new(shared: Arc<Shared>, message: Uuid, file: Uuid, start: u64) -> Self {
        Self { shared, message, file, start, buffer: Vec::new() }
    }

    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PART - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == PART {
                self.sync().await?;
            }
        }
        Ok(())
    }

    /// A file that came in one go and is still in memory needs no parts: it goes to its place at once. None where it
    /// did not; otherwise whether its SHA-256 is right.
    pub(crate) async fn settle_in_one(&mut self, expected: &Expected) -> Result<Option<bool>> {
        if self.start != 0 || self.buffer.is_empty() || self.buffer.len() as u64 != expected.bytes {
            return Ok(None);
        }
        let bytes = std::mem::take(&mut self.buffer);
        let good = hex::encode(Sha256::digest(&bytes)) == expected.sha256;
        if good {
            let target = Path::from(format!("sha256/{}", expected.sha256));
            self.shared.bucket.put(&target, PutPayload::from(bytes)).await.context("cannot store a file")?;
        }
        let mut client = self.shared.client().await?;
        let tx = client.transaction().await?;
        let parts = mark(&tx, self.message, self.file, good).await?;
        tx.commit().await.context("cannot mark a file as whole")?;
        self.shared.clear(parts).await;
        Ok(Some(good))
    }

    /// What was written is durable, or does not count because another writer was first.
    pub(crate) async fn sync(&mut self) -> Result<(), Refusal> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.buffer);
        let length = bytes.len() as u64;
        // A name of its own: what a writer that came too late puts there must not replace what counts.
        let object = format!("uploads/{}/{}/{}-{}", self.message, self.file, self.start, Uuid::now_v7());
        let bucket = &self.shared.bucket;
        bucket.put(&Path::from(object.as_str()), PutPayload::from(bytes)).await.context("cannot store a part of an upload")?;
        if !self.shared.add_part(self.message, self.file, self.start, length, &object).await? {
            // Nobody refers to it; a left-over costs space alone.
            let _ = bucket.delete(&Path::from(object.as_str())).await;
            return Err(wrong_offset(self.shared.held(self.message, self.file).await?.unwrap_or(0)));
        }
        self.start += length;
        Ok(())
    }
}

impl Shared {
    /// From now on the upload is there.
    pub(crate) async fn start_upload(&self, message: Uuid, file: Uuid) -> Result<()> {
        let client = self.client().await?;
        let statement = client.prepare_cached("UPDATE file SET started = true WHERE message = $1 AND id = $2 AND NOT started").await?;
        client.execute(&statement, &[&message, &file]).await.context("cannot start an upload")?;
        Ok(())
    }

    /// How many bytes are durable; none where there is no upload.
    pub(crate) async fn held(&self, message: Uuid, file: Uuid) -> Result<Option<u64>> {
        let sql = "SELECT COALESCE((SELECT max(start + length) FROM part WHERE message = $1 AND file = $2), 0)
            FROM file WHERE message = $1 AND id = $2 AND started";
        let client = self.client().await?;
        let row = client.query_opt(&client.prepare_cached(sql).await?, &[&message, &file]).await?;
        Ok(row.map(|row| row.get::<_, i64>(0).cast_unsigned()))
    }

    /// False where the upload does not end at `start` any more.
    async fn add_part(&self, message: Uuid, file: Uuid, start: u64, length: u64, object: &str) -> Result<bool> {
        let sql = "INSERT INTO part (message, file, start, length, object) SELECT $1, $2, $3, $4, $5
            WHERE COALESCE((SELECT max(start + length) FROM part WHERE message = $1 AND file = $2), 0) = $3
            AND EXISTS (SELECT FROM file WHERE message = $1 AND id = $2 AND started AND NOT complete)
            ON CONFLICT DO NOTHING";
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await?;
        let (start, length) = (i64::try_from(start)?, i64::try_from(length)?);
        Ok(client.execute(&statement, &[&message, &file, &start, &length, &object]).await.context("cannot store a part's row")? == 1)
    }

    /// Makes one object of a whole upload if its SHA-256 is right; otherwise discards it and says false. Two
    /// instances that do this at once write the same object twice.
    pub(crate) async fn settle(&self, message: Uuid, file: Uuid, expected: &Expected) -> Result<bool> {
        let mut client = self.client().await?;
        let tx = client.transaction().await?;
        // The row is ours until the end: whoever comes second finds the file whole.
        let lock = "SELECT complete FROM file WHERE message = $1 AND id = $2 FOR UPDATE";
        if super::one(&tx, lock, &[&message, &file]).await?.get(0) {
            return Ok(true);
        }
        let parts = parts(&tx, message, file).await?;
        let good = self.join(&parts, expected).await?;
        mark(&tx, message, file, good).await?;
        tx.commit().await.context("cannot mark a file as whole")?;
        self.clear(parts).await;
        Ok(good)
    }

    /// Copies the parts into the object under the declared SHA-256, which appears only if they have it.
    async fn join(&self, parts: &[Path], expected: &Expected) -> Result<bool> {
        let target = Path::from(format!("sha256/{}", expected.sha256));
        let mut hasher = Sha256::new();
        if expected.bytes <= PIECE as u64 {
            let mut whole = Vec::with_capacity(usize::try_from(expected.bytes)?);
            for part in parts {
                whole.extend_from_slice(&self.part(part).await?);
            }
            hasher.update(&whole);
            let good = hex::encode(hasher.finalize()) == expected.sha256;
            if good {
                self.bucket.put(&target, PutPayload::from(whole)).await.context("cannot store a file")?;
            }
            return Ok(good);
        }
        let upload = self.bucket.put_multipart(&target).await.context("cannot store a file")?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PIECE);
        for part in parts {
            let bytes = self.part(part).await?;
            hasher.update(&bytes);
            writer.wait_for_capacity(2).await.context("cannot store a file")?;
            writer.write(&bytes);
        }
        let good = hex::encode(hasher.finalize()) == expected.sha256;
        if good {
            writer.finish().await.context("cannot store a file")?;
        } else {
            writer.abort().await.context("cannot discard a file")?;
        }
        Ok(good)
    }

    async fn part(&self, path: &Path) -> Result<Vec<u8>> {
        let answer = self.bucket.get(path).await.context("cannot read a part of an upload")?;
        let bytes = answer.bytes().await.context("cannot read a part of an upload")?;
        ensure!(!bytes.is_empty(), "a part of an upload is empty in the bucket");
        Ok(bytes.to_vec())
    }

    /// Nobody refers to these any more; a left-over costs space alone.
    async fn clear(&self, parts: Vec<Path>) {
        for part in parts {
            let _ = self.bucket.delete(&part).await;
        }
    }

    /// A whole file's bytes, for tests and clerks.
    pub(crate) async fn file(&self, sha256: &str) -> Result<Vec<u8>> {
        let answer = self.bucket.get(&Path::from(format!("sha256/{sha256}"))).await.context("the bucket has no such file")?;
        Ok(answer.bytes().await.context("cannot read a file")?.to_vec())
    }
}

/// The objects of an unfinished upload, in order.
async fn parts(tx: &Transaction<'_>, message: Uuid, file: Uuid) -> Result<Vec<Path>> {
    let statement = tx.prepare_cached("SELECT object FROM part WHERE message = $1 AND file = $2 ORDER BY start").await?;
    let rows = tx.query(&statement, &[&message, &file]).await?;
    Ok(rows.iter().map(|row| Path::from(row.get::<_, String>(0))).collect())
}

/// The file is whole, or must come anew; either way its parts are forgotten. Returns their objects.
async fn mark(tx: &Transaction<'_>, message: Uuid, file: Uuid, good: bool) -> Result<Vec<Path>> {
    let mark = if good {
        "UPDATE file SET complete = true WHERE message = $1 AND id = $2"
    } else {
        "UPDATE file SET started = false WHERE message = $1 AND id = $2"
    };
    let statement = tx.prepare_cached(mark).await?;
    tx.execute(&statement, &[&message, &file]).await?;
    let statement = tx.prepare_cached("DELETE FROM part WHERE message = $1 AND file = $2 RETURNING object").await?;
    let rows = tx.query(&statement, &[&message, &file]).await?;
    Ok(rows.iter().map(|row| Path::from(row.get::<_, String>(0))).collect())
}
