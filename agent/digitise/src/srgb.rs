//! A small sRGB profile (ICC version 2.1) for the PDF's output intent, from the figures of IEC 61966-2-1.

/// The profile's bytes.
pub(crate) fn profile() -> Vec<u8> {
    let curve = curve();
    let tags: [(&[u8; 4], Vec<u8>); 9] = [
        (b"desc", description("sRGB IEC61966-2.1")),
        (b"cprt", text("No copyright, use freely")),
        (b"wtpt", xyz([0.964_2, 1.0, 0.824_9])),
        (b"rXYZ", xyz([0.436_07, 0.222_49, 0.013_92])),
        (b"gXYZ", xyz([0.385_15, 0.716_87, 0.097_08])),
        (b"bXYZ", xyz([0.143_07, 0.060_61, 0.714_10])),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    let mut table = (tags.len() as u32).to_be_bytes().to_vec();
    let mut data: Vec<u8> = Vec::new();
    let data_from = HEADER + 4 + 12 * tags.len();
    let mut curve_at = None;
    for (signature, body) in &tags {
        // The three curves are one: they share their bytes.
        let is_curve = signature.ends_with(b"TRC");
        let at = curve_at.filter(|_| is_curve).unwrap_or(data_from + data.len());
        if curve_at.is_none() || !is_curve {
            data.extend_from_slice(body);
            data.resize(data.len().next_multiple_of(4), 0);
        }
        if is_curve {
            curve_at = Some(at);
        }
        table.extend_from_slice(*signature);
        table.extend_from_slice(&(at as u32).to_be_bytes());
        table.extend_from_slice(&(body.len() as u32).to_be_bytes());
    }
    [header(data_from + data.len()), table, data].concat()
}

const HEADER: usize = 128;

fn header(size: usize) -> Vec<u8> {
    let mut header = (size as u32).to_be_bytes().to_vec();
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(&[2, 0x10, 0, 0]);
    header.extend_from_slice(b"mntrRGB XYZ ");
    for part in [2026_u16, 1, 1, 0, 0, 0] {
        header.extend_from_slice(&part.to_be_bytes());
    }
    header.extend_from_slice(b"acsp");
    header.resize(68, 0);
    for value in [0.964_2, 1.0, 0.824_9] {
        header.extend_from_slice(&fixed(value));
    }
    header.resize(HEADER, 0);
    header
}

/// Sixteen bits before the point and sixteen behind it.
fn fixed(value: f64) -> [u8; 4] {
    ((value * 65536.0).round() as i32).to_be_bytes()
}

fn xyz(values: [f64; 3]) -> Vec<u8> {
    [b"XYZ \0\0\0\0".as_slice(), &values.map(fixed).concat()].concat()
}

fn text(words: &str) -> Vec<u8> {
    [b"text\0\0\0\0", words.as_bytes(), b"\0"].concat()
}

/// The old description type: ASCII, then an empty Unicode and an empty Macintosh name.
fn description(words: &str) -> Vec<u8> {
    let length = (words.len() as u32 + 1).to_be_bytes();
    [b"desc\0\0\0\0".as_slice(), &length, words.as_bytes(), b"\0", &[0; 8], &[0; 3], &[0; 67]].concat()
}

/// From sRGB value to light, in 256 steps.
fn curve() -> Vec<u8> {
    let mut bytes = b"curv\0\0\0\0\0\0\x01\0".to_vec();
    for step in 0..256 {
        let value = f64::from(step) / 255.0;
        let light = if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        bytes.extend_from_slice(&((light * 65535.0).round() as u16).to_be_bytes());
    }
    bytes
}
