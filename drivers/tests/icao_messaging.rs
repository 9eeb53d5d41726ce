//! Commands, answers and secure messaging: what is wrapped is unwrapped, what was touched is refused, and no bytes crash.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::idcard::{
    CardError,
    apdu::{Answer, Command},
    keys::{self, Cipher, Keys},
    messaging::{Opened, Session},
    pace, tlv,
};
use proptest::prelude::*;

fn session(cipher: Cipher) -> Session {
    Session::new(Keys::derive(cipher, b"a shared secret of a test").unwrap(), u64::MAX - 2)
}

/// The chip's side of an answer: what ICAO 9303-11 9.8.4 says, written down once more.
fn protect(cipher: Cipher, counter: u128, odd: bool, data: &[u8], status: u16) -> Answer {
    let keys = Keys::derive(cipher, b"a shared secret of a test").unwrap();
    let counter = match cipher {
        Cipher::TripleDes => (counter as u64).to_be_bytes().to_vec(),
        Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => counter.to_be_bytes().to_vec(),
    };
    let zero = vec![0; cipher.block()];
    let iv = if cipher == Cipher::TripleDes { zero } else { keys::encrypt(cipher, &keys.enc, &zero, &counter).unwrap() };
    let mut objects = Vec::new();
    if !data.is_empty() {
        let encrypted = keys::encrypt(cipher, &keys.enc, &iv, &keys::pad(data, cipher.block())).unwrap();
        objects = if odd { tlv::write(0x85, &encrypted) } else { tlv::write(0x87, &[&[1], encrypted.as_slice()].concat()) };
    }
    objects.extend(tlv::write(0x99, &status.to_be_bytes()));
    let mut message = [counter, objects.clone()].concat();
    if cipher != Cipher::TripleDes {
        message = keys::pad(&message, cipher.block());
    }
    objects.extend(tlv::write(0x8E, &keys::mac(cipher, &keys.mac, &message).unwrap()));
    Answer { data: objects, status }
}

const FIRST_ANSWER: u128 = u64::MAX as u128;

fn cipher() -> impl Strategy<Value = Cipher> {
    prop::sample::select(vec![Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256])
}

#[test]
fn a_session_ends_with_the_first_false_answer() {
    let mut session = session(Cipher::Aes128);
    session.wrap(&Command::new(0xB0, 0, 0).expecting(4)).unwrap();
    let mut answer = protect(Cipher::Aes128, FIRST_ANSWER, false, &[1, 2, 3], 0x9000);
    *answer.data.last_mut().unwrap() ^= 1;
    assert!(matches!(session.unwrap(&answer), Err(CardError::Protocol(_))));
    assert!(session.wrap(&Command::new(0xB0, 0, 0).expecting(4)).is_err(), "no word more under these keys");
}

#[test]
fn a_bare_status_is_no_authentic_answer_and_a_bare_success_is_refused() {
    let mut session = session(Cipher::TripleDes);
    session.wrap(&Command::new(0xB0, 0, 0).expecting(4)).unwrap();
    assert_eq!(session.unwrap(&Answer { data: Vec::new(), status: 0x6A82 }).unwrap(), Opened::Bare(0x6A82));
    session.wrap(&Command::new(0xB0, 0, 0).expecting(4)).unwrap();
    assert!(session.unwrap(&Answer { data: Vec::new(), status: 0x9000 }).is_err());
}

#[test]
fn long_requests_go_in_extended_length() {
    let mut session = session(Cipher::Aes256);
    let protected = session.wrap(&Command::new(0xB0, 0, 0).expecting(65_536)).unwrap();
    let bytes = protected.to_bytes();
    assert_eq!((&bytes[..8], bytes.len()), (&[0x0C, 0xB0, 0, 0, 0, 0, 14, 0x97][..], 4 + 3 + 14 + 2));
    assert_eq!(&bytes[8..11], [2, 0, 0]);
    let odd = session.wrap(&Command::new(0xB1, 0, 0).with([0x54, 2, 0x80, 0]).expecting(200)).unwrap();
    assert_eq!(tlv::all(&odd.data).unwrap().iter().map(|object| object.tag).collect::<Vec<_>>(), [0x85, 0x97, 0x8E]);
    assert_eq!(odd.to_bytes().last(), Some(&0));
}

#[test]
fn only_known_offers_of_pace_are_taken() {
    let info = |oid: &[u8], parameter: u8| {
        let fields = [tlv::write(6, oid), tlv::write(2, &[2]), tlv::write(2, &[parameter])].concat();
        tlv::write(0x30, &fields)
    };
    let gm = |arc: u8| [&[4, 0, 0x7F, 0, 7, 2, 2, 4, 2][..], &[arc]].concat();
    let integrated = [4, 0, 0x7F, 0, 7, 2, 2, 4, 4, 2];
    let set = tlv::write(0x31, &[info(&integrated, 13), info(&gm(9), 13), info(&gm(2), 2), info(&gm(4), 18), info(&gm(1), 12)].concat());
    let found: Vec<(Cipher, u8)> = pace::offers(&set).iter().map(|offer| (offer.cipher, offer.parameter)).collect();
    assert_eq!(found, [(Cipher::Aes256, 18), (Cipher::TripleDes, 12)]);
    assert!(pace::offers(&[]).is_empty());
}

proptest! {
    #[test]
    fn commands_are_read_as_they_are_written(
        header in any::<[u8; 4]>(), data in prop::collection::vec(any::<u8>(), 0..600), le in prop::option::of(1_u32..=65_536), extended: bool,
    ) {
        let mut command = Command { cla: header[0], extended, ..Command::new(header[1], header[2], header[3]).with(data) };
        command.le = le;
        let read = Command::parse(&command.to_bytes()).unwrap();
        // Without data and Le there is no length to be written long.
        command.extended = command.is_extended() && !(command.data.is_empty() && le.is_none());
        prop_assert_eq!(read, command);
    }

    #[test]
    fn answers_are_opened_as_they_were_protected(
        cipher in cipher(), odd: bool, data in prop::collection::vec(any::<u8>(), 0..700), status in prop::sample::select(vec![0x9000_u16, 0x6282, 0x6A82]),
    ) {
        let mut session = session(cipher);
        session.wrap(&Command::new(0xB0, 0, 0).expecting(4)).unwrap();
        let answer = protect(cipher, FIRST_ANSWER, odd, &data, status);
        prop_assert_eq!(session.unwrap(&answer).unwrap(), Opened::Authentic(Answer { data, status }));
    }

    #[test]
    fn any_change_of_an_answer_is_noticed(cipher in cipher(), data in prop::collection::vec(any::<u8>(), 1..60), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut session = session(cipher);
        session.wrap(&Command::new(0xB0, 0, 0).expecting(4)).unwrap();
        let mut answer = protect(cipher, FIRST_ANSWER, false, &data, 0x9000);
        let index = at.index(answer.data.len());
        answer.data[index] ^= 1_u8 << bit;
        prop_assert!(session.unwrap(&answer).is_err());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), cipher in cipher()) {
        let _ = Command::parse(&bytes);
        if let Ok(answer) = Answer::parse(&bytes) {
            let _ = session(cipher).unwrap(&answer);
        }
        let _ = pace::offers(&bytes);
    }
}
