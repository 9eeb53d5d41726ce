//! What the loop does for couriers: what waits for a badge, whether a PIN is right, slips from the console.

use crate::{input, input::Inputs, slip::PrintOrder, worker::Storage};
use anyhow::Context as _;
use jiff::Timestamp;
use motcua_flow::{CourierDesk, Event, PinVerdict, Pins, handover_slip};
use motcua_model::{
    Private, Text,
    api::{PinRefused, PinStep},
    config::{Couriers, Signer},
    dossier::Handover,
};
use motcua_store::{ForCourier, PinTries};
use uuid::Uuid;

/// Whose PINs the configuration knows.
pub(crate) fn pins(couriers: &Couriers) -> Pins {
    Pins { badges: couriers.badges.iter().map(|signer| signer.number.clone()).collect(), clerks: !couriers.clerks.is_empty() }
}

/// What waits for the courier with this badge.
pub(crate) async fn find(storage: &Storage, courier: String, now: Timestamp) -> anyhow::Result<Event> {
    let asked = courier.clone();
    // After everything that was written: a parcel that was kept just now must be there.
    let ForCourier { expected, open, unprinted } = storage.call(move |s| Ok(s.for_courier(&asked, now)?)).await?;
    Ok(Event::CourierFound { courier, desk: Box::new(CourierDesk { expected, open, unprinted }) })
}

/// Checks a PIN beside the loop, as it takes a while, and answers with an event.
pub(crate) fn check_pin(couriers: &Couriers, storage: &Storage, inputs: &Inputs, asked: Asked) {
    let signers: Vec<Signer> = match asked.step {
        PinStep::Enter | PinStep::Courier => couriers.badges.iter().filter(|signer| signer.number == asked.courier).cloned().collect(),
        PinStep::Clerk => couriers.clerks.clone(),
    };
    let (storage, inputs) = (storage.clone(), inputs.clone());
    tokio::spawn(async move {
        let job = asked.job;
        let verdict = match verdict(signers, &storage, asked).await {
            Ok(verdict) => verdict,
            Err(error) => {
                tracing::error!("a PIN cannot be checked: {error:#}");
                PinVerdict::Refused(PinRefused::Unchecked)
            }
        };
        input::event(&inputs, Event::PinChecked { job, verdict }).await;
    });
}

/// A PIN that was typed. No `Debug`, though the PIN itself prints redacted.
pub(crate) struct Asked {
    pub(crate) job: Uuid,
    pub(crate) step: PinStep,
    pub(crate) courier: String,
    pub(crate) pin: Private,
}

/// The count of wrong ones is on the disk before the answer: pulling the plug buys no further try.
async fn verdict(signers: Vec<Signer>, storage: &Storage, asked: Asked) -> anyhow::Result<PinVerdict> {
    let who = match asked.step {
        PinStep::Enter | PinStep::Courier => format!("courier {}", asked.courier),
        PinStep::Clerk => format!("clerk at {}", asked.courier),
    };
    let key = who.clone();
    if let PinTries::Locked(until) = storage.call(move |s| Ok(s.pin_tries(&key, Timestamp::now())?)).await? {
        return Ok(PinVerdict::Refused(PinRefused::Locked { until }));
    }
    let pin = asked.pin;
    let found = tokio::task::spawn_blocking(move || signers.into_iter().find(|signer| signer.accepts(pin.reveal())));
    match found.await.context("the check was broken off")? {
        Some(signer) => {
            storage.call(move |s| Ok(s.pin_was_right(&who)?)).await?;
            Ok(PinVerdict::Right { number: signer.number })
        }
        None => Ok(PinVerdict::Refused(match storage.call(move |s| Ok(s.pin_was_wrong(&who, Timestamp::now())?)).await? {
            PinTries::Left(left) => PinRefused::Wrong { left },
            PinTries::Locked(until) => PinRefused::Locked { until },
        })),
    }
}

/// One copy of a recorded handover's slip, for the console.
pub(crate) fn reprint(handover: &Handover, copy: u8, office: &Text) -> PrintOrder {
    PrintOrder::Reprint(Box::new(handover_slip(handover, copy, office)))
}
