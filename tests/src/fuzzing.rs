//! What every parser of outside bytes must withstand, one function a parser: any bytes at all, without a crash.
//!
//! The fuzzer (`make fuzz`, `tests/fuzz`) searches for bytes that break it; `tests/tests/corpus.rs` replays those that are kept.
//! Each function says whether the parser took the bytes, and fails where it took what it cannot keep its word on.

#![expect(clippy::expect_used, reason = "a broken promise of a parser must stop the fuzzer")]

use jiff::Timestamp;
use jiff::civil::date;
use motcua_digitise::sign::{self, Pending, SignatureBlock, TimestampProblem};
use motcua_drivers::DeviceError;
use motcua_drivers::barcode::ReaderEvent;
use motcua_drivers::barcode::framing::{CODE_LIMIT, Framer};
use motcua_drivers::idcard::apdu::{Answer as CardAnswer, Command as CardCommand};
use motcua_drivers::idcard::hn212_card;
use motcua_drivers::idcard::hn212_serial::{Lines, Said};
use motcua_drivers::idcard::hn212_wire::{Packet, handshake};
use motcua_drivers::idcard::messaging::{Opened, Session};
use motcua_drivers::idcard::{AccessKey, Channel, Trust, TrustStore, chip_auth, files, keys, pace, reader as card_reader, sod, tlv};
use motcua_drivers::printer::PrinterStatus;
use motcua_drivers::printer::escpos::{Answer, AnswerReader, Query};
use motcua_drivers::scanner::discovery;
use motcua_drivers::scanner::escl_xml::{complete_jpeg, parse_capabilities, parse_status, settings_xml, verdict};
use motcua_drivers::scanner::sane_wire::FrameReader;
use motcua_drivers::scanner::{Colour, Escl, ScanSettings, Source};
use motcua_hub::{Opener, Unsealed, pki};
use motcua_model::address::{self, Address};
use motcua_model::api::ActionRequest;
use motcua_model::catalogue::Catalogue;
use motcua_model::citizen::CardQr;
use motcua_model::code::{DossierCode, ParcelCode, ProvisionalCode};
use motcua_model::config::Config;
use motcua_model::dossier::Applicant;
use motcua_model::hub::{Message, MessageState, News, NewsPage, Problem, Receipt, SignedReceipt};
use motcua_model::mrz::Mrz;
use motcua_model::scanned::Scanned;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::LazyLock;

/// A parser under test: takes any bytes and says whether the parser took them.
pub type Target = fn(&[u8]) -> bool;

/// Every target by name; `tests/fuzz/targets` and `tests/fuzz/corpus` have the same names.
pub const TARGETS: [(&str, Target); 27] = [
    ("address", address),
    ("announcement", announcement),
    ("api_action", api_action),
    ("apdu", apdu),
    ("arrived", arrived),
    ("card_access", card_access),
    ("card_qr", card_qr),
    ("carried", carried),
    ("catalogue", catalogue),
    ("codes", codes),
    ("config", config),
    ("dg13", dg13),
    ("dg2", dg2),
    ("escl_xml", escl_xml),
    ("escpos_status", escpos_status),
    ("hn212", hn212),
    ("hub_message", hub_message),
    ("mrz", mrz),
    ("page", page),
    ("page_codes", page_codes),
    ("pdf_to_sign", pdf_to_sign),
    ("reader_framing", reader_framing),
    ("sane_frames", sane_frames),
    ("scanned", scanned),
    ("sod", sod),
    ("time_stamp", time_stamp),
    ("tlv", tlv),
];

/// The QR of a citizen card.
pub fn card_qr(data: &[u8]) -> bool {
    let Ok(card) = CardQr::parse(&String::from_utf8_lossy(data)) else { return false };
    assert_eq!(card.number.masked().chars().count(), 12);
    assert!(!card.name.reveal().is_empty());
    let _ = Applicant::from_card(&card);
    survives_json(&card);
    true
}

/// An address as a card or a person writes it. What it is today is read again as it is written.
pub fn address(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let today = address::today(&text);
    for address in &today {
        assert_eq!(Address::parse(&address.written()).as_ref(), Some(address));
        assert!(address::today(&address.written()).contains(address), "what is of today stays so");
    }
    assert!(address::renamed(&text).is_empty() || address::renamed(&text) == today);
    let _ = address::places(&today);
    !today.is_empty()
}

/// A file of the stick that the hub imports. The first byte says from which layer on: `0` sealed, `1` signed, `2` content. Keys are
/// new in every process, so only content can be good.
pub fn carried(data: &[u8]) -> bool {
    static OPENER: LazyLock<Opener> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("there is room for a hub's folder");
        let dir = folder.path().join("hub");
        pki::init(&dir, &["localhost".to_owned()], date(2026, 11, 23)).expect("a hub's folder is made");
        Opener::new(&dir).expect("a hub's folder is usable")
    });
    let Some((layer, bytes)) = data.split_first() else { return false };
    let opened = match layer % 3 {
        0 => OPENER.open(bytes),
        1 => OPENER.open_signed(bytes),
        _ => Unsealed::read("kiosk-07", bytes),
    };
    let Ok(opened) = opened else { return false };
    assert!(opened.message.device == "kiosk-07" && opened.message.body.id() == opened.message.id);
    survives_json(&opened.message);
    opened.message.files.iter().all(|file| opened.file(file.file.id).is_ok())
}

/// Codes that people type and readers scan: what was taken is taken again as it is printed.
pub fn codes(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let provisional = ProvisionalCode::parse(&text);
    if let Ok(code) = &provisional {
        assert_eq!(ProvisionalCode::parse(code.as_str()).as_ref(), Ok(code));
    }
    let dossier = DossierCode::parse(&text);
    if let Ok(code) = &dossier {
        assert_eq!(DossierCode::parse(code.as_str()).as_ref(), Ok(code));
    }
    let parcel = ParcelCode::parse(&text);
    if let Ok(parcel) = &parcel {
        assert_eq!(ParcelCode::parse(&parcel.code).as_ref(), Ok(parcel));
    }
    provisional.is_ok() || dossier.is_ok() || parcel.is_ok()
}

/// The agent's configuration: usable, or at least one problem with a way to mend it.
pub fn config(data: &[u8]) -> bool {
    match Config::parse("agent.toml", &String::from_utf8_lossy(data)) {
        Ok(_) => true,
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| !problem.fix.is_empty() && !problem.to_string().is_empty()));
            false
        }
    }
}

/// The catalogue of procedures, and answers to its questions.
pub fn catalogue(data: &[u8]) -> bool {
    let catalogue = match Catalogue::from_json(&String::from_utf8_lossy(data)) {
        Ok(catalogue) => catalogue,
        Err(problems) => {
            assert!(!problems.is_empty());
            return false;
        }
    };
    for question in catalogue.procedures.iter().flat_map(|procedure| &procedure.questions) {
        for answer in ["", "Nguyễn Thị Mẫu", "31/02/1990", "001190000016", "0900000456", "99999999999"] {
            if let Ok(stored) = question.check(answer, date(2026, 11, 23)) {
                let _ = question.show(&stored);
            }
        }
    }
    survives_json(&catalogue);
    true
}

/// What the screen asks of the agent.
pub fn api_action(data: &[u8]) -> bool {
    json::<ActionRequest>(data)
}

/// What the hub and the agent say to each other. The text of a receipt is read as the agent reads it.
pub fn hub_message(data: &[u8]) -> bool {
    let receipt = serde_json::from_slice::<SignedReceipt>(data).is_ok_and(|signed| json::<Receipt>(signed.receipt.as_bytes()));
    let others = [json::<Message>(data), json::<MessageState>(data), news(data), json::<Problem>(data)];
    receipt || others.contains(&true)
}

/// What is not understood is passed over, and never written again.
fn news(data: &[u8]) -> bool {
    let Ok(page) = serde_json::from_slice::<NewsPage>(data) else { return false };
    let (unknown, known): (Vec<_>, Vec<_>) = page.items.into_iter().partition(|item| matches!(item.news, News::Unknown(_)));
    survives_json(&NewsPage { items: known });
    unknown.is_empty()
}

/// Bytes of a barcode reader. The first byte says how large the reads are: where they are cut must not matter.
pub fn reader_framing(data: &[u8]) -> bool {
    let Some((size, bytes)) = data.split_first() else { return false };
    let framed = |size: usize| {
        let mut framer = Framer::default();
        let mut events: Vec<ReaderEvent> = bytes.chunks(size).flat_map(|read| framer.push(read)).collect();
        events.extend(framer.end());
        assert!(framer.end().is_none());
        events
    };
    let events = framed(usize::from(*size).max(1));
    assert!(events == framed(bytes.len().max(1)), "the same bytes in other reads gave other codes");
    let mut codes = 0;
    for event in &events {
        match event {
            ReaderEvent::Code { text, .. } => {
                assert!((1..=CODE_LIMIT).contains(&text.len()));
                codes += 1;
            }
            ReaderEvent::Garbage { bytes: count } => assert!((1..=bytes.len()).contains(count)),
            ReaderEvent::Opened(_) | ReaderEvent::Lost(_) => assert_eq!(codes, usize::MAX, "a framer knows nothing of the port"),
        }
    }
    codes > 0
}

/// A scanner's announcement: a first line with its address and port, then the lines of its TXT record.
pub fn announcement(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let Some((address, port)) = lines.next().and_then(|line| line.rsplit_once(' ')) else { return false };
    let (Ok(address), Ok(port)) = (address.parse::<IpAddr>(), port.parse()) else { return false };
    let values: BTreeMap<&str, &str> = lines.filter_map(|line| line.split_once('=')).collect();
    let value = |key: &str| values.get(key).copied().unwrap_or_default();
    let Some(found) = discovery::found("A".to_owned(), "http", std::iter::once(address), port, value) else { return false };
    // Whatever it announces, it is asked at its own address alone.
    let rest = found.url.strip_prefix("http://").expect("an HTTP address");
    let host = match rest.strip_prefix('[') {
        Some(six) => six.split(']').next(),
        None => rest.split([':', '/']).next(),
    };
    assert_eq!(host.and_then(|host| host.parse().ok()), Some(address), "{}", found.url);
    assert!(Escl::new(&found.url).is_ok(), "{}", found.url);
    true
}

/// What a reader scanned, told apart by its content. Spaces around do not matter; a code is the same code as it is printed.
pub fn scanned(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let seen = Scanned::of(&text);
    assert!(Scanned::of(&format!(" {text}\r\n")) == seen);
    match &seen {
        Scanned::Provisional(code) => assert_eq!(&Scanned::of(code.as_str()), &seen),
        Scanned::Dossier(code) => assert_eq!(&Scanned::of(code.as_str()), &seen),
        Scanned::Parcel(parcel) => assert_eq!(&Scanned::of(&parcel.code), &seen),
        Scanned::CourierBadge(number) => assert_eq!(&Scanned::of(&format!("BCCI-{number}")), &seen),
        Scanned::Card(_) | Scanned::DamagedCard { .. } | Scanned::Mrz(_) | Scanned::MrzPart | Scanned::Unknown => {}
    }
    seen != Scanned::Unknown
}

/// What an HN212 desk reader sends: an answer of its Socket.IO server in both versions, or lines of its serial variant. The first
/// byte says how large the reads of the lines are. Taken: an event that means something, or a card that came to its end.
pub fn hn212(data: &[u8]) -> bool {
    let Some((size, bytes)) = data.split_first() else { return false };
    let body = String::from_utf8_lossy(bytes);
    let means = |packets: Vec<Packet>| {
        packets.iter().any(|packet| matches!(packet, Packet::Event { data, .. } if hn212_card::message(data) != hn212_card::Message::Other))
    };
    let mut taken = handshake(&body).is_ok_and(|(open, mut wire)| {
        assert!(!open.sid.is_empty() && open.ping_interval >= 100);
        means(wire.early())
    });
    for opening in ["0{\"sid\":\"s\"}", "12:0{\"sid\":\"s\"}"] {
        let (_, mut wire) = handshake(opening).expect("a session opens");
        taken |= wire.read(&body).is_ok_and(means);
    }
    let spoken = |size: usize| -> Vec<Said> {
        let mut lines = Lines::default();
        bytes.chunks(size).flat_map(|read| lines.feed(read)).collect()
    };
    let said = spoken(usize::from(*size).max(1));
    assert!(said == spoken(bytes.len().max(1)), "the same bytes in other reads said something else");
    for said in said {
        if let Said::Done(card) = said {
            taken |= card.judge(true, &TrustStore::empty(), 1_795_000_000).is_ok();
        }
    }
    taken
}

/// Frames of the SANE worker. The first byte says how large the reads are: where they are cut must not matter.
pub fn sane_frames(data: &[u8]) -> bool {
    let Some((size, bytes)) = data.split_first() else { return false };
    let read = |size: usize| {
        let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
        for piece in bytes.chunks(size) {
            reader.push(piece);
            loop {
                match reader.next_frame() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(_) => return (frames, false),
                }
            }
        }
        (frames, true)
    };
    let (frames, whole) = read(usize::from(*size).max(1));
    assert!(read(bytes.len().max(1)) == (frames.clone(), whole), "other reads gave other frames");
    for frame in &frames {
        let mut reader = FrameReader::default();
        reader.push(&frame.encode());
        assert!(reader.next_frame().ok().flatten().as_ref() == Some(frame), "a frame is not read as it was written");
    }
    whole && !frames.is_empty()
}

/// Answers of a document scanner, and what is asked of it in return.
pub fn escl_xml(data: &[u8]) -> bool {
    if let Some(jpeg) = complete_jpeg(data.to_vec()) {
        assert!(data.starts_with(&jpeg));
    }
    let text = String::from_utf8_lossy(data);
    let status = parse_status(&text);
    if let Ok(status) = &status {
        for job in &status.jobs {
            let _ = verdict(status, &job.uri);
        }
        let _ = verdict(status, "/eSCL/ScanJobs/1");
    }
    let capabilities = parse_capabilities(&text);
    if let Ok(capabilities) = &capabilities {
        for source in [Source::Flatbed, Source::Feeder { duplex: true }] {
            let settings = settings_xml(&ScanSettings { source, dpi: 300, colour: Colour::Rgb24 }, capabilities);
            // Whatever a scanner claims, what it is sent is XML: the parser finds only the root to be another.
            let refusal = parse_status(&settings).expect_err("settings are no status").to_string();
            assert!(refusal.contains("<ScanSettings>"), "{refusal}");
        }
    }
    status.is_ok() || capabilities.is_ok()
}

/// What a receipt printer says: answers to its four questions in turn, pushes, and texts about itself.
pub fn escpos_status(data: &[u8]) -> bool {
    let mut status = PrinterStatus { known: true, ..PrinterStatus::default() };
    let mut reader = AnswerReader::default();
    let mut queries = Query::ALL.into_iter().cycle();
    for (at, byte) in data.iter().enumerate() {
        // So that texts are met as well, and what follows one that never ends.
        if at % 64 == 63 {
            reader.expect_text();
        }
        match reader.take(*byte) {
            Some(Answer::RealTime(answer)) => queries.next().expect("they never end").read(answer, &mut status),
            Some(Answer::Pushed(pushed)) => status = pushed,
            Some(Answer::Text(text)) => assert!(text.len() <= 81 && text.is_ascii()),
            Some(Answer::Queued(_) | Answer::Noise(_)) | None => {}
        }
        assert!(!status.is_ready() || !(status.cover_open || status.paper_out || status.error || !status.online));
    }
    status.is_ready()
}

/// The Vietnamese fields of a chip: text is NFC, without padding, and the old number is one.
pub fn dg13(data: &[u8]) -> bool {
    let Ok(citizen) = files::citizen(data) else { return false };
    for text in [&citizen.number, &citizen.name, &citizen.residence, &citizen.father, &citizen.mother, &citizen.spouse] {
        assert_eq!(text.trim(), text);
    }
    assert!(citizen.old_number.is_empty() || citizen.old_number.len() == 9);
    assert_eq!(format!("{citizen:?}"), "CitizenData(…)");
    true
}

/// The face on a chip.
pub fn dg2(data: &[u8]) -> bool {
    let Ok(photo) = files::photo(data) else { return false };
    assert!(!photo.bytes.is_empty() && photo.bytes.len() < data.len());
    true
}

/// The signature file of a chip: taken when it signs this DG1. Nobody is believed here, so nobody can be trusted.
pub fn sod(data: &[u8]) -> bool {
    let zone = "IDVNM1900000163001190000016<<49001158F4001153VNM<<<<<<<<<<<4NGUYEN<<THI<MAU<<<<<<<<<<<<<<<";
    let groups = BTreeMap::from([(1, tlv::write(0x61, &tlv::write(0x5F1F, zone.as_bytes())))]);
    let mut store = TrustStore::empty();
    match sod::check(Some(data), &groups, &store, 1_800_000_000) {
        Trust::UnknownSigner { .. } => {
            assert!(matches!(sod::check(Some(data), &BTreeMap::new(), &store, 0), Trust::UnknownSigner { .. }));
            let other = BTreeMap::from([(1, vec![0x61, 0x00])]);
            assert!(matches!(sod::check(Some(data), &other, &store, 0), Trust::Broken { .. }));
            true
        }
        Trust::Broken { reason } => {
            assert!(!reason.is_empty());
            let _ = store.add(data);
            false
        }
        Trust::Trusted { .. } | Trust::Unsigned => unreachable!("nobody is believed, and a file was given"),
    }
}

/// A machine-readable zone: what was taken is taken again as it was put right.
pub fn mrz(data: &[u8]) -> bool {
    let Ok(mrz) = Mrz::parse(&String::from_utf8_lossy(data)) else { return false };
    assert!(Mrz::parse(mrz.text()).as_ref() == Ok(&mrz));
    assert!(!mrz.name().reveal().is_empty() && mrz.document_key().document.reveal().len() >= 9);
    let today = date(2026, 11, 23);
    assert!(mrz.birth(today).is_none_or(|birth| birth <= today));
    let _ = (mrz.expiry(), mrz.citizen_number());
    true
}

/// What a chip answers: under secure messaging with the keys of ICAO 9303-11 D.4, where only what is authentic is taken, and to a
/// reader that takes the bytes for its answers, one after the other.
pub fn apdu(data: &[u8]) -> bool {
    if let Ok(command) = CardCommand::parse(data) {
        assert!(CardCommand::parse(&command.to_bytes()).as_ref() == Ok(&command));
    }
    let key = AccessKey::Can("000016".to_owned());
    let read = card_reader::read(&mut Answers(data), &key, card_reader::Wanted { photo: true }, &mut |to| to.fill(7), &mut |_| true);
    assert!(read.is_err(), "random bytes made a card");

    let secret: [u8; 16] = std::array::from_fn(|at| D3_OURS[at] ^ D3_THEIRS[at]);
    let keys = keys::Keys::derive(keys::Cipher::TripleDes, &secret).expect("keys of the standard");
    let mut session = Session::new(keys, 0x8870_2212_0C06_C226);
    session.wrap(&CardCommand::new(0xA4, 2, 0x0C).with([1, 0x1E])).expect("a new session");
    let Ok(answer) = CardAnswer::parse(data) else { return false };
    matches!(session.unwrap(&answer), Ok(Opened::Authentic(_)))
}

/// K.IFD and K.IC of ICAO 9303-11 D.3.
const D3_OURS: [u8; 16] = 0x0B79_5240_CB70_49B0_1C19_B33E_3280_4F0B_u128.to_be_bytes();
const D3_THEIRS: [u8; 16] = 0x0B4F_8032_3EB3_191C_B049_70CB_4052_790B_u128.to_be_bytes();

/// Answers one after the other, each after a byte that says how long it is.
struct Answers<'a>(&'a [u8]);

impl Channel for Answers<'_> {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        let gone = || DeviceError::Disconnected("no more bytes".to_owned());
        let (length, rest) = self.0.split_first().ok_or_else(gone)?;
        let (answer, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(gone)?;
        self.0 = rest;
        Ok(answer.to_vec())
    }
}

/// EF.CardAccess and DG14: the ways in, and the proof of the chip.
pub fn card_access(data: &[u8]) -> bool {
    let offers = pace::offers(data);
    for offer in &offers {
        let _ = pace::select(offer, &AccessKey::Can("000016".to_owned())).to_bytes();
    }
    !offers.is_empty() || matches!(chip_auth::offer(data), Ok(Some(_)))
}

/// Data objects of a chip: what was taken is written as it was, but for lengths that were longer than needed.
pub fn tlv(data: &[u8]) -> bool {
    let Ok(objects) = tlv::all(data) else { return false };
    let mut bytes = 0;
    for object in &objects {
        bytes += object.whole.len();
        assert_eq!(tlv::header_len_and_total(object.whole).map(|(_, total)| total), Some(object.whole.len()));
        let written = tlv::write(object.tag, object.value);
        assert!(written.len() <= object.whole.len());
        let (again, rest) = tlv::read(&written).expect("what is written is read");
        assert!((again.tag, again.value, rest.len()) == (object.tag, object.value, 0));
    }
    assert_eq!(bytes, data.len());
    !objects.is_empty()
}

/// A scanned side: what passes the look can also be shown small.
pub fn page(data: &[u8]) -> bool {
    let Ok(seen) = motcua_digitise::inspect(data) else { return false };
    assert!(seen.width > 0 && seen.height > 0);
    if let Ok(small) = motcua_digitise::thumbnail(data, 64) {
        assert!(image::load_from_memory(&small).expect("a thumbnail is a JPEG").width() <= 64);
    }
    true
}

/// QR codes on a scanned side: what is printed on a paper is for whoever hands it in to choose. Taken is a page with a code.
pub fn page_codes(data: &[u8]) -> bool {
    let Ok(codes) = motcua_digitise::read_codes(data, 300) else { return false };
    assert!(motcua_digitise::inspect(data).is_ok(), "what was looked through is a whole page");
    assert!(codes.iter().all(|code| !code.text.reveal().is_empty()));
    assert!(codes.iter().all(|code| code.area.left <= code.area.right && code.area.top <= code.area.bottom));
    assert!(codes.is_sorted_by_key(|code| (code.area.top, code.area.left)), "from the top down");
    !codes.is_empty()
}

/// A PDF that somebody brings. What is taken has pages with a size and names that fit a line, and looks the same each time.
pub fn arrived(data: &[u8]) -> bool {
    let Ok(seen) = motcua_digitise::check_pdf(data) else { return false };
    assert!(data.starts_with(b"%PDF-") && !seen.pages.is_empty());
    assert!(seen.pages.iter().all(|page| page.width_mm > 0 && page.height_mm > 0));
    assert!(seen.attached.iter().all(|name| !name.contains(char::is_control)));
    assert!(motcua_digitise::check_pdf(data) == Ok(seen));
    true
}

/// A PDF that is to be signed: what takes one signature takes a second one, and what was there stays.
pub fn pdf_to_sign(data: &[u8]) -> bool {
    let block = SignatureBlock { copy: Some("SAO Y".into()), agency: "UBND xã Mẫu".into(), at: Timestamp::UNIX_EPOCH };
    let Ok(prepared) = sign::prepare(data, &block, 64) else { return false };
    let once = prepared.complete(b"signature").expect("there is room for it");
    assert!(once.starts_with(data));
    let twice = sign::prepare(&once, &block, 64).expect("what was signed can be signed").complete(b"signature").expect("there is room");
    assert!(twice.starts_with(&once));
    true
}

/// The answer of a time-stamp authority: taken when a stamp can be read. Nobody is believed here, so none is good.
pub fn time_stamp(data: &[u8]) -> bool {
    static PENDING: LazyLock<Pending> = LazyLock::new(|| {
        let pdf = include_bytes!("../fuzz/corpus/pdf_to_sign/good-least");
        sign::request_timestamp(pdf, *b"sixteen bytes ok").expect("a PDF can be stamped")
    });
    match PENDING.clone().finish(data, &[]) {
        Err(TimestampProblem::OtherDocument | TimestampProblem::Untrusted(_)) => true,
        Err(TimestampProblem::Refused { .. } | TimestampProblem::Unreadable | TimestampProblem::Pdf(_)) => false,
        Ok(_) => unreachable!("nobody is believed"),
    }
}

/// Reads JSON; what was taken can be written and is taken again as the same.
fn json<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(data) else { return false };
    survives_json(&value);
    true
}

fn survives_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("what was read can be written");
    let again: T = serde_json::from_str(&text).expect("what was written can be read");
    assert!(again == *value, "{again:?} came back for {value:?}");
}
