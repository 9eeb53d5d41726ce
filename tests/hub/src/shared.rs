//! The engine for scale: PostgreSQL and a bucket. An instance holds nothing of its own, so several may run side by
//! side behind a load balancer, and any of them may die at any time.
//!
//! What two instances may do at once is settled by PostgreSQL: one row per idempotency key, one row per upload part,
//! and locks that end with their transaction. News get their cursors under one lock: a cursor that a device has read
//! past can never appear later.

mod parts;
mod registry;

pub(crate) use parts::PartSink;

use crate::{
    archive::{ALL_DEVICES, Expected, Listed, no_such_code, subject},
    portal::Case,
    problem::Refusal,
    seal::{SUPPLEMENT, Seal, at_work, key_used, kind, office_day, other_device, stored_names},
};
use anyhow::{Context as _, Result};
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Transaction};
use jiff::Timestamp;
use motcua_model::{
    dossier::Status,
    hub::{Message, MessageState, NEWS_PAGE, News, NewsItem, NewsPage, Receipt, SignedReceipt},
};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};
use tokio_postgres::Row;
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

const SCHEMA: &str = include_str!("shared/schema.sql");
/// Connections per instance; PostgreSQL allows 100 in all by default.
const CONNECTIONS: usize = 24;
/// How long a request waits for a connection before it fails.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);
/// Numbers that nobody else uses as keys of advisory locks.
const NEWS_LOCK: i64 = 0x6d6f_7463_7561_0001;
const SCHEMA_LOCK: i64 = 0x6d6f_7463_7561_0002;

/// Where the shared engine keeps what it holds.
#[derive(Clone)]
pub struct SharedOptions {
    /// `postgresql://user:password@host:port/database`; `?sslmode=require` asks for TLS.
    pub database: String,
    /// PEM of the CA that the database's certificate must come from; only with TLS.
    pub database_ca: Option<Vec<u8>>,
    /// Name of the bucket.
    pub bucket: String,
    /// How to reach it, by the usual names: `aws_endpoint_url`, `aws_region`, `aws_access_key_id`,
    /// `aws_secret_access_key`, `aws_allow_http`.
    pub s3: BTreeMap<String, String>,
}

impl fmt::Debug for SharedOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedOptions").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl SharedOptions {
    /// From `MOTCUA_HUB_DATABASE`, `MOTCUA_HUB_DATABASE_CA` (a file), `MOTCUA_HUB_BUCKET` and `AWS_*`; none where the
    /// first is not set. Passwords stay out of the command line, where every process could read them.
    pub fn from_env() -> Result<Option<Self>> {
        let Ok(database) = std::env::var("MOTCUA_HUB_DATABASE") else { return Ok(None) };
        let bucket = std::env::var("MOTCUA_HUB_BUCKET").context("MOTCUA_HUB_DATABASE is set, so set MOTCUA_HUB_BUCKET too")?;
        let database_ca = match std::env::var("MOTCUA_HUB_DATABASE_CA") {
            Ok(path) => Some(std::fs::read(&path).with_context(|| format!("cannot read {path}, which MOTCUA_HUB_DATABASE_CA names"))?),
            Err(_) => None,
        };
        let s3 = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value)).filter(|(name, _)| name.starts_with("aws_"));
        Ok(Some(Self { database, database_ca, bucket, s3: s3.collect() }))
    }
}

/// PostgreSQL and a bucket, connected.
pub(crate) struct Shared {
    pool: Pool,
    bucket: AmazonS3,
}

impl Shared {
    pub(crate) async fn open(options: &SharedOptions) -> Result<Self> {
        // The S3 client takes the process's provider; a second hub in this process finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shared = Self { pool: pool(options)?, bucket: bucket(options)? };
        let mut client = shared.client().await.context("cannot connect to PostgreSQL; check MOTCUA_HUB_DATABASE")?;
        let tx = client.transaction().await?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).await?;
        tx.batch_execute(SCHEMA).await.context("cannot make the hub's tables in PostgreSQL")?;
        tx.commit().await?;
        Ok(shared)
    }

    async fn client(&self) -> Result<Client> {
        self.pool.get().await.context("no connection to PostgreSQL")
    }

    /// As [`crate::Archive`] does it.
    pub(crate) async fn take(&self, message: &Message, json: &[u8], seal: &Seal, now: Timestamp) -> Result<MessageState, Refusal> {
        let names = stored_names(&message.files)?;
        let digest = hex::encode(Sha256::digest(json));
        let mut client = self.client().await?;
        let tx = client.transaction().await.context("PostgreSQL gives no transaction")?;
        let lock = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))";
        let mine: bool = one(&tx, lock, &[&message.id.to_string()]).await?.try_get(0).context("no answer of a lock")?;
        if !mine {
            return Err(at_work());
        }
        insert(&tx, message, json, &digest, &names, now).await?;
        let known = one(&tx, "SELECT device, digest, receipt, signature FROM message WHERE id = $1", &[&message.id]).await?;
        if known.get::<_, String>(0) != message.device {
            return Err(other_device());
        }
        if known.get::<_, String>(1) != digest {
            return Err(key_used());
        }
        let state = state(&tx, message.id, &known, seal, now).await?;
        tx.commit().await.context("PostgreSQL did not commit")?;
        Ok(state)
    }

    pub(crate) async fn expected(&self, message: Uuid, file: Uuid) -> Result<Option<Expected>> {
        let sql = "SELECT device, name, sha256, bytes, complete FROM file JOIN message ON message.id = file.message WHERE message = $1 AND file.id = $2";
        let client = self.client().await?;
        let row = client.query_opt(&client.prepare_cached(sql).await?, &[&message, &file]).await?;
        Ok(row.map(|row| Expected {
            device: row.get(0),
            name: row.get(1),
            sha256: row.get(2),
            bytes: row.get::<_, i64>(3).cast_unsigned(),
            complete: row.get(4),
        }))
    }

    pub(crate) async fn inbox(&self, device: &str, after: u64) -> Result<NewsPage> {
        let sql = "SELECT cursor, at, body FROM news WHERE device IN ($1, $2) AND cursor > $3 ORDER BY cursor LIMIT $4";
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &[&device, &ALL_DEVICES, &after, &(NEWS_PAGE as i64)]).await?;
        let item = |row: &Row| -> Result<NewsItem> {
            let (at, body): (String, String) = (row.get(1), row.get(2));
            Ok(NewsItem { cursor: row.get::<_, i64>(0).cast_unsigned(), at: at.parse()?, news: serde_json::from_str(&body)? })
        };
        Ok(NewsPage { items: rows.iter().map(item).collect::<Result<_>>()? })
    }

    pub(crate) async fn tell(&self, official_code: &str, news: impl FnOnce(Uuid) -> Vec<News>, now: Timestamp) -> Result<u64> {
        let mut client = self.client().await?;
        let tx = client.transaction().await?;
        let row = tx.query_opt("SELECT device, id FROM message WHERE official_code = $1", &[&official_code]).await?;
        let row = row.with_context(|| no_such_code(official_code))?;
        lock_news(&tx).await?;
        let mut cursor = 0;
        for news in news(row.get(1)) {
            cursor = add_news(&tx, &row.get::<_, String>(0), &news, now).await?;
        }
        tx.commit().await?;
        Ok(cursor)
    }

    pub(crate) async fn announce(&self, device: Option<&str>, news: &News, now: Timestamp) -> Result<u64> {
        let mut client = self.client().await?;
        let tx = client.transaction().await?;
        lock_news(&tx).await?;
        let cursor = add_news(&tx, device.unwrap_or(ALL_DEVICES), news, now).await?;
        tx.commit().await?;
        Ok(cursor)
    }

    pub(crate) async fn case(&self, official_code: &str) -> Result<Case> {
        let client = self.client().await?;
        let row = client.query_opt("SELECT id, body FROM message WHERE official_code = $1", &[&official_code]).await?;
        let row = row.with_context(|| no_such_code(official_code))?;
        let rows = client.query("SELECT at, body FROM news WHERE dossier = $1 ORDER BY cursor", &[&row.get::<_, Uuid>(0)]).await?;
        let item = |row: &Row| -> Result<(Timestamp, News)> {
            Ok((row.get::<_, String>(0).parse()?, serde_json::from_str(&row.get::<_, String>(1))?))
        };
        let added =
            client.query("SELECT body FROM message WHERE kind = $1 AND receipt IS NOT NULL ORDER BY number", &[&SUPPLEMENT]).await?;
        let added = added.iter().map(|row| row.get(0)).collect();
        Ok(Case { json: row.get(1), added, news: rows.iter().map(item).collect::<Result<_>>()? })
    }

    pub(crate) async fn list(&self) -> Result<Vec<Listed>> {
        let sql = "SELECT id, device, kind, official_code, receipt IS NOT NULL,
            (SELECT status FROM news WHERE dossier = message.id AND status IS NOT NULL ORDER BY cursor DESC LIMIT 1)
            FROM message ORDER BY number";
        let rows = self.client().await?.query(sql, &[]).await?;
        let listed = |row: &Row| Listed {
            id: row.get::<_, Uuid>(0).to_string(),
            device: row.get(1),
            kind: row.get(2),
            official_code: row.get(3),
            complete: row.get(4),
            status: row.get::<_, Option<i16>>(5).and_then(|status| u8::try_from(status).ok()),
        };
        Ok(rows.iter().map(listed).collect())
    }
}

fn pool(options: &SharedOptions) -> Result<Pool> {
    // Its text may quote the password.
    let config: tokio_postgres::Config = options
        .database
        .parse()
        .map_err(|_| anyhow::anyhow!("MOTCUA_HUB_DATABASE is not an address like postgresql://user@host/database"))?;
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(options.database_ca.as_deref().unwrap_or_default()) {
        roots.add(ca.context("MOTCUA_HUB_DATABASE_CA is not a certificate")?).context("MOTCUA_HUB_DATABASE_CA is not usable")?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let tls = MakeRustlsConnect::new(tls.with_root_certificates(roots).with_no_client_auth());
    let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let pool = Pool::builder(manager).max_size(CONNECTIONS).runtime(Runtime::Tokio1).wait_timeout(Some(CONNECTION_WAIT));
    pool.build().context("cannot set up the connections to PostgreSQL")
}

fn bucket(options: &SharedOptions) -> Result<AmazonS3> {
    let mut builder = AmazonS3Builder::new().with_bucket_name(&options.bucket);
    for (name, value) in &options.s3 {
        // The environment may hold AWS_ variables that are not about S3.
        if let Ok(key) = name.parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    builder.build().context("the bucket's settings are not usable; check MOTCUA_HUB_BUCKET and AWS_*")
}

type Parameters<'a> = &'a [&'a (dyn tokio_postgres::types::ToSql + Sync)];

async fn one(tx: &Transaction<'_>, sql: &str, parameters: Parameters<'_>) -> Result<Row> {
    let statement = tx.prepare_cached(sql).await.context("the hub's database failed")?;
    tx.query_one(&statement, parameters).await.context("the hub's database failed")
}

/// Nothing where the key is known already.
async fn insert(tx: &Transaction<'_>, message: &Message, json: &[u8], digest: &str, names: &[String], now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO message (id, device, digest, kind, received, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    let statement = tx.prepare_cached(sql).await?;
    let new = tx
        .execute(&statement, &[&message.id, &message.device, &digest, &kind(&message.body), &now.to_string(), &json])
        .await
        .context("cannot store a message")?;
    if new == 0 || message.files.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = message.files.iter().map(|file| file.file.id).collect();
    let digests: Vec<&str> = message.files.iter().map(|file| file.file.sha256.as_str()).collect();
    let lengths: Vec<i64> = message.files.iter().map(|file| file.file.bytes.cast_signed()).collect();
    let sql = "INSERT INTO file (message, position, id, name, sha256, bytes)
        SELECT $1, position, id, name, sha256, bytes
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY AS f (id, name, sha256, bytes, position)";
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(&statement, &[&message.id, &ids, &names, &digests, &lengths]).await.context("cannot store a message's files")?;
    Ok(())
}

async fn state(tx: &Transaction<'_>, id: Uuid, known: &Row, seal: &Seal, now: Timestamp) -> Result<MessageState> {
    if let (Some(receipt), Some(signature)) = (known.get::<_, Option<String>>(2), known.get::<_, Option<String>>(3)) {
        return Ok(MessageState { missing: Vec::new(), receipt: Some(SignedReceipt { receipt, signature }) });
    }
    let statement = tx.prepare_cached("SELECT id, sha256, complete FROM file WHERE message = $1 ORDER BY position").await?;
    let files = tx.query(&statement, &[&id]).await?;
    let missing: Vec<Uuid> = files.iter().filter(|file| !file.get::<_, bool>(2)).map(|file| file.get(0)).collect();
    if !missing.is_empty() {
        return Ok(MessageState { missing, receipt: None });
    }
    let digests = files.iter().map(|file| file.get(1)).collect();
    Ok(MessageState { missing, receipt: Some(complete(tx, id, digests, seal, now).await?) })
}

/// All files are in place: the code, the receipt and the first news come into being together.
async fn complete(tx: &Transaction<'_>, id: Uuid, files: Vec<String>, seal: &Seal, now: Timestamp) -> Result<SignedReceipt> {
    let row = one(tx, "SELECT device, digest, kind FROM message WHERE id = $1", &[&id]).await?;
    let (device, digest, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
    let official_code = if kind == "dossier" {
        lock_news(tx).await?;
        Some(next_code(tx, seal, now).await?)
    } else {
        None
    };
    let receipt = Receipt { message: id, device: device.clone(), digest, files, official_code: official_code.clone(), stored: now };
    let signed = seal.sign(&receipt)?;
    let statement = tx.prepare_cached("UPDATE message SET official_code = $2, receipt = $3, signature = $4 WHERE id = $1").await?;
    tx.execute(&statement, &[&id, &official_code, &signed.receipt, &signed.signature]).await.context("cannot store a receipt")?;
    if let Some(official_code) = official_code {
        add_news(tx, &device, &News::Status { dossier: id, official_code, status: Status::Registered, reason: None }, now).await?;
    }
    Ok(signed)
}

async fn next_code(tx: &Transaction<'_>, seal: &Seal, now: Timestamp) -> Result<String> {
    let day = office_day(now)?;
    let sql = "INSERT INTO counter (day, last) VALUES ($1, 1) ON CONFLICT (day) DO UPDATE SET last = counter.last + 1 RETURNING last";
    let number: i64 = one(tx, sql, &[&day]).await?.get(0);
    Ok(seal.code(&day, number))
}

/// Until the transaction ends nobody else makes news.
async fn lock_news(tx: &Transaction<'_>) -> Result<()> {
    let statement = tx.prepare_cached("SELECT pg_advisory_xact_lock($1)").await?;
    tx.execute(&statement, &[&NEWS_LOCK]).await.context("cannot lock the news")?;
    Ok(())
}

/// Only under [`lock_news`].
async fn add_news(tx: &Transaction<'_>, device: &str, news: &News, now: Timestamp) -> Result<u64> {
    let (dossier, status) = subject(news);
    let status = status.map(|status| i16::from(u8::from(status)));
    let sql = "INSERT INTO news (device, dossier, status, at, body) VALUES ($1, $2, $3, $4, $5) RETURNING cursor";
    let row = one(tx, sql, &[&device, &dossier, &status, &now.to_string(), &serde_json::to_string(news)?]).await?;
    Ok(row.get::<_, i64>(0).cast_unsigned())
}
