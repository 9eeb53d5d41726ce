//! ESC/POS from the printer's side: bytes to commands, commands to dots on paper. Pure.

use image::{GrayImage, Luma};
use qrcode::{Color, EcLevel, QrCode};

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
    /// `GS a n`.
    Push(u8),
    /// `GS I n`.
    Identify(u8),
    /// `ESC a n`: where the printer's own things go.
    Align(u8),
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
        [0x1b, b'*', ref rest @ ..] => column_image(rest),
        [0x1b, b'a', n, ..] => token(Token::Align(n), 3),
        [0x1b, ..] => token(Token::Ignored, 3),
        [0x1d, b'v', ..] => raster(input),
        [0x1d, b'(', ..] => long_command(input),
        [0x1d, _] => Parsed::More,
        [0x1d, b'V', 65 | 66 | 97 | 98] => Parsed::More,
        [0x1d, b'V', 65 | 66 | 97 | 98, ..] => token(Token::Cut, 4),
        [0x1d, b'V', ..] => token(Token::Cut, 3),
        [0x1d, b'r', n, ..] => token(Token::Report(n), 3),
        [0x1d, b'a', n, ..] => token(Token::Push(n), 3),
        [0x1d, b'I', n, ..] => token(Token::Identify(n), 3),
        [0x1d, b'L' | b'W', ..] => {
            if input.len() < 4 {
                Parsed::More
            } else {
                token(Token::Ignored, 4)
            }
        }
        [0x1d, b'k', ref rest @ ..] => barcode(rest),
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

/// `ESC * m nL nH ...`: taken off the input, not drawn.
fn column_image(rest: &[u8]) -> Parsed {
    let [mode, low, high, ref dots @ ..] = *rest else { return Parsed::More };
    let length = usize::from(u16::from_le_bytes([low, high])) * if mode >= 32 { 3 } else { 1 };
    if dots.len() < length { Parsed::More } else { Parsed::Token(Token::Ignored, 5 + length) }
}

/// `GS k m ...`: taken off the input, not drawn.
fn barcode(rest: &[u8]) -> Parsed {
    let length = match *rest {
        [0..=6, ref text @ ..] => text.iter().position(|byte| *byte == 0).map(|end| 2 + end),
        [_, count, ..] => Some(2 + usize::from(count)),
        [_] | [] => None,
    };
    match length {
        Some(length) if length <= rest.len() => Parsed::Token(Token::Ignored, 2 + length),
        Some(_) | None => Parsed::More,
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
    align: u8,
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
            Token::Initialise => (self.qr, self.module, self.align) = (Vec::new(), 3, 0),
            Token::Align(side) => self.align = *side,
            Token::QrStore(text) => self.qr = text.clone(),
            Token::QrModule(dots) => self.module = (*dots).clamp(1, 16),
            Token::Letter(_) => self.inked = true,
            Token::Raster { .. } | Token::Feed(_) | Token::Cut | Token::Report(_) | Token::Push(_) | Token::Identify(_) => {}
            Token::QrPrint | Token::Ignored => {}
        }
    }

    /// Rows that the stored QR takes on a head of `width` dots, where `ESC a` says. Without a quiet zone, as Epson's.
    pub(crate) fn qr_rows(&self, width: usize) -> Vec<Vec<u8>> {
        let Ok(code) = QrCode::with_error_correction_level(&self.qr, EcLevel::M) else { return Vec::new() };
        let module = usize::from(self.module.max(1));
        let side = code.width() * module;
        let slack = width.saturating_sub(side);
        let left = match self.align {
            1 | 49 => slack / 2,
            2 | 50 => slack,
            _ => 0,
        };
        let colours = code.to_colors();
        let row = |y: usize| {
            let mut bits = vec![0_u8; (left + side).div_ceil(8)];
            for x in (0..side).filter(|x| colours[y * code.width() + x / module] == Color::Dark) {
                bits[(left + x) / 8] |= 0x80 >> ((left + x) % 8);
            }
            bits
        };
        (0..code.width()).flat_map(|y| std::iter::repeat_n(row(y), module)).collect()
    }

    /// The slip as a picture as wide as the head; none when nothing was printed. Starts a new one.
    pub(crate) fn cut(&mut self, width: usize) -> Option<GrayImage> {
        let rows = std::mem::take(&mut self.rows);
        if !std::mem::take(&mut self.inked) || rows.is_empty() {
            return None;
        }
        Some(GrayImage::from_fn(width as u32, rows.len() as u32, |x, y| {
            let (x, row) = (x as usize, &rows[y as usize]);
            let dark = row.get(x / 8).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0);
            Luma([if dark { 0 } else { 255 }])
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Paper, Parsed, Token, parse};
    use proptest::prelude::*;

    fn tokens(input: &[u8]) -> Vec<Token> {
        let mut at = 0;
        let mut tokens = Vec::new();
        while let Parsed::Token(token, length) = parse(&input[at..]) {
            assert!(length > 0 && at + length <= input.len(), "{token:?} takes more than there is");
            at += length;
            tokens.push(token);
        }
        tokens
    }

    #[test]
    fn commands_of_other_programs_are_taken_off_whole() {
        let input = b"\x1b@\x1ba\x01\x1d!\x11Hi\x1dk\x04A1\0\x1dk\x49\x02{B\x1b*\x21\x01\0abc\x1bd\x02\x1dV\0";
        let ignored = || Token::Ignored;
        let expected =
            [Token::Initialise, Token::Align(1), ignored(), Token::Letter(b'H'), Token::Letter(b'i'), ignored(), ignored(), ignored()];
        let found = tokens(input);
        assert_eq!(found[..8], expected);
        assert_eq!(found[8..], [Token::Feed(48), Token::Cut]);
    }

    #[test]
    fn a_picture_split_anywhere_waits_for_its_rest() {
        let input = b"\x1dv0\0\x01\0\x02\0\xf0\x0f";
        for cut in 0..input.len() {
            assert_eq!(parse(&input[..cut]), Parsed::More, "{cut}");
        }
        assert_eq!(parse(input), Parsed::Token(Token::Raster { row_bytes: 1, dots: vec![0xf0, 0x0f] }, 10));
        assert_eq!(parse(&[0x10, 4, 2]), Parsed::RealTime(2, 3));
    }

    #[test]
    fn a_cut_without_ink_gives_no_slip() {
        let mut paper = Paper::default();
        paper.row(&[]);
        assert!(paper.cut(8).is_none());
        paper.row(&[0x80]);
        assert_eq!(paper.cut(8).unwrap().get_pixel(0, 0).0, [0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(input in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x1d), Just(0x1b), Just(b'(')], 0..200)) {
            tokens(&input);
        }
    }
}
