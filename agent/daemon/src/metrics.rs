//! Figures for the province's monitoring. No personal data: no ids, no codes. They are gathered here as plain data and written down
//! elsewhere: one source, whatever the form.

pub(crate) mod otlp;
pub(crate) mod prometheus;

use crate::{api, boot, input::Inputs, slip::in_vietnam, worker::Storage};
use jiff::Timestamp;
use motcua_forward::Class;
use motcua_model::{
    api::{AgentStatus, DeviceState, DossierCounts},
    config::Hub,
    queue::{Ticket, mean_wait_s},
};
use motcua_store::{Held, SyncTimes, Waiting, sync_times};
use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Counted since the start of the process.
pub(crate) static METRICS: Metrics = Metrics {
    ok: AtomicU64::new(0),
    failed: [const { AtomicU64::new(0) }; 5],
    uploaded: AtomicU64::new(0),
    receipts: AtomicU64::new(0),
    duplicates: AtomicU64::new(0),
    stalled: AtomicBool::new(false),
};

const CLASSES: [Class; 5] = [Class::Network, Class::Server, Class::Credential, Class::Rejected, Class::BadReceipt];

/// What the store counts.
#[derive(Default)]
struct Stored {
    outbox: Waiting,
    held: Held,
    dossiers: DossierCounts,
    audit_rows: u64,
    /// Of today.
    queue: Vec<Ticket>,
}

/// What only a counter can tell.
pub(crate) struct Metrics {
    ok: AtomicU64,
    failed: [AtomicU64; 5],
    /// File bytes that the hub has taken.
    pub(crate) uploaded: AtomicU64,
    receipts: AtomicU64,
    duplicates: AtomicU64,
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

    /// A receipt of the hub was checked and kept.
    pub(crate) fn receipt(&self) {
        self.receipts.fetch_add(1, Ordering::Relaxed);
    }

    /// The hub had the whole message from an earlier try, and stored it no second time.
    pub(crate) fn duplicate(&self) {
        self.duplicates.fetch_add(1, Ordering::Relaxed);
    }

    /// Changes with everything that gets through to the hub: a message, its announcement, a piece of a file.
    pub(crate) fn moved(&self) -> u64 {
        self.ok.load(Ordering::Relaxed).wrapping_add(self.uploaded.load(Ordering::Relaxed))
    }

    /// Whether nothing gets through although it should; true where that is news.
    pub(crate) fn stalled(&self, stalled: bool) -> bool {
        self.stalled.swap(stalled, Ordering::Relaxed) != stalled
    }
}

/// One figure, or one for each value of its labels.
pub(crate) struct Figure {
    /// Without unit prefix; ends in `_total` where it only grows.
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) help: &'static str,
    pub(crate) values: Values,
}

/// How a figure behaves.
pub(crate) enum Values {
    /// Goes up and down.
    Gauge(Vec<Point>),
    /// Only grows, from 0 at the start of the process.
    Counter(Vec<Point>),
    /// How often something took how long, seconds.
    Times(SyncTimes),
}

/// One value.
pub(crate) struct Point {
    /// Names and values; constant words, never anything about a person.
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) value: f64,
}

/// All figures of this moment; none while the agent stops.
pub(crate) async fn gather(inputs: &Inputs, storage: Option<&Storage>, hub: &Hub) -> anyhow::Result<Option<Vec<Figure>>> {
    let Some(status) = api::live_status(inputs).await else { return Ok(None) };
    let today = in_vietnam(Timestamp::now()).date();
    let stored = match storage {
        Some(storage) => {
            let all = storage.read(move |s| {
                let (outbox, held, dossiers) = (s.outbox_counts()?, s.held()?, s.counts()?);
                Ok(Stored { outbox, held, dossiers, audit_rows: s.audit_head()?.0, queue: s.tickets(today)? })
            });
            all.await?
        }
        None => Stored::default(),
    };
    let now = Timestamp::now().as_second();
    let certificate_s = fs::read(&hub.cert).ok().and_then(|pem| certificate_end(&pem)).map(|end| end - now);
    Ok(Some(METRICS.figures(&status, &stored, now, certificate_s)))
}

fn certificate_end(pem: &[u8]) -> Option<i64> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    Some(pem.parse_x509().ok()?.validity().not_after.timestamp())
}

impl Metrics {
    /// `now_s` is Unix time in seconds, `certificate_s` what is left of the device's certificate.
    fn figures(&self, status: &AgentStatus, stored: &Stored, now_s: i64, certificate_s: Option<i64>) -> Vec<Figure> {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let Stored { outbox, held, dossiers, audit_rows, queue } = stored;
        let age = |oldest: Option<Timestamp>| oldest.map_or(0, |oldest| (now_s - oldest.as_second()).max(0));
        let (oldest, to_sign) = (age(outbox.oldest), age(outbox.oldest_to_sign));
        let attempts = CLASSES.iter().map(|class| class.name()).zip(self.failed.iter().map(count));
        let attempts = [("ok", count(&self.ok))].into_iter().chain(attempts);
        let attempts = attempts.map(|(class, value)| point(&[("dest", "hub"), ("class", class)], value)).collect();
        let ready = |state: DeviceState| f64::from(u8::from(state == DeviceState::Ready));
        let devices = status.devices.iter().map(|device| point(&[("device", &device.kind)], ready(device.state))).collect();
        let mut figures = vec![
            Figure {
                name: "motcua_outbox_items",
                help: "Messages for the hub",
                values: Values::Gauge(vec![
                    point(&[("dest", "hub"), ("state", "waiting")], outbox.waiting as f64),
                    point(&[("dest", "hub"), ("state", "set_aside")], outbox.set_aside as f64),
                    point(&[("dest", "hub"), ("state", "to_sign")], outbox.to_sign as f64),
                ]),
            },
            gauge("motcua_outbox_oldest_age_seconds", "Age of the oldest message that waits for the hub", oldest as f64),
            gauge("motcua_outbox_to_sign_age_seconds", "Age of the oldest message that waits for the office's signatures", to_sign as f64),
            gauge(
                "motcua_outbox_bytes",
                "Bytes of what waits for the hub: messages and the files of their dossiers",
                held.outbox_bytes as f64,
            ),
            gauge(
                "motcua_outbox_stalled",
                "1 where messages are due and the link is up, but nothing moves",
                f64::from(u8::from(self.stalled.load(Ordering::Relaxed))),
            ),
            Figure {
                name: "motcua_quarantine_items",
                help: "What a technician must look at: messages that were set aside, files that are damaged",
                values: Values::Gauge(vec![
                    point(&[("kind", "message")], outbox.set_aside as f64),
                    point(&[("kind", "file")], held.damaged_files as f64),
                ]),
            },
            gauge("motcua_quota_ratio", "Share of its quota that the store takes", status.disk_ratio),
            gauge("motcua_blob_bytes", "Bytes of the sealed files", held.blob_bytes as f64),
            Figure { name: "motcua_send_attempts_total", help: "Attempts to send, by their end", values: Values::Counter(attempts) },
            counter("motcua_uploaded_bytes_total", "File bytes that the hub has taken", count(&self.uploaded)),
            counter("motcua_receipts_total", "Receipts of the hub that were checked and kept", count(&self.receipts)),
            counter(
                "motcua_duplicates_suppressed_total",
                "Messages sent again that the hub had whole already and did not store twice",
                count(&self.duplicates),
            ),
            gauge("motcua_dossiers_delivered", "Dossiers here that the hub has signed for", f64::from(dossiers.delivered)),
            gauge("motcua_dossiers_waiting", "Dossiers that the hub does not have", f64::from(dossiers.waiting)),
            gauge("motcua_audit_rows", "Rows of the audit trail", *audit_rows as f64),
            gauge("motcua_catalogue_version", "Catalogue in use", f64::from(status.catalogue_version)),
            gauge(
                "motcua_config_version",
                "Configuration in use, as the hub counts; 0 where it came with the package",
                f64::from(boot::CONFIG_VERSION),
            ),
            Figure {
                name: "motcua_fsync_seconds",
                help: "How long the disk took to make a commit, a file or a folder durable",
                values: Values::Times(sync_times()),
            },
        ];
        let known = [
            ("motcua_clock_offset_seconds", "Hub's clock less this PC's", status.clock_offset_s),
            ("motcua_last_contact_seconds", "Since the hub last answered", status.last_contact.map(|at| (now_s - at.as_second()).max(0))),
            ("motcua_cert_expiry_seconds", "Until the device's certificate ends", certificate_s),
        ];
        figures.extend(known.into_iter().filter_map(|(name, help, value)| Some(gauge(name, help, value? as f64))));
        if !queue.is_empty() {
            let waiting = queue.iter().filter(|ticket| ticket.is_in_line()).count();
            let mean = mean_wait_s(queue).unwrap_or_default();
            figures.push(gauge("motcua_queue_waiting", "People who wait with a number of today", waiting as f64));
            figures.push(gauge("motcua_queue_wait_seconds", "Mean wait of the numbers called today", mean as f64));
        }
        if !status.devices.is_empty() {
            figures.push(Figure { name: "motcua_device_ready", help: "1 where the device is ready", values: Values::Gauge(devices) });
        }
        figures
    }
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Figure {
    Figure { name, help, values: Values::Gauge(vec![point(&[], value)]) }
}

fn counter(name: &'static str, help: &'static str, value: f64) -> Figure {
    Figure { name, help, values: Values::Counter(vec![point(&[], value)]) }
}

fn point(labels: &[(&'static str, &str)], value: f64) -> Point {
    Point { labels: labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), value }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use motcua_model::{
        api::{DeviceLine, Health},
        queue::Standing,
    };

    /// An office with two devices and a link.
    pub(crate) fn status() -> AgentStatus {
        let line = |kind: &str, state| DeviceLine {
            kind: kind.to_owned(),
            address: "127.0.0.1:9100".to_owned(),
            model: String::new(),
            state,
            problem: String::new(),
        };
        let at = Timestamp::from_second(1_795_399_200).unwrap();
        AgentStatus {
            version: "0.1.0".to_owned(),
            started: at,
            health: Health::default(),
            devices: vec![line("printer", DeviceState::Lost), line("scanner", DeviceState::Ready)],
            outbox: Vec::new(),
            dossiers: DossierCounts::default(),
            catalogue_version: 4,
            hub_problem: String::new(),
            last_contact: Some(at),
            clock_offset_s: Some(-2),
            audit_flag: None,
            disk_ratio: 0.25,
        }
    }

    /// One that waits, and one that was called after two minutes.
    fn tickets(taken: Timestamp) -> Vec<Ticket> {
        let waits = Ticket { taken, ..crate::queue::tests::ticket(1, "A", false) };
        let called = Some(taken + jiff::SignedDuration::from_mins(2));
        let standing = Standing::Called { desk: 1 };
        vec![Ticket { number: 2, standing, call: Some(1), first_called: called, called, ..waits.clone() }, waits]
    }

    /// Every figure that there is, of that office.
    pub(crate) fn example() -> Vec<Figure> {
        let status = status();
        let at = status.started;
        let stored = Stored {
            outbox: Waiting { waiting: 3, set_aside: 1, to_sign: 2, oldest: Some(at), oldest_to_sign: Some(at) },
            held: Held { blob_bytes: 5_000_000_000, outbox_bytes: 2_500_000, damaged_files: 2 },
            dossiers: DossierCounts { waiting: 3, delivered: 7 },
            audit_rows: 12,
            queue: tickets(at),
        };
        let counted = Metrics {
            ok: AtomicU64::new(9),
            failed: [const { AtomicU64::new(1) }; 5],
            uploaded: AtomicU64::new(65_536),
            receipts: AtomicU64::new(8),
            duplicates: AtomicU64::new(2),
            stalled: AtomicBool::new(true),
        };
        let mut figures = counted.figures(&status, &stored, at.as_second() + 90, Some(86_400));
        for figure in &mut figures {
            if let Values::Times(times) = &mut figure.values {
                *times = SyncTimes { counts: [4, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1], sum: std::time::Duration::from_millis(12_345) };
            }
        }
        figures
    }

    #[test]
    fn nothing_that_monitoring_must_have_is_missing() {
        let names: Vec<&str> = example().iter().map(|figure| figure.name).collect();
        for name in [
            "outbox_items",
            "outbox_oldest_age_seconds",
            "outbox_to_sign_age_seconds",
            "outbox_bytes",
            "quota_ratio",
            "blob_bytes",
            "send_attempts_total",
            "receipts_total",
            "duplicates_suppressed_total",
            "quarantine_items",
            "clock_offset_seconds",
            "cert_expiry_seconds",
            "config_version",
            "fsync_seconds",
            "last_contact_seconds",
        ] {
            assert_eq!(names.iter().filter(|found| found.strip_prefix("motcua_") == Some(name)).count(), 1, "{name}");
        }
    }
}
