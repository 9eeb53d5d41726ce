//! A day in the office: what citizen, courier, clerk and technician get in the end.
#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

use motcua_model::{
    api::{Action, CourierPage, DeviceState, LinkState, OfficerPage, PaperState, PrintState, Screen, Service, Snapshot},
    catalogue::Catalogue,
    code::ParcelCheck,
    dossier::Status,
    for_whom::ForWhom,
    hub::MessageBody,
};
use motcua_tests::{
    rig::{self, CARD, OTHER_CARD, Options, Rig},
    visit::Citizen,
};
use std::{fs, time::Instant};
use tempfile::TempDir;
use tokio::process::Command;

async fn office() -> (TempDir, Rig) {
    let folder = TempDir::new().unwrap();
    let rig = Rig::start(&Options::in_folder(folder.path())).await.unwrap();
    rig.until("devices and link", |s| {
        [s.health.scanner, s.health.reader, s.health.printer].iter().all(|d| *d == DeviceState::Ready) && s.health.hub == LinkState::Up
    })
    .await
    .unwrap();
    (folder, rig)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slip_leads_to_the_official_code_and_the_hub_has_searchable_papers() {
    let (_folder, rig) = office().await;
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let official = rig::receipt(&copy).unwrap().official_code.unwrap();

    let mut words = String::new();
    for file in fs::read_dir(&copy).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "pdf") {
            rig::run(Command::new("qpdf").arg("--check").arg(&path)).await.unwrap();
            words += &rig::run(Command::new("pdftotext").arg(&path).arg("-")).await.unwrap();
        }
    }
    for word in ["TỜ KHAI ĐĂNG KÝ KHAI SINH", "GIẤY CHỨNG SINH"] {
        assert!(words.contains(word), "{word} cannot be searched for in: {words}");
    }

    rig.at_hub("status", &["--dossier", &official, "--status", &u8::from(Status::Finished).to_string()]).await.unwrap();
    let qr = rig::qr_of(&rig.slips().unwrap()[0]).unwrap();
    assert!(qr.contains(&citizen.codes[0]) && !qr.contains("001090000017"), "{qr}");
    let started = Instant::now();
    loop {
        assert!(started.elapsed().as_secs() < 60, "the clerk's decision did not come back");
        rig.act(Action::Start { service: Service::LookUp }).await.unwrap();
        rig.screen("C20").await.unwrap();
        rig.scan_code(&qr).await.unwrap();
        let found = rig.screen("C20b").await.unwrap();
        rig.act(Action::End).await.unwrap();
        rig.screen("C01").await.unwrap();
        let Screen::LookUpResult { official_code, done, steps, .. } = found.screen else { unreachable!() };
        assert_eq!(official_code.as_deref(), Some(official.as_str()));
        if (done, steps) == (3, 4) {
            break;
        }
    }
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_authorised_files_for_the_other_one_by_the_others_card() {
    let (_folder, rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| matches!(s.screen, Screen::ForWhom { .. })).await.unwrap();
    rig.act(Action::FileFor { whom: ForWhom::Authorised }).await.unwrap();
    let asked = rig.screen("C07").await.unwrap();
    rig.scan_code(OTHER_CARD).await.unwrap();
    rig.until("the other one's card", |s| s.step != asked.step).await.unwrap();
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let copy = rig.hub_copies().unwrap().remove(0);
    let message = rig::message(&copy).unwrap();
    let MessageBody::Dossier(dossier) = message.body else { panic!("a dossier should be at the hub") };
    assert_eq!(dossier.applicant.number.reveal(), "001090000017", "the account is that of who authorised (R27)");
    assert_eq!(dossier.applicant.address.reveal(), "Phường Minh Họa, Thử Nghiệm");
    let authorised = dossier.particulars.authorised.unwrap();
    assert_eq!((authorised.person.number.reveal().as_str(), authorised.person.name.reveal()), ("001190000016", "Nguyễn Thị Mẫu"));
    let letter = dossier.documents.iter().find(|document| Some(document.id) == authorised.paper).unwrap();
    assert_eq!((letter.component.as_str(), letter.pages.len()), ("UQ", 2));
    assert!(message.files.iter().any(|file| file.document == letter.id && file.name.ends_with(".pdf")), "{:?}", message.files);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_courier_takes_two_parcels_over_and_the_hub_knows() {
    let (_folder, rig) = office().await;
    rig.act(Action::Start { service: Service::Courier }).await.unwrap();
    rig.screen("P01").await.unwrap();
    rig.scan_code("BCCI-HN0123").await.unwrap();
    rig.screen("P03").await.unwrap();
    rig.scan_code("RR473124829VN").await.unwrap();
    rig.until("the first", |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { parcels, .. } } if parcels.len() == 1))
        .await
        .unwrap();
    rig.scan_code("RR473124829VN").await.unwrap();
    rig.until(
        "the repetition",
        |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { repeated: true, parcels, .. } } if parcels.len() == 1),
    )
    .await
    .unwrap();
    rig.scan_code("BK990032289VN").await.unwrap();
    rig.until("the doubt", |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { doubt: Some(_), .. } })).await.unwrap();
    rig.act(Action::ConfirmParcel { keep: true }).await.unwrap();
    rig.act(Action::CloseHandover).await.unwrap();
    rig.screen("P06").await.unwrap();
    rig.until_status("delivery", |s| s.outbox.is_empty()).await.unwrap();
    let copies = rig.hub_copies().unwrap();
    assert_eq!(copies.len(), 1);
    let message = rig::message(&copies[0]).unwrap();
    let MessageBody::Handover(handover) = message.body else { panic!("a handover should be at the hub") };
    assert_eq!(handover.courier, "HN0123");
    let parcels: Vec<_> = handover.parcels.iter().map(|p| (p.parcel.code.as_str(), p.parcel.check)).collect();
    assert_eq!(parcels, [("RR473124829VN", ParcelCheck::Right), ("BK990032289VN", ParcelCheck::Wrong)]);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_technician_sees_what_is_right_and_what_is_wrong() {
    let (_folder, mut rig) = office().await;
    let motcua = |command: &str, rig: &Rig| {
        let mut motcua = rig::binary("motcua").unwrap();
        motcua.arg(command).arg("--config").arg(rig.dir.join("agent.toml"));
        motcua
    };
    let check = motcua("check", &rig).output().await.unwrap();
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.success(), "{said}");
    assert!(said.lines().any(|l| l.contains("hub export certificate") && l.contains("days left")), "{said}");
    let probe = rig::run(&mut motcua("probe", &rig)).await.unwrap();
    assert!(probe.contains("Mot Cua Simulated Scanner"), "{probe}");
    rig.kill_hub().await.unwrap();
    Citizen::new(OTHER_CARD).finish(&rig).await.unwrap();
    let status = rig::run(&mut motcua("status", &rig)).await.unwrap();
    assert!(status.contains("TAM-K07-"), "the waiting dossier is not listed: {status}");
    let check = motcua("check", &rig).output().await.unwrap();
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(!check.status.success() && said.lines().any(|l| l.contains("FAIL") && l.contains("hub")), "{said}");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_the_officer_takes_the_receipt_home_at_once() {
    let (_folder, mut rig) = office().await;
    // The times of the visit are the last section of the office's file.
    rig.configure("wait_for_officer = true\n").unwrap();
    // Left alone, the forwarder would ask for news too late.
    let file = rig.dir.join("agent.toml");
    let config = fs::read_to_string(&file).unwrap();
    assert!(config.contains("poll_s = 2\n"));
    fs::write(&file, config.replace("poll_s = 2\n", "poll_s = 600\n")).unwrap();
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    let mut citizen = Citizen::new(CARD);
    citizen.go_until(&rig, |s| s.screen.code() == "C16").await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let official = rig::receipt(&rig.hub_copies().unwrap().remove(0)).unwrap().official_code.unwrap();
    let receipt = ["--dossier", &official, "--due", "2199-12-05T16:00+07", "--officer", "Trần Văn Mẫu", "--place", "Một cửa xã Mẫu"];
    rig.at_hub("accept", &receipt).await.unwrap();
    let printed = |s: &Snapshot| matches!(&s.screen, Screen::Officer { page: OfficerPage::Told { code, printing: PrintState::Printed, .. } } if *code == official);
    rig.until("the receipt on paper", printed).await.unwrap();
    let slips = rig.slips().unwrap();
    assert_eq!(slips.len(), 2, "the slip and the receipt");
    assert!(rig::qr_of(&slips[1]).unwrap().contains(&official));
    citizen.finish(&rig).await.unwrap();

    // Nobody has to wait.
    let mut other = Citizen::new(OTHER_CARD);
    other.finish(&rig).await.unwrap();
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lacks_a_paper_finds_the_filing_again_with_the_same_card() {
    let (_folder, mut rig) = office().await;
    let mut citizen = Citizen::new(CARD);
    citizen
        .go_until(
            &rig,
            |s| matches!(&s.screen, Screen::Papers { papers } if papers.iter().any(|paper| matches!(paper.state, PaperState::Scanned(_)))),
        )
        .await
        .unwrap();
    rig.act(Action::PapersDone).await.unwrap();
    let Screen::MissingPapers { papers } = rig.screen("C08c").await.unwrap().screen else { unreachable!() };
    assert!(!papers.is_empty());
    rig.act(Action::KeepForLater).await.unwrap();
    rig.until("the list on paper", |s| matches!(s.screen, Screen::KeptForLater { printing: PrintState::Printed, .. })).await.unwrap();
    assert_eq!(rig.slips().unwrap().len(), 1);
    rig.act(Action::End).await.unwrap();
    rig.screen("C01").await.unwrap();
    let mut other = Citizen::new(OTHER_CARD);
    other.finish(&rig).await.unwrap();
    rig.restart_agent().await.unwrap();
    rig.until_devices().await.unwrap();

    rig.act(Action::Start { service: Service::File }).await.unwrap();
    rig.act(Action::Agree).await.unwrap();
    rig.scan_code(CARD).await.unwrap();
    rig.screen("C91").await.unwrap();
    rig.act(Action::Resume { go_on: true }).await.unwrap();
    let Screen::Papers { papers } = rig.screen("C08").await.unwrap().screen else { unreachable!() };
    assert!(papers.iter().any(|paper| matches!(paper.state, PaperState::Scanned(2))), "what was scanned is still there");
    citizen.finish(&rig).await.unwrap();
    rig.until_status("both", |s| s.dossiers.delivered == 2).await.unwrap();
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_lists_dossiers_to_staff_only() {
    let (_folder, rig) = office().await;
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.finish(&rig).await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    // The console's certificate is its own: here only its pages are looked at.
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let home = http.get(&rig.console).send().await.unwrap();
    assert_eq!(home.status().as_u16(), 303, "without the access code nothing is shown");
    let login = |code: String| {
        let request = http.post(format!("{}/login", rig.console)).header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("code={code}")).send()
    };
    assert_eq!(login("0000000000000000".to_owned()).await.unwrap().status().as_u16(), 403);
    let entered = login(rig.console_code().await.unwrap()).await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = http.get(&rig.console).header("cookie", cookie.as_str()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&citizen.codes[0]) && page.contains("H15.50.05-"), "{page}");
    assert!(!page.contains("Trần Văn Thử") && !page.contains("001090000017"), "names do not belong on the list");
    assert!(!page.contains("Cần báo"), "nobody is to be told anything yet");

    let official = page.split("<code>").filter_map(|rest| rest.split('<').next()).find(|code| code.starts_with("H15.")).unwrap().to_owned();
    let asked = ["--dossier", &official, "--item", "Giấy chứng sinh có dấu", "--reason", "Bản quét thiếu dấu", "--until", "2031-12-01"];
    rig.at_hub("supplement", &asked).await.unwrap();
    let started = std::time::Instant::now();
    loop {
        let page = http.get(&rig.console).header("cookie", cookie.as_str()).send().await.unwrap().text().await.unwrap();
        if page.contains("Giấy chứng sinh có dấu") && page.contains("Bản quét thiếu dấu") && page.contains("01/12/2031") {
            break;
        }
        assert!(started.elapsed().as_secs() < 20, "the request does not reach the console: {page}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technician_looks_after_outbox_trail_and_peoples_data() {
    let (_folder, mut rig) = office().await;
    let beat = rig.until_status("the hub's clock", |s| s.clock_offset_s.is_some()).await.unwrap();
    assert!(beat.clock_offset_s.unwrap().abs() <= 2 && beat.audit_flag.is_none() && beat.disk_ratio < 1.0, "{beat:?}");
    rig.kill_hub().await.unwrap();
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.finish(&rig).await.unwrap();

    let (good, list) = rig.technician(&["outbox", "ls"]).await.unwrap();
    assert!(good && list.contains(&citizen.codes[0]), "{list}");
    let id = list.split_whitespace().next().unwrap().to_owned();
    rig.until_status("the message to be made without a link", |s| s.outbox.iter().any(|line| line.attempts > 0)).await.unwrap();
    let (good, shown) = rig.technician(&["outbox", "show", &id]).await.unwrap();
    assert!(good && shown.contains("whole") && !shown.contains("DAMAGED") && !shown.contains("Trần"), "{shown}");
    let (good, none) = rig.technician(&["outbox", "show", "00000000-0000-7000-8000-000000000000"]).await.unwrap();
    assert!(!good && none.contains("motcua outbox ls"), "{none}");

    rig.start_hub().await.unwrap();
    let (good, tried) = rig.technician(&["outbox", "retry", &id]).await.unwrap();
    assert!(good && tried.starts_with("1 message"), "{tried}");
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let (good, empty) = rig.technician(&["outbox", "ls"]).await.unwrap();
    assert!(good && empty.contains("nothing waits"), "{empty}");
    let (good, trail) = rig.technician(&["audit", "verify"]).await.unwrap();
    assert!(good && trail.starts_with("ok"), "{trail}");
    let metrics = rig.metrics().await.unwrap();
    for figure in [
        "motcua_outbox_items{dest=\"hub\",state=\"waiting\"} 0",
        "motcua_send_attempts_total{dest=\"hub\",class=\"ok\"} 2",
        "motcua_device_ready{device=\"scanner\"} 1",
        "motcua_cert_expiry_seconds ",
        "motcua_quota_ratio ",
        "motcua_outbox_stalled 0",
        "motcua_outbox_bytes 0",
        "motcua_receipts_total 1",
        "motcua_duplicates_suppressed_total 0",
        "motcua_quarantine_items{kind=\"file\"} 0",
        "motcua_config_version 0",
        "motcua_fsync_seconds_bucket{le=\"+Inf\"} ",
    ] {
        assert!(metrics.contains(figure), "{figure} is missing in\n{metrics}");
    }
    for nothing in ["motcua_uploaded_bytes_total 0\n", "motcua_blob_bytes 0\n", "motcua_fsync_seconds_count 0\n"] {
        assert!(!metrics.contains(nothing), "{nothing} was not counted in\n{metrics}");
    }

    let out = rig.dir.join("export");
    let (good, told) = rig.technician(&["person", "export", "001090000017", "--out", out.to_str().unwrap()]).await.unwrap();
    assert!(good && told.contains("1 dossier(s), 6 file(s)"), "{told}");
    assert!(fs::read_to_string(out.join("dossiers.json")).unwrap().contains("Trần Văn Thử"));
    let (good, told) = rig.technician(&["person", "erase", "001090000017"]).await.unwrap();
    assert!(!good && told.contains("--yes"), "{told}");

    rig.forget_delivered().await.unwrap();
    rig.act(Action::Start { service: Service::LookUp }).await.unwrap();
    rig.act(Action::LookUp { code: citizen.codes[0].clone() }).await.unwrap();
    let found = rig.screen("C20b").await.unwrap();
    assert!(matches!(found.screen, Screen::LookUpResult { official_code: Some(_), .. }), "code and status stay");
    let (good, told) = rig.technician(&["person", "erase", "001090000017", "--yes"]).await.unwrap();
    assert!(good && told.contains("nothing of this person"), "{told}");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_catalogue_comes_from_the_hub_and_stays_without_it() {
    let (folder, mut rig) = office().await;
    let built_in = Catalogue::built_in().unwrap();
    let newer = Catalogue { version: built_in.version + 1, ..built_in.clone() };
    let future = Catalogue { version: newer.version + 1, effective: "2199-01-01".parse().unwrap(), ..built_in };
    for (catalogue, name) in [(&newer, "Đăng ký khai sinh (mẫu mới)"), (&future, "Còn lâu mới có")] {
        let text = serde_json::to_string(catalogue).unwrap().replacen("Đăng ký khai sinh", name, 1);
        let file = folder.path().join("catalogue.json");
        fs::write(&file, text).unwrap();
        rig.at_hub("announce", &["--catalogue", file.to_str().unwrap()]).await.unwrap();
        rig.until_status("the newer catalogue", |s| s.catalogue_version == newer.version).await.unwrap();
    }
    let (good, trail) = rig.technician(&["audit", "verify"]).await.unwrap();
    assert!(good, "{trail}");

    rig.kill_hub().await.unwrap();
    rig.restart_agent().await.unwrap();
    assert_eq!(rig.status().await.unwrap().catalogue_version, newer.version, "what has come stays, what has not begun waits");
    rig.until_devices().await.unwrap();
    rig.act(Action::Start { service: Service::File }).await.unwrap();
    rig.screen("C02").await.unwrap();
    rig.act(Action::Agree).await.unwrap();
    let snapshot = rig.screen("C03").await.unwrap();
    assert!(format!("{snapshot:?}").contains("Đăng ký khai sinh (mẫu mới)"), "{snapshot:?}");
    rig.stop().await.unwrap();
}
