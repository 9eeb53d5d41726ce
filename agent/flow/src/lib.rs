//! The visit at the kiosk and the courier's handover as pure state machines: no I/O, no clock.
//!
//! [`Kiosk::handle`] takes one [`Event`] and answers with [`Effect`]s; [`Kiosk::snapshot`] is what the
//! screen shows.

mod event;

pub use event::{At, Draft, Effect, EndReason, Event, Known, Slip, Unfinished};
