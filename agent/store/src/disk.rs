//! Files: written whole or not at all, and durable before anybody relies on them.

use crate::{StoreError, figures};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    time::Instant,
};

/// Ending of a file that is not complete yet.
pub(crate) const UNFINISHED: &str = "new";

/// Makes the folder where it is missing, closed to other users either way.
pub(crate) fn private_folder(path: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StoreError::io(path))?;
    let mode = fs::metadata(path).map_err(StoreError::io(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(StoreError::io(path))?;
    }
    Ok(())
}

/// After this returns, the file survives a power cut: without the folder's own sync the name may be lost.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let new = path.with_extension(UNFINISHED);
    let written = write_synced(&new, bytes).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(StoreError::io(path)(error));
    }
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    let begun = Instant::now();
    file.sync_all()?;
    figures::synced(begun);
    Ok(())
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let begun = Instant::now();
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io(folder))?;
    figures::synced(begun);
    Ok(())
}

/// Missing is removed.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        _ => Ok(()),
    }
}

/// Length of all files of a folder; a missing folder is empty.
pub(crate) fn bytes_in(folder: &Path) -> Result<u64, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(StoreError::io(folder))?,
    };
    let mut sum = 0;
    for entry in entries {
        let meta = entry.and_then(|entry| entry.metadata()).map_err(StoreError::io(folder))?;
        sum += if meta.is_file() { meta.len() } else { 0 };
    }
    Ok(sum)
}
