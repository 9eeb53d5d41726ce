//! P06: the slip in two copies, each printed to its end before the next.

use super::{count, derived};
use crate::{
    Effect, Slip, SlipOf,
    slip::{local_time, print},
    state::Cx,
};
use motcua_model::{
    Language, Text,
    api::{CourierPage, PrintState},
    code::ParcelCheck,
    dossier::{Handover, HandoverParcel},
    handover::{COPIES, Deviation, Direction},
};
use uuid::Uuid;

/// The record is safe; its slips are on their way.
pub(crate) struct Slips {
    handover: Handover,
    /// Which copy it is about.
    copy: u8,
    pub(crate) printing: PrintState,
}

impl Slips {
    /// `printed` copies are on paper already.
    pub(super) fn print_all(handover: Handover, printed: u8, cx: &mut Cx) -> Self {
        let mut slips = Self { handover, copy: (printed + 1).min(COPIES), printing: PrintState::None };
        slips.print(cx);
        slips
    }

    fn print(&mut self, cx: &mut Cx) {
        self.printing = print(&handover_slip(&self.handover, self.copy, &cx.settings.office), cx);
    }

    pub(super) fn courier(&self) -> &str {
        &self.handover.courier
    }

    fn job(&self) -> Uuid {
        derived(self.handover.id, self.copy)
    }

    /// What was printed stays printed, whatever the printer says afterwards.
    pub(super) fn told(mut self: Box<Self>, job: Uuid, state: PrintState, cx: &mut Cx) -> Box<Self> {
        if job != self.job() || self.is_over() {
            return self;
        }
        self.printing = state;
        if self.is_over() && self.copy < COPIES {
            self.copy += 1;
            self.print(cx);
        }
        self
    }

    fn is_over(&self) -> bool {
        matches!(self.printing, PrintState::Printed | PrintState::Unknown)
    }

    /// The courier goes: a copy that still waits for paper comes out for nobody.
    pub(super) fn leave(&self) -> Vec<Effect> {
        match self.printing {
            PrintState::Printing | PrintState::Waiting(_) => vec![Effect::DropPrint { job: self.job() }],
            PrintState::Printed | PrintState::Unknown | PrintState::None => Vec::new(),
        }
    }

    pub(super) fn page(&self) -> CourierPage {
        CourierPage::Done {
            count: count(self.handover.parcels.len()),
            differences: count(self.handover.differences.len()),
            code: self.handover.short_code(),
            copy: self.copy,
            printing: self.printing,
        }
    }
}

/// Biên bản bàn giao bưu gửi, one of its two copies: of the courier, or of the office. In Vietnamese, as it is a record of the office.
pub fn handover_slip(handover: &Handover, copy: u8, office: &Text) -> Slip {
    let same = Text::same;
    let row = |label: &str, value: &str| (same(label), same(value));
    let mut rows = vec![
        row(if copy <= 1 { "Liên 1" } else { "Liên 2" }, if copy <= 1 { "bưu tá" } else { "cơ quan" }),
        row("Việc", if handover.direction == Direction::Fetch { "Bưu tá lấy đi" } else { "Bưu tá giao đến" }),
        row("Mã cơ quan", &handover.agency),
        row("Số thẻ bưu tá", &handover.courier),
        row("Lúc", &local_time(handover.closed)),
        row("Số bưu gửi", &handover.parcels.len().to_string()),
    ];
    if handover.announced > 0 {
        rows.push(row("Đã báo trước", &handover.announced.to_string()));
    }
    rows.extend(
        handover
            .parcels
            .iter()
            .enumerate()
            .map(|(at, parcel)| (same(&format!("{}. {}", at + 1, parcel.parcel.code)), same(remark(handover, parcel)))),
    );
    let behind: Vec<_> = handover.differences.iter().filter(|difference| !has(handover, &difference.code)).collect();
    rows.push(row("Để lại", &behind.len().to_string()));
    rows.extend(behind.into_iter().map(|difference| (same(&difference.code), same(&difference.deviation.words().vi))));
    let signed = &handover.signatures;
    if signed.courier.is_some() {
        rows.push(row("Bưu tá", "đã ký bằng mã PIN"));
    }
    if let Some(clerk) = &signed.clerk {
        rows.push(row(&format!("Cán bộ {}", clerk.clerk), "đã ký bằng mã PIN"));
    }
    Slip {
        job: derived(handover.id, copy),
        of: SlipOf::Handover { id: handover.id, copy, courier: signed.courier.is_some(), clerk: signed.clerk.is_some() },
        language: Language::Vi,
        office: office.clone(),
        title: same("BIÊN BẢN BÀN GIAO BƯU GỬI"),
        code: handover.short_code(),
        qr: String::new(),
        rows,
        note: same("Hai liên có giá trị như nhau. Bản điện tử lưu trong máy và gửi về tỉnh."),
        at: handover.closed,
    }
}

fn has(handover: &Handover, code: &str) -> bool {
    handover.parcels.iter().any(|parcel| parcel.parcel.code == code)
}

fn remark(handover: &Handover, parcel: &HandoverParcel) -> &'static str {
    match (handover.deviation(&parcel.parcel.code), parcel.parcel.check) {
        (Some(Deviation::NotOfRun | Deviation::Missing | Deviation::SealBroken), _) => "ngoài danh sách",
        (None, ParcelCheck::Wrong) => "số kiểm tra sai",
        (None, ParcelCheck::Right | ParcelCheck::NotS10) => "đủ",
    }
}
