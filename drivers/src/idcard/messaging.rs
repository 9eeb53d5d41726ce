//! Secure messaging (ICAO 9303-11 9.8): commands and answers encrypted and authenticated under session keys.

use super::{
    CardError,
    apdu::{Answer, Command, OK},
    keys::{self, Cipher, Keys},
    tlv,
};

/// Cryptogram of a command with an even instruction: one byte of padding indicator, then the encrypted data.
const CRYPTOGRAM: u32 = 0x87;
/// Cryptogram of a command with an odd instruction.
const CRYPTOGRAM_ODD: u32 = 0x85;
const EXPECTED_LENGTH: u32 = 0x97;
const STATUS: u32 = 0x99;
const CHECKSUM: u32 = 0x8E;

/// Keys and counter between this reader and one chip. Ends with the first answer that is not authentic.
#[derive(Clone, Debug)]
pub struct Session {
    keys: Keys,
    /// Send sequence counter.
    counter: u128,
    over: bool,
}

/// An answer under secure messaging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The chip's answer, authenticated.
    Authentic(Answer),
    /// A bare status: the chip may have ended the session, and anybody could have said it.
    Bare(u16),
}

impl Session {
    /// A new session. The counter begins with RND.IC and RND.IFD after basic access control, else with zero.
    #[must_use]
    pub fn new(keys: Keys, counter: u64) -> Self {
        Self { keys, counter: u128::from(counter), over: false }
    }

    /// Protects a command.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn wrap(&mut self, command: &Command) -> Result<Command, CardError> {
        self.step()?;
        let cla = command.cla | 0x0C;
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            let encrypted = keys::encrypt(self.keys.cipher, &self.keys.enc, &self.iv()?, &keys::pad(&command.data, self.block()))?;
            objects.extend(if command.ins.is_multiple_of(2) {
                tlv::write(CRYPTOGRAM, &[&[1], encrypted.as_slice()].concat())
            } else {
                tlv::write(CRYPTOGRAM_ODD, &encrypted)
            });
        }
        if let Some(le) = command.le {
            let [.., high, low] = le.to_be_bytes();
            objects.extend(if le > 256 { tlv::write(EXPECTED_LENGTH, &[high, low]) } else { tlv::write(EXPECTED_LENGTH, &[low]) });
        }
        let header = keys::pad(&[cla, command.ins, command.p1, command.p2], self.block());
        let checksum = self.checksum(&[header.as_slice(), &objects].concat())?;
        objects.extend(tlv::write(CHECKSUM, &checksum));
        let extended = command.is_extended() || objects.len() > 255;
        let le = Some(if extended { 65_536 } else { 256 });
        Ok(Command { cla, ins: command.ins, p1: command.p1, p2: command.p2, data: objects, le, extended })
    }

    /// Checks an answer and takes its protection off.
    ///
    /// # Errors
    /// [`CardError::Protocol`] when it is not authentic; the session has ended then.
    pub fn unwrap(&mut self, answer: &Answer) -> Result<Opened, CardError> {
        self.step()?;
        if answer.data.is_empty() && answer.status != OK {
            return Ok(Opened::Bare(answer.status));
        }
        let opened = self.open(answer);
        self.over = opened.is_err();
        opened.map(Opened::Authentic)
    }

    fn open(&self, answer: &Answer) -> Result<Answer, CardError> {
        let objects = tlv::all(&answer.data).map_err(|error| wrong(&error.to_string()))?;
        let (mut encrypted, mut status, mut signed, mut checksum) = (None, None, 0, None);
        for object in &objects {
            match object.tag {
                CHECKSUM => checksum = Some(object.value),
                _ if checksum.is_some() => return Err(wrong("data behind the checksum")),
                CRYPTOGRAM => encrypted = Some(object.value.strip_prefix(&[1]).ok_or_else(|| wrong("unknown padding"))?),
                CRYPTOGRAM_ODD => encrypted = Some(object.value),
                STATUS => status = Some(object.value),
                _ => {}
            }
            if checksum.is_none() {
                signed += object.whole.len();
            }
        }
        let expected = self.checksum(answer.data.get(..signed).unwrap_or_default())?;
        if !checksum.is_some_and(|sent| sent.len() == expected.len() && openssl::memcmp::eq(sent, &expected)) {
            return Err(wrong("the checksum is wrong or missing"));
        }
        let status = match status {
            Some([high, low]) => u16::from_be_bytes([*high, *low]),
            None => answer.status,
            Some(_) => return Err(wrong("a status of another length")),
        };
        let data = match encrypted {
            None => Vec::new(),
            Some(encrypted) => {
                let padded = keys::decrypt(self.keys.cipher, &self.keys.enc, &self.iv()?, encrypted)?;
                keys::unpad(&padded).ok_or_else(|| wrong("no padding"))?.to_vec()
            }
        };
        Ok(Answer { data, status })
    }

    fn step(&mut self) -> Result<(), CardError> {
        if self.over {
            return Err(wrong("the session has ended; open the chip again"));
        }
        self.counter = self.counter.wrapping_add(1);
        Ok(())
    }

    fn block(&self) -> usize {
        self.keys.cipher.block()
    }

    fn counter_bytes(&self) -> Vec<u8> {
        match self.keys.cipher {
            Cipher::TripleDes => (self.counter as u64).to_be_bytes().to_vec(),
            Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => self.counter.to_be_bytes().to_vec(),
        }
    }

    /// Zero for triple DES, the encrypted counter for AES.
    fn iv(&self) -> Result<Vec<u8>, CardError> {
        let zero = vec![0; self.block()];
        match self.keys.cipher {
            Cipher::TripleDes => Ok(zero),
            cipher @ (Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256) => {
                keys::encrypt(cipher, &self.keys.enc, &zero, &self.counter_bytes())
            }
        }
    }

    /// Over the counter and the message, padded; the retail MAC pads by itself.
    fn checksum(&self, message: &[u8]) -> Result<Vec<u8>, CardError> {
        let all = [self.counter_bytes().as_slice(), message].concat();
        match self.keys.cipher {
            Cipher::TripleDes => keys::mac(Cipher::TripleDes, &self.keys.mac, &all),
            cipher @ (Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256) => {
                keys::mac(cipher, &self.keys.mac, &keys::pad(&all, self.block()))
            }
        }
    }
}

fn wrong(what: &str) -> CardError {
    CardError::Protocol(format!("secure messaging: {what}"))
}
