//! The office's signing token, as far as it can be looked at without its PIN.

use crate::finding::Finding;
use motcua_digitise::sign::{Token, TokenProblem};
use motcua_model::config::Signing;
use std::{fs, path::Path};

/// The token, and the time-stamp authority's certificate where one is configured.
pub(super) fn all(signing: &Signing) -> Vec<Finding> {
    [token(signing)].into_iter().chain(signing.timestamp_ca.as_deref().map(authority)).collect()
}

/// A token that is not in lies in its keeper's drawer: the office works, signing waits.
fn token(signing: &Signing) -> Finding {
    const WHAT: &str = "signing token";
    match Token::find(&signing.module, &signing.token) {
        Ok(()) => Finding::ok(WHAT, format!("'{}' is in; {} loads", signing.token, signing.module.display())),
        Err(TokenProblem::Module { path, reason }) => Finding::fail(
            WHAT,
            format!("{} cannot be used: {reason}", path.display()),
            "install the token's software, or correct signing.module",
        ),
        Err(TokenProblem::NotIn { label, found }) => {
            let found = if found.is_empty() { "no token is".to_owned() } else { format!("there is: {}", found.join(", ")) };
            let fix = "plug it in to sign, or correct signing.token; until then dossiers wait in the console (Chờ ký)";
            Finding::warn(WHAT, format!("'{label}' is not in ({found})"), fix)
        }
        Err(problem) => Finding::fail(WHAT, problem.to_string(), "unplug it, plug it in, then check again"),
    }
}

fn authority(path: &Path) -> Finding {
    const WHAT: &str = "time-stamp authority";
    let name = path.display();
    match fs::read_to_string(path) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => Finding::ok(WHAT, name.to_string()),
        Ok(_) => Finding::fail(WHAT, format!("{name} holds no certificate in PEM form"), "install the one that the authority gave out"),
        Err(error) => {
            Finding::fail(WHAT, format!("{name}: {error}"), "install the authority's certificate, or correct signing.timestamp_ca")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn signing(module: &str, ca: Option<&Path>) -> Signing {
        Signing {
            module: module.into(),
            token: "Van thu".to_owned(),
            key: None,
            copy: None,
            agency: None,
            session_min: 10,
            timestamp_url: ca.map(|_| "http://tsa.example/".to_owned()),
            timestamp_ca: ca.map(Path::to_owned),
        }
    }

    #[test]
    fn a_library_that_is_missing_or_none_and_a_missing_certificate_fail_with_the_key_to_mend() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("libnone.so");
        fs::write(&other, "no library").unwrap();
        for module in ["/nonexistent/libtoken.so", other.to_str().unwrap()] {
            let found = all(&signing(module, Some(&folder.path().join("tsa.pem"))));
            assert_eq!([found[0].level, found[1].level], [Level::Fail; 2], "{found:?}");
            assert!(found[0].to_string().contains(module) && found[0].fix.contains("signing.module"), "{}", found[0]);
            assert!(found[1].fix.contains("signing.timestamp_ca"), "{}", found[1]);
        }
        fs::write(folder.path().join("tsa.pem"), "text").unwrap();
        assert!(authority(&folder.path().join("tsa.pem")).seen.contains("no certificate"));
        assert_eq!(all(&signing("/nonexistent/libtoken.so", None)).len(), 1);
    }
}
