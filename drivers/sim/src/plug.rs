//! A network device with a plug. While it is in, the device lives on a runtime of its own; pulling it ends that runtime, so that
//! every socket closes at once, whatever was going on.

use anyhow::Context;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

type Service = Pin<Box<dyn Future<Output = ()> + Send>>;
type Serve = Box<dyn Fn(tokio::net::TcpListener) -> Service + Send + Sync>;

/// A plug and what hangs on it.
pub(crate) struct Plug {
    addr: SocketAddr,
    serve: Serve,
    life: Option<Runtime>,
}

impl Plug {
    /// Plugs a device in on a port of the loopback; 0 takes any free one, and keeps it over all later plugging.
    pub(crate) async fn new<F, S>(port: u16, serve: F) -> anyhow::Result<Self>
    where
        F: Fn(tokio::net::TcpListener) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let serve: Serve = Box::new(move |listener| Box::pin(serve(listener)));
        let mut plug = Self { addr: SocketAddr::from(([127, 0, 0, 1], port)), serve, life: None };
        plug.insert().await?;
        Ok(plug)
    }

    pub(crate) fn port(&self) -> u16 {
        self.addr.port()
    }

    pub(crate) fn is_in(&self) -> bool {
        self.life.is_some()
    }

    pub(crate) async fn insert(&mut self) -> anyhow::Result<()> {
        if self.life.is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(self.addr).with_context(|| format!("port {} is taken; give another one", self.addr))?;
        listener.set_nonblocking(true)?;
        self.addr = listener.local_addr()?;
        let life = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = {
            let _inside = life.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        life.spawn((self.serve)(listener));
        self.life = Some(life);
        Ok(())
    }

    pub(crate) async fn pull(&mut self) -> anyhow::Result<()> {
        if let Some(life) = self.life.take() {
            tokio::task::spawn_blocking(move || life.shutdown_timeout(Duration::from_secs(2))).await?;
        }
        Ok(())
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        if let Some(life) = self.life.take() {
            life.shutdown_background();
        }
    }
}
