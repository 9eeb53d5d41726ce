//! C17: the dossier is safe, the slip is printed. From here on nothing about the person is kept.

use crate::{
    Effect, EndReason, Slip, SlipOf,
    fee::{self, Fee},
    filing::Filing,
    officer::Officer,
    rating::Farewell,
    state::{Cx, State},
    supplement,
};
use jiff::{Timestamp, tz::Offset};
use motcua_model::{
    Text,
    api::{DeviceState, PrintState, RatingOffer},
    catalogue::Procedure,
    code::ProvisionalCode,
    dossier::{Document, Dossier, Origin},
    supplement::AddsTo,
    thousands,
};
use uuid::Uuid;

/// A slip on its way to the person.
pub(crate) struct Issued {
    pub(crate) slip: Slip,
    pub(crate) printing: PrintState,
    /// Thời hạn giải quyết; none where papers were added to a dossier that was filed before.
    time_limit: Option<Text>,
    /// Mã TTHC, its name, lệ phí in đồng.
    of: (String, Text, u32),
}

impl Issued {
    pub(crate) fn of_filing(filing: Filing, code: &ProvisionalCode, cx: &mut Cx) -> Self {
        let Filing { procedure, draft, .. } = filing;
        let adds = draft.adds_to.as_deref();
        let time_limit = Some(&procedure.time_limit).filter(|_| adds.is_none());
        let rows = rows(&procedure.name, time_limit, procedure.fee_vnd, &draft.documents, cx.at.wall);
        let of = (procedure.code, procedure.name, procedure.fee_vnd);
        let time_limit = time_limit.cloned();
        Self::issue(slip(draft.id, code, rows, adds, cx), time_limit, of, cx)
    }

    /// The slip of this dossier was not printed during the visit, or only in part.
    pub(crate) fn of_dossier(dossier: &Dossier, begun: bool, cx: &mut Cx) -> Self {
        let adds = dossier.particulars.adds_to.as_deref();
        let filed = adds.map(|adds| adds.filing(cx.catalogue));
        let procedure = filed.as_ref().or_else(|| cx.catalogue.procedure(&dossier.procedure));
        let time_limit = procedure.map_or_else(time_limit_unknown, time_limit_of);
        let fee_vnd = procedure.map_or(0, |procedure| procedure.fee_vnd);
        let told = Some(&time_limit).filter(|_| adds.is_none());
        let rows = rows(&dossier.procedure_name, told, fee_vnd, &dossier.documents, dossier.submitted);
        let of = (dossier.procedure.clone(), dossier.procedure_name.clone(), fee_vnd);
        let slip = slip(dossier.id, &dossier.code, rows, adds, cx);
        let time_limit = told.cloned();
        Self::issue(Slip { reprint: begun, ..slip }, time_limit, of, cx)
    }

    fn issue(slip: Slip, time_limit: Option<Text>, of: (String, Text, u32), cx: &mut Cx) -> Self {
        let printing = print(&slip, cx);
        Self { slip, printing, time_limit, of }
    }

    pub(crate) fn printing(mut self: Box<Self>, job: Uuid, state: PrintState) -> Self {
        hear(&mut self.printing, self.slip.job, job, state);
        *self
    }

    pub(crate) fn taken(self: Box<Self>, cx: &mut Cx) -> State {
        cx.emit(Effect::CloseSlip { job: self.slip.job, keep: false });
        let (procedure, name, unpaid_vnd) = self.of;
        let adds = self.time_limit.is_none();
        let farewell = Farewell {
            dossier: self.slip.job,
            code: self.slip.code,
            time_limit: self.time_limit.unwrap_or_else(|| Text::same("")),
            unpaid_vnd,
            unconfirmed: false,
            rating: if cx.health.disk_full { RatingOffer::None } else { RatingOffer::Open },
        };
        if fee::payable(unpaid_vnd, &cx.settings.payment) {
            return State::Fee(Box::new(Fee::begin(farewell, procedure, name)));
        }
        // Of added papers the dossier's own officer speaks later.
        if adds { State::Done(farewell) } else { Officer::or_done(farewell, cx) }
    }

    /// Who went away in silence may only be looking for paper; who pressed "Kết thúc" goes without.
    pub(crate) fn left(&self, reason: EndReason) -> Effect {
        let to_print = matches!(self.printing, PrintState::Printing | PrintState::Waiting(_));
        Effect::CloseSlip { job: self.slip.job, keep: reason == EndReason::Idle && to_print }
    }
}

/// The printer's word about `job`, where it is `own`. What was printed stays printed, whatever the printer says afterwards.
pub(crate) fn hear(shown: &mut PrintState, own: Uuid, job: Uuid, state: PrintState) {
    if job == own && *shown != PrintState::Printed {
        *shown = state;
    }
}

/// A printer that cannot print now prints when it can.
pub(crate) fn print(slip: &Slip, cx: &mut Cx) -> PrintState {
    match cx.health.printer {
        DeviceState::Absent => PrintState::None,
        DeviceState::Lost | DeviceState::NeedsHuman(_) | DeviceState::Ready => {
            cx.emit(Effect::Print(Box::new(slip.clone())));
            PrintState::Printing
        }
    }
}

/// A slip of this visit that says nothing yet.
pub(crate) fn blank(job: Uuid, of: SlipOf, title: Text, cx: &Cx) -> Slip {
    Slip {
        job,
        of,
        language: *cx.language,
        office: cx.settings.office.clone(),
        title,
        code: String::new(),
        qr: String::new(),
        rows: Vec::new(),
        note: Text::same(""),
        at: cx.at.wall,
        reprint: false,
    }
}

/// What the QR of a slip opens.
pub(crate) fn tracking(code: &str, cx: &Cx) -> String {
    cx.settings.tracking_url.replace("{code}", code)
}

fn slip(job: Uuid, code: &ProvisionalCode, rows: Vec<(Text, Text)>, adds: Option<&AddsTo>, cx: &Cx) -> Slip {
    let slip = Slip {
        code: code.as_str().to_owned(),
        qr: tracking(code.as_str(), cx),
        rows,
        note: Text::new(
            "Đây là mã tạm, mã chính thức sẽ có sau. Tra cứu bằng mã này. Giữ phiếu và giấy tờ gốc.",
            "This code is provisional, the official one follows. Use it to ask. Keep this slip and your original papers.",
        ),
        ..blank(job, SlipOf::Dossier, Text::new("PHIẾU XÁC NHẬN ĐÃ NỘP", "PROOF OF SUBMISSION"), cx)
    };
    match adds {
        Some(adds) => supplement::slip(slip, adds, cx),
        None => slip,
    }
}

/// No name and no number: slips get lost, and the code finds the rest.
fn rows(procedure: &Text, time_limit: Option<&Text>, fee_vnd: u32, documents: &[Document], submitted: Timestamp) -> Vec<(Text, Text)> {
    let pages: usize = documents.iter().map(Document::page_count).sum();
    let papers = documents.iter().filter(|d| d.page_count() > 0).count();
    let mut rows = vec![
        (Text::new("Thủ tục", "Procedure"), procedure.clone()),
        (Text::new("Nộp lúc", "Submitted"), Text::same(&local_time(submitted))),
        (
            Text::new("Giấy tờ đã nhận", "Papers received"),
            Text::new(format!("{papers} giấy, {pages} trang"), format!("{papers} papers, {pages} pages")),
        ),
    ];
    let limited =
        |limit: &Text| (Text::new("Thời hạn, tính từ khi cán bộ nhận", "Time limit, from acceptance by an officer"), limit.clone());
    rows.extend(time_limit.map(limited));
    if fee_vnd > 0 {
        let amount = thousands(fee_vnd);
        let state = Text::new(format!("{amount} đồng, chưa trả khi in phiếu này"), format!("{amount} VND, not paid when this was printed"));
        rows.push((Text::new("Lệ phí", "Fee"), state));
    }
    let listed = |label: Text, of: fn(&Document) -> bool| {
        let names: Vec<&Text> = documents.iter().filter(|document| of(document)).map(|document| &document.name).collect();
        let joined = |words: fn(&Text) -> &str| names.iter().map(|name| words(name)).collect::<Vec<_>>().join("; ");
        (!names.is_empty()).then(|| (label, Text::new(joined(|name| &name.vi), joined(|name| &name.en))))
    };
    rows.extend(listed(Text::new("Dùng bản điện tử đã có", "Electronic copies used"), |d| {
        matches!(d.origin, Origin::Stored { .. })
    }));
    // What the person still has to hand over.
    rows.extend(listed(Text::new("Mang đến quầy", "Bring to the desk"), |d| matches!(d.origin, Origin::AtDesk { .. })));
    rows
}

/// By the clock of Viet Nam.
pub(crate) fn local_time(at: Timestamp) -> String {
    Offset::constant(7).to_datetime(at).strftime("%H:%M %d/%m/%Y").to_string()
}

fn time_limit_of(procedure: &Procedure) -> Text {
    procedure.time_limit.clone()
}

fn time_limit_unknown() -> Text {
    Text::new("Hỏi cán bộ", "Ask staff")
}
