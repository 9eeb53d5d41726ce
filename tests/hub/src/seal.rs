//! What both engines do alike: names of files, official codes, receipts, verdicts.

use crate::problem::Refusal;
use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{Timestamp, tz::TimeZone};
use motcua_model::{
    Private, fold,
    hub::{AuditFlag, AuditHead, CATALOGUE_SIGNED, MessageBody, NamedFile, PersonKey, Receipt, SignedCatalogue, SignedReceipt},
};
use std::collections::HashSet;

/// What signs and numbers.
#[derive(Clone)]
pub(crate) struct Seal {
    pub(crate) key: SigningKey,
    pub(crate) agency: String,
}

impl Seal {
    pub(crate) fn sign(&self, receipt: &Receipt) -> Result<SignedReceipt> {
        let text = serde_json::to_string(receipt).context("a receipt cannot be written")?;
        let signature = BASE64_STANDARD.encode(self.key.sign(text.as_bytes()).to_bytes());
        Ok(SignedReceipt { receipt: text, signature })
    }

    pub(crate) fn sign_catalogue(&self, catalogue: String) -> SignedCatalogue {
        let text = format!("{CATALOGUE_SIGNED}{catalogue}");
        SignedCatalogue { signature: BASE64_STANDARD.encode(self.key.sign(text.as_bytes()).to_bytes()), catalogue }
    }

    /// `<agency>-<yyMMdd>-<number of the day>`.
    pub(crate) fn code(&self, day: &str, number: i64) -> String {
        format!("{}-{day}-{number:04}", self.agency)
    }
}

/// `yyMMdd`: days are the office's, not UTC's.
pub(crate) fn office_day(now: Timestamp) -> Result<String> {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").context("the time zone Asia/Ho_Chi_Minh is unknown")?;
    Ok(now.to_zoned(zone).strftime("%y%m%d").to_string())
}

/// [`kind`] of papers that a person added to a dossier.
pub(crate) const SUPPLEMENT: &str = "supplement";

pub(crate) fn kind(body: &MessageBody) -> &'static str {
    match body {
        // Added papers get no code of their own.
        MessageBody::Dossier(dossier) if dossier.particulars.adds_to.is_some() => SUPPLEMENT,
        MessageBody::Dossier(_) => "dossier",
        MessageBody::Handover(_) => "handover",
        MessageBody::Correction(_) => "correction",
        MessageBody::Opinion(_) => "opinion",
        MessageBody::Satisfaction(_) => "satisfaction",
        MessageBody::Quality(_) => "quality",
    }
}

pub(crate) fn other_device() -> Refusal {
    Refusal::new(403, "Other device", "this belongs to another device; send only this device's own messages")
}

pub(crate) fn key_used() -> Refusal {
    Refusal::new(422, "Key used", "the idempotency key was used with another body; send that body, or a new key")
}

pub(crate) fn at_work() -> Refusal {
    Refusal { retry_after: Some(1), ..Refusal::new(409, "At work", "another request with this key is being worked on; try again") }
}

pub(crate) fn wrong_offset(held: u64) -> Refusal {
    Refusal { offset: Some(held), ..Refusal::new(409, "Wrong offset", "continue from Upload-Offset") }
}

/// Audit heads that are kept of one device. The highest alone shows a chain that lost its end, and one that was written anew and
/// is as long; the others, some hours of them, show the second while it is shorter.
pub(crate) const HEADS_KEPT: i64 = 100;

/// What is wrong with a chain that ends in `head`: `highest` is the highest number told so far, `same` the hash
/// that was told with the head's own number.
pub(crate) fn judge(highest: Option<u64>, same: Option<&str>, head: &AuditHead) -> Option<AuditFlag> {
    if same.is_some_and(|hash| hash != head.hash) {
        return Some(AuditFlag::OtherHash);
    }
    highest.is_some_and(|highest| head.number < highest).then_some(AuditFlag::WentBack)
}

/// A person's kind and number, as tables know them, and the name to compare.
pub(crate) fn key_parts(key: &PersonKey) -> (&'static str, Private, Option<String>) {
    match key {
        PersonKey::Citizen { number, name } => ("citizen", Private::new(number.reveal()), Some(fold(name.reveal()))),
        PersonKey::Passport { number, name } => {
            ("passport", Private::new(number.reveal().trim().to_uppercase()), Some(fold(name.reveal())))
        }
        PersonKey::Organisation { tax_code } => ("organisation", Private::new(tax_code.reveal().replace('-', "")), None),
    }
}

/// Names that are safe in a folder and differ from each other and from the hub's own files.
pub(crate) fn stored_names(files: &[NamedFile]) -> Result<Vec<String>, Refusal> {
    let bad = |detail: &str| Refusal::new(400, "Bad message", detail);
    let mut ids = HashSet::new();
    let mut taken: HashSet<String> = ["message.json", "receipt.json"].map(str::to_owned).into();
    let mut names = Vec::new();
    for file in files {
        if !ids.insert(file.file.id) {
            return Err(bad("a file is listed twice; list each file once"));
        }
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if file.file.sha256.len() != 64 || !file.file.sha256.chars().all(is_hex) {
            return Err(bad("a file's sha256 is not 64 lower-case hex digits; correct it"));
        }
        if i64::try_from(file.file.bytes).is_err() {
            return Err(bad("a file's length is beyond all disks; correct it"));
        }
        let mut name = safe_name(&file.name);
        if !taken.insert(name.clone()) {
            name = format!("{}-{name}", file.file.id);
            taken.insert(name.clone());
        }
        names.push(name);
    }
    Ok(names)
}

fn safe_name(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let safe: String = name.trim_start_matches('.').chars().take(100).map(keep).collect();
    if safe.is_empty() { "file".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_folder() {
        assert_eq!(safe_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe_name("02-giay-chung-sinh.pdf"), "02-giay-chung-sinh.pdf");
        assert_eq!(safe_name("..."), "file");
    }

    #[test]
    fn the_codes_day_is_the_offices() {
        let days = ["2026-11-23T16:59:59Z", "2026-11-23T17:00:00Z"].map(|now| office_day(now.parse().unwrap()).unwrap());
        assert_eq!(days, ["261123", "261124"]);
        let seal = Seal { key: SigningKey::from_bytes(&[1; 32]), agency: "H15.50.05".to_owned() };
        let code = seal.code(&days[0], 7);
        assert_eq!(code, "H15.50.05-261123-0007");
        assert!(motcua_model::code::DossierCode::parse(&code).is_ok());
    }

    #[test]
    fn a_chain_that_lost_its_end_or_was_written_anew_shows() {
        let head = |number, hash: &str| AuditHead { number, hash: hash.to_owned() };
        assert_eq!(judge(None, None, &head(5, "aa")), None);
        assert_eq!(judge(Some(5), Some("aa"), &head(5, "aa")), None);
        assert_eq!(judge(Some(5), None, &head(6, "bb")), None);
        assert_eq!(judge(Some(5), None, &head(4, "cc")), Some(AuditFlag::WentBack));
        assert_eq!(judge(Some(5), Some("aa"), &head(5, "dd")), Some(AuditFlag::OtherHash));
    }
}
