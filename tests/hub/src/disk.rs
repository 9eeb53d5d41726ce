//! Files that are on the disk when the call returns.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Replaces `path` as a whole: a temporary file beside it, synced, renamed, the folder synced.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file needs a folder")?;
    let name = path.file_name().context("a file needs a name")?.to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}", uuid::Uuid::now_v7()));
    let mut file = private_file(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename_durably(&temporary, path)
}

/// Renames within one file system and syncs the target's folder.
pub(crate) fn rename_durably(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("cannot rename {} to {}", from.display(), to.display()))?;
    sync_folder(to.parent().context("a file needs a folder")?)
}

/// Makes a folder and its parents, each synced into the one above.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().context("a folder needs a parent")?;
    if !parent.as_os_str().is_empty() {
        create_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            return Err(e).with_context(|| format!("cannot make the folder {}", path.display()));
        }
        Ok(()) | Err(_) => {}
    }
    if parent.as_os_str().is_empty() { sync_folder(Path::new(".")) } else { sync_folder(parent) }
}

/// A new file that only its owner may read.
pub(crate) fn private_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).with_context(|| format!("cannot make {}", path.display()))
}

/// SHA-256 of a file's bytes, lower-case hex.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = io::Read::read(&mut file, &mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|f| f.sync_all()).with_context(|| format!("cannot sync the folder {}", folder.display()))
}
