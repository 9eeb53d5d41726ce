//! Pages that need another scan, or none at all, in a whole office: a faulty one is told and scanned again with one tap, one with a
//! note is scanned twice, and a paper with a secrecy mark leaves nothing behind.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a scenario that cannot go on has failed")]

use motcua_drivers::printer::{Align, Block, Font, Size, render};
use motcua_model::{
    api::{Action, Overlay, PageView, PaperState, Screen, Snapshot},
    dossier::Special,
    fault::Fault,
    pages::PageFault,
};
use motcua_tests::{
    rig::{CARD, Options, Rig, pages_folder},
    visit::{Citizen, Next},
};
use serde_json::json;
use std::{fs, path::Path, time::Instant};
use tempfile::TempDir;

/// To the first paper's C11, with two sheets declared.
async fn to_the_feeder(rig: &Rig, citizen: &mut Citizen) {
    citizen.go_until(rig, |s| matches!(s.screen, Screen::CountSheets { .. })).await.unwrap();
    rig.act(Action::DeclareSheets { sheets: 2 }).await.unwrap();
    rig.screen("C11").await.unwrap();
}

fn checked(snapshot: &Snapshot) -> Option<&[PageView]> {
    if let Screen::PageCheck { pages, .. } = &snapshot.screen { Some(pages) } else { None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sheet_scanned_twice_is_told_and_replaced_with_one_tap() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_a_note_is_scanned_twice_and_the_hub_is_told_which_is_which() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    to_the_feeder(&rig, &mut citizen).await;
    rig.dock(json!({"load": ["to-khai-1.jpg", "to-khai-2.jpg", "ket-hon-1.jpg", "ket-hon-2.jpg"]})).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    let seen = rig.until("four pages", |s| checked(s).is_some_and(|pages| pages.len() == 4)).await.unwrap();
    let before = checked(&seen).unwrap().to_vec();

    rig.act(Action::ScanWithoutNote { page: before[0].id }).await.unwrap();
    rig.screen("C11").await.unwrap();
    // Without its note the sheet looks as it did: it is no page scanned by mistake.
    rig.dock(json!({"load": ["to-khai-1.jpg", "to-khai-2.jpg"]})).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    let seen = rig.until("the page without its note", |s| checked(s).is_some_and(|pages| pages.len() == 5)).await.unwrap();
    let Screen::PageCheck { pages, expected: 5, .. } = &seen.screen else { panic!("{:?}", seen.screen) };
    assert!(pages[1].without_note && pages[1].fault.is_none(), "{pages:?}");
    assert_eq!([&pages[0], &pages[2], &pages[3], &pages[4]], [&before[0], &before[1], &before[2], &before[3]]);

    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let message = fs::read_to_string(rig.hub_copies().unwrap().remove(0).join("message.json")).unwrap();
    assert_eq!(message.matches("without_note").count(), 1);
    rig.stop().await.unwrap();
}

/// A page of A4 at 300 dpi that bears a secrecy mark, beside its blank back.
fn draw_marked_paper(folder: &Path) {
    let font = fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").unwrap();
    let text = |text: &str| Block::Text { text: text.to_owned(), size: Size::Huge, bold: false, align: Align::Left };
    let lines = ["ỦY BAN NHÂN DÂN XÃ MINH HỌA", "", "TỐI MẬT", "", "GIẤY XÁC NHẬN", "Giấy này là giấy mẫu để thử máy."];
    let drawn = render(&lines.map(text), 2000, &Font::new(font, None).unwrap()).unwrap();
    let mut sheet = image::RgbImage::from_pixel(2480, 3508, image::Rgb([255, 255, 255]));
    image::imageops::overlay(&mut sheet, &image::DynamicImage::ImageLuma8(drawn).to_rgb8(), 240, 300);
    sheet.save(folder.join("mat-1.jpg")).unwrap();
    fs::copy(pages_folder().join("to-khai-2.jpg"), folder.join("mat-2.jpg")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_with_a_secrecy_mark_leaves_no_page_behind() {
    let (folder, pages) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    draw_marked_paper(pages.path());
    let rig = Rig::start(&Options { pages: pages.path().to_owned(), ..Options::in_folder(folder.path()) }).await.unwrap();
    rig.until_devices().await.unwrap();
    to_the_feeder(&rig, &mut Citizen::new(CARD)).await;
    rig.dock(json!({"load": ["mat-1.jpg", "mat-2.jpg"]})).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    let told = rig.until("the mark to be read", |s| s.overlay.is_some()).await.unwrap();
    assert_eq!(told.overlay, Some(Overlay::Fault { fault: Fault::SecretPaper, retry: false }));
    rig.act(Action::Dismiss).await.unwrap();
    let shown = rig.screen("C08").await.unwrap();
    assert!(matches!(&shown.screen, Screen::Papers { papers } if papers.iter().all(|paper| paper.state == PaperState::ToScan)));
    // The scanner may still be sending the back.
    let (blobs, started) = (folder.path().join("state/blobs"), Instant::now());
    while fs::read_dir(&blobs).unwrap().count() > 0 {
        assert!(started.elapsed().as_secs() < 10, "a page of the secret paper is still on the disk");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_whose_papers_all_come_to_the_desk_reaches_the_hub_without_files() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    let started = Instant::now();
    while citizen.codes.is_empty() {
        assert!(started.elapsed().as_secs() < 60, "the visit does not get on");
        let snapshot = rig.snapshot().await.unwrap();
        let next = match &snapshot.screen {
            Screen::CountSheets { .. } => Next::Act(Action::CannotScan),
            Screen::SpecialPaper { .. } => Next::Act(Action::BringToDesk { special: Special::Bound }),
            _ => citizen.next(&snapshot),
        };
        citizen.perform(&rig, &snapshot, &next).await.unwrap();
    }
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let message = fs::read_to_string(copy.join("message.json")).unwrap();
    assert!(message.contains("at_desk") && message.contains("bound"), "the officer learns what comes and why it was not scanned");
    assert!(fs::read_dir(copy).unwrap().all(|file| file.unwrap().path().extension().is_none_or(|end| end != "pdf")));
    rig.stop().await.unwrap();
}
