//! Bổ sung giấy: from C20d, where an officer asks for papers, into a filing that holds these papers alone (TT 03/2025/TT-VPCP form 02).

use crate::{
    Draft, KeptProof, OwnDossier,
    filing::{Filing, Page, fresh_draft},
    lookup::{LookUp, drop_print},
    state::{Cx, State, missing},
};
use motcua_model::{
    Text,
    api::{Adding, Health, Service},
    dossier::{Applicant, Status},
    hub::News,
    supplement::AddsTo,
};

/// Whether what an officer asks for can be added here and now.
pub(crate) fn offer(own: &OwnDossier, health: &Health) -> Adding {
    if own.known.status != Some(Status::SupplementAsked) || !matches!(own.news, Some(News::Supplement { .. })) {
        return Adding::None;
    }
    match (own.added, missing(Service::File, health)) {
        (Some(at), _) => Adding::Done(at),
        (None, None) if own.procedure_code.is_some() => Adding::Open,
        (None, _) => Adding::AtDesk,
    }
}

/// The papers of this dossier, scanned and sent as those of a filing are. One that a power cut interrupted goes on.
pub(crate) fn begin(look_up: LookUp, cx: &mut Cx) -> State {
    let LookUp::Own { person, mut dossiers, shown: Some(at), printed, asking } = look_up else { return State::LookUp(look_up) };
    let open = dossiers.get(at).is_some_and(|own| offer(own, &cx.health) == Adding::Open);
    let Some(adds) = dossiers.get(at).and_then(adds_to).filter(|_| open) else {
        return State::LookUp(LookUp::Own { person, dossiers, shown: Some(at), printed, asking });
    };
    cx.effects.extend(printed.map(drop_print));
    let begun = dossiers.get_mut(at).and_then(|own| own.begun.take());
    let procedure = adds.filing(cx.catalogue);
    // The chip has proved the person just now: nothing is left to confirm.
    let fresh = || Draft { adds_to: Some(Box::new(adds)), ..fresh_draft(Applicant { confirmed: true, ..person }, &procedure, cx) };
    let draft = begun.map_or_else(fresh, |begun| *begun);
    State::Filing(Box::new(Filing::resume(draft, procedure, cx)))
}

fn adds_to(own: &OwnDossier) -> Option<AddsTo> {
    let (Some(News::Supplement { official_code, items, .. }), Some(procedure)) = (&own.news, &own.procedure_code) else { return None };
    Some(AddsTo::new(own.id, official_code, (procedure, &own.procedure), own.request, items))
}

impl Filing {
    /// Of several papers that an officer asked for, none is required by itself.
    pub(crate) fn is_required(&self, paper: usize) -> bool {
        let only_one = self.draft.adds_to.is_some() && self.procedure.components.len() == 1;
        self.procedure.components.get(paper).is_some_and(|component| component.required || only_one)
    }

    /// The first page of a filing of added papers: behind it lies the look-up, which is closed.
    pub(crate) fn is_first(&self) -> bool {
        self.draft.adds_to.is_some() && matches!(self.page, Page::Papers)
    }
}

/// The proof of a filing of added papers: under the code that the person knows.
pub(crate) fn proof(proof: KeptProof, adds: &AddsTo) -> KeptProof {
    let (provisional, code) = (proof.code, adds.official_code.clone());
    let mut rows = proof.rows;
    rows.push((Text::new("Mã lần bổ sung", "Code of this addition"), Text::same(&provisional)));
    KeptProof {
        title: Text::new("PHIẾU ĐÃ NỘP GIẤY BỔ SUNG", "PROOF OF PAPERS ADDED"),
        code,
        rows,
        note: Text::new(
            "Cán bộ xem giấy bổ sung rồi báo lại. Tra cứu bằng mã hồ sơ này. Giữ phiếu và giấy tờ gốc.",
            "Staff look at the added papers and tell you. Use the code of your file to ask. Keep this slip and your original papers.",
        ),
    }
}
