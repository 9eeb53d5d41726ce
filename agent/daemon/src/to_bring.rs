//! The console's page "Nhận tệp PDF": the desk uploads a file for the person who stands at the kiosk.

use crate::{
    brought::{Tray, pages_of, shown},
    console::{Console, both, page},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, State, multipart::Field},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use motcua_digitise::{ArrivedError, MOST_ARRIVED_BYTES};
use motcua_model::Text;

/// Beside the file: names of fields, and one byte too many, by which it is known to be too large.
const FORM_BYTES: usize = 64 << 10;

pub(crate) fn routes() -> Router<Console> {
    let limit = DefaultBodyLimit::max(MOST_ARRIVED_BYTES + FORM_BYTES);
    Router::new().route("/pdf", get(show).post(upload).layer(limit))
}

/// The line on the first page.
pub(crate) const LINK: &str =
    "<p class=link><a href=/pdf>Nhận tệp PDF của người đang ở kiosk <small>Take a PDF for the person at the kiosk</small></a></p>";

async fn show(State(console): State<Console>, headers: HeaderMap) -> Response {
    match console.entered(&headers, console.tray.as_ref()) {
        Ok(tray) => Html(body(&console, tray, "")).into_response(),
        Err(response) => response,
    }
}

async fn upload(State(console): State<Console>, headers: HeaderMap, mut form: Multipart) -> Response {
    let tray = match console.entered(&headers, console.tray.as_ref()) {
        Ok(tray) => tray,
        Err(response) => return response,
    };
    let (mut token, mut file) = (String::new(), None);
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => return told(&console, tray, &broken(&error), false),
        };
        match field.name() {
            Some("form") => token = field.text().await.unwrap_or_default(),
            Some("file") => match whole(field).await {
                Ok(whole) => file = Some(whole),
                Err(text) => return told(&console, tray, &text, false),
            },
            _ => {}
        }
    }
    if !console.is_own(&token) {
        let text = Text::new("Trang này đã cũ. Chọn lại tệp.", "This page is of an earlier session. Choose the file again.");
        return told(&console, tray, &text, false);
    }
    let Some((name, bytes)) = file.filter(|(_, bytes)| !bytes.is_empty()) else {
        return told(&console, tray, &Text::new("Chưa chọn tệp nào.", "No file is chosen."), false);
    };
    // The clerk learns at once what the person would be told.
    let checked = tokio::task::spawn_blocking(move || pages_of(&bytes).map(|pages| (bytes, pages)));
    match checked.await {
        Ok(Ok((bytes, pages))) => match tray.upload(name, bytes, pages).await {
            true => {
                let vi = format!("Đã nhận tệp {pages} trang. Mời người dân chạm vào tên tệp trên màn hình kiosk.");
                let en = format!("A file of {pages} pages is here. The person touches its name on the kiosk's screen.");
                told(&console, tray, &Text::new(vi, en), true)
            }
            false => told(&console, tray, &nobody(), false),
        },
        Ok(Err(error)) => told(&console, tray, &error.text(), false),
        Err(error) => {
            tracing::error!("the check of an uploaded PDF has failed: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, Html(page(&console.office, "<h1>Lỗi · Error</h1>"))).into_response()
        }
    }
}

/// Name and bytes of the uploaded file.
async fn whole(field: Field<'_>) -> Result<(String, Vec<u8>), Text> {
    let name = shown(field.file_name().unwrap_or_default().as_ref());
    let bytes = field.bytes().await.map_err(|error| broken(&error))?;
    Ok((name, bytes.into()))
}

fn broken(error: &axum::extract::multipart::MultipartError) -> Text {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ArrivedError::TooLarge(MOST_ARRIVED_BYTES + 1).text(),
        _ => Text::new("Tệp chưa tải lên trọn vẹn. Chọn lại tệp.", format!("The file did not arrive whole ({error}). Choose it again.")),
    }
}

fn nobody() -> Text {
    Text::new(
        "Không ai ở kiosk đang chờ tệp. Người dân chạm “Tôi có tệp PDF” trước.",
        "Nobody at the kiosk waits for a file. The person touches “I have a PDF file” first.",
    )
}

fn told(console: &Console, tray: &Tray, text: &Text, good: bool) -> Response {
    let (class, role) = if good { ("told good", "status") } else { ("told bad", "alert") };
    let html = format!("<p class='{class}' role={role}>{}</p>", both(text));
    let status = if good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    (status, Html(body(console, tray, &html))).into_response()
}

fn body(console: &Console, tray: &Tray, told: &str) -> String {
    let waits = match tray.is_open() {
        true => Text::new("Có người ở kiosk đang chờ tệp.", "Somebody at the kiosk waits for a file."),
        false => nobody(),
    };
    let class = if tray.is_open() { "good" } else { "warn" };
    let form = format!(
        "<form method=post action=/pdf enctype=multipart/form-data><input type=hidden name=form value={}>\
         <label for=file>Tệp PDF, tối đa {} MB · PDF file</label><input id=file name=file type=file accept='.pdf,application/pdf' required>\
         <button>Tải lên · Upload</button></form>",
        console.form_token,
        MOST_ARRIVED_BYTES >> 20
    );
    let kept = "<p>Tệp được giữ nguyên từng byte và chỉ vào hồ sơ khi người dân chọn. \
                <small>The file is kept byte for byte, and goes into the dossier only when the person chooses it.</small></p>";
    let html = format!(
        "<p><a href=/>Hồ sơ · Dossiers</a></p><h1>Nhận tệp PDF <small>Take a PDF</small></h1>{told}<p class='link {class}'>{}</p>{form}{kept}",
        both(&waits)
    );
    page(&console.office, &html)
}
