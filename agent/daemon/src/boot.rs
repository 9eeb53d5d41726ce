//! What must be right before anybody is served: configuration, catalogue, store.

use anyhow::{Context as _, bail};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use motcua_model::{EARLIEST_TODAY, catalogue::Catalogue, config::Config};
use motcua_store::{Opened, Reader, Store, StoreError, StoreKey};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Reads the file and names every problem in it.
pub(crate) fn read_config(path: &Path) -> anyhow::Result<Config> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| {
        format!("Unable to read the configuration {file}; give another with --config, or copy agent.example.toml there")
    })?;
    match Config::parse(&file, &text) {
        Ok(config) => Ok(config),
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(|p| format!("  {p}")).collect();
            bail!(
                "{} problem(s) in the configuration:\n{}\nMend them, then run: motcua check --config {file}",
                problems.len(),
                lines.join("\n")
            )
        }
    }
}

/// The office's catalogue, or the one that comes with the product.
pub(crate) fn read_catalogue(config: &Config) -> anyhow::Result<Catalogue> {
    match &config.paths.catalogue {
        None => Catalogue::built_in().map_err(|problems| anyhow::anyhow!("built-in catalogue: {}", problems.join("; "))),
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("Unable to read the catalogue {}", path.display()))?;
            parse_catalogue(&path.display().to_string(), &text)
        }
    }
}

pub(crate) fn parse_catalogue(name: &str, text: &str) -> anyhow::Result<Catalogue> {
    Catalogue::from_json(text).map_err(|problems| anyhow::anyhow!("{name}: {}", problems.join("; ")))
}

/// The newest of those in force: the office's own, or the one that the hub has signed. One that cannot be read, as after going back to
/// an older agent, is left alone.
pub(crate) fn newest_catalogue(own: Catalogue, store: &Reader, now: Timestamp) -> Catalogue {
    let kept = store.catalogue(today(now)).map_err(anyhow::Error::new);
    let kept = kept.and_then(|kept| kept.map(|(_, text)| parse_catalogue("kept catalogue", &text)).transpose());
    match kept {
        Ok(Some(kept)) if kept.version > own.version => kept,
        Ok(_) => own,
        Err(error) => {
            tracing::warn!("the catalogue that came from the hub is not used: {error:#}");
            own
        }
    }
}

/// Today in Vietnam, or the first day on which this software can have lived where the clock is dead.
pub(crate) fn today(now: Timestamp) -> Date {
    crate::slip::in_vietnam(now).date().max(EARLIEST_TODAY)
}

/// Version of the configuration as the hub counts: it came with the package, not from the hub.
pub(crate) const CONFIG_VERSION: u32 = 0;

/// Name of the credential in the unit's drop-in.
const CREDENTIAL: &str = "store.key";

/// The key that systemd unsealed for this service, else the key file.
fn store_key(config: &Config, credentials: Option<PathBuf>) -> Result<StoreKey, StoreError> {
    match credentials.map(|folder| folder.join(CREDENTIAL)).filter(|path| path.exists()) {
        Some(unsealed) => {
            tracing::info!("the store key comes sealed, from systemd");
            StoreKey::load(&unsealed)
        }
        None => StoreKey::load_or_create(&config.paths.key, &config.paths.state),
    }
}

/// Opens the encrypted store and erases drafts that nobody came back for within a day (ux.md 7.6).
pub(crate) fn open_store(config: &Config, now: Timestamp) -> anyhow::Result<Opened> {
    let key = store_key(config, std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from))?;
    let mut opened = Store::open(&config.paths.state, &key)?;
    let dropped = opened.store.drop_stale_drafts(now - motcua_flow::DRAFT_HOURS.hours(), now)?;
    opened.unfinished = opened.unfinished.saturating_sub(dropped);
    let unsigned = opened.store.want_signatures(config.signing.is_some(), now)?;
    if unsigned > 0 {
        tracing::warn!(unsigned, "[signing] is not in the configuration any more: dossiers that waited for signatures go unsigned");
    }
    if opened.damaged > 0 {
        tracing::warn!(damaged = opened.damaged, "files in the store are damaged and were set aside; tell the province's IT office");
    }
    Ok(opened)
}
