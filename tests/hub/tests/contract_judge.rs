//! The hub's own contract, read by schemathesis: requests that keep it and requests that break it, over mutual TLS.
//! `provisioning/setup/setup.sh test` installs it.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{AGENCY, Lab, dossier, local, peers};
use motcua_hub::{Limits, Options, start};
use std::path::Path;

/// Requests per operation and way of making them.
const EXAMPLES: &str = "30";
const SEED: &str = "2026";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hub_keeps_its_contract_whatever_it_is_asked() {
    let Some(mut judge) = peers::schemathesis() else { return };
    let lab = Lab::new();
    let limits = Limits { per_device: 10_000.0, burst: 100_000.0, ..Limits::default() };
    let hub = start(Options { limits, ..Options::new(lab.dir(), local(), AGENCY) }).await.unwrap();
    let parcel = dossier("K07", &[100]);
    assert!(!lab.client("K07", hub.addr).announce(parcel.message.id, &parcel.json).await.unwrap());
    judge.env("MOTCUA_MESSAGE", parcel.message.id.to_string()).env("MOTCUA_FILE", parcel.message.files[0].file.id.to_string());
    // It leaves its notes where it stands.
    judge.current_dir(lab.folder.path());
    judge.arg("run").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")).arg("--url").arg(format!("https://{}", hub.addr));
    judge.args(["--tls-verify", "K07/hub-ca.pem"]);
    judge.args(["--request-cert", "K07/device.pem", "--request-cert-key", "K07/device.key"]);
    // Messages have rules between their parts, and of records the contract shows only what every hub reads.
    judge.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"]);
    judge.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED]);
    judge.args(["--generation-database", "none", "--continue-on-failure", "--no-color"]);
    let judged = judge.output().await.unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}{}", String::from_utf8_lossy(&judged.stderr));
    assert!(said.contains("Tested: 14"), "it must ask all there is: {said}");
}
