//! Whether the hub answers, and if not, who must act: network, certificate or hub.

use crate::finding::Finding;
use jiff::{Timestamp, fmt::rfc2822};
use motcua_model::config::Hub;
use reqwest::{Certificate, Client, Identity, Response};
use std::{error::Error, fs, io, time::Duration};

const WHAT: &str = "hub";
const WAIT: Duration = Duration::from_secs(10);
/// A certificate's validity does not suffer from less.
const CLOCK_TOLERANCE_S: i64 = 300;

/// Asks `GET /v1/health` with this device's certificate.
pub(super) async fn reachable(hub: &Hub, now: Timestamp) -> Finding {
    let client = match client(hub) {
        Ok(client) => client,
        Err(seen) => return Finding::fail(WHAT, format!("not tried: {seen}"), "mend the certificates and the key first"),
    };
    match client.get(format!("{}/v1/health", hub.url.trim_end_matches('/'))).send().await {
        Ok(answer) => judge(&hub.url, &answer, now),
        Err(error) => Cause::of(&error).finding(&hub.url),
    }
}

fn client(hub: &Hub) -> Result<Client, String> {
    let read = |path: &std::path::Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let authority = Certificate::from_pem_bundle(&read(&hub.ca)?).map_err(|_| format!("{} is no certificate", hub.ca.display()))?;
    let pair = [read(&hub.cert)?, b"\n".to_vec(), read(&hub.key)?].concat();
    let identity = Identity::from_pem(&pair).map_err(|_| "device certificate and key cannot be used".to_owned())?;
    let builder = Client::builder().tls_certs_only(authority).identity(identity).timeout(WAIT).connect_timeout(WAIT);
    builder.build().map_err(|_| "device certificate and key cannot be used".to_owned())
}

fn judge(url: &str, answer: &Response, now: Timestamp) -> Finding {
    let code = answer.status().as_u16();
    if matches!(code, 401 | 403) {
        return Finding::fail(WHAT, format!("{url} does not know this device (HTTP {code})"), "have the device registered at the hub");
    }
    if !answer.status().is_success() {
        return Finding::fail(WHAT, format!("{url} answers HTTP {code}"), "tell the hub's operators; dossiers wait on the disk meanwhile");
    }
    let date = answer.headers().get("date").and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
    let ahead = date.map_or(0, |hub| now.as_second() - hub.timestamp().as_second());
    if ahead.abs() > CLOCK_TOLERANCE_S {
        return Finding::warn(
            WHAT,
            format!("{url} answers, but this PC's clock differs by {ahead} s"),
            "set the clock, or switch time synchronisation on",
        );
    }
    Finding::ok(WHAT, format!("{url} answers and knows this device"))
}

/// Why there was no answer. A refused certificate must not look like a bad network: the one is mended
/// by people, the other by waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    /// The hub refuses this device's certificate.
    Refused(String),
    /// This device refuses the hub's certificate, or something else answers there.
    Untrusted(String),
    /// No connection.
    Network(String),
    /// A connection without an answer.
    Silent,
}

impl Cause {
    fn of(error: &reqwest::Error) -> Self {
        match tls_error(error) {
            // Whatever the alert: a strange authority with a known name brings DecryptError, not UnknownCA.
            Some(rustls::Error::AlertReceived(alert)) => Self::Refused(format!("TLS alert {alert:?}")),
            Some(other) => Self::Untrusted(other.to_string()),
            None if error.is_timeout() && !error.is_connect() => Self::Silent,
            None => Self::Network(innermost(error)),
        }
    }

    fn finding(&self, url: &str) -> Finding {
        match self {
            Self::Refused(alert) => Finding::fail(
                WHAT,
                format!("{url} refuses this device's certificate ({alert})"),
                "have the device registered at the hub, or ask for a new device certificate; waiting does not help",
            ),
            Self::Untrusted(why) => Finding::fail(
                WHAT,
                format!("no secure connection to {url}: {why}"),
                "look at the clock, at hub.url and at the authority in hub.ca; do not go on if somebody may sit in between",
            ),
            Self::Network(why) => Finding::fail(
                WHAT,
                format!("no connection to {url}: {why}"),
                "look at cable, router and hub.url; dossiers wait on the disk meanwhile",
            ),
            Self::Silent => Finding::fail(WHAT, format!("{url} connects and does not answer"), "tell the hub's operators"),
        }
    }
}

/// `io::Error` hides what it wraps from `source()`.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.and_then(|inner| tls_error(inner)).or_else(|| error.source().and_then(tls_error))
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use axum::{Router, http::StatusCode, routing::get};
    use axum_server::tls_rustls::RustlsConfig;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
    use std::{net::TcpListener, path::Path, sync::Arc};

    struct Authority(CertifiedIssuer<'static, KeyPair>);

    impl Authority {
        fn new() -> Self {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
        }

        /// Certificate and key in PEM form.
        fn issue(&self, name: &str) -> (String, String) {
            let pair = KeyPair::generate().unwrap();
            let cert = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&pair, &self.0).unwrap();
            (cert.pem(), pair.serialize_pem())
        }
    }

    /// A real server that asks for a certificate of `clients`; returns its address.
    fn serve(own: &Authority, clients: &Authority, code: StatusCode) -> String {
        crate::agent::use_ring();
        let (cert, key) = own.issue("localhost");
        let mut roots = RootCertStore::empty();
        roots.add(clients.0.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        use rustls_pki_types::pem::PemObject;
        let chain = vec![rustls_pki_types::CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()];
        let key = rustls_pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let tls = ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let app = Router::new().route("/v1/health", get(move || async move { code }));
        let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(tls))).unwrap();
        tokio::spawn(server.serve(app.into_make_service()));
        url
    }

    fn config(folder: &Path, url: String, ca: &Authority, device: &Authority) -> Hub {
        let path = |name: &str| folder.join(name);
        let (cert, key) = device.issue("K07");
        fs::write(path("ca.pem"), ca.0.pem()).unwrap();
        fs::write(path("device.pem"), cert).unwrap();
        fs::write(path("device.key"), key).unwrap();
        Hub {
            url,
            ca: path("ca.pem"),
            cert: path("device.pem"),
            key: path("device.key"),
            receipt_key: "00".repeat(32),
            export_cert: None,
            poll_s: 60,
            heartbeat_s: 300,
            boot_wait_s: 0,
            max_kbit_s: 0,
            stalled_min: 30,
        }
    }

    #[tokio::test]
    async fn a_known_device_is_well_and_a_wrong_clock_is_told() {
        let (folder, ca) = (tempfile::tempdir().unwrap(), Authority::new());
        let hub = config(folder.path(), serve(&ca, &ca, StatusCode::NO_CONTENT), &ca, &ca);
        let found = reachable(&hub, Timestamp::now()).await;
        assert_eq!(found.level, Level::Ok, "{found}");
        let found = reachable(&hub, "2026-11-01T00:00:00Z".parse().unwrap()).await;
        assert!(found.level == Level::Warn && found.seen.contains("clock differs"), "{found}");
    }

    #[tokio::test]
    async fn a_refused_certificate_is_no_network_problem() {
        let (folder, ca, other) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
        let hub = config(folder.path(), serve(&ca, &ca, StatusCode::NO_CONTENT), &ca, &other);
        let found = reachable(&hub, Timestamp::now()).await;
        assert!(found.level == Level::Fail && found.seen.contains("refuses this device's certificate"), "{found}");
    }

    #[tokio::test]
    async fn a_hub_of_another_authority_is_not_trusted() {
        let (folder, ca, other) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
        let hub = config(folder.path(), serve(&other, &ca, StatusCode::NO_CONTENT), &ca, &ca);
        let found = reachable(&hub, Timestamp::now()).await;
        assert!(found.level == Level::Fail && found.seen.contains("no secure connection"), "{found}");
    }

    #[tokio::test]
    async fn a_closed_port_a_stranger_and_a_sick_hub_are_told_apart() {
        let (folder, ca) = (tempfile::tempdir().unwrap(), Authority::new());
        crate::agent::use_ring();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for (url, part) in [
            (format!("https://localhost:{free}"), "no connection"),
            (serve(&ca, &ca, StatusCode::FORBIDDEN), "does not know this device"),
            (serve(&ca, &ca, StatusCode::INTERNAL_SERVER_ERROR), "HTTP 500"),
        ] {
            let found = reachable(&config(folder.path(), url, &ca, &ca), Timestamp::now()).await;
            assert!(found.level == Level::Fail && found.seen.contains(part), "{found}");
        }
    }

    #[tokio::test]
    async fn without_certificates_nothing_is_tried() {
        let (folder, ca) = (tempfile::tempdir().unwrap(), Authority::new());
        crate::agent::use_ring();
        let hub = config(folder.path(), "https://localhost:1".to_owned(), &ca, &ca);
        fs::remove_file(&hub.cert).unwrap();
        let found = reachable(&hub, Timestamp::now()).await;
        assert!(found.level == Level::Fail && found.seen.contains("not tried"), "{found}");
    }
}
