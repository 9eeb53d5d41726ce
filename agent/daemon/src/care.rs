//! What the agent does by itself for a tidy disk: stale drafts, what the hub has, records whose span is over, and how full it is.

use crate::{
    boot,
    input::{Input, Inputs},
    kiosk::SLIP_MINUTES,
    worker::Storage,
};
use jiff::{Timestamp, ToSpan as _};
use motcua_model::{api::DISK_WARN, config::Config};
use motcua_store::Spans;
use std::time::Duration;

/// How often the disk is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// Dossiers made minimal in one go: the store must not be kept from a person who files.
const BATCH: u32 = 20;

/// Lives as long as the agent.
pub(crate) async fn run(config: Config, storage: Storage, inputs: Inputs) {
    let (mut look, mut warned) = (tokio::time::interval(LOOK), false);
    loop {
        look.tick().await;
        if let Err(error) = tidy(&config, &storage, Timestamp::now()).await {
            tracing::error!("the store could not be tidied: {error:#}");
        }
        match storage.call(|s| Ok(s.quota_ratio()?)).await {
            Ok(ratio) => {
                if ratio >= DISK_WARN && !warned {
                    tracing::warn!(
                        "the store takes {:.0} % of its room; next step: see whether the hub can be reached (motcua status)",
                        ratio * 100.0
                    );
                }
                warned = ratio >= DISK_WARN;
                let _ = inputs.send(Input::Disk(ratio)).await;
            }
            Err(error) => tracing::error!("how full the disk is cannot be told: {error:#}"),
        }
    }
}

/// Drafts that nobody comes back for within a day are erased (ux.md 7.6); what the hub has signed for goes as the configuration says.
async fn tidy(config: &Config, storage: &Storage, now: Timestamp) -> anyhow::Result<()> {
    storage.call(move |s| Ok(s.drop_stale_drafts(now - boot::DRAFT_HOURS.hours(), now)?)).await?;
    let keep = config.retention;
    let (delivered, slip) = (now - i64::from(keep.whole_hours).hours(), now - SLIP_MINUTES.minutes());
    while storage.call(move |s| Ok(s.minimise(delivered, slip, now, BATCH)?)).await? == BATCH {}
    let days = |days: u16| (i64::from(days) * 24).hours();
    let spans =
        Spans { frequent_use: days(keep.frequent_use_days), management: days(keep.management_days), permanent: days(keep.permanent_days) };
    storage.call(move |s| Ok(s.forget_expired(&spans, now)?)).await?;
    Ok(())
}
