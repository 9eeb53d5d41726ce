//! HN212 desk reader, Socket.IO: a small computer behind the USB cable that reads every card laid on it and tells all listeners.
//!
//! It listens at `http://192.168.5.1:8000` and sends events named `/event` (domain.md 2.1). It waits for no order, needs no key, and
//! never says that a card was taken away. [`hn212_wire`](super::hn212_wire) is the protocol, [`hn212_card`](super::hn212_card) what
//! the events mean.
//!
//! Own code and not `rust_socketio`: that crate brings a second TLS stack and reads only the newer of the two protocol versions.

use super::hn212_card::{Gathered, Message, message};
use super::hn212_wire::{Handshake, Packet, Version, Wire, handshake, join, pong};
use super::{CardData, CardError, CardEvent, CardOrder, TrustStore};
use reqwest::{Client, Response};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender};

/// Waits between attempts to reach the reader; it needs half a minute to start.
const RETRY: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];
/// Longest wait for an answer that is not a poll.
const ANSWER: Duration = Duration::from_secs(5);
/// How often the end, a late card and a ping are looked at.
const TICK: Duration = Duration::from_millis(100);
/// Wait for a card's second message, files after text or the other way round: the face takes seconds to read.
const SECOND: Duration = Duration::from_secs(5);
/// Largest answer in bytes: a face of 64 KB as base64 twice, and the other files.
const LARGEST: usize = 4 * 1024 * 1024;

/// Listens to the reader at `address` (`http://host:port`) and sends what it says, until `stop` is true or the receiver is gone.
///
/// Blocking: runs on a thread of its own. The reader reads cards unasked: [`CardEvent::Read`] may come without an order. An order
/// only says whether the face is wanted; [`CardOrder::Cancel`] drops the card that is being read. `CardOut` never comes. `now` gives
/// Unix time in seconds. Stops within 300 ms.
pub fn run(
    address: String,
    store: Arc<TrustStore>,
    orders: Receiver<CardOrder>,
    events: Sender<CardEvent>,
    now: fn() -> i64,
    stop: &AtomicBool,
) {
    let listener = match Listener::new(address, store, orders, events.clone(), now) {
        Ok(listener) => listener,
        Err(reason) => {
            // Nothing will change until the configuration does.
            let _ = events.blocking_send(CardEvent::Lost(reason));
            return;
        }
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(listener.supervise(stop)),
        Err(error) => {
            let _ = events.blocking_send(CardEvent::Lost(format!("card reader: no event loop: {error}; restart the agent")));
        }
    }
}

struct Listener {
    address: String,
    http: Client,
    store: Arc<TrustStore>,
    orders: Option<Receiver<CardOrder>>,
    events: Sender<CardEvent>,
    now: fn() -> i64,
    photo: bool,
    desk: Desk,
}

/// Why a session ended.
enum End {
    Lost(String),
    Stopped,
}

impl From<String> for End {
    fn from(reason: String) -> Self {
        Self::Lost(reason)
    }
}

impl Listener {
    fn new(
        address: String,
        store: Arc<TrustStore>,
        orders: Receiver<CardOrder>,
        events: Sender<CardEvent>,
        now: fn() -> i64,
    ) -> Result<Self, String> {
        let refuse = |cause: String| format!("card reader address {address:?}: {cause}; write it as http://192.168.5.1:8000");
        reqwest::Url::parse(&address).map_err(|error| refuse(error.to_string()))?;
        // An error means that the process has chosen its provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(ANSWER)
            // Notices within seconds that the cable was pulled while a poll waits.
            .tcp_keepalive(Duration::from_secs(5))
            .tcp_keepalive_interval(Duration::from_secs(2))
            .tcp_keepalive_retries(3)
            .build()
            .map_err(|error| refuse(error.to_string()))?;
        let address = address.trim_end_matches('/').to_owned();
        Ok(Self { address, http, store, orders: Some(orders), events, now, photo: false, desk: Desk::default() })
    }

    async fn supervise(mut self, stop: &AtomicBool) {
        let (mut attempts, mut lost_told) = (0, false);
        while !ended(&self.events, stop) {
            let mut opened = false;
            let receiver = self.events.clone();
            let reason = tokio::select! {
                end = self.session(&mut opened) => match end {
                    End::Lost(reason) => reason,
                    End::Stopped => return,
                },
                () = until_ended(&receiver, stop) => return,
            };
            self.desk = Desk::default();
            if opened {
                (attempts, lost_told) = (0, false);
            }
            if !lost_told {
                lost_told = true;
                let text = format!("card reader {}: {reason}; check its cable and power", self.address);
                if self.events.send(CardEvent::Lost(text)).await.is_err() {
                    return;
                }
            }
            self.pause(RETRY[attempts.min(RETRY.len() - 1)], stop).await;
            attempts += 1;
        }
    }

    /// Orders are taken while the reader is away, too: nobody waits for the queue.
    async fn pause(&mut self, length: Duration, stop: &AtomicBool) {
        let until = Instant::now() + length;
        while !ended(&self.events, stop) && Instant::now() < until {
            tokio::select! {
                order = next_order(&mut self.orders) => self.order(order),
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    fn order(&mut self, order: Option<CardOrder>) {
        match order {
            Some(CardOrder::Read { key: _, photo }) => self.photo = photo,
            Some(CardOrder::Cancel) => self.desk.cancel(),
            None => self.orders = None,
        }
    }

    /// One session from handshake to loss.
    async fn session(&mut self, opened: &mut bool) -> End {
        match self.listen(opened).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn listen(&mut self, opened: &mut bool) -> Result<std::convert::Infallible, End> {
        let (open, mut wire) = self.open().await?;
        if let Some(body) = join(open.version) {
            self.post(&open, body).await?;
        }
        let begun = Instant::now();
        let mut pinged = begun;
        for packet in wire.early() {
            self.packet(packet, &open, opened).await?;
        }
        let mut poll = Box::pin(self.poll(&open));
        loop {
            tokio::select! {
                body = &mut poll => {
                    for packet in wire.read(&body?)? {
                        self.packet(packet, &open, opened).await?;
                    }
                    poll = Box::pin(self.poll(&open));
                }
                order = next_order(&mut self.orders) => self.order(order),
                () = tokio::time::sleep(TICK) => {}
            }
            if !*opened && begun.elapsed() > ANSWER {
                return Err(End::Lost("it lets nobody in".to_owned()));
            }
            if open.version == Version::V3 && pinged.elapsed() >= Duration::from_millis(open.ping_interval) {
                pinged = Instant::now();
                self.post(&open, pong(open.version)).await?;
            }
            if let Some(card) = self.desk.late(Instant::now()) {
                self.judge(card).await?;
            }
        }
    }

    async fn packet(&mut self, packet: Packet, open: &Handshake, opened: &mut bool) -> Result<(), End> {
        match packet {
            Packet::Ping => self.post(open, pong(open.version)).await?,
            Packet::Connected if !*opened => {
                *opened = true;
                self.send(CardEvent::Opened { model: "HN212".to_owned() }).await?;
            }
            Packet::Close => return Err(End::Lost("it ended the session".to_owned())),
            Packet::Refused => return Err(End::Lost("it refuses listeners".to_owned())),
            Packet::Event { name, data } if name == "/event" => match self.desk.take(message(&data), Instant::now()) {
                Some(Step::CardIn) => self.send(CardEvent::CardIn).await?,
                Some(Step::Failed(words)) => {
                    self.send(CardEvent::Failed(CardError::Protocol(format!("the reader could not read the card: {words}")))).await?;
                }
                Some(Step::Card(card)) => self.judge(card).await?,
                None => {}
            },
            Packet::Event { .. } | Packet::Connected | Packet::Pong | Packet::Other => {}
        }
        Ok(())
    }

    async fn judge(&self, card: Gathered) -> Result<(), End> {
        let judged: Result<CardData, CardError> = card.judge(self.photo, &self.store, (self.now)());
        self.send(judged.map_or_else(CardEvent::Failed, |card| CardEvent::Read(Box::new(card)))).await
    }

    async fn send(&self, event: CardEvent) -> Result<(), End> {
        self.events.send(event).await.map_err(|_| End::Stopped)
    }

    /// Asks for a session, in the newer version first: older servers either answer in theirs or refuse.
    async fn open(&self) -> Result<(Handshake, Wire), End> {
        let ask = async |version: u8| {
            let url = format!("{}/socket.io/?EIO={version}&transport=polling&b64=1", self.address);
            body(self.http.get(url).timeout(ANSWER).send()).await
        };
        let answer = match ask(4).await {
            Err(reason) if reason.contains("400") => ask(3).await?,
            other => other?,
        };
        Ok(handshake(&answer)?)
    }

    /// The next packets, whenever they come. Owns all it needs, so that orders can be taken meanwhile.
    fn poll(&self, open: &Handshake) -> impl Future<Output = Result<String, String>> + use<> {
        // The server lets a poll wait no longer than it waits for a ping's answer.
        let longest = Duration::from_millis(open.ping_interval + open.ping_timeout) + ANSWER;
        let request = self.http.get(self.url(open)).timeout(longest);
        async move { body(request.send()).await }
    }

    async fn post(&self, open: &Handshake, packets: &'static str) -> Result<(), End> {
        let request = self.http.post(self.url(open)).header("content-type", "text/plain;charset=UTF-8").timeout(ANSWER).body(packets);
        body(request.send()).await?;
        Ok(())
    }

    fn url(&self, open: &Handshake) -> String {
        let version = match open.version {
            Version::V4 => 4,
            Version::V3 => 3,
        };
        format!("{}/socket.io/?EIO={version}&transport=polling&b64=1&sid={}", self.address, open.sid)
    }
}

fn ended(events: &Sender<CardEvent>, stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed) || events.is_closed()
}

async fn until_ended(events: &Sender<CardEvent>, stop: &AtomicBool) {
    while !ended(events, stop) {
        tokio::time::sleep(TICK).await;
    }
}

async fn next_order(orders: &mut Option<Receiver<CardOrder>>) -> Option<CardOrder> {
    match orders {
        Some(orders) => orders.recv().await,
        None => std::future::pending().await,
    }
}

/// The text of a good answer. Errors name no address: it holds the session's name.
async fn body(answer: impl Future<Output = reqwest::Result<Response>>) -> Result<String, String> {
    let mut answer = answer.await.map_err(plain)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(plain)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err("its answer is larger than any card".to_owned());
        }
    }
    if !answer.status().is_success() {
        return Err(format!("it answers with HTTP {}", answer.status().as_u16()));
    }
    String::from_utf8(bytes).map_err(|_| "its answer is no text".to_owned())
}

fn plain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The card on the reader: its messages put together. Pure.
#[derive(Debug, Default)]
enum Desk {
    #[default]
    Empty,
    Reading {
        card: Gathered,
        /// When the first of the two messages came.
        since: Option<Instant>,
    },
    /// Cancelled: what still comes of this card is dropped.
    Dropped,
}

enum Step {
    CardIn,
    Failed(String),
    Card(Gathered),
}

impl Desk {
    fn take(&mut self, message: Message, now: Instant) -> Option<Step> {
        match (std::mem::take(self), message) {
            (_, Message::NewCard) => {
                *self = Self::Reading { card: Gathered::default(), since: None };
                Some(Step::CardIn)
            }
            (Self::Reading { card, since }, Message::Text(text)) => {
                self.gathered(Gathered { text: Some(text), ..card }, since.unwrap_or(now))
            }
            (Self::Reading { card, since }, Message::Files(files)) => {
                self.gathered(Gathered { files: Some(files), ..card }, since.unwrap_or(now))
            }
            // Not announced: the agent came in the middle.
            (Self::Empty, Message::Text(text)) => self.gathered(Gathered { text: Some(text), files: None }, now),
            // Files of a card that was told already.
            (Self::Empty, Message::Files(_)) => None,
            (Self::Reading { .. } | Self::Empty, Message::Failed(words)) => Some(Step::Failed(words)),
            (kept, Message::Text(_) | Message::Files(_) | Message::Failed(_) | Message::Other) => {
                *self = kept;
                None
            }
        }
    }

    fn gathered(&mut self, card: Gathered, since: Instant) -> Option<Step> {
        if card.text.is_some() && card.files.is_some() {
            return Some(Step::Card(card));
        }
        *self = Self::Reading { card, since: Some(since) };
        None
    }

    /// The card whose second message does not come.
    fn late(&mut self, now: Instant) -> Option<Gathered> {
        match std::mem::take(self) {
            Self::Reading { card, since: Some(since) } if now.saturating_duration_since(since) >= SECOND => Some(card),
            kept @ (Self::Empty | Self::Reading { .. } | Self::Dropped) => {
                *self = kept;
                None
            }
        }
    }

    fn cancel(&mut self) {
        if matches!(self, Self::Reading { .. }) {
            *self = Self::Dropped;
        }
    }
}
