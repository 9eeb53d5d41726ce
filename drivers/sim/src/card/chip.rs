//! The chip: takes command APDUs, gives answers (ICAO 9303-10 3.6, 9303-11 4 to 6).

use super::access::{self, Pace, PaceStep};
use super::cipher::{Command, Session, Suite, objects, tlv};
use super::{person::Personalised, sign::ChipKeys};
use openssl::rand::rand_bytes;
use std::time::Duration;

const AID: [u8; 7] = [0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
const CARD_ACCESS: u16 = 0x011c;
/// Contactless ATR of PC/SC part 3 with the historical bytes of an eMRTD.
pub(super) const ATR: [u8; 20] =
    [0x3b, 0x8f, 0x80, 0x01, 0x80, 0x31, 0x80, 0x65, 0xb0, 0x85, 0x04, 0x00, 0x11, 0x12, 0x0f, 0xff, 0x82, 0x90, 0x00, 0x8a];

/// What the chip can do, and how it differs from the standard.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Basic access control.
    pub bac: bool,
    /// PACE, with CAN and MRZ.
    pub pace: Option<Pace>,
    /// Most data bytes of one READ BINARY; more is met with `beyond`.
    pub largest: usize,
    /// How the chip refuses more than `largest`.
    pub beyond: Beyond,
    /// Commands and answers in extended length; without it they get 6700.
    pub extended: bool,
    /// Short file identifiers; without them 6A86.
    pub short_ids: bool,
    /// SELECT MF works; the Vietnamese card answers 6D00.
    pub select_mf: bool,
    /// EF.CardAccess only while no application is selected, as the standard has it.
    pub card_access_in_mf_only: bool,
    /// READ BINARY with odd INS (B1); without it 6D00.
    pub odd_read: bool,
    /// Time for one command, as the air interface of a real card takes it: 15 to 40 ms.
    pub delay: Duration,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Profile {
    /// The citizen card: PACE on brainpoolP256r1 with AES-128, BAC, extended length, no SELECT MF.
    fn default() -> Self {
        Self {
            bac: true,
            pace: Some(Pace { curve: access::Curve::Brainpool256, suite: Suite::Aes128 }),
            largest: 65_536,
            beyond: Beyond::Status(0x6700),
            extended: true,
            short_ids: true,
            select_mf: false,
            card_access_in_mf_only: false,
            odd_read: true,
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

/// What chips do when more is asked than they can give at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Only this status: 6700, 6B00.
    Status(u16),
    /// As much as it can with 6282 "end of file".
    EndOfFile,
    /// As much as it can with 9000.
    Short,
    /// 6988, and secure messaging is over.
    SessionLost,
}

/// Faults; commands are counted from 1 since the card was laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Never answers the n-th command.
    Silent(u32),
    /// Is taken away at the n-th command.
    Pulled(u32),
    /// The MAC of the n-th answer is wrong, if it has one.
    WrongMac(u32),
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Data and status.
    Bytes(Vec<u8>),
    /// Nothing, ever.
    Silent,
    /// The card is no longer there.
    Gone,
}

enum State {
    Closed,
    Challenge([u8; 8]),
    Pace(PaceStep),
}

/// A powered card.
pub struct Chip {
    card: Personalised,
    profile: Profile,
    commands: u32,
    application: bool,
    file: Option<u16>,
    state: State,
    session: Option<Session>,
    /// Chip authentication was done: these keys hold from the next command on.
    next_session: Option<Session>,
    ca_suite: Option<Suite>,
    /// The command at hand came through secure messaging.
    secured: bool,
}

impl std::fmt::Debug for Chip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chip").field("profile", &self.profile).field("commands", &self.commands).finish_non_exhaustive()
    }
}

type Data = Result<Vec<u8>, u16>;
/// A warning (6282) comes with data.
type Reply = Result<(Vec<u8>, u16), u16>;

impl Chip {
    /// A card that is laid on the reader. The file EF.CardAccess follows from the profile.
    pub fn new(mut card: Personalised, profile: Profile) -> Self {
        if let Some(pace) = profile.pace {
            card.files.insert(CARD_ACCESS, tlv(0x31, &pace.info()));
        }
        Self {
            card,
            profile,
            commands: 0,
            application: false,
            file: None,
            state: State::Closed,
            session: None,
            next_session: None,
            ca_suite: None,
            secured: false,
        }
    }

    /// Commands since it was laid down.
    pub fn commands(&self) -> u32 {
        self.commands
    }

    /// Power off and on: everything that was agreed is forgotten.
    pub fn reset(&mut self) {
        (self.application, self.file, self.state) = (false, None, State::Closed);
        (self.session, self.next_session, self.ca_suite) = (None, None, None);
    }

    /// [`Chip::answer`] for tests without faults: nothing when the chip is silent or gone.
    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        match self.answer(command) {
            Answer::Bytes(bytes) => bytes,
            Answer::Silent | Answer::Gone => Vec::new(),
        }
    }

    /// Answers a command APDU.
    pub fn answer(&mut self, command: &[u8]) -> Answer {
        self.commands += 1;
        std::thread::sleep(self.profile.delay);
        match self.profile.fault {
            Some(Fault::Silent(at)) if self.commands >= at => return Answer::Silent,
            Some(Fault::Pulled(at)) if self.commands >= at => return Answer::Gone,
            Some(Fault::Silent(_) | Fault::Pulled(_) | Fault::WrongMac(_)) | None => {}
        }
        let Some(command) = Command::parse(command) else { return Answer::Bytes(vec![0x67, 0x00]) };
        let (data, status) = self.frame(&command).unwrap_or_else(bare);
        Answer::Bytes([data, status.to_be_bytes().to_vec()].concat())
    }

    /// Secure messaging around [`Self::run`].
    fn frame(&mut self, command: &Command) -> Reply {
        if command.extended && !self.profile.extended {
            return Err(0x6700);
        }
        if command.cla & 0x0c != 0x0c {
            (self.session, self.secured) = (None, false);
            return self.run(command);
        }
        let mut session = self.session.take().ok_or(0x6988_u16)?;
        let inner = session.open(command)?;
        self.secured = true;
        let (data, mut status) = self.run(&inner).unwrap_or_else(bare);
        if status == 0x6988 {
            return Err(status);
        }
        let before = session.clone();
        let mut body = session.close(command.ins & 1 == 1, &data, status).map_err(|_| 0x6f00_u16)?;
        if body.len() > command.expected.unwrap_or(256) {
            (session, status) = (before, 0x6700);
            body = session.close(false, &[], status).map_err(|_| 0x6f00_u16)?;
        }
        if self.profile.fault == Some(Fault::WrongMac(self.commands))
            && let Some(last) = body.last_mut()
        {
            *last ^= 1;
        }
        self.session = Some(self.next_session.take().unwrap_or(session));
        Ok((body, status))
    }

    fn run(&mut self, command: &Command) -> Reply {
        let opener = self.profile.bac && self.application;
        let data = match (command.ins, command.p1, command.p2) {
            (0xb0, ..) => return self.read_binary(command),
            (0xb1, ..) if self.profile.odd_read => return self.read_odd(command),
            (0xa4, p1, _) => self.select(p1, &command.data),
            (0x84, 0, 0) if opener => self.challenge(),
            (0x82, 0, 0) if opener => self.bac(command),
            (0x22, 0xc1, 0xa4) => self.choose_pace(&command.data),
            (0x22, 0x41, 0xa4) if self.secured => self.choose_chip(&command.data),
            (0x22, 0x41, 0xa6) if self.secured => self.agree_3des(&command.data),
            (0x86, 0, 0) if self.ca_suite.is_some() => self.agree(&command.data),
            (0x86, 0, 0) => self.pace(&command.data),
            (0x88, 0, 0) if self.secured => self.active(&command.data),
            (0x84 | 0x82 | 0x88 | 0x22, ..) => Err(0x6985),
            _ => Err(0x6d00),
        };
        Ok((data?, 0x9000))
    }

    fn select(&mut self, p1: u8, data: &[u8]) -> Data {
        match (p1, data) {
            (0x04, aid) if aid == AID => {
                (self.application, self.file) = (true, None);
                Ok(Vec::new())
            }
            (0x04, _) => Err(0x6a82),
            (0x00, [] | [0x3f, 0x00]) if self.profile.select_mf => {
                (self.application, self.file) = (false, None);
                Ok(Vec::new())
            }
            (0x00, _) => Err(if self.profile.select_mf { 0x6a82 } else { 0x6d00 }),
            (0x02, [high, low]) => {
                let id = u16::from_be_bytes([*high, *low]);
                self.readable(id)?;
                self.file = Some(id);
                Ok(Vec::new())
            }
            _ => Err(0x6a86),
        }
    }

    /// Whether the file can be read now.
    fn readable(&self, id: u16) -> Result<&[u8], u16> {
        let found = self.card.files.get(&id).map(Vec::as_slice);
        if id == CARD_ACCESS {
            return found.filter(|_| !(self.application && self.profile.card_access_in_mf_only)).ok_or(0x6a82);
        }
        match (self.application, self.secured) {
            (false, _) => Err(0x6a82),
            (true, false) if self.profile.bac || self.profile.pace.is_some() => Err(0x6982),
            (true, _) => found.ok_or(0x6a82),
        }
    }

    fn by_short_id(&self, short: u8) -> Result<u16, u16> {
        if self.profile.short_ids { Ok(0x0100 | u16::from(short)) } else { Err(0x6a86) }
    }

    fn read_binary(&mut self, command: &Command) -> Reply {
        let offset = if command.p1 & 0x80 == 0 {
            usize::from(u16::from_be_bytes([command.p1, command.p2]))
        } else {
            let id = self.by_short_id(command.p1 & 0x1f)?;
            self.readable(id)?;
            self.file = Some(id);
            usize::from(command.p2)
        };
        let expected = command.expected.ok_or(0x6700_u16)?;
        self.bytes(offset, expected, 0)
    }

    /// Offset in DO'54', data in DO'53' (ISO 7816-4 11.3.3). Le counts the header of DO'53' too.
    fn read_odd(&mut self, command: &Command) -> Reply {
        let short = command.p2 & 0x1f;
        if (command.p1, command.p2) != (0, 0) {
            let id = self.by_short_id(short)?;
            self.readable(id)?;
            self.file = Some(id);
        }
        let mut given = objects(&command.data).ok_or(0x6a80_u16)?;
        let Some((0x54, offset @ ([_] | [_, _] | [_, _, _]))) = given.pop_front() else { return Err(0x6a80) };
        let offset = offset.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let expected = command.expected.ok_or(0x6700_u16)?;
        let header = match expected {
            ..=0x81 => 2,
            0x82..=0x102 => 3,
            _ => 4,
        };
        let (data, status) = self.bytes(offset, expected, header)?;
        Ok((tlv(0x53, &data), status))
    }

    /// `header`: bytes of the answer that carry no data of the file.
    fn bytes(&mut self, offset: usize, expected: usize, header: usize) -> Reply {
        let file = self.readable(self.file.ok_or(0x6986_u16)?)?;
        let rest = file.get(offset..).filter(|rest| !rest.is_empty()).ok_or(0x6b00_u16)?;
        let open_end = matches!(expected, 256 | 65_536);
        let wanted = expected.saturating_sub(header);
        let available = rest.len().min(wanted);
        let most = self.profile.largest;
        if available > most {
            let part = rest.get(..most).unwrap_or_default().to_vec();
            return match self.profile.beyond {
                Beyond::Status(status) => Err(status),
                Beyond::EndOfFile => Ok((part, 0x6282)),
                Beyond::Short => Ok((part, 0x9000)),
                Beyond::SessionLost => Err(0x6988),
            };
        }
        let data = rest.get(..available).unwrap_or_default().to_vec();
        Ok((data, if rest.len() < wanted && !open_end { 0x6282 } else { 0x9000 }))
    }

    fn challenge(&mut self) -> Data {
        let mut random = [0; 8];
        rand_bytes(&mut random).map_err(|_| 0x6f00_u16)?;
        self.state = State::Challenge(random);
        Ok(random.to_vec())
    }

    fn bac(&mut self, command: &Command) -> Data {
        let State::Challenge(challenge) = std::mem::replace(&mut self.state, State::Closed) else { return Err(0x6985) };
        let (answer, session) = access::bac(&self.card.mrz_information, &challenge, command)?;
        self.session = Some(session);
        Ok(answer)
    }

    fn choose_pace(&mut self, data: &[u8]) -> Data {
        let pace = self.profile.pace.ok_or(0x6a80_u16)?;
        let password = |reference| match reference {
            1 => access::mrz_seed(&self.card.mrz_information).ok(),
            2 => Some(self.card.can.as_bytes().to_vec()),
            _ => None,
        };
        self.state = State::Pace(access::pace_choose(pace, data, password)?);
        Ok(Vec::new())
    }

    fn pace(&mut self, data: &[u8]) -> Data {
        let pace = self.profile.pace.ok_or(0x6d00_u16)?;
        let State::Pace(step) = std::mem::replace(&mut self.state, State::Closed) else { return Err(0x6985) };
        let (answer, next) = access::pace_go_on(pace, step, data)?;
        match next {
            Ok(step) => self.state = State::Pace(step),
            Err(session) => self.session = Some(session),
        }
        Ok(answer)
    }

    fn keys(&self) -> Result<&ChipKeys, u16> {
        self.card.keys.as_ref().ok_or(0x6985)
    }

    fn choose_chip(&mut self, data: &[u8]) -> Data {
        let suite = self.keys()?.suite;
        let chosen = objects(data).and_then(|mut all| all.pop_front());
        if chosen != Some((0x80, &[0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, access::suite_number(suite)])) {
            return Err(0x6a80);
        }
        self.ca_suite = Some(suite);
        Ok(Vec::new())
    }

    fn agree(&mut self, data: &[u8]) -> Data {
        let suite = self.ca_suite.take().ok_or(0x6985_u16)?;
        let mut outer = objects(data).ok_or(0x6a80_u16)?;
        let Some((0x7c, inner)) = outer.pop_front() else { return Err(0x6a80) };
        let Some((0x80, point)) = objects(inner).and_then(|mut all| all.pop_front()) else { return Err(0x6a80) };
        self.next_session = Some(access::chip_session(&self.keys()?.agreement, suite, point)?);
        Ok(tlv(0x7c, &[]))
    }

    /// MSE:Set KAT, the way with 3DES (ICAO 9303-11 6.2.4.1).
    fn agree_3des(&mut self, data: &[u8]) -> Data {
        if self.keys()?.suite != Suite::TripleDes {
            return Err(0x6985);
        }
        let Some((0x91, point)) = objects(data).and_then(|mut all| all.pop_front()) else { return Err(0x6a80) };
        self.next_session = Some(access::chip_session(&self.keys()?.agreement, Suite::TripleDes, point)?);
        Ok(Vec::new())
    }

    fn active(&mut self, challenge: &[u8]) -> Data {
        if challenge.len() != 8 {
            return Err(0x6700);
        }
        self.keys()?.answer(challenge).map_err(|_| 0x6f00)
    }
}

fn bare(status: u16) -> (Vec<u8>, u16) {
    (Vec::new(), status)
}
