//! tus 1.0, creation and core, for the files that messages declare.
//!
//! An upload's address is made of its message and file, so creating it again finds it again.

use crate::{
    archive::Expected,
    problem::Refusal,
    routes::{Hub, Peer},
    seal::wrong_offset,
    storage::Sink,
};
use axum::{
    body::{Body, BodyDataStream},
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::StreamExt as _;
use std::{sync::Arc, time::Duration};
use tokio::{sync::OwnedMutexGuard, time::timeout};
use uuid::Uuid;

const TUS: (&str, &str) = ("Tus-Resumable", "1.0.0");
/// A sender that is silent for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a request waits for another one on the same upload.
const TURN: Duration = Duration::from_secs(5);

/// `{message}/{file}` of an upload's path.
pub(crate) struct Address(Uuid, Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<(Uuid, Uuid)>::from_request_parts(parts, state).await;
        let Path((message, file)) = path.map_err(|_| Refusal::new(400, "Bad address", "an upload's address ends in two ids"))?;
        Ok(Self(message, file))
    }
}

/// `OPTIONS /v1/uploads`.
pub(crate) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [TUS, ("Tus-Version", "1.0.0"), ("Tus-Extension", "creation")]).into_response()
}

/// `POST /v1/uploads`.
pub(crate) async fn create(State(hub): State<Arc<Hub>>, peer: Peer, headers: HeaderMap) -> Result<Response, Refusal> {
    tus_version(&headers)?;
    let length = number(&headers, "Upload-Length")?;
    let (message, file) = metadata(&headers)?;
    let _turn = turn(&hub, file).await?;
    let expected = hub.storage.expected(&peer.device, message, file).await?;
    if expected.complete {
        return Err(Refusal::new(409, "Complete already", "the hub has this file whole; send the message again"));
    }
    if length != expected.bytes {
        return Err(Refusal::new(413, "Other length", "Upload-Length differs from the message's; send the declared file"));
    }
    start(&hub, message, file, &expected).await?;
    let location = format!("/v1/uploads/{message}/{file}");
    Ok((StatusCode::CREATED, [TUS, ("Location", &location)]).into_response())
}

/// `HEAD /v1/uploads/{message}/{file}`.
pub(crate) async fn head(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    Address(message, file): Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    tus_version(&headers)?;
    let expected = hub.storage.expected(&peer.device, message, file).await?;
    let offset = if expected.complete { expected.bytes } else { hub.storage.held(message, file).await? };
    let answer =
        [TUS, ("Upload-Offset", &offset.to_string()), ("Upload-Length", &expected.bytes.to_string()), ("Cache-Control", "no-store")];
    Ok((StatusCode::OK, answer).into_response())
}

/// `PATCH /v1/uploads/{message}/{file}`.
pub(crate) async fn patch(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    Address(message, file): Address,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let place = match find_place(&hub, &peer, message, file, &headers).await {
        Ok(place) => place,
        Err(refusal) => {
            drain(body).await;
            return Err(refusal);
        }
    };
    let Place { offset, expected, .. } = &place;
    if expected.complete {
        return repeated_end(*offset, body, expected.bytes).await;
    }
    let mut sink = hub.storage.sink(message, file, *offset).await?;
    let end = append(&hub, &peer, &mut sink, *offset, expected.bytes, body.into_data_stream()).await?;
    let good = if end < expected.bytes { None } else { sink.settle_in_one(expected).await? };
    match good {
        Some(true) => {}
        Some(false) => return Err(discarded()),
        None => {
            sink.sync().await?;
            if end == expected.bytes {
                settle(&hub, message, file, place.expected).await?;
            }
        }
    }
    Ok(held_now(end))
}

/// Where a PATCH may write, and the right to do so.
struct Place {
    offset: u64,
    expected: Expected,
    _turn: OwnedMutexGuard<()>,
}

async fn find_place(hub: &Arc<Hub>, peer: &Peer, message: Uuid, file: Uuid, headers: &HeaderMap) -> Result<Place, Refusal> {
    tus_version(headers)?;
    if headers.get(header::CONTENT_TYPE).is_none_or(|t| t != "application/offset+octet-stream") {
        return Err(Refusal::new(415, "Wrong type", "a PATCH needs Content-Type application/offset+octet-stream"));
    }
    let offset = number(headers, "Upload-Offset")?;
    let _turn = turn(hub, file).await?;
    let expected = hub.storage.expected(&peer.device, message, file).await?;
    if !expected.complete {
        let held = hub.storage.held(message, file).await?;
        if offset != held {
            return Err(wrong_offset(held));
        }
    }
    Ok(Place { offset, expected, _turn })
}

/// The answer to the last PATCH was lost and it comes again.
async fn repeated_end(offset: u64, body: Body, length: u64) -> Result<Response, Refusal> {
    let end = offset.saturating_add(drain(body).await);
    if end == length { Ok(held_now(length)) } else { Err(wrong_offset(length)) }
}

/// Reads a body to no purpose and gives its length. An answer before the body's end closes the connection, and
/// the sender may see a broken line in place of the answer.
pub(crate) async fn drain(body: Body) -> u64 {
    let mut length: u64 = 0;
    let mut stream = body.into_data_stream();
    while let Ok(Some(Ok(bytes))) = timeout(SILENCE, stream.next()).await {
        length = length.saturating_add(bytes.len() as u64);
    }
    length
}

/// Writes what comes at `offset`; the caller syncs it. Where the sender breaks off it is synced here: it need not come
/// again.
async fn append(hub: &Hub, peer: &Peer, sink: &mut Sink, offset: u64, limit: u64, mut body: BodyDataStream) -> Result<u64, Refusal> {
    let mut end = offset;
    let cut_at = hub.faults().drop_after_bytes.filter(|at| *at > offset);
    loop {
        let bytes = match timeout(SILENCE, body.next()).await {
            Ok(Some(Ok(bytes))) => bytes,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => {
                sink.sync().await?;
                return Err(Refusal::new(408, "Broken off", "the upload broke off; ask with HEAD how far it came"));
            }
        };
        if end.saturating_add(bytes.len() as u64) > limit {
            sink.sync().await?;
            return Err(Refusal::new(413, "Too long", "more bytes than Upload-Length; send the declared file"));
        }
        let keep = cut_at.map_or(bytes.len(), |at| bytes.len().min(usize::try_from(at.saturating_sub(end)).unwrap_or(usize::MAX)));
        sink.write(&bytes[..keep]).await?;
        end += keep as u64;
        if cut_at == Some(end) {
            sink.sync().await?;
            hub.faults().drop_after_bytes = None;
            hub.cuts.cut(peer.address);
            return Err(Refusal::new(500, "Cut", "the connection is cut for a test"));
        }
    }
    Ok(end)
}

/// An empty upload, or the one that is there. A whole one is settled: the hub may have died just before.
async fn start(hub: &Hub, message: Uuid, file: Uuid, expected: &Expected) -> Result<(), Refusal> {
    if hub.storage.start_upload(message, file).await? < expected.bytes {
        return Ok(());
    }
    match settle(hub, message, file, expected.clone()).await {
        Err(refusal) if refusal.problem.status == 460 && expected.bytes > 0 => {
            hub.storage.start_upload(message, file).await?;
            Ok(())
        }
        other => other,
    }
}

async fn settle(hub: &Hub, message: Uuid, file: Uuid, expected: Expected) -> Result<(), Refusal> {
    if hub.storage.settle(message, file, expected).await? {
        return Ok(());
    }
    Err(discarded())
}

fn discarded() -> Refusal {
    Refusal::new(460, "Checksum differs", "the file's SHA-256 is not the declared one and it was discarded; create the upload anew")
}

async fn turn(hub: &Hub, file: Uuid) -> Result<OwnedMutexGuard<()>, Refusal> {
    let lock = hub.upload_lock(file);
    timeout(TURN, lock.lock_owned())
        .await
        .map_err(|_| Refusal { retry_after: Some(5), ..Refusal::new(423, "Busy", "another request writes to this upload; try again") })
}

fn tus_version(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.get(TUS.0).is_some_and(|v| v == TUS.1) {
        return Ok(());
    }
    Err(Refusal::new(412, "Wrong tus version", "send Tus-Resumable: 1.0.0"))
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64, Refusal> {
    let value = headers.get(name).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    value.ok_or_else(|| Refusal::new(400, "Bad header", format!("{name} is missing or not a number")))
}

/// `message <base64 of the id>,file <base64 of the id>`.
fn metadata(headers: &HeaderMap) -> Result<(Uuid, Uuid), Refusal> {
    let text = headers.get("Upload-Metadata").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let value = |key: &str| -> Option<Uuid> {
        let pair = text.split(',').find_map(|pair| pair.trim().strip_prefix(key)?.strip_prefix(' '))?;
        String::from_utf8(BASE64_STANDARD.decode(pair.trim()).ok()?).ok()?.parse().ok()
    };
    let both = value("message").zip(value("file"));
    both.ok_or_else(|| Refusal::new(400, "Bad header", "Upload-Metadata needs `message` and `file`, each the base64 of an id"))
}

fn held_now(offset: u64) -> Response {
    (StatusCode::NO_CONTENT, [TUS, ("Upload-Offset", &offset.to_string())]).into_response()
}
