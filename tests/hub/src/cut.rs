//! TCP connections that the hub can cut in the middle of an answer, as a failing line would.

use axum_server::accept::Accept;
use std::{
    collections::HashSet,
    future::{Ready, ready},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// The connections to cut, by the peer's address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts(Arc<Mutex<HashSet<SocketAddr>>>);

impl Cuts {
    /// Nothing more is written to this peer; its connection closes as soon as an answer is tried.
    pub(crate) fn cut(&self, peer: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(peer);
    }

    fn check(&self, peer: SocketAddr) -> io::Result<()> {
        let cut = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&peer);
        if cut { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    fn forget(&self, peer: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer);
    }
}

/// Wraps each accepted connection, below TLS.
#[derive(Clone, Debug)]
pub(crate) struct CutAcceptor(pub(crate) Cuts);

impl<S> Accept<TcpStream, S> for CutAcceptor {
    type Stream = Cuttable;
    type Service = S;
    type Future = Ready<io::Result<(Cuttable, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Answers are small; without this a HEAD waits for the peer's delayed acknowledgement.
        let wrapped = stream.set_nodelay(true).and_then(|()| stream.peer_addr());
        ready(wrapped.map(|peer| (Cuttable { stream, peer, cuts: self.0.clone() }, service)))
    }
}

/// See [`CutAcceptor`].
#[derive(Debug)]
pub(crate) struct Cuttable {
    stream: TcpStream,
    peer: SocketAddr,
    cuts: Cuts,
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        self.cuts.forget(self.peer);
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.cuts.check(this.peer)?;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
