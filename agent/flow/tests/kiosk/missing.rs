//! C03b: the list of what to bring. C08c, C08d: a paper that must be there is at home.

use crate::common::*;
use motcua_flow::{Effect, Event, SlipOf, Unfinished};
use motcua_model::{
    api::{Action, DeviceState, Health, PrintState, Screen, Service},
    fault::Fault,
};

#[test]
fn the_list_of_the_papers_comes_before_anything_is_asked_and_goes_with_who_leaves() {
    let details = || {
        let mut desk = Desk::new();
        desk.act(Action::Start { service: Service::File });
        desk.act(Action::Agree);
        desk.act(Action::ChooseProcedure { code: BIRTH.into() });
        desk
    };
    let mut desk = details();
    let effects = desk.act(Action::PrintPapers);
    let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.title.vi.as_str()), (SlipOf::ToBring, "GIẤY TỜ CẦN MANG ĐẾN"));
    let rows: Vec<_> = slip.rows.iter().map(|(label, value)| (label.vi.as_str(), value.vi.as_str())).collect();
    assert_eq!(
        rows[..4],
        [
            ("Thủ tục", "Đăng ký khai sinh"),
            ("Cần mang đến", "Tờ khai đăng ký khai sinh"),
            ("Cần mang đến", "Giấy chứng sinh"),
            ("Mang đến nếu có", "Giấy chứng nhận kết hôn của cha mẹ")
        ]
    );
    assert!(rows.contains(&("Lệ phí", "Không mất tiền")));
    assert!(desk.act(Action::PrintPapers).is_empty(), "once");
    let job = slip.job;
    let shown = |desk: &Desk| {
        let Screen::ProcedureDetails { list, .. } = desk.screen() else { panic!("{}", desk.code()) };
        list
    };
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    assert_eq!(shown(&desk), Some(PrintState::Waiting(Fault::PrinterPaperOut)));
    assert_eq!(desk.act(Action::End), [Effect::DropPrint { job }], "it does not come out in front of the next person");

    let leaves: [fn(&mut Desk) -> Vec<Effect>; 2] = [|d| d.act(Action::Back), |d| d.act(Action::HavePapers)];
    for leave in leaves {
        let mut desk = details();
        let effects = desk.act(Action::PrintPapers);
        let [Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
        let job = slip.job;
        assert_eq!(leave(&mut desk), [Effect::DropPrint { job }]);
    }
    // Somebody whose card tells of an unfinished filing drops it, and can have the list once more.
    let draft = draft_of(|d| d.reach_papers());
    let mut desk = details();
    desk.act(Action::PrintPapers);
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft))));
    assert_eq!(desk.code(), "C91");
    desk.act(Action::Resume { go_on: false });
    assert_eq!(shown(&desk), None, "the paper that was dropped is not waited for");
    let mut desk = details();
    desk.send(Event::Health(Health { printer: DeviceState::Absent, ..READY }));
    assert!(desk.act(Action::PrintPapers).is_empty());
    assert_eq!(shown(&desk), Some(PrintState::None), "a touch that came too late");
}

#[test]
fn whoever_lacks_a_paper_keeps_what_is_done_and_takes_the_list_home() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.scan_paper(1);
    assert!(desk.act(Action::PapersDone).is_empty());
    let Screen::MissingPapers { papers } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(papers.iter().map(|name| name.en.as_str()).collect::<Vec<_>>(), ["Birth registration form"]);

    let effects = desk.act(Action::KeepForLater);
    let [Effect::SaveDraft(draft), Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((slip.of, slip.title.vi.as_str(), slip.code.as_str(), slip.qr.as_str()), (SlipOf::ToBring, "GIẤY TỜ CẦN MANG ĐẾN", "", ""));
    let row = |label: &str| slip.rows.iter().find(|(of, _)| of.vi == label).map(|(_, value)| value.vi.clone());
    assert_eq!((row("Cần mang đến").as_deref(), row("Giữ đến").as_deref()), (Some("Tờ khai đăng ký khai sinh"), Some("08:00 24/11/2026")));
    assert!(!slip.rows.iter().any(|(_, value)| value.vi.contains("Nguyễn")), "slips get lost");
    let Screen::KeptForLater { until, printing: PrintState::Printing, .. } = desk.screen() else { panic!("{}", desk.code()) };
    assert_eq!(until.duration_since(draft.saved), jiff::SignedDuration::from_hours(24));
    let (draft, job) = (draft.clone(), slip.job);
    desk.print(job, PrintState::Printed);
    assert!(matches!(desk.screen(), Screen::KeptForLater { printing: PrintState::Printed, .. }));

    assert_eq!(desk.act(Action::End), [Effect::CloseDraft, Effect::DropPrint { job }], "it is not dropped, and nothing is asked");
    assert_eq!(desk.code(), "C01");
    desk.scan(CARD);
    desk.send(Event::Unfinished(Unfinished::Draft(Box::new(draft.clone()))));
    desk.act(Action::Resume { go_on: true });
    assert_eq!(desk.code(), "C08");
    desk.scan_paper(0);
    desk.act(Action::LeavePaper { paper: 2 });
    desk.act(Action::PapersDone);
    assert_eq!(desk.code(), "C12");
}

#[test]
fn who_walks_away_from_what_is_kept_finds_it_again_and_nobody_finds_their_list() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.act(Action::PapersDone);
    let effects = desk.act(Action::KeepForLater);
    let [Effect::SaveDraft(_), Effect::Print(slip)] = effects.as_slice() else { panic!("{effects:?}") };
    let job = slip.job;
    desk.print(job, PrintState::Waiting(Fault::PrinterPaperOut));
    desk.wait(300);
    assert_eq!(desk.wait(45), [Effect::CloseDraft, Effect::DropPrint { job }]);
    assert_eq!(desk.code(), "C01");
}

#[test]
fn without_a_printer_the_list_stands_on_the_screen_and_the_filing_is_kept_all_the_same() {
    let mut desk = Desk::new();
    desk.reach_papers();
    desk.send(Event::Health(Health { printer: DeviceState::Absent, ..READY }));
    desk.act(Action::PapersDone);
    assert!(matches!(desk.act(Action::KeepForLater).as_slice(), [Effect::SaveDraft(_)]));
    assert!(matches!(desk.screen(), Screen::KeptForLater { printing: PrintState::None, .. }));
    assert!(desk.act(Action::Back).is_empty());
    assert_eq!(desk.code(), "C08d");
}
