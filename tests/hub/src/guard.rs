//! How much a hub takes on: so many requests at once, so many per device, and when to come back otherwise.

use crate::problem::Refusal;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How much one instance takes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Requests at work at once; more are shed with 503.
    pub in_flight: usize,
    /// Questions and messages per second of one device in the long run; uploads do not count. More is 429.
    pub per_device: f64,
    /// What a device may ask at once after a quiet time.
    pub burst: f64,
}

impl Default for Limits {
    /// Room for a device that empties a month's outbox, not for one that asks in a loop.
    fn default() -> Self {
        Self { in_flight: 64, per_device: 20.0, burst: 200.0 }
    }
}

/// Beyond it nobody is sent away: the agent's own schedule is better then.
const LONGEST: u64 = 600;
/// How long deliveries are counted before the pace is believed.
const WINDOW: Duration = Duration::from_secs(5);
/// What a hub that has just started believes of itself: too much costs a second refusal, too little costs minutes.
const FIRST_PACE: f64 = 50.0;
/// More are invited than were served: a hub that sends away at the pace of its worst seconds stays at that pace.
const INVITED: f64 = 1.5;
/// What is left of a pace after a window that was slower.
const MEMORY: f64 = 0.95;
/// Buckets are cleared of quiet devices beyond so many.
const MANY_DEVICES: usize = 20_000;

/// The counters behind [`Limits`].
pub(crate) struct Guard {
    limits: Limits,
    in_flight: AtomicUsize,
    devices: Mutex<HashMap<String, Bucket>>,
    slots: Mutex<Slots>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// One request's place; free again on drop.
pub(crate) struct Place<'a>(&'a Guard);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Guard {
    pub(crate) fn new(limits: Limits) -> Self {
        let slots = Slots::new(Instant::now());
        Self { limits, in_flight: AtomicUsize::new(0), devices: Mutex::default(), slots: Mutex::new(slots) }
    }

    /// A place, or when to come back.
    pub(crate) fn enter(&self) -> Result<Place<'_>, Refusal> {
        let place = Place(self);
        if self.in_flight.fetch_add(1, Ordering::AcqRel) < self.limits.in_flight {
            return Ok(place);
        }
        let wait = locked(&self.slots).next(Instant::now());
        Err(Refusal { retry_after: Some(wait), ..Refusal::new(503, "Full", "the hub is full; come back after Retry-After") })
    }

    /// Takes one token of the device.
    pub(crate) fn ask(&self, device: &str) -> Result<(), Refusal> {
        let (now, Limits { per_device, burst, .. }) = (Instant::now(), self.limits);
        let mut devices = locked(&self.devices);
        if devices.len() > MANY_DEVICES {
            devices.retain(|_, bucket| bucket.tokens + per_device * now.duration_since(bucket.at).as_secs_f64() < burst);
        }
        let bucket = devices.entry(device.to_owned()).or_insert(Bucket { tokens: burst, at: now });
        bucket.tokens = (bucket.tokens + per_device * now.duration_since(bucket.at).as_secs_f64()).min(burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - bucket.tokens) / per_device).ceil().clamp(1.0, 60.0);
        let refusal = Refusal::new(429, "Too often", "this device asks too often; come back after Retry-After");
        Err(Refusal { retry_after: Some(wait as u64), ..refusal })
    }

    /// A message is complete: the pace that slots are given at.
    pub(crate) fn delivered(&self) {
        locked(&self.slots).delivered(Instant::now());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds to come, each given to about as many senders as can be served in it: those who were sent away first come
/// first, and few come for nothing.
struct Slots {
    start: Instant,
    given: BTreeMap<u64, u32>,
    counted_from: Instant,
    counted: u32,
    per_second: f64,
}

impl Slots {
    fn new(now: Instant) -> Self {
        Self { start: now, given: BTreeMap::new(), counted_from: now, counted: 0, per_second: FIRST_PACE }
    }

    fn delivered(&mut self, now: Instant) {
        self.counted += 1;
        let time = now.duration_since(self.counted_from);
        if time >= WINDOW {
            self.per_second = (f64::from(self.counted) / time.as_secs_f64()).max(self.per_second * MEMORY).max(1.0);
            (self.counted_from, self.counted) = (now, 0);
        }
    }

    /// Seconds until the first second with room.
    fn next(&mut self, now: Instant) -> u64 {
        let second = now.duration_since(self.start).as_secs();
        self.given = self.given.split_off(&second);
        let room = (self.per_second * INVITED) as u32;
        let wait = (1..LONGEST).find(|wait| self.given.get(&(second + wait)).is_none_or(|given| *given < room));
        let wait = wait.unwrap_or(LONGEST);
        *self.given.entry(second + wait).or_default() += 1;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_hub_sheds_and_has_room_again() {
        let guard = Guard::new(Limits { in_flight: 1, ..Limits::default() });
        let place = guard.enter().map_err(|_| ()).unwrap();
        let refusal = guard.enter().err().unwrap();
        assert_eq!((refusal.problem.status, refusal.retry_after), (503, Some(1)));
        let waits: Vec<u64> = (0..80).filter_map(|_| guard.enter().err()?.retry_after).collect();
        assert_eq!((waits[0], waits[79]), (1, 2), "who does not fit into the first second comes later");
        drop(place);
        assert!(guard.enter().is_ok());
    }

    #[test]
    fn a_device_in_a_loop_is_stopped_and_others_are_not() {
        let guard = Guard::new(Limits { per_device: 0.5, burst: 3.0, ..Limits::default() });
        for _ in 0..3 {
            guard.ask("K07").unwrap();
        }
        let refusal = guard.ask("K07").unwrap_err();
        assert_eq!((refusal.problem.status, refusal.retry_after), (429, Some(2)));
        guard.ask("K08").unwrap();
    }

    #[test]
    fn slots_follow_the_pace_of_deliveries() {
        let start = Instant::now();
        let mut slots = Slots::new(start);
        for _ in 0..1000 {
            slots.delivered(start + Duration::from_secs(1));
        }
        slots.delivered(start + Duration::from_secs(10));
        assert_eq!(slots.per_second.round() as u32, 100);
        let now = start + Duration::from_secs(20);
        let waits: Vec<u64> = (0..170).map(|_| slots.next(now)).collect();
        assert_eq!((waits[149], waits[150]), (1, 2), "half as many again as were served");
        assert_eq!(slots.next(now + Duration::from_secs(60)), 1, "what is past is forgotten");
        let most = (0..100_000).map(|_| slots.next(now + Duration::from_secs(60))).max().unwrap();
        assert_eq!(most, LONGEST);
    }
}
