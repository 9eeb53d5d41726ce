//! What a check found, and how it is shown.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Works today; somebody should look at it.
    Warn,
    /// The office cannot work with it.
    Fail,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// Which check.
    pub(crate) what: &'static str,
    /// What was seen.
    pub(crate) seen: String,
    /// The next step; empty when nothing is to be done.
    pub(crate) fix: String,
}

impl Finding {
    pub(crate) fn ok(what: &'static str, seen: impl Into<String>) -> Self {
        Self { level: Level::Ok, what, seen: seen.into(), fix: String::new() }
    }

    pub(crate) fn warn(what: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: Level::Warn, what, seen: seen.into(), fix: fix.into() }
    }

    pub(crate) fn fail(what: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: Level::Fail, what, seen: seen.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level}  {}: {}", self.what, self.seen)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, " -> {}", self.fix) }
    }
}

/// Every finding on its line, and the sum.
pub(crate) fn report(findings: &[Finding]) -> String {
    let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    format!("{lines}{} ok, {} to look at, {} failed\n", count(Level::Ok), count(Level::Warn), count(Level::Fail))
}

/// Whether the command must end with an error.
pub(crate) fn failed(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.level == Level::Fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_fix_and_counts() {
        let findings = [Finding::ok("clock", "2026-11-23"), Finding::fail("font", "a.ttf is missing", "install it")];
        assert_eq!(
            report(&findings),
            "ok    clock: 2026-11-23\nFAIL  font: a.ttf is missing -> install it\n1 ok, 0 to look at, 1 failed\n"
        );
        assert!(failed(&findings));
        assert!(!failed(&[Finding::warn("hub", "slow", "wait")]), "a warning is no failure");
    }
}
