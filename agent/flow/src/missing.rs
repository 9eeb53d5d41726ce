//! C03b: what to bring, on paper, before anything is asked. C08c, C08d: a paper that must be there is at home. What is done already is kept for the same card, and a list says what to bring: nobody
//! makes the journey twice for nothing.

use crate::{
    DRAFT_HOURS, Effect, EndReason, Slip, SlipOf,
    filing::{Filing, Page},
    slip::{blank, hear, local_time, print},
    state::Cx,
};
use jiff::{Timestamp, ToSpan as _};
use motcua_model::{
    Text,
    api::PrintState,
    catalogue::{Component, Procedure},
    dong,
};
use uuid::Uuid;

/// The filing waits for its person; the list of what to bring is printed.
pub(crate) struct Kept {
    pub(crate) until: Timestamp,
    slip: Slip,
    pub(crate) printing: PrintState,
}

impl Filing {
    /// Papers that keep it from being submitted. Of those that an officer asked for one is enough.
    pub(crate) fn lacking(&self) -> Vec<usize> {
        let nothing_added = self.draft.adds_to.is_some() && self.draft.documents.is_empty();
        self.papers_without_pages().into_iter().filter(|(_, required)| *required || nothing_added).map(|(paper, _)| paper).collect()
    }

    pub(crate) fn keep_for_later(&mut self, cx: &mut Cx) {
        self.save(cx);
        let until = cx.at.wall.checked_add(DRAFT_HOURS.hours()).unwrap_or(cx.at.wall);
        let slip = self.list(until, cx);
        let printing = print(&slip, cx);
        self.page = Page::Kept(Box::new(Kept { until, slip, printing }));
    }

    pub(crate) fn is_kept(&self) -> bool {
        matches!(self.page, Page::Kept(_))
    }

    pub(crate) fn printing(mut self: Box<Self>, job: Uuid, state: PrintState) -> Box<Self> {
        if let Page::Kept(kept) = &mut self.page {
            hear(&mut kept.printing, kept.slip.job, job, state);
        }
        self
    }

    /// What was not kept goes with the visit.
    pub(crate) fn end(&self, reason: EndReason) -> Vec<Effect> {
        if let Page::Kept(kept) = &self.page {
            return vec![Effect::CloseDraft, Effect::DropPrint { job: kept.slip.job }];
        }
        self.cancel_scan().into_iter().chain([Effect::DropDraft { id: self.draft.id, reason }]).collect()
    }

    fn list(&self, until: Timestamp, cx: &Cx) -> Slip {
        let lacking = self.lacking().into_iter().filter_map(|paper| self.procedure.components.get(paper));
        let mut rows: Vec<_> = lacking.map(|component| (Text::new("Cần mang đến", "To bring"), component.name.clone())).collect();
        rows.push((Text::new("Giữ đến", "Kept until"), Text::same(&local_time(until))));
        let note = Text::new(
            "Hồ sơ chưa nộp. Máy giữ phần đã làm. Quay lại máy này, đặt đúng thẻ đã dùng để làm tiếp.",
            "Not submitted yet. The machine keeps what is done. Come back to it with the same card to go on.",
        );
        to_bring(&self.procedure, rows, note, cx)
    }
}

/// What a procedure needs, for whoever comes back with it or asks at home.
pub(crate) fn papers_of(procedure: &Procedure, cx: &Cx) -> Slip {
    let paper = |component: &Component| {
        let label = match component.required {
            true => Text::new("Cần mang đến", "To bring"),
            false => Text::new("Mang đến nếu có", "To bring if there is one"),
        };
        (label, component.name.clone())
    };
    let mut rows: Vec<_> = procedure.components.iter().map(paper).collect();
    let fee = match procedure.fee_vnd {
        0 => Text::new("Không mất tiền", "Free"),
        vnd => dong(vnd),
    };
    rows.push((Text::new("Lệ phí", "Fee"), fee));
    rows.push((Text::new("Thời gian giải quyết", "Time needed"), procedure.time_limit.clone()));
    to_bring(procedure, rows, Text::new("Mang theo thẻ căn cước và đủ giấy tờ trên đây.", "Bring your ID card and all papers above."), cx)
}

fn to_bring(procedure: &Procedure, mut rows: Vec<(Text, Text)>, note: Text, cx: &Cx) -> Slip {
    rows.insert(0, (Text::new("Thủ tục", "Procedure"), procedure.name.clone()));
    Slip { rows, note, ..blank(cx.at.fresh, SlipOf::ToBring, Text::new("GIẤY TỜ CẦN MANG ĐẾN", "PAPERS TO BRING"), cx) }
}
