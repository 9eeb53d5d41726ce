//! The real client against a small agent on a real unix socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

use axum::{
    Router,
    extract::{ConnectInfo, Query, State, connect_info::Connected},
    http::StatusCode,
    response::{IntoResponse as _, Response, sse},
    routing::{get, post},
    serve::IncomingStream,
};
use motcua_kiosk::{
    agent,
    face::{FromAgent, ToAgent},
    pictures::Detail,
    samples,
};
use motcua_model::{
    Language,
    api::{Action, ActionRequest, Screen, Snapshot},
};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::UnixListener, sync::watch, task::JoinHandle};
use tokio_stream::{StreamExt as _, wrappers::WatchStream};

/// Serves the snapshots it is given and keeps the actions it gets.
#[derive(Clone)]
struct Fake {
    now: watch::Sender<Snapshot>,
    actions: Arc<Mutex<Vec<ActionRequest>>>,
    /// The connection of each stream and of each action.
    streams: Arc<Mutex<Vec<Line>>>,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// One connection, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line(u64);

impl Connected<IncomingStream<'_, UnixListener>> for Line {
    fn connect_info(_: IncomingStream<'_, UnixListener>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Fake {
    fn new(first: Snapshot) -> Self {
        Self { now: watch::Sender::new(first), actions: Arc::default(), streams: Arc::default(), lines: Arc::default() }
    }

    fn serve(&self, socket: &Path) -> JoinHandle<()> {
        let _gone = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket).unwrap();
        let router = Router::new()
            .route("/v1/snapshots", get(snapshots))
            .route("/v1/actions", post(take_action))
            .route("/v1/pages/{id}", get(page))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router.into_make_service_with_connect_info::<Line>()).await.unwrap() })
    }
}

async fn snapshots(State(fake): State<Fake>, ConnectInfo(line): ConnectInfo<Line>) -> Response {
    fake.streams.lock().unwrap().push(line);
    let stream = WatchStream::new(fake.now.subscribe()).map(|s| sse::Event::default().json_data(s));
    sse::Sse::new(stream).keep_alive(sse::KeepAlive::default()).into_response()
}

async fn take_action(
    State(fake): State<Fake>,
    ConnectInfo(line): ConnectInfo<Line>,
    axum::Json(request): axum::Json<ActionRequest>,
) -> StatusCode {
    fake.lines.lock().unwrap().push(line);
    if request.step != fake.now.borrow().step {
        return StatusCode::CONFLICT;
    }
    fake.actions.lock().unwrap().push(request);
    StatusCode::NO_CONTENT
}

async fn page(Query(wanted): Query<HashMap<String, u32>>) -> Response {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(wanted["width"], 30, image::Rgb([250, 250, 250])).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    ([("content-type", "image/jpeg")], jpeg.into_inner()).into_response()
}

async fn next(link: &mut agent::Link) -> FromAgent {
    tokio::time::timeout(Duration::from_secs(20), link.receive.recv())
        .await
        .expect("the client says nothing")
        .expect("the client has ended")
}

async fn next_step(link: &mut agent::Link) -> u64 {
    loop {
        if let FromAgent::Snapshot(snapshot) = next(link).await {
            return snapshot.step;
        }
    }
}

fn snapshot(step: u64, screen: Screen) -> Snapshot {
    Snapshot { step, ..samples::snapshot(screen, Language::Vi) }
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_come_actions_go_and_pictures_are_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let fake = Fake::new(snapshot(1, Screen::Notice));
    let server = fake.serve(&socket);
    let mut link = agent::connect(&socket).unwrap();
    assert_eq!(next_step(&mut link).await, 1);

    link.send.send(ToAgent::Act(ActionRequest { step: 99, action: Action::Agree })).unwrap();
    link.send.send(ToAgent::Act(ActionRequest { step: 1, action: Action::Agree })).unwrap();
    let id = samples::page_id(1);
    link.send.send(ToAgent::Page(id, Detail::Large, 21)).unwrap();
    let FromAgent::Page(got, detail, picture) = next(&mut link).await else { panic!("no picture") };
    assert_eq!((got, detail, picture.width(), picture.height()), (id, Detail::Large, 21, 30));
    // The picture was asked for after the actions, and wishes are fulfilled in order.
    assert_eq!(*fake.actions.lock().unwrap(), [ActionRequest { step: 1, action: Action::Agree }]);

    fake.now.send_replace(snapshot(2, Screen::LookUp));
    assert_eq!(next_step(&mut link).await, 2);
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_comes_late_or_restarts_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let mut link = agent::connect(&socket).unwrap();
    assert!(matches!(next(&mut link).await, FromAgent::Lost));
    for step in [5, 6] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let guard = runtime.enter();
        let _server = Fake::new(snapshot(step, Screen::Notice)).serve(&socket);
        drop(guard);
        assert_eq!(next_step(&mut link).await, step);
        // All its connections die with it, as with a killed process.
        runtime.shutdown_background();
        assert!(matches!(next(&mut link).await, FromAgent::Lost));
    }
}

/// What is read or written lies in a connection's buffers as long as it stands.
#[tokio::test(flavor = "multi_thread")]
async fn no_connection_outlives_what_it_carried_of_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let waiting = || Screen::Waiting { services: Vec::new(), unfinished: false };
    let fake = Fake::new(snapshot(1, waiting()));
    let server = fake.serve(&socket);
    let mut link = agent::connect(&socket).unwrap();
    for (step, screen) in [(2, Screen::Notice), (3, Screen::LookUp)] {
        while next_step(&mut link).await != step - 1 {}
        fake.now.send_replace(snapshot(step, screen));
    }
    while next_step(&mut link).await != 3 {}
    for _ in 0..2 {
        link.send.send(ToAgent::Act(ActionRequest { step: 3, action: Action::Touch })).unwrap();
    }
    link.send.send(ToAgent::Page(samples::page_id(1), Detail::Small, 21)).unwrap();
    while !matches!(next(&mut link).await, FromAgent::Page(..)) {}
    let lines = fake.lines.lock().unwrap().clone();
    assert!(lines.len() == 2 && lines[0] != lines[1], "each touch on a connection of its own: {lines:?}");
    assert_eq!(fake.streams.lock().unwrap().len(), 1, "one stream for the whole visit");

    fake.now.send_replace(snapshot(4, waiting()));
    // The new stream tells the same once more.
    while next_step(&mut link).await != 4 {}
    while next_step(&mut link).await != 4 {}
    let streams = fake.streams.lock().unwrap().clone();
    assert!(streams.len() == 2 && streams[0] != streams[1], "a new stream after the visit: {streams:?}");
    server.abort();
}
