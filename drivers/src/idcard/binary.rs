//! Reads elementary files with as few commands as a chip allows (ISO/IEC 7816-4 11.3; ICAO 9303-10 3.6.3).
//!
//! A file is addressed by its short identifier, so that no SELECT is needed; its first bytes tell its size, so that no command asks
//! past its end. How much a chip gives at once is not known beforehand: what the first files teach is used for the rest.

use super::{
    CardError,
    apdu::{Answer, Command, OK, READ_BINARY, READ_BINARY_ODD, SELECT, refused},
    ef::Ef,
    link::Link,
    tlv,
};
use crate::DeviceError;

/// Largest request whose protected answer still fits short length, whichever cipher: 223 bytes, padding, and 18 bytes around them.
pub const SHORT: u32 = 223;
/// Requests to try, largest first: more than the first gains nothing that a person notices, and would leave the progress bar and the
/// cancel button waiting. 192 is all that some chips take (idcard.md 5).
const LADDER: [u32; 6] = [16_384, 1024, SHORT, 192, 128, 64];
/// READ BINARY takes offsets up to here.
const LAST_EVEN_OFFSET: usize = 0x7FFF;
/// Tag and length of a data object 53 that fills a request.
const DISCRETIONARY: u32 = 0x53;
/// No file of an identity card is larger.
const FILE_LIMIT: usize = 1 << 20;
/// Enough for the tag and the length of any file.
const HEADER: u32 = 8;

/// Status bytes for "more than I can give", as chips choose among them (idcard.md 5). 6282 comes without data then.
fn is_too_much(status: u16) -> bool {
    matches!(status, 0x6282 | 0x6700 | 0x6B00 | 0x6987 | 0x6988 | 0x6C00..=0x6CFF | 0x6F00)
}

/// Status bytes for a file that is not there, or closed to this reader.
fn is_absent(status: u16) -> bool {
    matches!(status, 0x6982 | 0x6985 | 0x6A82 | 0x6A83 | 0x6A88)
}

/// Why reading ends early.
#[derive(Debug)]
pub enum Stop {
    /// For good.
    Card(CardError),
    /// The chip has dropped its session: open it again and repeat.
    SessionLost,
}

impl From<CardError> for Stop {
    fn from(error: CardError) -> Self {
        Self::Card(error)
    }
}

/// Whether files can be addressed by short identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShortIds {
    Unknown,
    Work,
    Refused,
}

/// What is known of a chip's way to give files out.
#[derive(Debug)]
pub struct Binary {
    /// Bytes to ask for at once.
    chunk: u32,
    /// Largest request that the chip has answered.
    proven: u32,
    short_ids: ShortIds,
    /// Requests past the end of a file are refused: ask for the header first.
    exact: bool,
    /// The last answer was bare: perhaps the session is gone.
    shaken: bool,
}

impl Default for Binary {
    fn default() -> Self {
        Self { chunk: LADDER[0], proven: 0, short_ids: ShortIds::Unknown, exact: false, shaken: false }
    }
}

impl Binary {
    /// For files that are read in clear, in short length.
    #[must_use]
    pub fn in_clear() -> Self {
        Self { chunk: 256, ..Self::default() }
    }

    /// Asks for the whole of a file in clear and in extended length, and notes when card or desk reader cannot: found out under secure
    /// messaging, it would cost the session. None when the file did not come; it may all the same be there.
    ///
    /// # Errors
    /// When the link fails.
    pub fn probe(&mut self, link: &mut Link<'_>, ef: Ef) -> Result<Option<Vec<u8>>, CardError> {
        let command = Command { extended: true, ..Command::new(READ_BINARY, 0x80 | ef.sfi, 0).expecting(65_536) };
        let answer = match link.send(&command) {
            Ok(answer) => answer,
            Err(CardError::Device(DeviceError::Protocol(_) | DeviceError::Rejected(_))) => Answer { data: Vec::new(), status: 0x6700 },
            Err(error) => return Err(error),
        };
        if matches!(answer.status, 0x6700 | 0x6C00..=0x6CFF | 0x6F00) {
            self.chunk = SHORT;
        }
        let whole = tlv::read(&answer.data).ok().map(|(file, _)| file.whole.to_vec());
        Ok(whole.filter(|_| matches!(answer.status, OK | 0x6282)))
    }

    /// Whether the chip takes extended length, as far as known.
    #[must_use]
    pub fn takes_extended(&self) -> bool {
        self.proven > SHORT
    }

    /// The session was opened again.
    pub fn reopened(&mut self) {
        self.shaken = false;
    }

    /// Reads a whole file; none when the chip has none, or an empty one. `progress` gets bytes done of all, and says false to stop.
    ///
    /// # Errors
    /// [`Stop::SessionLost`] when the chip must be opened again.
    pub fn read(&mut self, link: &mut Link<'_>, ef: Ef, progress: &mut dyn FnMut(usize, usize) -> bool) -> Result<Option<Vec<u8>>, Stop> {
        let Some(mut file) = self.begin(link, ef)? else { return Ok(None) };
        let Some((_, total)) = tlv::header_len_and_total(&file) else { return Ok(None) };
        if total > FILE_LIMIT {
            return Err(CardError::Protocol(format!("{} claims to have {total} bytes", ef.name)).into());
        }
        loop {
            file.truncate(total);
            if !progress(file.len(), total) {
                return Err(CardError::Cancelled.into());
            }
            if file.len() == total {
                return Ok(Some(file));
            }
            let part = self.part(link, ef, file.len(), total - file.len())?;
            file.extend(part);
        }
    }

    /// Makes the file current and returns its first bytes.
    fn begin(&mut self, link: &mut Link<'_>, ef: Ef) -> Result<Option<Vec<u8>>, Stop> {
        if self.short_ids != ShortIds::Refused {
            let known = self.short_ids == ShortIds::Work;
            match self.first(link, 0x80 | ef.sfi, known)? {
                Ok(bytes) => {
                    self.short_ids = ShortIds::Work;
                    return Ok(Some(bytes));
                }
                Err(status) if known => return absent(ef, status),
                Err(_status) => {}
            }
        }
        let status = self.ask(link, &Command::new(SELECT, 0x02, 0x0C).with(ef.id.to_be_bytes()))?.status;
        if status != OK {
            return absent(ef, status);
        }
        if self.proven > 0 || self.chunk <= SHORT {
            self.short_ids = ShortIds::Refused;
        }
        match self.first(link, 0, true)? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(status) => absent(ef, status),
        }
    }

    /// First bytes of a file, or the status of the refusal. A request may shrink only when it is clear that its size is at fault, and
    /// not the short identifier.
    fn first(&mut self, link: &mut Link<'_>, p1: u8, may_shrink: bool) -> Result<Result<Vec<u8>, u16>, Stop> {
        loop {
            let le = if self.exact { HEADER } else { self.chunk };
            let answer = self.ask(link, &request(link, p1, 0, le))?;
            if !answer.data.is_empty() && matches!(answer.status, OK | 0x6282) {
                self.answered(le, answer.data.len(), tlv::header_len_and_total(&answer.data).map_or(0, |(_, total)| total));
                return Ok(Ok(answer.data));
            }
            let status = answer.status;
            if !is_too_much(status) || self.exact {
                return Ok(Err(status));
            }
            // A chip that gives up its session does so for the size.
            let ended = link.bare && matches!(status, 0x6987 | 0x6988);
            if le <= self.proven {
                self.exact = true;
            } else if !((may_shrink || ended) && self.shrink()) {
                return Ok(Err(status));
            }
        }
    }

    /// The next bytes of the current file, at least one.
    fn part(&mut self, link: &mut Link<'_>, ef: Ef, offset: usize, left: usize) -> Result<Vec<u8>, Stop> {
        loop {
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            let odd = offset > LAST_EVEN_OFFSET;
            let want = if odd { left.min(self.chunk - object_header(self.chunk)) } else { left.min(self.chunk) };
            let (command, le) = if odd {
                let le = want + object_header(want);
                (odd_request(link, offset, le), le)
            } else {
                let [.., high, low] = offset.to_be_bytes();
                (request(link, high, low, want), want)
            };
            let answer = self.ask(link, &command)?;
            let status = answer.status;
            let data = if odd { discretionary(answer.data) } else { answer.data };
            if !data.is_empty() && matches!(status, OK | 0x6282) {
                self.answered(le, data.len(), want as usize);
                return Ok(data);
            }
            if !(is_too_much(status) || status == OK) || !self.shrink() {
                return Err(refused(&format!("READ BINARY of {}", ef.name), status).into());
            }
        }
    }

    /// Learns from an answer: `le` was asked for, and `wanted` bytes were there to be given.
    fn answered(&mut self, le: u32, given: usize, wanted: usize) {
        if given < wanted.min(le as usize) {
            self.chunk = u32::try_from(given).unwrap_or(self.chunk).clamp(64, self.chunk);
            self.proven = self.chunk;
        } else {
            self.proven = self.proven.max(le);
        }
    }

    /// Asks for less from now on; false when less makes no sense.
    fn shrink(&mut self) -> bool {
        let smaller = LADDER.into_iter().find(|step| *step < self.chunk);
        self.chunk = smaller.unwrap_or(self.chunk);
        smaller.is_some()
    }

    /// Sends a command, and notices when the chip has dropped the session: a bare answer, and then one that asks for security.
    ///
    /// # Errors
    /// [`Stop::SessionLost`] then, and when the reader itself cannot carry extended length.
    pub fn ask(&mut self, link: &mut Link<'_>, command: &Command) -> Result<Answer, Stop> {
        let answer = match link.send(command) {
            Ok(answer) => answer,
            Err(CardError::Device(DeviceError::Protocol(_) | DeviceError::Rejected(_)))
                if command.is_extended() && self.chunk > self.proven && self.shrink() =>
            {
                return Err(Stop::SessionLost);
            }
            Err(error) => return Err(error.into()),
        };
        let was_shaken = std::mem::replace(&mut self.shaken, link.bare);
        if was_shaken && link.bare && matches!(answer.status, 0x6982 | 0x6985 | 0x6987 | 0x6988) {
            return Err(Stop::SessionLost);
        }
        Ok(answer)
    }
}

fn absent(ef: Ef, status: u16) -> Result<Option<Vec<u8>>, Stop> {
    if is_absent(status) { Ok(None) } else { Err(refused(&format!("reading {}", ef.name), status).into()) }
}

fn request(link: &Link<'_>, p1: u8, p2: u8, le: u32) -> Command {
    Command { extended: link.session.is_some() && le > SHORT, ..Command::new(READ_BINARY, p1, p2).expecting(le) }
}

/// The current file from an offset that does not fit P1 and P2.
fn odd_request(link: &Link<'_>, offset: usize, le: u32) -> Command {
    let offset: Vec<u8> = offset.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let command = Command::new(READ_BINARY_ODD, 0, 0).with(tlv::write(0x54, &offset)).expecting(le);
    Command { extended: link.session.is_some() && le > SHORT, ..command }
}

/// Bytes of tag and length around so many bytes of a data object 53.
fn object_header(length: u32) -> u32 {
    match length {
        0..0x80 => 2,
        0x80..0x100 => 3,
        0x100.. => 4,
    }
}

/// The content of a data object 53. A chip that counts Le otherwise cuts its end off; what is there is good.
fn discretionary(data: Vec<u8>) -> Vec<u8> {
    if let Some(object) = tlv::find(&data, &[DISCRETIONARY]) {
        return object.value.to_vec();
    }
    match tlv::header_len_and_total(&data) {
        Some((header, total)) if data.first() == Some(&0x53) && total > data.len() => data.get(header..).unwrap_or_default().to_vec(),
        Some(_) | None => Vec::new(),
    }
}
