//! Faults on demand, for tests: what lines and hubs do on bad days.

use serde::{Deserialize, Serialize};

/// Faults to come. Each one happens as often as it says and is over then; sending a new set replaces the old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Cut the connection as soon as an upload holds this many bytes; later bytes are lost. Once.
    pub drop_after_bytes: Option<u64>,
    /// Answer this status instead of doing anything, `times` times (0 counts as 1).
    pub status: Option<u16>,
    /// `Retry-After` in seconds with `status`.
    pub retry_after: Option<u64>,
    /// How often `status` happens.
    pub times: u32,
    /// Process the next request and cut the connection without answering. Once.
    pub lose_response: bool,
    /// The same, but at the next answer that holds a receipt. Once.
    pub lose_receipt: bool,
    /// Spoil the signature of the next receipt. Once.
    pub bad_receipt: bool,
    /// The national portal and its store cannot be asked, until the next set.
    pub portal_away: bool,
}

impl Faults {
    /// The status to answer with, if it is still due.
    pub(crate) fn take_status(&mut self) -> Option<(u16, Option<u64>)> {
        let status = self.status?;
        self.times = self.times.saturating_sub(1);
        if self.times == 0 {
            self.status = None;
        }
        Some((status, self.retry_after))
    }
}
