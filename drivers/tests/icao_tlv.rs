//! BER-TLV as chips write it.

use motcua_drivers::idcard::ef;
use motcua_drivers::idcard::tlv::{self, TlvError};
use proptest::prelude::*;

#[test]
fn short_and_long_forms_are_read() {
    let (tlv, rest) = tlv::read(&[0x5F, 0x1F, 0x02, 0xAA, 0xBB, 0x01]).unwrap();
    assert_eq!((tlv.tag, tlv.value, rest), (0x5F1F, &[0xAA, 0xBB][..], &[0x01][..]));
    assert_eq!(tlv.whole, [0x5F, 0x1F, 0x02, 0xAA, 0xBB]);
    let (tlv, _) = tlv::read(&[0x04, 0x82, 0x00, 0x01, 0x77]).unwrap();
    assert_eq!(tlv.value, [0x77], "a length longer than needed is taken");
    let (tlv, _) = tlv::read(&[0x7F, 0x81, 0x01, 0x00]).unwrap();
    assert_eq!((tlv.tag, tlv.value), (0x007F_8101, &[][..]));
}

#[test]
fn what_is_no_data_object_is_refused() {
    for (bytes, error) in [
        (&[][..], TlvError::Truncated),
        (&[0x30], TlvError::Truncated),
        (&[0x30, 0x02, 0x01], TlvError::Truncated),
        (&[0x30, 0x82, 0x01], TlvError::Truncated),
        (&[0x7F], TlvError::Truncated),
        (&[0x00, 0x00], TlvError::Tag),
        (&[0xFF, 0x00], TlvError::Tag),
        (&[0x7F, 0x81, 0x82, 0x03, 0x00], TlvError::Tag),
        (&[0x30, 0x80, 0x00, 0x00], TlvError::Length),
        (&[0x30, 0x85, 0, 0, 0, 0, 1, 1], TlvError::Length),
        (&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 1], TlvError::Truncated),
    ] {
        assert_eq!(tlv::read(bytes).unwrap_err(), error, "{bytes:02X?}");
    }
    assert_eq!(tlv::all(&[0x04, 0x00, 0x04]).unwrap_err(), TlvError::Truncated);
}

#[test]
fn a_path_leads_to_the_innermost() {
    let inner = tlv::write(0x80, &[1, 2]);
    let bytes = tlv::write(0x7C, &[tlv::write(0x81, &[9]), inner.clone()].concat());
    assert_eq!(tlv::find(&bytes, &[0x7C, 0x80]).unwrap().whole, inner);
    assert!(tlv::find(&bytes, &[0x7C, 0x82]).is_none());
    assert!(tlv::find(&bytes, &[]).is_none());
    assert!(!format!("{:?}", tlv::find(&bytes, &[0x7C, 0x80])).contains("[1, 2]"));
}

#[test]
fn a_file_tells_its_size_by_its_first_bytes() {
    assert_eq!(tlv::header_len_and_total(&[0x75, 0x82, 0xF0, 0x51, 0x7F]), Some((4, 0xF055)));
    assert_eq!(tlv::header_len_and_total(&[0x61, 0x5D]), Some((2, 0x5F)));
    assert_eq!(tlv::header_len_and_total(&[0x75, 0x82, 0xF0]), None);
}

#[test]
fn files_are_found_by_both_identifiers() {
    for file in ef::ALL {
        assert_eq!(ef::by_id(file.id), Some(file));
        assert_eq!(ef::by_sfi(file.sfi), Some(file));
    }
    assert_eq!((ef::DG13.id, ef::DG13.sfi, ef::DG13.tag), (0x010D, 0x0D, 0x6D));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(tag in prop::sample::select(vec![0x30_u32, 0x6D, 0x87, 0x5F1F, 0x7F49, 0x7F2E, 0x5F_81_01]), value in prop_oneof![0_usize..300, 65_530_usize..65_540].prop_map(|size| (0..size).map(|byte| byte as u8).collect::<Vec<u8>>()), tail in prop::collection::vec(any::<u8>(), 0..5)) {
        let mut bytes = tlv::write(tag, &value);
        let whole = bytes.clone();
        bytes.extend(&tail);
        let (read, rest) = tlv::read(&bytes).unwrap();
        prop_assert_eq!((read.tag, read.value, read.whole, rest), (tag, &value[..], &whole[..], &tail[..]));
        prop_assert_eq!(tlv::header_len_and_total(&bytes), Some((whole.len() - value.len(), whole.len())));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(found) = tlv::all(&bytes) {
            let joined: Vec<u8> = found.iter().flat_map(|tlv| tlv.whole.to_vec()).collect();
            prop_assert_eq!(joined, bytes.clone());
        }
        let _ = tlv::find(&bytes, &[0x30, 0x31, 0x04]);
    }
}
