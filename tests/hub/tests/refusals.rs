//! What must not pass does not pass, and the error says who must act.
#![allow(clippy::unwrap_used, reason = "tests and their helpers")]

mod common;

use common::{AGENCY, Lab, Parcel, dossier, local, names, settings_from};
use jiff::{Zoned, civil::date};
use motcua_forward::{Class, HubClient, SetupError};
use motcua_hub::{Faults, Options, pki, start};
use std::{fs, net::SocketAddr};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn a_hub_of_another_ca_is_not_trusted() {
    let (lab, other) = (Lab::new(), Lab::new());
    let hub = lab.start().await;
    let mut settings = lab.settings("K07", hub.addr);
    settings.ca_pem = fs::read(other.dir().join("ca.pem")).unwrap();
    let error = HubClient::new(settings).unwrap().health().await.unwrap_err();
    assert_eq!(error.class, Class::Credential, "{error}");
}

#[tokio::test]
async fn an_expired_hub_is_not_trusted() {
    let lab = Lab::new();
    let old = lab.folder.path().join("old");
    pki::init(&old, &names(), date(2023, 1, 1)).unwrap();
    let hub = start(Options::new(old.clone(), local(), AGENCY)).await.unwrap();
    let out = lab.folder.path().join("out");
    pki::issue(&old, "K07", &out, pki::Validity::Usual, Zoned::now().date()).unwrap();
    let error = HubClient::new(settings_from(&out, hub.addr)).unwrap().health().await.unwrap_err();
    assert_eq!(error.class, Class::Credential, "{error}");
}

/// With TLS 1.3 the refusal arrives after the handshake, in a race with the request; hence the repeats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_of_another_ca_or_with_an_expired_certificate_learns_that_it_is_the_certificate() {
    let (lab, other) = (Lab::new(), Lab::new());
    let hub = lab.start().await;
    let mut foreign = other.settings("K07", hub.addr);
    foreign.ca_pem = fs::read(lab.dir().join("ca.pem")).unwrap();
    let foreign = HubClient::new(foreign).unwrap();
    let expired = HubClient::new(lab.settings_with("K08", hub.addr, pki::Validity::Expired)).unwrap();
    let parcel = big_record("K08");
    for _ in 0..25 {
        for result in [foreign.health().await, expired.health().await, parcel.deliver(&expired).await.map(drop)] {
            let error = result.unwrap_err();
            assert_eq!(error.class, Class::Credential, "{error}");
        }
    }
}

/// The reset of a hub that has hung up may overtake its alert, even before the client's side of the handshake is out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_in_the_handshake_hides_no_refusal_and_is_none_itself() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let refused = lab.settings_with("K08", behind_a_breaking_line(hub.addr, 2).await, pki::Validity::Expired);
    let error = HubClient::new(refused).unwrap().health().await.unwrap_err();
    assert_eq!(error.class, Class::Credential, "{error}");
    let good = lab.client("K07", behind_a_breaking_line(hub.addr, usize::MAX).await);
    let error = good.health().await.unwrap_err();
    assert_eq!(error.class, Class::Network, "{error}");
}

/// Another address for the hub, where the first connections are reset as soon as the client has spoken.
async fn behind_a_breaking_line(hub: SocketAddr, breaks: usize) -> SocketAddr {
    let listener = TcpListener::bind(local()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            if connection < breaks {
                // The greeting's second byte stays unread: closing now is a reset.
                client.read_exact(&mut [0]).await.unwrap();
                continue;
            }
            tokio::spawn(async move {
                let mut server = TcpStream::connect(hub).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

/// A record so long that it is still being sent when the refusal comes.
fn big_record(device: &str) -> Parcel {
    let mut parcel = dossier(device, &[]);
    parcel.json.extend(std::iter::repeat_n(b' ', 3_000_000));
    parcel
}

#[tokio::test]
async fn nobody_gets_in_without_a_certificate() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = common::raw::client(&lab, None);
    let error = client.get(format!("https://{}/v1/health", hub.addr)).send().await.unwrap_err();
    assert!(format!("{error:?}").contains("CertificateRequired"), "{error:?}");
}

#[tokio::test]
async fn a_changed_body_under_the_same_key_is_refused() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[10]);
    parcel.deliver(&client).await.unwrap();
    let mut message = parcel.message.clone();
    message.sequence += 1;
    let error = Parcel::freeze(message, parcel.files.clone()).deliver(&client).await.unwrap_err();
    assert_eq!(error.class, Class::Rejected);
    assert!(error.message.contains("422"), "{error}");
    assert_eq!(lab.copy(parcel.message.id, "message.json"), parcel.json);
}

#[tokio::test]
async fn a_device_cannot_speak_for_another() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let (k07, k08) = (lab.client("K07", hub.addr), lab.client("K08", hub.addr));
    let parcel = dossier("K07", &[10]);
    let error = parcel.deliver(&k08).await.unwrap_err();
    assert_eq!(error.class, Class::Rejected);
    assert!(error.message.contains("403"), "{error}");
    // Nor take over a key that is in use.
    parcel.deliver(&k07).await.unwrap();
    let mut message = parcel.message.clone();
    message.device = "K08".to_owned();
    let error = Parcel::freeze(message, parcel.files.clone()).deliver(&k08).await.unwrap_err();
    assert!(error.message.contains("403"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_not_the_declared_one_never_gets_a_receipt() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let mut parcel = dossier("K07", &[600_000]);
    parcel.files.values_mut().next().unwrap()[599_999] ^= 1;
    let error = parcel.deliver(&client).await.unwrap_err();
    assert_eq!(error.class, Class::Rejected);
    assert!(error.message.contains("SHA-256"), "{error}");
    // The right bytes are still welcome.
    parcel.files.values_mut().next().unwrap()[599_999] ^= 1;
    parcel.deliver(&client).await.unwrap();
}

#[tokio::test]
async fn a_receipt_that_proves_nothing_is_not_accepted() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[10]);
    hub.set_faults(Faults { bad_receipt: true, ..Faults::default() });
    let error = parcel.deliver(&client).await.unwrap_err();
    assert_eq!(error.class, Class::BadReceipt, "{error}");
    parcel.deliver(&client).await.unwrap();

    let mut settings = lab.settings("K07", hub.addr);
    settings.receipt_key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
    let error = parcel.deliver(&HubClient::new(settings).unwrap()).await.unwrap_err();
    assert_eq!(error.class, Class::BadReceipt, "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_here_is_this_devices_problem() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let mut parcel = dossier("K07", &[10]);
    parcel.files.values_mut().next().unwrap().pop();
    let error = parcel.deliver(&client).await.unwrap_err();
    assert_eq!(error.class, Class::Rejected, "{error}");
}

#[test]
fn unusable_settings_name_the_file() {
    let lab = Lab::new();
    let spoil = |change: fn(&mut motcua_forward::HubSettings)| {
        let mut settings = lab.settings("K07", local());
        change(&mut settings);
        HubClient::new(settings).unwrap_err()
    };
    assert!(matches!(spoil(|s| s.url = "http://localhost".to_owned()), SetupError::Url(_)));
    assert!(matches!(spoil(|s| s.ca_pem.clear()), SetupError::Ca(_)));
    assert!(matches!(spoil(|s| s.cert_pem = b"no pem".to_vec()), SetupError::Certificate(_)));
    assert!(matches!(spoil(|s| s.key_pem.clear()), SetupError::Key(_)));
    assert!(matches!(spoil(|s| s.receipt_key = [2; 32]), SetupError::ReceiptKey));
    let other = lab.settings("K08", local());
    let mut mixed = lab.settings("K07", local());
    mixed.key_pem = other.key_pem;
    assert!(matches!(HubClient::new(mixed).unwrap_err(), SetupError::Key(_)));
}
