//! The receipt printer: status, paper and a buffer, behind a TCP port that serves one connection at a time, and a serial line.

use crate::command::{PrinterKind, PrinterMode};
use crate::lock;
use crate::receipt::{Paper, Parsed, Token, parse};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

pub(crate) type Shared = Arc<Mutex<Printer>>;

pub(crate) struct Printer {
    out: PathBuf,
    mode: PrinterMode,
    kind: PrinterKind,
    /// Rows until something happens; none: plenty.
    planned: Option<(u32, PrinterMode)>,
    /// Rows not burnt yet and commands not done yet.
    waiting: VecDeque<Step>,
    paper: Paper,
    pub(crate) slips: u32,
    /// Pushing is switched on.
    pushing: bool,
    /// To the connection of the present.
    answers: Option<mpsc::UnboundedSender<u8>>,
    /// The buffer has room again.
    pub(crate) room: Arc<Notify>,
    /// Nothing more is on its way: the wire was looked at and had nothing, or the buffer takes nothing.
    pub(crate) quiet: Arc<Notify>,
}

/// How long the wire is looked at before it counts as quiet.
pub(crate) const TURN: Duration = Duration::from_millis(5);

/// Whoever loads paper or closes the cover is slower than the wire: all that was sent has arrived by then.
pub(crate) async fn hands_are_slow(printer: &Shared) {
    let quiet = {
        let printer = lock(printer);
        if !printer.offline() || printer.answers.is_none() {
            return;
        }
        Arc::clone(&printer.quiet).notified_owned()
    };
    // A client that never stops sending holds nobody's hands.
    let _ = tokio::time::timeout(Duration::from_secs(1), quiet).await;
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
        Ok(Self {
            out,
            mode: PrinterMode::Ok,
            kind: PrinterKind::default(),
            planned: None,
            waiting: VecDeque::new(),
            paper: Paper::default(),
            slips,
            pushing: false,
            answers: None,
            room: Arc::default(),
            quiet: Arc::default(),
        })
    }

    pub(crate) fn mode(&self) -> PrinterMode {
        self.mode
    }

    /// Rows and commands that wait for paper or a closed cover.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn set_kind(&mut self, kind: PrinterKind) {
        self.kind = kind;
        self.room.notify_waiters();
    }

    pub(crate) fn set_mode(&mut self, mode: PrinterMode) {
        self.change(mode);
        self.work();
    }

    /// The paper ends, or the cover opens, after so many rows.
    pub(crate) fn plan(&mut self, rows: u32, mode: PrinterMode) {
        self.planned = Some((rows.max(1), mode));
    }

    pub(crate) fn load_paper(&mut self) {
        self.planned = None;
        if matches!(self.mode, PrinterMode::PaperOut | PrinterMode::NearEnd) {
            self.change(PrinterMode::Ok);
        }
        self.work();
    }

    /// Without power the buffer is lost, and so is the half slip.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
        self.paper = Paper::default();
        self.answers = None;
        self.pushing = false;
    }

    /// Takes no more bytes for now.
    fn is_full(&self) -> bool {
        let held = self.waiting.iter().map(|step| match step {
            Step::Row(row) => row.len(),
            Step::Do(_) => 2,
        });
        held.sum::<usize>() >= self.kind.buffer as usize
    }

    fn change(&mut self, mode: PrinterMode) {
        let was_offline = self.offline();
        let before = std::mem::replace(&mut self.mode, mode);
        if was_offline && !self.offline() && !self.kind.keeps_buffer {
            self.waiting.clear();
        }
        if before != mode {
            self.push();
        }
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
            | Token::Push(_)
            | Token::Identify(_)
            | Token::Align(_)
            | Token::QrStore(_)
            | Token::QrModule(_)
            | Token::QrPrint
            | Token::Letter(_)
            | Token::Ignored => self.waiting.push_back(Step::Do(token)),
        }
        self.work();
    }

    fn offline(&self) -> bool {
        matches!(self.mode, PrinterMode::PaperOut | PrinterMode::Cover | PrinterMode::Cutter)
    }

    /// Prints what waits, until the paper ends.
    fn work(&mut self) {
        while !self.offline()
            && let Some(step) = self.waiting.pop_front()
        {
            match step {
                Step::Row(row) => self.burn(&row),
                Step::Do(Token::Cut) => self.cut(),
                Step::Do(Token::Report(_)) => self.answer_queued(),
                Step::Do(Token::Push(causes)) => {
                    self.pushing = causes != 0;
                    self.push();
                }
                Step::Do(Token::Identify(n)) => self.identify(n),
                Step::Do(Token::QrPrint) if self.kind.native_qr => {
                    for row in self.paper.qr_rows(usize::from(self.kind.width)).into_iter().rev() {
                        self.waiting.push_front(Step::Row(row));
                    }
                }
                Step::Do(token) => self.paper.set(&token),
            }
        }
        self.room.notify_waiters();
    }

    fn burn(&mut self, row: &[u8]) {
        self.paper.row(row);
        if let Some((rows, mode)) = self.planned {
            self.planned = (rows > 1).then_some((rows - 1, mode));
            if rows <= 1 {
                self.change(mode);
            }
        }
    }

    fn cut(&mut self) {
        let Some(slip) = self.paper.cut(usize::from(self.kind.width)) else { return };
        self.slips += 1;
        let path = self.out.join(file_name(self.slips));
        match slip.save(&path) {
            Ok(()) => tracing::info!(slip = self.slips, "slip cut"),
            Err(error) => tracing::error!(path = %path.display(), %error, "the slip could not be saved; check --out"),
        }
    }

    fn say(&self, bytes: &[u8]) {
        if self.mode != PrinterMode::Silent
            && let Some(answers) = &self.answers
        {
            for byte in bytes {
                // The connection may be gone by the time the paper is in.
                let _ = answers.send(*byte);
            }
        }
    }

    fn answer_queued(&self) {
        if self.kind.queued_status {
            self.say(&[if self.mode == PrinterMode::NearEnd { 0x03 } else { 0x00 }]);
        }
    }

    fn identify(&self, n: u8) {
        let text = match n {
            66 => "MOTCUA",
            67 => "SIM-80",
            _ => return,
        };
        if self.kind.identifies {
            self.say(&[b"_", text.as_bytes(), b"\0"].concat());
        }
    }

    /// Automatic status back.
    fn push(&self) {
        if self.kind.pushes && self.pushing {
            let bit = |set: bool, mask: u8| if set { mask } else { 0 };
            let paper_out = self.mode == PrinterMode::PaperOut;
            let near_end = paper_out || self.mode == PrinterMode::NearEnd;
            let printer = 0x10 | bit(self.offline(), 0x08) | bit(self.mode == PrinterMode::Cover, 0x20);
            let error = bit(self.mode == PrinterMode::Cutter, 0x08);
            self.say(&[printer, error, bit(near_end, 0x03) | bit(paper_out, 0x0c), 0x0f]);
        }
    }

    fn answer_real_time(&self, n: u8) {
        let (paper_out, cover) = (self.mode == PrinterMode::PaperOut, self.mode == PrinterMode::Cover);
        let (near_end, cutter) = (paper_out || self.mode == PrinterMode::NearEnd, self.mode == PrinterMode::Cutter);
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        let answer = match n {
            1 => 0x12 | bit(self.offline(), 0x08),
            2 => 0x12 | bit(cover, 0x04) | bit(paper_out, 0x20) | bit(cutter, 0x40),
            3 => 0x12 | bit(cutter, 0x08),
            4 => 0x12 | bit(near_end, 0x0c) | bit(paper_out, 0x60),
            _ => return,
        };
        self.say(&[answer]);
    }

    /// Reads the commands at the front of `held`, as far as the buffer has room.
    pub(crate) fn take_all(&mut self, held: &mut Vec<u8>) {
        let mut at = 0;
        while !self.is_full() {
            match parse(&held[at..]) {
                Parsed::Token(token, length) => {
                    at += length;
                    self.take(token);
                }
                Parsed::RealTime(n, length) => {
                    at += length;
                    self.answer_real_time(n);
                }
                Parsed::More => break,
            }
        }
        held.drain(..at);
    }

    /// Somebody talks to the printer; what it says goes to `answers` from now on.
    pub(crate) fn connect(&mut self, answers: Option<mpsc::UnboundedSender<u8>>) {
        self.answers = answers;
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
    lock(printer).connect(Some(answers));
    let room = Arc::clone(&lock(printer).room);
    let mut held = Vec::new();
    let mut buffer = vec![0; 2048];
    loop {
        // Armed before looking, so that room made in between is not missed.
        let freed = room.notified();
        let full = lock(printer).is_full();
        tokio::select! {
            read = input.read(&mut buffer), if !full => match read {
                Ok(count) if count > 0 => {
                    held.extend_from_slice(&buffer[..count]);
                    lock(printer).take_all(&mut held);
                }
                Ok(_) | Err(_) => break,
            },
            () = freed, if full => lock(printer).take_all(&mut held),
            () = tokio::time::sleep(TURN) => lock(printer).quiet.notify_waiters(),
            Some(byte) = queued.recv() => if output.write_all(&[byte]).await.is_err() { break },
        }
    }
    lock(printer).connect(None);
}
