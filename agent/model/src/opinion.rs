//! Phản ánh, kiến nghị: what a person wants to tell the administration (CV 9318 I.2.b.7, R16). It belongs to no dossier, and nothing
//! in it says who stood at the screen: only who leaves a telephone number can be answered.

use crate::{Language, Private, Text, catalogue, code::OpinionCode};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Letters of an opinion, at most.
pub const LONGEST: usize = 500;
/// Topics that one screen has room for.
pub const MOST_TOPICS: usize = 6;

/// Lĩnh vực of an opinion, as the office's configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Short and constant: small letters, digits and `-`; the hub counts by it.
    pub id: String,
    /// Words on the tile.
    pub name: Text,
}

/// The topics of an office that has set none.
pub fn usual_topics() -> Vec<Topic> {
    [
        ("attitude", "Thái độ phục vụ", "How people are served"),
        ("procedure", "Thủ tục, giấy tờ", "Procedures and papers"),
        ("waiting", "Thời gian chờ", "Waiting time"),
        ("machine", "Máy này", "This machine"),
        ("place", "Trụ sở, chỗ ngồi", "The building and seats"),
        ("other", "Việc khác ở xã", "Another matter of the commune"),
    ]
    .map(|(id, vi, en)| Topic { id: id.to_owned(), name: Text::new(vi, en) })
    .into()
}

/// Why these topics cannot stand on the screen: what is wrong, and what to write instead.
pub fn wrong_topics(topics: &[Topic]) -> Option<(String, &'static str)> {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !(1..=MOST_TOPICS).contains(&topics.len()) {
        return Some((format!("{} topics", topics.len()), "write 1 to 6 topics, or leave the section out for the usual ones"));
    }
    topics.iter().enumerate().find_map(|(at, topic)| {
        let named = [&topic.name.vi, &topic.name.en].iter().all(|name| (1..=60).contains(&name.trim().chars().count()));
        let again = topics[..at].iter().any(|other| other.id == topic.id);
        let fix = "give each topic an id of its own (small letters, digits, -) and a name of at most 60 letters in both languages";
        (!is_id(&topic.id) || !named || again).then(|| (topic.id.clone(), fix))
    })
}

/// The opinion in a form that can be kept: single spaces, one line.
///
/// # Errors
/// What to write instead, for the person.
pub fn check_text(typed: &str) -> Result<String, Text> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().filter(|c| c.is_alphanumeric()).count() < 2 {
        return Err(Text::new("Chưa có nội dung. Viết vài chữ.", "Nothing is written yet. Write a few words."));
    }
    if text.chars().count() > LONGEST {
        return Err(Text::new("Dài quá 500 chữ cái. Viết ngắn lại.", "Longer than 500 letters. Please shorten it."));
    }
    if text.chars().any(char::is_control) {
        return Err(Text::new("Có dấu lạ. Viết bằng bàn phím này.", "It has strange signs. Use this keyboard."));
    }
    Ok(text)
}

/// The ten digits of the number to call.
///
/// # Errors
/// What to write instead, for the person.
pub fn check_phone(typed: &str) -> Result<String, Text> {
    catalogue::check_phone(typed)
}

/// What the person has written and said yes to; it gets its code when it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Becomes [`Opinion::id`].
    pub id: Uuid,
    /// What it is about.
    pub topic: Topic,
    /// By [`check_text`].
    pub text: Private,
    /// By [`check_phone`]; none: the person wants no answer.
    pub phone: Option<Private>,
    /// Language of the screen.
    pub language: Language,
}

/// An opinion as it is kept and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opinion {
    /// UUIDv7.
    pub id: Uuid,
    /// The code that the person was given.
    pub code: OpinionCode,
    /// The device it was written at.
    pub device: String,
    /// Mã định danh of the receiving office.
    pub agency: String,
    /// What it is about, in the office's words of that day.
    pub topic: Topic,
    /// The person's words.
    pub text: Private,
    /// Telephone for the answer; absent: anonymous, no answer is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private>,
    /// Language of the screen.
    pub language: Language,
    /// When it was given.
    pub given: Timestamp,
}

impl Written {
    /// The opinion under its code.
    pub fn into_opinion(self, code: OpinionCode, agency: &str, device: &str, given: Timestamp) -> Opinion {
        let Self { id, topic, text, phone, language } = self;
        Opinion { id, code, device: device.to_owned(), agency: agency.to_owned(), topic, text, phone, language, given }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::MessageBody;

    #[test]
    fn what_is_no_opinion_gets_a_word_on_what_to_write() {
        assert_eq!(check_text("  Chờ   lâu quá. "), Ok("Chờ lâu quá.".to_owned()));
        assert!(check_text(&"ư".repeat(LONGEST)).is_ok());
        for wrong in ["", "  ", ".", "a", "?!", &"a".repeat(LONGEST + 1), "chờ \u{7} lâu"] {
            assert!(check_text(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn topics_fit_the_screen_and_can_be_told_apart() {
        assert_eq!(wrong_topics(&usual_topics()), None);
        let topic = |id: &str, vi: &str| Topic { id: id.to_owned(), name: Text::new(vi, "x") };
        let many: Vec<Topic> = (0..7).map(|n| topic(&format!("t{n}"), "x")).collect();
        for wrong in
            [vec![], many, vec![topic("A", "x")], vec![topic("", "x")], vec![topic("a", " ")], vec![topic("a", "x"), topic("a", "y")]]
        {
            assert!(wrong_topics(&wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn an_opinion_names_nobody_and_is_not_printed_in_a_log() {
        let written = Written {
            id: Uuid::from_u128(1),
            topic: usual_topics().remove(0),
            text: Private::new("Cán bộ chỉ dẫn rõ."),
            phone: None,
            language: Language::Vi,
        };
        assert!(!format!("{written:?}").contains("chỉ dẫn"));
        let code = OpinionCode::new("K07", jiff::civil::date(2026, 11, 23), 7);
        let opinion = written.into_opinion(code, "H15.50.05", "K07", Timestamp::UNIX_EPOCH);
        let body = MessageBody::Opinion(Box::new(opinion));
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!((json["type"].as_str(), json["topic"]["id"].as_str(), json.get("phone")), (Some("opinion"), Some("attitude"), None));
        for absent in ["name", "number", "dossier", "applicant"] {
            assert!(json.get(absent).is_none());
        }
        assert_eq!(serde_json::from_value::<MessageBody>(json).unwrap(), body);
    }
}
