//! A few of the rounds of `make test-powercut` and `make test-baddisk`, the way back from a damaged database, and the key of the disk
//! sealed by systemd.

use motcua_model::api::{DeviceState, Screen};
use motcua_tests::{
    rig::{self, CARD, Options, Rig},
    visit::Citizen,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;
use tokio::process::Command;

#[tokio::test]
async fn nothing_confirmed_is_lost_in_a_power_cut() {
    println!("{}", rig::run(rig::binary("motcua-powercut").unwrap().args(["--rounds", "3", "--couriers", "8"])).await.unwrap());
}

#[tokio::test]
async fn a_failing_or_full_disk_loses_nothing_confirmed_and_needs_no_hands() {
    println!("{}", rig::run(rig::binary("motcua-baddisk").unwrap().args(["--one-in", "60"])).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technician_goes_back_to_the_copy_of_a_damaged_database() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until("the devices", |s| s.health.scanner == DeviceState::Ready && s.health.printer == DeviceState::Ready).await.unwrap();
    rig.kill_hub().await.unwrap();
    Citizen::new(CARD).finish(&rig).await.unwrap();
    let (good, said) = rig.technician(&["restore", "--yes"]).await.unwrap();
    assert!(good && said.contains("the database opens"), "a database that opens is never replaced: {said}");
    // The agent copies it at its next start.
    rig.kill_agent().await.unwrap();
    let killed = SystemTime::now();
    rig.start_agent().await.unwrap();
    let copy = rig.dir.join("state/backup/store.db");
    let began = Instant::now();
    // On a busy disk the first copy may not have come to its end before the kill.
    while !fs::metadata(&copy).and_then(|copy| copy.modified()).is_ok_and(|made| made > killed) {
        assert!(began.elapsed() < Duration::from_secs(30), "no new copy");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rig.kill_agent().await.unwrap();
    let database = rig.dir.join("state/store.db");
    let mut bytes = fs::read(&database).unwrap();
    bytes.iter_mut().skip(8192).step_by(512).for_each(|byte| *byte ^= 0xff);
    fs::write(&database, bytes).unwrap();

    rig.start_agent().await.unwrap();
    rig.until("out of service", |s| matches!(s.screen, Screen::OutOfService { .. })).await.unwrap();
    let (good, said) = rig.technician(&["restore"]).await.unwrap();
    assert!(!good && said.contains("motcua restore --yes"), "{said}");
    let (good, said) = rig.technician(&["restore", "--yes"]).await.unwrap();
    assert!(good, "{said}");
    let began = Instant::now();
    while rig.agent_ended().await.unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(30), "the agent goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What the service manager does.
    rig.start_agent().await.unwrap();
    rig.until("the attract screen", |s| !matches!(s.screen, Screen::OutOfService { .. })).await.unwrap();
    let (good, said) = rig.technician(&["outbox", "ls"]).await.unwrap();
    assert!(good && said.contains("dossier"), "the dossier waits as before: {said}");
    assert!(rig.dir.join("state/damaged-1/store.db").exists());
    rig.start_hub().await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    rig.stop().await.unwrap();
}

fn systemd_creds(verb: &str, from: &Path, to: &Path) -> Command {
    let mut command = Command::new("systemd-creds");
    command.args([verb, "--with-key=host", "--name=store.key"]).args([from, to]);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_store_key_opens_the_disk_only_where_systemd_hands_it_over() {
    let folder = TempDir::new().unwrap();
    let handed_over = folder.path().join("credentials");
    let mut options = Options::in_folder(folder.path());
    options.env.push(("CREDENTIALS_DIRECTORY", handed_over.clone()));
    let mut rig = Rig::start(&options).await.unwrap();
    rig.kill_agent().await.unwrap();
    let (open, sealed) = (rig.dir.join("store.key"), rig.dir.join("store.key.cred"));
    let Ok(_) = rig::run(&mut systemd_creds("encrypt", &open, &sealed)).await else {
        println!("SKIPPED: systemd-creds cannot seal here; run as root, with the package systemd");
        return;
    };
    let key = fs::read_to_string(&open).unwrap();
    assert!(!fs::read_to_string(&sealed).unwrap().contains(&key));
    fs::remove_file(&open).unwrap();

    rig.start_agent().await.unwrap();
    rig.until("out of service", |s| matches!(s.screen, Screen::OutOfService { .. })).await.unwrap();
    let log = fs::read_to_string(rig.dir.join("logs/agent.log")).unwrap();
    assert!(log.contains("10-sealed-key.conf"), "{log}");
    assert!(!open.exists(), "no new key is made over an old disk");
    rig.kill_agent().await.unwrap();

    // What LoadCredentialEncrypted= does; no systemd runs here.
    fs::create_dir(&handed_over).unwrap();
    let unsealed = handed_over.join("store.key");
    rig::run(&mut systemd_creds("decrypt", &sealed, &unsealed)).await.unwrap();
    fs::set_permissions(&unsealed, fs::Permissions::from_mode(0o400)).unwrap();
    rig.start_agent().await.unwrap();
    rig.until("the attract screen", |s| !matches!(s.screen, Screen::OutOfService { .. })).await.unwrap();
    let (_, said) = rig.technician(&["check"]).await.unwrap();
    assert!(said.contains(&format!("sealed in {}", sealed.display())), "{said}");
    rig.stop().await.unwrap();
}
