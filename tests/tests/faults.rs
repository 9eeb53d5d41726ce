//! What people and devices do wrong: a clear message, and nothing is lost.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    api::{Action, DeviceState, Overlay, PaperState, PrintState, Screen, Service, Snapshot},
    fault::Fault,
};
use motcua_tests::{
    rig::{self, CARD, Options, Rig},
    visit::Citizen,
};
use serde_json::json;
use std::{fs, time::Instant};
use tempfile::TempDir;

async fn office() -> (TempDir, Rig) {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    (folder, rig)
}

fn fault(snapshot: &Snapshot) -> Option<Fault> {
    match snapshot.overlay {
        Some(Overlay::Fault { fault, .. }) => Some(fault),
        Some(Overlay::StillThere { .. } | Overlay::Help | Overlay::ConfirmEnd) | None => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_codes_and_line_noise_are_told_apart_and_keep_the_visit() {
    let (_folder, rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| s.screen.code() == "C05").await.unwrap();
    rig.scan_code("8934563138165").await.unwrap();
    rig.until("the wrong code to be named", |s| fault(s) == Some(Fault::NotACard)).await.unwrap();
    rig.act(Action::Dismiss).await.unwrap();
    rig.screen("C05").await.unwrap();
    rig.dock(json!({"garbage": [0xff, 0xfe, 0x80, 0x81, 0x0d]})).await.unwrap();
    rig.until("the noise to be named", |s| fault(s) == Some(Fault::ReaderGarbage)).await.unwrap();
    rig.act(Action::Dismiss).await.unwrap();
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    rig.stop().await.unwrap();
}

/// devices.md 2: on a jam some scanners answer 200 with no bytes, then 404.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jam_that_looks_like_success_is_seen_and_earlier_pages_stay() {
    let (_folder, rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::Scan { running: false, .. })).await.unwrap();
    rig.dock(json!({"load": ["to-khai-1.jpg", "to-khai-2.jpg"]})).await.unwrap();
    rig.dock(json!({"jam": 2})).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    let jammed = rig.until("the jam", |s| fault(s) == Some(Fault::ScannerJam)).await.unwrap();
    let Screen::Scan { pages, .. } = &jammed.screen else {
        panic!("the scan screen is kept under the fault, not {}", jammed.screen.code())
    };
    assert_eq!(pages.len(), 1, "the page before the jam is kept");
    assert!(rig.page(pages[0].id).await.unwrap().status().is_success(), "and can be shown");
    rig.dock(json!("clear")).await.unwrap();
    rig.act(Action::Dismiss).await.unwrap();
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paper_that_runs_out_in_mid_slip_is_told_and_the_slip_is_finished_once() {
    let (_folder, rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| s.screen.code() == "C12").await.unwrap();
    rig.dock(json!({"paper_rows": 200})).await.unwrap();
    rig.act(Action::Submit).await.unwrap();
    let waiting = rig
        .until("the empty printer", |s| matches!(s.screen, Screen::Slip { printing: PrintState::Waiting(Fault::PrinterPaperOut), .. }))
        .await
        .unwrap();
    let Screen::Slip { code, .. } = waiting.screen else { unreachable!() };
    assert!(code.starts_with("TAM-K07-"), "the code is on the screen although the paper is out");
    rig.dock(json!("load_paper")).await.unwrap();
    rig.until("the slip", |s| matches!(s.screen, Screen::Slip { printing: PrintState::Printed, .. })).await.unwrap();
    citizen.finish(&rig).await.unwrap();
    assert_eq!(rig.slips().unwrap().len(), 1, "one slip, not two");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_that_go_and_come_back_are_used_again() {
    let (_folder, rig) = office().await;
    rig.dock(json!({"unplug": "scanner"})).await.unwrap();
    rig.until("filing to be unavailable", |s| match &s.screen {
        Screen::Waiting { services, .. } => services.iter().any(|t| t.service == Service::File && t.unavailable.is_some()),
        _ => false,
    })
    .await
    .unwrap();
    rig.dock(json!({"plug": "scanner"})).await.unwrap();
    for device in ["gun", "printer"] {
        rig.dock(json!({"unplug": device})).await.unwrap();
        let lost =
            |s: &Snapshot| if device == "gun" { s.health.reader == DeviceState::Lost } else { s.health.printer == DeviceState::Lost };
        rig.until("the device to be missed", lost).await.unwrap();
        rig.dock(json!({"plug": device})).await.unwrap();
    }
    let mut citizen = Citizen::new(CARD);
    rig.until_devices().await.unwrap();
    citizen.finish(&rig).await.unwrap();
    assert_eq!(rig.slips().unwrap().len(), 1);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_visit_leaves_nothing_and_late_touches_do_nothing() {
    let (folder, rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    let papers = citizen
        .go_until(&rig, |s| match &s.screen {
            Screen::Papers { papers } => papers.iter().any(|p| matches!(p.state, PaperState::Scanned(_))),
            _ => false,
        })
        .await
        .unwrap();
    let blobs = || fs::read_dir(folder.path().join("state/blobs")).unwrap().count();
    assert!(blobs() >= 2, "pages are on the disk during the visit");
    rig.act(Action::End).await.unwrap();
    rig.until("the question", |s| s.overlay == Some(Overlay::ConfirmEnd)).await.unwrap();
    rig.act(Action::End).await.unwrap();
    let after = rig.screen("C01").await.unwrap();
    let shown = serde_json::to_string(&after).unwrap();
    assert!(!shown.contains("Nguyễn") && !shown.contains("Trần"), "{shown}");
    assert_eq!(blobs(), 0, "pages of the ended visit are still on the disk");
    assert_eq!(rig.act_at(papers.step, Action::PapersDone).await.unwrap(), 409, "a touch for a screen that is gone");
    assert_eq!(rig.page(uuid::Uuid::now_v7()).await.unwrap().status().as_u16(), 404);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_that_ends_in_mid_scan_leaves_no_page_behind() {
    let (folder, rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::CountSheets { .. })).await.unwrap();
    rig.act(Action::DeclareSheets { sheets: 10 }).await.unwrap();
    rig.screen("C11").await.unwrap();
    let images: Vec<&str> = (0..10).flat_map(|_| ["to-khai-1.jpg", "to-khai-2.jpg"]).collect();
    rig.dock(json!({"load": images})).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    rig.until("the third page", |s| matches!(&s.screen, Screen::Scan { pages, .. } if pages.len() >= 3)).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.screen("C01").await.unwrap();
    // The scanner is at rest again when its job is gone: then no page can come any more.
    let blobs = || fs::read_dir(folder.path().join("state/blobs")).unwrap().count();
    let started = Instant::now();
    while blobs() > 0 {
        assert!(started.elapsed().as_secs() < 10, "{} pages of the ended visit are on the disk", blobs());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(blobs(), 0, "a late page came to stay");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_readable_lies_on_the_disk() {
    let (folder, rig) = office().await;
    Citizen::new(CARD).finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let mut read = 0;
    for place in ["state", "logs", "run"] {
        for entry in walk(&folder.path().join(place)) {
            let bytes = fs::read(&entry).unwrap();
            read += bytes.len();
            for secret in ["Nguyễn Thị Mẫu", "Ước Mơ", "001190000016", "0900000456", "\u{FFFD}JFIF"] {
                let needle = secret.trim_start_matches('\u{FFFD}').as_bytes();
                assert!(!bytes.windows(needle.len()).any(|w| w == needle), "{secret} stands readable in {}", entry.display());
            }
        }
    }
    assert!(read > 500_000, "only {read} bytes looked at: is the store elsewhere?");
    rig.stop().await.unwrap();
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_on_this_machine_is_refused_by_the_local_api() {
    let (folder, rig) = office().await;
    // Folder and socket are open, so that only the check of the peer stands between. The stranger starts in the
    // folder, because the folders above it may be closed to him (a private TMPDIR is).
    let run = folder.path().join("run");
    for path in [&run, &rig.socket()] {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut curl = tokio::process::Command::new("setpriv");
    curl.args(["--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "--noproxy", "*", "-o", "/dev/null"]);
    curl.args(["-w", "%{http_code}", "--unix-socket", "agent.sock", "http://agent/v1/snapshot"]);
    let output = curl.current_dir(&run).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if String::from_utf8_lossy(&output.stderr).contains("Operation not permitted") {
        println!("SKIPPED: only root can try another user; run the tests as root to see this one");
        return;
    }
    assert_eq!(said, "403", "{}", String::from_utf8_lossy(&output.stderr));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_configuration_is_refused_with_every_problem() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("agent.toml");
    let example = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../provisioning/package/agent.example.toml")).unwrap();
    fs::write(&file, example.replace("dpi = 300", "dpi = 72").replace("\"K07\"", "\"k 07\"")).unwrap();
    let output = rig::binary("motcua-agent").unwrap().arg("--config").arg(&file).output().await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for word in ["office.device", "scanner.dpi", "motcua check", "agent.toml"] {
        assert!(said.contains(word), "{word} is missing in: {said}");
    }
}
