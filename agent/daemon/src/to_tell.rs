//! The console's list of what staff have to tell people: papers that are missing, results that can be fetched.

use crate::{
    console::{escape, table},
    slip::in_vietnam,
};
use jiff::{Timestamp, civil::Date};
use motcua_model::hub::{Handing, News, ResultPaper, SupplementItem};
use motcua_store::Told;

/// The section; empty where there is nothing to tell.
pub(crate) fn section(told: &[Told], now: Timestamp) -> String {
    let rows: String = told.iter().map(|told| row(told, in_vietnam(now).date())).collect();
    if rows.is_empty() {
        return rows;
    }
    let heads = [
        "Mã tạm <small>Provisional code</small>",
        "Mã hồ sơ <small>Official code</small>",
        "Thủ tục <small>Procedure</small>",
        "Báo cho người dân <small>Tell the person</small>",
        "Hạn <small>Until</small>",
    ];
    format!("<h1>Cần báo cho người dân <small>People to tell: {}</small></h1>{}", told.len(), table("", &heads, &rows))
}

fn row(told: &Told, today: Date) -> String {
    let (official_code, what, until) = match &told.item.news {
        News::Supplement { official_code, items, reason, until, contact, officer, .. } => {
            let from = [contact.as_str(), officer.reveal()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
            let small = |text: &str| if text.is_empty() { String::new() } else { format!("<small>{}</small>", escape(text)) };
            (official_code, format!("{}{}{}", missing(items), small(reason.reveal()), small(&from)), *until)
        }
        News::Result { official_code, papers, handing, .. } => (official_code, result(papers, handing), None),
        News::Status { .. } | News::Accepted { .. } | News::Catalogue { .. } | News::Config { .. } | News::Unknown(_) => {
            return String::new();
        }
    };
    format!(
        "<tr><td><code>{}</code><td><code>{}</code><td>{} <small>{}</small><td class=tell>{what}{}",
        escape(&told.code),
        escape(if official_code.is_empty() { "—" } else { official_code }),
        escape(&told.procedure.vi),
        escape(&told.procedure.en),
        until_cell(until, today)
    )
}

fn missing(items: &[SupplementItem]) -> String {
    let items: String = items.iter().map(|item| format!("<li>{}", escape(item.what.reveal()))).collect();
    format!("<b class=warn>Cần bổ sung</b> <small>Papers are missing</small><ol>{items}</ol>")
}

fn result(papers: &[ResultPaper], handing: &Handing) -> String {
    let papers: String = papers.iter().map(|paper| format!("<li>{} {}", escape(&paper.name), escape(paper.number.reveal()))).collect();
    let how = match handing {
        Handing::Desk { place } => format!("Nhận tại {} <small>To be fetched there</small>", escape(place)),
        Handing::Post => "Bưu điện giao tận nơi <small>The post brings it</small>".to_owned(),
        Handing::Electronic => "Bản điện tử trên Cổng dịch vụ công <small>A file at the national portal</small>".to_owned(),
    };
    format!("<b class=good>Đã có kết quả</b> <small>The result is there</small><ul>{papers}</ul>{how}")
}

fn until_cell(until: Option<Date>, today: Date) -> String {
    match until {
        None => "<td>—".to_owned(),
        Some(day) if day < today => format!("<td class=bad>{} <small>Quá hạn · Overdue</small>", day.strftime("%d/%m/%Y")),
        Some(day) => format!("<td>{}", day.strftime("%d/%m/%Y")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use motcua_model::{Private, Text};

    fn told(news: serde_json::Value) -> Told {
        let mut item = serde_json::json!({"cursor": 1, "at": "2026-11-23T08:00:00Z", "dossier": uuid::Uuid::nil(), "official_code": "H15.50.05-261123-0001"});
        item.as_object_mut().unwrap().extend(news.as_object().unwrap().clone());
        let procedure = Text::new("Đăng ký khai sinh", "Birth registration");
        Told { code: "TAM-K07-261123-0042-51".to_owned(), procedure, item: serde_json::from_value(item).unwrap() }
    }

    fn supplement(what: &str) -> Told {
        told(serde_json::json!({"kind": "supplement", "items": [{"what": what}], "reason": "Bản chụp mờ", "until": "2026-12-01",
            "contact": "Một cửa xã Mẫu", "officer": "Trần Văn Mẫu"}))
    }

    #[test]
    fn staff_read_what_is_missing_why_and_until_when() {
        let before = section(&[supplement("Giấy chứng sinh")], "2026-12-01T16:59:00Z".parse().unwrap());
        for words in ["TAM-K07-261123-0042-51", "Giấy chứng sinh", "Bản chụp mờ", "Một cửa xã Mẫu, Trần Văn Mẫu", "01/12/2026"]
        {
            assert!(before.contains(words), "{words}: {before}");
        }
        assert!(!before.contains("Quá hạn"), "the day counts to its end in Vietnam");
        let after = section(&[supplement("Giấy chứng sinh")], "2026-12-01T17:00:00Z".parse().unwrap());
        assert!(after.contains("Quá hạn"), "{after}");
    }

    #[test]
    fn staff_read_how_a_result_reaches_the_person() {
        let result = |handing: serde_json::Value| {
            let paper = serde_json::json!({"code": "KQ.G01.000001", "name": "Giấy khai sinh", "number": "12/2026"});
            let news = serde_json::json!({"kind": "result", "papers": [paper], "handing": handing});
            section(&[told(news)], Timestamp::UNIX_EPOCH)
        };
        let desk = result(serde_json::json!({"by": "desk", "place": "Một cửa xã Mẫu"}));
        assert!(desk.contains("Giấy khai sinh 12/2026") && desk.contains("Nhận tại Một cửa xã Mẫu"), "{desk}");
        assert!(result(serde_json::json!({"by": "post"})).contains("Bưu điện"));
        assert!(result(serde_json::json!({"by": "electronic"})).contains("Cổng dịch vụ công"));
    }

    #[test]
    fn the_officers_words_are_text_and_nothing_to_tell_shows_nothing() {
        assert!(!section(&[supplement("<script>")], Timestamp::UNIX_EPOCH).contains("<script>"));
        assert_eq!(section(&[], Timestamp::UNIX_EPOCH), "");
        let mut reasonless = supplement("Ảnh");
        if let News::Supplement { reason, .. } = &mut reasonless.item.news {
            *reason = Private::default();
        }
        assert!(!section(&[reasonless], Timestamp::UNIX_EPOCH).contains("<small></small>"));
    }
}
