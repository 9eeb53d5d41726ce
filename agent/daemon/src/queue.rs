//! The console's page "Gọi số", where desks call the numbers that the kiosk gives (C24), and the display for the waiting room.

use crate::{
    console::{self, Console, both, cookies, escape, page, table, time},
    slip::in_vietnam,
};
use axum::{
    Form, Router,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use jiff::{Timestamp, civil::Date};
use motcua_model::{
    Text,
    config::Queue,
    queue::{self, DeskAct, MOST_ABSENT, Standing, Ticket},
};
use serde::Deserialize;
use std::net::SocketAddr;
use uuid::Uuid;

/// Cookie of a browser that has chosen its desk.
const DESK: &str = "motcua-desk=";
/// Calls on the display besides the last one.
const LAST: usize = 5;
/// Lines of people on the desk's page.
const MOST: usize = 40;
/// So long a call is new: the display makes it stand out.
const FRESH_S: i64 = 12;

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/call", get(show).post(act))
        .route("/call/numbers.csv", get(statistics))
        .route("/queue", get(display))
        .route("/queue/now", get(display_now))
        .route("/queue.js", get(script))
}

/// The line on the first page.
pub(crate) const LINK: &str = "<p class=link><a href=/call>Gọi số <small>Call the people who wait</small></a> · \
     <a href=/queue>Bảng gọi số <small>Display for the waiting room</small></a></p>";

#[derive(Deserialize)]
struct Asked {
    desk: Option<u8>,
    told: Option<String>,
}

async fn show(State(console): State<Console>, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let queue = match console.entered(&headers, console.queue.as_deref()) {
        Ok(queue) => queue,
        Err(response) => return response,
    };
    let kept = cookies(&headers, DESK).find_map(|desk| desk.parse().ok());
    let Some(desk) = asked.desk.or(kept).filter(|desk| (1..=queue.desks).contains(desk)) else {
        return Html(page(&console.office, &choose_desk(queue))).into_response();
    };
    match today(&console).await {
        Ok(day) => {
            let html = body(queue, &day, desk, told(asked.told.as_deref()), &console.form_token, Timestamp::now());
            let cookie = format!("{DESK}{desk}; Path=/call; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000");
            ([(header::SET_COOKIE, cookie)], Html(page(&console.office, &html))).into_response()
        }
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct Pressed {
    form: String,
    desk: u8,
    /// The number that the page showed; empty: none.
    seen: String,
    act: String,
}

async fn act(State(console): State<Console>, headers: HeaderMap, Form(pressed): Form<Pressed>) -> Response {
    let queue = match console.entered(&headers, console.queue.as_deref()) {
        Ok(queue) => queue,
        Err(response) => return response,
    };
    if !console.is_own(&pressed.form) {
        return console.stale(
            "<p>Chưa gọi số nào. <small>Nothing was called.</small></p><p><a href=/call>Mở lại trang gọi số · Open it anew</a></p>",
        );
    }
    let (desk, seen) = (pressed.desk, Uuid::parse_str(&pressed.seen).ok());
    let Some(act) = meant(&pressed.act, queue).filter(|_| (1..=queue.desks).contains(&desk)) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "Nút này không có. · There is no such button.").into_response();
    };
    let now = Timestamp::now();
    let today = in_vietnam(now).date();
    let calls_next = matches!(act, DeskAct::Next { .. });
    let done = console.storage.call(move |s| {
        let done = s.at_desk(desk, seen, &act, now, today)?;
        let present = s.tickets(today)?.into_iter().find(|ticket| ticket.standing == Standing::Called { desk });
        Ok((done, present.map(|ticket| ticket.id) == seen))
    });
    match done.await {
        Ok((true, _)) => Redirect::to(&format!("/call?desk={desk}")).into_response(),
        Ok((false, true)) if calls_next => Redirect::to(&format!("/call?desk={desk}&told=nobody")).into_response(),
        Ok((false, _)) => Redirect::to(&format!("/call?desk={desk}&told=stale")).into_response(),
        Err(error) => failed(&error),
    }
}

/// All numbers that are kept, for the office's own statistics (R18): a spreadsheet opens it.
async fn statistics(State(console): State<Console>, headers: HeaderMap) -> Response {
    if let Err(response) = console.entered(&headers, console.queue.as_deref()) {
        return response;
    }
    match console.storage.read(|s| Ok(s.all_tickets()?)).await {
        Ok(numbers) => {
            let kind = HeaderValue::from_static("text/csv; charset=utf-8");
            let name = HeaderValue::from_static("attachment; filename=\"so-thu-tu.csv\"");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], csv(&numbers)).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// One line for each number; times by the clock of Việt Nam, empty where it did not come to it.
fn csv(numbers: &[(Date, Ticket)]) -> String {
    let time = |at: Option<Timestamp>| at.map(|at| in_vietnam(at).strftime("%H:%M:%S").to_string()).unwrap_or_default();
    let line = |(day, ticket): &(Date, Ticket)| {
        let desk = match ticket.standing {
            Standing::Waiting => String::new(),
            Standing::Called { desk } | Standing::Served { desk } => desk.to_string(),
        };
        let (number, priority) = (ticket.label(), ticket.priority.as_deref().unwrap_or_default());
        let times = [Some(ticket.taken), ticket.first_called, ticket.done].map(time).join(",");
        format!("{day},{number},{},{priority},{times},{desk},{}\r\n", ticket.group, ticket.absent)
    };
    let lines: String = numbers.iter().map(line).collect();
    format!("day,number,group,priority,taken,first_called,done,desk,not_there\r\n{lines}")
}

/// What a button of the page means.
fn meant(pressed: &str, queue: &Queue) -> Option<DeskAct> {
    match (pressed.split_once(':'), pressed) {
        (Some(("next", code)), _) => {
            let group = queue.groups.iter().find(|group| group.code == code)?;
            Some(DeskAct::Next { group: Some(group.code.clone()) })
        }
        (Some(("this", id)), _) => Some(DeskAct::This(Uuid::parse_str(id).ok()?)),
        (_, "next") => Some(DeskAct::Next { group: None }),
        (_, "again") => Some(DeskAct::Again),
        (_, "absent") => Some(DeskAct::Absent),
        (_, "done") => Some(DeskAct::Done),
        (_, _) => None,
    }
}

async fn today(console: &Console) -> anyhow::Result<Vec<Ticket>> {
    let today = in_vietnam(Timestamp::now()).date();
    console.storage.read(move |s| Ok(s.tickets(today)?)).await
}

fn failed(error: &anyhow::Error) -> Response {
    console::failed("the page of numbers", error)
}

fn told(told: Option<&str>) -> String {
    let text = match told {
        Some("nobody") => Text::new("Không còn ai chờ.", "Nobody waits."),
        Some("stale") => Text::new(
            "Trang đã cũ, chưa gọi thêm số nào. Xem số hiện tại rồi bấm lại.",
            "The page was out of date; nothing was called. Look at the present number and press again.",
        ),
        Some(_) | None => return String::new(),
    };
    format!("<p class='told warn' role=status>{}</p>", both(&text))
}

fn choose_desk(queue: &Queue) -> String {
    let desks: String = (1..=queue.desks).map(|desk| format!("<a class=desk href='/call?desk={desk}'>Quầy {desk}</a> ")).collect();
    format!(
        "<p><a href=/>← Trang chính <small>First page</small></a></p><h1>Gọi số: đang ngồi ở quầy nào? <small>Which desk is this?</small></h1><p>{desks}</p>"
    )
}

/// Name of a group; a group that the office has taken out goes by its letter.
fn group_name(queue: &Queue, code: &str) -> Text {
    queue.groups.iter().find(|group| group.code == code).map_or_else(|| Text::same(code), |group| group.name.clone())
}

/// The mark that staff see; a priority group that the office has taken out still counts.
fn mark(queue: &Queue, ticket: &Ticket) -> String {
    let Some(id) = &ticket.priority else { return String::new() };
    let name = queue.priority.iter().find(|group| group.id == *id).map_or_else(|| Text::same(id), |group| group.name.clone());
    format!("<b class=mark>ƯU TIÊN</b> {}", both(&name))
}

/// Waiting people come without a touch of staff, so the page looks again by itself; nothing is typed in it.
fn body(queue: &Queue, day: &[Ticket], desk: u8, told: String, form_token: &str, now: Timestamp) -> String {
    let present = day.iter().find(|ticket| ticket.standing == Standing::Called { desk });
    let seen = present.map(|ticket| ticket.id.to_string()).unwrap_or_default();
    let shown = match present {
        None => "<p class=number>—</p><p>Quầy đang trống <small>Nobody is called to this desk</small></p>".to_owned(),
        Some(ticket) => format!(
            "<p class=number>{}</p><p>{} {}</p>",
            escape(&ticket.label()),
            both(&group_name(queue, &ticket.group)),
            mark(queue, ticket)
        ),
    };
    let waiting: usize = day.iter().filter(|ticket| ticket.is_in_line()).count();
    let with_number = match present {
        None => String::new(),
        Some(_) => "<button class=plain name=act value=again>Gọi lại · Call again</button>\
                    <button class=plain name=act value=absent>Vắng · Not here</button>\
                    <button class=plain name=act value=done>Xong · Done</button>"
            .to_owned(),
    };
    let by_group: String = match queue.groups.as_slice() {
        [] | [_] => String::new(),
        groups => groups
            .iter()
            .map(|group| {
                let waiting = queue::waiting(day, &group.code);
                let name = escape(&group.name.vi);
                format!("<button class=plain name=act value='next:{0}'>{0} · {name} ({waiting})</button>", escape(&group.code))
            })
            .collect(),
    };
    let by_group = match by_group.is_empty() {
        true => by_group,
        false => format!("<p>Chỉ gọi một nhóm <small>Only of one group</small></p><div class=row>{by_group}</div>"),
    };
    let heads = [
        "Số <small>Number</small>",
        "Việc <small>For</small>",
        "Ưu tiên <small>Priority</small>",
        "Lấy lúc <small>Taken</small>",
        "Chờ <small>Waits</small>",
        "Vắng <small>Not there</small>",
    ];
    let in_line = day.iter().filter(|ticket| ticket.standing == Standing::Waiting);
    let rows: String = in_line.clone().take(MOST).map(|ticket| row(queue, ticket, now)).collect();
    let line = table("Không có ai chờ. · Nobody waits.", &heads, &rows);
    let (taken, called) = (day.len(), day.iter().filter(|ticket| ticket.first_called.is_some()).count());
    let mean = queue::mean_wait_s(day).map_or_else(|| "—".to_owned(), |seconds| format!("{} phút", seconds / 60));
    format!(
        "<meta http-equiv=refresh content='10;url=/call?desk={desk}'><p><a href=/>← Trang chính <small>First page</small></a></p>\
         <h1>Gọi số – Quầy {desk} <small>Desk {desk}</small> <small><a href='/call?desk=0'>Đổi quầy · Another desk</a></small></h1>{told}\
         <form class=call method=post action=/call><input type=hidden name=form value={form_token}><input type=hidden name=desk value={desk}>\
         <input type=hidden name=seen value='{seen}'><div class=now>{shown}</div>\
         <div class=row><button class=next name=act value=next>Gọi số tiếp theo ({waiting} người chờ) · Call next</button>{with_number}</div>{by_group}\
         <h2>Đang chờ <small>Waiting: {waiting}</small></h2>{line}</form>\
         <p><small>Ưu tiên gọi trước, nhưng sau hai số ưu tiên liền nhau thì gọi một số thường. Người vắng xếp lại sau những người đang chờ; vắng {MOST_ABSENT} lần thì chỉ gọi bằng nút của số đó. \
         · Priority first; after two in a row a usual number. Who is not there stands behind those who wait; after {MOST_ABSENT} times only the number's own button calls it.</small></p>\
         <footer>Hôm nay · Today: {taken} số đã lấy · taken, {called} đã gọi · called, chờ trung bình · mean wait {mean} · <a href=/call/numbers.csv>Thống kê (CSV) · Statistics</a></footer>",
    )
}

fn row(queue: &Queue, ticket: &Ticket, now: Timestamp) -> String {
    let waited = (now.as_second() - ticket.taken.as_second()).max(0) / 60;
    let absent = match ticket.absent {
        0 => String::new(),
        times => format!("{times} lần <button class=plain name=act value='this:{}'>Gọi {}</button>", ticket.id, escape(&ticket.label())),
    };
    format!(
        "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td>{waited} phút<td>{absent}",
        escape(&ticket.label()),
        both(&group_name(queue, &ticket.group)),
        mark(queue, ticket),
        time(ticket.taken)
    )
}

/// The display names nobody, so a screen of this PC needs no access code; another PC does.
fn may_show(console: &Console, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Box<Response>> {
    if console.queue.is_none() {
        return Err(Box::new(StatusCode::NOT_FOUND.into_response()));
    }
    match peer.ip().to_canonical().is_loopback() || console.is_known(headers) {
        true => Ok(()),
        false => Err(Box::new(Redirect::to("/login").into_response())),
    }
}

async fn display(State(console): State<Console>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    match now_html(&console, peer, &headers).await {
        Ok(now) => {
            // Unlike the staff's pages it has a script, of this address and no other.
            let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";
            ([(header::CONTENT_SECURITY_POLICY, policy)], Html(display_html(&now))).into_response()
        }
        Err(response) => *response,
    }
}

async fn display_now(State(console): State<Console>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    now_html(&console, peer, &headers).await.map_or_else(|response| *response, |now| Html(now).into_response())
}

async fn script() -> ([(HeaderName, HeaderValue); 1], &'static str) {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"))], include_str!("queue.js"))
}

async fn now_html(console: &Console, peer: SocketAddr, headers: &HeaderMap) -> Result<String, Box<Response>> {
    may_show(console, peer, headers)?;
    let Some(queue) = console.queue.as_deref() else { return Ok(String::new()) };
    let day = today(console).await.map_err(|error| Box::new(failed(&error)))?;
    Ok(now_on_display(&console.office, queue, &day, Timestamp::now()))
}

/// The whole page; where scripts are off, the browser asks for it anew.
fn display_html(now: &str) -> String {
    let style = include_str!("queue.css");
    format!(
        "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Bảng gọi số</title>\
         <style>{style}</style><noscript><meta http-equiv=refresh content=3></noscript><div id=now>{now}</div>\
         <div id=away role=alert hidden><p>Bảng gọi số chưa có tin mới.<br>Nghe cán bộ gọi số.</p>\
         <p class=en>The display has no news. Please listen for your number.</p></div><script src=/queue.js></script></html>"
    )
}

/// What changes on it.
fn now_on_display(office: &Text, queue: &Queue, day: &[Ticket], now: Timestamp) -> String {
    let calls = queue::last_calls(day);
    let call = match calls.first() {
        None => {
            "<section class=call><p class=say>Chưa gọi số nào <span class=en>No number has been called yet</span></p></section>".to_owned()
        }
        Some((ticket, desk)) => {
            let age = ticket.called.map_or(FRESH_S, |called| now.as_second() - called.as_second());
            let fresh = if (0..FRESH_S).contains(&age) { " fresh" } else { "" };
            format!(
                "<section class='call{fresh}'><p class=say>Mời số <span class=en>Now calling</span></p><p class=big>{}</p>\
                 <p class=to>→ Quầy {desk} <span class=en>Desk {desk}</span></p></section>",
                escape(&ticket.label())
            )
        }
    };
    let last: String =
        calls.iter().skip(1).take(LAST).map(|(ticket, desk)| format!("<li><b>{}</b> → Quầy {desk}", escape(&ticket.label()))).collect();
    let last = match last.is_empty() {
        true => String::new(),
        false => format!("<section class=last><h2>Vừa gọi <span class=en>Called before</span></h2><ol>{last}</ol></section>"),
    };
    let waiting: String = queue
        .groups
        .iter()
        .map(|group| {
            let (name, waiting) = (escape(&group.name.vi), queue::waiting(day, &group.code));
            let en = escape(&group.name.en);
            format!("<li><span class=code>{}</span> {name} <span class=en>{en}</span><b>{waiting}</b>", escape(&group.code))
        })
        .collect();
    format!(
        "<header><b>{}</b><time>{}</time></header><main>{call}{last}</main>\
         <footer><h2>Người đang chờ <span class=en>People waiting</span></h2><ul>{waiting}</ul></footer>",
        escape(&office.vi),
        in_vietnam(now).strftime("%H:%M")
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use motcua_model::queue::Group;

    fn queue() -> Queue {
        let group = |code: &str, vi: &str| Group { code: code.to_owned(), name: Text::new(vi, "x") };
        Queue { groups: vec![group("A", "Hộ tịch <b>"), group("B", "Đất đai")], ..Queue::default() }
    }

    pub(crate) fn ticket(number: u32, group: &str, priority: bool) -> Ticket {
        Ticket {
            id: Uuid::from_u128(number.into()),
            group: group.to_owned(),
            number,
            priority: priority.then(|| "disabled".to_owned()),
            place: number.into(),
            taken: Timestamp::UNIX_EPOCH,
            standing: Standing::Waiting,
            absent: 0,
            call: None,
            first_called: None,
            called: None,
            done: None,
        }
    }

    fn called(number: u32, desk: u8, call: i64) -> Ticket {
        let at = Timestamp::from_second(call).ok();
        Ticket { standing: Standing::Called { desk }, call: Some(call), first_called: at, called: at, ..ticket(number, "A", true) }
    }

    fn shown(day: &[Ticket], now: i64) -> String {
        now_on_display(&Text::new("Xã <Thử>", "x"), &queue(), day, Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn the_waiting_room_sees_the_last_call_large_and_nobodys_priority() {
        let day = [called(1, 3, 20), called(2, 1, 50), ticket(3, "A", false), ticket(1, "B", true)];
        let html = shown(&day, 55);
        assert!(html.contains("<p class=big>A002</p>") && html.contains("→ Quầy 1 "), "{html}");
        assert!(html.contains("<b>A001</b> → Quầy 3") && html.contains("call fresh"));
        assert!(html.contains("Đất đai <span class=en>x</span><b>1</b>") && html.contains("07:00"));
        assert!(!html.contains("<Thử>") && !html.contains("Hộ tịch <b>"), "escaped");
        assert!(!html.to_lowercase().contains("ưu tiên") && !html.contains("khuyết tật"), "not for the whole room");
        assert!(!shown(&day, 90).contains("fresh"), "a while later it stands still");
        assert!(shown(&[], 0).contains("Chưa gọi số nào"));
    }

    #[test]
    fn the_desk_sees_the_mark_and_who_waits() {
        let day = [called(1, 2, 20), ticket(2, "B", true), Ticket { absent: 1, ..ticket(3, "A", false) }];
        let html = body(&queue(), &day, 2, told(Some("nobody")), "abc", Timestamp::from_second(600).unwrap());
        assert!(html.contains("<p class=number>A001</p>") && html.contains("ƯU TIÊN") && html.contains("Người khuyết tật"), "{html}");
        assert!(html.contains("(2 người chờ)") && html.contains("Không còn ai chờ") && html.contains("value='next:B'"));
        assert!(html.contains(&format!("value='this:{}'", Uuid::from_u128(3))), "who was not there can be called by hand");
        assert!(html.contains(&format!("name=seen value='{}'", Uuid::from_u128(1))));
        let empty = body(&queue(), &day, 1, told(None), "abc", Timestamp::UNIX_EPOCH);
        assert!(empty.contains("Quầy đang trống") && empty.contains("name=seen value=''") && !empty.contains("value=absent"));
    }

    #[test]
    fn a_spreadsheet_gets_a_line_for_each_number() {
        let day = jiff::civil::date(2026, 11, 23);
        let served = Ticket { standing: Standing::Served { desk: 3 }, done: Timestamp::from_second(100).ok(), ..called(1, 3, 20) };
        let lines = csv(&[(day, served), (day, Ticket { absent: 2, ..ticket(2, "B", false) })]);
        let lines: Vec<&str> = lines.lines().skip(1).collect();
        assert_eq!(lines, ["2026-11-23,A001,A,disabled,07:00:00,07:00:20,07:01:40,3,0", "2026-11-23,B002,B,,07:00:00,,,,2"]);
    }

    #[test]
    fn only_the_buttons_of_the_page_mean_something() {
        assert_eq!(meant("next", &queue()), Some(DeskAct::Next { group: None }));
        assert_eq!(meant("next:B", &queue()), Some(DeskAct::Next { group: Some("B".to_owned()) }));
        assert_eq!(meant("this:00000000-0000-0000-0000-000000000003", &queue()), Some(DeskAct::This(Uuid::from_u128(3))));
        assert_eq!(meant("absent", &queue()), Some(DeskAct::Absent));
        for nothing in ["", "next:C", "this:3", "again:A", "drop"] {
            assert_eq!(meant(nothing, &queue()), None, "{nothing}");
        }
    }
}
