//! What waits for the hub, in the order of events. A correction follows the dossiers that it names: until the hub has them it is not due,
//! and the list says what it waits for.

use crate::{Reader, Store, StoreError, audit, corrections, db, dossiers, feedback, files, time};
use jiff::{SignedDuration, Timestamp};
use motcua_model::{
    api::{OutboxDetail, OutboxFile, OutboxLine},
    dossier::FileRef,
    hub::{MessageBody, Moment},
};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::fmt;
use uuid::Uuid;

const SEQUENCE: &str = "sequence";
/// Longer than any schedule of attempts waits.
const CLOCK_RAN_AHEAD: SignedDuration = SignedDuration::from_hours(2);

/// What goes first. A bad line carries what is small before what is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Records that the hub does not know yet: handovers, corrections, opinions, ratings, and dossiers whose message is ready ([`Store::freeze`]).
    Records,
    /// Everything: what is left are files, and messages still to be made.
    All,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Messages that are tried.
    pub waiting: u64,
    /// Messages that were set aside.
    pub set_aside: u64,
    /// Messages that wait for the office's signatures.
    pub to_sign: u64,
    /// When the oldest that is tried was confirmed to its person.
    pub oldest: Option<Timestamp>,
    /// When the oldest that waits for signatures was confirmed to its person.
    pub oldest_to_sign: Option<Timestamp>,
}

/// A correction is not due while a dossier that it names still waits.
const NOT_BEHIND: &str = "(kind <> 'correction' OR NOT EXISTS (SELECT 1 FROM ahead WHERE correction = outbox.id))";

/// After so many refusals of the message itself, which time does not mend, it is set aside (forwarding evidence, 6).
const REFUSALS: u32 = 10;

/// The next message for the hub.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Of the record; the message's id too.
    pub id: Uuid,
    /// Rises by one per message of this device.
    pub sequence: u64,
    /// Failed attempts so far.
    pub attempts: u32,
    /// When the record was made; records of older agents have none.
    pub moment: Option<Moment>,
    /// The record.
    pub body: MessageBody,
    /// What [`Store::freeze`] kept; send exactly this.
    pub frozen: Option<Vec<u8>>,
}

impl fmt::Debug for OutboxItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxItem")
            .field("id", &self.id)
            .field("sequence", &self.sequence)
            .field("attempts", &self.attempts)
            .field("frozen", &self.frozen.is_some())
            .finish_non_exhaustive()
    }
}

struct OutboxRow {
    id: Uuid,
    sequence: u64,
    attempts: u32,
    kind: String,
}

impl Reader {
    fn first_due(&self, lane: Lane, now: Timestamp) -> Result<Option<OutboxRow>, StoreError> {
        // The plus keeps SQLite from sorting all that is due only to take the first. What has failed often steps
        // back, so that it cannot starve the others. What has no scans goes first: a courier's handover is not kept
        // behind a month of dossiers. No schedule waits two hours: a later time was written by a clock that ran ahead.
        let sql = format!(
            "SELECT id, sequence, attempts, kind FROM outbox
             WHERE (+next_try <= ?1 OR next_try > ?2) AND NOT quarantined AND NOT to_sign AND {NOT_BEHIND}
             AND (?3 OR (NOT announced AND (kind <> 'dossier' OR id IN (SELECT id FROM frozen))))
             ORDER BY attempts > 3, kind = 'dossier', sequence LIMIT 1"
        );
        let (due, ran_ahead) = (time::store(now), time::store(now.saturating_add(CLOCK_RAN_AHEAD).unwrap_or(now)));
        let row = self
            .db
            .prepare_cached(&sql)?
            .query_row(params![due, ran_ahead, lane == Lane::All], |row| {
                Ok(OutboxRow {
                    id: Uuid::from_bytes(row.get(0)?),
                    sequence: row.get::<_, i64>(1)?.unsigned_abs(),
                    attempts: row.get(2)?,
                    kind: row.get(3)?,
                })
            })
            .optional()?;
        Ok(row)
    }

    fn message_body(&self, row: &OutboxRow) -> Result<MessageBody, StoreError> {
        let missing = || StoreError::Unreadable { id: row.id, why: "its record is gone".to_owned() };
        match row.kind.as_str() {
            "dossier" => {
                let body = dossiers::find_body(&self.db, row.id)?.ok_or_else(missing)?;
                Ok(MessageBody::Dossier(Box::new(dossiers::parse(row.id, &body)?)))
            }
            "handover" => {
                let body: Option<String> =
                    self.db.query_row("SELECT body FROM handover WHERE id = ?", [row.id.into_bytes()], |row| row.get(0)).optional()?;
                Ok(MessageBody::Handover(dossiers::parse(row.id, &body.ok_or_else(missing)?)?))
            }
            "correction" => {
                let body = corrections::find_body(&self.db, row.id)?.ok_or_else(missing)?;
                Ok(MessageBody::Correction(Box::new(dossiers::parse(row.id, &body)?)))
            }
            kind if feedback::KINDS.contains(&kind) => feedback::message_body(&self.db, kind, row.id)?.ok_or_else(missing),
            other => Err(StoreError::Unreadable { id: row.id, why: format!("kind {other}") }),
        }
    }

    /// The bytes of a waiting message; none where none waits under this id, or it is not made yet.
    pub fn made_message(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let waits: bool = self.db.query_row("SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?)", [id.into_bytes()], |row| row.get(0))?;
        if waits { self.frozen(id) } else { Ok(None) }
    }

    fn moment_of(&self, id: Uuid) -> Result<Option<Moment>, StoreError> {
        let sql = "SELECT boot, mono FROM dossier WHERE id = ?1 UNION ALL SELECT boot, mono FROM handover WHERE id = ?1
                   UNION ALL SELECT boot, mono FROM correction WHERE id = ?1 UNION ALL SELECT boot, mono FROM feedback WHERE id = ?1";
        Ok(self.db.prepare_cached(sql)?.query_row([id.into_bytes()], |row| time::load_moment(row, 0)).optional()?.flatten())
    }

    fn frozen(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.query_row("SELECT message FROM frozen WHERE id = ?", [id.into_bytes()], |row| row.get(0)).optional()?)
    }

    /// When the earliest waiting message may be tried.
    pub fn outbox_next(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self
            .db
            .prepare_cached(&format!(
                "SELECT next_try FROM outbox WHERE NOT quarantined AND NOT to_sign AND {NOT_BEHIND} ORDER BY next_try LIMIT 1"
            ))?
            .query_row([], |row| time::load(row, 0))
            .optional()?;
        Ok(next)
    }

    /// How much waits.
    pub fn outbox_counts(&self) -> Result<Waiting, StoreError> {
        let sql = "SELECT count(*) FILTER (WHERE NOT quarantined AND NOT to_sign), count(*) FILTER (WHERE quarantined),
                          count(*) FILTER (WHERE to_sign AND NOT quarantined), min(since) FILTER (WHERE NOT quarantined AND NOT to_sign),
                          min(since) FILTER (WHERE to_sign AND NOT quarantined) FROM outbox";
        let counts = self.db.prepare_cached(sql)?.query_row([], |row| {
            let (waiting, set_aside, to_sign): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Waiting {
                waiting: waiting.unsigned_abs(),
                set_aside: set_aside.unsigned_abs(),
                to_sign: to_sign.unsigned_abs(),
                oldest: time::load_optional(row, 3)?,
                oldest_to_sign: time::load_optional(row, 4)?,
            })
        })?;
        Ok(counts)
    }

    /// One waiting message with its files; none where none waits under this id.
    pub fn outbox_detail(&self, id: Uuid) -> Result<Option<OutboxDetail>, StoreError> {
        let Some(line) = self.outbox()?.into_iter().find(|line| line.id == id) else { return Ok(None) };
        let sql = "SELECT announced, (SELECT length(message) FROM frozen WHERE frozen.id = outbox.id) FROM outbox WHERE id = ?";
        let (announced, message_bytes): (bool, Option<i64>) =
            self.db.query_row(sql, [id.into_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let whole = |file: &FileRef| Ok::<bool, StoreError>(files::is_sound(&self.db, id, file)? && self.blob(file.id).exists());
        let files = files::of_dossier(&self.db, id)?
            .into_iter()
            .map(|file| Ok(OutboxFile { whole: whole(&file)?, id: file.id, media: file.media, bytes: file.bytes }))
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(OutboxDetail { line, message_bytes: message_bytes.map(i64::unsigned_abs), announced, files }))
    }

    /// All waiting messages, oldest first.
    pub fn outbox(&self) -> Result<Vec<OutboxLine>, StoreError> {
        let mut lines: Vec<OutboxLine> = self
            .db
            .prepare_cached(
                "SELECT id, kind, code, since, attempts, next_try, problem, quarantined, to_sign FROM outbox ORDER BY sequence",
            )?
            .query_map([], |row| {
                Ok(OutboxLine {
                    id: Uuid::from_bytes(row.get(0)?),
                    kind: row.get(1)?,
                    code: row.get(2)?,
                    since: time::load(row, 3)?,
                    attempts: row.get(4)?,
                    next_try: time::load(row, 5)?,
                    problem: row.get(6)?,
                    set_aside: row.get(7)?,
                    to_sign: row.get(8)?,
                    ahead: Vec::new(),
                })
            })?
            .collect::<Result<_, _>>()?;
        for line in lines.iter_mut().filter(|line| line.kind == "correction") {
            line.ahead = self.ahead_of(line.id)?;
        }
        Ok(lines)
    }
}

impl Store {
    /// The oldest message of the lane that may be tried now. A record that cannot be read is set aside, flagged, and
    /// the next one is given.
    pub fn outbox_due(&self, lane: Lane, now: Timestamp) -> Result<Option<OutboxItem>, StoreError> {
        loop {
            let Some(row) = self.first_due(lane, now)? else { return Ok(None) };
            match self.message_body(&row) {
                Ok(body) => {
                    let OutboxRow { id, sequence, attempts, .. } = row;
                    return Ok(Some(OutboxItem { id, sequence, attempts, moment: self.moment_of(id)?, body, frozen: self.frozen(id)? }));
                }
                Err(StoreError::Unreadable { id, why }) => self.quarantine(id, &why)?,
                Err(error) => return Err(error),
            }
        }
    }

    /// A waiting message was sealed for the hub and given to a technician; it waits on.
    pub fn exported(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        self.write_to_make_room(|db| audit::append(db, Some(now), "exported", id, ""))
    }

    fn quarantine(&self, id: Uuid, why: &str) -> Result<(), StoreError> {
        tracing::error!(item = %id, "a record that waits for the hub cannot be read ({why}); it is set aside");
        let problem = format!("the stored record cannot be read ({why}); keep the disk, and install the agent version that wrote it");
        self.db.execute("UPDATE outbox SET quarantined = 1, problem = ? WHERE id = ?", params![problem, id.into_bytes()])?;
        Ok(())
    }

    /// Keeps the exact bytes of the message, so that every repeat is identical. The first call wins: send
    /// what [`Store::outbox_due`] gives afterwards. One that waits for signatures is refused: its files will change.
    pub fn freeze(&mut self, id: Uuid, message_json: &[u8]) -> Result<(), StoreError> {
        self.write(|db, _| {
            let waiting: bool =
                db.query_row("SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ? AND NOT to_sign)", [id.into_bytes()], |row| row.get(0))?;
            if !waiting {
                return Err(StoreError::Unknown { what: "waiting message", id });
            }
            db.execute(
                "INSERT INTO frozen (id, message) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
                params![id.into_bytes(), message_json],
            )?;
            Ok(())
        })
    }

    /// Keeps the cause (no personal data) and when to try again; returns the failed attempts so far. `refused`: the hub
    /// refuses this very message, which time does not mend; after ten of those it is set aside for the technician.
    pub fn attempt_failed(&mut self, id: Uuid, next_try: Timestamp, problem: &str, refused: bool) -> Result<u32, StoreError> {
        self.write_to_make_room(|db| {
            let (attempts, set_aside): (u32, bool) = db
                .prepare_cached(
                    "UPDATE outbox SET attempts = attempts + 1, next_try = ?1, problem = ?2, refused = refused + ?4,
                     quarantined = quarantined OR refused + ?4 >= ?5 WHERE id = ?3 RETURNING attempts, quarantined",
                )?
                .query_row(params![time::store(next_try), problem, id.into_bytes(), refused, REFUSALS], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?
                .ok_or(StoreError::Unknown { what: "waiting message", id })?;
            if set_aside {
                tracing::error!(item = %id, "refused {REFUSALS} times and set aside; next step: motcua outbox show {id}");
                audit::append(db, None, "set_aside", id, "refused by the hub")?;
            }
            Ok(attempts)
        })
    }

    /// The hub knows the record; its files are on their way.
    pub fn announced(&mut self, id: Uuid) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            db.execute("UPDATE outbox SET announced = 1 WHERE id = ?", [id.into_bytes()])?;
            Ok(())
        })
    }

    /// The hub holds the message and all its files: keeps the receipt and the code, and takes the message
    /// out of the outbox. Delivered twice is fine.
    pub fn delivered(&mut self, id: Uuid, receipt_json: &str, official_code: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            let (key, at) = (id.into_bytes(), time::store(now));
            let dossier = db.execute(
                "UPDATE dossier SET delivered = ?2, receipt = ?3, known_at = ?2, official_code = COALESCE(?4, official_code)
                 WHERE id = ?1 AND delivered IS NULL",
                params![key, at, receipt_json, official_code],
            )?;
            let handover = db.execute(
                "UPDATE handover SET delivered = ?2, receipt = ?3 WHERE id = ?1 AND delivered IS NULL",
                params![key, at, receipt_json],
            )?;
            let correction = db.execute(
                "UPDATE correction SET delivered = ?2, receipt = ?3 WHERE id = ?1 AND delivered IS NULL",
                params![key, at, receipt_json],
            )?;
            let feedback = db.execute(
                "UPDATE feedback SET delivered = ?2, receipt = ?3 WHERE id = ?1 AND delivered IS NULL",
                params![key, at, receipt_json],
            )?;
            if dossier + handover + correction + feedback == 0 {
                return known(db, id);
            }
            db.execute("DELETE FROM outbox WHERE id = ?", [key])?;
            audit::append(db, Some(now), "delivered", id, official_code.unwrap_or(""))
        })
    }

    /// Makes waiting messages due: all after the link came back or the clock was set, or the one that a technician
    /// names. What was set aside is tried again; what waits for signatures waits on. Returns how many are tried.
    pub fn retry_now(&mut self, only: Option<Uuid>, now: Timestamp) -> Result<u32, StoreError> {
        self.write_to_make_room(|db| {
            let sql = "UPDATE outbox SET next_try = ?1, quarantined = 0, refused = 0 WHERE NOT to_sign AND (?2 IS NULL OR id = ?2)";
            let waiting = db.execute(sql, params![time::store(now), only.map(Uuid::into_bytes)])?;
            Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
        })
    }
}

/// Call it inside the transaction of the record.
pub(crate) fn append(db: &Connection, id: Uuid, kind: &str, code: &str, since: Timestamp) -> Result<(), StoreError> {
    let sequence = db::next_number(db, SEQUENCE)?;
    let since = time::store(since);
    db.prepare_cached("INSERT INTO outbox (id, sequence, kind, code, since, next_try) VALUES (?, ?, ?, ?, ?, ?)")?.execute(params![
        id.into_bytes(),
        sequence,
        kind,
        code,
        since,
        since
    ])?;
    Ok(())
}

fn known(db: &Connection, id: Uuid) -> Result<(), StoreError> {
    let known: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM dossier WHERE id = ?1) OR EXISTS (SELECT 1 FROM handover WHERE id = ?1)
                OR EXISTS (SELECT 1 FROM correction WHERE id = ?1) OR EXISTS (SELECT 1 FROM feedback WHERE id = ?1)",
        [id.into_bytes()],
        |row| row.get(0),
    )?;
    if known { Ok(()) } else { Err(StoreError::Unknown { what: "message", id }) }
}
