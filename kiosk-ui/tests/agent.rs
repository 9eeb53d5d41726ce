//! The real client against a small agent on a real unix socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests stand outside the test functions")]

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response, sse},
    routing::{get, post},
};
use motcua_kiosk::{
    agent,
    face::{FromAgent, ToAgent},
    samples,
};
use motcua_model::{
    Language,
    api::{Action, ActionRequest, Screen, Snapshot},
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::UnixListener, sync::watch, task::JoinHandle};
use tokio_stream::{StreamExt as _, wrappers::WatchStream};

/// Serves the snapshots it is given and keeps the actions it gets.
#[derive(Clone)]
struct Fake {
    now: watch::Sender<Snapshot>,
    actions: Arc<Mutex<Vec<ActionRequest>>>,
}

impl Fake {
    fn new(first: Snapshot) -> Self {
        Self { now: watch::Sender::new(first), actions: Arc::default() }
    }

    fn serve(&self, socket: &Path) -> JoinHandle<()> {
        let _gone = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket).unwrap();
        let router = Router::new()
            .route("/v1/snapshots", get(snapshots))
            .route("/v1/actions", post(take_action))
            .route("/v1/pages/{id}", get(page))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
    }
}

async fn snapshots(State(fake): State<Fake>) -> Response {
    let stream = WatchStream::new(fake.now.subscribe()).map(|s| sse::Event::default().json_data(s));
    sse::Sse::new(stream).keep_alive(sse::KeepAlive::default()).into_response()
}

async fn take_action(State(fake): State<Fake>, axum::Json(request): axum::Json<ActionRequest>) -> StatusCode {
    if request.step != fake.now.borrow().step {
        return StatusCode::CONFLICT;
    }
    fake.actions.lock().unwrap().push(request);
    StatusCode::NO_CONTENT
}

async fn page() -> Response {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(21, 30, image::Rgb([250, 250, 250])).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
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
    link.send.send(ToAgent::Page(id)).unwrap();
    let FromAgent::Page(got, picture) = next(&mut link).await else { panic!("no picture") };
    assert_eq!((got, picture.width(), picture.height()), (id, 21, 30));
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
