//! The scanner's wire: eSCL over HTTP.

use crate::announce::Announcement;
use crate::certificate::Certificate;
use crate::feeder::{Next, Scanner};
use crate::lock;
use crate::optics::Look;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

type Shared = Arc<Mutex<Scanner>>;

/// The scanner's identity in its capabilities and announcement.
pub(crate) const UUID: &str = "00000000-0000-4000-8000-000000000001";

/// How the scanner hangs in the network.
#[derive(Clone)]
pub(crate) struct Wire {
    /// For HTTPS.
    pub(crate) certificate: Option<Certificate>,
    /// Name to announce.
    pub(crate) announce: Option<String>,
}

pub(crate) async fn serve(listener: tokio::net::TcpListener, scanner: Shared, wire: Wire) {
    if let Err(error) = serve_until_unplugged(listener, scanner, wire).await {
        tracing::error!(%error, "the simulated scanner stopped");
    }
}

async fn serve_until_unplugged(listener: tokio::net::TcpListener, scanner: Shared, wire: Wire) -> anyhow::Result<()> {
    let port = listener.local_addr()?.port();
    let _announcement = wire.announce.map(|name| Announcement::new(&name, port, wire.certificate.is_some())).transpose()?;
    let router = Router::new()
        .route("/eSCL/ScannerCapabilities", get(capabilities))
        .route("/eSCL/ScannerStatus", get(status))
        .route("/eSCL/ScanJobs", post(open))
        .route("/eSCL/ScanJobs/{id}", delete(close))
        .route("/eSCL/ScanJobs/{id}/NextDocument", get(next))
        .route("/eSCL/ScanJobs/{id}/ScanImageInfo", get(image_info))
        .with_state(scanner);
    // libsane's own client knows "Location" only as scanners write it.
    match wire.certificate {
        Some(certificate) => {
            let mut server = axum_server::from_tcp_rustls(listener.into_std()?, certificate.config)?;
            server.http_builder().http1().title_case_headers(true);
            server.serve(router.into_make_service()).await?;
        }
        None => {
            let mut server = axum_server::from_tcp(listener.into_std()?)?;
            server.http_builder().http1().title_case_headers(true);
            server.serve(router.into_make_service()).await?;
        }
    }
    Ok(())
}

fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml"), (header::SERVER, "motcua-sim")], body).into_response()
}

const NAMESPACES: &str = "xmlns:pwg=\"http://www.pwg.org/schemas/2010/12/sm\" xmlns:scan=\"http://schemas.hp.com/imaging/escl/2011/05/03\"";

async fn capabilities(State(scanner): State<Shared>) -> Response {
    let capacity = lock(&scanner).capacity;
    let resolutions: String = [150, 200, 300, 600]
        .map(|dpi| {
            format!(
                "<scan:DiscreteResolution><scan:XResolution>{dpi}</scan:XResolution><scan:YResolution>{dpi}</scan:YResolution></scan:DiscreteResolution>"
            )
        })
        .concat();
    let input = format!(
        "<scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth><scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>3508</scan:MaxHeight>\
         <scan:MaxScanRegions>1</scan:MaxScanRegions><scan:SettingProfiles><scan:SettingProfile><scan:ColorModes><scan:ColorMode>Grayscale8</scan:ColorMode>\
         <scan:ColorMode>RGB24</scan:ColorMode></scan:ColorModes><scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat>\
         <scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt></scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>\
         {resolutions}</scan:DiscreteResolutions></scan:SupportedResolutions></scan:SettingProfile></scan:SettingProfiles>"
    );
    xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><scan:ScannerCapabilities {NAMESPACES}><pwg:Version>2.63</pwg:Version>\
         <pwg:MakeAndModel>Mot Cua Simulated Scanner</pwg:MakeAndModel><pwg:SerialNumber>SIM-1</pwg:SerialNumber>\
         <scan:UUID>{UUID}</scan:UUID>\
         <scan:Platen><scan:PlatenInputCaps>{input}</scan:PlatenInputCaps></scan:Platen>\
         <scan:Adf><scan:AdfSimplexInputCaps>{input}</scan:AdfSimplexInputCaps><scan:AdfDuplexInputCaps>{input}</scan:AdfDuplexInputCaps>\
         <scan:FeederCapacity>{capacity}</scan:FeederCapacity><scan:AdfOptions><scan:AdfOption>DetectPaperLoaded</scan:AdfOption>\
         <scan:AdfOption>Duplex</scan:AdfOption></scan:AdfOptions></scan:Adf></scan:ScannerCapabilities>"
    ))
}

async fn status(State(scanner): State<Shared>) -> Response {
    let scanner = lock(&scanner);
    let jobs: String = scanner
        .jobs
        .iter()
        .rev()
        .take(10)
        .map(|job| {
            format!(
                "<scan:JobInfo><pwg:JobUri>/eSCL/ScanJobs/{id}</pwg:JobUri><pwg:JobUuid>{id}</pwg:JobUuid><scan:Age>1</scan:Age>\
                 <pwg:ImagesCompleted>{images}</pwg:ImagesCompleted><pwg:JobState>{state:?}</pwg:JobState><pwg:JobStateReasons>\
                 <pwg:JobStateReason>{reason}</pwg:JobStateReason></pwg:JobStateReasons></scan:JobInfo>",
                id = job.id,
                images = job.images_completed,
                state = job.state,
                reason = job.reason,
            )
        })
        .collect();
    xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><scan:ScannerStatus {NAMESPACES}><pwg:Version>2.63</pwg:Version>\
         <pwg:State>{state}</pwg:State><scan:AdfState>{adf}</scan:AdfState><scan:Jobs>{jobs}</scan:Jobs></scan:ScannerStatus>",
        state = if scanner.is_working() || scanner.busy { "Processing" } else { "Idle" },
        adf = scanner.adf_word(),
    ))
}

async fn open(State(scanner): State<Shared>, settings: String) -> Response {
    if !settings.contains("ScanSettings") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let feeder = settings.contains("InputSource>Feeder<");
    let duplex = settings.contains("Duplex>true<");
    if !feeder && !settings.contains("InputSource>Platen<") {
        return StatusCode::CONFLICT.into_response();
    }
    let id = uuid::Uuid::now_v7().to_string();
    let mut scanner = lock(&scanner);
    if feeder && scanner.loaded() == 0 {
        return StatusCode::CONFLICT.into_response();
    }
    match scanner.open(id.clone(), feeder, duplex, Look::of(&settings)) {
        Some(()) => (StatusCode::CREATED, [(header::LOCATION, format!("/eSCL/ScanJobs/{id}"))]).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn close(State(scanner): State<Shared>, Path(id): Path<String>) -> StatusCode {
    if lock(&scanner).delete(&id) { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

async fn next(State(scanner): State<Shared>, Path(id): Path<String>) -> Response {
    let delay = Duration::from_millis(lock(&scanner).delay_ms);
    tokio::time::sleep(delay).await;
    let (answer, look, chunked) = {
        let mut scanner = lock(&scanner);
        let look = scanner.jobs.iter().find(|job| job.id == id).map(|job| job.look);
        (scanner.next(&id), look, scanner.chunked)
    };
    // Pixels take their time; other requests go on meanwhile.
    let see = async |jpeg: Vec<u8>| match look {
        Some(look) => tokio::task::spawn_blocking(move || look.see(jpeg)).await.unwrap_or_default(),
        None => jpeg,
    };
    match answer {
        Next::Whole(jpeg) => {
            let jpeg = see(jpeg).await;
            let pieces = jpeg.chunks(32 << 10).map(|piece| Ok::<_, io::Error>(Bytes::copy_from_slice(piece))).collect::<Vec<_>>();
            let body = if chunked { Body::from_stream(tokio_stream::iter(pieces)) } else { Body::from(jpeg) };
            ([(header::CONTENT_TYPE, "image/jpeg")], body).into_response()
        }
        Next::Truncated(jpeg) => half_page(see(jpeg).await, true),
        Next::Stalled(jpeg) => half_page(see(jpeg).await, false),
        Next::Nothing => ([(header::CONTENT_TYPE, "image/jpeg")], Body::empty()).into_response(),
        Next::Conflict => StatusCode::CONFLICT.into_response(),
        Next::NotReady => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Next::NoMore => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Announces the whole page and sends half of it; then breaks the connection off, or stays silent until the client leaves.
fn half_page(mut jpeg: Vec<u8>, break_off: bool) -> Response {
    let announced = jpeg.len();
    jpeg.truncate(announced / 2);
    let (body, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        // The receiver goes when the client does.
        let _ = body.send(Ok(Bytes::from(jpeg))).await;
        if break_off {
            // The half must be on the wire before the break, or the client sees no page at all.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let _ = body.send(Err(io::Error::new(io::ErrorKind::ConnectionReset, "the page breaks off here"))).await;
        }
        body.closed().await;
    });
    let headers = [(header::CONTENT_TYPE, "image/jpeg".to_owned()), (header::CONTENT_LENGTH, announced.to_string())];
    (headers, Body::from_stream(ReceiverStream::new(pieces))).into_response()
}

async fn image_info(State(scanner): State<Shared>, Path(id): Path<String>) -> Response {
    let Some(look) = lock(&scanner).jobs.iter().find(|job| job.id == id).map(|job| job.look) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><scan:ScanImageInfo {NAMESPACES}><pwg:JobUri>/eSCL/ScanJobs/{id}</pwg:JobUri>\
         <scan:ActualWidth>{}</scan:ActualWidth><scan:ActualHeight>{}</scan:ActualHeight></scan:ScanImageInfo>",
        2480 * u32::from(look.dpi) / 300,
        3508 * u32::from(look.dpi) / 300,
    ))
}
