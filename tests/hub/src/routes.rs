//! The hub's addresses, and who is asking.

use crate::{
    cut::Cuts,
    faults::Faults,
    guard::Guard,
    openapi,
    problem::Refusal,
    seal::{Seal, at_work},
    storage::Storage,
    tls::Tls,
    uploads::{self, Address},
    witness::{self, Witness},
};
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{
        ConnectInfo, DefaultBodyLimit, FromRequestParts, Query, Request, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, head, options, post},
};
use axum_server::tls::TlsInfo;
use jiff::Timestamp;
use motcua_model::{
    hub::{
        AccountAnswer, AccountCheck, AccountState, CONTENT_DIGEST, Heartbeat, HeartbeatAnswer, IDEMPOTENCY_KEY, Message, MessageState,
        NewsPage, PaperAnswer, PaperLine, PaperSearch, PaperSource, PaymentAnswer, PaymentRequest, PaymentState, PersonKey,
        SignedCatalogue, check_content_digest,
    },
    transfer::vietqr,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// A message is a record, not its files.
const LONGEST_MESSAGE: usize = 4 * 1024 * 1024;
/// Types in one search.
const MOST_TYPES: usize = 50;

/// What the handlers share.
pub(crate) struct Hub {
    pub(crate) storage: Storage,
    pub(crate) seal: Seal,
    pub(crate) tls: Arc<Tls>,
    pub(crate) cuts: Cuts,
    pub(crate) guard: Guard,
    pub(crate) witness: Witness,
    /// Whether the national portal's store can be asked at all.
    pub(crate) kho: bool,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) uploads: Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>,
    pub(crate) at_work: Mutex<HashSet<Uuid>>,
}

impl Hub {
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.faults)
    }

    /// One writer per file at a time.
    pub(crate) fn upload_lock(&self, file: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = locked(&self.uploads);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(file).or_default())
    }

    /// The national portal and its store answer.
    fn portal(&self) -> bool {
        self.kho && !self.faults().portal_away
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The device behind a connection, by the common name of the certificate that TLS has verified.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) device: String,
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// A device speaks for itself alone.
    fn must_be(&self, device: &str) -> Result<(), Refusal> {
        if self.device == device { Ok(()) } else { Err(crate::seal::other_device()) }
    }
}

impl FromRequestParts<Arc<Hub>> for Peer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<Hub>) -> Result<Self, Refusal> {
        let nobody = || Refusal::new(401, "No device", "the certificate names no device; enrol the device again");
        let Extension(info) = Extension::<Arc<TlsInfo>>::from_request_parts(parts, state).await.map_err(|_| nobody())?;
        let ConnectInfo(address) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(|_| nobody())?;
        let certificate = info.peer_certificates.first().ok_or_else(nobody)?;
        // TLS asks when a connection is made; this one may be older than the list.
        if state.tls.refresh().holds(certificate) {
            let detail = "this device's certificate was revoked; ask the hub's operator why, and for a new one if the device goes on";
            return Err(Refusal::new(401, "Certificate revoked", detail));
        }
        let device = common_name(certificate).ok_or_else(nobody)?;
        Ok(Self { device, address })
    }
}

pub(crate) fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

pub(crate) fn routes(hub: Arc<Hub>) -> Router {
    let limited = Router::new()
        .route("/v1/messages", post(take_message))
        .route("/v1/uploads", post(uploads::create).options(uploads::options))
        .route(
            "/v1/uploads/{message}/{file}",
            head(uploads::head).patch(uploads::patch).merge(options(async |_: Address| uploads::options().await)),
        )
        .route("/v1/inbox", get(read_inbox))
        .route("/v1/catalogue", get(read_catalogue))
        .route("/v1/heartbeat", post(take_heartbeat))
        .route("/v1/accounts/check", post(check_account))
        .route("/v1/papers/search", post(search_papers))
        .route("/v1/payments", post(ask_payment))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&hub), limit));
    limited
        .route("/v1/openapi.json", get(async || Json(openapi::document())))
        .route("/v1/health", get(async |_: Peer| StatusCode::NO_CONTENT))
        .fallback(async || Refusal::new(404, "Unknown", "the hub has no such address"))
        .method_not_allowed_fallback(async || Refusal::new(405, "Other method", "the address is not for this method; see /v1/openapi.json"))
        .layer(middleware::from_fn_with_state(Arc::clone(&hub), bad_day))
        .layer(middleware::from_fn_with_state(Arc::clone(&hub), witness::look))
        .layer(DefaultBodyLimit::max(LONGEST_MESSAGE))
        .with_state(hub)
}

/// A body that arrived whole and reads as what it should be. No error quotes it: it may hold personal data.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refusal> {
    if let Some(digest) = headers.get(CONTENT_DIGEST)
        && digest.to_str().map_or(true, |digest| check_content_digest(digest, body).is_err())
    {
        return Err(bad("the body does not agree with Content-Digest; send it again"));
    }
    serde_json::from_slice(body)
        .map_err(|e| bad(&format!("the body has not the form of /v1/openapi.json at line {} column {}", e.line(), e.column())))
}

fn bad(detail: &str) -> Refusal {
    Refusal::new(400, "Bad request", detail)
}

fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(413, "Too long", "the body is longer than 4 MiB; files go as uploads"),
        _ => bad("the body broke off; send it again"),
    })
}

async fn read_catalogue(State(hub): State<Arc<Hub>>, peer: Peer) -> Result<Json<SignedCatalogue>, Refusal> {
    let text = hub.storage.catalogue(peer.device).await?;
    let none = || Refusal::new(404, "No catalogue", "the hub has no catalogue for this device; go on with the one that is there");
    Ok(Json(hub.seal.sign_catalogue(text.ok_or_else(none)?)))
}

async fn take_message(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<MessageState>, Refusal> {
    hub.guard.ask(&peer.device)?;
    let body = whole(body)?;
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<Uuid>().ok());
    let key = key.filter(|key| key.get_version_num() == 7).ok_or_else(|| bad("send the message's id, a UUIDv7, as Idempotency-Key"))?;
    let message: Message = read(&headers, &body)?;
    // The record's own `device` is the short name in codes and slips, not the certificate's.
    if key != message.id || message.body.id() != message.id {
        return Err(bad("Idempotency-Key, the message's id and its record's id must be one"));
    }
    peer.must_be(&message.device)?;
    let _turn = Turn::take(&hub, key)?;
    let mut state = hub.storage.take(message, body.to_vec(), hub.seal.clone(), Timestamp::now()).await?;
    if state.receipt.is_some() {
        hub.guard.delivered();
    }
    if let Some(receipt) = &mut state.receipt
        && std::mem::take(&mut hub.faults().bad_receipt)
    {
        receipt.receipt.push(' ');
    }
    if state.receipt.is_some() && std::mem::take(&mut hub.faults().lose_receipt) {
        hub.cuts.cut(peer.address);
    }
    Ok(Json(state))
}

/// The right to work on a key; others hear 409 meanwhile.
struct Turn<'a> {
    hub: &'a Hub,
    key: Uuid,
}

impl<'a> Turn<'a> {
    fn take(hub: &'a Hub, key: Uuid) -> Result<Self, Refusal> {
        if locked(&hub.at_work).insert(key) { Ok(Self { hub, key }) } else { Err(at_work()) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        locked(&self.hub.at_work).remove(&self.key);
    }
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn read_inbox(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Json<NewsPage>, Refusal> {
    hub.guard.ask(&peer.device)?;
    let Query(After { after }) = after.map_err(|_| bad("`after` must be the last cursor, a whole number"))?;
    Ok(Json(hub.storage.inbox(peer.device, after).await?))
}

async fn take_heartbeat(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<HeartbeatAnswer>, Refusal> {
    hub.guard.ask(&peer.device)?;
    let heartbeat: Heartbeat = read(&headers, &whole(body)?)?;
    peer.must_be(&heartbeat.device)?;
    let hash = &heartbeat.audit.hash;
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(bad("the audit head's hash is not 64 lower-case hex digits"));
    }
    if i64::try_from(heartbeat.audit.number).is_err() {
        return Err(bad("the audit head's number is beyond all chains"));
    }
    let hub_time = Timestamp::now();
    let known = hub.storage.heartbeat(heartbeat, hub_time).await?;
    if let Some(flag) = known.flag {
        tracing::warn!(device = peer.device, ?flag, "this device's audit chain does not go on from what it told before");
    }
    let answer = HeartbeatAnswer { hub_time, catalogue_version: known.catalogue, config_version: known.config, audit_flag: known.flag };
    Ok(Json(answer))
}

async fn check_account(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<AccountAnswer>, Refusal> {
    hub.guard.ask(&peer.device)?;
    let AccountCheck { person } = read(&headers, &whole(body)?)?;
    check_key(&person)?;
    if !hub.portal() {
        return Ok(Json(AccountAnswer { state: AccountState::Unverified, technical_id: None, person: None }));
    }
    let found = hub.storage.person(person).await?.filter(|person| person.technical_id.is_some());
    let state = if found.is_some() { AccountState::Exists } else { AccountState::Absent };
    tracing::info!(device = peer.device, ?state, "an account was checked");
    let (technical_id, person) = found.map_or((None, None), |person| (person.technical_id, Some(person.profile)));
    Ok(Json(AccountAnswer { state, technical_id, person }))
}

async fn search_papers(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PaperAnswer>, Refusal> {
    hub.guard.ask(&peer.device)?;
    let search: PaperSearch = read(&headers, &whole(body)?)?;
    check_key(&search.owner)?;
    if search.types.is_empty() || search.types.len() > MOST_TYPES {
        return Err(bad("ask for 1 to 50 types of paper"));
    }
    if search.types.iter().any(|code| code.contains('\0')) {
        return Err(bad("a type of paper has a character that no type has"));
    }
    let portal = hub.portal();
    let mut lines = Vec::new();
    for type_code in search.types {
        // R37: the province's own store first, the national one only for what is not there.
        let mut found = hub.storage.papers(search.owner.clone(), type_code.clone(), PaperSource::Hub).await?;
        if found.is_empty() && portal {
            found = hub.storage.papers(search.owner.clone(), type_code.clone(), PaperSource::Kho).await?;
        }
        lines.push(PaperLine { type_code, found });
    }
    tracing::info!(device = peer.device, types = lines.len(), "stored papers were searched");
    Ok(Json(PaperAnswer { lines, unasked: if portal { Vec::new() } else { vec![PaperSource::Kho] } }))
}

/// The platform that this hub plays takes every amount; its code is a transfer to an account that does not exist.
async fn ask_payment(
    State(hub): State<Arc<Hub>>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PaymentAnswer>, Refusal> {
    hub.guard.ask(&peer.device)?;
    let asked: PaymentRequest = read(&headers, &whole(body)?)?;
    let text = |text: &str, most: usize| (1..=most).contains(&text.chars().count()) && !text.contains('\0');
    if !text(&asked.code, 40) || !text(&asked.procedure, 20) || asked.amount_vnd == 0 {
        return Err(bad("the payment's code, procedure or amount has not its form"));
    }
    if !hub.portal() {
        let amount_vnd = asked.amount_vnd;
        return Ok(Json(PaymentAnswer { state: PaymentState::Away, amount_vnd, qr: None, transaction: None }));
    }
    let code = asked.code.clone();
    let payment = hub.storage.payment(peer.device.clone(), asked).await?.ok_or_else(crate::seal::other_device)?;
    let state = if payment.transaction.is_some() { PaymentState::Paid } else { PaymentState::Open };
    tracing::info!(device = peer.device, ?state, "a payment was asked about");
    let qr = (state == PaymentState::Open).then(|| vietqr("970400", "0000000000", payment.amount_vnd, &code));
    Ok(Json(PaymentAnswer { state, amount_vnd: payment.amount_vnd, qr, transaction: payment.transaction }))
}

/// What the schema says of keys and serde does not check; and PostgreSQL takes no zero character.
fn check_key(key: &PersonKey) -> Result<(), Refusal> {
    let good = match key {
        PersonKey::Citizen { name, .. } => !name.reveal().contains('\0'),
        PersonKey::Passport { number, name } => {
            let zero = number.reveal().contains('\0') || name.reveal().contains('\0');
            !zero && (1..=20).contains(&number.reveal().chars().count())
        }
        PersonKey::Organisation { tax_code } => {
            let plain = tax_code.reveal().as_bytes();
            let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
            match plain.len() {
                10 | 13 => digits(plain),
                14 => digits(&plain[..10]) && plain[10] == b'-' && digits(&plain[11..]),
                _ => false,
            }
        }
    };
    if good { Ok(()) } else { Err(bad("the person's number or name has not its form")) }
}

/// Sheds what is too much before it is read.
async fn limit(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    match hub.guard.enter() {
        Ok(_place) => next.run(request).await,
        Err(refusal) => {
            uploads::drain(request.into_body()).await;
            refusal.into_response()
        }
    }
}

/// Faults that do not care which request it is.
async fn bad_day(State(hub): State<Arc<Hub>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let status = hub.faults().take_status();
    if let Some((status, retry_after)) = status {
        uploads::drain(request.into_body()).await;
        return Refusal { retry_after, ..Refusal::new(status, "Test", "this answer was ordered by a test") }.into_response();
    }
    let lose = std::mem::take(&mut hub.faults().lose_response);
    let response = next.run(request).await;
    if lose {
        hub.cuts.cut(peer);
    }
    response
}
