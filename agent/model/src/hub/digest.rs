//! `Content-Digest` (RFC 9530): whether a body arrived as it was sent.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

/// The value of [`super::CONTENT_DIGEST`] for a body, `sha-256=:<base64>:`.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(body)))
}

/// Whether a header's value agrees with the body. Other algorithms than `sha-256` are ignored, as the RFC allows.
pub fn check_content_digest(value: &str, body: &[u8]) -> Result<(), DigestMismatch> {
    let said = value.split(',').filter_map(|member| member.trim().strip_prefix("sha-256=")).next_back();
    match said {
        Some(said) if format!("sha-256={said}") != content_digest(body) => Err(DigestMismatch),
        Some(_) | None => Ok(()),
    }
}

/// The body is not the one that the digest was made of, or the digest is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Content-Digest does not agree with the body")]
pub struct DigestMismatch;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_own_example_agrees() {
        let body = b"{\"hello\": \"world\"}\n";
        let said = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        assert_eq!(content_digest(body), said);
        assert_eq!(check_content_digest(&format!("sha-512=:AA==:, {said}"), body), Ok(()));
    }

    #[test]
    fn a_changed_body_or_a_broken_value_does_not() {
        let said = content_digest(b"one");
        for (value, body) in [(said.as_str(), &b"two"[..]), ("sha-256=", b"one"), ("sha-256=:!:", b"one")] {
            assert_eq!(check_content_digest(value, body), Err(DigestMismatch), "{value}");
        }
        assert_eq!(check_content_digest("md5=:AA==:", b"one"), Ok(()), "an unknown algorithm is not judged");
    }
}
