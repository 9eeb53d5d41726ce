//! The proof of a filing once more: counted, kept as long as its dossier, and for whoever knows the telephone number.

use crate::support::*;
use jiff::ToSpan as _;
use motcua_model::{
    Private,
    dossier::{HeldFee, Submission},
    particulars::{Authorised, Contact},
    supplement::AddsTo,
};
use motcua_store::{DigitTries, HeldProof, PAYMENT, PROOF, SlipState, Spans, Store};
use uuid::Uuid;

const PHONE: &str = "0900000456";
const DAY: i64 = 24 * 3600;

fn with_phone(dossier: Uuid, phone: Option<&str>) -> Submission {
    let mut asked = submission(dossier, &[]);
    asked.particulars.contact.phone = phone.map(Private::new);
    asked
}

/// Filed at second 2 with its proof kept; answers its code.
fn filed(store: &mut Store, asked: Submission) -> String {
    let id = asked.id;
    let code = store.submit(asked, "H15.50.05", "K07", at(2), today()).unwrap().code.to_string();
    store.keep_proof(id, "{}", 15_000).unwrap();
    code
}

fn right(store: &mut Store, code: &str, digits: &str, seconds: i64) -> HeldProof {
    let DigitTries::Right(held) = store.proof_for(code, digits, at(seconds)).unwrap() else { panic!("{digits} at {seconds}") };
    held
}

#[test]
fn staff_stop_a_reprint_and_allow_it_again_and_the_trail_says_so() {
    let place = Place::new();
    let mut store = place.store();
    let code = filed(&mut store, with_phone(id(1), Some(PHONE)));
    let shown = |store: &Store| store.list(1).unwrap()[0].reprint;
    assert!(store.holds_proof(&code).unwrap() && shown(&store) == Some(true));
    assert!(store.block_reprint(id(1), true, at(3)).unwrap());
    drop(store);
    let mut store = place.store();
    assert!(!store.holds_proof(&code).unwrap() && shown(&store) == Some(false), "kept across a restart");
    assert_eq!(store.proof_for(&code, "0456", at(4)).unwrap(), DigitTries::Locked, "not even the right digits");
    assert!(store.block_reprint(id(1), false, at(5)).unwrap());
    right(&mut store, &code, "0456", 6);
    assert!(!store.block_reprint(id(9), true, at(7)).unwrap(), "nobody's");
    let audit = store.verify_audit().unwrap();
    assert_eq!((audit.rows, audit.broken_at), (3, None), "a filing, stopped, allowed");
}

#[test]
fn every_paper_says_which_reprint_it_is_also_after_a_power_cut() {
    let place = Place::new();
    let mut store = place.store();
    filed(&mut store, with_phone(id(1), None));
    filed(&mut store, with_phone(id(2), None));
    assert_eq!(store.begin_paper(id(1), PROOF, at(3)).unwrap(), 0);
    for again in 1..=2 {
        // Only what is on the disk is left.
        drop(store);
        store = place.store();
        assert_eq!(store.begin_paper(id(1), PROOF, at(4)).unwrap(), again);
    }
    for other in [(id(1), 7), (id(1), PAYMENT), (id(2), PROOF)] {
        assert_eq!(store.begin_paper(other.0, other.1, at(5)).unwrap(), 0, "{other:?} is another paper");
    }
    let audit = store.verify_audit().unwrap();
    assert_eq!((audit.rows, audit.broken_at), (4, None), "two filings, two reprints");
}

#[test]
fn three_wrong_tries_lock_for_a_day_across_restarts_and_the_right_digits_end_the_count() {
    let place = Place::new();
    let mut store = place.store();
    let code = filed(&mut store, with_phone(id(1), Some(PHONE)));
    assert_eq!(store.proof_for(&code, "0000", at(10)).unwrap(), DigitTries::Left(2));
    assert_eq!(right(&mut store, &code.to_lowercase(), "0456", 11).dossier, id(1));
    for (left, seconds) in [(2, 20), (1, 21)] {
        drop(store);
        store = place.store();
        assert_eq!(store.proof_for(&code, "0900", at(seconds)).unwrap(), DigitTries::Left(left));
    }
    assert_eq!(store.proof_for(&code, "0000", at(22)).unwrap(), DigitTries::Locked);
    drop(store);
    let mut store = place.store();
    for seconds in [23, 22 + DAY - 1, -3600] {
        assert_eq!(store.proof_for(&code, "0456", at(seconds)).unwrap(), DigitTries::Locked, "not even the right ones at {seconds}");
    }
    assert_eq!(right(&mut store, &code, "0456", 22 + DAY).dossier, id(1));
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
}

#[test]
fn within_any_day_there_are_three_tries_however_they_are_spread() {
    let place = Place::new();
    let mut store = place.store();
    let code = filed(&mut store, with_phone(id(1), Some(PHONE)));
    let half = DAY / 2;
    assert_eq!(store.proof_for(&code, "0000", at(half)).unwrap(), DigitTries::Left(2));
    assert_eq!(store.proof_for(&code, "0000", at(2 * half)).unwrap(), DigitTries::Left(1));
    assert_eq!(store.proof_for(&code, "0000", at(3 * half)).unwrap(), DigitTries::Locked);
    assert_eq!(store.proof_for(&code, "0456", at(4 * half)).unwrap(), DigitTries::Locked);
}

#[test]
fn nobody_learns_whether_a_number_was_left() {
    let place = Place::new();
    let mut store = place.store();
    let codes = [
        filed(&mut store, with_phone(id(1), Some(PHONE))),
        filed(&mut store, with_phone(id(2), None)),
        filed(&mut store, with_phone(id(3), Some("9"))),
    ];
    let said = codes.map(|code| [3, 4, 5].map(|seconds| store.proof_for(&code, "0000", at(seconds)).unwrap()));
    assert_eq!(said[0], [DigitTries::Left(2), DigitTries::Left(1), DigitTries::Locked]);
    assert!(said.iter().all(|one| *one == said[0]));
    assert_eq!(store.proof_for("TAM-K09-261123-0001-05", "0456", at(9)).unwrap(), DigitTries::Locked, "not of this device");
}

#[test]
fn a_proof_is_kept_as_it_was_with_the_fee_of_that_day_until_the_money_comes() {
    let place = Place::new();
    let mut store = place.store();
    let code = store.submit(with_phone(id(1), Some(PHONE)), "H15.50.05", "K07", at(2), today()).unwrap().code.to_string();
    assert!(!store.holds_proof(&code).unwrap());
    assert_eq!(store.proof_for(&code, "0456", at(3)).unwrap(), DigitTries::Locked, "nothing to print");
    store.keep_proof(id(1), "first", 15_000).unwrap();
    store.keep_proof(id(1), "second", 20_000).unwrap();
    assert!(store.holds_proof(&code.to_lowercase()).unwrap());
    let fee = |begun, paid, amount_vnd| Some(HeldFee { amount_vnd, begun, paid });
    assert_eq!(right(&mut store, &code, "0456", 4), HeldProof { dossier: id(1), body: "first".to_owned(), fee: fee(false, false, 15_000) });
    store.fee_begun(id(1), at(5)).unwrap();
    store.fee_begun(id(1), at(6)).unwrap();
    assert_eq!(right(&mut store, &code, "0456", 7).fee, fee(true, false, 15_000));
    store.fee_paid(id(1), 14_000, "GD-1", at(8)).unwrap();
    store.fee_paid(id(1), 99_000, "GD-2", at(9)).unwrap();
    assert_eq!(right(&mut store, &code, "0456", 10).fee, fee(true, true, 14_000), "the platform's amount, and its first word");
    assert_eq!(store.own_dossiers(&citizen(), 9).unwrap()[0].fee, fee(true, true, 14_000));
    let free = store.submit(with_phone(id(2), Some(PHONE)), "H15.50.05", "K07", at(2), today()).unwrap().code.to_string();
    store.keep_proof(id(2), "free", 0).unwrap();
    assert_eq!(right(&mut store, &free, "0456", 11).fee, None);
}

#[test]
fn the_number_of_whoever_filed_for_another_counts_where_the_owner_left_none_and_goes_with_their_data() {
    let place = Place::new();
    let mut store = place.store();
    let mut asked = with_phone(id(1), None);
    let person = motcua_model::dossier::Applicant { number: other_citizen(), ..asked.applicant.clone() };
    let contact = Contact { phone: Some(Private::new(PHONE)), email: None };
    asked.particulars.authorised = Some(Box::new(Authorised { person, contact, paper: None }));
    let code = filed(&mut store, asked);
    right(&mut store, &code, "0456", 3);
    store.set_slip(id(1), SlipState::Printed, at(4)).unwrap();
    store.delivered(id(1), "{}", None, at(5)).unwrap();
    store.erase_person(&other_citizen(), at(6)).unwrap();
    assert_eq!(store.proof_for(&code, "0456", at(7)).unwrap(), DigitTries::Left(2), "nothing of them is left to know");
}

#[test]
fn added_papers_are_asked_for_with_the_number_of_their_dossier_and_count_with_it() {
    let place = Place::new();
    let mut store = place.store();
    let first = filed(&mut store, with_phone(id(1), Some(PHONE)));
    let name = motcua_model::Text::same("Đăng ký khai sinh");
    let mut added = with_phone(id(2), None);
    added.particulars.adds_to = Some(Box::new(AddsTo::new(id(1), "H15.50.05-261123-0001", ("1.001193", &name), 7, &[])));
    let added = filed(&mut store, added);
    assert_eq!(right(&mut store, &added, "0456", 3).dossier, id(2));
    assert_eq!(store.proof_for(&added, "0000", at(4)).unwrap(), DigitTries::Left(2));
    assert_eq!(store.proof_for(&first, "0000", at(5)).unwrap(), DigitTries::Left(1), "two codes are no six tries");
}

#[test]
fn all_of_it_outlives_the_record_and_goes_with_the_dossier() {
    let place = Place::new();
    let mut store = place.store();
    let code = filed(&mut store, with_phone(id(1), Some(PHONE)));
    store.begin_paper(id(1), PROOF, at(3)).unwrap();
    store.begin_paper(id(1), 7, at(3)).unwrap();
    store.set_slip(id(1), SlipState::Printed, at(4)).unwrap();
    store.delivered(id(1), "{}", Some("H15.50.05-261123-0001"), at(20)).unwrap();
    assert_eq!(store.minimise(at(21), at(0), at(30), 9).unwrap(), 1);
    assert_eq!(right(&mut store, "h15.50.05-261123-0001", "0456", 40).fee.unwrap().amount_vnd, 15_000, "days later, under either code");
    assert_eq!(store.proof_for(&code, "0000", at(41)).unwrap(), DigitTries::Left(2));
    let spans = Spans { frequent_use: 24.hours(), management: 48.hours(), permanent: 96.hours() };
    assert_eq!(store.forget_expired(&spans, at(21 + DAY)).unwrap(), 1);
    let left: i64 = place.beside().query_row("SELECT count(*) FROM paper", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "nor how often it was printed");
    assert_eq!(store.proof_for(&code, "0456", at(22 + DAY)).unwrap(), DigitTries::Locked);
}

#[test]
fn what_older_versions_have_printed_is_a_reprint_the_next_time() {
    let place = Place::new();
    let mut store = place.store();
    for (number, state) in [(1, SlipState::None), (2, SlipState::Started), (3, SlipState::Printed)] {
        filed(&mut store, with_phone(id(number), None));
        if state != SlipState::None {
            store.set_slip(id(number), state, at(3)).unwrap();
        }
    }
    store.record_handover(&handover(id(9), at(3))).unwrap();
    store.slip_copy_printed(id(9), 1).unwrap();
    drop(store);
    // Back to the version before.
    place.tamper(&format!("{WITHOUT_REPRINTS} PRAGMA user_version = 11;"));
    let mut store = place.store();
    let begun = [(id(1), PROOF), (id(2), PROOF), (id(3), PROOF), (id(9), 1), (id(9), 2)];
    assert_eq!(begun.map(|(paper, copy)| store.begin_paper(paper, copy, at(5)).unwrap()), [0, 1, 1, 1, 0]);
}
