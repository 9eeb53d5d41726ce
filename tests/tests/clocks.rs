//! A certificate that has ended or was revoked and a clock that is years off stop the delivery, say so, and stop nobody at the screen.
//! Once they are right again everything goes by itself.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a scenario that cannot go on has failed")]

use motcua_model::api::LinkState;
use motcua_tests::{
    crowd,
    rig::{self, CARD, Options, Rig},
    set_clock::SetClock,
    visit::Citizen,
};
use std::fs;
use tempfile::TempDir;

/// Somebody files, the technician is told cause and next step, `mend` mends it, and the hub gets the dossier.
async fn files_and_is_delivered_once_mended(rig: &Rig, words: &[&str], mend: impl FnOnce()) {
    let mut citizen = Citizen::new(CARD);
    citizen.finish(rig).await.unwrap();
    let waiting = rig.until_status("the refusal", |s| s.health.hub == LinkState::Refused).await.unwrap();
    assert_eq!(waiting.outbox.len(), 1);
    let (_, said) = rig.technician(&["status"]).await.unwrap();
    for word in words {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    mend();
    rig.until_status("delivery", |s| s.outbox.is_empty() && s.dossiers.delivered == 1).await.unwrap();
    assert_eq!(crowd::at_hub(rig).unwrap(), citizen.codes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_is_named_and_a_new_one_is_taken_without_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start_without_agent(&Options::in_folder(folder.path())).await.unwrap();
    let (device, right) = (folder.path().join("device"), folder.path().join("right"));
    fs::rename(&device, &right).unwrap();
    let mut issue = rig::binary("motcua-hub").unwrap();
    issue.arg("issue").arg(folder.path().join("hub")).args(["--device", rig::DEVICE, "--expired", "--out"]).arg(&device);
    rig::run(&mut issue).await.unwrap();
    rig.start_agent().await.unwrap();
    files_and_is_delivered_once_mended(&rig, &["REFUSED", "CertificateExpired", "renew its certificate"], || {
        for file in ["device.pem", "device.key"] {
            fs::copy(right.join(file), device.join(file)).unwrap();
        }
    })
    .await;
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_certificate_is_named_and_a_new_one_is_taken_without_a_restart() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_status("the link", |s| s.health.hub == LinkState::Up).await.unwrap();
    let hub = |command: &str| {
        let mut hub = rig::binary("motcua-hub").unwrap();
        hub.arg(command).arg(folder.path().join("hub")).args(["--device", rig::DEVICE]);
        hub
    };
    rig::run(&mut hub("revoke")).await.unwrap();
    let new = folder.path().join("new");
    rig::run(hub("issue").arg("--out").arg(&new)).await.unwrap();
    files_and_is_delivered_once_mended(&rig, &["REFUSED", "revoked", "operator"], || {
        for file in ["device.pem", "device.key"] {
            fs::copy(new.join(file), folder.path().join("device").join(file)).unwrap();
        }
    })
    .await;
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_dead_clock_in_2003_people_file_and_the_clock_is_named() {
    with_a_clock_off_by("-8700d", &["REFUSED", "not valid yet", "Check this device's clock"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_clock_in_2031_people_file_and_the_clock_is_named() {
    with_a_clock_off_by("+1600d", &["REFUSED", "expired", "Check this device's clock"]).await;
}

async fn with_a_clock_off_by(days: &str, words: &[&str]) {
    if let Some(why) = SetClock::impossible() {
        println!("SKIPPED: {why}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let clock = SetClock::new(folder.path(), days).unwrap();
    let options = Options { env: clock.of_wall(), ..Options::in_folder(folder.path()) };
    let rig = Rig::start(&options).await.unwrap();
    let before = motcua_store::moment().unwrap();
    files_and_is_delivered_once_mended(&rig, words, || clock.set("+0").unwrap()).await;
    let after = motcua_store::moment().unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let message = rig::message(&copy).unwrap();
    let made = message.moment.unwrap();
    assert_eq!(made.boot, after.boot, "the hub knows when it was made in spite of the clock");
    assert!((before.monotonic_ms..=after.monotonic_ms).contains(&made.monotonic_ms), "{before:?} {made:?} {after:?}");
    rig.stop().await.unwrap();
}
