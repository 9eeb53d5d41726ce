//! Any order of events: no panic, no dead end, nothing submitted twice.

use crate::common::*;
use motcua_flow::{ChipNews, CourierDesk, DigitsVerdict, Effect, Event, Known, PinVerdict, Unfinished};
use motcua_model::{
    Language, Private, Text,
    api::{Action, ActionRequest, ChangeTarget, DeviceState, Health, LinkState, PinRefused, PrintState, Screen, Service},
    dossier::{Origin, Special, Status, Submission},
    fault::Fault,
    for_whom::ForWhom,
    handover::{Deviation, Direction, OpenHandover},
    hub::{PaymentAnswer, PersonKey},
    rating::{Reason, Score},
};
use proptest::prelude::*;
use std::collections::HashSet;
use uuid::Uuid;

/// One thing that happens; ids are filled in from what the kiosk asked for.
#[derive(Clone, Debug)]
enum Move {
    Act(Action),
    Stale(u64, Action),
    Code(String),
    Garbage,
    Chip { current: bool, news: ChipNews },
    Unfinished { draft: bool, slip: bool },
    Page { current: bool },
    ScanEnded { current: bool, fault: Option<Fault> },
    Offered(u128),
    Taken { current: bool, ok: bool },
    Stored { current: bool, ok: bool },
    Print { current: bool, state: PrintState },
    LookedUp { current: bool, found: bool },
    Told { current: bool, found: bool },
    Own { current: bool },
    Digits { current: bool, verdict: DigitsVerdict },
    Payment { current: bool, answer: Option<PaymentAnswer> },
    StoreFailed,
    Health(Health),
    Restarted(u32),
    Wait(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let small = 0u8..4;
    prop_oneof![
        prop::sample::select(vec![Service::File, Service::File, Service::LookUp, Service::Queue, Service::Opinion, Service::Courier])
            .prop_map(|service| Action::Start { service }),
        Just(Action::SetLanguage { language: Language::En }),
        Just(Action::Agree),
        prop::sample::select(vec![BIRTH, MARRIAGE, "2.000884", "0"]).prop_map(|code| Action::ChooseProcedure { code: code.into() }),
        Just(Action::HavePapers),
        prop::sample::select(vec![Action::ReadChip, Action::SkipChip, Action::UsePassport, Action::TypeCard, Action::PrintPapers]),
        prop::sample::select(vec![PASSPORT, "P<UTO", ""]).prop_map(|text| Action::TypeZone { zone: Private::new(text) }),
        any::<bool>().prop_map(|correct| Action::ConfirmPerson { correct }),
        prop::sample::select(ForWhom::ALL.to_vec()).prop_map(|whom| Action::FileFor { whom }),
        any::<bool>().prop_map(|go_on| Action::Resume { go_on }),
        prop::sample::select(vec![
            "Nguyễn Văn Bé",
            "15/01/1990",
            "Nguyễn Thị Mẫu",
            "20/11/2026",
            "male",
            "desk",
            "post_other",
            "Thôn Thử, Xã Lũng Cú, Tỉnh Tuyên Quang",
            "0900000456",
            "001190000016",
            "001090000017",
            "Trần Văn Thử",
            "1",
            "",
            "?"
        ])
        .prop_map(|value| Action::Answer { value: Private::new(value) }),
        small.clone().prop_map(|paper| Action::ScanPaper { paper }),
        small.clone().prop_map(|paper| Action::LeavePaper { paper }),
        Just(Action::PapersDone),
        prop::sample::select(vec![Action::UseStored, Action::DisputeStored]),
        (0u16..4).prop_map(|sheets| Action::DeclareSheets { sheets }),
        Just(Action::CannotScan),
        prop::sample::select(Special::ALL.to_vec()).prop_map(|special| Action::BringToDesk { special }),
        Just(Action::HavePdf),
        (0u128..3).prop_map(|at| Action::TakePdf { file: Uuid::from_u128(at) }),
        Just(Action::StartScan),
        Just(Action::CancelScan),
        Just(Action::AcceptPages),
        Just(Action::ScanAgain),
        (0u128..4).prop_map(|at| Action::RescanPage { page: Uuid::from_u128(at) }),
        (0u128..4).prop_map(|at| Action::ScanWithoutNote { page: Uuid::from_u128(at) }),
        Just(Action::ScanMore),
        small.clone().prop_map(|i| Action::Change { target: ChangeTarget::Question(i) }),
        small.prop_map(|i| Action::Change { target: ChangeTarget::Paper(i) }),
        Just(Action::Change { target: ChangeTarget::ForWhom }),
        Just(Action::Submit),
        Just(Action::SlipTaken),
        prop::sample::select(vec![Action::Pay, Action::PayLater, Action::NotWait]),
        Just(Action::LookUp { code: provisional().to_string() }),
        (0u8..3).prop_map(|dossier| Action::ShowDossier { dossier }),
        Just(Action::PrintDossier),
        Just(Action::ReprintSlip),
        prop::sample::select(vec!["0456", "1234", "12"]).prop_map(|digits| Action::EnterDigits { digits: Private::new(digits) }),
        Just(Action::AddPapers),
        Just(Action::KeepForLater),
        (0u8..8).prop_map(|topic| Action::ChooseTopic { topic }),
        prop::sample::select(vec!["Chờ lâu quá", "", "?"]).prop_map(|text| Action::WriteOpinion { text: Private::new(text) }),
        prop::sample::select(vec![None, Some("0900000456"), Some("09")])
            .prop_map(|phone| Action::LeaveContact { phone: phone.map(Private::new) }),
        Just(Action::Rate),
        prop::sample::select(Score::ALL.to_vec()).prop_map(|score| Action::GiveScore { score }),
        prop::sample::select(Reason::ALL.to_vec()).prop_map(|reason| Action::TurnReason { reason }),
        (0u8..4).prop_map(|group| Action::ChooseGroup { group }),
        prop::option::of(0u8..7).prop_map(|priority| Action::ChoosePriority { priority }),
        any::<bool>().prop_map(|keep| Action::ConfirmParcel { keep }),
        Just(Action::CloseHandover),
        prop::sample::select(Direction::ALL.to_vec()).prop_map(|direction| Action::ChooseDirection { direction }),
        (prop::sample::select(Deviation::ALL.to_vec()), any::<bool>())
            .prop_map(|(deviation, rest)| Action::GiveDeviation { deviation, rest }),
        Just(Action::EnterPin { pin: Private::new("2468") }),
        prop::sample::select(vec![
            Action::Retry,
            Action::Dismiss,
            Action::MoreTime,
            Action::Help,
            Action::Back,
            Action::End,
            Action::Touch
        ]),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop::sample::select(vec![Fault::ScannerJam, Fault::ScannerEmpty, Fault::PageDamaged, Fault::StoreFailed])
}

/// Of the person with [`CARD`], of somebody else, or none.
fn chip_news() -> impl Strategy<Value = ChipNews> {
    let other = motcua_model::citizen::PersonNumber::parse("001090000017").unwrap();
    let faults = vec![Fault::CardMoved, Fault::CardOther, Fault::CardUnreadable, Fault::CardReaderGone];
    prop_oneof![
        (0u8..=100).prop_map(|percent| ChipNews::Reading { percent }),
        prop::sample::select(faults).prop_map(ChipNews::Failed),
        Just(ChipNews::Read(of_chip())),
        Just(ChipNews::Read(Box::new(motcua_model::citizen::ChipPerson { number: other, ..*of_chip() }))),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    let codes = [
        CARD,
        OTHER_CARD,
        PASSPORT,
        "BCCI-1024",
        "BCCI-2048",
        "VNP0000000001",
        "RR473124829VN",
        "BK990032289VN",
        "https://x.example.vn/?m=1",
        "||||||",
        "",
    ];
    let device = || prop::sample::select(vec![DeviceState::Absent, DeviceState::Lost, DeviceState::NeedsHuman(Fault::ScannerJam)]);
    let prints = vec![PrintState::Printed, PrintState::Waiting(Fault::PrinterPaperOut), PrintState::Unknown, PrintState::None];
    let current = || prop::bool::weighted(0.9);
    prop_oneof![
        24 => action().prop_map(Move::Act),
        1 => (0u64..3, action()).prop_map(|(ago, action)| Move::Stale(ago, action)),
        4 => prop::sample::select(codes.map(String::from).to_vec()).prop_map(Move::Code),
        1 => Just(Move::Garbage),
        4 => (current(), chip_news()).prop_map(|(current, news)| Move::Chip { current, news }),
        1 => chip_news().prop_map(|news| Move::Chip { current: false, news }),
        3 => any::<(bool, bool)>().prop_map(|(draft, slip)| Move::Unfinished { draft, slip }),
        4 => current().prop_map(|current| Move::Page { current }),
        3 => (current(), prop::option::of(fault())).prop_map(|(current, fault)| Move::ScanEnded { current, fault }),
        3 => (0u128..3).prop_map(Move::Offered),
        3 => (current(), any::<bool>()).prop_map(|(current, ok)| Move::Taken { current, ok }),
        2 => (current(), any::<bool>()).prop_map(|(current, ok)| Move::Stored { current, ok }),
        1 => (current(), prop::sample::select(prints)).prop_map(|(current, state)| Move::Print { current, state }),
        1 => any::<(bool, bool)>().prop_map(|(current, found)| Move::LookedUp { current, found }),
        3 => any::<(bool, bool)>().prop_map(|(current, found)| Move::Told { current, found }),
        2 => current().prop_map(|current| Move::Own { current }),
        4 => (current(), crate::reprint::any_verdict()).prop_map(|(current, verdict)| Move::Digits { current, verdict }),
        4 => (current(), crate::fee::any_answer()).prop_map(|(current, answer)| Move::Payment { current, answer }),
        1 => Just(Move::StoreFailed),
        1 => (device(), device()).prop_map(|(scanner, printer)| Move::Health(Health { scanner, printer, hub: LinkState::Down, ..READY })),
        1 => Just(Move::Health(READY)),
        2 => Just(Move::Health(WITH_CARD_READER)),
        1 => (0u32..3).prop_map(Move::Restarted),
        2 => (1u64..200).prop_map(Move::Wait),
    ]
}

/// Random moves start anywhere on the way that people go, except where the desk waits for a job that
/// only the way itself knows.
fn start() -> impl Strategy<Value = (&'static str, Way)> {
    let known = |(name, _): &(&str, Way)| {
        !["C11 running", "C10c checking", "C14", "C99"].contains(name) && !name.ends_with("storing") && !name.ends_with("checking")
    };
    prop::sample::select(ways().into_iter().filter(known).collect::<Vec<_>>())
}

/// The world around the kiosk: what it asked for and what was stored.
struct World {
    desk: Desk,
    job: Uuid,
    /// The last file that was chosen.
    pdf: Uuid,
    /// The reading that was asked for and neither ended nor was called off.
    chip: Option<Uuid>,
    owner: Option<PersonKey>,
    /// The question to the hub that is still open.
    payment: Option<Uuid>,
    submission: Option<Submission>,
    submitting: HashSet<Uuid>,
    handover: Uuid,
    /// What a courier has on the disk half done.
    open: Option<OpenHandover>,
    /// The last PIN that was typed.
    pin: Uuid,
    /// The last digits that were typed.
    digits: Uuid,
    /// The opinion, rating or number that was stored last.
    feedback: Uuid,
}

impl World {
    fn new(mut desk: Desk) -> Self {
        desk.ids = 1_000_000;
        Self {
            desk,
            job: Uuid::nil(),
            pdf: Uuid::nil(),
            chip: None,
            owner: None,
            payment: None,
            submission: None,
            submitting: HashSet::new(),
            handover: Uuid::nil(),
            open: None,
            pin: Uuid::nil(),
            digits: Uuid::nil(),
            feedback: Uuid::nil(),
        }
    }

    fn step(&mut self, what: Move) {
        let id = |current: bool, id: Uuid| if current { id } else { Uuid::from_u128(7) };
        let (before, waiting) = (self.desk.snapshot(), self.desk.code() == "C01");
        let effects = match what.clone() {
            Move::Act(action) => self.act(action),
            Move::Stale(ago, action) => {
                let step = before.step.wrapping_sub(ago + 1);
                self.desk.send(Event::Action(ActionRequest { step, action }))
            }
            Move::Code(text) => self.desk.scan(&text),
            Move::Garbage => self.desk.send(Event::ReaderGarbage),
            Move::Chip { current, news } => self.chip(current, news),
            Move::Unfinished { draft, slip } => {
                let found = self.unfinished(draft, slip);
                self.desk.send(Event::Unfinished(found))
            }
            Move::Page { current } => self.page(id(current, self.job)),
            Move::ScanEnded { current, fault } => self.desk.send(Event::ScanEnded { job: id(current, self.job), fault }),
            Move::Offered(count) => self.desk.send(Event::PdfsOffered((0..count).map(|id| offered(Uuid::from_u128(id))).collect())),
            Move::Taken { current, ok } => self.taken(id(current, self.pdf), ok),
            Move::Stored { current, ok } => self.stored(current, ok),
            Move::Print { current, state } => {
                let job = id(current, self.submission.as_ref().map_or(Uuid::nil(), |s| s.id));
                self.desk.send(Event::Print { job, state })
            }
            Move::LookedUp { current, found } => {
                let asked = if current { provisional().to_string() } else { "X".into() };
                let known = Known { official_code: None, status: Some(Status::Returned), known_at: self.desk.at().wall, can_reprint: true };
                self.desk.send(Event::LookedUp { asked, found: found.then_some(known) })
            }
            Move::Told { current, found } => {
                let other = PersonKey::Organisation { tax_code: Private::new("0100109106") };
                let owner = self.owner.clone().filter(|_| current).unwrap_or(other);
                self.desk.send(told(owner, found))
            }
            Move::Own { current } => {
                let number = motcua_model::citizen::PersonNumber::parse(if current { "001190000016" } else { "001090000017" }).unwrap();
                self.desk.send(own(number))
            }
            Move::Digits { current, verdict } => self.desk.send(Event::DigitsChecked { job: id(current, self.digits), verdict }),
            Move::Payment { current, answer } => self.payment(current, answer),
            Move::StoreFailed => self.desk.send(Event::StoreFailed),
            Move::Health(health) => self.desk.send(Event::Health(health)),
            Move::Restarted(unfinished) => self.desk.send(Event::Restarted { unfinished }),
            Move::Wait(seconds) => self.desk.wait(seconds),
        };
        // Behind C20d the last question to the hub may still be open when the same dossier is paid in another visit.
        if !["C15", "C15b", "C15c", "C20d"].contains(&self.desk.code()) {
            self.payment = None;
        }
        self.watch(&effects);
        self.answer(&effects);
        let after = self.desk.snapshot();
        assert!(after.step >= before.step);
        if after.screen.code() != before.screen.code() {
            assert!(after.step > before.step, "another screen is another step");
        }
        assert!(
            self.desk.kiosk.wake_at().is_some() || matches!(self.desk.code(), "C01" | "C99"),
            "sleeps for ever at {}",
            self.desk.code()
        );
        if waiting && after.screen.code() == "C01" {
            assert!(effects.iter().all(|effect| matches!(effect, Effect::DropPages { .. })), "{effects:?}");
        }
        let silence = matches!(what, Move::Wait(_));
        let kept = effects.iter().any(|effect| matches!(effect, Effect::CloseSlip { keep: true, .. }));
        assert!(silence || !kept, "only who went away in silence may come back for the slip");
    }

    /// A page is named by its place among those that are shown.
    fn act(&mut self, action: Action) -> Vec<Effect> {
        let Screen::PageCheck { pages, .. } = self.desk.screen() else { return self.desk.act(action) };
        let shown = |at: &Uuid| pages[usize::try_from(at.as_u128()).unwrap() % pages.len()].id;
        let action = if let Action::RescanPage { page } = &action {
            Action::RescanPage { page: shown(page) }
        } else if let Action::ScanWithoutNote { page } = &action {
            Action::ScanWithoutNote { page: shown(page) }
        } else {
            action
        };
        self.desk.act(action)
    }

    /// A page on the disk belongs to the visit, or goes: never both, never neither.
    fn page(&mut self, job: Uuid) -> Vec<Effect> {
        let stored = page(u128::from(u64::MAX) + self.desk.ids);
        let id = stored.image.id;
        let effects = self.desk.send(Event::PageStored { job, page: stored });
        let dropped = effects.iter().any(|effect| matches!(effect, Effect::DropPages { pages, .. } if *pages == [id]));
        assert_ne!(self.desk.kiosk.page_of_visit(id), dropped, "{}", self.desk.code());
        effects
    }

    /// As [`Self::page`], of a PDF that was brought.
    fn taken(&mut self, job: Uuid, ok: bool) -> Vec<Effect> {
        let sealed = brought(u128::from(u64::MAX) + self.desk.ids);
        let id = sealed.file.id;
        let effects =
            self.desk.send(Event::PdfTaken { job, taken: ok.then_some(sealed).ok_or_else(|| Text::new("mã hóa", "encrypted")) });
        let dropped = effects.iter().any(|effect| matches!(effect, Effect::DropPages { pages, .. } if *pages == [id]));
        assert!(!ok || self.desk.kiosk.page_of_visit(id) != dropped, "{}", self.desk.code());
        effects
    }

    /// Current: of the job that runs. Else of a reader that opens cards by itself, or of a job long over.
    fn chip(&mut self, current: bool, news: ChipNews) -> Vec<Effect> {
        let Some(job) = self.chip.filter(|_| current) else {
            let job = current.then(|| Uuid::from_u128(7));
            return self.desk.chip(job, news);
        };
        if !matches!(news, ChipNews::Reading { .. }) {
            self.chip = None;
        }
        self.desk.chip(Some(job), news)
    }

    /// Every question has one answer, as the shell promises.
    fn payment(&mut self, current: bool, answer: Option<PaymentAnswer>) -> Vec<Effect> {
        let dossier = if current { self.payment.take() } else { None };
        self.desk.send(Event::Payment { dossier: dossier.unwrap_or(Uuid::from_u128(7)), answer })
    }

    fn unfinished(&mut self, draft: bool, slip: bool) -> Unfinished {
        match (draft, slip, &self.submission) {
            (true, _, _) => Unfinished::Draft(Box::new(draft_of(|d| d.reach_check()))),
            (false, true, Some(submission)) => {
                let dossier = submission.clone().into_dossier(provisional(), "H99.50", "K07", self.desk.at().wall);
                Unfinished::Slip(Box::new(dossier))
            }
            (false, true, None) | (false, false, _) => Unfinished::Nothing,
        }
    }

    fn stored(&mut self, current: bool, ok: bool) -> Vec<Effect> {
        let event = match (self.desk.code(), ok) {
            ("P03", true) => Event::HandoverStored { id: self.handover },
            ("P03", false) => Event::HandoverFailed { id: self.handover },
            ("P01b" | "P05" | "P05b", ok) => Event::PinChecked { job: self.pin, verdict: verdict(ok) },
            ("C21e", true) => Event::OpinionStored { id: self.feedback, code: crate::opinion::code() },
            ("C21e", false) => Event::OpinionFailed { id: self.feedback },
            ("C24" | "C24b", true) => Event::NumberTaken { id: self.feedback, number: "A001".to_owned(), ahead: 3 },
            ("C24" | "C24b", false) => Event::NumberFailed { id: self.feedback },
            ("C22a" | "C22b", true) => Event::RatingStored { id: self.feedback },
            ("C22a" | "C22b", false) => Event::RatingFailed { id: self.feedback },
            (_, ok) => {
                let Some(id) = self.submission.as_ref().filter(|_| current).map(|s| s.id) else { return Vec::new() };
                if ok {
                    Event::Submitted { id, code: provisional() }
                } else {
                    self.submitting.remove(&id);
                    Event::SubmitFailed { id }
                }
            }
        };
        self.desk.send(event)
    }

    fn watch(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::StartScan { job, .. } => self.job = *job,
                Effect::TakePdf { job, .. } => self.pdf = *job,
                Effect::AskHub { owner, .. } => self.owner = Some(owner.clone()),
                Effect::Submit(submission) => {
                    assert!(self.submitting.insert(submission.id), "submitted twice");
                    assert!(
                        !submission.documents.is_empty()
                            && submission
                                .documents
                                .iter()
                                .all(|d| d.page_count() > 0 || matches!(d.origin, Origin::AtDesk { .. } | Origin::Stored { .. }))
                    );
                    self.submission = Some(*submission.clone());
                }
                Effect::StoreHandover(handover) => {
                    let behind = handover.differences.iter().filter(|d| !handover.parcels.iter().any(|p| p.parcel.code == d.code)).count();
                    let known = handover.parcels.iter().filter(|p| handover.deviation(&p.parcel.code).is_none()).count();
                    assert!(!handover.parcels.is_empty());
                    assert!(handover.announced == 0 || handover.announced as usize == known + behind, "{handover:?}");
                    self.handover = handover.id;
                }
                Effect::CheckPin { job, .. } => self.pin = *job,
                Effect::CheckDigits { job, digits, .. } => {
                    assert_eq!(digits.reveal().len(), 4, "anything else costs no try");
                    self.digits = *job;
                }
                Effect::StoreOpinion(written) => {
                    assert!(!written.text.reveal().is_empty());
                    self.feedback = written.id;
                }
                Effect::StoreRating(rating) => self.feedback = rating.id(),
                Effect::TakeNumber(wanted) => self.feedback = wanted.id,
                Effect::ReadChip { job, .. } => assert_eq!(self.chip.replace(*job), None, "one card is read at a time"),
                // The reader's last word and the end may cross.
                Effect::CancelChip { job } => self.chip = self.chip.filter(|chip| chip != job),
                Effect::AskPayment { request, .. } => {
                    let before = self.payment.replace(request.dossier);
                    assert_ne!(before, Some(request.dossier), "one question after the other");
                }
                Effect::SaveDraft(_)
                | Effect::AskOfficer { .. }
                | Effect::DropDraft { .. }
                | Effect::CloseDraft
                | Effect::FindUnfinished { .. }
                | Effect::CancelScan { .. }
                | Effect::DropPages { .. }
                | Effect::Print(_)
                | Effect::CloseSlip { .. }
                | Effect::DropPrint { .. }
                | Effect::LookUp { .. }
                | Effect::FindOwn { .. }
                | Effect::KeepProof { .. }
                | Effect::FeeBegun { .. }
                | Effect::FeePaid { .. }
                | Effect::FindCourier { .. }
                | Effect::KeepHandover(_) => {}
            }
        }
    }

    /// Short questions are answered before anything else happens, as the shell does it.
    fn answer(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::FindCourier { courier } = effect {
                let open = self.open.clone().filter(|open| open.courier == *courier);
                let desk = CourierDesk { expected: crate::courier::announced(2), open, unprinted: None };
                let effects = self.desk.send(Event::CourierFound { courier: courier.clone(), desk: Box::new(desk) });
                self.watch(&effects);
            } else if let Effect::KeepHandover(open) = effect {
                assert!(
                    self.open.as_ref().is_none_or(|kept| kept.id != open.id || kept.parcels.len() < open.parcels.len()),
                    "lost a parcel"
                );
                self.open = Some(open.clone());
                let effects = self.desk.send(Event::ParcelKept { id: open.id });
                self.watch(&effects);
            }
        }
    }

    /// The disk answers and the scanner stops in the end; nobody else does anything.
    fn let_machines_finish(&mut self) {
        let (job, handover) = (self.job, self.handover);
        self.desk.send(Event::ScanEnded { job, fault: None });
        self.taken(self.pdf, false);
        for _ in 0..3 {
            let effects = self.desk.send(Event::PinChecked { job: self.pin, verdict: verdict(false) });
            self.watch(&effects);
        }
        self.desk.send(Event::HandoverStored { id: handover });
        self.desk.send(Event::OpinionStored { id: self.feedback, code: crate::opinion::code() });
        self.desk.send(Event::RatingStored { id: self.feedback });
        self.desk.send(Event::NumberTaken { id: self.feedback, number: "A001".to_owned(), ahead: 3 });
        if let Some(id) = self.submission.as_ref().map(|s| s.id) {
            self.desk.send(Event::Submitted { id, code: provisional() });
        }
    }
}

fn verdict(ok: bool) -> PinVerdict {
    match ok {
        true => PinVerdict::Right { number: "CB07".to_owned() },
        false => PinVerdict::Refused(PinRefused::Wrong { left: 2 }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_gets_stuck((_, way) in start(), moves in prop::collection::vec(any_move(), 1..60), idle in any::<bool>()) {
        let mut desk = Desk::new();
        way(&mut desk);
        let mut world = World::new(desk);
        for what in moves {
            world.step(what);
        }
        world.let_machines_finish();
        match idle {
            true => drop(world.desk.wait(1000)),
            false => {
                world.desk.act(Action::End);
                world.desk.act(Action::End);
                // What lies over the first screen goes away by itself.
                world.desk.wait(90);
            }
        }
        world.desk.send(Event::Health(READY));
        world.desk.send(Event::Restarted { unfinished: 0 });
        prop_assert_eq!(world.desk.seen(), Desk::new().seen());
    }

    #[test]
    fn out_of_service_is_final(moves in prop::collection::vec(any_move(), 1..40)) {
        let mut world = World::new(Desk::new());
        world.desk.send(Event::OutOfService(Text::new("Ổ đĩa đầy", "The disk is full")));
        for what in moves {
            world.step(what);
            prop_assert_eq!(world.desk.code(), "C99");
        }
    }
}
