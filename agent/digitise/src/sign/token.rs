//! The officer's token by PKCS#11: the private key never leaves it (NĐ 30/2020/NĐ-CP Đ.32: the clerk who keeps it signs in person).

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, CertificateType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use super::certificate::{Certificate, Scheme, issued_by};

/// A key that signs for a certificate. The pure part of signing knows no more of a token than this.
pub trait Key {
    /// The signer's certificate, DER.
    fn certificate(&self) -> &[u8];

    /// Certificates of the authorities above it, DER; they go into the signature. May be empty.
    fn chain(&self) -> &[Vec<u8>];

    /// Signs a SHA-256 digest. RSASSA-PSS: the signature as it is; ECDSA: r and s side by side (PKCS#11 2.3.1).
    ///
    /// # Errors
    /// [`TokenProblem`]
    fn sign_digest(&mut self, scheme: Scheme, digest: &[u8; 32]) -> Result<Vec<u8>, TokenProblem>;
}

/// A PIN. It is shown nowhere, and wiped from memory when it was used.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Takes it over.
    pub fn new(pin: impl Into<String>) -> Self {
        Self(Zeroizing::new(pin.into()))
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// How many wrong PINs the token still bears, as far as it says (CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriesLeft {
    /// It does not say.
    Unknown,
    /// Fewer than it began with.
    Fewer,
    /// One more wrong PIN locks it.
    One,
}

/// Why a token does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// The token's software.
    #[error("the PKCS#11 library {} cannot be used ({reason}); install the token's software or correct its path (--module, signing.module)", path.display())]
    Module {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No token with this label.
    #[error("the token '{label}' is not in ({}); plug it in, or give the label of the one that is (--token, signing.token)", seen(found))]
    NotIn {
        /// The one that was asked for.
        label: String,
        /// Those that are.
        found: Vec<String>,
    },
    /// CKR_PIN_INCORRECT and its kin.
    #[error("the PIN is wrong; {}", match tries {
        TriesLeft::Unknown => "try again with care, most tokens lock after a few wrong ones",
        TriesLeft::Fewer => "the token counts: only a few tries are left",
        TriesLeft::One => "ONE try is left, then the token locks: be sure before the next one",
    })]
    WrongPin {
        /// As the token says.
        tries: TriesLeft,
    },
    /// CKR_PIN_LOCKED.
    #[error("the token is locked after too many wrong PINs; only who issued it can unlock it")]
    PinLocked,
    /// CKR_USER_PIN_NOT_INITIALIZED, CKR_PIN_EXPIRED.
    #[error("the token's PIN must be set anew with the token's own software first")]
    PinToSet,
    /// No private key with a certificate.
    #[error("the token holds no key with a certificate for signing; is it the right one?")]
    NoKey,
    /// More than one could sign, or none is called as was asked.
    #[error("choose the key by its name (--key, signing.key): {}", names.join(", "))]
    WhichKey {
        /// Names of the certificates.
        names: Vec<String>,
    },
    /// The token does not know the scheme.
    #[error("the token cannot sign with {}, which TT 05/2025/TT-BNV asks for; ask who issued it for a newer one", match scheme {
        Scheme::RsaPss => "RSASSA-PSS",
        Scheme::EcdsaP256 => "ECDSA",
    })]
    Scheme {
        /// What it would have to know.
        scheme: Scheme,
    },
    /// Pulled out.
    #[error("the token was pulled out; this file is not signed and stays as it was: plug the token in and start again")]
    Gone,
    /// The signature does not fit the certificate.
    #[error("the token signed with another key than its certificate's; ask who issued it")]
    OtherKey,
    /// Anything else.
    #[error("the token refuses ({0}); unplug it, plug it in and try again")]
    Refused(String),
}

fn seen(found: &[String]) -> String {
    if found.is_empty() { "no token is".to_owned() } else { format!("there is: {}", found.join(", ")) }
}

/// A token that was opened with its PIN once and signs until it is dropped or pulled out.
pub struct Token {
    session: Session,
    slot: Slot,
    pkcs11: Pkcs11,
    key: ObjectHandle,
    certificate: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

/// Nothing of what is on it.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("slot", &self.slot.id()).finish_non_exhaustive()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // A token that is gone has logged out by itself.
        let _ = self.session.logout();
    }
}

/// Which key of a token.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    /// The token's label.
    pub token: &'a str,
    /// The name in the certificate; needed where a token holds several that may sign.
    pub key: Option<&'a str>,
    /// When it is to sign: of several, those that are valid then.
    pub at: Timestamp,
}

impl Token {
    /// Opens the token through `module`, the PKCS#11 library of its maker.
    ///
    /// # Errors
    /// [`TokenProblem`]
    pub fn open(module: &Path, which: Which<'_>, pin: Pin) -> Result<Self, TokenProblem> {
        let pkcs11 = library(module)?;
        let slot = slot(&pkcs11, which.token)?;
        let session = pkcs11.open_ro_session(slot).map_err(|error| told(&error))?;
        log_in(&pkcs11, slot, &session, pin)?;
        let found = found(&session).map_err(|error| told(&error))?;
        let (key, certificate) = chosen(found.pairs, which)?;
        let chain = chain(&certificate, &found.others);
        Ok(Self { session, slot, pkcs11, key, certificate, chain })
    }

    /// Whether the token is in, as far as can be told without its PIN.
    ///
    /// # Errors
    /// [`TokenProblem::Module`] or [`TokenProblem::NotIn`].
    pub fn find(module: &Path, label: &str) -> Result<(), TokenProblem> {
        slot(&library(module)?, label).map(|_| ())
    }

    /// Whether it still is in and open; asks the token, signs nothing.
    pub fn is_open(&self) -> bool {
        let present = self.pkcs11.get_slot_info(self.slot).is_ok_and(|slot| slot.token_present());
        present
            && self.session.get_session_info().is_ok()
            && self.session.get_attributes(self.key, &[AttributeType::Id]).is_ok_and(|id| !id.is_empty())
    }

    /// The signer's name in the certificate.
    pub fn signer(&self) -> String {
        Certificate::read(&self.certificate).map(|certificate| certificate.name).unwrap_or_default()
    }
}

impl Key for Token {
    fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    fn sign_digest(&mut self, scheme: Scheme, digest: &[u8; 32]) -> Result<Vec<u8>, TokenProblem> {
        let (kind, mechanism) = match scheme {
            Scheme::RsaPss => {
                let parameters = PkcsPssParams { hash_alg: MechanismType::SHA256, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
                (MechanismType::RSA_PKCS_PSS, Mechanism::RsaPkcsPss(parameters))
            }
            Scheme::EcdsaP256 => (MechanismType::ECDSA, Mechanism::Ecdsa),
        };
        self.session.sign(&mechanism, self.key, digest).map_err(|error| {
            let problem = told(&error);
            if !matches!(problem, TokenProblem::Refused(_)) {
                return problem;
            }
            match self.pkcs11.get_mechanism_list(self.slot) {
                Err(_) => TokenProblem::Gone,
                Ok(known) if !known.contains(&kind) => TokenProblem::Scheme { scheme },
                Ok(_) => problem,
            }
        })
    }
}

fn library(module: &Path) -> Result<Pkcs11, TokenProblem> {
    let problem = |error: Error| TokenProblem::Module { path: module.to_owned(), reason: error.to_string() };
    let pkcs11 = Pkcs11::new(module).map_err(problem)?;
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another token of the same maker was opened before.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(pkcs11),
        Err(error) => Err(problem(error)),
    }
}

fn slot(pkcs11: &Pkcs11, label: &str) -> Result<Slot, TokenProblem> {
    let mut found = Vec::new();
    for slot in pkcs11.get_slots_with_token().map_err(|error| told(&error))? {
        // One that is just being pulled out is passed over.
        let Ok(info) = pkcs11.get_token_info(slot) else { continue };
        if info.label() == label {
            return Ok(slot);
        }
        if info.token_initialized() {
            found.push(info.label().to_owned());
        }
    }
    Err(TokenProblem::NotIn { label: label.to_owned(), found })
}

fn log_in(pkcs11: &Pkcs11, slot: Slot, session: &Session, pin: Pin) -> Result<(), TokenProblem> {
    let secret = AuthPin::new(pin.0.as_str().into());
    drop(pin);
    let Err(error) = session.login(UserType::User, Some(&secret)) else { return Ok(()) };
    let problem = told(&error);
    if !matches!(problem, TokenProblem::WrongPin { .. }) {
        return Err(problem);
    }
    Err(match pkcs11.get_token_info(slot) {
        Ok(info) if info.user_pin_locked() => TokenProblem::PinLocked,
        Ok(info) if info.user_pin_final_try() => TokenProblem::WrongPin { tries: TriesLeft::One },
        Ok(info) if info.user_pin_count_low() => TokenProblem::WrongPin { tries: TriesLeft::Fewer },
        Ok(_) | Err(_) => problem,
    })
}

/// What the token holds.
struct Found {
    /// Private keys with the certificate of the same CKA_ID.
    pairs: Vec<(ObjectHandle, Vec<u8>)>,
    /// Certificates without a key.
    others: Vec<Vec<u8>>,
}

fn found(session: &Session) -> Result<Found, Error> {
    let mut keys = Vec::new();
    for key in session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])? {
        keys.push((key, id_and_value(session, key)?.0));
    }
    let mut found = Found { pairs: Vec::new(), others: Vec::new() };
    let x509 = [Attribute::Class(ObjectClass::CERTIFICATE), Attribute::CertificateType(CertificateType::X_509)];
    for object in session.find_objects(&x509)? {
        let (id, value) = id_and_value(session, object)?;
        match keys.iter().find(|(_, key)| *key == id) {
            Some((key, _)) => found.pairs.push((*key, value)),
            None => found.others.push(value),
        }
    }
    Ok(found)
}

fn id_and_value(session: &Session, object: ObjectHandle) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let (mut id, mut value) = (Vec::new(), Vec::new());
    // A private key's value is not asked for: it has none to give. Others say by themselves that they have none.
    let private = session.get_attributes(object, &[AttributeType::Class])?.contains(&Attribute::Class(ObjectClass::PRIVATE_KEY));
    let wanted: &[AttributeType] = if private { &[AttributeType::Id] } else { &[AttributeType::Id, AttributeType::Value] };
    for attribute in session.get_attributes(object, wanted)? {
        if let Attribute::Id(bytes) = attribute {
            id = bytes;
        } else if let Attribute::Value(bytes) = attribute {
            value = bytes;
        }
    }
    Ok((id, value))
}

fn chosen(pairs: Vec<(ObjectHandle, Vec<u8>)>, which: Which<'_>) -> Result<(ObjectHandle, Vec<u8>), TokenProblem> {
    // With a single one that cannot sign, signing itself says why: expired, not for signing, too short.
    let usable = |der: &[u8]| Certificate::read(der).is_ok_and(|one| one.check(which.at).is_ok());
    let name = |der: &[u8]| Certificate::read(der).map(|one| one.name).unwrap_or_default();
    let names: Vec<String> = pairs.iter().map(|(_, der)| name(der)).collect();
    let called: Vec<_> = pairs.into_iter().filter(|(_, der)| which.key.is_none_or(|wanted| name(der) == wanted)).collect();
    let (good, poor): (Vec<_>, Vec<_>) = called.into_iter().partition(|(_, der)| usable(der));
    let mut left = if good.is_empty() { poor } else { good }.into_iter();
    match (left.next(), left.next()) {
        (Some(one), None) => Ok(one),
        (None, _) if names.is_empty() => Err(TokenProblem::NoKey),
        (None, _) | (Some(_), Some(_)) => Err(TokenProblem::WhichKey { names }),
    }
}

/// From the signer's authority upwards, as far as the token holds them, without the root.
fn chain(certificate: &[u8], others: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut chain: Vec<Vec<u8>> = Vec::new();
    let mut last = certificate;
    while let Some(above) = others.iter().find(|other| issued_by(last, other)) {
        if issued_by(above, above) || chain.contains(above) {
            break;
        }
        chain.push(above.clone());
        last = above;
    }
    chain
}

/// What the token's answer means.
#[expect(clippy::wildcard_enum_match_arm, reason = "ninety return codes of which a dozen mean something to a person")]
fn told(error: &Error) -> TokenProblem {
    let Error::Pkcs11(code, _) = error else { return TokenProblem::Refused(error.to_string()) };
    match code {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => TokenProblem::WrongPin { tries: TriesLeft::Unknown },
        RvError::PinLocked => TokenProblem::PinLocked,
        RvError::UserPinNotInitialized | RvError::PinExpired => TokenProblem::PinToSet,
        RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid
        | RvError::SessionClosed
        | RvError::SessionHandleInvalid
        | RvError::UserNotLoggedIn
        | RvError::ObjectHandleInvalid
        | RvError::KeyHandleInvalid => TokenProblem::Gone,
        _ => TokenProblem::Refused(error.to_string()),
    }
}
