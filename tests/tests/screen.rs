//! The real kiosk process under a display: what it keeps, and how it comes back.
#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use i_slint_backend_testing::{ElementHandle, TestingBackend, TestingBackendOptions};
use motcua_kiosk::{
    comfort::TextSize,
    face::{Face, FromAgent},
    ui::Contrast,
};
use motcua_model::api::{Action, Screen};
use motcua_tests::{
    kiosk,
    rig::{CARD, Options, Rig},
    visit::Citizen,
};
use slint::ComponentHandle as _;
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

/// Where a finger finds these words: the same pages laid out in this process.
fn place(face: &Face, label: &str) -> (u32, u32) {
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    let mut found = ElementHandle::find_by_accessible_label(face.app(), label);
    let element = found.next().unwrap();
    let (at, size) = (element.absolute_position(), element.size());
    ((at.x + size.width / 2.0) as u32, (at.y + size.height / 2.0) as u32)
}

/// A person touches A+ twice and ◐ once.
async fn choose_the_largest_letters_in_black(rig: &Rig, display: &str) {
    let backend = TestingBackend::new(TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) });
    slint::platform::set_platform(Box::new(backend)).unwrap();
    let face = Face::new(|_| {}, || Duration::ZERO).unwrap();
    face.set_size(1080, 1920, 4.0);
    face.app().show().unwrap();
    face.receive(FromAgent::Snapshot(Box::new(rig.snapshot().await.unwrap())));
    let touches = [
        ("Chữ to", TextSize::Large, Contrast::Usual),
        ("Chữ rất to", TextSize::Largest, Contrast::Usual),
        ("Màu: chữ đen, nền trắng", TextSize::Largest, Contrast::BlackOnWhite),
    ];
    for (label, size, contrast) in touches {
        kiosk::touch(display, place(&face, label)).await.unwrap();
        face.set_comfort(size, contrast);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_kiosk_comes_back_to_the_same_step_in_the_same_letters_and_colours() {
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
    let usual = still().await;
    let distinct = usual.pixels().collect::<std::collections::HashSet<_>>().len();
    assert!(distinct > 50, "an empty display proves nothing: {distinct} colours");
    choose_the_largest_letters_in_black(&rig, &display).await;
    let shown = still().await;
    assert_ne!(below_the_header(&shown), below_the_header(&usual), "the touches have changed nothing");
    let kept = kiosk::runtime_folder(&rig).join("comfort");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "largest black 2 mute open\n");
    process.kill().await.unwrap();
    let _again = kiosk::start(&rig, &display, SIZE).unwrap();
    let again = still().await;
    assert_eq!(rig.snapshot().await.unwrap().step, before.step, "the visit is the agent's: it has noticed nothing");
    assert_eq!(below_the_header(&again), below_the_header(&shown), "the same page as before, in the same letters and colours");
    // Twice: the first one asks whether to throw the filing away.
    rig.act(Action::End).await.unwrap();
    rig.act(Action::End).await.unwrap();
    rig.screen("C01").await.unwrap();
    still().await;
    assert!(!kept.exists(), "the next person finds the usual screen");
    rig.stop().await.unwrap();
}
