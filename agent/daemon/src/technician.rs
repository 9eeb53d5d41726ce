//! The part of the local API that a technician asks: figures, audit, outbox, and what is held of one person.

use crate::{
    api::{Api, problem, stopping},
    input::Input,
    metrics::{self, prometheus},
    slip,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use motcua_model::{
    api::{
        AuditState, BackupState, CorrectAnswer, CorrectRequest, ErasedAnswer, PersonData, PersonFile, PersonRequest, RetryAnswer,
        RetryRequest,
    },
    citizen::PersonNumber,
    correction::{Changes, Correction},
};
use motcua_store::{Reader, side_of};
use uuid::Uuid;

pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    match metrics::gather(&api.inputs, api.storage.as_ref(), &api.hub).await {
        Ok(Some(figures)) => ([(header::CONTENT_TYPE, prometheus::MEDIA)], prometheus::text(&figures)).into_response(),
        Ok(None) => stopping(),
        Err(error) => no_answer(&error),
    }
}

pub(crate) async fn audit(State(api): State<Api>) -> Response {
    ask(&api, |s| {
        let report = s.verify_audit()?;
        Ok(Some(AuditState { rows: report.rows, broken_at: report.broken_at, head: s.audit_head()?.1 }))
    })
    .await
}

pub(crate) async fn outbox_detail(State(api): State<Api>, Path(id): Path<Uuid>) -> Response {
    ask(&api, move |s| Ok(s.outbox_detail(id)?)).await
}

pub(crate) async fn retry(State(api): State<Api>, Json(RetryRequest { id }): Json<RetryRequest>) -> Response {
    let Some(storage) = &api.storage else { return no_store() };
    let waiting = storage.call(move |s| Ok(s.retry_now(id, Timestamp::now())?)).await;
    api.wake_forwarder.notify_one();
    answer(waiting.map(|waiting| (waiting > 0 || id.is_none()).then_some(RetryAnswer { waiting })))
}

pub(crate) async fn export(State(api): State<Api>, Json(request): Json<PersonRequest>) -> Response {
    let Ok(number) = PersonNumber::parse(request.number.reveal()) else { return no_number() };
    ask(&api, move |s| person(s, &number).map(Some)).await
}

fn person(store: &Reader, number: &PersonNumber) -> anyhow::Result<PersonData> {
    let person = store.person(number)?;
    let dossiers = person.waiting.iter().chain(&person.delivered).map(serde_json::to_value).collect::<Result<_, _>>()?;
    let corrections = person.corrections.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let files = person.files.into_iter().map(|file| PersonFile { id: file.id, media: file.media, side: side_of(file.id) }).collect();
    Ok(PersonData { drafts: person.drafts, dossiers, corrections, minimal: person.minimal, files })
}

pub(crate) async fn file(State(api): State<Api>, Path(id): Path<Uuid>) -> Response {
    let Some(storage) = &api.storage else { return no_store() };
    match storage.file(id).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")], bytes).into_response(),
        Err(error) => {
            tracing::warn!(file = %id, "a person's file cannot be given: {error:#}");
            problem(StatusCode::NOT_FOUND, "this file is damaged or gone", "the others can be had")
        }
    }
}

pub(crate) async fn correct(State(api): State<Api>, Json(request): Json<CorrectRequest>) -> Response {
    let Ok(number) = PersonNumber::parse(request.number.reveal()) else { return no_number() };
    let Some(storage) = &api.storage else { return no_store() };
    let now = Timestamp::now();
    let asked = Correction {
        id: Uuid::now_v7(),
        device: api.office.device.clone(),
        agency: api.office.agency.clone(),
        dossiers: Vec::new(),
        changes: Changes { name: request.name, birth: request.birth, address: request.address },
        asked: now,
        reason: request.reason,
    };
    if let Err(bad) = asked.check(slip::in_vietnam(now).date()) {
        return problem(StatusCode::BAD_REQUEST, "not a correction", &bad.to_string());
    }
    let keep = request.keep;
    let kept = storage.call(move |s| {
        let codes = s.codes_of_person(&number)?;
        if codes.is_empty() {
            return Ok(None);
        }
        let id = if keep { Some(s.correct_person(&number, asked)?.id) } else { None };
        Ok(Some(CorrectAnswer { codes, id }))
    });
    match kept.await {
        Ok(None) => problem(
            StatusCode::NOT_FOUND,
            "this device knows no dossier of this person",
            "look at the number; what was erased here or filed elsewhere is corrected at the province",
        ),
        kept => {
            api.wake_forwarder.notify_one();
            answer(kept)
        }
    }
}

pub(crate) async fn erase(State(api): State<Api>, Json(request): Json<PersonRequest>) -> Response {
    let Ok(number) = PersonNumber::parse(request.number.reveal()) else { return no_number() };
    let Some(storage) = &api.storage else { return no_store() };
    answer(storage.call(move |s| Ok(Some(ErasedAnswer { left: s.erase_person(&number, Timestamp::now())? }))).await)
}

pub(crate) async fn backup(State(api): State<Api>) -> Response {
    match copy(&api) {
        Some(copy) => Json(copy).into_response(),
        None => no_copy(),
    }
}

fn copy(api: &Api) -> Option<BackupState> {
    let motcua_store::Backup { taken, bytes } = motcua_store::backup(&api.state)?;
    Some(BackupState { taken, bytes, database_opens: api.storage.is_some() })
}

/// The agent ends, and finds the order when it is started anew: then nobody has the database open.
pub(crate) async fn restore(State(api): State<Api>) -> Response {
    let Some(copy) = copy(&api) else { return no_copy() };
    if copy.database_opens {
        return problem(StatusCode::CONFLICT, "the database opens; there is nothing to restore", "see: motcua status");
    }
    let state = api.state.clone();
    let wanted = tokio::task::spawn_blocking(move || motcua_store::want_restore(&state)).await.map_err(anyhow::Error::from);
    if let Err(error) = wanted.and_then(|written| Ok(written?)) {
        return no_answer(&error);
    }
    let _ = api.inputs.send(Input::Fatal(anyhow::anyhow!("the copy of the database takes its place"))).await;
    Json(copy).into_response()
}

fn no_copy() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "there is no copy of the database",
        "keep the state directory as it is and tell the province's IT office",
    )
}

fn no_number() -> Response {
    let next = "give 12 digits, or state and number of a passport such as 'UTO L898902C3'";
    problem(StatusCode::BAD_REQUEST, "not a person's number", next)
}

async fn ask<T: serde::Serialize + Send + 'static>(
    api: &Api,
    question: impl FnOnce(&Reader) -> anyhow::Result<Option<T>> + Send + 'static,
) -> Response {
    match &api.storage {
        Some(storage) => answer(storage.read(question).await),
        None => no_store(),
    }
}

/// None is 404.
fn answer<T: serde::Serialize>(answer: anyhow::Result<Option<T>>) -> Response {
    match answer {
        Ok(Some(found)) => Json(found).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "nothing waits under this id", "motcua outbox ls shows what waits"),
        Err(error) => no_answer(&error),
    }
}

pub(crate) fn no_store() -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "the store is not open", "run motcua check")
}

fn no_answer(error: &anyhow::Error) -> Response {
    tracing::error!("the store does not answer: {error:#}");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the store does not answer", "see: journalctl -u motcua-agent -n 50")
}
