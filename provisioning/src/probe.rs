//! `motcua probe`: which devices are there, configured or not.

use crate::{agent, devices, status};
use motcua_drivers::{
    barcode::keyboard,
    idcard::pcsc,
    scanner::{Sane, discovery},
};
use motcua_model::config::Config;
use serialport::SerialPortType;
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long scanners in the network are listened for: most answer within a second.
const SEARCH: Duration = Duration::from_secs(3);

/// `dev` is `/dev`; tests give another folder.
pub(crate) async fn report(config: &Path, dev: &Path) -> String {
    let mut text = configured(config).await;
    // Writing into a String cannot fail.
    let _ = writeln!(text, "\nOn this PC:");
    let found = local(dev);
    if found.is_empty() {
        text.push_str("  no serial device and no USB printer\n");
    }
    for (path, what) in found {
        let _ = writeln!(text, "  {}  {what}", path.display());
    }
    text.push_str(&searched().await);
    text
}

/// What must be asked for: scanners that announce themselves or that SANE knows, smart-card readers, keyboards.
async fn searched() -> String {
    let worker = Sane::worker();
    let (network, sane) = tokio::join!(discovery::find(SEARCH), Sane::list(&worker));
    let network = network.into_iter().map(|scanner| {
        let sides = if scanner.duplex { "both sides" } else { "one side" };
        format!("{}, {sides}, {}; write: escl = \"dnssd:{}\"", scanner.make_and_model, scanner.url, scanner.name)
    });
    let sane = match sane {
        Ok(scanners) => scanners
            .into_iter()
            .map(|scanner| format!("{}, {}; write: sane = \"{}\"", scanner.make_and_model, scanner.address, scanner.make_and_model))
            .collect(),
        Err(error) => vec![format!("SANE could not be asked: {error}")],
    };
    let cards = match pcsc::list() {
        Ok(readers) => readers.into_iter().map(|name| format!("{name}; write: pcsc = \"{name}\"")).collect(),
        Err(problem) => vec![problem],
    };
    let keyboards =
        keyboard::list().into_iter().map(|(path, name)| format!("{name}; if it is the reader, write: keyboard = \"{}\"", path.display()));
    let mut text = String::new();
    for (title, lines) in [
        ("Scanners that announce themselves in the network", network.collect()),
        ("Scanners that SANE knows", sane),
        ("Smart-card readers", cards),
        ("Keyboards, and readers in keyboard mode", keyboards.collect::<Vec<_>>()),
    ] {
        let _ = writeln!(text, "\n{title}:");
        if lines.is_empty() {
            text.push_str("  none\n");
        }
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push_str("\nTry one with: motcua drill scanner|card|printer|reader\n");
    text
}

async fn configured(file: &Path) -> String {
    let name = file.display().to_string();
    let config = fs::read_to_string(file).map_err(|error| error.to_string());
    let config = config.and_then(|text| Config::parse(&name, &text).map_err(|_| format!("not usable; run: motcua check --config {name}")));
    let config = match config {
        Ok(config) => config,
        Err(problem) => return format!("Configured: nothing known, {name}: {problem}\n"),
    };
    match agent::status(&config.api.socket).await {
        Ok(status) => format!("Configured, as the running agent sees them:\n{}", status::devices(&status.devices)),
        Err(_) => format!("Configured, asked directly (no agent answers here):\n{}", status::devices(&devices::look(&config).await)),
    }
}

/// Stable names first: those belong into the configuration.
fn local(dev: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for path in entries(&dev.join("serial/by-id"), &[""]) {
        let port = fs::canonicalize(&path).unwrap_or_default();
        let what = usb_name(&port).map_or_else(String::new, |name| format!(", {name}"));
        found.push((path, format!("serial, now {}{what}; use this path in the configuration", port.display())));
    }
    let named: Vec<PathBuf> = found.iter().filter_map(|(path, _)| fs::canonicalize(path).ok()).collect();
    for path in entries(dev, &["ttyACM", "ttyUSB"]) {
        if !fs::canonicalize(&path).is_ok_and(|path| named.contains(&path)) {
            let what = usb_name(&path).map_or_else(String::new, |name| format!(", {name}"));
            found.push((path, format!("serial without a stable name{what}")));
        }
    }
    for path in entries(&dev.join("usb"), &["lp"]) {
        let what = format!("USB printer; write: usb = \"{}\"", path.display());
        found.push((path, what));
    }
    found
}

/// In order; a folder that is missing has none.
fn entries(folder: &Path, prefixes: &[&str]) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let wanted = names.filter(|name| prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)));
    let mut paths: Vec<PathBuf> = wanted.map(|name| folder.join(name)).collect();
    paths.sort();
    paths
}

/// Maker and product of the port, as USB tells.
fn usb_name(port: &Path) -> Option<String> {
    // serialport panics where this folder is missing, as in some containers.
    if !Path::new("/sys/class/tty").is_dir() {
        return None;
    }
    let ports = serialport::available_ports().ok()?;
    let found = ports.into_iter().find(|candidate| Path::new(&candidate.port_name) == port)?;
    match found.port_type {
        SerialPortType::UsbPort(usb) => {
            Some(format!("{} {} ({:04x}:{:04x})", usb.manufacturer.unwrap_or_default(), usb.product.unwrap_or_default(), usb.vid, usb.pid))
        }
        SerialPortType::PciPort | SerialPortType::BluetoothPort | SerialPortType::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tests::{example, serve};
    use axum::http::StatusCode;

    #[tokio::test]
    async fn devices_are_listed_once_with_the_stable_name() {
        let dev = tempfile::tempdir().unwrap();
        for folder in ["serial/by-id", "usb"] {
            fs::create_dir_all(dev.path().join(folder)).unwrap();
        }
        for file in ["ttyACM0", "ttyUSB3", "ttyS0", "usb/lp0"] {
            fs::write(dev.path().join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("../../ttyACM0", dev.path().join("serial/by-id/usb-Example_Reader-if00")).unwrap();
        let found: Vec<String> =
            local(dev.path()).into_iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(found, ["usb-Example_Reader-if00", "ttyUSB3", "lp0"]);
    }

    #[tokio::test]
    async fn a_missing_configuration_does_not_hide_the_rest() {
        let dev = tempfile::tempdir().unwrap();
        let text = report(Path::new("/nonexistent/agent.toml"), dev.path()).await;
        assert!(text.contains("nothing known") && text.contains("no serial device"), "{text}");
        for title in ["in the network", "SANE", "Smart-card", "Keyboards", "motcua drill"] {
            assert!(text.contains(title), "{title} is missing:\n{text}");
        }
    }

    #[tokio::test]
    async fn the_agent_is_asked_first_because_it_holds_the_devices() {
        let folder = tempfile::tempdir().unwrap();
        let (file, socket) = (folder.path().join("agent.toml"), folder.path().join("agent.sock"));
        let config = include_str!("../package/agent.example.toml").replace("/run/motcua/agent.sock", socket.to_str().unwrap());
        fs::write(&file, config).unwrap();
        let server = serve(&socket, StatusCode::OK);
        let text = report(&file, folder.path()).await;
        server.abort();
        assert!(text.contains("as the running agent sees them") && text.contains(&example().devices[0].model), "{text}");
    }
}
