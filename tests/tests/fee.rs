//! The fee of a whole office: paid through the platform that the hub asks, transferred without it, and never called paid by the machine.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use motcua_model::api::{Action, FeePage, PayWay, PrintState, Screen, Snapshot};
use motcua_tests::{
    rig::{self, CARD, Options, Rig},
    staff::announce_fee,
    visit::Citizen,
};
use std::path::Path;
use tempfile::TempDir;

const FEE: u32 = 15_000;

/// An office where a birth registration has a fee, by a catalogue that came from the hub.
async fn office(folder: &Path, payment: &str) -> Rig {
    let mut rig = Rig::start(&Options::in_folder(folder)).await.unwrap();
    announce_fee(&rig, 1, FEE).await.unwrap();
    rig.configure(payment).unwrap();
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    rig
}

/// Files a birth registration up to the fee.
async fn file(rig: &Rig) -> String {
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(rig, |s| s.screen.code() == "C15").await.unwrap();
    citizen.codes.last().unwrap().clone()
}

fn fee(shown: &Snapshot) -> &FeePage {
    let Screen::Fee { page } = &shown.screen else { panic!("{}", shown.screen.code()) };
    page
}

async fn until_fee(rig: &Rig, what: &str, wanted: impl Fn(&FeePage) -> bool) -> Snapshot {
    rig.until(what, |s| matches!(&s.screen, Screen::Fee { page } if wanted(page))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_the_platform_has_seen_is_shown_and_printed() {
    let folder = TempDir::new().unwrap();
    let rig = office(folder.path(), "[payment]\nonline = true\n").await;
    let code = file(&rig).await;
    assert_eq!(rig.slips().unwrap().len(), 1, "nobody waits for money to get the slip");
    rig.act(Action::Pay).await.unwrap();
    let shown = until_fee(&rig, "the platform's code", |page| matches!(page, FeePage::Pay { .. })).await;
    let FeePage::Pay { amount_vnd: FEE, qr, way: PayWay::Platform, .. } = fee(&shown) else { panic!("{:?}", fee(&shown)) };
    assert!(qr.contains(&code.replace('-', "")), "the payer's bank tells the office which dossier it is for: {qr}");

    rig.at_hub("pay", &["--code", &code, "--transaction", "GD-0042"]).await.unwrap();
    let printed = |page: &FeePage| matches!(page, FeePage::Paid { printing: PrintState::Printed, .. });
    let shown = until_fee(&rig, "the money and its proof", printed).await;
    assert!(matches!(fee(&shown), FeePage::Paid { amount_vnd: FEE, transaction, .. } if transaction == "GD-0042"));
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), 2);
    assert!(rig::qr_of(&slips[1]).unwrap().contains(&code));
    rig.act(Action::SlipTaken).await.unwrap();
    let done = rig.screen("C18").await.unwrap();
    assert!(matches!(done.screen, Screen::Done { unpaid_vnd: 0, .. }));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_hub_the_money_goes_to_the_offices_account_and_is_not_called_paid() {
    let folder = TempDir::new().unwrap();
    let account =
        "[payment]\nonline = true\n[payment.transfer]\nbank = \"970403\"\naccount = \"0011012345678\"\nholder = \"TT PVHCC XA MAU\"\n";
    let mut rig = office(folder.path(), account).await;
    let code = file(&rig).await;
    rig.kill_hub().await.unwrap();
    rig.act(Action::Pay).await.unwrap();
    let shown = until_fee(&rig, "the account", |page| matches!(page, FeePage::Pay { .. })).await;
    let FeePage::Pay { amount_vnd, qr, way: PayWay::Transfer { holder }, .. } = fee(&shown) else { panic!("{:?}", fee(&shown)) };
    assert_eq!((*amount_vnd, holder.as_str()), (FEE, "TT PVHCC XA MAU"));
    assert_eq!(*qr, motcua_model::transfer::vietqr("970403", "0011012345678", FEE, &code));
    rig.act(Action::PayLater).await.unwrap();
    let done = rig.screen("C18").await.unwrap();
    assert!(matches!(done.screen, Screen::Done { unpaid_vnd: FEE, unconfirmed: true, .. }), "{done:?}");
    rig.stop().await.unwrap();
}
