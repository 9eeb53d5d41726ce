//! The slip's content laid out for paper.

use jiff::{Timestamp, Zoned, tz};
use motcua_drivers::printer::slip::{Align, Block, Size};
use motcua_flow::{Slip, SlipOf};
use motcua_model::Language;
use uuid::Uuid;

/// What the printer is told.
pub(crate) enum PrintOrder {
    /// Print this slip, and wait for paper if need be.
    Print(Box<Slip>),
    /// The person does not wait any longer.
    Close(Uuid),
}

/// Viet Nam has one zone and no summer time.
pub(crate) fn in_vietnam(at: Timestamp) -> Zoned {
    at.to_zoned(tz::TimeZone::fixed(tz::offset(7)))
}

/// Phiếu xác nhận đã nộp, top to bottom; a ticket is its number first of all, to be read from a seat.
pub(crate) fn layout(slip: &Slip) -> Vec<Block> {
    let words = |text: &motcua_model::Text| text.get(slip.language).to_owned();
    let centre = |text: String, size, bold| Block::Text { text, size, bold, align: Align::Centre };
    let mut blocks = vec![centre(words(&slip.office), Size::Small, true), Block::Rule, centre(words(&slip.title), Size::Large, true)];
    if slip.reprint {
        let again = match slip.language {
            Language::Vi => "IN LẠI",
            Language::En => "REPRINT",
        };
        blocks.push(centre(again.to_owned(), Size::Normal, true));
    }
    let size = match slip.of {
        SlipOf::Dossier | SlipOf::Opinion => Size::Large,
        SlipOf::Ticket => Size::Giant,
    };
    blocks.extend([Block::Space, centre(slip.code.clone(), size, true)]);
    blocks.extend((!slip.qr.is_empty()).then(|| Block::Qr { text: slip.qr.clone() }));
    blocks.push(Block::Space);
    blocks.extend(slip.rows.iter().map(|(label, value)| Block::Row { label: words(label), value: words(value) }));
    blocks.extend([Block::Rule, Block::Text { text: words(&slip.note), size: Size::Normal, bold: false, align: Align::Left }]);
    blocks
}
