//! What the data groups say, from bytes composed here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use motcua_drivers::idcard::tlv::write;
use motcua_drivers::idcard::{Access, CardError, CardFiles, ChipProof, Traffic, Trust, TrustStore, files};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ZONE: &str = "IDVNM1900000163001190000016<<49001158F4001153VNM<<<<<<<<<<<4NGUYEN<<THI<MAU<<<<<<<<<<<<<<<";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 face \xFF\xD9";
const JP2: &[u8] = b"\x00\x00\x00\x0CjP  \r\n\x87\n face";
const CODESTREAM: &[u8] = b"\xFF\x4F\xFF\x51 face";

fn dg1(zone: &str) -> Vec<u8> {
    write(0x61, &write(0x5F1F, zone.as_bytes()))
}

fn field(number: u8, value: &[u8]) -> Vec<u8> {
    write(0x30, &[&write(0x02, &[number]), value].concat())
}

fn utf8(text: &str) -> Vec<u8> {
    write(0x0C, text.as_bytes())
}

/// The envelope of idcard.md 6: version, OID, SET.
fn dg13(fields: &[Vec<u8>]) -> Vec<u8> {
    let oid = [0x06, 0x06, 0x28, 0xD3, 0x16, 0x01, 0x00, 0x08];
    write(0x6D, &write(0x30, &[&write(0x02, &[1]), &oid[..], &write(0x31, &fields.concat())].concat()))
}

/// ISO/IEC 19794-5:2005: record header, then each face with its own header and feature points.
fn facial_record(images: &[&[u8]], points: u16) -> Vec<u8> {
    let faces: Vec<u8> = images
        .iter()
        .flat_map(|image| {
            let length = 20 + 8 * u32::from(points) + 12 + image.len() as u32;
            let header = [&length.to_be_bytes()[..], &points.to_be_bytes(), &[0; 14], &vec![1; 8 * usize::from(points)], &[0; 12]].concat();
            [&header, *image].concat()
        })
        .collect();
    let length = 14 + faces.len() as u32;
    [&b"FAC\x00010\x00"[..], &length.to_be_bytes(), &(images.len() as u16).to_be_bytes(), &faces].concat()
}

fn dg2(records: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let header = write(0xA1, &[0x81, 0x01, 0x02, 0x87, 0x02, 0x01, 0x01, 0x88, 0x02, 0x00, 0x08]);
    let templates: Vec<u8> =
        records.iter().flat_map(|(tag, record)| write(0x7F60, &[&header[..], &write(*tag, record)].concat())).collect();
    write(0x75, &write(0x7F61, &[&[0x02, 0x01, records.len() as u8][..], &templates].concat()))
}

fn card(groups: &[(u8, Vec<u8>)]) -> CardFiles {
    let groups = groups.iter().cloned().collect::<BTreeMap<_, _>>();
    CardFiles { access: Access::Bac, groups, sod: None, chip: ChipProof::None, traffic: Traffic::default() }
}

#[test]
fn the_zone_is_read_and_nothing_else_is_taken_for_one() {
    assert_eq!(files::mrz(&dg1(ZONE)).unwrap(), ZONE);
    let passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    assert_eq!(files::mrz(&dg1(passport)).unwrap(), passport);
    for bad in [
        dg1(&ZONE[1..]),
        dg1(&ZONE.to_lowercase()),
        dg1(""),
        write(0x61, &[]),
        write(0x62, ZONE.as_bytes()),
        vec![],
        dg1(ZONE)[..50].to_vec(),
    ] {
        assert!(matches!(files::mrz(&bad), Err(CardError::Protocol(_))));
    }
}

#[test]
fn the_first_face_is_taken_in_every_packing() {
    for (image, media_type) in [(JPEG, "image/jpeg"), (JP2, "image/jp2"), (CODESTREAM, "image/jp2")] {
        for tag in [0x5F2E, 0x7F2E] {
            for points in [0, 3] {
                let photo = files::photo(&dg2(&[(tag, facial_record(&[image, b"other"], points))])).unwrap();
                assert_eq!((photo.media_type, photo.bytes.as_slice()), (media_type, image), "{tag:X} {points}");
            }
        }
    }
    let two = dg2(&[(0x5F2E, facial_record(&[JPEG], 0)), (0x5F2E, facial_record(&[JP2], 0))]);
    assert_eq!(files::photo(&two).unwrap().bytes, JPEG);
    // ISO/IEC 39794-5 packs the image into data objects of its own.
    let newer = dg2(&[(0x7F2E, write(0xA1, &[write(0x80, &[3]), write(0x81, JP2)].concat()))]);
    assert_eq!(files::photo(&newer).unwrap().bytes, JP2);
    // As large as a chip allows.
    let mut large = JPEG.to_vec();
    large.resize(64_000, 7);
    assert_eq!(files::photo(&dg2(&[(0x5F2E, facial_record(&[&large], 0))])).unwrap().bytes, large);
    for bad in [vec![], dg2(&[]), dg2(&[(0x5F2E, b"no face".to_vec())]), dg1(ZONE)] {
        assert!(matches!(files::photo(&bad), Err(CardError::Protocol(_))));
    }
}

#[test]
fn every_field_of_dg13_finds_its_place() {
    let long = "Thôn Ví Dụ, Xã Minh Họa, ".repeat(12);
    let names =
        ["001190000016", "Nguyễn Thị Mẫu", "15/01/1990", "Nữ", "Việt Nam", "Kinh", "Không", "Xã Minh Họa", &long, "Nốt ruồi", "10/05/2021"];
    let mut fields: Vec<Vec<u8>> = (1..).zip(names).map(|(number, text)| field(number, &utf8(text))).collect();
    fields.push(field(12, &utf8("Không thời hạn")));
    fields.push(field(13, &write(0x30, &[utf8("Nguyễn Văn Cha"), utf8("Trần Thị Mẹ")].concat())));
    fields.push(field(14, &write(0x30, &utf8("Lê Văn Chồng"))));
    fields.push(field(15, &write(0x13, b"012345678")));
    fields.push(field(16, &write(0x13, b"00112233AABBCCDD")));
    fields.push(field(99, &utf8("later")));
    // The order in a SET means nothing.
    for _ in 0..2 {
        fields.reverse();
        let read = files::citizen(&dg13(&fields)).unwrap();
        let first = [&read.number, &read.name, &read.birth, &read.sex, &read.nationality, &read.ethnicity, &read.religion, &read.origin];
        assert_eq!(first.map(String::as_str), names[..8]);
        assert_eq!(read.residence, long.trim());
        assert_eq!((read.marks.as_str(), read.issued.as_str(), read.expiry.as_str()), ("Nốt ruồi", "10/05/2021", "Không thời hạn"));
        assert_eq!((read.father.as_str(), read.mother.as_str(), read.spouse.as_str()), ("Nguyễn Văn Cha", "Trần Thị Mẹ", "Lê Văn Chồng"));
        assert_eq!(read.old_number, "012345678");
        assert!(!format!("{read:?}").contains("Mẫu"));
    }
}

#[test]
fn dg13_is_read_with_gaps_and_in_other_packings() {
    let number = field(1, &write(0x13, b"001190000016"));
    let read = |fields: &[Vec<u8>]| files::citizen(&dg13(&[std::slice::from_ref(&number), fields].concat())).unwrap();
    // Absent, empty, without a value at all.
    let sparse =
        read(&[field(2, &utf8("")), field(5, &[]), field(14, &write(0x30, &[])), field(13, &write(0x30, &[])), field(15, &utf8(""))]);
    assert_eq!(sparse.number, "001190000016");
    assert!(
        [&sparse.name, &sparse.nationality, &sparse.spouse, &sparse.father, &sparse.mother, &sparse.old_number]
            .iter()
            .all(|f| f.is_empty())
    );
    // Other string types; decomposed letters and padding are put right.
    let decomposed = "Nguye\u{302}\u{303}n\0 ";
    for value in [utf8(decomposed), write(0x16, decomposed.as_bytes()), write(0x04, decomposed.as_bytes())] {
        assert_eq!(read(&[field(2, &value)]).name, "Nguyễn");
    }
    let wide: Vec<u8> = "Nguyễn".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(read(&[field(2, &write(0x1E, &wide))]).name, "Nguyễn");
    // Parents each in a SEQUENCE, or as two values; only one known.
    let (father, mother) = (write(0x30, &utf8("Cha")), write(0x30, &utf8("Mẹ")));
    for value in [write(0x30, &[father.clone(), mother.clone()].concat()), [father, mother].concat()] {
        let both = read(&[field(13, &value)]);
        assert_eq!((both.father.as_str(), both.mother.as_str()), ("Cha", "Mẹ"));
    }
    let one = read(&[field(13, &write(0x30, &[utf8(""), utf8("Mẹ")].concat())), field(14, &utf8("Vợ"))]);
    assert_eq!((one.father.as_str(), one.mother.as_str(), one.spouse.as_str()), ("", "Mẹ", "Vợ"));
    // The old number by its shape, at either place.
    assert_eq!(read(&[field(15, &utf8("00112233AABBCCDD")), field(16, &utf8("012345678"))]).old_number, "012345678");
    // Without the version and the OID.
    for envelope in [write(0x30, &number), write(0x31, &number), write(0x30, &write(0x31, &number)), number.clone()] {
        assert_eq!(files::citizen(&write(0x6D, &envelope)).unwrap().number, "001190000016");
    }
    for bad in [vec![], write(0x6D, &[]), dg13(&[]), dg1(ZONE), write(0x6D, b"text")] {
        assert!(matches!(files::citizen(&bad), Err(CardError::Protocol(_))));
    }
}

#[test]
fn card_data_keeps_what_can_be_read() {
    let store = TrustStore::empty();
    let person = dg13(&[field(1, &utf8("001190000016"))]);
    let whole =
        files::card_data(card(&[(1, dg1(ZONE)), (13, person.clone()), (2, dg2(&[(0x5F2E, facial_record(&[JPEG], 0))]))]), &store, 0)
            .unwrap();
    assert_eq!((whole.mrz.as_str(), whole.photo.unwrap().bytes.as_slice()), (ZONE, JPEG));
    assert_eq!(whole.trust, Trust::Broken { reason: "no signature file".into() });
    // Face or DG13 unreadable, DG1 not given.
    let poor = files::card_data(card(&[(1, dg1(ZONE)), (13, vec![0x6D, 0]), (2, vec![0x75, 0])]), &store, 0).unwrap();
    assert!(poor.citizen.is_none() && poor.photo.is_none());
    assert_eq!(files::card_data(card(&[(13, person.clone())]), &store, 0).unwrap().mrz, "");
    for nothing in [card(&[]), card(&[(13, vec![0x6D, 0])]), card(&[(1, vec![0x61, 0]), (13, person)])] {
        assert!(matches!(files::card_data(nothing, &store, 0), Err(CardError::Protocol(_))));
    }
}

#[test]
fn both_files_must_name_the_same_number() {
    let trust = |zone: &str, number: &str| {
        let files = card(&[(1, dg1(zone)), (13, dg13(&[field(1, &utf8(number)), field(2, &utf8("Mẫu"))]))]);
        files::card_data(files, &TrustStore::empty(), 0).unwrap().trust
    };
    let differ = Trust::Broken { reason: "DG1 and DG13 name different numbers".into() };
    let missing = Trust::Broken { reason: "no signature file".into() };
    assert_eq!(trust(ZONE, "001190000016"), missing);
    assert_eq!(trust(ZONE, ""), missing);
    assert_eq!(trust(ZONE, "001190000017"), differ);
    assert_eq!(trust(ZONE, "002190000016"), differ);
    assert_eq!(trust(&ZONE.replace("001190000016", "<<<<<<<<<<<<"), "002190000016"), missing);
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), tag in prop::sample::select(vec![0x61_u32, 0x75, 0x6D])) {
        for bytes in [bytes.clone(), write(tag, &bytes)] {
            let _ = (files::mrz(&bytes), files::photo(&bytes), files::citizen(&bytes));
        }
    }

    #[test]
    fn a_damaged_byte_never_panics(at in 0_usize..400, byte in any::<u8>()) {
        let fields: Vec<Vec<u8>> = (1..17).map(|number| field(number, &utf8("Nguyễn Thị Mẫu"))).collect();
        let mut bytes = dg13(&fields);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = files::citizen(&bytes);
    }
}
