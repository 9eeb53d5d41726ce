//! The reference hub: the executable form of the hub contract in [`motcua_model::hub`].
//!
//! It exists so that a device can be shown and tested without a province: mutual TLS, idempotent
//! messages, resumable uploads, signed receipts, news. What it promises in a receipt is on the disk
//! (synced) before the receipt exists. It keeps citizens' files in the clear: for tests and demonstrations with
//! invented persons only. Two engines keep what it holds: SQLite and a folder, or, for scale, PostgreSQL and a
//! bucket ([`SharedOptions`]); with the second, any number of instances may share the work.
//!
//! A hub's folder; of the second engine only its keys:
//!
//! | path | content |
//! |---|---|
//! | `ca.pem`, `ca.key` | the CA of the hub and its devices |
//! | `crl.pem` | which device certificates are revoked; read again when it changes |
//! | `issued/` | every device certificate, under its serial number |
//! | `server.pem`, `server.key` | the hub's own certificate |
//! | `export.pem`, `export.key` | to whom messages on a stick are sealed |
//! | `receipt.key`, `receipt_key.txt` | Ed25519 seed and public key, hex |
//! | `hub.db` | SQLite: messages, files, news, counters, people, stored papers, heartbeats |
//! | `files/<message id>/` | `message.json`, `receipt.json` and the files under their names |
//! | `uploads/<message id>/<file id>.part` | files on their way |

mod archive;
mod clerk;
mod cut;
mod disk;
mod faults;
mod guard;
mod handshake;
mod import;
pub mod openapi;
pub mod pki;
mod portal;
mod problem;
mod registry;
mod revocation;
mod routes;
mod seal;
mod server;
mod shared;
mod storage;
mod tls;
mod uploads;
mod witness;

pub use archive::{Archive, Listed};
pub use clerk::Clerk;
pub use faults::Faults;
pub use guard::Limits;
pub use import::{Imported, Opener, Unsealed, import};
pub use portal::PortalRequests;
pub use registry::{LastSeen, OwnedPaper, Person};
pub use server::{Options, Running, start};
pub use shared::SharedOptions;
pub use witness::Exchange;
