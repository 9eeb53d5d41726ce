//! A conversation with the printer: bytes out, status and other answers in.

use super::escpos::{Answer, AnswerReader, PrinterStatus, Query, ask_text};
use super::wire::Wire;
use super::{Address, PrinterTiming};
use crate::DeviceError;
use std::io::ErrorKind;
use tokio::time::{Instant, timeout, timeout_at};

pub(super) struct Line {
    wire: Wire,
    name: String,
    pub(super) timing: PrinterTiming,
    reader: AnswerReader,
    /// The last push that no asking has overtaken.
    pub(super) pushed: Option<PrinterStatus>,
    /// Answers to `GS r` so far.
    pub(super) queued: usize,
    text: Option<String>,
}

impl Line {
    pub(super) async fn open(address: &Address, timing: PrinterTiming) -> Result<Self, DeviceError> {
        let wire = Wire::open(address, timing.connect).await?;
        let (name, reader) = (address.to_string(), AnswerReader::default());
        Ok(Self { wire, name, timing, reader, pushed: None, queued: 0, text: None })
    }

    /// Asks all four questions. A printer that does not answer gives `known: false`.
    pub(super) async fn status(&mut self) -> Result<PrinterStatus, DeviceError> {
        let mut status = PrinterStatus::default();
        let mut answered = [false; 4];
        for (query, answered) in Query::ALL.into_iter().zip(&mut answered) {
            self.hear();
            self.send(&query.bytes()).await?;
            match self.real_time_answer().await? {
                Some(answer) => {
                    query.read(answer, &mut status);
                    *answered = true;
                }
                // A printer that does not answer the first will not answer the rest.
                None if query == Query::Printer => return Ok(PrinterStatus::default()),
                None => {}
            }
        }
        self.pushed = None;
        // Some clones leave out 2 or 3; without 1 and 4 there is no telling whether it prints.
        status.known = answered[0] && answered[3];
        Ok(if status.known { status } else { PrinterStatus::default() })
    }

    async fn real_time_answer(&mut self) -> Result<Option<u8>, DeviceError> {
        let deadline = Instant::now() + self.timing.answer;
        loop {
            match self.next(deadline).await? {
                Heard::RealTime(answer) => return Ok(Some(answer)),
                Heard::Other => {}
                Heard::Nothing => return Ok(None),
            }
        }
    }

    /// Maker and model as the printer tells them (`GS I`); empty when it does not.
    pub(super) async fn about(&mut self) -> Result<String, DeviceError> {
        let mut parts = Vec::new();
        for n in [66, 67] {
            self.reader.expect_text();
            self.send(&ask_text(n)).await?;
            let deadline = Instant::now() + self.timing.answer;
            while self.text.is_none() && !matches!(self.next(deadline).await?, Heard::Nothing) {}
            self.reader.forget_text();
            let Some(text) = self.text.take() else { break };
            parts.push(text);
        }
        Ok(parts.join(" ").trim().to_owned())
    }

    /// Waits for anything to be said; false when nothing was until `deadline`.
    pub(super) async fn listen(&mut self, deadline: Instant) -> Result<bool, DeviceError> {
        Ok(!matches!(self.next(deadline).await?, Heard::Nothing))
    }

    /// Takes in what has been said already: pushes, and answers to bytes of a picture that looked like a request.
    pub(super) fn hear(&mut self) {
        let mut buffer = [0; 64];
        loop {
            let count = self.wire.try_read(&mut buffer);
            if count == 0 {
                return;
            }
            for byte in buffer.iter().take(count) {
                self.note(*byte);
            }
        }
    }

    async fn next(&mut self, deadline: Instant) -> Result<Heard, DeviceError> {
        loop {
            let mut byte = [0];
            match timeout_at(deadline, self.wire.read(&mut byte)).await {
                Err(_) => return Ok(Heard::Nothing),
                Ok(Ok(_)) => match self.note(byte[0]) {
                    Heard::Nothing => {}
                    heard @ (Heard::RealTime(_) | Heard::Other) => return Ok(heard),
                },
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(self.broken(&error)),
            }
        }
    }

    fn note(&mut self, byte: u8) -> Heard {
        match self.reader.take(byte) {
            None => return Heard::Nothing,
            Some(Answer::RealTime(answer)) => return Heard::RealTime(answer),
            Some(Answer::Pushed(status)) => self.pushed = Some(status),
            Some(Answer::Queued(_)) => self.queued += 1,
            Some(Answer::Text(text)) => self.text = Some(text),
            Some(Answer::Noise(_)) => {}
        }
        Heard::Other
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        let mut sent = 0;
        while sent < bytes.len() {
            sent += self.send_some(bytes.get(sent..).unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Sends as much as the printer takes; says how much that was.
    pub(super) async fn send_some(&mut self, bytes: &[u8]) -> Result<usize, DeviceError> {
        match timeout(self.timing.write, self.wire.write(bytes)).await {
            Ok(Ok(0)) => Err(self.broken(&ErrorKind::WriteZero.into())),
            Ok(Ok(count)) => Ok(count),
            Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Ok(Err(error)) => Err(self.broken(&error)),
            Err(_) => Err(DeviceError::Timeout(format!("printer {} takes no more data; look at paper and cover", self.name))),
        }
    }

    pub(super) async fn drain(&mut self) {
        self.wire.drain(self.timing.write).await;
    }

    pub(super) async fn close(self) {
        self.wire.close().await;
    }

    fn broken(&self, error: &std::io::Error) -> DeviceError {
        DeviceError::Disconnected(format!("printer {}: {error}; check cable and power", self.name))
    }
}

enum Heard {
    RealTime(u8),
    Other,
    Nothing,
}
