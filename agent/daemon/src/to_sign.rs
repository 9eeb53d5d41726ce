//! The console's page "Chờ ký": papers that wait for the office's signature, and what staff do with them.

use crate::{
    console::{self, Console, both, cookies, escape, page, same, table, time},
    signing::{Asked, Outcome, Session, Signing},
};
use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use motcua_digitise::sign::Pin;
use motcua_model::Text;
use motcua_store::{PaperToSign, ToSign};
use serde::Deserialize;
use std::collections::BTreeSet;
use tokio::sync::watch;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Dossiers on the page; the oldest come first.
const MOST: u32 = 100;
/// Letters of a reason.
const LONGEST_REASON: usize = 200;
/// Cookie of the browser in which the PIN was typed.
const OWNER: &str = "motcua-sign=";

/// What the page needs besides the console.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) signing: Signing,
    /// What came of the last form, with the number by which its page asks for it.
    told: watch::Sender<Option<(Uuid, Told)>>,
}

#[derive(Clone)]
enum Told {
    Signed(Outcome),
    Sentence(Text),
}

impl Desk {
    pub(crate) fn new(signing: Signing) -> Self {
        Self { signing, told: watch::channel(None).0 }
    }

    /// After a form the page is asked for anew: a browser that reloads it must not type a PIN again.
    fn told(&self, told: Told) -> Redirect {
        let number = Uuid::now_v7();
        self.told.send_replace(Some((number, told)));
        Redirect::to(&format!("/signing?told={number}"))
    }
}

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/signing", get(show))
        .route("/signing/sign", post(sign))
        .route("/signing/lock", post(lock))
        .route("/signing/unsigned", post(unsigned))
        .route("/signing/pdf/{document}", get(pdf))
}

/// The line on the first page.
pub(crate) fn notice(waiting: usize) -> String {
    match waiting {
        0 => "<p class='link good'><a href=/signing>Không có hồ sơ chờ ký <small>Nothing waits for a signature</small></a></p>".to_owned(),
        _ => format!(
            "<p class='link warn'><a href=/signing>{waiting} hồ sơ chờ ký: mở trang ký <small>{waiting} dossier(s) wait for signatures</small></a></p>"
        ),
    }
}

#[derive(Deserialize)]
struct Number {
    told: Option<Uuid>,
}

async fn show(State(console): State<Console>, headers: HeaderMap, Query(number): Query<Number>) -> Response {
    let desk = match console.entered(&headers, console.desk.as_ref()) {
        Ok(desk) => desk,
        Err(response) => return response,
    };
    let told = desk.told.borrow().clone().filter(|(of, _)| number.told == Some(*of)).map(|(_, told)| told_html(&told));
    match console.storage.read(|s| Ok((s.to_sign(MOST)?, s.outbox_counts()?.to_sign))).await {
        Ok((waiting, all)) => {
            let session = desk.signing.session();
            let own = matches!(&session, Session::Open { owner, .. } if cookie(&headers).is_some_and(|cookie| same(cookie, owner)));
            let body = body(&waiting, all, &told.unwrap_or_default(), &session, own, desk.signing.session_min, &console.form_token);
            Html(page(&console.office, &body)).into_response()
        }
        Err(error) => failed(&error),
    }
}

async fn sign(State(console): State<Console>, headers: HeaderMap, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let (mut documents, mut pin, mut form) = (BTreeSet::new(), None, String::new());
    for (name, value) in fields {
        // Whatever it is, it may be the PIN: wiped when it was looked at.
        let value = Zeroizing::new(value);
        match name.as_str() {
            "form" => form.clone_from(&value),
            "paper" => documents.extend(Uuid::parse_str(&value)),
            "pin" if !value.is_empty() => pin = Some(Pin::new(value.as_str())),
            _ => {}
        }
    }
    let desk = match asked_here(&console, &headers, &form) {
        Ok(desk) => desk,
        Err(response) => return response,
    };
    if documents.is_empty() {
        let text = Text::new("Chưa chọn giấy tờ nào; mã PIN chưa được dùng.", "No paper is chosen; the PIN was not used.");
        return desk.told(Told::Sentence(text)).into_response();
    }
    match desk.signing.sign(Asked { documents, pin, owner: cookie(&headers).map(str::to_owned) }).await {
        Ok(outcome) => {
            let owner = outcome.opened.clone();
            let answer = desk.told(Told::Signed(outcome));
            match owner {
                Some(owner) => {
                    let cookie = format!("{OWNER}{owner}; Path=/signing; Secure; HttpOnly; SameSite=Strict");
                    ([(header::SET_COOKIE, cookie)], answer).into_response()
                }
                None => answer.into_response(),
            }
        }
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct Lock {
    form: String,
}

async fn lock(State(console): State<Console>, headers: HeaderMap, Form(asked): Form<Lock>) -> Response {
    let desk = match asked_here(&console, &headers, &asked.form) {
        Ok(desk) => desk,
        Err(response) => return response,
    };
    match desk.signing.lock().await {
        Ok(()) => desk.told(Told::Sentence(Text::new("Đã khóa thiết bị ký số.", "The token is locked."))).into_response(),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct Unsigned {
    form: String,
    dossier: Uuid,
    reason: String,
}

async fn unsigned(State(console): State<Console>, headers: HeaderMap, Form(asked): Form<Unsigned>) -> Response {
    let desk = match asked_here(&console, &headers, &asked.form) {
        Ok(desk) => desk,
        Err(response) => return response,
    };
    let reason: String = asked.reason.trim().chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
    if reason.is_empty() {
        let text = Text::new("Hãy ghi lý do gửi không ký; hồ sơ vẫn chờ ký.", "Write why it goes unsigned; the dossier still waits.");
        return desk.told(Told::Sentence(text)).into_response();
    }
    let sent = console.storage.call(move |s| Ok(s.send_unsigned(asked.dossier, &reason, Timestamp::now())?)).await;
    let text = match sent {
        Ok(()) => {
            desk.signing.wake_forwarder();
            Text::new("Hồ sơ được gửi không ký; lý do đã ghi vào nhật ký.", "The dossier goes unsigned; the reason is in the audit trail.")
        }
        Err(error) => {
            tracing::warn!(item = %asked.dossier, "not sent unsigned: {error:#}");
            Text::new("Hồ sơ này không còn chờ ký.", format!("The dossier does not wait for signatures ({error:#})."))
        }
    };
    desk.told(Told::Sentence(text)).into_response()
}

/// Only of what waits for a signature: nobody reads through old dossiers here.
async fn pdf(State(console): State<Console>, headers: HeaderMap, Path(document): Path<Uuid>) -> Response {
    if let Err(response) = console.entered(&headers, console.desk.as_ref()) {
        return response;
    }
    let found = async {
        let waiting = console.storage.read(|s| Ok(s.to_sign(u32::MAX)?)).await?;
        let file =
            waiting.into_iter().flat_map(|dossier| dossier.papers).find(|paper| paper.document == document).and_then(|paper| paper.file);
        match file {
            Some(file) => Ok(Some(console.storage.file(file.id).await?)),
            None => Ok::<_, anyhow::Error>(None),
        }
    };
    match found.await {
        Ok(Some(bytes)) => {
            let named = HeaderValue::from_static("inline; filename=\"giay-to.pdf\"");
            let media = HeaderValue::from_static("application/pdf");
            ([(header::CONTENT_TYPE, media), (header::CONTENT_DISPOSITION, named)], bytes).into_response()
        }
        Ok(None) => {
            let text = "<h1>Giấy tờ này không còn chờ ký <small>This paper does not wait for a signature any more</small></h1><p><a href=/signing>Chờ ký</a></p>";
            (StatusCode::NOT_FOUND, Html(page(&console.office, text))).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// As [`Console::entered`], for a form that comes from a page of this run.
#[expect(clippy::result_large_err, reason = "the other way out is an answer")]
fn asked_here<'a>(console: &'a Console, headers: &HeaderMap, form: &str) -> Result<&'a Desk, Response> {
    let desk = console.entered(headers, console.desk.as_ref())?;
    if console.is_own(form) { Ok(desk) } else { Err(stale(console)) }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookies(headers, OWNER).next()
}

fn stale(console: &Console) -> Response {
    console.stale(
        "<p>Chưa có gì được ký hay gửi. <small>Nothing was signed or sent.</small></p><p><a href=/signing>Mở lại trang ký · Open it anew</a></p>",
    )
}

fn failed(error: &anyhow::Error) -> Response {
    console::failed("the page of signatures", error)
}

fn told_html(told: &Told) -> String {
    let outcome = match told {
        Told::Sentence(text) => return format!("<p class=told role=status>{}</p>", both(text)),
        Told::Signed(outcome) => outcome,
    };
    let mut html = String::new();
    if outcome.signed > 0 {
        let signed = outcome.signed;
        html += &format!("<p class='told good' role=status>Đã ký {signed} giấy tờ. <small>{signed} paper(s) signed.</small></p>");
    }
    if let Some(text) = &outcome.stopped {
        let left = outcome.left;
        let rest = match left {
            0 => String::new(),
            _ => format!("{left} giấy tờ chưa ký, vẫn chờ ở đây. <small>{left} paper(s) not signed; they wait here.</small>"),
        };
        html += &format!("<p class='told bad' role=alert>{}{rest}</p>", both(text));
    }
    for (name, text) in &outcome.refused {
        html += &format!("<p class='told bad' role=alert><b>{}</b>: {}</p>", escape(name), both(text));
    }
    if outcome.signed > 0 {
        html += &outcome.warnings.iter().map(|text| format!("<p class='told warn'>{}</p>", both(text))).collect::<String>();
    }
    html
}

fn body(waiting: &[ToSign], all: u64, told: &str, session: &Session, own: bool, session_min: u16, form_token: &str) -> String {
    let hidden = format!("<input type=hidden name=form value={form_token}>");
    let ready = waiting.iter().flat_map(|dossier| &dossier.papers).any(|paper| paper.file.is_some() && paper.signed.is_none());
    let rows: String = waiting.iter().flat_map(|dossier| dossier.papers.iter().map(move |paper| row(dossier, paper))).collect();
    let heads = [
        "Ký <small>Sign</small>",
        "Mã tạm <small>Provisional code</small>",
        "Giấy tờ <small>Paper</small>",
        "Trang <small>Pages</small>",
        "Nộp lúc <small>Filed</small>",
        "Tệp <small>File</small>",
    ];
    let papers = table("Không có giấy tờ nào chờ ký. · Nothing waits for a signature.", &heads, &rows);
    let pin = match own {
        true => String::new(),
        false => "<label for=pin>Mã PIN của thiết bị ký số <small>PIN of the token; it is not kept</small></label>\
                  <input id=pin name=pin type=password inputmode=numeric autocomplete=off required>"
            .to_owned(),
    };
    let sign = match ready {
        true => format!("{pin}<button>Ký các giấy tờ đã chọn · Sign what is chosen</button>"),
        false => String::new(),
    };
    let unsigned: String = waiting.iter().map(|dossier| unsigned_form(dossier, &hidden)).collect();
    let unsigned = match unsigned.is_empty() {
        true => unsigned,
        false => format!(
            "<h2>Gửi không ký <small>Send unsigned</small></h2><p>Chỉ khi không thể ký. Lý do được ghi vào nhật ký; không ghi tên người dân. \
             <small>Only where it cannot be signed. The reason goes into the audit trail; it names nobody.</small></p>{unsigned}"
        ),
    };
    format!(
        "<p><a href=/>← Trang chính <small>First page</small></a></p><h1>Chờ ký <small>Papers to sign: {} hồ sơ · dossier(s)</small></h1>{told}{}\
         <form class=wide method=post action=/signing/sign>{hidden}{papers}<div class=narrow>{sign}</div></form>{unsigned}",
        all,
        session_html(session, own, session_min, &hidden)
    )
}

fn session_html(session: &Session, own: bool, session_min: u16, hidden: &str) -> String {
    let Session::Open { signer, .. } = session else {
        return "<p class='link warn'>Thiết bị ký số đang khóa <small>The token is locked: the PIN opens it</small></p>".to_owned();
    };
    let where_open = match own {
        true => Text::new("Thiết bị ký số đang mở", "The token is open"),
        false => Text::new("Thiết bị ký số đang mở ở trình duyệt khác", "The token is open for another browser"),
    };
    format!(
        "<form class='link good lock' method=post action=/signing/lock>{hidden}<span>{}: {} <small>{}; it locks after {session_min} min without a signature</small></span>\
         <button>Khóa · Lock</button></form>",
        where_open.vi,
        escape(signer),
        where_open.en
    )
}

fn row(dossier: &ToSign, paper: &PaperToSign) -> String {
    let document = paper.document;
    let (choice, file) = match (&paper.file, paper.signed) {
        (_, Some(at)) => (String::new(), format!("<td class=good>Đã ký {} <small>Signed</small>", time(at))),
        (None, None) => (String::new(), "<td class=warn>Đang tạo PDF <small>The PDF is being made</small>".to_owned()),
        (Some(_), None) => (
            format!("<input type=checkbox name=paper value={document} checked aria-label='Ký {}'>", escape(&dossier.code)),
            format!("<td><a href=/signing/pdf/{document} target=_blank rel=noopener>Xem PDF <small>Show it</small></a>"),
        ),
    };
    format!(
        "<tr><td>{choice}<td><code>{}</code><td>{} <small>{}</small><td>{}<td>{}{file}",
        escape(&dossier.code),
        escape(&paper.name.vi),
        escape(&paper.name.en),
        paper.pages,
        time(dossier.since)
    )
}

fn unsigned_form(dossier: &ToSign, hidden: &str) -> String {
    format!(
        "<details><summary><code>{}</code> {} <small>{}</small></summary><form method=post action=/signing/unsigned>{hidden}\
         <input type=hidden name=dossier value={}><label>Lý do <small>Reason</small>\
         <input name=reason required maxlength={LONGEST_REASON} placeholder='ví dụ: thiết bị ký số hỏng' autocomplete=off></label>\
         <button class=plain>Gửi không ký · Send unsigned</button></form></details>",
        escape(&dossier.code),
        escape(&dossier.procedure.vi),
        escape(&dossier.procedure.en),
        dossier.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_model::dossier::FileRef;

    fn paper(number: u128, made: bool, signed: bool) -> PaperToSign {
        let file = FileRef { id: Uuid::from_u128(number), sha256: String::new(), bytes: 1, media: "application/pdf".to_owned() };
        PaperToSign {
            document: Uuid::from_u128(number),
            name: Text::new("Giấy <chứng sinh>", "Certificate of live birth"),
            pages: 2,
            file: made.then_some(file),
            signed: signed.then_some(Timestamp::UNIX_EPOCH),
        }
    }

    fn shown(papers: Vec<PaperToSign>, session: &Session, own: bool) -> String {
        let procedure = Text::new("Đăng ký khai sinh", "Birth registration");
        let dossier =
            ToSign { id: Uuid::nil(), code: "TAM-K07-261123-0042-51".to_owned(), procedure, since: Timestamp::UNIX_EPOCH, papers };
        body(&[dossier], 1, "", session, own, 10, "f0f0")
    }

    fn open() -> Session {
        Session::Open { signer: "UBND <xã> Mẫu".to_owned(), owner: "a1a1".into() }
    }

    #[test]
    fn only_a_paper_whose_pdf_is_made_and_not_signed_can_be_chosen() {
        let page = shown(vec![paper(1, true, false), paper(2, false, false), paper(3, true, true)], &Session::Locked, false);
        assert_eq!(page.matches("type=checkbox").count(), 1);
        assert!(page.contains("Đang tạo PDF") && page.contains("Đã ký") && page.contains("Giấy &lt;chứng sinh&gt;"), "{page}");
        let nothing = shown(vec![paper(2, false, false)], &Session::Locked, false);
        assert!(!nothing.contains("name=pin") && !nothing.contains("Ký các giấy tờ"), "no PIN where nothing can be signed: {nothing}");
    }

    #[test]
    fn the_pin_is_asked_for_unless_the_token_is_open_for_this_browser() {
        let papers = || vec![paper(1, true, false)];
        assert!(shown(papers(), &Session::Locked, false).contains("name=pin"));
        let own = shown(papers(), &open(), true);
        assert!(!own.contains("name=pin") && own.contains("Khóa") && own.contains("UBND &lt;xã&gt; Mẫu") && !own.contains("a1a1"), "{own}");
        let others = shown(papers(), &open(), false);
        assert!(others.contains("name=pin") && others.contains("trình duyệt khác"), "{others}");
    }

    #[test]
    fn every_form_carries_the_token_of_this_session() {
        let page = shown(vec![paper(1, true, false)], &open(), true);
        assert_eq!(page.matches("<form").count(), 3);
        assert_eq!(page.matches("name=form value=f0f0").count(), 3);
    }

    #[test]
    fn what_stopped_it_is_told_with_what_is_left() {
        let stopped = Some(Text::new("Thiết bị ký số đã bị rút ra", "the token was pulled out"));
        let told = told_html(&Told::Signed(Outcome { signed: 2, stopped, left: 3, ..Outcome::default() }));
        for words in ["Đã ký 2 giấy tờ", "đã bị rút ra", "The token was pulled out", "3 giấy tờ chưa ký", "3 paper(s) not signed"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}
