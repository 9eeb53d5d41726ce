//! The command: make a hub, issue, serve, kill -9, serve again, a clerk's act meanwhile.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{dossier, settings_from, statuses};
use motcua_forward::HubClient;
use motcua_model::dossier::Status;
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

const HUB: &str = env!("CARGO_BIN_EXE_motcua-hub");

fn run(arguments: &[&str]) -> Output {
    Command::new(HUB).args(arguments).output().unwrap()
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(dir: &Path) -> (Served, std::net::SocketAddr) {
    let arguments = ["serve", dir.to_str().unwrap(), "--listen", "127.0.0.1:0", "--test-port", "0", "--agency", "H15.50.05"];
    let mut child = Command::new(HUB).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(said["test"].is_string());
    (Served(child), said["listen"].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_killed_hub_has_what_it_signed() {
    let folder = TempDir::new().unwrap();
    let (dir, out) = (folder.path().join("hub"), folder.path().join("k07"));
    let dir_text = dir.to_str().unwrap();
    let made = run(&["init", dir_text, "--name", "localhost", "--ip", "127.0.0.1"]);
    assert_eq!(String::from_utf8(made.stdout).unwrap().trim().len(), 64);
    assert!(!run(&["init", dir_text]).status.success(), "a second init must not replace the CA");
    assert!(run(&["issue", dir_text, "--device", "K07", "--out", out.to_str().unwrap()]).status.success());

    let (served, addr) = serve(&dir);
    let parcel = dossier("K07", &[200_000]);
    let first = parcel.deliver(&HubClient::new(settings_from(&out, addr)).unwrap()).await.unwrap();
    let code = first.receipt.official_code.clone().unwrap();
    assert!(run(&["status", dir_text, "--dossier", &code, "--status", "2"]).status.success());
    assert!(!run(&["status", dir_text, "--dossier", &code, "--status", "11"]).status.success());
    drop(served);

    let (_served, addr) = serve(&dir);
    let client = HubClient::new(settings_from(&out, addr)).unwrap();
    let again = parcel.deliver(&client).await.unwrap();
    assert_eq!((again.signed, again.uploaded_bytes), (first.signed, 0));
    let statuses: Vec<Status> = statuses(&client, 0).await.into_iter().map(|item| item.3).collect();
    assert_eq!(statuses, [Status::Registered, Status::Accepted]);
    let listed = String::from_utf8(run(&["list", dir_text]).stdout).unwrap();
    assert_eq!(listed.lines().count(), 1);
    assert!(listed.contains(&code) && !listed.contains("Mẫu"));
    let portal = run(&["portal", dir_text, "--dossier", &code, "--known", "--files-at", "https://hub.vidu.vn/tep"]);
    let portal: serde_json::Value = serde_json::from_slice(&portal.stdout).unwrap();
    let sent = &portal["sync"]["data"][0];
    assert_eq!((sent["MaHoSo"].as_str(), sent["SoDienThoai"].as_str()), (Some(code.as_str()), Some("0900000456")));
    assert_eq!((sent["HinhThuc"].as_str(), sent["TrangThaiHoSo"].as_str()), (Some("1"), Some("2")));
    let file = parcel.message.files[0].file.id;
    assert_eq!(sent["TaiLieuNop"][0]["DuongDanTaiTepTin"], format!("https://hub.vidu.vn/tep/{file}"));
    assert_eq!(portal["progress"][0]["data"].as_array().unwrap().len(), 2);
    let file = folder.path().join("catalogue.json");
    std::fs::write(&file, common::catalogue(7)).unwrap();
    assert!(run(&["announce", dir_text, "--catalogue", file.to_str().unwrap()]).status.success());
    assert_eq!(client.catalogue().await.unwrap().0.version, 7);
    std::fs::write(&file, common::catalogue(8).replace("1.001193", "1.1193")).unwrap();
    let bad = run(&["announce", dir_text, "--catalogue", file.to_str().unwrap()]);
    assert!(!bad.status.success() && String::from_utf8_lossy(&bad.stderr).contains("1.1193"));
    let unknown = run(&["portal", dir_text, "--dossier", "H15.50.05-261123-9999"]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("motcua-hub list"));
}
