//! Pictures of the screens as they come, for the demo. Off unless asked for: they hold what the screen holds.

use crate::{face::Face, gallery};
use anyhow::Context as _;
use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

/// Writes `NNN-<code>[-overlay]-<language>.png` whenever another screen is shown.
pub struct Shots {
    folder: PathBuf,
    last: RefCell<(usize, String)>,
}

impl Shots {
    /// Pictures into this folder.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn new(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("the folder {} could not be made", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), last: RefCell::new((0, String::new())) })
    }

    /// Takes a picture when the screen differs from the last picture's.
    pub fn look(&self, face: &Face) {
        let name = face.shown();
        let mut last = self.last.borrow_mut();
        if name == last.1 {
            return;
        }
        *last = (last.0 + 1, name);
        let path = self.folder.join(format!("{:03}-{}.png", last.0, last.1));
        if let Err(e) = gallery::save(face, &path) {
            tracing::warn!("no picture was taken: {e:#}");
        }
    }
}
