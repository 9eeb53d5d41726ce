//! The agent's side: snapshots in, actions and pictures out, over HTTP on a unix socket.
//!
//! One thread of its own with a small tokio runtime. It never gives up: when the agent is gone it says so
//! once and tries again until it is back.

use crate::face::{FromAgent, ToAgent};
use anyhow::{Context as _, bail};
use futures_util::StreamExt as _;
use motcua_model::api::{ActionRequest, Screen, Snapshot};
use reqwest::{Client, StatusCode};
use slint::{Rgb8Pixel, SharedPixelBuffer};
use std::{path::Path, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// Waits between attempts, from the first to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// An agent that takes longer over a touch than this is not well.
const ACTION_TIME: Duration = Duration::from_secs(5);
const PICTURE_TIME: Duration = Duration::from_secs(20);
/// A snapshot is some kilobytes; a stream without an end of message is a fault of the agent.
const LARGEST_EVENT: usize = 4 << 20;

/// Both directions.
pub struct Link {
    /// To the agent.
    pub send: UnboundedSender<ToAgent>,
    /// From the agent.
    pub receive: UnboundedReceiver<FromAgent>,
}

/// Starts the thread that talks with the agent at this socket. Dropping the link ends it.
///
/// # Errors
/// Where the HTTP client or the thread cannot be made; an agent that is not there yet is no error.
pub fn connect(socket: &Path) -> anyhow::Result<Link> {
    // Plain HTTP on a socket, but the client asks for a provider all the same. A second call finds it set.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .unix_socket(socket.to_path_buf())
        .no_proxy()
        .tls_certs_only([])
        // A connection that waits for the next touch would keep what was typed in its buffer.
        .pool_max_idle_per_host(0)
        .build()
        .context("the HTTP client could not be made")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the network thread could not be made")?;
    let (to_agent, wishes) = unbounded_channel();
    let (to_face, from_agent) = unbounded_channel();
    std::thread::Builder::new()
        .name("agent".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = follow(&client, &to_face) => {}
                    () = fulfil(&client, wishes, &to_face) => {}
                }
            });
        })
        .context("the network thread could not be started")?;
    Ok(Link { send: to_agent, receive: from_agent })
}

/// Follows the snapshots; ends when nobody listens any more.
async fn follow(client: &Client, to_face: &UnboundedSender<FromAgent>) {
    let mut wait = FIRST_WAIT;
    let mut lost = false;
    while !to_face.is_closed() {
        let mut heard = false;
        let ended = listen(client, |snapshot| {
            heard = true;
            to_face.send(FromAgent::Snapshot(Box::new(snapshot))).is_ok()
        })
        .await;
        let Err(end) = ended else {
            (wait, lost) = (FIRST_WAIT, false);
            continue;
        };
        if heard {
            (wait, lost) = (FIRST_WAIT, false);
        }
        if !lost {
            tracing::warn!("the agent does not answer ({end:#}); trying again until it does");
            lost = true;
            let _gone = to_face.send(FromAgent::Lost);
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Reads one stream of events until it breaks, or a visit is over: a new stream has new buffers, and the old ones, where the person's
/// data lie behind the last word, are wiped.
async fn listen(client: &Client, mut take: impl FnMut(Snapshot) -> bool) -> anyhow::Result<()> {
    let answer = client.get("http://agent/v1/snapshots").send().await.context("no connection")?.error_for_status()?;
    let mut chunks = answer.bytes_stream();
    let mut buffer = Vec::new();
    let mut visited = false;
    while let Some(chunk) = chunks.next().await {
        buffer.extend_from_slice(&chunk.context("the connection broke")?);
        while let Some(event) = next_event(&mut buffer) {
            if let Some(data) = data_of(&event) {
                let snapshot: Snapshot =
                    serde_json::from_slice(&data).context("a snapshot could not be read: is the agent of another version?")?;
                let waiting = matches!(snapshot.screen, Screen::Waiting { .. });
                if !take(snapshot) {
                    bail!("nobody listens");
                }
                if waiting && visited {
                    return Ok(());
                }
                visited |= !waiting;
            }
        }
        if buffer.len() > LARGEST_EVENT {
            bail!("an event has no end");
        }
    }
    bail!("the agent closed the connection")
}

/// Takes the first whole event out of the buffer; events end with an empty line.
fn next_event(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = buffer.windows(2).position(|two| two == b"\n\n")?;
    let event = buffer.drain(..end + 2).collect();
    Some(event)
}

/// The `data:` lines of an event; none for a comment that keeps the connection alive.
fn data_of(event: &[u8]) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = event
        .split(|b| *b == b'\n')
        .filter_map(|line| line.strip_prefix(b"data:"))
        .map(|line| line.strip_prefix(b" ").unwrap_or(line))
        .collect();
    (!lines.is_empty()).then(|| lines.join(&b'\n'))
}

/// Does what the screen asks; actions one after the other, in the order of the touches.
async fn fulfil(client: &Client, mut wishes: UnboundedReceiver<ToAgent>, to_face: &UnboundedSender<FromAgent>) {
    let mut pictures = tokio::task::JoinSet::new();
    while let Some(wish) = wishes.recv().await {
        match wish {
            ToAgent::Act(request) => act(client, &request).await,
            ToAgent::Page(id, detail, width) => {
                let (client, to_face) = (client.clone(), to_face.clone());
                pictures.spawn(async move {
                    match picture(&client, id, width).await {
                        Ok(picture) => drop(to_face.send(FromAgent::Page(id, detail, picture))),
                        Err(e) => tracing::warn!("the picture of page {id} could not be had: {e:#}"),
                    }
                });
                while pictures.try_join_next().is_some() {}
            }
        }
    }
}

/// Sends one action. Failures need no word to the person: the next snapshot shows what is true.
async fn act(client: &Client, request: &ActionRequest) {
    let answer = client.post("http://agent/v1/actions").timeout(ACTION_TIME).json(request).send().await;
    match answer.map(|a| a.status()) {
        Ok(StatusCode::CONFLICT) => tracing::debug!("a touch came too late: the screen had moved on"),
        Ok(status) if status.is_success() => {}
        Ok(status) => tracing::warn!("the agent did not take a touch: {status}"),
        Err(e) => tracing::warn!("a touch did not reach the agent: {e:#}"),
    }
}

async fn picture(client: &Client, id: Uuid, width: u32) -> anyhow::Result<SharedPixelBuffer<Rgb8Pixel>> {
    let url = format!("http://agent/v1/pages/{id}?width={width}");
    let bytes = client.get(url).timeout(PICTURE_TIME).send().await?.error_for_status()?.bytes().await?;
    let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg)?.into_rgb8();
    Ok(SharedPixelBuffer::clone_from_slice(picture.as_raw(), picture.width(), picture.height()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_they_are_cut() {
        let stream = b": hello\n\ndata: {\"a\":1}\n\ndata: one\ndata: two\n\ndata: rest";
        for cut in 0..stream.len() {
            let mut buffer = Vec::new();
            let mut seen = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                buffer.extend_from_slice(part);
                while let Some(event) = next_event(&mut buffer) {
                    seen.extend(data_of(&event));
                }
            }
            assert_eq!(seen, [b"{\"a\":1}".to_vec(), b"one\ntwo".to_vec()]);
            assert_eq!(buffer, b"data: rest");
        }
    }
}
