//! Scanners that announce themselves by DNS-SD over multicast DNS (RFC 6762, 6763): in the local network, and on the loopback where
//! `ipp-usb` announces those behind USB.

use crate::DeviceError;
use mdns_sd::{Receiver, ResolvedService, ServiceDaemon, ServiceEvent};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// DNS-SD types of eSCL, over HTTP and HTTPS.
const TYPES: [(&str, &str); 2] = [("_uscan._tcp.local.", "http"), ("_uscans._tcp.local.", "https")];
/// How long a named scanner is searched for; it answers within about one second.
const RESOLVE: Duration = Duration::from_secs(4);
/// How long after its first announcement the one of its other type may come.
const SIBLING: Duration = Duration::from_millis(500);
/// Between two looks at what has come.
const LOOK: Duration = Duration::from_millis(20);
/// More scanners than an office has; what a hostile network announces beyond is dropped.
const MOST: usize = 256;

/// A scanner as it announces itself. One that speaks both HTTP and HTTPS comes twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Name of the instance, for `dnssd:NAME`.
    pub name: String,
    /// Maker and model (TXT `ty`); may be empty.
    pub make_and_model: String,
    /// Root address of eSCL, such as `http://192.168.1.20:80/eSCL`.
    pub url: String,
    /// Stable identity in small letters, without `urn:uuid:`; may be empty.
    pub uuid: String,
    /// Page for the administrator; may be empty.
    pub admin_url: String,
    /// Has a document feeder (TXT `is` names `adf`).
    pub feeder: bool,
    /// The feeder reads both sides.
    pub duplex: bool,
    /// Has a glass plate.
    pub flatbed: bool,
}

/// All scanners that answer within `timeout` (two seconds suffice), by name. Empty where there is no multicast.
pub async fn find(timeout: Duration) -> Vec<Found> {
    browse(timeout, |_| None).await
}

/// The scanner that announces itself as `name` (or with the uuid `name`), over HTTPS where it offers it.
///
/// # Errors
/// [`DeviceError::Disconnected`] when none does, or `only_https` and it offers HTTP alone.
pub async fn resolve(name: &str, only_https: bool) -> Result<Found, DeviceError> {
    let is_it =
        |found: &Found| (found.name == name || found.uuid.eq_ignore_ascii_case(name)) && (!only_https || found.url.starts_with("https:"));
    let enough = |found: &Found| is_it(found).then(|| if found.url.starts_with("https:") { Duration::ZERO } else { SIBLING });
    let mut all = browse(RESOLVE, enough).await;
    all.retain(is_it);
    all.sort_by_key(|found| !found.url.starts_with("https:"));
    all.into_iter().next().ok_or_else(|| {
        let how = if only_https { " over HTTPS" } else { "" };
        DeviceError::Disconnected(format!(
            "no scanner announces itself as {name:?}{how}; is it on and in this network? `motcua probe` shows the names"
        ))
    })
}

/// Ends the search however it ends.
struct Search(ServiceDaemon);

impl Drop for Search {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// Listens until `timeout`, or as long as `enough` still wants to wait after one that it likes.
async fn browse(timeout: Duration, enough: impl Fn(&Found) -> Option<Duration>) -> Vec<Found> {
    let start = || -> mdns_sd::Result<(Search, Vec<Receiver<ServiceEvent>>)> {
        let search = Search(ServiceDaemon::new()?);
        let types = TYPES.iter().map(|(kind, _)| search.0.browse(kind)).collect::<mdns_sd::Result<_>>()?;
        Ok((search, types))
    };
    let (_search, types) = match start() {
        Ok(started) => started,
        Err(error) => {
            tracing::warn!(%error, "scanners cannot be searched for: no multicast DNS on this host");
            return Vec::new();
        }
    };
    let mut until = Instant::now() + timeout;
    let mut all = BTreeMap::new();
    loop {
        for event in types.iter().flat_map(Receiver::try_iter) {
            // Among the other events nothing helps: one that says goodbye may be heard again on another interface.
            let ServiceEvent::ServiceResolved(service) = event else { continue };
            let Some(found) = read(&service) else { continue };
            if let Some(wait) = enough(&found) {
                until = until.min(Instant::now() + wait);
            }
            if all.len() < MOST {
                all.insert((found.name.clone(), service.ty_domain.clone()), found);
            }
        }
        if Instant::now() >= until {
            return all.into_values().collect();
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn read(service: &ResolvedService) -> Option<Found> {
    let (_, scheme) = TYPES.iter().find(|(kind, _)| service.ty_domain.eq_ignore_ascii_case(kind))?;
    let addresses = service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr);
    let text = |key: &str| service.get_property_val_str(key).unwrap_or_default();
    found(instance(&service.fullname, &service.ty_domain)?, scheme, addresses, service.port, text)
}

/// Puts an announcement together; `text` gives the values of its TXT record. None when it has no address that can be used.
pub fn found<'t>(
    name: String,
    scheme: &str,
    addresses: impl Iterator<Item = IpAddr>,
    port: u16,
    text: impl Fn(&str) -> &'t str,
) -> Option<Found> {
    let host = match addresses.filter(|address| usable(*address)).min_by_key(preference)? {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let path = match text("rs").trim_matches('/') {
        "" => "eSCL",
        path => path,
    };
    let url = reqwest::Url::parse(&format!("{scheme}://{host}:{port}/{path}")).ok().filter(|_| port != 0)?;
    let sources = text("is").to_ascii_lowercase();
    let has = |word: &str| sources.split(',').any(|source| source.trim() == word);
    Some(Found {
        name,
        make_and_model: text("ty").to_owned(),
        url: url.to_string(),
        uuid: text("uuid").to_ascii_lowercase().trim_start_matches("urn:uuid:").to_owned(),
        admin_url: text("adminurl").to_owned(),
        feeder: has("adf") || has("feeder"),
        duplex: matches!(text("duplex"), "T" | "t" | "1") || text("duplex").eq_ignore_ascii_case("true"),
        flatbed: has("platen"),
    })
}

/// A link-local IPv6 address is of no use in a URL, which has no place for its interface.
fn usable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_unspecified() && !address.is_multicast(),
        IpAddr::V6(address) => !address.is_unspecified() && !address.is_multicast() && !address.is_unicast_link_local(),
    }
}

/// The loopback first (what answers there is plugged in here), IPv4 before IPv6, link-local last; the address itself settles the rest.
fn preference(address: &IpAddr) -> (u8, IpAddr) {
    let rank = match address {
        address if address.is_loopback() => u8::from(address.is_ipv6()),
        IpAddr::V4(address) => 2 + u8::from(address.is_link_local()) * 2,
        IpAddr::V6(_) => 3,
    };
    (rank, *address)
}

/// The instance in a full name, unescaped (RFC 6763 section 4.3).
fn instance(full_name: &str, kind: &str) -> Option<String> {
    let escaped = full_name.strip_suffix(kind)?.strip_suffix('.')?;
    let mut name = String::with_capacity(escaped.len());
    let mut rest = escaped.chars();
    while let Some(c) = rest.next() {
        name.extend(if c == '\\' { rest.next() } else { Some(c) });
    }
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(addresses: &[&str], txt: &[(&str, &'static str)]) -> Option<Found> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let text = |key: &str| txt.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value);
        found("A".to_owned(), "http", addresses.into_iter(), 80, text)
    }

    #[test]
    fn the_root_comes_from_rs_and_the_best_address() {
        let url = |addresses: &[&str], rs| announced(addresses, &[("rs", rs)]).map(|found| found.url);
        assert_eq!(url(&["192.168.1.20"], "/eSCL/").as_deref(), Some("http://192.168.1.20/eSCL"));
        assert_eq!(url(&["fe80::1", "2001:db8::7", "169.254.3.3"], "").as_deref(), Some("http://[2001:db8::7]/eSCL"));
        assert_eq!(url(&["192.168.1.20", "127.0.0.1"], "eSCL").as_deref(), Some("http://127.0.0.1/eSCL"));
        assert_eq!(url(&["192.168.1.20"], "usb/1/eSCL").as_deref(), Some("http://192.168.1.20/usb/1/eSCL"));
        assert_eq!(url(&["fe80::1"], "eSCL"), None);
    }

    #[test]
    fn sources_and_identity_are_read() {
        let found =
            announced(&["10.0.0.1"], &[("is", "platen,ADF"), ("duplex", "T"), ("uuid", "urn:uuid:AB-1"), ("ty", "Maker 1")]).unwrap();
        assert!(found.feeder && found.duplex && found.flatbed);
        assert_eq!((found.uuid.as_str(), found.make_and_model.as_str()), ("ab-1", "Maker 1"));
    }

    #[test]
    fn names_with_dots_and_letters() {
        let kind = "_uscan._tcp.local.";
        assert_eq!(instance(&format!("Máy quét\\. tầng 2 \\\\.{kind}"), kind).as_deref(), Some("Máy quét. tầng 2 \\"));
        assert_eq!(instance(&format!("Canon 1.2.{kind}"), kind).as_deref(), Some("Canon 1.2"));
        assert_eq!(instance(kind, kind), None);
    }
}
