//! Parcels of couriers: what is announced, what is half done, what is recorded, and who typed a wrong PIN.

use crate::{Reader, Store, StoreError, audit, dossiers, outbox, time};
use jiff::{SignedDuration, Timestamp};
use motcua_model::{
    dossier::Handover,
    handover::{COPIES, ExpectedParcel, OpenHandover},
};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Wrong PINs in a row before none is taken for a while.
const TRIES: u8 = 3;
/// For how long.
const LOCKED: SignedDuration = SignedDuration::from_mins(5);
/// How long after a handover the courier's badge still brings its slip.
const SLIP_WAITS: SignedDuration = SignedDuration::from_hours(24);

/// What waits for a courier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForCourier {
    /// Announced, oldest first, without those in the half-done handovers of others.
    pub expected: Vec<ExpectedParcel>,
    /// Left half done.
    pub open: Option<OpenHandover>,
    /// The newest of the last day whose slip is not on paper in all its copies, and how many are.
    pub unprinted: Option<(Handover, u8)>,
}

/// Whether a PIN may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinTries {
    /// So many are left before none is taken for a while.
    Left(u8),
    /// None before this time.
    Locked(Timestamp),
}

impl Reader {
    /// Everything announced, oldest first.
    pub fn expected_parcels(&self) -> Result<Vec<ExpectedParcel>, StoreError> {
        let rows: Vec<String> = self
            .db
            .prepare_cached("SELECT body FROM expected_parcel ORDER BY entered, code")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        rows.iter().map(|body| dossiers::parse(Uuid::nil(), body)).collect()
    }

    /// Every half-done handover and when it was touched last, the oldest first.
    pub fn open_handovers(&self) -> Result<Vec<(OpenHandover, Timestamp)>, StoreError> {
        let mut statement = self.db.prepare_cached("SELECT id, body, saved FROM open_handover ORDER BY saved, id")?;
        let rows = statement.query_map([], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get::<_, String>(1)?, time::load(row, 2)?)))?;
        rows.map(|row| {
            let (id, body, saved) = row?;
            Ok((dossiers::parse(id, &body)?, saved))
        })
        .collect()
    }

    /// The newest records with the copies of their slips that are on paper.
    pub fn recent_handovers(&self, most: u32) -> Result<Vec<(Handover, u8)>, StoreError> {
        let mut statement = self.db.prepare_cached("SELECT id, body, printed FROM handover ORDER BY closed DESC, id DESC LIMIT ?")?;
        let rows = statement.query_map([most], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get::<_, String>(1)?, row.get(2)?)))?;
        rows.map(|row| {
            let (id, body, printed) = row?;
            Ok((dossiers::parse(id, &body)?, printed))
        })
        .collect()
    }

    /// One record.
    pub fn handover(&self, id: Uuid) -> Result<Option<Handover>, StoreError> {
        let body: Option<String> =
            self.db.query_row("SELECT body FROM handover WHERE id = ?", [id.into_bytes()], |row| row.get(0)).optional()?;
        body.map(|body| dossiers::parse(id, &body)).transpose()
    }

    /// What waits for the courier with this badge number.
    pub fn for_courier(&self, courier: &str, now: Timestamp) -> Result<ForCourier, StoreError> {
        let (own, others): (Vec<_>, Vec<_>) =
            self.open_handovers()?.into_iter().map(|(open, _)| open).partition(|open| open.courier == courier);
        let mut expected = self.expected_parcels()?;
        expected.retain(|parcel| !others.iter().any(|open| open.has(&parcel.code)));
        let mut statement =
            self.db.prepare_cached("SELECT id, body, printed FROM handover WHERE printed < ? AND closed > ? ORDER BY closed DESC")?;
        let since = time::store(now.checked_sub(SLIP_WAITS).unwrap_or(Timestamp::MIN));
        let rows = statement
            .query_map(params![COPIES, since], |row| Ok((Uuid::from_bytes(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, u8>(2)?)))?;
        let mut unprinted = None;
        for row in rows {
            let (id, body, printed) = row?;
            let handover: Handover = dossiers::parse(id, &body)?;
            if handover.courier == courier {
                unprinted = Some((handover, printed));
                break;
            }
        }
        Ok(ForCourier { expected, open: own.into_iter().next(), unprinted })
    }
}

impl Store {
    /// Announces a parcel; the same code again takes the place of what was written before.
    pub fn announce_parcel(&mut self, parcel: &ExpectedParcel, now: Timestamp) -> Result<(), StoreError> {
        let body = serde_json::to_string(parcel).map_err(|_| StoreError::Encoding("the announced parcel"))?;
        self.write(|db, _| {
            db.execute(
                "INSERT INTO expected_parcel (code, body, entered) VALUES (?, ?, ?)
                 ON CONFLICT (code) DO UPDATE SET body = excluded.body, entered = excluded.entered",
                params![parcel.code, body, time::store(now)],
            )?;
            audit::append(db, Some(now), "parcel_announced", Uuid::nil(), &parcel.code)
        })
    }

    /// Takes an announcement back; one that is gone already is fine.
    pub fn withdraw_parcel(&mut self, code: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|db, _| match db.execute("DELETE FROM expected_parcel WHERE code = ?", [code])? {
            0 => Ok(()),
            _ => audit::append(db, Some(now), "parcel_withdrawn", Uuid::nil(), code),
        })
    }

    /// Makes a half-done handover durable. One that is recorded meanwhile stays recorded.
    pub fn keep_handover(&mut self, open: &OpenHandover, now: Timestamp) -> Result<(), StoreError> {
        let body = serde_json::to_string(open).map_err(|_| StoreError::Encoding("the half-done handover"))?;
        self.write(|db, _| {
            let id = open.id.into_bytes();
            let begun: bool = db.query_row("SELECT EXISTS (SELECT 1 FROM open_handover WHERE id = ?)", [id], |row| row.get(0))?;
            let kept = db
                .prepare_cached(
                    "INSERT INTO open_handover (id, courier, body, saved) SELECT ?1, ?2, ?3, ?4
                     WHERE NOT EXISTS (SELECT 1 FROM handover WHERE id = ?1)
                     ON CONFLICT (id) DO UPDATE SET body = excluded.body, saved = excluded.saved",
                )?
                .execute(params![id, open.courier, body, time::store(now)])?;
            if kept == 0 || begun {
                return Ok(());
            }
            audit::append(db, Some(now), "handover_begun", open.id, "")
        })
    }

    /// Makes a handover durable with its audit row and its place in the outbox; its half-done one and the announcements of its
    /// parcels go. The same id again changes nothing.
    pub fn record_handover(&mut self, handover: &Handover) -> Result<(), StoreError> {
        let body = serde_json::to_string(handover).map_err(|_| StoreError::Encoding("the handover"))?;
        self.write(|db, _| {
            let (boot, mono) = time::columns();
            let new = db.execute(
                "INSERT INTO handover (id, body, closed, boot, mono, printed) VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING",
                params![handover.id.into_bytes(), body, time::store(handover.closed), boot, mono],
            )?;
            if new == 0 {
                return Ok(());
            }
            db.execute("DELETE FROM open_handover WHERE id = ?", [handover.id.into_bytes()])?;
            forget_announced(db, handover)?;
            let (parcels, differences) = (handover.parcels.len(), handover.differences.len());
            let told = match differences {
                0 => format!("{parcels} parcels"),
                _ => format!("{parcels} parcels, {differences} differences"),
            };
            audit::append(db, Some(handover.closed), "handover", handover.id, &told)?;
            outbox::append(db, handover.id, "handover", &handover.id.to_string(), handover.closed)
        })
    }

    /// A copy of the slip is on paper.
    pub fn slip_copy_printed(&mut self, id: Uuid, copy: u8) -> Result<(), StoreError> {
        self.write(|db, _| {
            db.execute("UPDATE handover SET printed = MAX(printed, ?2) WHERE id = ?1", params![id.into_bytes(), copy])?;
            Ok(())
        })
    }

    /// Whether `who` may try a PIN now: asked before it is looked at.
    pub fn pin_tries(&mut self, who: &str, now: Timestamp) -> Result<PinTries, StoreError> {
        let (wrong, locked) = tries(&self.db, who)?;
        Ok(match locked {
            // A clock that was set back must not lock anybody out for longer than it says.
            Some(until) if until > now && until.duration_since(now) <= LOCKED => PinTries::Locked(until),
            Some(_) => PinTries::Left(TRIES),
            None => PinTries::Left(TRIES.saturating_sub(wrong).max(1)),
        })
    }

    /// A wrong PIN: counted before anybody is told.
    pub fn pin_was_wrong(&mut self, who: &str, now: Timestamp) -> Result<PinTries, StoreError> {
        self.write(|db, _| {
            let (wrong, locked) = tries(db, who)?;
            let wrong = if locked.is_some() { 1 } else { wrong + 1 };
            let until = if wrong >= TRIES { now.checked_add(LOCKED).ok() } else { None };
            db.execute(
                "INSERT INTO pin_try (who, wrong, locked) VALUES (?1, ?2, ?3)
                 ON CONFLICT (who) DO UPDATE SET wrong = excluded.wrong, locked = excluded.locked",
                params![who, wrong, until.map(time::store)],
            )?;
            let event = if until.is_some() { "pin_locked" } else { "pin_wrong" };
            audit::append(db, Some(now), event, Uuid::nil(), who)?;
            Ok(until.map_or(PinTries::Left(TRIES.saturating_sub(wrong).max(1)), PinTries::Locked))
        })
    }

    /// The right one: nothing wrong is left to count.
    pub fn pin_was_right(&mut self, who: &str) -> Result<(), StoreError> {
        self.write(|db, _| {
            db.execute("DELETE FROM pin_try WHERE who = ?", [who])?;
            Ok(())
        })
    }
}

/// Only what went the announced way: a parcel handed over the wrong way round is still awaited.
fn forget_announced(db: &Connection, handover: &Handover) -> Result<(), StoreError> {
    let strangers: BTreeSet<&str> = handover.differences.iter().map(|difference| difference.code.as_str()).collect();
    for parcel in handover.parcels.iter().filter(|parcel| !strangers.contains(parcel.parcel.code.as_str())) {
        db.execute("DELETE FROM expected_parcel WHERE code = ?", [&parcel.parcel.code])?;
    }
    Ok(())
}

fn tries(db: &Connection, who: &str) -> Result<(u8, Option<Timestamp>), StoreError> {
    let found = db
        .query_row("SELECT wrong, locked FROM pin_try WHERE who = ?", [who], |row| Ok((row.get(0)?, time::load_optional(row, 1)?)))
        .optional()?;
    Ok(found.unwrap_or((0, None)))
}
