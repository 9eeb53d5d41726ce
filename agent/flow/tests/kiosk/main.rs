//! The kiosk as its shell and its people meet it: events in, effects and snapshots out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod address;
mod asking;
mod batch;
mod chip;
mod common;
mod courier;
mod ending;
mod fee;
mod for_whom;
mod lookup;
mod missing;
mod officer;
mod opinion;
mod papers_first;
mod pdf;
mod queue;
mod random;
mod rating;
mod reprint;
mod resume;
mod scanning;
mod supplement;
mod table;
mod typed;
mod visit;
mod ways;
