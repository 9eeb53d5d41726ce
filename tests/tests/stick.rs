//! An office without any link: dossiers go to the hub on a stick, and the receipts come back on it.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use motcua_tests::{
    rig::{self, OTHER_CARD, Options, Rig},
    visit::Citizen,
};
use std::{fs, path::Path};
use tempfile::TempDir;

async fn import(rig: &Rig, stick: &Path) -> (bool, String) {
    let mut hub = rig::binary("motcua-hub").unwrap();
    let output = hub.arg("import").arg(rig.dir.join("hub")).arg("--in").arg(stick).output().await.unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn messages(rig: &Rig) -> usize {
    rig.at_hub("list", &[]).await.unwrap().lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_goes_to_the_hub_on_a_stick_and_its_receipt_comes_back() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.kill_hub().await.unwrap();
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.finish(&rig).await.unwrap();
    rig.until_status("the message to be made", |s| s.outbox.iter().any(|line| line.attempts > 0)).await.unwrap();
    let id = rig.status().await.unwrap().outbox[0].id;

    let stick = folder.path().join("stick");
    let place = stick.to_str().unwrap();
    let rows = async || rig.technician(&["audit", "verify"]).await.unwrap().1.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
    let before = rows().await;
    let (good, said) = rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    assert!(good && said.contains("1 message(s) written"), "{said}");
    assert!(rows().await > before, "the trail tells of the export");
    let sealed = stick.join(format!("{id}.motcua"));
    let bytes = fs::read(&sealed).unwrap();
    for secret in ["Trần", "001090000017", "%PDF", "dossier", "base64"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} can be read on the stick");
    }
    let (good, said) = rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    assert!(good && said.contains("0 message(s) written, 1 there already"), "{said}");

    // What was spoilt on the way is refused and holds up nothing.
    let spoilt = stick.join("00000000-0000-7000-8000-000000000001.motcua");
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&spoilt, changed).unwrap();
    let (good, said) = import(&rig, &stick).await;
    assert!(!good && said.contains("refused") && said.contains("H15.50.05-"), "{said}");
    fs::remove_file(&spoilt).unwrap();
    let beside = stick.join(format!("{id}.receipt.json"));
    let receipt = fs::read_to_string(&beside).unwrap();
    assert!(import(&rig, &stick).await.0);
    assert_eq!(fs::read_to_string(&beside).unwrap(), receipt, "imported twice is the same receipt");
    assert_eq!(messages(&rig).await, 1);

    fs::write(&beside, receipt.replace("H15.50.05-", "H15.50.06-")).unwrap();
    let (good, said) = rig.technician(&["outbox", "receipts", place]).await.unwrap();
    assert!(!good && said.contains("signature is not the hub's"), "{said}");
    assert_eq!(rig.status().await.unwrap().outbox.len(), 1, "without a good receipt it waits on");
    fs::write(&beside, &receipt).unwrap();
    let (good, said) = rig.technician(&["outbox", "receipts", place]).await.unwrap();
    assert!(good && said.contains("1 delivered now"), "{said}");
    let status = rig.status().await.unwrap();
    assert!(status.outbox.is_empty() && status.dossiers.delivered == 1, "{status:?}");
    let (good, said) = rig.technician(&["outbox", "receipts", place]).await.unwrap();
    assert!(good && said.contains("0 delivered now, 1 not waiting any more"), "{said}");

    // The link comes after all: nothing is sent twice.
    rig.start_hub().await.unwrap();
    rig.until_status("the link", |s| s.health.hub == motcua_model::api::LinkState::Up).await.unwrap();
    assert_eq!(messages(&rig).await, 1);
    let (good, trail) = rig.technician(&["audit", "verify"]).await.unwrap();
    assert!(good, "{trail}");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_sealed_by_a_stranger_or_with_a_revoked_key_or_for_another_hub_is_refused() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.kill_hub().await.unwrap();
    Citizen::new(OTHER_CARD).finish(&rig).await.unwrap();
    rig.until_status("the message to be made", |s| s.outbox.iter().any(|line| line.attempts > 0)).await.unwrap();
    let stick = folder.path().join("stick");
    let place = stick.to_str().unwrap();

    let another = other.path().join("hub");
    rig::run(rig::binary("motcua-hub").unwrap().arg("init").arg(&another)).await.unwrap();
    let export = rig.dir.join("device/hub-export.pem");
    let right = fs::read(&export).unwrap();
    fs::copy(another.join("export.pem"), &export).unwrap();
    let (good, said) = rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    assert!(!good && said.contains("hub-export.pem from the hub's operator"), "nothing is sealed to a hub of another authority: {said}");
    fs::write(&export, &right).unwrap();

    // A device of another authority has this hub's certificate, which is no secret.
    let (device, authority) = (rig.dir.join("device/device.pem"), rig.dir.join("device/device.key"));
    let own = (fs::read(&device).unwrap(), fs::read(&authority).unwrap());
    let stranger = other.path().join("device");
    rig::run(rig::binary("motcua-hub").unwrap().arg("issue").arg(&another).args(["--device", rig::DEVICE, "--out"]).arg(&stranger))
        .await
        .unwrap();
    fs::copy(stranger.join("device.pem"), &device).unwrap();
    fs::copy(stranger.join("device.key"), &authority).unwrap();
    let (good, said) = rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    assert!(good, "{said}");
    let (good, said) = import(&rig, &stick).await;
    assert!(!good && said.contains("not that of one of this hub's devices"), "{said}");
    assert_eq!(messages(&rig).await, 0);

    fs::write(&device, own.0).unwrap();
    fs::write(&authority, own.1).unwrap();
    fs::remove_dir_all(&stick).unwrap();
    rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    let mut hub = rig::binary("motcua-hub").unwrap();
    let output = hub.arg("import").arg(&another).arg("--in").arg(&stick).output().await.unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stdout).contains("sealed for another hub"));

    rig.at_hub("revoke", &["--device", rig::DEVICE]).await.unwrap();
    let (good, said) = import(&rig, &stick).await;
    assert!(!good && said.contains("was revoked"), "{said}");
    assert_eq!(messages(&rig).await, 0);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_goes_on_the_stick_when_the_receipt_of_its_dossier_is_back() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.kill_hub().await.unwrap();
    Citizen::new(OTHER_CARD).finish(&rig).await.unwrap();
    rig.until_status("the dossier's message to be made", |s| s.outbox.iter().any(|line| line.attempts > 0)).await.unwrap();
    let correct = ["person", "correct", "001090000017", "--name", "Trần Văn Thử Nghiệm", "--reason", "chủ hồ sơ", "--yes"];
    assert!(rig.technician(&correct).await.unwrap().0);

    let stick = folder.path().join("stick");
    let place = stick.to_str().unwrap();
    let (good, said) = rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    assert!(good && said.contains("later") && said.contains("1 message(s) written"), "{said}");
    assert!(import(&rig, &stick).await.0);
    assert!(rig.technician(&["outbox", "receipts", place]).await.unwrap().0);
    rig.until_status("the correction's message to be made", |s| s.outbox.iter().any(|line| line.attempts > 0)).await.unwrap();
    let (good, said) = rig.technician(&["outbox", "export", "--out", place]).await.unwrap();
    assert!(good && said.contains("1 message(s) written"), "{said}");
    assert!(import(&rig, &stick).await.0);
    let (good, said) = rig.technician(&["outbox", "receipts", place]).await.unwrap();
    assert!(good && said.contains("1 delivered now"), "{said}");
    assert_eq!((messages(&rig).await, rig.status().await.unwrap().outbox.len()), (2, 0));
    rig.stop().await.unwrap();
}
