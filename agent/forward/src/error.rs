//! What went wrong on the way to the hub, sorted by who must act.

use crate::probe::is_cut;
use jiff::Timestamp;
use motcua_model::hub::Problem;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use rustls::AlertDescription;
use std::{error::Error, fmt, io, time::Duration};

/// Why a call to the hub gave no answer to rely on. The text names no person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ForwardError {
    /// Who must act.
    pub class: Class,
    /// What failed, its cause, the next step.
    pub message: String,
    /// The hub's own wish, if it gave one; [`crate::retry::delay`] obeys it.
    pub retry_after: Option<Duration>,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody: the line is down or cut. Try again.
    Network,
    /// Nobody here: the hub is busy or broken. Try again, also with the messages after this one.
    Server,
    /// The technician: this device's certificate, the hub's, or the clock. No message will pass until then.
    Credential,
    /// The technician: the hub will never take this message as it is, or this device cannot read one of its
    /// files. Set it aside after a few tries; the messages after it may pass.
    Rejected,
    /// The hub's operator: the receipt does not prove what it must. The dossier stays here.
    BadReceipt,
}

impl Class {
    /// For logs and metrics; constant.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Server => "server",
            Self::Credential => "credential",
            Self::Rejected => "rejected",
            Self::BadReceipt => "bad_receipt",
        }
    }

    /// True where every other message would fail the same way: end the batch and wait.
    pub fn stops_the_batch(self) -> bool {
        match self {
            Self::Network | Self::Server | Self::Credential => true,
            Self::Rejected | Self::BadReceipt => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ForwardError {
    pub(crate) fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after: None }
    }

    /// No answer came. `what` names the step, for example `sending the message`.
    pub(crate) fn no_answer(what: &str, error: &reqwest::Error) -> Self {
        if let Some(tls) = tls_error(error).filter(|tls| is_credential(tls)) {
            return Self::credential(what, tls);
        }
        let cause = if error.is_timeout() { "no answer from the hub in time" } else { "no connection to the hub" };
        let next = "It is tried again by itself; check cable, address and hub if it lasts";
        Self::new(Class::Network, format!("{what} failed: {cause} ({}). {next}", causes(error)))
    }

    /// The certificates do not please.
    pub(crate) fn credential(what: &str, tls: &rustls::Error) -> Self {
        if matches!(tls, rustls::Error::AlertReceived(AlertDescription::CertificateRevoked)) {
            let text = format!(
                "{what} failed: the hub says that this device's certificate was revoked ({tls}). What waits is kept here. Ask the hub's operator why; if the device goes on, install a new certificate and key"
            );
            return Self::new(Class::Credential, text);
        }
        let text = format!(
            "{what} failed: the hub and this device do not accept each other's certificate ({tls}). Check this device's clock, then renew its certificate or install the hub's present CA file"
        );
        Self::new(Class::Credential, text)
    }

    /// An answer came, but no good one.
    pub(crate) fn bad_answer(what: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let said = match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => format!("{status} {}: {}", problem.title, problem.detail),
            Err(_) => status.to_string(),
        };
        let class = class_of_status(status);
        let next = match class {
            Class::Credential => "Renew this device's certificate or ask the hub's operator to allow the device",
            Class::Rejected => "It is set aside for the technician; show this line to the hub's operator",
            Class::Network | Class::Server | Class::BadReceipt => "It is tried again by itself",
        };
        let message = format!("{what} failed: the hub answered {said}. {next}");
        Self { class, message, retry_after: retry_after(headers) }
    }
}

/// 408, 409, 423, 425 and 429 pass with time; 401 is about the device; every other 4xx about the message.
pub(crate) fn class_of_status(status: u16) -> Class {
    match status {
        401 => Class::Credential,
        408 | 409 | 423 | 425 | 429 => Class::Server,
        400..=499 => Class::Rejected,
        _ => Class::Server,
    }
}

/// Seconds, or a date measured against the answer's own `Date`: the clock here may be wrong.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = http_date(headers.get(DATE)?)?;
    let then = http_date(headers.get(RETRY_AFTER)?)?;
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

fn http_date(value: &HeaderValue) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(value.to_str().ok()?).ok()?.timestamp())
}

/// The TLS error at the bottom, if there is one. With TLS 1.3 the hub's refusal of a client certificate
/// comes after the handshake, as a read error: the same search finds it.
pub(crate) fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// Whether the other side ended a connection that was there.
pub(crate) fn was_cut(error: &(dyn Error + 'static)) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).any(|error| is_cut(error.kind()))
}

/// An error and its causes.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // `source` of an io::Error skips the error it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

pub(crate) fn is_credential(error: &rustls::Error) -> bool {
    if let rustls::Error::AlertReceived(alert) = error {
        return is_credential_alert(*alert);
    }
    matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented | rustls::Error::UnsupportedNameType)
}

/// RFC 8446, 6.2: 42-46 bad, unsupported, revoked, expired, unknown certificate; 48 unknown CA; 49 access
/// denied to a valid certificate; 51 a signature does not verify, as with a CA of the same name and another
/// key; 116 certificate required.
fn is_credential_alert(alert: AlertDescription) -> bool {
    matches!(u8::from(alert), 42..=46 | 48 | 49 | 51 | 116)
}

pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = cause.source();
    }
    if texts.is_empty() { "no further cause known".to_owned() } else { texts.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_sorted_by_who_must_act() {
        let of = |status| ForwardError::bad_answer("x", status, &HeaderMap::new(), b"").class;
        assert_eq!([400, 403, 404, 413, 422, 460].map(of), [Class::Rejected; 6]);
        assert_eq!([408, 409, 423, 425, 429, 500, 503, 507, 302].map(of), [Class::Server; 9]);
        assert_eq!(of(401), Class::Credential);
    }

    #[test]
    fn certificate_alerts_are_credentials_and_others_are_not() {
        let of = |byte: u8| is_credential_alert(AlertDescription::from(byte));
        assert_eq!((0..=255).filter(|b| of(*b)).collect::<Vec<u8>>(), [42, 43, 44, 45, 46, 48, 49, 51, 116]);
    }

    #[test]
    fn a_tls_alert_is_found_under_an_io_error() {
        let late = rustls::Error::AlertReceived(AlertDescription::CertificateExpired);
        let io = io::Error::new(io::ErrorKind::InvalidData, late.clone());
        assert_eq!(tls_error(&io), Some(&late));
        assert_eq!(tls_error(&io::Error::other("plain")), None);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_against_the_hubs_own_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("120"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(120)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Mon, 23 Nov 2026 08:00:30 GMT"));
        assert_eq!(retry_after(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("Mon, 23 Nov 2026 08:00:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
        headers.insert(DATE, HeaderValue::from_static("Mon, 23 Nov 2026 09:00:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::ZERO));
    }

    #[test]
    fn the_hubs_own_words_reach_the_reader() {
        let body = br#"{"status":422,"title":"Key used","detail":"the key was used with another body"}"#;
        let error = ForwardError::bad_answer("sending the message", 422, &HeaderMap::new(), body);
        assert_eq!(
            error.to_string(),
            "sending the message failed: the hub answered 422 Key used: the key was used with another body. It is set aside for the technician; show this line to the hub's operator"
        );
    }
}
