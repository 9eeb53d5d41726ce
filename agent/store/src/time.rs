//! Times in the database: microseconds since 1970 UTC, so that they sort.

use jiff::Timestamp;
use rusqlite::Row;
use std::sync::OnceLock;
use uuid::Uuid;

/// A moment that no clock battery and no technician can move: which start of the PC, and how long after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Of this start of the PC (`/proc/sys/kernel/random/boot_id`).
    pub boot: Uuid,
    /// Milliseconds since then, sleep included.
    pub mono_ms: u64,
}

/// This start of the PC and the time since it; it decides nothing and is only written down. None where the kernel hides it.
pub fn moment() -> Option<Moment> {
    static BOOT: OnceLock<Option<Uuid>> = OnceLock::new();
    let read = || std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().parse().ok();
    let boot = (*BOOT.get_or_init(read))?;
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let mono_ms = u64::try_from(since.tv_sec * 1000 + since.tv_nsec / 1_000_000).unwrap_or_default();
    Some(Moment { boot, mono_ms })
}

pub(crate) fn store(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(crate) fn load(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    parse(column, row.get(column)?)
}

pub(crate) fn load_optional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|micros| parse(column, micros)).transpose()
}

fn parse(column: usize, micros: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(micros)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Integer, Box::new(error)))
}
