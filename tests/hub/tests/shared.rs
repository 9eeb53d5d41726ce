//! The engine for scale: a real PostgreSQL, a real S3 server, haproxy before two hubs.
#![allow(clippy::unwrap_used, reason = "tests and their helpers")]

mod common;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use common::{
    AGENCY, Lab, audit, catalogue,
    cloud::{Cloud, Proxy},
    contract::Contract,
    dossier, handover, heartbeat, local, payments, people, raw, seed, settings_from, supplement,
};
use futures_util::{StreamExt as _, future::join_all, stream};
use motcua_forward::{Class, HubClient};
use motcua_hub::{Clerk, Faults, Options, Running, start};
use motcua_model::{dossier::Status, hub::News};
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

async fn hub(lab: &Lab, cloud: &Cloud) -> Running {
    start(Options { shared: Some(cloud.options()), ..Options::new(lab.dir(), local(), AGENCY) }).await.unwrap()
}

#[tokio::test]
async fn postgresql_and_a_bucket_keep_the_same_contract() {
    let Some(cloud) = Cloud::start() else { return };
    let lab = Lab::new();
    let running = hub(&lab, &cloud).await;
    let mut ear = running.listen_in();
    let clerk = Clerk::open(&lab.dir(), Some(&cloud.options())).await.unwrap();
    seed(&clerk).await;
    let client = lab.client("K07", running.addr);

    // Nothing, one piece in memory, several parts, and more than one piece of the bucket's own upload.
    let parcel = dossier("K07", &[0, 17, 512 * 1024, 1_300_000, 9_000_000]);
    let first = parcel.deliver(&client).await.unwrap();
    assert_eq!(first.uploaded_bytes, parcel.total());
    for file in &parcel.message.files {
        assert!(clerk.file(&file.file.sha256).await.unwrap() == parcel.files[&file.file.id], "{} differs", file.name);
    }
    let again = parcel.deliver(&client).await.unwrap();
    assert_eq!((again.signed, again.uploaded_bytes), (first.signed, 0));
    assert_eq!(handover("K07").deliver(&client).await.unwrap().receipt.official_code, None);

    let cut = dossier("K07", &[2_000_000]);
    running.set_faults(Faults { drop_after_bytes: Some(1_234_567), ..Faults::default() });
    assert_eq!(cut.deliver(&client).await.unwrap_err().class, Class::Network);
    let rest = cut.deliver(&client).await.unwrap();
    assert_eq!(rest.uploaded_bytes, 2_000_000 - 1_234_567, "what was received before the cut need not come again");

    let code = first.receipt.official_code.clone().unwrap();
    clerk.status(&code, Status::Accepted, None).await.unwrap();
    let added = supplement("K07", &parcel, &code).deliver(&client).await.unwrap();
    assert_eq!(added.receipt.official_code, None, "it belongs to the other");
    let portal = serde_json::to_value(clerk.portal(&code, false, None).await.unwrap()).unwrap();
    let sent = &portal["sync"]["data"][0];
    assert_eq!((sent["MaHoSo"].as_str(), sent["MaDoiTuong"].as_str()), (Some(code.as_str()), Some("tech-0001")), "{sent}");
    assert_eq!((sent["TrangThaiHoSo"].as_str(), sent["TaiLieuNop"].as_array().map(Vec::len)), (Some("2"), Some(6)));
    assert_eq!(sent["DanhSachHoSoBoSung"][0]["NoiDungBoSung"], "Bản chính giấy chứng sinh");
    assert!(clerk.portal("H15.50.05-261123-9999", false, None).await.is_err());
    clerk.publish(None, catalogue(3)).await.unwrap();
    clerk.publish(Some("K08"), catalogue(9)).await.unwrap();
    assert_eq!(client.catalogue().await.unwrap().0.version, 3);
    assert_eq!(lab.client("K08", running.addr).catalogue().await.unwrap().0.version, 9, "an office may have its own");
    let news = client.news(0).await.unwrap().items;
    assert_eq!(news.len(), 4);
    assert!(news.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
    assert!(client.news(news[3].cursor).await.unwrap().items.is_empty());
    assert_eq!(lab.client("K08", running.addr).news(0).await.unwrap().items.len(), 2, "the catalogue is for all, and its own");
    people(&client).await;
    payments(&client, &lab.client("K08", running.addr), &clerk).await;
    audit(&client, &lab.client("K08", running.addr), &clerk).await;
    assert_eq!(client.heartbeat(&heartbeat("K07", 11, 'a')).await.unwrap().catalogue_version, Some(3));
    let listed = clerk.list().await.unwrap();
    assert_eq!(
        listed.iter().map(|l| (l.kind.as_str(), l.status, l.complete)).collect::<Vec<_>>(),
        [("dossier", Some(2), true), ("handover", None, true), ("dossier", Some(1), true), ("supplement", None, true)]
    );
    let contract = Contract::read();
    while let Ok(exchange) = ear.try_recv() {
        if exchange.status != 500 {
            assert_eq!(contract.answer(&exchange), Vec::<String>::new(), "{} {}", exchange.method, exchange.path);
        }
    }
}

#[tokio::test]
async fn a_spoilt_file_is_discarded_by_the_bucket_too() {
    let Some(cloud) = Cloud::start() else { return };
    let lab = Lab::new();
    let running = hub(&lab, &cloud).await;
    let client = raw::client(&lab, Some("K07"));
    let base = format!("https://{}", running.addr);
    // In one go, and in parts.
    for length in [50, 1_500_000] {
        let parcel = dossier("K07", &[length]);
        let (message, file) = (parcel.message.id, parcel.message.files[0].file.id);
        let post = client.post(format!("{base}/v1/messages")).header("Idempotency-Key", message.to_string());
        assert_eq!(post.body(parcel.json.clone()).send().await.unwrap().status(), 200);
        let encode = |id: uuid::Uuid| BASE64_STANDARD.encode(id.to_string());
        let create = || {
            let metadata = format!("message {},file {}", encode(message), encode(file));
            let request = client.post(format!("{base}/v1/uploads")).header("Tus-Resumable", "1.0.0");
            request.header("Upload-Length", length).header("Upload-Metadata", metadata).send()
        };
        let patch = |bytes: Vec<u8>| {
            let request = client.patch(format!("{base}/v1/uploads/{message}/{file}")).header("Tus-Resumable", "1.0.0");
            request.header("Upload-Offset", 0).header("Content-Type", "application/offset+octet-stream").body(bytes).send()
        };
        assert_eq!(create().await.unwrap().status(), 201);
        assert_eq!(patch(vec![9; length]).await.unwrap().status(), 460);
        assert_eq!(patch(parcel.files[&file].clone()).await.unwrap().status(), 404, "it must be created anew");
        assert_eq!(create().await.unwrap().status(), 201);
        for _ in 0..2 {
            assert_eq!(patch(parcel.files[&file].clone()).await.unwrap().status(), 204, "also when its answer was lost");
        }
        assert_eq!(create().await.unwrap().status(), 409);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_dossier_through_both_instances_at_once_is_one_dossier() {
    let Some(cloud) = Cloud::start() else { return };
    let lab = Lab::new();
    let hubs = [hub(&lab, &cloud).await, hub(&lab, &cloud).await];
    let Some(proxy) = Proxy::start(&[hubs[0].addr, hubs[1].addr]) else { return };
    let mut ears = [hubs[0].listen_in(), hubs[1].listen_in()];
    let clients: Vec<HubClient> = (0..8).map(|_| lab.client("K07", proxy.addr)).collect();
    let parcel = dossier("K07", &[40_000, 0, 1_700_000]);
    let deliver = async |client: &HubClient| {
        for _ in 0..200 {
            match parcel.deliver(client).await {
                Ok(delivered) => return delivered,
                // Who loses a race is told to come back.
                Err(error) => assert_eq!(error.class, Class::Server, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no way through");
    };
    let all = join_all(clients.iter().map(&deliver)).await;
    assert!(all.windows(2).all(|pair| pair[0].signed == pair[1].signed), "one receipt, whoever asks");
    assert!(ears.iter_mut().all(|ear| ear.try_recv().is_ok()), "both hubs had their share");

    // Many dossiers of one device, and a reader that follows its cursor: no news appears behind it.
    let parcels: Vec<_> = (0..40).map(|_| dossier("K07", &[10])).collect();
    let reader = async {
        let (mut cursor, mut codes) = (0, BTreeSet::new());
        while codes.len() < 41 {
            for item in clients[0].news(cursor).await.unwrap().items {
                cursor = item.cursor;
                if let News::Status { official_code, .. } = item.news {
                    codes.insert(official_code);
                }
            }
        }
        codes
    };
    let send = stream::iter(&parcels).enumerate().for_each_concurrent(7, |(number, parcel)| {
        let client = &clients[1 + number % 7];
        async move {
            parcel.deliver(client).await.unwrap();
        }
    });
    let (codes, ()) = tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(reader, send) }).await.unwrap();
    assert!(codes.last().unwrap().ends_with("-0041"), "codes without gaps: {codes:?}");
    let listed = Clerk::open(&lab.dir(), Some(&cloud.options())).await.unwrap().list().await.unwrap();
    assert_eq!((listed.len(), listed.iter().filter(|l| l.complete).count()), (41, 41));
}

struct Process(Child, SocketAddr);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn process(lab: &Lab, cloud: &Cloud) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_motcua-hub"));
    command.arg("serve").arg(lab.dir()).args(["--listen", "127.0.0.1:0"]).envs(cloud.env.iter().cloned());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    Process(child, said["listen"].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn one_instance_is_killed_in_mid_upload_and_the_other_goes_on() {
    let Some(cloud) = Cloud::start() else { return };
    let lab = Lab::new();
    let (doomed, other) = (process(&lab, &cloud), process(&lab, &cloud));
    let Some(proxy) = Proxy::start(&[doomed.1, other.1]) else { return };
    let parcel = dossier("K07", &[6_000_000]);
    let (message, file) = (parcel.message.id, parcel.message.files[0].file.id);
    let client = raw::client(&lab, Some("K07"));
    let base = format!("https://{}", doomed.1);
    let post = client.post(format!("{base}/v1/messages")).header("Idempotency-Key", message.to_string());
    assert_eq!(post.body(parcel.json.clone()).send().await.unwrap().status(), 200);
    let encode = |id: uuid::Uuid| BASE64_STANDARD.encode(id.to_string());
    let create = client.post(format!("{base}/v1/uploads")).header("Tus-Resumable", "1.0.0").header("Upload-Length", 6_000_000);
    let create = create.header("Upload-Metadata", format!("message {},file {}", encode(message), encode(file)));
    assert_eq!(create.send().await.unwrap().status(), 201);

    // 3.5 MB arrive, and then nothing more: three parts are durable, half a part is in memory when the hub dies.
    let begin = parcel.files[&file][..3_500_000].to_vec();
    let body = stream::once(async move { Ok::<_, std::io::Error>(begin) }).chain(stream::pending());
    let patch = client.patch(format!("{base}/v1/uploads/{message}/{file}")).header("Tus-Resumable", "1.0.0").header("Upload-Offset", 0);
    let patch = patch.header("Content-Type", "application/offset+octet-stream").body(reqwest::Body::wrap_stream(body));
    let sending = tokio::spawn(patch.send());
    let there = HubClient::new(settings_from(&lab.folder.path().join("K07"), proxy.addr)).unwrap();
    let head = async |base: String| {
        let head = client.head(format!("{base}/v1/uploads/{message}/{file}")).header("Tus-Resumable", "1.0.0").send().await.unwrap();
        head.headers()["upload-offset"].to_str().unwrap().parse::<u64>().unwrap()
    };
    for _ in 0..100 {
        if head(format!("https://{}", other.1)).await == 3 << 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(doomed);
    assert!(sending.await.unwrap().is_err(), "its sender notices");
    let delivered = loop {
        match parcel.deliver(&there).await {
            Ok(delivered) => break delivered,
            Err(error) => assert!(matches!(error.class, Class::Network | Class::Server), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(delivered.uploaded_bytes, 6_000_000 - (3 << 20), "the other hub has every part that was durable");
    let clerk = Clerk::open(&lab.dir(), Some(&cloud.options())).await.unwrap();
    assert!(clerk.file(&parcel.message.files[0].file.sha256).await.unwrap() == parcel.files[&file]);
    assert_eq!(clerk.list().await.unwrap().len(), 1);
}
