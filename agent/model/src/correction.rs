//! What a person asks to have corrected (Luật 91/2025 Điều 4). A dossier stays as it was confirmed; the correction is a record of
//! its own that follows it to the hub.

use crate::{EARLIEST_TODAY, Private};
use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Characters of a name, an address or a reason, at most.
const LONGEST: usize = 500;
/// Nobody who lives now was born earlier.
const EARLIEST_BIRTH: Date = jiff::civil::date(1880, 1, 1);

/// Other data of one person. Of two corrections of the same dossier the one with the higher [`crate::hub::Message::sequence`] counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// UUIDv7.
    pub id: Uuid,
    /// The device it was asked at.
    pub device: String,
    /// Mã định danh of the receiving office.
    pub agency: String,
    /// [`crate::dossier::Dossier::id`] of every dossier of the person that the device knew, oldest first.
    pub dossiers: Vec<Uuid>,
    /// What it shall be.
    #[serde(flatten)]
    pub changes: Changes,
    /// When it was asked for; the office has ten days from then.
    pub asked: Timestamp,
    /// Who asked and how it was proven, in the words of the office.
    pub reason: Private,
}

/// The new values; none: it stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// Họ và tên.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Private>,
    /// Ngày sinh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<Date>,
    /// Địa chỉ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Private>,
}

/// Why a correction cannot be taken, and what to give instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCorrection {
    /// No new value.
    #[error("nothing is to be corrected: give a name, a day of birth or an address")]
    Nothing,
    /// Empty, too long, or with control characters.
    #[error("the {0} is empty, longer than {LONGEST} characters or holds characters that cannot be printed: give it as one line of text")]
    Text(&'static str),
    /// Of nobody who lives now.
    #[error(
        "the day of birth lies before {EARLIEST_BIRTH} or in the future: give it as YYYY-MM-DD; if it is right, look at this PC's clock"
    )]
    Birth,
}

impl Correction {
    /// Whether it can be taken.
    ///
    /// # Errors
    /// The first value that is none.
    pub fn check(&self, today: Date) -> Result<(), BadCorrection> {
        let Changes { name, birth, address } = &self.changes;
        if name.is_none() && birth.is_none() && address.is_none() {
            return Err(BadCorrection::Nothing);
        }
        for (what, text) in [("name", name.as_ref()), ("address", address.as_ref()), ("reason", Some(&self.reason))] {
            if text.is_some_and(|text| !is_line(text.reveal())) {
                return Err(BadCorrection::Text(what));
            }
        }
        if birth.is_some_and(|birth| birth < EARLIEST_BIRTH || birth > today.max(EARLIEST_TODAY)) {
            return Err(BadCorrection::Birth);
        }
        Ok(())
    }
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::MessageBody;
    use jiff::civil::date;

    fn correction(changes: Changes) -> Correction {
        Correction {
            id: Uuid::from_u128(1),
            device: "K07".to_owned(),
            agency: "H15.50.05".to_owned(),
            dossiers: vec![Uuid::from_u128(2)],
            changes,
            asked: Timestamp::UNIX_EPOCH,
            reason: Private::new("chủ hồ sơ, thẻ căn cước"),
        }
    }

    #[test]
    fn what_is_no_correction_is_refused() {
        let verdict = |changes| correction(changes).check(date(2026, 11, 23));
        let name = |name: &str| Changes { name: Some(Private::new(name)), ..Changes::default() };
        let birth = |birth| Changes { birth: Some(birth), ..Changes::default() };
        assert_eq!(verdict(Changes::default()), Err(BadCorrection::Nothing));
        assert_eq!(verdict(name("Nguyễn Thị Mẫu")), Ok(()));
        for bad in [" ", "Nguyễn\nMẫu", &"a".repeat(501)] {
            assert_eq!(verdict(name(bad)), Err(BadCorrection::Text("name")));
        }
        assert_eq!(verdict(birth(date(2026, 11, 23))), Ok(()));
        assert_eq!(verdict(birth(date(2026, 11, 24))), Err(BadCorrection::Birth));
        assert_eq!(verdict(birth(date(1879, 12, 31))), Err(BadCorrection::Birth));
        let silent = Correction { reason: Private::default(), ..correction(name("Nguyễn Thị Mẫu")) };
        assert_eq!(silent.check(date(2026, 11, 23)), Err(BadCorrection::Text("reason")));
    }

    #[test]
    fn on_the_wire_only_what_changes_is_said() {
        let body = MessageBody::Correction(Box::new(correction(Changes { birth: Some(date(1990, 1, 2)), ..Changes::default() })));
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!((json["type"].as_str(), json["birth"].as_str(), json.get("name")), (Some("correction"), Some("1990-01-02"), None));
        assert_eq!(serde_json::from_value::<MessageBody>(json).unwrap(), body);
    }
}
