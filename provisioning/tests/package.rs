//! The files of the package, judged by systemd's own tools. They need no running systemd.

#![expect(clippy::expect_used, reason = "a test tells what it could not run by failing")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("package").join(name)
}

fn run(program: &str, arguments: &[&str], path: &Path) -> Output {
    Command::new(program).args(arguments).arg(path).output().expect("systemd's tools; run provisioning/setup/setup.sh test")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// Exposure in tenths, 0 best, 100 worst.
fn exposed_more_than(tenths: u8, unit: &Path) -> Option<String> {
    let threshold = format!("--threshold={tenths}");
    let output = run("systemd-analyze", &["security", "--offline=yes", "--no-pager", &threshold], unit);
    (!output.status.success()).then(|| text(&output))
}

#[test]
fn the_agent_is_hardened() {
    assert_eq!(exposed_more_than(15, &file("motcua-agent.service")), None);
    // The screen's X server needs the graphics card and the input devices.
    assert_eq!(exposed_more_than(40, &file("motcua-kiosk.service")), None);

    let folder = tempfile::tempdir().expect("a folder");
    let bare = folder.path().join("bare.service");
    fs::write(&bare, "[Service]\nExecStart=/bin/true\n").expect("a file");
    assert!(exposed_more_than(40, &bare).is_some(), "the gate lets a bare unit through");
}

/// The programs are not installed where this runs.
fn without_programs(name: &str) -> String {
    let lines = fs::read_to_string(file(name)).expect("a file of the package");
    let lines = lines.lines().map(|line| line.split_once("=/usr/bin/").map_or(line.to_owned(), |(key, _)| format!("{key}=/bin/true")));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, drop_in) in [("motcua-agent.service", "10-sealed-key.conf"), ("motcua-kiosk.service", "10-linuxkms.conf")] {
        let copy = folder.path().join(name);
        fs::write(&copy, without_programs(name)).expect("a file");
        let drop_ins = folder.path().join(format!("{name}.d"));
        fs::create_dir(&drop_ins).expect("a folder");
        fs::write(drop_ins.join(drop_in), without_programs(drop_in)).expect("the drop-in");
        let output = run("systemd-analyze", &["verify", "--man=no", "--recursive-errors=no"], &copy);
        assert!(output.status.success() && !text(&output).contains(name) && !text(&output).contains(drop_in), "{}", text(&output));
    }
}

#[test]
fn the_users_can_be_made() {
    // An empty root, or users of the machine that runs this would count as made.
    let root = tempfile::tempdir().expect("a folder");
    let root = format!("--root={}", root.path().display());
    let output = run("systemd-sysusers", &["--dry-run", &root], &file("motcua.sysusers"));
    assert!(output.status.success(), "{}", text(&output));
    for user in ["motcua", "motcua-kiosk"] {
        assert!(text(&output).contains(&format!("Creating user '{user}'")), "{}", text(&output));
    }
}

#[test]
fn the_units_use_the_paths_of_the_example() {
    let config = fs::read_to_string(file("agent.example.toml")).expect("the example");
    let tmpfiles = fs::read_to_string(file("motcua.tmpfiles")).expect("tmpfiles");
    for folder in ["/etc/motcua", "/var/lib/motcua"] {
        assert!(config.contains(&format!("\"{folder}")) && tmpfiles.contains(&format!("d {folder} ")), "{folder}");
    }
    let rules = fs::read_to_string(file("70-motcua-sticks.rules")).expect("the rule");
    let sticks = "/run/motcua-sticks";
    assert!(config.contains(&format!("sticks = \"{sticks}\"")) && tmpfiles.contains(&format!("d {sticks} ")));
    assert!(rules.contains(&format!("$devnode {sticks}/$kernel")) && rules.contains("--options=ro,nosuid,nodev,noexec,nosymfollow "));
    let kiosk = fs::read_to_string(file("motcua-kiosk.service")).expect("a unit");
    assert!(config.contains("socket = \"/run/motcua/agent.sock\"") && kiosk.contains("--socket /run/motcua/agent.sock"));
}
