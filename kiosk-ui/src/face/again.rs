//! Snapshots of the question that is on the screen already.

use super::State;
use crate::{address::Picker, feedback};
use motcua_model::api::{Screen, Snapshot};

impl State {
    /// The paper was read while the person looked at the question, and nothing is typed yet.
    pub(super) fn is_answered_now(&self, new: &Snapshot) -> bool {
        let old = self.snapshot.as_ref().map(|s| &s.screen);
        let Some(Screen::Question { at: old_at, read_from: None, .. }) = old else { return false };
        let same = matches!(&new.screen, Screen::Question { at, read_from: Some(_), .. } if at == old_at);
        same && self.local.typed.is_empty() && self.local.address.as_ref().is_none_or(Picker::is_untouched)
    }

    /// The same question with a word on what is wrong: what was typed stays, to be mended.
    pub(super) fn asks_again(&self, new: &Snapshot) -> bool {
        let old = self.snapshot.as_ref().map(|s| &s.screen);
        if let (Some(Screen::Passport { .. }), Screen::Passport { error: Some(_) }) = (old, &new.screen) {
            return true;
        }
        if let (Some(Screen::Opinion { page: old }), Screen::Opinion { page: new }) = (old, &new.screen) {
            return feedback::asks_again(old, new);
        }
        let Some(Screen::Question { at: old_at, ask: old_ask, .. }) = old else { return false };
        matches!(&new.screen, Screen::Question { at, ask, error: Some(_), .. } if at == old_at && ask == old_ask)
    }
}
