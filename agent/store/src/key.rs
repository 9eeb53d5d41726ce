//! Keys: the one in the key file, and those derived from it.

use crate::{StoreError, disk};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, AeadInOut as _, KeyInit as _, Payload},
};
use hkdf::Hkdf;
use motcua_model::{citizen::PersonNumber, config::sealed_key};
use sha2::Sha256;
use std::{
    fmt, fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

pub(crate) const NONCE: usize = 24;
const TAG: usize = 16;

/// The key to everything on this disk: 32 bytes, wiped from memory on drop.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; 32]>);

impl StoreKey {
    /// Reads the key file (64 hex digits, readable by its owner alone). Makes a new one where there is
    /// none, unless a database in the state directory, or a sealed key beside it, shows that the key was lost.
    pub fn load_or_create(path: &Path, state_dir: &Path) -> Result<Self, StoreError> {
        match Self::load(path) {
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Self::create(path, state_dir),
            read => read,
        }
    }

    /// Reads a key that must be there: the one that systemd unsealed for the agent (systemd.exec, `LoadCredentialEncrypted=`).
    pub fn load(path: &Path) -> Result<Self, StoreError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::checked(path, Zeroizing::new(text)),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(StoreError::KeyForm { path: path.to_owned() }),
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    fn checked(path: &Path, text: Zeroizing<String>) -> Result<Self, StoreError> {
        let mode = fs::metadata(path).map_err(StoreError::io(path))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(StoreError::KeyMode { path: path.to_owned(), mode });
        }
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| StoreError::KeyForm { path: path.to_owned() })?;
        Ok(Self(key))
    }

    fn create(path: &Path, state_dir: &Path) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let sealed = sealed_key(path);
        if sealed.exists() {
            return Err(StoreError::KeySealed { sealed });
        }
        let database = state_dir.join(crate::DATABASE);
        if database.exists() {
            return Err(StoreError::KeyMissing { key: path.to_owned(), database });
        }
        fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
        let key = random_key()?;
        // A half-written key must never be taken for the key: complete under another name first.
        let new = path.with_extension("new");
        let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(StoreError::io(&new))?;
        let digits = Zeroizing::new(hex::encode(key.as_slice()));
        file.write_all(digits.as_bytes()).and_then(|()| file.sync_all()).map_err(StoreError::io(&new))?;
        fs::rename(&new, path).map_err(StoreError::io(path))?;
        disk::sync_folder(folder)?;
        Ok(Self(key))
    }

    /// As SQLCipher takes a raw key.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.0.as_slice()));
        Zeroizing::new(format!("PRAGMA key = \"x'{}'\";", digits.as_str()))
    }

    fn derive(&self, purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand(purpose, key.as_mut_slice())
            .map_err(|_| StoreError::Encoding("a derived key"))?;
        Ok(key)
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(‹secret›)")
    }
}

/// Keys derived from the store key, each for one purpose.
pub(crate) struct Keys {
    wrapping: Zeroizing<[u8; 32]>,
    owner: Zeroizing<[u8; 32]>,
    phone: Zeroizing<[u8; 32]>,
}

impl Keys {
    pub(crate) fn derive(key: &StoreKey) -> Result<Self, StoreError> {
        Ok(Self {
            wrapping: key.derive(b"motcua data-key wrapping v1")?,
            owner: key.derive(b"motcua owner index v1")?,
            phone: key.derive(b"motcua phone digits v1")?,
        })
    }

    /// Finds a person's rows without keeping the number: HMAC-SHA256 (one block of HKDF's expansion).
    pub(crate) fn owner(&self, number: &PersonNumber) -> Result<[u8; 32], StoreError> {
        tag(&self.owner, &[number.reveal().as_bytes()]).ok_or(StoreError::Encoding("the owner's index"))
    }

    /// Knows the last digits of a telephone number again without keeping them; of each dossier its own.
    pub(crate) fn phone_end(&self, dossier: Uuid, digits: &str) -> Result<[u8; 32], StoreError> {
        tag(&self.phone, &[dossier.as_bytes(), digits.as_bytes()]).ok_or(StoreError::Encoding("the digits' tag"))
    }

    pub(crate) fn wrap(&self, data_key: &DataKey, dossier: &[u8; 16]) -> Result<Vec<u8>, StoreError> {
        seal(&self.wrapping, data_key.0.as_slice(), dossier)
    }

    /// None: it was wrapped under another store key, or is damaged.
    pub(crate) fn unwrap(&self, wrapped: &[u8], dossier: &[u8; 16]) -> Option<DataKey> {
        let mut plain = open(&self.wrapping, wrapped, dossier)?;
        let key = <[u8; 32]>::try_from(plain.as_slice()).ok().map(|key| DataKey(Zeroizing::new(key)));
        plain.zeroize();
        key
    }
}

fn tag(key: &Zeroizing<[u8; 32]>, of: &[&[u8]]) -> Option<[u8; 32]> {
    let mut tag = [0; 32];
    Hkdf::<Sha256>::from_prk(key.as_slice()).ok()?.expand_multi_info(of, &mut tag).ok()?;
    Some(tag)
}

/// Seals the files of one draft or dossier.
pub(crate) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub(crate) fn random() -> Result<Self, StoreError> {
        random_key().map(Self)
    }

    pub(crate) fn seal(&self, plain: &[u8], id: &[u8; 16]) -> Result<Vec<u8>, StoreError> {
        seal(&self.0, plain, id)
    }

    pub(crate) fn open(&self, sealed: &[u8], id: &[u8; 16]) -> Option<Vec<u8>> {
        open(&self.0, sealed, id)
    }
}

fn random_key() -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice()).map_err(StoreError::Random)?;
    Ok(key)
}

/// XChaCha20-Poly1305: nonce, then ciphertext and tag.
fn seal(key: &[u8; 32], plain: &[u8], id: &[u8; 16]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(StoreError::Random)?;
    // In its place: a side's lossless file may be large, and each copy takes as much memory again.
    let mut sealed = Vec::with_capacity(NONCE + plain.len() + TAG);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let (_, text) = sealed.split_at_mut(NONCE);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&XNonce::from(nonce), id, text.into())
        .map_err(|_| StoreError::Encoding("a sealed file"))?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn open(key: &[u8; 32], sealed: &[u8], id: &[u8; 16]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: id }).ok()
}
