//! C21: an opinion is written without a card, kept before it is confirmed, and leaves nothing of its person.

use crate::common::*;
use motcua_flow::{Effect, Event, Kiosk, Settings, Slip, SlipOf};
use motcua_model::{
    Private, Text,
    api::{Action, DeviceState, Health, LinkState, OpinionPage, Overlay, PrintState, Screen, Service},
    catalogue::Catalogue,
    code::OpinionCode,
    fault::Fault,
    opinion::{Topic, Written},
};

const WORDS: &str = "Ghế ngồi chờ bị gãy, xin sửa giúp.";
const PHONE: &str = "0900000789";

pub(crate) fn code() -> OpinionCode {
    OpinionCode::new("K07", jiff::civil::date(2026, 11, 23), 7)
}

impl Desk {
    fn sheet(&self) -> OpinionPage {
        let Screen::Opinion { page } = self.screen() else { panic!("{}", self.code()) };
        page
    }

    fn reach_words(&mut self) {
        self.act(Action::Start { service: Service::Opinion });
        assert_eq!(self.code(), "C21");
        self.act(Action::ChooseTopic { topic: 1 });
        assert_eq!(self.code(), "C21c");
    }

    fn write(&mut self, text: &str) -> Vec<Effect> {
        self.act(Action::WriteOpinion { text: Private::new(text) })
    }

    fn reach_contact(&mut self) {
        self.reach_words();
        self.write(WORDS);
        assert_eq!(self.code(), "C21d");
    }

    fn reach_last_look(&mut self) {
        self.reach_contact();
        self.act(Action::LeaveContact { phone: Some(Private::new("0900 000 789")) });
        assert_eq!(self.code(), "C21e");
    }

    fn send_opinion(&mut self) -> Written {
        let effects = self.act(Action::Submit);
        let [Effect::StoreOpinion(written)] = effects.as_slice() else { panic!("{effects:?}") };
        *written.clone()
    }

    fn reach_given(&mut self) -> Slip {
        self.reach_last_look();
        let id = self.send_opinion().id;
        let effects = self.send(Event::OpinionStored { id, code: code() });
        assert_eq!(self.code(), "C21b");
        let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
        *slip.clone()
    }
}

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C21", |d| {
            d.act(Action::Start { service: Service::Opinion });
        }),
        ("C21c", |d| d.reach_words()),
        ("C21c refused", |d| {
            d.reach_words();
            d.write("?");
        }),
        ("C21d", |d| d.reach_contact()),
        ("C21d refused", |d| {
            d.reach_contact();
            d.act(Action::LeaveContact { phone: Some(Private::new("12")) });
        }),
        ("C21e", |d| d.reach_last_look()),
        ("C21e storing", |d| {
            d.reach_last_look();
            d.send_opinion();
        }),
        ("C21b", |d| {
            d.reach_given();
        }),
    ]
}

#[test]
fn an_opinion_is_confirmed_only_when_it_is_durable_and_its_slip_names_nobody() {
    let mut desk = Desk::new();
    desk.reach_last_look();
    let OpinionPage::Check { topic, text, phone, storing: false } = desk.sheet() else { panic!() };
    assert_eq!((topic.vi.as_str(), text.reveal()), ("Thủ tục, giấy tờ", WORDS));
    assert_eq!(phone.as_ref().map(Private::reveal), Some(PHONE));
    let written = desk.send_opinion();
    assert_eq!((written.topic.id.as_str(), written.text.reveal()), ("procedure", WORDS));
    assert_eq!(written.phone.as_ref().map(Private::reveal), Some(PHONE));
    assert!(matches!(desk.sheet(), OpinionPage::Check { storing: true, .. }), "no code yet");
    assert!(desk.act(Action::Submit).is_empty() && desk.act(Action::End).is_empty() && desk.act(Action::Back).is_empty());
    assert!(desk.send(Event::OpinionStored { id: uuid::Uuid::nil(), code: code() }).is_empty(), "of somebody else");

    let effects = desk.send(Event::OpinionStored { id: written.id, code: code() });
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.job, slip.code.as_str()), (SlipOf::Opinion, written.id, code().as_str()));
    let printed = format!("{slip:?}");
    assert!(!printed.contains("Ghế") && !printed.contains(PHONE), "{printed}");
    assert!(slip.note.vi.starts_with("Góp ý không ảnh hưởng đến hồ sơ."));
    let seen = desk.seen();
    assert!(seen.contains(code().as_str()) && !seen.contains("Ghế") && !seen.contains(PHONE), "{seen}");
}

#[test]
fn whoever_wants_no_answer_leaves_no_number() {
    let mut desk = Desk::new();
    desk.reach_last_look();
    desk.act(Action::Back);
    let OpinionPage::Contact { phone, .. } = desk.sheet() else { panic!() };
    assert_eq!(phone.reveal(), PHONE, "it can be seen and changed");
    desk.act(Action::LeaveContact { phone: None });
    assert!(matches!(desk.sheet(), OpinionPage::Check { phone: None, .. }));
    assert_eq!(desk.send_opinion().phone, None);
}

#[test]
fn what_cannot_be_taken_stays_to_be_mended_with_a_word_on_why() {
    let mut desk = Desk::new();
    desk.reach_words();
    for wrong in ["", "   ", "?", &"a".repeat(501)] {
        assert!(desk.write(wrong).is_empty());
        let OpinionPage::Text { text, error: Some(advice), .. } = desk.sheet() else { panic!("{wrong:?}") };
        assert_eq!(text.reveal(), wrong);
        assert!(!advice.vi.is_empty() && !advice.en.is_empty());
    }
    desk.write("  Máy   này khó dùng ");
    assert!(matches!(desk.sheet(), OpinionPage::Contact { error: None, .. }));
    desk.act(Action::LeaveContact { phone: Some(Private::new("123")) });
    assert!(matches!(desk.sheet(), OpinionPage::Contact { error: Some(_), .. }));
    desk.act(Action::Back);
    let OpinionPage::Text { text, error: None, .. } = desk.sheet() else { panic!() };
    assert_eq!(text.reveal(), "Máy này khó dùng");
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C21");
    desk.act(Action::ChooseTopic { topic: 5 });
    assert!(matches!(desk.sheet(), OpinionPage::Text { text, .. } if text.reveal() == "Máy này khó dùng"), "another topic, the same words");
}

#[test]
fn no_device_and_no_link_is_needed_but_room_on_the_disk_is() {
    let alone = Health {
        scanner: DeviceState::Absent,
        reader: DeviceState::Lost,
        card_reader: DeviceState::Absent,
        printer: DeviceState::Absent,
        hub: LinkState::Down,
        disk_full: false,
    };
    let mut desk = Desk::new();
    desk.send(Event::Health(alone));
    desk.reach_last_look();
    let id = desk.send_opinion().id;
    assert!(desk.send(Event::OpinionStored { id, code: code() }).is_empty(), "nothing to print on");
    assert!(matches!(desk.sheet(), OpinionPage::Given { offline: true, printing: PrintState::None, .. }));

    let mut desk = Desk::new();
    desk.send(Event::Health(Health { disk_full: true, ..READY }));
    let Screen::Waiting { services, .. } = desk.screen() else { panic!() };
    assert!(services.iter().any(|tile| tile.service == Service::Opinion && tile.unavailable.is_some()));
    desk.act(Action::Start { service: Service::Opinion });
    assert_eq!(desk.code(), "C01");
}

#[test]
fn a_disk_that_fails_confirms_nothing_and_keeps_the_words() {
    let mut desk = Desk::new();
    desk.reach_last_look();
    let id = desk.send_opinion().id;
    desk.send(Event::OpinionFailed { id });
    assert_eq!(desk.overlay(), Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false }));
    desk.act(Action::Dismiss);
    assert!(matches!(desk.sheet(), OpinionPage::Check { text, storing: false, .. } if text.reveal() == WORDS));
    assert_ne!(desk.send_opinion().id, id);
}

#[test]
fn the_screen_says_what_the_printer_says() {
    let mut desk = Desk::new();
    let job = desk.reach_given().job;
    for state in [PrintState::Waiting(Fault::PrinterPaperOut), PrintState::Printing, PrintState::Printed] {
        desk.print(job, state);
        assert!(matches!(desk.sheet(), OpinionPage::Given { printing, .. } if printing == state));
    }
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert!(matches!(desk.sheet(), OpinionPage::Given { printing: PrintState::Printed, .. }), "what is printed stays printed");
    assert_eq!(desk.act(Action::End), [Effect::DropPrint { job }]);
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn every_way_out_leaves_nothing_of_the_person() {
    for (name, way) in ways() {
        let mut desk = Desk::new();
        way(&mut desk);
        if name == "C21e storing" {
            desk.wait(3600);
            assert_eq!(desk.code(), "C21e", "the disk is never interrupted");
            continue;
        }
        let asked = matches!(name, "C21c" | "C21c refused" | "C21d" | "C21d refused" | "C21e");
        desk.act(Action::End);
        assert_eq!(desk.overlay(), asked.then_some(Overlay::ConfirmEnd), "{name}: words would be lost");
        if asked {
            desk.act(Action::End);
        }
        assert_eq!(desk.seen(), Desk::new().seen(), "{name}");

        let mut silent = Desk::new();
        way(&mut silent);
        silent.wait(600);
        assert_eq!(silent.seen(), Desk::new().seen(), "{name}");
    }
}

#[test]
fn a_card_has_no_meaning_here() {
    for (name, way) in ways() {
        let mut desk = Desk::new();
        way(&mut desk);
        let before = desk.seen();
        assert!(desk.scan(CARD).is_empty() && desk.chip(None, motcua_flow::ChipNews::Read(of_chip())).is_empty(), "{name}");
        assert_eq!(desk.seen(), before, "{name}");
    }
}

#[test]
fn the_topics_are_the_offices() {
    let topics = vec![Topic { id: "road".to_owned(), name: Text::new("Đường làng", "Village roads") }];
    let mut desk = Desk::new();
    desk.kiosk = Kiosk::new(Settings { topics, ..settings() }, Catalogue::built_in().unwrap());
    desk.act(Action::Start { service: Service::Opinion });
    assert_eq!(desk.sheet(), OpinionPage::Topics { topics: vec![Text::new("Đường làng", "Village roads")] });
    desk.act(Action::ChooseTopic { topic: 1 });
    assert_eq!(desk.code(), "C21");
    desk.act(Action::ChooseTopic { topic: 0 });
    desk.write(WORDS);
    desk.act(Action::LeaveContact { phone: None });
    assert_eq!(desk.send_opinion().topic.id, "road");
}
