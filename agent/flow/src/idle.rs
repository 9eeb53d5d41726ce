//! How long nobody may do anything, counted by the monotonic clock (ux.md 7.6).

use motcua_model::config::Visit;

/// How a screen treats silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Warn after so many seconds, then end.
    Seconds(u16),
    /// The last screen: ends by itself after so many seconds, without a warning.
    Farewell(u16),
    /// A device or the disk works for the person: never end, look again later.
    Busy(u16),
}

/// When somebody last did something, and whether the person was asked if they are still there.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    now_ms: u64,
    active_ms: u64,
    warned_ms: Option<u64>,
}

impl Idle {
    /// The clock of the event that is being handled; it never goes back.
    pub(crate) fn now(&mut self, mono_ms: u64) {
        self.now_ms = self.now_ms.max(mono_ms);
    }

    /// Somebody is there: a full period from now.
    pub(crate) fn active(&mut self) {
        self.active_ms = self.now_ms;
        self.warned_ms = None;
    }

    pub(crate) fn warned(&self) -> bool {
        self.warned_ms.is_some()
    }

    /// Seconds left of the warning, rounded up; none when there is no warning.
    pub(crate) fn seconds_left(&self, mono_ms: u64, visit: &Visit) -> Option<u16> {
        let end = self.warned_ms? + seconds(visit.warning_s);
        u16::try_from(end.saturating_sub(mono_ms).div_ceil(1000)).ok()
    }

    /// True when the visit is over.
    pub(crate) fn tick(&mut self, patience: Patience, visit: &Visit) -> bool {
        match (patience, self.warned_ms) {
            (Patience::Busy(_), _) => {
                self.active();
                false
            }
            (Patience::Farewell(s), _) => self.now_ms >= self.active_ms + seconds(s),
            (Patience::Seconds(_), Some(warned)) => self.now_ms >= warned + seconds(visit.warning_s),
            (Patience::Seconds(s), None) => {
                if self.now_ms >= self.active_ms + seconds(s) {
                    self.warned_ms = Some(self.now_ms);
                }
                false
            }
        }
    }

    /// The next moment at which [`Idle::tick`] may change something.
    pub(crate) fn wake_at(&self, patience: Patience, visit: &Visit) -> u64 {
        match (patience, self.warned_ms) {
            (Patience::Seconds(_), Some(warned)) => {
                let shown = self.now_ms.saturating_sub(warned) / 1000;
                (warned + (shown + 1) * 1000).min(warned + seconds(visit.warning_s))
            }
            (Patience::Seconds(s), None) | (Patience::Farewell(s) | Patience::Busy(s), _) => self.active_ms + seconds(s),
        }
    }

    /// When the screen of a kiosk that nobody uses is put back to its first state.
    pub(crate) fn resting_until(&self, visit: &Visit) -> u64 {
        self.active_ms + seconds(visit.reading_s)
    }
}

fn seconds(s: u16) -> u64 {
    u64::from(s) * 1000
}
