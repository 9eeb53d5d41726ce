//! What goes when it has done its work, what is left, and stores of older versions.

use crate::support::*;
use jiff::ToSpan as _;
use motcua_model::{
    citizen::PersonNumber,
    dossier::{Applicant, Status},
    hub::{Handing, News, NewsItem},
    particulars::{Authorised, Contact},
};
use motcua_store::{Lane, SlipState, Spans, Store, StoreError, StoreKey};
use std::fs;

fn spans() -> Spans {
    Spans { frequent_use: 24.hours(), management: 48.hours(), permanent: 96.hours() }
}

/// A dossier with one page and its PDF that the hub has signed for at second 20.
fn delivered(store: &mut Store, number: u128) {
    let page = store.put_file(id(number), id(number + 50), "image/jpeg", &jpeg(7)).unwrap();
    store.submit(submission(id(number), &[page]), "H15.50.05", "K07", at(10), today()).unwrap();
    let pdf = store.put_file(id(number), id(number + 60), "application/pdf", b"%PDF invented").unwrap();
    store.set_pdf(id(number), document_of(id(number)), &pdf).unwrap();
    store.delivered(id(number), "{}", Some("H15.50.05-261123-0001"), at(20)).unwrap();
}

#[test]
fn what_the_hub_has_leaves_code_status_and_times_and_nothing_of_the_person() {
    let place = Place::new();
    let mut store = place.store();
    delivered(&mut store, 1);
    let waiting = store.submit(submission(id(2), &[]), "H15.50.05", "K07", at(11), today()).unwrap();
    assert_eq!(store.minimise(at(20), at(0), at(30), 9).unwrap(), 0, "not before its time");
    assert_eq!(store.minimise(at(21), at(0), at(30), 9).unwrap(), 0, "its slip may still be asked for");
    store.set_slip(id(1), SlipState::Printed, at(25)).unwrap();
    assert_eq!(store.minimise(at(21), at(0), at(30), 9).unwrap(), 1);
    assert_eq!(store.minimise(at(21), at(0), at(30), 9).unwrap(), 0, "once");

    assert!(!place.blob(id(51)).exists() && !place.blob(id(61)).exists());
    assert!(matches!(store.file(id(51)), Err(StoreError::Unknown { .. })));
    assert_eq!(store.dossier(id(1)).unwrap(), None);
    let found = store.look_up("H15.50.05-261123-0001").unwrap().unwrap();
    assert_eq!(found.official_code.as_deref(), Some("H15.50.05-261123-0001"));
    store.apply_news(&status(1, id(1), "", Status::Finished, at(40))).unwrap();
    assert_eq!(store.look_up("H15.50.05-261123-0001").unwrap().unwrap().status, Some(Status::Finished), "it still learns");
    assert_eq!(store.list(9).unwrap().len(), 2);
    assert!(store.dossier(id(2)).unwrap().is_some_and(|d| d.dossier == waiting), "what waits is whole");
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn a_minimal_record_is_forgotten_when_its_span_is_over() {
    let place = Place::new();
    let mut store = place.store();
    delivered(&mut store, 1);
    store.set_slip(id(1), SlipState::Closed, at(25)).unwrap();
    assert_eq!(store.forget_expired(&spans(), at(9_000_000)).unwrap(), 0, "a whole one is never forgotten");
    store.minimise(at(21), at(0), at(30), 9).unwrap();
    let day = 24 * 3600;
    assert_eq!(store.forget_expired(&spans(), at(20 + day)).unwrap(), 0);
    assert_eq!(store.forget_expired(&spans(), at(21 + day)).unwrap(), 1, "frequent use: a day");
    assert_eq!(store.look_up("H15.50.05-261123-0001").unwrap(), None);
    assert_eq!(store.verify_audit().unwrap().broken_at, None, "the trail stays");
}

#[test]
fn a_person_gets_everything_and_can_have_it_erased() {
    let place = Place::new();
    let mut store = place.store();
    delivered(&mut store, 1);
    delivered(&mut store, 2);
    store.set_slip(id(2), SlipState::Printed, at(25)).unwrap();
    store.minimise(at(21), at(0), at(30), 9).unwrap();
    let waiting = store.submit(submission(id(3), &[]), "H15.50.05", "K07", at(40), today()).unwrap();
    store.put_file(id(4), id(54), "image/jpeg", &jpeg(1)).unwrap();
    store.save_draft(id(4), &citizen(), b"{}", at(41)).unwrap();

    let person = store.person(&citizen()).unwrap();
    assert_eq!((person.drafts, person.waiting.as_slice(), person.delivered.len()), (1, [waiting].as_slice(), 1));
    assert_eq!((person.minimal.len(), person.files.len()), (1, 2));
    assert_eq!(store.person(&other_citizen()).unwrap().delivered, []);
    assert_eq!(store.erase_person(&other_citizen(), at(50)).unwrap(), 0);

    assert_eq!(store.erase_person(&citizen(), at(50)).unwrap(), 1, "what the hub does not have is the office's duty");
    let left = store.person(&citizen()).unwrap();
    assert_eq!((left.drafts, left.waiting.len(), left.delivered.len(), left.minimal.len()), (0, 1, 0, 0));
    assert!(!place.blob(id(51)).exists() && !place.blob(id(54)).exists());
    store.delivered(id(3), "{}", Some("H15.50.05-261123-0003"), at(60)).unwrap();
    assert_eq!(store.erase_person(&citizen(), at(70)).unwrap(), 0);
    assert_eq!(store.list(9).unwrap(), []);
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn what_an_officer_asks_for_is_to_be_told_until_the_dossier_goes_on() {
    let place = Place::new();
    let mut store = place.store();
    delivered(&mut store, 1);
    let asks = |cursor, number| supplement(cursor, id(number), at(70));
    store.apply_news(&asks(1, 1)).unwrap();
    store.apply_news(&asks(1, 1)).unwrap();
    store.apply_news(&asks(2, 99)).unwrap();
    store.apply_news(&NewsItem { cursor: 3, at: at(71), news: News::Unknown("later".to_owned()) }).unwrap();
    assert_eq!(store.inbox_cursor().unwrap(), 3, "what is not understood does not hold the others up");
    let told = |store: &motcua_store::Store| store.to_tell(9).unwrap().into_iter().map(|told| told.item).collect::<Vec<_>>();
    let code = "H15.50.05-261123-0001";
    assert_eq!(told(&store), [], "no papers are missing yet");
    store.apply_news(&status(4, id(1), code, Status::SupplementAsked, at(72))).unwrap();
    assert_eq!(told(&store), [asks(1, 1)], "and not another device's dossier");
    store.apply_news(&status(5, id(1), code, Status::Processing, at(73))).unwrap();
    assert_eq!(told(&store), [], "the papers were brought");
    store.apply_news(&asks(6, 1)).unwrap();
    store.apply_news(&status(7, id(1), code, Status::SupplementAsked, at(74))).unwrap();
    assert_eq!(told(&store), [asks(6, 1)], "the last request counts");
    let ready = NewsItem {
        cursor: 8,
        at: at(75),
        news: News::Result { dossier: id(1), official_code: code.to_owned(), papers: Vec::new(), handing: Handing::Post },
    };
    store.apply_news(&ready).unwrap();
    store.apply_news(&status(9, id(1), code, Status::Finished, at(75))).unwrap();
    assert_eq!(told(&store), [ready]);
    store.apply_news(&status(10, id(1), code, Status::Returned, at(76))).unwrap();
    assert_eq!(told(&store), []);
    let head = store.audit_head().unwrap();
    assert_eq!(store.verify_audit().unwrap().rows, head.0);
}

#[test]
fn a_message_that_the_hub_refuses_ten_times_is_set_aside_and_blocks_nobody() {
    let place = Place::new();
    let mut store = place.store();
    for number in [1, 2] {
        store.submit(submission(id(number), &[]), "H15.50.05", "K07", at(0), today()).unwrap();
    }
    for attempt in 1..=10 {
        store.attempt_failed(id(1), at(0), "no connection", false).unwrap();
        let all = store.attempt_failed(id(1), at(0), "the hub answered 422", true).unwrap();
        assert_eq!(all, attempt * 2);
        assert_eq!(store.outbox().unwrap()[0].set_aside, attempt == 10);
    }
    let counts = store.outbox_counts().unwrap();
    assert_eq!((counts.waiting, counts.set_aside, counts.oldest), (1, 1, Some(at(0))));
    assert_eq!(store.outbox_due(Lane::All, at(1)).unwrap().unwrap().id, id(2));
    assert_eq!(store.retry_now(Some(id(1)), at(1)).unwrap(), 1);
    assert!(!store.outbox().unwrap()[0].set_aside);
    assert_eq!(store.retry_now(Some(id(77)), at(1)).unwrap(), 0);
    store.attempt_failed(id(1), at(0), "the hub answered 422", true).unwrap();
    assert!(!store.outbox().unwrap()[0].set_aside, "counted anew");
}

#[test]
fn records_go_before_files() {
    let place = Place::new();
    let mut store = place.store();
    for number in [1, 2, 3] {
        store.submit(submission(id(number), &[]), "H15.50.05", "K07", at(0), today()).unwrap();
    }
    assert_eq!(store.outbox_due(Lane::Records, at(1)).unwrap(), None, "no message is made yet");
    store.freeze(id(1), b"one").unwrap();
    store.freeze(id(3), b"three").unwrap();
    store.record_handover(&handover(id(4), at(0))).unwrap();
    let mut order = Vec::new();
    while let Some(item) = store.outbox_due(Lane::Records, at(1)).unwrap() {
        order.push(item.id);
        store.announced(item.id).unwrap();
    }
    assert_eq!(order, [id(4), id(1), id(3)], "what has no files at all goes first");
    store.delivered(id(4), "{}", None, at(1)).unwrap();
    assert_eq!(store.outbox_due(Lane::All, at(1)).unwrap().unwrap().id, id(1), "files in the order of events");
    let detail = store.outbox_detail(id(1)).unwrap().unwrap();
    assert_eq!((detail.announced, detail.message_bytes), (true, Some(3)));
    assert_eq!(store.outbox_detail(id(77)).unwrap(), None);
}

#[test]
fn whoever_files_for_another_is_found_and_can_be_erased_without_taking_the_owners_record() {
    let place = Place::new();
    let mut store = place.store();
    let clerk = PersonNumber::parse("001090000017").unwrap();
    let file = |store: &mut Store, number| {
        let page = store.put_file(id(number), id(number + 50), "image/jpeg", &jpeg(7)).unwrap();
        let mut asked = submission(id(number), &[page]);
        let person = Applicant { number: clerk.clone(), ..asked.applicant.clone() };
        asked.particulars.authorised = Some(Box::new(Authorised { person, contact: Contact::default(), paper: None }));
        store.submit(asked, "H15.50.05", "K07", at(10), today()).unwrap()
    };
    let (sent, waiting) = (file(&mut store, 1), file(&mut store, 2));
    store.delivered(id(1), "{}", Some("H15.50.05-261123-0001"), at(20)).unwrap();
    let person = store.person(&clerk).unwrap();
    assert_eq!((person.delivered, person.waiting, person.files.len()), (vec![sent], vec![waiting], 2));
    assert_eq!(store.erase_person(&clerk, at(30)).unwrap(), 1, "what waits is the office's duty");
    assert!(!place.blob(id(51)).exists() && place.blob(id(52)).exists());
    let left = store.person(&clerk).unwrap();
    assert_eq!((left.delivered.len(), left.waiting.len(), left.minimal.len()), (0, 1, 0));
    assert_eq!(store.person(&citizen()).unwrap().minimal.len(), 1, "code and status are the owner's");
    assert!(store.look_up("H15.50.05-261123-0001").unwrap().is_some());
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

/// Every version that was ever released opens, keeps what it held, and has an unbroken trail.
#[test]
fn a_store_of_every_older_version_opens() {
    let versions = [
        include_str!("../../migrations/0001_start.sql"),
        include_str!("../../migrations/0002_care.sql"),
        include_str!("../../migrations/0003_moments.sql"),
        include_str!("../../migrations/0004_corrections.sql"),
        include_str!("../../migrations/0005_authorised.sql"),
        include_str!("../../migrations/0006_catalogue.sql"),
        include_str!("../../migrations/0007_signing.sql"),
        include_str!("../../migrations/0008_feedback.sql"),
        include_str!("../../migrations/0009_queue.sql"),
        include_str!("../../migrations/0010_couriers.sql"),
        include_str!("../../migrations/0011_supplements.sql"),
        include_str!("../../migrations/0012_reprints.sql"),
    ];
    for version in 1..=versions.len() {
        let place = Place::new();
        fs::create_dir(place.state()).unwrap();
        let old = versions[..version].concat();
        let body = serde_json::to_string(&submission(id(1), &[]).into_dossier(
            motcua_model::code::ProvisionalCode::new("K07", today(), 1),
            "H15.50.05",
            "K07",
            at(0),
        ));
        // As that version wrote it: no retention, a trail without moments.
        let body = body.unwrap().replace(r#","retention":"frequent_use""#, "");
        place.tamper(&format!(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; {old}
             PRAGMA application_id = 0x4d434531; PRAGMA user_version = {version};
             INSERT INTO dossier (id, code, owner, procedure_vi, procedure_en, pages, body, submitted, known_at)
               VALUES (x'{}', 'TAM-K07-261123-0001-05', x'00', 'a', 'b', 0, '{body}', 0, 0);
             INSERT INTO outbox (id, sequence, kind, code, since, next_try) VALUES (x'{}', 1, 'dossier', 'c', 0, 0);
             INSERT INTO audit (number, at, event, subject, detail, hash) VALUES (1, 5, 'submitted', x'{}', 'd', x'{}');",
            id(1).simple(),
            id(1).simple(),
            id(1).simple(),
            old_hash(1, 5, "submitted", &id(1).simple().to_string(), "d"),
        ));
        let mut store = place.store();
        let item = store.outbox_due(Lane::All, at(1)).unwrap().unwrap();
        assert_eq!((item.id, item.moment), (id(1), None));
        store.set_slip(id(1), SlipState::Printed, at(2)).unwrap();
        let report = store.verify_audit().unwrap();
        assert_eq!((report.rows, report.broken_at), (2, None), "old rows and new ones are one chain");
        drop(store);
        let key = StoreKey::load(&place.folder.path().join("store.key")).unwrap();
        assert!(Store::open(&place.state(), &key).is_ok(), "and again");
    }
}

fn old_hash(number: i64, at: i64, event: &str, subject: &str, detail: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let canonical = serde_json::to_vec(&(number, Some(at), event, subject, detail)).unwrap();
    hex::encode(Sha256::new().chain_update([0_u8; 32]).chain_update(canonical).finalize())
}
