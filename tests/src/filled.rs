//! A store that is filled without a visit: dossiers as offices have them, in any number.

use anyhow::Context as _;
use jiff::{Timestamp, civil::date};
use motcua_model::{
    Private, Text,
    citizen::{PersonNumber, Sex},
    dossier::{Applicant, Document, FileRef, Origin, Page, Proof, Retention, Side, Submission},
    particulars::Particulars,
};
use motcua_store::{Store, StoreKey};
use std::{fs, path::Path};
use uuid::Uuid;

/// The store of an office in `dir`, opened without its agent.
///
/// # Errors
/// When the store cannot be opened.
pub fn store(dir: &Path) -> anyhow::Result<Store> {
    let key = StoreKey::load_or_create(&dir.join("store.key"), &dir.join("state"))?;
    Ok(Store::open(&dir.join("state"), &key)?.store)
}

/// Files one dossier of `bytes`: half of it a scan, half of it the PDF that is sent.
///
/// # Errors
/// When the store refuses.
pub fn file(store: &mut Store, bytes: usize, submitted: Timestamp) -> anyhow::Result<()> {
    let (id, document) = (Uuid::now_v7(), Uuid::now_v7());
    let page = store.put_file(id, Uuid::now_v7(), "image/jpeg", &vec![0x5a; bytes / 2])?;
    let dossier = submission(id, document, page)?;
    store.submit(dossier, "H15.50.05", "K07", submitted, submitted.to_zoned(jiff::tz::TimeZone::UTC).date())?;
    let pdf = store.put_file(id, Uuid::now_v7(), "application/pdf", &vec![0xa5; bytes / 2])?;
    Ok(store.set_pdf(id, document, &pdf)?)
}

/// A dossier with one page.
///
/// # Errors
/// Never; the number is a citizen's.
pub fn submission(id: Uuid, document: Uuid, image: FileRef) -> anyhow::Result<Submission> {
    Ok(Submission {
        id,
        procedure: "1.001193".to_owned(),
        procedure_name: Text::new("Đăng ký khai sinh", "Birth registration"),
        catalogue_version: 1,
        applicant: Applicant {
            number: PersonNumber::parse("001190000016").map_err(|_| anyhow::anyhow!("not a citizen number"))?,
            name: Private::new("Nguyễn Thị Mẫu"),
            birth: date(1990, 1, 15),
            sex: Some(Sex::Female),
            address: Private::new("Thôn Ví Dụ, Xã Minh Họa"),
            confirmed: true,
            number_agrees: true,
            proof: Proof::Claimed,
        },
        particulars: Particulars::default(),
        answers: Vec::new(),
        documents: vec![Document {
            id: document,
            component: "GCS".to_owned(),
            name: Text::new("Giấy chứng sinh", "Birth certificate"),
            sheets: 1,
            pages: vec![Page {
                image,
                side: Side::Front,
                width: 1654,
                height: 2339,
                dpi: 200,
                blank: false,
                faults: Vec::new(),
                without_note: false,
            }],
            count_differs: false,
            origin: Origin::Scanned,
        }],
        retention: Retention::default(),
    })
}

/// Megabytes that a process has, swapped ones too.
///
/// # Errors
/// When it does not run any more.
pub fn memory(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes =
        |key: &str| status.lines().find_map(|l| l.strip_prefix(key)).and_then(|v| v.split_whitespace().next()?.parse::<f64>().ok());
    Ok((kilobytes("VmRSS:").context("no VmRSS")? + kilobytes("VmSwap:").unwrap_or(0.0)) / 1024.0)
}
