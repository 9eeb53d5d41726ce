//! What monitoring asks of the store: sums over what is kept, and how long the disk takes to make it durable.

use crate::{Reader, StoreError};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Sums over everything that is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Bytes of all sealed files, before their sealing.
    pub blob_bytes: u64,
    /// Bytes of what waits for the hub: messages that are made, and the files of their dossiers.
    pub outbox_bytes: u64,
    /// Files that are missing or unreadable.
    pub damaged_files: u64,
}

/// Upper bounds of [`SyncTimes::counts`], seconds. A good SSD takes a millisecond, a worn card seconds.
pub const SYNC_BOUNDS: [f64; 12] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How long this process has waited for its disk: one time for each commit that changed something, each sealed file and each
/// folder that was synced. Counted since the start of the process, over all stores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SyncTimes {
    /// How many times were at most the bound of the same place and above the one before; the last counts what took longer.
    pub counts: [u64; SYNC_BOUNDS.len() + 1],
    /// All times together.
    pub sum: Duration,
}

static COUNTS: [AtomicU64; SYNC_BOUNDS.len() + 1] = [const { AtomicU64::new(0) }; SYNC_BOUNDS.len() + 1];
static NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// The times so far.
pub fn sync_times() -> SyncTimes {
    SyncTimes {
        counts: COUNTS.each_ref().map(|count| count.load(Ordering::Relaxed)),
        sum: Duration::from_nanos(NANOSECONDS.load(Ordering::Relaxed)),
    }
}

/// What `begun` then is durable now.
pub(crate) fn synced(begun: Instant) {
    let took = begun.elapsed();
    COUNTS[place(took)].fetch_add(1, Ordering::Relaxed);
    NANOSECONDS.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn place(took: Duration) -> usize {
    SYNC_BOUNDS.partition_point(|bound| *bound < took.as_secs_f64())
}

impl Reader {
    /// Sums over everything that is kept.
    pub fn held(&self) -> Result<Held, StoreError> {
        let sql = "SELECT coalesce(sum(bytes), 0), coalesce(sum(bytes) FILTER (WHERE dossier IN (SELECT id FROM outbox)), 0),
                          count(*) FILTER (WHERE damaged), (SELECT coalesce(sum(length(message)), 0) FROM frozen) FROM file";
        let held = self.db.prepare_cached(sql)?.query_row([], |row| {
            let (files, waiting, damaged, messages): (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Held {
                blob_bytes: files.unsigned_abs(),
                outbox_bytes: waiting.unsigned_abs() + messages.unsigned_abs(),
                damaged_files: damaged.unsigned_abs(),
            })
        })?;
        Ok(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_own_place() {
        assert_eq!(place(Duration::ZERO), 0);
        assert_eq!(place(Duration::from_millis(1)), 0);
        assert_eq!(place(Duration::from_micros(1001)), 1);
        assert_eq!(place(Duration::from_secs(10)), SYNC_BOUNDS.len() - 1);
        assert_eq!(place(Duration::from_secs(60)), SYNC_BOUNDS.len());
    }
}
