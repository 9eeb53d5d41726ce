//! The words of the domain: what citizens, clerks, couriers and the hub talk about.
//!
//! Pure data and rules: no I/O, no clock, no randomness. Times and ids are arguments.
//! The crate is also the contract between the processes: [`api`] is what the kiosk screen and the
//! technician's command see of the agent, [`hub`] is what the agent and the hub say to each other.

pub mod address;
pub mod api;
pub mod brought;
pub mod catalogue;
pub mod citizen;
pub mod code;
pub mod config;
pub mod correction;
pub mod document_types;
pub mod dossier;
pub mod fault;
pub mod for_whom;
pub mod form;
pub mod handover;
pub mod hub;
pub mod metadata;
pub mod mrz;
pub mod opinion;
pub mod pages;
pub mod particulars;
pub mod pdf_name;
pub mod pin;
pub mod portal;
pub mod queue;
pub mod rating;
pub mod scanned;
pub mod supplement;
mod text;
pub mod transfer;
pub mod typed_card;
pub mod units;

pub use text::{Language, Private, Text, capitalised, dong, fold, thousands};

/// No device with this software can have lived earlier; raised with each release. A dead clock battery brings years such as
/// 1970 or 2003.
pub const EARLIEST_TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 1);

/// For dates that cannot be compared with today.
pub(crate) const LATEST_DAY: jiff::civil::Date = jiff::civil::date(2099, 12, 31);
