//! Invented people and what they hand in.

use jiff::{Timestamp, civil::Date};
use motcua_model::{
    Private, Text,
    citizen::{PersonNumber, Sex},
    code::ParcelCode,
    correction::{Changes, Correction},
    dossier::{
        Answer, Applicant, Document, Dossier, FileRef, Handover, HandoverParcel, Origin, Page, Proof, Retention, Side, Status, Submission,
    },
    hub::{News, NewsItem, SupplementItem},
    particulars::Particulars,
};
use motcua_store::{Opened, Reader, Store, StoreKey, StoredDraft};
use std::{os::unix::fs::PermissionsExt as _, path::Path};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const NAME: &str = "Nguyễn Thị Mẫu";
pub(crate) const NUMBER: &str = "099190000016";
pub(crate) const ADDRESS: &str = "Thôn Ví Dụ, Xã Minh Họa";
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddee01";

/// Takes away what the last version added: what is behind it is as the one before wrote it.
pub(crate) const WITHOUT_REPRINTS: &str = "DROP TRIGGER dossier_gone; DROP TRIGGER handover_gone; DROP TABLE paper;
    ALTER TABLE dossier DROP COLUMN proof; ALTER TABLE dossier DROP COLUMN phone; ALTER TABLE dossier DROP COLUMN wrong;
    ALTER TABLE dossier DROP COLUMN wrong_at; ALTER TABLE dossier DROP COLUMN fee; ALTER TABLE dossier DROP COLUMN fee_begun;
    ALTER TABLE dossier DROP COLUMN fee_paid; ALTER TABLE dossier DROP COLUMN reprint_blocked;";

/// A state directory of its own, with its key.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_key(folder.path(), KEY);
        Self { folder }
    }

    pub(crate) fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn blob(&self, file: Uuid) -> std::path::PathBuf {
        self.state().join("blobs").join(file.to_string())
    }

    pub(crate) fn open(&self) -> Opened {
        open(self.folder.path())
    }

    pub(crate) fn store(&self) -> Store {
        self.open().store
    }

    /// The database as somebody with the key could change it behind the agent's back.
    pub(crate) fn tamper(&self, sql: &str) {
        self.beside().execute_batch(sql).unwrap();
    }

    /// Another connection to the database.
    pub(crate) fn beside(&self) -> rusqlite::Connection {
        let db = rusqlite::Connection::open(self.state().join("store.db")).unwrap();
        db.execute_batch(&format!("PRAGMA key = \"x'{KEY}'\";")).unwrap();
        db
    }
}

pub(crate) fn write_key(folder: &Path, key: &str) {
    let path = folder.join("store.key");
    std::fs::write(&path, key).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

pub(crate) fn open(folder: &Path) -> Opened {
    let key = StoreKey::load(&folder.join("store.key")).unwrap();
    Store::open(&folder.join("state"), &key).unwrap()
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 | number)
}

/// Seconds after nine o'clock in Việt Nam.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_399_200 + seconds).unwrap()
}

pub(crate) fn today() -> Date {
    jiff::civil::date(2026, 11, 23)
}

pub(crate) fn citizen() -> PersonNumber {
    PersonNumber::parse(NUMBER).unwrap()
}

pub(crate) fn other_citizen() -> PersonNumber {
    PersonNumber::parse("099090000017").unwrap()
}

/// Bytes that begin like a JPEG and hold a mark to search for.
pub(crate) fn jpeg(seed: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16];
    bytes.extend(b"JFIF-page-of-the-invented-person-");
    bytes.extend(std::iter::repeat_n(seed, 5000));
    bytes
}

pub(crate) fn submission(dossier: Uuid, pages: &[FileRef]) -> Submission {
    Submission {
        id: dossier,
        procedure: "1.001193".to_owned(),
        procedure_name: Text::new("Đăng ký khai sinh", "Birth registration"),
        catalogue_version: 1,
        applicant: Applicant {
            number: citizen(),
            name: Private::new(NAME),
            birth: jiff::civil::date(1990, 1, 15),
            sex: Some(Sex::Female),
            address: Private::new(ADDRESS),
            confirmed: true,
            number_agrees: true,
            proof: Proof::Claimed,
        },
        particulars: Particulars::default(),
        answers: vec![Answer { question: "child_name".to_owned(), value: Private::new("Trần Văn Thử"), read_from: None }],
        documents: vec![Document {
            id: document_of(dossier),
            component: "GCS".to_owned(),
            name: Text::new("Giấy chứng sinh", "Birth certificate"),
            sheets: 1,
            pages: pages.iter().cloned().map(page).collect(),
            count_differs: false,
            origin: Origin::Scanned,
        }],
        retention: Retention::FrequentUse,
    }
}

pub(crate) fn document_of(dossier: Uuid) -> Uuid {
    Uuid::from_u128(dossier.as_u128() ^ 0xd0c0_0000)
}

fn page(image: FileRef) -> Page {
    Page { image, side: Side::Front, width: 1654, height: 2339, dpi: 200, blank: false, faults: Vec::new(), without_note: false }
}

/// Submits without pages.
pub(crate) fn submit(store: &mut Store, dossier: Uuid, now: Timestamp) -> Dossier {
    store.submit(submission(dossier, &[]), "H15.50.05.13", "K07", now, today()).unwrap()
}

pub(crate) fn handover(id: Uuid, closed: Timestamp) -> Handover {
    Handover {
        id,
        device: "K07".to_owned(),
        agency: "H15.50.05.13".to_owned(),
        courier: "BT001".to_owned(),
        parcels: vec![HandoverParcel { parcel: ParcelCode::parse("RR473124829VN").unwrap(), scanned: closed }],
        closed,
        direction: motcua_model::handover::Direction::Fetch,
        begun: None,
        announced: 0,
        differences: Vec::new(),
        signatures: motcua_model::handover::Signatures::default(),
    }
}

/// Another name, as it is asked for: the store finds the dossiers.
pub(crate) fn correction(id: Uuid, asked: Timestamp) -> Correction {
    Correction {
        id,
        device: "K07".to_owned(),
        agency: "H15.50.05.13".to_owned(),
        dossiers: Vec::new(),
        changes: Changes { name: Some(Private::new("Nguyễn Thị Mẫu Mực")), ..Changes::default() },
        asked,
        reason: Private::new("chủ hồ sơ, trích lục cải chính"),
    }
}

/// A status as the hub tells it.
pub(crate) fn status(cursor: u64, dossier: Uuid, code: &str, status: Status, at: Timestamp) -> NewsItem {
    NewsItem { cursor, at, news: News::Status { dossier, official_code: code.to_owned(), status, reason: None } }
}

pub(crate) fn supplement(cursor: u64, dossier: Uuid, at: Timestamp) -> NewsItem {
    let news = News::Supplement {
        dossier,
        official_code: "H15.50.05-261123-0001".to_owned(),
        items: vec![SupplementItem { component: None, what: Private::new("Giấy chứng sinh có dấu") }],
        reason: Private::new("Bản quét thiếu dấu"),
        until: None,
        contact: String::new(),
        officer: Private::default(),
    };
    NewsItem { cursor, at, news }
}

/// Bad blocks in every page of a database but the first.
pub(crate) fn spoil(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    for page in bytes.chunks_mut(4096).skip(2) {
        page[2000..2011].copy_from_slice(b"a bad block");
    }
    std::fs::write(path, bytes).unwrap();
}

/// The draft that a person would go on with.
pub(crate) fn newest_draft(store: &Reader, owner: &PersonNumber) -> Option<StoredDraft> {
    store.drafts(owner).unwrap().into_iter().next()
}
