//! The receipt printer: status, paper and a buffer, behind a TCP port that serves one connection at a time.

use crate::command::PrinterMode;
use crate::lock;
use crate::receipt::{Paper, Parsed, Token, parse};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

type Shared = Arc<Mutex<Printer>>;

pub(crate) struct Printer {
    out: PathBuf,
    pub(crate) mode: PrinterMode,
    /// Rows until the paper ends; none: plenty.
    pub(crate) rows_left: Option<u32>,
    /// Rows not burnt yet and commands not done yet.
    waiting: VecDeque<Step>,
    paper: Paper,
    pub(crate) slips: u32,
    /// To the connection of the present, for queued answers.
    answers: Option<mpsc::UnboundedSender<u8>>,
}

/// What the mechanism does in one go.
enum Step {
    Row(Vec<u8>),
    Do(Token),
}

impl Printer {
    pub(crate) fn new(out: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&out)?;
        let slips = (1..).take_while(|n| out.join(file_name(*n)).exists()).count() as u32;
        let (waiting, paper) = (VecDeque::new(), Paper::default());
        Ok(Self { out, mode: PrinterMode::Ok, rows_left: None, waiting, paper, slips, answers: None })
    }

    /// Rows and commands that wait for paper or a closed cover.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn set_mode(&mut self, mode: PrinterMode) {
        self.mode = mode;
        self.work();
    }

    pub(crate) fn load_paper(&mut self) {
        self.rows_left = None;
        if matches!(self.mode, PrinterMode::PaperOut | PrinterMode::NearEnd) {
            self.mode = PrinterMode::Ok;
        }
        self.work();
    }

    /// Without power the buffer is lost, and so is the half slip.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
        self.paper = Paper::default();
        self.answers = None;
    }

    fn take(&mut self, token: Token) {
        match token {
            Token::Raster { row_bytes, dots } => {
                self.waiting.extend(dots.chunks(row_bytes.max(1)).map(|row| Step::Row(row.to_vec())));
            }
            Token::Feed(rows) => self.waiting.extend((0..rows).map(|_| Step::Row(Vec::new()))),
            Token::Initialise
            | Token::Cut
            | Token::Report(_)
            | Token::QrStore(_)
            | Token::QrModule(_)
            | Token::QrPrint
            | Token::Letter(_)
            | Token::Ignored => self.waiting.push_back(Step::Do(token)),
        }
        self.work();
    }

    fn offline(&self) -> bool {
        matches!(self.mode, PrinterMode::PaperOut | PrinterMode::Cover)
    }

    /// Prints what waits, until the paper ends.
    fn work(&mut self) {
        while !self.offline() {
            match self.waiting.pop_front() {
                None => return,
                Some(Step::Row(row)) => self.burn(&row),
                Some(Step::Do(Token::Cut)) => self.cut(),
                Some(Step::Do(Token::Report(_))) => self.answer_queued(),
                Some(Step::Do(Token::QrPrint)) => {
                    for row in self.paper.qr_rows().into_iter().rev() {
                        self.waiting.push_front(Step::Row(row));
                    }
                }
                Some(Step::Do(token)) => self.paper.set(&token),
            }
        }
    }

    fn burn(&mut self, row: &[u8]) {
        self.paper.row(row);
        if let Some(left) = &mut self.rows_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.rows_left = None;
                self.mode = PrinterMode::PaperOut;
            }
        }
    }

    fn cut(&mut self) {
        let Some(slip) = self.paper.cut() else { return };
        self.slips += 1;
        let path = self.out.join(file_name(self.slips));
        match slip.save(&path) {
            Ok(()) => tracing::info!(slip = self.slips, "slip cut"),
            Err(error) => tracing::error!(path = %path.display(), %error, "the slip could not be saved; check --out"),
        }
    }

    fn answer_queued(&self) {
        if self.mode != PrinterMode::Silent
            && let Some(answers) = &self.answers
        {
            // The connection may be gone by the time the paper is in.
            let _ = answers.send(if self.mode == PrinterMode::NearEnd { 0x03 } else { 0x00 });
        }
    }

    fn answer_real_time(&self, n: u8) -> Option<u8> {
        let (paper_out, cover) = (self.mode == PrinterMode::PaperOut, self.mode == PrinterMode::Cover);
        let near_end = paper_out || self.mode == PrinterMode::NearEnd;
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        let answer = match n {
            1 => 0x12 | bit(self.offline(), 0x08),
            2 => 0x12 | bit(cover, 0x04) | bit(paper_out, 0x20),
            3 => 0x12,
            4 => 0x12 | bit(near_end, 0x0c) | bit(paper_out, 0x60),
            _ => return None,
        };
        (self.mode != PrinterMode::Silent).then_some(answer)
    }
}

fn file_name(number: u32) -> String {
    format!("slip-{number:03}.png")
}

pub(crate) async fn serve(listener: tokio::net::TcpListener, printer: Shared) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => converse(stream, &printer).await,
            Err(error) => tracing::warn!(%error, "the simulated printer could not accept"),
        }
    }
}

async fn converse(stream: tokio::net::TcpStream, printer: &Shared) {
    let (mut input, mut output) = stream.into_split();
    let (answers, mut queued) = mpsc::unbounded_channel();
    lock(printer).answers = Some(answers.clone());
    let mut held = Vec::new();
    let mut buffer = vec![0; 8192];
    loop {
        tokio::select! {
            read = input.read(&mut buffer) => match read {
                Ok(count) if count > 0 => {
                    held.extend_from_slice(&buffer[..count]);
                    take_all(&mut held, printer, &answers);
                }
                Ok(_) | Err(_) => break,
            },
            Some(byte) = queued.recv() => if output.write_all(&[byte]).await.is_err() { break },
        }
    }
    lock(printer).answers = None;
}

fn take_all(held: &mut Vec<u8>, printer: &Shared, answers: &mpsc::UnboundedSender<u8>) {
    let mut printer = lock(printer);
    let mut at = 0;
    loop {
        match parse(&held[at..]) {
            Parsed::Token(token, length) => {
                at += length;
                printer.take(token);
            }
            Parsed::RealTime(n, length) => {
                at += length;
                if let Some(byte) = printer.answer_real_time(n) {
                    let _ = answers.send(byte);
                }
            }
            Parsed::More => break,
        }
    }
    held.drain(..at);
}
