//! C21: phản ánh, kiến nghị (R16). A path of its own beside the filing: it begins on C01 without a card, knows nobody, and ends with a
//! code of its own. No device is needed for it, and no link.

use crate::{
    Effect, Slip, SlipOf,
    idle::Patience,
    slip::{blank, hear, local_time, print},
    state::{Cx, State},
};
use motcua_model::{
    Private, Text,
    api::{Action, Health, OpinionPage, PrintState},
    code::OpinionCode,
    config::Visit,
    opinion::{self, Topic, Written},
};
use uuid::Uuid;

/// How far the person is.
pub(crate) enum Opinion {
    Writing(Sheet),
    /// Being made durable: nothing can change any more.
    Storing {
        id: Uuid,
        sheet: Sheet,
    },
    /// Durable. Nothing of what was written is kept.
    Given {
        slip: Slip,
        printing: PrintState,
    },
}

/// What is written so far; an empty telephone number means that no answer is wanted.
pub(crate) struct Sheet {
    page: Page,
    topic: Option<Topic>,
    text: Private,
    phone: Private,
    /// Why what was typed last was not taken.
    refused: Option<Text>,
}

/// The pages of the sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    Topics,
    Text,
    Contact,
    Check,
}

impl Opinion {
    pub(crate) fn begin() -> Self {
        let (text, phone) = (Private::default(), Private::default());
        Self::Writing(Sheet { page: Page::Topics, topic: None, text, phone, refused: None })
    }

    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> State {
        let next = match (self, action) {
            (Self::Writing(sheet), Action::Submit) if sheet.page == Page::Check => sheet.send(cx),
            (Self::Writing(sheet), action) => Self::Writing(sheet.action(action, cx)),
            (kept, _) => kept,
        };
        State::Opinion(Box::new(next))
    }

    pub(crate) fn stored(self, stored: Uuid, code: &OpinionCode, cx: &mut Cx) -> Self {
        match self {
            Self::Storing { id, sheet } if id == stored => {
                let slip = slip(id, code, sheet.topic, cx);
                let printing = print(&slip, cx);
                Self::Given { slip, printing }
            }
            Self::Writing(_) | Self::Storing { .. } | Self::Given { .. } => self,
        }
    }

    /// Nothing was confirmed: the person may try once more.
    pub(crate) fn not_stored(self, failed: Uuid, cx: &mut Cx) -> Self {
        match self {
            Self::Storing { id, sheet } if id == failed => {
                cx.show(motcua_model::fault::Fault::StoreFailed, false);
                Self::Writing(sheet)
            }
            Self::Writing(_) | Self::Storing { .. } | Self::Given { .. } => self,
        }
    }

    pub(crate) fn printing(mut self, job: Uuid, state: PrintState) -> Self {
        if let Self::Given { slip, printing } = &mut self {
            hear(printing, slip.job, job, state);
        }
        self
    }

    /// The slip of one person must not come out in front of the next.
    pub(crate) fn end(&self) -> Vec<Effect> {
        match self {
            Self::Given { slip, .. } => vec![Effect::DropPrint { job: slip.job }],
            Self::Writing(_) | Self::Storing { .. } => Vec::new(),
        }
    }

    pub(crate) fn can_end(&self) -> bool {
        !matches!(self, Self::Storing { .. })
    }

    pub(crate) fn can_back(&self) -> bool {
        matches!(self, Self::Writing(sheet) if sheet.page != Page::Topics)
    }

    /// Whoever has chosen a topic may have typed words already.
    pub(crate) fn would_lose(&self) -> bool {
        matches!(self, Self::Writing(sheet) if sheet.page != Page::Topics)
    }

    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        match self {
            Self::Writing(Sheet { page: Page::Topics | Page::Check, .. }) => Patience::Seconds(visit.reading_s),
            Self::Writing(Sheet { page: Page::Text | Page::Contact, .. }) => Patience::Seconds(visit.typing_s),
            Self::Storing { .. } => Patience::Busy(visit.waiting_s),
            Self::Given { .. } => Patience::Seconds(visit.waiting_s),
        }
    }

    /// A page that says what is wrong, or is being sent, is another picture.
    pub(crate) fn part(&self) -> usize {
        match self {
            Self::Writing(sheet) => usize::from(sheet.refused.is_some()),
            Self::Storing { .. } => 2,
            Self::Given { .. } => 0,
        }
    }

    pub(crate) fn screen(&self, topics: &[Topic], health: &Health) -> OpinionPage {
        match self {
            Self::Writing(sheet) => sheet.screen(topics, false),
            Self::Storing { sheet, .. } => sheet.screen(topics, true),
            Self::Given { slip, printing } => {
                OpinionPage::Given { code: slip.code.clone(), offline: health.hub.is_down(), printing: *printing }
            }
        }
    }
}

impl Sheet {
    fn action(self, action: Action, cx: &mut Cx) -> Self {
        match (self.page, action) {
            (Page::Topics, Action::ChooseTopic { topic }) => match cx.settings.topics.get(usize::from(topic)) {
                Some(topic) => Self { topic: Some(topic.clone()), page: Page::Text, ..self },
                None => self,
            },
            (Page::Text, Action::WriteOpinion { text }) => match opinion::check_text(text.reveal()) {
                Ok(checked) => Self { text: Private::new(checked), page: Page::Contact, refused: None, ..self },
                Err(advice) => Self { text, refused: Some(advice), ..self },
            },
            (Page::Contact, Action::LeaveContact { phone: None }) => {
                Self { phone: Private::default(), page: Page::Check, refused: None, ..self }
            }
            (Page::Contact, Action::LeaveContact { phone: Some(phone) }) => match opinion::check_phone(phone.reveal()) {
                Ok(checked) => Self { phone: Private::new(checked), page: Page::Check, refused: None, ..self },
                Err(advice) => Self { phone, refused: Some(advice), ..self },
            },
            (Page::Text, Action::Back) => Self { page: Page::Topics, refused: None, ..self },
            (Page::Contact, Action::Back) => Self { page: Page::Text, refused: None, ..self },
            (Page::Check, Action::Back) => Self { page: Page::Contact, ..self },
            (_, _) => self,
        }
    }

    fn send(self, cx: &mut Cx) -> Opinion {
        let Some(topic) = self.topic.clone() else { return Opinion::Writing(self) };
        let id = cx.at.fresh;
        cx.emit(Effect::StoreOpinion(Box::new(Written {
            id,
            topic,
            text: self.text.clone(),
            phone: self.wanted_answer(),
            language: *cx.language,
        })));
        Opinion::Storing { id, sheet: self }
    }

    fn wanted_answer(&self) -> Option<Private> {
        (!self.phone.reveal().is_empty()).then(|| self.phone.clone())
    }

    fn screen(&self, topics: &[Topic], storing: bool) -> OpinionPage {
        let topic = || self.topic.as_ref().map_or_else(|| Text::new("", ""), |topic| topic.name.clone());
        match self.page {
            Page::Topics => OpinionPage::Topics { topics: topics.iter().map(|topic| topic.name.clone()).collect() },
            Page::Text => OpinionPage::Text { topic: topic(), text: self.text.clone(), error: self.refused.clone() },
            Page::Contact => OpinionPage::Contact { phone: self.phone.clone(), error: self.refused.clone() },
            Page::Check => OpinionPage::Check { topic: topic(), text: self.text.clone(), phone: self.wanted_answer(), storing },
        }
    }
}

/// Small, and without a word of what was written: slips get lost.
fn slip(job: Uuid, code: &OpinionCode, topic: Option<Topic>, cx: &Cx) -> Slip {
    let mut rows = vec![(Text::new("Gửi lúc", "Sent"), Text::same(&local_time(cx.at.wall)))];
    rows.extend(topic.map(|topic| (Text::new("Về việc", "About"), topic.name)));
    Slip {
        code: code.as_str().to_owned(),
        qr: code.as_str().to_owned(),
        rows,
        note: Text::new(
            "Góp ý không ảnh hưởng đến hồ sơ. Muốn hỏi lại thì đọc mã này.",
            "Your comment does not affect your file. Quote this code to ask about it.",
        ),
        ..blank(job, SlipOf::Opinion, Text::new("PHIẾU GÓP Ý", "YOUR COMMENT"), cx)
    }
}
