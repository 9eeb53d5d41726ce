//! The files of a watched folder. Their names may hold personal data: they stand in no log, error or new name.

use crate::DeviceError;
use rustix::fs::{Access, access};
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Endings, in small letters, of what devices save: of what is taken, and of what is refused with a word.
const ENDINGS: [&str; 6] = ["jpg", "jpeg", "png", "tif", "tiff", "pdf"];
/// How long what was set aside stays, for staff to look at: as long as the dossier of a visit that broke off.
const KEEP: Duration = Duration::from_secs(3600);
/// Places in a folder for what was set aside.
const MOST_ASIDE: u32 = 10_000;

/// A file at one look. Equal at two looks: nothing was written in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: OsString,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Can files be read and removed here?
pub(super) fn check(folder: &Path) -> Result<(), DeviceError> {
    let shown = folder.display();
    let missing = |why: &dyn Display, fix: &str| DeviceError::Disconnected(format!("scan folder {shown}: {why}; {fix}"));
    let meta = fs::metadata(folder).map_err(|error| missing(&error, "create it or mount it, or mend scanner.folder"))?;
    if !meta.is_dir() {
        return Err(missing(&"not a folder", "mend scanner.folder in the configuration"));
    }
    access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| missing(&error, "give the agent's user the right to read and write there"))
}

/// The files that may be pages, in the order of their names.
pub(super) fn look(folder: &Path) -> Result<Vec<File>, DeviceError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| lost(folder, &error))? {
        let entry = entry.map_err(|error| lost(folder, &error))?;
        let name = entry.file_name();
        // The link itself, not its target: a link may point anywhere. Gone since the listing: no news.
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_file() && may_be_page(&name) {
            found.push(File { name, bytes: meta.len(), modified: meta.modified().ok() });
        }
    }
    found.sort_by_cached_key(|file| order(&file.name));
    Ok(found)
}

fn may_be_page(name: &OsStr) -> bool {
    let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let hidden = matches!(name.as_encoded_bytes().first(), Some(b'.' | b'~'));
    !hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Numbers in a name count as numbers: `scan`, `scan2`, `scan10`.
fn order(name: &OsStr) -> Vec<(usize, String)> {
    let stem = Path::new(name).file_stem().unwrap_or(name).to_string_lossy();
    let mut parts: Vec<(bool, String)> = Vec::new();
    for c in stem.chars() {
        let digit = c.is_ascii_digit();
        match parts.last_mut() {
            Some((digits, part)) if *digits == digit => part.push(c),
            Some(_) | None => parts.push((digit, c.to_string())),
        }
    }
    let number = |digits: &str| digits.trim_start_matches('0').to_owned();
    let key = |(digits, part): (bool, String)| if digits { (number(&part).len() + 1, number(&part)) } else { (0, part) };
    parts.into_iter().map(key).collect()
}

/// The whole file. More than `limit` bytes are no page.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, DeviceError> {
    let parent = path.parent().unwrap_or(path);
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|error| lost(parent, &error))?;
    Ok(bytes)
}

/// Deletes a file whose page was handed over.
pub(super) fn remove(folder: &Path, file: &File) -> Result<(), DeviceError> {
    match fs::remove_file(folder.join(&file.name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(lost(folder, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Moves a file into the folder's `aside`, under a number.
pub(super) fn move_to(folder: &Path, file: &File, aside: &str) -> Result<(), DeviceError> {
    let to = folder.join(aside);
    match fs::DirBuilder::new().mode(0o700).create(&to) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(lost(folder, &error)),
        Ok(()) | Err(_) => {}
    }
    let ending = Path::new(&file.name).extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    let free = (1..=MOST_ASIDE).map(|number| to.join(format!("{number:04}.{ending}"))).find(|path| !path.exists());
    let Some(free) = free else {
        return Err(DeviceError::Disconnected(format!("{} is full; empty it", to.display())));
    };
    match fs::rename(folder.join(&file.name), free) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(lost(folder, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Deletes what was set aside more than an hour ago, or carries a time to come. What cannot be deleted now is tried again at the next scan.
pub(super) fn purge(folder: &Path) {
    let now = SystemTime::now();
    for entry in ["old", "refused"].iter().filter_map(|aside| fs::read_dir(folder.join(aside)).ok()).flatten().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        let age = meta.modified().ok().and_then(|then| now.duration_since(then).ok());
        if meta.is_file() && age.is_none_or(|age| age > KEEP) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn lost(folder: &Path, error: &std::io::Error) -> DeviceError {
    DeviceError::Disconnected(format!(
        "scan folder {}: {error}; check that it is mounted and that the agent may write there",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_counted() {
        let mut names = ["scan10.jpg", "scan2.jpg", "scan02b.jpg", "scan.jpg", "Scan1.jpg", "scan100.jpg"];
        names.sort_by_cached_key(|name| order(name.as_ref()));
        assert_eq!(names, ["Scan1.jpg", "scan.jpg", "scan2.jpg", "scan02b.jpg", "scan10.jpg", "scan100.jpg"]);
    }

    #[test]
    fn hidden_and_unknown_files_are_left_alone() {
        let taken = |name: &str| may_be_page(name.as_ref());
        assert!(taken("a.JPG") && taken("a.b.jpeg") && taken("a.Tiff") && taken("ảnh.png"));
        assert!(!taken(".a.jpg") && !taken("~a.jpg") && !taken("a.tmp") && !taken("a.jpg.part") && !taken("jpg"));
    }
}
