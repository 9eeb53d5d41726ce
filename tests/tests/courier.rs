//! Couriers of a whole office: what is scanned survives SIGKILL, what differs reaches the hub, slips wait for paper, PINs stay secret.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    Private,
    api::{Action, CourierPage, DoubtWhy, OpinionPage, PinRefused, PrintState, Screen, Service, Snapshot},
    dossier::Handover,
    fault::Fault,
    handover::{Deviation, Direction},
    hub::MessageBody,
};
use motcua_tests::{
    browser::{Browser, values},
    rig::{self, Options, Rig},
};
use serde_json::json;
use std::{fs, path::PathBuf, process::Stdio};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

async fn office() -> (TempDir, Rig) {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until_devices().await.unwrap();
    (folder, rig)
}

fn page(snapshot: &Snapshot) -> &CourierPage {
    let Screen::Courier { page } = &snapshot.screen else { panic!("{:?}", snapshot.screen) };
    page
}

/// The badge, from C01 on.
async fn badge(rig: &Rig, number: &str, code: &str) -> Snapshot {
    rig.screen("C01").await.unwrap();
    rig.act(Action::Start { service: Service::Courier }).await.unwrap();
    rig.screen("P01").await.unwrap();
    rig.scan_code(&format!("BCCI-{number}")).await.unwrap();
    rig.screen(code).await.unwrap()
}

fn scanned(snapshot: &Snapshot) -> Vec<String> {
    let CourierPage::Parcels { parcels, .. } = page(snapshot) else { panic!("{:?}", snapshot.screen) };
    parcels.iter().map(|parcel| parcel.code.clone()).collect()
}

async fn parcel(rig: &Rig, code: &str) {
    rig.scan_code(code).await.unwrap();
    let listed = |s: &Snapshot| s.screen.code() == "P03" && scanned(s).iter().any(|known| known == code);
    rig.until(code, listed).await.unwrap();
}

async fn restarted(rig: &mut Rig) {
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();
}

/// The desk announces a parcel for the courier to fetch.
async fn announce(desk: &mut Browser, code: &str) -> u16 {
    let form = values(&desk.page("/parcels").await, "name=form value=").remove(0);
    let fields = [
        ("form", form.as_str()),
        ("code", code),
        ("direction", "fetch"),
        ("grams", "320"),
        ("destination", "Sở Tư pháp"),
        ("dossier", "H99.50-261123-0007"),
    ];
    desk.post("/parcels", &fields).await.0
}

fn handovers(rig: &Rig) -> Vec<Handover> {
    let copies = rig.hub_copies().unwrap();
    let body = |copy: &PathBuf| rig::message(copy).unwrap().body;
    copies.iter().map(body).filter_map(|body| if let MessageBody::Handover(handover) = body { Some(handover) } else { None }).collect()
}

/// `KEEP=FOLDER` keeps slips and pages, to be looked at.
fn keep(files: &[PathBuf]) {
    let Some(folder) = std::env::var_os("KEEP").map(PathBuf::from) else { return };
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let number = fs::read_dir(&folder).unwrap().count();
        fs::copy(file, folder.join(format!("{number}-{name}"))).unwrap();
    }
}

async fn printed(rig: &Rig) {
    let both =
        |s: &Snapshot| matches!(&s.screen, Screen::Courier { page: CourierPage::Done { copy: 2, printing: PrintState::Printed, .. } });
    rig.until("both copies of the slip", both).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_any_parcel_loses_none_and_the_hub_hears_what_differs() {
    let (_folder, mut rig) = office().await;
    let mut desk = Browser::at(&rig).await;
    let announced = ["VNP0000000001", "VNP0000000002", "RR473124829VN"];
    for code in announced {
        assert_eq!(announce(&mut desk, code).await, 200);
    }
    assert_eq!(announce(&mut desk, "RR1").await, 422, "that is no parcel code");
    assert!(desk.page("/parcels").await.contains("Sở Tư pháp"));

    let today = badge(&rig, "HN0123", "P02").await;
    assert_eq!(page(&today), &CourierPage::Today { fetch: 3, deliver: 0 });
    rig.act(Action::ChooseDirection { direction: Direction::Fetch }).await.unwrap();
    rig.screen("P03").await.unwrap();
    for (at, code) in ["RR473124829VN", "VNP0000000001", "EB123456785VN"].into_iter().enumerate() {
        if at == 2 {
            rig.scan_code(code).await.unwrap();
            let stopped = |s: &Snapshot| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { doubt: Some(doubt), .. } } if doubt.why == DoubtWhy::NotAnnounced);
            rig.until("the stop", stopped).await.unwrap();
            rig.act(Action::ConfirmParcel { keep: true }).await.unwrap();
            rig.until(code, |s| scanned(s).len() == 3).await.unwrap();
        } else {
            parcel(&rig, code).await;
        }
        restarted(&mut rig).await;
        let again = badge(&rig, "HN0123", "P03").await;
        assert_eq!(scanned(&again).len(), at + 1, "everything that the screen showed");
        assert_eq!(scanned(&again).last().unwrap(), code);
        assert!(matches!(page(&again), CourierPage::Parcels { continued: Some(_), announced: 3, .. }));
    }

    // Another courier begins an own one and is not offered what the first has.
    rig.act(Action::End).await.unwrap();
    rig.act(Action::End).await.unwrap();
    let other = badge(&rig, "HN0999", "P02").await;
    assert_eq!(page(&other), &CourierPage::Today { fetch: 1, deliver: 0 });
    rig.act(Action::End).await.unwrap();
    let mut desk = Browser::at(&rig).await;
    let half_done = desk.page("/parcels").await;
    assert!(half_done.contains("<code>HN0123</code>"), "the desk sees who left something half done");

    badge(&rig, "HN0123", "P03").await;
    rig.act(Action::CloseHandover).await.unwrap();
    let asked = rig.screen("P04").await.unwrap();
    assert!(matches!(page(&asked), CourierPage::Difference { line, at: 1, of: 1 } if line.code == "VNP0000000002"));
    rig.act(Action::GiveDeviation { deviation: Deviation::SealBroken, rest: false }).await.unwrap();
    rig.screen("P06").await.unwrap();
    printed(&rig).await;
    let pages = [("half-done.html", half_done), ("recorded.html", desk.page("/parcels").await)];
    for (name, html) in pages {
        fs::write(rig.dir.join(name), html).unwrap();
        keep(&[rig.dir.join(name)]);
    }
    assert_eq!(rig.slips().unwrap().len(), 2, "one for each side");
    keep(&rig.slips().unwrap());
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    let [handover] = handovers(&rig).try_into().unwrap();
    assert_eq!((handover.courier.as_str(), handover.announced, handover.parcels.len()), ("HN0123", 3, 3));
    assert_eq!(handover.deviation("VNP0000000002"), Some(Deviation::SealBroken));
    assert_eq!(handover.deviation("EB123456785VN"), Some(Deviation::NotOfRun));
    assert!(handover.signatures.is_empty(), "this office has no PINs: the slips are signed");
    rig.act(Action::End).await.unwrap();
    let left = badge(&rig, "HN0123", "P02").await;
    assert_eq!(page(&left), &CourierPage::Today { fetch: 1, deliver: 0 }, "the one with the broken seal still waits");
    rig.act(Action::End).await.unwrap();

    // The desk takes it back.
    let form = values(&desk.page("/parcels").await, "name=form value=").remove(0);
    assert_eq!(desk.post("/parcels/withdraw", &[("form", "0"), ("code", "VNP0000000002")]).await.0, 403, "another site's form");
    assert_eq!(desk.post("/parcels/withdraw", &[("form", &form), ("code", "VNP0000000002")]).await.0, 200);
    badge(&rig, "HN0123", "P03").await;
    assert_eq!(Browser::outside(&rig).get("/parcels").await.status().as_u16(), 303, "who has no access code sees nothing");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_paper_the_record_goes_and_the_slip_comes_with_the_next_badge_or_from_the_desk() {
    let (_folder, rig) = office().await;
    badge(&rig, "HN0123", "P03").await;
    parcel(&rig, "RR473124829VN").await;
    rig.dock(json!({"printer": "paper_out"})).await.unwrap();
    rig.act(Action::CloseHandover).await.unwrap();
    let out = |s: &Snapshot| {
        let waiting = PrintState::Waiting(Fault::PrinterPaperOut);
        matches!(&s.screen, Screen::Courier { page: CourierPage::Done { printing, copy: 1, .. } } if *printing == waiting)
    };
    rig.until("no paper", out).await.unwrap();
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    assert_eq!(handovers(&rig).len(), 1, "paper or none, the record is good");
    rig.act(Action::End).await.unwrap();
    rig.screen("C01").await.unwrap();
    rig.dock(json!({"printer": "ok"})).await.unwrap();
    rig.until_devices().await.unwrap();
    assert_eq!(rig.slips().unwrap().len(), 0, "nothing comes out in front of the next person");

    badge(&rig, "HN0123", "P06").await;
    printed(&rig).await;
    assert_eq!(rig.slips().unwrap().len(), 2);
    rig.scan_code("BCCI-HN0123").await.unwrap();
    rig.screen("P03").await.unwrap();
    rig.act(Action::End).await.unwrap();
    badge(&rig, "HN0123", "P03").await;
    rig.act(Action::End).await.unwrap();

    let mut desk = Browser::at(&rig).await;
    let html = desk.page("/parcels").await;
    let (form, handover) = (values(&html, "name=form value=").remove(0), values(&html, "name=handover value=").remove(0));
    let fields = [("form", form.as_str()), ("handover", handover.as_str()), ("copy", "2")];
    assert_eq!(desk.post("/parcels/print", &fields).await.0, 200);
    for _ in 0..200 {
        if rig.slips().unwrap().len() == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(rig.slips().unwrap().len(), 3, "the desk has its copy once more");
    rig.stop().await.unwrap();
}

/// The lines that `motcua courier add` prints for the configuration.
async fn signer(rig: &Rig, number: &str, pin: &str, more: &[&str]) -> String {
    let mut command = rig::binary("motcua").unwrap();
    command.args(["courier", "add", number]).args(more).arg("--config").arg(rig.dir.join("agent.toml"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{pin}\n").as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn pin(rig: &Rig, pin: &str) {
    rig.act(Action::EnterPin { pin: Private::new(pin) }).await.unwrap();
}

async fn refused(rig: &Rig, wanted: impl Fn(PinRefused) -> bool) {
    let told = |s: &Snapshot| matches!(&s.screen, Screen::Courier { page: CourierPage::Pin { checking: false, refused: Some(refused), .. } } if wanted(*refused));
    rig.until("the refusal", told).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sign_with_pins_that_stand_nowhere() {
    const COURIER: &str = "73519042";
    const CLERK: &str = "60284917";
    const WRONG: &str = "41879305";
    let (folder, mut rig) = office().await;
    let lines = signer(&rig, "HN0123", COURIER, &[]).await + &signer(&rig, "HN0456", "5555", &[]).await;
    let lines = lines + &signer(&rig, "CB07", CLERK, &["--clerk"]).await;
    rig.configure(&lines).unwrap();
    restarted(&mut rig).await;

    badge(&rig, "HN0456", "P01b").await;
    for left in [2, 1] {
        pin(&rig, WRONG).await;
        refused(&rig, |refused| refused == PinRefused::Wrong { left }).await;
    }
    restarted(&mut rig).await;
    badge(&rig, "HN0456", "P01b").await;
    pin(&rig, WRONG).await;
    refused(&rig, |refused| matches!(refused, PinRefused::Locked { .. })).await;
    restarted(&mut rig).await;
    badge(&rig, "HN0456", "P01b").await;
    pin(&rig, "5555").await;
    refused(&rig, |refused| matches!(refused, PinRefused::Locked { .. })).await;
    rig.act(Action::End).await.unwrap();

    badge(&rig, "HN0123", "P01b").await;
    pin(&rig, COURIER).await;
    rig.screen("P03").await.unwrap();
    parcel(&rig, "RR473124829VN").await;
    rig.act(Action::CloseHandover).await.unwrap();
    rig.screen("P05").await.unwrap();
    pin(&rig, COURIER).await;
    rig.screen("P05b").await.unwrap();
    pin(&rig, COURIER).await;
    refused(&rig, |refused| refused == PinRefused::Wrong { left: 2 }).await;
    pin(&rig, CLERK).await;
    rig.screen("P06").await.unwrap();
    printed(&rig).await;
    keep(&rig.slips().unwrap()[..1]);
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    let [handover] = handovers(&rig).try_into().unwrap();
    assert!(handover.signatures.courier.is_some());
    assert_eq!(handover.signatures.clerk.unwrap().clerk, "CB07");
    let (whole, audit) = rig.technician(&["audit", "verify"]).await.unwrap();
    assert!(whole, "{audit}");
    rig.stop().await.unwrap();
    for place in ["logs", "state", "agent.toml", "run"] {
        let path = folder.path().join(place);
        let files = if path.is_dir() { fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect() } else { vec![path] };
        for file in files.into_iter().filter(|file| file.is_file()) {
            let bytes = fs::read(&file).unwrap();
            for digits in [COURIER, CLERK, WRONG] {
                assert!(!bytes.windows(digits.len()).any(|window| window == digits.as_bytes()), "a PIN stands in {}", file.display());
            }
        }
    }
}

async fn opinion_waits(rig: &Rig) {
    rig.screen("C01").await.unwrap();
    rig.act(Action::Start { service: Service::Opinion }).await.unwrap();
    rig.screen("C21").await.unwrap();
    rig.act(Action::ChooseTopic { topic: 0 }).await.unwrap();
    rig.screen("C21c").await.unwrap();
    rig.act(Action::WriteOpinion { text: Private::new("Ghế ngồi chờ bị gãy") }).await.unwrap();
    rig.screen("C21d").await.unwrap();
    rig.act(Action::LeaveContact { phone: None }).await.unwrap();
    rig.screen("C21e").await.unwrap();
    rig.act(Action::Submit).await.unwrap();
    opinion_slip(rig, PrintState::Waiting(Fault::PrinterPaperOut)).await;
}

async fn opinion_slip(rig: &Rig, state: PrintState) {
    let is = |s: &Snapshot| matches!(&s.screen, Screen::Opinion { page: OpinionPage::Given { printing, .. } } if *printing == state);
    rig.until("the slip of the opinion", is).await.unwrap();
}

async fn reprint(desk: &mut Browser, copy: &str) {
    let page = desk.page("/parcels").await;
    let (form, handover) = (values(&page, "name=form value=").remove(0), values(&page, "name=handover value=").remove(0));
    assert_eq!(desk.post("/parcels/print", &[("form", &form), ("handover", &handover), ("copy", copy)]).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_at_the_screen_gets_their_slip_before_the_desk() {
    let (_folder, rig) = office().await;
    let mut desk = Browser::at(&rig).await;
    badge(&rig, "HN0123", "P03").await;
    parcel(&rig, "RR473124829VN").await;
    rig.act(Action::CloseHandover).await.unwrap();
    printed(&rig).await;
    rig.act(Action::End).await.unwrap();
    let slips = async |wanted: usize| {
        let started = std::time::Instant::now();
        while rig.slips().unwrap().len() != wanted {
            assert!(started.elapsed().as_secs() < 30, "{} slips, not {wanted}", rig.slips().unwrap().len());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    slips(2).await;

    // The person waits for paper, then the desk wants both copies once more.
    rig.dock(json!({"printer": "paper_out"})).await.unwrap();
    opinion_waits(&rig).await;
    reprint(&mut desk, "1").await;
    reprint(&mut desk, "2").await;
    rig.status().await.unwrap();
    rig.dock(json!({"printer": "ok"})).await.unwrap();
    opinion_slip(&rig, PrintState::Printed).await;
    assert!(rig::qr_of(&rig.slips().unwrap()[2]).unwrap().starts_with("PAKN-"), "the person's comes first");
    slips(5).await;
    rig.act(Action::End).await.unwrap();

    // The desk's waits for paper when somebody comes.
    rig.dock(json!({"printer": "paper_out"})).await.unwrap();
    reprint(&mut desk, "1").await;
    rig.status().await.unwrap();
    opinion_waits(&rig).await;
    rig.dock(json!({"printer": "ok"})).await.unwrap();
    opinion_slip(&rig, PrintState::Printed).await;
    assert!(rig::qr_of(&rig.slips().unwrap()[5]).unwrap().starts_with("PAKN-"));
    rig.stop().await.unwrap();
}
