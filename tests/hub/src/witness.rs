//! Every exchange as it went over the wire, for tests that judge both sides against the contract.

use crate::{problem::Refusal, routes::Hub};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// One request with its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// For example `POST`.
    pub method: Method,
    /// With its query.
    pub path: String,
    /// Of the request.
    pub headers: HeaderMap,
    /// Of the request.
    pub body: Vec<u8>,
    /// HTTP status.
    pub status: u16,
    /// Of the answer.
    pub answer_headers: HeaderMap,
    /// Of the answer.
    pub answer: Vec<u8>,
}

/// Whom to tell; nobody outside of tests.
#[derive(Default)]
pub(crate) struct Witness(Mutex<Option<UnboundedSender<Exchange>>>);

impl Witness {
    pub(crate) fn listen(&self) -> UnboundedReceiver<Exchange> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.ear() = Some(sender);
        receiver
    }

    fn ear(&self) -> MutexGuard<'_, Option<UnboundedSender<Exchange>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies what goes by, where somebody listens.
pub(crate) async fn look(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let Some(ear) = hub.witness.ear().clone() else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Refusal::new(408, "Broken off", "the body broke off").into_response() };
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let (method, headers) = (parts.method.clone(), parts.headers.clone());
    let (answer_parts, answer) = next.run(Request::from_parts(parts, Body::from(body.clone()))).await.into_parts();
    let Ok(answer) = to_bytes(answer, usize::MAX).await else { return Refusal::new(500, "Witness", "no answer").into_response() };
    let exchange = Exchange {
        method,
        path,
        headers,
        body: body.to_vec(),
        status: answer_parts.status.as_u16(),
        answer_headers: answer_parts.headers.clone(),
        answer: answer.to_vec(),
    };
    // The test may have ended.
    let _ = ear.send(exchange);
    Response::from_parts(answer_parts, Body::from(answer))
}
