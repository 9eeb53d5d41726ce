//! Time stamps over signed PDFs (PAdES B-T), fetched just before the message of their dossier is made.

use crate::worker::Storage;
use anyhow::Context as _;
use jiff::Timestamp;
use motcua_digitise::sign::{Stamped, request_timestamp};
use motcua_forward::{Class, ForwardError, HubClient, TimestampAuthority};
use motcua_model::config::Signing;
use motcua_store::Resigned;
use std::{fs, path::Path, sync::Arc, time::Duration};
use uuid::Uuid;

/// So often the authority may fail while the hub can be reached; then the dossier goes without a stamp.
const TRIES: u32 = 3;
/// Between two tries, half as much more at most.
const PAUSE: Duration = Duration::from_secs(30);

/// Where stamps come from.
#[derive(Clone)]
pub(crate) struct Stamps(Option<Arc<Source>>);

struct Source {
    url: String,
    ca: std::path::PathBuf,
}

impl Stamps {
    /// None where no authority is configured.
    pub(crate) fn of(signing: Option<&Signing>) -> Self {
        let source = signing.and_then(|signing| Some(Source { url: signing.timestamp_url.clone()?, ca: signing.timestamp_ca.clone()? }));
        Self(source.map(Arc::new))
    }

    /// Stamps every signed PDF of the dossier that has no stamp. While nobody can be reached the error is that of the line, and nothing
    /// goes; an authority that alone is silent holds the dossier up for some tries and no longer.
    pub(crate) async fn stamp(&self, dossier: Uuid, storage: &Storage, hub: &HubClient) -> anyhow::Result<()> {
        let Some(source) = &self.0 else { return Ok(()) };
        for (document, file) in storage.read(move |s| Ok(s.to_stamp(dossier)?)).await? {
            let pdf = storage.file(file.id).await?;
            match source.stamped(pdf).await {
                Ok(Stamped { pdf, at }) => {
                    let keep = move |s: &mut motcua_store::Store| {
                        let stamped = Resigned { dossier, document, before: file.id, file: Uuid::now_v7(), bytes: &pdf };
                        Ok(s.set_stamped_pdf(&stamped, at)?)
                    };
                    storage.call(keep).await?;
                }
                Err(problem) => {
                    let why = format!("{problem:#}");
                    hub.health().await?;
                    return goes_without(dossier, why, storage).await;
                }
            }
        }
        Ok(())
    }
}

/// An error until the authority has failed often enough.
async fn goes_without(dossier: Uuid, why: String, storage: &Storage) -> anyhow::Result<()> {
    let tries = storage.call(move |s| Ok(s.stamp_failed(dossier)?)).await?;
    if tries < TRIES {
        // Of this message alone, whatever the authority's fault: the others pass.
        let message = format!("no time stamp yet ({why}); it is tried {} more time(s), then the dossier goes without", TRIES - tries);
        return Err(ForwardError { class: Class::Rejected, message, retry_after: Some(PAUSE) }.into());
    }
    tracing::error!(item = %dossier, "sent without a time stamp: {why}");
    storage.call(move |s| Ok(s.sent_unstamped(dossier, &why, Timestamp::now())?)).await
}

impl Source {
    async fn stamped(&self, pdf: Vec<u8>) -> anyhow::Result<Stamped> {
        // Read anew each time: the certificate may have been replaced.
        let pem = fs::read(&self.ca).with_context(|| format!("Unable to read {} (signing.timestamp_ca)", self.ca.display()))?;
        let authority = TimestampAuthority::new(&self.url, &pem)?;
        let roots = certificates(&pem, &self.ca)?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|e| anyhow::anyhow!("no random numbers from the system: {e}"))?;
        let pending = tokio::task::spawn_blocking(move || request_timestamp(&pdf, nonce)).await??;
        let answer = authority.ask(pending.request()).await?;
        Ok(tokio::task::spawn_blocking(move || pending.finish(&answer, &roots)).await??)
    }
}

/// The certificates of a PEM file, DER.
fn certificates(pem: &[u8], path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let found: Result<Vec<_>, _> = x509_parser::pem::Pem::iter_from_buffer(pem).map(|pem| pem.map(|pem| pem.contents)).collect();
    let found = found.with_context(|| format!("{} is no PEM file", path.display()))?;
    anyhow::ensure!(!found.is_empty(), "{} holds no certificate", path.display());
    Ok(found)
}
