//! A place of its own for a scenario that mounts: whatever becomes of it, the kernel clears mounts, loop devices and
//! processes away.

use anyhow::Context as _;
use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::{Command, ExitCode, ExitStatus},
};

/// Says that the process runs in the namespace made for it, and which process has made it.
const INSIDE: &str = "MOTCUA_OWN_NAMESPACE";
const UNSHARE: [&str; 4] = ["--mount", "--pid", "--fork", "--mount-proc"];

/// Why nothing can be mounted here, or nothing.
pub fn impossible() -> Option<String> {
    let mount = Command::new("unshare").args(UNSHARE).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    match mount {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("nothing can be mounted; run as root ({})", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("unshare cannot be run: {error}")),
    }
}

/// Runs this program again inside; none where it is inside already.
///
/// # Errors
/// Where [`impossible`] has a reason.
fn enter() -> anyhow::Result<Option<ExitStatus>> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(None);
    }
    let mut again = Command::new("unshare");
    again
        .args(UNSHARE)
        .arg("--kill-child")
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, std::process::id().to_string());
    Ok(Some(again.status().context("Unable to run unshare")?))
}

/// For a `main`: says why the scenario cannot be, or runs this program again inside. None where it is inside and goes on.
///
/// # Errors
/// Where the program cannot be run again.
#[expect(clippy::print_stdout, reason = "for the person at the terminal")]
pub fn outside(what: &str, impossible: Option<String>) -> anyhow::Result<Option<ExitCode>> {
    if let Some(why) = impossible {
        println!("SKIPPED: {what} here: {why}");
        return Ok(Some(ExitCode::SUCCESS));
    }
    Ok(enter()?.map(|status| if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

/// Tells this run from others that go on at the same time: inside, process ids begin at 1 everywhere.
pub fn number_of_run() -> u32 {
    std::env::var(INSIDE).ok().and_then(|id| id.parse().ok()).unwrap_or_else(std::process::id)
}

/// Takes what room is left on the small disk of this folder, with a file `filler`.
///
/// # Errors
/// Where it cannot be made.
pub fn fill(folder: &Path) -> anyhow::Result<()> {
    let mut file = File::options().append(true).create(true).open(folder.join("filler"))?;
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0; 1]).is_ok() {}
    Ok(())
}
