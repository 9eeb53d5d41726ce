//! Frames of the SANE worker: there and back, cut anywhere, damaged.

use motcua_drivers::scanner::About;
use motcua_drivers::scanner::sane_wire::{Fault, Frame, FrameReader, Listed};
use motcua_drivers::{DeviceError, Human};
use proptest::prelude::*;

fn samples() -> Vec<Frame> {
    let listed = Listed {
        name: "epson2:libusb:001:004".to_owned(),
        vendor: "Epson".to_owned(),
        model: "\"DS\"\t1630\n".to_owned(),
        kind: "flatbed scanner".to_owned(),
    };
    let about = About {
        make_and_model: "Epson DS-1630".to_owned(),
        address: listed.name.clone(),
        flatbed: true,
        feeder: true,
        duplex: false,
        colour: true,
        resolutions: vec![75, 300, 1200],
    };
    let errors = [
        DeviceError::Disconnected("no cable".to_owned()),
        DeviceError::Busy(String::new()),
        DeviceError::NeedsHuman(Human::PaperOut),
        DeviceError::NeedsHuman(Human::Jam),
        DeviceError::NeedsHuman(Human::CoverOpen),
        DeviceError::NeedsHuman(Human::FeederEmpty),
        DeviceError::NeedsHuman(Human::DoubleFeed),
        DeviceError::NeedsHuman(Human::Other),
        DeviceError::Rejected("máy quét".to_owned()),
        DeviceError::Protocol("x".to_owned()),
        DeviceError::Timeout("y".to_owned()),
    ];
    let faults = errors.into_iter().zip([(false, true), (true, false)].into_iter().cycle());
    let mut frames: Vec<Frame> = faults.map(|(error, (unsure, damaged))| Frame::Fault(Fault { error, unsure, damaged })).collect();
    frames.extend([
        Frame::Devices(vec![]),
        Frame::Devices(vec![listed.clone(), Listed::default()]),
        Frame::About(about),
        Frame::Progress { page: 70_000, percent: 100 },
        Frame::Alive,
        Frame::Master(b"\x89PNG\r\n".to_vec()),
        Frame::Page(vec![0xff, 0xd8, 0, 0xff, 0xd9]),
        Frame::Page(vec![]),
        Frame::End { complete: true },
        Frame::End { complete: false },
    ]);
    frames
}

fn read(pieces: impl Iterator<Item = Vec<u8>>) -> Result<Vec<Frame>, DeviceError> {
    let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
    for piece in pieces {
        reader.push(&piece);
        while let Some(frame) = reader.next_frame()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

proptest! {
    #[test]
    fn frames_survive_any_cut(size in 1_usize..300) {
        let bytes: Vec<u8> = samples().iter().flat_map(Frame::encode).collect();
        let frames = read(bytes.chunks(size).map(<[u8]>::to_vec));
        prop_assert_eq!(frames, Ok(samples()));
    }

    #[test]
    fn any_bytes_are_withstood(bytes: Vec<u8>) {
        let _ = read(std::iter::once(bytes));
    }
}

#[test]
fn what_is_no_frame_is_refused_and_says_what_to_look_at() {
    let bad: [(&str, Vec<u8>); 12] = [
        ("unknown kind", b"?\0\0\0\0".to_vec()),
        ("text of a backend", b"[epson2] hello\n".to_vec()),
        ("too long", [b"P".as_slice(), &u32::MAX.to_be_bytes()].concat()),
        ("page too long", [b"J".as_slice(), &u32::MAX.to_be_bytes()].concat()),
        ("lossless file too long", [b"M".as_slice(), &u32::MAX.to_be_bytes()].concat()),
        ("110 percent", b"P\0\0\0\x05\0\0\0\0\x6e".to_vec()),
        ("short progress", b"P\0\0\0\x04\0\0\0\0".to_vec()),
        ("end of neither kind", b"E\0\0\0\x01\x02".to_vec()),
        ("unknown fault", b"F\0\0\0\x03?\0\0".to_vec()),
        ("fault cut short", b"F\0\0\0\x01d".to_vec()),
        ("not JSON", b"A\0\0\0\x01{".to_vec()),
        ("a device without a model", b"L\0\0\0\x0c[{\"name\":1}]".to_vec()),
    ];
    for (what, bytes) in bad {
        match read(std::iter::once(bytes)) {
            Err(DeviceError::Protocol(text)) => assert!(text.contains("worker"), "{what}: {text}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_cut_frame_waits_for_its_rest() {
    for frame in samples() {
        let bytes = frame.encode();
        let (mut reader, cut) = (FrameReader::default(), bytes.len() - 1);
        reader.push(&bytes[..cut]);
        assert_eq!(reader.next_frame(), Ok(None), "{frame:?}");
        reader.push(&bytes[cut..]);
        assert_eq!(reader.next_frame(), Ok(Some(frame)));
        assert_eq!(reader.next_frame(), Ok(None));
    }
}

#[test]
fn pages_are_not_printed() {
    assert_eq!(format!("{:?}", Frame::Page(vec![7; 3])), "Page(3 bytes)");
    assert_eq!(format!("{:?}", Frame::Master(vec![7; 3])), "Master(3 bytes)");
}
