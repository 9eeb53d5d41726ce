//! The filing from the confirmed person to "Gửi": C06 to C12. Every change is saved before the next screen.

use crate::{
    Draft, Effect, PageFields,
    asking::Asked,
    idle::Patience,
    missing::Kept,
    pdf::Choice,
    rescan::{Rescan, Taken},
    state::{Cx, State},
};
use jiff::{Timestamp, civil::Date, tz::Offset};
use motcua_model::{
    Private, Text,
    address::{self, ON_CARD},
    api::{Action, ChangeTarget},
    catalogue::{Component, Procedure, Question},
    config::Visit,
    dossier::{Answer, Applicant, Document, Origin, Page as Image},
    fault::Fault,
    metadata::FieldRead,
};
use uuid::Uuid;

/// A draft with the procedure it belongs to and the screen the person is at.
pub(crate) struct Filing {
    pub(crate) procedure: Procedure,
    pub(crate) draft: Draft,
    pub(crate) page: Page,
    /// Came from "Đổi": the way leads back to C12.
    pub(crate) changing: bool,
    /// On C11: the sheet that is scanned again. Else new pages go behind those that are there.
    pub(crate) rescan: Option<Rescan>,
    pub(crate) asked: Asked,
}

/// The screens of a filing; numbers are places in the procedure's questions or papers.
pub(crate) enum Page {
    Person,
    ForWhom,
    Question { at: usize, refused: Option<(Private, Text)> },
    Papers,
    Missing,
    Kept(Box<Kept>),
    Stored { paper: usize },
    CountSheets { paper: usize },
    Special { paper: usize },
    Pdf { paper: usize, choice: Choice },
    Scan { paper: usize, job: Option<Uuid> },
    Check { paper: usize },
    Review,
}

/// An answer that was read on a paper or on the owner's card.
pub(crate) struct Proposal<'a> {
    /// The card's as it stands there: what it is today, and which of several, the person says.
    pub(crate) value: Private,
    /// One of [`Question::read_from`].
    pub(crate) source: &'a str,
    pub(crate) paper: Text,
}

impl Proposal<'_> {
    /// Whether the answer is what was read.
    fn is(&self, stored: &str) -> bool {
        match self.source == ON_CARD {
            true => address::today(self.value.reveal()).iter().any(|address| address.written() == stored),
            false => self.value.reveal() == stored,
        }
    }
}

impl Filing {
    pub(crate) fn begin(draft: Draft, procedure: Procedure, cx: &mut Cx) -> Self {
        let mut filing = Self { procedure, draft, page: Page::Papers, changing: false, rescan: None, asked: Asked::default() };
        filing.follow_choice();
        filing.page = filing.after_person();
        filing.save(cx);
        filing.ask_hub(cx);
        filing
    }

    /// An unfinished filing goes on where it stopped, under today's catalogue.
    pub(crate) fn resume(draft: Draft, procedure: Procedure, cx: &mut Cx) -> Self {
        let mut filing = Self { procedure, draft, page: Page::Papers, changing: false, rescan: None, asked: Asked::default() };
        filing.draft.catalogue_version = cx.catalogue.version;
        filing.draft.language = *cx.language;
        filing.follow_choice();
        let gone = filing.drop_what_the_catalogue_lost();
        filing.page = filing.first_open();
        filing.save(cx);
        filing.drop_pages(gone, cx);
        filing.ask_hub(cx);
        filing
    }

    pub(crate) fn action(mut self: Box<Self>, action: Action, cx: &mut Cx) -> State {
        match (&self.page, action) {
            (Page::Person, Action::ConfirmPerson { correct }) => {
                self.draft.applicant.confirmed = correct;
                self.page = self.after_person();
                self.save(cx);
            }
            (Page::ForWhom, Action::FileFor { whom }) => self.file_for(whom, cx),
            (Page::Question { at, .. }, Action::Answer { value }) => self.answer(*at, value, cx),
            (Page::Papers, Action::ScanPaper { paper }) => self.choose_paper(usize::from(paper), cx),
            (Page::Papers, Action::LeavePaper { paper }) => self.leave_paper(paper, cx),
            (Page::Papers, Action::PapersDone) => self.papers_done(cx),
            (Page::Missing, Action::KeepForLater) => self.keep_for_later(cx),
            (Page::Stored { paper }, Action::UseStored) => self.use_stored(*paper, cx),
            (Page::Stored { paper }, Action::DisputeStored) => self.dispute_stored(*paper, cx),
            (Page::CountSheets { paper }, Action::DeclareSheets { sheets }) => self.declare(*paper, sheets, cx),
            (Page::CountSheets { paper }, Action::CannotScan) => self.page = Page::Special { paper: *paper },
            (Page::CountSheets { paper }, Action::HavePdf) => self.choose_pdf(*paper, cx),
            (Page::Pdf { .. }, Action::TakePdf { file }) => self.take_pdf(file, cx),
            (Page::Special { paper }, Action::BringToDesk { special }) => self.bring_to_desk(*paper, special, cx),
            (Page::Scan { paper, job: None }, Action::StartScan) => self.start_scan(*paper, cx),
            (Page::Scan { job: Some(job), .. }, Action::CancelScan) => cx.emit(Effect::CancelScan { job: *job }),
            (Page::Check { paper }, Action::AcceptPages) => self.accept_pages(*paper, cx),
            (Page::Check { paper }, Action::ScanMore) => self.page = Page::Scan { paper: *paper, job: None },
            (Page::Check { paper }, Action::ScanAgain) => self.scan_again(*paper, cx),
            (Page::Check { paper }, Action::RescanPage { page }) => self.rescan_page(*paper, page, cx),
            (Page::Check { paper }, Action::ScanWithoutNote { page }) => self.scan_without_note(*paper, page),
            (Page::Review, Action::Change { target }) => self.change(target, cx),
            (Page::Review, Action::Submit) => {
                cx.emit(Effect::Submit(Box::new(self.submission())));
                return State::Submitting(self);
            }
            (_, Action::Back) => self.back(cx),
            (_, _) => {}
        }
        self.ask_hub(cx);
        State::Filing(self)
    }

    pub(crate) fn page_stored(mut self: Box<Self>, job: Uuid, image: Image, cx: &mut Cx) -> Box<Self> {
        let awaited = matches!(self.page, Page::Scan { job: Some(current), .. } if current == job) && !self.has_page(image.image.id);
        let Some(document) = self.draft.scanning.as_mut().filter(|_| awaited) else {
            self.refuse_page(image.image.id, cx);
            return self;
        };
        let id = image.image.id;
        let Some(rescan) = &mut self.rescan else {
            document.pages.push(image);
            self.save(cx);
            return self;
        };
        match rescan.take(document, image) {
            Taken::Kept { old } => {
                self.save(cx);
                self.drop_pages(Vec::from_iter(old), cx);
            }
            Taken::OtherSide => self.refuse_page(id, cx),
            Taken::TooMany => {
                self.refuse_page(id, cx);
                cx.emit(Effect::CancelScan { job });
            }
        }
        self
    }

    /// Kept with the next change: a restart before it only means that a question is asked without an answer filled in.
    pub(crate) fn page_read(mut self: Box<Self>, page: Uuid, fields: Vec<FieldRead>) -> Box<Self> {
        if !fields.is_empty() && self.has_page(page) && !self.draft.read.iter().any(|read| read.page == page) {
            self.draft.read.push(PageFields { page, fields });
        }
        self
    }

    /// What a paper or the card says of a question. Only the person makes an answer of it.
    pub(crate) fn proposal<'a>(&'a self, question: &'a Question, today: Date) -> Option<Proposal<'a>> {
        question.read_from.iter().find_map(|source| {
            if source == ON_CARD {
                return Some(Proposal { value: self.address_on_card()?, source, paper: Text::new("thẻ", "the card") });
            }
            self.draft.documents.iter().find_map(|document| {
                let on_it = |read: &&PageFields| document.pages.iter().any(|page| page.image.id == read.page);
                let read = self.draft.read.iter().filter(on_it).flat_map(|read| &read.fields).find(|field| field.field == *source)?;
                let value = Private::new(question.answer_from(read.value.reveal(), today)?);
                Some(Proposal { value, source, paper: document.name.clone() })
            })
        })
    }

    /// A page that came too late must not stay on the disk; one that the draft holds must not go.
    pub(crate) fn refuse_page(&self, id: Uuid, cx: &mut Cx) {
        if !self.has_page(id) {
            self.drop_pages(vec![id], cx);
        }
    }

    pub(crate) fn scan_ended(mut self: Box<Self>, job: Uuid, fault: Option<Fault>, cx: &mut Cx) -> Box<Self> {
        let Page::Scan { paper, job: Some(current) } = self.page else { return self };
        if current != job {
            return self;
        }
        self.page = Page::Scan { paper, job: None };
        match fault {
            Some(fault) => cx.show(fault, true),
            None => self.check_if_any(),
        }
        self
    }

    pub(crate) fn fault_dismissed(mut self: Box<Self>) -> Box<Self> {
        self.check_if_any();
        self
    }

    pub(crate) fn language_changed(mut self: Box<Self>, cx: &mut Cx) -> Box<Self> {
        self.draft.language = *cx.language;
        self.save(cx);
        self
    }

    pub(crate) fn cancel_scan(&self) -> Option<Effect> {
        match self.page {
            Page::Scan { job: Some(job), .. } => Some(Effect::CancelScan { job }),
            Page::Scan { job: None, .. }
            | Page::Person
            | Page::ForWhom
            | Page::Question { .. }
            | Page::Papers
            | Page::Missing
            | Page::Kept(_)
            | Page::Stored { .. }
            | Page::CountSheets { .. }
            | Page::Special { .. }
            | Page::Pdf { .. }
            | Page::Check { .. }
            | Page::Review => None,
        }
    }

    pub(crate) fn can_back(&self) -> bool {
        match self.page {
            Page::Person | Page::Kept(_) | Page::Scan { job: Some(_), .. } => false,
            Page::ForWhom => !self.half_changed(),
            Page::Papers => !self.is_first(),
            Page::Scan { job: None, .. }
            | Page::Missing
            | Page::Stored { .. }
            | Page::Question { .. }
            | Page::CountSheets { .. }
            | Page::Special { .. }
            | Page::Pdf { .. }
            | Page::Check { .. }
            | Page::Review => true,
        }
    }

    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        match self.page {
            Page::Person | Page::ForWhom | Page::Missing | Page::Stored { .. } | Page::Review => Patience::Seconds(visit.reading_s),
            Page::Kept(_) => Patience::Seconds(visit.waiting_s),
            Page::Question { .. } => Patience::Seconds(visit.typing_s),
            Page::Scan { job: Some(_), .. } => Patience::Busy(visit.scanning_s),
            Page::Scan { job: None, .. }
            | Page::Papers
            | Page::CountSheets { .. }
            | Page::Special { .. }
            | Page::Pdf { .. }
            | Page::Check { .. } => Patience::Seconds(visit.scanning_s),
        }
    }

    pub(crate) fn part(&self) -> usize {
        match &self.page {
            Page::Person | Page::ForWhom | Page::Papers | Page::Missing | Page::Kept(_) | Page::Review => 0,
            Page::Question { at, .. } => *at,
            Page::Pdf { choice, .. } => choice.part(),
            Page::Stored { paper } | Page::CountSheets { paper } | Page::Special { paper } | Page::Check { paper } => *paper,
            // "Bắt đầu" and "Dừng" stand at the same place: a double tap must not stop the scanner.
            Page::Scan { paper, job } => paper * 2 + usize::from(job.is_some()),
        }
    }

    pub(crate) fn waits_for_pdf(&self) -> bool {
        matches!(self.page, Page::Pdf { .. })
    }

    pub(crate) fn answer_to(&self, question: &str) -> Option<&Private> {
        self.draft.answers.iter().find(|a| a.question == question).map(|a| &a.value)
    }

    pub(crate) fn document_of(&self, component: &str) -> Option<&Document> {
        self.draft.documents.iter().find(|d| d.component == component)
    }

    pub(crate) fn is_left(&self, paper: usize) -> bool {
        self.draft.left.iter().any(|left| usize::from(*left) == paper)
    }

    pub(crate) fn has_page(&self, id: Uuid) -> bool {
        self.draft.documents.iter().chain(&self.draft.scanning).flat_map(Document::files).any(|file| file.id == id)
    }

    fn after_person(&self) -> Page {
        if self.asks_for_whom() { Page::ForWhom } else { self.after_for_whom() }
    }

    /// Who the owner is comes before everything else.
    pub(crate) fn after_for_whom(&self) -> Page {
        let of_other = self.questions_of_other();
        if let Some(at) = of_other.iter().position(|question| self.answer_to(&question.id).is_none()) {
            return Page::Question { at, refused: None };
        }
        match self.procedure.papers_first() || self.procedure.questions.is_empty() {
            true => Page::Papers,
            false => Page::Question { at: of_other.len(), refused: None },
        }
    }

    pub(crate) fn first_unanswered(&self) -> Option<Page> {
        let at = self.procedure.questions.iter().position(|q| self.answer_to(&q.id).is_none())?;
        Some(Page::Question { at, refused: None })
    }

    fn last_question(&self) -> Option<Page> {
        Some(Page::Question { at: self.procedure.questions.len().checked_sub(1)?, refused: None })
    }

    fn first_open(&self) -> Page {
        if self.asks_for_whom() && self.draft.for_whom.is_none() {
            return Page::ForWhom;
        }
        let scanning = self.draft.scanning.as_ref();
        if let Some(paper) = scanning.and_then(|d| self.procedure.components.iter().position(|c| c.code == d.component)) {
            return match scanning.is_some_and(|d| !d.pages.is_empty()) {
                true => Page::Check { paper },
                false => Page::Scan { paper, job: None },
            };
        }
        let questions_can_wait = self.procedure.papers_first() && self.papers_without_pages().iter().any(|(_, required)| *required);
        self.first_unanswered().filter(|_| !questions_can_wait).unwrap_or(Page::Papers)
    }

    pub(crate) fn drop_what_the_catalogue_lost(&mut self) -> Vec<Uuid> {
        let Self { procedure, draft, .. } = self;
        let known = |component: &str| procedure.components.iter().any(|c| c.code == component && c.is_scanned());
        draft.answers.retain(|a| procedure.questions.iter().any(|q| q.id == a.question));
        draft.left.retain(|left| procedure.components.get(usize::from(*left)).is_some_and(|c| !c.required));
        let mut gone: Vec<Document> = draft.documents.extract_if(.., |d| !known(&d.component)).collect();
        gone.extend(draft.scanning.take_if(|d| !known(&d.component)));
        image_ids(&gone)
    }

    fn answer(&mut self, at: usize, value: Private, cx: &mut Cx) {
        let Some(question) = self.procedure.questions.get(at) else { return };
        let checked = question.check(value.reveal(), today(cx.at.wall));
        let checked = checked.and_then(|stored| self.refused_of_other(&question.id, &stored, cx).map_or(Ok(stored), Err));
        match checked {
            Err(advice) => self.page = Page::Question { at, refused: Some((value, advice)) },
            Ok(stored) => {
                let read = self.proposal(question, today(cx.at.wall)).filter(|read| read.is(&stored));
                let read_from = read.map(|read| read.source.to_owned());
                let answer = Answer { question: question.id.clone(), value: Private::new(stored), read_from };
                let question = answer.question.clone();
                self.keep_answer(answer);
                self.follow_answer(&question, cx);
                self.page = if self.changing { self.next_open() } else { self.after_question(at) };
                self.save(cx);
            }
        }
    }

    pub(crate) fn keep_answer(&mut self, answer: Answer) {
        match self.draft.answers.iter_mut().find(|a| a.question == answer.question) {
            Some(present) => *present = answer,
            None => self.draft.answers.push(answer),
        }
        let order = |a: &Answer| self.procedure.questions.iter().position(|q| q.id == a.question);
        self.draft.answers.sort_by_key(order);
    }

    /// Where papers answer questions they come between those about the other one and the rest.
    pub(crate) fn after_question(&mut self, at: usize) -> Page {
        let last_of_other = at + 1 == self.questions_of_other().len();
        let papers_wait = self.procedure.papers_first() && self.papers_without_pages().iter().any(|(_, required)| *required);
        match at + 1 < self.procedure.questions.len() {
            _ if last_of_other && papers_wait => Page::Papers,
            true => Page::Question { at: at + 1, refused: None },
            false if self.procedure.papers_first() => self.review(),
            false => Page::Papers,
        }
    }

    /// Half-scanned pages of another paper are dropped: one paper is scanned at a time.
    fn choose_paper(&mut self, paper: usize, cx: &mut Cx) {
        let Some(component) = self.procedure.components.get(paper).filter(|c| c.is_scanned()) else { return };
        let gone = self.draft.scanning.take_if(|d| d.component != component.code);
        self.page = if self.offers_stored(component) { Page::Stored { paper } } else { Page::CountSheets { paper } };
        self.drop_document(gone, cx);
    }

    fn leave_paper(&mut self, paper: u8, cx: &mut Cx) {
        let Some(component) = self.procedure.components.get(usize::from(paper)).filter(|c| c.is_scanned()) else { return };
        if self.is_required(paper.into()) {
            self.page = Page::Missing;
        }
        if self.is_required(paper.into()) || self.is_left(paper.into()) {
            return;
        }
        let mut gone: Vec<Document> = self.draft.documents.extract_if(.., |d| d.component == component.code).collect();
        gone.extend(self.draft.scanning.take_if(|d| d.component == component.code));
        self.draft.left.push(paper);
        self.save(cx);
        self.drop_pages(image_ids(&gone), cx);
    }

    /// Going on says of an optional paper that was not touched: without it.
    fn papers_done(&mut self, cx: &mut Cx) {
        if !self.lacking().is_empty() {
            self.page = Page::Missing;
            return;
        }
        let missing = self.papers_without_pages();
        self.draft.left = missing.iter().filter_map(|(paper, _)| u8::try_from(*paper).ok()).collect();
        // Where questions were asked before the papers, none is left.
        self.page = match self.first_unanswered() {
            Some(question) => question,
            None => self.review(),
        };
        let gone = self.draft.scanning.take();
        self.save(cx);
        self.drop_pages(image_ids(gone.as_slice()), cx);
    }

    /// Place of each that is to be scanned, and whether it is required.
    pub(crate) fn papers_without_pages(&self) -> Vec<(usize, bool)> {
        let papers = self.procedure.components.iter().enumerate();
        papers.filter(|(_, c)| c.is_scanned() && self.document_of(&c.code).is_none()).map(|(i, _)| (i, self.is_required(i))).collect()
    }

    fn declare(&mut self, paper: usize, sheets: u16, cx: &mut Cx) {
        let Some(component) = self.procedure.components.get(paper) else { return };
        if sheets == 0 || sheets > cx.settings.max_sheets {
            return;
        }
        match &mut self.draft.scanning {
            Some(document) => document.sheets = sheets,
            None => {
                self.draft.scanning = Some(empty_document(component, sheets, Origin::Scanned, cx));
            }
        }
        self.page = Page::Scan { paper, job: None };
        self.check_if_any();
        self.save(cx);
    }

    fn start_scan(&mut self, paper: usize, cx: &mut Cx) {
        let Some(document) = &self.draft.scanning else { return };
        let sides = document.pages.len() - without_note(document);
        let done = u16::try_from(sides / usize::from(cx.settings.sides.max(1))).unwrap_or(u16::MAX);
        let sheets = if self.rescan.is_some() { 1 } else { document.sheets.saturating_sub(done).max(1) };
        let again = |page: Uuid| self.rescan.as_ref().is_some_and(|rescan| rescan.concerns(document, page));
        let beside = document.pages.iter().map(|page| page.image.id).filter(|page| !again(*page)).collect();
        let job = cx.at.fresh;
        cx.emit(Effect::StartScan { job, dossier: self.draft.id, sheets, beside });
        self.rescan.iter_mut().for_each(Rescan::begin);
        self.page = Page::Scan { paper, job: Some(job) };
    }

    /// The old page goes only when the new one is there: whatever stops the scan, nothing is lost.
    fn rescan_page(&mut self, paper: usize, page: Uuid, cx: &mut Cx) {
        self.rescan = self.draft.scanning.as_ref().and_then(|document| Rescan::of(document, page));
        if self.rescan.is_some() {
            self.start_scan(paper, cx);
        }
    }

    /// The person takes the note off first: nothing moves before "Bắt đầu quét".
    fn scan_without_note(&mut self, paper: usize, page: Uuid) {
        self.rescan = self.draft.scanning.as_ref().and_then(|document| Rescan::without_note(document, page));
        if self.rescan.is_some() {
            self.page = Page::Scan { paper, job: None };
        }
    }

    fn accept_pages(&mut self, paper: usize, cx: &mut Cx) {
        let Some(mut document) = self.draft.scanning.take_if(|d| !d.pages.is_empty()) else { return };
        document.count_differs = document.pages.len() != usize::from(expected_pages(&document, cx.settings.sides));
        self.put_paper(paper, document, cx);
    }

    /// In place of what was done with the paper before; pages of it that are left go.
    pub(crate) fn put_paper(&mut self, paper: usize, document: Document, cx: &mut Cx) {
        let mut before: Vec<Document> = self.draft.documents.extract_if(.., |d| d.component == document.component).collect();
        before.extend(self.draft.scanning.take_if(|d| d.component == document.component));
        self.draft.documents.push(document);
        self.draft.left.retain(|left| usize::from(*left) != paper);
        let order = |d: &Document| self.procedure.components.iter().position(|c| c.code == d.component);
        self.draft.documents.sort_by_key(order);
        self.page = if self.changing { self.review() } else { Page::Papers };
        self.save(cx);
        self.drop_pages(image_ids(&before), cx);
    }

    fn scan_again(&mut self, paper: usize, cx: &mut Cx) {
        let Some(document) = &mut self.draft.scanning else { return };
        let gone = std::mem::take(&mut document.pages);
        self.page = Page::Scan { paper, job: None };
        self.save(cx);
        self.drop_pages(gone.iter().map(|p| p.image.id).collect(), cx);
    }

    fn change(&mut self, target: ChangeTarget, cx: &mut Cx) {
        match target {
            ChangeTarget::Question(at) if usize::from(at) < self.procedure.questions.len() => {
                self.changing = true;
                self.page = Page::Question { at: at.into(), refused: None };
            }
            ChangeTarget::Paper(paper) if self.procedure.components.get(usize::from(paper)).is_some_and(Component::is_scanned) => {
                self.changing = true;
                self.choose_paper(paper.into(), cx);
            }
            ChangeTarget::ForWhom if self.asks_for_whom() => {
                self.changing = true;
                self.page = Page::ForWhom;
            }
            ChangeTarget::ForWhom | ChangeTarget::Question(_) | ChangeTarget::Paper(_) => {}
        }
    }

    fn back(&mut self, cx: &mut Cx) {
        let papers_first = self.procedure.papers_first();
        let of_other = self.questions_of_other().len();
        let before_questions = if self.asks_for_whom() { Page::ForWhom } else { Page::Person };
        let question = |at: usize| Page::Question { at, refused: None };
        self.page = match self.page {
            // Nothing leads back from there: it is kept.
            Page::Kept(_) => return,
            Page::ForWhom | Page::Question { at: 0, .. } if self.half_changed() => Page::ForWhom,
            Page::Question { at, .. } if self.half_changed() => question(at - 1),
            Page::ForWhom | Page::Question { .. } | Page::Stored { .. } | Page::CountSheets { .. } if self.changing => {
                let gone = self.draft.scanning.take();
                self.drop_document(gone, cx);
                self.review()
            }
            Page::ForWhom => Page::Person,
            Page::Question { at, .. } if papers_first && at == of_other => Page::Papers,
            Page::Question { at: 0, .. } => before_questions,
            Page::Question { at, .. } => question(at - 1),
            Page::Papers if self.is_first() => Page::Papers,
            Page::Papers if papers_first => of_other.checked_sub(1).map_or(before_questions, question),
            Page::Papers => self.last_question().unwrap_or(before_questions),
            Page::Review if papers_first => self.last_question().unwrap_or(Page::Papers),
            Page::Missing | Page::Stored { .. } | Page::CountSheets { .. } | Page::Review => Page::Papers,
            Page::Scan { paper, job: None } if self.scanned_pages() > 0 => {
                self.rescan = None;
                Page::Check { paper }
            }
            Page::Scan { paper, job: None } | Page::Check { paper } | Page::Special { paper } | Page::Pdf { paper, .. } => {
                Page::CountSheets { paper }
            }
            Page::Person => Page::Person,
            Page::Scan { paper, job: Some(job) } => Page::Scan { paper, job: Some(job) },
        };
    }

    /// Another choice on C04 is finished before C12 can be right.
    fn half_changed(&self) -> bool {
        self.changing && self.first_unanswered().is_some()
    }

    /// Pages that are there must be looked at before anything else.
    fn check_if_any(&mut self) {
        if let Page::Scan { paper, job: None } = self.page
            && self.scanned_pages() > 0
        {
            self.rescan = None;
            self.page = Page::Check { paper };
        }
    }

    pub(crate) fn review(&mut self) -> Page {
        self.changing = false;
        Page::Review
    }

    fn scanned_pages(&self) -> usize {
        self.draft.scanning.as_ref().map_or(0, |d| d.pages.len())
    }

    pub(crate) fn save(&mut self, cx: &mut Cx) {
        let mut read = std::mem::take(&mut self.draft.read);
        read.retain(|read| self.has_page(read.page));
        self.draft.read = read;
        self.draft.saved = cx.at.wall;
        cx.emit(Effect::SaveDraft(self.draft.clone()));
    }

    fn drop_document(&mut self, gone: Option<Document>, cx: &mut Cx) {
        if gone.is_some() {
            self.save(cx);
            self.drop_pages(image_ids(gone.as_slice()), cx);
        }
    }

    /// After the save that no longer names them: a power cut in between leaves nothing dangling.
    pub(crate) fn drop_pages(&self, pages: Vec<Uuid>, cx: &mut Cx) {
        if !pages.is_empty() {
            cx.emit(Effect::DropPages { dossier: self.draft.id, pages });
        }
    }
}

/// Both sides of every sheet are scanned where the scanner can (R46), and a side that bears a note once more (R49).
pub(crate) fn expected_pages(document: &Document, sides: u16) -> u16 {
    let extra = u16::try_from(without_note(document)).unwrap_or(u16::MAX);
    document.sheets.saturating_mul(sides).saturating_add(extra)
}

/// Pictures that show a side once more.
fn without_note(document: &Document) -> usize {
    document.pages.iter().filter(|page| page.without_note).count()
}

/// A filing before its first answer.
pub(crate) fn fresh_draft(applicant: Applicant, procedure: &Procedure, cx: &Cx) -> Draft {
    Draft {
        id: cx.at.fresh,
        language: *cx.language,
        procedure: procedure.code.clone(),
        catalogue_version: cx.catalogue.version,
        applicant,
        for_whom: None,
        other: None,
        technical_id: None,
        disputed: Vec::new(),
        answers: Vec::new(),
        documents: Vec::new(),
        scanning: None,
        left: Vec::new(),
        read: Vec::new(),
        adds_to: None,
        saved: cx.at.wall,
    }
}

/// A paper before its first page, or one that gets none.
pub(crate) fn empty_document(component: &Component, sheets: u16, origin: Origin, cx: &Cx) -> Document {
    let (id, component, name) = (cx.at.fresh, component.code.clone(), component.name.clone());
    Document { id, component, name, sheets, pages: Vec::new(), count_differs: false, origin }
}

/// Vietnam has one zone without daylight saving time: no zone table is needed.
pub(crate) fn today(wall: Timestamp) -> Date {
    Offset::constant(7).to_datetime(wall).date()
}

pub(crate) fn image_ids(documents: &[Document]) -> Vec<Uuid> {
    documents.iter().flat_map(Document::files).map(|file| file.id).collect()
}
