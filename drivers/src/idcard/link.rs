//! A channel to one chip, in clear or under secure messaging, with a count of what went over it.

use super::{
    CardError, Channel, Traffic,
    apdu::{Answer, Command, GET_RESPONSE},
    messaging::{Opened, Session},
};
use crate::DeviceError;

/// A chip that answers data in more pieces than this is broken.
const PIECES: usize = 300;

/// The way to one chip.
pub struct Link<'a> {
    channel: &'a mut dyn Channel,
    /// Secure messaging, once the chip is open.
    pub session: Option<Session>,
    /// Whether the last answer came without protection though a session was open: the chip may have ended it.
    pub bare: bool,
    /// What went over it.
    pub traffic: Traffic,
}

impl<'a> Link<'a> {
    /// A link in clear.
    pub fn new(channel: &'a mut dyn Channel) -> Self {
        Self { channel, session: None, bare: false, traffic: Traffic::default() }
    }

    /// Sends a command, protected when a session is open.
    ///
    /// # Errors
    /// [`CardError::Moved`] when the card is gone, [`CardError::Device`] for other troubles of the reader, [`CardError::Protocol`] when
    /// the answer is not authentic.
    pub fn send(&mut self, command: &Command) -> Result<Answer, CardError> {
        self.bare = false;
        let Some(session) = &mut self.session else { return self.exchange(command) };
        let protected = session.wrap(command)?;
        let answer = self.exchange(&protected)?;
        let Some(session) = &mut self.session else { return Ok(answer) };
        match session.unwrap(&answer)? {
            Opened::Authentic(answer) => Ok(answer),
            Opened::Bare(status) => {
                self.bare = true;
                Ok(Answer { data: Vec::new(), status })
            }
        }
    }

    /// Chips behind a contact reader hand long answers out in pieces (61xx) or want the exact length (6Cxx).
    fn exchange(&mut self, command: &Command) -> Result<Answer, CardError> {
        let mut answer = self.transmit(command)?;
        let mut data = std::mem::take(&mut answer.data);
        for _ in 0..PIECES {
            let [kind, length] = answer.status.to_be_bytes();
            let le = if length == 0 { 256 } else { u32::from(length) };
            answer = match kind {
                0x61 => self.transmit(&Command::new(GET_RESPONSE, 0, 0).expecting(le))?,
                0x6C if data.is_empty() && !command.is_extended() => self.transmit(&Command { le: Some(le), ..command.clone() })?,
                _ => break,
            };
            data.append(&mut answer.data);
        }
        Ok(Answer { data, status: answer.status })
    }

    fn transmit(&mut self, command: &Command) -> Result<Answer, CardError> {
        let bytes = command.to_bytes();
        self.traffic.commands += 1;
        self.traffic.sent += bytes.len() as u64;
        let answer = self.channel.transmit(&bytes).map_err(|error| match error {
            DeviceError::Disconnected(_) => CardError::Moved,
            DeviceError::Busy(_)
            | DeviceError::NeedsHuman(_)
            | DeviceError::Rejected(_)
            | DeviceError::Protocol(_)
            | DeviceError::Timeout(_) => CardError::Device(error),
        })?;
        self.traffic.received += answer.len() as u64;
        Answer::parse(&answer)
    }
}
