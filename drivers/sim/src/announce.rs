//! The scanner's announcement by DNS-SD, on the loopback alone: what `ipp-usb` does for scanners behind USB.

use anyhow::Context;
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

/// Stands as long as it lives.
pub(crate) struct Announcement {
    daemon: ServiceDaemon,
    full_name: String,
}

impl Announcement {
    /// Announces a scanner as `name`.
    pub(crate) fn new(name: &str, port: u16, https: bool) -> anyhow::Result<Self> {
        let daemon = ServiceDaemon::new().context("the scanner cannot be announced: no multicast DNS")?;
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(IfKind::LoopbackV4)?;
        let kind = if https { "_uscans._tcp.local." } else { "_uscan._tcp.local." };
        let txt = [
            ("txtvers", "1"),
            ("rs", "eSCL"),
            ("ty", "Mot Cua Simulated Scanner"),
            ("is", "platen,adf"),
            ("duplex", "T"),
            ("cs", "color,grayscale"),
            ("pdl", "image/jpeg"),
            ("uuid", crate::escl::UUID),
            ("vers", "2.63"),
        ];
        let host = format!("motcua-sim-{port}.local.");
        let service = ServiceInfo::new(kind, name, &host, "127.0.0.1", port, &txt[..])?;
        let full_name = service.get_fullname().to_owned();
        daemon.register(service)?;
        Ok(Self { daemon, full_name })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // The goodbye goes out before the daemon handles the next command.
        let _ = self.daemon.unregister(&self.full_name);
        let _ = self.daemon.shutdown();
    }
}
