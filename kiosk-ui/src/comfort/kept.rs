//! What the person has chosen about the screen, in a small file beside the process: a kiosk that is killed in the middle of a visit comes
//! back as that person sees and hears it. No word of the person is in it; it lies in memory (`RuntimeDirectory=`), it ends with the
//! visit, and only a visit that goes on reads it.

use super::{CONTRASTS, Comfort, TextSize, contrast_name};
use crate::{face::Face, speech::voice::Volume};
use anyhow::Context as _;
use std::{
    cell::RefCell,
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The file is marked as alive this often.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
/// An older mark is of another visit: an idle one ends after 80 s at the earliest (ux.md 7.6), and a killed kiosk is back in seconds.
const LONGEST_AWAY: Duration = Duration::from_secs(60);
/// More is not ours.
const LARGEST: u64 = 100;

/// The file, and what was last written into it.
pub(crate) struct Kept {
    file: PathBuf,
    written: RefCell<Option<(String, Duration)>>,
}

impl Kept {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { file: folder.join("comfort"), written: RefCell::new(None) }
    }

    /// What was kept of the visit that goes on; nothing where the file is broken, old, or not this user's own.
    pub(crate) fn read(&self, now: SystemTime) -> Option<Comfort> {
        let about = fs::symlink_metadata(&self.file).ok()?;
        // Whose process this is.
        let me = fs::metadata("/proc/self").ok()?.uid();
        let ours = about.is_file() && about.uid() == me && about.mode() & 0o077 == 0 && about.len() <= LARGEST;
        // A clock that was put back tells nothing of the age.
        let away = now.duration_since(about.modified().ok()?).unwrap_or_default();
        if !ours || away > LONGEST_AWAY {
            return None;
        }
        parse(&fs::read_to_string(&self.file).ok()?)
    }

    /// Keeps what is chosen; what is as every visit starts needs no file. `now` is any clock that only goes forward.
    pub(crate) fn keep(&self, comfort: &Comfort, now: Duration) {
        let usual = comfort.choices() == Comfort::default().choices();
        let words = words(comfort);
        let alive = |at: Duration| now.saturating_sub(at) < ALIVE_EVERY;
        let known = self.written.borrow().as_ref().map(|(words, at)| (words.clone(), alive(*at)));
        let done = match known {
            Some((known, alive)) if known == words && (alive || usual) => return,
            Some((known, _)) if known == words => self.mark_alive(),
            Some(_) | None if usual => self.remove(),
            Some(_) | None => self.write(&words),
        };
        *self.written.borrow_mut() = Some((words, now));
        if let Err(e) = done {
            tracing::warn!("size and contrast would not outlive a crash of the screen: {e:#}");
        }
    }

    fn write(&self, words: &str) -> anyhow::Result<()> {
        let new = self.file.with_extension("new");
        let _not_there = fs::remove_file(&new);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).context(new.display().to_string())?;
        file.write_all(words.as_bytes())?;
        // No fsync: it shall not outlive the machine's memory.
        fs::rename(&new, &self.file).context(self.file.display().to_string())
    }

    fn mark_alive(&self) -> anyhow::Result<()> {
        let file = fs::OpenOptions::new().write(true).open(&self.file).context(self.file.display().to_string())?;
        Ok(file.set_modified(SystemTime::now())?)
    }

    fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.file) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e).context(self.file.display().to_string()),
            Err(_) | Ok(()) => Ok(()),
        }
    }
}

impl Face {
    /// Keeps what the person has chosen about the screen in this folder, which ends with the machine's run; what lies there is taken if the
    /// agent is in the middle of a visit. To be called before the agent is heard.
    pub fn keep_comfort_in(&self, folder: &Path) {
        let _only_once = self.kept.set(Kept::in_folder(folder));
    }

    /// Before the first word of the agent is taken in: what was kept of another run of this process.
    pub(crate) fn take_kept_comfort(&self, comfort: &mut Comfort) {
        if comfort.is_new()
            && let Some(kept) = self.kept.get().and_then(|kept| kept.read(SystemTime::now()))
        {
            *comfort = kept;
        }
    }

    pub(crate) fn keep_comfort(&self) {
        let state = self.state.borrow();
        if let (Some(kept), false) = (self.kept.get(), state.comfort.is_new()) {
            kept.keep(&state.comfort, (self.now)());
        }
    }
}

/// "largest black 3 voice open": size, contrast, loudness, whether it reads itself, whether it is covered.
fn words(comfort: &Comfort) -> String {
    let voice = if comfort.voice { "voice" } else { "mute" };
    let cover = if comfort.covered { "covered" } else { "open" };
    format!("{} {} {} {voice} {cover}\n", comfort.size.name(), contrast_name(comfort.contrast), comfort.volume.step())
}

fn parse(text: &str) -> Option<Comfort> {
    let mut parts = text.strip_suffix('\n')?.split(' ');
    let size = parts.next().and_then(|name| TextSize::ALL.into_iter().find(|size| size.name() == name))?;
    let contrast = parts.next().and_then(|name| CONTRASTS.into_iter().find(|contrast| contrast_name(*contrast) == name))?;
    let volume = parts.next().and_then(|step| Volume::ALL.into_iter().find(|volume| volume.step().to_string() == step))?;
    let mut either = |yes: &str, no: &str| parts.next().filter(|part| [yes, no].contains(part)).map(|part| part == yes);
    let voice = either("voice", "mute")?;
    let covered = either("covered", "open")?;
    parts.next().is_none().then_some(Comfort { size, contrast, covered, volume, voice, ..Comfort::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Contrast;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    const SECOND: Duration = Duration::from_secs(1);

    fn chosen() -> Comfort {
        Comfort { size: TextSize::Largest, contrast: Contrast::BlackOnWhite, volume: Volume::Loud, voice: true, ..Comfort::default() }
    }

    #[test]
    fn what_was_chosen_is_read_again_and_what_is_usual_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::in_folder(folder.path());
        let now = SystemTime::now();
        assert_eq!(kept.read(now), None);
        let covered = Comfort { covered: true, ..Comfort::default() };
        for comfort in [chosen(), covered, Comfort { contrast: Contrast::LightOnDark, volume: Volume::Off, ..Comfort::default() }] {
            kept.keep(&comfort, SECOND);
            assert_eq!(Kept::in_folder(folder.path()).read(now), Some(comfort));
        }
        let mode = fs::metadata(folder.path().join("comfort")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        kept.keep(&Comfort::default(), SECOND);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of the visit");
    }

    #[test]
    fn what_lies_there_from_before_is_removed_where_nothing_is_chosen() {
        let folder = tempfile::tempdir().unwrap();
        Kept::in_folder(folder.path()).keep(&chosen(), SECOND);
        Kept::in_folder(folder.path()).keep(&Comfort::default(), SECOND);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_mark_of_another_visit_is_not_taken_and_a_long_visit_marks_again() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::in_folder(folder.path());
        kept.keep(&chosen(), SECOND);
        let file = folder.path().join("comfort");
        let age = |seconds: u64| {
            fs::File::options().write(true).open(&file).unwrap().set_modified(SystemTime::now() - SECOND * u32::try_from(seconds).unwrap())
        };
        age(61).unwrap();
        assert_eq!(kept.read(SystemTime::now()), None);
        kept.keep(&chosen(), 15 * SECOND);
        assert_eq!(kept.read(SystemTime::now()), None, "it was marked 14 s ago");
        kept.keep(&chosen(), 22 * SECOND);
        assert_eq!(kept.read(SystemTime::now()), Some(chosen()));
    }

    #[test]
    fn a_broken_or_foreign_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::in_folder(folder.path());
        let file = folder.path().join("comfort");
        let now = SystemTime::now();
        kept.keep(&chosen(), SECOND);
        let good = fs::read_to_string(&file).unwrap();
        for cut in 0..good.len() {
            fs::write(&file, &good[..cut]).unwrap();
            assert_eq!(kept.read(now), None, "{cut} letters of it");
        }
        for bad in ["huge black 3 voice open\n", "largest black 4 voice open\n", "largest black 3 voice open more\n", &"x".repeat(5000)] {
            fs::write(&file, bad).unwrap();
            assert_eq!(kept.read(now), None, "{bad}");
        }
        fs::write(&file, [0xff, 0xfe, b'\n']).unwrap();
        assert_eq!(kept.read(now), None);
        fs::write(&file, &good).unwrap();
        assert_eq!(kept.read(now), Some(chosen()));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(kept.read(now), None, "others can read it: it is not what we wrote");
        fs::remove_file(&file).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, &good).unwrap();
        symlink(&elsewhere, &file).unwrap();
        assert_eq!(kept.read(now), None);
    }
}
