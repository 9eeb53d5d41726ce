//! The reader of chips against the simulated card, in process: every way in, every quirk, every fault.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::DeviceError;
use motcua_drivers::idcard::{
    Access, AccessKey, CardError, CardFiles, Channel, ChipProof, Progress,
    reader::{self, Wanted},
};
use motcua_sim::card::{Answer, Beyond, CITIZENS, Chip, Curve, Fault, Issuer, Pace, Personalised, Profile, Proof, Suite, What};

struct Wire {
    chip: Chip,
    /// The desk reader carries extended length.
    extended: bool,
}

impl Wire {
    fn new(card: &Personalised, profile: Profile) -> Self {
        Self { chip: Chip::new(card.clone(), profile), extended: true }
    }

    fn read(&mut self, key: &AccessKey) -> Result<CardFiles, CardError> {
        reader::read(self, key, Wanted { photo: true }, &mut random, &mut |_progress| true)
    }
}

impl Channel for Wire {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        if !self.extended && command.len() > 5 && command[4] == 0 {
            return Err(DeviceError::Protocol("extended length is not carried".to_owned()));
        }
        match self.chip.answer(command) {
            Answer::Bytes(bytes) => Ok(bytes),
            Answer::Silent => Err(DeviceError::Timeout("the card keeps silent".to_owned())),
            Answer::Gone => Err(DeviceError::Disconnected("the card was taken away".to_owned())),
        }
    }
}

fn random(to: &mut [u8]) {
    openssl::rand::rand_bytes(to).unwrap();
}

fn card(what: What) -> Personalised {
    CITIZENS[0].personalise(&Issuer::new("C=VN, O=Thu nghiem").unwrap(), what).unwrap()
}

fn small() -> What {
    What { photo: 0, ..What::default() }
}

fn can() -> AccessKey {
    AccessKey::Can(CITIZENS[0].can().to_owned())
}

fn mrz() -> AccessKey {
    let (document, birth, expiry) = CITIZENS[0].mrz_key();
    AccessKey::Mrz { document, birth, expiry }
}

/// Every file is as it was written.
fn assert_read(files: &CardFiles, card: &Personalised) {
    for (id, written) in card.files.iter().filter(|(id, _)| !matches!(**id, 0x011c | 0x011e)) {
        let read = if *id == 0x011d { files.sod.as_ref() } else { files.groups.get(&((id & 0xff) as u8)) };
        assert!(read == Some(written), "file {id:04X}: {:?} of {} bytes", read.map(Vec::len), written.len());
    }
    assert_eq!(files.groups.len() + 2, card.files.keys().filter(|id| **id != 0x011c).count());
}

#[test]
fn the_citizen_card_is_read_with_the_number_alone() {
    let card = card(What { photo: 21_400, ..What::default() });
    let mut wire = Wire::new(&card, Profile::default());
    let files = wire.read(&can()).unwrap();
    assert_read(&files, &card);
    assert_eq!((files.access, files.chip), (Access::Pace, ChipProof::Chip));
    assert_eq!(files.traffic.commands, wire.chip.commands());
    let payload: usize = card.files.values().map(Vec::len).sum();
    // EF.CardAccess, five of PACE, the application, one for each of five small files, three of chip authentication, two of the face.
    let least = 1 + 5 + 1 + 5 + 3 + 2;
    println!("extended length: {:?}, least {least} commands, files {payload} bytes", files.traffic);
    assert_eq!(files.traffic.commands, least);
    assert!(files.traffic.received < payload as u64 + 1500);

    let mut short = Wire::new(&card, Profile { extended: false, ..Profile::default() });
    let files = short.read(&can()).unwrap();
    assert_read(&files, &card);
    let reads: usize = card.files.iter().filter(|(id, _)| !matches!(**id, 0x011c | 0x011e)).map(|(_, file)| file.len().div_ceil(223)).sum();
    let least = 1 + 5 + 1 + reads + 3;
    println!("short length: {:?}, least {least} commands", files.traffic);
    assert_eq!(files.traffic.commands as usize, least + 1, "one to find out");
}

#[test]
fn every_curve_and_cipher_opens_with_both_keys() {
    let curves = [Curve::P256, Curve::Brainpool256, Curve::P384, Curve::Brainpool384, Curve::Brainpool512, Curve::P521];
    for suite in [Suite::TripleDes, Suite::Aes128, Suite::Aes192, Suite::Aes256] {
        let card = card(What { photo: 0, proof: Some(Proof { suite, rsa: None }), ..What::default() });
        for curve in curves {
            for key in [can(), mrz()] {
                let profile = Profile { pace: Some(Pace { curve, suite }), ..Profile::default() };
                let files = Wire::new(&card, profile).read(&key).unwrap();
                assert_read(&files, &card);
                assert_eq!((files.access, files.chip), (Access::Pace, ChipProof::Chip), "{curve:?} {suite:?}");
            }
        }
    }
}

#[test]
fn a_card_without_pace_opens_with_its_machine_readable_zone_only() {
    let card = card(small());
    for select_mf in [false, true] {
        let profile = Profile { pace: None, select_mf, ..Profile::default() };
        let files = Wire::new(&card, profile.clone()).read(&mrz()).unwrap();
        assert_read(&files, &card);
        assert_eq!(files.access, Access::Bac);
        let error = Wire::new(&card, profile).read(&can()).unwrap_err();
        assert!(matches!(&error, CardError::NotAnIdCard(why) if why.contains("machine-readable zone")), "{error}");
    }
}

#[test]
fn a_wrong_key_is_told_as_one() {
    let card = card(small());
    let wrong_mrz = AccessKey::Mrz { document: "190000016".to_owned(), birth: "900115".to_owned(), expiry: "310115".to_owned() };
    let bac = Profile { pace: None, ..Profile::default() };
    for (profile, key) in [
        (Profile::default(), AccessKey::Can("999999".to_owned())),
        (Profile::default(), wrong_mrz.clone()),
        (bac, wrong_mrz),
        (Profile::default(), AccessKey::Can("12".to_owned())),
    ] {
        let mut wire = Wire::new(&card, profile);
        assert_eq!(wire.read(&key).unwrap_err(), CardError::WrongKey);
        wire.chip.reset();
        assert_read(&wire.read(&mrz()).unwrap(), &card);
    }
}

#[test]
fn cards_that_give_little_at_once_are_read_with_few_commands() {
    let card = card(What { photo: 6_000, proof: None, ..What::default() });
    let bytes: usize = card.files.values().map(Vec::len).sum();
    let beyond = [Beyond::Status(0x6700), Beyond::Status(0x6B00), Beyond::EndOfFile, Beyond::Short, Beyond::SessionLost];
    for largest in [65_536, 1_500, 512, 231, 200, 128, 100] {
        for beyond in beyond {
            for (extended, short_ids) in [(true, true), (true, false), (false, true), (false, false)] {
                let profile = Profile { largest, beyond, extended, short_ids, ..Profile::default() };
                for pace in [profile.pace, None] {
                    let mut wire = Wire::new(&card, Profile { pace, ..profile.clone() });
                    let files = wire.read(&mrz()).unwrap_or_else(|error| panic!("{profile:?}: {error}"));
                    assert_read(&files, &card);
                    let step = [16_384, 1024, 223, 192, 128, 64].into_iter().find(|step| *step <= largest).unwrap();
                    // Opening the chip again costs ten commands, and there are five steps down.
                    let fixed = if beyond == Beyond::SessionLost { 100 } else { 50 };
                    let most = fixed + bytes / if extended { step } else { step.min(223) };
                    assert!(files.traffic.commands as usize <= most, "{profile:?}: {:?}, most {most}", files.traffic);
                }
            }
        }
    }
}

#[test]
fn the_way_to_ef_card_access_is_found() {
    let card = card(small());
    for card_access_in_mf_only in [false, true] {
        for select_mf in [false, true] {
            for short_ids in [false, true] {
                let profile = Profile { card_access_in_mf_only, select_mf, short_ids, ..Profile::default() };
                let mut wire = Wire::new(&card, profile);
                assert_read(&wire.read(&can()).unwrap(), &card);
                // Other software has left the application selected.
                wire.chip.reset();
                wire.chip.transmit(&[0, 0xA4, 4, 0x0C, 7, 0xA0, 0, 0, 2, 0x47, 0x10, 1]);
                if select_mf || !card_access_in_mf_only {
                    assert_eq!(wire.read(&can()).unwrap().access, Access::Pace);
                }
                assert_read(&wire.read(&mrz()).unwrap(), &card);
            }
        }
    }
}

#[test]
fn a_large_face_is_read_past_the_even_offsets() {
    let card = card(What { photo: 61_000, jpeg2000: true, ..What::default() });
    for largest in [65_536, 2_000, 192] {
        for extended in [true, false] {
            let profile = Profile { largest, extended, beyond: Beyond::EndOfFile, ..Profile::default() };
            let files = Wire::new(&card, profile).read(&can()).unwrap();
            assert_read(&files, &card);
            println!("61 KB, at most {largest} at once, extended {extended}: {:?}", files.traffic);
        }
    }
    let no_odd = Profile { odd_read: false, ..Profile::default() };
    let error = Wire::new(&card, no_odd).read(&can()).unwrap_err();
    assert!(error.to_string().contains("DG2") && error.to_string().contains("6D00"), "{error}");
}

#[test]
fn absent_files_are_absent_and_a_photo_comes_when_asked_for() {
    let mut card = card(What { dg13: false, proof: None, photo: 0, jpeg2000: false });
    let files = Wire::new(&card, Profile::default()).read(&can()).unwrap();
    assert_eq!(files.groups.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(files.chip, ChipProof::None);
    let without =
        reader::read(&mut Wire::new(&card, Profile::default()), &can(), Wanted { photo: false }, &mut random, &mut |_progress| true);
    assert_eq!(without.unwrap().groups.keys().copied().collect::<Vec<_>>(), [1]);
    card.files.remove(&0x011d);
    assert!(Wire::new(&card, Profile::default()).read(&can()).unwrap().sod.is_none());
    card.files.remove(&0x0101);
    assert!(matches!(Wire::new(&card, Profile::default()).read(&can()), Err(CardError::NotAnIdCard(_))));
}

#[test]
fn a_copy_is_read_and_found_out() {
    let original = card(small());
    let mut copy = original.clone().copied().unwrap();
    let files = Wire::new(&copy, Profile::default()).read(&can()).unwrap();
    assert_read(&files, &original);
    assert_eq!(files.chip, ChipProof::Failed);
    // With DG14 left out it is the key of DG15 that gives it away.
    copy.files.remove(&0x010e);
    assert_eq!(Wire::new(&copy, Profile::default()).read(&can()).unwrap().chip, ChipProof::Failed);
}

#[test]
fn active_authentication_proves_a_chip_without_chip_authentication() {
    for rsa in [None, Some(1024), Some(2048)] {
        let mut card = card(What { photo: 0, proof: Some(Proof { suite: Suite::Aes128, rsa }), ..What::default() });
        card.files.remove(&0x010e);
        let files = Wire::new(&card, Profile::default()).read(&can()).unwrap();
        assert_eq!(files.chip, ChipProof::Active, "{rsa:?}");
        assert_read(&files, &card);
    }
}

#[test]
fn a_card_taken_away_at_any_command_was_moved() {
    let card = card(small());
    let mut whole = Wire::new(&card, Profile::default());
    whole.read(&can()).unwrap();
    for at in 1..=whole.chip.commands() {
        let fault = |fault| Wire::new(&card, Profile { fault: Some(fault), ..Profile::default() }).read(&can());
        assert_eq!(fault(Fault::Pulled(at)).unwrap_err(), CardError::Moved, "command {at}");
        assert!(matches!(fault(Fault::Silent(at)), Err(CardError::Device(DeviceError::Timeout(_)))), "command {at}");
        match fault(Fault::WrongMac(at)) {
            // Before the session, or in the proof of the chip.
            Ok(files) => assert_read(&files, &card),
            Err(error) => assert!(matches!(&error, CardError::Protocol(_)), "command {at}: {error}"),
        }
    }
}

#[test]
fn cancelling_ends_at_every_step_and_progress_reaches_the_end() {
    let card = card(What { photo: 6_000, ..What::default() });
    let profile = Profile { extended: false, ..Profile::default() };
    let mut seen = Vec::new();
    let mut note = |progress| {
        seen.push(progress);
        true
    };
    reader::read(&mut Wire::new(&card, profile.clone()), &can(), Wanted { photo: true }, &mut random, &mut note).unwrap();
    assert_eq!(seen[0], Progress::Opening);
    for group in [0, 1, 2, 13, 14, 15] {
        let of_group = |progress: &Progress| match progress {
            Progress::Reading { group: number, done, of } if *number == group => Some((*done, *of)),
            Progress::Reading { .. } | Progress::Opening => None,
        };
        let steps: Vec<(usize, usize)> = seen.iter().filter_map(of_group).collect();
        assert!(steps.is_sorted() && steps.last().is_some_and(|(done, of)| done == of), "{group}: {steps:?}");
    }
    for stop in 0..seen.len() {
        let mut left = stop;
        let mut cancel = |_progress| {
            left = left.wrapping_sub(1);
            left != usize::MAX
        };
        let mut wire = Wire::new(&card, profile.clone());
        let read = reader::read(&mut wire, &can(), Wanted { photo: true }, &mut random, &mut cancel);
        assert_eq!(read.unwrap_err(), CardError::Cancelled, "step {stop}");
    }
}

#[test]
fn a_desk_reader_without_extended_length_reads_all_the_same() {
    let card = card(small());
    let mut wire = Wire { extended: false, ..Wire::new(&card, Profile::default()) };
    let files = wire.read(&can()).unwrap();
    assert_read(&files, &card);
    assert_eq!(files.chip, ChipProof::Chip);
}

#[test]
fn other_chips_are_no_identity_cards() {
    struct Other(u16);
    impl Channel for Other {
        fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, DeviceError> {
            Ok(self.0.to_be_bytes().to_vec())
        }
    }
    for status in [0x6A82, 0x6D00, 0x6E00, 0x6F00, 0x6982, 0x6700, 0x6100, 0x6C00] {
        for key in [can(), mrz()] {
            let read = reader::read(&mut Other(status), &key, Wanted { photo: true }, &mut random, &mut |_progress| true);
            assert!(matches!(read, Err(CardError::NotAnIdCard(_))), "{status:04X}: {read:?}");
        }
    }
    let nonsense = reader::read(&mut Other(0x9000), &mrz(), Wanted { photo: true }, &mut random, &mut |_progress| true);
    assert!(matches!(nonsense, Err(CardError::Protocol(_))), "{nonsense:?}");
}
