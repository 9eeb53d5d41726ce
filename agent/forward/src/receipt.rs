//! The proof that a message may be deleted here.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use motcua_model::hub::{Message, Receipt, SignedReceipt};
use sha2::{Digest as _, Sha256};

/// The receipt, if the hub signed it and it speaks of exactly these bytes and files. The error says what differs.
pub(crate) fn verify(key: &VerifyingKey, signed: &SignedReceipt, message: &Message, json: &[u8]) -> Result<Receipt, &'static str> {
    let signature = BASE64_STANDARD.decode(&signed.signature).map_err(|_| "its signature is not base64")?;
    let signature = Signature::from_slice(&signature).map_err(|_| "its signature has the wrong length")?;
    key.verify_strict(signed.receipt.as_bytes(), &signature).map_err(|_| "its signature is not the hub's")?;
    let receipt: Receipt = serde_json::from_str(&signed.receipt).map_err(|_| "its text is not a receipt")?;
    if receipt.message != message.id {
        return Err("it is for another message");
    }
    if receipt.device != message.device {
        return Err("it is for another device");
    }
    if receipt.digest != hex::encode(Sha256::digest(json)) {
        return Err("its digest is not the message's");
    }
    if !receipt.files.iter().eq(message.files.iter().map(|f| &f.file.sha256)) {
        return Err("its list of files is not the message's");
    }
    Ok(receipt)
}
