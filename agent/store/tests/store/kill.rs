//! The agent is killed (SIGKILL) again and again in the middle of its work: nothing that it acknowledged
//! is lost, and every dossier has exactly one code. Power cuts are another matter: they are tried on a
//! block device by the scenarios in `tests/`.

use crate::support::*;
use motcua_model::dossier::Status;
use motcua_store::{SlipState, Store};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};
use uuid::Uuid;

const FOLDER: &str = "MOTCUA_STORE_KILL_FOLDER";
/// Lines that the child writes for one visit.
const STEPS: usize = 12;

/// What the child said that it had made durable.
#[derive(Default)]
struct Acknowledged {
    files: BTreeMap<Uuid, u8>,
    dropped: BTreeSet<Uuid>,
    submitting: BTreeSet<Uuid>,
    codes: BTreeMap<Uuid, String>,
    printed: BTreeSet<Uuid>,
    delivering: BTreeSet<Uuid>,
    delivered: BTreeSet<Uuid>,
    handovers: BTreeSet<Uuid>,
    cursor: u64,
}

#[test]
fn nothing_acknowledged_is_lost_when_the_agent_is_killed() {
    let place = Place::new();
    let mut known = Acknowledged::default();
    drop(place.store());
    for round in 0..3 * STEPS {
        // Every step is the last one of some round, at changing delays into the next.
        run_child(place.folder.path(), 1 + round % (STEPS + 5), std::time::Duration::from_micros(round as u64 * 613 % 6000), &mut known);
        check(&place, &mut known);
    }
    assert!(known.codes.len() > 10, "the rounds did real work: {} dossiers", known.codes.len());
}

/// Reads `lines` acknowledgements, kills the child a moment later, and takes in what it still said.
fn run_child(folder: &Path, lines: usize, moment: std::time::Duration, known: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).filter(|line| line.starts_with("ack "));
    for _ in 0..lines {
        known.take(&output.next().expect("the child ended by itself"));
    }
    let killed_at = std::time::Instant::now() + moment;
    while std::time::Instant::now() < killed_at {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    output.for_each(|line| known.take(&line));
}

impl Acknowledged {
    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, step, id, value] = words.as_slice() else { return };
        let Ok(id) = Uuid::parse_str(id) else { return };
        match *step {
            "file" => drop(self.files.insert(id, value.parse().unwrap())),
            "drop" => drop(self.dropped.insert(id)),
            "submitting" => drop(self.submitting.insert(id)),
            "submitted" => drop(self.codes.insert(id, (*value).to_owned())),
            "printed" => drop(self.printed.insert(id)),
            "delivering" => drop(self.delivering.insert(id)),
            "delivered" => drop(self.delivered.insert(id)),
            "handover" => drop(self.handovers.insert(id)),
            "inbox" => self.cursor = value.parse().unwrap(),
            other => panic!("unknown step {other}"),
        }
    }
}

fn check(place: &Place, known: &mut Acknowledged) {
    let opened = place.open();
    assert_eq!(opened.damaged, 0);
    let mut store = opened.store;
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
    // The scans of a visit that was cut off are there too: its draft was saved before them.
    for (file, seed) in &known.files {
        assert_eq!(Sha256::digest(store.file(*file).unwrap()), Sha256::digest(jpeg(*seed)), "file {file}");
    }
    for dropped in &known.dropped {
        assert!(store.file(*dropped).is_err() && !place.blob(*dropped).exists());
    }
    resubmit_the_unanswered(&mut store, known);
    let lines = store.list(u32::MAX).unwrap();
    let codes: BTreeMap<Uuid, String> = lines.iter().map(|line| (line.id, line.code.clone())).collect();
    assert_eq!(codes, known.codes, "every dossier that was ever begun to be sent has its one code");
    assert_eq!(codes.values().collect::<BTreeSet<_>>().len(), codes.len(), "no code was given twice");
    let waiting: BTreeSet<Uuid> = store.outbox().unwrap().iter().map(|line| line.id).collect();
    for dossier in codes.keys() {
        let stored = store.dossier(*dossier).unwrap().unwrap();
        assert_ne!(waiting.contains(dossier), stored.delivered.is_some(), "waiting or delivered, never both or neither");
        assert!(known.delivering.contains(dossier) || stored.delivered.is_none());
        assert!(!known.delivered.contains(dossier) || stored.delivered.is_some());
        assert!(!known.printed.contains(dossier) || stored.slip == SlipState::Printed);
    }
    assert!(known.handovers.is_subset(&waiting));
    assert!(store.inbox_cursor().unwrap() >= known.cursor);
}

/// The kill came between the request and the answer: asking again gives the one dossier.
fn resubmit_the_unanswered(store: &mut Store, known: &mut Acknowledged) {
    let unanswered: Vec<Uuid> = known.submitting.iter().filter(|id| !known.codes.contains_key(id)).copied().collect();
    for dossier in unanswered {
        let sent = submit(store, dossier, at(0));
        known.codes.insert(dossier, sent.code.as_str().to_owned());
    }
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut store = open(Path::new(&folder)).store;
    loop {
        visit(&mut store);
    }
}

fn visit(store: &mut Store) {
    // The last byte is left to number the visit's files.
    let dossier = Uuid::from_u128(Uuid::now_v7().as_u128() & !0xff);
    let file = |number: u128| Uuid::from_u128(dossier.as_u128() | number);
    store.save_draft(dossier, &citizen(), b"body", at(0)).unwrap();
    for number in 1..=2 {
        store.put_file(dossier, file(number), "image/jpeg", &jpeg(number as u8)).unwrap();
        acknowledge("file", file(number), &number);
    }
    store.put_file(dossier, file(3), "image/jpeg", &jpeg(3)).unwrap();
    store.save_draft(dossier, &citizen(), b"body", at(0)).unwrap();
    store.drop_files(&[file(3)]).unwrap();
    acknowledge("drop", file(3), &0);
    let given_up = Uuid::from_u128(dossier.as_u128() | 0xf0);
    store.put_file(given_up, file(0xf1), "image/jpeg", &jpeg(4)).unwrap();
    store.save_draft(given_up, &citizen(), b"body", at(0)).unwrap();
    store.drop_draft(given_up, "idle", at(0)).unwrap();
    acknowledge("drop", file(0xf1), &0);
    acknowledge("submitting", dossier, &0);
    let sent = store.submit(submission(dossier, &[]), "H15.50.05.13", "K07", at(0), today()).unwrap();
    acknowledge("submitted", dossier, &sent.code);
    store.set_slip(dossier, SlipState::Printed, at(1)).unwrap();
    acknowledge("printed", dossier, &0);
    let pdf = store.put_file(dossier, file(4), "application/pdf", &jpeg(5)).unwrap();
    store.set_pdf(dossier, document_of(dossier), &pdf).unwrap();
    acknowledge("file", file(4), &5);
    store.record_handover(&handover(file(9), at(2))).unwrap();
    acknowledge("handover", file(9), &0);
    acknowledge("delivering", dossier, &0);
    store.freeze(dossier, b"message").unwrap();
    store.delivered(dossier, "{}", Some("H15-261123-0001"), at(3)).unwrap();
    acknowledge("delivered", dossier, &0);
    let cursor = store.inbox_cursor().unwrap() + 1;
    store.apply_news(&status(cursor, dossier, "", Status::Accepted, at(4))).unwrap();
    acknowledge("inbox", dossier, &cursor);
}

/// One write, so that a kill leaves a whole line or none.
fn acknowledge(step: &str, id: Uuid, value: &dyn std::fmt::Display) {
    std::io::stdout().lock().write_all(format!("\nack {step} {id} {value}\n").as_bytes()).unwrap();
}
