//! The way to the provincial hub: HTTPS with mutual TLS, resumable upload, signed receipts.
//!
//! The crate holds no state that must survive: the hub knows how much of a file it has, the caller's
//! outbox knows which messages are open, how often they were tried and when to try again. A message is
//! done when, and only when, [`HubClient::deliver`] returns a receipt; every other end is a
//! [`ForwardError`] whose [`Class`] says who must act, and [`retry::delay`] says when to come back.
//!
//! The wire is described in [`motcua_model::hub`]. HTTP/1.1 only: a device has one upload stream, and a
//! certificate that the hub refuses shows itself more plainly than through HTTP/2.

pub mod carry;
mod client;
mod error;
mod monitoring;
mod probe;
mod receipt;
pub mod retry;
mod timestamp;
mod tls;
mod upload;

pub use client::{Delivered, HubClient};
pub use error::{Class, ForwardError};
pub use monitoring::Monitoring;
pub use timestamp::TimestampAuthority;
pub use tls::{HubSettings, SetupError};
