//! An office whose dossiers wait for its signature: a token in software, the console over HTTPS, a real hub, an RFC 3161 authority, and
//! other people's programs that judge what arrives.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on has failed")]

#[path = "../../agent/digitise/tests/common/mod.rs"]
mod office;

use motcua_tests::{
    browser::{Browser, LOOK, PATIENCE, values},
    rig::{OTHER_CARD, Options, Rig},
    visit::Citizen,
};
use office::{LABEL, MODULE, Office, PIN, RSA, pyhanko, run};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// The office's agent, with its token and without a scanned paper so far. None where the token's software is not there.
async fn start(authority: Option<&Authority>) -> Option<(TempDir, TempDir, Office, Rig)> {
    let (token, office) = Office::new()?;
    let folder = TempDir::new().unwrap();
    let mut options = Options::in_folder(folder.path());
    options.env.push(("SOFTHSM2_CONF", office.path("softhsm2.conf")));
    let mut rig = Rig::start_without_agent(&options).await.unwrap();
    let mut section =
        format!("[signing]\nmodule = \"{MODULE}\"\ntoken = \"{LABEL}\"\nkey = \"{RSA}\"\ncopy = \"SAO Y\"\nsession_min = 1\n");
    if let Some(authority) = authority {
        authority.keep_office(&office);
        section += &format!("timestamp_url = \"{}\"\ntimestamp_ca = \"{}\"\n", authority.url, office.path("ca.pem").display());
    }
    rig.configure(&section).unwrap();
    rig.start_agent().await.unwrap();
    rig.until_devices().await.unwrap();
    Some((token, folder, office, rig))
}

/// OpenSSL as the authority, behind a small HTTP server.
struct Authority {
    url: String,
    /// It answers 503 otherwise.
    serves: Arc<AtomicBool>,
    folder: Arc<std::sync::OnceLock<PathBuf>>,
}

impl Authority {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/tsr", listener.local_addr().unwrap());
        let (serves, folder) = (Arc::new(AtomicBool::new(true)), Arc::new(std::sync::OnceLock::<PathBuf>::new()));
        let (serves_too, folder_too) = (Arc::clone(&serves), Arc::clone(&folder));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream, serves_too.load(Ordering::Relaxed), folder_too.get().unwrap()).await;
            }
        });
        Self { url, serves, folder }
    }

    fn keep_office(&self, office: &Office) {
        fs::write(office.path("tsa.cnf"), "[tsa]\nserial = tsa.serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\naccuracy = secs:1\n").unwrap();
        fs::write(office.path("tsa.serial"), "01").unwrap();
        self.folder.set(office.folder.clone()).unwrap();
    }
}

async fn answer(stream: TcpStream, serves: bool, folder: &Path) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while stream.read_line(&mut line).await.unwrap() > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut query = vec![0; length];
    stream.read_exact(&mut query).await.unwrap();
    let reply = if serves {
        fs::write(folder.join("query"), query).unwrap();
        let reply = "ts -reply -config tsa.cnf -section tsa -queryfile query -signer tsa.pem -inkey tsa.key -chain ca.pem -out reply";
        run(folder, "openssl", &reply.split(' ').collect::<Vec<_>>());
        let body = fs::read(folder.join("reply")).unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    } else {
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
    };
    stream.write_all(&reply).await.unwrap();
}

/// Waits until "Chờ ký" shows this many papers to sign; their ids.
async fn to_sign(browser: &Browser, wanted: usize) -> Vec<String> {
    let started = Instant::now();
    loop {
        let page = browser.page("/signing").await;
        let papers: Vec<String> = values(&page, "name=paper value=");
        if papers.len() == wanted {
            return papers;
        }
        assert!(started.elapsed() < PATIENCE, "not {wanted} papers on the page: {page}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Signs, and reads what the page says then.
async fn sign(browser: &mut Browser, papers: &[String], pin: Option<&str>) -> String {
    let form = values(&browser.page("/signing").await, "name=form value=").remove(0);
    let mut fields = vec![("form", form.as_str())];
    fields.extend(papers.iter().map(|paper| ("paper", paper.as_str())));
    fields.extend(pin.map(|pin| ("pin", pin)));
    browser.told("/signing/sign", &fields).await
}

/// The PDFs that the hub holds.
fn pdfs(rig: &Rig) -> Vec<PathBuf> {
    let folders = rig.hub_copies().unwrap();
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "pdf")).collect()
}

/// The token is in somebody's pocket.
fn pull_out(office: &Office) {
    fs::rename(office.path("tokens"), office.path("pocket")).unwrap();
    fs::create_dir(office.path("tokens")).unwrap();
}

fn plug_in(office: &Office) {
    fs::remove_dir_all(office.path("tokens")).unwrap();
    fs::rename(office.path("pocket"), office.path("tokens")).unwrap();
}

/// pdfsig and pyHanko take every signature in it, and these are their kinds.
fn is_signed(office: &Office, pdf: &Path, kinds: &[&str]) {
    fs::copy(pdf, office.path("judged.pdf")).unwrap();
    let told = run(&office.folder, "pdfsig", &["judged.pdf"]);
    let verdicts: Vec<&str> = told.lines().filter_map(|line| line.trim().strip_prefix("- Signature Validation: ")).collect();
    // It knows no time stamps.
    assert_eq!((verdicts.len(), verdicts[0]), (kinds.len(), "Signature is Valid."), "{told}");
    let Some(python) = pyhanko() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent/digitise/tests/common/judge.py");
    let told = run(&office.folder, python.to_str().unwrap(), &[script.to_str().unwrap(), "judged.pdf", "ca.pem"]);
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("/Sig ") || line.contains("/DocTimeStamp ")).collect();
    assert!(lines.iter().all(|line| line.contains("intact valid trusted") && line.contains("bottom-line")), "{told}");
    assert_eq!(lines.iter().filter_map(|line| line.split(' ').nth(1)).collect::<Vec<_>>(), kinds, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_waits_for_the_offices_signature_and_reaches_the_hub_signed_and_stamped() {
    let authority = Authority::new().await;
    let Some((_token, _folder, office, rig)) = start(Some(&authority)).await else { return };
    let (_, checked) = rig.technician(&["check"]).await.unwrap();
    assert!(checked.lines().any(|line| line.starts_with("ok") && line.contains("signing token: 'Van thu' is in")), "{checked}");
    let mut citizen = Citizen::new(OTHER_CARD);
    citizen.finish(&rig).await.unwrap();
    let mut browser = Browser::at(&rig).await;
    let papers = to_sign(&browser, 2).await;

    // It waits without failing, and everybody is told so.
    let line = rig.status().await.unwrap().outbox.remove(0);
    assert!(line.to_sign && line.attempts == 0 && line.problem.is_empty(), "{line:?}");
    assert!(rig.technician(&["outbox", "ls"]).await.unwrap().1.contains("waits for signatures"));
    assert!(rig.technician(&["status"]).await.unwrap().1.contains("waits for signatures"));
    assert!(rig.technician(&["outbox", "retry"]).await.unwrap().1.starts_with("0 message"));
    let stick = rig.dir.join("stick");
    let (good, exported) = rig.technician(&["outbox", "export", "--out", stick.to_str().unwrap()]).await.unwrap();
    assert!(good && exported.contains("staff sign it at the console first") && exported.contains("0 message(s) written"), "{exported}");
    assert!(rig.metrics().await.unwrap().contains("motcua_outbox_items{dest=\"hub\",state=\"to_sign\"} 1"));
    assert!(browser.page("/").await.contains("1 hồ sơ chờ ký"));
    let page = browser.page("/signing").await;
    assert!(page.contains(&citizen.codes[0]) && !page.contains("Trần Văn Thử") && !page.contains("001090000017"), "{page}");

    // What stands behind the access code, and what needs the page's own form.
    let pdf = format!("/signing/pdf/{}", papers[0]);
    let stranger = Browser::outside(&rig);
    assert_eq!((stranger.get("/signing").await.status().as_u16(), stranger.get(&pdf).await.status().as_u16()), (303, 303));
    let shown = browser.get(&pdf).await;
    let header = |name: &str| shown.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type").as_str(), header("cache-control").as_str()), ("application/pdf", "no-store"));
    assert!(header("content-disposition").starts_with("inline") && shown.bytes().await.unwrap().starts_with(b"%PDF"));
    for path in ["/signing/sign", "/signing/lock", "/signing/unsigned"] {
        let fields = [("form", "0"), ("paper", papers[0].as_str()), ("pin", PIN), ("dossier", &line.id.to_string()), ("reason", "x")];
        assert_eq!(browser.post(path, &fields).await.0, 403, "{path} takes another site's form");
    }

    // No paper, no PIN, a wrong PIN: nothing is signed, and each says what to do.
    assert!(sign(&mut browser, &[], Some(PIN)).await.contains("Chưa chọn giấy tờ"));
    assert!(sign(&mut browser, &papers, None).await.contains("hãy nhập mã PIN"));
    let wrong = sign(&mut browser, &papers, Some("000000")).await;
    assert!(wrong.contains("Sai mã PIN") && wrong.contains("2 giấy tờ chưa ký") && wrong.contains("only a few tries are left"), "{wrong}");
    assert_eq!(to_sign(&browser, 2).await, papers);

    // One, then the other without the PIN; for another browser the token is not open.
    let first = sign(&mut browser, &papers[..1], Some(PIN)).await;
    assert!(first.contains("Đã ký 1 giấy tờ") && first.contains("Thiết bị ký số đang mở") && first.contains(RSA), "{first}");
    assert!(!first.contains("name=pin") && first.contains("could not be checked"), "{first}");
    let rest = to_sign(&browser, 1).await;
    let mut colleague = Browser::at(&rig).await;
    let seen = colleague.page("/signing").await;
    assert!(seen.contains("trình duyệt khác") && seen.contains("name=pin"), "{seen}");
    assert!(sign(&mut colleague, &rest, None).await.contains("hãy nhập mã PIN"));
    assert!(rig.hub_copies().unwrap().is_empty(), "one paper is not signed");
    let second = sign(&mut browser, &rest, None).await;
    assert!(second.contains("Đã ký 1 giấy tờ"), "{second}");

    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let arrived = pdfs(&rig);
    assert_eq!(arrived.len(), 2);
    for pdf in &arrived {
        is_signed(&office, pdf, &["/Sig", "/DocTimeStamp"]);
        let text = run(&office.folder, "pdftotext", &["-f", "1", "-l", "1", "judged.pdf", "-"]);
        assert!(text.contains("SAO Y") && text.contains("Trung tâm Phục vụ hành chính công"), "{text}");
    }
    let form = values(&browser.page("/signing").await, "name=form value=").remove(0);
    assert!(browser.told("/signing/lock", &[("form", &form)]).await.contains("Thiết bị ký số đang khóa"));
    assert!(rig.technician(&["audit", "verify"]).await.unwrap().1.starts_with("ok"));
    let log = fs::read_to_string(rig.dir.join("logs/agent.log")).unwrap();
    assert!(!log.contains(PIN) && !log.contains("000000"), "a PIN is in the log");
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_pulled_out_leaves_everything_queued_and_staff_can_send_it_unsigned() {
    let Some((_token, _folder, office, mut rig)) = start(None).await else { return };
    Citizen::new(OTHER_CARD).finish(&rig).await.unwrap();
    let mut browser = Browser::at(&rig).await;
    let papers = to_sign(&browser, 2).await;
    assert!(sign(&mut browser, &papers[..1], Some(PIN)).await.contains("Đã ký 1 giấy tờ"));
    pull_out(&office);
    let rest = to_sign(&browser, 1).await;
    let gone = sign(&mut browser, &rest, None).await;
    // Noticed by the signature, or a moment before.
    assert!(gone.contains("đã bị rút ra") || gone.contains("đã khóa"), "{gone}");
    assert!(gone.contains("1 giấy tờ chưa ký") && gone.contains("Thiết bị ký số đang khóa"), "{gone}");
    let not_in = sign(&mut browser, &rest, Some(PIN)).await;
    assert!(not_in.contains("Chưa cắm thiết bị ký số") && not_in.contains("is not in"), "{not_in}");
    assert!(
        rig.technician(&["check"]).await.unwrap().1.lines().any(|line| line.starts_with("warn") && line.contains("'Van thu' is not in"))
    );

    // Open, then pulled out while nobody signs.
    plug_in(&office);
    rig.restart_agent().await.unwrap();
    let mut browser = Browser::at(&rig).await;
    assert_eq!(to_sign(&browser, 1).await, rest, "a killed agent still waits for the one that is not signed");
    Citizen::new(OTHER_CARD).finish(&rig).await.unwrap();
    let all = to_sign(&browser, 3).await;
    let others: Vec<String> = all.iter().filter(|paper| !rest.contains(paper)).cloned().collect();
    assert!(sign(&mut browser, &others[..1], Some(PIN)).await.contains("Đã ký 1 giấy tờ"));
    pull_out(&office);
    let started = Instant::now();
    while !browser.page("/signing").await.contains("Thiết bị ký số đang khóa") {
        assert!(started.elapsed() < PATIENCE, "a token that is gone counts as open");
        tokio::time::sleep(LOOK).await;
    }
    assert!(rig.hub_copies().unwrap().is_empty());

    let page = browser.page("/signing").await;
    let (form, dossiers) = (values(&page, "name=form value=").remove(0), values(&page, "name=dossier value="));
    assert_eq!(dossiers.len(), 2);
    let fields = |reason| [("form", form.as_str()), ("dossier", dossiers[0].as_str()), ("reason", reason)];
    assert!(browser.told("/signing/unsigned", &fields(" ")).await.contains("Hãy ghi lý do"));
    assert!(browser.told("/signing/unsigned", &fields("thiết bị ký số hỏng")).await.contains("được gửi không ký"));
    rig.until_status("delivery", |s| s.dossiers.delivered == 1).await.unwrap();
    let signatures: Vec<usize> =
        pdfs(&rig).iter().map(|pdf| fs::read(pdf).unwrap().windows(10).filter(|part| part == b"/ByteRange").count()).collect();
    assert_eq!(signatures.iter().sum::<usize>(), 1, "one of its two papers had been signed: {signatures:?}");
    assert!(browser.told("/signing/unsigned", &fields("lần nữa")).await.contains("không còn chờ ký"));

    // Without the section nobody could sign the other: it goes.
    let config = fs::read_to_string(rig.dir.join("agent.toml")).unwrap();
    fs::write(rig.dir.join("agent.toml"), config.split("[signing]").next().unwrap()).unwrap();
    rig.restart_agent().await.unwrap();
    rig.until_status("delivery", |s| s.dossiers.delivered == 2).await.unwrap();
    assert!(rig.technician(&["audit", "verify"]).await.unwrap().1.starts_with("ok"));
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_frozen_unstamped_while_the_line_is_down_and_a_silent_authority_holds_a_dossier_up_three_times() {
    let authority = Authority::new().await;
    let Some((_token, _folder, office, mut rig)) = start(Some(&authority)).await else { return };
    authority.serves.store(false, Ordering::Relaxed);
    rig.kill_hub().await.unwrap();
    Citizen::new(OTHER_CARD).finish(&rig).await.unwrap();
    let mut browser = Browser::at(&rig).await;
    let papers = to_sign(&browser, 2).await;
    assert!(sign(&mut browser, &papers, Some(PIN)).await.contains("Đã ký 2 giấy tờ"));
    let tried = rig.until_status("an attempt", |s| s.outbox.iter().any(|line| line.attempts > 1)).await.unwrap();
    let id = tried.outbox[0].id.to_string();
    assert!(rig.technician(&["outbox", "show", &id]).await.unwrap().1.contains("not made yet"), "frozen without a stamp");

    rig.start_hub().await.unwrap();
    let started = Instant::now();
    let mut told = false;
    while rig.status().await.unwrap().dossiers.delivered == 0 {
        assert!(started.elapsed() < PATIENCE, "an authority that is silent must not hold a dossier up for ever: {}", rig.last_words());
        told |= rig.status().await.unwrap().outbox.iter().any(|line| line.problem.contains("no time stamp yet") && !line.set_aside);
        // The technician is less patient than the schedule.
        rig.technician(&["outbox", "retry", &id]).await.unwrap();
        tokio::time::sleep(LOOK).await;
    }
    assert!(told, "nobody was told why it waits");
    for pdf in pdfs(&rig) {
        is_signed(&office, &pdf, &["/Sig"]);
    }
    let log = fs::read_to_string(rig.dir.join("logs/agent.log")).unwrap();
    assert_eq!(log.matches("no time stamp yet").count(), 2, "{}", rig.last_words());
    assert!(log.contains("sent without a time stamp"));

    // A minute (session_min) after the last signature the PIN is asked for again.
    let started = Instant::now();
    while browser.page("/signing").await.contains("Thiết bị ký số đang mở") {
        assert!(started.elapsed() < 2 * PATIENCE, "a token that nobody uses stays open");
        tokio::time::sleep(LOOK).await;
    }
    rig.stop().await.unwrap();
}
