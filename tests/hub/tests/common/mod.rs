//! A hub in a folder of its own, devices with certificates, and invented dossiers.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "test helpers; each test file uses its own part")]

use jiff::{Timestamp, Zoned, civil::date};
use motcua_forward::{Delivered, ForwardError, HubClient, HubSettings};
use motcua_hub::{Options, Running, pki, start};
use motcua_model::{
    Private, Text,
    citizen::{PersonNumber, Sex},
    code::{ParcelCheck, ParcelCode, ProvisionalCode},
    dossier::{Answer, Applicant, Dossier, FileRef, Handover, HandoverParcel, Proof},
    hub::{Message, MessageBody, NamedFile},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

pub mod raw;

pub const AGENCY: &str = "H15.50.05";

/// A hub's folder; the hub itself is started apart, so that it can die and come back.
pub struct Lab {
    pub folder: TempDir,
}

impl Lab {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        pki::init(&folder.path().join("hub"), &names(), Zoned::now().date()).unwrap();
        Self { folder }
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    pub async fn start(&self) -> Running {
        let options = Options { dir: self.dir(), listen: local(), agency: AGENCY.to_owned(), test_listen: Some(local()) };
        start(options).await.unwrap()
    }

    pub fn settings(&self, device: &str, addr: SocketAddr) -> HubSettings {
        self.settings_with(device, addr, pki::Validity::Usual)
    }

    pub fn settings_with(&self, device: &str, addr: SocketAddr, validity: pki::Validity) -> HubSettings {
        let out = self.folder.path().join(device);
        pki::issue(&self.dir(), device, &out, validity, Zoned::now().date()).unwrap();
        settings_from(&out, addr)
    }

    pub fn client(&self, device: &str, addr: SocketAddr) -> HubClient {
        HubClient::new(self.settings(device, addr)).unwrap()
    }

    /// The hub's copy, as a person would look at it.
    pub fn copy(&self, message: Uuid, name: &str) -> Vec<u8> {
        fs::read(self.dir().join("files").join(message.to_string()).join(name)).unwrap()
    }
}

pub fn names() -> Vec<String> {
    ["localhost", "127.0.0.1"].map(str::to_owned).to_vec()
}

pub fn local() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub fn settings_from(out: &Path, addr: SocketAddr) -> HubSettings {
    let mut receipt_key = [0; 32];
    hex::decode_to_slice(fs::read_to_string(out.join("receipt_key.txt")).unwrap(), &mut receipt_key).unwrap();
    HubSettings {
        url: format!("https://{addr}"),
        ca_pem: fs::read(out.join("hub-ca.pem")).unwrap(),
        cert_pem: fs::read(out.join("device.pem")).unwrap(),
        key_pem: Zeroizing::new(fs::read(out.join("device.key")).unwrap()),
        receipt_key,
    }
}

/// A message as an outbox would hold it: frozen bytes and the files by id.
pub struct Parcel {
    pub message: Message,
    pub json: Vec<u8>,
    pub files: HashMap<Uuid, Vec<u8>>,
}

impl Parcel {
    pub fn freeze(message: Message, files: HashMap<Uuid, Vec<u8>>) -> Self {
        Self { json: serde_json::to_vec(&message).unwrap(), message, files }
    }

    pub async fn deliver(&self, client: &HubClient) -> Result<Delivered, ForwardError> {
        client.deliver(&self.json, |id| async move { self.files.get(&id).cloned().ok_or_else(|| "no such file".to_owned()) }).await
    }

    pub fn total(&self) -> u64 {
        self.files.values().map(|f| f.len() as u64).sum()
    }
}

/// A dossier with one file per length.
pub fn dossier(device: &str, lengths: &[usize]) -> Parcel {
    let id = Uuid::now_v7();
    let mut files = HashMap::new();
    let mut named = Vec::new();
    for (number, length) in lengths.iter().enumerate() {
        let bytes: Vec<u8> = (0..*length).map(|i| (i * 31 + i / 251 + number) as u8).collect();
        let file = FileRef {
            id: Uuid::now_v7(),
            sha256: hex::encode(Sha256::digest(&bytes)),
            bytes: *length as u64,
            media: "application/pdf".to_owned(),
        };
        files.insert(file.id, bytes);
        named.push(NamedFile { name: format!("{:02}-giay-chung-sinh.pdf", number + 1), document: Uuid::now_v7(), file });
    }
    let body = MessageBody::Dossier(Box::new(record(id, device)));
    Parcel::freeze(Message { id, device: device.to_owned(), sequence: 1, body, files: named }, files)
}

fn record(id: Uuid, device: &str) -> Dossier {
    Dossier {
        id,
        code: ProvisionalCode::new("K07", date(2026, 11, 23), 42),
        agency: AGENCY.to_owned(),
        device: device.to_owned(),
        channel: 1,
        procedure: "1.001193".to_owned(),
        procedure_name: Text::new("Đăng ký khai sinh", "Birth registration"),
        catalogue_version: 1,
        applicant: Applicant {
            number: PersonNumber::parse("001190000001").unwrap(),
            name: Private::new("Nguyễn Thị Mẫu"),
            birth: date(1990, 1, 2),
            sex: Some(Sex::Female),
            address: Private::new("Thôn Thử, xã Mẫu"),
            confirmed: true,
            number_agrees: true,
            proof: Proof::Claimed,
        },
        answers: vec![Answer { question: "phone".to_owned(), value: Private::new("") }],
        documents: Vec::new(),
        submitted: Timestamp::UNIX_EPOCH,
    }
}

pub fn handover(device: &str) -> Parcel {
    let id = Uuid::now_v7();
    let parcel = ParcelCode { code: "EB123456785VN".to_owned(), check: ParcelCheck::Right };
    let body = MessageBody::Handover(Handover {
        id,
        device: device.to_owned(),
        agency: AGENCY.to_owned(),
        courier: "BC-0007".to_owned(),
        parcels: vec![HandoverParcel { parcel, scanned: Timestamp::UNIX_EPOCH }],
        closed: Timestamp::UNIX_EPOCH,
    });
    Parcel::freeze(Message { id, device: device.to_owned(), sequence: 2, body, files: Vec::new() }, HashMap::new())
}
