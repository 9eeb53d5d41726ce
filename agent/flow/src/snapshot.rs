//! What the screen shows of a state.

use crate::{
    At, Kiosk, Known, OwnDossier, Settings, fee,
    filing::{Filing, Page, expected_pages, today},
    intro::Intro,
    lookup::LookUp,
    reprint,
    rescan::Rescan,
    slip::local_time,
    state::{Asking, Missing, State, chip_alone, missing},
    supplement,
};
use jiff::civil::Date;
use motcua_model::{
    Private, Text, address,
    api::{
        ChangeTarget, DeviceState, Health, Overlay, OwnLine, PageView, PaperLine, PaperState, PrintState, ProcedureLine, Progress,
        ReviewRow, ReviewValue, Screen, Service, ServiceTile, Snapshot,
    },
    catalogue::{Catalogue, Component, Procedure},
    citizen::PersonNumber,
    dossier::{self, Applicant, Document, Origin, Status},
    hub::{Handing, News},
};

/// Steps of a filing as people count them: choose, person, questions, papers, check, slip.
const STEPS: u8 = 6;
/// Steps of a look-up without authentication (R13).
const LOOK_UP_STEPS: u8 = 4;

impl Kiosk {
    /// Everything the screen needs to draw itself.
    pub fn snapshot(&self, at: &At) -> Snapshot {
        let screen = self.screen(at);
        Snapshot {
            step: self.step,
            language: self.language,
            office: self.settings.office.clone(),
            phone: self.settings.phone.clone(),
            commune: self.settings.commune.clone(),
            // C05b and C15 are steps of a filing, and no steps of a look-up.
            progress: progress(&screen, self.state.filing().is_some_and(|filing| filing.procedure.papers_first()))
                .filter(|_| !matches!(self.state, State::LookUp(_)) && !matches!(&self.state, State::Fee(fee) if fee.is_later())),
            screen,
            overlay: self.overlay(at),
            health: self.health,
            can_back: self.state.can_back(&self.settings) && !self.covered(),
            can_end: self.state.can_end(),
        }
    }

    pub(crate) fn overlay(&self, at: &At) -> Option<Overlay> {
        let still_there = self.idle.seconds_left(at.mono_ms, &self.settings.visit).map(|seconds| Overlay::StillThere { seconds });
        let asking = self.asking.map(|asking| match asking {
            Asking::Help => Overlay::Help,
            Asking::ConfirmEnd => Overlay::ConfirmEnd,
        });
        let fault = self.fault.map(|shown| Overlay::Fault { fault: shown.fault, retry: shown.retry });
        still_there.or(asking).or(fault)
    }

    pub(crate) fn screen(&self, at: &At) -> Screen {
        match &self.state {
            State::Waiting => {
                Screen::Waiting { services: self.services(), unfinished: self.unfinished_until.is_some_and(|until| at.mono_ms < until) }
            }
            State::Intro(intro) => self.intro_screen(intro),
            State::Resume(found) => Screen::Resume { left: found.draft.saved, procedure: found.procedure.name.clone() },
            State::Filing(filing) => filing_screen(filing, &self.settings, today(at.wall)),
            State::Submitting(_) => Screen::Submitting,
            State::Slip(issued) => Screen::Slip {
                code: issued.slip.code.clone(),
                qr: issued.slip.qr.clone(),
                offline: self.health.hub.is_down(),
                printing: issued.printing,
            },
            State::Fee(fee) => Screen::Fee { page: fee.screen(self.settings.payment.transfer.as_ref()) },
            State::Officer(officer) => Screen::Officer { page: officer.screen(self.health.hub.is_down()) },
            State::Done(done) => Screen::Done {
                code: done.code.clone(),
                time_limit: done.time_limit.clone(),
                unpaid_vnd: done.unpaid_vnd,
                unconfirmed: done.unconfirmed,
                rating: done.rating,
            },
            State::LookUp(look_up) => look_up_screen(look_up, &self.health, &self.settings),
            State::Opinion(opinion) => Screen::Opinion { page: opinion.screen(&self.settings.topics, &self.health) },
            State::Rating(rating) => Screen::Rating { page: rating.screen() },
            State::Queue(queue) => Screen::Queue { page: queue.screen(&self.settings) },
            State::Courier(courier) => Screen::Courier { page: courier.page() },
            State::OutOfService(reason) => Screen::OutOfService { reason: reason.clone() },
        }
    }

    fn intro_screen(&self, intro: &Intro) -> Screen {
        let catalogue = &self.catalogue;
        match intro {
            Intro::Notice { .. } => Screen::Notice,
            Intro::Procedures { .. } => Screen::Procedures {
                procedures: catalogue.procedures.iter().map(|p| procedure_line(p, catalogue)).collect(),
                life_events: catalogue.life_events.iter().map(|e| e.name.clone()).collect(),
            },
            Intro::Details { procedure, list, .. } => details_screen(procedure, list.map(|(_, printing)| printing)),
            Intro::Identify { failed, .. } => Screen::Identify {
                failed: *failed,
                qr: self.health.reader == DeviceState::Ready,
                chip: chip_alone(&self.health, &self.settings),
            },
            Intro::Passport { wrong, .. } => Screen::Passport { error: wrong.clone() },
            Intro::Typed(typed) => typed.screen(),
            Intro::Chip { card, chip, .. } => chip.screen(&card.applicant.number),
            Intro::Confirm { card, .. } => person_screen(&card.applicant),
        }
    }

    /// Numbers only where the office gives them.
    fn services(&self) -> Vec<ServiceTile> {
        let all = [Service::File, Service::LookUp, Service::Queue, Service::Opinion, Service::Courier];
        let open = all.into_iter().filter(|service| *service != Service::Queue || self.settings.queue.is_open());
        open.map(|service| self.tile(service)).collect()
    }

    fn tile(&self, service: Service) -> ServiceTile {
        let unavailable = missing(service, &self.health).map(|missing| match missing {
            Missing::Room if service == Service::Opinion => {
                Text::new("Máy đã đầy. Mời đến quầy.", "The machine is full. Please go to the desk.")
            }
            Missing::Room => Text::new("Máy đã đầy. Mời đến quầy để nộp.", "The machine is full. Please go to the desk."),
            Missing::Scanner => Text::new("Máy quét chưa dùng được. Hỏi cán bộ.", "The scanner cannot be used now. Ask staff."),
            Missing::Reader => Text::new("Máy đọc mã chưa dùng được. Hỏi cán bộ.", "The code reader cannot be used now. Ask staff."),
        });
        let unread = self.health.reader != DeviceState::Ready && !chip_alone(&self.health, &self.settings);
        let note = (service == Service::File && unread && unavailable.is_none())
            .then(|| Text::new("Chưa đọc được thẻ: gõ số.", "Type the number on your card."));
        ServiceTile { service, unavailable, note }
    }
}

/// Questions and papers change places where a procedure begins with the papers.
fn progress(screen: &Screen, papers_first: bool) -> Option<Progress> {
    let (questions, papers) = if papers_first { (4, 3) } else { (3, 4) };
    let at = match screen {
        Screen::Procedures { .. } | Screen::ProcedureDetails { .. } => 1,
        Screen::Identify { .. }
        | Screen::Passport { .. }
        | Screen::Question { of_card: true, .. }
        | Screen::ReadChip { .. }
        | Screen::ConfirmPerson { .. }
        | Screen::ForWhom { .. } => 2,
        Screen::Question { .. } => questions,
        Screen::Papers { .. }
        | Screen::MissingPapers { .. }
        | Screen::StoredPaper { .. }
        | Screen::CountSheets { .. }
        | Screen::SpecialPaper { .. }
        | Screen::ChoosePdf { .. }
        | Screen::Scan { .. }
        | Screen::PageCheck { .. } => papers,
        Screen::Review { .. } => 5,
        Screen::Submitting | Screen::Slip { .. } | Screen::Fee { .. } | Screen::Officer { .. } => STEPS,
        Screen::KeptForLater { .. }
        | Screen::Waiting { .. }
        | Screen::Notice
        | Screen::Resume { .. }
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
    Some(Progress { at, of: STEPS })
}

fn procedure_line(procedure: &Procedure, catalogue: &Catalogue) -> ProcedureLine {
    let life_event = catalogue.life_events.iter().position(|e| e.id == procedure.life_event).unwrap_or_default();
    ProcedureLine { code: procedure.code.clone(), name: procedure.name.clone(), life_event: u8::try_from(life_event).unwrap_or_default() }
}

fn details_screen(procedure: &Procedure, list: Option<PrintState>) -> Screen {
    let papers = procedure.components.iter();
    Screen::ProcedureDetails {
        name: procedure.name.clone(),
        papers: papers.map(|c| PaperLine { name: c.name.clone(), required: c.required, asked: None, state: untouched(c) }).collect(),
        fee_vnd: procedure.fee_vnd,
        time_limit: procedure.time_limit.clone(),
        result: procedure.result.clone(),
        list,
    }
}

fn person_screen(applicant: &Applicant) -> Screen {
    Screen::ConfirmPerson {
        name: applicant.name.clone(),
        birth_year: applicant.birth.year(),
        number: applicant.number.masked(),
        passport: applicant.number.citizen().is_none(),
        address: applicant.address.clone(),
        proof: applicant.proof,
    }
}

fn filing_screen(filing: &Filing, settings: &Settings, today: Date) -> Screen {
    let name = |paper: usize| filing.procedure.components.get(paper).map_or_else(|| Text::new("", ""), |c| c.name.clone());
    let scanning = filing.draft.scanning.as_ref();
    let sheets = scanning.map_or(0, |d| d.sheets);
    let pages = || scanning.map(page_views).unwrap_or_default();
    let lacking = || filing.lacking().into_iter().map(name).collect();
    match &filing.page {
        Page::Person => person_screen(&filing.draft.applicant),
        Page::ForWhom => Screen::ForWhom { choices: filing.procedure.filers.clone(), chosen: filing.draft.for_whom },
        Page::Question { at, refused } => question_screen(filing, *at, refused.as_ref(), today),
        Page::Papers => Screen::Papers { papers: paper_lines(filing) },
        Page::Missing => Screen::MissingPapers { papers: lacking() },
        Page::Kept(kept) => Screen::KeptForLater { until: kept.until, papers: lacking(), printing: kept.printing },
        Page::Stored { paper } => stored_screen(filing, *paper),
        Page::CountSheets { paper } => Screen::CountSheets { paper: name(*paper), max: settings.max_sheets, pdf: settings.pdf },
        Page::Special { paper } => Screen::SpecialPaper { paper: name(*paper) },
        Page::Pdf { paper, choice } => Screen::ChoosePdf {
            paper: name(*paper),
            files: choice.offered.clone(),
            checking: choice.job.is_some(),
            refused: choice.refused.clone(),
            stick: settings.sticks,
        },
        Page::Scan { paper, job } => Screen::Scan {
            paper: name(*paper),
            sheets,
            pages: pages(),
            running: job.is_some(),
            without_note: filing.rescan.as_ref().is_some_and(Rescan::is_without_note),
        },
        Page::Check { paper } => {
            let expected = scanning.map_or(0, |document| expected_pages(document, settings.sides));
            Screen::PageCheck { paper: name(*paper), sheets, pages: pages(), expected }
        }
        Page::Review => Screen::Review { procedure: filing.procedure.name.clone(), rows: review_rows(filing) },
    }
}

fn question_screen(filing: &Filing, at: usize, refused: Option<&(Private, Text)>, today: Date) -> Screen {
    let Some(question) = filing.procedure.questions.get(at) else { return Screen::Papers { papers: paper_lines(filing) } };
    let (answer, read_from, error) = match (refused, filing.answer_to(&question.id)) {
        (Some((typed, advice)), _) => (typed.clone(), None, Some(advice.clone())),
        (None, Some(answer)) => (answer.clone(), None, None),
        (None, None) => match filing.proposal(question, today) {
            Some(read) => (read.value, Some(read.paper), None),
            None => (Private::default(), None, None),
        },
    };
    Screen::Question {
        ask: question.ask.clone(),
        hint: question.hint.clone(),
        kind: question.kind.clone(),
        required: question.required,
        answer,
        read_from,
        error,
        of_card: false,
        at: small(at + 1),
        of: small(filing.procedure.questions.len()),
    }
}

fn paper_lines(filing: &Filing) -> Vec<PaperLine> {
    let line = |(i, component): (usize, &Component)| PaperLine {
        name: component.name.clone(),
        required: filing.is_required(i),
        asked: filing.draft.adds_to.as_ref().and_then(|adds| adds.asked(&component.code)).cloned(),
        state: match filing.document_of(&component.code) {
            Some(Document { origin: Origin::AtDesk { .. }, .. }) => PaperState::AtDesk,
            Some(Document { origin: Origin::Pdf { pages, .. }, .. }) => PaperState::Pdf(*pages),
            Some(Document { origin: Origin::Stored { .. }, .. }) => PaperState::Stored,
            Some(document) => PaperState::Scanned(u16::try_from(document.pages.len()).unwrap_or(u16::MAX)),
            None if filing.is_left(i) => PaperState::Left,
            None if filing.offers_stored(component) => PaperState::Found,
            None => untouched(component),
        },
    };
    filing.procedure.components.iter().enumerate().map(line).collect()
}

/// What is offered may have gone with a restart: then the paper is handed in like any other.
fn stored_screen(filing: &Filing, paper: usize) -> Screen {
    match filing.stored_at(paper) {
        Some((component, stored)) => Screen::StoredPaper {
            paper: component.name.clone(),
            name: stored.name.clone(),
            number: stored.number.clone(),
            issuer: stored.issuer.clone(),
            issued: stored.issued,
            valid_until: stored.valid_until,
        },
        None => Screen::Papers { papers: paper_lines(filing) },
    }
}

/// A paper that nothing was done with.
fn untouched(component: &Component) -> PaperState {
    component.not_scanned.map_or(PaperState::ToScan, PaperState::NotScanned)
}

fn review_rows(filing: &Filing) -> Vec<ReviewRow> {
    let applicant = &filing.draft.applicant;
    let fixed = |label: Text, value: Private| ReviewRow { label, value: ReviewValue::Private(value), change: None };
    let mut rows = vec![
        fixed(Text::new("Người nộp", "Applicant"), applicant.name.clone()),
        ReviewRow {
            label: number_name(applicant),
            value: ReviewValue::Masked { shown: applicant.number.masked(), full: Private::new(applicant.number.reveal()) },
            change: None,
        },
        fixed(Text::new("Ngày sinh", "Birth date"), Private::new(applicant.birth.strftime("%d/%m/%Y").to_string())),
    ];
    if !applicant.address.reveal().is_empty() {
        rows.push(fixed(Text::new("Địa chỉ trên thẻ", "Address on the card"), applicant.address.clone()));
    }
    match address::renamed(applicant.address.reveal()).as_slice() {
        [] => {}
        [now] => rows.push(fixed(Text::new("Địa chỉ nay là", "The same address today"), Private::new(now.written()))),
        several if several.len() > address::DIVIDED => {}
        several => rows.push(fixed(Text::new("Nay thuộc một trong", "Today in one of"), Private::new(address::places(several)))),
    }
    rows.push(ReviewRow {
        label: Text::new("Kiểm tra thẻ", "Check of the card"),
        value: ReviewValue::Words(applicant.proof.words()),
        change: None,
    });
    if !applicant.confirmed {
        let value = ReviewValue::Words(Text::new("Có chỗ chưa đúng, cán bộ sẽ sửa", "Something is wrong, staff will correct it"));
        rows.push(ReviewRow { label: Text::new("Thông tin trên thẻ", "Data on the card"), value, change: None });
    }
    if filing.asks_for_whom() {
        let value = ReviewValue::Words(filing.for_whom().words());
        rows.push(ReviewRow { label: Text::new("Nộp cho ai", "Filed for"), value, change: Some(ChangeTarget::ForWhom) });
    }
    rows.extend(filing.procedure.questions.iter().enumerate().map(|(i, question)| ReviewRow {
        label: question.ask.clone(),
        value: match filing.answer_to(&question.id) {
            Some(answer) if !answer.reveal().is_empty() => shown_answer(question, answer),
            Some(_) | None => ReviewValue::Words(Text::new("Để trống", "Left empty")),
        },
        change: Some(ChangeTarget::Question(small(i))),
    }));
    rows.extend(filing.procedure.components.iter().enumerate().map(|(i, component)| ReviewRow {
        label: component.name.clone(),
        value: match (filing.document_of(&component.code), component.not_scanned) {
            (Some(Document { origin: Origin::AtDesk { .. }, .. }), _) => {
                ReviewValue::Words(Text::new("Mang đến quầy", "Bring to the desk"))
            }
            (Some(Document { origin: Origin::Pdf { pages, .. }, .. }), _) => {
                ReviewValue::Words(Text::new(format!("Tệp PDF, {pages} trang"), format!("PDF file, {pages} pages")))
            }
            (Some(Document { origin: Origin::Stored { .. }, .. }), _) => {
                ReviewValue::Words(Text::new("Dùng bản điện tử đã có", "The stored electronic copy"))
            }
            (Some(document), _) => ReviewValue::Pages(page_views(document)),
            (None, Some(reason)) => ReviewValue::Words(reason.words()),
            (None, None) => ReviewValue::Words(Text::new("Không nộp giấy này", "Not handed in")),
        },
        change: component.is_scanned().then(|| ChangeTarget::Paper(small(i))),
    }));
    rows
}

fn number_name(applicant: &Applicant) -> Text {
    match applicant.number {
        PersonNumber::Citizen(_) => Text::new("Số thẻ căn cước", "ID card number"),
        PersonNumber::Passport { .. } => Text::new("Số hộ chiếu", "Passport number"),
    }
}

/// Words of the catalogue follow the language; words of the person are the person's.
fn shown_answer(question: &motcua_model::catalogue::Question, answer: &Private) -> ReviewValue {
    if let Some(shown) = question.kind.masked(answer.reveal()) {
        return ReviewValue::Masked { shown, full: answer.clone() };
    }
    let shown = question.show(answer.reveal());
    if shown.vi == answer.reveal() { ReviewValue::Private(answer.clone()) } else { ReviewValue::Words(shown) }
}

fn page_views(document: &Document) -> Vec<PageView> {
    let view = |page: &dossier::Page| PageView {
        id: page.image.id,
        blank: page.blank,
        fault: page.faults.first().copied(),
        without_note: page.without_note,
    };
    document.pages.iter().map(view).collect()
}

fn look_up_screen(look_up: &LookUp, health: &Health, settings: &Settings) -> Screen {
    match look_up {
        LookUp::Asking { .. } => Screen::LookUp,
        LookUp::Result { asked, known, rating, .. } => {
            let (done, state) = progress_of(known);
            let (asked, official_code) = (asked.clone(), known.official_code.clone());
            Screen::LookUpResult {
                asked,
                official_code,
                done,
                steps: LOOK_UP_STEPS,
                state,
                known_at: known.known_at,
                rating: *rating,
                reprint: reprint::offered(known, health),
            }
        }
        LookUp::Proving { card, chip } => chip.screen(&card.applicant.number),
        LookUp::Reprint(reprint) => Screen::Reprint { page: reprint.screen() },
        LookUp::Own { dossiers, shown, printed, .. } => match shown.and_then(|at| dossiers.get(at)) {
            Some(own) => Screen::OwnDossier {
                line: own_line(own),
                done: progress_of(&own.known).0,
                steps: LOOK_UP_STEPS,
                known_at: own.known.known_at,
                rows: own_rows(own),
                printing: printed.map(|(_, state)| state),
                adding: supplement::offer(own, health),
                can_pay: fee::owed(own, &settings.payment).is_some(),
            },
            None => Screen::OwnDossiers { dossiers: dossiers.iter().map(own_line).collect() },
        },
    }
}

/// Steps done, and where it stands.
pub(crate) fn progress_of(known: &Known) -> (u8, Text) {
    match (known.status, &known.official_code) {
        (Some(status), _) => (status.steps_done(), status.words()),
        // The hub has it, and has not said more yet.
        (None, Some(_)) => (Status::Registered.steps_done(), Status::Registered.words()),
        (None, None) => (0, Text::new("Hồ sơ đang chờ gửi từ máy này", "The file waits on this machine to be sent")),
    }
}

fn own_line(own: &OwnDossier) -> OwnLine {
    OwnLine {
        code: own.shown_code(),
        procedure: own.procedure.clone(),
        submitted: own.submitted,
        state: progress_of(&own.known).1,
        to_do: match own.known.status {
            Some(Status::SupplementAsked) => own.added.is_none(),
            Some(Status::Finished) => true,
            Some(_) | None => false,
        },
    }
}

/// What the office says, and how far the fee is.
fn own_rows(own: &OwnDossier) -> Vec<ReviewRow> {
    let mut rows = own.news.as_ref().map(news_rows).unwrap_or_default();
    rows.extend(own.fee.as_ref().map(|own| {
        let (label, words) = fee::row(own);
        ReviewRow { label, value: ReviewValue::Words(words), change: None }
    }));
    rows
}

/// What the office asks for or has ready, in the officer's words.
pub(crate) fn news_rows(news: &News) -> Vec<ReviewRow> {
    let row = |vi: &str, en: &str, value| ReviewRow { label: Text::new(vi, en), value, change: None };
    let said = |text: &str| ReviewValue::Private(Private::new(text));
    let day = |day: &Date| said(&day.strftime("%d/%m/%Y").to_string());
    match news {
        News::Accepted { received, due, officer, place, .. } => {
            let mut rows = vec![
                row("Hẹn trả kết quả", "Result due", said(&local_time(*due))),
                row("Tiếp nhận lúc", "Accepted", said(&local_time(*received))),
            ];
            rows.extend((!place.is_empty()).then(|| row("Nhận ở đâu", "Where to get it", said(place))));
            rows.extend((!officer.reveal().is_empty()).then(|| row("Người nhận hồ sơ", "Officer", ReviewValue::Private(officer.clone()))));
            rows
        }
        News::Supplement { items, reason, until, contact, .. } => {
            let mut rows: Vec<ReviewRow> =
                items.iter().map(|item| row("Cần bổ sung", "To be added", ReviewValue::Private(item.what.clone()))).collect();
            rows.extend((!reason.reveal().is_empty()).then(|| row("Lý do", "Reason", ReviewValue::Private(reason.clone()))));
            rows.extend(until.as_ref().map(|until| row("Hạn cuối", "Last day", day(until))));
            rows.extend((!contact.is_empty()).then(|| row("Hỏi ở đâu", "Where to ask", said(contact))));
            rows
        }
        News::Result { papers, handing, .. } => {
            let how = match handing {
                Handing::Desk { place } => said(place),
                Handing::Post => ReviewValue::Words(Text::new("Bưu điện giao tận nơi", "The post brings it")),
                Handing::Electronic => ReviewValue::Words(Text::new("Bản điện tử trên Cổng dịch vụ công", "A file at the national portal")),
            };
            let papers = papers.iter().map(|paper| row("Kết quả", "Result", said(&paper.name)));
            papers.chain([row("Nhận ở đâu", "Where to get it", how)]).collect()
        }
        News::Status { .. } | News::Catalogue { .. } | News::Config { .. } | News::Unknown(_) => Vec::new(),
    }
}

fn small(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}
