//! A really full disk (a small tmpfs in a mount namespace of its own): intake stops with a clear error,
//! what was confirmed is kept, and the outbox still drains.

use crate::support::*;
use motcua_model::api::{DISK_FULL, DISK_WARN};
use motcua_store::{Store, StoreError};
use std::{fs, io::Write as _, path::Path, process::Command};

const FOLDER: &str = "MOTCUA_STORE_FULL_DISK_FOLDER";

#[test]
fn a_full_disk_stops_intake_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=8m tmpfs \"$0\"";
    let possible = Command::new("unshare").args(["-rm", "sh", "-c", mount]).arg(folder.path()).output();
    if !possible.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no small tmpfs can be mounted here (unshare -rm): {possible:?}");
        return;
    }
    let test = Command::new("unshare")
        .args(["-rm", "sh", "-c", &format!("{mount} && exec \"$1\" --exact full_disk::child --ignored --nocapture")])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&test.stdout);
    assert!(test.status.success() && output.contains("1 passed"), "{output}\n{}", String::from_utf8_lossy(&test.stderr));
}

#[test]
#[ignore = "run by the test above, where the disk is small"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    write_key(folder, KEY);
    let mut store = open(folder).store;
    let page = store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    let first = store.submit(submission(id(1), &[page]), "H15", "K07", at(0), today()).unwrap();
    store.save_draft(id(2), &citizen(), b"body", at(0)).unwrap();
    let room = store.quota_ratio().unwrap();
    assert!(room < DISK_WARN, "{room} of a disk that is nearly empty");

    let mut stored = 0;
    let error = loop {
        match store.put_file(id(2), id(200 + stored), "image/jpeg", &vec![1; 256 << 10]) {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::NoSpace), "{error:?}");
    assert!(stored > 4, "{stored}");
    assert!(!folder.join("state/blobs").join(format!("{}.new", id(200 + stored))).exists(), "no half file takes room");
    fill(folder);
    let room = store.quota_ratio().unwrap();
    assert!(room >= DISK_FULL, "{room} of a disk that is full");

    intake_stops(&mut store);
    drop(store);
    let opened = open(folder);
    assert_eq!((opened.unfinished >= 2, opened.damaged), (true, 0), "starts on a full disk");
    store = opened.store;
    store.delivered(id(1), &"r".repeat(20_000), Some("H15-261123-0001"), at(9)).unwrap();
    assert!(!folder.join("state/ballast").exists(), "the ballast made the room");
    assert_eq!(store.file(id(101)).unwrap(), jpeg(1));
    assert_eq!(store.dossier(id(1)).unwrap().unwrap().dossier, first);
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
    drop(store);

    let mut opened = open(folder);
    assert_eq!(opened.damaged, 0);
    fs::remove_file(folder.join("filler")).unwrap();
    opened.store.drop_draft(id(2), "ended", at(10)).unwrap();
    let second = submit(&mut opened.store, id(3), at(11));
    assert_ne!(second.code, first.code);
    assert!(opened.store.bytes_on_disk().unwrap() < 1 << 20, "the room came back");
    drop(opened);
    open(folder);
    assert!(folder.join("state/ballast").exists(), "laid again at the next start");
}

/// Every kind of intake, until the room inside the database's own files is used up too.
fn intake_stops(store: &mut Store) {
    let error = (1000..).map(|number| store.save_draft(id(number), &citizen(), &[1; 50_000], at(0))).find_map(Result::err).unwrap();
    assert!(matches!(error, StoreError::NoSpace), "{error:?}");
    let before = (store.counts().unwrap(), store.outbox().unwrap(), store.verify_audit().unwrap());
    let mut large = submission(id(3), &[]);
    large.answers[0].value = motcua_model::Private::new("x".repeat(100_000));
    let error = store.submit(large, "H15", "K07", at(1), today()).unwrap_err();
    assert!(matches!(error, StoreError::NoSpace), "{error:?}");
    assert_eq!((store.counts().unwrap(), store.outbox().unwrap(), store.verify_audit().unwrap()), before, "all or nothing");
}

fn fill(folder: &Path) {
    let mut file = fs::File::options().append(true).create(true).open(folder.join("filler")).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}
}
