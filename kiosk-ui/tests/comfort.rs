//! Sizes of letters, contrasts and the cover: every screen with each of them, and how long they last.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

mod stage;

use i_slint_backend_testing::ElementHandle;
use motcua_kiosk::{
    comfort::{CONTRASTS, TextSize},
    face::FromAgent,
    samples,
    ui::{Act, Contrast, Kiosk, ScreenKind, Theme},
};
use motcua_model::{
    Language, Private,
    api::{Action, PaperLine, PaperState, ProcedureLine, Screen},
    catalogue::{Catalogue, Procedure, Question},
};
use slint::{ComponentHandle as _, Model as _};
use stage::{SIZES, Stage, target_faults, texts};
use std::time::Duration;

/// What is wrong with the texts of the present screen.
fn text_faults(stage: &Stage, buttons: &[ElementHandle], place: &str) -> Vec<String> {
    let seen = texts::seen(stage.face.app());
    assert!(!seen.is_empty(), "{place}: no text is shown");
    let mut faults: Vec<String> =
        seen.iter().flat_map(|text| text.faults.iter().map(move |fault| format!("{place}: '{}' {fault}", text.words))).collect();
    for (at, a) in seen.iter().enumerate() {
        for b in seen[at + 1..].iter().filter(|b| b.layer == a.layer && stage::meet(a.ink, b.ink)) {
            faults.push(format!("{place}: '{}' {:?} and '{}' {:?} lie over each other", a.words, a.ink, b.words, b.ink));
        }
        for button in buttons {
            let edges = stage::edges(button);
            if stage::meet(edges, a.ink) && !stage::holds(edges, a.ink) {
                let name = button.accessible_label().unwrap_or_default();
                faults.push(format!("{place}: '{}' {:?} is cut by '{name}' {edges:?}", a.words, a.ink));
            }
        }
    }
    faults
}

/// Of 3,321 communes the first pages stand for the rest; of every other list all are seen.
fn pages_to_see(stage: &Stage) -> i32 {
    let places = stage.face.app().global::<Kiosk>().get_screen() == ScreenKind::AddressSearch;
    stage.pages().min(if places { 8 } else { i32::MAX })
}

fn every_screen(wide: usize, size: TextSize) {
    let stage = Stage::new(SIZES[wide]);
    let mut found = Vec::new();
    let mut screens = 0;
    for language in [Language::Vi, Language::En] {
        for (at, mut sample) in samples::all(language).into_iter().enumerate() {
            sample.snapshot.step = 1000 + u64::try_from(at).unwrap();
            let overlaid = sample.snapshot.overlay.is_some();
            stage.show(sample.snapshot);
            stage.face.set_comfort(size, Contrast::Usual);
            for page in 0..pages_to_see(&stage) {
                if page > 0 {
                    stage.face.app().global::<Kiosk>().invoke_act(Act::NextPage, 0);
                }
                let place = format!("{} {page} {:?} {size:?} {language:?}", sample.name, SIZES[wide]);
                let buttons = stage.buttons();
                found.extend(target_faults(&buttons, SIZES[wide], overlaid, &place));
                // Under an overlay the texts of the screen lie below its buttons.
                found.extend(text_faults(&stage, if overlaid { &[] } else { &buttons }, &place));
                screens += 1;
            }
        }
    }
    assert!(found.is_empty(), "{} of {screens} screens:\n{}", found.len(), found.join("\n"));
    assert!(screens > 140, "only {screens} screens were looked at");
}

#[test]
fn every_text_has_room_upright_in_the_usual_size() {
    every_screen(0, TextSize::Normal);
}

#[test]
fn every_text_has_room_upright_in_the_large_size() {
    every_screen(0, TextSize::Large);
}

#[test]
fn every_text_has_room_upright_in_the_largest_size() {
    every_screen(0, TextSize::Largest);
}

#[test]
fn every_text_has_room_lying_in_the_usual_size() {
    every_screen(1, TextSize::Normal);
}

#[test]
fn every_text_has_room_lying_in_the_large_size() {
    every_screen(1, TextSize::Large);
}

#[test]
fn every_text_has_room_lying_in_the_largest_size() {
    every_screen(1, TextSize::Largest);
}

/// The screens that the built-in catalogue fills with words.
fn screens_of_the_catalogue() -> Vec<(String, Screen)> {
    let catalogue = Catalogue::built_in().unwrap();
    let life_event = |procedure: &Procedure| catalogue.life_events.iter().position(|e| e.id == procedure.life_event).unwrap();
    let line = |procedure: &Procedure| ProcedureLine {
        code: procedure.code.clone(),
        name: procedure.name.clone(),
        life_event: u8::try_from(life_event(procedure)).unwrap(),
    };
    let procedures = catalogue.procedures.iter().map(line).collect();
    let life_events = catalogue.life_events.iter().map(|event| event.name.clone()).collect();
    let mut screens = vec![("catalogue".to_owned(), Screen::Procedures { procedures, life_events })];
    for procedure in &catalogue.procedures {
        let papers: Vec<PaperLine> = procedure
            .components
            .iter()
            .map(|c| PaperLine {
                name: c.name.clone(),
                required: c.required,
                asked: None,
                state: c.not_scanned.map_or(PaperState::ToScan, PaperState::NotScanned),
            })
            .collect();
        screens.push((format!("papers of {}", procedure.code), Screen::Papers { papers: papers.clone() }));
        let (name, time_limit, result) = (procedure.name.clone(), procedure.time_limit.clone(), procedure.result.clone());
        screens.push((
            format!("details of {}", procedure.code),
            Screen::ProcedureDetails { name, papers, fee_vnd: procedure.fee_vnd, time_limit, result, list: None },
        ));
        for question in &procedure.questions {
            screens.push((format!("question {} of {}", question.id, procedure.code), asked(question)));
        }
    }
    screens
}

fn asked(question: &Question) -> Screen {
    Screen::Question {
        ask: question.ask.clone(),
        hint: question.hint.clone(),
        kind: question.kind.clone(),
        required: question.required,
        answer: Private::new(""),
        read_from: None,
        error: None,
        of_card: false,
        at: 5,
        of: 5,
    }
}

#[test]
fn the_words_of_the_catalogue_have_room_in_the_largest_size() {
    let mut found = Vec::new();
    for size in SIZES {
        let stage = Stage::new(size);
        let mut told = Vec::new();
        for (at, (name, screen)) in screens_of_the_catalogue().into_iter().enumerate() {
            // The same question stands in several procedures.
            if told.contains(&screen) {
                continue;
            }
            told.push(screen.clone());
            for language in [Language::Vi, Language::En] {
                let mut snapshot = samples::snapshot(screen.clone(), language);
                snapshot.step = 5000 + u64::try_from(at).unwrap();
                stage.show(snapshot);
                stage.face.set_comfort(TextSize::Largest, Contrast::Usual);
                for page in 0..pages_to_see(&stage) {
                    if page > 0 {
                        stage.face.app().global::<Kiosk>().invoke_act(Act::NextPage, 0);
                    }
                    found.extend(text_faults(&stage, &[], &format!("{name} {page} {size:?} {language:?}")));
                }
            }
        }
        assert!(told.len() > 60, "only {} screens", told.len());
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_text_stands_out_from_its_ground_in_every_contrast() {
    let stage = Stage::new(SIZES[0]);
    let mut weak = Vec::new();
    for contrast in CONTRASTS {
        for sample in samples::all(Language::Vi) {
            stage.show(sample.snapshot);
            stage.face.set_comfort(TextSize::Normal, contrast);
            for text in texts::seen(stage.face.app()) {
                let ground = text.ground.expect("the window has a ground");
                let measured = texts::contrast(text.color, ground);
                if measured < 10.0 {
                    weak.push(format!("{} {contrast:?}: '{}' {:?} on {ground:?} has {measured:.1}", sample.name, text.words, text.color));
                }
            }
        }
    }
    assert!(weak.is_empty(), "{}", weak.join("\n"));
}

/// The choices of the person as the screen shows them.
fn look(stage: &Stage) -> (TextSize, Contrast, bool) {
    let comfort = stage.face.comfort();
    let scale = stage.face.app().global::<Theme>().get_scale();
    assert!((scale - comfort.size.scale()).abs() < 0.001, "the letters have another size than was chosen");
    (comfort.size, comfort.contrast, comfort.covered)
}

const USUAL: (TextSize, Contrast, bool) = (TextSize::Normal, Contrast::Usual, false);

#[test]
fn size_and_contrast_are_chosen_before_the_visit_last_through_it_and_go_with_the_person() {
    let ends: [fn(&Stage); 2] = [
        |stage| drop(stage.show_sample("waiting", Language::Vi)),
        // The agent was away, and the visit is gone when it comes back.
        |stage| {
            stage.face.receive(FromAgent::Lost);
            assert_eq!(look(stage).0, TextSize::Largest, "the visit may still be there");
            stage.show_sample("waiting", Language::Vi);
        },
    ];
    for end in ends {
        let stage = Stage::new(SIZES[0]);
        stage.show_sample("waiting", Language::Vi);
        stage.tap("Chữ to");
        stage.show_sample("waiting", Language::Vi);
        stage.show_sample("notice", Language::Vi);
        stage.tap("Chữ rất to");
        stage.tap("Màu: chữ đen, nền trắng");
        stage.tap("Màu: chữ sáng, nền tối");
        stage.show_sample("review", Language::Vi);
        assert_eq!(look(&stage), (TextSize::Largest, Contrast::LightOnDark, false));
        end(&stage);
        assert_eq!(look(&stage), USUAL);
    }
}

#[test]
fn a_first_screen_that_somebody_touched_and_left_is_put_back() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("waiting", Language::Vi);
    stage.tap("Chữ to");
    stage.wait(Duration::from_secs(80));
    stage.face.pass_time();
    assert_eq!(look(&stage).0, TextSize::Large);
    stage.tap("Màu: chữ đen, nền trắng");
    stage.wait(Duration::from_secs(80));
    stage.face.pass_time();
    assert_eq!(look(&stage).0, TextSize::Large, "somebody was there");
    stage.wait(Duration::from_secs(11));
    stage.face.pass_time();
    assert_eq!(look(&stage), USUAL);
}

#[test]
fn what_is_typed_and_where_one_is_survive_every_change_and_the_agent_learns_that_somebody_is_there() {
    for size in SIZES {
        let stage = Stage::new(size);
        let mut snapshot = stage.show_sample("ask-name", Language::Vi);
        if let Screen::Question { answer, .. } = &mut snapshot.screen {
            *answer = Private::new("");
        }
        snapshot.step = 9;
        stage.show(snapshot.clone());
        for key in ["M", "a", "i"] {
            stage.tap(key);
        }
        stage.wait(Duration::from_secs(6));
        stage.sent.borrow_mut().clear();
        for button in ["Chữ to", "Chữ rất to", "Màu: chữ đen, nền trắng", "Màu: chữ sáng, nền tối", "Che màn hình"]
        {
            stage.tap(button);
            stage.show(snapshot.clone());
        }
        stage.tap("Mở lại màn hình");
        assert!(stage.actions().iter().all(|(step, action)| (*step, action) == (9, &Action::Touch)), "{:?}", stage.actions());
        assert_eq!(stage.actions().len(), 1);
        stage.tap("Xong");
        assert!(stage.actions().contains(&(9, Action::Answer { value: Private::new("Mai") })), "{:?}", stage.actions());
    }
}

#[test]
fn another_size_keeps_the_first_item_of_a_list_on_the_screen() {
    for size in SIZES {
        let stage = Stage::new(size);
        stage.show_sample("review", Language::Vi);
        stage.tap("Trang sau");
        let first = stage.face.app().global::<Kiosk>().get_rows().row_data(0).unwrap().label;
        for button in ["Chữ to", "Chữ rất to"] {
            stage.tap(button);
            let rows = stage.face.app().global::<Kiosk>().get_rows();
            assert!(rows.iter().any(|row| row.label == first), "'{first}' is gone after '{button}'");
        }
    }
}

#[test]
fn nothing_of_the_person_is_in_the_tree_while_the_screen_is_covered_and_one_touch_brings_it_back() {
    let private = ["Nguyễn Thị Mẫu", "Trần Nguyễn Minh Thử", "099•••••0012", "Tổ 3", "05/09", "0900 0000", "Nguyễn Thị Mâu"];
    for size in SIZES {
        let stage = Stage::new(size);
        for name in ["person", "ask-name", "ask-date", "ask-phone", "review", "check"] {
            let shown = stage.show_sample(name, Language::Vi);
            let before = stage.labels();
            stage.tap("Che màn hình");
            // The agent goes on meanwhile.
            stage.show(shown);
            let (labels, seen) = (stage.labels(), texts::seen(stage.face.app()));
            let said = labels.iter().chain(seen.iter().map(|text| &text.words));
            let left: Vec<_> = said.filter(|words| private.iter().any(|p| words.contains(p))).collect();
            assert!(left.is_empty(), "{name}: {left:?}");
            assert!(seen.len() < 6 && seen.iter().any(|text| text.words.contains("C98")), "{name}: the cover shows the screen");
            let kiosk = stage.face.app().global::<Kiosk>();
            let held = format!("{:?} {:?} {:?} {:?}", kiosk.get_person(), kiosk.get_question(), kiosk.get_input(), kiosk.get_slip().code);
            assert!(private.iter().all(|p| !held.contains(p)), "{name}: {held}");
            assert_eq!(kiosk.get_rows().row_count() + kiosk.get_pages().row_count(), 0);
            stage.tap("Mở lại màn hình");
            assert_eq!(stage.labels(), before, "{name}: the screen is another one");
        }
    }
}

/// The largest step of VVSG 2.0 begins here (ux.md 2): height of a capital in millimetres.
const LEAST_CAPITAL: f32 = 8.5;
/// Where letters stay smaller, and why. Nothing of it is needed to go on.
const SMALLER: [(&str, &str); 7] = [
    ("Lamps", "for who looks after the machine; what a person has to know of a device stands on the page"),
    ("OfficeName", "a long name in the bar, of which the person needs nothing; it grows a little"),
    ("KeyCap", "a word on a key of fixed width is made to fit it"),
    ("Face", "five side by side on an upright screen: the longest word has to fit, and the face says the same"),
    ("Words", "a long text of one's own becomes smaller so that the whole of it stays in sight"),
    ("Part", "the same text once more, to be checked before it is sent"),
    ("PageCell", "what is wrong with one of three pages side by side; the page seen large says it in full size"),
];

#[test]
fn at_the_largest_size_nothing_is_smaller_than_was_promised() {
    let mut small = Vec::new();
    for size in SIZES {
        let stage = Stage::new(size);
        for language in [Language::Vi, Language::En] {
            for (at, mut sample) in samples::all(language).into_iter().enumerate() {
                sample.snapshot.step = 8000 + u64::try_from(at).unwrap();
                stage.show(sample.snapshot);
                stage.face.set_comfort(TextSize::Largest, Contrast::Usual);
                for text in texts::seen(stage.face.app()) {
                    let capital = text.size * 0.714 / stage::PX_PER_MM;
                    let excepted = SMALLER.iter().any(|(part, _)| text.inside.iter().any(|name| name == part));
                    if capital < LEAST_CAPITAL && !excepted {
                        small.push(format!("{capital:.1} mm '{}' ({} {size:?})", text.words, sample.name));
                    }
                }
            }
        }
    }
    assert!(small.is_empty(), "{} texts:\n{}", small.len(), small.join("\n"));
}

#[test]
fn size_and_contrast_are_in_reach_under_every_overlay_and_beside_a_page_seen_large() {
    for size in SIZES {
        for language in [Language::Vi, Language::En] {
            let [larger, largest, black] = match language {
                Language::Vi => ["Chữ to", "Chữ rất to", "Màu: chữ đen, nền trắng"],
                Language::En => ["Bigger text", "Biggest text", "Colours: black on white"],
            };
            let overlaid = samples::all(language).into_iter().filter(|sample| sample.snapshot.overlay.is_some());
            let zoomed = samples::all(language).into_iter().filter(|sample| ["check", "check-note", "check-faults"].contains(&sample.name));
            let mut tried = 0;
            for sample in overlaid.chain(zoomed) {
                let stage = Stage::new(size);
                let zooms = sample.snapshot.overlay.is_none();
                stage.show(sample.snapshot);
                if zooms {
                    stage.face.app().global::<Kiosk>().invoke_act(Act::Zoom, 0);
                }
                for button in [larger, largest, black] {
                    stage.tap(button);
                }
                let place = format!("{} {size:?} {language:?}", sample.name);
                assert_eq!(look(&stage), (TextSize::Largest, Contrast::BlackOnWhite, false), "{place}");
                for letters in TextSize::ALL {
                    stage.face.set_comfort(letters, Contrast::Usual);
                    let mut found = text_faults(&stage, &[], &format!("{place} {letters:?}"));
                    found.extend(target_faults(&stage.buttons(), size, true, &place));
                    assert!(found.is_empty(), "{}", found.join("\n"));
                }
                tried += 1;
            }
            assert!(tried > 6, "only {tried}");
        }
    }
}

#[test]
fn a_screen_that_starts_again_in_a_visit_looks_as_it_was_left_and_in_none_as_usual() {
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let start = |sample: &str| {
        let stage = Stage::new(SIZES[0]);
        stage.face.keep_comfort_in(folder.path());
        stage.show_sample(sample, Language::Vi);
        stage
    };
    let stage = start("waiting");
    stage.tap("Chữ to");
    stage.show_sample("notice", Language::Vi);
    stage.tap("Chữ rất to");
    stage.tap("Màu: chữ đen, nền trắng");
    drop(stage);
    let again = start("review");
    assert_eq!(look(&again), (TextSize::Largest, Contrast::BlackOnWhite, false));
    again.tap("Che màn hình");
    let again = start("review");
    assert_eq!(look(&again), (TextSize::Largest, Contrast::BlackOnWhite, true), "nobody else sees it now either");
    again.show_sample("waiting", Language::Vi);
    assert_eq!((look(&again), files()), (USUAL, 0), "the visit has ended");

    again.show_sample("notice", Language::Vi);
    again.tap("Chữ to");
    assert_eq!(files(), 1);
    // Killed, and the visit ended meanwhile.
    assert_eq!((look(&start("waiting")), files()), (USUAL, 0));
    // An agent that is away for a while is no new start.
    let stage = start("notice");
    stage.tap("Chữ to");
    stage.face.receive(FromAgent::Lost);
    stage.show_sample("notice", Language::Vi);
    assert_eq!(look(&stage).0, TextSize::Large);
}

#[test]
fn a_cover_ends_with_the_visit_and_tells_that_the_visit_will_end() {
    let stage = Stage::new(SIZES[0]);
    stage.show_sample("review", Language::Vi);
    stage.tap("Che màn hình");
    stage.show_sample("still-there", Language::Vi);
    assert!(stage.labels().iter().any(|words| words == "Màn hình sẽ xoá sau 45 giây."));
    stage.show_sample("waiting", Language::Vi);
    assert_eq!(look(&stage), USUAL);
    assert!(stage.labels().iter().any(|words| words == "Nộp hồ sơ"));
}
