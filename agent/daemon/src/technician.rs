//! The part of the local API that a technician asks: figures, audit, outbox, and what is held of one person.

use crate::{
    api::{self, Api, problem, stopping},
    metrics::{METRICS, Stored},
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use motcua_model::{
    Private,
    api::{AuditState, ErasedAnswer, PersonData, PersonFile, PersonRequest, RetryAnswer, RetryRequest},
    citizen::PersonNumber,
};
use motcua_store::Store;
use uuid::Uuid;

pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    let Some(status) = api::live_status(&api.inputs).await else { return stopping() };
    let stored = match &api.storage {
        Some(storage) => {
            storage.call(|s| Ok(Stored { outbox: s.outbox_counts()?, dossiers: s.counts()?, audit_rows: s.audit_head()?.0 })).await
        }
        None => Ok(Stored::default()),
    };
    let stored = match stored {
        Ok(stored) => stored,
        Err(error) => return no_answer(&error),
    };
    let now = Timestamp::now().as_second();
    let left = std::fs::read(&api.hub.cert).ok().and_then(|pem| certificate_end(&pem)).map(|end| end - now);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], METRICS.text(&status, &stored, now, left)).into_response()
}

fn certificate_end(pem: &[u8]) -> Option<i64> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    Some(pem.parse_x509().ok()?.validity().not_after.timestamp())
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
    let answer = ask(&api, move |s| match s.retry_now(id, Timestamp::now())? {
        0 if id.is_some() => Ok(None),
        waiting => Ok(Some(RetryAnswer { waiting })),
    })
    .await;
    api.wake_forwarder.notify_one();
    answer
}

pub(crate) async fn export(State(api): State<Api>, Json(request): Json<PersonRequest>) -> Response {
    let Ok(number) = PersonNumber::parse(request.number.reveal()) else { return no_number() };
    ask(&api, move |s| person(s, &number).map(Some)).await
}

fn person(store: &Store, number: &PersonNumber) -> anyhow::Result<PersonData> {
    let person = store.person(number)?;
    let dossiers = person.waiting.iter().chain(&person.delivered).map(serde_json::to_value).collect::<Result<_, _>>()?;
    let file = |file: motcua_model::dossier::FileRef| PersonFile {
        id: file.id,
        media: file.media,
        base64: Private::new(store.file(file.id).map(|bytes| BASE64_STANDARD.encode(bytes)).unwrap_or_default()),
    };
    Ok(PersonData { drafts: person.drafts, dossiers, minimal: person.minimal, files: person.files.into_iter().map(file).collect() })
}

pub(crate) async fn erase(State(api): State<Api>, Json(request): Json<PersonRequest>) -> Response {
    let Ok(number) = PersonNumber::parse(request.number.reveal()) else { return no_number() };
    ask(&api, move |s| Ok(Some(ErasedAnswer { left: s.erase_person(&number, Timestamp::now())? }))).await
}

fn no_number() -> Response {
    let next = "give 12 digits, or state and number of a passport such as 'UTO L898902C3'";
    problem(StatusCode::BAD_REQUEST, "not a person's number", next)
}

/// Asks the store; none is 404.
async fn ask<T: serde::Serialize + Send + 'static>(
    api: &Api,
    question: impl FnOnce(&mut Store) -> anyhow::Result<Option<T>> + Send + 'static,
) -> Response {
    let Some(storage) = &api.storage else { return no_store() };
    match storage.call(question).await {
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
