//! What a bad disk does: the damaged thing is counted, everything else goes on.

use crate::support::*;
use motcua_store::{Lane, Store, StoreError, StoreKey};
use std::fs;

fn key(place: &Place) -> StoreKey {
    StoreKey::load(&place.folder.path().join("store.key")).unwrap()
}

#[test]
fn a_damaged_file_is_flagged_and_others_are_fine() {
    let place = Place::new();
    let mut store = place.store();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    store.put_file(id(1), id(102), "image/jpeg", &jpeg(2)).unwrap();
    store.save_draft(id(1), &citizen(), b"body", at(0)).unwrap();
    let mut sealed = fs::read(place.blob(id(101))).unwrap();
    let middle = sealed.len() / 2;
    sealed[middle] ^= 1;
    fs::write(place.blob(id(101)), sealed).unwrap();
    assert!(matches!(store.file(id(101)), Err(StoreError::Damaged { file }) if file == id(101)));
    assert_eq!(store.file(id(102)).unwrap(), jpeg(2));
    drop(store);
    let mut opened = place.open();
    assert_eq!(opened.damaged, 1);
    opened.store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    assert_eq!(opened.store.file(id(101)).unwrap(), jpeg(1), "the same page again heals it");
    drop(opened);
    assert_eq!(place.open().damaged, 0);
}

#[test]
fn sealed_files_cannot_be_exchanged_or_shortened() {
    let place = Place::new();
    let mut store = place.store();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    store.put_file(id(1), id(102), "image/jpeg", &jpeg(2)).unwrap();
    fs::copy(place.blob(id(101)), place.blob(id(102))).unwrap();
    assert!(matches!(store.file(id(102)), Err(StoreError::Damaged { .. })));
    fs::write(place.blob(id(101)), b"short").unwrap();
    assert!(matches!(store.file(id(101)), Err(StoreError::Damaged { .. })));
}

#[test]
fn the_sweep_goes_both_ways() {
    let place = Place::new();
    let mut store = place.store();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    store.put_file(id(1), id(102), "image/jpeg", &jpeg(2)).unwrap();
    store.save_draft(id(1), &citizen(), b"body", at(0)).unwrap();
    store.put_file(id(2), id(201), "image/jpeg", &jpeg(3)).unwrap();
    drop(store);
    fs::remove_file(place.blob(id(101))).unwrap();
    fs::write(place.blob(id(301)), b"renamed, but its row was never committed").unwrap();
    fs::write(place.blob(id(302)).with_extension("new"), b"half writ").unwrap();
    let opened = place.open();
    assert_eq!(opened.damaged, 1, "a row without its file");
    assert!(!place.blob(id(301)).exists() && !place.blob(id(302)).with_extension("new").exists());
    assert!(!place.blob(id(201)).exists(), "pages of a visit that was never saved");
    assert!(matches!(opened.store.file(id(201)), Err(StoreError::Unknown { .. })));
    assert_eq!(opened.store.file(id(102)).unwrap(), jpeg(2));
}

#[test]
fn a_record_that_cannot_be_read_does_not_block_the_queue() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    let second = submit(&mut store, id(2), at(1));
    drop(store);
    place.tamper("UPDATE dossier SET body = '{' WHERE submitted = (SELECT min(submitted) FROM dossier)");
    let mut store = place.store();
    assert_eq!(store.outbox_due(Lane::All, at(9)).unwrap().unwrap().id, second.id);
    assert_eq!(store.list(9).unwrap().len(), 2, "staff still see it");
    assert!(store.outbox().unwrap()[0].problem.contains("cannot be read"));
    store.delivered(second.id, "{}", None, at(10)).unwrap();
    assert_eq!(store.outbox_due(Lane::All, at(11)).unwrap(), None);
    assert_eq!(store.outbox_next().unwrap(), None, "nobody wakes up for it in vain");
    drop(store);
    assert_eq!(place.open().damaged, 1);
}

#[test]
fn a_damaged_database_is_named_and_left_alone() {
    let place = Place::new();
    let mut store = place.store();
    for number in 0..40 {
        submit(&mut store, id(number), at(0));
    }
    drop(store);
    let path = place.state().join("store.db");
    let length = fs::metadata(&path).unwrap().len();
    spoil(&path);
    let error = Store::open(&place.state(), &key(&place)).unwrap_err();
    assert!(matches!(error, StoreError::DatabaseDamaged { .. }), "{error:?}");
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
}

#[test]
fn sealed_files_without_their_database_are_not_swept() {
    let place = Place::new();
    let mut store = place.store();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    drop(store);
    let kept = place.folder.path().join("kept.db");
    fs::rename(place.state().join("store.db"), &kept).unwrap();
    assert!(matches!(Store::open(&place.state(), &key(&place)), Err(StoreError::DatabaseMissing { .. })));
    fs::write(place.state().join("store.db"), []).unwrap();
    assert!(matches!(Store::open(&place.state(), &key(&place)), Err(StoreError::DatabaseMissing { .. })), "an empty file is none");
    assert!(place.blob(id(101)).exists());
}

#[test]
fn a_newer_database_is_not_touched() {
    let place = Place::new();
    drop(place.store());
    place.tamper("PRAGMA user_version = 99");
    let error = Store::open(&place.state(), &key(&place)).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}
