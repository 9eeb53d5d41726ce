//! The visit at the kiosk and the courier's handover as pure state machines: no I/O, no clock.
//!
//! [`Kiosk::handle`] takes one [`Event`] and answers with [`Effect`]s; [`Kiosk::snapshot`] is what the
//! screen shows. The shell performs the effects, sleeps until [`Kiosk::wake_at`], and comes back.

mod asking;
mod batch;
mod chip;
mod courier;
mod event;
mod fee;
mod filing;
mod for_whom;
mod idle;
mod intro;
mod lookup;
mod missing;
mod officer;
mod opinion;
mod pdf;
mod queue;
mod rating;
mod reprint;
mod rescan;
mod slip;
mod snapshot;
mod state;
mod supplement;
mod typed;

pub use courier::{CourierDesk, PinVerdict, Pins, handover_slip};
pub use event::{
    At, ChipNews, DRAFT_HOURS, Draft, Effect, EndReason, Event, HeldProof, Known, OwnDossier, PageFields, Slip, SlipOf, Unfinished,
};
pub use reprint::DigitsVerdict;
pub use slip::KeptProof;

use filing::Filing;
use idle::Idle;
use motcua_model::{
    Language, Text,
    api::{Action, ActionRequest, Health, Overlay, PrintState},
    catalogue::Catalogue,
    config,
    fault::Fault,
    hub::PaymentState,
    opinion::Topic,
};
use state::{Asking, Cx, FaultShown, State};
use uuid::Uuid;

/// After a restart that left something unfinished, C01 says so for ten minutes.
const UNFINISHED_MS: u64 = 600_000;

/// What the office has decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name on every screen and slip.
    pub office: Text,
    /// Telephone for help; may be empty.
    pub phone: String,
    /// Mã xã of the commune that the office serves.
    pub commune: Option<String>,
    /// Mã định danh of the office.
    pub agency: String,
    /// Short name of this device.
    pub device: String,
    /// Address that the QR of the slip opens; `{code}` stands for the code.
    pub tracking_url: String,
    /// Idle times.
    pub visit: config::Visit,
    /// Most sheets that can be declared for one paper.
    pub max_sheets: u16,
    /// Sides of a sheet that the scanner takes in one pass: 2, or 1 for a scanner without duplex.
    pub sides: u16,
    /// What the card reader needs.
    pub chip_key: ChipKey,
    /// A PDF can be brought in place of a paper.
    pub pdf: bool,
    /// Sticks are looked for: the screen says where to put one in.
    pub sticks: bool,
    /// What an opinion can be about: at most [`motcua_model::opinion::MOST_TOPICS`].
    pub topics: Vec<Topic>,
    /// How a fee can be paid here.
    pub payment: config::Payment,
    /// Whose numbers are given here.
    pub queue: config::Queue,
    /// Who signs a handover with a PIN.
    pub pins: Pins,
}

/// What a card reader must be told to open a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChipKey {
    /// Nothing: it reads every card laid on it, and the card alone tells who is there.
    Nothing,
    /// The citizen's number, from the card's QR.
    Number,
    /// What the machine-readable zone says: scanned, or deduced from the card's QR ([`motcua_model::citizen::CardQr::deduced_key`]).
    Zone,
}

/// The touch screen's state machine: one person at a time.
pub struct Kiosk {
    settings: Settings,
    catalogue: Catalogue,
    /// Waits for the end of the visit.
    next_catalogue: Option<Box<Catalogue>>,
    health: Health,
    language: Language,
    step: u64,
    state: State,
    fault: Option<FaultShown>,
    asking: Option<Asking>,
    idle: Idle,
    unfinished_until: Option<u64>,
}

/// What makes a picture another picture: a tap meant for the old one is stale.
#[derive(PartialEq)]
struct Place {
    screen: &'static str,
    part: usize,
    overlay: Option<Overlay>,
}

impl Kiosk {
    /// A kiosk that waits for the first person; devices count as absent until [`Event::Health`].
    pub fn new(settings: Settings, catalogue: Catalogue) -> Self {
        Self {
            settings,
            catalogue,
            next_catalogue: None,
            health: Health::default(),
            language: Language::default(),
            step: 1,
            state: State::Waiting,
            fault: None,
            asking: None,
            idle: Idle::default(),
            unfinished_until: None,
        }
    }

    /// Takes one event; the shell performs the effects in their order before it shows the next snapshot.
    pub fn handle(&mut self, event: Event, at: &At) -> Vec<Effect> {
        let before = self.place(at);
        self.idle.now(at.mono_ms);
        let effects = self.perform(event, at);
        if self.at_rest()
            && let Some(next) = self.next_catalogue.take()
        {
            self.catalogue = *next;
        }
        if self.place(at) != before {
            self.step += 1;
        }
        effects
    }

    /// [`Catalogue::version`] of the one in use.
    pub fn catalogue_version(&self) -> u32 {
        self.catalogue.version
    }

    /// The `mono_ms` at which [`Event::Tick`] is wanted; none while nothing can run out.
    pub fn wake_at(&self) -> Option<u64> {
        let idle = match self.at_rest() {
            true => self.touched().then(|| self.idle.resting_until(&self.settings.visit)),
            false => Some(self.idle.wake_at(self.state.patience(&self.settings.visit), &self.settings.visit)),
        };
        [idle, self.unfinished_until].into_iter().flatten().min()
    }

    /// Whether the action was meant for the present picture; the API answers 409 otherwise.
    pub fn accepts(&self, request: &ActionRequest) -> bool {
        request.step == self.step
    }

    /// Whether somebody stands at C10c: only then sticks and uploads are looked at.
    pub fn waits_for_pdf(&self) -> bool {
        self.state.filing().is_some_and(Filing::waits_for_pdf)
    }

    /// Whether this page belongs to the present visit, so that its image may be shown now.
    pub fn page_of_visit(&self, id: Uuid) -> bool {
        match &self.state {
            State::Filing(filing) | State::Submitting(filing) => filing.has_page(id),
            State::Waiting
            | State::Intro(_)
            | State::Resume(_)
            | State::Slip(_)
            | State::Fee(_)
            | State::Officer(_)
            | State::Done(_)
            | State::LookUp(_)
            | State::Opinion(_)
            | State::Rating(_)
            | State::Queue(_)
            | State::Courier(_)
            | State::OutOfService(_) => false,
        }
    }

    fn perform(&mut self, event: Event, at: &At) -> Vec<Effect> {
        match event {
            Event::Health(health) => {
                self.health = health;
                Vec::new()
            }
            Event::Action(request) if self.accepts(&request) => self.act(request.action, at),
            Event::Action(_) => Vec::new(),
            Event::Restarted { unfinished } => {
                self.unfinished_until = (unfinished > 0).then_some(at.mono_ms + UNFINISHED_MS);
                Vec::new()
            }
            Event::Catalogue(catalogue) => {
                self.next_catalogue = Some(catalogue);
                Vec::new()
            }
            Event::OutOfService(reason) => self.stop_serving(reason),
            Event::StoreFailed => self.store_failed(),
            Event::Tick => self.tick(at),
            Event::Code(_)
            | Event::ReaderGarbage
            | Event::Chip { .. }
            | Event::Unfinished(_)
            | Event::PageStored { .. }
            | Event::PageRead { .. }
            | Event::ScanEnded { .. }
            | Event::PdfsOffered(_)
            | Event::PdfTaken { .. }
            | Event::Submitted { .. }
            | Event::SubmitFailed { .. }
            | Event::Print { .. }
            | Event::HubTold { .. }
            | Event::Payment { .. }
            | Event::OwnFound { .. }
            | Event::OfficerTold { .. }
            | Event::LookedUp { .. }
            | Event::CourierFound { .. }
            | Event::PinChecked { .. }
            | Event::DigitsChecked { .. }
            | Event::ParcelKept { .. }
            | Event::ParcelNotKept { .. }
            | Event::HandoverStored { .. }
            | Event::HandoverFailed { .. }
            | Event::OpinionStored { .. }
            | Event::OpinionFailed { .. }
            | Event::RatingStored { .. }
            | Event::RatingFailed { .. }
            | Event::NumberTaken { .. }
            | Event::NumberFailed { .. } => self.news(event, at),
        }
    }

    /// Codes, pages and answers from the shell: they go to the state, and they show that somebody is there.
    fn news(&mut self, event: Event, at: &At) -> Vec<Effect> {
        // Neither a printer that waits for paper all night nor a forgotten card that its reader reads again and
        // again may hold the last visit open, nor pages that are read after their person went away, nor a stick with a bad contact.
        let card_unasked = matches!(event, Event::Chip { .. }) && !self.state.awaits_card();
        let ticket_out = self.ticket_out(&event);
        let paid = matches!(&event, Event::Payment { answer: Some(answer), .. } if answer.state == PaymentState::Paid);
        let by_itself = matches!(
            event,
            Event::Print { .. } | Event::PageRead { .. } | Event::PdfsOffered(_) | Event::HubTold { .. } | Event::Payment { .. }
        );
        if paid || ticket_out || !(card_unasked || by_itself) {
            self.idle.active();
        }
        self.transition(at, |state, cx| state.event(event, cx))
    }

    /// The ticket that the person waited for is out: now they are given time to take it. It happens once.
    fn ticket_out(&self, event: &Event) -> bool {
        let Event::Print { job, state: PrintState::Printed } = event else { return false };
        matches!(&self.state, State::Queue(queue) if queue.waits_for(*job))
    }

    /// Not a sign of life: the disk speaks here, not the person.
    fn store_failed(&mut self) -> Vec<Effect> {
        if !self.at_rest() {
            self.fault = Some(FaultShown { fault: Fault::StoreFailed, retry: false });
        }
        Vec::new()
    }

    fn act(&mut self, action: Action, at: &At) -> Vec<Effect> {
        let warned = self.idle.warned();
        self.idle.active();
        match action {
            Action::SetLanguage { language } => {
                self.language = language;
                self.transition(at, State::language_changed)
            }
            Action::Help => {
                self.asking = Some(Asking::Help);
                Vec::new()
            }
            Action::End => self.end_asked(warned),
            // Whatever was touched under the question "Còn ở đây không?", the answer is yes and no more.
            Action::Dismiss | Action::Retry if warned => Vec::new(),
            Action::Touch | Action::MoreTime => Vec::new(),
            Action::Dismiss => self.dismiss(at),
            Action::Retry => self.retry(at),
            Action::Start { .. }
            | Action::Agree
            | Action::ChooseProcedure { .. }
            | Action::HavePapers
            | Action::PrintPapers
            | Action::UsePassport
            | Action::TypeCard
            | Action::TypeZone { .. }
            | Action::ReadChip
            | Action::SkipChip
            | Action::ConfirmPerson { .. }
            | Action::FileFor { .. }
            | Action::Resume { .. }
            | Action::Answer { .. }
            | Action::ScanPaper { .. }
            | Action::LeavePaper { .. }
            | Action::PapersDone
            | Action::KeepForLater
            | Action::UseStored
            | Action::DisputeStored
            | Action::DeclareSheets { .. }
            | Action::CannotScan
            | Action::HavePdf
            | Action::TakePdf { .. }
            | Action::BringToDesk { .. }
            | Action::StartScan
            | Action::CancelScan
            | Action::AcceptPages
            | Action::ScanAgain
            | Action::RescanPage { .. }
            | Action::ScanWithoutNote { .. }
            | Action::ScanMore
            | Action::Change { .. }
            | Action::Submit
            | Action::SlipTaken
            | Action::Pay
            | Action::PayLater
            | Action::NotWait
            | Action::LookUp { .. }
            | Action::ReprintSlip
            | Action::EnterDigits { .. }
            | Action::ShowDossier { .. }
            | Action::PrintDossier
            | Action::AddPapers
            | Action::ChooseTopic { .. }
            | Action::WriteOpinion { .. }
            | Action::LeaveContact { .. }
            | Action::Rate
            | Action::GiveScore { .. }
            | Action::TurnReason { .. }
            | Action::ChooseGroup { .. }
            | Action::ChoosePriority { .. }
            | Action::EnterPin { .. }
            | Action::ChooseDirection { .. }
            | Action::ConfirmParcel { .. }
            | Action::CloseHandover
            | Action::GiveDeviation { .. }
            | Action::Back => match warned || self.covered() {
                true => Vec::new(),
                false => self.transition(at, |state, cx| state.action(action, cx)),
            },
        }
    }

    fn end_asked(&mut self, warned: bool) -> Vec<Effect> {
        if !self.state.can_end() {
            Vec::new()
        } else if warned || self.asking == Some(Asking::ConfirmEnd) || !self.state.asks_before_end() {
            self.end(EndReason::Ended)
        } else {
            self.asking = Some(Asking::ConfirmEnd);
            Vec::new()
        }
    }

    fn dismiss(&mut self, at: &At) -> Vec<Effect> {
        if self.asking.take().is_some() || self.fault.take().is_none() {
            return Vec::new();
        }
        self.transition(at, |state, _| state.fault_dismissed())
    }

    fn retry(&mut self, at: &At) -> Vec<Effect> {
        if self.asking.is_some() || !self.fault.is_some_and(|shown| shown.retry) {
            return Vec::new();
        }
        self.fault = None;
        self.transition(at, |state, cx| state.action(Action::StartScan, cx))
    }

    fn tick(&mut self, at: &At) -> Vec<Effect> {
        if self.unfinished_until.is_some_and(|until| at.mono_ms >= until) {
            self.unfinished_until = None;
        }
        if self.at_rest() {
            if self.touched() && at.mono_ms >= self.idle.resting_until(&self.settings.visit) {
                self.forget();
            }
            return Vec::new();
        }
        match self.idle.tick(self.state.patience(&self.settings.visit), &self.settings.visit) {
            true => self.end(EndReason::Idle),
            false => Vec::new(),
        }
    }

    fn end(&mut self, reason: EndReason) -> Vec<Effect> {
        let effects = std::mem::replace(&mut self.state, State::Waiting).end(reason);
        self.unfinished_until = None;
        self.forget();
        effects
    }

    /// The draft stays sealed on the disk: after the repair the person finds it again.
    fn stop_serving(&mut self, reason: Text) -> Vec<Effect> {
        let effects = std::mem::replace(&mut self.state, State::OutOfService(reason)).interrupt();
        self.forget();
        effects
    }

    /// Nothing of one person is left for the next.
    fn forget(&mut self) {
        self.language = Language::default();
        self.fault = None;
        self.asking = None;
        self.idle.active();
    }

    fn transition(&mut self, at: &At, change: impl FnOnce(State, &mut Cx) -> State) -> Vec<Effect> {
        let state = std::mem::replace(&mut self.state, State::Waiting);
        let mut cx = Cx {
            settings: &self.settings,
            catalogue: &self.catalogue,
            health: self.health,
            at,
            language: &mut self.language,
            fault: &mut self.fault,
            effects: Vec::new(),
        };
        self.state = change(state, &mut cx);
        cx.effects
    }

    fn at_rest(&self) -> bool {
        matches!(self.state, State::Waiting | State::OutOfService(_))
    }

    /// Whether somebody left something on the resting screen that the next person must not find.
    fn touched(&self) -> bool {
        self.covered() || self.language != Language::default()
    }

    fn covered(&self) -> bool {
        self.asking.is_some() || self.fault.is_some()
    }

    fn place(&self, at: &At) -> Place {
        let overlay = self.overlay(at).map(|overlay| match overlay {
            Overlay::StillThere { .. } => Overlay::StillThere { seconds: 0 },
            Overlay::Fault { .. } | Overlay::Help | Overlay::ConfirmEnd => overlay,
        });
        Place { screen: self.screen(at).code(), part: self.state.part(), overlay }
    }
}
