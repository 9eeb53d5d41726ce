//! Commands and answers of ISO/IEC 7816-4, short and extended length.

use super::CardError;
use std::fmt;

/// READ BINARY.
pub const READ_BINARY: u8 = 0xB0;
/// READ BINARY with the offset in a data object, for offsets above 32,767.
pub const READ_BINARY_ODD: u8 = 0xB1;
/// SELECT.
pub const SELECT: u8 = 0xA4;
/// GET CHALLENGE.
pub const GET_CHALLENGE: u8 = 0x84;
/// EXTERNAL AUTHENTICATE.
pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
/// INTERNAL AUTHENTICATE.
pub const INTERNAL_AUTHENTICATE: u8 = 0x88;
/// GENERAL AUTHENTICATE.
pub const GENERAL_AUTHENTICATE: u8 = 0x86;
/// MANAGE SECURITY ENVIRONMENT.
pub const MANAGE_SECURITY: u8 = 0x22;
/// GET RESPONSE.
pub const GET_RESPONSE: u8 = 0xC0;

/// Status of a command that was done.
pub const OK: u16 = 0x9000;

/// A command. Debug shows no data.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// Class: 00, 10 when more commands of the chain follow, with 0C added under secure messaging.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Data, at most 65,535 bytes.
    pub data: Vec<u8>,
    /// How many bytes of answer are expected at most: 1 to 65,536; none when none are.
    pub le: Option<u32>,
    /// Written with extended length even if the short one would do.
    pub extended: bool,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cla, ins, p1, p2, data, le, .. } = self;
        write!(f, "Command({cla:02X}{ins:02X}{p1:02X}{p2:02X}, {} bytes, le {le:?})", data.len())
    }
}

impl Command {
    /// A command without data that expects nothing back.
    #[must_use]
    pub fn new(ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla: 0, ins, p1, p2, data: Vec::new(), le: None, extended: false }
    }

    /// With data.
    #[must_use]
    pub fn with(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = data.into();
        self
    }

    /// Expecting at most so many bytes.
    #[must_use]
    pub fn expecting(mut self, le: u32) -> Self {
        self.le = Some(le);
        self
    }

    /// Whether it has to be, or shall be, written with extended length.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.extended || self.data.len() > 255 || self.le.is_some_and(|le| le > 256)
    }

    /// The command as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.cla, self.ins, self.p1, self.p2];
        let extended = self.is_extended();
        if !self.data.is_empty() {
            if extended {
                bytes.push(0);
                bytes.extend((self.data.len() as u16).to_be_bytes());
            } else {
                bytes.push(self.data.len() as u8);
            }
            bytes.extend(&self.data);
        }
        // A length of 256 or 65,536 is written as zero.
        if let Some(le) = self.le {
            if extended {
                if self.data.is_empty() {
                    bytes.push(0);
                }
                bytes.extend((le as u16).to_be_bytes());
            } else {
                bytes.push(le as u8);
            }
        }
        bytes
    }

    /// Reads a command, as a card does.
    ///
    /// # Errors
    /// When the lengths do not fit the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let wrong = || CardError::Protocol("a command has wrong lengths".to_owned());
        let ([cla, ins, p1, p2], body) = bytes.split_first_chunk().ok_or_else(wrong)?;
        let mut command = Self { cla: *cla, ..Self::new(*ins, *p1, *p2) };
        let full = |le: u32, full: u32| Some(if le == 0 { full } else { le });
        match body {
            [] => {}
            [le] => command.le = full(u32::from(*le), 256),
            [0, high, low] => {
                command.extended = true;
                command.le = full(u32::from(u16::from_be_bytes([*high, *low])), 65_536);
            }
            [0, high, low, rest @ ..] => {
                command.extended = true;
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let (data, le) = rest.split_at_checked(length).filter(|_| length > 0).ok_or_else(wrong)?;
                command.data = data.to_vec();
                match le {
                    [] => {}
                    [high, low] => command.le = full(u32::from(u16::from_be_bytes([*high, *low])), 65_536),
                    [..] => return Err(wrong()),
                }
            }
            [length, rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(*length)).filter(|_| *length > 0).ok_or_else(wrong)?;
                command.data = data.to_vec();
                match le {
                    [] => {}
                    [le] => command.le = full(u32::from(*le), 256),
                    [..] => return Err(wrong()),
                }
            }
        }
        Ok(command)
    }
}

/// An answer. Debug shows no data.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Data before the status.
    pub data: Vec<u8>,
    /// Status: 9000 when done.
    pub status: u16,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} bytes, {:04X})", self.data.len(), self.status)
    }
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it has no status.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let (data, status) = bytes.split_last_chunk::<2>().ok_or_else(|| CardError::Protocol("an answer without a status".to_owned()))?;
        Ok(Self { data: data.to_vec(), status: u16::from_be_bytes(*status) })
    }

    /// The answer as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.data.as_slice(), &self.status.to_be_bytes()].concat()
    }

    /// The data, when the command was done.
    ///
    /// # Errors
    /// [`CardError::Protocol`] with the status and what was asked.
    pub fn done(self, asked: &str) -> Result<Vec<u8>, CardError> {
        if self.status == OK { Ok(self.data) } else { Err(refused(asked, self.status)) }
    }
}

/// What to say of a refused command.
#[must_use]
pub fn refused(asked: &str, status: u16) -> CardError {
    CardError::Protocol(format!("{asked} was refused with status {status:04X}"))
}
