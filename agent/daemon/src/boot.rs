//! What must be right before anybody is served: configuration, catalogue, store.

use anyhow::{Context as _, bail};
use jiff::{Timestamp, ToSpan as _};
use motcua_model::{catalogue::Catalogue, config::Config};
use motcua_store::{Opened, Store, StoreError, StoreKey};
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
    let problems = |file: &str, problems: Vec<String>| anyhow::anyhow!("{file}: {}", problems.join("; "));
    match &config.paths.catalogue {
        None => Catalogue::built_in().map_err(|p| problems("built-in catalogue", p)),
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("Unable to read the catalogue {}", path.display()))?;
            Catalogue::from_json(&text).map_err(|p| problems(&path.display().to_string(), p))
        }
    }
}

/// Version of the configuration as the hub counts: it came with the package, not from the hub.
pub(crate) const CONFIG_VERSION: u32 = 0;

/// Name of the credential in the unit's drop-in.
const CREDENTIAL: &str = "store.key";

/// How long the draft of a person who does not come back is kept.
pub(crate) const DRAFT_HOURS: i64 = 24;

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
    let dropped = opened.store.drop_stale_drafts(now - DRAFT_HOURS.hours(), now)?;
    opened.unfinished = opened.unfinished.saturating_sub(dropped);
    if opened.damaged > 0 {
        tracing::warn!(damaged = opened.damaged, "files in the store are damaged and were set aside; tell the province's IT office");
    }
    Ok(opened)
}
