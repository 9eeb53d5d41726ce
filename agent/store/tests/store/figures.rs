//! What monitoring is told of the store.

use crate::support::*;
use motcua_store::{Held, sync_times};
use std::{fs, time::Duration};

#[test]
fn the_sums_tell_what_is_kept_what_waits_and_what_is_damaged() {
    let place = Place::new();
    let mut store = place.store();
    assert_eq!(store.held().unwrap(), Held::default());
    store.put_file(id(1), id(101), "image/jpeg", &[7; 1000]).unwrap();
    store.save_draft(id(1), &citizen(), b"body", at(0)).unwrap();
    let scan = store.put_file(id(2), id(201), "image/jpeg", &[8; 300]).unwrap();
    store.submit(submission(id(2), &[scan]), "H15.50.05.13", "K07", at(0), today()).unwrap();
    store.freeze(id(2), &[1; 50]).unwrap();
    store.record_handover(&handover(id(3), at(0))).unwrap();
    let held = store.held().unwrap();
    assert_eq!(held, Held { blob_bytes: 1300, outbox_bytes: 350, damaged_files: 0 }, "a draft does not wait for the hub");

    fs::remove_file(place.blob(id(101))).unwrap();
    assert!(store.file(id(101)).is_err());
    store.delivered(id(2), "{}", Some("H15-1"), at(1)).unwrap();
    assert_eq!(store.held().unwrap(), Held { outbox_bytes: 0, damaged_files: 1, ..held });
}

#[test]
fn what_becomes_durable_is_timed() {
    let place = Place::new();
    let mut store = place.store();
    let before = sync_times();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    let after = sync_times();
    // Other tests of this process may sync at the same time.
    assert!(after.counts.iter().sum::<u64>() >= before.counts.iter().sum::<u64>() + 3, "file, folder and row");
    assert!(after.sum > before.sum && after.sum < before.sum + Duration::from_secs(60));
}
