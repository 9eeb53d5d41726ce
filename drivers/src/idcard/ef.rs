//! The elementary files of an eMRTD (ICAO 9303-10 3.10 and 4.2).

/// A file: how it is selected, and the tag that it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ef {
    /// Name in the standard.
    pub name: &'static str,
    /// Data group number; 0 for the other files.
    pub group: u8,
    /// File identifier, for SELECT.
    pub id: u16,
    /// Short file identifier, for READ BINARY.
    pub sfi: u8,
    /// Tag of the whole file.
    pub tag: u32,
}

/// AID of the eMRTD application (ICAO 9303-10 3.10).
pub const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// PACE parameters; lies in the master file.
pub const CARD_ACCESS: Ef = Ef { name: "EF.CardAccess", group: 0, id: 0x011C, sfi: 0x1C, tag: 0x31 };
/// List of data groups.
pub const COM: Ef = Ef { name: "EF.COM", group: 0, id: 0x011E, sfi: 0x1E, tag: 0x60 };
/// Document security object: signed hashes of the data groups.
pub const SOD: Ef = Ef { name: "EF.SOD", group: 0, id: 0x011D, sfi: 0x1D, tag: 0x77 };
/// Machine-readable zone.
pub const DG1: Ef = group(1, "DG1", 0x61);
/// Face.
pub const DG2: Ef = group(2, "DG2", 0x75);
/// Fingers; closed to ordinary readers.
pub const DG3: Ef = group(3, "DG3", 0x63);
/// Optional details; the Vietnamese card keeps the citizen's data here.
pub const DG13: Ef = group(13, "DG13", 0x6D);
/// Security infos: keys of chip authentication.
pub const DG14: Ef = group(14, "DG14", 0x6E);
/// Public key of active authentication.
pub const DG15: Ef = group(15, "DG15", 0x6F);

/// A data group: identifiers go by its number.
const fn group(number: u8, name: &'static str, tag: u32) -> Ef {
    Ef { name, group: number, id: 0x0100 + number as u16, sfi: number, tag }
}

/// The files that are read or offered here.
pub const ALL: [Ef; 9] = [CARD_ACCESS, COM, SOD, DG1, DG2, DG3, DG13, DG14, DG15];

/// Looks a file up by its identifier.
#[must_use]
pub fn by_id(id: u16) -> Option<Ef> {
    ALL.into_iter().find(|ef| ef.id == id)
}

/// Looks a file up by its short identifier.
#[must_use]
pub fn by_sfi(sfi: u8) -> Option<Ef> {
    ALL.into_iter().find(|ef| ef.sfi == sfi)
}
