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

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const EXAMPLE: &str = include_str!("../../../../provisioning/package/agent.example.toml");

    #[test]
    fn the_lines_of_the_example_can_be_used_and_an_office_without_them_gives_no_numbers() {
        let without = Config::parse("a.toml", EXAMPLE).unwrap();
        assert!(!without.queue.is_open() && without.queue.priority.len() == 5 && without.retention.queue_days == 90);
        let (_, section) = EXAMPLE.split_once("# [queue]").unwrap();
        let lines = section.lines().take_while(|line| !line.is_empty()).map(|line| line.trim_start_matches("# "));
        let with = format!("{EXAMPLE}\n[queue]{}\n", lines.collect::<Vec<_>>().join("\n"));
        let queue = Config::parse("a.toml", &with).unwrap().queue;
        assert_eq!((queue.groups.len(), queue.groups[0].code.as_str(), queue.desks), (1, "A", 4));
        assert_eq!(queue.priority[0].id, "age75");
    }

    #[test]
    fn numbers_that_nobody_could_call_and_wrong_groups_are_named() {
        let group = |code: &str| format!("[[queue.groups]]\ncode = \"{code}\"\nname = {{ vi = \"Hộ tịch\", en = \"Civil status\" }}\n");
        let alone =
            EXAMPLE.replace("[console]", "[nobody]").replace("listen = ", "# ").replace("access_code = ", "# ").replace("[nobody]", "");
        for (text, key) in [
            (format!("{alone}\n{}", group("A")), "queue.groups"),
            (format!("{EXAMPLE}\n{}", group("1")), "queue.groups"),
            (format!("{EXAMPLE}\n[queue]\ndesks = 0\n"), "queue.desks"),
            (format!("{EXAMPLE}\n[queue]\n[[queue.priority]]\nid = \"A B\"\nname = {{ vi = \"x\", en = \"x\" }}\n"), "queue.priority"),
        ] {
            let problems = Config::parse("a.toml", &text).unwrap_err();
            assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), [key], "{problems:?}");
        }
        assert!(Config::parse("a.toml", &format!("{EXAMPLE}\n[queue]\npriority = []\n{}", group("A"))).is_ok());
    }
}
