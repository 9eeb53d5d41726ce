//! The agent's upload against other people's tus servers, with mutual TLS, through a line that cuts, stalls, resets and
//! corrupts. `provisioning/setup/setup.sh test` installs the servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test")]

mod common;

use common::{
    Lab, dossier,
    line::{Harm, Line},
    peers,
};
use motcua_forward::{Class, HubClient};
use sha2::{Digest as _, Sha256};
use std::{fs, net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

const BYTES: usize = 3_000_000;

#[tokio::test]
async fn tus_node_server_gets_the_file_whole_through_a_bad_line() {
    let Some(mut node) = peers::node("tus_server.mjs") else { return };
    upload_through_a_bad_line(&mut node).await;
}

#[tokio::test]
async fn tuspyserver_gets_the_file_whole_through_a_bad_line() {
    let Some(mut python) = peers::python("tus_server.py", "tuspyserver") else { return };
    upload_through_a_bad_line(&mut python).await;
}

async fn upload_through_a_bad_line(server: &mut Command) {
    let lab = Lab::new();
    let store = lab.folder.path().join("store");
    fs::create_dir_all(&store).unwrap();
    let (_running, addr) = start(server.arg(lab.dir()).arg(&store)).await;
    let seed = u64::from(std::process::id());
    let line = Line::to(addr, harms(seed)).await;
    let client = lab.client("K07", line.addr);
    let parcel = dossier("K07", &[BYTES]);
    let file = &parcel.message.files[0];
    let bytes = &parcel.files[&file.file.id];

    let mut tries = 1;
    while let Err(error) = client.upload(parcel.message.id, file, bytes).await {
        assert!(matches!(error.class, Class::Network | Class::Server), "try {tries}, seed {seed}: {error}");
        assert!(tries < 60, "seed {seed}: {error}");
        tries += 1;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    println!("seed {seed}: {} harms, {tries} tries", line.done());
    assert_eq!(line.done(), 4, "the line spared us");
    assert_eq!(stored(&store), hex::encode(Sha256::digest(bytes)), "seed {seed}");
    // Both close without an alert, which nobody can tell from a bad line: what matters is that nothing was taken.
    assert!(matches!(as_a_stranger(&lab, addr, &parcel).await, Class::Network | Class::Credential));
}

/// What a device with a certificate of another authority hears.
async fn as_a_stranger(lab: &Lab, addr: SocketAddr, parcel: &common::Parcel) -> Class {
    let other = Lab::new();
    let mut settings = other.settings("K07", addr);
    settings.ca_pem = fs::read(lab.dir().join("ca.pem")).unwrap();
    let file = &parcel.message.files[0];
    HubClient::new(settings).unwrap().upload(parcel.message.id, file, &parcel.files[&file.file.id]).await.unwrap_err().class
}

/// One of each, in an order and after lengths that the seed gives.
fn harms(seed: u64) -> Vec<(Harm, usize)> {
    let mut state = seed;
    let mut number = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut left = vec![Harm::Cut, Harm::Reset, Harm::Stall, Harm::Corrupt];
    let mut harms = Vec::new();
    while !left.is_empty() {
        let harm = left.remove(number(left.len() as u64) as usize);
        // The handshake is spared: a spoilt one may look like a refused certificate.
        harms.push((harm, 10_000 + number(500_000) as usize));
    }
    harms
}

async fn start(server: &mut Command) -> (Child, SocketAddr) {
    let mut running = server.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let port = lines.next_line().await.unwrap().expect("the server ended at once").trim().parse().unwrap();
    (running, SocketAddr::from(([127, 0, 0, 1], port)))
}

/// SHA-256 of the one whole file that the server keeps.
fn stored(folder: &Path) -> String {
    let whole =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.metadata().unwrap().len() == BYTES as u64);
    hex::encode(Sha256::digest(fs::read(whole.expect("no whole file is there")).unwrap()))
}
