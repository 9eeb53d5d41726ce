//! A hub in a folder of its own, devices with certificates, and invented dossiers.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test helpers; each test file uses its own part"
)]

use jiff::{Timestamp, Zoned, civil::date};
use motcua_forward::{Class, Delivered, ForwardError, HubClient, HubSettings};
use motcua_hub::{Clerk, Options, OwnedPaper, Person, Running, pki, start};
use motcua_model::{
    Private, Text,
    api::DeviceState,
    citizen::{CitizenNumber, PersonNumber, Sex},
    code::{OpinionCode, ParcelCheck, ParcelCode, ProvisionalCode},
    correction::{Changes, Correction},
    dossier::{Answer, Applicant, Document, Dossier, FileRef, Handover, HandoverParcel, Origin, Proof, Status},
    fault::Fault,
    hub::{
        AccountCheck, AccountPerson, AccountState, AuditFlag, AuditHead, DeviceReport, Heartbeat, Message, MessageBody, NamedFile, News,
        NewsItem, OutboxCounts, PaperFile, PaperSearch, PaperSource, PaymentRequest, PaymentState, PersonKey, StoredPaper, SupplementItem,
    },
    opinion::{Written, usual_topics},
    particulars::{Contact, Particulars, ReturnBy},
    rating::{Criterion, Mark, Quality, Reason, Satisfaction, Score},
    supplement::AddsTo,
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

pub mod cloud;
pub mod contract;
pub mod line;
pub mod peers;
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
        let options = Options { test_listen: Some(local()), ..Options::new(self.dir(), local(), AGENCY) };
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

/// The product's own catalogue under another version.
pub fn catalogue(version: u32) -> String {
    let built_in = include_str!("../../../../agent/model/catalogue.json");
    let (before, after) = built_in.split_once("\"version\": ").unwrap();
    format!("{before}\"version\": {version}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
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
        named.push(NamedFile { name: format!("{:02}-giay-chung-sinh.pdf", number + 1), document: Uuid::now_v7(), file, metadata: None });
    }
    let mut record = record(id, device);
    record.documents = named.iter().map(|file| document(file.document)).collect();
    let body = MessageBody::Dossier(Box::new(record));
    Parcel::freeze(Message { id, device: device.to_owned(), sequence: 1, moment: None, body, files: named }, files)
}

/// One paper that is added to a dossier.
pub fn supplement(device: &str, to: &Parcel, official_code: &str) -> Parcel {
    let mut parcel = dossier(device, &[9_000]);
    let MessageBody::Dossier(record) = &mut parcel.message.body else { unreachable!() };
    let asked = [SupplementItem { component: None, what: Private::new("Bản chính giấy chứng sinh") }];
    let adds = AddsTo::new(to.message.id, official_code, (&record.procedure, &record.procedure_name), 3, &asked);
    record.documents[0].component = "bo-sung-1".to_owned();
    record.particulars.adds_to = Some(Box::new(adds));
    Parcel::freeze(parcel.message, parcel.files)
}

fn document(id: Uuid) -> Document {
    let name = Text::new("Giấy chứng sinh", "Birth certificate");
    Document { id, component: "GCS".to_owned(), name, sheets: 1, pages: Vec::new(), count_differs: false, origin: Origin::Scanned }
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
        particulars: Particulars {
            contact: Contact { phone: Some(Private::new("0900000456")), email: None },
            return_by: Some(ReturnBy::Post { address: Private::new("Thôn Thử, xã Mẫu") }),
            ..Particulars::default()
        },
        answers: vec![Answer { question: "phone".to_owned(), value: Private::new("0900000456"), read_from: None }],
        documents: Vec::new(),
        submitted: Timestamp::UNIX_EPOCH,
        retention: motcua_model::dossier::Retention::default(),
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
        direction: motcua_model::handover::Direction::Fetch,
        begun: None,
        announced: 0,
        differences: Vec::new(),
        signatures: motcua_model::handover::Signatures::default(),
    });
    Parcel::freeze(Message { id, device: device.to_owned(), sequence: 2, moment: None, body, files: Vec::new() }, HashMap::new())
}

/// New data of the person of one dossier.
pub fn correction(device: &str, dossier: Uuid) -> Parcel {
    let id = Uuid::now_v7();
    let body = MessageBody::Correction(Box::new(Correction {
        id,
        device: device.to_owned(),
        agency: AGENCY.to_owned(),
        dossiers: vec![dossier],
        changes: Changes { name: Some(Private::new("Nguyễn Thị Mẫu Mực")), ..Changes::default() },
        asked: Timestamp::UNIX_EPOCH,
        reason: Private::new("chủ hồ sơ, trích lục cải chính"),
    }));
    Parcel::freeze(Message { id, device: device.to_owned(), sequence: 3, moment: None, body, files: Vec::new() }, HashMap::new())
}

/// An opinion and the two ratings, each a message without files.
pub fn feedback(device: &str) -> [Parcel; 3] {
    let [opinion, satisfaction, quality] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let written = Written {
        id: opinion,
        topic: usual_topics().remove(0),
        text: Private::new("Ghế ngồi chờ bị gãy"),
        phone: Some(Private::new("0900000789")),
        language: motcua_model::Language::Vi,
    };
    let code = OpinionCode::new("K07", jiff::civil::date(2026, 11, 23), 7);
    let bodies = [
        (opinion, MessageBody::Opinion(Box::new(written.into_opinion(code, AGENCY, device, Timestamp::UNIX_EPOCH)))),
        (
            satisfaction,
            MessageBody::Satisfaction(Satisfaction {
                id: satisfaction,
                device: device.to_owned(),
                agency: AGENCY.to_owned(),
                dossier: Uuid::now_v7(),
                code: "TAM-K07-261123-0042-51".to_owned(),
                score: Score::Good,
                reasons: vec![Reason::Staff],
                given: Timestamp::UNIX_EPOCH,
            }),
        ),
        (
            quality,
            MessageBody::Quality(Quality {
                id: quality,
                device: device.to_owned(),
                agency: AGENCY.to_owned(),
                code: "H15.50.05-261123-0001".to_owned(),
                marks: Criterion::ALL.map(|criterion| Mark { criterion, score: Score::Fair }).into(),
                given: Timestamp::UNIX_EPOCH,
            }),
        ),
    ];
    let message = |(id, body)| Message { id, device: device.to_owned(), sequence: 4, moment: None, body, files: Vec::new() };
    bodies.map(|of| Parcel::freeze(message(of), HashMap::new()))
}

pub fn heartbeat(device: &str, number: u64, hash: char) -> Heartbeat {
    Heartbeat {
        device: device.to_owned(),
        agent_version: "0.1.0".to_owned(),
        boot: Uuid::from_u128(7),
        monotonic_ms: 90_000,
        clock: Timestamp::UNIX_EPOCH,
        catalogue_version: 1,
        config_version: 0,
        outbox: OutboxCounts { waiting: 3, quarantined: 0, oldest_age_s: Some(61) },
        disk_quota_ratio: 0.25,
        audit: AuditHead { number, hash: hash.to_string().repeat(64) },
        devices: vec![
            DeviceReport { kind: "printer".to_owned(), state: DeviceState::NeedsHuman(Fault::PrinterPaperOut) },
            DeviceReport { kind: "scanner".to_owned(), state: DeviceState::Ready },
        ],
    }
}

pub fn citizen(number: &str, name: &str) -> PersonKey {
    PersonKey::Citizen { number: CitizenNumber::parse(number).unwrap(), name: Private::new(name) }
}

/// Two people, one with an account, and papers in both stores.
pub async fn seed(clerk: &Clerk) {
    let mau = citizen("001190000001", "Nguyễn Thị Mẫu");
    let profile = AccountPerson {
        name: Some(Private::new("Nguyễn Thị Mẫu")),
        birth: Some(date(1990, 1, 2)),
        sex: Some(Sex::Female),
        address: Some(Private::new("Thôn Thử, xã Mẫu")),
        ..AccountPerson::default()
    };
    clerk.add_person(Person { key: mau.clone(), technical_id: Some(Private::new("tech-0001")), profile }).await.unwrap();
    let guest = PersonKey::Passport { number: Private::new("c0000000"), name: Private::new("Anna Sample") };
    clerk.add_person(Person { key: guest, technical_id: None, profile: AccountPerson::default() }).await.unwrap();
    let firm = PersonKey::Organisation { tax_code: Private::new("0100000001") };
    clerk.add_person(Person { key: firm, technical_id: Some(Private::new("tech-0002")), profile: AccountPerson::default() }).await.unwrap();
    let paper = |source, reference: &str, year| StoredPaper {
        source,
        reference: reference.to_owned(),
        name: "Giấy chứng nhận kết hôn".to_owned(),
        number: Private::new("01/2020"),
        issuer: "UBND xã Mẫu".to_owned(),
        issued: Some(date(year, 5, 1)),
        valid_until: None,
        file: Some(PaperFile { sha256: "a".repeat(64), bytes: 1234 }),
    };
    let papers = [
        ("KQ.G01.000001", paper(PaperSource::Hub, "h-1", 2019)),
        ("KQ.G01.000001", paper(PaperSource::Hub, "h-2", 2021)),
        ("KQ.G01.000001", paper(PaperSource::Kho, "k-1", 2022)),
        ("KQ.G01.000002", paper(PaperSource::Kho, "k-2", 2020)),
    ];
    for (type_code, paper) in papers {
        clerk.add_paper(OwnedPaper { owner: mau.clone(), type_code: type_code.to_owned(), paper }).await.unwrap();
    }
}

pub fn search(owner: PersonKey, types: &[&str]) -> PaperSearch {
    PaperSearch { owner, procedure: "1.001193".to_owned(), types: types.iter().map(|t| (*t).to_owned()).collect() }
}

/// Account checks and searches over what [`seed`] made; both engines must pass.
pub async fn people(client: &HubClient) {
    let check = |person: PersonKey| async move { client.check_account(&AccountCheck { person }).await.unwrap() };
    let mau = check(citizen("001190000001", "NGUYEN THI MAU")).await;
    assert_eq!((mau.state, mau.technical_id), (AccountState::Exists, Some(Private::new("tech-0001"))));
    assert_eq!(mau.person.unwrap().address, Some(Private::new("Thôn Thử, xã Mẫu")), "R30 fills the form in");
    let states = [
        (citizen("001190000001", "Trần Thị Mẫu"), AccountState::Absent),
        (citizen("001190000002", "Nguyễn Thị Mẫu"), AccountState::Absent),
        (PersonKey::Passport { number: Private::new("C0000000"), name: Private::new("ANNA SAMPLE") }, AccountState::Absent),
        (PersonKey::Organisation { tax_code: Private::new("0100000001") }, AccountState::Exists),
    ];
    for (person, state) in states {
        assert_eq!(check(person.clone()).await.state, state, "{person:?}");
    }
    let types = ["KQ.G01.000001", "KQ.G01.000002", "KQ.G01.000003"];
    let answer = client.search_papers(&search(citizen("001190000001", "Nguyễn Thị Mẫu"), &types)).await.unwrap();
    let found: Vec<(&str, Vec<&str>)> =
        answer.lines.iter().map(|line| (line.type_code.as_str(), line.found.iter().map(|p| p.reference.as_str()).collect())).collect();
    assert_eq!(
        found,
        [(types[0], vec!["h-2", "h-1"]), (types[1], vec!["k-2"]), (types[2], vec![])],
        "R37: the province first, newest first"
    );
    assert!(answer.unasked.is_empty());
    let stranger = client.search_papers(&search(citizen("001190000001", "Trần Thị Mẫu"), &types)).await.unwrap();
    assert!(stranger.lines.iter().all(|line| line.found.is_empty()), "a number alone opens nothing");
}

pub fn payment(code: &str) -> PaymentRequest {
    PaymentRequest { dossier: Uuid::now_v7(), code: code.to_owned(), procedure: "1.001193".to_owned(), amount_vnd: 8_000 }
}

/// A fee that is opened once and paid once; both engines must pass.
pub async fn payments(client: &HubClient, other: &HubClient, clerk: &Clerk) {
    let asked = payment("TAM-K07-261123-0042-51");
    let open = client.payment(&asked).await.unwrap();
    assert_eq!((open.state, open.amount_vnd, open.transaction.clone()), (PaymentState::Open, 8_000, None));
    assert_eq!(client.payment(&asked).await.unwrap(), open, "asking again changes nothing");
    assert!(clerk.pay("TAM-K07-261123-0043-48", "GD-1").await.is_err(), "nothing is open under it");
    clerk.pay(&asked.code, "GD-1").await.unwrap();
    assert!(clerk.pay(&asked.code, "GD-2").await.is_err(), "it is paid once");
    let paid = client.payment(&PaymentRequest { amount_vnd: 1, ..asked.clone() }).await.unwrap();
    assert_eq!((paid.state, paid.amount_vnd, paid.qr, paid.transaction.as_deref()), (PaymentState::Paid, 8_000, None, Some("GD-1")));
    assert_eq!(other.payment(&asked).await.unwrap_err().class, Class::Rejected, "another device's payment is none of its business");
    for bad in ["", "x\0y"] {
        assert_eq!(client.payment(&payment(bad)).await.unwrap_err().class, Class::Rejected);
    }
}

/// Audit heads of two devices; both engines must pass.
pub async fn audit(client: &HubClient, other: &HubClient, clerk: &Clerk) {
    let tell = |number, hash| async move { client.heartbeat(&heartbeat("K07", number, hash)).await.unwrap().audit_flag };
    assert_eq!(tell(5, 'a').await, None);
    assert_eq!(tell(5, 'a').await, None, "nothing happened in between");
    assert_eq!(tell(9, 'b').await, None);
    assert_eq!(other.heartbeat(&heartbeat("K08", 1, 'c')).await.unwrap().audit_flag, None, "another device's chain");
    assert!(clerk.heartbeats().await.unwrap().iter().all(|seen| seen.flag.is_none()));
    assert_eq!(tell(7, 'd').await, Some(AuditFlag::WentBack));
    assert_eq!(tell(9, 'e').await, Some(AuditFlag::OtherHash));
    assert_eq!(tell(10, 'f').await, None);
    let seen = clerk.heartbeats().await.unwrap();
    let flags: Vec<_> = seen.iter().map(|seen| (seen.heartbeat.device.as_str(), seen.heartbeat.audit.number, seen.flag)).collect();
    assert_eq!(flags, [("K07", 10, Some(AuditFlag::OtherHash)), ("K08", 1, None)], "the operator's flag stays");

    // The hub forgets old heads, and notices all the same.
    let tell = |number, hash| async move { other.heartbeat(&heartbeat("K08", number, hash)).await.unwrap().audit_flag };
    for number in 2..=120 {
        assert_eq!(tell(number, 'c').await, None);
    }
    assert_eq!(tell(100, 'd').await, Some(AuditFlag::OtherHash));
    assert_eq!(tell(20, 'd').await, Some(AuditFlag::WentBack), "that head is forgotten");
    assert_eq!(tell(21, 'd').await, Some(AuditFlag::OtherHash), "that one is not");
    assert_eq!(tell(120, 'd').await, Some(AuditFlag::OtherHash));
    assert_eq!(tell(121, 'c').await, None);
}

/// Cursor, dossier, official code and status of each status among the news.
pub async fn statuses(client: &HubClient, after: u64) -> Vec<(u64, Uuid, String, Status)> {
    let news = client.news(after).await.unwrap().items.into_iter();
    let status = |item: NewsItem| {
        let News::Status { dossier, official_code, status, .. } = item.news else { return None };
        Some((item.cursor, dossier, official_code, status))
    };
    news.filter_map(status).collect()
}
