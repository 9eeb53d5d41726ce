//! So many TLS handshakes at once and no more. When a province comes back, all its devices connect in the same
//! seconds; were all their handshakes worked on together, none would end before its device gives up.

use crate::tls::Tls;
use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use std::{io, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

/// Handshakes at once in one instance: many enough that slow lines, which hold a place for a second, do not fill it; few
/// enough that each is through in a moment.
const AT_ONCE: usize = 128;
/// A device gives up after 10 s; one that has waited longer than this would not stay to the end.
const LONGEST_WAIT: Duration = Duration::from_secs(7);

/// Wraps the acceptor that does the handshake.
#[derive(Clone)]
pub(crate) struct Handshakes<A> {
    inner: A,
    places: Arc<Semaphore>,
    tls: Arc<Tls>,
}

impl<A> Handshakes<A> {
    pub(crate) fn new(inner: A, tls: Arc<Tls>) -> Self {
        Self { inner, places: Arc::new(Semaphore::new(AT_ONCE)), tls }
    }
}

impl<A, S> Accept<TcpStream, S> for Handshakes<A>
where
    A: Accept<TcpStream, S> + Clone + Send + 'static,
    A::Future: Send,
    A::Stream: Send,
    A::Service: Send,
    S: Send + 'static,
{
    type Stream = A::Stream;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(A::Stream, A::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let place = timeout(LONGEST_WAIT, this.places.acquire()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
            let _place = place.map_err(io::Error::other)?;
            this.tls.refresh();
            this.inner.accept(stream, service).await
        })
    }
}
