//! Opinions and ratings: durable before they are confirmed, on their way without a dossier, and gone when the hub has them.

use crate::support::*;
use motcua_model::{
    Language, Private,
    hub::MessageBody,
    opinion::{Written, usual_topics},
    rating::{Criterion, Mark, Quality, Rating, Reason, Satisfaction, Score},
};
use motcua_store::{Lane, Store};
use std::fs;

const WORDS: &str = "Ghế ngồi chờ bị gãy";
const PHONE: &str = "0900000789";

fn written(number: u128) -> Written {
    Written {
        id: id(number),
        topic: usual_topics().remove(0),
        text: Private::new(WORDS),
        phone: Some(Private::new(PHONE)),
        language: Language::Vi,
    }
}

pub(crate) fn give(store: &mut Store, number: u128, now: i64) -> motcua_model::opinion::Opinion {
    store.give_opinion(written(number), "H15.50.05.13", "K07", at(now), today()).unwrap()
}

fn satisfaction(number: u128) -> Satisfaction {
    Satisfaction {
        id: id(number),
        device: "K07".to_owned(),
        agency: "H15.50.05.13".to_owned(),
        dossier: id(1),
        code: "TAM-K07-261123-0001-05".to_owned(),
        score: Score::Good,
        reasons: vec![Reason::Time],
        given: at(3),
    }
}

fn quality(number: u128) -> Quality {
    Quality {
        id: id(number),
        device: "K07".to_owned(),
        agency: "H15.50.05.13".to_owned(),
        code: "H15.50.05.13-261123-0001".to_owned(),
        marks: vec![Mark { criterion: Criterion::OnTime, score: Score::Bad }],
        given: at(4),
    }
}

#[test]
fn an_opinion_has_a_code_of_its_own_and_goes_before_scans() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    let first = give(&mut store, 5, 1);
    assert!(first.code.as_str().starts_with("PAKN-K07-") && first.code.as_str().contains("-0001-"), "{}", first.code);
    assert_eq!(give(&mut store, 5, 9), first, "the same id again changes nothing");
    let second = give(&mut store, 6, 2);
    assert!(second.code.as_str().contains("-0002-"), "{}", second.code);
    let dossier = submit(&mut store, id(2), at(3));
    assert!(dossier.code.as_str().contains("-0002-"), "opinions take no number of a dossier: {}", dossier.code);
    assert_eq!(store.look_up(first.code.as_str()).unwrap(), None, "no look-up finds it");

    drop(store);
    let mut store = place.store();
    let item = store.outbox_due(Lane::All, at(9)).unwrap().unwrap();
    assert_eq!((item.id, item.moment.is_some()), (id(5), motcua_store::moment().is_some()));
    assert_eq!(item.body, MessageBody::Opinion(Box::new(first.clone())));
    let line = store.outbox().unwrap().into_iter().find(|line| line.id == id(5)).unwrap();
    assert_eq!((line.kind.as_str(), line.code.as_str(), line.ahead.len()), ("opinion", first.code.as_str(), 0));
    store.freeze(id(5), b"opinion").unwrap();
    store.delivered(id(5), "{}", None, at(10)).unwrap();
    store.delivered(id(5), "{}", None, at(11)).unwrap();
    assert_eq!(store.outbox_due(Lane::Records, at(12)).unwrap().unwrap().id, id(6));
}

#[test]
fn two_ratings_are_two_records_of_two_kinds() {
    let place = Place::new();
    let mut store = place.store();
    for rating in [Rating::Satisfaction(satisfaction(7)), Rating::Quality(quality(8))] {
        store.record_rating(&rating).unwrap();
        store.record_rating(&rating).unwrap();
    }
    let kinds: Vec<String> = store.outbox().unwrap().into_iter().map(|line| line.kind).collect();
    assert_eq!(kinds, ["satisfaction", "quality"]);
    assert_eq!(store.outbox_due(Lane::Records, at(9)).unwrap().unwrap().body, MessageBody::Satisfaction(satisfaction(7)));
    store.delivered(id(7), "{}", None, at(10)).unwrap();
    assert_eq!(store.outbox_due(Lane::Records, at(9)).unwrap().unwrap().body, MessageBody::Quality(quality(8)));
}

#[test]
fn only_the_audit_knows_of_them_when_the_hub_has_had_them_long_enough() {
    let place = Place::new();
    let mut store = place.store();
    give(&mut store, 5, 1);
    give(&mut store, 6, 1);
    store.record_rating(&Rating::Satisfaction(satisfaction(7))).unwrap();
    for number in [5, 7] {
        store.freeze(id(number), WORDS.as_bytes()).unwrap();
        store.delivered(id(number), "{}", None, at(20)).unwrap();
    }
    assert_eq!(store.minimise(at(20), at(0), at(30), 9).unwrap(), 0, "not before its time");
    assert_eq!(store.minimise(at(21), at(0), at(30), 9).unwrap(), 2);
    let db = place.beside();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM feedback"), 1, "what waits stays");
    assert_eq!(count("SELECT count(*) FROM audit WHERE event IN ('opinion', 'satisfaction')"), 3);
    assert_eq!(count("SELECT count(*) FROM audit WHERE event = 'minimised' AND detail IN ('opinion', 'satisfaction')"), 2);
    assert_eq!(count(&format!("SELECT count(*) FROM audit WHERE detail LIKE '%{PHONE}%' OR detail LIKE '%Ghế%'")), 0);
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
    drop(store);
    let log = place.state().join("store.db-wal");
    let on_disk = [fs::read(place.state().join("store.db")).unwrap(), fs::read(log).unwrap_or_default()].concat();
    let shows = |text: &str| on_disk.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!shows(WORDS) && !shows(PHONE), "sealed at rest");
}
