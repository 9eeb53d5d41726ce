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

/// The TLS error of a handshake with the hub; none where it succeeds, or where the line fails again.
pub(crate) async fn tls_refusal(hub: &Url, config: &Arc<ClientConfig>) -> Option<rustls::Error> {
    let (hub, config) = (hub.clone(), Arc::clone(config));
    tokio::task::spawn_blocking(move || handshake(&hub, config)).await.ok()?
}

fn handshake(hub: &Url, config: Arc<ClientConfig>) -> Option<rustls::Error> {
    let name = ServerName::try_from(hub.host_str()?.trim_matches(['[', ']']).to_owned()).ok()?;
    let address = *hub.socket_addrs(|| None).ok()?.first()?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut tls = match ClientConnection::new(config, name) {
        Ok(tls) => tls,
        Err(error) => return Some(error),
    };
    while tls.is_handshaking() {
        if let Err(error) = tls.complete_io(&mut stream) {
            return inner(&error);
        }
    }
    // A hub that accepts the certificate says so with session tickets; one that does not sends an alert.
    while tls.tls13_tickets_received() == 0 {
        match tls.read_tls(&mut stream) {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
        if let Err(error) = tls.process_new_packets() {
            return Some(error);
        }
    }
    None
}

fn inner(error: &io::Error) -> Option<rustls::Error> {
    error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
}
