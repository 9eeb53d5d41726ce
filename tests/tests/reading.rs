//! What the papers say in a whole office: read while the visit goes on, filled into the questions, told to the hub and in the files.

#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    api::{Action, Screen},
    hub::MessageBody,
};
use motcua_tests::{
    rig::{self, CARD, Options, Rig},
    visit::{Citizen, Next},
};
use std::{collections::HashMap, fs, time::Instant};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_questions_come_filled_in_from_the_papers_and_the_hub_knows_what_was_read() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    let mut offered: HashMap<u8, (String, String)> = HashMap::new();
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 120, "the visit does not get on");
        let snapshot = rig.snapshot().await.unwrap();
        let next = match &snapshot.screen {
            Screen::Question { at: 1..=3, answer, read_from: Some(_), .. } => Next::Act(Action::Answer { value: answer.clone() }),
            // The machine may still be reading.
            Screen::Question { at: 1..=3, .. } => Next::Wait,
            Screen::Review { .. } => break,
            _ => citizen.next(&snapshot),
        };
        if let (Screen::Question { at, read_from: Some(paper), .. }, Next::Act(Action::Answer { value })) = (&snapshot.screen, &next) {
            offered.insert(*at, (value.reveal().to_owned(), paper.vi.clone()));
        }
        citizen.perform(&rig, &snapshot, &next).await.unwrap();
    }
    // All three stand on both papers; the one that was read first fills them in.
    assert!(offered[&1].0.ends_with("ƯỚC MƠ"), "{offered:?}");
    assert_eq!((offered[&2].0.as_str(), offered[&3].0.as_str()), ("19/10/2026", "female"));

    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let message = rig::message(&copy).unwrap();
    let MessageBody::Dossier(dossier) = message.body else { panic!("no dossier") };
    let sources: Vec<_> = dossier.answers.iter().map(|answer| answer.read_from.as_deref()).collect();
    let fields = sources.iter().map(|source| source.and_then(|source| Some(source.split_once('.')?.1))).collect::<Vec<_>>();
    assert_eq!(fields, [Some("child_name"), Some("child_birth"), Some("child_sex"), None, None]);
    let of = |component: &str| {
        let document = dossier.documents.iter().find(|document| document.component == component).unwrap();
        message.files.iter().find(|file| file.document == document.id).unwrap()
    };
    let metadata = of("GCS").metadata.as_ref().unwrap();
    println!("{}", serde_json::to_string_pretty(metadata).unwrap());
    assert_eq!((metadata.type_code.as_str(), metadata.paper_name.as_str()), ("GCS", "Giấy chứng sinh"));
    assert!(metadata.text_confidence.unwrap() > 0.8);
    let issued = metadata.issued.as_ref().map(|known| known.value.reveal().to_owned());
    // Each side is read once and what was read kept, as is what is known of each paper; the backs may still wait for their turn.
    let kept = 2 * dossier.documents.iter().map(|document| document.pages.len()).sum::<usize>() + 2 * message.files.len();
    let (blobs, since) = (rig.dir.join("state/blobs"), Instant::now());
    while fs::read_dir(&blobs).unwrap().count() != kept {
        assert!(since.elapsed().as_secs() < 30, "{} files, not {kept}", fs::read_dir(&blobs).unwrap().count());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let pdf = fs::read(copy.join(&of("GCS").name)).unwrap();
    let pdf = String::from_utf8_lossy(&pdf);
    assert!(pdf.contains("<giay:TypeCode>GCS</giay:TypeCode>"));
    assert!(issued.is_some_and(|issued| pdf.contains(&format!("<giay:Issued>{issued}</giay:Issued>"))));
    rig.stop().await.unwrap();
}
