//! A paper that somebody brings as a PDF, on a stick or through the desk: refused with the reason, or with the hub byte for byte.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    api::{Action, PaperState, Screen, Snapshot},
    brought::{OfferedPdf, PdfFrom},
};
use motcua_tests::{
    browser::{Browser, values},
    rig::{CARD, Options, Rig},
    visit::Citizen,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn corpus(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/arrived").join(name)).unwrap()
}

/// An office where sticks are mounted below the folder that is given back.
async fn office(folder: &TempDir) -> (Rig, PathBuf) {
    let sticks = folder.path().join("sticks");
    fs::create_dir(&sticks).unwrap();
    let mut rig = Rig::start_without_agent(&Options::in_folder(folder.path())).await.unwrap();
    rig.configure(&format!("[brought]\nsticks = \"{}\"\n", sticks.display())).unwrap();
    rig.start_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    (rig, sticks)
}

/// To C10c of the next paper, which the person has as a PDF.
async fn to_the_choice(rig: &Rig, citizen: &mut Citizen) {
    citizen.go_until(rig, |s| matches!(s.screen, Screen::CountSheets { pdf: true, .. })).await.unwrap();
    rig.act(Action::HavePdf).await.unwrap();
    rig.until("C10c", |s| matches!(s.screen, Screen::ChoosePdf { stick: true, .. })).await.unwrap();
}

fn offered(snapshot: &Snapshot) -> &[OfferedPdf] {
    if let Screen::ChoosePdf { files, .. } = &snapshot.screen { files } else { &[] }
}

/// Waits for a file of this name, and touches it.
async fn take(rig: &Rig, name: &str, from: PdfFrom) {
    let named = |s: &Snapshot| offered(s).iter().find(|file| file.name.reveal() == name && file.from == from).map(|file| file.id);
    let seen = rig.until(name, |s| named(s).is_some()).await.unwrap();
    rig.act(Action::TakePdf { file: named(&seen).unwrap() }).await.unwrap();
}

fn states(snapshot: &Snapshot) -> Vec<PaperState> {
    if let Screen::Papers { papers } = &snapshot.screen { papers.iter().map(|paper| paper.state).collect() } else { Vec::new() }
}

async fn until_pdfs(rig: &Rig, wanted: usize) {
    let brought = |s: &Snapshot| states(s).iter().filter(|state| matches!(state, PaperState::Pdf(1))).count() == wanted;
    rig.until("the paper to be there", brought).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn papers_come_as_pdf_from_a_stick_and_from_the_desk_and_reach_the_hub_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let (mut rig, sticks) = office(&folder).await;
    let mut desk = Browser::at(&rig).await;
    assert!(desk.page("/").await.contains("href=/pdf"));
    assert_eq!(Browser::outside(&rig).get("/pdf").await.headers()["location"], "/login");
    let mut citizen = Citizen::new(CARD);

    // A stick comes in with a file that cannot be taken; then with one that can.
    to_the_choice(&rig, &mut citizen).await;
    let stick = sticks.join("sda1/Giấy tờ");
    fs::create_dir_all(&stick).unwrap();
    fs::write(stick.join("khóa.pdf"), corpus("bad-encrypted-empty-password")).unwrap();
    take(&rig, "khóa.pdf", PdfFrom::Stick).await;
    let why = |s: &Snapshot| matches!(&s.screen, Screen::ChoosePdf { refused: Some(why), .. } if why.vi.contains("mã hóa"));
    rig.until("the reason", why).await.unwrap();
    fs::write(stick.join("tờ khai.pdf"), corpus("good-text")).unwrap();
    take(&rig, "tờ khai.pdf", PdfFrom::Stick).await;
    until_pdfs(&rig, 1).await;
    fs::remove_dir_all(&stick).unwrap();

    // What was taken is durable: the power fails, the stick is gone, and the person comes back.
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    citizen = Citizen::new(CARD);
    rig.scan_code(CARD).await.unwrap();
    rig.screen("C91").await.unwrap();
    rig.act(Action::Resume { go_on: true }).await.unwrap();
    until_pdfs(&rig, 1).await;

    // The desk uploads the other one. A console of before the restart is a stranger.
    let form = values(&desk.page("/login").await, "name=form value=");
    assert!(form.is_empty());
    desk = Browser::at(&rig).await;
    let token = values(&desk.page("/pdf").await, "name=form value=").remove(0);
    let (status, page) = desk.upload("/pdf", &token, "sớm.pdf", &corpus("good-least")).await;
    assert!(status == 422 && page.contains("Không ai ở kiosk đang chờ tệp"), "{status} {page}");
    to_the_choice(&rig, &mut citizen).await;
    let waits = "Có người ở kiosk đang chờ tệp";
    rig.until("an empty list", |s| offered(s).is_empty()).await.unwrap();
    assert!(desk.page("/pdf").await.contains(waits));
    for (token, bytes, why) in [
        (token.as_str(), b"no PDF".to_vec(), "Tệp không phải PDF"),
        (token.as_str(), corpus("bad-script"), "hãy in lại tài liệu ra PDF"),
        (token.as_str(), Vec::new(), "Chưa chọn tệp nào"),
        (token.as_str(), vec![b'%'; (64 << 20) + 1], "hãy chia thành nhiều phần"),
        ("another site", corpus("good-least"), "Trang này đã cũ"),
    ] {
        let (status, page) = desk.upload("/pdf", token, "x.pdf", &bytes).await;
        assert!(status == 422 && page.contains(why), "{why}: {status} {page}");
    }
    assert_eq!(Browser::outside(&rig).upload("/pdf", &token, "x.pdf", &corpus("good-least")).await.0, 303);
    assert!(offered(&rig.snapshot().await.unwrap()).is_empty(), "nothing refused is offered");
    let (status, page) = desk.upload("/pdf", &token, "chứng sinh.pdf", &corpus("good-least")).await;
    assert!(status == 200 && page.contains("Đã nhận tệp 1 trang"), "{status} {page}");
    take(&rig, "chứng sinh.pdf", PdfFrom::Desk).await;
    until_pdfs(&rig, 2).await;
    assert!(!desk.page("/pdf").await.contains(waits));

    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let files = fs::read_dir(&copy).unwrap().map(|file| file.unwrap().path());
    let pdfs: BTreeSet<Vec<u8>> =
        files.filter(|path| path.extension().is_some_and(|end| end == "pdf")).map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(pdfs, BTreeSet::from([corpus("good-text"), corpus("good-least")]));
    let message = fs::read_to_string(copy.join("message.json")).unwrap();
    assert_eq!(message.matches("\"from\":\"pdf\"").count(), 2, "{message}");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_for_one_person_is_not_offered_to_the_next() {
    let folder = TempDir::new().unwrap();
    let (rig, sticks) = office(&folder).await;
    let desk = Browser::at(&rig).await;
    let mut citizen = Citizen::new(CARD);
    to_the_choice(&rig, &mut citizen).await;
    let token = values(&desk.page("/pdf").await, "name=form value=").remove(0);
    assert_eq!(desk.upload("/pdf", &token, "riêng.pdf", &corpus("good-least")).await.0, 200);
    rig.until("the file", |s| offered(s).len() == 1).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.screen("C01").await.unwrap();
    // Not even at once, while the task that looks at sticks sleeps; a stick that was left in is offered.
    fs::write(sticks.join("quên.pdf"), corpus("good-least")).unwrap();
    to_the_choice(&rig, &mut Citizen::new(CARD)).await;
    let seen = rig.until("the stick", |s| !offered(s).is_empty()).await.unwrap();
    assert_eq!(offered(&seen).iter().map(|file| file.name.reveal()).collect::<Vec<_>>(), ["quên.pdf"]);
    rig.stop().await.unwrap();
}
