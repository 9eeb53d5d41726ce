//! A document that arrives as PDF already, on a stick or by upload (NĐ 15/2021/NĐ-CP): checked, then kept byte for byte or refused.
//!
//! Nothing is repaired and nothing is taken out: a signature in it would break, and what is kept would not be what was handed in.
//! A PDF is refused where another program might find in it what was not seen here. Not seen: the
//! inside of attached PDFs. At worst it takes some 200 MB.

mod active;
mod file;
mod lex;
mod pages;
mod unpack;

use lopdf::Object;
use motcua_model::{Text, capitalised};
use sha2::{Digest as _, Sha256};

use file::File;

/// Bytes; three hundred scanned sides.
pub const MOST_ARRIVED_BYTES: usize = 64 << 20;

/// What in a PDF acts by itself, or reaches out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    /// A program in JavaScript (ISO 32000-1 12.6.4.16).
    JavaScript,
    /// Starts a program or opens a file (12.6.4.5).
    Launch,
    /// Sends a form's content to an address (12.7.5.2).
    SubmitForm,
    /// Takes data from a file (12.7.5.4).
    ImportData,
    /// Goes to another file or takes content from one (12.6.4.3, 12.6.4.4, 7.3.8.2).
    OtherFile,
    /// Rich media (ISO 32000-2 13.7).
    RichMedia,
    /// A film, or media in general (13.2, 13.4).
    Movie,
    /// A sound (13.3).
    Sound,
    /// A model in three dimensions, which carries scripts (13.6).
    ThreeD,
    /// A form in XFA, which is a program of its own (12.7.8).
    Xfa,
}

impl Active {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::JavaScript => ("mã JavaScript", "JavaScript"),
            Self::Launch => ("lệnh chạy chương trình", "an action that starts a program"),
            Self::SubmitForm => ("lệnh gửi biểu mẫu qua mạng", "an action that sends a form"),
            Self::ImportData => ("lệnh nhập dữ liệu từ tệp khác", "an action that takes data from a file"),
            Self::OtherFile => ("liên kết đến tệp khác", "a way to another file"),
            Self::RichMedia => ("nội dung đa phương tiện", "rich media"),
            Self::Movie => ("phim", "a film"),
            Self::Sound => ("âm thanh", "sound"),
            Self::ThreeD => ("mô hình 3D", "a 3D model"),
            Self::Xfa => ("biểu mẫu XFA", "an XFA form"),
        }
    }
}

impl std::fmt::Display for Active {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.words().1)
    }
}

/// Why a PDF is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArrivedError {
    /// It does not begin with `%PDF-`: something else, whatever its name says.
    #[error("the file is no PDF; ask for the document as PDF, or scan the paper")]
    NotPdf,
    /// Cut off, or its structure does not hold.
    #[error("the PDF is cut or damaged ({0}); copy it anew, or print the document to PDF again")]
    Broken(String),
    /// With a password, or with the empty one: rights are restricted, and content is hidden from whoever archives it.
    #[error("the PDF is encrypted; ask for a copy without password and without restrictions")]
    Encrypted,
    /// It does something by itself.
    #[error("the PDF contains {0}; print the document to PDF again and bring that")]
    Active(Active),
    /// A program or a file with macros is attached. Refused, not only told: no dossier needs one, and where the dossier is worked on,
    /// a double click starts it.
    #[error("a program is attached to the PDF ({0}); ask for the PDF without attachments")]
    Program(String),
    /// Bytes, more than [`MOST_ARRIVED_BYTES`].
    #[error("the PDF has {0} bytes, more than {MOST_ARRIVED_BYTES}; ask for it in several parts or with smaller pictures")]
    TooLarge(usize),
    /// So many objects, pages or packed bytes that it was made to stop who reads it, or is of no use for a dossier.
    #[error("the PDF contains more than can be checked; print the document to PDF again, in several parts if it is long")]
    TooMuch,
}

impl ArrivedError {
    /// For the clerk; the English is what `Display` says.
    pub fn text(&self) -> Text {
        let vi = match self {
            Self::NotPdf => "Tệp không phải PDF; hãy xin bản PDF hoặc quét giấy tờ.".into(),
            Self::Broken(_) => "Tệp PDF bị cắt cụt hoặc hỏng; hãy sao chép lại hoặc in ra PDF lần nữa.".into(),
            Self::Encrypted => "Tệp PDF bị mã hóa; hãy xin bản không có mật khẩu và không bị hạn chế.".into(),
            Self::Active(active) => format!("Tệp PDF chứa {}; hãy in lại tài liệu ra PDF rồi nộp bản đó.", active.words().0),
            Self::Program(name) => format!("Tệp PDF đính kèm chương trình ({name}); hãy xin bản không có tệp đính kèm."),
            Self::TooLarge(bytes) => {
                format!("Tệp PDF có {bytes} byte, quá {MOST_ARRIVED_BYTES}; hãy chia thành nhiều phần hoặc giảm cỡ ảnh.")
            }
            Self::TooMuch => "Tệp PDF chứa nhiều hơn mức kiểm tra được; hãy in lại ra PDF, chia nhiều phần nếu dài.".into(),
        };
        Text::new(vi, capitalised(&self.to_string()) + ".")
    }
}

/// A page as it is seen, turned as it says; millimetres (ISO 32000-1 7.7.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// From left to right.
    pub width_mm: u32,
    /// From top to bottom.
    pub height_mm: u32,
}

/// What the XMP claims (ISO 19005); nobody has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfAClaim {
    /// 1 to 4.
    pub part: u8,
    /// `A`, `B`, `U`, …; part 4 may have none.
    pub conformance: Option<char>,
}

/// A PDF that may be kept as it is, and what a clerk must know of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ArrivedPdf {
    /// In their order; never empty.
    pub pages: Vec<PageSize>,
    /// Some page shows text as text, not as a picture alone.
    pub has_text: bool,
    /// Some page shows a picture.
    pub has_pictures: bool,
    /// As `1.7`: the header's, or the catalogue's where that is later.
    pub version: String,
    /// Where the file says that it is PDF/A.
    pub pdf_a: Option<PdfAClaim>,
    /// Signatures and document time stamps in it. None of them is verified here.
    pub signatures: usize,
    /// Links to web addresses; they do nothing until somebody touches them.
    pub links: usize,
    /// Names of attached files. What is in them is not checked, but that none is a program.
    pub attached: Vec<String>,
    /// Of the whole file, as it arrived.
    pub sha256: [u8; 32],
}

/// Says nothing of what the document is about.
impl std::fmt::Debug for ArrivedPdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrivedPdf")
            .field("pages", &self.pages.len())
            .field("has_text", &self.has_text)
            .field("has_pictures", &self.has_pictures)
            .field("version", &self.version)
            .field("pdf_a", &self.pdf_a)
            .field("signatures", &self.signatures)
            .field("links", &self.links)
            .field("attached", &self.attached.len())
            .finish_non_exhaustive()
    }
}

/// Looks through a PDF that somebody brings. Memory and time are bounded, whatever the bytes are.
///
/// # Errors
/// [`ArrivedError`]: why it is refused.
pub fn check_pdf(bytes: &[u8]) -> Result<ArrivedPdf, ArrivedError> {
    if bytes.len() > MOST_ARRIVED_BYTES {
        return Err(ArrivedError::TooLarge(bytes.len()));
    }
    // Readers take a PDF that begins later, too; then it may be a program or a web page as well.
    let version = bytes.strip_prefix(b"%PDF-").ok_or(ArrivedError::NotPdf)?;
    let mut file = File::read(bytes)?;
    let (active, links) = active::search(&file);
    if let Some(active) = active {
        return Err(ArrivedError::Active(active));
    }
    let attached = active::attachments(&mut file)?;
    let (pages, shown) = pages::pages(&mut file)?;
    Ok(ArrivedPdf {
        pages,
        has_text: shown.text,
        has_pictures: shown.pictures,
        version: pages::version(&file, version),
        pdf_a: pages::pdf_a(&mut file)?,
        signatures: pages::signatures(&file),
        links,
        attached,
        sha256: Sha256::digest(bytes).into(),
    })
}

/// A file's name in a file specification; UTF-16 or PDFDocEncoding.
fn name_of(object: &Object) -> Option<String> {
    lopdf::decode_text_string(object).ok().map(|name| name.chars().filter(|letter| !letter.is_control()).take(200).collect())
}
