//! The outbox against a model of it: a plain list.

use crate::support::*;
use motcua_store::{Lane, SlipState};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Record { handover: bool },
    Fail { which: usize, wait: i64 },
    Deliver { which: usize },
    Freeze { which: usize, byte: u8 },
    Wait { seconds: i64 },
    RetryNow,
    Slip { which: usize },
    Restart,
}

#[derive(Debug)]
struct Waiting {
    id: u128,
    sequence: u64,
    scans: bool,
    attempts: u32,
    next_try: i64,
    frozen: Option<Vec<u8>>,
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0usize..8;
    prop_oneof![
        5 => proptest::bool::weighted(0.2).prop_map(|handover| Step::Record { handover }),
        4 => (which.clone(), 1i64..50).prop_map(|(which, wait)| Step::Fail { which, wait }),
        3 => which.clone().prop_map(|which| Step::Deliver { which }),
        2 => (which.clone(), any::<u8>()).prop_map(|(which, byte)| Step::Freeze { which, byte }),
        3 => (1i64..30).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::RetryNow),
        1 => which.prop_map(|which| Step::Slip { which }),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_outbox_behaves_like_a_list(steps in proptest::collection::vec(step(), 1..40)) {
        let place = Place::new();
        let mut store = place.store();
        let mut list: Vec<Waiting> = Vec::new();
        let (mut now, mut made, mut audited) = (0i64, 0u64, 0u64);
        for step in steps {
            match step {
                Step::Record { handover: parcels } => {
                    made += 1;
                    audited += 1;
                    let new = id(u128::from(made));
                    if parcels {
                        store.record_handover(&handover(new, at(now))).unwrap();
                    } else {
                        submit(&mut store, new, at(now));
                    }
                    list.push(Waiting { id: u128::from(made), sequence: made, scans: !parcels, attempts: 0, next_try: now, frozen: None });
                }
                Step::Fail { which, wait } => {
                    if let Some(item) = list.get_mut(which) {
                        item.attempts += 1;
                        item.next_try = now + wait;
                        prop_assert_eq!(store.attempt_failed(id(item.id), at(item.next_try), "no connection", false).unwrap(), item.attempts);
                    }
                }
                Step::Deliver { which } => {
                    if which < list.len() {
                        audited += 1;
                        store.delivered(id(list.remove(which).id), "{}", None, at(now)).unwrap();
                    }
                }
                Step::Freeze { which, byte } => {
                    if let Some(item) = list.get_mut(which) {
                        store.freeze(id(item.id), &[byte]).unwrap();
                        item.frozen.get_or_insert(vec![byte]);
                    }
                }
                Step::Wait { seconds } => now += seconds,
                Step::RetryNow => {
                    prop_assert_eq!(store.retry_now(None, at(now)).unwrap() as usize, list.len());
                    list.iter_mut().for_each(|item| item.next_try = now);
                }
                Step::Slip { which } => {
                    if let Some(item) = list.get(which).filter(|item| store.dossier(id(item.id)).unwrap().is_some()) {
                        audited += 1;
                        store.set_slip(id(item.id), SlipState::Started, at(now)).unwrap();
                    }
                }
                Step::Restart => {
                    drop(store);
                    store = place.store();
                }
            }
            let due = store.outbox_due(Lane::All, at(now)).unwrap().map(|item| (item.id, item.sequence, item.attempts, item.frozen));
            let expected = list.iter().filter(|item| item.next_try <= now).min_by_key(|item| (item.attempts > 3, item.scans, item.sequence));
            prop_assert_eq!(due, expected.map(|item| (id(item.id), item.sequence, item.attempts, item.frozen.clone())));
            prop_assert_eq!(store.outbox_next().unwrap(), list.iter().map(|item| item.next_try).min().map(at));
            let lines: Vec<_> = store.outbox().unwrap().iter().map(|line| (line.id, line.attempts, line.next_try)).collect();
            let expected: Vec<_> = list.iter().map(|item| (id(item.id), item.attempts, at(item.next_try))).collect();
            prop_assert_eq!(lines, expected);
        }
        let audit = store.verify_audit().unwrap();
        prop_assert_eq!((audit.rows, audit.broken_at), (audited, None));
    }
}

#[test]
fn a_message_that_fails_again_and_again_lets_the_others_pass() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    submit(&mut store, id(2), at(0));
    for _ in 0..4 {
        assert_eq!(store.outbox_due(Lane::All, at(1)).unwrap().unwrap().id, id(1));
        store.attempt_failed(id(1), at(1), "the hub answers 500", false).unwrap();
    }
    assert_eq!(store.outbox_due(Lane::All, at(1)).unwrap().unwrap().id, id(2), "the next one has its turn");
}

#[test]
fn a_handover_is_not_kept_waiting_behind_dossiers() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    submit(&mut store, id(2), at(0));
    store.record_handover(&handover(id(3), at(1))).unwrap();
    assert_eq!(store.outbox_due(Lane::All, at(1)).unwrap().unwrap().id, id(3), "it has no scans");
    store.delivered(id(3), "{}", None, at(2)).unwrap();
    assert_eq!(store.outbox_due(Lane::All, at(2)).unwrap().unwrap().id, id(1), "then the oldest dossier");
}

#[test]
fn what_a_clock_ahead_has_put_off_for_a_year_goes_as_soon_as_the_clock_is_right() {
    let place = Place::new();
    let mut store = place.store();
    let year = 365 * 86_400;
    submit(&mut store, id(1), at(year));
    assert_eq!(store.outbox_due(Lane::All, at(0)).unwrap().unwrap().id, id(1));
    store.attempt_failed(id(1), at(3600), "no connection", false).unwrap();
    assert!(store.outbox_due(Lane::All, at(0)).unwrap().is_none(), "an honest waiting time is waited for");
}
