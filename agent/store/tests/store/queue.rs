//! Numbers of the queue: never twice on a day, called by one desk, and gone after their span.

use crate::support::*;
use jiff::{Timestamp, civil::Date};
use motcua_model::queue::{DeskAct, Standing, Wanted};
use motcua_store::Store;
use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier, Mutex},
    thread,
};

fn wanted(number: u128, group: &str, priority: Option<&str>) -> Wanted {
    Wanted { id: id(number), group: group.to_owned(), priority: priority.map(str::to_owned) }
}

fn take(store: &mut Store, number: u128, group: &str) -> String {
    store.take_number(&wanted(number, group, None), at(0), today()).unwrap().0.label()
}

/// The office's day by the clock of Việt Nam, as the agent makes it.
fn day_of(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7))).date()
}

fn at_desk(store: &Store, desk: u8) -> Option<String> {
    let tickets = store.tickets(today()).unwrap();
    tickets.iter().find(|ticket| ticket.standing == Standing::Called { desk }).map(|ticket| ticket.label())
}

fn present(store: &Store, desk: u8) -> Option<uuid::Uuid> {
    let tickets = store.tickets(today()).unwrap();
    tickets.iter().find(|ticket| ticket.standing == Standing::Called { desk }).map(|ticket| ticket.id)
}

/// As the desk's page does it: what it shows now is what it has seen.
fn act(store: &mut Store, desk: u8, act: &DeskAct) -> bool {
    let seen = present(store, desk);
    store.at_desk(desk, seen, act, at(60), today()).unwrap()
}

const NEXT: DeskAct = DeskAct::Next { group: None };

#[test]
fn each_group_counts_for_itself_and_the_same_wish_is_one_number() {
    let place = Place::new();
    let mut store = place.store();
    assert_eq!(take(&mut store, 1, "A"), "A001");
    assert_eq!(take(&mut store, 2, "A"), "A002");
    assert_eq!(take(&mut store, 3, "B"), "B001");
    assert_eq!(take(&mut store, 2, "A"), "A002", "the same tap twice");
    assert_eq!(store.take_number(&wanted(4, "A", Some("age75")), at(1), today()).unwrap().1, 0, "with priority nobody is before them");
    assert_eq!(store.take_number(&wanted(5, "A", None), at(2), today()).unwrap().1, 3);
    drop(store);
    let mut store = place.store();
    assert_eq!(take(&mut store, 6, "A"), "A005", "after a restart");
    assert_eq!(store.tickets(today()).unwrap().len(), 6);
}

#[test]
fn numbers_begin_anew_at_midnight_and_a_clock_set_back_gives_none_twice() {
    let place = Place::new();
    let mut store = place.store();
    let midnight: Timestamp = "2026-11-23T17:00:00Z".parse().unwrap();
    let mut given = BTreeSet::new();
    let mut take_at = |store: &mut Store, number: u128, now: Timestamp| {
        let (ticket, _) = store.take_number(&wanted(number, "A", None), now, day_of(now)).unwrap();
        assert!(given.insert((day_of(now), ticket.label())), "{} was given twice", ticket.label());
        ticket.label()
    };
    let second = jiff::SignedDuration::from_secs(1);
    assert_eq!(take_at(&mut store, 1, midnight - second), "A001");
    assert_eq!(take_at(&mut store, 2, midnight), "A001", "a new day in Việt Nam, in UTC the same one");
    assert_eq!(take_at(&mut store, 3, midnight + second), "A002");
    for (number, back) in [(4, 2), (5, 3_600), (6, 86_000)] {
        take_at(&mut store, number, midnight - second * back);
    }
    assert_eq!(take_at(&mut store, 7, midnight + second * 9), "A003", "and on again");
    drop(store);
    let mut store = place.store();
    assert_eq!(take_at(&mut store, 8, midnight - second), "A005");
    assert_eq!(store.take_number(&wanted(8, "A", None), midnight, day_of(midnight)).unwrap().0.label(), "A005", "the tap before midnight");
}

#[test]
fn a_desk_calls_the_next_one_and_is_done_with_the_one_before() {
    let place = Place::new();
    let mut store = place.store();
    for number in [1, 2] {
        take(&mut store, number, "A");
    }
    store.take_number(&wanted(3, "B", Some("age75")), at(3), today()).unwrap();
    assert!(act(&mut store, 2, &NEXT));
    assert_eq!(at_desk(&store, 2).as_deref(), Some("B001"), "priority first");
    assert!(act(&mut store, 1, &DeskAct::Next { group: Some("A".to_owned()) }));
    assert_eq!(at_desk(&store, 1).as_deref(), Some("A001"));

    assert!(!store.at_desk(2, None, &NEXT, at(61), today()).unwrap(), "a second press of a page that has not seen B001");
    assert_eq!(at_desk(&store, 2).as_deref(), Some("B001"));
    assert!(act(&mut store, 2, &NEXT));
    assert_eq!(at_desk(&store, 2).as_deref(), Some("A002"));
    let tickets = store.tickets(today()).unwrap();
    let first = tickets.iter().find(|ticket| ticket.label() == "B001").unwrap();
    assert_eq!((first.standing, first.waited_s(), first.done), (Standing::Served { desk: 2 }, Some(57), Some(at(60))));
    let kept = store.all_tickets().unwrap();
    assert!(kept.len() == 3 && kept.iter().all(|(day, _)| *day == today()));
    assert!(!act(&mut store, 2, &NEXT), "nobody waits");
    assert_eq!(at_desk(&store, 2).as_deref(), Some("A002"), "who is there is not sent away");

    let before = tickets.iter().find(|ticket| ticket.label() == "A001").unwrap().call;
    assert!(act(&mut store, 1, &DeskAct::Again));
    let again = store.tickets(today()).unwrap().into_iter().find(|ticket| ticket.label() == "A001").unwrap();
    assert!(again.call > before && again.standing == Standing::Called { desk: 1 });
    assert!(act(&mut store, 1, &DeskAct::Done));
    assert_eq!(at_desk(&store, 1), None);
    for nothing in [DeskAct::Done, DeskAct::Absent, DeskAct::Again, DeskAct::This(id(1))] {
        assert!(!act(&mut store, 1, &nothing), "{nothing:?}: nobody is there, and A001 is done");
    }
}

#[test]
fn whoever_is_not_there_comes_back_behind_those_who_wait_and_can_be_called_by_hand() {
    let place = Place::new();
    let mut store = place.store();
    for number in [1, 2] {
        take(&mut store, number, "A");
    }
    act(&mut store, 1, &NEXT);
    assert!(act(&mut store, 1, &DeskAct::Absent));
    assert_eq!(at_desk(&store, 1), None);
    take(&mut store, 3, "A");
    for wanted in ["A002", "A001", "A003"] {
        assert!(act(&mut store, 1, &NEXT));
        assert_eq!(at_desk(&store, 1).as_deref(), Some(wanted), "A001 stands behind A002, and before who came later");
    }
    take(&mut store, 4, "A");
    act(&mut store, 1, &NEXT);
    for times in 1..=3 {
        assert!(act(&mut store, 1, &DeskAct::Absent));
        assert_eq!(act(&mut store, 1, &NEXT), times < 3, "three times not there: not by itself any more");
    }
    assert_eq!(at_desk(&store, 1), None);
    assert!(act(&mut store, 1, &DeskAct::This(id(4))), "but by hand");
    assert_eq!(at_desk(&store, 1).as_deref(), Some("A004"));
}

#[test]
fn two_desks_that_press_at_once_never_get_the_same_number() {
    let place = Place::new();
    let mut store = place.store();
    for number in 1..=40 {
        take(&mut store, number, "A");
    }
    // As in the agent: whoever asks first has the store for one whole transaction.
    let (store, start) = (Arc::new(Mutex::new(store)), Arc::new(Barrier::new(2)));
    let desks: Vec<_> = [1_u8, 2]
        .into_iter()
        .map(|desk| {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            thread::spawn(move || {
                let (mut seen, mut called) = (None, Vec::new());
                for _ in 0..20 {
                    start.wait();
                    let mut store = store.lock().unwrap();
                    assert!(store.at_desk(desk, seen, &NEXT, at(60), today()).unwrap());
                    seen = present(&store, desk);
                    called.push(at_desk(&store, desk).unwrap());
                }
                called
            })
        })
        .collect();
    let called: Vec<String> = desks.into_iter().flat_map(|desk| desk.join().unwrap()).collect();
    let different: BTreeSet<&String> = called.iter().collect();
    assert_eq!((called.len(), different.len()), (40, 40));
}

#[test]
fn a_copy_that_is_put_back_gives_no_number_twice() {
    let place = Place::new();
    let mut store = place.store();
    assert_eq!(take(&mut store, 1, "A"), "A001");
    store.back_up().unwrap();
    assert_eq!(take(&mut store, 2, "A"), "A002");
    drop(store);
    motcua_store::want_restore(&place.state()).unwrap();
    let mut store = place.store();
    assert_eq!(store.tickets(today()).unwrap().len(), 1, "what the copy had");
    let next = take(&mut store, 3, "A");
    assert!(next != "A002" && next != "A001", "{next}");
}

#[test]
fn numbers_are_forgotten_after_their_span_and_leave_no_trace_in_the_trail() {
    let place = Place::new();
    let mut store = place.store();
    let rows = store.audit_head().unwrap().0;
    take(&mut store, 1, "A");
    store.take_number(&wanted(2, "A", None), at(86_400), today().tomorrow().unwrap()).unwrap();
    assert_eq!(store.forget_tickets(today()).unwrap(), 0);
    assert_eq!(store.forget_tickets(today().tomorrow().unwrap()).unwrap(), 1);
    assert_eq!(store.tickets(today()).unwrap(), []);
    assert_eq!(take(&mut store, 3, "A"), "A002", "forgotten, and yet never given again");
    assert_eq!(store.audit_head().unwrap().0, rows);
    assert_eq!(store.outbox().unwrap(), [], "nothing for the hub");
}
