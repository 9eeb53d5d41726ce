//! Numbers of the queue.

use crate::queue::{self, Group, PriorityGroup};
use serde::Deserialize;
use std::fmt;

/// Lấy số: one `[[queue.groups]]` with `code` and `name = { vi = "…", en = "…" }` for each line of people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// In the order of the tiles; left out: no numbers are given here.
    pub groups: Vec<Group>,
    /// Whom the law lets go first, in the order of the tiles; left out: the usual five; `[]`: nobody is asked.
    pub priority: Vec<PriorityGroup>,
    /// Desks that call, numbered from 1.
    pub desks: u8,
}

impl Default for Queue {
    fn default() -> Self {
        Self { groups: Vec::new(), priority: queue::usual_priority(), desks: 4 }
    }
}

impl Queue {
    /// Whether numbers are given here.
    pub fn is_open(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Tells `need` what must be changed.
    pub(crate) fn check(&self, with_console: bool, need: &mut dyn FnMut(bool, &str, &dyn fmt::Display, &str)) {
        if let Some((wrong, fix)) = queue::wrong_groups(&self.groups) {
            need(false, "queue.groups", &wrong, fix);
        }
        if let Some((wrong, fix)) = queue::wrong_priority(&self.priority) {
            need(false, "queue.priority", &wrong, fix);
        }
        need((1..=30).contains(&self.desks), "queue.desks", &self.desks, "write 1 to 30 desks");
        let called = with_console || !self.is_open();
        need(called, "queue.groups", &"no [console]", "add the section [console], where staff call the numbers, or leave [queue] out");
    }
}
