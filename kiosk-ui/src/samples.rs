//! Invented snapshots: one for each screen and overlay, for the gallery and the tests.

mod address;
mod courier;
mod fee;
mod feedback;
mod look_up;
mod officer;
mod queue;

use jiff::Timestamp;
use motcua_model::{
    Language, Private, Text,
    api::{
        ChangeTarget, ChipPhase, DeviceState, Health, LinkState, Overlay, PageView, PaperLine, PaperState, PrintState, ProcedureLine,
        Progress, RatingOffer, ReviewRow, ReviewValue, Screen, Service, ServiceTile, Snapshot,
    },
    brought::{OfferedPdf, PdfFrom},
    catalogue::{AnswerKind, Choice, NotScanned},
    code::ProvisionalCode,
    dossier::{ChipAnswer, ChipFiles, Proof},
    fault::Fault,
    for_whom::ForWhom,
    pages::PageFault,
    typed_card,
};
use uuid::Uuid;

/// A screen with a name for its file.
pub struct Sample {
    /// Short, for file names.
    pub name: &'static str,
    /// What the agent would send.
    pub snapshot: Snapshot,
}

/// The id of the page with this number.
pub fn page_id(number: u16) -> Uuid {
    Uuid::from_u128(0x7000_0000_0000_0000 + u128::from(number))
}

/// A snapshot of this screen, with all devices ready.
pub fn snapshot(screen: Screen, language: Language) -> Snapshot {
    let waiting = matches!(screen, Screen::Waiting { .. } | Screen::OutOfService { .. });
    Snapshot {
        step: 1,
        language,
        office: Text::new("Trung tâm Phục vụ hành chính công xã Thử Nghiệm", "Public Service Centre of Thử Nghiệm Commune"),
        phone: "0204 000 0000".to_owned(),
        commune: Some("00715".to_owned()),
        progress: progress(&screen),
        screen,
        overlay: None,
        health: Health {
            scanner: DeviceState::Ready,
            reader: DeviceState::Ready,
            card_reader: DeviceState::Ready,
            printer: DeviceState::Ready,
            hub: LinkState::Up,
            disk_full: false,
        },
        can_back: !waiting,
        can_end: !waiting,
    }
}

fn progress(screen: &Screen) -> Option<Progress> {
    let at = match screen {
        Screen::Procedures { .. } | Screen::ProcedureDetails { .. } => 1,
        Screen::Identify { .. }
        | Screen::Passport { .. }
        | Screen::ReadChip { .. }
        | Screen::ConfirmPerson { .. }
        | Screen::Question { of_card: true, .. }
        | Screen::ForWhom { .. }
        | Screen::Resume { .. } => 2,
        Screen::Question { .. } => 3,
        Screen::Papers { .. }
        | Screen::MissingPapers { .. }
        | Screen::StoredPaper { .. }
        | Screen::CountSheets { .. }
        | Screen::SpecialPaper { .. }
        | Screen::ChoosePdf { .. }
        | Screen::Scan { .. }
        | Screen::PageCheck { .. } => 4,
        Screen::Review { .. } => 5,
        Screen::Slip { .. } | Screen::Fee { .. } | Screen::Officer { .. } => 6,
        Screen::KeptForLater { .. }
        | Screen::Waiting { .. }
        | Screen::Notice
        | Screen::Submitting
        | Screen::Done { .. }
        | Screen::LookUp
        | Screen::LookUpResult { .. }
        | Screen::Reprint { .. }
        | Screen::OwnDossiers { .. }
        | Screen::OwnDossier { .. }
        | Screen::Opinion { .. }
        | Screen::Rating { .. }
        | Screen::Queue { .. }
        | Screen::Courier { .. }
        | Screen::OutOfService { .. } => return None,
    };
    Some(Progress { at, of: 6 })
}

/// Every screen, the forms of its inputs, and every overlay.
pub fn all(language: Language) -> Vec<Sample> {
    let mut samples: Vec<Sample> =
        screens().into_iter().map(|(name, screen)| Sample { name, snapshot: snapshot(screen, language) }).collect();
    let others = [
        address::screens(),
        courier::screens(),
        fee::screens(),
        feedback::screens(),
        look_up::screens(),
        officer::screens(),
        queue::screens(),
    ]
    .concat();
    samples.extend(others.into_iter().map(|(name, screen)| Sample { name, snapshot: snapshot(screen, language) }));
    for (name, overlay) in courier::overlays() {
        let mut snapshot = snapshot(courier::half_done(), language);
        snapshot.overlay = Some(overlay);
        samples.push(Sample { name, snapshot });
    }
    for (name, overlay) in overlays() {
        let mut snapshot = snapshot(question(name_kind(), "Trần Văn Thử"), language);
        snapshot.overlay = Some(overlay);
        samples.push(Sample { name, snapshot });
    }
    let mut poor =
        snapshot(waiting(true, Some(Text::new("Máy in hết giấy. Chờ cán bộ thay giấy.", "Printer out of paper. Please wait."))), language);
    poor.health = Health {
        scanner: DeviceState::Lost,
        reader: DeviceState::Absent,
        card_reader: DeviceState::Lost,
        printer: DeviceState::NeedsHuman(Fault::PrinterPaperOut),
        hub: LinkState::Down,
        disk_full: false,
    };
    samples.push(Sample { name: "devices-lost", snapshot: poor });
    let mut unread = snapshot(waiting_without_reader(), language);
    (unread.health.reader, unread.health.card_reader) = (DeviceState::Lost, DeviceState::Absent);
    samples.push(Sample { name: "waiting-no-reader", snapshot: unread });
    let no_room = Text::new("Máy đã đầy. Mời đến quầy để nộp.", "The machine is full. Please go to the desk.");
    let mut full = snapshot(waiting(false, Some(no_room)), language);
    full.health.disk_full = true;
    samples.push(Sample { name: "disk-full", snapshot: full.clone() });
    full.overlay = Some(Overlay::Fault { fault: Fault::DiskFull, retry: false });
    samples.push(Sample { name: "fault-disk-full", snapshot: full });
    samples
}

fn overlays() -> Vec<(&'static str, Overlay)> {
    vec![
        ("still-there", Overlay::StillThere { seconds: 45 }),
        ("fault-jam", Overlay::Fault { fault: Fault::ScannerJam, retry: true }),
        ("fault-secret", Overlay::Fault { fault: Fault::SecretPaper, retry: false }),
        ("help", Overlay::Help),
        ("confirm-end", Overlay::ConfirmEnd),
    ]
}

fn waiting(unfinished: bool, problem: Option<Text>) -> Screen {
    let tile = |service, unavailable| ServiceTile { service, unavailable, note: None };
    Screen::Waiting {
        services: vec![
            tile(Service::File, problem),
            tile(Service::LookUp, None),
            tile(Service::Opinion, None),
            tile(Service::Courier, None),
        ],
        unfinished,
    }
}

/// People file without a reader of codes all the same.
fn waiting_without_reader() -> Screen {
    let mut shown = waiting(false, None);
    if let Screen::Waiting { services, .. } = &mut shown {
        services[0].note = Some(Text::new("Chưa đọc được thẻ: gõ số.", "Type the number on your card."));
    }
    shown
}

fn birth() -> Text {
    Text::new("Đăng ký khai sinh", "Birth registration")
}

fn limit() -> Text {
    Text::new("Trong ngày. Nhận sau 15 giờ thì xong hôm sau.", "The same day. After 15:00, the next day.")
}

/// C03 details, and how far the list of the papers is.
fn details(list: Option<PrintState>) -> Screen {
    Screen::ProcedureDetails {
        name: birth(),
        papers: papers(),
        fee_vnd: 0,
        time_limit: limit(),
        result: Text::new("Giấy khai sinh (bản giấy và bản điện tử)", "Birth certificate (paper and electronic)"),
        list,
    }
}

fn name_kind() -> AnswerKind {
    AnswerKind::Name
}

fn question(kind: AnswerKind, answer: &str) -> Screen {
    let (ask, hint) = match &kind {
        AnswerKind::Name => (
            ("Họ và tên của trẻ?", "What is the child's full name?"),
            ("Viết đủ họ, chữ đệm và tên.", "Family name, middle name and given name."),
        ),
        AnswerKind::Text { .. } => (("Lý do xin xác nhận?", "Why is the confirmation needed?"), ("Viết ngắn gọn.", "In a few words.")),
        AnswerKind::PastDate => (("Trẻ sinh ngày nào?", "When was the child born?"), ("Theo giấy chứng sinh.", "As on the birth notice.")),
        AnswerKind::Phone => (
            ("Số điện thoại để báo tin?", "Which phone number can be called?"),
            ("Mười số, bắt đầu bằng số 0.", "Ten digits, starting with 0."),
        ),
        AnswerKind::CitizenNumber => (
            ("Số căn cước của người cha?", "What is the father's ID number?"),
            ("Mười hai số, trên mặt thẻ.", "Twelve digits, on the card."),
        ),
        AnswerKind::TaxCode => (
            ("Mã số thuế của tổ chức?", "Tax code of the organisation?"),
            ("10 chữ số, chi nhánh thì 13 chữ số.", "10 digits, 13 for a branch."),
        ),
        AnswerKind::Address { .. } => {
            (("Gửi kết quả đến đâu?", "Where shall the result be sent?"), ("Nơi có người nhận giúp.", "Where somebody can take it."))
        }
        AnswerKind::Number { .. } => (("Cần mấy bản sao?", "How many copies?"), ("Từ 1 đến 20 bản.", "From 1 to 20 copies.")),
        AnswerKind::Choice { .. } => (("Nhận kết quả ở đâu?", "Where to receive the result?"), ("Chọn một cách.", "Choose one way.")),
    };
    Screen::Question {
        ask: Text::new(ask.0, ask.1),
        hint: Text::new(hint.0, hint.1),
        required: !matches!(kind, AnswerKind::Text { .. }),
        kind,
        answer: Private::new(answer),
        read_from: None,
        error: None,
        of_card: false,
        at: 2,
        of: 5,
    }
}

/// C05d, with something typed.
fn typed(at: u8, error: Option<Text>) -> Screen {
    let (question, told) = (typed_card::questions()[usize::from(at)].clone(), ["001190000", "Nguyễn Thị Mẫ", "15/01/1991"]);
    Screen::Question {
        ask: question.ask,
        hint: question.hint,
        kind: question.kind,
        required: true,
        answer: Private::new(told[usize::from(at)]),
        read_from: None,
        error,
        of_card: true,
        at: at + 1,
        of: u8::try_from(typed_card::COUNT).unwrap_or(u8::MAX),
    }
}

fn papers() -> Vec<PaperLine> {
    let line = |vi: &str, en: &str, required, state| PaperLine { name: Text::new(vi, en), required, asked: None, state };
    vec![
        line("Giấy chứng sinh", "Birth notice", true, PaperState::Scanned(2)),
        line("Giấy chứng nhận kết hôn của cha mẹ", "Parents' marriage certificate", false, PaperState::ToScan),
        line("Văn bản ủy quyền đi đăng ký khai sinh", "Letter of authorisation", false, PaperState::Left),
        line("Tờ khai đăng ký khai sinh theo mẫu", "Birth registration form", true, PaperState::ToScan),
    ]
}

/// Two that an officer asked for, one of them scanned.
fn papers_asked() -> Vec<PaperLine> {
    let line = |vi: &str, en: &str, words: &str, state| PaperLine {
        name: Text::new(vi, en),
        required: false,
        asked: Some(Private::new(words)),
        state,
    };
    vec![
        line("Quyết định ly hôn", "Divorce decision", "Quyết định ly hôn, bản có dấu của tòa án", PaperState::Scanned(2)),
        line("Giấy bổ sung 2", "Added paper 2", "Giấy xác nhận nơi cư trú trước đây của người yêu cầu, bản chính", PaperState::ToScan),
    ]
}

fn missing() -> Vec<Text> {
    vec![
        Text::new("Tờ khai đăng ký khai sinh theo mẫu", "Birth registration form"),
        Text::new("Giấy chứng sinh", "Birth notice"),
        Text::new("Văn bản ủy quyền được chứng thực theo quy định", "Letter of authorisation, certified"),
    ]
}

fn kept(printing: PrintState) -> Screen {
    Screen::KeptForLater { until: Timestamp::UNIX_EPOCH, papers: missing(), printing }
}

/// The first came as a PDF.
fn papers_with_pdf() -> Vec<PaperLine> {
    let state = |at| if at == 0 { PaperState::Pdf(3) } else { PaperState::ToScan };
    papers().into_iter().enumerate().map(|(at, paper)| PaperLine { state: state(at), ..paper }).collect()
}

/// One is stored already, one is used from the store.
fn papers_stored() -> Vec<PaperLine> {
    let state = |at| [PaperState::Stored, PaperState::Found].get(at).copied().unwrap_or(PaperState::ToScan);
    papers().into_iter().enumerate().map(|(at, paper)| PaperLine { state: state(at), ..paper }).collect()
}

fn stored_paper() -> Screen {
    Screen::StoredPaper {
        paper: Text::new("Giấy chứng nhận kết hôn của cha mẹ", "Parents' marriage certificate"),
        name: "Giấy chứng nhận kết hôn".to_owned(),
        number: Private::new("27/2019"),
        issuer: "Ủy ban nhân dân phường Minh Họa, tỉnh Thử Nghiệm".to_owned(),
        issued: Some(jiff::civil::date(2019, 5, 20)),
        valid_until: None,
    }
}

/// One for each reason, and one that the person brings to the desk.
fn papers_not_scanned() -> Vec<PaperLine> {
    let line = |vi: &str, en: &str, state| PaperLine { name: Text::new(vi, en), required: true, asked: None, state };
    vec![
        line("Tờ khai đăng ký kết hôn", "Marriage registration form", PaperState::AtDesk),
        line("Thẻ căn cước hoặc hộ chiếu của hai người", "ID cards or passports of both", PaperState::NotScanned(NotScanned::ShownOnly)),
        line("Kết quả xác minh nơi cư trú", "Result of checking the residence", PaperState::NotScanned(NotScanned::Internal)),
        line("Văn bản của cơ quan quân sự", "Letter of the military office", PaperState::NotScanned(NotScanned::Secret)),
    ]
}

fn pdfs(count: u128, checking: bool, refused: Option<Text>) -> Screen {
    let name = |at: u128| match at {
        0 => "Giấy chứng sinh cháu Thử.pdf".to_owned(),
        2 => "Don xin xac nhan tinh trang hon nhan ban chinh co chu ky so_final_2026-11-20.pdf".to_owned(),
        _ => format!("scan{at:04}.pdf"),
    };
    let file = |at: u128| OfferedPdf {
        id: Uuid::from_u128(at),
        name: Private::new(name(at)),
        bytes: 48_000 + 600_000 * u64::try_from(at).unwrap_or(0),
        from: if at == 0 { PdfFrom::Desk } else { PdfFrom::Stick },
    };
    let paper = Text::new("Giấy chứng sinh", "Birth notice");
    Screen::ChoosePdf { paper, files: (0..count).map(file).collect(), checking, refused, stick: true }
}

fn pages(count: u16) -> Vec<PageView> {
    (1..=count).map(|n| PageView { id: page_id(n), blank: n == 4, fault: None, without_note: false }).collect()
}

fn faulty_pages(count: u16) -> Vec<PageView> {
    let fault =
        |at: usize| [Some(PageFault::Crooked), None, Some(PageFault::Repeated), None, Some(PageFault::Cut)].get(at).copied().flatten();
    pages(count).into_iter().enumerate().map(|(at, page)| PageView { fault: fault(at), ..page }).collect()
}

/// The first page was scanned once more without its note.
fn pages_with_a_note() -> Vec<PageView> {
    pages(5).into_iter().enumerate().map(|(at, page)| PageView { blank: at == 3, without_note: at == 1, ..page }).collect()
}

fn procedures() -> Screen {
    let events = [
        ("Sinh con, nuôi con nhỏ", "Birth and small children"),
        ("Cư trú", "Residence"),
        ("Hôn nhân", "Marriage"),
        ("Chứng thực", "Certification"),
        ("Đất đai", "Land"),
        ("Trợ cấp xã hội", "Social allowance"),
        ("Người thân qua đời", "Death of a relative"),
    ];
    let names = [
        ("1.001193", 0, "Đăng ký khai sinh", "Birth registration"),
        ("1.000894", 2, "Đăng ký kết hôn", "Marriage registration"),
        ("1.004873", 2, "Cấp giấy xác nhận tình trạng hôn nhân", "Certificate of marital status"),
        ("1.000656", 6, "Đăng ký khai tử", "Death registration"),
        ("2.000815", 3, "Chứng thực bản sao từ bản chính", "Certified copy of an original"),
        ("1.004222", 1, "Đăng ký thường trú", "Permanent residence registration"),
        ("1.004194", 1, "Đăng ký tạm trú", "Temporary residence registration"),
        (
            "1.001776",
            5,
            "Hưởng trợ cấp xã hội hằng tháng, hỗ trợ kinh phí chăm sóc, nuôi dưỡng hằng tháng",
            "Monthly social allowance and care support",
        ),
    ];
    Screen::Procedures {
        procedures: names
            .iter()
            .map(|(code, life_event, vi, en)| ProcedureLine {
                code: (*code).to_owned(),
                name: Text::new(*vi, *en),
                life_event: *life_event,
            })
            .collect(),
        life_events: events.iter().map(|(vi, en)| Text::new(*vi, *en)).collect(),
    }
}

fn review() -> Screen {
    let row = |vi: &str, en: &str, value, change| ReviewRow { label: Text::new(vi, en), value, change };
    let for_the_desk = ReviewValue::Words(Text::new("Mang đến quầy", "Bring to the desk"));
    let secret = ReviewValue::Words(NotScanned::Secret.words());
    let said = |text: &str| ReviewValue::Private(Private::new(text));
    let number = |full: &str, shown: &str| ReviewValue::Masked { shown: shown.to_owned(), full: Private::new(full) };
    Screen::Review {
        procedure: birth(),
        rows: vec![
            row("Người nộp", "Applicant", said("Nguyễn Thị Mẫu"), None),
            row("Số căn cước", "ID number", number("099058000012", "099••••••012"), None),
            row("Họ và tên của trẻ", "Child's full name", said("Trần Nguyễn Minh Thử"), Some(ChangeTarget::Question(0))),
            row("Ngày sinh của trẻ", "Child's date of birth", said("05/09/2026"), Some(ChangeTarget::Question(1))),
            row("Số điện thoại?", "Telephone number?", number("0900000456", "090••••456"), Some(ChangeTarget::Question(3))),
            row("Văn bản ủy quyền đi đăng ký khai sinh", "Letter of authorisation", for_the_desk, Some(ChangeTarget::Paper(2))),
            row("Văn bản của cơ quan quân sự", "Letter of the military office", secret, None),
            row("Nhận kết quả", "Result", ReviewValue::Words(Text::new("Tại trung tâm", "At the centre")), Some(ChangeTarget::Question(2))),
            row("Giấy chứng sinh", "Birth notice", ReviewValue::Pages(pages(2)), Some(ChangeTarget::Paper(0))),
            row(
                "Giấy chứng nhận kết hôn của cha mẹ",
                "Parents' marriage certificate",
                ReviewValue::Pages(pages(4)),
                Some(ChangeTarget::Paper(1)),
            ),
        ],
    }
}

fn person(proof: Proof) -> Screen {
    Screen::ConfirmPerson {
        name: Private::new("Nguyễn Thị Mẫu"),
        birth_year: 1958,
        number: "099•••••0012".to_owned(),
        passport: false,
        address: Private::new("Tổ 3, thôn Thử, xã Thử Nghiệm, tỉnh Mẫu"),
        proof,
    }
}

/// The address on the card is of before 01/7/2025.
fn person_of_before() -> Screen {
    let mut shown = person(Proof::Claimed);
    if let Screen::ConfirmPerson { address, .. } = &mut shown {
        *address = Private::new("Tổ 3, thôn Thử, Xã Má Lé, Huyện Đồng Văn, Tỉnh Hà Giang");
    }
    shown
}

/// Nobody has told an address.
fn person_typed() -> Screen {
    let mut shown = person(Proof::Typed);
    if let Screen::ConfirmPerson { address, .. } = &mut shown {
        *address = Private::default();
    }
    shown
}

fn foreigner() -> Screen {
    Screen::ConfirmPerson {
        name: Private::new("ERIKSSON ANNA MARIA"),
        birth_year: 1974,
        number: "UTO L8••••C3".to_owned(),
        passport: true,
        address: Private::default(),
        proof: Proof::Claimed,
    }
}

fn chip(files: ChipFiles) -> Proof {
    Proof::Chip { files, chip: ChipAnswer::Genuine }
}

fn slip(offline: bool, printing: PrintState) -> Screen {
    Screen::Slip { code: provisional(), qr: provisional(), offline, printing }
}

fn provisional() -> String {
    ProvisionalCode::new("K001", jiff::civil::date(2026, 7, 20), 12).to_string()
}

fn screens() -> Vec<(&'static str, Screen)> {
    let at = Timestamp::from_second(1_784_531_100).unwrap_or(Timestamp::UNIX_EPOCH);
    let paper = || Text::new("Giấy chứng nhận kết hôn của cha mẹ", "Parents' marriage certificate");
    let done = |unpaid_vnd, unconfirmed| Screen::Done {
        code: provisional(),
        time_limit: limit(),
        unpaid_vnd,
        unconfirmed,
        rating: RatingOffer::Open,
    };
    let choice = |id: &str, vi: &str, en: &str| Choice { id: id.to_owned(), label: Text::new(vi, en) };
    let options = vec![
        choice("office", "Đến trung tâm lấy", "Collect at the centre"),
        choice("post", "Bưu điện gửi về nhà", "By post to my home"),
        choice("electronic", "Chỉ cần bản điện tử", "Electronic copy only"),
    ];
    let six = vec![
        choice("moving", "Vận động", "Moving"),
        choice("hearing", "Nghe, nói", "Hearing or speaking"),
        choice("seeing", "Nhìn", "Seeing"),
        choice("mind", "Thần kinh, tâm thần", "Nerves or mind"),
        choice("learning", "Trí tuệ", "Learning"),
        choice("other", "Khác", "Other"),
    ];
    let read = |kind, answer: &str| {
        let mut read = question(kind, answer);
        if let Screen::Question { read_from, .. } = &mut read {
            *read_from = Some(Text::new("Tờ khai đăng ký khai sinh", "Birth registration form"));
        }
        read
    };
    let mut wrong = question(AnswerKind::PastDate, "05/09/2031");
    if let Screen::Question { error, .. } = &mut wrong {
        *error = Some(Text::new("Ngày này chưa đến.", "This day is still to come."));
    }
    vec![
        ("waiting", waiting(false, None)),
        ("notice", Screen::Notice),
        ("procedures", procedures()),
        ("details", details(None)),
        ("details-printing", details(Some(PrintState::Printing))),
        ("details-printed", details(Some(PrintState::Printed))),
        ("details-unknown", details(Some(PrintState::Unknown))),
        ("details-no-paper", details(Some(PrintState::Waiting(Fault::PrinterPaperOut)))),
        ("identify", Screen::Identify { failed: 0, qr: true, chip: false }),
        ("identify-failed", Screen::Identify { failed: 2, qr: true, chip: false }),
        ("identify-chip", Screen::Identify { failed: 0, qr: false, chip: true }),
        ("identify-both", Screen::Identify { failed: 1, qr: true, chip: true }),
        ("identify-no-reader", Screen::Identify { failed: 0, qr: false, chip: false }),
        ("typed-number", typed(0, None)),
        ("typed-name", typed(1, None)),
        ("typed-birth-other", typed(2, Some(typed_card::disagrees()))),
        ("passport", Screen::Passport { error: None }),
        (
            "passport-wrong",
            Screen::Passport {
                error: Some(Text::new(
                    "Đọc chưa đúng phần ngày sinh trong dòng chữ máy đọc. Hãy quét lại, hoặc nhập lại đúng như trên giấy tờ.",
                    "In the machine-readable lines, the date of birth was misread. Scan again, or type it as the document has it.",
                )),
            },
        ),
        ("chip-passport", Screen::ReadChip { phase: ChipPhase::Waiting, fault: None, skip_first: false, passport: true }),
        ("person-passport", foreigner()),
        ("chip", Screen::ReadChip { phase: ChipPhase::Waiting, fault: None, skip_first: false, passport: false }),
        ("chip-reading", Screen::ReadChip { phase: ChipPhase::Reading(60), fault: None, skip_first: false, passport: false }),
        ("chip-moved", Screen::ReadChip { phase: ChipPhase::Waiting, fault: Some(Fault::CardMoved), skip_first: false, passport: false }),
        ("chip-other", Screen::ReadChip { phase: ChipPhase::Stopped, fault: Some(Fault::CardOther), skip_first: false, passport: false }),
        (
            "chip-unreadable",
            Screen::ReadChip { phase: ChipPhase::Stopped, fault: Some(Fault::CardUnreadable), skip_first: true, passport: false },
        ),
        (
            "chip-reader-gone",
            Screen::ReadChip { phase: ChipPhase::Stopped, fault: Some(Fault::CardReaderGone), skip_first: true, passport: false },
        ),
        ("person", person(Proof::Claimed)),
        ("person-typed", person_typed()),
        ("person-before", person_of_before()),
        ("person-checked", person(chip(ChipFiles::Trusted))),
        ("person-read", person(chip(ChipFiles::UnknownSigner))),
        ("person-doubtful", person(chip(ChipFiles::Broken))),
        ("resume", Screen::Resume { left: at, procedure: birth() }),
        ("ask-name", question(AnswerKind::Name, "Nguyễn Thị Mâu")),
        ("ask-text", question(AnswerKind::Text { max: 200 }, "")),
        ("ask-date", question(AnswerKind::PastDate, "05/09/")),
        ("ask-date-wrong", wrong),
        ("ask-name-read", read(AnswerKind::Name, "Trần Nguyễn Minh Thử")),
        ("ask-date-read", read(AnswerKind::PastDate, "05/09/2026")),
        ("ask-choice-read", read(AnswerKind::Choice { options: options.clone() }, "post")),
        ("ask-phone", question(AnswerKind::Phone, "09000000")),
        ("ask-tax-code", question(AnswerKind::TaxCode, "0100109106")),
        ("ask-citizen", question(AnswerKind::CitizenNumber, "099058000")),
        ("ask-number", question(AnswerKind::Number { min: 1, max: 20 }, "3")),
        ("ask-choice", question(AnswerKind::Choice { options }, "office")),
        ("ask-choice-six", question(AnswerKind::Choice { options: six }, "")),
        ("papers", Screen::Papers { papers: papers() }),
        ("papers-asked", Screen::Papers { papers: papers_asked() }),
        ("papers-missing", Screen::MissingPapers { papers: missing() }),
        ("papers-kept", kept(PrintState::Printing)),
        ("papers-kept-no-paper", kept(PrintState::Waiting(Fault::PrinterPaperOut))),
        ("papers-kept-no-printer", kept(PrintState::None)),
        ("papers-pdf", Screen::Papers { papers: papers_with_pdf() }),
        ("papers-not-scanned", Screen::Papers { papers: papers_not_scanned() }),
        ("count", Screen::CountSheets { paper: paper(), max: 50, pdf: false }),
        ("count-pdf", Screen::CountSheets { paper: paper(), max: 50, pdf: true }),
        ("pdf-none", pdfs(0, false, None)),
        ("pdf", pdfs(9, false, None)),
        (
            "pdf-refused",
            pdfs(
                2,
                false,
                Some(Text::new(
                    "Tệp PDF bị mã hóa; hãy xin bản không có mật khẩu và không bị hạn chế.",
                    "The PDF is encrypted; ask for it without a password and without restrictions.",
                )),
            ),
        ),
        ("pdf-checking", pdfs(2, true, None)),
        ("for-whom", Screen::ForWhom { choices: ForWhom::ALL.to_vec(), chosen: None }),
        ("for-whom-again", Screen::ForWhom { choices: vec![ForWhom::Myself, ForWhom::Authorised], chosen: Some(ForWhom::Authorised) }),
        ("papers-stored", Screen::Papers { papers: papers_stored() }),
        ("stored", stored_paper()),
        ("special", Screen::SpecialPaper { paper: paper() }),
        ("scan", Screen::Scan { paper: paper(), sheets: 3, pages: Vec::new(), running: false, without_note: false }),
        ("scan-without-note", Screen::Scan { paper: paper(), sheets: 2, pages: pages(4), running: false, without_note: true }),
        ("scanning", Screen::Scan { paper: paper(), sheets: 3, pages: pages(4), running: true, without_note: false }),
        ("check", Screen::PageCheck { paper: paper(), sheets: 2, pages: pages(4), expected: 4 }),
        ("check-faults", Screen::PageCheck { paper: paper(), sheets: 3, pages: faulty_pages(6), expected: 6 }),
        ("check-note", Screen::PageCheck { paper: paper(), sheets: 2, pages: pages_with_a_note(), expected: 5 }),
        ("check-short", Screen::PageCheck { paper: paper(), sheets: 5, pages: pages(9), expected: 10 }),
        ("review", review()),
        ("submitting", Screen::Submitting),
        ("slip", slip(false, PrintState::Printed)),
        ("slip-offline", slip(true, PrintState::Printing)),
        ("slip-no-paper", slip(false, PrintState::Waiting(Fault::PrinterPaperOut))),
        ("done", done(0, false)),
        ("done-unpaid", done(1_250_000, false)),
        ("done-unconfirmed", done(1_250_000, true)),
        ("out-of-service", Screen::OutOfService { reason: Text::new("Kiểm tra bộ nhớ không đạt.", "The storage check failed.") }),
    ]
}
