//! What the hub would send of one dossier to the national portal.

use crate::storage::Storage;
use anyhow::Result;
use jiff::Timestamp;
use motcua_model::{
    citizen::PersonNumber,
    dossier::Dossier,
    hub::{Message, MessageBody, News, PersonKey},
    portal::{ProgressRequest, Received, Step, SyncRequest},
};
use serde::Serialize;

/// A dossier's message as it came, and its news in their order.
pub(crate) struct Case {
    pub(crate) json: Vec<u8>,
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
    let received =
        Received { dossier, files: &message.files, official_code: code, technical_id: technical_id.as_ref(), course: &course, files_at };
    Ok(PortalRequests { sync: SyncRequest::new(vec![received.ho_so()], known), progress: ProgressRequest::chunks(&received.progress()) })
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
