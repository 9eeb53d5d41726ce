//! Start and end.

use crate::{
    cut::{CutAcceptor, Cuts},
    faults::Faults,
    guard::{Guard, Limits},
    handshake::Handshakes,
    pki,
    routes::{Hub, routes},
    seal::Seal,
    shared::SharedOptions,
    storage::Storage,
    tls::Tls,
    witness::{Exchange, Witness},
};
use anyhow::{Context as _, Result, ensure};
use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use axum_server::{Handle, tls_rustls::RustlsAcceptor};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};

/// How to run a hub.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that [`pki::init`] made.
    pub dir: PathBuf,
    /// Where devices connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Mã định danh of the office, first part of every official code.
    pub agency: String,
    /// A plain port for `POST /test/faults`. Loopback only; none in any real use.
    pub test_listen: Option<SocketAddr>,
    /// PostgreSQL and a bucket in place of SQLite and the folder; then the folder holds keys alone.
    pub shared: Option<SharedOptions>,
    /// How much this instance takes on.
    pub limits: Limits,
    /// Whether the national portal's store answers, out of the hub's own second table.
    pub kho: bool,
}

impl Options {
    /// The usual hub of a folder.
    pub fn new(dir: PathBuf, listen: SocketAddr, agency: &str) -> Self {
        let limits = Limits::default();
        Self { dir, listen, agency: agency.to_owned(), test_listen: None, shared: None, limits, kho: true }
    }
}

/// A hub at work.
pub struct Running {
    /// Where devices connect.
    pub addr: SocketAddr,
    /// Where faults are ordered.
    pub test_addr: Option<SocketAddr>,
    hub: Arc<Hub>,
    servers: Vec<(Handle<SocketAddr>, JoinHandle<std::io::Result<()>>)>,
}

/// Starts a hub and returns as soon as it listens.
pub async fn start(options: Options) -> Result<Running> {
    ensure!(
        motcua_model::code::is_agency(&options.agency),
        "`{}` is not a mã định danh of an office, such as H15.50.05; give another --agency",
        options.agency
    );
    let hub = Arc::new(Hub {
        storage: Storage::open(&options.dir, options.shared.as_ref()).await?,
        seal: Seal { key: pki::receipt_key(&options.dir)?, agency: options.agency },
        tls: Arc::new(Tls::open(&options.dir)?),
        cuts: Cuts::default(),
        guard: Guard::new(options.limits),
        witness: Witness::default(),
        kho: options.kho,
        faults: Mutex::default(),
        uploads: Mutex::default(),
        at_work: Mutex::default(),
    });
    let listener = bind(options.listen)?;
    let acceptor = RustlsAcceptor::new(hub.tls.config.clone()).acceptor(CutAcceptor(hub.cuts.clone()));
    let handle = Handle::new();
    let server = axum_server::from_tcp(listener)?.acceptor(Handshakes::new(acceptor, Arc::clone(&hub.tls))).handle(handle.clone());
    let service = routes(Arc::clone(&hub)).into_make_service_with_connect_info::<SocketAddr>();
    let mut servers = vec![(handle, tokio::spawn(server.serve(service)))];
    if let Some(address) = options.test_listen {
        ensure!(address.ip().is_loopback(), "the test port must be on the loopback address, not {address}");
        let handle = Handle::new();
        let server = axum_server::from_tcp(bind(address)?)?.handle(handle.clone());
        let routes = Router::new().route("/test/faults", post(order_faults)).with_state(Arc::clone(&hub));
        servers.push((handle, tokio::spawn(server.serve(routes.into_make_service()))));
    }
    let mut addresses = Vec::new();
    for (handle, _) in &servers {
        addresses.push(handle.listening().await.context("the hub does not listen")?);
    }
    let addr = *addresses.first().context("the hub does not listen")?;
    Ok(Running { addr, test_addr: addresses.get(1).copied(), hub, servers })
}

impl Running {
    /// Orders faults, as `POST /test/faults` does.
    pub fn set_faults(&self, faults: Faults) {
        *self.hub.faults() = faults;
    }

    /// From now on every exchange is copied, for tests.
    pub fn listen_in(&self) -> UnboundedReceiver<Exchange> {
        self.hub.witness.listen()
    }

    /// Ends at once, with every connection, and waits until nothing runs any more.
    pub async fn kill(self) {
        for (handle, server) in self.servers {
            handle.shutdown();
            // It ended because it was told to.
            let _ = server.await;
            while handle.connection_count() > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// Takes no new connection, gives requests under way 3 s, ends.
    pub async fn stop(self) {
        for (handle, server) in self.servers {
            handle.graceful_shutdown(Some(Duration::from_secs(3)));
            let _ = server.await;
        }
    }
}

async fn order_faults(State(hub): State<Arc<Hub>>, Json(faults): Json<Faults>) -> StatusCode {
    *hub.faults() = faults;
    StatusCode::NO_CONTENT
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}; is another hub running there?"))
}
