//! A faulty page in a whole office: told at the screen, scanned again with one tap, and known to the hub if it is kept.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    api::{Action, DeviceState, PageView, Screen, Snapshot},
    pages::PageFault,
};
use motcua_tests::{
    rig::{CARD, Options, Rig},
    visit::{Citizen, Next},
};
use serde_json::json;
use std::{fs, time::Instant};
use tempfile::TempDir;

/// To the first paper's C11, with two sheets declared.
async fn to_the_feeder(rig: &Rig, citizen: &mut Citizen) {
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 60, "the visit does not get on");
        let snapshot = rig.snapshot().await.unwrap();
        let next = match &snapshot.screen {
            Screen::CountSheets { .. } => Next::Act(Action::DeclareSheets { sheets: 2 }),
            Screen::Scan { running: false, .. } => return,
            _ => citizen.next(&snapshot),
        };
        citizen.perform(rig, &snapshot, &next).await.unwrap();
    }
}

fn checked(snapshot: &Snapshot) -> Option<&[PageView]> {
    if let Screen::PageCheck { pages, .. } = &snapshot.screen { Some(pages) } else { None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sheet_scanned_twice_is_told_and_replaced_with_one_tap() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until("the scanner", |s| s.health.scanner == DeviceState::Ready && s.health.reader == DeviceState::Ready).await.unwrap();
    let mut citizen = Citizen::new(CARD);
    to_the_feeder(&rig, &mut citizen).await;

    rig.dock(json!({"load": ["to-khai-1.jpg", "to-khai-2.jpg", "to-khai-1.jpg", "to-khai-2.jpg"]})).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    let seen = rig.until("four pages", |s| checked(s).is_some_and(|pages| pages.len() == 4)).await.unwrap();
    let before = checked(&seen).unwrap().to_vec();
    let told: Vec<Option<PageFault>> = before.iter().map(|page| page.fault).collect();
    assert_eq!(told, [None, None, Some(PageFault::Repeated), None]);

    // The feeder is empty at first: the old pages stay.
    rig.act(Action::RescanPage { page: before[2].id }).await.unwrap();
    rig.until("the empty feeder", |s| s.overlay.is_some()).await.unwrap();
    rig.dock(json!({"load": ["ket-hon-1.jpg", "ket-hon-2.jpg"]})).await.unwrap();
    rig.act(Action::Retry).await.unwrap();
    let replaced = |pages: &[PageView]| pages.len() == 4 && pages[2].id != before[2].id && pages[3].id != before[3].id;
    let seen = rig.until("the new sides", |s| checked(s).is_some_and(replaced)).await.unwrap();
    let after = checked(&seen).unwrap();
    assert_eq!(after[..2], before[..2]);
    assert!(after.iter().all(|page| page.fault.is_none()), "{after:?}");
    assert!(!rig.page(before[2].id).await.unwrap().status().is_success(), "the old page is gone");

    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let message = fs::read_to_string(rig.hub_copies().unwrap().remove(0).join("message.json")).unwrap();
    let place = |id: uuid::Uuid| message.find(&id.to_string()).unwrap();
    assert!(after.windows(2).all(|two| place(two[0].id) < place(two[1].id)), "in the order of the screen");
    assert!(!message.contains("faults"), "nothing is said of pages without any");
    rig.stop().await.unwrap();
}
