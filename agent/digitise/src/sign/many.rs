//! Many files with one PIN: the token is opened once and signs one after the other.

use super::{Key, SignError, SignatureBlock, Signed, TokenProblem, sign};

/// A file that waits for the officer's token.
#[derive(Clone)]
pub struct Waiting {
    /// What the officer knows it by.
    pub name: String,
    /// Its bytes.
    pub pdf: Vec<u8>,
    /// What the block shall say.
    pub block: SignatureBlock,
}

/// Says nothing of what is in the document.
impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("name", &self.name).field("pdf", &self.pdf.len()).finish_non_exhaustive()
    }
}

/// What became of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<E> {
    /// Names of those that are signed and were kept.
    pub signed: Vec<String>,
    /// Those that cannot be signed, each with its reason; the ones behind them went on.
    pub refused: Vec<(String, SignError)>,
    /// The file at which it ended early, and why. It and those behind it are as they were.
    pub stopped: Option<(String, Stop<E>)>,
}

/// Why the rest is left as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<E> {
    /// The token or its certificate: the next file would fare no better.
    Signing(SignError),
    /// A signed file could not be kept.
    Keeping(E),
}

/// Signs one file after the other; `keep` gets each as soon as it is signed. Files are taken from `waiting` when their turn comes,
/// so that only one is in memory.
pub fn sign_all<E>(
    waiting: impl IntoIterator<Item = Waiting>,
    key: &mut impl Key,
    mut keep: impl FnMut(&str, Signed) -> Result<(), E>,
) -> Batch<E> {
    let mut batch = Batch { signed: Vec::new(), refused: Vec::new(), stopped: None };
    for Waiting { name, pdf, block } in waiting {
        match sign(&pdf, &block, key) {
            Ok(signed) => match keep(&name, signed) {
                Ok(()) => batch.signed.push(name),
                Err(error) => {
                    batch.stopped = Some((name, Stop::Keeping(error)));
                    break;
                }
            },
            Err(SignError::Pdf(problem)) => batch.refused.push((name, problem.into())),
            Err(error @ (SignError::Token(_) | SignError::Certificate(_))) => {
                batch.stopped = Some((name, Stop::Signing(error)));
                break;
            }
        }
    }
    batch
}

impl SignError {
    /// Is it over when the token is plugged in again?
    pub fn waits_for_token(&self) -> bool {
        matches!(self, Self::Token(TokenProblem::Gone | TokenProblem::NotIn { .. }))
    }
}
