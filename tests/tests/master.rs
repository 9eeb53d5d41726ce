//! `lossless_master` in a whole office: what the device saw stays beside the JPEG that was made of it, until the hub has the dossier.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use image::RgbImage;
use motcua_model::api::{Action, Screen};
use motcua_tests::{
    rig::{CARD, Options, Rig, pages_folder},
    sane_feeder::{SCANNER, SaneFeeder},
    visit::{Citizen, Next},
};
use std::{collections::BTreeSet, ffi::OsString, fs, path::Path, time::Instant};
use tempfile::TempDir;

/// The pictures with this ending.
fn pictures(folder: &Path, ending: &str) -> Vec<RgbImage> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|own| own == ending)).map(|path| image::open(path).unwrap().to_rgb8()).collect()
}

fn names(folder: &Path, ending: &str) -> BTreeSet<OsString> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|own| own == ending)).map(|path| path.file_stem().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lossless_master_of_every_kept_side_stays_until_the_hub_has_the_dossier() {
    let folder = TempDir::new().unwrap();
    let Some(sane) = SaneFeeder::lay_out(&folder.path().join("sane")).unwrap() else {
        println!("SKIPPED: libsane_folder.so is not built; run: cargo build --workspace");
        return;
    };
    let sheet = |paper: &str| sane.feed(&format!("page {paper}-1.jpg\npage {paper}-2.jpg\n")).unwrap();
    let scanner = Some(format!("{SCANNER}\nlossless_master = true"));
    let mut rig = Rig::start(&Options { scanner, env: sane.env(), ..Options::in_folder(folder.path()) }).await.unwrap();
    rig.until_devices().await.unwrap();
    rig.kill_hub().await.unwrap();

    let mut citizen = Citizen::new(CARD);
    let (mut papers, mut again) = (Vec::new(), false);
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 150, "the visit does not end; the screen shows {:?}", rig.snapshot().await.unwrap().screen);
        let snapshot = rig.snapshot().await.unwrap();
        match (citizen.next(&snapshot), &snapshot.screen) {
            (Next::Leave, _) => break,
            (Next::Feed(paper), _) => {
                papers.push(paper.to_owned());
                // The first paper is mistaken for another at first.
                sheet(if papers.len() == 1 { "ket-hon" } else { paper });
                rig.act_at(snapshot.step, Action::StartScan).await.unwrap();
            }
            (_, Screen::PageCheck { pages, .. }) if !again => {
                again = true;
                sheet(&papers[0]);
                let wrong = pages[0].id;
                rig.act(Action::RescanPage { page: wrong }).await.unwrap();
                let right = |screen: &Screen| matches!(screen, Screen::PageCheck { pages, .. } if pages[0].id != wrong);
                rig.until("the right sheet", |s| right(&s.screen)).await.unwrap();
            }
            (next, _) => citizen.perform(&rig, &snapshot, &next).await.unwrap(),
        }
    }
    assert!(again && !papers.contains(&"ket-hon".to_owned()), "the paper that was put in by mistake is none of {papers:?}");

    // The line is down: everything is here.
    let export = async |rig: &Rig, name: &str| {
        let out = folder.path().join(name);
        let (good, told) = rig.technician(&["person", "export", "001190000016", "--out", out.to_str().unwrap()]).await.unwrap();
        assert!(good, "{told}");
        out
    };
    let out = export(&rig, "waiting").await;
    let (masters, jpegs) = (pictures(&out, "png"), pictures(&out, "jpeg"));
    assert_eq!((masters.len(), jpegs.len()), (2 * papers.len(), 2 * papers.len()), "one for each side that was kept");
    assert_eq!(names(&out, "png"), names(&out, "jpeg"), "each stands beside its JPEG");
    for (paper, side) in papers.iter().flat_map(|paper| [(paper, 1), (paper, 2)]) {
        let paper = image::open(pages_folder().join(format!("{paper}-{side}.jpg"))).unwrap().to_rgb8();
        assert_eq!(masters.iter().filter(|master| **master == paper).count(), 1, "the pixels are the device's");
        assert!(!jpegs.contains(&paper), "the JPEG alone does not have them");
    }

    rig.start_hub().await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    assert!(!fs::read_to_string(copy.join("message.json")).unwrap().contains("image/png"));
    for entry in fs::read_dir(&copy).unwrap() {
        assert!(!fs::read(entry.unwrap().path()).unwrap().starts_with(b"\x89PNG"), "no master goes to the hub");
    }

    rig.forget_delivered().await.unwrap();
    assert!(pictures(&export(&rig, "delivered").await, "png").is_empty());
    rig.stop().await.unwrap();
}
