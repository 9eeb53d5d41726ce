//! The courier's handover: P01 badge, P02 which way, P03 scanning, P04 differences, P05 signing, P06 the slips.
//!
//! What is scanned is on the disk before the screen shows it, so that going away throws nothing away: the next scan of the same badge
//! goes on.

mod list;
mod pin;
mod printing;

pub use pin::{PinVerdict, Pins};
pub use printing::handover_slip;

use crate::{
    Effect, Event,
    idle::Patience,
    state::{Cx, FAREWELL_S},
};
use jiff::Timestamp;
use list::List;
use motcua_model::{
    api::{Action, CourierPage, ExpectedLine, PinStep, PrintState},
    config::{Visit, is_number},
    dossier::Handover,
    fault::Fault,
    handover::{Difference, Direction, ExpectedParcel, OpenHandover, Signatures},
};
use pin::PinEntry;
use printing::Slips;
use uuid::Uuid;

/// What the store knows when a badge is scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourierDesk {
    /// Announced, and in nobody else's half-done handover.
    pub expected: Vec<ExpectedParcel>,
    /// Left half done by this courier.
    pub open: Option<OpenHandover>,
    /// The newest one of this courier, closed not long ago, of whose slip only so many copies are printed.
    pub unprinted: Option<(Handover, u8)>,
}

/// Where the handover is.
pub(crate) enum Courier {
    Badge,
    /// The store is asked; nothing is awaited on the screen.
    Looking {
        courier: String,
        /// Slips that wait are left out: they were on the screen just now.
        anew: bool,
    },
    Pin(Box<PinEntry>),
    Today {
        courier: String,
        expected: Vec<ExpectedParcel>,
    },
    Parcels(Box<List>),
    /// A parcel is being made durable; the list still shows what was before.
    Keeping {
        list: Box<List>,
        next: OpenHandover,
    },
    Differences(Box<Differences>),
    /// Being made durable: the list can no longer change.
    Storing {
        handover: Box<Handover>,
        list: Box<List>,
    },
    Done(Box<Slips>),
}

/// P04: one announced parcel after the other.
pub(crate) struct Differences {
    list: Box<List>,
    missing: Vec<ExpectedParcel>,
    given: Vec<Difference>,
}

/// A list that is complete, waiting for its signatures.
pub(crate) struct Closing {
    list: Box<List>,
    given: Vec<Difference>,
    signatures: Signatures,
}

impl Courier {
    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> Self {
        match (self, action) {
            (Self::Pin(entry), Action::EnterPin { pin }) => Self::Pin(entry.typed(pin, cx)),
            (Self::Pin(entry), Action::Back) => entry.back(),
            (Self::Today { courier, expected }, Action::ChooseDirection { direction }) => {
                Self::Parcels(Box::new(List::begin(courier, direction, expected, cx)))
            }
            (Self::Parcels(list), Action::ConfirmParcel { keep }) => list.confirm(keep, cx),
            (Self::Parcels(list), Action::CloseHandover) if list.can_close() => list.compare(cx),
            (Self::Differences(asked), Action::GiveDeviation { deviation, rest }) => asked.give(deviation, rest, cx),
            (Self::Differences(asked), Action::Back) => Self::Parcels(asked.list),
            (kept, _) => kept,
        }
    }

    pub(crate) fn event(self, event: Event, cx: &mut Cx) -> Self {
        match (self, event) {
            (Self::Badge | Self::Looking { .. }, Event::Code(text)) => badge(&text, None, cx).unwrap_or(Self::Badge),
            (Self::Looking { courier, anew }, Event::CourierFound { courier: found, desk }) if found == courier => {
                found_desk(courier, anew, *desk, cx)
            }
            (Self::Pin(entry), Event::PinChecked { job, verdict }) => entry.checked(job, verdict, cx),
            (Self::Parcels(list), Event::Code(text)) => list.scanned(&text, cx),
            (Self::Keeping { list, next }, Event::ParcelKept { id }) if id == next.id => Self::Parcels(list.kept(next)),
            (Self::Keeping { list, next }, Event::ParcelNotKept { id }) if id == next.id => {
                cx.show(Fault::StoreFailed, false);
                Self::Parcels(list)
            }
            (Self::Storing { handover, .. }, Event::HandoverStored { id }) if id == handover.id => {
                Self::Done(Box::new(Slips::print_all(*handover, 0, cx)))
            }
            (Self::Storing { handover, list }, Event::HandoverFailed { id }) if id == handover.id => {
                cx.show(Fault::StoreFailed, false);
                Self::Parcels(list)
            }
            (Self::Done(slips), Event::Print { job, state }) => Self::Done(slips.told(job, state, cx)),
            // The next run begins; slips that wait for paper are printed after it, or at the console.
            (Self::Done(slips), Event::Code(text)) => match badge(&text, Some(slips.courier()), cx) {
                Some(next) => {
                    cx.effects.extend(slips.leave());
                    next
                }
                None => Self::Done(slips),
            },
            (kept @ (Self::Badge | Self::Looking { .. } | Self::Parcels(_)), Event::ReaderGarbage) => {
                cx.show(Fault::ReaderGarbage, false);
                kept
            }
            (kept, _) => kept,
        }
    }

    /// The visit is over: nothing is dropped but a slip that would come out in front of the next person.
    pub(crate) fn end(self) -> Vec<Effect> {
        match self {
            Self::Done(slips) => slips.leave(),
            Self::Badge
            | Self::Looking { .. }
            | Self::Pin(_)
            | Self::Today { .. }
            | Self::Parcels(_)
            | Self::Keeping { .. }
            | Self::Differences(_)
            | Self::Storing { .. } => Vec::new(),
        }
    }

    /// The disk works: nobody is sent away meanwhile.
    fn busy(&self) -> bool {
        matches!(self, Self::Keeping { .. } | Self::Storing { .. })
    }

    pub(crate) fn can_end(&self) -> bool {
        !self.busy()
    }

    pub(crate) fn can_back(&self) -> bool {
        match self {
            Self::Differences(_) => true,
            Self::Pin(entry) => entry.can_back(),
            Self::Badge
            | Self::Looking { .. }
            | Self::Today { .. }
            | Self::Parcels(_)
            | Self::Keeping { .. }
            | Self::Storing { .. }
            | Self::Done(_) => false,
        }
    }

    /// Whether something is left half done: it is kept, and whoever presses "Kết thúc" is told so.
    pub(crate) fn half_done(&self) -> bool {
        match self {
            Self::Parcels(list) => list.begun(),
            Self::Differences(_) | Self::Keeping { .. } | Self::Storing { .. } => true,
            Self::Pin(entry) => entry.signs(),
            Self::Badge | Self::Looking { .. } | Self::Today { .. } | Self::Done(_) => false,
        }
    }

    pub(crate) fn patience(&self, visit: &Visit) -> Patience {
        match self {
            busy if busy.busy() => Patience::Busy(visit.waiting_s),
            Self::Done(slips) if slips.printing == PrintState::Printing || matches!(slips.printing, PrintState::Waiting(_)) => {
                Patience::Seconds(visit.waiting_s)
            }
            Self::Done(_) => Patience::Farewell(FAREWELL_S),
            Self::Badge
            | Self::Looking { .. }
            | Self::Pin(_)
            | Self::Today { .. }
            | Self::Parcels(_)
            | Self::Keeping { .. }
            | Self::Differences(_)
            | Self::Storing { .. } => Patience::Seconds(visit.scanning_s),
        }
    }

    /// A question is another picture than the list behind it.
    pub(crate) fn part(&self) -> usize {
        match self {
            Self::Parcels(list) | Self::Keeping { list, .. } => usize::from(list.doubts()),
            Self::Storing { .. } => 2,
            Self::Differences(asked) => asked.given.len(),
            Self::Pin(entry) => entry.part(),
            Self::Badge | Self::Looking { .. } | Self::Today { .. } | Self::Done(_) => 0,
        }
    }

    pub(crate) fn page(&self) -> CourierPage {
        match self {
            Self::Badge | Self::Looking { .. } => CourierPage::Badge,
            Self::Pin(entry) => entry.page(),
            Self::Today { expected, .. } => {
                let [fetch, deliver] = Direction::ALL.map(|way| count(expected.iter().filter(|parcel| parcel.direction == way).count()));
                CourierPage::Today { fetch, deliver }
            }
            Self::Parcels(list) | Self::Keeping { list, .. } | Self::Storing { list, .. } => list.page(),
            Self::Differences(asked) => asked.page(),
            Self::Done(slips) => slips.page(),
        }
    }
}

/// `BCCI-` and a badge number; the way on to the PIN, or to what waits. `here`: who stands there already, with their PIN if they have one.
fn badge(text: &str, here: Option<&str>, cx: &mut Cx) -> Option<Courier> {
    let number = text.trim().strip_prefix("BCCI-").filter(|number| is_number(number));
    let Some(number) = number else {
        cx.show(Fault::NotABadge, false);
        return None;
    };
    cx.clear_fault();
    let (courier, same) = (number.to_owned(), here == Some(number));
    if !same && cx.settings.pins.has_badge(&courier) {
        return Some(Courier::Pin(Box::new(PinEntry::enter(courier))));
    }
    Some(look(courier, same, cx))
}

fn look(courier: String, anew: bool, cx: &mut Cx) -> Courier {
    cx.emit(Effect::FindCourier { courier: courier.clone() });
    Courier::Looking { courier, anew }
}

/// What is half done goes first, then a slip that could not be printed, then what is announced.
fn found_desk(courier: String, anew: bool, desk: CourierDesk, cx: &mut Cx) -> Courier {
    let CourierDesk { expected, open, unprinted } = desk;
    if let Some(open) = open.filter(|open| open.courier == courier) {
        return Courier::Parcels(Box::new(List::go_on(open, expected)));
    }
    if let Some((handover, printed)) = unprinted.filter(|_| !anew && cx.health.printer == motcua_model::api::DeviceState::Ready) {
        return Courier::Done(Box::new(Slips::print_all(handover, printed, cx)));
    }
    match expected.is_empty() {
        true => Courier::Parcels(Box::new(List::begin(courier, Direction::Fetch, expected, cx))),
        false => Courier::Today { courier, expected },
    }
}

impl Differences {
    fn give(mut self: Box<Self>, deviation: motcua_model::handover::Deviation, rest: bool, cx: &mut Cx) -> Courier {
        let asked = self.missing.iter().skip(self.given.len()).take(if rest { usize::MAX } else { 1 });
        let given: Vec<Difference> = asked.map(|parcel| Difference { code: parcel.code.clone(), deviation }).collect();
        self.given.extend(given);
        match self.given.len() < self.missing.len() {
            true => Courier::Differences(self),
            false => Closing { list: self.list, given: self.given, signatures: Signatures::default() }.sign(cx),
        }
    }

    fn page(&self) -> CourierPage {
        let at = self.given.len();
        let line = self.missing.get(at).map(ExpectedLine::from);
        let empty = || ExpectedLine { code: String::new(), grams: None, destination: String::new() };
        CourierPage::Difference { line: line.unwrap_or_else(empty), at: count(at + 1), of: count(self.missing.len()) }
    }
}

impl Closing {
    /// The next who has to sign with a PIN; where nobody is left, the record is made.
    fn sign(self, cx: &mut Cx) -> Courier {
        let courier = self.list.courier();
        if self.signatures.courier.is_none() && cx.settings.pins.has_badge(courier) {
            return Courier::Pin(Box::new(PinEntry::sign(PinStep::Courier, self)));
        }
        if self.signatures.clerk.is_none() && cx.settings.pins.clerks {
            return Courier::Pin(Box::new(PinEntry::sign(PinStep::Clerk, self)));
        }
        self.store(cx)
    }

    fn store(self, cx: &mut Cx) -> Courier {
        let Self { list, given, signatures } = self;
        let handover = list.record(given, signatures, cx);
        cx.emit(Effect::StoreHandover(handover.clone()));
        Courier::Storing { handover: Box::new(handover), list }
    }

    fn signed(&mut self, by: PinStep, number: String, at: Timestamp) {
        match by {
            PinStep::Enter => {}
            PinStep::Courier => self.signatures.courier = Some(at),
            PinStep::Clerk => self.signatures.clerk = Some(motcua_model::handover::ClerkSignature { clerk: number, at }),
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Print jobs and records have ids of their own, made of one another so that the same is asked for twice under one id.
fn derived(id: Uuid, number: u8) -> Uuid {
    Uuid::from_u128(id.as_u128() ^ u128::from(number))
}
