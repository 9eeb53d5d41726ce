//! Every screen with every action: what means something does it, everything else changes nothing.

use crate::common::*;
use motcua_flow::{Effect, Event};
use motcua_model::{
    Language, Private,
    api::{Action, ActionRequest, ChangeTarget, Service, Snapshot},
    dossier::Special,
    for_whom::ForWhom,
    handover::{Deviation, Direction},
    rating::{Reason, Score},
};
use uuid::Uuid;

/// Of the desk at C11b.
const FIRST_PAGE: Uuid = Uuid::from_u128(u64::MAX as u128 + 16);

fn every_action() -> Vec<Action> {
    let all = vec![
        Action::Start { service: Service::File },
        Action::Start { service: Service::LookUp },
        Action::Start { service: Service::Queue },
        Action::Start { service: Service::Opinion },
        Action::Start { service: Service::Courier },
        Action::SetLanguage { language: Language::Vi },
        Action::Agree,
        Action::ChooseProcedure { code: BIRTH.into() },
        Action::ChooseProcedure { code: "1.999999".into() },
        Action::HavePapers,
        Action::PrintPapers,
        Action::UsePassport,
        Action::TypeCard,
        Action::TypeZone { zone: Private::new(PASSPORT) },
        Action::TypeZone { zone: Private::new("P<UTO") },
        Action::ReadChip,
        Action::SkipChip,
        Action::ConfirmPerson { correct: true },
        Action::FileFor { whom: ForWhom::Myself },
        Action::FileFor { whom: ForWhom::Authorised },
        Action::FileFor { whom: ForWhom::Organisation },
        Action::Resume { go_on: true },
        Action::Resume { go_on: false },
        Action::Answer { value: Private::new("") },
        Action::Answer { value: Private::new("20/11/2026") },
        Action::ScanPaper { paper: 0 },
        Action::ScanPaper { paper: 200 },
        Action::LeavePaper { paper: 0 },
        Action::LeavePaper { paper: 2 },
        Action::LeavePaper { paper: 200 },
        Action::PapersDone,
        Action::KeepForLater,
        Action::UseStored,
        Action::DisputeStored,
        Action::DeclareSheets { sheets: 0 },
        Action::DeclareSheets { sheets: 1 },
        Action::DeclareSheets { sheets: u16::MAX },
        Action::CannotScan,
        Action::BringToDesk { special: Special::Bound },
        Action::HavePdf,
        Action::TakePdf { file: OFFERED },
        Action::TakePdf { file: Uuid::nil() },
        Action::StartScan,
        Action::CancelScan,
        Action::AcceptPages,
        Action::ScanAgain,
        Action::RescanPage { page: FIRST_PAGE },
        Action::RescanPage { page: Uuid::nil() },
        Action::ScanWithoutNote { page: FIRST_PAGE },
        Action::ScanWithoutNote { page: Uuid::nil() },
        Action::ScanMore,
        Action::Change { target: ChangeTarget::ForWhom },
        Action::Change { target: ChangeTarget::Question(1) },
        Action::Change { target: ChangeTarget::Question(200) },
        Action::Change { target: ChangeTarget::Paper(0) },
        Action::Change { target: ChangeTarget::Paper(200) },
        Action::Submit,
        Action::SlipTaken,
        Action::Pay,
        Action::PayLater,
        Action::NotWait,
        Action::LookUp { code: provisional().to_string() },
        Action::LookUp { code: String::new() },
        Action::ReprintSlip,
        Action::EnterDigits { digits: Private::new("0456") },
        Action::EnterDigits { digits: Private::new("45") },
        Action::ShowDossier { dossier: 0 },
        Action::ShowDossier { dossier: 200 },
        Action::PrintDossier,
        Action::AddPapers,
        Action::ChooseTopic { topic: 0 },
        Action::ChooseTopic { topic: 200 },
        Action::WriteOpinion { text: Private::new("Chờ lâu quá") },
        Action::WriteOpinion { text: Private::new("") },
        Action::LeaveContact { phone: None },
        Action::LeaveContact { phone: Some(Private::new("0900000456")) },
        Action::LeaveContact { phone: Some(Private::new("09")) },
        Action::Rate,
        Action::GiveScore { score: Score::Good },
        Action::TurnReason { reason: Reason::Time },
        Action::ChooseGroup { group: 1 },
        Action::ChooseGroup { group: 200 },
        Action::ChoosePriority { priority: None },
        Action::ChoosePriority { priority: Some(0) },
        Action::ChoosePriority { priority: Some(200) },
        Action::EnterPin { pin: Private::new("2468") },
        Action::ChooseDirection { direction: Direction::Deliver },
        Action::ConfirmParcel { keep: true },
        Action::CloseHandover,
        Action::GiveDeviation { deviation: Deviation::Missing, rest: false },
        Action::GiveDeviation { deviation: Deviation::SealBroken, rest: true },
        Action::Retry,
        Action::Dismiss,
        Action::MoreTime,
        Action::Help,
        Action::Back,
        Action::End,
        Action::Touch,
    ];
    // A new action must be put into the list: this match stops compiling without it.
    for action in &all {
        match action {
            Action::Start { .. }
            | Action::SetLanguage { .. }
            | Action::Agree
            | Action::ChooseProcedure { .. }
            | Action::HavePapers
            | Action::PrintPapers
            | Action::UsePassport
            | Action::TypeCard
            | Action::TypeZone { .. }
            | Action::ReadChip
            | Action::SkipChip
            | Action::ConfirmPerson { .. }
            | Action::FileFor { .. }
            | Action::Resume { .. }
            | Action::Answer { .. }
            | Action::ScanPaper { .. }
            | Action::LeavePaper { .. }
            | Action::PapersDone
            | Action::KeepForLater
            | Action::UseStored
            | Action::DisputeStored
            | Action::DeclareSheets { .. }
            | Action::CannotScan
            | Action::BringToDesk { .. }
            | Action::HavePdf
            | Action::TakePdf { .. }
            | Action::StartScan
            | Action::CancelScan
            | Action::AcceptPages
            | Action::ScanAgain
            | Action::RescanPage { .. }
            | Action::ScanWithoutNote { .. }
            | Action::ScanMore
            | Action::Change { .. }
            | Action::Submit
            | Action::SlipTaken
            | Action::Pay
            | Action::PayLater
            | Action::NotWait
            | Action::LookUp { .. }
            | Action::ReprintSlip
            | Action::EnterDigits { .. }
            | Action::ShowDossier { .. }
            | Action::PrintDossier
            | Action::AddPapers
            | Action::ChooseTopic { .. }
            | Action::WriteOpinion { .. }
            | Action::LeaveContact { .. }
            | Action::Rate
            | Action::GiveScore { .. }
            | Action::TurnReason { .. }
            | Action::ChooseGroup { .. }
            | Action::ChoosePriority { .. }
            | Action::EnterPin { .. }
            | Action::ChooseDirection { .. }
            | Action::ConfirmParcel { .. }
            | Action::CloseHandover
            | Action::GiveDeviation { .. }
            | Action::Retry
            | Action::Dismiss
            | Action::MoreTime
            | Action::Help
            | Action::Back
            | Action::End
            | Action::Touch => {}
        }
    }
    all
}

/// What a cell of the table did: a short word that a person can check.
fn outcome(desk: &mut Desk, action: Action) -> Option<String> {
    let (seen, step) = (desk.seen(), desk.snapshot().step);
    let effects = desk.act(action);
    let words: Vec<&str> = effects
        .iter()
        .map(|effect| match effect {
            Effect::SaveDraft(_) => "save",
            Effect::DropDraft { .. } => "drop-draft",
            Effect::CloseDraft => "close-draft",
            Effect::FindUnfinished { .. } => "find",
            Effect::ReadChip { .. } => "read-chip",
            Effect::CancelChip { .. } => "cancel-chip",
            Effect::StartScan { .. } => "scan",
            Effect::CancelScan { .. } => "cancel",
            Effect::TakePdf { .. } => "take-pdf",
            Effect::DropPages { .. } => "drop-pages",
            Effect::AskHub { .. } => "ask-hub",
            Effect::AskPayment { .. } => "ask-payment",
            Effect::AskOfficer { .. } => "ask-officer",
            Effect::FindOwn { .. } => "find-own",
            Effect::Submit(_) => "submit",
            Effect::Print(_) => "print",
            Effect::CloseSlip { keep: false, .. } => "close-slip",
            Effect::CloseSlip { keep: true, .. } => "keep-slip",
            Effect::LookUp { .. } => "look-up",
            Effect::FindCourier { .. } => "find-courier",
            Effect::CheckPin { .. } => "check-pin",
            Effect::CheckDigits { .. } => "check-digits",
            Effect::KeepProof { .. } => "keep-proof",
            Effect::FeeBegun { .. } => "fee-begun",
            Effect::FeePaid { .. } => "fee-paid",
            Effect::KeepHandover(_) => "keep-parcel",
            Effect::StoreHandover(_) => "store-handover",
            Effect::DropPrint { .. } => "drop-print",
            Effect::StoreOpinion(_) => "store-opinion",
            Effect::StoreRating(_) => "store-rating",
            Effect::TakeNumber(_) => "take-number",
        })
        .collect();
    let same = desk.seen() == seen && desk.snapshot().step == step;
    let overlay = desk.overlay().map(|overlay| serde_json::to_value(overlay).unwrap()["overlay"].as_str().unwrap().to_owned());
    let place = desk.code().to_owned() + &overlay.map(|o| format!("+{o}")).unwrap_or_default();
    (!same || !words.is_empty()).then(|| format!("{place} {}", words.join(" ")).trim_end().to_owned())
}

fn name(action: &Action) -> String {
    let text = if let Action::Answer { value } = action {
        format!("Answer {:?}", value.reveal())
    } else if let Action::TypeZone { zone } = action {
        format!("TypeZone {:?}{}", &zone.reveal()[..5], if zone.reveal().len() > 5 { " whole" } else { "" })
    } else if let Action::EnterDigits { digits } = action {
        format!("EnterDigits {:?}", digits.reveal())
    } else if let Action::WriteOpinion { text } | Action::LeaveContact { phone: Some(text) } = action {
        format!("{action:?} {:?}", text.reveal())
    } else {
        format!("{action:?}")
    };
    text.replace(" { ", " ").replace(" }", "").replace("TAM-K07-261123-0042-", "TAM-")
}

/// The whole table as text; a change of behaviour shows as a changed line.
#[test]
fn the_table_of_screens_and_actions_is_the_known_one() {
    let mut table = String::new();
    for action in every_action() {
        // Under the question whether somebody is there, every action means yes: visit.rs has that test.
        for (screen, mut desk) in every_screen().into_iter().filter(|(screen, _)| !screen.ends_with("still there?")) {
            let label = name(&action);
            if let Some(outcome) = outcome(&mut desk, action.clone()) {
                table += &format!("{screen} | {label} | {outcome}\n");
            }
        }
    }
    let mut lines: Vec<&str> = table.lines().collect();
    lines.sort_unstable();
    let table = lines.join("\n") + "\n";
    let known = include_str!("table.txt");
    let changed = |a: &str, b: &str| -> Vec<String> { a.lines().filter(|l| !b.lines().any(|k| k == *l)).map(Into::into).collect() };
    if std::env::var_os("PRINT_TABLE").is_some() {
        println!("{table}");
    }
    assert!(
        table == known,
        "new lines: {:#?}\nmissing lines: {:#?}\nPRINT_TABLE=1 prints the table",
        changed(&table, known),
        changed(known, &table)
    );
}

#[test]
fn a_stale_action_changes_nothing_anywhere() {
    for action in every_action() {
        for (screen, mut desk) in every_screen() {
            let before = desk.seen();
            let step = desk.snapshot().step;
            for stale in [step - 1, step + 1] {
                let request = ActionRequest { step: stale, action: action.clone() };
                assert!(!desk.kiosk.accepts(&request));
                assert!(desk.send(Event::Action(request)).is_empty(), "{screen}: {action:?}");
            }
            assert_eq!((desk.seen(), desk.snapshot().step), (before, step), "{screen}: {action:?}");
        }
    }
}

#[test]
fn every_picture_and_every_action_survives_the_way_over_the_socket() {
    for (screen, desk) in every_screen() {
        let text = serde_json::to_string(&desk.snapshot()).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), desk.snapshot(), "{screen}");
    }
    for action in every_action() {
        let request = ActionRequest { step: 7, action };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ActionRequest>(&text).unwrap(), request);
    }
}

#[test]
fn back_is_offered_exactly_where_it_leads_somewhere() {
    for (screen, mut desk) in every_screen() {
        let offered = desk.snapshot().can_back;
        let warned = screen.ends_with("still there?");
        assert_eq!(outcome(&mut desk, Action::Back).is_some() && !warned, offered && !warned, "{screen}");
    }
}

#[test]
fn the_end_is_offered_exactly_where_it_leads_somewhere() {
    for (screen, mut desk) in every_screen() {
        let offered = desk.snapshot().can_end;
        assert_eq!(outcome(&mut desk, Action::End).is_some(), offered, "{screen}");
    }
}
