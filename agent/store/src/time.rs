//! Times in the database: microseconds since 1970 UTC, so that they sort.

use jiff::Timestamp;
use rusqlite::Row;

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
