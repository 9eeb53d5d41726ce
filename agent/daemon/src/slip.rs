//! The slip's content laid out for paper.

use jiff::{Timestamp, Zoned, tz};
use motcua_drivers::printer::slip::{Align, Block, Size};
use motcua_flow::{Slip, SlipOf};
use motcua_model::Language;
use uuid::Uuid;

/// What the printer is told.
pub(crate) enum PrintOrder {
    /// For the person at the screen: print this slip, and wait for paper if need be.
    Print(Box<Slip>),
    /// The desk asks for it once more: behind whoever stands at the screen.
    Reprint(Box<Slip>),
    /// The person does not wait any longer.
    Close(Uuid),
}

/// Viet Nam has one zone and no summer time.
pub(crate) fn in_vietnam(at: Timestamp) -> Zoned {
    at.to_zoned(tz::TimeZone::fixed(tz::offset(7)))
}

/// Room for a pen, for whoever has not signed with a PIN. The slip is in Vietnamese.
fn signature_lines(courier: bool, clerk: bool) -> Vec<Block> {
    let half = |signed: bool, who: &str| if signed { String::new() } else { who.to_owned() };
    let pair =
        |left: &str, right: &str, bold| Block::Pair { left: half(courier, left), right: half(clerk, right), size: Size::Normal, bold };
    if courier && clerk {
        return Vec::new();
    }
    let hint = "(ký, ghi rõ họ tên)";
    let mut lines = vec![Block::Space, pair("Bưu tá", "Cán bộ", true), pair(hint, hint, false)];
    lines.extend(std::iter::repeat_n(Block::Space, 7));
    lines
}

/// Phiếu xác nhận đã nộp, top to bottom; a ticket is its number first of all, to be read from a seat. `again`: which reprint it is, 0 the
/// first print.
pub(crate) fn layout(slip: &Slip, again: u32) -> Vec<Block> {
    let words = |text: &motcua_model::Text| text.get(slip.language).to_owned();
    let centre = |text: String, size, bold| Block::Text { text, size, bold, align: Align::Centre };
    let mut blocks = vec![centre(words(&slip.office), Size::Small, true), Block::Rule, centre(words(&slip.title), Size::Large, true)];
    if again > 0 {
        let words = match slip.language {
            Language::Vi => format!("IN LẠI lần {again}"),
            Language::En => format!("REPRINT no. {again}"),
        };
        blocks.push(centre(words, Size::Normal, true));
    }
    let size = match slip.of {
        SlipOf::Dossier | SlipOf::Opinion | SlipOf::Payment { .. } | SlipOf::Told { .. } | SlipOf::ToBring | SlipOf::Handover { .. } => {
            Size::Large
        }
        SlipOf::Ticket => Size::Giant,
    };
    blocks.extend([Block::Space, centre(slip.code.clone(), size, true)]);
    blocks.extend((!slip.qr.is_empty()).then(|| Block::Qr { text: slip.qr.clone() }));
    blocks.push(Block::Space);
    blocks.extend(slip.rows.iter().map(|(label, value)| Block::Row { label: words(label), value: words(value) }));
    if let SlipOf::Handover { courier, clerk, .. } = slip.of {
        blocks.extend(signature_lines(courier, clerk));
    }
    blocks.extend([Block::Rule, Block::Text { text: words(&slip.note), size: Size::Normal, bold: false, align: Align::Left }]);
    blocks
}
