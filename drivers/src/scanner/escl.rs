//! eSCL over HTTP: typed calls with time-outs. The course of a batch is in `job`.

use super::escl_xml::{
    Capabilities, DOCUMENT_LIMIT, JobState, ScanSettings, ScannerState, ScannerStatus, complete_jpeg, parse_capabilities, parse_status,
};
use super::tls::Fingerprint;
use super::{About, AdfState, BatchEnd, ScanEvent, ScanFailure, discovery, jam_means_empty, job};
use crate::{DeviceError, Human};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, path::PathBuf, time::Duration};
use tokio::sync::{mpsc, watch};

/// Longest page: A4 at 600 dpi in colour, hardly compressed.
pub(super) const PAGE_LIMIT: usize = 64 << 20;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For the TCP connection.
    pub connect: Duration,
    /// For a whole answer that is XML or empty.
    pub answer: Duration,
    /// For the first byte of a page: warming up, feeding.
    pub first_byte: Duration,
    /// Between two pieces of a page.
    pub idle: Duration,
    /// Before asking again what was not ready.
    pub pause: Duration,
    /// For the DELETE of a cancelled job; afterwards it goes on unwatched.
    pub delete: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(20),
            pause: Duration::from_secs(1),
            delete: Duration::from_millis(700),
        }
    }
}

/// A scanner at an address, or under the name that it announces.
#[derive(Clone, Debug)]
pub struct Escl {
    place: Place,
    http: Client,
    fingerprint: Arc<Fingerprint>,
    pub(super) timing: Timing,
    jobs_file: Option<PathBuf>,
    /// An EPSON: it refuses a `Host` without a port, even the usual one.
    host_with_port: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
enum Place {
    At(Url),
    /// By DNS-SD; the address stays until the scanner is lost.
    Named {
        name: String,
        last: Arc<Mutex<Option<Url>>>,
    },
}

/// Stands in the jobs file while a job is being opened and has no address yet.
const OPENING: &str = "opening";

impl Escl {
    /// A scanner at `address`: `http://127.0.0.1:60000/eSCL`, `https://…`, or `dnssd:NAME` for the one that announces itself under
    /// this name. Sends nothing yet. Any certificate is accepted, see [`Escl::pinned`].
    ///
    /// # Errors
    /// [`DeviceError::Rejected`] when the address is not one.
    pub fn new(address: &str) -> Result<Self, DeviceError> {
        Self::with_timing(address, Timing::default())
    }

    /// Like [`Escl::new`], with other time-outs.
    ///
    /// # Errors
    /// [`DeviceError::Rejected`] when the address is not one.
    pub fn with_timing(address: &str, timing: Timing) -> Result<Self, DeviceError> {
        let place = Place::parse(address)?;
        let fingerprint = Fingerprint::new(None)?;
        let http = client(&fingerprint, &timing)?;
        Ok(Self { place, http, fingerprint, timing, jobs_file: None, host_with_port: Arc::default() })
    }

    /// Accepts over HTTPS only the certificate with this SHA-256 (of its DER form, 64 hex digits); `http://` is refused.
    ///
    /// # Errors
    /// [`DeviceError::Rejected`] when it is not a SHA-256, or the address is not an HTTPS one.
    pub fn pinned(self, sha256: &str) -> Result<Self, DeviceError> {
        if matches!(&self.place, Place::At(root) if root.scheme() != "https") {
            return Err(DeviceError::Rejected("scanner.tls_sha256 needs an https:// address in scanner.escl".to_owned()));
        }
        let fingerprint = Fingerprint::new(Some(sha256))?;
        let place = match self.place {
            // An address that was found without a pin may be an HTTP one.
            Place::Named { name, .. } => Place::Named { name, last: Arc::default() },
            at @ Place::At(_) => at,
        };
        Ok(Self { place, http: client(&fingerprint, &self.timing)?, fingerprint, ..self })
    }

    /// Notes the open job's address in `file`, so that a process killed in mid-scan can close it after its restart.
    #[must_use]
    pub fn remember_jobs_in(self, file: PathBuf) -> Self {
        Self { jobs_file: Some(file), ..self }
    }

    /// Deletes the job that a killed process has left open: a leaked job keeps some scanners at 503 for ever.
    ///
    /// # Errors
    /// Any [`DeviceError`] of the scanner's status; the note stays, so it can be tried again.
    pub async fn close_forgotten_job(&self) -> Result<(), DeviceError> {
        let Some(noted) = self.jobs_file.as_ref().and_then(|file| fs::read_to_string(file).ok()) else { return Ok(()) };
        let status = self.status().await?;
        let jobs = match noted.trim() {
            // Killed between the request and its answer: what works now was asked for by us.
            OPENING => status
                .jobs
                .into_iter()
                .filter(|job| matches!(job.state, JobState::Pending | JobState::Processing))
                .map(|job| job.uri)
                .collect(),
            address => vec![address.to_owned()],
        };
        for job in jobs {
            tracing::warn!("closing the scan job that was left open");
            if let Ok(url) = job_url(&self.root().await?, &job) {
                self.delete_job(&url).await;
            }
        }
        self.note(None);
        Ok(())
    }

    /// Without the note only a kill in mid-scan is worse off, so that failing to write it stops nobody.
    pub(super) fn note(&self, job: Option<&str>) {
        let Some(file) = &self.jobs_file else { return };
        let done = match job {
            Some(text) => fs::write(file, text),
            None => fs::remove_file(file),
        };
        if let Err(error) = done
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("the note about the open scan job: {}: {error}", file.display());
        }
    }

    pub(super) fn note_opening(&self) {
        self.note(Some(OPENING));
    }

    /// Asks what the scanner can do.
    ///
    /// # Errors
    /// Any [`DeviceError`] except those that need a person.
    pub async fn capabilities(&self) -> Result<Capabilities, DeviceError> {
        let capabilities = parse_capabilities(&self.xml("ScannerCapabilities").await?.0)?;
        self.host_with_port.store(capabilities.make_and_model.to_ascii_lowercase().starts_with("epson"), Ordering::Relaxed);
        Ok(capabilities)
    }

    /// Asks how the scanner is.
    ///
    /// # Errors
    /// Any [`DeviceError`] except those that need a person: an open hatch is a state, not an error.
    pub async fn status(&self) -> Result<ScannerStatus, DeviceError> {
        Ok(self.status_and_server().await?.0)
    }

    /// Scans until the feeder is empty, or one page of the glass. Each good page goes to `events` as it comes.
    ///
    /// Ends within a second after `cancel` became true or the receiver of `events` was dropped. The job is deleted at the scanner
    /// however this ends, also when the future is dropped.
    ///
    /// # Errors
    /// [`ScanFailure`]: pages already sent stay good.
    pub async fn scan(
        &self,
        settings: &ScanSettings,
        events: mpsc::Sender<ScanEvent>,
        cancel: watch::Receiver<bool>,
    ) -> Result<BatchEnd, ScanFailure> {
        job::run(self, settings, &events, cancel).await
    }

    /// See [`super::Scanner::about`].
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn about(&self) -> Result<About, DeviceError> {
        // Another device may have its old address by now.
        self.forget_address();
        self.close_forgotten_job().await?;
        let capabilities = self.capabilities().await?;
        Ok(About {
            make_and_model: capabilities.make_and_model,
            address: self.root().await?.to_string(),
            flatbed: capabilities.flatbed,
            feeder: capabilities.feeder,
            duplex: capabilities.duplex,
            colour: capabilities.colour,
            resolutions: capabilities.resolutions,
        })
    }

    /// See [`super::Scanner::trouble`].
    ///
    /// # Errors
    /// Any [`DeviceError`].
    pub async fn trouble(&self) -> Result<Option<Human>, DeviceError> {
        let adf = self.status().await?.adf;
        if adf == AdfState::Jam && jam_means_empty(&self.capabilities().await?.make_and_model) {
            return Ok(None);
        }
        Ok(adf.trouble())
    }

    pub(super) async fn status_and_server(&self) -> Result<(ScannerStatus, String), DeviceError> {
        let (xml, server) = self.xml("ScannerStatus").await?;
        let status = parse_status(&xml)?;
        match status.state {
            ScannerState::Down => Err(DeviceError::Disconnected("the scanner says that it is down; switch it off and on".to_owned())),
            ScannerState::Idle | ScannerState::Processing | ScannerState::Testing | ScannerState::Stopped | ScannerState::Other => {
                Ok((status, server))
            }
        }
    }

    pub(super) async fn post_job(&self, body: String, host_localhost: bool) -> Result<Created, DeviceError> {
        let root = self.root().await?;
        let mut request = self.request(Method::POST, below(&root, "ScanJobs")).header(header::CONTENT_TYPE, "text/xml").body(body);
        if host_localhost {
            request = request.header(header::HOST, "localhost");
        }
        let answer = self.timed(self.timing.answer, "ScanJobs", request.send()).await?;
        match answer.status() {
            StatusCode::CREATED | StatusCode::OK => {
                let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
                job_url(&root, location).map(Created::Job)
            }
            StatusCode::SERVICE_UNAVAILABLE => Ok(Created::Busy),
            StatusCode::CONFLICT => Ok(Created::Conflict),
            code => Err(DeviceError::Rejected(format!("HTTP {code} for the scan settings; check source and resolution"))),
        }
    }

    /// Asks for the next page; `progress` gets per cent of it where the scanner tells its length.
    pub(super) async fn next_document(&self, job: &Url, mut progress: impl FnMut(u8)) -> NextDocument {
        let request = self.request(Method::GET, below(job, "NextDocument"));
        let mut answer = match self.timed(self.timing.first_byte, "the first byte of a page", request.send()).await {
            Ok(answer) => answer,
            Err(why) => return NextDocument::Bad { bytes: 0, empty_answer: false, why },
        };
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::SERVICE_UNAVAILABLE => return NextDocument::NotReady,
            code => return NextDocument::NoMore(code.as_u16()),
        }
        let length = answer.content_length().and_then(|bytes| usize::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
        let mut body = Vec::with_capacity(length.unwrap_or(0).min(PAGE_LIMIT));
        let arrived = |bytes: usize| {
            if let Some(percent) = length.and_then(|length| bytes.saturating_mul(100).checked_div(length)) {
                progress(u8::try_from(percent).unwrap_or(100).min(100));
            }
        };
        match self.collect(&mut answer, &mut body, self.timing.idle, PAGE_LIMIT, arrived).await {
            Ok(()) => {}
            Err(why) => return NextDocument::Bad { bytes: body.len(), empty_answer: false, why },
        }
        let bytes = body.len();
        let kind = foreign_kind(&body);
        match (complete_jpeg(body), kind) {
            (Some(jpeg), _) => NextDocument::Page(jpeg),
            (None, Some(kind)) => NextDocument::Bad {
                bytes,
                empty_answer: false,
                why: DeviceError::Rejected(format!("the scanner sent {kind} where JPEG was asked for; its firmware must be updated")),
            },
            (None, None) => NextDocument::Bad {
                bytes,
                empty_answer: bytes == 0,
                why: DeviceError::Protocol(format!("a page of {bytes} bytes is not a complete JPEG; scan that sheet again")),
            },
        }
    }

    /// Sends DELETE until it is answered, at most three times.
    pub(super) fn delete_job(&self, job: &Url) -> impl Future<Output = ()> + Send + 'static {
        let (escl, url, timing) = (self.clone(), job.clone(), self.timing);
        async move {
            for attempt in 1..=3_u8 {
                match escl.timed(timing.answer, "DELETE", escl.request(Method::DELETE, url.clone()).send()).await {
                    Ok(_) => return escl.note(None),
                    Err(error) => tracing::warn!(attempt, %error, "the scan job could not be deleted; the scanner may stay busy"),
                }
                tokio::time::sleep(timing.pause).await;
            }
        }
    }

    async fn xml(&self, resource: &str) -> Result<(String, String), DeviceError> {
        let root = self.root().await?;
        let fetch = async {
            let request = self.request(Method::GET, below(&root, resource));
            let mut answer = request.send().await.map_err(|error| self.transport(resource, &error))?;
            match answer.status() {
                StatusCode::OK => {}
                StatusCode::SERVICE_UNAVAILABLE => return Err(DeviceError::Busy(format!("HTTP 503 for {resource}"))),
                code => return Err(DeviceError::Protocol(format!("HTTP {code} for {resource}; is this the scanner's eSCL address?"))),
            }
            let server = answer.headers().get(header::SERVER).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            let mut body = Vec::new();
            self.collect(&mut answer, &mut body, self.timing.answer, DOCUMENT_LIMIT, |_| {}).await?;
            Ok((String::from_utf8_lossy(&body).into_owned(), server))
        };
        tokio::time::timeout(self.timing.answer, fetch).await.unwrap_or_else(|_| Err(DeviceError::Timeout(resource.to_owned())))
    }

    /// The root address; a named scanner is searched for when its address is not known.
    async fn root(&self) -> Result<Url, DeviceError> {
        match &self.place {
            Place::At(root) => Ok(root.clone()),
            Place::Named { name, last } => {
                let known = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some(root) = known {
                    return Ok(root);
                }
                let found = discovery::resolve(name, self.fingerprint.is_pinned()).await?;
                let root = Url::parse(&found.url).map_err(|error| DeviceError::Protocol(format!("announced address: {error}")))?;
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(root.clone());
                Ok(root)
            }
        }
    }

    fn forget_address(&self) {
        if let Place::Named { last, .. } = &self.place {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let host = self.host_with_port.load(Ordering::Relaxed).then(|| host_and_port(&url)).flatten();
        let request = self.http.request(method, url);
        match host {
            Some(host) => request.header(header::HOST, host),
            None => request,
        }
    }

    async fn collect(
        &self,
        answer: &mut Response,
        body: &mut Vec<u8>,
        idle: Duration,
        limit: usize,
        mut arrived: impl FnMut(usize),
    ) -> Result<(), DeviceError> {
        while let Some(chunk) = self.timed(idle, "the next piece of an answer", answer.chunk()).await? {
            if body.len() + chunk.len() > limit {
                return Err(DeviceError::Protocol(format!("an answer is longer than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
            arrived(body.len());
        }
        Ok(())
    }

    async fn timed<T>(&self, limit: Duration, what: &str, call: impl Future<Output = reqwest::Result<T>>) -> Result<T, DeviceError> {
        match tokio::time::timeout(limit, call).await {
            Ok(result) => result.map_err(|error| self.transport(what, &error)),
            Err(_) => Err(DeviceError::Timeout(format!("{what} did not come within {} ms", limit.as_millis()))),
        }
    }

    fn transport(&self, what: &str, error: &reqwest::Error) -> DeviceError {
        if error.is_connect()
            && let Some(refusal) = self.fingerprint.refusal()
        {
            return refusal;
        }
        let mut text = format!("{what}: {error}");
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        if error.is_timeout() && !error.is_connect() {
            DeviceError::Timeout(text)
        } else if error.is_body() || error.is_decode() {
            DeviceError::Protocol(text)
        } else {
            self.forget_address();
            DeviceError::Disconnected(text)
        }
    }
}

impl Place {
    fn parse(address: &str) -> Result<Self, DeviceError> {
        let refuse = |cause: &dyn std::fmt::Display| {
            DeviceError::Rejected(format!("scanner address {address:?}: {cause}; write http://host:port/eSCL or dnssd:NAME"))
        };
        if let Some(name) = address.strip_prefix("dnssd:").map(str::trim) {
            return match name {
                "" => Err(refuse(&"the name is missing")),
                name => Ok(Self::Named { name: name.to_owned(), last: Arc::default() }),
            };
        }
        let root = Url::parse(address.trim_end_matches('/')).map_err(|error| refuse(&error))?;
        if !root.has_host() || !matches!(root.scheme(), "http" | "https") {
            return Err(refuse(&"not an http address"));
        }
        Ok(Self::At(root))
    }
}

fn client(fingerprint: &Arc<Fingerprint>, timing: &Timing) -> Result<Client, DeviceError> {
    let refuse = |cause: &dyn std::fmt::Display| DeviceError::Rejected(format!("the HTTP client cannot start: {cause}"));
    // An error means that the process has chosen its provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .tls_backend_preconfigured(fingerprint.client_config().map_err(|error| refuse(&error))?)
        .no_proxy()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(timing.connect)
        .default_headers([(header::CONNECTION, header::HeaderValue::from_static("close"))].into_iter().collect())
        .build()
        .map_err(|error| refuse(&error))
}

/// Answer to a new job.
pub(super) enum Created {
    /// Accepted, under this address.
    Job(Url),
    /// Try again later.
    Busy,
    /// Wrong settings, or no paper, or a jam: the status tells.
    Conflict,
}

/// Answer to the request for a page.
pub(super) enum NextDocument {
    /// A complete JPEG.
    Page(Vec<u8>),
    /// Not ready yet.
    NotReady,
    /// No page, with this HTTP code. Says nothing yet about why.
    NoMore(u16),
    /// Something that is not a whole page.
    Bad {
        /// Bytes that came.
        bytes: usize,
        /// A correct answer with nothing in it.
        empty_answer: bool,
        /// What was wrong.
        why: DeviceError,
    },
}

fn below(base: &Url, resource: &str) -> Url {
    let mut url = base.clone();
    let path = format!("{}/{resource}", base.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

/// Only the path of a Location is used: scanners write relative ones, host names that do not resolve, and broken IPv6.
fn job_url(root: &Url, location: &str) -> Result<Url, DeviceError> {
    let path = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => location,
    };
    if path.trim_matches('/').is_empty() {
        return Err(DeviceError::Protocol(format!("the scanner opened a job without an address (Location {location:?})")));
    }
    let base = below(root, "");
    let url = base.join(path.trim_end_matches('/')).map_err(|error| DeviceError::Protocol(format!("job address: {error}")))?;
    if url.host() == base.host() { Ok(url) } else { Err(DeviceError::Protocol(format!("job at another host: {location:?}"))) }
}

fn host_and_port(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// What a body is, when it is a finished document of another kind than JPEG.
pub(super) fn foreign_kind(body: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 5] = [(b"\x89PNG", "PNG"), (b"%PDF", "PDF"), (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"), (b"BM", "BMP")];
    KINDS.iter().find(|(start, _)| body.starts_with(start)).map(|(_, kind)| *kind)
}
