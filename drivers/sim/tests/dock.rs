//! The dock over HTTP, and the native QR of other programs' drivers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use common::simulator;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn commands_and_state_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let sim = simulator(folder.path()).await;
    // Installs the process's TLS provider, without which no client can be built.
    motcua_drivers::scanner::Escl::new(&sim.ports().escl_url).unwrap();
    let http = reqwest::Client::new();
    let dock = format!("{}dock", sim.ports().dock_url);

    let page = http.get(&sim.ports().dock_url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Máy quét") && page.contains("/dock"));

    let send = async |command: serde_json::Value| http.post(&dock).json(&command).send().await.unwrap();
    let state: serde_json::Value = send(serde_json::json!({"load": ["to-khai-1.jpg", "to-khai-2.jpg"]})).await.json().await.unwrap();
    assert_eq!((&state["feeder"], &state["adf"]), (&2.into(), &"ScannerAdfLoaded".into()));
    assert!(send(serde_json::json!({"jam_409": 1})).await.status().is_success());
    assert!(send(serde_json::json!("clear")).await.status().is_success());
    assert!(send(serde_json::json!({"printer": "paperout"})).await.status().is_success());
    assert!(send(serde_json::json!({"unplug": "scanner"})).await.status().is_success());
    let state: serde_json::Value = http.get(&dock).send().await.unwrap().json().await.unwrap();
    assert_eq!((&state["printer"], &state["scanner_plugged"]), (&"paper_out".into(), &false.into()));

    let refused = send(serde_json::json!({"load": ["khong-co.jpg"]})).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("khong-co.jpg"));
}

#[tokio::test]
async fn a_native_qr_is_drawn_so_that_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let sim = simulator(folder.path()).await;
    let mut line = tokio::net::TcpStream::connect(("127.0.0.1", sim.ports().printer_port)).await.unwrap();
    let mut job = b"\x1b@\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E0\x1d(k\x0a\x001P0MOT-CUA\x1d(k\x03\x001Q0\n".to_vec();
    job.extend(b"\x1dV\x42\x00");
    line.write_all(&job).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), async {
        while sim.state().await.slips == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let paper = image::open(out.join("slip-001.png")).unwrap().into_luma8();
    let (width, height) = (paper.width() as usize, paper.height() as usize);
    let mut grid = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| paper.get_pixel(x as u32, y as u32).0[0]);
    assert_eq!(grid.detect_grids()[0].decode().unwrap().1, "MOT-CUA");
}
