//! Two ratings, which CV 9318 names as two services (I.1.c, I.2.b.8 and 9, R17) and which stay two records: how content a person was
//! with the visit, and how an ended dossier was dealt with. Neither holds a name; both say what they rate.

use crate::Text;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Mức độ: one of the five faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Rất không hài lòng.
    VeryBad,
    /// Không hài lòng.
    Bad,
    /// Bình thường.
    Fair,
    /// Hài lòng.
    Good,
    /// Rất hài lòng.
    VeryGood,
}

impl Score {
    /// From the worst to the best, as the faces stand.
    pub const ALL: [Self; 5] = [Self::VeryBad, Self::Bad, Self::Fair, Self::Good, Self::VeryGood];

    /// The words under the face.
    pub fn words(self) -> Text {
        match self {
            Self::VeryBad => Text::new("Rất không hài lòng", "Very unhappy"),
            Self::Bad => Text::new("Không hài lòng", "Unhappy"),
            Self::Fair => Text::new("Bình thường", "Fair"),
            Self::Good => Text::new("Hài lòng", "Happy"),
            Self::VeryGood => Text::new("Rất hài lòng", "Very happy"),
        }
    }
}

/// Lý do: why the person is content, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Cách dùng máy.
    Machine,
    /// Lời hướng dẫn trên màn hình.
    Guidance,
    /// Thời gian làm việc.
    Time,
    /// Giấy tờ phải nộp.
    Papers,
    /// Cán bộ giúp đỡ.
    Staff,
    /// Lý do khác.
    Other,
}

impl Reason {
    /// In the order of the tiles.
    pub const ALL: [Self; 6] = [Self::Machine, Self::Guidance, Self::Time, Self::Papers, Self::Staff, Self::Other];

    /// The words on the tile: they fit a good and a bad face.
    pub fn words(self) -> Text {
        match self {
            Self::Machine => Text::new("Cách dùng máy", "Using the machine"),
            Self::Guidance => Text::new("Lời hướng dẫn", "The instructions"),
            Self::Time => Text::new("Thời gian", "The time it took"),
            Self::Papers => Text::new("Giấy tờ phải nộp", "The papers needed"),
            Self::Staff => Text::new("Cán bộ giúp đỡ", "Help by staff"),
            Self::Other => Text::new("Lý do khác", "Another reason"),
        }
    }
}

/// Tiêu chí of the quality of handling: what a person can judge of an ended dossier (after QĐ 766/QĐ-TTg: openness, progress, service).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Hướng dẫn rõ ràng, đầy đủ.
    Guidance,
    /// Đúng hẹn.
    OnTime,
    /// Thái độ của cán bộ.
    Attitude,
    /// Kết quả đúng, không sai sót.
    Result,
}

impl Criterion {
    /// In the order asked.
    pub const ALL: [Self; 4] = [Self::Guidance, Self::OnTime, Self::Attitude, Self::Result];

    /// The question.
    pub fn words(self) -> Text {
        match self {
            Self::Guidance => Text::new("Hướng dẫn có rõ ràng không?", "Was the guidance clear?"),
            Self::OnTime => Text::new("Có kết quả đúng hẹn không?", "Was the result on time?"),
            Self::Attitude => Text::new("Thái độ của cán bộ thế nào?", "How was the attitude of staff?"),
            Self::Result => Text::new("Kết quả có đúng, đủ không?", "Was the result right and complete?"),
        }
    }
}

/// Đánh giá mức độ hài lòng: about the visit in which a dossier was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Satisfaction {
    /// UUIDv7.
    pub id: Uuid,
    /// The device it was given at.
    pub device: String,
    /// Mã định danh of the receiving office.
    pub agency: String,
    /// [`crate::dossier::Dossier::id`] of the dossier that was filed.
    pub dossier: Uuid,
    /// Its provisional code.
    pub code: String,
    /// The face.
    pub score: Score,
    /// In the order of [`Reason::ALL`]; may be empty.
    pub reasons: Vec<Reason>,
    /// When it was given.
    pub given: Timestamp,
}

/// Đánh giá chất lượng giải quyết: about an ended dossier. Of two ratings of the same dossier the one with the higher
/// [`crate::hub::Message::sequence`] counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// UUIDv7.
    pub id: Uuid,
    /// The device it was given at.
    pub device: String,
    /// Mã định danh of the receiving office.
    pub agency: String,
    /// Mã hồ sơ of the dossier; its provisional code where the hub has told none.
    pub code: String,
    /// One for each criterion, in the order asked.
    pub marks: Vec<Mark>,
    /// When it was given.
    pub given: Timestamp,
}

/// What one criterion got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Of what.
    pub criterion: Criterion,
    /// How good.
    pub score: Score,
}

/// Either rating, for what treats both alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rating {
    /// Of a visit.
    Satisfaction(Satisfaction),
    /// Of an ended dossier.
    Quality(Quality),
}

impl Rating {
    /// Of the record.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Satisfaction(satisfaction) => satisfaction.id,
            Self::Quality(quality) => quality.id,
        }
    }

    /// When it was given.
    pub fn given(&self) -> Timestamp {
        match self {
            Self::Satisfaction(satisfaction) => satisfaction.given,
            Self::Quality(quality) => quality.given,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::MessageBody;

    #[test]
    fn the_two_ratings_are_two_kinds_of_messages() {
        let satisfaction = Satisfaction {
            id: Uuid::from_u128(1),
            device: "K07".to_owned(),
            agency: "H15.50.05".to_owned(),
            dossier: Uuid::from_u128(2),
            code: "TAM-K07-261123-0042-51".to_owned(),
            score: Score::VeryGood,
            reasons: vec![Reason::Machine, Reason::Staff],
            given: Timestamp::UNIX_EPOCH,
        };
        let quality = Quality {
            id: Uuid::from_u128(3),
            device: "K07".to_owned(),
            agency: "H15.50.05".to_owned(),
            code: "H15.50.05-261123-0001".to_owned(),
            marks: Criterion::ALL.map(|criterion| Mark { criterion, score: Score::Fair }).into(),
            given: Timestamp::UNIX_EPOCH,
        };
        for (body, kind) in [(MessageBody::Satisfaction(satisfaction), "satisfaction"), (MessageBody::Quality(quality), "quality")] {
            let json = serde_json::to_value(&body).unwrap();
            assert_eq!((json["type"].as_str(), json.get("name"), json.get("applicant")), (Some(kind), None, None));
            assert_eq!(serde_json::from_value::<MessageBody>(json).unwrap(), body);
        }
    }
}
