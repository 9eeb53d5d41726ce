//! Sends the figures to the province's monitoring, where the configuration asks for it: behind everything else, and to nobody's harm.

use crate::{
    forwarder,
    input::Inputs,
    metrics::{
        self,
        otlp::{self, Teller},
    },
    worker::Storage,
};
use jiff::Timestamp;
use motcua_forward::{Class, ForwardError, Monitoring, retry};
use motcua_model::config::{Hub, Telemetry};
use std::time::{Duration, Instant};

/// What is due for the hub goes first; but a backlog may take hours, and monitoring must not be blind so long.
const GIVES_WAY: Duration = Duration::from_secs(900);

struct Sender {
    telemetry: Telemetry,
    hub: Hub,
    /// Since when is counted.
    started: Timestamp,
    inputs: Inputs,
    storage: Storage,
}

/// Lives as long as the agent. What is refused is dropped: the next message tells the same sums.
pub(crate) async fn run(telemetry: Telemetry, hub: Hub, started: Timestamp, inputs: Inputs, storage: Storage) {
    let every = Duration::from_secs(u64::from(telemetry.every_s));
    let sender = Sender { telemetry, hub, started, inputs, storage };
    let (mut failures, mut told) = (0, Instant::now());
    // Never at once: after a power cut a whole district starts in the same second.
    let mut pause = retry::around(every);
    loop {
        tokio::time::sleep(pause).await;
        pause = retry::around(every);
        if sender.something_is_due().await && told.elapsed() < GIVES_WAY {
            continue;
        }
        told = Instant::now();
        match sender.send().await {
            Ok(()) if failures > 0 => {
                tracing::info!("{} takes the figures again", sender.telemetry.otlp);
                failures = 0;
            }
            Ok(()) => {}
            Err(failure) => {
                if failures == 0 {
                    tracing::warn!(class = ?failure.class, "{}", failure.message);
                }
                failures += 1;
                pause = every.max(retry::delay(failures, failure.retry_after, failure.class));
            }
        }
    }
}

impl Sender {
    /// A message for the hub is under way, or could go now.
    async fn something_is_due(&self) -> bool {
        let next = self.storage.read(|s| Ok(s.outbox_next()?)).await;
        next.ok().flatten().is_some_and(|next| next <= Timestamp::now())
    }

    async fn send(&self) -> Result<(), ForwardError> {
        let not_now = |message: String| ForwardError { class: Class::Server, message, retry_after: None };
        // Made anew each time: a certificate may have been renewed.
        let monitoring = forwarder::settings(&self.hub)
            .and_then(|settings| Ok(Monitoring::new(&settings, &self.telemetry.otlp)?))
            .map_err(|e| ForwardError { class: Class::Credential, message: format!("no figures are sent: {e:#}"), retry_after: None })?;
        let figures = metrics::gather(&self.inputs, Some(&self.storage), &self.hub).await;
        let figures = figures.map_err(|e| not_now(format!("no figures are sent: the store does not tell them ({e:#})")))?;
        let figures = figures.ok_or_else(|| not_now("no figures are sent: the agent stops".to_owned()))?;
        let teller = Teller { device: monitoring.device_name(), started: self.started, now: Timestamp::now() };
        monitoring.send(otlp::message(&figures, &teller)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{input::Input, metrics::tests::status};
    use axum::{
        Router,
        body::Bytes,
        http::{HeaderMap, StatusCode, header},
        response::IntoResponse as _,
        routing::post,
    };
    use axum_server::tls_rustls::RustlsConfig;
    use motcua_model::{
        code::ParcelCode,
        dossier::{Handover, HandoverParcel},
    };
    use motcua_store::{Store, StoreKey};
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    use rustls::{
        RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    };
    use std::{
        collections::{BTreeSet, VecDeque},
        fs,
        net::TcpListener,
        path::Path,
        sync::{Arc, Mutex},
    };
    use tokio::{
        sync::mpsc::{self, UnboundedReceiver},
        time::timeout,
    };
    use uuid::Uuid;

    struct Authority(CertifiedIssuer<'static, KeyPair>);

    impl Authority {
        fn new() -> Self {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
        }

        fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
            let pair = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&pair, &self.0).unwrap(), pair)
        }
    }

    /// What came, decoded, and when.
    type Received = UnboundedReceiver<(Instant, BTreeSet<String>)>;

    /// A receiver that asks for a certificate; gives these answers (with `Retry-After` in seconds) one after the other, then 200.
    fn receiver(authority: &Authority, answers: &[(u16, Option<u64>)]) -> (String, Received) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (cert, key) = authority.issue("localhost");
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(vec![cert.der().clone()], key).unwrap();
        let (told, received) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let take = move |headers: HeaderMap, body: Bytes| {
            assert_eq!(headers[header::CONTENT_TYPE], "application/x-protobuf");
            told.send((Instant::now(), otlp::tests::lines(&body))).unwrap();
            let (status, wish) = answers.lock().unwrap().pop_front().unwrap_or((200, None));
            let mut wishes = HeaderMap::new();
            wishes.extend(wish.map(|seconds| (header::RETRY_AFTER, seconds.into())));
            async move { (StatusCode::from_u16(status).unwrap(), wishes).into_response() }
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://localhost:{}/v1/metrics", listener.local_addr().unwrap().port());
        let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(tls))).unwrap();
        tokio::spawn(server.serve(Router::new().route("/v1/metrics", post(take)).into_make_service()));
        (url, received)
    }

    /// A device of this authority with an empty store sends to `url` every second.
    fn start(folder: &Path, authority: &Authority, url: String) -> Storage {
        let (cert, key) = authority.issue("kiosk-k07");
        let file = |name: &str, text: String| {
            fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        };
        let hub = Hub {
            url: "https://localhost:1".to_owned(),
            ca: file("ca.pem", authority.0.pem()),
            cert: file("device.pem", cert.pem()),
            key: file("device.key", key.serialize_pem()),
            receipt_key: "00".repeat(32),
            export_cert: None,
            poll_s: 60,
            heartbeat_s: 300,
            boot_wait_s: 0,
            max_kbit_s: 0,
            stalled_min: 30,
        };
        let key = StoreKey::load_or_create(&folder.join("store.key"), &folder.join("state")).unwrap();
        let store = Store::open(&folder.join("state"), &key).unwrap().store;
        let storage = Storage::start(store).unwrap();
        let (inputs, mut queue) = mpsc::channel(4);
        tokio::spawn(async move {
            while let Some(input) = queue.recv().await {
                let Input::Status(answer) = input else { panic!("another question") };
                let _ = answer.send(status());
            }
        });
        let telemetry = Telemetry { otlp: url, every_s: 1 };
        tokio::spawn(run(telemetry, hub, Timestamp::now(), inputs, storage.clone()));
        storage
    }

    async fn next(received: &mut Received) -> (Instant, BTreeSet<String>) {
        timeout(Duration::from_secs(20), received.recv()).await.expect("no figures within 20 s").unwrap()
    }

    #[tokio::test]
    async fn the_receiver_gets_the_figures_of_the_device_and_its_wish_is_obeyed() {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let (url, mut received) = receiver(&authority, &[(200, None), (503, Some(3)), (429, None)]);
        start(folder.path(), &authority, url);
        let (first, figures) = next(&mut received).await;
        for line in ["# service.instance.id=kiosk-k07", "motcua_catalogue_version 4", "motcua_device_ready{device=\"scanner\"} 1"] {
            assert!(figures.contains(line), "{line} is missing in {figures:#?}");
        }
        let left = figures.iter().find_map(|line| line.strip_prefix("motcua_cert_expiry_seconds ")).unwrap();
        assert!(left.parse::<f64>().unwrap() > 0.0, "{left}");

        let (refused, _) = next(&mut received).await;
        assert!(refused - first < Duration::from_secs(10), "a taken message is followed after a second or so");
        let (again, _) = next(&mut received).await;
        assert!(again - refused >= Duration::from_secs(3), "asked for 3 s, came back after {:?}", again - refused);
        // The second refusal names no time: the schedule's own stands, and it goes on.
        next(&mut received).await;
    }

    #[tokio::test]
    async fn what_is_due_for_the_hub_goes_first() {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let (url, mut received) = receiver(&authority, &[]);
        let storage = start(folder.path(), &authority, url);
        let (id, now) = (Uuid::now_v7(), Timestamp::now());
        let parcel = HandoverParcel { parcel: ParcelCode::parse("RR473124829VN").unwrap(), scanned: now };
        let (device, agency, courier) = ("K07".to_owned(), "H15.50.05".to_owned(), "BT001".to_owned());
        let handover = Handover {
            id,
            device,
            agency,
            courier,
            parcels: vec![parcel],
            closed: now,
            direction: motcua_model::handover::Direction::Fetch,
            begun: None,
            announced: 0,
            differences: Vec::new(),
            signatures: motcua_model::handover::Signatures::default(),
        };
        storage.call(move |s| Ok(s.record_handover(&handover)?)).await.unwrap();
        assert!(timeout(Duration::from_secs(4), received.recv()).await.is_err(), "figures went before a message that was due");
        storage.call(move |s| Ok(s.delivered(id, "{}", None, now)?)).await.unwrap();
        next(&mut received).await;
    }

    #[tokio::test]
    async fn a_receiver_of_another_authority_is_told_nothing() {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let (url, mut received) = receiver(&Authority::new(), &[]);
        start(folder.path(), &authority, url);
        assert!(timeout(Duration::from_secs(4), received.recv()).await.is_err(), "figures went to a stranger");
    }
}
