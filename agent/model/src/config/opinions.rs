//! What people can give an opinion on.

use crate::opinion::{self, Topic};
use serde::Deserialize;
use std::fmt;

/// Góp ý: one `[[opinions.topics]]` with `id` and `name = { vi = "…", en = "…" }` for each tile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Opinions {
    /// In the order of the tiles; left out: the usual six.
    pub topics: Vec<Topic>,
}

impl Default for Opinions {
    fn default() -> Self {
        Self { topics: opinion::usual_topics() }
    }
}

impl Opinions {
    /// Tells `need` what must be changed.
    pub(crate) fn check(&self, need: &mut dyn FnMut(bool, &str, &dyn fmt::Display, &str)) {
        if let Some((wrong, fix)) = opinion::wrong_topics(&self.topics) {
            need(false, "opinions.topics", &wrong, fix);
        }
    }
}
