//! Checks that need only this PC's disk and clock.

use crate::finding::Finding;
use jiff::Timestamp;
use motcua_drivers::printer::Font;
use motcua_model::config::{Config, Ocr, sealed_key};
use rustix::fs::{Access, access, statvfs};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// 30 days without the hub (architecture.md: 5 GB), with some air.
const ROOM_WANTED: u64 = 6 << 30;
/// Below this a busy day may fill the disk.
const ROOM_NEEDED: u64 = 512 << 20;
/// One of each mark; a font with these has the others.
const LETTERS: &str = "ăâđêôơưĂÂĐÊÔƠƯắằẳẵặấầẩẫậếềểễệốồổỗộớờởỡợứừửữựỳỷỹỵ";

/// The configuration, or every problem of the file.
pub(super) fn configuration(file: &Path) -> Result<Config, Vec<Finding>> {
    const WHAT: &str = "configuration";
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| {
        vec![Finding::fail(
            WHAT,
            format!("{name} cannot be read: {error}"),
            "name another file with --config, or copy agent.example.toml there",
        )]
    })?;
    Config::parse(&name, &text).map_err(|problems| {
        let finding = |p: &motcua_model::config::Problem| {
            let seen = if p.key.is_empty() { format!("{}: {}", p.file, p.value) } else { format!("{}: {} = {:?}", p.file, p.key, p.value) };
            Finding::fail(WHAT, seen, p.fix.clone())
        };
        problems.iter().map(finding).collect()
    })
}

/// Root may do everything, so its checks of permissions say nothing about the agent.
pub(super) fn user() -> Option<Finding> {
    rustix::process::geteuid().is_root().then(|| {
        Finding::warn("user", "root may read everything, the agent may not", "for a check of permissions run: sudo -u motcua motcua check")
    })
}

/// Plausible, not exact: the hub's check compares it with the hub's.
pub(super) fn clock(now: Timestamp) -> Finding {
    if now.to_zoned(jiff::tz::TimeZone::UTC).date() < motcua_model::EARLIEST_TODAY {
        return Finding::fail(
            "clock",
            format!("{now} is in the past"),
            "set date and time; if it comes back after a restart, change the battery",
        );
    }
    Finding::ok("clock", now.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Database and sealed files.
pub(super) fn state_folder(path: &Path) -> Finding {
    const WHAT: &str = "state folder";
    let name = path.display();
    let mode = match fs::metadata(path) {
        Ok(data) if data.is_dir() => data.permissions().mode() & 0o777,
        Ok(_) => return Finding::fail(WHAT, format!("{name} is not a folder"), "remove the file or change paths.state"),
        Err(error) => {
            return Finding::fail(WHAT, format!("{name}: {error}"), format!("make it: install -d -m 0700 -o motcua -g motcua {name}"));
        }
    };
    if access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Finding::fail(
            WHAT,
            format!("{name} cannot be written"),
            format!("give it to the agent: chown motcua: {name}; or run as the agent's user"),
        );
    }
    if mode & 0o077 != 0 {
        return Finding::warn(WHAT, format!("{name} has mode {mode:04o}: others may look inside"), format!("chmod 0700 {name}"));
    }
    match statvfs(path) {
        Ok(disk) => room(&name.to_string(), disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::warn(WHAT, format!("{name}: free space unknown: {error}"), "look with: df -h"),
    }
}

fn room(name: &str, free: u64) -> Finding {
    let seen = format!("{name}, {} MB free", free >> 20);
    let fix = "free space on that disk or use a larger one: 30 days without the hub need 6 GB";
    match free {
        0..ROOM_NEEDED => Finding::fail("state folder", seen, fix),
        ROOM_NEEDED..ROOM_WANTED => Finding::warn("state folder", seen, fix),
        ROOM_WANTED.. => Finding::ok("state folder", seen),
    }
}

/// The key of the store: sealed for systemd (TPM or this installation), or a file that the agent makes at its first start.
pub(super) fn store_key(path: &Path) -> Finding {
    const WHAT: &str = "store key";
    let sealed = sealed_key(path);
    match (sealed.exists(), path.exists()) {
        (true, false) => return Finding::ok(WHAT, format!("sealed in {}", sealed.display())),
        (true, true) => {
            return Finding::warn(
                WHAT,
                format!("sealed in {}, and open in {}", sealed.display(), path.display()),
                format!("when a copy is in the safe and the agent has started with the sealed one: shred -u {}", path.display()),
            );
        }
        (false, _) => {}
    }
    match secret_file(WHAT, path) {
        Err(finding) => finding,
        Ok(None) => Finding::warn(
            WHAT,
            format!("{} does not exist yet", path.display()),
            "the agent makes it at its first start; then keep a copy in the safe",
        ),
        Ok(Some(text)) if text.trim().len() == 64 && text.trim().bytes().all(|b| b.is_ascii_hexdigit()) => Finding::ok(
            WHAT,
            format!("open in {}; a disk that is stolen can be read with it, seal it (README, Real devices)", path.display()),
        ),
        Ok(Some(_)) => Finding::fail(
            WHAT,
            format!("{} does not hold 64 hex digits", path.display()),
            "bring back the copy from the safe; without it the stored files stay closed",
        ),
    }
}

/// The text of a file that only its owner may read; `None` if there is no file.
pub(super) fn secret_file(what: &'static str, path: &Path) -> Result<Option<String>, Finding> {
    let name = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Finding::fail(what, format!("{name} cannot be read: {error}"), "run the check as the agent's user or as root"));
        }
    };
    let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        return Err(Finding::fail(what, format!("{name} has mode {mode:04o}: others may read it"), format!("chmod 0600 {name}")));
    }
    Ok(Some(text))
}

/// The language model of Tesseract.
pub(super) fn recognition(ocr: &Ocr) -> Finding {
    let folders = ocr.tessdata.clone().map_or_else(system_tessdata, |folder| vec![folder]);
    let file = format!("{}.traineddata", ocr.language);
    let found = folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
    match found {
        Some(path) => Finding::ok("text recognition", path.display().to_string()),
        None => {
            let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            Finding::fail(
                "text recognition",
                format!("{file} is not in {}", looked.join(", ")),
                format!("apt-get install tesseract-ocr-{}", ocr.language),
            )
        }
    }
}

fn system_tessdata() -> Vec<PathBuf> {
    let set = std::env::var_os("TESSDATA_PREFIX").map(PathBuf::from);
    let usual = [
        "/usr/share/tesseract-ocr/5/tessdata",
        "/usr/share/tesseract-ocr/4.00/tessdata",
        "/usr/share/tessdata",
        "/usr/local/share/tessdata",
    ];
    set.into_iter().chain(usual.map(PathBuf::from)).collect()
}

/// The printer's font: a font, and one with the letters of Vietnamese.
pub(super) fn font(path: &Path) -> Finding {
    const WHAT: &str = "printer font";
    let name = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Finding::fail(WHAT, format!("{name}: {error}"), "apt-get install fonts-noto-core, or change printer.font"),
    };
    match Font::new(bytes, None) {
        Err(_) => Finding::fail(WHAT, format!("{name} is no TrueType font"), "name a .ttf file with Vietnamese letters in printer.font"),
        Ok(font) if !font.covers(LETTERS) => {
            Finding::fail(WHAT, format!("{name} lacks letters of Vietnamese"), "use NotoSans-Regular.ttf: apt-get install fonts-noto-core")
        }
        Ok(_) => Finding::ok(WHAT, name.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_clock_with_a_dead_battery_fails() {
        assert_eq!(clock("2003-01-01T00:00:00Z".parse().unwrap()).level, Level::Fail);
        assert_eq!(clock("2026-12-01T00:00:00Z".parse().unwrap()).level, Level::Ok);
    }

    #[test]
    fn a_state_folder_that_is_missing_a_file_or_open_to_others_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert_eq!(state_folder(&path).level, Level::Fail);
        fs::write(&path, "").unwrap();
        assert!(state_folder(&path).seen.contains("not a folder"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(state_folder(&path).seen.contains("mode 0755"), "{}", state_folder(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(state_folder(&path).seen.contains("MB free"), "{}", state_folder(&path));
    }

    #[test]
    fn room_is_judged_by_30_days() {
        assert_eq!(room("/a", 100 << 20).level, Level::Fail);
        assert_eq!(room("/a", 2 << 30).level, Level::Warn);
        assert_eq!(room("/a", 100 << 30).level, Level::Ok);
    }

    #[test]
    fn a_store_key_that_others_read_or_that_is_damaged_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.key");
        assert_eq!(store_key(&path).level, Level::Warn);
        write(&path, &"a1".repeat(32), 0o644);
        assert!(store_key(&path).fix.contains("chmod 0600"), "{}", store_key(&path));
        write(&path, &"a1".repeat(32), 0o600);
        assert_eq!(store_key(&path).level, Level::Ok);
        write(&path, "a1", 0o600);
        let damaged = store_key(&path);
        assert_eq!(damaged.level, Level::Fail);
        assert!(!damaged.to_string().contains("a1"), "a key is never shown");
    }

    #[test]
    fn a_sealed_store_key_is_fine_and_an_open_one_beside_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.key");
        write(&folder.path().join("store.key.cred"), "sealed", 0o600);
        assert_eq!(store_key(&path).level, Level::Ok);
        write(&path, &"a1".repeat(32), 0o600);
        assert!(store_key(&path).fix.contains("shred -u"), "{}", store_key(&path));
    }

    #[test]
    fn a_missing_language_names_the_package() {
        let folder = tempfile::tempdir().unwrap();
        let ocr = Ocr { language: "vie".to_owned(), tessdata: Some(folder.path().to_owned()) };
        assert!(recognition(&ocr).fix.contains("tesseract-ocr-vie"));
        fs::write(folder.path().join("vie.traineddata"), "").unwrap();
        assert_eq!(recognition(&ocr).level, Level::Ok);
    }

    #[test]
    fn a_font_that_is_missing_or_none_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ttf");
        assert_eq!(font(&path).level, Level::Fail);
        fs::write(&path, "<html>").unwrap();
        assert!(font(&path).seen.contains("no TrueType"));
        // Installed by set-up.
        assert_eq!(font(Path::new("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf")).level, Level::Ok);
        let lacking = font(Path::new("/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf"));
        assert!(lacking.seen.contains("lacks letters"), "{lacking}");
    }

    #[test]
    fn a_missing_configuration_names_the_option() {
        let found = configuration(Path::new("/nonexistent/agent.toml")).unwrap_err();
        assert!(found[0].fix.contains("--config"));
    }
}
