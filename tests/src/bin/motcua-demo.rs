//! `make demo`: a whole office on this machine. With a display: a kiosk window to play with. Without: the
//! same visit under a virtual display, with pictures of every screen in one folder.
#![expect(clippy::print_stdout, reason = "telling a newcomer what happens is this program's purpose")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a script follows one path; the other screens are not its business")]

use anyhow::Context as _;
use clap::Parser;
use motcua_model::{
    Language,
    api::{Action, CourierPage, FeePage, LinkState, OfficerPage, PrintState, QueuePage, Screen, Service, Snapshot},
};
use motcua_sim::pcscd::Pcscd;
use motcua_tests::{
    browser::{Browser, values},
    kiosk::{self, kiosk, virtual_display},
    rig::{self, CARD, OTHER_CARD, Options, Rig},
    staff::{SERVICES, Staff},
    visit::{Citizen, Next, PROCEDURE},
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::process::Command;

/// Shows the product doing its job, from the touchscreen to the hub's copy.
#[derive(Parser)]
struct Arguments {
    /// Everything that is made lies here afterwards; emptied at the start.
    #[arg(long, default_value = "demo-out")]
    out: PathBuf,
    /// Run the scripted visit even where there is a display.
    #[arg(long)]
    headless: bool,
    /// Width and height of the screen.
    #[arg(long, default_value = "1080x1920")]
    size: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let display = std::env::var_os("DISPLAY").is_some() && !arguments.headless;
    let out = fresh_folder(&arguments.out)?;
    tokio::select! {
        ended = async { if display { play(&out).await } else { show(&out, &arguments.size).await } } => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopped. What was made so far lies in {}", out.display());
            Ok(())
        }
    }
}

/// The folder is this program's own: it carries a mark, and only a marked or empty one is emptied.
fn fresh_folder(path: &Path) -> anyhow::Result<PathBuf> {
    let mark = path.join(".motcua-demo");
    if path.exists() && fs::read_dir(path)?.next().is_some() {
        anyhow::ensure!(mark.exists(), "{} is not empty and was not made by this demo; give another folder with --out", path.display());
        fs::remove_dir_all(path)?;
    }
    fs::create_dir_all(path)?;
    fs::write(mark, "")?;
    Ok(fs::canonicalize(path)?)
}

fn options(out: &Path) -> Options {
    let card_reader = match Pcscd::missing() {
        None => true,
        Some(why) => {
            println!("No card reader this time, the card's QR stands alone: {why}");
            false
        }
    };
    Options { page_delay_ms: 300, idle_s: 300, card_reader, ..Options::in_folder(&out.join("office")) }
}

async fn office(out: &Path) -> anyhow::Result<Rig> {
    let mut rig = Rig::start_without_agent(&options(out)).await?;
    rig.configure(SERVICES)?;
    rig.start_agent().await?;
    Ok(rig)
}

/// Cấp Giấy xác nhận tình trạng hôn nhân: with a fee, and a question for an address.
const WITH_FEE: &str = "1.004873";

/// A window to play with, until Ctrl-C.
async fn play(out: &Path) -> anyhow::Result<()> {
    println!("Starting hub, simulated devices and agent…");
    let rig = office(out).await?;
    let mut kiosk = kiosk(&rig, "540x960", "2.0")?.spawn()?;
    println!("\nThe kiosk window is open. Be the citizen:");
    println!("  dock (show a card, load paper, jam, unplug …): {}", rig.dock);
    println!("  staff console: {}  access code: {}", rig.console, rig.console_code().await?);
    println!("  slips come out in {}", rig.dir.join("slips").display());
    println!("  the hub keeps its copies in {}", rig.dir.join("hub/files").display());
    println!("Try:");
    println!("  Nộp hồ sơ, Đăng ký khai sinh: show a card and load papers in the dock; the machine fills in what it reads");
    println!("  a fee: Cấp Giấy xác nhận tình trạng hôn nhân; choose the telephone, and the demo's bank pays after 8 seconds");
    println!("  the officer (C16): wait behind the slip; the demo's officer accepts 8 seconds after the dossier is at the hub");
    println!("  Lấy số: take a number; call it at {}/call and see the waiting room's screen at {}/queue", rig.console, rig.console);
    println!("  Tra cứu: the slip's code, or the card; Bưu gửi: badge BCCI-HN0123, parcel RR473124829VN, typed in the dock");
    println!("  trouble: unplug, jam or empty a device in the dock, and go on; without the code reader, Gõ số trên thẻ");
    println!("Ctrl-C stops everything.");
    let mut staff = Staff::new(Duration::from_secs(8));
    loop {
        tokio::select! {
            ended = kiosk.wait() => {
                ended?;
                return rig.stop().await;
            }
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        // An agent that somebody has ended says nothing.
        let Ok(snapshot) = rig.snapshot().await else { continue };
        match staff.serve(&rig, &snapshot).await {
            Ok(Some(done)) => println!("{done}"),
            Ok(None) => {}
            Err(error) => println!("the demo's staff cannot act: {error:#}"),
        }
    }
}

/// Narrates and photographs.
struct Stage<'a> {
    rig: &'a Rig,
    display: String,
    pictures: PathBuf,
    taken: u32,
    last: String,
    started: Instant,
}

impl Stage<'_> {
    fn say(&self, what: &str) {
        println!("{:6.1} s  {what}", self.started.elapsed().as_secs_f32());
    }

    /// A picture of the real window whenever the screen is another one.
    async fn look(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        let overlay =
            snapshot.overlay.as_ref().map(|o| serde_json::to_value(o).unwrap_or_default()["overlay"].as_str().unwrap_or("").to_owned());
        let question = match &snapshot.screen {
            Screen::Question { at, .. } => format!("-{at}"),
            Screen::Scan { pages, .. } if !pages.is_empty() => "-running".to_owned(),
            Screen::LookUpResult { official_code: Some(_), .. } => "-official".to_owned(),
            Screen::Courier { page: CourierPage::Parcels { parcels, .. } } => format!("-{}", parcels.len()),
            _ => String::new(),
        };
        let language = if snapshot.language == Language::En { "-en" } else { "" };
        let name = format!("{}{question}{}{language}", snapshot.screen.code(), overlay.map(|o| format!("-{o}")).unwrap_or_default());
        if name == self.last {
            return Ok(());
        }
        self.last.clone_from(&name);
        // The window draws within a frame or two; thumbnails need a little longer.
        let pause = if matches!(snapshot.screen, Screen::PageCheck { .. } | Screen::Review { .. }) { 1500 } else { 350 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        self.taken += 1;
        let file = self.pictures.join(format!("{:02}-{name}.png", self.taken));
        rig::run(Command::new("import").args(["-display", &self.display, "-window", "root"]).arg(&file)).await?;
        self.say(&format!("screen {name}"));
        Ok(())
    }
}

/// The scripted visit.
async fn show(out: &Path, size: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    println!("No display: the visit runs under a virtual one.");
    let rig = office(out).await?;
    println!("{:6.1} s  hub, simulated scanner, reader, printer and agent run", started.elapsed().as_secs_f32());
    let (_xvfb, display) = virtual_display(size).await?;
    let _kiosk = kiosk::start(&rig, &display, size)?;
    let pictures = out.join("screens");
    fs::create_dir_all(&pictures)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut stage = Stage { rig: &rig, display, pictures, taken: 0, last: String::new(), started };

    rig.until("devices to be ready", |s| match &s.screen {
        Screen::Waiting { services, .. } => services.iter().all(|tile| tile.unavailable.is_none()) && s.health.hub == LinkState::Up,
        _ => false,
    })
    .await?;
    let code = citizen(&mut stage).await?;
    let official = delivery(&mut stage, &code).await?;
    look_up(&mut stage, &code, &official).await?;
    queue(&mut stage).await?;
    courier(&mut stage).await?;
    english(&mut stage).await?;
    stage.say("the visit is over; collecting what it left");
    collect(out, &rig, &official).await?;
    rig.stop().await?;
    println!("\nDone in {:.0} s. Everything lies in {}", started.elapsed().as_secs_f32(), out.display());
    Ok(())
}

async fn citizen(stage: &mut Stage<'_>) -> anyhow::Result<String> {
    stage.say("a citizen files a birth registration (Đăng ký khai sinh)");
    visit(stage, CARD, PROCEDURE).await
}

/// What somebody does who pays with the telephone and waits for the officer; none where any visitor does the same.
fn patient(screen: &Screen) -> Option<Next> {
    match screen {
        Screen::Fee { page: FeePage::Choose { failed: false, .. } } => Some(Next::Act(Action::Pay)),
        Screen::Fee { page: FeePage::Asking | FeePage::Pay { .. } | FeePage::Paid { printing: PrintState::Printing, .. } }
        | Screen::Officer { page: OfficerPage::Waiting { offline: false } | OfficerPage::Told { printing: PrintState::Printing, .. } } => {
            Some(Next::Wait)
        }
        _ => None,
    }
}

async fn visit(stage: &mut Stage<'_>, card: &'static str, procedure: &'static str) -> anyhow::Result<String> {
    let citizen = Citizen::with_chip(card, if card == CARD { "citizen_2021" } else { "citizen_2024" });
    let mut citizen = Citizen { procedure, ..citizen };
    let (mut staff, begun) = (Staff::new(Duration::ZERO), Instant::now());
    loop {
        anyhow::ensure!(
            begun.elapsed() < Duration::from_secs(300),
            "the visit does not get on; see {}",
            stage.rig.dir.join("logs").display()
        );
        let snapshot = stage.rig.snapshot().await?;
        let next = patient(&snapshot.screen).unwrap_or_else(|| citizen.next(&snapshot));
        if next == Next::Leave {
            break;
        }
        stage.look(&snapshot).await?;
        if let Some(done) = staff.serve(stage.rig, &snapshot).await? {
            stage.say(&done);
        }
        citizen.perform(stage.rig, &snapshot, &next).await?;
    }
    let code = citizen.codes.last().context("no code was shown")?.clone();
    stage.say(&format!("confirmed and printed: provisional code {code}"));
    Ok(code)
}

async fn delivery(stage: &mut Stage<'_>, code: &str) -> anyhow::Result<String> {
    stage.rig.until_status("the dossier to be delivered", |s| s.outbox.is_empty() && s.dossiers.delivered == 1).await?;
    let copy = stage.rig.hub_copies()?.into_iter().next().context("the hub has no copy")?;
    let official = rig::receipt(&copy)?.official_code.context("no official code in the receipt")?;
    stage.say(&format!("the hub signed for {code}: official code {official}"));
    Ok(official)
}

async fn look_up(stage: &mut Stage<'_>, code: &str, official: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        stage.rig.act(Action::Start { service: Service::LookUp }).await?;
        let asking = stage.rig.screen("C20").await?;
        stage.look(&asking).await?;
        stage.rig.scan_code(code).await?;
        let found = stage.rig.screen("C20b").await?;
        let Screen::LookUpResult { official_code, done, steps, .. } = &found.screen else { continue };
        if *done >= 2 && official_code.as_deref() == Some(official) {
            stage.look(&found).await?;
            stage.say(&format!("look-up by the slip's code: {official}, step {done} of {steps}"));
            return stage.rig.act(Action::End).await;
        }
        anyhow::ensure!(started.elapsed() < Duration::from_secs(60), "the officer's acceptance did not reach the kiosk");
        stage.rig.act(Action::End).await?;
        stage.rig.screen("C01").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A number is taken at the kiosk, called at a desk and shown in the waiting room.
async fn queue(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let rig = stage.rig;
    stage.say("somebody takes a number of the queue");
    rig.screen("C01").await?;
    rig.act(Action::Start { service: Service::Queue }).await?;
    stage.look(&rig.screen("C24").await?).await?;
    rig.act(Action::ChooseGroup { group: 0 }).await?;
    stage.look(&rig.screen("C24b").await?).await?;
    rig.act(Action::ChoosePriority { priority: None }).await?;
    let printed = |s: &Snapshot| matches!(&s.screen, Screen::Queue { page: QueuePage::Taken { printing: PrintState::Printed, .. } });
    let taken = rig.until("the ticket", printed).await?;
    stage.look(&taken).await?;
    rig.act(Action::End).await?;
    let Screen::Queue { page: QueuePage::Taken { number, .. } } = &taken.screen else { return Ok(()) };
    let mut desk = Browser::at(rig).await;
    let page = desk.page("/call?desk=1").await;
    let form = values(&page, "name=form value=").into_iter().next().context("desk 1 has no buttons")?;
    desk.told("/call", &[("form", &form), ("desk", "1"), ("seen", ""), ("act", "next")]).await;
    anyhow::ensure!(desk.page("/queue/now").await.contains(number.as_str()), "the waiting room does not show {number}");
    stage.say(&format!("desk 1 calls {number}, and the waiting room's screen shows it"));
    Ok(())
}

async fn courier(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let rig = stage.rig;
    stage.say("a courier takes two parcels over");
    rig.screen("C01").await?;
    rig.act(Action::Start { service: Service::Courier }).await?;
    stage.look(&rig.screen("P01").await?).await?;
    rig.scan_code("BCCI-HN0123").await?;
    stage.look(&rig.screen("P03").await?).await?;
    rig.scan_code("RR473124829VN").await?;
    let one = rig
        .until(
            "the first parcel",
            |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { parcels, .. } } if parcels.len() == 1),
        )
        .await?;
    stage.look(&one).await?;
    rig.scan_code("BK990032289VN").await?;
    let doubtful =
        rig.until("the warning", |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { doubt: Some(_), .. } })).await?;
    stage.last.clear();
    stage.look(&doubtful).await?;
    rig.act(Action::ConfirmParcel { keep: true }).await?;
    let two = rig
        .until(
            "both parcels",
            |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { parcels, .. } } if parcels.len() == 2),
        )
        .await?;
    stage.look(&two).await?;
    rig.act(Action::CloseHandover).await?;
    let both =
        |s: &Snapshot| matches!(&s.screen, Screen::Courier { page: CourierPage::Done { copy: 2, printing: PrintState::Printed, .. } });
    stage.look(&rig.until("both copies of the slip", both).await?).await?;
    rig.act(Action::End).await?;
    rig.until_status("the handover to be delivered", |s| s.outbox.is_empty()).await?;
    anyhow::ensure!(rig.hub_copies()?.len() == 2, "the hub should hold a dossier and a handover");
    stage.say("the handover is at the hub");
    Ok(())
}

/// A visit with a fee by somebody who reads English, with the card of 2024.
async fn english(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.rig.screen("C01").await?;
    stage.rig.act(Action::SetLanguage { language: Language::En }).await?;
    stage.rig.until("English", |s| s.language == Language::En).await?;
    visit(stage, OTHER_CARD, WITH_FEE).await?;
    stage.rig.until_status("the second dossier to be delivered", |s| s.outbox.is_empty() && s.dossiers.delivered == 2).await?;
    stage.say("the second dossier is at the hub");
    Ok(())
}

/// One folder with what a newcomer wants to open.
async fn collect(out: &Path, rig: &Rig, official: &str) -> anyhow::Result<()> {
    for (at, slip) in rig.slips()?.iter().enumerate() {
        fs::copy(slip, out.join(format!("slip-{}.png", at + 1)))?;
    }
    let copies = out.join("hub-copy");
    fs::create_dir_all(&copies)?;
    for folder in rig.hub_copies()? {
        let kind = match rig::receipt(&folder)?.official_code {
            Some(code) if code == official => "dossier",
            Some(_) => "dossier-2",
            None => "handover",
        };
        let target = copies.join(kind);
        fs::create_dir_all(&target)?;
        for file in fs::read_dir(&folder)? {
            let file = file?;
            fs::copy(file.path(), target.join(file.file_name()))?;
        }
    }
    console_page(out, rig).await?;
    println!("\nWhat to look at:");
    println!("  screens/           every screen, photographed from the window");
    println!(
        "  slip-1.png         the slip as the printer would print it; slip-2.png the officer's receipt, slip-3.png a number of the queue,"
    );
    println!("                     slip-4.png and slip-5.png the courier's, slip-6.png to slip-8.png slip, payment and receipt in English");
    println!("  hub-copy/dossier/  searchable PDFs, the message and the hub's receipt");
    println!("  console.html       the staff console");
    println!("  office/            the agent's encrypted store, configuration and logs");
    for file in fs::read_dir(copies.join("dossier"))? {
        let path = file?.path();
        if path.extension().is_some_and(|e| e == "pdf") {
            let text = rig::run(Command::new("pdftotext").args(["-layout", "-l", "1"]).arg(&path).arg("-")).await?;
            let line = text.lines().map(str::trim).find(|l| l.chars().count() > 12).unwrap_or("(no text)");
            println!("  recognised in {}: “{line}”", path.file_name().unwrap_or_default().display());
        }
    }
    Ok(())
}

async fn console_page(out: &Path, rig: &Rig) -> anyhow::Result<()> {
    // The console's certificate is its own; a person says yes in the browser.
    let http =
        reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).redirect(reqwest::redirect::Policy::none()).build()?;
    let body = format!("code={}", rig.console_code().await?);
    let login =
        http.post(format!("{}/login", rig.console)).header("content-type", "application/x-www-form-urlencoded").body(body).send().await?;
    let cookie = login
        .headers()
        .get("set-cookie")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .context("the console gave no session")?;
    let page = http.get(&rig.console).header("cookie", cookie).send().await?.error_for_status()?.text().await?;
    fs::write(out.join("console.html"), page)?;
    Ok(())
}
