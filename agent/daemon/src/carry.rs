//! For an office without any link: messages that a technician carries to the hub, and the receipts that come back.

use crate::{
    api::{Api, problem},
    forwarder,
    metrics::METRICS,
    technician::no_store,
    worker::Storage,
};
use anyhow::Context as _;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use motcua_forward::carry;
use motcua_model::{
    Private,
    api::{CarriedReceipt, CarryRequest, ReceiptAnswer, SealedMessage},
    config::Hub,
    hub::{Carried, CarriedFile, Message},
};
use uuid::Uuid;

pub(crate) async fn export(State(api): State<Api>, Json(CarryRequest { id }): Json<CarryRequest>) -> Response {
    let Some(storage) = &api.storage else { return no_store() };
    match sealed(&api.hub, storage, id).await {
        Ok(bytes) => Json(SealedMessage { id, base64: BASE64_STANDARD.encode(bytes) }).into_response(),
        Err(error) => problem(StatusCode::CONFLICT, "this message cannot be exported", &format!("{error:#}")),
    }
}

async fn sealed(hub: &Hub, storage: &Storage, id: Uuid) -> anyhow::Result<Vec<u8>> {
    let certificate = hub.export_cert.as_ref().context("hub.export_cert is not set; install hub-export.pem from the hub's operator")?;
    let certificate = std::fs::read(certificate)
        .with_context(|| format!("{} cannot be read; install hub-export.pem from the hub's operator", certificate.display()))?;
    let settings = forwarder::settings(hub)?;
    let made = storage.read(move |s| Ok(s.made_message(id)?)).await?;
    let json = made.context(
        "it does not wait, waits for signatures, or is not made yet; the agent makes it by itself within minutes, then try again",
    )?;
    let message: Message = serde_json::from_slice(&json).context("the stored message cannot be read")?;
    let mut files = Vec::new();
    for named in message.files {
        let file = named.file.id;
        let bytes = storage.file(file).await?;
        files.push(CarriedFile { id: file, base64: Private::new(BASE64_STANDARD.encode(bytes)) });
    }
    let plain = serde_json::to_vec(&Carried { message: Private::new(BASE64_STANDARD.encode(json)), files })?;
    let sealed = tokio::task::spawn_blocking(move || carry::seal(&settings, &certificate, &plain)).await??;
    storage.call(move |s| Ok(s.exported(id, Timestamp::now())?)).await?;
    Ok(sealed)
}

pub(crate) async fn receipt(State(api): State<Api>, Json(CarriedReceipt { id, signed }): Json<CarriedReceipt>) -> Response {
    let Some(storage) = &api.storage else { return no_store() };
    let taken = async {
        let Some(json) = storage.read(move |s| Ok(s.made_message(id)?)).await? else { return Ok(ReceiptAnswer { taken: false }) };
        let receipt = carry::check_receipt(&forwarder::receipt_key(&api.hub)?, &signed, &json)?;
        let (text, code) = (serde_json::to_string(&signed)?, receipt.official_code);
        storage.call(move |s| Ok(s.delivered(id, &text, code.as_deref(), Timestamp::now())?)).await?;
        METRICS.receipt();
        // A correction may have waited for this dossier.
        api.wake_forwarder.notify_one();
        Ok::<_, anyhow::Error>(ReceiptAnswer { taken: true })
    };
    match taken.await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => problem(StatusCode::CONFLICT, "this receipt is not taken", &format!("{error:#}")),
    }
}
