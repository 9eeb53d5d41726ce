//! Every fault of every device, as the person at the screen and the technician are told; and offices with other devices than
//! the usual.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    Private, Text,
    api::{Action, Adding, ChipPhase, DeviceState, Overlay, PaperState, PrintState, ReviewValue, Screen, Service, Snapshot},
    dossier::{ChipAnswer, ChipFiles, Origin, Proof},
    hub::{MessageBody, PaperSource},
};
use motcua_sim::pcscd::Pcscd;
use motcua_tests::{
    rig::{self, CARD, Options, Rig},
    sane_feeder::{SCANNER, SaneFeeder},
    visit::{Citizen, Next},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, time::Instant};
use tempfile::TempDir;

/// Kept in the repository for people to read; `MOTCUA_WRITE_FAULTS=1` writes it anew.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../drivers/FAULTS.md");
const HEAD: &str = "\
# Every fault of every device

What the person at the kiosk reads. Written by `tests/tests/devices.rs`, which causes each fault in a whole office and fails
when this table says something else. The technician sees the device's state and the next step with `motcua status`.

| device | what happens | tiếng Việt | English |
|---|---|---|---|
";

async fn ready(options: &Options) -> Rig {
    let rig = Rig::start(options).await.unwrap();
    rig.until_devices().await.unwrap();
    if options.card_reader {
        rig.until("the card reader", |s| s.health.card_reader == DeviceState::Ready).await.unwrap();
    }
    rig
}

/// What the screen says is wrong: title and instruction.
fn told(snapshot: &Snapshot) -> Option<(Text, Option<Text>)> {
    let fault = match (&snapshot.overlay, &snapshot.screen) {
        (Some(Overlay::Fault { fault, .. }), _) => *fault,
        (_, Screen::ReadChip { fault: Some(fault), .. }) => *fault,
        (_, Screen::Slip { printing: PrintState::Waiting(fault), .. }) => *fault,
        (_, Screen::Waiting { services, .. }) => {
            return services.iter().find_map(|tile| tile.unavailable.clone().or(tile.note.clone())).map(|why| (why, None));
        }
        (_, Screen::ConfirmPerson { proof, .. }) => return Some((proof.words(), None)),
        _ => return None,
    };
    let words = fault.words();
    Some((words.title, Some(words.advice)))
}

struct Table {
    rows: Vec<String>,
}

impl Table {
    /// Waits until the screen tells something that `fits`, and writes it down.
    async fn row(&mut self, rig: &Rig, device: &str, what: &str, fits: impl Fn(&Text) -> bool) {
        let seen = rig.until(what, |s| told(s).is_some_and(|(title, _)| fits(&title))).await.unwrap();
        let (title, advice) = told(&seen).unwrap();
        let join = |title: &str, advice: Option<&str>| match advice {
            Some(advice) => format!("**{title}** {advice}"),
            None => format!("**{title}**"),
        };
        let vi = join(&title.vi, advice.as_ref().map(|text| text.vi.as_str()));
        let en = join(&title.en, advice.as_ref().map(|text| text.en.as_str()));
        self.rows.push(format!("| {device} | {what} | {vi} | {en} |"));
    }

    fn check(&self, complete: bool) {
        let text = format!("{HEAD}{}\n", self.rows.join("\n"));
        if complete && std::env::var_os("MOTCUA_WRITE_FAULTS").is_some() {
            fs::write(TABLE, &text).unwrap();
        }
        let kept = fs::read_to_string(TABLE).unwrap();
        for row in &self.rows {
            assert!(kept.lines().any(|line| line == row), "not in {TABLE}; run this test with MOTCUA_WRITE_FAULTS=1 and look:\n{row}");
        }
        if complete {
            assert_eq!(kept, text, "rows that no longer happen stand in {TABLE}");
        }
    }
}

/// The words of a fault of which only the beginning matters.
fn begins(title: &'static str) -> impl Fn(&Text) -> bool {
    move |text| text.en.starts_with(title)
}

/// Typed without counting fillers, as people do.
const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA\nL898902C36UTO7408122F1204159ZE184226B<10";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreigner_files_with_a_passport_and_its_chip_proves_it() {
    let folder = TempDir::new().unwrap();
    let no_cards = Pcscd::missing();
    if let Some(why) = &no_cards {
        println!("SKIPPED: the passport's chip: {why}");
    }
    let rig = ready(&Options { card_reader: no_cards.is_none(), ..Options::in_folder(folder.path()) }).await;
    let mut person = Citizen { chip: no_cards.is_none().then_some("passport"), ..Citizen::new(PASSPORT) };
    person.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copies = rig.hub_copies().unwrap();
    let message = rig::message(&copies[0]).unwrap();
    let MessageBody::Dossier(dossier) = message.body else { panic!("a dossier should be at the hub") };
    let applicant = dossier.applicant;
    assert_eq!((applicant.number.reveal().as_str(), applicant.name.reveal()), ("UTO L898902C3", "ERIKSSON ANNA MARIA"));
    if no_cards.is_none() {
        assert_eq!(applicant.proof, Proof::Chip { files: ChipFiles::Trusted, chip: ChipAnswer::Genuine });
    }
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_every_device_is_told_as_the_table_says() {
    let folder = TempDir::new().unwrap();
    let no_cards = Pcscd::missing();
    let rig = ready(&Options { card_reader: no_cards.is_none(), ..Options::in_folder(folder.path()) }).await;
    let mut table = Table { rows: Vec::new() };
    unplugged(&rig, &mut table).await;
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| s.screen.code() == "C05").await.unwrap();
    codes(&rig, &mut table).await;
    match &no_cards {
        None => cards(&rig, &mut table).await,
        Some(why) => println!("SKIPPED: the faults of the card reader: {why}"),
    }
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::Scan { running: false, .. }) && s.overlay.is_none()).await.unwrap();
    scans(&rig, &mut table).await;
    citizen.go_until(&rig, |s| s.screen.code() == "C12").await.unwrap();
    slips(&rig, &mut table).await;
    citizen.finish(&rig).await.unwrap();
    rig.stop().await.unwrap();
    table.check(no_cards.is_none());
}

async fn unplugged(rig: &Rig, table: &mut Table) {
    for (device, plug) in [("scanner", "scanner"), ("code reader", "gun")] {
        rig.dock(json!({"unplug": plug})).await.unwrap();
        table.row(rig, device, "unplugged while nobody is there", |_| true).await;
        rig.dock(json!({"plug": plug})).await.unwrap();
        rig.until("the device to be back", |s| told(s).is_none()).await.unwrap();
    }
}

async fn codes(rig: &Rig, table: &mut Table) {
    rig.scan_code("8934563138165").await.unwrap();
    table.row(rig, "code reader", "another code than the card's", begins("This is not")).await;
    rig.act(Action::Dismiss).await.unwrap();
    rig.dock(json!({"garbage": [0xff, 0xfe, 0x80, 0x81, 0x0d]})).await.unwrap();
    table.row(rig, "code reader", "noise on the line", begins("Not read")).await;
    rig.act(Action::Dismiss).await.unwrap();
}

/// Ends on C06, the person proven by a good card.
async fn cards(rig: &Rig, table: &mut Table) {
    for (card, what, title) in [
        ("silent", "the card falls silent", "The chip could not be read"),
        ("moved", "the card is taken away while it is read", "The card was moved"),
        ("citizen_2024", "another person's card", "This is another card"),
    ] {
        to_chip(rig).await;
        rig.dock(json!({"insert_card": card})).await.unwrap();
        table.row(rig, "card reader", what, begins(title)).await;
        rig.dock(json!("remove_card")).await.unwrap();
    }
    for (card, what) in [
        ("tampered", "data changed after signing"),
        ("no_signature", "no signature on the card"),
        ("copy", "a copied chip"),
        ("foreign", "signed by an authority that is not installed"),
        ("citizen_2021", "nothing: a good card"),
    ] {
        to_chip(rig).await;
        rig.dock(json!({"insert_card": card})).await.unwrap();
        rig.until("the person", |s| s.screen.code() == "C06").await.unwrap();
        table.row(rig, "card reader", what, |_| true).await;
        rig.dock(json!("remove_card")).await.unwrap();
    }
}

/// From wherever among C05, C05b and C06 to a fresh C05b.
async fn to_chip(rig: &Rig) {
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 30, "C05 is not reached");
        let snapshot = rig.snapshot().await.unwrap();
        match (&snapshot.overlay, snapshot.screen.code()) {
            (Some(_), _) => rig.act_at(snapshot.step, Action::Dismiss).await.unwrap(),
            (None, "C05") => break,
            (None, _) => rig.act_at(snapshot.step, Action::Back).await.unwrap(),
        };
    }
    rig.scan_code(CARD).await.unwrap();
    rig.until("C05b", |s| s.screen.code() == "C05b").await.unwrap();
}

async fn scans(rig: &Rig, table: &mut Table) {
    let two = json!({"load": ["to-khai-1.jpg", "to-khai-2.jpg"]});
    let cases: [(&str, Vec<Value>, &str); 7] = [
        ("no paper in the feeder", vec![], "No paper"),
        ("a jam answered with an empty page", vec![two.clone(), json!({"jam": 2})], "Paper is jammed"),
        ("a jam answered with an error", vec![two.clone(), json!({"jam_409": 2})], "Paper is jammed"),
        ("two sheets at once", vec![two.clone(), json!({"double_feed": 1})], "Two sheets"),
        ("the cover is open", vec![two.clone(), json!("cover")], "The scanner's cover"),
        ("a page breaks off", vec![two.clone(), json!({"truncate": 1})], "A page came out damaged"),
        ("another program scans", vec![two.clone(), json!("busy")], "The scanner is busy"),
    ];
    for (what, hands, title) in cases {
        for hand in hands {
            rig.dock(hand).await.unwrap();
        }
        rig.act(Action::StartScan).await.unwrap();
        table.row(rig, "scanner", what, begins(title)).await;
        rig.dock(json!("clear")).await.unwrap();
        rig.dock(json!("empty")).await.unwrap();
        rig.act(Action::Dismiss).await.unwrap();
        rig.until("the scanner to be well", |s| s.health.scanner == DeviceState::Ready && s.overlay.is_none()).await.unwrap();
        // Pages that were kept are shown to be checked; this person begins anew.
        if matches!(rig.snapshot().await.unwrap().screen, Screen::PageCheck { .. }) {
            rig.act(Action::ScanAgain).await.unwrap();
        }
        rig.until("the feeder to be asked for", |s| matches!(s.screen, Screen::Scan { running: false, .. })).await.unwrap();
    }
    rig.dock(json!({"page_delay": 3000})).await.unwrap();
    rig.dock(two).await.unwrap();
    rig.act(Action::StartScan).await.unwrap();
    rig.until("the scan", |s| matches!(s.screen, Screen::Scan { running: true, .. })).await.unwrap();
    rig.dock(json!({"unplug": "scanner"})).await.unwrap();
    table.row(rig, "scanner", "unplugged in mid-scan", begins("The scanner does not answer")).await;
    rig.dock(json!({"plug": "scanner"})).await.unwrap();
    for hand in [json!({"page_delay": 60}), json!("clear"), json!("empty")] {
        rig.dock(hand).await.unwrap();
    }
    rig.until("the scanner to be back", |s| s.health.scanner == DeviceState::Ready).await.unwrap();
    rig.act(Action::Dismiss).await.unwrap();
}

async fn slips(rig: &Rig, table: &mut Table) {
    rig.dock(json!({"printer": "paper_out"})).await.unwrap();
    rig.act(Action::Submit).await.unwrap();
    table.row(rig, "printer", "no paper", begins("The printer is out of paper")).await;
    rig.dock(json!({"printer": "cover"})).await.unwrap();
    table.row(rig, "printer", "the cover is open", begins("The printer's cover")).await;
    rig.dock(json!({"unplug": "printer"})).await.unwrap();
    table.row(rig, "printer", "switched off while the slip waits", begins("The printer does not answer")).await;
    rig.dock(json!({"printer": "ok"})).await.unwrap();
    rig.dock(json!({"plug": "printer"})).await.unwrap();
    rig.until("the slip", |s| matches!(s.screen, Screen::Slip { printing: PrintState::Printed, .. })).await.unwrap();
    assert_eq!(rig.slips().unwrap().len(), 1, "nothing was printed before, so there is one slip");
}

/// An office with a card reader; none where this machine can have none, which is said.
#[expect(clippy::print_stdout, reason = "the reason of a skipped test")]
async fn with_card_reader() -> Option<(TempDir, Rig)> {
    if let Some(why) = Pcscd::missing() {
        println!("SKIPPED: {why}");
        return None;
    }
    let folder = TempDir::new().unwrap();
    let rig = ready(&Options { card_reader: true, ..Options::in_folder(folder.path()) }).await;
    Some((folder, rig))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chip_proves_the_person_to_the_hub() {
    let Some((_folder, mut rig)) = with_card_reader().await else { return };
    let mut citizen = Citizen::with_chip(CARD, "citizen_2021");
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let message = fs::read_to_string(copy.join("message.json")).unwrap();
    let compact: String = message.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(
        compact.contains(r#""by":"chip","files":"trusted","chip":"genuine""#),
        "the hub does not learn how the person is proven: {message}"
    );
    for secret in ["Kinh", "Không", "dg13", "photo"] {
        assert!(!message.contains(secret), "{secret}: what no procedure asked for went out");
    }
    // The service for card readers dies and comes back: the agent finds the reader again by itself.
    rig.pcscd.as_mut().unwrap().kill();
    rig.until("the loss to be seen", |s| s.health.card_reader == DeviceState::Lost).await.unwrap();
    let offered = rig.snapshot().await.unwrap();
    let Screen::Waiting { services, .. } = &offered.screen else { panic!("the visit is over, not at {}", offered.screen.code()) };
    assert!(services.iter().any(|tile| tile.service == Service::File && tile.unavailable.is_none()), "without it the card's QR is enough");
    rig.pcscd.as_mut().unwrap().restart().unwrap();
    rig.until("the reader to be back", |s| s.health.card_reader == DeviceState::Ready).await.unwrap();
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_that_the_province_has_is_not_asked_for_again_once_the_chip_has_proved_who_asks() {
    let Some((_folder, rig)) = with_card_reader().await else { return };
    let owner = r#"{"by": "citizen", "number": "001190000016", "name": "Nguyễn Thị Mẫu"}"#;
    let paper = format!(
        r#"{{"owner": {owner}, "type": "GCN-KH", "paper": {{"source": "kho", "reference": "KHO-27", "name": "Giấy chứng nhận kết hôn", "number": "27/2019", "issuer": "UBND phường Minh Họa"}}}}"#
    );
    add(&rig, "paper", &paper).await;
    add(&rig, "person", &format!(r#"{{"key": {owner}, "technical_id": "TECH-17", "profile": {{}}}}"#)).await;

    let mut citizen = Citizen::with_chip(CARD, "citizen_2021");
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::StoredPaper { .. })).await.unwrap();
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let message = rig::message(&copy).unwrap();
    let MessageBody::Dossier(dossier) = message.body else { panic!("a dossier should be at the hub") };
    let stored = dossier.documents.iter().find(|document| document.component == "GCN-KH").unwrap();
    assert_eq!(stored.origin, Origin::Stored { source: PaperSource::Kho, reference: "KHO-27".to_owned() });
    assert_eq!(dossier.particulars.technical_id.as_ref().map(Private::reveal), Some("TECH-17"));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chip_opens_what_the_person_filed_and_a_photograph_of_the_card_does_not() {
    let Some((_folder, rig)) = with_card_reader().await else { return };
    let mut citizen = Citizen::with_chip(CARD, "citizen_2021");
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let official = rig::receipt(&rig.hub_copies().unwrap().remove(0)).unwrap().official_code.unwrap();
    let clerk = async |act: &str, arguments: &[&str]| {
        rig.at_hub(act, &[&["--dossier", &official], arguments].concat()).await.unwrap();
    };
    clerk("accept", &["--due", "2199-12-05T16:00+07", "--officer", "Trần Văn Mẫu", "--place", "Một cửa xã Mẫu"]).await;
    until_own(&rig, &official, &["16:00 05/12/2199", "Trần Văn Mẫu"]).await;
    // The officer's receipt goes home on paper.
    let before = rig.slips().unwrap().len();
    rig.act(Action::PrintDossier).await.unwrap();
    let printed = |s: &Snapshot| matches!(s.screen, Screen::OwnDossier { printing: Some(PrintState::Printed), .. });
    rig.until("the receipt on paper", printed).await.unwrap();
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), before + 1);
    assert!(rig::qr_of(slips.last().unwrap()).unwrap().contains(&official));
    rig.act(Action::End).await.unwrap();

    clerk("supplement", &["--item", "Giấy chứng sinh có dấu", "--reason", "Bản quét mờ"]).await;
    until_own(&rig, &official, &["Giấy chứng sinh có dấu", "Bản quét mờ"]).await;
    // The paper is in the person's hand: it is added at once.
    rig.act(Action::AddPapers).await.unwrap();
    let mut citizen = Citizen::new(CARD);
    citizen.finish(&rig).await.unwrap();
    assert_eq!(citizen.codes, [official.as_str()], "the code that the person knows");
    assert!(rig::qr_of(rig.slips().unwrap().last().unwrap()).unwrap().contains(&official));
    rig.until_status("delivery of the paper", |s| s.dossiers.delivered == 2).await.unwrap();
    let messages: Vec<_> = rig.hub_copies().unwrap().iter().map(|copy| rig::message(copy).unwrap()).collect();
    let dossiers = messages.into_iter().map(|message| if let MessageBody::Dossier(dossier) = message.body { dossier } else { panic!() });
    let (added, first): (Vec<_>, Vec<_>) = dossiers.partition(|dossier| dossier.particulars.adds_to.is_some());
    let adds = added[0].particulars.adds_to.as_ref().unwrap();
    assert_eq!((adds.dossier, adds.official_code.as_str()), (first[0].id, official.as_str()));
    assert_eq!((added[0].documents.len(), added[0].documents[0].pages.len()), (1, 2));
    let portal = rig.at_hub("portal", &["--dossier", &official]).await.unwrap();
    for told in ["DanhSachHoSoBoSung", "Giấy chứng sinh có dấu", "21991205160000"] {
        assert!(portal.contains(told), "{told}: {portal}");
    }
    until_own(&rig, &official, &["Giấy chứng sinh có dấu"]).await;
    let Screen::OwnDossier { adding: Adding::Done(_), .. } = rig.screen("C20d").await.unwrap().screen else {
        panic!("it is not asked for twice")
    };
    rig.act(Action::End).await.unwrap();
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filing_that_was_kept_and_papers_half_added_do_not_hide_each_other() {
    let Some((_folder, mut rig)) = with_card_reader().await else { return };
    Citizen::with_chip(CARD, "citizen_2021").finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let official = rig::receipt(&rig.hub_copies().unwrap().remove(0)).unwrap().official_code.unwrap();
    rig.at_hub("supplement", &["--dossier", &official, "--item", "Giấy chứng sinh", "--reason", "Mờ"]).await.unwrap();

    let scanned = |s: &Snapshot| matches!(&s.screen, Screen::Papers { papers } if papers.iter().any(|paper| matches!(paper.state, PaperState::Scanned(_))));
    let mut citizen = Citizen::with_chip(CARD, "citizen_2021");
    citizen.go_until(&rig, scanned).await.unwrap();
    rig.act(Action::PapersDone).await.unwrap();
    rig.screen("C08c").await.unwrap();
    rig.act(Action::KeepForLater).await.unwrap();
    rig.screen("C08d").await.unwrap();
    rig.act(Action::End).await.unwrap();

    until_own(&rig, &official, &["Giấy chứng sinh"]).await;
    rig.act(Action::AddPapers).await.unwrap();
    Citizen::new(CARD).go_until(&rig, scanned).await.unwrap();
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();

    rig.scan_code(CARD).await.unwrap();
    let Screen::Resume { procedure, .. } = rig.screen("C91").await.unwrap().screen else { unreachable!() };
    assert_eq!(procedure.en, "Birth registration", "not the added papers, which only the chip opens");
    rig.act(Action::End).await.unwrap();
    until_own(&rig, &official, &["Giấy chứng sinh"]).await;
    rig.act(Action::AddPapers).await.unwrap();
    assert!(scanned(&rig.screen("C08").await.unwrap()), "what was scanned for the dossier is still there");
    rig.stop().await.unwrap();
}

/// Opens C20d of the one dossier again and again until the office's words have come.
async fn until_own(rig: &Rig, official: &str, wanted: &[&str]) {
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 60, "the clerk's words did not come back: {wanted:?}");
        rig.screen("C01").await.unwrap();
        rig.act(Action::Start { service: Service::LookUp }).await.unwrap();
        rig.screen("C20").await.unwrap();
        rig.scan_code(CARD).await.unwrap();
        // The code on the card alone, which a photograph has too, waits for the chip.
        let waits = rig.screen("C05b").await.unwrap();
        assert!(matches!(waits.screen, Screen::ReadChip { phase: ChipPhase::Waiting, .. }), "{:?}", waits.screen);
        rig.dock(json!({"insert_card": "citizen_2021"})).await.unwrap();
        rig.screen("C20c").await.unwrap();
        rig.dock(json!("remove_card")).await.unwrap();
        rig.act(Action::ShowDossier { dossier: 0 }).await.unwrap();
        let Screen::OwnDossier { line, rows, .. } = rig.screen("C20d").await.unwrap().screen else { unreachable!() };
        assert_eq!(line.code, official);
        let said = |text: &&str| rows.iter().any(|row| matches!(&row.value, ReviewValue::Private(value) if value.reveal() == *text));
        if wanted.iter().all(said) {
            return;
        }
        rig.act(Action::End).await.unwrap();
    }
}

/// Tells the hub of an invented person or paper.
async fn add(rig: &Rig, kind: &str, json: &str) {
    let file = rig.dir.join("invented.json");
    fs::write(&file, json).unwrap();
    let mut hub = rig::binary("motcua-hub").unwrap();
    let ended = hub.args([kind, "add"]).arg(rig.dir.join("hub")).stdin(fs::File::open(&file).unwrap()).status().await.unwrap();
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technician_tries_each_device() {
    let folder = TempDir::new().unwrap();
    let cards = Pcscd::missing();
    let rig = Rig::start_without_agent(&Options { card_reader: cards.is_none(), ..Options::in_folder(folder.path()) }).await.unwrap();
    rig.dock(json!({"load_sheets": 1})).await.unwrap();
    let (good, said) = rig.technician(&["drill", "scanner"]).await.unwrap();
    assert!(good && said.contains("page 2: 2480 x 3508") && said.contains("complete, 2 page(s)"), "{said}");
    let (good, said) = rig.technician(&["drill", "scanner"]).await.unwrap();
    assert!(!good && said.contains("the feeder is empty"), "{said}");
    let (good, said) = rig.technician(&["drill", "printer"]).await.unwrap();
    assert!(good && said.contains("the printer says: printed"), "{said}");
    assert_eq!(rig.slips().unwrap().len(), 1);
    let show = async {
        // The dock refuses while nobody has opened the reader, so the card is shown until it is read.
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let _ = rig.dock(json!({"card": "citizen_2021"})).await;
        }
    };
    let (good, said) = tokio::select! {
        done = rig.technician(&["drill", "reader"]) => done.unwrap(),
        () = show => unreachable!(),
    };
    assert!(good && said.contains("serial mode") && said.contains("a citizen card") && !said.contains("Nguyễn"), "{said}");
    match cards {
        Some(why) => println!("SKIPPED: the card: {why}"),
        None => {
            rig.dock(json!({"insert_card": "citizen_2021"})).await.unwrap();
            let (good, said) = rig.technician(&["drill", "card", "--can", "000016"]).await.unwrap();
            assert!(
                good && said.contains("genuine, signed under") && said.contains("commands") && !said.contains("001190000016"),
                "{said}"
            );
            let (good, said) = rig.technician(&["drill", "card", "--can", "000017"]).await.unwrap();
            assert!(!good && said.contains("does not open this card"), "{said}");
        }
    }
    rig.stop().await.unwrap();
}

/// SANE's worker process, our own SANE backend with real pages in its feeder, a jam in the middle of the second sheet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_with_a_sane_scanner_files_too() {
    let folder = TempDir::new().unwrap();
    let Some(sane) = SaneFeeder::lay_out(&folder.path().join("sane")).unwrap() else {
        println!("SKIPPED: libsane_folder.so is not built; run: cargo build --workspace");
        return;
    };
    let feed = |lines: String| sane.feed(&lines).unwrap();
    let rig = ready(&Options { scanner: Some(SCANNER.to_owned()), env: sane.env(), ..Options::in_folder(folder.path()) }).await;
    let mut citizen = Citizen::new(CARD);
    let started = Instant::now();
    let mut jammed = false;
    loop {
        assert!(started.elapsed().as_secs() < 150, "the visit does not end; the screen shows {:?}", rig.snapshot().await.unwrap().overlay);
        let snapshot = rig.snapshot().await.unwrap();
        match citizen.next(&snapshot) {
            Next::Leave => break,
            Next::Feed(paper) if !jammed => {
                jammed = true;
                feed(format!("page {paper}-1.jpg\npage {paper}-2.jpg\njam@50 {paper}-1.jpg\n"));
                rig.act_at(snapshot.step, Action::StartScan).await.unwrap();
                let stopped = rig.until("the jam", |s| told(s).is_some_and(|(title, _)| title.en == "Paper is jammed")).await.unwrap();
                let Screen::Scan { pages, .. } = &stopped.screen else { panic!("{} under the fault", stopped.screen.code()) };
                assert_eq!(pages.len(), 2, "the whole sheet before the jam is kept, the half page is not");
                feed(String::new());
                rig.act(Action::Dismiss).await.unwrap();
                rig.until("the pages to be checked or scanned again", |s| s.overlay.is_none()).await.unwrap();
                // The sheet that was kept is all there is of this paper: it is taken out and scanned anew as a whole.
                feed(format!("page {paper}-1.jpg\npage {paper}-2.jpg\n"));
            }
            Next::Feed(paper) => {
                feed(format!("page {paper}-1.jpg\npage {paper}-2.jpg\n"));
                rig.act_at(snapshot.step, Action::StartScan).await.unwrap();
            }
            next => citizen.perform(&rig, &snapshot, &next).await.unwrap(),
        }
    }
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let out = folder.path().join("export");
    let (good, told) = rig.technician(&["person", "export", "001190000016", "--out", out.to_str().unwrap()]).await.unwrap();
    assert!(good, "{told}");
    let endings: BTreeSet<_> = fs::read_dir(&out).unwrap().map(|file| file.unwrap().path().extension().unwrap().to_owned()).collect();
    assert_eq!(endings, ["jpeg", "json", "pdf"].map(Into::into).into(), "nothing lossless is kept where nobody asked for it");
    rig.stop().await.unwrap();
}
