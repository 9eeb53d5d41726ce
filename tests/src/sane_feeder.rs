//! SANE in a folder of its own, with our backend alone and the simulator's papers.

use crate::rig::pages_folder;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Its line under `[scanner]`.
pub const SCANNER: &str = "sane = \"Mot Cua Folder Scanner\"";

/// The folder; its feeder is empty at first.
pub struct SaneFeeder(PathBuf);

impl SaneFeeder {
    /// Lays everything out in a new `folder`. None where the backend is not built.
    ///
    /// # Errors
    /// When the folder cannot be filled.
    pub fn lay_out(folder: &Path) -> io::Result<Option<Self>> {
        // Cargo puts it beside the programs, tests lie one folder deeper.
        let own = std::env::current_exe()?;
        let Some(library) = own.ancestors().map(|place| place.join("libsane_folder.so")).find(|path| path.is_file()) else {
            return Ok(None);
        };
        for name in ["etc", "lib", "feed"] {
            fs::create_dir_all(folder.join(name))?;
        }
        std::os::unix::fs::symlink(library, folder.join("lib/libsane-folder.so.1"))?;
        fs::write(folder.join("etc/dll.conf"), "folder\n")?;
        let feeder = Self(folder.to_owned());
        for entry in fs::read_dir(pages_folder())? {
            let page = entry?;
            fs::copy(page.path(), feeder.place(&page.file_name().to_string_lossy()))?;
        }
        feeder.feed("")?;
        Ok(Some(feeder))
    }

    /// Where a picture of this name lies.
    pub fn place(&self, name: &str) -> PathBuf {
        self.0.join("feed").join(name)
    }

    /// What the feeder holds from now on, in the backend's own script: `page to-khai-1.jpg`, `jam@50 to-khai-2.jpg`.
    ///
    /// # Errors
    /// When the script cannot be written.
    pub fn feed(&self, script: &str) -> io::Result<()> {
        fs::write(self.place("feeder.txt"), script)
    }

    /// The environment that leads SANE there.
    pub fn env(&self) -> Vec<(&'static str, PathBuf)> {
        [("SANE_CONFIG_DIR", "etc"), ("LD_LIBRARY_PATH", "lib"), ("SANE_FOLDER_DIR", "feed")]
            .map(|(key, folder)| (key, self.0.join(folder)))
            .to_vec()
    }
}
