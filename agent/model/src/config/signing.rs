//! `[signing]`: the token with which staff sign scanned papers before they go to the hub.

use serde::Deserialize;
use std::{fmt, path::PathBuf};

/// The office's token, and what its signatures show. While this section is there, dossiers with scanned papers wait for a person at
/// the console; without it, what waits goes unsigned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The PKCS#11 library that came with the token.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The name in the certificate, where the token holds several.
    pub key: Option<String>,
    /// Form of the copy where it is one: `SAO Y`, `SAO LỤC`, `TRÍCH SAO` (NĐ 30/2020/NĐ-CP Đ.25).
    pub copy: Option<String>,
    /// Name of the agency in the signature; left out: the office's Vietnamese name.
    pub agency: Option<String>,
    /// Minutes without a signature after which the PIN is asked for again.
    #[serde(default = "default_session")]
    pub session_min: u16,
    /// Time-stamp authority (RFC 3161), `http://…` or `https://…`; left out: no time stamps.
    pub timestamp_url: Option<String>,
    /// Certificates (PEM) of the authorities above its stamps, and of an `https://` address.
    pub timestamp_ca: Option<PathBuf>,
}

fn default_session() -> u16 {
    10
}

impl Signing {
    /// `need` takes condition, key, value and what to write instead.
    pub(super) fn check(&self, has_console: bool, need: &mut impl FnMut(bool, &str, &dyn fmt::Display, &str)) {
        let module = self.module.display();
        need(self.module.is_absolute(), "signing.module", &module, "write the absolute path of the token's PKCS#11 library");
        need(
            !self.token.trim().is_empty(),
            "signing.token",
            &self.token,
            "write the token's label; pkcs11-tool --module LIBRARY.so --list-slots shows it",
        );
        need(has_console, "signing.token", &self.token, "add the section [console]: staff sign there, and dossiers would wait for ever");
        for (key, text, fix) in [
            ("signing.key", &self.key, "write the name in the certificate, or leave the line out"),
            ("signing.copy", &self.copy, "write the form of the copy, for example SAO Y, or leave the line out"),
            ("signing.agency", &self.agency, "write the agency's name, or leave the line out for the office's"),
        ] {
            need(text.as_ref().is_none_or(|text| !text.trim().is_empty()), key, &text.as_deref().unwrap_or_default(), fix);
        }
        need((1..=480).contains(&self.session_min), "signing.session_min", &self.session_min, "write 1 to 480 minutes; 10 suits most");
        match (&self.timestamp_url, &self.timestamp_ca) {
            (None, None) => {}
            (Some(url), None) => {
                need(false, "signing.timestamp_url", url, "add signing.timestamp_ca, the authority's certificate, or leave both out");
            }
            (None, Some(ca)) => {
                need(false, "signing.timestamp_ca", &ca.display(), "add signing.timestamp_url, the authority's address, or leave both out");
            }
            (Some(url), Some(ca)) => {
                need(
                    is_address(url),
                    "signing.timestamp_url",
                    url,
                    "write the authority's whole address, for example http://tsa.example/ or https://tsa.example/tsr",
                );
                need(ca.is_absolute(), "signing.timestamp_ca", &ca.display(), "write an absolute path");
            }
        }
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && !rest.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const GOOD: &str = include_str!("../../../../provisioning/package/agent.example.toml");
    const SECTION: &str = "[signing]\nmodule = \"/usr/lib/token.so\"\ntoken = \"Van thu\"\n";

    fn parse(lines: &str) -> Result<Config, Vec<String>> {
        let told = |problems: Vec<crate::config::Problem>| problems.iter().map(ToString::to_string).collect();
        Config::parse("a.toml", &format!("{GOOD}\n{lines}\n")).map_err(told)
    }

    #[test]
    fn two_lines_are_enough_and_without_the_section_nothing_is_signed() {
        assert_eq!(parse("").unwrap().signing, None);
        let signing = parse(SECTION).unwrap().signing.unwrap();
        assert_eq!((signing.session_min, signing.timestamp_url, signing.agency), (10, None, None));
    }

    #[test]
    fn every_problem_names_key_value_and_what_to_write() {
        for (line, key, value, fix) in [
            ("session_min = 0", "signing.session_min", "\"0\"", "1 to 480"),
            ("copy = \" \"", "signing.copy", "\" \"", "SAO Y"),
            ("agency = \"\"", "signing.agency", "\"\"", "leave the line out"),
            ("key = \"\"", "signing.key", "\"\"", "certificate"),
            ("timestamp_url = \"http://tsa.example\"", "signing.timestamp_url", "tsa.example", "timestamp_ca"),
            ("timestamp_ca = \"/etc/tsa.pem\"", "signing.timestamp_ca", "/etc/tsa.pem", "timestamp_url"),
            ("timestamp_url = \"tsa.example\"\ntimestamp_ca = \"/etc/tsa.pem\"", "signing.timestamp_url", "tsa.example", "http://"),
            ("timestamp_url = \"http://a/\"\ntimestamp_ca = \"tsa.pem\"", "signing.timestamp_ca", "tsa.pem", "absolute"),
        ] {
            let problems = parse(&format!("{SECTION}{line}")).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!([key, value, fix].iter().all(|part| problems[0].contains(part)), "{}", problems[0]);
        }
        let problems = parse(&SECTION.replace("/usr/lib/token.so", "token.so").replace("Van thu", " ")).unwrap_err();
        assert!(problems.len() == 2 && problems[0].contains("signing.module") && problems[1].contains("signing.token"), "{problems:?}");
    }

    #[test]
    fn without_a_console_nobody_could_sign() {
        let text = GOOD
            .replace("[console]", "")
            .replace("listen = \"127.0.0.1:8443\"", "")
            .replace("access_code = \"/etc/motcua/console.code\"", "");
        let problems = Config::parse("a.toml", &format!("{text}\n{SECTION}")).unwrap_err();
        assert!(problems.len() == 1 && problems[0].fix.contains("[console]"), "{problems:?}");
    }
}
