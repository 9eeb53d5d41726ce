//! Scanners found by their announcement: our simulator's, and one by Avahi as an independent voice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

mod common;

use common::options;
use motcua_drivers::DeviceError;
use motcua_drivers::scanner::discovery::{self, Found};
use motcua_drivers::scanner::{BatchEnd, Colour, Escl, ScanSettings, Scanner, Source};
use motcua_sim::{Command, Device, Options, Sim, start};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

const SIMPLEX: ScanSettings = ScanSettings { source: Source::Feeder { duplex: false }, dpi: 300, colour: Colour::Rgb24 };

/// A name that no other test uses, with what names of offices have: spaces, a dot, Vietnamese letters.
fn name(what: &str) -> String {
    format!("Máy quét số 1.{} {what}", std::process::id())
}

/// Some machines have no multicast on the loopback; then nothing can be found.
fn multicast() -> bool {
    let test = || {
        let listener = std::net::UdpSocket::bind("0.0.0.0:0")?;
        let group = std::net::Ipv4Addr::new(224, 0, 0, 251);
        listener.join_multicast_v4(&group, &std::net::Ipv4Addr::LOCALHOST)?;
        listener.set_read_timeout(Some(Duration::from_secs(2)))?;
        let sender = std::net::UdpSocket::bind("127.0.0.1:0")?;
        sender.send_to(b"?", (group, listener.local_addr()?.port()))?;
        listener.recv(&mut [0; 8])
    };
    match test() {
        Ok(_) => true,
        Err(error) => {
            println!("SKIPPED: no multicast on the loopback: {error}");
            false
        }
    }
}

async fn announced(folder: &Path, name: &str, https: bool) -> Sim {
    start(Options { https, announce: Some(name.to_owned()), ..options(folder) }).await.unwrap()
}

/// Looks until it is there.
async fn found(name: &str) -> Found {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(30) {
        let all = discovery::find(Duration::from_secs(1)).await;
        if let Some(found) = all.into_iter().find(|found| found.name == name) {
            return found;
        }
    }
    panic!("{name} was not found");
}

async fn scan(scanner: &Scanner) -> BatchEnd {
    let (events, mut arrived) = mpsc::channel(64);
    let (_cancel, cancelled) = watch::channel(false);
    let drain = async { while arrived.recv().await.is_some() {} };
    let (end, ()) = tokio::join!(scanner.scan(&SIMPLEX, events, cancelled), drain);
    end.unwrap()
}

#[tokio::test]
async fn the_announcement_tells_what_the_scanner_is() {
    if !multicast() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = name("nói");
    let sim = announced(folder.path(), &name, false).await;
    let found = found(&name).await;
    assert_eq!(found.url, sim.ports().escl_url);
    assert_eq!(found.make_and_model, "Mot Cua Simulated Scanner");
    assert_eq!(found.uuid, "00000000-0000-4000-8000-000000000001");
    assert!(found.feeder && found.duplex && found.flatbed);
}

#[tokio::test]
async fn a_named_scanner_is_used_at_whatever_address_it_has_now() {
    if !multicast() {
        return;
    }
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let name = name("dời");
    let scanner = Scanner::Escl(Escl::new(&format!("dnssd:{name}")).unwrap());
    assert!(matches!(scanner.about().await, Err(DeviceError::Disconnected(_))), "nobody has this name yet");

    let sim = announced(folder.path(), &name, false).await;
    let about = scanner.about().await.unwrap();
    assert_eq!(about.address, sim.ports().escl_url);
    sim.command(Command::LoadSheets(2)).await.unwrap();
    assert_eq!(scan(&scanner).await, BatchEnd::Complete { pages: 2 });

    sim.command(Command::Unplug(Device::Scanner)).await.unwrap();
    assert!(matches!(scanner.trouble().await, Err(DeviceError::Disconnected(_))));
    let moved = announced(other.path(), &name, false).await;
    moved.command(Command::LoadSheets(1)).await.unwrap();
    let started = Instant::now();
    while scanner.trouble().await.is_err() && started.elapsed() < Duration::from_secs(30) {}
    assert_eq!(scanner.about().await.unwrap().address, moved.ports().escl_url);
    assert_eq!(scan(&scanner).await, BatchEnd::Complete { pages: 1 });
}

#[tokio::test]
async fn a_pinned_scanner_is_taken_over_https_alone() {
    if !multicast() {
        return;
    }
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let name = name("khóa");
    let open = announced(folder.path(), &name, false).await;
    found(&name).await;
    let pin = "0".repeat(64);
    assert!(discovery::resolve(&name, false).await.is_ok());
    assert!(matches!(discovery::resolve(&name, true).await, Err(DeviceError::Disconnected(_))), "it offers HTTP alone");
    let sim = announced(other.path(), &name, true).await;
    let scanner = Escl::new(&format!("dnssd:{name}")).unwrap();
    let right = scanner.clone().pinned(sim.ports().escl_sha256.as_ref().unwrap()).unwrap();
    assert_eq!(right.about().await.unwrap().address, sim.ports().escl_url);
    assert!(matches!(scanner.pinned(&pin).unwrap().about().await, Err(DeviceError::Rejected(_))));
    drop(open);
}

/// A child that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Avahi on a message bus of its own, on the loopback alone.
fn avahi(folder: &Path, name: &str, port: u16) -> Result<[Ended; 3], String> {
    let run = |program: &str, arguments: &[&str]| {
        std::process::Command::new(program)
            .args(arguments)
            .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", folder.join("bus").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Ended)
            .map_err(|error| format!("{program}: {error}"))
    };
    let bus = folder.join("bus.conf");
    std::fs::write(
        &bus,
        format!(
            "<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/><allow user=\"*\"/></policy></busconfig>",
            folder.join("bus").display()
        ),
    )
    .unwrap();
    let daemon = folder.join("avahi.conf");
    std::fs::write(&daemon, "[server]\nallow-interfaces=lo\nuse-ipv6=no\nenable-dbus=yes\n[publish]\npublish-workstation=no\n").unwrap();
    if Path::new("/run/avahi-daemon/pid").exists() {
        return Err("an Avahi runs here already".to_owned());
    }
    let bus = run("dbus-daemon", &["--nofork", "--nopidfile", &format!("--config-file={}", bus.display())])?;
    let started = Instant::now();
    while !folder.join("bus").exists() && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut daemon = run("avahi-daemon", &["--no-drop-root", "--no-chroot", "--no-rlimits", "-f", &daemon.display().to_string()])?;
    std::thread::sleep(Duration::from_millis(500));
    if let Ok(Some(status)) = daemon.0.try_wait() {
        return Err(format!("avahi-daemon does not run here ({status}); it needs root"));
    }
    let port = port.to_string();
    let txt = ["rs=eSCL", "ty=Avahi 1", "is=adf,platen", "duplex=F", "uuid=ABCD"];
    let publish = run("avahi-publish-service", &[&["-s", name, "_uscan._tcp", &port], &txt[..]].concat())?;
    Ok([bus, daemon, publish])
}

#[tokio::test]
async fn a_scanner_that_avahi_announces_is_found_and_scans() {
    if !multicast() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let sim = common::simulator(folder.path()).await;
    let name = name("Avahi");
    let _children = match avahi(folder.path(), &name, sim.ports().escl_port) {
        Ok(children) => children,
        Err(why) => return println!("SKIPPED: {why}"),
    };
    let found = found(&name).await;
    assert_eq!(
        (found.url.as_str(), found.make_and_model.as_str(), found.uuid.as_str()),
        (sim.ports().escl_url.as_str(), "Avahi 1", "abcd")
    );
    assert!(found.feeder && found.flatbed && !found.duplex);
    sim.command(Command::LoadSheets(3)).await.unwrap();
    let scanner = Scanner::Escl(Escl::new(&format!("dnssd:{name}")).unwrap());
    scanner.about().await.unwrap();
    assert_eq!(scan(&scanner).await, BatchEnd::Complete { pages: 3 });
}
