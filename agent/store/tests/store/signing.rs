//! Dossiers that wait for signatures: held, signed one by one, released, sent unsigned, killed in between, and opened from before.

use crate::support::*;
use motcua_model::{
    dossier::{FileRef, Origin},
    hub::PaperSource,
};
use motcua_store::{Lane, Resigned, Store, StoreError};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use uuid::Uuid;

const PDF: &[u8] = b"%PDF invented";
const SIGNED: &[u8] = b"%PDF invented, signed";
const STAMPED: &[u8] = b"%PDF invented, signed, stamped";
const FOLDER: &str = "MOTCUA_STORE_SIGN_FOLDER";

/// A second scanned paper, and one that the hub has.
fn second_of(dossier: Uuid) -> Uuid {
    Uuid::from_u128(dossier.as_u128() ^ 0x5ec0_0000)
}

/// Two scanned papers and one that was found at the hub.
fn file(store: &mut Store, number: u128) {
    let page = store.put_file(id(number), id(number + 0x100), "image/jpeg", &jpeg(7)).unwrap();
    let mut asked = submission(id(number), &[page]);
    let mut second = asked.documents[0].clone();
    second.id = second_of(id(number));
    let mut found = second.clone();
    (found.id, found.origin, found.pages) =
        (id(number + 0x900), Origin::Stored { source: PaperSource::Hub, reference: "KQ.1".to_owned() }, Vec::new());
    asked.documents.extend([second, found]);
    store.submit(asked, "H15.50.05", "K07", at(10), today()).unwrap();
}

fn make_pdf(store: &mut Store, dossier: Uuid, document: Uuid, file: Uuid) -> FileRef {
    let pdf = store.put_file(dossier, file, "application/pdf", PDF).unwrap();
    store.set_pdf(dossier, document, &pdf).unwrap();
    pdf
}

/// Dossier 2 with both papers signed: files 211 and 212.
fn file_signed(store: &mut Store) {
    file(store, 2);
    make_pdf(store, id(2), document_of(id(2)), id(201));
    make_pdf(store, id(2), second_of(id(2)), id(202));
    store.set_signed_pdf(&new(2, document_of(id(2)), 201, 211, SIGNED), "UBND xã Mẫu", at(30)).unwrap();
    store.set_signed_pdf(&new(2, second_of(id(2)), 202, 212, SIGNED), "UBND xã Mẫu", at(31)).unwrap();
}

fn new(number: u128, document: Uuid, before: u128, after: u128, bytes: &[u8]) -> Resigned<'_> {
    Resigned { dossier: id(number), document, before: id(before), file: id(after), bytes }
}

fn due(store: &Store) -> Option<Uuid> {
    store.outbox_due(Lane::All, at(1000)).unwrap().map(|item| item.id)
}

#[test]
fn a_dossier_waits_until_its_last_paper_is_signed_and_others_pass() {
    let place = Place::new();
    let mut store = place.store();
    file(&mut store, 1);
    assert_eq!(store.want_signatures(true, at(20)).unwrap(), 0);
    assert_eq!(due(&store), Some(id(1)), "what was filed before goes as it is");
    store.delivered(id(1), "{}", None, at(21)).unwrap();
    file(&mut store, 2);
    submit_without_scans(&mut store, 3);
    assert_eq!(due(&store), Some(id(3)), "nothing to sign, and what waits holds nobody up");
    store.delivered(id(3), "{}", None, at(21)).unwrap();
    assert_eq!((due(&store), store.outbox_next().unwrap()), (None, None));
    assert!(store.freeze(id(2), b"message").is_err(), "its files will change");

    let list = store.to_sign(9).unwrap();
    assert_eq!((list.len(), list[0].id, list[0].papers.len(), list[0].papers[0].pages), (1, id(2), 2, 1));
    assert!(list[0].papers.iter().all(|paper| paper.file.is_none() && paper.signed.is_none()), "no PDF is made yet");
    let first = make_pdf(&mut store, id(2), document_of(id(2)), id(201));
    make_pdf(&mut store, id(2), second_of(id(2)), id(202));
    assert_eq!(store.to_sign(9).unwrap()[0].papers[0].file, Some(first));

    assert!(!store.set_signed_pdf(&new(2, document_of(id(2)), 201, 211, SIGNED), "UBND xã Mẫu", at(30)).unwrap());
    assert!(!place.blob(id(201)).exists() && store.file(id(211)).unwrap() == SIGNED);
    let (waiting, line) = (store.outbox_counts().unwrap(), store.outbox().unwrap().remove(0));
    assert_eq!((waiting.waiting, waiting.to_sign, waiting.oldest, waiting.oldest_to_sign), (0, 1, None, Some(at(10))));
    assert_eq!((line.to_sign, line.attempts, line.problem.as_str()), (true, 0, ""), "waiting is no failure");
    assert_eq!(store.retry_now(Some(id(2)), at(31)).unwrap(), 0, "a technician cannot go past the office");
    assert_eq!(store.to_sign(9).unwrap()[0].papers[0].signed, Some(at(30)));
    assert_eq!(due(&store), None);

    drop(store);
    let mut store = place.store();
    store.want_signatures(true, at(40)).unwrap();
    assert_eq!((due(&store), store.to_sign(9).unwrap().len()), (None, 1), "a restart changes nothing");
    assert!(store.set_signed_pdf(&new(2, second_of(id(2)), 202, 212, SIGNED), "UBND xã Mẫu", at(41)).unwrap());
    assert_eq!((due(&store), store.to_sign(9).unwrap()), (Some(id(2)), Vec::new()));
    let trail = events(&place);
    assert_eq!(trail.iter().filter(|event| *event == "signed").count(), 2, "{trail:?}");
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

fn submit_without_scans(store: &mut Store, number: u128) {
    let mut asked = submission(id(number), &[]);
    asked.documents.clear();
    store.submit(asked, "H15.50.05", "K07", at(11), today()).unwrap();
}

fn events(place: &Place) -> Vec<String> {
    let db = place.beside();
    let mut statement = db.prepare("SELECT event FROM audit ORDER BY number").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn what_is_not_the_paper_with_a_signature_behind_it_does_not_take_its_place() {
    let place = Place::new();
    let mut store = place.store();
    store.want_signatures(true, at(0)).unwrap();
    file(&mut store, 2);
    make_pdf(&mut store, id(2), document_of(id(2)), id(201));
    for bytes in [b"%PDF of somebody else, signed".as_slice(), PDF, b"%PDF"] {
        let refused = store.set_signed_pdf(&new(2, document_of(id(2)), 201, 211, bytes), "UBND xã Mẫu", at(30));
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    }
    // Made anew meanwhile: a signature over the old file is not kept.
    make_pdf(&mut store, id(2), document_of(id(2)), id(203));
    assert!(store.set_signed_pdf(&new(2, document_of(id(2)), 201, 211, SIGNED), "UBND xã Mẫu", at(30)).is_err());
    assert!(store.file(id(203)).unwrap() == PDF && !place.blob(id(211)).exists());
    store.send_unsigned(id(2), "thiết bị hỏng", at(31)).unwrap();
    assert!(store.set_signed_pdf(&new(2, document_of(id(2)), 203, 211, SIGNED), "UBND xã Mẫu", at(32)).is_err(), "it is on its way");
    assert_eq!(store.to_stamp(id(2)).unwrap(), []);
}

#[test]
fn staff_send_it_unsigned_with_a_reason_and_without_the_section_all_goes() {
    let place = Place::new();
    let mut store = place.store();
    store.want_signatures(true, at(0)).unwrap();
    for number in [1, 2, 3] {
        file(&mut store, number);
    }
    store.send_unsigned(id(2), "thiết bị hỏng", at(30)).unwrap();
    assert_eq!(due(&store), Some(id(2)));
    assert!(matches!(store.send_unsigned(id(2), "thiết bị hỏng", at(31)), Err(StoreError::Unknown { .. })), "once");
    assert_eq!(store.want_signatures(false, at(40)).unwrap(), 2);
    assert_eq!((store.to_sign(9).unwrap().len(), store.outbox_counts().unwrap().waiting), (0, 3));
    file(&mut store, 4);
    assert_eq!(store.to_sign(9).unwrap(), []);
    let trail = events(&place);
    assert_eq!(trail.iter().filter(|event| *event == "unsigned").count(), 3, "{trail:?}");
    let reason: String = place.beside().query_row("SELECT detail FROM audit WHERE event = 'unsigned'", [], |row| row.get(0)).unwrap();
    assert_eq!(reason, "thiết bị hỏng");
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn a_time_stamp_takes_the_place_of_the_signed_pdf_before_the_message_is_made() {
    let place = Place::new();
    let mut store = place.store();
    store.want_signatures(true, at(0)).unwrap();
    file_signed(&mut store);
    let to_stamp = |store: &Store| store.to_stamp(id(2)).unwrap().iter().map(|(_, file)| file.id).collect::<Vec<_>>();
    assert_eq!(to_stamp(&store), [id(211), id(212)]);
    store.set_stamped_pdf(&new(2, document_of(id(2)), 211, 221, STAMPED), at(33)).unwrap();
    assert_eq!(to_stamp(&store), [id(212)]);
    assert!(!place.blob(id(211)).exists() && store.file(id(221)).unwrap() == STAMPED);
    assert!(
        store.set_stamped_pdf(&new(2, document_of(id(2)), 221, 222, b"%PDF invented, signed, stamped, stamped"), at(34)).is_err(),
        "once"
    );

    assert_eq!([(); 3].map(|()| store.stamp_failed(id(2)).unwrap()), [1, 2, 3]);
    store.sent_unstamped(id(2), "no answer", at(35)).unwrap();
    store.freeze(id(2), b"message").unwrap();
    let late = store.set_stamped_pdf(&new(2, second_of(id(2)), 212, 223, STAMPED), at(36));
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "the message names the file: {late:?}");
    assert!(!place.blob(id(223)).exists() && store.file(id(212)).unwrap() == SIGNED);
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn a_signed_pdf_that_is_lost_is_made_and_signed_anew() {
    let place = Place::new();
    let mut store = place.store();
    store.want_signatures(true, at(0)).unwrap();
    file_signed(&mut store);
    assert_eq!(due(&store), Some(id(2)));
    fs::remove_file(place.blob(id(211))).unwrap();
    assert!(matches!(store.file(id(211)), Err(StoreError::Damaged { .. })));
    assert_eq!(store.dossier(id(2)).unwrap().unwrap().pdfs.len(), 1, "it counts as not made");
    make_pdf(&mut store, id(2), document_of(id(2)), id(204));
    assert_eq!(due(&store), None);
    assert!(store.set_signed_pdf(&new(2, document_of(id(2)), 204, 214, SIGNED), "UBND xã Mẫu", at(32)).unwrap());
    assert_eq!(due(&store), Some(id(2)));
}

/// What waited in a store of the version before goes as it is.
#[test]
fn a_store_from_before_signatures_holds_nothing_back() {
    let place = Place::new();
    let mut store = place.store();
    file(&mut store, 2);
    make_pdf(&mut store, id(2), document_of(id(2)), id(201));
    drop(store);
    place.tamper(WITHOUT_REPRINTS);
    place.tamper(
        "DROP TABLE ticket; DROP TABLE feedback; ALTER TABLE outbox DROP COLUMN to_sign; ALTER TABLE outbox DROP COLUMN unstamped; ALTER TABLE pdf DROP COLUMN signed;
         ALTER TABLE pdf DROP COLUMN signer; ALTER TABLE pdf DROP COLUMN stamped; DROP TABLE expected_parcel; DROP TABLE open_handover; DROP TABLE pin_try;
         ALTER TABLE handover DROP COLUMN printed; DROP INDEX dossier_adds_to; ALTER TABLE dossier DROP COLUMN adds_to;
         ALTER TABLE dossier DROP COLUMN request; ALTER TABLE dossier DROP COLUMN procedure; PRAGMA user_version = 6;",
    );
    let mut store = place.store();
    store.want_signatures(true, at(20)).unwrap();
    assert_eq!((due(&store), store.to_sign(9).unwrap(), store.to_stamp(id(2)).unwrap()), (Some(id(2)), Vec::new(), Vec::new()));
    assert_eq!(store.dossier(id(2)).unwrap().unwrap().pdfs.len(), 1);
    file(&mut store, 3);
    assert_eq!(store.to_sign(9).unwrap().len(), 1, "what comes now waits");
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

/// Killed at any moment of a signature, a PDF is the unsigned one that waits, or the signed one; its message goes exactly when all are.
#[test]
fn a_kill_leaves_every_pdf_whole_and_no_message_half_signed() {
    let place = Place::new();
    drop(place.store());
    let mut signed = BTreeSet::new();
    for round in 0..24_u64 {
        signed.extend(run_child(place.folder.path(), 1 + round % 5, Duration::from_micros(round * 713 % 9000)));
        let mut store = place.store();
        store.want_signatures(true, at(0)).unwrap();
        let held: BTreeSet<Uuid> = store.to_sign(u32::MAX).unwrap().iter().map(|dossier| dossier.id).collect();
        for line in store.outbox().unwrap() {
            let stored = store.dossier(line.id).unwrap().unwrap();
            let bytes: Vec<Vec<u8>> = stored.pdfs.iter().map(|(_, file)| store.file(file.id).unwrap()).collect();
            assert!(bytes.iter().all(|bytes| bytes == PDF || bytes == SIGNED));
            let whole = bytes.len() == 2 && bytes.iter().all(|bytes| bytes == SIGNED);
            assert_eq!(held.contains(&line.id), !whole, "sent exactly when both are signed");
            for (document, _) in stored.pdfs.iter().zip(&bytes).filter(|(_, bytes)| *bytes == PDF).map(|(pdf, _)| pdf) {
                assert!(!signed.contains(document), "a signature that was told is lost");
            }
            for (_, file) in stored.pdfs.iter().zip(&bytes).filter(|(_, bytes)| *bytes == SIGNED).map(|(pdf, _)| pdf) {
                assert!(!place.blob(Uuid::from_u128(file.id.as_u128() ^ 0x10)).exists(), "the unsigned one is left");
            }
        }
        assert_eq!(store.verify_audit().unwrap().broken_at, None);
    }
    assert!(signed.len() > 20, "the rounds did real work: {} signatures", signed.len());
}

/// Documents that were told to be signed.
fn run_child(folder: &Path, lines: u64, moment: Duration) -> Vec<Uuid> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "signing::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines_told = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = lines_told.filter_map(|line| Uuid::parse_str(line.strip_prefix("signed ")?).ok());
    let mut signed: Vec<Uuid> = (0..lines).map(|_| told.next().expect("the child ended by itself")).collect();
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    signed.extend(told);
    signed
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut store = open(Path::new(&folder)).store;
    store.want_signatures(true, at(0)).unwrap();
    loop {
        let dossier = Uuid::from_u128(Uuid::now_v7().as_u128() & !0xfff);
        let own = |offset: u128| Uuid::from_u128(dossier.as_u128() | offset);
        let page = store.put_file(dossier, own(0x100), "image/jpeg", &jpeg(7)).unwrap();
        let mut asked = submission(dossier, &[page]);
        let mut second = asked.documents[0].clone();
        second.id = second_of(dossier);
        asked.documents.push(second);
        store.submit(asked, "H15.50.05", "K07", at(10), today()).unwrap();
        for (at_file, document) in [document_of(dossier), second_of(dossier)].into_iter().enumerate() {
            let before = own(1 + at_file as u128);
            make_pdf(&mut store, dossier, document, before);
            let signed = Resigned { dossier, document, before, file: Uuid::from_u128(before.as_u128() ^ 0x10), bytes: SIGNED };
            store.set_signed_pdf(&signed, "UBND xã Mẫu", at(30)).unwrap();
            std::io::stdout().lock().write_all(format!("\nsigned {document}\n").as_bytes()).unwrap();
        }
    }
}
