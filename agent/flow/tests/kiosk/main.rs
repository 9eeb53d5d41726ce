//! The kiosk as its shell and its people meet it: events in, effects and snapshots out.

mod common;
mod courier;
mod random;
mod table;
mod visit;
