//! `[scanner]`: the document scanner, reached in one of three ways.

use super::{exactly_one, is_hex_64, one_of, shown, url};
use serde::Deserialize;
use std::{fmt, path::PathBuf};

/// Document scanner.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scanner {
    /// eSCL: `http://host:port/eSCL`, `https://…`, or `dnssd:NAME` for the one that announces itself under this
    /// name in the network (`motcua probe` shows the names).
    pub escl: Option<String>,
    /// SHA-256 of the certificate of a scanner at an `https://` or `dnssd:` address, 64 hex digits; left out: any is accepted, and
    /// the log shows its SHA-256.
    pub tls_sha256: Option<String>,
    /// SANE: a device name, or maker and model as `motcua probe` shows them; names with numbers change on replugging.
    pub sane: Option<String>,
    /// Folder into which the device drops finished files.
    pub folder: Option<PathBuf>,
    /// Dots per inch: 200 or 300 (domain.md 6).
    #[serde(default = "default_dpi")]
    pub dpi: u16,
    /// Scan both sides in one pass; false for a scanner that cannot.
    #[serde(default = "default_duplex")]
    pub duplex: bool,
    /// Keep the pixels as the device gave them (PNG) beside every JPEG that is made of them here, until the scans go. Not by eSCL:
    /// there the JPEG is the device's own.
    #[serde(default)]
    pub lossless_master: bool,
}

fn default_dpi() -> u16 {
    300
}

fn default_duplex() -> bool {
    true
}

impl Scanner {
    /// How the device is reached, for people.
    pub fn address(&self) -> String {
        one_of([self.escl.clone(), self.sane.as_ref().map(|name| format!("sane:{name}")), shown(self.folder.as_ref())])
    }

    /// `need` takes condition, key, value and what to write instead.
    pub(super) fn check(&self, need: &mut impl FnMut(bool, &str, &dyn fmt::Display, &str)) {
        let ways = [self.escl.is_some(), self.sane.is_some(), self.folder.is_some()];
        need(exactly_one(&ways), "scanner", &self.address(), "write exactly one of escl, sane and folder");
        if let Some(escl) = &self.escl {
            let named = escl.strip_prefix("dnssd:").is_some_and(|name| !name.trim().is_empty());
            need(
                named || url(escl, "http://") || url(escl, "https://"),
                "scanner.escl",
                escl,
                "write the eSCL address, for example http://192.168.1.20/eSCL, or dnssd:NAME as motcua probe shows it",
            );
            need(
                !self.lossless_master,
                "scanner.lossless_master",
                &self.lossless_master,
                "leave it out: an eSCL scanner sends JPEG, and its own bytes are kept as they are",
            );
        }
        if let Some(pin) = &self.tls_sha256 {
            let plain = self.escl.as_ref().is_none_or(|escl| escl.starts_with("http://"));
            need(is_hex_64(pin), "scanner.tls_sha256", pin, "write the 64 hex digits that the agent's log shows");
            need(!plain, "scanner.tls_sha256", pin, "leave it out, or write an https:// or dnssd: address in scanner.escl");
        }
        if let Some(sane) = &self.sane {
            need(!sane.trim().is_empty(), "scanner.sane", sane, "write the device or its maker and model as motcua probe shows them");
        }
        if let Some(folder) = &self.folder {
            need(folder.is_absolute(), "scanner.folder", &folder.display(), "write an absolute path");
        }
        need(matches!(self.dpi, 200 | 300), "scanner.dpi", &self.dpi, "write 200 or 300");
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};

    const GOOD: &str = include_str!("../../../../provisioning/package/agent.example.toml");

    /// The example with these lines instead of its scanner's address.
    fn parse(lines: &str) -> Result<Config, Vec<Problem>> {
        let address = "escl = \"http://127.0.0.1:8085/eSCL\"";
        assert!(GOOD.contains(address));
        Config::parse("a.toml", &GOOD.replace(address, lines))
    }

    #[test]
    fn a_pinned_certificate_needs_64_digits_and_tls() {
        let scanner = |escl: &str, pin: &str| parse(&format!("escl = \"{escl}\"\ntls_sha256 = \"{pin}\""));
        let pin = "0123456789abcdef".repeat(4);
        assert!(scanner("https://192.168.1.20/eSCL", &pin).is_ok());
        assert!(scanner("dnssd:Office", &pin).is_ok());
        for (escl, pin) in [("http://192.168.1.20/eSCL", pin.as_str()), ("https://192.168.1.20/eSCL", "12:34")] {
            let problems = scanner(escl, pin).unwrap_err();
            assert!(problems.len() == 1 && problems[0].key == "scanner.tls_sha256", "{problems:?}");
        }
    }

    #[test]
    fn a_lossless_master_is_kept_where_the_jpeg_is_made_here_and_refused_where_the_device_made_it() {
        let kept = |lines: &str| parse(lines).map(|config| config.scanner.unwrap().lossless_master);
        assert_eq!(kept("sane = \"EPSON DS-530\""), Ok(false));
        for place in ["sane = \"EPSON DS-530\"", "folder = \"/srv/scans\""] {
            assert_eq!(kept(&format!("{place}\nlossless_master = true")), Ok(true), "{place}");
        }
        for escl in ["http://192.168.1.20/eSCL", "dnssd:Office"] {
            assert_eq!(kept(&format!("escl = \"{escl}\"\nlossless_master = false")), Ok(false));
            let problems = kept(&format!("escl = \"{escl}\"\nlossless_master = true")).unwrap_err();
            let [problem] = problems.as_slice() else { panic!("{problems:?}") };
            assert!(problem.key == "scanner.lossless_master" && problem.fix.contains("its own bytes"), "{problem}");
        }
    }
}
