//! From a snapshot and what is local to the screen to the properties that the pages read.

use crate::{
    address,
    comfort::{List, TextSize},
    courier,
    face::{State, pages_of},
    fee, feedback,
    input::{Form, Shift, Typed},
    officer, papers, queue, reprint,
    ui::{
        AddKind, AddressView, App, Assurance, ChipPhase, ChipView, DetailsView, FeeView, HealthView, IdentifyView, InputKind, InputView,
        KeptView, Kiosk, Lamp, LookUpView, OfficerView, OpinionView, OverlayKind, OverlayView, OwnView, PageRow, Paging, PaperRow, PdfView,
        PersonView, PrintKind, ProcedureView, QuestionView, QueueView, RateOffer, RatingView, ReprintView, ResumeView, ReviewRow, ScanView,
        ScreenKind, SlipView, StoredView, Theme, Tile,
    },
};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use motcua_model::{
    Language, Text,
    api::{
        self, Adding, DeviceState, Health, LinkState, Overlay, OwnLine, PageView, PaperState, PrintState, ReviewValue, Screen, Service,
        ServiceTile, Snapshot,
    },
    catalogue::AnswerKind,
    dossier::{self, Special},
    fault::Fault,
    for_whom::ForWhom,
    thousands,
};
use slint::{Global as _, Image, ModelRc, Rgb8Pixel, SharedPixelBuffer, SharedString, VecModel};

/// Everything that can be shown, empty: what C01 starts from, so that nothing of the last person stays.
#[derive(Default)]
struct Page {
    tiles: Vec<Tile>,
    unfinished: bool,
    identify: IdentifyView,
    chip: ChipView,
    zone_error: SharedString,
    details: DetailsView,
    person: PersonView,
    resume: ResumeView,
    question: QuestionView,
    address: AddressView,
    papers: Vec<PaperRow>,
    papers_complete: bool,
    scan: ScanView,
    stored: StoredView,
    kept: KeptView,
    officer: OfficerView,
    pdf: PdfView,
    pages: Vec<PageRow>,
    zoom: Option<PageRow>,
    rows: Vec<ReviewRow>,
    procedure: SharedString,
    slip: SlipView,
    fee: FeeView,
    look_up: LookUpView,
    reprint: ReprintView,
    own: OwnView,
    opinion: OpinionView,
    rating: RatingView,
    queue: QueueView,
    faces: Vec<SharedString>,
    rate_offer: RateOffer,
    courier: courier::Views,
    reason: SharedString,
}

/// Draws the state: every property is set every time.
pub(crate) fn draw(app: &App, state: &State) {
    let kiosk = Kiosk::get(app);
    draw_comfort(app, state);
    let Some(snapshot) = &state.snapshot else {
        draw_page(&kiosk, Page::default());
        kiosk.set_overlay(OverlayView::default());
        kiosk.set_screen(ScreenKind::Connecting);
        draw_input(app, state);
        return;
    };
    let language = snapshot.language;
    // Vietnamese is the source text, which has no name in the bundle.
    let bundle = if language == Language::En { "en" } else { "" };
    if let Err(e) = slint::select_bundled_translation(bundle) {
        tracing::error!("the words of the screen could not be changed to '{bundle}': {e}");
    }
    draw_frame(&kiosk, snapshot, state);
    // Under the cover nothing of the person is in the tree, where a screen reader or a crash would find it.
    draw_page(&kiosk, if state.comfort.covered { Page::default() } else { page(snapshot, state) });
    draw_input(app, state);
    kiosk.set_screen(state.local.address.as_ref().map_or_else(|| kind(&snapshot.screen), address::Picker::kind));
}

fn draw_comfort(app: &App, state: &State) {
    let theme = Theme::get(app);
    theme.set_scale(state.comfort.size.scale());
    theme.set_contrast(state.comfort.contrast);
    let kiosk = Kiosk::get(app);
    kiosk.set_text_size(match state.comfort.size {
        TextSize::Normal => 0,
        TextSize::Large => 1,
        TextSize::Largest => 2,
    });
    kiosk.set_volume(state.comfort.volume.step());
    kiosk.set_covered(state.comfort.covered);
}

fn draw_frame(kiosk: &Kiosk<'_>, snapshot: &Snapshot, state: &State) {
    let language = snapshot.language;
    kiosk.set_english(language == Language::En);
    kiosk.set_office(snapshot.office.get(language).into());
    kiosk.set_phone(snapshot.phone.as_str().into());
    kiosk.set_code(snapshot.screen.code().into());
    let (at, of) = snapshot.progress.map_or((0, 0), |p| (p.at, p.of));
    kiosk.set_progress_at(at.into());
    kiosk.set_progress_of(of.into());
    kiosk.set_can_back(snapshot.can_back || state.backs_locally());
    kiosk.set_can_end(snapshot.can_end);
    kiosk.set_health(health(snapshot.health));
    kiosk.set_overlay(overlay(snapshot.overlay.as_ref(), language));
}

fn draw_page(kiosk: &Kiosk<'_>, page: Page) {
    kiosk.set_tiles(model(page.tiles));
    kiosk.set_unfinished(page.unfinished);
    kiosk.set_identify(page.identify);
    kiosk.set_chip(page.chip);
    kiosk.set_zone_error(page.zone_error);
    kiosk.set_details(page.details);
    kiosk.set_person(page.person);
    kiosk.set_resume(page.resume);
    kiosk.set_question(page.question);
    kiosk.set_address(page.address);
    kiosk.set_papers(model(page.papers));
    kiosk.set_papers_complete(page.papers_complete);
    kiosk.set_scan(page.scan);
    kiosk.set_stored(page.stored);
    kiosk.set_kept(page.kept);
    kiosk.set_officer(page.officer);
    kiosk.set_pdf(page.pdf);
    kiosk.set_pages(model(page.pages));
    kiosk.set_zoomed(page.zoom.is_some());
    kiosk.set_zoom(page.zoom.unwrap_or_default());
    kiosk.set_rows(model(page.rows));
    kiosk.set_procedure(page.procedure);
    kiosk.set_slip(page.slip);
    kiosk.set_fee(page.fee);
    kiosk.set_look_up(page.look_up);
    kiosk.set_reprint(page.reprint);
    kiosk.set_own(page.own);
    kiosk.set_opinion(page.opinion);
    kiosk.set_rating(page.rating);
    kiosk.set_queue(page.queue);
    kiosk.set_faces(model(page.faces));
    kiosk.set_rate_offer(page.rate_offer);
    kiosk.set_pin(page.courier.pin);
    kiosk.set_parcels(model(page.courier.parcels));
    kiosk.set_parcel_list(page.courier.list);
    kiosk.set_remark(page.courier.remark);
    kiosk.set_handover(page.courier.handover);
    kiosk.set_reason(page.reason);
}

/// The paper that the answer on the screen was read on; empty once the person has typed another.
fn read_from(snapshot: &Snapshot, state: &State) -> SharedString {
    let Screen::Question { kind, answer, read_from: Some(paper), .. } = &snapshot.screen else { return SharedString::default() };
    let as_read = matches!(kind, AnswerKind::Choice { .. }) || state.local.typed.value().as_deref() == Some(answer.reveal());
    if as_read { paper.get(snapshot.language).into() } else { SharedString::default() }
}

fn page(snapshot: &Snapshot, state: &State) -> Page {
    let language = snapshot.language;
    let words = |text: &Text| SharedString::from(text.get(language));
    let mut page = Page::default();
    match &snapshot.screen {
        Screen::Waiting { services, unfinished } => {
            page.unfinished = *unfinished;
            page.tiles = services.iter().map(|tile| service_tile(tile, language)).collect();
        }
        Screen::Notice | Screen::Submitting | Screen::LookUp => {}
        Screen::Procedures { .. } => page.tiles = procedure_tiles(snapshot, state),
        Screen::ProcedureDetails { name, papers, fee_vnd, time_limit, result, list } => {
            let (print, fault_title, _) = print_words(list.unwrap_or(PrintState::None), language);
            page.papers = state.on_page(List::Needed, papers).map(|(at, p)| papers::paper_row(at, p, language)).collect();
            page.details = DetailsView {
                name: words(name),
                fee: thousands(*fee_vnd, language).into(),
                free: *fee_vnd == 0,
                time_limit: words(time_limit),
                result: words(result),
                asked: list.is_some(),
                print,
                fault_title,
            };
        }
        Screen::Identify { failed, qr, chip } => page.identify = IdentifyView { failed: i32::from(*failed), qr: *qr, chip: *chip },
        Screen::Passport { error } => page.zone_error = error.as_ref().map(words).unwrap_or_default(),
        Screen::ReadChip { phase, fault, skip_first, passport } => page.chip = chip(*phase, *fault, *skip_first, *passport, language),
        Screen::ConfirmPerson { name, birth_year, number, passport, address, proof } => {
            page.person = PersonView {
                name: name.reveal().into(),
                birth_year: birth_year.to_string().into(),
                number: number.as_str().into(),
                passport: *passport,
                address: address.reveal().into(),
                now: address::now(address).into(),
                proof: words(&proof.words()),
                assurance: match proof.assurance() {
                    dossier::Assurance::Claimed => Assurance::Claimed,
                    dossier::Assurance::Read => Assurance::Read,
                    dossier::Assurance::Checked => Assurance::Checked,
                    dossier::Assurance::Doubtful => Assurance::Doubtful,
                },
            };
        }
        Screen::ForWhom { choices, chosen } => {
            let tile = |whom: &ForWhom| Tile {
                title: words(&whom.words()),
                icon: "person".into(),
                enabled: true,
                chosen: *chosen == Some(*whom),
                ..Tile::default()
            };
            page.tiles = choices.iter().map(tile).collect();
        }
        Screen::Resume { left, procedure } => page.resume = ResumeView { left: local_time(*left).into(), procedure: words(procedure) },
        Screen::Question { ask, hint, kind, required, answer, read_from: _, error, of_card: _, at, of } => {
            page.question = QuestionView {
                ask: words(ask),
                hint: words(hint),
                // Set with the input, as it goes when something else is typed.
                read_from: SharedString::default(),
                error: error.as_ref().map(words).unwrap_or_default(),
                required: *required,
                at: i32::from(*at),
                of: i32::from(*of),
            };
            if let Some(picker) = &state.local.address {
                (page.address, page.tiles) = (picker.view(language), address::tiles(state, language));
            }
            if let AnswerKind::Choice { options } = kind {
                page.tiles = options
                    .iter()
                    .map(|o| Tile { title: words(&o.label), enabled: true, chosen: o.id == answer.reveal(), ..Tile::default() })
                    .collect();
            }
        }
        Screen::Papers { papers } => {
            page.papers_complete = papers.iter().all(|p| !matches!(p.state, PaperState::ToScan | PaperState::Found));
            page.papers = state.on_page(List::Papers, papers).map(|(at, p)| papers::paper_row(at, p, language)).collect();
        }
        Screen::MissingPapers { papers } => page.rows = papers::lacking(papers, state, language),
        Screen::KeptForLater { until, papers, printing } => {
            let (print, fault_title, fault_advice) = print_words(*printing, language);
            page.kept = KeptView { until: local_time(*until).into(), print, fault_title, fault_advice };
            page.rows = papers::lacking(papers, state, language);
        }
        Screen::StoredPaper { paper, name, number, issuer, issued, valid_until } => {
            let day = |day: &Option<Date>| day.map(|day| day.strftime("%d/%m/%Y").to_string()).unwrap_or_default().into();
            page.stored = StoredView {
                paper: words(paper),
                name: name.as_str().into(),
                number: number.reveal().into(),
                issuer: issuer.as_str().into(),
                issued: day(issued),
                valid_until: day(valid_until),
            };
        }
        Screen::CountSheets { paper, max, pdf } => {
            page.scan = ScanView { paper: words(paper), max: i32::from(*max), pdf: *pdf, ..ScanView::default() };
        }
        Screen::ChoosePdf { paper, files, checking, refused, stick } => {
            page.scan.paper = words(paper);
            page.pdf = PdfView { checking: *checking, refused: refused.as_ref().map(words).unwrap_or_default(), stick: *stick };
            page.tiles = state
                .on_page(List::Pdfs, files)
                .map(|(_, file)| papers::pdf_tile(file, !checking, papers::longest_name(state.comfort.size), language))
                .collect();
        }
        Screen::SpecialPaper { paper } => {
            page.scan.paper = words(paper);
            page.tiles = Special::ALL.map(|special| Tile { title: words(&special.words()), enabled: true, ..Tile::default() }).into();
        }
        Screen::Scan { paper, sheets, pages, running, without_note } => {
            page.scan = ScanView {
                paper: words(paper),
                sheets: i32::from(*sheets),
                pages: count(pages.len()),
                running: *running,
                without_note: *without_note,
                ..ScanView::default()
            };
        }
        Screen::PageCheck { paper, sheets, pages, expected } => {
            page.scan = ScanView {
                paper: words(paper),
                sheets: i32::from(*sheets),
                pages: count(pages.len()),
                expected: i32::from(*expected),
                faulty: state.on_page(List::Pages, pages).any(|(_, p)| p.fault.is_some()),
                // What is not so is taken all the same, but nobody is led to it.
                good: pages.len() == usize::from(*expected) && pages.iter().all(|p| p.fault.is_none()),
                ..ScanView::default()
            };
            page.pages = state.on_page(List::Pages, pages).map(|(at, p)| page_row(at, p, state, language)).collect();
            page.zoom = state.local.zoomed.and_then(|at| pages_of(Some(snapshot)).get(at).map(|p| zoomed(at, p, state, language)));
        }
        Screen::Review { procedure, rows } => {
            page.procedure = words(procedure);
            page.rows = state.on_page(List::Rows, rows).map(|(at, row)| review_row(at, row, language)).collect();
        }
        Screen::Slip { code, qr, offline, printing } => page.slip = slip(code, qr, *offline, *printing, language),
        Screen::Fee { page: shown } => page.fee = fee::fee(shown, language),
        Screen::Officer { page: shown } => (page.officer, page.rows) = officer::officer(shown, state, language),
        Screen::Done { code, time_limit, unpaid_vnd, unconfirmed, rating } => {
            page.rate_offer = feedback::offer(*rating);
            let unpaid = if *unpaid_vnd > 0 { thousands(*unpaid_vnd, language).into() } else { SharedString::default() };
            page.slip = SlipView {
                code: code.as_str().into(),
                time_limit: words(time_limit),
                unpaid,
                unconfirmed: *unconfirmed,
                ..SlipView::default()
            };
        }
        Screen::LookUpResult { asked, official_code, done, steps, state, known_at, rating, reprint } => {
            page.rate_offer = feedback::offer(*rating);
            page.look_up = LookUpView {
                asked: asked.as_str().into(),
                official_code: official_code.as_deref().unwrap_or_default().into(),
                done: i32::from(*done),
                steps: i32::from(*steps),
                state: words(state),
                known_at: local_time(*known_at).into(),
                reprint: *reprint,
            };
        }
        Screen::Reprint { page: shown } => page.reprint = reprint::reprint(shown, language),
        Screen::OwnDossiers { dossiers } => {
            let tile = |line: &OwnLine| Tile {
                title: words(&line.procedure),
                note: format!("{} · {}", line.code, line.state.get(language)).into(),
                icon: if line.to_do { "warn" } else { "file" }.into(),
                enabled: true,
                ..Tile::default()
            };
            page.tiles = state.on_page(List::Own, dossiers).map(|(_, line)| tile(line)).collect();
        }
        Screen::OwnDossier { line, done, steps, known_at, rows, printing, adding, can_pay } => {
            let (print, fault_title, fault_advice) = printing.map(|state| print_words(state, language)).unwrap_or_default();
            page.own = OwnView {
                code: line.code.as_str().into(),
                procedure: words(&line.procedure),
                submitted: local_time(line.submitted).into(),
                done: i32::from(*done),
                steps: i32::from(*steps),
                state: words(&line.state),
                known_at: local_time(*known_at).into(),
                asked: printing.is_some(),
                print,
                fault_title,
                fault_advice,
                adding: match adding {
                    Adding::None => AddKind::None,
                    Adding::Open => AddKind::Open,
                    Adding::AtDesk => AddKind::AtDesk,
                    Adding::Done(_) => AddKind::Done,
                },
                added: if let Adding::Done(at) = adding { local_time(*at).into() } else { SharedString::default() },
                can_pay: *can_pay,
            };
            page.rows = state.on_page(List::Told, rows).map(|(at, row)| review_row(at, row, language)).collect();
        }
        Screen::Opinion { page: opinion } => (page.opinion, page.tiles) = feedback::opinion(opinion, language),
        Screen::Rating { page: rating } => {
            (page.rating, page.tiles) = feedback::rating(rating, language);
            page.faces = feedback::faces(language);
        }
        Screen::Queue { page: number } => (page.queue, page.tiles) = queue::queue(number, language),
        Screen::Courier { page: at } => {
            page.courier = courier::views(at, state, language);
            page.tiles = std::mem::take(&mut page.courier.tiles);
        }
        Screen::OutOfService { reason } => page.reason = words(reason),
    }
    page
}

pub(crate) fn service_tile(tile: &ServiceTile, language: Language) -> Tile {
    // Named here and not in Slint because the tiles are a model.
    let (icon, title) = match tile.service {
        Service::File => ("file", Text::new("Nộp hồ sơ", "Send a file")),
        Service::LookUp => ("search", Text::new("Tra cứu hồ sơ", "Look up a file")),
        Service::Queue => ("ticket", Text::new("Lấy số", "Get a number")),
        Service::Opinion => ("speech", Text::new("Góp ý, phản ánh", "Give your opinion")),
        Service::Courier => ("parcel", Text::new("Bưu tá lấy, giao bưu gửi", "Courier: parcels")),
    };
    Tile {
        title: title.get(language).into(),
        note: tile.unavailable.as_ref().or(tile.note.as_ref()).map(|t| t.get(language).into()).unwrap_or_default(),
        icon: icon.into(),
        enabled: tile.unavailable.is_none(),
        chosen: false,
    }
}

fn procedure_tiles(snapshot: &Snapshot, state: &State) -> Vec<Tile> {
    let Screen::Procedures { procedures, life_events } = &snapshot.screen else { return Vec::new() };
    let tile =
        |text: &Text, icon: &str| Tile { title: text.get(snapshot.language).into(), icon: icon.into(), enabled: true, ..Tile::default() };
    match state.local.procedures {
        ProcedureView::LifeEvents => state.on_page(List::LifeEvents, life_events).map(|(_, name)| tile(name, "list")).collect(),
        ProcedureView::OfEvent | ProcedureView::Search => {
            state.shown_procedures().1.into_iter().map(|at| tile(&procedures[at].name, "file")).collect()
        }
    }
}

pub(crate) fn review_row(at: usize, row: &api::ReviewRow, language: Language) -> ReviewRow {
    let mut full = SharedString::new();
    let (value, pages) = match &row.value {
        ReviewValue::Private(text) => (text.reveal().into(), 0),
        ReviewValue::Masked { shown, full: whole } => {
            full = whole.reveal().into();
            (shown.into(), 0)
        }
        ReviewValue::Words(text) => (text.get(language).into(), 0),
        ReviewValue::Pages(pages) => (SharedString::new(), count(pages.len())),
    };
    ReviewRow { index: count(at), label: row.label.get(language).into(), value, full, pages, can_change: row.change.is_some() }
}

fn page_row(at: usize, page: &PageView, state: &State, language: Language) -> PageRow {
    let picture = state.pictures.small(page.id);
    PageRow {
        number: count(at + 1),
        blank: page.blank,
        without_note: page.without_note,
        fault: page.fault.map(|fault| fault.words().get(language).into()).unwrap_or_default(),
        loaded: picture.is_some(),
        picture: picture.cloned().unwrap_or_default(),
    }
}

/// The one that is seen large, as sharp as it has come.
fn zoomed(at: usize, page: &PageView, state: &State, language: Language) -> PageRow {
    let picture = state.pictures.sharpest(page.id).cloned().unwrap_or_default();
    PageRow { picture, ..page_row(at, page, state, language) }
}

/// Code, QR (none where `qr` is empty) and how the printing goes.
fn slip(code: &str, qr: &str, offline: bool, printing: PrintState, language: Language) -> SlipView {
    let (print, fault_title, fault_advice) = print_words(printing, language);
    let (code, qr) = (code.into(), qr_image(qr));
    SlipView { code, qr, offline, print, fault_title, fault_advice, ..SlipView::default() }
}

/// How the printing goes, and title and advice where it waits for somebody.
pub(crate) fn print_words(printing: PrintState, language: Language) -> (PrintKind, SharedString, SharedString) {
    let (print, fault) = match printing {
        PrintState::Printing => (PrintKind::Printing, None),
        PrintState::Printed => (PrintKind::Printed, None),
        PrintState::Unknown => (PrintKind::Unknown, None),
        PrintState::Waiting(fault) => (PrintKind::Waiting, Some(fault.words())),
        PrintState::None => (PrintKind::None, None),
    };
    let title = fault.as_ref().map(|f| f.title.get(language).into()).unwrap_or_default();
    let advice = fault.as_ref().map(|f| f.advice.get(language).into()).unwrap_or_default();
    (print, title, advice)
}

fn chip(phase: api::ChipPhase, fault: Option<Fault>, skip_first: bool, passport: bool, language: Language) -> ChipView {
    let (phase, percent) = match phase {
        api::ChipPhase::Waiting => (ChipPhase::Waiting, 0),
        api::ChipPhase::Reading(percent) => (ChipPhase::Reading, i32::from(percent)),
        api::ChipPhase::Stopped => (ChipPhase::Stopped, 0),
    };
    let (gone, words) = (fault == Some(Fault::CardReaderGone), fault.map(Fault::words));
    ChipView {
        phase,
        percent,
        fault_title: words.as_ref().map(|f| f.title.get(language).into()).unwrap_or_default(),
        // Where going on without the chip comes first, nobody is told to read it again.
        fault_advice: words.filter(|_| !skip_first || gone).map(|f| f.advice.get(language).into()).unwrap_or_default(),
        skip_first,
        passport,
    }
}

/// The QR with its quiet zone of four modules; empty where the text does not fit.
pub(crate) fn qr_image(text: &str) -> Image {
    const QUIET: usize = 4;
    const SCALE: usize = 8;
    let Ok(code) = qrcode::QrCode::with_error_correction_level(text.as_bytes(), qrcode::EcLevel::M) else { return Image::default() };
    let width = code.width();
    let modules = code.to_colors();
    let side = (width + 2 * QUIET) * SCALE;
    let Ok(pixels) = u32::try_from(side) else { return Image::default() };
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(pixels, pixels);
    for (at, pixel) in buffer.make_mut_slice().iter_mut().enumerate() {
        let (x, y) = ((at % side) / SCALE, (at / side) / SCALE);
        let inside = (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
        let dark = inside && modules[(y - QUIET) * width + x - QUIET] == qrcode::Color::Dark;
        *pixel = if dark { Rgb8Pixel::new(0, 0, 0) } else { Rgb8Pixel::new(255, 255, 255) };
    }
    Image::from_rgb8(buffer)
}

/// The input alone: a key changes nothing else, except the results of a search.
pub(crate) fn draw_input(app: &App, state: &State) {
    let kiosk = Kiosk::get(app);
    let none = Typed::new(Form::None, true);
    let typed = if state.comfort.covered { &none } else { &state.local.typed };
    if let (Some(snapshot), false) = (&state.snapshot, state.comfort.covered) {
        kiosk.set_question(QuestionView { read_from: read_from(snapshot, state), ..kiosk.get_question() });
    }
    kiosk.set_input(InputView {
        kind: match typed.form() {
            Form::None => InputKind::None,
            Form::Name => InputKind::Name,
            Form::Text(_) => InputKind::Text,
            Form::Code => InputKind::Code,
            Form::Search => InputKind::Text,
            Form::Number { .. } => InputKind::Number,
            Form::Date => InputKind::Date,
            Form::Zone => InputKind::Zone,
            Form::Choice => InputKind::Choice,
        },
        text: typed.shown().into(),
        empty: typed.is_empty(),
        tones: model(typed.tones().iter().map(SharedString::from).collect()),
        shift: match typed.shift() {
            Shift::Off => 0,
            Shift::Next => 1,
            Shift::Lock => 2,
        },
        layer: typed.layer(),
        parts: model(typed.parts().iter().map(SharedString::from).collect()),
        part: count(typed.part()),
        complete: typed.value().is_some(),
    });
    kiosk.set_procedure_view(state.local.procedures);
    kiosk.set_paging(Paging { page: count(state.local.page), pages: count(state.pages()), most: count(state.present_most()) });
    if state.comfort.covered {
        return;
    }
    if let (Some(_), Some(snapshot)) = (&state.local.address, &state.snapshot) {
        kiosk.set_tiles(model(address::tiles(state, snapshot.language)));
    }
    if let (ProcedureView::Search, Some(snapshot)) = (state.local.procedures, &state.snapshot) {
        kiosk.set_tiles(model(procedure_tiles(snapshot, state)));
    }
}

fn kind(screen: &Screen) -> ScreenKind {
    match screen {
        Screen::Waiting { .. } => ScreenKind::Waiting,
        Screen::Notice => ScreenKind::Notice,
        Screen::Procedures { .. } => ScreenKind::Procedures,
        Screen::ProcedureDetails { .. } => ScreenKind::ProcedureDetails,
        Screen::Identify { .. } => ScreenKind::Identify,
        Screen::Passport { .. } => ScreenKind::Passport,
        Screen::ReadChip { .. } => ScreenKind::ReadChip,
        Screen::ConfirmPerson { .. } => ScreenKind::ConfirmPerson,
        Screen::ForWhom { .. } => ScreenKind::ForWhom,
        Screen::Resume { .. } => ScreenKind::Resume,
        Screen::Question { .. } => ScreenKind::Question,
        Screen::Papers { .. } => ScreenKind::Papers,
        Screen::MissingPapers { .. } => ScreenKind::MissingPapers,
        Screen::KeptForLater { .. } => ScreenKind::KeptForLater,
        Screen::StoredPaper { .. } => ScreenKind::StoredPaper,
        Screen::CountSheets { .. } => ScreenKind::CountSheets,
        Screen::SpecialPaper { .. } => ScreenKind::SpecialPaper,
        Screen::ChoosePdf { .. } => ScreenKind::ChoosePdf,
        Screen::Scan { .. } => ScreenKind::Scan,
        Screen::PageCheck { .. } => ScreenKind::PageCheck,
        Screen::Review { .. } => ScreenKind::Review,
        Screen::Submitting => ScreenKind::Submitting,
        Screen::Slip { .. } => ScreenKind::Slip,
        Screen::Fee { page } => fee::kind(page),
        Screen::Officer { page } => officer::kind(page),
        Screen::Done { .. } => ScreenKind::Done,
        Screen::LookUp => ScreenKind::LookUp,
        Screen::LookUpResult { .. } => ScreenKind::LookUpResult,
        Screen::Reprint { page } => reprint::kind(page),
        Screen::OwnDossiers { .. } => ScreenKind::OwnDossiers,
        Screen::OwnDossier { .. } => ScreenKind::OwnDossier,
        Screen::Opinion { page } => feedback::opinion_kind(page),
        Screen::Rating { page } => feedback::rating_kind(page),
        Screen::Queue { page } => queue::kind(page),
        Screen::Courier { page } => courier::kind(page),
        Screen::OutOfService { .. } => ScreenKind::OutOfService,
    }
}

fn health(health: Health) -> HealthView {
    HealthView {
        scanner: device(health.scanner),
        reader: device(health.reader),
        card_reader: device(health.card_reader),
        printer: device(health.printer),
        hub: match health.hub {
            LinkState::Unknown => Lamp::Unknown,
            LinkState::Up => Lamp::Ready,
            LinkState::Down => Lamp::Down,
            LinkState::Refused => Lamp::Refused,
        },
    }
}

fn device(state: DeviceState) -> Lamp {
    match state {
        DeviceState::Absent => Lamp::Absent,
        DeviceState::Lost => Lamp::Lost,
        DeviceState::NeedsHuman(_) => Lamp::Attention,
        DeviceState::Ready => Lamp::Ready,
    }
}

fn overlay(overlay: Option<&Overlay>, language: Language) -> OverlayView {
    match overlay {
        None => OverlayView::default(),
        Some(Overlay::StillThere { seconds }) => {
            OverlayView { kind: OverlayKind::StillThere, seconds: i32::from(*seconds), ..OverlayView::default() }
        }
        Some(Overlay::Fault { fault, retry }) => {
            let words = fault.words();
            OverlayView {
                kind: OverlayKind::Fault,
                title: words.title.get(language).into(),
                advice: words.advice.get(language).into(),
                retry: *retry,
                ..OverlayView::default()
            }
        }
        Some(Overlay::Help) => OverlayView { kind: OverlayKind::Help, ..OverlayView::default() },
        Some(Overlay::ConfirmEnd) => OverlayView { kind: OverlayKind::ConfirmEnd, ..OverlayView::default() },
    }
}

fn model<T: Clone + 'static>(items: Vec<T>) -> ModelRc<T> {
    ModelRc::new(VecModel::from(items))
}

pub(crate) fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// By the clock of Vietnam.
pub(crate) fn in_vietnam(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or(TimeZone::UTC))
}

/// "14:05, 20/07/2026".
fn local_time(at: Timestamp) -> String {
    in_vietnam(at).strftime("%H:%M, %d/%m/%Y").to_string()
}
