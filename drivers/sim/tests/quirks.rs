//! What real eSCL scanners do differently, scripted: the driver must neither lose a page nor leak a job.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use motcua_drivers::scanner::{BatchEnd, Colour, Escl, ScanEvent, ScanFailure, ScanSettings, Source, Timing};
use motcua_drivers::{DeviceError, Human};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A page, as small as it can be.
fn jpeg() -> Vec<u8> {
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg).encode(&[200], 1, 1, image::ExtendedColorType::L8).unwrap();
    jpeg
}

/// One answer to `NextDocument`.
#[derive(Clone, Copy)]
enum Next {
    Page,
    Code(u16),
    Body(&'static [u8]),
}

/// A scanner that says what it is told to say. The last status stays.
#[derive(Default)]
struct Script {
    model: &'static str,
    capacity: u32,
    server: &'static str,
    location: &'static str,
    /// Feeder and state of the job `j1`, in the order of asking.
    statuses: VecDeque<(&'static str, &'static str)>,
    documents: VecDeque<Next>,
    /// State of the unit; "Idle" when empty.
    state: &'static str,
    seen: Vec<String>,
}

type Shared = Arc<Mutex<Script>>;

async fn answer(State(script): State<Shared>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let mut script = script.lock().unwrap();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    script.seen.push(format!("{method} {} {}", uri.path(), if host == "localhost" { host } else { "" }).trim_end().to_owned());
    let server = [(header::SERVER, script.server)];
    match (method.as_str(), uri.path()) {
        ("GET", "/eSCL/ScannerCapabilities") => {
            let (model, capacity) = (script.model, script.capacity);
            format!(
                "<ScannerCapabilities><MakeAndModel>{model}</MakeAndModel><AdfSimplexInputCaps/><FeederCapacity>{capacity}</FeederCapacity>\
                 </ScannerCapabilities>"
            )
            .into_response()
        }
        ("GET", "/eSCL/ScannerStatus") => {
            let state = if script.state.is_empty() { "Idle" } else { script.state };
            let (adf, job) = if script.statuses.len() > 1 { script.statuses.pop_front().unwrap() } else { script.statuses[0] };
            let jobs = match job {
                "" => String::new(),
                state => format!("<JobInfo><JobUri>/eSCL/ScanJobs/j1</JobUri><JobState>{state}</JobState></JobInfo>"),
            };
            let status = format!("<ScannerStatus><State>{state}</State><AdfState>{adf}</AdfState><Jobs>{jobs}</Jobs></ScannerStatus>");
            (server, status).into_response()
        }
        ("POST", "/eSCL/ScanJobs") => (StatusCode::CREATED, [(header::LOCATION, script.location)]).into_response(),
        ("GET", "/eSCL/ScanJobs/j1/NextDocument") => match script.documents.pop_front().unwrap_or(Next::Code(404)) {
            Next::Page => jpeg().into_response(),
            Next::Body(bytes) => bytes.into_response(),
            Next::Code(code) => StatusCode::from_u16(code).unwrap().into_response(),
        },
        ("DELETE", "/eSCL/ScanJobs/j1") => StatusCode::OK.into_response(),
        _ => StatusCode::IM_A_TEAPOT.into_response(),
    }
}

/// Scans with the script; returns the end and the requests in order.
async fn scan(script: Script) -> (Result<BatchEnd, ScanFailure>, Vec<String>) {
    let model = script.model;
    let location = if script.location.is_empty() { "/eSCL/ScanJobs/j1" } else { script.location };
    let script = Arc::new(Mutex::new(Script { location, ..script }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/eSCL/", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback(answer).with_state(Arc::clone(&script))).into_future());
    let timing = Timing { pause: Duration::from_millis(10), ..Timing::default() };
    let (pages, mut received) = mpsc::channel(64);
    let (_cancel, cancelled) = watch::channel(false);
    let settings = ScanSettings { source: Source::Feeder { duplex: false }, dpi: 300, colour: Colour::Rgb24 };
    let end = Escl::with_timing(&url, timing).unwrap().scan(&settings, pages, cancelled).await;
    let mut count = 0;
    while let Some(event) = received.recv().await {
        count += u32::from(matches!(event, ScanEvent::Page(_)));
    }
    assert_eq!(
        count,
        match &end {
            Ok(BatchEnd::Complete { pages } | BatchEnd::Cancelled { pages }) => *pages,
            Err(failure) => failure.pages,
        }
    );
    server.abort();
    let seen = std::mem::take(&mut script.lock().unwrap().seen);
    let count = |start: &str| seen.iter().filter(|request| request.starts_with(start)).count();
    if !model.starts_with("Xerox B2") {
        assert_eq!(count("POST"), count("DELETE"), "every job is deleted: {seen:?}");
    }
    (end, seen)
}

const LOADED: (&str, &str) = ("ScannerAdfLoaded", "");

#[tokio::test]
async fn only_the_path_of_a_location_counts() {
    for location in ["http://BRW0080.local:80/eSCL/ScanJobs/j1", "http://[fe80::1/eSCL/ScanJobs/j1", "/eSCL/ScanJobs/j1/"] {
        let statuses = [LOADED, ("ScannerAdfEmpty", "Completed")].into();
        let (end, _) = scan(Script { location, statuses, documents: [Next::Page].into(), ..Script::default() }).await;
        assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }), "{location}");
    }
}

#[tokio::test]
async fn a_brother_that_was_asked_too_early_still_gives_its_last_page() {
    let statuses = [LOADED, ("ScannerAdfEmpty", "Processing"), ("ScannerAdfEmpty", "Completed")].into();
    let documents = [Next::Page, Next::Code(404), Next::Page].into();
    let (end, _) = scan(Script { model: "Brother MFC-L2750DW", statuses, documents, ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
}

#[tokio::test]
async fn a_workcentre_jam_on_an_empty_feeder_is_an_empty_feeder() {
    let script = |model| Script { model, statuses: [("ScannerAdfJam", "")].into(), ..Script::default() };
    let (end, _) = scan(script("Xerox WorkCentre 3345")).await;
    assert_eq!(end.unwrap_err().error, DeviceError::NeedsHuman(Human::FeederEmpty));
    let (end, _) = scan(script("Other 1")).await;
    assert_eq!(end.unwrap_err().error, DeviceError::NeedsHuman(Human::Jam));
}

#[tokio::test]
async fn an_airsane_that_still_tells_of_the_last_batch_is_asked_again() {
    let statuses = [("ScannerAdfEmpty", ""), LOADED, ("ScannerAdfLoaded", "Completed")].into();
    let (end, _) = scan(Script { statuses, documents: [Next::Page].into(), ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }));
}

#[tokio::test]
async fn hp_compact_servers_want_to_be_localhost() {
    let statuses = [LOADED, ("ScannerAdfEmpty", "Completed")].into();
    let (end, seen) = scan(Script { server: "HP_Compact_Server", statuses, documents: [Next::Page].into(), ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }));
    assert!(seen.contains(&"POST /eSCL/ScanJobs localhost".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn a_feeder_of_one_sheet_gets_a_job_for_each() {
    let statuses =
        [LOADED, ("ScannerAdfLoaded", "Completed"), LOADED, LOADED, ("ScannerAdfEmpty", "Completed"), ("ScannerAdfEmpty", "")].into();
    let documents = [Next::Page, Next::Code(404), Next::Page, Next::Code(404)].into();
    let (end, seen) = scan(Script { capacity: 1, statuses, documents, ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
    assert_eq!(seen.iter().filter(|request| request.starts_with("POST")).count(), 2);
}

#[tokio::test]
async fn no_word_about_the_end_means_count_the_pages() {
    let statuses = [LOADED, ("ScannerAdfLoaded", "Processing")].into();
    for code in [404, 410, 500] {
        let documents = std::iter::once(Next::Page).chain(std::iter::repeat_n(Next::Code(code), 50)).collect();
        let statuses: &VecDeque<_> = &statuses;
        let (end, _) = scan(Script { statuses: statuses.clone(), documents, ..Script::default() }).await;
        let failure = end.unwrap_err();
        assert!(failure.unsure && failure.pages == 1, "{failure:?}");
    }
}

#[tokio::test]
async fn a_scanner_that_forgets_its_jobs_is_believed_when_the_feeder_is_empty() {
    let statuses = [LOADED, ("ScannerAdfEmpty", "")].into();
    let (end, _) = scan(Script { statuses, documents: [Next::Page, Next::Page].into(), ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
}

#[tokio::test]
async fn the_last_sheet_in_the_path_is_waited_for_while_the_unit_works() {
    let statuses = [LOADED, ("ScannerAdfEmpty", "Processing")].into();
    let documents = [Next::Page, Next::Code(404), Next::Code(404), Next::Code(404), Next::Page].into();
    let (end, _) = scan(Script { state: "Processing", statuses, documents, ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 2 }));
}

#[tokio::test]
async fn a_xerox_b205_is_asked_again_after_404_and_410_and_not_told_to_delete_what_has_ended() {
    let empty = ("ScannerAdfEmpty", "Processing");
    let mut statuses: VecDeque<_> = std::iter::once(LOADED).chain(std::iter::repeat_n(empty, 17)).collect();
    statuses.push_back(("ScannerAdfEmpty", "Completed"));
    let early = [Next::Code(404), Next::Code(410)].repeat(8);
    let documents = early.into_iter().chain([Next::Page, Next::Code(404), Next::Code(404)]).collect();
    let location = "http://[fe80::9e93:4eff:feaf/eSCL/ScanJobs/j1";
    let (end, seen) = scan(Script { model: "Xerox B205", location, statuses, documents, ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }));
    assert!(!seen.iter().any(|request| request.starts_with("DELETE")), "{seen:?}");
}

#[tokio::test]
async fn the_two_hp_models_that_hide_their_server_want_to_be_localhost_too() {
    for model in ["HP LaserJet MFP M630", "HP Color LaserJet FlowMFP M578"] {
        let statuses = [LOADED, ("ScannerAdfEmpty", "Completed")].into();
        let (_, seen) = scan(Script { model, statuses, documents: [Next::Page].into(), ..Script::default() }).await;
        assert!(seen.contains(&"POST /eSCL/ScanJobs localhost".to_owned()), "{seen:?}");
    }
}

/// A real jam in mid-batch and the end of a good batch look the same on it, unless its job says which.
#[tokio::test]
async fn a_workcentre_jam_in_the_middle_means_count_the_pages_unless_the_job_says_more() {
    let run = |job| {
        let statuses = [LOADED, ("ScannerAdfJam", job)].into();
        scan(Script { model: "Xerox WorkCentre 3345", statuses, documents: [Next::Page].into(), ..Script::default() })
    };
    assert_eq!(run("Completed").await.0, Ok(BatchEnd::Complete { pages: 1 }));
    let failure = run("").await.0.unwrap_err();
    assert!(failure.unsure && failure.pages == 1, "{failure:?}");
    assert!(matches!(run("Aborted").await.0.unwrap_err().error, DeviceError::NeedsHuman(_)));
}

#[tokio::test]
async fn a_canon_mf410_jam_on_an_empty_feeder_is_an_empty_feeder() {
    let (end, seen) = scan(Script { model: "MF410 Series", statuses: [("ScannerAdfJam", "")].into(), ..Script::default() }).await;
    assert_eq!(end.unwrap_err().error, DeviceError::NeedsHuman(Human::FeederEmpty));
    assert!(!seen.iter().any(|request| request.starts_with("POST")), "a job on the empty feeder would jam it for real: {seen:?}");
}

#[tokio::test]
async fn a_kyocera_that_calls_its_idle_feeder_processing_is_used() {
    let statuses = [("ScannerAdfProcessing", ""), ("ScannerAdfProcessing", "Completed")].into();
    let (end, _) = scan(Script { statuses, documents: [Next::Page].into(), ..Script::default() }).await;
    assert_eq!(end, Ok(BatchEnd::Complete { pages: 1 }));
}

#[tokio::test]
async fn what_is_no_whole_jpeg_is_no_page() {
    let bodies: [(&'static [u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n and so on", "PNG"),
        (b"%PDF-1.4", "PDF"),
        (b"\xff\xd8\xff\xd9", "not a complete JPEG"),
        (b"\xff\xd8\xff\xda\x00\x02 a scan without a frame \xff\xd9", "not a complete JPEG"),
        (b"<html>sign in</html>", "not a complete JPEG"),
    ];
    for (body, word) in bodies {
        let statuses = [LOADED, ("ScannerAdfEmpty", "Completed")].into();
        let (end, _) = scan(Script { statuses, documents: [Next::Page, Next::Body(body)].into(), ..Script::default() }).await;
        let failure = end.unwrap_err();
        assert!(failure.damaged && failure.pages == 1 && failure.to_string().contains(word), "{failure:?}");
    }
}

/// It answers on port 80 alone, where the port is left out of `Host` otherwise.
#[tokio::test]
async fn an_epson_gets_its_port_in_the_host() {
    let listener = match tokio::net::TcpListener::bind("127.0.0.1:80").await {
        Ok(listener) => listener,
        Err(error) => return println!("SKIPPED: port 80 cannot be used here: {error}"),
    };
    let hosts = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&hosts);
    let answer = async move |headers: HeaderMap| {
        heard.lock().unwrap().push(headers[header::HOST].to_str().unwrap().to_owned());
        "<ScannerCapabilities><MakeAndModel>EPSON WF-2930 Series</MakeAndModel></ScannerCapabilities>"
    };
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    let scanner = Escl::new("http://127.0.0.1/eSCL").unwrap();
    scanner.capabilities().await.unwrap();
    scanner.capabilities().await.unwrap();
    assert_eq!(*hosts.lock().unwrap(), ["127.0.0.1", "127.0.0.1:80"]);
    server.abort();
}
