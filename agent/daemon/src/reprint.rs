//! The proof of a filing once more: what is kept for it, who may have it without a card, and how staff stop that.

use crate::{
    console::{Console, failed},
    worker::Storage,
};
use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use jiff::Timestamp;
use motcua_flow::{DigitsVerdict, HeldProof, KeptProof};
use motcua_model::{Private, api::DigitsRefused};
use motcua_store::{DigitTries, DossierLine};
use serde::Deserialize;
use uuid::Uuid;

pub(crate) async fn keep(storage: &Storage, dossier: Uuid, proof: &KeptProof, fee_vnd: u32) -> anyhow::Result<()> {
    let body = serde_json::to_string(proof)?;
    storage.call(move |s| Ok(s.keep_proof(dossier, &body, fee_vnd)?)).await
}

/// The count of wrong digits is on the disk before the answer: pulling the plug buys no further try.
pub(crate) async fn check(storage: &Storage, code: String, digits: Private, now: Timestamp) -> anyhow::Result<DigitsVerdict> {
    Ok(match storage.call(move |s| Ok(s.proof_for(&code, digits.reveal(), now)?)).await? {
        DigitTries::Right(held) => {
            let proof: KeptProof = serde_json::from_str(&held.body)?;
            DigitsVerdict::Right(Box::new(HeldProof { dossier: held.dossier, proof, fee: held.fee }))
        }
        DigitTries::Left(left) => DigitsVerdict::Refused(DigitsRefused::Wrong { left }),
        DigitTries::Locked => DigitsVerdict::Refused(DigitsRefused::Locked),
    })
}

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/reprint", post(block))
}

#[derive(Deserialize)]
struct Pressed {
    form: String,
    dossier: Uuid,
    block: bool,
}

async fn block(State(console): State<Console>, headers: HeaderMap, Form(pressed): Form<Pressed>) -> Response {
    if let Err(response) = console.entered(&headers, Some(&())) {
        return response;
    }
    if !console.is_own(&pressed.form) {
        return console.stale("<p>Chưa đổi gì. <small>Nothing was changed.</small></p><p><a href=/>Mở lại · Open it anew</a></p>");
    }
    let Pressed { dossier, block, .. } = pressed;
    match console.storage.call(move |s| Ok(s.block_reprint(dossier, block, Timestamp::now())?)).await {
        Ok(true) => Redirect::to("/").into_response(),
        Ok(false) => (StatusCode::NOT_FOUND, "Hồ sơ này không còn trong máy. · This dossier is not here any more.").into_response(),
        Err(error) => failed("a reprint could not be blocked or allowed", &error),
    }
}

/// In the console's list: whether whoever knows the telephone number gets the proof again, and the button that turns it.
pub(crate) fn cell(line: &DossierLine, form: &str) -> String {
    let Some(allowed) = line.reprint else { return "<td>—".to_owned() };
    let (class, state, button) = match allowed {
        true => ("good", "Được in lại <small>Allowed</small>", "Chặn · Block"),
        false => ("warn", "Đã chặn <small>Blocked</small>", "Cho in lại · Allow"),
    };
    format!(
        "<td class={class}>{state}<form method=post action=/reprint><input type=hidden name=form value={form}>\
         <input type=hidden name=dossier value={}><input type=hidden name=block value={allowed}><button>{button}</button></form>",
        line.id
    )
}
