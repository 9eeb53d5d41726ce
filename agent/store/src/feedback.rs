//! Opinions and ratings (R16, R17): records that belong to no dossier, and to nobody whom this device knows.

use crate::{Store, StoreError, audit, db, dossiers, outbox, time};
use jiff::{Timestamp, civil::Date};
use motcua_model::{
    code::OpinionCode,
    hub::MessageBody,
    opinion::{Opinion, Written},
    rating::Rating,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

/// Kinds of outbox rows whose record lies here.
pub(crate) const KINDS: [&str; 3] = [OPINION, SATISFACTION, QUALITY];
const OPINION: &str = "opinion";
const SATISFACTION: &str = "satisfaction";
const QUALITY: &str = "quality";

impl Store {
    /// Makes the opinion durable in one transaction: its code (the next number of `today` on `device`), its record, its audit row and
    /// its place in the outbox. The same id again gives the stored opinion.
    pub fn give_opinion(
        &mut self,
        written: Written,
        agency: &str,
        device: &str,
        now: Timestamp,
        today: Date,
    ) -> Result<Opinion, StoreError> {
        self.write(|db, _| {
            if let Some(body) = find_body(db, written.id)? {
                return dossiers::parse(written.id, &body);
            }
            let number = db::next_number(db, &format!("opinion {device} {today}"))?;
            let number = u32::try_from(number).map_err(|_| StoreError::Encoding("the day's number"))?;
            let opinion = written.into_opinion(OpinionCode::new(device, today, number), agency, device, now);
            let body = serde_json::to_string(&opinion).map_err(|_| StoreError::Encoding("the opinion"))?;
            insert(db, opinion.id, OPINION, Some(opinion.code.as_str()), &body, now)?;
            audit::append(db, Some(now), OPINION, opinion.id, opinion.code.as_str())?;
            outbox::append(db, opinion.id, OPINION, opinion.code.as_str(), now)?;
            Ok(opinion)
        })
    }

    /// Makes a rating durable with its audit row and its place in the outbox; the same id again changes nothing.
    pub fn record_rating(&mut self, rating: &Rating) -> Result<(), StoreError> {
        let (kind, body) = match rating {
            Rating::Satisfaction(satisfaction) => (SATISFACTION, serde_json::to_string(satisfaction)),
            Rating::Quality(quality) => (QUALITY, serde_json::to_string(quality)),
        };
        let body = body.map_err(|_| StoreError::Encoding("the rating"))?;
        self.write(|db, _| {
            if find_body(db, rating.id())?.is_some() {
                return Ok(());
            }
            insert(db, rating.id(), kind, None, &body, rating.given())?;
            audit::append(db, Some(rating.given()), kind, rating.id(), "")?;
            outbox::append(db, rating.id(), kind, &rating.id().to_string(), rating.given())
        })
    }
}

fn insert(db: &Connection, id: Uuid, kind: &str, code: Option<&str>, body: &str, given: Timestamp) -> Result<(), StoreError> {
    let (boot, mono) = time::columns();
    db.execute(
        "INSERT INTO feedback (id, kind, code, body, given, boot, mono) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![id.into_bytes(), kind, code, body, time::store(given), boot, mono],
    )?;
    Ok(())
}

fn find_body(db: &Connection, id: Uuid) -> Result<Option<String>, StoreError> {
    Ok(db.prepare_cached("SELECT body FROM feedback WHERE id = ?")?.query_row([id.into_bytes()], |row| row.get(0)).optional()?)
}

/// The record of an outbox row of one of [`KINDS`]; none where it is gone.
pub(crate) fn message_body(db: &Connection, kind: &str, id: Uuid) -> Result<Option<MessageBody>, StoreError> {
    let Some(body) = find_body(db, id)? else { return Ok(None) };
    Ok(Some(match kind {
        OPINION => MessageBody::Opinion(Box::new(dossiers::parse(id, &body)?)),
        SATISFACTION => MessageBody::Satisfaction(dossiers::parse(id, &body)?),
        _ => MessageBody::Quality(dossiers::parse(id, &body)?),
    }))
}

/// What the hub has signed for before this time (microseconds, as in the table) goes; answers id and kind of each.
pub(crate) fn forget(db: &Connection, delivered_before: i64) -> Result<Vec<(Uuid, String)>, StoreError> {
    let gone = db
        .prepare("DELETE FROM feedback WHERE delivered IS NOT NULL AND delivered < ? RETURNING id, kind")?
        .query_map([delivered_before], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(gone)
}
