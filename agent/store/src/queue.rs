//! Numbers of the queue (C24): given once, called by one desk, kept as statistics (R18) for a while. No person's data and nothing for the
//! hub, so that neither audit nor outbox has a row of them.

use crate::{Reader, Store, StoreError, db, time};
use jiff::{Timestamp, civil::Date};
use motcua_model::queue::{self, DeskAct, Standing, Ticket, Wanted};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

const COLUMNS: &str = "id, code, number, priority, place, taken, state, desk, absent, call, first_called, called, done";
/// Series of numbers that rise through all days.
const PLACE: &str = "queue place";
const CALL: &str = "queue call";

impl Reader {
    /// All numbers of this day, in the order of the line.
    pub fn tickets(&self, day: Date) -> Result<Vec<Ticket>, StoreError> {
        of_day(&self.db, day)
    }

    /// Every number that is kept, with its day, in the order in which they were taken: statistics.
    pub fn all_tickets(&self) -> Result<Vec<(Date, Ticket)>, StoreError> {
        let sql = format!("SELECT {COLUMNS}, day FROM ticket ORDER BY day, taken, id");
        let mut statement = self.db.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>("day")?, load(row)?)))?;
        rows.map(|row| with_day(row?)).collect()
    }
}

impl Store {
    /// Gives the next number of `today` in its group, and how many of the group are called before it. The same id again gives the same
    /// number. A clock that was set back goes on in that day's series: no number is given twice.
    pub fn take_number(&mut self, wanted: &Wanted, now: Timestamp, today: Date) -> Result<(Ticket, u32), StoreError> {
        self.write(|db, _| {
            if find(db, wanted.id)?.is_none() {
                let number = db::next_number(db, &format!("queue {today} {}", wanted.group))?;
                let place = db::next_number(db, PLACE)?;
                db.execute(
                    "INSERT INTO ticket (id, day, code, number, priority, place, taken) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    params![wanted.id.into_bytes(), today.to_string(), wanted.group, number, wanted.priority, place, time::store(now)],
                )?;
            }
            let (day, ticket) = find(db, wanted.id)?.ok_or(StoreError::Unknown { what: "number", id: wanted.id })?;
            let ahead = queue::ahead(&of_day(db, day)?, wanted.id);
            Ok((ticket, ahead))
        })
    }

    /// What a desk does with its present number, in one transaction: two desks never call the same one. `seen` is the number that the
    /// desk had on its page; where it has another one meanwhile, the button was pressed twice, and nothing happens. False: nothing did.
    pub fn at_desk(&mut self, desk: u8, seen: Option<Uuid>, act: &DeskAct, now: Timestamp, today: Date) -> Result<bool, StoreError> {
        self.write(|db, _| {
            let day = of_day(db, today)?;
            let present = day.iter().find(|ticket| ticket.standing == Standing::Called { desk }).map(|ticket| ticket.id);
            if present != seen {
                return Ok(false);
            }
            let called = match (act, present) {
                (DeskAct::Next { group }, _) => queue::next(&day, group.as_deref()).map(|ticket| ticket.id),
                (DeskAct::This(id), _) => {
                    day.iter().find(|ticket| ticket.id == *id && ticket.standing == Standing::Waiting).map(|ticket| ticket.id)
                }
                (DeskAct::Again, present) => present,
                (DeskAct::Absent, Some(present)) => {
                    let place = db::next_number(db, PLACE)?;
                    db.execute(
                        "UPDATE ticket SET state = 'waiting', desk = NULL, absent = absent + 1, place = ? WHERE id = ?",
                        params![place, present.into_bytes()],
                    )?;
                    return Ok(true);
                }
                (DeskAct::Done, Some(present)) => {
                    done(db, present, now)?;
                    return Ok(true);
                }
                (DeskAct::Absent | DeskAct::Done, None) => None,
            };
            let Some(called) = called else { return Ok(false) };
            if let Some(before) = present.filter(|present| *present != called) {
                done(db, before, now)?;
            }
            let call = db::next_number(db, CALL)?;
            db.execute(
                "UPDATE ticket SET state = 'called', desk = ?1, call = ?2, called = ?3, first_called = COALESCE(first_called, ?3) WHERE id = ?4",
                params![desk, call, time::store(now), called.into_bytes()],
            )?;
            Ok(true)
        })
    }

    /// Forgets the numbers of all days before this one; answers how many.
    pub fn forget_tickets(&mut self, before: Date) -> Result<u32, StoreError> {
        let gone = self.write_to_make_room(|db| Ok(db.execute("DELETE FROM ticket WHERE day < ?", [before.to_string()])?))?;
        Ok(u32::try_from(gone).unwrap_or(u32::MAX))
    }
}

fn done(db: &Connection, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    db.execute("UPDATE ticket SET state = 'served', done = ? WHERE id = ?", params![time::store(now), id.into_bytes()])?;
    Ok(())
}

fn of_day(db: &Connection, day: Date) -> Result<Vec<Ticket>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM ticket WHERE day = ? ORDER BY place");
    let tickets = db.prepare_cached(&sql)?.query_map([day.to_string()], load)?.collect::<Result<_, _>>()?;
    Ok(tickets)
}

/// The ticket and its day.
fn find(db: &Connection, id: Uuid) -> Result<Option<(Date, Ticket)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, day FROM ticket WHERE id = ?");
    let found = db.prepare_cached(&sql)?.query_row([id.into_bytes()], |row| Ok((row.get::<_, String>("day")?, load(row)?))).optional()?;
    found.map(with_day).transpose()
}

fn with_day((day, ticket): (String, Ticket)) -> Result<(Date, Ticket), StoreError> {
    Ok((day.parse().map_err(|_| StoreError::Encoding("the day of a number"))?, ticket))
}

fn load(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let (state, desk): (String, Option<u8>) = (row.get(6)?, row.get(7)?);
    let standing = match (state.as_str(), desk) {
        ("called", Some(desk)) => Standing::Called { desk },
        ("served", Some(desk)) => Standing::Served { desk },
        (_, _) => Standing::Waiting,
    };
    Ok(Ticket {
        id: Uuid::from_bytes(row.get(0)?),
        group: row.get(1)?,
        number: row.get(2)?,
        priority: row.get(3)?,
        place: row.get(4)?,
        taken: time::load(row, 5)?,
        standing,
        absent: row.get(8)?,
        call: row.get(9)?,
        first_called: time::load_optional(row, 10)?,
        called: time::load_optional(row, 11)?,
        done: time::load_optional(row, 12)?,
    })
}
