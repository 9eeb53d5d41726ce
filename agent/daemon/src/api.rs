//! The local API on a unix socket: only root, the agent's own user and those listed may speak.

use crate::{
    carry,
    input::{Input, Inputs},
    openapi, technician,
    worker::Storage,
};
use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, Query, Request, State, connect_info::Connected},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{
        IntoResponse, Response,
        sse::{KeepAlive, Sse},
    },
    routing::{get, post},
    serve::{IncomingStream, Listener},
};
use futures_util::{Stream, StreamExt as _};
use motcua_model::{
    api::{ActionRequest, AgentStatus, Snapshot},
    config::{Config, Hub, Office},
    hub::Problem,
};
use serde::Deserialize;
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::PathBuf,
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::{Notify, oneshot, watch},
};
use tokio_stream::wrappers::WatchStream;
use uuid::Uuid;

/// How long a stranger's first words are waited for.
const REFUSAL: std::time::Duration = std::time::Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) inputs: Inputs,
    snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(crate) storage: Option<Storage>,
    pub(crate) wake_forwarder: Arc<Notify>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) office: Arc<Office>,
    pub(crate) state: PathBuf,
    /// The agent's own user.
    own: u32,
}

/// Who is at the other end, by the kernel's word.
#[derive(Clone, Copy)]
struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, CheckedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, CheckedListener>) -> Self {
        Self(stream.io().peer_cred().ok().map(|peer| peer.uid()))
    }
}

/// The socket; removed when dropped.
pub(crate) struct Served(PathBuf);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Starts the API; from then on the screen can connect.
pub(crate) async fn serve(
    config: &Config,
    inputs: Inputs,
    snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    storage: Option<Storage>,
    wake_forwarder: Arc<Notify>,
) -> anyhow::Result<Served> {
    let socket = &config.api.socket;
    let listener = bind(socket).await?;
    let own = fs::metadata("/proc/self").context("Unable to learn the agent's own user id")?.uid();
    let allowed = [0, own].into_iter().chain(config.api.uids.iter().copied()).collect();
    let (hub, office, state) = (Arc::new(config.hub.clone()), Arc::new(config.office.clone()), config.paths.state.clone());
    let app = router(Api { inputs, snapshots, storage, wake_forwarder, hub, office, state, own });
    let app = app.into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move { axum::serve(CheckedListener { listener, allowed }, app).await });
    Ok(Served(socket.clone()))
}

async fn bind(socket: &PathBuf) -> anyhow::Result<UnixListener> {
    if let Some(folder) = socket.parent() {
        fs::create_dir_all(folder).with_context(|| format!("Unable to make the folder {}", folder.display()))?;
    }
    if UnixStream::connect(socket).await.is_ok() {
        anyhow::bail!("another agent answers on {}; stop it first", socket.display());
    }
    // What is left is the socket of an agent that was killed.
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).with_context(|| format!("Unable to listen on {}", socket.display()))?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o660)).with_context(|| format!("Unable to protect {}", socket.display()))?;
    Ok(listener)
}

fn router(api: Api) -> Router {
    let technicians = Router::new()
        .route("/v1/audit", get(technician::audit))
        .route("/v1/backup", get(technician::backup))
        .route("/v1/backup/restore", post(technician::restore))
        .route("/v1/outbox/retry", post(technician::retry))
        .route("/v1/outbox/export", post(carry::export))
        .route("/v1/outbox/receipt", post(carry::receipt))
        .route("/v1/outbox/{id}", get(technician::outbox_detail))
        .route("/v1/person/export", post(technician::export))
        .route("/v1/person/files/{id}", get(technician::file))
        .route("/v1/person/correct", post(technician::correct))
        .route("/v1/person/erase", post(technician::erase))
        .route_layer(middleware::from_fn_with_state(api.clone(), no_screen));
    Router::new()
        .merge(technicians)
        .route("/v1/snapshots", get(snapshots))
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/actions", post(act))
        .route("/v1/pages/{id}", get(page))
        .route("/v1/status", get(status))
        .route("/v1/metrics", get(technician::metrics))
        .route("/v1/openapi.json", get(|| async { Json(openapi::document()) }))
        .with_state(api)
}

/// The screen's user may show and touch, and no more: a screen that somebody has broken out of must not hand out people's data.
async fn no_screen(State(api): State<Api>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next) -> Response {
    match peer.0 {
        Some(uid) if uid == 0 || uid == api.own => next.run(request).await,
        Some(_) | None => {
            problem(StatusCode::FORBIDDEN, "not for this user", "run it as root or as the agent's user: sudo -u motcua motcua …")
        }
    }
}

/// Accepts only peers whose user the kernel vouches for.
struct CheckedListener {
    listener: UnixListener,
    allowed: Vec<u32>,
}

impl Listener for CheckedListener {
    type Io = UnixStream;
    type Addr = tokio::net::unix::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            match stream.peer_cred() {
                Ok(peer) if self.allowed.contains(&peer.uid()) => return (stream, address),
                Ok(peer) => tracing::warn!(uid = peer.uid(), "refused on the local socket; list the user in api.uids if it may speak"),
                Err(error) => tracing::warn!("refused on the local socket: {error}"),
            }
            tokio::spawn(refuse(stream));
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// Answers 403. The request is waited for first: a client whose connection closes under its first words reports "no connection"
/// and hides the reason.
async fn refuse(mut stream: UnixStream) {
    let _ = tokio::time::timeout(REFUSAL, stream.read(&mut [0; 1024])).await;
    let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
}

async fn snapshots(State(api): State<Api>) -> Sse<impl Stream<Item = Result<axum::response::sse::Event, axum::Error>>> {
    let stream = WatchStream::new(api.snapshots)
        .filter_map(|snapshot| async move { snapshot })
        .map(|snapshot| axum::response::sse::Event::default().json_data(&*snapshot));
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn snapshot(State(api): State<Api>) -> Response {
    let now = api.snapshots.borrow().clone();
    match now {
        Some(snapshot) => Json(&*snapshot).into_response(),
        None => problem(StatusCode::SERVICE_UNAVAILABLE, "starting", "ask again in a second"),
    }
}

async fn act(State(api): State<Api>, Json(request): Json<ActionRequest>) -> Response {
    let (answer, answered) = oneshot::channel();
    let _ = api.inputs.send(Input::Action(request, answer)).await;
    match answered.await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => problem(StatusCode::CONFLICT, "the screen has moved on", "take the present snapshot and quote its step"),
        Err(_) => stopping(),
    }
}

#[derive(Deserialize)]
struct PageQuery {
    width: Option<u32>,
}

async fn page(State(api): State<Api>, Path(id): Path<Uuid>, Query(query): Query<PageQuery>) -> Response {
    let (answer, answered) = oneshot::channel();
    let _ = api.inputs.send(Input::MayShowPage(id, answer)).await;
    let (true, Some(storage)) = (answered.await.unwrap_or(false), api.storage) else {
        return problem(StatusCode::NOT_FOUND, "no such page", "only pages of the present visit are shown");
    };
    let width = query.width.unwrap_or(600).clamp(50, 2000);
    match thumbnail(&storage, id, width).await {
        Ok(jpeg) => ([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")], jpeg).into_response(),
        Err(error) => {
            tracing::warn!("page not shown: {error:#}");
            problem(StatusCode::NOT_FOUND, "the page cannot be shown", "scan it again")
        }
    }
}

async fn thumbnail(storage: &Storage, id: Uuid, width: u32) -> anyhow::Result<Vec<u8>> {
    let jpeg = storage.file(id).await?;
    Ok(tokio::task::spawn_blocking(move || motcua_digitise::thumbnail(&jpeg, width)).await??)
}

/// What the loop knows by itself; none while the agent stops.
pub(crate) async fn live_status(inputs: &Inputs) -> Option<AgentStatus> {
    let (answer, answered) = oneshot::channel();
    let _ = inputs.send(Input::Status(answer)).await;
    answered.await.ok()
}

/// Status with outbox and counts: also what the console shows.
pub(crate) async fn full_status(inputs: &Inputs, storage: Option<&Storage>) -> Option<AgentStatus> {
    let mut status = live_status(inputs).await?;
    if let Some(storage) = storage {
        match storage.read(|s| Ok((s.outbox()?, s.counts()?))).await {
            Ok((outbox, dossiers)) => (status.outbox, status.dossiers) = (outbox, dossiers),
            Err(error) => tracing::error!("the store does not answer: {error:#}"),
        }
    }
    Some(status)
}

async fn status(State(api): State<Api>) -> Response {
    match full_status(&api.inputs, api.storage.as_ref()).await {
        Some(status) => Json(status).into_response(),
        None => stopping(),
    }
}

pub(crate) fn stopping() -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "the agent is stopping", "ask again after its start")
}

pub(crate) fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = Problem { status: status.as_u16(), title: title.to_owned(), detail: detail.to_owned() };
    (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(body)).into_response()
}
