//! A cancelled scan ends within a second, whatever it waits for, and leaves no job behind. With the time-outs of the product.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use motcua_drivers::scanner::{BatchEnd, Colour, Escl, ScanSettings, Source};
use motcua_sim::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};

const SIMPLEX: ScanSettings = ScanSettings { source: Source::Feeder { duplex: false }, dpi: 300, colour: Colour::Rgb24 };

/// A scanner that keeps silent at one request.
struct Silent {
    at: &'static str,
    asked: Notify,
    deleted: Notify,
}

async fn answer(State(silent): State<Arc<Silent>>, method: Method, uri: Uri) -> Response {
    let request = format!("{method} {}", uri.path().rsplit('/').next().unwrap());
    if request == silent.at {
        silent.asked.notify_one();
        // Not for ever: a job that opens after the cancel must be deleted too.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    match request.as_str() {
        "GET ScannerCapabilities" => {
            "<ScannerCapabilities><MakeAndModel>S</MakeAndModel><AdfSimplexInputCaps/></ScannerCapabilities>".into_response()
        }
        "GET ScannerStatus" => "<ScannerStatus><State>Idle</State><AdfState>ScannerAdfLoaded</AdfState></ScannerStatus>".into_response(),
        "POST ScanJobs" => (StatusCode::CREATED, [(header::LOCATION, "/eSCL/ScanJobs/j1")]).into_response(),
        "DELETE j1" => {
            silent.deleted.notify_one();
            StatusCode::OK.into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Starts a scan, cancels it when `ready` is done, and checks how it ends.
async fn cancelled(scanner: Escl, ready: impl Future<Output = ()>) {
    let (events, _arrived) = mpsc::channel(64);
    let (cancel, listens) = watch::channel(false);
    let scan = tokio::spawn(async move { scanner.scan(&SIMPLEX, events, listens).await });
    tokio::time::timeout(Duration::from_secs(20), ready).await.unwrap();
    let started = Instant::now();
    cancel.send(true).unwrap();
    assert_eq!(scan.await.unwrap(), Ok(BatchEnd::Cancelled { pages: 0 }));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

async fn cancelled_at(at: &'static str, job_open: bool) {
    let silent = Arc::new(Silent { at, asked: Notify::new(), deleted: Notify::new() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/eSCL", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback(answer).with_state(Arc::clone(&silent))).into_future());
    cancelled(Escl::new(&url).unwrap(), silent.asked.notified()).await;
    if job_open {
        tokio::time::timeout(Duration::from_secs(20), silent.deleted.notified()).await.expect("the job must be deleted");
    }
    server.abort();
}

#[tokio::test]
async fn before_the_job() {
    cancelled_at("GET ScannerCapabilities", false).await;
    cancelled_at("GET ScannerStatus", false).await;
}

#[tokio::test]
async fn while_the_job_opens() {
    cancelled_at("POST ScanJobs", true).await;
}

#[tokio::test]
async fn while_a_page_is_awaited() {
    cancelled_at("GET NextDocument", true).await;
}

#[tokio::test]
async fn between_two_questions_whether_the_page_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let sim = common::simulator(folder.path()).await;
    sim.command(Command::LoadSheets(1)).await.unwrap();
    sim.command(Command::NotReady(u32::MAX)).await.unwrap();
    let scanner = Escl::new(&sim.ports().escl_url).unwrap();
    cancelled(scanner, async { while !sim.state().await.scanning {} }).await;
    assert_eq!(sim.state().await.jobs_deleted, 1);
}

#[tokio::test]
async fn in_the_middle_of_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let sim = common::simulator(folder.path()).await;
    sim.command(Command::LoadSheets(1)).await.unwrap();
    sim.command(Command::Stall(1)).await.unwrap();
    let scanner = Escl::new(&sim.ports().escl_url).unwrap();
    let (events, mut arrived) = mpsc::channel(64);
    let (cancel, listens) = watch::channel(false);
    let scan = tokio::spawn(async move { scanner.scan(&SIMPLEX, events, listens).await });
    // Half of the page is there; the rest never comes.
    tokio::time::timeout(Duration::from_secs(20), arrived.recv()).await.unwrap().unwrap();
    let started = Instant::now();
    cancel.send(true).unwrap();
    assert_eq!(scan.await.unwrap(), Ok(BatchEnd::Cancelled { pages: 0 }));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(sim.state().await.jobs_deleted, 1);
}

#[tokio::test]
async fn while_a_named_scanner_is_searched() {
    let scanner = Escl::new(&format!("dnssd:nobody {}", std::process::id())).unwrap();
    cancelled(scanner, tokio::time::sleep(Duration::from_millis(100))).await;
}
