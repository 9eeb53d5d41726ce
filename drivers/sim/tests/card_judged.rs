//! The simulated card, judged by `dmrtd`, a reader written by other people.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use dmrtd::{
    auth::passive::{self, DataGroup, TrustAnchor},
    com::{TransceiveError, Transceiver},
    lds::{ef::ElementaryFile, mrz::Mrz},
    passport::Passport,
    proto::{can_key::CanKey, dba_key::DBAKey},
};
use motcua_sim::card::{Beyond, CITIZENS, Chip, Citizen, Curve, Issuer, Pace, Personalised, Profile, Proof, Suite, What};
use std::{cell::Cell, rc::Rc};

struct Wire(Chip, Rc<Cell<u32>>);

impl Wire {
    fn new(chip: Chip) -> Self {
        Self(chip, Rc::default())
    }
}

impl Transceiver for Wire {
    fn transceive(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        self.1.set(self.1.get() + 1);
        Ok(self.0.transmit(apdu))
    }
}

fn card(issuer: &Issuer, what: What) -> Personalised {
    CITIZENS[0].personalise(issuer, what).unwrap()
}

fn small() -> What {
    What { photo: 0, ..What::default() }
}

/// `dmrtd` gives up when SELECT MF is refused.
fn selectable() -> Profile {
    Profile { select_mf: true, ..Profile::default() }
}

/// Also the judge of the check digits in the machine-readable zone.
fn mrz_key(citizen: &Citizen, pace: bool) -> DBAKey {
    let mrz = Mrz::from_bytes(citizen.mrz()).unwrap();
    DBAKey::new(mrz.document_number(), mrz.date_of_birth, mrz.date_of_expiry, pace).unwrap()
}

fn can() -> CanKey {
    CanKey::new(CITIZENS[0].can()).unwrap()
}

/// Everything that `dmrtd` can read is what was written, and the signature holds under its authority alone.
fn read_all(passport: &mut Passport<Wire>, issuer: &Issuer, written: &Personalised) {
    let dg1 = passport.read_ef_dg1().unwrap();
    assert_eq!(dg1.mrz().document_number(), "190000016");
    let groups = [(1, dg1.to_bytes().to_vec()), (13, passport.read_ef_dg13().unwrap().to_bytes().to_vec())];
    for (number, bytes) in &groups {
        assert_eq!(bytes, &written.files[&(0x0100 + u16::from(*number))]);
    }
    let sod = passport.read_ef_sod().unwrap().to_bytes().to_vec();
    let groups: Vec<DataGroup<'_>> = groups.iter().map(|(number, bytes)| DataGroup { number: *number, bytes }).collect();
    let anchor = TrustAnchor::from_certificate(&issuer.csca_der().unwrap()).unwrap();
    assert!(passive::verify(&sod, &groups, &[anchor]).unwrap().is_authentic());
    let foreign = TrustAnchor::from_certificate(&Issuer::new("CSCA la").unwrap().csca_der().unwrap()).unwrap();
    assert!(!passive::verify(&sod, &groups, &[foreign]).unwrap().is_authentic());
}

#[test]
fn pace_with_every_curve_and_cipher_with_can_and_mrz() {
    let issuer = Issuer::new("CSCA thu nghiem").unwrap();
    let written = card(&issuer, small());
    for curve in [Curve::Brainpool256, Curve::P256, Curve::P384, Curve::Brainpool384, Curve::P521] {
        for suite in [Suite::Aes128, Suite::Aes192, Suite::Aes256] {
            let profile = Profile { pace: Some(Pace { curve, suite }), ..selectable() };
            let mut passport = Passport::new(Wire::new(Chip::new(written.clone(), profile.clone())));
            let access = passport.read_ef_card_access().unwrap();
            passport.start_session_pace(can(), &access).unwrap_or_else(|error| panic!("{curve:?} {suite:?}: {error}"));
            assert_eq!(passport.read_ef_dg1().unwrap().to_bytes(), written.files[&0x0101]);

            let mut passport = Passport::new(Wire::new(Chip::new(written.clone(), profile)));
            passport.start_session_pace(mrz_key(&CITIZENS[0], true), &access).unwrap();
            assert_eq!(passport.read_ef_dg1().unwrap().to_bytes(), written.files[&0x0101]);
        }
    }
    let mut passport = Passport::new(Wire::new(Chip::new(written.clone(), selectable())));
    let access = passport.read_ef_card_access().unwrap();
    passport.start_session_pace(can(), &access).unwrap();
    read_all(&mut passport, &issuer, &written);
}

#[test]
fn bac_and_active_authentication() {
    let issuer = Issuer::new("CSCA thu nghiem").unwrap();
    for rsa in [None, Some(1536)] {
        let written = card(&issuer, What { proof: Some(Proof { suite: Suite::Aes128, rsa }), ..small() });
        let profile = Profile { pace: None, extended: false, ..selectable() };
        let mut passport = Passport::new(Wire::new(Chip::new(written.clone(), profile.clone())));
        passport.start_session(mrz_key(&CITIZENS[0], false)).unwrap();
        read_all(&mut passport, &issuer, &written);
        passport.verify_active_authentication(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap_or_else(|error| panic!("rsa {rsa:?}: {error}"));

        let copy = Chip::new(written.copied().unwrap(), profile);
        let mut passport = Passport::new(Wire::new(copy));
        passport.start_session(mrz_key(&CITIZENS[0], false)).unwrap();
        assert!(passport.verify_active_authentication(&[1, 2, 3, 4, 5, 6, 7, 8]).is_err(), "a copy does not know the secret");
    }
}

#[test]
fn a_card_from_a_folder() {
    let issuer = Issuer::new("CSCA thu nghiem").unwrap();
    let (written, folder) = (card(&issuer, small()), tempfile::tempdir().unwrap());
    for (id, name) in
        [(0x0101, "dg1.bin"), (0x0102, "dg2.bin"), (0x010d, "dg13.bin"), (0x010e, "dg14.bin"), (0x010f, "dg15.bin"), (0x011d, "sod.bin")]
    {
        std::fs::write(folder.path().join(name), &written.files[&id]).unwrap();
    }
    let (document, birth, expiry) = CITIZENS[0].mrz_key();
    let again = Personalised::from_folder(folder.path(), CITIZENS[0].can(), [&document, &birth, &expiry]).unwrap();
    let mut passport = Passport::new(Wire::new(Chip::new(again, Profile { pace: None, ..selectable() })));
    passport.start_session(mrz_key(&CITIZENS[0], false)).unwrap();
    read_all(&mut passport, &issuer, &written);
    let empty = tempfile::tempdir().unwrap();
    assert!(Personalised::from_folder(empty.path(), "000016", [&document, &birth, &expiry]).is_err());
}

#[test]
fn wrong_keys_do_not_open_it() {
    let issuer = Issuer::new("CSCA thu nghiem").unwrap();
    let mut passport = Passport::new(Wire::new(Chip::new(card(&issuer, small()), selectable())));
    let access = passport.read_ef_card_access().unwrap();
    let error = passport.start_session_pace(CanKey::new("000000").unwrap(), &access).unwrap_err();
    assert!(error.to_string().contains("sw=6300"), "{error}");
    let error = passport.start_session(mrz_key(&CITIZENS[1], false)).unwrap_err();
    assert!(error.to_string().contains("sw=6300"), "{error}");
    assert!(passport.read_ef_dg1().is_err());
}

/// What made an own reader necessary; a later `dmrtd` that can do these fails here, and the reader's module doc is to be changed.
#[test]
fn what_the_judge_cannot_do() {
    let issuer = Issuer::new("CSCA thu nghiem").unwrap();
    let read_dg2 = |photo, profile| {
        let written = card(&issuer, What { photo, ..small() });
        let wire = Wire::new(Chip::new(written.clone(), profile));
        let commands = Rc::clone(&wire.1);
        let mut passport = Passport::new(wire);
        passport.start_session(mrz_key(&CITIZENS[0], false)).unwrap();
        let read = passport.read_ef_dg2().map(|dg2| dg2.to_bytes().to_vec());
        println!("dmrtd, DG2 of {photo}: {} commands, {:?}", commands.get(), read.as_ref().map(Vec::len).map_err(ToString::to_string));
        read.is_ok_and(|bytes| bytes == written.files[&0x0102])
    };
    assert!(read_dg2(20_000, selectable()));
    assert!(!read_dg2(40_000, selectable()), "files above 32,767 bytes");
    assert!(!read_dg2(20_000, Profile { largest: 192, ..selectable() }), "smaller chunks after 6700");
    assert!(!read_dg2(20_000, Profile { largest: 192, beyond: Beyond::EndOfFile, ..selectable() }), "smaller chunks after 6282");
    let with_3des = Profile { pace: Some(Pace { curve: Curve::P256, suite: Suite::TripleDes }), ..selectable() };
    let mut passport = Passport::new(Wire::new(Chip::new(card(&issuer, small()), with_3des)));
    let access = passport.read_ef_card_access().unwrap();
    assert!(passport.start_session_pace(can(), &access).is_err(), "PACE with 3DES");
    let mut vietnamese = Passport::new(Wire::new(Chip::new(card(&issuer, small()), Profile::default())));
    assert!(vietnamese.read_ef_card_access().is_err(), "a card that refuses SELECT MF");
}
