//! The courier takes parcels over: P01, P03, P06.

use crate::{Effect, Event, state::Cx};
use motcua_model::{
    api::Action,
    code::{ParcelCheck, ParcelCode},
    dossier::{Handover, HandoverParcel},
    fault::Fault,
};
use uuid::Uuid;

/// Where the handover is.
pub(crate) enum Courier {
    Badge,
    Parcels(List),
    /// Being made durable: the list can no longer change.
    Storing {
        id: Uuid,
        list: List,
    },
    Done {
        count: u32,
    },
}

/// The parcels scanned so far.
pub(crate) struct List {
    courier: String,
    pub(crate) parcels: Vec<HandoverParcel>,
    pub(crate) doubtful: Option<HandoverParcel>,
    pub(crate) repeated: bool,
}

impl Courier {
    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> Self {
        match (self, action) {
            (Self::Parcels(list), Action::ConfirmParcel { keep }) => Self::Parcels(list.confirm(keep)),
            (Self::Parcels(list), Action::CloseHandover) if !list.parcels.is_empty() && list.doubtful.is_none() => list.close(cx),
            (kept, _) => kept,
        }
    }

    pub(crate) fn event(self, event: Event, cx: &mut Cx) -> Self {
        match (self, event) {
            (Self::Badge, Event::Code(text)) => badge(&text, cx),
            (Self::Parcels(list), Event::Code(text)) => Self::Parcels(list.scanned(&text, cx)),
            (kept @ (Self::Badge | Self::Parcels(_)), Event::ReaderGarbage) => {
                cx.show(Fault::ReaderGarbage, false);
                kept
            }
            (Self::Storing { id, list }, Event::HandoverStored { id: stored }) if stored == id => {
                Self::Done { count: u32::try_from(list.parcels.len()).unwrap_or(u32::MAX) }
            }
            (Self::Storing { id, list }, Event::HandoverFailed { id: failed }) if failed == id => {
                cx.show(Fault::StoreFailed, false);
                Self::Parcels(list)
            }
            (kept, _) => kept,
        }
    }

    pub(crate) fn storing(&self) -> bool {
        matches!(self, Self::Storing { .. })
    }

    pub(crate) fn has_parcels(&self) -> bool {
        match self {
            Self::Parcels(list) | Self::Storing { list, .. } => !list.parcels.is_empty() || list.doubtful.is_some(),
            Self::Badge | Self::Done { .. } => false,
        }
    }

    /// The question about a doubtful parcel is another picture than the list.
    pub(crate) fn part(&self) -> usize {
        match self {
            Self::Parcels(list) => usize::from(list.doubtful.is_some()),
            Self::Storing { .. } => 2,
            Self::Badge | Self::Done { .. } => 0,
        }
    }
}

impl List {
    fn scanned(mut self, text: &str, cx: &mut Cx) -> Self {
        if self.doubtful.is_some() {
            return self;
        }
        self.repeated = false;
        let Ok(parcel) = ParcelCode::parse(text) else {
            cx.show(Fault::NotAParcel, false);
            return self;
        };
        cx.clear_fault();
        let wrong = parcel.check == ParcelCheck::Wrong;
        let scanned = HandoverParcel { parcel, scanned: cx.at.wall };
        if self.parcels.iter().any(|p| p.parcel.code == scanned.parcel.code) {
            self.repeated = true;
        } else if wrong {
            self.doubtful = Some(scanned);
        } else {
            self.parcels.push(scanned);
        }
        self
    }

    fn confirm(mut self, keep: bool) -> Self {
        self.parcels.extend(self.doubtful.take().filter(|_| keep));
        self
    }

    fn close(self, cx: &mut Cx) -> Courier {
        let id = cx.at.fresh;
        cx.emit(Effect::StoreHandover(Handover {
            id,
            device: cx.settings.device.clone(),
            agency: cx.settings.agency.clone(),
            courier: self.courier.clone(),
            parcels: self.parcels.clone(),
            closed: cx.at.wall,
        }));
        Courier::Storing { id, list: self }
    }
}

/// `BCCI-` and 3 to 20 letters or digits.
fn badge(text: &str, cx: &mut Cx) -> Courier {
    let number = text.trim().strip_prefix("BCCI-").unwrap_or_default();
    if !(3..=20).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        cx.show(Fault::NotABadge, false);
        return Courier::Badge;
    }
    cx.clear_fault();
    Courier::Parcels(List { courier: number.to_owned(), parcels: Vec::new(), doubtful: None, repeated: false })
}
