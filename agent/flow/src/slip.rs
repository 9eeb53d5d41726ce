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
    dong,
    dossier::{Document, Dossier, Origin},
    supplement::AddsTo,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the proof of a filing says, kept to be printed again. It holds no word of the person; the fee changes and is written anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptProof {
    /// Headline.
    pub title: Text,
    /// The code in large letters, which the QR opens as well.
    pub code: String,
    /// Label and value of each line.
    pub rows: Vec<(Text, Text)>,
    /// What to do with it, at the bottom.
    pub note: Text,
}

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
        let proof = proof(code, rows(&procedure.name, time_limit, &draft.documents, cx.at.wall), adds);
        let of = (procedure.code, procedure.name, procedure.fee_vnd);
        let time_limit = time_limit.cloned();
        Self::issue(draft.id, proof, time_limit, of, cx)
    }

    /// The slip of this dossier was not printed during the visit, or only in part.
    pub(crate) fn of_dossier(dossier: &Dossier, cx: &mut Cx) -> Self {
        let adds = dossier.particulars.adds_to.as_deref();
        let filed = adds.map(|adds| adds.filing(cx.catalogue));
        let procedure = filed.as_ref().or_else(|| cx.catalogue.procedure(&dossier.procedure));
        let time_limit = procedure.map_or_else(time_limit_unknown, time_limit_of);
        let fee_vnd = procedure.map_or(0, |procedure| procedure.fee_vnd);
        let told = Some(&time_limit).filter(|_| adds.is_none());
        let proof = proof(&dossier.code, rows(&dossier.procedure_name, told, &dossier.documents, dossier.submitted), adds);
        let of = (dossier.procedure.clone(), dossier.procedure_name.clone(), fee_vnd);
        let time_limit = told.cloned();
        Self::issue(dossier.id, proof, time_limit, of, cx)
    }

    fn issue(dossier: Uuid, proof: KeptProof, time_limit: Option<Text>, of: (String, Text, u32), cx: &mut Cx) -> Self {
        let fee_vnd = of.2;
        cx.emit(Effect::KeepProof { dossier, proof: Box::new(proof.clone()), fee_vnd });
        let slip = proof_slip(proof, dossier, SlipOf::Dossier, (fee_vnd > 0).then(|| not_paid(fee_vnd)), cx);
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
    }
}

/// What the QR of a slip opens.
pub(crate) fn tracking(code: &str, cx: &Cx) -> String {
    cx.settings.tracking_url.replace("{code}", code)
}

fn proof(code: &ProvisionalCode, rows: Vec<(Text, Text)>, adds: Option<&AddsTo>) -> KeptProof {
    let proof = KeptProof {
        title: Text::new("PHIẾU XÁC NHẬN ĐÃ NỘP", "PROOF OF SUBMISSION"),
        code: code.as_str().to_owned(),
        rows,
        note: Text::new(
            "Đây là mã tạm, mã chính thức sẽ có sau. Tra cứu bằng mã này. Giữ phiếu và giấy tờ gốc.",
            "This code is provisional, the official one follows. Use it to ask. Keep this slip and your original papers.",
        ),
    };
    match adds {
        Some(adds) => supplement::proof(proof, adds),
        None => proof,
    }
}

/// The proof on paper, now or again.
pub(crate) fn proof_slip(proof: KeptProof, job: Uuid, of: SlipOf, fee: Option<(Text, Text)>, cx: &Cx) -> Slip {
    let KeptProof { title, code, mut rows, note } = proof;
    rows.extend(fee);
    Slip { qr: tracking(&code, cx), code, rows, note, ..blank(job, of, title, cx) }
}

/// Nothing can have been paid: the slip comes before C15.
fn not_paid(fee_vnd: u32) -> (Text, Text) {
    let Text { vi, en } = dong(fee_vnd);
    let state = Text::new(format!("{vi}, chưa trả khi in phiếu này"), format!("{en}, not paid when this was printed"));
    (Text::new("Lệ phí", "Fee"), state)
}

/// No name and no number: slips get lost, and the code finds the rest.
fn rows(procedure: &Text, time_limit: Option<&Text>, documents: &[Document], submitted: Timestamp) -> Vec<(Text, Text)> {
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
