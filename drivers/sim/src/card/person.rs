//! Invented citizens, and the files of their cards (ICAO 9303-10; DG13 of the Vietnamese card).

use super::cipher::{Suite, tlv};
use super::sign::{ChipKeys, Issuer};
use anyhow::Context;
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use std::{collections::BTreeMap, path::Path};

/// File identifiers, and the names under which a folder keeps the files.
const FILES: [(u16, &str); 7] = [
    (0x011e, "com.bin"),
    (0x0101, "dg1.bin"),
    (0x0102, "dg2.bin"),
    (0x010d, "dg13.bin"),
    (0x010e, "dg14.bin"),
    (0x010f, "dg15.bin"),
    (SOD, "sod.bin"),
];
const SOD: u16 = 0x011d;

/// A citizen as DG13 tells; dates dd/MM/yyyy. Nobody of this name exists.
#[derive(Clone, Copy, Debug)]
pub struct Citizen {
    /// As in [`crate::CARDS`].
    pub name_in_dock: &'static str,
    /// Twelve digits.
    pub number: &'static str,
    /// Nine digits of the card before, or empty.
    pub old_number: &'static str,
    /// Full name.
    pub name: &'static str,
    /// The third line of the MRZ, without filler.
    pub mrz_name: &'static str,
    /// Birth.
    pub birth: &'static str,
    /// Nam, Nữ.
    pub sex: &'static str,
    /// Residence.
    pub residence: &'static str,
    /// Issue.
    pub issued: &'static str,
    /// Expiry.
    pub expiry: &'static str,
    /// Mother; the father is left out on one card.
    pub mother: &'static str,
    /// Father.
    pub father: &'static str,
    /// Spouse or empty.
    pub spouse: &'static str,
}

/// The citizens whose QR cards lie in the dock, with chips.
pub const CITIZENS: [Citizen; 2] = [
    Citizen {
        name_in_dock: "citizen_2021",
        number: "001190000016",
        old_number: "012345678",
        name: "Nguyễn Thị Mẫu",
        mrz_name: "NGUYEN<<THI<MAU",
        birth: "15/01/1990",
        sex: "Nữ",
        residence: "Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm",
        issued: "10/05/2021",
        expiry: "15/01/2030",
        father: "Nguyễn Văn Cha",
        mother: "Lê Thị Mẹ",
        spouse: "Trần Văn Bạn",
    },
    Citizen {
        name_in_dock: "citizen_2024",
        number: "001090000017",
        old_number: "",
        name: "Trần Văn Thử",
        mrz_name: "TRAN<<VAN<THU",
        birth: "20/02/1990",
        sex: "Nam",
        residence: "Phường Minh Họa, Thử Nghiệm",
        issued: "02/08/2024",
        expiry: "20/02/2030",
        father: "",
        mother: "Phạm Thị Ví Dụ",
        spouse: "",
    },
];

/// The zone of a passport with a chip: the specimen of ICAO 9303-4, appendix, whose holder is invented too.
pub const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// The passport, signed by `issuer`. Only its zone opens it, and it has no Vietnamese data group.
///
/// # Errors
/// When OpenSSL or the encoder of the picture fails.
pub fn passport(issuer: &Issuer) -> anyhow::Result<Personalised> {
    let part = |range: std::ops::Range<usize>| PASSPORT.get(range).unwrap_or_default().to_owned();
    personalise(PASSPORT, String::new(), (part(44..53), part(57..63), part(65..71)), None, issuer, What::default())
}

impl Citizen {
    /// Card access number: the last six digits.
    pub fn can(&self) -> &'static str {
        self.number.get(6..).unwrap_or_default()
    }

    /// Document number, birth and expiry (yyMMdd), the keys of BAC.
    pub fn mrz_key(&self) -> (String, String, String) {
        (self.number.get(3..).unwrap_or_default().to_owned(), short_date(self.birth), short_date(self.expiry))
    }

    /// Three lines of thirty characters without breaks.
    pub fn mrz(&self) -> String {
        let (document, birth, expiry) = self.mrz_key();
        let sex = if self.sex == "Nam" { 'M' } else { 'F' };
        let first = format!("IDVNM{document}{}{}<<{}", digit(&document), self.number, digit(self.number));
        let left = format!("{birth}{}", digit(&birth));
        let right = format!("{expiry}{}", digit(&expiry));
        let optional = "<".repeat(11);
        let all = digit(&format!("{}{left}{right}{optional}", first.get(5..).unwrap_or_default()));
        format!("{first}{left}{sex}{right}VNM{optional}{all}{:<<30}", self.mrz_name)
    }

    fn dg13(&self) -> Vec<u8> {
        let text = |value: &str| tlv(0x0c, value.as_bytes());
        let field = |number: u8, value: Vec<u8>| tlv(0x30, &[tlv(2, &[number]), value].concat());
        let plain = [
            self.number,
            self.name,
            self.birth,
            self.sex,
            "Việt Nam",
            "Kinh",
            "Không",
            "Xã Minh Họa, Thử Nghiệm",
            self.residence,
            "Nốt ruồi C: 1cm dưới mắt trái",
            self.issued,
            self.expiry,
        ];
        let mut fields: Vec<u8> = plain.iter().zip(1..).flat_map(|(value, number)| field(number, text(value))).collect();
        fields.extend(field(13, tlv(0x30, &[text(self.father), text(self.mother)].concat())));
        fields.extend(field(14, tlv(0x30, &if self.spouse.is_empty() { Vec::new() } else { text(self.spouse) })));
        if !self.old_number.is_empty() {
            fields.extend(field(15, text(self.old_number)));
        }
        fields.extend(field(16, text("0123456789ABCDEF")));
        let oid = tlv(6, &[0x28, 0xd3, 0x16, 0x01, 0x00, 0x08]);
        tlv(0x6d, &tlv(0x30, &[tlv(2, &[1]), oid, tlv(0x31, &fields)].concat()))
    }

    /// Her or his card, signed by `issuer`.
    ///
    /// # Errors
    /// When OpenSSL or the encoder of the picture fails.
    pub fn personalise(&self, issuer: &Issuer, what: What) -> anyhow::Result<Personalised> {
        personalise(&self.mrz(), self.can().to_owned(), self.mrz_key(), what.dg13.then(|| self.dg13()), issuer, what)
    }
}

fn personalise(
    zone: &str,
    can: String,
    (document, birth, expiry): (String, String, String),
    dg13: Option<Vec<u8>>,
    issuer: &Issuer,
    what: What,
) -> anyhow::Result<Personalised> {
    let mut files = BTreeMap::from([(0x0101, tlv(0x61, &tlv(0x5f1f, zone.as_bytes()))), (0x0102, dg2(what.jpeg2000, what.photo)?)]);
    files.extend(dg13.map(|bytes| (0x010d, bytes)));
    let keys = what.proof.map(|proof| ChipKeys::new(proof.suite, proof.rsa)).transpose()?;
    if let Some(keys) = &keys {
        files.insert(0x010e, keys.dg14()?);
        files.insert(0x010f, keys.dg15()?);
    }
    let groups: BTreeMap<u8, &[u8]> = files.iter().map(|(id, bytes)| ((id & 0x0f) as u8, bytes.as_slice())).collect();
    let sod = issuer.sod(&groups)?;
    let tags: Vec<u8> = files.values().filter_map(|bytes| bytes.first().copied()).collect();
    files.insert(0x011e, tlv(0x60, &[tlv(0x5f01, b"0107"), tlv(0x5f36, b"040000"), tlv(0x5c, &tags)].concat()));
    files.insert(SOD, sod);
    let mrz_information = format!("{document}{}{birth}{}{expiry}{}", digit(&document), digit(&birth), digit(&expiry));
    Ok(Personalised { files, can, mrz_information, keys })
}

/// What goes onto a card besides the text.
#[derive(Clone, Copy, Debug)]
pub struct What {
    /// Bytes of the picture; small ones are as large as the picture needs.
    pub photo: usize,
    /// JPEG 2000 instead of JPEG: only the head of such a file, the rest is filler.
    pub jpeg2000: bool,
    /// With DG13.
    pub dg13: bool,
    /// With DG14 and DG15.
    pub proof: Option<Proof>,
}

impl Default for What {
    fn default() -> Self {
        Self { photo: 20_000, jpeg2000: false, dg13: true, proof: Some(Proof { suite: Suite::Aes128, rsa: None }) }
    }
}

/// How the chip proves that it is no copy.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// Cipher after chip authentication.
    pub suite: Suite,
    /// Active authentication by RSA with so many bits instead of ECDSA. Answers of 2048 bits need extended length.
    pub rsa: Option<u32>,
}

/// What is on a chip: files, passwords, secrets.
#[derive(Clone)]
pub struct Personalised {
    /// File identifier to bytes.
    pub files: BTreeMap<u16, Vec<u8>>,
    pub(super) can: String,
    pub(super) mrz_information: String,
    pub(super) keys: Option<ChipKeys>,
}

impl std::fmt::Debug for Personalised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Personalised").field("files", &self.files.keys()).finish_non_exhaustive()
    }
}

impl Personalised {
    /// A chip with the files of a folder (com, dg1, dg2, dg13, dg14, dg15, sod `.bin`; absent ones are absent on the chip), a card
    /// access number, and document number, birth and expiry (yyMMdd). It has no secrets to prove itself.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn from_folder(folder: &Path, can: &str, [document, birth, expiry]: [&str; 3]) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        for (id, name) in FILES {
            let path = folder.join(name);
            if path.exists() {
                files.insert(id, std::fs::read(&path).with_context(|| format!("read {}", path.display()))?);
            }
        }
        anyhow::ensure!(!files.is_empty(), "no dg1.bin and the like in {}", folder.display());
        let document = format!("{document:<<9}");
        let mrz_information = format!("{document}{}{birth}{}{expiry}{}", digit(&document), digit(birth), digit(expiry));
        Ok(Self { files, can: can.to_owned(), mrz_information, keys: None })
    }

    /// Changes the last byte of a file, which its signature then does not cover.
    #[must_use]
    pub fn tampered(mut self, file: u16) -> Self {
        if let Some(last) = self.files.get_mut(&file).and_then(|bytes| bytes.last_mut()) {
            *last ^= 1;
        }
        self
    }

    /// The same files on a chip that does not know the secrets.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn copied(mut self) -> anyhow::Result<Self> {
        if let Some(keys) = &self.keys {
            self.keys = Some(ChipKeys::new(keys.suite, None)?);
        }
        Ok(self)
    }
}

/// dd/MM/yyyy as yyMMdd.
fn short_date(date: &str) -> String {
    let part = |range| date.get(range).unwrap_or_default();
    [part(8..10), part(3..5), part(0..2)].concat()
}

/// Check digit 7-3-1 (ICAO 9303-3 4.9).
fn digit(text: &str) -> u32 {
    let value = |letter: char| letter.to_digit(36).unwrap_or(0);
    text.chars().zip([7, 3, 1].into_iter().cycle()).map(|(letter, weight)| value(letter) * weight).sum::<u32>() % 10
}

/// One face in a CBEFF block (ICAO 9303-10 4.7.2, ISO 19794-5).
fn dg2(jpeg2000: bool, size: usize) -> anyhow::Result<Vec<u8>> {
    let picture = if jpeg2000 { jp2(size) } else { jpeg(size)? };
    let length = u32::try_from(14 + 20 + 12 + picture.len())?;
    let mut face = b"FAC\x00010\x00".to_vec();
    face.extend(length.to_be_bytes());
    face.extend([0, 1]);
    face.extend((length - 14).to_be_bytes());
    face.extend([0; 16]);
    face.extend([1, u8::from(jpeg2000), 0, 240, 1, 64, 1, 0, 0, 0, 0, 0]);
    face.extend(picture);
    let header = [tlv(0x80, &[1, 1]), tlv(0x81, &[2]), tlv(0x87, &[1, 1]), tlv(0x88, &[0, 8])].concat();
    let template = tlv(0x7f60, &[tlv(0xa1, &header), tlv(0x5f2e, &face)].concat());
    Ok(tlv(0x75, &tlv(0x7f61, &[tlv(2, &[1]), template].concat())))
}

/// A drawn head, blown up to `size` bytes by comments.
fn jpeg(size: usize) -> anyhow::Result<Vec<u8>> {
    let inside = |x: u32, y: u32, (cx, cy): (i64, i64), (rx, ry): (i64, i64)| {
        let (dx, dy) = (i64::from(x) - cx, i64::from(y) - cy);
        dx * dx * ry * ry + dy * dy * rx * rx <= rx * rx * ry * ry
    };
    let picture = RgbImage::from_fn(240, 320, |x, y| {
        let shade = u8::try_from((x * 7 + y * 13) % 9).unwrap_or(0);
        let [red, green, blue] = if inside(x, y, (95, 150), (9, 6)) || inside(x, y, (145, 150), (9, 6)) {
            [30, 25, 25]
        } else if inside(x, y, (120, 205), (24, 7)) {
            [150, 70, 70]
        } else if inside(x, y, (120, 165), (65, 85)) {
            [222, 180, 150]
        } else if inside(x, y, (120, 145), (78, 95)) {
            [35, 28, 26]
        } else if inside(x, y, (120, 340), (110, 95)) {
            [60, 80, 120]
        } else {
            [225, 230, 238]
        };
        Rgb([red + shade, green + shade, blue + shade])
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 80).encode_image(&picture)?;
    let mut filler = Vec::new();
    let mut left = size.saturating_sub(jpeg.len());
    while left >= 4 {
        // Never so much that fewer than a whole comment's four bytes are left.
        let length = if left <= 65_000 { left } else { 60_000 };
        filler.extend([0xff, 0xfe]);
        filler.extend(u16::try_from(length - 2)?.to_be_bytes());
        filler.extend(std::iter::repeat_n(b'.', length - 4));
        left -= length;
    }
    jpeg.splice(2..2, filler);
    Ok(jpeg)
}

/// Signature and file type box, then the start of a code stream.
fn jp2(size: usize) -> Vec<u8> {
    let mut file = b"\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 ".to_vec();
    file.extend(b"\x00\x00\x00\x00jp2c\xff\x4f\xff\x51");
    file.resize(file.len().max(size.saturating_sub(2)), 0x55);
    file.extend([0xff, 0xd9]);
    file
}
