//! A `pcscd` of one test's own, with a virtual reader, for machines where none runs (and beside one that runs).
//!
//! The daemon's socket has a fixed place, so it is started in a mount namespace where another folder lies over `/run/pcscd`; that needs
//! root. Clients find that folder by the variable of [`Pcscd::environment`], which libpcsclite reads once a process: a test that is a
//! client itself runs again as its own child (see `tests/card_pcsc.rs`).

use crate::card::{Chip, Laid};
use anyhow::Context;
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// Variable by which libpcsclite finds another socket.
const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running daemon with one virtual reader (two slots). It ends with this value.
#[derive(Debug)]
pub struct Pcscd {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Pcscd {
    /// Why no daemon can be started here; none when it can.
    pub fn missing() -> Option<String> {
        if !Path::new(DRIVER).exists() {
            return Some(format!("{DRIVER} is missing; apt-get install pcscd vsmartcard-vpcd"));
        }
        let try_out = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
        match try_out {
            Ok(status) if status.success() => None,
            Ok(_) => Some("no right to make a mount namespace; run as root".to_owned()),
            Err(error) => Some(format!("unshare cannot be run: {error}")),
        }
    }

    /// The variable for clients of a daemon in `folder`.
    pub fn environment(folder: &Path) -> (&'static str, PathBuf) {
        (SOCKET_VARIABLE, folder.join("pcscd.comm"))
    }

    /// Starts a daemon whose socket is in `folder`, which must exist. Its reader is called `Virtual PCD 00 00`.
    ///
    /// # Errors
    /// When it does not come up within twenty seconds; the message carries its log.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder.join("readers"))?;
        let mut last = None;
        // Between the choice of the ports and the daemon's bind somebody else may take them.
        for _ in 0..5 {
            let mut daemon = Self { folder: folder.to_owned(), port: free_pair()?, child: None };
            match daemon.restart() {
                Ok(()) => return Ok(daemon),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("pcscd was not tried")))
    }

    /// Where cards connect.
    pub fn reader(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Lays a card on the reader.
    pub fn lay(&self, chip: Chip) -> Laid {
        Laid::new(self.reader(), chip)
    }

    /// Kills the daemon, as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Already dead is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again with the same socket and the same reader.
    ///
    /// # Errors
    /// When it does not come up within twenty seconds.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        let socket = self.folder.join("pcscd.comm");
        if socket.exists() {
            fs::remove_file(&socket)?;
        }
        let channel = format!("{:#06X}", self.port);
        let reader = format!("FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{channel}\nLIBPATH {DRIVER}\nCHANNELID {channel}\n");
        fs::write(self.folder.join("readers/vpcd"), reader)?;
        let log = self.folder.join("pcscd.log");
        let file = fs::File::create(&log)?;
        let script = r#"mkdir -p /run/pcscd && mount --bind "$1" /run/pcscd && exec pcscd --foreground --config "$1/readers""#;
        let child = Command::new("unshare")
            .args(["-m", "sh", "-c", script, "sh"])
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("unshare cannot be run")?;
        let id = child.id();
        self.child = Some(child);
        let start = Instant::now();
        while !(socket.exists() && listens(id, self.port) && listens(id, self.port + 1)) {
            let ended = self.child.as_mut().is_none_or(|child| child.try_wait().is_ok_and(|status| status.is_some()));
            if ended || start.elapsed() > PATIENCE {
                self.kill();
                anyhow::bail!("pcscd did not come up: {}", fs::read_to_string(&log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// vpcd makes two slots on neighbouring ports.
fn free_pair() -> anyhow::Result<u16> {
    for _ in 0..100 {
        let first = TcpListener::bind(("0.0.0.0", 0))?;
        let port = first.local_addr()?.port();
        if port < u16::MAX && TcpListener::bind(("0.0.0.0", port + 1)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no two neighbouring ports are free")
}

/// Whether that process itself listens on the port: connecting to find out would lay a card on the reader.
fn listens(process: u32, port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let local = format!(":{port:04X}");
    let sockets = table.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let listening = columns.get(1)?.ends_with(&local) && *columns.get(3)? == "0A";
        listening.then(|| columns.get(9).map(|inode| format!("socket:[{inode}]")))?
    });
    let sockets: Vec<String> = sockets.collect();
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    open.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|to| sockets.iter().any(|socket| to.as_os_str() == socket.as_str())))
}
