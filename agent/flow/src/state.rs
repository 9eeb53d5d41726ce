//! All states of the kiosk, and which part answers for each.

use crate::{
    At, ChipKey, ChipNews, Draft, Effect, EndReason, Event, Settings, Unfinished,
    courier::Courier,
    fee::Fee,
    filing::{Filing, today},
    idle::Patience,
    intro::Intro,
    lookup::LookUp,
    officer::Officer,
    opinion::Opinion,
    queue::Queue,
    rating::{Farewell, Rating},
    slip::Issued,
    supplement,
};
use motcua_model::{
    Language, Text,
    api::{Action, DeviceState, Health, Service},
    brought::BroughtPdf,
    catalogue::{Catalogue, Procedure},
    config::Visit,
    dossier::{Applicant, Page, Proof},
    fault::Fault,
    fold,
    mrz::DocumentKey,
    scanned::Scanned,
};
use uuid::Uuid;

/// Seconds after which the last screen of a visit goes away by itself.
pub(crate) const FAREWELL_S: u16 = 15;

/// What a transition may read, and where it leaves its effects.
pub(crate) struct Cx<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) health: Health,
    pub(crate) at: &'a At,
    pub(crate) language: &'a mut Language,
    pub(crate) fault: &'a mut Option<FaultShown>,
    pub(crate) effects: Vec<Effect>,
}

impl Cx<'_> {
    pub(crate) fn emit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Shows a fault over the screen; the visit below is kept.
    pub(crate) fn show(&mut self, fault: Fault, retry: bool) {
        *self.fault = Some(FaultShown { fault, retry });
    }

    /// The last scan was a good one: advice about the one before is out of date.
    pub(crate) fn clear_fault(&mut self) {
        *self.fault = None;
    }
}

/// A fault over the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultShown {
    pub(crate) fault: Fault,
    pub(crate) retry: bool,
}

/// What the person asked for, over the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    Help,
    ConfirmEnd,
}

/// Where the visit is.
#[expect(clippy::large_enum_variant, reason = "there is one state in the whole process")]
pub(crate) enum State {
    Waiting,
    Intro(Intro),
    Resume(Box<Found>),
    Filing(Box<Filing>),
    Submitting(Box<Filing>),
    Slip(Box<Issued>),
    Fee(Box<Fee>),
    Officer(Box<Officer>),
    Done(Farewell),
    LookUp(LookUp),
    Opinion(Box<Opinion>),
    Rating(Box<Rating>),
    Queue(Box<Queue>),
    Courier(Courier),
    OutOfService(Text),
}

/// C91: the same person has an unfinished filing.
pub(crate) struct Found {
    pub(crate) draft: Draft,
    pub(crate) procedure: Procedure,
    /// Where "Bỏ, làm mới" leads.
    pub(crate) otherwise: Intro,
}

impl State {
    /// An action that no overlay took; one that means nothing here changes nothing.
    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> Self {
        match (self, action) {
            (Self::Waiting, Action::Start { service }) => start(service, cx),
            (Self::Intro(intro), action) => intro.action(action, cx),
            (Self::Resume(found), Action::Resume { go_on }) => found.decide(go_on, cx),
            (Self::Filing(filing), action) => filing.action(action, cx),
            (Self::Slip(issued), Action::SlipTaken) => issued.taken(cx),
            (Self::Fee(fee), action) => fee.action(action, cx),
            (Self::Officer(officer), action) => officer.action(action, cx),
            (Self::Done(farewell), action) => farewell.action(action),
            (Self::LookUp(look_up), Action::Rate) => Rating::begin(look_up),
            (Self::LookUp(look_up), Action::Pay) => Fee::later(look_up, cx),
            (Self::LookUp(look_up), Action::AddPapers) => supplement::begin(look_up, cx),
            (Self::LookUp(look_up), action) => Self::LookUp(look_up.action(action, cx)),
            (Self::Opinion(opinion), action) => opinion.action(action, cx),
            (Self::Rating(rating), action) => rating.action(action, cx),
            (Self::Queue(queue), action) => queue.action(action, cx),
            (Self::Courier(courier), action) => Self::Courier(courier.action(action, cx)),
            (kept, _) => kept,
        }
    }

    /// News that is not a touch; what came too late changes nothing.
    pub(crate) fn event(self, event: Event, cx: &mut Cx) -> Self {
        match (self, event) {
            (Self::Waiting, Event::Code(text)) => card_on_c01(&text, cx),
            (Self::Waiting, Event::Chip { job: None, news: ChipNews::Read(person) }) => {
                arrived(Applicant::from_chip(&person, None), None, cx)
            }
            (Self::Waiting, Event::ReaderGarbage) => {
                cx.show(Fault::ReaderGarbage, false);
                Self::Waiting
            }
            (Self::Intro(intro), Event::Code(text)) => Self::Intro(intro.scanned(&text, cx)),
            (Self::Intro(intro), Event::ReaderGarbage) => Self::Intro(intro.unread(Fault::ReaderGarbage, cx)),
            (Self::Intro(intro), Event::Chip { job, news }) => Self::Intro(intro.chip(job, news, cx)),
            (Self::Intro(intro), Event::Print { job, state }) => Self::Intro(intro.printing(job, state)),
            (Self::Intro(intro), Event::Unfinished(unfinished)) => unfinished_found(intro, unfinished, cx),
            (Self::Filing(filing), Event::Code(text)) => Self::Filing(filing.card_of_other(&text, cx)),
            (Self::Filing(filing), Event::PageStored { job, page }) => Self::Filing(filing.page_stored(job, page, cx)),
            (Self::Filing(filing), Event::PageRead { page, secret: true, .. }) => Self::Filing(filing.secret_read(page, cx)),
            (Self::Filing(filing), Event::PageRead { page, fields, .. }) => Self::Filing(filing.page_read(page, fields)),
            (Self::Filing(filing), Event::HubTold { owner, account, papers }) => Self::Filing(filing.hub_told(&owner, account, papers, cx)),
            (Self::Filing(filing), Event::Print { job, state }) => Self::Filing(filing.printing(job, state)),
            (Self::Filing(filing), Event::ScanEnded { job, fault }) => Self::Filing(filing.scan_ended(job, fault, cx)),
            (Self::Filing(filing), Event::PdfsOffered(files)) => Self::Filing(filing.pdfs_offered(files)),
            (Self::Filing(filing), Event::PdfTaken { job, taken }) => Self::Filing(filing.pdf_taken(job, taken, cx)),
            (Self::Submitting(filing), Event::PageStored { page, .. }) => {
                filing.refuse_page(page.image.id, cx);
                Self::Submitting(filing)
            }
            (
                kept,
                Event::PageStored { page: Page { image: late, .. }, .. } | Event::PdfTaken { taken: Ok(BroughtPdf { file: late, .. }), .. },
            ) => {
                cx.emit(Effect::DropPages { dossier: Uuid::nil(), pages: vec![late.id] });
                kept
            }
            (Self::Submitting(filing), Event::Submitted { id, code }) if id == filing.draft.id => {
                Self::Slip(Box::new(Issued::of_filing(*filing, &code, cx)))
            }
            (Self::Submitting(filing), Event::SubmitFailed { id }) if id == filing.draft.id => {
                cx.show(Fault::StoreFailed, false);
                Self::Filing(filing)
            }
            (Self::Slip(issued), Event::Print { job, state }) => Self::Slip(Box::new(issued.printing(job, state))),
            (Self::Fee(fee), Event::Payment { dossier, answer }) => Self::Fee(Box::new(fee.told(dossier, answer, cx))),
            (Self::Fee(fee), Event::Print { job, state }) => Self::Fee(Box::new(fee.printing(job, state))),
            (Self::Officer(officer), Event::OfficerTold { dossier, own }) => Self::Officer(Box::new(officer.told(dossier, own, cx))),
            (Self::Officer(officer), Event::Print { job, state }) => Self::Officer(Box::new(officer.printing(job, state))),
            (Self::LookUp(look_up), Event::Code(text)) => Self::LookUp(look_up.scanned(&text, cx)),
            (Self::LookUp(look_up), Event::Chip { job, news }) => Self::LookUp(look_up.chip(job, news, cx)),
            (Self::LookUp(look_up), Event::OwnFound { number, dossiers }) => Self::LookUp(look_up.own_found(&number, dossiers)),
            (Self::LookUp(look_up), Event::Print { job, state }) => Self::LookUp(look_up.printing(job, state)),
            (Self::LookUp(look_up), Event::DigitsChecked { job, verdict }) => Self::LookUp(look_up.digits_checked(job, verdict, cx)),
            (Self::LookUp(look_up), Event::Payment { dossier, answer }) => Self::LookUp(look_up.payment(dossier, answer, cx)),
            (Self::LookUp(look_up), Event::ReaderGarbage) => {
                cx.show(Fault::ReaderGarbage, false);
                Self::LookUp(look_up)
            }
            (Self::LookUp(look_up), Event::LookedUp { asked, found }) => Self::LookUp(look_up.answered(asked, found, cx)),
            (Self::Opinion(opinion), Event::OpinionStored { id, code }) => Self::Opinion(Box::new(opinion.stored(id, &code, cx))),
            (Self::Opinion(opinion), Event::OpinionFailed { id }) => Self::Opinion(Box::new(opinion.not_stored(id, cx))),
            (Self::Opinion(opinion), Event::Print { job, state }) => Self::Opinion(Box::new(opinion.printing(job, state))),
            (Self::Rating(rating), Event::RatingStored { id }) => rating.stored(id),
            (Self::Rating(rating), Event::RatingFailed { id }) => Self::Rating(Box::new(rating.not_stored(id, cx))),
            (Self::Queue(queue), Event::NumberTaken { id, number, ahead }) => Self::Queue(Box::new(queue.taken(id, &number, ahead, cx))),
            (Self::Queue(queue), Event::NumberFailed { id }) => Self::Queue(Box::new(queue.not_taken(id, cx))),
            (Self::Queue(queue), Event::Print { job, state }) => Self::Queue(Box::new(queue.printing(job, state))),
            (Self::Courier(courier), event) => Self::Courier(courier.event(event, cx)),
            (kept, _) => kept,
        }
    }

    pub(crate) fn language_changed(self, cx: &mut Cx) -> Self {
        if let Self::Filing(filing) = self { Self::Filing(filing.language_changed(cx)) } else { self }
    }

    /// "Đóng" on a fault: pages that arrived before it can be checked.
    pub(crate) fn fault_dismissed(self) -> Self {
        if let Self::Filing(filing) = self { Self::Filing(filing.fault_dismissed()) } else { self }
    }

    /// The visit is over: what the shell has to put away.
    pub(crate) fn end(self, reason: EndReason) -> Vec<Effect> {
        match self {
            Self::Filing(filing) => filing.end(reason),
            Self::Slip(issued) => vec![issued.left(reason)],
            Self::Fee(fee) => fee.end(),
            Self::Officer(officer) => officer.end(),
            Self::Opinion(opinion) => opinion.end(),
            Self::Queue(queue) => queue.end(),
            Self::Courier(courier) => courier.end(),
            Self::Intro(intro) => intro.end().into_iter().collect(),
            Self::LookUp(look_up) => look_up.end().into_iter().collect(),
            Self::Waiting | Self::Resume(_) | Self::Submitting(_) | Self::Done(_) | Self::Rating(_) | Self::OutOfService(_) => Vec::new(),
        }
    }

    /// The agent stops serving: machines stop, the draft stays on the disk.
    pub(crate) fn interrupt(self) -> Vec<Effect> {
        match self {
            Self::Filing(filing) => filing.cancel_scan().into_iter().collect(),
            Self::Fee(fee) => fee.end(),
            Self::Officer(officer) => officer.end(),
            Self::Opinion(opinion) => opinion.end(),
            Self::Queue(queue) => queue.end(),
            Self::Courier(courier) => courier.end(),
            Self::Intro(intro) => intro.end().into_iter().collect(),
            Self::LookUp(look_up) => look_up.end().into_iter().collect(),
            Self::Waiting
            | Self::Resume(_)
            | Self::Submitting(_)
            | Self::Slip(_)
            | Self::Done(_)
            | Self::Rating(_)
            | Self::OutOfService(_) => Vec::new(),
        }
    }

    pub(crate) fn can_end(&self) -> bool {
        match self {
            Self::Waiting | Self::OutOfService(_) | Self::Submitting(_) => false,
            Self::Courier(courier) => courier.can_end(),
            Self::Opinion(opinion) => opinion.can_end(),
            Self::Queue(queue) => queue.can_end(),
            Self::Rating(rating) => rating.is_idle(),
            Self::Intro(_)
            | Self::Resume(_)
            | Self::Filing(_)
            | Self::Slip(_)
            | Self::Fee(_)
            | Self::Officer(_)
            | Self::Done(_)
            | Self::LookUp(_) => true,
        }
    }

    pub(crate) fn can_back(&self, settings: &Settings) -> bool {
        match self {
            Self::Queue(queue) => queue.can_back(settings),
            Self::Intro(intro) => !matches!(intro, Intro::Notice { .. }),
            Self::Filing(filing) => filing.can_back(),
            Self::LookUp(look_up) => !matches!(look_up, LookUp::Asking { .. }),
            Self::Fee(fee) => fee.can_back(),
            Self::Opinion(opinion) => opinion.can_back(),
            Self::Rating(rating) => rating.is_idle(),
            Self::Courier(courier) => courier.can_back(),
            Self::Waiting
            | Self::Resume(_)
            | Self::Submitting(_)
            | Self::Slip(_)
            | Self::Officer(_)
            | Self::Done(_)
            | Self::OutOfService(_) => false,
        }
    }

    /// Whether the end would throw away work of the person, or leave a handover half done.
    pub(crate) fn asks_before_end(&self) -> bool {
        match self {
            Self::Filing(filing) => !filing.is_kept(),
            Self::Courier(courier) => courier.half_done(),
            Self::Opinion(opinion) => opinion.would_lose(),
            Self::Waiting
            | Self::Intro(_)
            | Self::Resume(_)
            | Self::Submitting(_)
            | Self::Slip(_)
            | Self::Fee(_)
            | Self::Officer(_)
            | Self::Done(_)
            | Self::LookUp(_)
            | Self::Rating(_)
            | Self::Queue(_)
            | Self::OutOfService(_) => false,
        }
    }

    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        match self {
            Self::Waiting | Self::OutOfService(_) | Self::Resume(_) => Patience::Seconds(visit.reading_s),
            Self::Intro(Intro::Identify { .. } | Intro::Chip { .. }) => Patience::Seconds(visit.scanning_s),
            Self::Intro(Intro::Procedures { .. } | Intro::Passport { .. }) => Patience::Seconds(visit.typing_s),
            Self::Intro(Intro::Typed(typed)) if typed.reads_chip() => Patience::Seconds(visit.scanning_s),
            Self::Intro(Intro::Typed(_)) => Patience::Seconds(visit.typing_s),
            Self::Intro(Intro::Notice { .. } | Intro::Details { .. } | Intro::Confirm { .. }) => Patience::Seconds(visit.reading_s),
            Self::Filing(filing) => filing.patience(visit),
            Self::Submitting(_) => Patience::Busy(visit.waiting_s),
            Self::Slip(_) => Patience::Seconds(visit.waiting_s),
            Self::Fee(fee) => fee.patience(visit),
            Self::Officer(officer) => officer.patience(visit),
            Self::Done(_) => Patience::Farewell(FAREWELL_S),
            Self::Opinion(opinion) => opinion.patience(visit),
            Self::Queue(queue) => queue.patience(visit),
            Self::Rating(rating) => rating.patience(visit),
            Self::LookUp(LookUp::Result { .. } | LookUp::Own { .. }) => Patience::Seconds(visit.reading_s),
            Self::LookUp(LookUp::Proving { .. }) => Patience::Seconds(visit.scanning_s),
            Self::LookUp(LookUp::Reprint(reprint)) if reprint.is_paper() => Patience::Seconds(visit.waiting_s),
            Self::LookUp(LookUp::Asking { .. } | LookUp::Reprint(_)) => Patience::Seconds(visit.typing_s),
            Self::Courier(courier) => courier.patience(visit),
        }
    }

    /// Where a card on the reader means something.
    pub(crate) fn awaits_card(&self) -> bool {
        match self {
            Self::Waiting => true,
            Self::Intro(intro) => !matches!(intro, Intro::Confirm { .. }),
            Self::LookUp(look_up) => matches!(look_up, LookUp::Asking { .. } | LookUp::Proving { .. }),
            Self::Resume(_)
            | Self::Filing(_)
            | Self::Submitting(_)
            | Self::Slip(_)
            | Self::Fee(_)
            | Self::Officer(_)
            | Self::Done(_)
            | Self::Opinion(_)
            | Self::Rating(_)
            | Self::Queue(_)
            | Self::Courier(_)
            | Self::OutOfService(_) => false,
        }
    }

    /// The filing, until it is submitted.
    pub(crate) fn filing(&self) -> Option<&Filing> {
        if let Self::Filing(filing) = self { Some(filing) } else { None }
    }

    /// Tells questions, papers and phases of one screen apart.
    pub(crate) fn part(&self) -> usize {
        match self {
            Self::Filing(filing) => filing.part(),
            Self::Courier(courier) => courier.part(),
            Self::Fee(fee) => fee.part(),
            Self::Officer(officer) => officer.part(),
            Self::Opinion(opinion) => opinion.part(),
            Self::Queue(queue) => queue.part(),
            Self::Rating(rating) => rating.part(),
            Self::Intro(Intro::Chip { chip, .. }) => chip.part(),
            Self::Intro(Intro::Typed(typed)) => typed.part(),
            Self::LookUp(look_up) => look_up.part(),
            Self::Intro(Intro::Passport { wrong, .. }) => usize::from(wrong.is_some()),
            Self::Waiting
            | Self::Intro(_)
            | Self::Resume(_)
            | Self::Submitting(_)
            | Self::Slip(_)
            | Self::Done(_)
            | Self::OutOfService(_) => 0,
        }
    }
}

impl Found {
    fn decide(self: Box<Self>, go_on: bool, cx: &mut Cx) -> State {
        let Self { mut draft, procedure, mut otherwise } = *self;
        if go_on {
            // A chip that was read in another visit does not prove who stands here now.
            if let Some(card) = otherwise.card_mut() {
                draft.applicant = Applicant { confirmed: draft.applicant.confirmed, ..card.applicant.clone() };
            }
            return State::Filing(Box::new(Filing::resume(draft, procedure, cx)));
        }
        cx.emit(Effect::DropDraft { id: draft.id, reason: EndReason::Discarded });
        State::Intro(otherwise.person_known(cx))
    }
}

/// Why a service cannot be started now, or the fault that a scan on C01 shows instead.
pub(crate) fn missing(service: Service, health: &Health) -> Option<Missing> {
    // An empty feeder is the scanner's normal state between two people.
    let scanner = matches!(health.scanner, DeviceState::Ready | DeviceState::NeedsHuman(Fault::ScannerEmpty));
    match service {
        Service::File | Service::Opinion if health.disk_full => Some(Missing::Room),
        Service::File if !scanner => Some(Missing::Scanner),
        Service::Courier if health.reader != DeviceState::Ready => Some(Missing::Reader),
        Service::File | Service::LookUp | Service::Queue | Service::Opinion | Service::Courier => None,
    }
}

/// Whether a card can be read without the code on it.
pub(crate) fn chip_alone(health: &Health, settings: &Settings) -> bool {
    settings.chip_key == ChipKey::Nothing && health.card_reader == DeviceState::Ready
}

/// The device that a service lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// On the disk: what is begun must find room to its end.
    Room,
    Scanner,
    Reader,
}

fn start(service: Service, cx: &mut Cx) -> State {
    match (missing(service, &cx.health), service) {
        (Some(_), _) => State::Waiting,
        (None, Service::File) => State::Intro(Intro::Notice { card: None }),
        (None, Service::LookUp) => State::LookUp(LookUp::Asking { pending: None }),
        (None, Service::Queue) => Queue::begin(cx).map_or(State::Waiting, |queue| State::Queue(Box::new(queue))),
        (None, Service::Opinion) => State::Opinion(Box::new(Opinion::begin())),
        (None, Service::Courier) => State::Courier(Courier::Badge),
    }
}

/// A courier's badge is the wish to hand over, a card that to file.
fn card_on_c01(text: &str, cx: &mut Cx) -> State {
    if matches!(Scanned::of(text), Scanned::CourierBadge(_)) {
        return State::Courier(Courier::Badge.event(Event::Code(text.to_owned()), cx));
    }
    match person_in(text, cx) {
        Ok((applicant, zone)) => arrived(applicant, zone, cx),
        Err(fault) => {
            cx.show(fault, false);
            State::Waiting
        }
    }
}

/// The person in a scanned text, and what opens the chip besides the number. A card that lost letters on the way is none: its name
/// would be wrong in the dossier.
pub(crate) fn person_in(text: &str, cx: &Cx) -> Result<(Applicant, Option<DocumentKey>), Fault> {
    match Scanned::of(text) {
        Scanned::Card(card) => {
            let zone = card.deduced_key().filter(|_| cx.settings.chip_key == ChipKey::Zone);
            Ok((Applicant::from_card(&card), zone))
        }
        Scanned::Mrz(zone) => {
            Applicant::from_zone(&zone, today(cx.at.wall)).map(|applicant| (applicant, Some(zone.document_key()))).ok_or(Fault::NotACard)
        }
        Scanned::DamagedCard { .. } | Scanned::MrzPart => Err(Fault::ReaderGarbage),
        Scanned::CourierBadge(_) | Scanned::Provisional(_) | Scanned::Dossier(_) | Scanned::Parcel(_) | Scanned::Unknown => {
            Err(Fault::NotACard)
        }
    }
}

/// A card on C01 is the wish to file.
fn arrived(applicant: Applicant, zone: Option<DocumentKey>, cx: &mut Cx) -> State {
    let stop = match missing(Service::File, &cx.health) {
        Some(Missing::Room) => Some(Fault::DiskFull),
        Some(Missing::Scanner) => Some(Fault::ScannerGone),
        // A filing needs no reader.
        Some(Missing::Reader) | None => None,
    };
    if let Some(fault) = stop {
        cx.show(fault, false);
        return State::Waiting;
    }
    cx.clear_fault();
    State::Intro(Intro::Notice { card: Some(Intro::look_for(applicant, zone, cx)) })
}

/// The store's word on the person whose card was read. It may come late: only the person's own counts.
fn unfinished_found(mut intro: Intro, unfinished: Unfinished, cx: &mut Cx) -> State {
    let Some(card) = intro.card_mut().filter(|card| card.looking) else { return State::Intro(intro) };
    let unfinished = match &unfinished {
        // Added papers go on where the chip has proved the person, at C20d (R13).
        Unfinished::Draft(draft) if draft.adds_to.is_some() => Unfinished::Nothing,
        // Whoever types must know as much as the card says.
        Unfinished::Draft(draft) if typed_another(&card.applicant, &draft.applicant) => Unfinished::Nothing,
        Unfinished::Slip(dossier) if typed_another(&card.applicant, dossier.filer()) => Unfinished::Nothing,
        Unfinished::Nothing | Unfinished::Draft(_) | Unfinished::Slip(_) => unfinished,
    };
    match unfinished {
        Unfinished::Nothing => {
            card.looking = false;
            State::Intro(intro.person_known(cx))
        }
        Unfinished::Draft(draft) if draft.applicant.number == card.applicant.number => {
            card.looking = false;
            let otherwise = intro.put_aside(cx);
            match cx.catalogue.procedure(&draft.procedure) {
                Some(procedure) => {
                    if *cx.language == Language::default() {
                        *cx.language = draft.language;
                    }
                    State::Resume(Box::new(Found { draft: *draft, procedure: procedure.clone(), otherwise }))
                }
                None => {
                    cx.emit(Effect::DropDraft { id: draft.id, reason: EndReason::Discarded });
                    State::Intro(otherwise.person_known(cx))
                }
            }
        }
        Unfinished::Slip(dossier) if dossier.filer().number == card.applicant.number => {
            intro.put_aside(cx);
            State::Slip(Box::new(Issued::of_dossier(&dossier, cx)))
        }
        Unfinished::Draft(_) | Unfinished::Slip(_) => State::Intro(intro),
    }
}

/// The number is that of somebody who has something unfinished here, and the rest is not theirs.
fn typed_another(typed: &Applicant, known: &Applicant) -> bool {
    let same = fold(typed.name.reveal()) == fold(known.name.reveal()) && typed.birth == known.birth;
    typed.proof == Proof::Typed && typed.number == known.number && !same
}
