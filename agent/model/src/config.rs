//! The agent's configuration file (TOML): parsed once, every problem named.

mod couriers;
mod opinions;
mod payment;
mod queue;
mod scanner;
mod signing;

pub use couriers::{Couriers, Signer, is_number};
pub use opinions::Opinions;
pub use payment::{Payment, TransferAccount};
pub use queue::Queue;
pub use scanner::Scanner;
pub use signing::Signing;

use crate::{Text, code, pages::PageLimits, pdf_name::PdfNames, units::units};
use serde::Deserialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// `/etc/motcua/agent.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Version of this file's form: 1.
    pub version: u32,
    /// Who and where we are.
    pub office: Office,
    /// Where things lie on the disk.
    pub paths: Paths,
    /// Local API.
    pub api: Api,
    /// Staff console; left out: none.
    pub console: Option<Console>,
    /// Document scanner; left out: the office has none.
    pub scanner: Option<Scanner>,
    /// Barcode and QR reader; left out: the office has none.
    pub reader: Option<Reader>,
    /// Reader of the card's chip; left out: the office has none, and the card's QR stands alone.
    pub card_reader: Option<CardReader>,
    /// Receipt printer; left out: the office has none.
    pub printer: Option<Printer>,
    /// Provincial hub.
    pub hub: Hub,
    /// Times of the visit.
    #[serde(default)]
    pub visit: Visit,
    /// Text recognition.
    #[serde(default)]
    pub ocr: Ocr,
    /// From which number on a scanned page counts as faulty.
    #[serde(default)]
    pub pages: PageLimits,
    /// What the PDFs of papers are called.
    #[serde(default)]
    pub pdf: PdfNames,
    /// PDF files that people bring.
    #[serde(default)]
    pub brought: Brought,
    /// What people can give an opinion on.
    #[serde(default)]
    pub opinions: Opinions,
    /// How a fee can be paid at the kiosk.
    #[serde(default)]
    pub payment: Payment,
    /// Numbers of the queue; left out: none are given here.
    #[serde(default)]
    pub queue: Queue,
    /// Who signs a handover of parcels with a PIN.
    #[serde(default)]
    pub couriers: Couriers,
    /// How long what the hub has is kept here.
    #[serde(default)]
    pub retention: Retention,
    /// Figures sent to the province's monitoring; left out: none are.
    pub telemetry: Option<Telemetry>,
    /// The office's token; left out: dossiers go to the hub unsigned, at once.
    pub signing: Option<Signing>,
}

/// Figures sent to the province's monitoring, the same as on the local socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The receiver's whole address, OTLP over HTTPS: `https://host:4318/v1/metrics`. This device shows its certificate there; the
    /// receiver's must come from the hub's authority (`hub.ca`).
    pub otlp: String,
    /// Seconds between two messages, give or take a fifth.
    #[serde(default = "default_every")]
    pub every_s: u16,
}

/// How long what the hub has signed for is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Hours after the receipt in which scans and record stay whole; then code, status and times are left.
    pub whole_hours: u16,
    /// Days that the minimal record of a dossier for frequent use (sử dụng thường xuyên) stays (R58).
    pub frequent_use_days: u16,
    /// The same for management (quản lý).
    pub management_days: u16,
    /// The same where the archive keeps the dossier for ever (vĩnh viễn).
    pub permanent_days: u16,
    /// Days that numbers of the queue and their times stay, for statistics (R18); they name nobody and the hub does not get them.
    pub queue_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { whole_hours: 1, frequent_use_days: 90, management_days: 365, permanent_days: 730, queue_days: 90 }
    }
}

/// Who and where we are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Name on every screen and slip.
    pub name: Text,
    /// Mã định danh cơ quan (QĐ 20/2020/QĐ-TTg).
    pub agency: String,
    /// Short name of this device in provisional codes: 1-8 capital letters or digits.
    pub device: String,
    /// Telephone for help; may be empty.
    #[serde(default)]
    pub phone: String,
    /// Address that the QR of the slip opens; `{code}` stands for the code.
    pub tracking_url: String,
    /// Mã đơn vị hành chính of the commune that the office serves, five digits: people choose it first. Left out: none comes first.
    #[serde(default)]
    pub commune: Option<String>,
}

/// Where things lie on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// Database and sealed files.
    pub state: PathBuf,
    /// File with the 32-byte store key as 64 hex digits, mode 0600; made at the first start.
    pub key: PathBuf,
    /// Procedure catalogue (JSON); left out: the one that comes with the product.
    pub catalogue: Option<PathBuf>,
}

/// Where the sealed form of the store key lies: `store.key.cred` beside `store.key`. `systemd-creds encrypt` writes it, bound to
/// this PC's TPM or, where it has none, to this installation.
pub fn sealed_key(key: &Path) -> PathBuf {
    key.with_added_extension("cred")
}

/// Local API on a unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Path of the socket.
    pub socket: PathBuf,
    /// Users besides root and the agent's own who may connect: the kiosk screen's.
    #[serde(default)]
    pub uids: Vec<u32>,
}

/// Staff console over HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// `address:port`.
    pub listen: String,
    /// File with the staff access code, mode 0600; made at the first start.
    pub access_code: PathBuf,
}

/// Section `[brought]`: PDF files that people bring in place of paper. With a console, the desk can upload one, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brought {
    /// Folder below which USB sticks are mounted; left out: no stick is looked at.
    pub sticks: Option<PathBuf>,
}

/// Barcode and QR reader: in serial (USB-CDC) mode, or as a keyboard. One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Serial mode: stable path, `/dev/serial/by-id/…`.
    pub serial: Option<PathBuf>,
    /// Keyboard mode: stable path, `/dev/input/by-id/…-event-kbd`. Vietnamese letters do not survive it.
    pub keyboard: Option<PathBuf>,
    /// Bits per second.
    #[serde(default = "default_baud")]
    pub baud: u32,
}

impl Reader {
    /// How the device is reached, for people.
    pub fn address(&self) -> String {
        one_of([shown(self.serial.as_ref()), shown(self.keyboard.as_ref())])
    }
}

/// Reader of the citizen card's chip. One of the three ways.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardReader {
    /// PC/SC: part of the reader's name; `""` takes the first one.
    pub pcsc: Option<String>,
    /// HN212 desk reader, Socket.IO: `http://192.168.5.1:8000`.
    pub hn212: Option<String>,
    /// HN212 desk reader, serial variant: stable path, `/dev/serial/by-id/…`.
    pub hn212_serial: Option<PathBuf>,
    /// Folder with the certificates (PEM or DER) of the authorities that sign chips (CSCA); left out: no chip's signer
    /// can be trusted, and the result says so.
    pub trust: Option<PathBuf>,
}

impl CardReader {
    /// How the device is reached, for people.
    pub fn address(&self) -> String {
        let pcsc = self.pcsc.as_ref().map(|name| format!("pcsc:{name}"));
        one_of([pcsc, self.hn212.clone(), shown(self.hn212_serial.as_ref())])
    }
}

/// Receipt printer (ESC/POS). One of the three ways.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printer {
    /// Network: `host:9100`.
    pub tcp: Option<String>,
    /// USB: `/dev/usb/lp0`.
    pub usb: Option<PathBuf>,
    /// Serial: stable path.
    pub serial: Option<PathBuf>,
    /// Bits per second of the serial line.
    #[serde(default = "default_printer_baud")]
    pub baud: u32,
    /// Dots across: 576 (80 mm) or 384 (58 mm).
    #[serde(default = "default_width")]
    pub width: u32,
    /// The printer draws QRs itself (`GS ( k`): sharper and fewer bytes; many clones cannot.
    #[serde(default)]
    pub native_qr: bool,
    /// TrueType font with Vietnamese letters.
    #[serde(default = "default_font")]
    pub font: PathBuf,
}

impl Printer {
    /// How the device is reached, for people.
    pub fn address(&self) -> String {
        one_of([self.tcp.clone(), shown(self.usb.as_ref()), shown(self.serial.as_ref())])
    }
}

fn one_of<const N: usize>(ways: [Option<String>; N]) -> String {
    ways.into_iter().flatten().next().unwrap_or_default()
}

fn shown(path: Option<&PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

/// Provincial hub, by mutual TLS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hub {
    /// `https://host:port`.
    pub url: String,
    /// Authority that signed the hub's certificate (PEM).
    pub ca: PathBuf,
    /// This device's certificate (PEM); its common name is the device's name at the hub.
    pub cert: PathBuf,
    /// Its private key (PEM), mode 0600.
    pub key: PathBuf,
    /// Ed25519 public key of the hub's receipts, 64 hex digits.
    pub receipt_key: String,
    /// The hub's certificate for messages that are carried to it (PEM); left out: none are.
    pub export_cert: Option<PathBuf>,
    /// Seconds between two questions for news while there is nothing to send.
    #[serde(default = "default_poll")]
    pub poll_s: u16,
    /// Seconds between two heartbeats, give or take a fifth.
    #[serde(default = "default_heartbeat")]
    pub heartbeat_s: u16,
    /// After the PC has started, a random wait of up to so many seconds: the power of a whole district comes back at once.
    #[serde(default = "default_boot_wait")]
    pub boot_wait_s: u16,
    /// Most kilobits a second that uploads may take, so that the office's other programs have their share; 0: no limit.
    #[serde(default)]
    pub max_kbit_s: u32,
    /// Minutes without any progress, while the link is up and messages are due, after which the log and the figures say so.
    #[serde(default = "default_stalled")]
    pub stalled_min: u16,
}

/// Times of the visit in seconds; floors of ux.md 7.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Visit {
    /// Idle time on a reading screen.
    pub reading_s: u16,
    /// Idle time while typing.
    pub typing_s: u16,
    /// Idle time while scanning.
    pub scanning_s: u16,
    /// Idle time while printing or waiting.
    pub waiting_s: u16,
    /// How long "Còn ở đây không?" stays.
    pub warning_s: u16,
    /// An officer is at work while the office is open: behind the slip the person may wait for the officer's word (C16).
    pub wait_for_officer: bool,
}

impl Default for Visit {
    fn default() -> Self {
        Self { reading_s: 90, typing_s: 120, scanning_s: 180, waiting_s: 300, warning_s: 45, wait_for_officer: false }
    }
}

/// Text recognition by Tesseract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ocr {
    /// Language model, `vie`.
    pub language: String,
    /// Folder of the models; left out: the system's.
    pub tessdata: Option<PathBuf>,
}

impl Default for Ocr {
    fn default() -> Self {
        Self { language: "vie".to_owned(), tessdata: None }
    }
}

fn default_poll() -> u16 {
    60
}
fn default_heartbeat() -> u16 {
    300
}
fn default_boot_wait() -> u16 {
    120
}
fn default_stalled() -> u16 {
    30
}
fn default_every() -> u16 {
    60
}
fn default_baud() -> u32 {
    9600
}
fn default_printer_baud() -> u32 {
    115_200
}
fn default_width() -> u32 {
    576
}
fn default_font() -> PathBuf {
    PathBuf::from("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf")
}

/// One problem of the file, with the way to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which file.
    pub file: String,
    /// Which key, dotted; empty when the file as a whole is meant.
    pub key: String,
    /// What stands there.
    pub value: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}; {}", self.file, self.value, self.fix),
            key => write!(f, "{}: {key} = {:?}: {}", self.file, self.value, self.fix),
        }
    }
}

impl Config {
    /// Parses and checks the text of `file`. Either a configuration that can be used, or every problem
    /// that can be seen without touching the disk.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let config: Self = toml::from_str(text).map_err(|e| vec![syntax_problem(file, text, &e)])?;
        let problems = config.problems(file);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    fn problems(&self, file: &str) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut need = |ok: bool, key: &str, value: &dyn fmt::Display, fix: &str| {
            if !ok {
                found.push(Problem { file: file.to_owned(), key: key.to_owned(), value: value.to_string(), fix: fix.to_owned() });
            }
        };
        need(self.version == 1, "version", &self.version, "write 1; a newer file needs a newer agent");
        need(!self.office.name.vi.trim().is_empty(), "office.name.vi", &self.office.name.vi, "write the office's name in Vietnamese");
        need(!self.office.name.en.trim().is_empty(), "office.name.en", &self.office.name.en, "write the office's name in English");
        need(
            code::is_agency(&self.office.agency),
            "office.agency",
            &self.office.agency,
            "write the agency code (mã định danh), for example H15.50.05",
        );
        need(
            code::is_device(&self.office.device),
            "office.device",
            &self.office.device,
            "write 1 to 8 capital letters or digits, for example K07",
        );
        need(
            self.office.tracking_url.contains("{code}"),
            "office.tracking_url",
            &self.office.tracking_url,
            "write an address that contains {code}",
        );
        let commune = self.office.commune.as_deref();
        need(
            commune.is_none_or(|code| units().commune(code).is_some()),
            "office.commune",
            &commune.unwrap_or_default(),
            "write the five digits of a commune of today, for example 00004; agent/model/data/units.tsv lists them",
        );
        need(self.paths.state.is_absolute(), "paths.state", &self.paths.state.display(), "write an absolute path");
        need(self.paths.key.is_absolute(), "paths.key", &self.paths.key.display(), "write an absolute path");
        need(self.api.socket.is_absolute(), "api.socket", &self.api.socket.display(), "write an absolute path");
        need(
            self.api.socket.as_os_str().len() <= 100,
            "api.socket",
            &self.api.socket.display(),
            "choose a path of at most 100 characters; the system allows no longer one",
        );
        if let Some(console) = &self.console {
            need(
                console.listen.parse::<std::net::SocketAddr>().is_ok(),
                "console.listen",
                &console.listen,
                "write address:port, for example 127.0.0.1:8443",
            );
        }
        if let Some(scanner) = &self.scanner {
            scanner.check(&mut need);
        }
        if let Some(reader) = &self.reader {
            let ways = [reader.serial.is_some(), reader.keyboard.is_some()];
            need(exactly_one(&ways), "reader", &reader.address(), "write exactly one of serial and keyboard");
            for (key, path, example) in [
                ("reader.serial", &reader.serial, "/dev/serial/by-id/usb-…"),
                ("reader.keyboard", &reader.keyboard, "/dev/input/by-id/…-event-kbd"),
            ] {
                let absolute = path.as_ref().is_none_or(|path| path.is_absolute());
                need(absolute, key, &reader.address(), &format!("write the device's path, for example {example}"));
            }
            need(
                (1200..=1_000_000).contains(&reader.baud),
                "reader.baud",
                &reader.baud,
                "write 9600 unless the reader's manual says otherwise",
            );
        }
        if let Some(reader) = &self.card_reader {
            let ways = [reader.pcsc.is_some(), reader.hn212.is_some(), reader.hn212_serial.is_some()];
            need(exactly_one(&ways), "card_reader", &reader.address(), "write exactly one of pcsc, hn212 and hn212_serial");
            if let Some(address) = &reader.hn212 {
                need(url(address, "http://"), "card_reader.hn212", address, "write the reader's address, usually http://192.168.5.1:8000");
            }
            for (key, path) in [("card_reader.hn212_serial", &reader.hn212_serial), ("card_reader.trust", &reader.trust)] {
                if let Some(path) = path {
                    need(path.is_absolute(), key, &path.display(), "write an absolute path");
                }
            }
        }
        if let Some(printer) = &self.printer {
            let ways = [printer.tcp.is_some(), printer.usb.is_some(), printer.serial.is_some()];
            need(exactly_one(&ways), "printer", &printer.address(), "write exactly one of tcp, usb and serial");
            if let Some(tcp) = &printer.tcp {
                let address = tcp.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
                need(address, "printer.tcp", tcp, "write host:port, for example 192.168.1.30:9100");
            }
            for (key, path, example) in
                [("printer.usb", &printer.usb, "/dev/usb/lp0"), ("printer.serial", &printer.serial, "/dev/serial/by-id/usb-…")]
            {
                if let Some(path) = path {
                    need(path.is_absolute(), key, &path.display(), &format!("write the device's path, for example {example}"));
                }
            }
            need(
                (1200..=1_000_000).contains(&printer.baud),
                "printer.baud",
                &printer.baud,
                "write the speed that the printer's self-test slip shows",
            );
            need(matches!(printer.width, 384 | 576), "printer.width", &printer.width, "write 576 for 80 mm paper or 384 for 58 mm");
        }
        need(url(&self.hub.url, "https://"), "hub.url", &self.hub.url, "write the hub's address, beginning with https://");
        need(
            is_hex_64(&self.hub.receipt_key),
            "hub.receipt_key",
            &self.hub.receipt_key,
            "write the hub's 64 hex digits (the province's IT office has them)",
        );
        need((1..=3600).contains(&self.hub.poll_s), "hub.poll_s", &self.hub.poll_s, "write 1 to 3600 seconds; 60 suits most");
        let stalled = self.hub.stalled_min;
        need((1..=1440).contains(&stalled), "hub.stalled_min", &stalled, "write 1 to 1440 minutes; 30 suits most");
        self.opinions.check(&mut need);
        self.payment.check(&mut need);
        self.queue.check(self.console.is_some(), &mut need);
        self.couriers.check(&mut need);
        if let Some(telemetry) = &self.telemetry {
            need(
                is_whole_address(&telemetry.otlp),
                "telemetry.otlp",
                &telemetry.otlp,
                "write the receiver's whole address, for example https://monitoring.example:4318/v1/metrics",
            );
            let every = telemetry.every_s;
            need((10..=3600).contains(&every), "telemetry.every_s", &every, "write 10 to 3600 seconds; 60 suits most");
        }
        need(
            self.pdf.is_sound(),
            "pdf.name",
            &self.pdf.name,
            "write letters, digits, . _ - and {dossier}, {number}, and where wanted {type}, {date}; {dossier}.{number} suits most",
        );
        if let Some(sticks) = &self.brought.sticks {
            need(sticks.is_absolute(), "brought.sticks", &sticks.display(), "write an absolute path");
        }
        if let Some(signing) = &self.signing {
            signing.check(self.console.is_some(), &mut need);
        }
        for (key, value, sane, usual) in self.pages.ranges() {
            let (low, high) = (sane.start(), sane.end());
            need(sane.contains(&value), key, &value, &format!("write {low} to {high}; {usual} suits most"));
        }
        for (key, value, floor) in [
            ("visit.reading_s", self.visit.reading_s, 60),
            ("visit.typing_s", self.visit.typing_s, 60),
            ("visit.scanning_s", self.visit.scanning_s, 60),
            ("visit.waiting_s", self.visit.waiting_s, 60),
            ("visit.warning_s", self.visit.warning_s, 20),
        ] {
            need(value >= floor, key, &value, &format!("write {floor} or more: slower people need the time"));
        }
        found
    }
}

fn url(text: &str, scheme: &str) -> bool {
    text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

fn exactly_one(ways: &[bool]) -> bool {
    ways.iter().filter(|way| **way).count() == 1
}

/// `https://`, a host, perhaps a port, and a path.
fn is_whole_address(text: &str) -> bool {
    let Some((host, path)) = text.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else { return false };
    let port = match host.rsplit_once(':') {
        Some((_, port)) if !host.ends_with(']') => port.parse::<u16>().is_ok(),
        Some(_) | None => true,
    };
    port && !host.is_empty() && !host.starts_with(':') && !path.is_empty() && !text.contains(char::is_whitespace)
}

fn is_hex_64(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// toml names the place; a technician needs the line.
fn syntax_problem(file: &str, text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
    Problem {
        file: file.to_owned(),
        key: String::new(),
        value: format!("line {line}: {}", error.message()),
        fix: "mend that line; the example file shows every key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../../provisioning/package/agent.example.toml");

    #[test]
    fn the_example_file_is_valid() {
        Config::parse("agent.example.toml", GOOD).unwrap();
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let text = GOOD.replace("device = \"K07\"", "device = \"kiosk seven\"").replace("dpi = 300", "dpi = 72");
        let problems = Config::parse("a.toml", &text).unwrap_err();
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown[0].contains("office.device") && shown[0].contains("kiosk seven") && shown[0].contains("K07"));
        assert!(shown[1].contains("scanner.dpi"));
    }

    #[test]
    fn the_office_serves_a_commune_of_today_or_tells_none() {
        let with = |code: &str| Config::parse("a.toml", &GOOD.replace("# commune = \"00004\"", &format!("commune = \"{code}\"")));
        assert_eq!(with("00004").unwrap().office.commune.as_deref(), Some("00004"));
        // Phường Phúc Xá, until 30/6/2025.
        assert!(with("00001").unwrap_err()[0].to_string().contains("office.commune"));
    }

    #[test]
    fn a_receiver_of_figures_needs_its_whole_address() {
        let telemetry = |lines: &str| Config::parse("a.toml", &format!("{GOOD}\n[telemetry]\n{lines}\n"));
        assert_eq!(Config::parse("a.toml", GOOD).unwrap().telemetry, None);
        for good in ["https://monitoring.example/v1/metrics", "https://10.0.0.5:4318/v1/metrics", "https://[fd00::5]/otlp/v1/metrics"] {
            assert_eq!(telemetry(&format!("otlp = \"{good}\"")).unwrap().telemetry.unwrap().every_s, 60, "{good}");
        }
        for bad in [
            "http://monitoring.example:4318/v1/metrics",
            "https://monitoring.example:4318",
            "https://monitoring.example:4318/",
            "https://monitoring.example:otlp/v1/metrics",
            "https:///v1/metrics",
            "monitoring.example:4318",
        ] {
            let problem = &telemetry(&format!("otlp = \"{bad}\"")).unwrap_err()[0].to_string();
            assert!(problem.contains("telemetry.otlp") && problem.contains(bad) && problem.contains("/v1/metrics"), "{problem}");
        }
        let problem = &telemetry("otlp = \"https://a/b\"\nevery_s = 1").unwrap_err()[0];
        assert!(problem.key == "telemetry.every_s" && problem.fix.contains("60"), "{problem}");
    }

    #[test]
    fn an_unknown_key_and_a_broken_line_are_located() {
        let problem = &Config::parse("a.toml", &GOOD.replace("[scanner]", "[scaner]")).unwrap_err()[0];
        assert!(problem.to_string().contains("scaner"), "{problem}");
        let problem = &Config::parse("a.toml", "version = 1\noffice = [").unwrap_err()[0];
        assert!(problem.to_string().contains("line 2"), "{problem}");
    }
}
