//! One kiosk with fake time and numbered ids; invented people.

use jiff::{SignedDuration, Timestamp};
use motcua_flow::{At, ChipKey, ChipNews, Draft, Effect, Event, Kiosk, Known, OwnDossier, Pins, Settings, Unfinished};
use motcua_model::{
    Private, Text,
    api::{Action, ActionRequest, DeviceState, Health, LinkState, Overlay, PrintState, Screen, Service, Snapshot},
    brought::{BroughtPdf, OfferedPdf, PdfFrom},
    catalogue::Catalogue,
    citizen::{ChipPerson, PersonNumber, Sex},
    code::ProvisionalCode,
    config::{Payment, Queue, Visit},
    dossier::{ChipAnswer, ChipFiles, FileRef, Page, Proof, Side, Special, Status, Submission},
    fault::Fault,
    for_whom::ForWhom,
    hub::{AccountAnswer, AccountState, News, PaperSource, PersonKey, StoredPaper, SupplementItem},
    pages::PageFault,
    queue::Group,
};
use std::sync::LazyLock;
use uuid::Uuid;

pub(crate) use crate::ways::*;

pub(crate) const CARD: &str = "001190000016|012345678|Nguyễn Thị Mẫu|15011990|Nữ|Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm|10052021";
pub(crate) const OTHER_CARD: &str = "001090000017||Trần Văn Thử|20021990|Nam|Phường Minh Họa, Thử Nghiệm|02082024||||";
/// ICAO 9303-4, appendix: the specimen passport.
pub(crate) const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
pub(crate) const BIRTH: &str = "1.001193";
pub(crate) const MARRIAGE: &str = "1.000894";
/// Nothing of this may be seen after the visit.
pub(crate) const PERSONAL: [&str; 8] = ["của bé Thử", "27/2019", "Mẫu", "001190000016", "•016", "Ví Dụ", "Nguyễn Văn Bé", "0900000456"];

/// An office without a card reader: the card's QR stands alone.
pub(crate) const READY: Health = Health {
    scanner: DeviceState::Ready,
    reader: DeviceState::Ready,
    card_reader: DeviceState::Absent,
    printer: DeviceState::Ready,
    hub: LinkState::Up,
    disk_full: false,
};
pub(crate) const WITH_CARD_READER: Health = Health { card_reader: DeviceState::Ready, ..READY };
pub(crate) const CHECKED: Proof = Proof::Chip { files: ChipFiles::Trusted, chip: ChipAnswer::Genuine };

/// The file that is offered at C10c.
pub(crate) const OFFERED: Uuid = Uuid::from_u128(0x0FFE);

pub(crate) fn offered(id: Uuid) -> OfferedPdf {
    OfferedPdf { id, name: Private::new("Đơn của Nguyễn Thị Mẫu.pdf"), bytes: 48_000, from: PdfFrom::Stick }
}

/// A file that was checked and sealed.
pub(crate) fn brought(id: u128) -> BroughtPdf {
    let file = FileRef { id: Uuid::from_u128(id), sha256: "00".repeat(32), bytes: 48_000, media: "application/pdf".into() };
    BroughtPdf { file, pages: 3 }
}

pub(crate) fn settings() -> Settings {
    Settings {
        office: Text::new("UBND xã Minh Họa", "Minh Hoa commune office"),
        phone: "0900 000 000".into(),
        commune: Some("00715".into()),
        agency: "H99.50".into(),
        device: "K07".into(),
        tracking_url: "https://dichvucong.example.vn/tra-cuu?m={code}".into(),
        visit: Visit::default(),
        max_sheets: 50,
        sides: 2,
        chip_key: ChipKey::Number,
        pdf: true,
        sticks: true,
        topics: motcua_model::opinion::usual_topics(),
        payment: Payment::default(),
        queue: Queue { groups: ['A', 'B'].map(group).into(), ..Queue::default() },
        pins: Pins { badges: vec![crate::courier::WITH_PIN.to_owned()], clerks: false },
    }
}

pub(crate) fn group(code: char) -> Group {
    Group { code: code.into(), name: Text::new(format!("Nhóm {code}"), format!("Group {code}")) }
}

pub(crate) struct Desk {
    pub(crate) kiosk: Kiosk,
    pub(crate) mono_ms: u64,
    pub(crate) ids: u128,
}

impl Desk {
    /// Questions before papers.
    pub(crate) fn new() -> Self {
        Self::of(settings())
    }

    pub(crate) fn of(settings: Settings) -> Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            let mut catalogue = Catalogue::built_in().unwrap();
            let questions = catalogue.procedures.iter_mut().flat_map(|procedure| &mut procedure.questions);
            questions.for_each(|question| question.read_from.retain(|source| source == motcua_model::address::ON_CARD));
            catalogue
        });
        Self::set_up(settings, CATALOGUE.clone())
    }

    /// Papers that answer questions are scanned before the questions are asked.
    pub(crate) fn papers_first() -> Self {
        Self::with(Catalogue::built_in().unwrap())
    }

    /// A clerk signs handovers with a PIN.
    pub(crate) fn signing() -> Self {
        let mut settings = settings();
        settings.pins.clerks = true;
        Self::set_up(settings, Catalogue::built_in().unwrap())
    }

    pub(crate) fn with(catalogue: Catalogue) -> Self {
        Self::set_up(settings(), catalogue)
    }

    fn set_up(settings: Settings, catalogue: Catalogue) -> Self {
        let mut desk = Self { kiosk: Kiosk::new(settings, catalogue), mono_ms: 1_000, ids: 0 };
        desk.send(Event::Health(READY));
        desk
    }

    pub(crate) fn at(&self) -> At {
        let start: Timestamp = "2026-11-23T01:00:00Z".parse().unwrap();
        let wall = start + SignedDuration::from_millis(i64::try_from(self.mono_ms).unwrap());
        At { mono_ms: self.mono_ms, wall, fresh: Uuid::from_u128(self.ids) }
    }

    pub(crate) fn send(&mut self, event: Event) -> Vec<Effect> {
        self.ids += 1;
        let at = self.at();
        self.kiosk.handle(event, &at)
    }

    pub(crate) fn act(&mut self, action: Action) -> Vec<Effect> {
        let step = self.snapshot().step;
        self.send(Event::Action(ActionRequest { step, action }))
    }

    pub(crate) fn scan(&mut self, text: &str) -> Vec<Effect> {
        self.send(Event::Code(text.into()))
    }

    /// Lets time pass as the shell does: tick whenever the kiosk asked to be woken.
    pub(crate) fn wait(&mut self, seconds: u64) -> Vec<Effect> {
        let end = self.mono_ms + seconds * 1000;
        let mut effects = Vec::new();
        while let Some(wake) = self.kiosk.wake_at().filter(|wake| *wake <= end) {
            assert!(wake > self.mono_ms, "woken at {wake} without progress");
            self.mono_ms = wake;
            effects.extend(self.send(Event::Tick));
        }
        self.mono_ms = end;
        effects
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.kiosk.snapshot(&self.at())
    }

    pub(crate) fn screen(&self) -> Screen {
        self.snapshot().screen
    }

    pub(crate) fn code(&self) -> &'static str {
        self.screen().code()
    }

    pub(crate) fn overlay(&self) -> Option<Overlay> {
        self.snapshot().overlay
    }

    /// The snapshot without its step: what a person can see.
    pub(crate) fn seen(&self) -> String {
        serde_json::to_string(&Snapshot { step: 0, ..self.snapshot() }).unwrap()
    }

    pub(crate) fn reach_identify(&mut self) {
        self.act(Action::Start { service: Service::File });
        self.act(Action::Agree);
        self.act(Action::ChooseProcedure { code: BIRTH.into() });
        self.act(Action::HavePapers);
        assert_eq!(self.code(), "C05");
    }

    /// C05b; the card reader is away again, which must not move the visit.
    pub(crate) fn reach_chip(&mut self) -> Uuid {
        self.reach_identify();
        self.scan(CARD);
        self.send(Event::Health(WITH_CARD_READER));
        let effects = self.send(Event::Unfinished(Unfinished::Nothing));
        self.send(Event::Health(READY));
        assert_eq!(self.code(), "C05b");
        let [Effect::ReadChip { job, number, zone: None }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(number.reveal(), "001190000016");
        *job
    }

    pub(crate) fn reach_passport(&mut self) {
        self.reach_identify();
        self.act(Action::UsePassport);
        assert_eq!(self.code(), "C05c");
    }

    pub(crate) fn reach_typed(&mut self) {
        self.reach_identify();
        self.act(Action::TypeCard);
        assert_eq!(self.code(), "C05d");
    }

    /// What stands on a card, one after the other.
    pub(crate) fn type_card(&mut self, told: [&str; 3]) -> Vec<Effect> {
        told.iter().flat_map(|value| self.answer(value)).collect()
    }

    /// C05b by a number that was typed; the card reader is away again.
    pub(crate) fn reach_typed_chip(&mut self) -> Uuid {
        self.reach_typed();
        self.send(Event::Health(WITH_CARD_READER));
        let effects = self.answer("001190000016");
        self.send(Event::Health(READY));
        assert_eq!(self.code(), "C05b");
        let [Effect::ReadChip { job, number, zone: None }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(number.reveal(), "001190000016");
        *job
    }

    pub(crate) fn type_zone(&mut self, text: &str) -> Vec<Effect> {
        self.act(Action::TypeZone { zone: Private::new(text) })
    }

    pub(crate) fn chip(&mut self, job: Option<Uuid>, news: ChipNews) -> Vec<Effect> {
        self.send(Event::Chip { job, news })
    }

    pub(crate) fn reach_person(&mut self) {
        self.reach_identify();
        self.scan(CARD);
        self.send(Event::Unfinished(Unfinished::Nothing));
        assert_eq!(self.code(), "C06");
    }

    pub(crate) fn reach_questions(&mut self) {
        self.reach_person();
        self.act(Action::ConfirmPerson { correct: true });
        self.for_myself();
        assert_eq!(self.code(), "C07");
    }

    /// C04, where the procedure has it.
    pub(crate) fn for_myself(&mut self) {
        assert_eq!(self.code(), "C04");
        self.act(Action::FileFor { whom: ForWhom::Myself });
    }

    /// The first question about the one who authorised the person.
    pub(crate) fn reach_other(&mut self) {
        self.reach_person();
        self.act(Action::ConfirmPerson { correct: true });
        self.act(Action::FileFor { whom: ForWhom::Authorised });
        assert_eq!(self.code(), "C07");
    }

    pub(crate) fn reach_papers(&mut self) {
        self.reach_questions();
        for value in ["Nguyễn Văn Bé", "20/11/2026", "male", "desk", "0900 000 456"] {
            self.answer(value);
        }
        assert_eq!(self.code(), "C08");
    }

    /// C08 of a person whom the chip has proven; the third paper is stored already.
    pub(crate) fn reach_stored(&mut self) {
        let job = self.reach_chip();
        self.chip(Some(job), ChipNews::Read(of_chip()));
        self.act(Action::ConfirmPerson { correct: true });
        let effects = self.act(Action::FileFor { whom: ForWhom::Myself });
        let Some(Effect::AskHub { owner, .. }) = effects.last() else { panic!("{effects:?}") };
        self.send(told(owner.clone(), true));
        for value in ["Nguyễn Văn Bé", "20/11/2026", "male", "desk", "0900 000 456"] {
            self.answer(value);
        }
        assert_eq!(self.code(), "C08");
    }

    /// C05b of somebody who wants to see what they filed.
    pub(crate) fn reach_proving(&mut self) -> Uuid {
        self.send(Event::Health(WITH_CARD_READER));
        self.act(Action::Start { service: Service::LookUp });
        let effects = self.scan(CARD);
        self.send(Event::Health(READY));
        let [Effect::ReadChip { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        *job
    }

    pub(crate) fn reach_own(&mut self) {
        let job = self.reach_proving();
        let effects = self.chip(Some(job), ChipNews::Read(of_chip()));
        let [Effect::FindOwn { number }] = effects.as_slice() else { panic!("{effects:?}") };
        self.send(own(number.clone()));
        assert_eq!(self.code(), "C20c");
    }

    /// The store's answer to "Gửi".
    pub(crate) fn submitted(&mut self, effects: &[Effect]) -> Vec<Effect> {
        let [Effect::Submit(submission)] = effects else { panic!("{effects:?}") };
        self.send(Event::Submitted { id: submission.id, code: provisional() })
    }

    /// C08 of papers that an officer asked for.
    pub(crate) fn reach_adding(&mut self) {
        self.reach_own();
        self.act(Action::ShowDossier { dossier: 0 });
        self.act(Action::AddPapers);
        assert_eq!(self.code(), "C08");
    }

    pub(crate) fn reach_scan(&mut self) {
        self.reach_papers();
        self.act(Action::ScanPaper { paper: 0 });
        self.act(Action::DeclareSheets { sheets: 1 });
        assert_eq!(self.code(), "C11");
    }

    pub(crate) fn reach_check(&mut self) {
        self.reach_scan();
        self.scan_pages(2);
        assert_eq!(self.code(), "C11b");
    }

    pub(crate) fn reach_review(&mut self) {
        self.reach_papers();
        self.scan_paper(0);
        self.scan_paper(1);
        self.act(Action::LeavePaper { paper: 2 });
        self.act(Action::PapersDone);
        assert_eq!(self.code(), "C12");
    }

    /// "Gửi" on C12.
    pub(crate) fn submit(&mut self) -> Submission {
        assert_eq!(self.code(), "C12");
        let effects = self.act(Action::Submit);
        let [Effect::Submit(submission)] = effects.as_slice() else { panic!("{effects:?}") };
        *submission.clone()
    }

    pub(crate) fn reach_submitting(&mut self) -> Submission {
        self.reach_review();
        self.submit()
    }

    pub(crate) fn reach_slip(&mut self) -> Uuid {
        let id = self.reach_submitting().id;
        self.send(Event::Submitted { id, code: provisional() });
        assert_eq!(self.code(), "C17");
        id
    }

    pub(crate) fn answer(&mut self, value: &str) -> Vec<Effect> {
        self.act(Action::Answer { value: Private::new(value) })
    }

    pub(crate) fn scan_paper(&mut self, paper: u8) {
        self.act(Action::ScanPaper { paper });
        self.act(Action::DeclareSheets { sheets: 1 });
        self.scan_pages(2);
        self.act(Action::AcceptPages);
    }

    pub(crate) fn bring_to_desk(&mut self, paper: u8) -> Vec<Effect> {
        self.act(Action::ScanPaper { paper });
        self.act(Action::CannotScan);
        assert_eq!(self.code(), "C10b");
        self.act(Action::BringToDesk { special: Special::Bound })
    }

    pub(crate) fn reach_pdf(&mut self, paper: u8) {
        if self.code() != "C08" {
            self.reach_papers();
        }
        self.act(Action::ScanPaper { paper });
        self.act(Action::HavePdf);
        assert_eq!(self.code(), "C10c");
    }

    /// Offers a file alone and touches it; answers its job.
    pub(crate) fn take_pdf(&mut self, file: Uuid) -> Uuid {
        self.send(Event::PdfsOffered(vec![offered(file)]));
        let effects = self.act(Action::TakePdf { file });
        let [Effect::TakePdf { job, file: taken, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(*taken, file);
        *job
    }

    pub(crate) fn start_scan(&mut self) -> Uuid {
        let effects = self.act(Action::StartScan);
        let [Effect::StartScan { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        *job
    }

    /// A whole scan job that ends well.
    pub(crate) fn scan_pages(&mut self, pages: usize) {
        let job = self.start_scan();
        for _ in 0..pages {
            self.page(job);
        }
        self.send(Event::ScanEnded { job, fault: None });
    }

    pub(crate) fn page(&mut self, job: Uuid) -> Vec<Effect> {
        let page = page(u128::from(u64::MAX) + self.ids);
        self.send(Event::PageStored { job, page })
    }

    pub(crate) fn fault(&mut self, job: Uuid, fault: Fault) {
        self.send(Event::ScanEnded { job, fault: Some(fault) });
    }

    pub(crate) fn print(&mut self, job: Uuid, state: PrintState) {
        self.send(Event::Print { job, state });
    }
}

/// The chip of [`CARD`], as the flow gets it.
pub(crate) fn of_chip() -> Box<ChipPerson> {
    Box::new(ChipPerson {
        number: PersonNumber::parse("001190000016").unwrap(),
        name: Private::new("Nguyễn Thị Mẫu"),
        birth: jiff::civil::date(1990, 1, 15),
        sex: Some(Sex::Female),
        address: Private::new("Thôn Ví Dụ, Xã Minh Họa, Thử Nghiệm"),
        proof: CHECKED,
    })
}

pub(crate) fn page(id: u128) -> Page {
    Page {
        image: FileRef { id: Uuid::from_u128(id), sha256: "00".repeat(32), bytes: 1000, media: "image/jpeg".into() },
        side: Side::Front,
        width: 2480,
        height: 3508,
        dpi: 300,
        blank: false,
        faults: Vec::new(),
        without_note: false,
    }
}

/// The hub's answer: an account, and where asked so a marriage certificate.
pub(crate) fn told(owner: PersonKey, found: bool) -> Event {
    let technical_id = Some(Private::new("TECH-17"));
    let account = Some(AccountAnswer { state: AccountState::Exists, technical_id, person: None });
    let paper = StoredPaper {
        source: PaperSource::Hub,
        reference: "KHO-27".into(),
        name: "Giấy chứng nhận kết hôn".into(),
        number: Private::new("27/2019"),
        issuer: "UBND phường Minh Họa".into(),
        issued: Some(jiff::civil::date(2019, 5, 20)),
        valid_until: None,
        file: None,
    };
    Event::HubTold { owner, account, papers: found.then(|| ("GCN-KH".to_owned(), paper)).into_iter().collect() }
}

/// The store's answer: one dossier that waits for a paper, one that waits to be sent.
pub(crate) fn own(number: PersonNumber) -> Event {
    let at = "2026-11-20T02:00:00Z".parse().unwrap();
    let dossier = |code: &str, official: Option<&str>, status| OwnDossier {
        id: Uuid::from_u128(5),
        procedure_code: Some(BIRTH.into()),
        request: 0,
        fee: None,
        added: None,
        begun: None,
        code: code.into(),
        known: Known { official_code: official.map(Into::into), status, known_at: at, can_reprint: false },
        procedure: Text::new("Đăng ký khai sinh", "Birth registration"),
        submitted: at,
        news: None,
    };
    let items = vec![SupplementItem { component: None, what: Private::new("Giấy chứng sinh của bé Thử") }];
    let supplement = News::Supplement {
        dossier: Uuid::from_u128(5),
        official_code: "H99.50-261120-0001".into(),
        items,
        reason: Private::new("Bản chụp mờ"),
        until: Some(jiff::civil::date(2026, 12, 1)),
        contact: "Một cửa xã Minh Họa".into(),
        officer: Private::default(),
    };
    let of_supplement = dossier("TAM-1", Some("H99.50-261120-0001"), Some(Status::SupplementAsked));
    let asked = OwnDossier { news: Some(supplement), request: 7, ..of_supplement };
    Event::OwnFound { number, dossiers: vec![asked, dossier("TAM-2", None, None)] }
}

pub(crate) fn provisional() -> ProvisionalCode {
    ProvisionalCode::new("K07", jiff::civil::date(2026, 11, 23), 42)
}

/// The newest draft among the effects.
pub(crate) fn saved(effects: &[Effect]) -> Option<&Draft> {
    effects.iter().rev().find_map(|effect| if let Effect::SaveDraft(draft) = effect { Some(draft) } else { None })
}

/// The draft that the store holds after this part of a visit.
pub(crate) fn draft_of(way: Way) -> Draft {
    let mut desk = Desk::new();
    way(&mut desk);
    // Any save shows the whole draft; a change of the language is the smallest.
    let language = desk.snapshot().language;
    let effects = desk.act(Action::SetLanguage { language });
    saved(&effects).unwrap().clone()
}

/// Two sheets, both sides scanned; the first side has a fault.
pub(crate) fn desk_with_two_sheets() -> (Desk, Vec<Uuid>) {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.act(Action::ScanPaper { paper: 0 });
    desk.act(Action::DeclareSheets { sheets: 2 });
    let job = desk.start_scan();
    for id in 901..=904 {
        desk.send(Event::PageStored { job, page: side(id) });
    }
    desk.send(Event::ScanEnded { job, fault: None });
    let ids = ids(&desk);
    assert_eq!(ids, [901, 902, 903, 904].map(Uuid::from_u128));
    (desk, ids)
}

/// Odd ones are fronts; number 901 is crooked and pale.
pub(crate) fn side(id: u128) -> Page {
    let faults = if id == 901 { vec![PageFault::Crooked, PageFault::Pale] } else { Vec::new() };
    Page { side: if id % 2 == 1 { Side::Front } else { Side::Back }, faults, ..page(id) }
}

pub(crate) fn ids(desk: &Desk) -> Vec<Uuid> {
    let (Screen::PageCheck { pages, .. } | Screen::Scan { pages, .. }) = desk.screen() else { panic!("{}", desk.code()) };
    pages.iter().map(|page| page.id).collect()
}
