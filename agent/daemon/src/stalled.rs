//! Notices when nothing gets through to the hub although it should, and says in a line for `systemctl status` what waits.

use crate::{api, input::Inputs, metrics::METRICS, watchdog, worker::Storage};
use jiff::{SignedDuration, Timestamp};
use motcua_model::api::LinkState;
use motcua_store::Waiting;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(30);
/// Half a working day without a signature is told.
const TO_SIGN: SignedDuration = SignedDuration::from_hours(4);

/// Delivery as one look finds it.
#[derive(Clone, Copy)]
struct Seen {
    /// A message could go now: its next try lies behind.
    due: bool,
    link: LinkState,
    /// Changes with everything that gets through.
    moved: u64,
}

/// Since when nothing gets through.
struct Standing {
    moved: u64,
    since: Instant,
}

impl Standing {
    /// How long messages have been due on a good link without anything getting through. A wait for the next try, or for the link,
    /// is no standstill: those have their own figures.
    fn time(&mut self, seen: Seen, now: Instant) -> Duration {
        if !seen.due || seen.link != LinkState::Up || seen.moved != self.moved {
            *self = Self { moved: seen.moved, since: now };
        }
        now.saturating_duration_since(self.since)
    }
}

/// Lives as long as the agent.
pub(crate) async fn run(stalled_min: u16, storage: Storage, inputs: Inputs) {
    let limit = Duration::from_secs(u64::from(stalled_min) * 60);
    let mut look = tokio::time::interval(LOOK);
    let (mut standing, mut line) = (Standing { moved: METRICS.moved(), since: Instant::now() }, String::new());
    let mut unsigned = false;
    loop {
        look.tick().await;
        let Some(status) = api::live_status(&inputs).await else { return };
        let (next, waiting) = match storage.read(|s| Ok((s.outbox_next()?, s.outbox_counts()?))).await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!("the outbox cannot be read: {error:#}");
                continue;
            }
        };
        let link = status.health.hub;
        let seen = Seen { due: next.is_some_and(|next| next <= Timestamp::now()), link, moved: METRICS.moved() };
        say(standing.time(seen, Instant::now()) >= limit, stalled_min);
        unsigned = say_to_sign(unsigned, &waiting, Timestamp::now());
        let now = summary(&waiting, link);
        if now != line {
            watchdog::status(&now);
            line = now;
        }
    }
}

/// Once when it begins and once when it is over.
fn say(stalled: bool, minutes: u16) {
    match (METRICS.stalled(stalled), stalled) {
        (true, true) => tracing::error!(
            "messages are due and the link is up, but nothing has got through for {minutes} min; next step: motcua outbox ls shows what \
             waits and why; if it tells nothing: systemctl restart motcua-agent"
        ),
        (true, false) => tracing::info!("the outbox moves again"),
        (false, _) => {}
    }
}

/// The same for what waits for the office's signatures, which is nobody's failure. Answers whether it is too long.
fn say_to_sign(before: bool, waiting: &Waiting, now: Timestamp) -> bool {
    let long = waits_long(waiting, now);
    match (before, long) {
        (false, true) => tracing::warn!(
            waiting = waiting.to_sign,
            "dossiers have waited for the office's signatures for {} h and are not at the hub; next step: staff sign them at the console \
             (Chờ ký), or send them unsigned there with a reason",
            TO_SIGN.as_hours()
        ),
        (true, false) => tracing::info!("what had waited long for signatures is signed or sent"),
        (true, true) | (false, false) => {}
    }
    long
}

fn waits_long(waiting: &Waiting, now: Timestamp) -> bool {
    waiting.oldest_to_sign.is_some_and(|oldest| now.duration_since(oldest) >= TO_SIGN)
}

fn summary(waiting: &Waiting, link: LinkState) -> String {
    let link = match link {
        LinkState::Unknown => "not tried yet",
        LinkState::Up => "up",
        LinkState::Down => "down",
        LinkState::Refused => "refused",
    };
    let to_sign = if waiting.to_sign > 0 { format!(", {} wait for signatures", waiting.to_sign) } else { String::new() };
    format!("Hub: link {link}, {} message(s) wait{to_sign}, {} set aside", waiting.waiting, waiting.set_aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const IDLE: Seen = Seen { due: false, link: LinkState::Up, moved: 0 };
    const DUE: Seen = Seen { due: true, link: LinkState::Up, moved: 0 };

    /// What is found in one minute after the other, and how many minutes of standstill are seen in the last.
    fn minutes(seen: &[Seen]) -> u64 {
        let start = Instant::now();
        let mut standing = Standing { moved: 0, since: start };
        let times = (0..).zip(seen).map(|(minute, seen)| standing.time(*seen, start + MINUTE * minute));
        times.last().unwrap().as_secs() / 60
    }

    #[test]
    fn what_is_due_on_a_good_link_must_move() {
        assert_eq!(minutes(&[DUE; 31]), 30);
        assert_eq!(minutes(&[IDLE, IDLE, IDLE, DUE, DUE]), 2, "idle hours before do not count");
    }

    #[test]
    fn every_movement_begins_a_new_count() {
        let moved = Seen { moved: 65_536, ..DUE };
        assert_eq!(minutes(&[DUE, DUE, DUE, moved]), 0);
        assert_eq!(minutes(&[DUE, DUE, DUE, moved, moved]), 1);
    }

    #[test]
    fn nothing_due_or_no_link_is_no_standstill() {
        assert_eq!(minutes(&[DUE, DUE, DUE, IDLE]), 0, "delivered, or waiting for its next try");
        for link in [LinkState::Down, LinkState::Refused, LinkState::Unknown] {
            assert_eq!(minutes(&[DUE, DUE, DUE, Seen { link, ..DUE }]), 0, "{link:?}");
        }
    }

    #[test]
    fn a_technician_reads_what_waits() {
        let waiting = Waiting { waiting: 3, set_aside: 1, ..Waiting::default() };
        assert_eq!(summary(&waiting, LinkState::Down), "Hub: link down, 3 message(s) wait, 1 set aside");
        let waiting = Waiting { to_sign: 2, ..waiting };
        assert_eq!(summary(&waiting, LinkState::Up), "Hub: link up, 3 message(s) wait, 2 wait for signatures, 1 set aside");
    }

    #[test]
    fn half_a_day_without_a_signature_is_told() {
        let since = Timestamp::UNIX_EPOCH;
        let waiting = Waiting { to_sign: 1, oldest_to_sign: Some(since), ..Waiting::default() };
        assert!(!waits_long(&waiting, since + SignedDuration::from_mins(239)));
        assert!(waits_long(&waiting, since + SignedDuration::from_mins(240)));
        assert!(!waits_long(&Waiting::default(), since + SignedDuration::from_hours(99)));
    }
}
