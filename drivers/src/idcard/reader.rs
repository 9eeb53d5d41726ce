//! Reads the files of an eMRTD: opens the chip, takes its files with as few commands as it allows, and has it prove that it is no
//! copy. What the files say, and whether they are genuine, is judged elsewhere.
//!
//! It is written on OpenSSL's ciphers and curves and not on the crate `dmrtd`, which was run against the same cards (idcard.md 3): that
//! one cannot read a face above 32,767 bytes (it asks for the bytes left and not for the data object around them), asks for 220 bytes
//! at a time with no way down or up, gives up when a chip refuses SELECT of the master file as the Vietnamese one does, reports no
//! progress, and has no chip authentication. On the simulated card it takes 96 commands for a face of 20 KB; this reader takes 17 for
//! the whole card. It stays the independent reader that tests compare with.

use super::{
    Access, AccessKey, CardError, CardFiles, Channel, ChipProof, Progress, active,
    apdu::{Command, INTERNAL_AUTHENTICATE, OK, READ_BINARY, SELECT},
    bac,
    binary::{Binary, Stop},
    chip_auth, ef,
    ef::Ef,
    link::Link,
    pace::{self, Offer, Refused},
};
use std::collections::BTreeMap;

/// A chip that drops its session more often than this will not be read. One that does so at every request that is too large for it
/// needs five.
const REOPENINGS: u8 = 6;
/// Offers of PACE that are tried.
const OFFERS: usize = 3;

/// What to read besides the small files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The face (DG2), by far the largest file.
    pub photo: bool,
}

/// Reads a card that lies on the reader. `random` fills bytes with randomness of a cryptographic source; `progress` says false to
/// cancel.
///
/// # Errors
/// In the words of what a person can do about it.
pub fn read(
    channel: &mut dyn Channel,
    key: &AccessKey,
    wanted: Wanted,
    random: &mut dyn FnMut(&mut [u8]),
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<CardFiles, CardError> {
    let mut reading = Reading { link: Link::new(channel), binary: Binary::default(), key, random, progress, way: Way::Bac, reopened: 0 };
    reading.open()?;
    let access = reading.way.access();
    let sod = reading.file(ef::SOD)?;
    let mut groups = BTreeMap::new();
    let first = reading.file(ef::DG1)?.ok_or_else(|| CardError::NotAnIdCard("it has no machine-readable zone (DG1)".to_owned()))?;
    groups.insert(ef::DG1.group, first);
    for ef in [ef::DG13, ef::DG14] {
        reading.file(ef)?.map(|bytes| groups.insert(ef.group, bytes));
    }
    let mut chip = match groups.get(&ef::DG14.group) {
        Some(dg14) => reading.chip_authentication(dg14)?,
        None => ChipProof::None,
    };
    if let Some(dg15) = reading.file(ef::DG15)? {
        if chip == ChipProof::None {
            chip = reading.active_authentication(&dg15, groups.get(&ef::DG14.group).map(Vec::as_slice))?;
        }
        groups.insert(ef::DG15.group, dg15);
    }
    if wanted.photo {
        reading.file(ef::DG2)?.map(|bytes| groups.insert(ef::DG2.group, bytes));
    }
    Ok(CardFiles { access, groups, sod, chip, traffic: reading.link.traffic })
}

/// How the chip was opened, to open it again.
#[derive(Clone)]
enum Way {
    Pace(Offer),
    Bac,
}

impl Way {
    fn access(&self) -> Access {
        match self {
            Self::Pace(_) => Access::Pace,
            Self::Bac => Access::Bac,
        }
    }
}

struct Reading<'a> {
    link: Link<'a>,
    binary: Binary,
    key: &'a AccessKey,
    random: &'a mut dyn FnMut(&mut [u8]),
    progress: &'a mut dyn FnMut(Progress) -> bool,
    way: Way,
    reopened: u8,
}

impl Reading<'_> {
    /// PACE where the chip offers it, else basic access control, which takes a machine-readable zone only.
    fn open(&mut self) -> Result<(), CardError> {
        self.report(Progress::Opening)?;
        let mut refusal = None;
        for offer in self.card_access()?.into_iter().take(OFFERS) {
            match pace::open(&mut self.link, &offer, self.key, self.random) {
                Ok(()) => {
                    self.way = Way::Pace(offer);
                    return self.select_application();
                }
                Err(Refused::Key) => return Err(CardError::WrongKey),
                Err(Refused::Other(error @ CardError::Protocol(_))) => refusal = Some(error),
                Err(Refused::Other(error)) => return Err(error),
            }
        }
        if let (AccessKey::Can(_), Some(refusal)) = (self.key, refusal) {
            return Err(refusal);
        }
        self.way = Way::Bac;
        self.select_application()?;
        bac::open(&mut self.link, self.key, self.random)
    }

    fn reopen(&mut self) -> Result<(), CardError> {
        if self.reopened == REOPENINGS {
            return Err(CardError::Protocol("the chip drops its session again and again".to_owned()));
        }
        self.reopened += 1;
        tracing::debug!(times = self.reopened, "the chip dropped its session and is opened again");
        self.link.session = None;
        self.binary.reopened();
        match self.way.clone() {
            Way::Bac => {
                self.select_application()?;
                bac::open(&mut self.link, self.key, self.random)
            }
            Way::Pace(offer) => {
                self.select_master_file()?;
                pace::open(&mut self.link, &offer, self.key, self.random).map_err(|refused| match refused {
                    Refused::Key => CardError::WrongKey,
                    Refused::Other(error) => error,
                })?;
                self.select_application()
            }
        }
    }

    /// What EF.CardAccess offers. After power-up the master file is current and needs no SELECT, which some chips refuse (6D00); chips
    /// that other software left elsewhere need it, or have the file in the application.
    fn card_access(&mut self) -> Result<Vec<Offer>, CardError> {
        if let Some(file) = self.binary.probe(&mut self.link, ef::CARD_ACCESS)? {
            return Ok(pace::offers(&file));
        }
        if let Some(file) = self.try_card_access()? {
            return Ok(pace::offers(&file));
        }
        if self.select_master_file()?
            && let Some(file) = self.try_card_access()?
        {
            return Ok(pace::offers(&file));
        }
        if let AccessKey::Can(_) = self.key {
            self.select_application()?;
            return Ok(self.try_card_access()?.map(|file| pace::offers(&file)).unwrap_or_default());
        }
        Ok(Vec::new())
    }

    fn try_card_access(&mut self) -> Result<Option<Vec<u8>>, CardError> {
        match Binary::in_clear().read(&mut self.link, ef::CARD_ACCESS, &mut |_done, _of| true) {
            Ok(file) => Ok(file),
            Err(Stop::SessionLost | Stop::Card(CardError::Protocol(_))) => Ok(None),
            Err(Stop::Card(error)) => Err(error),
        }
    }

    /// Whether the chip took it.
    fn select_master_file(&mut self) -> Result<bool, CardError> {
        Ok(self.link.send(&Command::new(SELECT, 0x00, 0x0C).with([0x3F, 0x00]))?.status == OK)
    }

    fn select_application(&mut self) -> Result<(), CardError> {
        match self.link.send(&Command::new(SELECT, 0x04, 0x0C).with(ef::APPLICATION))?.status {
            OK => Ok(()),
            status => Err(CardError::NotAnIdCard(format!("it has no application of an identity document (status {status:04X})"))),
        }
    }

    fn file(&mut self, ef: Ef) -> Result<Option<Vec<u8>>, CardError> {
        loop {
            let progress = &mut self.progress;
            let mut report = |done, of| progress(Progress::Reading { group: ef.group, done, of });
            match self.binary.read(&mut self.link, ef, &mut report) {
                Ok(file) => return Ok(file),
                Err(Stop::Card(error)) => return Err(error),
                Err(Stop::SessionLost) => self.reopen()?,
            }
        }
    }

    /// Chip authentication where DG14 offers it. A chip that cannot is opened again, for its other files are still to be read.
    fn chip_authentication(&mut self, dg14: &[u8]) -> Result<ChipProof, CardError> {
        let outcome = match chip_auth::offer(dg14) {
            Ok(None) => return Ok(ChipProof::None),
            Ok(Some(offer)) => chip_auth::run(&mut self.link, &offer, self.random),
            Err(error) => return Ok(unknown("DG14", &error)),
        };
        // Any authentic answer proves that the chip has the new keys.
        let proof = Command::new(READ_BINARY, 0x80 | ef::DG14.sfi, 0).expecting(4);
        match outcome.and_then(|()| self.link.send(&proof)) {
            Ok(_) if !self.link.bare => return Ok(ChipProof::Chip),
            Ok(_) | Err(CardError::Protocol(_)) => {}
            Err(error) => return Err(error),
        }
        tracing::warn!("chip authentication failed: the card is a copy, or broken");
        self.reopen()?;
        Ok(ChipProof::Failed)
    }

    /// Active authentication with the key of DG15.
    fn active_authentication(&mut self, dg15: &[u8], dg14: Option<&[u8]>) -> Result<ChipProof, CardError> {
        let mut challenge = [0; 8];
        (self.random)(&mut challenge);
        let extended = self.binary.takes_extended();
        let command = Command { extended, ..Command::new(INTERNAL_AUTHENTICATE, 0, 0).with(challenge).expecting(256) };
        let answer = match self.binary.ask(&mut self.link, &command) {
            Ok(answer) => answer,
            Err(Stop::Card(error)) => return Err(error),
            Err(Stop::SessionLost) => {
                self.reopen()?;
                return Ok(ChipProof::Failed);
            }
        };
        if answer.status != OK {
            return Ok(ChipProof::Failed);
        }
        match active::verify(dg15, dg14, &challenge, &answer.data) {
            Ok(true) => Ok(ChipProof::Active),
            Ok(false) => Ok(ChipProof::Failed),
            Err(error) => Ok(unknown("DG15", &error)),
        }
    }

    fn report(&mut self, progress: Progress) -> Result<(), CardError> {
        if (self.progress)(progress) { Ok(()) } else { Err(CardError::Cancelled) }
    }
}

/// The file is signed by the issuer, so that no copy gets round its proof by a key that this reader cannot use.
fn unknown(file: &str, error: &CardError) -> ChipProof {
    tracing::warn!(file, %error, "the chip offers a proof that is not known here");
    ChipProof::None
}
