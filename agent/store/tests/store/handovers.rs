//! Couriers: announced parcels, half-done handovers, records with differences, wrong PINs.

use crate::support::*;
use motcua_model::{
    code::ParcelCode,
    dossier::{Handover, HandoverParcel},
    handover::{Deviation, Difference, Direction, ExpectedParcel, OpenHandover},
    hub::MessageBody,
};
use motcua_store::{Lane, PinTries, Store};
use uuid::Uuid;

fn expected(n: u32) -> ExpectedParcel {
    ExpectedParcel {
        code: format!("VNP{n:010}"),
        direction: Direction::Fetch,
        grams: Some(n),
        destination: "Sở Tư pháp".to_owned(),
        dossier: None,
    }
}

fn scanned(n: u32) -> HandoverParcel {
    HandoverParcel { parcel: ParcelCode::parse(&format!("VNP{n:010}")).unwrap(), scanned: at(i64::from(n)) }
}

fn open_of(courier: &str, handover: Uuid, parcels: u32) -> OpenHandover {
    OpenHandover {
        id: handover,
        courier: courier.to_owned(),
        direction: Direction::Fetch,
        begun: at(0),
        parcels: (1..=parcels).map(scanned).collect(),
        strangers: Vec::new(),
    }
}

fn codes(parcels: &[ExpectedParcel]) -> Vec<&str> {
    parcels.iter().map(|parcel| parcel.code.as_str()).collect()
}

#[test]
fn a_half_done_handover_is_there_after_a_start_and_goes_with_the_record() {
    let place = Place::new();
    let mut store = place.store();
    for n in 1..=3 {
        store.announce_parcel(&expected(n), at(0)).unwrap();
    }
    for n in 1..=2 {
        store.keep_handover(&open_of("BT1", id(1), n), at(i64::from(n))).unwrap();
    }
    drop(store);
    let mut store = place.store();
    let found = store.for_courier("BT1", at(9)).unwrap();
    assert_eq!(found.open, Some(open_of("BT1", id(1), 2)), "the second parcel too");
    assert_eq!(codes(&found.expected).len(), 3, "what is scanned is announced all the same");
    let other = store.for_courier("BT2", at(9)).unwrap();
    assert_eq!((other.open, codes(&other.expected)), (None, vec!["VNP0000000003"]), "another courier is not offered what the first has");

    let missing = vec![Difference { code: "VNP0000000003".to_owned(), deviation: Deviation::Missing }];
    let record = Handover {
        parcels: vec![scanned(1), scanned(2)],
        courier: "BT1".to_owned(),
        announced: 3,
        differences: missing,
        ..handover(id(1), at(20))
    };
    store.record_handover(&record).unwrap();
    store.record_handover(&record).unwrap();
    let found = store.for_courier("BT1", at(21)).unwrap();
    assert_eq!((found.open, codes(&found.expected)), (None, vec!["VNP0000000003"]), "the missing one is still awaited");
    store.keep_handover(&open_of("BT1", id(1), 3), at(22)).unwrap();
    assert_eq!(store.open_handovers().unwrap(), [], "what is recorded is not opened again");
    let due = store.outbox_due(Lane::Records, at(30)).unwrap().unwrap();
    let MessageBody::Handover(sent) = due.body else { panic!() };
    assert_eq!(sent, record, "the hub is told what differs");
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn a_parcel_is_announced_once_and_withdrawn() {
    let place = Place::new();
    let mut store = place.store();
    store.announce_parcel(&expected(1), at(0)).unwrap();
    store.announce_parcel(&ExpectedParcel { grams: Some(900), ..expected(1) }, at(1)).unwrap();
    assert_eq!(store.expected_parcels().unwrap(), [ExpectedParcel { grams: Some(900), ..expected(1) }]);
    store.withdraw_parcel("VNP0000000001", at(2)).unwrap();
    store.withdraw_parcel("VNP0000000001", at(3)).unwrap();
    assert_eq!(store.expected_parcels().unwrap(), []);
}

#[test]
fn a_stranger_that_goes_the_wrong_way_is_still_awaited() {
    let place = Place::new();
    let mut store = place.store();
    store.announce_parcel(&ExpectedParcel { direction: Direction::Deliver, ..expected(1) }, at(0)).unwrap();
    let differences = vec![Difference { code: "VNP0000000001".to_owned(), deviation: Deviation::NotOfRun }];
    store.record_handover(&Handover { parcels: vec![scanned(1)], differences, ..handover(id(1), at(5)) }).unwrap();
    assert_eq!(codes(&store.expected_parcels().unwrap()), ["VNP0000000001"]);
}

#[test]
fn a_slip_waits_a_day_for_its_courier() {
    let place = Place::new();
    let mut store = place.store();
    let copies = |store: &Store, courier: &str, seconds: i64| store.for_courier(courier, at(seconds)).unwrap().unprinted.map(|(_, n)| n);
    store.record_handover(&handover(id(1), at(0))).unwrap();
    assert_eq!((copies(&store, "BT001", 5), copies(&store, "BT002", 5)), (Some(0), None));
    store.slip_copy_printed(id(1), 1).unwrap();
    assert_eq!(copies(&store, "BT001", 5), Some(1));
    assert_eq!(copies(&store, "BT001", 86_401), None, "the console prints it later");
    store.slip_copy_printed(id(1), 2).unwrap();
    store.slip_copy_printed(id(1), 1).unwrap();
    assert_eq!(copies(&store, "BT001", 5), None, "a copy printed once more takes nothing back");
    assert_eq!(store.recent_handovers(9).unwrap(), [(handover(id(1), at(0)), 2)]);
}

#[test]
fn three_wrong_pins_lock_for_five_minutes_whatever_is_unplugged() {
    let place = Place::new();
    let mut store = place.store();
    let who = "courier BT1";
    assert_eq!(store.pin_tries(who, at(0)).unwrap(), PinTries::Left(3));
    assert_eq!(store.pin_was_wrong(who, at(1)).unwrap(), PinTries::Left(2));
    assert_eq!(store.pin_was_wrong(who, at(2)).unwrap(), PinTries::Left(1));
    drop(store);
    let mut store = place.store();
    assert_eq!(store.pin_tries(who, at(3)).unwrap(), PinTries::Left(1));
    assert_eq!(store.pin_was_wrong(who, at(4)).unwrap(), PinTries::Locked(at(304)));
    drop(store);
    let mut store = place.store();
    assert_eq!(store.pin_tries(who, at(303)).unwrap(), PinTries::Locked(at(304)));
    assert_eq!(store.pin_tries("courier BT2", at(303)).unwrap(), PinTries::Left(3), "others go on");
    assert_eq!(store.pin_tries(who, at(-86_400)).unwrap(), PinTries::Left(3), "a clock set back locks nobody out for a day");
    assert_eq!(store.pin_tries(who, at(304)).unwrap(), PinTries::Left(3));
    assert_eq!(store.pin_was_wrong(who, at(305)).unwrap(), PinTries::Left(2), "the count begins anew");
    store.pin_was_right(who).unwrap();
    assert_eq!(store.pin_tries(who, at(306)).unwrap(), PinTries::Left(3));
    let events: Vec<String> = {
        drop(store);
        let db = place.beside();
        let mut statement = db.prepare("SELECT event FROM audit WHERE event LIKE 'pin%' ORDER BY number").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(events, ["pin_wrong", "pin_wrong", "pin_locked", "pin_wrong"]);
}
