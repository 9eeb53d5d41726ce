//! The requests of the hub contract.

use crate::{
    Class, ForwardError, HubSettings, SetupError,
    error::{is_credential, was_cut},
    probe, receipt, tls, upload,
};
use motcua_model::{
    catalogue::Catalogue,
    hub::{
        AccountAnswer, AccountCheck, CONTENT_DIGEST, Heartbeat, HeartbeatAnswer, IDEMPOTENCY_KEY, Message, MessageState, NamedFile, News,
        NewsPage, PaperAnswer, PaperSearch, PaymentAnswer, PaymentRequest, Receipt, SignedCatalogue, SignedReceipt, content_digest,
    },
};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, future::Future, sync::atomic::AtomicU64, time::Duration};
use uuid::Uuid;
use zeroize::Zeroizing;

/// For requests without a long body.
pub(crate) const ANSWER: Duration = Duration::from_secs(20);
/// Upload rounds before the hub is called broken; one is the rule, a second where it discarded a file.
const ROUNDS: u32 = 3;

/// A connection to one hub as one device. Cheap to keep; it reuses its TLS connection.
pub struct HubClient {
    pub(crate) ready: tls::Ready,
    pub(crate) pace: upload::Pace,
    /// See [`Self::counting`].
    pub(crate) uploaded: Option<&'static AtomicU64>,
}

impl fmt::Debug for HubClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubClient").field("hub", &self.ready.base.as_str()).field("device", &self.ready.device).finish()
    }
}

/// A message that is durable at the hub, with the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The checked receipt.
    pub receipt: Receipt,
    /// Its exact text with the signature: keep it as the proof.
    pub signed: SignedReceipt,
    /// File bytes sent in this call; 0 where the hub had all.
    pub uploaded_bytes: u64,
}

impl Delivered {
    /// Whether the hub had the whole message from an earlier try and stored it no second time. Without files nothing tells.
    pub fn repeated(&self) -> bool {
        self.uploaded_bytes == 0 && !self.receipt.files.is_empty()
    }
}

impl HubClient {
    /// Reads keys and certificates; sends nothing. Errors name the file whose content is wrong.
    pub fn new(settings: HubSettings) -> Result<Self, SetupError> {
        Ok(Self { ready: tls::set_up(&settings)?, pace: upload::Pace::new(0), uploaded: None })
    }

    /// Keeps uploads below so many bytes a second; 0: no limit.
    #[must_use]
    pub fn limited_to(self, bytes_per_second: u64) -> Self {
        Self { pace: upload::Pace::new(bytes_per_second), ..self }
    }

    /// Adds every file byte that the hub has taken to `uploaded`, while a message is still under way.
    #[must_use]
    pub fn counting(self, uploaded: &'static AtomicU64) -> Self {
        Self { uploaded: Some(uploaded), ..self }
    }

    /// Common name of the certificate: what [`Message::device`] must be.
    pub fn device_name(&self) -> &str {
        &self.ready.device
    }

    /// Brings one message with its files to the hub, from wherever the last try ended.
    ///
    /// `message_json` must be the same bytes at every try: they are what the receipt covers. `read_file`
    /// gives a file's plain bytes by [`motcua_model::dossier::FileRef::id`]; it is asked only for files
    /// that the hub does not have whole. Calling again after success gives the same receipt.
    pub async fn deliver<R, F>(&self, message_json: &[u8], read_file: R) -> Result<Delivered, ForwardError>
    where
        R: Fn(Uuid) -> F + Send + Sync,
        F: Future<Output = Result<Vec<u8>, String>> + Send,
    {
        let message: Message = serde_json::from_slice(message_json).map_err(|e| {
            // serde's text may quote a value of the dossier.
            let place = format!("line {} column {}", e.line(), e.column());
            ForwardError::new(
                Class::Rejected,
                format!("the stored message cannot be read as a message ({place}); it is set aside for the technician"),
            )
        })?;
        let mut uploaded_bytes = 0;
        for _ in 0..ROUNDS {
            let state = self.post_message(message.id, message_json).await?;
            if let Some(signed) = state.receipt {
                let receipt = self.check(&signed, &message, message_json)?;
                return Ok(Delivered { receipt, signed, uploaded_bytes });
            }
            for file in missing(&message, &state.missing)? {
                let bytes = read(&read_file, file).await?;
                uploaded_bytes += self.upload(message.id, file, &bytes).await?;
            }
        }
        Err(ForwardError::new(
            Class::Server,
            format!("the hub still misses files of message {} after {ROUNDS} uploads; it is tried again by itself", message.id),
        ))
    }

    /// Brings one file to the hub, from wherever the last try ended, and gives the number of bytes sent. A part of
    /// [`Self::deliver`], alone for trials against servers that know files and no messages.
    pub async fn upload(&self, message: Uuid, file: &NamedFile, bytes: &[u8]) -> Result<u64, ForwardError> {
        upload::upload(self, message, file, bytes).await
    }

    /// News after `after`, at most [`motcua_model::hub::NEWS_PAGE`]; ask again with the last cursor until none come.
    /// What this agent does not understand comes as [`News::Unknown`]: keep its cursor.
    pub async fn news(&self, after: u64) -> Result<NewsPage, ForwardError> {
        let what = "asking for news";
        let request = self.request(Method::GET, &format!("v1/inbox?after={after}"))?;
        let page: NewsPage = json(what, self.send(what, request).await?)?;
        for item in &page.items {
            if let News::Unknown(kind) = &item.news {
                tracing::warn!(cursor = item.cursor, kind, "news that this agent does not understand; update it");
            }
        }
        Ok(page)
    }

    /// Tells the hub how this device is; the answer has the hub's clock and the newest versions.
    pub async fn heartbeat(&self, heartbeat: &Heartbeat) -> Result<HeartbeatAnswer, ForwardError> {
        self.ask("sending the heartbeat", "v1/heartbeat", heartbeat).await
    }

    /// The newest catalogue that the hub has for this device, and its exact text.
    ///
    /// # Errors
    /// [`Class::BadReceipt`] where the hub did not sign it, [`Class::Rejected`] where it has none or one that this agent cannot use.
    pub async fn catalogue(&self) -> Result<(Catalogue, String), ForwardError> {
        let what = "fetching the catalogue";
        let signed: SignedCatalogue = json(what, self.send(what, self.request(Method::GET, "v1/catalogue")?).await?)?;
        let text = receipt::catalogue(&self.ready.receipt_key, &signed).map_err(|why| {
            let text =
                format!("the hub's catalogue is not accepted: {why}. The old one stays; compare the receipt key with the hub's operator");
            ForwardError::new(Class::BadReceipt, text)
        })?;
        let catalogue = Catalogue::from_json(text).map_err(|problems| {
            let text = format!("the hub's catalogue cannot be used: {}. The old one stays; tell the hub's operator", problems.join("; "));
            ForwardError::new(Class::Rejected, text)
        })?;
        Ok((catalogue, signed.catalogue))
    }

    /// Whether a person has an account at the national portal (the button "Xác nhận tài khoản").
    pub async fn check_account(&self, check: &AccountCheck) -> Result<AccountAnswer, ForwardError> {
        self.ask("checking the account", "v1/accounts/check", check).await
    }

    /// How the payment of a dossier's fee stands; the first question opens it.
    pub async fn payment(&self, request: &PaymentRequest) -> Result<PaymentAnswer, ForwardError> {
        self.ask("asking for a payment", "v1/payments", request).await
    }

    /// Which papers of a person are stored already, at the hub or in the national store.
    pub async fn search_papers(&self, search: &PaperSearch) -> Result<PaperAnswer, ForwardError> {
        self.ask("searching stored papers", "v1/papers/search", search).await
    }

    /// Brings a message's record without its files, so that the hub knows of it early; [`HubClient::deliver`] does
    /// the rest later. True where nothing is missing any more: then `deliver` fetches the receipt at once.
    pub async fn announce(&self, id: Uuid, message_json: &[u8]) -> Result<bool, ForwardError> {
        Ok(self.post_message(id, message_json).await?.missing.is_empty())
    }

    /// Whether the hub answers and accepts this device.
    pub async fn health(&self) -> Result<(), ForwardError> {
        let what = "asking the hub for its health";
        let answer = self.send(what, self.request(Method::GET, "v1/health")?).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refused(what)) }
    }

    async fn post_message(&self, id: Uuid, json_bytes: &[u8]) -> Result<MessageState, ForwardError> {
        let what = "sending the message";
        let request = self.post("v1/messages", json_bytes.to_vec())?.header(IDEMPOTENCY_KEY, id.to_string());
        json(what, self.send(what, request).await?)
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(&self, what: &str, path: &str, question: &Q) -> Result<A, ForwardError> {
        let body = serde_json::to_vec(question)
            .map_err(|_| ForwardError::new(Class::Rejected, format!("{what} failed: the question cannot be written as JSON")))?;
        json(what, self.send(what, self.post(path, body)?).await?)
    }

    fn post(&self, path: &str, body: Vec<u8>) -> Result<RequestBuilder, ForwardError> {
        let request = self.request(Method::POST, path)?.header(header::CONTENT_TYPE, "application/json");
        Ok(request.header(CONTENT_DIGEST, content_digest(&body)).body(body))
    }

    fn check(&self, signed: &SignedReceipt, message: &Message, json_bytes: &[u8]) -> Result<Receipt, ForwardError> {
        receipt::verify(&self.ready.receipt_key, signed, message, json_bytes).map_err(|why| {
            ForwardError::new(
                Class::BadReceipt,
                format!(
                    "the hub's receipt for message {} is not accepted: {why}. Nothing is deleted here; compare the receipt key with the hub's operator",
                    message.id
                ),
            )
        })
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ForwardError> {
        let url = self.ready.base.join(path).map_err(|e| {
            ForwardError::new(Class::Server, format!("the hub named an address that is none ({e}); tell the hub's operator"))
        })?;
        if url.origin() != self.ready.base.origin() {
            let text = "the hub sent an upload to another server, which is not followed; tell the hub's operator";
            return Err(ForwardError::new(Class::Server, text));
        }
        Ok(self.ready.http.request(method, url).timeout(ANSWER))
    }

    pub(crate) async fn send(&self, what: &str, request: RequestBuilder) -> Result<Answer, ForwardError> {
        match exchange(request).await {
            Ok(answer) => {
                tracing::debug!(what, status = answer.status.as_u16(), "hub answered");
                Ok(answer)
            }
            Err(error) => Err(self.why(what, &error).await),
        }
    }

    /// A connection that was made and then lost or silent may be a refused certificate in disguise, also where it was
    /// lost before the client's side of the handshake was out.
    async fn why(&self, what: &str, error: &reqwest::Error) -> ForwardError {
        let plain = ForwardError::no_answer(what, error);
        let never_made = error.is_connect() && !was_cut(error);
        if plain.class != Class::Network || never_made {
            return plain;
        }
        match probe::tls_refusal(&self.ready.base, &self.ready.tls).await {
            Some(tls) if is_credential(&tls) => ForwardError::credential(what, &tls),
            Some(_) | None => plain,
        }
    }
}

async fn exchange(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
}

fn missing<'m>(message: &'m Message, ids: &[Uuid]) -> Result<Vec<&'m NamedFile>, ForwardError> {
    let find = |id: &Uuid| {
        message.files.iter().find(|f| f.file.id == *id).ok_or_else(|| {
            let text = format!("the hub asks for file {id}, which message {} does not have; tell the hub's operator", message.id);
            ForwardError::new(Class::Server, text)
        })
    };
    ids.iter().map(find).collect()
}

async fn read<R, F>(read_file: &R, file: &NamedFile) -> Result<Zeroizing<Vec<u8>>, ForwardError>
where
    R: Fn(Uuid) -> F + Send + Sync,
    F: Future<Output = Result<Vec<u8>, String>> + Send,
{
    let unreadable = |why: String| {
        let text = format!("file {} of the message cannot be read here: {why}. It is set aside for the technician", file.file.id);
        ForwardError::new(Class::Rejected, text)
    };
    let bytes = Zeroizing::new(read_file(file.file.id).await.map_err(unreadable)?);
    if bytes.len() as u64 != file.file.bytes {
        return Err(unreadable(format!("it has {} bytes, the message says {}", bytes.len(), file.file.bytes)));
    }
    Ok(bytes)
}

/// A complete answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn refused(&self, what: &str) -> ForwardError {
        ForwardError::bad_answer(what, self.status.as_u16(), &self.headers, &self.body)
    }
}

fn json<T: DeserializeOwned>(what: &str, answer: Answer) -> Result<T, ForwardError> {
    if answer.status != StatusCode::OK {
        return Err(answer.refused(what));
    }
    serde_json::from_slice(&answer.body).map_err(|_| {
        let text = format!("{what} failed: the hub's answer has not the agreed form; it is tried again by itself, tell the hub's operator");
        ForwardError::new(Class::Server, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::tests::{Before, client, hub};

    /// Once, in CI, a request waited to its end for an answer of a hub that had refused the certificate long before.
    #[tokio::test]
    async fn a_refusal_that_was_lost_on_the_way_is_asked_for_when_the_time_is_over() {
        let (base, _) = hub(Before::Silent(1));
        let tls = client();
        let http = tls::http_client(rustls::ClientConfig::clone(&tls), true).unwrap();
        let receipt_key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let ready = tls::Ready { http, tls, base, device: "K07".to_owned(), receipt_key };
        let hub = HubClient { ready, pace: upload::Pace::new(0), uploaded: None };
        let request = hub.request(Method::GET, "v1/health").unwrap().timeout(Duration::from_millis(100));
        let error = hub.send("asking", request).await.err().unwrap();
        assert_eq!(error.class, Class::Credential, "{error}");
    }
}
