//! The two engines behind one face: SQLite and a folder, or PostgreSQL and a bucket.

use crate::{
    archive::{Archive, Expected, Listed},
    disk,
    portal::Case,
    problem::Refusal,
    registry::{Known, LastSeen, OwnedPaper, Payment, Person},
    seal::{Seal, other_device},
    shared::{PartSink, Shared, SharedOptions},
};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use motcua_model::hub::{Heartbeat, Message, MessageState, News, NewsPage, PaperSource, PaymentRequest, PersonKey, StoredPaper};
use std::{io::SeekFrom, path::Path, sync::Arc};
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncSeekExt as _, AsyncWriteExt as _},
};
use uuid::Uuid;

/// What a hub holds. Every call ends when its effect is durable.
#[derive(Clone)]
pub(crate) enum Storage {
    Local(Arc<Archive>),
    Shared(Arc<Shared>),
}

/// Runs disk work off the async threads.
async fn blocking<T: Send + 'static, E: From<anyhow::Error> + Send + 'static>(
    archive: &Arc<Archive>,
    work: impl FnOnce(&Archive) -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    let archive = Arc::clone(archive);
    tokio::task::spawn_blocking(move || work(&archive)).await.map_err(|e| E::from(anyhow::Error::new(e)))?
}

impl Storage {
    pub(crate) async fn open(dir: &Path, shared: Option<&SharedOptions>) -> Result<Self> {
        match shared {
            None => Ok(Self::Local(Arc::new(Archive::open(dir)?))),
            Some(options) => Ok(Self::Shared(Arc::new(Shared::open(options).await?))),
        }
    }

    /// Takes a message in, or finds it again; says which files are missing, or gives the receipt.
    pub(crate) async fn take(&self, message: Message, json: Vec<u8>, seal: Seal, now: Timestamp) -> Result<MessageState, Refusal> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.take(&message.device, &message, &json, &seal, now)).await,
            Self::Shared(shared) => shared.take(&message, &json, &seal, now).await,
        }
    }

    /// The file as its message declares it; a refusal where either is unknown or another device's.
    pub(crate) async fn expected(&self, device: &str, message: Uuid, file: Uuid) -> Result<Expected, Refusal> {
        let expected = match self {
            Self::Local(archive) => blocking(archive, move |a| a.expected(message, file)).await?,
            Self::Shared(shared) => shared.expected(message, file).await?,
        };
        match expected {
            Some(expected) if expected.device == device => Ok(expected),
            Some(_) => Err(other_device()),
            None => Err(Refusal::new(404, "Unknown", "no message declares this file; send the message first")),
        }
    }

    /// An empty upload, or the one that is there; gives the bytes that it holds.
    pub(crate) async fn start_upload(&self, message: Uuid, file: Uuid) -> Result<u64> {
        match self {
            Self::Local(archive) => {
                let part = archive.part(message, file);
                let folder = part.parent().context("an upload has no folder")?.to_owned();
                blocking(archive, move |_| disk::create_folder(&folder)).await?;
                let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&part).await;
                Ok(opened.context("cannot make an upload")?.metadata().await.context("cannot read an upload's length")?.len())
            }
            Self::Shared(shared) => {
                shared.start_upload(message, file).await?;
                Ok(shared.held(message, file).await?.unwrap_or(0))
            }
        }
    }

    /// How many bytes an upload holds.
    pub(crate) async fn held(&self, message: Uuid, file: Uuid) -> Result<u64, Refusal> {
        let held = match self {
            Self::Local(archive) => fs::metadata(archive.part(message, file)).await.ok().map(|metadata| metadata.len()),
            Self::Shared(shared) => shared.held(message, file).await?,
        };
        held.ok_or_else(|| Refusal::new(404, "No upload", "there is no such upload (any more); create it"))
    }

    /// Where the bytes from `offset` on go.
    pub(crate) async fn sink(&self, message: Uuid, file: Uuid, offset: u64) -> Result<Sink> {
        match self {
            Self::Local(archive) => {
                let mut part = OpenOptions::new().write(true).open(archive.part(message, file)).await.context("cannot open an upload")?;
                // Not in append mode: bytes of a broken-off predecessor that land late land on their own place.
                part.seek(SeekFrom::Start(offset)).await.context("cannot seek in an upload")?;
                Ok(Sink::File(part))
            }
            Self::Shared(shared) => Ok(Sink::Parts(PartSink::new(Arc::clone(shared), message, file, offset))),
        }
    }

    /// Takes a whole upload as the file if its SHA-256 is right; otherwise discards it and says false.
    pub(crate) async fn settle(&self, message: Uuid, file: Uuid, expected: Expected) -> Result<bool> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.settle(message, file, &expected)).await,
            Self::Shared(shared) => shared.settle(message, file, &expected).await,
        }
    }

    pub(crate) async fn inbox(&self, device: String, after: u64) -> Result<NewsPage> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.inbox(&device, after)).await,
            Self::Shared(shared) => shared.inbox(&device, after).await,
        }
    }

    pub(crate) async fn heartbeat(&self, heartbeat: Heartbeat, now: Timestamp) -> Result<Known> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.heartbeat(&heartbeat, now)).await,
            Self::Shared(shared) => shared.heartbeat(&heartbeat, now).await,
        }
    }

    pub(crate) async fn person(&self, key: PersonKey) -> Result<Option<Person>> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.person(&key)).await,
            Self::Shared(shared) => shared.person(&key).await,
        }
    }

    pub(crate) async fn payment(&self, device: String, asked: PaymentRequest) -> Result<Option<Payment>> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.payment(&device, &asked)).await,
            Self::Shared(shared) => shared.payment(&device, &asked).await,
        }
    }

    pub(crate) async fn pay(&self, code: String, transaction: String) -> Result<bool> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.pay(&code, &transaction)).await,
            Self::Shared(shared) => shared.pay(&code, &transaction).await,
        }
    }

    pub(crate) async fn papers(&self, owner: PersonKey, type_code: String, source: PaperSource) -> Result<Vec<StoredPaper>> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.papers(&owner, &type_code, source)).await,
            Self::Shared(shared) => shared.papers(&owner, &type_code, source).await,
        }
    }

    pub(crate) async fn tell(&self, code: String, news: impl FnOnce(Uuid) -> Vec<News> + Send + 'static, now: Timestamp) -> Result<u64> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.tell(&code, news, now)).await,
            Self::Shared(shared) => shared.tell(&code, news, now).await,
        }
    }

    /// A newer version for one device or, without one, for all.
    pub(crate) async fn announce(&self, device: Option<String>, news: News, now: Timestamp) -> Result<u64> {
        let all = crate::archive::ALL_DEVICES;
        match self {
            Self::Local(archive) => {
                let work = move |a: &Archive| {
                    a.set_version(device.as_deref().unwrap_or(all), &news)?;
                    a.announce(device.as_deref(), &news, now)
                };
                blocking(archive, work).await
            }
            Self::Shared(shared) => {
                shared.set_version(device.as_deref().unwrap_or(all), &news).await?;
                shared.announce(device.as_deref(), &news, now).await
            }
        }
    }

    /// Keeps a catalogue's text for one device or, without one, for all.
    pub(crate) async fn set_catalogue(&self, device: Option<String>, version: u32, text: String) -> Result<()> {
        let all = crate::archive::ALL_DEVICES;
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.set_catalogue(device.as_deref().unwrap_or(all), version, &text)).await,
            Self::Shared(shared) => shared.set_catalogue(device.as_deref().unwrap_or(all), version, &text).await,
        }
    }

    /// The newest catalogue for a device.
    pub(crate) async fn catalogue(&self, device: String) -> Result<Option<String>> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.catalogue(&device)).await,
            Self::Shared(shared) => shared.catalogue(&device).await,
        }
    }

    pub(crate) async fn add_person(&self, person: Person) -> Result<()> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.add_person(&person)).await,
            Self::Shared(shared) => shared.add_person(&person).await,
        }
    }

    pub(crate) async fn add_paper(&self, paper: OwnedPaper) -> Result<()> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.add_paper(&paper)).await,
            Self::Shared(shared) => shared.add_paper(&paper).await,
        }
    }

    pub(crate) async fn last_seen(&self) -> Result<Vec<LastSeen>> {
        match self {
            Self::Local(archive) => blocking(archive, Archive::last_seen).await,
            Self::Shared(shared) => shared.last_seen().await,
        }
    }

    /// The dossier with this official code, as it came and what was told of it since.
    pub(crate) async fn case(&self, code: String) -> Result<Case> {
        match self {
            Self::Local(archive) => blocking(archive, move |a| a.case(&code)).await,
            Self::Shared(shared) => shared.case(&code).await,
        }
    }

    pub(crate) async fn list(&self) -> Result<Vec<Listed>> {
        match self {
            Self::Local(archive) => blocking(archive, Archive::list).await,
            Self::Shared(shared) => shared.list().await,
        }
    }
}

/// Takes an upload's bytes in, one after the other.
pub(crate) enum Sink {
    File(File),
    Parts(PartSink),
}

impl Sink {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::File(file) => Ok(file.write_all(bytes).await.context("cannot write an upload")?),
            Self::Parts(parts) => parts.write(bytes).await,
        }
    }

    /// A file that came in one go, where the engine can take it at once; none where it must be synced and settled.
    pub(crate) async fn settle_in_one(&mut self, expected: &Expected) -> Result<Option<bool>> {
        match self {
            Self::File(_) => Ok(None),
            Self::Parts(parts) => parts.settle_in_one(expected).await,
        }
    }

    /// What was written is durable.
    pub(crate) async fn sync(&mut self) -> Result<(), Refusal> {
        match self {
            Self::File(file) => {
                file.flush().await.context("cannot write an upload")?;
                Ok(file.sync_all().await.context("cannot sync an upload")?)
            }
            Self::Parts(parts) => parts.sync().await,
        }
    }
}
