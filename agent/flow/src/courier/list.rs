//! P03: the parcels scanned so far, against what is announced.

use super::{Closing, Courier, Differences, count};
use crate::{Effect, state::Cx};
use motcua_model::{
    api::{Continued, CourierPage, DoubtWhy, ExpectedLine, ParcelDoubt, ParcelLine, ScanTone},
    code::{ParcelCheck, ParcelCode},
    dossier::{Handover, HandoverParcel},
    fault::Fault,
    handover::{Difference, Direction, ExpectedParcel, OpenHandover, Signatures},
};

/// The parcels scanned so far: what lies on the disk, once the first is scanned.
pub(crate) struct List {
    open: OpenHandover,
    /// Of both ways: a parcel that goes the other way is known as such.
    expected: Vec<ExpectedParcel>,
    doubt: Option<(HandoverParcel, DoubtWhy)>,
    repeated: bool,
    continued: Option<Continued>,
    tone: Option<ScanTone>,
}

impl List {
    pub(super) fn begin(courier: String, direction: Direction, expected: Vec<ExpectedParcel>, cx: &Cx) -> Self {
        let open = OpenHandover { id: cx.at.fresh, courier, direction, begun: cx.at.wall, parcels: Vec::new(), strangers: Vec::new() };
        Self { open, expected, doubt: None, repeated: false, continued: None, tone: None }
    }

    pub(super) fn go_on(open: OpenHandover, expected: Vec<ExpectedParcel>) -> Self {
        let continued = Some(Continued { begun: open.begun, parcels: count(open.parcels.len()) });
        Self { open, expected, doubt: None, repeated: false, continued, tone: None }
    }

    pub(super) fn courier(&self) -> &str {
        &self.open.courier
    }

    pub(super) fn begun(&self) -> bool {
        !self.open.parcels.is_empty() || self.doubts()
    }

    pub(super) fn doubts(&self) -> bool {
        self.doubt.is_some()
    }

    pub(super) fn can_close(&self) -> bool {
        !self.open.parcels.is_empty() && !self.doubts()
    }

    fn announced(&self) -> impl Iterator<Item = &ExpectedParcel> {
        self.expected.iter().filter(|parcel| parcel.direction == self.open.direction)
    }

    fn missing(&self) -> impl Iterator<Item = &ExpectedParcel> {
        self.announced().filter(|parcel| !self.open.has(&parcel.code))
    }

    /// A code from the gun. While a question is open the gun says nothing: first the answer.
    pub(super) fn scanned(mut self: Box<Self>, text: &str, cx: &mut Cx) -> Courier {
        if self.doubts() {
            return Courier::Parcels(self);
        }
        (self.repeated, self.continued) = (false, None);
        let Ok(parcel) = ParcelCode::parse(text) else {
            cx.show(Fault::NotAParcel, false);
            return Courier::Parcels(self.sounds(false));
        };
        cx.clear_fault();
        if self.open.has(&parcel.code) {
            self.repeated = true;
            return Courier::Parcels(self.sounds(false));
        }
        let why = self.doubt_about(&parcel);
        let scanned = HandoverParcel { parcel, scanned: cx.at.wall };
        match why {
            Some(why) => {
                self.doubt = Some((scanned, why));
                Courier::Parcels(self.sounds(false))
            }
            None => self.keep(scanned, false, cx),
        }
    }

    /// What the desk has typed from the label is no misreading, whatever its check digit says.
    fn doubt_about(&self, parcel: &ParcelCode) -> Option<DoubtWhy> {
        let known = self.expected.iter().find(|expected| expected.code == parcel.code);
        match known {
            Some(expected) if expected.direction == self.open.direction => None,
            Some(_) => Some(DoubtWhy::OtherWay),
            None if self.announced().next().is_some() => Some(DoubtWhy::NotAnnounced),
            None => (parcel.check == ParcelCheck::Wrong).then_some(DoubtWhy::CheckDigit),
        }
    }

    pub(super) fn confirm(mut self: Box<Self>, keep: bool, cx: &mut Cx) -> Courier {
        match self.doubt.take().filter(|_| keep) {
            Some((parcel, why)) => self.keep(parcel, why != DoubtWhy::CheckDigit, cx),
            None => Courier::Parcels(self),
        }
    }

    fn keep(self: Box<Self>, parcel: HandoverParcel, stranger: bool, cx: &mut Cx) -> Courier {
        let mut next = self.open.clone();
        if stranger {
            next.strangers.push(parcel.parcel.code.clone());
        }
        next.parcels.push(parcel);
        cx.emit(Effect::KeepHandover(next.clone()));
        Courier::Keeping { list: self, next }
    }

    /// The parcel is on the disk.
    pub(super) fn kept(mut self: Box<Self>, next: OpenHandover) -> Box<Self> {
        self.open = next;
        self.sounds(true)
    }

    fn sounds(mut self: Box<Self>, good: bool) -> Box<Self> {
        let number = self.tone.map_or(0, |tone| tone.number) + 1;
        self.tone = Some(ScanTone { number, good });
        self
    }

    /// On to P04 where announced parcels are missing, else to the signatures.
    pub(super) fn compare(self: Box<Self>, cx: &mut Cx) -> Courier {
        let missing: Vec<ExpectedParcel> = self.missing().cloned().collect();
        match missing.is_empty() {
            true => Closing { list: self, given: Vec::new(), signatures: Signatures::default() }.sign(cx),
            false => Courier::Differences(Box::new(Differences { list: self, missing, given: Vec::new() })),
        }
    }

    pub(super) fn record(&self, missing: Vec<Difference>, signatures: Signatures, cx: &Cx) -> Handover {
        let open = self.open.clone();
        let deviation = motcua_model::handover::Deviation::NotOfRun;
        let strangers = open.strangers.into_iter().map(|code| Difference { code, deviation });
        Handover {
            id: open.id,
            device: cx.settings.device.clone(),
            agency: cx.settings.agency.clone(),
            courier: open.courier,
            parcels: open.parcels,
            closed: cx.at.wall,
            direction: open.direction,
            begun: Some(open.begun),
            announced: count(self.announced().count()),
            differences: strangers.chain(missing).collect(),
            signatures,
        }
    }

    pub(super) fn page(&self) -> CourierPage {
        let line = |scanned: &HandoverParcel| {
            let code = &scanned.parcel.code;
            ParcelLine {
                code: code.clone(),
                check: scanned.parcel.check,
                expected: self.announced().find(|parcel| parcel.code == *code).map(ExpectedLine::from),
                stranger: self.open.strangers.contains(code),
            }
        };
        CourierPage::Parcels {
            direction: self.open.direction,
            parcels: self.open.parcels.iter().map(line).collect(),
            announced: count(self.announced().count()),
            missing: self.missing().map(ExpectedLine::from).collect(),
            doubt: self.doubt.as_ref().map(|(parcel, why)| ParcelDoubt { code: parcel.parcel.code.clone(), why: *why }),
            repeated: self.repeated,
            continued: self.continued,
            tone: self.tone,
        }
    }
}
