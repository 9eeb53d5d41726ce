//! The reference hub: the executable form of the hub contract in [`motcua_model::hub`].
//!
//! It exists so that a device can be shown and tested without a province: mutual TLS, idempotent
//! messages, resumable uploads, signed receipts, news. What it promises in a receipt is on the disk
//! (synced) before the receipt exists. It is not built for load, and it keeps citizens' files in the
//! clear: for tests and demonstrations with invented persons only.
//!
//! A hub's folder:
//!
//! | path | content |
//! |---|---|
//! | `ca.pem`, `ca.key` | the CA of the hub and its devices |
//! | `server.pem`, `server.key` | the hub's own certificate |
//! | `receipt.key`, `receipt_key.txt` | Ed25519 seed and public key, hex |
//! | `hub.db` | SQLite: messages, files, news, counters |
//! | `files/<message id>/` | `message.json`, `receipt.json` and the files under their names |
//! | `uploads/<message id>/<file id>.part` | files on their way |

mod archive;
mod cut;
mod disk;
mod faults;
pub mod pki;
mod problem;
mod server;
mod uploads;

pub use archive::{Archive, Listed};
pub use faults::Faults;
pub use server::{Options, Running, start};
