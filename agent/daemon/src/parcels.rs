//! The console's page "Bưu gửi": what couriers are to fetch and to bring is announced here, what is half done is seen, slips are printed
//! once more. No names of people.

use crate::{
    console::{self, Console, both, escape, page, table, time},
    input::Input,
};
use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use motcua_model::{
    Text,
    code::{ParcelCheck, ParcelCode},
    dossier::Handover,
    handover::{COPIES, Direction, ExpectedParcel, LONGEST_DESTINATION, MOST_GRAMS, OpenHandover},
};
use serde::Deserialize;
use uuid::Uuid;

/// Records whose slips can be printed once more.
const RECENT: u32 = 20;
/// Letters of a dossier's code, at most.
const LONGEST_CODE: usize = 40;

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/parcels", get(show).post(announce))
        .route("/parcels/withdraw", post(withdraw))
        .route("/parcels/print", post(print))
}

/// The line on the first page.
pub(crate) const LINK: &str = "<p class=link><a href=/parcels>Bưu gửi chờ lấy, chờ giao <small>Parcels for couriers</small></a></p>";

async fn show(State(console): State<Console>, headers: HeaderMap) -> Response {
    match console.entered(&headers, Some(&())) {
        Ok(()) => answer(&console, StatusCode::OK, "").await,
        Err(response) => response,
    }
}

#[derive(Deserialize)]
struct Announced {
    form: String,
    code: String,
    direction: Direction,
    grams: String,
    destination: String,
    dossier: String,
}

async fn announce(State(console): State<Console>, headers: HeaderMap, Form(asked): Form<Announced>) -> Response {
    if let Err(response) = asked_here(&console, &headers, &asked.form) {
        return response;
    }
    let (parcel, check) = match asked.parcel() {
        Ok(checked) => checked,
        Err(text) => return told(&console, &text, false).await,
    };
    let code = parcel.code.clone();
    match console.storage.call(move |s| Ok(s.announce_parcel(&parcel, Timestamp::now())?)).await {
        Ok(()) if check == ParcelCheck::Wrong => {
            let vi = format!("Đã ghi {code}, nhưng số kiểm tra của mã không khớp. Nhìn lại nhãn; nếu sai thì bỏ và nhập lại.");
            let en = format!("{code} is announced, but its check digit does not fit. Look at the label; withdraw it where it is mistyped.");
            told(&console, &Text::new(vi, en), false).await
        }
        Ok(()) => told(&console, &Text::new(format!("Đã ghi {code}."), format!("{code} is announced.")), true).await,
        Err(error) => failed(&error),
    }
}

impl Announced {
    /// The parcel, and what its check digit says; or what to write instead.
    fn parcel(&self) -> Result<(ExpectedParcel, ParcelCheck), Text> {
        let code = ParcelCode::parse(&self.code).map_err(|_| {
            Text::new("Mã bưu gửi có 8 đến 30 chữ và số, như trên nhãn.", "A parcel code has 8 to 30 letters and digits, as on its label.")
        })?;
        let grams = match self.grams.trim() {
            "" => None,
            text => Some(text.parse().ok().filter(|grams| (1..=MOST_GRAMS).contains(grams)).ok_or_else(|| {
                Text::new(
                    format!("Khối lượng tính bằng gam, từ 1 đến {MOST_GRAMS}."),
                    format!("The weight is in grams, 1 to {MOST_GRAMS}."),
                )
            })?),
        };
        let destination = self.destination.split_whitespace().collect::<Vec<_>>().join(" ");
        if destination.is_empty() || destination.chars().count() > LONGEST_DESTINATION {
            return Err(Text::new(
                format!("Nơi đến là cơ quan hoặc tỉnh, tối đa {LONGEST_DESTINATION} chữ cái."),
                format!("The destination is an office or a province, at most {LONGEST_DESTINATION} letters."),
            ));
        }
        let dossier: String = self.dossier.trim().to_uppercase();
        if dossier.len() > LONGEST_CODE || !dossier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
            return Err(Text::new(
                "Mã hồ sơ chỉ có chữ, số, dấu chấm và gạch ngang.",
                "A dossier code has letters, digits, points and hyphens only.",
            ));
        }
        let dossier = Some(dossier).filter(|code| !code.is_empty());
        Ok((ExpectedParcel { code: code.code, direction: self.direction, grams, destination, dossier }, code.check))
    }
}

#[derive(Deserialize)]
struct Withdrawn {
    form: String,
    code: String,
}

async fn withdraw(State(console): State<Console>, headers: HeaderMap, Form(asked): Form<Withdrawn>) -> Response {
    if let Err(response) = asked_here(&console, &headers, &asked.form) {
        return response;
    }
    let code = asked.code.clone();
    match console.storage.call(move |s| Ok(s.withdraw_parcel(&asked.code, Timestamp::now())?)).await {
        Ok(()) => told(&console, &Text::new(format!("Đã bỏ {code}."), format!("{code} is withdrawn.")), true).await,
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct Reprint {
    form: String,
    handover: Uuid,
    copy: u8,
}

async fn print(State(console): State<Console>, headers: HeaderMap, Form(asked): Form<Reprint>) -> Response {
    if let Err(response) = asked_here(&console, &headers, &asked.form) {
        return response;
    }
    match console.storage.read(move |s| Ok(s.handover(asked.handover)?)).await {
        Ok(Some(handover)) if (1..=COPIES).contains(&asked.copy) => {
            let code = handover.short_code();
            console.send(Input::Reprint(Box::new(handover), asked.copy)).await;
            let vi = format!("Đang in liên {} của biên bản {code}. Máy in hết giấy thì in khi có giấy.", asked.copy);
            let en = format!("Copy {} of {code} is being printed, or waits for paper.", asked.copy);
            told(&console, &Text::new(vi, en), true).await
        }
        Ok(Some(_) | None) => told(&console, &Text::new("Không có biên bản này.", "There is no such record."), false).await,
        Err(error) => failed(&error),
    }
}

#[expect(clippy::result_large_err, reason = "the other way out is an answer")]
fn asked_here(console: &Console, headers: &HeaderMap, form: &str) -> Result<(), Response> {
    console.entered(headers, Some(&()))?;
    if console.is_own(form) {
        return Ok(());
    }
    Err(console.stale("<p><a href=/parcels>Mở lại · Open it anew</a></p>"))
}

fn failed(error: &anyhow::Error) -> Response {
    console::failed("the page of parcels", error)
}

async fn told(console: &Console, text: &Text, good: bool) -> Response {
    let (class, role) = if good { ("told good", "status") } else { ("told bad", "alert") };
    let status = if good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    answer(console, status, &format!("<p class='{class}' role={role}>{}</p>", both(text))).await
}

async fn answer(console: &Console, status: StatusCode, told: &str) -> Response {
    let asked = |s: &motcua_store::Reader| Ok((s.expected_parcels()?, s.open_handovers()?, s.recent_handovers(RECENT)?));
    match console.storage.read(asked).await {
        Ok((expected, open, recent)) => {
            let html = body(&console.form_token, told, &expected, &open, &recent);
            (status, Html(page(&console.office, &html))).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn body(form: &str, told: &str, expected: &[ExpectedParcel], open: &[(OpenHandover, Timestamp)], recent: &[(Handover, u8)]) -> String {
    let ways: String = Direction::ALL
        .iter()
        .map(|way| {
            let (value, checked) = match way {
                Direction::Fetch => ("fetch", " checked"),
                Direction::Deliver => ("deliver", ""),
            };
            format!("<label class=way><input type=radio name=direction value={value}{checked}> {}</label>", both(&way.words()))
        })
        .collect();
    format!(
        "<p><a href=/>Hồ sơ · Dossiers</a></p><h1>Bưu gửi <small>Parcels</small></h1>{told}\
         <form method=post action=/parcels><input type=hidden name=form value={form}>\
         <label>Mã bưu gửi, quét hoặc gõ · Parcel code<input name=code maxlength=40 autocomplete=off autofocus required></label>\
         <div class=ways>{ways}</div>\
         <label>Cơ quan hoặc tỉnh nơi đến, không ghi tên người · Office or province, no names of people\
         <input name=destination maxlength={LONGEST_DESTINATION} autocomplete=off required></label>\
         <label>Khối lượng, gam · Weight in grams<input name=grams inputmode=numeric maxlength=6 autocomplete=off></label>\
         <label>Mã hồ sơ, nếu có · Dossier code, if any<input name=dossier maxlength={LONGEST_CODE} autocomplete=off></label>\
         <button>Ghi vào danh sách · Announce</button></form>\
         <h2>Chờ bưu tá <small>Announced</small></h2>{}<h2>Giao dở <small>Half done</small></h2>{}<h2>Đã bàn giao <small>Recorded</small></h2>{}",
        expected_table(form, expected),
        open_table(open),
        recent_table(form, recent),
    )
}

fn expected_table(form: &str, expected: &[ExpectedParcel]) -> String {
    let row = |parcel: &ExpectedParcel| {
        let grams = parcel.grams.map(|grams| format!("{grams} g")).unwrap_or_default();
        let code = escape(&parcel.code);
        format!(
            "<tr><td><code>{code}</code><td>{}<td>{}<td>{grams}<td><code>{}</code><td><form method=post action=/parcels/withdraw>\
             <input type=hidden name=form value={form}><input type=hidden name=code value='{code}'>\
             <button class=plain aria-label='Bỏ {code}'>Bỏ · Withdraw</button></form>",
            both(&parcel.direction.words()),
            escape(&parcel.destination),
            escape(parcel.dossier.as_deref().unwrap_or_default()),
        )
    };
    table(
        "Chưa có bưu gửi nào được ghi. Bưu tá vẫn quét được. · Nothing is announced; couriers can scan all the same.",
        &[
            "Mã <small>Code</small>",
            "Chiều <small>Way</small>",
            "Nơi đến, nơi gửi <small>Where to, from</small>",
            "Khối lượng <small>Weight</small>",
            "Mã hồ sơ <small>Dossier</small>",
            "",
        ],
        &expected.iter().map(row).collect::<String>(),
    )
}

fn open_table(open: &[(OpenHandover, Timestamp)]) -> String {
    let row = |(open, saved): &(OpenHandover, Timestamp)| {
        format!(
            "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td>{}",
            escape(&open.courier),
            both(&open.direction.words()),
            open.parcels.len(),
            time(open.begun),
            time(*saved)
        )
    };
    table(
        "Không có lượt nào dở. · None.",
        &[
            "Bưu tá <small>Courier</small>",
            "Chiều <small>Way</small>",
            "Đã quét <small>Scanned</small>",
            "Bắt đầu <small>Begun</small>",
            "Lần quét cuối <small>Last scan</small>",
        ],
        &open.iter().map(row).collect::<String>(),
    )
}

fn recent_table(form: &str, recent: &[(Handover, u8)]) -> String {
    let row = |(handover, printed): &(Handover, u8)| {
        let buttons: String = (1..=COPIES)
            .map(|copy| {
                format!(
                    "<form method=post action=/parcels/print><input type=hidden name=form value={form}>\
                     <input type=hidden name=handover value={}><input type=hidden name=copy value={copy}>\
                     <button class=plain>In liên {copy} · Print copy {copy}</button></form>",
                    handover.id
                )
            })
            .collect();
        let (class, slips) = match *printed >= COPIES {
            true => ("good", Text::new("Đã in đủ", "Printed")),
            false => ("warn", Text::new(format!("Đã in {printed} trên {COPIES} liên"), format!("{printed} of {COPIES} copies printed"))),
        };
        format!(
            "<tr><td><code>{}</code><td>{}<td><code>{}</code><td>{}<td>{}<td>{}<td>{}<td class={class}>{}<td>{buttons}",
            handover.short_code(),
            time(handover.closed),
            escape(&handover.courier),
            both(&handover.direction.words()),
            handover.parcels.len(),
            differences(handover),
            both(&signed(handover)),
            both(&slips),
        )
    };
    table(
        "Chưa có biên bản nào. · No record yet.",
        &[
            "Biên bản <small>Record</small>",
            "Lúc <small>Time</small>",
            "Bưu tá <small>Courier</small>",
            "Chiều <small>Way</small>",
            "Số bưu gửi <small>Parcels</small>",
            "Khác danh sách <small>Differences</small>",
            "Chữ ký <small>Signed</small>",
            "Giấy <small>Slips</small>",
            "",
        ],
        &recent.iter().map(row).collect::<String>(),
    )
}

fn differences(handover: &Handover) -> String {
    let lines = handover.differences.iter().map(|one| format!("<code>{}</code> {}", escape(&one.code), both(&one.deviation.words())));
    lines.collect::<Vec<_>>().join("<br>")
}

fn signed(handover: &Handover) -> Text {
    match (handover.signatures.courier.is_some(), &handover.signatures.clerk) {
        (true, Some(clerk)) => Text::new(format!("PIN: bưu tá, cán bộ {}", clerk.clerk), format!("PIN: courier, clerk {}", clerk.clerk)),
        (true, None) => Text::new("PIN: bưu tá", "PIN: courier"),
        (false, Some(clerk)) => Text::new(format!("PIN: cán bộ {}", clerk.clerk), format!("PIN: clerk {}", clerk.clerk)),
        (false, None) => Text::new("Trên giấy", "On paper"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(code: &str, grams: &str, destination: &str, dossier: &str) -> Announced {
        let direction = Direction::Fetch;
        let [code, grams, destination, dossier] = [code, grams, destination, dossier].map(str::to_owned);
        Announced { form: String::new(), code, direction, grams, destination, dossier }
    }

    #[test]
    fn what_the_desk_types_is_checked() {
        let (parcel, check) = asked(" rr 473124829 vn", " 320 ", "Sở  Tư pháp ", "h99.50-1").parcel().unwrap();
        assert_eq!((parcel.code.as_str(), parcel.grams, check), ("RR473124829VN", Some(320), ParcelCheck::Right));
        assert_eq!((parcel.destination.as_str(), parcel.dossier.as_deref()), ("Sở Tư pháp", Some("H99.50-1")));
        assert_eq!(asked("VNP0012345678", "", "Huế", "").parcel().unwrap().0.grams, None);
        for wrong in [
            asked("RR4731", "1", "Huế", ""),
            asked("RR473124829VN", "0", "Huế", ""),
            asked("RR473124829VN", "50001", "Huế", ""),
            asked("RR473124829VN", "nặng", "Huế", ""),
            asked("RR473124829VN", "1", " ", ""),
            asked("RR473124829VN", "1", &"x".repeat(41), ""),
            asked("RR473124829VN", "1", "Huế", "<b>"),
        ] {
            assert!(wrong.parcel().is_err());
        }
    }

    #[test]
    fn text_from_outside_is_escaped() {
        let mut parcel = asked("RR473124829VN", "", "Huế", "").parcel().unwrap().0;
        parcel.destination = "<script>".to_owned();
        let html = body("t", "", &[parcel], &[], &[]);
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"));
    }
}
