//! The store against real SQLite, real files, real kills and a real full disk.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod audit;
mod backup;
mod behaviour;
mod catalogue;
mod corrections;
mod damage;
mod failing_disk;
mod feedback;
mod figures;
mod full_disk;
mod handovers;
mod keys;
mod kill;
mod ordering;
mod privacy;
mod queue;
mod reprint;
mod retention;
mod signing;
mod support;
