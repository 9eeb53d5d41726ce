//! A foreign tus client against this hub. Run once `npm install` in `peers`, then
//! `cargo test -p motcua-hub --test peer -- --ignored`.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Lab, dossier, raw};
use motcua_hub::Faults;
use std::{fs, path::Path, process::Stdio};

#[tokio::test]
#[ignore = "needs node and `npm install` in tests/hub/peers"]
async fn tus_js_client_uploads_through_a_cut_line() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let parcel = dossier("K07", &[3_000_000]);
    let (message, file) = (parcel.message.id, &parcel.message.files[0]);
    let client = raw::client(&lab, Some("K07"));
    let post = client.post(format!("https://{}/v1/messages", hub.addr)).header("Idempotency-Key", message.to_string());
    assert_eq!(post.body(parcel.json.clone()).send().await.unwrap().status(), 200);

    let path = lab.folder.path().join("file");
    fs::write(&path, &parcel.files[&file.file.id]).unwrap();
    hub.set_faults(Faults { drop_after_bytes: Some(1_234_567), ..Faults::default() });
    let mut node = tokio::process::Command::new("node");
    node.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")).arg("tus_js.mjs");
    node.arg(format!("https://{}/v1/uploads", hub.addr)).arg(lab.folder.path().join("K07"));
    node.arg(message.to_string()).arg(file.file.id.to_string()).arg(&path);
    let done = node.stderr(Stdio::inherit()).output().await.unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "retries 1\n");

    let delivered = parcel.deliver(&lab.client("K07", hub.addr)).await.unwrap();
    assert_eq!(delivered.uploaded_bytes, 0);
    assert!(lab.copy(message, &file.name) == parcel.files[&file.file.id]);
}
