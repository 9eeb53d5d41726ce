//! Socket.IO over Engine.IO long polling, as far as a listener needs it. Pure; fuzzed.
//!
//! Which version the reader speaks is not written anywhere, so both are read: Engine.IO 4 (packets parted by 0x1e) and 3 (each
//! packet after its length and `:`). Source: the protocols of engine.io (4, 3) and socket.io (5, 4) at github.com/socketio.

use serde_json::Value;

/// Most packets of one answer that are looked at; a burst of a reader has fewer than ten.
const PACKETS: usize = 256;

/// Version of Engine.IO, told by the first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The server asks "are you there?".
    V4,
    /// The client does.
    V3,
}

/// What the server's first packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Which version it speaks.
    pub version: Version,
    /// Name of the session, for every later address. Letters, digits, `-` and `_`.
    pub sid: String,
    /// Milliseconds between two pings.
    pub ping_interval: u64,
    /// Milliseconds until the other side counts as gone.
    pub ping_timeout: u64,
}

/// A packet after the first one.
#[derive(Clone, PartialEq)]
pub enum Packet {
    /// The server asks whether the client is there: answer with [`pong`].
    Ping,
    /// The server is there.
    Pong,
    /// The session ends.
    Close,
    /// The namespace is joined: events may come.
    Connected,
    /// The server let the client go, or refused it.
    Refused,
    /// An event: its name and its first argument. Bytes stand as base64 text in it.
    Event {
        /// Name.
        name: String,
        /// First argument, null when there is none.
        data: Value,
    },
    /// Anything else; nothing to do.
    Other,
}

impl std::fmt::Debug for Packet {
    // An event's data are a citizen's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ping => f.write_str("Ping"),
            Self::Pong => f.write_str("Pong"),
            Self::Close => f.write_str("Close"),
            Self::Connected => f.write_str("Connected"),
            Self::Refused => f.write_str("Refused"),
            Self::Event { name, .. } => f.debug_struct("Event").field("name", name).finish_non_exhaustive(),
            Self::Other => f.write_str("Other"),
        }
    }
}

/// The body that answers a ping, or sends one.
pub fn pong(version: Version) -> &'static str {
    match version {
        Version::V4 => "3",
        Version::V3 => "1:2",
    }
}

/// The body that joins the default namespace. Version 3 joins it by itself.
pub fn join(version: Version) -> Option<&'static str> {
    match version {
        Version::V4 => Some("40"),
        Version::V3 => None,
    }
}

/// Reads the first answer, and packets that came with it.
///
/// # Errors
/// Says what is missing; the answer itself is not in it.
pub fn handshake(body: &str) -> Result<(Handshake, Wire), String> {
    let version = if body.starts_with('0') { Version::V4 } else { Version::V3 };
    let packets = split(version, body).ok_or("the answer is no Engine.IO packet")?;
    let open = packets.first().and_then(|packet| packet.strip_prefix('0')).ok_or("the answer does not open a session")?;
    let open: Value = serde_json::from_str(open).map_err(|_| "the opening packet is no JSON")?;
    let sid = open.get("sid").and_then(Value::as_str).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if sid.is_empty() || sid.len() > 128 || !sid.chars().all(plain) {
        return Err("the opening packet names no session".to_owned());
    }
    let milliseconds = |name, usual| open.get(name).and_then(Value::as_u64).unwrap_or(usual).clamp(100, 300_000);
    let handshake = Handshake {
        version,
        sid: sid.to_owned(),
        ping_interval: milliseconds("pingInterval", 25_000),
        ping_timeout: milliseconds("pingTimeout", 20_000),
    };
    let mut wire = Wire { version, awaited: None, early: Vec::new() };
    wire.early = packets.iter().skip(1).filter_map(|packet| wire.packet(packet)).collect();
    Ok((handshake, wire))
}

/// Reads the packets of a session.
#[derive(Debug)]
pub struct Wire {
    version: Version,
    /// An event whose bytes follow in packets of their own.
    awaited: Option<Awaited>,
    early: Vec<Packet>,
}

struct Awaited {
    text: String,
    bytes: Vec<String>,
    count: usize,
}

impl std::fmt::Debug for Awaited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Awaited").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Wire {
    /// Packets that came with the handshake; empty the second time.
    pub fn early(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.early)
    }

    /// Reads the body of an answer.
    ///
    /// # Errors
    /// When its frames do not fit together.
    pub fn read(&mut self, body: &str) -> Result<Vec<Packet>, String> {
        let packets = split(self.version, body).ok_or("an answer is no row of Engine.IO packets")?;
        Ok(packets.iter().filter_map(|packet| self.packet(packet)).collect())
    }

    /// None while an event waits for its bytes.
    fn packet(&mut self, packet: &str) -> Option<Packet> {
        let mut chars = packet.chars();
        match (chars.next(), chars.as_str()) {
            (Some('1'), _) => Some(Packet::Close),
            (Some('2'), _) => Some(Packet::Ping),
            (Some('3'), _) => Some(Packet::Pong),
            (Some('4'), message) => self.message(message),
            (Some('b'), bytes) => self.bytes(bytes),
            _ => Some(Packet::Other),
        }
    }

    fn message(&mut self, message: &str) -> Option<Packet> {
        let mut chars = message.chars();
        match (chars.next(), chars.as_str()) {
            (Some('0'), _) => Some(Packet::Connected),
            // An error of version 4 is refused connection; of version 3 it is the same.
            (Some('1' | '4'), _) => Some(Packet::Refused),
            (Some('2'), rest) => Some(event(rest, &[])),
            (Some('5'), rest) => {
                let Some((count, text)) = rest.split_once('-') else { return Some(Packet::Other) };
                let count = count.parse().ok().filter(|count| (1..=16).contains(count));
                self.awaited = count.map(|count| Awaited { text: text.to_owned(), bytes: Vec::new(), count });
                if self.awaited.is_some() { None } else { Some(Packet::Other) }
            }
            _ => Some(Packet::Other),
        }
    }

    /// Bytes of the awaited event, in base64; version 3 writes the packet's kind before them.
    fn bytes(&mut self, text: &str) -> Option<Packet> {
        let text = match self.version {
            Version::V4 => text,
            Version::V3 => text.strip_prefix('4')?,
        };
        let awaited = self.awaited.as_mut()?;
        awaited.bytes.push(text.to_owned());
        if awaited.bytes.len() < awaited.count {
            return None;
        }
        self.awaited.take().map(|awaited| event(&awaited.text, &awaited.bytes))
    }
}

/// `[namespace,][acknowledgement]["name", data]`.
fn event(text: &str, bytes: &[String]) -> Packet {
    let Some(start) = text.find('[') else { return Packet::Other };
    let Ok(Value::Array(mut items)) = serde_json::from_str(&text[start..]) else { return Packet::Other };
    if items.is_empty() {
        return Packet::Other;
    }
    let Value::String(name) = items.remove(0) else { return Packet::Other };
    let mut data = items.into_iter().next().unwrap_or(Value::Null);
    put_bytes(&mut data, bytes);
    Packet::Event { name, data }
}

/// Puts base64 texts where the event's placeholders stand. As deep as JSON was read: serde_json stops at 128.
fn put_bytes(data: &mut Value, bytes: &[String]) {
    match data {
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let number = fields.get("num").and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
            *data = number.and_then(|number| bytes.get(number)).map_or(Value::Null, |text| Value::String(text.clone()));
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| put_bytes(field, bytes)),
        Value::Array(items) => items.iter_mut().for_each(|item| put_bytes(item, bytes)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn split(version: Version, body: &str) -> Option<Vec<&str>> {
    let packets = match version {
        Version::V4 => body.split('\u{1e}').collect(),
        // The lengths count characters as JavaScript does; some servers count bytes.
        Version::V3 => split_by_length(body, |text, length| {
            let mut units = 0;
            let end = text.char_indices().find(|(_, c)| {
                let full = units >= length;
                units += c.len_utf16();
                full
            });
            let end = end.map_or(text.len(), |(at, _)| at);
            (units >= length).then_some(end)
        })
        .or_else(|| split_by_length(body, |text, length| text.is_char_boundary(length).then_some(length)))?,
    };
    (packets.len() <= PACKETS).then_some(packets)
}

fn split_by_length(body: &str, end_of: impl Fn(&str, usize) -> Option<usize>) -> Option<Vec<&str>> {
    let mut left = body;
    let mut packets = Vec::new();
    while !left.is_empty() && packets.len() <= PACKETS {
        let (length, rest) = left.split_once(':')?;
        let length = length.parse().ok().filter(|_| length.len() <= 8 && length.bytes().all(|b| b.is_ascii_digit()))?;
        let end = end_of(rest, length)?;
        packets.push(rest.get(..end)?);
        left = rest.get(end..)?;
    }
    Some(packets)
}
