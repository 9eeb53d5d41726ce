//! The kiosk read aloud and worked by keys alone, for people who do not see the screen (EN 301 549 5.1.3, ux.md 6).
//!
//! What is said is read out of the Slint tree, so a page speaks by itself. Speech is off until somebody asks:
//! by the button "Đọc" for one screen, by F5 or by headphones for the whole visit (voice mode).

pub mod clips;
pub mod headphones;
mod neutral;
mod script;
mod tree;
pub mod voice;
mod words;

use crate::{
    face::{Face, State},
    ui::{Act, AddressStep, Kiosk, OverlayKind, ProcedureView, ScreenKind},
};
use motcua_model::{
    Language,
    api::{CourierPage, Screen},
};
use neutral::Neutral;
use script::{Listener, own};
use slint::{ComponentHandle as _, Model as _, platform::Key};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::atomic::Ordering,
    time::Duration,
};
use tree::{Kind, Part, Zone};
use voice::{Order, Utterance, Voice, Volume};

/// In voice mode the kiosk answers so long for a person who only listens and thinks: the time of a reading screen
/// (ux.md 7.6: twice the usual). The agent knows nothing of it; it hears "still there".
const GRACE: Duration = Duration::from_secs(90);
/// The last screen shows the code: it goes soon after it was read.
const GRACE_AT_THE_END: Duration = Duration::from_secs(15);

/// What makes a screen another one to who listens.
#[derive(Clone, PartialEq)]
struct Place {
    step: u64,
    screen: ScreenKind,
    overlay: OverlayKind,
    language: Language,
    page: i32,
    view: ProcedureView,
    address: AddressStep,
    zoomed: bool,
    covered: bool,
}

/// What was said, and how it goes on.
#[derive(Default)]
pub(crate) struct Speech {
    voice: RefCell<Option<Voice>>,
    me: RefCell<std::rc::Weak<Face>>,
    /// A look at the screen is to come.
    due: Cell<bool>,
    /// Where the last look in voice mode was.
    place: RefCell<Option<Place>>,
    /// The texts that were there, without their numbers.
    told: RefCell<Vec<String>>,
    /// What was typed.
    typed: RefCell<Vec<String>>,
    /// Where the keys were, as a place in the tree: keys of a keyboard are made anew when their letters change.
    reached: Cell<Option<usize>>,
    /// When somebody last touched a key or the screen.
    input_at: Cell<Duration>,
    /// The headphones at the last look.
    plugged: Cell<bool>,
    /// F8: silent although headphones are in.
    quiet: Cell<bool>,
}

impl Face {
    /// Gives the kiosk a voice.
    pub fn set_voice(&self, voice: Voice) {
        *self.speech.voice.borrow_mut() = Some(voice);
        self.listen();
    }

    /// What the present screen says, phrase by phrase; without what is private where others hear it.
    pub fn script(&self, private: bool) -> Vec<String> {
        let parts = tree::read(self.app());
        self.with_listener(private, |listener| script::script(&parts, listener))
    }

    pub(crate) fn wire_speech(self: &Rc<Self>) {
        *self.speech.me.borrow_mut() = Rc::downgrade(self);
        let weak = Rc::downgrade(self);
        self.app().global::<Kiosk>().on_keypad(move |key| weak.upgrade().is_some_and(|face| face.keypad(&key)));
    }

    /// Something was drawn: looks at it once the present event is done with.
    pub(crate) fn look_soon(&self) {
        if self.speech.due.replace(true) {
            return;
        }
        let me = self.speech.me.borrow().clone();
        slint::Timer::single_shot(Duration::ZERO, move || {
            if let Some(face) = me.upgrade() {
                face.speech.due.set(false);
                face.look();
            }
        });
    }

    /// A touch: silence.
    pub(crate) fn hush(&self) {
        self.speech.input_at.set(self.time());
        self.order(Order::Stop);
    }

    /// What a button does beside its action.
    pub(crate) fn after(&self, act: Act) {
        if act == Act::Speak {
            if self.comfort().volume == Volume::Off {
                self.state.borrow_mut().comfort.volume = Volume::default();
                self.draw();
            }
            self.say(self.script(self.is_private()));
        } else if act == Act::TurnVolume {
            // Something to judge the loudness by.
            self.say(vec![own::loudness(self.comfort().volume).get(self.language()).to_owned()]);
        }
    }

    /// Once a second: the socket of the headphones, whether there is a voice at all, and the patience of voice mode.
    pub(crate) fn listen(&self) {
        let Some((usable, playing, plugged)) = self.speech.voice.borrow().as_ref().map(|voice| {
            let told = |flag: &std::sync::atomic::AtomicBool| flag.load(Ordering::Relaxed);
            (told(&voice.status.usable), told(&voice.status.playing), told(&voice.status.headphones))
        }) else {
            return;
        };
        self.app().global::<Kiosk>().set_can_speak(usable);
        if self.speech.plugged.replace(plugged) != plugged {
            self.order(Order::Stop);
            self.speech.quiet.set(false);
            self.set_voice_mode(plugged);
        }
        let waited = self.time().saturating_sub(self.speech.input_at.get());
        if self.voice_mode() && self.is_patient(playing, waited) {
            self.say_present();
        }
    }

    /// Whether who listens shall not be asked yet if they are still there.
    fn is_patient(&self, playing: bool, waited: Duration) -> bool {
        let overlay = self.app().global::<Kiosk>().get_overlay().kind;
        let state = self.state();
        let Some(screen) = state.snapshot.as_ref().map(|snapshot| &snapshot.screen) else { return false };
        if overlay == OverlayKind::StillThere || matches!(screen, Screen::Waiting { .. } | Screen::OutOfService { .. }) {
            return false;
        }
        let last = matches!(screen, Screen::Done { .. } | Screen::Courier { page: CourierPage::Done { .. } });
        playing || waited < if last { GRACE_AT_THE_END } else { GRACE }
    }

    /// Whether every screen is read without being asked.
    pub fn voice_mode(&self) -> bool {
        self.speech.voice.borrow().is_some() && !self.speech.quiet.get() && (self.comfort().voice || self.speech.plugged.get())
    }

    fn state(&self) -> std::cell::Ref<'_, State> {
        self.state.borrow()
    }

    fn time(&self) -> Duration {
        (self.now)()
    }

    fn set_voice_choice(&self, on: bool) {
        self.state.borrow_mut().comfort.voice = on;
        self.keep_comfort();
    }

    fn set_voice_mode(&self, on: bool) {
        self.set_voice_choice(on);
        *self.speech.place.borrow_mut() = None;
        self.look_soon();
    }

    /// Whether one person alone hears what is said.
    fn is_private(&self) -> bool {
        self.speech.voice.borrow().as_ref().is_some_and(|voice| voice.status.headphones.load(Ordering::Relaxed))
    }

    fn language(&self) -> Language {
        self.state().snapshot.as_ref().map_or(Language::Vi, |snapshot| snapshot.language)
    }

    fn with_listener<T>(&self, private: bool, run: impl FnOnce(&Listener<'_>) -> T) -> T {
        let neutral = Neutral::of(self.state().snapshot.as_ref(), &self.app().global::<Kiosk>());
        run(&Listener { language: self.language(), private, neutral: &neutral })
    }

    fn order(&self, order: Order) {
        if let Some(voice) = &*self.speech.voice.borrow() {
            (voice.send)(order);
        }
    }

    fn say(&self, phrases: Vec<String>) {
        if !phrases.is_empty() {
            let (language, volume) = (self.language(), self.comfort().volume);
            self.order(Order::Say(Utterance { phrases, language, volume, private: self.is_private() }));
        }
    }

    fn place(&self) -> Place {
        let kiosk = self.app().global::<Kiosk>();
        Place {
            step: self.state().snapshot.as_ref().map_or(0, |snapshot| snapshot.step),
            screen: kiosk.get_screen(),
            overlay: kiosk.get_overlay().kind,
            language: self.language(),
            page: kiosk.get_paging().page,
            view: kiosk.get_procedure_view(),
            address: kiosk.get_address().step,
            zoomed: kiosk.get_zoomed(),
            covered: kiosk.get_covered(),
        }
    }

    /// After every change: keys go somewhere, and in voice mode what is new is said.
    fn look(&self) {
        let place = self.place();
        let known = self.speech.place.borrow().clone();
        let same = known.as_ref() == Some(&place);
        if !place.covered && (!tree::has_keys(self.app()) || (self.voice_mode() && !same)) {
            self.give_keys_back(same);
        }
        if !self.voice_mode() {
            if known.is_some() {
                self.fall_silent(&place);
            }
            return;
        }
        let parts = tree::read(self.app());
        let private = self.is_private();
        let texts: Vec<String> = self.with_listener(private, |listener| {
            let texts = parts.iter().filter(|part| part.zone == Zone::Page && part.kind == Kind::Text);
            texts.filter_map(|part| script::line(part, listener)).collect()
        });
        let typed = self.typed();
        let said = if same {
            self.news(&texts, &typed, private)
        } else {
            let mut said: Vec<String> = if known.is_none() { vec![own::voice_on().get(place.language).to_owned()] } else { Vec::new() };
            said.extend(self.with_listener(private, |listener| script::script(&parts, listener)));
            said
        };
        *self.speech.place.borrow_mut() = Some(place);
        *self.speech.told.borrow_mut() = texts.iter().map(|text| without_digits(text)).collect();
        *self.speech.typed.borrow_mut() = typed;
        self.say(said);
    }

    /// What a screen that is known says anew: a notice, a fault, what was typed. Numbers that run are left alone.
    fn news(&self, texts: &[String], typed: &[String], private: bool) -> Vec<String> {
        let language = self.language();
        let told = self.speech.told.borrow();
        let mut said: Vec<String> = texts.iter().filter(|text| !told.contains(&without_digits(text))).cloned().collect();
        let before = self.speech.typed.borrow();
        if *before != typed {
            // Of a date the part that was filled: the next one is shown already.
            let changed = typed.iter().enumerate().find(|(at, text)| before.get(*at) != Some(text)).map(|(_, text)| text);
            let last = changed.and_then(|text| text.split_whitespace().next_back()).map(str::to_owned);
            said.push(match last {
                None => own::nothing_typed().get(language).to_owned(),
                Some(last) if private => last,
                Some(_) => own::typed().get(language).to_owned(),
            });
        }
        said
    }

    /// The text, and the parts of a date or of a passport's lines.
    fn typed(&self) -> Vec<String> {
        let input = self.app().global::<Kiosk>().get_input();
        std::iter::once(input.text.into()).chain(input.parts.iter().map(String::from)).collect()
    }

    fn fall_silent(&self, place: &Place) {
        *self.speech.place.borrow_mut() = None;
        self.speech.told.borrow_mut().clear();
        self.speech.typed.borrow_mut().clear();
        if place.screen == ScreenKind::Waiting && !self.speech.quiet.get() {
            self.say(vec![own::ended().get(place.language).to_owned()]);
        } else {
            self.order(Order::Stop);
        }
        self.speech.quiet.set(false);
    }

    /// The key that was reached is made anew with other letters: the same place again. A new screen starts at its top.
    fn give_keys_back(&self, same: bool) {
        let parts = tree::read(self.app());
        let again = self.speech.reached.get().and_then(|at| parts.get(at)).filter(|part| part.can_focus() && part.group.is_some());
        match again {
            Some(part) if same || !self.voice_mode() => part.take_focus(self.app()),
            Some(_) | None => {
                self.speech.reached.set(None);
                self.app().invoke_take_keys();
            }
        }
    }

    /// A key of the keypad. Arrows and Tab lead from choice to choice; Enter is the choice's own.
    pub(crate) fn keypad(&self, key: &str) -> bool {
        if self.comfort().covered {
            return false;
        }
        let is = |one: Key| key == slint::SharedString::from(one).as_str();
        if is(Key::Tab) || is(Key::RightArrow) {
            self.step(true, false);
        } else if is(Key::Backtab) || is(Key::LeftArrow) {
            self.step(false, false);
        } else if is(Key::DownArrow) {
            self.step(true, true);
        } else if is(Key::UpArrow) {
            self.step(false, true);
        } else if is(Key::F5) {
            self.repeat();
        } else if is(Key::F7) {
            self.app().global::<Kiosk>().invoke_act(Act::TurnVolume, 0);
        } else if is(Key::F8) {
            self.be_quiet();
        } else {
            return false;
        }
        true
    }

    fn repeat(&self) {
        self.say_touched();
        self.speech.quiet.set(false);
        if self.voice_mode() {
            self.say(self.script(self.is_private()));
        } else if self.speech.voice.borrow().is_some() {
            self.set_voice_mode(true);
        }
    }

    fn be_quiet(&self) {
        self.say_touched();
        if self.voice_mode() {
            self.speech.quiet.set(true);
            self.set_voice_choice(false);
            *self.speech.place.borrow_mut() = None;
            self.say(vec![own::voice_off().get(self.language()).to_owned()]);
        }
    }

    /// To the next or the one before; `over` leaves a keyboard as a whole.
    fn step(&self, forward: bool, over: bool) {
        self.say_touched();
        let parts = tree::read(self.app());
        let from = tree::focused(self.app(), &parts);
        let Some(to) = next(&parts, from, forward, over) else { return };
        parts[to].take_focus(self.app());
        self.speech.reached.set(Some(to));
        if self.voice_mode() {
            let from = from.map(|at| &parts[at]);
            self.say(self.with_listener(self.is_private(), |listener| script::reached(&parts[to], from, listener)));
        }
    }
}

/// The part that comes next in the order of reading; after the last the first again.
fn next(parts: &[Part], from: Option<usize>, forward: bool, over: bool) -> Option<usize> {
    let count = parts.len();
    let group = from.and_then(|at| parts[at].group.as_ref()).filter(|_| over);
    let fits = |at: &usize| parts[*at].can_focus() && (group.is_none() || parts[*at].group.as_ref() != group);
    let order = |step: usize| match (from, forward) {
        (Some(at), true) => (at + step) % count,
        (Some(at), false) => (at + count - step) % count,
        (None, true) => step - 1,
        (None, false) => count - step,
    };
    let mut to = (1..=count).map(order).find(fits)?;
    // A keyboard is entered at its first key from either side.
    if over && let Some(entered) = &parts[to].group {
        to = parts.iter().position(|part| part.can_focus() && part.group.as_ref() == Some(entered)).unwrap_or(to);
    }
    Some(to)
}

fn without_digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}
