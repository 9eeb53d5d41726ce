//! The plan of the house, checked: arrows between crates, pure crates, the owner's packages, size of files.

#![expect(clippy::expect_used, reason = "a test tells what it could not read by failing")]

use serde_json::Value;
use std::{collections::BTreeSet, path::PathBuf, process::Command};

/// Package, what it may use of ours, what its tests may use besides. Whatever is not listed is forbidden.
const ARROWS: [(&str, &[&str], &[&str]); 14] = [
    ("motcua-model", &[], &[]),
    ("motcua-flow", &["motcua-model"], &[]),
    ("motcua-store", &["motcua-model"], &[]),
    ("motcua-digitise", &["motcua-model"], &[]),
    ("motcua-forward", &["motcua-model"], &[]),
    (
        "motcua-agent",
        &["motcua-model", "motcua-flow", "motcua-store", "motcua-digitise", "motcua-forward", "motcua-drivers"],
        // Its tests run against the simulated devices and a real hub.
        &["motcua-sim", "motcua-hub"],
    ),
    ("motcua-drivers", &[], &["motcua-sim"]),
    // The worker speaks the driver's frames; the backend is a SANE library of its own.
    ("motcua-sane", &["motcua-drivers"], &["motcua-sane-folder"]),
    ("motcua-sane-folder", &[], &[]),
    ("motcua-sim", &["motcua-drivers"], &[]),
    ("motcua-kiosk", &["motcua-model"], &[]),
    // Staff digitise and sign with the command alone.
    ("motcua", &["motcua-model", "motcua-drivers", "motcua-digitise"], &[]),
    ("motcua-hub", &["motcua-model"], &["motcua-forward"]),
    (
        "motcua-tests",
        // Drivers and digitising for the fuzz targets: a parser of outside bytes is fuzzed where it lies. The store to look
        // through it after power cuts and to fill it with a month of dossiers.
        &["motcua-model", "motcua-hub", "motcua-sim", "motcua-drivers", "motcua-digitise", "motcua-store"],
        // The screen itself, for fingers.
        &["motcua-kiosk"],
    ),
];

/// All that the two pure crates may use from outside: no I/O, no clock, no randomness; of ring, the key derivation alone.
const PURE: [&str; 15] = [
    "base64",
    "crc",
    "hex",
    "jiff",
    "motcua-model",
    "ring",
    "schemars",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "toml",
    "unicode-normalization",
    "uuid",
    "zeroize",
];
const PURE_CRATES: [&str; 2] = ["motcua-model", "motcua-flow"];

/// Uses that a pure crate's code must not contain, however the name was imported.
const IMPURE: [&str; 14] = [
    "fs::",
    "File::",
    "TcpStream::",
    "TcpListener::",
    "UdpSocket::",
    "env::var",
    "process::",
    "thread::",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "now_v7",
    "new_v4",
];

/// The product owner's packages: each must do real work somewhere.
const OWNERS_TEN: [&str; 10] = ["tokio", "rusqlite", "reqwest", "rustls", "image", "leptess", "serialport", "slint", "serde", "backoff"];

/// The top level as the owner drew it, and the files that tools look for there.
const TOP_LEVEL: [&str; 16] = [
    "Cargo.toml",
    "agent",
    "kiosk-ui",
    "drivers",
    "provisioning",
    "tests",
    "README.md",
    "Cargo.lock",
    "LICENSE",
    "Makefile",
    "deny.toml",
    "clippy.toml",
    "rustfmt.toml",
    ".gitignore",
    ".ci",
    ".config",
];

/// 500 is the aim; above this a reader loses the thread.
const MOST_LINES: usize = 700;

#[test]
fn arrows_point_one_way() {
    assert_none(&wrong_arrows(&packages()));
}

#[test]
fn pure_crates_use_only_pure_packages() {
    assert_none(&impure_dependencies(&packages()));
}

#[test]
fn the_owners_packages_are_in_use() {
    assert_none(&unused_by_all(&packages(), &OWNERS_TEN));
}

#[test]
fn the_top_level_is_the_owners() {
    assert_none(&strangers_at_the_top(&tracked_files()));
}

#[test]
fn files_stay_readable() {
    let sources = tracked_files().into_iter().filter(|name| name.ends_with(".rs") || name.ends_with(".slint"));
    let lengths: Vec<(String, usize)> =
        sources.filter_map(|name| Some((read(&name)?.lines().count(), name))).map(|(n, name)| (name, n)).collect();
    assert!(lengths.len() > 20, "too few sources found: {}", lengths.len());
    assert_none(&too_long(&lengths));
}

#[test]
fn pure_crates_touch_neither_disk_nor_clock() {
    let pure = |name: &String| (name.starts_with("agent/model/src/") || name.starts_with("agent/flow/src/")) && name.ends_with(".rs");
    let sources: Vec<(String, String)> =
        tracked_files().into_iter().filter(pure).filter_map(|name| read(&name).map(|text| (name, text))).collect();
    assert!(sources.len() > 10, "too few sources found: {}", sources.len());
    assert_none(&sources.iter().flat_map(|(name, text)| impure_names(name, text)).collect::<Vec<_>>());
}

fn wrong_arrows(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        let Some((_, normal, dev)) = ARROWS.iter().find(|(name, ..)| *name == package.name) else {
            wrong.push(format!("{} is not in the plan; add it to ARROWS with what it may use", package.name));
            continue;
        };
        for (name, kind) in package.uses.iter().filter(|(name, _)| ARROWS.iter().any(|(ours, ..)| ours == name)) {
            if !(normal.contains(&name.as_str()) || (kind == "dev" && dev.contains(&name.as_str()))) {
                wrong.push(format!("{} must not use {name} ({kind})", package.name));
            }
        }
    }
    wrong
}

fn impure_dependencies(packages: &[Package]) -> Vec<String> {
    let pure = packages.iter().filter(|package| PURE_CRATES.contains(&package.name.as_str()));
    let uses = pure.flat_map(|package| package.uses.iter().map(move |(name, kind)| (&package.name, name, kind)));
    uses.filter(|(_, name, kind)| *kind != "dev" && !PURE.contains(&name.as_str()) && !["motcua-model", "zeroize"].contains(&name.as_str()))
        .map(|(package, name, _)| format!("{package} is pure and must not use {name}"))
        .collect()
}

fn unused_by_all(packages: &[Package], wanted: &[&str]) -> Vec<String> {
    let used: BTreeSet<&str> =
        packages.iter().flat_map(|package| &package.uses).filter(|(_, kind)| kind == "normal").map(|(name, _)| name.as_str()).collect();
    wanted.iter().filter(|name| !used.contains(*name)).map(|name| format!("no member uses {name}")).collect()
}

fn strangers_at_the_top(files: &[String]) -> Vec<String> {
    let top: BTreeSet<&str> = files.iter().filter_map(|name| name.split('/').next()).collect();
    let mut wrong: Vec<String> =
        top.iter().filter(|name| !TOP_LEVEL.contains(*name)).map(|name| format!("{name} is not the owner's")).collect();
    for name in ["Cargo.toml", "agent", "kiosk-ui", "drivers", "provisioning", "tests"] {
        if !top.contains(name) {
            wrong.push(format!("{name} is missing"));
        }
    }
    wrong
}

fn too_long(lengths: &[(String, usize)]) -> Vec<String> {
    let long = lengths.iter().filter(|(_, lines)| *lines > MOST_LINES);
    long.map(|(name, lines)| format!("{name} has {lines} lines; split it by subject (aim 500, at most {MOST_LINES})")).collect()
}

/// Looks at the code alone: comments and the unit tests at the end may speak of anything.
fn impure_names(file: &str, text: &str) -> Vec<String> {
    if file.ends_with("tests.rs") {
        return Vec::new();
    }
    let code = text.lines().take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"));
    let numbered = code.map(|line| line.split("//").next().unwrap_or_default()).enumerate();
    numbered
        .flat_map(|(at, line)| IMPURE.iter().filter(|name| speaks(line, name)).map(move |name| format!("{file}:{} names {name}", at + 1)))
        .collect()
}

/// `fs::read`, not `prefs::read`.
fn speaks(line: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| !line[..at].chars().next_back().is_some_and(word))
}

struct Package {
    name: String,
    /// Name and kind: `normal`, `dev`, `build`.
    uses: Vec<(String, String)>,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let packages = parse_packages(&serde_json::from_slice(&output.stdout).expect("cargo metadata answers in JSON"));
    assert!(packages.len() >= 12, "cargo metadata lists {} packages", packages.len());
    packages
}

fn parse_packages(metadata: &Value) -> Vec<Package> {
    let list = metadata["packages"].as_array().expect("metadata lists packages");
    list.iter()
        .map(|package| Package {
            name: text(&package["name"]),
            uses: package["dependencies"]
                .as_array()
                .expect("a package lists dependencies")
                .iter()
                .map(|used| (text(&used["name"]), used["kind"].as_str().unwrap_or("normal").to_owned()))
                .collect(),
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a name is text").to_owned()
}

/// Those of the last commit and those waiting for the next; a deleted one may still be listed.
fn tracked_files() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git can be started");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    names.split_terminator('\0').map(str::to_owned).collect()
}

fn read(name: &str) -> Option<String> {
    std::fs::read_to_string(root().join(name)).ok()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Each check on made-up input that is wrong: a check that cannot fail proves nothing.
mod can_fail {
    use super::*;

    fn package(name: &str, uses: &[(&str, &str)]) -> Package {
        Package { name: name.to_owned(), uses: uses.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect() }
    }

    #[test]
    fn an_arrow_back_is_found() {
        let wrong = wrong_arrows(&[
            package("motcua-model", &[("motcua-store", "normal"), ("serde", "normal")]),
            package("motcua-kiosk", &[("motcua-model", "normal"), ("motcua-flow", "dev")]),
            package("motcua-hub", &[("motcua-forward", "dev")]),
            package("motcua-hub", &[("motcua-forward", "normal")]),
            package("motcua-new", &[]),
        ]);
        assert_eq!(wrong.len(), 4, "{wrong:?}");
        assert!(wrong[0].contains("motcua-model must not use motcua-store"));
        assert!(wrong[1].contains("motcua-kiosk must not use motcua-flow"));
        assert!(wrong[2].contains("motcua-hub must not use motcua-forward (normal)"));
        assert!(wrong[3].contains("motcua-new is not in the plan"));
    }

    #[test]
    fn an_impure_package_is_found() {
        let wrong = impure_dependencies(&[
            package("motcua-flow", &[("jiff", "normal"), ("tokio", "normal"), ("proptest", "dev")]),
            package("motcua-store", &[("rusqlite", "normal")]),
        ]);
        assert_eq!(wrong, ["motcua-flow is pure and must not use tokio"]);
    }

    #[test]
    fn a_package_used_only_in_tests_is_found() {
        let wrong = unused_by_all(&[package("motcua-store", &[("tokio", "dev"), ("serde", "normal")])], &["tokio", "serde"]);
        assert_eq!(wrong, ["no member uses tokio"]);
    }

    #[test]
    fn a_stranger_and_a_gap_at_the_top_are_found() {
        let files = ["Cargo.toml", "agent/a.rs", "kiosk-ui/b", "drivers/c", "tests/d", "notes/e.md"].map(str::to_owned);
        assert_eq!(strangers_at_the_top(&files), ["notes is not the owner's", "provisioning is missing"]);
    }

    #[test]
    fn a_long_file_is_found() {
        let wrong = too_long(&[("a.rs".to_owned(), MOST_LINES), ("b.slint".to_owned(), MOST_LINES + 1)]);
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("b.slint has 701 lines"));
    }

    #[test]
    fn a_clock_and_a_disk_are_found() {
        let code = [
            "use std::{fmt, fs};",
            "let a = Timestamp::now(); // and TcpStream::connect",
            "/// thread::spawn of thought",
            "let b = prefs::read(threads);",
            "let c = fs::read(b);",
            "std::thread::spawn(f);",
            "#[cfg(test)]",
            "mod tests { fn a() { fs::read(x) } }",
        ]
        .join("\n");
        let wrong = impure_names("agent/flow/src/a.rs", &code);
        let shown: Vec<&str> = wrong.iter().map(|line| line.trim_start_matches("agent/flow/src/")).collect();
        assert_eq!(shown, ["a.rs:2 names Timestamp::now", "a.rs:5 names fs::", "a.rs:6 names thread::"]);
    }
}
