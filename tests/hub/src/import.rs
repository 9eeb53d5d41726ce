//! Messages that were carried here on a stick: opened, judged, and stored as if they had come over the line.

use crate::{
    disk, pki, problem::Refusal, revocation::Revocations, routes::common_name, seal::Seal, shared::SharedOptions, storage::Storage,
};
use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use motcua_model::hub::{CARRIED, CARRIED_RECEIPT, Carried, CarriedFile, Message, SignedReceipt};
use openssl::{
    cms::CmsContentInfo,
    pkcs7::{Pkcs7, Pkcs7Flags},
    pkey::PKey,
    stack::Stack,
    x509::{X509, X509PurposeId, store::X509StoreBuilder, verify::X509VerifyFlags},
};
use std::{fs, path::Path};
use uuid::Uuid;

/// What became of one file of the stick.
#[derive(Debug)]
pub struct Imported {
    /// Name of the file.
    pub name: String,
    /// Official code, which a dossier alone has; otherwise why it was not taken.
    pub taken: Result<Option<String>>,
}

/// Takes in every sealed message of `folder` and writes the receipts beside them. One that cannot be taken holds up no other.
/// Imported before, or come over the line meanwhile: the same receipt again.
///
/// # Errors
/// When the hub's folder or the stick cannot be read.
pub async fn import(dir: &Path, shared: Option<&SharedOptions>, agency: &str, folder: &Path) -> Result<Vec<Imported>> {
    let storage = Storage::open(dir, shared).await?;
    let seal = Seal { key: pki::receipt_key(dir)?, agency: agency.to_owned() };
    let opener = Opener::new(dir)?;
    let mut imported = Vec::new();
    let mut paths = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}; is the stick in?", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == CARRIED)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        imported.push(Imported { name, taken: take(&storage, &seal, &opener, &path).await });
    }
    Ok(imported)
}

async fn take(storage: &Storage, seal: &Seal, opener: &Opener, path: &Path) -> Result<Option<String>> {
    let opened = opener.open(&fs::read(path)?)?;
    let (id, device) = (opened.message.id, &opened.message.device);
    let ask = || async { storage.take(opened.message.clone(), opened.json.clone(), seal.clone(), Timestamp::now()).await.map_err(refused) };
    let state = ask().await?;
    for file in &state.missing {
        store(storage, device, id, *file, &opened.file(*file)?).await?;
    }
    let state = if state.receipt.is_some() { state } else { ask().await? };
    let signed = state.receipt.context("files are still missing; import it again")?;
    let beside = path.with_file_name(format!("{id}.{CARRIED_RECEIPT}"));
    disk::write_durably(&beside, &serde_json::to_vec(&signed)?).with_context(|| format!("cannot write {}", beside.display()))?;
    code(&signed)
}

fn code(signed: &SignedReceipt) -> Result<Option<String>> {
    let receipt: motcua_model::hub::Receipt = serde_json::from_str(&signed.receipt)?;
    Ok(receipt.official_code)
}

async fn store(storage: &Storage, device: &str, message: Uuid, file: Uuid, bytes: &[u8]) -> Result<()> {
    let expected = storage.expected(device, message, file).await.map_err(refused)?;
    ensure!(expected.bytes == bytes.len() as u64, "a file has {} bytes and not {}", bytes.len(), expected.bytes);
    let held = storage.start_upload(message, file).await?;
    let rest = usize::try_from(held).ok().and_then(|held| bytes.get(held..)).context("the hub holds more than the file")?;
    let mut sink = storage.sink(message, file, held).await?;
    sink.write(rest).await.map_err(refused)?;
    sink.sync().await.map_err(refused)?;
    ensure!(storage.settle(message, file, expected).await?, "a file's SHA-256 is not the declared one");
    Ok(())
}

fn refused(refusal: Refusal) -> anyhow::Error {
    anyhow::anyhow!("{}: {}", refusal.problem.title, refusal.problem.detail)
}

/// The hub's key for carried messages, the CA of its devices, and which of their certificates are revoked.
pub struct Opener {
    key: PKey<openssl::pkey::Private>,
    certificate: X509,
    authority: X509,
    revocations: Revocations,
}

impl Opener {
    /// Out of a hub's folder.
    ///
    /// # Errors
    /// When a key, certificate or list of it cannot be read.
    pub fn new(dir: &Path) -> Result<Self> {
        Ok(Self {
            key: PKey::private_key_from_pem(pki::read(&dir.join("export.key"))?.as_bytes())?,
            certificate: X509::from_pem(pki::read(&dir.join("export.pem"))?.as_bytes())?,
            authority: X509::from_pem(pki::read(&dir.join("ca.pem"))?.as_bytes())?,
            revocations: Revocations::read(dir)?.unwrap_or_default(),
        })
    }

    /// What is in a sealed file, whose first layer says to whom it is sealed.
    ///
    /// # Errors
    /// Why it is not taken, with the next step. So do the layers below.
    pub fn open(&self, bytes: &[u8]) -> Result<Unsealed> {
        let sealed = CmsContentInfo::from_der(bytes).ok().context("it is not a sealed message, or is damaged; export it again")?;
        let signed = sealed.decrypt(&self.key, &self.certificate).ok().context("it is sealed for another hub, or is damaged")?;
        self.open_signed(&signed)
    }

    /// What is in the second layer, which says who sealed it. Dates are not looked at: an office without a link cannot renew its
    /// certificate.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub fn open_signed(&self, bytes: &[u8]) -> Result<Unsealed> {
        let signed = Pkcs7::from_der(bytes).ok().context("it is damaged; export it again")?;
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(self.authority.clone())?;
        // Without a purpose of its own the library asks for a certificate for e-mail.
        store.set_purpose(X509PurposeId::ANY)?;
        store.set_flags(X509VerifyFlags::NO_CHECK_TIME)?;
        let (none, store, mut plain) = (Stack::new()?, store.build(), Vec::new());
        signed
            .verify(&none, &store, None, Some(&mut plain), Pkcs7Flags::BINARY)
            .ok()
            .context("its signature is not that of one of this hub's devices")?;
        let signers = signed.signers(&none, Pkcs7Flags::empty())?;
        let certificates = signers.iter().map(|signer| signer.to_der()).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = certificates.iter().filter_map(|der| common_name(der)).collect();
        let [device] = names.as_slice() else { bail!("it is signed by {} devices and not by one", names.len()) };
        let revoked = certificates.iter().any(|der| self.revocations.holds(der));
        ensure!(!revoked, "the certificate of {device}, which signed it, was revoked; ask the office whether the message is its own");
        Unsealed::read(device, &plain)
    }
}

/// A message that was carried, with its files.
pub struct Unsealed {
    /// The message, of the device that sealed it.
    pub message: Message,
    /// Its exact bytes, which the receipt covers.
    pub json: Vec<u8>,
    files: Vec<CarriedFile>,
}

impl Unsealed {
    /// Reads what `device` has signed.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub fn read(device: &str, plain: &[u8]) -> Result<Self> {
        let carried: Carried = serde_json::from_slice(plain)
            .map_err(|e| anyhow::anyhow!("its content has not the agreed form at line {} column {}", e.line(), e.column()))?;
        let json = BASE64_STANDARD.decode(carried.message.reveal()).context("the message is not base64")?;
        let message: Message = serde_json::from_slice(&json)
            .map_err(|e| anyhow::anyhow!("the message has not the agreed form at line {} column {}", e.line(), e.column()))?;
        ensure!(message.device == device, "it is signed by {device} and speaks for {}; a device speaks for itself alone", message.device);
        ensure!(message.body.id() == message.id && message.id.get_version_num() == 7, "the message's id is not its record's, or no UUIDv7");
        Ok(Self { message, json, files: carried.files })
    }

    /// The bytes of one of its files.
    ///
    /// # Errors
    /// When it was not carried along, or is spoilt.
    pub fn file(&self, id: Uuid) -> Result<Vec<u8>> {
        let file = self.files.iter().find(|file| file.id == id).context("a file of the message is not on the stick")?;
        BASE64_STANDARD.decode(file.base64.reveal()).context("a file is not base64")
    }
}
