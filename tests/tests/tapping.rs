//! Whole visits by tapping: the real Slint tree without a display, the real agent, simulated devices. A finger finds what it taps by
//! the words on it, as a person does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions};
use motcua_kiosk::{
    agent,
    face::{Face, FromAgent},
    ui::Kiosk,
};
use motcua_model::{
    Private,
    api::{Action, ChipPhase, DeviceState, Overlay, PaperState, PrintState, Screen, Snapshot},
    catalogue::AnswerKind,
    dossier::Proof,
    fault::Fault,
    fold,
    hub::MessageBody,
    particulars::ReturnBy,
};
use motcua_sim::pcscd::Pcscd;
use motcua_tests::{
    own_namespace,
    rig::{self, CARD, Options, Rig},
    set_clock::SetClock,
    visit::{Citizen, Next},
};
use serde_json::json;
use slint::{ComponentHandle as _, platform::PointerEventButton};
use std::{
    cell::Cell,
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// As in the rig's configuration, and a little more.
const WARNING_S: u16 = 22;

/// The screen and the finger before it.
struct Finger {
    face: Rc<Face>,
    receive: tokio::sync::mpsc::UnboundedReceiver<FromAgent>,
    clock: Rc<Cell<Duration>>,
    /// Of the picture that was last received.
    step: u64,
    /// Says at C06 that the card is wrong.
    denies: bool,
    taps: usize,
}

impl Finger {
    fn before(rig: &Rig) -> Self {
        let backend =
            TestingBackend::new(TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) });
        slint::platform::set_platform(Box::new(backend)).unwrap();
        let agent::Link { send, receive } = agent::connect(&rig.socket()).unwrap();
        let clock = Rc::new(Cell::new(Duration::from_secs(60)));
        let now = Rc::clone(&clock);
        let face = Face::new(move |wish| drop(send.send(wish)), move || now.get()).unwrap();
        face.set_size(1080, 1920, 4.0);
        face.app().show().unwrap();
        Self { face, receive, clock, step: 0, denies: false, taps: 0 }
    }

    /// Takes what the agent has said.
    fn look(&mut self) {
        while let Ok(message) = self.receive.try_recv() {
            if let FromAgent::Snapshot(snapshot) = &message {
                self.step = snapshot.step;
            }
            self.face.receive(message);
        }
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    }

    fn shows(&self, snapshot: &Snapshot) -> bool {
        let kiosk = self.face.app().global::<Kiosk>();
        let overlaid = kiosk.get_overlay().kind != motcua_kiosk::ui::OverlayKind::None;
        let connected = kiosk.get_screen() != motcua_kiosk::ui::ScreenKind::Connecting;
        // Two questions behind one another have the same code.
        connected && self.step == snapshot.step && kiosk.get_code() == snapshot.screen.code() && overlaid == snapshot.overlay.is_some()
    }

    /// Everything that can be read on the screen, and what a reader aloud would say of its pictures.
    fn words(&self) -> String {
        let all = ElementQuery::from_root(self.face.app()).match_descendants().find_all();
        let words = all.iter().flat_map(|element| [element.accessible_label(), element.accessible_value()]);
        words.flatten().map(|words| words.to_string()).collect::<Vec<_>>().join("\n")
    }

    fn buttons(&self) -> Vec<ElementHandle> {
        let all = ElementQuery::from_root(self.face.app()).match_descendants().match_accessible_role(AccessibleRole::Button).find_all();
        all.into_iter().filter(|button| button.accessible_enabled() != Some(false)).collect()
    }

    fn find(&self, label: &str) -> Option<ElementHandle> {
        self.buttons()
            .into_iter()
            .rfind(|button| button.accessible_label().is_some_and(|words| words.to_lowercase() == label.to_lowercase()))
    }

    /// Turns pages until it is there.
    fn tap(&mut self, label: &str) {
        while self.find(label).is_none() && self.find("Trang sau").is_some() {
            self.press("Trang sau");
        }
        self.press(label);
    }

    fn press(&mut self, label: &str) {
        let button = self.find(label).unwrap_or_else(|| {
            let words: Vec<_> = self.buttons().iter().filter_map(ElementHandle::accessible_label).collect();
            panic!("no button '{label}' on {} among {words:?}", self.face.app().global::<Kiosk>().get_code())
        });
        button.mock_single_click(PointerEventButton::Left);
        // A trembling finger's second touch is not taken.
        self.clock.set(self.clock.get() + Duration::from_millis(300));
        self.taps += 1;
    }

    /// Types, unless the machine has filled in what it read.
    fn type_in(&mut self, text: &str) {
        let input = self.face.app().global::<Kiosk>().get_input();
        if input.empty || !input.complete {
            self.type_letters(text);
        }
        self.press("Xong");
    }

    fn type_letters(&mut self, text: &str) {
        for letter in text.chars() {
            let key = if letter == ' ' { "Dấu cách".to_owned() } else { letter.to_string() };
            self.press(&key);
        }
    }

    /// Finds the commune by the name that people still use.
    fn pick(&mut self, address: &str, known_as: &str) {
        let [rest, commune, province] = address.split(", ").collect::<Vec<_>>().try_into().unwrap();
        self.type_letters(&fold(province.trim_start_matches("Tỉnh ")));
        self.press(province);
        self.type_letters(known_as);
        self.press(commune);
        self.type_in(rest);
        self.press("Đúng, tiếp tục");
    }

    /// What a person taps for this.
    fn does(&mut self, action: &Action, snapshot: &Snapshot) {
        match (action, &snapshot.screen) {
            (Action::Start { .. }, _) => self.tap("Nộp hồ sơ"),
            (Action::Agree, _) => self.tap("Đồng ý"),
            (Action::ChooseProcedure { code }, Screen::Procedures { procedures, life_events }) => {
                let wanted = procedures.iter().find(|line| line.code == *code).unwrap();
                self.tap(&life_events[usize::from(wanted.life_event)].vi);
                self.tap(&wanted.name.vi);
            }
            (Action::HavePapers, _) => self.tap("Tôi có đủ giấy"),
            (Action::TypeCard, _) => self.tap("Gõ số trên thẻ"),
            (Action::ConfirmPerson { .. }, _) => self.tap(if self.denies { "Không đúng" } else { "Đúng" }),
            (Action::ReadChip, _) => self.tap("Đọc lại"),
            (Action::SkipChip, _) => self.tap("Bỏ qua, tiếp tục"),
            (Action::FileFor { whom }, _) => self.tap(&whom.words().vi),
            (Action::Resume { .. }, _) => self.tap("Làm tiếp"),
            (Action::Answer { value }, Screen::Question { kind: AnswerKind::Choice { options }, .. }) => {
                let chosen = options.iter().find(|option| option.id == value.reveal()).unwrap();
                self.tap(&chosen.label.vi);
            }
            (Action::Answer { value }, Screen::Question { kind: AnswerKind::Address { .. }, .. }) => self.pick(value.reveal(), "ma le"),
            (Action::Answer { value }, Screen::Question { of_card: true, kind: AnswerKind::Name, .. }) => {
                self.type_in(&fold(value.reveal()))
            }
            (Action::Answer { .. }, Screen::Question { kind: AnswerKind::Name, .. }) => self.type_in("tran uoc"),
            (Action::Answer { value }, _) => self.type_in(&value.reveal().replace('/', "")),
            (Action::ScanPaper { paper }, Screen::Papers { papers }) => self.tap(&format!("Quét: {}", papers[usize::from(*paper)].name.vi)),
            (Action::LeavePaper { paper }, Screen::Papers { papers }) => {
                self.tap(&format!("Không có: {}", papers[usize::from(*paper)].name.vi));
            }
            (Action::PapersDone, _) => self.tap("Tiếp tục"),
            (Action::DeclareSheets { sheets }, _) => self.tap(&format!("{sheets} tờ")),
            (Action::StartScan, _) => self.tap("Bắt đầu quét"),
            (Action::AcceptPages, _) => self.tap("Đủ và rõ"),
            (Action::ScanAgain, _) => self.tap("Quét lại từ đầu"),
            (Action::Submit, _) => self.tap("Gửi hồ sơ"),
            (Action::SlipTaken, _) => self.tap("Đã lấy phiếu"),
            (Action::Retry, _) => self.tap("Thử lại"),
            (Action::Dismiss, _) => self.tap("Đóng"),
            (Action::MoreTime, _) => self.tap("Tôi cần thêm thời gian"),
            (Action::End, _) => self.tap("Kết thúc"),
            (other, screen) => panic!("nobody has told the finger what to tap for {other:?} on {}", screen.code()),
        }
    }
}

/// From the first touch to the end. `trouble` sees every picture before the finger acts on it.
fn visit(
    runtime: &Runtime,
    rig: &mut Rig,
    finger: &mut Finger,
    trouble: impl FnMut(&Runtime, &mut Rig, &mut Finger, &Snapshot),
) -> Citizen {
    visit_of(Citizen::new(CARD), runtime, rig, finger, trouble)
}

fn visit_of(
    mut citizen: Citizen,
    runtime: &Runtime,
    rig: &mut Rig,
    finger: &mut Finger,
    mut trouble: impl FnMut(&Runtime, &mut Rig, &mut Finger, &Snapshot),
) -> Citizen {
    let started = Instant::now();
    loop {
        let snapshot = runtime.block_on(rig.snapshot()).unwrap();
        let (code, overlay) = (snapshot.screen.code(), &snapshot.overlay);
        let shown = finger.face.app().global::<Kiosk>().get_code();
        assert!(started.elapsed() < Duration::from_secs(60), "stuck at {code} under {overlay:?}, the screen shows {shown}");
        trouble(runtime, rig, finger, &snapshot);
        finger.look();
        let stale = runtime.block_on(rig.snapshot()).is_ok_and(|now| now != snapshot);
        if stale || !finger.shows(&snapshot) {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        match citizen.next(&snapshot) {
            Next::Leave => return citizen,
            Next::Act(action) => finger.does(&action, &snapshot),
            Next::Feed(paper) => {
                runtime.block_on(rig.dock(json!({"load": [format!("{paper}-1.jpg"), format!("{paper}-2.jpg")]}))).unwrap();
                finger.does(&Action::StartScan, &snapshot);
            }
            next @ (Next::ShowCard | Next::LayCard | Next::TakeCard | Next::Wait) => {
                // The card may be shown in the moment in which the machine goes down.
                let _shown = runtime.block_on(citizen.perform(rig, &snapshot, &next));
            }
        }
        let touched = Instant::now();
        while touched.elapsed() < Duration::from_secs(1) && runtime.block_on(rig.snapshot()).is_ok_and(|now| now == snapshot) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn office() -> (TempDir, Runtime, Rig, Finger) {
    office_with(false)
}

fn office_with(card_reader: bool) -> (TempDir, Runtime, Rig, Finger) {
    let folder = TempDir::new().unwrap();
    let (runtime, rig, finger) = in_office(&Options { card_reader, ..Options::in_folder(folder.path()) });
    (folder, runtime, rig, finger)
}

fn in_office(options: &Options) -> (Runtime, Rig, Finger) {
    let runtime = Runtime::new().unwrap();
    let rig = runtime.block_on(Rig::start(options)).unwrap();
    runtime.block_on(rig.until_devices()).unwrap();
    let finger = Finger::before(&rig);
    (runtime, rig, finger)
}

fn filed(rig: &Rig) -> motcua_model::dossier::Dossier {
    let [copy] = rig.hub_copies().unwrap().try_into().unwrap_or_else(|copies: Vec<_>| panic!("{} messages", copies.len()));
    let MessageBody::Dossier(dossier) = rig::message(&copy).unwrap().body else { panic!("a dossier should be at the hub") };
    *dossier
}

#[test]
fn a_birth_is_registered_by_tapping_alone() {
    let (_folder, runtime, mut rig, mut finger) = office();
    let citizen = visit(&runtime, &mut rig, &mut finger, |_, _, _, _| {});
    assert_eq!(citizen.codes.len(), 1);
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    let dossier = filed(&rig);
    assert_eq!(dossier.documents.len(), 2);
    let answer = |id: &str| dossier.answers.iter().find(|answer| answer.question == id).map(|answer| answer.value.reveal().to_owned());
    assert_eq!(answer("phone").as_deref(), Some("0900000456"), "typed on the screen's own keys: {:?}", dossier.answers);
    println!("{} taps", finger.taps);
    assert!(finger.taps <= 52, "{} taps are many for one birth", finger.taps);
    runtime.block_on(rig.stop()).unwrap();
}

/// C13: not to the address on the card. The commune is found by the name that it had before July 2025.
#[test]
fn the_result_goes_by_post_to_another_address_that_was_picked_on_the_screen() {
    let (_folder, runtime, mut rig, mut finger) = office();
    let address = "Thon thu, Xã Lũng Cú, Tỉnh Tuyên Quang";
    let citizen = Citizen { post_to: Some(address), ..Citizen::new(CARD) };
    visit_of(citizen, &runtime, &mut rig, &mut finger, |_, _, _, _| {});
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    let dossier = filed(&rig);
    assert_eq!(dossier.particulars.return_by, Some(ReturnBy::Post { address: Private::new(address) }));
    assert_ne!(dossier.applicant.address.reveal(), address);
    assert_eq!(dossier.particulars.contact.phone.as_ref().map(Private::reveal), Some("0900000456"));
    runtime.block_on(rig.stop()).unwrap();
}

#[test]
fn a_very_bad_day_ends_with_the_same_dossier() {
    let (_folder, runtime, mut rig, mut finger) = office();
    let mut happened: Vec<&str> = Vec::new();
    let citizen = visit(&runtime, &mut rig, &mut finger, |runtime, rig, _, snapshot| {
        let order = |rig: &Rig, command| drop(runtime.block_on(rig.dock(command)).unwrap());
        let mut first = |what: &'static str, now: bool| {
            let first = now && !happened.contains(&what);
            if first {
                happened.push(what);
            }
            first
        };
        let quiet = snapshot.overlay.is_none();
        if first("the link goes", matches!(snapshot.screen, Screen::Notice)) {
            runtime.block_on(rig.kill_hub()).unwrap();
        } else if first("another card is held under the reader", quiet && matches!(snapshot.screen, Screen::Papers { .. })) {
            runtime.block_on(rig.scan_code(rig::OTHER_CARD)).unwrap();
        } else if first("the paper jams", quiet && matches!(snapshot.screen, Screen::Scan { running: false, .. })) {
            order(rig, json!({"jam": 2}));
        } else if first("staff take the paper out", is_jammed(snapshot)) {
            order(rig, json!("clear"));
        } else if first("the power fails", quiet && one_is_scanned(&snapshot.screen)) {
            runtime.block_on(rig.kill_agent()).unwrap();
            runtime.block_on(rig.start_agent()).unwrap();
        } else if first("the scanner is unplugged for a moment", quiet && matches!(snapshot.screen, Screen::CountSheets { .. })) {
            order(rig, json!({"unplug": "scanner"}));
            std::thread::sleep(Duration::from_secs(1));
            order(rig, json!({"plug": "scanner"}));
        } else if first("the printer has no paper", matches!(snapshot.screen, Screen::Review { .. })) {
            order(rig, json!({"printer": "paper_out"}));
        } else if first("somebody brings paper", waits_for_paper(&snapshot.screen)) {
            order(rig, json!({"printer": "ok"}));
        }
    });
    assert_eq!(happened.len(), 8, "only these happened: {happened:?}");
    assert_eq!(citizen.codes.len(), 1, "{:?}", citizen.codes);
    assert_eq!(rig.slips().unwrap().len(), 1, "one dossier, one slip");
    runtime.block_on(rig.start_hub()).unwrap();
    runtime.block_on(rig.technician(&["outbox", "retry"])).unwrap();
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    let dossier = filed(&rig);
    assert_eq!(dossier.documents.iter().map(|document| document.pages.len()).collect::<Vec<_>>(), [2, 2], "no page lost, none twice");
    assert_eq!(dossier.code.as_str(), citizen.codes[0]);
    runtime.block_on(rig.stop()).unwrap();
}

/// A card that is lifted too early, somebody else's card, and data on the right one that its owner calls wrong: the officer is told,
/// the dossier goes on.
#[test]
fn a_day_of_bad_cards_ends_with_a_dossier_that_says_so() {
    if let Some(why) = Pcscd::missing() {
        println!("SKIPPED: {why}");
        return;
    }
    let (_folder, runtime, mut rig, mut finger) = office_with(true);
    runtime.block_on(rig.until("the card reader", |s| s.health.card_reader == DeviceState::Ready)).unwrap();
    finger.denies = true;
    let mut bad = vec![("citizen_2024", Fault::CardOther), ("moved", Fault::CardMoved)];
    let citizen = visit_of(Citizen::with_chip(CARD, "citizen_2021"), &runtime, &mut rig, &mut finger, |runtime, rig, _, snapshot| {
        if !matches!(snapshot.screen, Screen::ReadChip { phase: ChipPhase::Waiting, .. }) || snapshot.overlay.is_some() {
            return;
        }
        if let Some((card, fault)) = bad.pop() {
            runtime.block_on(rig.dock(json!({"insert_card": card}))).unwrap();
            let told = |s: &Snapshot| matches!(s.screen, Screen::ReadChip { fault: Some(shown), .. } if shown == fault);
            runtime.block_on(rig.until("the card's fault", told)).unwrap();
            runtime.block_on(rig.dock(json!("remove_card"))).unwrap();
        }
    });
    assert!(bad.is_empty(), "these cards never lay on the reader: {bad:?}");
    assert_eq!(citizen.codes.len(), 1);
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    let dossier = filed(&rig);
    assert!(!dossier.applicant.confirmed, "the officer learns that the card is said to be wrong");
    assert_eq!(dossier.applicant.name.reveal(), "Nguyễn Thị Mẫu", "the one who files, and not whose card lay there before");
    runtime.block_on(rig.stop()).unwrap();
}

/// First somebody thinks for long, and says so. Then they go away in the midst of it: the screen asks, waits, and forgets. The next one
/// finds nothing of them; they come back with their card, and nothing has to be done again.
#[test]
fn who_walks_away_leaves_nothing_on_the_screen_and_comes_back_to_the_same_dossier() {
    if let Some(why) = SetClock::impossible() {
        println!("SKIPPED: {why}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let clock = SetClock::new(folder.path(), "+0").unwrap();
    let options = Options { env: clock.of_all(), ..Options::in_folder(folder.path()) };
    let (runtime, mut rig, mut finger) = in_office(&options);
    let asked = |s: &Snapshot| matches!(s.overlay, Some(Overlay::StillThere { .. }));
    let of_the_person = ["Nguyễn Thị Mẫu", "001••••••016", "15/01/1990", "Thôn Ví Dụ"];
    let (mut thought, mut left) = (false, false);
    let citizen = visit(&runtime, &mut rig, &mut finger, |runtime, rig, finger, snapshot| {
        let quiet = snapshot.overlay.is_none();
        if quiet && !thought && matches!(snapshot.screen, Screen::Papers { .. }) {
            thought = true;
            clock.set(&format!("+{}", options.idle_s + 2)).unwrap();
            runtime.block_on(rig.until("the question whether somebody is there", asked)).unwrap();
        } else if quiet && !left && matches!(snapshot.screen, Screen::Review { .. }) {
            left = true;
            finger.look();
            let words = finger.words();
            assert_eq!(of_the_person.iter().find(|word| !words.contains(**word)), None, "all of it stands on this page: {words}");
            clock.set(&format!("+{}", 2 * (options.idle_s + 2))).unwrap();
            runtime.block_on(rig.until("the question whether somebody is there", asked)).unwrap();
            clock.set(&format!("+{}", 2 * (options.idle_s + 2) + WARNING_S)).unwrap();
            let cleared = runtime.block_on(rig.screen("C01")).unwrap();
            while finger.step < cleared.step {
                finger.look();
            }
            let words = finger.words();
            assert!(words.contains("Nộp hồ sơ"), "the first page: {words}");
            assert_eq!(of_the_person.iter().find(|word| words.contains(**word)), None, "{words}");
        }
    });
    assert!(thought && left);
    assert_eq!(citizen.codes.len(), 1);
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    let pages: Vec<usize> = filed(&rig).documents.iter().map(|document| document.pages.len()).collect();
    assert_eq!(pages, [2, 2], "what was scanned before is there once");
    runtime.block_on(rig.stop()).unwrap();
}

/// Nothing is promised that is not on the disk: who files is told, and goes on by the same pages once there is room again.
#[test]
fn on_a_full_disk_a_person_is_told_and_goes_on_when_there_is_room() {
    if let Some(why) = own_namespace::impossible() {
        println!("SKIPPED: {why}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    let options = Options { kept: kept.clone(), ..Options::in_folder(folder.path()) };
    let runtime = Runtime::new().unwrap();
    let mut rig = runtime.block_on(Rig::start_without_agent(&options)).unwrap();
    // A small disk that this agent alone sees, and that goes with it.
    let small = "mount -t tmpfs -o size=16m tmpfs \"$0\" && exec \"$@\"";
    rig.under = ["unshare", "--mount", "sh", "-c", small, kept.to_str().unwrap()].map(str::to_owned).to_vec();
    runtime.block_on(rig.start_agent()).unwrap();
    runtime.block_on(rig.until_devices()).unwrap();
    let mut finger = Finger::before(&rig);
    let disk = Path::new("/proc").join(rig.agent_pid().unwrap().to_string()).join("root").join(kept.strip_prefix("/").unwrap());
    let failed = |s: &Snapshot| matches!(s.overlay, Some(Overlay::Fault { fault: Fault::StoreFailed, .. }));
    let (mut full, mut told) = (false, 0);
    let citizen = visit(&runtime, &mut rig, &mut finger, |_, _, finger, snapshot| {
        if !full && snapshot.overlay.is_none() && matches!(snapshot.screen, Screen::Review { .. }) {
            full = true;
            own_namespace::fill(&disk).unwrap();
        } else if failed(snapshot) {
            finger.look();
            if finger.shows(snapshot) {
                assert!(finger.words().contains("Chưa có gì được gửi"), "{}", finger.words());
                told += 1;
                let _room = std::fs::remove_file(disk.join("filler"));
            }
        }
    });
    assert!(full && told > 0, "the disk was full: {full}, and the person was told so: {told}");
    assert_eq!(citizen.codes.len(), 1);
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    assert_eq!(filed(&rig).code.as_str(), citizen.codes[0]);
    runtime.block_on(rig.stop()).unwrap();
}

/// The hub takes nothing of this device. Who files gets a slip and true words, and the dossier goes under the same code once it does.
#[test]
fn a_hub_that_refuses_is_no_trouble_of_the_person_who_files() {
    let (_folder, runtime, mut rig, mut finger) = office();
    let (mut refusing, mut told) = (false, 0);
    let citizen = visit(&runtime, &mut rig, &mut finger, |runtime, rig, finger, snapshot| {
        if !refusing && matches!(snapshot.screen, Screen::Notice) {
            refusing = true;
            runtime.block_on(rig.hub_does_badly(json!({"status": 422, "times": 1000}))).unwrap();
        } else if matches!(snapshot.screen, Screen::Slip { .. }) {
            finger.look();
            if finger.shows(snapshot) {
                let words = finger.words();
                assert!(words.contains("tự gửi"), "nothing says that the office has it: {words}");
                told += 1;
            }
        }
    });
    assert!(refusing && told > 0, "the hub refused: {refusing}, and the person was told the truth: {told}");
    assert_eq!(citizen.codes.len(), 1);
    assert_eq!(rig.slips().unwrap().len(), 1);
    runtime.block_on(rig.until_status("the refusal", |s| s.outbox.iter().any(|line| !line.problem.is_empty()))).unwrap();
    assert!(rig.hub_copies().unwrap().is_empty());
    runtime.block_on(rig.hub_does_badly(json!({}))).unwrap();
    runtime.block_on(rig.technician(&["outbox", "retry"])).unwrap();
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    assert_eq!(filed(&rig).code.as_str(), citizen.codes[0]);
    runtime.block_on(rig.stop()).unwrap();
}

/// The code on the card is worn and the reader is gone: nobody is sent home for that, and the officer knows what to compare.
#[test]
fn who_has_a_card_that_no_reader_reads_types_what_stands_on_it() {
    let (_folder, runtime, mut rig, mut finger) = office();
    runtime.block_on(rig.dock(json!({"unplug": "gun"}))).unwrap();
    runtime.block_on(rig.until("the reader to be missed", |s| s.health.reader == DeviceState::Lost)).unwrap();
    let citizen = Citizen { types: true, ..Citizen::new(CARD) };
    let citizen = visit_of(citizen, &runtime, &mut rig, &mut finger, |_, _, _, _| {});
    assert_eq!(citizen.codes.len(), 1);
    runtime.block_on(rig.until_status("delivery", |s| s.dossiers.delivered == 1)).unwrap();
    let applicant = filed(&rig).applicant;
    assert_eq!((applicant.number.reveal().as_str(), applicant.name.reveal()), ("001190000016", "Nguyen Thi Mau"));
    assert_eq!((applicant.birth, applicant.proof), (jiff::civil::date(1990, 1, 15), Proof::Typed));
    runtime.block_on(rig.stop()).unwrap();
}

fn is_jammed(snapshot: &Snapshot) -> bool {
    matches!(snapshot.overlay, Some(Overlay::Fault { fault: Fault::ScannerJam, .. }))
}

fn one_is_scanned(screen: &Screen) -> bool {
    matches!(screen, Screen::Papers { papers } if papers.iter().any(|paper| matches!(paper.state, PaperState::Scanned(_))))
}

fn waits_for_paper(screen: &Screen) -> bool {
    matches!(screen, Screen::Slip { printing: PrintState::Waiting(Fault::PrinterPaperOut), .. })
}
