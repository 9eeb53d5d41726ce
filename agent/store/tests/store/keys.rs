//! The key file, and what happens when it does not fit.

use crate::support::*;
use motcua_model::config::sealed_key;
use motcua_store::{Store, StoreError, StoreKey};
use std::{fs, os::unix::fs::PermissionsExt as _};

#[test]
fn a_new_key_is_private_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys").join("store.key");
    let state = folder.path().join("state");
    let key = StoreKey::load_or_create(&path, &state).unwrap();
    let digits = fs::read_to_string(&path).unwrap();
    assert_eq!(digits.len(), 64);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!format!("{key:?}").contains(&digits));
    submit(&mut Store::open(&state, &key).unwrap().store, id(1), at(0));
    let again = StoreKey::load_or_create(&path, &state).unwrap();
    assert_eq!(Store::open(&state, &again).unwrap().store.counts().unwrap().waiting, 1);
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_fix() {
    let place = Place::new();
    let path = place.folder.path().join("store.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = StoreKey::load(&path).unwrap_err();
    assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(StoreKey::load(&path).is_ok(), "read-only is fine: systemd hands credentials over like this");
}

#[test]
fn text_that_is_no_key_is_not_overwritten() {
    let place = Place::new();
    for text in ["", "abc", &KEY[..62], &KEY.replace('0', "g")] {
        write_key(place.folder.path(), text);
        let path = place.folder.path().join("store.key");
        assert!(matches!(StoreKey::load_or_create(&path, &place.state()), Err(StoreError::KeyForm { .. })), "{text:?}");
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }
}

#[test]
fn a_lost_key_is_not_replaced_where_a_database_is() {
    let (keys, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = keys.path().join("store.key");
    drop(Store::open(state.path(), &StoreKey::load_or_create(&path, state.path()).unwrap()).unwrap());
    fs::remove_file(&path).unwrap();
    let error = StoreKey::load_or_create(&path, state.path()).unwrap_err();
    assert!(matches!(error, StoreError::KeyMissing { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_sealed_key_that_systemd_did_not_open_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.key");
    fs::write(sealed_key(&path), "sealed").unwrap();
    let error = StoreKey::load_or_create(&path, folder.path()).unwrap_err();
    assert!(error.to_string().contains("10-sealed-key.conf"), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_wrong_key_is_refused_and_destroys_nothing() {
    let place = Place::new();
    let mut store = place.store();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    store.save_draft(id(1), &citizen(), b"body", at(0)).unwrap();
    drop(store);
    write_key(place.folder.path(), &KEY.replace("01", "02"));
    let wrong = StoreKey::load(&place.folder.path().join("store.key")).unwrap();
    let error = Store::open(&place.state(), &wrong).unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("delete nothing"));
    write_key(place.folder.path(), KEY);
    let opened = place.open();
    assert_eq!((opened.unfinished, opened.damaged), (1, 0));
    assert_eq!(opened.store.file(id(101)).unwrap(), jpeg(1));
}

#[test]
fn two_agents_cannot_share_a_state() {
    let place = Place::new();
    let first = place.store();
    let key = StoreKey::load(&place.folder.path().join("store.key")).unwrap();
    let second = Store::open(&place.state(), &key);
    assert!(matches!(second, Err(StoreError::Locked { .. })), "{second:?}");
    drop(first);
    assert!(Store::open(&place.state(), &key).is_ok());
}
