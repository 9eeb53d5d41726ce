//! PDF files that a person brings: what lies on the sticks in this machine, and what the desk uploaded for the one who stands at C10c.
//! Nothing is looked at, and nothing uploaded is kept, unless somebody does.

use crate::{
    input::{self, Input, Inputs},
    worker::Storage,
};
use anyhow::Context as _;
use motcua_digitise::{ArrivedError, MOST_ARRIVED_BYTES, check_pdf};
use motcua_flow::Event;
use motcua_model::{
    Private, Text,
    brought::{BroughtPdf, OfferedPdf, PdfFrom},
};
use std::{
    ffi::OsStr,
    fs,
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::watch;
use uuid::Uuid;

/// Between two looks at the sticks while somebody waits.
const LOOK: Duration = Duration::from_secs(1);
/// Folders below the first: what people keep for an errand lies near the top.
const DEPTH: usize = 4;
/// Most files that are offered, the newest first.
const MOST: usize = 60;
/// Most entries of a stick that are looked at.
const MOST_ENTRIES: usize = 20_000;

/// The files that can be chosen now.
#[derive(Clone)]
pub(crate) struct Tray(Arc<Inner>);

struct Inner {
    sticks: Option<PathBuf>,
    /// Rises when somebody comes to C10c and when they leave it; odd: somebody waits.
    turn: watch::Sender<u64>,
    held: Mutex<Held>,
    inputs: Inputs,
    storage: Storage,
}

/// What is known while somebody waits, and forgotten when they do not.
#[derive(Default)]
struct Held {
    /// The newest first; a file keeps its id as long as it is the same.
    found: Vec<(Found, Uuid)>,
    uploaded: Option<Uploaded>,
}

#[derive(PartialEq, Eq)]
struct Found {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

struct Uploaded {
    id: Uuid,
    name: String,
    bytes: Arc<[u8]>,
    pages: u16,
}

/// Where the bytes of a chosen file are.
enum Place {
    Stick(PathBuf),
    /// Checked when it was uploaded; its pages.
    Memory(Arc<[u8]>, u16),
}

impl Tray {
    /// Starts the task that looks; at first nobody waits.
    pub(crate) fn start(sticks: Option<PathBuf>, inputs: &Inputs, storage: &Storage) -> Self {
        let turn = watch::channel(0).0;
        let tray = Self(Arc::new(Inner { sticks, turn, held: Mutex::default(), inputs: inputs.clone(), storage: storage.clone() }));
        tokio::spawn(tray.clone().watch());
        tray
    }

    /// Somebody waits for a file, or nobody does any more.
    pub(crate) fn open(&self, open: bool) {
        let changed = self.0.turn.send_if_modified(|turn| {
            let changes = is_open(*turn) != open;
            *turn += u64::from(changes);
            changes
        });
        if changed && !open {
            *self.held() = Held::default();
        }
    }

    /// Whether somebody waits for a file.
    pub(crate) fn is_open(&self) -> bool {
        is_open(*self.0.turn.borrow())
    }

    /// A file from the desk that [`pages_of`] has taken, in place of the one before. False: nobody waits for it, and it is not kept.
    pub(crate) async fn upload(&self, name: String, bytes: Vec<u8>, pages: u16) -> bool {
        {
            let mut held = self.held();
            if !self.is_open() {
                return false;
            }
            held.uploaded = Some(Uploaded { id: Uuid::now_v7(), name, bytes: bytes.into(), pages });
        }
        self.offer().await;
        true
    }

    /// Checks a file that was chosen and seals it; the answer is an event.
    pub(crate) fn take(&self, job: Uuid, dossier: Uuid, file: Uuid) {
        let tray = self.clone();
        tokio::spawn(async move {
            let taken = tray.check_and_seal(dossier, file).await;
            input::event(&tray.0.inputs, Event::PdfTaken { job, taken }).await;
        });
    }

    async fn check_and_seal(&self, dossier: Uuid, file: Uuid) -> Result<BroughtPdf, Text> {
        let gone =
            || Text::new("Tệp không còn ở đó. Cắm lại USB rồi chọn lại.", "The file is gone. Put the stick in again and choose again.");
        let place = self.place(file).ok_or_else(gone)?;
        let checked = tokio::task::spawn_blocking(move || {
            let path = match place {
                Place::Memory(bytes, pages) => return Ok::<_, Text>((bytes, pages)),
                Place::Stick(path) => path,
            };
            let bytes = read(&path).map_err(|error| {
                tracing::warn!("a file on a stick cannot be read: {error:#}");
                Text::new(
                    "Không đọc được tệp. Cắm lại USB rồi chọn lại.",
                    "The file cannot be read. Put the stick in again and choose again.",
                )
            })?;
            let pages = pages_of(&bytes).map_err(|error| {
                tracing::info!("a PDF that was brought is refused: {error}");
                error.text()
            })?;
            Ok((bytes, pages))
        });
        let failed = || Text::new("Máy chưa lưu được tệp này. Hỏi cán bộ.", "The machine could not store this file. Ask staff.");
        let (bytes, pages) = checked.await.map_err(|error| {
            tracing::error!("the check of a PDF has failed: {error}");
            failed()
        })??;
        match self.0.storage.call(move |s| Ok(s.put_file(dossier, Uuid::now_v7(), "application/pdf", &bytes)?)).await {
            Ok(file) => Ok(BroughtPdf { file, pages }),
            Err(error) => {
                let _ = self.0.inputs.send(Input::StoreFailed(error)).await;
                Err(failed())
            }
        }
    }

    fn place(&self, file: Uuid) -> Option<Place> {
        let held = self.held();
        let uploaded = held
            .uploaded
            .as_ref()
            .filter(|uploaded| uploaded.id == file)
            .map(|uploaded| Place::Memory(uploaded.bytes.clone(), uploaded.pages));
        uploaded.or_else(|| held.found.iter().find(|(_, id)| *id == file).map(|(found, _)| Place::Stick(found.path.clone())))
    }

    /// Until the agent stops.
    async fn watch(self) {
        let mut turns = self.0.turn.subscribe();
        while let Ok(turn) = turns.wait_for(|turn| is_open(*turn)).await.map(|turn| *turn) {
            while *self.0.turn.borrow() == turn {
                let sticks = self.0.sticks.clone();
                let looked = tokio::task::spawn_blocking(move || sticks.map(|folder| look(&folder)).unwrap_or_default()).await;
                if self.found(looked.unwrap_or_default()) {
                    self.offer().await;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Whether it is another list than before.
    fn found(&self, found: Vec<Found>) -> bool {
        let mut held = self.held();
        let changed = self.is_open() && !found.iter().eq(held.found.iter().map(|(one, _)| one));
        if changed {
            let known = std::mem::take(&mut held.found);
            let id = |one: &Found| known.iter().find(|(known, _)| known == one).map_or_else(Uuid::now_v7, |(_, id)| *id);
            let ids: Vec<Uuid> = found.iter().map(id).collect();
            held.found = found.into_iter().zip(ids).collect();
        }
        changed
    }

    async fn offer(&self) {
        let files = {
            let held = self.held();
            let uploaded = held.uploaded.iter().map(|uploaded| OfferedPdf {
                id: uploaded.id,
                name: Private::new(&uploaded.name),
                bytes: uploaded.bytes.len() as u64,
                from: PdfFrom::Desk,
            });
            let found = held.found.iter().map(|(found, id)| OfferedPdf {
                id: *id,
                name: Private::new(shown(found.path.file_name().unwrap_or_default())),
                bytes: found.bytes,
                from: PdfFrom::Stick,
            });
            uploaded.chain(found).collect()
        };
        input::event(&self.0.inputs, Event::PdfsOffered(files)).await;
    }

    /// Nothing here panics while it holds it; a poisoned lock guards whole values all the same.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_open(turn: u64) -> bool {
    turn % 2 == 1
}

/// Pages of a PDF that may be kept.
pub(crate) fn pages_of(bytes: &[u8]) -> Result<u16, ArrivedError> {
    Ok(u16::try_from(check_pdf(bytes)?.pages.len()).unwrap_or(u16::MAX))
}

/// A file's name as people read it.
pub(crate) fn shown(name: &OsStr) -> String {
    name.to_string_lossy().chars().filter(|letter| !letter.is_control()).take(120).collect()
}

/// PDF files below a folder, the newest first. Links lead nowhere: a stick must not point into this machine.
fn look(folder: &Path) -> Vec<Found> {
    let (mut found, mut entries) = (Vec::new(), 0);
    let mut folders = vec![(folder.to_owned(), 0)];
    'stick: while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            entries += 1;
            if entries > MOST_ENTRIES {
                break 'stick;
            }
            let (name, Ok(kind)) = (entry.file_name(), entry.file_type()) else { continue };
            // Of systems and of bins.
            if name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes().starts_with(b"$") {
                continue;
            }
            let path = entry.path();
            if kind.is_dir() && depth < DEPTH {
                folders.push((path, depth + 1));
            } else if kind.is_file()
                && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("pdf"))
                && let Ok(about) = entry.metadata()
            {
                found.push(Found { path, bytes: about.len(), modified: about.modified().unwrap_or(SystemTime::UNIX_EPOCH) });
            }
        }
    }
    found.sort_by(|a, b| (b.modified, &a.path).cmp(&(a.modified, &b.path)));
    found.truncate(MOST);
    found
}

/// At most one byte more than is taken: the check tells that it is too large.
fn read(path: &Path) -> anyhow::Result<Arc<[u8]>> {
    let link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).context("flag of open")?;
    let mut bytes = Vec::new();
    let file = fs::File::options().read(true).custom_flags(link).open(path)?;
    anyhow::ensure!(file.metadata()?.is_file(), "it is no file");
    file.take(MOST_ARRIVED_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdf_files_are_found_the_newest_first_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let stick = folder.path().join("sticks/sda1");
        fs::create_dir_all(stick.join("a/b/c/d/e")).unwrap();
        fs::create_dir_all(stick.join("$RECYCLE.BIN")).unwrap();
        let secret = folder.path().join("secret.pdf");
        fs::write(&secret, "%PDF-").unwrap();
        for (at, name) in
            ["old.pdf", "a/b/Mới.PDF", "a/b/c/d/e/deep.pdf", "$RECYCLE.BIN/bin.pdf", "._mac.pdf", "text.txt"].iter().enumerate()
        {
            fs::write(stick.join(name), name).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(at as u64);
            fs::File::options().append(true).open(stick.join(name)).unwrap().set_modified(time).unwrap();
        }
        std::os::unix::fs::symlink(&secret, stick.join("link.pdf")).unwrap();
        std::os::unix::fs::symlink(folder.path(), stick.join("folder")).unwrap();
        let found = look(&folder.path().join("sticks"));
        let names: Vec<String> = found.iter().map(|one| shown(one.path.file_name().unwrap())).collect();
        assert_eq!(names, ["Mới.PDF", "old.pdf"]);
        assert_eq!(&*read(&stick.join("old.pdf")).unwrap(), b"old.pdf");
        assert!(read(&stick.join("link.pdf")).is_err() && read(&stick).is_err());
        assert!(look(&folder.path().join("nothing")).is_empty(), "no stick is in");
    }
}
