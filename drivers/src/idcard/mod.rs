//! Identity cards with a contactless chip (ICAO 9303 eMRTD; Vietnam's CCCD and Căn cước).
//!
//! | module | what |
//! |---|---|
//! | `tlv`, `ef`, `apdu` | BER-TLV, the table of files, ISO 7816-4 commands and answers |
//! | `keys`, `curve`, `bac`, `pace`, `messaging`, `chip_auth` | ICAO 9303-11: keys, access, secure messaging, proof of the chip |
//! | `link` | a channel with its session |
//! | `reader` | reads the files of a chip over any [`Channel`] |
//! | `files` | what the files say (DG1, DG2, DG13) |
//! | `sod`, `trust`, `active` | whether they are genuine: signature, authorities, the chip's own key |
//! | `pcsc`, `hn212`, `hn212_serial` | desk readers: supervised tasks that send [`CardEvent`]s |
//! | `hn212_wire`, `hn212_card` | Socket.IO, and what an HN212 says of a card |

pub mod active;
pub mod apdu;
pub mod bac;
pub mod binary;
pub mod chip_auth;
pub mod curve;
pub mod ef;
pub mod files;
pub mod hn212;
pub mod hn212_card;
pub mod hn212_serial;
pub mod hn212_wire;
pub mod keys;
pub mod link;
pub mod messaging;
pub mod pace;
pub mod pcsc;
pub mod reader;
pub mod sod;
pub mod tlv;
pub mod trust;

pub use trust::TrustStore;

use crate::DeviceError;
use std::{collections::BTreeMap, fmt};

/// A powered chip that answers commands.
pub trait Channel {
    /// Sends a command APDU and returns the whole answer with its two status bytes. Blocking.
    ///
    /// # Errors
    /// [`DeviceError::Disconnected`] when the card was moved away, [`DeviceError::Timeout`] when it keeps silent.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, DeviceError>;
}

/// What opens the chip: it proves that the holder has shown the card. Debug is redacted.
#[derive(Clone, PartialEq, Eq)]
pub enum AccessKey {
    /// Card access number: six digits; on the Vietnamese card the last six of the twelve-digit number (idcard.md 0).
    Can(String),
    /// Machine-readable zone.
    Mrz {
        /// Document number; on the Vietnamese card the last nine of the twelve digits.
        document: String,
        /// yyMMdd.
        birth: String,
        /// yyMMdd.
        expiry: String,
    },
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Can(_) => "Can(…)",
            Self::Mrz { .. } => "Mrz(…)",
        })
    }
}

/// How the chip was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// PACE with generic mapping (ICAO 9303-11 4.4).
    Pace,
    /// Basic access control (ICAO 9303-11 4.3).
    Bac,
}

/// Counts of one reading, for the benchmark: what the air interface had to carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Commands sent.
    pub commands: u32,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

/// Files as they were read. Debug shows sizes only.
#[derive(Clone, PartialEq, Eq)]
pub struct CardFiles {
    /// How the chip was opened.
    pub access: Access,
    /// Data group number to its bytes, tag and length included: 1, 2 (when the photo was asked for), 13, 14, 15 where present.
    pub groups: BTreeMap<u8, Vec<u8>>,
    /// EF.SOD, tag and length included; none when the chip has none.
    pub sod: Option<Vec<u8>>,
    /// Whether the chip itself proved that it is no copy.
    pub chip: ChipProof,
    /// What it took.
    pub traffic: Traffic,
}

impl fmt::Debug for CardFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<(u8, usize)> = self.groups.iter().map(|(number, bytes)| (*number, bytes.len())).collect();
        let mut shown = f.debug_struct("CardFiles");
        shown.field("access", &self.access).field("groups", &sizes).field("chip", &self.chip).finish_non_exhaustive()
    }
}

/// Whether the chip is the one that was issued, and not a copy of its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChipProof {
    /// The card offers no way, or the reader did not try.
    #[default]
    None,
    /// Active authentication (DG15) succeeded.
    Active,
    /// Chip authentication (DG14) succeeded.
    Chip,
    /// It offered a way and failed: a copy, or a broken card.
    Failed,
}

/// Passive authentication, its outcomes kept apart (ICAO 9303-11 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Every file is as it was signed, and the signer descends from an installed authority.
    Trusted {
        /// Subject of the authority.
        authority: String,
    },
    /// Every file is as it was signed, but nobody here vouches for the signer.
    UnknownSigner {
        /// Subject of the signer's issuer.
        issuer: String,
    },
    /// A file differs from what was signed, the signature is wrong, or the chip has none.
    Broken {
        /// Why, for the technician; no personal data.
        reason: String,
    },
    /// The reader handed over no signed files: nothing was checked, and the data are worth what the reader says. Only readers
    /// that read chips by themselves (HN212); no fault of the card.
    Unsigned,
}

/// Where a reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The chip is being opened.
    Opening,
    /// A file is being read: bytes done of all, over all files asked for as far as their sizes are known.
    Reading {
        /// Data group; 0 for EF.SOD and other files.
        group: u8,
        /// Bytes of this file so far.
        done: usize,
        /// Bytes of this file.
        of: usize,
    },
}

/// Why a card could not be read, in the words of what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Taken away or moved while it was read: put it back and keep it still.
    #[error("the card was moved while it was read")]
    Moved,
    /// The key does not open it: another card than the one whose number was given.
    #[error("the key does not open this card: it is not the card whose number was given")]
    WrongKey,
    /// No identity chip, or one of another kind.
    #[error("this is not an identity card with a chip: {0}")]
    NotAnIdCard(String),
    /// The caller asked for the end.
    #[error("cancelled")]
    Cancelled,
    /// The chip answered against the standard.
    #[error("the chip answered wrongly: {0}")]
    Protocol(String),
    /// The reader itself.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// What a card said, read and checked. Debug shows no personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct CardData {
    /// Text of the machine-readable zone (DG1) without line breaks: 90 characters for TD1, 88 for TD3. May be empty with readers
    /// that do not give it.
    pub mrz: String,
    /// The Vietnamese data group; none on other cards.
    pub citizen: Option<CitizenData>,
    /// Face, when asked for.
    pub photo: Option<Photo>,
    /// Passive authentication.
    pub trust: Trust,
    /// Whether the chip is no copy.
    pub chip: ChipProof,
    /// What it took; zero with readers that read by themselves.
    pub traffic: Traffic,
}

impl fmt::Debug for CardData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardData")
            .field("trust", &self.trust)
            .field("chip", &self.chip)
            .field("traffic", &self.traffic)
            .finish_non_exhaustive()
    }
}

/// DG13 of the Vietnamese card, field by field as written (idcard.md 6); an absent field is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CitizenData {
    /// 1 Số định danh: twelve digits.
    pub number: String,
    /// 2 Họ và tên.
    pub name: String,
    /// 3 Ngày sinh, dd/MM/yyyy.
    pub birth: String,
    /// 4 Giới tính: Nam, Nữ.
    pub sex: String,
    /// 5 Quốc tịch.
    pub nationality: String,
    /// 6 Dân tộc. Sensitive.
    pub ethnicity: String,
    /// 7 Tôn giáo. Sensitive.
    pub religion: String,
    /// 8 Quê quán.
    pub origin: String,
    /// 9 Nơi thường trú or cư trú.
    pub residence: String,
    /// 10 Đặc điểm nhận dạng. Sensitive.
    pub marks: String,
    /// 11 Ngày cấp, dd/MM/yyyy.
    pub issued: String,
    /// 12 Ngày hết hạn, dd/MM/yyyy or "Không thời hạn".
    pub expiry: String,
    /// 13 Cha.
    pub father: String,
    /// 13 Mẹ.
    pub mother: String,
    /// 14 Vợ hoặc chồng.
    pub spouse: String,
    /// 15 Số CMND cũ: nine digits.
    pub old_number: String,
}

impl fmt::Debug for CitizenData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CitizenData(…)")
    }
}

/// The face as it lies in DG2.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// `image/jpeg` or `image/jp2`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Photo").field("media_type", &self.media_type).field("bytes", &self.bytes.len()).finish()
    }
}

/// What a desk reader is told.
#[derive(Clone, Debug)]
pub enum CardOrder {
    /// Read the card that lies there, or the next one laid on it.
    Read {
        /// Opens the chip; readers that open it by themselves (HN212) ignore it.
        key: AccessKey,
        /// Also the face.
        photo: bool,
    },
    /// Stop reading or waiting.
    Cancel,
}

/// What a desk reader reports.
#[derive(Clone, Debug)]
pub enum CardEvent {
    /// The reader answers.
    Opened {
        /// Its name.
        model: String,
    },
    /// The reader or its service is gone, with the reason and the next step. Sent once; looking for it goes on.
    Lost(String),
    /// A card lies on it.
    CardIn,
    /// It was taken away.
    CardOut,
    /// The reading goes on.
    Progress(Progress),
    /// The reading is done.
    Read(Box<CardData>),
    /// The reading failed; the reader waits for the next order.
    Failed(CardError),
}
