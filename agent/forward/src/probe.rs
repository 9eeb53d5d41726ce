//! A bare TLS handshake that listens before it speaks.
//!
//! With TLS 1.3 a hub refuses a client certificate after the client's handshake is over. Where the alert
//! overtakes the request, the HTTP client reports a connection that was lost for no reason, and the device
//! would take its expired certificate for a bad line. Asking once more without sending anything settles it.

use reqwest::Url;
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;
use std::{io, net::TcpStream, sync::Arc, time::Duration};

const PATIENCE: Duration = Duration::from_secs(5);

/// Asked again where the connection breaks with neither a word nor an alert: a hub that closes while bytes are
/// on their way to it resets the connection, and the reset may overtake its alert.
const TRIES: usize = 3;

/// How a handshake ended.
enum Verdict {
    /// The hub takes this device, or there is no line to ask it.
    Nothing,
    /// The connection was made, and broke before anybody said why.
    Broken,
    Refused(rustls::Error),
}

/// The TLS error of a handshake with the hub; none where it succeeds, or where the line fails again.
pub(crate) async fn tls_refusal(hub: &Url, config: &Arc<ClientConfig>) -> Option<rustls::Error> {
    let (hub, config) = (hub.clone(), Arc::clone(config));
    tokio::task::spawn_blocking(move || ask(&hub, &config)).await.ok()?
}

fn ask(hub: &Url, config: &Arc<ClientConfig>) -> Option<rustls::Error> {
    for _ in 0..TRIES {
        match handshake(hub, Arc::clone(config)) {
            Verdict::Refused(error) => return Some(error),
            Verdict::Nothing => return None,
            Verdict::Broken => {}
        }
    }
    None
}

fn handshake(hub: &Url, config: Arc<ClientConfig>) -> Verdict {
    let Some((mut stream, name)) = connect(hub) else { return Verdict::Nothing };
    let mut tls = match ClientConnection::new(config, name) {
        Ok(tls) => tls,
        Err(error) => return Verdict::Refused(error),
    };
    while tls.is_handshaking() {
        if let Err(error) = tls.complete_io(&mut stream) {
            return ended(&error);
        }
    }
    // A hub that accepts the certificate says so with session tickets; one that does not sends an alert.
    while tls.tls13_tickets_received() == 0 {
        match tls.read_tls(&mut stream) {
            Ok(0) => return Verdict::Broken,
            Ok(_) => {}
            Err(error) => return ended(&error),
        }
        if let Err(error) = tls.process_new_packets() {
            return Verdict::Refused(error);
        }
    }
    Verdict::Nothing
}

fn connect(hub: &Url) -> Option<(TcpStream, ServerName<'static>)> {
    let name = ServerName::try_from(hub.host_str()?.trim_matches(['[', ']']).to_owned()).ok()?;
    let address = *hub.socket_addrs(|| None).ok()?.first()?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Some((stream, name))
}

fn ended(error: &io::Error) -> Verdict {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(tls) => Verdict::Refused(tls.clone()),
        None if is_cut(error.kind()) => Verdict::Broken,
        None => Verdict::Nothing,
    }
}

/// The other side ended the connection, or seems to have.
pub(crate) fn is_cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        sync::atomic::{AtomicUsize, Ordering},
    };

    pub(crate) fn client() -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
    }

    /// What a hub does with the connections before the one that it refuses in words.
    #[derive(Clone, Copy)]
    pub(crate) enum Before {
        Reset(usize),
        Silent(usize),
    }

    /// A hub that ends with the alert "certificate expired"; and how many connections it has seen.
    pub(crate) fn hub(before: Before) -> (Url, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // One byte read and the rest of the greeting not: closing now resets the connection.
                stream.read_exact(&mut [0]).unwrap();
                let seen = count.fetch_add(1, Ordering::SeqCst);
                match before {
                    Before::Reset(cuts) if seen < cuts => {}
                    Before::Silent(holds) if seen < holds => held.push(stream),
                    Before::Reset(_) | Before::Silent(_) => {
                        let _ = stream.read(&mut [0; 8192]);
                        stream.write_all(&[21, 3, 3, 0, 2, 2, 45]).unwrap();
                    }
                }
            }
        });
        (url, asked)
    }

    #[tokio::test]
    async fn a_reset_that_overtakes_the_alert_is_asked_again() {
        let (url, asked) = hub(Before::Reset(2));
        let found = tls_refusal(&url, &client()).await;
        assert_eq!(found, Some(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateExpired)));
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_line_that_only_breaks_is_no_refusal() {
        let (url, asked) = hub(Before::Reset(usize::MAX));
        assert_eq!(tls_refusal(&url, &client()).await, None);
        assert_eq!(asked.load(Ordering::SeqCst), TRIES);
    }
}
