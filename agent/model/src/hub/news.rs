//! What the hub tells a device, in order and with a cursor.

use crate::{Private, dossier::Status};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use uuid::Uuid;

/// News for this device, oldest first: the answer to `GET /v1/inbox?after=N`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewsPage {
    /// At most [`super::NEWS_PAGE`]; ask again with the last cursor.
    pub items: Vec<NewsItem>,
}

/// One piece of news. An item without `kind` is a status, as hubs wrote it before there were kinds; an item that
/// this agent does not understand is read as [`News::Unknown`], so that its cursor still counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NewsItem {
    /// Rises; the device keeps the last one it has stored.
    pub cursor: u64,
    /// The hub's clock.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub news: News,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// A dossier has another status, or its official code.
    Status {
        /// [`crate::dossier::Dossier::id`].
        dossier: Uuid,
        /// Mã hồ sơ.
        official_code: String,
        /// TrangThaiHoSo, 1 to 10.
        status: Status,
        /// Lý do, for a refusal (form 03) or a stop (form 05).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Private>,
    },
    /// Giấy tiếp nhận hồ sơ và hẹn trả kết quả (TT 03/2025 form 01): an officer has accepted it; the status 2 comes beside it.
    Accepted {
        /// [`crate::dossier::Dossier::id`].
        dossier: Uuid,
        /// Mã hồ sơ.
        official_code: String,
        /// When the officer accepted it.
        received: Timestamp,
        /// Ngày hẹn trả.
        due: Timestamp,
        /// Người nhận hồ sơ.
        #[serde(default)]
        officer: Private,
        /// Where the result is fetched.
        #[serde(default)]
        place: String,
    },
    /// Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ (TT 03/2025 form 02); the status 5 comes beside it.
    Supplement {
        /// [`crate::dossier::Dossier::id`].
        dossier: Uuid,
        /// Mã hồ sơ.
        official_code: String,
        /// Các mục cần bổ sung, 1 to n.
        items: Vec<SupplementItem>,
        /// Lý do.
        reason: Private,
        /// Last day to bring it; none where no day was set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// Liên hệ: office, telephone.
        #[serde(default)]
        contact: String,
        /// Người hướng dẫn.
        #[serde(default)]
        officer: Private,
    },
    /// The result of a procedure can be handed over.
    Result {
        /// [`crate::dossier::Dossier::id`].
        dossier: Uuid,
        /// Mã hồ sơ.
        official_code: String,
        /// The papers that are the result.
        papers: Vec<ResultPaper>,
        /// How the person gets them.
        handing: Handing,
    },
    /// A newer procedure catalogue can be fetched.
    Catalogue {
        /// [`crate::catalogue::Catalogue::version`].
        version: u32,
    },
    /// A newer configuration of this device can be fetched.
    Config {
        /// Rises with every change.
        version: u32,
    },
    /// A kind or a content that this agent does not know: skip it and keep the cursor. Holds the kind, for the log.
    #[serde(skip)]
    Unknown(String),
}

/// One thing that a person is asked to bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplementItem {
    /// Mã thành phần hồ sơ, where it is a paper of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// In the officer's words.
    pub what: Private,
}

/// A paper that is the result of a procedure (DanhSachGiayToKetQua).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultPaper {
    /// MaGiayToKetQua: the national catalogue's code.
    pub code: String,
    /// TenGiayTo.
    pub name: String,
    /// Số, ký hiệu of this very paper; empty where it has none.
    #[serde(default)]
    pub number: Private,
}

/// How a result reaches the person (HinhThuc 0, 1; R59, R63).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Handing {
    /// HinhThuc 0: fetched at an office.
    Desk {
        /// Name of the office.
        place: String,
    },
    /// HinhThuc 1: brought by the public postal service.
    Post,
    /// Only as a file, in "dịch vụ công của tôi".
    Electronic,
}

impl<'de> Deserialize<'de> for NewsItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut item = Map::deserialize(deserializer)?;
        let cursor = item.remove("cursor").and_then(|c| c.as_u64()).ok_or_else(|| D::Error::custom("news without a cursor"))?;
        let at = item.remove("at").unwrap_or_default();
        let at = Timestamp::deserialize(at).map_err(|_| D::Error::custom("news without a time"))?;
        let kind = item.entry("kind").or_insert_with(|| Value::from("status")).as_str().unwrap_or_default().to_owned();
        let news = News::deserialize(Value::Object(item)).unwrap_or(News::Unknown(kind));
        Ok(Self { cursor, at, news })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A status, as agents read it before there were kinds.
    #[derive(Deserialize)]
    struct OldItem {
        cursor: u64,
        #[serde(rename = "dossier")]
        _dossier: Uuid,
        #[serde(rename = "official_code")]
        _official_code: String,
        #[serde(rename = "status")]
        _status: Status,
        #[serde(rename = "at")]
        _at: Timestamp,
    }

    fn read(item: Value) -> NewsItem {
        serde_json::from_value(item).unwrap()
    }

    fn status(cursor: u64) -> Value {
        json!({"cursor": cursor, "dossier": Uuid::nil(), "official_code": "H15.50.05-261123-0001", "status": 2, "at": "2026-11-23T08:00:00Z"})
    }

    #[test]
    fn a_status_reads_with_and_without_its_kind_and_old_agents_read_the_new_form() {
        let old = read(status(7));
        let News::Status { status: Status::Accepted, reason: None, .. } = &old.news else { panic!("{old:?}") };
        let mut with_kind = status(7);
        with_kind["kind"] = json!("status");
        assert_eq!(read(with_kind), old);
        let written = serde_json::to_value(&old).unwrap();
        assert_eq!(serde_json::from_value::<OldItem>(written).unwrap().cursor, 7);
    }

    #[test]
    fn what_a_newer_hub_says_is_skipped_and_its_cursor_counts() {
        let mut kind = status(8);
        kind["kind"] = json!("festival");
        let mut content = status(9);
        content["status"] = json!(11);
        assert_eq!((read(kind.clone()).cursor, read(kind).news), (8, News::Unknown("festival".to_owned())));
        assert_eq!((read(content.clone()).cursor, read(content).news), (9, News::Unknown("status".to_owned())));
        assert!(serde_json::from_value::<NewsItem>(json!({"kind": "status"})).is_err(), "without a cursor it is no news");
    }

    #[test]
    fn every_kind_survives_the_wire() {
        let (dossier, official_code) = (Uuid::nil(), "H15.50.05-261123-0001".to_owned());
        let item = |what: &str| SupplementItem { component: Some("KQ.G01.000012".to_owned()), what: Private::new(what) };
        let (received, due) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let kinds = [
            News::Accepted {
                dossier,
                official_code: official_code.clone(),
                received,
                due,
                officer: Private::new("Trần Văn Mờ"),
                place: "Một cửa xã Mẫu".to_owned(),
            },
            News::Supplement {
                dossier,
                official_code: official_code.clone(),
                items: vec![item("Bản sao giấy chứng sinh"), SupplementItem { component: None, what: Private::new("Ảnh") }],
                reason: Private::new("Bản chụp mờ"),
                until: Some(jiff::civil::date(2026, 12, 1)),
                contact: "Một cửa xã Mẫu, 0200 000 000".to_owned(),
                officer: Private::new("Trần Văn Mẫu"),
            },
            News::Result {
                dossier,
                official_code,
                papers: vec![ResultPaper {
                    code: "KQ.G01.000001".to_owned(),
                    name: "Giấy khai sinh".to_owned(),
                    number: Private::default(),
                }],
                handing: Handing::Desk { place: "Một cửa xã Mẫu".to_owned() },
            },
            News::Catalogue { version: 4 },
            News::Config { version: 2 },
        ];
        for (cursor, news) in (1..).zip(kinds) {
            let item = NewsItem { cursor, at: Timestamp::UNIX_EPOCH, news };
            assert_eq!(read(serde_json::to_value(&item).unwrap()), item);
            assert!(!format!("{item:?}").to_lowercase().contains("mờ"), "reasons and officers are private");
        }
    }
}
