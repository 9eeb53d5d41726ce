//! Pictures of the screens as they come, for the demo. Off unless asked for: they hold what the screen holds.

use crate::{
    face::{Face, pages_of},
    gallery,
};
use anyhow::Context as _;
use motcua_model::{Language, api::Overlay};
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

impl Face {
    /// What is shown, as a name for a picture: code, overlay, language, and whether all pages have their picture.
    pub fn shown(&self) -> String {
        let state = self.state.borrow();
        if state.comfort.covered {
            return "C98".to_owned();
        }
        let Some(snapshot) = &state.snapshot else { return "restarting".to_owned() };
        let overlay = match &snapshot.overlay {
            None => "",
            Some(Overlay::StillThere { .. }) => "-C90",
            Some(Overlay::Fault { .. }) => "-C93",
            Some(Overlay::Help) => "-C92",
            Some(Overlay::ConfirmEnd) => "-end",
        };
        let pages = pages_of(Some(snapshot));
        let drawn = !pages.is_empty() && pages.iter().all(|p| state.pictures.small(p.id).is_some());
        let language = match snapshot.language {
            Language::Vi => "vi",
            Language::En => "en",
        };
        format!("{}{overlay}{}-{language}", snapshot.screen.code(), if drawn { "-pages" } else { "" })
    }
}
