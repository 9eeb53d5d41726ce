//! The proof that a message may be deleted here.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use motcua_model::hub::{CATALOGUE_SIGNED, Message, Receipt, SignedCatalogue, SignedReceipt};
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

/// The text of the catalogue, if the hub signed it. The error says what is wrong.
pub(crate) fn catalogue<'s>(key: &VerifyingKey, signed: &'s SignedCatalogue) -> Result<&'s str, &'static str> {
    let signature = BASE64_STANDARD.decode(&signed.signature).map_err(|_| "its signature is not base64")?;
    let signature = Signature::from_slice(&signature).map_err(|_| "its signature has the wrong length")?;
    let text = format!("{CATALOGUE_SIGNED}{}", signed.catalogue);
    key.verify_strict(text.as_bytes(), &signature).map_err(|_| "its signature is not the hub's")?;
    Ok(&signed.catalogue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};
    use jiff::Timestamp;
    use motcua_model::{
        dossier::{FileRef, Handover},
        hub::{MessageBody, NamedFile},
    };
    use uuid::Uuid;

    #[test]
    fn only_the_hubs_own_catalogue_is_taken() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let sign = |text: &str| BASE64_STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
        let text = "{\"version\": 3}".to_owned();
        let good = SignedCatalogue { signature: sign(&format!("{CATALOGUE_SIGNED}{text}")), catalogue: text.clone() };
        assert_eq!(catalogue(&key.verifying_key(), &good), Ok(text.as_str()));
        let changed = SignedCatalogue { catalogue: text.replace('3', "4"), ..good.clone() };
        let as_receipt = SignedCatalogue { signature: sign(&text), ..good.clone() };
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        for (key, signed) in [(&key.verifying_key(), &changed), (&key.verifying_key(), &as_receipt), (&other, &good)] {
            assert_eq!(catalogue(key, signed), Err("its signature is not the hub's"));
        }
        let torn = SignedCatalogue { signature: "?".to_owned(), ..good };
        assert!(catalogue(&other, &torn).is_err());
    }

    fn message() -> Message {
        let (id, device) = (Uuid::from_u128(1), "K07".to_owned());
        let file = |n: u8| NamedFile {
            name: format!("{n}.pdf"),
            document: Uuid::from_u128(9),
            file: FileRef { id: Uuid::from_u128(n.into()), sha256: hex::encode([n; 32]), bytes: 1, media: "application/pdf".to_owned() },
            metadata: None,
        };
        let body = MessageBody::Handover(Handover {
            id,
            device: device.clone(),
            agency: "H15".to_owned(),
            courier: "BC-0007".to_owned(),
            parcels: Vec::new(),
            closed: Timestamp::UNIX_EPOCH,
            direction: motcua_model::handover::Direction::Fetch,
            begun: None,
            announced: 0,
            differences: Vec::new(),
            signatures: motcua_model::handover::Signatures::default(),
        });
        Message { id, device, sequence: 1, moment: None, body, files: vec![file(5), file(6)] }
    }

    /// What the verdict is on a truly signed receipt with something changed before signing.
    fn verdict(change: fn(&mut Receipt)) -> Result<Receipt, &'static str> {
        let (key, message) = (SigningKey::from_bytes(&[3; 32]), message());
        let json = serde_json::to_vec(&message).unwrap();
        let mut receipt = Receipt {
            message: message.id,
            device: message.device.clone(),
            digest: hex::encode(Sha256::digest(&json)),
            files: message.files.iter().map(|f| f.file.sha256.clone()).collect(),
            official_code: None,
            stored: Timestamp::UNIX_EPOCH,
        };
        change(&mut receipt);
        let text = serde_json::to_string(&receipt).unwrap();
        let signature = BASE64_STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
        verify(&key.verifying_key(), &SignedReceipt { receipt: text, signature }, &message, &json)
    }

    #[test]
    fn a_receipt_for_exactly_this_message_is_accepted() {
        assert_eq!(verdict(|_| ()).map(|r| r.message), Ok(Uuid::from_u128(1)));
    }

    #[test]
    fn a_signed_receipt_for_anything_else_is_not() {
        assert_eq!(verdict(|r| r.message = Uuid::from_u128(2)), Err("it is for another message"));
        assert_eq!(verdict(|r| r.device = "K08".to_owned()), Err("it is for another device"));
        assert_eq!(verdict(|r| r.digest = hex::encode([0; 32])), Err("its digest is not the message's"));
        let wrong_files = Err("its list of files is not the message's");
        assert_eq!(verdict(|r| r.files.swap(0, 1)), wrong_files);
        assert_eq!(verdict(|r| r.files.truncate(1)), wrong_files);
        assert_eq!(verdict(|r| r.files.push(hex::encode([5; 32]))), wrong_files);
    }

    #[test]
    fn what_is_not_signed_by_the_hub_is_not_read() {
        let (key, message) = (SigningKey::from_bytes(&[3; 32]).verifying_key(), message());
        let of =
            |signature: &str| verify(&key, &SignedReceipt { receipt: "{}".to_owned(), signature: signature.to_owned() }, &message, b"");
        assert_eq!(of("?"), Err("its signature is not base64"));
        assert_eq!(of("AAAA"), Err("its signature has the wrong length"));
        assert_eq!(of(&BASE64_STANDARD.encode([1; 64])), Err("its signature is not the hub's"));
    }
}
