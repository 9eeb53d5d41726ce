//! The chain shows every change made behind the agent's back.

use crate::support::*;
use motcua_store::SlipState;

fn place_with_five_rows() -> Place {
    let place = Place::new();
    let mut store = place.store();
    for number in 0..4 {
        submit(&mut store, id(number), at(0));
    }
    store.set_slip(id(2), SlipState::Printed, at(1)).unwrap();
    let report = store.verify_audit().unwrap();
    assert_eq!((report.rows, report.broken_at), (5, None));
    place
}

#[test]
fn every_kind_of_forgery_breaks_the_chain_where_it_happened() {
    let forgeries = [
        ("UPDATE audit SET detail = 'TAM-K07-261123-0009-00' WHERE number = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE number = 2", 2),
        ("UPDATE audit SET subject = zeroblob(16) WHERE number = 4", 4),
        ("UPDATE audit SET subject = x'00' WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("UPDATE audit SET hash = zeroblob(32) WHERE number = 1", 1),
        ("INSERT INTO audit SELECT 6, at, event, subject, detail, hash, boot, mono FROM audit WHERE number = 5", 6),
        ("UPDATE audit SET mono = mono + 1 WHERE number = 3", 3),
        ("UPDATE audit SET boot = NULL, mono = NULL WHERE number = 3", 3),
    ];
    for (forgery, broken_at) in forgeries {
        let place = place_with_five_rows();
        place.tamper(forgery);
        assert_eq!(place.store().verify_audit().unwrap().broken_at, Some(broken_at), "{forgery}");
    }
}

#[test]
fn a_cut_tail_shows_in_the_head() {
    let place = place_with_five_rows();
    let head = place.store().audit_head().unwrap();
    assert_eq!(head, place.store().audit_head().unwrap());
    place.tamper("DELETE FROM audit WHERE number = 5");
    assert_ne!(head, place.store().audit_head().unwrap());
}

#[test]
fn the_chain_goes_on_after_a_restart() {
    let place = place_with_five_rows();
    let mut store = place.store();
    submit(&mut store, id(9), at(2));
    let report = store.verify_audit().unwrap();
    assert_eq!((report.rows, report.broken_at), (6, None));
}
