//! A device's certificate is revoked while the hub runs: that device is refused and told why, every other goes on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their helpers")]

mod common;

use common::{AGENCY, Lab, dossier, handover, local, raw, settings_from};
use jiff::Zoned;
use motcua_forward::{Class, HubClient};
use motcua_hub::{Options, pki, start};
use std::{fs, path::Path};

fn revoke(lab: &Lab, device: &str) -> Vec<String> {
    pki::revoke(&lab.dir(), device, Zoned::now().date()).unwrap()
}

/// Another client with the same certificate, as after the device's restart.
fn anew(lab: &Lab, device: &str, addr: std::net::SocketAddr) -> HubClient {
    HubClient::new(settings_from(&lab.folder.path().join(device), addr)).unwrap()
}

async fn is_told(client: &HubClient, words: &[&str]) {
    let error = client.health().await.unwrap_err();
    assert_eq!(error.class, Class::Credential, "{error}");
    for word in words {
        assert!(error.message.contains(word), "`{word}` is missing: {error}");
    }
}

const AT_THE_DOOR: [&str; 3] = ["CertificateRevoked", "certificate was revoked", "install a new certificate and key"];

/// With TLS 1.3 the refusal arrives after the handshake, in a race with the request; hence the repeats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_device_is_refused_and_told_why_and_the_others_go_on() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let (k07, k08) = (lab.client("K07", hub.addr), lab.client("K08", hub.addr));
    for (client, device) in [(&k07, "K07"), (&k08, "K08")] {
        dossier(device, &[100_000]).deliver(client).await.unwrap();
    }
    assert_eq!(revoke(&lab, "K07").len(), 1);
    is_told(&k07, &["401 Certificate revoked", "ask the hub's operator"]).await;
    for _ in 0..25 {
        is_told(&anew(&lab, "K07", hub.addr), &AT_THE_DOOR).await;
        let error = dossier("K07", &[10]).deliver(&anew(&lab, "K07", hub.addr)).await.unwrap_err();
        assert_eq!(error.class, Class::Credential, "{error}");
    }
    for client in [&k08, &anew(&lab, "K08", hub.addr)] {
        dossier("K08", &[100_000]).deliver(client).await.unwrap();
    }
    assert!(revoke(&lab, "K07").is_empty(), "it is revoked already");
    assert_eq!(pki::revoke(&lab.dir(), "K09", Zoned::now().date()).unwrap_err().to_string().matches("nothing to `K09`").count(), 1);

    hub.kill().await;
    let hub = lab.start().await;
    is_told(&anew(&lab, "K07", hub.addr), &AT_THE_DOOR).await;
    // Enrolled again, the device is welcome.
    handover("K07").deliver(&lab.client("K07", hub.addr)).await.unwrap();
    assert_eq!(revoke(&lab, "K07").len(), 1, "the new one alone");
    handover("K08").deliver(&anew(&lab, "K08", hub.addr)).await.unwrap();
}

#[tokio::test]
async fn a_session_of_before_opens_no_door() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = raw::client_that_comes_back(&lab, "K07");
    let ask = || async { client.get(format!("https://{}/v1/health", hub.addr)).send().await };
    for _ in 0..3 {
        assert_eq!(ask().await.unwrap().status(), 204);
    }
    revoke(&lab, "K07");
    ask().await.unwrap_err();
}

#[tokio::test]
async fn a_spoilt_list_is_an_error_at_the_start_and_changes_nothing_while_the_hub_runs() {
    let (lab, other) = (Lab::new(), Lab::new());
    let path = lab.dir().join("crl.pem");
    let empty = fs::read(&path).unwrap();
    let hub = lab.start().await;
    lab.settings("K07", hub.addr);
    lab.settings("K08", hub.addr);
    revoke(&lab, "K07");
    let good = fs::read(&path).unwrap();
    is_told(&anew(&lab, "K07", hub.addr), &AT_THE_DOOR).await;

    let foreign = fs::read(other.dir().join("crl.pem")).unwrap();
    let cut = &good[..good.len() / 2];
    let certificate = fs::read(lab.dir().join("ca.pem")).unwrap();
    for spoilt in [b"".as_slice(), b"spoilt", cut, &foreign, &certificate] {
        fs::write(&path, spoilt).unwrap();
        is_told(&anew(&lab, "K07", hub.addr), &AT_THE_DOOR).await;
        anew(&lab, "K08", hub.addr).health().await.unwrap();
        let error = format!("{:#}", does_not_start(&lab.dir()).await);
        assert!(error.contains("crl.pem is not usable; install the newest list"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    is_told(&anew(&lab, "K07", hub.addr), &AT_THE_DOOR).await;
    fs::write(&path, &empty).unwrap();
    anew(&lab, "K07", hub.addr).health().await.unwrap();
}

async fn does_not_start(dir: &Path) -> anyhow::Error {
    match start(Options::new(dir.to_owned(), local(), AGENCY)).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_folder_of_before_has_no_list_and_gets_one_with_the_first_revocation() {
    let lab = Lab::new();
    fs::remove_file(lab.dir().join("crl.pem")).unwrap();
    let hub = lab.start().await;
    lab.client("K07", hub.addr).health().await.unwrap();
    revoke(&lab, "K07");
    is_told(&anew(&lab, "K07", hub.addr), &AT_THE_DOOR).await;
}
