//! The slip that a technician prints to see whether printer, paper and letters are right.

use super::escpos::PrinterStatus;
use super::slip::{Align, Block, Size};
use unicode_normalization::UnicodeNormalization as _;

/// The vowels of Vietnamese.
const VOWELS: &str = "aăâeêioôơuưy";
/// No tone, huyền, hỏi, ngã, sắc, nặng, as combining marks.
const TONES: [&str; 6] = ["", "\u{300}", "\u{309}", "\u{303}", "\u{301}", "\u{323}"];
/// Consonants, digits and signs.
const OTHERS: [&str; 3] = ["bcdđghklmnpqrstvx", "BCDĐGHKLMNPQRSTVX", "0123456789 . , : ; / - ( ) % @ ₫"];

/// What is told about the printer on its test slip.
#[derive(Clone, Copy, Debug)]
pub struct Drill<'a> {
    /// Where it is connected.
    pub address: &'a str,
    /// What it says about itself; may be empty.
    pub about: &'a str,
    /// How it is.
    pub status: PrinterStatus,
    /// Dots across.
    pub width: u32,
    /// When, as it should be read.
    pub at: &'a str,
    /// What the QR says.
    pub qr: &'a str,
}

/// Every Vietnamese letter with every tone in both cases, a QR, and the state of the printer.
pub fn drill_blocks(drill: &Drill<'_>) -> Vec<Block> {
    let centre = |text: &str, size, bold| Block::Text { text: text.to_owned(), size, bold, align: Align::Centre };
    let row = |label: &str, value: &str| Block::Row { label: label.to_owned(), value: value.to_owned() };
    let mut blocks = vec![
        centre("PHIẾU IN THỬ", Size::Large, true),
        centre("Printer test", Size::Small, false),
        Block::Rule,
        row("Thời điểm / Time", drill.at),
        row("Máy in / Printer", drill.address),
        row("Tên máy / Model", if drill.about.is_empty() { "không cho biết / not told" } else { drill.about }),
        row("Khổ giấy / Width", &format!("{} dots", drill.width)),
    ];
    blocks.extend(state_rows(&drill.status).into_iter().map(|(label, value)| row(label, value)));
    blocks.extend([Block::Rule, centre("Mọi chữ cái phải rõ dấu / Every mark must be clear", Size::Small, false), Block::Space]);
    blocks.extend(VOWELS.chars().map(|vowel| centre(&vowel_line(vowel), Size::Normal, false)));
    blocks.extend(OTHERS.map(|line| centre(line, Size::Normal, false)));
    blocks.extend([
        Block::Rule,
        centre("Nhỏ: Số định danh cá nhân, nộp lệ phí", Size::Small, false),
        centre("Đậm: Giấy tiếp nhận hồ sơ", Size::Normal, true),
        centre("Lớn: Hẹn trả kết quả", Size::Large, false),
        Block::Qr { text: drill.qr.to_owned() },
        centre(drill.qr, Size::Small, false),
        Block::Rule,
    ]);
    blocks
}

/// The vowel in all tones, small and capital.
fn vowel_line(vowel: char) -> String {
    let toned = |vowel: String| TONES.map(|tone| format!("{vowel}{tone}").nfc().collect::<String>()).join(" ");
    format!("{} | {}", toned(vowel.to_string()), toned(vowel.to_uppercase().to_string()))
}

fn state_rows(status: &PrinterStatus) -> Vec<(&'static str, &'static str)> {
    let say = |bad: bool, yes: &'static str, no: &'static str| if bad { yes } else { no };
    if !status.known {
        return vec![("Trạng thái / Status", "máy in không báo / not reported")];
    }
    vec![
        ("Sẵn sàng / Ready", say(status.is_ready(), "có / yes", "không / no")),
        ("Giấy / Paper", if status.paper_out { "hết / out" } else { say(status.near_end, "sắp hết / low", "đủ / enough") }),
        ("Nắp / Cover", say(status.cover_open, "mở / open", "đóng / closed")),
        ("Lỗi / Error", say(status.error, "có / yes", "không / no")),
    ]
}
