//! Figures for the province's monitoring, as Prometheus text on the local socket. No personal data: no ids, no codes.

use motcua_forward::Class;
use motcua_model::api::{AgentStatus, DeviceState, DossierCounts};
use motcua_store::Waiting;
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Counted since the start of the process.
pub(crate) static METRICS: Metrics = Metrics {
    ok: AtomicU64::new(0),
    failed: [const { AtomicU64::new(0) }; 5],
    uploaded: AtomicU64::new(0),
    stalled: AtomicBool::new(false),
};

const CLASSES: [Class; 5] = [Class::Network, Class::Server, Class::Credential, Class::Rejected, Class::BadReceipt];

/// What the store counts.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) outbox: Waiting,
    pub(crate) dossiers: DossierCounts,
    pub(crate) audit_rows: u64,
}

/// What only a counter can tell.
pub(crate) struct Metrics {
    ok: AtomicU64,
    failed: [AtomicU64; 5],
    /// File bytes that the hub has taken.
    pub(crate) uploaded: AtomicU64,
    stalled: AtomicBool,
}

impl Metrics {
    /// One attempt to send came to this end.
    pub(crate) fn sent(&self, failure: Option<Class>) {
        let counter = match failure.and_then(|class| CLASSES.iter().position(|c| *c == class)) {
            Some(at) => &self.failed[at],
            None => &self.ok,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Changes with everything that gets through to the hub: a message, its announcement, a piece of a file.
    pub(crate) fn moved(&self) -> u64 {
        self.ok.load(Ordering::Relaxed).wrapping_add(self.uploaded.load(Ordering::Relaxed))
    }

    /// Whether nothing gets through although it should; true where that is news.
    pub(crate) fn stalled(&self, stalled: bool) -> bool {
        self.stalled.swap(stalled, Ordering::Relaxed) != stalled
    }

    /// The whole text; `now_s` is Unix time in seconds, `certificate_s` what is left of the device's certificate.
    pub(crate) fn text(&self, status: &AgentStatus, stored: &Stored, now_s: i64, certificate_s: Option<i64>) -> String {
        let mut text = Text(String::new());
        let oldest = stored.outbox.oldest.map_or(0, |oldest| (now_s - oldest.as_second()).max(0));
        text.head("motcua_outbox_items", "gauge", "Messages that wait for the hub");
        for (state, count) in [("waiting", stored.outbox.waiting), ("set_aside", stored.outbox.set_aside)] {
            text.line("motcua_outbox_items", &[("dest", "hub"), ("state", state)], count as f64);
        }
        text.one("motcua_outbox_oldest_age_seconds", "gauge", "Age of the oldest message that waits", oldest as f64);
        let stalled = f64::from(u8::from(self.stalled.load(Ordering::Relaxed)));
        text.one("motcua_outbox_stalled", "gauge", "1 where messages are due and the link is up, but nothing moves", stalled);
        text.one("motcua_quota_ratio", "gauge", "Share of its quota that the store takes", status.disk_ratio);
        text.head("motcua_send_attempts_total", "counter", "Attempts to send, by their end");
        text.line("motcua_send_attempts_total", &[("dest", "hub"), ("class", "ok")], self.ok.load(Ordering::Relaxed) as f64);
        for (class, counter) in CLASSES.iter().zip(&self.failed) {
            text.line("motcua_send_attempts_total", &[("dest", "hub"), ("class", class.name())], counter.load(Ordering::Relaxed) as f64);
        }
        let uploaded = self.uploaded.load(Ordering::Relaxed) as f64;
        text.one("motcua_uploaded_bytes_total", "counter", "File bytes that the hub has taken", uploaded);
        text.one("motcua_dossiers_delivered", "gauge", "Dossiers here that the hub has signed for", f64::from(stored.dossiers.delivered));
        text.one("motcua_dossiers_waiting", "gauge", "Dossiers that the hub does not have", f64::from(stored.dossiers.waiting));
        text.one("motcua_audit_rows", "gauge", "Rows of the audit trail", stored.audit_rows as f64);
        text.one("motcua_catalogue_version", "gauge", "Catalogue in use", f64::from(status.catalogue_version));
        if let Some(offset) = status.clock_offset_s {
            text.one("motcua_clock_offset_seconds", "gauge", "Hub's clock less this PC's", offset as f64);
        }
        if let Some(contact) = status.last_contact {
            text.one("motcua_last_contact_seconds", "gauge", "Since the hub last answered", (now_s - contact.as_second()).max(0) as f64);
        }
        if let Some(left) = certificate_s {
            text.one("motcua_cert_expiry_seconds", "gauge", "Until the device's certificate ends", left as f64);
        }
        text.head("motcua_device_ready", "gauge", "1 where the device is ready");
        for device in &status.devices {
            let ready = device.state == DeviceState::Ready;
            text.line("motcua_device_ready", &[("device", &device.kind)], f64::from(u8::from(ready)));
        }
        text.0
    }
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }
}
