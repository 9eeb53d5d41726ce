//! What can go wrong in front of a person, with the words for it.

use crate::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fault that a screen shows. One cause, one title, one instruction (ux.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The scanner does not answer.
    ScannerGone,
    /// Another program or job holds the scanner.
    ScannerBusy,
    /// Paper jam.
    ScannerJam,
    /// Cover open.
    ScannerCoverOpen,
    /// Feeder empty at the start.
    ScannerEmpty,
    /// Two sheets at once.
    ScannerDoubleFeed,
    /// The scanner ended without saying that the batch is complete.
    ScannerUnsure,
    /// A page arrived damaged.
    PageDamaged,
    /// The printer does not answer.
    PrinterGone,
    /// Paper out.
    PrinterPaperOut,
    /// Cover open.
    PrinterCoverOpen,
    /// Cutter or other error of the printer.
    PrinterError,
    /// The barcode reader sent something that is not a citizen card.
    NotACard,
    /// The barcode reader sent bytes that are no text.
    ReaderGarbage,
    /// The code is not a parcel's.
    NotAParcel,
    /// The code is not a courier's badge.
    NotABadge,
    /// Nothing is known under the code.
    CodeUnknown,
    /// The card was moved or taken away while its chip was read.
    CardMoved,
    /// The chip belongs to another number than the one that was given.
    CardOther,
    /// The chip does not answer as an identity card does.
    CardUnreadable,
    /// What a card must prove for this cannot be proven here: there is no card reader, or the chip failed its checks.
    CardNotProven,
    /// The card reader does not answer.
    CardReaderGone,
    /// A scanned page bears the mark of a state secret: the paper is not scanned here.
    SecretPaper,
    /// The disk refuses to store.
    StoreFailed,
    /// The disk has no room for another dossier.
    DiskFull,
}

/// Words for a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultWords {
    /// What happened.
    pub title: Text,
    /// What to do, one instruction.
    pub advice: Text,
}

impl Fault {
    /// Title and instruction in both languages.
    pub fn words(self) -> FaultWords {
        let (title_vi, title_en, advice_vi, advice_en) = match self {
            Self::ScannerGone => (
                "Máy quét không trả lời",
                "The scanner does not answer",
                "Các trang đã quét vẫn còn. Đợi một lát rồi chạm Thử lại, hoặc gọi cán bộ.",
                "Your scanned pages are safe. Wait a moment and touch Try again, or call staff.",
            ),
            Self::ScannerBusy => {
                ("Máy quét đang bận", "The scanner is busy", "Đợi một lát rồi chạm Thử lại.", "Wait a moment, then touch Try again.")
            }
            Self::ScannerJam => (
                "Giấy bị kẹt",
                "Paper is jammed",
                "Đừng kéo mạnh. Các trang đã quét vẫn còn. Nhờ cán bộ lấy giấy ra, rồi chạm Thử lại.",
                "Do not pull. Your scanned pages are safe. Ask staff to free the paper, then touch Try again.",
            ),
            Self::ScannerCoverOpen => (
                "Nắp máy quét đang mở",
                "The scanner's cover is open",
                "Đóng nắp lại rồi chạm Thử lại.",
                "Close the cover, then touch Try again.",
            ),
            Self::ScannerEmpty => (
                "Chưa thấy giấy trong khay",
                "No paper in the feeder",
                "Đặt giấy vào khay, mặt chữ theo hình vẽ, rồi chạm Thử lại.",
                "Put the paper into the feeder as in the picture, then touch Try again.",
            ),
            Self::ScannerDoubleFeed => (
                "Hai tờ đi vào cùng lúc",
                "Two sheets went in together",
                "Tách các tờ giấy ra, đặt lại, rồi chạm Thử lại.",
                "Separate the sheets, put them back, then touch Try again.",
            ),
            Self::ScannerUnsure => (
                "Máy quét dừng giữa chừng",
                "The scanner stopped half-way",
                "Các trang đã quét vẫn còn. Đếm lại số trang, rồi chạm Thử lại nếu thiếu.",
                "Your scanned pages are safe. Count the pages, then touch Try again if some are missing.",
            ),
            Self::PageDamaged => (
                "Một trang quét bị hỏng",
                "A page came out damaged",
                "Trang hỏng đã bỏ, các trang khác vẫn còn. Đặt lại tờ đó rồi chạm Thử lại.",
                "The bad page was dropped, the others are safe. Put that sheet back, then touch Try again.",
            ),
            Self::PrinterGone => (
                "Máy in không trả lời",
                "The printer does not answer",
                "Mọi thứ đã lưu an toàn. Chụp lại mã trên màn hình, hoặc gọi cán bộ.",
                "Everything is stored safely. Photograph the code on the screen, or call staff.",
            ),
            Self::PrinterPaperOut => (
                "Máy hết giấy in",
                "The printer is out of paper",
                "Mọi thứ đã lưu an toàn. Chụp lại mã này, hoặc đợi cán bộ thay giấy: phiếu sẽ in tiếp.",
                "Everything is stored safely. Photograph this code, or wait for new paper: the slip will be printed.",
            ),
            Self::PrinterCoverOpen => (
                "Nắp máy in đang mở",
                "The printer's cover is open",
                "Mọi thứ đã lưu an toàn. Đóng nắp lại: phiếu sẽ in tiếp.",
                "Everything is stored safely. Close the cover: the slip will be printed.",
            ),
            Self::PrinterError => (
                "Máy in báo lỗi",
                "The printer reports an error",
                "Mọi thứ đã lưu an toàn. Chụp lại mã trên màn hình, hoặc gọi cán bộ.",
                "Everything is stored safely. Photograph the code on the screen, or call staff.",
            ),
            Self::NotACard => (
                "Đây không phải mã trên thẻ căn cước",
                "This is not the code of an ID card",
                "Quét mã vuông (QR) trên thẻ: thẻ 2021 ở mặt trước, thẻ 2024 ở mặt sau.",
                "Scan the square (QR) code of the card: 2021 card on the front, 2024 card on the back.",
            ),
            Self::ReaderGarbage => (
                "Chưa đọc được",
                "Not read",
                "Bỏ bao thẻ, lau mặt thẻ, giữ yên rồi quét lại.",
                "Take off the cover, wipe the card, hold it still and scan again.",
            ),
            Self::NotAParcel => (
                "Đây không phải mã bưu gửi",
                "This is not a parcel code",
                "Quét mã vạch trên nhãn của bưu gửi.",
                "Scan the barcode on the parcel's label.",
            ),
            Self::NotABadge => (
                "Đây không phải thẻ bưu tá",
                "This is not a courier's badge",
                "Quét mã trên thẻ bưu tá.",
                "Scan the code on the courier's badge.",
            ),
            Self::CodeUnknown => (
                "Không tìm thấy mã này",
                "This code was not found",
                "Xem lại mã trên phiếu rồi điền lại, hoặc hỏi cán bộ.",
                "Check the code on the slip and type it again, or ask staff.",
            ),
            Self::CardMoved => (
                "Thẻ bị nhấc lên khi đang đọc",
                "The card was moved while it was read",
                "Đặt lại thẻ lên đầu đọc và giữ yên.",
                "Put the card back on the reader and keep it still.",
            ),
            Self::CardOther => (
                "Đây là thẻ khác",
                "This is another card",
                "Đặt đúng thẻ vừa quét mã vuông lên đầu đọc, rồi chạm Đọc lại.",
                "Put the card whose square code was scanned on the reader, then touch Read again.",
            ),
            Self::CardNotProven => (
                "Chưa xem được bằng thẻ này",
                "This card cannot be used for this",
                "Dùng mã trên phiếu, hoặc mang thẻ đến quầy.",
                "Use the code on the slip, or bring the card to the desk.",
            ),
            Self::CardUnreadable => (
                "Chưa đọc được chip",
                "The chip could not be read",
                "Bỏ bao thẻ, đặt sát thẻ lên đầu đọc, rồi chạm Đọc lại.",
                "Take off the cover, lay the card flat on the reader, then touch Read again.",
            ),
            Self::CardReaderGone => (
                "Đầu đọc thẻ không trả lời",
                "The card reader does not answer",
                "Chạm Bỏ qua để làm tiếp. Cán bộ sẽ kiểm tra thẻ sau.",
                "Touch Skip to go on. Staff will check the card later.",
            ),
            Self::DiskFull => (
                "Máy đã đầy, chưa nhận thêm hồ sơ",
                "The machine is full and takes no new files",
                "Mời đến quầy để nộp. Hồ sơ đã nộp trước đây vẫn an toàn.",
                "Please go to the desk. Files sent earlier are safe.",
            ),
            Self::SecretPaper => (
                "Giấy này có dấu mật",
                "This paper bears a secrecy mark",
                "Giấy mật không quét ở đây. Ảnh đã quét đã xoá. Mang giấy này đến quầy.",
                "A secret paper is not scanned here. Its pictures are erased. Bring this paper to the desk.",
            ),
            Self::StoreFailed => (
                "Máy chưa lưu được hồ sơ",
                "The file could not be stored",
                "Chưa có gì được gửi. Gọi cán bộ giúp; giấy tờ gốc giữ lại.",
                "Nothing was sent. Call staff; keep your original papers.",
            ),
        };
        FaultWords { title: Text::new(title_vi, title_en), advice: Text::new(advice_vi, advice_en) }
    }
}
