//! The real Slint tree without a display, and what is asked of every screen.

#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(missing_docs, unreachable_pub, reason = "for the tests beside it only")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

pub mod texts;

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions};
use motcua_kiosk::{
    face::{Face, FromAgent, ToAgent},
    samples,
};
use motcua_model::{
    Language,
    api::{Action, Snapshot},
};
use slint::{ComponentHandle as _, platform::PointerEventButton};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

pub const PX_PER_MM: f32 = 4.0;
pub const SIZES: [(u32, u32); 2] = [(1080, 1920), (1920, 1080)];
/// VVSG 2.0: touch areas and the room between them, in millimetres.
pub const LEAST_TARGET: f32 = 12.7;
pub const LEAST_GAP: f32 = 2.54;

pub struct Stage {
    pub face: Rc<Face>,
    pub sent: Rc<RefCell<Vec<ToAgent>>>,
    pub clock: Rc<Cell<Duration>>,
}

impl Stage {
    pub fn new((width, height): (u32, u32)) -> Self {
        let backend =
            TestingBackend::new(TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) });
        // A second stage in the same test finds the backend in place.
        let _in_place = slint::platform::set_platform(Box::new(backend));
        let sent = Rc::new(RefCell::new(Vec::new()));
        let clock = Rc::new(Cell::new(Duration::from_secs(60)));
        let (out, now) = (Rc::clone(&sent), Rc::clone(&clock));
        let face = Face::new(move |wish| out.borrow_mut().push(wish), move || now.get()).unwrap();
        face.set_size(width, height, PX_PER_MM);
        face.app().show().unwrap();
        // With all buttons that a kiosk can have.
        face.app().global::<motcua_kiosk::ui::Kiosk>().set_can_speak(true);
        Self { face, sent, clock }
    }

    pub fn show(&self, snapshot: Snapshot) {
        self.face.receive(FromAgent::Snapshot(Box::new(snapshot)));
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(50));
    }

    pub fn show_sample(&self, name: &str, language: Language) -> Snapshot {
        let sample = samples::all(language).into_iter().find(|s| s.name == name).unwrap();
        self.show(sample.snapshot.clone());
        sample.snapshot
    }

    pub fn wait(&self, time: Duration) {
        self.clock.set(self.clock.get() + time);
    }

    pub fn tap(&self, label: &str) {
        let found: Vec<_> = self.buttons().into_iter().filter(|b| b.accessible_label().as_deref() == Some(label)).collect();
        let last = found.last().unwrap_or_else(|| panic!("no button '{label}' among {:?}", self.labels()));
        last.mock_single_click(PointerEventButton::Left);
        self.wait(Duration::from_millis(300));
    }

    pub fn buttons(&self) -> Vec<ElementHandle> {
        let all = ElementQuery::from_root(self.face.app()).match_descendants().match_accessible_role(AccessibleRole::Button).find_all();
        let mut seen = Vec::new();
        let mut once = |b: &ElementHandle| {
            // A component and its base are two handles of one thing on the screen.
            let (at, size) = (b.absolute_position(), b.size());
            let place = (b.accessible_label(), [at.x, at.y, size.width, size.height].map(|n| n.round() as i32));
            let new = !seen.contains(&place);
            seen.push(place);
            new
        };
        all.into_iter().filter(|b| b.accessible_label().is_some_and(|l| !l.is_empty()) && once(b)).collect()
    }

    /// Everything that the tree says in words.
    pub fn labels(&self) -> Vec<String> {
        let mut words = Vec::new();
        let all = ElementQuery::from_root(self.face.app()).match_descendants().match_predicate(|_| true).find_all();
        for element in all {
            words.extend(element.accessible_label().map(String::from));
            words.extend(element.accessible_value().map(String::from));
        }
        words
    }

    /// Pages of the present list.
    pub fn pages(&self) -> i32 {
        self.face.app().global::<motcua_kiosk::ui::Kiosk>().get_paging().pages
    }

    pub fn actions(&self) -> Vec<(u64, Action)> {
        let sent = self.sent.borrow();
        sent.iter().filter_map(|wish| if let ToAgent::Act(r) = wish { Some((r.step, r.action.clone())) } else { None }).collect()
    }
}

pub fn check_targets(buttons: &[ElementHandle], size: (u32, u32), overlaid: bool, place: &str) {
    let faults = target_faults(buttons, size, overlaid, place);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Buttons that are too small, too close together, or leave the screen.
pub fn target_faults(buttons: &[ElementHandle], (width, height): (u32, u32), overlaid: bool, place: &str) -> Vec<String> {
    let boxes: Vec<_> = buttons.iter().map(|b| (b.accessible_label().unwrap_or_default(), edges(b))).collect();
    let mut faults = Vec::new();
    for (label, [left, top, right, bottom]) in &boxes {
        let least = LEAST_TARGET * PX_PER_MM;
        if right - left < least || bottom - top < least {
            faults.push(format!("{place}: '{label}' is {} by {} px", right - left, bottom - top));
        }
        let inside = *left >= 0.0 && *top >= 0.0 && *right <= width as f32 + 0.5 && *bottom <= height as f32 + 0.5;
        if !inside {
            faults.push(format!("{place}: '{label}' leaves the screen: {left} {top} {right} {bottom}"));
        }
    }
    // Under an overlay the buttons of the screen lie below it and cannot be touched.
    let apart = if overlaid { &[] } else { boxes.as_slice() };
    for (at, (a, a_edges)) in apart.iter().enumerate() {
        for (b, b_edges) in &apart[at + 1..] {
            let aside = (b_edges[0] - a_edges[2]).max(a_edges[0] - b_edges[2]);
            let above = (b_edges[1] - a_edges[3]).max(a_edges[1] - b_edges[3]);
            if aside.max(above) < LEAST_GAP * PX_PER_MM - 0.5 {
                faults.push(format!("{place}: '{a}' and '{b}' are {} px apart", aside.max(above)));
            }
        }
    }
    faults
}

/// Left, top, right, bottom.
pub fn edges(element: &ElementHandle) -> [f32; 4] {
    let (at, size) = (element.absolute_position(), element.size());
    [at.x, at.y, at.x + size.width, at.y + size.height]
}

pub fn meet(a: [f32; 4], b: [f32; 4]) -> bool {
    a[0] + 1.0 < b[2] && b[0] + 1.0 < a[2] && a[1] + 1.0 < b[3] && b[1] + 1.0 < a[3]
}

pub fn holds(outer: [f32; 4], inner: [f32; 4]) -> bool {
    outer[0] <= inner[0] + 1.0 && outer[1] <= inner[1] + 1.0 && inner[2] <= outer[2] + 1.0 && inner[3] <= outer[3] + 1.0
}

/// No text leaves the screen, lies over another, or is cut by the edge of a button.
pub fn check_texts(stage: &Stage, (width, height): (u32, u32), overlaid: bool, place: &str) {
    let all = ElementQuery::from_root(stage.face.app()).match_descendants().match_accessible_role(AccessibleRole::Text).find_all();
    let mut texts: Vec<(String, [f32; 4])> = Vec::new();
    for element in all {
        let label = element.accessible_label().unwrap_or_default().to_string();
        let place = edges(&element);
        let again = texts.iter().any(|(other, at)| *other == label && holds(*at, place) && holds(place, *at));
        if !label.is_empty() && !again {
            texts.push((label, place));
        }
    }
    assert!(texts.len() > 8, "{place}: only {} texts", texts.len());
    let screen = [0.0, 0.0, width as f32, height as f32];
    for (label, at) in &texts {
        assert!(holds(screen, *at), "{place}: '{label}' leaves the screen: {at:?}");
    }
    if overlaid {
        return;
    }
    let buttons: Vec<_> = stage.buttons().iter().map(|b| (b.accessible_label(), edges(b))).collect();
    for (at, (a, a_edges)) in texts.iter().enumerate() {
        for (b, b_edges) in &texts[at + 1..] {
            // The words of a lamp stand inside the lamp, which says the same.
            assert!(a == b || !meet(*a_edges, *b_edges), "{place}: '{a}' {a_edges:?} and '{b}' {b_edges:?} lie over each other");
        }
        for (name, edges) in &buttons {
            assert!(!meet(*edges, *a_edges) || holds(*edges, *a_edges), "{place}: '{a}' {a_edges:?} is cut by '{name:?}' {edges:?}");
        }
    }
}
