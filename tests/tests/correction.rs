//! A person's data are corrected while the dossier still waits: the hub gets the dossier, then the correction.

use motcua_model::hub::MessageBody;
use motcua_tests::{
    rig::{self, OTHER_CARD, Options, Rig},
    visit::Citizen,
};
use std::fs;
use tempfile::TempDir;

const NUMBER: &str = "001090000017";
const NAME: &str = "Trần Văn Thử Nghiệm";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_follows_its_dossier_to_the_hub() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.kill_hub().await.unwrap();
    let correct = ["person", "correct", NUMBER, "--reason", "chủ hồ sơ, trích lục cải chính"];
    let technician = async |rig: &Rig, more: &[&str]| rig.technician(&[&correct, more].concat()).await.unwrap();
    let (good, said) = technician(&rig, &["--name", NAME, "--yes"]).await;
    assert!(!good && said.contains("no dossier of this person"), "{said}");
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.finish(&rig).await.unwrap();

    for (wrong, why) in [(vec!["--yes"], "nothing is to be corrected"), (vec!["--birth", "2999-01-01", "--yes"], "YYYY-MM-DD")] {
        let (good, said) = technician(&rig, &wrong).await;
        assert!(!good && said.contains(why), "{said}");
    }
    let (good, said) = technician(&rig, &["--name", NAME, "--birth", "1990-02-03"]).await;
    assert!(!good && said.contains("name, day of birth of the person in 1 dossier(s)") && said.contains(&citizen.codes[0]), "{said}");
    assert_eq!(rig.status().await.unwrap().outbox.len(), 1, "without --yes nothing is kept");
    let (good, said) = technician(&rig, &["--name", NAME, "--birth", "1990-02-03", "--yes"]).await;
    assert!(good && !said.contains(NAME), "{said}");
    let (good, list) = rig.technician(&["outbox", "ls"]).await.unwrap();
    assert!(good && list.contains(&format!("not before the hub has {}", citizen.codes[0])) && !list.contains("Trần"), "{list}");

    let out = folder.path().join("export");
    let (good, told) = rig.technician(&["person", "export", NUMBER, "--out", out.to_str().unwrap()]).await.unwrap();
    assert!(good && told.contains("1 correction(s)"), "{told}");
    let corrections = fs::read_to_string(out.join("corrections.json")).unwrap();
    assert!(corrections.contains(NAME) && !fs::read_to_string(out.join("dossiers.json")).unwrap().contains(NAME));

    rig.start_hub().await.unwrap();
    rig.technician(&["outbox", "retry"]).await.unwrap();
    rig.until_status("both to be delivered", |s| s.outbox.is_empty()).await.unwrap();
    let mut copies: Vec<_> = (rig.hub_copies().unwrap().iter())
        .map(|copy| {
            let message = rig::message(copy).unwrap();
            (message.sequence, message, rig::receipt(copy).unwrap())
        })
        .collect();
    copies.sort_by_key(|(sequence, ..)| *sequence);
    let [(_, first, first_receipt), (_, second, second_receipt)] = copies.as_slice() else { panic!("two messages should be at the hub") };
    assert!(first_receipt.official_code.is_some() && second_receipt.official_code.is_none());
    assert!(first_receipt.stored <= second_receipt.stored, "the dossier goes first");
    let (MessageBody::Dossier(dossier), MessageBody::Correction(correction)) = (&first.body, &second.body) else {
        panic!("a dossier and then its correction should be at the hub")
    };
    assert_eq!((correction.dossiers.as_slice(), second.files.len()), ([dossier.id].as_slice(), 0));
    assert_eq!(correction.changes.name.as_ref().map(|name| name.reveal()), Some(NAME));
    assert_ne!(dossier.applicant.name.reveal(), NAME, "the dossier stays as it was confirmed");

    let (good, told) = rig.technician(&["person", "erase", NUMBER, "--yes"]).await.unwrap();
    assert!(good && told.contains("nothing of this person"), "{told}");
    rig.stop().await.unwrap();
}
