//! A foreign tus client against this hub; `provisioning/setup/setup.sh test` installs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::{
    Lab, dossier,
    line::{Harm, Line},
    peers, raw,
};
use motcua_hub::Faults;
use std::{fs, process::Stdio};

#[tokio::test]
async fn tus_js_client_uploads_through_a_cut_line() {
    let Some(mut node) = peers::node("tus_js.mjs") else { return };
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
    let line = Line::to(hub.addr, vec![(Harm::Reset, 300_000), (Harm::Corrupt, 20_000), (Harm::Cut, 500_000)]).await;
    node.arg(format!("https://{}/v1/uploads", line.addr)).arg(lab.folder.path().join("K07"));
    node.arg(message.to_string()).arg(file.file.id.to_string()).arg(&path);
    let done = node.stderr(Stdio::inherit()).output().await.unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let retries: usize =
        said.trim().strip_prefix("retries ").and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("not uploaded: {said}"));
    // The hub's own fault may strike a chunk that the line has harmed already.
    assert_eq!((line.done(), (3..=5).contains(&retries)), (3, true), "{retries} retries for three harms of the line and one of the hub");

    let delivered = parcel.deliver(&lab.client("K07", hub.addr)).await.unwrap();
    assert_eq!(delivered.uploaded_bytes, 0);
    assert!(lab.copy(message, &file.name) == parcel.files[&file.file.id]);
}
