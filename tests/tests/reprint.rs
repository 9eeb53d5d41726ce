//! What a person needs after the visit, in a whole office: the proof once more by the digits of a telephone number, counted on paper; wrong
//! digits that a restart does not forget; a fee that is paid later behind the chip.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    Private,
    api::{Action, DeviceState, DigitsRefused, FeePage, PrintState, ReprintPage, ReviewValue, Screen, Service, Snapshot},
    fault::Fault,
};
use motcua_sim::pcscd::Pcscd;
use motcua_tests::{
    browser::Browser,
    rig::{self, CARD, Options, Rig},
    staff::announce_fee,
    visit::Citizen,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FEE: u32 = 15_000;

async fn restarted(rig: &mut Rig) {
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();
}

/// C20b of a code, from C01 on, with the way to the proof.
async fn look_up(rig: &Rig, code: &str) {
    assert!(is_offered(rig, code).await);
}

/// C20b of a code, from C01 on: whether the proof can be had again.
async fn is_offered(rig: &Rig, code: &str) -> bool {
    rig.screen("C01").await.unwrap();
    rig.act(Action::Start { service: Service::LookUp }).await.unwrap();
    rig.screen("C20").await.unwrap();
    rig.scan_code(&format!("https://dichvucong.thunghiem.example/tra-cuu?m={code}")).await.unwrap();
    let found = rig.screen("C20b").await.unwrap();
    matches!(found.screen, Screen::LookUpResult { reprint: true, .. })
}

async fn type_digits(rig: &Rig, digits: &str) -> Snapshot {
    rig.act(Action::EnterDigits { digits: Private::new(digits) }).await.unwrap();
    let answered = |s: &Snapshot| !matches!(s.screen, Screen::Reprint { page: ReprintPage::Digits { checking: true, .. } });
    rig.until("the word on the digits", answered).await.unwrap()
}

fn refused(shown: &Snapshot) -> DigitsRefused {
    let Screen::Reprint { page: ReprintPage::Digits { refused: Some(refused), .. } } = shown.screen else { panic!("{:?}", shown.screen) };
    refused
}

/// Prints the proof by the digits; answers the new slip.
async fn print_again(rig: &Rig, code: &str) -> PathBuf {
    let before = rig.slips().unwrap().len();
    look_up(rig, code).await;
    rig.act(Action::ReprintSlip).await.unwrap();
    type_digits(rig, DIGITS).await;
    let printed = |s: &Snapshot| matches!(s.screen, Screen::Reprint { page: ReprintPage::Paper { printing: PrintState::Printed } });
    let shown = rig.until("the proof on paper", printed).await.unwrap();
    assert!(!format!("{:?}", shown.screen).contains(code), "nothing of it is on the screen");
    rig.act(Action::SlipTaken).await.unwrap();
    rig.screen("C20b").await.unwrap();
    rig.act(Action::End).await.unwrap();
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), before + 1);
    slips.into_iter().next_back().unwrap()
}

/// Last digits of what [`Citizen`] answers where a telephone number is asked for.
const DIGITS: &str = "0456";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_digits_of_the_telephone_bring_the_proof_again_and_a_restart_forgets_no_wrong_ones() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    citizen.finish(&rig).await.unwrap();
    let code = citizen.codes.remove(0);
    let first = rig.slips().unwrap().remove(0);
    let numbers = |slip: &Path| [1, 2, 3].map(|n| rig::has_line(slip, &format!("IN LẠI lần {n}")).unwrap());
    assert_eq!(numbers(&first), [false; 3], "the first one is no reprint");

    // The record goes an hour after the hub has it; the proof is asked for days later.
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    rig.forget_delivered().await.unwrap();
    rig.until_devices().await.unwrap();
    look_up(&rig, &code).await;
    rig.act(Action::ReprintSlip).await.unwrap();
    assert_eq!(refused(&type_digits(&rig, "0000").await), DigitsRefused::Wrong { left: 2 });
    rig.act(Action::End).await.unwrap();

    let slip = print_again(&rig, &code).await;
    assert_eq!(numbers(&slip), [true, false, false]);
    assert_eq!(rig::qr_of(&slip).unwrap(), rig::qr_of(&first).unwrap());
    restarted(&mut rig).await;
    let slip = print_again(&rig, &code).await;
    assert_eq!(numbers(&slip), [false, true, false], "counted on the disk");

    look_up(&rig, &code).await;
    rig.act(Action::ReprintSlip).await.unwrap();
    for left in [2, 1] {
        assert_eq!(refused(&type_digits(&rig, "0000").await), DigitsRefused::Wrong { left });
        restarted(&mut rig).await;
        look_up(&rig, &code).await;
        rig.act(Action::ReprintSlip).await.unwrap();
    }
    assert_eq!(refused(&type_digits(&rig, "0000").await), DigitsRefused::Locked);
    restarted(&mut rig).await;
    look_up(&rig, &code).await;
    rig.act(Action::ReprintSlip).await.unwrap();
    let before = rig.slips().unwrap().len();
    assert_eq!(refused(&type_digits(&rig, DIGITS).await), DigitsRefused::Locked, "not even the right ones");
    assert_eq!(rig.slips().unwrap().len(), before);
    assert!(!rig.last_words().contains(DIGITS), "what was typed stands in no log");
    rig.stop().await.unwrap();
}

/// ux.md 7.6: staff can stop it, for a paper that is in wrong hands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_staff_block_at_the_console_is_not_printed_again_until_they_allow_it() {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    citizen.finish(&rig).await.unwrap();
    let code = citizen.codes.remove(0);
    let mut browser = Browser::at(&rig).await;
    let value = |page: &str, name: &str| {
        let (_, rest) = page.split_once(&format!("name={name} value=")).unwrap_or_else(|| panic!("no {name} on {page}"));
        rest.split('>').next().unwrap().to_owned()
    };
    let mut press = async || {
        let page = browser.page("/").await;
        let (form, dossier, block) = (value(&page, "form"), value(&page, "dossier"), value(&page, "block"));
        assert_eq!(
            browser.post("/reprint", &[("form", "x"), ("dossier", &dossier), ("block", "true")]).await.0,
            403,
            "another site's form"
        );
        browser.told("/reprint", &[("form", &form), ("dossier", &dossier), ("block", &block)]).await
    };
    assert!(press().await.contains("Đã chặn"));
    assert!(!is_offered(&rig, &code).await);
    rig.act(Action::ReprintSlip).await.unwrap();
    assert_eq!(rig.snapshot().await.unwrap().screen.code(), "C20b", "nor given to who asks all the same");
    rig.act(Action::End).await.unwrap();
    assert!(press().await.contains("Được in lại"));
    print_again(&rig, &code).await;
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_that_a_power_cut_broke_off_comes_out_with_the_card_as_the_first_reprint() {
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| s.screen.code() == "C12").await.unwrap();
    rig.dock(json!({"cover_after_rows": 150})).await.unwrap();
    rig.act(Action::Submit).await.unwrap();
    let waits = |s: &Snapshot| matches!(s.screen, Screen::Slip { printing: PrintState::Waiting(Fault::PrinterCoverOpen), .. });
    rig.until("half a slip", waits).await.unwrap();
    rig.kill_agent().await.unwrap();
    rig.dock(json!({"printer": "ok"})).await.unwrap();
    rig.start_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    rig.scan_code(CARD).await.unwrap();
    let printed = |s: &Snapshot| matches!(s.screen, Screen::Slip { printing: PrintState::Printed, .. });
    rig.until("the slip", printed).await.unwrap();
    let slips = rig.slips().unwrap();
    assert!(rig::has_line(slips.last().unwrap(), "IN LẠI lần 1").unwrap(), "half of one may be out there: {slips:?}");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fee_is_paid_later_behind_the_chip_and_ends_with_its_proof() {
    if let Some(missing) = Pcscd::missing() {
        println!("SKIPPED: {missing}");
        return;
    }
    let folder = TempDir::new().unwrap();
    let mut rig = Rig::start(&Options { card_reader: true, ..Options::in_folder(folder.path()) }).await.unwrap();
    announce_fee(&rig, 1, FEE).await.unwrap();
    rig.configure("[payment]\nonline = true\n").unwrap();
    restarted(&mut rig).await;
    let mut citizen = Citizen::with_chip(CARD, "citizen_2021");
    // At home there is time to think about it.
    citizen.finish(&rig).await.unwrap();
    let code = citizen.codes.remove(0);
    // Meanwhile the fee has changed, for those who come from now on.
    announce_fee(&rig, 2, 2 * FEE).await.unwrap();
    restarted(&mut rig).await;

    own(&rig).await;
    let told = fee_of(&rig.screen("C20d").await.unwrap());
    assert_eq!(told, "15.000 đồng. Máy này chưa thấy báo đã trả.");
    rig.act(Action::Pay).await.unwrap();
    let shown = rig.screen("C15").await.unwrap();
    assert!(matches!(shown.screen, Screen::Fee { page: FeePage::Choose { amount_vnd: FEE, begun: false, .. } }), "{:?}", shown.screen);
    rig.act(Action::Pay).await.unwrap();
    let pay = |s: &Snapshot| matches!(s.screen, Screen::Fee { page: FeePage::Pay { amount_vnd: FEE, .. } });
    rig.until("the platform's code", pay).await.unwrap();
    // The power goes while the money may be under way.
    restarted(&mut rig).await;
    own(&rig).await;
    assert!(fee_of(&rig.screen("C20d").await.unwrap()).ends_with("Nếu đã trả, không trả lần nữa."));
    rig.at_hub("pay", &["--code", &code, "--transaction", "GD-0042"]).await.unwrap();
    let before = rig.slips().unwrap().len();
    rig.act(Action::Pay).await.unwrap();
    let shown = rig.screen("C15").await.unwrap();
    assert!(matches!(shown.screen, Screen::Fee { page: FeePage::Choose { begun: true, .. } }), "{:?}", shown.screen);
    rig.act(Action::Pay).await.unwrap();
    let printed = |s: &Snapshot| matches!(&s.screen, Screen::Fee { page: FeePage::Paid { printing: PrintState::Printed, transaction, .. } } if transaction == "GD-0042");
    rig.until("the money and its proof", printed).await.unwrap();
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), before + 1);
    assert!(rig::qr_of(&slips[before]).unwrap().contains(&code));
    rig.act(Action::SlipTaken).await.unwrap();
    let after = rig.screen("C20d").await.unwrap();
    assert_eq!(fee_of(&after), "15.000 đồng, đã có báo nhận tiền");
    assert!(matches!(after.screen, Screen::OwnDossier { can_pay: false, .. }));
    rig.act(Action::End).await.unwrap();

    restarted(&mut rig).await;
    own(&rig).await;
    assert_eq!(fee_of(&rig.screen("C20d").await.unwrap()), "15.000 đồng, đã có báo nhận tiền", "it is kept");
    // The page of a dossier of which nobody has said anything yet is its proof once more.
    rig.act(Action::PrintDossier).await.unwrap();
    let printed = |s: &Snapshot| matches!(s.screen, Screen::OwnDossier { printing: Some(PrintState::Printed), .. });
    rig.until("the page on paper", printed).await.unwrap();
    assert!(rig::has_line(rig.slips().unwrap().last().unwrap(), "IN LẠI lần 1").unwrap());
    rig.stop().await.unwrap();
}

/// C20d of the one dossier, by the chip.
async fn own(rig: &Rig) {
    // After a start the card reader takes longest.
    rig.until("the card reader", |s| s.screen.code() == "C01" && s.health.card_reader == DeviceState::Ready).await.unwrap();
    rig.act(Action::Start { service: Service::LookUp }).await.unwrap();
    rig.screen("C20").await.unwrap();
    rig.scan_code(CARD).await.unwrap();
    rig.screen("C05b").await.unwrap();
    rig.dock(json!({"insert_card": "citizen_2021"})).await.unwrap();
    rig.screen("C20c").await.unwrap();
    rig.dock(json!("remove_card")).await.unwrap();
    rig.act(Action::ShowDossier { dossier: 0 }).await.unwrap();
    rig.screen("C20d").await.unwrap();
}

/// What C20d says of the fee.
fn fee_of(shown: &Snapshot) -> String {
    let Screen::OwnDossier { rows, .. } = &shown.screen else { panic!("{:?}", shown.screen) };
    let ReviewValue::Words(words) = &rows.iter().find(|row| row.label.vi == "Lệ phí").unwrap().value else { panic!() };
    words.vi.clone()
}
