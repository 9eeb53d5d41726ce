//! What a person needs after the visit: the proof of the filing once more and counted, whoever knows the telephone number that was left,
//! and how far the fee is.

use crate::{Reader, Store, StoreError, audit, time};
use jiff::{SignedDuration, Timestamp};
use motcua_model::{
    dossier::{Dossier, HeldFee},
    particulars::PHONE_END,
};
use rusqlite::{OptionalExtension as _, Row, params};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// Wrong digits before none are taken for a while.
const TRIES: u8 = 3;
/// For how long after the last ones. So there are never more than [`TRIES`] within this time.
const LOCKED: SignedDuration = SignedDuration::from_hours(24);

/// Copy of a dossier's paper: the proof of its filing.
pub const PROOF: i64 = 0;
/// Copy of a dossier's paper: the proof of its payment.
pub const PAYMENT: i64 = -1;

/// A proof that may be printed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldProof {
    /// Whose.
    pub dossier: Uuid,
    /// As [`Store::keep_proof`] got it.
    pub body: String,
    /// None where nothing is to be paid.
    pub fee: Option<HeldFee>,
}

/// What became of digits that were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigitTries {
    /// They are the last four of the telephone number that was left.
    Right(HeldProof),
    /// They are not, or no number was left: nobody learns which. So many tries are left.
    Left(u8),
    /// None for a day, or the dossier is not here, or staff have stopped it.
    Locked,
}

impl Reader {
    /// Whether the proof of the filing under this code lies here and may be printed again.
    pub fn holds_proof(&self, code: &str) -> Result<bool, StoreError> {
        let held = "SELECT EXISTS (SELECT 1 FROM dossier WHERE (code = ?1 OR official_code = ?1) AND proof IS NOT NULL AND reprint_blocked IS NULL)";
        Ok(self.db.prepare_cached(held)?.query_row([code], |row| row.get(0))?)
    }
}

impl Store {
    /// The printing of a paper begins: how often it had begun before, 0 for the first. Call it before the printer gets a byte, so that
    /// a power cut never gives two papers the same number.
    pub fn begin_paper(&mut self, slip: Uuid, copy: i64, now: Timestamp) -> Result<u32, StoreError> {
        self.write_to_make_room(|db| {
            let begun: u32 = db
                .prepare_cached(
                    "INSERT INTO paper (slip, copy, begun) VALUES (?, ?, 1)
                     ON CONFLICT (slip, copy) DO UPDATE SET begun = begun + 1 RETURNING begun",
                )?
                .query_row(params![slip.into_bytes(), copy], |row| row.get(0))?;
            let again = begun.saturating_sub(1);
            if again > 0 {
                audit::append(db, Some(now), "reprint", slip, &format!("copy {copy} no. {again}"))?;
            }
            Ok(again)
        })
    }

    /// Keeps what the proof of a filing says, and the fee of that day. What was kept first stays.
    pub fn keep_proof(&mut self, dossier: Uuid, body: &str, fee_vnd: u32) -> Result<(), StoreError> {
        self.write_to_make_room(|db| {
            let keep = "UPDATE dossier SET fee = COALESCE(fee, ?2), proof = COALESCE(proof, ?3) WHERE id = ?1";
            match db.execute(keep, params![dossier.into_bytes(), fee_vnd, body])? {
                0 => Err(StoreError::Unknown { what: "dossier", id: dossier }),
                _ => Ok(()),
            }
        })
    }

    /// The proof of the filing under this code, for whoever knows the last four digits of the telephone number that was left with it.
    /// Wrong ones are counted before anybody is told.
    pub fn proof_for(&mut self, code: &str, digits: &str, now: Timestamp) -> Result<DigitTries, StoreError> {
        self.write(|db, keys| {
            // Tries for added papers count with those for the dossier that they belong to, whose telephone number is theirs, too.
            let found = db
                .prepare_cached(
                    "SELECT asked.id, asked.proof, asked.phone, root.id, root.phone, root.wrong, root.wrong_at,
                            asked.fee, asked.fee_begun IS NOT NULL, asked.fee_paid IS NOT NULL
                     FROM dossier AS asked
                     JOIN dossier AS root ON root.id = COALESCE((SELECT id FROM dossier WHERE id = asked.adds_to), asked.id)
                     WHERE (asked.code = ?1 OR asked.official_code = ?1) AND asked.proof IS NOT NULL AND asked.reprint_blocked IS NULL
                     ORDER BY asked.adds_to IS NOT NULL LIMIT 1",
                )?
                .query_row([code], |row| {
                    let proof = HeldProof { dossier: Uuid::from_bytes(row.get(0)?), body: row.get(1)?, fee: fee(row, 7)? };
                    let phones: [Option<[u8; 32]>; 2] = [row.get(2)?, row.get(4)?];
                    let tries: (u8, Option<Timestamp>) = (row.get(5)?, time::load_optional(row, 6)?);
                    Ok((proof, phones, Uuid::from_bytes(row.get(3)?), tries))
                })
                .optional()?;
            let Some((proof, [own, of_root], root, (wrong, wrong_at))) = found else { return Ok(DigitTries::Locked) };
            // A clock that was set back must not lock anybody out for longer than it says.
            let recent = wrong_at.is_some_and(|at| now.duration_since(at).abs() < LOCKED);
            let wrong = if recent { wrong } else { 0 };
            if wrong >= TRIES {
                return Ok(DigitTries::Locked);
            }
            let same = |held: Option<[u8; 32]>, typed: [u8; 32]| held.unwrap_or_default().ct_eq(&typed) & u8::from(held.is_some()).into();
            let right = same(own, keys.phone_end(proof.dossier, digits)?) | same(of_root, keys.phone_end(root, digits)?);
            let right = bool::from(right);
            let (wrong, at) = if right { (0, None) } else { (wrong + 1, Some(time::store(now))) };
            db.execute("UPDATE dossier SET wrong = ?2, wrong_at = ?3 WHERE id = ?1", params![root.into_bytes(), wrong, at])?;
            if right {
                return Ok(DigitTries::Right(proof));
            }
            let left = TRIES.saturating_sub(wrong);
            audit::append(db, Some(now), if left == 0 { "digits_locked" } else { "digits_wrong" }, root, "")?;
            Ok(if left == 0 { DigitTries::Locked } else { DigitTries::Left(left) })
        })
    }

    /// Staff stop that the proof is printed again without a card, or allow it again. False: there is no such dossier any more.
    pub fn block_reprint(&mut self, dossier: Uuid, block: bool, now: Timestamp) -> Result<bool, StoreError> {
        self.write(|db, _| {
            let set = "UPDATE dossier SET reprint_blocked = ?2 WHERE id = ?1";
            let found = db.execute(set, params![dossier.into_bytes(), block.then(|| time::store(now))])? > 0;
            if found {
                audit::append(db, Some(now), if block { "reprint_blocked" } else { "reprint_allowed" }, dossier, "")?;
            }
            Ok(found)
        })
    }

    /// A code to pay the fee with is shown: from now on the money may be under way.
    pub fn fee_begun(&mut self, dossier: Uuid, now: Timestamp) -> Result<(), StoreError> {
        self.write(|db, _| {
            let begin = "UPDATE dossier SET fee_begun = ?2 WHERE id = ?1 AND fee_begun IS NULL";
            match db.execute(begin, params![dossier.into_bytes(), time::store(now)])? {
                0 => Ok(()),
                _ => audit::append(db, Some(now), "fee", dossier, "code shown"),
            }
        })
    }

    /// The platform says that the money has come.
    pub fn fee_paid(&mut self, dossier: Uuid, amount_vnd: u32, transaction: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(|db, _| {
            let pay = "UPDATE dossier SET fee = ?2, fee_paid = ?3 WHERE id = ?1 AND fee_paid IS NULL";
            match db.execute(pay, params![dossier.into_bytes(), amount_vnd, transaction])? {
                0 => Ok(()),
                _ => audit::append(db, Some(now), "fee", dossier, &format!("paid {amount_vnd}")),
            }
        })
    }
}

/// Last four digits of the telephone number that was left with the filing: the owner's, else that of whoever filed for them.
pub(crate) fn phone_end(dossier: &Dossier) -> Option<&str> {
    let particulars = &dossier.particulars;
    let filer = particulars.authorised.as_ref().and_then(|authorised| authorised.contact.phone.as_ref());
    let phone = particulars.contact.phone.as_ref().or(filer)?.reveal();
    phone.get(phone.len().checked_sub(PHONE_END)?..)
}

/// Columns `fee`, whether it was begun, whether it is paid. A fee of nothing is none.
pub(crate) fn fee(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<HeldFee>> {
    let amount_vnd: Option<u32> = row.get(first)?;
    let Some(amount_vnd) = amount_vnd.filter(|amount| *amount > 0) else { return Ok(None) };
    Ok(Some(HeldFee { amount_vnd, begun: row.get(first + 1)?, paid: row.get(first + 2)? }))
}
