//! The courier hands parcels over: what is scanned is kept, what differs is said, who signs is known.

use crate::common::*;
use jiff::Timestamp;
use motcua_flow::{CourierDesk, Effect, Event, PinVerdict, Slip, SlipOf, handover_slip};
use motcua_model::{
    Private,
    api::{Action, ActionRequest, CourierPage, DoubtWhy, Overlay, PinRefused, PinStep, PrintState, Screen, Service},
    code::ParcelCheck,
    dossier::Handover,
    fault::Fault,
    handover::{Deviation, Direction, ExpectedParcel, OpenHandover},
};
use uuid::Uuid;

/// Has a PIN in [`settings`]; 1024 has none.
pub(crate) const WITH_PIN: &str = "2048";

pub(crate) fn announced(count: u32) -> Vec<ExpectedParcel> {
    (1..=count)
        .map(|n| ExpectedParcel {
            code: format!("VNP{n:010}"),
            direction: Direction::Fetch,
            grams: Some(100 * n),
            destination: "Sở Tư pháp tỉnh Thử Nghiệm".to_owned(),
            dossier: Some("H99.50-261123-0007".to_owned()),
        })
        .collect()
}

fn desk_with(expected: Vec<ExpectedParcel>) -> CourierDesk {
    CourierDesk { expected, ..CourierDesk::default() }
}

impl Desk {
    /// The badge, and what the store answers.
    pub(crate) fn badge(&mut self, number: &str, desk: CourierDesk) {
        let effects = self.scan(&format!("BCCI-{number}"));
        assert_eq!(effects, [Effect::FindCourier { courier: number.to_owned() }]);
        self.send(Event::CourierFound { courier: number.to_owned(), desk: Box::new(desk) });
    }

    /// From C01 to P03 without an announcement.
    pub(crate) fn reach_parcels(&mut self) {
        self.act(Action::Start { service: Service::Courier });
        self.badge("1024", CourierDesk::default());
        assert_eq!(self.code(), "P03");
    }

    /// From C01 to P03 with so many announced.
    pub(crate) fn reach_announced(&mut self, count: u32) {
        self.act(Action::Start { service: Service::Courier });
        self.badge("1024", desk_with(announced(count)));
        self.act(Action::ChooseDirection { direction: Direction::Fetch });
        assert_eq!(self.code(), "P03");
    }

    /// The disk does what is asked of it.
    pub(crate) fn kept(&mut self, effects: &[Effect]) -> OpenHandover {
        let [Effect::KeepHandover(open)] = effects else { panic!("{effects:?}") };
        self.send(Event::ParcelKept { id: open.id });
        open.clone()
    }

    pub(crate) fn parcel(&mut self, code: &str) -> OpenHandover {
        let effects = self.scan(code);
        self.kept(&effects)
    }

    /// The last touch closes the handover: the record, as it is made durable.
    pub(crate) fn closed(&mut self, last: Action) -> Handover {
        let effects = self.act(last);
        let [Effect::StoreHandover(handover)] = effects.as_slice() else { panic!("{effects:?}") };
        let handover = handover.clone();
        self.send(Event::HandoverStored { id: handover.id });
        handover
    }

    /// To the PIN with which the courier signs.
    pub(crate) fn reach_signing(&mut self) {
        self.act(Action::Start { service: Service::Courier });
        self.scan("BCCI-2048");
        let job = self.pin("2468");
        self.send(Event::PinChecked { job, verdict: PinVerdict::Right { number: WITH_PIN.to_owned() } });
        self.send(Event::CourierFound { courier: WITH_PIN.to_owned(), desk: Box::default() });
        self.parcel("RR473124829VN");
        self.act(Action::CloseHandover);
        assert_eq!(self.code(), "P05");
    }

    pub(crate) fn pin(&mut self, pin: &str) -> Uuid {
        let effects = self.act(Action::EnterPin { pin: Private::new(pin) });
        let [Effect::CheckPin { job, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        *job
    }
}

fn page(desk: &Desk) -> CourierPage {
    let Screen::Courier { page } = desk.screen() else { panic!("{}", desk.code()) };
    page
}

fn codes(desk: &Desk) -> Vec<String> {
    let CourierPage::Parcels { parcels, .. } = page(desk) else { panic!("{}", desk.code()) };
    parcels.into_iter().map(|p| p.code).collect()
}

fn good(desk: &Desk) -> Option<(u32, bool)> {
    let CourierPage::Parcels { tone, .. } = page(desk) else { panic!("{}", desk.code()) };
    tone.map(|tone| (tone.number, tone.good))
}

#[test]
fn a_badge_has_its_form() {
    for text in ["BCCI-12", "BCCI-", "bcci-1024", "1024", "BCCI-10 24", "BCCI-123456789012345678901", "BCCI-Mẫu1", CARD] {
        let mut desk = Desk::new();
        desk.act(Action::Start { service: Service::Courier });
        assert!(desk.scan(text).is_empty());
        assert_eq!((desk.code(), desk.overlay()), ("P01", Some(Overlay::Fault { fault: Fault::NotABadge, retry: false })), "{text}");
        desk.badge("A1024", CourierDesk::default());
        assert_eq!((desk.code(), desk.overlay()), ("P03", None));
    }
}

#[test]
fn an_answer_about_another_badge_is_nobodys() {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::Courier });
    desk.scan("BCCI-1024");
    desk.send(Event::CourierFound { courier: "4096".to_owned(), desk: Box::default() });
    assert_eq!(desk.code(), "P01");
    desk.badge("4096", CourierDesk::default());
    assert_eq!(desk.code(), "P03", "a badge is scanned again where the disk did not answer");
}

#[test]
fn parcels_are_listed_once_and_doubtful_ones_are_asked_about() {
    let mut desk = Desk::new();
    desk.reach_parcels();
    desk.act(Action::CloseHandover);
    assert_eq!(desk.code(), "P03", "nothing to hand over");
    desk.parcel("RR473124829VN");
    assert_eq!(good(&desk), Some((1, true)));
    assert!(desk.scan("rr473124829vn").is_empty());
    assert!(matches!(page(&desk), CourierPage::Parcels { repeated: true, .. }));
    assert_eq!(good(&desk), Some((2, false)));
    desk.parcel("VNP0012345678");
    assert!(matches!(page(&desk), CourierPage::Parcels { repeated: false, .. }));
    desk.scan("xin chào");
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::NotAParcel, retry: false }));
    assert_eq!(good(&desk), Some((4, false)));
    assert!(desk.scan("BK990032289VN").is_empty(), "it is not on the disk while it is in doubt");
    assert_eq!(desk.overlay(), None);
    desk.scan("RR999999990VN");
    assert!(desk.act(Action::CloseHandover).is_empty(), "first the question");
    let CourierPage::Parcels { doubt: Some(doubt), .. } = page(&desk) else { panic!("{:?}", page(&desk)) };
    assert_eq!((doubt.code.as_str(), doubt.why), ("BK990032289VN", DoubtWhy::CheckDigit));
    desk.act(Action::ConfirmParcel { keep: false });
    assert_eq!(codes(&desk), ["RR473124829VN", "VNP0012345678"]);
    desk.scan("BK990032289VN");
    let effects = desk.act(Action::ConfirmParcel { keep: true });
    desk.kept(&effects);
    assert!(desk.act(Action::ConfirmParcel { keep: true }).is_empty());
    assert_eq!(codes(&desk), ["RR473124829VN", "VNP0012345678", "BK990032289VN"]);
}

#[test]
fn a_parcel_is_shown_once_it_is_on_the_disk_and_not_before() {
    let mut desk = Desk::new();
    desk.reach_parcels();
    let first = desk.parcel("RR473124829VN");
    let effects = desk.scan("VNP0012345678");
    let [Effect::KeepHandover(open)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((open.id, open.parcels.len(), open.courier.as_str()), (first.id, 2, "1024"));
    assert_eq!(codes(&desk), ["RR473124829VN"], "not on the disk yet");
    desk.wait(3600);
    assert!(!desk.snapshot().can_end);
    desk.send(Event::ParcelNotKept { id: Uuid::from_u128(7) });
    assert_eq!(desk.overlay(), None, "another's word");
    desk.send(Event::ParcelNotKept { id: open.id });
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false }));
    assert_eq!(codes(&desk), ["RR473124829VN"], "what could not be kept is not shown");
    desk.act(Action::Dismiss);
    desk.parcel("VNP0012345678");
    assert_eq!(codes(&desk).len(), 2);
}

#[test]
fn the_handover_is_durable_before_it_is_confirmed() {
    let mut desk = Desk::new();
    desk.reach_parcels();
    desk.parcel("RR473124829VN");
    desk.scan("BK990032289VN");
    let effects = desk.act(Action::ConfirmParcel { keep: true });
    let open = desk.kept(&effects);
    let effects = desk.act(Action::CloseHandover);
    let [Effect::StoreHandover(handover)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((handover.courier.as_str(), handover.device.as_str(), handover.agency.as_str()), ("1024", "K07", "H99.50"));
    assert_eq!((handover.id, handover.announced, handover.differences.len()), (open.id, 0, 0));
    assert!(handover.signatures.is_empty(), "nobody has a PIN here: the record says that nobody signed with one");
    assert_eq!(handover.parcels[1].parcel.check, ParcelCheck::Wrong);
    assert!(desk.act(Action::CloseHandover).is_empty());
    assert!(desk.scan("VNP0012345678").is_empty());
    assert_eq!(codes(&desk).len(), 2, "what is being stored does not change");
    desk.wait(3600);
    desk.act(Action::End);
    assert_eq!((desk.code(), desk.overlay()), ("P03", None));

    desk.send(Event::HandoverFailed { id: handover.id });
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false }));
    desk.act(Action::Dismiss);
    assert_eq!(codes(&desk).len(), 2);
    let effects = desk.act(Action::CloseHandover);
    let [Effect::StoreHandover(again)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(again.id, handover.id, "one handover, however often it is tried");
    desk.send(Event::HandoverStored { id: Uuid::from_u128(7) });
    assert_eq!(desk.code(), "P03");
    desk.send(Event::HandoverStored { id: again.id });
    assert!(matches!(page(&desk), CourierPage::Done { count: 2, copy: 1, printing: PrintState::Printing, .. }));
}

#[test]
fn going_away_half_way_keeps_what_was_scanned_and_the_badge_goes_on() {
    for silent in [false, true] {
        let mut desk = Desk::new();
        desk.reach_announced(3);
        desk.parcel("VNP0000000002");
        let open = desk.parcel("VNP0000000001");
        if silent {
            assert!(desk.wait(180 + 45).is_empty(), "nothing is dropped");
        } else {
            desk.act(Action::End);
            assert_eq!(desk.overlay(), Some(Overlay::ConfirmEnd), "it is said that it stays half done");
            desk.act(Action::Dismiss);
            assert_eq!(codes(&desk).len(), 2);
            desk.act(Action::End);
            assert!(desk.act(Action::End).is_empty(), "nothing is dropped");
        }
        assert_eq!(desk.seen(), Desk::new().seen());

        desk.act(Action::Start { service: Service::Courier });
        desk.badge("4096", desk_with(announced(3)));
        assert_eq!(desk.code(), "P02", "another badge begins its own");
        desk.act(Action::End);

        desk.act(Action::Start { service: Service::Courier });
        desk.badge("1024", CourierDesk { open: Some(open.clone()), ..desk_with(announced(3)) });
        assert_eq!(codes(&desk), ["VNP0000000002", "VNP0000000001"]);
        let CourierPage::Parcels { continued: Some(continued), missing, announced: 3, .. } = page(&desk) else {
            panic!("{:?}", page(&desk))
        };
        assert_eq!((continued.parcels, continued.begun, missing.len()), (2, open.begun, 1));
        let on = desk.parcel("VNP0000000003");
        assert_eq!((on.id, on.parcels.len()), (open.id, 3), "one handover");
        assert!(matches!(page(&desk), CourierPage::Parcels { continued: None, .. }));
        let handover = desk.closed(Action::CloseHandover);
        assert_eq!((handover.id, handover.begun, handover.announced, handover.differences.len()), (open.id, Some(open.begun), 3, 0));
    }
}

#[test]
fn what_is_announced_is_counted_for_each_way() {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::Courier });
    let mut expected = announced(3);
    expected[2].direction = Direction::Deliver;
    desk.badge("1024", desk_with(expected));
    assert_eq!(page(&desk), CourierPage::Today { fetch: 2, deliver: 1 });
    desk.act(Action::ChooseDirection { direction: Direction::Deliver });
    let CourierPage::Parcels { direction: Direction::Deliver, announced: 1, missing, .. } = page(&desk) else {
        panic!("{:?}", page(&desk))
    };
    assert_eq!((missing[0].code.as_str(), missing[0].grams), ("VNP0000000003", Some(300)));
    desk.scan("VNP0000000001");
    let CourierPage::Parcels { doubt: Some(doubt), .. } = page(&desk) else { panic!("{:?}", page(&desk)) };
    assert_eq!(doubt.why, DoubtWhy::OtherWay, "it is to be taken away, not brought");
    assert!(!desk.seen().contains("H99.50-261123-0007"), "the dossier inside is not the courier's business");
}

#[test]
fn a_parcel_that_nobody_announced_stops_and_is_on_record_when_it_goes_all_the_same() {
    let mut desk = Desk::new();
    desk.reach_announced(2);
    desk.parcel("VNP0000000001");
    assert!(desk.scan("RR473124829VN").is_empty());
    let CourierPage::Parcels { doubt: Some(doubt), .. } = page(&desk) else { panic!("{:?}", page(&desk)) };
    assert_eq!((doubt.why, good(&desk)), (DoubtWhy::NotAnnounced, Some((2, false))));
    desk.act(Action::ConfirmParcel { keep: false });
    assert_eq!(codes(&desk), ["VNP0000000001"]);
    desk.scan("RR473124829VN");
    let effects = desk.act(Action::ConfirmParcel { keep: true });
    assert_eq!(desk.kept(&effects).strangers, ["RR473124829VN"]);
    desk.parcel("VNP0000000002");
    let handover = desk.closed(Action::CloseHandover);
    assert_eq!((handover.announced, handover.parcels.len()), (2, 3));
    assert_eq!(handover.deviation("RR473124829VN"), Some(Deviation::NotOfRun));
    assert_eq!(handover.differences.len(), 1);
}

#[test]
fn what_the_desk_has_announced_is_no_misreading() {
    let mut desk = Desk::new();
    let mut expected = announced(1);
    expected[0].code = "BK990032289VN".to_owned();
    desk.act(Action::Start { service: Service::Courier });
    desk.badge("1024", desk_with(expected));
    desk.act(Action::ChooseDirection { direction: Direction::Fetch });
    desk.parcel("BK990032289VN");
    assert_eq!(codes(&desk), ["BK990032289VN"], "typed and scanned alike");
}

#[test]
fn every_missing_parcel_gets_its_reason_before_the_end() {
    let mut desk = Desk::new();
    desk.reach_announced(5);
    desk.parcel("VNP0000000002");
    assert!(desk.act(Action::CloseHandover).is_empty());
    let CourierPage::Difference { line, at: 1, of: 4 } = page(&desk) else { panic!("{:?}", page(&desk)) };
    assert_eq!(line.code, "VNP0000000001");
    let stale = ActionRequest { step: desk.snapshot().step, action: Action::GiveDeviation { deviation: Deviation::Missing, rest: false } };
    desk.act(Action::GiveDeviation { deviation: Deviation::SealBroken, rest: false });
    assert!(matches!(page(&desk), CourierPage::Difference { at: 2, of: 4, .. }));
    desk.send(Event::Action(stale));
    assert!(matches!(page(&desk), CourierPage::Difference { at: 2, .. }), "a trembling hand answers once");
    assert!(desk.snapshot().can_back);
    desk.act(Action::Back);
    desk.parcel("VNP0000000001");
    desk.act(Action::CloseHandover);
    assert!(matches!(page(&desk), CourierPage::Difference { at: 1, of: 3, .. }), "found after all");
    desk.act(Action::GiveDeviation { deviation: Deviation::SealBroken, rest: false });
    let handover = desk.closed(Action::GiveDeviation { deviation: Deviation::Missing, rest: true });
    let given: Vec<_> = handover.differences.iter().map(|d| (d.code.as_str(), d.deviation)).collect();
    assert_eq!(
        given,
        [("VNP0000000003", Deviation::SealBroken), ("VNP0000000004", Deviation::Missing), ("VNP0000000005", Deviation::Missing)]
    );
    assert_eq!(handover.announced, 5);
}

/// ux.md 7.4: sixty seconds. A scan takes two, a touch two: nine parcels must not need more touches than this.
#[test]
fn a_usual_handover_of_nine_parcels_takes_three_touches() {
    let mut desk = Desk::new();
    let mut touches = 0;
    let mut touch = |desk: &mut Desk, action: Action| {
        touches += 1;
        desk.act(action)
    };
    touch(&mut desk, Action::Start { service: Service::Courier });
    desk.badge("1024", desk_with(announced(9)));
    touch(&mut desk, Action::ChooseDirection { direction: Direction::Fetch });
    for parcel in announced(9) {
        desk.parcel(&parcel.code);
    }
    let effects = touch(&mut desk, Action::CloseHandover);
    let [Effect::StoreHandover(handover)] = effects.as_slice() else { panic!("{effects:?}") };
    desk.send(Event::HandoverStored { id: handover.id });
    assert_eq!(desk.code(), "P06");
    assert_eq!(touches, 3);
}

#[test]
fn a_badge_on_the_first_screen_saves_a_touch() {
    let mut desk = Desk::new();
    desk.badge("1024", desk_with(announced(9)));
    assert_eq!(page(&desk), CourierPage::Today { fetch: 9, deliver: 0 });
    desk.act(Action::End);
    assert!(desk.scan("BCCI-2048").is_empty());
    assert_eq!(desk.code(), "P01b", "with a PIN where the badge has one");
}

fn print(effects: &[Effect]) -> Slip {
    let [Effect::Print(slip)] = effects else { panic!("{effects:?}") };
    *slip.clone()
}

#[test]
fn the_second_copy_is_printed_when_the_first_is_on_paper() {
    let mut desk = Desk::new();
    desk.reach_parcels();
    desk.parcel("RR473124829VN");
    let effects = desk.act(Action::CloseHandover);
    let [Effect::StoreHandover(handover)] = effects.as_slice() else { panic!("{effects:?}") };
    let first = print(&desk.send(Event::HandoverStored { id: handover.id }));
    let copy_of = |slip: &Slip| match slip.of {
        SlipOf::Handover { id, copy, .. } => (id == handover.id, copy),
        SlipOf::Dossier | SlipOf::Opinion | SlipOf::Payment { .. } | SlipOf::Told { .. } | SlipOf::ToBring | SlipOf::Ticket => (false, 0),
    };
    assert_eq!((copy_of(&first), first.rows[0].1.vi.as_str()), ((true, 1), "bưu tá"));
    assert!(desk.send(Event::Print { job: first.job, state: PrintState::Waiting(Fault::PrinterPaperOut) }).is_empty());
    assert!(matches!(page(&desk), CourierPage::Done { copy: 1, printing: PrintState::Waiting(_), .. }));
    let second = print(&desk.send(Event::Print { job: first.job, state: PrintState::Printed }));
    assert_eq!((copy_of(&second), second.rows[0].1.vi.as_str()), ((true, 2), "cơ quan"));
    assert_ne!(first.job, second.job);
    assert!(desk.send(Event::Print { job: first.job, state: PrintState::Printed }).is_empty(), "the first copy's old word");
    assert!(matches!(page(&desk), CourierPage::Done { copy: 2, printing: PrintState::Printing, .. }));
    desk.send(Event::Print { job: second.job, state: PrintState::Printed });
    assert!(matches!(page(&desk), CourierPage::Done { copy: 2, printing: PrintState::Printed, .. }));
    assert!(desk.wait(15).is_empty());
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn without_paper_the_record_is_good_and_the_badge_brings_the_slip_later() {
    let mut desk = Desk::new();
    desk.reach_parcels();
    desk.parcel("RR473124829VN");
    let handover = desk.closed(Action::CloseHandover);
    let job = handover_slip(&handover, 1, &settings().office).job;
    desk.send(Event::Print { job, state: PrintState::Waiting(Fault::PrinterPaperOut) });
    assert_eq!(desk.act(Action::End), [Effect::DropPrint { job }], "it must not come out in front of the next person");
    assert_eq!(desk.seen(), Desk::new().seen());

    desk.act(Action::Start { service: Service::Courier });
    desk.scan("BCCI-1024");
    let found = CourierDesk { unprinted: Some((handover.clone(), 1)), ..CourierDesk::default() };
    let slip = print(&desk.send(Event::CourierFound { courier: "1024".to_owned(), desk: Box::new(found.clone()) }));
    assert!(matches!(page(&desk), CourierPage::Done { copy: 2, .. }), "the first is on paper");

    // The next run does not wait for paper.
    let effects = desk.scan("BCCI-1024");
    let find = Effect::FindCourier { courier: "1024".to_owned() };
    assert_eq!(effects, [find.clone(), Effect::DropPrint { job: slip.job }]);
    desk.send(Event::CourierFound { courier: "1024".to_owned(), desk: Box::new(found.clone()) });
    assert_eq!(desk.code(), "P03");
    desk.act(Action::End);

    // Another badge at the same screen shows its PIN first.
    let mut other = Desk::new();
    other.reach_parcels();
    other.parcel("RR473124829VN");
    other.closed(Action::CloseHandover);
    other.scan("BCCI-2048");
    assert_eq!(other.code(), "P01b");

    // Nor does anybody stand before a printer that cannot print.
    desk.send(Event::Health(motcua_model::api::Health {
        printer: motcua_model::api::DeviceState::NeedsHuman(Fault::PrinterPaperOut),
        ..READY
    }));
    desk.act(Action::Start { service: Service::Courier });
    assert_eq!(desk.scan("BCCI-1024"), [find]);
    desk.send(Event::CourierFound { courier: "1024".to_owned(), desk: Box::new(found) });
    assert_eq!(desk.code(), "P03");
}

#[test]
fn the_slip_says_what_happened() {
    let mut desk = Desk::new();
    desk.reach_announced(3);
    desk.parcel("VNP0000000001");
    desk.scan("BK990032289VN");
    let effects = desk.act(Action::ConfirmParcel { keep: true });
    desk.kept(&effects);
    desk.act(Action::CloseHandover);
    desk.act(Action::GiveDeviation { deviation: Deviation::SealBroken, rest: false });
    let handover = desk.closed(Action::GiveDeviation { deviation: Deviation::Missing, rest: false });
    let slip = handover_slip(&handover, 2, &settings().office);
    let rows: Vec<String> = slip.rows.iter().map(|(label, value)| format!("{}: {}", label.vi, value.vi)).collect();
    for row in [
        "Liên 2: cơ quan",
        "Việc: Bưu tá lấy đi",
        "Số thẻ bưu tá: 1024",
        "Số bưu gửi: 2",
        "Đã báo trước: 3",
        "1. VNP0000000001: đủ",
        "2. BK990032289VN: ngoài danh sách",
        "Để lại: 2",
        "VNP0000000002: Hỏng niêm phong",
        "VNP0000000003: Thiếu, không có ở đây",
    ] {
        assert!(rows.iter().any(|one| one == row), "{row} is not in {rows:#?}");
    }
    assert_eq!(slip.code, handover.short_code());
}

#[test]
fn a_badge_with_a_pin_opens_with_it_alone() {
    let mut desk = Desk::new();
    desk.act(Action::Start { service: Service::Courier });
    assert!(desk.scan("BCCI-2048").is_empty(), "nobody is told what waits before the PIN");
    assert_eq!(desk.code(), "P01b");
    let effects = desk.act(Action::EnterPin { pin: Private::new("135791") });
    let [Effect::CheckPin { job, step: PinStep::Enter, courier, pin }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((courier.as_str(), pin.reveal()), (WITH_PIN, "135791"));
    assert!(!format!("{effects:?}").contains("135791") && !desk.seen().contains("135791"), "digits stand nowhere");
    assert!(desk.act(Action::EnterPin { pin: Private::new("1") }).is_empty(), "one at a time");
    desk.send(Event::PinChecked { job: Uuid::from_u128(7), verdict: PinVerdict::Right { number: WITH_PIN.to_owned() } });
    assert_eq!(desk.code(), "P01b", "an answer to nothing");
    let wrong = PinRefused::Wrong { left: 2 };
    desk.send(Event::PinChecked { job: *job, verdict: PinVerdict::Refused(wrong) });
    assert_eq!(page(&desk), CourierPage::Pin { step: PinStep::Enter, checking: false, refused: Some(wrong) });
    let job = desk.pin("2468");
    assert_eq!(
        desk.send(Event::PinChecked { job, verdict: PinVerdict::Right { number: WITH_PIN.to_owned() } }),
        [Effect::FindCourier { courier: WITH_PIN.to_owned() }]
    );
    desk.send(Event::CourierFound { courier: WITH_PIN.to_owned(), desk: Box::default() });
    assert_eq!(desk.code(), "P03");
}

#[test]
fn both_sign_before_the_record_is_made() {
    let mut desk = Desk::signing();
    desk.reach_signing();
    let until: Timestamp = "2026-11-23T01:06:00Z".parse().unwrap();
    let job = desk.pin("9999");
    desk.send(Event::PinChecked { job, verdict: PinVerdict::Refused(PinRefused::Locked { until }) });
    assert_eq!(desk.code(), "P05", "a locked handover is kept, and closed by nobody");
    let job = desk.pin("2468");
    let at = desk.at().wall;
    assert!(desk.send(Event::PinChecked { job, verdict: PinVerdict::Right { number: WITH_PIN.to_owned() } }).is_empty());
    assert_eq!(desk.code(), "P05b");
    let job = desk.pin("8642");
    let effects = desk.send(Event::PinChecked { job, verdict: PinVerdict::Right { number: "CB07".to_owned() } });
    let [Effect::StoreHandover(handover)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(handover.signatures.courier, Some(at));
    assert_eq!(handover.signatures.clerk.as_ref().map(|clerk| clerk.clerk.as_str()), Some("CB07"));
    let slip = handover_slip(handover, 1, &settings().office);
    assert!(slip.rows.iter().any(|(label, value)| label.vi == "Cán bộ CB07" && value.vi == "đã ký bằng mã PIN"));
}

#[test]
fn whoever_goes_back_to_the_list_signs_again() {
    let mut desk = Desk::signing();
    desk.reach_signing();
    let job = desk.pin("2468");
    desk.send(Event::PinChecked { job, verdict: PinVerdict::Right { number: WITH_PIN.to_owned() } });
    assert_eq!(desk.code(), "P05b");
    desk.act(Action::Back);
    desk.parcel("VNP0012345678");
    desk.act(Action::CloseHandover);
    assert_eq!(desk.code(), "P05", "what was signed was another list");
    desk.act(Action::End);
    assert_eq!(desk.overlay(), Some(Overlay::ConfirmEnd));
    assert!(desk.act(Action::End).is_empty());
}

/// One way to each page.
pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("P01", |d| {
            d.act(Action::Start { service: Service::Courier });
        }),
        ("P01b", |d| {
            d.act(Action::Start { service: Service::Courier });
            d.scan("BCCI-2048");
        }),
        ("P02", |d| {
            d.act(Action::Start { service: Service::Courier });
            d.badge("1024", desk_with(announced(2)));
        }),
        ("P03", |d| {
            d.reach_parcels();
            d.parcel("RR473124829VN");
        }),
        ("P03 empty", |d| d.reach_announced(2)),
        ("P03 incomplete", |d| {
            d.reach_announced(3);
            d.parcel("VNP0000000001");
        }),
        ("P03 doubtful", |d| {
            d.reach_parcels();
            d.scan("BK990032289VN");
        }),
        ("P03 parcel storing", |d| {
            d.reach_parcels();
            d.scan("RR473124829VN");
        }),
        ("P03 storing", |d| {
            d.reach_parcels();
            d.parcel("RR473124829VN");
            d.act(Action::CloseHandover);
        }),
        ("P04", |d| {
            d.reach_announced(3);
            d.parcel("VNP0000000001");
            d.act(Action::CloseHandover);
        }),
        ("P05", |d| d.reach_signing()),
        ("P05 checking", |d| {
            d.reach_signing();
            d.pin("2468");
        }),
        ("P05b", |d| {
            *d = Desk::signing();
            d.reach_signing();
            let job = d.pin("2468");
            d.send(Event::PinChecked { job, verdict: PinVerdict::Right { number: WITH_PIN.to_owned() } });
        }),
        ("P06", |d| {
            d.reach_parcels();
            d.parcel("RR473124829VN");
            d.closed(Action::CloseHandover);
        }),
    ]
}
