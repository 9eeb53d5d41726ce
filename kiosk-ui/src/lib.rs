//! motcua-kiosk: the touchscreen.
//!
//! It draws the last [`motcua_model::api::Snapshot`] of the agent and sends back what was touched. It holds
//! no truth: it may crash or be replaced in the middle of a visit, and the person finds the same step again.

mod address;
pub mod agent;
pub mod comfort;
pub mod compose;
mod courier;
pub mod face;
mod fee;
mod feedback;
pub mod gallery;
pub mod input;
mod officer;
mod papers;
pub mod pictures;
mod queue;
mod reprint;
pub mod samples;
pub mod shots;
pub mod speech;
mod view;

#[allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::undocumented_unsafe_blocks,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::todo
)]
pub mod ui {
    //! What the Slint compiler made of `ui/app.slint`.
    slint::include_modules!();
}
