//! What the dock can be told, and the cards that lie ready in it.

use serde::{Deserialize, Serialize};

/// A command to the dock. As JSON: `{"load": ["to-khai-1.jpg"]}`, `{"unplug": "scanner"}`, `"clear"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Puts sheets with these pictures into the feeder. A duplex job takes two pictures as the sides of one sheet.
    Load(Vec<String>),
    /// Puts so many sheets into the feeder; their pictures follow in name order.
    LoadSheets(u32),
    /// Lays this picture on the glass.
    Platen(String),
    /// Takes all sheets out of the feeder.
    Empty,
    /// Milliseconds that one side takes.
    PageDelay(u64),
    /// Jam at the n-th side of the next job, the way of AirSane: 200 with nothing in it, then 404. `clear` frees it.
    Jam(u32),
    /// Jam at the n-th side of the next job, answered with 409. `clear` frees it.
    #[serde(rename = "jam_409")]
    Jam409(u32),
    /// Two sheets at once at the n-th side of the next job. `clear` frees it.
    DoubleFeed(u32),
    /// Opens the feeder's cover, also in the middle of a job. `clear` closes it.
    Cover,
    /// Another user holds the scanner: jobs get 503. `clear` ends it.
    Busy,
    /// Sheets that the feeder says it holds. One: every job takes one sheet, however many lie there.
    Capacity(u32),
    /// Pages come in chunks without a length, as some scanners send them.
    Chunked(bool),
    /// The n-th side of the next job breaks off in the middle.
    Truncate(u32),
    /// The n-th side of the next job stalls in the middle, for ever.
    Stall(u32),
    /// The next n requests for a page get 503.
    NotReady(u32),
    /// A person puts the scanner right: the sheets that were in its path go back into the feeder.
    Clear,
    /// Lays one of the [`crate::card::CHIP_CARDS`] on the chip reader.
    InsertCard(String),
    /// Takes away what lies on the chip reader.
    RemoveCard,
    /// Types a text with the barcode reader, followed by CR.
    Type(String),
    /// Lets the barcode reader send raw bytes.
    Garbage(Vec<u8>),
    /// Types one of the [`CARDS`] by its name.
    Card(String),
    /// State of the receipt printer.
    Printer(PrinterMode),
    /// Paper runs out after so many more rows of dots. The rest waits in the printer's buffer.
    PaperRows(u32),
    /// The printer's cover opens after so many more rows of dots; `{"printer": "ok"}` closes it.
    CoverAfterRows(u32),
    /// New paper: the buffer is printed on.
    LoadPaper,
    /// Another make of printer stands there.
    PrinterKind(PrinterKind),
    /// Pulls a plug.
    Unplug(Device),
    /// Puts it back, under the same address or link.
    Plug(Device),
}

/// A simulated device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// eSCL scanner.
    Scanner,
    /// Barcode reader.
    Gun,
    /// Receipt printer.
    Printer,
}

/// State of the receipt printer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterMode {
    /// Ready.
    #[default]
    Ok,
    /// No paper.
    #[serde(alias = "paperout")]
    PaperOut,
    /// Paper ends soon.
    #[serde(alias = "nearend")]
    NearEnd,
    /// Cover open.
    Cover,
    /// The knife is stuck.
    Cutter,
    /// Prints and never reports, as many clones do.
    Silent,
}

/// What the receipt printer can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrinterKind {
    /// Dots of the head: 576 (80 mm) or 384 (58 mm). What is wider is not printed.
    pub width: u16,
    /// Bytes that it holds while it cannot print; then it takes no more, and does not hear real-time requests either.
    pub buffer: u32,
    /// False: begins with an empty buffer after the cover was open or the paper out.
    pub keeps_buffer: bool,
    /// Answers `GS r`.
    pub queued_status: bool,
    /// Pushes its status (`GS a`).
    pub pushes: bool,
    /// Answers `GS I`.
    pub identifies: bool,
    /// Draws QRs itself (`GS ( k`).
    pub native_qr: bool,
}

impl Default for PrinterKind {
    fn default() -> Self {
        Self { width: 576, buffer: 1 << 20, keeps_buffer: true, queued_status: true, pushes: true, identifies: true, native_qr: true }
    }
}

/// A card, badge or label that can be held under the reader. All persons are invented.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Card {
    /// For [`Command::Card`].
    pub name: &'static str,
    /// Name in Vietnamese.
    pub vi: &'static str,
    /// Name in English.
    pub en: &'static str,
    /// What the reader sends.
    pub text: &'static str,
}

/// The cards in the dock.
pub const CARDS: [Card; 6] = [
    Card {
        name: "citizen_2021",
        vi: "Thẻ CCCD 2021: Nguyễn Thị Mẫu",
        en: "Citizen card 2021 (7 fields)",
        text: "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm|10052021",
    },
    Card {
        name: "citizen_2024",
        vi: "Thẻ căn cước 2024: Trần Văn Thử",
        en: "Citizen card 2024 (11 fields)",
        text: "001090000017||Trần Văn Thử|20021990|Nam|Phường Minh Họa, Thử Nghiệm|02082024||||",
    },
    Card { name: "passport", vi: "Hộ chiếu: Anna Maria Eriksson", en: "Passport (foreigner)", text: crate::card::PASSPORT },
    Card { name: "courier", vi: "Thẻ bưu tá", en: "Courier's badge", text: "BCCI-HN0123" },
    Card { name: "parcel", vi: "Bưu gửi, mã đúng", en: "Parcel, right code", text: "RR473124829VN" },
    Card { name: "parcel_wrong", vi: "Bưu gửi, sai số kiểm tra", en: "Parcel, wrong check digit", text: "BK990032289VN" },
];
