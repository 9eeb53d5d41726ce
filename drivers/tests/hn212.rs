//! What an HN212 desk reader sends: Socket.IO frames, lines of its serial variant, and what is believed of a card.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::idcard::hn212_card::{Gathered, Message, message};
use motcua_drivers::idcard::hn212_serial::{Lines, Said, command};
use motcua_drivers::idcard::hn212_wire::{Packet, Version, Wire, handshake};
use motcua_drivers::idcard::{AccessKey, CardError, Trust, TrustStore};
use proptest::prelude::*;
use serde_json::{Value, json};

const OPEN: &str = r#"0{"sid":"abc-1_","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

fn session(version: Version) -> Wire {
    let body = match version {
        Version::V4 => OPEN.to_owned(),
        Version::V3 => format!("{}:{OPEN}", OPEN.len()),
    };
    let (open, wire) = handshake(&body).unwrap();
    assert_eq!((open.version, open.sid.as_str(), open.ping_interval, open.ping_timeout), (version, "abc-1_", 25_000, 20_000));
    wire
}

fn event(name: &str, data: Value) -> Packet {
    Packet::Event { name: name.to_owned(), data }
}

#[test]
fn packets_of_both_versions() {
    let data = json!({"id": 2, "data": {"personName": "Nguyễn Thị Mẫu 😀"}});
    let packet = format!("42[\"/event\",{data}]");
    let read = session(Version::V4).read(&format!("2\u{1e}{packet}\u{1e}40{{\"sid\":\"x\"}}\u{1e}6\u{1e}1")).unwrap();
    assert_eq!(read, [Packet::Ping, event("/event", data.clone()), Packet::Connected, Packet::Other, Packet::Close]);
    // JavaScript counts UTF-16 units, Python bytes.
    for length in [packet.encode_utf16().count(), packet.len()] {
        let read = session(Version::V3).read(&format!("1:3{length}:{packet}2:41")).unwrap();
        assert_eq!(read, [Packet::Pong, event("/event", data.clone()), Packet::Refused]);
    }
}

#[test]
fn bytes_stand_where_their_placeholders_were() {
    let head = r#"451-["/event",{"id":4,"data":{"img_data":{"_placeholder":true,"num":0},"dg2":{"_placeholder":true,"num":7}}}]"#;
    let expected = [event("/event", json!({"id": 4, "data": {"img_data": "/9j/", "dg2": null}}))];
    assert_eq!(session(Version::V4).read(&format!("{head}\u{1e}b/9j/")).unwrap(), expected);
    assert_eq!(session(Version::V3).read(&format!("{}:{head}6:b4/9j/", head.len())).unwrap(), expected);
    // In two answers.
    let mut wire = session(Version::V4);
    assert_eq!(wire.read(head).unwrap(), []);
    assert_eq!(wire.read("b/9j/").unwrap(), expected);
    assert_eq!(wire.read("b/9j/").unwrap(), [], "bytes that nobody waits for");
}

#[test]
fn what_is_no_session_is_refused() {
    for body in ["", "ok", "<html>", "0", "0{}", "0[]", "0{\"sid\":5}", "0{\"sid\":\"a/../b\"}", "2:0{", "99999999999:0", "-1:0", "5:40"] {
        assert!(handshake(body).is_err(), "{body}");
    }
    for frame in ["5", "5:40", ":", "1:", "a:b", "1:22", "1:€:"] {
        assert!(session(Version::V3).read(frame).is_err(), "{frame}");
    }
    for other in
        ["4", "42", "42[]", "42[1]", "42{}", "42[\"/event\"", "45", "45x-[]", "451000-[\"a\"]", "44{\"message\":\"no\"}x", "\u{1e}"]
    {
        let read = session(Version::V4).read(other).unwrap();
        assert!(read.iter().all(|packet| matches!(packet, Packet::Other | Packet::Refused)), "{other}: {read:?}");
    }
    assert_eq!(session(Version::V4).read("42[\"x\"]").unwrap(), [event("x", Value::Null)]);
}

#[test]
fn logs_never_show_a_citizen() {
    let data = json!({"id": 2, "data": {"idCode": "001190000016", "personName": "Nguyễn Thị Mẫu"}});
    let shown = format!("{:?} {:?}", event("/event", data.clone()), message(&data));
    assert!(!shown.contains("001190") && !shown.contains("Mẫu"), "{shown}");
    let mut lines = Lines::default();
    lines.feed("{\"CCCD Number\":\"001190000016\",\"Full Name\":\"Nguyễn Thị Mẫu\"}\n[SOD_RAW_START]\nAAAA".as_bytes());
    let shown = format!("{lines:?} {:?}", lines.feed(b"\nSUCCESS\n"));
    assert!(!shown.contains("001190") && !shown.contains("Mẫu"), "{shown}");
}

fn judged(card: Gathered) -> Result<Trust, CardError> {
    card.judge(true, &TrustStore::empty(), 1_795_000_000).map(|card| card.trust)
}

fn gathered(text: &Value, files: &Value) -> Gathered {
    let text = match message(&json!({"id": 2, "data": text})) {
        Message::Text(text) => Some(text),
        Message::NewCard | Message::Failed(_) | Message::Files(_) | Message::Other => None,
    };
    let files = match message(&json!({"id": 4, "data": files})) {
        Message::Files(files) => Some(files),
        Message::NewCard | Message::Failed(_) | Message::Text(_) | Message::Other => None,
    };
    Gathered { text, files }
}

/// DG13 with number and name, as idcard.md 6 has it.
fn dg13(number: &str) -> String {
    let tlv = |tag: u8, value: &[u8]| [&[tag, u8::try_from(value.len()).unwrap()], value].concat();
    let field = |n: u8, text: &str| tlv(0x30, &[tlv(2, &[n]), tlv(0x0c, text.as_bytes())].concat());
    let fields = [field(1, number), field(2, "Nguyễn Thị Mẫu")].concat();
    let oid = tlv(6, &[0x28, 0xd3, 0x16, 0x01, 0x00, 0x08]);
    let group = tlv(0x6d, &tlv(0x30, &[tlv(2, &[1]), oid, tlv(0x31, &fields)].concat()));
    openssl::base64::encode_block(&group)
}

#[test]
fn only_signed_files_are_checked_and_only_they_are_believed() {
    let text = json!({"idCode": "001190000016", "personName": "Nguyễn Thị Mẫu", "dateOfBirth": "1990-01-15"});
    let dg13_file = dg13("001190000016");
    assert_eq!(judged(gathered(&text, &Value::Null)).unwrap(), Trust::Unsigned);
    assert_eq!(judged(gathered(&text, &json!({"dg13": dg13_file}))).unwrap(), Trust::Unsigned);
    assert_eq!(judged(gathered(&Value::Null, &json!({"dg13": dg13_file}))).unwrap(), Trust::Unsigned, "no text: the file names the person");
    assert_eq!(judged(gathered(&text, &json!({"sod": "AAAA"}))).unwrap(), Trust::Unsigned, "the signature covers no text");
    let broken = judged(gathered(&text, &json!({"sod": "AAAA", "dg13": dg13_file}))).unwrap();
    assert!(matches!(broken, Trust::Broken { .. }), "{broken:?}");
    let unread = judged(gathered(&text, &json!({"sod": "AAAA", "dg13": "AAAA"}))).unwrap();
    assert!(matches!(unread, Trust::Broken { .. }), "{unread:?}");

    let card = gathered(&text, &json!({"dg13": dg13("001090000017")})).judge(false, &TrustStore::empty(), 0).unwrap();
    assert_eq!(card.citizen.unwrap().number, "001090000017", "the chip's file counts, not the text");
    let card = gathered(&text, &Value::Null).judge(false, &TrustStore::empty(), 0).unwrap();
    assert_eq!(card.citizen.unwrap().birth, "15/01/1990");
    for nobody in [json!({}), json!({"idCode": "00119", "personName": "Mẫu"}), json!({"idCode": "001190000016", "personName": " "})] {
        assert!(judged(gathered(&nobody, &Value::Null)).is_err(), "{nobody}");
    }
}

#[test]
fn only_a_zone_opens_a_chip_of_the_serial_variant() {
    let mrz = |document: &str| AccessKey::Mrz { document: document.to_owned(), birth: "900115".to_owned(), expiry: "300115".to_owned() };
    assert_eq!(command(&mrz("001190000016")).unwrap(), "CCCD:001190000016|BIRTH:900115|EXPIRY:300115\n");
    for key in [mrz("190000016"), mrz("00119000001\n"), AccessKey::Can("000016".to_owned())] {
        assert!(matches!(command(&key), Err(CardError::Device(_))), "{key:?}");
    }
}

/// What the serial variant says of one card.
fn spoken() -> String {
    let fields = r#"{
  "CCCD Number": "001190000016",
  "Full Name": "Nguyễn Thị Mẫu",
  "Date of Birth": "15/01/1990", "Gender": "Nữ",
  "Father's Name": "Nguyễn Văn Cha"
}"#;
    let dg13 = dg13("001190000016");
    // Lines of base64 each with its own padding.
    let (one, two) = (openssl::base64::encode_block(&[0xff, 0xd8, 0xff, 0xe0]), openssl::base64::encode_block(&[1, 2]));
    format!(
        "NFC_DETECTED\r\nACK_MRZ\r\n{fields}\r\n[DG2_PHOTO_START_JPEG]\r\n{one}\r\nPONG\r\n{two}\r\n[DG2_PHOTO_END]\r\n\
         [DG13_RAW_START]\r\n{dg13}\r\n[DG13_RAW_END]\r\n[OK] fine\r\nSUCCESS\r\nSCAN_DONE\r\nCARD_REMOVED\r\n"
    )
}

#[test]
fn lines_of_the_serial_variant_survive_any_split() {
    let bytes = spoken().into_bytes();
    let whole = Lines::default().feed(&bytes);
    let [
        Said::CardIn,
        Said::Opening,
        Said::Pong,
        Said::File { group: 2, bytes: 6 },
        Said::File { group: 13, .. },
        Said::Done(card),
        Said::CardOut,
    ] = whole.as_slice()
    else {
        panic!("{whole:?}")
    };
    let text = card.text.as_ref().unwrap();
    assert_eq!((text.name.as_str(), text.sex.as_str(), text.father.as_str()), ("Nguyễn Thị Mẫu", "Nữ", "Nguyễn Văn Cha"));
    let card = card.clone().judge(true, &TrustStore::empty(), 0).unwrap();
    assert_eq!(card.photo.unwrap().bytes, [0xff, 0xd8, 0xff, 0xe0, 1, 2]);
    for cut in 0..bytes.len() {
        let mut lines = Lines::default();
        let mut said = lines.feed(&bytes[..cut]);
        said.extend(lines.feed(&bytes[cut..]));
        assert!(said == whole, "cut at {cut}: {said:?}");
    }
}

#[test]
fn damaged_lines_spoil_their_file_and_nothing_else() {
    let said = |text: &str| Lines::default().feed(text.as_bytes());
    let file = |text: &str| said(text).iter().any(|said| matches!(said, Said::File { .. }));
    assert!(file("[SOD_RAW_START]\nAAAA\n[SOD_RAW_END]\n"));
    for damaged in [
        "[SOD_RAW_START]\nAA*A\n[SOD_RAW_END]\n",
        "[SOD_RAW_START]\n[SOD_RAW_END]\n",
        "[SOD_RAW_START]\nAAAA\nCARD_REMOVED\n[SOD_RAW_END]\n",
        "[DG99_RAW_START]\nAAAA\n[DG99_RAW_END]\n",
        "AAAA\n[SOD_RAW_END]\n",
    ] {
        assert!(!file(damaged), "{damaged}");
    }
    assert_eq!(said("SCAN_FAIL\n"), [Said::Failed("SCAN_FAIL".to_owned())]);
    assert_eq!(said("[SERIAL] Invalid 001190000016\n"), [Said::Failed("[SERIAL] Invalid ############".to_owned())]);
    assert_eq!(said("SUCCESS\nSCAN_DONE\n").len(), 1, "both mean the same");
    let mut lines = Lines::default();
    assert_eq!(lines.feed(&vec![b'x'; 200_000]), []);
    assert_eq!(lines.feed(b"\nPONG\n"), [Said::Pong]);
    assert_eq!(lines.feed(b"{\n"), []);
    for _ in 0..200 {
        assert_eq!(lines.feed(b"\"}\n"), []);
    }
    assert_eq!(lines.feed(b"PONG\n"), [Said::Pong]);
}

proptest! {
    #[test]
    fn frames_never_panic(body in "[0-9:b\u{1e}\\[\\]{}\",/eventA-Fñ😀-]{0,80}") {
        let _ = handshake(&body);
        for version in [Version::V4, Version::V3] {
            let _ = session(version).read(&body);
        }
    }

    #[test]
    fn packets_of_version_3_come_back_as_they_were_sent(texts in prop::collection::vec("[ -~À-ỹ😀]{0,20}", 1..8)) {
        let packets: Vec<String> = texts.iter().map(|text| format!("42{}", json!(["/event", text]))).collect();
        let expected: Vec<Packet> = texts.iter().map(|text| event("/event", json!(text))).collect();
        let units: String = packets.iter().map(|packet| format!("{}:{packet}", packet.encode_utf16().count())).collect();
        prop_assert_eq!(session(Version::V3).read(&units).unwrap(), expected.clone());
        prop_assert_eq!(session(Version::V4).read(&packets.join("\u{1e}")).unwrap(), expected);
    }

    #[test]
    fn lines_never_panic(text in "(\\[(DG2|SOD|DG)_(RAW_START|RAW_END|PHOTO_END)\\]|SUCCESS|NFC_DETECTED|[A-Za-z0-9+/={}\":, ]{0,12}|\n){0,40}") {
        let _ = Lines::default().feed(text.as_bytes());
    }
}
