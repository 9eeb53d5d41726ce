//! The time stamp over a signed PDF (PAdES B-T by a document time stamp, EN 319 142-1 5.4.3; RFC 3161), as a revision of its own.
//!
//! Pure: [`request_timestamp`] says what to send to the authority, [`Pending::finish`] judges its answer. Signing needs no network;
//! this is done when the file is forwarded.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::error::ErrorStack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId};

use super::cms::{SHA_256, SIGNED_DATA};
use super::der::{EXPLICIT_0, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET, unsigned, write};
use super::document::{PdfProblem, Prepared, prepare_timestamp};

/// id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4.
const TST_INFO: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x04];
const BOOLEAN: u8 = 0x01;
/// Room for a token with a long chain, in bytes; its length is not known before it is asked for.
const ROOM: usize = 16 << 10;

/// Why there is no time stamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampProblem {
    /// PKIStatus is neither granted nor grantedWithMods.
    #[error("the time-stamp authority refuses (status {status}); ask it why, then try again")]
    Refused {
        /// PKIStatus (RFC 3161 2.4.2).
        status: u8,
    },
    /// No TimeStampResp in DER.
    #[error("the time-stamp authority's answer cannot be read; is its address right?")]
    Unreadable,
    /// Stamps something else, or answers another question.
    #[error("the time stamp is for another document; ask for it again")]
    OtherDocument,
    /// Signature or certificate.
    #[error("the time stamp is not by a known authority ({0}); install its certificate if it is the right one")]
    Untrusted(String),
    /// The PDF.
    #[error(transparent)]
    Pdf(#[from] PdfProblem),
}

/// A PDF that waits for its time stamp.
#[derive(Debug, Clone)]
pub struct Pending {
    prepared: Prepared,
    nonce: [u8; 16],
    request: Vec<u8>,
}

/// A PDF with its time stamp.
#[derive(Clone, PartialEq, Eq)]
pub struct Stamped {
    /// The PDF; what was stamped is an exact prefix.
    pub pdf: Vec<u8>,
    /// genTime: it existed then.
    pub at: Timestamp,
}

/// Says nothing of what is in the document.
impl std::fmt::Debug for Stamped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stamped").field("pdf", &self.pdf.len()).field("at", &self.at).finish()
    }
}

/// Prepares the revision. `nonce` is random, it ties the answer to this request.
///
/// # Errors
/// [`PdfProblem`]
pub fn request_timestamp(pdf: &[u8], nonce: [u8; 16]) -> Result<Pending, PdfProblem> {
    let prepared = prepare_timestamp(pdf, ROOM)?;
    let algorithm = write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[SHA_256])]);
    let imprint = write(SEQUENCE, &[&algorithm, &write(OCTET_STRING, &[prepared.digest()])]);
    // With the authority's certificate, so that the stamp can be judged for ever.
    let request = write(SEQUENCE, &[&unsigned(&[1]), &imprint, &unsigned(&nonce), &write(BOOLEAN, &[&[0xFF]])]);
    Ok(Pending { prepared, nonce, request })
}

impl Pending {
    /// The TimeStampReq in DER: the body of a POST of type application/timestamp-query (RFC 3161 3.4).
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Judges the answer and puts the stamp in. `authorities` are the certificates (DER) of the roots that are trusted for it.
    ///
    /// # Errors
    /// [`TimestampProblem`]
    pub fn finish(self, response: &[u8], authorities: &[Vec<u8>]) -> Result<Stamped, TimestampProblem> {
        let token = granted(response)?;
        let stamp = Stamp::read(token).ok_or(TimestampProblem::Unreadable)?;
        let nonce = unsigned(&self.nonce);
        if stamp.digest != self.prepared.digest() || stamp.nonce != Reader(&nonce).take(INTEGER) {
            return Err(TimestampProblem::OtherDocument);
        }
        let signed = verified(token, authorities, stamp.at).map_err(|error| TimestampProblem::Untrusted(reason(&error)))?;
        // What OpenSSL has judged is what was read above.
        if signed != stamp.info {
            return Err(TimestampProblem::Unreadable);
        }
        Ok(Stamped { at: stamp.at, pdf: self.prepared.complete(token)? })
    }
}

fn reason(error: &ErrorStack) -> String {
    error.errors().last().and_then(openssl::error::Error::reason).unwrap_or("unknown").to_owned()
}

/// The token of a TimeStampResp (RFC 3161 2.4.2).
fn granted(response: &[u8]) -> Result<&[u8], TimestampProblem> {
    let read = || {
        let mut response = Reader(response).enter(SEQUENCE)?;
        let status = match response.enter(SEQUENCE)?.take(INTEGER)? {
            [status] => *status,
            _ => return None,
        };
        Some((status, response.any()))
    };
    match read().ok_or(TimestampProblem::Unreadable)? {
        (0 | 1, Some(token)) => Ok(token.whole),
        (0 | 1, None) => Err(TimestampProblem::Unreadable),
        (status, _) => Err(TimestampProblem::Refused { status }),
    }
}

/// What a token says, before it is believed.
struct Stamp<'a> {
    /// TSTInfo in DER.
    info: &'a [u8],
    digest: &'a [u8],
    nonce: Option<&'a [u8]>,
    at: Timestamp,
}

impl<'a> Stamp<'a> {
    /// `None` also for a token with more or less than one signer.
    fn read(token: &'a [u8]) -> Option<Self> {
        let mut content = Reader(token).enter(SEQUENCE)?;
        let mut signed =
            content.take(OBJECT_IDENTIFIER).filter(|kind| *kind == SIGNED_DATA).and(content.enter(EXPLICIT_0))?.enter(SEQUENCE)?;
        signed.take(INTEGER)?;
        signed.take(SET)?;
        let mut encapsulated = signed.enter(SEQUENCE)?;
        encapsulated.take(OBJECT_IDENTIFIER).filter(|kind| *kind == TST_INFO)?;
        let info = encapsulated.enter(EXPLICIT_0)?.take(OCTET_STRING)?;
        let mut signers = std::iter::from_fn(|| signed.any()).filter(|part| part.tag == SET).last().map(|part| Reader(part.content))?;
        signers.enter(SEQUENCE)?;
        if signers.any().is_some() {
            return None;
        }
        Self::of_info(info)
    }

    /// TSTInfo (RFC 3161 2.4.2).
    fn of_info(info: &'a [u8]) -> Option<Self> {
        let mut parts = Reader(info).enter(SEQUENCE)?;
        parts.take(INTEGER)?;
        parts.take(OBJECT_IDENTIFIER)?;
        let mut imprint = parts.enter(SEQUENCE)?;
        imprint.enter(SEQUENCE)?.take(OBJECT_IDENTIFIER).filter(|algorithm| *algorithm == SHA_256)?;
        let digest = imprint.take(OCTET_STRING)?;
        parts.take(INTEGER)?;
        let at = time(parts.take(GENERALIZED_TIME)?)?;
        // Accuracy and ordering stand before it, if they are there.
        parts.take(SEQUENCE);
        parts.take(BOOLEAN);
        Some(Self { info, digest, nonce: parts.take(INTEGER), at })
    }
}

/// GeneralizedTime in UTC, with or without a fraction of a second, which is left out.
fn time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
    let small = |from: usize| part(from, from + 2).and_then(|value| i8::try_from(value).ok());
    let date = Date::new(part(0, 4)?, small(4)?, small(6)?).ok()?;
    let at = date.to_datetime(jiff::civil::Time::new(small(8)?, small(10)?, small(12)?, 0).ok()?);
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// The content that is signed, if the signer was a time-stamp authority under one of these when it signed.
fn verified(token: &[u8], authorities: &[Vec<u8>], at: Timestamp) -> Result<Vec<u8>, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    for authority in authorities {
        store.add_cert(X509::from_der(authority)?)?;
    }
    let mut parameters = X509VerifyParam::new()?;
    parameters.set_time(at.as_second());
    parameters.set_purpose(X509PurposeId::TIMESTAMP_SIGN)?;
    store.set_param(&parameters)?;
    let mut content = Vec::new();
    CmsContentInfo::from_der(token)?.verify(None, Some(&store.build()), None, Some(&mut content), CMSOptions::BINARY)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_second() {
        let at = |text: &str| time(text.as_bytes()).map(|at| at.to_string());
        assert_eq!(at("20261125070307Z").as_deref(), Some("2026-11-25T07:03:07Z"));
        assert_eq!(at("20261125070307.25Z").as_deref(), Some("2026-11-25T07:03:07Z"));
        for wrong in
            ["20261125070307", "20261325070307Z", "2026112507030Z", "20261125070307.Z0", "+0261125070307Z", "20261125070307+0700", ""]
        {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
