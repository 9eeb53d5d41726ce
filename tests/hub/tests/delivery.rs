//! Dossiers and handovers reach the hub once and whole, whatever the line does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{AGENCY, Lab, Parcel, correction, dossier, feedback, handover, statuses};
use motcua_forward::{Class, HubClient};
use motcua_hub::{Archive, Faults, Limits, Options, start};
use motcua_model::{code::DossierCode, dossier::Status, hub::Receipt};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

#[tokio::test]
async fn a_dossier_with_two_files_is_stored_whole_and_gets_its_code() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    assert_eq!(client.device_name(), "K07");
    client.health().await.unwrap();
    let parcel = dossier("K07", &[1_300_000, 17]);
    let delivered = parcel.deliver(&client).await.unwrap();

    assert_eq!(delivered.uploaded_bytes, parcel.total());
    let code = delivered.receipt.official_code.clone().unwrap();
    assert!(DossierCode::parse(&code).is_ok() && code.starts_with(AGENCY), "{code}");
    for file in &parcel.message.files {
        assert!(lab.copy(parcel.message.id, &file.name) == parcel.files[&file.file.id], "{} differs", file.name);
    }
    assert_eq!(lab.copy(parcel.message.id, "message.json"), parcel.json);
    let stored: Receipt = serde_json::from_slice(&lab.copy(parcel.message.id, "receipt.json")).unwrap();
    assert_eq!(stored, delivered.receipt);
}

#[tokio::test]
async fn sending_again_gives_the_same_receipt_and_sends_no_file() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[5000]);
    let first = parcel.deliver(&client).await.unwrap();
    let second = parcel.deliver(&client).await.unwrap();
    assert_eq!((second.signed, second.uploaded_bytes), (first.signed, 0));
    assert_eq!(Archive::open(&lab.dir()).unwrap().list().unwrap().len(), 1);
    let other = dossier("K07", &[5000]).deliver(&client).await.unwrap();
    assert_ne!(other.receipt.official_code, second.receipt.official_code);
}

#[tokio::test]
async fn a_delivery_may_run_as_a_task_of_its_own() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[10]);
    let delivered = tokio::spawn(async move { parcel.deliver(&client).await }).await.unwrap();
    assert_eq!(delivered.unwrap().uploaded_bytes, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_dossier_sent_many_times_at_once_is_one_dossier() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let parcel = dossier("K07", &[40_000, 0, 600_000]);
    let clients: Vec<_> = (0..6).map(|_| lab.client("K07", hub.addr)).collect();
    let results = futures_util::future::join_all(clients.iter().map(|c| parcel.deliver(c))).await;
    // One who loses a race for an upload may be told to come back; it then finds the same receipt.
    let mut codes = Vec::new();
    for (client, result) in clients.iter().zip(results) {
        let delivered = match result {
            Ok(delivered) => delivered,
            Err(error) => {
                assert_eq!(error.class, Class::Server, "{error}");
                parcel.deliver(client).await.unwrap()
            }
        };
        codes.push(delivered.receipt.official_code.unwrap());
    }
    codes.dedup();
    assert_eq!(codes.len(), 1, "{codes:?}");
    let listed = Archive::open(&lab.dir()).unwrap().list().unwrap();
    assert_eq!(listed.len(), 1);
    assert!(codes[0].ends_with("-0001"));
}

#[tokio::test]
async fn a_lost_answer_costs_a_try_but_no_second_dossier() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[9000]);
    for faults in [Faults { lose_response: true, ..Faults::default() }, Faults { lose_receipt: true, ..Faults::default() }] {
        hub.set_faults(faults);
        let error = parcel.deliver(&client).await.unwrap_err();
        assert_eq!(error.class, Class::Network, "{error}");
    }
    // The hub finished at the lost receipt; what is fetched now is that very one.
    let delivered = parcel.deliver(&client).await.unwrap();
    assert!(delivered.repeated(), "{delivered:?}");
    let stored: Receipt = serde_json::from_slice(&lab.copy(parcel.message.id, "receipt.json")).unwrap();
    assert_eq!(stored, delivered.receipt);
    assert_eq!(statuses(&client, 0).await.len(), 1);
}

#[tokio::test]
async fn an_upload_cut_in_the_middle_goes_on_where_it_was() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[1_500_000]);
    for cut in [100_000, 1_400_000] {
        hub.set_faults(Faults { drop_after_bytes: Some(cut), ..Faults::default() });
        let error = parcel.deliver(&client).await.unwrap_err();
        assert_eq!(error.class, Class::Network, "{error}");
    }
    let delivered = parcel.deliver(&client).await.unwrap();
    assert_eq!(delivered.uploaded_bytes, 100_000);
    assert!(lab.copy(parcel.message.id, &parcel.message.files[0].name) == *parcel.files.values().next().unwrap());
}

#[tokio::test]
async fn a_busy_hub_is_obeyed() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[100]);
    // Through the test port, as a test of another process would.
    let body = r#"{"status":503,"retry_after":7,"times":2}"#;
    let url = format!("http://{}/test/faults", hub.test_addr.unwrap());
    let plain = reqwest::Client::builder().tls_backend_preconfigured(plain_tls()).build().unwrap();
    let ordered = plain.post(url).header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(ordered.status(), 204);
    for _ in 0..2 {
        let error = parcel.deliver(&client).await.unwrap_err();
        assert_eq!((error.class, error.retry_after), (Class::Server, Some(Duration::from_secs(7))), "{error}");
    }
    parcel.deliver(&client).await.unwrap();
}

/// reqwest wants a TLS backend even for plain HTTP.
fn plain_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

#[tokio::test]
async fn a_hub_that_dies_and_comes_back_keeps_everything() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let whole = dossier("K07", &[70_000]);
    let first = whole.deliver(&client).await.unwrap();
    let half = dossier("K07", &[900_000]);
    hub.set_faults(Faults { drop_after_bytes: Some(600_000), ..Faults::default() });
    half.deliver(&client).await.unwrap_err();
    hub.kill().await;
    assert_eq!(client.health().await.unwrap_err().class, Class::Network);

    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let again = whole.deliver(&client).await.unwrap();
    assert_eq!((again.signed, again.uploaded_bytes), (first.signed, 0));
    let rest = half.deliver(&client).await.unwrap();
    assert_eq!(rest.uploaded_bytes, 300_000);
    assert!(rest.receipt.official_code.unwrap().ends_with("-0002"));
    assert_eq!(statuses(&client, 0).await.len(), 2);
}

#[tokio::test]
async fn a_handover_has_a_receipt_and_no_code() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let delivered = handover("K07").deliver(&client).await.unwrap();
    assert_eq!(delivered.receipt.official_code, None);
    assert!(statuses(&client, 0).await.is_empty());
}

#[tokio::test]
async fn a_correction_is_kept_beside_its_dossier_and_belongs_to_its_device() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let filed = dossier("K07", &[100]);
    let code = filed.deliver(&client).await.unwrap().receipt.official_code.unwrap();
    let corrected = correction("K07", filed.message.id);
    let refused = corrected.deliver(&lab.client("K08", hub.addr)).await.unwrap_err();
    assert_eq!(refused.class, Class::Rejected, "{refused}");
    let first = corrected.deliver(&client).await.unwrap();
    assert_eq!(first.receipt.official_code, None);
    assert_eq!(corrected.deliver(&client).await.unwrap().signed, first.signed, "the same receipt again");
    assert_eq!(lab.copy(corrected.message.id, "message.json"), corrected.json);
    assert_eq!(lab.copy(filed.message.id, "message.json"), filed.json, "the dossier stays as it was confirmed");
    assert_eq!(statuses(&client, 0).await.len(), 1, "no news: nobody has decided anything");
    let kinds: Vec<_> = Archive::open(&lab.dir()).unwrap().list().unwrap().into_iter().map(|m| (m.kind, m.official_code)).collect();
    assert_eq!(kinds, [("dossier".to_owned(), Some(code)), ("correction".to_owned(), None)]);
}

#[tokio::test]
async fn an_opinion_and_two_ratings_are_kept_each_by_itself_without_an_official_code() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    for parcel in feedback("K07") {
        let first = parcel.deliver(&client).await.unwrap();
        assert_eq!(first.receipt.official_code, None);
        assert_eq!(parcel.deliver(&client).await.unwrap().signed, first.signed, "the same receipt again");
        assert_eq!(lab.copy(parcel.message.id, "message.json"), parcel.json);
    }
    assert!(statuses(&client, 0).await.is_empty(), "nobody has decided anything");
    let kinds: Vec<String> = Archive::open(&lab.dir()).unwrap().list().unwrap().into_iter().map(|message| message.kind).collect();
    assert_eq!(kinds, ["opinion", "satisfaction", "quality"]);
}

#[tokio::test]
async fn news_reach_the_right_device_in_order_and_from_the_cursor_on() {
    let lab = Lab::new();
    let hub = lab.start().await;
    let client = lab.client("K07", hub.addr);
    let parcel = dossier("K07", &[]);
    let code = parcel.deliver(&client).await.unwrap().receipt.official_code.unwrap();
    // The clerk's command opens the same folder while the hub runs.
    let clerk = Archive::open(&lab.dir()).unwrap();
    let now = jiff::Timestamp::now();
    let accepted = clerk.set_status(&code, Status::Accepted, now).unwrap();
    for _ in 0..120 {
        clerk.set_status(&code, Status::Processing, now).unwrap();
    }
    assert!(clerk.set_status("H15.50.05-000101-0001", Status::Accepted, now).is_err());

    let items = statuses(&client, 0).await;
    assert_eq!(items.len(), 100);
    assert_eq!(items[0].3, Status::Registered);
    assert_eq!(items[1], (accepted, parcel.message.id, code, Status::Accepted));
    let rest = statuses(&client, items[99].0).await;
    assert_eq!(rest.len(), 22);
    assert!(rest[0].0 > items[99].0);
    assert!(statuses(&client, rest[21].0).await.is_empty());
    assert!(statuses(&lab.client("K08", hub.addr), 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_hub_sheds_says_when_to_come_back_and_serves_everyone_in_the_end() {
    let lab = Lab::new();
    let limits = Limits { in_flight: 1, ..Limits::default() };
    let hub = start(Options { limits, ..Options::new(lab.dir(), common::local(), AGENCY) }).await.unwrap();
    let devices: Vec<_> = (0..12).map(|n| (lab.client(&format!("K{n:02}"), hub.addr), dossier(&format!("K{n:02}"), &[2000]))).collect();
    let shed = AtomicU32::new(0);
    let deliver = async |(client, parcel): &(HubClient, Parcel)| {
        for _ in 0..500 {
            match parcel.deliver(client).await {
                Ok(delivered) => return delivered.receipt.official_code.unwrap(),
                Err(error) => {
                    assert_eq!(error.class, Class::Server, "{error}");
                    assert!(error.retry_after.is_some_and(|wait| (1..=600).contains(&wait.as_secs())), "{error:?}");
                    shed.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Sooner than it was told, to keep the test short.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never served");
    };
    let codes: std::collections::BTreeSet<String> = futures_util::future::join_all(devices.iter().map(deliver)).await.into_iter().collect();
    assert_eq!(codes.len(), 12);
    assert!(shed.load(Ordering::Relaxed) > 0, "one request at a time must be too little for twelve devices");
}
