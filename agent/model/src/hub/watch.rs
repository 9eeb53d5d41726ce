//! How a device is, told to the hub every few minutes; no personal data.

use crate::api::DeviceState;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A moment by a clock that no battery and no technician can set wrongly: which start of the PC, and how long after it. A [`Heartbeat`]
/// of the same boot ties it to the hub's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// Of this start of the PC (`/proc/sys/kernel/random/boot_id`).
    pub boot: Uuid,
    /// Milliseconds since then, sleep included.
    pub monotonic_ms: u64,
}

/// A device's state. Sent every 5 minutes, give or take 20 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// Name of the device, as in its certificate's common name.
    pub device: String,
    /// Of the agent, for example `0.1.0`.
    pub agent_version: String,
    /// The kernel's boot id: another one says that the device was off.
    pub boot: Uuid,
    /// Milliseconds since that boot: with `boot`, a clock that cannot be set wrongly.
    pub monotonic_ms: u64,
    /// The device's wall clock.
    pub clock: Timestamp,
    /// [`crate::catalogue::Catalogue::version`] in use.
    pub catalogue_version: u32,
    /// Version of the configuration in use, as [`super::News::Config`] counts; 0 where it came with the package.
    #[serde(default)]
    pub config_version: u32,
    /// What waits for this hub.
    pub outbox: OutboxCounts,
    /// Used part of the disk quota, 0.0 to 1.0 and above.
    pub disk_quota_ratio: f64,
    /// Newest entry of the audit chain.
    pub audit: AuditHead,
    /// One line per kind of device.
    pub devices: Vec<DeviceReport>,
}

/// Messages by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutboxCounts {
    /// Not delivered yet.
    pub waiting: u64,
    /// Set aside for the technician.
    pub quarantined: u64,
    /// Age of the oldest that waits, seconds; none where nothing waits.
    #[serde(default)]
    pub oldest_age_s: Option<u64>,
}

/// The end of a device's audit chain. The hub keeps the newest heads it was told, so that a chain that lost its tail, or
/// was written anew, shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditHead {
    /// Number of the newest entry; 0 before the first.
    #[schemars(range(max = 9_223_372_036_854_775_807_u64))]
    pub number: u64,
    /// Its hash, lower-case hex; 64 zeros before the first.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub hash: String,
}

/// One kind of device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceReport {
    /// `scanner`, `reader`, `card_reader`, `printer`.
    pub kind: String,
    /// Present state.
    pub state: DeviceState,
}

/// What the hub answers to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeartbeatAnswer {
    /// The hub's clock: the device learns its offset from it.
    pub hub_time: Timestamp,
    /// Newest catalogue for this device; none where the hub has none.
    #[serde(default)]
    pub catalogue_version: Option<u32>,
    /// Newest configuration for this device; none where the hub has none.
    #[serde(default)]
    pub config_version: Option<u32>,
    /// Present where the audit chain does not go on from what the hub was told before. The hub's operator sees it too.
    #[serde(default)]
    pub audit_flag: Option<AuditFlag>,
}

/// What is wrong with a device's audit chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditFlag {
    /// The number is lower than one told before: entries were lost, or an old backup runs.
    WentBack,
    /// The same number had another hash: entries were written anew.
    OtherHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_without_later_fields_still_reads() {
        let json = serde_json::json!({
            "device": "K07", "agent_version": "0.1.0", "boot": Uuid::nil(), "monotonic_ms": 1, "clock": "2026-11-23T08:00:00Z",
            "catalogue_version": 1, "outbox": {"waiting": 0, "quarantined": 0}, "disk_quota_ratio": 0.5,
            "audit": {"number": 0, "hash": "0".repeat(64)}, "devices": [{"kind": "printer", "state": {"needs_human": "printer_paper_out"}}],
        });
        let read: Heartbeat = serde_json::from_value(json).unwrap();
        assert_eq!((read.config_version, read.outbox.oldest_age_s), (0, None));
    }
}
