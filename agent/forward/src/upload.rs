//! One file to the hub by tus 1.0: creation, HEAD, PATCH in chunks.
//!
//! The client keeps nothing about an upload. It asks for its creation every time; the hub answers with
//! the upload it already has for that file, and HEAD says from where to go on.

use crate::{
    Class, ForwardError, HubClient,
    client::{ANSWER, Answer},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use motcua_model::hub::NamedFile;
use reqwest::{Method, header};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Chunks grow where a good line would wait for answers, and shrink where a bad one would lose too much.
const SMALLEST_CHUNK: usize = 64 * 1024;
const FIRST_CHUNK: usize = 256 * 1024;
const LARGEST_CHUNK: usize = 1024 * 1024;
/// A chunk that took less than this is followed by a larger one; one that took more than [`SLOW`], by a smaller one.
const QUICK: Duration = Duration::from_secs(2);
const SLOW: Duration = Duration::from_secs(8);
/// A line below this is not a line: the time-out of a chunk is its length at this pace.
const SLOWEST_BYTES_PER_SECOND: u64 = 4096;
/// Surprises (wrong offset, upload gone, upload discarded) before the file is left for a later try.
const SURPRISES: u32 = 5;

/// How the hub took a chunk.
enum Patched {
    /// It holds this many bytes now.
    To(usize),
    /// Another offset is the right one.
    WrongOffset,
    /// The upload is not there any more.
    Gone,
    /// What arrived is not the file that was declared; the hub discarded it.
    Discarded,
}

/// The line as the last chunks found it; kept over files and messages.
#[derive(Debug)]
pub(crate) struct Pace {
    chunk: AtomicUsize,
    /// Most bytes a second; 0: no limit.
    limit: u64,
}

impl Pace {
    pub(crate) fn new(limit: u64) -> Self {
        Self { chunk: AtomicUsize::new(FIRST_CHUNK), limit }
    }

    fn chunk(&self) -> usize {
        self.chunk.load(Ordering::Relaxed)
    }

    fn took(&self, bytes: usize, time: Duration) {
        let chunk = self.chunk();
        let next = match time {
            // A file's short last chunk tells nothing of a larger one.
            quick if quick < QUICK && bytes == chunk => chunk * 2,
            slow if slow > SLOW => chunk / 2,
            _ => chunk,
        };
        self.chunk.store(next.clamp(SMALLEST_CHUNK, LARGEST_CHUNK), Ordering::Relaxed);
    }

    fn broke(&self) {
        self.chunk.store((self.chunk() / 2).max(SMALLEST_CHUNK), Ordering::Relaxed);
    }

    /// What is left to wait so that `bytes` in `time` stay below the limit.
    fn rest(&self, bytes: usize, time: Duration) -> Duration {
        match self.limit {
            0 => Duration::ZERO,
            limit => Duration::from_secs_f64(bytes as f64 / limit as f64).saturating_sub(time),
        }
    }
}

/// Brings `bytes` to the hub and gives the number of bytes sent.
pub(crate) async fn upload(hub: &HubClient, message: Uuid, file: &NamedFile, bytes: &[u8]) -> Result<u64, ForwardError> {
    let mut sent = 0;
    let mut discarded = false;
    for _ in 0..SURPRISES {
        let Some(location) = create(hub, message, file).await? else { return Ok(sent) };
        let Some(mut offset) = offset(hub, &location, bytes.len()).await? else { continue };
        while offset < bytes.len() {
            let end = bytes.len().min(offset + hub.pace.chunk());
            sent += (end - offset) as u64;
            let started = Instant::now();
            let patched = patch(hub, &location, offset, &bytes[offset..end]).await.inspect_err(|_| hub.pace.broke())?;
            let time = started.elapsed();
            hub.pace.took(end - offset, time);
            tokio::time::sleep(hub.pace.rest(end - offset, time)).await;
            match patched {
                Patched::To(now) if now > offset && now <= bytes.len() => {
                    if let Some(uploaded) = hub.uploaded {
                        uploaded.fetch_add((now - offset) as u64, Ordering::Relaxed);
                    }
                    offset = now;
                }
                Patched::To(_) | Patched::WrongOffset | Patched::Gone => break,
                Patched::Discarded if discarded => return Err(still_discarded(file)),
                Patched::Discarded => {
                    discarded = true;
                    break;
                }
            }
        }
        if offset == bytes.len() {
            return Ok(sent);
        }
    }
    let text =
        format!("uploading file {} makes no way: the hub changed its mind {SURPRISES} times; it is tried again by itself", file.file.id);
    Err(ForwardError::new(Class::Server, text))
}

/// The upload's address; none where the hub has the file whole (409).
async fn create(hub: &HubClient, message: Uuid, file: &NamedFile) -> Result<Option<String>, ForwardError> {
    let what = "starting an upload";
    let encode = |id: Uuid| BASE64_STANDARD.encode(id.to_string());
    let request = hub
        .request(Method::POST, "v1/uploads")?
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Length", file.file.bytes)
        .header("Upload-Metadata", format!("message {},file {}", encode(message), encode(file.file.id)));
    let answer = hub.send(what, request).await?;
    match answer.status.as_u16() {
        201 => text(&answer, header::LOCATION.as_str()).map(|l| Some(l.to_owned())).ok_or_else(|| no_tus(what)),
        409 => Ok(None),
        _ => Err(answer.refused(what)),
    }
}

/// How many bytes the hub holds; none where the upload is gone.
async fn offset(hub: &HubClient, location: &str, length: usize) -> Result<Option<usize>, ForwardError> {
    let what = "asking how far an upload is";
    let answer = hub.send(what, hub.request(Method::HEAD, location)?.header("Tus-Resumable", "1.0.0")).await?;
    match answer.status.as_u16() {
        200 | 204 => upload_offset(&answer).filter(|o| *o <= length).map(Some).ok_or_else(|| no_tus(what)),
        404 | 410 => Ok(None),
        _ => Err(answer.refused(what)),
    }
}

async fn patch(hub: &HubClient, location: &str, offset: usize, chunk: &[u8]) -> Result<Patched, ForwardError> {
    let what = "uploading a file";
    let request = hub
        .request(Method::PATCH, location)?
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", offset)
        .header(header::CONTENT_TYPE, "application/offset+octet-stream")
        .timeout(ANSWER + Duration::from_secs(chunk.len() as u64 / SLOWEST_BYTES_PER_SECOND))
        .body(chunk.to_vec());
    let answer = hub.send(what, request).await?;
    match answer.status.as_u16() {
        204 => upload_offset(&answer).map(Patched::To).ok_or_else(|| no_tus(what)),
        409 => Ok(Patched::WrongOffset),
        404 | 410 => Ok(Patched::Gone),
        460 => Ok(Patched::Discarded),
        _ => Err(answer.refused(what)),
    }
}

fn upload_offset(answer: &Answer) -> Option<usize> {
    text(answer, "Upload-Offset")?.parse().ok()
}

fn text<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}

fn no_tus(what: &str) -> ForwardError {
    let text = format!("{what} failed: the hub's answer is not tus 1.0; it is tried again by itself, tell the hub's operator");
    ForwardError::new(Class::Server, text)
}

fn still_discarded(file: &NamedFile) -> ForwardError {
    let id = file.file.id;
    let text = format!(
        "file {id} does not match the SHA-256 of its message, twice; it is set aside for the technician: the stored copy may be damaged"
    );
    ForwardError::new(Class::Rejected, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_the_line_between_their_limits() {
        let pace = Pace::new(0);
        let second = Duration::from_secs(1);
        pace.took(1000, second);
        assert_eq!(pace.chunk(), FIRST_CHUNK, "a last chunk tells nothing");
        for _ in 0..5 {
            pace.took(pace.chunk(), second);
        }
        assert_eq!(pace.chunk(), LARGEST_CHUNK);
        pace.took(LARGEST_CHUNK, 4 * second);
        assert_eq!(pace.chunk(), LARGEST_CHUNK);
        pace.took(LARGEST_CHUNK, 9 * second);
        assert_eq!(pace.chunk(), LARGEST_CHUNK / 2);
        for _ in 0..9 {
            pace.broke();
        }
        assert_eq!(pace.chunk(), SMALLEST_CHUNK);
    }

    #[test]
    fn uploads_leave_the_office_its_share_of_the_line() {
        let pace = Pace::new(100_000);
        assert_eq!(pace.rest(250_000, Duration::from_secs(1)), Duration::from_millis(1500));
        assert_eq!(pace.rest(50_000, Duration::from_secs(1)), Duration::ZERO);
        assert_eq!(Pace::new(0).rest(usize::MAX, Duration::ZERO), Duration::ZERO);
    }
}
