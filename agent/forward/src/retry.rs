//! When to try again. The only place that names the crate `backoff`.

use crate::Class;
use backoff::{SystemClock, backoff::Backoff as _, exponential::ExponentialBackoff, exponential::ExponentialBackoffBuilder};
use std::time::Duration;

/// Nothing is tried again sooner, whatever the hub or the dice say.
pub const SHORTEST: Duration = Duration::from_millis(500);
/// A hub that asks for more is asked again after this.
pub const LONGEST_OBEYED: Duration = Duration::from_secs(3600);

/// The exponential part: doubling from `base` to `cap`, then full jitter over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Upper bound after the first failure.
    pub base: Duration,
    /// Upper bound after many.
    pub cap: Duration,
}

impl Default for Schedule {
    /// 2 s and 600 s: in the simulation of 10,000 devices coming back at once this drained fastest with
    /// the fewest refusals (forwarding evidence, 6).
    fn default() -> Self {
        Self { base: Duration::from_secs(2), cap: Duration::from_secs(600) }
    }
}

/// How long to wait after failure number `attempts` (1 is the first), by the default schedule.
pub fn delay(attempts: u32, retry_after: Option<Duration>, class: Class) -> Duration {
    Schedule::default().delay(attempts, retry_after, class)
}

impl Schedule {
    /// How long to wait after failure number `attempts` (1 is the first). The hub's `retry_after` goes
    /// first, up to an hour, plus 0 to 50 % so that a province does not come back in one second. A failure
    /// that only a person can mend is tried at the cap's pace from the start.
    pub fn delay(&self, attempts: u32, retry_after: Option<Duration>, class: Class) -> Duration {
        if let Some(wish) = retry_after {
            let wish = wish.min(LONGEST_OBEYED);
            return (wish + jitter(wish / 2)).max(SHORTEST);
        }
        jitter(self.ceiling(attempts, class)).max(SHORTEST)
    }

    /// The upper bound that [`Schedule::delay`] draws below.
    pub fn ceiling(&self, attempts: u32, class: Class) -> Duration {
        match class {
            Class::Network | Class::Server => self.grown(attempts),
            // Half of the cap at least: sooner only fills the logs, much later leaves a repaired device idle.
            Class::Credential | Class::Rejected | Class::BadReceipt => self.grown(attempts).max(self.cap / 2),
        }
    }

    fn grown(&self, attempts: u32) -> Duration {
        let mut steps = exponential(self.base.min(self.cap), self.cap);
        // From base 1 ns, 64 doublings pass any cap that fits a Duration.
        for _ in 1..attempts.min(64) {
            steps.next_backoff();
        }
        steps.current_interval
    }
}

/// How long to wait before the first words after the PC has started: anything up to `most`.
pub fn after_boot(most: Duration) -> Duration {
    jitter(most)
}

/// About `period`, a fifth more or less, so that devices that started together drift apart.
pub fn around(period: Duration) -> Duration {
    period - period / 5 + jitter(period * 2 / 5)
}

/// Anything from nothing to `ceiling`: the crate jitters around its interval by +-100 %.
fn jitter(ceiling: Duration) -> Duration {
    exponential(ceiling / 2, ceiling).next_backoff().unwrap_or(ceiling).min(ceiling)
}

fn exponential(first: Duration, cap: Duration) -> ExponentialBackoff<SystemClock> {
    ExponentialBackoffBuilder::new()
        .with_initial_interval(first)
        .with_max_interval(cap)
        .with_multiplier(2.0)
        .with_randomization_factor(1.0)
        .with_max_elapsed_time(None)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn the_ceiling_doubles_from_two_seconds_to_ten_minutes() {
        let ceilings = (1..=11).map(|n| Schedule::default().ceiling(n, Class::Network)).collect::<Vec<_>>();
        assert_eq!(ceilings, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map(S));
        assert_eq!(Schedule::default().ceiling(u32::MAX, Class::Server), S(600));
        assert_eq!(Schedule::default().ceiling(0, Class::Server), S(2));
    }

    #[test]
    fn what_a_person_must_mend_waits_minutes_from_the_start() {
        assert_eq!(Schedule::default().ceiling(1, Class::Credential), S(300));
        assert_eq!(Schedule::default().ceiling(50, Class::Rejected), S(600));
    }

    #[test]
    fn delays_spread_over_the_whole_range_and_never_reach_zero() {
        let delays: Vec<Duration> = (0..2000).map(|_| delay(4, None, Class::Network)).collect();
        assert!(delays.iter().all(|d| (SHORTEST..=S(16)).contains(d)));
        assert!(delays.iter().any(|d| *d < S(4)) && delays.iter().any(|d| *d > S(12)), "no full jitter");
    }

    #[test]
    fn the_hubs_wish_is_obeyed_up_to_an_hour_and_a_half_more() {
        for _ in 0..200 {
            assert!((S(30)..=S(45)).contains(&delay(9, Some(S(30)), Class::Server)));
            assert!((S(3600)..=S(5400)).contains(&delay(1, Some(S(1_000_000)), Class::Server)));
            assert_eq!(delay(1, Some(Duration::ZERO), Class::Server), SHORTEST);
        }
    }

    #[test]
    fn heartbeats_drift_apart_and_boot_waits_stay_below_their_limit() {
        let beats: Vec<Duration> = (0..500).map(|_| around(S(300))).collect();
        assert!(beats.iter().all(|beat| (S(240)..=S(360)).contains(beat)));
        assert!(beats.iter().any(|beat| *beat < S(270)) && beats.iter().any(|beat| *beat > S(330)));
        assert!((0..500).all(|_| after_boot(S(120)) <= S(120)));
        assert_eq!(after_boot(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_short_schedule_for_a_demo_keeps_its_cap() {
        let fast = Schedule { base: S(1), cap: S(3) };
        assert_eq!(fast.ceiling(5, Class::Network), S(3));
        assert!((0..200).all(|_| fast.delay(9, None, Class::Rejected) <= S(3)));
    }
}
