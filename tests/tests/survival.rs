//! Nothing that was confirmed is lost and nothing is sent twice, wherever the agent is killed.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a scenario that cannot go on has failed")]

use motcua_model::api::{LinkState, Screen};
use motcua_tests::{
    rig::{self, CARD, OTHER_CARD, Options, Rig},
    visit::{Citizen, Next},
};
use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{net::UnixDatagram, process::Command};

fn options(folder: &TempDir) -> Options {
    Options::in_folder(folder.path())
}

/// Kills the agent right after the person's `deadly`th act, starts it again and lets the person go on.
/// False: the visit has fewer acts.
async fn visit_with_kill(rig: &mut Rig, citizen: &mut Citizen, deadly: usize) -> anyhow::Result<bool> {
    let (mut acts, started) = (0, Instant::now());
    loop {
        assert!(started.elapsed().as_secs() < 60, "the visit does not get on");
        let snapshot = rig.snapshot().await?;
        let next = citizen.next(&snapshot);
        match next {
            Next::Leave => return Ok(false),
            Next::Wait => citizen.perform(rig, &snapshot, &next).await?,
            Next::Act(_) | Next::ShowCard | Next::LayCard | Next::TakeCard | Next::Feed(_) => {
                citizen.perform(rig, &snapshot, &next).await?;
                if acts == deadly {
                    if next == Next::Feed("chung-sinh") {
                        // One kill with a page on the disk and the scanner at work on the next.
                        rig.until("the first page", |s| !matches!(&s.screen, Screen::Scan { pages, .. } if pages.is_empty())).await?;
                    }
                    println!("SIGKILL after act {acts} on {}: {next:?}", snapshot.screen.code());
                    rig.kill_agent().await?;
                    rig.start_agent().await?;
                    citizen.finish(rig).await?;
                    return Ok(true);
                }
                acts += 1;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_survives_sigkill_at_every_step() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&options(&folder)).await.unwrap();
    let mut confirmed = Vec::new();
    for deadly in 0.. {
        let mut citizen = Citizen::new(if deadly % 2 == 0 { CARD } else { OTHER_CARD });
        let killed = visit_with_kill(&mut rig, &mut citizen, deadly).await.unwrap();
        assert_eq!(citizen.codes.len(), 1, "killed after act {deadly}: the person was shown {:?}", citizen.codes);
        confirmed.append(&mut citizen.codes);
        if !killed {
            break;
        }
    }
    assert!(confirmed.len() > 15, "only {} steps were tried", confirmed.len());
    let visits = confirmed.len();
    let distinct: BTreeSet<&String> = confirmed.iter().collect();
    assert_eq!(distinct.len(), visits, "a provisional code was given twice");

    rig.until_status("all dossiers to be delivered", |s| s.outbox.is_empty()).await.unwrap();
    let at_hub = dossiers_at_hub(&rig);
    assert_eq!(at_hub.iter().map(|(code, _)| code).collect::<BTreeSet<_>>(), distinct, "the hub holds other dossiers than were confirmed");
    assert_eq!(at_hub.len(), visits, "a dossier reached the hub twice");
    let official: BTreeSet<&String> = at_hub.iter().map(|(_, official)| official).collect();
    assert_eq!(official.len(), visits, "an official code was given twice");
    let slips: Vec<String> = rig.slips().unwrap().iter().map(|slip| rig::qr_of(slip).unwrap()).collect();
    for code in &confirmed {
        assert!(slips.iter().any(|qr| qr.contains(code.as_str())), "no slip for {code}");
    }
    assert!(slips.len() <= visits + 1, "{} slips for {visits} visits: only the kill while printing may cost a reprint", slips.len());
    rig.stop().await.unwrap();
}

/// Provisional and official code of every dossier the hub signed for; each has its papers whole.
fn dossiers_at_hub(rig: &Rig) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for copy in rig.hub_copies().unwrap() {
        let message = rig::message(&copy).unwrap();
        let motcua_model::hub::MessageBody::Dossier(dossier) = message.body else { continue };
        assert_eq!(dossier.documents.len(), 2, "both scanned papers");
        for document in &dossier.documents {
            assert_eq!(document.pages.len(), 2, "both sides of the sheet");
            assert!(!document.count_differs);
        }
        for file in &message.files {
            assert!(copy.join(&file.name).metadata().unwrap().len() == file.file.bytes, "{} is not whole", file.name);
        }
        let receipt = rig::receipt(&copy).unwrap();
        found.push((dossier.code.to_string(), receipt.official_code.unwrap()));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarding_survives_sigkill_at_any_moment() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&options(&folder)).await.unwrap();
    for visit in 0..6_u64 {
        Citizen::new(CARD).finish(&rig).await.unwrap();
        // Recognition takes about two seconds a page: the moments fall before, within and after it.
        tokio::time::sleep(Duration::from_millis(visit * 900)).await;
        rig.restart_agent().await.unwrap();
    }
    rig.until_status("all dossiers to be delivered", |s| s.outbox.is_empty()).await.unwrap();
    assert_eq!(dossiers_at_hub(&rig).len(), 6);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_hub_dossiers_wait_and_arrive_once() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&options(&folder)).await.unwrap();
    rig.until("the link", |s| s.health.hub == LinkState::Up).await.unwrap();
    rig.kill_hub().await.unwrap();
    for card in [CARD, OTHER_CARD] {
        Citizen::new(card).finish(&rig).await.unwrap();
    }
    let status = rig.until_status("the failed attempt to be written down", |s| s.outbox.iter().any(|o| o.attempts > 0)).await.unwrap();
    assert_eq!(status.outbox.len(), 2);
    assert_eq!(status.health.hub, LinkState::Down);
    assert!(!status.hub_problem.is_empty(), "the technician is told nothing");
    rig.restart_agent().await.unwrap();
    rig.start_hub().await.unwrap();
    rig.until_status("both to be delivered", |s| s.outbox.is_empty() && s.dossiers.delivered == 2).await.unwrap();
    assert_eq!(dossiers_at_hub(&rig).len(), 2);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_certificate_is_named_and_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start_without_agent(&options(&folder)).await.unwrap();
    let (right, stranger) = (folder.path().join("device"), folder.path().join("stranger"));
    fs::create_dir_all(stranger.join("hub")).unwrap();
    rig::run(rig::binary("motcua-hub").unwrap().arg("init").arg(stranger.join("hub"))).await.unwrap();
    rig::run(
        rig::binary("motcua-hub").unwrap().arg("issue").arg(stranger.join("hub")).args(["--device", rig::DEVICE, "--out"]).arg(&stranger),
    )
    .await
    .unwrap();
    for file in ["device.pem", "device.key"] {
        fs::rename(right.join(file), right.join(format!("{file}.right"))).unwrap();
        fs::copy(stranger.join(file), right.join(file)).unwrap();
    }
    rig.start_agent().await.unwrap();
    Citizen::new(CARD).finish(&rig).await.unwrap();
    let status = rig.until_status("the refusal", |s| s.health.hub == LinkState::Refused).await.unwrap();
    assert!(status.hub_problem.contains("certificate"), "{}", status.hub_problem);
    assert_eq!(status.outbox.len(), 1);
    for file in ["device.pem", "device.key"] {
        fs::rename(right.join(format!("{file}.right")), right.join(file)).unwrap();
    }
    rig.until_status("delivery with the right certificate", |s| s.outbox.is_empty() && s.dossiers.delivered == 1).await.unwrap();
    rig.stop().await.unwrap();
}

/// The agent's next word to the service manager; lines for `systemctl status` go to `lines`.
async fn next_word(manager: &UnixDatagram, lines: &mut Vec<String>) -> String {
    loop {
        let mut word = vec![0; 4096];
        let length = tokio::time::timeout(Duration::from_secs(20), manager.recv(&mut word)).await.unwrap().unwrap();
        let word = String::from_utf8_lossy(&word[..length]).trim_end().to_owned();
        if !word.starts_with("STATUS=") {
            return word;
        }
        lines.push(word);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_manager_hears_that_the_agent_serves_gets_on_and_stops() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("manager.sock");
    let manager = UnixDatagram::bind(&socket).unwrap();
    let env = vec![("NOTIFY_SOCKET", socket), ("WATCHDOG_USEC", "600000".into())];
    let rig = Rig::start(&Options { env, ..options(&folder) }).await.unwrap();
    let mut lines = Vec::new();
    assert_eq!(next_word(&manager, &mut lines).await, "READY=1");
    let mut pings = 0;
    while pings < 3 || !lines.iter().any(|line| line.starts_with("STATUS=Hub: link ") && line.contains("0 message(s) wait")) {
        assert_eq!(next_word(&manager, &mut lines).await, "WATCHDOG=1");
        pings += 1;
        assert!(pings < 50, "no line tells what waits: {lines:?}");
    }
    rig::run(Command::new("kill").arg(rig.agent_pid().unwrap().to_string())).await.unwrap();
    let mut last = next_word(&manager, &mut lines).await;
    while last == "WATCHDOG=1" {
        last = next_word(&manager, &mut lines).await;
    }
    assert_eq!(last, "STOPPING=1");
    rig.stop().await.unwrap();
}
