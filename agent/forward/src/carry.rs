//! Messages that are carried to the hub on a stick ([`motcua_model::hub::Carried`]): sealing, and the receipt that comes back.

use crate::{HubSettings, receipt};
use ed25519_dalek::VerifyingKey;
use motcua_model::hub::{Message, Receipt, SignedReceipt};
use openssl::{
    cms::{CMSOptions, CmsContentInfo},
    pkcs7::{Pkcs7, Pkcs7Flags},
    pkey::PKey,
    stack::Stack,
    symm::Cipher,
    x509::{X509, X509StoreContext, store::X509StoreBuilder, verify::X509VerifyFlags},
};

/// Why a message cannot be carried, or its receipt not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// The hub's certificate for carried messages.
    #[error(
        "the hub's certificate for carried messages (hub.export_cert) is not usable: {0}; install hub-export.pem from the hub's operator"
    )]
    HubCertificate(String),
    /// Certificate or key of this device.
    #[error("this device's certificate or key is not usable: {0}; enrol the device again")]
    Device(String),
    /// What the receipt says is not what this device sent.
    #[error("the receipt is not accepted: {0}; nothing is deleted here, compare the receipt key with the hub's operator")]
    Receipt(&'static str),
    /// Not a message.
    #[error("the stored message cannot be read as a message; see: motcua outbox ls")]
    Message,
}

/// Signs `plain` with the device's key and encrypts it to `hub_certificate` (PEM), which must come from the hub's authority. Its
/// dates are not looked at: an office without a link has a clock that nobody sets.
///
/// # Errors
/// [`CarryError::HubCertificate`], [`CarryError::Device`].
pub fn seal(settings: &HubSettings, hub_certificate: &[u8], plain: &[u8]) -> Result<Vec<u8>, CarryError> {
    let hub = trusted(settings, hub_certificate)?;
    let device = |e: openssl::error::ErrorStack| CarryError::Device(e.to_string());
    let (certificate, key) =
        (X509::from_pem(&settings.cert_pem).map_err(device)?, PKey::private_key_from_pem(&settings.key_pem).map_err(device)?);
    let none = Stack::new().map_err(device)?;
    let signed = Pkcs7::sign(&certificate, &key, &none, plain, Pkcs7Flags::BINARY).and_then(|signed| signed.to_der()).map_err(device)?;
    let encrypt = || {
        let mut recipients = Stack::new()?;
        recipients.push(hub)?;
        CmsContentInfo::encrypt(&recipients, &signed, Cipher::aes_256_cbc(), CMSOptions::BINARY)?.to_der()
    };
    encrypt().map_err(|e: openssl::error::ErrorStack| CarryError::HubCertificate(e.to_string()))
}

fn trusted(settings: &HubSettings, pem: &[u8]) -> Result<X509, CarryError> {
    let verdict = || {
        let certificate = X509::from_pem(pem)?;
        let mut store = X509StoreBuilder::new()?;
        for authority in X509::stack_from_pem(&settings.ca_pem)? {
            store.add_cert(authority)?;
        }
        store.set_flags(X509VerifyFlags::NO_CHECK_TIME)?;
        let (store, chain) = (store.build(), Stack::new()?);
        let good = X509StoreContext::new()?.init(&store, &certificate, &chain, |context| {
            let good = context.verify_cert()?;
            Ok(good.then_some(()).ok_or(context.error()))
        })?;
        Ok::<_, openssl::error::ErrorStack>((certificate, good))
    };
    match verdict() {
        Ok((certificate, Ok(()))) => Ok(certificate),
        Ok((_, Err(why))) => Err(CarryError::HubCertificate(why.error_string().to_owned())),
        Err(error) => Err(CarryError::HubCertificate(error.to_string())),
    }
}

/// The receipt, if the hub signed it and it speaks of exactly this message.
///
/// # Errors
/// [`CarryError::Receipt`], [`CarryError::Message`].
pub fn check_receipt(receipt_key: &[u8; 32], signed: &SignedReceipt, message_json: &[u8]) -> Result<Receipt, CarryError> {
    let key = VerifyingKey::from_bytes(receipt_key).map_err(|_| CarryError::Receipt("the hub's receipt key is none"))?;
    let message: Message = serde_json::from_slice(message_json).map_err(|_| CarryError::Message)?;
    receipt::verify(&key, signed, &message, message_json).map_err(CarryError::Receipt)
}
