//! The dock's place for cards with a chip.

use super::{CITIZENS, Chip, Fault, Issuer, Laid, Profile, What, passport};
use anyhow::Context;
use serde::Serialize;
use std::{net::SocketAddr, path::Path, time::Duration};

/// What the air interface takes for a command.
const AIR: Duration = Duration::from_millis(20);

/// A card with a chip that lies ready in the dock. All persons are invented.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ChipCard {
    /// For [`crate::Command::InsertCard`].
    pub name: &'static str,
    /// Name in Vietnamese.
    pub vi: &'static str,
    /// Name in English.
    pub en: &'static str,
    /// Something is wrong with it.
    pub fault: bool,
}

/// The chip cards in the dock. The first three belong to the documents of the same name that can be held under the reader.
pub const CHIP_CARDS: [ChipCard; 9] = [
    ChipCard { name: "citizen_2021", vi: "Đặt thẻ CCCD 2021: Nguyễn Thị Mẫu", en: "Lay down the 2021 card", fault: false },
    ChipCard { name: "citizen_2024", vi: "Đặt thẻ căn cước 2024: Trần Văn Thử", en: "Lay down the 2024 card", fault: false },
    ChipCard { name: "passport", vi: "Đặt hộ chiếu: Anna Maria Eriksson", en: "Lay down the passport", fault: false },
    ChipCard { name: "moved", vi: "Thẻ bị nhấc ra giữa chừng", en: "Card taken away in the middle", fault: true },
    ChipCard { name: "silent", vi: "Thẻ không trả lời", en: "Card that falls silent", fault: true },
    ChipCard { name: "tampered", vi: "Dữ liệu trên thẻ bị sửa", en: "Data changed after signing", fault: true },
    ChipCard { name: "foreign", vi: "Thẻ do nơi khác ký", en: "Signed by another authority", fault: true },
    ChipCard { name: "copy", vi: "Chip sao chép", en: "Copied chip", fault: true },
    ChipCard { name: "no_signature", vi: "Thẻ không có chữ ký", en: "No signature file", fault: true },
];

/// A reader of pcscd with what lies on it, and the authority that signed the cards.
pub(crate) struct Slot {
    reader: SocketAddr,
    issuer: Issuer,
    laid: Option<(String, Laid)>,
}

impl Slot {
    /// Writes the authority's certificate to `csca.pem` in `out`, for the trust store.
    pub(crate) fn new(reader: SocketAddr, out: &Path) -> anyhow::Result<Self> {
        let issuer = Issuer::new("CSCA thu nghiem")?;
        let path = out.join("csca.pem");
        std::fs::write(&path, issuer.csca_pem()?).with_context(|| format!("write {}", path.display()))?;
        Ok(Self { reader, issuer, laid: None })
    }

    /// Lays a card down; what lay there goes.
    pub(crate) fn insert(&mut self, name: &str) -> anyhow::Result<()> {
        let chip = self.chip(name)?;
        self.remove();
        self.laid = Some((name.to_owned(), Laid::new(self.reader, chip)));
        Ok(())
    }

    pub(crate) fn remove(&mut self) {
        self.laid = None;
    }

    /// Name of the card that lies there.
    pub(crate) fn lying(&self) -> Option<String> {
        self.laid.as_ref().filter(|(_, laid)| laid.lies()).map(|(name, _)| name.clone())
    }

    /// Faulty cards are the first citizen's.
    fn chip(&self, name: &str) -> anyhow::Result<Chip> {
        anyhow::ensure!(CHIP_CARDS.iter().any(|card| card.name == name), "no card with a chip {name:?} in the dock");
        if name == "passport" {
            return Ok(Chip::new(passport(&self.issuer)?, Profile { delay: AIR, ..Profile::default() }));
        }
        let [first, ..] = CITIZENS;
        let citizen = CITIZENS.into_iter().find(|citizen| citizen.name_in_dock == name).unwrap_or(first);
        let foreign = Issuer::new("CSCA khac")?;
        let mut card = citizen.personalise(if name == "foreign" { &foreign } else { &self.issuer }, What::default())?;
        let mut profile = Profile { delay: AIR, ..Profile::default() };
        match name {
            "moved" => profile.fault = Some(Fault::Pulled(12)),
            "silent" => profile.fault = Some(Fault::Silent(12)),
            "tampered" => card = card.tampered(0x010d),
            "copy" => card = card.copied()?,
            "no_signature" => {
                card.files.remove(&0x011d);
            }
            _ => {}
        }
        Ok(Chip::new(card, profile))
    }
}
