//! Corrections: kept beside the dossiers, and behind them on the way to the hub.

use crate::support::*;
use motcua_model::{correction::Correction, hub::MessageBody};
use motcua_store::{Lane, SlipState, Store, StoreError};
use uuid::Uuid;

fn due(store: &mut Store, lane: Lane, now: i64) -> Option<Uuid> {
    store.outbox_due(lane, at(now)).unwrap().map(|item| item.id)
}

fn deliver(store: &mut Store, number: u128) {
    store.delivered(id(number), "{}", None, at(20)).unwrap();
}

#[test]
fn a_correction_follows_the_dossiers_it_names_and_holds_up_nobody() {
    let place = Place::new();
    let mut store = place.store();
    let unknown = store.correct_person(&citizen(), correction(id(9), at(1)));
    assert!(matches!(unknown, Err(StoreError::Unknown { .. })), "{unknown:?}");
    assert_eq!(store.outbox().unwrap(), [], "nothing of it was kept");
    let codes = [1, 2].map(|number| submit(&mut store, id(number), at(0)).code.as_str().to_owned());
    let kept = store.correct_person(&citizen(), correction(id(3), at(1))).unwrap();
    assert_eq!(kept, Correction { dossiers: vec![id(1), id(2)], ..correction(id(3), at(1)) });
    assert_eq!(store.correct_person(&citizen(), correction(id(3), at(5))).unwrap(), kept, "the same id again changes nothing");
    assert_eq!(store.codes_of_person(&citizen()).unwrap(), codes);
    // Confirmed afterwards: it was asked with the person's word of today.
    submit(&mut store, id(4), at(2));

    let ahead = |store: &Store| store.outbox().unwrap().into_iter().find(|line| line.id == id(3)).unwrap().ahead;
    assert_eq!(ahead(&store).into_iter().map(|ahead| ahead.code).collect::<Vec<_>>(), codes);
    assert_eq!(due(&mut store, Lane::Records, 9), None);
    store.freeze(id(1), b"one").unwrap();
    assert_eq!(due(&mut store, Lane::Records, 9), Some(id(1)), "records of dossiers go on");
    store.announced(id(1)).unwrap();
    for number in [1, 2, 4] {
        store.attempt_failed(id(number), at(50), "no connection", false).unwrap();
    }
    assert_eq!((due(&mut store, Lane::All, 9), store.outbox_next().unwrap()), (None, Some(at(50))), "nobody wakes up for it in vain");
    deliver(&mut store, 1);
    for _ in 0..10 {
        store.attempt_failed(id(2), at(50), "the hub answered 422", true).unwrap();
    }
    let waits = ahead(&store);
    assert_eq!((waits.len(), waits[0].id, waits[0].set_aside), (1, id(2), true), "the list says what it waits for");
    assert_eq!(store.outbox_counts().unwrap().waiting, 2, "it is counted as waiting");
    assert_eq!(due(&mut store, Lane::All, 50), Some(id(4)), "and is no obstacle");

    deliver(&mut store, 2);
    assert_eq!(ahead(&store), []);
    assert_eq!(store.outbox_next().unwrap(), Some(at(1)));
    let item = store.outbox_due(Lane::Records, at(50)).unwrap().unwrap();
    assert_eq!((item.id, item.sequence, item.moment.is_some()), (id(3), 3, motcua_store::moment().is_some()));
    assert_eq!(item.body, MessageBody::Correction(Box::new(kept)));
    assert_eq!(due(&mut store, Lane::All, 50), Some(id(3)), "it has no scans: before dossiers that it does not name");
    deliver(&mut store, 3);
    deliver(&mut store, 3);
    assert_eq!(due(&mut store, Lane::All, 50), Some(id(4)));
    let audit = store.verify_audit().unwrap();
    assert_eq!((audit.rows, audit.broken_at), (8, None), "three submitted, one corrected, one set aside, three delivered");
}

#[test]
fn another_persons_dossiers_are_neither_named_nor_waited_for() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    let mut other = submission(id(2), &[]);
    other.applicant.number = other_citizen();
    store.submit(other, "H15.50.05.13", "K07", at(0), today()).unwrap();
    store.correct_person(&other_citizen(), correction(id(3), at(1))).unwrap();
    deliver(&mut store, 2);
    assert_eq!(due(&mut store, Lane::All, 9), Some(id(3)));
    assert_eq!(store.person(&citizen()).unwrap().corrections, []);
}

#[test]
fn a_person_is_shown_corrections_and_can_have_them_erased() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    deliver(&mut store, 1);
    store.set_slip(id(1), SlipState::Printed, at(21)).unwrap();
    store.minimise(at(21), at(0), at(30), 9).unwrap();
    let first = store.correct_person(&citizen(), correction(id(2), at(31))).unwrap();
    assert_eq!(first.dossiers, [id(1)], "a minimal record is the person's, too");
    deliver(&mut store, 2);
    let second = store.correct_person(&citizen(), correction(id(3), at(32))).unwrap();
    assert_eq!(store.person(&citizen()).unwrap().corrections, [first, second.clone()]);

    assert_eq!(store.erase_person(&citizen(), at(40)).unwrap(), 1, "what the hub does not have is the office's duty");
    let left = store.person(&citizen()).unwrap();
    assert_eq!((left.corrections.as_slice(), left.minimal.len()), ([second].as_slice(), 0));
    assert_eq!(due(&mut store, Lane::All, 41), Some(id(3)), "it goes without its dossier, which the hub has");
    deliver(&mut store, 3);
    assert_eq!(store.erase_person(&citizen(), at(50)).unwrap(), 0);
    assert_eq!(store.person(&citizen()).unwrap().corrections, []);
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn of_a_correction_that_the_hub_has_nothing_of_the_person_stays() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    for number in [2, 3] {
        store.correct_person(&citizen(), correction(id(number), at(1))).unwrap();
    }
    deliver(&mut store, 1);
    deliver(&mut store, 2);
    assert_eq!(store.minimise(at(20), at(-1), at(30), 9).unwrap(), 0, "not before its time");
    assert_eq!(store.minimise(at(21), at(-1), at(30), 9).unwrap(), 1);
    let left = store.person(&citizen()).unwrap().corrections;
    assert_eq!(left.iter().map(|correction| correction.id).collect::<Vec<_>>(), [id(3)], "what waits stays");
    assert_eq!(store.verify_audit().unwrap().broken_at, None, "the trail keeps that there was one");
}
