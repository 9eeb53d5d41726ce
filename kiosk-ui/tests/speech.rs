//! The kiosk for who does not see it: what every screen says, visits by keys alone, and the voice itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

#[path = "speech/sound.rs"]
mod sound;
mod stage;

use i_slint_core::{
    accessibility::AccessibleStringProperty,
    item_tree::ParentItemTraversalMode,
    items::{AccessibleRole, ItemRc},
    window::WindowInner,
};
use motcua_kiosk::{
    face::FromAgent,
    samples,
    speech::voice::{Order, Status, Utterance, Voice, Volume},
    ui::Kiosk,
};
use motcua_model::{
    Language, Private,
    api::{Action, PrintState, Screen, Service, Snapshot},
    catalogue::AnswerKind,
    for_whom::ForWhom,
};
use slint::{
    ComponentHandle as _,
    platform::{Key, WindowEvent},
};
use stage::{SIZES, Stage};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    ops::ControlFlow,
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Longer scripts nobody hears to their end: a minute and a half of speech.
const LONGEST: usize = 1_400;

/// One thing with words, as the tree has it; asked of Slint's own items, which is much faster than handles.
struct Said {
    label: String,
    button: bool,
    enabled: bool,
    /// Its component and those that it inherits.
    names: Vec<String>,
}

/// All that the screen says; of what lies over a page alone, where something does.
fn said(stage: &Stage) -> Vec<Said> {
    let root = ItemRc::new_root(WindowInner::from_pub(stage.face.app().window()).component());
    let (mut page, mut over) = (Vec::new(), Vec::new());
    root.visit_descendants(|item| {
        let text = |what| item.accessible_string_property(what).map(String::from).unwrap_or_default();
        let label = text(AccessibleStringProperty::Label);
        if !label.is_empty() {
            let above = std::iter::successors(Some(item.clone()), |i| i.parent_item(ParentItemTraversalMode::FindAllParents));
            let is_over = above.flat_map(|item| names_of(&item)).any(|name| name == "OverlayLayer" || name == "ZoomPage");
            let button = item.accessible_role() == AccessibleRole::Button;
            let enabled = text(AccessibleStringProperty::Enabled) == "true";
            let part = Said { label, button, enabled, names: names_of(item) };
            if is_over { over.push(part) } else { page.push(part) }
        }
        ControlFlow::<()>::Continue(())
    });
    if over.is_empty() { page } else { over }
}

fn names_of(item: &ItemRc) -> Vec<String> {
    item.element_type_names_and_ids(0).unwrap_or_default().into_iter().map(|(name, _)| name.to_string()).collect()
}

/// The labels of all buttons of the page that can be pressed, without the keys of a keyboard and the bar.
fn choices(stage: &Stage) -> BTreeSet<String> {
    let apart = |part: &Said| part.names.iter().any(|name| name == "KeyCap" || name == "BarButton");
    said(stage).into_iter().filter(|part| part.button && part.enabled && !apart(part)).map(|part| part.label).collect()
}

fn titles(stage: &Stage) -> Vec<String> {
    said(stage).into_iter().filter(|part| part.names.iter().any(|name| name == "Title")).map(|part| part.label).collect()
}

#[test]
fn every_screen_says_its_title_and_every_choice_in_both_languages() {
    for size in SIZES {
        let stage = Stage::new(size);
        let mut screens = 0;
        for language in [Language::Vi, Language::En] {
            for (at, mut sample) in samples::all(language).into_iter().enumerate() {
                sample.snapshot.step = 700 + u64::try_from(at).unwrap();
                stage.show(sample.snapshot);
                let place = format!("{} {size:?} {language:?}", sample.name);
                let script = stage.face.script(true);
                let said = script.join("\n");
                assert!(!script.is_empty(), "{place}: nothing is said");
                assert!(said.chars().count() <= LONGEST, "{place}: {} letters:\n{said}", said.chars().count());
                let titles = titles(&stage);
                assert!(!titles.is_empty(), "{place}: no title");
                assert!(titles.iter().all(|title| said.contains(title)), "{place}: {titles:?} are not all in:\n{said}");
                for choice in choices(&stage) {
                    assert!(said.contains(&choice), "{place}: '{choice}' is not in:\n{said}");
                }
                screens += 1;
            }
        }
        assert!(screens > 140, "only {screens} screens spoke");
    }
}

/// Every string of a snapshot that is no word of the catalogue and no name of a state, but in the fields of these names.
fn strings(snapshot: &Snapshot, beside: &[&str]) -> Vec<String> {
    fn collect(value: &serde_json::Value, beside: &[&str], found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) if fields.len() == 2 && fields.contains_key("vi") && fields.contains_key("en") => {}
            serde_json::Value::Object(fields) => fields
                .iter()
                // Of a choice the id is no word.
                .filter(|(name, _)| *name != "answer" || !format!("{fields:?}").contains("options"))
                .filter(|(name, _)| !beside.contains(&name.as_str()))
                .for_each(|(_, field)| collect(field, beside, found)),
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, beside, found)),
            // Small letters alone are the name of a state.
            serde_json::Value::String(text) if text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {}
            serde_json::Value::String(text) => found.push(text.clone()),
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::to_value(&snapshot.screen).unwrap(), beside, &mut found);
    found
}

/// What of a snapshot is the person's own. Names of enumerations, ids and times of the machine are not.
fn secrets(snapshot: &Snapshot) -> Vec<String> {
    strings(snapshot, &["kind", "screen", "page", "service", "id", "proof", "change", "check", "choices", "chosen"])
}

/// Amounts owed and tries left are numbers in a snapshot.
const ABOUT_SOMEBODY: [&str; 3] = ["fee", "courier-pin-wrong", "courier-today"];

#[test]
fn a_number_of_the_queue_is_said_to_everybody() {
    let stage = Stage::new(SIZES[0]);
    for language in [Language::Vi, Language::En] {
        stage.show_sample("queue-taken", language);
        let said = stage.face.script(false).join("\n");
        assert!(said.contains("A012") && !said.contains("tai nghe") && !said.contains("headphones"), "{said}");
    }
}

#[test]
fn a_loudspeaker_says_every_title_and_choice_but_nothing_of_the_person() {
    // By hand beside what the types say: names, numbers, addresses, answers, what a person has filed.
    let private = [
        "Nguyễn Thị Mẫu",
        "Nguyễn Thị Mâu",
        "Trần Nguyễn Minh Thử",
        "Trần Văn Thử",
        "ERIKSSON",
        "099",
        "TAM-K001",
        "H99.99.99",
        "Tổ 3",
        "09000000",
        "0900 000",
        "900 000",
        "05/09",
        "1974",
        "27/2019",
        "EA1234",
        "Ghế ngồi",
        "cháu Thử",
        "scan0001",
        "Quyết định ly hôn",
        "Yêu cầu bổ sung",
        "More papers needed",
    ];
    let stage = Stage::new(SIZES[0]);
    let (mut hidden, mut screens) = (0, 0);
    for language in [Language::Vi, Language::En] {
        for (at, mut sample) in samples::all(language).into_iter().enumerate() {
            sample.snapshot.step = 900 + u64::try_from(at).unwrap();
            let secrets: Vec<String> = secrets(&sample.snapshot);
            let words = !strings(&sample.snapshot, &[]).is_empty();
            stage.show(sample.snapshot);
            let place = format!("{} {language:?}", sample.name);
            let script = stage.face.script(false);
            let said = script.join("\n");
            for secret in private.iter().map(|p| (*p).to_owned()).chain(secrets.into_iter().filter(|secret| secret.chars().count() > 3)) {
                assert!(!said.contains(&secret), "{place}: '{secret}' is said aloud:\n{said}");
            }
            let word = if language == Language::En { "headphones" } else { "tai nghe" };
            hidden += usize::from(said.contains(word));
            let about_somebody = words || ABOUT_SOMEBODY.iter().any(|name| sample.name.starts_with(name));
            assert!(about_somebody || !said.contains(word), "{place} keeps something to itself and holds nothing of anybody:\n{said}");
            assert!(!script.is_empty() && !said.contains("{}"), "{place}: {said}");
            let count = |script: &[String]| {
                script.iter().filter(|line| line.split_once(": ").is_some_and(|(n, _)| n.parse::<u8>().is_ok())).count()
            };
            assert_eq!(count(&script), count(&stage.face.script(true)), "{place}: choices are missing:\n{said}");
            screens += 1;
        }
    }
    assert!(hidden > 30 && hidden < screens / 2, "{hidden} of {screens} screens keep something to themselves");
}

#[test]
fn neutral_screens_are_said_whole_by_the_loudspeaker() {
    let stage = Stage::new(SIZES[0]);
    for language in [Language::Vi, Language::En] {
        for name in [
            "waiting",
            "reprint-wrong",
            "reprint-unchecked",
            "devices-lost",
            "notice",
            "procedures",
            "details",
            "identify",
            "identify-failed",
            "chip-moved",
            "chip-unreadable",
            "for-whom",
            "ask-choice-six",
            "papers-not-scanned",
            "count",
            "special",
            "scan",
            "check-faults",
            "check-short",
            "still-there",
            "fault-jam",
            "help",
            "confirm-end",
            "opinion",
            "satisfaction-reasons",
            "badge",
            "out-of-service",
        ] {
            stage.show_sample(name, language);
            let (all, open) = (stage.face.script(true), stage.face.script(false));
            // A chosen face or tile is an answer.
            let all: Vec<String> =
                all.iter().map(|line| line.trim_end_matches(", đang chọn").trim_end_matches(", chosen").to_owned()).collect();
            assert_eq!(all, open, "{name} {language:?}");
        }
    }
}

/// What the kiosk told its voice.
struct Ears {
    stage: Stage,
    orders: Rc<RefCell<Vec<Order>>>,
    status: Arc<Status>,
}

impl Ears {
    fn new(headphones: bool) -> Self {
        let stage = Stage::new(SIZES[0]);
        let orders = Rc::new(RefCell::new(Vec::new()));
        let status = Arc::new(Status::default());
        status.usable.store(true, Ordering::Relaxed);
        status.headphones.store(headphones, Ordering::Relaxed);
        let out = Rc::clone(&orders);
        stage.show_sample("waiting", Language::Vi);
        stage.face.set_voice(Voice { send: Box::new(move |order| out.borrow_mut().push(order)), status: Arc::clone(&status) });
        let ears = Self { stage, orders, status };
        ears.settle();
        ears
    }

    fn settle(&self) {
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(20));
    }

    fn press(&self, key: Key) {
        let window = self.stage.face.app().window();
        window.dispatch_event(WindowEvent::KeyPressed { text: key.into() });
        window.dispatch_event(WindowEvent::KeyReleased { text: key.into() });
        self.stage.wait(Duration::from_millis(300));
        self.settle();
    }

    fn show(&self, snapshot: Snapshot) {
        self.orders.borrow_mut().clear();
        self.stage.show(snapshot);
        self.settle();
    }

    /// The next screen of the visit, as the agent would send it.
    fn next(&self, name: &str, step: u64) {
        let snapshot = samples::all(Language::Vi).into_iter().find(|s| s.name == name).unwrap().snapshot;
        self.show(Snapshot { step, ..snapshot });
    }

    fn last(&self) -> Option<Utterance> {
        self.orders.borrow().iter().rev().find_map(|order| if let Order::Say(said) = order { Some(said.clone()) } else { None })
    }

    /// The last words.
    fn said(&self) -> String {
        self.last().map(|said| said.phrases.join(" | ")).unwrap_or_default()
    }

    /// Down or right until the voice names it, then Enter; says the way that it took.
    fn choose(&self, label: &str, key: Key) {
        let mut heard = Vec::new();
        for _ in 0..60 {
            self.press(key);
            let said = self.last().and_then(|said| said.phrases.last().cloned()).unwrap_or_default();
            if said == label || said.starts_with(&format!("{label},")) {
                self.stage.sent.borrow_mut().clear();
                self.press(Key::Return);
                return;
            }
            heard.push(said);
        }
        panic!("the keys do not lead to '{label}': {heard:?}");
    }

    fn acted(&self, step: u64, action: &Action) {
        assert!(self.stage.actions().contains(&(step, action.clone())), "no {action:?} in step {step}: {:?}", self.stage.actions());
    }
}

#[test]
fn nothing_is_said_until_somebody_asks_and_the_button_reads_one_screen() {
    let ears = Ears::new(false);
    ears.next("notice", 2);
    ears.next("person", 3);
    assert!(ears.last().is_none(), "{}", ears.said());
    ears.stage.tap("Đọc màn hình này");
    ears.settle();
    assert!(ears.said().contains("Đây có phải là thông tin của người nộp không?") && !ears.said().contains("Mẫu"), "{}", ears.said());
    ears.next("count", 4);
    assert!(ears.last().is_none(), "the button reads one screen");
    ears.stage.tap("Tiếng to");
    ears.stage.tap("Tắt tiếng");
    ears.stage.tap("Đọc màn hình này");
    assert_eq!(ears.last().unwrap().volume, Volume::Usual, "who wants to hear it hears it");
    ears.status.usable.store(false, Ordering::Relaxed);
    ears.stage.face.pass_time();
    assert!(!ears.stage.labels().contains(&"Đọc màn hình này".to_owned()), "there is no voice");
}

#[test]
fn a_look_up_by_keys_alone_names_what_was_chosen() {
    let ears = Ears::new(true);
    assert!(ears.said().contains("Mũi tên") && ears.said().contains("Tra cứu hồ sơ"), "{}", ears.said());
    ears.choose("Tra cứu hồ sơ", Key::DownArrow);
    ears.acted(1, &Action::Start { service: Service::LookUp });
    ears.next("look-up", 2);
    assert!(ears.said().contains("Đưa mã trên phiếu vào đầu đọc, hoặc gõ mã.") && ears.said().contains("Bàn phím"), "{}", ears.said());
    ears.press(Key::DownArrow);
    assert!(ears.said().starts_with("Bàn phím | ") && ears.said().ends_with("| 1"), "{}", ears.said());
    for letter in ["T", "K", "0", "7"] {
        ears.choose(letter, Key::RightArrow);
        assert!(ears.said().ends_with(letter), "the typed word is said: {}", ears.said());
    }
    ears.press(Key::DownArrow);
    assert_eq!(ears.said(), "Xoá một chữ", "down leaves the keyboard");
    ears.choose("Xong", Key::DownArrow);
    ears.acted(2, &Action::LookUp { code: "TK07".to_owned() });
    ears.next("look-up-result", 3);
    assert!(ears.said().contains("Đã xong 2/4 bước") && ears.said().contains("H99.99.99"), "{}", ears.said());
    ears.choose("Kết thúc", Key::DownArrow);
    ears.acted(3, &Action::End);
    ears.next("waiting", 4);
    assert!(ears.said().contains("Nộp hồ sơ"), "the headphones are still in, for the next person: {}", ears.said());
}

#[test]
fn a_filing_up_to_its_questions_by_keys_alone() {
    let ears = Ears::new(false);
    ears.press(Key::F5);
    assert!(ears.said().starts_with("Máy đọc màn hình."), "{}", ears.said());
    ears.choose("Nộp hồ sơ", Key::DownArrow);
    ears.acted(1, &Action::Start { service: Service::File });
    ears.next("notice", 2);
    ears.choose("Đồng ý", Key::Tab);
    ears.acted(2, &Action::Agree);
    ears.next("procedures", 3);
    ears.choose("Trang sau", Key::DownArrow);
    assert!(ears.said().contains("Người thân qua đời"), "the next page is read: {}", ears.said());
    ears.choose("Người thân qua đời", Key::DownArrow);
    assert!(ears.said().contains("Đăng ký khai tử"), "{}", ears.said());
    ears.choose("Đăng ký khai tử", Key::DownArrow);
    ears.acted(3, &Action::ChooseProcedure { code: "1.000656".to_owned() });
    ears.next("details", 4);
    ears.choose("Tôi có đủ giấy", Key::DownArrow);
    ears.acted(4, &Action::HavePapers);
    ears.next("identify", 5);
    assert!(ears.said().contains("Giữ yên 3 giây."));
    ears.next("person", 6);
    assert!(!ears.said().contains("Mẫu") && ears.said().contains("tai nghe"), "{}", ears.said());
    ears.choose("Đúng", Key::DownArrow);
    ears.acted(6, &Action::ConfirmPerson { correct: true });
    ears.next("for-whom", 7);
    ears.choose("Cho tôi", Key::DownArrow);
    ears.acted(7, &Action::FileFor { whom: ForWhom::Myself });

    // A name, whose letters change with every key: the keys stay where they were.
    let mut name = samples::all(Language::Vi).into_iter().find(|s| s.name == "ask-name").unwrap().snapshot;
    if let Screen::Question { answer, .. } = &mut name.screen {
        *answer = Private::new("");
    }
    ears.show(Snapshot { step: 8, ..name });
    assert!(ears.said().contains("Họ và tên của trẻ?") && ears.said().contains("Chưa điền gì."), "{}", ears.said());
    ears.choose("A", Key::RightArrow);
    assert_eq!(ears.said(), "Đã gõ.", "others hear it");
    ears.press(Key::RightArrow);
    assert_eq!(ears.said(), "s", "small letters stand where the capitals stood");
    ears.choose("n", Key::RightArrow);
    ears.press(Key::UpArrow);
    ears.choose("Xong", Key::DownArrow);
    ears.acted(8, &Action::Answer { value: Private::new("An") });

    ears.next("ask-choice", 9);
    ears.choose("Bưu điện gửi về nhà", Key::DownArrow);
    ears.acted(9, &Action::Answer { value: Private::new("post") });
    ears.next("ask-number", 10);
    let Screen::Question { kind: AnswerKind::Number { .. }, .. } =
        samples::all(Language::Vi).into_iter().find(|s| s.name == "ask-number").unwrap().snapshot.screen
    else {
        panic!()
    };
    ears.choose("Xong", Key::UpArrow);
    ears.acted(10, &Action::Answer { value: Private::new("3") });
    ears.next("waiting", 11);
    assert_eq!(ears.said(), "Đã kết thúc. Màn hình không giữ lại thông tin nào.");
    ears.next("notice", 12);
    assert!(ears.last().is_none(), "the next person has not asked");
}

#[test]
fn an_address_by_keys_alone_is_heard_by_one_person_only() {
    let ears = Ears::new(true);
    ears.next("address", 2);
    assert!(ears.said().contains("Gõ tên tỉnh, thành phố, cũ hoặc mới.") && ears.said().contains("Tỉnh Tuyên Quang"), "{}", ears.said());
    ears.choose("Tỉnh Tuyên Quang", Key::DownArrow);
    assert!(ears.said().contains("Xã Lũng Cú"), "the next step is read: {}", ears.said());
    ears.choose("m", Key::RightArrow);
    ears.choose("a", Key::RightArrow);
    ears.choose("Xã Lũng Cú", Key::DownArrow);
    assert!(ears.said().contains("Thôn, xóm, đường, số nhà?"), "{}", ears.said());
    ears.choose("A", Key::RightArrow);
    ears.choose("Xong", Key::DownArrow);
    assert!(ears.said().contains("Địa chỉ đã đúng chưa?") && ears.said().contains("Xã Lũng Cú, Tỉnh Tuyên Quang"), "{}", ears.said());
    let aloud = ears.stage.face.script(false).join("\n");
    assert!(!aloud.contains("Lũng Cú") && !aloud.contains("Tuyên Quang") && aloud.contains("Đúng, tiếp tục"), "{aloud}");
    ears.choose("Đúng, tiếp tục", Key::DownArrow);
    ears.acted(2, &Action::Answer { value: Private::new("A, Xã Lũng Cú, Tỉnh Tuyên Quang") });
}

#[test]
fn every_button_of_every_screen_is_reached_by_keys_and_none_under_what_lies_over_it() {
    let ears = Ears::new(true);
    for (at, mut sample) in samples::all(Language::Vi).into_iter().enumerate() {
        sample.snapshot.step = 300 + u64::try_from(at).unwrap();
        ears.show(sample.snapshot);
        let wanted = choices(&ears.stage);
        let mut heard = BTreeSet::new();
        for _ in 0..45 {
            ears.press(Key::DownArrow);
            heard.insert(ears.last().unwrap().phrases.last().unwrap().clone());
        }
        let reached = |label: &String| heard.iter().any(|said| said == label || said.starts_with(&format!("{label},")));
        let missing: Vec<_> = wanted.iter().filter(|label| !reached(label)).collect();
        assert!(missing.is_empty(), "{}: {missing:?} are not among {heard:?}", sample.name);
        if sample.name == "help" {
            let bar = ["Đọc màn hình này", "Tiếng Việt", "English", "Chữ to", "Màu: chữ đen, nền trắng", "Tiếng to", "Che màn hình"];
            let page: Vec<_> = heard.iter().filter(|said| !bar.contains(&said.as_str())).collect();
            assert_eq!(page, ["Đóng"], "the screen below is reached");
        }
    }
}

#[test]
fn a_date_says_the_part_that_was_filled() {
    let ears = Ears::new(true);
    let mut date = samples::all(Language::Vi).into_iter().find(|s| s.name == "ask-date").unwrap().snapshot;
    if let Screen::Question { answer, .. } = &mut date.screen {
        *answer = Private::new("");
    }
    ears.show(Snapshot { step: 2, ..date });
    for (digit, said) in [("1", "1"), ("2", "12"), ("9", "9"), ("1", "1"), ("9", "19")] {
        ears.stage.tap(digit);
        ears.settle();
        assert_eq!(ears.said(), said);
    }
    ears.stage.tap("Xoá hết");
    ears.settle();
    assert_eq!(ears.said(), "Chưa điền gì.");
}

#[test]
fn a_touch_is_followed_by_silence_and_a_key_repeats() {
    let ears = Ears::new(true);
    ears.next("notice", 2);
    let first = ears.said();
    ears.orders.borrow_mut().clear();
    ears.stage.tap("Chữ to");
    assert!(matches!(ears.orders.borrow().first(), Some(Order::Stop)));
    ears.settle();
    ears.press(Key::F5);
    assert_eq!(ears.said(), first.trim_start_matches("Máy đọc"), "the same screen once more");
    ears.press(Key::F7);
    assert_eq!((ears.said().as_str(), ears.last().unwrap().volume), ("Tiếng to.", Volume::Loud));
    ears.press(Key::F8);
    assert_eq!(ears.said(), "Thôi đọc màn hình.");
    ears.next("identify", 3);
    assert!(ears.last().is_none());
}

#[test]
fn faults_and_overlays_are_said_and_a_running_number_is_not() {
    let ears = Ears::new(true);
    ears.next("still-there", 2);
    assert!(ears.said().starts_with("Còn ở đây không?") && ears.said().contains("1: Tôi cần thêm thời gian"), "{}", ears.said());
    let mut snapshot = samples::all(Language::Vi).into_iter().find(|s| s.name == "still-there").unwrap().snapshot;
    snapshot.overlay = Some(motcua_model::api::Overlay::StillThere { seconds: 44 });
    ears.show(Snapshot { step: 2, ..snapshot });
    assert!(ears.last().is_none(), "{}", ears.said());
    ears.next("fault-jam", 2);
    assert!(ears.said().starts_with("Giấy bị kẹt"), "{}", ears.said());
    // The printer runs out of paper while the slip is shown.
    ears.next("slip", 3);
    let mut slip = samples::all(Language::Vi).into_iter().find(|s| s.name == "slip").unwrap().snapshot;
    if let Screen::Slip { printing, .. } = &mut slip.screen {
        *printing = PrintState::Waiting(motcua_model::fault::Fault::PrinterPaperOut);
    }
    ears.show(Snapshot { step: 3, ..slip });
    assert!(ears.said().contains("Máy hết giấy in") && !ears.said().contains("Đã nộp hồ sơ"), "only what is new: {}", ears.said());
}

#[test]
fn headphones_start_the_voice_and_their_plug_ends_it() {
    let ears = Ears::new(false);
    ears.next("person", 2);
    ears.status.headphones.store(true, Ordering::Relaxed);
    ears.stage.face.pass_time();
    ears.settle();
    let said = ears.last().unwrap();
    assert!(said.private && said.phrases.iter().any(|phrase| phrase.contains("Nguyễn Thị Mẫu")), "{}", ears.said());
    ears.orders.borrow_mut().clear();
    ears.status.headphones.store(false, Ordering::Relaxed);
    ears.stage.face.pass_time();
    ears.settle();
    assert!(matches!(ears.orders.borrow().first(), Some(Order::Stop)));
    ears.next("review", 3);
    assert!(ears.last().is_none());
}

#[test]
fn loudness_goes_with_the_person() {
    let ears = Ears::new(false);
    let shown = |ears: &Ears| ears.stage.face.app().global::<Kiosk>().get_volume();
    ears.next("notice", 2);
    ears.stage.tap("Tiếng to");
    assert_eq!((ears.stage.face.comfort().volume, shown(&ears)), (Volume::Loud, 3));
    ears.stage.tap("Tắt tiếng");
    assert_eq!(shown(&ears), 0);
    ears.next("waiting", 3);
    assert_eq!((ears.stage.face.comfort().volume, shown(&ears)), (Volume::Usual, 2));
    ears.stage.tap("Tiếng to");
    ears.stage.wait(Duration::from_secs(91));
    ears.stage.face.pass_time();
    assert_eq!(shown(&ears), 2, "a C01 that somebody left is put back");
}

#[test]
fn who_listens_is_not_asked_so_soon_whether_they_are_there() {
    let touches = |ears: &Ears, seconds: u64| {
        ears.stage.sent.borrow_mut().clear();
        for _ in 0..seconds {
            ears.stage.wait(Duration::from_secs(1));
            ears.stage.face.pass_time();
        }
        ears.stage.actions().iter().filter(|(_, action)| *action == Action::Touch).count()
    };
    let ears = Ears::new(false);
    ears.next("notice", 2);
    assert_eq!(touches(&ears, 60), 0, "nobody listens");
    ears.press(Key::F5);
    assert!(touches(&ears, 80) > 10);
    ears.stage.wait(Duration::from_secs(20));
    assert_eq!(touches(&ears, 60), 0, "then the agent counts as ever");
    ears.status.playing.store(true, Ordering::Relaxed);
    assert!(touches(&ears, 60) > 5, "who is told something is there");
    ears.next("still-there", 3);
    assert_eq!(touches(&ears, 30), 0, "the question is the person's own");
    ears.next("waiting", 4);
    assert_eq!(touches(&ears, 30), 0);
}

#[test]
fn the_agent_gone_takes_what_was_said_with_it() {
    let ears = Ears::new(true);
    ears.next("ask-name", 2);
    ears.stage.face.receive(FromAgent::Lost);
    ears.settle();
    assert!(ears.said().contains("Restarting"), "{}", ears.said());
}
