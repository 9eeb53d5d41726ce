//! TLS, routes, and who is asking.

use crate::{
    archive::{Archive, Seal, other_device},
    cut::{CutAcceptor, Cuts},
    faults::Faults,
    pki,
    problem::Refusal,
    uploads,
};
use anyhow::{Context as _, Result, ensure};
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, Query, Request, State},
    http::{HeaderMap, StatusCode, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, head, options, post},
};
use axum_server::{
    Handle,
    tls::TlsInfo,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use jiff::Timestamp;
use motcua_model::hub::{Inbox, Message, MessageBody, MessageState};
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde::Deserialize;
use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// A message is a record, not its files.
const LONGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// How to run a hub.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that [`pki::init`] made.
    pub dir: PathBuf,
    /// Where devices connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Mã định danh of the office, first part of every official code.
    pub agency: String,
    /// A plain port for `POST /test/faults`. Loopback only; none in any real use.
    pub test_listen: Option<SocketAddr>,
}

/// A hub at work.
pub struct Running {
    /// Where devices connect.
    pub addr: SocketAddr,
    /// Where faults are ordered.
    pub test_addr: Option<SocketAddr>,
    hub: Arc<Hub>,
    servers: Vec<(Handle<SocketAddr>, JoinHandle<std::io::Result<()>>)>,
}

/// Starts a hub and returns as soon as it listens.
pub async fn start(options: Options) -> Result<Running> {
    ensure!(
        motcua_model::code::is_agency(&options.agency),
        "`{}` is not a mã định danh of an office, such as H15.50.05; give another --agency",
        options.agency
    );
    let hub = Arc::new(Hub {
        archive: Archive::open(&options.dir)?,
        seal: Seal { key: pki::receipt_key(&options.dir)?, agency: options.agency },
        faults: Mutex::default(),
        cuts: Cuts::default(),
        locks: Mutex::default(),
    });
    let listener = bind(options.listen)?;
    let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(tls(&options.dir)?))).acceptor(CutAcceptor(hub.cuts.clone()));
    let handle = Handle::new();
    let server = axum_server::from_tcp(listener)?.acceptor(acceptor).handle(handle.clone());
    let service = routes(Arc::clone(&hub)).into_make_service_with_connect_info::<SocketAddr>();
    let mut servers = vec![(handle, tokio::spawn(server.serve(service)))];
    if let Some(address) = options.test_listen {
        ensure!(address.ip().is_loopback(), "the test port must be on the loopback address, not {address}");
        let handle = Handle::new();
        let server = axum_server::from_tcp(bind(address)?)?.handle(handle.clone());
        let routes = Router::new().route("/test/faults", post(order_faults)).with_state(Arc::clone(&hub));
        servers.push((handle, tokio::spawn(server.serve(routes.into_make_service()))));
    }
    let mut addresses = Vec::new();
    for (handle, _) in &servers {
        addresses.push(handle.listening().await.context("the hub does not listen")?);
    }
    let addr = *addresses.first().context("the hub does not listen")?;
    Ok(Running { addr, test_addr: addresses.get(1).copied(), hub, servers })
}

impl Running {
    /// Orders faults, as `POST /test/faults` does.
    pub fn set_faults(&self, faults: Faults) {
        *self.hub.faults() = faults;
    }

    /// Ends at once, with every connection, and waits until nothing runs any more.
    pub async fn kill(self) {
        for (handle, server) in self.servers {
            handle.shutdown();
            // It ended because it was told to.
            let _ = server.await;
            while handle.connection_count() > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// Takes no new connection, gives requests under way 3 s, ends.
    pub async fn stop(self) {
        for (handle, server) in self.servers {
            handle.graceful_shutdown(Some(Duration::from_secs(3)));
            let _ = server.await;
        }
    }
}

/// What the handlers share.
pub(crate) struct Hub {
    pub(crate) archive: Archive,
    pub(crate) cuts: Cuts,
    seal: Seal,
    faults: Mutex<Faults>,
    locks: Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>,
}

impl Hub {
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One writer per file at a time.
    pub(crate) fn upload_lock(&self, file: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(file).or_default())
    }
}

/// The device behind a connection, by the common name of the certificate that TLS has verified.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) device: String,
    pub(crate) address: SocketAddr,
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let nobody = || Refusal::new(401, "No device", "the certificate names no device; enrol the device again");
        let Extension(info) = Extension::<Arc<TlsInfo>>::from_request_parts(parts, state).await.map_err(|_| nobody())?;
        let ConnectInfo(address) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(|_| nobody())?;
        let device = info.peer_certificates.first().and_then(|der| common_name(der)).ok_or_else(nobody)?;
        Ok(Self { device, address })
    }
}

fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

/// Runs disk work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Refusal::from(anyhow::Error::new(e)))?
}

fn routes(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/v1/messages", post(take_message))
        .route("/v1/uploads", post(uploads::create).options(uploads::options))
        .route("/v1/uploads/{message}/{file}", head(uploads::head).patch(uploads::patch).merge(options(uploads::options)))
        .route("/v1/inbox", get(read_inbox))
        .route("/v1/health", get(async || StatusCode::NO_CONTENT))
        .fallback(async || Refusal::new(404, "Unknown", "the hub has no such address"))
        .layer(middleware::from_fn_with_state(Arc::clone(&hub), bad_day))
        .layer(DefaultBodyLimit::max(LONGEST_MESSAGE))
        .with_state(hub)
}

async fn take_message(State(hub): State<Arc<Hub>>, peer: Peer, headers: HeaderMap, body: Bytes) -> Result<Json<MessageState>, Refusal> {
    let bad = |title: &str, detail: &str| Refusal::new(400, title, detail);
    let key = headers.get("Idempotency-Key").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<Uuid>().ok());
    let key = key.ok_or_else(|| bad("Bad key", "send the message's id as Idempotency-Key"))?;
    let message: Message = serde_json::from_slice(&body)
        .map_err(|e| bad("Bad message", &format!("the body is not a message at line {} column {}", e.line(), e.column())))?;
    let inner = match &message.body {
        MessageBody::Dossier(dossier) => dossier.id,
        MessageBody::Handover(handover) => handover.id,
    };
    if key != message.id || inner != message.id {
        return Err(bad("Bad key", "Idempotency-Key, the message's id and its record's id must be one"));
    }
    if message.device != peer.device {
        return Err(other_device());
    }
    let address = peer.address;
    let worker = Arc::clone(&hub);
    let mut state = blocking(move || worker.archive.take(&peer.device, &message, &body, &worker.seal, Timestamp::now())).await?;
    if let Some(receipt) = &mut state.receipt
        && std::mem::take(&mut hub.faults().bad_receipt)
    {
        receipt.receipt.push(' ');
    }
    if state.receipt.is_some() && std::mem::take(&mut hub.faults().lose_receipt) {
        hub.cuts.cut(address);
    }
    Ok(Json(state))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn read_inbox(State(hub): State<Arc<Hub>>, peer: Peer, Query(After { after }): Query<After>) -> Result<Json<Inbox>, Refusal> {
    let inbox = blocking(move || Ok(hub.archive.inbox(&peer.device, after)?)).await?;
    Ok(Json(inbox))
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

async fn order_faults(State(hub): State<Arc<Hub>>, Json(faults): Json<Faults>) -> StatusCode {
    *hub.faults() = faults;
    StatusCode::NO_CONTENT
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}; is another hub running there?"))
}

fn tls(dir: &Path) -> Result<ServerConfig> {
    let certificates = |name: &str| -> Result<Vec<CertificateDer<'static>>> {
        let pem = pki::read(&dir.join(name))?;
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().with_context(|| format!("{name} is not a certificate"))
    };
    let mut roots = RootCertStore::empty();
    for ca in certificates("ca.pem")? {
        roots.add(ca).context("ca.pem is not usable")?;
    }
    let key = PrivateKeyDer::from_pem_slice(pki::read(&dir.join("server.key"))?.as_bytes()).context("server.key is not a private key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates("server.pem")?, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
