//! What the agent does by itself for a tidy disk: stale drafts, what the hub has, records whose span is over, and how full it is.

use crate::{
    input::{Input, Inputs},
    kiosk::SLIP_MINUTES,
    slip,
    worker::Storage,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use motcua_model::{api::DISK_WARN, config::Config};
use motcua_store::Spans;
use std::time::{Duration, Instant};

/// How often the disk is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// After the clock was set, what looks old may be of this minute: the visit that is going on first of all.
const QUIET: Duration = Duration::from_secs(24 * 3600);
/// Dossiers made minimal in one go: the store must not be kept from a person who files.
const BATCH: u32 = 20;

/// The database is copied this often where it changed, and a minute later for each megabyte: the disk is not worn out by copies.
const COPY: Duration = Duration::from_secs(600);
const COPY_PER_MEGABYTE: Duration = Duration::from_secs(60);

/// Lives as long as the agent.
pub(crate) async fn run(config: Config, storage: Storage, inputs: Inputs) {
    let (mut look, mut warned) = (tokio::time::interval(LOOK), false);
    let (mut copied, mut copy_at) = (None, Instant::now());
    let (mut last, mut quiet_until) = ((Instant::now(), Timestamp::now()), None);
    loop {
        look.tick().await;
        let now = (Instant::now(), Timestamp::now());
        if jumped(now.0 - last.0, now.1.duration_since(last.1)) {
            tracing::warn!("the clock was set: nothing is erased for its age for a day");
            quiet_until = Some(now.0 + QUIET);
        }
        last = now;
        if quiet_until.is_none_or(|until| now.0 >= until)
            && let Err(error) = tidy(&config, &storage, now.1).await
        {
            tracing::error!("the store could not be tidied: {error:#}");
        }
        match storage.read(|s| Ok(s.quota_ratio()?)).await {
            Ok(ratio) => {
                if ratio >= DISK_WARN && !warned {
                    tracing::warn!(
                        "the store takes {:.0} % of its room; next step: see whether the hub can be reached (motcua status)",
                        ratio * 100.0
                    );
                }
                warned = ratio >= DISK_WARN;
                if now.0 >= copy_at && !warned {
                    copy_at = now.0 + copy(&storage, &mut copied).await;
                }
                let _ = inputs.send(Input::Disk(ratio)).await;
            }
            Err(error) => tracing::error!("how full the disk is cannot be told: {error:#}"),
        }
    }
}

/// Copies the database where it changed since `copied`; answers how long to wait before the next look.
async fn copy(storage: &Storage, copied: &mut Option<(u64, String)>) -> Duration {
    let before = copied.clone();
    let written = storage.read(move |s| {
        let head = s.audit_head()?;
        let bytes = if before.as_ref() == Some(&head) { None } else { Some(s.back_up()?) };
        Ok((head, bytes))
    });
    match written.await {
        Ok((_, None)) => LOOK,
        Ok((head, Some(bytes))) => {
            *copied = Some(head);
            COPY + COPY_PER_MEGABYTE * u32::try_from(bytes >> 20).unwrap_or(u32::MAX)
        }
        Err(error) => {
            tracing::error!("the database could not be copied: {error:#}; the copy before is kept");
            COPY
        }
    }
}

/// Whether the wall clock went another way than time did.
fn jumped(time: Duration, wall: SignedDuration) -> bool {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    wall.saturating_sub(time).abs() > SignedDuration::from_mins(30)
}

/// Drafts that nobody comes back for within a day are erased (ux.md 7.6); what the hub has signed for goes as the configuration says.
async fn tidy(config: &Config, storage: &Storage, now: Timestamp) -> anyhow::Result<()> {
    storage.call(move |s| Ok(s.drop_stale_drafts(now - motcua_flow::DRAFT_HOURS.hours(), now)?)).await?;
    let keep = config.retention;
    let (delivered, slip) = (now - i64::from(keep.whole_hours).hours(), now - SLIP_MINUTES.minutes());
    while storage.call(move |s| Ok(s.minimise(delivered, slip, now, BATCH)?)).await? == BATCH {}
    let days = |days: u16| (i64::from(days) * 24).hours();
    let spans =
        Spans { frequent_use: days(keep.frequent_use_days), management: days(keep.management_days), permanent: days(keep.permanent_days) };
    storage.call(move |s| Ok(s.forget_expired(&spans, now)?)).await?;
    let first_day = slip::in_vietnam(now - days(keep.queue_days)).date();
    storage.call(move |s| Ok(s.forget_tickets(first_day)?)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_store::{Store, StoreKey};
    use uuid::Uuid;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_drifts_is_not() {
        let minute = Duration::from_secs(60);
        assert!(!jumped(minute, SignedDuration::from_secs(60)));
        assert!(!jumped(minute, SignedDuration::from_secs(-120)), "a minute back is a correction");
        assert!(jumped(minute, SignedDuration::from_hours(23 * 365 * 24)), "from 2003 to today");
        assert!(jumped(minute, SignedDuration::from_hours(-5 * 365 * 24)), "back from 2031");
    }

    #[tokio::test]
    async fn the_database_is_copied_when_it_changed_and_not_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let key = StoreKey::load_or_create(&folder.path().join("store.key"), &state).unwrap();
        let storage = Storage::start(Store::open(&state, &key).unwrap().store).unwrap();
        let mut copied = None;
        assert!(copy(&storage, &mut copied).await >= COPY);
        std::fs::remove_file(state.join("backup/store.db")).unwrap();
        assert_eq!(copy(&storage, &mut copied).await, LOOK);
        assert_eq!(motcua_store::backup(&state), None, "nothing changed, so nothing is copied");
        storage.call(|s| Ok(s.exported(Uuid::now_v7(), Timestamp::now())?)).await.unwrap();
        assert!(copy(&storage, &mut copied).await >= COPY);
        assert!(motcua_store::backup(&state).is_some());
    }
}
