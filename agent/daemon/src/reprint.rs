//! The proof of a filing once more: what is kept for it, and who may have it without a card.

use crate::worker::Storage;
use jiff::Timestamp;
use motcua_flow::{DigitsVerdict, HeldProof, KeptProof};
use motcua_model::{Private, api::DigitsRefused};
use motcua_store::DigitTries;
use uuid::Uuid;

pub(crate) async fn keep(storage: &Storage, dossier: Uuid, proof: &KeptProof, fee_vnd: u32) -> anyhow::Result<()> {
    let body = serde_json::to_string(proof)?;
    storage.call(move |s| Ok(s.keep_proof(dossier, &body, fee_vnd)?)).await
}

/// The count of wrong digits is on the disk before the answer: pulling the plug buys no further try.
pub(crate) async fn check(storage: &Storage, code: String, digits: Private, now: Timestamp) -> anyhow::Result<DigitsVerdict> {
    Ok(match storage.call(move |s| Ok(s.proof_for(&code, digits.reveal(), now)?)).await? {
        DigitTries::Right(held) => {
            let proof: KeptProof = serde_json::from_str(&held.body)?;
            DigitsVerdict::Right(Box::new(HeldProof { dossier: held.dossier, proof, fee: held.fee }))
        }
        DigitTries::Left(left) => DigitsVerdict::Refused(DigitsRefused::Wrong { left }),
        DigitTries::Locked => DigitsVerdict::Refused(DigitsRefused::Locked),
    })
}
