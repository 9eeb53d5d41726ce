//! The dock: what a person's hands do to the devices, as a page and as JSON.

use crate::card::CHIP_CARDS;
use crate::{CARDS, Command, Hands};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;

pub(crate) async fn serve(listener: tokio::net::TcpListener, hands: Arc<Hands>) {
    let router = Router::new()
        .route("/", get(|| async { Html(include_str!("dock.html")) }))
        .route("/dock", get(state).post(command))
        .route("/cards", get(|| async { Json(CARDS) }))
        .route("/chips", get(|| async { Json(CHIP_CARDS) }))
        .route("/slips/{number}", get(slip))
        .with_state(hands);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the dock stopped");
    }
}

async fn state(State(hands): State<Arc<Hands>>) -> Response {
    Json(hands.state().await).into_response()
}

async fn command(State(hands): State<Arc<Hands>>, Json(command): Json<Command>) -> Response {
    match hands.command(command).await {
        Ok(()) => Json(hands.state().await).into_response(),
        Err(error) => (StatusCode::CONFLICT, format!("{error:#}\n")).into_response(),
    }
}

async fn slip(State(hands): State<Arc<Hands>>, Path(number): Path<u32>) -> Response {
    match tokio::fs::read(hands.out.join(format!("slip-{number:03}.png"))).await {
        Ok(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
