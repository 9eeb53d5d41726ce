//! The copy of the database, the way back to it, and questions beside the one who writes.

use crate::support::*;
use motcua_store::{Lane, SlipState, Store, StoreError, StoreKey, backup, want_restore};
use std::fs;

fn reopened(place: &Place) -> Result<Store, StoreError> {
    let key = StoreKey::load(&place.folder.path().join("store.key")).unwrap();
    Store::open(&place.state(), &key).map(|opened| opened.store)
}

/// Thirty dossiers, the last with a page; the copy; one dossier more, with a page that only the newer database knows.
fn copied_and_gone_on(place: &Place) -> Vec<String> {
    let mut store = place.store();
    assert_eq!(backup(&place.state()), None);
    let mut codes: Vec<String> = (1..30).map(|number| submit(&mut store, id(number), at(0)).code.as_str().to_owned()).collect();
    let page = store.put_file(id(30), id(301), "image/jpeg", &jpeg(1)).unwrap();
    let mut with_page = |dossier, page| store.submit(submission(dossier, &[page]), "H15.50.05.13", "K07", at(1), today()).unwrap();
    codes.push(with_page(id(30), page).code.as_str().to_owned());
    let said = |store: &mut Store, number| crate::feedback::give(store, number, 1).code.as_str().to_owned();
    codes.push(said(&mut store, 41));
    let bytes = store.another().unwrap().back_up().unwrap();
    assert_eq!(backup(&place.state()).unwrap().bytes, bytes);
    codes.push(said(&mut store, 42));
    let page = store.put_file(id(31), id(311), "image/jpeg", &jpeg(2)).unwrap();
    codes.push(store.submit(submission(id(31), &[page]), "H15.50.05.13", "K07", at(2), today()).unwrap().code.as_str().to_owned());
    codes
}

#[test]
fn a_damaged_database_gives_way_to_its_copy_and_nothing_is_thrown_away() {
    let place = Place::new();
    let codes = copied_and_gone_on(&place);
    spoil(&place.state().join("store.db"));
    let damaged = fs::read(place.state().join("store.db")).unwrap();
    let error = reopened(&place).unwrap_err();
    assert!(matches!(error, StoreError::DatabaseDamaged { .. }) && error.to_string().contains("motcua restore"), "{error}");

    want_restore(&place.state()).unwrap();
    let mut store = reopened(&place).unwrap();
    assert_eq!(store.counts().unwrap().waiting, 30, "all that were there when the copy was taken");
    assert_eq!(store.file(id(301)).unwrap(), jpeg(1));
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
    let aside = place.state().join("damaged-1");
    assert!(fs::read(aside.join("store.db")).unwrap() == damaged, "the damaged one is kept as it was");
    assert!(aside.join("blobs").join(id(311).to_string()).exists() && !place.blob(id(311)).exists());

    // What may stand on a slip already is not given to another person, on this day or the next.
    let next = submit(&mut store, id(32), at(3));
    assert!(!codes.iter().any(|code| code == next.code.as_str()), "{}", next.code.as_str());
    let opinion = crate::feedback::give(&mut store, 43, 3);
    assert!(!codes.iter().any(|code| code == opinion.code.as_str()), "{}", opinion.code.as_str());
    let tomorrow = store.submit(submission(id(33), &[]), "H15.50.05.13", "K07", at(86_400), today().tomorrow().unwrap()).unwrap();
    assert!(tomorrow.code.as_str().contains("1001"), "{}", tomorrow.code.as_str());
    for number in (1..=30).chain([41]) {
        store.delivered(id(number), "{}", None, at(4)).unwrap();
    }
    assert!(store.outbox_due(Lane::All, at(5)).unwrap().unwrap().sequence > 1000, "the hub has seen what lay behind the copy");

    drop(store);
    assert_eq!(reopened(&place).unwrap().counts().unwrap().waiting, 2, "it is done once");
}

#[test]
fn a_restore_that_a_power_cut_broke_off_is_done_again() {
    let place = Place::new();
    copied_and_gone_on(&place);
    // Cut after the damaged one was set aside.
    fs::remove_file(place.state().join("store.db")).unwrap();
    fs::create_dir(place.state().join("damaged-1")).unwrap();
    fs::write(place.state().join("restored.db"), b"half writ").unwrap();
    assert!(matches!(reopened(&place), Err(StoreError::DatabaseMissing { .. })));
    want_restore(&place.state()).unwrap();
    assert_eq!(reopened(&place).unwrap().counts().unwrap().waiting, 30);
}

#[test]
fn a_copy_that_is_damaged_or_missing_changes_nothing() {
    let place = Place::new();
    copied_and_gone_on(&place);
    let copy = place.state().join("backup/store.db");
    spoil(&copy);
    want_restore(&place.state()).unwrap();
    assert!(matches!(reopened(&place), Err(StoreError::NoCopy { path, .. }) if path == copy));
    assert_eq!(reopened(&place).unwrap().counts().unwrap().waiting, 31, "the database was sound, and is");
    fs::remove_file(&copy).unwrap();
    want_restore(&place.state()).unwrap();
    assert!(matches!(reopened(&place), Err(StoreError::NoCopy { .. })));
    assert_eq!(reopened(&place).unwrap().counts().unwrap().waiting, 31);
    assert!(!place.state().join("damaged-1").exists() && !place.state().join("restored.db").exists());
}

#[test]
fn a_damaged_database_does_not_take_the_copy_with_it() {
    let place = Place::new();
    copied_and_gone_on(&place);
    let store = reopened(&place).unwrap();
    let good = fs::read(place.state().join("backup/store.db")).unwrap();
    spoil(&place.state().join("store.db"));
    assert!(store.another().and_then(|reader| reader.back_up()).is_err());
    assert!(fs::read(place.state().join("backup/store.db")).unwrap() == good);
    assert_eq!(fs::read_dir(place.state().join("backup")).unwrap().count(), 1, "nothing half written stays");
}

#[test]
fn the_copy_is_as_closed_as_the_database_and_forgets_who_asks_for_it() {
    let place = Place::new();
    copied_and_gone_on(&place);
    let copy = fs::read(place.state().join("backup/store.db")).unwrap();
    let holds = |what: &[u8]| copy.windows(what.len()).any(|window| window == what);
    assert!(!holds(b"SQLite format 3") && !holds(NAME.as_bytes()) && !holds(NUMBER.as_bytes()));
    let mut store = reopened(&place).unwrap();
    store.erase_person(&citizen(), at(9)).unwrap();
    assert_eq!(backup(&place.state()), None, "an erased person does not live on in the copy");
}

#[test]
fn a_long_question_keeps_nobody_from_confirming() {
    let place = Place::new();
    let mut store = place.store();
    let reader = store.another().unwrap();
    for number in 1..=20 {
        submit(&mut store, id(number), at(0));
    }
    assert_eq!(reader.counts().unwrap().waiting, 20, "a question sees what was changed before it");
    // Somebody stands in the middle of a question while the writer goes on.
    let question = place.beside();
    question.execute_batch("BEGIN").unwrap();
    let rows = || question.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, i64>(0)).unwrap();
    let asked = rows();
    submit(&mut store, id(200), at(1));
    store.delivered(id(1), "{}", None, at(2)).unwrap();
    store.set_slip(id(1), SlipState::Printed, at(2)).unwrap();
    assert_eq!(store.minimise(at(3), at(3), at(3), 20).unwrap(), 1);
    assert_eq!(rows(), asked, "the question is answered as it was asked");
    let log = || fs::metadata(place.state().join("store.db-wal")).unwrap().len();
    assert!(log() > 0, "what was deleted lies in the log until the question is answered");
    question.execute_batch("COMMIT").unwrap();
    assert_eq!(store.minimise(at(3), at(3), at(4), 20).unwrap(), 0);
    assert_eq!(log(), 0, "and goes with the next tidying");
}
