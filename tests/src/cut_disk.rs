//! A real ext4 on a disk whose power can be cut: `powercut/disk.py` behind NBD, FUSE and a loop device.
//!
//! Only inside [`own_namespace`].

use crate::own_namespace;
use anyhow::{Context as _, bail, ensure};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Sparse: it takes what is written.
const BYTES: u64 = 512 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// Why this machine cannot cut the power of a disk, or nothing.
pub fn impossible() -> Option<String> {
    if let Some(missing) = ["nbdkit", "nbdfuse", "mkfs.ext4"].into_iter().find(|program| !is_installed(program)) {
        return Some(format!("{missing} is missing; run provisioning/setup/setup.sh test"));
    }
    if let Some(device) = ["/dev/fuse", "/dev/loop-control"].into_iter().find(|device| !Path::new(device).exists()) {
        return Some(format!("there is no {device}"));
    }
    own_namespace::impossible()
}

fn is_installed(program: &str) -> bool {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"].iter().any(|folder| Path::new(folder).join(program).exists())
}

/// The disk. It is unplugged when dropped.
pub struct CutDisk {
    folder: PathBuf,
    powered: Option<Powered>,
}

struct Powered {
    disk: Child,
    bridge: Child,
}

impl CutDisk {
    /// A new ext4 in `folder`, mounted on [`Self::mounted`]. `seed` chooses the sectors that get through at a cut.
    pub fn new(folder: &Path, seed: u64) -> anyhow::Result<Self> {
        for part in ["bridge", "mounted"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("Unable to make {}", folder.display()))?;
        }
        let disk = Self { folder: folder.to_owned(), powered: None };
        fs::File::create(disk.image()).and_then(|image| image.set_len(BYTES)).context("Unable to make the image of the disk")?;
        // Without lazy parts: no write of the kernel's own after mounting.
        run("mkfs.ext4", ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"].map(OsStr::new), &disk.image())?;
        let mut disk = disk;
        disk.plug(seed)?;
        Ok(disk)
    }

    /// Where its files are.
    pub fn mounted(&self) -> PathBuf {
        self.folder.join("mounted")
    }

    fn image(&self) -> PathBuf {
        self.folder.join("image")
    }

    /// Power is back: what was durable is mounted, the journal replayed.
    pub fn plug(&mut self, seed: u64) -> anyhow::Result<()> {
        let socket = self.folder.join("socket");
        let _ = fs::remove_file(&socket);
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"))?;
        let mut nbdkit = Command::new("nbdkit");
        nbdkit.args(["--foreground", "--exit-with-parent", "--unix"]).arg(&socket).arg("python");
        nbdkit.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("powercut/disk.py"));
        nbdkit.arg(setting("image=", &self.image())).arg(format!("seed={seed}")).arg(setting("lost=", &self.folder.join("lost")));
        let mut disk = nbdkit.stdin(Stdio::null()).stderr(log.try_clone()?).spawn().context("Unable to start nbdkit")?;
        until("nbdkit", &mut disk, || socket.exists())?;
        let bridge = self.folder.join("bridge/disk");
        let mut nbdfuse = Command::new("nbdfuse");
        nbdfuse.arg(&bridge).arg("--unix").arg(&socket).stdin(Stdio::null()).stderr(log);
        let mut bridge_process = nbdfuse.spawn().context("Unable to start nbdfuse")?;
        until("nbdfuse", &mut bridge_process, || bridge.exists())?;
        self.powered = Some(Powered { disk, bridge: bridge_process });
        run("mount", ["-t", "ext4", "-o", "loop"].map(OsStr::new).into_iter().chain([bridge.as_os_str()]), &self.mounted())
    }

    /// Power goes as soon as something was written that is not flushed, or after `limit`.
    pub fn cut_in_mid_write(&mut self, limit: Duration) -> anyhow::Result<u64> {
        let started = Instant::now();
        while self.unflushed()? == 0 && started.elapsed() < limit {
            std::thread::sleep(Duration::from_micros(50));
        }
        self.cut()
    }

    fn unflushed(&self) -> anyhow::Result<u64> {
        let count = fs::read(self.folder.join("lost"))?;
        Ok(u64::from_le_bytes(count.as_slice().try_into().context("the disk did not count")?))
    }

    /// Power goes, at this moment. What is mounted gives errors from now on; [`Self::unplug`] takes it away once
    /// nobody uses it. Answers how many sectors of unflushed data were lost; the others got through.
    pub fn cut(&mut self) -> anyhow::Result<u64> {
        let powered = self.powered.as_mut().context("the disk has no power")?;
        powered.disk.kill().context("Unable to kill nbdkit")?;
        powered.disk.wait()?;
        self.unflushed()
    }

    /// Takes a disk without power away.
    pub fn unplug(&mut self) -> anyhow::Result<()> {
        let Some(mut powered) = self.powered.take() else { return Ok(()) };
        for mount in ["mounted", "bridge"] {
            run("umount", ["--lazy"].map(OsStr::new), &self.folder.join(mount))?;
        }
        let _ = powered.bridge.kill();
        powered.bridge.wait()?;
        Ok(())
    }
}

impl Drop for CutDisk {
    fn drop(&mut self) {
        // With the mounts goes the namespace's last use of the loop device.
        if self.powered.is_some() {
            let _ = self.cut();
            let _ = self.unplug();
        }
    }
}

fn setting(name: &str, path: &Path) -> std::ffi::OsString {
    let mut setting = std::ffi::OsString::from(name);
    setting.push(path);
    setting
}

fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>, last: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    let output = command.args(arguments).arg(last).output().with_context(|| format!("Unable to run {program}"))?;
    ensure!(output.status.success(), "{command:?} failed with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

fn until(program: &str, process: &mut Child, done: impl Fn() -> bool) -> anyhow::Result<()> {
    let started = Instant::now();
    while !done() {
        if let Some(status) = process.try_wait()? {
            bail!("{program} ended with {status}; see the file `log` beside the image");
        }
        ensure!(started.elapsed() < PATIENCE, "{program} is not ready after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
