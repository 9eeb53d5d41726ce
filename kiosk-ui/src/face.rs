//! The screen's own thread: takes messages of the agent in, turns touches into actions, keeps what is local
//! to one screen (which page of a list, what is half typed).

mod again;

use crate::{
    address,
    comfort::{Comfort, Kept, List, TextSize},
    courier, feedback,
    input::{Form, Typed},
    officer,
    pictures::{Detail, Pictures},
    queue, reprint,
    speech::Speech,
    ui::{Act, App, Contrast, Kiosk, ProcedureView, Theme},
    view,
};
use motcua_model::{
    Language, Private,
    api::{Action, ActionRequest, OpinionPage, PageView, Screen, Snapshot},
    catalogue::AnswerKind,
    dossier::Special,
    fold,
};
use slint::{ComponentHandle as _, Rgb8Pixel, SharedPixelBuffer};
use std::{
    cell::{OnceCell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};
use uuid::Uuid;

/// EN 301 549 5.8: the same touch again within this time is a trembling hand, not a second wish.
const DOUBLE_TAP: Duration = Duration::from_millis(250);
/// "Still there" is said to the agent at most this often.
const TOUCH_EVERY: Duration = Duration::from_secs(5);
/// A catalogue of at most so many procedures is shown whole, without life events.
const FEW: usize = 6;

/// What the agent's side says.
pub enum FromAgent {
    /// The truth has changed.
    Snapshot(Box<Snapshot>),
    /// The agent does not answer.
    Lost,
    /// The picture of a page, small or large as it was asked for.
    Page(Uuid, Detail, SharedPixelBuffer<Rgb8Pixel>),
}

/// What the screen asks of the agent's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToAgent {
    /// Send this action.
    Act(ActionRequest),
    /// Fetch the picture of this page, so many pixels across.
    Page(Uuid, Detail, u32),
}

/// What belongs to the present screen alone and is forgotten with it.
pub(crate) struct Local {
    pub(crate) page: usize,
    pub(crate) procedures: ProcedureView,
    pub(crate) life_event: usize,
    pub(crate) typed: Typed,
    pub(crate) zoomed: Option<usize>,
    /// What is picked of an address.
    pub(crate) address: Option<address::Picker>,
    /// The page that a change of size led to, and the item that it shall keep in sight.
    kept: Option<(usize, usize)>,
}

impl Local {
    fn fresh(snapshot: Option<&Snapshot>) -> Self {
        let mut local = Self {
            page: 0,
            procedures: ProcedureView::LifeEvents,
            life_event: 0,
            typed: Typed::none(),
            address: None,
            zoomed: None,
            kept: None,
        };
        match snapshot.map(|s| &s.screen) {
            Some(Screen::Question { kind, answer, required, .. }) => local.typed = Typed::for_question(kind, answer.reveal(), *required),
            Some(Screen::LookUp) => local.typed = Typed::new(Form::Code, true),
            Some(Screen::Passport { .. }) => local.typed = Typed::new(Form::Zone, true),
            Some(Screen::Opinion { page: OpinionPage::Text { text, .. } }) => {
                let most = u16::try_from(motcua_model::opinion::LONGEST).unwrap_or(u16::MAX);
                local.typed = Typed::for_question(&AnswerKind::Text { max: most }, text.reveal(), true);
            }
            Some(Screen::Opinion { page: OpinionPage::Contact { phone, .. } }) => {
                local.typed = Typed::for_question(&AnswerKind::Phone, phone.reveal(), true);
            }
            Some(Screen::Procedures { procedures, .. }) if procedures.len() <= FEW => local.procedures = ProcedureView::OfEvent,
            Some(screen) => local.typed = courier::typed(screen).or_else(|| reprint::typed(screen)).unwrap_or(local.typed),
            None => {}
        }
        if let Some((picker, typed)) = address::begin(snapshot) {
            (local.address, local.typed) = (Some(picker), typed);
        }
        local
    }
}

pub(crate) struct State {
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) local: Local,
    pub(crate) comfort: Comfort,
    pub(crate) landscape: bool,
    /// Pixels of the screen.
    pub(crate) size: (u32, u32),
    /// Pixels in a millimetre, and in one of Slint's lengths.
    pub(crate) density: (f32, f32),
    pub(crate) pictures: Pictures,
    pub(crate) last_act: Option<Duration>,
    last_key: Option<(String, Duration)>,
    last_said: Option<Duration>,
}

/// The screen and what drives it.
pub struct Face {
    app: App,
    pub(crate) state: RefCell<State>,
    pub(crate) send: Box<dyn Fn(ToAgent)>,
    pub(crate) now: Box<dyn Fn() -> Duration>,
    pub(crate) speech: Speech,
    pub(crate) kept: OnceCell<Kept>,
}

impl Face {
    /// A screen that sends its wishes to `send`; `now` is any clock that only goes forward.
    ///
    /// # Errors
    /// Where no window can be made.
    pub fn new(send: impl Fn(ToAgent) + 'static, now: impl Fn() -> Duration + 'static) -> Result<Rc<Self>, slint::PlatformError> {
        let state = State {
            snapshot: None,
            local: Local::fresh(None),
            comfort: Comfort::default(),
            landscape: false,
            size: (0, 0),
            density: (1.0, 1.0),
            pictures: Pictures::default(),
            last_act: None,
            last_key: None,
            last_said: None,
        };
        let face = Rc::new(Self {
            app: App::new()?,
            state: RefCell::new(state),
            send: Box::new(send),
            now: Box::new(now),
            speech: Speech::default(),
            kept: OnceCell::new(),
        });
        face.wire();
        face.wire_speech();
        face.draw();
        Ok(face)
    }

    /// The window.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The size of the screen: pixels, and pixels in a millimetre.
    pub fn set_size(&self, width: u32, height: u32, px_per_mm: f32) {
        let theme = self.app.global::<Theme>();
        let scale = self.app.window().scale_factor();
        theme.set_px_per_mm(px_per_mm / scale);
        theme.set_landscape(width > height);
        {
            let mut state = self.state.borrow_mut();
            (state.landscape, state.size, state.density) = (width > height, (width, height), (px_per_mm, scale));
        }
        self.app.window().set_size(slint::PhysicalSize::new(width, height));
        self.draw();
    }

    /// The clock in the header.
    pub fn set_clock(&self, clock: &str) {
        self.app.global::<Kiosk>().set_clock(clock.into());
    }

    fn wire(self: &Rc<Self>) {
        let kiosk = self.app.global::<Kiosk>();
        let weak = || Rc::downgrade(self);
        let face = weak();
        kiosk.on_act(move |act, at| {
            with(&face, |f| {
                f.act(act, usize::try_from(at).unwrap_or(0));
                f.after(act);
            });
        });
        let face = weak();
        kiosk.on_key(move |key| with(&face, |f| f.type_key(&key, |typed| typed.press(&key))));
        let face = weak();
        kiosk.on_tone(move |tone| {
            with(&face, |f| f.type_key(&format!("tone {tone}"), |typed| typed.tone(usize::try_from(tone).unwrap_or(0))))
        });
        let face = weak();
        kiosk.on_backspace(move || with(&face, |f| f.type_key("backspace", Typed::backspace)));
        let face = weak();
        kiosk.on_clear_input(move || with(&face, |f| f.type_key("clear", Typed::clear)));
        let face = weak();
        kiosk.on_shift(move || with(&face, |f| f.type_key("shift", Typed::turn_shift)));
        let face = weak();
        kiosk.on_layer(move |layer| with(&face, |f| f.type_key(&format!("layer {layer}"), |typed| typed.turn_layer(layer))));
        let face = weak();
        kiosk.on_part(move |part| {
            with(&face, |f| f.type_key(&format!("part {part}"), |typed| typed.turn_part(usize::try_from(part).unwrap_or(0))))
        });
        let face = weak();
        kiosk.on_submit_input(move || with(&face, |f| f.submit_input()));
        let face = weak();
        kiosk.on_resized(move || with(&face, Face::follow_window));
    }

    /// To be called about once a second: a C01 that somebody touched and left is put back.
    pub fn pass_time(&self) {
        let put_back = self.state.borrow_mut().comfort.rest((self.now)());
        if put_back {
            self.draw();
        }
        self.keep_comfort();
        self.listen();
    }

    /// What the person has chosen about the screen.
    pub fn comfort(&self) -> Comfort {
        self.state.borrow().comfort
    }

    /// Shows the screen in this size of letters and this contrast, as its buttons do.
    pub fn set_comfort(&self, size: TextSize, contrast: Contrast) {
        {
            let mut state = self.state.borrow_mut();
            state.comfort.contrast = contrast;
            state.resize(size);
        }
        self.draw();
    }

    /// Takes in what the agent says, and draws it.
    pub fn receive(&self, message: FromAgent) {
        {
            let mut state = self.state.borrow_mut();
            match message {
                FromAgent::Snapshot(snapshot) => {
                    self.take_kept_comfort(&mut state.comfort);
                    state.take(*snapshot);
                }
                FromAgent::Lost => state.forget(),
                FromAgent::Page(id, detail, picture) => state.pictures.take(id, detail, picture),
            }
        }
        self.fetch_pictures();
        self.draw();
    }

    pub(crate) fn draw(&self) {
        let state = self.state.borrow();
        view::draw(&self.app, &state);
        drop(state);
        self.keep_comfort();
        self.look_soon();
    }

    fn draw_input(&self) {
        let state = self.state.borrow();
        view::draw_input(&self.app, &state);
        self.look_soon();
    }

    /// A touch on the keyboard: changes the screen alone.
    fn type_key(&self, name: &str, change: impl FnOnce(&mut Typed)) {
        let now = (self.now)();
        {
            let mut state = self.state.borrow_mut();
            if state.trembles(name, now) {
                return;
            }
            change(&mut state.local.typed);
            state.local.page = 0;
            let Local { typed, address, .. } = &mut state.local;
            address.iter_mut().for_each(|picker| picker.search(typed.text()));
        }
        self.draw_input();
        self.say_touched();
    }

    fn submit_input(&self) {
        if self.pick_typed() {
            return;
        }
        let state = self.state.borrow();
        let value = state.local.typed.value();
        let action = match (state.snapshot.as_ref().map(|s| &s.screen), value) {
            (Some(Screen::Question { .. }), Some(value)) => Some(Action::Answer { value: Private::new(value) }),
            (Some(Screen::LookUp), Some(code)) => Some(Action::LookUp { code }),
            (Some(Screen::Opinion { page }), Some(value)) => feedback::typed(page, value),
            (Some(Screen::Reprint { page }), Some(value)) => reprint::entered(page, value),
            (Some(Screen::Courier { page }), Some(value)) => courier::entered(page, value),
            (Some(Screen::Passport { .. }), Some(zone)) => Some(Action::TypeZone { zone: Private::new(zone) }),
            (_, _) => None,
        };
        drop(state);
        if let Some(action) = action {
            self.send_action(action);
        }
    }

    /// A touch on a button.
    fn act(&self, act: Act, at: usize) {
        self.state.borrow_mut().comfort.touched((self.now)());
        if self.pick(act, at) {
            return;
        }
        let action = self.state.borrow().action(act, at);
        if let Some(action) = action {
            self.send_action(action);
        } else if matches!(act, Act::LargerText | Act::TurnContrast | Act::TurnVolume | Act::Cover | Act::Uncover) {
            self.change_comfort(act);
        } else {
            self.state.borrow_mut().change_locally(act, at);
            self.fetch_pictures();
            self.draw();
            self.say_touched();
        }
    }

    /// Changes how the screen looks, and nothing of what was typed or where the person is.
    fn change_comfort(&self, act: Act) {
        let now = (self.now)();
        {
            let mut state = self.state.borrow_mut();
            if state.trembles(&format!("{act:?}"), now) {
                return;
            }
            if act == Act::LargerText {
                let size = state.comfort.size.next();
                state.resize(size);
            } else if act == Act::TurnContrast {
                state.comfort.turn_contrast();
            } else if act == Act::TurnVolume {
                state.comfort.volume = state.comfort.volume.next();
            } else {
                state.comfort.covered = act == Act::Cover;
            }
        }
        self.draw();
        self.say_touched();
    }

    pub(crate) fn send_action(&self, action: Action) {
        self.hush();
        let now = (self.now)();
        let mut state = self.state.borrow_mut();
        let Some(step) = state.snapshot.as_ref().map(|s| s.step) else { return };
        if state.last_act.is_some_and(|at| now.saturating_sub(at) < DOUBLE_TAP) {
            return;
        }
        state.last_act = Some(now);
        state.last_said = Some(now);
        drop(state);
        (self.send)(ToAgent::Act(ActionRequest { step, action }));
    }

    pub(crate) fn say_touched(&self) {
        self.hush();
        self.say_present();
    }

    pub(crate) fn say_present(&self) {
        let now = (self.now)();
        let mut state = self.state.borrow_mut();
        let Some(step) = state.snapshot.as_ref().map(|s| s.step) else { return };
        if state.last_said.is_some_and(|at| now.saturating_sub(at) < TOUCH_EVERY) {
            return;
        }
        state.last_said = Some(now);
        drop(state);
        (self.send)(ToAgent::Act(ActionRequest { step, action: Action::Touch }));
    }
}

fn with(face: &Weak<Face>, run: impl FnOnce(&Face)) {
    if let Some(face) = face.upgrade() {
        run(&face);
    }
}

impl State {
    fn take(&mut self, snapshot: Snapshot) {
        let moved = self.snapshot.as_ref().is_none_or(|old| old.step != snapshot.step || old.screen.code() != snapshot.screen.code());
        if (moved && !self.asks_again(&snapshot)) || self.is_answered_now(&snapshot) {
            self.local = Local::fresh(Some(&snapshot));
        }
        if matches!(snapshot.screen, Screen::Waiting { .. }) {
            self.last_key = None;
        }
        self.comfort.follow(&snapshot.screen);
        self.snapshot = Some(snapshot);
    }

    fn forget(&mut self) {
        self.snapshot = None;
        self.local = Local::fresh(None);
        self.pictures.clear();
        self.last_key = None;
    }

    /// Choices of C03 that are on the present page, as indexes into the snapshot's list.
    pub(crate) fn shown_procedures(&self) -> (usize, Vec<usize>) {
        let Some(Screen::Procedures { procedures, .. }) = self.snapshot.as_ref().map(|s| &s.screen) else { return (0, Vec::new()) };
        let words = fold(self.local.typed.text());
        let every = procedures.len() <= FEW;
        let fits = |at: &usize| {
            let p = &procedures[*at];
            match self.local.procedures {
                ProcedureView::LifeEvents => false,
                ProcedureView::OfEvent => every || usize::from(p.life_event) == self.local.life_event,
                ProcedureView::Search => words.split(' ').all(|word| fold(&p.name.vi).contains(word) || fold(&p.name.en).contains(word)),
            }
        };
        let all: Vec<usize> = (0..procedures.len()).filter(fits).collect();
        let count = all.len();
        let most = self.most(List::of(self.local.procedures));
        (count, all.into_iter().skip(self.local.page * most).take(most).collect())
    }

    /// Whether the same key was touched only just before; it is remembered otherwise.
    pub(crate) fn trembles(&mut self, name: &str, now: Duration) -> bool {
        let again = self.last_key.as_ref().is_some_and(|(key, at)| key == name && now.saturating_sub(*at) < DOUBLE_TAP);
        if !again {
            self.last_key = Some((name.to_owned(), now));
        }
        again
    }

    /// The list that the screen shows a page at a time, and how many items it has.
    fn list(&self) -> Option<(List, usize)> {
        Some(match &self.snapshot.as_ref()?.screen {
            Screen::Procedures { life_events, .. } => match self.local.procedures {
                ProcedureView::LifeEvents => (List::LifeEvents, life_events.len()),
                ProcedureView::OfEvent => (List::Procedures, self.shown_procedures().0),
                ProcedureView::Search => return None,
            },
            Screen::ProcedureDetails { papers, .. } => (List::Needed, papers.len()),
            Screen::Papers { papers } => (List::Papers, papers.len()),
            Screen::MissingPapers { papers } | Screen::KeptForLater { papers, .. } => (List::Lacking, papers.len()),
            Screen::CountSheets { max, .. } => (List::Counts, usize::from(*max)),
            Screen::ChoosePdf { files, .. } => (List::Pdfs, files.len()),
            Screen::PageCheck { pages, .. } => (List::Pages, pages.len()),
            Screen::Review { rows, .. } => (List::Rows, rows.len()),
            Screen::OwnDossiers { dossiers } => (List::Own, dossiers.len()),
            Screen::OwnDossier { rows, .. } => (List::Told, rows.len()),
            Screen::Officer { page } => return officer::list(page),
            Screen::Courier { page } => return courier::list(page),
            Screen::Question { .. } => (List::Places, self.local.address.as_ref().filter(|picker| picker.lists())?.hits()),
            Screen::Waiting { .. }
            | Screen::Notice
            | Screen::Identify { .. }
            | Screen::Passport { .. }
            | Screen::ReadChip { .. }
            | Screen::ConfirmPerson { .. }
            | Screen::ForWhom { .. }
            | Screen::Resume { .. }
            | Screen::StoredPaper { .. }
            | Screen::SpecialPaper { .. }
            | Screen::Scan { .. }
            | Screen::Submitting
            | Screen::Slip { .. }
            | Screen::Fee { .. }
            | Screen::Done { .. }
            | Screen::LookUp
            | Screen::LookUpResult { .. }
            | Screen::Reprint { .. }
            | Screen::Opinion { .. }
            | Screen::Rating { .. }
            | Screen::Queue { .. }
            | Screen::OutOfService { .. } => return None,
        })
    }

    /// Pages of the present list.
    pub(crate) fn pages(&self) -> usize {
        self.list().map_or(1, |(list, items)| items.div_ceil(self.most(list)).max(1) + self.before(list))
    }

    /// With larger letters, what a procedure costs has a page of its own before its papers.
    fn before(&self, list: List) -> usize {
        usize::from(list == List::Needed && self.comfort.size != TextSize::Normal)
    }

    /// Those items of the present list that stand on the present page, with their places in it.
    pub(crate) fn on_page<'a, T>(&self, list: List, items: &'a [T]) -> impl Iterator<Item = (usize, &'a T)> + use<'a, T> {
        let most = self.most(list);
        let (skip, take) = match self.local.page.checked_sub(self.before(list)) {
            Some(page) => (page * most, most),
            None => (0, 0),
        };
        items.iter().enumerate().skip(skip).take(take)
    }

    /// Items of the present list on one page.
    pub(crate) fn present_most(&self) -> usize {
        self.list().map_or(1, |(list, _)| self.most(list))
    }

    /// Items of this list on one page.
    pub(crate) fn most(&self, list: List) -> usize {
        list.most(self.comfort.size, self.landscape)
    }

    /// Other letters: what stood first on the page stays in sight, however often the size changes.
    fn resize(&mut self, size: TextSize) {
        let Some((list, _)) = self.list() else {
            self.comfort.size = size;
            return;
        };
        let page = self.local.page;
        let stood_first = page.saturating_sub(self.before(list)) * self.most(list);
        let first = self.local.kept.filter(|(at, _)| *at == page).map_or(stood_first, |(_, first)| first);
        self.comfort.size = size;
        self.local.page = first / self.most(list);
        self.local.kept = Some((self.local.page, first));
    }

    /// Whether "Quay lại" means a step back inside C03.
    pub(crate) fn backs_locally(&self) -> bool {
        if self.local.address.as_ref().is_some_and(address::Picker::can_back) {
            return true;
        }
        let Some(Screen::Procedures { procedures, .. }) = self.snapshot.as_ref().map(|s| &s.screen) else { return false };
        match self.local.procedures {
            ProcedureView::LifeEvents => false,
            ProcedureView::OfEvent => procedures.len() > FEW,
            ProcedureView::Search => true,
        }
    }

    /// The action of the local API that a touch means; none where it changes the screen alone.
    fn action(&self, act: Act, at: usize) -> Option<Action> {
        let screen = &self.snapshot.as_ref()?.screen;
        let small = u8::try_from(at).unwrap_or(u8::MAX);
        Some(match act {
            Act::Start => {
                let Screen::Waiting { services, .. } = screen else { return None };
                Action::Start { service: services.get(at)?.service }
            }
            Act::LanguageVi => Action::SetLanguage { language: Language::Vi },
            Act::LanguageEn => Action::SetLanguage { language: Language::En },
            Act::Agree => Action::Agree,
            Act::ChooseProcedure => {
                let Screen::Procedures { procedures, .. } = screen else { return None };
                let at = *self.shown_procedures().1.get(at)?;
                Action::ChooseProcedure { code: procedures.get(at)?.code.clone() }
            }
            Act::HavePapers => Action::HavePapers,
            Act::PrintPapers => Action::PrintPapers,
            Act::UsePassport => Action::UsePassport,
            Act::TypeCard => Action::TypeCard,
            Act::ReadChip => Action::ReadChip,
            Act::SkipChip => Action::SkipChip,
            Act::PersonRight => Action::ConfirmPerson { correct: true },
            Act::PersonWrong => Action::ConfirmPerson { correct: false },
            Act::FileFor => {
                let Screen::ForWhom { choices, .. } = screen else { return None };
                Action::FileFor { whom: *choices.get(at)? }
            }
            Act::ResumeGo => Action::Resume { go_on: true },
            Act::ResumeDrop => Action::Resume { go_on: false },
            Act::ChooseAnswer => {
                let Screen::Question { kind: AnswerKind::Choice { options }, .. } = screen else { return None };
                Action::Answer { value: Private::new(options.get(at)?.id.clone()) }
            }
            Act::TakeAddress => Action::Answer { value: self.local.address.as_ref()?.answer()? },
            Act::SkipAnswer => Action::Answer { value: Private::new("") },
            Act::ScanPaper => Action::ScanPaper { paper: small },
            Act::LeavePaper => Action::LeavePaper { paper: small },
            Act::PapersDone => Action::PapersDone,
            Act::KeepForLater => Action::KeepForLater,
            Act::UseStored => Action::UseStored,
            Act::DisputeStored => Action::DisputeStored,
            Act::DeclareSheets => Action::DeclareSheets { sheets: u16::try_from(at).ok()? },
            Act::CannotScan => Action::CannotScan,
            Act::BringToDesk => Action::BringToDesk { special: *Special::ALL.get(at)? },
            Act::HavePdf => Action::HavePdf,
            Act::TakePdf => {
                let Screen::ChoosePdf { files, .. } = screen else { return None };
                Action::TakePdf { file: files.get(self.local.page * self.most(List::Pdfs) + at)?.id }
            }
            Act::StartScan => Action::StartScan,
            Act::CancelScan => Action::CancelScan,
            Act::AcceptPages => Action::AcceptPages,
            Act::ScanAgain => Action::ScanAgain,
            Act::RescanPage => Action::RescanPage { page: self.page_at(at)? },
            Act::ScanWithoutNote => Action::ScanWithoutNote { page: self.page_at(at)? },
            Act::ScanMore => Action::ScanMore,
            Act::Change => {
                let Screen::Review { rows, .. } = screen else { return None };
                Action::Change { target: rows.get(at)?.change? }
            }
            Act::ChooseTopic => Action::ChooseTopic { topic: small },
            Act::NoContact => Action::LeaveContact { phone: None },
            Act::Rate => Action::Rate,
            Act::GiveScore => feedback::score(at)?,
            Act::TurnReason => feedback::reason(at)?,
            Act::ChooseQueue => queue::chosen(screen, at)?,
            Act::Submit => Action::Submit,
            Act::SlipTaken => Action::SlipTaken,
            Act::Pay => Action::Pay,
            Act::PayLater => Action::PayLater,
            Act::NotWait => Action::NotWait,
            Act::ReprintSlip => Action::ReprintSlip,
            Act::ShowDossier => Action::ShowDossier { dossier: u8::try_from(self.local.page * self.most(List::Own) + at).ok()? },
            Act::PrintDossier => Action::PrintDossier,
            Act::AddPapers => Action::AddPapers,
            Act::ParcelKeep | Act::ParcelDrop | Act::CloseHandover | Act::ChooseDirection | Act::GiveDeviation | Act::RestMissing => {
                courier::action(act, at)?
            }
            Act::Retry => Action::Retry,
            Act::Dismiss => Action::Dismiss,
            Act::MoreTime => Action::MoreTime,
            Act::Help => Action::Help,
            Act::Back if self.backs_locally() => return None,
            Act::Back => Action::Back,
            Act::End => Action::End,
            Act::ChoosePlace if self.local.address.as_ref()?.skips(self.place_at(at)) => Action::Answer { value: Private::default() },
            Act::ChooseLifeEvent
            | Act::ChoosePlace
            | Act::ChangePlace
            | Act::ChangeRest
            | Act::Search
            | Act::NextPage
            | Act::PreviousPage
            | Act::Zoom
            | Act::CloseZoom
            | Act::Touch
            | Act::LargerText
            | Act::TurnContrast
            | Act::Speak
            | Act::TurnVolume
            | Act::Cover
            | Act::Uncover => {
                return None;
            }
        })
    }

    /// The scanned page at this place of the screen, or the one that is seen large.
    fn page_at(&self, at: usize) -> Option<Uuid> {
        let at = self.local.zoomed.unwrap_or(self.local.page * self.most(List::Pages) + at);
        pages_of(self.snapshot.as_ref()).get(at).map(|page| page.id)
    }

    fn change_locally(&mut self, act: Act, at: usize) {
        let few =
            matches!(self.snapshot.as_ref().map(|s| &s.screen), Some(Screen::Procedures { procedures, .. }) if procedures.len() <= FEW);
        let last = self.pages() - 1;
        let (events, scans) = (self.most(List::LifeEvents), self.most(List::Pages));
        let local = &mut self.local;
        if act == Act::ChooseLifeEvent {
            local.life_event = local.page * events + at;
            local.procedures = ProcedureView::OfEvent;
            local.page = 0;
        } else if act == Act::Search {
            local.procedures = ProcedureView::Search;
            local.typed = Typed::new(Form::Search, false);
            local.page = 0;
        } else if act == Act::Back {
            local.procedures = if few { ProcedureView::OfEvent } else { ProcedureView::LifeEvents };
            local.page = 0;
        } else if act == Act::NextPage {
            local.page = (local.page + 1).min(last);
        } else if act == Act::PreviousPage {
            local.page = local.page.saturating_sub(1);
        } else if act == Act::Zoom {
            local.zoomed = Some(local.page * scans + at);
        } else if act == Act::CloseZoom {
            local.zoomed = None;
        }
    }
}

/// The pages whose pictures a screen shows.
pub(crate) fn pages_of(snapshot: Option<&Snapshot>) -> &[PageView] {
    match snapshot.map(|s| &s.screen) {
        Some(Screen::Scan { pages, .. } | Screen::PageCheck { pages, .. }) => pages,
        Some(_) | None => &[],
    }
}
