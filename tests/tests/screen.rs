//! The real kiosk process under a display: what it keeps, and how it comes back.
#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use motcua_model::api::{Action, Screen};
use motcua_tests::{
    kiosk,
    rig::{CARD, Options, Rig},
    visit::Citizen,
};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SIZE: &str = "1080x1920";
/// As it stands on the card and on the pages of the visit.
const PERSONAL: [&str; 4] = ["Nguyễn Thị Mẫu", "001190000016", "Thôn Ví Dụ, Xã Minh Họa", "15/01/1990"];

/// Looks until the picture is what is wanted, or has been the same for long.
async fn until_in_memory(pid: u32, wanted: impl Fn(&[&str]) -> bool) -> Vec<&'static str> {
    let started = Instant::now();
    loop {
        let found = kiosk::in_memory(pid, &PERSONAL).unwrap();
        if wanted(&found) || started.elapsed() > Duration::from_secs(20) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_end_the_screens_process_holds_nothing_of_the_person() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let (_xvfb, display) = kiosk::virtual_display(SIZE).await.unwrap();
    let process = kiosk::start(&rig, &display, SIZE).unwrap();
    let pid = process.id().unwrap();
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::Review { .. })).await.unwrap();
    let shown = until_in_memory(pid, |found| found.contains(&PERSONAL[0])).await;
    assert!(shown.contains(&PERSONAL[0]), "the name stands on the screen, so it must be found: {shown:?}");
    // Twice: the first one asks whether to throw the filing away.
    rig.act(Action::End).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.screen("C01").await.unwrap();
    let left = until_in_memory(pid, |found| found.is_empty()).await;
    assert!(left.is_empty(), "still in the kiosk's memory after the end: {left:?}");
    rig.stop().await.unwrap();
}

/// All but the line with the clock.
fn below_the_header(picture: &image::RgbImage) -> Vec<u8> {
    let skip = usize::try_from(picture.width() * 3 * 160).unwrap();
    picture.as_raw()[skip..].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_kiosk_comes_back_to_the_same_step() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let (_xvfb, display) = kiosk::virtual_display(SIZE).await.unwrap();
    let mut process = kiosk::start(&rig, &display, SIZE).unwrap();
    let mut citizen = Citizen::new(CARD);
    let before = citizen.go_until(&rig, |s| matches!(s.screen, Screen::Papers { .. })).await.unwrap();
    let file = folder.path().join("screen.png");
    let still = async || {
        let mut last = kiosk::look(&display, &file).await.unwrap();
        let mut since = Instant::now();
        let started = Instant::now();
        while since.elapsed() < Duration::from_millis(1500) && started.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = kiosk::look(&display, &file).await.unwrap();
            if below_the_header(&now) != below_the_header(&last) {
                (last, since) = (now, Instant::now());
            }
        }
        last
    };
    let shown = still().await;
    process.kill().await.unwrap();
    let _again = kiosk::start(&rig, &display, SIZE).unwrap();
    let again = still().await;
    assert_eq!(rig.snapshot().await.unwrap().step, before.step, "the visit is the agent's: it has noticed nothing");
    assert_eq!(below_the_header(&again), below_the_header(&shown), "the same page as before");
    let distinct = shown.pixels().collect::<std::collections::HashSet<_>>().len();
    assert!(distinct > 50, "an empty display proves nothing: {distinct} colours");
    rig.stop().await.unwrap();
}
