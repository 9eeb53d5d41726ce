//! Refusals as RFC 9457 problems.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use motcua_model::hub::Problem;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    pub(crate) retry_after: Option<u64>,
    /// The right `Upload-Offset`, where that is the point.
    pub(crate) offset: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, title: &str, detail: impl Into<String>) -> Self {
        let problem = Problem { status, title: title.to_owned(), detail: detail.into() };
        Self { problem, retry_after: None, offset: None }
    }
}

impl From<anyhow::Error> for Refusal {
    /// Disk and database trouble: the log has the cause, the device only needs to know that it may try again.
    fn from(error: anyhow::Error) -> Self {
        tracing::error!("{error:#}");
        Self::new(500, "Hub trouble", "the hub could not store or read; try again later, its log has the cause")
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        anyhow::Error::new(error).context("the hub's database failed").into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert("Tus-Resumable", HeaderValue::from_static("1.0.0"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(offset) = self.offset {
            headers.insert("Upload-Offset", offset.into());
        }
        response
    }
}
