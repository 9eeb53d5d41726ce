//! Times in the database: microseconds since 1970 UTC, so that they sort.

use jiff::Timestamp;
use motcua_model::hub::Moment;
use rusqlite::Row;
use std::sync::OnceLock;
use uuid::Uuid;

/// This start of the PC and the time since it; it decides nothing and is only written down. None where the kernel hides it.
pub fn moment() -> Option<Moment> {
    static BOOT: OnceLock<Option<Uuid>> = OnceLock::new();
    let read = || std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().parse().ok();
    let boot = (*BOOT.get_or_init(read))?;
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let monotonic_ms = u64::try_from(since.tv_sec * 1000 + since.tv_nsec / 1_000_000).unwrap_or_default();
    Some(Moment { boot, monotonic_ms })
}

/// The present [`moment`] as two columns.
pub(crate) fn columns() -> (Option<[u8; 16]>, Option<i64>) {
    let moment = moment();
    (moment.map(|moment| moment.boot.into_bytes()), moment.map(|moment| i64::try_from(moment.monotonic_ms).unwrap_or(i64::MAX)))
}

/// From two columns.
pub(crate) fn load_moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Moment>> {
    let (boot, mono): (Option<[u8; 16]>, Option<i64>) = (row.get(column)?, row.get(column + 1)?);
    Ok(boot.zip(mono).map(|(boot, mono)| Moment { boot: Uuid::from_bytes(boot), monotonic_ms: mono.unsigned_abs() }))
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
