//! ESC/POS from the printer's side: bytes to commands, commands to dots on paper. Pure.

use image::{GrayImage, Luma};
use qrcode::{Color, QrCode};

/// Width of an 80 mm head.
const HEAD_DOTS: usize = 576;
/// Rows of a line of the printer's own font.
const TEXT_ROWS: usize = 24;

/// One command of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// `ESC @`.
    Initialise,
    /// `GS v 0`, row by row.
    Raster { row_bytes: usize, dots: Vec<u8> },
    /// `ESC d n`, `ESC J n` or LF, in rows of dots.
    Feed(usize),
    /// `GS V`.
    Cut,
    /// `GS r n`.
    Report(u8),
    /// `GS ( k` 80: text of a QR.
    QrStore(Vec<u8>),
    /// `GS ( k` 67: dots of a module.
    QrModule(u8),
    /// `GS ( k` 81.
    QrPrint,
    /// A character of the printer's own font; not drawn.
    Letter(u8),
    /// A setting without effect here.
    Ignored,
}

/// What the front of the input is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A command of so many bytes.
    Token(Token, usize),
    /// `DLE EOT n`: answered at once, past everything that waits.
    RealTime(u8, usize),
    /// Not complete yet.
    More,
}

/// Reads the command at the front of `input`.
pub(crate) fn parse(input: &[u8]) -> Parsed {
    let token = |token, length| Parsed::Token(token, length);
    match *input {
        [] | [0x10 | 0x1b | 0x1d | 0x1c] | [0x10, 0x04] => Parsed::More,
        [0x10, 0x04, n, ..] => Parsed::RealTime(n, 3),
        [0x10, ..] => token(Token::Ignored, 2),
        [0x1b, b'@', ..] => token(Token::Initialise, 2),
        [0x1b, b'2' | b'<' | b'i' | b'm', ..] => token(if matches!(input[1], b'i' | b'm') { Token::Cut } else { Token::Ignored }, 2),
        [0x1b, _] => Parsed::More,
        [0x1b, b'd', n, ..] => token(Token::Feed(usize::from(n) * TEXT_ROWS), 3),
        [0x1b, b'J', n, ..] => token(Token::Feed(usize::from(n)), 3),
        [0x1b, b'$' | b'\\', _] => Parsed::More,
        [0x1b, b'$' | b'\\', ..] => token(Token::Ignored, 4),
        [0x1b, b'p', ..] => {
            if input.len() < 5 {
                Parsed::More
            } else {
                token(Token::Ignored, 5)
            }
        }
        [0x1b, ..] => token(Token::Ignored, 3),
        [0x1d, b'v', ..] => raster(input),
        [0x1d, b'(', ..] => long_command(input),
        [0x1d, _] => Parsed::More,
        [0x1d, b'V', 65 | 66 | 97 | 98] => Parsed::More,
        [0x1d, b'V', 65 | 66 | 97 | 98, ..] => token(Token::Cut, 4),
        [0x1d, b'V', ..] => token(Token::Cut, 3),
        [0x1d, b'r', n, ..] => token(Token::Report(n), 3),
        [0x1d, b'L' | b'W', ..] => {
            if input.len() < 4 {
                Parsed::More
            } else {
                token(Token::Ignored, 4)
            }
        }
        [0x1d, ..] => token(Token::Ignored, 3),
        [0x1c, ..] => token(Token::Ignored, 2),
        [b'\n', ..] => token(Token::Feed(TEXT_ROWS), 1),
        [letter, ..] => token(Token::Letter(letter), 1),
    }
}

fn raster(input: &[u8]) -> Parsed {
    let [_, _, b'0' | 0, _mode, x_low, x_high, y_low, y_high, ref rest @ ..] = *input else {
        return if input.len() < 8 { Parsed::More } else { Parsed::Token(Token::Ignored, 3) };
    };
    let row_bytes = usize::from(u16::from_le_bytes([x_low, x_high]));
    let length = row_bytes * usize::from(u16::from_le_bytes([y_low, y_high]));
    match rest.get(..length) {
        Some(dots) => Parsed::Token(Token::Raster { row_bytes, dots: dots.to_vec() }, 8 + length),
        None => Parsed::More,
    }
}

/// `GS ( fn pL pH ...`.
fn long_command(input: &[u8]) -> Parsed {
    let [_, _, function, low, high, ref rest @ ..] = *input else { return Parsed::More };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let Some(parameters) = rest.get(..length) else { return Parsed::More };
    let token = match (function, parameters) {
        (b'k', [49, 80, 48, text @ ..]) => Token::QrStore(text.to_vec()),
        (b'k', [49, 67, dots, ..]) => Token::QrModule(*dots),
        (b'k', [49, 81, ..]) => Token::QrPrint,
        _ => Token::Ignored,
    };
    Parsed::Token(token, 5 + length)
}

/// Paper since the last cut.
#[derive(Default)]
pub(crate) struct Paper {
    /// Bits of each row, most significant first.
    rows: Vec<Vec<u8>>,
    inked: bool,
    qr: Vec<u8>,
    module: u8,
}

impl Paper {
    /// Burns one row.
    pub(crate) fn row(&mut self, bits: &[u8]) {
        self.inked |= bits.iter().any(|byte| *byte != 0);
        self.rows.push(bits.to_vec());
    }

    /// Settings and the store of the QR; paper stays as it is.
    pub(crate) fn set(&mut self, token: &Token) {
        match token {
            Token::Initialise => (self.qr, self.module) = (Vec::new(), 3),
            Token::QrStore(text) => self.qr = text.clone(),
            Token::QrModule(dots) => self.module = (*dots).clamp(1, 16),
            Token::Letter(_) => self.inked = true,
            Token::Raster { .. } | Token::Feed(_) | Token::Cut | Token::Report(_) | Token::QrPrint | Token::Ignored => {}
        }
    }

    /// Rows that the stored QR takes, left-aligned with its quiet zone.
    pub(crate) fn qr_rows(&self) -> Vec<Vec<u8>> {
        let Ok(code) = QrCode::new(&self.qr) else { return Vec::new() };
        let module = usize::from(self.module.max(1));
        let side = code.width() + 8;
        let colours = code.to_colors();
        let dark =
            |x: usize, y: usize| x >= 4 && y >= 4 && x < side - 4 && y < side - 4 && colours[(y - 4) * code.width() + x - 4] == Color::Dark;
        let row = |y: usize| {
            let mut bits = vec![0_u8; (side * module).div_ceil(8)];
            for x in (0..side * module).filter(|x| dark(x / module, y)) {
                bits[x / 8] |= 0x80 >> (x % 8);
            }
            bits
        };
        (0..side).flat_map(|y| std::iter::repeat_n(row(y), module)).collect()
    }

    /// The slip as a picture; none when nothing was printed. Starts a new one.
    pub(crate) fn cut(&mut self) -> Option<GrayImage> {
        let rows = std::mem::take(&mut self.rows);
        if !std::mem::take(&mut self.inked) || rows.is_empty() {
            return None;
        }
        let width = rows.iter().map(|row| row.len() * 8).max().unwrap_or(0).max(HEAD_DOTS);
        Some(GrayImage::from_fn(width as u32, rows.len() as u32, |x, y| {
            let (x, row) = (x as usize, &rows[y as usize]);
            let dark = row.get(x / 8).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0);
            Luma([if dark { 0 } else { 255 }])
        }))
    }
}
