//! Bytes of barcode readers to codes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::barcode::ReaderEvent;
use motcua_drivers::barcode::framing::{CODE_LIMIT, Framer};
use proptest::prelude::*;

fn code(text: &str, aim: Option<&str>) -> ReaderEvent {
    ReaderEvent::Code { text: text.to_owned(), aim: aim.map(str::to_owned) }
}

fn all(bytes: &[u8]) -> Vec<ReaderEvent> {
    let mut framer = Framer::default();
    let mut events = framer.push(bytes);
    events.extend(framer.end());
    events
}

#[test]
fn every_suffix_ends_one_code() {
    for suffix in ["\r", "\n", "\r\n", "\t", "\t\r\n", ""] {
        assert_eq!(all(format!("RR473124829VN{suffix}").as_bytes()), [code("RR473124829VN", None)], "{suffix:?}");
    }
    for suffix in ["\r", "\n", "\r\n", "\t"] {
        assert_eq!(all(format!("A1{suffix}B2{suffix}").as_bytes()), [code("A1", None), code("B2", None)], "{suffix:?}");
    }
    assert_eq!(all(b"A1B2"), [code("A1B2", None)], "without suffix only silence parts two codes");
}

#[test]
fn aim_prefixes_are_taken_off_and_other_brackets_stay() {
    assert_eq!(all(b"]Q1HS-1\r"), [code("HS-1", Some("Q1"))]);
    assert_eq!(all(b"]C10112345\r"), [code("0112345", Some("C1"))]);
    assert_eq!(all(b"]!x\r"), [code("]!x", None)]);
    assert_eq!(all(b"]Q\r"), [code("]Q", None)]);
}

#[test]
fn vietnamese_letters_survive_any_split() {
    let text = "001190000016||Nguyễn Thị Mẫu|15011990|Nữ";
    let bytes = format!("{text}\r").into_bytes();
    for cut in 0..bytes.len() {
        let mut framer = Framer::default();
        let mut events = framer.push(&bytes[..cut]);
        events.extend(framer.push(&bytes[cut..]));
        assert_eq!(events, [code(text, None)]);
    }
}

#[test]
fn what_is_no_text_is_garbage() {
    assert_eq!(all(&[0xff, 0xfe, b'\r']), [ReaderEvent::Garbage { bytes: 2 }]);
    assert_eq!(all(b"AB\x07CD\r"), [ReaderEvent::Garbage { bytes: 5 }]);
    assert_eq!(all(b"   \r"), [ReaderEvent::Garbage { bytes: 3 }]);
    assert_eq!(all(b"\r\n\r\n"), []);
    assert_eq!(all(b"]C10101234\x1d10A\r"), [code("0101234\u{1d}10A", Some("C1"))]);
}

#[test]
fn too_long_is_garbage_and_the_next_code_is_whole() {
    let mut line = vec![b'x'; CODE_LIMIT + 1];
    line.extend(b"\rNEXT\r");
    assert_eq!(all(&line), [ReaderEvent::Garbage { bytes: CODE_LIMIT + 1 }, code("NEXT", None)]);
    assert_eq!(all(&[b'x'; CODE_LIMIT]), [code(&"x".repeat(CODE_LIMIT), None)]);
}

#[test]
fn logs_never_show_a_code() {
    let shown = format!("{:?}", code("001190000016||Nguyễn Thị Mẫu", Some("Q1")));
    assert!(!shown.contains("001190000016") && !shown.contains("Mẫu"), "{shown}");
}

proptest! {
    #[test]
    fn never_panics_and_never_makes_up_bytes(reads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..40)) {
        let mut framer = Framer::default();
        let mut events: Vec<ReaderEvent> = reads.iter().flat_map(|read| framer.push(read)).collect();
        events.extend(framer.end());
        let sent: usize = reads.iter().map(Vec::len).sum();
        let told: usize = events
            .iter()
            .map(|event| match event {
                ReaderEvent::Code { text, aim } => text.len() + aim.as_ref().map_or(0, |aim| aim.len() + 1),
                ReaderEvent::Garbage { bytes } => *bytes,
                ReaderEvent::Opened(_) | ReaderEvent::Lost(_) => 0,
            })
            .sum();
        prop_assert!(told <= sent);
    }
}
