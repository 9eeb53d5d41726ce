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
use std::time::Duration;
use uuid::Uuid;

/// Small enough to lose little on a bad line that answers late, large enough to fill a good one.
const CHUNK: usize = 512 * 1024;
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

/// Brings `bytes` to the hub and gives the number of bytes sent.
pub(crate) async fn upload(hub: &HubClient, message: Uuid, file: &NamedFile, bytes: &[u8]) -> Result<u64, ForwardError> {
    let mut sent = 0;
    let mut discarded = false;
    for _ in 0..SURPRISES {
        let Some(location) = create(hub, message, file).await? else { return Ok(sent) };
        let Some(mut offset) = offset(hub, &location, bytes.len()).await? else { continue };
        while offset < bytes.len() {
            let end = bytes.len().min(offset + CHUNK);
            sent += (end - offset) as u64;
            match patch(hub, &location, offset, &bytes[offset..end]).await? {
                Patched::To(now) if now > offset && now <= bytes.len() => offset = now,
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
