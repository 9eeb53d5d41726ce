//! The upload endpoints against tus 1.0 and the contract, as another client would see them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use common::{Lab, Parcel, dossier, raw};
use reqwest::{Client, Method, Response};
use uuid::Uuid;

struct Wire {
    client: Client,
    base: String,
}

impl Wire {
    async fn tus(&self, method: Method, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).header("Tus-Resumable", "1.0.0").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.unwrap()
    }

    async fn post_message(&self, parcel: &Parcel) -> Response {
        let request = self.client.post(format!("{}/v1/messages", self.base)).header("Idempotency-Key", parcel.message.id.to_string());
        request.body(parcel.json.clone()).send().await.unwrap()
    }

    async fn create(&self, message: Uuid, file: Uuid, length: u64) -> Response {
        let encode = |id: Uuid| BASE64_STANDARD.encode(id.to_string());
        let metadata = format!("message {},file {}", encode(message), encode(file));
        self.tus(Method::POST, "/v1/uploads", &[("Upload-Length", length.to_string()), ("Upload-Metadata", metadata)], Vec::new()).await
    }

    async fn patch(&self, path: &str, offset: usize, bytes: &[u8]) -> Response {
        let headers = [("Upload-Offset", offset.to_string()), ("Content-Type", "application/offset+octet-stream".to_owned())];
        self.tus(Method::PATCH, path, &headers, bytes.to_vec()).await
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn an_upload_follows_tus_and_its_end_may_be_repeated() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let wire = Wire { client: raw::client(&lab, Some("K07")), base: format!("https://{}", hub.addr) };
    let parcel = dossier("K07", &[1000]);
    let (message, file) = (parcel.message.id, parcel.message.files[0].file.id);
    let bytes = &parcel.files[&file];

    assert_eq!(wire.create(message, file, 1000).await.status(), 404, "before the message");
    assert_eq!(wire.post_message(&parcel).await.status(), 200);
    assert_eq!(wire.create(message, Uuid::now_v7(), 1000).await.status(), 404, "a file of no message");
    assert_eq!(wire.create(message, file, 999).await.status(), 413);
    let created = wire.create(message, file, 1000).await;
    assert_eq!(created.status(), 201);
    let path = header(&created, "location").to_owned();
    assert_eq!(wire.patch(&path, 0, &bytes[..400]).await.status(), 204);

    let again = wire.create(message, file, 1000).await;
    assert_eq!((again.status().as_u16(), header(&again, "location")), (201, path.as_str()), "creation finds the upload again");
    let asked = wire.tus(Method::HEAD, &path, &[], Vec::new()).await;
    assert_eq!((header(&asked, "upload-offset"), header(&asked, "upload-length")), ("400", "1000"));
    let wrong = wire.patch(&path, 300, &bytes[300..]).await;
    assert_eq!((wrong.status().as_u16(), header(&wrong, "upload-offset")), (409, "400"));
    assert_eq!(wire.patch(&path, 400, &[0; 601]).await.status(), 413, "more than declared");
    let held: usize = header(&wire.tus(Method::HEAD, &path, &[], Vec::new()).await, "upload-offset").parse().unwrap();

    for _ in 0..2 {
        let done = wire.patch(&path, held, &bytes[held..]).await;
        assert_eq!((done.status().as_u16(), header(&done, "upload-offset")), (204, "1000"));
    }
    assert_eq!(wire.create(message, file, 1000).await.status(), 409, "complete already");
    assert!(wire.post_message(&parcel).await.text().await.unwrap().contains("signature"));
}

#[tokio::test]
async fn a_spoilt_file_is_discarded_and_may_come_again() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let wire = Wire { client: raw::client(&lab, Some("K07")), base: format!("https://{}", hub.addr) };
    let parcel = dossier("K07", &[50]);
    let (message, file) = (parcel.message.id, parcel.message.files[0].file.id);
    wire.post_message(&parcel).await;
    let path = header(&wire.create(message, file, 50).await, "location").to_owned();
    let spoilt = wire.patch(&path, 0, &[9; 50]).await;
    assert_eq!((spoilt.status().as_u16(), header(&spoilt, "content-type")), (460, "application/problem+json"));
    assert_eq!(wire.tus(Method::HEAD, &path, &[], Vec::new()).await.status(), 404);
    assert_eq!(wire.patch(&path, 0, &parcel.files[&file]).await.status(), 404);
    assert_eq!(wire.create(message, file, 50).await.status(), 201);
    assert_eq!(wire.patch(&path, 0, &parcel.files[&file]).await.status(), 204);
}

#[tokio::test]
async fn other_devices_and_bad_requests_are_refused() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let base = format!("https://{}", hub.addr);
    let wire = Wire { client: raw::client(&lab, Some("K07")), base: base.clone() };
    let stranger = Wire { client: raw::client(&lab, Some("K08")), base: base.clone() };
    let parcel = dossier("K07", &[50]);
    let (message, file) = (parcel.message.id, parcel.message.files[0].file.id);
    wire.post_message(&parcel).await;
    let path = header(&wire.create(message, file, 50).await, "location").to_owned();

    assert_eq!(stranger.create(message, file, 50).await.status(), 403);
    assert_eq!(stranger.tus(Method::HEAD, &path, &[], Vec::new()).await.status(), 403);
    assert_eq!(stranger.patch(&path, 0, &parcel.files[&file]).await.status(), 403);
    let old = wire.client.head(format!("{base}{path}")).header("Tus-Resumable", "0.2.2").send().await.unwrap();
    assert_eq!(old.status(), 412);
    assert_eq!(wire.tus(Method::PATCH, &path, &[("Upload-Offset", "0".to_owned())], vec![1]).await.status(), 415);
    let no_key = wire.client.post(format!("{base}/v1/messages")).body(parcel.json.clone()).send().await.unwrap();
    assert_eq!(no_key.status(), 400);
    let other_key = wire.client.post(format!("{base}/v1/messages")).header("Idempotency-Key", Uuid::now_v7().to_string());
    assert_eq!(other_key.body(parcel.json.clone()).send().await.unwrap().status(), 400);
}
