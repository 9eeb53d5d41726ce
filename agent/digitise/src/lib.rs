//! From scanned sides to a searchable PDF: page checks, thumbnails, Vietnamese OCR, fields, QR codes, PDF/A-2u; and its signature
//! ([`sign`]).
//! What arrives as PDF already is checked ([`check_pdf`]).
//!
//! The scanner's JPEG is never altered: it goes byte for byte into the PDF (TT 05/2025/TT-BNV asks for PDF/A with two layers,
//! 24-bit colour, scale 100 %). Only the copy that OCR reads is cleaned, see [`Recognizer`].
//!
//! Set `OMP_THREAD_LIMIT=1` in the environment before the process starts: Tesseract otherwise splits each page over several
//! threads and is slower for it. Parallelism is one [`Recognizer`] per worker thread. With `MALLOC_MMAP_THRESHOLD_=8388608` beside it
//! pages of A3 at 600 dpi take 270 MB, however many came before; without, glibc keeps 70 MB more of the one before. Less than that
//! makes ordinary pages slower: their pieces are fetched from the system again and again.
//!
//! The PDF passes veraPDF 1.31's PDF/A-2b and PDF/A-2u checks (tried by hand on the six pages of `drivers/sim/pages`).
//!
//! Everything here blocks and computes; an async caller runs it on its own threads.

mod arrived;
mod clean;
mod codes;
mod fields;
mod gray;
mod jpeg;
mod layout;
mod ocr;
mod page;
mod paper;
mod pdf;
mod quality;
mod rulings;
mod secrecy;
pub mod sign;
mod source;
mod srgb;
mod whole;
mod zone;

pub use arrived::{Active, ArrivedError, ArrivedPdf, MOST_ARRIVED_BYTES, PageSize, PdfAClaim, check_pdf};
pub use codes::{PageCode, read_codes};
pub use fields::read_fields;
pub use jpeg::PageError;
pub use ocr::{OcrError, PageText, Recognizer, Word, confidence};
pub use page::{Inspection, inspect, smaller, thumbnail};
pub use paper::{Engines, PaperError, recognise_paper};
pub use pdf::{About, PdfError, PdfPage, searchable_pdf};
pub use quality::{Fingerprint, Judged, Measures, judge, paper_area, repeated};
pub use secrecy::secrecy_mark;
pub use source::{SourcePage, source_page};
pub use whole::{RecognisedPage, read_paper};
pub use zone::ZoneReader;
