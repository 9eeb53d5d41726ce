//! The staff console: pages from the agent over HTTPS, behind the office's access code.
//!
//! What people must be told, dossiers with their state, the outbox, devices: no names or numbers of people. Signing has pages of its own.

use crate::{
    api,
    brought::Tray,
    input::{Input, Inputs},
    parcels, queue, reprint,
    signing::Signing,
    slip::in_vietnam,
    to_bring, to_sign, to_tell,
    worker::Storage,
};
use anyhow::Context as _;
use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use axum_server::tls_rustls::RustlsConfig;
use jiff::Timestamp;
use motcua_model::{
    Text,
    api::{AgentStatus, DeviceState, LinkState, OutboxLine},
    capitalised,
    config::{self, Config},
    dossier::{Assurance, Proof, Status},
};
use motcua_store::DossierLine;
use serde::Deserialize;
use std::{fs, io::Write as _, net::SocketAddr, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc, time::Duration};

const TRY_AGAIN: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) office: Text,
    access_code: Arc<str>,
    /// Of this run of the agent: a restart ends every session.
    session: Arc<str>,
    pub(crate) storage: Storage,
    inputs: Inputs,
    /// In every form of this run of the agent: another site's form does not know it.
    pub(crate) form_token: Arc<str>,
    /// Where a PDF can be brought.
    pub(crate) tray: Option<Tray>,
    /// Where the office signs here.
    pub(crate) desk: Option<to_sign::Desk>,
    /// Where numbers are given.
    pub(crate) queue: Option<Arc<config::Queue>>,
}

/// Of a message that is not tried any more: a time would promise what does not come.
const SET_ASIDE: &str = "Để riêng, chờ kỹ thuật <small>Set aside for a technician</small>";

/// Starts the console on its own port, as soon as that can be had: a missing network cable at the desk
/// must not take the kiosk down.
pub(crate) fn start(config: &Config, storage: &Storage, inputs: &Inputs, signing: Option<Signing>, tray: Option<Tray>) {
    let Some(settings) = config.console.clone() else { return };
    let (config, storage, inputs) = (config.clone(), storage.clone(), inputs.clone());
    tokio::spawn(async move {
        while let Err(error) = listen(&config, &settings, &storage, &inputs, (signing.as_ref(), tray.as_ref())).await {
            tracing::error!("no console yet: {error:#}");
            tokio::time::sleep(TRY_AGAIN).await;
        }
    });
}

/// Serves until the listener fails.
async fn listen(
    config: &Config,
    settings: &config::Console,
    storage: &Storage,
    inputs: &Inputs,
    (signing, tray): (Option<&Signing>, Option<&Tray>),
) -> anyhow::Result<()> {
    let address: SocketAddr = settings.listen.parse().context("console.listen is not address:port")?;
    let tls = certificate(&config.paths.state, address).await?;
    let console = Console {
        office: config.office.name.clone(),
        access_code: access_code(&settings.access_code)?.into(),
        session: random_hex(32)?.into(),
        storage: storage.clone(),
        inputs: inputs.clone(),
        form_token: random_hex(32)?.into(),
        tray: tray.cloned(),
        desk: signing.cloned().map(to_sign::Desk::new),
        queue: config.queue.is_open().then(|| Arc::new(config.queue.clone())),
    };
    let app = Router::new()
        .route("/", get(home))
        .route("/login", get(login_page).post(login))
        .merge(to_sign::routes())
        .merge(to_bring::routes())
        .merge(queue::routes())
        .merge(parcels::routes())
        .merge(reprint::routes())
        .layer(middleware::map_response(harden))
        .with_state(console);
    let listener = std::net::TcpListener::bind(address)
        .with_context(|| format!("Unable to listen on {address} (console.listen); is another program there?"))?;
    listener.set_nonblocking(true)?;
    let server = axum_server::from_tcp_rustls(listener, tls)?;
    tracing::info!("console: https://{address}, access code in {}", settings.access_code.display());
    server.serve(app.into_make_service_with_connect_info::<SocketAddr>()).await.context("the console has stopped")
}

/// A certificate of its own, made once: the browser asks for trust once per desk.
async fn certificate(state: &Path, address: SocketAddr) -> anyhow::Result<RustlsConfig> {
    let (cert, key) = (state.join("console.pem"), state.join("console.key"));
    if !cert.exists() || !key.exists() {
        let names = vec!["localhost".to_owned(), address.ip().to_string()];
        let made = rcgen::generate_simple_self_signed(names).context("Unable to make the console's certificate")?;
        write_secret(&key, made.signing_key.serialize_pem().as_bytes())?;
        write_secret(&cert, made.cert.pem().as_bytes())?;
    }
    RustlsConfig::from_pem_file(&cert, &key)
        .await
        .with_context(|| format!("Unable to use {}; delete it and its key, a new one is made", cert.display()))
}

fn access_code(path: &Path) -> anyhow::Result<String> {
    if !path.exists() {
        write_secret(path, format!("{}\n", random_hex(8)?).as_bytes())?;
    }
    let code = fs::read_to_string(path).with_context(|| format!("Unable to read the access code {}", path.display()))?;
    let code = code.trim().to_owned();
    anyhow::ensure!(
        code.len() >= 8,
        "{}: the access code is shorter than 8 characters; delete the file, a new one is made",
        path.display()
    );
    Ok(code)
}

fn write_secret(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    // A power cut must not leave an empty file under the final name.
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&new).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&new, path)).with_context(|| format!("Unable to write {}", path.display()))
}

/// From the system's random numbers.
pub(crate) fn random_hex(bytes: usize) -> anyhow::Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|e| anyhow::anyhow!("no random numbers from the system: {e}"))?;
    Ok(hex::encode(random))
}

async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let strict = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(strict));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn login_page(State(console): State<Console>) -> Html<String> {
    Html(login_html(&console.office, ""))
}

#[derive(Deserialize)]
struct Login {
    code: String,
}

async fn login(State(console): State<Console>, Form(login): Form<Login>) -> Response {
    if !same(login.code.trim(), &console.access_code) {
        // Slows guessing down without locking the office out.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let page = Html(login_html(&console.office, "Mã không đúng. Mã nằm trong phong bì của máy này. · Wrong code."));
        return (StatusCode::FORBIDDEN, page).into_response();
    }
    let cookie = format!("motcua={}; Path=/; Secure; HttpOnly; SameSite=Strict", console.session);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

async fn home(State(console): State<Console>, headers: HeaderMap) -> Response {
    if !console.is_known(&headers) {
        return Redirect::to("/login").into_response();
    }
    let status = api::full_status(&console.inputs, Some(&console.storage)).await;
    let stored = console.storage.read(|s| Ok((s.list(200)?, s.to_tell(100)?))).await;
    match (status, stored) {
        (Some(status), Ok((lines, told))) => {
            let to_tell = to_tell::section(&told, Timestamp::now());
            let to_sign = status.outbox.iter().filter(|line| line.to_sign).count();
            let calls = console.queue.as_ref().map_or("", |_| queue::LINK);
            let notices = console.desk.as_ref().map_or_else(String::new, |_| to_sign::notice(to_sign))
                + calls
                + to_bring::LINK
                + parcels::LINK
                + &to_tell;
            Html(home_html((&console.office, &console.form_token), &status, &notices, &lines)).into_response()
        }
        (_, Err(error)) => failed("the first page", &error),
        (None, Ok(_)) => (StatusCode::SERVICE_UNAVAILABLE, "Máy đang dừng. · The agent is stopping.").into_response(),
    }
}

impl Console {
    /// Whether the browser has shown the access code.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        cookies(headers, "motcua=").any(|session| same(session, &self.session))
    }

    /// `part`, for whoever has shown the access code.
    #[expect(clippy::result_large_err, reason = "the other way out is an answer")]
    pub(crate) fn entered<'a, T>(&self, headers: &HeaderMap, part: Option<&'a T>) -> Result<&'a T, Response> {
        if !self.is_known(headers) {
            return Err(Redirect::to("/login").into_response());
        }
        part.ok_or_else(|| StatusCode::NOT_FOUND.into_response())
    }

    /// Into the loop.
    pub(crate) async fn send(&self, input: Input) {
        let _ = self.inputs.send(input).await;
    }

    /// The answer to a form of an earlier run; `rest` is HTML: that nothing was done, and where to begin anew.
    pub(crate) fn stale(&self, rest: &str) -> Response {
        let text = format!("<h1>Trang này đã cũ <small>This page is of an earlier session</small></h1>{rest}");
        (StatusCode::FORBIDDEN, Html(page(&self.office, &text))).into_response()
    }

    /// Whether a form comes from a page of this run.
    pub(crate) fn is_own(&self, form: &str) -> bool {
        same(form, &self.form_token)
    }
}

/// `what` was asked for and could not be had.
pub(crate) fn failed(what: &str, error: &anyhow::Error) -> Response {
    tracing::error!("{what}: {error:#}");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response()
}

/// What cookies with this beginning hold.
pub(crate) fn cookies<'a>(headers: &'a HeaderMap, beginning: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(move |cookie| cookie.trim().strip_prefix(beginning))
}

/// Compares without telling by its duration where the texts differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A sentence in both languages. The token's own begin small, as after a colon.
pub(crate) fn both(text: &Text) -> String {
    format!("{} <small>{}</small>", escape(&text.vi), escape(&capitalised(&text.en)))
}

pub(crate) fn page(office: &Text, body: &str) -> String {
    let style = include_str!("console.css");
    format!(
        "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Một Cửa Edge</title>\
         <style>{style}</style><header><b>Một Cửa Edge</b> <span>{}</span></header><main>{body}</main></html>",
        escape(&office.vi)
    )
}

fn login_html(office: &Text, error: &str) -> String {
    let error = if error.is_empty() { String::new() } else { format!("<p class=bad role=alert>{}</p>", escape(error)) };
    let form = "<form method=post action=/login><label for=code>Mã truy cập của bàn · Desk access code</label>\
                <input id=code name=code type=password autocomplete=off autofocus required><button>Vào · Enter</button></form>";
    page(office, &format!("<h1>Bàn một cửa <small>Staff console</small></h1>{error}{form}"))
}

pub(crate) fn time(at: Timestamp) -> String {
    in_vietnam(at).strftime("%H:%M %d/%m/%Y").to_string()
}

/// When a message is tried, or why not.
fn next_try(line: &OutboxLine) -> String {
    if line.set_aside {
        return SET_ASIDE.to_owned();
    }
    if line.to_sign {
        return "<a href=/signing>Chờ ký <small>Waits for signatures</small></a>".to_owned();
    }
    if line.ahead.is_empty() {
        return time(line.next_try);
    }
    let ahead = line.ahead.iter().map(|ahead| escape(&ahead.code)).collect::<Vec<_>>().join(", ");
    format!("Sau khi gửi xong {ahead} <small>Follows these</small>")
}

fn home_html((office, form): (&Text, &str), status: &AgentStatus, notices: &str, lines: &[DossierLine]) -> String {
    let to_sign = |line: &DossierLine| status.outbox.iter().any(|waits| waits.to_sign && waits.id == line.id);
    let rows: String = lines.iter().map(|line| dossier_row(line, to_sign(line), &time) + &reprint::cell(line, form)).collect();
    let dossiers = table(
        "Chưa có hồ sơ nào. · No dossier yet.",
        &[
            "Mã tạm <small>Provisional code</small>",
            "Mã hồ sơ <small>Official code</small>",
            "Thủ tục <small>Procedure</small>",
            "Thẻ căn cước <small>ID card</small>",
            "Trang <small>Pages</small>",
            "Nộp lúc <small>Filed</small>",
            "Trạng thái <small>State</small>",
            "In lại không cần thẻ <small>Reprint without a card</small>",
        ],
        &rows,
    );
    // What people think of the office is not for the desk's eyes, not even that they said something (R16).
    let for_the_desk = |kind: &str| !matches!(kind, "opinion" | "satisfaction" | "quality");
    let waiting: String = status
        .outbox
        .iter()
        .filter(|o| for_the_desk(&o.kind))
        .map(|o| {
            format!(
                "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td class=why>{}",
                escape(&o.kind),
                escape(&o.code),
                time(o.since),
                o.attempts,
                next_try(o),
                escape(&o.problem)
            )
        })
        .collect();
    let outbox = table(
        "Không còn gì chờ gửi. · Nothing waits.",
        &[
            "Loại <small>Kind</small>",
            "Mã <small>Code</small>",
            "Từ <small>Since</small>",
            "Lần thử <small>Attempts</small>",
            "Thử lại lúc <small>Next try</small>",
            "Lý do <small>Cause</small>",
        ],
        &waiting,
    );
    let devices: String = status
        .devices
        .iter()
        .map(|d| {
            let (class, words) = device_words(d.state);
            format!(
                "<tr><td>{}<td>{}<td>{}<td class={class}>{words}<td class=why>{}",
                device_name(&d.kind),
                escape(&d.model),
                escape(&d.address),
                escape(&d.problem)
            )
        })
        .collect();
    let devices = table(
        "Không có thiết bị. · No device.",
        &[
            "Thiết bị <small>Device</small>",
            "Kiểu <small>Model</small>",
            "Địa chỉ <small>Address</small>",
            "Trạng thái <small>State</small>",
            "Cần làm <small>To do</small>",
        ],
        &devices,
    );
    let (class, link) = match status.health.hub {
        LinkState::Up => ("good", "Đã nối với tỉnh · Linked to the province"),
        LinkState::Down => ("warn", "Mất mạng: hồ sơ chờ trong máy · No link: dossiers wait here"),
        LinkState::Refused => ("bad", "Tỉnh không nhận chứng thư của máy này · The certificate is refused"),
        LinkState::Unknown => ("warn", "Đang thử nối · Connecting"),
    };
    page(
        office,
        &format!(
            "<p class='link {class}'>{link} <small>{}</small></p>{notices}<h1>Hồ sơ <small>Dossiers: {} đã gửi · delivered, {} chờ · waiting</small></h1>{dossiers}\
             <h2>Chờ gửi <small>Outbox</small></h2>{outbox}<h2>Thiết bị <small>Devices</small></h2>{devices}\
             <footer>motcua-agent {} · danh mục · catalogue v{} · chạy từ · since {}</footer>",
            escape(&status.hub_problem),
            status.dossiers.delivered,
            status.dossiers.waiting,
            escape(&status.version),
            status.catalogue_version,
            time(status.started)
        ),
    )
}

fn dossier_row(line: &DossierLine, to_sign: bool, time: &impl Fn(Timestamp) -> String) -> String {
    let (class, state) = match (&line.status, line.delivered) {
        (Some(status), _) => (status_class(*status), status.words()),
        (None, Some(_)) => ("good", Text::new("Đã gửi", "Delivered")),
        (None, None) if to_sign => ("warn", Text::new("Chờ ký", "Waits for signatures")),
        (None, None) => ("warn", Text::new("Chờ gửi", "Waiting")),
    };
    format!(
        "<tr><td><code>{}</code><td><code>{}</code><td>{} <small>{}</small>{}<td>{}<td>{}<td class={class}>{} <small>{}</small>",
        escape(&line.code),
        escape(line.official_code.as_deref().unwrap_or("—")),
        escape(&line.procedure.vi),
        escape(&line.procedure.en),
        proof_cell(line.proof),
        line.pages,
        time(line.submitted),
        escape(&state.vi),
        escape(&state.en)
    )
}

/// What the person must do something about is not green.
fn status_class(status: Status) -> &'static str {
    match status {
        Status::Registered | Status::Accepted | Status::Processing | Status::Finished | Status::Returned => "good",
        Status::SupplementAsked | Status::PaymentAsked | Status::Withdrawn => "warn",
        Status::Refused | Status::Stopped => "bad",
    }
}

/// What staff still have to do about the card: everything but a checked chip wants a look.
fn proof_cell(proof: Proof) -> String {
    let class = match proof.assurance() {
        Assurance::Checked => "good",
        Assurance::Claimed | Assurance::Read => "warn",
        Assurance::Doubtful => "bad",
    };
    let words = proof.words();
    format!("<td class={class}>{} <small>{}</small>", escape(&words.vi), escape(&words.en))
}

pub(crate) fn table(empty: &str, heads: &[&str], rows: &str) -> String {
    if rows.is_empty() {
        return format!("<p class=empty>{empty}</p>");
    }
    let heads: String = heads.iter().map(|h| format!("<th scope=col>{h}")).collect();
    format!("<div class=scroll><table><thead><tr>{heads}<tbody>{rows}</table></div>")
}

fn device_name(kind: &str) -> String {
    match kind {
        "scanner" => "Máy quét <small>Scanner</small>".to_owned(),
        "reader" => "Đầu đọc mã <small>Code reader</small>".to_owned(),
        "card_reader" => "Đầu đọc thẻ <small>Card reader</small>".to_owned(),
        "printer" => "Máy in phiếu <small>Slip printer</small>".to_owned(),
        other => escape(other),
    }
}

fn device_words(state: DeviceState) -> (&'static str, String) {
    match state {
        DeviceState::Ready => ("good", "Sẵn sàng <small>Ready</small>".to_owned()),
        DeviceState::Lost => ("bad", "Không trả lời <small>Lost</small>".to_owned()),
        DeviceState::Absent => ("warn", "Không có <small>Absent</small>".to_owned()),
        DeviceState::NeedsHuman(fault) => {
            let words = fault.words();
            ("warn", format!("{} <small>{}</small>", escape(&words.title.vi), escape(&words.title.en)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_escaped() {
        let office = Text::new("<b>x</b>", "x");
        assert!(!login_html(&office, "").contains("<b>x</b>"));
    }

    #[test]
    fn staff_see_which_cards_want_a_look() {
        use motcua_model::dossier::{ChipAnswer, ChipFiles};
        let chip = |files, chip| Proof::Chip { files, chip };
        let cases = [
            (Proof::Claimed, "warn"),
            (Proof::Typed, "warn"),
            (chip(ChipFiles::Trusted, ChipAnswer::Genuine), "good"),
            (chip(ChipFiles::UnknownSigner, ChipAnswer::Genuine), "warn"),
            (chip(ChipFiles::Trusted, ChipAnswer::Failed), "bad"),
        ];
        for (proof, class) in cases {
            assert!(proof_cell(proof).starts_with(&format!("<td class={class}>")), "{proof:?}");
        }
    }

    #[test]
    fn a_state_that_asks_something_of_the_person_is_not_green() {
        let row = |status| {
            let line = DossierLine {
                id: uuid::Uuid::nil(),
                code: String::new(),
                official_code: None,
                procedure: Text::new("", ""),
                submitted: Timestamp::UNIX_EPOCH,
                pages: 0,
                status: Some(status),
                delivered: Some(Timestamp::UNIX_EPOCH),
                proof: Proof::Claimed,
                reprint: None,
            };
            dossier_row(&line, false, &|_| String::new())
        };
        for (status, class) in [(Status::Accepted, "good"), (Status::SupplementAsked, "warn"), (Status::Refused, "bad")] {
            let words = format!("<td class={class}>{}", status.words().vi);
            assert!(row(status).contains(&words), "{status:?}: {}", row(status));
        }
    }

    #[test]
    fn a_message_that_is_not_tried_promises_no_time() {
        let at = "2026-11-25T02:00:00Z";
        let line = |set_aside: bool, ahead: serde_json::Value| {
            let line = serde_json::json!({"id": uuid::Uuid::nil(), "kind": "dossier", "code": "TAM-K07", "since": at, "attempts": 14,
                "next_try": "2026-11-25T07:07:00Z", "problem": "422", "set_aside": set_aside, "ahead": ahead});
            let status = serde_json::json!({"version": "0", "started": at, "health": motcua_model::api::Health::default(), "devices": [],
                "outbox": [line], "dossiers": {"waiting": 1, "delivered": 0}, "catalogue_version": 1, "hub_problem": ""});
            home_html((&Text::new("x", "x"), ""), &serde_json::from_value(status).unwrap(), "", &[])
        };
        let none = serde_json::json!([]);
        assert!(line(false, none.clone()).contains("14:07 25/11/2026") && !line(false, none.clone()).contains(SET_ASIDE));
        assert!(line(true, none.clone()).contains(SET_ASIDE) && !line(true, none).contains("14:07"));
        let follows = line(false, serde_json::json!([{"id": uuid::Uuid::nil(), "code": "TAM-K07-9", "set_aside": false}]));
        assert!(follows.contains("TAM-K07-9") && !follows.contains("14:07"));
    }

    #[test]
    fn the_desk_sees_neither_opinions_nor_ratings() {
        let at = "2026-11-25T02:00:00Z";
        let page = |kind: &str| {
            let line = serde_json::json!({"id": uuid::Uuid::nil(), "kind": kind, "code": "K07-261123-0001", "since": at, "attempts": 0,
                "next_try": at, "problem": "", "set_aside": false, "ahead": []});
            let status = serde_json::json!({"version": "0", "started": at, "health": motcua_model::api::Health::default(), "devices": [],
                "outbox": [line], "dossiers": {"waiting": 0, "delivered": 0}, "catalogue_version": 1, "hub_problem": ""});
            home_html((&Text::new("x", "x"), ""), &serde_json::from_value(status).unwrap(), "", &[])
        };
        assert!(page("handover").contains("K07-261123-0001"));
        for kind in ["opinion", "satisfaction", "quality"] {
            assert!(!page(kind).contains("K07-261123-0001") && !page(kind).contains(kind), "{kind}");
        }
    }

    #[test]
    fn comparison_is_exact() {
        assert!(same("abcd", "abcd") && !same("abcd", "abce") && !same("abcd", "abc"));
    }
}
