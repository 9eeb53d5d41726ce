//! Signing a PDF with the officer's token: PAdES baseline B-B (ETSI EN 319 142-1), a visible block at the top right of page 1
//! (TT 05/2025/TT-BNV Đ.8, NĐ 30/2020/NĐ-CP), and later a time stamp.
//!
//! A signature is an incremental update: the bytes before stay an exact prefix, so earlier signatures stay valid, and a PDF/A stays
//! one. [`prepare`] and [`Prepared::complete`] are the pure part; [`Token`] is the only one that touches hardware.

mod block;
mod certificate;
mod cms;
mod der;
mod document;
mod many;
mod timestamp;
mod token;
mod update;
mod words;

pub use block::SignatureBlock;
pub use certificate::{CertificateProblem, Scheme};
pub use document::{PdfProblem, Prepared, prepare};
pub use many::{Batch, Stop, Waiting, sign_all};
pub use timestamp::{Pending, Stamped, TimestampProblem, request_timestamp};
pub use token::{Key, Pin, Token, TokenProblem, TriesLeft, Which};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use certificate::Certificate;

/// Why a file is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The file, or what its block should say.
    #[error(transparent)]
    Pdf(#[from] PdfProblem),
    /// The signer's certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateProblem),
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenProblem),
}

/// What the signer should know although the file is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// Nobody has asked the authority: this was done without a network (TT 05/2025/TT-BNV asks for the warning).
    RevocationUnchecked,
    /// The certificate ends within so many days.
    EndsSoon {
        /// Whole days left.
        days: i64,
    },
}

/// A signed PDF.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// The PDF; what was signed is an exact prefix.
    pub pdf: Vec<u8>,
    /// The signer's name in the certificate.
    pub signer: String,
    /// What the signer should know.
    pub warnings: Vec<Warning>,
}

/// Says nothing of what is in the document.
impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("pdf", &self.pdf.len()).field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

/// A renewal takes an office some weeks.
const SOON_DAYS: i64 = 30;

/// Signs one PDF. A file that has signatures already gets one more, and those before stay valid.
///
/// # Errors
/// [`SignError`]; the file is then unsigned, as it was.
pub fn sign(pdf: &[u8], block: &SignatureBlock, key: &mut impl Key) -> Result<Signed, SignError> {
    let certificate = key.certificate().to_vec();
    let chain = key.chain().to_vec();
    let signer = Certificate::read(&certificate)?;
    signer.check(block.at)?;
    let prepared = prepare(pdf, block, cms::room(&signer, &chain))?;
    let attributes = cms::signed_attributes(prepared.digest(), &certificate);
    let digest: [u8; 32] = Sha256::digest(&attributes).into();
    let signature = key.sign_digest(signer.scheme, &digest)?;
    if !cms::is_signature_of(&signer, &digest, &signature) {
        return Err(TokenProblem::OtherKey.into());
    }
    let pdf = prepared.complete(&cms::signed_data(&signer, &chain, &attributes, &signature))?;
    Ok(Signed { pdf, warnings: warnings(&signer, block.at)?, signer: signer.name })
}

fn warnings(signer: &Certificate<'_>, at: Timestamp) -> Result<Vec<Warning>, CertificateProblem> {
    let days = (signer.validity()?.1.as_second() - at.as_second()) / 86_400;
    let soon = (days < SOON_DAYS).then_some(Warning::EndsSoon { days });
    Ok([Warning::RevocationUnchecked].into_iter().chain(soon).collect())
}
