//! C24: a number is taken without a card, kept before it is shown, and the person's whatever the printer does.

use crate::common::*;
use motcua_flow::{Effect, Event, Kiosk, Settings, Slip, SlipOf};
use motcua_model::{
    Language,
    api::{Action, DeviceState, Health, LinkState, Overlay, PrintState, QueuePage, Screen, Service},
    catalogue::Catalogue,
    config::Queue,
    fault::Fault,
    queue::{Wanted, usual_priority},
};

fn office(groups: &str, with_priority: bool) -> Desk {
    let groups = groups.chars().map(group).collect();
    let priority = if with_priority { usual_priority() } else { Vec::new() };
    let mut desk = Desk::new();
    desk.kiosk = Kiosk::new(Settings { queue: Queue { groups, priority, desks: 2 }, ..settings() }, Catalogue::built_in().unwrap());
    desk.send(Event::Health(READY));
    desk
}

fn wanted(effects: &[Effect]) -> Wanted {
    let [Effect::TakeNumber(wanted)] = effects else { panic!("{effects:?}") };
    wanted.clone()
}

impl Desk {
    fn number_page(&self) -> QueuePage {
        let Screen::Queue { page } = self.screen() else { panic!("{}", self.code()) };
        page
    }

    fn begin_number(&mut self) -> Vec<Effect> {
        self.act(Action::Start { service: Service::Queue })
    }

    fn reach_priority(&mut self) {
        self.begin_number();
        assert_eq!(self.code(), "C24");
        assert!(self.act(Action::ChooseGroup { group: 1 }).is_empty());
        assert_eq!(self.code(), "C24b");
    }

    fn ask_number(&mut self) -> Wanted {
        self.reach_priority();
        wanted(&self.act(Action::ChoosePriority { priority: Some(1) }))
    }

    fn give_number(&mut self, id: uuid::Uuid) -> Vec<Effect> {
        self.send(Event::NumberTaken { id, number: "B012".to_owned(), ahead: 7 })
    }

    fn reach_number(&mut self) -> Slip {
        let id = self.ask_number().id;
        let effects = self.give_number(id);
        assert_eq!(self.code(), "C24c");
        let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
        *slip.clone()
    }
}

pub(crate) fn ways() -> Vec<(&'static str, Way)> {
    vec![
        ("C24", |d| {
            d.begin_number();
        }),
        ("C24b", |d| d.reach_priority()),
        ("C24b storing", |d| {
            d.ask_number();
        }),
        ("C24c", |d| {
            d.reach_number();
        }),
        ("C24c printed", |d| {
            let job = d.reach_number().job;
            d.print(job, PrintState::Printed);
        }),
    ]
}

#[test]
fn a_number_is_shown_only_when_it_is_durable_and_its_ticket_names_nobody() {
    let mut desk = Desk::new();
    let wanted = desk.ask_number();
    assert_eq!((wanted.group.as_str(), wanted.priority.as_deref()), ("B", Some("disabled")));
    assert!(matches!(desk.number_page(), QueuePage::Priority { storing: true, .. }), "no number yet");
    for nothing in [Action::ChoosePriority { priority: None }, Action::End, Action::Back] {
        assert!(desk.act(nothing).is_empty());
    }
    assert!(desk.give_number(uuid::Uuid::nil()).is_empty(), "of somebody else");
    assert_eq!(desk.code(), "C24b");

    let effects = desk.give_number(wanted.id);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.job, slip.code.as_str(), slip.qr.as_str()), (SlipOf::Ticket, wanted.id, "B012", ""));
    assert_eq!(slip.title.vi, "SỐ ƯU TIÊN");
    let printed = format!("{:?} {:?} {:?}", slip.title, slip.rows, slip.note);
    assert!(printed.contains("Nhóm B") && printed.contains("7 người"), "{printed}");
    assert!(!printed.contains("khuyết tật") && !printed.contains("disab"), "which group it was is for the desk alone");
    let QueuePage::Taken { number, ahead, priority: true, printing: PrintState::Printing, .. } = desk.number_page() else { panic!() };
    assert_eq!((number.as_str(), ahead), ("B012", 7));
}

#[test]
fn the_same_tap_twice_asks_once() {
    let mut desk = Desk::new();
    desk.reach_priority();
    let step = desk.snapshot().step;
    let tap = motcua_model::api::ActionRequest { step, action: Action::ChoosePriority { priority: None } };
    assert_eq!(wanted(&desk.send(Event::Action(tap.clone()))).priority, None);
    assert!(desk.send(Event::Action(tap)).is_empty());
}

#[test]
fn only_what_there_is_to_choose_is_asked() {
    let mut none = office("", true);
    let Screen::Waiting { services, .. } = none.screen() else { panic!() };
    assert!(services.iter().all(|tile| tile.service != Service::Queue), "no groups, no tile");
    assert!(none.begin_number().is_empty());
    assert_eq!(none.code(), "C01");

    let mut one = office("A", true);
    one.begin_number();
    assert_eq!((one.code(), one.snapshot().can_back), ("C24b", false));

    let mut one = office("A", false);
    let asked = wanted(&one.begin_number());
    assert_eq!((asked.group.as_str(), asked.priority), ("A", None));
    assert!(matches!(one.number_page(), QueuePage::Groups { storing: true, .. }));
    let effects = one.give_number(asked.id);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(slip.title.vi, "SỐ THỨ TỰ");

    let mut groups = office("ABC", false);
    groups.begin_number();
    assert!(groups.act(Action::ChooseGroup { group: 3 }).is_empty());
    assert_eq!(wanted(&groups.act(Action::ChooseGroup { group: 2 })).group, "C");
}

#[test]
fn no_device_no_link_and_no_room_are_needed() {
    let alone = Health {
        scanner: DeviceState::Absent,
        reader: DeviceState::Lost,
        card_reader: DeviceState::Absent,
        printer: DeviceState::Absent,
        hub: LinkState::Down,
        disk_full: true,
    };
    let mut desk = Desk::new();
    desk.send(Event::Health(alone));
    let id = desk.ask_number().id;
    assert!(desk.give_number(id).is_empty(), "nothing to print on");
    assert!(matches!(desk.number_page(), QueuePage::Taken { printing: PrintState::None, .. }));
}

#[test]
fn a_printer_without_paper_leaves_the_number_on_the_screen() {
    let mut desk = Desk::new();
    let job = desk.reach_number().job;
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!((desk.code(), desk.overlay()), ("C24c", None), "no fault over it");
    let QueuePage::Taken { number, printing, .. } = desk.number_page() else { panic!() };
    assert_eq!((number.as_str(), printing), ("B012", PrintState::Waiting(Fault::PrinterPaperOut)));
    desk.wait(89);
    assert_eq!((desk.code(), desk.overlay()), ("C24c", None));
    desk.wait(2);
    assert!(matches!(desk.overlay(), Some(Overlay::StillThere { .. })));
    desk.act(Action::MoreTime);
    assert_eq!((desk.code(), desk.overlay()), ("C24c", None));
    assert_eq!(desk.act(Action::End), [Effect::DropPrint { job }], "it does not come out in front of the next person");
    assert_eq!(desk.seen(), Desk::new().seen());
}

#[test]
fn with_the_ticket_out_the_page_goes_away_by_itself() {
    let mut desk = Desk::new();
    let job = desk.reach_number().job;
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    desk.wait(100);
    desk.print(job, PrintState::Printed);
    assert_eq!((desk.code(), desk.overlay()), ("C24c", None), "time to take it, however long the paper took");
    desk.wait(14);
    desk.print(job, PrintState::Printed);
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(desk.code(), "C24c");
    desk.wait(2);
    assert_eq!(desk.seen(), Desk::new().seen(), "what the printer says later holds nobody's page open");
}

#[test]
fn a_disk_that_fails_gives_no_number_and_one_may_try_again() {
    let mut desk = Desk::new();
    let first = desk.ask_number();
    desk.send(Event::NumberFailed { id: first.id });
    assert_eq!((desk.code(), desk.overlay()), ("C24b", Some(Overlay::Fault { fault: Fault::StoreFailed, retry: false })));
    desk.act(Action::Dismiss);
    let again = wanted(&desk.act(Action::ChoosePriority { priority: None }));
    assert!(again.id != first.id && again.group == "B");

    let mut one = office("A", false);
    let id = wanted(&one.begin_number()).id;
    one.send(Event::NumberFailed { id });
    one.act(Action::Dismiss);
    assert_eq!(wanted(&one.act(Action::ChooseGroup { group: 0 })).group, "A");
}

#[test]
fn one_may_go_back_and_choose_another_group() {
    let mut desk = Desk::new();
    desk.reach_priority();
    assert!(desk.snapshot().can_back);
    desk.act(Action::Back);
    assert_eq!(desk.code(), "C24");
    desk.act(Action::ChooseGroup { group: 0 });
    assert_eq!(wanted(&desk.act(Action::ChoosePriority { priority: None })).group, "A");
}

#[test]
fn the_ticket_speaks_the_language_of_the_screen() {
    let mut desk = Desk::new();
    desk.act(Action::SetLanguage { language: Language::En });
    assert_eq!(desk.reach_number().language, Language::En);
}

#[test]
fn every_way_out_leaves_nothing_and_a_card_has_no_meaning() {
    for (name, way) in ways() {
        let mut desk = Desk::new();
        way(&mut desk);
        let before = desk.seen();
        assert!(desk.scan(CARD).is_empty(), "{name}");
        assert_eq!(desk.seen(), before, "{name}");
        if name == "C24b storing" {
            desk.wait(3600);
            assert_eq!(desk.code(), "C24b", "the disk is never interrupted");
            continue;
        }
        desk.act(Action::End);
        assert_eq!((desk.overlay(), desk.seen()), (None, Desk::new().seen()), "{name}: nothing to lose");
        let mut silent = Desk::new();
        way(&mut silent);
        silent.wait(600);
        assert_eq!(silent.seen(), Desk::new().seen(), "{name}");
    }
}
