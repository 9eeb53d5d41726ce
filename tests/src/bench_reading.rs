//! What reading pages while the next ones are scanned is worth: the same twenty sides from a usual scanner and from one that takes no
//! time, so that all are read after the last.

#![expect(clippy::print_stdout, reason = "the figures are this module's output")]

use crate::{
    rig::{CARD, Options, Rig},
    visit::{Citizen, Next},
};
use motcua_model::api::{Action, PrintState, Screen};
use serde_json::json;
use std::time::{Duration, Instant};

const SHEETS: u16 = 10;

/// Prints the figures.
///
/// # Errors
/// When a visit does not come to its end.
pub async fn figures() -> anyhow::Result<()> {
    let (usual, at_once) = (submit_to_receipt(1000).await?, submit_to_receipt(0).await?);
    println!("{:<52} {usual:>10.1} s", "20 sides, 60 a minute: submit to the hub's receipt");
    println!("{:<52} {at_once:>10.1} s", "the same, all read after the last side");
    Ok(())
}

async fn submit_to_receipt(page_delay_ms: u32) -> anyhow::Result<f64> {
    let folder = tempfile::TempDir::new()?;
    let rig = Rig::start(&Options { page_delay_ms, idle_s: 300, ..Options::in_folder(folder.path()) }).await?;
    rig.until_devices().await?;
    let mut citizen = Citizen::new(CARD);
    let mut first = true;
    let mut submitted = None;
    loop {
        let snapshot = rig.snapshot().await?;
        match citizen.next(&snapshot) {
            Next::Act(Action::DeclareSheets { .. }) if first => rig.act(Action::DeclareSheets { sheets: SHEETS }).await?,
            Next::Feed(_) if first => {
                first = false;
                let images: Vec<&str> = (0..SHEETS).flat_map(|_| ["to-khai-1.jpg", "ket-hon-1.jpg"]).collect();
                rig.dock(json!({"load": images})).await?;
                rig.act_at(snapshot.step, Action::StartScan).await?;
                let all = usize::from(SHEETS) * 2;
                let scanned = |s: &motcua_model::api::Snapshot| matches!(&s.screen, Screen::PageCheck { pages, .. } if pages.len() == all);
                rig.until_within(Duration::from_secs(120), "all sides", scanned).await?;
                rig.act(Action::AcceptPages).await?;
            }
            Next::Leave => break,
            next @ (Next::Act(_) | Next::Feed(_) | Next::ShowCard | Next::LayCard | Next::TakeCard | Next::Wait) => {
                if next == Next::Act(Action::Submit) {
                    submitted = Some(Instant::now());
                }
                citizen.perform(&rig, &snapshot, &next).await?;
            }
        }
        if let (Some(submitted), Screen::Slip { printing: PrintState::Printed, .. }) = (submitted, &snapshot.screen) {
            rig.until_status("delivery", |s| s.dossiers.delivered == 1).await?;
            let taken = submitted.elapsed().as_secs_f64();
            rig.stop().await?;
            return Ok(taken);
        }
    }
    anyhow::bail!("the visit ended without a slip")
}
