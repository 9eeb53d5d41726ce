//! What the daemon relies on, call by call.

use crate::support::*;
use motcua_model::{
    Private,
    code::ProvisionalCode,
    dossier::{Applicant, Status},
    hub::{Handing, MessageBody, News, NewsItem},
    particulars::{Authorised, Contact},
    supplement::AddsTo,
};
use motcua_store::{Lane, SlipState, Store, StoreError, side_of};

#[test]
fn a_visit_from_draft_to_result() {
    let place = Place::new();
    let mut store = place.store();
    let (dossier, file) = (id(1), id(101));
    let page = store.put_file(dossier, file, "image/jpeg", &jpeg(1)).unwrap();
    store.save_draft(dossier, &citizen(), b"first", at(0)).unwrap();
    store.save_draft(dossier, &citizen(), b"second", at(1)).unwrap();
    let draft = newest_draft(&store, &citizen()).unwrap();
    assert_eq!((draft.id, draft.body.as_slice(), draft.saved), (dossier, b"second".as_slice(), at(1)));
    assert_eq!(newest_draft(&store, &other_citizen()), None);

    let sent = store.submit(submission(dossier, std::slice::from_ref(&page)), "H15.50.05.13", "K07", at(2), today()).unwrap();
    assert_eq!(sent.code, ProvisionalCode::new("K07", today(), 1));
    assert_eq!(newest_draft(&store, &citizen()), None, "the draft became the dossier");
    assert_eq!(store.file(file).unwrap(), jpeg(1), "the files stay");
    assert_eq!(store.unprinted_slip(&citizen(), at(0)).unwrap().unwrap(), sent.clone());
    assert_eq!(store.unprinted_slip(&citizen(), at(2)).unwrap(), None, "not submitted after that");
    store.set_slip(dossier, SlipState::Started, at(3)).unwrap();
    assert_eq!(store.unprinted_slip(&citizen(), at(0)).unwrap(), Some(sent.clone()), "begun is not printed");
    store.set_slip(dossier, SlipState::Printed, at(4)).unwrap();
    assert_eq!(store.unprinted_slip(&citizen(), at(0)).unwrap(), None);

    let pdf = store.put_file(dossier, id(102), "application/pdf", b"%PDF-1.7 invented").unwrap();
    store.set_pdf(dossier, document_of(dossier), &pdf).unwrap();
    store.set_pdf(dossier, document_of(dossier), &pdf).unwrap();
    assert_eq!(store.look_up(&sent.code.as_str().to_lowercase()).unwrap().unwrap().status, None);

    store.delivered(dossier, "{\"receipt\":1}", Some("H15.50.05.13-261123-0001"), at(60)).unwrap();
    store.delivered(dossier, "{\"receipt\":2}", None, at(61)).unwrap();
    let news = |cursor, word| status(cursor, dossier, "H15.50.05.13-261123-0001", word, at(90));
    store.apply_news(&news(7, Status::Accepted)).unwrap();
    store.apply_news(&news(6, Status::Refused)).unwrap();
    assert_eq!(store.inbox_cursor().unwrap(), 7);
    let found = store.look_up(" h15.50.05.13-261123-0001").unwrap().unwrap();
    assert_eq!((found.status, found.known_at), (Some(Status::Accepted), at(90)), "old news do not overwrite new ones");

    let stored = store.dossier(dossier).unwrap().unwrap();
    assert_eq!(stored.dossier, sent);
    assert_eq!(stored.pdfs, vec![(document_of(dossier), pdf)]);
    assert_eq!((stored.delivered, stored.slip), (Some(at(60)), SlipState::Printed));
    let counts = store.counts().unwrap();
    assert_eq!((counts.waiting, counts.delivered), (0, 1));
    let line = store.list(10).unwrap().remove(0);
    assert_eq!((line.pages, line.status, line.code.as_str()), (1, Some(Status::Accepted), sent.code.as_str()));
    let audit = store.verify_audit().unwrap();
    assert_eq!((audit.rows, audit.broken_at), (6, None), "submitted, two slips, pdf, delivered, status");
}

#[test]
fn the_slip_belongs_to_who_stood_at_the_machine() {
    let place = Place::new();
    let mut store = place.store();
    let mut asked = submission(id(1), &[]);
    let person = Applicant { number: other_citizen(), ..asked.applicant.clone() };
    asked.particulars.authorised = Some(Box::new(Authorised { person, contact: Contact::default(), paper: None }));
    let sent = store.submit(asked, "H15.50.05.13", "K07", at(2), today()).unwrap();
    assert_eq!(store.unprinted_slip(&other_citizen(), at(0)).unwrap(), Some(sent));
    assert_eq!(store.unprinted_slip(&citizen(), at(0)).unwrap(), None, "who authorised them was not there (R27)");
}

#[test]
fn papers_that_were_added_are_told_with_their_dossier_and_answer_the_request() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    let official = "H15.50.05-261123-0001";
    store.apply_news(&status(4, id(1), official, Status::SupplementAsked, at(9))).unwrap();
    store.apply_news(&supplement(5, id(1), at(9))).unwrap();
    assert_eq!((store.to_tell(9).unwrap().len(), store.own_dossiers(&citizen(), 9).unwrap()[0].added), (1, None));
    assert_eq!(store.own_dossiers(&citizen(), 9).unwrap()[0].procedure_code.as_deref(), Some("1.001193"));

    let name = motcua_model::Text::new("Đăng ký khai sinh", "Birth registration");
    let adds = AddsTo::new(id(1), official, ("1.001193", &name), 5, &[]);
    let mut asked = submission(id(2), &[]);
    asked.particulars.adds_to = Some(Box::new(adds));
    let added = store.submit(asked, "H15.50.05.13", "K07", at(20), today()).unwrap();
    let own = store.own_dossiers(&citizen(), 9).unwrap();
    assert_eq!((own.len(), own[0].id, own[0].added), (1, id(1), Some(at(20))), "one dossier, with what was added");
    assert!(store.to_tell(9).unwrap().is_empty(), "the person has been here");
    assert_eq!((store.own_dossier(id(1)).unwrap().as_ref(), store.own_dossier(id(9)).unwrap()), (own.first(), None));
    let found = store.look_up(added.code.as_str()).unwrap().unwrap();
    assert_eq!(
        (found.official_code.as_deref(), found.status),
        (Some(official), Some(Status::SupplementAsked)),
        "its code finds the dossier"
    );
    assert_eq!(store.list(9).unwrap().len(), 2, "the desk sees both");

    store.apply_news(&supplement(6, id(1), at(30))).unwrap();
    assert_eq!((store.to_tell(9).unwrap().len(), store.own_dossiers(&citizen(), 9).unwrap()[0].added), (1, None), "asked for more");
    // The record goes, what can be asked of it stays.
    store.delivered(id(1), "{}", Some(official), at(31)).unwrap();
    store.set_slip(id(1), SlipState::Printed, at(31)).unwrap();
    assert_eq!(store.minimise(at(40), at(40), at(41), 9).unwrap(), 1);
    assert_eq!(store.own_dossiers(&citizen(), 9).unwrap()[0].procedure_code.as_deref(), Some("1.001193"));
}

#[test]
fn a_person_sees_what_they_filed_and_what_is_asked_of_them() {
    let place = Place::new();
    let mut store = place.store();
    let first = submit(&mut store, id(1), at(0));
    let mut asked = submission(id(2), &[]);
    let person = Applicant { number: other_citizen(), ..asked.applicant.clone() };
    asked.particulars.authorised = Some(Box::new(Authorised { person, contact: Contact::default(), paper: None }));
    let second = store.submit(asked, "H15.50.05.13", "K07", at(2), today()).unwrap();
    let codes =
        |store: &Store, number| -> Vec<String> { store.own_dossiers(&number, 10).unwrap().into_iter().map(|own| own.code).collect() };
    let (first, second) = (first.code.as_str().to_owned(), second.code.as_str().to_owned());
    assert_eq!(codes(&store, citizen()), [second.clone(), first], "the owner of both, newest first");
    assert_eq!(codes(&store, other_citizen()), [second], "who filed the one for the owner");
    assert_eq!(store.own_dossiers(&citizen(), 1).unwrap().len(), 1);
    assert!(store.own_dossiers(&citizen(), 10).unwrap().iter().all(|own| own.news.is_none()));
    store.apply_news(&supplement(5, id(1), at(9))).unwrap();
    let news = |store: &Store| store.own_dossiers(&citizen(), 10).unwrap().remove(1).news.map(|item| item.news);
    assert_eq!(news(&store), None, "it counts with the status that comes beside it");
    store.apply_news(&status(6, id(1), "H15.50.05.13-261123-0001", Status::SupplementAsked, at(9))).unwrap();
    assert!(matches!(news(&store), Some(News::Supplement { items, .. }) if items.len() == 1));
    store.apply_news(&status(7, id(1), "H15.50.05.13-261123-0001", Status::Processing, at(10))).unwrap();
    assert_eq!(news(&store), None, "it was handed in");
    let accepted = News::Accepted {
        dossier: id(1),
        official_code: "H15.50.05.13-261123-0001".into(),
        received: at(10),
        due: at(90),
        officer: Private::new("Trần Văn Mẫu"),
        place: String::new(),
    };
    store.apply_news(&NewsItem { cursor: 8, at: at(10), news: accepted.clone() }).unwrap();
    for (cursor, word, shown) in
        [(9, Status::Accepted, true), (10, Status::Refused, false), (11, Status::PaymentAsked, true), (12, Status::Processing, true)]
    {
        store.apply_news(&status(cursor, id(1), "H15.50.05.13-261123-0001", word, at(10))).unwrap();
        assert_eq!(news(&store), shown.then(|| accepted.clone()), "{word:?}");
    }
    let ready = News::Result { dossier: id(1), official_code: String::new(), papers: Vec::new(), handing: Handing::Post };
    store.apply_news(&NewsItem { cursor: 13, at: at(11), news: ready.clone() }).unwrap();
    for (cursor, word) in [(14, Status::Finished), (15, Status::Returned)] {
        store.apply_news(&status(cursor, id(1), "H15.50.05.13-261123-0001", word, at(12))).unwrap();
        assert_eq!(news(&store), Some(ready.clone()), "{word:?}");
    }
}

#[test]
fn the_same_submission_again_is_the_same_dossier() {
    let place = Place::new();
    let mut store = place.store();
    let first = submit(&mut store, id(1), at(0));
    let again = submit(&mut store, id(1), at(500));
    let second = submit(&mut store, id(2), at(501));
    assert_eq!(first, again);
    assert_ne!(first.code, second.code);
    assert_eq!(store.outbox().unwrap().len(), 2);
    assert_eq!(store.list(1).unwrap()[0].id, id(2), "newest first");
}

#[test]
fn codes_count_per_day_and_are_never_given_twice() {
    let place = Place::new();
    let mut store = place.store();
    let day_before = today().yesterday().unwrap();
    let mut codes = Vec::new();
    // The clock of a kiosk with a dead battery goes back and forth.
    for (number, day) in [today(), day_before, today(), day_before].into_iter().enumerate() {
        codes.push(store.submit(submission(id(number as u128), &[]), "H15", "K07", at(0), day).unwrap().code);
    }
    let expected = [(today(), 1), (day_before, 1), (today(), 2), (day_before, 2)].map(|(day, n)| ProvisionalCode::new("K07", day, n));
    assert_eq!(codes, expected);
}

#[test]
fn a_page_that_is_not_on_the_disk_cannot_be_submitted() {
    let place = Place::new();
    let mut store = place.store();
    let page = store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    std::fs::remove_file(place.blob(id(101))).unwrap();
    let refused = store.submit(submission(id(1), std::slice::from_ref(&page)), "H15", "K07", at(0), today());
    assert!(matches!(refused, Err(StoreError::Damaged { file }) if file == id(101)), "{refused:?}");
    let foreign = store.submit(submission(id(2), &[page]), "H15", "K07", at(0), today());
    assert!(matches!(foreign, Err(StoreError::Damaged { .. })), "a page of another visit");
    assert_eq!((store.counts().unwrap().waiting, store.outbox().unwrap().len()), (0, 0));
}

#[test]
fn dropping_a_draft_leaves_neither_key_nor_files() {
    let place = Place::new();
    let mut store = place.store();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    store.put_file(id(2), id(201), "image/jpeg", &jpeg(2)).unwrap();
    store.save_draft(id(1), &citizen(), b"body", at(0)).unwrap();
    store.save_draft(id(2), &citizen(), b"body", at(1)).unwrap();
    let sealed = std::fs::read(place.blob(id(101))).unwrap();
    store.drop_draft(id(1), "ended", at(2)).unwrap();
    store.drop_draft(id(1), "ended", at(3)).unwrap();
    assert!(!place.blob(id(101)).exists());
    assert!(matches!(store.file(id(101)), Err(StoreError::Unknown { .. })));
    assert_eq!(newest_draft(&store, &citizen()).unwrap().id, id(2));
    assert_eq!(store.file(id(201)).unwrap(), jpeg(2), "other drafts are left alone");
    assert_eq!(store.verify_audit().unwrap().rows, 1, "dropping what is gone is no event");

    // Whoever kept a copy of the sealed file finds no key for it, not even under the same id.
    store.put_file(id(1), id(102), "image/jpeg", &jpeg(3)).unwrap();
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    std::fs::write(place.blob(id(101)), sealed).unwrap();
    assert!(matches!(store.file(id(101)), Err(StoreError::Damaged { .. })));
}

#[test]
fn what_was_confirmed_cannot_be_erased_by_a_late_call() {
    let place = Place::new();
    let mut store = place.store();
    let page = store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    store.put_file(id(2), id(201), "image/jpeg", &jpeg(2)).unwrap();
    store.submit(submission(id(1), &[page]), "H15", "K07", at(0), today()).unwrap();
    store.drop_draft(id(1), "idle", at(1)).unwrap();
    assert!(matches!(store.drop_files(&[id(201), id(101)]), Err(StoreError::Confirmed { file }) if file == id(101)));
    assert_eq!(store.file(id(201)).unwrap(), jpeg(2), "all or nothing");
    store.save_draft(id(1), &citizen(), b"late", at(2)).unwrap();
    assert_eq!(newest_draft(&store, &citizen()), None, "a submitted dossier does not become a draft again");
    store.drop_stale_drafts(at(1000), at(1001)).unwrap();
    assert_eq!(store.file(id(101)).unwrap(), jpeg(1));
}

#[test]
fn stale_drafts_go_and_fresh_ones_stay() {
    let place = Place::new();
    let mut store = place.store();
    store.save_draft(id(1), &citizen(), b"old", at(0)).unwrap();
    store.save_draft(id(2), &other_citizen(), b"new", at(100)).unwrap();
    submit(&mut store, id(3), at(0));
    submit(&mut store, id(4), at(100));
    drop(store);
    let mut opened = place.open();
    assert_eq!(opened.unfinished, 4, "two drafts and two slips");
    assert_eq!(opened.store.drop_stale_drafts(at(50), at(101)).unwrap(), 1);
    assert_eq!(newest_draft(&opened.store, &citizen()), None);
    assert!(newest_draft(&opened.store, &other_citizen()).is_some());
    drop(opened);
    assert_eq!(place.open().unfinished, 2, "nobody comes back for the old slip either");
}

#[test]
fn files_are_idempotent_by_id_and_content() {
    let place = Place::new();
    let mut store = place.store();
    let first = store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    assert_eq!(store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap(), first);
    assert!(matches!(store.put_file(id(1), id(101), "image/jpeg", &jpeg(2)), Err(StoreError::Conflict { .. })));
    assert!(matches!(store.put_file(id(2), id(101), "image/jpeg", &jpeg(1)), Err(StoreError::Conflict { .. })));
    assert_eq!(store.file(id(101)).unwrap(), jpeg(1));
    store.drop_files(&[id(101), id(999)]).unwrap();
    store.drop_files(&[id(101)]).unwrap();
    assert!(!place.blob(id(101)).exists());
}

#[test]
fn what_was_read_on_a_side_goes_with_it() {
    let place = Place::new();
    let mut store = place.store();
    assert!(!store.put_reading(id(101), b"[]").unwrap(), "nobody has scanned that side");
    store.put_file(id(1), id(101), "image/jpeg", &jpeg(1)).unwrap();
    let disk = || std::fs::read_dir(place.state().join("blobs")).unwrap().count();
    assert_eq!((store.reading(id(101)).unwrap(), disk()), (None, 1));
    assert!(store.put_reading(id(101), b"[\"first\"]").unwrap());
    assert!(store.put_reading(id(101), b"[\"second\"]").unwrap());
    assert_eq!((store.reading(id(101)).unwrap().as_deref(), disk()), (Some(b"[\"first\"]".as_slice()), 2));
    store.drop_files(&[id(101)]).unwrap();
    assert_eq!((store.reading(id(101)).unwrap(), disk()), (None, 0));

    let dossier = submit(&mut store, id(2), at(0));
    let document = dossier.documents[0].id;
    store.put_metadata(dossier.id, document, b"{}").unwrap();
    store.put_metadata(dossier.id, document, b"{}").unwrap();
    assert_eq!(store.reading(document).unwrap().as_deref(), Some(b"{}".as_slice()));
    let person = store.person(&citizen()).unwrap();
    assert!(person.files.iter().all(|file| file.media != "application/json"), "it stands in the PDF");
}

#[test]
fn the_lossless_file_of_a_side_goes_with_it() {
    let place = Place::new();
    let mut store = place.store();
    let disk = || std::fs::read_dir(place.state().join("blobs")).unwrap().count();
    let scan = |store: &mut Store, dossier: u128, image: u128| {
        let page = store.put_file(id(dossier), id(image), "image/jpeg", &jpeg(1)).unwrap();
        store.put_master(id(dossier), id(image), b"pixels").unwrap();
        page
    };
    scan(&mut store, 1, 101);
    store.put_master(id(1), id(101), b"pixels").unwrap();
    assert!(matches!(store.put_master(id(1), id(101), b"others"), Err(StoreError::Conflict { .. })));
    assert!(store.put_reading(id(101), b"[]").unwrap());
    assert_eq!(disk(), 3, "the side, what was read on it, and the lossless file");
    store.drop_files(&[id(101)]).unwrap();
    assert_eq!(disk(), 0, "the side is scanned again");

    scan(&mut store, 1, 102);
    store.save_draft(id(1), &citizen(), b"{}", at(0)).unwrap();
    store.drop_draft(id(1), "left", at(1)).unwrap();
    assert_eq!(disk(), 0, "the visit was left");

    let page = scan(&mut store, 2, 201);
    let other = scan(&mut store, 3, 301);
    store.submit(submission(id(3), &[other]), "H15", "K07", at(2), today()).unwrap();
    store.delivered(id(3), "{}", None, at(3)).unwrap();
    store.set_slip(id(3), SlipState::Printed, at(4)).unwrap();
    assert_eq!((store.minimise(at(9), at(9), at(9), 9).unwrap(), disk()), (1, 2), "the hub has it; the other dossier's stays");

    store.submit(submission(id(2), std::slice::from_ref(&page)), "H15", "K07", at(10), today()).unwrap();
    drop(store);
    let mut store = place.store();
    assert_eq!(disk(), 2, "a new start sweeps away nothing that belongs to a dossier");
    let files = store.person(&citizen()).unwrap().files;
    let [scanned, master] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!((side_of(scanned.id), side_of(master.id)), (None, Some(scanned.id)));
    assert_eq!((scanned, master.media.as_str(), store.file(master.id).unwrap().as_slice()), (&page, "image/png", b"pixels".as_slice()));
    assert_eq!(store.held().unwrap().blob_bytes, page.bytes + 6, "it counts as any file");
    store.delivered(id(2), "{}", None, at(11)).unwrap();
    assert_eq!(store.erase_person(&citizen(), at(12)).unwrap(), 0);
    assert_eq!(disk(), 0, "the person asked for it");
}

#[test]
fn a_handover_waits_for_the_hub_once() {
    let place = Place::new();
    let mut store = place.store();
    let given = handover(id(9), at(5));
    store.record_handover(&given).unwrap();
    store.record_handover(&given).unwrap();
    let item = store.outbox_due(Lane::All, at(5)).unwrap().unwrap();
    assert_eq!((item.id, item.sequence, item.body), (id(9), 1, MessageBody::Handover(given)));
    let line = store.outbox().unwrap().remove(0);
    assert_eq!((line.kind.as_str(), line.code, line.since), ("handover", id(9).to_string(), at(5)));
    store.delivered(id(9), "{}", None, at(6)).unwrap();
    store.delivered(id(9), "{}", None, at(7)).unwrap();
    assert!(store.outbox().unwrap().is_empty());
    assert!(matches!(store.delivered(id(8), "{}", None, at(8)), Err(StoreError::Unknown { .. })));
}

#[test]
fn the_frozen_message_is_the_first_one() {
    let place = Place::new();
    let mut store = place.store();
    submit(&mut store, id(1), at(0));
    store.freeze(id(1), b"as sent").unwrap();
    store.freeze(id(1), b"another").unwrap();
    assert_eq!(store.outbox_due(Lane::All, at(0)).unwrap().unwrap().frozen.unwrap(), b"as sent");
    assert!(matches!(store.freeze(id(2), b"x"), Err(StoreError::Unknown { .. })));
}

#[test]
fn news_of_an_unknown_dossier_move_only_the_cursor() {
    let place = Place::new();
    let mut store = place.store();
    store.apply_news(&status(3, id(77), "H15-261123-0001", Status::Accepted, at(0))).unwrap();
    assert_eq!(store.inbox_cursor().unwrap(), 3);
    assert_eq!(store.look_up("H15-261123-0001").unwrap(), None);
    assert_eq!(store.verify_audit().unwrap().rows, 0);
}

#[test]
fn the_disk_use_counts_sealed_files() {
    let place = Place::new();
    let mut store = place.store();
    let before = store.bytes_on_disk().unwrap();
    store.put_file(id(1), id(101), "image/jpeg", &[7; 300_000]).unwrap();
    let grown = store.bytes_on_disk().unwrap() - before;
    assert!((300_000..400_000).contains(&grown), "{grown}");
}
