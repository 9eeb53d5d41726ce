//! What the hub would send of one dossier to the national portal.

use crate::storage::Storage;
use anyhow::Result;
use jiff::Timestamp;
use motcua_model::{
    citizen::PersonNumber,
    dossier::Dossier,
    hub::{Message, MessageBody, NamedFile, News, PersonKey},
    portal::{ProgressRequest, Received, Step, SyncRequest},
};
use serde::Serialize;
use uuid::Uuid;

/// A dossier's message as it came, and its news in their order.
pub(crate) struct Case {
    pub(crate) json: Vec<u8>,
    /// Messages of papers that were added to dossiers, in their order; those of others among them.
    pub(crate) added: Vec<Vec<u8>>,
    pub(crate) news: Vec<(Timestamp, News)>,
}

/// The two requests of one dossier; session and madonvi, which are the hub's secrets, are missing.
#[derive(Debug, Serialize)]
pub struct PortalRequests {
    /// `DongBoHoSoMC`.
    pub sync: SyncRequest,
    /// `CapNhatTienDoHoSoMC`.
    pub progress: Vec<ProgressRequest>,
}

/// `known`: the portal has the dossier already. `files_at`: where the portal may fetch its files.
pub(crate) async fn requests(storage: &Storage, code: &str, known: bool, files_at: Option<&str>) -> Result<PortalRequests> {
    let case = storage.case(code.to_owned()).await?;
    let message: Message = serde_json::from_slice(&case.json).map_err(|e| anyhow::anyhow!("the stored message cannot be read: {e}"))?;
    let MessageBody::Dossier(dossier) = &message.body else { anyhow::bail!("{code} is no dossier's code") };
    let technical_id = match dossier.particulars.technical_id {
        Some(_) => None,
        None => storage.person(account_of(dossier)).await?.and_then(|person| person.technical_id),
    };
    let course: Vec<Step<'_>> = case.news.iter().filter_map(|(at, news)| step(*at, news)).collect();
    let due = case.news.iter().rev().find_map(|(_, news)| if let News::Accepted { due, .. } = news { Some(*due) } else { None });
    let added = case.added.iter().map(|json| added_to(dossier.id, json)).collect::<Result<Vec<_>>>()?;
    let added: Vec<(Dossier, Vec<NamedFile>)> = added.into_iter().flatten().collect();
    let received = Received {
        dossier,
        files: &message.files,
        official_code: code,
        technical_id: technical_id.as_ref(),
        course: &course,
        due,
        added: &added,
        files_at,
    };
    Ok(PortalRequests { sync: SyncRequest::new(vec![received.ho_so()], known), progress: ProgressRequest::chunks(&received.progress()) })
}

/// What this message adds to the dossier; none where it adds to another.
fn added_to(dossier: Uuid, json: &[u8]) -> Result<Option<(Dossier, Vec<NamedFile>)>> {
    let message: Message = serde_json::from_slice(json).map_err(|e| anyhow::anyhow!("a stored message cannot be read: {e}"))?;
    let MessageBody::Dossier(added) = message.body else { return Ok(None) };
    let belongs = added.particulars.adds_to.as_ref().is_some_and(|adds| adds.dossier == dossier);
    Ok(belongs.then_some((*added, message.files)))
}

/// Whose account it is: the owner's, also where somebody else files (R27).
fn account_of(dossier: &Dossier) -> PersonKey {
    match &dossier.particulars.organisation {
        Some(organisation) => PersonKey::Organisation { tax_code: organisation.tax_code.clone() },
        None => match &dossier.applicant.number {
            PersonNumber::Citizen(number) => PersonKey::Citizen { number: number.clone(), name: dossier.applicant.name.clone() },
            PersonNumber::Passport { number, .. } => PersonKey::Passport { number: number.clone(), name: dossier.applicant.name.clone() },
        },
    }
}

fn step(at: Timestamp, news: &News) -> Option<Step<'_>> {
    match news {
        News::Status { status, reason, .. } => Some(Step { status: *status, at, clerk: None, words: reason.as_ref() }),
        News::Accepted { .. }
        | News::Supplement { .. }
        | News::Result { .. }
        | News::Catalogue { .. }
        | News::Config { .. }
        | News::Unknown(_) => None,
    }
}
