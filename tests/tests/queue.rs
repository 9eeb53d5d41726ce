//! Numbers of the queue in a whole office: taken at the kiosk, printed, called at two desks, shown in the waiting room, lost by no kill.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use image::GrayImage;
use motcua_drivers::printer::{
    Font,
    slip::{Align, Block, Size, render},
};
use motcua_model::{
    api::{Action, PrintState, QueuePage, Screen, Service, Snapshot},
    fault::Fault,
};
use motcua_tests::{
    browser::{Browser, values},
    rig::{Options, Rig},
};
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path};
use tempfile::TempDir;

const QUEUE: &str = "[queue]\ndesks = 3\n\
    [[queue.groups]]\ncode = \"A\"\nname = { vi = \"Hộ tịch, chứng thực\", en = \"Civil status\" }\n\
    [[queue.groups]]\ncode = \"B\"\nname = { vi = \"Đất đai\", en = \"Land\" }\n";

async fn office(folder: &TempDir) -> Rig {
    let mut rig = Rig::start_without_agent(&Options::in_folder(folder.path())).await.unwrap();
    rig.configure(QUEUE).unwrap();
    rig.start_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    rig
}

/// Takes a number and answers what the screen shows.
async fn take(rig: &Rig, group: u8, priority: Option<u8>) -> Snapshot {
    rig.screen("C01").await.unwrap();
    rig.act(Action::Start { service: Service::Queue }).await.unwrap();
    rig.screen("C24").await.unwrap();
    rig.act(Action::ChooseGroup { group }).await.unwrap();
    rig.screen("C24b").await.unwrap();
    rig.act(Action::ChoosePriority { priority }).await.unwrap();
    rig.screen("C24c").await.unwrap()
}

fn number_on(shown: &Snapshot) -> (String, u32) {
    let Screen::Queue { page: QueuePage::Taken { number, ahead, .. } } = &shown.screen else { panic!("{:?}", shown.screen) };
    (number.clone(), *ahead)
}

async fn until_printed(rig: &Rig, state: PrintState) {
    let is = |s: &Snapshot| matches!(&s.screen, Screen::Queue { page: QueuePage::Taken { printing, .. } } if *printing == state);
    rig.until("the ticket", is).await.unwrap();
}

/// Takes a number, and its ticket.
async fn take_away(rig: &Rig, group: u8, priority: Option<u8>) -> String {
    let number = number_on(&take(rig, group, priority).await).0;
    until_printed(rig, PrintState::Printed).await;
    rig.act(Action::End).await.unwrap();
    number
}

/// Whether the printer burned this number, dot by dot as large as a ticket has it.
fn shows(slip: &Path, number: &str) -> bool {
    let font = fs::read("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf").unwrap();
    let font = Font::new(font, None).unwrap();
    let text = Block::Text { text: number.to_owned(), size: Size::Giant, bold: true, align: Align::Centre };
    let paper = image::open(slip).unwrap().to_luma8();
    let wanted = inked(&render(&[text], paper.width(), &font).unwrap());
    let lines = rows(&paper);
    lines.windows(wanted.len()).any(|window| window == wanted)
}

fn rows(paper: &GrayImage) -> Vec<Vec<bool>> {
    paper.rows().map(|row| row.map(|dot| dot.0[0] < 128).collect()).collect()
}

/// Without the white above and below.
fn inked(paper: &GrayImage) -> Vec<Vec<bool>> {
    let rows = rows(paper);
    let has_ink = |row: &Vec<bool>| row.iter().any(|dot| *dot);
    let (first, last) = (rows.iter().position(has_ink).unwrap(), rows.iter().rposition(has_ink).unwrap());
    rows[first..=last].to_vec()
}

/// Presses a button of the desk's page, as it is now, and answers the page behind it.
async fn press(browser: &mut Browser, desk: &str, button: &str) -> String {
    let page = browser.page(&format!("/call?desk={desk}")).await;
    let (form, seen) = (values(&page, "name=form value=").remove(0), seen_on(&page));
    browser.told("/call", &[("form", &form), ("desk", desk), ("seen", &seen), ("act", button)]).await
}

fn seen_on(page: &str) -> String {
    values(page, "name=seen value=").remove(0).trim_matches('\'').to_owned()
}

/// The large number of a page, by the class of its paragraph.
fn large(page: &str, class: &str) -> String {
    let (_, rest) = page.split_once(&format!("<p class={class}>")).unwrap_or_else(|| panic!("no number on {page}"));
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_printed_called_and_shown_in_the_waiting_room() {
    let folder = TempDir::new().unwrap();
    let mut rig = office(&folder).await;
    rig.kill_hub().await.unwrap();
    let shown = take(&rig, 0, None).await;
    assert_eq!(number_on(&shown), ("A001".to_owned(), 0));
    until_printed(&rig, PrintState::Printed).await;
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), 1);
    assert!(shows(&slips[0], "A001") && !shows(&slips[0], "A002"), "the number is on the paper");
    rig.act(Action::End).await.unwrap();
    assert_eq!(number_on(&take(&rig, 0, None).await), ("A002".to_owned(), 1));
    rig.act(Action::End).await.unwrap();
    assert_eq!(number_on(&take(&rig, 0, Some(1)).await), ("A003".to_owned(), 0), "with priority");
    rig.act(Action::End).await.unwrap();
    assert_eq!(number_on(&take(&rig, 1, None).await), ("B001".to_owned(), 0));
    rig.act(Action::End).await.unwrap();

    let mut desk = Browser::at(&rig).await;
    let room = Browser::outside(&rig);
    let stranger = room.get("/call?desk=1").await;
    assert_eq!((stranger.status().as_u16(), stranger.headers()["location"].to_str().unwrap()), (303, "/login"), "staff alone call");
    let display = room.get("/queue").await;
    assert_eq!(display.status(), 200, "the room needs no code");
    let policy = display.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    let display = display.text().await.unwrap();
    assert!(display.contains("Chưa gọi số nào") && display.contains("src=/queue.js"), "{display}");
    assert!(room.page("/queue.js").await.contains("/queue/now"));

    assert!(desk.page("/").await.contains("href=/call"), "staff find it from the first page");
    assert!(desk.page("/call").await.contains("/call?desk=3"), "a browser is asked for its desk");
    let page = press(&mut desk, "2", "next").await;
    assert_eq!(large(&page, "number"), "A003");
    assert!(page.contains("ƯU TIÊN") && page.contains("Người khuyết tật"), "staff see the mark: {page}");
    let now = room.page("/queue/now").await;
    assert_eq!(large(&now, "big"), "A003");
    assert!(now.contains("→ Quầy 2") && !now.contains("ƯU TIÊN") && !now.contains("khuyết tật"), "{now}");

    assert_eq!(large(&press(&mut desk, "2", "absent").await, "number"), "—");
    assert_eq!(large(&press(&mut desk, "2", "next:B").await, "number"), "B001");
    assert_eq!(large(&press(&mut desk, "2", "next").await, "number"), "A003", "it came back");
    assert_eq!(large(&press(&mut desk, "2", "done").await, "number"), "—");
    let old = desk.page("/call?desk=2").await;
    assert_eq!(large(&press(&mut desk, "2", "next").await, "number"), "A001");
    let form = values(&old, "name=form value=").remove(0);
    let again = desk.told("/call", &[("form", &form), ("desk", "2"), ("seen", ""), ("act", "next")]).await;
    assert_eq!(large(&again, "number"), "A001", "the second of two quick presses calls nobody");
    assert!(again.contains("Trang đã cũ"));
    assert_eq!(desk.post("/call", &[("form", "of another site"), ("desk", "2"), ("seen", ""), ("act", "next")]).await.0, 403);
    assert_eq!(large(&press(&mut desk, "2", "again").await, "number"), "A001");

    let statistics = desk.page("/call/numbers.csv").await;
    assert!(statistics.lines().count() == 5 && statistics.contains(",A003,A,disabled,"), "{statistics}");
    assert_eq!(room.get("/call/numbers.csv").await.status(), 303, "for staff alone");

    let figures = rig.metrics().await.unwrap();
    assert!(figures.contains("motcua_queue_waiting 1") && figures.contains("motcua_queue_wait_seconds"), "{figures}");
    assert_eq!(rig.status().await.unwrap().outbox, [], "nothing of it is for the hub");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_paper_the_number_stays_on_the_screen_and_no_ticket_comes_out_late() {
    let folder = TempDir::new().unwrap();
    let rig = office(&folder).await;
    rig.dock(json!({"printer": "paper_out"})).await.unwrap();
    let (number, _) = number_on(&take(&rig, 0, None).await);
    until_printed(&rig, PrintState::Waiting(Fault::PrinterPaperOut)).await;
    let shown = rig.snapshot().await.unwrap();
    assert_eq!((number_on(&shown).0, shown.overlay), (number.clone(), None), "no fault hides the number");
    rig.act(Action::End).await.unwrap();
    rig.dock(json!({"printer": "ok"})).await.unwrap();
    rig.until_devices().await.unwrap();
    let next = take_away(&rig, 0, None).await;
    assert_ne!(next, number);
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), 1, "the one before went without paper");
    assert!(shows(&slips[0], &next));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_right_after_the_number_was_shown_loses_none_and_gives_none_twice() {
    let folder = TempDir::new().unwrap();
    let mut rig = office(&folder).await;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(number_on(&take(&rig, 0, None).await).0);
        rig.restart_agent().await.unwrap();
        rig.until_devices().await.unwrap();
    }
    assert_eq!(numbers, ["A001", "A002", "A003"]);
    let mut desk = Browser::at(&rig).await;
    for number in numbers {
        assert_eq!(large(&press(&mut desk, "1", "next").await, "number"), number, "it waits on after the kill");
    }
    // The room's screen needs nobody after a restart either.
    let room = Browser::outside(&rig);
    rig.restart_agent().await.unwrap();
    let _up_again = Browser::at(&rig).await;
    assert_eq!(large(&room.page("/queue/now").await, "big"), "A003");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_desks_that_press_at_once_call_two_people() {
    let folder = TempDir::new().unwrap();
    let rig = office(&folder).await;
    let mut waiting = BTreeSet::new();
    for _ in 0..8 {
        waiting.insert(number_on(&take(&rig, 0, None).await).0);
        rig.act(Action::End).await.unwrap();
    }
    let (mut first, mut second) = (Browser::at(&rig).await, Browser::at(&rig).await);
    let mut called = BTreeSet::new();
    for _ in 0..4 {
        let (one, other) = tokio::join!(press(&mut first, "1", "next"), press(&mut second, "2", "next"));
        for page in [one, other] {
            assert!(called.insert(large(&page, "number")), "called to two desks: {called:?}");
        }
    }
    assert_eq!(called, waiting);
    let told = press(&mut first, "1", "next").await;
    assert!(told.contains("Không còn ai chờ"), "{told}");
    rig.stop().await.unwrap();
}
