//! Other people's programs, where `provisioning/setup/setup.sh test` has put them.

use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A script of `peers` for node, which looks for its modules beside the script.
pub fn node(script: &str) -> Option<Command> {
    let place = judges().join("node");
    if !place.join("node_modules/@tus/server").is_dir() || std::process::Command::new("node").arg("--version").output().is_err() {
        println!("SKIPPED: node or @tus/server is not there; run provisioning/setup/setup.sh test");
        return None;
    }
    std::fs::copy(scripts().join(script), place.join(script)).unwrap();
    let mut command = Command::new("node");
    command.arg(place.join(script));
    Some(command)
}

/// A script of `peers` for Python, which needs `module`.
pub fn python(script: &str, module: &str) -> Option<Command> {
    let python = judges().join("bin/python3");
    let there = std::process::Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: {module} is not there; run provisioning/setup/setup.sh test");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(scripts().join(script));
    Some(command)
}

/// Schemathesis with our hooks and configuration.
pub fn schemathesis() -> Option<Command> {
    let program = judges().join("bin/schemathesis");
    if !program.exists() {
        println!("SKIPPED: schemathesis is not there; run provisioning/setup/setup.sh test");
        return None;
    }
    let mut command = Command::new(program);
    command.env("PYTHONPATH", scripts()).env("PYTHONDONTWRITEBYTECODE", "1").env("SCHEMATHESIS_HOOKS", "schemathesis_hooks");
    command.arg("--config-file").arg(scripts().join("schemathesis.toml"));
    Some(command)
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn judges() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("judges")
}
