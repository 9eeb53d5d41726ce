//! People who use the office without a break, and a witness who writes down what the screen promised them.

use crate::{
    chance::Chance,
    rig::{self, CARD, OTHER_CARD, Rig},
    visit::{Citizen, Next},
};
use anyhow::Context as _;
use motcua_model::{
    api::{Action, CourierPage, Screen, Service, Snapshot},
    hub::MessageBody,
};
use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Everything that the screen has confirmed: provisional codes and handed-over parcels.
#[derive(Clone)]
pub struct Ledger(Arc<Mutex<Confirmed>>);

struct Confirmed {
    codes: BTreeSet<String>,
    /// Parcels of a handover whose answer is awaited.
    asked: Vec<String>,
    file: fs::File,
}

impl Ledger {
    /// Also kept in `file`, one a line.
    pub fn new(file: &Path) -> anyhow::Result<Self> {
        let file = fs::File::create(file).with_context(|| format!("Unable to make {}", file.display()))?;
        Ok(Self(Arc::new(Mutex::new(Confirmed { codes: BTreeSet::new(), asked: Vec::new(), file }))))
    }

    /// What was confirmed so far.
    pub fn codes(&self) -> BTreeSet<String> {
        self.lock().codes.clone()
    }

    /// Looks at every picture from now until the agent ends.
    pub async fn witness(&self, rig: &Rig) -> anyhow::Result<tokio::task::JoinHandle<()>> {
        let (ledger, mut pictures) = (self.clone(), rig.pictures().await?);
        Ok(tokio::spawn(async move {
            while let Some(picture) = pictures.next().await {
                ledger.saw(&picture.screen);
            }
        }))
    }

    fn saw(&self, screen: &Screen) {
        let mut confirmed = self.lock();
        if let Screen::Slip { code, .. } = screen {
            confirmed.add(code.clone());
        }
        if matches!(screen, Screen::Courier { page: CourierPage::Done { .. } }) {
            std::mem::take(&mut confirmed.asked).into_iter().for_each(|parcel| confirmed.add(parcel));
        }
    }

    fn ask(&self, parcels: Vec<String>) {
        self.lock().asked = parcels;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Confirmed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Confirmed {
    fn add(&mut self, code: String) {
        let _ = writeln!(self.file, "{code}");
        self.codes.insert(code);
    }
}

/// Citizens and couriers, one after the other.
pub struct Crowd {
    ledger: Ledger,
    citizen: Option<Citizen>,
    parcel: u32,
    /// Of so many who come, one is a citizen with a dossier; the others are couriers.
    couriers: u64,
}

impl Crowd {
    /// Whoever is in mid-visit at a cut goes on after it; an interrupted courier finds what was scanned.
    pub fn new(ledger: &Ledger, couriers: u64) -> Self {
        Self { ledger: ledger.clone(), citizen: None, parcel: 0, couriers }
    }

    /// Without end.
    pub async fn work(&mut self, rig: &Rig, chance: &mut Chance) -> anyhow::Result<()> {
        loop {
            if self.citizen.is_some() || chance.one_in(self.couriers) {
                self.file(rig, chance).await?;
            } else {
                self.hand_over(rig, chance.within(1..4)).await?;
            }
        }
    }

    /// One citizen, or the one who was interrupted, until they leave.
    pub async fn file(&mut self, rig: &Rig, chance: &mut Chance) -> anyhow::Result<()> {
        let card = if chance.one_in(2) { CARD } else { OTHER_CARD };
        let citizen = self.citizen.get_or_insert_with(|| Citizen::new(card));
        loop {
            let snapshot = rig.snapshot().await?;
            let next = citizen.next(&snapshot);
            if next == Next::Leave {
                self.citizen = None;
                return Ok(());
            }
            citizen.perform(rig, &snapshot, &next).await?;
        }
    }

    /// One courier, until they leave.
    pub async fn hand_over(&mut self, rig: &Rig, parcels: u64) -> anyhow::Result<()> {
        rig.until("the first screen", |s| matches!(s.screen, Screen::Waiting { .. })).await?;
        rig.act(Action::Start { service: Service::Courier }).await?;
        rig.screen("P01").await?;
        rig.scan_code("BCCI-HN0123").await?;
        let mut found = rig.until("the list, or the slip of before", |s| matches!(s.screen.code(), "P03" | "P06")).await?;
        if found.screen.code() == "P06" {
            rig.scan_code("BCCI-HN0123").await?;
            found = rig.screen("P03").await?;
        }
        let mut asked = scanned(&found);
        for _ in 0..parcels {
            self.parcel += 1;
            let code = format!("VNP{:010}", self.parcel);
            rig.scan_code(&code).await?;
            asked.push(code);
            let count = asked.len();
            rig.until(
                "the parcel",
                |s| matches!(&s.screen, Screen::Courier { page: CourierPage::Parcels { parcels, .. } } if parcels.len() == count),
            )
            .await?;
        }
        self.ledger.ask(asked);
        rig.act(Action::CloseHandover).await?;
        rig.screen("P06").await?;
        rig.act(Action::End).await
    }
}

/// What P03 shows as scanned.
fn scanned(snapshot: &Snapshot) -> Vec<String> {
    let Screen::Courier { page: CourierPage::Parcels { parcels, .. } } = &snapshot.screen else { return Vec::new() };
    parcels.iter().map(|parcel| parcel.code.clone()).collect()
}

/// Dossier codes and parcels of every message that the hub signed for, with repetitions.
pub fn at_hub(rig: &Rig) -> anyhow::Result<Vec<String>> {
    let mut codes = Vec::new();
    for copy in rig.hub_copies()? {
        let message = rig::message(&copy)?;
        match message.body {
            MessageBody::Dossier(dossier) => {
                anyhow::ensure!(
                    message.files.iter().all(|file| is_whole(&copy.join(&file.name), file.file.bytes)),
                    "{copy:?} is not whole"
                );
                codes.push(dossier.code.to_string());
            }
            MessageBody::Handover(handover) => codes.extend(handover.parcels.into_iter().map(|p| p.parcel.code)),
            // The crowd asks for none.
            MessageBody::Correction(_) | MessageBody::Opinion(_) | MessageBody::Satisfaction(_) | MessageBody::Quality(_) => {}
        }
    }
    Ok(codes)
}

fn is_whole(file: &PathBuf, bytes: u64) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.len() == bytes)
}

/// What became of everything that was confirmed.
#[derive(Debug)]
pub struct Balance {
    /// Confirmed on the screen.
    pub confirmed: usize,
    /// Of these, not at the hub.
    pub lost: Vec<String>,
    /// At the hub more than once.
    pub twice: Vec<String>,
}

impl Balance {
    /// Compares the ledger with the hub.
    pub fn of(rig: &Rig, ledger: &Ledger) -> anyhow::Result<Self> {
        let (confirmed, found) = (ledger.codes(), at_hub(rig)?);
        let distinct: BTreeSet<&String> = found.iter().collect();
        let lost = confirmed.iter().filter(|code| !distinct.contains(code)).cloned().collect();
        let twice = distinct.iter().filter(|code| found.iter().filter(|other| other == *code).count() > 1).map(|c| (*c).clone()).collect();
        Ok(Self { confirmed: confirmed.len(), lost, twice })
    }
}

/// How long the rest of the outbox may take at the end.
pub const DRAIN: Duration = Duration::from_secs(600);
